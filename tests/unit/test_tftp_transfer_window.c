/* SPDX-License-Identifier: MIT */
/*
 * One transfer with a window (RFC 7440): gaps, what may be timed, and nothing that feeds itself.
 */
#include "transfer_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_window_crosses_the_wrap(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t n = 0;

	(void)state;
	transfer_start(&t, "windowsize|7", 40u << 20, &send);
	transfer_ack(&t, 0, T0, &send);
	while (n + 7 < 65533) {
		transfer_assert_blocks(&send, n + 1, 7);
		n += 7;
		transfer_ack(&t, n, T0 + n, &send);
	}
	assert_int_equal(n, 65527);
	transfer_assert_blocks(&send, 65528, 7);
	transfer_ack(&t, 65534, T0 + n + 1, &send);
	transfer_assert_blocks(&send, 65535, 7);	/* 65535 0 1 2 3 4 5 */
	transfer_ack(&t, 65537, T0 + n + MS(5), &send); /* "1" has come, 2 is missing */
	transfer_assert_blocks(&send, 65538, 7);
	assert_int_equal(t.acked, 65537);
	transfer_ack(&t, 65535, T0 + n + MS(5), &send); /* old, from before the wrap */
	transfer_assert_nothing(&send);
	transfer_ack(&t, 65544, T0 + n + MS(6), &send);
	transfer_assert_blocks(&send, 65545, 7);
}

/* RFC 7440 4: go on from the gap. */
static void test_window_goes_back_to_a_gap(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "windowsize|8", 1u << 20, &send);
	transfer_ack(&t, 0, T0 + MS(1), &send);
	transfer_assert_blocks(&send, 1, 8);
	transfer_ack(&t, 8, T0 + MS(2), &send);
	transfer_assert_blocks(&send, 9, 8);
	transfer_ack(&t, 12, T0 + MS(3), &send);
	transfer_assert_blocks(&send, 13, 8);
	assert_int_equal(t.resent, 4);
	/* The same gap seen by an older packet: one more block is due, nothing twice. */
	transfer_ack(&t, 13, T0 + MS(4), &send);
	transfer_assert_blocks(&send, 21, 1);
	assert_int_equal(t.resent, 4);
	transfer_ack(&t, 21, T0 + MS(5), &send);
	transfer_assert_blocks(&send, 22, 8);
	transfer_ack(&t, 25, T0 + MS(6), &send); /* beyond what was sent then: a new gap */
	transfer_assert_blocks(&send, 26, 8);
}

static void test_window_whose_first_block_is_lost(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "windowsize|8", 1u << 20, &send);
	transfer_ack(&t, 0, T0 + MS(2), &send);
	transfer_ack(&t, 8, T0 + MS(4), &send);
	transfer_assert_blocks(&send, 9, 8);
	transfer_ack(&t, 8, T0 + MS(4), &send); /* the network's echo: too early for an answer */
	transfer_assert_nothing(&send);
	transfer_ack(&t, 8, T0 + MS(6), &send); /* one round trip later: 9 is missing */
	transfer_assert_blocks(&send, 9, 8);
	for (unsigned k = 7; k < 20; k++) { /* and that is said only once */
		transfer_ack(&t, 8, T0 + MS(k), &send);
		transfer_assert_nothing(&send);
	}
	assert_int_equal(t.resent, 8);
}

/* A client that acknowledges every packet twice, for ever: no window is sent twice for it. */
static void test_window_storm_does_not_feed_itself(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t sent = 8, n;
	usec_t now = T0 + MS(2);

	(void)state;
	transfer_start(&t, "windowsize|8", 1u << 20, &send);
	transfer_ack(&t, 0, now, &send);
	for (n = 8; n <= 2048; n += 8) {
		now += MS(2);
		transfer_ack(&t, n, now, &send);
		sent += send.count;
		now += MS(2);
		transfer_ack(&t, n, now, &send);
		sent += send.count;
	}
	/* Every second window at most: the one behind a resend is not believed. */
	assert_in_range(sent, 2049, 2049 * 3 / 2 + 8);
}

static void test_karn_after_a_gap_and_after_a_resent_oack(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "windowsize|4", 1u << 20, &send);
	transfer_timeout(&t, &send);
	transfer_ack(&t, 0, T0 + MS(301), &send); /* of which OACK? */
	assert_int_equal(t.srtt, 0);
	transfer_assert_blocks(&send, 1, 4);
	transfer_timeout(&t, &send);
	transfer_ack(&t, 2, T0 + MS(620), &send); /* of which 2? but 5 and 6 are new */
	assert_int_equal(t.srtt, 0);
	transfer_assert_blocks(&send, 5, 2);
	transfer_ack(&t, 4, T0 + MS(630), &send);
	assert_int_equal(t.srtt, 0);
	transfer_ack(&t, 5, T0 + MS(660), &send);
	assert_int_equal(t.srtt, MS(40));
}

