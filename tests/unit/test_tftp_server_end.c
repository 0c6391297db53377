/* SPDX-License-Identifier: MIT */
/*
 * How the TFTP server ends what does not end well: closed ports, size probes, silence;
 * every content is released exactly once.
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

/* phones.md 4.1: ECONNREFUSED is the phone hanging up, not our failure. */
static void test_trap_closed_port_is_the_phone_hanging_up(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 50000), "size.5000|octet", T0);
	slot = f->out.slot;
	server_ack(f, slot, 1, T0 + MS(2));
	tftp_server_transfer_refused(&f->s, slot, T0 + MS(3), &f->out);
	server_assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_null(f->out.send.control);
	assert_int_equal(f->out.events[0].severity, SEVERITY_NOTICE);
	assert_int_equal(f->out.events[0].bytes, 512);
	assert_string_equal(f->out.events[0].reason, "it closed its port");
	assert_int_equal(f->released, 1);
	tftp_server_transfer_refused(&f->s, slot, T0 + MS(4), &f->out);
	server_assert_silent(f);
}

static void test_trap_tsize_probe_is_no_failure(void **state)
{
	static const struct {
		const char *options, *error;
		size_t len;
		enum event_severity severity;
		const char *reason;
	} table[] = {
		{"tsize|0", "\0\5\0\10", 4, SEVERITY_INFO, "it only wanted to know the size"},
		{"tsize|0", "\0\5\0\0enough\0", 11, SEVERITY_INFO,
		 "it only wanted to know the size"},
		{"tsize|0", "\0\5\0\3full\0", 9, SEVERITY_WARNING, "it sent error 3, \"full\""},
		{"blksize|512", "\0\5\0\10\0", 5, SEVERITY_WARNING, "it sent error 8"},
		{"blksize|512", "\0\5\0\10\x1b[m\0", 8, SEVERITY_WARNING,
		 "it sent error 8, \"\\x1b[m\""},
	};
	struct server_rig *f = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[64];
		uint32_t slot;

		snprintf(text, sizeof(text), "size.600|octet|%s", table[i].options);
		server_request(f, server_peer(PHONE, (uint16_t)(100 + i)), text, T0);
		server_assert_opened(f);
		slot = f->out.slot;
		tftp_server_transfer_receive(&f->s, slot, (const uint8_t *)table[i].error,
					     table[i].len, T0 + MS(1), &f->out);
		server_assert_closed(f, slot, EVENT_TFTP_ABORTED);
		assert_int_equal(f->out.events[0].severity, table[i].severity);
		assert_string_equal(f->out.events[0].reason, table[i].reason);
		assert_string_equal(f->out.events[0].code,
				    strstr(table[i].reason, "size") ? "size-only" : "rejected");
		assert_int_equal(f->out.events[0].bytes, 0);
	}
	assert_int_equal(f->released, f->found);
}

static void test_error_8_in_the_middle_is_no_size_probe(void **state)
{
	struct server_rig *f = *state;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 1), "size.5000|octet|tsize|0", T0);
	slot = f->out.slot;
	server_ack(f, slot, 0, T0 + MS(1));
	tftp_server_transfer_receive(&f->s, slot, (const uint8_t *)"\0\5\0\10", 4, T0 + MS(2),
				     &f->out);
	server_assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_int_equal(f->out.events[0].severity, SEVERITY_WARNING);
	assert_string_equal(f->out.events[0].reason, "it sent error 8");
}

static void test_silence_sends_an_error_and_says_so(void **state)
{
	struct server_rig *f = *state;
	usec_t now = T0;
	uint32_t slot;

	server_request(f, server_peer(PHONE, 50000), "size.5000|octet", T0);
	slot = f->out.slot;
	while (!f->out.closed) {
		now = tftp_server_deadline(&f->s);
		assert_true(now <= T0 + USEC_SEC(30));
		server_tick(f, now);
	}
	server_assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_memory_equal(f->out.send.control, "\0\5\0\0", 4);
	assert_non_null(strstr(f->out.events[0].reason, "firewall"));
	assert_true(now == T0 + USEC_SEC(30));

	server_request(f, server_peer(PHONE, 50000), "size.5000|octet", now);
	slot = f->out.slot;
	server_ack(f, slot, 1, now + 1);
	while (!f->out.closed)
		server_tick(f, tftp_server_deadline(&f->s));
	server_assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_string_equal(f->out.events[0].reason, "no answer for 30 s");
	assert_int_equal(f->released, 2);
}

