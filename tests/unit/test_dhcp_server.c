/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "reflashd/dhcp_server.h"

#include "dhcp_golden.h"

#include <stdlib.h>
#include <string.h>

#define NET   0x0a4f4600u /* 10.79.70.0/24 */
#define OURS  (NET + 1)
#define FIRST (NET + 50)
#define LAST  (NET + 250)
#define OTHER 0xc0a80101u /* 192.168.1.1 */

static struct lease slots[256];
static uint16_t index_space[1024];
static struct lease_table leases;
static struct dhcp_server server;
static struct dhcp_out out;
static struct dhcp_packet reply;
static usec_t now;

static const struct dhcp_config plain = {
	.address = OURS,
	.netmask = 0xffffff00,
	.lease_seconds = 3600,
};

static void begin(const struct dhcp_config *config, uint32_t first, uint32_t last)
{
	lease_table_init(&leases, first, last, slots, index_space,
			 lease_index_size(last - first + 1));
	dhcp_server_init(&server, config, &leases);
	now = USEC_SEC(100);
}

static int setup(void **state)
{
	(void)state;
	begin(&plain, FIRST, LAST);
	return 0;
}

static struct mac phone(unsigned n)
{
	return (struct mac){{0x00, 0x1b, 0x54, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

/* What a client says; zero fields are left out. */
struct say {
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

static void receive(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	dhcp_server_receive(&server, copy, len, now, &out);
	free(copy);
	assert_true(out.event_count > 0);
	memset(&reply, 0, sizeof(reply));
	if (out.len == 0)
		return;
	assert_in_range(out.len, DHCP_BOOTP_MIN, DHCP_PACKET_MAX);
	assert_int_equal(dhcp_packet_parse(&reply, out.data, out.len), DHCP_PARSE_OK);
	assert_int_equal(reply.op, 2);
	assert_false(reply.truncated);
}

static enum dhcp_message say(struct say s)
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
		.mac = phone(s.phone),
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
	receive(data, dhcp_writer_finish(&w));
	if (out.len > 0) {
		assert_int_equal(reply.xid, h.xid);
		assert_true(mac_equal(reply.mac, h.mac));
		assert_int_equal(reply.giaddr, s.giaddr);
	}
	return reply.message;
}

static const struct event *event(enum event_type type)
{
	unsigned i;

	for (i = 0; i < out.event_count; i++) {
		if (out.events[i].type == type)
			return &out.events[i];
	}
	return NULL;
}

static void assert_ignored(const char *part)
{
	const struct event *e = event(EVENT_DHCP_IGNORED);

	assert_int_equal(out.len, 0);
	assert_non_null(e);
	if (!strstr(e->reason, part))
		fail_msg("\"%s\" does not say \"%s\"", e->reason, part);
}

static void assert_nak(const char *part)
{
	const struct event *e = event(EVENT_DHCP_NAK);

	assert_int_equal(reply.message, DHCP_NAK);
	assert_non_null(e);
	if (!strstr(e->reason, part))
		fail_msg("\"%s\" does not say \"%s\"", e->reason, part);
	assert_int_equal(reply.yiaddr, 0);
	assert_int_equal(reply.siaddr, 0);
	assert_int_equal(reply.ciaddr, 0);
	assert_null(dhcp_packet_option(&reply, DHCP_OPT_LEASE_TIME).data);
}

static void assert_option(enum dhcp_option_code code, const void *want, size_t len)
{
	struct span got = dhcp_packet_option(&reply, code);

	if (!got.data || got.len != len || memcmp(got.data, want, len) != 0)
		fail_msg("option %d is not as it should be", (int)code);
}

/* The whole exchange; returns the address. */
static uint32_t lease(unsigned n)
{
	uint32_t ip;

	assert_int_equal(say((struct say){.message = DHCP_DISCOVER, .phone = n}), DHCP_OFFER);
	ip = reply.yiaddr;
	assert_int_equal(
		say((struct say){
			.message = DHCP_REQUEST, .phone = n, .requested = ip, .server = OURS}),
		DHCP_ACK);
	assert_int_equal(reply.yiaddr, ip);
	return ip;
}

/* --- what is said ----------------------------------------------------------------- */

/* Every byte of the answer to the 7970. The address is its place by hash. */
static void test_golden_offer(void **state)
{
	/* clang-format off */
	static const uint8_t want[] = {
		2, 1, 6, 0, 0, 0, 0x79, 0x70, 0, 0, 0, 0,
		0, 0, 0, 0, 10, 79, 70, 50 + 96, 10, 79, 70, 1, 0, 0, 0, 0,
		0x00, 0x1b, 0x54, 0xca, 0x79, 0x70,
		[44] = '1', '0', '.', '7', '9', '.', '7', '0', '.', '1',
		[236] = 0x63, 0x82, 0x53, 0x63,
		53, 1, 2, 54, 4, 10, 79, 70, 1,
		51, 4, 0, 0, 0x0e, 0x10, 58, 4, 0, 0, 0x07, 0x08, 59, 4, 0, 0, 0x0c, 0x4e,
		1, 4, 255, 255, 255, 0, 3, 4, 10, 79, 70, 1, 6, 4, 10, 79, 70, 1,
		28, 4, 10, 79, 70, 255,
		150, 4, 10, 79, 70, 1, 66, 10, '1', '0', '.', '7', '9', '.', '7', '0', '.', '1',
		255,
	};
	/* clang-format on */
	const struct event *e;

	(void)state;
	receive(dhcp_golden[GOLDEN_7970].data, dhcp_golden[GOLDEN_7970].len);
	assert_in_range(out.len, sizeof(want), 320);
	assert_memory_equal(out.data, want, sizeof(want));
	assert_int_equal(out.route, DHCP_ROUTE_HARDWARE);
	assert_int_equal(out.ip, reply.yiaddr);
	assert_memory_equal(out.mac.b, want + 28, 6);
	assert_false(out.leases_changed);
	assert_int_equal(out.event_count, 2);
	assert_int_equal(out.events[0].type, EVENT_DHCP_DISCOVER);
	assert_false(out.events[0].present & (uint64_t)1 << FIELD_IP);
	e = &out.events[1];
	assert_int_equal(e->type, EVENT_DHCP_OFFER);
	assert_int_equal(e->ip, reply.yiaddr);
	assert_memory_equal(e->mac.b, want + 28, 6);
	assert_string_equal(e->vendor_class, "Cisco Systems, Inc. IP Phone CP-7970G");
}

static void test_every_golden_phone(void **state)
{
	struct dhcp_config c = plain;
	size_t i;

	(void)state;
	c.phones_only = true;
	begin(&c, FIRST, LAST);
	for (i = 0; i < GOLDEN_COUNT; i++) {
		const struct dhcp_golden *g = &dhcp_golden[i];

		receive(g->data, g->len);
		assert_int_equal(reply.message, DHCP_OFFER);
		assert_int_equal(reply.flags, g->flags);
		assert_int_equal(out.route, g->flags ? DHCP_ROUTE_BROADCAST : DHCP_ROUTE_HARDWARE);
		assert_in_range(reply.yiaddr, FIRST, LAST);
		assert_int_equal((out.events[0].present >> FIELD_VENDOR_CLASS) & 1,
				 g->vendor_class != NULL);
		if (g->vendor_class)
			assert_string_equal(out.events[0].vendor_class, g->vendor_class);
	}
	receive(dhcp_golden[GOLDEN_7911].data, dhcp_golden[GOLDEN_7911].len);
	assert_option(DHCP_OPT_CLIENT_ID, "\x01\x00\x1e\x4a\x34\x79\x11", 7); /* RFC 6842 */
}

/* Whatever list a phone sends, or none, it gets all of it. */
static void test_every_parameter_list(void **state)
{
	static const uint8_t always[] = {1, 3, 6, 28, 51, 53, 54, 58, 59, 66, 150};
	size_t i, j;

	(void)state;
	for (i = 0; i <= ARRAY_LEN(dhcp_golden_lists); i++) {
		struct dhcp_packet h = {.op = 1, .htype = 1, .hlen = 6, .mac = phone(1)};
		uint8_t data[DHCP_BOOTP_MIN];
		struct dhcp_writer w = dhcp_writer_init(data, sizeof(data), &h, NULL, NULL);

		dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, DHCP_DISCOVER);
		if (i < ARRAY_LEN(dhcp_golden_lists))
			dhcp_write_option(&w, DHCP_OPT_PARAMETER_LIST, dhcp_golden_lists[i].code,
					  dhcp_golden_lists[i].len);
		receive(data, dhcp_writer_finish(&w));
		for (j = 0; j < ARRAY_LEN(always); j++)
			assert_non_null(
				dhcp_packet_option(&reply, (enum dhcp_option_code)always[j]).data);
		assert_int_equal(reply.siaddr, OURS);
	}
}

static void test_configured_addresses(void **state)
{
	struct dhcp_config c = plain;

	(void)state;
	c.routers = (struct dhcp_addresses){{NET + 60, NET + 2}, 2};
	c.dns = (struct dhcp_addresses){{0x08080808}, 1};
	c.tftp = (struct dhcp_addresses){{NET + 55, NET + 4, NET + 5, NET + 6}, 4};
	c.lease_seconds = UINT32_MAX;
	begin(&c, FIRST, LAST);
	assert_int_equal(say((struct say){.message = DHCP_DISCOVER, .phone = 1}), DHCP_OFFER);
	assert_option(DHCP_OPT_ROUTER, "\x0a\x4f\x46\x3c\x0a\x4f\x46\x02", 8);
	assert_option(DHCP_OPT_DNS, "\x08\x08\x08\x08", 4);
	assert_option(DHCP_OPT_TFTP_SERVERS,
		      "\x0a\x4f\x46\x37\x0a\x4f\x46\x04\x0a\x4f\x46\x05\x0a\x4f\x46\x06", 16);
	assert_option(DHCP_OPT_TFTP_SERVER_NAME, "10.79.70.55", 11);
	assert_option(DHCP_OPT_SERVER_ID, "\x0a\x4f\x46\x01", 4);
	assert_option(DHCP_OPT_LEASE_TIME, "\xff\xff\xff\xff", 4);
	assert_option(DHCP_OPT_RENEWAL, "\xff\xff\xff\xff", 4);
	assert_int_equal(reply.siaddr, NET + 55);
	assert_string_equal((const char *)out.data + 44, "10.79.70.55");
	/* A router or server that stands in the pool is no phone's address. */
	assert_int_not_equal(reply.yiaddr, NET + 55);
	say((struct say){.message = DHCP_DISCOVER, .phone = 2, .requested = NET + 55});
	assert_int_not_equal(reply.yiaddr, NET + 55);
	say((struct say){.message = DHCP_REQUEST, .phone = 3, .requested = NET + 60});
	assert_nak("none of the addresses");
}

static void test_room(void **state)
{
	static const struct {
		uint16_t max_size;
		size_t id_len, relay_len;
		bool id, relay;
		size_t most;
	} cases[] = {
		{0, 7, 20, true, true, 548},	    {0, 100, 60, true, true, 548},
		{0, 255, 60, false, true, 548},	    {0, 7, 255, true, false, 548},
		{0, 255, 0, false, false, 548},	    {100, 7, 60, true, true, 548},
		{576, 255, 20, false, true, 548},   {1500, 255, 255, true, true, 1472},
		{1500, 512, 513, true, true, 1472}, {65535, 255, 255, true, true, 1472},
		{700, 100, 255, true, true, 672},   {700, 255, 255, false, true, 672},
	};
	char bytes[600];
	size_t i;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct say s = {.message = DHCP_DISCOVER,
				.phone = 1,
				.max_size = cases[i].max_size,
				.id = bytes,
				.id_len = cases[i].id_len};

		if (cases[i].relay_len > 0) {
			s.relay = bytes;
			s.relay_len = cases[i].relay_len;
		}
		assert_int_equal(say(s), DHCP_OFFER);
		if (out.len > cases[i].most ||
		    (dhcp_packet_option(&reply, DHCP_OPT_CLIENT_ID).len == s.id_len) !=
			    cases[i].id ||
		    (dhcp_packet_option(&reply, DHCP_OPT_RELAY_AGENT).data != NULL) !=
			    cases[i].relay)
			fail_msg("case %zu: %zu bytes", i, out.len);
		if (cases[i].relay)
			assert_option(DHCP_OPT_RELAY_AGENT, bytes, s.relay_len);
	}
}

/* --- where to --------------------------------------------------------------------- */

static void test_relay(void **state)
{
	static const char info[] = "\x01\x04\x00\x04\x01\x02\x02\x06\x00\x11\x22\x33\x44\x55";
	const struct say s = {.message = DHCP_DISCOVER,
			      .phone = 1,
			      .giaddr = NET + 3,
			      .relay = info,
			      .relay_len = 14,
			      .id = "abc",
			      .id_len = 3};
	size_t end;

	(void)state;
	assert_int_equal(say(s), DHCP_OFFER);
	assert_int_equal(out.route, DHCP_ROUTE_RELAY);
	assert_int_equal(out.ip, NET + 3);
	for (end = out.len; end > 0 && out.data[end - 1] == 0;)
		end--;
	/* Verbatim, and the last option before END. */
	assert_int_equal(out.data[end - 1], 255);
	assert_memory_equal(out.data + end - 1 - 14, info, 14);
	assert_int_equal(out.data[end - 1 - 16], 82);

	say((struct say){.message = DHCP_REQUEST,
			 .phone = 1,
			 .requested = OTHER,
			 .giaddr = NET + 3,
			 .relay = info,
			 .relay_len = 14});
	assert_nak("another network");
	assert_int_equal(out.route, DHCP_ROUTE_RELAY);
	assert_int_equal(reply.flags, DHCP_FLAG_BROADCAST); /* RFC 2131 4.3.2 */
	assert_option(DHCP_OPT_RELAY_AGENT, info, 14);

	say((struct say){.message = DHCP_DISCOVER, .phone = 2, .giaddr = OTHER});
	assert_ignored("relay 192.168.1.1");
	assert_ignored("10.79.70.0/24");
	say((struct say){.message = DHCP_DISCOVER, .phone = 2, .giaddr = OURS});
	assert_ignored("relay");
	say((struct say){.message = DHCP_DISCOVER, .phone = 2, .giaddr = NET + 255});
	assert_ignored("relay");
	assert_null(lease_find_mac(&leases, phone(2)));
}

static void test_routes(void **state)
{
	uint32_t ip = lease(1);

	(void)state;
	assert_int_equal(out.route, DHCP_ROUTE_HARDWARE);
	assert_int_equal(out.ip, ip);
	say((struct say){.message = DHCP_DISCOVER, .phone = 1, .broadcast = true});
	assert_int_equal(out.route, DHCP_ROUTE_BROADCAST);
	assert_int_equal(reply.flags, DHCP_FLAG_BROADCAST);
	assert_int_equal(say((struct say){.message = DHCP_REQUEST, .phone = 1, .ciaddr = ip}),
			 DHCP_ACK);
	assert_int_equal(out.route, DHCP_ROUTE_UNICAST);
	assert_int_equal(out.ip, ip);
	assert_int_equal(reply.ciaddr, ip);
	/* ciaddr beats the flag, giaddr beats ciaddr. */
	say((struct say){.message = DHCP_REQUEST, .phone = 1, .ciaddr = ip, .broadcast = true});
	assert_int_equal(out.route, DHCP_ROUTE_UNICAST);
	say((struct say){.message = DHCP_REQUEST, .phone = 1, .ciaddr = ip, .giaddr = NET + 3});
	assert_int_equal(out.route, DHCP_ROUTE_RELAY);
	/* A ciaddr that somebody made up takes us nowhere. */
	say((struct say){.message = DHCP_DISCOVER, .phone = 1, .ciaddr = OTHER});
	assert_int_equal(out.route, DHCP_ROUTE_HARDWARE);
	assert_int_equal(out.ip, ip);
	assert_int_equal(reply.ciaddr, 0);
}

/* --- who gets what ------------------------------------------------------------------ */

static void test_selecting(void **state)
{
	uint32_t ip = lease(1), offered;

	(void)state;
	assert_true(out.leases_changed);
	assert_int_equal(out.event_count, 2);
	assert_int_equal(out.events[0].type, EVENT_DHCP_REQUEST);
	assert_int_equal(out.events[1].type, EVENT_DHCP_ACK);
	assert_int_equal(out.events[1].ip, ip);
	assert_int_equal(lease_find_mac(&leases, phone(1))->expires, now + USEC_SEC(3600));
	assert_int_equal(lease(1), ip); /* again: the same */

	say((struct say){.message = DHCP_DISCOVER, .phone = 2});
	offered = reply.yiaddr;
	say((struct say){
		.message = DHCP_REQUEST, .phone = 2, .requested = OTHER + 5, .server = OTHER});
	assert_ignored("another DHCP server, 192.168.1.1");
	assert_int_equal(lease_find_ip(&leases, offered)->state, LEASE_FREE);
	/* Choosing another server does not end a lease. */
	say((struct say){
		.message = DHCP_REQUEST, .phone = 1, .requested = OTHER + 5, .server = OTHER});
	assert_int_equal(lease_find_ip(&leases, ip)->state, LEASE_BOUND);

	say((struct say){.message = DHCP_REQUEST, .phone = 3, .server = OURS});
	assert_ignored("names no address");
	/* Some put the address into ciaddr; option 50 wins where a server is named. */
	assert_int_equal(
		say((struct say){
			.message = DHCP_REQUEST, .phone = 4, .ciaddr = FIRST, .server = OURS}),
		DHCP_ACK);
	assert_int_equal(reply.yiaddr, FIRST);
}

static void test_offer_is_held(void **state)
{
	uint32_t ip;

	(void)state;
	begin(&plain, FIRST, FIRST + 1);
	say((struct say){.message = DHCP_DISCOVER, .phone = 1});
	ip = reply.yiaddr;
	now += DHCP_OFFER_HOLD - 1;
	say((struct say){.message = DHCP_DISCOVER, .phone = 2});
	assert_int_not_equal(reply.yiaddr, ip);
	say((struct say){.message = DHCP_REQUEST, .phone = 1, .requested = ip, .server = OURS});
	assert_int_equal(reply.message, DHCP_ACK);
	/* A lease that runs does not shrink to an offer when the phone starts over. */
	say((struct say){.message = DHCP_DISCOVER, .phone = 1});
	assert_int_equal(lease_find_ip(&leases, ip)->state, LEASE_BOUND);
}

/* Two phones were offered one address, since the pool is small: the first REQUEST has it. */
static void test_offer_taken_over(void **state)
{
	(void)state;
	begin(&plain, FIRST, FIRST);
	assert_int_equal(say((struct say){.message = DHCP_DISCOVER, .phone = 1}), DHCP_OFFER);
	assert_int_equal(say((struct say){.message = DHCP_DISCOVER, .phone = 2}), DHCP_OFFER);
	assert_int_equal(
		say((struct say){
			.message = DHCP_REQUEST, .phone = 1, .requested = FIRST, .server = OURS}),
		DHCP_ACK);
	say((struct say){.message = DHCP_REQUEST, .phone = 2, .requested = FIRST, .server = OURS});
	assert_nak("address of 00:1b:54:00:00:01");
	say((struct say){.message = DHCP_DISCOVER, .phone = 2});
	assert_ignored("--pool");
	assert_non_null(event(EVENT_DHCP_DISCOVER));
	now += USEC_SEC(3600);
	assert_int_equal(say((struct say){.message = DHCP_DISCOVER, .phone = 2}), DHCP_OFFER);
}

/* INIT-REBOOT (option 50), RENEWING and REBINDING (ciaddr) are judged alike. */
static void test_request_without_server(void **state)
{
	static const struct {
		const char *what;
		uint32_t ip;
		const char *nak; /* NULL: ACK */
	} cases[] = {
		{"a free address of the pool", FIRST + 9, NULL},
		{"an address of another network", OTHER, "another network than 10.79.70.0/24"},
		{"our own", OURS, "none of the addresses"},
		{"under the pool", FIRST - 1, "none of the addresses"},
		{"over the pool", LAST + 1, "none of the addresses"},
		{"the network itself", NET, "none of the addresses"},
		{"broadcast", NET + 255, "none of the addresses"},
		{"somebody's", FIRST + 1, "address of 00:1b:54:00:00:63"},
		{"somebody's who gave it back", FIRST + 2, "address of 00:1b:54:00:00:62"},
		{"somebody's whose lease ran out", FIRST + 3, "address of 00:1b:54:00:00:61"},
		{"on offer to somebody", FIRST + 4, NULL},
		{"resting", FIRST + 5, "somebody else was found"},
		{"rested", FIRST + 6, NULL},
	};
	size_t i;
	int renewing;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		for (renewing = 0; renewing < 2; renewing++) {
			struct say s = {.message = DHCP_REQUEST, .phone = 7};

			setup(NULL);
			lease_set(&leases, &slots[1], phone(99), LEASE_BOUND, now + 1);
			lease_set(&leases, &slots[2], phone(98), LEASE_RELEASED, now);
			lease_set(&leases, &slots[3], phone(97), LEASE_BOUND, now);
			lease_set(&leases, &slots[4], phone(96), LEASE_OFFERED, now + 1);
			lease_set(&leases, &slots[5], phone(95), LEASE_DECLINED, now + 1);
			lease_set(&leases, &slots[6], phone(94), LEASE_DECLINED, now);
			*(renewing ? &s.ciaddr : &s.requested) = cases[i].ip;
			say(s);
			assert_int_equal(event(EVENT_DHCP_REQUEST)->ip, cases[i].ip);
			if (cases[i].nak) {
				assert_nak(cases[i].nak);
				assert_int_equal(out.route, DHCP_ROUTE_BROADCAST);
				assert_null(lease_find_mac(&leases, phone(7)));
				continue;
			}
			if (reply.message != DHCP_ACK || reply.yiaddr != cases[i].ip)
				fail_msg("%s", cases[i].what);
			assert_int_equal(lease_find_mac(&leases, phone(7))->ip, cases[i].ip);
		}
	}
}

