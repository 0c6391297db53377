/* SPDX-License-Identifier: MIT */
/* A DHCP server for a small network, and what phones say to it. */
#ifndef DHCP_RIG_H
#define DHCP_RIG_H

#include "dhcp_golden.h"
#include "reflashd/dhcp_server.h"

#define NET   0x0a4f4600u /* 10.79.70.0/24 */
#define OURS  (NET + 1)
#define FIRST (NET + 50)
#define LAST  (NET + 250)
#define OTHER 0xc0a80101u /* 192.168.1.1 */

/* What a client says; zero fields are left out. */
struct dhcp_say {
	enum dhcp_message message;
	unsigned phone;
	uint32_t ciaddr, giaddr, requested, server;
	bool broadcast, no_class;
	uint16_t max_size;
	const char *id;
	size_t id_len;
	const char *relay;
	size_t relay_len;
};

/* The machine under test, its last answer taken apart, and what time it is. */
extern struct dhcp_rig {
	struct lease slots[256];
	uint16_t index_space[1024];
	struct lease_table leases;
	struct dhcp_server server;
	struct dhcp_out out;
	struct dhcp_packet reply;
	usec_t now;
} dhcp;

extern const struct dhcp_config dhcp_plain;

void dhcp_begin(const struct dhcp_config *config, uint32_t first, uint32_t last);
int dhcp_setup(void **state);
struct mac dhcp_phone(unsigned n);
void dhcp_receive(const uint8_t *data, size_t len);
enum dhcp_message dhcp_say(struct dhcp_say s);
const struct event *dhcp_event(enum event_type type);
void dhcp_assert_ignored(const char *part);
void dhcp_assert_nak(const char *part);
void dhcp_assert_option(enum dhcp_option_code code, const void *want, size_t len);
/* The whole exchange; returns the address. */
uint32_t dhcp_lease(unsigned n);

#endif
