/* SPDX-License-Identifier: MIT */
/*
 * The firmware library: folders that are no clean bundle, and are understood all the same. What is
 * broken is in test_library_damage.c.
 */
#include "library_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Whatever order the folder is read in: people are told of the list that names the load. */
static void own_list_leads(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;
	struct synth_file *own, last;

	(void)state;
	stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
	own = synth_files_find(&files, "SCCP70.8-3-3S.loads");
	last = files.file[files.count - 1];
	files.file[files.count - 1] = *own;
	*own = last;
	stock_folder(s, "turned", &files);
	assert_int_equal(s->library.bundle_count, 1);
	assert_true(s->library.bundle[0].fit);
	assert_string_equal(s->library.bundle[0].load, "SCCP70.8-3-3S");
	assert_string_equal(s->library.file[s->library.bundle[0].files[0]].name,
			    "SCCP70.8-3-3S.loads");
	for (unsigned i = 1; i < s->library.bundle[0].file_count; i++)
		assert_int_not_equal(s->library.bundle[0].files[i], s->library.bundle[0].files[0]);
	library_rig_check_findings(s);
	stock_free(s);
}

static void hardware_number(void **state)
{
	static const uint32_t number[] = {0, 1, 5, UINT32_MAX};
	struct synth_files files;

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(number); i++) {
		struct stock *s = stock_new();
		struct synth_options options = {.key = s->g1,
						.has_hardware_comp = i < ARRAY_LEN(number)};

		if (options.has_hardware_comp)
			options.hardware_comp = number[i];
		stock_make(s, &files, SYNTH_JAVA42, NULL, &options);
		stock_folder(s, "hw", &files);
		assert_int_equal(s->library.bundle[0].has_hardware_comp, options.has_hardware_comp);
		assert_int_equal(s->library.bundle[0].hardware_comp, options.hardware_comp);
		stock_free(s);
	}
}

/* An image without its name is known by the model inside. */
static void kup_by_what_is_inside(void **state)
{
	static const struct {
		uint8_t model;
		const char *name, *id;
	} cases[] = {{6, "phone.zup", "7912"},
		     {5, "phone.zup", "7905"},
		     {0x77, "phone.zup", NULL},
		     {6, "phone.bin", NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		struct synth_buffer body = {0};
		struct synth_files files = {0};
		const struct finding *f;

		synth_kup(&body, cases[i].model, 8, 0, 600, 1);
		stock_file(&files, cases[i].name, body.data, body.len);
		stock_folder(s, "nameless", &files);
		f = stock_finding(s, "image-name");
		if (cases[i].id) {
			const struct model *m = library_rig_model(s, cases[i].id);

			assert_int_equal(s->library.bundle_count, 1);
			assert_true(s->library.bundle[0].models == model_bit(&s->models, m));
			assert_non_null(f);
			assert_int_equal(f->severity, FINDING_WARNING);
			assert_non_null(strstr(f->text, cases[i].id));
			assert_non_null(strstr(f->text, "is not named so"));
		} else {
			assert_int_equal(s->library.bundle_count, 0);
			assert_null(f);
		}
		library_rig_check_findings(s);
		synth_buffer_free(&body);
		stock_free(s);
	}
}

/* A recovery image in two spellings, and nothing else: one bundle that holds both. */
static void recovery_in_two_spellings(void **state)
{
	struct stock *s = stock_new();
	struct synth_buffer body = {0};
	struct synth_files files = {0};

	(void)state;
	synth_kup(&body, 6, 8, 0, 600, 1);
	stock_file(&files, "cp7912r.zup", body.data, body.len);
	stock_file(&files, "CP7912R.zup", body.data, body.len);
	stock_folder(s, "two spellings", &files);
	assert_int_equal(s->library.bundle_count, 1);
	assert_int_equal(s->library.bundle[0].file_count, 2);
	assert_non_null(stock_finding(s, "two-cases"));
	library_rig_check_findings(s);
	synth_buffer_free(&body);
	stock_free(s);
}

/* The 7940's images say who they are: another name, another release than the list. */
static void legacy_under_another_name(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;
	struct synth_buffer list = {0}, sb2 = {0};
	const struct finding *f;

	(void)state;
	memset(&files, 0, sizeof(files));
	synth_legacy_loads(&list, "P003-8-12-00.sbn", "P0S3-8-12-00.sb2", "PAS30830");
	synth_sb2(&sb2, "P0S3-8-11-00", "PAS3ARM1", 4000, 1);
	stock_file(&files, "P0S3-8-12-00.loads", list.data, list.len);
	stock_file(&files, "P0S3-8-12-00.sb2", sb2.data, sb2.len);
	stock_folder(s, "legacy", &files);
	f = stock_finding(s, "image-name");
	assert_non_null(f);
	assert_string_equal(f->text, "P0S3-8-12-00.sb2 is the image P0S3-8-11-00 by what is in it. "
				     "If the phone refuses it, get the original file.");
	synth_buffer_free(&list);
	synth_buffer_free(&sb2);
	stock_free(s);
}

/* As many members as a list may have are taken; one more, and no phone takes the list. */
static void long_lists(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct stock *s = stock_new();
		struct synth_files files = {0};
		struct synth_buffer list = {0};
		char name[LOADS_MEMBERS_MAX + 1][40];
		const char *member[LOADS_MEMBERS_MAX + 1];
		const struct finding *f;

		for (unsigned i = 0; i < LOADS_MEMBERS_MAX + more; i++) {
			text_format(name[i], sizeof(name[i]), "member-number-%u.8-3-3-27.sbn", i);
			member[i] = name[i];
		}
		synth_java_loads(&list, "SCCP70.8-3-3S", member, LOADS_MEMBERS_MAX + more, -1);
		stock_file(&files, "SCCP70.8-3-3S.loads", list.data, list.len);
		stock_folder(s, "long", &files);
		f = stock_finding(s, "list-too-long");
		assert_int_equal(f != NULL, more);
		assert_false(s->library.bundle[0].fit);
		assert_int_equal(s->library.bundle[0].missing_count, LOADS_MEMBERS_MAX);
		/* All of them do not fit into a sentence. */
		f = stock_finding(s, "member-missing");
		assert_non_null(f);
		assert_memory_equal(f->text,
				    "member-number-0.8-3-3-27.sbn, member-number-1.8-3-3-27.sbn, ",
				    60);
		{
			const char *and = strstr(f->text, " and ");
			unsigned named = 1, rest = 0;

			assert_non_null(and);
			for (const char *p = f->text; p < and; p++)
				named += *p == ',';
			assert_int_equal(sscanf(and, " and %u more are missing", &rest), 1);
			assert_int_equal(named + rest, LOADS_MEMBERS_MAX);
		}
		library_rig_check_findings(s);
		synth_buffer_free(&list);
		stock_free(s);
	}
}

