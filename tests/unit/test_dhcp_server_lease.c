/* SPDX-License-Identifier: MIT */
/*
 * The DHCP server machine: which phone gets, keeps, gives back and is refused which address.
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

static void test_selecting(void **state)
{
	uint32_t ip = dhcp_lease(1), offered;

	(void)state;
	assert_true(dhcp.out.leases_changed);
	assert_int_equal(dhcp.out.event_count, 2);
	assert_int_equal(dhcp.out.events[0].type, EVENT_DHCP_REQUEST);
	assert_int_equal(dhcp.out.events[1].type, EVENT_DHCP_ACK);
	assert_int_equal(dhcp.out.events[1].ip, ip);
	assert_int_equal(lease_find_mac(&dhcp.leases, dhcp_phone(1))->expires,
			 dhcp.now + USEC_SEC(3600));
	assert_int_equal(dhcp_lease(1), ip); /* again: the same */

	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2});
	offered = dhcp.reply.yiaddr;
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 2, .requested = OTHER + 5, .server = OTHER});
	dhcp_assert_ignored("another DHCP server, 192.168.1.1");
	assert_int_equal(lease_find_ip(&dhcp.leases, offered)->state, LEASE_FREE);
	/* Choosing another server does not end a lease. */
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 1, .requested = OTHER + 5, .server = OTHER});
	assert_int_equal(lease_find_ip(&dhcp.leases, ip)->state, LEASE_BOUND);

	dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 3, .server = OURS});
	dhcp_assert_ignored("names no address");
	/* Some put the address into ciaddr; option 50 wins where a server is named. */
	assert_int_equal(
		dhcp_say((struct dhcp_say){
			.message = DHCP_REQUEST, .phone = 4, .ciaddr = FIRST, .server = OURS}),
		DHCP_ACK);
	assert_int_equal(dhcp.reply.yiaddr, FIRST);
}

static void test_offer_is_held(void **state)
{
	uint32_t ip;

	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, FIRST + 1);
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1});
	ip = dhcp.reply.yiaddr;
	dhcp.now += DHCP_OFFER_HOLD - 1;
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2});
	assert_int_not_equal(dhcp.reply.yiaddr, ip);
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 1, .requested = ip, .server = OURS});
	assert_int_equal(dhcp.reply.message, DHCP_ACK);
	assert_int_equal(lease_find_mac(&dhcp.leases, dhcp_phone(2))->expires,
			 dhcp.now + DHCP_OFFER_HOLD);
	/* A lease that runs does not shrink to an offer when the phone starts over. */
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1});
	assert_int_equal(lease_find_ip(&dhcp.leases, ip)->state, LEASE_BOUND);
}

/* Two phones were offered one address, since the pool is small: the first REQUEST has it. */
static void test_offer_taken_over(void **state)
{
	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, FIRST);
	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1}),
			 DHCP_OFFER);
	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2}),
			 DHCP_OFFER);
	assert_int_equal(
		dhcp_say((struct dhcp_say){
			.message = DHCP_REQUEST, .phone = 1, .requested = FIRST, .server = OURS}),
		DHCP_ACK);
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 2, .requested = FIRST, .server = OURS});
	dhcp_assert_nak("address of 00:1b:54:00:00:01");
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2});
	dhcp_assert_ignored("--pool");
	assert_non_null(dhcp_event(EVENT_DHCP_DISCOVER));
	dhcp.now += USEC_SEC(3600);
	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2}),
			 DHCP_OFFER);
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
			struct dhcp_say s = {.message = DHCP_REQUEST, .phone = 7};

			dhcp_setup(NULL);
			lease_set(&dhcp.leases, &dhcp.slots[1], dhcp_phone(99), LEASE_BOUND,
				  dhcp.now + 1);
			lease_set(&dhcp.leases, &dhcp.slots[2], dhcp_phone(98), LEASE_RELEASED,
				  dhcp.now);
			lease_set(&dhcp.leases, &dhcp.slots[3], dhcp_phone(97), LEASE_BOUND,
				  dhcp.now);
			lease_set(&dhcp.leases, &dhcp.slots[4], dhcp_phone(96), LEASE_OFFERED,
				  dhcp.now + 1);
			lease_set(&dhcp.leases, &dhcp.slots[5], dhcp_phone(95), LEASE_DECLINED,
				  dhcp.now + 1);
			lease_set(&dhcp.leases, &dhcp.slots[6], dhcp_phone(94), LEASE_DECLINED,
				  dhcp.now);
			*(renewing ? &s.ciaddr : &s.requested) = cases[i].ip;
			dhcp_say(s);
			assert_int_equal(dhcp_event(EVENT_DHCP_REQUEST)->ip, cases[i].ip);
			if (cases[i].nak) {
				dhcp_assert_nak(cases[i].nak);
				assert_int_equal(dhcp.out.route, DHCP_ROUTE_BROADCAST);
				assert_null(lease_find_mac(&dhcp.leases, dhcp_phone(7)));
				continue;
			}
			if (dhcp.reply.message != DHCP_ACK || dhcp.reply.yiaddr != cases[i].ip)
				fail_msg("%s", cases[i].what);
			assert_int_equal(lease_find_mac(&dhcp.leases, dhcp_phone(7))->ip,
					 cases[i].ip);
		}
	}
}

