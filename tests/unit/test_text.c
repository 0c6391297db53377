/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_fits_or_says_so),
		cmocka_unit_test(test_append_one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