static void test_one_phone_one_address(void **state)
{
	uint32_t ip = lease(1);
	uint32_t another = ip == FIRST ? FIRST + 1 : FIRST;

	(void)state;
	say((struct say){.message = DHCP_REQUEST, .phone = 1, .requested = another});
	assert_nak("its own address is 10.79.70.");
	say((struct say){.message = DHCP_REQUEST, .phone = 1, .ciaddr = another});
	assert_nak("its own address is");
	say((struct say){.message = DHCP_DISCOVER, .phone = 1, .requested = another});
	assert_int_equal(reply.yiaddr, ip);
	/* Not by another client identifier either. */
	say((struct say){.message = DHCP_DISCOVER, .phone = 1, .id = "other", .id_len = 5});
	assert_int_equal(reply.yiaddr, ip);
	now += USEC_SEC(1000000);
	say((struct say){.message = DHCP_DISCOVER, .phone = 1});
	assert_int_equal(reply.yiaddr, ip);
	assert_int_equal(say((struct say){.message = DHCP_REQUEST, .phone = 1, .requested = ip}),
			 DHCP_ACK);
	/* And from an empty table as well. */
	setup(NULL);
	lease(5);
	assert_int_equal(lease(1), ip);
}

static void test_decline(void **state)
{
	uint32_t ip = lease(1);

	(void)state;
	say((struct say){.message = DHCP_DECLINE, .phone = 2, .requested = ip, .server = OURS});
	assert_ignored("does not have from us");
	say((struct say){.message = DHCP_DECLINE, .phone = 1, .requested = ip, .server = OTHER});
	assert_ignored("does not have from us");
	say((struct say){.message = DHCP_DECLINE, .phone = 1, .requested = ip + 1, .server = OURS});
	assert_ignored("does not have from us");
	say((struct say){.message = DHCP_DECLINE, .phone = 1, .requested = ip, .server = OURS});
	assert_int_equal(out.len, 0);
	assert_true(out.leases_changed);
	assert_non_null(event(EVENT_DHCP_DECLINE));
	assert_int_equal(event(EVENT_DHCP_DECLINE)->ip, ip);
	now += DHCP_DECLINE_HOLD - 1;
	assert_int_not_equal(lease(1), ip);
}

