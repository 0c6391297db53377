/* SPDX-License-Identifier: MIT */
/*
 * loadNNN.txt as evidence: the maker's own word on which device type number runs which load.
 *
 * It tells the models of a load whose name says nothing to us. It never takes a bundle to a model
 * that the load's own name denies: a text file is not signed, a phone that gets another
 * model's firmware is not helped, so the two are shown to a person instead.
 */
#include "evidence.h"

#include "library_inner.h"
#include "reflashd/text.h"

#include <errno.h>
#include <string.h>

int evidence_add(struct library *l, unsigned file, const uint8_t *data, size_t len)
{
	const struct firmware_file *f = &l->file[file];
	struct library_evidence *e;
	struct load_text t;
	uint32_t named;

	if (!load_text_name(f->name, &named))
		return 0;
	if (!load_text_parse(&t, data, len))
		return finding_add(l, f->folder, -1, FINDING_NOTE, "load-text", f->name,
				   "%s is not written as such a file should be (number, load, "
				   "protocol), so it says nothing. No phone needs it.",
				   f->name);
	if (t.number != named)
		return finding_add(
			l, f->folder, -1, FINDING_WARNING, "load-text", f->name,
			"%s speaks of phone number %u, which its name contradicts: it "
			"was renamed or altered, and is not believed. No phone needs it.",
			f->name, (unsigned)t.number);
	e = library_grow(l->evidence, &l->evidence_size, l->evidence_count, sizeof(*e));
	if (!e)
		return -ENOMEM;
	l->evidence = e;
	l->evidence[l->evidence_count++] = (struct library_evidence){.file = file, .text = t};
	return 0;
}

static bool at_hand(const struct library *l, const struct library_evidence *e)
{
	return l->file[e->file].folder == l->folder_count - 1;
}

model_set evidence_models(const struct library *l, const char *load)
{
	model_set set = 0;

	for (unsigned i = 0; i < l->evidence_count; i++) {
		const struct library_evidence *e = &l->evidence[i];
		const struct model *m = models_by_number(l->models, e->text.number);

		if (m && at_hand(l, e) && text_equal_nocase(e->text.load, load))
			set |= model_bit(l->models, m);
	}
	return set;
}

static int bundle_at_hand(const struct library *l, const char *load)
{
	for (unsigned i = 0; i < l->bundle_count; i++)
		if (l->bundle[i].folder == l->folder_count - 1 &&
		    text_equal_nocase(l->bundle[i].load, load))
			return (int)i;
	return -1;
}

static bool protocol_denied(const struct load_text *t)
{
	return (t->protocol == LOAD_TEXT_SIP && text_starts_nocase(t->load, "SCCP")) ||
	       (t->protocol == LOAD_TEXT_SCCP && text_starts_nocase(t->load, "SIP"));
}

static int judge_one(struct library *l, const struct library_evidence *e)
{
	const struct firmware_file *f = &l->file[e->file];
	const struct model *m = models_by_number(l->models, e->text.number);
	int bundle = bundle_at_hand(l, e->text.load);

	if (bundle < 0)
		return finding_add(l, f->folder, -1, FINDING_WARNING, "load-text-load", f->name,
				   "%s goes with the load %s, which is not here: files of two "
				   "releases were mixed, or the download is not whole. Get the "
				   "bundle again if a phone does not start.",
				   f->name, e->text.load);
	if (!m)
		return finding_add(l, f->folder, bundle, FINDING_NOTE, "load-text-number", f->name,
				   "%s names phone number %u, which is not known here. Nothing "
				   "needs to be done.",
				   f->name, (unsigned)e->text.number);
	if (!(l->bundle[bundle].models & model_bit(l->models, m)))
		return finding_add(
			l, f->folder, bundle, FINDING_WARNING, "load-text-model", f->name,
			"%s says that %s is for the %s, which the load's own name denies. "
			"It is not offered to a %s; get the bundle again from its maker.",
			f->name, e->text.load, m->id, m->id);
	if (protocol_denied(&e->text))
		return finding_add(
			l, f->folder, bundle, FINDING_WARNING, "load-text-protocol", f->name,
			"%s calls %s %s firmware, which the load's own name denies. The "
			"name counts; get the bundle again if a phone does not start.",
			f->name, e->text.load, e->text.protocol == LOAD_TEXT_SIP ? "SIP" : "SCCP");
	return 0;
}

int evidence_judge(struct library *l)
{
	int err = 0;

	for (unsigned i = 0; i < l->evidence_count && !err; i++)
		if (at_hand(l, &l->evidence[i]))
			err = judge_one(l, &l->evidence[i]);
	return err;
}
