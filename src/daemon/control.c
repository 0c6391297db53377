/* SPDX-License-Identifier: MIT */
/*
 * The control socket: `reflashd status`, `phones`, `events` and `stop` ask here.
 *
 * A Unix stream socket. The asker sends one line and gets lines of JSON; then the connection is
 * closed, except for `events follow`, which goes on until either side has enough:
 *
 *     status                 one object (board_json.h)
 *     phones                 one array
 *     events [follow] [N]    the lines of the stream that are still kept, from number N on
 *     stop                   {"stopping":true}; the connection is closed when all is put in order
 *
 * Who may: everybody whom the socket's permissions let in may look (0660: root, our own user and
 * our group); `stop` wants root or our own user, by the credentials that the kernel vouches for
 * (SO_PEERCRED).
 *
 * What can go wrong: a socket that a killed daemon left behind is taken over; one that another
 * daemon answers is left alone, and this one does without. An asker who does not read is cut off.
 */
#include "daemon.h"
#include "limits.h"
#include "recent.h"
#include "reflashd/board_json.h"
#include "reflashd/text.h"
#include "rights.h"
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_PATH "/run/reflashd/control"
#define LINE_MAX_    128
#define QUEUE_MAX    ((size_t)2 << 20) /* unsent bytes after which an asker is cut off */
#define PATIENCE     5000	       /* ms for the line to come */

struct asker {
	uv_pipe_t pipe;
	struct timer timer;
	struct control *control;
	bool follows, ends; /* ends: closed when all is written */
	size_t have;
	char line[LINE_MAX_];
	struct asker *next;
};

struct control {
	struct daemon *daemon;
	uv_poll_t poll;
	int fd; /* bound; -1: none */
	int err;
	bool bound, open;
	struct bus_reader reader;
	unsigned count;
	struct asker *askers;
};

struct reply {
	uv_write_t write;
	char *text;
};

/* ---- an asker goes ---- */

static void on_closed(uv_handle_t *handle)
{
	struct asker *a = handle->data;
	struct asker **at;

	for (at = &a->control->askers; *at != a; at = &(*at)->next)
		;
	*at = a->next;
	a->control->count--;
	free(a);
}

static void dismiss(struct asker *a)
{
	if (uv_is_closing((uv_handle_t *)&a->pipe))
		return;
	timer_stop(&a->timer);
	uv_close((uv_handle_t *)&a->pipe, on_closed);
}

/* ---- what it is told ---- */

static void on_written(uv_write_t *write, int status)
{
	struct reply *r = (struct reply *)write;
	struct asker *a = write->handle->data;

	free(r->text);
	free(r);
	if (status || (a->ends && uv_stream_get_write_queue_size((uv_stream_t *)&a->pipe) == 0))
		dismiss(a);
}

/* Takes over the malloc'ed text and puts a newline behind it. */
static void tell(struct asker *a, char *text, size_t len)
{
	static char newline[] = "\n"; /* it may be written long after we have returned */
	struct reply *r = text ? calloc(1, sizeof(*r)) : NULL;
	uv_buf_t buffers[2];

	if (!r || uv_is_closing((uv_handle_t *)&a->pipe) ||
	    uv_stream_get_write_queue_size((uv_stream_t *)&a->pipe) > QUEUE_MAX) {
		free(text);
		free(r);
		dismiss(a);
		return;
	}
	r->text = text;
	buffers[0] = uv_buf_init(text, (unsigned)len);
	buffers[1] = uv_buf_init(newline, 1);
	if (uv_write(&r->write, (uv_stream_t *)&a->pipe, buffers, 2, on_written) != 0) {
		free(text);
		free(r);
		dismiss(a);
	}
}

static void tell_line(struct asker *a, const char *json, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy)
		memcpy(copy, json, len);
	tell(a, copy, len);
}

static bool tell_recent(void *ctx, uint64_t seq, const char *json, size_t len)
{
	struct asker *a = ctx;

	(void)seq;
	tell_line(a, json, len);
	return !uv_is_closing((uv_handle_t *)&a->pipe);
}

static void on_event(void *ctx, const struct event *e, const char *json)
{
	struct control *c = ctx;

	(void)e;
	for (struct asker *a = c->askers; json && a; a = a->next)
		if (a->follows && !uv_is_closing((uv_handle_t *)&a->pipe))
			tell_line(a, json, strlen(json));
}

