/* SPDX-License-Identifier: MIT */
/*
 * What follows from the observations of a phone that does not get to its files: addresses, other
 * servers, power; and what only time shows. Each rule wants evidence that a flawless recovery,
 * also one over a bad cable, does not give; the numbers say how much.
 *
 * A loader that asks for an address every 20 to 30 seconds and never for a file (phones.md 11)
 * has several causes that look the same from here. What narrows them down is put first: another
 * server that was seen, the model (7970 and power, 2.4; 7902/7905/7912, 4.3), then the time that
 * it goes on.
 */
#include "advice_inner.h"

#include "reflashd/text.h"

#include <inttypes.h>
#include <string.h>

#define ROUNDS_ENOUGH	 4 /* ACKs without a file: a minute of the fastest loop on record */
#define ROUNDS_MS	 INT64_C(45000)
#define OLD_CODE_MS	 INT64_C(600000) /* time to have found the power supply */
#define OFFERS_ENOUGH	 5
#define OFFERS_MS	 INT64_C(20000)
#define IGNORED_MS	 INT64_C(10000)
#define SOUGHT_MS	 INT64_C(30000) /* each is told once a minute (overheard.h) */
#define CDP_FRESH_MS	 INT64_C(180000)
#define LOADER_MS	 INT64_C(120000)
#define LIST_MS		 INT64_C(300000) /* twice the longest pause of a loop on record */
#define HOUR_MS		 INT64_C(3600000)
#define FLIP_OVER_MS	 INT64_C(1800000)
#define NOT_BACK_MS	 INT64_C(600000)
#define DARK_MINUTES	 15 /* where the catalogue says nothing */
#define REGISTERS_ENOUGH 6

/* ---- addresses ---- */

static bool rival(struct counsel *c, const char *did)
{
	char ip[IP4_TEXT_MAX];

	if (!c->phones->rival_ip)
		return false;
	ip4_format(c->phones->rival_ip, ip);
	counsel_give(c, ADVICE_DHCP_RIVAL, "%s, and another DHCP server, %s, answers on this cable",
		     did, ip);
	return true;
}

void rule_offered(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	char span[SPELL_MAX], did[120];

	if (w->offers < OFFERS_ENOUGH || c->now - w->offered_ms < OFFERS_MS)
		return;
	text_format(did, sizeof(did),
		    "was offered an address %u times in %s and did not take it up", w->offers,
		    spell(span, c->now - w->offered_ms));
	if (rival(c, did))
		return;
	counsel_give(c,
		     c->phone->model && c->phone->model->family == MODEL_LEGACY
			     ? ADVICE_LOADER_IGNORES_OFFERS
			     : ADVICE_OFFER_UNANSWERED,
		     "%s", did);
}

void rule_acked(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	const struct model *m = c->phone->model;
	int64_t ms = c->now - w->since_ms;
	char span[SPELL_MAX], did[150], loader[60] = "";

	if (w->acks < ROUNDS_ENOUGH || ms < ROUNDS_MS)
		return;
	if (w->loader[0])
		text_format(loader, sizeof(loader), "announces %s, ", w->loader);
	text_format(did, sizeof(did), "%sasked for an address %u times in %s and never for a file",
		    loader, w->discovers, spell(span, ms));
	if (rival(c, did))
		return;
	if (m && m->family == MODEL_KUP)
		counsel_give(c, ADVICE_NO_FILE_REQUEST, "%s", did);
	else if (m && text_starts_nocase(m->id, "797"))
		counsel_give(c, ms < OLD_CODE_MS ? ADVICE_LOW_POWER : ADVICE_OLD_BOOT_CODE, "%s",
			     did);
	else
		counsel_give(c, ADVICE_DHCP_NO_TFTP, "%s", did);
}

void rule_ignored(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	const char *reason = event_has(c->event, FIELD_REASON) ? c->event->reason : "";

	if (event_has(c->event, FIELD_CODE) && strcmp(c->event->code, "other-server") == 0) {
		char server[IP4_TEXT_MAX] = "";

		if (event_has(c->event, FIELD_SERVER))
			ip4_format(c->event->server, server);
		counsel_give(c, ADVICE_DHCP_RIVAL,
			     "was offered an address here and has chosen another DHCP server%s%s",
			     server[0] ? ", " : "", server);
	} else if (w->ignored >= 3 && c->now - w->since_ms >= IGNORED_MS) {
		counsel_give(c, ADVICE_NO_ADDRESS,
			     "asked for an address and got none from us, %u times: %.120s",
			     w->ignored, reason);
	}
}

