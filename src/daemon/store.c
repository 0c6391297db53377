/* SPDX-License-Identifier: MIT */
/*
 * The store: the library, and the bytes of its files while somebody reads them.
 *
 * A file is read when the first phone asks for it and stays in memory for the next one;
 * files that nobody reads are dropped, oldest first, when idle ones exceed
 * STORE_IDLE_MAX. A file whose bytes are no longer those that were checked is not handed out.
 */
#include "reflashd/store.h"

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
	struct cached *cached; /* most recently released first */
};

static int read_ini(const char *path, uint8_t **data, size_t *len, int *exit_code, struct fault *f)
{
	int err = read_file(path, STORE_INI_MAX, data, len);

	*exit_code = EXIT_CODE_CONFIG;
	if (err)
		return fault_set(f, err, "cannot read `%s': %s", path, strerror(-err));
	return 0;
}

static int load_catalogues(struct store *s, const struct config *c, int *exit_code, struct fault *f)
{
	uint8_t *data;
	size_t len;
	int err = 0;

	models_builtin(&s->models);
	keys_builtin(&s->keys);
	if (*c->models) {
		err = read_ini(c->models, &data, &len, exit_code, f);
		if (err)
			return err;
		err = models_read(&s->models, c->models, (const char *)data, len, f);
		free(data);
	}
	if (!err && *c->keys) {
		err = read_ini(c->keys, &data, &len, exit_code, f);
		if (err)
			return err;
		err = keys_read(&s->keys, c->keys, (const char *)data, len, f);
		free(data);
	}
	return err;
}

int store_open(struct store **out, const struct config *config, int *exit_code, struct fault *f)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	*exit_code = EXIT_CODE_SYSTEM;
	if (!s)
		return fault_set(f, -ENOMEM, "no memory for the firmware library");
	library_init(&s->library, &s->models, &s->keys);
	err = load_catalogues(s, config, exit_code, f);
	for (unsigned i = 0; !err && i < config->firmware_count; i++) {
		*exit_code = EXIT_CODE_FIRMWARE;
		err = scan_firmware(&s->scan, &s->library, config->firmware[i], f);
	}
	if (!err && library_finish(&s->library) != 0)
		err = fault_set(f, -ENOMEM, "no memory for the firmware library");
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
		struct cached *next = s->cached->next;

		cached_free(s->cached);
		s->cached = next;
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
	*c = (struct cached){.content = {bytes, len}, .ref = ref, .users = 1, .bytes = bytes};
	c->next = s->cached;
	s->cached = c;
	return c;
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

const struct content *store_read(struct store *s, const struct firmware_file *file, struct fault *f)
{
	uint8_t digest[SHA1_BYTES], *bytes;
	const char *path;
	struct cached *c;
	size_t len;
	int err;

	for (c = s->cached; c; c = c->next) {
		if (c->ref == file->ref) {
			c->users++;
			return &c->content;
		}
	}
	must(file->ref < s->scan.count);
	path = s->scan.path[file->ref];
	err = read_file(path, LIBRARY_FILE_MAX, &bytes, &len);
	if (err) {
		fault_set(f, err, "`%s' cannot be read any more: %s", path, strerror(-err));
		return NULL;
	}
	sha1_digest(bytes, len, digest);
	if (len != file->size || memcmp(digest, file->sha1, sizeof(digest)) != 0) {
		free(bytes);
		fault_set(
			f, -ESTALE,
			"`%s' was changed after it was checked; restart reflashd to check it again",
			path);
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

void store_release(struct store *s, const struct content *content)
{
	for (struct cached **at = &s->cached; *at; at = &(*at)->next) {
		struct cached *c = *at;

		if (&c->content != content)
			continue;
		must(c->users > 0);
		c->users--;
		/* To the front: what was used last is dropped last. */
		*at = c->next;
		c->next = s->cached;
		s->cached = c;
		trim_idle(s);
		return;
	}
	must_fail("the content is of this store", __FILE__, __LINE__);
}
