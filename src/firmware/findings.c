/* SPDX-License-Identifier: MIT */
/*
 * Findings, and the judgement of a bundle as a whole: what is missing, which lists it has, who
 * signed it. (judge.c looks at the single files.) Every text is whole sentences that name the
 * file and the remedy.
 *
 * Fatal is what makes a phone that starts on the bundle end dead or refuse it for certain: a member
 * that is missing, cut, altered or under a wrong name. Unsigned files are a warning (8.3 and
 * later refuse them, older code may not), a signer that is not known is only a note.
 */
#include "library_inner.h"

#include "reflashd/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct finding *finding_new(struct library *l)
{
	struct finding *moved =
		library_grow(l->finding, &l->finding_size, l->finding_count, sizeof(*moved));

	if (!moved)
		return NULL;
	l->finding = moved;
	memset(&moved[l->finding_count], 0, sizeof(*moved));
	return &moved[l->finding_count++];
}

int finding_add(struct library *l, unsigned folder, int bundle, enum finding_severity severity,
		const char *code, const char *file, const char *format, ...)
{
	bool last = l->finding_count == LIBRARY_FINDINGS_MAX - 1;
	struct finding *f;
	va_list args;

	if (bundle >= 0 && severity == FINDING_FATAL)
		l->bundle[bundle].fit = false;
	if (l->finding_count >= LIBRARY_FINDINGS_MAX)
		return 0;
	f = finding_new(l);
	if (!f)
		return -ENOMEM;
	f->code = last ? "findings-cut" : code;
	f->severity = last ? FINDING_WARNING : severity;
	f->bundle = last ? -1 : bundle;
	f->folder = folder;
	text_copy(f->file, sizeof(f->file), file);
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	if (last)
		text_copy(f->text, sizeof(f->text),
			  "There is more to find fault with than can be listed. Mend what is "
			  "listed, then check again.");
	/* All of it is ours or was escaped; a slip must not reach a terminal. */
	for (char *p = f->text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return 0;
}

/* "a, b and c", or as many as fit, "and 12 more". */
static void name_list(const struct bundle *b, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < b->missing_count; i++) {
		const char *join = i == 0 ? "" : i + 1 == b->missing_count ? " and " : ", ";
		size_t need = strlen(join) + strlen(b->missing[i]);

		if (at + need + sizeof(" and 32 more") > size) {
			snprintf(out + at, size - at, " and %u more", b->missing_count - i);
			return;
		}
		at += (size_t)snprintf(out + at, size - at, "%s%s", join, b->missing[i]);
	}
}

static int judge_missing(struct library *l, unsigned bundle, const char *list)
{
	const struct bundle *b = &l->bundle[bundle];
	bool one = b->missing_count == 1;
	char names[256];
	int err = 0;

	if (b->missing_count == 0)
		return 0;
	name_list(b, names, sizeof(names));
	err = finding_add(
		l, b->folder, (int)bundle, FINDING_FATAL, "member-missing", b->missing[0],
		"%s %s missing: %s lists %s, and a phone that starts without %s ends dead. Put all "
		"files of the bundle into one folder, or get the bundle again.",
		names, one ? "is" : "are", list, one ? "it" : "them", one ? "it" : "them");
	for (unsigned i = l->folder_first; i < l->file_count && !err; i++)
		for (unsigned m = 0; m < b->missing_count && !err; m++)
			if (l->file[i].header_name[0] &&
			    text_equal_nocase(l->file[i].header_name, b->missing[m]))
				err = finding_add(l, b->folder, (int)bundle, FINDING_WARNING,
						  "renamed", l->file[i].name,
						  "%s carries the name %s inside, which is missing "
						  "here. Give it that name back.",
						  l->file[i].name, b->missing[m]);
	return err;
}

