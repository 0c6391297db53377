/* SPDX-License-Identifier: MIT */
/*
 * Looking a model up, by whatever a person, a phone or a file calls it. Nothing here trusts
 * its input: names from the wire are compared and never kept.
 *
 * Odd rules and where they come from (phones.md):
 * - The model in option 60 is written "CP-7970G", "7912", "CP-7960" or "CP-7941G-GE" (3.1); only
 *   some of these were seen, so an unknown spelling falls back to the number in it.
 * - Loads before 8.0 are named TERM70.7-0-2-0S for both the 7970 and the 7971, and TERM41… for the
 * 7941 and the 7961 (6): the number is that of the SCCPnn/SIPnn prefix, else that of the default
 * loads file.
 */
#include "reflashd/models.h"

#include <ctype.h>
#include <string.h>

#include "reflashd/text.h"

model_set model_bit(const struct models *m, const struct model *model)
{
	must(model >= m->model && model < m->model + m->count);
	return (model_set)1 << (model - m->model);
}

/* "CP-7970G" → "7970G"; a "G" or "-" that is missing or too much is try_ids()'s business. */
static const char *skip_cp(const char *word)
{
	if (text_starts_nocase(word, "CP"))
		word += word[2] == '-' ? 3 : 2;
	return word;
}

static const struct model *id_equal(const struct models *m, const char *id)
{
	for (unsigned i = 0; i < m->count; i++)
		if (text_equal_nocase(m->model[i].id, id))
			return &m->model[i];
	return NULL;
}

/* The word as it is, then without what Cisco puts behind the number: "G-GE", "G". */
static const struct model *try_ids(const struct models *m, const char *word)
{
	static const char *const tails[] = {"", "G-GE", "G"};
	const struct model *found = NULL;
	char id[32];

	for (unsigned i = 0; i < ARRAY_LEN(tails) && !found; i++) {
		if (!text_copy(id, sizeof(id), skip_cp(word)))
			return NULL;
		if (!text_ends_nocase(id, tails[i]))
			continue;
		id[strlen(id) - strlen(tails[i])] = '\0';
		found = id_equal(m, id);
	}
	return found;
}

const struct model *models_by_id(const struct models *m, const char *id)
{
	return try_ids(m, id);
}

const struct model *models_by_number(const struct models *m, uint32_t number)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->model[i].number == number)
			return &m->model[i];
	return NULL;
}

const struct model *models_by_term(const struct models *m, const char *file)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->model[i].term[0] && text_equal_nocase(m->model[i].term, file))
			return &m->model[i];
	return NULL;
}

const struct model *models_by_recovery(const struct models *m, const char *file)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->model[i].recovery[0] && text_equal_nocase(m->model[i].recovery, file))
			return &m->model[i];
	return NULL;
}

const struct model *models_by_vendor_class(const struct models *m, const char *text)
{
	static const char start[] = "Cisco Systems, Inc. IP Phone ";
	const char *word = text + strlen(start);

	if (!text_starts_nocase(text, start))
		return NULL;
	for (unsigned i = 0; i < m->count; i++)
		if (text_equal_nocase(m->model[i].vendor_class, word))
			return &m->model[i];
	return try_ids(m, word);
}

/* The number in "SCCP70", "TERM41.…", "term06.…": digits behind letters, as a span of the text. */
static struct span number_in(const char *text)
{
	const char *start = text;
	size_t n = 0;

	while (isalpha((unsigned char)*start))
		start++;
	while (isdigit((unsigned char)start[n]))
		n++;
	return (struct span){(const uint8_t *)start, n};
}

static bool same_number(const char *a, const char *b)
{
	struct span x = number_in(a), y = number_in(b);

	return x.len > 0 && x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
}

static bool has_prefix(const struct model *model, const char *load)
{
	for (unsigned i = 0; i < ARRAY_LEN(model->prefixes); i++) {
		const char *prefix = model->prefixes[i];

		if (!prefix[0] || !text_starts_nocase(load, prefix))
			continue;
		/* SCCP70 ends there: SCCP700 would be something else. P003 and CP7912 are
		 * followed by the version, digits and all. */
		if (model->family != MODEL_JAVA || !isalnum((unsigned char)load[strlen(prefix)]))
			return true;
	}
	return false;
}

/* "cp7912r.zup", "cp7912r" */
static bool is_recovery(const struct model *model, const char *load)
{
	size_t n = strlen(load);

	return model->recovery[0] && text_starts_nocase(model->recovery, load) &&
	       (model->recovery[n] == '\0' || model->recovery[n] == '.');
}

/* "term70.default.loads", "term70.default" */
static bool is_term(const struct model *model, const char *load)
{
	size_t n = strlen(load);

	return model->term[0] && text_starts_nocase(model->term, load) &&
	       (model->term[n] == '\0' || text_equal_nocase(model->term + n, ".loads"));
}

/* Of a TERM load: the models whose prefix has its number, or, of `term` files, their own. */
static bool term_number(const struct model *model, const char *load, bool by_prefix)
{
	if (model->family != MODEL_JAVA || !text_starts_nocase(load, "TERM"))
		return false;
	return same_number(by_prefix ? model->prefixes[0] : model->term, load);
}

model_set models_by_load(const struct models *m, const char *load)
{
	model_set exact = 0, by_prefix = 0, by_term = 0;

	for (unsigned i = 0; i < m->count; i++) {
		const struct model *model = &m->model[i];
		model_set bit = model_bit(m, model);

		if (is_term(model, load) || is_recovery(model, load))
			exact |= bit;
		if (has_prefix(model, load) || term_number(model, load, true))
			by_prefix |= bit;
		if (term_number(model, load, false))
			by_term |= bit;
	}
	return exact ? exact : by_prefix ? by_prefix : by_term;
}

void model_set_text(const struct models *m, model_set set, char separator, char *out, size_t size)
{
	size_t n = 0;

	must(size > 0);
	out[0] = '\0';
	for (unsigned i = 0; i < m->count; i++) {
		const char *id = m->model[i].id;
		size_t lead = n > 0, len = strlen(id);

		if (!(set >> i & 1))
			continue;
		if (n + lead + len >= size)
			return;
		if (lead)
			out[n++] = separator;
		memcpy(out + n, id, len + 1);
		n += len;
	}
}
