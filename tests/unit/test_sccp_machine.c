/* SPDX-License-Identifier: MIT */
/* One SCCP connection: what is answered, what is said, and when it is closed. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "reflashd/bytes.h"
#include "reflashd/sccp.h"

#include <stdlib.h>
#include <string.h>

#define START USEC_SEC(1000)
#define PEER  0x0a4f4633u
#define TALL  1024 /* of bytes and events that a test collects */

static struct models models;
static struct sccp_memory memory;
static struct sccp s;
static usec_t now;

/* All that came out since begin(). */
static uint8_t sent[TALL];
static size_t sent_len;
static struct event said[16];
static unsigned said_count;
static const char *closed;

static const uint8_t keepalive[] = {4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t keepalive_ack[] = {4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};

static const struct sccp_register with_load = {.device = "SEP00192FA1B2C3",
					       .ip = 0xc0a80632,
					       .type = 115,
					       .protocol = 19,
					       .mac = {{0x00, 0x19, 0x2f, 0xa1, 0xb2, 0xc3}},
					       .load = "SCCP41.9-0-3S"};
static const struct sccp_register without_load = {.device = "SEP000E84C060A6", .type = 7};

static void begin(void)
{
	struct sccp_config config = {.models = &models, .memory = &memory};

	if (!models.count)
		models_builtin(&models);
	sccp_memory_init(&memory);
	now = START;
	sccp_init(&s, &config, PEER, now);
	sent_len = said_count = 0;
	closed = NULL;
}

/* The same peer once more, with what is remembered of it. */
static void reconnect(uint32_t peer)
{
	struct sccp_config config = {.models = &models, .memory = &memory};

	sccp_init(&s, &config, peer, now);
	sent_len = said_count = 0;
	closed = NULL;
}

static void collect(const struct sccp_out *out)
{
	assert_true(sent_len + out->len <= sizeof(sent));
	memcpy(sent + sent_len, out->data, out->len);
	sent_len += out->len;
	for (unsigned i = 0; i < out->event_count && said_count < ARRAY_LEN(said); i++)
		said[said_count++] = out->events[i];
	assert_int_equal(out->close, out->reason != NULL);
	closed = out->reason;
}

static void feed(const uint8_t *data, size_t len)
{
	static struct sccp_out out;

	while (len > 0 && !closed) {
		uint8_t *copy = malloc(len);
		size_t taken;

		memcpy(copy, data, len);
		taken = sccp_receive(&s, copy, len, now, &out);
		free(copy);
		assert_in_range(taken, 1, len);
		collect(&out);
		data += taken;
		len -= taken;
	}
}

static void tick(void)
{
	static struct sccp_out out;

	sccp_tick(&s, now, &out);
	collect(&out);
}

static void feed_register(const struct sccp_register *r)
{
	uint8_t message[SCCP_ENCODE_MAX];

	feed(message, sccp_encode_register(message, sizeof(message), r));
}

static void feed_alarm(const char *text)
{
	struct sccp_alarm a = {.severity = 2};
	uint8_t message[SCCP_ENCODE_MAX];

	memcpy(a.text, text, strlen(text));
	feed(message, sccp_encode_alarm(message, sizeof(message), &a));
}

static void assert_rejected(size_t at)
{
	assert_int_equal(sent_len - at, 44);
	assert_int_equal(get_le32(sent + at), 36);
	assert_int_equal(get_le32(sent + at + 4), 0);
	assert_int_equal(get_le32(sent + at + 8), 0x9d);
	assert_string_equal((char *)sent + at + 12, SCCP_REJECT_TEXT);
	for (size_t i = strlen(SCCP_REJECT_TEXT); i < 32; i++)
		assert_int_equal(sent[at + 12 + i], 0);
}

static void test_register(void **state)
{
	char text[768], mac[MAC_TEXT_MAX];

	(void)state;
	assert_in_range(strlen(SCCP_REJECT_TEXT), 1, 31);
	begin();
	feed_register(&with_load);
	assert_rejected(0);
	assert_null(closed);
	assert_int_equal(said_count, 1);
	assert_int_equal(said[0].type, EVENT_SCCP_REGISTER);
	mac_format(said[0].mac, mac);
	assert_string_equal(mac, "00:19:2f:a1:b2:c3");
	assert_int_equal(said[0].ip, PEER); /* and not what it says its address is */
	assert_string_equal(said[0].device, "SEP00192FA1B2C3");
	assert_string_equal(said[0].model, "7941");
	assert_string_equal(said[0].load, "SCCP41.9-0-3S");
	event_text(&said[0], text, sizeof(text));
	assert_string_equal(text, "00:19:2f:a1:b2:c3 registers by SCCP with load SCCP41.9-0-3S.");
}

static void test_every_split(void **state)
{
	uint8_t message[SCCP_ENCODE_MAX + 12];
	size_t n = sccp_encode_register(message, sizeof(message), &with_load);

	(void)state;
	memcpy(message + n, keepalive, 12);
	n += 12;
	for (size_t cut = 0; cut <= n; cut++) {
		begin();
		feed(message, cut);
		feed(message + cut, n - cut);
		assert_int_equal(said_count, 1);
		assert_int_equal(sent_len, 44 + 12);
		assert_memory_equal(sent + 44, keepalive_ack, 12);
	}
	begin();
	for (size_t i = 0; i < n; i++) {
		feed(message + i, 1);
		assert_int_equal(sent_len, i < n - 13 ? 0 : i < n - 1 ? 44 : 56);
	}
}

static void test_alarm_first(void **state)
{
	(void)state;
	begin();
	feed_alarm("25: Name=SEP000E84C060A6 Load= 8.0(9.0) Last=Initialized");
	assert_int_equal(sent_len, 0);
	assert_int_equal(said_count, 1);
	assert_int_equal(said[0].type, EVENT_SCCP_ALARM);
	assert_string_equal(said[0].load, "8.0(9.0)");
	assert_string_equal(said[0].reason,
			    "25: Name=SEP000E84C060A6 Load= 8.0(9.0) Last=Initialized");
	assert_int_equal(said[0].mac.b[5], 0xa6);
	feed_register(&without_load);
	assert_rejected(0);
	assert_int_equal(said_count, 2);
	assert_false(event_has(&said[1], FIELD_LOAD));
	assert_string_equal(said[1].model, "7960");
}

static void test_alarm_after(void **state)
{
	(void)state;
	begin();
	feed_register(&without_load);
	assert_int_equal(said_count, 1); /* the event waits for nothing */
	assert_int_equal(sent_len, 0);
	assert_int_equal(sccp_deadline(&s), now + SCCP_ALARM_WAIT);
	now += SCCP_ALARM_WAIT / 2;
	feed_alarm("hello\x1b[2J");
	assert_rejected(0);
	assert_int_equal(said_count, 2);
	assert_string_equal(said[1].reason, "hello\\x1b[2J");
	assert_string_equal(said[1].device, "SEP000E84C060A6"); /* of the Register */
	assert_int_equal(sccp_deadline(&s), now + SCCP_IDLE);
}

static void test_no_alarm(void **state)
{
	(void)state;
	begin();
	feed_register(&without_load);
	now += SCCP_ALARM_WAIT - 1;
	feed_register(&without_load); /* puts nothing off */
	tick();
	assert_int_equal(sent_len, 0);
	now++;
	tick();
	assert_rejected(0);
	now++;
	tick();
	assert_int_equal(sent_len, 44);
}

static void test_small_answers(void **state)
{
	static const uint8_t unregister[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x27, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t unregister_ack[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x18, 1, 0, 0, 0, 0, 0, 0};
	static const uint8_t token_reject[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x1b, 1, 0, 0, 60, 0, 0, 0};
	uint8_t token[44] = {36, 0, 0, 0, 0, 0, 0, 0, 0x29};

	(void)state;
	begin();
	feed(keepalive, 12);
	feed(unregister, 16);
	feed(token, sizeof(token));
	assert_int_equal(sent_len, 12 + 16 + 16);
	assert_memory_equal(sent, keepalive_ack, 12);
	assert_memory_equal(sent + 12, unregister_ack, 16);
	assert_memory_equal(sent + 28, token_reject, 16);
	assert_int_equal(said_count, 0);
	assert_int_equal(sccp_deadline(&s), now + SCCP_IDLE); /* who wants a token is a phone */
}

static void test_others_are_passed_over(void **state)
{
	static uint8_t longest[SCCP_MESSAGE_MAX] = {0x00, 0x10, 0, 0, 0, 0, 0, 0, 0x5a, 0x01};

	(void)state;
	begin();
	feed(longest, sizeof(longest));
	assert_null(closed);
	assert_int_equal(sent_len + said_count, 0);
	feed(keepalive, 12);
	assert_int_equal(sent_len, 12);
}

static void test_lengths(void **state)
{
	static const struct {
		uint32_t length;
		bool good;
	} table[] = {
		{0, false},
		{3, false},
		{4, true},
		{5, true},
		{4096, true},
		{4097, false},
		{0x10000, false},
		{0x80000000u, false},
		{UINT32_MAX, false},
		{UINT32_MAX - 7, false},
		{UINT32_MAX - 3, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint8_t head[12];
		struct writer w = writer_init(head, sizeof(head));

		write_le32(&w, table[i].length);
		write_le32(&w, 0);
		write_le32(&w, SCCP_XML_ALARM);
		begin();
		feed(head, 3);
		assert_null(closed);
		feed(head + 3, 1);
		assert_int_equal(closed == NULL, table[i].good);
	}
}

static void test_garbage(void **state)
{
	static const char *const table[] = {
		"GET / HTTP/1.1\r\n\r\n",
		"REGISTER sip:10.79.70.1 SIP/2.0\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x99",
		"\x10\x01\x01\x01",
	};
	uint8_t number[12] = {4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
	uint8_t cut_register[12] = {4, 0, 0, 0, 0, 0, 0, 0, 1};
	uint8_t cut_token[43] = {35, 0, 0, 0, 0, 0, 0, 0, 0x29};
	uint8_t cut_alarm[12] = {4, 0, 0, 0, 0, 0, 0, 0, 0x20};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		begin();
		feed((const uint8_t *)table[i], strlen(table[i]));
		assert_non_null(closed);
		assert_int_equal(sent_len + said_count, 0);
	}
	begin();
	feed(number, 12);
	assert_string_equal(closed, "it does not speak SCCP");
	begin();
	feed(cut_register, 12);
	assert_string_equal(closed, "it sent a Register that is too short");
	begin();
	feed(cut_alarm, 12);
	assert_string_equal(closed, "it sent an Alarm that is too short");
	begin();
	feed(cut_token, sizeof(cut_token));
	assert_string_equal(closed, "it sent a RegisterTokenReq that is too short");
	assert_int_equal(sent_len, 0);
}

static void test_times(void **state)
{
	uint8_t message[SCCP_ENCODE_MAX];
	size_t n = sccp_encode_register(message, sizeof(message), &with_load);

	(void)state;
	begin();
	now += SCCP_REGISTER_WITHIN - 1;
	feed(keepalive, 12); /* does not help */
	tick();
	assert_null(closed);
	now++;
	assert_int_equal(sccp_deadline(&s), now);
	tick();
	assert_string_equal(closed, "it did not register within 20 seconds");

	begin();
	feed(message, n);
	for (int i = 0; i < 40; i++) { /* a byte now and then is no message */
		now += USEC_SEC(3);
		feed(message + i, 1);
		if (i < 39)
			tick();
		assert_null(closed);
	}
	assert_int_equal(sccp_deadline(&s), now);
	tick();
	assert_string_equal(closed, "it was silent for two minutes");
}

static void test_too_many_messages(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < SCCP_MESSAGES; i++) {
		sent_len = 0;
		feed(keepalive, 12);
		assert_null(closed);
	}
	now += SCCP_WINDOW - 1;
	feed(keepalive, 12);
	assert_string_equal(closed, "it sent far more messages than a phone does");
	begin();
	for (unsigned i = 0; i < SCCP_MESSAGES; i++) {
		sent_len = 0;
		feed(keepalive, 12);
	}
	now += SCCP_WINDOW;
	feed(keepalive, 12);
	assert_null(closed);
}

static void test_once(void **state)
{
	struct sccp_register other = with_load;

	(void)state;
	begin();
	feed_register(&with_load);
	now += USEC_SEC(61);
	feed_register(&with_load);
	assert_int_equal(said_count, 1); /* once on a connection */
	assert_int_equal(sent_len, 88);	 /* but each one is answered */
	memcpy(other.load, "SCCP41.9-4-2S", 14);
	feed_register(&other);
	assert_int_equal(said_count, 2);
	assert_string_equal(said[1].load, "SCCP41.9-4-2S");

	begin();
	feed_register(&with_load);
	for (int i = 0; i < 11; i++) {
		now += USEC_SEC(5);
		reconnect(PEER);
		feed_register(&with_load);
		assert_int_equal(said_count, 0);
		assert_rejected(0);
	}
	now = START + SCCP_REPEAT - 1;
	reconnect(PEER);
	feed_register(&with_load);
	assert_int_equal(said_count, 0);
	now++;
	reconnect(PEER);
	feed_register(&with_load);
	assert_int_equal(said_count, 1);
}

static void test_flood(void **state)
{
	struct sccp_register r = with_load;
	unsigned all = 0;

	(void)state;
	begin();
	for (unsigned peer = 0; peer < 12; peer++) {
		unsigned of_peer = 0;

		for (unsigned i = 0; i < 99; i++) {
			reconnect(PEER + peer);
			r.load[0] = (char)('A' + peer);
			r.load[1] = (char)('!' + i % 90);
			r.load[2] = (char)('A' + i / 90);
			feed_register(&r);
			of_peer += said_count;
		}
		assert_in_range(of_peer, 0, SCCP_PEER_EVENTS);
		all += of_peer;
		if (peer == 0)
			assert_int_equal(of_peer, SCCP_PEER_EVENTS);
	}
	assert_int_equal(all, SCCP_MEMORY_MAX);
	now += SCCP_REPEAT;
	reconnect(PEER);
	feed_register(&with_load);
	assert_int_equal(said_count, 1);
}

static void test_who(void **state)
{
	static const struct {
		const char *device;
		struct mac field;
		const char *expect;
	} table[] = {
		{"SEP00192FA1B2C3", {{2, 2, 2, 2, 2, 2}}, "00:19:2f:a1:b2:c3"},
		{"sep00192fa1b2c3", {{2, 2, 2, 2, 2, 2}}, "00:19:2f:a1:b2:c3"},
		{"SEP01192FA1B2C3", {{2, 2, 2, 2, 2, 2}}, "02:02:02:02:02:02"},
		{"SEP00192FA1B2CX", {{2, 2, 2, 2, 2, 2}}, "02:02:02:02:02:02"},
		{"SEP00192FA1B2C", {{2, 2, 2, 2, 2, 2}}, "02:02:02:02:02:02"},
		{"", {{2, 2, 2, 2, 2, 2}}, "02:02:02:02:02:02"},
		{"LOBBY", {{1, 2, 2, 2, 2, 2}}, NULL},
		{"LOBBY", {{0}}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct sccp_register r = with_load;
		char mac[MAC_TEXT_MAX];

		memset(r.device, 0, sizeof(r.device));
		memcpy(r.device, table[i].device, strlen(table[i].device));
		r.mac = table[i].field;
		r.type = 4711;
		begin();
		feed_register(&r);
		assert_int_equal(said_count, 1);
		assert_false(event_has(&said[0], FIELD_MODEL));
		assert_int_equal(event_has(&said[0], FIELD_MAC), table[i].expect != NULL);
		if (!table[i].expect)
			continue;
		mac_format(said[0].mac, mac);
		assert_string_equal(mac, table[i].expect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_alarm_first),
		cmocka_unit_test(test_alarm_after),
		cmocka_unit_test(test_no_alarm),
		cmocka_unit_test(test_small_answers),
		cmocka_unit_test(test_others_are_passed_over),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_too_many_messages),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
