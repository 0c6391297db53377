/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/sip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHONE 0x0a4f4632u
#define START USEC_SEC(1000)

#define HEAD                                                                                       \
	"REGISTER sip:10.79.70.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.79.70.50:5060;branch=z9hG4bK1\r\n" \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 101 REGISTER\r\n"
#define BODY(n) "Content-Type: text/plain\r\nContent-Length: " n "\r\n\r\n"

static struct models models;
static struct sip sip;
static struct sip_stream stream;
static struct sip_out out;
static const struct sip_peer peer = {PHONE, 50123};

/* What came of some bytes: how many answers of each kind, keepalives, events. */
static struct {
	unsigned answers, status, pongs, events;
	bool closed;
	size_t used;
} got;

static int setup(void **state)
{
	(void)state;
	models_builtin(&models);
	return 0;
}

static void begin(void)
{
	sip_setup(&sip, &models);
	sip_init(&stream, &sip, peer, START);
	memset(&got, 0, sizeof(got));
}

static void feed(const char *data, size_t len, usec_t now)
{
	uint8_t *copy = exact_copy(data, len);
	size_t at = 0;

	while (at < len && !got.closed) {
		size_t n = sip_receive(&stream, copy + at, len - at, now, &out);

		assert_true(n > 0 && n <= len - at);
		at += n;
		got.events += out.event_count;
		got.closed = out.close;
		if (out.len) {
			assert_int_equal(out.to.ip, PHONE);
			assert_int_equal(out.to.port, 50123);
		}
		if (out.len == 2)
			got.pongs++;
		else if (out.len) {
			got.answers++;
			got.status = sip_answer_status(out.data, out.len);
		}
	}
	got.used += at;
	free(copy);
}

static size_t golden(char *text, size_t size)
{
	struct sip_registration r = {.mac = {{0, 0x1b, 0x2a, 0x89, 0x36, 0x98}},
				     .number = 30006,
				     .load = "SIP70.8-4-2-30S",
				     .phone = PHONE,
				     .server = 1,
				     .port = 5060,
				     .tcp = true,
				     .sequence = 101};

	return sip_encode_register(&r, (uint8_t *)text, size);
}

/* A REGISTER, a keepalive, and another one with an odd body, cut at every place. */
static void test_every_split(void **state)
{
	static const char second[] = "\r\n\r\n\r\n" HEAD BODY("12") "SIP/2.0 \r\n\r\0";
	char text[2000];
	size_t n = golden(text, sizeof(text));

	(void)state;
	memcpy(text + n, second, sizeof(second));
	n += sizeof(second) - 1;
	for (size_t cut = 0; cut <= n; cut++) {
		begin();
		feed(text, cut, START);
		assert_true(got.answers <= 2);
		feed(text + cut, n - cut, START);
		assert_int_equal(got.answers, 2);
		assert_int_equal(got.status, 404);
		assert_int_equal(got.pongs, 1);
		assert_int_equal(got.events, 1);
		assert_false(got.closed);
	}
	begin();
	for (size_t i = 0; i < n; i++)
		feed(text + i, 1, START);
	assert_int_equal(got.answers, 2);
	assert_int_equal(got.pongs, 1);
	assert_int_equal(got.events, 1);
}

static void test_several_in_one(void **state)
{
	(void)state;
	begin();
	feed(HEAD "\r\n" HEAD BODY("3") "abc" HEAD BODY("0") "\r\n" HEAD "\r\n",
	     strlen(HEAD "\r\n" HEAD BODY("3") "abc" HEAD BODY("0") "\r\n" HEAD "\r\n"), START);
	assert_int_equal(got.answers, 4);
	assert_false(got.closed);
}

/* Nothing is answered before a message is whole. */
static void test_prefixes(void **state)
{
	static const char text[] = HEAD BODY("4") "\r\n\r\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		begin();
		feed(text, n, START);
		assert_int_equal(got.answers, 0);
		assert_false(got.closed);
	}
}

