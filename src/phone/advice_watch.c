/* SPDX-License-Identifier: MIT */
/*
 * Observations of one phone and the advice that stands (stubs: the rules follow).
 */
#include "advice_rules.h"

void advice_apply(struct fold *s)
{
	(void)s;
}

void advice_moved(struct fold *s)
{
	(void)s;
}

void advice_tick(struct phones *p, struct phone *phone, int64_t now_ms, struct phones_out *out)
{
	(void)p;
	(void)phone;
	(void)now_ms;
	(void)out;
}

int64_t advice_deadline(const struct phone *phone)
{
	(void)phone;
	return INT64_MAX;
}
