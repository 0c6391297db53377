/* SPDX-License-Identifier: MIT */
/*
 * XMLDefault.cnf.xml as it is written, byte for byte; and what is said of files that people wrote:
 * each of the mistakes that were found in public (firmware-formats.md 11.5).
 */
#include "exact.h"
#include "reflashd/phone_config.h"
#include "reflashd/text.h"
#include "stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROUP                                                                                      \
	"<callManagerGroup><members><member priority=\"0\"><callManager><ports>"                   \
	"<ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1"             \
	"</processNodeName></callManager></member></members></callManagerGroup>\n"

#define FILE_OF(loads) "<Default>\n" GROUP loads "\n</Default>\n"

static void golden(void **state)
{
	static const char want[] =
		"<Default>\n"
		"  <callManagerGroup>\n"
		"    <members>\n"
		"      <member priority=\"0\">\n"
		"        <callManager>\n"
		"          <ports>\n"
		"            <ethernetPhonePort>2000</ethernetPhonePort>\n"
		"          </ports>\n"
		"          <processNodeName>10.79.70.1</processNodeName>\n"
		"        </callManager>\n"
		"      </member>\n"
		"    </members>\n"
		"  </callManagerGroup>\n"
		"  <loadInformation30007 model=\"Cisco IP Phone 7912G\">CP7912080003SCCP070409A"
		"</loadInformation30007>\n"
		"  <loadInformation8 model=\"Cisco IP Phone "
		"7940G\">P0S3-8-12-00</loadInformation8>\n"
		"  <loadInformation7 model=\"Cisco IP Phone "
		"7960G\">P0S3-8-12-00</loadInformation7>\n"
		"  <loadInformation30006 model=\"Cisco IP Phone 7970G\">SCCP70.8-5-2S"
		"</loadInformation30006>\n"
		"  <loadInformation119 model=\"Cisco IP Phone 7971G-GE\">SCCP70.8-5-2S"
		"</loadInformation119>\n"
		"</Default>\n";
	struct stock *s = stock_new();
	char *text = NULL;
	size_t len = 0;

	(void)state;
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-5-2S", NULL);
	stock_bundle(s, SYNTH_JAVA41, "SCCP41.8-5-2S", "missing:cvm");	  /* not offered */
	stock_bundle(s, SYNTH_JAVA42, "SCCP42.8-5-2S", "missing:SCCP42"); /* has no name */
	stock_bundle(s, SYNTH_LEGACY, NULL, NULL);
	stock_bundle(s, SYNTH_KUP7912, NULL, NULL);
	assert_int_equal(xmldefault_render(&s->library, "newest", 0x0a4f4601, &text, &len), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, sizeof(want) - 1);
	free(text);
	assert_int_equal(xmldefault_render(&s->library, "SCCP70.8-3-3S", 0x0a4f4601, &text, &len),
			 0);
	assert_non_null(strstr(text, ">SCCP70.8-3-3S</loadInformation119>"));
	assert_null(strstr(text, "7912"));
	free(text);
	assert_int_equal(
		xmldefault_render_any(&s->library, "newest", true, 0x0a4f4601, &text, &len), 0);
	assert_non_null(strstr(text, ">SCCP41.8-5-2S</loadInformation115>"));
	stock_free(s);
	free(text);
}

/* What we write must be fit to be read by our own rules. */
static void own_output_is_clean(void **state)
{
	struct config_remark remarks[CONFIG_REMARKS_MAX];
	struct stock *s = stock_new();
	char *text = NULL;
	size_t len = 0;

	(void)state;
	stock_bundle(s, SYNTH_JAVA70, NULL, NULL);
	stock_bundle(s, SYNTH_JAVA41, NULL, NULL);
	assert_int_equal(xmldefault_render(&s->library, "newest", 0x0a4f4601, &text, &len), 0);
	assert_int_equal(phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text, len,
					    &s->models, &s->library, remarks),
			 0);
	free(text);
	stock_free(s);
}

struct variant {
	const char *name, *text, *code, *says;
	unsigned line;
	enum finding_severity severity;
};

