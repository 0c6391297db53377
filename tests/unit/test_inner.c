/* SPDX-License-Identifier: MIT */
/*
 * The checksums inside CNU archives: what is packed and damaged is found, what is merely odd is
 * left alone, and nothing that an archive claims makes the check read outside it or work for ever.
 */
#include "reflashd/inner.h"
#include "synth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

/* A CNU archive with one file of these contents. */
static void put_archive(struct synth_buffer *b, const uint8_t *content, size_t len)
{
	synth_put_text(b, "CNU_File_Archive_3.0");
	synth_put_zero(b, 28);
	synth_put_be32(b, 1);
	synth_put_be32(b, 0x248 + 20);
	synth_put_text(b, "CNU_File_Archive_3.0");
	synth_put_zero(b, 508);
	synth_put_be32(b, 7);
	synth_put_be32(b, 2);
	synth_put_be32(b, (uint32_t)len);
	synth_put_be32(b, 0);
	synth_put_be32(b, 0);
	synth_put(b, content, len);
}

static enum image_state state_of(const uint8_t *content, size_t len)
{
	struct synth_buffer b = {0};
	struct image i;
	uint8_t *exact;

	put_archive(&b, content, len);
	exact = malloc(b.len); /* so that one byte too far is seen */
	assert_non_null(exact);
	memcpy(exact, b.data, b.len);
	image_inspect(&i, exact, b.len);
	assert_int_equal(i.format, IMAGE_CNU);
	assert_int_equal(i.state, IMAGE_COMPLETE);
	image_inspect_inner(&i, exact, b.len);
	free(exact);
	synth_buffer_free(&b);
	return i.state;
}

static void deflated(struct synth_buffer *out, int window, const uint8_t *data, size_t len)
{
	z_stream z = {0};
	uint8_t *room = malloc(len + 1000);

	assert_non_null(room);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = room;
	z.avail_out = (uInt)(len + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	synth_put(out, room, len + 1000 - z.avail_out);
	deflateEnd(&z);
	free(room);
}

static void put_zip(struct synth_buffer *b, unsigned method, const uint8_t *data, size_t len)
{
	struct synth_buffer packed = {0};
	uint32_t crc = (uint32_t)crc32(0, data, (uInt)len), central;

	if (method == 8)
		deflated(&packed, -15, data, len);
	else
		synth_put(&packed, data, len);
	for (unsigned part = 0; part < 2; part++) {
		central = (uint32_t)b->len;
		synth_put(b, part ? "PK\1\2\24\0\24\0\0\0" : "PK\3\4\24\0\0\0", part ? 10 : 8);
		synth_put_le16(b, (uint16_t)method);
		synth_put_le32(b, 0);
		synth_put_le32(b, crc);
		synth_put_le32(b, (uint32_t)packed.len);
		synth_put_le32(b, (uint32_t)len);
		synth_put_le16(b, 1);
		synth_put_zero(b, part ? 16 : 2);
		synth_put_text(b, "a");
		if (!part)
			synth_put(b, packed.data, packed.len);
	}
	synth_put(b, "PK\5\6\0\0\0\0\1\0\1\0", 12);
	synth_put_le32(b, 47);
	synth_put_le32(b, central);
	synth_put_le16(b, 0);
	synth_buffer_free(&packed);
}

static void make(struct synth_buffer *b, unsigned kind)
{
	uint8_t data[600];
	struct synth_random r = {7};

	synth_noise(&r, data, sizeof(data));
	memset(data + 200, 'x', 200);
	if (kind == 0)
		deflated(b, 15 + 16, data, sizeof(data));
	else
		put_zip(b, kind == 1 ? 0 : 8, data, sizeof(data));
}

/* Where the packed data lies every byte counts, and the gzip trailer. The lowest bit, as the
 * highest ones of the last byte may be padding. */
static void damage_is_found(void **state)
{
	static const struct {
		size_t first, last_from_end;
	} packed[] = {{10, 1}, {31, 80}, {31, 80}};

	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		struct synth_buffer b = {0};

		make(&b, kind);
		assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
		for (size_t at = packed[kind].first; at < b.len - packed[kind].last_from_end;
		     at++) {
			b.data[at] ^= 1;
			if (state_of(b.data, b.len) != IMAGE_CORRUPT)
				fail_msg("kind %u: byte %zu", kind, at);
			b.data[at] ^= 1;
		}
		synth_buffer_free(&b);
	}
}

/* Cut at every length, and with every byte wrong in turn: whatever the answer, no harm. */
static void hostile(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		struct synth_buffer b = {0};

		make(&b, kind);
		for (size_t len = 1; len < b.len; len++)
			state_of(b.data, len);
		for (size_t at = 0; at < b.len; at++) {
			uint8_t was = b.data[at];

			b.data[at] = 0xff;
			state_of(b.data, b.len);
			b.data[at] = 0;
			state_of(b.data, b.len);
			b.data[at] = was;
		}
		synth_buffer_free(&b);
	}
}

