/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "reflashd/dhcp_packet.h"
#include "reflashd/dhcp_server.h"

#include "dhcp_golden.h"
#include "exact.h"

#include <stdlib.h>
#include <string.h>

#define HEADER 240

static struct dhcp_packet packet;

/* A client's packet: an empty header with cookie, then these options as they stand. */
static size_t raw(uint8_t *out, const void *options, size_t len)
{
	memset(out, 0, HEADER);
	out[0] = out[1] = 1;
	out[2] = 6;
	out[28] = 2;
	memcpy(out + 236, "\x63\x82\x53\x63", 4);
	memcpy(out + HEADER, options, len);
	return HEADER + len;
}

static void assert_option(enum dhcp_option_code code, const void *want, size_t len)
{
	struct span got = dhcp_packet_option(&packet, code);

	assert_non_null(got.data);
	assert_int_equal(got.len, len);
	assert_memory_equal(got.data, want, len);
}

static void test_golden(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GOLDEN_COUNT; i++) {
		const struct dhcp_golden *g = &dhcp_golden[i];
		struct span class;

		assert_int_equal(dhcp_packet_parse(&packet, g->data, g->len), DHCP_PARSE_OK);
		assert_int_equal(packet.op, 1);
		assert_int_equal(packet.xid, g->xid);
		assert_int_equal(packet.flags, g->flags);
		assert_int_equal(packet.message, DHCP_DISCOVER);
		assert_memory_equal(packet.mac.b, g->data + 28, 6);
		assert_int_equal(packet.truncated, i == GOLDEN_BARE);
		assert_true(dhcp_is_phone(&packet));
		class = dhcp_packet_option(&packet, DHCP_OPT_VENDOR_CLASS);
		assert_int_equal(class.data != NULL, g->vendor_class != NULL);
		assert_int_equal(class.len, g->class_len);
		if (g->vendor_class)
			assert_memory_equal(class.data, g->vendor_class, strlen(g->vendor_class));
	}
	assert_int_equal(dhcp_packet_parse(&packet, dhcp_golden[GOLDEN_7911].data, 548),
			 DHCP_PARSE_OK);
	assert_option(DHCP_OPT_CLIENT_ID, "\x01\x00\x1e\x4a\x34\x79\x11", 7);
	assert_option(DHCP_OPT_HOST_NAME, "SEP001E4A347911", 15);
	assert_option(DHCP_OPT_PARAMETER_LIST, "\x01\x42\x06\x03\x0f\x96\x23", 7);
}

/* Every prefix, from a heap block of exactly that size: an option is there whole or not. */
static void test_every_prefix(void **state)
{
	size_t i, len;

	(void)state;
	for (i = 0; i < GOLDEN_COUNT; i++) {
		for (len = 0; len <= dhcp_golden[i].len; len++) {
			uint8_t *copy = exact_copy(dhcp_golden[i].data, len);
			enum dhcp_parse got;
			unsigned code;

			got = dhcp_packet_parse(&packet, copy, len);
			assert_int_equal(got, len < HEADER ? DHCP_PARSE_SHORT : DHCP_PARSE_OK);
			free(copy);
			if (got != DHCP_PARSE_OK)
				continue;
			assert_int_equal(packet.message, len >= 243 ? DHCP_DISCOVER : DHCP_NONE);
			for (code = 0; code < 256; code++) {
				struct span value =
					dhcp_packet_option(&packet, (enum dhcp_option_code)code);

				assert_true(value.len == 0 || memmem(dhcp_golden[i].data, len,
								     value.data, value.len));
			}
		}
	}
}

static void test_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum dhcp_parse want;
	} cases[] = {
		{0, 0, DHCP_PARSE_NOT_DHCP},
		{0, 1, DHCP_PARSE_OK},
		{0, 2, DHCP_PARSE_OK},
		{0, 3, DHCP_PARSE_NOT_DHCP},
		{1, 0, DHCP_PARSE_NOT_ETHERNET},
		{1, 6, DHCP_PARSE_NOT_ETHERNET},
		{2, 5, DHCP_PARSE_NOT_ETHERNET},
		{2, 7, DHCP_PARSE_NOT_ETHERNET},
		{2, 16, DHCP_PARSE_NOT_ETHERNET},
		{2, 255, DHCP_PARSE_NOT_ETHERNET},
		{236, 0, DHCP_PARSE_NOT_DHCP},
		{239, 0, DHCP_PARSE_NOT_DHCP},
	};
	uint8_t data[300];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		memcpy(data, dhcp_golden[GOLDEN_7970].data, sizeof(data));
		data[cases[i].at] = cases[i].value;
		assert_int_equal(dhcp_packet_parse(&packet, data, sizeof(data)), cases[i].want);
	}
}

