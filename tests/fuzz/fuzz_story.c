/* SPDX-License-Identifier: MIT */
/*
 * Stories of phones that no phone ever told: steps (steps.h) that are events of the stream, in any
 * order, with any pause between them, also with the clock set back. They go to the tracker, and
 * what it says to a board, of which the terminal's view, the report and the JSON are made.
 *
 * what: bits 0 to 2 the phone, bits 3 to 7 what happens. Bytes of the step: [text][second text]
 * [address], numbers into the tables below; from 240 on the bytes behind them are the text.
 *
 * What must hold: everything said is printable and about a phone that is known; nobody is recovered
 * twice or without saying so; time alone never keeps the tracker busy; what the answer to a request
 * was chosen by is what the tracker concludes from that request; what is kept for a restart is
 * read back as it was.
 */
#include "reflashd/board_json.h"
#include "reflashd/limit.h"
#include "reflashd/view.h"
#include "sketch.h"
#include "steps.h"

#include "reflashd/phone.h"
#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct sketch_bundle stock[] = {
	{"SCCP70.8-3-3S",
	 MODEL_JAVA,
	 {"SCCP70.8-3-3S.loads", "term70.default.loads", "jar70sccp.8-3-2-27.sbn",
	  "cnu70.8-3-2-27.sbn"}},
	{"SCCP70.9-4-2S", MODEL_JAVA, {"SCCP70.9-4-2S.loads", "jar70sccp.9.sbn", "cnu70.9.sbn"}},
	{"SIP11.8-2-2ES4S", MODEL_JAVA, {"term11.default.loads", "jar11sip.8-2-2ES4.sbn"}},
	{"P0S3-8-12-00",
	 MODEL_LEGACY,
	 {"P0S3-8-12-00.loads", "P003-8-12-00.sbn", "P0S3-8-12-00.sb2"}},
	{"cp7912r", MODEL_KUP, {"cp7912r.zup"}},
	{"CP7912080003SCCP070409A",
	 MODEL_KUP,
	 {"CP7912080003SCCP070409A.sbin", "CP7912080003SCCP070409A.zup"}},
	/* The library when it was read anew begins here: one bundle less, one other, one changed.
	 */
	{"SIP70.8-5-2S",
	 MODEL_JAVA,
	 {"SIP70.8-5-2S.loads", "term70.default.loads", "jar70sip.sbn"}},
};

/* %M and %m: the phone's MAC address in capitals and small letters. */
static const char *const files[] = {
	"term70.default.loads",
	"SCCP70.8-3-3S.loads",
	"SCCP70.9-4-2S.loads",
	"jar70sccp.8-3-2-27.sbn",
	"cnu70.8-3-2-27.sbn",
	"jar70sccp.9.sbn",
	"cnu70.9.sbn",
	"term11.default.loads",
	"jar11sip.8-2-2ES4.sbn",
	"P0S3-8-12-00.loads",
	"P003-8-12-00.sbn",
	"P0S3-8-12-00.sb2",
	"cp7912r.zup",
	"CP7912080003SCCP070409A.sbin",
	"CTLSEP%M.tlv",
	"ITLSEP%M.tlv",
	"SEP%M.cnf.xml",
	"SEP%M.cnf.xml.sgn",
	"XMLDefault.cnf.xml",
	"SIPDefault.cnf",
	"SIP%M.cnf",
	"MGC%M.cnf",
	"OS79XX.TXT",
	"gk%m",
	"gkdefault.cfg",
	"dialplan.xml",
	"AppDialRules.xml",
	"US/g3-tones.xml",
	"term99.default.loads",
	"SIP70.8-5-2S.loads",
	"jar70sip.sbn",
	"x",
};

