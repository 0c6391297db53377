/* SPDX-License-Identifier: MIT */
/* TFTP packets: golden vectors, boundaries, every truncated prefix. */
#include "exact.h"
#include "reflashd/tftp_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A string literal as bytes, without the NUL that C adds. */
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static void assert_span(struct span s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.data, text, s.len);
}

/*
 * 7962, SIP 9.4(2)SR3 (phones.md 4.2): no options, mode "octet".
 *   00 01                                      read request
 *   43 54 4c … 2e 74 6c 76 00                  "CTLSEP00270DC01C92.tlv"
 *   6f 63 74 65 74 00                          "octet"
 */
static void test_request_of_a_7962(void **state)
{
	static const uint8_t golden[] = {0x00, 0x01, 0x43, 0x54, 0x4c, 0x53, 0x45, 0x50,
					 0x30, 0x30, 0x32, 0x37, 0x30, 0x44, 0x43, 0x30,
					 0x31, 0x43, 0x39, 0x32, 0x2e, 0x74, 0x6c, 0x76,
					 0x00, 0x6f, 0x63, 0x74, 0x65, 0x74, 0x00};
	struct tftp_request r;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, golden, sizeof(golden)), TFTP_PARSE_OK);
	assert_int_equal(r.op, TFTP_RRQ);
	assert_int_equal(r.mode, TFTP_MODE_OCTET);
	assert_int_equal(r.option_count, 0);
	assert_span(r.file, "CTLSEP00270DC01C92.tlv");
}

static void test_request_kinds(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		enum tftp_parse expect;
	} table[] = {
#define ROW(s, e) {s, sizeof(s) - 1, e}
		ROW("", TFTP_PARSE_SHORT),
		ROW("\0", TFTP_PARSE_SHORT),
		ROW("\0\1", TFTP_PARSE_SHORT),
		ROW("\0\1a", TFTP_PARSE_SHORT),
		ROW("\0\1a\0", TFTP_PARSE_SHORT),
		ROW("\0\1a\0octet", TFTP_PARSE_SHORT),
		ROW("\0\1a\0octet\0", TFTP_PARSE_OK),
		ROW("\0\1a\0OcTeT\0", TFTP_PARSE_OK),
		ROW("\0\1a\0NETASCII\0", TFTP_PARSE_OK),
		ROW("\0\2a\0octet\0", TFTP_PARSE_OK),
		ROW("\0\1a\0mail\0", TFTP_PARSE_BAD_MODE),
		ROW("\0\1a\0octets\0", TFTP_PARSE_BAD_MODE),
		ROW("\0\1a\0octe\0", TFTP_PARSE_BAD_MODE),
		ROW("\0\1a\0\0", TFTP_PARSE_BAD_MODE),
		ROW("\0\1\0octet\0", TFTP_PARSE_NO_FILE),
		ROW("\0\3\0\1", TFTP_PARSE_NOT_REQUEST),
		ROW("\0\4\0\1", TFTP_PARSE_NOT_REQUEST),
		ROW("\0\5\0\1x\0", TFTP_PARSE_NOT_REQUEST),
		ROW("\0\6", TFTP_PARSE_NOT_REQUEST),
		ROW("\1\1a\0octet\0", TFTP_PARSE_NOT_REQUEST),
		ROW("\0\0a\0octet\0", TFTP_PARSE_NOT_REQUEST),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tftp_request r;
		enum tftp_parse got =
			tftp_request_parse(&r, (const uint8_t *)table[i].data, table[i].len);

		if (got != table[i].expect)
			fail_msg("row %zu: %d, not %d", i, (int)got, (int)table[i].expect);
	}
}

static void test_modes_are_told_apart(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0NetAscii\0")), TFTP_PARSE_OK);
	assert_int_equal(r.mode, TFTP_MODE_NETASCII);
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\2a\0OCTET\0")), TFTP_PARSE_OK);
	assert_int_equal(r.mode, TFTP_MODE_OCTET);
	assert_int_equal(r.op, TFTP_WRQ);
}

static void test_options_keep_order_and_spelling(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0WindowSize\0"
						      "16\0x-new\0y\0TSIZE\0"
						      "0\0blksize\0"
						      "1428\0timeout\0"
						      "3\0")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 4);
	assert_int_equal(r.options[0].kind, TFTP_OPT_WINDOWSIZE);
	assert_span(r.options[0].name, "WindowSize");
	assert_int_equal(r.options[0].value, 16);
	assert_int_equal(r.options[1].kind, TFTP_OPT_TSIZE);
	assert_span(r.options[1].name, "TSIZE");
	assert_int_equal(r.options[2].kind, TFTP_OPT_BLKSIZE);
	assert_int_equal(r.options[2].value, 1428);
	assert_int_equal(r.options[3].kind, TFTP_OPT_TIMEOUT);
}

