/* SPDX-License-Identifier: MIT */
/*
 * The plan: which bundles a phone has to be given, one after the other, to end at the target.
 *
 * Files up to 8.5(2) are signed with the old key of their hardware group (G1), later ones with a
 * new key (G2). Code older than 8.3(3) is taken to know only the old key; images of
 * 8.3(3) .. 8.5(2) are signed with the old one and know both: they are the stepping stones
 * (phones.md 8.1, firmware-formats.md 7.5, 7.6). What an erased phone's loader knows cannot be
 * seen, so it is offered the target first, and when it refuses, the next older step: a
 * refusal costs some minutes and harms nothing, whereas old firmware may not suit new hardware.
 *
 * Pure: library and facts in, steps out. Everything that is inference and not record says so in
 * the step's reason.
 */
#ifndef REFLASHD_PLAN_H
#define REFLASHD_PLAN_H

#include "reflashd/library.h"

#define PLAN_STEPS_MAX	 6
#define PLAN_REFUSED_MAX 8

/* What is known of one phone, as far as the plan cares. */
struct phone_facts {
	const struct model *model; /* NULL: not known */
	char runs[72];		   /* the load it runs; "": not known, or none */
	bool erased;		   /* its loader asks: it runs no load now */
	unsigned refused_count;
	char refused[PLAN_REFUSED_MAX][72]; /* loads whose list it took and did not follow */
	char newest[72]; /* the newest load that it was ever seen to run, or "" */
};

enum plan_state {
	PLAN_READY,	 /* the steps lead to the target */
	PLAN_DONE,	 /* it runs the target already */
	PLAN_SHORT,	 /* steps lead some way; what is missing for the rest is in .need */
	PLAN_IMPOSSIBLE, /* no bundle here can help: .need */
};

struct plan_step {
	const struct bundle *bundle;
	char why[240]; /* a clause: "signed with the old key, and knows the new one" */
};

struct plan {
	enum plan_state state;
	const struct bundle *target; /* NULL: none for this model */
	unsigned count;
	struct plan_step step[PLAN_STEPS_MAX]; /* the first is what the phone is offered now */
	char need[400]; /* whole sentence: which release to look for, and why */
};

/* target: "newest" or a load name. unfit_too: as catalogue_config.offer_unfit. */
void plan_make(struct plan *p, const struct library *l, const char *target, bool unfit_too,
	       const struct phone_facts *facts);

/* Among the loads it refused? With or without ".loads", in any case. */
bool facts_refused(const struct phone_facts *facts, const char *load);
/* By the key that signed it, else by its version. */
enum generation bundle_generation(const struct bundle *b);
/* Is it a stepping stone: signed G1, version 8.3(3) .. 8.5(2)? */
bool bundle_is_bridge(const struct bundle *b);

#endif
