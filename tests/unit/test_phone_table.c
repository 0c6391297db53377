/* SPDX-License-Identifier: MIT */
/*
 * The table of the phone tracker: what a record holds, how models are learnt, whose an address is,
 * who is forgotten; and that no order of events breaks it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "play_rig.h"

static void what_a_record_holds(void **state)
{
	static struct play p;
	const struct phone *phone;

	(void)state;
	play_begin(&p);
	play_reset();
	play_run(&p, ERASED_7970);
	phone = phones_find(&play_phones, p.mac);
	assert_non_null(phone);
	assert_string_equal(phone->model->id, "7970");
	assert_int_equal(phone->ip, 0x0a4f4633);
	assert_int_equal(phone->stage, PHONE_LISTED);
	assert_string_equal(phone_stage_name(phone->stage), "listed");
	assert_int_equal(phone->first_ms, START);
	assert_int_equal(phone->stage_ms, START + 10 * SECOND);
	assert_ptr_equal(phone->bundle, &play_sketch.bundles[0]);
	p.mac.b[5] = 3;
	assert_null(phones_find(&play_phones, p.mac));
	assert_null(phones_find_ip(&play_phones, 0));
	/* What is not whole is offered only to who is told so. */
	phones_init(&play_phones, play_phones.library);
	assert_false(play_phones.unfit_too);
	assert_string_equal(play_phones.target, "newest");
}

/* A group's address is nobody's: what comes with it is not taken for the phone that has that IP. */
static void a_group_is_no_phone(void **state)
{
	static struct phones_out out;
	static struct play p;
	struct event e;

	(void)state;
	play_begin(&p);
	play_reset();
	play_run(&p, ERASED_7970);
	event_init(&e, EVENT_TFTP_REFUSED);
	event_set_mac(&e, (struct mac){{1, 0, 0x5e, 0, 0, 1}});
	event_set_ip(&e, FIELD_IP, 0x0a4f4633);
	event_set_text(&e, FIELD_FILE, "CTLSEP001B54CA0102.tlv");
	e.wall_ms = START + 60 * SECOND;
	phones_apply(&play_phones, &e, &out);
	assert_int_equal(out.event_count, 0);
	assert_int_equal(play_phones.count, 1);
	event_init(&e, EVENT_DHCP_ACK);
	event_set_mac(&e, (struct mac){{1, 0, 0x5e, 0, 0, 1}});
	event_set_ip(&e, FIELD_IP, 0x0a4f4633);
	event_set_text(&e, FIELD_VENDOR_CLASS, "Cisco Systems, Inc. IP Phone CP-7960G");
	e.wall_ms = START + 61 * SECOND;
	phones_apply(&play_phones, &e, &out);
	assert_int_equal(play_phones.count, 1);
	assert_string_equal(phones_find(&play_phones, p.mac)->model->id, "7970");
	assert_int_equal(phones_find(&play_phones, p.mac)->stage, PHONE_LISTED);
	/* The same from the phone's own means something. */
	event_set_mac(&e, p.mac);
	phones_apply(&play_phones, &e, &out);
	assert_int_equal(phones_find(&play_phones, p.mac)->ip, 0x0a4f4633);
}

