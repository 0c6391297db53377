/* SPDX-License-Identifier: MIT */
/*
 * The road of the Java phones: 7906, 7911, 7931, 7941 to 7975.
 *
 * What is on record (firmware-formats.md 7.5, 7.6): files up to 8.5(2) are signed with the old
 * key (G1), later ones with a new one (G2), and images from 8.3(3) on hold both. What is
 * inferred from it, and from Cisco's release note: code older than 8.3(3) refuses G2, and a
 * release of 8.3(3) .. 8.5(2), the bridge, is what it takes and what takes it on. Sentences say
 * "most likely" where that inference stands behind them.
 *
 * What is not known is what the loader of an erased phone holds. So it is asked: the target
 * first, and each refusal moves it one step down,
 *
 *     target (G2) → newest bridge → next older G1 bundle → … → what is left
 *
 * and from whatever it takes it walks up again, as a phone that runs that load. A refusal
 * concerns the code that refused; when another load runs, the tracker forgets it.
 *
 * Newer hardware does not take old loads: a phone that was seen running 9.3(1)SR or later
 * (phones.md 8.1) is not walked below 9.3(1).
 */
#include "plan_inner.h"

#include "reflashd/text.h"

#include <string.h>

static bool erased_or_unknown(const struct road *r)
{
	return r->facts->erased || !r->facts->runs[0];
}

/* 7942/62, 7945/65 and 7975 come in newer hardware whose recovery image says "Must use 9.3(1) SR or
 * later release on this phone". */
static bool newer_hardware(const struct road *r)
{
	static const char *const term[] = {"term42", "term62", "term45", "term65", "term75"};
	struct load_version v, limit = {.number = {9, 3, 1}, .sr = 1};

	if (!load_version_parse(r->facts->newest, &v) || load_version_order(&v, &limit) < 0)
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(term); i++)
		if (text_starts_nocase(r->model->term, term[i]))
			return true;
	return false;
}

static bool too_old_for_hardware(const struct road *r, const struct bundle *b)
{
	return newer_hardware(r) && version_against(b->load, 9, 3, 1) < 0;
}

/* In a form in which the phone can be given it: an erased one asks for its default list, a
 * running one for LOAD.loads, which XMLDefault names. */
static bool can_have(const struct road *r, const struct bundle *b, bool by_list)
{
	if (too_old_for_hardware(r, b))
		return false;
	return by_list ? bundle_file(r->library, b, r->model->term) != NULL : !b->term_only;
}

struct wish {
	bool by_list;		    /* for an erased phone */
	bool refused_too;	    /* it will be other code that decides */
	bool bridge, old_key;	    /* must be that */
	const struct bundle *below; /* older than this, or NULL */
	const struct bundle *but;   /* not this one, or NULL */
	const char *above;	    /* newer than this load, or NULL */
};

static bool suits(const struct road *r, const struct bundle *b, const void *argument)
{
	const struct wish *w = argument;

	if (!can_have(r, b, w->by_list) || b == w->but ||
	    (!w->refused_too && facts_refused(r->facts, b->load)))
		return false;
	if ((w->bridge && !bundle_is_bridge(b)) ||
	    (w->old_key && bundle_generation(b) == GENERATION_G2))
		return false;
	if (w->below && loads_version_compare(b->load, w->below->load) >= 0)
		return false;
	return !w->above || loads_version_compare(b->load, w->above) > 0;
}

static const char *key_of(const struct bundle *b)
{
	return b->signature == SIGNATURE_UNSIGNED      ? "no key"
	       : bundle_generation(b) == GENERATION_G2 ? "the new key"
	       : bundle_generation(b) == GENERATION_G1 ? "the old key"
						       : "a key that is not known here";
}

/* "SCCP70.8-5-2S or SIP70.8-5-2S" */
static void bridge_names(const struct model *m, char *out, size_t size)
{
	if (m->prefixes[1][0])
		text_format(out, size, "%s.8-5-2S or %s.8-5-2S", m->prefixes[0], m->prefixes[1]);
	else
		text_format(out, size, "%s.8-5-2S", m->prefixes[0]);
}

