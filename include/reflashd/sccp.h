/* SPDX-License-Identifier: MIT */
/*
 * SCCP ("Skinny"), as far as a phone that has come back to life speaks it to the call manager it
 * was told of, which is us: one machine for each TCP connection. Pure.
 *
 * Little-endian throughout, but for the station's IPv4 address. A message is a header of 12
 * bytes (length of what follows offset 8, header version, message number) and its fields.
 * Source: phones.md 10.2; layouts compared with Wireshark's and chan-sccp's descriptions.
 */
#ifndef REFLASHD_SCCP_H
#define REFLASHD_SCCP_H

#include "reflashd/address.h"
#include "reflashd/base.h"
#include "reflashd/event.h"
#include "reflashd/models.h"

#define SCCP_PORT	 2000
#define SCCP_HEADER_LEN	 12
#define SCCP_LENGTH_MIN	 4 /* of the length field: the message number and nothing else */
#define SCCP_LENGTH_MAX	 4096
#define SCCP_MESSAGE_MAX (SCCP_LENGTH_MAX + 8) /* a whole message, header and all */

#define SCCP_REGISTER_WITHIN USEC_SEC(20)  /* from connecting to Register, or it is closed */
#define SCCP_IDLE	     USEC_SEC(120) /* without a whole message */
#define SCCP_ALARM_WAIT	     USEC_SEC(1)   /* a Register without load waits for the Alarm */
#define SCCP_MESSAGES	     100	   /* in SCCP_WINDOW; a phone sends a handful */
#define SCCP_WINDOW	     USEC_SEC(10)
#define SCCP_REPEAT	     USEC_SEC(60) /* the same thing is said once in this time */

enum sccp_message {
	SCCP_KEEPALIVE = 0x0000,
	SCCP_REGISTER = 0x0001,
	SCCP_ALARM = 0x0020,
	SCCP_UNREGISTER = 0x0027,
	SCCP_TOKEN_REQUEST = 0x0029,
	SCCP_REGISTER_REJECT = 0x009d,
	SCCP_KEEPALIVE_ACK = 0x0100,
	SCCP_UNREGISTER_ACK = 0x0118,
	SCCP_TOKEN_REJECT = 0x011b,
	SCCP_XML_ALARM = 0x015a,
};

/* What is shown on the screen of a phone that registers; at most 31 characters. It may be on a step
 * of its plan only, so no more is claimed than that its firmware runs. */
#define SCCP_REJECT_TEXT     "Firmware runs, no call server"
#define SCCP_REJECT_TEXT_LEN 32 /* of the field, with at least one NUL */

/* What a phone says of itself. Texts are as they came: not escaped, without their NULs. */
struct sccp_register {
	char device[17];  /* "SEP001122334455" */
	uint32_t ip;	  /* host order */
	uint32_t type;	  /* device type: a number of models.h */
	uint8_t protocol; /* 0: it did not say */
	struct mac mac;	  /* zero: it did not say */
	char load[33];	  /* "SCCP41.9-0-3S"; "": it did not say, or nothing that is a name */
};

struct sccp_alarm {
	uint32_t severity;
	char text[81];	 /* "25: Name=SEPB8BEBF227D79 Load= 9.4(2SR3.1S) Last=Initialized" */
	char device[41]; /* of that text: "SEPB8BEBF227D79"; "" when it holds none */
	char load[41];	 /* "9.4(2SR3.1S)": not written as the loads are; "" when it holds none */
};

/* Of a whole message from its header on. False when it is another message or too short;
 * *r and *a are written only on success. */
bool sccp_decode_register(struct sccp_register *r, const uint8_t *message, size_t len);
bool sccp_decode_alarm(struct sccp_alarm *a, const uint8_t *message, size_t len);

/*
 * What a phone sends, for the simulated ones and for tests. They return the length, 0 when it
 * does not fit. A Register is as long as what it names: 136 bytes with a load or a MAC (as a 7941
 * with 9-0-3S sends it), 60 with a protocol version, else 48. Of an alarm only severity and text go
 * out. sccp_encode_plain: KeepAlive and Unregister, which hold nothing that matters here.
 */
#define SCCP_ENCODE_MAX 136
size_t sccp_encode_register(uint8_t *out, size_t size, const struct sccp_register *r);
size_t sccp_encode_alarm(uint8_t *out, size_t size, const struct sccp_alarm *a);
size_t sccp_encode_plain(uint8_t *out, size_t size, enum sccp_message message);

/*
 * What was said of whom, shared by all connections: a phone that is rejected registers again
 * every few seconds for ever, each time on a new connection. When all of it is younger than
 * SCCP_REPEAT nothing more is said: that is a flood.
 */
#define SCCP_MEMORY_MAX	 512
#define SCCP_PEER_EVENTS 64 /* events of one address in SCCP_REPEAT */

struct sccp_memory {
	struct {
		uint32_t peer;
		uint32_t hash; /* of who and what */
		usec_t when;
	} said[SCCP_MEMORY_MAX];
	unsigned next; /* a ring: the oldest stands here */
};

void sccp_memory_init(struct sccp_memory *m);

struct sccp_config {
	const struct models *models;
	struct sccp_memory *memory; /* shared by all connections */
};

struct sccp {
	struct sccp_config config;
	uint32_t peer; /* whose connection this is, host order */
	usec_t opened, heard, window;
	unsigned in_window; /* messages since then */
	bool registered;    /* by Register, or it asked for a token */
	bool alarmed;	    /* an Alarm came */
	usec_t reject_due;  /* the Register is answered then; USEC_NEVER: none waits */
	uint32_t last[2];   /* what was said on this connection: hash of Register, of Alarm */
	char device[17];    /* of the Register, for alarms that name none */
	struct mac mac;	    /* the same; zero: none */
	size_t have;	    /* bytes in message[] */
	uint8_t message[SCCP_MESSAGE_MAX];
};

struct sccp_out {
	uint8_t data[64]; /* to send */
	size_t len;
	unsigned event_count;
	struct event events[1];
	bool close;	    /* after sending */
	const char *reason; /* why: "it sent …", for "connection closed: %s"; NULL while open */
};

void sccp_init(struct sccp *s, const struct sccp_config *config, uint32_t peer, usec_t now);
/*
 * Takes bytes of the stream up to the end of one message at most and returns how many it took (at
 * least one of any): the caller does what *out says and calls again with the rest, unless
 * out->close is set.
 */
size_t sccp_receive(struct sccp *s, const uint8_t *data, size_t len, usec_t now,
		    struct sccp_out *out);
void sccp_tick(struct sccp *s, usec_t now, struct sccp_out *out);
usec_t sccp_deadline(const struct sccp *s);

#endif
