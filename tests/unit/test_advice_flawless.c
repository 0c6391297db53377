/* SPDX-License-Identifier: MIT */
/*
 * No advice is given in a flawless recovery: every model, the real machines, virtual time; also
 * over a cable that loses a little, with power cuts, with capital-J names, and of many at once.
 */
#include "wire_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct {
	unsigned advices, cleared, recovered, aborted;
	char last[800];
} seen;

static void look(void *ctx, const struct event *e)
{
	(void)ctx;
	seen.recovered += e->type == EVENT_PHONE_RECOVERED;
	seen.aborted += e->type == EVENT_TFTP_ABORTED;
	seen.cleared += e->type == EVENT_PHONE_CLEARED;
	if (e->type == EVENT_PHONE_ADVICE) {
		seen.advices++;
		event_text(e, seen.last, sizeof(seen.last));
	}
}

static struct wire_run *begin(struct shelf *shelf, const struct sim_wire_config *config)
{
	struct wire_run *r = wire_run_new(shelf, config, NULL);

	memset(&seen, 0, sizeof(seen));
	sim_wire_watch(r->wire, look, NULL);
	return r;
}

static void end(struct wire_run *r, unsigned phones, const char *what, uint64_t seed)
{
	if (!sim_wire_run(r->wire) || seen.recovered < phones)
		fail_msg("%s, seed %llu: %u of %u recovered", what, (unsigned long long)seed,
			 seen.recovered, phones);
	if (seen.advices || seen.cleared)
		fail_msg("%s, seed %llu: %s", what, (unsigned long long)seed, seen.last);
	wire_run_free(r);
}

static enum sim_kind dead_kind(const struct model *m)
{
	return m->family == MODEL_LEGACY ? SIM_LEGACY
	       : m->family == MODEL_KUP	 ? SIM_KUP_RECOVERY
					 : SIM_JAVA_ERASED;
}

static void every_model(void **state)
{
	static const uint32_t loss[] = {0, 0, 10, 10, 10};
	struct wire_rig *f = *state;
	unsigned models = 0;

	for (unsigned m = 0; m < f->shelf->models.count; m++) {
		const struct model *model = &f->shelf->models.model[m];

		if (!library_target(&f->shelf->library, model, "newest"))
			continue;
		models++;
		for (unsigned i = 0; i < ARRAY_LEN(loss); i++) {
			struct sim_wire_config config = {.seed = f->seed + m * 100 + i,
							 .latency = 200,
							 .loss_per_mille = loss[i],
							 .limit = 4 * HOUR};
			struct wire_run *r = begin(f->shelf, &config);

			wire_rig_add(r, model->id, dead_kind(model), m * 10 + i, 0);
			end(r, 1, model->id, config.seed);
		}
	}
	assert_true(models >= 18);
}

static void capital_j(void **state)
{
	struct wire_rig *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key, .capital_j = true};
	struct sim_wire_config config = {.seed = f->seed, .latency = 300, .limit = 2 * HOUR};
	struct shelf *shelf = shelf_new();
	struct wire_run *r;

	shelf_add(shelf, SYNTH_JAVA41, "SCCP41.8-3-1S", &options, NULL);
	r = begin(shelf, &config);
	wire_rig_add(r, "7961", SIM_JAVA_ERASED, 1, 0);
	end(r, 1, "capital J", config.seed);
	shelf_free(shelf);
}

/* Interrupted at any datagram and resumed. */
static void power_cuts(void **state)
{
	static const struct {
		const char *model;
		enum sim_kind kind;
		usec_t off;
	} rows[] = {{"7970", SIM_JAVA_ERASED, USEC_SEC(5)},
		    {"7960", SIM_LEGACY, USEC_SEC(5)},
		    {"7912", SIM_KUP_RECOVERY, USEC_SEC(90)}};
	struct wire_rig *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (uint64_t n = 1; n < 60; n += 3) {
			struct sim_wire_config config = {
				.seed = f->seed, .latency = 300, .limit = 4 * HOUR};
			struct wire_run *r = begin(f->shelf, &config);
			struct sim_phone *p = wire_rig_add(r, rows[i].model, rows[i].kind, 1, 0);

			sim_wire_cut(r->wire, p, n, rows[i].off);
			end(r, 1, rows[i].model, n);
		}
	}
}

static void many(void **state)
{
	struct wire_rig *f = *state;
	struct sim_wire_config config = {.seed = f->seed, .latency = 300, .limit = 4 * HOUR};
	struct wire_run *r = begin(f->shelf, &config);

	for (unsigned i = 0; i < 60; i++)
		wire_rig_add(r, i % 3 ? "7970" : "7960", i % 3 ? SIM_JAVA_ERASED : SIM_LEGACY, i,
			     USEC_MS(100) * i);
	end(r, 60, "many", config.seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model),
		cmocka_unit_test(capital_j),
		cmocka_unit_test(power_cuts),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, wire_rig_setup, wire_rig_teardown);
}
