/* SPDX-License-Identifier: MIT */
/*
 * Is this machine and this wire ready to serve? The checks of `serve', and a few that it has no
 * time for, as a list. Changes nothing: no address is added, nothing is switched on. Linux only.
 */
#ifndef REFLASHD_DAEMON_DOCTOR_H
#define REFLASHD_DAEMON_DOCTOR_H

#include "link.h"
#include "reflashd/config.h"

#define DOCTOR_LINES_MAX 24

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_WARNING,
	DOCTOR_PROBLEM, /* serving would be unsafe or impossible */
	DOCTOR_UNKNOWN, /* could not look: not root, mostly */
};

struct doctor_line {
	const char *check; /* "default-route": for programs, and as a label */
	enum doctor_result result;
	char found[512], remedy[512]; /* whole sentences; remedy may be "" */
};

struct doctor {
	const struct config *config;
	struct link_state link;
	bool link_known;
	uint32_t address; /* the one that serve would use */
	unsigned prefix_len;
	unsigned count;
	struct doctor_line line[DOCTOR_LINES_MAX];
};

void doctor_run(struct doctor *d, const struct config *config);
enum doctor_result doctor_worst(const struct doctor *d);

/* Between doctor.c and doctor_wire.c. */
void doctor_say(struct doctor *d, const char *check, enum doctor_result result, const char *remedy,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
void doctor_remedy(struct doctor *d, const char *format, ...) /* of the line said last */
	__attribute__((format(printf, 2, 3)));
void doctor_ask_wire(struct doctor *d);
void doctor_try_ports(struct doctor *d);

#endif
