/* SPDX-License-Identifier: MIT */
/*
 * What phones say of themselves, in the stories where it is not simply the load that they were
 * given: erased phones, skipped files, loaders, old loads, strangers, hostile words.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "play_rig.h"

#define FIVE                                                                                       \
	"12 get jar70sccp.8-3-2-27.sbn\n13 get cnu70.8-3-2-27.sbn\n14 get apps70.8-3-2-27.sbn\n"   \
	"15 get dsp70.8-3-2-27.sbn\n16 get cvm70sccp.8-3-2-27.sbn\n"
#define L8	  "SCCP70.8-3-3S"
#define L9	  "SCCP70.9-4-2S"
#define LISTED	  "0 seen\n1 leased\n10 listed " L8 "\n"
#define FETCHED	  LISTED "12 fetching " L8 "\n16 writing " L8 "\n"
#define BOOTS(at) at " ask CTLSEP001B54CA0102.tlv\n" at " get XMLDefault.cnf.xml\n"
#define RUNS_9	  "7 from " L9 "\n7 get " L9 ".loads\n8 get jar70sccp.9.sbn\n9 get cnu70.9.sbn\n"
#define FED_9	  "7 listed " L9 "\n8 fetching " L9 "\n9 writing " L9 "\n"

static const struct {
	const char *name, *script, *expected, *runs;
} cases[] = {
	{"the right one, before it asks for anything",
	 "0 listen\n" ERASED_7970 FIVE "90 cdp " L8 "\n",
	 FETCHED "90 recovered " L8 "\n90 alive " L8 " 90 by cdp\n", L8},
	{"as web page: the jar that only this bundle holds",
	 ERASED_7970 FIVE "90 http jar70sccp.8-3-2-27\n",
	 FETCHED "90 recovered " L8 "\n90 alive " L8 " 90 by http\n", L8},
	{"an empty flash announces itself",
	 "0 discover " C7970 "1 ack " C7970 "2 cdp TERM70_LOAD\n3 cdp TERM70_LOAD\n",
	 "0 seen\n1 leased\n2 erased\n", ""},
	{"the loader of an unknown phone names its model", "2 cdp TERM71_LOAD\n",
	 "2 seen\n2 erased\n", ""},
	{"the loader after all was fetched is no proof",
	 "0 listen\n" ERASED_7970 FIVE "90 cdp TERM70_LOAD\n91 tick\n9000 tick\n", FETCHED, ""},
	{"the loader does not speak against requests that come later",
	 "0 listen\n" ERASED_7970 FIVE "17 cdp TERM70_LOAD\n" BOOTS("90") "94 tick\n",
	 FETCHED "90 back " L8 "\n94 recovered " L8 "\n94 alive " L8 " 94\n", L8},
	{"recovered, and emptied again",
	 ERASED_7970 FIVE "90 cdp " L8 "\n500 cdp TERM70_LOAD\n501 cdp TERM70_LOAD\n",
	 FETCHED "90 recovered " L8 "\n90 alive " L8 " 90 by cdp\n500 erased\n", L8},
	{"files skipped: the word says which load it is",
	 "0 listen\n" ERASED_7970 "12 get cvm70sccp.8-3-2-27.sbn\n60 cdp " L8 "\n" BOOTS("61"),
	 LISTED "12 fetching " L8 "\n61 back " L8 "\n61 recovered " L8 "\n61 alive " L8
		" 61 by cdp\n",
	 L8},
	{"erased, and alive with another load than it was given",
	 "0 listen\n" ERASED_7970 "12 get cvm70sccp.8-3-2-27.sbn\n60 cdp TERM70_LOAD\n"
	 "70 cdp SCCP70.8-2-2S\n",
	 LISTED "12 fetching " L8 "\n70 recovered SCCP70.8-2-2S\n"
		"70 alive SCCP70.8-2-2S 70 by cdp\n",
	 "SCCP70.8-2-2S"},
	{"an erased phone that never came to us is alive all the same",
	 "0 cdp TERM70_LOAD\n300 cdp " L8 "\n",
	 "0 seen\n0 erased\n300 recovered " L8 "\n300 alive " L8 " 300 by cdp\n", L8},
	{"after the soft reset the old code fetches, and announces itself",
	 "0 listen\n0 cdp " L9 "\n" ERASED_7970 "11 cdp " L9 "\n" FIVE "30 cdp " L9
	 "\n" BOOTS("90") "99 tick\n",
	 FETCHED "90 back " L8 "\n", L9},
	{"the same load once more: what it says before it is back says nothing",
	 "0 listen\n0 cdp " L8 "\n" ERASED_7970 "11 cdp " L8 "\n" FIVE "30 cdp " L8
	 "\n" BOOTS("90") "91 cdp " L8 "\n",
	 FETCHED "90 back " L8 "\n90 recovered " L8 "\n90 alive " L8 " 90 by cdp\n", L8},
	{"erased within seconds of its word, and back as fast: that word was another life's",
	 "0 listen\n0 cdp " L8 "\n" ERASED_7970 FIVE BOOTS("25") "29 tick\n",
	 FETCHED "25 back " L8 "\n29 recovered " L8 "\n29 alive " L8 " 29\n", L8},
	{"a running phone takes a new load",
	 "0 listen\n0 ack " C7970 "1 cdp " L8 "\n" RUNS_9 "60 cdp " L8 "\n80 cdp " L9 "\n",
	 "0 seen\n0 leased\n" FED_9 "80 recovered " L9 "\n80 alive " L9 " 80 by cdp\n", L9},
	{"it took it, and only its boot is seen: what it said long before is another life's",
	 "0 listen\n0 ack " C7970 "1 cdp " L8 "\n" RUNS_9 "12 cdp " L8
	 "\n80 ack " C7970 BOOTS("81") "85 tick\n",
	 "0 seen\n0 leased\n" FED_9 "81 back " L9 "\n85 recovered " L9 "\n85 alive " L9 " 85\n",
	 L9},
	{"it did not take it: CDP goes out before DHCP",
	 "0 listen\n0 ack " C7970 "1 cdp " L8 "\n" RUNS_9 "78 cdp " L8
	 "\n80 ack " C7970 BOOTS("81") "85 tick\n9999 tick\n",
	 "0 seen\n0 leased\n" FED_9 "81 back " L9 "\n", L8},
	{"it did not take it: the word comes while the proof waits",
	 "0 listen\n0 ack " C7970 RUNS_9 BOOTS("81") "82 cdp " L8 "\n85 tick\n9999 tick\n",
	 "0 seen\n0 leased\n" FED_9 "81 back " L9 "\n", L8},
	{"a whole bundle, and the old load after it: once is an accident, twice a refusal",
	 "0 listen\n0 ack " C7970 "1 cdp " L8
	 "\n" RUNS_9 BOOTS("81") "82 cdp " L8 "\n112 cdp " L8 "\n" BOOTS(
		 "113") "114 get " L9
			".loads\n115 get jar70sccp.9.sbn\n116 get cnu70.9.sbn\n" BOOTS(
				"181") "182 cdp " L8 "\n212 cdp " L8 "\n",
	 "0 seen\n0 leased\n" FED_9 "81 back " L9 "\n115 fetching " L9 "\n116 writing " L9
	 "\n181 back " L9 "\n182 refused " L9 "\n",
	 L8},
	{"an unknown load is an other load",
	 "0 listen\n0 ack " C7970 RUNS_9 BOOTS("81") "82 sccp SCCP70.8-0-4SR2S\n85 tick\n",
	 "0 seen\n0 leased\n" FED_9 "81 back " L9 "\n", "SCCP70.8-0-4SR2S"},
	{"SCCP with that version is not the SIP load of that version",
	 "0 listen\n0 from SIP11.8-2-2ES4S\n0 ack Cisco Systems, Inc. IP Phone CP-7911G\n"
	 "1 get SIP11.8-2-2ES4S.loads\n2 get jar11sip.8-2-2ES4.sbn\n3 get cnu11.8-2-2ES4.sbn\n"
	 "60 alarm 8.2(2ES4S)\n",
	 "0 seen\n0 leased\n1 listed SIP11.8-2-2ES4S\n2 fetching SIP11.8-2-2ES4S\n"
	 "3 writing SIP11.8-2-2ES4S\n",
	 "8.2(2ES4S)"},
	{"the next step begins before the proof of this one was said",
	 "0 listen\n" ERASED_7970 FIVE BOOTS("90") "91 from " L9 "\n91 get " L9 ".loads\n",
	 FETCHED "90 back " L8 "\n91 recovered " L8 "\n91 alive " L8 " 91\n91 listed " L9 "\n", L8},
	{"erased again while the proof waits: none",
	 "0 listen\n" ERASED_7970 FIVE BOOTS("90") "92 get term70.default.loads\n99 tick\n",
	 FETCHED "90 back " L8 "\n92 listed " L8 "\n", ""},
	{"asks for its list while the proof waits: none",
	 "0 listen\n" ERASED_7970 FIVE BOOTS("90") "92 ask term70.default.loads\n99 tick\n",
	 FETCHED "90 back " L8 "\n", ""},
	{"was back, and is empty again: what it fetched before proves nothing",
	 "0 listen\n" ERASED_7970 FIVE
	 "90 ask CTLSEP001B54CA0102.tlv\n95 cdp TERM70_LOAD\n" BOOTS("200") "210 tick\n",
	 FETCHED "90 back " L8 "\n95 erased\n200 back\n", ""},
	{"a running phone skips what it has: its word says that it took the load",
	 "0 listen\n0 ack " C7970 "1 cdp " L8 "\n7 from " L9 "\n7 get " L9 ".loads\n"
	 "8 get jar70sccp.9.sbn\n80 cdp " L9 "\n81 ask CTLSEP001B54CA0102.tlv\n",
	 "0 seen\n0 leased\n7 listed " L9 "\n8 fetching " L9 "\n81 back " L9 "\n81 recovered " L9
	 "\n81 alive " L9 " 81 by cdp\n",
	 L9},
	{"registers by SCCP without a name, and was given a SIP load",
	 "0 listen\n0 from SIP11.8-2-2ES4S\n0 ack Cisco Systems, Inc. IP Phone CP-7911G\n"
	 "1 get SIP11.8-2-2ES4S.loads\n2 get jar11sip.8-2-2ES4.sbn\n3 get "
	 "cnu11.8-2-2ES4.sbn\n" BOOTS("60") "61 sccp -\n99 tick\n",
	 "0 seen\n0 leased\n1 listed SIP11.8-2-2ES4S\n2 fetching SIP11.8-2-2ES4S\n"
	 "3 writing SIP11.8-2-2ES4S\n60 back SIP11.8-2-2ES4S\n",
	 ""},
	{"registers without a name before it was fed", "0 listen\n0 ack " C7970 "5 sccp -\n",
	 "0 seen\n0 leased\n", ""},
	{"registers without a name, and was fed", ERASED_7970 FIVE "90 sccp -\n",
	 FETCHED "90 recovered " L8 "\n90 alive " L8 " 90 by sccp\n", L8},
	{"a running phone was fed and registers before it was back: may be its old load",
	 "0 listen\n0 ack " C7970 RUNS_9 "60 sccp -\n", "0 seen\n0 leased\n" FED_9, ""},
	{"its User-Agent is of another version",
	 "0 listen\n0 ack " C7970 RUNS_9 BOOTS("81") "82 sip Cisco-CP7970G/8.4.0\n90 get "
						     "XMLDefault.cnf.xml\n99 tick\n",
	 "0 seen\n0 leased\n" FED_9 "81 back " L9 "\n", ""},
	{"7960: the loader has the name of the SCCP load, and says so before the application runs",
	 "0 listen\n0 from P0S3-8-12-00\n1 get P0S3-8-12-00.loads\n2 get P003-8-12-00.sbn\n"
	 "3 cdp P003-8-12-00\n20 get P0S3-8-12-00.sb2\n21 cdp P003-8-12-00\n40 tick\n",
	 "1 seen\n1 listed P0S3-8-12-00\n2 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n", ""},
	{"7960: and after",
	 "0 listen\n0 from P0S3-8-12-00\n1 get P0S3-8-12-00.loads\n"
	 "20 get P0S3-8-12-00.sb2\n60 get SIPDefault.cnf\n"
	 "61 cdp P003-8-12-00\n",
	 "1 seen\n1 listed P0S3-8-12-00\n20 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n"
	 "60 back P0S3-8-12-00\n61 recovered P0S3-8-12-00\n61 alive P0S3-8-12-00 60 by cdp\n",
	 "P0S3-8-12-00"},
	{"7960: it asks for what only its application asks for",
	 "0 listen\n0 from P0S3-8-12-00\n1 get P0S3-8-12-00.loads\n"
	 "20 get P0S3-8-12-00.sb2\n60 ask syncinfo.xml\n",
	 "1 seen\n1 listed P0S3-8-12-00\n20 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n"
	 "60 back P0S3-8-12-00\n",
	 ""},
	{"a version alone is that of the one bundle for this model",
	 "0 listen\n0 ack " C7970 "60 alarm 8.3(3S)\n", "0 seen\n0 leased\n", L8},
	{"and not that of a bundle for others",
	 "0 listen\n0 ack Cisco Systems, Inc. IP Phone CP-7911G\n60 alarm 8.3(3S)\n",
	 "0 seen\n0 leased\n", "8.3(3S)"},
	{"hostile words",
	 "0 listen\n" ERASED_7970 FIVE
	 "80 cdp \x1b[2J\n81 cdp Cisco IOS Software, C3750, Version 12.2(25)\n"
	 "82 sccp SCCP70.8-3-3S\\x1b\n83 alarm ))))((((\n84 http jar\n"
	 "85 cdp TERM_LOAD\n86 cdp TERM9999999999_LOAD\n",
	 FETCHED, ""},
};

static void stories(void **state)
{
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct phone *phone;
		char *line, *kept, *next;

		play_begin(&p);
		play_reset();
		play_run(&p, cases[i].script);
		/* The advice has tests of its own. */
		for (line = kept = p.out; *line; line = next) {
			size_t n = strcspn(line, "\n") + 1;

			next = line + n;
			if (!memmem(line, n, " advice ", 8)) {
				memmove(kept, line, n);
				kept += n;
			}
		}
		*kept = '\0';
		if (strcmp(p.out, cases[i].expected) != 0)
			fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, p.out,
				 cases[i].expected);
		phone = phones_find(&play_phones, p.mac);
		assert_non_null(phone);
		if (strcmp(phone->runs, cases[i].runs) != 0)
			fail_msg("%s: runs \"%s\", not \"%s\"", cases[i].name, phone->runs,
				 cases[i].runs);
		assert_in_range(p.longest, 0, 5);
	}
}

