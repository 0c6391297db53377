/* SPDX-License-Identifier: MIT */
/*
 * The phone tracker. One event in, a few out, and nothing else to go by. announce.c has what
 * phones say of themselves, progress.c the counting of bytes.
 *
 * The happy path of an erased Java phone (phones.md 4.1, 11):
 *
 *     dhcp.discover      seen
 *     dhcp.ack           leased
 *     termNN complete    listed
 *     a member starts    fetching
 *     all members there  writing    (dark, silent, for minutes)
 *     CTLSEP… asked      back       (the loader never asks for that: an image runs)
 *     XMLDefault taken   recovered
 *
 * What can go wrong, and what the rules below do about it:
 *
 * - The phone starts over: the list again goes back to "listed". A Java phone that takes its list
 *   again and again and asks for no member rejects it (W-TICKETT): history.c counts that,
 *   and offers it the next bundle of its plan.
 * - It runs a bundle that is only a step of its plan: no recovery yet, the next load follows.
 * - It takes up an interrupted load and skips members that it has (phones.md 4.1, the load
 *   journal). So an erased phone that asks for its configuration is alive after one member; but
 *   then it was not seen which load it runs, and the event does not say so.
 * - A phone that was never erased asks for its configuration at every start. That is "back".
 *   Only when it took a whole bundle before is it proof of the new load: a phone that gives
 *   up in the middle goes on with its old load and makes the same requests.
 * - 7940/7960: the loader asks nearly what an application asks, and it does so three times
 *   (phones.md 4.4). Its walk is known by SIP<MAC>.cnf and MGC<MAC>.cnf after CTLSEP/SEP; the
 *   SIP application begins with SIPDefault.cnf, and SCCP asks for neither of the two. Nothing
 *   counts before the .sb2 is there.
 * - 7902/7905/7912: one image, no list; a phone in recovery mode asks for nothing else.
 */
#include "reflashd/phone.h"

#include "advice_rules.h"
#include "fold.h"

#include "reflashd/text.h"

#include <string.h>

#define STAYS_AFTER_MS 60000

/* ---- requests: what an image that runs asks for ---- */

static bool legacy_runs(const struct phone *phone, enum request_kind kind, const char *base)
{
	uint8_t mac[6];

	switch (kind) {
	case REQUEST_APPLICATION: return true;
	case REQUEST_XMLDEFAULT:
		return phone->walk_begun && !phone->legacy_walk && phone->stage != PHONE_FETCHING;
	case REQUEST_LEGACY_CONFIG:
		if (text_equal_nocase(base, "SIPDefault.cnf"))
			return !phone->legacy_walk;
		if (text_equal_nocase(base, "syncinfo.xml"))
			return true;
		return text_starts_nocase(base, "SIP") && request_mac(base, mac) &&
		       !phone->walk_begun;
	case REQUEST_TRUST_LIST:
	case REQUEST_CONFIG:
	case REQUEST_PROFILE:
	case REQUEST_DEFAULT_LOADS:
	case REQUEST_LOADS:
	case REQUEST_IMAGE:
	case REQUEST_RECOVERY:
	case REQUEST_OS79XX:
	case REQUEST_OTHER: break;
	}
	return false;
}

/* Would only a running image ask for this? */
static bool shows_running(const struct fold *s, enum request_kind kind, const char *base)
{
	bool config =
		kind == REQUEST_CONFIG || kind == REQUEST_XMLDEFAULT || kind == REQUEST_APPLICATION;
	enum model_family family;

	if (!fold_family(s, &family)) /* these two name the family */
		return kind == REQUEST_PROFILE ||
		       (kind == REQUEST_TRUST_LIST && text_starts_nocase(base, "ITL")) ||
		       legacy_runs(s->phone, kind, base);
	switch (family) {
	case MODEL_JAVA: return config || kind == REQUEST_TRUST_LIST;
	case MODEL_KUP: return config || kind == REQUEST_PROFILE || kind == REQUEST_LEGACY_CONFIG;
	case MODEL_LEGACY: break;
	}
	return legacy_runs(s->phone, kind, base);
}

static void note_walk(struct phone *phone, enum request_kind kind, const char *base)
{
	uint8_t mac[6];

	if (kind == REQUEST_TRUST_LIST && text_starts_nocase(base, "CTL")) {
		phone->walk_begun = true; /* a walk begins with it, so an earlier one is over */
		phone->legacy_walk = false;
	} else if (kind == REQUEST_CONFIG) {
		phone->walk_begun = true;
	} else if (kind == REQUEST_LEGACY_CONFIG && phone->walk_begun && request_mac(base, mac) &&
		   (text_starts_nocase(base, "SIP") || text_starts_nocase(base, "MGC"))) {
		phone->legacy_walk = true;
	}
}

