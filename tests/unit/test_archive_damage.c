/* SPDX-License-Identifier: MIT */
/*
 * Archives that are damaged: every length that a download can be cut to, every byte that can be
 * another one, and what stands behind the end.
 */
#include "archive_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void cut_anywhere(void **state)
{
	struct {
		const char *name;
		struct synth_buffer b;
	} cases[] = {
		{"a.tar", archive_rig_make_small(PACK_TAR)},
		{"a.tar", archive_rig_make_small(PACK_PAX)},
		{"a.tgz", archive_rig_make_small(PACK_TGZ)},
		{"a.zip", archive_rig_make_small(PACK_ZIP)},
		{"a.zip", archive_rig_make_small(PACK_ZIP_STORED)},
		{"a.cop.sgn", archive_rig_sign("a.cop.sgn", archive_rig_make_small(PACK_TGZ))},
		{"a.zip", archive_rig_wrap(PACK_ZIP, "in.tar", archive_rig_make_small(PACK_TAR))},
		{"a.tar", archive_rig_wrap(PACK_TAR, "in.zip", archive_rig_make_small(PACK_ZIP))},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct archive_found found;
		struct fault f;

		for (size_t len = 0; len < cases[i].b.len; len++)
			if (archive_rig_walk_bytes(cases[i].name, cases[i].b.data, len, &found,
						   &f) == 0 ||
			    strstr(f.text, "unpacks to more"))
				fail_msg("%s (%zu) of %zu bytes, cut to %zu, was taken",
					 cases[i].name, i, cases[i].b.len, len);
		archive_assert_whole(cases[i].name, &cases[i].b);
	}
}

/* A tar that ends between the long name of an entry and the entry is no whole tar. */
static void cut_behind_a_long_name(void **state)
{
	struct pack *p = pack_new(PACK_PAX);
	struct synth_buffer b;
	struct archive_found found;
	struct fault f;
	char name[400];

	(void)state;
	memset(name, 'f', sizeof(name));
	text_copy(name + 300, sizeof(name) - 300, "/x.loads");
	archive_rig_put_small(p, "");
	pack_file(p, name, "x", 1);
	pack_finish(p, &b);
	for (size_t len = 0; len < b.len; len += 512)
		if (archive_rig_walk_bytes("a.tar", b.data, len, &found, &f) == 0)
			fail_msg("cut to %zu of %zu bytes it was taken", len, b.len);
	assert_int_equal(archive_rig_walk_buffer("a.tar", &b, &found, &f), 0);
	assert_int_equal(found.count, SMALL + 1);
	synth_buffer_free(&b);
}

/* The same behind a header that speaks of all entries to come: libarchive would take that. */
static void cut_behind_a_global_header(void **state)
{
	struct synth_buffer b = archive_rig_make_small(PACK_TAR);
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
	archive_assert_refused("a.tar", &b, "damaged or cut short");
	b = archive_rig_make_small(PACK_TAR);
	b.len -= 1024;
	synth_put(&b, header, sizeof(header));
	synth_put(&b, body, sizeof(body));
	synth_put_zero(&b, 1024);
	archive_assert_whole("a.tar", &b);
}

/* A tar may have whatever padding; a gzip ends where the file does. */
static void behind_the_end(void **state)
{
	struct synth_buffer b = archive_rig_make_small(PACK_TAR), plain;

	(void)state;
	synth_put_zero(&b, 10240);
	archive_assert_whole("a.tar", &b);
	plain = archive_rig_make_small(PACK_TAR);
	synth_put_zero(&plain, 1000000);
	pack_gzip(&plain, &b);
	synth_buffer_free(&plain);
	archive_assert_whole("a.tgz", &b);
	b = archive_rig_make_small(PACK_TGZ);
	synth_put_u8(&b, 0);
	archive_assert_refused("a.tgz", &b, "something stands behind its end");
	b = archive_rig_sign("a.cop.sgn", archive_rig_make_small(PACK_TGZ));
	synth_put_text(&b, "#!/bin/sh\n");
	archive_assert_refused("a.cop.sgn", &b, "something stands behind its end");
	b = archive_rig_make_small(PACK_TGZ);
	{
		struct synth_buffer again = archive_rig_make_small(PACK_TGZ);

		synth_put(&b, again.data, again.len);
		synth_buffer_free(&again);
	}
	archive_assert_refused("a.tgz", &b, "its checksum is wrong");
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
		struct synth_buffer b = archive_rig_make_small(cases[i].format);
		size_t bytes =
			strlen(archive_rig_small[0].text) + strlen(archive_rig_small[2].text);

		for (size_t at = 0; at < b.len * 8; at++) {
			struct archive_found found;
			struct fault f;
			int err;

			b.data[at / 8] ^= (uint8_t)(1u << at % 8);
			err = archive_rig_walk_buffer(cases[i].name, &b, &found, &f);
			b.data[at / 8] ^= (uint8_t)(1u << at % 8);
			size++;
			refused += err != 0;
			if (!err && (found.count != SMALL || found.bytes != bytes))
				fail_msg("%s: bit %zu of byte %zu made %u files of %zu bytes of it",
					 cases[i].name, at % 8, at / 8, found.count, found.bytes);
		}
		archive_assert_whole(cases[i].name, &b);
	}
	assert_true(refused > size / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(cut_behind_a_long_name),
		cmocka_unit_test(cut_behind_a_global_header),
		cmocka_unit_test(behind_the_end),
		cmocka_unit_test(flipped_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