static void test_release(void **state)
{
	uint32_t ip = lease(1);

	(void)state;
	say((struct say){.message = DHCP_RELEASE, .phone = 2, .ciaddr = ip, .server = OURS});
	assert_ignored("does not have from us");
	say((struct say){.message = DHCP_RELEASE, .phone = 1, .ciaddr = ip, .server = OURS});
	assert_int_equal(out.len, 0);
	assert_true(out.leases_changed);
	assert_int_equal(event(EVENT_DHCP_RELEASE)->ip, ip);
	assert_int_equal(lease_find_ip(&leases, ip)->state, LEASE_RELEASED);
	say((struct say){.message = DHCP_RELEASE, .phone = 1, .ciaddr = ip, .server = OURS});
	assert_ignored("does not have from us");
	say((struct say){.message = DHCP_DISCOVER, .phone = 2, .requested = ip});
	assert_int_not_equal(reply.yiaddr, ip);
	assert_int_equal(lease(1), ip);
}

static void test_inform(void **state)
{
	static const uint32_t bad[] = {0, OTHER, OURS, NET, NET + 255};
	size_t i;

	(void)state;
	assert_int_equal(say((struct say){.message = DHCP_INFORM, .phone = 1, .ciaddr = NET + 20}),
			 DHCP_ACK);
	assert_int_equal(reply.yiaddr, 0);
	assert_int_equal(reply.ciaddr, NET + 20);
	assert_int_equal(out.route, DHCP_ROUTE_UNICAST);
	assert_int_equal(out.ip, NET + 20);
	assert_null(dhcp_packet_option(&reply, DHCP_OPT_LEASE_TIME).data);
	assert_null(dhcp_packet_option(&reply, DHCP_OPT_RENEWAL).data);
	assert_null(dhcp_packet_option(&reply, DHCP_OPT_REBINDING).data);
	assert_option(DHCP_OPT_TFTP_SERVERS, "\x0a\x4f\x46\x01", 4);
	assert_false(out.leases_changed);
	assert_null(lease_find_mac(&leases, phone(1)));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		say((struct say){.message = DHCP_INFORM, .phone = 1, .ciaddr = bad[i]});
		assert_ignored("address of its own");
	}
}