static const char *const words[] = {
	"SCCP70.8-3-3S",
	"SCCP70.9-4-2S",
	"SIP11.8-2-2ES4S",
	"P0S3-8-12-00",
	"P003-8-12-00",
	"cp7912r",
	"CP7912080003SCCP070409A",
	"SIP70.8-5-2S",
	"TERM70_LOAD",
	"jar70sccp.8-3-2-27",
	"8.4.0",
	"7970",
	"7912",
	"Cisco IP Phone 7970",
	"Cisco Systems, Inc. IP Phone CP-7970G",
	"Cisco Systems, Inc. IP Phone CP-7940G\\x00",
	"Cisco Systems, Inc. IP Phone 7912",
	"MSFT 5.0",
	"SEP%M",
	"other-server",
	"never-answered",
	"size-only",
	"silent",
	"pool-full",
	"25: Name=SEP%M Load= 9.4(2SR3.1S) Last=Auth Fail",
	"Last=HW mismatch",
	"SCCP70.7-0-1S",
};

enum happening {
	DISCOVER,
	OFFER,
	REQUEST,
	ACK,
	NAK,
	IGNORED,
	RELEASE,
	DECLINE,
	ASKS,
	STARTS,
	PROGRESS,
	COMPLETE,
	UNCONFIRMED,
	REFUSED,
	ABORTED,
	ELSEWHERE,
	ARP,
	CDP,
	SCCP,
	ALARM,
	SIP,
	PAGE,
	RIVAL,
	/* and what is no event of a phone */
	LIBRARY_CHANGES,
	RESTART,
	CLOCK_SET,
	DAEMON,
	LOOK,
	CROWD,
	REPEAT,
};

static const enum event_type type_of[] = {
	EVENT_DHCP_DISCOVER, EVENT_DHCP_OFFER,	 EVENT_DHCP_REQUEST,  EVENT_DHCP_ACK,
	EVENT_DHCP_NAK,	     EVENT_DHCP_IGNORED, EVENT_DHCP_RELEASE,  EVENT_DHCP_DECLINE,
	EVENT_TFTP_REQUEST,  EVENT_TFTP_START,	 EVENT_TFTP_PROGRESS, EVENT_TFTP_COMPLETE,
	EVENT_TFTP_COMPLETE, EVENT_TFTP_REFUSED, EVENT_TFTP_ABORTED,  EVENT_TFTP_ELSEWHERE,
	EVENT_ARP_ASKED,     EVENT_CDP_SEEN,	 EVENT_SCCP_REGISTER, EVENT_SCCP_ALARM,
	EVENT_SIP_REGISTER,  EVENT_HTTP_DEVICE,	 EVENT_NETWORK_RIVAL,
};

/* Large: 2 MB each. */
static struct phones phones;
static struct board board;

struct world {
	struct sketch *library[2];
	unsigned at; /* which of the two */
	struct phones_out out;
	struct limiter limiter;
	bool limits, crowds, crowded;
	int64_t wall;
	uint64_t seq;
	/* The last event, for REPEAT. */
	enum happening last;
	struct event again;
	unsigned told; /* phone.recovered of phones that were not recovered before */
};

/* ---- what was said ---- */

static void check_out(struct world *w)
{
	unsigned recovered = 0;

	must(w->out.event_count <= ARRAY_LEN(w->out.events));
	for (unsigned i = 0; i < w->out.event_count; i++) {
		struct event *e = &w->out.events[i];

		must(e->type >= EVENT_PHONE_STAGE && e->type <= EVENT_PHONE_RECOVERED);
		must(event_has(e, FIELD_MAC) && phones_find(&phones, e->mac));
		e->seq = ++w->seq;
		e->wall_ms = w->wall;
		check_event(e);
		board_apply(&board, e);
		w->told += e->type == EVENT_PHONE_RECOVERED;
	}
	for (unsigned i = 0; i < phones.count; i++)
		recovered += phones.phone[i].counted;
	must(phones.count <= PHONES_MAX && phones.recovered <= w->told);
	/* A full tracker forgets somebody who was counted. */
	must(phones.recovered >= recovered);
	must(phones.recovered == recovered || phones.count == PHONES_MAX);
}

/* As the shell does it: until nothing is due. */
static void wake(struct world *w, int64_t wall)
{
	int64_t due = phones_deadline(&phones);
	unsigned n = 0;

	while (due <= wall) {
		if (due > w->wall) {
			w->wall = due;
			n = 0;
		}
		must(n++ < 2 * phones.count + 2);
		phones_tick(&phones, w->wall, &w->out);
		check_out(w);
		due = phones_deadline(&phones);
	}
	w->wall = wall > w->wall ? wall : w->wall;
}

