/* SPDX-License-Identifier: MIT */
/* The words and figures of the live view by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reflashd/view.h"

/* Broken before the edge, at words only; what is longer than a line stands whole. */
static void wrapped(void **state)
{
	char out[80];

	(void)state;
	assert_int_equal(view_wrap("ab cd ef", 0, 0, 2, out, sizeof(out)), 8);
	assert_string_equal(out, "ab cd ef");
	view_wrap("ab cd ef", 8, 0, 2, out, sizeof(out));
	assert_string_equal(out, "ab cd\n  ef");
	view_wrap("ab cd ef", 8, 3, 2, out, sizeof(out));
	assert_string_equal(out, "ab\n  cd ef");
	view_wrap("ab cd ef", 9, 0, 2, out, sizeof(out));
	assert_string_equal(out, "ab cd ef");
	view_wrap("abcdefghij k", 6, 0, 2, out, sizeof(out));
	assert_string_equal(out, "abcdefghij\n  k");
}

static void words(void **state)
{
	static const struct {
		uint64_t n;
		const char *bytes, *duration;
	} cases[] = {
		{0, "0 B", "0:00"},
		{59, "59 B", "0:59"},
		{60, "60 B", "1:00"},
		{999, "999 B", "16:39"},
		{1000, "1 KB", "16:40"},
		{3599, "3 KB", "59:59"},
		{3600, "3 KB", "1:00:00"},
		{359999, "359 KB", "99:59:59"},
		{360000, "360 KB", "4 days"},
		{999999, "999 KB", "11 days"},
		{1000000, "1.0 MB", "11 days"},
		{99999999, "99.9 MB", "1157 days"},
		{100000000, "100 MB", "1157 days"},
		{UINT64_MAX, "18446744073 GB", "213503982334601 days"},
	};
	char bytes[VIEW_BYTES_MAX], duration[VIEW_CLOCK_MAX];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(view_bytes(bytes, cases[i].n), cases[i].bytes);
		assert_string_equal(view_duration(duration, cases[i].n), cases[i].duration);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapped),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
