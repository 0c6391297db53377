/* SPDX-License-Identifier: MIT */
/*
 * DISCOVERs as phones send them, byte for byte, put together from the recorded options
 * (knowledge: phones.md 3.1, servers.md 2). The dissections are beside the bytes.
 */
#ifndef TESTS_DHCP_GOLDEN_H
#define TESTS_DHCP_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

struct dhcp_golden {
	const char *name;
	const uint8_t *data;
	size_t len;
	uint32_t xid;
	uint16_t flags;
	const char *vendor_class; /* as an event shows it; NULL: the packet has none */
	size_t class_len;	  /* as it is on the wire */
};

enum {
	GOLDEN_7970,
	GOLDEN_7911,
	GOLDEN_7912,
	GOLDEN_BARE,
	GOLDEN_COUNT,
};

extern const struct dhcp_golden dhcp_golden[GOLDEN_COUNT];

/* Every option 55 recorded for a "Cisco IP Phone". */
struct dhcp_golden_list {
	uint8_t code[12];
	uint8_t len;
};

extern const struct dhcp_golden_list dhcp_golden_lists[10];

#endif