static void put_line(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	must(len > 0 && line[len - 1] == '\n');
	for (size_t i = 0; i + 1 < len; i++)
		must(line[i] == '\n' || (line[i] >= 0x20 && line[i] <= 0x7e));
}

static void look(const struct world *w, const struct step *s)
{
	static char text[VIEW_TEXT_MAX];
	struct view v = {.width = s->len ? s->data[0] : 80,
			 .height = s->len > 1 ? s->data[1] : 24,
			 .now_ms = w->wall + (s->len > 2 ? s->data[2] * 1000 : 0)};
	uint16_t columns[VIEW_HEIGHT_MOST];
	char *status = board_status_json(&board), *list = board_phones_json(&board);
	unsigned lines;
	size_t n = view_live(&board, &v, text, sizeof(text), &lines, columns);
	unsigned width = v.width < VIEW_WIDTH_LEAST ? VIEW_WIDTH_LEAST : v.width;
	unsigned height = v.height < VIEW_HEIGHT_LEAST ? VIEW_HEIGHT_LEAST : v.height;

	must(n == strlen(text) && lines <= height - 2);
	for (size_t i = 0; i < n; i++)
		must(text[i] == '\n' || (text[i] >= 0x20 && text[i] <= 0x7e));
	for (unsigned i = 0; i < lines; i++)
		must(columns[i] < width);
	must(status && list);
	check_text(status);
	check_text(list);
	free(status);
	free(list);
	view_report(&board, v.width, false, put_line, NULL);
}

/* ---- what happens ---- */

/* A text of the table, with the phone's address in it. */
static void put(struct event *e, enum event_field field, const struct step *s, size_t at,
		const char *const table[], size_t count)
{
	static const char *const form[] = {"%02X", "%02x"};
	uint8_t which = s->len > at ? s->data[at] : 0;
	const char *text = table[which % count];
	char out[160];
	size_t n = 0;

	if (which >= 240) {
		event_set_bytes(e, field, s->data + (s->len < 3 ? s->len : 3),
				s->len < 3 ? 0 : s->len - 3);
		return;
	}
	for (; *text && n + 13 < sizeof(out); text++) {
		if (*text == '%' && (text[1] == 'M' || text[1] == 'm')) {
			for (unsigned i = 0; i < 6; i++)
				n += (size_t)snprintf(out + n, 3, form[text[1] == 'm'],
						      e->mac.b[i]);
			text++;
		} else {
			out[n++] = *text;
		}
	}
	out[n] = 0;
	event_set_text(e, field, out);
}

static void fill(struct event *e, enum happening what, const struct step *s)
{
	uint32_t ip = 0x0a4f4632u + (s->len > 2 ? s->data[2] % 16 : s->what & 7);

	event_set_ip(e, FIELD_IP, ip);
	if (what >= ASKS && what <= ELSEWHERE)
		put(e, FIELD_FILE, s, 0, files, ARRAY_LEN(files));
	if (what >= STARTS && what <= UNCONFIRMED && s->len > 1)
		put(e, FIELD_LOAD, s, 1, words, ARRAY_LEN(words));
	if (what == ABORTED || what == IGNORED)
		put(e, FIELD_CODE, s, 1, words, ARRAY_LEN(words));
	if (what == REFUSED || what == ABORTED || what == ALARM || what == NAK || what == IGNORED)
		put(e, FIELD_REASON, s, what < ASKS ? 0 : 1, words, ARRAY_LEN(words));
	if (what <= ACK && s->len > 0)
		put(e, FIELD_VENDOR_CLASS, s, 0, words, ARRAY_LEN(words));
	if (what == COMPLETE || what == UNCONFIRMED)
		event_set_truth(e, FIELD_CONFIRMED, what == COMPLETE);
	if (what == PROGRESS || what == COMPLETE || what == STARTS)
		event_set_number(e, what == STARTS ? FIELD_SIZE : FIELD_BYTES, s->len * 1000u);
	if (what >= CDP && what <= PAGE) {
		put(e, what == CDP ? FIELD_SOFTWARE : FIELD_LOAD, s, 0, words, ARRAY_LEN(words));
		if (s->len > 1)
			put(e, what == CDP ? FIELD_PLATFORM : FIELD_DEVICE, s, 1, words,
			    ARRAY_LEN(words));
	}
	if ((what == SCCP || what == SIP || what == PAGE) && s->len > 3)
		put(e, FIELD_MODEL, s, 3, words, ARRAY_LEN(words));
	if (what == SIP && s->len > 4)
		put(e, FIELD_SOFTWARE, s, 4, words, ARRAY_LEN(words));
	if (what == RIVAL || what == ELSEWHERE || what == ARP || what == IGNORED)
		event_set_ip(e, FIELD_SERVER, s->len > 3 ? s->data[3] : ip);
}