static void test_message_type(void **state)
{
	uint8_t data[300], options[4] = {53, 1, 0, 255};
	unsigned value;
	size_t len;

	(void)state;
	for (value = 0; value < 256; value++) {
		options[2] = (uint8_t)value;
		len = raw(data, options, 4);
		assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
		assert_int_equal(packet.message, value <= 8 ? value : 0);
		assert_non_null(dhcp_packet_option(&packet, DHCP_OPT_MESSAGE_TYPE).data);
	}
	len = raw(data, "\x35\x02\x01\x01\xff", 5);
	assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
	assert_int_equal(packet.message, DHCP_NONE);
	len = raw(data, "\xff", 1);
	assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
	assert_null(dhcp_packet_option(&packet, DHCP_OPT_MESSAGE_TYPE).data);
}

static void test_odd_options(void **state)
{
	static const uint8_t options[] = {
		0,   0,	 12,  3,   'a', 'b', 'c', /* pads before */
		0,   60, 0,			  /* length 0 */
		12,  2,	 'd', 'e',		  /* a second piece */
		50,  4,	 10,  1,   2,	3,	  /* an address */
		54,  3,	 10,  1,   2,		  /* no address: three bytes */
		255, 61, 1,   7,		  /* after END nothing counts */
	};
	uint8_t data[HEADER + sizeof(options)];
	uint32_t ip = 7;

	(void)state;
	assert_int_equal(dhcp_packet_parse(&packet, data, raw(data, options, sizeof(options))),
			 DHCP_PARSE_OK);
	assert_false(packet.truncated);
	assert_option(DHCP_OPT_HOST_NAME, "abcde", 5);
	assert_option(DHCP_OPT_VENDOR_CLASS, "", 0);
	assert_null(dhcp_packet_option(&packet, DHCP_OPT_CLIENT_ID).data);
	assert_null(dhcp_packet_option(&packet, DHCP_OPT_PAD).data);
	assert_null(dhcp_packet_option(&packet, DHCP_OPT_END).data);
	assert_false(dhcp_packet_option_ip(&packet, DHCP_OPT_SERVER_ID, &ip));
	assert_false(dhcp_packet_option_ip(&packet, DHCP_OPT_ROUTER, &ip));
	assert_int_equal(ip, 7);
	assert_true(dhcp_packet_option_ip(&packet, DHCP_OPT_REQUESTED_IP, &ip));
	assert_int_equal(ip, 0x0a010203);
}

/* RFC 3396 section 5: options, then file, then sname, whatever the order in the packet. */
static void test_overload(void **state)
{
	uint8_t data[HEADER + 16];
	unsigned overload;
	size_t len = 0;

	(void)state;
	for (overload = 0; overload < 5; overload++) {
		char want[8] = "a";
		uint8_t options[] = {52, 1, (uint8_t)overload, 12, 1, 'a', 255};

		len = raw(data, options, sizeof(options));
		memcpy(data + 44, "\x0c\x01s\xff", 4);
		/* An option 52 inside the file field must lead nowhere. */
		memcpy(data + 108,
		       "\x34\x01\x03\x0c\x01"
		       "f\xff",
		       7);
		assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
		assert_false(packet.truncated);
		if (overload & 1)
			strcat(want, "f");
		if (overload & 2)
			strcat(want, "s");
		assert_option(DHCP_OPT_HOST_NAME, want, strlen(want));
	}
	data[108 + 6] = 0; /* no END in the overloaded file field: zeros to its end */
	data[242] = 1;
	assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
	assert_true(packet.truncated);
	assert_option(DHCP_OPT_HOST_NAME, "af", 2);
}

