/* SPDX-License-Identifier: MIT */
/* The key file: the twelve keys that are compiled in, files of one's own, and their mistakes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/signature.h"

#include "exact.h"
#include "sign.h"

static struct keys keys, before;

static int read_text(const char *text, struct fault *f)
{
	size_t len = strlen(text);
	char *copy = exact_copy(text, len);
	int err;

	before = keys;
	memset(f, 0, sizeof(*f));
	err = keys_read(&keys, "k.ini", copy, len, f);
	if (err) {
		assert_int_equal(f->err, err);
		assert_memory_equal(&keys, &before, sizeof(keys)); /* untouched */
	}
	free(copy);
	return err;
}

static int setup(void **state)
{
	(void)state;
	memset(&keys, 0, sizeof(keys));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	keys_free(&keys);
	return 0;
}

/* firmware-formats.md 7.5 and Appendix A. A key is named after the start of its modulus. */
static void test_builtin(void **state)
{
	static const struct {
		const char *id;
		enum generation generation;
		const char *models;
	} table[] = {
		{"b7c630", GENERATION_G1, "7941 7941G-GE 7961 7961G-GE 7970 7971"},
		{"ed7279", GENERATION_G2, "7970 7971"},
		{"f10e9c", GENERATION_G2, "7941 7941G-GE 7961 7961G-GE"},
		{"c7048c", GENERATION_G1, "7942 7945 7962 7965 7975"},
		{"b88d3e", GENERATION_G2, "7942 7962"},
		{"c98af7", GENERATION_G2, "7945 7965"},
		{"c321cd", GENERATION_G1, "7906 7911 7931"},
		{"af10a0", GENERATION_G2, "7906 7911"},
		{"bff524", GENERATION_G2, "7931"},
		{"f6a49d", GENERATION_G2, "7975"},
		{"be327e", GENERATION_NONE, "7940 7960"},
		{"f22d08", GENERATION_NONE, "7940 7960"},
	};
	char start[8];

	(void)state;
	keys_builtin(&keys);
	assert_int_equal(keys.count, ARRAY_LEN(table));
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		const struct key *k = &keys.key[i];

		assert_string_equal(k->id, table[i].id);
		snprintf(start, sizeof(start), "%02x%02x%02x", k->modulus[0], k->modulus[1],
			 k->modulus[2]);
		assert_string_equal(start, table[i].id);
		assert_int_equal(k->generation, table[i].generation);
		assert_string_equal(k->models, table[i].models);
		assert_int_equal(k->modulus_len, 256);
		assert_int_equal(k->exponent, 3);
	}
}

/* A modulus in the making: hexadecimal digits of this many bytes, odd. */
static const char *hex(size_t bytes)
{
	static char out[1200];

	memset(out, 'c', 2 * bytes);
	memcpy(out + 2 * bytes - 2, "C1", 3);
	return out;
}

static void test_own_file(void **state)
{
	struct fault f;
	char text[2000];

	(void)state;
	snprintf(text, sizeof(text),
		 "; mine\n[key my-key_1.0]\nmodulus = 0000%s ; long\nexponent = 65537\nmodels = "
		 "7970\n",
		 hex(512));
	assert_int_equal(read_text(text, &f), 0);
	assert_int_equal(keys.count, 1);
	assert_string_equal(keys.key[0].id, "my-key_1.0");
	assert_int_equal(keys.key[0].modulus_len, 512);
	assert_int_equal(keys.key[0].modulus[0], 0xcc);
	assert_int_equal(keys.key[0].modulus[511], 0xc1);
	assert_int_equal(keys.key[0].exponent, 65537);
	assert_int_equal(keys.key[0].generation, GENERATION_NONE);
}

