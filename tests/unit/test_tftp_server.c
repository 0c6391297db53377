/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server machine: who is served, who is refused and in which words, and what happens to
 * repeated requests.
 */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_a_file_from_request_to_complete(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 50000), "size.600|octet", T0);
	server_assert_opened(f);
	slot = f->out.slot;
	assert_string_equal(f->out.events[0].file, "size.600");
	assert_int_equal(f->out.events[1].ip, PHONE);
	assert_int_equal(f->out.events[1].size, 600);
	assert_string_equal(f->out.events[1].load, "SIP70.8-4-2S");
	assert_false(f->out.events[1].present & (uint64_t)1 << FIELD_MAC);
	assert_int_equal(f->out.send.first, 1);
	assert_int_equal(f->out.send.count, 1);
	server_ack(f, slot, 1, T0 + MS(3));
	assert_int_equal(f->out.event_count, 0);
	assert_int_equal(f->out.send.first, 2);
	assert_non_null(f->out.content);
	assert_int_equal(f->out.peer.port, 50000);
	server_ack(f, slot, 2, T0 + MS(7));
	server_assert_closed(f, slot, EVENT_TFTP_COMPLETE);
	assert_int_equal(f->out.events[0].bytes, 600);
	assert_int_equal(f->out.events[0].ms, 7);
	assert_int_equal(f->out.events[0].resent, 0);
	assert_string_equal(f->out.events[0].text, "");
	assert_true(f->out.events[0].confirmed);
	assert_int_equal(f->released, 1);
	assert_int_equal(f->s.active, 0);
	assert_true(tftp_server_deadline(&f->s) == USEC_NEVER);
	server_ack(f, slot, 2, T0 + MS(8)); /* late, for a slot that is gone */
	server_assert_silent(f);
	server_ack(f, TFTP_NO_SLOT, 2, T0 + MS(8));
	server_assert_silent(f);
}

static void test_names_reach_the_catalogue_in_one_shape(void **state)
{
	struct server_rig *f = *state;

	server_request(f, server_peer(PHONE, 1), "./US\\size.1|NETASCII", T0);
	server_assert_opened(f);
	assert_true(f->netascii);
	assert_string_equal(f->name.folder, "US");
	assert_string_equal(f->name.base, "size.1");
	server_request(f, server_peer(PHONE, 2), "/size.1|octet", T0);
	server_assert_opened(f);
	assert_false(f->netascii);
	assert_string_equal(f->name.folder, "");
	assert_int_equal(f->out.events[1].present & (uint64_t)1 << FIELD_LOAD, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *reason;
		enum event_severity severity;
		uint8_t code;
		unsigned events;
		const char *sentence, *why;
	} table[] = {
		{"CTLSEP.tlv|octet", "expected", SEVERITY_DEBUG, 1, 2,
		 "{phone} asked for CTLSEP.tlv: there is none, and the phone does well "
		 "without it.",
		 NULL},
		{"what.sbn|octet", "unknown", SEVERITY_WARNING, 1, 2,
		 "{phone} asked for what.sbn, which none of the firmware here holds.", NULL},
		{"x|octet", "unknown", SEVERITY_WARNING, 1, 2,
		 "{phone} asked for x, which none of the firmware here holds.", NULL},
		{"a/b/c|octet", "unknown", SEVERITY_WARNING, 1, 2, NULL, NULL},
		{"US/|octet", "unknown", SEVERITY_WARNING, 1, 2, NULL, NULL},
		{"../../etc/passwd|octet", "unsafe", SEVERITY_WARNING, 2, 2, NULL, NULL},
		{"x\x1b[2J|octet", "unsafe", SEVERITY_WARNING, 2, 2, NULL, NULL},
		{"held.loads|octet", "withheld", SEVERITY_WARNING, 2, 2,
		 "{phone} asked for held.loads, which is held back: the bundle lacks "
		 "cvm70.sbn.",
		 "the bundle lacks cvm70.sbn"},
		{"later.loads|octet", "try-later", SEVERITY_WARNING, 0, 2,
		 "{phone} asked for later.loads, which cannot be read just now: the disk "
		 "says: I/O error.",
		 "the disk says: I/O error"},
		{"size.1|mail", "malformed", SEVERITY_WARNING, 4, 1, NULL, NULL},
		{"|octet", "malformed", SEVERITY_WARNING, 4, 1,
		 "{phone} asked for a file: the request is cut off or names no file.", NULL},
		{"size.1", "malformed", SEVERITY_WARNING, 4, 1, NULL, NULL},
	};
	struct server_rig *f = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct event *e;

		server_request(f, server_peer(PHONE, 50000), table[i].text, T0);
		assert_int_equal(f->out.event_count, table[i].events);
		e = server_assert_refused(f, table[i].reason, table[i].severity, table[i].code);
		if (table[i].sentence)
			assert_string_equal(e->text, table[i].sentence);
		assert_int_equal(event_has(e, FIELD_WHY), table[i].why != NULL);
		if (table[i].why)
			assert_string_equal(e->why, table[i].why);
	}
	assert_int_equal(f->s.active, 0);
	assert_int_equal(f->found, 0);
}