static void test_bootp(void **state)
{
	struct dhcp_config c = plain;
	uint32_t ip;

	(void)state;
	assert_int_equal(say((struct say){.message = DHCP_NONE, .phone = 1}), DHCP_NONE);
	assert_int_equal(out.len, DHCP_BOOTP_MIN);
	ip = reply.yiaddr;
	assert_in_range(ip, FIRST, LAST);
	assert_int_equal(reply.siaddr, OURS);
	assert_null(dhcp_packet_option(&reply, DHCP_OPT_MESSAGE_TYPE).data);
	assert_null(dhcp_packet_option(&reply, DHCP_OPT_LEASE_TIME).data);
	assert_option(DHCP_OPT_TFTP_SERVERS, "\x0a\x4f\x46\x01", 4);
	assert_option(DHCP_OPT_TFTP_SERVER_NAME, "10.79.70.1", 10);
	assert_option(DHCP_OPT_ROUTER, "\x0a\x4f\x46\x01", 4);
	assert_option(DHCP_OPT_DNS, "\x0a\x4f\x46\x01", 4);
	assert_non_null(event(EVENT_DHCP_ACK));
	assert_int_equal(lease(1), ip);
	say((struct say){.message = DHCP_NONE, .phone = 1, .ciaddr = ip});
	assert_ignored("BOOTP");
	/* Four of each are too much for 60 bytes: the needed ones are there. */
	c.routers = c.dns = c.tftp =
		(struct dhcp_addresses){{NET + 201, NET + 202, NET + 203, NET + 204}, 4};
	begin(&c, FIRST, LAST);
	say((struct say){
		.message = DHCP_NONE, .phone = 1, .relay = "0123456789abcdef", .relay_len = 16});
	assert_int_equal(out.len, DHCP_BOOTP_MIN);
	assert_int_equal(dhcp_packet_option(&reply, DHCP_OPT_TFTP_SERVERS).len, 16);
	assert_option(DHCP_OPT_TFTP_SERVER_NAME, "10.79.70.201", 12);
	assert_option(DHCP_OPT_NETMASK, "\xff\xff\xff\x00", 4);
}

