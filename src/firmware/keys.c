/* SPDX-License-Identifier: MIT */
/*
 * The public keys: firmware/keys.ini, compiled in, and files of the same form (--keys).
 *
 * The happy path: each [key ID] section fills one entry of a scratch table; when the whole text
 * has been read, each entry is checked for what it must have, and the table is added to the known keys. Whatever goes wrong before that leaves them as they
 * were.
 *
 * A key under a known name with the same modulus is passed over, so that a copy of the compiled-in
 * file can be given as --keys; the same name with another modulus is an error, because a
 * report that names the key would be a lie.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reflashd/ini.h"
#include "reflashd/signature.h"
#include "reflashd/text.h"

extern const unsigned char keys_ini[];
extern const size_t keys_ini_len;

#define SECTION_PREFIX "key "
#define BITS_MIN       1024
#define BITS_MAX       4096

struct fresh_key {
	struct key key;
	unsigned line; /* of its first entry */
	bool has_generation, is_new;
};

struct key_reader {
	unsigned count;
	struct fresh_key fresh[KEYS_MAX];
};

static bool id_valid(const char *id)
{
	size_t n = strlen(id);

	if (n == 0 || n >= sizeof(((struct key *)NULL)->id))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("._-", id[i]))
			return false;
	return true;
}

/* The entry of this section: the last one, or a new one. */
static struct fresh_key *entry(struct key_reader *r, const struct ini_item *item, struct fault *why)
{
	const char *id = item->section + strlen(SECTION_PREFIX);
	struct fresh_key *k;

	if (strncmp(item->section, SECTION_PREFIX, strlen(SECTION_PREFIX)) != 0 || !id_valid(id)) {
		fault_set(why, -EINVAL,
			  "[%s] is no section of a key file; write [key ID], where ID has 1 to "
			  "%zu letters, digits, \".\", \"_\" or \"-\"",
			  item->section, sizeof(k->key.id) - 1);
		return NULL;
	}
	for (unsigned i = 0; i < r->count; i++) {
		if (strcmp(r->fresh[i].key.id, id) != 0)
			continue;
		if (i + 1 == r->count)
			return &r->fresh[i];
		fault_set(why, -EINVAL, "the key %s is already in line %u of this file", id,
			  r->fresh[i].line);
		return NULL;
	}
	if (r->count == KEYS_MAX) {
		fault_set(why, -E2BIG, "there is room for %d keys, and this is one more", KEYS_MAX);
		return NULL;
	}
	k = &r->fresh[r->count++];
	text_copy(k->key.id, sizeof(k->key.id), id);
	k->line = item->line;
	return k;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_modulus(struct key *k, const char *hex, struct fault *why)
{
	size_t n;

	while (hex[0] == '0' && hex[1] == '0')
		hex += 2;
	n = strlen(hex);
	if (n % 2 != 0 || n < BITS_MIN / 4 || n > BITS_MAX / 4) {
		fault_set(why, -EINVAL,
			  "the modulus has %zu hexadecimal digits; %d to %d bits are %d to %d "
			  "digits, "
			  "in pairs",
			  n, BITS_MIN, BITS_MAX, BITS_MIN / 4, BITS_MAX / 4);
		return false;
	}
	for (size_t i = 0; i < n / 2; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			fault_set(why, -EINVAL,
				  "the modulus holds something that is no hexadecimal digit, near "
				  "digit %zu",
				  2 * i + 1);
			return false;
		}
		k->modulus[i] = (uint8_t)(high << 4 | low);
	}
	k->modulus_len = n / 2;
	if (k->modulus[k->modulus_len - 1] % 2 == 0) {
		fault_set(why, -EINVAL,
			  "the modulus is an even number and so no RSA modulus; is "
			  "its end missing?");
		return false;
	}
	return true;
}

static bool take_exponent(struct key *k, const char *text, struct fault *why)
{
	uint64_t e;

	if (!text_to_u64(text, 3, UINT32_MAX, &e) || e % 2 == 0) {
		fault_set(why, -EINVAL, "the exponent is an odd number from 3 on, not \"%s\"",
			  text);
		return false;
	}
	k->exponent = (uint32_t)e;
	return true;
}

static bool take_generation(struct fresh_key *k, const char *text, struct fault *why)
{
	if (strcmp(text, "G1") == 0) {
		k->key.generation = GENERATION_G1;
	} else if (strcmp(text, "G2") == 0) {
		k->key.generation = GENERATION_G2;
	} else {
		fault_set(why, -EINVAL,
			  "the generation is G1 or G2, not \"%s\"; leave the line out where there "
			  "is none",
			  text);
		return false;
	}
	k->has_generation = true;
	return true;
}

