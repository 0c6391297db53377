/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/cdp.h"

#include <stdlib.h>
#include <string.h>

/* The checksums of all vectors were worked out by a separate program. */
/*
 * What a 7971 says (values: the profile in VoIP Hopper, "copied from a real phone"; the address
 * is ours):
 *
 * IEEE 802.3 Ethernet
 *     Destination: 01:00:0c:cc:cc:cc
 *     Source: 00:1e:f7:28:9c:8e
 *     Length: 114
 * Logical-Link Control: AA AA 03, organization 00:00:0c (Cisco), protocol 0x2000 (CDP)
 * Cisco Discovery Protocol
 *     Version: 2
 *     TTL: 180 seconds
 *     Checksum: 0xc606
 *     Device ID (0x0001), length 19: SEP001EF7289C8E
 *     Addresses (0x0002), length 17
 *         Number of addresses: 1
 *         Protocol type: NLPID (1), length 1, protocol 0xcc (IP)
 *         Address length: 4, 10.79.70.50
 *     Port ID (0x0003), length 10: Port 1
 *     Capabilities (0x0004), length 8: 0x00000010 (host)
 *     Software version (0x0005), length 20: SCCP70.8-3-3SR2S
 *     Platform (0x0006), length 23: Cisco IP Phone 7971
 *     Duplex (0x000b), length 5: full
 */
/* clang-format off */
static const uint8_t frame_7971[128] = {
	0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc,		/* to */
	0x00, 0x1e, 0xf7, 0x28, 0x9c, 0x8e,		/* from */
	0x00, 0x72,					/* length */
	0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00, /* LLC, SNAP */
	0x02, 0xb4, 0xc6, 0x06,				/* version, TTL, checksum */
	0x00, 0x01, 0x00, 0x13,				/* device */
	'S', 'E', 'P', '0', '0', '1', 'E', 'F', '7', '2', '8', '9', 'C', '8', 'E',
	0x00, 0x02, 0x00, 0x11,				/* addresses */
	0x00, 0x00, 0x00, 0x01, 0x01, 0x01, 0xcc, 0x00, 0x04, 0x0a, 0x4f, 0x46, 0x32,
	0x00, 0x03, 0x00, 0x0a, 'P', 'o', 'r', 't', ' ', '1',
	0x00, 0x04, 0x00, 0x08, 0x00, 0x00, 0x00, 0x10, /* capabilities */
	0x00, 0x05, 0x00, 0x14,				/* software */
	'S', 'C', 'C', 'P', '7', '0', '.', '8', '-', '3', '-', '3', 'S', 'R', '2', 'S',
	0x00, 0x06, 0x00, 0x17,				/* platform */
	'C', 'i', 's', 'c', 'o', ' ', 'I', 'P', ' ', 'P', 'h', 'o', 'n', 'e', ' ',
	'7', '9', '7', '1',
	0x00, 0x0b, 0x00, 0x05, 0x01,			/* duplex */
};

/*
 * The same phone in need of power (layouts of the dissectors, numbers ours):
 *
 *     Length: 60, checksum 0x66bf
 *     Device ID (0x0001), length 19: SEP001EF7289C8E
 *     VoIP VLAN query (0x000f), length 7: appliance 0x20, VLAN 1
 *     Power consumption (0x0010), length 6: 6300 mW
 *     Power requested (0x0019), length 16
 *         Request-ID: 1, Management-ID: 0
 *         10250 mW, 12000 mW
 */
static const uint8_t frame_power[74] = {
	0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc, 0x00, 0x1e, 0xf7, 0x28, 0x9c, 0x8e, 0x00, 0x3c,
	0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00,
	0x02, 0xb4, 0x66, 0xbf,
	0x00, 0x01, 0x00, 0x13,
	'S', 'E', 'P', '0', '0', '1', 'E', 'F', '7', '2', '8', '9', 'C', '8', 'E',
	0x00, 0x0f, 0x00, 0x07, 0x20, 0x00, 0x01,
	0x00, 0x10, 0x00, 0x06, 0x18, 0x9c,
	0x00, 0x19, 0x00, 0x10, 0x00, 0x01, 0x00, 0x00,
	0x00, 0x00, 0x28, 0x0a, 0x00, 0x00, 0x2e, 0xe0,
};

