/* SPDX-License-Identifier: MIT */
/*
 * None of the stories that only look like a recovery is one, for any model, whatever way it speaks.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof_rig.h"

static void everything_else(enum way way, const char *load)
{
	proof_at(310);
	proof_boot(load);
	proof_at(320);
	proof_announce(way, load);
	proof_boot(load);
	proof_wait_until(4000);
}

/* It was given a new load whole, and is heard with the old one. */
static void runs_its_old_load(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way), *old = proof_old_for(f, way);

	for (int known = 0; known < 2; known++) {
		proof_setup(f, model, load);
		proof_dhcp();
		if (known)
			proof_announce(way, old);
		proof_at(10);
		proof_feed(load, 99, false);
		proof_at(300);
		proof_announce(way, old);
		proof_expect_nothing("old load");
		everything_else(way, old);
		proof_expect_nothing("old load, and boots");
		assert_string_equal(phones_find(&proof_desk.live, proof_desk.mac)->runs, old);
	}
}

static void was_cut(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way), *old = proof_old_for(f, way);

	proof_setup(f, model, load);
	proof_dhcp();
	proof_at(10);
	assert_false(proof_feed(load, 0, false));
	proof_at(300);
	proof_announce(way, old);
	everything_else(way, old);
	proof_expect_nothing("cut");
}

static void was_refused(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way), *old = proof_old_for(f, way);
	char list[96];

	if (f->kind >= SYNTH_KUP7912)
		return;
	proof_setup(f, model, load);
	proof_dhcp();
	proof_announce(way, old);
	snprintf(list, sizeof(list), "%s.loads", load);
	for (int i = 1; i < 6; i++) {
		proof_at(60 * i);
		proof_get(list, load);
		proof_get(list, load);
		proof_boot(old);
		proof_announce(way, old);
	}
	everything_else(way, old);
	proof_expect_nothing("refused");
}

static void stays_dark(const struct family *f, const char *model, enum way way)
{
	proof_setup(f, model, proof_load_for(f, way));
	proof_dhcp();
	proof_at(10);
	proof_feed(proof_load_for(f, way), 99, true);
	proof_wait_until(86400);
	proof_expect_nothing("dark");
}

static void loader_again(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way);

	if (!f->loader)
		return;
	proof_given(f, model, load);
	proof_announce(CDP, f->loader);
	proof_wait_until(4000);
	proof_expect_nothing("loader");
	assert_true(phones_find(&proof_desk.live, proof_desk.mac)->erased);
	(void)way;
}

static void never_given_anything(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way);

	proof_setup(f, model, load);
	proof_dhcp();
	proof_boot(load);
	proof_announce(way, load);
	proof_wait_until(4000);
	proof_expect_nothing("never fed");
	assert_string_equal(phones_find(&proof_desk.live, proof_desk.mac)->runs, load);
}

static void none_that_only_looks_like_it(void **state)
{
	(void)state;
	proof_for_all(runs_its_old_load);
	proof_for_all(was_cut);
	proof_for_all(was_refused);
	proof_for_all(stays_dark);
	proof_for_all(loader_again);
	proof_for_all(never_given_anything);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_that_only_looks_like_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
