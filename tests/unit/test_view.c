/* SPDX-License-Identifier: MIT */
/*
 * What a person sees: golden pictures of the live view and the report, and for every size and
 * every hostile word: no line reaches the edge, no byte is but printable or ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/view.h"

#define T0 INT64_C(1763690400000)

struct rig {
	struct board *b;
	struct event e;
	char text[VIEW_TEXT_MAX];
	char picture[65536];
	size_t len;
	unsigned lines;
	uint16_t columns[VIEW_HEIGHT_MOST];
};

static struct event *begin(struct rig *r, enum event_type type, unsigned phone)
{
	event_init(&r->e, type);
	if (phone)
		event_set_mac(&r->e, (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, (uint8_t)phone}});
	return &r->e;
}

static void apply(struct rig *r, int64_t seconds)
{
	r->e.wall_ms = T0 + seconds * 1000;
	board_apply(r->b, &r->e);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	must(r);
	r->b = malloc(sizeof(*r->b));
	must(r->b);
	board_init(r->b);
	event_set_text(begin(r, EVENT_DAEMON_START, 0), FIELD_VERSION, "0.1.0");
	apply(r, 0);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const load[] = {"SCCP70.8-3-3S", "SCCP70.9-4-2SR3-1S",
						   "SIP42.9-4-2SR3-1S"};

		event_set_text(begin(r, EVENT_FIRMWARE_BUNDLE, 0), FIELD_LOAD, load[i]);
		event_set_truth(&r->e, FIELD_COMPLETE, i != 1);
		apply(r, 0);
	}
	event_set_text(begin(r, EVENT_DAEMON_READY, 0), FIELD_INTERFACE, "eth0");
	event_set_text(&r->e, FIELD_ADDRESS, "10.79.70.1/24");
	apply(r, 1);
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

static void stage(struct rig *r, unsigned n, const char *name, int64_t seconds)
{
	event_set_text(begin(r, EVENT_PHONE_STAGE, n), FIELD_STAGE, name);
	event_set_text(&r->e, FIELD_MODEL, n % 3 ? "7970" : "7942");
	if (strcmp(name, "seen") != 0 && strcmp(name, "leased") != 0)
		event_set_text(&r->e, FIELD_LOAD, n % 3 ? "SCCP70.8-3-3S" : "SIP42.9-4-2SR3-1S");
	if (strcmp(name, "leased") == 0)
		event_set_ip(&r->e, FIELD_IP, 0x0a4f4632 + n);
	apply(r, seconds);
}

static void progress(struct rig *r, unsigned n, uint64_t bytes, uint64_t seconds_left)
{
	event_set_text(begin(r, EVENT_PHONE_PROGRESS, n), FIELD_FILE, "cvm70sccp.8-3-3-17.sbn");
	event_set_number(&r->e, FIELD_DONE, bytes / 1500000);
	event_set_number(&r->e, FIELD_FILES, 7);
	event_set_number(&r->e, FIELD_BYTES, bytes);
	event_set_number(&r->e, FIELD_SIZE, 10126500);
	if (seconds_left)
		event_set_number(&r->e, FIELD_SECONDS, seconds_left);
	apply(r, 60);
}

static void advise(struct rig *r, unsigned n)
{
	event_set_text(begin(r, EVENT_PHONE_ADVICE, n), FIELD_CODE, "dhcp-no-tftp");
	event_say(&r->e,
		  "{phone} (7970) took an address and has not asked for a file since. Most likely "
		  "something between it and this machine drops TFTP: look for a firewall here, and "
		  "for a second DHCP server on the cable.");
	apply(r, 61);
}

static void recover(struct rig *r, unsigned n, const char *proof)
{
	stage(r, n, "erased", 9);
	stage(r, n, "fetching", 10);
	event_set_text(begin(r, EVENT_TFTP_COMPLETE, n), FIELD_FILE, "all");
	event_set_number(&r->e, FIELD_BYTES, 10126500);
	apply(r, 20);
	stage(r, n, "writing", 20);
	stage(r, n, "back", 60);
	event_set_text(begin(r, EVENT_PHONE_RECOVERED, n), FIELD_PROOF, proof);
	event_set_text(&r->e, FIELD_LOAD, n % 3 ? "SCCP70.8-3-3S" : "SIP42.9-4-2SR3-1S");
	event_set_number(&r->e, FIELD_SECONDS, n == 8 ? 61 : 761);
	apply(r, 61);
}

static void populate(struct rig *r, unsigned phones)
{
	for (unsigned n = 1; n <= phones; n++)
		stage(r, n, "seen", 5);
	if (!phones)
		return;
	stage(r, 1, "fetching", 30);
	progress(r, 1, 4250000, 17);
	if (phones < 20)
		return;
	stage(r, 2, "fetching", 30);
	progress(r, 2, 0, 0);
	stage(r, 3, "writing", 35);
	stage(r, 4, "leased", 36);
	advise(r, 4);
	stage(r, 5, "leased", 36);
	advise(r, 5);
	stage(r, 6, "listed", 37);
	stage(r, 7, "refused", 38);
	for (unsigned n = 8; n < 13; n++) {
		static const char *const proof[] = {"cdp", "sccp", "sip", "http", "requests"};

		recover(r, n, proof[n - 8]);
	}
	stage(r, 13, "next-step", 39);
	stage(r, 14, "back", 39);
	event_set_text(begin(r, EVENT_CDP_SEEN, 15), FIELD_SOFTWARE, "TERM70_LOAD");
	apply(r, 40);
	stage(r, 15, "fetching", 41);
	progress(r, 15, 10126500, 1);
}

static void draw(struct rig *r, unsigned width, unsigned height, bool style)
{
	struct view v = {.width = width, .height = height, .style = style, .now_ms = T0 + 65000};
	size_t len = view_live(r->b, &v, r->text, sizeof(r->text), &r->lines, r->columns);

	assert_int_equal(len, strlen(r->text));
}

static void add(struct rig *r, const char *text)
{
	size_t len = strlen(text);

	assert_true(r->len + len < sizeof(r->picture));
	memcpy(r->picture + r->len, text, len + 1);
	r->len += len;
}

static void put(void *ctx, const char *line, size_t len)
{
	assert_int_equal(len, strlen(line));
	assert_int_equal(line[len - 1], '\n');
	add(ctx, line);
}

/* A file of the source tree; REFLASHD_GOLDEN_WRITE=1 writes it anew instead of comparing. */
static void assert_golden(const char *name, const char *text)
{
	const char *root = getenv("REFLASHD_SOURCE");
	char path[400], *file = calloc(1, 65536);
	FILE *f;

	must(file);
	snprintf(path, sizeof(path), "%s/tests/golden/%s", root ? root : ".", name);
	if (getenv("REFLASHD_GOLDEN_WRITE")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s; set REFLASHD_SOURCE to the source tree", path);
	assert_true(fread(file, 1, 65535, f) < 65535);
	fclose(f);
	assert_string_equal(text, file);
	free(file);
}

/* The live view on terminals of three sizes, and the report. */
static void golden(struct rig *r, unsigned phones)
{
	static const struct {
		unsigned width, height;
	} size[] = {{40, 16}, {80, 24}, {80, 12}, {200, 50}};
	char name[40], title[40];

	r->len = 0;
	for (unsigned i = 0; i < ARRAY_LEN(size); i++) {
		snprintf(title, sizeof(title), "[%u x %u]\n", size[i].width, size[i].height);
		add(r, title);
		draw(r, size[i].width, size[i].height, false);
		add(r, r->text);
		add(r, "\n\n");
	}
	add(r, "[report, 80]\n");
	view_report(r->b, 80, false, put, r);
	add(r, "\n[report, no terminal]\n");
	view_report(r->b, 0, false, put, r);
	snprintf(name, sizeof(name), "view-%u.txt", phones);
	assert_golden(name, r->picture);
}

static void nobody(void **state)
{
	golden(*state, 0);
}

static void one(void **state)
{
	populate(*state, 1);
	golden(*state, 1);
}

static void twenty(void **state)
{
	populate(*state, 20);
	golden(*state, 20);
}

/* Printable, new lines, and with style our own sequences: ESC [ digits ; m. */
static void assert_ours(const char *text, bool style)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\033' && style) {
			assert_int_equal(p[1], '[');
			p += 2 + strspn(p + 2, "0123456789;");
			assert_int_equal(*p, 'm');
			continue;
		}
		assert_true(*p == '\n' || (*p >= 0x20 && *p <= 0x7e));
	}
}

