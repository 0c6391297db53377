/* SPDX-License-Identifier: MIT */
/*
 * What proves that a phone runs: every model with every kind of proof, and none of the stories that
 * only look like one.
 *
 * Every event also goes to a second tracker that sees nothing else: the same events and ticks must
 * make the same story.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/phone.h"
#include "reflashd/text.h"
#include "stock.h"

#define START (INT64_C(1795229824) * 1000)
#define IP    0x0a4f4633u

static const struct family {
	enum synth_kind kind;
	const char *sccp, *sip;		  /* what it is given */
	const char *old_sccp, *old_sip;	  /* what it may have run before */
	const char *alarm, *jar, *loader; /* how it writes .sccp; its loader */
	const char *models;
} families[] = {
	{SYNTH_JAVA70, "SCCP70.8-5-2S", "SIP70.8-5-2S", "SCCP70.8-2-2S", "SIP70.8-2-2S", "8.5(2S)",
	 "jar70sccp.8-5-2S", "TERM70_LOAD", "7970 7971"},
	{SYNTH_JAVA41, "SCCP41.8-5-2S", "SIP41.8-5-2S", "SCCP41.8-2-2S", "SIP41.8-2-2S", "8.5(2S)",
	 "jar41sccp.8-5-2S", "TERM41_LOAD", "7941 7941G-GE 7961 7961G-GE"},
	{SYNTH_JAVA42, "SCCP42.8-5-2S", "SIP42.8-5-2S", "SCCP42.8-2-2S", "SIP42.8-2-2S", "8.5(2S)",
	 "jar42sccp.8-5-2S", "TERM42_LOAD", "7942 7962"},
	{SYNTH_JAVA45, "SCCP45.8-5-2S", "SIP45.8-5-2S", "SCCP45.8-2-2S", "SIP45.8-2-2S", "8.5(2S)",
	 "jar45sccp.8-5-2S", "TERM45_LOAD", "7945 7965"},
	{SYNTH_JAVA11, "SCCP11.8-5-2S", "SIP11.8-5-2S", "SCCP11.8-2-2S", "SIP11.8-2-2S", "8.5(2S)",
	 "jar11sccp.8-5-2S", "TERM11_LOAD", "7906 7911"},
	{SYNTH_JAVA31, "SCCP31.8-5-2S", "SIP31.8-5-2S", "SCCP31.8-2-2S", "SIP31.8-2-2S", "8.5(2S)",
	 "jar31sccp.8-5-2S", "TERM31_LOAD", "7931"},
	{SYNTH_JAVA75, "SCCP75.8-5-2S", "SIP75.8-5-2S", "SCCP75.8-2-2S", "SIP75.8-2-2S", "8.5(2S)",
	 "jar75sccp.8-5-2S", "TERM75_LOAD", "7975"},
	{SYNTH_LEGACY, "P00308010200", "P0S3-8-12-00", "P00308000900", "P0S3-08-8-00", "8.1(2.0)",
	 NULL, NULL, "7940 7960"},
	{SYNTH_KUP7912, "CP7912080003SCCP070409A", "CP7912080001SIP060412A",
	 "CP7912080000SCCP050309A", "CP7912080000SIP060111A", NULL, NULL, NULL, "7912"},
	{SYNTH_KUP7905, "CP7905080003SCCP070409A", "CP7905080001SIP060412A",
	 "CP7905080000SCCP050309A", "CP7905080000SIP060111A", NULL, NULL, NULL, "7905"},
	{SYNTH_KUP7902, "CP7902080003SCCP070409A", "CP7902080001SIP060412A",
	 "CP7902080000SCCP050309A", "CP7902080000SIP060111A", NULL, NULL, NULL, "7902"},
};

static struct desk {
	struct stock *stock;
	const struct family *family;
	const struct model *model;
	struct phones live, twin;
	struct mac mac;
	int64_t now;
	unsigned recovered; /* phone.recovered events */
	char proof[12], load[72], text[16000];
	bool named;
} desk;

