/* SPDX-License-Identifier: MIT */
/*
 * Advice: what an observation means for a person with a dead phone, and what to do. A table
 * (advice.def) holds the words; the rules (src/phone/advice_*.c) decide, by evidence only, and
 * never guess.
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

/* What the words of one advice have room for, so that MAC, model and observation fit, too. */
#define ADVICE_WORDS_MAX 530
#define ADVICE_AGAIN_MS	 INT64_C(600000) /* the same advice not again within 10 minutes */
#define ADVICE_SAID_MAX	 6

/*
 * What the advice remembers of one phone. Its own; nobody else reads it. At most one advice stands:
 * a phone.advice takes the place of the one before, phone.cleared ends it.
 */
struct phone_watch {
	enum advice given;		  /* the one that stands; ADVICE_NONE */
	int64_t said_ms[ADVICE_SAID_MAX]; /* the last ones that were said, */
	uint8_t said[ADVICE_SAID_MAX];	  /* and which they were */
	int64_t last_ms;		  /* its last sign of life; 0: none yet */
	int64_t acted_ms;		  /* the same, but for what it only announces and renews */
	int64_t heard_ms;		  /* when it last acknowledged something of ours */

	/* Since it last asked us for a file. */
	int64_t since_ms;   /* its first question for an address; 0: none */
	int64_t offered_ms; /* the first offer that it did not take up */
	int64_t other_ms;   /* first seen asking elsewhere */
	int64_t asked_dhcp_ms;
	uint16_t discovers, offers, acks, naks, ignored, elsewhere, sought;
	bool discovering; /* since the last ACK */
	bool leased;	  /* an ACK, and no request for a file */
	uint32_t other_server;

	/* Requests. */
	int64_t asked_ms, walk_ms, walks_ms, flip_ms, list_ms;
	uint16_t repeats;    /* the same file in a row, as one that hears no answer asks */
	uint16_t unanswered; /* transfers of which nothing was acknowledged */
	uint16_t broken;     /* transfers that ended early, since an image was whole */
	uint16_t misses;     /* refusals of the same file in a row */
	uint16_t lists;	     /* 7940/7960: lists taken, since it asked for an image */
	uint16_t walks;	     /* rounds of questions for its configuration */
	uint16_t registers;  /* since it was proven alive */
	uint16_t ctl, ctl_loops;
	uint32_t asked, missed;	    /* marks of file names */
	uint32_t load, load_before; /* marks of the loads it fetched files of */
	bool flipped;

	/* What it announces. */
	int64_t loader_ms; /* it said that only its loader runs, and asked for no address; 0: no */
	int64_t cdp_ms;
	char loader[16]; /* the loader that it announced last, or "" */
	uint32_t cdp_ip;
	char fetched[64]; /* the load that it fetched files of last */
};

#endif
