/* SPDX-License-Identifier: MIT */
/*
 * Events: every row of the table as a sentence and as JSON, and what happens to names that were
 * chosen to do harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "reflashd/event.h"

struct field_name {
	const char *name, *type;
};

static const struct field_name fields[EVENT_FIELD_COUNT] = {
#define FIELD(id, json, kind, member) {json, #kind},
#include "reflashd/event_fields.def"
#undef FIELD
};

static const struct {
	const char *name;
	int fields[EVENT_FIELD_COUNT + 1]; /* FIELD_x + 1, ends with 0 */
} rows[EVENT_TYPE_COUNT] = {
#define F(id)				     FIELD_##id + 1,
#define EVENT(id, dotted, level, words, ...) {dotted, {__VA_ARGS__ 0}},
#include "reflashd/events.def"
#undef EVENT
#undef F
};

static const char *const head[] = {"seq", "time", "event", "severity", "text"};

static void set(struct event *e, enum event_field field)
{
	const char *type = fields[field].type;

	if (strcmp(type, "MAC") == 0)
		event_set_mac(e, (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}});
	else if (strcmp(type, "IP") == 0)
		event_set_ip(e, field, 0x0a4f4633);
	else if (strcmp(type, "NUMBER") == 0)
		event_set_number(e, field, 1204112);
	else if (strcmp(type, "TRUTH") == 0)
		event_set_truth(e, field, true);
	else if (strcmp(type, "LIST") == 0)
		event_set_text(e, field, "7970\n7971");
	else
		event_set_text(e, field, "word");
}

static void check_value(const json_t *value, enum event_field field)
{
	const char *type = fields[field].type;

	if (strcmp(type, "MAC") == 0) {
		assert_string_equal(json_string_value(value), "00:1b:54:ca:01:02");
	} else if (strcmp(type, "IP") == 0) {
		assert_string_equal(json_string_value(value), "10.79.70.51");
	} else if (strcmp(type, "NUMBER") == 0) {
		assert_true(json_is_integer(value));
		assert_int_equal(json_integer_value(value), 1204112);
	} else if (strcmp(type, "TRUTH") == 0) {
		assert_true(json_is_true(value));
	} else if (strcmp(type, "LIST") == 0) {
		assert_int_equal(json_array_size(value), 2);
		assert_string_equal(json_string_value(json_array_get(value, 1)), "7971");
	} else {
		assert_string_equal(json_string_value(value), "word");
	}
}

static void assert_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		assert_in_range((unsigned char)*p, 0x20, 0x7e);
}

/* The line back as an object, after a look at its bytes. */
static json_t *parse(const struct event *e)
{
	char *line = event_json(e);
	json_error_t error;
	json_t *object;

	assert_non_null(line);
	assert_plain(line);
	object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(object);
	free(line);
	return object;
}

static void check_row(enum event_type type, bool filled)
{
	struct event e;
	char text[1024];
	json_t *object, *value;
	const char *key;
	unsigned n = 0;

	event_init(&e, type);
	for (unsigned i = 0; filled && rows[type].fields[i]; i++)
		set(&e, (enum event_field)(rows[type].fields[i] - 1));
	assert_true(event_text(&e, text, sizeof(text)) == strlen(text) && text[0]);
	assert_null(strchr(text, '{'));
	assert_plain(text);
	object = parse(&e);
	json_object_foreach(object, key, value)
	{
		if (n < 5) {
			assert_string_equal(key, head[n]);
		} else {
			int field = rows[type].fields[n - 5] - 1;

			assert_true(field >= 0);
			assert_string_equal(key, fields[field].name);
			if (filled)
				check_value(value, (enum event_field)field);
			else
				assert_true(json_is_null(value));
		}
		n++;
	}
	assert_int_equal(rows[type].fields[n - 5], 0); /* none is missing */
	assert_string_equal(json_string_value(json_object_get(object, "event")), rows[type].name);
	assert_string_equal(json_string_value(json_object_get(object, "text")), text);
	assert_string_equal(json_string_value(json_object_get(object, "severity")),
			    event_severity_name(e.severity));
	json_decref(object);
}

static void every_row(void **state)
{
	(void)state;
	for (unsigned t = 0; t < EVENT_TYPE_COUNT; t++) {
		check_row((enum event_type)t, true);
		check_row((enum event_type)t, false);
	}
}

