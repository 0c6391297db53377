/* SPDX-License-Identifier: MIT */
/* Stories of phones, told to the tracker event by event: for unit tests only. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sketch.h"
#include "story_rig.h"

#include "reflashd/text.h"

#define START INT64_C(1795219200000)

static const struct sketch_bundle stock[] = {
	{"SCCP70.8-3-3S",
	 MODEL_JAVA,
	 {"SCCP70.8-3-3S.loads", "term70.default.loads", "jar70sccp.8-3-2-27.sbn",
	  "cnu70.8-3-2-27.sbn", "apps70.8-3-2-27.sbn", "dsp70.8-3-2-27.sbn",
	  "cvm70sccp.8-3-2-27.sbn"}},
	{"SIP70.8-5-2S", MODEL_JAVA, {"SIP70.8-5-2S.loads", "jar70sip.8.sbn", "cnu70sip.8.sbn"}},
	{"SIP11.8-2-2ES4S",
	 MODEL_JAVA,
	 {"term11.default.loads", "term06.default.loads", "Jar11sip.8-2-2ES4.sbn",
	  "cnu11.8-2-2ES4.sbn"}},
	{"SIP42.9-4-2SR3-1S",
	 MODEL_JAVA,
	 {"SIP42.9-4-2SR3-1S.loads", "term62.default.loads", "jar42sip.9-4.sbn", "cnu42.9-4.sbn"}},
	{"P0S3-8-12-00",
	 MODEL_LEGACY,
	 {"P0S3-8-12-00.loads", "P003-8-12-00.sbn", "P0S3-8-12-00.sb2"}},
	{"cp7912r", MODEL_KUP, {"cp7912r.zup"}},
	{"CP7912080003SCCP070409A",
	 MODEL_KUP,
	 {"CP7912080003SCCP070409A.sbin", "CP7912080003SCCP070409A.zup"}},
};

struct phones story_phones; /* large */
static struct sketch sketch;
static struct phones_out out;

/* Whom the lines are about. */
static struct teller {
	struct story *st;
	const char *name;
	struct mac mac;
	uint32_t ip;
	char load[72];
	int64_t now;
} t;

static void join(char *list, size_t size, const char *word)
{
	assert_true(strlen(list) + strlen(word) + 2 < size);
	if (list[0])
		strcat(list, " ");
	strcat(list, word);
}

static void take(void)
{
	struct story *st = t.st;

	if (out.event_count > st->most)
		st->most = out.event_count;
	for (unsigned i = 0; i < out.event_count; i++) {
		const struct event *e = &out.events[i];

		if (e->type == EVENT_PHONE_ADVICE) {
			join(st->said, sizeof(st->said), e->code);
			event_text(e, st->last, sizeof(st->last));
			st->last_severity = e->severity;
			assert_int_not_equal(advice_find(e->code), ADVICE_NONE);
			assert_true(strlen(st->last) < sizeof(e->text) - 1);
		} else if (e->type == EVENT_PHONE_CLEARED) {
			join(st->cleared, sizeof(st->cleared), e->code);
		} else if (e->type == EVENT_PHONE_STAGE) {
			join(st->stages, sizeof(st->stages), e->stage);
		}
		if (getenv("STORY")) {
			char text[800];

			event_text(e, text, sizeof(text));
			print_message("%" PRId64 " %s %s\n", (t.now - START) / 1000,
				      event_name(e->type), text);
		}
	}
}

static void tick_until(int64_t then)
{
	int64_t at;
	unsigned n = 0;

	while ((at = phones_deadline(&story_phones)) <= then) {
		t.now = at > t.now ? at : t.now;
		phones_tick(&story_phones, t.now, &out);
		take();
		assert_true(++n < 1000); /* a deadline that does not pass */
	}
	t.now = then;
}

static void tell(struct event *e)
{
	e->wall_ms = t.now;
	phones_apply(&story_phones, e, &out);
	take();
}

static void begin(struct event *e, enum event_type type)
{
	event_init(e, type);
	event_set_mac(e, t.mac);
	event_set_ip(e, FIELD_IP, t.ip);
}

/* "[code] the reason in words" */
static void set_reason(struct event *e, const char *words)
{
	const char *end = words[0] == '[' ? strstr(words, "] ") : NULL;

	if (end)
		event_set_format(e, FIELD_CODE, "%.*s", (int)(end - words - 1), words + 1);
	event_set_text(e, FIELD_REASON, end ? end + 2 : words);
}