static void test_names_from_the_wire_are_escaped(void **state)
{
	struct server_rig *f = *state;
	const struct event *e;

	server_request(f, server_peer(PHONE, 1), "x\x1b[2J\n|octet", T0);
	e = server_assert_refused(f, "unsafe", SEVERITY_WARNING, 2);
	assert_string_equal(e->file, "x\\x1b[2J\\x0a");
	for (const char *p = e->text; *p; p++)
		assert_in_range(*p, 0x20, 0x7e);
	assert_non_null(strstr(e->text, "x\\x1b[2J"));
}

static void test_write_requests_are_refused(void **state)
{
	struct server_rig *f = *state;
	const struct event *e;

	tftp_server_receive(&f->s, server_peer(PHONE, 1), (const uint8_t *)"\0\2size.1\0octet", 15,
			    T0, &f->out);
	assert_int_equal(f->out.event_count, 1);
	e = server_assert_refused(f, "read-only", SEVERITY_WARNING, 2);
	assert_string_equal(e->file, "size.1");
	assert_string_equal((char *)f->out.error + 4, "this server is read only");
	assert_int_equal(f->asked, 0);
}

/* RFC 1350 7: an ERROR is not answered; nor is what is late. */
static void test_stray_packets_on_port_69_are_dropped(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} table[] = {{"", 0},	      {"\0", 1},	  {"\1", 1},   {"\0\3\0\1x", 5},
		     {"\0\4\0\1", 4}, {"\0\5\0\1x\0", 6}, {"\0\6", 2}, {"\xff\xff", 2}};
	struct server_rig *f = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		tftp_server_receive(&f->s, server_peer(PHONE, 1), (const uint8_t *)table[i].data,
				    table[i].len, T0, &f->out);
		server_assert_silent(f);
	}
}

/* phones.md 4.4: 7940/60, the same request every 4 s from the same port. */
static void test_trap_repeated_request_opens_no_second_transfer(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 49844), "size.5000|octet", T0);
	slot = f->out.slot;
	server_request(f, server_peer(PHONE, 49844), "size.5000|octet", T0 + MS(1));
	assert_int_equal(f->out.slot, slot);
	assert_false(f->out.opened);
	assert_int_equal(f->out.send.count, 0);
	assert_int_equal(f->out.event_count, 0);
	for (unsigned k = 1; k <= 4; k++) {
		server_request(f, server_peer(PHONE, 49844), "size.5000|octet",
			       T0 + USEC_SEC(4 * k));
		assert_int_equal(f->out.slot, slot);
		assert_int_equal(f->out.send.first, 1);
		assert_int_equal(f->out.send.count, 1);
		assert_non_null(f->out.content);
		assert_int_equal(f->out.event_count, 0);
	}
	assert_int_equal(f->s.active, 1);
	assert_int_equal(f->asked, 1);
	/* another port, or another phone with the same port: transfers of their own */
	server_request(f, server_peer(PHONE, 49845), "size.5000|octet", T0 + USEC_SEC(20));
	server_assert_opened(f);
	server_request(f, server_peer(OTHER, 49844), "size.5000|octet", T0 + USEC_SEC(20));
	server_assert_opened(f);
	assert_int_equal(f->s.active, 3);
}

