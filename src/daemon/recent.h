/* SPDX-License-Identifier: MIT */
/*
 * The newest lines of the stream, for whoever joins late: the control socket and the status page.
 */
#ifndef REFLASHD_DAEMON_RECENT_H
#define REFLASHD_DAEMON_RECENT_H

#include "reflashd/base.h"
#include "reflashd/fault.h"

struct daemon;

/* Before the first event. Does nothing when neither the socket nor the page is wanted. */
int recent_open(struct daemon *d, struct fault *f);
void recent_close(struct daemon *d);

/*
 * Walks the lines that are kept, oldest first, from the event number `from` on (0: all). Stops when
 * visit returns false. The line has no newline; it is gone after the next event.
 */
void recent_each(struct daemon *d, uint64_t from,
		 bool (*visit)(void *ctx, uint64_t seq, const char *json, size_t len), void *ctx);

#endif
