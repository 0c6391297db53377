/* SPDX-License-Identifier: MIT */
/*
 * The firmware library: every way in which people break a bundle, and what is said of it.
 */
#include "library_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
		{SYNTH_KUP7912, "truncate:cp7912r.zup:9", "truncated", "cp7912r.zup",
		 "ends 9 bytes early", FINDING_FATAL, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		const struct firmware_file *file;
		const struct finding *f;

		stock_bundle(s, cases[i].kind, NULL, cases[i].how);
		f = stock_finding(s, cases[i].code);
		if (!f || !strstr(f->text, cases[i].text))
			fail_msg("%s: %s", cases[i].how, f ? f->text : "not found");
		assert_string_equal(f->file, cases[i].file);
		assert_int_equal(f->severity, cases[i].severity);
		assert_int_equal(f->bundle, 0);
		file = library_find(&s->library, -1, cases[i].file);
		if (file)
			assert_int_equal(file->damaged, cases[i].severity == FINDING_FATAL);
		assert_int_equal(s->library.bundle_count, 1);
		assert_int_equal(s->library.bundle[0].complete, cases[i].complete);
		assert_int_equal(s->library.bundle[0].fit, cases[i].fit);
		assert_int_equal(bundle_fatal(&s->library, &s->library.bundle[0]) == NULL,
				 cases[i].fit);
		library_rig_check_findings(s);
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
	library_rig_check_findings(s);
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

/* All of it in capitals: one sentence, not one for each file. */
static void all_capitals(void **state)
{
	struct stock *s = stock_new();
	struct synth_options options = {.key = s->g1};
	struct synth_files files;
	char why[160];

	(void)state;
	stock_make(s, &files, SYNTH_JAVA70, NULL, &options);
	assert_true(synth_break(&files, "case", why));
	stock_folder(s, "fat", &files);
	assert_int_equal(s->library.finding_count, 1);
	assert_string_equal(s->library.finding[0].code, "case");
	assert_non_null(strstr(s->library.finding[0].text, "The same goes for 4 other files."));
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
		library_rig_check_findings(s);
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
		library_rig_check_findings(s);
		stock_free(s);
	}
}

