/* SPDX-License-Identifier: MIT */
/*
 * What outlives a run: the leases, and what is known of each phone. Each file is written whole to a
 * temporary one, synced and renamed over the old one, so that a crash at any moment leaves the old
 * table or the new one. For the leases of the moment there is journal.c as well.
 *
 * A dead phone does not wait for a disk: where nothing can be kept (a folder that is read-only,
 * full or not there) we serve all the same, and say once what a restart will have forgotten and how
 * to mend it. A file that cannot be used is put aside under a name that tells, and we begin
 * without it.
 *
 * While we serve, a thread does it: a disk may take its time, the phones may not wait for it. What
 * is known of a phone may be a tenth of a second old on disk, since the phone itself shows it
 * again by what it asks for next.
 */
#include "daemon.h"
#include "places.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PHONES_FILE    "phones"
#define STATE_SIZE_MAX (16u << 20) /* the most that we write is a tenth of it */

int state_dir_make(const char *dir)
{
	struct stat st;

	return places_stat(dir, &st) == 0 || mkdir(dir, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

/* The name that a save begins with, too. */
void state_try(struct daemon *d)
{
	char path[CONFIG_PATH_MAX + 16];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/" LEASES_FILE ".new", d->config->state_dir);
	places_unlink(path);
	fd = places_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, "\n", 1) != 1 || fsync(fd) != 0)
		err = -errno;
	if (fd >= 0) {
		close(fd);
		places_unlink(path);
	}
	/* Why it could not be made says more than that it is not there. */
	if (!err || !d->state_err)
		d->state_err = err;
}

static void say_not_kept(struct daemon *d)
{
	char ip[IP4_TEXT_MAX], address[160] = "";
	bool full = d->state_err == -ENOSPC || d->state_err == -EDQUOT;

	ip4_format(d->address, ip);
	if (d->address_added)
		snprintf(address, sizeof(address),
			 "; and should reflashd be killed, its address stays on %s until you type: "
			 "sudo ip addr del %s/%u dev %s",
			 d->link.name, ip, d->prefix_len, d->link.name);
	d->save_failed = true; /* it is said herewith */
	daemon_note(d, SEVERITY_WARNING, "state-not-saved",
		    "Nothing can be kept in the state folder `%s': %s. Phones are served all the "
		    "same, but a restart forgets which address each one has and how far it was%s. "
		    "To mend that, %sname a folder that can be written to with --state-dir, e.g. "
		    "--state-dir /run/reflashd-state",
		    d->config->state_dir, strerror(-d->state_err), address,
		    full ? "make room there, or " : "");
}

/* Not blocking: a FIFO of that name must not stop us for ever. */
int state_load_file(const struct daemon *d, const char *file, char path[], size_t size, char **text,
		    size_t *len, struct fault *f)
{
	struct stat st;
	ssize_t n = 0;
	size_t room;
	int fd, err = 0;

	*text = NULL;
	*len = 0;
	snprintf(path, size, "%s/%s", d->config->state_dir, file);
	fd = places_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : fault_set(f, -errno, "cannot read `%s': %s", path,
						   strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fault_set(f, -EINVAL, "`%s' is no ordinary file", path);
	}
	room = (size_t)st.st_size + 1;
	if (st.st_size > STATE_SIZE_MAX) {
		close(fd);
		return fault_set(f, -EFBIG, "`%s' is far larger than what reflashd writes there",
				 path);
	}
	*text = malloc(room);
	errno = ENOMEM;
	while (*text && *len < room && (n = read(fd, *text + *len, room - *len)) > 0)
		*len += (size_t)n;
	if (*text && *len == room)
		errno = EBUSY; /* somebody writes to it */
	if (!*text || n < 0 || *len == room) {
		err = fault_set(f, -errno, "cannot read `%s': %s", path, strerror(errno));
		free(*text);
		*text = NULL;
	}
	close(fd);
	return err;
}

