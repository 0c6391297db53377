/* SPDX-License-Identifier: MIT */
/*
 * Stories of phones, told to the tracker event by event, over a library of bundles made by hand:
 * for unit tests only, since it asserts with cmocka.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "play_rig.h"

const struct sketch_bundle play_stock[PLAY_STOCK] = {
	{"SCCP70.8-3-3S",
	 MODEL_JAVA,
	 {"SCCP70.8-3-3S.loads", "term70.default.loads", "jar70sccp.8-3-2-27.sbn",
	  "cnu70.8-3-2-27.sbn", "apps70.8-3-2-27.sbn", "dsp70.8-3-2-27.sbn",
	  "cvm70sccp.8-3-2-27.sbn"}},
	{"SIP11.8-2-2ES4S",
	 MODEL_JAVA,
	 {"term11.default.loads", "jar11sip.8-2-2ES4.sbn", "cnu11.8-2-2ES4.sbn"}},
	{"SCCP70.9-4-2S", MODEL_JAVA, {"SCCP70.9-4-2S.loads", "jar70sccp.9.sbn", "cnu70.9.sbn"}},
	{"P0S3-8-12-00",
	 MODEL_LEGACY,
	 {"P0S3-8-12-00.loads", "P003-8-12-00.sbn", "P0S3-8-12-00.sb2"}},
	{"cp7912r", MODEL_KUP, {"cp7912r.zup"}},
	{"CP7912080003SCCP070409A",
	 MODEL_KUP,
	 {"CP7912080003SCCP070409A.sbin", "CP7912080003SCCP070409A.zup"}},
};

struct sketch play_sketch;
struct phones play_phones; /* large */

void play_make_library(void)
{
	sketch_library(&play_sketch, play_stock, PLAY_STOCK);
}

static void note(struct play *p, const struct event *e)
{
	char line[120], text[600];
	const char *load = event_has(e, FIELD_LOAD) ? e->load : "?";
	int64_t at = (p->now - START) / SECOND;

	if (e->type == EVENT_PHONE_PROGRESS || e->type == EVENT_PHONE_CLEARED)
		return;
	if (e->type == EVENT_PHONE_RECOVERED)
		snprintf(line, sizeof(line), "%" PRId64 " alive %s %" PRIu64 "%s%s\n", at, load,
			 e->seconds, strcmp(e->proof, "requests") == 0 ? "" : " by ",
			 strcmp(e->proof, "requests") == 0 ? "" : e->proof);
	else if (e->type == EVENT_PHONE_ADVICE)
		snprintf(line, sizeof(line), "%" PRId64 " advice %s\n", at, e->code);
	else
		snprintf(line, sizeof(line), "%" PRId64 " %s%s%s\n", at, e->stage,
			 event_has(e, FIELD_LOAD) ? " " : "", event_has(e, FIELD_LOAD) ? load : "");
	assert_true(strlen(p->out) + strlen(line) < sizeof(p->out));
	strcat(p->out, line);
	event_text(e, text, sizeof(text));
	assert_true(strlen(p->text) + strlen(text) + 1 < sizeof(p->text));
	strcat(p->text, text);
	strcat(p->text, "\n");
	assert_true(event_has(e, FIELD_MAC) && mac_equal(e->mac, p->mac));
}

static struct phones_out out;

static void take(struct play *p)
{
	if (out.event_count > p->longest)
		p->longest = out.event_count;
	for (unsigned i = 0; i < out.event_count; i++)
		note(p, &out.events[i]);
}

static void apply(struct play *p, struct event *e)
{
	e->wall_ms = p->now;
	phones_apply(&play_phones, e, &out);
	take(p);
}

void play_dhcp(struct play *p, enum event_type type, const char *vendor_class)
{
	struct event e;

	event_init(&e, type);
	event_set_mac(&e, p->mac);
	event_set_ip(&e, FIELD_IP, p->ip);
	if (*vendor_class)
		event_set_text(&e, FIELD_VENDOR_CLASS, vendor_class);
	apply(p, &e);
}

static void tftp(struct play *p, enum event_type type, const char *name)
{
	bool firmware = strstr(name, ".loads") || strstr(name, ".sb") || strstr(name, ".zup");
	struct event e;

	event_init(&e, type);
	if (!p->by_ip)
		event_set_mac(&e, p->mac);
	event_set_ip(&e, FIELD_IP, p->ip);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)name, strlen(name));
	if (type == EVENT_TFTP_START && firmware && strcmp(p->load, "-") != 0)
		event_set_text(&e, FIELD_LOAD, p->load);
	if (type == EVENT_TFTP_COMPLETE && p->unsure)
		event_set_truth(&e, FIELD_CONFIRMED, false);
	apply(p, &e);
}

