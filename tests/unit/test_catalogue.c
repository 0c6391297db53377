/* SPDX-License-Identifier: MIT */
/*
 * What phones are answered: names in all their shapes against libraries of several bundles, and
 * what is said when there is nothing to hand out.
 */
#include "reflashd/catalogue.h"
#include "reflashd/text.h"
#include "stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PHONE 0x0a4f4632u

struct desk {
	struct stock *s;
	struct catalogue c;
	struct answer a;
};

static struct desk *desk_new(void)
{
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->s = stock_new();
	return d;
}

static void open_desk(struct desk *d, const char *target, bool offer_unfit)
{
	struct catalogue_config config = {.offer_unfit = offer_unfit};

	text_copy(config.target, sizeof(config.target), target);
	catalogue_init(&d->c, &config, &d->s->library);
}

static void desk_free(struct desk *d)
{
	stock_free(d->s);
	free(d);
}

/* The answer in one line: "folder:name", or the kind and its words. */
static const char *ask_as(struct desk *d, uint32_t ip, const char *folder, const char *base)
{
	static const char *const kind[] = {"file",     "xmldefault", "os79xx",
					   "expected", "unknown",    "withheld"};
	static char line[400];

	catalogue_find(&d->c, ip, folder, base, NULL, &d->a);
	if (d->a.kind == ANSWER_FILE)
		snprintf(line, sizeof(line), "%u:%s", d->a.file->folder, d->a.file->name);
	else
		snprintf(line, sizeof(line), "%s %s", kind[d->a.kind], d->a.text);
	for (const char *p = d->a.text; *p; p++)
		assert_true((*p >= 0x20 && *p <= 0x7e) || *p == '\n');
	return line;
}

static const char *ask(struct desk *d, const char *base)
{
	return ask_as(d, PHONE, "", base);
}

static void stock_text(struct synth_files *files, const char *name, const char *text)
{
	stock_file(files, name, text, strlen(text));
}

static void names_in_all_shapes(void **state)
{
	static const struct {
		const char *folder, *base, *answer;
	} cases[] = {
		{"", "term70.default.loads", "0:term70.default.loads"},
		{"", "TERM70.DEFAULT.loads", "0:term70.default.loads"},
		{"", "Jar70sccp.8-3-3-27.sbn", "0:jar70sccp.8-3-3-27.sbn"},
		{"locale", "jar70sccp.8-3-3-27.sbn", "0:jar70sccp.8-3-3-27.sbn"},
		{"", "SCCP70.8-3-3S.loads", "0:SCCP70.8-3-3S.loads"},
		{"", "sccp70.8-3-3s.LOADS", "0:SCCP70.8-3-3S.loads"},
		{"", "XMLDefault.cnf.xml", "xmldefault "},
		{"", "xmlDefault.CNF.XML", "xmldefault "},
		{"", "XMLDefault.cnf.xml.sgn", "expected not here, and phones do well without it"},
		{"", "CTLSEP001122334455.tlv", "expected not here, and phones do well without it"},
		{"", "SEP001122334455.cnf.xml", "expected not here, and phones do well without it"},
		{"", "gk001122334455", "expected not here, and phones do well without it"},
		{"US", "7960-tones.xml", "expected not here, and phones do well without it"},
		{"", "OS79XX.TXT", "os79xx P003-8-12-00\n"},
		{"", "P0S3-8-12-00.loads", "1:P0S3-8-12-00.loads"},
		{"", "P003-8-12-00.sbn", "1:P003-8-12-00.sbn"},
		{"", "cp7912r.zup", "2:cp7912r.zup"},
		{"", "CP7912R.ZUP", "2:cp7912r.zup"},
		{"", "CP7912080003SCCP070409A.sbin", "2:CP7912080003SCCP070409A.sbin"},
		{"", "CP7912080003SCCP070409A.zup",
		 "unknown only CP7912080003SCCP070409A.sbin is here, and one form cannot stand in "
		 "for the "
		 "other"},
		{"", "cp7902r.zup",
		 "unknown the recovery image of the 7902 is not here: put cp7902r.zup into the "
		 "firmware "
		 "folder"},
		{"", "term41.default.loads",
		 "unknown put a bundle for the 7941, one with term41.default.loads, into the "
		 "firmware folder"},
		{"", "term99.default.loads",
		 "unknown this is a phone model that is not known here, and no file of that name "
		 "is "
		 "here"},
		{"", "SIP70.9-4-2SR3-1S.loads",
		 "unknown that load is not here: put its bundle into the firmware folder"},
		{"", "apps41.9-4-2.sbn",
		 "unknown no bundle here holds it: put the bundle it belongs to into the firmware "
		 "folder"},
		{"", "CP7912080003SCCP060101A.zup",
		 "unknown no bundle here holds it: put the bundle it belongs to into the firmware "
		 "folder"},
		{"", "passwd", "unknown no file of that name is here"},
		{"..", "passwd", "unknown no file of that name is here"},
	};
	struct desk *d = desk_new();

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, NULL, NULL);
	stock_bundle(d->s, SYNTH_LEGACY, NULL, NULL);
	stock_bundle(d->s, SYNTH_KUP7912, NULL, NULL);
	open_desk(d, "newest", false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(ask_as(d, PHONE, cases[i].folder, cases[i].base),
				    cases[i].answer);
	desk_free(d);
}