static void names_and_limits(void **state)
{
	static const char *const refused[] = {
		"",   "a/b/c", "/x",   "x/",	   "../x",    "x/..", ".",
		"..", "a\nb",  "a\\b", "\xc3\xa4", "\x1b[2J", "a//b", "a//",
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
	library_rig_check_findings(s);
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
	static const char odd[] =
		"<device><loadInformation>SCCP70.9-9-9S</loadInformation></device>";
	struct stock *s = stock_new();
	struct synth_files files = {0};

	(void)state;
	stock_file(&files, "XMLDefault.cnf.xml", text, strlen(text));
	stock_file(&files, "SEP001122334455.cnf.xml", good, strlen(good));
	stock_file(&files, "SEP001122334456.cnf.xml", odd, strlen(odd));
	stock_folder(s, "config", &files);
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	assert_int_equal(s->library.finding_count, 0);
	assert_int_equal(library_finish(&s->library), 0);
	/* the SEP file names a load of a folder that came later: nothing to say */
	assert_int_equal(s->library.finding_count, 3);
	assert_string_equal(s->library.finding[0].code, "malformed");
	assert_int_equal(s->library.finding[0].severity, FINDING_WARNING);
	assert_non_null(strstr(s->library.finding[0].text, "XMLDefault.cnf.xml, line 2: "));
	/* phones would not take it, so they get a made one; the good file is left in peace */
	assert_string_equal(s->library.finding[1].code, "xmldefault-made");
	assert_true(library_find(&s->library, -1, "XMLDefault.cnf.xml")->unusable);
	assert_false(library_find(&s->library, -1, "SEP001122334455.cnf.xml")->unusable);
	/* it names a load that is nowhere: odd, but phones read it */
	assert_string_equal(s->library.finding[2].code, "load-missing");
	assert_false(library_find(&s->library, -1, "SEP001122334456.cnf.xml")->unusable);
	library_rig_check_findings(s);
	stock_free(s);
}

/* Each character by itself, in a name and in a folder's: what can be printed may be asked for. */
static void every_character_of_a_name(void **state)
{
	struct stock *s = stock_new();
	struct library *l = &s->library;
	unsigned want = 0;

	(void)state;
	assert_int_equal(library_folder_begin(l, "odd"), 0);
	for (unsigned c = 1; c < 256; c++) {
		bool fine = c >= ' ' && c <= '~' && c != '\\';
		char name[16];

		snprintf(name, sizeof(name), "%u%cb", c, (int)c);
		assert_int_equal(library_add(l, name, 0, NULL, 0), 0);
		if (l->file_count != (want += fine))
			fail_msg("name with byte %02x", c);
		if (c == '/') /* a second folder */
			continue;
		snprintf(name, sizeof(name), "%u%cb/c", c, (int)c);
		assert_int_equal(library_add(l, name, 0, NULL, 0), 0);
		if (l->file_count != (want += fine))
			fail_msg("folder with byte %02x", c);
	}
	stock_free(s);
}

/* A copy that comes first, and a strange name among the lists: the bundle has the name that its
 * list was signed for; before that counts that a model of ours is called so. */
static void which_list_names_the_bundle(void **state)
{
	static const struct {
		const char *name[2];
		bool is_signed[2]; /* for SCCP70.8-3-3S */
		const char *load;
	} cases[] = {
		{{"SCCP70.8-3-2S", "SCCP70.8-3-3S"}, {true, true}, "SCCP70.8-3-3S"},
		{{"SCCP70.8-3-3S", "SCCP70.8-3-2S"}, {true, true}, "SCCP70.8-3-3S"},
		{{"strange", "SCCP70.8-3-2S"}, {false, true}, "SCCP70.8-3-2S"},
		{{"SCCP70.8-3-2S", "strange"}, {true, false}, "SCCP70.8-3-2S"},
		{{"strange", "SCCP70.8-3-3S"}, {true, true}, "SCCP70.8-3-3S"},
		{{"strange", "odd"}, {true, false}, "odd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		struct synth_files made, files = {0};
		struct signed_header h;
		struct synth_file *list;

		stock_make(s, &made, SYNTH_JAVA70, NULL, NULL);
		list = synth_files_find(&made, "SCCP70.8-3-3S.loads");
		signed_header_parse(&h, list->data, list->len);
		for (unsigned k = 0; k < 2; k++) {
			size_t from = cases[i].is_signed[k] ? 0 : h.length;
			char name[64];

			snprintf(name, sizeof(name), "%s.loads", cases[i].name[k]);
			stock_file(&files, name, list->data + from, list->len - from);
		}
		stock_folder(s, "lists", &files);
		if (s->library.bundle_count != 1)
			fail_msg("case %zu: %u bundles", i, s->library.bundle_count);
		if (strcmp(s->library.bundle[0].load, cases[i].load) != 0)
			fail_msg("case %zu: %s", i, s->library.bundle[0].load);
		synth_files_free(&made);
		stock_free(s);
	}
}

/* A member that ends before its header does: not whole, whoever asks for it, in a bundle or alone.
 */
static void members_without_a_whole_header(void **state)
{
	static const struct {
		size_t len;
		size_t length_at; /* of the header's length, which is then overwritten */
		const char *code;
	} cases[] = {{0, 0, "empty"}, {40, 0, "truncated"}, {400, 4, "header"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (unsigned alone = 0; alone < 2; alone++) {
			struct stock *s = stock_new();
			struct synth_files files, stray = {0};
			struct synth_file *f;
			const struct firmware_file *got;

			stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
			f = synth_files_find(&files, "dsp70");
			f->len = cases[i].len;
			if (cases[i].length_at)
				memset(f->data + cases[i].length_at, 0, 2);
			stock_file(&stray, f->name, f->data, f->len);
			if (alone)
				synth_files_free(&files);
			else
				synth_files_free(&stray);
			stock_folder(s, "folder", alone ? &stray : &files);
			got = library_find(&s->library, 0, "dsp70.8-3-3-27.sbn");
			assert_non_null(got);
			if (!got->damaged)
				fail_msg("case %zu, %u: not damaged", i, alone);
			if (!stock_finding(s, cases[i].code))
				fail_msg("case %zu, %u: %s", i, alone,
					 s->library.finding_count ? s->library.finding[0].code
								  : "nothing found");
			if (!alone && (s->library.bundle[0].complete || s->library.bundle[0].fit))
				fail_msg("case %zu: complete", i);
			stock_free(s);
		}
	}
}

/* A packing list without a line is damaged; with one line it is not. */
static void shortest_lists(void **state)
{
	static const char *const member[] = {"jar70.1.sbn"};

	(void)state;
	for (unsigned n = 0; n < 2; n++) {
		struct stock *s = stock_new();
		struct synth_files files = {0};
		struct synth_buffer list = {0};

		synth_java_loads(&list, "SCCP70.8-3-3S", member, n, -1);
		stock_file(&files, "SCCP70.8-3-3S.loads", list.data, list.len);
		stock_folder(s, "list", &files);
		assert_int_equal(library_find(&s->library, 0, "SCCP70.8-3-3S.loads")->damaged,
				 n == 0);
		synth_buffer_free(&list);
		stock_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_bundles),
		cmocka_unit_test(capital_j),
		cmocka_unit_test(altered_list_stands_alone),
		cmocka_unit_test(copied_list),
		cmocka_unit_test(renamed_list),
		cmocka_unit_test(renamed_member),
		cmocka_unit_test(load_is_spelled_as_signed),
		cmocka_unit_test(all_capitals),
		cmocka_unit_test(signatures),
		cmocka_unit_test(no_firmware_at_all),
		cmocka_unit_test(names_and_limits),
		cmocka_unit_test(findings_are_bounded),
		cmocka_unit_test(foreign_lists_are_no_bundles),
		cmocka_unit_test(own_configurations),
		cmocka_unit_test(every_character_of_a_name),
		cmocka_unit_test(which_list_names_the_bundle),
		cmocka_unit_test(members_without_a_whole_header),
		cmocka_unit_test(shortest_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
