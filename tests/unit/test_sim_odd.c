/* SPDX-License-Identifier: MIT */
/*
 * The simulated phones: what they make of a configuration, of a list and of an image, piece by
 * piece, and of a server that falls silent or hands out files that others rarely have.
 */
#include "../../src/rehearsal/sim_private.h"
#include "sign.h"
#include "sim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROUP(name)                                                                                \
	"<callManagerGroup><processNodeName>" name "</processNodeName></callManagerGroup>"
#define LOAD(text) "<loadInformation30006>" text "</loadInformation30006>"

static void configurations(void **state)
{
	static const struct {
		const char *text, *load;
		bool usable;
	} row[] = {
		{"", "", false},
		{GROUP("10.0.0.1"), "", true},
		{GROUP("  "), "", false},
		{GROUP("") LOAD("SCCP70.8-3-3S"), "SCCP70.8-3-3S", false},
		{"<processNodeName>10.0.0.1</processNodeName>", "", false},
		{GROUP("a") LOAD("\n\t SCCP70.8-3-3S \r\n"), "SCCP70.8-3-3S", true},
		{GROUP("a") "<!-- " LOAD("SCCP70.1-1-1S") " -->" LOAD("SCCP70.8-3-3S"),
		 "SCCP70.8-3-3S", true},
		{"<!-- " GROUP("a") " -->", "", false},
		{"<!-- " GROUP("a"), "", false},
		{GROUP("a") "<loadInformation30006 model=\"7970\">SIP70.9</loadInformation30006>",
		 "SIP70.9", true},
		{GROUP("a") "<loadInformation300067>SIP70.9</loadInformation300067>", "", true},
		{GROUP("a") "<loadInformation>SIP70.9</loadInformation>", "SIP70.9", true},
		{GROUP("a") "<loadInformation>A</loadInformation>" LOAD("B"), "B", true},
		{GROUP("a") LOAD("a/b"), "", true},
		{GROUP("a") LOAD("a b"), "", true},
		{GROUP("a") LOAD("a:b"), "", true},
		{GROUP("a") LOAD("@"), "", true},
		{GROUP("a") LOAD("aZz09-._()"), "aZz09-._()", true},
		{GROUP("a") "<loadInformation30006", "", true},
		{GROUP("a") "<loadInformation30006 ", "", true},
		{GROUP("a") "<loadInformation30006>end", "end", true},
		{GROUP("a") LOAD("1234567890123456789012345678901234567890123456789012345678901234"
				 "567890123456789"),
		 "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct sim_configuration c;
		size_t len = strlen(row[i].text);
		uint8_t *copy = malloc(len + !len);

		assert_non_null(copy);
		memcpy(copy, row[i].text, len);
		sim_configuration_read(&c, 30006, copy, len);
		free(copy);
		if (strcmp(c.load, row[i].load) != 0 || c.usable != row[i].usable)
			fail_msg("%s: \"%s\" %d", row[i].text, c.load, c.usable);
	}
}

static void values(void **state)
{
	static const struct {
		const char *text, *value;
	} row[] = {
		{"image_version: P0S3-8-12-00\n", "P0S3-8-12-00"},
		{"image_version: \"P0S3-8-12-00\" \r\n", "P0S3-8-12-00"},
		{"a: b\nimage_version:P0S3-8-12-00", "P0S3-8-12-00"},
		{"#image_version: x\n", ""},
		{"image_version:\n", ""},
		{"image_version", ""},
		{"image_version: ./\n", "./"},
		{"image_version: ../x\n", ""},
		{"image_version: 1234567\n", "1234567"},
		{"image_version: 123456789012345\n", "123456789012345"},
		{"image_version: 1234567890123456\n", ""}, /* no room for its end */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		char out[16] = "before";

		sim_cnf_value((const uint8_t *)row[i].text, strlen(row[i].text), "image_version",
			      out, sizeof(out));
		if (strcmp(out, row[i].value) != 0)
			fail_msg("%s: \"%s\"", row[i].text, out);
	}
}

enum check { LIST, MEMBER, KUP };

/* inside: the name in the signed header, NULL for an unsigned file. */
static void assert_check(enum check check, const char *name, const char *inside,
			 const struct synth_buffer *body, const char *expected)
{
	static struct models models;
	struct test_key *key = test_key_load("test-g1");
	struct loads list;
	uint8_t *file = body->data;
	size_t len = body->len;
	char why[160] = "before";

	if (!models.count)
		models_builtin(&models);
	if (inside)
		sign_file(inside, body->data, body->len, key, 0, &file, &len);
	switch (check) {
	case LIST: sim_check_list(name, file, len, &list, why); break;
	case MEMBER: sim_check_member(name, file, len, why); break;
	case KUP: sim_check_kup(name, models_by_id(&models, "7912"), file, len, why); break;
	}
	assert_string_equal(why, expected);
	if (inside) {
		file[8] = 0xff; /* no header is as long */
		switch (check) {
		case LIST: sim_check_list(name, file, len, &list, why); break;
		case MEMBER: sim_check_member(name, file, len, why); break;
		case KUP: sim_check_kup(name, models_by_id(&models, "7912"), file, len, why); break;
		}
		if (check != KUP || text_ends_nocase(name, ".sbin"))
			assert_non_null(strstr(why, " has a damaged header"));
		free(file);
	}
	test_key_free(key);
}

static void files(void **state)
{
	struct synth_buffer text = {0}, cnu = {0}, kup = {0}, sb2 = {0}, other = {0};

	(void)state;
	synth_put_text(&text, "Not a list\n");
	assert_check(LIST, "a.loads", "a.loads", &text, "a.loads is no packing list");
	assert_check(LIST, "a.loads", "A.loads", &text, "a.loads is called A.loads inside");
	assert_check(LIST, "a.loads", NULL, &text, "a.loads is not signed");

	synth_cnu(&cnu, SYNTH_CNU, "8-3-3-27", 3000, 1);
	assert_check(MEMBER, "cnu.sbn", "cnu.sbn", &cnu, "");
	assert_check(MEMBER, "cnu.sbn", "CNU.sbn", &cnu, ""); /* any case does here */
	assert_check(MEMBER, "cnu.sbn", "dsp.sbn", &cnu, "cnu.sbn is called dsp.sbn inside");
	assert_check(MEMBER, "P003-1.sbn", "P003-1.sbn", &cnu,
		     "P003-1.sbn is no image for this phone");
	assert_check(MEMBER, "a.sb2", "a.sb2", &cnu, "a.sb2 is no image for this phone");

	memset(cnu.data + 0x30, 0xff, 4); /* as many files as there cannot be */
	assert_check(MEMBER, "cnu.sbn", "cnu.sbn", &cnu, "cnu.sbn is damaged");

	synth_sb2(&sb2, "P0S3-8-12-00", "PAS3ARM1", 2000, 1);
	assert_check(MEMBER, "P0S3-8-12-00.sb2", "P0S3-8-12-00.sb2", &sb2, "");
	assert_check(MEMBER, "cnu.sbn", "cnu.sbn", &sb2, "cnu.sbn is no image for this phone");

	synth_kup(&kup, 6, 8, 0, 600, 1);
	assert_check(KUP, "a.zup", NULL, &kup, "");
	assert_check(KUP, "a.sbin", "a.sbin", &kup, "");
	assert_check(KUP, "a.sbin", "b.sbin", &kup, "a.sbin is called b.sbin inside");
	assert_check(KUP, "a.sbin", NULL, &kup, "a.sbin is not signed");
	assert_check(KUP, "a.zup", NULL, &text, "a.zup is no image for this phone");
	synth_kup(&other, 5, 8, 0, 600, 1);
	assert_check(KUP, "a.zup", NULL, &other, "a.zup is made for another model");
	synth_put_u8(&kup, 7);
	assert_check(KUP, "a.zup", NULL, &kup, "a.zup has something behind its end");
	kup.len -= 2;
	assert_check(KUP, "a.zup", NULL, &kup, "a.zup is cut short");

	synth_buffer_free(&text);
	synth_buffer_free(&cnu);
	synth_buffer_free(&kup);
	synth_buffer_free(&sb2);
	synth_buffer_free(&other);
}

/* phones.md 4.2: a phone that nobody answers looks for a server anew, and goes on when one does. */
static void java_before_a_silent_server(void **state)
{
	static const struct {
		const char *silent;
		enum sim_kind kind;
	} row[] = {{"term70.default.loads", SIM_JAVA_ERASED},
		   {"cnu70.8-3-3-27.sbn", SIM_JAVA_ERASED},
		   {"XMLDefault.cnf.xml", SIM_JAVA_RUNNING}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
		unsigned discovers;

		r->xmldefault = XML(LOAD("SCCP70.8-3-3S"));
		r->mute_from = row[i].silent;
		sim_rig_phone(r, "7970", row[i].kind,
			      row[i].kind == SIM_JAVA_RUNNING ? "SCCP70.8-3-3S" : "");
		sim_rig_run(r, USEC_SEC(600));
		assert_int_not_equal(sim_phone_stage(r->phone), SIM_RUNNING);
		discovers = r->discovers;
		assert_true(discovers >= 2);
		assert_non_null(strstr(r->transcript, "starts over with DHCP"));
		r->mute_from = NULL;
		sim_rig_run(r, USEC_SEC(7200));
		if (sim_phone_stage(r->phone) != SIM_RUNNING)
			fail_msg("%s: %s", row[i].silent, r->transcript);
		assert_string_equal(sim_phone_load(r->phone), "SCCP70.8-3-3S");
		sim_rig_free(r);
	}
}

static void put(struct sim_rig *r, const char *name, const char *text)
{
	assert_int_equal(
		synth_collect(&r->shelf->bundle[0], name, (const uint8_t *)text, strlen(text)), 0);
}

/* A 7960 whose own SIP file names the load; the application then asks for rings and dial plan. */
static void legacy_with_files_of_its_own(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);

	(void)state;
	put(r, "SIP001B54CA0102.cnf", "image_version: P0S3-8-12-00\n");
	r->sipdefault = "tftp_cfg_dir: \"./\"\n";
	sim_rig_phone(r, "7960", SIM_LEGACY, "");
	sim_rig_run(r, USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_load(r->phone), "P0S3-8-12-00");
	assert_non_null(strstr(r->asked, "P0S3-8-12-00.loads<"));
	assert_non_null(strstr(r->asked, "./SIP001B54CA0102.cnf<"));
	sim_rig_free(r);

	r = sim_rig_new(SYNTH_LEGACY, NULL);
	put(r, "SIP001B54CA0102.cnf", "image_version: P0S3-8-12-00\n");
	r->sipdefault = "x: y\n";
	sim_rig_phone(r, "7960", SIM_LEGACY, "");
	sim_rig_run(r, USEC_SEC(3600));
	assert_non_null(strstr(r->asked, "RINGLIST.DAT<"));
	assert_non_null(strstr(r->asked, "dialplan.xml<"));
	sim_rig_free(r);
}

