/* SPDX-License-Identifier: MIT */
/*
 * The newest lines of the stream in a ring of fixed size, the oldest overwritten. Kept only when
 * somebody may ask for them, so that a plain run does not pay for it.
 */
#include "recent.h"

#include "daemon.h"
#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RING_BYTES ((size_t)256 << 10)

struct line {
	uint64_t seq;
	size_t at, len; /* in the ring; a line is never cut in two */
};

struct recent {
	struct bus_reader reader;
	unsigned first, count; /* in line[] */
	size_t end;	       /* where the next one goes */
	struct line line[RECENT_LINES_MAX];
	char ring[RING_BYTES];
};

static void drop_oldest(struct recent *r)
{
	r->first = (r->first + 1) % RECENT_LINES_MAX;
	r->count--;
}

static bool overlaps(const struct line *l, size_t at, size_t len)
{
	return l->at < at + len && at < l->at + l->len;
}

static void keep(void *ctx, const struct event *e, const char *json)
{
	struct recent *r = ctx;
	size_t len = json ? strlen(json) : 0;

	if (len == 0 || len > RING_BYTES / 4)
		return;
	if (r->end + len > RING_BYTES) {
		/* The rest of the ring is left free: what stood there is older than all else. */
		while (r->count && r->line[r->first].at >= r->end)
			drop_oldest(r);
		r->end = 0;
	}
	while (r->count &&
	       (r->count == RECENT_LINES_MAX || overlaps(&r->line[r->first], r->end, len)))
		drop_oldest(r);
	memcpy(r->ring + r->end, json, len);
	r->line[(r->first + r->count) % RECENT_LINES_MAX] = (struct line){e->seq, r->end, len};
	r->count++;
	r->end += len;
}

void recent_each(struct daemon *d, uint64_t from,
		 bool (*visit)(void *ctx, uint64_t seq, const char *json, size_t len), void *ctx)
{
	const struct recent *r = d->recent;

	for (unsigned i = 0; r && i < r->count; i++) {
		const struct line *l = &r->line[(r->first + i) % RECENT_LINES_MAX];

		if (l->seq >= from && !visit(ctx, l->seq, r->ring + l->at, l->len))
			return;
	}
}

int recent_open(struct daemon *d, struct fault *f)
{
	if (!*d->config->control && !d->config->web_port)
		return 0;
	/* calloc: pages that no line has reached yet cost nothing. */
	d->recent = calloc(1, sizeof(*d->recent));
	if (!d->recent)
		return fault_set(f, -ENOMEM, "no memory to start");
	d->recent->reader = (struct bus_reader){.event = keep, .ctx = d->recent};
	bus_join(&d->bus, &d->recent->reader);
	return 0;
}

void recent_close(struct daemon *d)
{
	if (!d->recent)
		return;
	bus_leave(&d->bus, &d->recent->reader);
	free(d->recent);
	d->recent = NULL;
}
