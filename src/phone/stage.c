/* SPDX-License-Identifier: MIT */
/*
 * The stages of a phone, and the sentences that announce them. Each sentence says what was
 * seen; what follows from it is said as advice ("do not unplug it"), not as a fact.
 */
#include "fold.h"

#include "reflashd/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define SENTENCE_MAX 480

const char *phone_stage_name(enum phone_stage s)
{
	static const char *const name[PHONE_STAGE_COUNT] = {
		[PHONE_SEEN] = "seen",		 [PHONE_LEASED] = "leased",
		[PHONE_LISTED] = "listed",	 [PHONE_FETCHING] = "fetching",
		[PHONE_WRITING] = "writing",	 [PHONE_BACK] = "back",
		[PHONE_RECOVERED] = "recovered",
	};

	must((unsigned)s < PHONE_STAGE_COUNT);
	return name[s];
}

const char *phone_proof_name(enum phone_proof proof)
{
	static const char *const name[PHONE_PROOF_COUNT] = {
		[PROOF_NONE] = "none", [PROOF_REQUESTS] = "requests", [PROOF_HTTP] = "http",
		[PROOF_SIP] = "sip",   [PROOF_SCCP] = "sccp",	      [PROOF_CDP] = "cdp",
	};

	must((unsigned)proof < PHONE_PROOF_COUNT);
	return name[proof];
}

struct event *fold_event(struct fold *s, enum event_type type)
{
	struct event *e;

	must(s->out->event_count < ARRAY_LEN(s->out->events));
	e = &s->out->events[s->out->event_count++];
	event_init(e, type);
	event_set_mac(e, s->phone->mac);
	if (s->phone->model)
		event_set_text(e, FIELD_MODEL, s->phone->model->id);
	return e;
}

