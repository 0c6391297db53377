/* SPDX-License-Identifier: MIT */
/*
 * Folders that are reached although the way to them is closed.
 *
 * `sudo reflashd serve ~/firmware': the home folder lets nobody in but its owner, and root's
 * rights are given up before the first file of ~/firmware is read. So the folder is opened before
 * that. Later a path is tried as it is, so that what was put in its place is seen; when that is not
 * permitted it is looked up from the folder that stands open (openat(2)): what counts then is
 * whether the folder itself and its files may be read by others, which they mostly may. A single
 * file (an archive, --keys) is opened once more through /proc/self/fd, unless another one has
 * taken its place: what cannot be reached must not look as if nothing had happened.
 *
 * Where nothing was opened beforehand (check, import) all of these are the plain system calls.
 * Places are added before there is a second thread, and only read afterwards.
 */
#include "places.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct place {
	char path[256];
	int fd;
	bool folder;
} places[PLACES_MAX];
static unsigned count;

int places_add(const char *path)
{
	struct place *p = &places[count];
	struct stat st;
	size_t len = strlen(path);

	if (count == PLACES_MAX || !text_copy(p->path, sizeof(p->path), path))
		return -ENAMETOOLONG;
	while (len > 1 && p->path[len - 1] == '/')
		p->path[--len] = 0;
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->fd < 0 || fstat(p->fd, &st) != 0)
		return -errno;
	p->folder = S_ISDIR(st.st_mode);
	count++;
	return 0;
}

void places_close(void)
{
	while (count)
		close(places[--count].fd);
}

/* The place that path lies in or is, and what is left of it ("." for the place itself). */
static const struct place *find(const char *path, const char **rest)
{
	for (unsigned i = 0; i < count; i++) {
		const struct place *p = &places[i];
		size_t len = strlen(p->path);

		if (strncmp(path, p->path, len) != 0)
			continue;
		if (path[len] == 0 && !p->folder) {
			*rest = "";
			return p;
		}
		if (!p->folder || (path[len] && path[len] != '/' && p->path[len - 1] != '/'))
			continue;
		*rest = path + len;
		while (**rest == '/')
			++*rest;
		if (!**rest)
			*rest = ".";
		return p;
	}
	return NULL;
}

/* The way is closed, and path lies in or is a place. */
static const struct place *detour(const char *path, const char **rest)
{
	return errno == EACCES ? find(path, rest) : NULL;
}

static bool is_replaced(const struct place *p, const char *path)
{
	struct stat now, then;

	if (fstat(p->fd, &then) != 0)
		return true;
	if (stat(path, &now) == 0)
		return now.st_dev != then.st_dev || now.st_ino != then.st_ino;
	return then.st_nlink == 0;
}

/* An open file of its own: two threads may read at once. */
static int open_again(const struct place *p, const char *path, int flags)
{
	char self[32];

	if (is_replaced(p, path)) {
		errno = EACCES;
		return -1;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
	return open(self, flags);
}

int places_open(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags, mode);
	const struct place *p;
	const char *rest;

	p = fd < 0 ? detour(path, &rest) : NULL;
	if (!p)
		return fd;
	return p->folder ? openat(p->fd, rest, flags, mode) : open_again(p, path, flags);
}

int places_stat(const char *path, struct stat *st)
{
	int err = stat(path, st);
	const struct place *p;
	const char *rest;

	p = err ? detour(path, &rest) : NULL;
	if (!p)
		return err;
	return p->folder ? fstatat(p->fd, rest, st, 0) : fstat(p->fd, st);
}

bool places_is_folder(const char *path)
{
	struct stat st;

	return places_stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int places_unlink(const char *path)
{
	int err = unlink(path);
	const struct place *p;
	const char *rest;

	p = err ? detour(path, &rest) : NULL;
	return p && p->folder ? unlinkat(p->fd, rest, 0) : err;
}

int places_rename(const char *from, const char *to)
{
	int err = rename(from, to);
	const char *rest_from, *rest_to;
	const struct place *p;

	p = err ? detour(from, &rest_from) : NULL;
	return p && p->folder && find(to, &rest_to) == p
		       ? renameat(p->fd, rest_from, p->fd, rest_to)
		       : err;
}

DIR *places_opendir(const char *path)
{
	int fd = places_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

int places_scandir(const char *path, struct dirent ***entries, int (*wanted)(const struct dirent *),
		   int (*order)(const struct dirent **, const struct dirent **))
{
	int n = scandir(path, entries, wanted, order);
	const struct place *p;
	const char *rest;

	p = n < 0 ? detour(path, &rest) : NULL;
	return p && p->folder ? scandirat(p->fd, rest, entries, wanted, order) : n;
}

const char *places_name(const char *path, char *out, size_t size)
{
	const struct place *p = NULL;
	const char *rest;
	struct stat st;

	if (stat(path, &st) != 0)
		p = detour(path, &rest);
	if (!p ||
	    !text_format(out, size, "/proc/self/fd/%d%s%s", p->fd, p->folder ? "/" : "", rest))
		return path;
	return out;
}

int places_each(int (*visit)(void *ctx, int fd, bool folder), void *ctx)
{
	int err = 0;

	for (unsigned i = 0; !err && i < count; i++)
		err = visit(ctx, places[i].fd, places[i].folder);
	return err;
}