static void note(const struct event *e)
{
	char text[700];

	event_text(e, text, sizeof(text));
	assert_true(strlen(desk.text) + strlen(text) + 1 < sizeof(desk.text));
	strcat(strcat(desk.text, text), "\n");
	if (e->type != EVENT_PHONE_RECOVERED)
		return;
	desk.recovered++;
	text_copy(desk.proof, sizeof(desk.proof), e->proof);
	desk.named = event_has(e, FIELD_LOAD);
	text_copy(desk.load, sizeof(desk.load), desk.named ? e->load : "");
}

static struct phones_out live_out, twin_out;

static void compare(void)
{
	char left[700], right[700];

	assert_int_equal(live_out.event_count, twin_out.event_count);
	for (unsigned i = 0; i < live_out.event_count; i++) {
		event_text(&live_out.events[i], left, sizeof(left));
		event_text(&twin_out.events[i], right, sizeof(right));
		assert_string_equal(left, right);
		note(&live_out.events[i]);
	}
	assert_int_equal(phones_deadline(&desk.live), phones_deadline(&desk.twin));
}

static void apply(struct event *e)
{
	e->wall_ms = desk.now;
	phones_apply(&desk.live, e, &live_out);
	phones_apply(&desk.twin, e, &twin_out);
	compare();
}

static void at(int seconds)
{
	desk.now = START + (int64_t)seconds * 1000;
}

/* Time passes until then, with every tick that is asked for. */
static void wait_until(int seconds)
{
	int64_t end = START + (int64_t)seconds * 1000;
	unsigned guard = 0;

	while (phones_deadline(&desk.live) <= end) {
		int64_t due = phones_deadline(&desk.live);

		assert_true(guard++ < 1000);
		desk.now = due > desk.now ? due : desk.now;
		phones_tick(&desk.live, desk.now, &live_out);
		phones_tick(&desk.twin, desk.now, &twin_out);
		compare();
	}
	desk.now = end;
}

static void dhcp(void)
{
	struct event e;

	event_init(&e, EVENT_DHCP_DISCOVER);
	event_set_mac(&e, desk.mac);
	apply(&e);
	event_init(&e, EVENT_DHCP_ACK);
	event_set_mac(&e, desk.mac);
	event_set_ip(&e, FIELD_IP, IP);
	event_set_format(&e, FIELD_VENDOR_CLASS, "Cisco Systems, Inc. IP Phone %s",
			 desk.model->vendor_class);
	apply(&e);
}

static void tftp(enum event_type type, const char *name, const char *load)
{
	struct event e;

	event_init(&e, type);
	event_set_mac(&e, desk.mac);
	event_set_ip(&e, FIELD_IP, IP);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)name, strlen(name));
	if (load)
		event_set_text(&e, FIELD_LOAD, load);
	apply(&e);
}

static void get(const char *name, const char *load)
{
	tftp(EVENT_TFTP_REQUEST, name, NULL);
	tftp(EVENT_TFTP_START, name, load);
	tftp(EVENT_TFTP_COMPLETE, name, NULL);
}

static void miss(const char *name)
{
	tftp(EVENT_TFTP_REQUEST, name, NULL);
	tftp(EVENT_TFTP_REFUSED, name, NULL);
}

#define MAC "001B54CA0102"
#define LOW "001b54ca0102"

static void setup(const struct family *f, const char *model, const char *target)
{
	memset(&desk, 0, sizeof(desk));
	desk.stock = stock_new();
	desk.family = f;
	desk.model = models_by_id(&desk.stock->models, model);
	assert_non_null(desk.model);
	stock_bundle(desk.stock, f->kind, target, NULL);
	assert_int_equal(library_finish(&desk.stock->library), 0);
	assert_non_null(library_bundle(&desk.stock->library, target));
	phones_init(&desk.live, &desk.stock->library);
	phones_init(&desk.twin, &desk.stock->library);
	phones_aim(&desk.live, target, true);
	phones_aim(&desk.twin, target, true);
	desk.live.listening = desk.twin.listening = true;
	desk.mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	at(0);
}

