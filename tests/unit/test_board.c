/* SPDX-License-Identifier: MIT */
/*
 * The board: what stands on it after which events, and what happens when bytes come twice and when
 * the clock of the machine is set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/board.h"
#include "reflashd/board_json.h"

#define T0 INT64_C(1763690400000)

struct rig {
	struct board *b;
	struct event e;
	int64_t now;
	uint64_t seq;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	must(r);
	/* Not from calloc(): board_init() is all it needs. */
	r->b = malloc(sizeof(*r->b));
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

static struct event *begin(struct rig *r, enum event_type type, unsigned phone)
{
	event_init(&r->e, type);
	event_set_mac(&r->e, mac_of(phone));
	return &r->e;
}

static void apply(struct rig *r)
{
	r->e.seq = ++r->seq;
	r->e.wall_ms = r->now;
	board_apply(r->b, &r->e);
}

static const struct board_phone *phone(const struct rig *r, unsigned n)
{
	const struct board_phone *p = board_find(r->b, mac_of(n));

	assert_non_null(p);
	return p;
}

static void stage(struct rig *r, unsigned n, const char *name, const char *load)
{
	struct event *e = begin(r, EVENT_PHONE_STAGE, n);

	event_set_text(e, FIELD_STAGE, name);
	event_set_text(e, FIELD_MODEL, "7970");
	event_set_text(e, FIELD_LOAD, load);
	apply(r);
}

static void transfer(struct rig *r, enum event_type type, unsigned n, const char *file,
		     uint64_t bytes)
{
	struct event *e = begin(r, type, n);

	event_set_text(e, FIELD_FILE, file);
	if (type != EVENT_TFTP_START)
		event_set_number(e, FIELD_BYTES, bytes);
	apply(r);
}

static void recovered(struct rig *r, unsigned n, const char *proof, uint64_t seconds)
{
	struct event *e = begin(r, EVENT_PHONE_RECOVERED, n);

	event_set_text(e, FIELD_PROOF, proof);
	event_set_text(e, FIELD_LOAD, "SCCP70.8-3-3S");
	event_set_number(e, FIELD_SECONDS, seconds);
	apply(r);
}

static void one_recovery(void **state)
{
	struct rig *r = *state;
	struct event *e;

	stage(r, 1, "seen", NULL);
	r->now += 1000;
	e = begin(r, EVENT_DHCP_ACK, 1);
	event_set_ip(e, FIELD_IP, 0x0a4f4633);
	apply(r);
	stage(r, 1, "leased", NULL);
	stage(r, 1, "listed", "SCCP70.8-3-3S");
	stage(r, 1, "fetching", "SCCP70.8-3-3S");
	assert_true(board_phone_writes(phone(r, 1)));
	e = begin(r, EVENT_PHONE_PROGRESS, 1);
	event_set_text(e, FIELD_FILE, "jar70.sbn");
	event_set_number(e, FIELD_DONE, 2);
	event_set_number(e, FIELD_FILES, 8);
	event_set_number(e, FIELD_BYTES, 4000);
	event_set_number(e, FIELD_SIZE, 9000);
	event_set_number(e, FIELD_SECONDS, 17);
	apply(r);
	assert_int_equal(phone(r, 1)->ip, 0x0a4f4633);
	assert_int_equal(phone(r, 1)->done, 2);
	assert_int_equal(phone(r, 1)->files, 8);
	assert_int_equal(phone(r, 1)->bytes, 4000);
	assert_int_equal(phone(r, 1)->size, 9000);
	assert_int_equal(phone(r, 1)->seconds_left, 17);
	assert_string_equal(phone(r, 1)->file, "jar70.sbn");
	stage(r, 1, "writing", "SCCP70.8-3-3S");
	assert_true(board_phone_writes(phone(r, 1)));
	assert_true(phone(r, 1)->seconds_left == 17);
	r->now += 60000;
	stage(r, 1, "back", NULL);
	assert_false(board_phone_writes(phone(r, 1)));
	assert_true(phone(r, 1)->seconds_left == UINT64_MAX);
	stage(r, 1, "recovered", "SCCP70.8-3-3S");
	assert_int_equal(r->b->recovered, 0);
	recovered(r, 1, "cdp", 61);
	recovered(r, 1, "cdp", 61);
	assert_int_equal(r->b->recovered, 1);
	assert_int_equal(r->b->count, 1);
	assert_string_equal(phone(r, 1)->proof, "cdp");
	assert_int_equal(phone(r, 1)->seconds, 61);
	assert_int_equal(phone(r, 1)->load_count, 1);
	assert_string_equal(phone(r, 1)->loads[0], "SCCP70.8-3-3S");
	assert_false(phone(r, 1)->ran);
	assert_int_equal(phone(r, 1)->step_count, 7);
	assert_string_equal(phone(r, 1)->step[5].stage, "back");
	assert_int_equal(phone(r, 1)->step[5].ms, T0 + 61000);
	assert_int_equal(phone(r, 1)->first_ms, T0);
	assert_int_equal(r->b->events[EVENT_PHONE_RECOVERED], 2);
}

