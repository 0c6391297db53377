/* SPDX-License-Identifier: MIT */
/*
 * One transfer: negotiation byte for byte, acknowledgements old and new, block numbers past 65535,
 * what other packets do. The traps of the field go by name.
 */
#include "exact.h"
#include "transfer_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_lock_step_to_the_end(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t offset;

	(void)state;
	transfer_start(&t, "", 1100, &send);
	transfer_assert_blocks(&send, 1, 1);
	assert_int_equal(tftp_transfer_block(&t, 1, &offset), 512);
	assert_int_equal(offset, 0);
	transfer_ack(&t, 1, T0 + 1, &send);
	transfer_assert_blocks(&send, 2, 1);
	transfer_ack(&t, 2, T0 + 2, &send);
	transfer_assert_blocks(&send, 3, 1);
	assert_int_equal(tftp_transfer_block(&t, 3, &offset), 76);
	assert_int_equal(offset, 1024);
	assert_int_equal(tftp_transfer_bytes(&t), 1024);
	transfer_ack(&t, 3, T0 + 3, &send);
	transfer_assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_DONE);
	assert_int_equal(tftp_transfer_bytes(&t), 1100);
	assert_true(tftp_transfer_deadline(&t) == USEC_NEVER);
	transfer_ack(&t, 3, T0 + 4, &send);
	transfer_assert_nothing(&send);
	tftp_transfer_tick(&t, T0 + USEC_SEC(100), &send);
	transfer_assert_nothing(&send);
	tftp_transfer_restarted(&t); /* it asks for the same again: what is done stays done */
	assert_int_equal(t.outcome, TFTP_DONE);
}

/* A clock that does not move between two blocks counts as its shortest step. */
static void test_no_time_at_all(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 1100, &send);
	transfer_ack(&t, 1, T0 + 1, &send);
	assert_int_equal(t.srtt, 1);
	transfer_ack(&t, 2, T0 + 1, &send);
	assert_int_equal(t.srtt, 1);
}

static void test_trap_empty_file_is_one_empty_block(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t offset;

	(void)state;
	transfer_start(&t, "", 0, &send);
	transfer_assert_blocks(&send, 1, 1);
	assert_int_equal(tftp_transfer_block(&t, 1, &offset), 0);
	assert_int_equal(offset, 0);
	transfer_ack(&t, 1, T0 + 1, &send);
	assert_int_equal(t.outcome, TFTP_DONE);
}

static void test_trap_multiple_of_blksize_ends_with_an_empty_block(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t offset;

	(void)state;
	transfer_start(&t, "", 1024, &send);
	transfer_ack(&t, 1, T0 + 1, &send);
	transfer_ack(&t, 2, T0 + 2, &send);
	assert_int_equal(t.outcome, TFTP_RUNNING);
	transfer_assert_blocks(&send, 3, 1);
	assert_int_equal(tftp_transfer_block(&t, 3, &offset), 0);
	assert_int_equal(offset, 1024);
	transfer_ack(&t, 3, T0 + 3, &send);
	assert_int_equal(t.outcome, TFTP_DONE);
}

static void test_trap_oack_exactly_the_requested_options(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "BLKSIZE|1000|x|y|tsize|0", 1100, &send);
	transfer_assert_oack(&send, "BLKSIZE|1000|tsize|1100");
	transfer_start(&t, "windowsize|4|timeout|7", 1100, &send);
	transfer_assert_oack(&send, "windowsize|4|timeout|7");
}

/* PyPXE #125: EFI clients refuse it. */
static void test_trap_tsize_is_never_added_unasked(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "blksize|512", 1100, &send);
	transfer_assert_oack(&send, "blksize|512");
}

static void test_negotiation_limits(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "blksize|1468", 1100, &send);
	transfer_assert_oack(&send, "blksize|1468");
	transfer_start(&t, "blksize|1469", 1100, &send);
	transfer_assert_oack(&send, "blksize|1468");
	transfer_start(&t, "blksize|65464", 1100, &send);
	transfer_assert_oack(&send, "blksize|1468");
	assert_int_equal(t.blksize, 1468);
	transfer_start(&t, "blksize|8", 1100, &send);
	transfer_assert_oack(&send, "blksize|8");
	assert_int_equal(t.last, 138);
	transfer_start(&t, "windowsize|65", 1100, &send);
	transfer_assert_oack(&send, "windowsize|64");
	assert_int_equal(t.window, 64);
	transfer_start(&t, "windowsize|1", 1100, &send);
	transfer_assert_oack(&send, "windowsize|1");
}

/* RFC 2347: what we do not take is left out; if nothing is left, plain DATA follows. */
static void test_nothing_granted_means_no_oack(void **state)
{
	static const char *const table[] = {"blksize|7", "windowsize|0", "timeout|0", "multicast|"};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tftp_transfer t;
		struct tftp_send send;

		transfer_start(&t, table[i], 1100, &send);
		transfer_assert_blocks(&send, 1, 1);
		assert_int_equal(t.blksize, 512);
		assert_int_equal(t.window, 1);
	}
}

