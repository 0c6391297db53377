/* SPDX-License-Identifier: MIT */
/*
 * What the tracker knows for the plan: what a phone runs, whether it is erased, what it refused.
 *
 * A refusal is seen, not told: a phone that does not like its packing list asks for none of the
 * files in it and takes the list again (phones.md 4.1 and 11; 7906: two requests within a
 * second, the next two 90 to 150 s later, for ever). So each complete list counts, those within
 * PHONE_ROUND_MS as one round, and a request for a member sets the count back. The refusal is
 * concluded from a request that begins another round:
 *
 *     the default list or LOAD.loads   after a round in which it was fetched twice, or after two
 *                                      rounds; or when it has come complete four times
 *     XMLDefault.cnf.xml               after one round: the image went on without the load
 *
 * A power cut between the list and its first member looks like the end of a round. It shows
 * itself by DHCP, and then two rounds are asked for. Should the phone ask for a member of a
 * refused bundle all the same, the refusal is taken back.
 *
 * A running phone may also take every file and then go on with its old load: by Cisco's readmes it
 * rejects an image that fails its authentication (phones.md 9). Once, that may have been a power
 * cut; when it announces the old load after a second whole bundle, it is a refusal.
 *
 * All this is a fold over events. The answer to the deciding request is chosen before its event
 * exists; phone_facts_asking() foresees the conclusion with the same function.
 *
 * A refusal is one of the code that ran then. It is forgotten when another load runs.
 *
 * 7940/7960 look at their list at every start and 7902/7905/7912 have none: no refusal is ever
 * concluded there.
 */
#include "fold.h"

#include "reflashd/text.h"

#include <string.h>

void phones_aim(struct phones *p, const char *target, bool unfit_too)
{
	text_copy(p->target, sizeof(p->target), target[0] ? target : "newest");
	p->unfit_too = unfit_too;
}

/* ---- refusals ---- */

static bool refused(const struct phone *phone, const char *load)
{
	for (unsigned i = 0; i < phone->refused_count; i++)
		if (text_equal_nocase(phone->refused[i], load))
			return true;
	return false;
}

static bool is_java(const struct phone *phone)
{
	return phone->bundle  ? phone->bundle->family == MODEL_JAVA
	       : phone->model ? phone->model->family == MODEL_JAVA
			      : false;
}

/* Does a request of this kind, now, show that the phone refuses what it was given? */
static bool shows_refusal(const struct phone *phone, enum request_kind kind, int64_t now)
{
	unsigned enough = phone->rebooted ? 2 : 1;

	if (phone->lists == 0 || !phone->load[0] || !is_java(phone) || refused(phone, phone->load))
		return false;
	if (kind == REQUEST_XMLDEFAULT) /* a loader's list says nothing about an image */
		return !phone->erased && phone->rounds >= enough;
	if (kind != REQUEST_DEFAULT_LOADS && kind != REQUEST_LOADS)
		return false;
	if (phone->lists >= 4)
		return true;
	return now - phone->round_ms > PHONE_ROUND_MS &&
	       (phone->rounds >= 2 || (phone->rounds >= enough && phone->lists >= 2));
}

static void forget_rounds(struct phone *phone)
{
	phone->lists = phone->rounds = 0;
	phone->rebooted = false;
}

static void add_refused(char list[PLAN_REFUSED_MAX][72], unsigned *count, const char *load)
{
	if (*count == PLAN_REFUSED_MAX) /* the oldest goes; it is asked again at worst */
		memmove(list[0], list[1], (PLAN_REFUSED_MAX - 1) * sizeof(list[0]));
	else
		++*count;
	text_copy(list[*count - 1], sizeof(list[0]), load);
}

void fold_rebooted(struct fold *s)
{
	if (s->phone->lists > 0)
		s->phone->rebooted = true;
}

void fold_round(struct fold *s)
{
	struct phone *phone = s->phone;

	if (phone->rounds == 0 || s->event->wall_ms - phone->round_ms > PHONE_ROUND_MS)
		phone->rounds++;
	phone->lists++;
	phone->round_ms = s->event->wall_ms;
}

void fold_member(struct fold *s)
{
	forget_rounds(s->phone);
}

void fold_forgive(struct fold *s, const char *load)
{
	struct phone *phone = s->phone;

	for (unsigned i = 0; i < phone->refused_count; i++) {
		if (!text_equal_nocase(phone->refused[i], load))
			continue;
		phone->refused_count--;
		memmove(phone->refused[i], phone->refused[i + 1],
			(phone->refused_count - i) * sizeof(phone->refused[0]));
		s->phones->changes++;
		return;
	}
}