/* ---- who it is ---- */

static struct phones_out out;

static const struct phone *hear(enum event_type type, const struct mac *mac, uint32_t ip,
				const char *device, const char *platform, const char *load)
{
	struct event e;

	event_init(&e, type);
	e.wall_ms = START;
	if (mac)
		event_set_mac(&e, *mac);
	if (ip)
		event_set_ip(&e, FIELD_IP, ip);
	event_set_text(&e, FIELD_DEVICE, device);
	if (type == EVENT_CDP_SEEN)
		event_set_text(&e, FIELD_PLATFORM, platform);
	else
		event_set_text(&e, FIELD_MODEL, platform);
	event_set_text(&e, type == EVENT_CDP_SEEN ? FIELD_SOFTWARE : FIELD_LOAD, load);
	phones_apply(&play_phones, &e, &out);
	return play_phones.count ? &play_phones.phone[play_phones.count - 1] : NULL;
}

static void whom_it_concerns(void **state)
{
	static const struct mac a = {{0, 0x1b, 0x54, 0xca, 1, 2}}, none = {{0}},
				group = {{1, 0, 0x0c, 0xcc, 0xcc, 0xcc}};
	static const struct {
		enum event_type type;
		const struct mac *mac;
		const char *device, *platform, *load;
		bool record;
		const char *model;
	} table[] = {
		{EVENT_CDP_SEEN, &a, "SEP001B54CA0102", "Cisco IP Phone 7971", L8, true, "7971"},
		{EVENT_CDP_SEEN, &a, NULL, "Cisco IP Phone 7941G-GE", NULL, true, "7941G-GE"},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA0102", NULL, L8, true, NULL},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA0102", NULL, "TERM06_LOAD", true, "7906"},
		{EVENT_CDP_SEEN, NULL, "SIP001B54CA0102", NULL, "SCCP75.9-4-2S", true, "7975"},
		{EVENT_CDP_SEEN, &none, "SEP001B54CA0102", "Cisco IP Phone", L8, true, NULL},
		{EVENT_CDP_SEEN, &a, "Switch", "cisco WS-C3750", L8, false, NULL},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA010", "AIR-AP1142N", L8, false, NULL},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA01022", "", L8, false, NULL},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA010X", "", L8, false, NULL},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA0102X", "", L8, false, NULL},
		{EVENT_CDP_SEEN, &a, "", "TERM70_LOAD", "TERM70_LOAD", false, NULL},
		{EVENT_CDP_SEEN, &group, "x", "Cisco IP Phone 7970", L8, false, NULL},
		{EVENT_CDP_SEEN, NULL, NULL, "Cisco IP Phone 7970", L8, false, NULL},
		{EVENT_CDP_SEEN, NULL, "SEP010000000000", NULL, L8, false, NULL},
		{EVENT_CDP_SEEN, NULL, "SEP000000000000", NULL, L8, false, NULL},
		{EVENT_SCCP_REGISTER, &a, "SEP001B54CA0102", "7970", L8, true, "7970"},
		{EVENT_SCCP_REGISTER, &a, "SEP001B54CA0102", "30006", L8, true, "7970"},
		{EVENT_SCCP_REGISTER, &a, "SEP001B54CA0102", "99999999999999999999", L8, true,
		 NULL},
		{EVENT_SCCP_REGISTER, NULL, "SEP001B54CA0102", "119", NULL, true, "7971"},
		{EVENT_SIP_REGISTER, &a, "softphone", "7970", L8, false, NULL},
		{EVENT_HTTP_DEVICE, &a, "SEP001B54CA0102", "CP-7975G", NULL, true, "7975"},
		{EVENT_CDP_SEEN, &a, "SEP001B54CA0102", "cisco WS-C3750", NULL, true, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct phone *phone;

		play_reset();
		phone = hear(table[i].type, table[i].mac, 0x0a4f4601, table[i].device,
			     table[i].platform, table[i].load);
		if (!phone != !table[i].record)
			fail_msg("row %zu: %s record", i, phone ? "a" : "no");
		if (!phone)
			continue;
		assert_true(mac_equal(phone->mac, a));
		assert_int_equal(phone->ip, 0x0a4f4601);
		if (strcmp(phone->model ? phone->model->id : "none",
			   table[i].model ? table[i].model : "none") != 0)
			fail_msg("row %zu: model %s", i, phone->model ? phone->model->id : "none");
	}
}

