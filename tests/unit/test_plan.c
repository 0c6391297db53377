/* SPDX-License-Identifier: MIT */
/*
 * The plan, rule by rule. A row is a library, a phone, and the road as one line: the state, the
 * loads in order, and a piece of what is said to be missing.
 *
 * Bundles are written as LOAD[/WORD…]: g1 and g2 (a key was seen, whatever the version says), bare
 * (without a default list), only (nothing but a default list), unfit, hwN (#HARDWARE_COMP_1 N), zup
 * (an unsigned image).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/plan.h"
#include "reflashd/text.h"

#define BUNDLES_MAX 8

static struct models models;
static struct library library;
static struct firmware_file files[BUNDLES_MAX * 4];
static struct bundle bundles[BUNDLES_MAX];
static unsigned indices[BUNDLES_MAX * 4];

static void add_file(struct bundle *b, const char *name, const char *suffix)
{
	unsigned n = library.file_count++;

	assert_true(n < ARRAY_LEN(files));
	memset(&files[n], 0, sizeof(files[n]));
	text_format(files[n].name, sizeof(files[n].name), "%s%s", name, suffix);
	indices[n] = n;
	b->file_count++;
}

static void add_bundle(const char *spec)
{
	struct bundle *b = &bundles[library.bundle_count++];
	size_t len = strcspn(spec, "/");
	const char *words = spec + len;

	assert_true(library.bundle_count <= BUNDLES_MAX);
	memset(b, 0, sizeof(*b));
	snprintf(b->load, sizeof(b->load), "%.*s", (int)len, spec);
	b->models = models_by_load(&models, b->load);
	assert_true(b->models != 0);
	for (unsigned i = 0; i < models.count; i++)
		if (b->models >> i & 1)
			b->family = models.model[i].family;
	b->files = &indices[library.file_count];
	b->complete = b->fit = !strstr(words, "/unfit");
	b->term_only = strstr(words, "/only") != NULL;
	b->signature = strstr(words, "/g")	 ? SIGNATURE_VERIFIED
		       : strstr(words, "/plain") ? SIGNATURE_UNSIGNED
						 : SIGNATURE_UNKNOWN_SIGNER;
	b->generation = strstr(words, "/g1")   ? GENERATION_G1
			: strstr(words, "/g2") ? GENERATION_G2
					       : GENERATION_NONE;
	b->has_hardware_comp = strstr(words, "/hw") != NULL;
	b->hardware_comp = b->has_hardware_comp ? (uint32_t)(strstr(words, "/hw")[3] - '0') : 0;
	if (b->family == MODEL_KUP)
		add_file(b, b->load, strstr(words, "/zup") ? ".zup" : ".sbin");
	else if (!b->term_only)
		add_file(b, b->load, ".loads");
	for (unsigned i = 0; i < models.count && !strstr(words, "/bare"); i++)
		if (b->models >> i & 1 && models.model[i].term[0] && b->file_count < 4)
			add_file(b, models.model[i].term, "");
}

static void make_library(const char *specs)
{
	library = (struct library){.models = &models, .file = files, .bundle = bundles};
	while (*specs) {
		size_t len = strcspn(specs, " ");
		char spec[80];

		snprintf(spec, sizeof(spec), "%.*s", (int)len, specs);
		add_bundle(spec);
		specs += len + (specs[len] == ' ');
	}
}

/* "7970 erased !LOAD !LOAD", "7970 SCCP70.8-2-2S", "7970 ^SCCP45.9-4-2S erased" (^: ran once). */
static void read_facts(struct phone_facts *f, const char *words)
{
	memset(f, 0, sizeof(*f));
	while (*words) {
		size_t len = strcspn(words, " ");
		char word[80];

		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		if (!f->model)
			f->model = models_by_id(&models, word);
		else if (strcmp(word, "erased") == 0)
			f->erased = true;
		else if (word[0] == '!')
			text_copy(f->refused[f->refused_count++], sizeof(f->refused[0]), word + 1);
		else if (word[0] == '^')
			text_copy(f->newest, sizeof(f->newest), word + 1);
		else
			text_copy(f->runs, sizeof(f->runs), word);
		words += len + (words[len] == ' ');
	}
	assert_non_null(f->model);
}

