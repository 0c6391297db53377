/* SPDX-License-Identifier: MIT */
/*
 * Archives: every form in that firmware comes, every hostile kind, every length that a download
 * can be cut to, every byte that can be damaged.
 */
#include "pack.h"

#include "reflashd/archive.h"
#include "reflashd/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SMALL 3

/* What every good archive here holds. */
static const struct {
	const char *name, *text;
} small[SMALL] = {
	{"SCCP70.8-3-3S.loads", "jar70sccp.8-3-3-27.sbn \r\n"},
	{"empty.txt", ""},
	{"load30006.txt", "30006 SCCP70.8-3-3S 0 // IP Phone 7970 SCCP\r\n"},
};

struct found {
	unsigned count, matched;
	size_t bytes;
	int stop_with;
	unsigned stop_at;
};

static int visit(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	struct found *found = ctx;

	assert_true(*name && *name != '.' && !strpbrk(name, "/\\"));
	if (found->stop_with && found->count == found->stop_at)
		return fault_set(f, found->stop_with, "the visitor has had enough");
	for (unsigned i = 0; i < SMALL; i++)
		if (strcmp(name, small[i].name) == 0 && len == strlen(small[i].text) &&
		    (len == 0 || memcmp(data, small[i].text, len) == 0))
			found->matched |= 1u << i;
	found->count++;
	found->bytes += len;
	return 0;
}

/* From an exact copy on the heap, so that ASan sees one byte too far. */
static int walk_bytes(const char *name, const uint8_t *data, size_t len, struct found *found,
		      struct fault *f)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	if (len)
		memcpy(copy, data, len);
	memset(found, 0, sizeof(*found));
	f->text[0] = '\0';
	err = archive_walk(name, copy, len, visit, found, f);
	free(copy);
	assert_true(err <= 0);
	assert_int_equal(err == 0, f->text[0] == '\0');
	return err;
}

static int walk_buffer(const char *name, const struct synth_buffer *b, struct found *found,
		       struct fault *f)
{
	return walk_bytes(name, b->data, b->len, found, f);
}

static void assert_whole(const char *name, struct synth_buffer *b)
{
	struct found found;
	struct fault f;

	if (walk_buffer(name, b, &found, &f) != 0)
		fail_msg("%s: %s", name, f.text);
	assert_int_equal(found.count, SMALL);
	assert_int_equal(found.matched, (1u << SMALL) - 1);
	synth_buffer_free(b);
}

static void assert_refused(const char *name, struct synth_buffer *b, const char *why)
{
	struct found found;
	struct fault f;

	assert_int_equal(walk_buffer(name, b, &found, &f), -EBADMSG);
	if (!strstr(f.text, why) || !strstr(f.text, "is refused"))
		fail_msg("%s: not `%s' but: %s", name, why, f.text);
	synth_buffer_free(b);
}

static void put_small(struct pack *p, const char *prefix)
{
	for (unsigned i = 0; i < SMALL; i++) {
		char name[96];

		text_format(name, sizeof(name), "%s%s", prefix, small[i].name);
		pack_file(p, name, small[i].text, strlen(small[i].text));
	}
}

static struct synth_buffer make_small(enum pack_format format)
{
	struct pack *p = pack_new(format);
	struct synth_buffer b;

	put_small(p, "");
	pack_finish(p, &b);
	return b;
}

