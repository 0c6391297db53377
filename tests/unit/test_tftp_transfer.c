/* SPDX-License-Identifier: MIT */
/*
 * One transfer: the traps of the field by name, negotiation byte for byte, block numbers past
 * 65535, windows, the timer, the end.
 */
#include "reflashd/tftp_transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS(n) USEC_MS(n)
#define T0    USEC_SEC(1000)

static const struct tftp_transfer_config config = {
	.blksize_max = 1468, .windowsize_max = 64, .give_up = USEC_SEC(30)};

/* "blksize|1428" as on the wire, with NULs; returns the length. */
static size_t options_write(uint8_t *out, const char *options)
{
	size_t len = strlen(options) + 1;

	memcpy(out, options, len);
	for (size_t i = 0; i < len; i++)
		if (out[i] == '|')
			out[i] = 0;
	return options[0] ? len : 0;
}

static void start(struct tftp_transfer *t, const char *options, uint64_t size,
		  struct tftp_send *send)
{
	uint8_t packet[300] = "\0\1a\0octet";
	size_t len = 10 + options_write(packet + 10, options);
	struct tftp_request r;

	assert_int_equal(tftp_request_parse(&r, packet, len), TFTP_PARSE_OK);
	tftp_transfer_init(t, &r, size, &config, T0, send);
}

static void ack(struct tftp_transfer *t, uint64_t block, usec_t now, struct tftp_send *send)
{
	const uint8_t packet[] = {0, 4, (uint8_t)(block >> 8), (uint8_t)block};

	tftp_transfer_receive(t, packet, sizeof(packet), now, send);
}

static void error(struct tftp_transfer *t, uint8_t code, usec_t now, struct tftp_send *send)
{
	const uint8_t packet[] = {0, 5, 0, code, 'x', 0};

	tftp_transfer_receive(t, packet, sizeof(packet), now, send);
}

static void assert_nothing(const struct tftp_send *send)
{
	assert_null(send->control);
	assert_int_equal(send->count, 0);
}

static void assert_blocks(const struct tftp_send *send, uint64_t first, unsigned count)
{
	assert_null(send->control);
	assert_int_equal(send->count, count);
	assert_true(send->first == first);
}

static void assert_oack(const struct tftp_send *send, const char *options)
{
	uint8_t golden[300] = {0, 6};
	size_t len = 2 + options_write(golden + 2, options);

	assert_non_null(send->control);
	assert_int_equal(send->count, 0);
	assert_int_equal(send->control_len, len);
	assert_memory_equal(send->control, golden, len);
}

/* The next timeout, and what it sends. */
static usec_t timeout(struct tftp_transfer *t, struct tftp_send *send)
{
	usec_t now = tftp_transfer_deadline(t);

	assert_true(now != USEC_NEVER);
	tftp_transfer_tick(t, now - 1, send);
	assert_nothing(send);
	tftp_transfer_tick(t, now, send);
	return now;
}

static void test_lock_step_to_the_end(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t offset;

	(void)state;
	start(&t, "", 1100, &send);
	assert_blocks(&send, 1, 1);
	assert_int_equal(tftp_transfer_block(&t, 1, &offset), 512);
	assert_int_equal(offset, 0);
	ack(&t, 1, T0 + 1, &send);
	assert_blocks(&send, 2, 1);
	ack(&t, 2, T0 + 2, &send);
	assert_blocks(&send, 3, 1);
	assert_int_equal(tftp_transfer_block(&t, 3, &offset), 76);
	assert_int_equal(offset, 1024);
	assert_int_equal(tftp_transfer_bytes(&t), 1024);
	ack(&t, 3, T0 + 3, &send);
	assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_DONE);
	assert_int_equal(tftp_transfer_bytes(&t), 1100);
	assert_true(tftp_transfer_deadline(&t) == USEC_NEVER);
	ack(&t, 3, T0 + 4, &send);
	assert_nothing(&send);
	tftp_transfer_tick(&t, T0 + USEC_SEC(100), &send);
	assert_nothing(&send);
}

static void test_trap_empty_file_is_one_empty_block(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t offset;

	(void)state;
	start(&t, "", 0, &send);
	assert_blocks(&send, 1, 1);
	assert_int_equal(tftp_transfer_block(&t, 1, &offset), 0);
	assert_int_equal(offset, 0);
	ack(&t, 1, T0 + 1, &send);
	assert_int_equal(t.outcome, TFTP_DONE);
}

