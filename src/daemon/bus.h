/* SPDX-License-Identifier: MIT */
/*
 * The event bus: gives every event its number and its time, and hands it to its readers: the
 * board, the terminal, the JSON lines, and whoever joined with bus_join().
 */
#ifndef REFLASHD_DAEMON_BUS_H
#define REFLASHD_DAEMON_BUS_H

#include "reflashd/board.h"
#include "reflashd/config.h"
#include "reflashd/event.h"

/* A reader of the stream. It must not emit from within; json is the line without its newline,
 * or NULL when memory is short. */
struct bus_reader {
	void (*event)(void *ctx, const struct event *e, const char *json);
	void *ctx;
	struct bus_reader *next; /* the bus's own */
};

struct bus {
	uint64_t seq;
	int text_fd;		      /* sentences for people */
	enum event_severity text_min; /* the least severity shown there */
	bool color;
	int json_fd;	  /* JSON lines, or -1 */
	uint64_t dropped; /* JSON lines that could not be written */
	struct board *board;
	struct bus_reader *readers;
};

int bus_open(struct bus *b, const struct config *config, struct fault *f);
/* The verbosity of a configuration that was read anew. */
void bus_configure(struct bus *b, const struct config *config);
/* Stamps seq and wall time into *e and writes it everywhere. */
void bus_emit(struct bus *b, struct event *e);
void bus_join(struct bus *b, struct bus_reader *r);
void bus_leave(struct bus *b, struct bus_reader *r);
/* Milliseconds since 1970 UTC, as the bus stamps them. */
int64_t bus_wall_ms(void);
void bus_close(struct bus *b);

#endif
