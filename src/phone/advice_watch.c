/* SPDX-License-Identifier: MIT */
/*
 * What is seen of one phone, event by event, and when the rules are asked.
 *
 * Each event goes through four steps: what the tracker said itself is taken note of; the event is
 * counted; the advice that stands ends if the event shows that the phone moved on; and the rules
 * for this kind of event draw their conclusions. Two events out at most: an end and an advice.
 *
 * Questions for an address are counted since the phone last asked us for a file, and a series
 * ends when it is silent for longer than SERIES_MS: a phone that erases its flash comes back after
 * minutes, and that is no loop.
 */
#include "advice_inner.h"

#include "reflashd/text.h"

#include <string.h>

#define SERIES_MS     INT64_C(300000)
#define REPEAT_MIN_MS INT64_C(2000)
#define REPEAT_MAX_MS INT64_C(10000)
#define WALK_APART_MS INT64_C(15000)
#define WALK_TOGETHER INT64_C(120000)
#define LIST_APART_MS INT64_C(10000)

static void count(uint16_t *n)
{
	if (*n < UINT16_MAX)
		++*n;
}

/* ---- addresses ---- */

static void forget_addresses(struct phone_watch *w)
{
	w->since_ms = w->offered_ms = w->other_ms = 0;
	w->discovers = w->offers = w->acks = w->naks = w->ignored = w->elsewhere = w->sought = 0;
	w->discovering = w->leased = false;
	w->other_server = 0;
}

static void end_ctl_round(struct phone_watch *w)
{
	if (w->ctl >= 3)
		count(&w->ctl_loops);
	w->ctl = 0;
}

static void see_discover(struct counsel *c)
{
	struct phone_watch *w = &c->phone->watch;

	if (!w->since_ms || c->now - w->asked_dhcp_ms > SERIES_MS) {
		forget_addresses(w);
		w->since_ms = c->now;
	}
	w->asked_dhcp_ms = c->now;
	count(&w->discovers);
	w->discovering = true;
}

static void see_dhcp(struct counsel *c)
{
	struct phone_watch *w = &c->phone->watch;

	switch ((unsigned)c->event->type) {
	case EVENT_DHCP_DISCOVER: see_discover(c); break;
	case EVENT_DHCP_OFFER:
		if (w->offers == 0)
			w->offered_ms = c->now;
		count(&w->offers);
		break;
	case EVENT_DHCP_ACK:
		w->leased = true;
		w->offers = w->naks = w->ignored = 0;
		if (w->discovering)
			count(&w->acks);
		w->discovering = false;
		break;
	case EVENT_DHCP_NAK: count(&w->naks); break;
	case EVENT_DHCP_IGNORED:
		if (!w->since_ms)
			w->since_ms = w->asked_dhcp_ms = c->now;
		count(&w->ignored);
		break;
	default: break;
	}
	if (c->event->type == EVENT_DHCP_DISCOVER || c->event->type == EVENT_DHCP_REQUEST) {
		w->loader_ms = 0;
		end_ctl_round(w);
	}
	if (c->event->type == EVENT_DHCP_REQUEST) {
		w->offers = 0;
		if (!w->asked_dhcp_ms)
			w->asked_dhcp_ms = c->now;
	}
}

static void see_elsewhere(struct counsel *c)
{
	struct phone_watch *w = &c->phone->watch;
	const struct event *e = c->event;

	if (!event_has(e, FIELD_SERVER) || !e->server || e->server == c->phone->ip ||
	    e->server == c->phones->own_ip || (event_has(e, FIELD_IP) && e->ip == e->server))
		return;
	if (w->other_server != e->server) {
		w->other_server = e->server;
		w->other_ms = c->now;
		w->elsewhere = w->sought = 0;
	}
	count(e->type == EVENT_TFTP_ELSEWHERE ? &w->elsewhere : &w->sought);
	rule_elsewhere(c);
}

/* ---- requests ---- */

/* A SIP 7940 without a line asks for its own SIP file every 31 seconds (4.4): not counted. */
static bool is_walk(enum request_kind kind)
{
	return kind == REQUEST_CONFIG || kind == REQUEST_XMLDEFAULT;
}

static void see_walk(struct counsel *c)
{
	struct phone_watch *w = &c->phone->watch;
	int64_t apart = c->now - w->walk_ms;

	if (w->walks == 0 || (apart > WALK_TOGETHER && c->phone->stage != PHONE_RECOVERED)) {
		w->walks = 1;
		w->walks_ms = c->now;
	} else if (apart > WALK_APART_MS) {
		count(&w->walks);
	}
	w->walk_ms = c->now;
}

/* A phone that hears no answer sends the same request again and again, seconds apart. */
static void see_repeats(struct counsel *c, const char *base)
{
	struct phone_watch *w = &c->phone->watch;
	int64_t apart = c->now - w->asked_ms;
	uint32_t name = mark(base);

	if (name != w->asked || apart > REPEAT_MAX_MS)
		w->repeats = 1;
	else if (apart >= REPEAT_MIN_MS)
		count(&w->repeats);
	else
		w->repeats = 1;
	w->asked = name;
	w->asked_ms = c->now;
}

