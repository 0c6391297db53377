/* SPDX-License-Identifier: MIT */
/* What a phone says by SCCP: the two messages that matter, and the encoders of the tests. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/sccp.h"

#include <stdlib.h>
#include <string.h>

/*
 * A 7941 with 9-0-3S registers (phones.md 10.2; the digits that its publisher masked are made up):
 *
 *   0  80 00 00 00              length 128, counted from offset 8
 *   4  00 00 00 00              header version 0
 *   8  01 00 00 00              Register
 *  12  53 45 50 …               "SEP00192FA1B2C3", NUL
 *  28  00 00 00 00 00 00 00 00  reserved, instance
 *  36  c0 a8 06 32              192.168.6.50
 *  40  73 00 00 00              device type 115: 7941
 *  44  05 00 00 00 00 00 00 00  streams at most, streams now
 *  52  13 00 72 85              protocol version 19, unknown, features
 *  56  01 00 00 00 00 00 00 00  conferences at most, now
 *  64  00 19 2f a1 b2 c3 00 …   MAC and 6 bytes of nothing
 *  76  03 00 00 00 02 00 00 00  IPv4 scope, lines at most
 *  84  00 …                     IPv6 address and scope
 * 104  53 43 43 50 …            "SCCP41.9-0-3S", NULs up to 136
 */
static const uint8_t register_7941[] = {
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x53, 0x45,
	0x50, 0x30, 0x30, 0x31, 0x39, 0x32, 0x46, 0x41, 0x31, 0x42, 0x32, 0x43, 0x33, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0xa8, 0x06, 0x32, 0x73, 0x00,
	0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x13, 0x00, 0x72, 0x85,
	0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x19, 0x2f, 0xa1, 0xb2, 0xc3,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x53, 0x43, 0x43, 0x50, 0x34, 0x31, 0x2e, 0x39,
	0x2d, 0x30, 0x2d, 0x33, 0x53, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const struct mac mac_7941 = {{0x00, 0x19, 0x2f, 0xa1, 0xb2, 0xc3}};
static const char alarm_text[] = "25: Name=SEPB8BEBF227D79 Load= 9.4(2SR3.1S) Last=Initialized";

static bool decode_register(struct sccp_register *r, const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);
	bool ok;

	ok = sccp_decode_register(r, copy, len);
	free(copy);
	return ok;
}

static bool decode_alarm(struct sccp_alarm *a, const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);
	bool ok;

	ok = sccp_decode_alarm(a, copy, len);
	free(copy);
	return ok;
}

static void test_register_7941(void **state)
{
	struct sccp_register r;

	(void)state;
	assert_int_equal(sizeof(register_7941), 136);
	assert_true(decode_register(&r, register_7941, sizeof(register_7941)));
	assert_string_equal(r.device, "SEP00192FA1B2C3");
	assert_int_equal(r.ip, 0xc0a80632);
	assert_int_equal(r.type, 115);
	assert_int_equal(r.protocol, 19);
	assert_true(mac_equal(r.mac, mac_7941));
	assert_string_equal(r.load, "SCCP41.9-0-3S");
}

static void test_encode_is_the_real_one(void **state)
{
	struct sccp_register r = {.device = "SEP00192FA1B2C3",
				  .ip = 0xc0a80632,
				  .type = 115,
				  .protocol = 19,
				  .mac = mac_7941,
				  .load = "SCCP41.9-0-3S"};
	uint8_t out[SCCP_ENCODE_MAX];

	(void)state;
	assert_int_equal(sccp_encode_register(out, sizeof(out), &r), sizeof(register_7941));
	assert_memory_equal(out, register_7941, sizeof(register_7941));
	assert_int_equal(sccp_encode_register(out, sizeof(out) - 1, &r), 0);
}

static void test_prefixes(void **state)
{
	struct sccp_register r = {.type = 77};
	struct sccp_alarm a = {.severity = 77}, full = {.severity = 2};
	uint8_t alarm[SCCP_ENCODE_MAX];
	size_t n;

	(void)state;
	for (size_t len = 0; len < sizeof(register_7941); len++)
		assert_false(decode_register(&r, register_7941, len));
	assert_int_equal(r.type, 77);
	memcpy(full.text, alarm_text, sizeof(alarm_text));
	n = sccp_encode_alarm(alarm, sizeof(alarm), &full);
	assert_int_equal(n, 104);
	for (size_t len = 0; len < n; len++)
		assert_false(decode_alarm(&a, alarm, len));
	assert_int_equal(a.severity, 77);
}

/* The same with a length field that tells the truth about the shorter message. */
static void test_shorter_registers(void **state)
{
	(void)state;
	for (size_t len = 12; len <= sizeof(register_7941); len++) {
		uint8_t message[sizeof(register_7941)];
		struct sccp_register r;

		memcpy(message, register_7941, len);
		message[0] = (uint8_t)(len - 8);
		assert_int_equal(decode_register(&r, message, len), len >= 44);
		if (len < 44)
			continue;
		assert_string_equal(r.device, "SEP00192FA1B2C3");
		assert_int_equal(r.type, 115);
		assert_int_equal(r.protocol, len >= 60 ? 19 : 0);
		assert_int_equal(!mac_is_zero(r.mac), len > 108);
		/* 104 + 13 letters + NUL: before that it would be the name of another load. */
		assert_string_equal(r.load, len >= 118 ? "SCCP41.9-0-3S" : "");
	}
}