static void check_size(struct rig *r, unsigned width, unsigned height, bool style)
{
	const char *p;
	unsigned lines = 0, column = 0;

	draw(r, width, height, style);
	assert_ours(r->text, style);
	for (p = r->text;; p++) {
		if (*p == '\033') {
			p += strcspn(p, "m");
			continue;
		}
		if (*p && *p != '\n') {
			column++;
			continue;
		}
		assert_true(column < (width < VIEW_WIDTH_LEAST ? VIEW_WIDTH_LEAST : width));
		assert_int_equal(column, r->columns[lines]);
		lines++;
		column = 0;
		if (!*p)
			break;
	}
	assert_int_equal(lines, r->lines);
	assert_true(lines <= (height < VIEW_HEIGHT_LEAST ? VIEW_HEIGHT_LEAST : height) - 2 + 0);
}

static void every_size(void **state)
{
	struct rig *r = *state;

	for (unsigned phones = 0; phones <= 20; phones += 10) {
		populate(r, phones);
		for (unsigned width = 0; width < 220; width += 3)
			for (unsigned height = 0; height < 60; height += 1 + height / 8)
				check_size(r, width, height, width % 2);
	}
	check_size(r, 100000, 100000, true);
	check_size(r, UINT32_MAX, UINT32_MAX, false);
}