static void see_request(struct counsel *c, enum request_kind kind, const char *base)
{
	struct phone_watch *w = &c->phone->watch;

	forget_addresses(w);
	w->loader_ms = 0;
	see_repeats(c, base);
	if (kind == REQUEST_TRUST_LIST) {
		if (text_starts_nocase(base, "CTL"))
			count(&w->ctl);
	} else {
		w->ctl = w->ctl_loops = 0;
	}
	if (kind == REQUEST_IMAGE)
		w->lists = 0;
	if (kind == REQUEST_IMAGE || kind == REQUEST_LOADS || kind == REQUEST_DEFAULT_LOADS ||
	    (kind == REQUEST_APPLICATION && !text_equal_nocase(base, "AppDialRules.xml")))
		w->walks = 0;
	if (kind == REQUEST_DEFAULT_LOADS || kind == REQUEST_RECOVERY)
		w->load = w->load_before = 0; /* erased: it may well fetch the same again */
	if (is_walk(kind))
		see_walk(c);
	rule_asked(c, kind);
}

static void see_miss(struct counsel *c, enum request_kind kind, const char *base)
{
	struct phone_watch *w = &c->phone->watch;
	uint32_t name = mark(base);

	if (kind == REQUEST_IMAGE || kind == REQUEST_LOADS) {
		w->misses = w->missed == name ? w->misses : 0;
		count(&w->misses);
		w->missed = name;
	}
	rule_missed(c, kind, base);
}

/* ---- transfers ---- */

static void see_start(struct counsel *c, enum request_kind kind)
{
	struct phone_watch *w = &c->phone->watch;
	char before[sizeof(w->fetched)];
	uint32_t load;

	if (kind != REQUEST_IMAGE || !event_has(c->event, FIELD_LOAD))
		return;
	load = mark(c->event->load);
	if (load == w->load)
		return;
	text_copy(before, sizeof(before), w->fetched);
	w->flipped = load == w->load_before;
	w->load_before = w->load;
	w->load = load;
	if (w->flipped)
		w->flip_ms = c->now;
	text_copy(w->fetched, sizeof(w->fetched), c->event->load);
	rule_loads(c, before);
}

static void see_complete(struct counsel *c, enum request_kind kind)
{
	struct phone_watch *w = &c->phone->watch;

	w->unanswered = 0;
	if (kind == REQUEST_IMAGE || kind == REQUEST_RECOVERY)
		w->broken = 0;
	if (kind == REQUEST_LOADS && c->now - w->list_ms > LIST_APART_MS) {
		count(&w->lists);
		w->list_ms = c->now;
	}
	if (kind == REQUEST_LOADS)
		rule_listed(c);
}

static void see_abort(struct counsel *c, enum request_kind kind)
{
	struct phone_watch *w = &c->phone->watch;
	const char *code = event_has(c->event, FIELD_CODE) ? c->event->code : "";

	if (strcmp(code, "never-answered") == 0)
		count(&w->unanswered);
	else if ((kind == REQUEST_IMAGE || kind == REQUEST_RECOVERY) &&
		 strcmp(code, "size-only") != 0)
		count(&w->broken);
	rule_aborted(c);
}

/* ---- what it announces ---- */

static void see_cdp(struct counsel *c)
{
	struct phone_watch *w = &c->phone->watch;
	const struct event *e = c->event;
	bool loader = event_has(e, FIELD_SOFTWARE) && load_is_loader(e->software, NULL);

	w->cdp_ms = c->now;
	w->cdp_ip = event_has(e, FIELD_IP) ? e->ip : 0;
	text_copy(w->loader, sizeof(w->loader), loader ? e->software : "");
	if (!loader || w->asked_dhcp_ms || w->asked_ms || c->phone->stage > PHONE_LEASED)
		w->loader_ms = 0;
	else if (!w->loader_ms)
		w->loader_ms = c->now;
	rule_cdp(c);
}

/* ---- the four steps ---- */

static bool by_phone(enum event_type type)
{
	switch ((unsigned)type) {
	case EVENT_DHCP_DISCOVER:
	case EVENT_DHCP_REQUEST:
	case EVENT_DHCP_RELEASE:
	case EVENT_DHCP_DECLINE:
	case EVENT_TFTP_REQUEST:
	case EVENT_TFTP_PROGRESS:
	case EVENT_TFTP_COMPLETE:
	case EVENT_TFTP_ELSEWHERE:
	case EVENT_ARP_ASKED:
	case EVENT_CDP_SEEN:
	case EVENT_SCCP_REGISTER:
	case EVENT_SCCP_ALARM:
	case EVENT_SIP_REGISTER:
	case EVENT_HTTP_DEVICE: return true;
	default: return false;
	}
}

