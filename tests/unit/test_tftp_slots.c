/* SPDX-License-Identifier: MIT */
/*
 * The book-keeping of slots against a model that looks at all of them: whoever is due first is
 * found, the transfers of an address are those and no others, and a slot rests as long as it can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/tftp/slots.h"
#include "synth.h"

#define MOST 40

struct model {
	bool used[MOST];
	struct tftp_peer peer[MOST];
	usec_t wake[MOST];
	unsigned active;
};

static void compare(const struct tftp_server *s, const struct model *m)
{
	usec_t earliest = USEC_NEVER;

	assert_int_equal(s->active, m->active);
	for (uint32_t i = 0; i < MOST; i++)
		if (m->used[i] && m->wake[i] < earliest)
			earliest = m->wake[i];
	assert_true(s->wake == earliest);
	if (m->active > 0)
		assert_true(m->wake[tftp_slots_earliest(s)] == earliest);
	for (uint32_t ip = 0; ip < 6; ip++) {
		unsigned found = 0, there = 0;

		for (uint32_t i = tftp_slots_first(s, ip); i != TFTP_NO_SLOT;
		     i = tftp_slots_next(s, i)) {
			assert_true(i < MOST && m->used[i] && m->peer[i].ip == ip);
			assert_true(++found <= MOST);
		}
		for (uint32_t i = 0; i < MOST; i++)
			there += m->used[i] && m->peer[i].ip == ip;
		assert_int_equal(found, there);
	}
}

static void any_order_of_anything(void **state)
{
	static struct tftp_slot slots[MOST];
	struct synth_random r = {3};

	(void)state;
	for (unsigned size = 1; size <= MOST; size += 1 + size / 3) {
		struct tftp_server s = {.config.max_transfers = size, .slots = slots};
		struct model m = {.active = 0};

		memset(slots, 0, sizeof(slots));
		tftp_slots_init(&s);
		for (unsigned n = 0; n < 3000; n++) {
			uint32_t i = (uint32_t)(synth_next(&r) % size);
			struct tftp_peer peer = {(uint32_t)(synth_next(&r) % 6), (uint16_t)n};

			switch (synth_next(&r) % 4) {
			case 0:
				i = tftp_slots_take(&s, peer);
				assert_int_equal(i == TFTP_NO_SLOT, m.active == size);
				if (i == TFTP_NO_SLOT)
					break;
				assert_true(i < size && !m.used[i]);
				m.used[i] = true;
				m.peer[i] = peer;
				m.wake[i] = USEC_NEVER;
				m.active++;
				break;
			case 1:
				if (!m.used[i] || n % 3)
					break;
				tftp_slots_give(&s, i);
				m.used[i] = false;
				m.active--;
				break;
			default:
				if (!m.used[i])
					break;
				m.wake[i] = 1 + synth_next(&r) % 50;
				tftp_slots_wake(&s, i, m.wake[i]);
			}
			compare(&s, &m);
		}
	}
}

/* First those that were never used, then the one that rested longest. */
static void the_longest_rest(void **state)
{
	static struct tftp_slot slots[4];
	struct tftp_server s = {.config.max_transfers = 4, .slots = slots};
	static const uint32_t order[] = {2, 0, 3, 1};

	(void)state;
	tftp_slots_init(&s);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(tftp_slots_take(&s, (struct tftp_peer){7, 1}), i);
	assert_true(tftp_slots_take(&s, (struct tftp_peer){7, 1}) == TFTP_NO_SLOT);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned n = 0; n < 4; n++)
			tftp_slots_give(&s, order[n]);
		assert_true(s.wake == USEC_NEVER);
		for (unsigned n = 0; n < 4; n++)
			assert_int_equal(tftp_slots_take(&s, (struct tftp_peer){7, 1}), order[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_of_anything),
		cmocka_unit_test(the_longest_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
