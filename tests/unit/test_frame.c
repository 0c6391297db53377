/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/frame.h"

#include <stdlib.h>
#include <string.h>

static const struct frame_udp sample = {
	.src_mac = {{0x02, 0x00, 0x00, 0x00, 0x00, 0x01}},
	.dst_mac = {{0x00, 0x1b, 0x54, 0xca, 0x79, 0x70}},
	.src_ip = 0x0a4f4601,
	.dst_ip = 0x0a4f4642,
	.src_port = 67,
	.dst_port = 68,
};

/* The two checksums were worked out by a separate program. */
static const uint8_t golden[60] = {
	0x00, 0x1b, 0x54, 0xca, 0x79, 0x70,		/* to */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01,		/* from */
	0x08, 0x00,					/* IPv4 */
	0x45, 0x00, 0x00, 0x1f,				/* version 4, 5 words; total length 31 */
	0x00, 0x00, 0x00, 0x00, 0x40, 0x11,		/* no id, no fragment, TTL 64, UDP */
	0xd9, 0xed,					/* header checksum */
	0x0a, 0x4f, 0x46, 0x01, 0x0a, 0x4f, 0x46, 0x42, /* 10.79.70.1 to 10.79.70.66 */
	0x00, 0x43, 0x00, 0x44, 0x00, 0x0b,		/* 67 to 68, 11 bytes */
	0x9a, 0x0d,					/* UDP checksum */
	'a',  'b',  'c',				/* and 15 bytes of padding */
};

static void test_golden(void **state)
{
	uint8_t out[FRAME_MAX];

	(void)state;
	memset(out, 0xee, sizeof(out));
	assert_int_equal(frame_write(out, sizeof(out), &sample, "abc", 3), 60);
	assert_memory_equal(out, golden, sizeof(golden));
}

static void assert_same(const struct frame_udp *a, const struct frame_udp *b)
{
	assert_true(mac_equal(a->src_mac, b->src_mac) && mac_equal(a->dst_mac, b->dst_mac));
	assert_int_equal(a->src_ip, b->src_ip);
	assert_int_equal(a->dst_ip, b->dst_ip);
	assert_int_equal(a->src_port, b->src_port);
	assert_int_equal(a->dst_port, b->dst_port);
}

static void test_broadcast(void **state)
{
	(void)state;
	assert_memory_equal(frame_broadcast_mac().b, "\xff\xff\xff\xff\xff\xff", 6);
}

static void test_round_trip(void **state)
{
	static const size_t lengths[] = {0, 1, 2, 17, 18, 19, 300, 548, 1471, 1472};
	uint8_t payload[FRAME_PAYLOAD_MAX + 1], out[FRAME_MAX + 8];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 3);
	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		size_t len = frame_write(out, sizeof(out), &sample, payload, lengths[i]);
		size_t want = lengths[i] + FRAME_OVERHEAD;
		struct frame_udp got;
		struct span body;

		assert_int_equal(len, want < FRAME_MIN ? FRAME_MIN : want);
		assert_true(frame_parse(&got, &body, out, len));
		assert_same(&got, &sample);
		assert_false(got.checksum_bad);
		assert_int_equal(body.len, lengths[i]);
		assert_memory_equal(body.data, payload, body.len);
		/* Every single wrong bit of header checksum or payload is seen. */
		for (j = 14; j < want; j += 5) {
			out[j] ^= 0x10;
			assert_true(!frame_parse(&got, &body, out, len) || got.checksum_bad);
			out[j] ^= 0x10;
		}
		/* Exactly enough room, and one byte less. */
		assert_int_equal(frame_write(out, len, &sample, payload, lengths[i]), len);
		assert_int_equal(frame_write(out, len - 1, &sample, payload, lengths[i]), 0);
	}
	assert_int_equal(frame_write(out, sizeof(out), &sample, payload, FRAME_PAYLOAD_MAX + 1), 0);
}

static void test_every_prefix(void **state)
{
	uint8_t out[FRAME_MAX];
	size_t len = frame_write(out, sizeof(out), &sample, golden, sizeof(golden));
	size_t i;

	(void)state;
	for (i = 0; i < len; i++) {
		uint8_t *copy = exact_copy(out, i);
		struct frame_udp got;
		struct span body;

		assert_false(frame_parse(&got, &body, copy, i));
		free(copy);
	}
}

/* A zero UDP checksum means "none"; a sum that comes out as zero is sent as ffff. */
static void test_checksum_zero(void **state)
{
	struct frame_udp f = {.src_port = 0, .dst_port = 0}, got;
	uint8_t out[FRAME_MAX], payload[2];
	struct span body;
	uint32_t sum;

	(void)state;
	/* Everything zero but protocol 17 and twice the length 10: complete it to ffff. */
	sum = 0xffffu - 17 - 10 - 10;
	payload[0] = (uint8_t)(sum >> 8);
	payload[1] = (uint8_t)sum;
	assert_int_equal(frame_write(out, sizeof(out), &f, payload, 2), 60);
	assert_int_equal(out[40], 0xff);
	assert_int_equal(out[41], 0xff);
	assert_true(frame_parse(&got, &body, out, 60));
	assert_false(got.checksum_bad);
	out[40] = out[41] = 0;
	out[42] ^= 1;
	assert_true(frame_parse(&got, &body, out, 60));
	assert_false(got.checksum_bad);
	out[41] = 1;
	assert_true(frame_parse(&got, &body, out, 60));
	assert_true(got.checksum_bad);
}

