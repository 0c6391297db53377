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
 *   trips (RFC 6298, Karn: no sample where two copies could be meant), doubling up to a
 *   ceiling, because phones pause for seconds while they write flash, until there is
 *   progress (TFTP_FORGIVE);
 * - a duplicate ACK: never answered with DATA (RFC 1123 4.2.3.1, the Sorcerer's Apprentice);
 *   with a window, an ACK inside it means a gap: go on from there (RFC 7440 4), at once where
 *   the window was clean before, else after a round trip (see transfer.c);
 * - silence: given up after config.give_up without progress; from TFTP_UNHEARD on nothing is
 *   sent, when nothing was ever acknowledged;
 * - the last ACK is lost, and the client has gone away content: see TFTP_LAST_TRIES;
 * - ERROR, or the port is closed (ICMP): the client hung up, which is not our failure;
 * - block numbers are 64 bits wide inside and wrap on the wire to 0 (65535, 0, 1 …).
 */
#ifndef REFLASHD_TFTP_TRANSFER_H
#define REFLASHD_TFTP_TRANSFER_H

#include "reflashd/tftp_packet.h"

/*
 * The times, and why these. RFC 6298 wants a floor of 1 s, for the Internet; on one cable that
 * floor is the whole cost of a loss. In 512-byte lock-step with 1 % loss each way 1 MiB meets
 * about 41 losses: at 20 ms each they add 0.8 s to the 2.4 s that the round trips take (x1.35),
 * at 100 ms 4 s (x2.7), at 1 s 41 s (servers.md 4d). Below 20 ms a phone whose timer ticks
 * every 10 ms would draw resends for nothing. A resend too early costs one frame, for a duplicate
 * ACK is never answered, and a phone that pauses to write flash gets 20, 40, 80 … 3000 ms:
 * eight frames in its first five seconds, then one every three.
 */
#define TFTP_RTO_FIRST USEC_MS(300) /* before the first sample */
#define TFTP_RTO_MIN   USEC_MS(20)
#define TFTP_RTO_MAX   USEC_MS(3000)

/*
 * Progress ends the doubling, although after a resend nobody can tell which copy it answers
 * (Karn): on a wire that loses one packet in ten the next is lost too, often enough, and the RTO
 * would climb from pause to pause. But so many times without a fresh sample in between, and
 * the phone is believed to be slow, not the wire bad: then the doubled RTO stays, as RFC 6298 5
 * has it, until the phone answers something that was sent once.
 */
#define TFTP_FORGIVE 3

/*
 * The last ACK may be lost, and then nobody is left to repeat it. A client that had acknowledged
 * something before, and from which only the last block is missing, counts as done
 * - when it stays silent through this many resends of the last block, or
 * - through one, when meanwhile it asked for another file (tftp_transfer_moved_on()), or
 * - when after a resend its port is closed.
 */
#define TFTP_LAST_TRIES 5

/*
 * Who has acknowledged nothing yet may not exist: the address of a request can be forged, and what
 * we send then hits somebody who asked for nothing. So it gets the first block and a few
 * resends (0.3, 0.9, 2.1, 4.5, 7.5, 10.5, 13.5 s), and not a minute of them. A phone that hears
 * badly sends its request again, and is waited for again.
 */
#define TFTP_UNHEARD USEC_SEC(15)
/* What the daemon takes for config.give_up: a phone that writes its flash may be silent for long.
 */
#define TFTP_GIVE_UP USEC_SEC(60)

/* A repeated request is answered unless something was sent less than this ago. */
#define TFTP_REPEAT_MIN USEC_MS(100)

/* A window of 2^15 blocks or more would make an old ACK look like a new one. */
#define TFTP_WINDOW_MAX 32767

struct tftp_transfer_config {
	uint16_t blksize_max;	 /* what fits the link: MTU - 32 */
	uint16_t windowsize_max; /* at least 1 */
	usec_t give_up;		 /* this long without progress ends the transfer */
};

enum tftp_outcome {
	TFTP_RUNNING,
	TFTP_DONE,	/* every block acknowledged, or all but the last: see TFTP_LAST_TRIES */
	TFTP_REJECTED,	/* the client sent ERROR: see .peer_code */
	TFTP_HUNG_UP,	/* the client's port is closed */
	TFTP_SILENT,	/* gave up waiting; the send that goes with it is an ERROR */
	TFTP_RESTARTED, /* the client started something else from the same port */
	TFTP_DISPLACED, /* it made room for somebody who is better known */
};

struct tftp_transfer {
	uint64_t size; /* bytes to send, after netascii conversion */
	uint16_t blksize, window;
	uint64_t last;	   /* number of the last block: size / blksize + 1 */
	uint64_t acked;	   /* all blocks up to this one arrived */
	uint64_t sent;	   /* highest block sent so far */
	uint64_t resent;   /* blocks sent again */
	bool oack_pending; /* an OACK went out and ACK 0 has not come */
	uint8_t oack[TFTP_CONTROL_MAX];
	uint16_t oack_len;
	uint16_t peer_code; /* of the client's ERROR */
	enum tftp_outcome outcome;
	usec_t give_up;
	usec_t srtt, rttvar, rto; /* srtt 0: no sample yet */
	usec_t lag;		  /* from what was sent last to the last ACK that advanced */
	usec_t fixed_rto;	  /* the client's timeout option, else 0 */
	usec_t timed_at;	  /* when timed_block was sent; 0: nothing is being timed */
	uint64_t timed_block;
	usec_t progress; /* when something new was last acknowledged */
	usec_t asked;	 /* when the request last came */
	usec_t deadline;
	usec_t sent_at;	   /* when anything was last sent */
	uint64_t recover;  /* after going back: not again until this block is acknowledged */
	unsigned timeouts; /* in a row, since the last progress */
	unsigned forgiven; /* how often progress ended the doubling, since the last sample */
	bool hurry;	   /* the deadline is a round trip, not the RTO */
	bool tsize_asked;
	bool answered; /* the client has acknowledged something: it hears us, we hear it */
	bool repeated; /* the client has sent its request again */
	bool moved_on; /* the client has asked for another file meanwhile */
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
/* The client sent the same request again: sends what is outstanding, unless that just was. */
void tftp_transfer_repeat(struct tftp_transfer *t, usec_t now, struct tftp_send *send);
/* The same client asked for another file. Takes note if only the last block is missing here. */
void tftp_transfer_moved_on(struct tftp_transfer *t);
/* The client uses its port for something else now: nothing more may be sent to it. */
void tftp_transfer_restarted(struct tftp_transfer *t);
/* Its place is wanted for another transfer. */
void tftp_transfer_displaced(struct tftp_transfer *t);
void tftp_transfer_tick(struct tftp_transfer *t, usec_t now, struct tftp_send *send);
usec_t tftp_transfer_deadline(const struct tftp_transfer *t); /* USEC_NEVER once ended */

/* Where block number n lies: offset into the content, and its length (0..blksize). */
size_t tftp_transfer_block(const struct tftp_transfer *t, uint64_t n, uint64_t *offset);
/* Bytes that have certainly arrived. */
uint64_t tftp_transfer_bytes(const struct tftp_transfer *t);

#endif