static unsigned complete_signs(const struct counsel *c, enum request_kind kind, const char *base)
{
	unsigned signs = event_has(c->event, FIELD_CONFIRMED) && !c->event->confirmed
				 ? SIGN_ACTED
				 : SIGN_ACTED | SIGN_BYTES;

	if (kind == REQUEST_DEFAULT_LOADS || kind == REQUEST_LOADS)
		signs |= SIGN_LIST;
	if (kind == REQUEST_IMAGE || kind == REQUEST_RECOVERY)
		signs |= SIGN_IMAGE;
	if (kind == REQUEST_CONFIG || kind == REQUEST_XMLDEFAULT)
		signs |= SIGN_CONFIG;
	if (mark(base) == c->phone->watch.missed)
		signs |= SIGN_FILE;
	return signs;
}

static unsigned signs_of(const struct counsel *c, enum request_kind kind, const char *base)
{
	unsigned signs = by_phone(c->event->type) ? SIGN_ALIVE : 0;

	switch ((unsigned)c->event->type) {
	case EVENT_DHCP_DISCOVER: signs |= SIGN_ACTED | SIGN_DHCP; break;
	case EVENT_DHCP_REQUEST: signs |= SIGN_DHCP; break;
	case EVENT_DHCP_ACK: signs |= SIGN_ACK; break;
	case EVENT_TFTP_REQUEST:
		signs |= SIGN_ACTED | SIGN_REQUEST;
		if (kind != REQUEST_TRUST_LIST)
			signs |= SIGN_ONWARD;
		if (kind == REQUEST_APPLICATION && !text_equal_nocase(base, "AppDialRules.xml"))
			signs |= SIGN_APPLICATION;
		break;
	case EVENT_TFTP_PROGRESS: signs |= SIGN_ACTED | SIGN_BYTES; break;
	case EVENT_TFTP_ELSEWHERE: signs |= SIGN_ACTED; break;
	case EVENT_TFTP_COMPLETE: signs |= complete_signs(c, kind, base); break;
	default: break;
	}
	return signs;
}

static void look(struct counsel *c, enum request_kind kind, const char *base)
{
	switch ((unsigned)c->event->type) {
	case EVENT_DHCP_DISCOVER:
	case EVENT_DHCP_REQUEST:
		see_dhcp(c);
		rule_ctl(c);
		break;
	case EVENT_DHCP_OFFER: see_dhcp(c), rule_offered(c); break;
	case EVENT_DHCP_ACK: see_dhcp(c), rule_acked(c); break;
	case EVENT_DHCP_NAK: see_dhcp(c), rule_refused_address(c); break;
	case EVENT_DHCP_IGNORED: see_dhcp(c), rule_ignored(c); break;
	case EVENT_DHCP_DECLINE: rule_declined(c); break;
	case EVENT_TFTP_REQUEST: see_request(c, kind, base); break;
	case EVENT_TFTP_START: see_start(c, kind); break;
	case EVENT_TFTP_COMPLETE: see_complete(c, kind); break;
	case EVENT_TFTP_REFUSED: see_miss(c, kind, base); break;
	case EVENT_TFTP_ABORTED: see_abort(c, kind); break;
	case EVENT_TFTP_ELSEWHERE:
	case EVENT_ARP_ASKED: see_elsewhere(c); break;
	case EVENT_CDP_SEEN: see_cdp(c); break;
	case EVENT_SCCP_ALARM: rule_alarm(c); break;
	case EVENT_SCCP_REGISTER:
	case EVENT_SIP_REGISTER:
		count(&c->phone->watch.registers);
		rule_registered(c);
		break;
	default: break;
	}
}

void advice_apply(struct fold *s)
{
	struct counsel c = {s->phones, s->phone, s->event, s->out, s->event->wall_ms};
	enum advice before = c.phone->watch.given;
	const char *base = fold_base_name(c.event);
	enum request_kind kind = request_kind(base, s->phones->models);
	unsigned signs = signs_of(&c, kind, base);

	counsel_adopt(&c);
	if (signs & SIGN_ALIVE)
		c.phone->watch.last_ms = c.now;
	if (signs & SIGN_ACTED)
		c.phone->watch.acted_ms = c.now;
	if (signs & SIGN_BYTES)
		c.phone->watch.heard_ms = c.now;
	if (c.phone->watch.given == before)
		counsel_end(&c, signs);
	look(&c, kind, base);
	rule_wrong_model(&c);
}

void advice_moved(struct fold *s)
{
	struct counsel c = {s->phones, s->phone, s->event, s->out, 0};
	struct phone_watch *w = &s->phone->watch;

	if (s->phone->stage == PHONE_RECOVERED)
		w->walks = w->registers = 0;
	if (w->given && !counsel_stands_in(w->given, s->phone->stage))
		counsel_clear(&c);
}

/* ---- time ---- */

int64_t advice_deadline(const struct phone *phone)
{
	enum advice a;
	bool clear;

	return rule_due(phone, &a, &clear);
}

void advice_tick(struct phones *p, struct phone *phone, int64_t now_ms, struct phones_out *out)
{
	struct counsel c = {p, phone, NULL, out, now_ms};
	enum advice a = ADVICE_NONE;
	bool clear;

	if (rule_due(phone, &a, &clear) > now_ms)
		return;
	if (clear)
		counsel_clear(&c);
	else
		rule_time(&c, a);
}
