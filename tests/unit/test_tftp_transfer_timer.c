/* SPDX-License-Identifier: MIT */
/*
 * One transfer when something is lost: the timer, silence, the last ACK, repeated requests.
 */
#include "transfer_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_rto_follows_the_round_trip(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = T0;

	(void)state;
	transfer_start(&t, "", 1u << 20, &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + TFTP_RTO_FIRST);
	now += MS(100);
	transfer_ack(&t, 1, now, &send); /* R = 100: srtt 100, rttvar 50, rto 300 */
	assert_int_equal(t.rto, MS(300));
	assert_true(tftp_transfer_deadline(&t) == now + MS(300));
	now += MS(60);
	transfer_ack(&t, 2, now,
		     &send); /* rttvar 3/4 50 + 1/4 40 = 47.5; srtt 7/8 100 + 1/8 60 = 95 */
	assert_int_equal(t.srtt, MS(95));
	assert_int_equal(t.rttvar, 47500);
	assert_int_equal(t.rto, 285000);
	now += MS(160); /* slower again: |95 - 160| = 65, and never the sum */
	transfer_ack(&t, 3, now, &send);
	assert_int_equal(t.rttvar, 51875);
	assert_int_equal(t.srtt, 103125);
	assert_int_equal(t.rto, 310625);
	for (uint64_t n = 4; n < 100; n++)
		transfer_ack(&t, n, ++now, &send);
	assert_int_equal(t.rto, TFTP_RTO_MIN);
}

static void test_backoff_doubles_up_to_the_ceiling(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t before = T0 + 1, gap = TFTP_RTO_MIN, now;
	unsigned resends = 0;

	(void)state;
	transfer_start(&t, "", 1u << 20, &send);
	transfer_ack(&t, 1, before, &send);
	while (t.outcome == TFTP_RUNNING) {
		now = transfer_timeout(&t, &send);
		if (t.outcome != TFTP_RUNNING)
			break;
		transfer_assert_blocks(&send, 2, 1);
		assert_true(now - before == gap);
		gap = gap * 2 > TFTP_RTO_MAX ? TFTP_RTO_MAX : gap * 2;
		before = now;
		resends++;
	}
	/* 20 40 … 2560 ms make 5.1 s, then one every 3 s up to 30 s: no flood */
	assert_in_range(resends, 14, 18);
	assert_int_equal(t.outcome, TFTP_SILENT);
}

static void test_karn_no_sample_from_what_was_sent_twice(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now;

	(void)state;
	transfer_start(&t, "", 1u << 20, &send);
	transfer_ack(&t, 1, T0 + MS(10), &send);
	assert_int_equal(t.srtt, MS(10));
	transfer_timeout(&t, &send);
	now = transfer_timeout(&t, &send);
	assert_int_equal(t.rto, 4 * MS(30));
	transfer_ack(&t, 2, now + 10, &send); /* of the first copy, or of the third? */
	assert_int_equal(t.srtt, MS(10));
	assert_int_equal(t.rto, MS(30)); /* progress ends the doubling */
	transfer_ack(&t, 3, now + MS(10), &send);
	assert_true(t.srtt < MS(10) + 1000);
	assert_in_range(t.rto, MS(20), MS(40));
}

/* After so many ambiguous answers in a row Karn's rule holds to the letter. */
static void test_progress_ends_the_doubling_only_so_often(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = T0 + MS(10);

	(void)state;
	transfer_start(&t, "", 1u << 20, &send);
	transfer_ack(&t, 1, now, &send);
	for (unsigned round = 0; round < 2; round++) {
		uint64_t n = 2 + 10 * round;
		usec_t rto = t.rto;

		for (unsigned k = 0; k < TFTP_FORGIVE; k++) {
			now = transfer_timeout(&t, &send);
			assert_int_equal(t.rto, 2 * rto);
			transfer_ack(&t, n++, now + 10, &send);
			assert_int_equal(t.rto, rto);
		}
		now = transfer_timeout(&t, &send);
		transfer_ack(&t, n++, now + 10, &send);
		assert_int_equal(t.rto, 2 * rto); /* stays until there is a fresh sample */
		while (n < 12 + 10 * round) {
			now += MS(10);
			transfer_ack(&t, n++, now, &send);
		}
		assert_int_equal(t.forgiven, 0);
	}
}

/* It answered in 2 ms and then takes half a second for every block: measured anew after a few
 * blocks, and from then on nothing goes out twice. */
static void test_phone_that_becomes_slow_is_not_flooded(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = T0;
	uint64_t n = 0, resent;

	(void)state;
	transfer_start(&t, "", 1u << 20, &send);
	while (n < 50) {
		now += MS(2);
		transfer_ack(&t, ++n, now, &send);
	}
	assert_int_equal(t.resent, 0);
	for (resent = 0; n < 100; resent = n == 56 ? t.resent : resent) {
		now += MS(500);
		while (tftp_transfer_deadline(&t) <= now)
			transfer_timeout(&t, &send);
		transfer_ack(&t, ++n, now, &send);
	}
	/* 20 40 80 160 ms: four resends of each, of five blocks at most */
	assert_in_range(resent, 4, (TFTP_FORGIVE + 2) * 4);
	assert_int_equal(t.resent, resent);
}

