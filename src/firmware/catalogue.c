/* SPDX-License-Identifier: MIT */
/*
 * What a phone is answered.
 *
 * Happy path: an erased 7970 asks for term70.default.loads. Every bundle has a file of that name,
 * so the model and the plan of this phone (plan.h) decide which bundle it is given, and the address
 * is remembered: the members that it asks for next come out of the same bundle. A phone that runs
 * asks for XMLDefault.cnf.xml, then LOAD.loads, then members.
 *
 * What can go wrong, and what is said: no bundle for the model (which file is needed), only
 * a bundle that would leave the phone dead (why it is held back), a member that its list names and
 * nobody has. A miss that phones do well without is no fault and is said to be none.
 *
 * Names are compared with what the library holds and never become a path. Files of the
 * user's own win over what is generated.
 */
#include "reflashd/catalogue.h"

#include "reflashd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One request on its way to its answer. */
struct search {
	struct catalogue *c;
	const struct library *l;
	uint32_t ip;
	const char *folder, *base;
	const struct phone_facts *facts; /* or NULL */
	struct answer *a;
};

void catalogue_init(struct catalogue *c, const struct catalogue_config *config,
		    const struct library *library)
{
	memset(c, 0, sizeof(*c));
	c->config = *config;
	c->library = library;
}

void catalogue_change(struct catalogue *c, const struct catalogue_config *config,
		      const struct library *library)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->client_count; i++) {
		const char *load = c->library->bundle[c->client[i].bundle].load;
		const struct bundle *b = library_bundle(library, load);

		if (!b)
			continue;
		c->client[kept].ip = c->client[i].ip;
		c->client[kept++].bundle = (int)(b - library->bundle);
	}
	c->client_count = kept;
	c->client_next = 0;
	c->config = *config;
	c->library = library;
}

static const struct bundle *bundle_of_client(const struct search *s)
{
	for (unsigned i = 0; i < s->c->client_count; i++)
		if (s->c->client[i].ip == s->ip)
			return &s->l->bundle[s->c->client[i].bundle];
	return NULL;
}

static void remember(struct search *s, const struct bundle *b)
{
	struct catalogue *c = s->c;
	unsigned i = 0;

	if (!b)
		return;
	while (i < c->client_count && c->client[i].ip != s->ip)
		i++;
	if (i == c->client_count) {
		if (c->client_count < CATALOGUE_CLIENTS_MAX) {
			c->client_count++;
		} else {
			i = c->client_next;
			c->client_next = (c->client_next + 1) % CATALOGUE_CLIENTS_MAX;
		}
	}
	c->client[i].ip = s->ip;
	c->client[i].bundle = (int)(b - s->l->bundle);
}

__attribute__((format(printf, 3, 4))) static void say(struct search *s, enum answer_kind kind,
						      const char *format, ...)
{
	va_list args;

	s->a->kind = kind;
	va_start(args, format);
	vsnprintf(s->a->text, sizeof(s->a->text), format, args);
	va_end(args);
}

static void serve(struct search *s, const struct firmware_file *f, const struct bundle *b)
{
	s->a->kind = ANSWER_FILE;
	s->a->file = f;
	s->a->bundle = b;
}

/* The bundle is here and not fit: the first thing that is wrong with it, without the remedy. */
static void withhold(struct search *s, const struct bundle *b, const struct firmware_file *f)
{
	char reason[160];

	s->a->bundle = b;
	s->a->file = NULL;
	if (!b) {
		say(s, ANSWER_WITHHELD, "%s is damaged or carries another name inside", f->name);
		return;
	}
	bundle_why_unfit(s->l, b, reason, sizeof(reason));
	say(s, ANSWER_WITHHELD, "in the bundle %s, %s", b->load, reason);
}

/* Hands out a file that was found by name, unless what it belongs to is not fit. */
static void serve_or_withhold(struct search *s, const struct firmware_file *f, bool starts_bundle)
{
	const struct bundle *b = library_bundle_of(s->l, f);

	if ((b ? b->fit : !f->damaged) || s->c->config.offer_unfit) {
		serve(s, f, b);
		if (starts_bundle || !bundle_of_client(s))
			remember(s, b);
	} else {
		withhold(s, b, f);
	}
}