/* f tells what is wrong with it; lost: what that means. */
static void put_aside(struct daemon *d, const char *path, struct fault *f, const char *lost)
{
	char aside[CONFIG_PATH_MAX + 40];
	bool moved;

	snprintf(aside, sizeof(aside), "%s.damaged", path);
	moved = places_rename(path, aside) == 0;
	text_capitalise(f->text);
	daemon_note(d, SEVERITY_WARNING, "state-damaged",
		    "%s. %s%s%s and reflashd goes on without it: %s.", f->text,
		    moved ? "It was put aside as `" : "It stays where it is,", moved ? aside : "",
		    moved ? "'," : "", lost);
}

static int load_leases(struct daemon *d, char *path, size_t size, struct fault *f)
{
	char *text;
	size_t len;
	int err = state_load_file(d, LEASES_FILE, path, size, &text, &len, f);

	if (!err && text)
		err = lease_table_load(&d->dhcp.leases, path, text, len, daemon_now(), f);
	free(text);
	return err;
}

static int load_phones(struct daemon *d, char *path, size_t size, struct fault *f)
{
	char *text;
	size_t len;
	int err = state_load_file(d, PHONES_FILE, path, size, &text, &len, f);

	if (!err && text)
		err = phones_text_read(&d->phones, path, text, len, f);
	free(text);
	return err;
}

int state_load(struct daemon *d, struct fault *f)
{
	static const struct {
		int (*load)(struct daemon *d, char *path, size_t size, struct fault *f);
		const char *lost;
	} files[] = {
		{load_leases, "a phone may get another address than before"},
		{journal_load, "a phone may get another address than before"},
		{load_phones, "each phone is got to know anew by what it asks for"},
	};
	char path[CONFIG_PATH_MAX + 24];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int err = files[i].load(d, path, sizeof(path), f);

		if (err == -ENOMEM)
			return err;
		if (err)
			put_aside(d, path, f, files[i].lost);
	}
	if (d->state_err)
		say_not_kept(d);
	return 0;
}

