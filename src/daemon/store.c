/* SPDX-License-Identifier: MIT */
/*
 * The store: the library, and the bytes of its files while somebody reads them.
 *
 * A server keeps the bytes that were checked, if all of them are no more than STORE_IDLE_MAX. Else
 * a file is read when the first phone asks for it and stays in memory for the next one; files that
 * nobody reads are dropped, oldest first, when idle ones exceed that. A file in an archive comes
 * with all others of it. A file whose bytes are no longer those that were checked is not handed
 * out.
 *
 * A store may be closed while transfers still read from it (the library was read anew): what is
 * in use then belongs to nobody, and goes when its last reader lets go of it.
 */
#include "reflashd/store.h"

#include "examiner.h"
#include "reflashd/daemon.h"
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STORE_IDLE_MAX (64u << 20)
#define STORE_INI_MAX  (1u << 20)
#define STORE_NO_FILE  UINT64_MAX

struct cached {
	struct content content; /* first: a content is handed out, a cached comes back */
	struct store *store;	/* NULL: that store was closed */
	struct cached *next;
	uint64_t ref; /* STORE_NO_FILE: made up for one answer */
	unsigned users;
	uint8_t *bytes;
};

struct store {
	struct models models;
	struct keys keys;
	struct library library;
	struct scan scan;
	void (*progress)(const char *path, const char *name); /* or NULL */
	struct cached *cached;				      /* most recently released first */
	uint64_t kept;		  /* bytes that were scanned to be served */
	struct examiner examiner; /* only for serving */
};

static int read_ini(const char *path, uint8_t **data, size_t *len, int *exit_code, struct fault *f)
{
	int err = read_file(path, STORE_INI_MAX, data, len);

	*exit_code = EXIT_CODE_CONFIG;
	if (err)
		return fault_set(f, err, "cannot read `%s': %s", path, strerror(-err));
	return 0;
}

int store_read_models(struct models *m, const char *path, int *exit_code, struct fault *f)
{
	uint8_t *data;
	size_t len;
	int err;

	models_builtin(m);
	if (!*path)
		return 0;
	err = read_ini(path, &data, &len, exit_code, f);
	if (err)
		return err;
	err = models_read(m, path, (const char *)data, len, f);
	free(data);
	return err;
}

static int load_catalogues(struct store *s, const struct config *c, int *exit_code, struct fault *f)
{
	uint8_t *data;
	size_t len;
	int err = store_read_models(&s->models, c->models, exit_code, f);

	keys_builtin(&s->keys);
	if (!err && *c->keys) {
		err = read_ini(c->keys, &data, &len, exit_code, f);
		if (err)
			return err;
		err = keys_read(&s->keys, c->keys, (const char *)data, len, f);
		free(data);
	}
	return err;
}

/* apart: strangers' bytes are looked into by another process. */
static int open_store(struct store **out, const struct config *config, const struct scan *how,
		      bool apart, void (*progress)(const char *path, const char *name),
		      int *exit_code, struct fault *f)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	*exit_code = EXIT_CODE_SYSTEM;
	if (!s)
		return fault_set(f, -ENOMEM, "no memory for the firmware library");
	s->scan = *how;
	s->scan.keep_ctx = s;
	s->progress = progress;
	library_init(&s->library, &s->models, &s->keys);
	s->examiner = (struct examiner){&s->keys, &s->library.want_sha1, -1};
	s->library.want_sha1 = config->want_sha1;
	s->library.examine = apart ? examiner_examine : NULL;
	s->library.examine_ctx = &s->examiner;
	err = load_catalogues(s, config, exit_code, f);
	for (unsigned i = 0; !err && i < config->firmware_count; i++) {
		*exit_code = EXIT_CODE_FIRMWARE;
		err = scan_firmware(&s->scan, &s->library, config->firmware[i], f);
	}
	if (!err && library_finish(&s->library) != 0)
		err = fault_set(f, -ENOMEM, "no memory for the firmware library");
	examiner_rest(&s->examiner);
	if (err == -ENOMEM)
		*exit_code = EXIT_CODE_SYSTEM;
	if (err) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

