/* SPDX-License-Identifier: MIT */
/*
 * What the tracker asks of the advice: only for the files of this room. advice_watch.c folds the
 * events into observations and keeps the one advice that stands; advice_rules.c draws the
 * conclusions.
 */
#ifndef REFLASHD_PHONE_ADVICE_RULES_H
#define REFLASHD_PHONE_ADVICE_RULES_H

#include "fold.h"

/* After each event of the stream that concerns a phone (s->phone is set), also those that
 * the tracker itself does nothing with. At most two events out. */
void advice_apply(struct fold *s);
/* The phone changed its stage: takes back what no longer applies. At most two events out. */
void advice_moved(struct fold *s);
/* Time alone. At most two events out. */
void advice_tick(struct phones *p, struct phone *phone, int64_t now_ms, struct phones_out *out);
/* When advice_tick() wants to be called, wall time in ms; INT64_MAX: never. */
int64_t advice_deadline(const struct phone *phone);

#endif