/* The heart of it: term70.default.loads is in both, the members must come from the same. */
static void one_name_two_bundles(void **state)
{
	struct desk *d = desk_new();
	struct synth_options same = {.key = d->s->g1, .member_version = "8-0-0-0", .seed = 7};
	struct synth_files files;

	(void)state;
	stock_make(d->s, &files, SYNTH_JAVA70, "SCCP70.8-3-3S", &same);
	stock_folder(d->s, "old", &files);
	same.seed = 8;
	stock_make(d->s, &files, SYNTH_JAVA70, "SCCP70.8-5-2S", &same);
	stock_folder(d->s, "new", &files);
	open_desk(d, "newest", false);
	assert_string_equal(ask_as(d, 1, "", "term70.default.loads"), "1:term70.default.loads");
	assert_string_equal(d->a.bundle->load, "SCCP70.8-5-2S");
	assert_string_equal(ask_as(d, 1, "", "cnu70.8-0-0-0.sbn"), "1:cnu70.8-0-0-0.sbn");
	/* another phone takes the other bundle by name: its members follow it */
	assert_string_equal(ask_as(d, 2, "", "SCCP70.8-3-3S.loads"), "0:SCCP70.8-3-3S.loads");
	assert_string_equal(ask_as(d, 2, "", "cnu70.8-0-0-0.sbn"), "0:cnu70.8-0-0-0.sbn");
	assert_string_equal(ask_as(d, 1, "", "CNU70.8-0-0-0.sbn"), "1:cnu70.8-0-0-0.sbn");
	/* and changes its mind */
	assert_string_equal(ask_as(d, 2, "", "term71.default.loads"), "1:term71.default.loads");
	assert_string_equal(ask_as(d, 2, "", "cnu70.8-0-0-0.sbn"), "1:cnu70.8-0-0-0.sbn");
	/* a target by name */
	open_desk(d, "SCCP70.8-3-3S", false);
	assert_string_equal(ask(d, "term70.default.loads"), "0:term70.default.loads");
	desk_free(d);
}

static void clients_are_forgotten_oldest_first(void **state)
{
	struct desk *d = desk_new();

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-5-2S", NULL);
	open_desk(d, "newest", false);
	for (uint32_t ip = 1; ip <= CATALOGUE_CLIENTS_MAX + 1; ip++)
		(void)ask_as(d, ip, "", "SCCP70.8-3-3S.loads");
	assert_int_equal(d->c.client_count, CATALOGUE_CLIENTS_MAX);
	assert_int_equal(d->c.client[0].ip, CATALOGUE_CLIENTS_MAX + 1);
	assert_int_equal(d->c.client[1].ip, 2);
	desk_free(d);
}

static void unfit_bundles_are_held_back(void **state)
{
	struct desk *d = desk_new();

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-5-2S", "missing:cvm");
	stock_bundle(d->s, SYNTH_KUP7912, NULL, "flip:cp7912r.zup");
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "term70.default.loads"), "withheld in the bundle SCCP70.8-5-2S, "
							    "cvm70sccp.8-5-2-27.sbn is missing");
	assert_non_null(d->a.bundle);
	assert_null(d->a.file);
	assert_string_equal(ask(d, "SCCP70.8-5-2S.loads"), "withheld in the bundle SCCP70.8-5-2S, "
							   "cvm70sccp.8-5-2-27.sbn is missing");
	assert_true(text_starts_nocase(ask(d, "jar70sccp.8-5-2-27.sbn"), "withheld "));
	assert_true(text_starts_nocase(ask(d, "cp7912r.zup"), "withheld "));
	assert_string_equal(ask(d, "cvm70sccp.8-5-2-27.sbn"),
			    "unknown the bundle SCCP70.8-5-2S lists it, but it is missing there: "
			    "get the bundle again");
	assert_string_equal(ask(d, "cvm70sccp.9-9-9.sbn"),
			    "unknown no bundle here holds it: put the bundle it belongs to into "
			    "the firmware folder");
	/* told to hand it out all the same */
	open_desk(d, "newest", true);
	assert_string_equal(ask(d, "term70.default.loads"), "0:term70.default.loads");
	assert_string_equal(ask(d, "jar70sccp.8-5-2-27.sbn"), "0:jar70sccp.8-5-2-27.sbn");
	assert_string_equal(ask(d, "cp7912r.zup"), "1:cp7912r.zup");
	assert_string_equal(ask_as(d, 9, "", "SCCP70.8-5-2S.loads"), "0:SCCP70.8-5-2S.loads");
	/* an older one that is whole goes before a newer one that is not */
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	open_desk(d, "newest", true);
	assert_string_equal(ask(d, "term70.default.loads"), "2:term70.default.loads");
	open_desk(d, "SCCP70.8-5-2S", false);
	assert_string_equal(ask(d, "term70.default.loads"), "2:term70.default.loads");
	desk_free(d);
}

