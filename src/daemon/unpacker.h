/* SPDX-License-Identifier: MIT */
/*
 * Archives are walked by another process (unpacker.c tells why and how).
 */
#ifndef REFLASHD_DAEMON_UNPACKER_H
#define REFLASHD_DAEMON_UNPACKER_H

#include "reflashd/archive.h"

/* Starts it, before there are threads or sockets. Without this the first archive starts it.
 * 0 or a negative errno with *f. */
int unpacker_start(struct fault *f);
/* As archive_walk() of the first len bytes of that open file, with the walking done over there. */
int unpacker_walk(const char *name, int file, size_t len, archive_visit *visit, void *ctx,
		  struct fault *f);
void unpacker_stop(void);

#endif