static void test_one_phone_one_address(void **state)
{
	uint32_t ip = dhcp_lease(1);
	uint32_t another = ip == FIRST ? FIRST + 1 : FIRST;

	(void)state;
	dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 1, .requested = another});
	dhcp_assert_nak("its own address is 10.79.70.");
	dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 1, .ciaddr = another});
	dhcp_assert_nak("its own address is");
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1, .requested = another});
	assert_int_equal(dhcp.reply.yiaddr, ip);
	/* Not by another client identifier either. */
	dhcp_say((struct dhcp_say){
		.message = DHCP_DISCOVER, .phone = 1, .id = "other", .id_len = 5});
	assert_int_equal(dhcp.reply.yiaddr, ip);
	dhcp.now += USEC_SEC(1000000);
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1});
	assert_int_equal(dhcp.reply.yiaddr, ip);
	assert_int_equal(
		dhcp_say((struct dhcp_say){.message = DHCP_REQUEST, .phone = 1, .requested = ip}),
		DHCP_ACK);
	/* And from an empty table as well. */
	dhcp_setup(NULL);
	dhcp_lease(5);
	assert_int_equal(dhcp_lease(1), ip);
}

static void test_decline(void **state)
{
	uint32_t ip = dhcp_lease(1);

	(void)state;
	dhcp_say((struct dhcp_say){
		.message = DHCP_DECLINE, .phone = 2, .requested = ip, .server = OURS});
	dhcp_assert_ignored("does not have from us");
	dhcp_say((struct dhcp_say){
		.message = DHCP_DECLINE, .phone = 1, .requested = ip, .server = OTHER});
	dhcp_assert_ignored("does not have from us");
	dhcp_say((struct dhcp_say){
		.message = DHCP_DECLINE, .phone = 1, .requested = ip + 1, .server = OURS});
	dhcp_assert_ignored("does not have from us");
	dhcp_say((struct dhcp_say){
		.message = DHCP_DECLINE, .phone = 1, .requested = ip, .server = OURS});
	assert_int_equal(dhcp.out.len, 0);
	assert_true(dhcp.out.leases_changed);
	assert_non_null(dhcp_event(EVENT_DHCP_DECLINE));
	assert_int_equal(dhcp_event(EVENT_DHCP_DECLINE)->ip, ip);
	assert_int_equal(dhcp.out.event_count, 1);
	assert_int_equal(lease_find_ip(&dhcp.leases, ip)->expires, dhcp.now + DHCP_DECLINE_HOLD);
	dhcp.now += DHCP_DECLINE_HOLD - 1;
	assert_int_not_equal(dhcp_lease(1), ip);
}

