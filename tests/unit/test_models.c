/* SPDX-License-Identifier: MIT */
/* The catalogue of models: the compiled-in one against the tables of phones.md 6 and 7, the
 * look-ups, and what a file of one's own can get wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exact.h"
#include "reflashd/models.h"
#include "reflashd/text.h"

static struct models catalogue, other;

static int setup(void **state)
{
	(void)state;
	models_builtin(&catalogue);
	return 0;
}

static const struct {
	const char *id;
	uint32_t number;
	enum model_family family;
	const char *term, *prefix[2], *recovery;
	uint8_t image;
	const char *profile;
} table[] = {
	{"7902", 30008, MODEL_KUP, "", {"CP7902", ""}, "cp7902r.zup", 4, "ff"},
	{"7905", 20000, MODEL_KUP, "", {"CP7905", ""}, "ldragonr.zup", 5, "ld"},
	{"7906", 369, MODEL_JAVA, "term06.default.loads", {"SCCP11", "SIP11"}, "", 0, ""},
	{"7911", 307, MODEL_JAVA, "term11.default.loads", {"SCCP11", "SIP11"}, "", 0, ""},
	{"7912", 30007, MODEL_KUP, "", {"CP7912", ""}, "cp7912r.zup", 6, "gk"},
	{"7931", 348, MODEL_JAVA, "term31.default.loads", {"SCCP31", "SIP31"}, "", 0, ""},
	{"7940", 8, MODEL_LEGACY, "", {"P003", "P0S3"}, "", 0, ""},
	{"7941", 115, MODEL_JAVA, "term41.default.loads", {"SCCP41", "SIP41"}, "", 0, ""},
	{"7941G-GE", 309, MODEL_JAVA, "term41.default.loads", {"SCCP41", "SIP41"}, "", 0, ""},
	{"7942", 434, MODEL_JAVA, "term42.default.loads", {"SCCP42", "SIP42"}, "", 0, ""},
	{"7945", 435, MODEL_JAVA, "term45.default.loads", {"SCCP45", "SIP45"}, "", 0, ""},
	{"7960", 7, MODEL_LEGACY, "", {"P003", "P0S3"}, "", 0, ""},
	{"7961", 30018, MODEL_JAVA, "term61.default.loads", {"SCCP41", "SIP41"}, "", 0, ""},
	{"7961G-GE", 308, MODEL_JAVA, "term61.default.loads", {"SCCP41", "SIP41"}, "", 0, ""},
	{"7962", 404, MODEL_JAVA, "term62.default.loads", {"SCCP42", "SIP42"}, "", 0, ""},
	{"7965", 436, MODEL_JAVA, "term65.default.loads", {"SCCP45", "SIP45"}, "", 0, ""},
	{"7970", 30006, MODEL_JAVA, "term70.default.loads", {"SCCP70", "SIP70"}, "", 0, ""},
	{"7971", 119, MODEL_JAVA, "term71.default.loads", {"SCCP70", "SIP70"}, "", 0, ""},
	{"7975", 437, MODEL_JAVA, "term75.default.loads", {"SCCP75", "SIP75"}, "", 0, ""},
};

static void test_builtin(void **state)
{
	(void)state;
	assert_int_equal(catalogue.count, ARRAY_LEN(table));
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		const struct model *m = models_by_id(&catalogue, table[i].id);

		assert_non_null(m);
		assert_string_equal(m->id, table[i].id);
		assert_int_equal(m->number, table[i].number);
		assert_ptr_equal(models_by_number(&catalogue, table[i].number), m);
		assert_int_equal(m->family, table[i].family);
		assert_string_equal(m->term, table[i].term);
		assert_string_equal(m->prefixes[0], table[i].prefix[0]);
		assert_string_equal(m->prefixes[1], table[i].prefix[1]);
		assert_string_equal(m->recovery, table[i].recovery);
		assert_int_equal(m->kup_model, table[i].image);
		assert_string_equal(m->profile, table[i].profile);
		assert_true(text_starts_nocase(m->name, "Cisco IP Phone "));
		assert_ptr_equal(models_by_id(&catalogue, m->name + 15), m);
	}
	assert_null(models_by_number(&catalogue, 6)); /* 7910: not one of ours */
	assert_null(models_by_number(&catalogue, 0));
}