/* A rename is on disk when its folder is. */
int state_sync_dir(const struct daemon *d, struct fault *f)
{
	int fd = places_open(d->config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), err = 0;

	/* Some file systems cannot sync a folder, and say so by EINVAL. */
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		err = fault_set(f, -errno, "cannot save to the folder `%s': %s",
				d->config->state_dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

int state_save_file(const struct daemon *d, const char *file, const char *text, size_t len,
		    const char *what, struct fault *f)
{
	char path[CONFIG_PATH_MAX + 16], temporary[CONFIG_PATH_MAX + 24];
	int fd, err = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", d->config->state_dir, file);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	/* Always a new file: a link left there by somebody else must lead us nowhere. */
	places_unlink(temporary);
	fd = places_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	n = fd < 0 ? -1 : write(fd, text, len);
	if (n >= 0 && n != (ssize_t)len) {
		errno = ENOSPC; /* a short write to a file means just that */
		n = -1;
	}
	if (n < 0 || fsync(fd) != 0 || places_rename(temporary, path) != 0)
		err = fault_set(f, -errno, "cannot save %s to `%s': %s. A restart may forget them",
				what, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (err)
		places_unlink(temporary); /* half a file fills the disk for nobody's good */
	return err ? err : state_sync_dir(d, f);
}

static int save_leases(struct daemon *d, struct fault *f)
{
	char *text = lease_table_save(&d->dhcp.leases, daemon_now());
	int err;

	if (!text)
		return fault_set(f, -ENOMEM, "no memory to save the leases");
	err = state_save_file(d, LEASES_FILE, text, strlen(text), "the addresses of the phones", f);
	free(text);
	if (!err) {
		d->leases_dirty = false;
		journal_remove(d);
	}
	return err;
}

static char *phones_text(const struct phones *p, size_t *len)
{
	size_t size = ((size_t)p->count + 1) * PHONE_TEXT_MAX;
	char *text = malloc(size);

	*len = 0;
	for (unsigned i = 0; text && i < p->count; i++)
		*len += phone_text_write(&p->phone[i], text + *len, size - *len);
	return text;
}

#define PHONES_WHAT "what is known of the phones"

static int save_phones(struct daemon *d, struct fault *f)
{
	size_t len;
	char *text = phones_text(&d->phones, &len);
	int err;

	if (!text)
		return fault_set(f, -ENOMEM, "no memory to save what is known of the phones");
	err = state_save_file(d, PHONES_FILE, text, len, PHONES_WHAT, f);
	free(text);
	if (!err)
		d->phones_saved = d->phones.changes;
	return err;
}

bool state_dirty(const struct daemon *d)
{
	return d->leases_dirty || d->phones.changes != d->phones_saved;
}

int state_save(struct daemon *d, struct fault *f)
{
	int err = d->leases_dirty ? save_leases(d, f) : 0;

	if (!err && d->phones.changes != d->phones_saved)
		err = save_phones(d, f);
	return err;
}

/* ---- while we serve ---- */

#define RETRY_MS      1000u
#define RETRY_MOST_MS 30000u

unsigned state_retry_ms(unsigned failed)
{
	return failed > 5 ? RETRY_MOST_MS : failed ? RETRY_MS << (failed - 1) : RETRY_MS;
}

struct phones_writer {
	uv_work_t work;
	struct daemon *daemon;
	char *text;
	size_t len;
	uint64_t changes; /* what text knows of */
	struct fault fault;
	int err;
};

static void write_phones(uv_work_t *work)
{
	struct phones_writer *w = work->data;

	w->err = state_save_file(w->daemon, PHONES_FILE, w->text, w->len, PHONES_WHAT, &w->fault);
}

void state_say_unsaved(struct daemon *d, const char *why)
{
	char sentence[sizeof(((struct fault *)0)->text)];

	text_copy(sentence, sizeof(sentence), why);
	text_capitalise(sentence);
	daemon_note(d, SEVERITY_WARNING, "state-not-saved", "%s.", sentence);
}

static void not_saved(struct daemon *d, const char *why)
{
	if (!d->save_failed) {
		d->save_failed = true; /* before the note, which comes by here again */
		state_say_unsaved(d, why);
	}
}

static void on_phones_written(uv_work_t *work, int status)
{
	struct phones_writer *w = work->data;
	struct daemon *d = w->daemon;

	(void)status; /* nobody cancels it */
	d->phones_writer = NULL;
	if (w->err) {
		d->saves_failed++;
		not_saved(d, w->fault.text);
	} else {
		d->phones_saved = w->changes;
		if (d->save_failed)
			journal_try_again(d->journal);
		d->save_failed = false;
		d->saves_failed = 0;
	}
	free(w->text);
	free(w);
	if (d->phones.changes != d->phones_saved)
		state_save_soon(d);
}

void state_on_save(void *ctx)
{
	struct daemon *d = ctx;
	struct phones_writer *w;

	if (d->phones_writer || d->phones.changes == d->phones_saved)
		return; /* else it comes by again when that is done */
	w = calloc(1, sizeof(*w));
	if (w)
		w->text = phones_text(&d->phones, &w->len);
	if (!w || !w->text) {
		free(w);
		not_saved(d, "There is no memory to save what is known of the phones");
		return;
	}
	w->work.data = w;
	w->daemon = d;
	w->changes = d->phones.changes;
	d->phones_writer = w;
	must(uv_queue_work(d->loop, &w->work, write_phones, on_phones_written) == 0);
}

/* Gathered for a tenth of a second: twenty phones at once are one write. All of them are written
 * each time, so with thousands it is a whole second, and their number costs no more than that. */
void state_save_soon(struct daemon *d)
{
	uint64_t wait =
		d->save_failed ? state_retry_ms(d->saves_failed) : 100 + d->phones.count / 8;

	if (!d->phones_writer && !timer_runs(&d->save_timer))
		timer_in(&d->save_timer, wait);
}

void state_save_again(struct daemon *d)
{
	d->saves_failed = 0;
	if (timer_runs(&d->save_timer))
		timer_in(&d->save_timer, 0);
}