/* The phone that asks is answered before the event of its request is folded. */
static void answer(struct world *w, const struct event *e, struct phone_facts *facts, bool *known)
{
	static struct catalogue c;
	struct catalogue_config config = {.target = "newest"};
	struct phone *phone = phones_find(&phones, e->mac);
	struct answer a;

	*known = phone && phone->stage != PHONE_STAGE_COUNT;
	if (!*known)
		return;
	phone_facts_asking(&phones, phone, e->file, w->wall, facts);
	catalogue_init(&c, &config, phones.library);
	catalogue_find(&c, e->ip, "", e->file, facts, &a);
	must((a.kind == ANSWER_FILE) == (a.file != NULL));
	if (a.kind != ANSWER_OS79XX) /* the line of that file, with its end */
		check_text(a.text);
}

static void happen(struct world *w, enum happening what, struct event *e)
{
	struct phone_facts before, after;
	struct phone *phone;
	bool known = false;
	char line[VIEW_LINE_MAX];

	e->seq = ++w->seq;
	e->wall_ms = w->wall;
	check_sentence(e);
	if (w->limits && !limiter_take(&w->limiter, e, e->ip & 1, (usec_t)(w->wall - WALL + 1000)))
		return;
	if (what == ASKS && event_has(e, FIELD_MAC))
		answer(w, e, &before, &known);
	phones_apply(&phones, e, &w->out);
	board_apply(&board, e);
	check_out(w);
	must(view_log(e, "12:00:00", 40, false, line, sizeof(line)) < sizeof(line));
	phone = event_has(e, FIELD_MAC) ? phones_find(&phones, e->mac) : NULL;
	if (!known || !phone)
		return;
	phone_facts(&phones, phone, &after);
	must(before.refused_count == after.refused_count);
	for (unsigned i = 0; i < after.refused_count; i++)
		must(strcmp(before.refused[i], after.refused[i]) == 0);
}

static void tell(struct world *w, const struct step *s, enum happening what)
{
	struct mac mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, (uint8_t)(s->what & 7)}};
	struct event e;

	event_init(&e, type_of[what]);
	/* fill() needs it for the names, also where the event does not tell it. */
	e.mac = mac;
	fill(&e, what, s);
	if ((s->what & 7) != 7)
		event_set_mac(&e, mac);
	w->last = what;
	w->again = e;
	happen(w, what, &e);
}

/* The state folder is written, and read by the next run. */
static void restart(struct world *w)
{
	char *text = NULL, line[PHONE_TEXT_MAX];
	size_t len = 0, again = 0;
	struct fault f;
	FILE *out = open_memstream(&text, &len);

	must(out);
	for (unsigned i = 0; i < phones.count; i++) {
		phone_text_write(&phones.phone[i], line, sizeof(line));
		fputs(line, out);
	}
	must(fclose(out) == 0);
	phones_init(&phones, &w->library[w->at]->library);
	must(phones_text_read(&phones, "phones", text, len, &f) == 0);
	for (unsigned i = 0; i < phones.count; i++) {
		size_t n = phone_text_write(&phones.phone[i], line, sizeof(line));

		must(again + n <= len && memcmp(text + again, line, n) == 0);
		again += n;
	}
	must(again == len);
	free(text);
	w->told = 0;
}

