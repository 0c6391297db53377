/* SPDX-License-Identifier: MIT */
/*
 * Files are examined by another process (reader.c tells why).
 */
#ifndef REFLASHD_DAEMON_EXAMINER_H
#define REFLASHD_DAEMON_EXAMINER_H

#include "reflashd/exam.h"

struct examiner {
	const struct keys *keys;
	const bool *want_sha1;
	int fd; /* -1: no child is at work */
};

/* As exam_make(), done over there: 0, -ENOMEM, -EPIPE when the reader is gone, or another negative
 * errno when the child ended over that file. The child stays for the next file. ctx: a struct
 * examiner. */
int examiner_examine(void *ctx, const uint8_t *data, size_t len, struct exam *e);
/* For now that was all. */
void examiner_rest(struct examiner *x);

#endif
