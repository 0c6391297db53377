/* SPDX-License-Identifier: MIT */
/*
 * What a person sees on a terminal: the live view (a few lines that stand below the log and are
 * drawn again and again), a line of the log, and the report at the end. Pure: a board or an event
 * goes in, text comes out; whoever owns a terminal writes it there.
 *
 * Every byte is printable ASCII, '\n', or an escape sequence of our own, and of these only with
 * `style`. Nothing is said by colour alone. Colours are those that can be read on black and on
 * white: bold, dim, red, green, magenta.
 */
#ifndef REFLASHD_VIEW_H
#define REFLASHD_VIEW_H

#include "reflashd/board.h"

#define VIEW_WIDTH_LEAST  24
#define VIEW_WIDTH_MOST	  400
#define VIEW_HEIGHT_LEAST 4
#define VIEW_HEIGHT_MOST  200
#define VIEW_TEXT_MAX	  ((VIEW_WIDTH_MOST + 32) * VIEW_HEIGHT_MOST) /* of a live view */
#define VIEW_LINE_MAX	  2400					      /* of a line of the log */
#define VIEW_REPORT_MOST  100 /* phones that the report tells of one by one */

struct view {
	unsigned width, height; /* columns and rows of the terminal; brought into the range above */
	bool style;		/* escape sequences for bold, dim and colour */
	int64_t now_ms;		/* wall time, for what lasts */
};

/*
 * The live view: lines with '\n' between them, none at the end, each shorter than the width. At
 * most height - 2 lines. *lines: how many; columns[i]: how wide line i is without its
 * escapes (a terminal that grows narrower breaks it anew). Returns the length of the text.
 */
size_t view_live(const struct board *b, const struct view *v, char *out, size_t size,
		 unsigned *lines, uint16_t columns[VIEW_HEIGHT_MOST]);

/* Is this event a line of the log? verbosity as in the configuration: -1 quiet, 0, 1, 2. */
bool view_shows(const struct event *e, int verbosity);
/* "HH:MM:SS  The sentence.\n", broken between words when width is not 0. */
size_t view_log(const struct event *e, const char *clock, unsigned width, bool style, char *out,
		size_t size);

/* Broken between words into lines that never reach that width (0: not broken); the first begins at
 * column `at`, the others get the indent. Returns the length. */
size_t view_wrap(const char *text, size_t width, size_t at, size_t indent, char *out, size_t size);

/* The report: what became of each phone, a sentence each. Calls put() for each line, which
 * ends in '\n'. width 0: not broken. Says nothing for a board that never was ready. */
void view_report(const struct board *b, unsigned width, bool style,
		 void (*put)(void *ctx, const char *line, size_t len), void *ctx);

/* Words that all of these share. */
const char *view_stage_words(const struct board_phone *p); /* "writing flash" */
const char *view_stage_word(const struct board_phone *p);  /* "writing" */
const char *view_proof_words(const char *proof);	   /* "it announced its load by CDP" */
#define VIEW_BYTES_MAX 16
const char *view_bytes(char out[VIEW_BYTES_MAX], uint64_t n); /* "4.2 MB" */
#define VIEW_CLOCK_MAX 32
const char *view_duration(char out[VIEW_CLOCK_MAX], uint64_t seconds); /* "12:41" */
/* Of an advice: its words without the address and the model at the head. */
const char *view_advice(const struct board_phone *p);

#endif