#define OLD    "SCCP70.8-2-2S "
#define BRIDGE "SCCP70.8-5-2S "
#define NEW    "SCCP70.9-4-2SR3-1S "

static const struct {
	const char *rule, *library, *phone, *target, *road, *need;
} rows[] = {
	/* Java: erased, or not known */
	{"erased: the target first", OLD BRIDGE NEW, "7970 erased", "newest",
	 "ready SCCP70.9-4-2SR3-1S", ""},
	{"not known: the target first", OLD BRIDGE NEW, "7971", "newest",
	 "ready SCCP70.9-4-2SR3-1S", ""},
	{"refused: the newest stepping stone, and up again", "SCCP70.8-3-3S " OLD BRIDGE NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S", "newest", "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"two refused: the next older stepping stone", "SCCP70.8-3-3S " OLD BRIDGE NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S !SCCP70.8-5-2S", "newest",
	 "ready SCCP70.8-3-3S SCCP70.9-4-2SR3-1S", ""},
	{"all stepping stones refused: an old one, then both", OLD BRIDGE NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S !SCCP70.8-5-2S", "newest",
	 "ready SCCP70.8-2-2S SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"everything refused", OLD BRIDGE NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S !SCCP70.8-5-2S !SCCP70.8-2-2S", "newest", "impossible",
	 "such phones took 8.3(x), 8.2 or 7.0(x) first"},
	{"refused, and no stepping stone is here", NEW, "7970 erased !SCCP70.9-4-2SR3-1S", "newest",
	 "impossible", "best 8.5(2) (not 8.5(2)SR1): look for SCCP70.8-5-2S or SIP70.8-5-2S."},
	{"refused, an old one is here: a part of the way", OLD NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S", "newest", "short SCCP70.8-2-2S",
	 "It needs a release from 8.3(3) to 8.5(2) first"},
	{"another new release is no help after one was refused", BRIDGE "SCCP70.9-2-1S " NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S", "newest", "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"unless nothing else is left", "SCCP70.9-2-1S " NEW, "7970 erased !SCCP70.9-4-2SR3-1S",
	 "newest", "ready SCCP70.9-2-1S SCCP70.9-4-2SR3-1S", ""},
	{"an old target is refused: older ones before newer ones", "SCCP70.7-0-3S " OLD BRIDGE NEW,
	 "7970 erased !SCCP70.8-2-2S", "SCCP70.8-2-2S", "ready SCCP70.7-0-3S SCCP70.8-2-2S", ""},
	{"the target lacks the default list: one that has it first",
	 BRIDGE "SCCP70.9-4-2SR3-1S/bare", "7970 erased", "newest",
	 "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"the newest that has it", BRIDGE "SCCP70.9-2-1S SCCP70.9-4-2SR3-1S/bare", "7970 erased",
	 "newest", "ready SCCP70.9-2-1S SCCP70.9-4-2SR3-1S", ""},
	{"and when that is refused: the stepping stone",
	 BRIDGE "SCCP70.9-2-1S SCCP70.9-4-2SR3-1S/bare", "7970 erased !SCCP70.9-2-1S", "newest",
	 "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"nothing has the default list", "SCCP70.9-4-2SR3-1S/bare", "7970 erased", "newest",
	 "impossible", "No bundle here has term70.default.loads"},
	{"a refusal counts with and without its suffix", BRIDGE NEW,
	 "7970 erased !sccp70.9-4-2sr3-1s.loads", "newest",
	 "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},

	/* Java: it runs something */
	{"it runs the target", NEW, "7970 SCCP70.9-4-2SR3-1S", "newest", "done", ""},
	{"erased, it does not run it any more", NEW, "7970 SCCP70.9-4-2SR3-1S erased", "newest",
	 "ready SCCP70.9-4-2SR3-1S", ""},
	{"8.3(3) knows both keys", BRIDGE NEW, "7970 SCCP70.8-3-3S", "newest",
	 "ready SCCP70.9-4-2SR3-1S", ""},
	{"8.3(2) does not", BRIDGE NEW, "7970 SCCP70.8-3-2S", "newest",
	 "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"of two stepping stones of one release the one that needs no line",
	 "SIP70.8-5-2S " BRIDGE NEW, "7970 SCCP70.8-3-2S", "SCCP70.9-4-2SR3-1S",
	 "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"in whatever order they are found", BRIDGE "SIP70.8-5-2S " NEW, "7970 SCCP70.8-3-2S",
	 "SCCP70.9-4-2SR3-1S", "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"before that the one whose signature is verified", BRIDGE "SIP70.8-5-2S/g1 " NEW,
	 "7970 SCCP70.8-3-2S", "SCCP70.9-4-2SR3-1S", "ready SIP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"found first or last", "SIP70.8-5-2S/g1 " BRIDGE NEW, "7970 SCCP70.8-3-2S",
	 "SCCP70.9-4-2SR3-1S", "ready SIP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"and before that the newer one", "SCCP70.8-4-2S/g1 " BRIDGE NEW, "7970 SCCP70.8-3-2S",
	 "SCCP70.9-4-2SR3-1S", "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"a stepping stone of another model is none", "SCCP41.8-5-2S " NEW, "7970 SCCP70.8-3-2S",
	 "newest", "impossible", "look for SCCP70.8-5-2S"},
	{"8.3(2) takes the old key directly", BRIDGE NEW, "7970 SCCP70.8-3-2S", "SCCP70.8-5-2S",
	 "ready SCCP70.8-5-2S", ""},
	{"no stepping stone", NEW, "7970 SCCP70.8-3-2S", "newest", "impossible",
	 "SCCP70.8-3-2S is older than 8.3(3) and most likely refuses"},
	{"8.5(2)SR1 is none", "SCCP70.8-5-2SR1S " NEW, "7970 SCCP70.8-3-2S", "newest", "impossible",
	 "not 8.5(2)SR1"},
	{"nor is 8.5(3)", "SCCP70.8-5-3S " NEW, "7970 SCCP70.8-3-2S", "newest", "impossible", ""},
	{"nor is an 8.5(2) that is signed with the new key", "SCCP70.8-5-2S/g2 " NEW,
	 "7970 SCCP70.8-3-2S", "newest", "impossible", ""},
	{"8.3(3) is the oldest", "SCCP70.8-3-2S SCCP70.8-3-3S " NEW, "7970 SCCP70.8-0-4S", "newest",
	 "ready SCCP70.8-3-3S SCCP70.9-4-2SR3-1S", ""},
	{"the key counts for more than the version", BRIDGE "SCCP70.9-4-2SR3-1S/g1",
	 "7970 SCCP70.8-3-2S", "newest", "ready SCCP70.9-4-2SR3-1S", ""},
	{"the new code refuses the target: the one below it", BRIDGE "SCCP70.9-2-1S " NEW,
	 "7970 SCCP70.8-5-2S !SCCP70.9-4-2SR3-1S", "newest",
	 "ready SCCP70.9-2-1S SCCP70.9-4-2SR3-1S", ""},
	{"and when there is none", BRIDGE NEW, "7970 SCCP70.8-5-2S !SCCP70.9-4-2SR3-1S", "newest",
	 "impossible", "although it should know the key"},
	{"SCCP to SIP is nothing special", "SIP70.8-5-2S SIP70.9-4-2S", "7970 SCCP70.8-2-2S",
	 "SIP70.9-4-2S", "ready SIP70.8-5-2S SIP70.9-4-2S", ""},
	{"a default list alone cannot be named to a phone that runs", "term70.default/only",
	 "7970 SCCP70.8-5-2S", "newest", "impossible", "lacks the list that a running phone"},
	{"a default list alone does for an erased one", "term70.default/only", "7970 erased",
	 "newest", "ready term70.default", ""},

	/* Java: newer hardware */
	{"a 7945 that ran 9.3(1)SR is not taken below 9.3(1)",
	 "SCCP45.8-5-2S SCCP45.9-2-1S SCCP45.9-4-2S",
	 "7945 ^SCCP45.9-3-1SR1S erased !SCCP45.9-4-2S", "newest", "impossible", ""},
	{"one that ran 9.2(1) may be", "SCCP45.8-5-2S SCCP45.9-4-2S",
	 "7945 ^SCCP45.9-2-1S erased !SCCP45.9-4-2S", "newest", "ready SCCP45.8-5-2S SCCP45.9-4-2S",
	 ""},
	{"and so may a 7970", BRIDGE NEW, "7970 ^SCCP70.9-4-2SR3-1S erased !SCCP70.9-4-2SR3-1S",
	 "newest", "ready SCCP70.8-5-2S SCCP70.9-4-2SR3-1S", ""},
	{"nothing but old ones", "SCCP45.8-5-2S", "7945 ^SCCP45.9-4-2S erased", "newest",
	 "impossible", ""},

	/* 7940, 7960 */
	{"not known: the target", "P0S3-8-12-00", "7960", "newest", "ready P0S3-8-12-00", ""},
	{"SIP 2.3, the whole ladder",
	 "P0S3-04-4-00 P0S3-05-3-00 P0S3-06-3-00 P0S3-07-4-00 P0S3-8-12-00", "7960 P0S3-02-3-00",
	 "newest", "ready P0S3-04-4-00 P0S3-05-3-00 P0S3-06-3-00 P0S3-07-4-00 P0S3-8-12-00", ""},
	{"a rung is missing", "P0S3-04-4-00 P0S3-8-12-00", "7960 P0S3-02-3-00", "newest",
	 "short P0S3-04-4-00", "needs SIP (P0S3) release 5.3 first"},
	{"the first rung is missing", "P0S3-8-12-00", "7960 P0S3-04-3-00", "newest", "impossible",
	 "release 4.4 first"},
	{"from 7.x any", "P0S3-8-12-00", "7940 P0S3-07-4-00", "newest", "ready P0S3-8-12-00", ""},
	{"6.x goes to 7.x", "P0S3-07-4-00 P0S3-8-12-00", "7940 P0S3-06-3-00", "newest",
	 "ready P0S3-07-4-00 P0S3-8-12-00", ""},
	{"down from 8.x over 7.x", "P0S3-06-3-00 P0S3-07-4-00 P0S3-8-12-00", "7940 P0S3-8-12-00",
	 "P0S3-06-3-00", "ready P0S3-07-4-00 P0S3-06-3-00", ""},
	{"never back to unsigned", "P0S3-04-4-00 P0S3-07-4-00", "7940 P0S3-07-4-00", "P0S3-04-4-00",
	 "impossible", "never goes back to an unsigned load"},
	{"SCCP 8.1(2) over 8.1(1)", "P00308010100 P0030801SR02", "7960 P00308000500", "newest",
	 "ready P00308010100 P0030801SR02", ""},
	{"and without it", "P0030801SR02", "7960 P00308000500", "newest", "impossible",
	 "needs SCCP (P003) release 8.1(1) first"},
	{"SCCP 8.1(1) goes on directly", "P0030801SR02", "7960 P00308010100", "newest",
	 "ready P0030801SR02", ""},
	{"an old SCCP load to SIP", "P00305000300 P0S3-8-12-00", "7960 P00303020100",
	 "P0S3-8-12-00", "ready P00305000300 P0S3-8-12-00", ""},

	/* 7902, 7905, 7912 */
	{"directly", "CP7912080003SCCP070409A", "7912 CP7912060111SIP060111A", "newest",
	 "ready CP7912080003SCCP070409A", ""},
	{"not back to an unsigned image", "CP7912080003SCCP070409A CP7912010000SCCP030101A/zup",
	 "7912 CP7912080003SCCP070409A", "CP7912010000SCCP030101A", "impossible",
	 "does not go back to an unsigned one"},

	/* no target */
	{"no firmware for it", NEW, "7941 erased", "newest", "impossible",
	 "a load that begins with SCCP41 or SIP41"},
	{"a target of another model", NEW "SCCP41.8-5-2S", "7970 erased", "SCCP41.8-5-2S",
	 "impossible", "The target SCCP41.8-5-2S is not for the 7970."},
	{"a target that is not here", NEW, "7970 erased", "SCCP70.9-9-9S", "impossible",
	 "is not among this firmware"},
	{"an unfit one", "SCCP70.9-4-2S/unfit", "7970 erased", "newest", "impossible",
	 "is not fit to be served"},
	{"an unfit stepping stone is none", "SCCP70.8-5-2S/unfit " NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S", "newest", "impossible",
	 "SCCP70.8-5-2S is here and is not fit to be served. Get that bundle again."},
	{"but only one of this model", "SCCP41.8-5-2S/unfit " NEW,
	 "7970 erased !SCCP70.9-4-2SR3-1S", "newest", "impossible",
	 "look for SCCP70.8-5-2S or SIP70.8-5-2S."},
	{"refused, and nothing here is signed", "SCCP70.8-3-3S/plain", "7970 erased !SCCP70.8-3-3S",
	 "newest", "impossible",
	 "most likely because SCCP70.8-3-3S is not signed. Get the original bundle"},
	{"refused, and something else is signed", "SCCP70.8-3-3S/plain SCCP70.8-2-2S/g1",
	 "7970 erased !SCCP70.8-3-3S !SCCP70.8-2-2S", "newest", "impossible",
	 "also what is signed with the old key"},
};

static void road_text(const struct plan *p, char *out, size_t size)
{
	static const char *const name[] = {
		[PLAN_READY] = "ready",
		[PLAN_DONE] = "done",
		[PLAN_SHORT] = "short",
		[PLAN_IMPOSSIBLE] = "impossible",
	};
	size_t len;

	text_copy(out, size, name[p->state]);
	for (unsigned i = 0; i < p->count; i++) {
		len = strlen(out);
		text_format(out + len, size - len, " %s", p->step[i].bundle->load);
		assert_true(p->step[i].why[0] != '\0');
	}
}

static void rules(void **state)
{
	bool failed = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct phone_facts facts;
		struct plan plan;
		char road[400];

		make_library(rows[i].library);
		read_facts(&facts, rows[i].phone);
		plan_make(&plan, &library, rows[i].target, false, &facts);
		road_text(&plan, road, sizeof(road));
		if (strcmp(road, rows[i].road) != 0 || !strstr(plan.need, rows[i].need) ||
		    (plan.state >= PLAN_SHORT) != (plan.need[0] != '\0')) {
			print_error("%s:\n  is  %s\n  not %s\n  need: %s\n", rows[i].rule, road,
				    rows[i].road, plan.need);
			failed = true;
		}
		if (plan.need[0])
			assert_true(text_ends_nocase(plan.need, "."));
	}
	assert_false(failed);
}