/* The bundle that the plan of this very phone offers next; NULL when its history decides nothing
 * (then it gets what any phone of its model gets). */
static const struct bundle *planned(const struct search *s, const struct model *m, bool erased)
{
	struct phone_facts facts;
	struct plan plan;

	if (!s->facts)
		return NULL;
	facts = *s->facts;
	facts.model = m;
	facts.erased = facts.erased || erased;
	plan_make(&plan, s->l, s->c->config.target, s->c->config.offer_unfit, &facts);
	return plan.count ? plan.step[0].bundle : NULL;
}

/* A firmware file that an erased or recovering phone of this model must have under this name. */
static void find_for_model(struct search *s, const struct model *m, const char *name)
{
	const char *target = s->c->config.target;
	bool unfit = s->c->config.offer_unfit;
	const struct bundle *first = m->family == MODEL_JAVA ? planned(s, m, true) : NULL;
	const struct bundle *b = first && bundle_file(s->l, first, name)
					 ? first
					 : library_choose(s->l, m, target, name, unfit);
	bool aimed = target[0] && !text_equal_nocase(target, "newest");
	const struct bundle *named = aimed ? library_bundle(s->l, target) : NULL;

	if (!b && named && !(named->models & model_bit(s->l->models, m)) &&
	    library_choose(s->l, m, NULL, name, unfit)) {
		say(s, ANSWER_WITHHELD, "the target %s is not for the %s", target, m->id);
		return;
	}
	if (!b)
		b = library_choose(s->l, m, NULL, name, unfit);
	if (b) {
		serve(s, bundle_file(s->l, b, name), b);
		remember(s, b);
		return;
	}
	b = library_choose(s->l, m, NULL, name, true);
	if (b)
		withhold(s, b, NULL);
	else if (m->family == MODEL_KUP)
		say(s, ANSWER_UNKNOWN,
		    "the recovery image of the %s is not here: put %s into the firmware folder",
		    m->id, name);
	else
		say(s, ANSWER_UNKNOWN,
		    "put a bundle for the %s, one with %s, into the firmware folder", m->id, name);
}

static void find_default_loads(struct search *s)
{
	const struct model *m = models_by_term(s->l->models, s->base);
	const struct firmware_file *f = m ? NULL : library_find(s->l, -1, s->base);

	if (m)
		find_for_model(s, m, m->term);
	else if (f)
		serve_or_withhold(s, f, true);
	else
		say(s, ANSWER_UNKNOWN,
		    "this is a phone model that is not known here, and no file of that name is "
		    "here");
}

static void find_recovery(struct search *s)
{
	const struct model *m = models_by_recovery(s->l->models, s->base);

	find_for_model(s, m, m->recovery);
}

static void find_loads(struct search *s)
{
	const struct firmware_file *f = library_find(s->l, -1, s->base);

	if (f)
		serve_or_withhold(s, f, true);
	else
		say(s, ANSWER_UNKNOWN,
		    "that load is not here: put its bundle into the firmware folder");
}

/* 7905: .zup and .sbin are different files; one must not pass for the other (the signed one has a
 * header in front). Says so when only the other one is here. */
static bool other_form(struct search *s)
{
	const char *have = text_ends_nocase(s->base, ".zup") ? ".sbin" : ".zup";
	char base[LIBRARY_NAME_MAX], name[LIBRARY_NAME_MAX + 8];

	if (!text_ends_nocase(s->base, ".zup") && !text_ends_nocase(s->base, ".sbin"))
		return false;
	load_name_of_file(s->base, base, sizeof(base));
	text_format(name, sizeof(name), "%s%s", base, have);
	if (!library_find(s->l, -1, name))
		return false;
	say(s, ANSWER_UNKNOWN, "only %s is here, and one form cannot stand in for the other", name);
	return true;
}

static bool listed_but_missing(struct search *s)
{
	for (unsigned i = 0; i < s->l->bundle_count; i++) {
		const struct bundle *b = &s->l->bundle[i];

		for (unsigned m = 0; m < b->missing_count; m++) {
			if (!text_equal_nocase(b->missing[m], s->base))
				continue;
			say(s, ANSWER_UNKNOWN,
			    "the bundle %s lists it, but it is missing there: get the bundle again",
			    b->load);
			return true;
		}
	}
	return false;
}

