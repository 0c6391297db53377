/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "reflashd/loads.h"

static struct loads *parse_bytes(struct loads *l, const void *body, size_t len)
{
	uint8_t *copy = exact_copy(body, len);

	memset(l, 0xA5, sizeof(*l)); /* whatever was there before must not matter */
	loads_parse(l, copy, len);
	free(copy);
	return l;
}

static struct loads *parse(struct loads *l, const char *text)
{
	return parse_bytes(l, text, strlen(text));
}

static const char java_text[] = "#\r\n"
				"# a comment, with cnu99.1-2-3.sbn in it\r\n"
				"#HARDWARE_COMP_1 5\r\n"
				"\r\n"
				"jar75sccp.9-4-2ES26.sbn\r\n"
				"cnu75.9-4-2ES26.sbn\r\n"
				"apps75.9-4-2ES26.sbn\r\n"
				"dsp75.9-4-2ES26.sbn \r\n"
				"cvm75sccp.9-4-2ES26.sbn \t\r\n";

static const char legacy_text[] = "P003-8-12-00.sbn\nP0S3-8-12-00.sb2\nLA_VERSION=PAS30830\n";

static void test_java(void **state)
{
	static const char *const name[] = {"jar75sccp.9-4-2ES26.sbn", "cnu75.9-4-2ES26.sbn",
					   "apps75.9-4-2ES26.sbn", "dsp75.9-4-2ES26.sbn",
					   "cvm75sccp.9-4-2ES26.sbn"};
	struct loads l;

	(void)state;
	parse(&l, java_text);
	assert_int_equal(l.dialect, LOADS_JAVA);
	assert_null(l.foreign);
	assert_int_equal(l.member_count, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_string_equal(l.member[i].name, name[i]);
		assert_false(l.member[i].optional);
		assert_false(l.member[i].has_size);
	}
	assert_true(l.has_hardware_comp);
	assert_int_equal(l.hardware_comp, 5);
	assert_false(l.unterminated);
	assert_false(l.scanned);
	assert_false(l.overflow);
	assert_string_equal(l.odd_line, "");
	assert_string_equal(l.la_version, "");
	assert_true(loads_java_complete(&l));
}

static void test_legacy(void **state)
{
	struct loads l;

	(void)state;
	parse(&l, legacy_text);
	assert_int_equal(l.dialect, LOADS_LEGACY);
	assert_int_equal(l.member_count, 2);
	assert_string_equal(l.member[0].name, "P003-8-12-00.sbn");
	assert_string_equal(l.member[1].name, "P0S3-8-12-00.sb2");
	assert_string_equal(l.la_version, "PAS30830");
	assert_string_equal(l.odd_line, "");
	assert_false(l.unterminated);
	assert_false(loads_java_complete(&l));
}

static void test_sized(void **state)
{
	struct loads l;

	(void)state;
	parse(&l, "#? HW_REV 0-4.*\n\n"
		  "TNUX-1.4.6.3.SBN        897037 E247E40D9CF20472C6C397E6E427A517\n"
		  "APPS-1.4.6.3.SBN 18446744073709551615\n"
		  "#+ GUI-1.4.6.3.SBN\t2090268 6DB29C7FBAA3FBBDF4BAE652556B84FA\n"
		  "#+ only a comment.sbn\n"
		  "#+ no-size.sbn\n");
	assert_int_equal(l.dialect, LOADS_SIZED);
	assert_int_equal(l.member_count, 3);
	assert_true(l.member[0].has_size);
	assert_int_equal(l.member[0].size, 897037);
	assert_false(l.member[0].optional);
	assert_true(l.member[1].size == UINT64_MAX);
	assert_string_equal(l.member[2].name, "GUI-1.4.6.3.SBN");
	assert_true(l.member[2].optional);
	assert_int_equal(l.member[2].size, 2090268);
	assert_string_equal(l.odd_line, "");
}

static void test_other_families(void **state)
{
	struct loads l;

	(void)state;
	parse(&l, "# 69xx\r\nBOOT69xx.9-4-1-3.zz.sgn\r\nAPPS69xx.9-4-1-3.zz.sgn"); /* no newline */
	assert_int_equal(l.dialect, LOADS_OTHER);
	assert_int_equal(l.member_count, 2);
	assert_string_equal(l.member[1].name, "APPS69xx.9-4-1-3.zz.sgn");
	assert_true(l.unterminated);

	parse(&l, "Jar41sip.8-3-0-50.sbn\nCVM41.2-0-2-26.sbn\ncnu41.2-7-6-26.sbn\n");
	assert_int_equal(l.dialect, LOADS_JAVA);
	assert_string_equal(l.member[0].name, "Jar41sip.8-3-0-50.sbn");
	assert_false(loads_java_complete(&l));
}