static const struct variant variants[] = {
	/* the wrong closing tag of three public guides */
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation model=\"Cisco 7942\">SIP42.9-4-2SR3-1S</loadInformation434>"),
	 "malformed", "loadInformation434", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", FILE_OF("<loadInformation>SCCP70.8-3-3S</loadInformation>"),
	 "no-number", "Add the number", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", "<default>\n" GROUP "</default>", "root", "<Default>", 1,
	 FINDING_WARNING},
	{"XMLDefault.cnf.xml", "<device>\n" GROUP "</device>", "root", "<device>", 1,
	 FINDING_WARNING},
	{"SEP001122334455.cnf.xml", "<Default>\n" GROUP "</Default>", "root", "<device>", 1,
	 FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation00119>SCCP70.8-3-3S</loadInformation00119>"), "number-padded",
	 "loadInformation119", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation119>SCCP70.8-3-3S</loadInformation119>\n"
		 "<loadInformation119>SCCP70.8-3-3S</loadInformation119>"),
	 "duplicate", "more than once", 4, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation8 model=\"Cisco 7962\">P0S3-8-12-00</loadInformation8>"),
	 "other-model", "loadInformation404", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30018 model=\"Cisco 7962\">SCCP41.8-3-3S</loadInformation30018>"),
	 "other-model", "the number 30018 means the 7961", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", FILE_OF("<loadInformation8>SIP45.9-3-1SR4</loadInformation8>"),
	 "load-model", "no load for the 7940", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006 "
		 "model=\"Cisco\n7970\">SCCP70.8-3-3S</loadInformation30006>"),
	 "model-text", "line end", 3, FINDING_NOTE},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006 model=\"SIP: 7970\">SCCP70.8-3-3S</loadInformation30006>"),
	 "model-text", "SIP: 7970", 3, FINDING_NOTE},
	{"XMLDefault.cnf.xml",
	 "<Default><callManagerGroup><members><member><callManager><ports><ethernetPhonePort>2000"
	 "</ethernetPhonePort></ports><processNodeName><!-- NAME --> "
	 "</processNodeName></callManager>"
	 "</member></members></callManagerGroup></Default>",
	 "node-empty", "processNodeName", 1, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006>term70.default</loadInformation30006>"), "load-term",
	 "list for erased phones", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006>SCCP70.8-3-3S.loads</loadInformation30006>"), "load-suffix",
	 "ends in .loads", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006> SCCP70.8-3-3S</loadInformation30006>"), "load-blank",
	 "holds a blank", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", FILE_OF("<loadInformation30006>SCCP70.8#3</loadInformation30006>"),
	 "load-blank", "#", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006>SCCP70.9-9-9S</loadInformation30006>"), "load-missing",
	 "SCCP70.9-9-9S is not in the firmware folder", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006>SCCP70.8-5-2S</loadInformation30006>"), "load-unfit",
	 "held back", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<loadInformation30006>sccp70.8-3-3s</loadInformation30006>"), "load-case",
	 "is called SCCP70.8-3-3S", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", FILE_OF("<loadInformation4711>X</loadInformation4711>"),
	 "number-unknown", "4711", 3, FINDING_NOTE},
	{"XMLDefault.cnf.xml", FILE_OF("<loadInformationNNN>X</loadInformationNNN>"), "number",
	 "loadInformationNNN", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", FILE_OF("<loadinformation119>SCCP70.8-3-3S</loadinformation119>"),
	 "tag-case", "capital I", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 FILE_OF("<x><loadInformation119>SCCP70.8-3-3S</loadInformation119></x>"), "load-place",
	 "inside <x>", 3, FINDING_WARNING},
	{"XMLDefault.cnf.xml", "<Default></Default>", "group-incomplete", "<callManagerGroup>", 1,
	 FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 "<Default><callManagerGroup><members><member><callManager><processNodeName>x"
	 "</processNodeName></callManager></member></members></callManagerGroup></Default>",
	 "port-missing", "ethernetPhonePort", 1, FINDING_WARNING},
	{"XMLDefault.cnf.xml~", FILE_OF(""), "file-name", "XMLDefault.cnf.xml~", 0, FINDING_NOTE},
	{"XMLDefault.cnf.xml__", FILE_OF(""), "file-name", "XMLDefault.cnf.xml__", 0, FINDING_NOTE},
	{"XMLDefault.cnf.xml.txt", FILE_OF(""), "file-name", ".txt", 0, FINDING_NOTE},
	{"XMLDefault.cnf.xml", "\xef\xbb\xbf" FILE_OF(""), "byte-order-mark", "UTF-8", 1,
	 FINDING_NOTE},
	{"XMLDefault.cnf.xml", "", "empty", "empty", 0, FINDING_WARNING},
	{"XMLDefault.cnf.xml", "not XML at all", "malformed", "broken", 1, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Default>&b;</Default>",
	 "entities", "<!ENTITY", 0, FINDING_WARNING},
	{"XMLDefault.cnf.xml",
	 "<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Default>&a;</Default>",
	 "entities", "not read any further", 0, FINDING_WARNING},
	{"SEP001122334455.cnf.xml",
	 "<device><loadInformation30006>SCCP70.8-3-3S</loadInformation30006></device>",
	 "number-in-device", "without it", 1, FINDING_WARNING},
	{"SEP001122334455.cnf.xml",
	 "<device><loadInformation>SCCP70.8-3-3S.loads</loadInformation></device>", "load-suffix",
	 ".loads", 1, FINDING_WARNING},
};

