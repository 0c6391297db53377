/* SPDX-License-Identifier: MIT */
/*
 * What every other header leans on: time, borrowed bytes, and the promise that
 * a broken invariant stops the program loudly instead of going on wrongly.
 */
#ifndef REFLASHD_BASE_H
#define REFLASHD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Time as the core sees it: microseconds on a clock that never goes back. Where it
 * starts does not matter; only the shell and the simulator know. Wall-clock time
 * appears in one place, the event bus, which stamps it for people to read.
 */
typedef uint64_t usec_t;

#define USEC_NEVER  UINT64_MAX
#define USEC_MS(n)  ((usec_t)(n)*1000u)
#define USEC_SEC(n) ((usec_t)(n)*1000000u)

/* Borrowed bytes: valid for the call that hands them over, never kept. */
struct span {
	const uint8_t *data;
	size_t len;
};

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * must(): "we are wrong" as opposed to "the peer was odd" or "the world failed".
 * Always compiled in. Says where and what on standard error, then aborts.
 */
#define must(cond) ((cond) ? (void)0 : must_fail(#cond, __FILE__, __LINE__))
_Noreturn void must_fail(const char *what, const char *file, int line);

#endif
