/* SPDX-License-Identifier: MIT */
/*
 * What the rehearsal says to people, and what counts as passed.
 *
 * One line per model and scene, of whole sentences: what happens, how long it takes, and,
 * where it ends badly, which release to look for (the plan's words).
 */
#include "reflashd/rehearse.h"

#include "reflashd/text.h"

#include <string.h>

model_set rehearse_models(const struct library *l)
{
	model_set set = 0;
	unsigned i;

	for (i = 0; i < l->bundle_count; i++)
		set |= l->bundle[i].models;
	return set;
}

bool rehearse_has(const struct model *m, enum rehearse_scene scene)
{
	return scene != REHEARSE_OLD_LOADER || m->family == MODEL_JAVA;
}

bool rehearse_passed(const struct rehearse_result *r)
{
	return r->back == r->phones;
}

void rehearse_title(const struct rehearse_result *r, char *out, size_t size)
{
	const char *id = r->model->id;

	switch (r->scene) {
	case REHEARSE_ERASED:
		text_format(out, size,
			    r->model->family == MODEL_KUP ? "a %s in its recovery mode"
							  : "an erased %s",
			    id);
		break;
	case REHEARSE_OLD_LOADER:
		text_format(out, size, "an erased %s with old boot code", id);
		break;
	case REHEARSE_RUNNING:
	case REHEARSE_SCENES:
		text_format(out, size, "a %s that runs %s%s", id, r->began,
			    r->model->family == MODEL_JAVA ? " and knows only the old key" : "");
		break;
	}
}

static void subject(const struct rehearse_result *r, char *out, size_t size)
{
	switch (r->scene) {
	case REHEARSE_ERASED: text_format(out, size, "%s:", r->model->id); break;
	case REHEARSE_OLD_LOADER:
		text_format(out, size, "%s with old boot code:", r->model->id);
		break;
	case REHEARSE_RUNNING:
	case REHEARSE_SCENES:
		text_format(out, size, "%s that runs %s:", r->model->id, r->began);
		break;
	}
}

static void append(char *out, size_t size, const char *text)
{
	size_t len = strlen(out);

	text_copy(out + len, size - len, text);
}

static void say_need(const struct rehearse_result *r, char *out, size_t size)
{
	const struct bundle *target = r->plan.target;
	char text[320];

	if (r->facts.refused_count > 0 && target && target->signature == SIGNATURE_UNKNOWN_SIGNER) {
		text_format(text, sizeof(text),
			    ". %s is signed with a key that is not among the known ones (--keys "
			    "adds more); phones know no others",
			    target->load);
		append(out, size, text);
	} else if (r->plan.need[0]) {
		append(out, size, ". ");
		append(out, size, r->plan.need);
	} else if (r->why[0]) {
		append(out, size, ": ");
		append(out, size, r->why);
	}
}

static void say_time(const struct rehearse_result *r, char *out, size_t size)
{
	unsigned long long minutes = (r->took + USEC_SEC(30)) / USEC_SEC(60);
	char text[64];

	text_format(text, sizeof(text), " in about %llu minute%s", minutes ? minutes : 1,
		    minutes > 1 ? "s" : "");
	append(out, size, text);
}

static void say_way(const struct rehearse_result *r, char *out, size_t size)
{
	char text[320];
	unsigned i;

	for (i = 0; i + 1 < r->steps; i++) {
		text_format(text, sizeof(text), "%s%s", i == 0 ? ", by way of " : " and ",
			    r->step[i]);
		append(out, size, text);
	}
	if (r->at_target == r->phones)
		return;
	if (r->plan.target) {
		text_format(text, sizeof(text), ", but does not get to %s", r->plan.target->load);
		append(out, size, text);
	}
	say_need(r, out, size);
}

static void say_one(const struct rehearse_result *r, char *out, size_t size)
{
	char text[160];

	if (r->back == 0 && r->load[0] == '\0') {
		append(out, size, " stays dead with this firmware");
		say_need(r, out, size);
	} else if (r->back == 0) {
		text_format(text, sizeof(text), " runs %s and finds no configuration: %s", r->load,
			    r->why);
		append(out, size, text);
	} else if (r->scene == REHEARSE_RUNNING && r->steps == 0 && r->at_target) {
		append(out, size, " runs the target already");
	} else if (r->scene == REHEARSE_RUNNING && r->steps == 0) {
		append(out, size, " stays on what it runs");
		say_need(r, out, size);
	} else if (r->scene == REHEARSE_RUNNING) {
		text_format(text, sizeof(text), " goes to %s", r->load);
		append(out, size, text);
		say_time(r, out, size);
		say_way(r, out, size);
	} else {
		append(out, size, " comes back");
		say_time(r, out, size);
		append(out, size, " with ");
		append(out, size, r->load);
		say_way(r, out, size);
	}
}

static void say_many(const struct rehearse_result *r, char *out, size_t size)
{
	char text[160];

	if (r->back == 0)
		text_format(text, sizeof(text), " none of the %u comes back", r->phones);
	else if (r->back < r->phones)
		text_format(text, sizeof(text), " only %u of %u come back", r->back, r->phones);
	else
		text_format(text, sizeof(text), " all %u come back, the last one", r->phones);
	append(out, size, text);
	if (r->back < r->phones) {
		say_need(r, out, size);
		return;
	}
	say_time(r, out, size);
	append(out, size, ", with ");
	append(out, size, r->load);
	say_way(r, out, size);
}

void rehearse_verdict(const struct rehearse_result *r, char *out, size_t size)
{
	subject(r, out, size);
	if (r->phones > 1)
		say_many(r, out, size);
	else
		say_one(r, out, size);
	if (!text_ends_nocase(out, "."))
		append(out, size, ".");
}
