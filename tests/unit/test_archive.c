/* SPDX-License-Identifier: MIT */
/*
 * Archives: every form in that firmware comes, and every hostile kind.
 */
#include "archive_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
		b = archive_rig_make_small(plain[i].format);
		archive_assert_whole(plain[i].name, &b);
	}
	b = archive_rig_sign("a.cop.sgn", archive_rig_make_small(PACK_TGZ));
	archive_assert_whole("a.cop.sgn", &b);
	b = archive_rig_sign("a.k3.cop.sha512", archive_rig_make_small(PACK_TGZ));
	archive_assert_whole("a.k3.cop.sha512", &b);
	b = archive_rig_wrap(PACK_ZIP, "in.tar", archive_rig_make_small(PACK_TAR));
	archive_assert_whole("a.zip", &b);
	b = archive_rig_wrap(PACK_ZIP, "deep/in.cop.sgn",
			     archive_rig_sign("in.cop.sgn", archive_rig_make_small(PACK_TGZ)));
	archive_assert_whole("a.zip", &b);
	b = archive_rig_wrap(
		PACK_TGZ, "in.zip",
		archive_rig_wrap(PACK_TAR, "inner.zip", archive_rig_make_small(PACK_ZIP)));
	archive_assert_whole("a.tgz", &b);
}

static void unknown_header(void **state)
{
	struct synth_buffer inner = archive_rig_make_small(PACK_TGZ), b = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		synth_put_text(&b, "A header of a kind nobody knows");
	synth_put(&b, inner.data, inner.len);
	archive_assert_whole("a.cop.sha512", &b);
	/* Further in, or under another name, it is not looked for. */
	for (unsigned i = 0; i < 4097; i++)
		synth_put_u8(&b, 'x');
	synth_put(&b, inner.data, inner.len);
	archive_assert_refused("a.cop.sgn", &b, "not an archive");
	synth_put_text(&b, "x");
	synth_put(&b, inner.data, inner.len);
	archive_assert_refused("a.tgz", &b, "not an archive");
	/* Up to the last place at which it is looked for, and one further. */
	for (size_t at = 4093; at <= 4094; at++) {
		for (size_t i = 0; i < at; i++)
			synth_put_u8(&b, 'x');
		synth_put(&b, inner.data, inner.len);
		if (at == 4093)
			archive_assert_whole("a.cop.sgn", &b);
		else
			archive_assert_refused("a.cop.sgn", &b, "not an archive");
	}
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
		archive_rig_put_small(p, prefixes[i / 2]);
		pack_file(p, ".DS_Store", "Mac", 3);
		/* Once more, the same: harmless. */
		pack_file(p, "copy/SCCP70.8-3-3S.loads", archive_rig_small[0].text,
			  strlen(archive_rig_small[0].text));
		pack_finish(p, &b);
		archive_assert_whole("a", &b);
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

		archive_rig_put_small(p, "");
		pack_file(p, names[i / 2], "x", 1);
		pack_finish(p, &b);
		archive_assert_refused("a.zip", &b, "leads out of its folder");
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

		archive_rig_put_small(p, "");
		pack_odd(p, cases[i].kind, "odd", cases[i].target);
		pack_finish(p, &b);
		archive_assert_refused("a.zip", &b, cases[i].why);
	}
}

static void two_of_one_name(void **state)
{
	struct pack *p = pack_new(PACK_ZIP);
	struct synth_buffer b;

	(void)state;
	archive_rig_put_small(p, "8-3-3/");
	pack_file(p, "8-5-2/SCCP70.8-3-3S.loads", "another", 7);
	pack_finish(p, &b);
	archive_assert_refused("a.zip", &b, "is there twice");
	p = pack_new(PACK_ZIP); /* of the same length, too */
	archive_rig_put_small(p, "8-3-3/");
	pack_file(p, "8-5-2/SCCP70.8-3-3S.loads", "jar70sccp.8-3-3-28.sbn \r\n", 25);
	pack_finish(p, &b);
	archive_assert_refused("a.zip", &b, "is there twice");
}

static void encrypted(void **state)
{
	struct synth_buffer b = archive_rig_make_small(PACK_ZIP_SECRET);

	(void)state;
	archive_assert_refused("a.zip", &b, "is encrypted");
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
		archive_assert_refused("a.zip", &b, "cut short");
	}
	synth_put_zero(&b, 10240);
	archive_assert_refused("a.tar", &b, "empty");
	p = pack_new(PACK_TGZ);
	pack_finish(p, &b);
	archive_assert_refused("a.tgz", &b, "empty");
	/* A packed file that is no tar. */
	b = archive_rig_wrap(PACK_ZIP, "in.tar.gz", (struct synth_buffer){0});
	archive_assert_refused("a.zip", &b, "`in.tar.gz' is refused");
}

/* Packed with a method that a firmware zip never has (bzip2 in both headers). */
static void rare_method(void **state)
{
	struct synth_buffer b = archive_rig_make_small(PACK_ZIP);
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
	archive_assert_refused("a.zip", &b, "packed in a way");
}