/* Each mistake alone, and nothing else said than what is wrong. */
static void mistakes(void **state)
{
	struct stock *s = stock_new();

	(void)state;
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	stock_bundle(s, SYNTH_JAVA70, "SCCP70.8-5-2S", "missing:cvm");
	stock_bundle(s, SYNTH_JAVA41, "SCCP41.8-3-3S", NULL);
	stock_bundle(s, SYNTH_JAVA45, "SIP45.9-3-1SR4", NULL);
	stock_bundle(s, SYNTH_LEGACY, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		const struct variant *v = &variants[i];
		struct config_remark r[CONFIG_REMARKS_MAX];
		unsigned n = phone_config_check(v->name, (const uint8_t *)v->text, strlen(v->text),
						&s->models, &s->library, r);

		for (unsigned k = n == 1 ? 1 : 0; k < n; k++)
			print_message("%s: %s %s\n", v->text, r[k].code, r[k].text);
		if (n != 1 || strcmp(r[0].code, v->code) != 0 || !strstr(r[0].text, v->says) ||
		    r[0].line != v->line || r[0].severity != v->severity)
			fail_msg("%s: %u remarks, %s, line %u: %s", v->code, n, n ? r[0].code : "",
				 n ? r[0].line : 0, n ? r[0].text : "");
		assert_int_equal(r[0].text[strlen(r[0].text) - 1], '.');
	}
	stock_free(s);
}

/* As an editor of another system may save it: said, and not called broken XML. */
static void zero_bytes(void **state)
{
	static const char text[] = "\xff\xfe<\0D\0e\0f\0a\0u\0l\0t\0/\0>\0";
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct stock *s = stock_new();

	(void)state;
	assert_int_equal(phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text,
					    sizeof(text) - 1, &s->models, &s->library, r),
			 1);
	assert_string_equal(r[0].code, "encoding");
	assert_non_null(strstr(r[0].text, "Save it as UTF-8 or ASCII."));
	stock_free(s);
}

static void sound_files(void **state)
{
	static const char *const texts[][2] = {
		{"XMLDefault.cnf.xml", FILE_OF("<loadInformation30006 model=\"IP Phone 7970\">"
					       "SCCP70.8-3-3S</loadInformation30006>")},
		{"xmlDefault.CNF.XML", FILE_OF("<loadInformation6  model=\"IP Phone 7910\">"
					       "</loadInformation6>\r\n<authenticationURL/>")},
		{"XMLDefault.cnf.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" FILE_OF("")},
		{"XMLDefault.cnf.xml",
		 FILE_OF("<loadInformation308 model=\"Cisco 7961G-GE\"></loadInformation308>")},
		{"SEP001122334455.cnf.xml",
		 "<device><loadInformation>SCCP70.8-3-3S</loadInformation></device>"},
		{"SEP001122334455.cnf.xml", "<device><devicePool>" GROUP "</devicePool></device>"},
	};
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;

	(void)state;
	models_builtin(&models);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		unsigned n = phone_config_check(texts[i][0], (const uint8_t *)texts[i][1],
						strlen(texts[i][1]), &models, NULL, r);

		if (n != 0)
			fail_msg("%s: %s", texts[i][1], r[0].text);
	}
}

/* Found by fuzzing: a load tag as the outermost one has no tag around it. */
static void load_tag_as_root(void **state)
{
	static const char text[] = "<loadInformation30006D/>";
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;

	(void)state;
	models_builtin(&models);
	assert_int_equal(phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text,
					    strlen(text), &models, NULL, r),
			 2);
	assert_string_equal(r[0].code, "root");
	assert_string_equal(r[1].code, "group-incomplete");
}