/* Repairs the IP header checksum after the header was tampered with. */
static void fix_ip(uint8_t *frame)
{
	size_t words = (size_t)(frame[14] & 15) * 2, i;
	uint32_t sum = 0;

	frame[24] = frame[25] = 0;
	for (i = 0; i < words; i++)
		sum += (uint32_t)frame[14 + 2 * i] << 8 | frame[15 + 2 * i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[24] = (uint8_t)(~sum >> 8);
	frame[25] = (uint8_t)~sum;
}

static void test_refused(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		bool ok;
	} cases[] = {
		{"as it is", 26, 0x0a, true},
		{"IPv6 by type", 12, 0x86, false},
		{"version 6", 14, 0x65, false},
		{"header of four words", 14, 0x44, false},
		{"don't fragment", 20, 0x40, true},
		{"more fragments", 20, 0x20, false},
		{"a later fragment", 21, 0x01, false},
		{"TCP", 23, 6, false},
		{"total length smaller than the header", 17, 19, false},
		{"total length without room for UDP", 17, 27, false},
		{"total length longer than the frame", 17, 47, false},
		{"UDP length under 8", 39, 7, false},
		{"UDP length of 8", 39, 8, true},
		{"UDP length as the IP length", 39, 11, true},
		{"UDP length beyond the IP length", 39, 12, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t frame[60];
		struct frame_udp got;
		struct span body;

		memcpy(frame, golden, sizeof(frame));
		frame[cases[i].at] = cases[i].value;
		fix_ip(frame);
		if (frame_parse(&got, &body, frame, sizeof(frame)) != cases[i].ok)
			fail_msg("%s", cases[i].what);
	}
}

static void test_ip_options(void **state)
{
	uint8_t frame[64];
	struct frame_udp got;
	struct span body;

	(void)state;
	memcpy(frame, golden, 34);
	memset(frame + 34, 1, 4); /* four NOPs */
	memcpy(frame + 38, golden + 34, 26);
	frame[14] = 0x46;
	frame[17] = 35;
	fix_ip(frame);
	assert_true(frame_parse(&got, &body, frame, sizeof(frame)));
	assert_false(got.checksum_bad);
	assert_int_equal(body.len, 3);
	assert_memory_equal(body.data, "abc", 3);
}

static void test_arp(void **state)
{
	static const struct mac a = {{2, 0, 0, 0, 0, 1}}, b = {{0, 0x1b, 0x54, 1, 2, 3}};
	static const uint8_t reply[42] = {
		0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x1b, 0x54, 0x01, 0x02, 0x03,
		0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, /* Ethernet, IPv4, reply
									     */
		0x00, 0x1b, 0x54, 0x01, 0x02, 0x03, 0x0a, 0x4f, 0x46, 0x42, /* sender */
		0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x4f, 0x46, 0x01, /* target */
	};
	struct frame_arp q = frame_arp_request(a, 0x0a4f4601, 0x0a4f4642), got, answer;
	uint8_t out[FRAME_MAX];
	size_t i;

	(void)state;
	assert_int_equal(frame_arp_write(out, FRAME_MIN - 1, &q), 0);
	assert_int_equal(frame_arp_write(out, FRAME_MIN, &q), FRAME_MIN);
	assert_true(frame_arp_parse(&got, out, FRAME_MIN));
	assert_true(mac_equal(got.dst_mac, frame_broadcast_mac()));
	assert_true(mac_equal(got.sender_mac, a) && mac_is_zero(got.target_mac));
	assert_int_equal(got.op, FRAME_ARP_REQUEST);
	assert_int_equal(got.sender_ip, 0x0a4f4601);
	assert_int_equal(got.target_ip, 0x0a4f4642);

	answer = frame_arp_answer(&got, b, 0x0a4f4642);
	assert_int_equal(frame_arp_write(out, sizeof(out), &answer), FRAME_MIN);
	assert_memory_equal(out, reply, sizeof(reply));
	for (i = 0; i < sizeof(reply); i++) {
		uint8_t *copy = exact_copy(reply, i);

		assert_false(frame_arp_parse(&got, copy, i));
		free(copy);
	}
	for (i = 12; i < 22; i++) { /* type, hardware, protocol, lengths, operation */
		out[i] ^= 0x40;
		assert_false(frame_arp_parse(&got, out, FRAME_MIN));
		out[i] ^= 0x40;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broadcast),     cmocka_unit_test(test_golden),
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_checksum_zero), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ip_options),    cmocka_unit_test(test_arp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