static void test_timeout_option_is_kept_to(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "timeout|2", 1u << 20, &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + USEC_SEC(2));
	transfer_ack(&t, 0, T0 + 1, &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + 1 + USEC_SEC(2));
	assert_true(transfer_timeout(&t, &send) == T0 + 1 + USEC_SEC(2));
	assert_true(tftp_transfer_deadline(&t) == T0 + 1 + USEC_SEC(4));
	/* our patience ends before five resends, and only the last ACK is missing */
	transfer_start(&t, "timeout|10", 600, &send);
	transfer_ack(&t, 0, T0 + 1, &send);
	transfer_ack(&t, 1, T0 + 2, &send);
	transfer_timeout(&t, &send);
	transfer_timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_RUNNING);
	assert_true(transfer_timeout(&t, &send) == T0 + 2 + USEC_SEC(30));
	assert_int_equal(t.outcome, TFTP_DONE);
	/* longer than our patience: one resend all the same */
	transfer_start(&t, "timeout|255", 1u << 20, &send);
	assert_true(transfer_timeout(&t, &send) == T0 + USEC_SEC(255));
	assert_non_null(send.control);
	assert_true(transfer_timeout(&t, &send) == T0 + USEC_SEC(510));
	assert_int_equal(t.outcome, TFTP_SILENT);
}

static void test_silence_ends_with_an_error(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = T0;

	(void)state;
	transfer_start(&t, "", 1u << 20, &send);
	transfer_ack(&t, 1, T0 + USEC_SEC(5), &send);
	while (t.outcome == TFTP_RUNNING)
		now = transfer_timeout(&t, &send);
	assert_true(now == T0 + USEC_SEC(35));
	assert_int_equal(t.outcome, TFTP_SILENT);
	assert_true(send.control && send.control_len > 5);
	assert_memory_equal(send.control, "\0\5\0\0", 4);
	assert_int_equal(send.control[send.control_len - 1], 0);
	assert_int_equal(send.count, 0);
	assert_int_equal(tftp_transfer_bytes(&t), 512);
}

/* The address of a request may be forged: whoever has it gets a handful of packets, no minute of
 * them. */
static void test_who_never_answers_is_sent_little(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	unsigned sent;
	usec_t now = T0;

	(void)state;
	for (int options = 0; options < 2; options++) {
		transfer_start(&t, options ? "blksize|1428|windowsize|64" : "", 1u << 20, &send);
		for (sent = 1;; sent++) {
			assert_true(options ? send.control && !send.count : send.count == 1);
			now = transfer_timeout(&t, &send);
			if (t.outcome != TFTP_RUNNING)
				break;
			assert_true(now <= T0 + TFTP_UNHEARD);
		}
		assert_int_equal(sent, 8);
		assert_int_equal(t.outcome, TFTP_SILENT);
		assert_true(now == T0 + USEC_SEC(30));
	}
	/* A phone that repeats its request is there; our patience has its end all the same. */
	transfer_start(&t, "", 1u << 20, &send);
	for (now = T0 + USEC_SEC(20); t.outcome == TFTP_RUNNING; now += USEC_SEC(4)) {
		while (tftp_transfer_deadline(&t) < now)
			transfer_timeout(&t, &send);
		tftp_transfer_repeat(&t, now, &send);
		assert_true(t.outcome != TFTP_RUNNING || send.count == 1);
		assert_true(t.outcome != TFTP_RUNNING ||
			    tftp_transfer_deadline(&t) <= now + USEC_SEC(3));
	}
	assert_in_range(now, T0 + USEC_SEC(30), T0 + USEC_SEC(38));
	/* It took the only block, its ACK was lost, and half a minute later it goes on. */
	transfer_start(&t, "", 100, &send);
	while (tftp_transfer_deadline(&t) < T0 + TFTP_UNHEARD)
		transfer_timeout(&t, &send);
	tftp_transfer_moved_on(&t);
	tftp_transfer_tick(&t, T0 + USEC_SEC(28), &send);
	transfer_assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_DONE);
	/* Who has answered once may fall silent for longer: phones write their flash. */
	transfer_start(&t, "", 1u << 20, &send);
	transfer_ack(&t, 1, T0 + MS(5), &send);
	while (t.outcome == TFTP_RUNNING)
		now = transfer_timeout(&t, &send);
	assert_true(now == T0 + MS(5) + USEC_SEC(30));
}

static void test_trap_last_ack_is_lost_and_the_peer_silent(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	unsigned resends = 0;

	(void)state;
	transfer_start(&t, "", 600, &send);
	transfer_ack(&t, 1, T0 + 1, &send);
	transfer_assert_blocks(&send, 2, 1);
	for (;;) {
		transfer_timeout(&t, &send);
		if (t.outcome != TFTP_RUNNING)
			break;
		transfer_assert_blocks(&send, 2, 1);
		resends++;
	}
	transfer_assert_nothing(&send);
	assert_int_equal(resends, TFTP_LAST_TRIES);
	assert_int_equal(t.outcome, TFTP_DONE);
}

