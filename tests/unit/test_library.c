/* SPDX-License-Identifier: MIT */
/*
 * The firmware library: grouping of files into bundles, and what is preferred to what.
 */
#include "library_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void whole_bundles(void **state)
{
	static const struct {
		enum synth_kind kind;
		const char *load, *models;
		enum model_family family;
		unsigned files;
	} cases[] = {
		{SYNTH_JAVA70, "SCCP70.8-3-3S", "7970 7971", MODEL_JAVA, 8},
		{SYNTH_JAVA41, "SIP41.8-5-2S", "7941 7941G-GE 7961 7961G-GE", MODEL_JAVA, 8},
		{SYNTH_JAVA31, "SCCP31.9-2-1S", "7931", MODEL_JAVA, 7},
		{SYNTH_LEGACY, "P0S3-8-12-00", "7940 7960", MODEL_LEGACY, 3},
		{SYNTH_KUP7912, "CP7912080003SCCP070409A", "7912", MODEL_KUP, 2},
		{SYNTH_KUP7905, "CP7905080003SCCP070409A", "7905", MODEL_KUP, 3},
		{SYNTH_KUP7902, "CP7902080003SCCP070409A", "7902", MODEL_KUP, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		const struct bundle *b;
		char models[64];

		stock_bundle(s, cases[i].kind, cases[i].load, NULL);
		assert_int_equal(library_finish(&s->library), 0);
		assert_int_equal(s->library.bundle_count, 1);
		assert_int_equal(s->library.finding_count, 0);
		b = &s->library.bundle[0];
		assert_string_equal(b->load, cases[i].load);
		model_set_text(&s->models, b->models, ' ', models, sizeof(models));
		assert_string_equal(models, cases[i].models);
		assert_int_equal(b->family, cases[i].family);
		assert_int_equal(b->file_count, cases[i].files);
		assert_true(b->complete && b->fit && !b->term_only);
		assert_int_equal(b->missing_count, 0);
		assert_int_equal(b->signature, SIGNATURE_VERIFIED);
		assert_int_equal(b->generation, GENERATION_G1);
		assert_string_equal(b->source, "folder 1");
		stock_free(s);
	}
}

/* Two releases in one folder stay two bundles; a list that differs is one of its own. */
static void two_in_one_folder(void **state)
{
	struct stock *s = stock_new();
	struct synth_files a, b;
	unsigned term = 0;

	(void)state;
	stock_make(s, &a, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	stock_make(s, &b, SYNTH_JAVA70, "SIP70.8-5-2S", NULL);
	for (unsigned i = 0; i < b.count; i++)
		if (text_starts_nocase(b.file[i].name, "term"))
			term++;
		else
			stock_file(&a, b.file[i].name, b.file[i].data, b.file[i].len);
	assert_int_equal(term, 2);
	synth_files_free(&b);
	stock_folder(s, "mixed", &a);
	assert_int_equal(s->library.bundle_count, 2);
	assert_string_equal(s->library.bundle[0].load, "SCCP70.8-3-3S");
	assert_string_equal(s->library.bundle[1].load, "SIP70.8-5-2S");
	assert_true(s->library.bundle[0].fit && s->library.bundle[1].fit);
	assert_non_null(stock_finding(s, "no-term-list"));
	stock_free(s);
}

static void term_list_alone_names_nothing(void **state)
{
	struct stock *s = stock_new();

	(void)state;
	stock_bundle(s, SYNTH_JAVA70, NULL, "missing:SCCP70");
	assert_string_equal(s->library.bundle[0].load, "term70.default");
	assert_true(s->library.bundle[0].term_only);
	assert_string_equal(library_rig_target(s, "7970", "newest"), "term70.default");
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	assert_string_equal(library_rig_target(s, "7970", "newest"), "SCCP70.8-3-3S");
	stock_free(s);
}

static void kup_images(void **state)
{
	struct stock *s = stock_new();
	struct synth_buffer body = {0};
	struct synth_files files;

	(void)state;
	/* a 7905 image under a 7912 name */
	memset(&files, 0, sizeof(files));
	synth_kup(&body, 5, 8, 0, 600, 1);
	stock_file(&files, "CP7912080004SCCP080108A.zup", body.data, body.len);
	stock_folder(s, "wrong", &files);
	assert_non_null(stock_finding(s, "wrong-model"));
	assert_false(s->library.bundle[0].fit);
	/* a recovery image alone is a bundle, but no load to end at */
	synth_buffer_free(&body);
	memset(&body, 0, sizeof(body));
	synth_kup(&body, 6, 8, 0, 600, 1);
	stock_file(&files, "cp7912r.zup", body.data, body.len);
	stock_folder(s, "recovery", &files);
	assert_string_equal(s->library.bundle[1].load, "cp7912r");
	assert_true(s->library.bundle[1].fit);
	assert_string_equal(library_rig_target(s, "7912", "newest"), "none");
	assert_string_equal(library_rig_target(s, "7912", "cp7912r"), "cp7912r");
	/* both forms of one image are one bundle, the folder's recovery image belongs to each */
	stock_make(s, &files, SYNTH_KUP7912, "CP7912080003SCCP070409A", NULL);
	stock_file(&files, "CP7912080004SCCP080108A.zup", body.data, body.len);
	stock_file(&files, "CP7912080004SCCP080108A.sbin", body.data, body.len);
	stock_folder(s, "three", &files);
	assert_int_equal(s->library.bundle_count, 4);
	assert_int_equal(s->library.bundle[3].file_count, 3);
	assert_string_equal(library_rig_target(s, "7912", "newest"), "CP7912080003SCCP070409A");
	assert_string_equal(library_rig_target(s, "7912", "CP7912080004SCCP080108A"),
			    "CP7912080004SCCP080108A");
	assert_string_equal(library_rig_target(s, "7905", "newest"), "none");
	synth_buffer_free(&body);
	library_rig_check_findings(s);
	stock_free(s);
}

static void newest(void **state)
{
	struct stock *s = stock_new();
	struct synth_options nobody = {.key = NULL};
	struct synth_files files;

	(void)state;
	assert_string_equal(library_rig_target(s, "7970", "newest"), "none");
	stock_bundle(s, SYNTH_JAVA70, "SIP70.8-5-2S", NULL);
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	assert_string_equal(library_rig_target(s, "7970", "newest"), "SIP70.8-5-2S");
	/* one version, two protocols: SCCP */
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-5-2S", NULL);
	assert_string_equal(library_rig_target(s, "7970", "newest"), "SCCP70.8-5-2S");
	/* newer, but broken; newer, but nobody vouches for it */
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.9-4-2SR3-1S", "missing:cvm");
	stock_make(s, &files, SYNTH_JAVA70, "SCCP70.9-2-1S", &nobody);
	stock_folder(s, "unsigned", &files);
	assert_string_equal(library_rig_target(s, "7970", "newest"), "SCCP70.8-5-2S");
	/* by name: with the suffix, in any case, of another model, unfit, unknown */
	assert_string_equal(library_rig_target(s, "7971", "SCCP70.8-3-3S.loads"), "SCCP70.8-3-3S");
	assert_string_equal(library_rig_target(s, "7971", "sccp70.8-3-3s"), "SCCP70.8-3-3S");
	assert_string_equal(library_rig_target(s, "7971", "SCCP70.9-2-1S"), "SCCP70.9-2-1S");
	assert_string_equal(library_rig_target(s, "7961", "SCCP70.8-3-3S"), "none");
	assert_string_equal(library_rig_target(s, "7970", "SCCP70.9-4-2SR3-1S"), "none");
	assert_string_equal(library_rig_target(s, "7970", "SCCP70.1-1-1S"), "none");
	assert_non_null(library_choose(&s->library, library_rig_model(s, "7970"),
				       "SCCP70.9-4-2SR3-1S", NULL, true));
	stock_free(s);
}

/* Nobody is known to vouch for either: better an unknown signer than none, found first or last. */
static void who_signed(void **state)
{
	struct test_key *stranger = test_key_generate(2048);

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		struct stock *s = stock_new();
		struct synth_options options = {.key = first == 0 ? stranger : NULL};
		struct synth_files files;
		const struct bundle *b;

		stock_make(s, &files, SYNTH_JAVA70, "SCCP70.8-3-3S", &options);
		stock_folder(s, "one", &files);
		options.key = first == 0 ? NULL : stranger;
		stock_make(s, &files, SYNTH_JAVA70, "SCCP70.8-3-3S", &options);
		stock_folder(s, "two", &files);
		b = library_choose(&s->library, library_rig_model(s, "7970"), "newest", NULL,
				   false);
		assert_ptr_equal(b, &s->library.bundle[first]);
		assert_int_equal(b->signature, SIGNATURE_UNKNOWN_SIGNER);
		stock_free(s);
	}
	test_key_free(stranger);
}

/* What was checked is what is served: one byte more, less or different is another file. */
static void only_the_very_file(void **state)
{
	static const char *const how[] = {"signed", "unsigned"};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(how); k++) {
		struct stock *s = stock_new();
		struct synth_options options = {.key = k == 0 ? s->g1 : NULL, .size = 2048};
		struct synth_files files, copy = {0};

		stock_make(s, &files, SYNTH_JAVA70, NULL, &options);
		for (unsigned i = 0; i < files.count; i++)
			stock_file(&copy, files.file[i].name, files.file[i].data,
				   files.file[i].len);
		s->library.want_sha1 = k == 1;
		stock_folder(s, "folder", &files);
		for (unsigned i = 0; i < copy.count; i++) {
			const struct firmware_file *f =
				library_find(&s->library, 0, copy.file[i].name);
			uint8_t *data = copy.file[i].data;
			size_t len = copy.file[i].len;

			assert_true(firmware_file_is(&s->library, f, data, len));
			assert_false(firmware_file_is(&s->library, f, data, len - 1));
			assert_false(firmware_file_is(&s->library, f, data, 0));
			for (size_t at = 0; at < len; at += at < 500 ? 1 : 37) {
				data[at] ^= 1;
				if (firmware_file_is(&s->library, f, data, len))
					fail_msg("%s: byte %zu of %s may change", how[k], at,
						 f->name);
				data[at] ^= 1;
			}
		}
		synth_files_free(&copy);
		stock_free(s);
	}
}

