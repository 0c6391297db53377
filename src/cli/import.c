/* SPDX-License-Identifier: MIT */
/*
 * See import.h. The happy path: begin → (folder → file, file, …) … → commit → abandon, which then
 * finds nothing to take away.
 *
 * Names come from the library, which knows only names that a phone can ask for: no slash but the
 * one behind a locale, no "..". They are opened relative to a folder that was just made, and
 * never through a link or over a file that is there.
 */
#include "import.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fault_write(struct fault *f, int err, const char *what)
{
	return fault_set(f, err, "cannot write `%s': %s%s", what, strerror(-err),
			 err == -ENOSPC || err == -EDQUOT ? "; nothing was imported" : "");
}

int import_begin(struct import *i, const char *to, struct fault *f)
{
	memset(i, 0, sizeof(*i));
	i->to = to;
	i->to_fd = i->temp_fd = i->folder_fd = -1;
	if (mkdir(to, 0777) == 0)
		i->made_to = true;
	else if (errno != EEXIST)
		return fault_set(f, -errno, "cannot make the folder `%s': %s", to, strerror(errno));
	i->to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (i->to_fd < 0)
		return fault_set(f, -errno, "cannot open the folder `%s': %s", to, strerror(errno));
	text_format(i->temp, sizeof(i->temp), "%s/.import-XXXXXX", to);
	if (!mkdtemp(i->temp)) {
		int err = -errno;

		i->temp[0] = '\0';
		return fault_set(f, err, "cannot write into the folder `%s': %s", to,
				 strerror(-err));
	}
	i->temp_fd = open(i->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return i->temp_fd >= 0 ? 0 : fault_write(f, -errno, i->temp);
}

static int close_folder(struct import *i)
{
	int fd = i->folder_fd, err = 0;

	i->folder_fd = -1;
	if (fd < 0)
		return 0;
	if (fsync(fd) != 0)
		err = -errno;
	close(fd);
	return err;
}

static int is_free(const struct import *i, const char *name, struct fault *f)
{
	struct stat st;

	for (unsigned k = 0; k < i->count; k++)
		if (strcmp(i->name[k], name) == 0)
			return fault_set(f, -EEXIST,
					 "two of these would both become `%s/%s'; import them one "
					 "by one, into different folders",
					 i->to, name);
	if (fstatat(i->to_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return fault_set(f, -EEXIST,
				 "`%s/%s' is there already and is left as it is; remove it or "
				 "import into another folder. Nothing was imported",
				 i->to, name);
	return 0;
}

int import_folder(struct import *i, const char *name, struct fault *f)
{
	int err = is_free(i, name, f);

	if (err)
		return err;
	err = close_folder(i);
	if (err)
		return fault_write(f, err, i->temp);
	if (i->count == i->size) {
		unsigned size = i->size ? i->size * 2 : 16;
		char(*grown)[IMPORT_NAME_MAX] = reallocarray(i->name, size, sizeof(*grown));

		if (!grown)
			return fault_set(f, -ENOMEM, "no memory");
		i->name = grown;
		i->size = size;
	}
	text_copy(i->name[i->count++], IMPORT_NAME_MAX, name);
	if (mkdirat(i->temp_fd, name, 0777) != 0)
		return fault_write(f, -errno, name);
	i->folder_fd = openat(i->temp_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return i->folder_fd >= 0 ? 0 : fault_write(f, -errno, name);
}

static int make_locale(const struct import *i, const char *name)
{
	const char *slash = strchr(name, '/');
	char locale[IMPORT_NAME_MAX];

	if (!slash)
		return 0;
	if ((size_t)(slash - name) >= sizeof(locale))
		return -ENAMETOOLONG;
	memcpy(locale, name, (size_t)(slash - name));
	locale[slash - name] = '\0';
	return mkdirat(i->folder_fd, locale, 0777) == 0 || errno == EEXIST ? 0 : -errno;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

int import_file(struct import *i, const char *name, const uint8_t *data, size_t len,
		struct fault *f)
{
	int err = make_locale(i, name), fd = -1;

	if (!err) {
		fd = openat(i->folder_fd, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		err = fd < 0 ? -errno : write_all(fd, data, len);
	}
	if (fd >= 0 && close(fd) != 0 && !err)
		err = -errno;
	return err ? fault_write(f, err, name) : 0;
}

int import_commit(struct import *i, struct fault *f)
{
	int err = close_folder(i);

	if (!err && fsync(i->temp_fd) != 0)
		err = -errno;
	while (!err && i->placed < i->count) {
		const char *name = i->name[i->placed];

		if (renameat2(i->temp_fd, name, i->to_fd, name, RENAME_NOREPLACE) == 0 ||
		    /* A file system without that flag: over a folder with files it fails, too. */
		    (errno == EINVAL && renameat(i->temp_fd, name, i->to_fd, name) == 0))
			i->placed++;
		else
			err = -errno;
	}
	if (!err && fsync(i->to_fd) != 0)
		err = -errno;
	if (err) {
		while (i->placed && renameat(i->to_fd, i->name[i->placed - 1], i->temp_fd,
					     i->name[i->placed - 1]) == 0)
			i->placed--;
		return fault_write(f, err, i->to);
	}
	i->made_to = false;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

void import_abandon(struct import *i)
{
	close_folder(i);
	if (i->temp[0])
		nftw(i->temp, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (i->temp_fd >= 0)
		close(i->temp_fd);
	if (i->to_fd >= 0)
		close(i->to_fd);
	if (i->made_to)
		rmdir(i->to);
	free(i->name);
	memset(i, 0, sizeof(*i));
	i->to_fd = i->temp_fd = i->folder_fd = -1;
}
