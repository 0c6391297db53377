/* SPDX-License-Identifier: MIT */
/*
 * Proof, from end to end in virtual time: phones of every model that say who they are, in every way
 * there is, against the real decoders and the real tracker. And the other half of it: no phone is
 * called recovered that was cut, refused or left dark.
 */
#include "wire_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum sim_kind dead_kind(const struct model *m)
{
	return m->family == MODEL_LEGACY ? SIM_LEGACY
	       : m->family == MODEL_KUP	 ? SIM_KUP_RECOVERY
					 : SIM_JAVA_ERASED;
}

/* A load for each model and protocol, as the shelf of the rig has it. */
static const struct way {
	const char *name;
	unsigned speaks, listen;
	const char *proof, *legacy; /* legacy: of a 7940/7960, where that is another */
} ways[] = {
	/* What a 7940/7960 with SIP announces is its loader's name, too: at its start that proves
	 * nothing, and a minute later its requests have. */
	{"CDP", SIM_SPEAKS_CDP, SIM_SPEAKS_CDP, "cdp", "requests"},
	{"registration", SIM_SPEAKS_SCCP | SIM_SPEAKS_SIP, SIM_SPEAKS_SCCP | SIM_SPEAKS_SIP, "",
	 ""},
	{"web page", SIM_SPEAKS_PAGE, SIM_SPEAKS_PAGE, "http", "http"},
	{"requests, and somebody listens", SIM_SPEAKS_NOTHING, SIM_SPEAKS_ALL, "requests",
	 "requests"},
	{"requests", SIM_SPEAKS_ALL, SIM_SPEAKS_NOTHING, "requests", "requests"},
	{"all at once", SIM_SPEAKS_ALL, SIM_SPEAKS_ALL, "cdp", "cdp"},
};

static const char *wanted(const struct way *way, const struct model *m, const char *load)
{
	const char *proof = m->family == MODEL_LEGACY ? way->legacy : way->proof;
	bool sip = strstr(load, "SIP") || text_starts_nocase(load, "P0S");

	return proof[0] ? proof : sip ? "sip" : "sccp";
}

/* Every model of the catalogue that the shelf has firmware for; returns how many. */
static unsigned all_ways(struct wire_rig *f, struct shelf *s, unsigned *sccp, unsigned *sip)
{
	unsigned models = 0;

	for (unsigned m = 0; m < s->models.count; m++) {
		const struct model *model = &s->models.model[m];

		if (!library_target(&s->library, model, "newest"))
			continue;
		models++;
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			struct sim_wire_config config = {.seed = f->seed + m * 10 + i,
							 .latency = 200,
							 .limit = 2 * HOUR,
							 .listen = ways[i].listen};
			struct wire_run *r = wire_run_new(s, &config, NULL);
			struct sim_phone *p;

			r->speaks = ways[i].speaks;
			p = wire_rig_add(r, model->id, dead_kind(model), m, 0);
			wire_rig_recover(f, r, &p, 1, config.seed);
			if (r->recovered != 1)
				wire_rig_print(r);
			if (r->recovered != 1)
				fail_msg("%s by %s: %u times recovered, now by %s", model->id,
					 ways[i].name, r->recovered, r->proof[0]);
			if (strcmp(r->proof[0], wanted(&ways[i], model, sim_phone_load(p))) != 0)
				fail_msg("%s by %s, with %s: proof by %s", model->id, ways[i].name,
					 sim_phone_load(p), r->proof[0]);
			*sccp += strcmp(r->proof[0], "sccp") == 0;
			*sip += strcmp(r->proof[0], "sip") == 0;
			wire_run_free(r);
		}
	}
	return models;
}

static void every_model_in_every_way(void **state)
{
	struct wire_rig *f = *state;
	unsigned sccp = 0, sip = 0;

	/* 7970, 7971, 7941, 7961 and their GE forms, 7942 … 7975, 7906, 7911, 7931, 7940, 7960,
	 * 7902, 7905, 7912: all there are. */
	assert_int_equal(all_ways(f, f->shelf, &sccp, &sip), f->shelf->models.count);
	assert_true(sccp > 10 && sip > 0);
}