static void golden_lines(void **state)
{
	struct event e;
	char *line;

	(void)state;
	event_init(&e, EVENT_TFTP_COMPLETE);
	e.seq = 42;
	e.wall_ms = INT64_C(1795229824123);
	event_set_mac(&e, (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}});
	event_set_ip(&e, FIELD_IP, 0x0a4f4633);
	event_set_text(&e, FIELD_FILE, "jar70sccp.8-3-2-27.sbn");
	event_set_number(&e, FIELD_BYTES, 1204112);
	event_set_number(&e, FIELD_MS, 950);
	line = event_json(&e);
	assert_string_equal(
		line,
		"{\"seq\":42,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"tftp.complete\","
		"\"severity\":\"info\",\"text\":\"00:1b:54:ca:01:02 has jar70sccp.8-3-2-27.sbn: "
		"1,204,112 bytes in 950 ms.\",\"mac\":\"00:1b:54:ca:01:02\",\"ip\":\"10.79.70.51\","
		"\"file\":\"jar70sccp.8-3-2-27.sbn\",\"bytes\":1204112,\"ms\":950,\"resent\":"
		"null,\"confirmed\":null}");
	free(line);

	event_init(&e, EVENT_FIRMWARE_BUNDLE);
	e.seq = 1;
	event_set_text(&e, FIELD_LOAD, "SCCP70.8-3-3S");
	event_set_text(&e, FIELD_MODELS, "7970\n7971");
	event_set_text(&e, FIELD_MISSING, "");
	event_set_truth(&e, FIELD_COMPLETE, false);
	event_set_text(&e, FIELD_SOURCE, "B\xc3\xbcro");
	line = event_json(&e);
	assert_string_equal(
		line,
		"{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"firmware.bundle\","
		"\"severity\":\"notice\",\"text\":\"Firmware SCCP70.8-3-3S from "
		"B\\\\xc3\\\\xbcro.\",\"load\":\"SCCP70.8-3-3S\",\"models\":[\"7970\",\"7971\"],"
		"\"files\":null,\"missing\":[],\"complete\":false,\"signature\":null,"
		"\"generation\":null,\"source\":\"B\\\\xc3\\\\xbcro\"}");
	free(line);
}

static void phone_is_mac_else_ip(void **state)
{
	struct event e;
	char text[128];

	(void)state;
	event_init(&e, EVENT_TFTP_REQUEST);
	event_set_text(&e, FIELD_FILE, "x");
	event_text(&e, text, sizeof(text));
	assert_string_equal(text, "An unknown phone asks for x.");
	event_set_ip(&e, FIELD_IP, 0x0a4f4633);
	event_text(&e, text, sizeof(text));
	assert_string_equal(text, "10.79.70.51 asks for x.");
	event_set_mac(&e, (struct mac){{2, 0, 0, 0, 0, 0xff}});
	event_text(&e, text, sizeof(text));
	assert_string_equal(text, "02:00:00:00:00:ff asks for x.");
	event_say(&e, "%s", "a better one");
	event_text(&e, text, sizeof(text));
	assert_string_equal(text, "a better one");
}

static void numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
		json_int_t json;
	} cases[] = {
		{0, "0", 0},
		{999, "999", 999},
		{1000, "1,000", 1000},
		{999999, "999,999", 999999},
		{1000000, "1,000,000", 1000000},
		{UINT64_MAX, "18,446,744,073,709,551,615", INT64_MAX}, /* jansson has no more */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct event e;
		char text[128], expected[128];
		json_t *object;

		event_init(&e, EVENT_TFTP_START);
		event_set_text(&e, FIELD_FILE, "f");
		event_set_number(&e, FIELD_SIZE, cases[i].value);
		event_text(&e, text, sizeof(text));
		snprintf(expected, sizeof(expected), "An unknown phone fetches f (%s bytes).",
			 cases[i].text);
		assert_string_equal(text, expected);
		object = parse(&e);
		assert_int_equal(json_integer_value(json_object_get(object, "size")),
				 cases[i].json);
		json_decref(object);
	}
}

static void times(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{INT64_MIN, "1970-01-01T00:00:00.000Z"},
		{-1, "1970-01-01T00:00:00.000Z"},
		{1, "1970-01-01T00:00:00.001Z"},
		{INT64_C(951825599999), "2000-02-29T11:59:59.999Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct event e;
		json_t *object;

		event_init(&e, EVENT_DAEMON_STOP);
		e.wall_ms = cases[i].ms;
		object = parse(&e);
		assert_string_equal(json_string_value(json_object_get(object, "time")),
				    cases[i].text);
		json_decref(object);
	}
}

/* Whichever way a byte comes in, no control byte and nothing beyond ASCII comes out. */
static void hostile_names(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t bytes[] = {'a', (uint8_t)c, 'b'};
		char words[] = {'a', (char)c, 'b', 0};
		struct event e;
		char text[600];
		json_t *object;

		event_init(&e, EVENT_TFTP_REFUSED);
		event_set_bytes(&e, FIELD_FILE, bytes, sizeof(bytes));
		event_set_text(&e, FIELD_REASON, words);
		assert_plain(e.file);
		assert_plain(e.reason);
		event_text(&e, text, sizeof(text));
		assert_plain(text);
		object = parse(&e);
		assert_string_equal(json_string_value(json_object_get(object, "file")), e.file);
		json_decref(object);
		event_say(&e, "%s {file}", words);
		event_text(&e, text, sizeof(text));
		assert_plain(text);
		object = parse(&e);
		json_decref(object);
	}
}

