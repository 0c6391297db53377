/* SPDX-License-Identifier: MIT */
/*
 * How much one sender may have to say in the stream, and how much all strangers together: whoever
 * floods the wire must fill neither the terminal nor the log nor a disk. What is left out
 * is counted, and said as one sentence.
 *
 * A window lasts from the end of one round of limiter_next() to the next (the shell does that every
 * five or six seconds). Pure; the caller gives the time.
 */
#ifndef REFLASHD_LIMIT_H
#define REFLASHD_LIMIT_H

#include "reflashd/event.h"

#define LIMIT_SLOTS	128
#define LIMIT_STRANGERS 4000  /* events of senders without a lease: so many at once, */
#define LIMIT_GUESTS	20000 /* of those with one, by DHCP; */
#define LIMIT_WARNINGS	4000  /* notices and warnings of those with one, by anything else; */
#define LIMIT_REFILL	100   /* and then so many a second */
#define LIMIT_WORK	60000 /* what else they do that a single forged packet can make us say; */
#define LIMIT_WORK_ON	2000  /* and then so many a second */
#define LIMIT_NOTES	8     /* sentences at the end of a window */

enum limit_pot {
	LIMIT_OF_STRANGERS,
	LIMIT_OF_GUESTS,
	LIMIT_OF_WARNINGS,
	LIMIT_OF_WORK,
	LIMIT_POTS
};

struct limiter {
	struct limit_slot {
		uint64_t key; /* who, what and why; 0: free */
		unsigned seen, left_out;
		char sentence[160];
	} slot[LIMIT_SLOTS];
	unsigned next;		    /* of the slots, to be said */
	uint64_t others, strangers; /* left out without a slot of their own */
	uint64_t tokens[LIMIT_POTS];
	usec_t refilled;
	usec_t began;
	bool any;
};

void limiter_init(struct limiter *l, usec_t now);
/* Does it go into the stream? has_lease: the sender has an address from us. */
bool limiter_take(struct limiter *l, const struct event *e, bool has_lease, usec_t now);
/* Fills in the next event about what was left out; false at the end: a new window begins. */
bool limiter_next(struct limiter *l, usec_t now, struct event *e);

#endif