static void place_of_a_mistake(void **state)
{
	static const char text[] = "<Default>\n <a>\n  <b></c>\n </a>\n</Default>";
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;

	(void)state;
	models_builtin(&models);
	assert_int_equal(phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text,
					    strlen(text), &models, NULL, r),
			 1);
	assert_int_equal(r[0].line, 3);
	assert_true(r[0].column >= 6 && r[0].column <= 10);
}

/* The '<' of the tag, wherever its attributes end and however long the file before it is. */
static void column_of_a_tag(void **state)
{
	static const struct {
		const char *before;
		unsigned line, column;
	} rows[] = {
		{"<Default>", 1, 10},
		{"<Default>\n", 2, 1},
		{"<Default>\r\n\t  ", 2, 4},
		{"<Default><a b='>'/> <c\n d='e'\n/> ", 3, 4},
	};
	static const char tag[] = "<loadInformation008\n model='x'\n y='z'>P0S3-8-12-00"
				  "</loadInformation008>\n" GROUP "</Default>";
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;

	(void)state;
	models_builtin(&models);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[1024];
		unsigned n;

		text_format(text, sizeof(text), "%s%s", rows[i].before, tag);
		n = phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text, strlen(text),
				       &models, NULL, r);
		assert_true(n >= 1);
		for (unsigned k = 0; k < n; k++) {
			assert_int_equal(r[k].line, rows[i].line);
			assert_int_equal(r[k].column, rows[i].column);
		}
	}
}

/* libxml2 drops what it has read of a large file; the place is counted from what is left. */
static void column_late_in_a_file(void **state)
{
	size_t size = 400000, len;
	char *text = malloc(size);
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;

	(void)state;
	assert_non_null(text);
	models_builtin(&models);
	len = (size_t)snprintf(text, size, "<Default>%s", GROUP);
	while (len < size - 1000)
		len += (size_t)snprintf(text + len, size - len, "   <x y='z'>text</x>\n");
	snprintf(text + len, size - len, "     <loadInformation>X</loadInformation></Default>");
	assert_true(phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text, strlen(text),
				       &models, NULL, r) >= 1);
	assert_string_equal(r[0].code, "no-number");
	assert_true(r[0].line > 15000);
	assert_int_equal(r[0].column, 6);
	free(text);
}

static void sizes(void **state)
{
	static const size_t len[] = {PHONE_CONFIG_MAX - 1, PHONE_CONFIG_MAX, PHONE_CONFIG_MAX + 1};
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;

	(void)state;
	models_builtin(&models);
	for (size_t i = 0; i < ARRAY_LEN(len); i++) {
		static const char file[] = FILE_OF("");
		uint8_t *text = malloc(len[i]);
		unsigned n;

		assert_non_null(text);
		memset(text, ' ', len[i]);
		memcpy(text, file, strlen(file));
		n = phone_config_check("XMLDefault.cnf.xml", text, len[i], &models, NULL, r);
		assert_int_equal(n, i == 0 ? 0 : 1);
		if (n)
			assert_string_equal(r[0].code, "too-large");
		free(text);
	}
}

/* Many mistakes: the first 32. Every prefix, from a copy of exactly its size. */
static void hostile(void **state)
{
	char text[8192] = "<Default>";
	struct config_remark r[CONFIG_REMARKS_MAX];
	struct models models;
	size_t len;

	(void)state;
	models_builtin(&models);
	for (unsigned i = 0; i < 100; i++)
		strcat(text, "<loadInformation01>a b</loadInformation01>");
	strcat(text, "</Default>");
	len = strlen(text);
	assert_int_equal(phone_config_check("XMLDefault.cnf.xml", (const uint8_t *)text, len,
					    &models, NULL, r),
			 CONFIG_REMARKS_MAX);
	snprintf(text, sizeof(text), "%s", FILE_OF("<loadInformation8 model='\xff'>\xc3\xa4</x>"));
	for (size_t n = 0; n <= strlen(text); n++) {
		uint8_t *copy = exact_copy(text, n);
		unsigned count;

		count = phone_config_check("XMLDefault.cnf.xml", copy, n, &models, NULL, r);
		assert_true(count >= 1);
		for (unsigned k = 0; k < count; k++)
			for (const char *p = r[k].text; *p; p++)
				assert_true(*p >= 0x20 && *p <= 0x7e);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(own_output_is_clean),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(zero_bytes),
		cmocka_unit_test(sound_files),
		cmocka_unit_test(load_tag_as_root),
		cmocka_unit_test(place_of_a_mistake),
		cmocka_unit_test(column_of_a_tag),
		cmocka_unit_test(column_late_in_a_file),
		cmocka_unit_test(sizes),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
