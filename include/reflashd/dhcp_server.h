/* SPDX-License-Identifier: MIT */
/*
 * The DHCP server machine (RFC 2131 section 4.3), as Cisco phones need it.
 *
 * The happy path: DISCOVER → OFFER at once (no ping: the phones ask again within a second and
 * get confused by a second offer) → REQUEST → ACK, each with options 1 3 6 51 54 58 59 66 150,
 * siaddr and sname, whatever the phone asked for: which one a given loader honours is not
 * known, so it gets all of them (field notes, phones.md 3).
 *
 * What can go wrong: a client that is not for us (dhcp.ignored with the reason), a pool that
 * is full, a phone that insists on an address of another network (NAK, because we are
 * authoritative here), two servers (a REQUEST that names another server is the phone's
 * choice and reported).
 */
#ifndef REFLASHD_DHCP_SERVER_H
#define REFLASHD_DHCP_SERVER_H

#include "reflashd/dhcp_packet.h"
#include "reflashd/event.h"
#include "reflashd/lease.h"

#define DHCP_ADDRESSES_MAX   4
#define DHCP_OFFER_HOLD	     USEC_SEC(60)  /* how long an unanswered OFFER keeps its address */
#define DHCP_KEPT_FOR_PHONES 4		   /* one address in so many */
#define DHCP_DECLINE_HOLD    USEC_SEC(600) /* how long a declined address rests */

struct dhcp_addresses {
	uint32_t ip[DHCP_ADDRESSES_MAX];
	unsigned n;
};

struct dhcp_config {
	uint32_t address; /* ours: server identifier, siaddr, sname */
	uint32_t netmask;
	struct dhcp_addresses routers, dns, tftp; /* n == 0: our address */
	uint32_t lease_seconds;
	bool phones_only; /* lease only to what looks like a Cisco phone */
};

/* Where the reply goes; ports follow from it (68, relay: 67). RFC 2131 4.1. */
enum dhcp_route {
	DHCP_ROUTE_BROADCAST, /* 255.255.255.255, Ethernet broadcast */
	DHCP_ROUTE_UNICAST,   /* to .ip by ordinary routing: the client has that address */
	DHCP_ROUTE_HARDWARE,  /* to .ip at .mac: the client has no address yet, no ARP */
	DHCP_ROUTE_RELAY,     /* to giaddr (.ip), port 67 */
};

struct dhcp_out {
	size_t len; /* 0: nothing to send */
	uint8_t data[DHCP_PACKET_MAX];
	enum dhcp_route route;
	uint32_t ip;
	struct mac mac;
	bool leases_changed; /* the shell should save the table */
	unsigned event_count;
	struct event events[3];
	/* The lease whose record changed (leases_changed), NULL: none. promise: the answer in data
	 * is an ACK of it, which must not leave before the record is where a crash leaves it. */
	struct lease *changed;
	bool promise;
};

struct dhcp_server {
	struct dhcp_config config;
	struct lease_table *leases;
};

void dhcp_server_init(struct dhcp_server *s, const struct dhcp_config *config,
		      struct lease_table *leases);
/* One datagram that came to UDP port 67. */
void dhcp_server_receive(struct dhcp_server *s, const uint8_t *data, size_t len, usec_t now,
			 struct dhcp_out *out);
void dhcp_server_tick(struct dhcp_server *s, usec_t now, struct dhcp_out *out);
usec_t dhcp_server_deadline(const struct dhcp_server *s); /* USEC_NEVER: needs no waking */

/* Does this look like a Cisco phone? By vendor class ("Cisco Systems, Inc.…"), by a
 * parameter list that holds 150, or by a host name "SEP" + 12 hex digits. */
bool dhcp_is_phone(const struct dhcp_packet *p);

#endif
