/* SPDX-License-Identifier: MIT */
/*
 * What follows from the files that a phone asks for: answers that do not reach it, parts that are
 * missing, lists that lead nowhere, configurations that are not taken.
 *
 * What looks like trouble and is none (phones.md 4.2, 4.4, 11): a CTL, ITL, dial plan or tone file
 * that is not there; the walk of a 7940/7960 that comes twice; a SIP 7940 without a line that asks
 * for its own SIP file every 31 seconds; a file that is fetched twice because a transfer was cut.
 */
#include "advice_inner.h"

#include "reflashd/text.h"

#include <inttypes.h>
#include <string.h>

#define REPEATS_ENOUGH	  5 /* of one name in a row, as recorded: 5 times, 4 s apart (4.4) */
#define HEARD_MS	  INT64_C(120000) /* our answers reached it not long ago */
#define UNANSWERED_ENOUGH 2
#define BROKEN_ENOUGH	  3
#define WALKS_ENOUGH	  3
#define WALKS_MS	  INT64_C(60000)
#define IDLE_WALKS_ENOUGH 8 /* after it was proven alive; without a telephone system */
#define IDLE_WALKS_MS	  INT64_C(300000)
#define LISTS_ENOUGH	  3
#define CTL_LOOPS_ENOUGH  2

static enum model_family family(const struct phone *phone)
{
	return phone->bundle  ? phone->bundle->family
	       : phone->model ? phone->model->family
			      : MODEL_JAVA;
}

static void walked(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	int64_t ms = c->now - w->walks_ms;
	char span[SPELL_MAX];

	if (c->phone->stage == PHONE_BACK && w->walks >= WALKS_ENOUGH && ms >= WALKS_MS)
		counsel_give(c, ADVICE_CONFIG_LOOP,
			     "asked for its configuration %u times in %s and never for what comes "
			     "after it",
			     w->walks, spell(span, ms));
	else if (c->phone->stage == PHONE_RECOVERED && w->walks >= IDLE_WALKS_ENOUGH &&
		 ms >= IDLE_WALKS_MS)
		counsel_give(c, ADVICE_NO_LINE,
			     "runs, and has asked for its configuration %u times since, in %s",
			     w->walks, spell(span, ms));
}

void rule_asked(struct counsel *c, enum request_kind kind)
{
	const struct phone_watch *w = &c->phone->watch;

	if (w->repeats >= REPEATS_ENOUGH && c->now - w->heard_ms > HEARD_MS)
		counsel_give(c, ADVICE_ANSWERS_LOST,
			     "asked for %.60s %u times in a row, every few seconds", c->event->file,
			     w->repeats);
	if (kind == REQUEST_CONFIG || kind == REQUEST_XMLDEFAULT || kind == REQUEST_LEGACY_CONFIG)
		walked(c);
}

void rule_ctl(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;

	if (w->ctl_loops >= CTL_LOOPS_ENOUGH)
		counsel_give(c, ADVICE_CTL_LOOP,
			     "asked for its CTL file several times and then for an address again, "
			     "%u times over",
			     w->ctl_loops);
}

/* ---- not here ---- */

/* Which load it would take, as a clause; "" when the model is not known. */
static void needed(const struct counsel *c, const char *base, char *out, size_t size)
{
	const struct model *m = c->phone->model;

	if (!m)
		m = models_by_term(c->phones->models, base);
	if (!m)
		m = models_by_recovery(c->phones->models, base);
	out[0] = '\0';
	if (!m || !m->prefixes[0][0])
		return;
	text_format(out, size, "; a %s needs a load that begins with %s%s%s", m->id, m->prefixes[0],
		    m->prefixes[1][0] ? " or " : "", m->prefixes[1]);
}

static void missed_member(struct counsel *c, const char *base)
{
	const struct phone *phone = c->phone;

	if (phone->load[0] && (phone->stage == PHONE_LISTED || phone->stage == PHONE_FETCHING)) {
		counsel_give(c, ADVICE_MEMBER_MISSING,
			     "asked for %.60s, a part of %s that is not here", base, phone->load);
	} else if (family(phone) == MODEL_KUP) {
		counsel_give(c, ADVICE_IMAGE_NOT_HERE, "asked for %.60s, which is not here", base);
	} else {
		counsel_give(c, ADVICE_LOAD_NOT_HERE, "asked for %.60s, which is not here", base);
	}
}

