/* SPDX-License-Identifier: MIT */
/*
 * The road of the 7940 and 7960 (phones.md 8.2).
 *
 *     SIP    2.x, 3.x, before 4.4 → 4.4 → 5.3 → 6.x → 7.x → any
 *     SCCP   before 8.1(1) → 8.1(1) → 8.1(2) and later
 *     SCCP before 5.x → SCCP 5.x → SIP
 *     7.x and later → 7.x → older ones, but never below 5.x, where signing began
 *
 * Where what it runs is not known, which is the rule, it is given the target: these phones look
 * at their list at every start, so no refusal is seen by which another step could be chosen.
 */
#include "plan_inner.h"

#include "reflashd/text.h"

enum legacy_protocol { LEGACY_SCCP, LEGACY_SIP, LEGACY_OTHER };

static enum legacy_protocol protocol_of(const char *load)
{
	return text_starts_nocase(load, "P0S")	 ? LEGACY_SIP
	       : text_starts_nocase(load, "P00") ? LEGACY_SCCP
						 : LEGACY_OTHER;
}

/* A rung: releases of one protocol from .from on and before .to; .name for people. */
struct rung {
	enum legacy_protocol protocol;
	uint32_t from[3], to[3];
	const char *name;
};

static const struct rung sip[] = {
	{LEGACY_SIP, {4, 4, 0}, {5, 0, 0}, "4.4"},
	{LEGACY_SIP, {5, 3, 0}, {6, 0, 0}, "5.3"},
	{LEGACY_SIP, {6, 0, 0}, {7, 0, 0}, "6.x"},
	{LEGACY_SIP, {7, 0, 0}, {8, 0, 0}, "7.x"},
};
static const struct rung sccp_811 = {LEGACY_SCCP, {8, 1, 1}, {8, 1, 2}, "8.1(1)"};
static const struct rung sccp_5 = {LEGACY_SCCP, {5, 0, 0}, {8, 1, 2}, "5.x"};

static int against(const char *load, const uint32_t n[3])
{
	return version_against(load, n[0], n[1], n[2]);
}

static bool on_rung(const struct road *r, const struct bundle *b, const void *argument)
{
	const struct rung *rung = argument;

	(void)r;
	return protocol_of(b->load) == rung->protocol && against(b->load, rung->from) >= 0 &&
	       against(b->load, rung->to) < 0;
}

/* The next rung from this load towards the target; NULL: the target itself is. */
static const struct rung *next_rung(const char *load, const char *target)
{
	enum legacy_protocol from = protocol_of(load), to = protocol_of(target);
	bool old_universal = version_against(load, 7, 0, 0) >= 0;

	if (from == LEGACY_SCCP && to == LEGACY_SIP)
		return version_against(load, 5, 0, 0) < 0 ? &sccp_5 : NULL;
	if (from == LEGACY_SCCP && to == LEGACY_SCCP && version_against(load, 8, 1, 1) < 0 &&
	    version_against(target, 8, 1, 2) >= 0)
		return &sccp_811;
	if (from != LEGACY_SIP || to != LEGACY_SIP)
		return NULL;
	if (old_universal) /* down again, over 7.x */
		return version_against(target, 7, 0, 0) < 0 && version_against(load, 8, 0, 0) >= 0
			       ? &sip[3]
			       : NULL;
	for (unsigned i = 0; i < ARRAY_LEN(sip); i++)
		if (against(load, sip[i].from) < 0)
			return against(target, sip[i].to) < 0 ? NULL : &sip[i];
	return NULL;
}

static bool unsigned_again(const char *load, const char *target)
{
	return version_against(load, 5, 0, 0) >= 0 && version_against(target, 5, 0, 0) < 0;
}

void plan_legacy(struct road *r)
{
	const struct bundle *target = r->plan->target;
	const char *at = r->facts->runs;
	struct load_version v;

	if (!load_version_parse(at, &v) || !load_version_parse(target->load, &v)) {
		road_step(r, target, "the target; what this phone runs is not known");
		return;
	}
	if (unsigned_again(at, target->load)) {
		road_need(r,
			  "This %s runs %s, which is signed, and never goes back to an unsigned "
			  "load such as %s. It needs a target from 5.x on.",
			  r->model->id, at, target->load);
		return;
	}
	for (;;) {
		const struct rung *rung = next_rung(at, target->load);
		const struct bundle *b;

		if (!rung || r->plan->count == PLAN_STEPS_MAX - 1) {
			road_step(r, target, "%s may go on to it directly", at);
			return;
		}
		b = road_newest(r, on_rung, rung);
		if (!b) {
			road_need(r,
				  "From %s this %s cannot go to %s at once: it needs %s release "
				  "%s first.",
				  at, r->model->id, target->load,
				  rung->protocol == LEGACY_SIP ? "SIP (P0S3)" : "SCCP (P003)",
				  rung->name);
			return;
		}
		road_step(r, b, "%s cannot go further than %s in one step", at, rung->name);
		at = b->load;
	}
}
