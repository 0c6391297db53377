/* SPDX-License-Identifier: MIT */
/* See timer.h. They are few: a list in order does. */
#include "timer.h"

#include "daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void tell_kernel(struct timers *all, usec_t due)
{
	usec_t now = daemon_now(), wait = due > now ? due - now : 1;
	struct itimerspec when = {0};

	all->armed = due;
	if (due != USEC_NEVER) {
		when.it_value.tv_sec = (time_t)(wait / 1000000);
		when.it_value.tv_nsec = (long)(wait % 1000000) * 1000;
	}
	timerfd_settime(all->fd, 0, &when, NULL);
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
	struct timers *all = poll->data;
	usec_t now = daemon_now();

	(void)status;
	(void)events;
	all->firing = true;
	while (all->first && all->first->due <= now) {
		struct timer *t = all->first;

		all->first = t->next;
		t->due = USEC_NEVER;
		t->fire(t->ctx); /* t may be gone after that */
	}
	all->firing = false;
	if (!timers_closed(all)) /* in any case: it stays readable until it is set anew */
		tell_kernel(all, all->first ? all->first->due : USEC_NEVER);
}

int timers_open(struct timers *all, uv_loop_t *loop, struct fault *f)
{
	all->armed = USEC_NEVER;
	all->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (all->fd < 0)
		return fault_set(f, -errno, "cannot create a timer: %s", strerror(errno));
	must(uv_poll_init(loop, &all->poll, all->fd) == 0);
	all->poll.data = all;
	must(uv_poll_start(&all->poll, UV_READABLE, on_wake) == 0);
	return 0;
}

void timers_close(struct timers *all)
{
	if (timers_closed(all))
		return;
	while (all->first)
		timer_stop(all->first);
	uv_close((uv_handle_t *)&all->poll, NULL);
	close(all->fd);
	all->fd = -1;
}

void timer_init(struct timer *t, struct timers *all, void (*fire)(void *ctx), void *ctx)
{
	*t = (struct timer){.all = all, .fire = fire, .ctx = ctx, .due = USEC_NEVER};
}

void timer_stop(struct timer *t)
{
	struct timer **at;

	if (!timer_runs(t))
		return;
	for (at = &t->all->first; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	t->due = USEC_NEVER;
}

usec_t timer_left(const struct timer *t)
{
	usec_t now = daemon_now();

	if (!timer_runs(t))
		return USEC_NEVER;
	return t->due > now ? t->due - now : 0;
}

void timer_at(struct timer *t, usec_t due)
{
	struct timers *all = t->all;
	struct timer **at;

	timer_stop(t);
	if (!all || due == USEC_NEVER || timers_closed(all))
		return;
	for (at = &all->first; *at && (*at)->due <= due; at = &(*at)->next)
		;
	t->due = due;
	t->next = *at;
	*at = t;
	if (!all->firing && due < all->armed)
		tell_kernel(all, due);
}

void timer_in(struct timer *t, uint64_t ms)
{
	timer_at(t, daemon_now() + USEC_MS(ms));
}