/* ---- what it asks ---- */

static bool may_stop(const struct asker *a)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&a->pipe, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

static void complain(struct asker *a, const char *why)
{
	char text[160];

	text_format(text, sizeof(text), "{\"error\":\"%s\"}", why);
	tell_line(a, text, strlen(text));
}

static void answer_events(struct asker *a, const char *rest)
{
	struct daemon *d = a->control->daemon;
	uint64_t from = 0;

	if (strncmp(rest, " follow", 7) == 0) {
		a->follows = true;
		a->ends = false;
		rest += 7;
	}
	if (*rest == ' ' && rest[1])
		from = strtoull(rest + 1, NULL, 10);
	recent_each(d, from, tell_recent, a);
	if (!a->follows && uv_stream_get_write_queue_size((uv_stream_t *)&a->pipe) == 0)
		dismiss(a);
}

static void answer(struct asker *a)
{
	struct daemon *d = a->control->daemon;
	char *text;

	timer_stop(&a->timer);
	a->ends = true;
	if (strcmp(a->line, "status") == 0) {
		text = board_status_json(d->bus.board);
		tell(a, text, text ? strlen(text) : 0);
	} else if (strcmp(a->line, "phones") == 0) {
		text = board_phones_json(d->bus.board);
		tell(a, text, text ? strlen(text) : 0);
	} else if (strncmp(a->line, "events", 6) == 0 && (!a->line[6] || a->line[6] == ' ')) {
		answer_events(a, a->line + 6);
	} else if (strcmp(a->line, "stop") == 0 && !may_stop(a)) {
		complain(a, "only root and the user that reflashd runs as may stop it");
	} else if (strcmp(a->line, "stop") == 0) {
		a->ends = false; /* the end is the answer */
		tell_line(a, "{\"stopping\":true}", 17);
		daemon_stop(d, EXIT_CODE_DONE, "asked to stop");
	} else {
		complain(a, "status, phones, events or stop is what can be asked here");
	}
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct asker *a = handle->data;

	(void)wanted;
	*buf = uv_buf_init(a->line + a->have, (unsigned)(sizeof(a->line) - a->have));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct asker *a = stream->data;
	char *end;

	(void)buf;
	if (n < 0) { /* it left, or the line is longer than any question (no room) */
		dismiss(a);
		return;
	}
	a->have += (size_t)n;
	end = memchr(a->line, '\n', a->have);
	if (!end)
		return;
	*end = 0;
	/* From here on only the end of the connection is of interest. */
	a->have = 0;
	if (!timer_runs(&a->timer))
		return; /* a second question */
	answer(a);
}

static void on_impatience(void *ctx)
{
	dismiss(ctx);
}

/* Written at once or not at all: nothing waits for somebody for whom there is no room. */
static void send_away(struct asker *a)
{
	static char why[] = "{\"error\":\"too many programs ask this daemon at once; end one that "
			    "follows the events (reflashd events --follow), or try again\"}\n";
	uv_buf_t text = uv_buf_init(why, sizeof(why) - 1);

	uv_try_write((uv_stream_t *)&a->pipe, &text, 1);
	dismiss(a);
}

/* Takes over the descriptor. */
static void take_in(struct control *c, int fd)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (!a) {
		close(fd);
		return;
	}
	a->control = c;
	uv_pipe_init(c->daemon->loop, &a->pipe, 0);
	timer_init(&a->timer, &c->daemon->timers, on_impatience, a);
	a->pipe.data = a;
	a->next = c->askers;
	c->askers = a;
	c->count++;
	if (uv_pipe_open(&a->pipe, fd) != 0) {
		close(fd);
		dismiss(a);
		return;
	}
	if (c->count <= CONTROL_ASKERS_MAX &&
	    uv_read_start((uv_stream_t *)&a->pipe, on_room, on_bytes) != 0) {
		dismiss(a);
		return;
	}
	if (c->count > CONTROL_ASKERS_MAX) {
		send_away(a);
		return;
	}
	timer_in(&a->timer, PATIENCE);
}