/*
 * With an 802.1Q tag (priority 3, VLAN 100) before the length 61; checksum 0xfc94. Device ID,
 * port ID and software of the first.
 */
static const uint8_t frame_tagged[79] = {
	0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc, 0x00, 0x1e, 0xf7, 0x28, 0x9c, 0x8e,
	0x81, 0x00, 0x60, 0x64,
	0x00, 0x3d, 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00, 0x02, 0xb4, 0xfc, 0x94,
	0x00, 0x01, 0x00, 0x13,
	'S', 'E', 'P', '0', '0', '1', 'E', 'F', '7', '2', '8', '9', 'C', '8', 'E',
	0x00, 0x03, 0x00, 0x0a, 'P', 'o', 'r', 't', ' ', '1',
	0x00, 0x05, 0x00, 0x14,
	'S', 'C', 'C', 'P', '7', '0', '.', '8', '-', '3', '-', '3', 'S', 'R', '2', 'S',
};
/* clang-format on */

static void assert_text(struct span got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.data, want, got.len);
}

static void test_7971(void **state)
{
	static const struct mac src = {{0x00, 0x1e, 0xf7, 0x28, 0x9c, 0x8e}};
	uint8_t out[CDP_FRAME_MAX];
	struct cdp_frame f;

	(void)state;
	assert_true(cdp_decode(&f, frame_7971, sizeof(frame_7971)));
	assert_true(mac_equal(f.src, src));
	assert_false(f.tagged);
	assert_int_equal(f.version, 2);
	assert_int_equal(f.ttl, 180);
	assert_int_equal(f.present, 0x87e);
	assert_text(f.device, "SEP001EF7289C8E");
	assert_text(f.port, "Port 1");
	assert_text(f.software, "SCCP70.8-3-3SR2S");
	assert_text(f.platform, "Cisco IP Phone 7971");
	assert_int_equal(f.ip, 0x0a4f4632);
	assert_int_equal(f.capabilities, CDP_CAN_HOST);
	assert_true(f.full_duplex);
	assert_int_equal(cdp_encode(&f, out, sizeof(out)), sizeof(frame_7971));
	assert_memory_equal(out, frame_7971, sizeof(frame_7971));
}

static void test_power(void **state)
{
	uint8_t out[CDP_FRAME_MAX];
	struct cdp_frame f;

	(void)state;
	assert_true(cdp_decode(&f, frame_power, sizeof(frame_power)));
	assert_int_equal(f.present, 1u << CDP_DEVICE | 1u << CDP_VLAN_QUERY | 1u << CDP_POWER_DRAW |
					    1u << CDP_POWER_REQUESTED);
	assert_int_equal(f.vlan_appliance, 0x20);
	assert_int_equal(f.vlan_asked, 1);
	assert_int_equal(f.power_draw_mw, 6300);
	assert_int_equal(f.power_request.request_id, 1);
	assert_int_equal(f.power_request.management_id, 0);
	assert_int_equal(f.power_request.count, 2);
	assert_int_equal(f.power_request.mw[0], 10250);
	assert_int_equal(f.power_request.mw[1], 12000);
	assert_int_equal(cdp_encode(&f, out, sizeof(out)), sizeof(frame_power));
	assert_memory_equal(out, frame_power, sizeof(frame_power));
}

static void test_tagged(void **state)
{
	uint8_t out[CDP_FRAME_MAX];
	struct cdp_frame f;

	(void)state;
	assert_true(cdp_decode(&f, frame_tagged, sizeof(frame_tagged)));
	assert_true(f.tagged);
	assert_int_equal(f.vlan, 100);
	assert_text(f.software, "SCCP70.8-3-3SR2S");
	/* We write no priority. */
	assert_int_equal(cdp_encode(&f, out, sizeof(out)), sizeof(frame_tagged));
	out[14] |= 0x60;
	assert_memory_equal(out, frame_tagged, sizeof(frame_tagged));
}