/* --- who is not served --------------------------------------------------------------- */

static void test_phones_only(void **state)
{
	struct dhcp_config c = plain;
	uint32_t ip;

	(void)state;
	c.phones_only = true;
	begin(&c, FIRST, LAST);
	say((struct say){.message = DHCP_DISCOVER, .phone = 1, .no_class = true});
	assert_ignored("--clients all");
	assert_true(mac_equal(event(EVENT_DHCP_IGNORED)->mac, phone(1)));
	/* Not even a NAK: it may be somebody else's client. */
	say((struct say){
		.message = DHCP_REQUEST, .phone = 1, .no_class = true, .requested = OTHER});
	assert_ignored("Cisco phone");
	say((struct say){.message = DHCP_INFORM, .phone = 1, .no_class = true, .ciaddr = NET + 9});
	assert_ignored("Cisco phone");
	say((struct say){.message = DHCP_NONE, .phone = 1, .no_class = true});
	assert_ignored("Cisco phone");
	/* Known by its lease, it need not say again what it is. */
	ip = lease(1);
	assert_int_equal(
		say((struct say){
			.message = DHCP_REQUEST, .phone = 1, .no_class = true, .ciaddr = ip}),
		DHCP_ACK);
	assert_int_equal(say((struct say){.message = DHCP_DISCOVER, .phone = 1, .no_class = true}),
			 DHCP_OFFER);
}