static void without_a_model(void **state)
{
	struct plan plan;

	(void)state;
	make_library(NEW);
	plan_make(&plan, &library, "newest", false, NULL);
	assert_int_equal(plan.state, PLAN_IMPOSSIBLE);
	assert_null(plan.target);
}

/* A model that has only one kind of load, as an own file of models may describe it. */
static void one_prefix(void **state)
{
	struct models own = models;
	struct phone_facts facts;
	struct plan plan;

	(void)state;
	for (unsigned i = 0; i < models.count; i++)
		if (strcmp(models.model[i].id, "7970") == 0)
			models.model[i].prefixes[1][0] = '\0';
	make_library(NEW);
	read_facts(&facts, "7970 SCCP70.8-3-2S");
	plan_make(&plan, &library, "newest", false, &facts);
	assert_int_equal(plan.state, PLAN_IMPOSSIBLE);
	assert_non_null(strstr(plan.need, "look for SCCP70.8-5-2S."));
	models = own;
}

static void unfit_when_told_to(void **state)
{
	struct phone_facts facts;
	struct plan plan;

	(void)state;
	make_library("SCCP70.9-4-2S/unfit");
	read_facts(&facts, "7970 erased");
	plan_make(&plan, &library, "newest", true, &facts);
	assert_int_equal(plan.state, PLAN_READY);
	/* A sound stepping stone comes before a newer one that is not, wherever it was found. */
	read_facts(&facts, "7970 SCCP70.8-3-2S");
	make_library("SCCP70.8-4-2S SCCP70.8-5-2S/unfit " NEW);
	plan_make(&plan, &library, "newest", true, &facts);
	assert_string_equal(plan.step[0].bundle->load, "SCCP70.8-4-2S");
	make_library("SCCP70.8-5-2S/unfit SCCP70.8-4-2S " NEW);
	plan_make(&plan, &library, "newest", true, &facts);
	assert_string_equal(plan.step[0].bundle->load, "SCCP70.8-4-2S");
}

