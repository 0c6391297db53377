/* SPDX-License-Identifier: MIT */
/*
 * What people see of a run: one sentence per event, and on a terminal the live view below them.
 * Also used by `reflashd replay', which has no loop: there console_tick() is called by hand.
 */
#ifndef REFLASHD_DAEMON_CONSOLE_H
#define REFLASHD_DAEMON_CONSOLE_H

#include "outlet.h"
#include "reflashd/config.h"
#include "reflashd/view.h"

#include <stdio.h>

struct console {
	struct outlet out;
	int fd;
	int verbosity;
	bool terminal, style;
	bool muted;	/* the journal gets the sentences */
	bool live;	/* the view is wanted */
	bool begun;	/* there is something to show in it */
	bool dirty;	/* the board has changed since it was drawn */
	bool tied;	/* several lines follow: draw when they are through */
	unsigned lines; /* of the view that stands on the screen now */
	uint16_t columns[VIEW_HEIGHT_MOST];
	int64_t drawn_ms; /* wall time */
	uint64_t dropped; /* lines of the log that were not shown, and not yet said */
	const struct board *board;
	/* Lines of the log that go up with the next frame, so that the view does not flicker. */
	char *log;
	size_t log_len;
	char *text; /* a frame, put together here */
};

/* fd stays the caller's. The board is the one that is shown; live: where a terminal allows. */
void console_open(struct console *c, int fd, const struct board *board, int verbosity,
		  enum config_color color, bool live);
/* An event that is on the board already. */
void console_event(struct console *c, const struct event *e);
/* Is this a sentence that people see, with this verbosity? */
bool console_wants(const struct console *c, const struct event *e);
/* No sentences from here on: somebody else shows them. */
void console_mute(struct console *c);
/* Draws the view when that is due and goes on with what could not be written yet. shown_ms is the
 * wall time of what is shown: wall_ms, or when it was recorded. When to call it next, in
 * milliseconds; -1: when there is news. */
int console_tick(struct console *c, int64_t wall_ms, int64_t shown_ms);
/* The terminal has another size, or somebody else wrote on it (after Ctrl-Z). */
void console_resized(struct console *c);
void console_resumed(struct console *c);
/* A sentence of its own above the view, now. */
void console_say(struct console *c, const char *sentence);
/* The end of a run: its last state stays, and below it stands the report. */
void console_report(struct console *c);
void console_close(struct console *c);
/* A line of no event; where out is a terminal it is broken at blanks, and what follows indented. */
void console_put(FILE *out, size_t indent, const char *line);

#endif
