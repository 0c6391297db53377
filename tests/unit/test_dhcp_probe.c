/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/dhcp_probe.h"
#include "reflashd/dhcp_server.h"

#include <stdlib.h>
#include <string.h>

#define OURS  0x0a4f4601u
#define RIVAL 0xc0a80101u
#define START USEC_SEC(1000)

static const struct mac own_mac = {{0x02, 0x72, 0x66, 0x6c, 0x73, 0x68}};
static struct dhcp_probe probe;
static struct dhcp_probe_out out;

static void begin(void)
{
	dhcp_probe_init(&probe, own_mac, 0x1234abcd, OURS, START);
}

/* Wakes the probe whenever it asks for it, until then. Returns how often it sent. */
static unsigned run_until(usec_t until)
{
	unsigned sent = 0;

	while (dhcp_probe_deadline(&probe) <= until) {
		dhcp_probe_tick(&probe, dhcp_probe_deadline(&probe), &out);
		sent += out.len > 0;
	}
	return sent;
}

static size_t answer(uint8_t *data, uint8_t op, int message, uint32_t server)
{
	struct dhcp_packet h = {.op = op, .htype = 1, .hlen = 6, .xid = 99, .mac = own_mac};
	struct dhcp_writer w = dhcp_writer_init(data, DHCP_BOOTP_MIN, &h, NULL, NULL);

	if (message)
		dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, (uint8_t)message);
	if (server)
		dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, server);
	return dhcp_writer_finish(&w);
}

static void test_nobody(void **state)
{
	(void)state;
	begin();
	assert_int_equal(dhcp_probe_deadline(&probe), START);
	assert_int_equal(run_until(START + DHCP_PROBE_FIRST - 1), 2);
	assert_int_equal(probe.state, DHCP_PROBE_WAITING);
	assert_int_equal(dhcp_probe_deadline(&probe), START + DHCP_PROBE_FIRST);
	assert_int_equal(run_until(START + DHCP_PROBE_FIRST), 0);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
	assert_int_equal(run_until(START + DHCP_PROBE_ALL - 1), 1);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
	assert_int_equal(run_until(START + DHCP_PROBE_ALL), 0);
	assert_int_equal(probe.state, DHCP_PROBE_ALONE);
	assert_true(dhcp_probe_deadline(&probe) == USEC_NEVER);
	dhcp_probe_tick(&probe, START + USEC_SEC(99), &out);
	assert_int_equal(out.len, 0);
}

static void test_discover(void **state)
{
	/* clang-format off */
	static const uint8_t want[300] = {
		1, 1, 6, 0, 0x12, 0x34, 0xab, 0xcd, 0, 0, 0x80, 0,
		[28] = 0x02, 0x72, 0x66, 0x6c, 0x73, 0x68,
		[236] = 0x63, 0x82, 0x53, 0x63,
		53, 1, 1, 55, 5, 1, 3, 6, 66, 150, 255,
	};
	/* clang-format on */
	struct dhcp_packet q;

	(void)state;
	begin();
	dhcp_probe_tick(&probe, START, &out);
	assert_int_equal(out.len, sizeof(want));
	assert_memory_equal(out.data, want, sizeof(want));
	/* A server that leases to phones only must answer it too. */
	assert_int_equal(dhcp_packet_parse(&q, out.data, out.len), DHCP_PARSE_OK);
	assert_true(dhcp_is_phone(&q));
	dhcp_probe_tick(&probe, START + USEC_MS(30), &out);
	assert_memory_equal(out.data, want, sizeof(want));
	dhcp_probe_tick(&probe, START + USEC_MS(80), &out);
	dhcp_probe_tick(&probe, START + USEC_MS(1500), &out);
	assert_int_equal(out.len, sizeof(want));
	assert_int_equal(out.data[9], 10); /* claims to have waited */
}

/* Another look while we serve: one question, which claims to have waited, and five seconds. */
static void test_once(void **state)
{
	uint8_t data[DHCP_BOOTP_MIN];
	size_t len;

	(void)state;
	dhcp_probe_init_once(&probe, own_mac, 0x1234abcd, OURS, START);
	dhcp_probe_tick(&probe, START, &out);
	assert_int_equal(out.len, 300);
	assert_int_equal(out.data[9], 10);
	assert_int_equal(probe.state, DHCP_PROBE_WAITING);
	assert_int_equal(run_until(START + DHCP_PROBE_ALL - 1), 0);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
	assert_int_equal(run_until(START + DHCP_PROBE_ALL), 0);
	assert_int_equal(probe.state, DHCP_PROBE_ALONE);

	dhcp_probe_init_once(&probe, own_mac, 0x1234abcd, OURS, START);
	dhcp_probe_tick(&probe, START, &out);
	len = answer(data, 2, DHCP_OFFER, RIVAL);
	dhcp_probe_receive(&probe, RIVAL, data, len, START + USEC_SEC(4), &out);
	assert_int_equal(probe.state, DHCP_PROBE_RIVAL);
	assert_int_equal(probe.rival, RIVAL);
	assert_true(dhcp_probe_deadline(&probe) == USEC_NEVER);
}