/* Each value at min-1, min, max, max+1, and what is no number. */
static void test_option_values(void **state)
{
	static const struct {
		const char *name, *value;
		bool kept;
		uint64_t number;
	} table[] = {
		{"blksize", "7", false, 0},
		{"blksize", "8", true, 8},
		{"blksize", "65464", true, 65464},
		{"blksize", "65465", false, 0},
		{"blksize", "0512", true, 512},
		{"blksize", "", false, 0},
		{"blksize", "51:", false, 0},
		{"tsize", "", false, 0},
		{"blksize", " 512", false, 0},
		{"blksize", "512 ", false, 0},
		{"blksize", "+512", false, 0},
		{"blksize", "-512", false, 0},
		{"blksize", "0x200", false, 0},
		{"timeout", "0", false, 0},
		{"timeout", "1", true, 1},
		{"timeout", "255", true, 255},
		{"timeout", "256", false, 0},
		{"tsize", "0", true, 0},
		{"tsize", "18446744073709551615", true, UINT64_MAX},
		{"tsize", "18446744073709551616", false, 0},
		{"tsize", "99999999999999999999999999999999", false, 0},
		{"windowsize", "0", false, 0},
		{"windowsize", "1", true, 1},
		{"windowsize", "65535", true, 65535},
		{"windowsize", "65536", false, 0},
		{"blksize2", "512", false, 0},
		{"blksiz", "512", false, 0},
		{"", "512", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char packet[128] = "\0\1a\0octet";
		size_t len = 10;
		struct tftp_request r;

		strcpy(packet + len, table[i].name);
		len += strlen(table[i].name) + 1;
		strcpy(packet + len, table[i].value);
		len += strlen(table[i].value) + 1;
		assert_int_equal(tftp_request_parse(&r, (uint8_t *)packet, len), TFTP_PARSE_OK);
		if (r.option_count != (table[i].kept ? 1u : 0u))
			fail_msg("%s=%s", table[i].name, table[i].value);
		if (table[i].kept)
			assert_true(r.options[0].value == table[i].number);
	}
}

static void test_option_twice_the_first_counts(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0blksize\0"
						      "1024\0BLKSIZE\0"
						      "512\0")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 1);
	assert_int_equal(r.options[0].value, 1024);
	/* Whichever it is. */
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0tsize\0"
						      "0\0timeout\0"
						      "3\0blksize\0"
						      "1024\0timeout\0"
						      "4\0blksize\0"
						      "512\0tsize\0"
						      "1\0")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 3);
	assert_int_equal(r.options[0].value, 0);
	assert_int_equal(r.options[1].value, 3);
	assert_int_equal(r.options[2].value, 1024);
}

/* Anchors 6: seen from OpenFirmware. Legal in the field. */
static void test_trap_trailing_garbage_in_requests_is_ignored(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0tsize\0"
						      "0\0garbage")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 1);
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0tsize\0"
						      "0\0blksize\0"
						      "512")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 1);
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0\0\0\0\0\0\0\0")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 0);
	assert_int_equal(tftp_request_parse(&r, BYTES("\0\1a\0octet\0\xff\xfe\x80")),
			 TFTP_PARSE_OK);
	assert_int_equal(r.option_count, 0);
}

/* From exact-size heap copies, so that ASan sees one byte too far. */
static void test_every_prefix_of_a_request(void **state)
{
	static const char whole[] = "\0\1term70.default.loads\0octet\0blksize\0"
				    "1428\0tsize\0"
				    "0\0windowsize\0"
				    "8\0timeout\0"
				    "2";
	static const size_t ends[] = {23, 29, 42, 50, 63, 73}; /* behind mode and each pair */

	(void)state;
	for (size_t len = 0; len <= sizeof(whole); len++) {
		uint8_t *copy = exact_copy(whole, len);
		struct tftp_request r;
		enum tftp_parse got;
		unsigned options = 0;

		got = tftp_request_parse(&r, copy, len);
		assert_int_equal(got, len < ends[1] ? TFTP_PARSE_SHORT : TFTP_PARSE_OK);
		for (size_t i = 2; i < 6; i++)
			options += len >= ends[i];
		if (got == TFTP_PARSE_OK && r.option_count != options)
			fail_msg("prefix %zu: %u options, not %u", len, r.option_count, options);
		free(copy);
	}
}

