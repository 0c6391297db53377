/* SPDX-License-Identifier: MIT */
/*
 * The firmware library for the page: every bundle with its findings, and the road of every model.
 *
 * The road is that of an erased phone of which nothing else is known, as `reflashd plan' has it:
 * what it is offered, and what when its loader refuses that. Models with the same road are named
 * together. Nothing here decides; plan.c does. What a phone on the wire is given may differ,
 * because more is known of it; its own line on the page says so.
 *
 * Names come from files and archives, so they are escaped as everywhere.
 */
#include "web.h"

#include "reflashd/plan.h"
#include "reflashd/text.h"

#include <string.h>

#define FINDINGS_MAX 50 /* a folder of rubbish shall not make the page huge */
#define ROADS_MAX    64

static void put_shown(struct web_text *out, const char *text)
{
	char shown[512];

	text_escape(shown, sizeof(shown), (const uint8_t *)text, strlen(text));
	web_text_json(out, shown);
}

static const char *severity_word(enum finding_severity s)
{
	switch (s) {
	case FINDING_NOTE: return "note";
	case FINDING_WARNING: return "warning";
	case FINDING_FATAL: return "error";
	}
	return "note";
}

/* Those of one bundle; -1: those of no bundle. */
static void put_findings(const struct library *l, int bundle, struct web_text *out)
{
	unsigned n = 0;

	web_text_put(out, "[");
	for (unsigned i = 0; i < l->finding_count && n < FINDINGS_MAX; i++) {
		const struct finding *f = &l->finding[i];

		if (f->bundle != bundle)
			continue;
		web_text_format(out,
				"%s{\"code\":\"%s\",\"severity\":\"%s\",\"file\":", n++ ? "," : "",
				f->code, severity_word(f->severity));
		put_shown(out, f->file);
		web_text_put(out, ",\"text\":");
		put_shown(out, f->text);
		web_text_put(out, "}");
	}
	web_text_put(out, "]");
}

static void put_bundle(const struct library *l, unsigned i, struct web_text *out)
{
	const struct bundle *b = &l->bundle[i];
	const char *generation = generation_name(b->generation);
	char models[256];

	model_set_text(l->models, b->models, '\n', models, sizeof(models));
	web_text_put(out, i ? ",{\"load\":" : "{\"load\":");
	put_shown(out, b->load);
	web_text_put(out, ",\"models\":");
	web_text_json_list(out, models);
	web_text_format(out, ",\"files\":%u,\"complete\":%s,\"fit\":%s,\"signature\":\"%s\"",
			b->file_count, b->complete ? "true" : "false", b->fit ? "true" : "false",
			signature_name(b->signature));
	web_text_put(out, ",\"generation\":");
	if (generation)
		web_text_json(out, generation);
	else
		web_text_put(out, "null");
	web_text_put(out, ",\"source\":");
	put_shown(out, b->source);
	web_text_put(out, ",\"missing\":[");
	for (unsigned k = 0; k < b->missing_count; k++) {
		web_text_put(out, k ? "," : "");
		put_shown(out, b->missing[k]);
	}
	web_text_put(out, "],\"findings\":");
	put_findings(l, (int)i, out);
	web_text_put(out, "}");
}

/* ---- the plan ---- */

struct road {
	model_set models;
	char text[640];
};

static void add_steps(const struct plan *p, char *out, size_t size)
{
	char load[128];

	for (unsigned i = 0; i < p->count; i++) {
		const char *name = p->step[i].bundle->load;

		text_escape(load, sizeof(load), (const uint8_t *)name, strlen(name));
		text_append(out, size, "%s%s", i ? ", then " : "", load);
	}
}

static void describe(const struct daemon *d, const struct model *m, char *out, size_t size)
{
	struct phone_facts facts = {.model = m, .erased = true};
	const struct config *c = d->config;
	struct plan p;

	plan_make(&p, store_library(d->store), c->target, c->serve_incomplete, &facts);
	if (!p.count) {
		text_format(out, size, "Nothing to offer. %s", p.need);
		return;
	}
	out[0] = 0;
	add_steps(&p, out, size);
	text_append(out, size, ".");
	if (p.state == PLAN_SHORT && p.need[0])
		text_append(out, size, " %s", p.need);
	if (m->family != MODEL_JAVA) /* the only ones with two keys */
		return;
	text_copy(facts.refused[0], sizeof(facts.refused[0]), p.step[0].bundle->load);
	facts.refused_count = 1;
	plan_make(&p, store_library(d->store), c->target, c->serve_incomplete, &facts);
	if (!p.count)
		return;
	text_append(out, size, " If it refuses that: ");
	add_steps(&p, out, size);
	text_append(out, size, ".");
}

static void put_plan(const struct daemon *d, struct web_text *out)
{
	const struct library *l = store_library(d->store);
	struct road road[ROADS_MAX];
	unsigned roads = 0;
	char text[640], models[512];

	for (unsigned i = 0; i < l->models->count; i++) {
		const struct model *m = &l->models->model[i];
		bool wanted = false;
		unsigned r = 0;

		for (unsigned k = 0; k < l->bundle_count && !wanted; k++)
			wanted = (l->bundle[k].models & model_bit(l->models, m)) != 0;
		if (!wanted)
			continue;
		describe(d, m, text, sizeof(text));
		while (r < roads && strcmp(road[r].text, text) != 0)
			r++;
		if (r == ROADS_MAX)
			continue;
		if (r == roads) {
			road[roads].models = 0;
			text_copy(road[roads++].text, sizeof(road[r].text), text);
		}
		road[r].models |= model_bit(l->models, m);
	}
	web_text_put(out, "[");
	for (unsigned r = 0; r < roads; r++) {
		model_set_text(l->models, road[r].models, '\n', models, sizeof(models));
		web_text_put(out, r ? ",{\"models\":" : "{\"models\":");
		web_text_json_list(out, models);
		web_text_put(out, ",\"road\":");
		web_text_json(out, road[r].text);
		web_text_put(out, "}");
	}
	web_text_put(out, "]");
}

void web_library(const struct daemon *d, struct web_text *out)
{
	const struct library *l = store_library(d->store);

	web_text_put(out, "{\"bundles\":[");
	for (unsigned i = 0; i < l->bundle_count; i++)
		put_bundle(l, i, out);
	web_text_put(out, "],\"findings\":");
	put_findings(l, -1, out);
	web_text_put(out, ",\"plan\":");
	put_plan(d, out);
	web_text_put(out, "}");
}
