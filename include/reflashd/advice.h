/* SPDX-License-Identifier: MIT */
/*
 * Advice: what an observation means for a person with a dead phone, and what to do. A table
 * (advice.def) holds the words; advice.c decides, by evidence only, and never guesses.
 *
 * Source of every row: phones.md 9, 11, 12. What is not proven says "perhaps" or "most likely".
 */
#ifndef REFLASHD_ADVICE_H
#define REFLASHD_ADVICE_H

#include "reflashd/base.h"

enum advice {
	ADVICE_NONE,
#define ADVICE(id, ...) ADVICE_##id,
#include "reflashd/advice.def"
#undef ADVICE
	ADVICE_COUNT
};

/* The words of one advice. Sentences; any but code and means may be "". */
struct advice_words {
	const char *code;  /* "dhcp-no-tftp": for programs, never renamed */
	const char *means; /* what it means */
	const char *to_do;
	const char *not_to_do;
};

const struct advice_words *advice_words(enum advice a);
/* ADVICE_NONE when there is no such code. */
enum advice advice_find(const char *code);

/* What advice.c remembers of one phone. Its own; nobody else reads it. */
struct phone_watch {
	enum advice given; /* the one that stands; ADVICE_NONE */
	int64_t given_ms;  /* when it was said */
	int64_t due_ms;	   /* when to look again; 0: not needed */
	/* Observations since the phone last made progress. */
	int64_t since_ms, last_ms;
	uint16_t discovers, acks, walks, misses, repeats, loads_named;
	uint16_t request_port;
	uint32_t other_server; /* it asked there instead of us; 0: nowhere */
	char file[64];	       /* the file that its trouble is about, or "" */
	uint8_t state[16];     /* for whatever else the rules need */
};

#endif
