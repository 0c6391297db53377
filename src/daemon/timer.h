/* SPDX-License-Identifier: MIT */
/*
 * The daemon's timers, all of them on one timerfd. Not libuv's: with one of those running, every
 * wait for the next packet sets up a timer in the kernel and takes it down again, which costs a
 * twenty-fifth of the time of a block while a phone fetches megabytes.
 *
 * The kernel is asked to wake us for the earliest, and is not told when that one is put off or
 * given up: waking for nothing costs less than telling it each time.
 */
#ifndef REFLASHD_DAEMON_TIMER_H
#define REFLASHD_DAEMON_TIMER_H

#include "reflashd/base.h"
#include "reflashd/fault.h"

#include <uv.h>

struct timers {
	int fd;	      /* -1: not open, or closed; nothing fires any more */
	bool firing;  /* the kernel is told when all are through */
	usec_t armed; /* when it wakes us; USEC_NEVER: it does not */
	uv_poll_t poll;
	struct timer *first; /* the running ones, by the time they are due */
};

struct timer {
	struct timers *all; /* NULL: never set up, and never runs */
	void (*fire)(void *ctx);
	void *ctx;
	usec_t due; /* USEC_NEVER: it does not run */
	struct timer *next;
};

/* .fd is -1 before. Negative errno. */
int timers_open(struct timers *all, uv_loop_t *loop, struct fault *f);
/* From here on none fires, and none can be started. Before the loop's handles are closed. */
void timers_close(struct timers *all);

static inline bool timers_closed(const struct timers *all)
{
	return all->fd < 0;
}

void timer_init(struct timer *t, struct timers *all, void (*fire)(void *ctx), void *ctx);
/* Starts it, or puts it to another time. It fires once, from the loop, never from within. One that
 * was not set up, or whose timers are closed, is not started. */
void timer_at(struct timer *t, usec_t due);
void timer_in(struct timer *t, uint64_t ms);
void timer_stop(struct timer *t);
/* Until it fires; USEC_NEVER: it does not run. */
usec_t timer_left(const struct timer *t);

static inline bool timer_runs(const struct timer *t)
{
	return t->all && t->due != USEC_NEVER;
}

#endif
