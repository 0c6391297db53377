/* SPDX-License-Identifier: MIT */
/*
 * Which interface? The list of this machine's interfaces, what each of them is, and which one looks
 * right. Linux only.
 */
#ifndef REFLASHD_DAEMON_CANDIDATES_H
#define REFLASHD_DAEMON_CANDIDATES_H

#include "link.h"

#include <stdio.h>

struct candidate {
	struct link_info link;
	bool wireless, default_route;
	int score; /* below 0: no phone can be on it, or must not */
};

struct candidates {
	unsigned count;
	struct candidate of[LINKS_MAX];
	int best; /* -1: none looks right */
};

/* 0 or negative errno. */
int candidates_find(struct candidates *c);
/* Is there an Ethernet interface of that name? */
bool candidates_have(const char *name);
/* "wired, cable connected, 192.168.1.7/24, leads to your own network" */
void candidate_describe(const struct candidate *c, char *out, size_t size);
/* The list and the command to type: "" for serve or "doctor "; firmware: what was to be served. */
void candidates_print(FILE *out, const char *command, const char *firmware);

#endif
