/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an Ethernet frame. What is taken for UDP has its payload inside the data, and
 * written anew and read again it is the same; so with ARP.
 */
#include "reflashd/frame.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_udp(const uint8_t *data, size_t len)
{
	uint8_t out[FRAME_MAX];
	struct frame_udp f, again;
	struct span body, body_again;
	size_t n;

	if (!frame_parse(&f, &body, data, len))
		return;
	must(body.data >= data + FRAME_OVERHEAD && body.data + body.len <= data + len);
	n = frame_write(out, sizeof(out), &f, body.data, body.len);
	must((n == 0) == (body.len > FRAME_PAYLOAD_MAX));
	if (n == 0)
		return;
	must(frame_parse(&again, &body_again, out, n));
	must(!again.checksum_bad && body_again.len == body.len);
	must(memcmp(body_again.data, body.data, body.len) == 0);
	must(again.src_ip == f.src_ip && again.dst_ip == f.dst_ip);
	must(again.src_port == f.src_port && again.dst_port == f.dst_port);
}

static void check_arp(const uint8_t *data, size_t len)
{
	uint8_t out[FRAME_MAX];
	struct frame_arp a;

	if (!frame_arp_parse(&a, data, len))
		return;
	must(frame_arp_write(out, sizeof(out), &a) == FRAME_MIN);
	must(len >= 42 && memcmp(out, data, 42) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_udp(data, len);
	check_arp(data, len);
	return 0;
}