static void test_repeated_request_while_the_oack_is_out(void **state)
{
	struct server_rig *f = *state;

	server_request(f, server_peer(PHONE, 1), "size.5000|octet|tsize|0", T0);
	server_assert_opened(f);
	assert_non_null(f->out.send.control);
	server_request(f, server_peer(PHONE, 1), "size.5000|octet|tsize|0", T0 + MS(200));
	assert_int_equal(f->out.send.control_len, 13);
	assert_memory_equal(f->out.send.control, "\0\6tsize\0005000", 13);
}

/* After a power cut a 7940/60 starts over with the same ports. */
static void test_a_phone_that_starts_over_gets_a_new_transfer(void **state)
{
	struct server_rig *f = *state;
	uint32_t old, new;

	server_request(f, server_peer(PHONE, 49850), "size.5000|octet", T0);
	old = f->out.slot;
	server_ack(f, old, 1, T0 + MS(2));
	server_ack(f, old, 2, T0 + MS(4));
	server_request(f, server_peer(PHONE, 49850), "size.5000|octet",
		       T0 + MS(200)); /* a stray copy */
	assert_false(f->out.opened);
	assert_int_equal(f->out.send.first, 3);
	server_request(f, server_peer(PHONE, 49850), "size.5000|octet", T0 + USEC_SEC(5));
	server_assert_opened(f);
	new = f->out.slot;
	assert_true(new != old);
	assert_int_equal(f->out.send.first, 1);
	assert_true(tftp_server_deadline(&f->s) <= T0 + USEC_SEC(5));
	assert_true(server_tick(f, T0 + USEC_SEC(5)));
	server_assert_closed(f, old, EVENT_TFTP_ABORTED);
	assert_null(f->out.send.control); /* the client would take it for the new one's */
	assert_string_equal(f->out.events[0].reason, "it started over");
	assert_int_equal(f->out.events[0].bytes, 1024);
	assert_false(server_tick(f, T0 + USEC_SEC(5)));
	assert_int_equal(f->s.active, 1);
	assert_int_equal(f->released, 1);
	/* another file from the same port: at once */
	server_request(f, server_peer(PHONE, 49850), "size.7|octet", T0 + USEC_SEC(5) + 1);
	server_assert_opened(f);
	assert_true(server_tick(f, T0 + USEC_SEC(5) + 1));
	server_assert_closed(f, new, EVENT_TFTP_ABORTED);
}

/* What has ended and only waits for the tick is not taken for the transfer of a new request. */
static void test_back_to_the_first_file_before_the_tick(void **state)
{
	struct server_rig *f = *state;

	server_request(f, server_peer(PHONE, 1), "size.5000|octet", T0);
	server_request(f, server_peer(PHONE, 1), "size.6000|octet", T0 + MS(200));
	server_assert_opened(f);
	server_request(f, server_peer(PHONE, 1), "size.5000|octet", T0 + MS(400));
	server_assert_opened(f);
	assert_true(server_tick(f, T0 + MS(400)) && f->out.closed);
	assert_true(server_tick(f, T0 + MS(400)) && f->out.closed);
	assert_false(server_tick(f, T0 + MS(400)));
	assert_int_equal(f->s.active, 1);
}

static void test_trap_last_ack_is_lost_and_the_next_request_seen(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;
	usec_t now = T0 + MS(10);

	server_request(f, server_peer(PHONE, 50000), "size.600|octet", T0);
	slot = f->out.slot;
	server_ack(f, slot, 1, T0 + MS(2));
	server_request(f, server_peer(PHONE, 50001), "CTLSEP.tlv|octet", now);
	server_assert_refused(f, "expected", SEVERITY_DEBUG, 1);
	for (;;) {
		now = tftp_server_deadline(&f->s);
		if (server_tick(f, now) && f->out.closed)
			break;
		assert_true(now < T0 + MS(200));
	}
	server_assert_closed(f, slot, EVENT_TFTP_COMPLETE);
	assert_int_equal(f->out.events[0].bytes, 600);
	assert_non_null(strstr(f->out.events[0].text, "did not acknowledge the last block"));
	assert_false(f->out.events[0].confirmed);
	assert_int_equal(f->released, 1);
}

static void test_same_port_and_the_last_ack_lost(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 50000), "size.100|octet", T0);
	slot = f->out.slot;
	server_request(f, server_peer(PHONE, 50000), "size.200|octet", T0 + MS(2));
	server_assert_opened(f);
	assert_true(server_tick(f, T0 + MS(2)));
	server_assert_closed(f, slot, EVENT_TFTP_COMPLETE);
}

