/* SPDX-License-Identifier: MIT */
/*
 * Wall time that does not jump while it matters.
 *
 * The tracker tells silence by the times of events, and a machine without a battery for its clock
 * (a small board, a live system) is corrected by hours or months once it finds a time server.
 * Taken as it comes, that would be a phone that was silent for months, in the middle of
 * writing its flash: "unplug it". So time goes on as it began, by the clock that nobody sets, and
 * is set right only when nobody is waited for.
 */
#ifndef REFLASHD_WALL_H
#define REFLASHD_WALL_H

#include "reflashd/base.h"

struct wall {
	bool set; /* all zero before the first call */
	int64_t offset_ms;
};

/* real_ms: what the clock on the wall says; steady_ms: one that only ever goes on, with or without
 * power saving. The wall time to go by. */
int64_t wall_ms(struct wall *w, int64_t real_ms, int64_t steady_ms, bool at_rest);

#endif
