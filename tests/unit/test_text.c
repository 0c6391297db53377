/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "reflashd/address.h"
#include "reflashd/bytes.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_fits_or_says_so),
		cmocka_unit_test(test_append_one_behind_the_other),
		cmocka_unit_test(test_capitalise),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_mac_in_its_spellings),
		cmocka_unit_test(test_little_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