/* inner, in an archive of another format. */
static struct synth_buffer wrap(enum pack_format format, const char *name,
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
static struct synth_buffer sign(const char *name, struct synth_buffer body)
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

static void every_form(void **state)
{
	static const struct {
		const char *name;
		enum pack_format format;
	} plain[] = {
		{"a.tar", PACK_TAR},	    {"a.tar", PACK_PAX},	{"a.tar.gz", PACK_TGZ},
		{"a.TGZ", PACK_TGZ},	    {"a.cop", PACK_TGZ},	{"a.zip", PACK_ZIP},
		{"a.zip", PACK_ZIP_STORED}, {"misnamed.zip", PACK_TGZ}, {"misnamed.tar", PACK_ZIP},
	};
	struct synth_buffer b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		b = make_small(plain[i].format);
		assert_whole(plain[i].name, &b);
	}
	b = sign("a.cop.sgn", make_small(PACK_TGZ));
	assert_whole("a.cop.sgn", &b);
	b = sign("a.k3.cop.sha512", make_small(PACK_TGZ));
	assert_whole("a.k3.cop.sha512", &b);
	b = wrap(PACK_ZIP, "in.tar", make_small(PACK_TAR));
	assert_whole("a.zip", &b);
	b = wrap(PACK_ZIP, "deep/in.cop.sgn", sign("in.cop.sgn", make_small(PACK_TGZ)));
	assert_whole("a.zip", &b);
	b = wrap(PACK_TGZ, "in.zip", wrap(PACK_TAR, "inner.zip", make_small(PACK_ZIP)));
	assert_whole("a.tgz", &b);
}

static void unknown_header(void **state)
{
	struct synth_buffer inner = make_small(PACK_TGZ), b = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		synth_put_text(&b, "A header of a kind nobody knows");
	synth_put(&b, inner.data, inner.len);
	assert_whole("a.cop.sha512", &b);
	/* Further in, or under another name, it is not looked for. */
	for (unsigned i = 0; i < 4097; i++)
		synth_put_u8(&b, 'x');
	synth_put(&b, inner.data, inner.len);
	assert_refused("a.cop.sgn", &b, "not an archive");
	synth_put_text(&b, "x");
	synth_put(&b, inner.data, inner.len);
	assert_refused("a.tgz", &b, "not an archive");
	synth_buffer_free(&inner);
}

static void folders_and_leftovers(void **state)
{
	static const char *const prefixes[] = {"./", "firmware/7970/", "firmware\\7970\\", "a..b/",
					       "...x/"};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(prefixes); i++) {
		struct pack *p = pack_new(i % 2 ? PACK_ZIP : PACK_TAR);
		struct synth_buffer b;

		pack_odd(p, PACK_FOLDER, "firmware/", NULL);
		pack_file(p, "__MACOSX/._SCCP70.8-3-3S.loads", "Mac", 3);
		put_small(p, prefixes[i / 2]);
		pack_file(p, ".DS_Store", "Mac", 3);
		/* Once more, the same: harmless. */
		pack_file(p, "copy/SCCP70.8-3-3S.loads", small[0].text, strlen(small[0].text));
		pack_finish(p, &b);
		assert_whole("a", &b);
	}
}

static void bad_names(void **state)
{
	static const char *const names[] = {
		"/etc/passwd", "../x.loads", "a/../../x.loads", "a/..", "..\\x.loads",
		"\\x.loads",   "C:x.loads",  "C:\\x.loads",	"..",
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(names); i++) {
		struct pack *p = pack_new(i % 2 ? PACK_ZIP : PACK_TAR);
		struct synth_buffer b;

		put_small(p, "");
		pack_file(p, names[i / 2], "x", 1);
		pack_finish(p, &b);
		assert_refused("a.zip", &b, "leads out of its folder");
	}
}