static void test_odd_packets(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *reason;
	} cases[] = {
		{0, 2, "server's answer"}, {0, 9, "not DHCP"},	     {236, 0, "not DHCP"},
		{1, 6, "no Ethernet"},	   {2, 16, "no Ethernet"},   {28, 1, "hardware address"},
		{242, 2, "server's"},	   {242, 5, "server's"},     {242, 6, "server's"},
		{242, 0, "message type"},  {242, 9, "message type"}, {242, 13, "message type"},
	};
	uint8_t data[300];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		memcpy(data, dhcp_golden[GOLDEN_7970].data, sizeof(data));
		data[cases[i].at] = cases[i].value;
		receive(data, sizeof(data));
		assert_ignored(cases[i].reason);
	}
	memcpy(data, dhcp_golden[GOLDEN_7970].data, sizeof(data));
	memset(data + 28, 0, 6);
	receive(data, sizeof(data));
	assert_ignored("hardware address");
	for (i = 0; i < 240; i++) {
		receive(data, i);
		assert_ignored("too short");
	}
	for (i = 0; i < leases.count; i++)
		assert_int_equal(slots[i].state, LEASE_FREE);
}

/* Bytes of the phone reach an event escaped, and without the NULs at their end. */
static void test_vendor_class_is_escaped(void **state)
{
	uint8_t data[300];

	(void)state;
	memcpy(data, dhcp_golden[GOLDEN_7970].data, sizeof(data));
	data[245] = 0x1b;
	data[246] = '\n';
	data[281] = data[280] = 0;
	receive(data, sizeof(data));
	assert_string_equal(out.events[0].vendor_class,
			    "\\x1b\\x0asco Systems, Inc. IP Phone CP-797");
}

