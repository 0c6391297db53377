/* SPDX-License-Identifier: MIT */
/* What a rehearsal says of its end: a sentence for every end there is, from results made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/models.h"
#include "reflashd/rehearse.h"
#include "reflashd/text.h"

static const struct model java = {.id = "7970", .family = MODEL_JAVA};
static const struct model legacy = {.id = "7960", .family = MODEL_LEGACY};
static const struct model kup = {.id = "7912", .family = MODEL_KUP};

static void titles(void **state)
{
	static const struct {
		const struct model *model;
		enum rehearse_scene scene;
		const char *want;
	} cases[] = {
		{&java, REHEARSE_ERASED, "an erased 7970"},
		{&legacy, REHEARSE_ERASED, "an erased 7960"},
		{&kup, REHEARSE_ERASED, "a 7912 in its recovery mode"},
		{&java, REHEARSE_OLD_LOADER, "an erased 7970 with old boot code"},
		{&java, REHEARSE_RUNNING, "a 7970 that runs OLD and knows only the old key"},
		{&legacy, REHEARSE_RUNNING, "a 7960 that runs OLD"},
	};
	struct rehearse_result *r = calloc(1, sizeof(*r));
	char text[512];

	(void)state;
	assert_non_null(r);
	text_copy(r->began, sizeof(r->began), "OLD");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		r->model = cases[i].model;
		r->scene = cases[i].scene;
		rehearse_title(r, text, sizeof(text));
		assert_string_equal(text, cases[i].want);
	}
	free(r);
}

static void verdicts(void **state)
{
	static const struct {
		enum rehearse_scene scene;
		unsigned phones, back, steps, at_target;
		const char *load, *why, *need, *has; /* has: all of it, or what it begins with */
	} cases[] = {
		{REHEARSE_ERASED, 1, 0, 0, 0, "", "no list", "",
		 "7970: stays dead with this firmware: no list."},
		{REHEARSE_ERASED, 1, 0, 0, 0, "", "", "Get 8.5(2).",
		 "7970: stays dead with this firmware. Get 8.5(2)."},
		{REHEARSE_ERASED, 1, 0, 1, 0, "NEW", "no answer", "",
		 "7970: runs NEW and finds no configuration: no answer."},
		{REHEARSE_RUNNING, 1, 1, 0, 1, "OLD", "", "", "runs the target already."},
		{REHEARSE_RUNNING, 1, 1, 0, 0, "OLD", "Auth Fail", "",
		 "stays on what it runs: Auth Fail."},
		{REHEARSE_RUNNING, 1, 1, 1, 1, "NEW", "", "", "goes to NEW in about 5 minutes"},
		{REHEARSE_ERASED, 1, 1, 1, 1, "NEW", "", "",
		 "7970: comes back in about 5 minutes with NEW"},
		{REHEARSE_ERASED, 4, 0, 0, 0, "", "no list", "",
		 "7970: none of the 4 comes back: no list."},
		{REHEARSE_ERASED, 4, 3, 1, 3, "NEW", "no list", "",
		 "7970: only 3 of 4 come back: no list."},
		{REHEARSE_ERASED, 4, 4, 1, 4, "NEW", "", "",
		 "7970: all 4 come back, the last one in about 5 minutes, with NEW"},
	};
	struct rehearse_result *r = calloc(1, sizeof(*r));
	char text[1024];

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memset(r, 0, sizeof(*r));
		r->model = &java;
		r->took = USEC_SEC(300);
		r->scene = cases[i].scene;
		r->phones = cases[i].phones;
		r->back = cases[i].back;
		r->steps = cases[i].steps;
		r->at_target = cases[i].at_target;
		text_copy(r->began, sizeof(r->began), "OLD");
		text_copy(r->load, sizeof(r->load), cases[i].load);
		if (r->steps)
			text_copy(r->step[0], sizeof(r->step[0]), cases[i].load);
		text_copy(r->why, sizeof(r->why), cases[i].why);
		text_copy(r->plan.need, sizeof(r->plan.need), cases[i].need);
		rehearse_verdict(r, text, sizeof(text));
		if (!strstr(text, cases[i].has))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].has, text);
		assert_int_equal(rehearse_passed(r), r->back == r->phones);
	}
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles),
		cmocka_unit_test(verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