static void links_and_devices(void **state)
{
	static const struct {
		enum pack_format format;
		enum pack_kind kind;
		const char *target, *why;
	} cases[] = {
		{PACK_TAR, PACK_SYMLINK, "/etc/passwd", "is a link"},
		{PACK_TAR, PACK_SYMLINK, "SCCP70.8-3-3S.loads", "is a link"},
		{PACK_ZIP, PACK_SYMLINK, "/etc/passwd", "is a link"},
		{PACK_TAR, PACK_HARDLINK, "SCCP70.8-3-3S.loads", "is a link"},
		{PACK_TAR, PACK_DEVICE, NULL, "neither a file nor a folder"},
		{PACK_TAR, PACK_FIFO, NULL, "neither a file nor a folder"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pack *p = pack_new(cases[i].format);
		struct synth_buffer b;

		put_small(p, "");
		pack_odd(p, cases[i].kind, "odd", cases[i].target);
		pack_finish(p, &b);
		assert_refused("a.zip", &b, cases[i].why);
	}
}

static void two_of_one_name(void **state)
{
	struct pack *p = pack_new(PACK_ZIP);
	struct synth_buffer b;

	(void)state;
	put_small(p, "8-3-3/");
	pack_file(p, "8-5-2/SCCP70.8-3-3S.loads", "another", 7);
	pack_finish(p, &b);
	assert_refused("a.zip", &b, "is there twice");
	p = pack_new(PACK_ZIP); /* of the same length, too */
	put_small(p, "8-3-3/");
	pack_file(p, "8-5-2/SCCP70.8-3-3S.loads", "jar70sccp.8-3-3-28.sbn \r\n", 25);
	pack_finish(p, &b);
	assert_refused("a.zip", &b, "is there twice");
}

static void encrypted(void **state)
{
	struct synth_buffer b = make_small(PACK_ZIP_SECRET);

	(void)state;
	assert_refused("a.zip", &b, "is encrypted");
}

static void no_archives(void **state)
{
	static const char *const texts[] = {"",
					    "x",
					    "PK",
					    "PK\x03\x04",
					    "\x1f\x8b",
					    "\x1f\x8b\x08",
					    "<html>No such file</html>"};
	struct synth_buffer b = {0};
	struct pack *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		synth_put_text(&b, texts[i]);
		assert_refused("a.zip", &b, "cut short");
	}
	synth_put_zero(&b, 10240);
	assert_refused("a.tar", &b, "empty");
	p = pack_new(PACK_TGZ);
	pack_finish(p, &b);
	assert_refused("a.tgz", &b, "empty");
	/* A packed file that is no tar. */
	b = wrap(PACK_ZIP, "in.tar.gz", (struct synth_buffer){0});
	assert_refused("a.zip", &b, "`in.tar.gz' is refused");
}

/* Packed with a method that a firmware zip never has (bzip2 in both headers). */
static void rare_method(void **state)
{
	struct synth_buffer b = make_small(PACK_ZIP);
	size_t changed = 0;

	(void)state;
	for (size_t i = 0; i + 12 < b.len; i++) {
		if (memcmp(b.data + i, "PK\x03\x04", 4) == 0 && b.data[i + 8] == 8) {
			b.data[i + 8] = 12;
			changed++;
		}
		if (memcmp(b.data + i, "PK\x01\x02", 4) == 0 && b.data[i + 10] == 8) {
			b.data[i + 10] = 12;
			changed++;
		}
	}
	assert_true(changed >= 2);
	assert_refused("a.zip", &b, "packed in a way");
}

static void bombs(void **state)
{
	uint8_t *zeros = calloc(1, ARCHIVE_FILE_MAX + 1);
	struct synth_buffer b;
	struct found found;
	struct fault f;
	struct pack *p;

	(void)state;
	assert_non_null(zeros);
	p = pack_new(PACK_ZIP);
	pack_file(p, "large.sbn", zeros, ARCHIVE_FILE_MAX);
	pack_finish(p, &b);
	assert_int_equal(walk_buffer("a.zip", &b, &found, &f), 0);
	assert_int_equal(found.bytes, ARCHIVE_FILE_MAX);
	synth_buffer_free(&b);
	p = pack_new(PACK_TGZ);
	pack_file(p, "large.sbn", zeros, ARCHIVE_FILE_MAX + 1);
	pack_finish(p, &b);
	free(zeros);
	assert_refused("a.tgz", &b, "unpacks to more");
	p = pack_new(PACK_PAX);
	for (unsigned i = 0; i < ARCHIVE_TOTAL_MAX / ARCHIVE_FILE_MAX + 1; i++) {
		char name[24];

		text_format(name, sizeof(name), "hole-%u.sbn", i);
		pack_hole(p, name, ARCHIVE_FILE_MAX);
	}
	pack_finish(p, &b);
	assert_true(b.len < 100000);
	assert_refused("a.tar", &b, "unpacks to more");
}

static void too_many_entries(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct pack *p = pack_new(PACK_TGZ);
		struct synth_buffer b;
		struct found found;
		struct fault f;

		for (unsigned i = 0; i < ARCHIVE_ENTRIES_MAX + more; i++)
			pack_file(p, "same.txt", "x", 1);
		pack_finish(p, &b);
		assert_int_equal(walk_buffer("a.tgz", &b, &found, &f), more ? -EBADMSG : 0);
		assert_int_equal(strstr(f.text, "more entries") != NULL, more);
		synth_buffer_free(&b);
	}
}