static void test_reply(void **state)
{
	struct tftp_reply r;

	(void)state;
	assert_true(tftp_reply_parse(&r, BYTES("\0\4\xfe\xff")));
	assert_int_equal(r.op, TFTP_ACK);
	assert_int_equal(r.block, 0xfeff);
	assert_true(tftp_reply_parse(&r, BYTES("\0\4\0\1padding")));
	assert_int_equal(r.block, 1);
	assert_true(tftp_reply_parse(&r, BYTES("\0\5\0\3disk full\0xx")));
	assert_int_equal(r.op, TFTP_ERROR);
	assert_int_equal(r.code, 3);
	assert_span(r.message, "disk full");
	assert_true(tftp_reply_parse(&r, BYTES("\0\5\0\10no NUL")));
	assert_span(r.message, "no NUL");
	assert_true(tftp_reply_parse(&r, BYTES("\0\5\0\0")));
	assert_int_equal(r.message.len, 0);
	assert_false(tftp_reply_parse(&r, BYTES("\0\3\0\1data")));
	assert_int_equal(r.op, TFTP_DATA);
	assert_false(tftp_reply_parse(&r, BYTES("\1\4\0\1")));
}

static void test_every_prefix_of_a_reply(void **state)
{
	static const char *const whole[] = {"\0\4\0\1", "\0\5\0\1abc"};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		for (size_t len = 0; len <= (k ? 7u : 4u); len++) {
			uint8_t *copy = exact_copy(whole[k], len);
			struct tftp_reply r;

			assert_int_equal(tftp_reply_parse(&r, copy, len), len >= 4);
			free(copy);
		}
	}
}

static void test_error_is_cut_to_size(void **state)
{
	uint8_t out[16];

	(void)state;
	memset(out, 0xee, sizeof(out));
	assert_int_equal(tftp_error_write(out, sizeof(out), TFTP_ERR_ACCESS, "no"), 7);
	assert_memory_equal(out, "\0\5\0\2no\0\xee", 8);
	assert_int_equal(tftp_error_write(out, 8, TFTP_ERR_NOT_FOUND, "not found"), 8);
	assert_memory_equal(out, "\0\5\0\1not\0\xee", 9);
	assert_int_equal(tftp_error_write(out, 5, TFTP_ERR_NOT_FOUND, "not found"), 5);
	assert_memory_equal(out, "\0\5\0\1\0", 5);
	assert_int_equal(tftp_error_write(out, 4, TFTP_ERR_NOT_FOUND, "not found"), 0);
}

/* Anchors 6 (uftpd #43): Cisco's client refuses one byte more. */
static void test_trap_oack_holds_exactly_the_options(void **state)
{
	static const char golden[] = "\0\6BlkSize\0"
				     "1428\0tsize\0"
				     "18446744073709551615\0windowsize\0"
				     "1";
	struct tftp_option options[] = {
		{TFTP_OPT_BLKSIZE, {(const uint8_t *)"BlkSize", 7}, 1428},
		{TFTP_OPT_TSIZE, {(const uint8_t *)"tsize", 5}, UINT64_MAX},
		{TFTP_OPT_WINDOWSIZE, {(const uint8_t *)"windowsize", 10}, 1},
	};
	uint8_t out[TFTP_CONTROL_MAX];
	size_t len = sizeof(golden); /* with C's NUL, which is the last NUL of the OACK */

	(void)state;
	assert_int_equal(tftp_oack_write(out, sizeof(out), options, 3), len);
	assert_memory_equal(out, golden, len);
	assert_int_equal(tftp_oack_write(out, len, options, 3), len);
	assert_int_equal(tftp_oack_write(out, len - 1, options, 3), 0);
}

static void test_data_head(void **state)
{
	uint8_t head[4];

	(void)state;
	tftp_data_head(head, 0xfe01);
	assert_memory_equal(head, "\0\3\xfe\1", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_of_a_7962),
		cmocka_unit_test(test_request_kinds),
		cmocka_unit_test(test_modes_are_told_apart),
		cmocka_unit_test(test_options_keep_order_and_spelling),
		cmocka_unit_test(test_option_values),
		cmocka_unit_test(test_option_twice_the_first_counts),
		cmocka_unit_test(test_trap_trailing_garbage_in_requests_is_ignored),
		cmocka_unit_test(test_every_prefix_of_a_request),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_every_prefix_of_a_reply),
		cmocka_unit_test(test_error_is_cut_to_size),
		cmocka_unit_test(test_trap_oack_holds_exactly_the_options),
		cmocka_unit_test(test_data_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
