/* SPDX-License-Identifier: MIT */
/*
 * Rehearsals: whole roads in virtual time, against the real machines and synthetic bundles of both
 * signing generations. First what the phones themselves know, then the scenes, then the words.
 */
#include "reflashd/rehearse.h"
#include "reflashd/text.h"
#include "shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TARGET "SCCP70.9-4-2SR3-1S"
#define BRIDGE "SCCP70.8-5-2S"

struct world {
	struct shelf *shelf;
	struct test_key *g1, *g2;
	struct rehearse_config config;
	struct rehearse_result result;
	char transcript[64 * 1024];
	size_t len;
	unsigned details;
};

static void read_test_keys(struct keys *keys)
{
	static char text[16384];
	char path[512];
	struct fault f;
	size_t len;
	FILE *in = fopen(test_keys_path("test-keys.ini", path, sizeof(path)), "r");

	assert_non_null(in);
	len = fread(text, 1, sizeof(text), in);
	fclose(in);
	assert_int_equal(keys_read(keys, path, text, len, &f), 0);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->shelf = shelf_new();
	read_test_keys(&w->shelf->keys);
	w->g1 = test_key_load("test-g1");
	w->g2 = test_key_load("test-g2");
	w->config = (struct rehearse_config){.library = &w->shelf->library,
					     .offers = {.target = "newest"},
					     .content = shelf_content(w->shelf),
					     .seed = 1,
					     .phones = 1};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	test_key_free(w->g1);
	test_key_free(w->g2);
	shelf_free(w->shelf);
	free(w);
	return 0;
}

static void add(struct world *w, enum synth_kind kind, const char *load, const struct test_key *key)
{
	struct synth_options options = {.key = key};

	shelf_add(w->shelf, kind, load, &options, NULL);
}

static void listen(void *ctx, usec_t at, struct mac mac, bool detail, const char *line)
{
	struct world *w = ctx;
	int n;

	(void)mac;
	w->details += detail;
	if (detail)
		return;
	n = snprintf(w->transcript + w->len, sizeof(w->transcript) - w->len, "%u %s\n",
		     (unsigned)(at / USEC_SEC(60)), line);
	assert_true(n > 0 && (size_t)n < sizeof(w->transcript) - w->len);
	w->len += (size_t)n;
}

static const struct rehearse_result *play(struct world *w, const char *id,
					  enum rehearse_scene scene)
{
	const struct model *m = models_by_id(&w->shelf->models, id);

	assert_non_null(m);
	assert_true(rehearse_has(m, scene));
	w->len = 0;
	w->transcript[0] = '\0';
	w->details = 0;
	rehearse_begin(&w->config, m, scene, &w->result);
	assert_int_equal(rehearse_run(&w->config, listen, w, &w->result), 0);
	return &w->result;
}

static void expect_said(const struct world *w, const char *text)
{
	if (!strstr(w->transcript, text))
		fail_msg("no \"%s\" in:\n%s", text, w->transcript);
}

static void expect_silent(const struct world *w, const char *text)
{
	if (strstr(w->transcript, text))
		fail_msg("\"%s\" in:\n%s", text, w->transcript);
}

static void expect_back(const struct rehearse_result *r, const char *load)
{
	assert_true(rehearse_passed(r));
	assert_int_equal(r->at_target, r->phones);
	assert_string_equal(r->load, load);
	assert_true(r->took > USEC_SEC(120));
}

/* A loader that knows both keys goes straight to the target, bridge or no bridge. */
static void modern_loader_goes_straight(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;

	add(w, SYNTH_JAVA70, BRIDGE, w->g1);
	add(w, SYNTH_JAVA70, TARGET, w->g2);
	r = play(w, "7970", REHEARSE_ERASED);
	expect_back(r, TARGET);
	assert_int_equal(r->steps, 1);
	assert_int_equal(r->refusals, 0);
	expect_said(w, "5 members (of " TARGET ")");
	expect_said(w, "has 5 files");
	expect_said(w, "dark and silent");
	expect_said(w, "runs " TARGET);
	expect_said(w, "(CDP)");
	assert_int_equal(r->proven[PROOF_CDP], 1);
	expect_silent(w, BRIDGE);
	expect_silent(w, "asks for");
	assert_true(w->details > 10);
}