/* The comparison of the phones is not known: it is said, and the plan stays. */
static void hardware_is_a_warning(void **state)
{
	struct phone_facts facts;
	struct plan plan;

	(void)state;
	make_library("SCCP42.8-5-2S SCCP42.9-4-2S/hw5");
	read_facts(&facts, "7942 erased !SCCP42.9-4-2S");
	plan_make(&plan, &library, "newest", false, &facts);
	assert_null(strstr(plan.step[0].why, "hardware number"));
	make_library("SCCP42.9-3-1S SCCP42.9-4-2S/hw5");
	read_facts(&facts, "7942 ^SCCP42.9-4-2S erased !SCCP42.9-4-2S");
	plan_make(&plan, &library, "newest", false, &facts);
	assert_int_equal(plan.count, 2);
	assert_non_null(strstr(plan.step[0].why, "hardware number"));
	assert_null(strstr(plan.step[1].why, "hardware number"));
	/* A number of its own counts as none does: lower, the same, higher. */
	for (unsigned i = 0; i < 3; i++) {
		static const char *const second[] = {"SCCP42.9-3-1S/hw4 SCCP42.9-4-2S/hw5",
						     "SCCP42.9-3-1S/hw5 SCCP42.9-4-2S/hw5",
						     "SCCP42.9-3-1S/hw6 SCCP42.9-4-2S/hw5"};

		make_library(second[i]);
		plan_make(&plan, &library, "newest", false, &facts);
		assert_int_equal(strstr(plan.step[0].why, "hardware number") != NULL, i == 0);
	}
}