static void once_more(void **state)
{
	struct rig *r = *state;

	stage(r, 1, "listed", "A");
	stage(r, 1, "fetching", "A");
	recovered(r, 1, "requests", 9);
	r->now += 1000000;
	stage(r, 1, "back", "A"); /* it starts, that is all */
	assert_int_equal(r->b->recovered, 1);
	stage(r, 1, "erased", NULL);
	assert_true(phone(r, 1)->erased);
	assert_int_equal(r->b->recovered, 0);
	recovered(r, 1, "requests", 9);
	assert_int_equal(r->b->recovered, 1);
	stage(r, 1, "fetching", "B");
	assert_int_equal(r->b->recovered, 0);
	assert_false(phone(r, 1)->erased);
	assert_string_equal(phone(r, 1)->proof, "");
	assert_int_equal(phone(r, 1)->first_ms, r->now);
	assert_int_equal(phone(r, 1)->load_count, 1);
	assert_string_equal(phone(r, 1)->loads[0], "B");
}

/* Each byte once, as it goes: two files at once, one given up, one fetched again. */
static void bytes(void **state)
{
	struct rig *r = *state;

	stage(r, 1, "fetching", "A");
	transfer(r, EVENT_TFTP_START, 1, "a", 0);
	transfer(r, EVENT_TFTP_START, 1, "b", 0);
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 100);
	transfer(r, EVENT_TFTP_PROGRESS, 1, "b", 10);
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 150);
	assert_int_equal(r->b->bytes, 160);
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 140); /* never back */
	assert_int_equal(r->b->bytes, 160);
	transfer(r, EVENT_TFTP_ABORTED, 1, "b", 20);
	transfer(r, EVENT_TFTP_START, 1, "b", 0);
	transfer(r, EVENT_TFTP_COMPLETE, 1, "b", 50);
	transfer(r, EVENT_TFTP_COMPLETE, 1, "a", 200);
	assert_int_equal(r->b->bytes, 270);
	assert_int_equal(phone(r, 1)->sent, 270);
	/* More at once than are told apart: counted a little wrong, never lost at all. */
	for (unsigned i = 0; i < BOARD_OPEN_MAX + 3; i++)
		transfer(r, EVENT_TFTP_START, 1, (char[]){(char)('a' + i), 0}, 0);
	transfer(r, EVENT_TFTP_COMPLETE, 1, "a", 30);
	assert_int_equal(r->b->bytes, 300);
	/* Nobody's: no phone of ours. */
	transfer(r, EVENT_TFTP_COMPLETE, 2, "c", 1000);
	assert_int_equal(r->b->bytes, 1300);
	assert_int_equal(r->b->count, 1);
}