static void too_deep(void **state)
{
	struct synth_buffer b =
		wrap(PACK_TAR, "2.zip", wrap(PACK_ZIP, "3.tgz", make_small(PACK_TGZ)));

	(void)state;
	assert_whole("1.tar", &b);
	b = wrap(PACK_TAR, "2.zip",
		 wrap(PACK_ZIP, "3.tgz", wrap(PACK_TGZ, "4.tar", make_small(PACK_TAR))));
	assert_refused("1.tar", &b, "too deep");
}

static void cut_anywhere(void **state)
{
	struct {
		const char *name;
		struct synth_buffer b;
	} cases[] = {
		{"a.tar", make_small(PACK_TAR)},
		{"a.tar", make_small(PACK_PAX)},
		{"a.tgz", make_small(PACK_TGZ)},
		{"a.zip", make_small(PACK_ZIP)},
		{"a.zip", make_small(PACK_ZIP_STORED)},
		{"a.cop.sgn", sign("a.cop.sgn", make_small(PACK_TGZ))},
		{"a.zip", wrap(PACK_ZIP, "in.tar", make_small(PACK_TAR))},
		{"a.tar", wrap(PACK_TAR, "in.zip", make_small(PACK_ZIP))},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct found found;
		struct fault f;

		for (size_t len = 0; len < cases[i].b.len; len++)
			if (walk_bytes(cases[i].name, cases[i].b.data, len, &found, &f) == 0 ||
			    strstr(f.text, "unpacks to more"))
				fail_msg("%s (%zu) of %zu bytes, cut to %zu, was taken",
					 cases[i].name, i, cases[i].b.len, len);
		assert_whole(cases[i].name, &cases[i].b);
	}
}

/* A tar that ends between the long name of an entry and the entry is no whole tar. */
static void cut_behind_a_long_name(void **state)
{
	struct pack *p = pack_new(PACK_PAX);
	struct synth_buffer b;
	struct found found;
	struct fault f;
	char name[400];

	(void)state;
	memset(name, 'f', sizeof(name));
	text_copy(name + 300, sizeof(name) - 300, "/x.loads");
	put_small(p, "");
	pack_file(p, name, "x", 1);
	pack_finish(p, &b);
	for (size_t len = 0; len < b.len; len += 512)
		if (walk_bytes("a.tar", b.data, len, &found, &f) == 0)
			fail_msg("cut to %zu of %zu bytes it was taken", len, b.len);
	assert_int_equal(walk_buffer("a.tar", &b, &found, &f), 0);
	assert_int_equal(found.count, SMALL + 1);
	synth_buffer_free(&b);
}

/* The same behind a header that speaks of all entries to come: libarchive would take that. */
static void cut_behind_a_global_header(void **state)
{
	struct synth_buffer b = make_small(PACK_TAR);
	uint8_t header[512], body[512] = "14 comment=abc\n";
	unsigned sum = 0;

	(void)state;
	memcpy(header, b.data, sizeof(header));
	text_copy((char *)header + 124, 12, "00000000017"); /* size: 15 */
	header[156] = 'g';
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(header); i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
	b.len -= 1024;
	synth_put(&b, header, sizeof(header));
	synth_put(&b, body, sizeof(body));
	assert_refused("a.tar", &b, "damaged or cut short");
	b = make_small(PACK_TAR);
	b.len -= 1024;
	synth_put(&b, header, sizeof(header));
	synth_put(&b, body, sizeof(body));
	synth_put_zero(&b, 1024);
	assert_whole("a.tar", &b);
}