/* The newest bundle lacks the list of an erased 7971, an older one has it. */
static void next_best_with_the_list(void **state)
{
	struct desk *d = desk_new();

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-5-2S", "missing:term71");
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "term70.default.loads"), "0:term70.default.loads");
	assert_string_equal(ask(d, "term71.default.loads"), "1:term71.default.loads");
	open_desk(d, "SCCP70.8-5-2S", false);
	assert_string_equal(ask(d, "term71.default.loads"), "1:term71.default.loads");
	desk_free(d);
}

static void target_of_another_model(void **state)
{
	struct desk *d = desk_new();

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	stock_bundle(d->s, SYNTH_JAVA41, "SCCP41.8-3-3S", NULL);
	open_desk(d, "SCCP41.8-3-3S", false);
	assert_string_equal(ask(d, "term70.default.loads"),
			    "withheld the target SCCP41.8-3-3S is not for the 7970");
	assert_string_equal(ask(d, "term61.default.loads"), "1:term61.default.loads");
	desk_free(d);
}

static void capital_j(void **state)
{
	struct desk *d = desk_new();
	struct synth_options options = {.key = d->s->g1, .capital_j = true};
	struct synth_files files;

	(void)state;
	stock_make(d->s, &files, SYNTH_JAVA41, "SIP41.8-3-1S", &options);
	stock_folder(d->s, "j", &files);
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "term61.default.loads"), "0:term61.default.loads");
	assert_string_equal(ask(d, "Jar41sip.8-3-1-27.sbn"), "0:jar41sip.8-3-1-27.sbn");
	assert_string_equal(ask(d, "jar41sip.8-3-1-27.sbn"), "0:jar41sip.8-3-1-27.sbn");
	desk_free(d);
}

static void files_of_the_users_own(void **state)
{
	struct desk *d = desk_new();
	struct synth_files files = {0};

	(void)state;
	stock_text(&files, "XMLDefault.cnf.xml", "<Default/>");
	stock_text(&files, "SEP001122AABBCC.cnf.xml", "<device/>");
	stock_text(&files, "OS79XX.TXT", "P003-07-4-00\n");
	stock_text(&files, "US/g3-tones.xml", "<tones/>");
	stock_text(&files, "g3-tones.xml", "<other/>");
	stock_text(&files, "gkdefault.cfg", "#ata");
	stock_text(&files, "phone book.txt", "x");
	stock_folder(d->s, "own", &files);
	stock_bundle(d->s, SYNTH_LEGACY, NULL, NULL);
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "xmlDefault.CNF.XML"), "0:XMLDefault.cnf.xml");
	for (unsigned i = 0; i < d->s->library.file_count; i++)
		d->s->library.file[i].unusable = d->s->library.file[i].role == FILE_CONFIG;
	assert_string_equal(ask(d, "xmlDefault.CNF.XML"), "xmldefault "); /* no phone takes it */
	assert_string_equal(ask(d, "SEP001122aabbcc.cnf.xml"), "0:SEP001122AABBCC.cnf.xml");
	assert_string_equal(ask(d, "OS79XX.TXT"), "0:OS79XX.TXT");
	assert_string_equal(ask_as(d, PHONE, "US", "g3-tones.xml"), "0:US/g3-tones.xml");
	assert_string_equal(ask_as(d, PHONE, "us", "G3-tones.xml"), "0:US/g3-tones.xml");
	assert_string_equal(ask_as(d, PHONE, "DE", "g3-tones.xml"), "0:g3-tones.xml");
	assert_string_equal(ask(d, "g3-tones.xml"), "0:g3-tones.xml");
	assert_string_equal(ask(d, "gkdefault.cfg"), "0:gkdefault.cfg");
	assert_string_equal(ask(d, "phone book.txt"), "0:phone book.txt");
	assert_null(d->a.bundle);
	desk_free(d);
}