/* A version alone, and its model is not known: two loads may be meant, or one that is here twice.
 */
static void several_may_be_meant(void **state)
{
	static const struct sketch_bundle twice[] = {
		{L8, MODEL_JAVA, {L8 ".loads", "jar70sccp.8-3-2-27.sbn"}},
		{L8, MODEL_JAVA, {L8 ".loads", "jar70sccp.8-3-2-27.sbn"}},
		{"SCCP11.8-3-3S", MODEL_JAVA, {"SCCP11.8-3-3S.loads", "jar11sccp.8-3-2-27.sbn"}},
	};
	static const struct mac mac = {{0, 0x1b, 0x54, 0xca, 1, 2}};
	const struct phone *phone;

	(void)state;
	for (unsigned n = 2; n <= 3; n++) {
		sketch_library(&play_sketch, twice, n);
		play_reset();
		phone = hear(EVENT_SCCP_ALARM, &mac, 0x0a4f4601, "SEP001B54CA0102", "", "8.3(3S)");
		assert_non_null(phone);
		assert_string_equal(phone->runs, n == 2 ? L8 : "8.3(3S)");
	}
	play_make_library();
}

/* What it says of its address fills a gap; DHCP and TFTP know better. */
static void whose_address(void **state)
{
	static struct play a, b;
	const struct phone *phone;

	(void)state;
	play_begin(&a);
	play_begin(&b);
	b.mac.b[5] = 9;
	play_reset();
	play_run(&a, "0 ack " C7970);
	hear(EVENT_CDP_SEEN, &b.mac, a.ip, "", "Cisco IP Phone 7970", L8);
	assert_int_equal(phones_find(&play_phones, b.mac)->ip, 0);
	assert_int_equal(phones_find(&play_phones, a.mac)->ip, a.ip);
	hear(EVENT_CDP_SEEN, &a.mac, a.ip + 5, "", "Cisco IP Phone 7970", L8);
	assert_int_equal(phones_find(&play_phones, a.mac)->ip, a.ip);
	/* a word by address alone is that of whoever has it now */
	hear(EVENT_SCCP_ALARM, NULL, a.ip, "", NULL, L9);
	assert_string_equal(phones_find(&play_phones, a.mac)->runs, L9);
	hear(EVENT_SCCP_ALARM, NULL, a.ip, "", NULL, "  " L8); /* with blanks in front */
	assert_string_equal(phones_find(&play_phones, a.mac)->runs, L8);
	hear(EVENT_SCCP_ALARM, NULL, a.ip, "", NULL, L9);
	b.ip = a.ip;
	play_run(&b, "5 ack " C7970);
	hear(EVENT_SCCP_ALARM, NULL, a.ip, "", NULL, L8);
	assert_string_equal(phones_find(&play_phones, a.mac)->runs, L9);
	assert_string_equal(phones_find(&play_phones, b.mac)->runs, L8);
	assert_int_equal(play_phones.count, 2);
	/* what a person was told by the vendor class is not lost to a coarser word */
	play_run(&b, "6 ack Cisco Systems, Inc. IP Phone CP-7941G-GE\n");
	hear(EVENT_CDP_SEEN, &b.mac, 0, "", "Cisco IP Phone 7941", L8);
	phone = phones_find(&play_phones, b.mac);
	assert_string_equal(phone->model->id, "7941G-GE");
}

