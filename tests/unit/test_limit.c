/* SPDX-License-Identifier: MIT */
/* What the stream leaves out, of whom, and how that is said. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "reflashd/limit.h"

#include <string.h>

static struct limiter l;
static struct event e;

static const struct event *junk(enum event_type type, unsigned who, const char *why)
{
	event_init(&e, type);
	event_set_mac(&e, (struct mac){{0, 1, 2, (uint8_t)(who >> 16), (uint8_t)(who >> 8),
					(uint8_t)who}});
	if (why)
		event_set_text(&e, FIELD_REASON, why);
	return &e;
}

/* How many of n pass. */
static unsigned passes(unsigned n, enum event_type type, unsigned who, const char *why, usec_t now)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++)
		passed += limiter_take(&l, junk(type, who, why), true, now);
	return passed;
}

static void test_one_sender(void **state)
{
	struct event said;

	(void)state;
	limiter_init(&l, 0);
	assert_int_equal(passes(10, EVENT_DHCP_IGNORED, 1, "it is a toaster", 0), 10);
	assert_false(limiter_next(&l, 0, &said));
	assert_int_equal(passes(3130, EVENT_DHCP_IGNORED, 1, "it is a toaster", 0), 10);
	/* Another reason, another sender, another kind: not the same. */
	assert_int_equal(passes(10, EVENT_DHCP_IGNORED, 1, "it is a kettle", 0), 10);
	assert_int_equal(passes(10, EVENT_DHCP_IGNORED, 2, "it is a toaster", 0), 10);
	assert_int_equal(passes(11, EVENT_DHCP_NAK, 1, "it is a toaster", 0), 10);
	assert_true(limiter_next(&l, USEC_SEC(5), &said));
	if (strncmp(said.reason, "1 more", 6) == 0)
		assert_true(limiter_next(&l, USEC_SEC(5), &said));
	assert_string_equal(said.code, "left-out");
	assert_string_equal(
		said.reason,
		"3120 more within 5 s: 00:01:02:00:00:01 gets no address from us: it is "
		"a toaster.");
	limiter_next(&l, USEC_SEC(5), &said);
	while (limiter_next(&l, USEC_SEC(5), &said))
		;
	/* A new window. */
	assert_int_equal(passes(11, EVENT_DHCP_IGNORED, 1, "it is a toaster", USEC_SEC(5)), 10);
}