/* The measure of issue 3: whichever it is offered first, it ends at the target by itself. The order
 * of the folders must not matter; nor may which of the two models asks. */
static void old_loader_takes_the_bridge(void **state)
{
	static const char *const ids[] = {"7970", "7971"};
	struct world *w;
	const struct rehearse_result *r;
	unsigned i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(set_up((void **)&w), 0);
		add(w, SYNTH_JAVA70, i & 1 ? TARGET : BRIDGE, i & 1 ? w->g2 : w->g1);
		add(w, SYNTH_JAVA70, i & 1 ? BRIDGE : TARGET, i & 1 ? w->g1 : w->g2);
		r = play(w, ids[i / 2], REHEARSE_OLD_LOADER);
		expect_back(r, TARGET);
		assert_int_equal(r->steps, 2);
		assert_string_equal(r->step[0], BRIDGE);
		assert_string_equal(r->step[1], TARGET);
		assert_true(r->refusals >= 1);
		expect_said(w, "Auth Fail");
		assert_int_equal(tear_down((void **)&w), 0);
	}
	(void)state;
}

/* The target is the bridge: it is taken at once. */
static void old_loader_takes_an_old_target(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;

	add(w, SYNTH_JAVA70, BRIDGE, w->g1);
	add(w, SYNTH_JAVA70, TARGET, w->g2);
	text_copy(w->config.offers.target, sizeof(w->config.offers.target), BRIDGE);
	r = play(w, "7970", REHEARSE_OLD_LOADER);
	expect_back(r, BRIDGE);
	assert_int_equal(r->steps, 1);
	assert_int_equal(r->refusals, 0);
}

/* Without a bridge it never runs, is told apart from the modern one, and the words name the
 * releases to look for. */
static void old_loader_without_a_bridge(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;
	char verdict[1024];

	add(w, SYNTH_JAVA70, TARGET, w->g2);
	r = play(w, "7970", REHEARSE_ERASED);
	expect_back(r, TARGET);
	r = play(w, "7970", REHEARSE_OLD_LOADER);
	assert_false(rehearse_passed(r));
	assert_int_equal(r->back, 0);
	assert_string_equal(r->load, "");
	assert_int_equal(r->steps, 0);
	assert_int_equal(r->facts.refused_count, 1);
	assert_string_equal(r->facts.refused[0], TARGET);
	expect_said(w, "Auth Fail");
	expect_said(w, "more lines like these");
	expect_silent(w, "has everything");
	rehearse_verdict(r, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "7970 with old boot code: stays dead"));
	assert_non_null(strstr(verdict, "8.5(2)"));
	assert_int_equal(verdict[strlen(verdict) - 1], '.');
}

/* 8.2 brings no new key: the phone lives again, and that is as far as it gets. */
static void old_loader_with_too_old_a_step(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;
	char verdict[1024];

	add(w, SYNTH_JAVA70, "SCCP70.8-2-2S", w->g1);
	add(w, SYNTH_JAVA70, TARGET, w->g2);
	r = play(w, "7970", REHEARSE_OLD_LOADER);
	assert_true(rehearse_passed(r));
	assert_int_equal(r->at_target, 0);
	assert_string_equal(r->load, "SCCP70.8-2-2S");
	expect_said(w, "runs SCCP70.8-2-2S");
	rehearse_verdict(r, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "comes back in about"));
	assert_non_null(strstr(verdict, "but does not get to " TARGET));
	assert_non_null(strstr(verdict, "8.5(2)"));
}

static void running_phone_takes_the_bridge(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;
	char verdict[1024];

	add(w, SYNTH_JAVA70, BRIDGE, w->g1);
	add(w, SYNTH_JAVA70, TARGET, w->g2);
	r = play(w, "7970", REHEARSE_RUNNING);
	assert_string_equal(r->began, "SCCP70.8-2-2S");
	expect_back(r, TARGET);
	assert_string_equal(r->step[0], BRIDGE);
	rehearse_verdict(r, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "goes to " TARGET));
	assert_non_null(strstr(verdict, "by way of " BRIDGE));
}