/* Two lists are of one bundle when they name the same files, every one of them. */
static void lists_of_one_bundle(void **state)
{
	static const char *const first[] = {"jar70.1.sbn", "cnu70.1.sbn", "dsp70.1.sbn"};

	(void)state;
	for (unsigned other = 0; other <= ARRAY_LEN(first); other++) {
		struct stock *s = stock_new();
		struct synth_files files = {0};
		struct synth_buffer a = {0}, b = {0};
		const char *second[ARRAY_LEN(first)];

		for (unsigned i = 0; i < ARRAY_LEN(first); i++)
			second[i] = i == other ? "apps70.1.sbn" : first[i];
		synth_java_loads(&a, "SCCP70.8-3-3S", first, ARRAY_LEN(first), -1);
		synth_java_loads(&b, "SCCP70.8-3-3S", second, ARRAY_LEN(first), -1);
		stock_file(&files, "SCCP70.8-3-3S.loads", a.data, a.len);
		stock_file(&files, "term70.default.loads", b.data, b.len);
		stock_folder(s, "lists", &files);
		assert_int_equal(s->library.bundle_count, other < ARRAY_LEN(first) ? 2 : 1);
		synth_buffer_free(&a);
		synth_buffer_free(&b);
		stock_free(s);
	}
}

/* Old phones take the line of OS79XX.TXT as it is, with all that stands behind the name. */
static void os79xx_blanks(void **state)
{
	static const struct {
		const char *text;
		bool accused;
	} cases[] = {
		{"P003-07-4-00", false},
		{"P003-07-4-00\n", false},
		{"", false},
		{"\n", false},
		{"P003-07-4-00 \n", true},
		{"P003-07-4-00\r\n", true},
		{"P003-07-4-00\t", true},
		{"P003-07-4-00 ", true},
		{"P003-07-4-00\nx \n", false},
		{"P003-07-4-00\r", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stock *s = stock_new();
		struct synth_files files = {0};

		stock_file(&files, "OS79XX.TXT", cases[i].text, strlen(cases[i].text));
		stock_folder(s, "os", &files);
		if ((stock_finding(s, "os79xx-blank") != NULL) != cases[i].accused)
			fail_msg("\"%s\"", cases[i].text);
		stock_free(s);
	}
}

static void too_large_a_file(void **state)
{
	struct stock *s = stock_new();
	const struct finding *f;

	(void)state;
	must(library_folder_begin(&s->library, "large") == 0);
	/* Never looked at, so it need not be there. */
	assert_int_equal(library_add(&s->library, "large.sbn", 1, (const uint8_t *)"",
				     (size_t)LIBRARY_FILE_MAX + 1),
			 0);
	must(library_folder_end(&s->library) == 0);
	assert_int_equal(s->library.file_count, 0);
	assert_int_equal(s->library.finding_count, 1);
	f = &s->library.finding[0];
	assert_non_null(strstr(f->text, "larger than any phone firmware"));
	stock_free(s);
}

/* A folder that is taken back leaves nothing, and the one before it all that it had. */
static void dropped_folder(void **state)
{
	struct stock *s = stock_new();
	struct synth_files files;
	unsigned files_before;

	(void)state;
	stock_bundle(s, SYNTH_JAVA41, NULL, "missing:cvm");
	files_before = s->library.file_count;
	stock_make(s, &files, SYNTH_JAVA70, NULL, NULL);
	must(library_folder_begin(&s->library, "half") == 0);
	for (unsigned i = 0; i < files.count; i++)
		must(library_add(&s->library, files.file[i].name, 100 + i, files.file[i].data,
				 files.file[i].len) == 0);
	assert_int_equal(library_folder_drop(&s->library, "archive-damaged", "It is cut short"), 0);
	synth_files_free(&files);
	assert_int_equal(s->library.file_count, files_before);
	assert_int_equal(s->library.bundle_count, 1);
	assert_non_null(stock_finding(s, "member-missing"));
	assert_string_equal(stock_finding(s, "archive-damaged")->text, "It is cut short.");
	stock_free(s);
}

/* Who looks into files instead of us, and how it went with him. */
static int examined;

static int examiner(void *ctx, const uint8_t *data, size_t len, struct exam *e)
{
	const struct stock *s = ctx;

	if (examined == 0)
		exam_make(e, s->library.keys, false, data, len);
	return examined;
}

static void another_examiner(void **state)
{
	static const struct {
		int err;
		const char *says; /* NULL: nothing */
	} row[] = {
		{0, NULL},
		{-EPIPE, "the process that checks files is gone; restart reflashd"},
		{-EBADMSG, "it brings down what checks it"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct stock *s = stock_new();
		struct library *l = &s->library;

		l->examine = examiner;
		l->examine_ctx = s;
		examined = row[i].err;
		stock_bundle(s, SYNTH_KUP7912, NULL, NULL);
		assert_int_equal(l->file_count, row[i].err ? 0 : 2);
		assert_int_equal(l->finding_count, row[i].err ? 2 : 0);
		if (row[i].says)
			assert_non_null(strstr(l->finding[0].text, row[i].says));
		must(library_folder_begin(l, "more") == 0);
		examined = -ENOMEM;
		assert_int_equal(library_add(l, "a.sbn", 9, (const uint8_t *)"a", 1), -ENOMEM);
		must(library_folder_end(l) == 0);
		stock_free(s);
	}
}

static void legacy_folder(struct stock *s, const char *loader_tag, const char *sb2_name, size_t cut)
{
	struct synth_files files = {0};
	struct synth_buffer list = {0}, p003 = {0}, sb2 = {0};

	synth_legacy_loads(&list, "P003-8-12-00.sbn", "P0S3-8-12-00.sb2", "PAS30830");
	synth_p003(&p003, "P003-8-12-00", loader_tag, 4000, 1);
	synth_sb2(&sb2, sb2_name, "PAS3ARM1", 4000, 1);
	stock_file(&files, "P0S3-8-12-00.loads", list.data, list.len);
	stock_file(&files, "P003-8-12-00.sbn", p003.data, p003.len - cut);
	stock_file(&files, "P0S3-8-12-00.sb2", sb2.data, sb2.len);
	stock_folder(s, "legacy", &files);
	synth_buffer_free(&list);
	synth_buffer_free(&p003);
	synth_buffer_free(&sb2);
}

/* A loader that the packing list does not go with; and of an image that is cut short only that is
 * said, not which loader it is as well. */
static void legacy_members(void **state)
{
	static const struct {
		const char *tag, *name;
		size_t cut;
		const char *code, *text; /* the only thing that is wrong with a member */
	} cases[] = {
		{"PAS30830", "P0S3-8-12-00", 0, NULL, NULL},
		{"PAS30820", "P0S3-8-12-00", 0, "loader-version",
		 "P003-8-12-00.sbn is loader PAS30820, but the packing list goes with loader "
		 "PAS30830: the files come from two releases. Get the bundle again."},
		{"PAS30830", "P0S3-8-11-00", 0, "image-name",
		 "P0S3-8-12-00.sb2 is the image P0S3-8-11-00 by what is in it. If the phone "
		 "refuses it, get the original file."},
		{"PAS30820", "P0S3-8-12-00", 7, "truncated",
		 "P003-8-12-00.sbn ends 7 bytes early: the download was cut short. Get the bundle "
		 "again."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const char *const codes[] = {"loader-version", "image-name", "truncated"};
		struct stock *s = stock_new();

		legacy_folder(s, cases[i].tag, cases[i].name, cases[i].cut);
		for (size_t k = 0; k < ARRAY_LEN(codes); k++) {
			const struct finding *f = stock_finding(s, codes[k]);
			bool want = cases[i].code && strcmp(cases[i].code, codes[k]) == 0;

			if (!f != !want)
				fail_msg("case %zu: %s", i, f ? f->text : codes[k]);
			if (f)
				assert_string_equal(f->text, cases[i].text);
		}
		library_rig_check_findings(s);
		stock_free(s);
	}
}

static void too_many_lists(void **state)
{
	struct stock *s = stock_new();
	struct library *l = &s->library;
	char name[40];

	(void)state;
	for (unsigned lists = 512; lists <= 513; lists++) {
		must(library_folder_begin(l, "lists") == 0);
		for (unsigned i = 0; i < lists; i++) {
			snprintf(name, sizeof(name), "SCCP70.8-%u-3S.loads", 100 + i);
			assert_int_equal(library_add(l, name, i, NULL, 0), 0);
		}
		must(library_folder_end(l) == 0);
		if (lists == 512)
			assert_null(stock_finding(s, "too-many-lists"));
	}
	assert_string_equal(stock_finding(s, "too-many-lists")->text,
			    "SCCP70.8-612-3S.loads is left out: more than 512 packing lists in one "
			    "folder. Give each bundle a folder of its own.");
	stock_free(s);
}

/* Two reads of a folder: the same only with the same names and the same bytes. */
static void same_files(void **state)
{
	static const struct {
		const char *how;
		uint32_t seed;
		bool same;
	} row[] = {{NULL, 1, true}, {NULL, 2, false}, {"missing:cvm", 1, false}};
	struct stock *a = stock_new(), *b;
	struct synth_options options = {.key = a->g1, .seed = 1};
	struct synth_files files;
	char why[160];

	(void)state;
	stock_make(a, &files, SYNTH_JAVA70, NULL, &options);
	stock_folder(a, "a", &files);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		b = stock_new();
		options.key = b->g1;
		options.seed = row[i].seed;
		stock_make(b, &files, SYNTH_JAVA70, NULL, &options);
		if (row[i].how)
			assert_true(synth_break(&files, row[i].how, why));
		stock_folder(b, "b", &files);
		if (bundle_same_files(&a->library, &a->library.bundle[0], &b->library,
				      &b->library.bundle[0]) != row[i].same)
			fail_msg("row %zu", i);
		stock_free(b);
	}
	stock_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_list_leads),
		cmocka_unit_test(hardware_number),
		cmocka_unit_test(kup_by_what_is_inside),
		cmocka_unit_test(recovery_in_two_spellings),
		cmocka_unit_test(legacy_under_another_name),
		cmocka_unit_test(long_lists),
		cmocka_unit_test(lists_of_one_bundle),
		cmocka_unit_test(os79xx_blanks),
		cmocka_unit_test(too_large_a_file),
		cmocka_unit_test(dropped_folder),
		cmocka_unit_test(another_examiner),
		cmocka_unit_test(too_many_lists),
		cmocka_unit_test(same_files),
		cmocka_unit_test(legacy_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
