/* SPDX-License-Identifier: MIT */
/* See proof_rig.h. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof_rig.h"

#define START (INT64_C(1795229824) * 1000)
#define IP    0x0a4f4633u

#define JAVA(N, MODELS)                                                                            \
	{                                                                                          \
		SYNTH_JAVA##N, "SCCP" #N ".8-5-2S", "SIP" #N ".8-5-2S", "SCCP" #N ".8-2-2S",       \
			"SIP" #N ".8-2-2S", "8.5(2S)", "jar" #N "sccp.8-5-2S", "TERM" #N "_LOAD",  \
			MODELS                                                                     \
	}

static const struct family families[] = {
	JAVA(70, "7970 7971"),
	JAVA(41, "7941 7941G-GE 7961 7961G-GE"),
	JAVA(42, "7942 7962"),
	JAVA(45, "7945 7965"),
	JAVA(11, "7906 7911"),
	JAVA(31, "7931"),
	JAVA(75, "7975"),
	{SYNTH_LEGACY, "P00308010200", "P0S3-8-12-00", "P00308000900", "P0S3-08-8-00", "8.1(2.0)",
	 NULL, NULL, "7940 7960"},
	{SYNTH_KUP7912, "CP7912080003SCCP070409A", "CP7912080001SIP060412A",
	 "CP7912080000SCCP050309A", "CP7912080000SIP060111A", NULL, NULL, NULL, "7912"},
	{SYNTH_KUP7905, "CP7905080003SCCP070409A", "CP7905080001SIP060412A",
	 "CP7905080000SCCP050309A", "CP7905080000SIP060111A", NULL, NULL, NULL, "7905"},
	{SYNTH_KUP7902, "CP7902080003SCCP070409A", "CP7902080001SIP060412A",
	 "CP7902080000SCCP050309A", "CP7902080000SIP060111A", NULL, NULL, NULL, "7902"},
};

struct proof_desk proof_desk;

static void note(const struct event *e)
{
	char text[700];

	event_text(e, text, sizeof(text));
	assert_true(strlen(proof_desk.text) + strlen(text) + 1 < sizeof(proof_desk.text));
	strcat(strcat(proof_desk.text, text), "\n");
	if (e->type != EVENT_PHONE_RECOVERED)
		return;
	proof_desk.recovered++;
	text_copy(proof_desk.proof, sizeof(proof_desk.proof), e->proof);
	proof_desk.named = event_has(e, FIELD_LOAD);
	text_copy(proof_desk.load, sizeof(proof_desk.load), proof_desk.named ? e->load : "");
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
	assert_int_equal(phones_deadline(&proof_desk.live), phones_deadline(&proof_desk.twin));
}

static void apply(struct event *e)
{
	e->wall_ms = proof_desk.now;
	phones_apply(&proof_desk.live, e, &live_out);
	phones_apply(&proof_desk.twin, e, &twin_out);
	compare();
}

void proof_at(int seconds)
{
	proof_desk.now = START + (int64_t)seconds * 1000;
}

void proof_wait_until(int seconds)
{
	int64_t end = START + (int64_t)seconds * 1000;
	unsigned guard = 0;

	while (phones_deadline(&proof_desk.live) <= end) {
		int64_t due = phones_deadline(&proof_desk.live);

		assert_true(guard++ < 1000);
		proof_desk.now = due > proof_desk.now ? due : proof_desk.now;
		phones_tick(&proof_desk.live, proof_desk.now, &live_out);
		phones_tick(&proof_desk.twin, proof_desk.now, &twin_out);
		compare();
	}
	proof_desk.now = end;
}

void proof_dhcp(void)
{
	struct event e;

	event_init(&e, EVENT_DHCP_DISCOVER);
	event_set_mac(&e, proof_desk.mac);
	apply(&e);
	event_init(&e, EVENT_DHCP_ACK);
	event_set_mac(&e, proof_desk.mac);
	event_set_ip(&e, FIELD_IP, IP);
	event_set_format(&e, FIELD_VENDOR_CLASS, "Cisco Systems, Inc. IP Phone %s",
			 proof_desk.model->vendor_class);
	apply(&e);
}

static void tftp(enum event_type type, const char *name, const char *load)
{
	struct event e;

	event_init(&e, type);
	event_set_mac(&e, proof_desk.mac);
	event_set_ip(&e, FIELD_IP, IP);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)name, strlen(name));
	if (load)
		event_set_text(&e, FIELD_LOAD, load);
	apply(&e);
}

void proof_get(const char *name, const char *load)
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

/* To sign a bundle takes longer than all the rest, and nobody writes to the library: each is made
 * once. */
static struct stock *stock_for(const struct family *f, const char *target)
{
	static struct stock *made[ARRAY_LEN(families)][2];
	struct stock **s = &made[f - families][strcmp(target, f->sip) == 0];

	if (!*s) {
		*s = stock_new();
		stock_bundle(*s, f->kind, target, NULL);
		assert_int_equal(library_finish(&(*s)->library), 0);
	}
	return *s;
}

#define MAC "001B54CA0102"
#define LOW "001b54ca0102"

