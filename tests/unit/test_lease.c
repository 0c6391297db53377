/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST  0x0a4f4632u /* 10.79.70.50 */
#define OURS   0x0a4f4601u
#define MINUTE USEC_SEC(60)

static struct lease slots[LEASE_POOL_MAX];
static uint16_t index_space[4 * LEASE_POOL_MAX];
static struct lease_table t;

static void pool(unsigned n)
{
	lease_table_init(&t, FIRST, FIRST + n - 1, slots, index_space, lease_index_size(n));
}

static struct mac phone(unsigned n)
{
	return (struct mac){{0x00, 0x1b, 0x54, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static uint32_t bind(unsigned n, usec_t now, usec_t length)
{
	struct lease *l = lease_choose(&t, phone(n), 0, OURS, now);

	if (!l)
		return 0;
	lease_set(&t, l, phone(n), LEASE_BOUND, now + length);
	return l->ip;
}

/* Everything that must hold after any operation, by looking at every slot. */
static void check(void)
{
	unsigned i, listed = 0, used = 0;
	int state;

	for (i = 0; i < t.count; i++) {
		struct lease *l = &slots[i];
		bool is_free = t.free_map[i / 64] >> (i % 64) & 1;

		assert_int_equal(l->ip, FIRST + i);
		assert_int_equal(is_free, l->state == LEASE_FREE);
		if (l->state == LEASE_FREE || l->state == LEASE_DECLINED)
			assert_true(mac_is_zero(l->mac));
		else
			assert_ptr_equal(lease_find_mac(&t, l->mac), l);
		used += l->state != LEASE_FREE;
	}
	for (state = LEASE_OFFERED; state <= LEASE_DECLINED; state++) {
		uint16_t at = t.by_expiry[state].first, before = 0xffff;
		usec_t expires = 0;

		for (; at != 0xffff; before = at, at = slots[at].later, listed++) {
			assert_int_equal(slots[at].state, state);
			assert_int_equal(slots[at].earlier, before);
			assert_true(slots[at].expires >= expires);
			expires = slots[at].expires;
			assert_true(listed < t.count);
		}
		assert_int_equal(t.by_expiry[state].last, before);
	}
	assert_int_equal(listed, used);
}

static void test_index_size(void **state)
{
	static const struct {
		unsigned n, want;
	} cases[] = {{1, 4},	 {2, 8},       {3, 8},	      {4, 16},
		     {201, 512}, {2047, 4096}, {4096, 16384}, {8192, 32768}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(lease_index_size(cases[i].n), cases[i].want);
}

/* The places of these phones must never change: a new hash would move every phone there is. */
static void test_place_is_for_ever(void **state)
{
	static const struct {
		unsigned phone;
		uint32_t ip;
	} cases[] = {{1, FIRST + 187}, {2, FIRST + 14}, {0xca7970, FIRST + 96}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		pool(201);
		assert_int_equal(bind(cases[i].phone, 0, MINUTE), cases[i].ip);
	}
}

static void test_choice(void **state)
{
	struct lease *a, *b;

	(void)state;
	pool(201);
	a = lease_choose(&t, phone(1), 0, OURS, 0);
	assert_ptr_equal(lease_choose(&t, phone(1), 0, OURS, 5), a); /* looking changes nothing */
	/* The wanted address, if it is in the pool and never used. */
	b = lease_choose(&t, phone(1), FIRST + 7, OURS, 0);
	assert_int_equal(b->ip, FIRST + 7);
	assert_ptr_equal(lease_choose(&t, phone(1), FIRST - 1, OURS, 0), a);
	assert_ptr_equal(lease_choose(&t, phone(1), FIRST + 201, OURS, 0), a);
	assert_ptr_equal(lease_choose(&t, phone(1), FIRST + 7, FIRST + 7, 0), a);
	lease_set(&t, b, phone(2), LEASE_BOUND, MINUTE);
	assert_ptr_equal(lease_choose(&t, phone(1), FIRST + 7, OURS, 2 * MINUTE), a);
	/* What it has comes before what it wants, long after its time, whatever the state. */
	assert_ptr_equal(lease_choose(&t, phone(2), FIRST + 9, OURS, 9 * MINUTE), b);
	lease_set(&t, b, phone(2), LEASE_RELEASED, 0);
	assert_ptr_equal(lease_choose(&t, phone(2), FIRST + 9, OURS, 9 * MINUTE), b);
	/* But not when that is our address now. */
	assert_true(lease_choose(&t, phone(2), 0, b->ip, 0)->ip != b->ip);
	check();
}

static void test_one_lease_a_phone(void **state)
{
	(void)state;
	pool(8);
	lease_set(&t, &slots[2], phone(1), LEASE_BOUND, MINUTE);
	lease_set(&t, &slots[5], phone(1), LEASE_OFFERED, MINUTE);
	assert_int_equal(slots[2].state, LEASE_FREE);
	assert_ptr_equal(lease_find_mac(&t, phone(1)), &slots[5]);
	check();
	lease_set(&t, &slots[5], phone(2), LEASE_BOUND, MINUTE); /* and a slot has one phone */
	assert_null(lease_find_mac(&t, phone(1)));
	check();
	lease_set(&t, &slots[5], phone(2), LEASE_DECLINED, MINUTE);
	assert_null(lease_find_mac(&t, phone(2)));
	check();
	lease_set(&t, &slots[5], phone(3), LEASE_FREE, MINUTE);
	assert_int_equal(slots[5].state, LEASE_FREE);
	check();
	assert_null(lease_find_ip(&t, FIRST - 1));
	assert_ptr_equal(lease_find_ip(&t, FIRST), &slots[0]);
	assert_ptr_equal(lease_find_ip(&t, FIRST + 7), &slots[7]);
	assert_null(lease_find_ip(&t, FIRST + 8));
}

/* Sizes around the words of the map; the pool is filled, then nobody else gets in. */
static void test_full(void **state)
{
	static const unsigned sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, 4095, 4096, 8191, 8192};
	size_t i;
	unsigned n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		uint32_t reserved = FIRST + sizes[i] / 2;

		pool(sizes[i]);
		for (n = 0; n + 1 < sizes[i]; n++) {
			struct lease *l = lease_choose(&t, phone(n), 0, reserved, 0);

			assert_non_null(l);
			assert_int_equal(l->state, LEASE_FREE);
			assert_int_not_equal(l->ip, reserved);
			lease_set(&t, l, phone(n), LEASE_BOUND, MINUTE);
		}
		assert_null(lease_choose(&t, phone(n), 0, reserved, MINUTE - 1));
		assert_null(lease_choose(&t, phone(n), reserved, reserved, MINUTE - 1));
		assert_int_equal(lease_choose(&t, phone(n), 0, OURS, 0)->ip, reserved);
		check();
	}
}

static void test_who_loses(void **state)
{
	(void)state;
	pool(6);
	lease_set(&t, &slots[0], phone(0), LEASE_BOUND, 5 * MINUTE);
	lease_set(&t, &slots[1], phone(1), LEASE_BOUND, 2 * MINUTE);
	lease_set(&t, &slots[2], phone(2), LEASE_RELEASED, 1 * MINUTE);
	lease_set(&t, &slots[3], phone(3), LEASE_DECLINED, 3 * MINUTE);
	lease_set(&t, &slots[4], phone(4), LEASE_OFFERED, 4 * MINUTE);
	lease_set(&t, &slots[5], phone(5), LEASE_OFFERED, 9 * MINUTE);
	check();
	/* Nothing is over: the offer that ends first. */
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 0), &slots[4]);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, slots[4].ip, 0), &slots[5]);
	/* What ran out first. */
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 1 * MINUTE), &slots[2]);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 3 * MINUTE), &slots[2]);
	/* An offer that nobody took, even if others ran out before it. */
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 4 * MINUTE), &slots[4]);
	lease_set(&t, &slots[4], phone(4), LEASE_BOUND, 9 * MINUTE);
	lease_set(&t, &slots[2], phone(2), LEASE_BOUND, 9 * MINUTE);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 3 * MINUTE), &slots[1]);
	lease_set(&t, &slots[1], phone(1), LEASE_BOUND, 9 * MINUTE);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 3 * MINUTE), &slots[3]);
	lease_set(&t, &slots[3], phone(3), LEASE_DECLINED, USEC_NEVER);
	lease_set(&t, &slots[5], phone(5), LEASE_BOUND, 9 * MINUTE);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 5 * MINUTE), &slots[0]);
	lease_set(&t, &slots[0], phone(0), LEASE_BOUND, USEC_NEVER);
	assert_null(lease_choose(&t, phone(9), 0, OURS, 9 * MINUTE - 1));
	/* What was declined longest ago, for a phone that would get nothing else. */
	lease_set(&t, &slots[3], phone(3), LEASE_DECLINED, 8 * MINUTE);
	lease_set(&t, &slots[2], phone(2), LEASE_DECLINED, 7 * MINUTE);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, OURS, 1), &slots[2]);
	assert_ptr_equal(lease_choose(&t, phone(9), 0, slots[2].ip, 1), &slots[3]);
	assert_null(lease_choose_guest(&t, phone(9), 0, OURS, 0, 1));
	check();
}