static void teardown(void)
{
	stock_free(desk.stock);
}

/* The list, and the first n images; all when n is large. True: these were all. */
static bool feed(const char *load, unsigned n, bool erased)
{
	const struct library *l = &desk.stock->library;
	const struct bundle *b = library_bundle(l, load);
	char list[96];

	assert_non_null(b);
	snprintf(list, sizeof(list), "%s.loads", load);
	if (desk.model->family != MODEL_KUP)
		get(erased && desk.model->term[0] ? desk.model->term : list, load);
	for (unsigned i = 0; i < b->file_count; i++) {
		const struct firmware_file *f = &l->file[b->files[i]];

		if (f->role != FILE_IMAGE)
			continue;
		if (desk.model->family == MODEL_KUP && !text_starts_nocase(f->name, load))
			continue;
		if (n-- == 0) {
			tftp(EVENT_TFTP_REQUEST, f->name, NULL);
			tftp(EVENT_TFTP_START, f->name, load);
			tftp(EVENT_TFTP_ABORTED, f->name, NULL);
			return false;
		}
		get(f->name, load);
		if (desk.model->family == MODEL_KUP)
			return true;
	}
	return true;
}

/* The requests that only a running image makes. */
static void boot(const char *load)
{
	dhcp();
	if (desk.model->family == MODEL_KUP) {
		miss("SEP" LOW ".cnf.xml");
		get("XMLDefault.cnf.xml", NULL);
		miss(desk.model->profile[0] == 'g'   ? "gk" LOW
		     : desk.model->profile[0] == 'l' ? "ld" LOW
						     : "ff" LOW);
		return;
	}
	if (desk.model->family == MODEL_LEGACY && load && text_starts_nocase(load, "P0S")) {
		miss("SIPDefault.cnf");
		miss("SIP" MAC ".cnf");
		return;
	}
	miss("CTLSEP" MAC ".tlv");
	miss("SEP" MAC ".cnf.xml");
	get("XMLDefault.cnf.xml", NULL);
}

/* ---- the ways to say it ---- */

enum way { CDP, SCCP, ALARM, SIP, HTTP, WAYS };

static const struct {
	enum event_type type;
	enum event_field field;
	const char *proof;
	bool sip;
} ways[WAYS] = {
	[CDP] = {EVENT_CDP_SEEN, FIELD_SOFTWARE, "cdp", false},
	[SCCP] = {EVENT_SCCP_REGISTER, FIELD_LOAD, "sccp", false},
	[ALARM] = {EVENT_SCCP_ALARM, FIELD_LOAD, "sccp", false},
	[SIP] = {EVENT_SIP_REGISTER, FIELD_LOAD, "sip", true},
	[HTTP] = {EVENT_HTTP_DEVICE, FIELD_LOAD, "http", false},
};

static void announce(enum way way, const char *load)
{
	struct event e;

	event_init(&e, ways[way].type);
	event_set_mac(&e, desk.mac);
	event_set_ip(&e, FIELD_IP, IP);
	event_set_text(&e, FIELD_DEVICE, way == SIP ? "SIP" MAC : "SEP" MAC);
	if (way == CDP)
		event_set_format(&e, FIELD_PLATFORM, "Cisco IP Phone %s", desk.model->id);
	if (load)
		event_set_text(&e, ways[way].field, load);
	apply(&e);
}

static const char *load_for(const struct family *f, enum way way)
{
	return ways[way].sip ? f->sip : f->sccp;
}

static const char *old_for(const struct family *f, enum way way)
{
	return ways[way].sip ? f->old_sip : f->old_sccp;
}