/* The sentences are whole, and the key sequences are the two that Cisco names. */
static void test_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < catalogue.count; i++) {
		const struct model *m = &catalogue.model[i];
		const char *const texts[] = {m->reset_how, m->waiting_look, m->power, m->do_not};

		for (unsigned k = 0; k < ARRAY_LEN(texts); k++) {
			size_t n = strlen(texts[k]);

			assert_true(n > 20 && (texts[k][n - 1] == '.' || texts[k][n - 1] == ')'));
		}
		assert_string_equal(m->soft_keys, m->family == MODEL_KUP ? "" : "123456789*0#");
		assert_string_equal(m->hard_keys, m->family == MODEL_JAVA ? "3491672850*#" : "");
		assert_int_equal(m->dark_minutes, m->family == MODEL_JAVA ? 15 : 0);
	}
}

static const char *id_of(const struct model *m)
{
	return m ? m->id : "none";
}

static void test_names(void **state)
{
	static const struct {
		const char *asked, *id;
	} ids[] = {{"7970", "7970"},
		   {"CP-7970G", "7970"},
		   {"cp-7970g", "7970"},
		   {"CP7970", "7970"},
		   {"7970G", "7970"},
		   {"7971G-GE", "7971"},
		   {"7961G-GE", "7961G-GE"},
		   {"CP-7961g-ge", "7961G-GE"},
		   {"7961G", "7961"},
		   {"797", "none"},
		   {"79700", "none"},
		   {"7910", "none"},
		   {"", "none"},
		   {"G", "none"},
		   {"CP", "none"},
		   {"CP-", "none"},
		   {"7970 ", "none"},
		   {"7970GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG", "none"}};
	static const struct {
		const char *rest, *id;
	} classes[] = {{" IP Phone CP-7940G", "7940"},
		       {" IP Phone CP-7960G", "7960"},
		       {" IP Phone CP-7941G", "7941"},
		       {" IP Phone 7912", "7912"},
		       {" IP Phone 7905", "7905"},
		       {" IP Phone CP-7960", "7960"},
		       {" IP Phone CP-7911G", "7911"},
		       {" IP Phone CP-7970G", "7970"},
		       {" IP Phone CP-7941G-GE", "7941G-GE"},
		       {" IP Phone CP-7971G-GE", "7971"},
		       {" IP Phone", "none"},
		       {" IP Phone ", "none"},
		       {"", "none"},
		       {" IP Phone CP-8851", "none"},
		       {" IP Phone CP-7921G", "none"},
		       {" IP Phone CP-7970G x", "none"}};
	char text[80];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		assert_string_equal(id_of(models_by_id(&catalogue, ids[i].asked)), ids[i].id);
	for (unsigned i = 0; i < ARRAY_LEN(classes); i++) {
		snprintf(text, sizeof(text), "Cisco Systems, Inc.%s", classes[i].rest);
		assert_string_equal(id_of(models_by_vendor_class(&catalogue, text)), classes[i].id);
	}
	assert_null(models_by_vendor_class(&catalogue, "Other, Inc. IP Phone CP-7970G"));
	assert_null(models_by_vendor_class(&catalogue, ""));
	for (unsigned i = 0; i < catalogue.count; i++) {
		const struct model *m = &catalogue.model[i];

		snprintf(text, sizeof(text), "Cisco Systems, Inc. IP Phone %s", m->vendor_class);
		assert_ptr_equal(models_by_vendor_class(&catalogue, text), m);
	}
}

static void test_files(void **state)
{
	static const struct {
		const char *file, *id;
	} terms[] = {{"term70.default.loads", "7970"}, {"TERM71.DEFAULT.loads", "7971"},
		     {"term41.default.loads", "7941"}, {"term61.default.loads", "7961"},
		     {"term06.default.loads", "7906"}, {"term99.default.loads", "none"},
		     {"term70.default.load", "none"},  {"", "none"}};
	static const struct {
		const char *file, *id;
	} images[] = {{"cp7912r.zup", "7912"}, {"CP7912R.ZUP", "7912"}, {"ldragonr.zup", "7905"},
		      {"cp7902r.zup", "7902"}, {"cp7905r.zup", "none"}, {"", "none"}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(terms); i++)
		assert_string_equal(id_of(models_by_term(&catalogue, terms[i].file)), terms[i].id);
	for (unsigned i = 0; i < ARRAY_LEN(images); i++)
		assert_string_equal(id_of(models_by_recovery(&catalogue, images[i].file)),
				    images[i].id);
}