static void test_foreign(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: of the text */
		const char *foreign;
	} row[] = {
		{"<AutoUpdateManifest>\n <file path=\"a.sbn\"/>\n", 0, "XML"},
		{"\xEF\xBB\xBF \r\n\t<?xml version=\"1.0\"?>", 0, "XML"},
		{"<", 0, "XML"},
		{"\xCD\x34\x12\xAB\x50\x01 sboot=sboot.sbn", 0, "another header (78xx)"},
		{"\xCD\x34\x12\xAB", 0, "another header (78xx)"},
		{"# x\n[CISCO-ID]\nversion = 11\n[PLATFORM_1]\nsboot=sboot.sbn size=3\n", 0, "INI"},
		{"a.sbn\n[X]", 0, "INI"},
		{"", 0, "an empty file"},
		{"\xEF\xBB\xBF", 0, "text without file names"},
		{"#\r\n# This file contains", 0, "text without file names"},
		{"KEY=VALUE\n", 0, "text without file names"},
		{"\0\1\2\3", 4, "binary data"},
		{"\xCD\x34\x12", 0, "binary data"},
		{"\x1F\x8B\x08 x.sbnx", 0, "binary data"},
	};
	struct loads l;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		parse_bytes(&l, row[i].text, row[i].len ? row[i].len : strlen(row[i].text));
		assert_int_equal(l.dialect, LOADS_FOREIGN);
		assert_non_null(l.foreign);
		assert_string_equal(l.foreign, row[i].foreign);
		assert_int_equal(l.member_count, 0);
	}
}

static void test_scanned(void **state)
{
	static const char dirty[] = "\0\1jar70.1-2.sbn\0/x/cnu70.1-2.sbn\r\n\x7f..sbn \2.sbn "
				    "jar70.1-2.sbn apps70.1-2.SBN\3 readme.txt dsp70.1-2.sbn";
	struct loads l;

	(void)state;
	parse_bytes(&l, dirty, sizeof(dirty) - 1);
	assert_true(l.scanned);
	assert_int_equal(l.dialect, LOADS_JAVA);
	assert_int_equal(l.member_count, 4);
	assert_string_equal(l.member[0].name, "jar70.1-2.sbn");
	assert_string_equal(l.member[1].name, "cnu70.1-2.sbn");
	assert_string_equal(l.member[2].name, "apps70.1-2.SBN");
	assert_string_equal(l.member[3].name, "dsp70.1-2.sbn"); /* ends where the data ends */
	parse(&l, "\1\2\3a.sbn\4\5b.sbn\6\7"); /* more than one octet between two names */
	assert_int_equal(l.member_count, 2);
	assert_string_equal(l.member[0].name, "a.sbn");
	assert_string_equal(l.member[1].name, "b.sbn");
	parse(&l, "a.sbn ~\n"); /* the last character that is text, and the next */
	assert_false(l.scanned);
	parse(&l, "a.sbn \x7f\n");
	assert_true(l.scanned);
	parse(&l, "a.sbn\n\x1b[31m\n");
	assert_true(l.scanned);
	assert_int_equal(l.member_count, 1);
}