typedef void story(const struct family *f, const char *model, enum way way);

/* Each model of the catalogue, each way. */
static void for_all(story *tell)
{
	struct models *m = malloc(sizeof(*m));
	unsigned told = 0;

	assert_non_null(m);
	models_builtin(m);
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const char *p = families[i].models;

		while (*p) {
			char model[16];
			size_t n = strcspn(p, " ");

			snprintf(model, sizeof(model), "%.*s", (int)n, p);
			for (unsigned way = 0; way < WAYS; way++)
				tell(&families[i], model, (enum way)way);
			told++;
			p += n + (p[n] == ' ');
		}
	}
	assert_int_equal(told, m->count); /* all there are */
	free(m);
}

static void expect_recovered(const char *proof, const char *load)
{
	if (desk.recovered != 1 || strcmp(desk.proof, proof) != 0 || strcmp(desk.load, load) != 0)
		fail_msg("%s: recovered %u times by %s with \"%s\", not once by %s with %s\n%s",
			 desk.model->id, desk.recovered, desk.proof, desk.load, proof, load,
			 desk.text);
	assert_int_equal(desk.live.recovered, 1);
}

static void expect_nothing(const char *why)
{
	if (desk.recovered != 0)
		fail_msg("%s, %s: recovered by %s with \"%s\"\n%s", desk.model->id, why, desk.proof,
			 desk.load, desk.text);
	assert_int_equal(desk.live.recovered, 0);
}

/* ---- what is proof ---- */

static bool loader_has_its_name(const struct family *f, enum way way)
{
	return f->kind == SYNTH_LEGACY && way == CDP;
}

static void announced(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way);

	setup(f, model, load);
	dhcp();
	at(10);
	feed(load, 99, true);
	at(300);
	if (loader_has_its_name(f, way)) {
		announce(way, load);
		assert_int_equal(desk.recovered, 0);
		boot(load);
	}
	announce(way, load);
	expect_recovered(ways[way].proof, load);
	assert_non_null(strstr(desk.text, load));
	at(360);
	announce(way, load); /* once more: no news */
	boot(load);
	wait_until(4000);
	expect_recovered(ways[way].proof, load);
	teardown();
}

static void every_model_by_its_word(void **state)
{
	(void)state;
	for_all(announced);
}

/* As a phone writes it where it does not write the load's name. */
static void in_other_words(const struct family *f, const char *model, enum way way)
{
	const char *words = way == ALARM ? f->alarm : way == HTTP ? f->jar : NULL;

	if (!words)
		return;
	setup(f, model, f->sccp);
	dhcp();
	at(10);
	feed(f->sccp, 99, true);
	at(300);
	announce(way, words);
	expect_recovered(ways[way].proof, f->sccp);
	teardown();
}

static void every_model_in_other_words(void **state)
{
	(void)state;
	for_all(in_other_words);
}

static void by_requests(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way);

	if (way != SCCP && way != SIP)
		return;
	for (int listening = 0; listening < 2; listening++) {
		setup(f, model, load);
		desk.live.listening = desk.twin.listening = listening;
		dhcp();
		at(10);
		feed(load, 99, true);
		at(300);
		boot(load);
		assert_int_equal(desk.recovered, !listening);
		if (listening) {
			assert_in_range(phones_deadline(&desk.live), desk.now + 1,
					desk.now + PHONE_PROOF_WAIT_MS);
			phones_tick(&desk.live, desk.now + PHONE_PROOF_WAIT_MS - 1, &live_out);
			assert_int_equal(live_out.event_count, 0);
			wait_until(304);
		}
		expect_recovered("requests", load);
		teardown();
	}
}

static void every_model_by_its_requests(void **state)
{
	(void)state;
	for_all(by_requests);
}