/* A tar may have whatever padding; a gzip ends where the file does. */
static void behind_the_end(void **state)
{
	struct synth_buffer b = make_small(PACK_TAR), plain;

	(void)state;
	synth_put_zero(&b, 10240);
	assert_whole("a.tar", &b);
	plain = make_small(PACK_TAR);
	synth_put_zero(&plain, 1000000);
	pack_gzip(&plain, &b);
	synth_buffer_free(&plain);
	assert_whole("a.tgz", &b);
	b = make_small(PACK_TGZ);
	synth_put_u8(&b, 0);
	assert_refused("a.tgz", &b, "something stands behind its end");
	b = sign("a.cop.sgn", make_small(PACK_TGZ));
	synth_put_text(&b, "#!/bin/sh\n");
	assert_refused("a.cop.sgn", &b, "something stands behind its end");
	b = make_small(PACK_TGZ);
	{
		struct synth_buffer again = make_small(PACK_TGZ);

		synth_put(&b, again.data, again.len);
		synth_buffer_free(&again);
	}
	assert_refused("a.tgz", &b, "its checksum is wrong");
}

/* Whatever byte is damaged: refused, or the contents are still what they were. */
static void flipped_anywhere(void **state)
{
	static const struct {
		const char *name;
		enum pack_format format;
	} cases[] = {{"a.tgz", PACK_TGZ}, {"a.zip", PACK_ZIP}, {"a.zip", PACK_ZIP_STORED}};
	unsigned size = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct synth_buffer b = make_small(cases[i].format);
		size_t bytes = strlen(small[0].text) + strlen(small[2].text);

		for (size_t at = 0; at < b.len * 8; at++) {
			struct found found;
			struct fault f;
			int err;

			b.data[at / 8] ^= (uint8_t)(1u << at % 8);
			err = walk_buffer(cases[i].name, &b, &found, &f);
			b.data[at / 8] ^= (uint8_t)(1u << at % 8);
			size++;
			refused += err != 0;
			if (!err && (found.count != SMALL || found.bytes != bytes))
				fail_msg("%s: bit %zu of byte %zu made %u files of %zu bytes of it",
					 cases[i].name, at % 8, at / 8, found.count, found.bytes);
		}
		assert_whole(cases[i].name, &b);
	}
	assert_true(refused > size / 2);
}

static void the_visitor_ends_it(void **state)
{
	struct synth_buffer b = make_small(PACK_ZIP);

	(void)state;
	for (unsigned at = 0; at < SMALL; at++) {
		struct found found = {.stop_with = -ENOSPC, .stop_at = at};
		struct fault f;

		assert_int_equal(archive_walk("a.zip", b.data, b.len, visit, &found, &f), -ENOSPC);
		assert_int_equal(found.count, at);
		assert_string_equal(f.text, "the visitor has had enough");
	}
	synth_buffer_free(&b);
}

static void names(void **state)
{
	struct fault f;

	(void)state;
	assert_true(archive_is_name("cmterm-7970_7971-sccp.8-3-3SR2.cop.sgn"));
	assert_true(archive_is_name("A.ZIP"));
	assert_false(archive_is_name("SCCP70.8-3-3S.loads"));
	assert_false(archive_is_name("zip"));
	assert_int_equal(archive_stem("cmterm-7970.8-3-3.cop.sgn"), strlen("cmterm-7970.8-3-3"));
	assert_int_equal(archive_stem("x.tar.gz"), 1);
	assert_int_equal(archive_stem("x.cop"), 1);
	assert_int_equal(archive_stem("folder"), 6);
	assert_true(archive_is_installer_name("CP7970.EXE"));
	assert_false(archive_is_installer_name("exe"));
	assert_int_equal(archive_refuse_installer("CP7970.exe", &f), -EBADMSG);
	assert_non_null(strstr(f.text, ".zip"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(unknown_header),
		cmocka_unit_test(folders_and_leftovers),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(links_and_devices),
		cmocka_unit_test(two_of_one_name),
		cmocka_unit_test(encrypted),
		cmocka_unit_test(no_archives),
		cmocka_unit_test(rare_method),
		cmocka_unit_test(bombs),
		cmocka_unit_test(too_many_entries),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(cut_behind_a_long_name),
		cmocka_unit_test(cut_behind_a_global_header),
		cmocka_unit_test(behind_the_end),
		cmocka_unit_test(flipped_anywhere),
		cmocka_unit_test(the_visitor_ends_it),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