/* How many of each kind one sender has in a window. */
static void test_allowances(void **state)
{
	static const struct {
		enum event_type type;
		unsigned most; /* 0: as many as come */
	} row[] = {
		{EVENT_DHCP_IGNORED, 10},  {EVENT_DHCP_NAK, 10},	{EVENT_DHCP_DECLINE, 10},
		{EVENT_DHCP_DISCOVER, 60}, {EVENT_DHCP_ACK, 60},	{EVENT_TFTP_REFUSED, 60},
		{EVENT_SCCP_ALARM, 60},	   {EVENT_CDP_SEEN, 60},	{EVENT_TFTP_REQUEST, 200},
		{EVENT_TFTP_ABORTED, 200}, {EVENT_TFTP_COMPLETE, 1000}, {EVENT_PHONE_STAGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		limiter_init(&l, 0);
		assert_int_equal(passes(2000, row[i].type, 1, NULL, 0),
				 row[i].most ? row[i].most : 2000);
	}
}

/* Where a code says why, it counts, and not the words beside it. */
static void test_codes(void **state)
{
	(void)state;
	limiter_init(&l, 0);
	for (unsigned i = 0; i < 24; i++) {
		char words[16] = "reason a";

		words[7] = (char)('a' + i);
		junk(EVENT_DHCP_IGNORED, 1, words);
		event_set_text(&e, FIELD_CODE, i % 2 ? "odd" : "even");
		assert_int_equal(limiter_take(&l, &e, true, 0), i < 20);
	}
}

/* Another file each time is the same sender with the same reason. */
static void test_a_scanner(void **state)
{
	unsigned passed = 0;

	(void)state;
	limiter_init(&l, 0);
	for (unsigned i = 0; i < 5000; i++) {
		event_init(&e, EVENT_TFTP_REFUSED);
		event_set_ip(&e, FIELD_IP, 0x0a000001);
		event_set_text(&e, FIELD_REASON, "unknown");
		event_set_format(&e, FIELD_FILE, "file%u", i);
		passed += limiter_take(&l, &e, false, 0);
	}
	assert_int_equal(passed, 60);
}

static void test_strangers(void **state)
{
	unsigned passed = 0, notes = 0;
	struct event said;

	(void)state;
	limiter_init(&l, 0);
	for (unsigned i = 0; i < 100000; i++)
		passed += limiter_take(&l, junk(EVENT_DHCP_DISCOVER, i, NULL), false, 0);
	assert_int_equal(passed, LIMIT_STRANGERS);
	assert_false(limiter_take(&l, junk(EVENT_DHCP_DISCOVER, 7, NULL), false, 0));
	/* Who has a lease is heard. */
	assert_true(limiter_take(&l, junk(EVENT_DHCP_REQUEST, 7, NULL), true, 0));
	while (limiter_next(&l, USEC_SEC(5), &said)) {
		notes++;
		assert_int_equal(said.severity, SEVERITY_WARNING);
		assert_non_null(strstr(said.reason, "96001 more"));
	}
	assert_int_equal(notes, 1);
	/* And a second brings so many more. */
	for (passed = 0;
	     limiter_take(&l, junk(EVENT_DHCP_OFFER, passed, NULL), false, USEC_SEC(1));)
		passed++;
	assert_int_equal(passed, LIMIT_REFILL);
}

/* More repeaters than slots: few sentences, and none is lost from the sum. */
static void test_many_repeaters(void **state)
{
	unsigned notes = 0, passed = 0, heard = 0;
	struct event said;

	(void)state;
	limiter_init(&l, 0);
	for (unsigned who = 0; who < 10 * LIMIT_SLOTS; who++)
		for (unsigned i = 0; i < 30; i++, heard++)
			passed += limiter_take(&l, junk(EVENT_DHCP_NAK, who, "no"), true, 0);
	assert_true(passed < heard / 2);
	while (limiter_next(&l, USEC_SEC(5), &said))
		notes++;
	assert_in_range(notes, 2, LIMIT_NOTES + 1);
}

/* Whoever gives addresses back and asks for them under new names silences nobody who is at work. */
static void test_guests(void **state)
{
	unsigned passed = 0;

	(void)state;
	limiter_init(&l, 0);
	for (unsigned i = 0; i < 2 * LIMIT_GUESTS; i++)
		passed += limiter_take(&l, junk(EVENT_DHCP_RELEASE, i, NULL), true, 0);
	assert_int_equal(passed, LIMIT_GUESTS);
	assert_int_equal(passes(1001, EVENT_TFTP_COMPLETE, 7, NULL, 0), 1000);
	assert_int_equal(passes(61, EVENT_CDP_SEEN, 7, NULL, 0), 60);
	assert_int_equal(passes(1, EVENT_DHCP_ACK, 7, NULL, 0), 0);
}

/* What we find ourselves is never left out. */
/* Forged requests from all addresses that we gave away: none of them says much. */
static void test_forged_by_many(void **state)
{
	unsigned warnings = 0, others = 0;
	struct event said;

	(void)state;
	limiter_init(&l, 0);
	for (unsigned round = 0; round < 1000; round++)
		for (unsigned who = 0; who < 200; who++) {
			junk(EVENT_TFTP_REFUSED, who, "busy");
			warnings += limiter_take(&l, &e, true, 0);
			others += limiter_take(&l, junk(EVENT_TFTP_REQUEST, who, NULL), true, 0);
		}
	assert_true(warnings <= LIMIT_WARNINGS);
	assert_true(others <= LIMIT_WORK + LIMIT_GUESTS);
	while (limiter_next(&l, USEC_SEC(1), &said))
		assert_string_equal(said.code, "left-out");
	/* A second later. */
	warnings = others = 0;
	for (unsigned who = 0; who < 6000; who++) {
		junk(EVENT_TFTP_REFUSED, who, "busy");
		warnings += limiter_take(&l, &e, true, USEC_SEC(1));
		others += limiter_take(&l, junk(EVENT_TFTP_REQUEST, who, NULL), true, USEC_SEC(1));
	}
	assert_true(warnings <= LIMIT_REFILL);
	assert_true(others <= LIMIT_WORK_ON);
	/* What takes a phone that answers is told all the same. */
	limiter_next(&l, USEC_SEC(1), &said);
	while (limiter_next(&l, USEC_SEC(1), &said))
		;
	assert_int_equal(passes(100, EVENT_TFTP_COMPLETE, 1, NULL, USEC_SEC(1)), 100);
}

static void test_our_own_words(void **state)
{
	(void)state;
	limiter_init(&l, 0);
	assert_int_equal(passes(50000, EVENT_DAEMON_NOTE, 1, "x", 0), 50000);
	assert_int_equal(passes(50000, EVENT_PHONE_RECOVERED, 1, NULL, 0), 50000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_sender),     cmocka_unit_test(test_allowances),
		cmocka_unit_test(test_codes),	       cmocka_unit_test(test_a_scanner),
		cmocka_unit_test(test_strangers),      cmocka_unit_test(test_many_repeaters),
		cmocka_unit_test(test_forged_by_many), cmocka_unit_test(test_guests),
		cmocka_unit_test(test_our_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
