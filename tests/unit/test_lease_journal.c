/* SPDX-License-Identifier: MIT */
/*
 * The journal of the leases: whatever happened to the table, the text of an earlier table and the
 * lines since then give the same addresses back; cut anywhere, they give what was promised by then.
 */
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

#define FIRST 0x0a4f4632u /* 10.79.70.50 */
#define POOL  24u
#define STEPS 400u
#define HOUR  USEC_SEC(3600)

struct table {
	struct lease slots[POOL];
	uint16_t index[128];
	struct lease_table t;
};

static struct table live, again;

static void begin(struct table *x)
{
	lease_table_init(&x->t, FIRST, FIRST + POOL - 1, x->slots, x->index,
			 lease_index_size(POOL));
}

static struct mac phone(unsigned n)
{
	return (struct mac){{0x00, 0x1b, 0x54, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

/* Who has which address, and from when on it may be given away, must not be forgotten. */
static void assert_remembers(const struct table *x, const struct table *want)
{
	for (unsigned i = 0; i < POOL; i++) {
		const struct lease *a = &x->slots[i], *b = &want->slots[i];

		if (b->state == LEASE_BOUND) {
			assert_int_equal(a->state, LEASE_BOUND);
			assert_true(mac_equal(a->mac, b->mac));
			assert_true(a->expires >= b->expires);
		} else if (b->state == LEASE_RELEASED) {
			assert_int_equal(a->state, LEASE_RELEASED);
			assert_true(mac_equal(a->mac, b->mac));
		} else {
			assert_true(a->state == LEASE_FREE);
		}
	}
}

static void load(struct table *x, const char *table, const char *journal, size_t len, usec_t now)
{
	struct fault f;
	char *copy = exact_copy(journal, len);

	begin(x);
	assert_int_equal(lease_table_load(&x->t, "leases", table, strlen(table), now, &f), 0);
	lease_journal_replay(&x->t, copy, len, now);
	free(copy);
}

static unsigned seed;

static unsigned roll(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* One change as the server makes it; the lease that changed. */
static struct lease *step(usec_t now)
{
	struct mac who = phone(roll(40));
	struct lease *l = lease_choose(&live.t, who, FIRST + roll(POOL), 0, now);

	if (!l)
		return NULL;
	switch (roll(8)) {
	case 0: lease_set(&live.t, l, who, LEASE_RELEASED, now); break;
	case 1: lease_set(&live.t, l, who, LEASE_FREE, 0); break;
	default: lease_set(&live.t, l, who, LEASE_BOUND, now + HOUR); break;
	}
	return l;
}

static void test_any_story_is_remembered(void **state)
{
	static char journal[STEPS * LEASE_LINE_MAX];
	static size_t end[STEPS];
	static struct table then[STEPS];

	(void)state;
	for (unsigned story = 0; story < 60; story++) {
		usec_t now = USEC_SEC(1000);
		size_t len = 0;
		unsigned lines = 0;
		char *table = NULL, *newer;

		seed = story;
		begin(&live);
		for (unsigned i = 0; i < STEPS; i++) {
			struct lease *l;

			if (i == STEPS / 4) {
				table = lease_table_save(&live.t, now);
				assert_non_null(table);
			}
			now += USEC_SEC(roll(300));
			l = step(now);
			if (!table || !l)
				continue;
			len += lease_line_write(l, now, journal + len, &l->kept);
			then[lines] = live;
			end[lines++] = len;
		}
		load(&again, table, journal, len, now);
		assert_remembers(&again, &live);
		/* The old journal upon the table that was made of it: a kill between the two. */
		newer = lease_table_save(&live.t, now);
		load(&again, newer, journal, len, now);
		assert_remembers(&again, &live);
		/* Torn anywhere. */
		for (size_t cut = 0, n = 0; story < 2 && cut < len; cut++) {
			n += n < lines && end[n] <= cut;
			load(&again, table, journal, cut, now);
			if (n)
				assert_remembers(&again, &then[n - 1]);
		}
		free(table);
		free(newer);
	}
}

static void test_a_line_in_full(void **state)
{
	char line[LEASE_LINE_MAX + 1] = "";
	usec_t kept = 1;

	(void)state;
	begin(&live);
	lease_set(&live.t, &live.slots[3], phone(7), LEASE_BOUND, HOUR + 5);
	line[lease_line_write(&live.slots[3], 5, line, &kept)] = '\0';
	/* crc32("00:1b:54:00:00:07 10.79.70.53 bound 7200"), as zlib says */
	assert_string_equal(line, "97425189 00:1b:54:00:00:07 10.79.70.53 bound 7200\n");
	assert_true(kept == 2 * HOUR + 5);
	lease_set(&live.t, &live.slots[3], phone(7), LEASE_DECLINED, USEC_SEC(600));
	line[lease_line_write(&live.slots[3], 5, line, &kept)] = '\0';
	assert_string_equal(line, "19aa97aa - 10.79.70.53 free 0\n");
	assert_true(kept == 0);
}

/* The longest there can be, and for ever stays for ever. */
static void test_long_lines(void **state)
{
	char line[LEASE_LINE_MAX + 1];
	usec_t kept;
	size_t n;

	(void)state;
	lease_table_init(&live.t, 0xdededede, 0xdedededf, live.slots, live.index, 16);
	lease_set(&live.t, &live.slots[0], phone(7), LEASE_BOUND, USEC_SEC(UINT32_MAX - 1));
	n = lease_line_write(&live.slots[0], 0, line, &kept);
	assert_true(n < LEASE_LINE_MAX);
	assert_true(kept == USEC_SEC(UINT32_MAX - 1));
	lease_set(&live.t, &live.slots[0], phone(7), LEASE_BOUND, USEC_NEVER);
	n = lease_line_write(&live.slots[0], 0, line, &kept);
	assert_true(n < LEASE_LINE_MAX && kept == USEC_NEVER);
}

/* A flipped bit, zeros behind, a line that is none: everything before is believed, nothing after.
 */
static void test_damage(void **state)
{
	char text[4 * LEASE_LINE_MAX] = "";
	size_t len = 0, first;
	usec_t kept;

	(void)state;
	begin(&live);
	lease_set(&live.t, &live.slots[0], phone(1), LEASE_BOUND, HOUR);
	lease_set(&live.t, &live.slots[1], phone(2), LEASE_BOUND, HOUR);
	first = len = lease_line_write(&live.slots[0], 0, text, &kept);
	len += lease_line_write(&live.slots[1], 0, text + len, &kept);
	for (size_t at = 0; at < sizeof(text); at++) {
		unsigned n;

		text[at] ^= 4;
		begin(&again);
		n = lease_journal_replay(&again.t, text, sizeof(text), 0);
		assert_int_equal(n, at < first ? 0 : at < len ? 1 : 2);
		assert_int_equal(again.slots[0].state == LEASE_BOUND, at >= first);
		text[at] ^= 4;
	}
}

/* Lines whose sum is right: one of another pool changes nothing, one that is no lease ends it. */
static void test_lines_of_others(void **state)
{
	static const char odd[] = "b57b438c no lease at all, but a right sum\n";
	char text[3 * LEASE_LINE_MAX];
	size_t len;
	usec_t kept;

	(void)state;
	lease_table_init(&live.t, FIRST + 256, FIRST + 256 + POOL - 1, live.slots, live.index,
			 lease_index_size(POOL));
	lease_set(&live.t, &live.slots[0], phone(1), LEASE_BOUND, HOUR);
	len = lease_line_write(&live.slots[0], 0, text, &kept);
	begin(&live);
	lease_set(&live.t, &live.slots[0], phone(2), LEASE_BOUND, HOUR);
	len += lease_line_write(&live.slots[0], 0, text + len, &kept);
	begin(&again);
	assert_int_equal(lease_journal_replay(&again.t, text, len, 0), 2);
	assert_true(mac_equal(again.slots[0].mac, phone(2)));
	memmove(text + strlen(odd), text, len);
	memcpy(text, odd, strlen(odd));
	begin(&again);
	assert_int_equal(lease_journal_replay(&again.t, text, len + strlen(odd), 0), 0);
	assert_int_equal(again.slots[0].state, LEASE_FREE);
}

/* What the disk says of an address ends with its owner. */
static void test_kept_follows_the_owner(void **state)
{
	struct lease *l = &live.slots[0];

	(void)state;
	begin(&live);
	lease_set(&live.t, l, phone(1), LEASE_BOUND, HOUR);
	l->kept = 2 * HOUR;
	lease_set(&live.t, l, phone(1), LEASE_BOUND, HOUR + 1);
	assert_true(l->kept == 2 * HOUR);
	lease_set(&live.t, l, phone(1), LEASE_OFFERED, HOUR);
	assert_true(l->kept == 2 * HOUR);
	lease_set(&live.t, l, phone(1), LEASE_RELEASED, HOUR);
	assert_true(l->kept == 1);
	lease_set(&live.t, l, phone(1), LEASE_BOUND, HOUR);
	assert_true(l->kept == 1);
	lease_set(&live.t, l, phone(2), LEASE_BOUND, HOUR);
	assert_true(l->kept == 0);
}

/* An old phone that was only offered its address again is not forgotten by the next table. */
static void test_offered_again_is_saved(void **state)
{
	char *text;

	(void)state;
	begin(&live);
	lease_set(&live.t, &live.slots[0], phone(1), LEASE_OFFERED, HOUR);
	live.slots[0].kept = 1;
	lease_set(&live.t, &live.slots[1], phone(2), LEASE_OFFERED, HOUR);
	text = lease_table_save(&live.t, 0);
	assert_string_equal(text, "00:1b:54:00:00:01 10.79.70.50 released 0\n");
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_story_is_remembered),
		cmocka_unit_test(test_a_line_in_full),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_lines_of_others),
		cmocka_unit_test(test_kept_follows_the_owner),
		cmocka_unit_test(test_offered_again_is_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