static void note_erased(struct fold *s, enum request_kind kind, const char *base)
{
	struct phone *phone = s->phone;
	const struct model *model = NULL;

	if (kind == REQUEST_DEFAULT_LOADS)
		model = models_by_term(s->phones->models, base);
	else if (kind == REQUEST_RECOVERY)
		model = models_by_recovery(s->phones->models, base);
	else
		return;
	s->phones->changes += !phone->erased || (!phone->model && model);
	fold_forget_image(s);
	phone->erased = true;
	phone->on_step = false;
	phone->proof_due_ms = 0;
	if (!phone->model)
		phone->model = model;
}

static void asked(struct fold *s, enum request_kind kind, const char *base)
{
	struct phone *phone = s->phone;
	enum model_family family = MODEL_JAVA;
	bool known;

	fold_asks(s, kind);
	note_erased(s, kind, base);
	note_walk(phone, kind, base);
	if (!shows_running(s, kind, base))
		return;
	if (kind != REQUEST_APPLICATION)
		phone->config_asked = true;
	if (phone->stage < PHONE_BACK)
		fold_back(s);
	fold_reweigh(s);
	if (phone->stage != PHONE_BACK || !fold_fed(s))
		return;
	/* A question about CTL or SEP alone is not enough for a Java phone: it has proved
	 * itself when it took a configuration, or asks for what comes after that. */
	known = fold_family(s, &family);
	if (kind == REQUEST_APPLICATION ||
	    (known && family == MODEL_KUP && kind == REQUEST_PROFILE) ||
	    (known && family == MODEL_LEGACY && kind == REQUEST_LEGACY_CONFIG))
		fold_shown(s);
}

/* ---- transfers ---- */

/* file: its name, NULL when that is not at hand. */
static void list_complete(struct fold *s, const char *file)
{
	struct phone *phone = s->phone;
	enum model_family family;

	if (fold_family(s, &family) && family == MODEL_LEGACY) {
		/* The loader fetches the list again before the .sb2, and at every start. Its
		 * walk is over then: who asks for SIPDefault.cnf next is the application. */
		phone->walk_begun = phone->legacy_walk = false;
		if (phone->stage == PHONE_FETCHING)
			return;
		phone->fetched = 0;
		if (phone->stage >= PHONE_BACK)
			return;
	}
	phone->fetched = 0;
	fold_round(s);
	fold_listed(s, file);
}

static void image_start(struct fold *s)
{
	struct phone *phone = s->phone;
	enum model_family family;
	bool kup = fold_family(s, &family) && family == MODEL_KUP;

	if (phone->list == LIST_ASKED) { /* from where else does it know of the member? */
		list_complete(s, NULL);
		phone->list = LIST_PASSED;
	}
	fold_member(s);
	if (phone->stage == PHONE_FETCHING || (phone->stage == PHONE_WRITING && !kup))
		return;
	if (kup)
		phone->fetched = 0;
	fold_fetching(s);
}

/* The last ACK never came: the server concludes, long after the last block, that it arrived. By
 * then the phone may be elsewhere. */
static bool concluded(const struct event *e)
{
	return event_has(e, FIELD_CONFIRMED) && !e->confirmed;
}

static void image_complete(struct fold *s, const char *base)
{
	struct phone *phone = s->phone;
	uint32_t bit = fold_image_bit(s, base);
	bool late = concluded(s->event) && phone->under_way & bit;
	bool unsure = concluded(s->event) && !(late && phone->member != bit);

	/* It likely arrived, but that is no proof of a load; that the phone went on to the next
	 * file is (see started()). */
	phone->unsure = unsure ? phone->unsure | bit : phone->unsure & ~bit;
	if (late && phone->stage != PHONE_FETCHING && phone->stage != PHONE_WRITING) {
		phone->under_way &= ~bit;
		phone->ever |= bit;
		if (phone->stage >= PHONE_BACK) /* else it starts over */
			phone->fetched |= bit;
		return;
	}
	image_start(s); /* for a stream that lacks the start */
	phone->fetched |= bit;
	phone->ever |= bit;
	phone->walk_begun = phone->legacy_walk = false;
	progress_complete(s, bit);
	if (phone->stage == PHONE_FETCHING && fold_whole(s, phone->fetched))
		fold_writing(s);
}

