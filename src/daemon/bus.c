/* SPDX-License-Identifier: MIT */
/*
 * The event bus and its two sinks of today: sentences for people, JSON lines for programs.
 *
 * A JSON line is one write() to a file opened for appending, so a reader never sees half
 * of one. A sink that cannot be written to never stops the daemon: what was lost is counted.
 */
#include "bus.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static bool want_color(enum config_color color, int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void bus_configure(struct bus *b, const struct config *config)
{
	b->text_min = config->verbosity < 0    ? SEVERITY_WARNING
		      : config->verbosity == 0 ? SEVERITY_INFO
					       : SEVERITY_DEBUG;
}

int bus_open(struct bus *b, const struct config *config, struct fault *f)
{
	memset(b, 0, sizeof(*b));
	b->board = calloc(1, sizeof(*b->board));
	if (!b->board)
		return fault_set(f, -ENOMEM, "no memory to start");
	board_init(b->board);
	b->text_fd = STDOUT_FILENO;
	b->json_fd = -1;
	bus_configure(b, config);
	if (strcmp(config->events, "-") == 0) {
		/* Programs read standard output then; people get the other stream. */
		b->json_fd = STDOUT_FILENO;
		b->text_fd = STDERR_FILENO;
	} else if (*config->events) {
		b->json_fd = open(config->events, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (b->json_fd < 0)
			return fault_set(f, -errno, "cannot write events to `%s': %s",
					 config->events, strerror(errno));
	}
	b->color = want_color(config->color, b->text_fd);
	return 0;
}

/* Bold for what matters, red for what went wrong, dim for detail: never colour alone, the
 * words say it too. */
static const char *color_of(enum event_severity s)
{
	switch (s) {
	case SEVERITY_DEBUG: return "\033[2m";
	case SEVERITY_NOTICE: return "\033[1m";
	case SEVERITY_WARNING: return "\033[33m";
	case SEVERITY_ERROR: return "\033[31m";
	case SEVERITY_INFO: break;
	}
	return "";
}

#define CLOCK_COLUMNS 10 /* "HH:MM:SS  " */

/* On a terminal, breaks the sentence between words and indents what follows, so that the
 * clock times stand out on the left. */
static void wrap(char *sentence, size_t columns, char *out, size_t size)
{
	size_t used = 0, column = CLOCK_COLUMNS;

	for (char *word = strtok_r(sentence, " ", &sentence); word;
	     word = strtok_r(NULL, " ", &sentence)) {
		size_t len = strlen(word);
		bool first = used == 0, fits = column + 1 + len <= columns;

		if (used + CLOCK_COLUMNS + 2 + len >= size)
			break;
		used += (size_t)snprintf(out + used, size - used, "%s%s",
					 first	? ""
					 : fits ? " "
						: "\n          ",
					 word);
		column = (first || fits ? column + !first : CLOCK_COLUMNS) + len;
	}
	out[used] = 0;
}

static size_t terminal_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : SIZE_MAX;
}

static void write_text(const struct bus *b, const struct event *e)
{
	char sentence[1024], wrapped[1600], line[1800], clock[16];
	time_t seconds = (time_t)(e->wall_ms / 1000);
	const char *color = b->color ? color_of(e->severity) : "";
	struct tm tm;
	size_t n;

	event_text(e, sentence, sizeof(sentence));
	wrap(sentence, terminal_columns(b->text_fd), wrapped, sizeof(wrapped));
	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	text_format(line, sizeof(line), "%s  %s%s%s\n", clock, color, wrapped,
		    *color ? "\033[0m" : "");
	n = strlen(line);
	if (write(b->text_fd, line, n) != (ssize_t)n)
		return; /* the terminal is gone; the daemon goes on */
}

static void write_json(struct bus *b, const char *json)
{
	size_t len = json ? strlen(json) : 0;
	ssize_t n = -1;

	if (json) {
		struct iovec parts[2] = {{(char *)(uintptr_t)json, len}, {(char[]){'\n'}, 1}};

		n = writev(b->json_fd, parts, 2);
	}
	if (n != (ssize_t)len + 1)
		b->dropped++;
}

int64_t bus_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bus_emit(struct bus *b, struct event *e)
{
	char *json = NULL;

	e->seq = ++b->seq;
	e->wall_ms = bus_wall_ms();
	if (b->board)
		board_apply(b->board, e);
	if (e->severity >= b->text_min)
		write_text(b, e);
	if (b->json_fd >= 0 || b->readers)
		json = event_json(e);
	if (b->json_fd >= 0)
		write_json(b, json);
	for (struct bus_reader *r = b->readers; r; r = r->next)
		r->event(r->ctx, e, json);
	free(json);
}

void bus_join(struct bus *b, struct bus_reader *r)
{
	r->next = b->readers;
	b->readers = r;
}

void bus_leave(struct bus *b, struct bus_reader *r)
{
	for (struct bus_reader **at = &b->readers; *at; at = &(*at)->next) {
		if (*at != r)
			continue;
		*at = r->next;
		return;
	}
}

void bus_close(struct bus *b)
{
	if (b->json_fd > STDERR_FILENO)
		close(b->json_fd);
	b->json_fd = -1;
	free(b->board);
	b->board = NULL;
}
