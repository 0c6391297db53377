/* SPDX-License-Identifier: MIT */
/*
 * Walls around this process that can never be taken down again: Landlock for files and TCP ports,
 * seccomp for system calls. Both hold for the calling thread and what it starts from then on.
 */
#ifndef REFLASHD_DAEMON_CONFINE_H
#define REFLASHD_DAEMON_CONFINE_H

#include "reflashd/base.h"

/* What may still be reached. */
struct confine_path {
	int fd;	    /* an open file or folder; everything below it */
	bool write; /* and changed, made and removed; else only read and listed */
};

struct confine_files {
	const struct confine_path *path;
	unsigned path_count;
	const uint16_t *bind; /* TCP ports to listen on, TCP ports to connect to; 0 ends each */
	const uint16_t *connect;
};

/* Where libraries lie that are loaded when they are wanted (reflashd/lib.h); ends with NULL. */
extern const char *const confine_libraries[];

/* For a child: nothing stays open but fd, as number 3; the first three lead nowhere. */
int confine_descriptors(int fd);
/* No more rights by any program that is run, and no core file, not even for the same user. */
int confine_process(void);
/* No more memory than that. */
void confine_memory(uint64_t bytes);
/* The version of Landlock that holds now; 0: this kernel has none, nothing changed; else negative
 * errno. */
int confine_files(const struct confine_files *files);
/* What a server of ours never calls is refused (EPERM), for all threads. 0; -ENOSYS: the kernel
 * or this kind of machine has no filter; else negative errno. */
int confine_calls(void);
/* From here on only sockets of Unix, of UDP and TCP over IPv4, and of netlink (not on x86 of 32
 * bits, where a filter cannot see them). As confine_calls(). */
int confine_sockets(void);
/* Nothing is left but to compute, to read and write what is open, and to end. As
 * confine_calls(). */
int confine_to_computing(void);

#endif