/* The loop was held up: nothing counts as quiet before there was time to hear an answer. */
static void test_late_ticks(void **state)
{
	(void)state;
	begin();
	dhcp_probe_tick(&probe, START + USEC_SEC(20), &out);
	assert_true(out.len > 0);
	assert_int_equal(probe.state, DHCP_PROBE_WAITING);
	dhcp_probe_tick(&probe, START + USEC_SEC(30), &out);
	assert_true(out.len > 0);
	assert_int_equal(probe.state, DHCP_PROBE_WAITING);
	dhcp_probe_tick(&probe, START + USEC_SEC(40), &out);
	assert_int_equal(out.len, 0);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
	dhcp_probe_tick(&probe, START + USEC_SEC(40), &out);
	assert_true(out.len > 0);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
	dhcp_probe_tick(&probe, START + USEC_SEC(43), &out);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
	dhcp_probe_tick(&probe, START + USEC_SEC(44), &out);
	assert_int_equal(probe.state, DHCP_PROBE_ALONE);
}

/* The second DISCOVER went out late: its answer gets its time all the same. */
static void test_late_second(void **state)
{
	(void)state;
	begin();
	dhcp_probe_tick(&probe, START, &out);
	dhcp_probe_tick(&probe, START + USEC_MS(70), &out);
	assert_true(out.len > 0);
	dhcp_probe_tick(&probe, START + USEC_MS(119), &out);
	assert_int_equal(probe.state, DHCP_PROBE_WAITING);
	dhcp_probe_tick(&probe, START + USEC_MS(120), &out);
	assert_int_equal(probe.state, DHCP_PROBE_QUIET);
}

static void test_answers(void **state)
{
	static const struct {
		uint8_t op;
		int message;
		uint32_t server, from, rival; /* rival 0: does not count */
	} cases[] = {
		{2, DHCP_OFFER, RIVAL, RIVAL, RIVAL},
		{2, DHCP_ACK, RIVAL, RIVAL, RIVAL},
		{2, DHCP_NAK, RIVAL, RIVAL, RIVAL},
		{2, DHCP_OFFER, RIVAL, 0x0a000009, RIVAL}, /* through a relay */
		{2, DHCP_OFFER, 0, RIVAL, RIVAL},
		{2, DHCP_NONE, 0, RIVAL, RIVAL}, /* a BOOTP server */
		{2, DHCP_OFFER, OURS, OURS, 0},
		{2, DHCP_OFFER, OURS, RIVAL, 0},
		{2, DHCP_OFFER, RIVAL, OURS, RIVAL},
		{2, DHCP_OFFER, 0, OURS, 0},
		{2, DHCP_OFFER, 1, RIVAL, 1}, /* odd, but it is what it says of itself */
		{1, DHCP_DISCOVER, 0, 0, 0},  /* another client */
		{1, DHCP_REQUEST, RIVAL, 0, 0},
	};
	uint8_t data[DHCP_BOOTP_MIN];
	size_t i, when;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = answer(data, cases[i].op, cases[i].message, cases[i].server);

		/* Before anything was sent, while waiting, listening, and long after. */
		for (when = 0; when < 4; when++) {
			static const usec_t at[] = {0, USEC_MS(10), USEC_SEC(3), USEC_SEC(60)};
			bool counts = cases[i].rival != 0;

			begin();
			if (when)
				run_until(START + at[when]);
			dhcp_probe_receive(&probe, cases[i].from, data, len, START + at[when],
					   &out);
			assert_int_equal(out.len, 0);
			assert_int_equal(probe.state == DHCP_PROBE_RIVAL, counts);
			assert_int_equal(probe.rival, cases[i].rival);
			if (!counts)
				continue;
			assert_true(dhcp_probe_deadline(&probe) == USEC_NEVER);
			dhcp_probe_tick(&probe, START + USEC_SEC(99), &out);
			assert_int_equal(out.len, 0);
			assert_int_equal(probe.state, DHCP_PROBE_RIVAL);
			/* The first one stays the one that is named. */
			len = answer(data, 2, DHCP_OFFER, RIVAL + 1);
			dhcp_probe_receive(&probe, RIVAL + 1, data, len, 0, &out);
			assert_int_equal(probe.rival, cases[i].rival);
			len = answer(data, cases[i].op, cases[i].message, cases[i].server);
		}
	}
}

static void test_every_prefix(void **state)
{
	uint8_t data[DHCP_BOOTP_MIN];
	size_t len, full = answer(data, 2, DHCP_OFFER, RIVAL);

	(void)state;
	for (len = 0; len <= full; len++) {
		uint8_t *copy = exact_copy(data, len);

		begin();
		dhcp_probe_receive(&probe, RIVAL, copy, len, START, &out);
		assert_int_equal(probe.state == DHCP_PROBE_RIVAL, len >= 240);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),	     cmocka_unit_test(test_discover),
		cmocka_unit_test(test_once),	     cmocka_unit_test(test_late_ticks),
		cmocka_unit_test(test_late_second),  cmocka_unit_test(test_answers),
		cmocka_unit_test(test_every_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
