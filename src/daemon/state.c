/* SPDX-License-Identifier: MIT */
/*
 * What outlives a run: the leases. Written whole to a temporary file, synced and renamed over the
 * old one, so that a crash at any moment leaves the old table or the new one.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE     "leases"
#define STATE_SIZE_MAX (1u << 20)

static int state_dir_make(const char *dir, struct fault *f)
{
	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		return 0;
	return fault_set(
		f, -errno,
		"cannot create the state folder `%s': %s. Name another one with --state-dir", dir,
		strerror(errno));
}

int state_load(struct daemon *d, struct fault *f)
{
	char path[CONFIG_PATH_MAX + 16];
	char *text;
	ssize_t n;
	int fd, err = state_dir_make(d->config->state_dir, f);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/" STATE_FILE, d->config->state_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : fault_set(f, -errno, "cannot read `%s': %s", path,
						   strerror(errno));
	text = malloc(STATE_SIZE_MAX);
	n = text ? read(fd, text, STATE_SIZE_MAX) : -1;
	if (n < 0)
		err = fault_set(f, -errno, "cannot read `%s': %s", path, strerror(errno));
	else
		err = lease_table_load(&d->dhcp.leases, path, text, (size_t)n, daemon_now(), f);
	free(text);
	close(fd);
	return err;
}

int state_save(struct daemon *d, struct fault *f)
{
	char path[CONFIG_PATH_MAX + 16], temporary[CONFIG_PATH_MAX + 24];
	char *text = lease_table_save(&d->dhcp.leases, daemon_now());
	size_t len = text ? strlen(text) : 0;
	int fd, err = 0;

	if (!text)
		return fault_set(f, -ENOMEM, "no memory to save the leases");
	snprintf(path, sizeof(path), "%s/" STATE_FILE, d->config->state_dir);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || fsync(fd) != 0 ||
	    rename(temporary, path) != 0)
		err = fault_set(
			f, -errno,
			"cannot save the leases to `%s': %s. Phones keep their addresses for now, "
			"but a restart may forget them",
			path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(text);
	return err;
}