/* Every text field as bad and as long as it can be; numbers at their ends; a full board. */
static void hostile(void **state)
{
	struct rig *r = *state;
	uint8_t bytes[1024];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 7 ? 0x1b + i : 0xff);
	for (unsigned n = 0; n < BOARD_PHONES_MAX + 50; n++) {
		struct event *e = begin(r, EVENT_PHONE_STAGE, 1);

		e->mac.b[0] = (uint8_t)(n >> 8);
		e->mac.b[1] = (uint8_t)n;
		event_set_bytes(e, FIELD_STAGE, bytes + n % 100, n % 50);
		event_set_bytes(e, FIELD_MODEL, bytes + n % 99, 60);
		event_set_bytes(e, FIELD_LOAD, bytes, 200);
		apply(r, n);
		e->type = EVENT_PHONE_PROGRESS;
		event_set_number(e, FIELD_BYTES, UINT64_MAX - n);
		event_set_number(e, FIELD_SIZE, n % 2 ? UINT64_MAX : n);
		event_set_number(e, FIELD_SECONDS, UINT64_MAX - 1 - n);
		event_set_number(e, FIELD_FILES, UINT64_MAX);
		event_set_number(e, FIELD_DONE, UINT64_MAX);
		apply(r, n);
		e->type = EVENT_PHONE_STAGE;
		event_set_text(e, FIELD_STAGE, n % 2 ? "fetching" : "writing");
		apply(r, n - 500);
		e->type = EVENT_PHONE_ADVICE;
		event_set_bytes(e, FIELD_CODE, bytes, n % 30 + 1);
		event_say(e, "%s%.*s", n % 2 ? "{phone} (" : "", (int)(n % 700 + 1),
			  "\x1b]0;title\x07 x x xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		apply(r, n);
	}
	/* Even a board that somebody filled with wire bytes drives no terminal. */
	memset(r->b->interface, 0x1b, sizeof(r->b->interface) - 1);
	r->b->interface[sizeof(r->b->interface) - 1] = 0;
	for (unsigned width = 0; width < 220; width += 7)
		check_size(r, width, width % 70, width % 2);
	r->len = 0;
	view_report(r->b, 33, true, put, r);
	assert_ours(r->picture, true);
	assert_non_null(strstr(r->picture, "... and 974 more."));
}

