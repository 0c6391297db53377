/* SPDX-License-Identifier: MIT */
/*
 * "Never be the rogue server": asks, before we serve, whether somebody else already does.
 *
 * Sends a DISCOVER with the broadcast flag and a MAC of its own, three times, and listens. Servers that ping
 * first (dnsmasq: 3 s) answer late, hence the long listening; a short first wait
 * (DHCP_PROBE_FIRST) decides whether the first packet of ours may go out, the full
 * time (DHCP_PROBE_ALL) whether this wire is proved to be ours alone.
 */
#ifndef REFLASHD_DHCP_PROBE_H
#define REFLASHD_DHCP_PROBE_H

#include "reflashd/dhcp_packet.h"

#define DHCP_PROBE_FIRST USEC_MS(80)
#define DHCP_PROBE_ALL	 USEC_SEC(5)

enum dhcp_probe_state {
	DHCP_PROBE_WAITING, /* nothing is known yet: do not serve */
	DHCP_PROBE_QUIET,   /* nobody answered at once: serve phones, keep listening */
	DHCP_PROBE_ALONE,   /* nobody answered at all */
	DHCP_PROBE_RIVAL,   /* somebody did: .rival */
};

struct dhcp_probe {
	uint32_t xid, own_address;
	struct mac mac;
	usec_t started, next_send;
	unsigned sent;
	enum dhcp_probe_state state;
	uint32_t rival;
	usec_t last_sent;
};

struct dhcp_probe_out {
	size_t len; /* a DISCOVER to broadcast from 0.0.0.0:68 to 255.255.255.255:67, or 0 */
	uint8_t data[DHCP_BOOTP_MIN];
};

/* own_address: replies that name it as server are our own and do not count. */
void dhcp_probe_init(struct dhcp_probe *p, struct mac mac, uint32_t xid, uint32_t own_address,
		     usec_t now);
/* The same with one DISCOVER only, which claims to have waited long: for another look at a wire
 * that was found ours alone. */
void dhcp_probe_init_once(struct dhcp_probe *p, struct mac mac, uint32_t xid, uint32_t own_address,
			  usec_t now);
/* A datagram that came to UDP port 68, or one broadcast by a server to port 68. */
void dhcp_probe_receive(struct dhcp_probe *p, uint32_t from, const uint8_t *data, size_t len,
			usec_t now, struct dhcp_probe_out *out);
void dhcp_probe_tick(struct dhcp_probe *p, usec_t now, struct dhcp_probe_out *out);
usec_t dhcp_probe_deadline(const struct dhcp_probe *p);

#endif
