/* SPDX-License-Identifier: MIT */
/*
 * What is not there: the interface, when it was taken away, and phones that had to make room on the
 * board. Both are said, in numbers and words, wherever the board is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/board_json.h"
#include "reflashd/view.h"

#define T0 INT64_C(1763690400000)

struct rig {
	struct board *b;
	struct event e;
	int64_t now;
	char text[VIEW_TEXT_MAX], report[65536];
	unsigned lines;
	uint16_t columns[VIEW_HEIGHT_MOST];
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	must(r);
	r->b = malloc(sizeof(*r->b)); /* not from calloc(): board_init() is all it needs */
	must(r->b);
	memset(r->b, 0xa5, sizeof(*r->b));
	board_init(r->b);
	r->now = T0;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	free(r->b);
	free(r);
	return 0;
}

static struct mac mac_of(unsigned n)
{
	return (struct mac){{0x00, 0x1b, 0x54, 0xca, (uint8_t)(n >> 8), (uint8_t)n}};
}

static void apply(struct rig *r)
{
	r->e.wall_ms = ++r->now;
	board_apply(r->b, &r->e);
}

static void stage(struct rig *r, unsigned n, const char *name)
{
	event_init(&r->e, EVENT_PHONE_STAGE);
	event_set_mac(&r->e, mac_of(n));
	event_set_text(&r->e, FIELD_STAGE, name);
	apply(r);
}

static void recovered(struct rig *r, unsigned n)
{
	event_init(&r->e, EVENT_PHONE_RECOVERED);
	event_set_mac(&r->e, mac_of(n));
	event_set_text(&r->e, FIELD_PROOF, "cdp");
	apply(r);
}

static const struct board_phone *phone(struct rig *r, unsigned n)
{
	const struct board_phone *p = board_find(r->b, mac_of(n));

	assert_non_null(p);
	return p;
}

static void link_is(struct rig *r, bool up)
{
	event_init(&r->e, EVENT_NETWORK_LINK);
	event_set_text(&r->e, FIELD_INTERFACE, "lan0");
	event_set_truth(&r->e, FIELD_UP, up);
	apply(r);
}

static void note(struct rig *r, enum event_severity severity, const char *code, const char *reason)
{
	event_init(&r->e, EVENT_DAEMON_NOTE);
	event_set_text(&r->e, FIELD_CODE, code);
	r->e.severity = severity;
	event_set_text(&r->e, FIELD_REASON, reason);
	apply(r);
}

static void status_has(struct rig *r, const char *words)
{
	char *text = board_status_json(r->b);

	if (!strstr(text, words))
		fail_msg("no %s in %s", words, text);
	free(text);
}

static void draw(struct rig *r, unsigned width)
{
	struct view v = {.width = width, .height = 24, .now_ms = T0 + 65000};

	view_live(r->b, &v, r->text, sizeof(r->text), &r->lines, r->columns);
}

static void shows(struct rig *r, const char *text)
{
	draw(r, 80);
	if (!strstr(r->text, text))
		fail_msg("no `%s' in:\n%s", text, r->text);
}

static void put(void *ctx, const char *line, size_t len)
{
	struct rig *r = ctx;

	assert_true(strlen(r->report) + len < sizeof(r->report));
	memcpy(r->report + strlen(r->report), line, len + 1);
}

/* Pulled out, there again and of no use yet, there; and what was said of it is over then. */
static void interface_gone(void **state)
{
	struct rig *r = *state;

	status_has(r, "\"interface_gone\":false,\"interface_failed\":false,");
	link_is(r, false);
	assert_false(r->b->interface_gone);
	note(r, SEVERITY_ERROR, "interface-gone", "The interface lan0 is gone.");
	assert_string_equal(r->b->notice, "The interface lan0 is gone.");
	status_has(r, "\"link\":false,\"interface_gone\":true,\"interface_failed\":false,");
	note(r, SEVERITY_NOTICE, "interface-back", "It is back.");
	note(r, SEVERITY_ERROR, "interface-failed", "It cannot be used.");
	status_has(r, "\"interface_gone\":false,\"interface_failed\":true,");
	link_is(r, true);
	status_has(r, "\"link\":true,\"interface_gone\":false,\"interface_failed\":false,");
	assert_string_equal(r->b->notice, "");
	note(r, SEVERITY_ERROR, "interface-gone", "Gone.");
	event_init(&r->e, EVENT_DAEMON_START);
	apply(r);
	assert_false(r->b->interface_gone);
}

/* What was said of something else is not over. */
static void other_notices_stay(void **state)
{
	struct rig *r = *state;

	note(r, SEVERITY_WARNING, "state-not-saved", "Nothing can be kept.");
	note(r, SEVERITY_DEBUG, "interface-gone", "Gone for the tenth time.");
	assert_true(r->b->interface_gone);
	assert_string_equal(r->b->notice, "Nothing can be kept.");
	link_is(r, false);
	assert_false(r->b->interface_gone);
	assert_string_equal(r->b->notice, "Nothing can be kept.");
	note(r, SEVERITY_ERROR, "interface-gone", "Gone.");
	note(r, SEVERITY_WARNING, "state-not-saved", "Nothing can be kept.");
	link_is(r, true);
	assert_string_equal(r->b->notice, "Nothing can be kept.");
}

