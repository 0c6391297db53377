/* SPDX-License-Identifier: MIT */
/*
 * SIGHUP, and a firmware folder or archive that changed: configuration and library are read anew,
 * whole or not at all.
 *
 * The happy path: flags and file once more → a second library, read by a thread of its own while
 * this one serves on → exchanged between two events → the old one goes; a transfer that still
 * reads from it keeps its bytes. What is new is said; what is as before is not.
 *
 * What can go wrong: the file has an error, an option changed that holds from start to end (the
 * interface, our address …), the folder cannot be read, nothing in it may be given to a phone.
 * Then nothing is taken over, and what is wrong is said. A folder that is still being copied
 * into, or an archive that is being written, is left alone until it was quiet for a moment. What
 * changes while it is read is not taken over, but read again; and what is read too early is found
 * incomplete, and read again when the next file has come.
 */
#include "daemon.h"
#include "places.h"
#include "sandbox.h"
#include "service.h"

#include "reflashd/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUIET_MS    2000
#define WATCHED_MAX 128

/* They take effect with the next answer; every other option only at a start. */
static const enum config_option changeable[] = {
	OPTION_LEASE_TIME,	 OPTION_ROUTER,	  OPTION_DNS,
	OPTION_TFTP_SERVER,	 OPTION_TARGET,	  OPTION_KEYS,
	OPTION_MODELS,		 OPTION_FIRMWARE, OPTION_VERBOSE,
	OPTION_SERVE_INCOMPLETE, OPTION_QUIET,	  OPTION_COLOR,
	OPTION_CONFIG,		 OPTION_HELP,	  OPTION_PRINT_CONFIG,
};

struct reload {
	struct daemon *daemon;
	struct timer timer;
	unsigned watched;
	struct watch {
		uv_fs_event_t event;
		const char *only;      /* of that folder only this file; NULL: all of it */
	} watch[2][WATCHED_MAX], *now; /* those of the two that watch */
	bool running;		       /* the thread reads */
	bool once_more;		       /* and something changed since it began */
	bool asked;		       /* what is read now: by somebody, who wants an answer */
	bool ask;		       /* and somebody asked since it began */
	uv_work_t work;
	struct config config; /* what is being read */
	struct store *store;
	struct fault fault;
	int err, exit_code;
};

static void read_anew(struct reload *r);
static void watch_firmware(struct reload *r);

/* ---- in the thread: nothing of the daemon is touched ---- */

static void on_work(uv_work_t *work)
{
	struct reload *r = work->data;

	r->err = store_open_to_serve(&r->store, &r->config, &r->exit_code, &r->fault);
	if (r->err) {
		sandbox_explain(&r->fault);
		return;
	}
	r->err = firmware_judge(store_library(r->store), &r->config, &r->fault);
	if (r->err) {
		store_close(r->store);
		r->store = NULL;
	}
}

/* ---- taking over ---- */

static void refuse(struct reload *r, const char *why)
{
	char text[FAULT_TEXT_MAX];
	bool asks = text_ends_nocase(why, "?");

	text_copy(text, sizeof(text), why);
	text_capitalise(text);
	daemon_note(r->daemon, SEVERITY_WARNING, "reload-failed",
		    "%s%s Nothing was taken over: what was served before is still served.", text,
		    asks ? "" : ".");
}

static void take_over(struct reload *r)
{
	struct daemon *d = r->daemon;
	struct catalogue_config offers = {.offer_unfit = r->config.serve_incomplete};
	struct store *before = d->store;
	struct dhcp_config *dhcp = &d->dhcp.server.config;
	unsigned news;

	d->taken_over = r->config;
	d->config = &d->taken_over;
	text_copy(offers.target, sizeof(offers.target), d->config->target);
	catalogue_change(&d->catalogue, &offers, store_library(r->store));
	phones_change_library(&d->phones, store_library(r->store));
	phones_aim(&d->phones, d->config->target, d->config->serve_incomplete);
	dhcp->lease_seconds = d->config->lease_seconds;
	dhcp->routers = d->config->routers;
	dhcp->dns = d->config->dns;
	dhcp->tftp = d->config->tftp;
	bus_configure(&d->bus, d->config);
	d->store = r->store;
	r->store = NULL;
	news = firmware_say(d, store_library(before));
	store_close(before);
	if (r->asked)
		daemon_note(d, SEVERITY_NOTICE, "reloaded",
			    "Configuration and firmware were read anew%s.",
			    news ? "" : "; the firmware is as it was");
}

static void forget(struct reload *r)
{
	if (r->store)
		store_close(r->store);
	r->store = NULL;
}

static void on_read(uv_work_t *work, int status)
{
	struct reload *r = work->data;

	r->running = false;
	service_reloading(r->daemon, false);
	if (status || r->daemon->stopping) {
		forget(r);
		return;
	}
	if (!r->asked && timer_runs(&r->timer))
		forget(r); /* it changed meanwhile: half of the one and half of the other */
	else if (r->err)
		refuse(r, r->fault.text);
	else
		take_over(r);
	watch_firmware(r); /* there may be other folders now, and another file of that name */
	if (r->once_more)
		read_anew(r);
}

