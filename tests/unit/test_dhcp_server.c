/* SPDX-License-Identifier: MIT */
/*
 * The DHCP server machine: what it says, byte for byte, where its answers go, and who is not
 * served.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "dhcp_rig.h"

#include <stdlib.h>
#include <string.h>

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
	dhcp_receive(dhcp_golden[GOLDEN_7970].data, dhcp_golden[GOLDEN_7970].len);
	assert_in_range(dhcp.out.len, sizeof(want), 320);
	assert_memory_equal(dhcp.out.data, want, sizeof(want));
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_HARDWARE);
	assert_int_equal(dhcp.out.ip, dhcp.reply.yiaddr);
	assert_memory_equal(dhcp.out.mac.b, want + 28, 6);
	assert_false(dhcp.out.leases_changed);
	assert_int_equal(dhcp.out.event_count, 2);
	assert_int_equal(dhcp.out.events[0].type, EVENT_DHCP_DISCOVER);
	assert_false(dhcp.out.events[0].present & (uint64_t)1 << FIELD_IP);
	e = &dhcp.out.events[1];
	assert_int_equal(e->type, EVENT_DHCP_OFFER);
	assert_int_equal(e->ip, dhcp.reply.yiaddr);
	assert_memory_equal(e->mac.b, want + 28, 6);
	assert_string_equal(e->vendor_class, "Cisco Systems, Inc. IP Phone CP-7970G");
}

static void test_every_golden_phone(void **state)
{
	struct dhcp_config c = dhcp_plain;
	size_t i;

	(void)state;
	c.phones_only = true;
	dhcp_begin(&c, FIRST, LAST);
	for (i = 0; i < GOLDEN_COUNT; i++) {
		const struct dhcp_golden *g = &dhcp_golden[i];

		dhcp_receive(g->data, g->len);
		assert_int_equal(dhcp.reply.message, DHCP_OFFER);
		assert_int_equal(dhcp.reply.flags, g->flags);
		assert_int_equal(dhcp.out.route,
				 g->flags ? DHCP_ROUTE_BROADCAST : DHCP_ROUTE_HARDWARE);
		assert_in_range(dhcp.reply.yiaddr, FIRST, LAST);
		assert_int_equal((dhcp.out.events[0].present >> FIELD_VENDOR_CLASS) & 1,
				 g->vendor_class != NULL);
		if (g->vendor_class)
			assert_string_equal(dhcp.out.events[0].vendor_class, g->vendor_class);
	}
	dhcp_receive(dhcp_golden[GOLDEN_7911].data, dhcp_golden[GOLDEN_7911].len);
	dhcp_assert_option(DHCP_OPT_CLIENT_ID, "\x01\x00\x1e\x4a\x34\x79\x11", 7); /* RFC 6842 */
}

/* Whatever list a phone sends, or none, it gets all of it. */
static void test_every_parameter_list(void **state)
{
	static const uint8_t always[] = {1, 3, 6, 28, 51, 53, 54, 58, 59, 66, 150};
	size_t i, j;

	(void)state;
	for (i = 0; i <= ARRAY_LEN(dhcp_golden_lists); i++) {
		struct dhcp_packet h = {.op = 1, .htype = 1, .hlen = 6, .mac = dhcp_phone(1)};
		uint8_t data[DHCP_BOOTP_MIN];
		struct dhcp_writer w = dhcp_writer_init(data, sizeof(data), &h, NULL, NULL);

		dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, DHCP_DISCOVER);
		if (i < ARRAY_LEN(dhcp_golden_lists))
			dhcp_write_option(&w, DHCP_OPT_PARAMETER_LIST, dhcp_golden_lists[i].code,
					  dhcp_golden_lists[i].len);
		dhcp_receive(data, dhcp_writer_finish(&w));
		for (j = 0; j < ARRAY_LEN(always); j++)
			assert_non_null(
				dhcp_packet_option(&dhcp.reply, (enum dhcp_option_code)always[j])
					.data);
		assert_int_equal(dhcp.reply.siaddr, OURS);
	}
}

