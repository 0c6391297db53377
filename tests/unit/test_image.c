/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "reflashd/bytes.h"
#include "reflashd/image.h"
#include "synth.h"

static struct image inspect(const uint8_t *body, size_t len)
{
	uint8_t *copy = exact_copy(body, len);
	struct image i;

	memset(&i, 0xA5, sizeof(i));
	image_inspect(&i, copy, len);
	free(copy);
	return i;
}

static void expect(const struct image *i, enum image_format format, enum image_state state,
		   uint64_t difference)
{
	assert_int_equal(i->format, format);
	assert_int_equal(i->state, state);
	assert_int_equal(i->difference, difference);
}

static void set_be32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void set_le32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Golden: a CNU archive with two files, written out by hand. */
static void make_cnu(uint8_t body[0x248 + 40 + 8 + 5])
{
	memset(body, 0, 0x248 + 40 + 8);
	memcpy(body, "CNU_File_Archive_3.0", 20);
	set_be32(body + 0x30, 2);
	set_be32(body + 0x34, 0x248 + 40 + 8);
	memcpy(body + 0x38, "CNU_File_Archive_3.0", 20);
	set_be32(body + 0x248 + 0, 7);
	set_be32(body + 0x248 + 4, 2);
	set_be32(body + 0x248 + 8, 3);
	set_be32(body + 0x248 + 16, 0x248 + 40);
	set_be32(body + 0x25C + 0, 6);
	set_be32(body + 0x25C + 8, 2);
	memcpy(body + 0x248 + 40, "/a/b.cd\0xyzAB", 13);
}

#define CNU_LEN (0x248u + 40 + 8 + 5)

static void test_cnu(void **state)
{
	uint8_t body[CNU_LEN + 5] = {0};
	struct image i;

	(void)state;
	make_cnu(body);
	for (unsigned extra = 0; extra <= 3; extra++) {
		i = inspect(body, CNU_LEN + extra);
		expect(&i, IMAGE_CNU, IMAGE_COMPLETE, 0);
	}
	i = inspect(body, CNU_LEN + 4);
	expect(&i, IMAGE_CNU, IMAGE_EXTRA, 4);
	i = inspect(body, CNU_LEN - 1);
	expect(&i, IMAGE_CNU, IMAGE_TRUNCATED, 1);
}

static void test_cnu_prefixes(void **state)
{
	uint8_t body[CNU_LEN] = {0};

	(void)state;
	make_cnu(body);
	for (size_t len = 1; len < CNU_LEN; len++) {
		struct image i = inspect(body, len);
		/* while the tables are cut they cannot be added up: missing at least */
		size_t want = len < 0x248 ? 0x248 : len < 0x248 + 40 ? 0x248 + 40 + 8 : CNU_LEN;

		expect(&i, IMAGE_CNU, IMAGE_TRUNCATED, want - len);
	}
}

static void test_cnu_fields(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		enum image_state state;
		uint64_t difference;
	} row[] = {
		{0x30, 1, IMAGE_COMPLETE, 0},  /* 2 bytes more than one file: within the 3 */
		{0x30, 0, IMAGE_MALFORMED, 0}, /* nothing inside */
		{0x30, 3, IMAGE_MALFORMED, 0}, /* the table runs into the contents */
		{0x30, 0xFFFFFFFF, IMAGE_MALFORMED, 0},
		{0x34, 0x248 + 40 + 7, IMAGE_COMPLETE, 0}, /* one byte left over: let through */
		{0x34, 0x248 + 40 + 9, IMAGE_TRUNCATED, 1},
		{0x34, 0x248 + 40, IMAGE_EXTRA, 8},
		{0x34, 0x248 + 39, IMAGE_MALFORMED, 0},
		{0x34, 0, IMAGE_MALFORMED, 0},
		{0x34, 0xFFFFFFFF, IMAGE_TRUNCATED, 0xFFFFFFFFu + UINT64_C(5) - CNU_LEN},
		{0x250, 4, IMAGE_TRUNCATED, 1},
		{0x250, 2, IMAGE_COMPLETE, 0},
		{0x250, 0, IMAGE_COMPLETE, 0},
		{0x264, 3, IMAGE_TRUNCATED, 1},
		{0x264, 0xFFFFFFFF, IMAGE_TRUNCATED, 0xFFFFFFFDu},
		{0x38, 0, IMAGE_MALFORMED, 0}, /* the second magic */
		{0x48, 0, IMAGE_MALFORMED, 0}, /* its last bytes */
	};
	uint8_t body[CNU_LEN];

	(void)state;
	for (unsigned n = 0; n < ARRAY_LEN(row); n++) {
		struct image i;

		make_cnu(body);
		set_be32(body + row[n].at, row[n].value);
		i = inspect(body, CNU_LEN);
		if (i.state != row[n].state || i.difference != row[n].difference)
			fail_msg("row %u: state %d, difference %llu", n, (int)i.state,
				 (unsigned long long)i.difference);
	}
}