static void test_trap_multiple_of_blksize_ends_with_an_empty_block(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t offset;

	(void)state;
	start(&t, "", 1024, &send);
	ack(&t, 1, T0 + 1, &send);
	ack(&t, 2, T0 + 2, &send);
	assert_int_equal(t.outcome, TFTP_RUNNING);
	assert_blocks(&send, 3, 1);
	assert_int_equal(tftp_transfer_block(&t, 3, &offset), 0);
	assert_int_equal(offset, 1024);
	ack(&t, 3, T0 + 3, &send);
	assert_int_equal(t.outcome, TFTP_DONE);
}

static void test_trap_oack_exactly_the_requested_options(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "BLKSIZE|1000|x|y|tsize|0", 1100, &send);
	assert_oack(&send, "BLKSIZE|1000|tsize|1100");
	start(&t, "windowsize|4|timeout|7", 1100, &send);
	assert_oack(&send, "windowsize|4|timeout|7");
}

/* PyPXE #125: EFI clients refuse it. */
static void test_trap_tsize_is_never_added_unasked(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "blksize|512", 1100, &send);
	assert_oack(&send, "blksize|512");
}

static void test_negotiation_limits(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "blksize|1468", 1100, &send);
	assert_oack(&send, "blksize|1468");
	start(&t, "blksize|1469", 1100, &send);
	assert_oack(&send, "blksize|1468");
	start(&t, "blksize|65464", 1100, &send);
	assert_oack(&send, "blksize|1468");
	assert_int_equal(t.blksize, 1468);
	start(&t, "blksize|8", 1100, &send);
	assert_oack(&send, "blksize|8");
	assert_int_equal(t.last, 138);
	start(&t, "windowsize|65", 1100, &send);
	assert_oack(&send, "windowsize|64");
	assert_int_equal(t.window, 64);
	start(&t, "windowsize|1", 1100, &send);
	assert_oack(&send, "windowsize|1");
}

/* RFC 2347: what we do not take is left out; if nothing is left, plain DATA follows. */
static void test_nothing_granted_means_no_oack(void **state)
{
	static const char *const table[] = {"blksize|7", "windowsize|0", "timeout|0", "multicast|"};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tftp_transfer t;
		struct tftp_send send;

		start(&t, table[i], 1100, &send);
		assert_blocks(&send, 1, 1);
		assert_int_equal(t.blksize, 512);
		assert_int_equal(t.window, 1);
	}
}

static void test_trap_nothing_after_oack_before_ack_0(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "blksize|512|windowsize|4", 5000, &send);
	assert_oack(&send, "blksize|512|windowsize|4");
	ack(&t, 1, T0 + 1, &send);
	assert_nothing(&send);
	ack(&t, 65535, T0 + 2, &send);
	assert_nothing(&send);
	timeout(&t, &send);
	assert_oack(&send, "blksize|512|windowsize|4");
	ack(&t, 0, T0 + MS(900), &send);
	assert_blocks(&send, 1, 4);
}

static void test_trap_sorcerers_apprentice(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 5000, &send);
	for (uint64_t n = 1; n <= 4; n++) {
		ack(&t, n, T0 + n * MS(10), &send);
		assert_blocks(&send, n + 1, 1);
		for (unsigned k = 0; k < 10; k++) { /* at once, and late */
			ack(&t, n, T0 + n * MS(10) + k * MS(1), &send);
			assert_nothing(&send);
		}
	}
	assert_int_equal(t.resent, 0);
}

static void test_trap_duplicate_ack_0_in_lock_step(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "tsize|0", 5000, &send);
	ack(&t, 0, T0 + MS(1), &send);
	assert_blocks(&send, 1, 1);
	ack(&t, 0, T0 + MS(15), &send);
	assert_nothing(&send);
}

static void test_trap_stale_ack_never_advances(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 100000, &send);
	for (uint64_t n = 1; n <= 100; n++)
		ack(&t, n, T0 + n, &send);
	for (uint64_t n = 0; n < 100; n++) {
		ack(&t, n, T0 + 200, &send);
		assert_nothing(&send);
		assert_int_equal(t.acked, 100);
	}
}

static void test_ack_for_a_block_never_sent_is_ignored(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 100000, &send);
	for (uint64_t n = 2; n <= 65536; n++) {
		ack(&t, n, T0 + 1, &send);
		assert_nothing(&send);
	}
	assert_int_equal(t.acked, 0);
	ack(&t, 1, T0 + 2, &send);
	assert_blocks(&send, 2, 1);
}

