/* SPDX-License-Identifier: MIT */
/*
 * A way out for text that never makes us wait: a terminal that was stopped with Ctrl-S, or a pipe
 * that nobody reads, must not stop a service. What cannot be written at once is kept; what there
 * is no room to keep is dropped, whole pieces only, and counted.
 */
#ifndef REFLASHD_DAEMON_OUTLET_H
#define REFLASHD_DAEMON_OUTLET_H

#include "reflashd/base.h"

#define OUTLET_ROOM (1u << 20)

struct outlet {
	int fd;	   /* -1: closed */
	bool own;  /* fd is ours to close */
	bool sure; /* a write never waits for a reader (or does so for the disk only) */
	char *kept;
	size_t from, to; /* what is kept and not yet written */
	uint64_t dropped;
};

/* For an open descriptor, which stays the caller's. No memory is taken before it is needed. */
void outlet_open(struct outlet *o, int fd);
/* For a descriptor that is ours from now on, opened with O_NONBLOCK or a plain file. */
void outlet_take(struct outlet *o, int fd);
/* All of it or nothing; false: dropped. */
bool outlet_write(struct outlet *o, const char *data, size_t len);
/* Tries again; true when nothing is kept any more. */
bool outlet_flush(struct outlet *o);
/* Writes what is kept, as long as somebody takes some of it every so often (and ten seconds
 * at most), then gives everything back. */
void outlet_close(struct outlet *o, int wait_ms);

#endif