static void escapes_once(void **state)
{
	struct event e;

	(void)state;
	event_init(&e, EVENT_TFTP_REFUSED);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)"\x1b[2J\\", 5);
	assert_string_equal(e.file, "\\x1b[2J\\\\");
	event_set_text(&e, FIELD_REASON, e.file); /* what is escaped stays as it is */
	assert_string_equal(e.reason, "\\x1b[2J\\\\");
	event_set_text(&e, FIELD_REASON, NULL); /* changes nothing */
	assert_string_equal(e.reason, "\\x1b[2J\\\\");
	event_init(&e, EVENT_TFTP_REFUSED);
	event_set_text(&e, FIELD_REASON, NULL);
	assert_false(event_has(&e, FIELD_REASON));
	assert_string_equal(e.reason, "");
}

/* Somebody wrote into the struct by hand: still one clean line. */
static void bytes_behind_the_setters(void **state)
{
	struct event e;
	json_t *object;

	(void)state;
	event_init(&e, EVENT_DAEMON_STOP);
	memcpy(e.reason, "\xff\x1b", 3);
	e.present |= (uint64_t)1 << FIELD_REASON;
	object = parse(&e);
	assert_string_equal(json_string_value(json_object_get(object, "reason")), "\?\?");
	json_decref(object);
}

static void too_long(void **state)
{
	static char many[4096];
	struct event e;

	(void)state;
	memset(many, 'a', sizeof(many) - 1);
	for (unsigned f = 0; f < EVENT_FIELD_COUNT; f++) {
		if (strcmp(fields[f].type, "TEXT") != 0)
			continue;
		event_init(&e, EVENT_DAEMON_NOTE);
		event_set_text(&e, (enum event_field)f, many); /* ASan watches the struct's end */
		event_set_bytes(&e, (enum event_field)f, (const uint8_t *)many, sizeof(many));
	}
	/* min-1 … max+1 around char reason[256] */
	for (size_t len = 252; len <= 258; len++) {
		event_init(&e, EVENT_DAEMON_NOTE);
		event_set_format(&e, FIELD_REASON, "%.*s", (int)len, many);
		assert_int_equal(strlen(e.reason), len <= 255 ? len : 255);
		assert_string_equal(e.reason + strlen(e.reason) - 3, len <= 255 ? "aaa" : "...");
	}
	/* an escape is never cut in two */
	memset(many, 0x1b, 255);
	event_set_text(&e, FIELD_FILE, "kept"); /* the next member of the struct */
	for (int lead = 0; lead < 4; lead++) {
		event_set_format(&e, FIELD_REASON, "%.*s%s", lead, "aaa", many);
		assert_string_equal(e.reason + strlen(e.reason) - 7, "\\x1b...");
		assert_string_equal(e.file, "kept");
	}
	event_say(&e, "%s", many);
	assert_string_equal(e.text + strlen(e.text) - 7, "\\x1b...");
}

static void lists(void **state)
{
	struct event e;
	char many[2000] = "";
	size_t n;
	json_t *object, *array;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%scvm70sccp.%u.sbn",
			 i ? "\n" : "", 100 + i);
	event_init(&e, EVENT_FIRMWARE_BUNDLE);
	event_set_text(&e, FIELD_MISSING, many); /* 1,799 bytes into char[1024] */
	object = parse(&e);
	array = json_object_get(object, "missing");
	n = json_array_size(array);
	assert_in_range(n, 50, 99);
	assert_string_equal(json_string_value(json_array_get(array, n - 1)), "...");
	assert_int_equal(strlen(json_string_value(json_array_get(array, n - 2))), 17);
	json_decref(object);

	event_set_text(&e, FIELD_MISSING, "\none\n\ntwo\n");
	object = parse(&e);
	assert_int_equal(json_array_size(json_object_get(object, "missing")), 2);
	json_decref(object);
}

static void small_buffers(void **state)
{
	struct event e;
	char whole[1024];

	(void)state;
	event_init(&e, EVENT_TFTP_COMPLETE);
	for (unsigned i = 0; rows[e.type].fields[i]; i++)
		set(&e, (enum event_field)(rows[e.type].fields[i] - 1));
	event_text(&e, whole, sizeof(whole));
	for (size_t size = 1; size <= strlen(whole) + 2; size++) {
		char *out = malloc(size);
		size_t len = event_text(&e, out, size);

		assert_int_equal(len, size - 1 < strlen(whole) ? size - 1 : strlen(whole));
		assert_int_equal(strlen(out), len);
		assert_memory_equal(out, whole, len);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(golden_lines),
		cmocka_unit_test(phone_is_mac_else_ip),
		cmocka_unit_test(numbers),
		cmocka_unit_test(times),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(escapes_once),
		cmocka_unit_test(bytes_behind_the_setters),
		cmocka_unit_test(too_long),
		cmocka_unit_test(lists),
		cmocka_unit_test(small_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
