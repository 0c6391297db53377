/* SPDX-License-Identifier: MIT */
/*
 * The simulated Java phones (7911 to 7971) against a flawless server that shares no code with the
 * daemon: what they ask for, in which order, and what they make of bad files.
 */
#include "sim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void java_erased(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_JAVA70,
		.xmldefault = XML("<loadInformation30006 model=\"7970\">SCCP70.8-3-3S"
				  "</loadInformation30006>"),
		.model = "7970",
		.kind = SIM_JAVA_ERASED,
		.until = USEC_SEC(3600),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
	assert_string_equal(r->transcript,
			    "power: no image, the loader runs\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for term70.default.loads\n"
			    "has term70.default.loads: 5 members\n"
			    "asks for jar70sccp.8-3-3-27.sbn\n"
			    "has jar70sccp.8-3-3-27.sbn: 2456 bytes\n"
			    "asks for cnu70.8-3-3-27.sbn\n"
			    "has cnu70.8-3-3-27.sbn: 2452 bytes\n"
			    "asks for apps70.8-3-3-27.sbn\n"
			    "has apps70.8-3-3-27.sbn: 2904 bytes\n"
			    "asks for dsp70.8-3-3-27.sbn\n"
			    "has dsp70.8-3-3-27.sbn: 2452 bytes\n"
			    "asks for cvm70sccp.8-3-3-27.sbn\n"
			    "has cvm70sccp.8-3-3-27.sbn: 2595 bytes\n"
			    "has everything, writes its flash: dark and silent\n"
			    "restarts with its new image\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for CTLSEP001B54CA0102.tlv\n"
			    "CTLSEP001B54CA0102.tlv: file not found\n"
			    "asks for SEP001B54CA0102.cnf.xml\n"
			    "SEP001B54CA0102.cnf.xml: file not found\n"
			    "asks for XMLDefault.cnf.xml\n"
			    "has XMLDefault.cnf.xml: load SCCP70.8-3-3S\n"
			    "asks for SCCP70.8-3-3S.loads\n"
			    "is SCCP70.8-3-3S already\n"
			    "runs SCCP70.8-3-3S\n");
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_load(r->phone), "SCCP70.8-3-3S");
	sim_rig_free(r);
}

/* The same phone when somebody could tell it what its jar says: no list is asked for again. */
static void java_erased_that_knows_its_load(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation119>SCCP70.8-3-3S</loadInformation119>");
	sim_rig_phone(r, "7971", SIM_JAVA_ERASED, "SCCP70.8-3-3S");
	assert_string_equal(sim_phone_load(r->phone), "");
	sim_rig_run(r, USEC_SEC(3600));
	assert_non_null(strstr(r->asked, "term71.default.loads<"));
	assert_null(strstr(r->asked, "SCCP70.8-3-3S.loads<"));
	assert_string_equal(sim_phone_load(r->phone), "SCCP70.8-3-3S");
	sim_rig_free(r);
}

static void java_running_upgrades(void **state)
{
	/* A late SIP load asks for the ITL files; what it becomes does not know them. */
	const struct sim_story story = {
		.bundle = SYNTH_JAVA42,
		.xmldefault = XML("<loadInformation404>SCCP42.8-3-3S</loadInformation404>"
				  "<!-- <loadInformation404>WRONG</loadInformation404> -->"),
		.model = "7962",
		.kind = SIM_JAVA_RUNNING,
		.load = "SIP42.9-4-2SR3-1S",
		.until = USEC_SEC(3600),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_load(r->phone), synth_default_load(SYNTH_JAVA42));
	assert_non_null(strstr(r->transcript, "asks for ITLSEP001B54CA0102.tlv\n"
					      "ITLSEP001B54CA0102.tlv: file not found\n"
					      "asks for ITLFile.tlv\n"));
	assert_null(strstr(r->asked, "term62"));
	assert_non_null(strstr(r->transcript, "asks for SCCP42.8-3-3S.loads\n"
					      "has SCCP42.8-3-3S.loads: 5 members\n"));
	assert_int_equal(r->asks, 5 + 1 + 5 + 3);
	sim_rig_free(r);
}

static void java_sip_asks_for_tones(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_JAVA42,
		.xmldefault = XML("<loadInformation404>SIP42.9-4-2SR3-1S</loadInformation404>"),
		.model = "7962",
		.kind = SIM_JAVA_RUNNING,
		.load = "SIP42.9-4-2SR3-1S",
		.until = USEC_SEC(3600),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
	assert_non_null(strstr(r->transcript, "asks for dialplan.xml\n"
					      "dialplan.xml: file not found\n"
					      "asks for /g3-tones.xml\n"));
	assert_string_equal(sim_phone_load(r->phone), "SIP42.9-4-2SR3-1S");
	sim_rig_free(r);
}

/* Names that others chose reach the log in printable letters only. */
static void java_says_no_raw_bytes(void **state)
{
	static const char name[] = "term70.default.loads";
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
	struct synth_file *list = synth_files_find(&r->shelf->bundle[0], name);
	uint8_t *inside = memmem(list->data, list->len, name, strlen(name));

	(void)state;
	assert_non_null(inside);
	inside[6] = 0xfd;
	inside[7] = 0x1b;
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	sim_rig_run(r, USEC_SEC(85));
	assert_string_equal(sim_phone_why(r->phone),
			    "term70.default.loads is called term70\\xfd\\x1befault.loads inside");
	assert_non_null(strstr(r->transcript, "stuck: term70.default.loads is called term70\\xfd"));
	sim_rig_free(r);
}