static void by_address(void **state)
{
	struct rig *r = *state;
	struct event *e = begin(r, EVENT_DHCP_ACK, 1);

	stage(r, 1, "seen", NULL);
	e = begin(r, EVENT_DHCP_ACK, 1);
	event_set_ip(e, FIELD_IP, 77);
	apply(r);
	event_init(&r->e, EVENT_TFTP_COMPLETE);
	event_set_ip(&r->e, FIELD_IP, 77);
	event_set_text(&r->e, FIELD_FILE, "x");
	event_set_number(&r->e, FIELD_BYTES, 5);
	apply(r);
	assert_int_equal(phone(r, 1)->sent, 5);
	/* The address goes to another phone. */
	stage(r, 2, "seen", NULL);
	e = begin(r, EVENT_DHCP_ACK, 2);
	event_set_ip(e, FIELD_IP, 77);
	apply(r);
	assert_int_equal(phone(r, 1)->ip, 0);
	assert_int_equal(phone(r, 2)->ip, 77);
}

static void seconds(void **state)
{
	struct rig *r = *state;

	stage(r, 1, "fetching", "A");
	transfer(r, EVENT_TFTP_START, 1, "a", 0);
	for (unsigned i = 1; i <= 10; i++) {
		transfer(r, EVENT_TFTP_PROGRESS, 1, "a", i * 1000);
		r->now += 1000;
	}
	assert_int_equal(board_speed(r->b, r->now), 1000);
	assert_int_equal(board_speed(r->b, r->now + 3000), 400);
	assert_int_equal(board_speed(r->b, r->now + 60000), 0);
	assert_int_equal(board_speed(r->b, r->now + BOARD_SECONDS * 1000), 0);
	/* A pause longer than the memory, then a second on the same place as an old one. */
	r->now += BOARD_SECONDS * 1000;
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 10500);
	r->now += 1000;
	assert_int_equal(board_speed(r->b, r->now), 100);
	/* The clock is set back a little, far, and beyond the beginning of time. */
	r->now -= 3000;
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 11000);
	r->now -= 100 * BOARD_SECONDS * 1000;
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 12000);
	r->now = -5;
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", 13000);
	assert_int_equal(r->b->bytes, 13000);
	assert_int_equal(board_speed(r->b, -5), 0);
	r->now = T0 + (INT64_C(1) << 40);
	transfer(r, EVENT_TFTP_PROGRESS, 1, "a", UINT64_MAX);
	assert_int_equal(r->b->second[r->now / 1000 % BOARD_SECONDS], UINT32_MAX);
}

static void advice(void **state)
{
	struct rig *r = *state;
	struct event *e;

	stage(r, 1, "leased", NULL);
	e = begin(r, EVENT_PHONE_ADVICE, 1);
	event_set_text(e, FIELD_CODE, "dhcp-no-tftp");
	event_say(e, "{phone} asks for nothing.");
	apply(r);
	assert_string_equal(phone(r, 1)->code, "dhcp-no-tftp");
	assert_string_equal(phone(r, 1)->advice, "00:1b:54:ca:00:01 asks for nothing.");
	event_set_text(begin(r, EVENT_PHONE_CLEARED, 1), FIELD_CODE, "another");
	apply(r);
	assert_string_equal(phone(r, 1)->code, "dhcp-no-tftp");
	event_set_text(begin(r, EVENT_PHONE_CLEARED, 1), FIELD_CODE, "dhcp-no-tftp");
	apply(r);
	assert_string_equal(phone(r, 1)->code, "");
	assert_string_equal(phone(r, 1)->advice, "");
	/* What is cleared for a phone that is not here makes none. */
	event_set_text(begin(r, EVENT_PHONE_CLEARED, 9), FIELD_CODE, "x");
	apply(r);
	assert_int_equal(r->b->count, 1);
}