static void cached_free(struct cached *c)
{
	free(c->bytes);
	free(c);
}

void store_close(struct store *s)
{
	while (s->cached) {
		struct cached *c = s->cached;

		s->cached = c->next;
		c->store = NULL;
		if (c->users == 0)
			cached_free(c);
	}
	library_free(&s->library);
	keys_free(&s->keys);
	scan_free(&s->scan);
	free(s);
}

const struct library *store_library(const struct store *s)
{
	return &s->library;
}

const struct models *store_models(const struct store *s)
{
	return &s->models;
}

/* Takes over the bytes; on failure they are freed. */
static struct cached *cached_new(struct store *s, uint64_t ref, uint8_t *bytes, size_t len)
{
	struct cached *c = calloc(1, sizeof(*c));

	if (!c) {
		free(bytes);
		return NULL;
	}
	*c = (struct cached){
		.content = {bytes, len}, .store = s, .ref = ref, .users = 1, .bytes = bytes};
	c->next = s->cached;
	s->cached = c;
	return c;
}

static int changed(const char *path, struct fault *f)
{
	return fault_set(f, -ESTALE,
			 "`%s' was changed after it was checked, and is not handed out until it "
			 "has been checked again",
			 path);
}

static void trim_idle(struct store *s)
{
	size_t idle = 0;

	for (struct cached **at = &s->cached; *at;) {
		struct cached *c = *at;

		if (c->users == 0)
			idle += c->content.len;
		if (c->users == 0 && (idle > STORE_IDLE_MAX || c->ref == STORE_NO_FILE)) {
			*at = c->next;
			cached_free(c);
		} else {
			at = &c->next;
		}
	}
}

/* ---- out of archives ---- */

struct unpacking {
	struct store *store;
	const struct firmware_file *wanted;
	const char *path;
	bool found;
};

static struct cached *cached_find(struct store *s, uint64_t ref)
{
	struct cached *c = s->cached;

	while (c && c->ref != ref)
		c = c->next;
	return c;
}

static int keep_idle(struct store *s, uint64_t ref, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct cached *c;

	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, data, len);
	c = cached_new(s, ref, copy, len);
	if (!c)
		return -ENOMEM;
	c->users = 0;
	return 0;
}

static const struct firmware_file *file_of_entry(const struct unpacking *u, const char *name)
{
	const struct store *s = u->store;

	if (strcmp(s->scan.file[u->wanted->ref].entry, name) == 0)
		return u->wanted;
	for (unsigned i = 0; i < s->library.file_count; i++) {
		const struct scan_file *at = &s->scan.file[s->library.file[i].ref];

		if (at->entry && strcmp(at->entry, name) == 0 && strcmp(at->path, u->path) == 0)
			return &s->library.file[i];
	}
	return NULL;
}

static int keep_entry(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	struct unpacking *u = ctx;
	const struct firmware_file *file = file_of_entry(u, name);

	if (!file || cached_find(u->store, file->ref))
		return 0;
	if (!firmware_file_is(&u->store->library, file, data, len))
		return 0; /* not what was checked: as if it were not there */
	if (keep_idle(u->store, file->ref, data, len) != 0)
		return fault_set(f, -ENOMEM, "no memory to unpack `%s'", u->path);
	u->found = u->found || file == u->wanted;
	return 0;
}

/*
 * All files of the archive at once: a phone that asks for one will ask for the others, and each
 * walk takes a moment. Those that nobody fetches are the first to be dropped.
 */
static const struct content *read_archived(struct store *s, const struct firmware_file *file,
					   struct fault *f)
{
	const struct scan_file *at = &s->scan.file[file->ref];
	struct unpacking u = {.store = s, .wanted = file, .path = at->path};
	struct fault why;
	struct cached *c;

	if (scan_unpack(at->path, keep_entry, &u, &why) != 0)
		fault_set(f, why.err, "`%s' cannot be read any more: %s", at->path, why.text);
	else if (!u.found)
		changed(at->path, f);
	examiner_rest(&s->examiner);
	c = u.found ? cached_find(s, file->ref) : NULL;
	if (c)
		c->users++;
	trim_idle(s);
	return c ? &c->content : NULL;
}

