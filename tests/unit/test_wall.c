/* SPDX-License-Identifier: MIT */
/* The clock on the wall is set while a phone writes its flash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reflashd/wall.h"

#define DAY INT64_C(86400000)

static void no_jump(void **state)
{
	struct wall w = {.set = false};

	(void)state;
	assert_int_equal(wall_ms(&w, 1000 * DAY, 5000, false), 1000 * DAY);
	assert_int_equal(wall_ms(&w, 1000 * DAY + 10, 5010, false), 1000 * DAY + 10);
	/* forwards and backwards, while somebody is waited for */
	assert_int_equal(wall_ms(&w, 1060 * DAY, 5020, false), 1000 * DAY + 20);
	assert_int_equal(wall_ms(&w, 3 * DAY, 5030, false), 1000 * DAY + 30);
	/* nobody is: it is set right, and goes on from there */
	assert_int_equal(wall_ms(&w, 1060 * DAY + 20, 5040, true), 1060 * DAY + 20);
	assert_int_equal(wall_ms(&w, 1060 * DAY + 30, 5050, false), 1060 * DAY + 30);
	assert_int_equal(wall_ms(&w, 1061 * DAY, 5060, false), 1060 * DAY + 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_jump)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
