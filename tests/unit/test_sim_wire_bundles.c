/* SPDX-License-Identifier: MIT */
/*
 * Recoveries in virtual time where the firmware is what matters: upgrades, two bundles, old names,
 * damage.
 */
#include "wire_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

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

/* The list says Jar41…, the folder holds jar41… (phones.md 1, item 1). */
static void capital_j(void **state)
{
	struct wire_rig *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key, .capital_j = true};
	struct sim_wire_config config = {.seed = f->seed, .latency = 300, .limit = 2 * HOUR};
	struct shelf *shelf = shelf_new();
	struct sim_phone *p;
	struct wire_run *r;

	shelf_add(shelf, SYNTH_JAVA41, "SCCP41.8-3-1S", &options, NULL);
	r = wire_run_new(shelf, &config, NULL);
	p = wire_rig_add(r, "7961", SIM_JAVA_ERASED, 1, 0);
	wire_rig_recover(f, r, &p, 1, config.seed);
	assert_string_equal(sim_phone_load(p), "SCCP41.8-3-1S");
	wire_run_free(r);
	shelf_free(shelf);
}

/*
 * A damaged bundle is withheld; handed out all the same (offer_unfit), it leaves the phone where
 * it was: stuck, never called recovered.
 */
static void damaged_bundles_never_recover(void **state)
{
	static const struct {
		enum synth_kind bundle;
		const char *how, *model;
		enum sim_kind kind;
	} rows[] = {
		{SYNTH_JAVA70, "truncate:cvm:1", "7970", SIM_JAVA_ERASED},
		{SYNTH_JAVA70, "truncate:jar:1000", "7971", SIM_JAVA_ERASED},
		{SYNTH_JAVA70, "missing:dsp", "7970", SIM_JAVA_ERASED},
		{SYNTH_JAVA70, "rename", "7970", SIM_JAVA_ERASED},
		{SYNTH_LEGACY, "truncate:P003:1", "7960", SIM_LEGACY},
		{SYNTH_LEGACY, "missing:P0S3-8-12-00.sb2", "7940", SIM_LEGACY},
		{SYNTH_KUP7912, "truncate:cp7912r:1", "7912", SIM_KUP_RECOVERY},
		{SYNTH_KUP7912, "flip:cp7912r", "7912", SIM_KUP_RECOVERY},
	};
	struct wire_rig *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key};

	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		struct sim_wire_config config = {.seed = f->seed, .latency = 300, .limit = HOUR};
		struct catalogue_config offers = {.target = "newest", .offer_unfit = i % 2};
		struct shelf *shelf = shelf_new();
		struct sim_phone *p;
		struct wire_run *r;

		shelf_add(shelf, rows[i / 2].bundle, NULL, &options, rows[i / 2].how);
		r = wire_run_new(shelf, &config, &offers);
		p = wire_rig_add(r, rows[i / 2].model, rows[i / 2].kind, 1, 0);
		if (sim_wire_run(r->wire))
			fail_msg("%s of a %s, offer_unfit %d: the phone runs", rows[i / 2].how,
				 rows[i / 2].model, offers.offer_unfit);
		wire_rig_agree(r, p);
		if (r->recovered > 0 || r->trouble[0] != '\0')
			fail_msg("%s of a %s, offer_unfit %d: recovered %u, %s", rows[i / 2].how,
				 rows[i / 2].model, offers.offer_unfit, r->recovered, r->trouble);
		if (!offers.offer_unfit) {
			/* A 7960 asks for what XMLDefault names, and nothing is named then. */
			assert_true(rows[i / 2].kind == SIM_LEGACY || r->refused_unknown > 0);
			assert_int_equal(r->images, 0);
			assert_int_equal(sim_phone_stage(p), SIM_STUCK);
		}
		assert_string_equal(sim_phone_load(p), "");
		wire_run_free(r);
		shelf_free(shelf);
	}
}

/* A cut cable is no crash and no end: the limit is. */
static void everything_lost(void **state)
{
	struct wire_rig *f = *state;
	struct sim_wire_config config = {
		.seed = f->seed, .latency = 300, .loss_per_mille = 1000, .limit = HOUR};
	struct wire_run *r = wire_run_new(f->shelf, &config, NULL);
	struct sim_phone *p = wire_rig_add(r, "7970", SIM_JAVA_ERASED, 1, 0);

	assert_false(sim_wire_run(r->wire));
	assert_int_equal(sim_phone_stage(p), SIM_DHCP);
	assert_true(sim_wire_now(r->wire) >= HOUR);
	assert_int_equal(r->seq, 0);
	wire_run_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_phones_upgrade),
		cmocka_unit_test(two_bundles_stay_apart),
		cmocka_unit_test(capital_j),
		cmocka_unit_test(damaged_bundles_never_recover),
		cmocka_unit_test(everything_lost),
	};

	return cmocka_run_group_tests(tests, wire_rig_setup, wire_rig_teardown);
}