/* ---- what to read ---- */

static bool may_change(enum config_option o)
{
	for (size_t i = 0; i < ARRAY_LEN(changeable); i++)
		if (changeable[i] == o)
			return true;
	return false;
}

static bool configure(struct reload *r)
{
	struct daemon *d = r->daemon;
	struct fault f;

	if (!r->asked) { /* a folder changed: the configuration as it is */
		r->config = *d->config;
		return true;
	}
	if (config_again(&r->config, d->config, &f) != 0) {
		refuse(r, f.text);
		return false;
	}
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++) {
		char why[200];

		if (may_change((enum config_option)o) ||
		    config_same(&r->config, d->config, (enum config_option)o))
			continue;
		text_format(why, sizeof(why),
			    "The configuration changes %s, which holds from start to end: restart "
			    "reflashd for that",
			    config_option_name((enum config_option)o));
		refuse(r, why);
		return false;
	}
	return true;
}

static void read_anew(struct reload *r)
{
	r->once_more = false;
	if (r->daemon->stopping)
		return;
	if (r->running) {
		r->once_more = true;
		return;
	}
	r->asked = r->ask;
	r->ask = false;
	if (!configure(r))
		return;
	r->work.data = r;
	service_reloading(r->daemon, true);
	r->running = uv_queue_work(r->daemon->loop, &r->work, on_work, on_read) == 0;
}

void reload_now(struct daemon *d)
{
	if (!d->reload)
		return;
	d->reload->ask = true;
	read_anew(d->reload);
}

/* ---- watching ---- */

static void on_quiet(void *ctx)
{
	read_anew(ctx);
}

static void on_change(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct reload *r = event->data;
	const struct watch *w = (const struct watch *)event;

	(void)events;
	if (status != 0 || (w->only && !(name && strcmp(name, w->only) == 0)))
		return;
	if (w->only || !name || name[0] != '.') /* dot files are never read */
		timer_in(&r->timer, QUIET_MS);
}

static void watch_path(struct reload *r, const char *path, const char *only)
{
	char name[CONFIG_PATH_MAX + 300];
	struct watch *w = &r->now[r->watched];

	if (r->watched == WATCHED_MAX)
		return;
	w->only = only;
	/* Out of inotify watches, or a file system without: SIGHUP still works. */
	if (uv_fs_event_start(&w->event, on_change, places_name(path, name, sizeof(name)), 0) == 0)
		r->watched++;
}

/* Its folder tells when another file takes its place. But that may be closed to us, and the file
 * elsewhere (a symbolic link): so the file itself, too. */
static void watch_archive(struct reload *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[CONFIG_PATH_MAX];

	text_format(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		    slash ? path : ".");
	watch_path(r, folder, slash ? slash + 1 : path);
	watch_path(r, path, NULL);
}

/* The folders that were named and those in them, as deep as the scan goes; and the archives. */
static void watch_firmware(struct reload *r)
{
	const struct config *c = r->daemon->config;
	struct watch *before = r->now;
	unsigned count = r->watched;
	char path[CONFIG_PATH_MAX + 260];

	r->now = before == r->watch[0] ? r->watch[1] : r->watch[0];
	r->watched = 0;
	for (unsigned i = 0; i < c->firmware_count; i++) {
		DIR *dir = places_is_folder(c->firmware[i]) ? places_opendir(c->firmware[i]) : NULL;
		struct dirent *entry;

		if (places_is_folder(c->firmware[i]))
			watch_path(r, c->firmware[i], NULL);
		else
			watch_archive(r, c->firmware[i]);
		while (dir && (entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			if (text_format(path, sizeof(path), "%s/%s", c->firmware[i],
					entry->d_name) &&
			    places_is_folder(path))
				watch_path(r, path, NULL);
		}
		if (dir)
			closedir(dir);
	}
	/* Not earlier: what is watched on keeps the news that wait there. */
	for (unsigned i = 0; i < count; i++)
		uv_fs_event_stop(&before[i].event);
}

/* ---- the part ---- */

static int reload_open(struct daemon *d, struct fault *f)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (!r)
		return fault_set(f, -ENOMEM, "no memory to start");
	d->reload = r;
	r->daemon = d;
	timer_init(&r->timer, &d->timers, on_quiet, r);
	r->now = r->watch[0];
	for (unsigned i = 0; i < 2 * WATCHED_MAX; i++) {
		struct watch *w = &r->watch[i / WATCHED_MAX][i % WATCHED_MAX];

		uv_fs_event_init(d->loop, &w->event);
		w->event.data = r;
	}
	watch_firmware(r);
	return 0;
}

/* The thread is waited for when the loop runs out. */
static void reload_close(struct daemon *d)
{
	free(d->reload);
	d->reload = NULL;
}

const struct part reload_part = {"reload", reload_open, NULL, reload_close, NULL};