/* 3 is missing, says the client: then an ACK of 3 answers the copy that goes out now. */
static void test_gap_gives_a_sample_all_the_same(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "windowsize|4", 1u << 20, &send);
	transfer_timeout(&t, &send);
	transfer_ack(&t, 0, T0 + MS(301), &send);
	transfer_ack(&t, 2, T0 + MS(309), &send); /* sent once */
	transfer_assert_blocks(&send, 3, 4);
	assert_int_equal(t.srtt, MS(8));
	transfer_ack(&t, 6, T0 + MS(325), &send);
	assert_int_equal(t.srtt, MS(9)); /* 7/8 8 + 1/8 16 */
	/* At the end of the file, where nothing new goes out with it. */
	transfer_start(&t, "windowsize|4", 3 * 512, &send);
	transfer_ack(&t, 0, T0 + MS(8), &send);
	transfer_ack(&t, 2, T0 + MS(16), &send);
	transfer_assert_blocks(&send, 3, 2);
	transfer_ack(&t, 3, T0 + MS(32), &send);
	assert_int_equal(t.srtt, MS(9));
}

/* The OACK went out twice, so there is no sample, and the first block is lost. */
static void test_gap_before_the_first_sample(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now;

	(void)state;
	transfer_start(&t, "windowsize|4", 1u << 20, &send);
	now = transfer_timeout(&t, &send) + MS(2);
	transfer_ack(&t, 0, now, &send);
	transfer_assert_blocks(&send, 1, 4);
	transfer_ack(&t, 0, now + MS(1) - 1, &send); /* too early for an answer */
	transfer_assert_nothing(&send);
	transfer_ack(&t, 0, now + MS(2), &send);
	transfer_assert_blocks(&send, 1, 4);
	transfer_ack(&t, 4, now + MS(4), &send);
	assert_int_equal(t.srtt, MS(2));
}

/* The window is resent and meets a second gap: a round trip of silence, and on from there. The
 * doubled RTO has nothing to do with it. */
static void test_second_gap_costs_a_round_trip(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now;

	(void)state;
	transfer_start(&t, "windowsize|8", 1u << 20, &send);
	transfer_ack(&t, 0, T0 + MS(2), &send);
	transfer_ack(&t, 8, T0 + MS(4), &send);
	for (unsigned k = 0; k < 5; k++)
		now = transfer_timeout(&t, &send);
	transfer_assert_blocks(&send, 9, 8);
	transfer_ack(&t, 10, now + MS(2), &send);
	transfer_assert_blocks(&send, 17, 2);
	now += MS(2);
	assert_int_equal(t.rto, TFTP_RTO_MIN);
	assert_true(tftp_transfer_deadline(&t) == now + t.srtt + 4 * t.rttvar);
	assert_true(transfer_timeout(&t, &send) < now + MS(10));
	transfer_assert_blocks(&send, 11, 8);
	assert_int_equal(t.rto, TFTP_RTO_MIN); /* no timeout */
	assert_int_equal(t.timeouts, 0);
	now = tftp_transfer_deadline(&t); /* and only once: now the RTO counts */
	transfer_timeout(&t, &send);
	assert_int_equal(t.timeouts, 1);
	/* A client that asked for a pause of its own gets that. */
	transfer_start(&t, "windowsize|8|timeout|1", 1u << 20, &send);
	transfer_ack(&t, 0, T0 + MS(2), &send);
	transfer_ack(&t, 3, T0 + MS(4), &send);
	transfer_ack(&t, 5, T0 + MS(6), &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + MS(6) + USEC_SEC(1));
}

static void test_window_is_never_half_the_numbers(void **state)
{
	static const struct tftp_transfer_config wide = {
		.blksize_max = 1468, .windowsize_max = 65535, .give_up = USEC_SEC(30)};
	uint8_t packet[300] = "\0\1a\0octet";
	size_t len = 10 + transfer_options_write(packet + 10, "windowsize|65535");
	struct tftp_request r;
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, packet, len), TFTP_PARSE_OK);
	tftp_transfer_init(&t, &r, 64u << 20, &wide, T0, &send);
	transfer_assert_oack(&send, "windowsize|32767");
	transfer_ack(&t, 0, T0 + 1, &send);
	transfer_assert_blocks(&send, 1, 32767);
	transfer_ack(&t, 65535, T0 + 2, &send); /* "block -1": old, not 65535 */
	transfer_assert_nothing(&send);
	transfer_ack(&t, 32767, T0 + 3, &send);
	transfer_assert_blocks(&send, 32768, 32767);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_crosses_the_wrap),
		cmocka_unit_test(test_window_goes_back_to_a_gap),
		cmocka_unit_test(test_window_whose_first_block_is_lost),
		cmocka_unit_test(test_window_storm_does_not_feed_itself),
		cmocka_unit_test(test_karn_after_a_gap_and_after_a_resent_oack),
		cmocka_unit_test(test_gap_gives_a_sample_all_the_same),
		cmocka_unit_test(test_gap_before_the_first_sample),
		cmocka_unit_test(test_second_gap_costs_a_round_trip),
		cmocka_unit_test(test_window_is_never_half_the_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