static void models_are_learnt(void **state)
{
	static const struct {
		const char *script, *model;
	} learnt[] = {
		{"0 ack Cisco Systems, Inc. IP Phone CP-7961G\n", "7961"},
		{"0 ack Cisco Systems, Inc. IP Phone CP-7960G\\x00\n", "7960"},
		{"0 ack Cisco Systems, Inc. IP Phone 7912\n", "7912"},
		{"0 ask term70.default.loads\n", "7970"},
		{"0 ask TERM31.DEFAULT.loads\n", "7931"},
		{"0 ask US/TERM31.DEFAULT.loads\n", "7931"},
		{"0 ask Communicator\\TERM31.DEFAULT.loads\n", "7931"},
		{"0 ask cp7912r.zup\n", "7912"},
		{"0 from CP7912080003SCCP070409A\n0 get CP7912080003SCCP070409A.sbin\n", "7912"},
		/* what it says itself is better than what two models share */
		{"0 ask term41.default.loads\n1 ack Cisco Systems, Inc. IP Phone CP-7941G-GE\n",
		 "7941G-GE"},
		{"0 ack Cisco Systems, Inc. IP Phone CP-7961G\n1 ask term41.default.loads\n",
		 "7961"},
		{"0 ack Cisco Systems, Inc.\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(learnt); i++) {
		static struct play p;
		const struct phone *phone;

		play_begin(&p);
		play_reset();
		play_run(&p, learnt[i].script);
		phone = phones_find(&play_phones, p.mac);
		assert_non_null(phone);
		if (learnt[i].model)
			assert_string_equal(phone->model ? phone->model->id : "none",
					    learnt[i].model);
		else
			assert_null(phone->model);
	}
}

/* An address belongs to whom it was given last; nobody else is credited with its requests. */
static void addresses_move(void **state)
{
	static struct play a, b;

	(void)state;
	play_begin(&a);
	play_begin(&b);
	b.mac.b[5] = 9;
	play_reset();
	play_run(&a, "0 ack " C7970);
	play_run(&b, "1 ack " C7970);
	assert_int_equal(phones_find(&play_phones, a.mac)->ip, 0);
	b.by_ip = true;
	play_run(&b, "5 ask CTLSEP001B54CA0102.tlv\n");
	assert_int_equal(phones_find(&play_phones, a.mac)->stage, PHONE_LEASED);
	assert_int_equal(phones_find(&play_phones, b.mac)->stage, PHONE_BACK);
	b.ip = 0x0a000001; /* nobody's */
	b.out[0] = 0;
	play_run(&b, "6 get term70.default.loads\n");
	assert_string_equal(b.out, "");
}

/* Idle strangers are forgotten before a phone that is being fed. */
static void a_full_table(void **state)
{
	static struct play p, other;

	(void)state;
	play_begin(&p);
	play_reset();
	play_run(&p, ERASED_7970);
	for (unsigned i = 0; i < 3 * PHONES_MAX; i++) {
		play_begin(&other);
		other.mac = (struct mac){{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
		other.now = START + (20 + i) * SECOND;
		play_dhcp(&other, EVENT_DHCP_DISCOVER, "");
		assert_string_equal(strchr(other.out, ' '), " seen\n");
	}
	assert_int_equal(play_phones.count, PHONES_MAX);
	assert_int_equal(phones_find(&play_phones, p.mac)->stage, PHONE_LISTED);
	assert_non_null(phones_find(&play_phones, other.mac));
}

/* What is only said to somebody, or asked by him, makes no phone of him. */
static void strangers_are_no_phones(void **state)
{
	static const enum event_type silent[] = {
		EVENT_DHCP_OFFER,    EVENT_DHCP_NAK,	 EVENT_DHCP_IGNORED,   EVENT_DHCP_RELEASE,
		EVENT_DHCP_DECLINE,  EVENT_TFTP_REFUSED, EVENT_TFTP_ELSEWHERE, EVENT_ARP_ASKED,
		EVENT_TFTP_PROGRESS, EVENT_TFTP_ABORTED,
	};
	static struct phones_out out;
	static struct play p;

	(void)state;
	play_begin(&p);
	play_reset();
	for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
		struct event e;

		event_init(&e, silent[i]);
		e.wall_ms = START;
		event_set_mac(&e, p.mac);
		event_set_ip(&e, FIELD_IP, p.ip);
		event_set_text(&e, FIELD_FILE, "cnu70.8-3-2-27.sbn");
		phones_apply(&play_phones, &e, &out);
		assert_int_equal(out.event_count, 0);
		assert_null(phones_find(&play_phones, p.mac));
	}
	assert_int_equal(play_phones.changes, 0);
}

/* The state folder is written where something changed that is kept, and only there. */
static void what_is_worth_writing(void **state)
{
	static struct play p;
	uint64_t before;

	(void)state;
	play_begin(&p);
	play_reset();
	play_run(&p, "0 discover " C7970);
	before = play_phones.changes;
	assert_true(before > 0); /* its model */
	play_run(&p, "1 discover " C7970 "1 ack " C7970);
	assert_int_equal(play_phones.changes, before);
	play_run(&p, "2 ask term70.default.loads\n");
	assert_int_equal(play_phones.changes, before + 1); /* erased */
	play_run(&p, "3 ask term70.default.loads\n");
	assert_int_equal(play_phones.changes, before + 1);

	play_reset();
	play_run(&p, "0 ask cp7912r.zup\n"); /* erased, and its model, in one */
	assert_int_equal(play_phones.changes, 1);
	play_run(&p, "1 ask cp7912r.zup\n");
	assert_int_equal(play_phones.changes, 1);
}

/* Found by what an event names, whoever came, went and changed its address in between. The table is
 * compared with a look at all of it. */
static void everybody_is_found(void **state)
{
	static struct phones *p = &play_phones;
	static struct play who;
	uint32_t r = 7;

	(void)state;
	play_begin(&who);
	play_reset();
	for (unsigned i = 0; i < 20000; i++) {
		struct phone *by_mac, *by_ip;
		unsigned same_mac = 0, same_ip = 0;

		r = r * 1664525u + 1013904223u;
		/* At first more of them than there is room for, then the same ones again and again.
		 */
		who.mac = (struct mac){{2, 0, 0, 0, 0, 0}};
		who.ip = 0x0a4d0000u + i + 1;
		if (i < PHONES_MAX + 500) {
			who.mac.b[3] = (uint8_t)(i >> 8);
			who.mac.b[4] = (uint8_t)i;
		} else {
			who.mac.b[5] = (uint8_t)(1 + (r >> 24) % 200);
			who.ip = 0x0a4d0000u + (r >> 8) % PHONES_MAX + 1;
		}
		who.now = START + i * SECOND;
		who.out[0] = who.text[0] = 0;
		play_dhcp(&who, EVENT_DHCP_ACK, "");
		by_mac = phones_find(p, who.mac);
		by_ip = phones_find_ip(p, who.ip);
		assert_non_null(by_mac);
		assert_ptr_equal(by_mac, by_ip);
		if (i % 97 != 0)
			continue;
		for (unsigned n = 0; n < p->count; n++) {
			same_mac += mac_equal(p->phone[n].mac, who.mac);
			same_ip += p->phone[n].ip == who.ip;
			if (i % 970 != 0)
				continue;
			assert_ptr_equal(phones_find(p, p->phone[n].mac), &p->phone[n]);
			if (p->phone[n].ip)
				assert_ptr_equal(phones_find_ip(p, p->phone[n].ip), &p->phone[n]);
		}
		assert_int_equal(same_mac, 1);
		assert_int_equal(same_ip, 1);
	}
	assert_int_equal(p->count, PHONES_MAX);
	assert_null(phones_find(p, (struct mac){{2, 0, 0, 0, 1, 0}})); /* long forgotten */
	assert_null(phones_find_ip(p, 0));
	assert_null(phones_find_ip(p, 0x0a4d7777u));
}

/* Any order of any events: at most five out, the same ones again in a second run, and never a
 * proof for a phone that was handed nothing. */
static void any_order(void **state)
{
	static const char *const names[] = {
		"term70.default.loads",
		"SCCP70.8-3-3S.loads",
		"jar70sccp.8-3-2-27.sbn",
		"cnu70.8-3-2-27.sbn",
		"apps70.8-3-2-27.sbn",
		"P0S3-8-12-00.sb2",
		"P003-8-12-00.sbn",
		"cp7912r.zup",
		"CP7912080003SCCP070409A.sbin",
		"CTLSEP001B54CA0102.tlv",
		"SEP001B54CA0102.cnf.xml",
		"XMLDefault.cnf.xml",
		"SIPDefault.cnf",
		"SIP001B54CA0102.cnf",
		"MGC001B54CA0102.cnf",
		"dialplan.xml",
		"gk001b54ca0102",
		"",
		"\x1b[2J/\\.loads",
		"OS79XX.TXT",
		"ITLFile.tlv",
	};
	static const char *const verbs[] = {"ask", "start", "done", "get", "miss", "abort"};
	static struct play p[2];
	unsigned alive = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 300; seed++) {
		uint64_t story[2] = {0, 0}; /* a checksum of all that came out */

		for (unsigned turn = 0; turn < 2; turn++) {
			uint32_t r = seed * 2654435761u;
			bool fed = false;

			play_begin(&p[turn]);
			play_reset();
			for (unsigned i = 0; i < 60; i++) {
				const char *verb, *name;

				r = r * 1664525u + 1013904223u;
				verb = verbs[(r >> 8) % ARRAY_LEN(verbs)];
				name = names[(r >> 16) % ARRAY_LEN(names)];
				p[turn].now = START + i * SECOND;
				play_step(&p[turn], "from",
					  play_stock[(r >> 28) % PLAY_STOCK].load);
				p[turn].out[0] = p[turn].text[0] = 0;
				fed |= (verb[0] == 'g' || verb[0] == 'd') &&
				       (strstr(name, ".sb") || strstr(name, ".zup"));
				play_step(&p[turn], verb, name);
				for (const char *c = p[turn].text; *c; c++)
					story[turn] = story[turn] * 31 + (uint8_t)*c;
				if (strstr(p[turn].out, "alive")) {
					assert_true(fed);
					alive++;
				}
			}
		}
		assert_true(story[0] == story[1]);
		assert_in_range(p[0].longest, 0, 5); /* three of the tracker, two of the advice */
	}
	assert_true(alive > 50); /* else the loop above checks nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_is_no_phone),
		cmocka_unit_test(what_a_record_holds),
		cmocka_unit_test(models_are_learnt),
		cmocka_unit_test(addresses_move),
		cmocka_unit_test(a_full_table),
		cmocka_unit_test(strangers_are_no_phones),
		cmocka_unit_test(what_is_worth_writing),
		cmocka_unit_test(everybody_is_found),
		cmocka_unit_test(any_order),
	};

	play_make_library();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