static void java_wants_a_call_manager(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_JAVA70,
		.xmldefault = "<Default><loadInformation30006>SCCP70.8-3-3S</loadInformation30006>"
			      "</Default>",
		.model = "7970",
		.kind = SIM_JAVA_RUNNING,
		.load = "SCCP70.8-3-3S",
		.until = USEC_SEC(600),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
	assert_int_equal(sim_phone_stage(r->phone), SIM_STUCK);
	assert_string_equal(sim_phone_why(r->phone), "XMLDefault.cnf.xml names no CallManager");
	/* and comes back to it by itself */
	r->xmldefault = XML("");
	sim_rig_run(r, USEC_SEC(1200));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_why(r->phone), "");
	sim_rig_free(r);
}

static const struct bad {
	const char *how, *why;
	const char *last; /* the last file asked for in the first round */
} bad_bundles[] = {
	{"truncate:cvm:1", "cvm70sccp.8-3-3-27.sbn is cut short", "cvm70sccp"},
	{"truncate:jar:2000", "jar70sccp.8-3-3-27.sbn is cut short", "jar70sccp"},
	{"truncate:dsp:2445", "dsp70.8-3-3-27.sbn is not signed", "dsp70"},
	{"truncate:dsp:2300", "dsp70.8-3-3-27.sbn ends inside its header", "dsp70"},
	{"missing:jar", "jar70sccp.8-3-3-27.sbn: file not found", "cnu70"},
	{"missing:cvm", "cvm70sccp.8-3-3-27.sbn: file not found", "cvm70sccp"},
	{"rename", "term70.default.loads is called SCCP70.8-3-3S.loads inside", "term70"},
};

static void java_refuses_bad_bundles(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad_bundles); i++) {
		struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, bad_bundles[i].how);
		const char *last = r->asked, *space;

		sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
		sim_rig_run(r, USEC_SEC(85)); /* the first round and not the second */
		assert_int_equal(sim_phone_stage(r->phone), SIM_STUCK);
		assert_string_equal(sim_phone_why(r->phone), bad_bundles[i].why);
		while ((space = strchr(last, ' ')) && space[1])
			last = space + 1;
		assert_memory_equal(last, bad_bundles[i].last, strlen(bad_bundles[i].last));
		sim_rig_run(r, USEC_SEC(3600));
		assert_int_equal(sim_phone_stage(r->phone), SIM_STUCK);
		assert_string_equal(sim_phone_load(r->phone), "");
		sim_rig_free(r);
	}
}

/* 7911 trace: Jar… missing, cnu… asked for all the same, port closed in the middle of it. */
static void java_hangs_up_behind_a_missing_member(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_JAVA11,
		.how = "missing:jar",
		.model = "7911",
		.kind = SIM_JAVA_ERASED,
		.until = USEC_SEC(60),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
	assert_string_equal(r->transcript,
			    "power: no image, the loader runs\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for term11.default.loads\n"
			    "has term11.default.loads: 5 members\n"
			    "asks for jar11sccp.8-3-3-27.sbn\n"
			    "jar11sccp.8-3-3-27.sbn: file not found\n"
			    "asks for cnu11.8-3-3-27.sbn\n"
			    "stuck: jar11sccp.8-3-3-27.sbn: file not found\n");
	sim_rig_free(r);
}

/* 7906 trace: the refused list is fetched in pairs, 93 to 147 s between them. */
static void java_fetches_a_refused_list_in_pairs(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_JAVA11,
		.how = "rename",
		.model = "7906",
		.kind = SIM_JAVA_ERASED,
		.until = USEC_SEC(1500),
	};
	struct sim_rig *r = sim_rig_story(&story);
	unsigned i;

	(void)state;
	assert_true(r->asks >= 18);
	for (i = 0; i + 2 < r->asks; i += 2) {
		usec_t pair = r->asked_at[i + 1] - r->asked_at[i];
		usec_t pause = r->asked_at[i + 2] - r->asked_at[i + 1];

		assert_in_range(pair, USEC_MS(900), USEC_MS(1500));
		assert_in_range(pause, USEC_SEC(93), USEC_SEC(147));
	}
	assert_null(strstr(r->asked, ".sbn"));
	sim_rig_free(r);
}

/* A member that is in the flash is not fetched again after a power cut; half a one is. */
static void java_resumes_after_a_power_cut(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
	const char *second;

	(void)state;
	r->xmldefault = XML("");
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	while (!strstr(r->asked, "apps70"))
		sim_rig_run(r, sim_phone_deadline(r->phone));
	sim_phone_power_off(r->phone);
	assert_int_equal(sim_phone_stage(r->phone), SIM_OFF);
	assert_int_equal(sim_phone_deadline(r->phone), USEC_NEVER);
	second = r->asked + r->asked_len;
	r->now += USEC_SEC(30);
	sim_rig_power_on(r);
	sim_rig_run(r, r->now + USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_null(strstr(second, "jar70"));
	assert_null(strstr(second, "cnu70"));
	assert_non_null(strstr(second, "apps70"));
	sim_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(java_erased),
		cmocka_unit_test(java_erased_that_knows_its_load),
		cmocka_unit_test(java_running_upgrades),
		cmocka_unit_test(java_sip_asks_for_tones),
		cmocka_unit_test(java_says_no_raw_bytes),
		cmocka_unit_test(java_wants_a_call_manager),
		cmocka_unit_test(java_refuses_bad_bundles),
		cmocka_unit_test(java_hangs_up_behind_a_missing_member),
		cmocka_unit_test(java_fetches_a_refused_list_in_pairs),
		cmocka_unit_test(java_resumes_after_a_power_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
