/* SPDX-License-Identifier: MIT */
/*
 * Whole recoveries in virtual time on good and bad wires: every model, every power cut, many at
 * once.
 */
#include "wire_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static enum sim_kind dead_kind(const struct model *m)
{
	return m->family == MODEL_LEGACY ? SIM_LEGACY
	       : m->family == MODEL_KUP	 ? SIM_KUP_RECOVERY
					 : SIM_JAVA_ERASED;
}

/* Does the shelf have something for it? (The catalogue of models is larger.) */
static bool served(const struct shelf *s, const struct model *m)
{
	return library_target(&s->library, m, "newest") != NULL;
}

static const struct wire_row {
	const char *name;
	unsigned rounds;
	struct sim_wire_config config;
} wires[] = {
	{"flawless", 1, {.latency = 100, .limit = HOUR}},
	{"1 % lost", 4, {.latency = 200, .loss_per_mille = 10, .limit = 4 * HOUR}},
	{"5 % lost, doubles",
	 4,
	 {.latency = 1000, .loss_per_mille = 50, .dup_per_mille = 50, .limit = 6 * HOUR}},
	{"doubles and disorder",
	 4,
	 {.latency = 2000, .dup_per_mille = 300, .reorder_per_mille = 300, .limit = 4 * HOUR}},
	{"30 % lost", 4, {.latency = 500, .loss_per_mille = 300, .limit = 48 * HOUR}},
	{"30 % lost, doubles, disorder, slow",
	 4,
	 {.latency = 20000,
	  .loss_per_mille = 300,
	  .dup_per_mille = 100,
	  .reorder_per_mille = 200,
	  .bits_per_second = 100000,
	  .limit = 48 * HOUR}},
};

static void every_model_recovers(void **state)
{
	struct wire_rig *f = *state;
	unsigned models = 0;

	for (unsigned m = 0; m < f->shelf->models.count; m++) {
		const struct model *model = &f->shelf->models.model[m];

		if (!served(f->shelf, model))
			continue;
		models++;
		for (size_t w = 0; w < ARRAY_LEN(wires); w++) {
			for (unsigned round = 0; round < wires[w].rounds; round++) {
				struct sim_wire_config config = wires[w].config;
				struct sim_phone *p;
				struct wire_run *r;

				config.seed = f->seed + m * 1000 + w * 100 + round;
				r = wire_run_new(f->shelf, &config, NULL);
				p = wire_rig_add(r, model->id, dead_kind(model), m * 10 + round, 0);
				wire_rig_recover(f, r, &p, 1, config.seed);
				if (w == 0)
					assert_int_equal(r->refused_unknown, 0);
				wire_run_free(r);
			}
		}
	}
	assert_true(models >= 18);
}

/* The same seed is the same run, to the last event; another seed is another run. */
static void a_seed_repeats(void **state)
{
	struct wire_rig *f = *state;
	uint64_t digests[3];

	for (unsigned i = 0; i < 3; i++) {
		struct sim_wire_config config = {.seed = f->seed + i / 2,
						 .latency = 1000,
						 .loss_per_mille = 100,
						 .dup_per_mille = 100,
						 .reorder_per_mille = 100,
						 .limit = 12 * HOUR};
		struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
		struct sim_phone *p[2];

		p[0] = wire_rig_add(r, "7970", SIM_JAVA_ERASED, 1, 0);
		p[1] = wire_rig_add(r, "7960", SIM_LEGACY, 2, USEC_SEC(3));
		wire_rig_recover(f, r, p, 2, config.seed);
		digests[i] = r->digest ^ sim_wire_datagrams(r->wire);
		wire_run_free(r);
	}
	assert_true(digests[0] == digests[1]);
	assert_true(digests[0] != digests[2]);
}

/* Power fails when the n-th datagram of the phone has been seen, for every n there is; on a good
 * wire and on a bad one. */
static void power_cut_at_every_datagram(void **state)
{
	static const struct {
		const char *model;
		enum sim_kind kind;
		usec_t off;
		unsigned loss_per_mille;
	} rows[] = {{"7970", SIM_JAVA_ERASED, USEC_SEC(5), 0},
		    {"7960", SIM_LEGACY, USEC_MS(200), 0},
		    {"7912", SIM_KUP_RECOVERY, USEC_SEC(90), 0},
		    {"7970", SIM_JAVA_ERASED, USEC_MS(200), 100},
		    {"7960", SIM_LEGACY, USEC_SEC(90), 100},
		    {"7912", SIM_KUP_RECOVERY, USEC_SEC(5), 100}};
	struct wire_rig *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim_wire_config config = {.seed = f->seed,
						 .latency = 200,
						 .loss_per_mille = rows[i].loss_per_mille,
						 .limit = 8 * HOUR};
		uint64_t datagrams = UINT64_MAX;

		for (uint64_t cut = 0; cut <= datagrams; cut++) {
			struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
			struct sim_phone *p = wire_rig_add(r, rows[i].model, rows[i].kind, 7, 0);

			if (cut > 0)
				sim_wire_cut(r->wire, p, cut, rows[i].off);
			wire_rig_recover(f, r, &p, 1, cut);
			if (cut == 0)
				datagrams = sim_wire_datagrams(r->wire);
			wire_run_free(r);
		}
		assert_true(datagrams > 40);
	}
}

