/* SPDX-License-Identifier: MIT */
/*
 * What outlives a run: the leases, and what is known of each phone. Each file is written whole to a
 * temporary one, synced and renamed over the old one, so that a crash at any moment leaves the old
 * table or the new one.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASES_FILE    "leases"
#define PHONES_FILE    "phones"
#define STATE_SIZE_MAX (2u << 20)

int state_dir_make(const char *dir, struct fault *f)
{
	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		return 0;
	return fault_set(
		f, -errno,
		"cannot create the state folder `%s': %s. Name another one with --state-dir", dir,
		strerror(errno));
}

/* The whole file; *text NULL when there is none. */
static int load_file(const struct daemon *d, const char *file, char path[], size_t size,
		     char **text, size_t *len, struct fault *f)
{
	ssize_t n;
	int fd, err = 0;

	*text = NULL;
	snprintf(path, size, "%s/%s", d->config->state_dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : fault_set(f, -errno, "cannot read `%s': %s", path,
						   strerror(errno));
	*text = malloc(STATE_SIZE_MAX);
	n = *text ? read(fd, *text, STATE_SIZE_MAX) : -1;
	if (n < 0) {
		err = fault_set(f, -errno, "cannot read `%s': %s", path, strerror(errno));
		free(*text);
		*text = NULL;
	} else {
		*len = (size_t)n;
	}
	close(fd);
	return err;
}

int state_load(struct daemon *d, struct fault *f)
{
	char path[CONFIG_PATH_MAX + 16];
	char *text;
	size_t len;
	int err = state_dir_make(d->config->state_dir, f);

	if (!err)
		err = load_file(d, LEASES_FILE, path, sizeof(path), &text, &len, f);
	if (!err && text) {
		err = lease_table_load(&d->dhcp.leases, path, text, len, daemon_now(), f);
		free(text);
	}
	if (!err)
		err = load_file(d, PHONES_FILE, path, sizeof(path), &text, &len, f);
	if (!err && text) {
		err = phones_text_read(&d->phones, path, text, len, f);
		free(text);
	}
	return err;
}

static int save_file(const struct daemon *d, const char *file, const char *text, size_t len,
		     const char *what, struct fault *f)
{
	char path[CONFIG_PATH_MAX + 16], temporary[CONFIG_PATH_MAX + 24];
	int fd, err = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", d->config->state_dir, file);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	/* Always a new file: a link left there by somebody else must lead us nowhere. */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	n = fd < 0 ? -1 : write(fd, text, len);
	if (n >= 0 && n != (ssize_t)len) {
		errno = ENOSPC; /* a short write to a file means just that */
		n = -1;
	}
	if (n < 0 || fsync(fd) != 0 || rename(temporary, path) != 0)
		err = fault_set(f, -errno, "cannot save %s to `%s': %s. A restart may forget them",
				what, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

static int save_leases(struct daemon *d, struct fault *f)
{
	char *text = lease_table_save(&d->dhcp.leases, daemon_now());
	int err;

	if (!text)
		return fault_set(f, -ENOMEM, "no memory to save the leases");
	err = save_file(d, LEASES_FILE, text, strlen(text), "the addresses of the phones", f);
	free(text);
	if (!err)
		d->leases_dirty = false;
	return err;
}

static int save_phones(struct daemon *d, struct fault *f)
{
	const struct phones *p = &d->phones;
	size_t size = ((size_t)p->count + 1) * PHONE_TEXT_MAX, len = 0;
	char *text = malloc(size);
	int err;

	if (!text)
		return fault_set(f, -ENOMEM, "no memory to save what is known of the phones");
	for (unsigned i = 0; i < p->count; i++)
		len += phone_text_write(&p->phone[i], text + len, size - len);
	err = save_file(d, PHONES_FILE, text, len, "what is known of the phones", f);
	free(text);
	if (!err)
		d->phones_saved = p->changes;
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

static void on_save_timer(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	struct fault f;

	if (state_save(d, &f) == 0) {
		d->save_failed = false;
		return;
	}
	if (!d->save_failed) {
		d->save_failed = true; /* before the note, which comes by here again */
		daemon_note(d, SEVERITY_WARNING, "state-not-saved", "%s.", f.text);
	}
}

/* Gathered for a tenth of a second: twenty phones powered at once are one write. */
void state_save_soon(struct daemon *d)
{
	if (!uv_is_active((uv_handle_t *)&d->save_timer))
		uv_timer_start(&d->save_timer, on_save_timer, d->save_failed ? 1000 : 100, 0);
}