static void test_hostile(void **state)
{
	static const struct {
		const char *text;
		unsigned answers, status;
		bool closed;
	} row[] = {
		{HEAD "Content-Length: 65535\r\n\r\n", 0, 0, false},
		{HEAD "Content-Length: 65536\r\n\r\n", 1, 513, true},
		{HEAD "Content-Length: 99999999999999999999\r\n\r\n", 1, 400, true},
		{HEAD "Content-Length: -1\r\n\r\n", 1, 400, true},
		{HEAD "Content-Length: \r\n\r\n", 1, 400, true},
		{HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab" HEAD "\r\n", 1, 400, true},
		{HEAD "Content-Length: 1\r\nl: 1\r\n\r\na" HEAD "\r\n", 2, 404, false},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, 0, true},
		{"\x16\x03\x01", 0, 0, true},
		{"\r\n\r\nx\r\n\r\n", 0, 0, true},
		{"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a\r\n\r\n" HEAD "\r\n", 1, 404, false},
		{"REGISTER sip:a SIP/9.0\r\nVia: SIP/2.0/TCP a\r\nFrom: a\r\nTo: b\r\n"
		 "Call-ID: 1\r\nCSeq: 1 REGISTER\r\n\r\n" HEAD "\r\n",
		 1, 505, true},
		{HEAD "no colon\r\n\r\n" HEAD "\r\n", 2, 404, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		begin();
		feed(row[i].text, strlen(row[i].text), START);
		if (got.answers != row[i].answers || got.status != row[i].status ||
		    got.closed != row[i].closed)
			fail_msg("row %zu: %u answers, %u, closed %d", i, got.answers, got.status,
				 got.closed);
	}
}

static void test_endless_head(void **state)
{
	char text[SIP_HEAD_MAX + 10];

	(void)state;
	for (size_t size = SIP_HEAD_MAX - 1; size <= SIP_HEAD_MAX + 1; size++) {
		memcpy(text, HEAD "X: ", strlen(HEAD "X: "));
		memset(text + strlen(HEAD "X: "), 'x', size - strlen(HEAD "X: "));
		memcpy(text + size - 4, "\r\n\r\n", 4);
		begin();
		feed(text, size, START);
		assert_int_equal(got.answers, size <= SIP_HEAD_MAX);
		assert_int_equal(got.closed, size > SIP_HEAD_MAX);
		assert_true(got.used <= SIP_HEAD_MAX);
	}
}

static void test_times(void **state)
{
	(void)state;
	begin();
	assert_int_equal(sip_deadline(&stream), START + SIP_IDLE);
	sip_tick(&stream, START + SIP_IDLE - 1, &out);
	assert_false(out.close);
	/* Bytes that make no message put nothing off. */
	feed(HEAD, strlen(HEAD), START + USEC_SEC(30));
	assert_int_equal(sip_deadline(&stream), START + SIP_IDLE);
	feed("\r\n", 2, START + USEC_SEC(31));
	assert_int_equal(sip_deadline(&stream), START + USEC_SEC(31) + SIP_IDLE);
	feed("\r\n\r", 3, START + USEC_SEC(40));
	assert_int_equal(sip_deadline(&stream), START + USEC_SEC(31) + SIP_IDLE);
	feed("\n", 1, START + USEC_SEC(41));
	assert_int_equal(got.pongs, 1);
	assert_int_equal(sip_deadline(&stream), START + USEC_SEC(41) + SIP_IDLE);
	sip_tick(&stream, START + USEC_SEC(41) + SIP_IDLE, &out);
	assert_true(out.close);
	assert_true(sip_deadline(&stream) == USEC_NEVER);
	assert_int_equal(sip_receive(&stream, (const uint8_t *)"x", 1, START, &out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),  cmocka_unit_test(test_several_in_one),
		cmocka_unit_test(test_prefixes),     cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_endless_head), cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
