/* SPDX-License-Identifier: MIT */
/*
 * The input of a fuzz target that drives a machine, as a list of steps
 *
 *	[what, 1 byte][pause, 1 byte][length, 1 or 2 bytes][bytes]
 *
 * and what must hold of every machine: the time of a machine goes on, what it says can be
 * printed, and it never wants to be woken for ever at the same moment.
 */
#ifndef REFLASHD_TESTS_STEPS_H
#define REFLASHD_TESTS_STEPS_H

#include "reflashd/bytes.h"
#include "reflashd/event.h"

struct steps {
	struct reader in;
	usec_t now;
	uint8_t *copy; /* of the bytes of the step at hand, of exactly their size */
};

struct step {
	uint8_t what;
	usec_t now;
	const uint8_t *data; /* until the next step; never NULL */
	size_t len;
};

struct steps steps_begin(const uint8_t *data, size_t len, usec_t now);
/* False at the end, and then everything is freed. A length of 0x80 and more has a second byte. */
bool steps_next(struct steps *s, struct step *step);
/* From milliseconds (0 … 31) by 50 ms, seconds and quarters of an hour to 8 hours; 0: none. */
usec_t steps_pause(uint8_t byte);

/*
 * As the shell does: at each deadline up to now a tick, and never more than `most` of them at one
 * moment; after that the deadline lies ahead. begin: when it was last looked at.
 */
struct waking {
	void *machine;
	usec_t (*deadline)(void *machine);
	void (*tick)(void *machine, usec_t now);
	unsigned most;
};
void steps_wake(const struct waking *w, usec_t begin, usec_t now);

/* Ends inside its field, and all of it is printable ASCII. */
void check_field(const char *text, size_t size);
/* The same of a sentence. */
void check_text(const char *text);
/* Its sentence and its fields are printable; its line, read again, is the same event. */
void check_event(const struct event *e);
/* The cheap half of that. */
void check_sentence(const struct event *e);

#endif
