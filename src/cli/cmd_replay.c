/* SPDX-License-Identifier: MIT */
/*
 * `reflashd replay`: a recorded stream of events (serve --events FILE), shown as it was shown live:
 * the same sentences with the times at which they were said, and the report at the end. The
 * console and the board are those of the daemon, so both tell the same story.
 *
 * At once, or with --speed at the pace at which it happened, with the live view on a terminal.
 * A line that is no event is named and passed over; what a later version recorded is passed over
 * without a word.
 */
#include "options.h"

#include "../daemon/console.h"
#include "reflashd/daemon.h"
#include "reflashd/text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPEED_MOST   1000000
#define COMPLAIN_MAX 5 /* lines that are named one by one */

enum { SPEED, VERBOSE, QUIET, COLOR };

static const struct cli_option options[] = {
	[SPEED] = {"speed", 0, "N", "in the pace at which it happened, N times as fast"},
	[VERBOSE] = {"verbose", 'v', NULL, "say more; twice: every packet"},
	[QUIET] = {"quiet", 'q', NULL, "only warnings and errors"},
	[COLOR] = {"color", 0, "auto|always|never", "colour on the terminal"},
	{NULL, 0, NULL, NULL},
};

struct replay {
	FILE *in;
	const char *name;
	struct board *board;
	struct console console;
	uint64_t speed; /* 0: at once */
	int64_t shown_ms;
	uint64_t line, bad;
};

void more_replay(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\n"
	      "FILE is what `reflashd serve --events FILE' wrote; `-' is standard input.\n"
	      "\n"
	      "Exit code: 0, 1 wrong usage or lines that are no events, 6 the file cannot be\n"
	      "read.\n",
	      out);
}

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nothing is lost here: whoever reads us may take the time. */
static void write_out(struct replay *r)
{
	struct pollfd p = {.fd = r->console.out.fd, .events = POLLOUT};

	while (!outlet_flush(&r->console.out))
		poll(&p, 1, 100);
}

/* Until it is the time of that event; the view goes on meanwhile. A jump of the recorded clock
 * is not waited for. */
static void wait_for(struct replay *r, int64_t event_ms)
{
	int64_t begin = wall_ms(), from = r->shown_ms;

	while (r->speed && from && event_ms > r->shown_ms && event_ms - from < 86400000) {
		int64_t rest = (event_ms - r->shown_ms) / (int64_t)r->speed;
		int next = console_tick(&r->console, wall_ms(), r->shown_ms);

		rest = next >= 0 && next < rest ? next : rest;
		poll(NULL, 0, rest < 1 ? 1 : rest > 1000 ? 1000 : (int)rest);
		r->shown_ms = from + (wall_ms() - begin) * (int64_t)r->speed;
	}
	r->shown_ms = event_ms;
}

static void complain(struct replay *r, const char *why)
{
	char name[128];
	struct fault f;

	if (++r->bad > COMPLAIN_MAX)
		return;
	text_escape(name, sizeof(name), (const uint8_t *)r->name, strlen(r->name));
	fault_set(&f, -EBADMSG, "%s:%llu: %s", name, (unsigned long long)r->line, why);
	write_out(r);
	cli_complain(f.text);
}

static void take_line(struct replay *r, const char *line, size_t len)
{
	struct event e;
	struct fault f;
	int err = event_from_json(&e, line, len, &f);

	if (err) {
		if (err != -ENOENT)
			complain(r, f.text);
		return;
	}
	wait_for(r, e.wall_ms);
	if (e.type == EVENT_DAEMON_START && r->board->seq)
		console_report(&r->console); /* the file holds several runs */
	board_apply(r->board, &e);
	console_event(&r->console, &e);
	if (r->speed)
		console_tick(&r->console, wall_ms(), r->shown_ms);
	write_out(r);
}

/* One line of any length: what goes beyond the longest event is counted, not kept. */
static bool read_line(struct replay *r, char *line, size_t size, size_t *len)
{
	int c = getc(r->in);

	*len = 0;
	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc(r->in))
		if (*len < size)
			line[(*len)++] = (char)c;
	r->line++;
	return true;
}

static int play(struct replay *r)
{
	size_t size = EVENT_LINE_MAX + 1, len;
	char *line = malloc(size);

	if (!line) {
		cli_complain("no memory");
		return EXIT_CODE_SYSTEM;
	}
	while (read_line(r, line, size, &len))
		if (len)
			take_line(r, line, len);
	free(line);
	write_out(r);
	if (ferror(r->in)) {
		struct fault f;

		fault_set(&f, -errno, "cannot read `%s' to its end: %s", r->name, strerror(errno));
		cli_complain(f.text);
		return EXIT_CODE_SYSTEM;
	}
	if (r->bad > COMPLAIN_MAX)
		fprintf(stderr, "reflashd: and %llu more lines that are no events.\n",
			(unsigned long long)(r->bad - COMPLAIN_MAX));
	return r->bad ? EXIT_CODE_USAGE : EXIT_CODE_DONE;
}

static bool read_options(struct replay *r, const struct cli_args *args, enum config_color *color,
			 int *exit_code)
{
	*exit_code = EXIT_CODE_USAGE;
	if (args->words != 1) {
		cli_complain("which file? Name one that was written by serve --events: reflashd "
			     "replay events.json");
		return false;
	}
	r->name = args->word[0];
	if (args->value[SPEED] && !text_to_u64(args->value[SPEED], 1, SPEED_MOST, &r->speed)) {
		cli_complain("--speed takes a whole number from 1 (as it happened) to 1000000");
		return false;
	}
	return cli_color(color, args->value[COLOR], exit_code);
}

static bool open_file(struct replay *r, int *exit_code)
{
	struct fault f;

	r->in = strcmp(r->name, "-") == 0 ? stdin : fopen(r->name, "re");
	if (r->in)
		return true;
	fault_set(&f, -errno, "cannot read `%s': %s", r->name, strerror(errno));
	cli_complain(f.text);
	*exit_code = EXIT_CODE_SYSTEM;
	return false;
}

int cmd_replay(int argc, char *const argv[])
{
	struct replay r = {.speed = 0};
	enum config_color color = COLOR_AUTO;
	struct cli_args args;
	int exit_code, verbosity;

	if (!cli_options(&args, "replay", options, argc, argv, &exit_code))
		return exit_code;
	if (read_options(&r, &args, &color, &exit_code) && open_file(&r, &exit_code)) {
		verbosity = args.times[QUIET] ? -1 : (int)args.times[VERBOSE];
		r.board = calloc(1, sizeof(*r.board));
		if (r.board) {
			board_init(r.board);
			console_open(&r.console, STDOUT_FILENO, r.board, verbosity, color,
				     r.speed > 0);
			exit_code = play(&r);
			console_report(&r.console);
			write_out(&r);
			console_close(&r.console);
		} else {
			cli_complain("no memory");
			exit_code = EXIT_CODE_SYSTEM;
		}
		free(r.board);
		if (r.in != stdin)
			fclose(r.in);
	}
	cli_args_free(&args);
	return exit_code;
}
