/* SPDX-License-Identifier: MIT */
/*
 * A bundle and a finding as events: the same words at the start of serve, in check and in its
 * JSON.
 */
#ifndef REFLASHD_FIRMWARE_EVENT_H
#define REFLASHD_FIRMWARE_EVENT_H

#include "reflashd/event.h"
#include "reflashd/library.h"

/* firmware.bundle, with every field the interface promises. */
void bundle_event(struct event *e, const struct library *l, const struct bundle *b);
/* firmware.finding. */
void finding_event(struct event *e, const struct library *l, const struct finding *f);
/* "note", "warning", "fatal" */
const char *finding_severity_name(enum finding_severity severity);

#endif