static void test_configured_addresses(void **state)
{
	struct dhcp_config c = dhcp_plain;

	(void)state;
	c.routers = (struct dhcp_addresses){{NET + 60, NET + 2}, 2};
	c.dns = (struct dhcp_addresses){{0x08080808}, 1};
	c.tftp = (struct dhcp_addresses){{NET + 55, NET + 4, NET + 5, NET + 6}, 4};
	c.lease_seconds = UINT32_MAX;
	dhcp_begin(&c, FIRST, LAST);
	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1}),
			 DHCP_OFFER);
	dhcp_assert_option(DHCP_OPT_ROUTER, "\x0a\x4f\x46\x3c\x0a\x4f\x46\x02", 8);
	dhcp_assert_option(DHCP_OPT_DNS, "\x08\x08\x08\x08", 4);
	dhcp_assert_option(DHCP_OPT_TFTP_SERVERS,
			   "\x0a\x4f\x46\x37\x0a\x4f\x46\x04\x0a\x4f\x46\x05\x0a\x4f\x46\x06", 16);
	dhcp_assert_option(DHCP_OPT_TFTP_SERVER_NAME, "10.79.70.55", 11);
	dhcp_assert_option(DHCP_OPT_SERVER_ID, "\x0a\x4f\x46\x01", 4);
	dhcp_assert_option(DHCP_OPT_LEASE_TIME, "\xff\xff\xff\xff", 4);
	dhcp_assert_option(DHCP_OPT_RENEWAL, "\xff\xff\xff\xff", 4);
	assert_int_equal(dhcp.reply.siaddr, NET + 55);
	assert_string_equal((const char *)dhcp.out.data + 44, "10.79.70.55");
	/* A router or server that stands in the pool is no phone's address. */
	assert_int_not_equal(dhcp.reply.yiaddr, NET + 55);
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .requested = NET + 55});
	assert_int_not_equal(dhcp.reply.yiaddr, NET + 55);
	dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 3, .requested = NET + 60});
	dhcp_assert_nak("none of the addresses");
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
		struct dhcp_say s = {.message = DHCP_DISCOVER,
				     .phone = 1,
				     .max_size = cases[i].max_size,
				     .id = bytes,
				     .id_len = cases[i].id_len};

		if (cases[i].relay_len > 0) {
			s.relay = bytes;
			s.relay_len = cases[i].relay_len;
		}
		assert_int_equal(dhcp_say(s), DHCP_OFFER);
		if (dhcp.out.len > cases[i].most ||
		    (dhcp_packet_option(&dhcp.reply, DHCP_OPT_CLIENT_ID).len == s.id_len) !=
			    cases[i].id ||
		    (dhcp_packet_option(&dhcp.reply, DHCP_OPT_RELAY_AGENT).data != NULL) !=
			    cases[i].relay)
			fail_msg("case %zu: %zu bytes", i, dhcp.out.len);
		if (cases[i].relay)
			dhcp_assert_option(DHCP_OPT_RELAY_AGENT, bytes, s.relay_len);
	}
}

/* --- where to --------------------------------------------------------------------- */

static void test_relay(void **state)
{
	static const char info[] = "\x01\x04\x00\x04\x01\x02\x02\x06\x00\x11\x22\x33\x44\x55";
	const struct dhcp_say s = {.message = DHCP_DISCOVER,
				   .phone = 1,
				   .giaddr = NET + 3,
				   .relay = info,
				   .relay_len = 14,
				   .id = "abc",
				   .id_len = 3};
	size_t end;

	(void)state;
	assert_int_equal(dhcp_say(s), DHCP_OFFER);
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_RELAY);
	assert_int_equal(dhcp.out.ip, NET + 3);
	for (end = dhcp.out.len; end > 0 && dhcp.out.data[end - 1] == 0;)
		end--;
	/* Verbatim, and the last option before END. */
	assert_int_equal(dhcp.out.data[end - 1], 255);
	assert_memory_equal(dhcp.out.data + end - 1 - 14, info, 14);
	assert_int_equal(dhcp.out.data[end - 1 - 16], 82);

	dhcp_say((struct dhcp_say){.message = DHCP_REQUEST,
				   .phone = 1,
				   .requested = OTHER,
				   .giaddr = NET + 3,
				   .relay = info,
				   .relay_len = 14});
	dhcp_assert_nak("another network");
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_RELAY);
	assert_int_equal(dhcp.reply.flags, DHCP_FLAG_BROADCAST); /* RFC 2131 4.3.2 */
	dhcp_assert_option(DHCP_OPT_RELAY_AGENT, info, 14);

	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .giaddr = OTHER});
	dhcp_assert_ignored("relay 192.168.1.1");
	dhcp_assert_ignored("10.79.70.0/24");
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .giaddr = OURS});
	dhcp_assert_ignored("relay");
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .giaddr = NET + 255});
	dhcp_assert_ignored("relay");
	assert_null(lease_find_mac(&dhcp.leases, dhcp_phone(2)));
}