/* Whoever uses a phone's name by SCCP or SIP, from another address, proves nothing of it. */
static void impostors(void **state)
{
	static const enum event_type by_name[] = {EVENT_SCCP_REGISTER, EVENT_SCCP_ALARM,
						  EVENT_SIP_REGISTER};
	const struct phone *phone;
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(by_name); i++) {
		play_begin(&p);
		play_reset();
		play_run(&p, ERASED_7970 FIVE);
		hear(by_name[i], &p.mac, p.ip + 1, "SEP001B54CA0102", NULL, L8);
		phone = phones_find(&play_phones, p.mac);
		assert_int_equal(phone->stage, PHONE_WRITING);
		assert_string_equal(phone->announced, "");
		/* One whose address nobody knows, under the address of another one. */
		hear(by_name[i], &(struct mac){{0, 1, 2, 3, 4, 5}}, p.ip, "SEP000102030405", NULL,
		     L8);
		assert_int_equal(play_phones.phone[1].stage, PHONE_STAGE_COUNT);
		hear(by_name[i], &p.mac, p.ip, "SEP001B54CA0102", NULL, L8);
		assert_int_equal(phone->stage, PHONE_RECOVERED);
	}
}

/* What the User-Agent of a Java phone says of the load that it was given. */
static void agents(void **state)
{
	static const struct {
		const char *agent;
		bool proven;
	} row[] = {
		{"Cisco-CP7911G/8.2.2", true},
		{"Cisco-CP7911G/8.2.1", true}, /* the first two numbers count */
		{"Cisco-CP7911G/8.3.2", false},
		{"Cisco-CP7911G/9.2.2", false},
		{"Cisco-CP7911G", true}, /* says nothing, so nothing against it */
	};
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct event e;

		play_begin(&p);
		play_reset();
		play_run(&p, "0 listen\n0 from SIP11.8-2-2ES4S\n"
			     "0 ack Cisco Systems, Inc. IP Phone CP-7911G\n"
			     "1 get SIP11.8-2-2ES4S.loads\n2 get jar11sip.8-2-2ES4.sbn\n"
			     "3 get cnu11.8-2-2ES4.sbn\n" BOOTS("60"));
		event_init(&e, EVENT_SIP_REGISTER);
		e.wall_ms = START + 61000;
		event_set_mac(&e, p.mac);
		event_set_ip(&e, FIELD_IP, p.ip);
		event_set_text(&e, FIELD_DEVICE, "SEP001B54CA0102");
		event_set_text(&e, FIELD_SOFTWARE, row[i].agent);
		phones_apply(&play_phones, &e, &out);
		play_run(&p, "99 tick\n");
		if ((phones_find(&play_phones, p.mac)->stage == PHONE_RECOVERED) != row[i].proven)
			fail_msg("%s", row[i].agent);
	}
}

