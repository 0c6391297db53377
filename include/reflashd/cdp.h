/* SPDX-License-Identifier: MIT */
/*
 * CDP, in which a Cisco phone says about once a minute who it is and what it runs: the software
 * version it announces is the name of its load, the cheapest proof there is (phones.md 10.1).
 *
 * A frame is 802.3 to 01:00:0c:cc:cc:cc, LLC AA AA 03, SNAP 00 00 0c 20 00, then version, time to
 * live, checksum and type-length-values whose length counts their own four header bytes.
 * Everything is big-endian. Pure bytes; see cdp.c for what is refused.
 */
#ifndef REFLASHD_CDP_H
#define REFLASHD_CDP_H

#include "reflashd/address.h"
#include "reflashd/base.h"

#define CDP_FRAME_MAX 1518 /* with an 802.1Q tag */
#define CDP_POWER_MAX 8	   /* levels of one power request that are kept */
#define CDP_TTL	      180  /* seconds, what phones and switches say */

enum cdp_type {
	CDP_DEVICE = 0x01,
	CDP_ADDRESSES = 0x02,
	CDP_PORT = 0x03,
	CDP_CAPABILITIES = 0x04,
	CDP_SOFTWARE = 0x05,
	CDP_PLATFORM = 0x06,
	CDP_DUPLEX = 0x0b,
	CDP_VLAN_QUERY = 0x0f,
	CDP_POWER_DRAW = 0x10,
	CDP_POWER_REQUESTED = 0x19,
	CDP_POWER_AVAILABLE = 0x1a,
};

enum cdp_capability {
	CDP_CAN_SWITCH = 0x08,
	CDP_CAN_HOST = 0x10,
	CDP_CAN_PHONE = 0x80,
};

/* In mW; ids as the two sides number their requests and answers. */
struct cdp_power_request {
	uint16_t request_id, management_id;
	unsigned count;
	uint32_t mw[CDP_POWER_MAX];
};

#define CDP_POWER_NO_PREFERENCE 0xffffffffu

struct cdp_power_grant {
	uint16_t request_id, management_id;
	uint32_t mw;
	uint32_t level; /* what the supply wants the phone to draw, or CDP_POWER_NO_PREFERENCE */
};

struct cdp_frame {
	struct mac src;				      /* of the Ethernet header */
	bool tagged;				      /* with an 802.1Q tag: */
	uint16_t vlan;				      /* 0..4095; 0 is a priority tag */
	uint8_t version;			      /* 1 or 2 */
	uint8_t ttl;				      /* seconds */
	uint32_t present;			      /* bit (1u << CDP_x): that part is there */
	struct span device, port, software, platform; /* borrowed; trailing NULs are trimmed */
	uint32_t ip; /* the first IPv4 address, host order; 0: none */
	uint32_t capabilities;
	bool full_duplex;
	uint8_t vlan_appliance; /* of the VLAN query: what kind of device asks */
	uint16_t vlan_asked;	/* 0: the query names none */
	uint16_t power_draw_mw;
	struct cdp_power_request power_request;
	struct cdp_power_grant power_grant;
};

/* True when *f says that. */
bool cdp_has(const struct cdp_frame *f, enum cdp_type type);

/* True when this is a whole CDP frame with a right checksum; else *f is untouched. The spans
 * point into data. Padding after the 802.3 length is no part of it. */
bool cdp_decode(struct cdp_frame *f, const uint8_t *data, size_t len);

/*
 * Writes the frame, with the parts of which the bit in `present` is set, in the order of their
 * types. Version 0 and ttl 0 stand for 2 and CDP_TTL. Returns its length, not less than 60; 0
 * when it does not fit into size (CDP_FRAME_MAX suffices for what fits into a frame at all).
 */
size_t cdp_encode(const struct cdp_frame *f, uint8_t *out, size_t size);

/* A span of the text, and its bit set in f->present: cdp_say(&f, CDP_DEVICE, "SEP…"). For
 * CDP_DEVICE, _PORT, _SOFTWARE and _PLATFORM; the text must outlive *f. */
void cdp_say(struct cdp_frame *f, enum cdp_type type, const char *text);

#endif