/* The power of one fails, and its neighbour's does not. */
static void power_cut_of_one(void **state)
{
	struct wire_rig *f = *state;
	struct sim_wire_config config = {.seed = f->seed, .latency = 200, .limit = 8 * HOUR};
	usec_t took[2];

	for (unsigned cut = 0; cut < 2; cut++) {
		struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
		struct sim_phone *p[] = {wire_rig_add(r, "7912", SIM_KUP_RECOVERY, 7, 0),
					 wire_rig_add(r, "7912", SIM_KUP_RECOVERY, 8, 0)};

		if (cut)
			sim_wire_cut(r->wire, p[1], 20, USEC_SEC(500));
		wire_rig_recover(f, r, p, 2, cut);
		took[cut] = sim_wire_now(r->wire);
		wire_run_free(r);
	}
	assert_true(took[1] > took[0] + USEC_SEC(400));
}

/* Many phones of all kinds at once, switched on within seconds, on one bad wire. */
static void a_hall_full(void **state)
{
	struct wire_rig *f = *state;
	struct sim_wire_config config = {.seed = f->seed,
					 .latency = 300,
					 .loss_per_mille = 20,
					 .dup_per_mille = 10,
					 .reorder_per_mille = 50,
					 .bits_per_second = 10000000,
					 .limit = 24 * HOUR};
	struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
	struct sim_phone *p[PHONES_LOT];
	unsigned count = 0;

	for (unsigned m = 0; count < PHONES_LOT; m = (m + 1) % f->shelf->models.count) {
		const struct model *model = &f->shelf->models.model[m];

		if (!served(f->shelf, model))
			continue;
		p[count] = wire_rig_add(r, model->id, dead_kind(model), 300 + count,
					count * USEC_MS(37));
		count++;
	}
	wire_rig_recover(f, r, p, count, config.seed);
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(sim_phone_ip(p[i]), sim_phone_ip(p[j]));
	assert_int_equal(sim_wire_phones(r->wire)->count, count);
	wire_run_free(r);
}

/* A phone that runs, and runs something else than the library's newest. */
static void running_phones_upgrade(void **state)
{
	struct wire_rig *f = *state;
	struct sim_wire_config config = {
		.seed = f->seed, .latency = 300, .loss_per_mille = 50, .limit = 12 * HOUR};
	struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
	struct sim_phone_config java = {.kind = SIM_JAVA_RUNNING,
					.mac = {{2, 0, 0, 0, 1, 1}},
					.model = "7945",
					.load = "SCCP45.8-3-2S"};
	struct sim_phone_config kup = {.kind = SIM_KUP_RUNNING,
				       .mac = {{2, 0, 0, 0, 1, 2}},
				       .model = "7905",
				       .load = "CP7905060100SCCP050309A"};
	struct sim_phone *p[2];

	p[0] = sim_wire_add(r->wire, &java, 0);
	p[1] = sim_wire_add(r->wire, &kup, 0);
	wire_rig_recover(f, r, p, 2, config.seed);
	assert_string_equal(sim_phone_load(p[0]), synth_default_load(SYNTH_JAVA45));
	assert_string_equal(sim_phone_load(p[1]), synth_default_load(SYNTH_KUP7905));
	wire_run_free(r);
}

/* termXX.default.loads has the same name in both bundles: members must come from the one whose
 * list was given, and the phone ends where it was told to. */
static void two_bundles_stay_apart(void **state)
{
	static const char *const targets[] = {"newest", "SCCP42.8-3-3S", "SCCP42.8-5-2S"};
	struct wire_rig *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key};

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct sim_wire_config config = {
			.seed = f->seed, .latency = 300, .loss_per_mille = 30, .limit = 12 * HOUR};
		struct catalogue_config offers = {.offer_unfit = false};
		struct shelf *shelf = shelf_new();
		struct sim_phone *p[2];
		struct wire_run *r;

		text_copy(offers.target, sizeof(offers.target), targets[i]);
		shelf_add(shelf, SYNTH_JAVA42, "SCCP42.8-5-2S", &options, NULL);
		shelf_add(shelf, SYNTH_JAVA42, "SCCP42.8-3-3S", &options, NULL);
		r = wire_run_new(shelf, &config, &offers);
		p[0] = wire_rig_add(r, "7942", SIM_JAVA_ERASED, 1, 0);
		p[1] = wire_rig_add(r, "7962", SIM_JAVA_ERASED, 2, USEC_SEC(1));
		wire_rig_recover(f, r, p, 2, config.seed);
		for (unsigned n = 0; n < 2; n++)
			assert_string_equal(sim_phone_load(p[n]),
					    i == 1 ? "SCCP42.8-3-3S" : "SCCP42.8-5-2S");
		wire_run_free(r);
		shelf_free(shelf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_recovers),
		cmocka_unit_test(a_seed_repeats),
		cmocka_unit_test(power_cut_at_every_datagram),
		cmocka_unit_test(power_cut_of_one),
		cmocka_unit_test(a_hall_full),
		cmocka_unit_test(running_phones_upgrade),
		cmocka_unit_test(two_bundles_stay_apart),
	};

	return cmocka_run_group_tests(tests, wire_rig_setup, wire_rig_teardown);
}