static void give_up(struct server_rig *f)
{
	while (!f->out.closed)
		server_tick(f, tftp_server_deadline(&f->s));
	assert_int_equal(f->out.events[0].type, EVENT_TFTP_ABORTED);
}

/* Unplugged just after one more request: no firewall stands between us, it heard us before. */
static void test_silence_of_who_heard_us_before(void **state)
{
	static const char unplugged[] =
		"no answer for 30 s, though it answered before; it was unplugged or has restarted";
	struct server_rig *f = *state;
	uint32_t slot, other;

	server_request(f, server_peer(PHONE, 1), "size.100|octet", T0);
	server_ack(f, f->out.slot, 1, T0 + MS(1));
	server_request(f, server_peer(PHONE, 2), "size.5000|octet", T0 + MS(2));
	give_up(f);
	assert_string_equal(f->out.events[0].reason, unplugged);
	assert_string_equal(f->out.events[0].code, "fell-silent");
	/* Its neighbour, and who shares its place in the table, heard nothing. */
	for (uint32_t k = 1; k <= TFTP_HEARD; k += TFTP_HEARD - 1) {
		server_request(f, server_peer(PHONE + k, 2), "size.5000|octet", T0 + MS(2));
		give_up(f);
		assert_string_equal(f->out.events[0].code, "never-answered");
	}
	/* Two files at a time: what it answered is not over yet. */
	server_request(f, server_peer(OTHER, 1), "size.5000|octet", T0);
	slot = f->out.slot;
	server_request(f, server_peer(OTHER, 2), "size.6000|octet", T0);
	other = f->out.slot;
	server_ack(f, slot, 1, T0 + USEC_SEC(20));
	give_up(f);
	server_assert_closed(f, other, EVENT_TFTP_ABORTED);
	assert_string_equal(f->out.events[0].reason, unplugged);
	/* The place of one is taken by another. */
	server_request(f, server_peer(PHONE + TFTP_HEARD, 1), "size.100|octet", T0);
	server_ack(f, f->out.slot, 1, T0 + MS(1));
	server_request(f, server_peer(PHONE, 3), "size.5000|octet", T0 + USEC_SEC(60));
	give_up(f);
	assert_string_equal(f->out.events[0].code, "fell-silent");
	server_request(f, server_peer(PHONE, 4), "size.5000|octet", T0 + USEC_SEC(100));
	give_up(f);
	assert_string_equal(f->out.events[0].code, "never-answered");
}

/* For drivers whose transfers share a port: whose packet is it? */
static void test_a_transfer_is_found_by_address_and_port(void **state)
{
	struct server_rig *f = *state;
	uint32_t first, second, other;

	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 1)), TFTP_NO_SLOT);
	server_request(f, server_peer(PHONE, 1), "size.5000|octet", T0);
	first = f->out.slot;
	server_request(f, server_peer(PHONE, 2), "size.5000|octet", T0);
	second = f->out.slot;
	server_request(f, server_peer(PHONE + 1, 1), "size.5000|octet", T0);
	other = f->out.slot;
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 1)), first);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 2)), second);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE + 1, 1)), other);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 3)), TFTP_NO_SLOT);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE + 2, 1)), TFTP_NO_SLOT);

	/* Started over from the same port: the old one waits for its end, the new one counts. */
	server_request(f, server_peer(PHONE, 1), "size.6000|octet", T0 + MS(5));
	assert_int_not_equal(f->out.slot, first);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 1)), f->out.slot);
	assert_true(tftp_server_tick(&f->s, T0 + MS(5), &f->out));
	assert_int_not_equal(tftp_server_slot(&f->s, server_peer(PHONE, 1)), TFTP_NO_SLOT);

	tftp_server_transfer_refused(&f->s, second, T0 + MS(6), &f->out);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 2)), TFTP_NO_SLOT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, server_set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_trap_closed_port_is_the_phone_hanging_up),
		TEST(test_trap_tsize_probe_is_no_failure),
		TEST(test_error_8_in_the_middle_is_no_size_probe),
		TEST(test_silence_sends_an_error_and_says_so),
		TEST(test_silence_of_who_heard_us_before),
		TEST(test_a_transfer_is_found_by_address_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