void rule_refused_address(struct counsel *c)
{
	char ip[IP4_TEXT_MAX];

	if (c->phone->watch.naks < 3)
		return;
	ip4_format(event_has(c->event, FIELD_IP) ? c->event->ip : 0, ip);
	counsel_give(c, ADVICE_KEEPS_ADDRESS,
		     "asked %u times for the address %s, which it may not have here",
		     c->phone->watch.naks, ip);
}

void rule_declined(struct counsel *c)
{
	char ip[IP4_TEXT_MAX];

	ip4_format(event_has(c->event, FIELD_IP) ? c->event->ip : 0, ip);
	counsel_give(c, ADVICE_ADDRESS_CONFLICT,
		     "gave the address %s back: it found another device that uses it", ip);
}

void rule_elsewhere(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	bool heard = c->event->type == EVENT_TFTP_ELSEWHERE;
	char ip[IP4_TEXT_MAX], span[SPELL_MAX];

	ip4_format(w->other_server, ip);
	if (heard ? w->elsewhere < 2 : (w->sought < 2 || c->now - w->other_ms < SOUGHT_MS))
		return;
	if (w->other_server == c->phones->rival_ip)
		counsel_give(c, ADVICE_DHCP_RIVAL,
			     "asks %s for its files and not us, and that is the other DHCP server "
			     "on this cable",
			     ip);
	else if (heard)
		counsel_give(c, ADVICE_TFTP_ELSEWHERE,
			     "asks %s for its files and not us, last for %.60s", ip,
			     event_has(c->event, FIELD_FILE) ? c->event->file : "one");
	else
		counsel_give(c, ADVICE_TFTP_ELSEWHERE,
			     "has looked for %s on this cable for %s and asked us for no file", ip,
			     spell(span, c->now - w->other_ms));
}

/* ---- what it announces ---- */

void rule_cdp(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	char ip[IP4_TEXT_MAX], mac[MAC_TEXT_MAX];

	for (unsigned i = 0; w->cdp_ip && i < c->phones->count; i++) {
		const struct phone *other = &c->phones->phone[i];

		if (other == c->phone || other->watch.cdp_ip != w->cdp_ip ||
		    c->now - other->watch.cdp_ms > CDP_FRESH_MS)
			continue;
		ip4_format(w->cdp_ip, ip);
		mac_format(other->mac, mac);
		counsel_give(c, ADVICE_ADDRESS_CONFLICT, "announces the address %s, and so does %s",
			     ip, mac);
		return;
	}
}

static bool contains_nocase(const char *text, const char *word)
{
	for (; *text; text++)
		if (text_starts_nocase(text, word))
			return true;
	return false;
}

void rule_alarm(struct counsel *c)
{
	const char *text = event_has(c->event, FIELD_REASON) ? c->event->reason : "";

	if (contains_nocase(text, "hardware compat") || contains_nocase(text, "rejected hc"))
		counsel_give(c, ADVICE_HARDWARE_MISMATCH, "reports \"%.120s\"", text);
	else if (contains_nocase(text, "auth fail") || contains_nocase(text, "authentication fail"))
		counsel_give(c, ADVICE_AUTH_FAILED, "reports \"%.120s\"", text);
}

void rule_registered(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	char span[SPELL_MAX];

	if (c->phone->stage != PHONE_RECOVERED || w->registers < REGISTERS_ENOUGH ||
	    c->now - c->phone->stage_ms < LIST_MS)
		return;
	counsel_give(c, ADVICE_NO_LINE, "has registered %u times in the %s since it came back",
		     w->registers, spell(span, c->now - c->phone->stage_ms));
}

/* ---- time ---- */

static int64_t dark_ms(const struct phone *phone)
{
	uint32_t minutes = phone->model ? phone->model->dark_minutes : 0;

	return (int64_t)(minutes ? minutes : DARK_MINUTES) * 60000;
}

static bool was_said(const struct phone_watch *w, enum advice a)
{
	for (unsigned i = 0; i < ADVICE_SAID_MAX; i++)
		if (w->said[i] == a && w->said_ms[i] >= w->last_ms)
			return true;
	return false;
}

