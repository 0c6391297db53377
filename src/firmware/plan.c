/* SPDX-License-Identifier: MIT */
/*
 * The plan: the road of one phone from where it is to the load it is to end at.
 *
 * The happy path: the target is chosen as everywhere else, the phone is not known to run
 * anything, and the plan is one step, the target. Each family has rules of its own for when that
 * does not do: plan_java.c (two signing generations), plan_legacy.c (the ladder of the 7940
 * and 7960), and the 7902/7905/7912 here, which take any load as long as they stay signed.
 *
 * What can go wrong is missing firmware. Then the plan says in one sentence which release would
 * help, and why.
 */
#include "plan_inner.h"

#include "reflashd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool same_release(const char *a, const char *b)
{
	char left[LIBRARY_NAME_MAX], right[LIBRARY_NAME_MAX];

	load_name_of_file(a, left, sizeof(left));
	load_name_of_file(b, right, sizeof(right));
	return left[0] && text_equal_nocase(left, right);
}

bool facts_refused(const struct phone_facts *facts, const char *load)
{
	for (unsigned i = 0; i < facts->refused_count && i < PLAN_REFUSED_MAX; i++)
		if (same_release(facts->refused[i], load))
			return true;
	return false;
}

int version_against(const char *load, uint32_t major, uint32_t minor, uint32_t maintenance)
{
	struct load_version v, limit = {.number = {major, minor, maintenance}};

	/* A name without a version is older than all, as in loads_version_compare(). */
	return load_version_parse(load, &v) ? load_version_order(&v, &limit) : -1;
}

enum generation bundle_generation(const struct bundle *b)
{
	struct load_version v, last = {.number = {8, 5, 2}};

	if (b->generation != GENERATION_NONE)
		return b->generation;
	if (b->family != MODEL_JAVA || !load_version_parse(b->load, &v))
		return GENERATION_NONE;
	return load_version_order(&v, &last) > 0 ? GENERATION_G2 : GENERATION_G1;
}

bool bundle_is_bridge(const struct bundle *b)
{
	return b->family == MODEL_JAVA && bundle_generation(b) == GENERATION_G1 &&
	       version_against(b->load, 8, 3, 3) >= 0 && version_against(b->load, 8, 5, 2) <= 0;
}

/* ---- what the rules of all families use ---- */

/* The order of library_choose(), so that the plan prefers what everything else prefers. */
static bool preferred(const struct bundle *a, const struct bundle *b)
{
	int order;

	if (a->fit != b->fit)
		return a->fit;
	order = loads_version_compare(a->load, b->load);
	if (order == 0)
		order = (a->signature == SIGNATURE_VERIFIED) - (b->signature == SIGNATURE_VERIFIED);
	if (order == 0) /* SCCP before SIP: it needs no line to register */
		order = (strstr(b->load, "SIP") != NULL) - (strstr(a->load, "SIP") != NULL);
	return order > 0;
}

const struct bundle *road_newest(const struct road *r, road_test *test, const void *argument)
{
	model_set wanted = model_bit(r->library->models, r->model);
	const struct bundle *best = NULL;

	for (unsigned i = 0; i < r->library->bundle_count; i++) {
		const struct bundle *b = &r->library->bundle[i];

		if (!(b->models & wanted) || (!b->fit && !r->unfit_too) || !test(r, b, argument))
			continue;
		if (!best || preferred(b, best))
			best = b;
	}
	return best;
}

/* The comparison that phones make with this number is not known: a warning, never a rule. */
static void warn_of_hardware(struct road *r, const struct bundle *b, struct plan_step *step)
{
	const struct bundle *ran =
		r->facts->newest[0] ? library_bundle(r->library, r->facts->newest) : NULL;
	size_t len = strlen(step->why);

	if (ran && ran->has_hardware_comp &&
	    (!b->has_hardware_comp || b->hardware_comp < ran->hardware_comp))
		snprintf(step->why + len, sizeof(step->why) - len,
			 "; its hardware number is lower than that of %s, which this phone ran, so "
			 "the phone may refuse it",
			 ran->load);
}

