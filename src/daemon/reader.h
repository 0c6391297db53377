/* SPDX-License-Identifier: MIT */
/*
 * What strangers have made is read by other processes (reader.c tells why and how).
 */
#ifndef REFLASHD_DAEMON_READER_H
#define REFLASHD_DAEMON_READER_H

#include "reflashd/fault.h"

enum reader_job {
	READER_UNPACK,	/* unpacker.c: walks the archive that is handed over */
	READER_EXAMINE, /* examiner.c: is this file whole and genuine? */
};

/* Starts it, before there are threads or sockets. Without this the first job starts it.
 * 0 or a negative errno with *f. */
int reader_start(struct fault *f);
/* Nothing more is read: who waits for an answer gets none, at once. Then reader_stop(). */
void reader_end(void);
void reader_stop(void);
/* A child for one job, at the other end of *fd. file goes with it; -1: none. 0, -ENOMEM, or
 * -EPIPE when the process that makes the children is gone. For any thread. */
int reader_ask(enum reader_job job, int file, int *fd);

/* All of it, or false. */
bool reader_put(int fd, const void *data, size_t len);
bool reader_get(int fd, void *data, size_t len);

/* In the child: from here on nothing but computing. Before it, what has to be loaded. */
bool reader_close_off(void);
_Noreturn void unpacker_work(int fd, int file);
_Noreturn void examiner_work(int fd);

#endif