static int judge_parts(struct library *l, unsigned bundle, const struct firmware_file *list)
{
	const struct bundle *b = &l->bundle[bundle];
	unsigned sbn = 0, sb2 = 0;

	if (list->loads->member_count == 0)
		return 0;
	if (b->family == MODEL_JAVA && !loads_java_complete(list->loads))
		return finding_add(l, b->folder, (int)bundle, FINDING_WARNING, "odd-parts",
				   list->name,
				   "%s does not list one jar, cnu, apps, dsp and cvm file each, as "
				   "such lists do. If a phone refuses it, get the bundle again.",
				   list->name);
	for (unsigned i = 0; i < list->loads->member_count; i++) {
		sbn += text_ends_nocase(list->loads->member[i].name, ".sbn") ? 1 : 0;
		sb2 += text_ends_nocase(list->loads->member[i].name, ".sb2") ? 1 : 0;
	}
	if (b->family == MODEL_LEGACY && (sbn != 1 || sb2 != 1 || !list->loads->la_version[0]))
		return finding_add(l, b->folder, (int)bundle, FINDING_WARNING, "odd-parts",
				   list->name,
				   "%s does not list one loader (.sbn), one application (.sb2) and "
				   "the loader's version, as such lists do. If a phone refuses it, "
				   "get the bundle again.",
				   list->name);
	return 0;
}

/* Which lists are there: without its own a load has no name, without termXX no erased phone. */
static int judge_lists_present(struct library *l, unsigned bundle)
{
	const struct bundle *b = &l->bundle[bundle];
	const struct model *erased = NULL;

	if (b->term_only)
		return finding_add(
			l, b->folder, (int)bundle, FINDING_NOTE, "no-load-list",
			l->file[b->files[0]].name,
			"The packing list under the load's own name is missing beside %s, so "
			"XMLDefault.cnf.xml cannot name this load. Erased phones are served all "
			"the same; add the list from the original bundle.",
			l->file[b->files[0]].name);
	if (b->models == 0)
		return finding_add(
			l, b->folder, (int)bundle, FINDING_NOTE, "no-model",
			l->file[b->files[0]].name,
			"%s is for no phone model known here. It is handed out by name only.",
			l->file[b->files[0]].name);
	for (unsigned i = 0; i < l->models->count && b->family == MODEL_JAVA && !erased; i++) {
		const struct model *m = &l->models->model[i];

		if ((b->models & model_bit(l->models, m)) && m->term[0] &&
		    !bundle_file(l, b, m->term))
			erased = m;
	}
	if (!erased)
		return 0;
	return finding_add(l, b->folder, (int)bundle, FINDING_NOTE, "no-term-list",
			   l->file[b->files[0]].name,
			   "%s comes without %s: a phone that runs can take this load, an erased "
			   "%s cannot. Add the file from the original bundle.",
			   b->load, erased->term, erased->id);
}

static int judge_recovery(struct library *l, unsigned bundle)
{
	const struct bundle *b = &l->bundle[bundle];
	const char *name = l->file[b->files[0]].name;

	for (unsigned i = 0; i < l->models->count; i++) {
		const struct model *m = &l->models->model[i];

		if (!(b->models & model_bit(l->models, m)) || !m->recovery[0] ||
		    bundle_file(l, b, m->recovery))
			continue;
		return finding_add(l, b->folder, (int)bundle, FINDING_NOTE, "no-recovery", name,
				   "There is no %s beside %s: a %s in recovery mode may ask for "
				   "it. Put it into the same folder if you can find it.",
				   m->recovery, name, m->id);
	}
	return 0;
}

static int signature_weight(enum signature s)
{
	switch (s) {
	case SIGNATURE_VERIFIED: return 0;
	case SIGNATURE_UNKNOWN_SIGNER: return 1;
	case SIGNATURE_UNSIGNED: return 2;
	case SIGNATURE_BAD: return 3;
	}
	return 3;
}

static int say_signatures(struct library *l, unsigned bundle, enum signature state, unsigned count,
			  const char *file)
{
	const struct bundle *b = &l->bundle[bundle];
	char more[40] = "";

	if (count == 0)
		return 0;
	if (count > 1)
		text_format(more, sizeof(more), " and %u other file%s", count - 1,
			    count > 2 ? "s" : "");
	if (state == SIGNATURE_UNSIGNED)
		return finding_add(l, b->folder, (int)bundle, FINDING_WARNING, "unsigned", file,
				   "%s%s %s no signature: phones may refuse %s. Get the original "
				   "files, which are signed.",
				   file, more, count > 1 ? "carry" : "carries",
				   count > 1 ? "them" : "it");
	return finding_add(l, b->folder, (int)bundle, FINDING_NOTE, "unknown-signer", file,
			   "%s%s %s signed with a key that is not known here, so nobody can tell "
			   "whether %s genuine. Further keys can be given with --keys.",
			   file, more, count > 1 ? "are" : "is", count > 1 ? "they are" : "it is");
}