static void a_rival(void **state)
{
	struct event e;

	(void)state;
	play_reset();
	assert_int_equal(play_phones.rival_ip, 0);
	event_init(&e, EVENT_NETWORK_RIVAL);
	event_set_ip(&e, FIELD_SERVER, 0x0a000001);
	phones_apply(&play_phones, &e, &out);
	assert_int_equal(play_phones.rival_ip, 0x0a000001);
}

/* The sentences of a proof by word, once each. */
static void sentences(void **state)
{
	static struct play p;

	(void)state;
	play_begin(&p);
	play_reset();
	play_run(&p, ERASED_7970 FIVE "90 cdp " L8 "\n");
	assert_non_null(strstr(p.text,
			       "00:1b:54:ca:01:02 (7970) is alive again and runs SCCP70.8-3-3S: it "
			       "announces so itself (CDP), 90 seconds after it was first seen. If "
			       "its screen says \"Unprovisioned\", that is right: it has no line "
			       "yet.\n"));
	play_begin(&p);
	play_reset();
	play_run(&p, "0 ack " C7970 "2 cdp TERM70_LOAD\n");
	play_begin(&p);
	play_reset(); /* it runs the target: what it refuses was named by somebody else */
	play_run(&p, "0 ack " C7970 "1 cdp " L8 "\n7 from " L9 "\n7 get " L9 ".loads\n7 get " L9
		     ".loads\n99 get " L9 ".loads\n");
	assert_null(strstr(p.text, "cannot be taken further"));
	assert_non_null(strstr(p.text, "already runs SCCP70.8-3-3S, the load to end at."));
	play_begin(&p);
	play_reset();
	play_run(&p, "0 ack " C7970 "2 cdp TERM70_LOAD\n");
	assert_non_null(strstr(p.text, "00:1b:54:ca:01:02 (7970) has no firmware: its loader is "
				       "alive and announces TERM70_LOAD. It will ask for "
				       "term70.default.loads; leave it plugged in.\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories),
		cmocka_unit_test(whom_it_concerns),
		cmocka_unit_test(several_may_be_meant),
		cmocka_unit_test(whose_address),
		cmocka_unit_test(a_rival),
		cmocka_unit_test(agents),
		cmocka_unit_test(impostors),
		cmocka_unit_test(sentences),
	};

	play_make_library();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