static bool take_models(struct key *k, const char *text, struct fault *why)
{
	if (text[0] != '\0' && text_copy(k->models, sizeof(k->models), text))
		return true;
	fault_set(why, -EINVAL,
		  "models has 1 to %zu characters, such as \"7970 7971\"; this has %zu",
		  sizeof(k->models) - 1, strlen(text));
	return false;
}

static bool take_item(void *ctx, const struct ini_item *item, struct fault *why)
{
	struct fresh_key *k = entry(ctx, item, why);
	bool again;

	if (!k)
		return false;
	again = (strcmp(item->key, "modulus") == 0 && k->key.modulus_len > 0) ||
		(strcmp(item->key, "exponent") == 0 && k->key.exponent > 0) ||
		(strcmp(item->key, "generation") == 0 && k->has_generation) ||
		(strcmp(item->key, "models") == 0 && k->key.models[0] != '\0');
	if (again) {
		fault_set(why, -EINVAL, "%s of key %s is given twice", item->key, k->key.id);
		return false;
	}
	if (strcmp(item->key, "modulus") == 0)
		return take_modulus(&k->key, item->value, why);
	if (strcmp(item->key, "exponent") == 0)
		return take_exponent(&k->key, item->value, why);
	if (strcmp(item->key, "generation") == 0)
		return take_generation(k, item->value, why);
	if (strcmp(item->key, "models") == 0)
		return take_models(&k->key, item->value, why);
	fault_set(why, -EINVAL,
		  "\"%s\" is not known here; a key has: modulus, exponent, generation, models",
		  item->key);
	return false;
}

static const struct key *find(const struct keys *k, const char *id)
{
	for (unsigned i = 0; i < k->count; i++)
		if (strcmp(k->key[i].id, id) == 0)
			return &k->key[i];
	return NULL;
}

static bool same_number(const struct key *a, const struct key *b)
{
	return a->exponent == b->exponent && a->modulus_len == b->modulus_len &&
	       memcmp(a->modulus, b->modulus, a->modulus_len) == 0;
}

/* Checks an entry as a whole, and whether it is known already. */
static int finish(struct fresh_key *fresh, const struct keys *known, const char *name,
		  struct fault *f)
{
	struct key *k = &fresh->key;
	const struct key *old = find(known, k->id);
	const char *missing = k->modulus_len == 0    ? "modulus"
			      : k->exponent == 0     ? "exponent"
			      : k->models[0] == '\0' ? "models"
						     : NULL;

	if (missing)
		return fault_set(f, -EINVAL, "%s:%u: the key %s has no \"%s\" line", name,
				 fresh->line, k->id, missing);
	if (old && same_number(old, k))
		return 0;
	if (old)
		return fault_set(f, -EEXIST,
				 "%s:%u: there is another key named %s already; give this one "
				 "another name",
				 name, fresh->line, k->id);
	fresh->is_new = true;
	return 0;
}

/* All or nothing: what is added is added at the very end. */
static int add_all(struct keys *k, struct key_reader *r, const char *name, struct fault *f)
{
	unsigned added = 0;
	int err = 0;

	for (unsigned i = 0; i < r->count && !err; i++) {
		err = finish(&r->fresh[i], k, name, f);
		added += r->fresh[i].is_new;
	}
	if (!err && added > KEYS_MAX - k->count)
		err = fault_set(f, -E2BIG,
				"%s: with these there would be %u keys; at most %d can be "
				"used",
				name, k->count + added, KEYS_MAX);
	for (unsigned i = 0; i < r->count && !err; i++)
		if (r->fresh[i].is_new)
			k->key[k->count++] = r->fresh[i].key;
	return err;
}

int keys_read(struct keys *k, const char *name, const char *text, size_t len, struct fault *f)
{
	struct key_reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return fault_set(f, -ENOMEM, "%s: there is no memory to read the keys", name);
	err = ini_read(name, text, len, take_item, r, f);
	if (!err && r->count == 0)
		err = fault_set(f, -EINVAL,
				"%s: there is no key in this file; write [key ID] and its "
				"modulus, exponent and models",
				name);
	if (!err)
		err = add_all(k, r, name, f);
	free(r);
	return err;
}

void keys_builtin(struct keys *k)
{
	struct fault f;

	memset(k, 0, sizeof(*k));
	must(keys_read(k, "firmware/keys.ini", (const char *)keys_ini, keys_ini_len, &f) == 0);
}

void keys_free(struct keys *k)
{
	memset(k, 0, sizeof(*k));
}
