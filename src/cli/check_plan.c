/* SPDX-License-Identifier: MIT */
/*
 * The place of a bundle on the road of its phones, as the plan has it for an erased phone of which
 * nothing else is known: first the one whose loader takes anything, then the one whose
 * loader refuses the target. Nothing here decides; plan.c does.
 */
#include "check.h"

#include "reflashd/plan.h"
#include "reflashd/text.h"

#include <string.h>

/* refused: a load that the phone's loader did not take, or NULL. */
static void ask(struct plan *p, const struct check *c, const struct model *m, const char *refused)
{
	struct phone_facts facts = {.model = m, .erased = true};

	if (refused) {
		text_copy(facts.refused[0], sizeof(facts.refused[0]), refused);
		facts.refused_count = 1;
	}
	plan_make(p, c->library, c->target, false, &facts);
}

/* Position among the steps, or -1. */
static int step_of(const struct plan *p, const struct bundle *b)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->step[i].bundle == b)
			return (int)i;
	return -1;
}

static const struct model *first_model(const struct models *models, model_set set)
{
	for (unsigned i = 0; i < models->count; i++)
		if (set & model_bit(models, &models->model[i]))
			return &models->model[i];
	return NULL;
}

void check_plan_line(const struct check *c, const struct bundle *b, char *out, size_t size)
{
	const struct model *m = first_model(c->library->models, b->models);
	struct plan plan, other;
	char source[400];

	text_copy(out, size, "");
	if (!m || !b->fit)
		return;
	ask(&plan, c, m, NULL);
	if (plan.target == b) {
		text_copy(out, size,
			  plan.count > 1 ? "the last one: what the phone ends at"
					 : "the target: what the phone ends at");
		return;
	}
	if (!plan.target) {
		text_format(out, size, "none. %s", plan.need);
		return;
	}
	if (step_of(&plan, b) >= 0) {
		text_format(out, size, "%s on the way to %s: %s",
			    step_of(&plan, b) == 0 ? "the first one" : "a stepping stone",
			    plan.target->load, plan.step[step_of(&plan, b)].why);
		return;
	}
	ask(&other, c, m, plan.target->load);
	if (step_of(&other, b) >= 0)
		text_format(out, size, "for a phone that refuses %s: %s", plan.target->load,
			    other.step[step_of(&other, b)].why);
	else if (text_equal_nocase(plan.target->load, b->load)) {
		text_escape(source, sizeof(source), (const uint8_t *)plan.target->source,
			    strlen(plan.target->source));
		text_format(out, size, "none: the same load is taken from %s", source);
	} else
		text_format(out, size, "none: phones are given %s", plan.target->load);
}

static void add(char *out, size_t size, const char *text)
{
	size_t at = strlen(out);

	text_copy(out + at, size - at, text);
}

/* The plan speaks of one phone; here the sentence is for all models with the same road. */
static void add_need(const struct plan *p, const struct model *m, const char *this_phone, char *out,
		     size_t size)
{
	char subject[32];
	size_t len;

	text_format(subject, sizeof(subject), "This %s ", m->id);
	len = strlen(subject);
	if (strncmp(p->need, subject, len) != 0) {
		add(out, size, p->need);
		return;
	}
	add(out, size, this_phone);
	add(out, size, p->need + len);
}

static void add_steps(const struct plan *p, char *out, size_t size)
{
	for (unsigned i = 0; i < p->count; i++) {
		add(out, size, i ? ", then " : "");
		add(out, size, p->step[i].bundle->load);
	}
}

/* The bundle to blame where no bundle of this model is fit; NULL: one is, or none is here. */
static const struct bundle *unfit_bundle(const struct library *l, const struct model *m)
{
	const struct bundle *unfit = NULL;

	for (unsigned i = 0; i < l->bundle_count; i++) {
		const struct bundle *b = &l->bundle[i];

		if (!(b->models & model_bit(l->models, m)))
			continue;
		if (b->fit)
			return NULL;
		unfit = unfit ? unfit : b;
	}
	return unfit;
}

bool check_road(const struct check *c, const struct model *m, char *out, size_t size)
{
	const struct bundle *unfit = unfit_bundle(c->library, m);
	struct plan plan, other;

	text_copy(out, size, "");
	ask(&plan, c, m, NULL);
	if (!plan.target) {
		add(out, size, "nothing: ");
		if (unfit)
			add(out, size, unfit->load);
		add(out, size, unfit ? " is not fit, see above" : plan.need);
		return false;
	}
	add_steps(&plan, out, size);
	if (plan.state == PLAN_SHORT || plan.state == PLAN_IMPOSSIBLE) {
		add(out, size, plan.count ? ". " : "");
		add_need(&plan, m, "This phone ", out, size);
		return plan.count > 0;
	}
	if (m->family != MODEL_JAVA) /* the only ones with two keys */
		return true;
	ask(&other, c, m, plan.target->load);
	if (other.count > 1 && other.step[other.count - 1].bundle == plan.target) {
		add(out, size, "; if it refuses that: ");
		add_steps(&other, out, size);
	} else if (other.need[0]) {
		add(out, size, ". If it refuses that: ");
		add_need(&other, m, "this phone ", out, size);
	}
	return true;
}