static bool is_list(enum request_kind kind)
{
	return kind == REQUEST_DEFAULT_LOADS || kind == REQUEST_LOADS;
}

/* A running phone that looks at the list of what it runs only compares. A Java phone that fetches
 * another list once more refuses it. */
static bool compares(const struct fold *s, enum request_kind kind)
{
	const struct phone *phone = s->phone;
	enum model_family family;

	if (kind != REQUEST_LOADS || phone->stage < PHONE_BACK ||
	    !event_has(s->event, FIELD_LOAD) || !text_equal_nocase(s->event->load, phone->load))
		return false;
	return !fold_family(s, &family) || family != MODEL_JAVA ||
	       text_equal_nocase(phone->runs, phone->load) || phone_lives_by(s->phones, phone);
}

static void started(struct fold *s, enum request_kind kind, const char *base)
{
	uint32_t bit;

	/* It goes on to its next step before the proof of this one was said. */
	if (event_has(s->event, FIELD_LOAD) && !text_equal_nocase(s->event->load, s->phone->load))
		fold_settle(s);
	if (is_list(kind))
		s->phone->list = compares(s, kind) ? LIST_OWN : LIST_ASKED;
	if (event_has(s->event, FIELD_LOAD)) {
		if (is_list(kind))
			fold_offered(s, s->event->load);
		else if (kind == REQUEST_IMAGE)
			fold_forgive(s, s->event->load);
		fold_adopt(s, s->event->load);
	}
	if (kind != REQUEST_IMAGE && kind != REQUEST_RECOVERY)
		return;
	image_start(s);
	bit = fold_image_bit(s, base);
	s->phone->unsure &= bit;
	progress_start(s, bit);
}

/* It was on its way and runs a step of its plan. Does it stay there? Either nothing is left to go
 * on to, or it takes its configuration again and never looked at what it was told to fetch: a
 * configuration of the user's own names what it runs. */
static bool stays(const struct fold *s)
{
	const struct phone *phone = s->phone;
	struct plan plan;

	if (!phone->on_step || phone->ever != 0)
		return false;
	phone_plan(s->phones, phone, &plan);
	return plan.count == 0 ||
	       (phone->lists == 0 && s->event->wall_ms - phone->stage_ms > STAYS_AFTER_MS);
}

static void list_ends(struct fold *s, enum request_kind kind)
{
	enum phone_list list = s->phone->list;

	s->phone->list = LIST_NONE;
	if ((list == LIST_OWN && kind == REQUEST_LOADS) || list == LIST_PASSED)
		return;
	list_complete(s, s->event->file);
}

static void completed(struct fold *s, enum request_kind kind, const char *base)
{
	enum model_family family;

	/* A 7912 that takes XMLDefault may go on to another load; its profile comes last, and
	 * only who is content with its load asks for that. */
	if (is_list(kind))
		list_ends(s, kind);
	else if (kind == REQUEST_IMAGE || kind == REQUEST_RECOVERY)
		image_complete(s, base);
	else if ((kind == REQUEST_XMLDEFAULT || kind == REQUEST_CONFIG) &&
		 s->phone->stage == PHONE_BACK && (fold_fed(s) || stays(s)) &&
		 shows_running(s, kind, base) && !(fold_family(s, &family) && family == MODEL_KUP))
		fold_shown(s);
}

/* ---- events ---- */

/* Laptops get leases, too: a vendor class of somebody else is no phone. */
static bool may_be_phone(const struct event *e)
{
	return !event_has(e, FIELD_VENDOR_CLASS) ||
	       text_starts_nocase(e->vendor_class, "Cisco Systems, Inc.");
}

static void apply_dhcp(struct fold *s)
{
	const struct event *e = s->event;
	char text[sizeof(e->vendor_class)];
	const struct model *model;

	if (!event_has(e, FIELD_MAC) || !fold_open(s, may_be_phone(e)))
		return;
	if (event_has(e, FIELD_VENDOR_CLASS)) {
		must(text_copy(text, sizeof(text), e->vendor_class));
		if (text_ends_nocase(text, "\\x00")) /* 7940/7960 send the NUL, too */
			text[strlen(text) - 4] = 0;
		model = models_by_vendor_class(s->phones->models, text);
		s->phones->changes += model && model != s->phone->model;
		if (model)
			s->phone->model = model;
	}
	if (e->type != EVENT_DHCP_ACK) {
		fold_rebooted(s);
		fold_forget_announced(s);
	}
	fold_seen(s);
	if (e->type != EVENT_DHCP_ACK)
		return;
	if (event_has(e, FIELD_IP) && e->ip)
		fold_set_ip(s, e->ip);
	if (s->phone->stage < PHONE_LEASED)
		fold_leased(s);
}