/* While the proof by requests waits, a stronger one comes. */
static void the_stronger_word(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way);

	setup(f, model, load);
	dhcp();
	at(10);
	feed(load, 99, true);
	at(300);
	boot(load);
	at(303);
	announce(way, load);
	expect_recovered(ways[way].proof, load);
	wait_until(400);
	expect_recovered(ways[way].proof, load);
	teardown();
}

static void every_model_by_the_stronger_word(void **state)
{
	(void)state;
	for_all(the_stronger_word);
}

/* An older SCCP load registers and does not say what it is. */
static void registers(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way);

	if (way != SCCP && way != SIP)
		return;
	setup(f, model, load);
	dhcp();
	at(10);
	feed(load, 99, true);
	at(300);
	boot(load);
	announce(way, NULL);
	expect_recovered(ways[way].proof, load);
	teardown();
}

static void every_model_by_its_registration(void **state)
{
	(void)state;
	for_all(registers);
}

/* ---- what is none ---- */

static void everything_else(enum way way, const char *load)
{
	at(310);
	boot(load);
	at(320);
	announce(way, load);
	boot(load);
	wait_until(4000);
}

/* It was given a new load whole, and is heard with the old one. */
static void runs_its_old_load(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way), *old = old_for(f, way);

	for (int known = 0; known < 2; known++) {
		setup(f, model, load);
		dhcp();
		if (known)
			announce(way, old);
		at(10);
		feed(load, 99, false);
		at(300);
		announce(way, old);
		expect_nothing("old load");
		everything_else(way, old);
		expect_nothing("old load, and boots");
		assert_string_equal(phones_find(&desk.live, desk.mac)->runs, old);
		teardown();
	}
}

static void was_cut(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way), *old = old_for(f, way);

	setup(f, model, load);
	dhcp();
	at(10);
	assert_false(feed(load, 0, false));
	at(300);
	announce(way, old);
	everything_else(way, old);
	expect_nothing("cut");
	teardown();
}

static void was_refused(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way), *old = old_for(f, way);
	char list[96];

	if (f->kind >= SYNTH_KUP7912)
		return;
	setup(f, model, load);
	dhcp();
	announce(way, old);
	snprintf(list, sizeof(list), "%s.loads", load);
	for (int i = 1; i < 6; i++) {
		at(60 * i);
		get(list, load);
		get(list, load);
		boot(old);
		announce(way, old);
	}
	everything_else(way, old);
	expect_nothing("refused");
	teardown();
}

static void stays_dark(const struct family *f, const char *model, enum way way)
{
	setup(f, model, load_for(f, way));
	dhcp();
	at(10);
	feed(load_for(f, way), 99, true);
	wait_until(86400);
	expect_nothing("dark");
	teardown();
}

static void loader_again(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way);

	if (!f->loader)
		return;
	setup(f, model, load);
	dhcp();
	at(10);
	feed(load, 99, true);
	at(300);
	announce(CDP, f->loader);
	wait_until(4000);
	expect_nothing("loader");
	assert_true(phones_find(&desk.live, desk.mac)->erased);
	(void)way;
	teardown();
}

static void never_given_anything(const struct family *f, const char *model, enum way way)
{
	const char *load = load_for(f, way);

	setup(f, model, load);
	dhcp();
	boot(load);
	announce(way, load);
	wait_until(4000);
	expect_nothing("never fed");
	assert_string_equal(phones_find(&desk.live, desk.mac)->runs, load);
	teardown();
}

static void none_that_only_looks_like_it(void **state)
{
	(void)state;
	for_all(runs_its_old_load);
	for_all(was_cut);
	for_all(was_refused);
	for_all(stays_dark);
	for_all(loader_again);
	for_all(never_given_anything);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_by_its_word),
		cmocka_unit_test(every_model_in_other_words),
		cmocka_unit_test(every_model_by_its_requests),
		cmocka_unit_test(every_model_by_the_stronger_word),
		cmocka_unit_test(every_model_by_its_registration),
		cmocka_unit_test(none_that_only_looks_like_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