static int keep_scanned(void *ctx, uint64_t ref, const uint8_t *data, size_t len, uint8_t *own)
{
	struct store *s = ctx;
	const struct scan_file *at = &s->scan.file[ref];
	int err;

	free(own);
	if (!at->entry)
		return 0; /* not out of an archive: not dear to get */
	err = keep_idle(s, ref, data, len);
	if (s->progress)
		s->progress(at->path, at->entry);
	trim_idle(s);
	return err;
}

/* Drops what nobody reads of the files from this one on. */
static void forget(void *ctx, uint64_t first_ref)
{
	struct store *s = ctx;

	for (struct cached **at = &s->cached; *at;) {
		struct cached *c = *at;

		if (c->users || c->ref < first_ref) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		cached_free(c);
	}
}

static int keep_to_serve(void *ctx, uint64_t ref, const uint8_t *data, size_t len, uint8_t *own)
{
	struct store *s = ctx;
	struct cached *c;

	s->kept += len;
	if (s->kept > STORE_IDLE_MAX) { /* as they are asked for, then */
		free(own);
		forget(s, 0);
		return 0;
	}
	if (!own)
		return keep_idle(s, ref, data, len);
	c = cached_new(s, ref, own, len);
	if (!c)
		return -ENOMEM;
	c->users = 0;
	return 0;
}

int store_open(struct store **out, const struct config *config, int *exit_code, struct fault *f)
{
	const struct scan how = {.strict = false};

	return open_store(out, config, &how, false, NULL, exit_code, f);
}

int store_open_to_serve(struct store **out, const struct config *config, int *exit_code,
			struct fault *f)
{
	const struct scan how = {.keep = keep_to_serve, .forget = forget};

	return open_store(out, config, &how, true, NULL, exit_code, f);
}

int store_open_for_copying(struct store **out, const struct config *config,
			   void (*progress)(const char *path, const char *name), int *exit_code,
			   struct fault *f)
{
	const struct scan how = {.strict = true, .keep = keep_scanned};

	return open_store(out, config, &how, false, progress, exit_code, f);
}

const struct content *store_read(struct store *s, const struct firmware_file *file, struct fault *f)
{
	uint8_t *bytes;
	const char *path;
	struct cached *c;
	size_t len;
	bool same;
	int err;

	c = cached_find(s, file->ref);
	if (c) {
		c->users++;
		return &c->content;
	}
	must(file->ref < s->scan.count);
	path = s->scan.file[file->ref].path;
	if (s->scan.file[file->ref].entry)
		return read_archived(s, file, f);
	err = read_file(path, LIBRARY_FILE_MAX, &bytes, &len);
	if (err) {
		fault_set(f, err, "`%s' cannot be read any more: %s", path, strerror(-err));
		return NULL;
	}
	same = firmware_file_is(&s->library, file, bytes, len);
	examiner_rest(&s->examiner);
	if (!same) {
		free(bytes);
		changed(path, f);
		return NULL;
	}
	c = cached_new(s, file->ref, bytes, len);
	if (!c)
		fault_set(f, -ENOMEM, "no memory to read `%s'", path);
	return c ? &c->content : NULL;
}

const struct content *store_wrap(struct store *s, uint8_t *data, size_t len)
{
	struct cached *c = cached_new(s, STORE_NO_FILE, data, len);

	return c ? &c->content : NULL;
}

void store_release(const struct content *content)
{
	struct cached *c = (struct cached *)(uintptr_t)content;
	struct store *s = c->store;
	struct cached **at;

	must(c->users > 0);
	c->users--;
	if (!s) {
		if (c->users == 0)
			cached_free(c);
		return;
	}
	/* To the front: what was used last is dropped last. */
	for (at = &s->cached; *at != c; at = &(*at)->next)
		must(*at);
	*at = c->next;
	c->next = s->cached;
	s->cached = c;
	trim_idle(s);
}