static void decline(unsigned phone, uint32_t ip)
{
	dhcp_say((struct dhcp_say){
		.message = DHCP_DECLINE, .phone = phone, .requested = ip, .server = OURS});
	assert_non_null(dhcp_event(EVENT_DHCP_DECLINE));
}

/* In a pool of one the declined address rests for its time, and then it is all there is. A phone
 * gets it before that. */
static void test_decline_ends(void **state)
{
	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, FIRST);
	assert_int_equal(dhcp_lease(1), FIRST);
	decline(1, FIRST);
	dhcp.now += DHCP_DECLINE_HOLD - 1;
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .no_class = true});
	assert_int_equal(dhcp.out.len, 0);
	dhcp.now += 1;
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .no_class = true});
	assert_int_equal(dhcp.reply.yiaddr, FIRST);
}

/* Something answers every ARP of that one phone, so it declines whatever it is given. */
static void test_who_declines_all_leaves_some_for_others(void **state)
{
	uint32_t kept;

	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, FIRST + 3);
	kept = dhcp_lease(2);
	for (unsigned i = 0; i < 20; i++) {
		uint32_t ip = dhcp_lease(1);

		assert_true(ip != 0 && ip != kept);
		decline(1, ip);
		dhcp.now += USEC_SEC(10);
	}
	assert_int_not_equal(dhcp_lease(3), kept);
	assert_int_equal(dhcp_lease(2), kept);
}

static void test_release(void **state)
{
	uint32_t ip = dhcp_lease(1);

	(void)state;
	dhcp_say((struct dhcp_say){
		.message = DHCP_RELEASE, .phone = 2, .ciaddr = ip, .server = OURS});
	dhcp_assert_ignored("does not have from us");
	dhcp_say((struct dhcp_say){
		.message = DHCP_RELEASE, .phone = 1, .ciaddr = ip, .server = OURS});
	assert_int_equal(dhcp.out.len, 0);
	assert_true(dhcp.out.leases_changed);
	assert_int_equal(dhcp_event(EVENT_DHCP_RELEASE)->ip, ip);
	assert_int_equal(lease_find_ip(&dhcp.leases, ip)->state, LEASE_RELEASED);
	dhcp_say((struct dhcp_say){
		.message = DHCP_RELEASE, .phone = 1, .ciaddr = ip, .server = OURS});
	dhcp_assert_ignored("does not have from us");
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 2, .requested = ip});
	assert_int_not_equal(dhcp.reply.yiaddr, ip);
	assert_int_equal(dhcp_lease(1), ip);
}

static void test_inform(void **state)
{
	static const uint32_t bad[] = {0, OTHER, OURS, NET, NET + 255};
	size_t i;

	(void)state;
	assert_int_equal(
		dhcp_say((struct dhcp_say){.message = DHCP_INFORM, .phone = 1, .ciaddr = NET + 20}),
		DHCP_ACK);
	assert_int_equal(dhcp.reply.yiaddr, 0);
	assert_int_equal(dhcp.reply.ciaddr, NET + 20);
	assert_int_equal(dhcp.out.route, DHCP_ROUTE_UNICAST);
	assert_int_equal(dhcp.out.ip, NET + 20);
	assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_LEASE_TIME).data);
	assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_RENEWAL).data);
	assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_REBINDING).data);
	dhcp_assert_option(DHCP_OPT_TFTP_SERVERS, "\x0a\x4f\x46\x01", 4);
	assert_false(dhcp.out.leases_changed);
	assert_null(lease_find_mac(&dhcp.leases, dhcp_phone(1)));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		dhcp_say((struct dhcp_say){.message = DHCP_INFORM, .phone = 1, .ciaddr = bad[i]});
		dhcp_assert_ignored("address of its own");
	}
}

