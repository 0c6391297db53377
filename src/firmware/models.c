/* SPDX-License-Identifier: MIT */
/*
 * The catalogue of models: reading firmware/models.ini, and looking things up in it.
 *
 * The happy path of reading: a section is a model, a key is a field of struct model by way of
 * the table of fields below; when the text has been read, each model is checked for what its family
 * must have. Nothing is cut to fit: a value that is too long is an error, because half a sentence
 * of instructions is worse than none. The caller's catalogue changes only when all is well.
 *
 * The look-ups are in models_find.c.
 */
#include "reflashd/models.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reflashd/ini.h"
#include "reflashd/text.h"

extern const unsigned char models_ini[];
extern const size_t models_ini_len;

enum field_kind {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_FAMILY,
	FIELD_PREFIXES,
};

/* Which families must have a field; the others must not, unless they are in `may`. */
enum {
	JAVA = 1 << MODEL_JAVA,
	LEGACY = 1 << MODEL_LEGACY,
	KUP = 1 << MODEL_KUP,
	ALL = JAVA | LEGACY | KUP,
};

struct field {
	const char *key;
	enum field_kind kind;
	size_t offset, size; /* size: of a text's array; of a number, its bytes */
	unsigned min, max;   /* of a number */
	unsigned must_have, may_have;
};

#define TEXT(key, member, must, may)                                                               \
	{                                                                                          \
		key, FIELD_TEXT, offsetof(struct model, member),                                   \
			sizeof(((struct model *)NULL)->member), 0, 0, must, may                    \
	}
#define NUMBER(key, member, min, max, must, may)                                                   \
	{                                                                                          \
		key, FIELD_NUMBER, offsetof(struct model, member),                                 \
			sizeof(((struct model *)NULL)->member), min, max, must, may                \
	}

static const struct field fields[] = {
	TEXT("name", name, ALL, ALL),
	NUMBER("number", number, 1, 99999, ALL, ALL),
	{"family", FIELD_FAMILY, offsetof(struct model, family), sizeof(enum model_family), 0, 0,
	 ALL, ALL},
	TEXT("default-loads", term, JAVA, JAVA),
	{"prefixes", FIELD_PREFIXES, offsetof(struct model, prefixes),
	 sizeof(((struct model *)NULL)->prefixes), 0, 0, ALL, ALL},
	TEXT("recovery-file", recovery, KUP, KUP),
	NUMBER("image-model", kup_model, 1, 255, KUP, KUP),
	TEXT("profile", profile, KUP, KUP),
	TEXT("vendor-class", vendor_class, ALL, ALL),
	TEXT("reset-how", reset_how, ALL, ALL),
	TEXT("reset-lamp", reset_lamp, JAVA | LEGACY, ALL),
	TEXT("soft-keys", soft_keys, JAVA | LEGACY, JAVA | LEGACY),
	TEXT("soft-effect", soft_effect, JAVA | LEGACY, JAVA | LEGACY),
	TEXT("hard-keys", hard_keys, JAVA, JAVA | LEGACY),
	TEXT("hard-effect", hard_effect, JAVA, JAVA | LEGACY),
	TEXT("waiting-look", waiting_look, ALL, ALL),
	TEXT("power", power, ALL, ALL),
	TEXT("do-not", do_not, ALL, ALL),
	NUMBER("dark-minutes", dark_minutes, 0, 120, ALL, ALL),
};

static const char *const family_names[] = {
	[MODEL_JAVA] = "java", [MODEL_LEGACY] = "legacy", [MODEL_KUP] = "kup"};

struct model_reader {
	struct models models;
	unsigned line[MODELS_MAX];  /* of the first entry of each model */
	uint32_t given[MODELS_MAX]; /* bit i: fields[i] */
};

static unsigned char *field_at(struct model *model, const struct field *field)
{
	return (unsigned char *)model + field->offset;
}

/* The entry of this section: the last one, or a new one. NULL with *why. */
static struct model *entry(struct model_reader *r, const struct ini_item *item, struct fault *why)
{
	struct models *m = &r->models;
	struct model *model;

	for (unsigned i = 0; i < m->count; i++) {
		if (strcmp(m->model[i].id, item->section) != 0)
			continue;
		if (i + 1 == m->count)
			return &m->model[i];
		fault_set(why, -EINVAL, "the model %s is already in line %u of this file",
			  item->section, r->line[i]);
		return NULL;
	}
	if (m->count == MODELS_MAX) {
		fault_set(why, -E2BIG, "there is room for %d models, and this is one more",
			  MODELS_MAX);
		return NULL;
	}
	model = &m->model[m->count];
	if (!text_copy(model->id, sizeof(model->id), item->section)) {
		fault_set(why, -EINVAL, "the name of a model, [%s], has at most %zu characters",
			  item->section, sizeof(model->id) - 1);
		return NULL;
	}
	r->line[m->count++] = item->line;
	return model;
}

static bool take_text(struct model *model, const struct field *field, const char *value,
		      struct fault *why)
{
	if (value[0] == '\0') {
		fault_set(why, -EINVAL, "%s is empty; write a value or leave the line out",
			  field->key);
		return false;
	}
	if (text_copy((char *)field_at(model, field), field->size, value))
		return true;
	fault_set(why, -EINVAL, "%s has %zu bytes; at most %zu are possible", field->key,
		  strlen(value), field->size - 1);
	return false;
}

static bool take_number(struct model *model, const struct field *field, const char *value,
			struct fault *why)
{
	uint64_t n;