/* Sums that would come out right if they were only 32 bits wide. */
static void test_cnu_overflow(void **state)
{
	uint8_t body[CNU_LEN];
	struct image i;

	(void)state;
	make_cnu(body);
	set_be32(body + 0x250, 0x80000000u + 3);
	set_be32(body + 0x264, 0x80000000u + 2);
	i = inspect(body, CNU_LEN);
	expect(&i, IMAGE_CNU, IMAGE_TRUNCATED, UINT64_C(0x100000000));

	make_cnu(body);
	set_be32(body + 0x30, 0x0CCCCCCEu); /* 20 * n = 0x100000018 */
	i = inspect(body, CNU_LEN);
	expect(&i, IMAGE_CNU, IMAGE_MALFORMED, 0);
	/* a table that could be as long as claimed, of which all but two entries are missing */
	set_be32(body + 0x30, 0x01000000u);
	set_be32(body + 0x34, 0x248 + 20 * 0x01000000u);
	i = inspect(body, CNU_LEN);
	expect(&i, IMAGE_CNU, IMAGE_TRUNCATED, 0x248 + 20 * UINT64_C(0x01000000) - CNU_LEN);
}

/* Golden: the fields of a 7905 image, with four bytes after them. */
static const uint8_t
	kup_golden[0x2C] = {'k', 'u', 'p', '1',	 '0',  '0',  '0',  '0',	 '0',  '0',  '0',  '0',
			    0,	 0,   0,   0,	 0,    0,    0x05, 0x01, 0x04, 0x00, 0x08, 0,
			    '+', 'k', 'x', 'z',	 0,    0,    0x02, 0x00, 0,    0,    0,	   0x14,
			    0,	 0,   0,   0x04, 0xFF, 0xFF, 0xFD, 0x01}; /* 4 + ff + ff + fd + 1 =
									     0x300 */

static void make_kup(uint8_t body[0x2C])
{
	memcpy(body, kup_golden, sizeof(kup_golden));
	set_be32(body + 0x1C, 0x300);
}

static void test_kup(void **state)
{
	uint8_t body[0x2C + 1] = {0};
	struct image i;

	(void)state;
	make_kup(body);
	i = inspect(body, 0x2C);
	expect(&i, IMAGE_KUP, IMAGE_COMPLETE, 0);
	assert_int_equal(i.kup_model, 5);
	assert_int_equal(i.kup_version[0], 8);
	assert_int_equal(i.kup_version[1], 0);
	i = inspect(body, 0x2D);
	expect(&i, IMAGE_KUP, IMAGE_EXTRA, 1);
	for (size_t len = 1; len < 0x2C; len++) {
		i = inspect(body, len);
		expect(&i, IMAGE_KUP, IMAGE_TRUNCATED, (len < 0x28 ? 0x28 : 0x2C) - len);
		assert_int_equal(i.kup_model, len < 0x28 ? 0 : 5);
	}
}

static void test_kup_fields(void **state)
{
	uint8_t body[0x2C];
	struct image i;

	(void)state;
	for (size_t at = 0x24; at < 0x2C; at++) { /* each bit that the sum covers */
		for (unsigned bit = 0; bit < 8; bit++) {
			make_kup(body);
			body[at] ^= (uint8_t)(1u << bit);
			i = inspect(body, sizeof(body));
			expect(&i, IMAGE_KUP, IMAGE_CORRUPT, 0);
		}
	}
	for (uint32_t sum = 0x2FF; sum <= 0x301; sum++) {
		make_kup(body);
		set_be32(body + 0x1C, sum);
		i = inspect(body, sizeof(body));
		expect(&i, IMAGE_KUP, sum == 0x300 ? IMAGE_COMPLETE : IMAGE_CORRUPT, 0);
	}
	for (size_t at = 0x0C; at < 0x1C; at++) { /* each byte that is the same in all of them */
		bool constant = at < 0x12 || (at > 0x12 && at < 0x16) || at > 0x17;

		make_kup(body);
		body[at] ^= 0x20;
		i = inspect(body, sizeof(body));
		expect(&i, IMAGE_KUP, constant ? IMAGE_MALFORMED : IMAGE_COMPLETE, 0);
	}
	make_kup(body);
	set_be32(body + 0x20, 0x13);
	i = inspect(body, sizeof(body));
	expect(&i, IMAGE_KUP, IMAGE_EXTRA, 1);
	set_be32(body + 0x20, 0x15);
	i = inspect(body, sizeof(body));
	expect(&i, IMAGE_KUP, IMAGE_TRUNCATED, 1);
	/* + 0x18 is 0x2C again when it is taken modulo 2^32 of something larger */
	set_be32(body + 0x20, 0xFFFFFFFF);
	i = inspect(body, sizeof(body));
	expect(&i, IMAGE_KUP, IMAGE_TRUNCATED, 0xFFFFFFFFu + UINT64_C(0x18) - 0x2C);
}

