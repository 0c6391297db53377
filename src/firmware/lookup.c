/* SPDX-License-Identifier: MIT */
/*
 * Finding things in the library: a file by name, a bundle by load, the load to end at.
 *
 * Order of preference, everywhere the same: fit before unfit, proved genuine before not
 * proved, with a load name before without, newer before older, signed before unsigned, SCCP
 * before SIP (an erased phone takes either, and SCCP needs no line to register), and at last
 * the folder that was named first.
 */
#include "library_inner.h"

#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

bool bundle_holds(const struct bundle *b, unsigned file)
{
	for (unsigned i = 0; i < b->file_count; i++)
		if (b->files[i] == file)
			return true;
	return false;
}

int folder_lookup(const struct library *l, unsigned folder, const char *name)
{
	int loose = -1;

	for (unsigned i = 0; i < l->file_count; i++) {
		const struct firmware_file *f = &l->file[i];

		if (f->folder != folder)
			continue;
		if (strcmp(f->name, name) == 0)
			return (int)i;
		if (loose < 0 && text_equal_nocase(f->name, name))
			loose = (int)i;
	}
	return loose;
}

const struct bundle *library_bundle_of(const struct library *l, const struct firmware_file *f)
{
	const struct bundle *unfit = NULL;
	unsigned index = (unsigned)(f - l->file);

	for (unsigned i = 0; i < l->bundle_count; i++) {
		const struct bundle *b = &l->bundle[i];

		if (b->folder != f->folder || !bundle_holds(b, index))
			continue;
		if (b->fit)
			return b;
		if (!unfit)
			unfit = b;
	}
	return unfit;
}

const struct firmware_file *bundle_file(const struct library *l, const struct bundle *b,
					const char *name)
{
	const struct firmware_file *loose = NULL;

	for (unsigned i = 0; i < b->file_count; i++) {
		const struct firmware_file *f = &l->file[b->files[i]];

		if (strcmp(f->name, name) == 0)
			return f;
		if (!loose && text_equal_nocase(f->name, name))
			loose = f;
	}
	return loose;
}

/* How well a name fits a file: 4 exact, 3 any case, 2 and 1 the same by the signed name. */
static unsigned name_match(const struct firmware_file *f, const char *name)
{
	if (text_equal_nocase(f->name, name))
		return strcmp(f->name, name) == 0 ? 4 : 3;
	if (f->header_name[0] && text_equal_nocase(f->header_name, name))
		return strcmp(f->header_name, name) == 0 ? 2 : 1;
	return 0;
}

/* How gladly a file is handed out: of a fit and genuine bundle, of a fit one, of none, … */
static unsigned file_standing(const struct library *l, const struct firmware_file *f)
{
	const struct bundle *b = library_bundle_of(l, f);

	if (b && b->fit)
		return b->signature == SIGNATURE_VERIFIED ? 3 : 2;
	return !b && !f->damaged ? 1 : 0;
}

const struct firmware_file *library_find(const struct library *l, int folder, const char *name)
{
	const struct firmware_file *best = NULL;
	unsigned best_rank = 0;

	for (unsigned i = 0; i < l->file_count; i++) {
		const struct firmware_file *f = &l->file[i];
		unsigned match =
			folder < 0 || f->folder == (unsigned)folder ? name_match(f, name) : 0;
		unsigned rank;

		if (!match)
			continue;
		rank = folder < 0 ? file_standing(l, f) * 8 + match : match;
		if (rank > best_rank) {
			best_rank = rank;
			best = f;
		}
	}
	return best;
}

static int protocol_rank(const char *load)
{
	char lower[sizeof(((struct bundle *)NULL)->load)];
	size_t i;

	for (i = 0; load[i] && i + 1 < sizeof(lower); i++)
		lower[i] = text_lower(load[i]);
	lower[i] = '\0';
	/* SCCP70…, CP79…SCCP…, P0030801SR02 against SIP70…, CP79…SIP…, P0S3-… */
	return strstr(lower, "sip") || strncmp(lower, "p0s", 3) == 0 ? 0 : 1;
}

static int signature_rank(enum signature s)
{
	switch (s) {
	case SIGNATURE_VERIFIED: return 3;
	case SIGNATURE_UNKNOWN_SIGNER: return 2;
	case SIGNATURE_UNSIGNED: return 1;
	case SIGNATURE_BAD: return 0;
	}
	return 0;
}

/* Is a to be preferred to b? */
static bool better(const struct bundle *a, const struct bundle *b)
{
	bool a_proved = a->signature == SIGNATURE_VERIFIED;
	bool b_proved = b->signature == SIGNATURE_VERIFIED;
	int order;

	if (a->fit != b->fit)
		return a->fit;
	if (a_proved != b_proved)
		return a_proved;
	if (a->term_only != b->term_only)
		return b->term_only;
	order = loads_version_compare(a->load, b->load);
	if (order == 0)
		order = signature_rank(a->signature) - signature_rank(b->signature);
	if (order == 0)
		order = protocol_rank(a->load) - protocol_rank(b->load);
	return order > 0;
}

static bool same_load(const char *a, const char *b)
{
	char left[LIBRARY_NAME_MAX], right[LIBRARY_NAME_MAX];

	load_name_of_file(a, left, sizeof(left));
	load_name_of_file(b, right, sizeof(right));
	return text_equal_nocase(left, right);
}

const struct bundle *library_bundle(const struct library *l, const char *load)
{
	const struct bundle *best = NULL;

	for (unsigned i = 0; i < l->bundle_count; i++)
		if (same_load(l->bundle[i].load, load) && (!best || better(&l->bundle[i], best)))
			best = &l->bundle[i];
	return best;
}

/* A recovery image that stands alone makes a bundle of its own, but no load to end at. */
static bool ends_nowhere(const struct library *l, const struct bundle *b)
{
	return b->family == MODEL_KUP && b->file_count > 0 &&
	       models_by_recovery(l->models, l->file[b->files[0]].name);
}

const struct bundle *library_choose(const struct library *l, const struct model *model,
				    const char *target, const char *holds, bool unfit_too)
{
	bool newest = !target || !target[0] || text_equal_nocase(target, "newest");
	model_set wanted = model_bit(l->models, model);
	const struct bundle *best = NULL;

	for (unsigned i = 0; i < l->bundle_count; i++) {
		const struct bundle *b = &l->bundle[i];

		if (!(b->models & wanted) || (!b->fit && !unfit_too))
			continue;
		if (holds ? !bundle_file(l, b, holds) : newest && ends_nowhere(l, b))
			continue;
		if (!newest && !same_load(b->load, target))
			continue;
		if (!best || better(b, best))
			best = b;
	}
	return best;
}

const struct bundle *library_target(const struct library *l, const struct model *model,
				    const char *target)
{
	return library_choose(l, model, target, NULL, false);
}

const struct finding *bundle_fatal(const struct library *l, const struct bundle *b)
{
	int index = (int)(b - l->bundle);

	for (unsigned i = 0; i < l->finding_count; i++)
		if (l->finding[i].bundle == index && l->finding[i].severity == FINDING_FATAL)
			return &l->finding[i];
	return NULL;
}

void bundle_why_unfit(const struct library *l, const struct bundle *b, char *out, size_t size)
{
	const struct finding *why = bundle_fatal(l, b);
	char *end;

	text_copy(out, size, why ? why->text : "a file is missing or damaged");
	end = strstr(out, ": ");
	if (!end)
		end = strstr(out, ". ");
	if (end) /* every finding says what to do in a sentence of its own */
		*end = '\0';
}