/* A phone with a lease keeps it however many MACs a flood invents. */
static void test_flood(void **state)
{
	uint32_t ip;
	unsigned i;

	(void)state;
	pool(201);
	ip = bind(7, 0, USEC_SEC(3600));
	for (i = 0; i < 20000; i++) {
		struct lease *l = lease_choose(&t, phone(1000 + i), ip, OURS, USEC_MS(i));

		assert_non_null(l);
		assert_int_not_equal(l->ip, ip);
		lease_set(&t, l, phone(1000 + i), LEASE_OFFERED, USEC_MS(i) + MINUTE);
	}
	check();
	assert_int_equal(lease_find_mac(&t, phone(7))->ip, ip);
	assert_non_null(lease_choose(&t, phone(8), 0, OURS, USEC_MS(20000)));
}

static uint64_t seed;

static unsigned dice(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void test_random(void **state)
{
	usec_t now = 0;
	unsigned i;

	(void)state;
	for (seed = 1; seed < 40; seed += 13) {
		pool(1 + dice(90));
		for (i = 0; i < 4000; i++) {
			struct mac mac = phone(dice(150));
			struct lease *had = lease_find_mac(&t, mac);
			struct lease *l = lease_choose(&t, mac, FIRST + dice(100), OURS, now);

			now += USEC_SEC(dice(20));
			if (had)
				assert_ptr_equal(l, had);
			if (!l)
				continue;
			assert_true(!(l->state == LEASE_BOUND && l->expires > now) || l == had);
			lease_set(&t, l, mac, (enum lease_state)dice(5), now + USEC_SEC(dice(600)));
			check();
		}
	}
}

static void test_save_and_load(void **state)
{
	struct fault f;
	char *text, *again;
	uint32_t ip[300];
	unsigned i;

	(void)state;
	pool(300);
	for (i = 0; i < 200; i++)
		ip[i] = bind(i, USEC_SEC(i), USEC_SEC(3600));
	lease_set(&t, lease_find_mac(&t, phone(3)), phone(3), LEASE_RELEASED, USEC_SEC(9));
	lease_set(&t, lease_find_mac(&t, phone(4)), phone(4), LEASE_BOUND, USEC_NEVER);
	lease_set(&t, lease_find_mac(&t, phone(5)), phone(5), LEASE_OFFERED, USEC_SEC(5000));
	lease_set(&t, lease_find_mac(&t, phone(6)), phone(6), LEASE_DECLINED, USEC_SEC(5000));
	text = lease_table_save(&t, USEC_SEC(1000));
	assert_non_null(text);
	pool(300);
	/* Another clock: only the time that was left counts. */
	assert_int_equal(lease_table_load(&t, "leases", text, strlen(text), USEC_SEC(7), &f), 0);
	check();
	for (i = 0; i < 200; i++) {
		struct lease *l = lease_find_mac(&t, phone(i));

		if (i == 5 || i == 6) {
			assert_null(l);
			continue;
		}
		assert_non_null(l);
		assert_int_equal(l->ip, ip[i]);
		assert_int_equal(l->state, i == 3 ? LEASE_RELEASED : LEASE_BOUND);
		if (i == 4)
			assert_true(l->expires == USEC_NEVER);
		else
			assert_int_equal(l->expires, USEC_SEC(i == 3 ? 7 : 7 + i + 2600));
	}
	again = lease_table_save(&t, USEC_SEC(7));
	assert_string_equal(text, again);
	free(again);
	free(text);
}

static void test_save_golden(void **state)
{
	char *text;

	(void)state;
	pool(4);
	text = lease_table_save(&t, 0);
	assert_string_equal(text, "");
	free(text);
	lease_set(&t, &slots[2], phone(0xca0102), LEASE_BOUND, USEC_MS(3541001));
	lease_set(&t, &slots[0], phone(0xca0103), LEASE_RELEASED, 0);
	text = lease_table_save(&t, 5000);
	assert_string_equal(text, "00:1b:54:ca:01:03 10.79.70.50 released 0\n"
				  "00:1b:54:ca:01:02 10.79.70.52 bound 3541\n");
	free(text);
}

#define GOOD "00:1b:54:00:00:01 10.79.70.50 bound 60\n"

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		unsigned line; /* 0: fine */
		unsigned leases;
	} cases[] = {
		{"", 0, 0},
		{GOOD, 0, 1},
		{"# a remark\n\n" GOOD, 0, 1},
		{"00:1b:54:00:00:01 10.79.70.49 bound 60\n", 0, 0}, /* not in the pool any more */
		{"00:1b:54:00:00:01 10.79.70.53 bound 4294967295\n", 0, 1},
		{"00:1b:54:00:00:01 10.79.70.53 bound 4294967296\n", 1, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 bound 6", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 bound\n", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 bound 60 1\n", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 bound 60 \n", 2, 0},
		{GOOD " 00:1b:54:00:00:02 10.79.70.51 bound 60\n", 2, 0},
		{GOOD "00:1b:54:00:00:02  10.79.70.51 bound 60\n", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 bound 60\r\n", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 bound -1\n", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.51 offered 60\n", 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.551 bound 60\n", 2, 0},
		{GOOD "00:1b:54:00:00 10.79.70.51 bound 60\n", 2, 0},
		{GOOD "00:00:00:00:00:00 10.79.70.51 bound 60\n", 2, 0},
		{GOOD "01:1b:54:00:00:02 10.79.70.51 bound 60\n", 2, 0},
		{GOOD "\nrubbish\n", 3, 0},
		{GOOD GOOD, 2, 0},
		{GOOD "00:1b:54:00:00:02 10.79.70.50 bound 60\n", 2, 0}, /* one address twice */
		{GOOD "00:1b:54:00:00:01 10.79.70.51 bound 60\n", 2, 0}, /* one phone twice */
		{GOOD "#0123456789012345678901234567890123456789012345678901234567890123456789"
		      "012345678\n",
		 2, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct fault f = {0, ""};
		char want[32];
		unsigned n, found = 0;
		int err;

		pool(4);
		err = lease_table_load(&t, "/x/leases", cases[i].text, strlen(cases[i].text), 0,
				       &f);
		for (n = 0; n < t.count; n++)
			found += slots[n].state != LEASE_FREE;
		snprintf(want, sizeof(want), "line %u ", cases[i].line);
		if ((err == 0) != (cases[i].line == 0) || found != cases[i].leases ||
		    (err && (!strstr(f.text, want) || !strstr(f.text, "/x/leases"))))
			fail_msg("case %zu: %d, %u leases, %s", i, err, found, f.text);
		check();
	}
}