static void test_odd_lines(void **state)
{
	static const struct {
		const char *line, *odd; /* "": the line is fine */
		unsigned members;
	} row[] = {
		{"a.sbn", "", 1},
		{"  a.sbn \t\r", "", 1},
		{"a.SBN", "", 1},
		{"a.bin1.bin", "", 1},
		{"a.zup", "", 1},
		{"a.sbin", "", 1},
		{"a.sbn 12", "", 1},
		{"a.sbn 12 00ff", "", 1},
		{"a.sbn 12 00ff x", "a.sbn 12 00ff x", 0},
		{"a.sbn x", "a.sbn x", 0},
		{"a.sbn -1", "a.sbn -1", 0},
		{"a.sbn 18446744073709551616", "a.sbn 18446744073709551616", 0},
		{"a.sbn 0000000000000000000000001", "a.sbn 0000000000000000000000001", 0},
		{".sbn", ".sbn", 0},
		{".a.sbn", ".a.sbn", 0},
		{"../a.sbn", "../a.sbn", 0},
		{"/a.sbn", "/a.sbn", 0},
		{"b\\a.sbn", "b\\\\a.sbn", 0},
		{"a.exe", "a.exe", 0},
		{"a.sb", "a.sb", 0},
		{"sbn", "sbn", 0},
		{"a\rb.sbn", "a\\x0db.sbn", 0}, /* two words, and the second is no size */
		{"\xE4.sbn", "\\xe4.sbn", 0},
		{"a.sbn;rm", "a.sbn;rm", 0},
		{"KEY=x", "", 0},
		{"AZ_Z=x", "", 0},
		{"KEY x", "KEY x", 0},
		{"=x", "=x", 0},
		{"key=x", "key=x", 0},
		{"LA_VERSION=", "LA_VERSION=", 0},
		{"LA_VERSION=123456789012345", "", 0},
		{"LA_VERSION=1234567890123456", "LA_VERSION=1234567890123456", 0},
		{"LA_VERSION=a b", "LA_VERSION=a b", 0},
		{"LA_VERSION=\xE4", "LA_VERSION=\\xe4", 0},
		{"LA_VERSION= PAS30830", "", 0},
		{"#HARDWARE_COMP_1 4294967295", "", 0},
		{"#HARDWARE_COMP_1 4294967296", "#HARDWARE_COMP_1 4294967296", 0},
		{"#HARDWARE_COMP_1", "#HARDWARE_COMP_1", 0},
		{"#HARDWARE_COMP_1 5 6", "#HARDWARE_COMP_1 5 6", 0},
		{"#HARDWARE_COMP_15", "", 0}, /* a comment */
		{"# HARDWARE_COMP_1 x", "", 0},
		{"#BASE x", "", 0},
	};
	struct loads l;
	char text[96];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		snprintf(text, sizeof(text), "P003.sb2\n%s\n", row[i].line);
		parse(&l, text);
		if (strcmp(l.odd_line, row[i].odd) != 0)
			fail_msg("'%s': '%s', not '%s'", row[i].line, l.odd_line, row[i].odd);
		if (l.member_count != 1 + row[i].members)
			fail_msg("'%s': %u members", row[i].line, l.member_count);
		assert_false(l.scanned);
	}
	parse(&l, "first odd\nsecond odd\na.sbn\n");
	assert_string_equal(l.odd_line, "first odd");
	assert_int_equal(l.member_count, 1);
}

static void test_hardware_comp(void **state)
{
	struct loads l;

	(void)state;
	parse(&l, "#HARDWARE_COMP_1 15\r\na.sbn\r\n#HARDWARE_COMP_1 15\r\n");
	assert_int_equal(l.hardware_comp, 15);
	assert_string_equal(l.odd_line, "");
	parse(&l, "#HARDWARE_COMP_1 15\na.sbn\n#HARDWARE_COMP_1 1\n"); /* which one counts? */
	assert_int_equal(l.hardware_comp, 15);
	assert_string_equal(l.odd_line, "#HARDWARE_COMP_1 1");
	parse(&l, "#HARDWARE_COMP_1 x\na.sbn\n");
	assert_false(l.has_hardware_comp);
	parse(&l, "#HARDWARE_COMP_1\t0\na.sbn\n");
	assert_true(l.has_hardware_comp);
	assert_int_equal(l.hardware_comp, 0);
}