/* Without and with phones, and on a narrow terminal, too. */
static void interface_gone_on_screen(void **state)
{
	struct rig *r = *state;

	link_is(r, false);
	shows(r, "waiting for the cable");
	note(r, SEVERITY_ERROR, "interface-gone", "Gone.");
	shows(r, "-- lan0 is gone: plug its adapter in again ---");
	shows(r, "waiting for the interface");
	note(r, SEVERITY_ERROR, "interface-failed", "Failed.");
	shows(r, "-- lan0 is back, and cannot be used yet ---");
	shows(r, "waiting for the interface");
	link_is(r, false);
	stage(r, 1, "seen");
	stage(r, 2, "seen");
	shows(r, " NO CABLE, 2 phones");
	note(r, SEVERITY_ERROR, "interface-gone", "Gone.");
	shows(r, " NO INTERFACE, 2 phones");
	draw(r, 30);
	assert_non_null(strstr(r->text, "-- lan0 is gone: plug its ad"));
	event_init(&r->e, EVENT_DAEMON_STOP);
	apply(r);
	draw(r, 80);
	assert_null(strstr(r->text, "gone"));
	assert_null(strstr(r->text, "NO INTERFACE"));
}

/* Full: who was silent for longest goes, and everybody else is still found. */
static void full(void **state)
{
	struct rig *r = *state;

	for (unsigned n = 0; n < BOARD_PHONES_MAX; n++)
		stage(r, n, "seen");
	recovered(r, 1); /* news of phone 1 */
	recovered(r, 0);
	assert_int_equal(r->b->recovered, 2);
	for (unsigned n = 0; n < BOARD_PHONES_MAX - 2; n++) {
		stage(r, 5000 + n, "seen");
		assert_null(board_find(r->b, mac_of(n + 2)));
	}
	assert_int_equal(r->b->recovered, 2);
	assert_int_equal(r->b->count, BOARD_PHONES_MAX);
	assert_int_equal(r->b->away_count, BOARD_PHONES_MAX - 2);
	phone(r, 0);
	for (unsigned n = 0; n < BOARD_PHONES_MAX - 2; n++)
		phone(r, 5000 + n);
	stage(r, 9000, "seen");
	assert_null(board_find(r->b, mac_of(1)));
	assert_int_equal(r->b->away_count, BOARD_PHONES_MAX - 1);
	assert_int_equal(r->b->recovered, 2);
	status_has(r, "\"phones\":2047,\"recovered\":2,\"not_shown\":1023,");
	/* News of it: it stands there again, once, and is still proven. Somebody else goes. */
	stage(r, 1, "leased");
	assert_string_equal(phone(r, 1)->proof, "unknown");
	stage(r, 2, "leased");
	assert_string_equal(phone(r, 2)->proof, "");
	assert_int_equal(r->b->away_count, BOARD_PHONES_MAX - 1);
	assert_int_equal(r->b->recovered, 2);
	status_has(r, "\"phones\":2047,\"recovered\":2,\"not_shown\":1023,");
}

/* Even more: who made room first is forgotten, with what was known of it. */
static void overfull(void **state)
{
	struct rig *r = *state;

	recovered(r, 1);
	for (unsigned n = 2; n <= BOARD_PHONES_MAX + BOARD_AWAY_MAX; n++)
		stage(r, n, "seen");
	assert_int_equal(r->b->away_count, BOARD_AWAY_MAX);
	assert_int_equal(r->b->recovered, 1);
	stage(r, 20000, "seen");
	assert_int_equal(r->b->away_count, BOARD_AWAY_MAX);
	assert_int_equal(r->b->recovered, 0);
	stage(r, 1, "seen");
	assert_string_equal(phone(r, 1)->proof, "");
}

/* On the screen and in the report. */
static void too_many_on_screen(void **state)
{
	struct rig *r = *state;

	event_init(&r->e, EVENT_DAEMON_READY);
	apply(r);
	for (unsigned n = 0; n < BOARD_PHONES_MAX + 76; n++)
		stage(r, n, "leased");
	shows(r, " 1100 phones, 0 recovered");
	shows(r, "... and 1081 more: 1005 has an address, 76 with older news");
	view_report(r->b, 80, false, put, r);
	assert_non_null(strstr(r->report, "1100 phones were seen, 0 of them recovered:"));
	assert_non_null(strstr(r->report, "... and 1000 more."));
	assert_non_null(strstr(r->report, "In all: 1100 phones, 0 recovered."));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(interface_gone), T(other_notices_stay), T(interface_gone_on_screen),
		T(full),	   T(overfull),		  T(too_many_on_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