static int64_t silent_due(const struct phone *phone, enum advice *a)
{
	const struct phone_watch *w = &phone->watch;
	int64_t dark = w->last_ms + dark_ms(phone), idle = w->acted_ms + dark_ms(phone);

	if (!w->acted_ms)
		return INT64_MAX;
	switch (phone->stage) {
	case PHONE_SEEN:
	case PHONE_LEASED:
		*a = ADVICE_LEASED_SILENT;
		return w->leased && phone->model ? idle : INT64_MAX;
	case PHONE_LISTED:
		*a = phone->bundle && phone->bundle->family == MODEL_LEGACY
			     ? ADVICE_LEGACY_LIST_ONLY
			     : ADVICE_LIST_NO_MEMBER;
		return w->acted_ms + LIST_MS;
	case PHONE_FETCHING: *a = ADVICE_FETCH_STALLED; return idle;
	case PHONE_WRITING:
		if (phone->model && phone->model->dark_minutes == 0) {
			*a = ADVICE_NOT_BACK;
			return w->acted_ms + NOT_BACK_MS;
		}
		*a = was_said(w, ADVICE_DARK_TOO_LONG) ? ADVICE_DARK_AN_HOUR : ADVICE_DARK_TOO_LONG;
		if (*a == ADVICE_DARK_TOO_LONG)
			return dark;
		return dark > w->last_ms + HOUR_MS ? dark : w->last_ms + HOUR_MS;
	case PHONE_BACK: /* one that only started, and was never fed, may well be content */
		*a = ADVICE_BACK_SILENT;
		return phone->on_step || phone->ever ? w->acted_ms + NOT_BACK_MS : INT64_MAX;
	case PHONE_RECOVERED:
	case PHONE_STAGE_COUNT: break;
	}
	return INT64_MAX;
}

int64_t rule_due(const struct phone *phone, enum advice *a, bool *clear)
{
	const struct phone_watch *w = &phone->watch;
	enum advice silent = ADVICE_NONE;
	int64_t at = INT64_MAX, other;

	*clear = false;
	if (w->loader_ms) {
		*a = ADVICE_LOADER_NO_DHCP;
		at = counsel_may(phone, *a, w->loader_ms + LOADER_MS);
	}
	other = w->last_ms ? silent_due(phone, &silent) : INT64_MAX;
	if (other != INT64_MAX)
		other = counsel_may(phone, silent, other);
	if (other < at) {
		*a = silent;
		at = other;
	}
	if (w->given == ADVICE_TWO_LOADS && w->flip_ms + FLIP_OVER_MS < at) {
		*clear = true;
		at = w->flip_ms + FLIP_OVER_MS;
	}
	return at;
}

void rule_time(struct counsel *c, enum advice a)
{
	const struct phone *phone = c->phone;
	const struct phone_watch *w = &phone->watch;
	const char *load = phone->load[0] ? phone->load : "its firmware";
	bool dark = a == ADVICE_DARK_TOO_LONG || a == ADVICE_DARK_AN_HOUR;
	char span[SPELL_MAX];

	spell(span, c->now - (a == ADVICE_LOADER_NO_DHCP ? w->loader_ms
			      : dark			 ? w->last_ms
							 : w->acted_ms));
	switch ((unsigned)a) {
	case ADVICE_LOADER_NO_DHCP:
		counsel_give(c, a, "announces %s and has asked for no address in %s", w->loader,
			     span);
		break;
	case ADVICE_LEASED_SILENT:
		counsel_give(c, a, "took an address %s ago and has asked for nothing since", span);
		break;
	case ADVICE_LIST_NO_MEMBER:
	case ADVICE_LEGACY_LIST_ONLY:
		counsel_give(c, a,
			     "has the packing list of %s and has asked for none of its files in %s",
			     load, span);
		break;
	case ADVICE_FETCH_STALLED:
		counsel_give(c, a,
			     "stopped in the middle of %s and has asked for nothing more in %s",
			     load, span);
		break;
	case ADVICE_BACK_SILENT:
		counsel_give(c, a, "%s and has asked for nothing more in %s",
			     phone->on_step ? "runs a stepping stone of its way"
					    : "came back after its firmware",
			     span);
		break;
	case ADVICE_NOT_BACK:
		counsel_give(c, a,
			     "took the last file of %s %s ago and has asked for nothing since",
			     load, span);
		break;
	default:
		counsel_give(c, a, "has been silent for %s since it took the last file of %s", span,
			     load);
		break;
	}
}