static void generations(void **state)
{
	static const struct {
		const char *spec;
		enum generation generation;
		bool bridge;
	} cases[] = {
		{"SCCP70.8-3-2S", GENERATION_G1, false},
		{"SCCP70.8-3-3S", GENERATION_G1, true},
		{"SIP70.8-4-2-30S", GENERATION_G1, true},
		{"SCCP70.8-5-2S", GENERATION_G1, true},
		{"SCCP70.8-5-2SR1S", GENERATION_G2, false},
		{"SCCP70.8-5-3S", GENERATION_G2, false},
		{"SCCP70.8-5-2S/g2", GENERATION_G2, false},
		{"SCCP70.8-5-3S/g1", GENERATION_G1, false},
		{"term70.default", GENERATION_NONE, false},
		{"P0S3-8-12-00", GENERATION_NONE, false},
		{"P0S3-8-4-00", GENERATION_NONE, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make_library(cases[i].spec);
		if (bundle_generation(&bundles[0]) != cases[i].generation ||
		    bundle_is_bridge(&bundles[0]) != cases[i].bridge)
			fail_msg("%s", cases[i].spec);
	}
}

/* Whatever is refused, whatever runs: each step is another one, and the offers come to an end. */
static void offers_end(void **state)
{
	(void)state;
	make_library("SCCP70.7-0-3S SCCP70.8-2-2S SCCP70.8-3-3S SCCP70.8-5-2S SCCP70.8-5-3S "
		     "SCCP70.9-2-1S SCCP70.9-4-2S");
	for (unsigned target = 0; target < library.bundle_count; target++) {
		for (unsigned runs = 0; runs <= library.bundle_count; runs++) {
			struct phone_facts facts;
			struct plan plan;

			read_facts(&facts, "7970");
			facts.erased = runs == library.bundle_count;
			if (!facts.erased)
				text_copy(facts.runs, sizeof(facts.runs), bundles[runs].load);
			for (unsigned n = 0;; n++) {
				assert_true(n <= library.bundle_count);
				plan_make(&plan, &library, bundles[target].load, false, &facts);
				for (unsigned i = 1; i < plan.count; i++)
					assert_ptr_not_equal(plan.step[i].bundle,
							     plan.step[i - 1].bundle);
				if (plan.count == 0)
					break;
				assert_false(facts_refused(&facts, plan.step[0].bundle->load));
				if (plan.state == PLAN_READY)
					assert_ptr_equal(plan.step[plan.count - 1].bundle,
							 &bundles[target]);
				text_copy(facts.refused[facts.refused_count++],
					  sizeof(facts.refused[0]), plan.step[0].bundle->load);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(without_a_model),
		cmocka_unit_test(one_prefix),
		cmocka_unit_test(unfit_when_told_to),
		cmocka_unit_test(hardware_is_a_warning),
		cmocka_unit_test(generations),
		cmocka_unit_test(offers_end),
	};

	models_builtin(&models);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