static void legacy_without_any_load(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);

	(void)state;
	sim_rig_phone(r, "7960", SIM_LEGACY, "");
	sim_rig_run(r, USEC_SEC(60));
	assert_string_equal(sim_phone_why(r->phone),
			    "no configuration names a load for this phone");
	sim_rig_free(r);
	/* a list that is signed and complete, but a Java phone's */
	r = sim_rig_new(SYNTH_JAVA70, NULL);
	put(r, "SIP001B54CA0102.cnf", "image_version: SCCP70.8-3-3S\n");
	sim_rig_phone(r, "7960", SIM_LEGACY, "");
	sim_rig_run(r, USEC_SEC(60));
	assert_string_equal(sim_phone_why(r->phone),
			    "SCCP70.8-3-3S.loads is a list for other phones");
	sim_rig_free(r);
}

/* A phone has room for a file as long as that, or for one byte less. */
static void room_for_it(struct sim_rig *r)
{
	if (strstr(r->asked, "XMLDefault.cnf.xml<"))
		r->phone->tftp.limit = r->size;
}

static void room_for_less(struct sim_rig *r)
{
	if (strstr(r->asked, "XMLDefault.cnf.xml<"))
		r->phone->tftp.limit = r->size - 1;
}

static void room_for_a_configuration(void **state)
{
	(void)state;
	for (unsigned less = 0; less < 2; less++) {
		struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);

		r->xmldefault = XML(LOAD("SCCP70.8-3-3S"));
		r->before_data = less ? room_for_less : room_for_it;
		sim_rig_phone(r, "7970", SIM_JAVA_RUNNING, "SCCP70.8-0-4S");
		sim_rig_run(r, USEC_SEC(600));
		assert_int_equal(strstr(r->asked, "SCCP70.8-3-3S.loads<") == NULL, less);
		assert_int_equal(strstr(r->transcript, "too large, given up") != NULL, less);
		sim_rig_free(r);
	}
}