/* An image that no list names: handed out under its own name, not under another. */
static void stray_images(void **state)
{
	struct desk *d = desk_new();
	struct synth_files files, stray = {0};
	struct synth_file *dsp;

	(void)state;
	stock_make(d->s, &files, SYNTH_JAVA70, NULL, NULL);
	dsp = synth_files_find(&files, "dsp70");
	stock_file(&stray, dsp->name, dsp->data, dsp->len);
	stock_file(&stray, "dsp70.9-9-9.sbn", dsp->data, dsp->len);
	synth_files_free(&files);
	stock_folder(d->s, "stray", &stray);
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "dsp70.8-3-3-27.sbn"), "0:dsp70.8-3-3-27.sbn");
	assert_null(d->a.bundle);
	assert_string_equal(ask(d, "dsp70.9-9-9.sbn"),
			    "withheld dsp70.9-9-9.sbn is damaged or carries another name inside");
	assert_non_null(stock_finding(d->s, "renamed"));
	assert_int_equal(stock_finding(d->s, "renamed")->severity, FINDING_WARNING);
	desk_free(d);
}

/* The list of an erased phone that no table knows, as a file: handed out, or said what is wrong. */
static void list_of_an_unknown_model(void **state)
{
	struct desk *d = desk_new();
	struct synth_files files, alone = {0};
	struct synth_file *list;

	(void)state;
	stock_make(d->s, &files, SYNTH_JAVA70, NULL, NULL);
	list = synth_files_find(&files, "term70");
	stock_file(&alone, "term99.default.loads", list->data, list->len);
	synth_files_free(&files);
	stock_folder(d->s, "alone", &alone);
	open_desk(d, "newest", false);
	assert_true(text_starts_nocase(ask(d, "term99.default.loads"), "withheld "));
	desk_free(d);
}

/* What a 7960 gets when it asks for its load depends on what it runs and refused. */
static void os79xx_for_whom(void **state)
{
	struct desk *d = desk_new();
	struct phone_facts facts = {.model = models_by_id(&d->s->models, "7960")};

	(void)state;
	stock_bundle(d->s, SYNTH_LEGACY, "P0S3-07-4-00", NULL);
	stock_bundle(d->s, SYNTH_LEGACY, "P0S3-8-12-00", NULL);
	open_desk(d, "newest", false);
	catalogue_find(&d->c, PHONE, "", "OS79XX.TXT", &facts, &d->a);
	assert_int_equal(d->a.kind, ANSWER_OS79XX);
	assert_string_equal(d->a.text, "P003-8-12-00\n");
	text_copy(facts.runs, sizeof(facts.runs), "P0S3-06-3-00");
	catalogue_find(&d->c, PHONE, "", "OS79XX.TXT", &facts, &d->a);
	assert_string_equal(d->a.text, "P003-07-4-00\n");
	desk_free(d);
}

static void nothing_here(void **state)
{
	struct desk *d = desk_new();

	(void)state;
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "XMLDefault.cnf.xml"), "xmldefault ");
	assert_string_equal(ask(d, "OS79XX.TXT"), "expected only very old 7940/7960 need it");
	assert_true(text_starts_nocase(ask(d, "term70.default.loads"), "unknown put a bundle"));
	desk_free(d);
}

/* Only the name of a load begins another bundle: an image of another one is lent, no more. */
static void what_begins_a_bundle(void **state)
{
	struct desk *d = desk_new();
	struct synth_options same = {.key = d->s->g1, .member_version = "8-0-0-0", .seed = 7};
	struct synth_files files;

	(void)state;
	stock_make(d->s, &files, SYNTH_JAVA70, "SCCP70.8-3-3S", &same);
	stock_folder(d->s, "old", &files);
	same.seed = 8;
	stock_make(d->s, &files, SYNTH_JAVA70, "SCCP70.8-5-2S", &same);
	stock_folder(d->s, "new", &files);
	stock_bundle(d->s, SYNTH_LEGACY, NULL, NULL);
	open_desk(d, "newest", false);
	assert_string_equal(ask(d, "SCCP70.8-3-3S.loads"), "0:SCCP70.8-3-3S.loads");
	assert_string_equal(ask(d, "P003-8-12-00.sbn"), "2:P003-8-12-00.sbn");
	assert_string_equal(ask(d, "cnu70.8-0-0-0.sbn"), "0:cnu70.8-0-0-0.sbn");
	assert_string_equal(ask(d, "SCCP70.8-5-2S.loads"), "1:SCCP70.8-5-2S.loads");
	assert_string_equal(ask(d, "cnu70.8-0-0-0.sbn"), "1:cnu70.8-0-0-0.sbn");
	assert_string_equal(ask(d, "P003-8-12-00.sbn"), "2:P003-8-12-00.sbn");
	assert_string_equal(ask(d, "cnu70.8-0-0-0.sbn"), "1:cnu70.8-0-0-0.sbn");
	desk_free(d);
}