static void test_trap_nothing_after_oack_before_ack_0(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "blksize|512|windowsize|4", 5000, &send);
	transfer_assert_oack(&send, "blksize|512|windowsize|4");
	transfer_ack(&t, 1, T0 + 1, &send);
	transfer_assert_nothing(&send);
	transfer_ack(&t, 65535, T0 + 2, &send);
	transfer_assert_nothing(&send);
	transfer_timeout(&t, &send);
	transfer_assert_oack(&send, "blksize|512|windowsize|4");
	transfer_ack(&t, 0, T0 + MS(900), &send);
	transfer_assert_blocks(&send, 1, 4);
}

static void test_trap_sorcerers_apprentice(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 5000, &send);
	for (uint64_t n = 1; n <= 4; n++) {
		transfer_ack(&t, n, T0 + n * MS(10), &send);
		transfer_assert_blocks(&send, n + 1, 1);
		for (unsigned k = 0; k < 10; k++) { /* at once, and late */
			transfer_ack(&t, n, T0 + n * MS(10) + k * MS(1), &send);
			transfer_assert_nothing(&send);
		}
	}
	assert_int_equal(t.resent, 0);
}

static void test_trap_duplicate_ack_0_in_lock_step(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "tsize|0", 5000, &send);
	transfer_ack(&t, 0, T0 + MS(1), &send);
	transfer_assert_blocks(&send, 1, 1);
	transfer_ack(&t, 0, T0 + MS(15), &send);
	transfer_assert_nothing(&send);
}

static void test_trap_stale_ack_never_advances(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 100000, &send);
	for (uint64_t n = 1; n <= 100; n++)
		transfer_ack(&t, n, T0 + n, &send);
	for (uint64_t n = 0; n < 100; n++) {
		transfer_ack(&t, n, T0 + 200, &send);
		transfer_assert_nothing(&send);
		assert_int_equal(t.acked, 100);
	}
}

static void test_ack_for_a_block_never_sent_is_ignored(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 100000, &send);
	for (uint64_t n = 2; n <= 65536; n++) {
		transfer_ack(&t, n, T0 + 1, &send);
		transfer_assert_nothing(&send);
	}
	assert_int_equal(t.acked, 0);
	transfer_ack(&t, 1, T0 + 2, &send);
	transfer_assert_blocks(&send, 2, 1);
}

/* uftpd #45. 64 MiB at 512: 131072 full blocks and an empty one, twice around. */
static void test_trap_block_numbers_wrap_in_64_mib(void **state)
{
	const uint64_t size = 64u << 20;
	struct tftp_transfer t;
	struct tftp_send send;
	uint64_t bytes = 0, offset;

	(void)state;
	transfer_start(&t, "", size, &send);
	for (uint64_t n = 1; n <= 131073; n++) {
		transfer_assert_blocks(&send, n, 1);
		assert_int_equal(tftp_transfer_block(&t, n, &offset), n <= 131072 ? 512 : 0);
		assert_true(offset == bytes);
		bytes += n <= 131072 ? 512 : 0;
		if (n % 4096 == 0) { /* the one before, and one that is 65536 blocks old */
			transfer_ack(&t, n - 1, T0 + n, &send);
			transfer_assert_nothing(&send);
			transfer_ack(&t, n + 65535, T0 + n, &send);
			transfer_assert_nothing(&send);
		}
		transfer_ack(&t, n, T0 + n, &send);
	}
	assert_int_equal(t.outcome, TFTP_DONE);
	assert_true(tftp_transfer_bytes(&t) == size && bytes == size);
}

/* async-tftp-rs #18. */
static void test_trap_tsize_probe_ends_with_error_8(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "tsize|0", 1100, &send);
	transfer_assert_oack(&send, "tsize|1100");
	transfer_error(&t, 8, T0 + 1, &send);
	transfer_assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_REJECTED);
	assert_int_equal(t.peer_code, 8);
	assert_true(t.oack_pending && t.tsize_asked);
}

static void test_error_and_closed_port_end_it(void **state)
{
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 5000, &send);
	transfer_error(&t, 3, T0 + 1, &send);
	transfer_assert_nothing(&send);
	assert_int_equal(t.outcome, TFTP_REJECTED);
	transfer_start(&t, "", 5000, &send);
	tftp_transfer_refused(&t);
	assert_int_equal(t.outcome, TFTP_HUNG_UP);
	assert_true(tftp_transfer_deadline(&t) == USEC_NEVER);
	transfer_ack(&t, 1, T0 + 2, &send);
	transfer_assert_nothing(&send);
}

static void test_other_packets_are_ignored(void **state)
{
	static const char *const odd[] = {"\0\1x\0o",	"\0\3\0\1x",  "\0\6\0\0\0",
					  "\0\4\0\0\0", "\1\4\0\1\0", "\0\0\0\0\0"};
	struct tftp_transfer t;
	struct tftp_send send;

	(void)state;
	transfer_start(&t, "", 5000, &send);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		for (size_t len = 0; len <= 5; len++) {
			uint8_t *copy = exact_copy(odd[i], len);

			tftp_transfer_receive(&t, copy, len, T0 + 1, &send);
			transfer_assert_nothing(&send);
			assert_int_equal(t.outcome, TFTP_RUNNING);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock_step_to_the_end),
		cmocka_unit_test(test_no_time_at_all),
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
		cmocka_unit_test(test_trap_tsize_probe_ends_with_error_8),
		cmocka_unit_test(test_error_and_closed_port_end_it),
		cmocka_unit_test(test_other_packets_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