/* The tests' key file holds the public halves of the tests' private keys. */
static void test_test_keys(void **state)
{
	static const char *const names[] = {"test-g1", "test-g2"};
	char path[4096], text[8192];
	struct fault f;
	size_t len;
	FILE *file = fopen(test_keys_path("test-keys.ini", path, sizeof(path)), "r");

	(void)state;
	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	assert_int_equal(read_text(text, &f), 0);
	assert_int_equal(keys.count, ARRAY_LEN(names));
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct test_key *secret = test_key_load(names[i]);
		uint8_t modulus[512];

		assert_string_equal(keys.key[i].id, names[i]);
		assert_int_equal(keys.key[i].generation, i ? GENERATION_G2 : GENERATION_G1);
		assert_int_equal(test_key_modulus(secret, modulus, sizeof(modulus)), 256);
		assert_memory_equal(keys.key[i].modulus, modulus, 256);
		test_key_free(secret);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *section, *modulus, *rest, *says;
	} cases[] = {
		{"key a", NULL, "exponent = 3\nmodels = m\n",
		 "k.ini:2: the key a has no \"modulus\""},
		{"key a", "128", "models = m\n", "the key a has no \"exponent\""},
		{"key a", "128", "exponent = 3\n", "the key a has no \"models\""},
		{"a", "128", "", "k.ini:2: [a] is no section of a key file"},
		{"key ", "128", "", "write [key ID]"},
		{"keya", "128", "", "write [key ID]"},
		{"key a b", "128", "", "write [key ID]"},
		{"key 1234567890123456", "128", "", "1 to 15 letters"},
		{"key a", "127", "", "k.ini:2: the modulus has 254 hexadecimal digits"},
		{"key a", "513", "", "k.ini:2: the modulus has 1026 hexadecimal digits"},
		{"key a", "128", "exponent = 1\n", "k.ini:3: the exponent is an odd number"},
		{"key a", "128", "exponent = 4\n", "k.ini:3: the exponent"},
		{"key a", "128", "exponent = 4294967297\n", "k.ini:3: the exponent"},
		{"key a", "128", "exponent = 0x3\n", "k.ini:3: the exponent"},
		{"key a", "128", "generation = G3\n", "k.ini:3: the generation is G1 or G2"},
		{"key a", "128", "generation = g1\n", "k.ini:3: the generation is G1 or G2"},
		{"key a", "128", "models =\n", "k.ini:3: models has 1 to 95 characters"},
		{"key a", "128", "keysize = 3\n",
		 "k.ini:3: \"keysize\" is not known here; a key has:"},
		{"key a", "128", "exponent = 3\nexponent = 3\n",
		 "exponent of key a is given twice"},
		{"key a", "128", "generation = G1\ngeneration = G1\n",
		 "generation of key a is given twice"},
		{"key a", "128", "models = m\nmodels = m\n", "models of key a is given twice"},
		{"key a", "128", "scrap\n", "k.ini:3: "},
	};
	char text[3000];
	struct fault f;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), "[%s]\n%s%s%s%s", cases[i].section,
			 cases[i].modulus ? "modulus = " : "",
			 cases[i].modulus ? hex((size_t)atoi(cases[i].modulus)) : "",
			 cases[i].modulus ? "\n" : "", cases[i].rest);
		assert_int_equal(read_text(text, &f), -EINVAL);
		if (!strstr(f.text, cases[i].says))
			fail_msg("row %u: \"%s\" does not say \"%s\"", i, f.text, cases[i].says);
	}
	assert_int_equal(read_text("; nothing\n", &f), -EINVAL);
	assert_non_null(strstr(f.text, "k.ini: there is no key in this file"));
}

static void test_modulus_digits(void **state)
{
	struct fault f;
	char text[2000], *at;

	(void)state;
	snprintf(text, sizeof(text), "[key a]\nmodulus = %s\nexponent = 3\nmodels = m\n", hex(256));
	at = strstr(text, "cc");
	at[100] = 'g';
	assert_int_equal(read_text(text, &f), -EINVAL);
	assert_non_null(strstr(f.text, "no hexadecimal digit, near digit 101"));
	at[100] = ' ';
	assert_int_equal(read_text(text, &f), -EINVAL);
	at[100] = 'c';
	at[511] = '2';
	assert_int_equal(read_text(text, &f), -EINVAL);
	assert_non_null(strstr(f.text, "even number"));
	at[511] = '1';
	assert_int_equal(read_text(text, &f), 0);
	/* The same key again is no mistake; another one under its name is. */
	assert_int_equal(read_text(text, &f), 0);
	assert_int_equal(keys.count, 1);
	at[0] = 'd';
	assert_int_equal(read_text(text, &f), -EEXIST);
	assert_non_null(strstr(f.text, "k.ini:2: there is another key named a already"));
}

static void test_repeated_section(void **state)
{
	struct fault f;
	char text[4000];

	(void)state;
	snprintf(text, sizeof(text),
		 "[key a]\nexponent = 3\nmodels = m\n[key b]\nmodels = m\n[key a]\nmodulus = %s\n",
		 hex(256));
	assert_int_equal(read_text(text, &f), -EINVAL);
	assert_non_null(strstr(f.text, "k.ini:7: the key a is already in line 2"));
}

/* One wrong key at the end: none of the file's keys is added (and none leaks). */
static void test_all_or_nothing(void **state)
{
	struct fault f;
	char text[8000];
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text),
			     "[key a]\nmodulus = %s\nexponent = 3\nmodels = m\n", hex(256));
	n += (size_t)snprintf(text + n, sizeof(text) - n,
			      "[key b]\nmodulus = %s\nexponent = 3\nmodels = m\n", hex(255));
	snprintf(text + n, sizeof(text) - n, "[key c]\nmodels = m\n");
	assert_int_equal(read_text(text, &f), -EINVAL);
	text[n] = '\0';
	assert_int_equal(read_text(text, &f), 0);
	assert_int_equal(keys.count, 2);
}

static void test_room(void **state)
{
	static char text[(KEYS_MAX + 1) * 600];
	struct fault f;
	size_t n = 0, full = 0;

	(void)state;
	for (unsigned i = 0; i <= KEYS_MAX; i++) {
		if (i == KEYS_MAX)
			full = n;
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "[key k%u]\nmodulus = %s\nexponent = 3\nmodels = m\n", i,
				      hex(128));
	}
	assert_int_equal(read_text(text, &f), -EINVAL);
	assert_non_null(strstr(f.text, "room for 64 keys"));
	text[full] = '\0';
	assert_int_equal(read_text(text, &f), 0);
	assert_int_equal(keys.count, KEYS_MAX);
	snprintf(text, sizeof(text), "[key more]\nmodulus = %s\nexponent = 3\nmodels = m\n",
		 hex(128));
	assert_int_equal(read_text(text, &f), -E2BIG);
	assert_non_null(strstr(f.text, "there would be 65 keys"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_builtin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modulus_digits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repeated_section, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
