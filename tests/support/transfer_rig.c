/* SPDX-License-Identifier: MIT */
/*
 * One TFTP transfer, spoken to and looked at: for unit tests only, since it asserts with cmocka.
 */
#include "transfer_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct tftp_transfer_config config = {
	.blksize_max = 1468, .windowsize_max = 64, .give_up = USEC_SEC(30)};

/* "blksize|1428" as on the wire, with NULs; returns the length. */
size_t transfer_options_write(uint8_t *out, const char *options)
{
	size_t len = strlen(options) + 1;

	memcpy(out, options, len);
	for (size_t i = 0; i < len; i++)
		if (out[i] == '|')
			out[i] = 0;
	return options[0] ? len : 0;
}

void transfer_start(struct tftp_transfer *t, const char *options, uint64_t size,
		    struct tftp_send *send)
{
	uint8_t packet[300] = "\0\1a\0octet";
	size_t len = 10 + transfer_options_write(packet + 10, options);
	struct tftp_request r;

	assert_int_equal(tftp_request_parse(&r, packet, len), TFTP_PARSE_OK);
	tftp_transfer_init(t, &r, size, &config, T0, send);
}

void transfer_ack(struct tftp_transfer *t, uint64_t block, usec_t now, struct tftp_send *send)
{
	const uint8_t packet[] = {0, 4, (uint8_t)(block >> 8), (uint8_t)block};

	tftp_transfer_receive(t, packet, sizeof(packet), now, send);
}

void transfer_error(struct tftp_transfer *t, uint8_t code, usec_t now, struct tftp_send *send)
{
	const uint8_t packet[] = {0, 5, 0, code, 'x', 0};

	tftp_transfer_receive(t, packet, sizeof(packet), now, send);
}

void transfer_assert_nothing(const struct tftp_send *send)
{
	assert_null(send->control);
	assert_int_equal(send->count, 0);
}

void transfer_assert_blocks(const struct tftp_send *send, uint64_t first, unsigned count)
{
	assert_null(send->control);
	assert_int_equal(send->count, count);
	assert_true(send->first == first);
}

void transfer_assert_oack(const struct tftp_send *send, const char *options)
{
	uint8_t golden[300] = {0, 6};
	size_t len = 2 + transfer_options_write(golden + 2, options);

	assert_non_null(send->control);
	assert_int_equal(send->count, 0);
	assert_int_equal(send->control_len, len);
	assert_memory_equal(send->control, golden, len);
}

/* The next timeout, and what it sends. */
usec_t transfer_timeout(struct tftp_transfer *t, struct tftp_send *send)
{
	usec_t now = tftp_transfer_deadline(t);

	assert_true(now != USEC_NEVER);
	tftp_transfer_tick(t, now - 1, send);
	transfer_assert_nothing(send);
	tftp_transfer_tick(t, now, send);
	return now;
}
