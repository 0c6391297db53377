/* SPDX-License-Identifier: MIT */
/*
 * loadNNN.txt: as a real .cop has it, as it must not be, and what it says about a bundle.
 */
#include "exact.h"
#include "reflashd/load_text.h"
#include "reflashd/text.h"
#include "stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The two files of the 7911 SIP 9.4(2)SR1 bundle, byte for byte. */
#define LOAD307 "307       SIP11.9-4-2SR1-1S     11             // IP Phone 7911G SIP\r\n"
#define LOAD369 "369       SIP11.9-4-2SR1-1S     11             // IP Phone 7906G SIP\r\n"

static bool parse(struct load_text *t, const char *text, size_t len)
{
	uint8_t *copy = exact_copy(text, len);
	bool good;

	good = load_text_parse(t, copy, len);
	free(copy);
	return good;
}

static void good_lines(void **state)
{
	static const struct {
		const char *text;
		struct load_text want;
	} cases[] = {
		{LOAD307, {307, "SIP11.9-4-2SR1-1S", 11}},
		{LOAD369, {369, "SIP11.9-4-2SR1-1S", 11}},
		{"369       SCCP11.8-5-2S     0 // x", {369, "SCCP11.8-5-2S", 0}},
		{"7 P0S3-8-12-00 11", {7, "P0S3-8-12-00", 11}},
		{"\r\n \t7\tCP7912080003SCCP070409A 0\n9 x 1", {7, "CP7912080003SCCP070409A", 0}},
		{"9999999 a_b 999", {9999999, "a_b", 999}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct load_text t;

		assert_true(parse(&t, cases[i].text, strlen(cases[i].text)));
		assert_int_equal(t.number, cases[i].want.number);
		assert_string_equal(t.load, cases[i].want.load);
		assert_int_equal(t.protocol, cases[i].want.protocol);
	}
}

static void bad_lines(void **state)
{
	static const char *const texts[] = {
		"",
		" \r\n",
		"307",
		"307 SIP11",
		"307 SIP11\r\n11",
		"0 SIP11 11",
		"10000000 SIP11 11",
		"-7 SIP11 11",
		"7x SIP11 11",
		"7 SIP11 SIP",
		"7 SIP11 1000",
		"7 ../SIP11 11",
		"7 .SIP11 11",
		"7 SIP\x1b[2J 11",
		"7 SIP\xe4 11",
		"7 SIP/11 11",
		"<html> x 1",
		"7 a23456789b123456789c123456789d123456789e123456789f123456789g123456789h12 11",
	};
	struct load_text t = {42, "kept", 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (parse(&t, texts[i], strlen(texts[i])))
			fail_msg("taken: %s", texts[i]);
	assert_false(parse(&t, "7 SIP\0x 11", 10));
	assert_int_equal(t.number, 42);
	assert_string_equal(t.load, "kept");
	/* One letter less than the last of them. */
	assert_true(parse(
		&t, "7 a23456789b123456789c123456789d123456789e123456789f123456789g123456789h1 11",
		76));
	assert_int_equal(strlen(t.load), LOAD_TEXT_LOAD_MAX - 1);
}

static void cut_lines(void **state)
{
	size_t whole = strlen("307       SIP11.9-4-2SR1-1S     1");

	(void)state;
	for (size_t len = 0; len <= strlen(LOAD307); len++) {
		struct load_text t;

		assert_int_equal(parse(&t, LOAD307, len), len >= whole);
	}
}

static void file_names(void **state)
{
	uint32_t n = 0;

	(void)state;
	assert_true(load_text_name("load307.txt", &n) && n == 307);
	assert_true(load_text_name("LOAD30006.TXT", &n) && n == 30006);
	assert_true(load_text_name("load9999999.txt", &n) && n == 9999999);
	assert_false(load_text_name("load.txt", &n));
	assert_false(load_text_name("load0.txt", &n));
	assert_false(load_text_name("load99999999.txt", &n));
	assert_false(load_text_name("load-7.txt", &n));
	assert_false(load_text_name("load7.txt.bak", &n));
	assert_false(load_text_name("loa7.txt", &n));
	assert_false(load_text_name("", &n));
	assert_int_equal(n, 9999999);
}

/* A whole 7911 bundle with these texts beside it; the finding that must come of it, or NULL. */
static void beside(const char *name, const char *text, const char *code, const char *says)
{
	struct stock *s = stock_new();
	struct synth_files files;
	const struct finding *f;

	stock_make(s, &files, SYNTH_JAVA11, "SIP11.9-4-2SR1-1S", NULL);
	stock_file(&files, name, text, strlen(text));
	stock_folder(s, "bundle", &files);
	assert_int_equal(s->library.bundle_count, 1);
	assert_true(s->library.bundle[0].fit);
	f = code ? stock_finding(s, code) : NULL;
	if (code && !f)
		fail_msg("%s: no finding %s", name, code);
	if (code && !strstr(f->text, says))
		fail_msg("%s: it does not say `%s': %s", name, says, f->text);
	for (unsigned i = 0; !code && i < s->library.finding_count; i++)
		assert_false(text_starts_nocase(s->library.finding[i].code, "load-text"));
	stock_free(s);
}

static void contradictions(void **state)
{
	(void)state;
	beside("load307.txt", LOAD307, NULL, NULL);
	beside("load369.txt", LOAD369, NULL, NULL);
	beside("readme307.txt", "whatever", NULL, NULL);
	beside("load307.txt", "whatever", "load-text", "not written as such");
	beside("load369.txt", LOAD307, "load-text", "its name contradicts");
	beside("load307.txt", "307 SIP11.9-2-1S 11", "load-text-load", "SIP11.9-2-1S");
	beside("load12345.txt", "12345 SIP11.9-4-2SR1-1S 11", "load-text-number", "12345");
	beside("load30006.txt", "30006 SIP11.9-4-2SR1-1S 11", "load-text-model", "7970");
	beside("load307.txt", "307 SIP11.9-4-2SR1-1S 0", "load-text-protocol", "SCCP");
}

/* A folder that is taken back takes its evidence with it. */
static void taken_back(void **state)
{
	struct stock *s = stock_new();
	struct library *l = &s->library;

	(void)state;
	assert_int_equal(library_folder_begin(l, "half"), 0);
	assert_int_equal(
		library_add(l, "load307.txt", 1, (const uint8_t *)LOAD307, strlen(LOAD307)), 0);
	assert_int_equal(l->evidence_count, 1);
	assert_int_equal(library_folder_drop(l, "archive-damaged", "It is cut short"), 0);
	assert_int_equal(l->evidence_count, 0);
	stock_free(s);
}

/* A load whose name says nothing: the text tells for whom it is. */
static void tells_the_models(void **state)
{
	(void)state;
	for (unsigned with = 0; with < 2; with++) {
		struct stock *s = stock_new();
		struct synth_files files;
		model_set want = 0;

		stock_make(s, &files, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
		for (unsigned i = 0; i < files.count; i++) {
			struct synth_file *f = &files.file[i];

			if (text_starts_nocase(f->name, "term7"))
				text_format(f->name, sizeof(f->name), "other%u.loads", i);
			if (strcmp(f->name, "SCCP70.8-3-3S.loads") == 0)
				text_copy(f->name, sizeof(f->name), "LAB.8-3-3S.loads");
		}
		/* The name inside the list would tell, too. */
		free(synth_files_find(&files, "LAB")->data);
		synth_files_find(&files, "LAB")->data = NULL;
		{
			struct synth_file *lab = synth_files_find(&files, "LAB");
			struct synth_file *other = synth_files_find(&files, "other");
			struct synth_buffer body = {0};
			struct signed_header h;

			assert_int_equal(signed_header_parse(&h, other->data, other->len),
					 SIGNED_OK);
			synth_put(&body, other->data + h.length, other->len - h.length);
			sign_file(lab->name, body.data, body.len, s->g1, 0, &lab->data, &lab->len);
			synth_buffer_free(&body);
		}
		if (with) {
			static const char text[] = "30006 LAB.8-3-3S 0 // IP Phone 7970 SCCP\r\n";

			stock_file(&files, "load30006.txt", text, strlen(text));
			want = model_bit(&s->models, models_by_id(&s->models, "7970"));
		}
		for (unsigned i = 0; i < files.count; i++)
			if (text_starts_nocase(files.file[i].name, "other"))
				text_format(files.file[i].name, sizeof(files.file[i].name), "x%u",
					    i);
		stock_folder(s, "bundle", &files);
		assert_int_equal(s->library.bundle_count, 1);
		assert_string_equal(s->library.bundle[0].load, "LAB.8-3-3S");
		assert_int_equal(s->library.bundle[0].models, want);
		stock_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),	  cmocka_unit_test(bad_lines),
		cmocka_unit_test(cut_lines),	  cmocka_unit_test(file_names),
		cmocka_unit_test(contradictions), cmocka_unit_test(tells_the_models),
		cmocka_unit_test(taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