/* A pool laid over everything: what is nobody's to have is never given out. */
static void test_pool_over_everything(void **state)
{
	struct dhcp_config c = plain;
	bool seen[256] = {false};
	unsigned i;

	(void)state;
	c.routers = (struct dhcp_addresses){{NET + 2}, 1};
	begin(&c, NET, NET + 255);
	for (i = 0; i < 252; i++) {
		uint32_t ip = lease(i);

		assert_false(seen[ip & 255]);
		seen[ip & 255] = true;
	}
	assert_false(seen[0] || seen[1] || seen[2] || seen[255]);
	say((struct say){.message = DHCP_DISCOVER, .phone = 300});
	assert_ignored("in use");
}

/* Twenty thousand invented MACs: who has a lease keeps it, and a new phone still gets one. */
static void test_flood(void **state)
{
	uint32_t ip;
	unsigned i;

	(void)state;
	begin(&plain, FIRST, FIRST + 19);
	ip = lease(0xffff);
	for (i = 1; i < 20000; i++) {
		now += USEC_MS(1);
		assert_int_equal(
			say((struct say){.message = DHCP_DISCOVER, .phone = i, .requested = ip}),
			DHCP_OFFER);
		assert_int_not_equal(reply.yiaddr, ip);
	}
	assert_int_equal(lease_find_mac(&leases, phone(0xffff))->ip, ip);
	lease(0xfffe);
	assert_int_equal(say((struct say){.message = DHCP_REQUEST, .phone = 0xffff, .ciaddr = ip}),
			 DHCP_ACK);
}

