/* SPDX-License-Identifier: MIT */
/*
 * From folders on disk to a library.
 *
 * A folder that holds files is one folder of the library. Its subfolders are looked at, too:
 * one with firmware of its own is another folder of the library (bundles stay apart),
 * any other is taken for a locale folder and its files become "locale/name". That is as deep
 * as it goes: phones know one folder, and a home directory given by mistake stays unread.
 *
 * Symbolic links to files are followed (people link firmware from where it was downloaded),
 * dot files are left alone, and anything that is no regular file is passed over.
 */
#include "scan.h"

#include "reflashd/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCAN_FILES_MAX 20000 /* in all; a library of two hundred bundles has a tenth of it */

int read_file(const char *path, size_t max, uint8_t **data, size_t *len)
{
	struct stat st;
	size_t have = 0;
	uint8_t *bytes;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
		err = !S_ISREG(st.st_mode) ? -EINVAL : -EFBIG;
		close(fd);
		return err;
	}
	bytes = malloc((size_t)st.st_size + 1);
	while (bytes && have < (size_t)st.st_size &&
	       (n = read(fd, bytes + have, (size_t)st.st_size - have)) > 0)
		have += (size_t)n;
	if (!bytes || n < 0)
		err = !bytes ? -ENOMEM : -errno;
	close(fd);
	if (err) {
		free(bytes);
		return err;
	}
	*data = bytes;
	*len = have;
	return 0;
}

static int remember(struct scan *s, const char *path, uint64_t *ref)
{
	if (s->count == s->size) {
		unsigned size = s->size ? s->size * 2 : 64;
		char **grown = realloc(s->path, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->path = grown;
		s->size = size;
	}
	s->path[s->count] = strdup(path);
	if (!s->path[s->count])
		return -ENOMEM;
	*ref = s->count++;
	return 0;
}

void scan_free(struct scan *s)
{
	for (unsigned i = 0; i < s->count; i++)
		free(s->path[i]);
	free(s->path);
	memset(s, 0, sizeof(*s));
}

static int add_file(struct scan *s, struct library *l, const char *path, const char *name)
{
	uint8_t *data;
	size_t len;
	uint64_t ref;
	int err = read_file(path, LIBRARY_FILE_MAX, &data, &len);

	if (err == -EINVAL)
		return 0;
	if (err == -ENOMEM || s->count >= SCAN_FILES_MAX)
		return -ENOMEM;
	if (err)
		return library_skip(l, name,
				    err == -EFBIG ? "it is larger than any phone firmware"
						  : strerror(-err));
	err = remember(s, path, &ref);
	if (!err)
		err = library_add(l, name, ref, data, len);
	free(data);
	return err;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_firmware_name(const char *name)
{
	static const char *const suffixes[] = {".loads", ".sbn", ".sb2", ".zup", ".sbin"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (text_ends_nocase(name, suffixes[i]))
			return true;
	return false;
}

/* Calls visit for each entry in the order of names, so that two runs tell the same story. */
struct visitor {
	int (*visit)(struct visitor *v, const char *path, const char *name);
	struct scan *scan;
	struct library *library;
	const char *prefix; /* "locale/" or "" */
	bool found;
};

static int each_entry(struct visitor *v, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, not_hidden, by_name), err = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		char *path = NULL;

		if (!err && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			err = -ENOMEM;
		else if (!err)
			err = v->visit(v, path, entries[i]->d_name);
		free(path);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static int visit_firmware_name(struct visitor *v, const char *path, const char *name)
{
	v->found = v->found || (is_firmware_name(name) && !is_folder(path));
	return 0;
}

static bool holds_firmware(const char *folder)
{
	struct visitor v = {.visit = visit_firmware_name};

	return each_entry(&v, folder) == 0 && v.found;
}

static int visit_file(struct visitor *v, const char *path, const char *name)
{
	char full[512];

	if (is_folder(path))
		return 0;
	v->found = true;
	if (!text_format(full, sizeof(full), "%s%s", v->prefix, name))
		return 0;
	return add_file(v->scan, v->library, path, full);
}

static int visit_locale(struct visitor *v, const char *path, const char *name)
{
	char prefix[256];
	struct visitor files = {.visit = visit_file, .scan = v->scan, .library = v->library};

	if (!is_folder(path) || holds_firmware(path) ||
	    !text_format(prefix, sizeof(prefix), "%s/", name))
		return 0;
	files.prefix = prefix;
	return each_entry(&files, path);
}

static int add_folder(struct scan *s, struct library *l, const char *path)
{
	struct visitor files = {.visit = visit_file, .scan = s, .library = l, .prefix = ""};
	struct visitor locales = {.visit = visit_locale, .scan = s, .library = l};
	int err = library_folder_begin(l, path);

	if (!err)
		err = each_entry(&files, path);
	if (!err)
		err = each_entry(&locales, path);
	return err ? err : library_folder_end(l);
}

static int visit_bundle(struct visitor *v, const char *path, const char *name)
{
	(void)name;
	if (!is_folder(path) || !holds_firmware(path))
		return 0;
	return add_folder(v->scan, v->library, path);
}

int scan_firmware(struct scan *s, struct library *l, const char *path, struct fault *f)
{
	struct visitor bundles = {.visit = visit_bundle, .scan = s, .library = l};
	struct stat st;
	int err;

	if (stat(path, &st) != 0)
		return fault_set(f, -errno, "cannot read the firmware folder `%s': %s", path,
				 strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fault_set(
			f, -ENOTDIR,
			"`%s' is a file. Unpack the archive into a folder of its own and give "
			"that folder",
			path);
	err = add_folder(s, l, path);
	if (!err)
		err = each_entry(&bundles, path);
	if (err)
		return fault_set(f, err, "cannot read the firmware folder `%s': %s", path,
				 err == -ENOMEM ? "too many files, or no memory" : strerror(-err));
	return 0;
}