/* As many phones as there is room for, less eight; once, since it takes its time. */
static void crowd(struct world *w)
{
	struct event e;

	for (unsigned i = 0; phones.count < PHONES_MAX - 8; i++) {
		event_init(&e, EVENT_DHCP_ACK);
		event_set_mac(&e, (struct mac){{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}});
		event_set_ip(&e, FIELD_IP, 0x0a000000u + i);
		e.wall_ms = w->wall;
		e.seq = ++w->seq;
		phones_apply(&phones, &e, &w->out);
		for (unsigned k = 0; k < w->out.event_count; k++)
			board_apply(&board, &w->out.events[k]);
	}
}

static void daemon_says(struct world *w, const struct step *s)
{
	static const enum event_type types[] = {
		EVENT_DAEMON_START,  EVENT_DAEMON_READY, EVENT_DAEMON_STOP, EVENT_FIRMWARE_BUNDLE,
		EVENT_FIRMWARE_GONE, EVENT_NETWORK_LINK, EVENT_DAEMON_NOTE, EVENT_FIRMWARE_FINDING};
	struct event e;

	event_init(&e, types[s->what & 7]);
	put(&e, FIELD_REASON, s, 1, words, ARRAY_LEN(words));
	if (e.type == EVENT_FIRMWARE_BUNDLE || e.type == EVENT_FIRMWARE_GONE)
		put(&e, FIELD_LOAD, s, 0, words, ARRAY_LEN(words));
	if (e.type == EVENT_NETWORK_LINK)
		event_set_truth(&e, FIELD_UP, s->len > 0);
	happen(w, DAEMON, &e);
}

static void step(struct world *w, const struct step *s, usec_t pause)
{
	enum happening what = (enum happening)(s->what >> 3);
	struct event e;

	wake(w, w->wall + (int64_t)(pause / 1000));
	while (limiter_next(&w->limiter, (usec_t)(w->wall - WALL + 1000), &e))
		check_event(&e);
	if (what < LIBRARY_CHANGES) {
		tell(w, s, what);
		return;
	}
	switch ((unsigned)what) {
	case LIBRARY_CHANGES:
		w->at = !w->at;
		phones_change_library(&phones, &w->library[w->at]->library);
		break;
	case RESTART: restart(w); break;
	case CLOCK_SET:
		if (w->wall > WALL + 86400000) /* it is set back; the shell's timer starts anew */
			w->wall -= s->len * INT64_C(3600000);
		break;
	case DAEMON: daemon_says(w, s); break;
	case LOOK: look(w, s); break;
	case CROWD:
		if (w->crowds && !w->crowded)
			crowd(w);
		w->crowded = true;
		break;
	case REPEAT:
		for (unsigned i = 0; w->seq && i < s->len * 8u; i++)
			happen(w, w->last, &w->again);
		break;
	default: break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sketch *library[2];
	struct world *w = calloc(1, sizeof(*w));
	struct steps steps;
	struct step s;
	usec_t last = 0;

	if (!library[0]) {
		for (unsigned i = 0; i < 2; i++) {
			library[i] = calloc(1, sizeof(*library[i]));
			must(library[i]);
			sketch_library(library[i], stock + i, ARRAY_LEN(stock) - 1);
		}
	}
	must(w);
	w->library[0] = library[0];
	w->library[1] = library[1];
	w->wall = WALL;
	w->limits = len > 0 && data[0] & 1;
	w->crowds = len > 0 && data[0] >= 0xf0;
	limiter_init(&w->limiter, 1000);
	phones_init(&phones, &library[0]->library);
	phones.listening = len > 0 && data[0] & 2;
	board_init(&board);
	steps = steps_begin(data + (len > 0), len - (len > 0), 0);
	while (steps_next(&steps, &s)) {
		step(w, &s, s.now - last);
		last = s.now;
	}
	wake(w, w->wall + 10 * 3600000);
	free(w);
	return 0;
}
