/* SPDX-License-Identifier: MIT */
/* The least of many numbers, against looking at all of them; and that it does not look at all. */
#include "reflashd/least.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 64

static void nobody(void **state)
{
	int64_t node[LEAST_NODES(4)];
	struct least l;

	(void)state;
	least_init(&l);
	assert_true(least_key(&l, node) == LEAST_NONE);
	least_set(&l, node, 3, LEAST_NONE); /* takes no part, and makes no place */
	assert_int_equal(l.leaves, 0);
	least_set(&l, node, 0, 7);
	assert_int_equal(l.leaves, 1);
	assert_int_equal(least_key(&l, node), 7);
	assert_int_equal(least_first(&l, node), 0);
	least_set(&l, node, 3, INT64_MIN);
	assert_int_equal(l.leaves, 4);
	assert_true(least_key(&l, node) == INT64_MIN);
	assert_int_equal(least_first(&l, node), 3);
	least_set(&l, node, 3, LEAST_NONE);
	least_set(&l, node, 0, LEAST_NONE);
	assert_true(least_key(&l, node) == LEAST_NONE);
}

/* Every size, and numbers that come, change and go; exactly as many nodes as promised. */
static void any_order(void **state)
{
	uint32_t r = 1;

	(void)state;
	for (unsigned size = 1; size <= MOST; size *= 2) {
		int64_t *node = malloc(LEAST_NODES(size) * sizeof(*node)), key[MOST];
		struct least l;

		assert_non_null(node);
		least_init(&l);
		for (unsigned i = 0; i < MOST; i++)
			key[i] = LEAST_NONE;
		for (unsigned turn = 0; turn < 4000; turn++) {
			unsigned i, first = 0;

			r = r * 1664525u + 1013904223u;
			i = (r >> 8) % size;
			key[i] = r >> 28 == 0 ? LEAST_NONE : (int64_t)(r >> 16) % 50 - 20;
			least_set(&l, node, i, key[i]);
			for (i = 1; i < size; i++)
				if (key[i] < key[first])
					first = i;
			assert_true(least_key(&l, node) == key[first]);
			if (key[first] != LEAST_NONE)
				assert_int_equal(least_first(&l, node), first);
		}
		free(node);
	}
}

/* What lies beyond the numbers in use is not touched: a table of thousands stays unused memory. */
static void untouched(void **state)
{
	static int64_t node[LEAST_NODES(1024)];
	struct least l;

	(void)state;
	memset(node, 0x5a, sizeof(node));
	least_init(&l);
	for (unsigned i = 0; i < 5; i++)
		least_set(&l, node, i, 100 - (int64_t)i);
	assert_int_equal(least_first(&l, node), 4);
	for (unsigned i = LEAST_NODES(8); i < LEAST_NODES(1024); i++)
		assert_true(node[i] == 0x5a5a5a5a5a5a5a5a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody),
		cmocka_unit_test(any_order),
		cmocka_unit_test(untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