/* Further than once around: always the one that was remembered longest makes room. */
static void clients_are_forgotten_in_turn(void **state)
{
	struct desk *d = desk_new();

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	open_desk(d, "newest", false);
	for (uint32_t ip = 1; ip <= 2 * CATALOGUE_CLIENTS_MAX + 1; ip++) {
		(void)ask_as(d, ip, "", "SCCP70.8-3-3S.loads");
		assert_int_equal(d->c.client[(ip - 1) % CATALOGUE_CLIENTS_MAX].ip, ip);
	}
	desk_free(d);
}

/* Each file that a bundle lacks is known, not only the first. */
static void every_missing_file_is_named(void **state)
{
	static const char *const gone[] = {"cnu70.8-3-3-27.sbn", "dsp70.8-3-3-27.sbn"};
	struct desk *d = desk_new();
	struct synth_files files, some = {0};

	(void)state;
	stock_make(d->s, &files, SYNTH_JAVA70, NULL, NULL);
	for (unsigned i = 0; i < files.count; i++)
		if (strcmp(files.file[i].name, gone[0]) != 0 &&
		    strcmp(files.file[i].name, gone[1]) != 0)
			stock_file(&some, files.file[i].name, files.file[i].data,
				   files.file[i].len);
	assert_int_equal(some.count + 2, files.count);
	synth_files_free(&files);
	stock_folder(d->s, "some", &some);
	open_desk(d, "newest", false);
	for (unsigned i = 0; i < ARRAY_LEN(gone); i++)
		assert_string_equal(ask(d, gone[i]),
				    "unknown the bundle SCCP70.8-3-3S lists it, but it is missing "
				    "there: get the bundle again");
	desk_free(d);
}

/* Who asks for its model's list is erased, whatever it ran before: no stepping stone for that. */
static void a_model_list_is_for_the_erased(void **state)
{
	struct desk *d = desk_new();
	struct phone_facts facts = {.runs = "SCCP70.8-0-4S"};
	struct synth_options new_key = {.key = d->s->g2};
	struct synth_files files;

	(void)state;
	stock_bundle(d->s, SYNTH_JAVA70, "SCCP70.8-5-2S", NULL);
	stock_make(d->s, &files, SYNTH_JAVA70, "SCCP70.9-4-2S", &new_key);
	stock_folder(d->s, "new", &files);
	open_desk(d, "newest", false);
	facts.model = models_by_id(d->s->library.models, "7970");
	assert_non_null(facts.model);
	catalogue_find(&d->c, PHONE, "", "term70.default.loads", &facts, &d->a);
	assert_int_equal(d->a.kind, ANSWER_FILE);
	assert_string_equal(d->a.bundle->load, "SCCP70.9-4-2S");
	/* it refused that one: the next is offered */
	text_copy(facts.refused[0], sizeof(facts.refused[0]), "SCCP70.9-4-2S");
	facts.refused_count = 1;
	catalogue_find(&d->c, PHONE, "", "term70.default.loads", &facts, &d->a);
	assert_int_equal(d->a.kind, ANSWER_FILE);
	assert_string_equal(d->a.bundle->load, "SCCP70.8-5-2S");
	desk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_all_shapes),
		cmocka_unit_test(one_name_two_bundles),
		cmocka_unit_test(clients_are_forgotten_oldest_first),
		cmocka_unit_test(unfit_bundles_are_held_back),
		cmocka_unit_test(next_best_with_the_list),
		cmocka_unit_test(target_of_another_model),
		cmocka_unit_test(capital_j),
		cmocka_unit_test(files_of_the_users_own),
		cmocka_unit_test(stray_images),
		cmocka_unit_test(list_of_an_unknown_model),
		cmocka_unit_test(os79xx_for_whom),
		cmocka_unit_test(nothing_here),
		cmocka_unit_test(what_begins_a_bundle),
		cmocka_unit_test(clients_are_forgotten_in_turn),
		cmocka_unit_test(every_missing_file_is_named),
		cmocka_unit_test(a_model_list_is_for_the_erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
