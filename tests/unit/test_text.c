/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "reflashd/address.h"
#include "reflashd/bytes.h"
#include "reflashd/hash.h"
#include "reflashd/text.h"

/* Every size that "abc" leaves room for: what fits is there and ends; the answer tells when not. */
static void test_append_fits_or_says_so(void **state)
{
	static const char whole[] = "abc, 12";

	(void)state;
	for (size_t size = 4; size <= sizeof(whole) + 1; size++) {
		char *out = malloc(size); /* exact, so that ASan sees one byte too far */

		assert_non_null(out);
		strcpy(out, "abc");
		assert_int_equal(text_append(out, size, ", %d", 12), size >= sizeof(whole));
		assert_int_equal(strlen(out), size < sizeof(whole) ? size - 1 : sizeof(whole) - 1);
		assert_memory_equal(out, whole, strlen(out));
		free(out);
	}
}

static void test_format_and_copy(void **state)
{
	char one[1];

	(void)state;
	assert_true(text_format(one, 1, "%s", "")); /* nothing is something that fits */
	assert_int_equal(one[0], 0);
	for (size_t size = 1; size <= 6; size++) {
		char *out = malloc(size);

		assert_non_null(out);
		assert_int_equal(text_format(out, size, "%d-%s", 12, "x"), size > 4);
		assert_memory_equal(out, "12-x", size > 4 ? 5 : size - 1);
		assert_int_equal(out[size > 4 ? 4 : size - 1], 0);
		assert_int_equal(text_copy(out, size, "12-x"), size > 4);
		assert_memory_equal(out, "12-x", size > 4 ? 5 : size - 1);
		free(out);
	}
}

/* Escaped, of every room that there may be: cut between two characters, with dots for the rest. */
static void test_escape(void **state)
{
	static const char whole[] = "ab\\\\c\\x1b\\xff~";

	(void)state;
	for (size_t size = 8; size <= sizeof(whole) + 1; size++) {
		char *out = malloc(size);
		size_t n, kept;

		assert_non_null(out);
		n = text_escape(out, size, (const uint8_t *)"ab\\c\x1b\xff~", 7);
		assert_int_equal(n, strlen(out));
		assert_true(n < size);
		kept = n;
		if (size < sizeof(whole)) {
			assert_true(n >= 3);
			kept -= 3;
			assert_string_equal(out + kept, "...");
		}
		assert_memory_equal(out, whole, kept);
		assert_true(size >= sizeof(whole) ? n == sizeof(whole) - 1 : kept + 4 + 4 > size);
		free(out);
	}
}

static void test_append_one_behind_the_other(void **state)
{
	char out[8] = "";

	(void)state;
	assert_true(text_append(out, sizeof(out), "%s", ""));
	assert_string_equal(out, "");
	assert_true(text_append(out, sizeof(out), "%s", "ab"));
	assert_true(text_append(out, sizeof(out), "%c%u", 'c', 45u));
	assert_string_equal(out, "abc45");
	assert_true(text_append(out, sizeof(out), "67"));
	assert_false(text_append(out, sizeof(out), "8"));
	assert_string_equal(out, "abc4567");
}

