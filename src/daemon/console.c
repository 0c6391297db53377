/* SPDX-License-Identifier: MIT */
/*
 * The console: the log, and below it the live view.
 *
 * The happy path: a line of the log erases the view, stands where it stood and goes up into the
 * terminal's own scrollback like any other line; then the view is drawn below it again. No second
 * screen, no cursor tricks but "up" and "erase to the end". The cursor rests at the beginning
 * of the last line of the view, where the ^C that a terminal writes for Ctrl-C starts no new line.
 *
 * What can go wrong:
 * - The terminal does not take our bytes (Ctrl-S): outlet.c keeps or drops lines of the log, and
 *   no view is drawn until it takes them again. What was dropped is counted and said.
 * - It grows narrower: most terminals break the lines that stand there anew, so the view is
 *   higher than it was drawn; that is counted in.
 * - It was ours, then the shell's, then ours again (Ctrl-Z, fg): what stands there is not known
 *   any more, so nothing is erased.
 */
#include "console.h"

#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MS  200  /* at most five times a second */
#define SECOND_MS 1000 /* while a clock on it runs */
#define RETRY_MS  100
#define CLOSE_MS  500
#define ERASE_MAX 64
#define LOG_MAX	  65536
#define FRAME_MAX (ERASE_MAX + LOG_MAX + VIEW_TEXT_MAX + 1)

static bool has_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

static bool want_style(enum config_color color, int fd)
{
	const char *no_color = getenv("NO_COLOR");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return has_terminal(fd) && !(no_color && *no_color);
}

void console_open(struct console *c, int fd, const struct board *board, int verbosity,
		  enum config_color color, bool live)
{
	*c = (struct console){.fd = fd, .verbosity = verbosity, .board = board};
	c->terminal = has_terminal(fd);
	c->style = want_style(color, fd);
	c->live = live && c->terminal && verbosity < 2;
	if (c->live)
		c->text = malloc(FRAME_MAX + LOG_MAX);
	c->live = c->text != NULL;
	c->log = c->live ? c->text + FRAME_MAX : NULL;
	outlet_open(&c->out, fd);
}

static void size_of(const struct console *c, unsigned *width, unsigned *height)
{
	struct winsize size = {0};

	if (ioctl(c->fd, TIOCGWINSZ, &size) != 0)
		size.ws_col = size.ws_row = 0;
	*width = size.ws_col ? size.ws_col : 80;
	*height = size.ws_row ? size.ws_row : 24;
}

/* The bytes that take the view off the screen. */
static size_t erase_text(struct console *c, unsigned width, char *out, size_t size)
{
	unsigned rows = 0;

	if (!c->lines)
		return 0;
	for (unsigned i = 0; i + 1 < c->lines; i++)
		rows += c->columns[i] > width ? (c->columns[i] + width - 1) / width : 1;
	c->lines = 0;
	if (rows)
		return (size_t)snprintf(out, size, "\r\033[%uA\033[J", rows);
	return (size_t)snprintf(out, size, "\r\033[J");
}

static void draw(struct console *c, int64_t shown_ms)
{
	struct view v = {.style = c->style, .now_ms = shown_ms};
	size_t len;

	size_of(c, &v.width, &v.height);
	len = erase_text(c, v.width, c->text, ERASE_MAX);
	memcpy(c->text + len, c->log, c->log_len);
	len += c->log_len;
	c->log_len = 0;
	len += view_live(c->board, &v, c->text + len, VIEW_TEXT_MAX, &c->lines, c->columns);
	c->text[len++] = '\r';
	if (!outlet_write(&c->out, c->text, len))
		c->lines = 0;
	c->dirty = false;
}

static void put_line(void *ctx, const char *line, size_t len)
{
	struct console *c = ctx;

	if (!outlet_write(&c->out, line, len))
		c->dropped++;
}

static unsigned log_width(const struct console *c)
{
	unsigned width, height;

	if (!c->terminal)
		return 0;
	size_of(c, &width, &height);
	return width;
}