static void test_bootp(void **state)
{
	struct dhcp_config c = dhcp_plain;
	uint32_t ip;

	(void)state;
	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_NONE, .phone = 1}), DHCP_NONE);
	assert_int_equal(dhcp.out.len, DHCP_BOOTP_MIN);
	ip = dhcp.reply.yiaddr;
	assert_in_range(ip, FIRST, LAST);
	assert_int_equal(dhcp.reply.siaddr, OURS);
	assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_MESSAGE_TYPE).data);
	assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_LEASE_TIME).data);
	dhcp_assert_option(DHCP_OPT_TFTP_SERVERS, "\x0a\x4f\x46\x01", 4);
	dhcp_assert_option(DHCP_OPT_TFTP_SERVER_NAME, "10.79.70.1", 10);
	dhcp_assert_option(DHCP_OPT_ROUTER, "\x0a\x4f\x46\x01", 4);
	dhcp_assert_option(DHCP_OPT_DNS, "\x0a\x4f\x46\x01", 4);
	assert_non_null(dhcp_event(EVENT_DHCP_ACK));
	assert_int_equal(dhcp_lease(1), ip);
	dhcp_say((struct dhcp_say){.message = DHCP_NONE, .phone = 1, .ciaddr = ip});
	dhcp_assert_ignored("BOOTP");
	/* Four of each are too much for 60 bytes: the needed ones are there. */
	c.routers = c.dns = c.tftp =
		(struct dhcp_addresses){{NET + 201, NET + 202, NET + 203, NET + 204}, 4};
	dhcp_begin(&c, FIRST, LAST);
	dhcp_say((struct dhcp_say){
		.message = DHCP_NONE, .phone = 1, .relay = "0123456789abcdef", .relay_len = 16});
	assert_int_equal(dhcp.out.len, DHCP_BOOTP_MIN);
	assert_int_equal(dhcp_packet_option(&dhcp.reply, DHCP_OPT_TFTP_SERVERS).len, 16);
	dhcp_assert_option(DHCP_OPT_TFTP_SERVER_NAME, "10.79.70.201", 12);
	dhcp_assert_option(DHCP_OPT_NETMASK, "\xff\xff\xff\x00", 4);
	/* No address is left: who speaks BOOTP gets none either, and is told of. */
	dhcp_begin(&dhcp_plain, FIRST, FIRST);
	ip = dhcp_lease(2);
	assert_int_equal(dhcp_say((struct dhcp_say){.message = DHCP_NONE, .phone = 1}), DHCP_NONE);
	assert_int_equal(dhcp.out.len, 0);
	dhcp_assert_ignored("are in use");
	assert_int_equal(lease_find_ip(&dhcp.leases, ip)->state, LEASE_BOUND);
}

/* What the shell has to write down before it lets an answer go. */
static void test_promises(void **state)
{
	uint32_t ip;

	(void)state;
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1});
	assert_false(dhcp.out.promise);
	assert_null(dhcp.out.changed);
	ip = dhcp_lease(1);
	assert_true(dhcp.out.promise && dhcp.out.leases_changed);
	assert_ptr_equal(dhcp.out.changed, lease_find_ip(&dhcp.leases, ip));
	dhcp_say((struct dhcp_say){.message = DHCP_RELEASE, .phone = 1, .ciaddr = ip});
	assert_false(dhcp.out.promise);
	assert_ptr_equal(dhcp.out.changed, lease_find_ip(&dhcp.leases, ip));
	ip = dhcp_lease(1);
	dhcp_say((struct dhcp_say){.message = DHCP_DECLINE, .phone = 1, .requested = ip});
	assert_false(dhcp.out.promise);
	assert_ptr_equal(dhcp.out.changed, lease_find_ip(&dhcp.leases, ip));
	dhcp_say((struct dhcp_say){.message = DHCP_INFORM, .phone = 1, .ciaddr = NET + 9});
	assert_null(dhcp.out.changed);
}

