/* SPDX-License-Identifier: MIT */
/*
 * "The world failed": a negative errno and one sentence that names the subject, what
 * happened and what to do about it. Fatal while starting, an event later.
 */
#ifndef REFLASHD_FAULT_H
#define REFLASHD_FAULT_H

#include "reflashd/base.h"

#define FAULT_TEXT_MAX 512

struct fault {
	int err; /* negative errno, or 0 when none applies */
	char text[FAULT_TEXT_MAX];
};

/* Fills *f and returns err, so that callers can write: return fault_set(f, -EIO, "…"); */
int fault_set(struct fault *f, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