static void bombs(void **state)
{
	uint8_t *zeros = calloc(1, ARCHIVE_FILE_MAX + 1);
	struct synth_buffer b;
	struct archive_found found;
	struct fault f;
	struct pack *p;

	(void)state;
	assert_non_null(zeros);
	p = pack_new(PACK_ZIP);
	pack_file(p, "large.sbn", zeros, ARCHIVE_FILE_MAX);
	pack_finish(p, &b);
	assert_int_equal(archive_rig_walk_buffer("a.zip", &b, &found, &f), 0);
	assert_int_equal(found.bytes, ARCHIVE_FILE_MAX);
	synth_buffer_free(&b);
	p = pack_new(PACK_TGZ);
	pack_file(p, "large.sbn", zeros, ARCHIVE_FILE_MAX + 1);
	pack_finish(p, &b);
	free(zeros);
	archive_assert_refused("a.tgz", &b, "unpacks to more");
	p = pack_new(PACK_PAX);
	for (unsigned i = 0; i < ARCHIVE_TOTAL_MAX / ARCHIVE_FILE_MAX + 1; i++) {
		char name[24];

		text_format(name, sizeof(name), "hole-%u.sbn", i);
		pack_hole(p, name, ARCHIVE_FILE_MAX);
	}
	pack_finish(p, &b);
	assert_true(b.len < 100000);
	archive_assert_refused("a.tar", &b, "unpacks to more");
}

/* What is never handed over takes its time all the same. */
static void too_much_passed_over(void **state)
{
	struct synth_buffer b = {0};
	struct pack *p = pack_new(PACK_PAX);
	char name[5000];

	(void)state;
	archive_rig_put_small(p, "");
	pack_hole(p, ".large", ARCHIVE_FILE_MAX + 1024);
	pack_finish(p, &b);
	archive_assert_refused("a.tar", &b, "`.large' unpacks to more");

	p = pack_new(PACK_PAX);
	archive_rig_put_small(p, "");
	for (unsigned i = 0; i < ARCHIVE_TOTAL_MAX / ARCHIVE_FILE_MAX; i++) {
		text_format(name, sizeof(name), ".hole-%u", i);
		pack_hole(p, name, ARCHIVE_FILE_MAX);
	}
	pack_finish(p, &b);
	archive_assert_refused("a.tar", &b, "unpacks to more");

	p = pack_new(PACK_PAX);
	archive_rig_put_small(p, "");
	memset(name, 'd', sizeof(name));
	name[sizeof(name) - 1] = 0;
	pack_odd(p, PACK_FOLDER, name, NULL);
	pack_finish(p, &b);
	archive_assert_refused("a.tar", &b, "has a name longer than any file can have");
}

static void assert_gzip_refused(const struct synth_buffer *plain, size_t cut, const char *why)
{
	struct synth_buffer b = {0};

	pack_gzip(plain, &b);
	b.len -= cut;
	archive_assert_refused("a.tgz", &b, why);
}

/* A whole tar, and behind its end more than is worth unpacking, or something cut short. */
static void behind_the_end(void **state)
{
	struct synth_buffer plain = archive_rig_make_small(PACK_TAR);
	uint8_t *zeros = calloc(1, ARCHIVE_FILE_MAX + 65536);

	(void)state;
	assert_true(archive_ready());
	assert_non_null(zeros);
	synth_put(&plain, zeros, 1 << 20);
	assert_gzip_refused(&plain, 9, "it is damaged or cut short; get it again");
	synth_put(&plain, zeros, ARCHIVE_FILE_MAX + 65536);
	free(zeros);
	assert_gzip_refused(&plain, 0, "unpacks to more than any phone firmware has");
	synth_buffer_free(&plain);
}

static void too_many_entries(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct pack *p = pack_new(PACK_TGZ);
		struct synth_buffer b;
		struct archive_found found;
		struct fault f;

		for (unsigned i = 0; i < ARCHIVE_ENTRIES_MAX + more; i++)
			pack_file(p, "same.txt", "x", 1);
		pack_finish(p, &b);
		assert_int_equal(archive_rig_walk_buffer("a.tgz", &b, &found, &f),
				 more ? -EBADMSG : 0);
		assert_int_equal(strstr(f.text, "more entries") != NULL, more);
		synth_buffer_free(&b);
	}
}

static void too_deep(void **state)
{
	struct synth_buffer b = archive_rig_wrap(
		PACK_TAR, "2.zip",
		archive_rig_wrap(PACK_ZIP, "3.tgz", archive_rig_make_small(PACK_TGZ)));

	(void)state;
	archive_assert_whole("1.tar", &b);
	b = archive_rig_wrap(PACK_TAR, "2.zip",
			     archive_rig_wrap(PACK_ZIP, "3.tgz",
					      archive_rig_wrap(PACK_TGZ, "4.tar",
							       archive_rig_make_small(PACK_TAR))));
	archive_assert_refused("1.tar", &b, "too deep");
}

static void the_visitor_ends_it(void **state)
{
	struct synth_buffer b = archive_rig_make_small(PACK_ZIP);

	(void)state;
	for (unsigned at = 0; at < SMALL; at++) {
		struct archive_found found = {.stop_with = -ENOSPC, .stop_at = at};
		struct fault f;

		assert_int_equal(
			archive_walk("a.zip", b.data, b.len, archive_rig_visit, &found, &f),
			-ENOSPC);
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

/* What begins a gzip must stand whole in the first 4 KiB behind a header nobody knows. */
static void unknown_header_of_4_kib(void **state)
{
	(void)state;
	for (unsigned at = 4092; at <= 4095; at++) {
		struct synth_buffer inner = archive_rig_make_small(PACK_TGZ), b = {0};

		for (unsigned i = 0; i < at; i++)
			synth_put_u8(&b, 'x');
		synth_put(&b, inner.data, inner.len);
		synth_buffer_free(&inner);
		if (at + 3 <= 4096)
			archive_assert_whole("a.cop.sgn", &b);
		else
			archive_assert_refused("a.cop.sgn", &b, "not an archive");
	}
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
		cmocka_unit_test(behind_the_end),
		cmocka_unit_test(too_much_passed_over),
		cmocka_unit_test(too_many_entries),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(the_visitor_ends_it),
		cmocka_unit_test(names),
		cmocka_unit_test(unknown_header_of_4_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