/* The largest packet there is, every byte of it in options, all three fields in use. */
static void test_largest(void **state)
{
	static uint8_t data[2 * DHCP_PACKET_MAX];
	static const size_t lengths[] = {DHCP_PACKET_MAX - 1, DHCP_PACKET_MAX, DHCP_PACKET_MAX + 1,
					 sizeof(data)};
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		struct span value;

		raw(data, "\x34\x01\x03", 3);
		for (j = 44; j < 236; j += 2)
			memcpy(data + j, "\x07\x00", 2);
		for (j = HEADER + 3; j + 2 <= sizeof(data); j += 12)
			memcpy(data + j,
			       "\xfe\x0a"
			       "0123456789",
			       j + 12 <= sizeof(data) ? 12 : 2);
		assert_int_equal(dhcp_packet_parse(&packet, data, lengths[i]), DHCP_PARSE_OK);
		assert_true(packet.truncated);
		value = dhcp_packet_option(&packet, (enum dhcp_option_code)254);
		assert_int_equal(value.len, (DHCP_PACKET_MAX - HEADER - 3) / 12 * 10);
		for (j = 0; j < value.len; j++)
			assert_int_equal(value.data[j], '0' + j % 10);
	}
}

static struct dhcp_writer start(uint8_t *out, size_t size, const char *sname, const char *file)
{
	static struct dhcp_packet h = {
		.op = 2,
		.htype = 1,
		.hlen = 6,
		.hops = 3,
		.xid = 0x01020304,
		.secs = 0x0506,
		.flags = 0x8000,
		.ciaddr = 0x0a000001,
		.yiaddr = 0x0a000002,
		.siaddr = 0x0a000003,
		.giaddr = 0x0a000004,
		.mac = {{0, 0x1b, 0x54, 1, 2, 3}},
	};

	return dhcp_writer_init(out, size, &h, sname, file);
}

static void test_writer_golden(void **state)
{
	/* clang-format off */
	static const uint8_t want[300] = {
		2, 1, 6, 3, 1, 2, 3, 4, 5, 6, 0x80, 0,
		10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 4,
		0, 0x1b, 0x54, 1, 2, 3,
		[44] = 'h', 'o', 's', 't',
		[108] = 'b', 'o', 'o', 't',
		[236] = 0x63, 0x82, 0x53, 0x63,
		53, 1, 5, 54, 4, 10, 0, 0, 3, 51, 4, 0, 0, 0x0e, 0x10, 60, 0, 255,
	};
	/* clang-format on */
	uint8_t out[548];
	struct dhcp_writer w = start(out, sizeof(out), "host", "boot");

	(void)state;
	memset(out + HEADER, 0xee, sizeof(out) - HEADER);
	dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, DHCP_ACK);
	dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, 0x0a000003);
	dhcp_write_u32(&w, DHCP_OPT_LEASE_TIME, 3600);
	dhcp_write_option(&w, DHCP_OPT_VENDOR_CLASS, "", 0);
	assert_int_equal(dhcp_writer_finish(&w), 300);
	assert_memory_equal(out, want, sizeof(want));
	assert_int_equal(out[300], 0xee);
}

/* Values of every length around the pieces of RFC 3396, read back by our own parser; exactly
 * enough room, and one byte less. */
static void test_writer_pieces(void **state)
{
	static const size_t lengths[] = {0, 1, 254, 255, 256, 509, 510, 511, 1000};
	uint8_t value[1000], out[DHCP_PACKET_MAX];
	size_t i, need;

	(void)state;
	for (i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i % 251);
	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		size_t n = lengths[i], pieces = n ? (n + 254) / 255 : 1;
		struct dhcp_writer w;

		need = HEADER + n + 2 * pieces + 1;
		if (need < DHCP_BOOTP_MIN)
			need = DHCP_BOOTP_MIN;
		w = start(out, need, NULL, NULL);
		dhcp_write_option(&w, DHCP_OPT_CLIENT_ID, value, n);
		assert_int_equal(dhcp_writer_finish(&w), need);
		assert_int_equal(dhcp_packet_parse(&packet, out, need), DHCP_PARSE_OK);
		assert_false(packet.truncated);
		assert_option(DHCP_OPT_CLIENT_ID, value, n);
		if (need == DHCP_BOOTP_MIN)
			continue;
		w = start(out, need - 1, NULL, NULL);
		dhcp_write_option(&w, DHCP_OPT_CLIENT_ID, value, n);
		assert_false(w.ok);
		assert_int_equal(w.len, HEADER);
		dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, 1);
		assert_int_equal(dhcp_writer_finish(&w), 0);
	}
}