/* uftpd #45. 64 MiB at 512: 131072 full blocks and an empty one, twice around. */
static void test_trap_block_numbers_wrap_in_64_mib(void **state)
{
	const uint64_t size = 64u << 20;
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t bytes = 0, offset;

	(void)state;
	start(&t, "", size, &send);
	for (uint64_t n = 1; n <= 131073; n++) {
		assert_blocks(&send, n, 1);
		assert_int_equal(tftp_transfer_block(&t, n, &offset), n <= 131072 ? 512 : 0);
		assert_true(offset == bytes);
		bytes += n <= 131072 ? 512 : 0;
		if (n % 4096 == 0) { /* the one before, and one that is 65536 blocks old */
			ack(&t, n - 1, T0 + n, &send);
			assert_nothing(&send);
			ack(&t, n + 65535, T0 + n, &send);
			assert_nothing(&send);
		}
		ack(&t, n, T0 + n, &send);
	}
	assert_int_equal(t.outcome, TFTP_DONE);
	assert_true(tftp_transfer_bytes(&t) == size && bytes == size);
}

static void test_window_crosses_the_wrap(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t n = 0;

	(void)state;
	start(&t, "windowsize|7", 40u << 20, &send);
	ack(&t, 0, T0, &send);
	while (n + 7 < 65533) {
		assert_blocks(&send, n + 1, 7);
		n += 7;
		ack(&t, n, T0 + n, &send);
	}
	assert_int_equal(n, 65527);
	assert_blocks(&send, 65528, 7);
	ack(&t, 65534, T0 + n + 1, &send);
	assert_blocks(&send, 65535, 7);	       /* 65535 0 1 2 3 4 5 */
	ack(&t, 65537, T0 + n + MS(5), &send); /* "1" has come, 2 is missing */
	assert_blocks(&send, 65538, 7);
	assert_int_equal(t.acked, 65537);
	ack(&t, 65535, T0 + n + MS(5), &send); /* old, from before the wrap */
	assert_nothing(&send);
	ack(&t, 65544, T0 + n + MS(6), &send);
	assert_blocks(&send, 65545, 7);
}

/* RFC 7440 4: go on from the gap. */
static void test_window_goes_back_to_a_gap(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "windowsize|8", 1u << 20, &send);
	ack(&t, 0, T0 + MS(1), &send);
	assert_blocks(&send, 1, 8);
	ack(&t, 8, T0 + MS(2), &send);
	assert_blocks(&send, 9, 8);
	ack(&t, 12, T0 + MS(3), &send);
	assert_blocks(&send, 13, 8);
	assert_int_equal(t.resent, 4);
	/* The same gap seen by an older packet: one more block is due, nothing twice. */
	ack(&t, 13, T0 + MS(4), &send);
	assert_blocks(&send, 21, 1);
	assert_int_equal(t.resent, 4);
	ack(&t, 21, T0 + MS(5), &send);
	assert_blocks(&send, 22, 8);
	ack(&t, 25, T0 + MS(6), &send); /* beyond what was sent then: a new gap */
	assert_blocks(&send, 26, 8);
}

static void test_window_whose_first_block_is_lost(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "windowsize|8", 1u << 20, &send);
	ack(&t, 0, T0 + MS(2), &send);
	ack(&t, 8, T0 + MS(4), &send);
	assert_blocks(&send, 9, 8);
	ack(&t, 8, T0 + MS(4), &send); /* the network's echo: too early for an answer */
	assert_nothing(&send);
	ack(&t, 8, T0 + MS(6), &send); /* one round trip later: 9 is missing */
	assert_blocks(&send, 9, 8);
	for (unsigned k = 7; k < 20; k++) { /* and that is said only once */
		ack(&t, 8, T0 + MS(k), &send);
		assert_nothing(&send);
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
	start(&t, "windowsize|8", 1u << 20, &send);
	ack(&t, 0, now, &send);
	for (n = 8; n <= 2048; n += 8) {
		now += MS(2);
		ack(&t, n, now, &send);
		sent += send.count;
		now += MS(2);
		ack(&t, n, now, &send);
		sent += send.count;
	}
	/* Every second window at most: the one behind a resend is not believed. */
	assert_in_range(sent, 2049, 2049 * 3 / 2 + 8);
}

