/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "reflashd/loads.h"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Each strictly before the next; every pair of each list is compared, both ways. */
static const char *const java[] = {
	"TERM70.6-0-2SR1-0-5s", /* old ones have two builds and a small s */
	"TERM70.7-0-2-0S",
	"TERM70.7-0-3-0S",
	"SCCP11.7-2-1-0S",
	"SCCP41.8-0-4SR2S",
	"SCCP41.8-0-4SR3S",
	"SCCP41.8-0-4SR3AS",
	"Jar41sip.8-3-0-50.sbn",
	"SIP70.8-3-1S",
	"jar70sccp.8-3-2-27.sbn",
	"SCCP70.8-3-3S",
	"SCCP70.8-3-3SR2S",
	"SIP70.8-4-2S",
	"SIP70.8-4-2-30S",
	"SCCP70.8-5-2S",
	"SCCP70.8-5-2SR1S",
	"SIP70.8-5-3S",
	"SIP41.8-5-4S",
	"SCCP70.9-2-1S",
	"SIP41.9-2-1TH1-13",
	"SIP41.9-2-1TH2-1",
	"cnu11.9-4-2ES9.sbn",
	"apps41.9-4-2ES26.sbn",
	"SIP11.9-4-2SR1-1S",
	"SCCP70.9-4-2SR3-1S",
	"SCCP45.9-4-2SR4-3S.loads",
	"sip78xx.11-0-1-11",
};

static const char *const legacy[] = {
	"P0S30203",	"P0S3-04-4-00", "P0S3-06-3-00", "P003-07-4-00", "P00308000500",
	"P00308000900", "P00308010200", "P0030801SR02", "P0S3-8-12-00",
};

static const char *const kup[] = {
	"CP7905010200SIP040406A",  "CP7912080000SIP060111A",	   "CP7912080001SIP060412A",
	"CP7912080003SCCP070409",  "CP7912080003SCCP070409A",	   "CP7902080003SCCP070409B",
	"CP7912080003SCCP070410A", "CP7905080100SCCP070101A.sbin",
};

static void compare_all(const char *const *name, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < count; k++) {
			int want = i < k ? -1 : i > k;
			int got = sign(loads_version_compare(name[i], name[k]));

			if (got != want)
				fail_msg("%s against %s: %d, not %d", name[i], name[k], got, want);
		}
	}
}

static void test_order(void **state)
{
	(void)state;
	compare_all(java, ARRAY_LEN(java));
	compare_all(legacy, ARRAY_LEN(legacy));
	compare_all(kup, ARRAY_LEN(kup));
}

static void test_prefix_is_not_compared(void **state)
{
	static const char *const same[] = {"SIP41.8-5-2S",	  "SCCP70.8-5-2S", "TERM70.8-5-2S",
					   "SCCP70.8-5-2S.loads", "8.5(2)",	   "8.5(2)S",
					   "P0S3-8-05-02",	  "P00308050200",  "P003080502"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(same); i++)
		for (unsigned k = 0; k < ARRAY_LEN(same); k++)
			if (loads_version_compare(same[i], same[k]) != 0)
				fail_msg("%s and %s differ", same[i], same[k]);
	assert_true(loads_version_compare("P0S3-8-12-00", "P0S3-07-4-00") > 0);
}