void road_step(struct road *r, const struct bundle *b, const char *format, ...)
{
	struct plan_step *step;
	va_list args;

	must(r->plan->count < PLAN_STEPS_MAX);
	step = &r->plan->step[r->plan->count++];
	step->bundle = b;
	va_start(args, format);
	vsnprintf(step->why, sizeof(step->why), format, args);
	va_end(args);
	warn_of_hardware(r, b, step);
}

void road_need(struct road *r, const char *format, ...)
{
	va_list args;

	r->plan->state = r->plan->count ? PLAN_SHORT : PLAN_IMPOSSIBLE;
	va_start(args, format);
	vsnprintf(r->plan->need, sizeof(r->plan->need), format, args);
	va_end(args);
}

/* ---- 7902, 7905, 7912: any load, but never back to unsigned (phones.md 8.2) ---- */

static bool holds_signed_image(const struct library *l, const struct bundle *b)
{
	for (unsigned i = 0; i < b->file_count; i++)
		if (text_ends_nocase(l->file[b->files[i]].name, ".sbin"))
			return true;
	return false;
}

void plan_kup(struct road *r)
{
	const struct bundle *target = r->plan->target;
	const struct bundle *runs =
		r->facts->runs[0] ? library_bundle(r->library, r->facts->runs) : NULL;

	if (runs && holds_signed_image(r->library, runs) &&
	    !holds_signed_image(r->library, target)) {
		road_need(r,
			  "This %s runs the signed load %s and does not go back to an unsigned one "
			  "such as %s. It needs a .sbin image.",
			  r->model->id, r->facts->runs, target->load);
		return;
	}
	road_step(r, target, "it takes any load directly");
}

/* ---- the plan ---- */

static void unfit_target(struct road *r, const struct bundle *b)
{
	char why[160];

	bundle_why_unfit(r->library, b, why, sizeof(why));
	road_need(r,
		  "The bundle %s is not fit to be served: %s. Get the bundle again; `reflashd "
		  "check' tells more.",
		  b->load, why);
}

static void without_target(struct road *r, const char *target)
{
	bool named = target && target[0] && !text_equal_nocase(target, "newest");
	const struct bundle *other = named ? library_bundle(r->library, target) : NULL;
	const struct bundle *unfit =
		library_choose(r->library, r->model, named ? target : NULL, NULL, true);

	if (other && !(other->models & model_bit(r->library->models, r->model)))
		road_need(r, "The target %s is not for the %s.", other->load, r->model->id);
	else if (unfit)
		unfit_target(r, unfit);
	else if (named)
		road_need(r, "The target %s is not among this firmware: put its bundle there.",
			  target);
	else
		road_need(r,
			  "There is no firmware for the %s here: it needs a load that begins "
			  "with %s%s%s.",
			  r->model->id, r->model->prefixes[0],
			  r->model->prefixes[1][0] ? " or " : "", r->model->prefixes[1]);
}

void plan_make(struct plan *p, const struct library *l, const char *target, bool unfit_too,
	       const struct phone_facts *facts)
{
	static const struct phone_facts nothing;
	struct road r = {p, l, NULL, facts ? facts : &nothing, unfit_too};

	memset(p, 0, sizeof(*p));
	r.model = r.facts->model;
	if (!r.model) {
		road_need(&r, "Which model this phone is has not been seen yet.");
		return;
	}
	p->target = library_choose(l, r.model, target, NULL, unfit_too);
	if (!p->target) {
		without_target(&r, target);
		return;
	}
	if (!r.facts->erased && same_release(r.facts->runs, p->target->load)) {
		p->state = PLAN_DONE;
		return;
	}
	p->state = PLAN_READY;
	switch (r.model->family) {
	case MODEL_JAVA: plan_java(&r); break;
	case MODEL_LEGACY: plan_legacy(&r); break;
	case MODEL_KUP: plan_kup(&r); break;
	}
}