static void voice(void **state)
{
	struct rig *r = *state;
	struct event *e;

	stage(r, 1, "seen", NULL);
	e = begin(r, EVENT_CDP_SEEN, 1);
	event_set_text(e, FIELD_SOFTWARE, "TERM70_LOAD");
	apply(r);
	stage(r, 1, "fetching", "A");
	event_set_text(begin(r, EVENT_SCCP_REGISTER, 1), FIELD_LOAD, "SCCP70.8-3-3S");
	apply(r);
	assert_string_equal(phone(r, 1)->was, "TERM70_LOAD");
	assert_string_equal(phone(r, 1)->software, "SCCP70.8-3-3S");
	/* Who speaks without naming its software takes back nothing. */
	event_set_text(begin(r, EVENT_SCCP_REGISTER, 1), FIELD_LOAD, "");
	apply(r);
	assert_string_equal(phone(r, 1)->software, "SCCP70.8-3-3S");
	event_set_text(begin(r, EVENT_CDP_SEEN, 5), FIELD_SOFTWARE, "a switch");
	apply(r);
	assert_int_equal(r->b->count, 1);
}

/* What a phone says before anybody knows that it is one stands on the board all the same. */
static void first_words(void **state)
{
	struct rig *r = *state;
	struct event *e;

	event_set_text(begin(r, EVENT_CDP_SEEN, 5), FIELD_SOFTWARE, "a switch");
	apply(r);
	event_set_text(begin(r, EVENT_CDP_SEEN, 1), FIELD_SOFTWARE, "TERM70_LOAD");
	apply(r);
	stage(r, 1, "seen", NULL);
	assert_string_equal(phone(r, 1)->software, "TERM70_LOAD");
	assert_string_equal(phone(r, 1)->was, "TERM70_LOAD");
	stage(r, 2, "seen", NULL);
	assert_string_equal(phone(r, 2)->software, "");
	/* Words in its name from elsewhere are not its own, and not its address. */
	event_set_ip(begin(r, EVENT_DHCP_ACK, 1), FIELD_IP, 0x0a4f4632);
	apply(r);
	e = begin(r, EVENT_SCCP_REGISTER, 1);
	event_set_ip(e, FIELD_IP, 0x0a4f4640);
	event_set_text(e, FIELD_LOAD, "SCCP70.9-4-2S");
	apply(r);
	assert_string_equal(phone(r, 1)->software, "TERM70_LOAD");
	assert_int_equal(phone(r, 1)->ip, 0x0a4f4632);
}

static void refusals(void **state)
{
	struct rig *r = *state;

	stage(r, 1, "leased", NULL);
	event_set_text(begin(r, EVENT_TFTP_REFUSED, 1), FIELD_REASON, "expected");
	apply(r);
	assert_int_equal(phone(r, 1)->refused, 0);
	event_set_text(begin(r, EVENT_TFTP_REFUSED, 1), FIELD_REASON, "unknown");
	apply(r);
	assert_int_equal(phone(r, 1)->refused, 1);
}

static void firmware(void **state)
{
	struct rig *r = *state;

	for (unsigned i = 0; i < BOARD_BUNDLES_MAX + 5; i++) {
		for (unsigned twice = 0; twice < 2; twice++) {
			event_init(&r->e, EVENT_FIRMWARE_BUNDLE);
			event_set_format(&r->e, FIELD_LOAD, "load%u", i);
			event_set_text(&r->e, FIELD_SOURCE, "here");
			event_set_text(&r->e, FIELD_MODELS, "7970\n7971");
			event_set_text(&r->e, FIELD_MISSING, i ? "a\nb" : "");
			event_set_truth(&r->e, FIELD_COMPLETE, true);
			event_set_number(&r->e, FIELD_FILES, 8);
			apply(r);
		}
	}
	assert_int_equal(r->b->bundle_count, BOARD_BUNDLES_MAX);
	assert_int_equal(r->b->bundle[0].missing, 0);
	assert_int_equal(r->b->bundle[1].missing, 2);
	assert_int_equal(r->b->bundle[1].files, 8);
	assert_true(r->b->bundle[1].complete);
	event_init(&r->e, EVENT_FIRMWARE_FINDING);
	event_set_text(&r->e, FIELD_SOURCE, "here");
	apply(r);
	event_set_text(&r->e, FIELD_SOURCE, "nowhere");
	apply(r);
	assert_int_equal(r->b->bundle[BOARD_BUNDLES_MAX - 1].findings, 1);
	for (unsigned twice = 0; twice < 2; twice++) { /* it can go once only */
		event_init(&r->e, EVENT_FIRMWARE_GONE);
		event_set_text(&r->e, FIELD_LOAD, "load1");
		event_set_text(&r->e, FIELD_SOURCE, "here");
		apply(r);
		assert_int_equal(r->b->bundle_count, BOARD_BUNDLES_MAX - 1);
	}
	assert_string_equal(r->b->bundle[0].load, "load0");
	assert_string_equal(r->b->bundle[1].load, "load2");
	event_set_text(&r->e, FIELD_LOAD, "load0");
	event_set_text(&r->e, FIELD_SOURCE, "there"); /* one of that name elsewhere */
	apply(r);
	assert_int_equal(r->b->bundle_count, BOARD_BUNDLES_MAX - 1);
}