static void test_limits(void **state)
{
	char text[LOADS_MEMBERS_MAX * 16 + 2 * LOADS_NAME_MAX], *p = text;
	struct loads l;

	(void)state;
	for (unsigned i = 0; i < LOADS_MEMBERS_MAX; i++)
		p += sprintf(p, "m%u.sbn\n", i);
	parse(&l, text);
	assert_int_equal(l.member_count, LOADS_MEMBERS_MAX);
	assert_false(l.overflow);
	strcpy(p, "one-more.sbn\n");
	parse(&l, text);
	assert_int_equal(l.member_count, LOADS_MEMBERS_MAX);
	assert_true(l.overflow);
	strcat(p, "\1");
	parse(&l, text);
	assert_true(l.scanned);
	assert_true(l.overflow);

	for (unsigned len = LOADS_NAME_MAX - 2; len <= LOADS_NAME_MAX + 1; len++) {
		memset(text, 'a', len);
		memcpy(text + len - 4, ".sbn", 5);
		parse(&l, text);
		assert_int_equal(l.member_count, len < LOADS_NAME_MAX ? 1 : 0);
		if (len < LOADS_NAME_MAX)
			assert_int_equal(strlen(l.member[0].name), len);
	}
	memset(text, '!', 200);
	text[200] = '\0';
	parse(&l, text);
	assert_int_equal(l.dialect, LOADS_FOREIGN);
	strcpy(text + 200, "\na.sbn\n");
	parse(&l, text);
	assert_int_equal(strlen(l.odd_line), sizeof(l.odd_line) - 1); /* cut, and marked so */
	assert_string_equal(l.odd_line + sizeof(l.odd_line) - 4, "...");
}

/* A packing list that was cut anywhere is never taken for a whole one. */
static void test_every_prefix(void **state)
{
	size_t last = strlen("dsp75.9-4-2ES26.sbn \r\n");
	struct loads l;

	(void)state;
	for (size_t len = 0; len < sizeof(java_text) - 1; len++) {
		parse_bytes(&l, java_text, len);
		if (loads_java_complete(&l)) {
			/* only blanks are missing: the list is whole and the end is noticed */
			assert_true(len >= sizeof(java_text) - 1 - 4);
			assert_true(l.unterminated);
		} else if (l.dialect == LOADS_JAVA && !l.unterminated) {
			assert_true(len < sizeof(java_text) - last);
		}
	}
	for (size_t len = 0; len < sizeof(legacy_text) - 1; len++) {
		parse_bytes(&l, legacy_text, len);
		assert_true(l.unterminated || l.la_version[0] == '\0');
	}
}

static void test_parts(void **state)
{
	static const struct {
		const char *name;
		enum loads_part part;
	} row[] = {
		{"jar70sccp.8-3-2-27.sbn", LOADS_PART_JAR},
		{"Jar41.2-9-2-26.sbn", LOADS_PART_JAR},
		{"cnu11.3-0-0-81.sbn", LOADS_PART_CNU},
		{"apps70.1.sbn", LOADS_PART_APPS},
		{"dsp11.1-0-0-73.sbn", LOADS_PART_DSP},
		{"CVM41.2-0-2-26.sbn", LOADS_PART_CVM},
		{"APPS-1.4.6.3.SBN", LOADS_PART_NONE},
		{"jar", LOADS_PART_NONE},
		{"ja", LOADS_PART_NONE},
		{"", LOADS_PART_NONE},
		{"P003-8-12-00.sbn", LOADS_PART_NONE},
		{"cnu0.sbn", LOADS_PART_CNU},
		{"cnu9.sbn", LOADS_PART_CNU},
		{"cnu/1.sbn", LOADS_PART_NONE},
		{"cnu:1.sbn", LOADS_PART_NONE},
		{"apps69xx.9-4-1-3.zz.sgn", LOADS_PART_NONE},
		{"jar70.1.bin", LOADS_PART_JAR},
	};
	struct loads l;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(row); i++)
		assert_int_equal(loads_member_part(row[i].name), row[i].part);

	parse(&l, "jar1.sbn\ncnu1.sbn\napps1.sbn\ndsp1.sbn\ncvm1.sbn\n");
	assert_true(loads_java_complete(&l));
	parse(&l, "jar1.sbn\ncnu1.sbn\napps1.sbn\ndsp1.sbn\ndsp2.sbn\n");
	assert_false(loads_java_complete(&l));
	parse(&l, "jar1.sbn\ncnu1.sbn\napps1.sbn\ndsp1.sbn\ncvm1.sbn\ncvm1.sbn\n");
	assert_false(loads_java_complete(&l));
	parse(&l, "jar1.sbn\ncnu1.sbn\napps1.sbn\ndsp1.sbn\ncvm1.sbn\nextra.sbn\n");
	assert_false(loads_java_complete(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_java),	  cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_sized),	  cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_foreign),	  cmocka_unit_test(test_scanned),
		cmocka_unit_test(test_odd_lines), cmocka_unit_test(test_hardware_comp),
		cmocka_unit_test(test_limits),	  cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