static void test_rto_follows_the_round_trip(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = T0;

	(void)state;
	start(&t, "", 1u << 20, &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + TFTP_RTO_FIRST);
	now += MS(100);
	ack(&t, 1, now, &send); /* R = 100: srtt 100, rttvar 50, rto 300 */
	assert_int_equal(t.rto, MS(300));
	assert_true(tftp_transfer_deadline(&t) == now + MS(300));
	now += MS(60);
	ack(&t, 2, now, &send); /* rttvar 3/4 50 + 1/4 40 = 47.5; srtt 7/8 100 + 1/8 60 = 95 */
	assert_int_equal(t.srtt, MS(95));
	assert_int_equal(t.rttvar, 47500);
	assert_int_equal(t.rto, 285000);
	for (uint64_t n = 3; n < 100; n++)
		ack(&t, n, ++now, &send);
	assert_int_equal(t.rto, TFTP_RTO_MIN);
}

static void test_backoff_doubles_up_to_the_ceiling(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t before = T0 + 1, gap = TFTP_RTO_MIN, now;
	unsigned resends = 0;

	(void)state;
	start(&t, "", 1u << 20, &send);
	ack(&t, 1, before, &send);
	while (t.outcome == TFTP_RUNNING) {
		now = timeout(&t, &send);
		if (t.outcome != TFTP_RUNNING)
			break;
		assert_blocks(&send, 2, 1);
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
	start(&t, "", 1u << 20, &send);
	ack(&t, 1, T0 + MS(10), &send);
	assert_int_equal(t.srtt, MS(10));
	timeout(&t, &send);
	now = timeout(&t, &send);
	assert_int_equal(t.rto, 4 * MS(30));
	ack(&t, 2, now + 10, &send); /* of the first copy, or of the third? */
	assert_int_equal(t.srtt, MS(10));
	assert_int_equal(t.rto, 4 * MS(30)); /* stays until there is a fresh sample */
	ack(&t, 3, now + MS(10), &send);
	assert_true(t.srtt < MS(10) + 1000);
	assert_in_range(t.rto, MS(20), MS(40));
}

static void test_karn_after_a_gap_and_after_a_resent_oack(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "windowsize|4", 1u << 20, &send);
	timeout(&t, &send);
	ack(&t, 0, T0 + MS(301), &send); /* of which OACK? */
	assert_int_equal(t.srtt, 0);
	assert_blocks(&send, 1, 4);
	ack(&t, 2, T0 + MS(310), &send); /* 3 is missing: 3 and 4 go out again */
	assert_blocks(&send, 3, 4);
	ack(&t, 4, T0 + MS(311), &send);
	ack(&t, 6, T0 + MS(312), &send);
	assert_int_equal(t.srtt, 0);
	ack(&t, 10, T0 + MS(320), &send); /* 7 … 10 went out once */
	assert_true(t.srtt > 0);
}

static void test_window_is_never_half_the_numbers(void **state)
{
	static const struct tftp_transfer_config wide = {
		.blksize_max = 1468, .windowsize_max = 65535, .give_up = USEC_SEC(30)};
	uint8_t packet[300] = "\0\1a\0octet";
	size_t len = 10 + options_write(packet + 10, "windowsize|65535");
	struct tftp_request r;
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, packet, len), TFTP_PARSE_OK);
	tftp_transfer_init(&t, &r, 64u << 20, &wide, T0, &send);
	assert_oack(&send, "windowsize|32767");
	ack(&t, 0, T0 + 1, &send);
	assert_blocks(&send, 1, 32767);
	ack(&t, 65535, T0 + 2, &send); /* "block -1": old, not 65535 */
	assert_nothing(&send);
	ack(&t, 32767, T0 + 3, &send);
	assert_blocks(&send, 32768, 32767);
}

static void test_timeout_option_is_kept_to(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "timeout|2", 1u << 20, &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + USEC_SEC(2));
	ack(&t, 0, T0 + 1, &send);
	assert_true(tftp_transfer_deadline(&t) == T0 + 1 + USEC_SEC(2));
	assert_true(timeout(&t, &send) == T0 + 1 + USEC_SEC(2));
	assert_true(tftp_transfer_deadline(&t) == T0 + 1 + USEC_SEC(4));
	/* our patience ends before five resends, and only the last ACK is missing */
	start(&t, "timeout|10", 600, &send);
	ack(&t, 0, T0 + 1, &send);
	ack(&t, 1, T0 + 2, &send);
	timeout(&t, &send);
	timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_RUNNING);
	assert_true(timeout(&t, &send) == T0 + 2 + USEC_SEC(30));
	assert_int_equal(t.outcome, TFTP_DONE);
	/* longer than our patience: one resend all the same */
	start(&t, "timeout|255", 1u << 20, &send);
	assert_true(timeout(&t, &send) == T0 + USEC_SEC(255));
	assert_non_null(send.control);
	assert_true(timeout(&t, &send) == T0 + USEC_SEC(510));
	assert_int_equal(t.outcome, TFTP_SILENT);
}

