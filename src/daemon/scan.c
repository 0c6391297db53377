/* SPDX-License-Identifier: MIT */
/*
 * From folders and archives on disk to a library.
 *
 * A folder that holds files is one folder of the library. Its subfolders are looked at, too:
 * one with firmware of its own is another folder of the library (bundles stay apart),
 * any other is taken for a locale folder and its files become "locale/name". That is as deep
 * as it goes: phones know one folder, and a home directory given by mistake stays unread.
 *
 * An archive is one folder of the library, wherever it is met. It counts only when all of it can
 * be read: given by itself a bad one is a fault, in a folder it is a finding and nothing else.
 *
 * Symbolic links to files are followed (people link firmware from where it was downloaded),
 * dot files are left alone, and anything that is no regular file is passed over.
 */
#include "scan.h"
#include "limits.h"

#include "places.h"
#include "unpacker.h"

#include "reflashd/archive.h"
#include "reflashd/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What cannot go on with the next file. */
static bool is_hopeless(int err)
{
	return err == -ENOMEM || err == -E2BIG;
}

static const char *why(int err)
{
	_Static_assert(SCAN_FILES_MAX == 20000, "the sentence below says so");
	switch (err) {
	case -E2BIG: return "there are more than 20000 files; give the folder of the firmware only";
	case -ENOMEM: return "memory is short";
	default: return strerror(-err);
	}
}

static int open_regular(const char *path, size_t max, int *fd, struct stat *st)
{
	int err = 0;

	*fd = places_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (*fd < 0)
		return -errno;
	if (fstat(*fd, st) != 0)
		err = -errno;
	else if (!S_ISREG(st->st_mode))
		err = -EINVAL;
	else if ((uint64_t)st->st_size > max)
		err = -EFBIG;
	if (err)
		close(*fd);
	return err;
}

