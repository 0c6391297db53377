/* SPDX-License-Identifier: MIT */
/*
 * How an advice is said and taken back.
 *
 * One stands per phone. Another takes its place when it knows more: each has a rank, and the
 * tracker's own words about a refusal are worth more than a rule of thumb. The one that stands
 * is not repeated; one that was taken back is not said again within ADVICE_AGAIN_MS, so
 * that a phone that comes and goes does not fill the screen.
 *
 * It ends when the phone does what the advice says it does not (a sign), or gets to a stage in
 * which the advice makes no sense.
 */
#include "advice_inner.h"

#include "reflashd/hash.h"
#include "reflashd/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BIT(stage) (1u << (stage))
#define EARLY	   (BIT(PHONE_SEEN) | BIT(PHONE_LEASED) | BIT(PHONE_STAGE_COUNT))
#define ANY_STAGE  (~0u)
#define FETCHED	   (SIGN_LIST | SIGN_IMAGE)

static const struct standing {
	unsigned rank;
	unsigned stages; /* in which it can stand */
	unsigned ends;	 /* the signs that end it */
	enum event_severity severity;
} standing_table[ADVICE_COUNT] = {
	[ADVICE_LIST_REFUSED] = {3, EARLY | BIT(PHONE_LISTED) | BIT(PHONE_BACK), 0,
				 SEVERITY_WARNING},
	[ADVICE_NO_BUNDLE_HELPS] = {3,
				    EARLY | BIT(PHONE_LISTED) | BIT(PHONE_BACK) |
					    BIT(PHONE_RECOVERED),
				    0, SEVERITY_WARNING},
	[ADVICE_STAYS_ON_STEP] = {3, BIT(PHONE_BACK) | BIT(PHONE_RECOVERED), 0, SEVERITY_WARNING},
	[ADVICE_DHCP_NO_TFTP] = {1, ANY_STAGE, SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_LOW_POWER] = {2, ANY_STAGE, SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_OLD_BOOT_CODE] = {3, ANY_STAGE, SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_NO_FILE_REQUEST] = {2, ANY_STAGE, SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_DHCP_RIVAL] = {4, ANY_STAGE, SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_OFFER_UNANSWERED] = {1, ANY_STAGE, SIGN_ACK | SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_LOADER_IGNORES_OFFERS] = {2, ANY_STAGE, SIGN_ACK | SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_NO_ADDRESS] = {2, ANY_STAGE, SIGN_ACK | SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_KEEPS_ADDRESS] = {2, ANY_STAGE, SIGN_ACK, SEVERITY_WARNING},
	[ADVICE_ADDRESS_CONFLICT] = {2, ANY_STAGE, SIGN_BYTES, SEVERITY_WARNING},
	[ADVICE_TFTP_ELSEWHERE] = {3, ANY_STAGE, SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_LEASED_SILENT] = {1, ANY_STAGE, SIGN_ACTED, SEVERITY_WARNING},
	[ADVICE_LOADER_NO_DHCP] = {1, ANY_STAGE, SIGN_DHCP | SIGN_REQUEST, SEVERITY_WARNING},
	[ADVICE_ANSWERS_LOST] = {2, ANY_STAGE, SIGN_BYTES, SEVERITY_WARNING},
	[ADVICE_TRANSFERS_BREAK] = {1, EARLY | BIT(PHONE_LISTED) | BIT(PHONE_FETCHING), SIGN_IMAGE,
				    SEVERITY_WARNING},
	[ADVICE_MEMBER_MISSING] = {2, EARLY | BIT(PHONE_LISTED) | BIT(PHONE_FETCHING), SIGN_FILE,
				   SEVERITY_WARNING},
	[ADVICE_NO_BUNDLE] = {2, EARLY | BIT(PHONE_BACK), FETCHED, SEVERITY_WARNING},
	[ADVICE_HELD_BACK] = {2, ANY_STAGE, FETCHED, SEVERITY_WARNING},
	[ADVICE_LOAD_NOT_HERE] = {2, EARLY | BIT(PHONE_LISTED) | BIT(PHONE_BACK), FETCHED,
				  SEVERITY_WARNING},
	[ADVICE_IMAGE_NOT_HERE] = {2, ANY_STAGE, SIGN_IMAGE, SEVERITY_WARNING},
	[ADVICE_LIST_NO_MEMBER] = {1, EARLY | BIT(PHONE_LISTED), SIGN_IMAGE, SEVERITY_WARNING},
	[ADVICE_LEGACY_LIST_ONLY] = {2, EARLY | BIT(PHONE_LISTED), SIGN_IMAGE, SEVERITY_WARNING},
	[ADVICE_WRONG_MODEL] = {4, EARLY | BIT(PHONE_LISTED) | BIT(PHONE_BACK), SIGN_IMAGE,
				SEVERITY_WARNING},
	[ADVICE_SIGNED_CONFIG] = {2, EARLY | BIT(PHONE_BACK), SIGN_CONFIG, SEVERITY_WARNING},
	[ADVICE_CTL_LOOP] = {2, ANY_STAGE, SIGN_ONWARD, SEVERITY_WARNING},
	[ADVICE_CONFIG_LOOP] = {1, BIT(PHONE_BACK), SIGN_APPLICATION, SEVERITY_WARNING},
	[ADVICE_TWO_LOADS] = {3, ANY_STAGE, 0, SEVERITY_WARNING},
	[ADVICE_NO_LINE] = {1, BIT(PHONE_RECOVERED), 0, SEVERITY_INFO},
	[ADVICE_DARK_TOO_LONG] = {1, BIT(PHONE_WRITING), SIGN_ALIVE, SEVERITY_NOTICE},
	[ADVICE_DARK_AN_HOUR] = {2, BIT(PHONE_WRITING), SIGN_ALIVE, SEVERITY_WARNING},
	[ADVICE_FETCH_STALLED] = {1, BIT(PHONE_FETCHING), SIGN_ACTED, SEVERITY_WARNING},
	[ADVICE_NOT_BACK] = {1, BIT(PHONE_WRITING), SIGN_ACTED, SEVERITY_WARNING},
	[ADVICE_BACK_SILENT] = {1, BIT(PHONE_BACK), SIGN_ACTED, SEVERITY_WARNING},
	[ADVICE_HARDWARE_MISMATCH] = {4, ANY_STAGE, SIGN_IMAGE, SEVERITY_WARNING},
	[ADVICE_AUTH_FAILED] = {3, ANY_STAGE, SIGN_IMAGE, SEVERITY_WARNING},
};