/* One that would do if it were whole: nothing to look for elsewhere. */
static const struct bundle *unfit_bridge(const struct road *r)
{
	for (unsigned i = 0; i < r->library->bundle_count; i++) {
		const struct bundle *b = &r->library->bundle[i];

		if (!b->fit && (b->models & model_bit(r->library->models, r->model)) &&
		    bundle_is_bridge(b))
			return b;
	}
	return NULL;
}

static void need_bridge(struct road *r, const char *subject)
{
	const struct bundle *unfit = unfit_bridge(r);
	char names[60];

	if (unfit) {
		road_need(r,
			  "%s. It needs a release from 8.3(3) to 8.5(2) first: %s is here and is "
			  "not fit to be served. Get that bundle again.",
			  subject, unfit->load);
		return;
	}
	bridge_names(r->model, names, sizeof(names));
	road_need(
		r,
		"%s. It needs a release from 8.3(3) to 8.5(2) first, best 8.5(2) (not 8.5(2)SR1): "
		"look for %s.",
		subject, names);
}

static bool takes_new_key(const char *load)
{
	return version_against(load, 8, 3, 3) >= 0;
}

/* From a load that runs, or will, to the target. The refusals count only for what runs now. */
static void climb(struct road *r, const char *load, bool runs_now)
{
	const struct bundle *target = r->plan->target, *bridge;
	struct wish w = {.refused_too = !runs_now, .bridge = true, .but = target};
	char subject[200];

	if (bundle_generation(target) != GENERATION_G2 || takes_new_key(load)) {
		if (bundle_generation(target) == GENERATION_G2)
			road_step(r, target, "signed with the new key, which %s knows", load);
		else
			road_step(r, target, "signed with %s: %s is taken to accept it",
				  key_of(target), load);
		return;
	}
	bridge = road_newest(r, suits, &w);
	if (bridge) {
		road_step(r, bridge,
			  "the stepping stone: signed with the old key, which %s knows, and its "
			  "image knows the new one",
			  load);
		road_step(r, target, "signed with the new key, which %s knows", bridge->load);
		return;
	}
	text_format(subject, sizeof(subject),
		    "%s is older than 8.3(3) and most likely refuses %s, which is signed with the "
		    "new key",
		    load, target->load);
	need_bridge(r, subject);
}

static void from_running(struct road *r)
{
	const struct bundle *target = r->plan->target, *other;
	const char *runs = r->facts->runs;
	struct wish w = {.but = target, .below = target, .above = runs};

	if (!can_have(r, target, false)) {
		road_need(r,
			  "%s lacks the list that a running phone asks for. Get the whole bundle, "
			  "or erase the phone: it asks for %s then.",
			  target->load, r->model->term);
		return;
	}
	if (!facts_refused(r->facts, target->load)) {
		climb(r, runs, true);
		return;
	}
	w.old_key = !takes_new_key(runs);
	other = road_newest(r, suits, &w);
	if (other) {
		road_step(r, other, "%s was refused; this is the next older one", target->load);
		climb(r, other->load, false);
	} else if (!takes_new_key(runs) && bundle_generation(target) == GENERATION_G2) {
		char subject[200];

		text_format(subject, sizeof(subject),
			    "This %s runs %s and refuses %s, most likely because that is signed "
			    "with the new key",
			    r->model->id, runs, target->load);
		need_bridge(r, subject);
	} else {
		road_need(r,
			  "This %s runs %s and refuses %s, although it should know the key. Most "
			  "likely its hardware does not suit this release, or a file was altered: "
			  "try another release.",
			  r->model->id, runs, target->load);
	}
}