static void test_silence_ends_with_an_error(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	usec_t now = T0;

	(void)state;
	start(&t, "", 1u << 20, &send);
	ack(&t, 1, T0 + USEC_SEC(5), &send);
	while (t.outcome == TFTP_RUNNING)
		now = timeout(&t, &send);
	assert_true(now == T0 + USEC_SEC(35));
	assert_int_equal(t.outcome, TFTP_SILENT);
	assert_true(send.control && send.control_len > 5);
	assert_memory_equal(send.control, "\0\5\0\0", 4);
	assert_int_equal(send.control[send.control_len - 1], 0);
	assert_int_equal(send.count, 0);
	assert_int_equal(tftp_transfer_bytes(&t), 512);
}

/* async-tftp-rs #18. */
static void test_trap_tsize_probe_ends_with_error_8(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "tsize|0", 1100, &send);
	assert_oack(&send, "tsize|1100");
	error(&t, 8, T0 + 1, &send);
	assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_REJECTED);
	assert_int_equal(t.peer_code, 8);
	assert_true(t.oack_pending && t.tsize_asked);
}

static void test_error_and_closed_port_end_it(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 5000, &send);
	error(&t, 3, T0 + 1, &send);
	assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_REJECTED);
	start(&t, "", 5000, &send);
	tftp_transfer_refused(&t);
	assert_int_equal(t.outcome, TFTP_HUNG_UP);
	assert_true(tftp_transfer_deadline(&t) == USEC_NEVER);
	ack(&t, 1, T0 + 2, &send);
	assert_nothing(&send);
}

static void test_other_packets_are_ignored(void **state)
{
	static const char *const odd[] = {"\0\1x\0o",	"\0\3\0\1x",  "\0\6\0\0\0",
					  "\0\4\0\0\0", "\1\4\0\1\0", "\0\0\0\0\0"};
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 5000, &send);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		for (size_t len = 0; len <= 5; len++) {
			uint8_t *copy = malloc(len ? len : 1);

			memcpy(copy, odd[i], len);
			tftp_transfer_receive(&t, copy, len, T0 + 1, &send);
			assert_nothing(&send);
			assert_int_equal(t.outcome, TFTP_RUNNING);
			free(copy);
		}
	}
}

static void test_trap_last_ack_is_lost_and_the_peer_silent(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	unsigned resends = 0;

	(void)state;
	start(&t, "", 600, &send);
	ack(&t, 1, T0 + 1, &send);
	assert_blocks(&send, 2, 1);
	for (;;) {
		timeout(&t, &send);
		if (t.outcome != TFTP_RUNNING)
			break;
		assert_blocks(&send, 2, 1);
		resends++;
	}
	assert_nothing(&send);
	assert_int_equal(resends, TFTP_LAST_TRIES);
	assert_int_equal(t.outcome, TFTP_DONE);
}

/* A one-block file to a phone that cannot hear us must not count as delivered. */
static void test_silence_from_the_start_is_no_success(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 100, &send);
	while (t.outcome == TFTP_RUNNING)
		timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_SILENT);
	start(&t, "tsize|0", 100, &send);
	while (t.outcome == TFTP_RUNNING)
		timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_SILENT);
	start(&t, "tsize|0", 100, &send); /* this one heard us: it acknowledged the OACK */
	ack(&t, 0, T0 + 1, &send);
	while (t.outcome == TFTP_RUNNING)
		timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_DONE);
}

static void test_trap_last_ack_is_lost_and_the_client_moves_on(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 100, &send);
	tftp_transfer_moved_on(&t);
	timeout(&t, &send);
	assert_blocks(&send, 1, 1);
	timeout(&t, &send);
	assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_DONE);

	/* It repeated its request, so it never saw the block: no success. */
	start(&t, "", 100, &send);
	tftp_transfer_repeat(&t, T0 + USEC_SEC(4), &send);
	assert_blocks(&send, 1, 1);
	tftp_transfer_moved_on(&t);
	while (t.outcome == TFTP_RUNNING)
		timeout(&t, &send);
	assert_int_equal(t.outcome, TFTP_SILENT);

	/* More than the last block is missing: two files at a time, nothing to conclude. */
	start(&t, "", 5000, &send);
	ack(&t, 1, T0 + 1, &send);
	tftp_transfer_moved_on(&t);
	assert_false(t.moved_on);
}