static void on_coming(uv_poll_t *poll, int status, int events)
{
	struct control *c = poll->data;
	bool refused;
	int fd = listener_accept(c->fd, &refused);

	(void)events;
	if (fd >= 0)
		take_in(c, fd);
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll)) /* libuv stops the watching */
		uv_poll_start(poll, UV_READABLE, on_coming);
}

/* ---- the socket ---- */

/* Does a daemon answer there? false also for a socket that a killed one left behind. */
static bool answers(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0 || !text_copy(sa.sun_path, sizeof(sa.sun_path), path)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	alive = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 || errno == EAGAIN;
	close(fd);
	return alive;
}

static void make_folder(const char *path, uid_t uid, gid_t gid)
{
	char folder[CONFIG_CONTROL_MAX];
	char *slash;

	text_copy(folder, sizeof(folder), path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = 0;
	/* What is wrong with it, the socket tells. Ours, so that it can be removed later. */
	if ((mkdir(folder, 0755) == 0 || strcmp(path, DEFAULT_PATH) == 0) && uid != geteuid())
		rights_give(AT_FDCWD, folder, S_IFDIR, uid, gid);
}

/* The folder may be another user's, who could put something else in the place of what was just
 * made: so it has its permissions from the beginning. */
static int bind_for_group(int fd, const struct sockaddr_un *sa)
{
	mode_t before = umask(0117);
	int err = bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 ? -errno : 0;

	umask(before);
	return err;
}

static int bind_at(struct control *c, const char *path, uid_t uid, gid_t gid)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct stat st;
	int err;

	make_folder(path, uid, gid);
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return -EEXIST;
		if (answers(path))
			return -EADDRINUSE;
		unlink(path);
	}
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || !text_copy(sa.sun_path, sizeof(sa.sun_path), path))
		return -errno;
	err = bind_for_group(c->fd, &sa);
	if (err)
		return err;
	c->bound = true;
	return uid != geteuid() ? rights_give(AT_FDCWD, path, S_IFSOCK, uid, gid) : 0;
}

int control_prepare(struct daemon *d, uid_t uid, gid_t gid, struct fault *f)
{
	struct control *c;

	if (!*d->config->control)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return fault_set(f, -ENOMEM, "no memory to start");
	d->control = c;
	c->daemon = d;
	c->fd = -1;
	c->err = bind_at(c, d->config->control, uid, gid);
	return 0;
}

static int listen_at(struct control *c)
{
	int err = c->err;

	listener_reserve();
	if (!err && listen(c->fd, CONTROL_ASKERS_MAX) != 0)
		err = -errno;
	if (!err)
		err = uv_poll_init(c->daemon->loop, &c->poll, c->fd);
	if (err)
		return err;
	c->poll.data = c;
	c->open = true;
	return uv_poll_start(&c->poll, UV_READABLE, on_coming);
}

static int control_open(struct daemon *d, struct fault *f)
{
	const char *path = d->config->control;
	struct control *c = d->control;
	int err;

	(void)f;
	if (!c)
		return 0;
	err = listen_at(c);
	if (err == -EADDRINUSE)
		daemon_note(d, SEVERITY_NOTICE, "no-control",
			    "Another reflashd answers at %s, so `reflashd status' shows that one. "
			    "Give this one a --control of its own to ask it, too.",
			    path);
	else if (err)
		daemon_note(d, SEVERITY_NOTICE, "no-control",
			    "No control socket at %s: %s. `reflashd status' will not work; "
			    "--control names another place.",
			    path, strerror(-err));
	if (err)
		return 0;
	c->reader = (struct bus_reader){.event = on_event, .ctx = c};
	bus_join(&d->bus, &c->reader);
	return 0;
}

static void control_stop(struct daemon *d)
{
	struct control *c = d->control;

	if (!c || !c->open)
		return;
	if (c->reader.event)
		bus_leave(&d->bus, &c->reader);
	c->reader.event = NULL;
	uv_close((uv_handle_t *)&c->poll, NULL);
	for (struct asker *a = c->askers; a; a = a->next)
		dismiss(a);
}

static void control_close(struct daemon *d)
{
	struct control *c = d->control;

	if (c && c->fd >= 0)
		close(c->fd);
	if (c && c->bound) /* where the folder is not ours, the next start does it */
		unlink(d->config->control);
	free(d->control);
	d->control = NULL;
}

const struct part control_part = {"control", control_open, control_stop, control_close, NULL};