/* A recorded stream of an earlier version does not tell why. */
static void held_back(struct counsel *c, const char *base)
{
	const char *why = event_has(c->event, FIELD_WHY) ? c->event->why : "";

	counsel_give(c, ADVICE_HELD_BACK, "asked for %.40s, which is held back%s%.110s%s", base,
		     *why ? ": " : "", why, strlen(why) > 110 ? "..." : "");
}

void rule_missed(struct counsel *c, enum request_kind kind, const char *base)
{
	const struct phone_watch *w = &c->phone->watch;
	const char *reason = event_has(c->event, FIELD_REASON) ? c->event->reason : "";
	/* These try other names of one thing after another, and that is their way. */
	bool patient = family(c->phone) != MODEL_JAVA && w->misses < 2;
	char what[80];

	if (kind == REQUEST_CONFIG && text_ends_nocase(base, ".sgn"))
		counsel_give(c, ADVICE_SIGNED_CONFIG, "asked for %.60s, a signed configuration",
			     base);
	if (strcmp(reason, "withheld") == 0)
		held_back(c, base);
	if (strcmp(reason, "unknown") != 0)
		return;
	needed(c, base, what, sizeof(what));
	if (kind == REQUEST_DEFAULT_LOADS || kind == REQUEST_RECOVERY || kind == REQUEST_OS79XX)
		counsel_give(c, ADVICE_NO_BUNDLE, "asked for %.40s, and no firmware here has it%s",
			     base, what);
	else if (kind == REQUEST_IMAGE && !patient)
		missed_member(c, base);
	else if (kind == REQUEST_LOADS && !patient)
		counsel_give(c, ADVICE_LOAD_NOT_HERE,
			     "was told to fetch %.60s, and that is not here", base);
}

/* ---- transfers ---- */

void rule_aborted(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;
	const char *file = event_has(c->event, FIELD_FILE) ? c->event->file : "a file";

	if (w->unanswered >= UNANSWERED_ENOUGH)
		counsel_give(
			c, ADVICE_ANSWERS_LOST,
			"began to fetch %u files, last %.60s, and acknowledged nothing of them",
			w->unanswered, file);
	else if (w->broken >= BROKEN_ENOUGH)
		counsel_give(
			c, ADVICE_TRANSFERS_BREAK,
			"broke off %u transfers, the last one of %.60s after %" PRIu64 " bytes",
			w->broken, file, event_has(c->event, FIELD_BYTES) ? c->event->bytes : 0);
}

/* ---- lists ---- */

void rule_listed(struct counsel *c)
{
	const struct phone_watch *w = &c->phone->watch;

	if (family(c->phone) == MODEL_LEGACY && c->phone->stage == PHONE_LISTED &&
	    w->lists >= LISTS_ENOUGH)
		counsel_give(c, ADVICE_LEGACY_LIST_ONLY,
			     "took the list of %s %u times and asked for none of its files",
			     c->phone->load[0] ? c->phone->load : "its firmware", w->lists);
}

/* It fetches parts of a load: is it the one before the last? */
void rule_loads(struct counsel *c, const char *before)
{
	if (c->phone->watch.flipped)
		counsel_give(c, ADVICE_TWO_LOADS,
			     "fetches two loads in turn: %s, then %s, and now %s again",
			     c->phone->load, before, c->phone->load);
	c->phone->watch.flipped = false;
}

void rule_wrong_model(struct counsel *c)
{
	const struct model *m = c->phone->model;
	const struct bundle *b = NULL;
	char models[64];

	for (unsigned i = 0; m && i < c->out->event_count; i++) {
		const struct event *e = &c->out->events[i];

		if (e->type == EVENT_PHONE_STAGE && event_has(e, FIELD_LOAD) &&
		    strcmp(e->stage, "refused") == 0)
			b = library_bundle(c->phones->library, e->load);
	}
	if (!b || !b->models || (b->models & model_bit(c->phones->models, m)))
		return;
	model_set_text(c->phones->models, b->models, '/', models, sizeof(models));
	counsel_give(c, ADVICE_WRONG_MODEL,
		     "took the list of %s, firmware of the %s, and asked for none of its files",
		     b->load, models);
}
