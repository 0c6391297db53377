/* SPDX-License-Identifier: MIT */
/*
 * tftp.progress: once a second at most, only when something new was acknowledged, and never on the
 * way of a block that has nothing to tell.
 */
#include "server_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct event *told(const struct server_rig *f)
{
	if (f->out.event_count == 0)
		return NULL;
	assert_int_equal(f->out.event_count, 1);
	assert_int_equal(f->out.events[0].type, EVENT_TFTP_PROGRESS);
	return &f->out.events[0];
}

static void once_a_second(void **state)
{
	struct server_rig *f = *state;
	const struct event *e;
	uint32_t slot;
	uint64_t seen = 0;
	unsigned events = 0;

	server_request(f, server_peer(PHONE, 50000), "size.5120000|octet", T0);
	assert_int_equal(f->out.event_count, 2); /* request and start */
	slot = f->out.slot;
	for (unsigned i = 1; i <= 10000; i++) { /* 2,500 blocks a second: 4 seconds */
		server_ack(f, slot, (uint16_t)i, T0 + i * USEC_SEC(1) / 2500);
		e = told(f);
		if (!e)
			continue;
		events++;
		assert_int_equal(i % 2500, 0);
		assert_true(e->bytes > seen && e->bytes <= e->size);
		seen = e->bytes;
		assert_int_equal(e->bytes, (uint64_t)i * 512);
		assert_int_equal(e->size, 5120000);
		assert_string_equal(e->file, "size.5120000");
		assert_int_equal(e->ip, PHONE);
		assert_int_equal(e->severity, SEVERITY_DEBUG);
	}
	assert_int_equal(events, 4);
	server_ack(f, slot, 10001, T0 + USEC_SEC(5)); /* the end says it all */
	server_assert_closed(f, slot, EVENT_TFTP_COMPLETE);
	assert_int_equal(f->out.event_count, 1);
}

static void only_what_is_new(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 50000), "size.51200|octet", T0);
	slot = f->out.slot;
	server_ack(f, slot, 1, T0 + USEC_SEC(1) - 1);
	assert_null(told(f));
	server_ack(f, slot, 1, T0 + USEC_SEC(2)); /* once more: nothing new */
	assert_null(told(f));
	while (server_tick(f, T0 + USEC_SEC(3))) /* a resend is nothing new */
		assert_null(told(f));
	server_ack(f, slot, 2, T0 + USEC_SEC(4));
	assert_int_equal(told(f)->bytes, 1024);
	server_ack(f, slot, 3, T0 + USEC_SEC(5) - 1);
	assert_null(told(f));
	server_ack(f, slot, 4, T0 + USEC_SEC(5));
	assert_int_equal(told(f)->bytes, 2048);
}

static void each_transfer_its_own(void **state)
{
	struct server_rig *f = *state;
	uint32_t a, b;

	server_request(f, server_peer(PHONE, 50000), "size.51200|octet", T0);
	a = f->out.slot;
	server_request(f, server_peer(OTHER, 50000), "size.51200|octet", T0 + MS(500));
	b = f->out.slot;
	server_ack(f, a, 1, T0 + MS(1000));
	assert_int_equal(told(f)->ip, PHONE);
	server_ack(f, b, 1, T0 + MS(1400));
	assert_null(told(f));
	server_ack(f, b, 2, T0 + MS(1500));
	assert_int_equal(told(f)->ip, OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(once_a_second, server_set_up, server_tear_down),
		cmocka_unit_test_setup_teardown(only_what_is_new, server_set_up, server_tear_down),
		cmocka_unit_test_setup_teardown(each_transfer_its_own, server_set_up,
						server_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
