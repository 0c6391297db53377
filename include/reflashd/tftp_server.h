/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server machine: who may start a transfer, and all that run (read only).
 *
 * A request is looked up by name in a catalogue that the driver supplies; nothing from the
 * wire becomes a path. Each transfer lives in a slot and keeps one port of ours, which the
 * driver chooses when out->opened and may forget when out->closed. A repeated request from the
 * same address and port is a retransmission (phones.md 4.4): it re-sends what
 * is outstanding instead of starting a second transfer.
 */
#ifndef REFLASHD_TFTP_SERVER_H
#define REFLASHD_TFTP_SERVER_H

#include "reflashd/event.h"
#include "reflashd/tftp_name.h"
#include "reflashd/tftp_transfer.h"

struct tftp_peer {
	uint32_t ip; /* host order */
	uint16_t port;
};

enum tftp_found {
	TFTP_FOUND,
	TFTP_MISS_EXPECTED, /* a name that may be absent: CTL, ITL, dial plan, tones … */
	TFTP_MISS_UNKNOWN,
	TFTP_WITHHELD,	/* we have it and will not hand it out: .why says so */
	TFTP_TRY_LATER, /* it could not be read just now: .why */
};

/* The answer of a catalogue. content is the driver's own handle (NULL when not found). */
struct tftp_file {
	uint64_t size;
	void *content;
	bool known;	/* the client is: it has an address from us. See server.c */
	char load[72];	/* the bundle it is served from, or "" */
	char name[160]; /* the name it is known by here; for events */
	char why[256];	/* for WITHHELD and TRY_LATER (and UNKNOWN, if there is something to say):
			 * a clause, e.g. "the bundle lacks cvm70…" */
};

struct tftp_catalogue {
	void *ctx;
	/* netascii: the size and content must be those of the converted bytes. */
	enum tftp_found (*find)(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
				struct tftp_file *file);
	/* Called once for every content that find() returned. */
	void (*release)(void *ctx, void *content);
};

struct tftp_server_config {
	struct tftp_transfer_config transfer;
	unsigned max_transfers;	 /* in all */
	unsigned max_per_client; /* per address */
};

struct tftp_slot {
	bool used;
	struct tftp_peer peer;
	struct tftp_file file;
	struct tftp_transfer transfer;
	usec_t started;
	uint64_t request; /* which request opened it: tells a repeated one from a new one */
	uint64_t name;	  /* which name it asked for */
	/* Kept by slots.c. The array of slots is also the room for its three lists. */
	uint32_t next;	 /* of the free slots, or of the transfers in one bucket */
	uint32_t bucket; /* 1 + the first transfer whose address hashes to this place; 0: none */
	uint32_t heap;	 /* the slot that stands at this place of the heap of wake-ups */
	uint32_t place;	 /* where in that heap this slot stands */
	usec_t wake;	 /* not due before this */
	usec_t told;	 /* when its start or tftp.progress was last said */
};

/* A transfer says how far it is when this long has passed, and the phone acknowledged something
 * new. */
#define TFTP_TELL_EVERY USEC_SEC(1)

/* Addresses remembered of those that acknowledged something; one more takes an older one's place.
 */
#define TFTP_HEARD 1024

struct tftp_server {
	struct tftp_server_config config;
	struct tftp_catalogue catalogue;
	struct tftp_slot *slots; /* config.max_transfers of them, zeroed; owned by the driver */
	unsigned active;
	usec_t wake; /* no slot needs attention before this; may be too early, never too late */
	uint32_t fresh, free_first, free_last; /* kept by slots.c */
	uint32_t hand; /* where a transfer to be displaced is looked for next */
	/* Who acknowledged something once, hears us: a later silence is no firewall's. */
	uint32_t heard[TFTP_HEARD];
};

#define TFTP_NO_SLOT UINT32_MAX

/* The same request from the same port, this long after the client last acknowledged something,
 * is not a stray copy: the phone has been switched off and starts over (its ports do too). */
#define TFTP_RESTART_AFTER USEC_SEC(1)

struct tftp_out {
	uint32_t slot; /* the transfer that send belongs to, or TFTP_NO_SLOT */
	bool opened;   /* a new transfer: open its port, then send */
	bool displaced; /* for which another one ended: close that slot's port first */
	uint32_t displaced_slot;
	bool closed;   /* it ended: send (if anything), then close its port */
	struct tftp_peer peer;
	struct tftp_send send; /* of that transfer */
	size_t error_len;      /* an ERROR to send to peer from the main port, or 0 */
	uint8_t error[TFTP_CONTROL_MAX];
	/* Of the slot: to read blocks from. NULL when closed: then it was released already, and
	 * there is no DATA to send, at most control bytes. */
	void *content;
	unsigned event_count;
	struct event events[3];
};

void tftp_server_init(struct tftp_server *s, const struct tftp_server_config *config,
		      const struct tftp_catalogue *catalogue, struct tftp_slot *slots);
/* A datagram that came to port 69. */
void tftp_server_receive(struct tftp_server *s, struct tftp_peer from, const uint8_t *data,
			 size_t len, usec_t now, struct tftp_out *out);
/* The slot whose transfer that client has running, or TFTP_NO_SLOT: for a driver whose transfers
 * share a port. */
uint32_t tftp_server_slot(const struct tftp_server *s, struct tftp_peer peer);
/* A datagram that came from the slot's client to the slot's port. */
void tftp_server_transfer_receive(struct tftp_server *s, uint32_t slot, const uint8_t *data,
				  size_t len, usec_t now, struct tftp_out *out);
/* The slot's port got ICMP "port unreachable" (ECONNREFUSED). */
void tftp_server_transfer_refused(struct tftp_server *s, uint32_t slot, usec_t now,
				  struct tftp_out *out);
/* One due transfer a call; true: something was done and there may be more, call again. */
bool tftp_server_tick(struct tftp_server *s, usec_t now, struct tftp_out *out);
usec_t tftp_server_deadline(const struct tftp_server *s);

/*
 * netascii (RFC 764): LF becomes CR LF, CR becomes CR NUL. Writes to out when it is not NULL
 * (which must hold the returned length) and returns the converted length.
 */
size_t tftp_netascii(const uint8_t *data, size_t len, uint8_t *out);

#endif