static void load_names(void **state)
{
	static const char *const cases[][2] = {
		{"SIP70.9-4-2SR3-1S.loads", "SIP70.9-4-2SR3-1S"},
		{"TERM70.DEFAULT.LOADS", "TERM70.DEFAULT"},
		{"CP7912080003SCCP070409A.sbin", "CP7912080003SCCP070409A"},
		{"cp7912r.ZUP", "cp7912r"},
		{"P0S3-8-12-00", "P0S3-8-12-00"},
		{".loads", ".loads"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];

		load_name_of_file(cases[i][0], out, sizeof(out));
		assert_string_equal(out, cases[i][1]);
	}
}

/* An archive that turns out to be damaged half-way takes back all it brought, and nothing else. */
static void a_folder_is_taken_back(void **state)
{
	struct stock *s = stock_new();
	struct library *l = &s->library;
	struct synth_files files;
	unsigned folders, bundles;

	(void)state;
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-5-2S", NULL);
	folders = l->folder_count;
	bundles = l->bundle_count;
	stock_make(s, &files, SYNTH_JAVA70, "SCCP70.9-4-2SR1S", NULL);
	stock_file(&files, "XMLDefault.cnf.xml", "<Default></Default>", 19);
	assert_int_equal(library_folder_begin(l, "half.zip"), 0);
	for (unsigned i = 0; i < files.count; i++)
		assert_int_equal(library_add(l, files.file[i].name, s->next_ref++,
					     files.file[i].data, files.file[i].len),
				 0);
	assert_int_equal(library_remark(l, "set\033up.exe", "installer", "It is a program"), 0);
	assert_non_null(stock_finding(s, "installer"));
	assert_null(strchr(stock_finding(s, "installer")->file, '\033'));
	assert_int_equal(library_folder_drop(l, "archive", "it is cut short"), 0);
	synth_files_free(&files);
	assert_int_equal(l->folder_count, folders + 1);
	assert_int_equal(l->bundle_count, bundles);
	assert_null(stock_finding(s, "installer")); /* with the folder goes what was said of it */
	assert_string_equal(stock_finding(s, "archive")->text, "it is cut short.");
	assert_null(library_find(l, -1, "SCCP70.9-4-2SR1S.loads"));
	assert_non_null(library_find(l, -1, "SCCP70.8-5-2S.loads"));
	/* And the next one goes in as if nothing had been. */
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.9-4-2SR1S", NULL);
	assert_non_null(library_find(l, -1, "SCCP70.9-4-2SR1S.loads"));
	stock_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_bundles),
		cmocka_unit_test(two_in_one_folder),
		cmocka_unit_test(term_list_alone_names_nothing),
		cmocka_unit_test(kup_images),
		cmocka_unit_test(newest),
		cmocka_unit_test(who_signed),
		cmocka_unit_test(only_the_very_file),
		cmocka_unit_test(load_names),
		cmocka_unit_test(a_folder_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
