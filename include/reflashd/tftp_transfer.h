/* SPDX-License-Identifier: MIT */
/*
 * One read transfer, as a pure machine: bytes and time in, "send this" out.
 *
 * The happy path: [OACK → ACK 0 →] DATA 1 → ACK 1 → … → the last, short block → its ACK. DATA
 * leaves as block number and count, not as bytes: whoever drives the machine reads
 * them at (block - 1) * blksize, and retransmission is re-reading.
 *
 * What can go wrong, and the rule for each:
 * - a packet is lost: retransmission after an RTO that follows this phone's measured round
 *   trips (RFC 6298, Karn: no sample from a block that was sent twice), doubling up to a
 *   ceiling, because phones pause for seconds while they write flash;
 * - a duplicate ACK: never answered with DATA (RFC 1123 4.2.3.1, the Sorcerer's Apprentice);
 *   with a window, an ACK inside it means a gap: go on from there (RFC 7440 4);
 * - silence: given up after config.give_up without progress;
 * - ERROR, or the port is closed (ICMP): the client hung up, which is not our failure;
 * - block numbers are 64 bits wide inside and wrap on the wire to 0 (65535, 0, 1 …).
 */
#ifndef REFLASHD_TFTP_TRANSFER_H
#define REFLASHD_TFTP_TRANSFER_H

#include "reflashd/tftp_packet.h"

#define TFTP_RTO_FIRST USEC_MS(300)  /* before the first sample */
#define TFTP_RTO_MIN   USEC_MS(20)
#define TFTP_RTO_MAX   USEC_MS(3000)

struct tftp_transfer_config {
	uint16_t blksize_max;	 /* what fits the link: MTU - 32 */
	uint16_t windowsize_max; /* at least 1 */
	usec_t give_up;		 /* this long without progress ends the transfer */
};

enum tftp_outcome {
	TFTP_RUNNING,
	TFTP_DONE,    /* every byte acknowledged */
	TFTP_REJECTED, /* the client sent ERROR: see .peer_code */
	TFTP_HUNG_UP, /* the client's port is closed */
	TFTP_SILENT,  /* gave up waiting */
};

struct tftp_transfer {
	uint64_t size;	 /* bytes to send, after netascii conversion */
	uint16_t blksize, window;
	uint64_t last;	 /* number of the last block: size / blksize + 1 */
	uint64_t acked;	 /* all blocks up to this one arrived */
	uint64_t sent;	 /* highest block sent so far */
	uint64_t resent; /* blocks sent again */
	bool oack_pending; /* an OACK went out and ACK 0 has not come */
	uint8_t oack[TFTP_CONTROL_MAX];
	uint16_t oack_len;
	uint16_t peer_code; /* of the client's ERROR */
	enum tftp_outcome outcome;
	usec_t give_up;
	usec_t srtt, rttvar, rto;   /* srtt 0: no sample yet */
	usec_t fixed_rto;	    /* the client's timeout option, else 0 */
	usec_t timed_at;	    /* when timed_block was sent; 0: nothing is being timed */
	uint64_t timed_block;
	usec_t progress;	    /* when something new was last acknowledged */
	usec_t deadline;
};

/* What to send now: control bytes, or blocks first … first + count - 1, or nothing. */
struct tftp_send {
	const uint8_t *control; /* points into the transfer; NULL: none */
	size_t control_len;
	uint64_t first;
	unsigned count;
};

void tftp_transfer_init(struct tftp_transfer *t, const struct tftp_request *request, uint64_t size,
			const struct tftp_transfer_config *config, usec_t now,
			struct tftp_send *send);
void tftp_transfer_receive(struct tftp_transfer *t, const uint8_t *data, size_t len, usec_t now,
			   struct tftp_send *send);
/* The client's port answered "unreachable". */
void tftp_transfer_refused(struct tftp_transfer *t);
void tftp_transfer_tick(struct tftp_transfer *t, usec_t now, struct tftp_send *send);
usec_t tftp_transfer_deadline(const struct tftp_transfer *t); /* USEC_NEVER once ended */

/* Where block number n lies: offset into the content, and its length (0..blksize). */
size_t tftp_transfer_block(const struct tftp_transfer *t, uint64_t n, uint64_t *offset);
/* Bytes that have certainly arrived. */
uint64_t tftp_transfer_bytes(const struct tftp_transfer *t);

#endif