/* A phone that goes to another server keeps what the disk knows of it. */
static void test_other_server_is_named(void **state)
{
	struct lease *l;

	(void)state;
	dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = 1});
	l = lease_find_mac(&dhcp.leases, dhcp_phone(1));
	l->kept = 1;
	dhcp_say((struct dhcp_say){
		.message = DHCP_REQUEST, .phone = 1, .requested = l->ip, .server = OTHER});
	dhcp_assert_ignored("another DHCP server");
	assert_string_equal(dhcp_event(EVENT_DHCP_IGNORED)->code, "other-server");
	assert_int_equal(dhcp_event(EVENT_DHCP_IGNORED)->server, OTHER);
	assert_int_equal(l->state, LEASE_RELEASED);
}

/* However many strangers come and whatever they take: a quarter of the pool is for phones. */
static void test_strangers_leave_room(void **state)
{
	unsigned n = 0, size = 40;

	(void)state;
	dhcp_begin(&dhcp_plain, FIRST, FIRST + size - 1);
	for (unsigned i = 1000; i < 1200; i++) {
		dhcp_say((struct dhcp_say){.message = DHCP_DISCOVER, .phone = i, .no_class = true});
		if (!dhcp.out.len)
			continue;
		dhcp_say((struct dhcp_say){.message = DHCP_REQUEST,
					   .phone = i,
					   .no_class = true,
					   .server = OURS,
					   .requested = dhcp.reply.yiaddr});
		n += dhcp_event(EVENT_DHCP_ACK) != NULL;
	}
	assert_int_equal(n, size - size / DHCP_KEPT_FOR_PHONES);
	/* Nor by naming an address without being offered it. */
	for (unsigned i = 0; i < size; i++) {
		dhcp_say((struct dhcp_say){.message = DHCP_REQUEST,
					   .phone = 2000 + i,
					   .no_class = true,
					   .requested = FIRST + i});
		assert_null(dhcp_event(EVENT_DHCP_ACK));
	}
	for (unsigned i = 1; i <= size / DHCP_KEPT_FOR_PHONES; i++)
		assert_int_not_equal(dhcp_lease(i), 0);
}

/* What a relay put in goes back whole while it fits into a BOOTP client's 300 bytes. */
static void test_bootp_echoes_what_fits(void **state)
{
	static const char info[] = "0123456789abcdefghijklmn";
	size_t needed = 240 + 6 + 6 + 12 + 6 + 6, most = DHCP_BOOTP_MIN - 1 - needed - 2;

	(void)state;
	for (size_t n = most - 1; n <= most + 1; n++) {
		dhcp_say((struct dhcp_say){
			.message = DHCP_NONE, .phone = 1, .relay = info, .relay_len = n});
		assert_int_equal(dhcp.out.len, DHCP_BOOTP_MIN);
		if (n <= most)
			dhcp_assert_option(DHCP_OPT_RELAY_AGENT, info, n);
		else
			assert_null(dhcp_packet_option(&dhcp.reply, DHCP_OPT_RELAY_AGENT).data);
		dhcp_assert_option(DHCP_OPT_DNS, "\x0a\x4f\x46\x01", 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_selecting, dhcp_setup),
		cmocka_unit_test_setup(test_offer_is_held, dhcp_setup),
		cmocka_unit_test_setup(test_offer_taken_over, dhcp_setup),
		cmocka_unit_test_setup(test_request_without_server, dhcp_setup),
		cmocka_unit_test_setup(test_one_phone_one_address, dhcp_setup),
		cmocka_unit_test_setup(test_decline, dhcp_setup),
		cmocka_unit_test_setup(test_decline_ends, dhcp_setup),
		cmocka_unit_test_setup(test_who_declines_all_leaves_some_for_others, dhcp_setup),
		cmocka_unit_test_setup(test_release, dhcp_setup),
		cmocka_unit_test_setup(test_inform, dhcp_setup),
		cmocka_unit_test_setup(test_bootp, dhcp_setup),
		cmocka_unit_test_setup(test_promises, dhcp_setup),
		cmocka_unit_test_setup(test_other_server_is_named, dhcp_setup),
		cmocka_unit_test_setup(test_strangers_leave_room, dhcp_setup),
		cmocka_unit_test_setup(test_bootp_echoes_what_fits, dhcp_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
