/* SPDX-License-Identifier: MIT */
/*
 * What phones say they run, against the loads they may mean (phones.md 10).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/loads.h"

static const struct {
	const char *load, *announced;
	bool same;
} table[] = {
	/* the name itself */
	{"SCCP70.8-3-3SR2S", "SCCP70.8-3-3SR2S", true},
	{"SIP70.8-4-2-30S", "SIP70.8-4-2-30S", true},
	{"SCCP41.9-0-3S", "sccp41.9-0-3s", true},
	{"SCCP41.9-0-3S", "SCCP41.9-0-3S.loads", true},
	{"SCCP41.9-0-3S.loads", "SCCP41.9-0-3S.LOADS", true},
	{"SCCP41.9-0-3S", " SCCP41.9-0-3S ", true},
	{"P0S3-8-12-00", "P0S3-8-12-00", true},
	{"P00308010200", "P00308010200", true},
	{"CP7905080003SCCP070409A", "CP7905080003SCCP070409A", true},
	{"CP7905080003SCCP070409A", "CP7905080003SCCP070409A.zup", true},
	{"TERM70.7-0-2-0S", "TERM70.7-0-2-0S", true},
	{"SCCP70.8-3-3SR2S", "SCCP70.8-3-3SR1S", false},
	{"SCCP70.8-3-3SR2S", "SCCP70.8-3-3S", false},
	{"SCCP70.8-3-3S", "SCCP70.8-3-3SR2S", false},
	{"SCCP70.8-3-3SR2S", "SIP70.8-3-3SR2S", false},
	{"SCCP70.8-3-3SR2S", "SCCP41.8-3-3SR2S", false},
	{"SCCP70.8-3-3SR2S", "SCCP7.8-3-3SR2S", false},
	{"SCCP70.8-3-3SR2S", "", false},
	{"", "SCCP70.8-3-3SR2S", false},
	{"", "", false},
	{"SCCP70.8-3-3SR2S", "TERM70_LOAD", false},
	{"TERM70.7-0-2-0S", "TERM70_LOAD", false},
	{"term70.default", "TERM70_LOAD", false},
	/* the version alone */
	{"SCCP41.9-4-2SR3-1S", "9.4(2SR3.1S)", true},
	{"SIP41.9-4-2SR3-1S", "9.4(2SR3.1S)", true},
	{"SCCP41.9-4-2SR3-1S", "9.4(2SR3.1s)", true},
	{"SCCP41.9-0-3S", "9.0(3S)", true},
	{"SIP70.8-4-2-30S", "8.4(2.30S)", true},
	{"P00308010200", "8.1(2.0)", true},
	{"SCCP41.9-4-2SR3-1S", "9.4(2SR3.2S)", false},
	{"SCCP41.9-4-2SR3-1S", "9.4(2SR4.1S)", false},
	{"SCCP41.9-4-2SR3-1S", "9.4(2S)", false},
	{"SCCP41.9-4-2SR3-1S", "9.4(2)SR3", false}, /* coarser than the load: proves no load */
	{"SCCP41.9-4-2SR3-1S", "9.4.2", false},
	{"SCCP41.9-4-2S", "9.4(2SR3.1S)", false},
	{"SCCP41.9-4-2SR3-1S", "9", false},
	{"cp7912r", "8.0(3)", false},
	{"SCCP41.9-4-2SR3-1S", ")", false},
	{"SCCP41.9-4-2SR3-1S", "9.4(2SR3.1S))))", false},
	/* the first member */
	{"SCCP75.9-4-2SR3-1S", "jar75sccp.9-4-2SR3-1S", true},
	{"SCCP75.9-4-2SR3-1S", "Jar75sccp.9-4-2SR3-1S.sbn", true},
	{"SIP41.9-2-1S", "jar41sip.9-2-1S", true},
	{"SIP75.9-4-2SR3-1S", "jar75sccp.9-4-2SR3-1S", false},
	{"SCCP70.9-4-2SR3-1S", "jar75sccp.9-4-2SR3-1S", false},
	{"SCCP7.9-4-2SR3-1S", "jar75sccp.9-4-2SR3-1S", false},
	{"SCCP75.9-4-2SR4-1S", "jar75sccp.9-4-2SR3-1S", false},
	{"SCCP70.8-3-3S", "jar70sccp.8-3-2-27", false}, /* only the bundle knows that */
	{"SCCP75.9-4-2SR3-1S", "cnu75.9-4-2SR3-1S", false},
	{"SCCP75.9-4-2SR3-1S", "jar", false},
	{"SCCP75.9-4-2SR3-1S", "jar75", false},
	{"SCCP75.9-4-2SR3-1S", "jarsccp.9-4-2SR3-1S", false},
	{"TERM70.7-0-2-0S", "jar70sccp.7-0-2-0S", false},
	/* the loader of a 7940/7960 */
	{"P0S3-08-8-00", "P003-08-8-00", true},
	{"P0S3-8-8-00", "P003-08-8-00", true},
	{"P0S3-8-12-00", "P003-08-8-00", false},
	{"P003-08-8-00", "P0S3-08-8-00", false},
	{"P0M3-08-8-00", "P003-08-8-00", false},
	{"P00308080000", "P003-08-8-00", false},
	{"P00308000700", "P00308000800", false},
	/* other people's words */
	{"SCCP70.8-3-3S", "Cisco IOS Software, C3750 Software (C3750-IPBASE-M), Version 12.2(25)",
	 false},
	{"SCCP70.8-3-3S", "SCCP70.8-3-3S\\x1b[2J", false},
};

static void what_is_announced(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		/* exact-size copies, so that one byte too far is seen */
		char *load = strdup(table[i].load), *announced = strdup(table[i].announced);

		if (load_announces(load, announced) != table[i].same)
			fail_msg("%s announced as %s: not %s", load, announced,
				 table[i].same ? "the same" : "another");
		free(load);
		free(announced);
	}
}

static void every_prefix(void **state)
{
	static const char *const names[] = {"jar75sccp.9-4-2SR3-1S.sbn", "9.4(2SR3.1S)",
					    "P003-08-8-00", "TERM70_LOAD", "SCCP75.9-4-2SR3-1S"};
	char term[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (size_t n = 0; n < strlen(names[i]); n++) {
			char *cut = strndup(names[i], n);

			assert_false(load_announces("SCCP70.1-2-3S", cut));
			assert_false(load_is_loader(cut, term));
			(void)load_announces(cut, names[i]);
			free(cut);
		}
	}
}

static void loaders(void **state)
{
	static const char *const not [] = {"",
					   "TERM_LOAD",
					   "TERM70.7-0-2-0S",
					   "TERM70_LOADS",
					   "TERM7070_LOAD",
					   "term70.default.loads",
					   "SCCP70_LOAD"};
	char term[8] = "";

	(void)state;
	assert_true(load_is_loader("TERM70_LOAD", term));
	assert_string_equal(term, "70");
	assert_true(load_is_loader("term06_load", term));
	assert_string_equal(term, "06");
	assert_true(load_is_loader("TERM41_LOAD", NULL));
	for (size_t i = 0; i < ARRAY_LEN(not ); i++)
		assert_false(load_is_loader(not [i], term));
	assert_string_equal(term, "06");
}

/* No load is as long as that: not even one that is called the same. */
static void longer_than_any_load(void **state)
{
	char name[LOADS_NAME_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[LOADS_NAME_MAX] = '\0';
	assert_false(load_announces(name, name));
	name[LOADS_NAME_MAX - 1] = '\0';
	assert_true(load_announces(name, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_announced),
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(loaders),
		cmocka_unit_test(longer_than_any_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