static void test_loads(void **state)
{
	static const struct {
		const char *load, *models;
	} loads[] = {
		{"SCCP70.8-3-3S", "7970 7971"},
		{"SCCP70.9-4-2SR3-1S", "7970 7971"},
		{"sip70.8-4-2S.loads", "7970 7971"},
		{"SIP41.9-4-2SR3-1S", "7941 7941G-GE 7961 7961G-GE"},
		{"SCCP42.9-4-2SR3-1S", "7942 7962"},
		{"SCCP45.9-4-2SR4-3S", "7945 7965"},
		{"SCCP75.9-4-2SR4-3S", "7975"},
		{"SIP11.9-4-2SR1-1S", "7906 7911"},
		{"SCCP31.9-2-1S", "7931"},
		{"TERM70.7-0-2-0S", "7970 7971"},
		{"TERM70_LOAD", "7970 7971"},
		{"TERM41.7-0-3-0S.loads", "7941 7941G-GE 7961 7961G-GE"},
		{"TERM61.7-0-3-0S", "7961 7961G-GE"},
		{"TERM06.7-2-1-0S", "7906"},
		{"term70.default.loads", "7970"},
		{"term41.default", "7941 7941G-GE"},
		{"P0S3-8-12-00", "7940 7960"},
		{"p0s3-8-12-00.loads", "7940 7960"},
		{"P003-8-12-00", "7940 7960"},
		{"P0030801SR02", "7940 7960"},
		{"P00308010200", "7940 7960"},
		{"P0M3-06-3-00", "7940 7960"},
		{"CP7912080003SCCP070409A", "7912"},
		{"cp7912080000sip060111a.sbin", "7912"},
		{"CP7905080000SIP060111A", "7905"},
		{"CP7902080002SCCP060817A", "7902"},
		{"cp7912r", "7912"},
		{"cp7912r.zup", "7912"},
		{"LDRAGONR.zup", "7905"},
		{"ldragonr", "7905"},
		{"ldragon", ""},
		{"SCCP700.1", ""},
		{"SCCP7", ""},
		{"SCCP69xx.9-0-2", ""},
		{"TERM.1", ""},
		{"TERM7", ""},
		{"P00405000700", ""}, /* 7910 */
		{"sip78xx.11-0-1-11", ""},
		{"", ""},
	};
	char text[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(loads); i++) {
		model_set_text(&catalogue, models_by_load(&catalogue, loads[i].load), ' ', text,
			       sizeof(text));
		if (strcmp(text, loads[i].models) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", loads[i].load, text, loads[i].models);
	}
}

static void test_set_text(void **state)
{
	model_set two = model_bit(&catalogue, models_by_id(&catalogue, "7970")) |
			model_bit(&catalogue, models_by_id(&catalogue, "7971"));
	static const char *const cut[] = {"",	  "",	  "",	  "",	  "7970",
					  "7970", "7970", "7970", "7970", "7970\n7971"};

	(void)state;
	for (size_t size = 1; size <= ARRAY_LEN(cut); size++) {
		char *exact = malloc(size);

		assert_non_null(exact);
		model_set_text(&catalogue, two, '\n', exact, size);
		assert_string_equal(exact, cut[size - 1]);
		free(exact);
	}
}

/* A small whole file, whose lines the mistakes below replace. */
#define KUP_TEXT                                                                                   \
	"[7912]\nname = N\nnumber = 30007\nfamily = kup\nprefixes = CP7912\n"                      \
	"recovery-file = cp7912r.zup\nimage-model = 6\nprofile = gk\nvendor-class = 7912\n"        \
	"reset-how = R\nwaiting-look = W\npower = P\ndo-not = D\ndark-minutes = 0\n"

static int read_text(const char *text, struct fault *f)
{
	size_t len = strlen(text);
	char *copy = exact_copy(text, len);
	int err;

	memset(&other, 0, sizeof(other));
	other.count = 77;
	err = models_read(&other, "m.ini", copy, len, f);
	free(copy);
	if (err)
		assert_int_equal(other.count, 77); /* untouched */
	return err;
}

static void test_own_file(void **state)
{
	struct fault f;

	(void)state;
	assert_int_equal(read_text(KUP_TEXT, &f), 0);
	assert_int_equal(other.count, 1);
	assert_string_equal(other.model[0].id, "7912");
	assert_int_equal(other.model[0].kup_model, 6);
	assert_string_equal(other.model[0].do_not, "D");
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *line, *instead, *says;
	} cases[] = {
		{"number = 30007\n", "", "m.ini:2: the model 7912 has no \"number\" line"},
		{"family = kup\n", "", "m.ini:2: the model 7912 has no \"family\" line"},
		{"recovery-file = cp7912r.zup\n", "", "has no \"recovery-file\" line"},
		{"do-not = D\n", "", "has no \"do-not\" line"},
		{"dark-minutes = 0\n", "", "has no \"dark-minutes\" line"},
		{"family = kup\n", "family = java\n", "has no \"default-loads\" line"},
		{"family = kup\n", "family = KUP\n", "m.ini:4: family is java, legacy or kup"},
		{"profile = gk\n", "profile = gk\ndefault-loads = t\n", "has no \"default-loads\""},
		{"profile = gk\n", "profile = gkgk\n", "m.ini:8: profile has 4 bytes; at most 3"},
		{"profile = gk\n", "profile =\n", "m.ini:8: profile is empty"},
		{"number = 30007\n", "number = 3e4\n",
		 "m.ini:3: number is a number from 1 to 99999"},
		{"number = 30007\n", "number = 0\n", "m.ini:3: number"},
		{"number = 30007\n", "number = 100000\n", "m.ini:3: number"},
		{"number = 30007\n", "number = 030007x\n", "m.ini:3: number"},
		{"image-model = 6\n", "image-model = 256\n", "m.ini:7: image-model"},
		{"image-model = 6\n", "image-model = 0\n", "m.ini:7: image-model"},
		{"dark-minutes = 0\n", "dark-minutes = 121\n", "m.ini:14: dark-minutes"},
		{"prefixes = CP7912\n", "prefixes = a b c d\n",
		 "m.ini:5: prefixes has 1 to 3 words"},
		{"prefixes = CP7912\n", "prefixes = abcdefghijkl\n", "of at most 11 characters"},
		{"prefixes = CP7912\n", "prefixes =\n", "m.ini:5: prefixes is empty"},
		{"power = P\n", "power = P\npower = P\n",
		 "m.ini:13: power of model 7912 is given twice"},
		{"power = P\n", "powr = P\n",
		 "m.ini:12: \"powr\" is not known here; a model has: name, "},
		{"power = P\n", "powr = P\n", ", dark-minutes"},
		{"[7912]\n", "[7912G-GE-and-more]\n", "at most 11 characters"},
		{"power = P\n", "scrap\n", "m.ini:12: "},
	};
	char text[1024];
	struct fault f;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at = strstr(KUP_TEXT, cases[i].line);

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(strlen(KUP_TEXT) - strlen(at)),
			 KUP_TEXT, cases[i].instead, at + strlen(cases[i].line));
		assert_int_equal(read_text(text, &f), -EINVAL);
		if (!strstr(f.text, cases[i].says))
			fail_msg("row %u: \"%s\" does not say \"%s\"", i, f.text, cases[i].says);
	}
	assert_int_equal(read_text("", &f), -EINVAL);
	assert_non_null(strstr(f.text, "m.ini: there is no model"));
}