static void log_lines(void **state)
{
	struct rig *r = *state;
	static const struct {
		unsigned width;
		const char *text;
	} cases[] = {
		{0, "12:00:00  00:1b:54:ca:01:01 cannot go on: the cable is bad.\n"},
		{40, "12:00:00  00:1b:54:ca:01:01 cannot go\n"
		     "          on: the cable is bad.\n"},
		{1, "12:00:00  00:1b:54:ca:01:01\n"
		    "          cannot go on:\n"
		    "          the cable is\n"
		    "          bad.\n"},
	};
	struct event *e = begin(r, EVENT_DHCP_NAK, 1);
	char line[VIEW_LINE_MAX], text[900];
	unsigned least = 0;

	event_say(e, "{phone} cannot go on: the cable is bad.");
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = view_log(e, "12:00:00", cases[i].width, false, line, sizeof(line));

		assert_string_equal(line, cases[i].text);
		assert_int_equal(n, strlen(line));
	}
	e->severity = SEVERITY_ERROR;
	view_log(e, "12:00:00", 0, true, line, sizeof(line));
	assert_string_equal(line, "12:00:00  \033[1;31m00:1b:54:ca:01:01 cannot go on: the cable "
				  "is bad.\033[0m\n");
	e->severity = SEVERITY_DEBUG;
	view_log(e, "12:00:00", 0, true, line, sizeof(line));
	assert_non_null(strstr(line, "\033[2m00:"));
	e->severity = SEVERITY_NOTICE;
	view_log(e, "12:00:00", 0, true, line, sizeof(line));
	assert_non_null(strstr(line, "\033[1m00:"));
	e->severity = SEVERITY_WARNING;
	view_log(e, "12:00:00", 0, true, line, sizeof(line));
	assert_non_null(strstr(line, "\033[35m00:"));
	e->severity = SEVERITY_INFO;
	view_log(e, "12:00:00", 0, true, line, sizeof(line));
	assert_null(strchr(line, '\033'));
	memset(text, 'x', sizeof(text));
	for (unsigned i = 2; i < sizeof(text); i += 2)
		text[i] = ' ';
	text[sizeof(text) - 1] = 0;
	event_say(e, "%s", text);
	least = (unsigned)view_log(e, "12:00:00", 24, true, line, sizeof(line));
	assert_true(least > 700 && line[least - 1] == '\n');
	assert_ours(line, true);
}

static void what_is_shown(void **state)
{
	struct rig *r = *state;
	struct event *e = begin(r, EVENT_TFTP_PROGRESS, 1);

	assert_false(view_shows(e, 1));
	assert_true(view_shows(e, 2));
	e = begin(r, EVENT_PHONE_PROGRESS, 1);
	assert_false(view_shows(e, 1));
	e = begin(r, EVENT_TFTP_REQUEST, 1);
	assert_false(view_shows(e, 0));
	assert_true(view_shows(e, 1));
	e = begin(r, EVENT_PHONE_STAGE, 1);
	assert_true(view_shows(e, 0));
	assert_false(view_shows(e, -1));
	e->severity = SEVERITY_WARNING;
	assert_true(view_shows(e, -1));
}

/* A newer daemon's words, by way of its recording: shown as they are, never swallowed. */
static void words_of_tomorrow(void **state)
{
	struct rig *r = *state;

	stage(r, 1, "dreaming", 5);
	assert_string_equal(view_stage_words(&r->b->phone[0]), "dreaming");
	assert_string_equal(view_stage_word(&r->b->phone[0]), "dreaming");
	recover(r, 2, "telepathy");
	view_report(r->b, 1, false, put, r);
	assert_non_null(strstr(r->picture, "was\n"));
	r->len = 0;
	view_report(r->b, 400, false, put, r);
	assert_non_null(strstr(r->picture, "it was proven"));
	assert_non_null(strstr(r->picture, "2 phones were seen, 1 of them recovered:"));
}

static void shows(struct rig *r, const char *text)
{
	draw(r, 80, 24, false);
	if (!strstr(r->text, text))
		fail_msg("no `%s' in:\n%s", text, r->text);
}