/* Blocks that were sent twice count once a transfer is over, however it ended. */
static void sent_twice(void **state)
{
	static const enum event_type over[] = {EVENT_TFTP_COMPLETE, EVENT_TFTP_ABORTED};
	struct rig *r = *state;

	for (unsigned i = 0; i < ARRAY_LEN(over); i++) {
		event_set_number(begin(r, over[i], 1), FIELD_RESENT, 3);
		apply(r);
		assert_int_equal(r->b->resent, 3 * (i + 1));
	}
}

/* The members of the objects are a promise: names, types, and null for what is not known. */
static void as_json(void **state)
{
	struct rig *r = *state;
	char *text = board_phones_json(r->b), *alone;

	assert_string_equal(text, "[]");
	free(text);
	stage(r, 1, "fetching", "SCCP70.8-3-3S");
	text = board_phones_json(r->b);
	assert_non_null(strstr(text, "\"stage\":\"fetching\",\"load\":\"SCCP70.8-3-3S\","
				     "\"software\":null,\"file\":null,\"bytes\":0,\"size\":null,"
				     "\"done\":0,\"files\":null,\"seconds_left\":null,"
				     "\"advice\":null,\"proof\":null,\"seconds\":null,"
				     "\"first_seen\":\"20"));
	assert_non_null(strstr(text, "\"timeline\":[{\"stage\":\"fetching\",\"time\":\"20"));
	alone = board_phone_json(&r->b->phone[0]); /* the same in the list and alone */
	assert_memory_equal(text + 1, alone, strlen(alone));
	assert_string_equal(text + 1 + strlen(alone), "]");
	free(alone);
	free(text);
	event_set_text(begin(r, EVENT_PHONE_ADVICE, 1), FIELD_CODE, "dhcp-no-tftp");
	event_say(&r->e, "A \"quoted\" word.");
	apply(r);
	text = board_phones_json(r->b);
	assert_non_null(strstr(text, "\"advice\":{\"code\":\"dhcp-no-tftp\","
				     "\"text\":\"A \\\"quoted\\\" word.\"}"));
	free(text);
	text = board_status_json(r->b);
	assert_non_null(strstr(text, "\"interface\":null,\"address\":null,\"ready\":false,"
				     "\"link\":null,\"interface_gone\":false,"));
	assert_non_null(strstr(text, "\"phones\":1,\"recovered\":0,"));
	assert_non_null(strstr(text, "\"bundles\":[]"));
	free(text);
	event_set_text(begin(r, EVENT_FIRMWARE_BUNDLE, 0), FIELD_LOAD, "SCCP70.8-5-2S");
	event_set_text(&r->e, FIELD_MODELS, "7970\n7971");
	event_set_text(&r->e, FIELD_SOURCE, "/fw/7970");
	event_set_truth(&r->e, FIELD_COMPLETE, true);
	apply(r);
	event_set_ip(begin(r, EVENT_NETWORK_RIVAL, 0), FIELD_SERVER, 0x0a4d0063);
	apply(r);
	text = board_status_json(r->b);
	assert_non_null(strstr(text, "\"rival\":\"10.77.0.99\""));
	assert_non_null(strstr(text, "\"bundles\":[{\"load\":\"SCCP70.8-5-2S\","
				     "\"models\":[\"7970\",\"7971\"],"));
	assert_non_null(strstr(text, "\"source\":\"/fw/7970\"}]"));
	free(text);
}

