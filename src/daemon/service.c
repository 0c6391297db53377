/* SPDX-License-Identifier: MIT */
/*
 * What a service owes its manager, spoken by hand, because each is a datagram (sd_notify(3),
 * "Native Journal Protocol" of systemd.io).
 *
 * Readiness means that the ports are ours. It must not wait for the cable: a lab box is started
 * without a phone, and systemd would take it for failed after 90 seconds. What we wait for stands
 * in the status, which `systemctl status' shows.
 *
 * The journal is written natively only when standard output leads there ($JOURNAL_STREAM names
 * its device and inode); the sentences then do not go to standard output as well.
 */
#include "service.h"

#include "daemon.h"
#include "reflashd/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define ENTRY_MAX      4096

struct service {
	struct daemon *daemon;
	int notify_fd, journal_fd; /* -1: nobody there */
	struct bus_reader reader;
	bool ready;
	struct timer watchdog;
	uint64_t watchdog_ms;
	char status[160];
};

/* ---- notifications ---- */

static void notify(struct service *s, const char *text)
{
	/* A manager that is not there any more is no reason to stop. */
	if (s->notify_fd >= 0)
		send(s->notify_fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void say_status(struct service *s)
{
	const struct board *b = s->daemon->bus.board;
	char status[sizeof(s->status)], phones[48] = "";

	if (b->count)
		text_format(phones, sizeof(phones), "; %u phone%s, %u recovered",
			    b->count + b->away_count, b->count == 1 ? "" : "s", b->recovered);
	if (s->daemon->watchman.gone)
		text_format(status, sizeof(status),
			    "STATUS=The interface %s is gone: waiting for it%s\n",
			    s->daemon->config->interface, phones);
	else if (b->link_known && !b->link_up)
		text_format(status, sizeof(status),
			    "STATUS=Waiting for a cable or a phone with power at %s%s\n",
			    s->daemon->config->interface, phones);
	else if (b->ready)
		text_format(status, sizeof(status), "STATUS=Serving on %s, address %s%s\n",
			    b->interface, b->address, phones);
	else
		text_format(status, sizeof(status), "STATUS=Looking whether %s is safe to serve\n",
			    s->daemon->config->interface);
	if (strcmp(status, s->status) == 0)
		return;
	must(text_copy(s->status, sizeof(s->status), status));
	notify(s, status);
}

/* $NOTIFY_SOCKET: a path, or a name in the abstract space when it begins with @. */
static void open_notify(struct service *s)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (len == 0 || !text_copy(sa.sun_path, sizeof(sa.sun_path), path))
		return;
	if (path[0] == '@')
		sa.sun_path[0] = 0;
	s->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Now: later we may not be let in any more. */
	if (s->notify_fd >= 0 &&
	    connect(s->notify_fd, (struct sockaddr *)&sa,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0) {
		close(s->notify_fd);
		s->notify_fd = -1;
	}
}

static void on_watchdog(void *ctx)
{
	struct service *s = ctx;

	notify(s, "WATCHDOG=1\n");
	timer_in(&s->watchdog, s->watchdog_ms);
}

/* Half of the time that systemd grants, as sd_watchdog_enabled(3) advises. */
static void start_watchdog(struct service *s)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t ms;

	if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return;
	ms = strtoull(usec, NULL, 10) / 2000;
	if (ms == 0)
		return;
	s->watchdog_ms = ms;
	timer_init(&s->watchdog, &s->daemon->timers, on_watchdog, s);
	on_watchdog(s);
}

/* ---- the journal ---- */

static int priority_of(enum event_severity severity)
{
	switch (severity) {
	case SEVERITY_DEBUG: return LOG_DEBUG;
	case SEVERITY_INFO: return LOG_INFO;
	case SEVERITY_NOTICE: return LOG_NOTICE;
	case SEVERITY_WARNING: return LOG_WARNING;
	case SEVERITY_ERROR: return LOG_ERR;
	}
	return LOG_INFO;
}

static bool leads_to_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

static int open_journal(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Values hold no newline: the sentence and the fields are printable ASCII by construction, and
 * lists are not put in. */
static void add(char entry[ENTRY_MAX], size_t *len, const char *name, const char *value)
{
	if (!*value || strchr(value, '\n'))
		return;
	if (text_format(entry + *len, ENTRY_MAX - *len, "%s=%s\n", name, value))
		*len += strlen(entry + *len);
	else
		entry[*len] = 0;
}

static void journal(struct service *s, const struct event *e)
{
	char entry[ENTRY_MAX] = "", text[1024], mac[MAC_TEXT_MAX], number[24];
	size_t len = 0;

	event_text(e, text, sizeof(text));
	add(entry, &len, "MESSAGE", text);
	text_format(number, sizeof(number), "%d", priority_of(e->severity));
	add(entry, &len, "PRIORITY", number);
	add(entry, &len, "SYSLOG_IDENTIFIER", "reflashd");
	add(entry, &len, "REFLASHD_EVENT", event_name(e->type));
	text_format(number, sizeof(number), "%" PRIu64, e->seq);
	add(entry, &len, "REFLASHD_SEQ", number);
	if (event_has(e, FIELD_MAC)) {
		mac_format(e->mac, mac);
		add(entry, &len, "REFLASHD_MAC", mac);
	}
	if (event_has(e, FIELD_MODEL))
		add(entry, &len, "REFLASHD_MODEL", e->model);
	if (event_has(e, FIELD_LOAD))
		add(entry, &len, "REFLASHD_LOAD", e->load);
	if (event_has(e, FIELD_STAGE))
		add(entry, &len, "REFLASHD_STAGE", e->stage);
	if (event_has(e, FIELD_CODE))
		add(entry, &len, "REFLASHD_CODE", e->code);
	send(s->journal_fd, entry, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_event(void *ctx, const struct event *e, const char *json)
{
	struct service *s = ctx;

	(void)json;
	if (s->journal_fd >= 0 && console_wants(&s->daemon->bus.console, e))
		journal(s, e);
	if (s->ready)
		say_status(s);
}

/* ---- the life of it ---- */

void service_open(struct daemon *d)
{
	struct service *s;

	if (!getenv("NOTIFY_SOCKET") && !getenv("JOURNAL_STREAM"))
		return;
	s = calloc(1, sizeof(*s));
	if (!s)
		return;
	s->daemon = d;
	s->notify_fd = s->journal_fd = -1;
	d->service = s;
	open_notify(s);
	if (leads_to_journal(d->bus.console.fd))
		s->journal_fd = open_journal();
	if (s->journal_fd >= 0)
		console_mute(&d->bus.console);
	s->reader = (struct bus_reader){.event = on_event, .ctx = s};
	bus_join(&d->bus, &s->reader);
}

void service_ready(struct daemon *d)
{
	struct service *s = d->service;

	if (!s)
		return;
	s->ready = true;
	notify(s, "READY=1\n");
	say_status(s);
	start_watchdog(s);
}

void service_reloading(struct daemon *d, bool begins)
{
	char text[80];

	if (!d->service)
		return;
	if (!begins) {
		notify(d->service, "READY=1\n");
		return;
	}
	text_format(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", daemon_now());
	notify(d->service, text);
}

void service_stop(struct daemon *d)
{
	if (d->service)
		notify(d->service, "STOPPING=1\nSTATUS=Putting everything back in order\n");
}

void service_close(struct daemon *d)
{
	struct service *s = d->service;

	if (!s)
		return;
	bus_leave(&d->bus, &s->reader);
	if (s->notify_fd >= 0)
		close(s->notify_fd);
	if (s->journal_fd >= 0)
		close(s->journal_fd);
	free(s);
	d->service = NULL;
}
