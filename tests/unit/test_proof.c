/* SPDX-License-Identifier: MIT */
/*
 * What proves that a phone runs: every model with every kind of proof.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof_rig.h"

static struct phones_out out;

static bool loader_has_its_name(const struct family *f, enum way way)
{
	return f->kind == SYNTH_LEGACY && way == CDP;
}

static void announced(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way);

	proof_given(f, model, load);
	if (loader_has_its_name(f, way)) {
		proof_announce(way, load);
		assert_int_equal(proof_desk.recovered, 0);
		proof_boot(load);
	}
	proof_announce(way, load);
	proof_expect_recovered(proof_ways[way].proof, load);
	assert_non_null(strstr(proof_desk.text, load));
	proof_at(360);
	proof_announce(way, load); /* once more: no news */
	proof_boot(load);
	proof_wait_until(4000);
	proof_expect_recovered(proof_ways[way].proof, load);
}

static void every_model_by_its_word(void **state)
{
	(void)state;
	proof_for_all(announced);
}

/* As a phone writes it where it does not write the load's name. */
static void in_other_words(const struct family *f, const char *model, enum way way)
{
	const char *words = way == ALARM ? f->alarm : way == HTTP ? f->jar : NULL;

	if (!words)
		return;
	proof_given(f, model, f->sccp);
	proof_announce(way, words);
	proof_expect_recovered(proof_ways[way].proof, f->sccp);
}

static void every_model_in_other_words(void **state)
{
	(void)state;
	proof_for_all(in_other_words);
}

static void by_requests(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way);

	if (way != SCCP && way != SIP)
		return;
	for (int listening = 0; listening < 2; listening++) {
		proof_setup(f, model, load);
		proof_desk.live.listening = proof_desk.twin.listening = listening;
		proof_dhcp();
		proof_at(10);
		proof_feed(load, 99, true);
		proof_at(300);
		proof_boot(load);
		assert_int_equal(proof_desk.recovered, !listening);
		if (listening) {
			assert_in_range(phones_deadline(&proof_desk.live), proof_desk.now + 1,
					proof_desk.now + PHONE_PROOF_WAIT_MS);
			phones_tick(&proof_desk.live, proof_desk.now + PHONE_PROOF_WAIT_MS - 1,
				    &out);
			assert_int_equal(out.event_count, 0);
			proof_wait_until(304);
		}
		proof_expect_recovered("requests", load);
	}
}

static void every_model_by_its_requests(void **state)
{
	(void)state;
	proof_for_all(by_requests);
}

/* While the proof by requests waits, a stronger one comes. */
static void the_stronger_word(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way);

	proof_given(f, model, load);
	proof_boot(load);
	proof_at(303);
	proof_announce(way, load);
	proof_expect_recovered(proof_ways[way].proof, load);
	proof_wait_until(400);
	proof_expect_recovered(proof_ways[way].proof, load);
}

static void every_model_by_the_stronger_word(void **state)
{
	(void)state;
	proof_for_all(the_stronger_word);
}

/* An older SCCP load registers and does not say what it is. */
static void registers(const struct family *f, const char *model, enum way way)
{
	const char *load = proof_load_for(f, way);

	if (way != SCCP && way != SIP)
		return;
	proof_given(f, model, load);
	proof_boot(load);
	proof_announce(way, NULL);
	proof_expect_recovered(proof_ways[way].proof, load);
}

static void every_model_by_its_registration(void **state)
{
	(void)state;
	proof_for_all(registers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_by_its_word),
		cmocka_unit_test(every_model_in_other_words),
		cmocka_unit_test(every_model_by_its_requests),
		cmocka_unit_test(every_model_by_the_stronger_word),
		cmocka_unit_test(every_model_by_its_registration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