static void dhcp(enum event_type type, const char *class, const char *reason)
{
	struct event e;

	begin(&e, type);
	if (class[0])
		event_set_text(&e, FIELD_VENDOR_CLASS, class);
	if (reason[0])
		set_reason(&e, reason);
	if (strstr(reason, "[other-server]"))
		event_set_ip(&e, FIELD_SERVER, UINT32_C(0xc0a80101));
	tell(&e);
}

static void refused(const char *reason, const char *words)
{
	size_t len = strcspn(words, " ");
	struct event e;

	begin(&e, EVENT_TFTP_REQUEST);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)words, len);
	tell(&e);
	begin(&e, EVENT_TFTP_REFUSED);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)words, len);
	event_set_text(&e, FIELD_REASON, reason);
	if (words[len])
		event_set_text(&e, FIELD_WHY, words + len + 1);
	tell(&e);
}

static void tftp(enum event_type type, const char *name, const char *reason, uint64_t bytes)
{
	bool firmware = strstr(name, ".loads") || strstr(name, ".sb") || strstr(name, ".zup");
	struct event e;

	begin(&e, type);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)name, strlen(name));
	if (type == EVENT_TFTP_START && firmware && strcmp(t.load, "-") != 0)
		event_set_text(&e, FIELD_LOAD, t.load);
	if (type == EVENT_TFTP_ABORTED) {
		set_reason(&e, reason);
		event_set_number(&e, FIELD_BYTES, bytes);
	}
	if (type == EVENT_TFTP_COMPLETE)
		event_set_truth(&e, FIELD_CONFIRMED, true);
	tell(&e);
}

static void other(enum event_type type, enum event_field field, const char *value, const char *file)
{
	uint32_t ip = 0;
	struct event e;

	begin(&e, type);
	if (field == FIELD_SERVER) {
		assert_true(ip4_parse(value, &ip));
		event_set_ip(&e, field, ip);
	} else {
		event_set_text(&e, field, value);
	}
	if (file[0])
		event_set_text(&e, FIELD_FILE, file);
	tell(&e);
}

static bool do_dhcp(const char *verb, const char *words)
{
	if (strcmp(verb, "discover") == 0) {
		dhcp(EVENT_DHCP_DISCOVER, words, "");
		dhcp(EVENT_DHCP_OFFER, words, "");
	} else if (strcmp(verb, "request") == 0) {
		dhcp(EVENT_DHCP_REQUEST, words, "");
	} else if (strcmp(verb, "ack") == 0) {
		dhcp(EVENT_DHCP_REQUEST, words, "");
		dhcp(EVENT_DHCP_ACK, words, "");
	} else if (strcmp(verb, "nak") == 0) {
		dhcp(EVENT_DHCP_REQUEST, "", "");
		dhcp(EVENT_DHCP_NAK, "", words);
	} else if (strcmp(verb, "ignored") == 0) {
		dhcp(EVENT_DHCP_IGNORED, "", words);
	} else if (strcmp(verb, "decline") == 0) {
		dhcp(EVENT_DHCP_DECLINE, "", "");
	} else {
		return false;
	}
	return true;
}

static bool do_tftp(const char *verb, const char *words)
{
	bool get = strcmp(verb, "get") == 0, start = strcmp(verb, "start") == 0;
	bool miss = strcmp(verb, "miss") == 0;
	char name[100] = "", reason[200] = "";
	uint64_t bytes = 0;

	if (strcmp(verb, "abort") == 0) {
		assert_int_equal(sscanf(words, "%99s %" SCNu64 " %199[^\n]", name, &bytes, reason),
				 3);
		tftp(EVENT_TFTP_ABORTED, name, reason, bytes);
	} else if (strcmp(verb, "done") == 0) {
		tftp(EVENT_TFTP_COMPLETE, words, "", 0);
	} else if (strcmp(verb, "progress") == 0) {
		tftp(EVENT_TFTP_PROGRESS, words, "", 0);
	} else if (get || start || strcmp(verb, "ask") == 0) {
		tftp(EVENT_TFTP_REQUEST, words, "", 0);
		if (get || start)
			tftp(EVENT_TFTP_START, words, "", 0);
		if (get)
			tftp(EVENT_TFTP_COMPLETE, words, "", 0);
	} else if (miss || strcmp(verb, "unknown") == 0 || strcmp(verb, "withheld") == 0) {
		refused(miss ? "expected" : verb, words);
	} else {
		return false;
	}
	return true;
}