void fold_asks(struct fold *s, enum request_kind kind)
{
	struct phone *phone = s->phone;
	unsigned times = phone->lists;
	struct plan plan;

	if (kind == REQUEST_IMAGE || kind == REQUEST_RECOVERY)
		forget_rounds(phone);
	if (!shows_refusal(phone, kind, s->event->wall_ms))
		return;
	add_refused(phone->refused, &phone->refused_count, phone->load);
	forget_rounds(phone);
	s->phones->changes++;
	phone_plan(s->phones, phone, &plan);
	fold_refused(s, phone->load, times, &plan);
}

void fold_unmoved(struct fold *s)
{
	struct phone *phone = s->phone;
	struct plan plan;

	if (phone->stage != PHONE_BACK || phone->erased || !is_java(phone) || phone->unsure ||
	    !fold_whole(s, phone->fetched) || refused(phone, phone->load))
		return;
	phone->fetched = 0; /* said again, it is the same time */
	if (++phone->unmoved < 2)
		return;
	phone->unmoved = 0;
	phone->ever = 0; /* it does not live by that */
	add_refused(phone->refused, &phone->refused_count, phone->load);
	forget_rounds(phone);
	s->phones->changes++;
	phone_plan(s->phones, phone, &plan);
	fold_not_taken(s, phone->load, &plan);
}

/* ---- what it runs ---- */

static bool whole(const struct phones *p, const struct phone *phone)
{
	/* These ask for nothing but the two. */
	struct fold s = {.phones = (struct phones *)(uintptr_t)p,
			 .phone = (struct phone *)(uintptr_t)phone};

	return !phone->unsure && fold_given_whole(&s);
}

bool phone_lives_by(const struct phones *p, const struct phone *phone)
{
	return phone->ever != 0 && phone->load[0] &&
	       ((phone->erased && is_java(phone)) || whole(p, phone));
}

void fold_runs(struct fold *s, const char *load)
{
	struct phone *phone = s->phone;

	if (phone->erased || !text_equal_nocase(phone->runs, load)) {
		text_copy(phone->runs, sizeof(phone->runs), load);
		phone->refused_count = 0;
	}
	if (load[0] && (!phone->newest[0] || loads_version_compare(load, phone->newest) > 0))
		text_copy(phone->newest, sizeof(phone->newest), load);
	forget_rounds(phone);
	phone->erased = phone->loader_seen = false;
	s->phones->changes++;
}

/* The code that runs now is not the one that refused. */
static void lives(const struct phone *phone, struct phone_facts *facts)
{
	text_copy(facts->runs, sizeof(facts->runs), phone->load);
	if (!facts->newest[0] || loads_version_compare(facts->runs, facts->newest) > 0)
		text_copy(facts->newest, sizeof(facts->newest), facts->runs);
	facts->erased = false;
	facts->refused_count = 0;
}

void phone_facts(const struct phones *p, const struct phone *phone, struct phone_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->model = phone->model;
	text_copy(facts->newest, sizeof(facts->newest), phone->newest);
	facts->erased = phone->erased;
	if (!phone->erased)
		text_copy(facts->runs, sizeof(facts->runs), phone->runs);
	facts->refused_count = phone->refused_count;
	memcpy(facts->refused, phone->refused, sizeof(facts->refused));
	if (phone->stage == PHONE_BACK && phone_lives_by(p, phone))
		lives(phone, facts);
}

void phone_facts_asking(const struct phones *p, const struct phone *phone, const char *base,
			int64_t wall_ms, struct phone_facts *facts)
{
	enum request_kind kind = request_kind(base, p->models);
	bool runs = kind == REQUEST_XMLDEFAULT && is_java(phone) &&
		    phone->stage >= PHONE_FETCHING && phone->stage < PHONE_BACK;

	phone_facts(p, phone, facts);
	if (shows_refusal(phone, kind, wall_ms))
		add_refused(facts->refused, &facts->refused_count, phone->load);
	if (runs && phone_lives_by(p, phone)) /* only a running image asks for that */
		lives(phone, facts);
	if (kind == REQUEST_DEFAULT_LOADS) {
		facts->erased = true;
		facts->runs[0] = '\0';
		if (!facts->model)
			facts->model = models_by_term(p->models, base);
	}
}

void phone_plan(const struct phones *p, const struct phone *phone, struct plan *plan)
{
	struct phone_facts facts;

	phone_facts(p, phone, &facts);
	plan_make(plan, p->library, p->target, p->unfit_too, &facts);
}

void fold_offered(struct fold *s, const char *load)
{
	struct plan plan;

	phone_plan(s->phones, s->phone, &plan);
	s->phone->on_plan = plan.count > 0 && text_equal_nocase(plan.step[0].bundle->load, load);
}
