/* SPDX-License-Identifier: MIT */
/*
 * The event bus and its two sinks: the console for people, JSON lines for programs.
 *
 * A JSON line is one write() to a file opened for appending, so a reader never sees half
 * of one. A sink that cannot be written to, or that nobody reads, never stops the daemon (see
 * outlet.c): what was lost is counted, and said once.
 */
#include "bus.h"

#include "reflashd/wall.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 100
#define SOON_MS	 200
#define CLOSE_MS 500

static int open_json(struct bus *b, const char *path, struct fault *f)
{
	struct stat st;
	int fd, flags = O_WRONLY | O_CREAT;

	/* To write only would wait for a reader of the FIFO, who may never come. */
	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		flags = O_RDWR;
	fd = open(path, flags | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	if (fd < 0)
		return fault_set(f, -errno, "cannot write events to `%s': %s", path,
				 strerror(errno));
	outlet_take(&b->json, fd);
	return 0;
}

int bus_open(struct bus *b, const struct config *config, struct fault *f)
{
	bool standard = strcmp(config->events, "-") == 0;

	memset(b, 0, sizeof(*b));
	b->json.fd = b->console.out.fd = -1;
	b->board = calloc(1, sizeof(*b->board)); /* a page is used when it is touched */
	if (!b->board)
		return fault_set(f, -ENOMEM, "no memory to start");
	board_init(b->board);
	/* Programs read standard output then; people get the other stream. */
	console_open(&b->console, standard ? STDERR_FILENO : STDOUT_FILENO, b->board,
		     config->verbosity, config->color, true);
	if (standard)
		outlet_open(&b->json, STDOUT_FILENO);
	else if (*config->events)
		return open_json(b, config->events, f);
	return 0;
}

void bus_configure(struct bus *b, const struct config *config)
{
	b->console.verbosity = config->verbosity;
}

/* ---- the loop ---- */

static void arm(struct bus *b);

/* Once, and not from within an event. */
static void say_lost(struct bus *b)
{
	struct event e;

	b->lost_said = true;
	event_init(&e, EVENT_DAEMON_NOTE);
	e.severity = SEVERITY_WARNING;
	event_set_text(&e, FIELD_CODE, "events-lost");
	event_set_text(&e, FIELD_REASON,
		       "Events are lost: nobody reads what --events writes, or it cannot be "
		       "written. The phones are served all the same.");
	bus_emit(b, &e);
}

static void on_timer(void *ctx)
{
	struct bus *b = ctx;

	outlet_flush(&b->json);
	if (b->json.dropped && !b->lost_said)
		say_lost(b);
	arm(b);
}

static void arm(struct bus *b)
{
	int64_t now = bus_wall_ms();
	int wait;

	if (!b->running)
		return;
	wait = console_tick(&b->console, now, now);
	if (b->json.from < b->json.to || (b->json.dropped && !b->lost_said))
		wait = wait >= 0 && wait < RETRY_MS ? wait : RETRY_MS;
	if (wait >= 0)
		timer_in(&b->timer, (uint64_t)wait);
	else
		timer_stop(&b->timer);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct bus *b = handle->data;

	if (number == SIGCONT)
		console_resumed(&b->console);
	else
		console_resized(&b->console);
	arm(b);
}

void bus_run(struct bus *b, uv_loop_t *loop, struct timers *timers)
{
	timer_init(&b->timer, timers, on_timer, b);
	must(uv_signal_init(loop, &b->resized) == 0);
	must(uv_signal_init(loop, &b->resumed) == 0);
	b->resized.data = b->resumed.data = b;
	if (b->console.live) {
		must(uv_signal_start(&b->resized, on_signal, SIGWINCH) == 0);
		must(uv_signal_start(&b->resumed, on_signal, SIGCONT) == 0);
	}
	b->running = true;
	arm(b);
}

void bus_stop(struct bus *b)
{
	if (!b->running)
		return;
	b->running = false;
	timer_stop(&b->timer);
	uv_close((uv_handle_t *)&b->resized, NULL);
	uv_close((uv_handle_t *)&b->resumed, NULL);
}

/* ---- events ---- */

/* A line in one piece: whoever reads the file while it grows never sees half of one. */
static void write_json(struct bus *b, char *json)
{
	size_t len = json ? strlen(json) : 0;

	if (!json) {
		b->json.dropped++;
		return;
	}
	json[len] = '\n'; /* where the NUL stood */
	outlet_write(&b->json, json, len + 1);
	json[len] = 0;
}

/* One for the whole program, as the clocks are. */
static struct wall wall;
static bool at_rest = true;

static int64_t clock_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t bus_wall_ms(void)
{
	return wall_ms(&wall, clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME), at_rest);
}

void bus_rest(bool rest)
{
	at_rest = rest;
}

void bus_emit(struct bus *b, struct event *e)
{
	char *json = NULL;

	e->seq = ++b->seq;
	e->wall_ms = bus_wall_ms();
	if (b->board)
		board_apply(b->board, e);
	console_event(&b->console, e);
	if (b->json.fd >= 0 || b->readers)
		json = event_json(e);
	if (b->json.fd >= 0)
		write_json(b, json);
	for (struct bus_reader *r = b->readers; r; r = r->next)
		r->event(r->ctx, e, json);
	free(json);
	/* A frame that is due soon has time for this one, too. */
	if (b->running && timer_left(&b->timer) > USEC_MS(SOON_MS))
		arm(b);
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
	if (b->board) {
		console_report(&b->console);
		console_close(&b->console);
	}
	if (b->json.dropped)
		fprintf(stderr, "reflashd: %llu events could not be written to --events.\n",
			(unsigned long long)b->json.dropped);
	outlet_close(&b->json, CLOSE_MS);
	free(b->board);
	b->board = NULL;
}
