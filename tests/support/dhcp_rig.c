/* SPDX-License-Identifier: MIT */
/*
 * One DHCP server machine with its leases, and clients that say what a test wants: for unit tests
 * only, since it asserts with cmocka.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "dhcp_rig.h"
#include "exact.h"

#include <stdlib.h>
#include <string.h>

struct dhcp_rig dhcp;

const struct dhcp_config dhcp_plain = {
	.address = OURS,
	.netmask = 0xffffff00,
	.lease_seconds = 3600,
};

void dhcp_begin(const struct dhcp_config *config, uint32_t first, uint32_t last)
{
	lease_table_init(&dhcp.leases, first, last, dhcp.slots, dhcp.index_space,
			 lease_index_size(last - first + 1));
	dhcp_server_init(&dhcp.server, config, &dhcp.leases);
	dhcp.now = USEC_SEC(100);
}

int dhcp_setup(void **state)
{
	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, LAST);
	return 0;
}

struct mac dhcp_phone(unsigned n)
{
	return (struct mac){{0x00, 0x1b, 0x54, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

void dhcp_receive(const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);

	dhcp_server_receive(&dhcp.server, copy, len, dhcp.now, &dhcp.out);
	free(copy);
	assert_true(dhcp.out.event_count > 0);
	memset(&dhcp.reply, 0, sizeof(dhcp.reply));
	if (dhcp.out.len == 0)
		return;
	assert_in_range(dhcp.out.len, DHCP_BOOTP_MIN, DHCP_PACKET_MAX);
	assert_int_equal(dhcp_packet_parse(&dhcp.reply, dhcp.out.data, dhcp.out.len),
			 DHCP_PARSE_OK);
	assert_int_equal(dhcp.reply.op, 2);
	assert_false(dhcp.reply.truncated);
}

enum dhcp_message dhcp_say(struct dhcp_say s)
{
	static const char class[] = "Cisco Systems, Inc. IP Phone CP-7970G";
	struct dhcp_packet h = {
		.op = 1,
		.htype = 1,
		.hlen = 6,
		.xid = 0xfeed0000 + s.phone,
		.flags = s.broadcast ? DHCP_FLAG_BROADCAST : 0,
		.ciaddr = s.ciaddr,
		.giaddr = s.giaddr,
		.mac = dhcp_phone(s.phone),
	};
	uint8_t data[DHCP_PACKET_MAX];
	struct dhcp_writer w = dhcp_writer_init(data, sizeof(data), &h, NULL, NULL);
	uint8_t size[2] = {(uint8_t)(s.max_size >> 8), (uint8_t)s.max_size};

	if (s.message != DHCP_NONE)
		dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, (uint8_t)s.message);
	if (!s.no_class)
		dhcp_write_option(&w, DHCP_OPT_VENDOR_CLASS, class, sizeof(class));
	if (s.requested)
		dhcp_write_ip(&w, DHCP_OPT_REQUESTED_IP, s.requested);
	if (s.server)
		dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, s.server);
	if (s.max_size)
		dhcp_write_option(&w, DHCP_OPT_MAX_SIZE, size, 2);
	if (s.id)
		dhcp_write_option(&w, DHCP_OPT_CLIENT_ID, s.id, s.id_len);
	if (s.relay)
		dhcp_write_option(&w, DHCP_OPT_RELAY_AGENT, s.relay, s.relay_len);
	dhcp_receive(data, dhcp_writer_finish(&w));
	if (dhcp.out.len > 0) {
		assert_int_equal(dhcp.reply.xid, h.xid);
		assert_true(mac_equal(dhcp.reply.mac, h.mac));
		assert_int_equal(dhcp.reply.giaddr, s.giaddr);
		assert_int_equal(dhcp.out.data[8] | dhcp.out.data[9], 0); /* secs: the client's */
	}
	return dhcp.reply.message;
}

const struct event *dhcp_event(enum event_type type)
{
	unsigned i;

	for (i = 0; i < dhcp.out.event_count; i++) {
		if (dhcp.out.events[i].type == type)
			return &dhcp.out.events[i];
	}
	return NULL;
}

void dhcp_assert_ignored(const char *part)
{
	const struct event *e = dhcp_event(EVENT_DHCP_IGNORED);

	assert_int_equal(dhcp.out.len, 0);
	assert_non_null(e);
	assert_true(event_has(e, FIELD_CODE)); /* for programs and the advice */
	if (!strstr(e->reason, part))
		fail_msg("\"%s\" does not say \"%s\"", e->reason, part);
}

void dhcp_assert_nak(const char *part)
{
	const struct event *e = dhcp_event(EVENT_DHCP_NAK);

	assert_int_equal(dhcp.reply.message, DHCP_NAK);
	assert_non_null(e);
	if (!strstr(e->reason, part))
		fail_msg("\"%s\" does not say \"%s\"", e->reason, part);
	assert_int_equal(dhcp.reply.yiaddr, 0);
	assert_int_equal(dhcp.reply.siaddr, 0);
	assert_int_equal(dhcp.reply.ciaddr, 0);
	assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_LEASE_TIME).data);
}

void dhcp_assert_option(enum dhcp_option_code code, const void *want, size_t len)
{
	struct span got = dhcp_packet_option(&dhcp.reply, code);

	if (!got.data || got.len != len || memcmp(got.data, want, len) != 0)
		fail_msg("option %d is not as it should be", (int)code);
}

/* The whole exchange; returns the address. */
uint32_t dhcp_lease(unsigned n)
{
	uint32_t ip;

	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = n}),
			 DHCP_OFFER);
	ip = dhcp.reply.yiaddr;
	assert_int_equal(
		dhcp_say((struct dhcp_say){
			.message = DHCP_REQUEST, .phone = n, .requested = ip, .server = OURS}),
		DHCP_ACK);
	assert_int_equal(dhcp.reply.yiaddr, ip);
	return ip;
}