static void running_phone_keeps_what_it_runs(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;
	char verdict[1024];

	add(w, SYNTH_JAVA70, TARGET, w->g2);
	/* It announces what it runs before it asks, and is not given what it would refuse. */
	r = play(w, "7970", REHEARSE_RUNNING);
	assert_true(rehearse_passed(r));
	assert_int_equal(r->at_target, 0);
	assert_string_equal(r->load, "SCCP70.8-2-2S");
	assert_int_equal(r->refusals, 0);
	rehearse_verdict(r, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "stays on what it runs"));
	assert_non_null(strstr(verdict, "8.5(2)"));

	w->config.silent = true;
	r = play(w, "7970", REHEARSE_RUNNING);
	w->config.silent = false;
	assert_true(rehearse_passed(r));
	assert_int_equal(r->at_target, 0);
	assert_string_equal(r->load, "SCCP70.8-2-2S");
	expect_said(w, "Load Auth Failed");
	/* Once more after three minutes, and then not again. */
	assert_int_equal(r->refusals, 2);
	rehearse_verdict(r, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "stays on what it runs"));
	assert_non_null(strstr(verdict, "8.5(2)"));
}

/* A stranger's key, and files that were changed after they were signed. */
static void unknown_and_altered(void **state)
{
	struct world *w = *state;
	struct test_key *stranger = test_key_generate(2048);
	struct synth_options options = {.key = w->g1};
	const struct rehearse_result *r;
	char verdict[1024];

	add(w, SYNTH_JAVA70, BRIDGE, stranger);
	r = play(w, "7970", REHEARSE_ERASED);
	assert_int_equal(r->back, 0);
	expect_said(w, "a key that nobody knows");
	rehearse_verdict(r, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "not among the known ones"));
	test_key_free(stranger);

	shelf_add(w->shelf, SYNTH_JAVA41, "SCCP41.8-5-2S", &options, "flip:dsp41");
	w->config.offers.offer_unfit = true;
	r = play(w, "7941", REHEARSE_ERASED);
	assert_int_equal(r->back, 0);
	expect_said(w, "altered after it was signed");
}