/* Later releases and the other protocol: a Register that names its load, ITL files, SIP. */
static void other_releases_in_every_way(void **state)
{
	static const struct {
		enum synth_kind kind;
		const char *load;
	} loads[] = {
		{SYNTH_JAVA70, "SIP70.9-4-2SR3-1S"},
		{SYNTH_JAVA41, "SCCP41.9-4-2SR3-1S"},
		{SYNTH_JAVA42, "SIP42.8-5-2S"},
		{SYNTH_JAVA45, "SIP45.9-3-1SR4-1S"},
		{SYNTH_JAVA11, "SIP11.8-3-3S"},
		{SYNTH_JAVA31, "SCCP31.8-5-2S"},
		{SYNTH_JAVA75, "SCCP75.9-4-2SR3-1S"},
		{SYNTH_LEGACY, "P00308010200"},
		{SYNTH_KUP7905, "CP7905080000SIP060111A"},
	};
	struct wire_rig *f = *state;
	struct synth_options options = {.size = 2500, .seed = 12, .key = f->key};
	struct shelf *s = shelf_new();
	unsigned sccp = 0, sip = 0;

	for (size_t i = 0; i < ARRAY_LEN(loads); i++)
		shelf_add(s, loads[i].kind, loads[i].load, &options, NULL);
	assert_true(all_ways(f, s, &sccp, &sip) >= 16);
	assert_true(sccp > 5 && sip > 5);
	shelf_free(s);
}

/* Bad wires, and whatever kinds of proof get through. */
static void whatever_gets_through(void **state)
{
	struct wire_rig *f = *state;
	struct shelf *s = f->shelf;

	for (unsigned round = 0; round < 100; round++) {
		const struct model *model = &s->models.model[round % s->models.count];
		struct sim_wire_config config = {.seed = f->seed + round,
						 .latency = 500,
						 .loss_per_mille = 100,
						 .dup_per_mille = 50,
						 .reorder_per_mille = 100,
						 .limit = 24 * HOUR,
						 .listen = round % 16};
		struct wire_run *r;
		struct sim_phone *p;

		if (!library_target(&s->library, model, "newest"))
			continue;
		r = wire_run_new(s, &config, NULL);
		r->speaks = (round / 16 * 5 + round) % 16;
		p = wire_rig_add(r, model->id, dead_kind(model), round, 0);
		wire_rig_recover(f, r, &p, 1, config.seed);
		wire_run_free(r);
	}
}

/* ---- what must not be believed ---- */

struct bad {
	const char *name;
	enum synth_kind bundle;
	const char *how; /* the firmware is broken */
	const char *model;
	enum sim_kind kind;
	enum sim_knows knows;
};

static struct wire_run *play(struct wire_rig *f, const struct bad *bad, struct shelf *shelf,
			     uint64_t cut, usec_t limit, struct sim_phone **p)
{
	static const struct catalogue_config all = {.target = "newest", .offer_unfit = true};
	struct sim_wire_config config = {
		.seed = f->seed, .latency = 200, .limit = limit, .listen = SIM_SPEAKS_ALL};
	struct sim_phone_config phone = {.kind = bad->kind,
					 .mac = {{0x00, 0x1b, 0x54, 0xca, 0x03, 0x04}},
					 .seed = 5,
					 .knows = bad->knows,
					 .keys = &shelf->keys,
					 .speaks = SIM_SPEAKS_ALL};
	struct wire_run *r = wire_run_new(shelf, &config, &all);

	text_copy(phone.model, sizeof(phone.model), bad->model);
	if (bad->knows == SIM_KNOWS_ANYTHING)
		phone.keys = NULL;
	*p = sim_wire_add(r->wire, &phone, 0);
	assert_non_null(*p);
	r->phone[r->phones++] = *p;
	if (cut > 0)
		sim_wire_cut(r->wire, *p, cut, USEC_SEC(1000000));
	sim_wire_run(r->wire);
	return r;
}

static void refused_phones_are_not_recovered(void **state)
{
	/* Signed with the tests' key, which none of the phones knows; cut; incomplete; of
	 * another model. All of them speak all the time. */
	static const struct bad rows[] = {
		{"refuses the key", SYNTH_JAVA70, NULL, "7970", SIM_JAVA_ERASED, SIM_KNOWS_G1},
		{"refuses the key", SYNTH_JAVA45, NULL, "7965", SIM_JAVA_ERASED, SIM_KNOWS_BOTH},
		{"a member is missing", SYNTH_JAVA70, "missing:apps70.8-3-3-27.sbn", "7970",
		 SIM_JAVA_ERASED, SIM_KNOWS_ANYTHING},
		{"the list is renamed", SYNTH_JAVA70, "rename", "7970", SIM_JAVA_ERASED,
		 SIM_KNOWS_ANYTHING},
		{"its application is missing", SYNTH_LEGACY, "missing:P0S3-8-12-00.sb2", "7960",
		 SIM_LEGACY, SIM_KNOWS_ANYTHING},
		{"damaged", SYNTH_KUP7912, "flip:cp7912r", "7912", SIM_KUP_RECOVERY,
		 SIM_KNOWS_ANYTHING},
	};
	struct wire_rig *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct synth_options options = {.size = 2500, .seed = 9, .key = f->key};
		struct shelf *shelf = shelf_new();
		struct sim_phone *p;
		struct wire_run *r;

		shelf_add(shelf, rows[i].bundle, NULL, &options, rows[i].how);
		r = play(f, &rows[i], shelf, 0, 3 * HOUR, &p);
		if (sim_phone_stage(p) == SIM_RUNNING || r->recovered > 0)
			fail_msg("%s, %s: stage %d, %u times recovered by %s", rows[i].model,
				 rows[i].name, (int)sim_phone_stage(p), r->recovered, r->proof[0]);
		assert_string_equal(r->trouble, "");
		wire_run_free(r);
		shelf_free(shelf);
	}
}