static bool is_image(enum request_kind kind)
{
	return kind == REQUEST_IMAGE || kind == REQUEST_RECOVERY;
}

static void apply_tftp(struct fold *s)
{
	const struct event *e = s->event;
	const char *base = fold_base_name(e);
	enum request_kind kind = request_kind(base, s->phones->models);

	if (!fold_open(s, kind != REQUEST_OTHER) || kind == REQUEST_OTHER)
		return;
	if (event_has(e, FIELD_IP))
		fold_set_ip(s, e->ip);
	fold_seen(s);
	if (e->type == EVENT_TFTP_REQUEST)
		asked(s, kind, base);
	else if (e->type == EVENT_TFTP_START)
		started(s, kind, base);
	else
		completed(s, kind, base);
}

/* These move no phone: what it does next, does. */
static void apply_part(struct fold *s)
{
	const struct event *e = s->event;
	const char *base = fold_base_name(e);
	enum request_kind kind = request_kind(base, s->phones->models);

	if (!fold_open(s, false))
		return;
	if (is_list(kind) && e->type == EVENT_TFTP_ABORTED)
		s->phone->list = LIST_NONE;
	if (!is_image(kind))
		return;
	if (e->type == EVENT_TFTP_PROGRESS)
		progress_part(s, fold_image_bit(s, base));
	else
		progress_abort(s, fold_image_bit(s, base));
}

/* s->phone: whom it concerns, afterwards. */
static void fold(struct fold *s)
{
	switch ((unsigned)s->event->type) {
	case EVENT_DHCP_DISCOVER:
	case EVENT_DHCP_REQUEST:
	case EVENT_DHCP_ACK: apply_dhcp(s); break;
	case EVENT_TFTP_REQUEST:
	case EVENT_TFTP_START:
	case EVENT_TFTP_COMPLETE: apply_tftp(s); break;
	case EVENT_TFTP_PROGRESS:
	case EVENT_TFTP_ABORTED: apply_part(s); break;
	case EVENT_CDP_SEEN:
	case EVENT_SCCP_REGISTER:
	case EVENT_SCCP_ALARM:
	case EVENT_SIP_REGISTER:
	case EVENT_HTTP_DEVICE: fold_announce(s); break;
	case EVENT_NETWORK_RIVAL:
		if (event_has(s->event, FIELD_SERVER))
			s->phones->rival_ip = s->event->server;
		break;
	case EVENT_DHCP_OFFER:
	case EVENT_DHCP_NAK:
	case EVENT_DHCP_IGNORED:
	case EVENT_DHCP_RELEASE:
	case EVENT_DHCP_DECLINE:
	case EVENT_TFTP_REFUSED:
	case EVENT_TFTP_ELSEWHERE:
	case EVENT_ARP_ASKED: fold_open(s, false); break; /* the advice looks at these */
	default: break;
	}
}

void phones_apply(struct phones *p, const struct event *e, struct phones_out *out)
{
	struct fold s = {.phones = p, .event = e, .out = out};

	out->event_count = 0;
	fold(&s);
	if (!s.phone)
		return;
	if (s.phone->stage != PHONE_STAGE_COUNT) { /* else known, but not heard of yet */
		if (s.moved)
			advice_moved(&s);
		advice_apply(&s);
	}
	table_note(p, s.phone);
}

/* What one phone may have to say at a time: a proof with its remarks, and advice. */
#define AT_ONCE 7u

void phones_tick(struct phones *p, int64_t wall_ms, struct phones_out *out)
{
	struct phone *phone;
	struct event e;

	event_init(&e, EVENT_DAEMON_NOTE); /* carries the time, nothing else */
	e.wall_ms = wall_ms;
	out->event_count = 0;
	for (unsigned turn = 0; turn < ARRAY_LEN(out->events); turn++) {
		struct fold s = {.phones = p, .event = &e, .out = out};

		phone = table_due(p, wall_ms);
		if (!phone || out->event_count + AT_ONCE > ARRAY_LEN(out->events))
			return;
		s.phone = phone;
		if (phone->proof_due_ms && phone->proof_due_ms <= wall_ms)
			fold_settle(&s);
		if (s.moved)
			advice_moved(&s);
		if (phone->stage != PHONE_STAGE_COUNT)
			advice_tick(p, phone, wall_ms, out);
		table_note(p, phone);
	}
}