/* A sum of bytes beyond 2^32 needs 16 MiB of 0xFF: it is taken modulo 2^32. */
static void test_kup_sum_wraps(void **state)
{
	size_t len = 0x24 + 4 + 0x01020000;
	uint8_t *body = malloc(len);
	struct image i;

	(void)state;
	assert_non_null(body);
	memcpy(body, kup_golden, 0x24);
	memset(body + 0x24, 0xFF, len - 0x24);
	set_be32(body + 0x20, (uint32_t)len - 0x18);
	set_be32(body + 0x1C, (uint32_t)((len - 0x24) * UINT64_C(0xFF)));
	assert_true((len - 0x24) * UINT64_C(0xFF) > UINT32_MAX);
	image_inspect(&i, body, len);
	expect(&i, IMAGE_KUP, IMAGE_COMPLETE, 0);
	free(body);
}

#define P003_LEN 0x150u

static void make_p003(uint8_t body[P003_LEN])
{
	memset(body, 0, P003_LEN);
	memcpy(body + 0x20, "P003-8-12-00", 12);
	set_le32(body + 0x118, 3);
	memcpy(body + 0x120, "PAS30830", 8);
	set_le32(body + 0x138, P003_LEN - 32);
	memcpy(body + 0x13C, "\x1F\x9D\x8F", 3);
}

static void test_p003(void **state)
{
	uint8_t body[P003_LEN + 1] = {0};
	struct image i;

	(void)state;
	make_p003(body);
	i = inspect(body, P003_LEN);
	expect(&i, IMAGE_P003, IMAGE_COMPLETE, 0);
	assert_string_equal(i.name, "P003-8-12-00");
	assert_string_equal(i.tag, "PAS30830");
	i = inspect(body, P003_LEN + 1);
	expect(&i, IMAGE_P003, IMAGE_EXTRA, 1);
	for (size_t len = 0; len < P003_LEN; len++) {
		i = inspect(body, len);
		if (len == 0)
			expect(&i, IMAGE_UNKNOWN, IMAGE_TRUNCATED, 1);
		else if (len < 0x128) /* its tag is not there yet: nothing to know it by */
			expect(&i, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0);
		else if (len < 0x140)
			expect(&i, IMAGE_SB2, IMAGE_TRUNCATED, 0x140 - len);
		else
			expect(&i, IMAGE_P003, IMAGE_TRUNCATED, P003_LEN - len);
	}
}

static void test_p003_fields(void **state)
{
	static const struct {
		size_t at;
		uint32_t value; /* little-endian */
		enum image_format format;
		enum image_state state;
		uint64_t difference;
	} row[] = {
		{0x138, P003_LEN - 33, IMAGE_P003, IMAGE_EXTRA, 1},
		{0x138, P003_LEN - 31, IMAGE_P003, IMAGE_TRUNCATED, 1},
		{0x138, 0xFFFFFFFF, IMAGE_P003, IMAGE_TRUNCATED,
		 0xFFFFFFFFu + UINT64_C(32) - P003_LEN},
		{0x138, 0, IMAGE_P003, IMAGE_MALFORMED, 0},	     /* a stream of no length */
		{0x13C, 0x008F9D1E, IMAGE_P003, IMAGE_MALFORMED, 0}, /* a length of no stream */
		{0x13C, 0x008F9C1F, IMAGE_P003, IMAGE_MALFORMED, 0},
		/* "PA03": an application, too short is too short */
		{0x120, 0x33304150, IMAGE_SB2, IMAGE_NOT_CHECKABLE, 0},
		{0x120, 0x34304150, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0}, /* "PA04": 7910 */
		{0x120, 0x33534151, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0}, /* "QAS3" */
		{0x124, 0x30333861, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0}, /* small letter */
	};
	uint8_t body[P003_LEN];

	(void)state;
	for (unsigned n = 0; n < ARRAY_LEN(row); n++) {
		struct image i;

		make_p003(body);
		set_le32(body + row[n].at, row[n].value);
		i = inspect(body, P003_LEN);
		if (i.format != row[n].format || i.state != row[n].state ||
		    i.difference != row[n].difference)
			fail_msg("row %u: format %d, state %d, difference %llu", n, (int)i.format,
				 (int)i.state, (unsigned long long)i.difference);
	}
}

