/* SPDX-License-Identifier: MIT */
/*
 * What a phone says of itself by SIP (phones.md 10.3), and the one answer it gets. Pure.
 *
 * No SIP server: nothing is registered and no call is known. A REGISTER is heard for the load, the
 * model and the MAC address that it names, then refused in a way that leaves the phone in peace.
 * Answers need nothing but the request (RFC 3261 8.2.7), go to the host that asked and nowhere
 * else, and are never more than SIP_ANSWER_EXTRA bytes longer than what was asked.
 *
 * A datagram is one message: sip_datagram(). Over TCP a struct sip_stream cuts the stream into
 * messages with the four verbs that every machine here has.
 */
#ifndef REFLASHD_SIP_H
#define REFLASHD_SIP_H

#include "reflashd/event.h"
#include "reflashd/models.h"

#define SIP_PORT	 5060
#define SIP_HEAD_MAX	 4096  /* bytes of a message up to its empty line */
#define SIP_BODY_MAX	 65535 /* counted on a stream and thrown away */
#define SIP_ANSWER_EXTRA 200
#define SIP_ANSWER_MAX	 (SIP_HEAD_MAX + SIP_ANSWER_EXTRA)
#define SIP_IDLE	 USEC_SEC(60) /* a stream without a whole message for so long is closed */

struct sip_peer {
	uint32_t ip;
	uint16_t port;
};

/* Who was heard lately, so that a phone that registers for ever is told once in SIP_SAY_AGAIN, and
 * a flood of invented names fills this table and not the stream of events. */
#define SIP_HEARD_MAX	   1024
#define SIP_HEARD_PER_PEER 4 /* different names from one address within SIP_SAY_AGAIN */
#define SIP_SAY_AGAIN	   USEC_SEC(60)

struct sip_heard {
	uint64_t who; /* device and load; 0: free */
	usec_t said;
	uint32_t ip;
};

/* What all streams and datagrams share. */
struct sip {
	const struct models *models; /* borrowed */
	struct sip_heard heard[SIP_HEARD_MAX];
};

struct sip_out {
	struct sip_peer to; /* of a datagram: always the sender's address; the port may differ */
	size_t len;	    /* an answer, or 0 */
	bool close;	    /* of a stream: after the answer nothing more will be read */
	unsigned event_count;
	struct event event; /* sip.register */
	uint8_t data[SIP_ANSWER_MAX];
};

struct sip_stream {
	struct sip *sip;
	struct sip_peer peer;
	usec_t deadline;
	bool closed;
	unsigned keepalive; /* bytes of CR LF CR LF seen between two messages */
	size_t body_left;   /* of the message whose head is in the buffer */
	size_t len;
	uint8_t head[SIP_HEAD_MAX];
};

void sip_setup(struct sip *sip, const struct models *models);

/* One datagram. */
void sip_datagram(struct sip *sip, struct sip_peer from, const uint8_t *data, size_t len,
		  usec_t now, struct sip_out *out);

void sip_init(struct sip_stream *s, struct sip *sip, struct sip_peer peer, usec_t now);
/* Takes bytes up to the end of one message at most and returns how many; call again with the
 * rest while there is some and out->close is false. */
size_t sip_receive(struct sip_stream *s, const uint8_t *data, size_t len, usec_t now,
		   struct sip_out *out);
void sip_tick(struct sip_stream *s, usec_t now, struct sip_out *out);
usec_t sip_deadline(const struct sip_stream *s);

/* ---- the phone's side, for simulated phones and tests ---- */

struct sip_registration {
	struct mac mac;
	uint32_t number;	/* of the model: 30006 */
	const char *load;	/* "SIP70.8-4-2-30S"; NULL: a phone that does not name it */
	const char *user;	/* "6010"; NULL: the MAC address */
	const char *user_agent; /* "Cisco-CP7970G/8.4.0"; NULL: none */
	uint32_t phone, server; /* addresses */
	uint16_t port;		/* of the phone, for Via and Contact */
	bool tcp;
	unsigned sequence; /* CSeq, and part of branch and Call-ID */
};

/* The bytes of a REGISTER as a 7970 sends it; 0 when they do not fit. */
size_t sip_encode_register(const struct sip_registration *r, uint8_t *out, size_t size);
/* The status of an answer, 100 to 699; 0: it is none. */
unsigned sip_answer_status(const uint8_t *data, size_t len);

#endif