/* A file that a power cut left short, from exact heap copies: whole, or refused whole. */
static void test_every_prefix(void **state)
{
	static const char text[] = GOOD "00:1b:54:00:00:02 10.79.70.51 released 0\n";
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text); len++) {
		char *copy = exact_copy(text, len);
		struct fault f;
		int err;

		pool(4);
		err = lease_table_load(&t, "leases", copy, len, 0, &f);
		free(copy);
		assert_int_equal(err == 0, len == 0 || text[len - 1] == '\n');
		assert_int_equal(lease_find_mac(&t, phone(1)) != NULL,
				 err == 0 && len >= sizeof(GOOD) - 1);
	}
}

static void test_nul_in_file(void **state)
{
	struct fault f;

	(void)state;
	pool(4);
	assert_true(lease_table_load(&t, "leases", GOOD "\0\n", sizeof(GOOD) + 1, 0, &f) < 0);
	check();
}

/* What was taken out of the pool for good stays out, whatever the file says. */
static void test_load_around_own_address(void **state)
{
	struct fault f;

	(void)state;
	pool(4);
	lease_set(&t, &slots[0], phone(0), LEASE_DECLINED, USEC_NEVER);
	assert_int_equal(lease_table_load(&t, "leases", GOOD, strlen(GOOD), 0, &f), 0);
	assert_null(lease_find_mac(&t, phone(1)));
	check();
}