static bool do_other(const char *verb, const char *words)
{
	char first[100] = "", second[100] = "";
	uint32_t ip = 0;
	struct event e;

	(void)sscanf(words, "%99s %99s", first, second);
	if (strcmp(verb, "phone") == 0) {
		assert_true(mac_parse(first, &t.mac) && ip4_parse(second, &t.ip));
	} else if (strcmp(verb, "from") == 0) {
		text_copy(t.load, sizeof(t.load), words);
	} else if (strcmp(verb, "aim") == 0) {
		phones_aim(&story_phones, words, false);
	} else if (strcmp(verb, "rival") == 0) {
		assert_true(ip4_parse(first, &story_phones.rival_ip));
	} else if (strcmp(verb, "elsewhere") == 0) {
		other(EVENT_TFTP_ELSEWHERE, FIELD_SERVER, first, second);
	} else if (strcmp(verb, "arp") == 0) {
		other(EVENT_ARP_ASKED, FIELD_SERVER, first, "");
	} else if (strcmp(verb, "cdp") == 0) {
		begin(&e, EVENT_CDP_SEEN);
		e.present &= ~((uint64_t)1 << FIELD_IP);
		event_set_text(&e, FIELD_SOFTWARE, words);
		event_set_text(&e, FIELD_PLATFORM, "Cisco IP Phone 7970");
		tell(&e);
	} else if (strcmp(verb, "cdpip") == 0) {
		assert_true(ip4_parse(first, &ip));
		begin(&e, EVENT_CDP_SEEN);
		event_set_ip(&e, FIELD_IP, ip);
		event_set_text(&e, FIELD_SOFTWARE, "SCCP70.8-3-3S");
		event_set_text(&e, FIELD_PLATFORM, "Cisco IP Phone 7970");
		tell(&e);
	} else if (strcmp(verb, "sccp") == 0) {
		other(EVENT_SCCP_REGISTER, FIELD_LOAD, words, "");
	} else if (strcmp(verb, "sip") == 0) {
		other(EVENT_SIP_REGISTER, FIELD_LOAD, words, "");
	} else if (strcmp(verb, "alarm") == 0) {
		other(EVENT_SCCP_ALARM, FIELD_REASON, words, "");
	} else {
		return strcmp(verb, "wait") == 0;
	}
	return true;
}

static void expect(const char *line, const char *is, const char *want)
{
	if (strcmp(want, is) == 0)
		return;
	print_error("%s: %s\n   is: %s\n", t.name, line, is);
	fail();
}

static void check(const char *line)
{
	const struct phone *phone = phones_find(&story_phones, t.mac);
	const struct story *st = t.st;
	char what[16], want[600] = "none";

	assert_true(sscanf(line, "= %15s %599[^\n]", what, want) >= 1);
	t.st->checks++;
	if (strcmp(what, "stage") == 0)
		expect(line, phone ? phone_stage_name(phone->stage) : "nobody", want);
	else if (strcmp(what, "advice") == 0)
		expect(line,
		       phone && phone->watch.given ? advice_words(phone->watch.given)->code
						   : "none",
		       want);
	else if (strcmp(what, "said") == 0)
		expect(line, st->said[0] ? st->said : "none", want);
	else if (strcmp(what, "cleared") == 0)
		expect(line, st->cleared[0] ? st->cleared : "none", want);
	else if (strcmp(what, "words") == 0)
		expect(line, strstr(st->last, want) ? want : st->last, want);
	else
		fail_msg("%s: unknown: %s", t.name, line);
}

static int64_t time_of(const char *text)
{
	int h, m, s;

	if (sscanf(text, "%d:%d:%d", &h, &m, &s) == 3)
		return ((int64_t)h * 60 + m) * 60 + s;
	return atoi(text);
}

static void step(const char *line)
{
	char when[16], verb[16];
	int used = 0;

	assert_true(sscanf(line, "%15s %15s %n", when, verb, &used) >= 2);
	tick_until(START + time_of(when) * 1000);
	if (!do_dhcp(verb, line + used) && !do_tftp(verb, line + used) &&
	    !do_other(verb, line + used))
		fail_msg("%s: unknown verb: %s", t.name, line);
}

void story_play(struct story *st, const char *name, const char *text)
{
	if (!sketch.library.models)
		sketch_library(&sketch, stock, ARRAY_LEN(stock));
	phones_init(&story_phones, &sketch.library);
	story_phones.rival_ip = 0;
	story_phones.own_ip = 0x0a4f4601;
	story_phones.listening = false;
	phones_aim(&story_phones, "newest", false);
	memset(st, 0, sizeof(*st));
	t = (struct teller){.st = st, .name = name, .ip = 0x0a4f4633, .load = "-", .now = START};
	t.mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[300];

		assert_true(len < sizeof(line));
		memcpy(line, text, len);
		line[len] = '\0';
		text += len + (text[len] == '\n');
		if (line[0] == '\0' || line[0] == '#')
			continue;
		st->lines++;
		if (line[0] == '=')
			check(line);
		else
			step(line);
	}
}