static void clock_text(int64_t wall_ms, char out[16])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(out, 16, "%H:%M:%S", &tm);
}

static void put_event(struct console *c, const struct event *e)
{
	char line[VIEW_LINE_MAX], clock[16];
	size_t len;

	clock_text(e->wall_ms, clock);
	len = view_log(e, clock, log_width(c), c->style, line, sizeof(line));
	if (!c->live || !c->begun) {
		put_line(c, line, len);
		return;
	}
	if (c->log_len + len > LOG_MAX && outlet_flush(&c->out))
		draw(c, e->wall_ms);
	if (c->log_len + len > LOG_MAX) {
		c->dropped++;
		return;
	}
	memcpy(c->log + c->log_len, line, len);
	c->log_len += len;
}

void console_event(struct console *c, const struct event *e)
{
	c->dirty = true;
	c->begun |= e->type == EVENT_DAEMON_READY || e->type == EVENT_NETWORK_LINK ||
		    c->board->count > 0;
	if (!c->muted && view_shows(e, c->verbosity))
		put_event(c, e);
}

bool console_wants(const struct console *c, const struct event *e)
{
	return view_shows(e, c->verbosity);
}

void console_mute(struct console *c)
{
	c->muted = true;
}

void console_say(struct console *c, const char *sentence)
{
	struct event e;

	event_init(&e, EVENT_DAEMON_NOTE);
	e.severity = SEVERITY_WARNING;
	e.wall_ms = (int64_t)time(NULL) * 1000;
	event_say(&e, "%s", sentence);
	put_event(c, &e);
	c->dirty = true;
}

/* The reader is back: how much did it miss? */
static void say_dropped(struct console *c)
{
	char text[120];

	if (!c->dropped)
		return;
	text_format(text, sizeof(text), "%llu lines were not shown here: nobody took them in time.",
		    (unsigned long long)c->dropped);
	c->dropped = 0;
	console_say(c, text);
}

static bool clock_runs(const struct console *c, int64_t shown_ms)
{
	if (board_speed(c->board, shown_ms) > 0)
		return true;
	for (unsigned i = 0; i < c->board->count; i++)
		if (board_phone_writes(&c->board->phone[i]))
			return true;
	return false;
}

int console_tick(struct console *c, int64_t wall_ms, int64_t shown_ms)
{
	int64_t since = wall_ms - c->drawn_ms;

	if (!outlet_flush(&c->out))
		return RETRY_MS;
	say_dropped(c);
	if (!c->live || !c->begun)
		return c->out.from < c->out.to ? RETRY_MS : -1;
	if (since < 0 || since >= (c->dirty ? FRAME_MS : SECOND_MS)) {
		if (c->dirty || clock_runs(c, shown_ms))
			draw(c, shown_ms);
		c->drawn_ms = wall_ms;
		since = 0;
	}
	if (c->dirty)
		return (int)(FRAME_MS - since > 1 ? FRAME_MS - since : 1);
	return clock_runs(c, shown_ms) ? SECOND_MS : -1;
}

void console_resized(struct console *c)
{
	c->dirty = true;
	c->drawn_ms = 0;
}

void console_resumed(struct console *c)
{
	c->lines = 0;
	console_resized(c);
}

void console_report(struct console *c)
{
	if (c->live && c->begun) {
		draw(c, c->board->now_ms);
		put_line(c, "\n", 1);
		c->lines = 0;
		c->begun = false;
	}
	if (c->verbosity >= 0)
		view_report(c->board, log_width(c), c->style, put_line, c);
}

void console_put(FILE *out, size_t indent, const char *line)
{
	struct console c = {.fd = fileno(out), .terminal = has_terminal(fileno(out))};
	char wrapped[VIEW_LINE_MAX];

	view_wrap(line, log_width(&c), 0, indent, wrapped, sizeof(wrapped));
	fprintf(out, "%s\n", wrapped);
}

void console_close(struct console *c)
{
	if (c->out.fd >= 0)
		outlet_close(&c->out, CLOSE_MS);
	free(c->text);
	c->text = NULL;
	c->live = false;
}