/*
 * One signer that is not known among files of one that is: the phone knows the maker's keys and
 * will refuse this file. Either bytes of its signature are damaged or it is of another release.
 */
static int say_other_signer(struct library *l, unsigned bundle, const char *file)
{
	const struct bundle *b = &l->bundle[bundle];

	return finding_add(
		l, b->folder, (int)bundle, FINDING_FATAL, "other-signer", file,
		"%s is not signed with the key of the other files of its bundle: its "
		"signature is damaged, or it comes from elsewhere. Phones refuse it. Get "
		"the bundle again.",
		file);
}

/* A .zup has no place for a signature: it counts only where nothing else is there. */
static bool only_zups(const struct library *l, const struct bundle *b)
{
	for (unsigned i = 0; i < b->file_count; i++)
		if (!text_ends_nocase(l->file[b->files[i]].name, ".zup"))
			return false;
	return true;
}

static int sum_up_signatures(struct library *l, unsigned bundle)
{
	struct bundle *b = &l->bundle[bundle];
	const char *first_unsigned = "", *first_unknown = "";
	unsigned count_unsigned = 0, count_unknown = 0, count_verified = 0;
	int err;

	b->signature = only_zups(l, b) ? SIGNATURE_UNSIGNED : SIGNATURE_VERIFIED;
	for (unsigned i = 0; i < b->file_count; i++) {
		const struct firmware_file *f = &l->file[b->files[i]];
		const struct signature_result *s = &f->signature;

		if (text_ends_nocase(f->name, ".zup") && s->state == SIGNATURE_UNSIGNED)
			continue;
		if (signature_weight(s->state) > signature_weight(b->signature))
			b->signature = s->state;
		count_verified += s->state == SIGNATURE_VERIFIED ? 1 : 0;
		if (s->state == SIGNATURE_VERIFIED && s->key && s->key->generation > b->generation)
			b->generation = s->key->generation;
		if (s->state == SIGNATURE_UNSIGNED && !f->damaged && count_unsigned++ == 0)
			first_unsigned = f->name;
		if (s->state == SIGNATURE_UNKNOWN_SIGNER && !f->damaged && count_unknown++ == 0)
			first_unknown = f->name;
	}
	err = say_signatures(l, bundle, SIGNATURE_UNSIGNED, count_unsigned, first_unsigned);
	if (!err && count_unknown && count_verified)
		return say_other_signer(l, bundle, first_unknown);
	if (!err)
		err = say_signatures(l, bundle, SIGNATURE_UNKNOWN_SIGNER, count_unknown,
				     first_unknown);
	return err;
}

/* A disk that knows capitals only spells every file in another way: that is said once. */
static void merge_case(struct library *l, unsigned from)
{
	struct finding *first = NULL;
	unsigned kept = from, more = 0;

	for (unsigned i = from; i < l->finding_count; i++) {
		struct finding *f = &l->finding[i];
		bool is = strcmp(f->code, "case") == 0;

		if (is && first) {
			more++;
			continue;
		}
		if (kept != i)
			l->finding[kept] = *f;
		if (is)
			first = &l->finding[kept];
		kept++;
	}
	l->finding_count = kept;
	if (more)
		text_format(first->text + strlen(first->text),
			    sizeof(first->text) - strlen(first->text),
			    " The same goes for %u other file%s.", more, more == 1 ? "" : "s");
}

int bundle_judge(struct library *l, unsigned bundle, unsigned lists)
{
	struct bundle *b = &l->bundle[bundle];
	const struct firmware_file *list = lists ? &l->file[b->files[0]] : NULL;
	unsigned from = l->finding_count;
	int err = 0;

	if (list)
		err = judge_missing(l, bundle, list->name);
	b->complete = b->missing_count == 0;
	for (unsigned i = 0; i < b->file_count && !err; i++) {
		bool whole;

		err = file_judge(l, bundle, i, lists, &whole);
		b->complete = b->complete && whole;
	}
	merge_case(l, from);
	if (!err && list)
		err = judge_parts(l, bundle, list);
	if (!err && list)
		err = judge_lists_present(l, bundle);
	if (!err && !list)
		err = judge_recovery(l, bundle);
	return err ? err : sum_up_signatures(l, bundle);
}