static void test_loads(void **state)
{
	static const struct {
		const char *field, *expect;
	} table[] = {
		{"SCCP41.9-0-3S", "SCCP41.9-0-3S"},
		{"01234567890123456789012345678901", "01234567890123456789012345678901"},
		{"with space", ""},
		{"\x1b[2J", ""},
		{"\x7f", ""},
		{"\xff\xfe", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint8_t message[sizeof(register_7941)];
		struct sccp_register r;

		memcpy(message, register_7941, sizeof(message));
		memset(message + 104, 0, 32);
		memcpy(message + 104, table[i].field, strlen(table[i].field));
		assert_true(decode_register(&r, message, sizeof(message)));
		assert_string_equal(r.load, table[i].expect);
	}
}

static void test_short_register(void **state)
{
	struct sccp_register r = {.device = "SEP000E84C060A6", .ip = 0x0a4f4633, .type = 7}, got;
	uint8_t out[SCCP_ENCODE_MAX];
	size_t n = sccp_encode_register(out, sizeof(out), &r);

	(void)state;
	assert_int_equal(n, 48);
	assert_int_equal(out[0], 40);
	assert_true(decode_register(&got, out, n));
	assert_string_equal(got.device, r.device);
	assert_int_equal(got.type, 7);
	assert_int_equal(got.ip, r.ip);
	r.protocol = 5;
	n = sccp_encode_register(out, sizeof(out), &r);
	assert_int_equal(n, 60);
	assert_true(decode_register(&got, out, n));
	assert_int_equal(got.protocol, 5);
	/* A name without its NUL. */
	memset(out + 12, 'A', 16);
	assert_true(decode_register(&got, out, n));
	assert_string_equal(got.device, "AAAAAAAAAAAAAAAA");
}

static void test_alarm_texts(void **state)
{
	static const struct {
		const char *text, *device, *load;
	} table[] = {
		{alarm_text, "SEPB8BEBF227D79", "9.4(2SR3.1S)"},
		{"25: Name=SEP001B2A893698 Load=8.0(8.0) Last=Initialized", "SEP001B2A893698",
		 "8.0(8.0)"},
		{"14: Name=SEP001B2A893698 Load= SCCP70.8-3-3S", "SEP001B2A893698",
		 "SCCP70.8-3-3S"},
		{"25: Name=SEP001B2A893698 Load= Last=Initialized", "SEP001B2A893698", ""},
		{"Load=", "", ""},
		{"Name= ", "", ""},
		{"Load=\x01 Name=a\x80", "", ""},
		{"Name=01234567890123456789012345678901234567890", "", ""},
		{"Name=0123456789012345678901234567890123456789",
		 "0123456789012345678901234567890123456789", ""},
		{"hello", "", ""},
		{"", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint8_t out[SCCP_ENCODE_MAX];
		struct sccp_alarm a = {.severity = 2}, got;
		size_t n;

		memcpy(a.text, table[i].text, strlen(table[i].text));
		n = sccp_encode_alarm(out, sizeof(out), &a);
		assert_true(decode_alarm(&got, out, n));
		assert_int_equal(got.severity, 2);
		assert_string_equal(got.text, table[i].text);
		assert_string_equal(got.device, table[i].device);
		assert_string_equal(got.load, table[i].load);
	}
}

static void test_alarm_lengths(void **state)
{
	(void)state;
	for (size_t len = 12; len <= 110; len++) {
		uint8_t message[110];
		struct sccp_alarm a;

		memset(message, 'x', sizeof(message));
		memset(message, 0, 12);
		message[0] = (uint8_t)(len - 8);
		message[8] = SCCP_ALARM;
		assert_int_equal(decode_alarm(&a, message, len), len >= 16);
		if (len >= 16)
			assert_int_equal(strlen(a.text), len < 96 ? len - 16 : 80);
	}
}

static void test_another_message(void **state)
{
	uint8_t message[sizeof(register_7941)];
	struct sccp_register r;
	struct sccp_alarm a;

	(void)state;
	assert_false(decode_alarm(&a, register_7941, sizeof(register_7941)));
	memcpy(message, register_7941, sizeof(message));
	message[9] = 1; /* 0x0101 */
	assert_false(decode_register(&r, message, sizeof(message)));
	memcpy(message, register_7941, sizeof(message));
	memset(message, 0xff, 4);
	assert_false(decode_register(&r, message, sizeof(message)));
	memset(message, 0, 4);
	assert_false(decode_register(&r, message, sizeof(message)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register_7941),
		cmocka_unit_test(test_encode_is_the_real_one),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_shorter_registers),
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_short_register),
		cmocka_unit_test(test_alarm_texts),
		cmocka_unit_test(test_alarm_lengths),
		cmocka_unit_test(test_another_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