/* What is on disk about a lease is forgotten with its owner, and shrinks when he lets go. */
static void test_what_is_written_of_it(void **state)
{
	static const struct {
		enum lease_state next;
		unsigned owner;
		usec_t before, after;
	} row[] = {
		{LEASE_BOUND, 1, 77, 77},   {LEASE_OFFERED, 1, 77, 77}, {LEASE_RELEASED, 1, 77, 1},
		{LEASE_RELEASED, 1, 0, 0},  {LEASE_BOUND, 2, 77, 0},	{LEASE_OFFERED, 2, 77, 0},
		{LEASE_RELEASED, 2, 77, 0}, {LEASE_DECLINED, 1, 77, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct lease *l;

		pool(4);
		l = lease_find_ip(&t, bind(1, 0, MINUTE));
		assert_non_null(l);
		l->kept = row[i].before;
		lease_set(&t, l, phone(row[i].owner), row[i].next, MINUTE);
		if (l->kept != row[i].after)
			fail_msg("row %zu: %lld", i, (long long)l->kept);
		check();
	}
}

/* The longest lease that ends is written to the second; from there on it is for ever. */
static void test_save_long_leases(void **state)
{
	static const usec_t last = USEC_SEC(UINT64_C(4294967294));
	char *text;

	(void)state;
	pool(4);
	lease_set(&t, &slots[0], phone(1), LEASE_BOUND, last);
	lease_set(&t, &slots[1], phone(2), LEASE_BOUND, last + 1);
	lease_set(&t, &slots[2], phone(3), LEASE_BOUND, last + USEC_SEC(1) + 1);
	lease_set(&t, &slots[3], phone(4), LEASE_BOUND, USEC_NEVER);
	text = lease_table_save(&t, 0);
	assert_string_equal(text, "00:1b:54:00:00:01 10.79.70.50 bound 4294967294\n"
				  "00:1b:54:00:00:02 10.79.70.51 bound 4294967295\n"
				  "00:1b:54:00:00:03 10.79.70.52 bound 4294967295\n"
				  "00:1b:54:00:00:04 10.79.70.53 bound 4294967295\n");
	free(text);
}

/* A word that we never write, in the first line: nothing else is wrong with the file. */
static void test_other_words(void **state)
{
	static const char *const word[] = {"offered", "declined", "free",    "Bound",
					   "boun",    "bounds",	  "release", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(word); i++) {
		struct fault f = {0, ""};
		char text[80];

		pool(4);
		snprintf(text, sizeof(text), "00:1b:54:00:00:01 10.79.70.50 %s 60\n", word[i]);
		if (lease_table_load(&t, "leases", text, strlen(text), 0, &f) == 0)
			fail_msg("\"%s\" was believed", word[i]);
		assert_null(lease_find_mac(&t, phone(1)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_of_it),
		cmocka_unit_test(test_index_size),
		cmocka_unit_test(test_place_is_for_ever),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_one_lease_a_phone),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_who_loses),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_save_and_load),
		cmocka_unit_test(test_save_golden),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_nul_in_file),
		cmocka_unit_test(test_load_around_own_address),
		cmocka_unit_test(test_save_long_leases),
		cmocka_unit_test(test_other_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