static void find_image(struct search *s)
{
	const struct bundle *current = bundle_of_client(s);
	const struct firmware_file *f;

	if (current && (current->fit || s->c->config.offer_unfit)) {
		f = bundle_file(s->l, current, s->base);
		if (f) {
			serve(s, f, current);
			return;
		}
	}
	f = library_find(s->l, -1, s->base);
	if (f)
		serve_or_withhold(s, f, false);
	else if (!other_form(s) && !listed_but_missing(s))
		say(s, ANSWER_UNKNOWN,
		    "no bundle here holds it: put the bundle it belongs to into the firmware "
		    "folder");
}

/* A file of the user's own, under its locale folder first. */
static const struct firmware_file *own_file(const struct search *s)
{
	char path[2 * LIBRARY_NAME_MAX];
	const struct firmware_file *f = NULL;

	if (s->folder[0] && text_format(path, sizeof(path), "%s/%s", s->folder, s->base))
		f = library_find(s->l, -1, path);
	return f ? f : library_find(s->l, -1, s->base);
}

static bool serve_own(struct search *s)
{
	const struct firmware_file *f = own_file(s);

	if (f)
		serve_or_withhold(s, f, false);
	return f != NULL;
}

/*
 * OS79XX.TXT names one image without extension, for 7940/7960 loads before 7.x. The loader
 * (P003) is what such phones need next. Name and LF, nothing in between (phones.md 13).
 */
static bool make_os79xx(struct search *s)
{
	const struct bundle *b = NULL;

	if (s->facts && s->facts->model && s->facts->model->family == MODEL_LEGACY)
		b = planned(s, s->facts->model, false);
	for (unsigned i = 0; i < s->l->models->count && !b; i++)
		if (s->l->models->model[i].family == MODEL_LEGACY)
			b = library_choose(s->l, &s->l->models->model[i], s->c->config.target, NULL,
					   s->c->config.offer_unfit);
	for (unsigned i = 0; b && i < b->file_count; i++) {
		const char *name = s->l->file[b->files[i]].name;
		size_t len = strlen(name);

		if (!text_ends_nocase(name, ".sbn"))
			continue;
		s->a->kind = ANSWER_OS79XX;
		s->a->bundle = b;
		text_format(s->a->text, sizeof(s->a->text), "%.*s\n", (int)(len - 4), name);
		return true;
	}
	return false;
}

static void find_by_kind(struct search *s)
{
	switch (request_kind(s->base, s->l->models)) {
	case REQUEST_DEFAULT_LOADS: find_default_loads(s); return;
	case REQUEST_LOADS: find_loads(s); return;
	case REQUEST_IMAGE: find_image(s); return;
	case REQUEST_RECOVERY: find_recovery(s); return;
	case REQUEST_XMLDEFAULT: {
		const struct firmware_file *own = own_file(s);

		if (!own || own->unusable || !serve_own(s))
			s->a->kind = ANSWER_XMLDEFAULT;
		return;
	}
	case REQUEST_OS79XX:
		if (!serve_own(s) && !make_os79xx(s))
			say(s, ANSWER_EXPECTED, "only very old 7940/7960 need it");
		return;
	case REQUEST_TRUST_LIST:
	case REQUEST_CONFIG:
	case REQUEST_LEGACY_CONFIG:
	case REQUEST_PROFILE:
	case REQUEST_APPLICATION:
		if (!serve_own(s))
			say(s, ANSWER_EXPECTED, "not here, and phones do well without it");
		return;
	case REQUEST_OTHER:
		if (!serve_own(s))
			say(s, ANSWER_UNKNOWN, "no file of that name is here");
		return;
	}
}

void catalogue_find(struct catalogue *c, uint32_t ip, const char *folder, const char *base,
		    const struct phone_facts *facts, struct answer *a)
{
	struct search s = {c, c->library, ip, folder, base, facts, a};

	memset(a, 0, sizeof(*a));
	find_by_kind(&s);
}