static void test_fields(void **state)
{
	static const struct {
		const char *name;
		struct load_version v;
	} row[] = {
		{"SCCP70.8-5-2SR1S", {{8, 5, 2}, 1, 0, 0, 0, {0, 0}}},
		{"8.5(2)SR1", {{8, 5, 2}, 1, 0, 0, 0, {0, 0}}},
		{"SCCP41.8-0-4SR3AS", {{8, 0, 4}, 3, 'A', 0, 0, {0, 0}}},
		{"SCCP41.8-0-4SR3aS", {{8, 0, 4}, 3, 'A', 0, 0, {0, 0}}},
		{"SCCP41.8-0-4SR3A", {{8, 0, 4}, 3, 'A', 0, 0, {0, 0}}},
		{"SIP41.9-2-1TH1-13", {{9, 2, 1}, 0, 0, 0, 1, {13, 0}}},
		{"SIP41.9-4-2SR3-1S", {{9, 4, 2}, 3, 0, 0, 0, {1, 0}}},
		{"TERM70.7-0-2-0S", {{7, 0, 2}, 0, 0, 0, 0, {0, 0}}},
		{"TERM70.6-0-2SR1-0-5s", {{6, 0, 2}, 1, 0, 0, 0, {0, 5}}},
		{"SIP70.8-2-2ES4S", {{8, 2, 2}, 0, 0, 4, 0, {0, 0}}},
		{"SIP41.9-4SR2-1S", {{9, 4, 0}, 2, 0, 0, 0, {1, 0}}}, /* behind a word: a build */
		{"9.4.2SR", {{9, 4, 2}, 1, 0, 0, 0, {0, 0}}},
		{"P0S3-8-12-00", {{8, 12, 0}, 0, 0, 0, 0, {0, 0}}},
		{"P00308010200", {{8, 1, 2}, 0, 0, 0, 0, {0, 0}}},
		{"P0030801SR02", {{8, 1, 2}, 2, 0, 0, 0, {0, 0}}},
		{"P00405000700", {{5, 0, 7}, 0, 0, 0, 0, {0, 0}}},
		{"CP7912080003SCCP070409A", {{8, 0, 3}, 0, 0, 0, 0, {70409, 1}}},
		{"CP7912080000SIP060111A.sbin", {{8, 0, 0}, 0, 0, 0, 0, {60111, 1}}},
		{"CP7921G-1.4.6.3", {{1, 4, 6}, 0, 0, 0, 0, {3, 0}}},
		{"X.999999999-0-0", {{999999999, 0, 0}, 0, 0, 0, 0, {0, 0}}},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		struct load_version v;

		memset(&v, 0x5A, sizeof(v));
		if (!load_version_parse(row[i].name, &v))
			fail_msg("%s has no version", row[i].name);
		assert_memory_equal(v.number, row[i].v.number, sizeof(v.number));
		assert_int_equal(v.sr, row[i].v.sr);
		assert_int_equal(v.sr_letter, row[i].v.sr_letter);
		assert_int_equal(v.es, row[i].v.es);
		assert_int_equal(v.special, row[i].v.special);
		assert_memory_equal(v.build, row[i].v.build, sizeof(v.build));
	}
}

static void test_no_version(void **state)
{
	static const char *const none[] = {
		"",
		".",
		"-",
		"cp7912r",
		"cp7912r.zup",
		"ldragonr",
		"term70.default.loads",
		"SCCP70.",
		"SCCP70.S",
		"SCCP70.8-3-3*",
		"SCCP70.8-3-3 S",
		"SCCP70.8-3-3-1-2-3S",	/* a third build */
		"SCCP70.8-3-3ALPHA1S",	/* five letters */
		"X.1234567890-0-0",	/* ten digits */
		"X.8-3-3SR1234567890S", /* the same in a word */
		"P003",
		"P0030",
		"P003x801",
		"P003080102001", /* half a pair behind it */
		"P0030801.",	 /* no number where the third may stand */
		"P0030801 ",
		"P0030801SR02x9",
		"CP7912",
		"CP7912080003",
		"CP791208000SCCP070409A", /* five digits */
		"CP7912080003SCCP07040A",
		"CP7912080003SCCP0704091A",
		"CP7912080003SCCP070409AB",
		"CP7912080003MGCP070409A",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
		struct load_version v = {{1, 2, 3}, 4, 5, 6, 7, {8, 9}}, old = v;

		if (load_version_parse(none[i], &v))
			fail_msg("'%s' has a version: %u-%u-%u", none[i], v.number[0], v.number[1],
				 v.number[2]);
		assert_memory_equal(&v, &old, sizeof(v)); /* and nothing was written */
		assert_true(loads_version_compare(none[i], "TERM70.6-0-0S") < 0);
		assert_true(loads_version_compare("TERM70.6-0-0S", none[i]) > 0);
		assert_int_equal(loads_version_compare(none[i], none[i]), 0);
	}
	assert_true(loads_version_compare("cp7902r", "CP7912R") < 0);
}

static void test_long_names(void **state)
{
	char name[LOADS_NAME_MAX + 8] = "S.8-3-3";
	struct load_version v;

	(void)state;
	assert_true(load_version_parse(name, &v));
	memset(name + 7, '-', LOADS_NAME_MAX - 1 - 7);
	assert_int_equal(strlen(name), LOADS_NAME_MAX - 1);
	assert_true(load_version_parse(name, &v));
	strcat(name, "-");
	assert_false(load_version_parse(name, &v));
}

/* The question of the upgrade plan: may a phone that only knows the old keys take it? */
static void test_limit(void **state)
{
	struct load_version limit, v;

	(void)state;
	assert_true(load_version_parse("8.5(2)", &limit));
	assert_true(load_version_parse("SCCP70.8-5-2S", &v));
	assert_true(load_version_order(&v, &limit) <= 0);
	assert_true(load_version_parse("SCCP70.8-5-2SR1S", &v));
	assert_true(load_version_order(&v, &limit) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	   cmocka_unit_test(test_prefix_is_not_compared),
		cmocka_unit_test(test_fields),	   cmocka_unit_test(test_no_version),
		cmocka_unit_test(test_long_names), cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
