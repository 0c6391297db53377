/* SPDX-License-Identifier: MIT */
/*
 * The firmware library: grouping of files into bundles, every way in which people break a
 * bundle with what they are told, and what is preferred to what.
 */
#include "reflashd/text.h"
#include "stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct model *model(const struct stock *s, const char *id)
{
	const struct model *m = models_by_id(&s->models, id);

	assert_non_null(m);
	return m;
}

static const char *target_of(const struct stock *s, const char *id, const char *target)
{
	const struct bundle *b = library_target(&s->library, model(s, id), target);

	return b ? b->load : "none";
}

/* Every finding is a whole printable sentence about a file that exists or is missed. */
static void check_findings(const struct stock *s)
{
	for (unsigned i = 0; i < s->library.finding_count; i++) {
		const struct finding *f = &s->library.finding[i];
		size_t len = strlen(f->text);

		assert_true(len > 20 && f->text[len - 1] == '.');
		for (size_t k = 0; k < len; k++)
			assert_true(f->text[k] >= 0x20 && f->text[k] <= 0x7e);
		assert_true(f->code[0] != '\0');
		assert_true(f->bundle < (int)s->library.bundle_count);
	}
}

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

static void broken_bundles(void **state)
{
	static const struct {
		enum synth_kind kind;
		const char *how, *code, *file, *text;
		enum finding_severity severity;
		bool complete, fit;
	} cases[] = {
		{SYNTH_JAVA70, "missing:cvm", "member-missing", "cvm70sccp.8-3-3-27.sbn",
		 "cvm70sccp.8-3-3-27.sbn is missing: SCCP70.8-3-3S.loads lists it", FINDING_FATAL,
		 false, false},
		{SYNTH_JAVA70, "truncate:cvm:1204", "truncated", "cvm70sccp.8-3-3-27.sbn",
		 "cvm70sccp.8-3-3-27.sbn ends 1,204 bytes early: the download was cut short. Get "
		 "the "
		 "bundle again.",
		 FINDING_FATAL, false, false},
		{SYNTH_JAVA70, "truncate:jar:1", "truncated", "jar70sccp.8-3-3-27.sbn",
		 "ends 1 byte early", FINDING_FATAL, false, false},
		{SYNTH_JAVA70, "flip:apps", "altered", "apps70.8-3-3-27.sbn",
		 "is not what its maker signed", FINDING_FATAL, true, false},
		{SYNTH_JAVA70, "rename", "renamed", "term70.default.loads",
		 "carries the name SCCP70.8-3-3S.loads inside", FINDING_FATAL, true, false},
		{SYNTH_JAVA70, "case", "case", "JAR70SCCP.8-3-3-27.SBN",
		 "Phones will ask for jar70sccp.8-3-3-27.sbn", FINDING_NOTE, true, true},
		{SYNTH_JAVA70, "missing:SCCP70", "no-load-list", "term70.default.loads",
		 "XMLDefault.cnf.xml cannot name this load", FINDING_NOTE, true, true},
		{SYNTH_JAVA70, "missing:term71", "no-term-list", "SCCP70.8-3-3S.loads",
		 "an erased 7971 cannot", FINDING_NOTE, true, true},
		{SYNTH_LEGACY, "missing:P003", "member-missing", "P003-8-12-00.sbn", "is missing",
		 FINDING_FATAL, false, false},
		{SYNTH_LEGACY, "truncate:P003-8-12-00.sbn:7", "truncated", "P003-8-12-00.sbn",
		 "ends 7 bytes early", FINDING_FATAL, false, false},
		{SYNTH_LEGACY, "flip:P0S3-8-12-00.sb2", "altered", "P0S3-8-12-00.sb2", "not what",
		 FINDING_FATAL, true, false},
		{SYNTH_KUP7912, "missing:cp7912r", "no-recovery", "CP7912080003SCCP070409A.sbin",
		 "There is no cp7912r.zup", FINDING_NOTE, true, true},
		{SYNTH_KUP7912, "truncate:CP7912080003SCCP070409A.sbin:100", "truncated",
		 "CP7912080003SCCP070409A.sbin", "ends 100 bytes early", FINDING_FATAL, false,
		 false},
		{SYNTH_KUP7912, "flip:cp7912r.zup", "corrupt", "cp7912r.zup", "checksum",
		 FINDING_FATAL, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		const struct finding *f;

		stock_bundle(s, cases[i].kind, NULL, cases[i].how);
		f = stock_finding(s, cases[i].code);
		if (!f || !strstr(f->text, cases[i].text))
			fail_msg("%s: %s", cases[i].how, f ? f->text : "not found");
		assert_string_equal(f->file, cases[i].file);
		assert_int_equal(f->severity, cases[i].severity);
		assert_int_equal(f->bundle, 0);
		assert_int_equal(s->library.bundle_count, 1);
		assert_int_equal(s->library.bundle[0].complete, cases[i].complete);
		assert_int_equal(s->library.bundle[0].fit, cases[i].fit);
		assert_int_equal(bundle_fatal(&s->library, &s->library.bundle[0]) == NULL,
				 cases[i].fit);
		check_findings(s);
		stock_free(s);
	}
}

/* Old bundles: the list says Jar…, the disk says jar… (phones.md 1, item 1). */
static void capital_j(void **state)
{
	struct stock *s = stock_new();
	struct synth_options options = {.key = s->g1, .capital_j = true};
	struct synth_files files;

	(void)state;
	stock_make(s, &files, SYNTH_JAVA41, "SIP41.8-3-1S", &options);
	stock_folder(s, "j", &files);
	assert_true(s->library.bundle[0].complete && s->library.bundle[0].fit);
	assert_int_equal(s->library.finding_count, 1);
	assert_string_equal(s->library.finding[0].code, "case");
	assert_non_null(library_find(&s->library, -1, "Jar41sip.8-3-1-27.sbn"));
	stock_free(s);
}

/* One bit over in a list: it no longer names the same files. */
static void altered_list_stands_alone(void **state)
{
	struct stock *s = stock_new();

	(void)state;
	stock_bundle(s, SYNTH_JAVA70, NULL, "flip:term71");
	assert_int_equal(s->library.bundle_count, 2);
	assert_string_equal(s->library.bundle[1].load, "term71.default");
	assert_true(s->library.bundle[0].fit);
	assert_false(s->library.bundle[1].fit);
	assert_non_null(stock_finding(s, "altered"));
	assert_true(library_find(&s->library, -1, "term71.default.loads")->damaged);
	stock_free(s);
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
	assert_string_equal(target_of(s, "7970", "newest"), "term70.default");
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	assert_string_equal(target_of(s, "7970", "newest"), "SCCP70.8-3-3S");
	stock_free(s);
}

/* A second copy of a list ("… (1).loads") does no harm, under a termXX name it does. */
static void copied_list(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;
	struct synth_file *list;

	(void)state;
	stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
	list = synth_files_find(&files, "SCCP70.8-3-3S.loads");
	stock_file(&files, "SCCP70.8-3-3S (1).loads", list->data, list->len);
	stock_folder(s, "copy", &files);
	assert_int_equal(s->library.bundle_count, 1);
	assert_true(s->library.bundle[0].fit);
	assert_non_null(stock_finding(s, "copy"));
	assert_int_equal(library_find(&s->library, -1, "SCCP70.8-3-3S (1).loads")->damaged, true);
	stock_free(s);
}

/* A load list whose own file is gone: its phones would ask for a name that it does not carry. */
static void renamed_list(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;

	(void)state;
	stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
	text_copy(synth_files_find(&files, "SCCP70.8-3-3S.loads")->name, 96, "SCCP70.8-3-4S.loads");
	stock_folder(s, "renamed", &files);
	assert_int_equal(s->library.bundle_count, 1);
	assert_false(s->library.bundle[0].fit);
	assert_non_null(stock_finding(s, "renamed"));
	stock_free(s);
}

static void renamed_member(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;

	(void)state;
	stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
	text_copy(synth_files_find(&files, "dsp70")->name, 96, "dsp70 (1).sbn");
	stock_folder(s, "renamed", &files);
	assert_non_null(stock_finding(s, "member-missing"));
	assert_non_null(strstr(stock_finding(s, "renamed")->text, "Give it that name back."));
	check_findings(s);
	stock_free(s);
}

/* A disk that knows no capital letters: the load is still named as phones spell it. */
static void load_is_spelled_as_signed(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;

	(void)state;
	stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
	text_copy(synth_files_find(&files, "SCCP70.8-3-3S.loads")->name, 96, "sccp70.8-3-3s.loads");
	stock_folder(s, "fat", &files);
	assert_string_equal(s->library.bundle[0].load, "SCCP70.8-3-3S");
	assert_true(s->library.bundle[0].fit);
	assert_non_null(stock_finding(s, "case"));
	stock_free(s);
}

static void signatures(void **state)
{
	struct test_key *stranger = test_key_generate(2048);
	static const struct {
		const char *code;
		enum signature signature;
		enum finding_severity severity;
	} cases[] = {
		{"unsigned", SIGNATURE_UNSIGNED, FINDING_WARNING},
		{"unknown-signer", SIGNATURE_UNKNOWN_SIGNER, FINDING_NOTE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		struct synth_options options = {.key = i == 0 ? NULL : stranger};
		struct synth_files files;
		const struct finding *f;

		stock_make(s, &files, SYNTH_JAVA70, NULL, &options);
		stock_folder(s, "x", &files);
		f = stock_finding(s, cases[i].code);
		assert_non_null(f);
		assert_int_equal(s->library.finding_count, 1);
		assert_int_equal(f->severity, cases[i].severity);
		assert_non_null(strstr(f->text, " and 7 other files "));
		assert_int_equal(s->library.bundle[0].signature, cases[i].signature);
		assert_true(s->library.bundle[0].fit);
		check_findings(s);
		stock_free(s);
	}
	test_key_free(stranger);
}

static void no_firmware_at_all(void **state)
{
	static const struct {
		const char *name, *text, *code;
		bool fit;
	} cases[] = {
		{"apps70.8-3-3-27.sbn", "<html>404 Not Found</html>", "not-firmware", false},
		{"apps70.8-3-3-27.sbn", "", "empty", false},
		{"SCCP70.8-3-3S.loads", "", "empty", false},
		{"term70.default.loads", "<html>404 Not Found</html>", "no-list", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		struct synth_files files;
		struct synth_file *f;
		const struct bundle *b;

		stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
		f = synth_files_find(&files, cases[i].name);
		f->len = strlen(cases[i].text);
		memcpy(f->data, cases[i].text, f->len);
		stock_folder(s, "x", &files);
		assert_non_null(stock_finding(s, cases[i].code));
		b = library_bundle_of(&s->library, library_find(&s->library, -1, cases[i].name));
		assert_non_null(b);
		assert_false(b->fit || b->complete);
		check_findings(s);
		stock_free(s);
	}
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
	assert_string_equal(target_of(s, "7912", "newest"), "none");
	assert_string_equal(target_of(s, "7912", "cp7912r"), "cp7912r");
	/* both forms of one image are one bundle, the folder's recovery image belongs to each */
	stock_make(s, &files, SYNTH_KUP7912, "CP7912080003SCCP070409A", NULL);
	stock_file(&files, "CP7912080004SCCP080108A.zup", body.data, body.len);
	stock_file(&files, "CP7912080004SCCP080108A.sbin", body.data, body.len);
	stock_folder(s, "three", &files);
	assert_int_equal(s->library.bundle_count, 4);
	assert_int_equal(s->library.bundle[3].file_count, 3);
	assert_string_equal(target_of(s, "7912", "newest"), "CP7912080003SCCP070409A");
	assert_string_equal(target_of(s, "7912", "CP7912080004SCCP080108A"),
			    "CP7912080004SCCP080108A");
	assert_string_equal(target_of(s, "7905", "newest"), "none");
	synth_buffer_free(&body);
	check_findings(s);
	stock_free(s);
}

static void newest(void **state)
{
	struct stock *s = stock_new();
	struct synth_options nobody = {.key = NULL};
	struct synth_files files;

	(void)state;
	assert_string_equal(target_of(s, "7970", "newest"), "none");
	stock_bundle(s, SYNTH_JAVA70, "SIP70.8-5-2S", NULL);
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	assert_string_equal(target_of(s, "7970", "newest"), "SIP70.8-5-2S");
	/* one version, two protocols: SCCP */
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-5-2S", NULL);
	assert_string_equal(target_of(s, "7970", "newest"), "SCCP70.8-5-2S");
	/* newer, but broken; newer, but nobody vouches for it */
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.9-4-2SR3-1S", "missing:cvm");
	stock_make(s, &files, SYNTH_JAVA70, "SCCP70.9-2-1S", &nobody);
	stock_folder(s, "unsigned", &files);
	assert_string_equal(target_of(s, "7970", "newest"), "SCCP70.8-5-2S");
	/* by name: with the suffix, in any case, of another model, unfit, unknown */
	assert_string_equal(target_of(s, "7971", "SCCP70.8-3-3S.loads"), "SCCP70.8-3-3S");
	assert_string_equal(target_of(s, "7971", "sccp70.8-3-3s"), "SCCP70.8-3-3S");
	assert_string_equal(target_of(s, "7971", "SCCP70.9-2-1S"), "SCCP70.9-2-1S");
	assert_string_equal(target_of(s, "7961", "SCCP70.8-3-3S"), "none");
	assert_string_equal(target_of(s, "7970", "SCCP70.9-4-2SR3-1S"), "none");
	assert_string_equal(target_of(s, "7970", "SCCP70.1-1-1S"), "none");
	assert_non_null(
		library_choose(&s->library, model(s, "7970"), "SCCP70.9-4-2SR3-1S", NULL, true));
	stock_free(s);
}

static void names_and_limits(void **state)
{
	static const char *const refused[] = {
		"",  "a/b/c", "/x",   "x/",   "../x",	  "x/..",
		".", "..",    "a\nb", "a\\b", "\xc3\xa4", "\x1b[2J",
	};
	struct stock *s = stock_new();
	struct library *l = &s->library;
	char name[160];
	unsigned full = 0;

	(void)state;
	assert_int_equal(library_folder_begin(l, "odd"), 0);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_equal(library_add(l, refused[i], 0, NULL, 0), 0);
	assert_int_equal(l->file_count, 0);
	assert_int_equal(l->finding_count, ARRAY_LEN(refused));
	memset(name, 'x', sizeof(name));
	name[LIBRARY_NAME_MAX] = '\0';
	assert_int_equal(library_add(l, name, 0, NULL, 0), 0);
	assert_int_equal(l->file_count, 0);
	name[LIBRARY_NAME_MAX - 1] = '\0';
	assert_int_equal(library_add(l, name, 0, NULL, 0), 0);
	assert_int_equal(library_add(l, "US/g3-tones.xml", 0, NULL, 0), 0);
	assert_int_equal(l->file_count, 2);
	assert_int_equal(library_add(l, "US/g3-tones.xml", 0, NULL, 0), 0); /* twice */
	assert_int_equal(l->file_count, 2);
	assert_int_equal(library_add(l, "us/G3-tones.xml", 0, NULL, 0), 0); /* in two cases */
	for (unsigned i = l->file_count; i < 10002; i++) {
		snprintf(name, sizeof(name), "file %u", i);
		assert_int_equal(library_add(l, name, 0, NULL, 0), 0);
	}
	assert_int_equal(l->file_count, 10000);
	assert_int_equal(library_folder_end(l), 0);
	for (unsigned i = 0; i < l->finding_count; i++)
		full += strcmp(l->finding[i].code, "too-many-files") == 0 ? 1 : 0;
	assert_int_equal(full, 1);
	assert_non_null(stock_finding(s, "two-cases"));
	check_findings(s);
	stock_free(s);
}

/* A folder full of broken things must not cost all memory, and bundles stay unfit unsaid. */
static void findings_are_bounded(void **state)
{
	struct stock *s = stock_new();
	struct library *l = &s->library;
	char name[40];

	(void)state;
	assert_int_equal(library_folder_begin(l, "odd"), 0);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "bad\n%u", i);
		assert_int_equal(library_add(l, name, 0, NULL, 0), 0);
	}
	assert_int_equal(library_add(l, "SCCP70.8-3-3S.loads", 0, NULL, 0), 0);
	assert_int_equal(library_folder_end(l), 0);
	assert_int_equal(l->finding_count, 4096);
	assert_string_equal(l->finding[4095].code, "findings-cut");
	assert_int_equal(l->bundle_count, 1);
	assert_false(l->bundle[0].fit);
	stock_free(s);
}

static void foreign_lists_are_no_bundles(void **state)
{
	static const char *const foreign[] = {
		"<AutoUpdateManifest>\n<component/>\n",
		"# RELEASE Model=78xx\n[CISCO-ID]\nversion = 11-0-1-11\n[PLATFORM_1]\nx=y size=1\n",
		"TNUX-1.4.6.3.SBN 897037 E247E40D9CF20472C6C397E6E427A517\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		struct stock *s = stock_new();
		struct synth_files files = {0};

		stock_file(&files, "other.loads", foreign[i], strlen(foreign[i]));
		stock_folder(s, "x", &files);
		assert_int_equal(s->library.bundle_count, 0);
		assert_int_equal(s->library.finding_count, 1);
		assert_string_equal(s->library.finding[0].code, "foreign-list");
		assert_non_null(library_find(&s->library, -1, "OTHER.loads"));
		stock_free(s);
	}
}

static void own_configurations(void **state)
{
	static const char text[] = "<Default>\n<loadInformation30006>SCCP70.9-9-9S</Default>";
	static const char good[] =
		"<device><loadInformation>SCCP70.8-3-3S</loadInformation></device>";
	struct stock *s = stock_new();
	struct synth_files files = {0};

	(void)state;
	stock_file(&files, "XMLDefault.cnf.xml", text, strlen(text));
	stock_file(&files, "SEP001122334455.cnf.xml", good, strlen(good));
	stock_folder(s, "config", &files);
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	assert_int_equal(s->library.finding_count, 0);
	assert_int_equal(library_finish(&s->library), 0);
	/* the SEP file names a load of a folder that came later: nothing to say */
	assert_int_equal(s->library.finding_count, 2);
	assert_string_equal(s->library.finding[0].code, "malformed");
	assert_int_equal(s->library.finding[0].severity, FINDING_WARNING);
	assert_non_null(strstr(s->library.finding[0].text, "XMLDefault.cnf.xml, line 2: "));
	/* phones would not take it, so they get a made one; the good file is left in peace */
	assert_string_equal(s->library.finding[1].code, "xmldefault-made");
	assert_true(library_find(&s->library, -1, "XMLDefault.cnf.xml")->unusable);
	assert_false(library_find(&s->library, -1, "SEP001122334455.cnf.xml")->unusable);
	check_findings(s);
	stock_free(s);
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

			assert_true(firmware_file_is(f, data, len));
			assert_false(firmware_file_is(f, data, len - 1));
			assert_false(firmware_file_is(f, data, 0));
			for (size_t at = 0; at < len; at += at < 500 ? 1 : 37) {
				data[at] ^= 1;
				if (firmware_file_is(f, data, len))
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_bundles),
		cmocka_unit_test(broken_bundles),
		cmocka_unit_test(capital_j),
		cmocka_unit_test(altered_list_stands_alone),
		cmocka_unit_test(two_in_one_folder),
		cmocka_unit_test(term_list_alone_names_nothing),
		cmocka_unit_test(copied_list),
		cmocka_unit_test(renamed_list),
		cmocka_unit_test(renamed_member),
		cmocka_unit_test(load_is_spelled_as_signed),
		cmocka_unit_test(signatures),
		cmocka_unit_test(no_firmware_at_all),
		cmocka_unit_test(kup_images),
		cmocka_unit_test(newest),
		cmocka_unit_test(names_and_limits),
		cmocka_unit_test(findings_are_bounded),
		cmocka_unit_test(foreign_lists_are_no_bundles),
		cmocka_unit_test(own_configurations),
		cmocka_unit_test(only_the_very_file),
		cmocka_unit_test(load_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