/* "00:1b:54:ca:01:02 (7970) " and the clause. */
static void say(struct fold *s, struct event *e, const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void say(struct fold *s, struct event *e, const char *format, va_list ap)
{
	const struct model *model = s->phone->model;
	char mac[MAC_TEXT_MAX], clause[SENTENCE_MAX];

	mac_format(s->phone->mac, mac);
	vsnprintf(clause, sizeof(clause), format, ap);
	event_say(e, "%s%s%s%s %s", mac, model ? " (" : "", model ? model->id : "",
		  model ? ")" : "", clause);
}

static struct event *move(struct fold *s, enum phone_stage stage, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static struct event *move(struct fold *s, enum phone_stage stage, const char *format, ...)
{
	struct event *e = fold_event(s, EVENT_PHONE_STAGE);
	va_list ap;

	s->moved = true;
	s->phone->stage = stage;
	s->phone->stage_ms = s->event->wall_ms;
	s->phone->proof_due_ms = 0;
	event_set_text(e, FIELD_STAGE, phone_stage_name(stage));
	if (s->phone->load[0])
		event_set_text(e, FIELD_LOAD, s->phone->load);
	va_start(ap, format);
	say(s, e, format, ap);
	va_end(ap);
	return e;
}

/* A recovered phone that is fed once more: its clock starts anew, and a year of service
 * between the two does not count. */
static void begin_again(struct fold *s)
{
	if (s->phone->stage != PHONE_RECOVERED)
		return;
	s->phone->first_ms = s->event->wall_ms;
	s->phone->again = true;
}

void fold_seen(struct fold *s)
{
	if (s->phone->stage != PHONE_STAGE_COUNT)
		return;
	move(s, PHONE_SEEN, "was seen for the first time.")->severity = SEVERITY_INFO;
}

void fold_leased(struct fold *s)
{
	char ip[IP4_TEXT_MAX];

	ip4_format(s->phone->ip, ip);
	/* dhcp.ack says the same to people at this moment. */
	move(s, PHONE_LEASED, "has the address %s.", ip)->severity = SEVERITY_DEBUG;
}

static unsigned bundle_images(const struct fold *s)
{
	const struct bundle *b = s->phone->bundle;
	unsigned n = 0;

	for (unsigned i = 0; b && i < b->file_count; i++)
		n += s->phones->library->file[b->files[i]].role == FILE_IMAGE;
	return n;
}

void fold_listed(struct fold *s, const char *file)
{
	struct phone *phone = s->phone;
	unsigned n = bundle_images(s);

	if (phone->stage == PHONE_LISTED)
		return;
	begin_again(s);
	phone->config_asked = false;
	if (phone->stage == PHONE_FETCHING || phone->stage == PHONE_WRITING)
		move(s, PHONE_LISTED, "starts over: it fetched the packing list of %s again.",
		     phone->load[0] ? phone->load : "its firmware");
	else if (n == 0 || !phone->load[0])
		move(s, PHONE_LISTED, "has its packing list%s%s.", file ? ", " : "",
		     file ? file : "");
	else
		move(s, PHONE_LISTED, "has the packing list of %s, which names %u file%s.",
		     phone->load, n, n == 1 ? "" : "s");
}

void fold_fetching(struct fold *s)
{
	struct phone *phone = s->phone;

	begin_again(s);
	phone->config_asked = false;
	progress_begin(s);
	if (phone->load[0])
		move(s, PHONE_FETCHING, "fetches the firmware %s.", phone->load);
	else
		move(s, PHONE_FETCHING, "fetches the firmware file %s.", s->event->file);
}

void fold_writing(struct fold *s)
{
	const struct model *model = s->phone->model;
	char dark[80] = "";

	if (model && model->dark_minutes)
		text_format(dark, sizeof(dark),
			    " The screen stays black for up to %" PRIu32 " minutes.",
			    model->dark_minutes);
	move(s, PHONE_WRITING, "has everything and writes its flash now.%s Do not unplug it.",
	     dark);
}

/* What was handed over is not what runs, as far as was seen. */
static void hide_load(struct event *e)
{
	e->present &= ~((uint64_t)1 << FIELD_LOAD);
}

void fold_back(struct fold *s)
{
	struct phone *phone = s->phone;

	if (phone->ever == 0)
		hide_load(move(s, PHONE_BACK, "runs, and asks for its configuration."));
	else if (phone->config_asked)
		move(s, PHONE_BACK, "is back and asks for its configuration.");
	else
		move(s, PHONE_BACK, "is back and asks for %s.", s->event->file);
}

static void say_clause(struct fold *s, struct event *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say_clause(struct fold *s, struct event *e, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(s, e, format, ap);
	va_end(ap);
}

/* What was handed over before the flash was emptied again proves nothing any more. */
void fold_empty(struct fold *s)
{
	struct phone *phone = s->phone;
	const char *term = phone->model ? phone->model->term : "";
	struct event *e;

	if (phone->stage >= PHONE_BACK && phone->stage < PHONE_STAGE_COUNT) {
		begin_again(s);
		phone->config_asked = false;
		phone->stage = phone->ip ? PHONE_LEASED : PHONE_SEEN;
		phone->fetched = phone->ever = phone->unsure = 0;
	}
	s->moved = true;
	phone->stage_ms = s->event->wall_ms;
	phone->proof_due_ms = 0;
	e = fold_event(s, EVENT_PHONE_STAGE);
	event_set_text(e, FIELD_STAGE, "erased");
	say_clause(s, e,
		   "has no firmware: its loader is alive and announces %s. It will ask for %s; "
		   "leave it plugged in.",
		   phone->announced, term[0] ? term : "its packing list");
}

/* It lives, and its plan goes on: no recovery yet. */
static void next_step(struct fold *s, const struct plan *plan, bool whole, bool erased)
{
	struct phone *phone = s->phone;
	struct event *e = fold_event(s, EVENT_PHONE_STAGE);

	s->moved = true;
	phone->stage = PHONE_BACK;
	phone->stage_ms = s->event->wall_ms;
	phone->proof_due_ms = 0;
	phone->fetched = phone->ever = 0;
	phone->revived = phone->revived || erased;
	phone->on_step = true;
	event_set_text(e, FIELD_STAGE, "next-step");
	if (whole)
		event_set_text(e, FIELD_LOAD, phone->load);
	say_clause(s, e,
		   "%s %s, the stepping stone on its way to %s. It will now fetch %s. Do not "
		   "unplug it.",
		   whole ? "runs" : "is alive, most likely with", phone->load, plan->target->load,
		   plan->step[0].bundle->load);
}

/* Nothing here takes it any further. */
static void say_what_is_missing(struct fold *s, const struct plan *plan)
{
	struct event *e = fold_event(s, EVENT_PHONE_ADVICE);

	event_set_text(e, FIELD_CODE, "no-bundle-helps");
	say_clause(s, e, "cannot be taken further with the firmware that is here. %s", plan->need);
}

static void say_it_stays(struct fold *s, const char *next)
{
	struct event *e = fold_event(s, EVENT_PHONE_ADVICE);

	event_set_text(e, FIELD_CODE, "stays-on-step");
	say_clause(
		s, e,
		"was told to go on to %s and does not look at it. Is there an XMLDefault.cnf.xml "
		"or SEP file of your own in the firmware folder that names another load?",
		next);
}

static const char *times_text(unsigned times, char out[24])
{
	if (times < 2)
		return "";
	if (times == 2)
		return ", twice";
	text_format(out, 24, ", %u times", times);
	return out;
}

/* observed: a clause whose subject is the phone. sure: it can mean nothing else. */
static void say_refused(struct fold *s, const char *load, const struct plan *plan,
			const char *observed, bool sure)
{
	const struct bundle *b = library_bundle(s->phones->library, load);
	bool new_key = b && bundle_generation(b) == GENERATION_G2;
	const char *next = plan->count ? plan->step[0].bundle->load : NULL;
	struct event *e = fold_event(s, EVENT_PHONE_STAGE);

	e->severity = SEVERITY_WARNING;
	s->phone->stage_ms = s->event->wall_ms;
	event_set_text(e, FIELD_STAGE, "refused");
	event_set_text(e, FIELD_LOAD, load);
	say_clause(s, e, "%s: %s this firmware, %s because %s%s%s.", observed,
		   sure ? "it refuses" : "most likely it refuses", sure ? "most likely" : "perhaps",
		   new_key ? "it is signed with the new key and the phone knows only the old one"
			   : "the code of the phone is too old for it, or its hardware too new",
		   next ? "; it is offered next: " : "", next ? next : "");
	if (!next && plan->state != PLAN_DONE) {
		say_what_is_missing(s, plan);
		return;
	}
	e = fold_event(s, EVENT_PHONE_ADVICE);
	e->severity = SEVERITY_NOTICE;
	event_set_text(e, FIELD_CODE, "list-refused");
	if (!next)
		say_clause(s, e,
			   "already runs %s, the load to end at. If an XMLDefault.cnf.xml or SEP "
			   "file of your own names %s, correct it.",
			   s->phone->runs, load);
	else if (plan->state == PLAN_SHORT)
		say_clause(s, e, "can go a part of the way only. %s", plan->need);
	else
		say_clause(s, e, "needs no help: leave it plugged in. From now on it is given %s.",
			   next);
}

void fold_refused(struct fold *s, const char *load, unsigned times, const struct plan *plan)
{
	char count[24], observed[200];

	text_format(observed, sizeof(observed),
		    "took the packing list of %s and asked for none of its files%s", load,
		    times_text(times, count));
	say_refused(s, load, plan, observed, true);
}

void fold_not_taken(struct fold *s, const char *load, const struct plan *plan)
{
	char observed[240];

	text_format(observed, sizeof(observed),
		    "took every file of %s, twice, and still announces %s", load,
		    s->phone->announced);
	say_refused(s, load, plan, observed, false);
}

/* Behind "runs LOAD": why we know, without the time. */
static const char *proof_text(enum phone_proof proof, bool named)
{
	static const char *const text[PHONE_PROOF_COUNT] = {
		[PROOF_NONE] = "",
		[PROOF_REQUESTS] = "proven by the requests only a running phone makes",
		[PROOF_HTTP] = "its own web page says so",
		[PROOF_SIP] = "it says so as it registers (SIP)",
		[PROOF_SCCP] = "it says so as it registers (SCCP)",
		[PROOF_CDP] = "it announces so itself (CDP)",
	};

	if (!named && (proof == PROOF_SIP || proof == PROOF_SCCP))
		return proof == PROOF_SIP ? "proven by its registration (SIP)"
					  : "proven by its registration (SCCP)";
	return text[proof];
}

/* A phone without a line looks like a failure to those who do not know the word. */
static const char *line_text(const struct fold *s, enum phone_proof proof)
{
	enum model_family family;

	if ((proof != PROOF_CDP && proof != PROOF_HTTP) || !fold_family(s, &family) ||
	    family != MODEL_JAVA)
		return "";
	return " If its screen says \"Unprovisioned\", that is right: it has no line yet.";
}

struct conclusion {
	enum phone_proof proof;
	bool named, whole, erased;
};

/* It is proven to be where it can get to. */
static void prove(struct fold *s, const struct conclusion *c)
{
	struct phone *phone = s->phone;
	int64_t ms = s->event->wall_ms - phone->first_ms;
	uint64_t seconds = ms > 0 ? (uint64_t)ms / 1000 : 0;
	const char *since = phone->again ? "started over" : "was first seen";
	const char *why = proof_text(c->proof, c->named);
	struct event *e = move(s, PHONE_RECOVERED, "has proven that it runs.");

	e->severity = SEVERITY_DEBUG; /* for programs; people read the next event */
	if (!c->whole)
		hide_load(e);
	e = fold_event(s, EVENT_PHONE_RECOVERED);
	event_set_text(e, FIELD_PROOF, phone_proof_name(c->proof));
	event_set_number(e, FIELD_SECONDS, seconds);
	if (c->whole) {
		event_set_text(e, FIELD_LOAD, phone->load);
		say_clause(s, e, "%s%s%s: %s, %" PRIu64 " second%s after it %s.%s",
			   c->erased ? "is alive again and runs " : "runs ", phone->load,
			   c->erased ? "" : " now", why, seconds, seconds == 1 ? "" : "s", since,
			   line_text(s, c->proof));
	} else {
		say_clause(s, e,
			   "is alive again: %s, %" PRIu64 " second%s after it %s. Not every file "
			   "of a load was seen to arrive, so which load it runs is not known.",
			   why, seconds, seconds == 1 ? "" : "s", since);
	}
	s->phones->recovered += !phone->counted;
	phone->counted = true;
	phone->fetched = phone->ever = 0;
	phone->on_step = phone->revived = phone->on_plan = false;
}

void fold_proven(struct fold *s, enum phone_proof proof, const char *named)
{
	struct phone *phone = s->phone;
	bool stays = phone->on_step && phone->ever == 0;
	struct conclusion c = {.proof = proof, .named = named != NULL, .erased = phone->erased};
	bool on_plan = phone->on_plan || stays;
	struct plan plan;

	c.whole = !phone->unsure && fold_given_whole(s);
	if (stays) { /* what it looked at since is not what it runs */
		fold_adopt(s, phone->runs);
		c.whole = true;
	}
	if (named) {
		on_plan = on_plan && text_equal_nocase(phone->load, named);
		fold_adopt(s, named);
		c.whole = true;
	}
	fold_runs(s, c.whole || phone_lives_by(s->phones, phone) ? phone->load : "");
	phone_plan(s->phones, phone, &plan);
	/* Where it is not known what runs, the plan begins anew: nothing to announce. */
	if (on_plan && !stays && phone->runs[0] && plan.count > 0) {
		next_step(s, &plan, c.whole, c.erased);
	} else {
		c.erased = c.erased || phone->revived;
		prove(s, &c);
	}
	if (on_plan && !stays && plan.state == PLAN_IMPOSSIBLE) /* else it was said just now */
		say_what_is_missing(s, &plan);
	if (stays && plan.count > 0)
		say_it_stays(s, plan.step[0].bundle->load);
}