/* What an erased phone is offered now; NULL: it has refused all. */
static const struct bundle *offer(const struct road *r)
{
	const struct bundle *target = r->plan->target, *b;
	bool by_list = r->facts->erased;
	struct wish older = {.by_list = by_list, .old_key = true, .below = target};
	struct wish bridge = {.by_list = by_list, .bridge = true, .below = target};
	struct wish newer = {.by_list = by_list, .old_key = true};
	struct wish any = {.by_list = by_list};
	struct wish first = {.by_list = by_list, .refused_too = true};

	if (can_have(r, target, by_list) && !facts_refused(r->facts, target->load))
		return target;
	/* It cannot be given the target itself: the newest that it can be given stands for it. */
	b = can_have(r, target, by_list) ? NULL : road_newest(r, suits, &first);
	if (b && !facts_refused(r->facts, b->load))
		return b;
	b = road_newest(r, suits, &bridge);
	if (!b)
		b = road_newest(r, suits, &older);
	/* Not on record that this helps; but all else has been refused, and it harms nothing. */
	if (!b)
		b = road_newest(r, suits, &newer);
	return b ? b : road_newest(r, suits, &any);
}

static bool nothing_is_signed(const struct road *r)
{
	for (unsigned i = 0; i < r->library->bundle_count; i++) {
		const struct bundle *b = &r->library->bundle[i];

		if (b->fit && (b->models & model_bit(r->library->models, r->model)) &&
		    b->signature != SIGNATURE_UNSIGNED)
			return false;
	}
	return true;
}

static void need_anything(struct road *r)
{
	const struct bundle *target = r->plan->target;
	char subject[200];
	struct wish bridge = {.by_list = r->facts->erased, .refused_too = true, .bridge = true};
	struct wish newest = {.by_list = r->facts->erased, .refused_too = true};

	if (newer_hardware(r)) {
		road_need(
			r,
			"This %s ran %s before, so most likely its hardware does not suit releases "
			"older than 9.3(1). It needs another release from 9.3(1)SR on.",
			r->model->id, r->facts->newest);
	} else if (!road_newest(r, suits, &newest)) {
		road_need(r,
			  "No bundle here has %s, which an erased %s asks for: get a whole bundle.",
			  r->model->term, r->model->id);
	} else if (bundle_generation(target) == GENERATION_G2 && !road_newest(r, suits, &bridge)) {
		text_format(
			subject, sizeof(subject),
			"This %s refuses everything here, most likely because %s is signed with "
			"the new key",
			r->model->id, target->load);
		need_bridge(r, subject);
	} else if (nothing_is_signed(r)) {
		road_need(r,
			  "This %s refuses everything here, most likely because %s is not signed. "
			  "Get the original bundle: its files are.",
			  r->model->id, target->load);
	} else {
		road_need(r,
			  "This %s refuses everything here, also what is signed with the old key. "
			  "Most likely its loader is very old: such phones took 8.3(x), 8.2 or "
			  "7.0(x) first. Look for one that is not here yet.",
			  r->model->id);
	}
}

static void from_erased(struct road *r)
{
	const struct bundle *target = r->plan->target, *first = offer(r);
	const char *who = r->facts->erased ? "an erased phone" : "a phone whose load is not known";

	if (!first) {
		need_anything(r);
		return;
	}
	if (first == target) {
		road_step(r, target,
			  "signed with %s; what %s accepts cannot be seen, so the target is "
			  "tried first: a refusal harms nothing",
			  key_of(target), who);
		return;
	}
	if (!can_have(r, target, r->facts->erased) && !facts_refused(r->facts, target->load))
		road_step(r, first, "%s lacks the list this phone asks for; this one has it",
			  target->load);
	else if (bundle_is_bridge(first))
		road_step(
			r, first,
			"the stepping stone: signed with the old key, and its image knows the new "
			"one");
	else if (loads_version_compare(first->load, target->load) > 0)
		road_step(r, first, "signed with %s; all older ones were refused", key_of(first));
	else
		road_step(r, first,
			  "signed with %s, and newer ones were refused: most likely the loader is "
			  "very old",
			  key_of(first));
	climb(r, first->load, false);
}

void plan_java(struct road *r)
{
	if (erased_or_unknown(r))
		from_erased(r);
	else
		from_running(r);
}
