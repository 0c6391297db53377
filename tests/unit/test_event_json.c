/* SPDX-License-Identifier: MIT */
/*
 * Events read back from their JSON line: all of them come back as they were, and what is no event
 * is refused with a reason, leaving nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "exact.h"
#include "reflashd/event.h"

static const char *const types[EVENT_FIELD_COUNT] = {
#define FIELD(id, json, kind, member) #kind,
#include "reflashd/event_fields.def"
#undef FIELD
};

static const int rows[EVENT_TYPE_COUNT][EVENT_FIELD_COUNT + 1] = {
#define F(id)				     FIELD_##id + 1,
#define EVENT(id, dotted, level, words, ...) {__VA_ARGS__ 0},
#include "reflashd/events.def"
#undef EVENT
#undef F
};

/* A value that no other field has. */
static void set(struct event *e, enum event_field field)
{
	const char *type = types[field];
	static const uint8_t wire[] = "a\\b\x1b[31m\xff";

	if (strcmp(type, "MAC") == 0)
		event_set_mac(e, (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}});
	else if (strcmp(type, "IP") == 0)
		event_set_ip(e, field, 0xfffefd00u + field);
	else if (strcmp(type, "NUMBER") == 0)
		event_set_number(e, field, field == FIELD_SCHEMA ? 1 : INT64_MAX - field);
	else if (strcmp(type, "TRUTH") == 0)
		event_set_truth(e, field, true);
	else if (strcmp(type, "LIST") == 0)
		event_set_text(e, field, "7970\n7971\nx");
	else if (field == FIELD_FILE)
		event_set_bytes(e, field, wire, sizeof(wire) - 1);
	else
		event_set_format(e, field, "w%u", field);
}

static void same(const struct event *a, const struct event *b)
{
	char one[1024], two[1024];
	char *first = event_json(a), *second = event_json(b);

	assert_string_equal(first, second);
	free(first);
	free(second);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->severity, b->severity);
	assert_true(a->present == b->present);
	assert_true(a->seq == b->seq && a->wall_ms == b->wall_ms);
	event_text(a, one, sizeof(one));
	event_text(b, two, sizeof(two));
	assert_string_equal(one, two);
#define FIELD(id, json, kind, member)                                                              \
	if (event_has(a, FIELD_##id))                                                              \
		assert_memory_equal(&a->member, &b->member, SAME_##kind(a->member));
#define SAME_MAC(m)    sizeof(m)
#define SAME_IP(m)     sizeof(m)
#define SAME_NUMBER(m) sizeof(m)
#define SAME_TRUTH(m)  sizeof(m)
#define SAME_TEXT(m)   (strlen((const char *)&(m)) + 1)
#define SAME_LIST(m)   (strlen((const char *)&(m)) + 1)
#include "reflashd/event_fields.def"
#undef FIELD
}

static void round_trip(struct event *e)
{
	struct event back;
	struct fault f;
	char *line = event_json(e);

	assert_non_null(line);
	memset(&back, 0x5a, sizeof(back));
	f.text[0] = 0;
	if (event_from_json(&back, line, strlen(line), &f) != 0)
		fail_msg("%s: %s", f.text, line);
	same(e, &back);
	free(line);
}

static void every_event(void **state)
{
	(void)state;
	for (unsigned t = 0; t < EVENT_TYPE_COUNT; t++) {
		struct event e;

		event_init(&e, (enum event_type)t);
		round_trip(&e);
		for (unsigned i = 0; rows[t][i]; i++) { /* each alone, then all */
			event_init(&e, (enum event_type)t);
			set(&e, (enum event_field)(rows[t][i] - 1));
			round_trip(&e);
		}
		event_init(&e, (enum event_type)t);
		for (unsigned i = 0; rows[t][i]; i++)
			set(&e, (enum event_field)(rows[t][i] - 1));
		e.seq = INT64_MAX;
		e.wall_ms = INT64_C(1763690224123);
		e.severity = SEVERITY_ERROR;
		round_trip(&e);
	}
}

static void times(void **state)
{
	static const int64_t ms[] = {0,
				     1,
				     999,
				     INT64_C(951782400000) - 1, /* 29 February 2000 */
				     INT64_C(951782400000),
				     INT64_C(951868800000),
				     INT64_C(4107542399999), /* 2100 has none */
				     INT64_C(4107542400000),
				     INT64_C(253402300799999)};
	struct event e;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ms); i++) {
		event_init(&e, EVENT_DAEMON_STOP);
		e.wall_ms = ms[i];
		round_trip(&e);
	}
	for (int64_t day = 0; day < 80000; day += 13) {
		event_init(&e, EVENT_DAEMON_STOP);
		e.wall_ms = day * 86400000 + day * 7919;
		round_trip(&e);
	}
}

