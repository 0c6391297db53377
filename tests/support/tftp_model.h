/* SPDX-License-Identifier: MIT */
/*
 * For tests: a TFTP client written from the RFCs alone (it shares no code with the server), and
 * a wire in virtual time that loses, doubles and delays.
 */
#ifndef REFLASHD_TEST_TFTP_MODEL_H
#define REFLASHD_TEST_TFTP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The byte at that place of the one endless file that all tests transfer a piece of. */
uint8_t model_byte(uint64_t offset);
void model_fill(uint8_t *out, uint64_t offset, size_t len);

struct model_client {
	/* how it behaves; set before model_start() */
	const char *file;
	unsigned blksize;    /* 0: does not ask */
	unsigned windowsize; /* 0: does not ask */
	bool tsize;
	bool naive;	/* acknowledges whatever comes, also what it has (else once per gap) */
	bool abrupt;	/* closes its port with the last ACK */
	uint64_t retry; /* repeats its last packet after so many microseconds; 0: never */
	uint64_t size;	/* of the file, to check against */

	/* how it goes */
	uint64_t expected; /* block */
	uint64_t got;	   /* bytes */
	unsigned block, window, in_window;
	bool answered, gap_told, done, corrupt, failed;
	uint64_t deadline;
	uint8_t last[600]; /* packet it sent last */
	size_t last_len;
};

/* Writes the request; returns its length. */
size_t model_start(struct model_client *c, uint64_t now, uint8_t out[600]);
/* A packet for it. Returns the length of its answer, 0 if it has none. */
size_t model_receive(struct model_client *c, const uint8_t *data, size_t len, uint64_t now,
		     uint8_t out[600]);
/* Past .deadline. */
size_t model_tick(struct model_client *c, uint64_t now, uint8_t out[600]);
/* Its port answers "unreachable". */
bool model_closed(const struct model_client *c);

struct wire_packet {
	uint64_t due, order;
	bool to_server;
	bool unreachable; /* the ICMP message, to the server */
	unsigned client;
	uint32_t port; /* the server's: a slot, or WIRE_MAIN */
	size_t len;
	uint8_t *data;
};

#define WIRE_MAIN UINT32_MAX
#define WIRE_MAX  4096

struct wire {
	uint64_t random;
	unsigned loss, twice, late; /* of 10000 packets */
	uint64_t delay, lateness;   /* a late packet comes up to so much later */
	uint64_t sent, lost;
	size_t count;
	struct wire_packet packet[WIRE_MAX];
};

void wire_init(struct wire *w, uint64_t seed);
uint64_t wire_random(struct wire *w, uint64_t below);
/* Copies the data. p->due is set here. */
void wire_send(struct wire *w, struct wire_packet p, const uint8_t *data, size_t len, uint64_t now);
uint64_t wire_next(const struct wire *w); /* when the next packet arrives; UINT64_MAX: none */
/* Takes out the packet that is due; the caller frees .data. */
struct wire_packet wire_take(struct wire *w);
void wire_clear(struct wire *w);

#endif