/* The same file from the next port means that the first answer did not arrive. */
static void test_the_same_file_from_another_port_proves_nothing(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 50000), "size.100|octet", T0);
	slot = f->out.slot;
	server_request(f, server_peer(PHONE, 50001), "SIZE.100|octet", T0 + USEC_SEC(13));
	server_assert_opened(f);
	assert_false(f->slots[slot].transfer.moved_on);
}

/* Another file does, however alike the names are. */
static void test_another_file_from_another_port_proves_much(void **state)
{
	static const char *const other[] = {"size.101|octet", "size.1000|octet", "size.10|octet",
					    "size.200|octet", "en/size.100|octet"};
	struct server_rig *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(other); i++) {
		uint32_t ip = PHONE + i + 1, slot;

		server_request(f, server_peer(ip, 50000), "size.100|octet", T0);
		slot = f->out.slot;
		server_request(f, server_peer(ip, 50001), other[i], T0 + MS(5));
		server_assert_opened(f);
		if (!f->slots[slot].transfer.moved_on)
			fail_msg("%s", other[i]);
		for (usec_t now = T0 + MS(5); f->s.active; now = tftp_server_deadline(&f->s))
			server_tick(f, now);
	}
}

/* The same request once more, from a second after the last progress on: it starts over. */
static void test_when_a_copy_starts_over(void **state)
{
	static const usec_t after[] = {TFTP_RESTART_AFTER - 1, TFTP_RESTART_AFTER,
				       TFTP_RESTART_AFTER + 1};
	struct server_rig *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(after); i++) {
		struct tftp_peer from = server_peer(PHONE + i, 50000);

		server_request(f, from, "size.5000|octet", T0);
		server_ack(f, f->out.slot, 1, T0 + MS(2));
		server_request(f, from, "size.5000|octet", T0 + MS(2) + after[i]);
		assert_int_equal(f->out.opened, after[i] >= TFTP_RESTART_AFTER);
	}
}

/* A request that ends with its number is one all the same, and is told so. */
static void test_half_a_request_is_answered(void **state)
{
	struct server_rig *f = *state;

	tftp_server_receive(&f->s, server_peer(PHONE, 1), (const uint8_t *)"\0\1", 2, T0, &f->out);
	server_assert_refused(f, "malformed", SEVERITY_WARNING, 4);
}

/* The folder is part of the name, to its last letter. */
static void test_the_same_name_in_another_folder(void **state)
{
	static const char *const other[] = {"ab/size.100|octet", "aab/size.100|octet",
					    "a/size.100|octet"};
	struct server_rig *f = *state;

	for (unsigned i = 0; i <= ARRAY_LEN(other); i++) {
		uint32_t ip = PHONE + i + 1, slot;
		bool same = i == ARRAY_LEN(other);

		server_request(f, server_peer(ip, 50000), "aa/size.100|octet", T0);
		slot = f->out.slot;
		server_request(f, server_peer(ip, 50001), same ? "AA/size.100|octet" : other[i],
			       T0 + MS(5));
		server_assert_opened(f);
		if (f->slots[slot].transfer.moved_on == same)
			fail_msg("%s", same ? "the same" : other[i]);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, server_set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_from_request_to_complete),
		TEST(test_names_reach_the_catalogue_in_one_shape),
		TEST(test_refusals),
		TEST(test_names_from_the_wire_are_escaped),
		TEST(test_write_requests_are_refused),
		TEST(test_stray_packets_on_port_69_are_dropped),
		TEST(test_trap_repeated_request_opens_no_second_transfer),
		TEST(test_repeated_request_while_the_oack_is_out),
		TEST(test_a_phone_that_starts_over_gets_a_new_transfer),
		TEST(test_back_to_the_first_file_before_the_tick),
		TEST(test_trap_last_ack_is_lost_and_the_next_request_seen),
		TEST(test_same_port_and_the_last_ack_lost),
		TEST(test_the_same_file_from_another_port_proves_nothing),
		TEST(test_another_file_from_another_port_proves_much),
		TEST(test_when_a_copy_starts_over),
		TEST(test_half_a_request_is_answered),
		TEST(test_the_same_name_in_another_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
