/* SPDX-License-Identifier: MIT */
/*
 * The event bus: gives every event its number and its time, and hands it to its readers: the
 * board, the terminal, the JSON lines, and whoever joined with bus_join().
 */
#ifndef REFLASHD_DAEMON_BUS_H
#define REFLASHD_DAEMON_BUS_H

#include "console.h"
#include "reflashd/board.h"
#include "reflashd/config.h"
#include "reflashd/event.h"
#include "timer.h"

#include <uv.h>

/* A reader of the stream. It must not emit from within; json is the line without its newline,
 * or NULL when memory is short. */
struct bus_reader {
	void (*event)(void *ctx, const struct event *e, const char *json);
	void *ctx;
	struct bus_reader *next; /* the bus's own */
};

struct bus {
	uint64_t seq;
	struct console console; /* sentences for people, and the live view */
	struct outlet json;	/* JSON lines; fd -1: nobody wants them */
	bool lost_said;		/* that some of them are lost */
	struct board *board;
	struct bus_reader *readers;
	bool running; /* the handles below are open */
	struct timer timer;
	uv_signal_t resized, resumed;
};

int bus_open(struct bus *b, const struct config *config, struct fault *f);
/* The verbosity of a configuration that was read anew. */
void bus_configure(struct bus *b, const struct config *config);
/* From here on the loop draws the view and writes what is late. */
void bus_run(struct bus *b, uv_loop_t *loop, struct timers *timers);
/* The loop ends: closes the handles. Events may still come. */
void bus_stop(struct bus *b);
/* Stamps seq and wall time into *e and writes it everywhere. */
void bus_emit(struct bus *b, struct event *e);
void bus_join(struct bus *b, struct bus_reader *r);
void bus_leave(struct bus *b, struct bus_reader *r);
/* Milliseconds since 1970 UTC, as the bus stamps them. */
int64_t bus_wall_ms(void);
/* Nobody is waited for: the clock may be set right now (wall.h). */
void bus_rest(bool rest);
/* Ends with the report, when there is a run to report of. */
void bus_close(struct bus *b);

#endif