static bool decode_copy(struct cdp_frame *f, const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);
	bool ok;

	ok = cdp_decode(f, copy, len);
	free(copy);
	return ok;
}

static void every_prefix(const uint8_t *data, size_t len)
{
	struct cdp_frame f = {.ttl = 7};

	for (size_t i = 0; i < len; i++)
		assert_false(decode_copy(&f, data, i));
	assert_int_equal(f.ttl, 7); /* untouched */
	assert_true(decode_copy(&f, data, len));
}

static void test_every_prefix(void **state)
{
	(void)state;
	every_prefix(frame_7971, sizeof(frame_7971));
	every_prefix(frame_power, sizeof(frame_power));
	every_prefix(frame_tagged, sizeof(frame_tagged));
}

/* Whatever bit is wrong, it is not the frame we believe: header and checksum see to it. */
static void test_every_bit(void **state)
{
	uint8_t data[sizeof(frame_7971)];
	struct cdp_frame f;

	(void)state;
	memcpy(data, frame_7971, sizeof(data));
	for (size_t i = 0; i < sizeof(data) * 8; i++) {
		bool source = i / 8 >= 6 && i / 8 < 12;

		data[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(cdp_decode(&f, data, sizeof(data)), source);
		data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

/* CDP bytes, from the version on, with the checksum as given, in a frame of 60 bytes. */
static size_t wrap(uint8_t *out, const uint8_t *body, size_t len)
{
	memset(out, 0, CDP_FRAME_MAX);
	memcpy(out, frame_7971, 22);
	out[12] = (uint8_t)((len + 8) >> 8);
	out[13] = (uint8_t)(len + 8);
	memcpy(out + 22, body, len);
	return len + 22 < 60 ? 60 : len + 22;
}

/* Device IDs "SE?": of odd length, with the last byte on both sides of the sign. */
static void test_checksum_odd(void **state)
{
	static const struct {
		uint8_t last;
		uint16_t cisco, rfc;
	} cases[] = {{0x7f, 0xa97f, 0x2afe}, {0x80, 0xaa7e, 0x29fe}, {0xff, 0xa9ff, 0xaafd}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t body[] = {0x02, 0xb4, 0, 0, 0, 1, 0, 7, 'S', 'E', cases[i].last};
		uint8_t out[CDP_FRAME_MAX];
		struct cdp_frame f = {.present = 0};

		for (unsigned sum = 0; sum <= 0xffff; sum++) {
			body[2] = (uint8_t)(sum >> 8);
			body[3] = (uint8_t)sum;
			assert_int_equal(cdp_decode(&f, out, wrap(out, body, sizeof(body))),
					 sum == cases[i].cisco || sum == cases[i].rfc);
		}
		assert_int_equal(f.device.len, 3);
		/* Ours is Cisco's. */
		assert_int_equal(cdp_encode(&f, out, sizeof(out)), 60);
		assert_int_equal(out[24] << 8 | out[25], cases[i].cisco);
	}
}

/* The sum by the book, for bodies of even length. */
static void seal(uint8_t *body, size_t len)
{
	uint32_t sum = 0;

	assert_int_equal(len % 2, 0);
	body[2] = body[3] = 0;
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)body[i] << 8 | body[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	body[2] = (uint8_t)(~sum >> 8);
	body[3] = (uint8_t)~sum;
}

static bool decode_body(struct cdp_frame *f, uint8_t *out, uint8_t *body, size_t len)
{
	seal(body, len);
	return cdp_decode(f, out, wrap(out, body, len));
}

static void test_versions(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		uint8_t out[CDP_FRAME_MAX], body[] = {(uint8_t)v, 0xb4, 0, 0, 0, 1, 0, 6, 'a', 'b'};
		struct cdp_frame f;

		assert_int_equal(decode_body(&f, out, body, sizeof(body)), v == 1 || v == 2);
	}
}

/* The length of a device TLV with four bytes of value behind its header. */
static void test_tlv_length(void **state)
{
	(void)state;
	for (unsigned length = 0; length < 0x10000; length++) {
		uint8_t out[CDP_FRAME_MAX];
		uint8_t body[] = {2,   180, 0,	 0,  0, 1, (uint8_t)(length >> 8), (uint8_t)length,
				  'a', 'b', 'c', 'd'};
		bool got, want = length >= 5 && length <= 8;
		struct cdp_frame f;

		/* 4: empty, and then 'ab' 'cd' is a TLV that overruns. */
		got = decode_body(&f, out, body, sizeof(body));
		assert_int_equal(got, want);
		if (got)
			assert_int_equal(f.device.len, length - 4);
	}
}

/* What is too short for its type is passed over, what follows is heard; the first of two
 * alike counts; unknown types are stepped over. */
static void test_values(void **state)
{
	static const struct {
		const char *why;
		uint8_t tlv[24];
		uint8_t len;
		uint32_t present;
	} cases[] = {
		{"capabilities of 3", {0, 4, 0, 7, 1, 2, 3, 0, 0xff, 0, 4}, 11, 0},
		{"no duplex", {0, 0x0b, 0, 4}, 4, 0},
		{"draw of 1", {0, 0x10, 0, 5, 1}, 5, 0},
		{"draw of 2", {0, 0x10, 0, 6, 1, 2}, 6, 1u << CDP_POWER_DRAW},
		{"request without ids", {0, 0x19, 0, 7, 0, 1, 0}, 7, 0},
		{"request for nothing", {0, 0x19, 0, 8, 0, 1, 0, 2}, 8, 1u << CDP_POWER_REQUESTED},
		{"grant of 7", {0, 0x1a, 0, 11, 0, 1, 0, 2, 0, 0, 1}, 11, 0},
		{"grant of 8",
		 {0, 0x1a, 0, 12, 0, 1, 0, 2, 0, 0, 1, 0},
		 12,
		 1u << CDP_POWER_AVAILABLE},
		{"no addresses", {0, 2, 0, 8, 0, 0, 0, 0}, 8, 0},
		{"promised addresses", {0, 2, 0, 8, 0xff, 0xff, 0xff, 0xff}, 8, 0},
		{"cut address", {0, 2, 0, 16, 0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 10, 0, 0}, 16, 0},
		{"CLNP address", {0, 2, 0, 17, 0, 0, 0, 1, 1, 1, 0x81, 0, 4, 10, 0, 0, 1}, 17, 0},
		{"more addresses than promised",
		 {0, 2, 0, 21, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0xcc, 0, 4, 10, 0, 0, 1},
		 21,
		 0},
		{"protocol of 2",
		 {0, 2, 0, 18, 0, 0, 0, 1, 1, 2, 0xcc, 0, 0, 4, 10, 0, 0, 1},
		 18,
		 0},
		{"unknown", {0, 0x1d, 0, 6, 1, 2}, 6, 0},
		{"type 0", {0, 0, 0, 6, 1, 2}, 6, 0},
		{"type 0x8001", {0x80, 1, 0, 6, 'x', 'y'}, 6, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t out[CDP_FRAME_MAX], body[64] = {2, 180};
		size_t len = 4;
		struct cdp_frame f;

		if (strcmp(cases[i].why, "capabilities of 3") == 0)
			memcpy(body + len, cases[i].tlv, 7), len += 7;
		else
			memcpy(body + len, cases[i].tlv, cases[i].len), len += cases[i].len;
		memcpy(body + len, "\0\1\0\6ab\0\1\0\6cd", 12);
		len += 12;
		if (len % 2)
			body[len++] = 0; /* one byte more: padding */
		if (!decode_body(&f, out, body, len))
			fail_msg("%s: refused", cases[i].why);
		if (f.present != (cases[i].present | 1u << CDP_DEVICE))
			fail_msg("%s: %x", cases[i].why, (unsigned)f.present);
		assert_text(f.device, "ab");
	}
}

/* A "length" above 1500 is an EtherType. */
static void test_longest(void **state)
{
	(void)state;
	for (size_t len = 1491; len <= 1494; len++) {
		static uint8_t body[1600], out[CDP_FRAME_MAX + 8];
		struct cdp_frame f;

		memset(body, 0, sizeof(body));
		memcpy(body, "\2\264\0\0\0\1", 6);
		body[6] = (uint8_t)((len - 4) >> 8);
		body[7] = (uint8_t)(len - 4);
		memset(body + 8, 'x', len - 8);
		if (len % 2) /* the sum over the even number of bytes with a zero is RFC 1071's */
			body[len] = 0;
		seal(body, len + len % 2);
		memcpy(out, frame_7971, 22);
		out[12] = (uint8_t)((len + 8) >> 8);
		out[13] = (uint8_t)(len + 8);
		memcpy(out + 22, body, len);
		assert_int_equal(cdp_decode(&f, out, len + 22), len + 8 <= 1500);
	}
}

static void test_second_address(void **state)
{
	uint8_t out[CDP_FRAME_MAX];
	uint8_t body[] = {2, 180, 0, 0, 0, 2, 0, 25,   0, 0, 0,	 2,  1,	 1,  0x81,
			  0, 3,	  9, 9, 9, 1, 1, 0xcc, 0, 4, 10, 79, 70, 50, 0};
	struct cdp_frame f;

	(void)state;
	assert_true(decode_body(&f, out, body, sizeof(body)));
	assert_int_equal(f.ip, 0x0a4f4632);
}

static void test_trailing_nul(void **state)
{
	uint8_t out[CDP_FRAME_MAX];
	uint8_t body[] = {2, 180, 0, 0, 0, 5, 0, 10, 'a', 0, 'b', 0, 0, 0, 0, 6, 0, 6, 0, 0};
	struct cdp_frame f;

	(void)state;
	assert_true(decode_body(&f, out, body, sizeof(body)));
	assert_int_equal(f.software.len, 3);
	assert_true(cdp_has(&f, CDP_PLATFORM));
	assert_int_equal(f.platform.len, 0);
}

/* A question for a voice VLAN may name one, or none. */
static void test_vlan_query(void **state)
{
	uint8_t out[CDP_FRAME_MAX];
	uint8_t none[] = {2, 180, 0, 0, 0, 15, 0, 5, 7, 0};
	uint8_t one[] = {2, 180, 0, 0, 0, 15, 0, 7, 7, 1, 2, 0};
	struct cdp_frame f;

	(void)state;
	assert_true(decode_body(&f, out, none, sizeof(none)));
	assert_int_equal(f.vlan_appliance, 7);
	assert_int_equal(f.vlan_asked, 0);
	assert_true(decode_body(&f, out, one, sizeof(one)));
	assert_int_equal(f.vlan_asked, 0x0102);
}

/* More levels than we keep, and as many as we keep. */
static void test_power_levels(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= CDP_POWER_MAX + 2; n++) {
		uint8_t out[CDP_FRAME_MAX];
		uint8_t body[64] = {2,	  180,	0,    0,   0, 0x19, 0, (uint8_t)(8 + 4 * n),
				    0x12, 0x34, 0x56, 0x78};
		struct cdp_frame f;

		for (unsigned i = 0; i < n; i++)
			body[12 + 4 * i + 3] = (uint8_t)(i + 1);
		assert_true(decode_body(&f, out, body, 12 + 4 * n));
		assert_int_equal(f.power_request.request_id, 0x1234);
		assert_int_equal(f.power_request.management_id, 0x5678);
		assert_int_equal(f.power_request.count, n < CDP_POWER_MAX ? n : CDP_POWER_MAX);
		for (unsigned i = 0; i < f.power_request.count; i++)
			assert_int_equal(f.power_request.mw[i], i + 1);
	}
}

static void test_encode_room(void **state)
{
	static char text[1600];
	struct cdp_frame f = {.power_grant = {7, 8, 15400, CDP_POWER_NO_PREFERENCE}}, got;
	uint8_t out[CDP_FRAME_MAX + 8]; /* the limit is that of 802.3, not of the room */
	size_t len;

	(void)state;
	f.present = 1u << CDP_POWER_AVAILABLE;
	cdp_say(&f, CDP_DEVICE, "reflashd");
	len = cdp_encode(&f, out, sizeof(out));
	assert_int_equal(len, 60); /* padded */
	assert_true(cdp_decode(&got, out, len));
	assert_int_equal(got.version, 2);
	assert_int_equal(got.ttl, CDP_TTL);
	assert_int_equal(got.power_grant.request_id, 7);
	assert_int_equal(got.power_grant.management_id, 8);
	assert_int_equal(got.power_grant.mw, 15400);
	assert_int_equal(got.power_grant.level, CDP_POWER_NO_PREFERENCE);
	for (size_t size = 0; size < len; size++) {
		uint8_t *small = malloc(size ? size : 1);

		assert_non_null(small);
		assert_int_equal(cdp_encode(&f, small, size), 0);
		free(small);
	}
	/* As much as 1500 bytes of 802.3 hold, tagged, and one byte more: 8 of SNAP, 4 of
	 * header, 16 of power and 4 before the text. */
	memset(text, 'x', sizeof(text) - 1);
	f.tagged = true;
	text[1500 - 32] = 0;
	cdp_say(&f, CDP_DEVICE, text);
	assert_int_equal(cdp_encode(&f, out, sizeof(out)), CDP_FRAME_MAX);
	assert_true(cdp_decode(&got, out, CDP_FRAME_MAX));
	text[1500 - 32] = 'x';
	text[1500 - 31] = 0;
	cdp_say(&f, CDP_DEVICE, text);
	assert_int_equal(cdp_encode(&f, out, sizeof(out)), 0);
}

/* The level is the third number of a grant: four bytes of it, or the switch said nothing. */
static void test_power_grant_level(void **state)
{
	static const uint8_t grant[] = {0, 7, 0, 8, 0, 0, 0x3c, 0x28, 0, 0, 0x28, 0x0a, 1, 2, 3, 4};

	(void)state;
	for (size_t n = 8; n <= sizeof(grant); n++) {
		uint8_t out[CDP_FRAME_MAX], body[64] = {2, 180, 0, 0, 0, 0x1a, 0};
		size_t len = 8 + n + n % 2;
		struct cdp_frame f;

		body[7] = (uint8_t)(4 + n);
		memcpy(body + 8, grant, n); /* one of odd length is followed by padding */
		if (!decode_body(&f, out, body, len))
			fail_msg("%zu bytes: refused", n);
		assert_true(cdp_has(&f, CDP_POWER_AVAILABLE));
		assert_int_equal(f.power_grant.request_id, 7);
		assert_int_equal(f.power_grant.management_id, 8);
		assert_int_equal(f.power_grant.mw, 15400);
		assert_int_equal(f.power_grant.level, n < 12 ? CDP_POWER_NO_PREFERENCE : 10250);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_7971),	     cmocka_unit_test(test_power),
		cmocka_unit_test(test_tagged),	     cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_every_bit),    cmocka_unit_test(test_checksum_odd),
		cmocka_unit_test(test_versions),     cmocka_unit_test(test_tlv_length),
		cmocka_unit_test(test_values),	     cmocka_unit_test(test_second_address),
		cmocka_unit_test(test_vlan_query),   cmocka_unit_test(test_trailing_nul),
		cmocka_unit_test(test_power_levels), cmocka_unit_test(test_encode_room),
		cmocka_unit_test(test_longest),	     cmocka_unit_test(test_power_grant_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
