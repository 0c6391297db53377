/* SPDX-License-Identifier: MIT */
/*
 * What the files of the plan share: one plan in the making. Only for plan*.c.
 */
#ifndef REFLASHD_FIRMWARE_PLAN_INNER_H
#define REFLASHD_FIRMWARE_PLAN_INNER_H

#include "reflashd/plan.h"

struct road {
	struct plan *plan;
	const struct library *library;
	const struct model *model;
	const struct phone_facts *facts;
	bool unfit_too;
};

/* Only releases that may be named or offered to this phone; NULL when there is none. */
typedef bool road_test(const struct road *r, const struct bundle *b, const void *argument);
/* The newest bundle of the model that passes the test, fit ones first. */
const struct bundle *road_newest(const struct road *r, road_test *test, const void *argument);
void road_step(struct road *r, const struct bundle *b, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What is missing: SHORT with the steps so far, IMPOSSIBLE without any. */
void road_need(struct road *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A version by the numbers that matter for the rules. */
int version_against(const char *load, uint32_t major, uint32_t minor, uint32_t maintenance);
bool same_release(const char *a, const char *b);

void plan_java(struct road *r);
void plan_legacy(struct road *r);
void plan_kup(struct road *r);

#endif