/* The power fails at any packet and stays off: recovered only who has announced itself by then,
 * or has asked for what only an image asks for. */
static void cut_and_dark_phones_are_not_recovered(void **state)
{
	static const struct bad rows[] = {
		{"java", SYNTH_JAVA70, NULL, "7970", SIM_JAVA_ERASED, SIM_KNOWS_ANYTHING},
		{"legacy", SYNTH_LEGACY, NULL, "7960", SIM_LEGACY, SIM_KNOWS_ANYTHING},
		{"kup", SYNTH_KUP7912, NULL, "7912", SIM_KUP_RECOVERY, SIM_KNOWS_ANYTHING},
	};
	struct wire_rig *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t datagrams = UINT64_MAX;
		unsigned recovered = 0;

		for (uint64_t cut = 0; cut <= datagrams; cut++) {
			struct sim_phone *p;
			struct wire_run *r = play(f, &rows[i], f->shelf, cut, HOUR, &p);

			/* check_claim() of the rig has compared each claim with the phone. */
			assert_string_equal(r->trouble, "");
			if (cut == 0) {
				datagrams = sim_wire_datagrams(r->wire);
				assert_int_equal(r->recovered, 1);
			} else {
				recovered += r->recovered;
				/* Half way it was still fetching. */
				assert_true(r->recovered == 0 || cut * 2 > datagrams);
			}
			wire_run_free(r);
		}
		assert_true(datagrams > 40 && recovered > 0 && recovered < datagrams / 2);
	}
}

/* Phones that are left dark for ever: they have everything, and say nothing more. The last packet
 * of the loader is where the power fails. */
static void a_dark_phone_is_not_recovered(void **state)
{
	static const struct bad row = {"dark", SYNTH_JAVA70,	"",
				       "7970", SIM_JAVA_ERASED, SIM_KNOWS_ANYTHING};
	struct wire_rig *f = *state;
	struct sim_phone *p;
	unsigned dark = 0;

	for (uint64_t cut = 1;; cut++) {
		struct wire_run *r = play(f, &row, f->shelf, cut, HOUR, &p);
		const struct phones *all = sim_wire_phones(r->wire);
		enum phone_stage stage = all->count ? all->phone[0].stage : PHONE_SEEN;

		dark += stage == PHONE_WRITING;
		if (stage == PHONE_WRITING)
			assert_int_equal(r->recovered, 0);
		wire_run_free(r);
		if (stage > PHONE_WRITING)
			break;
		assert_true(cut < 2000);
	}
	assert_true(dark > 0);
}

/* The pieces of a stream, the answers, the retries: the same seed is the same run. */
static void a_seed_repeats(void **state)
{
	struct wire_rig *f = *state;
	uint64_t digests[3];

	for (unsigned i = 0; i < 3; i++) {
		struct sim_wire_config config = {.seed = f->seed + i / 2,
						 .latency = 1000,
						 .loss_per_mille = 50,
						 .limit = 12 * HOUR,
						 .listen = SIM_SPEAKS_ALL};
		struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
		struct sim_phone *p[2];

		r->speaks = SIM_SPEAKS_ALL;
		p[0] = wire_rig_add(r, "7970", SIM_JAVA_ERASED, 1, 0);
		p[1] = wire_rig_add(r, "7960", SIM_LEGACY, 2, USEC_SEC(3));
		wire_rig_recover(f, r, p, 2, config.seed);
		digests[i] = r->digest ^ sim_wire_datagrams(r->wire);
		wire_run_free(r);
	}
	assert_true(digests[0] == digests[1]);
	assert_true(digests[0] != digests[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_in_every_way),
		cmocka_unit_test(other_releases_in_every_way),
		cmocka_unit_test(whatever_gets_through),
		cmocka_unit_test(refused_phones_are_not_recovered),
		cmocka_unit_test(cut_and_dark_phones_are_not_recovered),
		cmocka_unit_test(a_dark_phone_is_not_recovered),
		cmocka_unit_test(a_seed_repeats),
	};

	return cmocka_run_group_tests(tests, wire_rig_setup, wire_rig_teardown);
}