static void test_writer_fields(void **state)
{
	static const struct {
		size_t sname, file;
		bool ok;
	} cases[] = {{0, 0, true}, {63, 127, true}, {64, 0, false}, {0, 128, false}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		char sname[65] = "", file[129] = "";
		uint8_t out[DHCP_BOOTP_MIN];
		struct dhcp_writer w;

		memset(sname, 's', cases[i].sname);
		memset(file, 'f', cases[i].file);
		w = start(out, sizeof(out), sname, file);
		assert_int_equal(w.ok, cases[i].ok);
		assert_int_equal(dhcp_writer_finish(&w), cases[i].ok ? DHCP_BOOTP_MIN : 0);
	}
}

static void test_is_phone(void **state)
{
	static const struct {
		const char *options;
		size_t len;
		bool phone;
	} cases[] = {
		{"\x3c\x13"
		 "Cisco Systems, Inc.",
		 21, true},
		{"\x3c\x12"
		 "Cisco Systems, Inc",
		 20, false},
		{"\x3c\x13"
		 "Cisco Systems, inc.",
		 21, false},
		{"\x3c\x13"
		 "Cisco Systems, Inc,",
		 21, false},
		/* and the next option, a NetBIOS node type, has the number of the full stop */
		{"\x3c\x12"
		 "Cisco Systems, Inc\x2e\x01\x08",
		 23, false},
		{"\x3c\x08"
		 "MSFT 5.0",
		 10, false},
		{"\x37\x03\x01\x03\x96", 5, true},
		{"\x37\x03\x01\x03\x42", 5, false},
		{"\x37\x00", 2, false},
		{"\x0c\x0f"
		 "SEP001b54cA0102",
		 17, true},
		{"\x0c\x10"
		 "SEP001B54CA0102\0",
		 18, true},
		{"\x0c\x0f"
		 "SEP001B54CA010G",
		 17, false},
		{"\x0c\x0f"
		 "sep001B54CA0102",
		 17, false},
		{"\x0c\x0e"
		 "SEP001B54CA010",
		 16, false},
		{"\x0c\x10"
		 "SEP001B54CA01023",
		 18, false},
		{"", 0, false},
	};
	uint8_t data[300];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = raw(data, cases[i].options, cases[i].len);

		assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
		if (dhcp_is_phone(&packet) != cases[i].phone)
			fail_msg("case %zu", i);
	}
}

/* RFC 2132 9.3: one byte. Of any other length it opens no field, whatever is written in it. */
static void test_overload_is_one_byte(void **state)
{
	static const struct {
		const char *options;
		size_t len;
	} cases[] = {
		{"\x34\x00\x0c\x01"
		 "a\xff",
		 6},
		{"\x34\x02\x01\x01\x0c\x01"
		 "a\xff",
		 8},
		{"\x34\x02\x03\x03\x0c\x01"
		 "a\xff",
		 8},
	};
	uint8_t data[HEADER + 16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = raw(data, cases[i].options, cases[i].len);

		memcpy(data + 44, "\x0c\x01s\xff", 4);
		memcpy(data + 108,
		       "\x0c\x01"
		       "f\xff",
		       4);
		assert_int_equal(dhcp_packet_parse(&packet, data, len), DHCP_PARSE_OK);
		assert_false(packet.truncated);
		assert_option(DHCP_OPT_HOST_NAME, "a", 1);
	}
}

/* A host name that looks like a phone's but for one digit, wherever that stands. */
static void test_every_digit_of_the_name(void **state)
{
	uint8_t data[300];

	(void)state;
	for (size_t at = 0; at < 15; at++) {
		char option[] = "\x0c\x0f"
				"SEP001B54CA0102\xff";

		option[2 + at] = 'G';
		assert_int_equal(dhcp_packet_parse(&packet, data, raw(data, option, 18)),
				 DHCP_PARSE_OK);
		if (dhcp_is_phone(&packet))
			fail_msg("place %zu", at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_message_type),
		cmocka_unit_test(test_odd_options),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_writer_golden),
		cmocka_unit_test(test_writer_pieces),
		cmocka_unit_test(test_writer_fields),
		cmocka_unit_test(test_is_phone),
		cmocka_unit_test(test_overload_is_one_byte),
		cmocka_unit_test(test_every_digit_of_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