static void ourselves(void **state)
{
	struct rig *r = *state;

	event_init(&r->e, EVENT_DAEMON_START);
	event_set_text(&r->e, FIELD_VERSION, "1.2");
	apply(r);
	assert_string_equal(r->b->version, "1.2");
	assert_int_equal(r->b->start_ms, T0);
	event_init(&r->e, EVENT_DAEMON_READY);
	event_set_text(&r->e, FIELD_INTERFACE, "eth0");
	event_set_text(&r->e, FIELD_ADDRESS, "10.79.70.1/24");
	apply(r);
	assert_true(r->b->ready);
	assert_string_equal(r->b->notice, "");
	event_init(&r->e, EVENT_DAEMON_NOTE);
	r->e.severity = SEVERITY_WARNING;
	event_set_text(&r->e, FIELD_REASON, "Mind the gap.");
	apply(r);
	assert_string_equal(r->b->notice, "Mind the gap.");
	event_init(&r->e, EVENT_NETWORK_RIVAL);
	event_set_ip(&r->e, FIELD_SERVER, 0xc0a80101);
	apply(r);
	assert_int_equal(r->b->rival, 0xc0a80101);
	assert_string_equal(r->b->notice,
			    "Another DHCP server answers on this network: 192.168.1.1.");
	event_init(&r->e, EVENT_NETWORK_LINK);
	event_set_truth(&r->e, FIELD_UP, true);
	apply(r);
	assert_true(r->b->link_known && r->b->link_up);
	event_init(&r->e, EVENT_DAEMON_STOP);
	apply(r);
	assert_true(r->b->stopped);
	stage(r, 1, "seen", NULL);
	/* A second run in the same file. */
	event_init(&r->e, EVENT_DAEMON_START);
	apply(r);
	assert_false(r->b->stopped || r->b->ready || r->b->link_known);
	assert_int_equal(r->b->count, 0);
	assert_null(board_find(r->b, mac_of(1)));
	assert_int_equal(r->b->events[EVENT_DAEMON_START], 1);
}

static void many_steps(void **state)
{
	struct rig *r = *state;
	char load[8];

	for (unsigned i = 0; i < 3 * BOARD_STEPS_MAX; i++) {
		snprintf(load, sizeof(load), "L%u", i);
		r->now += 1000;
		stage(r, 1, i % 2 ? "fetching" : "back", load);
	}
	assert_int_equal(phone(r, 1)->step_count, BOARD_STEPS_MAX);
	assert_int_equal(phone(r, 1)->step[BOARD_STEPS_MAX - 1].ms, r->now);
	assert_int_equal(phone(r, 1)->step[0].ms, r->now - (BOARD_STEPS_MAX - 1) * 1000);
	assert_int_equal(phone(r, 1)->load_count, BOARD_LOADS_MAX);
	assert_string_equal(phone(r, 1)->loads[BOARD_LOADS_MAX - 1], "L35");
	assert_string_equal(phone(r, 1)->loads[0], "L25");
	assert_true(phone(r, 1)->ran);
}

/* An event of every type without any field moves nothing and breaks nothing. */
static void bare(void **state)
{
	struct rig *r = *state;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned t = 0; t < EVENT_TYPE_COUNT; t++) {
			event_init(&r->e, (enum event_type)t);
			apply(r);
			assert_int_equal(r->b->seq, r->seq);
		}
		assert_int_equal(r->b->count, 0);
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_recovery), T(once_more),	T(bytes),	T(by_address), T(seconds),
		T(advice),	 T(voice),	T(first_words), T(refusals),   T(firmware),
		T(ourselves),	 T(many_steps), T(bare),	T(sent_twice), T(as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