const char *spell(char out[SPELL_MAX], int64_t ms)
{
	int64_t seconds = ms / 1000;

	if (seconds < 120)
		text_format(out, SPELL_MAX, "%" PRId64 " second%s", seconds,
			    seconds == 1 ? "" : "s");
	else
		text_format(out, SPELL_MAX, "%" PRId64 " minutes", (seconds + 30) / 60);
	return out;
}

/* Two names with one mark cost at worst an advice that came too early. */
uint32_t mark(const char *name)
{
	uint32_t h = HASH32;

	for (; *name; name++) {
		char c = text_lower(*name);

		h = hash32(h, &c, 1);
	}
	return h ? h : 1;
}

bool counsel_stands_in(enum advice a, enum phone_stage stage)
{
	return standing_table[a].stages >> stage & 1;
}

int64_t counsel_may(const struct phone *phone, enum advice a, int64_t at)
{
	const struct phone_watch *w = &phone->watch;

	if (w->given == a || (w->given && standing_table[w->given].rank >= standing_table[a].rank))
		return INT64_MAX;
	for (unsigned i = 0; i < ADVICE_SAID_MAX; i++)
		if (w->said[i] == a && at < w->said_ms[i] + ADVICE_AGAIN_MS)
			at = w->said_ms[i] + ADVICE_AGAIN_MS;
	return at;
}

static void remember(struct counsel *c, enum advice a)
{
	struct phone_watch *w = &c->phone->watch;
	unsigned i, oldest = 0;

	for (i = 0; i < ADVICE_SAID_MAX; i++) {
		if (w->said[i] == a || w->said[i] == ADVICE_NONE)
			break;
		if (w->said_ms[i] < w->said_ms[oldest])
			oldest = i;
	}
	if (i == ADVICE_SAID_MAX)
		i = oldest;
	w->said[i] = (uint8_t)a;
	w->said_ms[i] = c->now;
	w->given = a;
}

static struct event *speak(struct counsel *c, enum event_type type, enum advice a)
{
	struct event *e;

	must(c->out->event_count < ARRAY_LEN(c->out->events));
	e = &c->out->events[c->out->event_count++];
	event_init(e, type);
	event_set_mac(e, c->phone->mac);
	event_set_text(e, FIELD_CODE, advice_words(a)->code);
	return e;
}

void counsel_give(struct counsel *c, enum advice a, const char *observation, ...)
{
	const struct advice_words *words = advice_words(a);
	const struct model *model = c->phone->model;
	char mac[MAC_TEXT_MAX], clause[sizeof(((struct event *)0)->observation) - 5];
	struct event *e;
	va_list ap;

	if (counsel_may(c->phone, a, c->now) > c->now || !counsel_stands_in(a, c->phone->stage))
		return;
	remember(c, a);
	va_start(ap, observation);
	vsnprintf(clause, sizeof(clause), observation, ap);
	va_end(ap);
	mac_format(c->phone->mac, mac);
	e = speak(c, EVENT_PHONE_ADVICE, a);
	e->severity = standing_table[a].severity;
	event_set_format(e, FIELD_OBSERVATION, "It %s.", clause);
	event_say(e, "%s%s%s%s %s. %s%s%s%s%s", mac, model ? " (" : "", model ? model->id : "",
		  model ? ")" : "", clause, words->means, words->to_do[0] ? " " : "", words->to_do,
		  words->not_to_do[0] ? " " : "", words->not_to_do);
}

void counsel_adopt(struct counsel *c)
{
	for (unsigned i = 0; i < c->out->event_count; i++) {
		const struct event *e = &c->out->events[i];

		if (e->type == EVENT_PHONE_ADVICE && mac_equal(e->mac, c->phone->mac))
			remember(c, advice_find(e->code));
	}
}

void counsel_clear(struct counsel *c)
{
	speak(c, EVENT_PHONE_CLEARED, c->phone->watch.given);
	c->phone->watch.given = ADVICE_NONE;
}

void counsel_end(struct counsel *c, unsigned signs)
{
	enum advice a = c->phone->watch.given;

	if (a && (standing_table[a].ends & signs))
		counsel_clear(c);
}