/* A sentence as long as it can be, with an address at its head. */
static void long_text(void **state)
{
	struct event e;
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	event_init(&e, EVENT_PHONE_ADVICE);
	event_set_mac(&e, (struct mac){{1, 2, 3, 4, 5, 6}});
	event_say(&e, "{phone} %s", text);
	round_trip(&e);
	event_set_text(&e, FIELD_OBSERVATION, text);
	round_trip(&e);
	event_init(&e, EVENT_FIRMWARE_BUNDLE);
	for (unsigned i = 1; i < sizeof(text) - 1; i += 3)
		text[i] = '\n';
	event_set_text(&e, FIELD_MISSING, text);
	round_trip(&e);
}

#define HEAD                                                                                       \
	"\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"tftp.complete\","             \
	"\"severity\":\"info\",\"text\":\"x\""

static const struct {
	const char *line;
	int err;
} lines[] = {
	{"{" HEAD "}", 0},
	{" {" HEAD "} ", 0},
	{"{" HEAD ",\"of\":{\"later\":[1,{}]},\"bytes\":null}", 0},
	{"{" HEAD ",\"bytes\":7}", 0},
	{"{" HEAD ",\"stage\":7}", 0}, /* not one of its fields */
	{"", -EBADMSG},
	{"null", -EBADMSG},
	{"[]", -EBADMSG},
	{"{}", -EBADMSG},
	{"{" HEAD "}}", -EBADMSG},
	{"{" HEAD "} {" HEAD "}", -EBADMSG},
	{"{" HEAD ",\"seq\":1}", -EBADMSG}, /* twice */
	{"{" HEAD ",\"bytes\":-1}", -EBADMSG},
	{"{" HEAD ",\"bytes\":1.5}", -EBADMSG},
	{"{" HEAD ",\"bytes\":\"1\"}", -EBADMSG},
	{"{" HEAD ",\"bytes\":99999999999999999999}", -EBADMSG},
	{"{" HEAD ",\"confirmed\":1}", -EBADMSG},
	{"{" HEAD ",\"file\":1}", -EBADMSG},
	{"{" HEAD ",\"file\":\"a\\u0000b\"}", -EBADMSG},
	{"{" HEAD ",\"file\":\"a\xff\"}", -EBADMSG},
	{"{" HEAD ",\"mac\":\"00:1B:54:ca:01:02\"}", -EBADMSG},
	{"{" HEAD ",\"mac\":\"nobody\"}", -EBADMSG},
	{"{" HEAD ",\"ip\":\"1.2.3\"}", -EBADMSG},
	{"{" HEAD ",\"ip\":1}", -EBADMSG},
	{"{" HEAD, -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-31T02:57:04.123Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"info\",\"text\":\"x\"}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-21 02:57:04.123Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"info\",\"text\":\"x\"}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"loud\",\"text\":\"x\"}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"info\",\"text\":null}",
	 -EBADMSG},
	{"{\"seq\":null,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"info\",\"text\":\"x\"}",
	 -EBADMSG},
	{"{\"event\":\"phone.sings\"}", -ENOENT},
	{"{\"event\":7}", -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"daemon.start\","
	 "\"severity\":\"info\",\"text\":\"x\",\"schema\":2}",
	 -ENOENT},
	{"{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"firmware.bundle\","
	 "\"severity\":\"info\",\"text\":\"x\",\"models\":[1]}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"firmware.bundle\","
	 "\"severity\":\"info\",\"text\":\"x\",\"models\":\"7970\"}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"1969-12-31T23:59:59.999Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"info\",\"text\":\"x\"}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-13-01T00:00:00.000Z\",\"event\":\"daemon.stop\","
	 "\"severity\":\"info\",\"text\":\"x\"}",
	 -EBADMSG},
	{"{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\",\"event\":\"firmware.bundle\","
	 "\"severity\":\"info\",\"text\":\"x\",\"models\":[\"a\\nb\"]}",
	 -EBADMSG},
};