void proof_setup(const struct family *f, const char *model, const char *target)
{
	memset(&proof_desk, 0, sizeof(proof_desk));
	proof_desk.stock = stock_for(f, target);
	proof_desk.family = f;
	proof_desk.model = models_by_id(&proof_desk.stock->models, model);
	assert_non_null(proof_desk.model);
	assert_non_null(library_bundle(&proof_desk.stock->library, target));
	phones_init(&proof_desk.live, &proof_desk.stock->library);
	phones_init(&proof_desk.twin, &proof_desk.stock->library);
	phones_aim(&proof_desk.live, target, true);
	phones_aim(&proof_desk.twin, target, true);
	proof_desk.live.listening = proof_desk.twin.listening = true;
	proof_desk.mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	proof_at(0);
}

bool proof_feed(const char *load, unsigned n, bool erased)
{
	const struct library *l = &proof_desk.stock->library;
	const struct bundle *b = library_bundle(l, load);
	char list[96];

	assert_non_null(b);
	snprintf(list, sizeof(list), "%s.loads", load);
	if (proof_desk.model->family != MODEL_KUP)
		proof_get(erased && proof_desk.model->term[0] ? proof_desk.model->term : list,
			  load);
	for (unsigned i = 0; i < b->file_count; i++) {
		const struct firmware_file *f = &l->file[b->files[i]];

		if (f->role != FILE_IMAGE)
			continue;
		if (proof_desk.model->family == MODEL_KUP && !text_starts_nocase(f->name, load))
			continue;
		if (n-- == 0) {
			tftp(EVENT_TFTP_REQUEST, f->name, NULL);
			tftp(EVENT_TFTP_START, f->name, load);
			tftp(EVENT_TFTP_ABORTED, f->name, NULL);
			return false;
		}
		proof_get(f->name, load);
		if (proof_desk.model->family == MODEL_KUP)
			return true;
	}
	return true;
}

void proof_boot(const char *load)
{
	proof_dhcp();
	if (proof_desk.model->family == MODEL_KUP) {
		miss("SEP" LOW ".cnf.xml");
		proof_get("XMLDefault.cnf.xml", NULL);
		miss(proof_desk.model->profile[0] == 'g'   ? "gk" LOW
		     : proof_desk.model->profile[0] == 'l' ? "ld" LOW
							   : "ff" LOW);
		return;
	}
	if (proof_desk.model->family == MODEL_LEGACY && load && text_starts_nocase(load, "P0S")) {
		miss("SIPDefault.cnf");
		miss("SIP" MAC ".cnf");
		return;
	}
	miss("CTLSEP" MAC ".tlv");
	miss("SEP" MAC ".cnf.xml");
	proof_get("XMLDefault.cnf.xml", NULL);
}

void proof_given(const struct family *f, const char *model, const char *load)
{
	proof_setup(f, model, load);
	proof_dhcp();
	proof_at(10);
	proof_feed(load, 99, true);
	proof_at(300);
}

/* ---- the ways to say it ---- */

const struct proof_way proof_ways[WAYS] = {
	[CDP] = {EVENT_CDP_SEEN, FIELD_SOFTWARE, "cdp", false},
	[SCCP] = {EVENT_SCCP_REGISTER, FIELD_LOAD, "sccp", false},
	[ALARM] = {EVENT_SCCP_ALARM, FIELD_LOAD, "sccp", false},
	[SIP] = {EVENT_SIP_REGISTER, FIELD_LOAD, "sip", true},
	[HTTP] = {EVENT_HTTP_DEVICE, FIELD_LOAD, "http", false},
};

void proof_announce(enum way way, const char *load)
{
	struct event e;

	event_init(&e, proof_ways[way].type);
	event_set_mac(&e, proof_desk.mac);
	event_set_ip(&e, FIELD_IP, IP);
	event_set_text(&e, FIELD_DEVICE, way == SIP ? "SIP" MAC : "SEP" MAC);
	if (way == CDP)
		event_set_format(&e, FIELD_PLATFORM, "Cisco IP Phone %s", proof_desk.model->id);
	if (load)
		event_set_text(&e, proof_ways[way].field, load);
	apply(&e);
}

const char *proof_load_for(const struct family *f, enum way way)
{
	return proof_ways[way].sip ? f->sip : f->sccp;
}

const char *proof_old_for(const struct family *f, enum way way)
{
	return proof_ways[way].sip ? f->old_sip : f->old_sccp;
}

void proof_for_all(story *tell)
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

void proof_expect_recovered(const char *proof, const char *load)
{
	if (proof_desk.recovered != 1 || strcmp(proof_desk.proof, proof) != 0 ||
	    strcmp(proof_desk.load, load) != 0)
		fail_msg("%s: recovered %u times by %s with \"%s\", not once by %s with %s\n%s",
			 proof_desk.model->id, proof_desk.recovered, proof_desk.proof,
			 proof_desk.load, proof, load, proof_desk.text);
	assert_int_equal(proof_desk.live.recovered, 1);
}

void proof_expect_nothing(const char *why)
{
	if (proof_desk.recovered != 0)
		fail_msg("%s, %s: recovered by %s with \"%s\"\n%s", proof_desk.model->id, why,
			 proof_desk.proof, proof_desk.load, proof_desk.text);
	assert_int_equal(proof_desk.live.recovered, 0);
}