static void test_routes(void **state)
{
	uint32_t ip = dhcp_lease(1);

	(void)state;
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_HARDWARE);
	assert_int_equal(dhcp.out.ip, ip);
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1, .broadcast = true});
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_BROADCAST);
	assert_int_equal(dhcp.reply.flags, DHCP_FLAG_BROADCAST);
	assert_int_equal(
		dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 1, .ciaddr = ip}),
		DHCP_ACK);
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_UNICAST);
	assert_int_equal(dhcp.out.ip, ip);
	assert_int_equal(dhcp.reply.ciaddr, ip);
	/* ciaddr beats the flag, giaddr beats ciaddr. */
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 1, .ciaddr = ip, .broadcast = true});
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_UNICAST);
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 1, .ciaddr = ip, .giaddr = NET + 3});
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_RELAY);
	/* A ciaddr that somebody made up takes us nowhere. */
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1, .ciaddr = OTHER});
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_HARDWARE);
	assert_int_equal(dhcp.out.ip, ip);
	assert_int_equal(dhcp.reply.ciaddr, 0);
}

/* --- who is not served --------------------------------------------------------------- */

static void test_phones_only(void **state)
{
	struct dhcp_config c = dhcp_plain;
	uint32_t ip;

	(void)state;
	c.phones_only = true;
	dhcp_begin(&c, FIRST, LAST);
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1, .no_class = true});
	dhcp_assert_ignored("--clients all");
	assert_true(mac_equal(dhcp_event(EVENT_DHCP_IGNORED)->mac, dhcp_phone(1)));
	/* Not even a NAK: it may be somebody else's client. */
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 1, .no_class = true, .requested = OTHER});
	dhcp_assert_ignored("Cisco phone");
	dhcp_say((struct dhcp_say){
		.message = DHCP_INFORM, .phone = 1, .no_class = true, .ciaddr = NET + 9});
	dhcp_assert_ignored("Cisco phone");
	dhcp_say((struct dhcp_say){.message = DHCP_NONE, .phone = 1, .no_class = true});
	dhcp_assert_ignored("Cisco phone");
	/* Known by its lease, it need not say again what it is. */
	ip = dhcp_lease(1);
	assert_int_equal(
		dhcp_say((struct dhcp_say){
			.message = DHCP_REQUEST, .phone = 1, .no_class = true, .ciaddr = ip}),
		DHCP_ACK);
	assert_int_equal(
		dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1, .no_class = true}),
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
		dhcp_receive(data, sizeof(data));
		dhcp_assert_ignored(cases[i].reason);
		/* Said once, and of no address: it has none. */
		assert_int_equal(dhcp.out.event_count, 1);
		assert_false(event_has(dhcp_event(EVENT_DHCP_IGNORED), FIELD_IP));
		assert_int_equal(dhcp.out.ip, 0);
	}
	memcpy(data, dhcp_golden[GOLDEN_7970].data, sizeof(data));
	memset(data + 28, 0, 6);
	dhcp_receive(data, sizeof(data));
	dhcp_assert_ignored("hardware address");
	for (i = 0; i < 240; i++) {
		dhcp_receive(data, i);
		dhcp_assert_ignored("too short");
	}
	for (i = 0; i < dhcp.leases.count; i++)
		assert_int_equal(dhcp.slots[i].state, LEASE_FREE);
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
	dhcp_receive(data, sizeof(data));
	assert_string_equal(dhcp.out.events[0].vendor_class,
			    "\\x1b\\x0asco Systems, Inc. IP Phone CP-797");
}

/* A pool laid over everything: what is nobody's to have is never given out. */
static void test_pool_over_everything(void **state)
{
	struct dhcp_config c = dhcp_plain;
	bool seen[256] = {false};
	unsigned i;

	(void)state;
	c.routers = (struct dhcp_addresses){{NET + 2}, 1};
	dhcp_begin(&c, NET, NET + 255);
	for (i = 0; i < 252; i++) {
		uint32_t ip = dhcp_lease(i);

		assert_false(seen[ip & 255]);
		seen[ip & 255] = true;
	}
	assert_false(seen[0] || seen[1] || seen[2] || seen[255]);
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 300});
	dhcp_assert_ignored("in use");
}

