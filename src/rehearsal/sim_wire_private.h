/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated wire share: sim_wire.c is the cable and the time,
 * sim_daemon.c and sim_hear.c are the daemon's end of it.
 */
#ifndef REHEARSAL_SIM_WIRE_PRIVATE_H
#define REHEARSAL_SIM_WIRE_PRIVATE_H

#include "reflashd/least.h"
#include "reflashd/sim_wire.h"

#define SIM_SERVER_IP 0x0a4f4601u /* 10.79.70.1, as the daemon's default */

/* A transfer's port says which slot it is, and changes with every transfer. */
#define SIM_SLOTS      8192u
#define SIM_PORT_FIRST 10000u
#define SIM_PORT_TURNS 6u

#define SIM_CHAINS 4096u

enum sim_flight_kind {
	SIM_TO_SERVER,
	SIM_TO_PHONE,
	SIM_REFUSAL, /* ICMP port unreachable, on its way to the server */
	SIM_FRAME,   /* of a phone to whoever listens: the bytes are a whole frame */
	/* Of TCP connections: dst_ip is the number of the connection, src_port what is new (enum
	 * sim_stream_news; OPENED is the wish when it goes up), dst_port the server's. */
	SIM_STREAM_UP,
	SIM_STREAM_DOWN,
};

struct sim_flight {
	usec_t at;
	uint64_t order; /* of those at the same time */
	enum sim_flight_kind kind;
	unsigned phone;
	unsigned next_free;
	struct sim_datagram d;
};

struct sim_end {
	struct sim_phone *phone;
	usec_t power_at; /* USEC_NEVER: no switch is about to be turned */
	bool power_up;
	uint64_t seen;	 /* datagrams of it so far */
	uint64_t cut_at; /* 0: none */
	usec_t cut_off;
	bool runs;
	uint32_t stream;		/* the number of its connection; 0: none */
	uint32_t ip, next_ip, next_mac; /* sim_ends.c */
};

struct sim_server {
	struct dhcp_server dhcp;
	struct lease_table leases;
	struct tftp_server tftp;
	uint16_t turn[SIM_SLOTS]; /* how often each slot was used: gives its port */
	struct dhcp_out dhcp_out;
	struct tftp_out tftp_out;
	struct catalogue catalogue;
	struct phones phones;
	usec_t phones_due; /* when the tracker wants to be woken */
	uint64_t seq;
};

struct sim_ears; /* in sim_hear.c; NULL while nobody listens */

struct sim_wire {
	struct sim_wire_config config;
	struct sim_content content;
	const struct library *library;
	uint64_t random;
	usec_t start, now, settle_until;
	uint64_t datagrams, order;

	struct sim_end *end;
	unsigned count, size, running;
	uint32_t by_mac[SIM_CHAINS], by_ip[SIM_CHAINS];
	struct least due; /* of each phone: what it wants, or its switch */
	int64_t *due_node;
	struct sim_out out;

	struct sim_flight *flight;
	unsigned *heap; /* indices into flight, earliest first */
	unsigned flight_size, heap_count, free_flight;
	usec_t busy_until[2]; /* each direction of the cable */

	struct sim_server server;
	struct sim_ears *ears;
	uint32_t streams; /* numbers given out */
	bool serving;	  /* the tables have been made */
	void (*watch)(void *ctx, const struct event *e);
	void *watch_ctx;
	void (*listen)(void *ctx, const struct sim_phone *p, usec_t now, const char *line);
	void *listen_ctx;
};

/* sim_wire.c */
void sim_wire_to_phone(struct sim_wire *w, unsigned phone, const struct sim_datagram *d);
/* News of a connection, or its bytes in pieces; port: of the server, as far as it matters. */
void sim_wire_stream(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone, uint32_t number,
		     enum sim_stream_news news, uint16_t port);
void sim_wire_bytes(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone, uint32_t number,
		    uint16_t port, const uint8_t *data, size_t len);

/* sim_ends.c */
unsigned sim_wire_find_mac(struct sim_wire *w, struct mac mac); /* count: none */
unsigned sim_wire_find_ip(struct sim_wire *w, uint32_t ip);
void sim_end_add(struct sim_wire *w, const struct sim_end *end);
/* After every call of its phone, and when its switch is set. */
void sim_end_refresh(struct sim_wire *w, unsigned i);
/* The earliest of all, and whose; USEC_NEVER: nobody's. */
usec_t sim_end_deadline(const struct sim_wire *w, unsigned *i);

/* sim_daemon.c */
void sim_daemon_start(struct sim_wire *w);
void sim_daemon_free(struct sim_wire *w);
void sim_daemon_receive(struct sim_wire *w, const struct sim_datagram *d);
void sim_daemon_refused(struct sim_wire *w, const struct sim_datagram *d);
void sim_daemon_tick(struct sim_wire *w);
usec_t sim_daemon_deadline(const struct sim_wire *w);
void sim_daemon_emit(struct sim_wire *w, struct event *e);
/* A proof is waited for, that would follow from nothing but time. */
bool sim_daemon_waits(const struct sim_wire *w);

/* sim_hear.c */
void sim_hear_start(struct sim_wire *w);
void sim_hear_free(struct sim_wire *w);
void sim_hear_frame(struct sim_wire *w, const uint8_t *data, size_t len);
void sim_hear_stream(struct sim_wire *w, unsigned phone, const struct sim_datagram *d);
void sim_hear_datagram(struct sim_wire *w, const struct sim_datagram *d);
void sim_hear_stage(struct sim_wire *w, const struct event *e);
void sim_hear_tick(struct sim_wire *w);
usec_t sim_hear_deadline(const struct sim_wire *w);

#endif