/* A one-block file to a phone that cannot hear us must not count as delivered. */
static void test_silence_from_the_start_is_no_success(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 100, &send);
	while (t.outcome == TFTP_RUNNING)
		transfer_timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_SILENT);
	transfer_start(&t, "tsize|0", 100, &send);
	while (t.outcome == TFTP_RUNNING)
		transfer_timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_SILENT);
	transfer_start(&t, "tsize|0", 100, &send); /* this one heard us: it acknowledged the OACK */
	transfer_ack(&t, 0, T0 + 1, &send);
	while (t.outcome == TFTP_RUNNING)
		transfer_timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_DONE);
}

static void test_trap_last_ack_is_lost_and_the_client_moves_on(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = 0;

	(void)state;
	transfer_start(&t, "", 100, &send);
	tftp_transfer_moved_on(&t);
	transfer_timeout(&t, &send);
	transfer_assert_blocks(&send, 1, 1);
	transfer_timeout(&t, &send);
	transfer_assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_DONE);

	/* One resend is out already, at a doubled RTO: it is over as soon as an ACK that may be on
	 * its way would be here. */
	transfer_start(&t, "", 600, &send);
	transfer_ack(&t, 1, T0 + MS(2), &send);
	for (unsigned k = 0; k < 4; k++)
		now = transfer_timeout(&t, &send);
	assert_true(tftp_transfer_deadline(&t) == now + 16 * TFTP_RTO_MIN);
	tftp_transfer_moved_on(&t);
	assert_true(tftp_transfer_deadline(&t) == now + TFTP_RTO_MIN);
	transfer_timeout(&t, &send);
	transfer_assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_DONE);

	/* It repeated its request, so it never saw the block: no success. */
	transfer_start(&t, "", 100, &send);
	tftp_transfer_repeat(&t, T0 + USEC_SEC(4), &send);
	transfer_assert_blocks(&send, 1, 1);
	tftp_transfer_moved_on(&t);
	while (t.outcome == TFTP_RUNNING)
		transfer_timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_SILENT);

	/* More than the last block is missing: two files at a time, nothing to conclude. */
	transfer_start(&t, "", 5000, &send);
	transfer_ack(&t, 1, T0 + 1, &send);
	tftp_transfer_moved_on(&t);
	assert_false(t.moved_on);
}

static void test_last_ack_is_lost_and_the_port_closed(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 600, &send);
	transfer_ack(&t, 1, T0 + 1, &send);
	transfer_timeout(&t, &send);
	tftp_transfer_refused(&t);
	assert_int_equal(t.outcome, TFTP_DONE);
	/* Closed when the first copy came: it cannot have taken it. */
	transfer_start(&t, "", 600, &send);
	transfer_ack(&t, 1, T0 + 1, &send);
	tftp_transfer_refused(&t);
	assert_int_equal(t.outcome, TFTP_HUNG_UP);
}

/* A 7940/60 repeats its request every 4 s from the same port (phones.md 4.4). */
static void test_repeated_request_sends_what_is_outstanding(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 5000, &send);
	tftp_transfer_repeat(&t, T0 + TFTP_REPEAT_MIN - 1, &send);
	transfer_assert_nothing(&send);
	tftp_transfer_repeat(&t, T0 + TFTP_REPEAT_MIN, &send);
	transfer_assert_blocks(&send, 1, 1);
	tftp_transfer_repeat(&t, T0 + TFTP_REPEAT_MIN + 1, &send);
	transfer_assert_nothing(&send);
	transfer_ack(&t, 1, T0 + MS(200), &send);
	tftp_transfer_repeat(&t, T0 + MS(300), &send);
	transfer_assert_blocks(&send, 2, 1);
	transfer_start(&t, "windowsize|3", 5000, &send);
	tftp_transfer_repeat(&t, T0 + MS(100), &send);
	transfer_assert_oack(&send, "windowsize|3");
	transfer_ack(&t, 0, T0 + MS(101), &send);
	tftp_transfer_repeat(&t, T0 + MS(202), &send);
	transfer_assert_blocks(&send, 1, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rto_follows_the_round_trip),
		cmocka_unit_test(test_backoff_doubles_up_to_the_ceiling),
		cmocka_unit_test(test_karn_no_sample_from_what_was_sent_twice),
		cmocka_unit_test(test_progress_ends_the_doubling_only_so_often),
		cmocka_unit_test(test_phone_that_becomes_slow_is_not_flooded),
		cmocka_unit_test(test_timeout_option_is_kept_to),
		cmocka_unit_test(test_silence_ends_with_an_error),
		cmocka_unit_test(test_who_never_answers_is_sent_little),
		cmocka_unit_test(test_trap_last_ack_is_lost_and_the_peer_silent),
		cmocka_unit_test(test_silence_from_the_start_is_no_success),
		cmocka_unit_test(test_trap_last_ack_is_lost_and_the_client_moves_on),
		cmocka_unit_test(test_last_ack_is_lost_and_the_port_closed),
		cmocka_unit_test(test_repeated_request_sends_what_is_outstanding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