/* Nobody is here yet, and why. */
static void before_the_first(void **state)
{
	struct rig *r = *state;

	shows(r, "waiting for a phone");
	event_set_truth(begin(r, EVENT_NETWORK_LINK, 0), FIELD_UP, false);
	apply(r, 2);
	shows(r, "waiting for the cable");
	begin(r, EVENT_DAEMON_STOP, 0);
	apply(r, 3);
	shows(r, "stopped");
	board_init(r->b);
	view_report(r->b, 0, false, put, r); /* it never served: there is nothing to tell */
	assert_int_equal(r->len, 0);
	event_set_text(begin(r, EVENT_DAEMON_START, 0), FIELD_VERSION, "0.1.0");
	apply(r, 4);
	shows(r, "- reflashd 0.1.0 -");
	shows(r, " no firmware ");
	shows(r, "getting ready");
	for (unsigned i = 0; i < BOARD_BUNDLES_MAX; i++) {
		event_set_format(begin(r, EVENT_FIRMWARE_BUNDLE, 0), FIELD_LOAD,
				 "SCCP70.%u-with-a-name-of-some-length", i);
		event_set_truth(&r->e, FIELD_COMPLETE, i > 0);
		apply(r, 5);
		if (i == 0)
			shows(r, " no complete firmware ");
	}
	event_set_text(begin(r, EVENT_DAEMON_READY, 0), FIELD_INTERFACE, "eth0");
	apply(r, 6);
	assert_true(r->b->bundle_count > 8);
	draw(r, 200, 24, false);
	assert_non_null(strstr(r->text, " loads "));
}

static void small_files(void **state)
{
	struct rig *r = *state;
	static const struct {
		uint64_t bytes, size;
		const char *text;
	} row[] = {
		{400, 999, " 400/999 B "},
		{400, 1000, " 0/1 KB "},
		{450700, 999999, " 450/999 KB "},
		{450700, 1000000, " 0.4/1.0 MB "},
	};

	stage(r, 1, "fetching", 30);
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		progress(r, 1, row[i].bytes, 3);
		r->b->phone[0].size = row[i].size;
		shows(r, row[i].text);
	}
}

/* All are recovered, one of them by way of three loads. */
static void all_recovered(void **state)
{
	struct rig *r = *state;
	struct board_phone *p;

	recover(r, 1, "cdp");
	recover(r, 2, "sip");
	p = &r->b->phone[0];
	for (p->load_count = 0; p->load_count < 3; p->load_count++)
		snprintf(p->loads[p->load_count], sizeof(p->loads[0]), "L%u", p->load_count);
	p = &r->b->phone[1];
	p->load_count = 0;
	view_report(r->b, 0, false, put, r);
	if (!strstr(r->picture, "2 phones were seen, and all of them are recovered:") ||
	    !strstr(r->picture, " was given L0, L1 and L2 (10.1 MB) and is recovered with "
				"SCCP70.8-3-3S after ") ||
	    !strstr(r->picture, " was given 10.1 MB and is recovered after "))
		fail_msg("%s", r->picture);
}

/* What a phone at work needs depends on whether its cable is still there. */
static void cable_gone(void **state)
{
	struct rig *r = *state;

	populate(r, 1);
	r->b->link_known = true;
	r->b->link_up = true;
	view_report(r->b, 0, false, put, r);
	assert_non_null(strstr(r->picture, "Leave it plugged in, and start reflashd again."));
	r->len = 0;
	r->b->link_up = false;
	view_report(r->b, 0, false, put, r);
	assert_non_null(strstr(r->picture, "Connect it again, and start reflashd again."));
	assert_null(strstr(r->picture, "plugged in"));
}

/* A story told by a newer reflashd may have stages that this one does not know: the last line
 * counts twelve kinds of them, and is still one line. */
static void many_kinds(void **state)
{
	struct rig *r = *state;
	char name[24], *rest;

	for (unsigned n = 1; n <= 40; n++) {
		snprintf(name, sizeof(name), "s%u", n <= 27 ? 0 : n - 27);
		stage(r, n, name, 10);
	}
	draw(r, 160, 8, false);
	rest = strstr(r->text, "... and ");
	assert_non_null(rest);
	assert_null(strchr(rest, '\n'));
	assert_non_null(strstr(rest, " s1"));
	for (unsigned height = 4; height < 12; height++)
		check_size(r, 160, height, false);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nobody),
		T(one),
		T(twenty),
		T(every_size),
		T(hostile),
		T(many_kinds),
		T(log_lines),
		T(what_is_shown),
		T(words_of_tomorrow),
		T(before_the_first),
		T(small_files),
		T(all_recovered),
		T(cable_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
