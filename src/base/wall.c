/* SPDX-License-Identifier: MIT */
/* See wall.h: the distance of two clocks, measured anew only when nobody is waited for. */
#include "reflashd/wall.h"

int64_t wall_ms(struct wall *w, int64_t real_ms, int64_t steady_ms, bool at_rest)
{
	if (!w->set || at_rest)
		w->offset_ms = real_ms - steady_ms;
	w->set = true;
	return steady_ms + w->offset_ms;
}