/* A key of other hardware: signed for 7906 and 7911 only. */
static void key_of_other_hardware(void **state)
{
	struct world *w = *state;
	struct test_key *key = test_key_generate(2048);
	char text[2048] =
		"[key other]\nexponent = 3\ngeneration = G1\nmodels = 7906 7911\nmodulus = ";
	uint8_t modulus[512];
	size_t len = test_key_modulus(key, modulus, sizeof(modulus)), i, at = strlen(text);
	struct fault f;

	for (i = 0; i < len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%02x", modulus[i]);
	text_copy(text + at, sizeof(text) - at, "\n");
	assert_int_equal(keys_read(&w->shelf->keys, "other", text, strlen(text), &f), 0);
	add(w, SYNTH_JAVA70, BRIDGE, key);
	play(w, "7970", REHEARSE_ERASED);
	expect_said(w, "is signed for other models");
	test_key_free(key);
}

/* Families without generations: their own scripts, their own words. */
static void other_families(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;
	char text[1024];

	add(w, SYNTH_LEGACY, "P0S3-8-12-00", w->g1);
	add(w, SYNTH_KUP7912, "CP7912080003SCCP070409A", w->g1);
	assert_false(rehearse_has(models_by_id(&w->shelf->models, "7940"), REHEARSE_OLD_LOADER));
	r = play(w, "7960", REHEARSE_ERASED);
	assert_int_equal(r->at_target, 1);
	r = play(w, "7960", REHEARSE_RUNNING);
	assert_int_equal(r->at_target, 1);
	assert_string_equal(r->began, "P0S3-07-3-00");
	r = play(w, "7912", REHEARSE_ERASED);
	expect_back(r, "CP7912080003SCCP070409A");
	assert_string_equal(r->step[0], "cp7912r");
	rehearse_title(r, text, sizeof(text));
	assert_string_equal(text, "a 7912 in its recovery mode");
	r = play(w, "7912", REHEARSE_RUNNING);
	assert_int_equal(r->at_target, 1);
	assert_true(rehearse_models(&w->shelf->library) ==
		    (model_bit(&w->shelf->models, models_by_id(&w->shelf->models, "7940")) |
		     model_bit(&w->shelf->models, models_by_id(&w->shelf->models, "7960")) |
		     model_bit(&w->shelf->models, models_by_id(&w->shelf->models, "7912"))));
}

/*
 * A hall of phones, all switched on at once: nobody is lost, each is proven, and each costs as many
 * packets as one of fifty does. They wait for each other on the cable, so it takes longer, but no
 * longer than the cable needs for all of their bytes at 100 Mbit/s twice, and a minute.
 */
static void a_hall(void **state)
{
	struct world *w = *state;
	const struct rehearse_result *r;
	uint64_t few, many;
	usec_t took, cable;

	add(w, SYNTH_KUP7912, "CP7912080003SCCP070409A", w->g1);
	w->config.phones = 50;
	rehearse_begin(&w->config, models_by_id(&w->shelf->models, "7912"), REHEARSE_ERASED,
		       &w->result);
	assert_int_equal(rehearse_run(&w->config, NULL, NULL, &w->result), 0);
	r = &w->result;
	assert_int_equal(r->at_target, 50);
	few = r->datagrams / 50;
	took = r->took;
	w->config.phones = REHEARSE_PHONES_MAX;
	rehearse_begin(&w->config, r->model, REHEARSE_ERASED, &w->result);
	assert_int_equal(rehearse_run(&w->config, NULL, NULL, &w->result), 0);
	assert_int_equal(r->back, REHEARSE_PHONES_MAX);
	assert_int_equal(r->at_target, REHEARSE_PHONES_MAX);
	assert_int_equal(r->proven[PROOF_NONE], 0);
	many = r->datagrams / REHEARSE_PHONES_MAX;
	assert_in_range(many, few, few + few / 20);
	cable = r->bytes * 8 / 100;
	assert_in_range(r->took, took, took + 2 * cable + USEC_SEC(60));
}

/* A fleet, a bad cable, and the same again from the same seed. */
static void fleet(void **state)
{
	struct world *w = *state;
	struct rehearse_result first;
	char verdict[1024];

	add(w, SYNTH_JAVA70, BRIDGE, w->g1);
	add(w, SYNTH_JAVA70, TARGET, w->g2);
	w->config.phones = 12;
	w->config.loss_per_mille = 20;
	first = *play(w, "7970", REHEARSE_OLD_LOADER);
	assert_int_equal(first.back, 12);
	assert_int_equal(first.at_target, 12);
	assert_true(first.refusals >= 12);
	assert_true(first.files >= 12 * 12);
	rehearse_verdict(&first, verdict, sizeof(verdict));
	assert_non_null(strstr(verdict, "all 12 come back"));
	play(w, "7970", REHEARSE_OLD_LOADER);
	assert_int_equal(w->result.datagrams, first.datagrams);
	assert_int_equal(w->result.took, first.took);
	w->config.seed = 2;
	play(w, "7970", REHEARSE_OLD_LOADER);
	assert_int_not_equal(w->result.datagrams, first.datagrams);
}

int main(void)
{
#define SCENE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENE(modern_loader_goes_straight),
		cmocka_unit_test(old_loader_takes_the_bridge),
		SCENE(old_loader_takes_an_old_target),
		SCENE(old_loader_without_a_bridge),
		SCENE(old_loader_with_too_old_a_step),
		SCENE(running_phone_takes_the_bridge),
		SCENE(running_phone_keeps_what_it_runs),
		SCENE(unknown_and_altered),
		SCENE(key_of_other_hardware),
		SCENE(other_families),
		SCENE(a_hall),
		SCENE(fleet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
