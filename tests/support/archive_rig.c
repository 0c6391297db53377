/* SPDX-License-Identifier: MIT */
/*
 * Small archives, made, wrapped, signed and walked: for unit tests only, since it asserts with
 * cmocka.
 */
#include "archive_rig.h"
#include "exact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct archive_rig_member archive_rig_small[SMALL] = {
	{"SCCP70.8-3-3S.loads", "jar70sccp.8-3-3-27.sbn \r\n"},
	{"empty.txt", ""},
	{"load30006.txt", "30006 SCCP70.8-3-3S 0 // IP Phone 7970 SCCP\r\n"},
};

int archive_rig_visit(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	struct archive_found *found = ctx;

	assert_true(*name && *name != '.' && !strpbrk(name, "/\\"));
	if (found->stop_with && found->count == found->stop_at)
		return fault_set(f, found->stop_with, "the visitor has had enough");
	for (unsigned i = 0; i < SMALL; i++)
		if (strcmp(name, archive_rig_small[i].name) == 0 &&
		    len == strlen(archive_rig_small[i].text) &&
		    (len == 0 || memcmp(data, archive_rig_small[i].text, len) == 0))
			found->matched |= 1u << i;
	found->count++;
	found->bytes += len;
	return 0;
}

int archive_rig_walk_bytes(const char *name, const uint8_t *data, size_t len,
			   struct archive_found *found, struct fault *f)
{
	uint8_t *copy = exact_copy(data, len);
	int err;

	memset(found, 0, sizeof(*found));
	f->text[0] = '\0';
	err = archive_walk(name, copy, len, archive_rig_visit, found, f);
	free(copy);
	assert_true(err <= 0);
	assert_int_equal(err == 0, f->text[0] == '\0');
	return err;
}

int archive_rig_walk_buffer(const char *name, const struct synth_buffer *b,
			    struct archive_found *found, struct fault *f)
{
	return archive_rig_walk_bytes(name, b->data, b->len, found, f);
}

void archive_assert_whole(const char *name, struct synth_buffer *b)
{
	struct archive_found found;
	struct fault f;

	if (archive_rig_walk_buffer(name, b, &found, &f) != 0)
		fail_msg("%s: %s", name, f.text);
	assert_int_equal(found.count, SMALL);
	assert_int_equal(found.matched, (1u << SMALL) - 1);
	synth_buffer_free(b);
}

void archive_assert_refused(const char *name, struct synth_buffer *b, const char *why)
{
	struct archive_found found;
	struct fault f;

	assert_int_equal(archive_rig_walk_buffer(name, b, &found, &f), -EBADMSG);
	if (!strstr(f.text, why) || !strstr(f.text, "is refused"))
		fail_msg("%s: not `%s' but: %s", name, why, f.text);
	synth_buffer_free(b);
}

void archive_rig_put_small(struct pack *p, const char *prefix)
{
	for (unsigned i = 0; i < SMALL; i++) {
		char name[96];

		text_format(name, sizeof(name), "%s%s", prefix, archive_rig_small[i].name);
		pack_file(p, name, archive_rig_small[i].text, strlen(archive_rig_small[i].text));
	}
}

struct synth_buffer archive_rig_make_small(enum pack_format format)
{
	struct pack *p = pack_new(format);
	struct synth_buffer b;

	archive_rig_put_small(p, "");
	pack_finish(p, &b);
	return b;
}

/* inner, in an archive of another format. */
struct synth_buffer archive_rig_wrap(enum pack_format format, const char *name,
				     struct synth_buffer inner)
{
	struct pack *p = pack_new(format);
	struct synth_buffer b;

	pack_file(p, name, inner.data, inner.len);
	pack_finish(p, &b);
	synth_buffer_free(&inner);
	return b;
}

/* A .cop.sgn: the signed header in front. */
struct synth_buffer archive_rig_sign(const char *name, struct synth_buffer body)
{
	struct test_key *key = test_key_load("test-g1");
	struct synth_buffer b = {0};

	uint8_t *file;
	size_t len;

	sign_file(name, body.data, body.len, key, 1192803132, &file, &len);
	synth_put(&b, file, len);
	free(file);
	test_key_free(key);
	synth_buffer_free(&body);
	return b;
}