static int read_copy(struct event *e, const char *line, size_t len)
{
	char *copy = exact_copy(line, len);
	struct fault f = {.text = ""};
	int err;

	err = event_from_json(e, copy, len, &f);
	free(copy);
	assert_true(!err || *f.text);
	for (const char *p = f.text; *p; p++)
		assert_in_range((unsigned char)*p, 0x20, 0x7e);
	return err;
}

static void what_is_no_event(void **state)
{
	struct event e, before;

	(void)state;
	memset(&before, 0x77, sizeof(before));
	for (unsigned i = 0; i < ARRAY_LEN(lines); i++) {
		int err;

		memcpy(&e, &before, sizeof(e));
		err = read_copy(&e, lines[i].line, strlen(lines[i].line));
		if (err != lines[i].err)
			fail_msg("%d, not %d: %s", err, lines[i].err, lines[i].line);
		if (err)
			assert_memory_equal(&e, &before, sizeof(e));
	}
	for (size_t n = 0; n < strlen(lines[0].line); n++)
		assert_int_equal(read_copy(&e, lines[0].line, n), -EBADMSG);
}

static void hostile(void **state)
{
	static char line[EVENT_LINE_MAX + 2];
	struct event e;
	char text[1024];
	const char *dirty = "{\"seq\":1,\"time\":\"2026-11-21T02:57:04.123Z\","
			    "\"event\":\"phone.stage\",\"severity\":\"info\","
			    "\"text\":\"\\u001b[2J \xc3\xa4 {phone}\",\"stage\":\"\\r\\n\"}";

	(void)state;
	memset(line, '[', sizeof(line));
	assert_int_equal(read_copy(&e, line, EVENT_LINE_MAX), -EBADMSG);
	assert_int_equal(read_copy(&e, line, EVENT_LINE_MAX + 1), -EBADMSG);
	for (size_t i = 0; i + 5 < sizeof(line); i += 5)
		memcpy(line + i, "{\"a\":", 5);
	assert_int_equal(read_copy(&e, line, EVENT_LINE_MAX), -EBADMSG);
	/* The longest line that is taken. */
	snprintf(line, sizeof(line), "{" HEAD ",\"later\":\"");
	memset(line + strlen(line), 'x', sizeof(line) - 1 - strlen(line));
	memcpy(line + EVENT_LINE_MAX - 2, "\"}", 3);
	assert_int_equal(read_copy(&e, line, EVENT_LINE_MAX), 0);
	memcpy(line + EVENT_LINE_MAX - 2, "x\"}", 3);
	assert_int_equal(read_copy(&e, line, EVENT_LINE_MAX + 1), -EBADMSG);
	/* What would drive a terminal is shown, not done. */
	assert_int_equal(read_copy(&e, dirty, strlen(dirty)), 0);
	event_text(&e, text, sizeof(text));
	assert_string_equal(text, "\\x1b[2J \\xc3\\xa4 {phone}");
	assert_string_equal(e.stage, "\\x0d\\x0a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event), cmocka_unit_test(times),
		cmocka_unit_test(long_text),   cmocka_unit_test(what_is_no_event),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
