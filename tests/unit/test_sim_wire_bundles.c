/* SPDX-License-Identifier: MIT */
/*
 * Recoveries in virtual time where the bundle is what matters: names of old lists, damage; and a
 * cable that is cut.
 */
#include "wire_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

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
		cmocka_unit_test(capital_j),
		cmocka_unit_test(damaged_bundles_never_recover),
		cmocka_unit_test(everything_lost),
	};

	return cmocka_run_group_tests(tests, wire_rig_setup, wire_rig_teardown);
}