/* Two files, with names, extra fields and comments of lengths that are not alike; *at: where their
 * bytes begin. */
static void put_two(struct synth_buffer *b, size_t at[2])
{
	uint32_t local[2], central = 0;
	uint8_t data[50];

	memset(data, 'd', sizeof(data));
	for (unsigned part = 0; part < 4; part++) {
		unsigned n = part % 2, name = 5 + n, extra = part < 2 ? 8 + 16 * n : 3 + n;

		if (part < 2)
			local[n] = (uint32_t)b->len;
		if (part == 2)
			central = (uint32_t)b->len;
		synth_put(b, part < 2 ? "PK\3\4\24\0\0\0" : "PK\1\2\24\0\24\0\0\0",
			  part < 2 ? 8 : 10);
		synth_put_le16(b, 0);
		synth_put_le32(b, 0);
		synth_put_le32(b, (uint32_t)crc32(0, data, sizeof(data)));
		synth_put_le32(b, sizeof(data));
		synth_put_le32(b, sizeof(data));
		synth_put_le16(b, (uint16_t)name);
		synth_put_le16(b, (uint16_t)extra);
		if (part >= 2) {
			synth_put_le16(b, (uint16_t)(7 + n)); /* comment */
			synth_put_zero(b, 8);
			synth_put_le32(b, local[n]);
		}
		for (unsigned i = 0; i < name + extra + (part < 2 ? 0 : 7 + n); i++)
			synth_put_u8(b, 'n');
		if (part < 2) {
			at[n] = b->len;
			synth_put(b, data, sizeof(data));
		}
	}
	synth_put(b, "PK\5\6\0\0\0\0\2\0\2\0", 12);
	synth_put_le32(b, (uint32_t)b->len - 12 - central);
	synth_put_le32(b, central);
	synth_put_le16(b, 0);
}

static void behind_names_and_extra_fields(void **state)
{
	struct synth_buffer b = {0};
	size_t at[2], entries;

	(void)state;
	put_two(&b, at);
	entries = at[1] + 50;
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	for (unsigned n = 0; n < 2; n++)
		for (size_t i = at[n]; i < at[n] + 50; i++) {
			b.data[i] ^= 4;
			if (state_of(b.data, b.len) != IMAGE_CORRUPT)
				fail_msg("file %u: byte %zu", n, i - at[n]);
			b.data[i] ^= 4;
		}
	/* What stands beside the bytes of the files is not judged, and no entry is looked for
	 * behind the last one or where there is none. */
	for (size_t i = 30; i < at[0]; i++)
		b.data[i] ^= 1;
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	b.data[at[1]] ^= 1;
	b.data[b.len - 12] = 1; /* entries */
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	b.data[b.len - 12] = 2;
	assert_int_equal(state_of(b.data, b.len), IMAGE_CORRUPT);
	b.data[entries] = 'x'; /* the first entry is none */
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	synth_buffer_free(&b);
}

/* What is odd is not called damaged: nobody here knows what every maker does. */
static void odd_is_left_alone(void **state)
{
	static const uint8_t text[] = "PK\3\4 is how this text begins, and it is no zip";
	struct synth_buffer b = {0};

	(void)state;
	assert_int_equal(state_of(text, sizeof(text)), IMAGE_COMPLETE);
	assert_int_equal(state_of((const uint8_t *)"", 1), IMAGE_COMPLETE);
	make(&b, 2);
	b.data[b.len - 22 - 47 + 10] = 99; /* a method that is not known */
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	b.data[b.len - 22 - 47 + 10] = 8;
	b.data[b.len - 22 - 47 + 8] = 1; /* encrypted */
	b.data[40] ^= 1;
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	synth_buffer_free(&b);
}

/* 300 MB of zeros, packed: the work ends at a limit, without a verdict. */
static void bomb(void **state)
{
	static uint8_t zeros[1 << 20];
	struct synth_buffer b = {0};
	uint8_t *room = malloc(1 << 20);
	z_stream z = {0};

	(void)state;
	assert_non_null(room);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = room;
	z.avail_out = 1 << 20;
	for (unsigned i = 0; i < 300; i++) {
		z.next_in = zeros;
		z.avail_in = sizeof(zeros);
		deflate(&z, i == 299 ? Z_FINISH : Z_NO_FLUSH);
	}
	synth_put(&b, room, (1u << 20) - z.avail_out);
	deflateEnd(&z);
	b.data[b.len - 1] ^= 1; /* wrong, if anybody came so far */
	assert_int_equal(state_of(b.data, b.len), IMAGE_COMPLETE);
	synth_buffer_free(&b);
	free(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(hostile),
		cmocka_unit_test(behind_names_and_extra_fields),
		cmocka_unit_test(odd_is_left_alone),
		cmocka_unit_test(bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