static void test_last_ack_is_lost_and_the_port_closed(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 600, &send);
	ack(&t, 1, T0 + 1, &send);
	timeout(&t, &send);
	tftp_transfer_refused(&t);
	assert_int_equal(t.outcome, TFTP_DONE);
	/* Closed when the first copy came: it cannot have taken it. */
	start(&t, "", 600, &send);
	ack(&t, 1, T0 + 1, &send);
	tftp_transfer_refused(&t);
	assert_int_equal(t.outcome, TFTP_HUNG_UP);
}

/* A 7940/60 repeats its request every 4 s from the same port (phones.md 4.4). */
static void test_repeated_request_sends_what_is_outstanding(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	start(&t, "", 5000, &send);
	tftp_transfer_repeat(&t, T0 + TFTP_REPEAT_MIN - 1, &send);
	assert_nothing(&send);
	tftp_transfer_repeat(&t, T0 + TFTP_REPEAT_MIN, &send);
	assert_blocks(&send, 1, 1);
	tftp_transfer_repeat(&t, T0 + TFTP_REPEAT_MIN + 1, &send);
	assert_nothing(&send);
	ack(&t, 1, T0 + MS(200), &send);
	tftp_transfer_repeat(&t, T0 + MS(300), &send);
	assert_blocks(&send, 2, 1);
	start(&t, "windowsize|3", 5000, &send);
	tftp_transfer_repeat(&t, T0 + MS(100), &send);
	assert_oack(&send, "windowsize|3");
	ack(&t, 0, T0 + MS(101), &send);
	tftp_transfer_repeat(&t, T0 + MS(202), &send);
	assert_blocks(&send, 1, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock_step_to_the_end),
		cmocka_unit_test(test_trap_empty_file_is_one_empty_block),
		cmocka_unit_test(test_trap_multiple_of_blksize_ends_with_an_empty_block),
		cmocka_unit_test(test_trap_oack_exactly_the_requested_options),
		cmocka_unit_test(test_trap_tsize_is_never_added_unasked),
		cmocka_unit_test(test_negotiation_limits),
		cmocka_unit_test(test_nothing_granted_means_no_oack),
		cmocka_unit_test(test_trap_nothing_after_oack_before_ack_0),
		cmocka_unit_test(test_trap_sorcerers_apprentice),
		cmocka_unit_test(test_trap_duplicate_ack_0_in_lock_step),
		cmocka_unit_test(test_trap_stale_ack_never_advances),
		cmocka_unit_test(test_ack_for_a_block_never_sent_is_ignored),
		cmocka_unit_test(test_trap_block_numbers_wrap_in_64_mib),
		cmocka_unit_test(test_window_crosses_the_wrap),
		cmocka_unit_test(test_window_goes_back_to_a_gap),
		cmocka_unit_test(test_window_whose_first_block_is_lost),
		cmocka_unit_test(test_window_storm_does_not_feed_itself),
		cmocka_unit_test(test_rto_follows_the_round_trip),
		cmocka_unit_test(test_backoff_doubles_up_to_the_ceiling),
		cmocka_unit_test(test_karn_no_sample_from_what_was_sent_twice),
		cmocka_unit_test(test_karn_after_a_gap_and_after_a_resent_oack),
		cmocka_unit_test(test_window_is_never_half_the_numbers),
		cmocka_unit_test(test_timeout_option_is_kept_to),
		cmocka_unit_test(test_silence_ends_with_an_error),
		cmocka_unit_test(test_trap_tsize_probe_ends_with_error_8),
		cmocka_unit_test(test_error_and_closed_port_end_it),
		cmocka_unit_test(test_other_packets_are_ignored),
		cmocka_unit_test(test_trap_last_ack_is_lost_and_the_peer_silent),
		cmocka_unit_test(test_silence_from_the_start_is_no_success),
		cmocka_unit_test(test_trap_last_ack_is_lost_and_the_client_moves_on),
		cmocka_unit_test(test_last_ack_is_lost_and_the_port_closed),
		cmocka_unit_test(test_repeated_request_sends_what_is_outstanding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