int read_file(const char *path, size_t max, uint8_t **data, size_t *len)
{
	struct stat st;
	size_t have = 0;
	uint8_t *bytes;
	ssize_t n = 0;
	int fd, err = open_regular(path, max, &fd, &st);

	if (err)
		return err;
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

static int remember(struct scan *s, const char *path, const char *entry, uint64_t *ref)
{
	struct scan_file *f;

	if (s->count >= SCAN_FILES_MAX)
		return -E2BIG;
	if (s->count == s->size) {
		unsigned size = s->size ? s->size * 2 : 64;
		struct scan_file *grown = reallocarray(s->file, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->file = grown;
		s->size = size;
	}
	f = &s->file[s->count];
	f->path = strdup(path);
	f->entry = entry ? strdup(entry) : NULL;
	if (!f->path || (entry && !f->entry)) {
		free(f->path);
		free(f->entry);
		return -ENOMEM;
	}
	*ref = s->count++;
	return 0;
}

void scan_free(struct scan *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		free(s->file[i].path);
		free(s->file[i].entry);
	}
	free(s->file);
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
	if (err == -ENOMEM)
		return err;
	if (err)
		return library_skip(l, name,
				    err == -EFBIG ? "it is larger than any phone firmware"
						  : strerror(-err));
	err = remember(s, path, NULL, &ref);
	if (!err)
		err = library_add(l, name, ref, data, len);
	if (!err && s->keep)
		return s->keep(s->keep_ctx, ref, data, len, data);
	free(data);
	return err;
}

/* ---- archives ---- */

struct unpacking {
	struct scan *scan;
	struct library *library;
	const char *path;
};

static int add_entry(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	struct unpacking *u = ctx;
	uint64_t ref;
	int err = remember(u->scan, u->path, name, &ref);

	if (!err)
		err = library_add(u->library, name, ref, data, len);
	if (!err && u->scan->keep)
		err = u->scan->keep(u->scan->keep_ctx, ref, data, len, NULL);
	return err ? fault_set(f, err, "cannot read `%s': %s", u->path, why(err)) : 0;
}

int scan_unpack(const char *path, archive_visit *visit, void *ctx, struct fault *f)
{
	struct stat st;
	int fd, err;

	if (archive_is_installer_name(path))
		return archive_refuse_installer(path, f);
	err = open_regular(path, ARCHIVE_SIZE_MAX, &fd, &st);
	if (err)
		return fault_set(f, err, "cannot read the archive `%s': %s", path,
				 err == -EFBIG ? "it is larger than any phone firmware"
					       : strerror(-err));
	err = unpacker_walk(path, fd, (size_t)st.st_size, visit, ctx, f);
	close(fd);
	return err;
}

static int add_archive(struct scan *s, struct library *l, const char *path, struct fault *f)
{
	struct unpacking u = {.scan = s, .library = l, .path = path};
	unsigned count = s->count;
	int err = library_folder_begin(l, path);

	if (!err)
		err = scan_unpack(path, add_entry, &u, f);
	else
		fault_set(f, err, "no memory to read `%s'", path);
	if (!err)
		return library_folder_end(l) == 0
			       ? 0
			       : fault_set(f, -ENOMEM, "no memory to read `%s'", path);
	if (is_hopeless(err) || s->strict || !l->folder_open)
		return err;
	if (s->forget) /* it goes by numbers that are given away again here */
		s->forget(s->keep_ctx, count);
	while (s->count > count) {
		s->count--;
		free(s->file[s->count].path);
		free(s->file[s->count].entry);
	}
	return library_folder_drop(l, "archive", f->text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
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
	struct fault *fault;
	const char *prefix; /* "locale/" or "" */
	bool found;
};

static int each_entry(struct visitor *v, const char *folder)
{
	struct dirent **entries;
	int n = places_scandir(folder, &entries, not_hidden, by_name), err = 0;

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
	v->found = v->found || (is_firmware_name(name) && !places_is_folder(path));
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

	if (places_is_folder(path))
		return 0;
	v->found = true;
	if (archive_is_name(name))
		return 0; /* later: it is a folder of its own */
	if (archive_is_installer_name(name)) {
		struct fault f;

		archive_refuse_installer(name, &f);
		return library_remark(v->library, name, "installer", f.text);
	}
	if (!text_format(full, sizeof(full), "%s%s", v->prefix, name))
		return 0;
	return add_file(v->scan, v->library, path, full);
}

static int visit_locale(struct visitor *v, const char *path, const char *name)
{
	char prefix[256];
	struct visitor files = {.visit = visit_file, .scan = v->scan, .library = v->library};

	if (!places_is_folder(path) || holds_firmware(path) ||
	    !text_format(prefix, sizeof(prefix), "%s/", name))
		return 0;
	files.prefix = prefix;
	return each_entry(&files, path);
}

static int visit_archive(struct visitor *v, const char *path, const char *name)
{
	if (!archive_is_name(name) || places_is_folder(path))
		return 0;
	return add_archive(v->scan, v->library, path, v->fault);
}

static int add_archives(struct scan *s, struct library *l, const char *path, struct fault *f)
{
	struct visitor archives = {.visit = visit_archive, .scan = s, .library = l, .fault = f};

	return each_entry(&archives, path);
}

static int add_folder(struct scan *s, struct library *l, const char *path, struct fault *f)
{
	struct visitor files = {.visit = visit_file, .scan = s, .library = l, .prefix = ""};
	struct visitor locales = {.visit = visit_locale, .scan = s, .library = l};
	int err = library_folder_begin(l, path);

	if (!err)
		err = each_entry(&files, path);
	if (!err)
		err = each_entry(&locales, path);
	if (!err)
		err = library_folder_end(l);
	return err ? err : add_archives(s, l, path, f);
}

static int visit_bundle(struct visitor *v, const char *path, const char *name)
{
	(void)name;
	if (!places_is_folder(path))
		return 0;
	if (!holds_firmware(path))
		return add_archives(v->scan, v->library, path, v->fault);
	return add_folder(v->scan, v->library, path, v->fault);
}

/* A FIRMWARE that is no folder. */
static int scan_file_given(struct scan *s, struct library *l, const char *path, struct fault *f)
{
	bool strict = s->strict;
	int err;

	if (!archive_is_name(path) && !archive_is_installer_name(path))
		return fault_set(
			f, -ENOTDIR,
			"`%s' is neither a folder nor an archive that reflashd reads "
			"(.zip, .tar, .tar.gz, .tgz, .cop, .cop.sgn, .cop.sha512). Give the "
			"folder that it is in",
			path);
	s->strict = true;
	err = add_archive(s, l, path, f);
	s->strict = strict;
	return err;
}

/* What a service cannot see, it is told where to look for instead (conf/reflashd.service). */
static const char *remedy(const char *path, int err)
{
	if ((err != -EACCES && err != -ENOENT) || !getenv("NOTIFY_SOCKET"))
		return "";
	if (strncmp(path, "/home", 5) == 0 || strncmp(path, "/root", 5) == 0)
		return ". A service sees neither /home nor /root: put the firmware into "
		       "/srv/reflashd or /var/lib/reflashd/firmware";
	return err == -EACCES ? ". The user of the service must be able to read it" : "";
}

int scan_firmware(struct scan *s, struct library *l, const char *path, struct fault *f)
{
	struct visitor bundles = {.visit = visit_bundle, .scan = s, .library = l, .fault = f};
	struct stat st;
	int err;

	if (places_stat(path, &st) != 0)
		return fault_set(f, -errno, "cannot read the firmware `%s': %s%s", path,
				 strerror(errno), remedy(path, -errno));
	if (!S_ISDIR(st.st_mode))
		return scan_file_given(s, l, path, f);
	f->err = 0;
	err = add_folder(s, l, path, f);
	if (!err)
		err = each_entry(&bundles, path);
	if (err && err == f->err)
		return err; /* of an archive in there, with its own reason */
	if (err)
		return fault_set(f, err, "cannot read the firmware folder `%s': %s%s", path,
				 why(err), remedy(path, err));
	return 0;
}
