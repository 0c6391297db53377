/* SPDX-License-Identifier: MIT */
/*
 * Archives are walked by another process (reader.c tells why).
 */
#ifndef REFLASHD_DAEMON_UNPACKER_H
#define REFLASHD_DAEMON_UNPACKER_H

#include "reflashd/archive.h"

/* As archive_walk() of the first len bytes of that open file, with the walking done over there. */
int unpacker_walk(const char *name, int file, size_t len, archive_visit *visit, void *ctx,
		  struct fault *f);

#endif