/* Words of a fault become a sentence; where a file was named, its name stays as it is. */
static void test_capitalise(void **state)
{
	static const char *const cases[][2] = {
		{"the disk is full", "The disk is full"},
		{"disk", "Disk"},
		{"all of it", "All of it"},
		{"zero bytes", "Zero bytes"},
		{"{phone} is gone", "{phone} is gone"},
		{"The disk", "The disk"},
		{"", ""},
		{"`x` is not there", "`x` is not there"},
		{"zwei: nothing", "zwei: nothing"},
		{"reflashd.ini:3: what is `x`?", "reflashd.ini:3: what is `x`?"},
		{"tmp/x is no folder", "tmp/x is no folder"},
		{"nothing in /tmp: it is empty", "Nothing in /tmp: it is empty"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[40];

		text_copy(text, sizeof(text), cases[i][0]);
		text_capitalise(text);
		assert_string_equal(text, cases[i][1]);
	}
}

/* How far a mistyped word is from a right one; what is too long for that is far from all. */
static void test_distance(void **state)
{
	char longest[TEXT_DISTANCE_MAX + 2];

	(void)state;
	assert_int_equal(text_distance("pool", "pool"), 0);
	assert_int_equal(text_distance("pol", "pool"), 1);
	memset(longest, 'x', sizeof(longest));
	longest[TEXT_DISTANCE_MAX] = '\0';
	assert_int_equal(text_distance("", longest), TEXT_DISTANCE_MAX);
	longest[TEXT_DISTANCE_MAX] = 'x';
	longest[TEXT_DISTANCE_MAX + 1] = '\0';
	assert_true(text_distance("", longest) == UINT_MAX);
	assert_true(text_distance(longest, "") == UINT_MAX);
}

static void test_mac_in_its_spellings(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x1b, 0x54, 0xca, 0x01, 0x0f};
	static const struct {
		const char *text;
		bool good;
	} row[] = {
		{"00:1b:54:ca:01:0f", true},   {"00-1B-54-CA-01-0F", true},
		{"001b.54ca.010f", true},      {"001B54CA010F", true},
		{"00:1b-54:ca:01:0f", false},  {"00-1b-54-ca-01:0f", false},
		{"001b.54ca:010f", false},     {"001b:54ca:010f", false},
		{"00.1b.54.ca.01.0f", false},  {"00:1b:54:ca:01:0", false},
		{"00:1b:54:ca:01:0f0", false}, {"00:1b:54:ca:01:0g", false},
		{"001B54CA010", false},	       {"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		char *copy = strdup(row[i].text);
		struct mac mac = {{1, 2, 3, 4, 5, 6}};

		if (mac_parse(copy, &mac) != row[i].good)
			fail_msg("`%s' is%s an address", copy, row[i].good ? "" : " not");
		if (row[i].good)
			assert_memory_equal(mac.b, bytes, sizeof(bytes));
		else
			assert_int_equal(mac.b[0], 1);
		free(copy);
	}
}

/* Low byte first; and one byte is not enough for it. */
static void test_little_endian(void **state)
{
	static const uint8_t bytes[] = {0x34, 0x12, 0x78};
	struct reader r = reader_init(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(read_le16(&r), 0x1234);
	assert_true(r.ok);
	assert_int_equal(read_le16(&r), 0);
	assert_false(r.ok);
}

/* What does not fit is not read in part, and after that nothing is read any more. */
static void test_reader_after_its_end(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct reader r;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		r = reader_init(bytes, sizeof(bytes));
		assert_int_equal(reader_left(&r), 3);
		if (i == 0)
			assert_int_equal(read_be32(&r), 0);
		else if (i == 1)
			assert_int_equal(read_le32(&r), 0);
		else if (i == 2)
			assert_null(read_span(&r, 4).data);
		else
			assert_null(read_cstring(&r).data);
		assert_false(r.ok);
		assert_int_equal(reader_left(&r), 0);
		assert_int_equal(read_u8(&r), 0);
		assert_int_equal(read_be16(&r), 0);
	}
	{
		uint8_t into[4] = {9, 9, 9, 9};

		r = reader_init(bytes, sizeof(bytes));
		read_copy(&r, into, sizeof(into));
		assert_false(r.ok);
		assert_memory_equal(into, "\0\0\0\0", 4);
	}
}

static void test_writer_of_each_size(void **state)
{
	static const uint8_t want[] = {0x12, 0x34, 0x56, 0x12, 0x34, 0x56,
				       0x78, 0x78, 0x56, 0x34, 0x12};
	uint8_t out[sizeof(want)];
	struct writer w = writer_init(out, sizeof(out));

	(void)state;
	write_u8(&w, 0x12);
	write_be16(&w, 0x3456);
	write_be32(&w, 0x12345678);
	write_le32(&w, 0x12345678);
	assert_true(w.ok);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
	write_u8(&w, 0);
	assert_false(w.ok);
}

static void test_ip4_in_its_spellings(void **state)
{
	static const char *const bad[] = {"",	      "1.2.3",	   "1..2.3",	".1.2.3",
					  "1.2.3.",   "1.2.3.4.",  "01.2.3.4",	"1.2.3.04",
					  "1.2.00.4", "256.2.3.4", "1.2.3.256", "1.2.3.1000",
					  "1.2.3.4 ", " 1.2.3.4",  "1.2.3.a"};
	uint32_t ip = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (ip4_parse(bad[i], &ip))
			fail_msg("`%s' is an address", bad[i]);
		assert_int_equal(ip, 7);
	}
	assert_true(ip4_parse("0.10.200.255", &ip));
	assert_int_equal(ip, 0x000ac8ff);
}

static void test_spans(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		bool good;
	} row[] = {{"5", 5, 5, true},
		   {"6", 5, 0, false},
		   {"0", 0, 0, true},
		   {"1", 0, 0, false},
		   {"10", 10, 10, true},
		   {"11", 10, 0, false},
		   {"65535", 65535, 65535, true},
		   {"65536", 65535, 0, false},
		   {"", 9, 0, false},
		   {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
		   {"18446744073709551616", UINT64_MAX, 0, false},
		   {"1x", 99, 0, false}};
	struct span s;
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		s = (struct span){(const uint8_t *)row[i].text, strlen(row[i].text)};
		if (span_number(s, row[i].max, &n) != row[i].good ||
		    (row[i].good && n != row[i].value))
			fail_msg("`%s'", row[i].text);
	}
	s = span_trim((struct span){(const uint8_t *)" \ta b\t \txyz", 8});
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a b", 3);
	assert_int_equal(span_trim((struct span){(const uint8_t *)"a\tb", 2}).len, 1);
	assert_int_equal(span_trim((struct span){(const uint8_t *)" \t ", 3}).len, 0);
}

/* FNV-1a, by the vectors of its authors: what is kept by its hash is known again after an update.
 */
static void test_hashes(void **state)
{
	uint8_t *foobar = exact_copy("foobar", 6);

	(void)state;
	assert_true(hash32(HASH32, "", 0) == UINT32_C(0x811c9dc5));
	assert_true(hash32(HASH32, "a", 1) == UINT32_C(0xe40c292c));
	assert_true(hash32(HASH32, foobar, 6) == UINT32_C(0xbf9cf968));
	assert_true(hash64(HASH64, "", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(hash64(HASH64, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash64(HASH64, foobar, 6) == UINT64_C(0x85944171f73967e8));
	free(foobar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_fits_or_says_so),
		cmocka_unit_test(test_append_one_behind_the_other),
		cmocka_unit_test(test_format_and_copy),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_capitalise),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_mac_in_its_spellings),
		cmocka_unit_test(test_little_endian),
		cmocka_unit_test(test_reader_after_its_end),
		cmocka_unit_test(test_writer_of_each_size),
		cmocka_unit_test(test_ip4_in_its_spellings),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