static void copy_with(char *out, size_t size, const char *id, const char *number,
		      const char *vendor)
{
	snprintf(out, size,
		 "[%s]\nname = N\nnumber = %s\nfamily = kup\nprefixes = CP7912\n"
		 "recovery-file = cp7912r.zup\nimage-model = 6\nprofile = gk\nvendor-class = %s\n"
		 "reset-how = R\nwaiting-look = W\npower = P\ndo-not = D\ndark-minutes = 0\n",
		 id, number, vendor);
}

static void test_unique(void **state)
{
	static const struct {
		const char *id, *number, *vendor, *says;
	} cases[] = {
		{"7913", "30009", "7913", NULL},
		{"7913", "30007", "7913",
		 "m.ini:16: the models 7912 and 7913 have the same number, 30007"},
		{"7913", "30009", "7912",
		 "the models 7912 and 7913 have the same vendor-class, 7912"},
	};
	char text[4096], second[1024], third[1024];
	struct fault f;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		copy_with(second, sizeof(second), cases[i].id, cases[i].number, cases[i].vendor);
		snprintf(text, sizeof(text), "%s%s", KUP_TEXT, second);
		assert_int_equal(read_text(text, &f), cases[i].says ? -EINVAL : 0);
		if (cases[i].says)
			assert_non_null(strstr(f.text, cases[i].says));
	}
	copy_with(second, sizeof(second), "7913", "30009", "7913");
	copy_with(third, sizeof(third), "7912", "30010", "7914");
	snprintf(text, sizeof(text), "%s%s%s", KUP_TEXT, second, third);
	assert_int_equal(read_text(text, &f), -EINVAL);
	assert_non_null(strstr(f.text, "m.ini:30: the model 7912 is already in line 2"));
	copy_with(second, sizeof(second), "7913G", "30009", "7913");
	copy_with(third, sizeof(third), "7913g", "30010", "7914");
	snprintf(text, sizeof(text), "%s%s%s", KUP_TEXT, second, third);
	assert_int_equal(read_text(text, &f), -EINVAL);
	assert_non_null(strstr(f.text, "m.ini:30: the models 7913G and 7913g differ in upper and "
				       "lower case only"));
}