static void test_tick(void **state)
{
	(void)state;
	lease(1);
	assert_true(dhcp_server_deadline(&server) == USEC_NEVER);
	dhcp_server_tick(&server, now, &out);
	assert_int_equal(out.len, 0);
	assert_int_equal(out.event_count, 0);
	assert_false(out.leases_changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_golden_offer, setup),
		cmocka_unit_test_setup(test_every_golden_phone, setup),
		cmocka_unit_test_setup(test_every_parameter_list, setup),
		cmocka_unit_test_setup(test_configured_addresses, setup),
		cmocka_unit_test_setup(test_room, setup),
		cmocka_unit_test_setup(test_relay, setup),
		cmocka_unit_test_setup(test_routes, setup),
		cmocka_unit_test_setup(test_selecting, setup),
		cmocka_unit_test_setup(test_offer_is_held, setup),
		cmocka_unit_test_setup(test_offer_taken_over, setup),
		cmocka_unit_test_setup(test_request_without_server, setup),
		cmocka_unit_test_setup(test_one_phone_one_address, setup),
		cmocka_unit_test_setup(test_decline, setup),
		cmocka_unit_test_setup(test_release, setup),
		cmocka_unit_test_setup(test_inform, setup),
		cmocka_unit_test_setup(test_bootp, setup),
		cmocka_unit_test_setup(test_phones_only, setup),
		cmocka_unit_test_setup(test_odd_packets, setup),
		cmocka_unit_test_setup(test_vendor_class_is_escaped, setup),
		cmocka_unit_test_setup(test_pool_over_everything, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_tick, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
