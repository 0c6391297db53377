/* SPDX-License-Identifier: MIT */
/*
 * The event bus: gives every event its number and its time, and hands it to the sinks.
 */
#ifndef REFLASHD_DAEMON_BUS_H
#define REFLASHD_DAEMON_BUS_H

#include "reflashd/config.h"
#include "reflashd/event.h"

struct bus {
	uint64_t seq;
	int text_fd;		      /* sentences for people */
	enum event_severity text_min; /* the least severity shown there */
	bool color;
	int json_fd;	  /* JSON lines, or -1 */
	uint64_t dropped; /* JSON lines that could not be written */
};

int bus_open(struct bus *b, const struct config *config, struct fault *f);
/* Stamps seq and wall time into *e and writes it everywhere. */
void bus_emit(struct bus *b, struct event *e);
/* Milliseconds since 1970 UTC, as the bus stamps them. */
int64_t bus_wall_ms(void);
void bus_close(struct bus *b);

#endif