/* "cdp", "sccp", "alarm", "sip", "http"; NULL: none of these. */
static const enum event_type *announcement(const char *verb)
{
	static const struct {
		const char *verb;
		enum event_type type;
	} table[] = {{"cdp", EVENT_CDP_SEEN},
		     {"sccp", EVENT_SCCP_REGISTER},
		     {"alarm", EVENT_SCCP_ALARM},
		     {"sip", EVENT_SIP_REGISTER},
		     {"http", EVENT_HTTP_DEVICE}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(verb, table[i].verb) == 0)
			return &table[i].type;
	return NULL;
}

static void announce(struct play *p, enum event_type type, const char *load)
{
	struct event e;

	event_init(&e, type);
	if (!p->by_ip)
		event_set_mac(&e, p->mac);
	event_set_ip(&e, FIELD_IP, p->ip);
	if (type == EVENT_CDP_SEEN)
		event_set_text(&e, FIELD_PLATFORM, "Cisco IP Phone");
	else
		event_set_format(&e, FIELD_DEVICE, "SEP%02X%02X%02X%02X%02X%02X", p->mac.b[0],
				 p->mac.b[1], p->mac.b[2], p->mac.b[3], p->mac.b[4], p->mac.b[5]);
	if (type == EVENT_SIP_REGISTER && text_starts_nocase(load, "Cisco-"))
		event_set_text(&e, FIELD_SOFTWARE, load);
	else if (strcmp(load, "-") != 0)
		event_set_bytes(&e, type == EVENT_CDP_SEEN ? FIELD_SOFTWARE : FIELD_LOAD,
				(const uint8_t *)load, strlen(load));
	apply(p, &e);
}

static void tick(struct play *p)
{
	while (phones_deadline(&play_phones) <= p->now) {
		phones_tick(&play_phones, p->now, &out);
		take(p);
	}
}

void play_step(struct play *p, const char *verb, const char *name)
{
	if (strcmp(verb, "discover") == 0) {
		play_dhcp(p, EVENT_DHCP_DISCOVER, name);
	} else if (strcmp(verb, "ack") == 0) {
		play_dhcp(p, EVENT_DHCP_REQUEST, name);
		play_dhcp(p, EVENT_DHCP_ACK, name);
	} else if (announcement(verb)) {
		announce(p, *announcement(verb), name);
	} else if (strcmp(verb, "listen") == 0) {
		play_phones.listening = true;
	} else if (strcmp(verb, "tick") == 0) {
		tick(p);
	} else if (strcmp(verb, "from") == 0) {
		text_copy(p->load, sizeof(p->load), name);
	} else if (strcmp(verb, "ask") == 0) {
		tftp(p, EVENT_TFTP_REQUEST, name);
	} else if (strcmp(verb, "start") == 0) {
		tftp(p, EVENT_TFTP_REQUEST, name);
		tftp(p, EVENT_TFTP_START, name);
	} else if (strcmp(verb, "done") == 0) {
		tftp(p, EVENT_TFTP_COMPLETE, name);
	} else if (strcmp(verb, "unsure") == 0) { /* get, and the last ACK never came */
		p->unsure = true;
		play_step(p, "get", name);
		p->unsure = false;
	} else if (strcmp(verb, "late") == 0) { /* started before, and the last ACK never came */
		p->unsure = true;
		tftp(p, EVENT_TFTP_COMPLETE, name);
		p->unsure = false;
	} else if (strcmp(verb, "abort") == 0) {
		tftp(p, EVENT_TFTP_ABORTED, name);
	} else if (strcmp(verb, "miss") == 0) {
		tftp(p, EVENT_TFTP_REQUEST, name);
		tftp(p, EVENT_TFTP_REFUSED, name);
	} else {
		assert_string_equal(verb, "get");
		tftp(p, EVENT_TFTP_REQUEST, name);
		tftp(p, EVENT_TFTP_START, name);
		tftp(p, EVENT_TFTP_COMPLETE, name);
	}
}

void play_run(struct play *p, const char *script)
{
	while (*script) {
		char line[200], verb[16] = "", *name;
		size_t len = strcspn(script, "\n");
		int seconds, used = 0;

		snprintf(line, sizeof(line), "%.*s", (int)len, script);
		assert_true(sscanf(line, "%d %15s %n", &seconds, verb, &used) >= 2);
		name = line + used;
		p->now = START + seconds * SECOND;
		play_step(p, verb, name);
		script += len + (script[len] == '\n');
	}
}

void play_reset(void)
{
	phones_init(&play_phones, &play_sketch.library);
	phones_aim(&play_phones, "SCCP70.8-3-3S", false);
}

void play_begin(struct play *p)
{
	memset(p, 0, sizeof(*p));
	p->mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	p->ip = 0x0a4f4633;
	strcpy(p->load, "-");
}