/* A 7960 with an SCCP load and a configuration of its own does not ask for everybody's. */
static void legacy_sccp_with_its_own(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);

	(void)state;
	put(r, "SEP001B54CA0102.cnf.xml", XML("<loadInformation7>P00308000500</loadInformation7>"));
	sim_rig_phone(r, "7960", SIM_LEGACY, "P00308000500");
	sim_rig_run(r, USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_non_null(strstr(r->asked, "SEP001B54CA0102.cnf.xml<"));
	assert_null(strstr(r->asked, "XMLDefault.cnf.xml<"));
	sim_rig_free(r);
}

static void java_with_a_list_of_others(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);

	(void)state;
	r->xmldefault = XML(LOAD("P0S3-8-12-00"));
	sim_rig_phone(r, "7970", SIM_JAVA_RUNNING, "SCCP70.8-3-3S");
	sim_rig_run(r, USEC_SEC(600));
	assert_non_null(strstr(r->transcript, "P0S3-8-12-00.loads is a list for other phones"));
	assert_string_equal(sim_phone_load(r->phone), "SCCP70.8-3-3S");
	sim_rig_free(r);
}

/* A 7912 that runs keeps what it has when the named load is not there, or is no load. */
static void kup_keeps_its_load(void **state)
{
	static const struct {
		const char *load, *said;
	} row[] = {
		{"CP7912080004SCCP080108A.sbin", "keeps its load: file not found"},
		{"cp7912r.zup", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct sim_rig *r = sim_rig_new(SYNTH_KUP7912, NULL);
		char xml[400];

		text_format(xml, sizeof(xml), XML("<loadInformation>%s</loadInformation>"),
			    row[i].load);
		r->xmldefault = xml;
		sim_rig_phone(r, "7912", SIM_KUP_RUNNING, "CP7912080003SCCP070409A");
		sim_rig_run(r, USEC_SEC(600));
		assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
		if (row[i].said) {
			assert_non_null(strstr(r->transcript, row[i].said));
			assert_string_equal(sim_phone_load(r->phone), "CP7912080003SCCP070409A");
		}
		sim_rig_free(r);
	}
}

/* With files of its own, and with none at all. */
static void which_configuration(void **state)
{
	static const struct {
		enum synth_kind bundle;
		const char *model;
		enum sim_kind kind;
		const char *load, *own, *asks, *says;
	} row[] = {
		{SYNTH_KUP7912, "7912", SIM_KUP_RUNNING, "CP7912080003SCCP070409A", NULL,
		 "SEPDefault.cnf<", "XMLDefault.cnf.xml: file not found"},
		{SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, "SCCP70.8-0-4S", NULL,
		 "XMLDefault.cnf.xml<", "XMLDefault.cnf.xml: file not found"},
		{SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, "SCCP70.8-0-4S", "SEP001B54CA0102.cnf.xml",
		 "SCCP70.8-3-3S.loads<", "SCCP70.8-3-3S"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct sim_rig *r = sim_rig_new(row[i].bundle, NULL);

		if (row[i].own)
			put(r, row[i].own, XML(LOAD("SCCP70.8-3-3S")));
		sim_rig_phone(r, row[i].model, row[i].kind, row[i].load);
		sim_rig_run(r, USEC_SEC(600));
		if (!strstr(r->asked, row[i].asks) || !strstr(r->transcript, row[i].says))
			fail_msg("row %zu: %s\n%s", i, r->asked, r->transcript);
		sim_rig_free(r);
	}
}

/* Which files a flash holds: whatever the case of their names, and in order. */
static void names(void **state)
{
	static const struct sim_names a = {2, {"cnu.sbn", "Jar.sbn"}};
	static const struct sim_names same = {2, {"CNU.sbn", "jar.sbn"}};
	static const struct sim_names fewer = {1, {"cnu.sbn"}}, other = {2, {"cnu.sbn", "dsp.sbn"}};

	(void)state;
	assert_true(sim_names_hold(&a, "jar.SBN"));
	assert_false(sim_names_hold(&a, "dsp.sbn"));
	assert_false(sim_names_hold(&fewer, "Jar.sbn"));
	assert_true(sim_names_equal(&a, &same));
	assert_false(sim_names_equal(&a, &fewer));
	assert_false(sim_names_equal(&a, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations),
		cmocka_unit_test(values),
		cmocka_unit_test(files),
		cmocka_unit_test(names),
		cmocka_unit_test(which_configuration),
		cmocka_unit_test(java_before_a_silent_server),
		cmocka_unit_test(legacy_with_files_of_its_own),
		cmocka_unit_test(legacy_without_any_load),
		cmocka_unit_test(room_for_a_configuration),
		cmocka_unit_test(legacy_sccp_with_its_own),
		cmocka_unit_test(java_with_a_list_of_others),
		cmocka_unit_test(kup_keeps_its_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