/* The 7910's image has the same fields and more bytes behind: only too short is wrong. */
static void test_7910(void **state)
{
	uint8_t body[P003_LEN];
	struct image i;

	(void)state;
	make_p003(body);
	memcpy(body + 0x120, "PA04Z031", 8);
	set_le32(body + 0x138, P003_LEN - 32 - 10);
	i = inspect(body, P003_LEN);
	expect(&i, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0);
	i = inspect(body, P003_LEN - 10);
	expect(&i, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0);
	i = inspect(body, P003_LEN - 11);
	expect(&i, IMAGE_UNKNOWN, IMAGE_TRUNCATED, 1);
}

static void test_sb2(void **state)
{
	uint8_t body[P003_LEN];
	struct image i;

	(void)state;
	make_p003(body);
	memset(body + 0x138, 0, 8);
	for (unsigned n = 0; n < 2; n++) {
		memcpy(body + 0x120, n == 0 ? "PAS3ARM1" : "PA03Z031", 8);
		i = inspect(body, P003_LEN);
		expect(&i, IMAGE_SB2, IMAGE_NOT_CHECKABLE, 0);
		assert_string_equal(i.tag, n == 0 ? "PAS3ARM1" : "PA03Z031");
		i = inspect(body, 0x140);
		expect(&i, IMAGE_SB2, IMAGE_NOT_CHECKABLE, 0);
		i = inspect(body, 0x13F);
		expect(&i, IMAGE_SB2, IMAGE_TRUNCATED, 1);
	}
	memset(body + 0x20, 'n', 0xF8); /* a name without end */
	i = inspect(body, P003_LEN);
	assert_string_equal(i.name, "nnnnnnnnnnnnnnnnnnn");
	memcpy(body + 0x20, "a\x1b[2Jb\\c\0", 9);
	i = inspect(body, P003_LEN);
	assert_string_equal(i.name, "a\\x1b[2Jb\\\\c");
}

static void test_unknown(void **state)
{
	static const char *const text[] = {"hello", "\x1F\x8B\x08", "CNU_File_Archive_2.0", "kup2",
					   "\177ELF"};

	(void)state;
	for (unsigned n = 0; n < ARRAY_LEN(text); n++) {
		struct image i = inspect((const uint8_t *)text[n], strlen(text[n]));

		expect(&i, IMAGE_UNKNOWN, IMAGE_NOT_CHECKABLE, 0);
		assert_string_equal(i.name, "");
		assert_string_equal(i.tag, "");
	}
	for (int f = IMAGE_UNKNOWN; f <= IMAGE_SB2; f++)
		assert_non_null(image_format_name((enum image_format)f));
	assert_string_equal(image_format_name(IMAGE_CNU), "CNU archive");
}

/* What the generator makes, cut by one byte at the end: every size modulo some. */
static void test_generated(void **state)
{
	(void)state;
	for (size_t size = 2048; size < 2048 + 40; size++) {
		struct synth_buffer b[3] = {{0}};

		synth_cnu(&b[0], SYNTH_CVM, "8-3-3-27", size, size);
		synth_kup(&b[1], 6, 8, 0, size, size);
		synth_p003(&b[2], "P003-8-12-00", "PAS30830", size, size);
		for (unsigned n = 0; n < ARRAY_LEN(b); n++) {
			static const enum image_format format[] = {IMAGE_CNU, IMAGE_KUP,
								   IMAGE_P003};
			struct image i = inspect(b[n].data, b[n].len);

			assert_int_equal(b[n].len, size);
			expect(&i, format[n], IMAGE_COMPLETE, 0);
			i = inspect(b[n].data, b[n].len - 1);
			expect(&i, format[n], IMAGE_TRUNCATED, 1);
			synth_buffer_free(&b[n]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cnu),	      cmocka_unit_test(test_cnu_prefixes),
		cmocka_unit_test(test_cnu_fields),    cmocka_unit_test(test_cnu_overflow),
		cmocka_unit_test(test_kup),	      cmocka_unit_test(test_kup_fields),
		cmocka_unit_test(test_kup_sum_wraps), cmocka_unit_test(test_p003),
		cmocka_unit_test(test_p003_fields),   cmocka_unit_test(test_7910),
		cmocka_unit_test(test_sb2),	      cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
