/* SPDX-License-Identifier: MIT */
/* Whole recoveries in virtual time, and what must hold in every one of them. */
#ifndef WIRE_RIG_H
#define WIRE_RIG_H

#include "reflashd/text.h"
#include "shelf.h"

#include <time.h>

#define HOUR	    USEC_SEC(3600)
#define PHONES_LOT  120
#define STORY_LINES 90

struct wire_rig {
	struct shelf *shelf; /* one good bundle of every kind */
	struct test_key *key;
	uint64_t seed;
	unsigned recoveries, overlooked;
	clock_t cpu;
};

struct wire_run {
	struct shelf *shelf;
	struct sim_wire *wire;
	uint64_t seq;
	int64_t wall_ms;
	unsigned started, completed, aborted, refused_unknown, recovered, files, images, unsure,
		overlooked;
	char trouble[256]; /* the first thing that is not as it should be */
	struct sim_phone *phone[PHONES_LOT];
	unsigned phones;
	unsigned speaks;	      /* what phones that are added from now on say of themselves */
	char proof[PHONES_LOT][12];   /* of each that is called recovered */
	uint64_t digest;	      /* of all events, to compare runs */
	char story[STORY_LINES][200]; /* the last events and lines of the phones */
	unsigned lines;
};

/* The generator keeps its keys; one is enough for the program. */
int wire_rig_setup(void **state);
int wire_rig_teardown(void **state);
struct wire_run *wire_run_new(struct shelf *shelf, const struct sim_wire_config *config,
			      const struct catalogue_config *offers);
void wire_run_free(struct wire_run *r);
struct sim_phone *wire_rig_add(struct wire_run *r, const char *model, enum sim_kind kind,
			       unsigned number, usec_t after);
/* The end of the story, for a failure. */
void wire_rig_print(const struct wire_run *r);
/*
 * The tracker and the phone agree. One thing is allowed: a phone that closes its port the moment
 * it has a file, whose last ACK is overtaken by a refusal of the wire's own double, looks like
 * one that hung up, and nobody can tell. What is claimed must be true all the same.
 */
void wire_rig_agree(struct wire_run *r, const struct sim_phone *p);
/* Runs to the end; all must run. Says which seed it was when they do not. */
void wire_rig_recover(struct wire_rig *f, struct wire_run *r, struct sim_phone *const phones[],
		      unsigned count, uint64_t seed);

#endif
