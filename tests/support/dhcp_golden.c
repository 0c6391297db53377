/* SPDX-License-Identifier: MIT */
#include "dhcp_golden.h"

/* clang-format off */

/* 7970: a NUL inside option 60, a host name, no broadcast flag, padded to 300 bytes. */
static const uint8_t discover_7970[300] = {
	0x01, 0x01, 0x06, 0x00,				/* BOOTREQUEST, Ethernet, 6, hops 0 */
	0x00, 0x00, 0x79, 0x70,				/* xid */
	0x00, 0x00, 0x00, 0x00,				/* secs 0, flags: none */
	[28] = 0x00, 0x1b, 0x54, 0xca, 0x79, 0x70,	/* chaddr */
	[236] = 0x63, 0x82, 0x53, 0x63,			/* cookie */
	0x35, 0x01, 0x01,				/* 53 DISCOVER */
	0x3c, 0x26,					/* 60 vendor class, 38 bytes: */
	'C', 'i', 's', 'c', 'o', ' ', 'S', 'y', 's', 't', 'e', 'm', 's', ',', ' ',
	'I', 'n', 'c', '.', ' ', 'I', 'P', ' ', 'P', 'h', 'o', 'n', 'e', ' ',
	'C', 'P', '-', '7', '9', '7', '0', 'G', 0x00,	/* the NUL belongs to it */
	0x37, 0x07, 1, 66, 6, 3, 15, 150, 35,		/* 55, the commonest list */
	0xff,
};

/* CP-7911G: 548 bytes of payload, broadcast flag, a NUL inside option 60 (servers.md 2). */
static const uint8_t discover_7911[548] = {
	0x01, 0x01, 0x06, 0x00,
	0x00, 0x00, 0x79, 0x11,
	0x00, 0x00, 0x80, 0x00,				/* flags: broadcast */
	[28] = 0x00, 0x1e, 0x4a, 0x34, 0x79, 0x11,
	[236] = 0x63, 0x82, 0x53, 0x63,
	0x35, 0x01, 0x01,				/* 53 DISCOVER */
	0x3d, 0x07, 0x01, 0x00, 0x1e, 0x4a, 0x34, 0x79, 0x11,	/* 61: 01 and the MAC */
	0x0c, 0x0f,					/* 12 host name, 15 bytes: */
	'S', 'E', 'P', '0', '0', '1', 'E', '4', 'A', '3', '4', '7', '9', '1', '1',
	0x3c, 0x26,					/* 60 vendor class, 38 bytes: */
	'C', 'i', 's', 'c', 'o', ' ', 'S', 'y', 's', 't', 'e', 'm', 's', ',', ' ',
	'I', 'n', 'c', '.', ' ', 'I', 'P', ' ', 'P', 'h', 'o', 'n', 'e', ' ',
	'C', 'P', '-', '7', '9', '1', '1', 'G', 0x00,
	0x37, 0x07, 1, 66, 6, 3, 15, 150, 35,		/* 55 */
	0xff,
};

/* 7912: neither "CP-" nor a NUL in option 60; the list asks for 42 (time). */
static const uint8_t discover_7912[300] = {
	0x01, 0x01, 0x06, 0x00,
	0x00, 0x00, 0x79, 0x12,
	0x00, 0x00, 0x00, 0x00,
	[28] = 0x00, 0x12, 0x7f, 0xee, 0x79, 0x12,
	[236] = 0x63, 0x82, 0x53, 0x63,
	0x35, 0x01, 0x01,				/* 53 DISCOVER */
	0x3c, 0x21,					/* 60 vendor class, 33 bytes: */
	'C', 'i', 's', 'c', 'o', ' ', 'S', 'y', 's', 't', 'e', 'm', 's', ',', ' ',
	'I', 'n', 'c', '.', ' ', 'I', 'P', ' ', 'P', 'h', 'o', 'n', 'e', ' ',
	'7', '9', '1', '2',
	0x37, 0x07, 1, 3, 6, 15, 42, 66, 150,		/* 55 */
	0xff,
};

/* No option 60 at all, no END, not padded: only the list says that this is a phone. */
static const uint8_t discover_bare[251] = {
	0x01, 0x01, 0x06, 0x00,
	0x00, 0x00, 0xba, 0x4e,
	0x00, 0x00, 0x00, 0x00,
	[28] = 0x00, 0x14, 0x69, 0x00, 0xba, 0x4e,
	[236] = 0x63, 0x82, 0x53, 0x63,
	0x35, 0x01, 0x01,				/* 53 DISCOVER */
	0x37, 0x06, 6, 3, 1, 66, 15, 150,		/* 55 */
};

/* clang-format on */

const struct dhcp_golden dhcp_golden[GOLDEN_COUNT] = {
	[GOLDEN_7970] = {"7970", discover_7970, sizeof(discover_7970), 0x7970, 0,
			 "Cisco Systems, Inc. IP Phone CP-7970G", 38},
	[GOLDEN_7911] = {"7911", discover_7911, sizeof(discover_7911), 0x7911, 0x8000,
			 "Cisco Systems, Inc. IP Phone CP-7911G", 38},
	[GOLDEN_7912] = {"7912", discover_7912, sizeof(discover_7912), 0x7912, 0,
			 "Cisco Systems, Inc. IP Phone 7912", 33},
	[GOLDEN_BARE] = {"bare", discover_bare, sizeof(discover_bare), 0xba4e, 0, NULL, 0},
};

const struct dhcp_golden_list dhcp_golden_lists[10] = {
	{{1, 66, 6, 3, 15, 150, 35}, 7},     {{1, 66, 6, 3, 15, 150, 35, 151}, 8},
	{{1, 3, 6, 15, 42, 66, 150}, 7},     {{1, 28, 66, 6, 15, 3, 35, 150}, 8},
	{{1, 3, 6, 15, 35, 66, 51, 150}, 8}, {{1, 3, 6, 15, 42, 66, 51, 150}, 8},
	{{1, 3, 6, 15, 35, 66, 150}, 7},     {{1, 3, 6, 12, 15, 28, 42, 66, 149, 150}, 10},
	{{6, 3, 1, 66, 15, 150}, 6},	     {{1, 3, 15, 6, 12, 35, 66, 150}, 8},
};