	if (!text_to_u64(value, field->min, field->max, &n)) {
		fault_set(why, -EINVAL, "%s is a number from %u to %u, not \"%s\"", field->key,
			  field->min, field->max, value);
		return false;
	}
	if (field->size == sizeof(uint8_t)) {
		*field_at(model, field) = (uint8_t)n;
	} else {
		uint32_t wide = (uint32_t)n;

		must(field->size == sizeof(wide));
		memcpy(field_at(model, field), &wide, sizeof(wide));
	}
	return true;
}

static bool take_family(struct model *model, const char *value, struct fault *why)
{
	for (unsigned i = 0; i < ARRAY_LEN(family_names); i++)
		if (strcmp(value, family_names[i]) == 0) {
			model->family = (enum model_family)i;
			return true;
		}
	fault_set(why, -EINVAL, "family is java, legacy or kup, not \"%s\"", value);
	return false;
}

static bool take_prefixes(struct model *model, const char *value, struct fault *why)
{
	const unsigned most = ARRAY_LEN(model->prefixes);
	unsigned count = 0;

	for (const char *p = value + strspn(value, " \t"); *p; p += strspn(p, " \t")) {
		size_t n = strcspn(p, " \t");

		if (count == most || n >= sizeof(model->prefixes[0])) {
			fault_set(why, -EINVAL,
				  "prefixes has 1 to %u words of at most %zu characters, such as "
				  "\"SCCP70 SIP70\", not \"%s\"",
				  most, sizeof(model->prefixes[0]) - 1, value);
			return false;
		}
		memcpy(model->prefixes[count++], p, n);
		p += n;
	}
	if (count > 0)
		return true;
	fault_set(why, -EINVAL, "prefixes is empty; write the starts of the load names");
	return false;
}

static bool unknown_key(const char *key, struct fault *why)
{
	char known[FAULT_TEXT_MAX] = "";
	size_t n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
		must(text_format(known + n, sizeof(known) - n, "%s%s", i ? ", " : "",
				 fields[i].key));
		n += strlen(known + n);
	}
	fault_set(why, -EINVAL, "\"%s\" is not known here; a model has: %s", key, known);
	return false;
}

static bool take_item(void *ctx, const struct ini_item *item, struct fault *why)
{
	struct model_reader *r = ctx;
	struct model *model = entry(r, item, why);
	const struct field *field = NULL;
	uint32_t *given, bit;

	if (!model)
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(fields) && !field; i++)
		if (strcmp(fields[i].key, item->key) == 0)
			field = &fields[i];
	if (!field)
		return unknown_key(item->key, why);
	given = &r->given[r->models.count - 1];
	bit = UINT32_C(1) << (field - fields);
	if (*given & bit) {
		fault_set(why, -EINVAL, "%s of model %s is given twice", item->key, model->id);
		return false;
	}
	*given |= bit;
	switch (field->kind) {
	case FIELD_TEXT: return take_text(model, field, item->value, why);
	case FIELD_NUMBER: return take_number(model, field, item->value, why);
	case FIELD_FAMILY: return take_family(model, item->value, why);
	case FIELD_PREFIXES: return take_prefixes(model, item->value, why);
	}
	must(false);
}

/* Has the model what its family must have, and nothing that its family cannot have? */
static int check_fields(const struct model_reader *r, unsigned i, const char *name, struct fault *f)
{
	const struct model *model = &r->models.model[i];
	unsigned family = 1u << model->family;

	for (unsigned k = 0; k < ARRAY_LEN(fields); k++) {
		bool given = r->given[i] >> k & 1;
		unsigned needs = fields[k].kind == FIELD_FAMILY ? ALL : fields[k].must_have;

		if (!given && (needs & family))
			return fault_set(f, -EINVAL, "%s:%u: the model %s has no \"%s\" line", name,
					 r->line[i], model->id, fields[k].key);
		if (given && !(fields[k].may_have & family))
			return fault_set(
				f, -EINVAL,
				"%s:%u: the model %s is of the family \"%s\", which has no "
				"\"%s\"",
				name, r->line[i], model->id, family_names[model->family],
				fields[k].key);
	}
	return 0;
}

/* What tells models apart must be there once only. */
static int check_unique(const struct model_reader *r, unsigned i, const char *name, struct fault *f)
{
	const struct model *model = &r->models.model[i];

	for (unsigned k = 0; k < i; k++) {
		const struct model *other = &r->models.model[k];

		if (model->number == other->number)
			return fault_set(f, -EINVAL,
					 "%s:%u: the models %s and %s have the same number, %u",
					 name, r->line[i], other->id, model->id, model->number);
		if (text_equal_nocase(model->vendor_class, other->vendor_class))
			return fault_set(
				f, -EINVAL,
				"%s:%u: the models %s and %s have the same vendor-class, %s", name,
				r->line[i], other->id, model->id, model->vendor_class);
		if (text_equal_nocase(model->id, other->id))
			return fault_set(
				f, -EINVAL,
				"%s:%u: the models %s and %s differ in upper and lower case "
				"only",
				name, r->line[i], other->id, model->id);
	}
	return 0;
}

int models_read(struct models *m, const char *name, const char *text, size_t len, struct fault *f)
{
	struct model_reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return fault_set(f, -ENOMEM, "%s: there is no memory to read the models", name);
	err = ini_read(name, text, len, take_item, r, f);
	if (!err && r->models.count == 0)
		err = fault_set(f, -EINVAL, "%s: there is no model in this file", name);
	for (unsigned i = 0; i < r->models.count && !err; i++) {
		err = check_fields(r, i, name, f);
		if (!err)
			err = check_unique(r, i, name, f);
	}
	if (!err)
		*m = r->models;
	free(r);
	return err;
}

void models_builtin(struct models *m)
{
	struct fault f;

	must(models_read(m, "firmware/models.ini", (const char *)models_ini, models_ini_len, &f) ==
	     0);
}

struct span models_builtin_text(void)
{
	return (struct span){models_ini, models_ini_len};
}