/* Every text field, one byte below its limit, at it, and above. */
static void test_text_limits(void **state)
{
	const int most = (int)sizeof(other.model[0].do_not) - 1;
	char text[4096];
	struct fault f;

	(void)state;
	for (int n = most - 1; n <= most + 1; n++) {
		const char *at = strstr(KUP_TEXT, "do-not = D\n");

		snprintf(text, sizeof(text), "%.*sdo-not = %0*d\n%s",
			 (int)(strlen(KUP_TEXT) - strlen(at)), KUP_TEXT, n, 1, at + 11);
		assert_int_equal(read_text(text, &f), n > most ? -EINVAL : 0);
		if (n <= most)
			assert_int_equal(strlen(other.model[0].do_not), n);
		else
			assert_non_null(
				strstr(f.text, "m.ini:13: do-not has 400 bytes; at most 399"));
	}
}

static void test_too_many(void **state)
{
	static char text[MODELS_MAX * 400 + 800];
	size_t n = 0;
	struct fault f;

	(void)state;
	for (unsigned i = 0; i <= MODELS_MAX; i++) {
		char id[12], number[12];

		snprintf(id, sizeof(id), "m%u", i);
		snprintf(number, sizeof(number), "%u", i + 1);
		copy_with(text + n, sizeof(text) - n, id, number, id);
		n += strlen(text + n);
		if (i >= MODELS_MAX - 1)
			assert_int_equal(read_text(text, &f), i < MODELS_MAX ? 0 : -EINVAL);
	}
	assert_non_null(strstr(f.text, "there is room for 64 models"));
}

static void test_builtin_text(void **state)
{
	struct span text = models_builtin_text();
	struct fault f;

	(void)state;
	assert_int_equal(models_read(&other, "x", (const char *)text.data, text.len, &f), 0);
	assert_int_equal(other.count, catalogue.count);
	for (unsigned i = 0; i < other.count; i++)
		assert_string_equal(other.model[i].do_not, catalogue.model[i].do_not);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),	 cmocka_unit_test(test_words),
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_files),
		cmocka_unit_test(test_loads),	 cmocka_unit_test(test_set_text),
		cmocka_unit_test(test_own_file), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_unique),	 cmocka_unit_test(test_text_limits),
		cmocka_unit_test(test_too_many), cmocka_unit_test(test_builtin_text),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