/* Twenty thousand invented MACs: who has a lease keeps it, and a new phone still gets one. */
static void test_flood(void **state)
{
	uint32_t ip;
	unsigned i;

	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, FIRST + 19);
	ip = dhcp_lease(0xffff);
	for (i = 1; i < 20000; i++) {
		dhcp.now += USEC_MS(1);
		assert_int_equal(dhcp_say((struct dhcp_say){
					 .message = DHCP_DISCOVER, .phone = i, .requested = ip}),
				 DHCP_OFFER);
		assert_int_not_equal(dhcp.reply.yiaddr, ip);
	}
	assert_int_equal(lease_find_mac(&dhcp.leases, dhcp_phone(0xffff))->ip, ip);
	dhcp_lease(0xfffe);
	assert_int_equal(
		dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 0xffff, .ciaddr = ip}),
		DHCP_ACK);
}

static void test_tick(void **state)
{
	(void)state;
	dhcp_lease(1);
	assert_true(dhcp_server_deadline(&dhcp.server) == USEC_NEVER);
	dhcp_server_tick(&dhcp.server, dhcp.now, &dhcp.out);
	assert_int_equal(dhcp.out.len, 0);
	assert_int_equal(dhcp.out.event_count, 0);
	assert_false(dhcp.out.leases_changed);
}

/* The room that both echoes need, to the byte: one byte less and the relay's information comes
 * first; when that does not fit by itself, the client's identifier is echoed all the same. */
static void test_room_to_the_byte(void **state)
{
	static const size_t relay_lens[] = {0, 254, 255, 256, 509, 510, 511};
	enum { ID = 240, ID_OPTION = ID + 2, END = 1, HEADERS = 28 };
	char bytes[600];
	size_t before;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	dhcp_say((struct dhcp_say){
		.message = DHCP_DISCOVER, .phone = 1, .id = bytes, .id_len = 100});
	before = dhcp.out.len - 102 - END;
	for (unsigned less = 0; less < 2; less++) {
		size_t size = before + ID_OPTION + END - less;

		dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER,
					   .phone = 1,
					   .max_size = (uint16_t)(size + HEADERS),
					   .id = bytes,
					   .id_len = ID});
		assert_int_equal(dhcp_packet_option(&dhcp.reply, DHCP_OPT_CLIENT_ID).len,
				 less ? 0 : ID);
	}
	for (size_t i = 0; i < ARRAY_LEN(relay_lens); i++) {
		size_t n = relay_lens[i], option = n + 2 * (n ? (n + 254) / 255 : 1);
		struct {
			size_t size;
			bool id, relay;
		} cases[] = {
			{before + option + ID_OPTION + END, true, true},
			{before + option + ID_OPTION + END - 1, false, true},
			{before + option + END, false, true},
			{before + option + END - 1, true, false},
		};

		for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
			/* Less than every client must take (RFC 2132 9.10) is not asked for. */
			if (cases[k].size < 576 - HEADERS)
				continue;
			dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER,
						   .phone = 1,
						   .max_size = (uint16_t)(cases[k].size + HEADERS),
						   .id = bytes,
						   .id_len = ID,
						   .relay = bytes,
						   .relay_len = n});
			if ((dhcp_packet_option(&dhcp.reply, DHCP_OPT_CLIENT_ID).len == ID) !=
				    cases[k].id ||
			    (dhcp_packet_option(&dhcp.reply, DHCP_OPT_RELAY_AGENT).data != NULL) !=
				    cases[k].relay)
				fail_msg("relay %zu, case %zu: %zu bytes", n, k, dhcp.out.len);
			if (cases[k].relay)
				dhcp_assert_option(DHCP_OPT_RELAY_AGENT, bytes, n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_golden_offer, dhcp_setup),
		cmocka_unit_test_setup(test_every_golden_phone, dhcp_setup),
		cmocka_unit_test_setup(test_every_parameter_list, dhcp_setup),
		cmocka_unit_test_setup(test_configured_addresses, dhcp_setup),
		cmocka_unit_test_setup(test_room, dhcp_setup),
		cmocka_unit_test_setup(test_relay, dhcp_setup),
		cmocka_unit_test_setup(test_routes, dhcp_setup),
		cmocka_unit_test_setup(test_phones_only, dhcp_setup),
		cmocka_unit_test_setup(test_odd_packets, dhcp_setup),
		cmocka_unit_test_setup(test_vendor_class_is_escaped, dhcp_setup),
		cmocka_unit_test_setup(test_pool_over_everything, dhcp_setup),
		cmocka_unit_test_setup(test_flood, dhcp_setup),
		cmocka_unit_test_setup(test_tick, dhcp_setup),
		cmocka_unit_test_setup(test_room_to_the_byte, dhcp_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
