/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server machine: who is served, who is refused and in which words, what happens to
 * repeated requests, and that every content is released exactly once.
 */
#include "reflashd/tftp_server.h"

#include "reflashd/text.h"

#include "tftp_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0    USEC_SEC(1000)
#define MS(n) USEC_MS(n)
#define SLOTS 8
#define PHONE 0x0a4f4632u /* 10.79.70.50 */
#define OTHER 0x0a4f4633u

struct fixture {
	struct tftp_server s;
	struct tftp_slot *slots;
	struct tftp_out out;
	unsigned found, released, asked;
	bool netascii;
	struct tftp_name name;
};

/* size.NUMBER exists; the other names are what they say. */
static enum tftp_found find(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
			    struct tftp_file *file)
{
	struct fixture *f = ctx;
	uint64_t size;

	assert_true(ip != 0);
	f->asked++;
	f->netascii = netascii;
	f->name = *name;
	if (text_starts_nocase(name->base, "size.") &&
	    text_to_u64(name->base + 5, 0, UINT64_MAX, &size)) {
		file->size = size;
		file->content = &f->found;
		text_copy(file->name, sizeof(file->name), name->base);
		text_copy(file->load, sizeof(file->load), size == 600 ? "SIP70.8-4-2S" : "");
		f->found++;
		return TFTP_FOUND;
	}
	if (strcmp(name->base, "CTLSEP.tlv") == 0)
		return TFTP_MISS_EXPECTED;
	if (strcmp(name->base, "held.loads") == 0) {
		text_copy(file->why, sizeof(file->why), "the bundle lacks cvm70.sbn");
		return TFTP_WITHHELD;
	}
	if (strcmp(name->base, "later.loads") == 0) {
		text_copy(file->why, sizeof(file->why), "the disk says: I/O error");
		return TFTP_TRY_LATER;
	}
	return TFTP_MISS_UNKNOWN;
}

static void release(void *ctx, void *content)
{
	struct fixture *f = ctx;

	assert_ptr_equal(content, &f->found);
	f->released++;
	assert_true(f->released <= f->found);
}

static const struct tftp_server_config usual = {
	.transfer = {.blksize_max = 1468, .windowsize_max = 16, .give_up = USEC_SEC(30)},
	.max_transfers = SLOTS,
	.max_per_client = 4,
};

static void start_server(struct fixture *f, const struct tftp_server_config *config)
{
	const struct tftp_catalogue catalogue = {f, find, release};

	memset(f, 0, sizeof(*f));
	/* Exact size, and not zeroed: init must do with what the driver hands it. */
	f->slots = malloc(config->max_transfers * sizeof(*f->slots));
	assert_non_null(f->slots);
	memset(f->slots, 0xa5, config->max_transfers * sizeof(*f->slots));
	tftp_server_init(&f->s, config, &catalogue, f->slots);
}

static int set_up(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	start_server(f, &usual);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->slots);
	free(f);
	return 0;
}

static struct tftp_peer peer(uint32_t ip, uint16_t port)
{
	return (struct tftp_peer){ip, port};
}

/* "name|octet|tsize|0" with '|' for NUL. */
static void request(struct fixture *f, struct tftp_peer from, const char *text, usec_t now)
{
	uint8_t packet[600] = {0, 1};
	size_t len = strlen(text) + 1;

	memcpy(packet + 2, text, len);
	for (size_t i = 2; i < 2 + len; i++)
		if (packet[i] == '|')
			packet[i] = 0;
	tftp_server_receive(&f->s, from, packet, 2 + len, now, &f->out);
}

static void ack(struct fixture *f, uint32_t slot, uint16_t block, usec_t now)
{
	const uint8_t packet[] = {0, 4, (uint8_t)(block >> 8), (uint8_t)block};

	tftp_server_transfer_receive(&f->s, slot, packet, sizeof(packet), now, &f->out);
}

static void assert_silent(const struct fixture *f)
{
	assert_int_equal(f->out.slot, TFTP_NO_SLOT);
	assert_false(f->out.opened || f->out.closed);
	assert_null(f->out.send.control);
	assert_int_equal(f->out.send.count, 0);
	assert_int_equal(f->out.error_len, 0);
	assert_int_equal(f->out.event_count, 0);
}

static void assert_opened(const struct fixture *f)
{
	assert_true(f->out.opened);
	assert_false(f->out.closed);
	assert_true(f->out.slot < f->s.config.max_transfers);
	assert_non_null(f->out.content);
	assert_int_equal(f->out.error_len, 0);
	assert_int_equal(f->out.event_count, 2);
	assert_int_equal(f->out.events[0].type, EVENT_TFTP_REQUEST);
	assert_int_equal(f->out.events[1].type, EVENT_TFTP_START);
}

static void assert_closed(const struct fixture *f, uint32_t slot, enum event_type type)
{
	assert_int_equal(f->out.slot, slot);
	assert_true(f->out.closed);
	assert_null(f->out.content);
	assert_int_equal(f->out.send.count, 0);
	assert_int_equal(f->out.event_count, 1);
	assert_int_equal(f->out.events[0].type, type);
	assert_false(f->slots[slot].used);
}

/* The last event is a refusal of that kind, and the ERROR has that code. */
static const struct event *assert_refused(const struct fixture *f, const char *reason,
					  enum event_severity severity, uint8_t code)
{
	const struct event *e = &f->out.events[f->out.event_count - 1];

	assert_true(f->out.event_count > 0);
	assert_int_equal(e->type, EVENT_TFTP_REFUSED);
	assert_string_equal(e->reason, reason);
	assert_int_equal(e->severity, severity);
	assert_int_equal(e->ip, f->out.peer.ip);
	assert_false(f->out.opened);
	assert_int_equal(f->out.slot, TFTP_NO_SLOT);
	assert_true(f->out.error_len > 5);
	assert_memory_equal(f->out.error, ((uint8_t[]){0, 5, 0, code}), 4);
	assert_int_equal(f->out.error[f->out.error_len - 1], 0);
	assert_true(e->present & (uint64_t)1 << FIELD_FILE);
	return e;
}

static bool tick(struct fixture *f, usec_t now)
{
	bool more = tftp_server_tick(&f->s, now, &f->out);

	if (!more)
		assert_true(tftp_server_deadline(&f->s) > now);
	return more;
}

static void test_a_file_from_request_to_complete(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 50000), "size.600|octet", T0);
	assert_opened(f);
	slot = f->out.slot;
	assert_string_equal(f->out.events[0].file, "size.600");
	assert_int_equal(f->out.events[1].ip, PHONE);
	assert_int_equal(f->out.events[1].size, 600);
	assert_string_equal(f->out.events[1].load, "SIP70.8-4-2S");
	assert_false(f->out.events[1].present & (uint64_t)1 << FIELD_MAC);
	assert_int_equal(f->out.send.first, 1);
	assert_int_equal(f->out.send.count, 1);
	ack(f, slot, 1, T0 + MS(3));
	assert_int_equal(f->out.event_count, 0);
	assert_int_equal(f->out.send.first, 2);
	assert_non_null(f->out.content);
	assert_int_equal(f->out.peer.port, 50000);
	ack(f, slot, 2, T0 + MS(7));
	assert_closed(f, slot, EVENT_TFTP_COMPLETE);
	assert_int_equal(f->out.events[0].bytes, 600);
	assert_int_equal(f->out.events[0].ms, 7);
	assert_int_equal(f->out.events[0].resent, 0);
	assert_string_equal(f->out.events[0].text, "");
	assert_int_equal(f->released, 1);
	assert_int_equal(f->s.active, 0);
	assert_true(tftp_server_deadline(&f->s) == USEC_NEVER);
	ack(f, slot, 2, T0 + MS(8)); /* late, for a slot that is gone */
	assert_silent(f);
	ack(f, TFTP_NO_SLOT, 2, T0 + MS(8));
	assert_silent(f);
}

static void test_names_reach_the_catalogue_in_one_shape(void **state)
{
	struct fixture *f = *state;

	request(f, peer(PHONE, 1), "./US\\size.1|NETASCII", T0);
	assert_opened(f);
	assert_true(f->netascii);
	assert_string_equal(f->name.folder, "US");
	assert_string_equal(f->name.base, "size.1");
	request(f, peer(PHONE, 2), "/size.1|octet", T0);
	assert_opened(f);
	assert_false(f->netascii);
	assert_string_equal(f->name.folder, "");
	assert_int_equal(f->out.events[1].present & (uint64_t)1 << FIELD_LOAD, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *reason;
		enum event_severity severity;
		uint8_t code;
		unsigned events;
		const char *sentence;
	} table[] = {
		{"CTLSEP.tlv|octet", "expected", SEVERITY_DEBUG, 1, 2,
		 "{phone} asked for CTLSEP.tlv: there is none, and the phone does well "
		 "without it."},
		{"what.sbn|octet", "unknown", SEVERITY_WARNING, 1, 2,
		 "{phone} asked for what.sbn, which none of the firmware here holds."},
		{"a/b/c|octet", "unknown", SEVERITY_WARNING, 1, 2, NULL},
		{"US/|octet", "unknown", SEVERITY_WARNING, 1, 2, NULL},
		{"../../etc/passwd|octet", "unsafe", SEVERITY_WARNING, 2, 2, NULL},
		{"x\x1b[2J|octet", "unsafe", SEVERITY_WARNING, 2, 2, NULL},
		{"held.loads|octet", "withheld", SEVERITY_WARNING, 2, 2,
		 "{phone} asked for held.loads, which is held back: the bundle lacks "
		 "cvm70.sbn."},
		{"later.loads|octet", "try-later", SEVERITY_WARNING, 0, 2,
		 "{phone} asked for later.loads, which cannot be read just now: the disk "
		 "says: I/O error."},
		{"size.1|mail", "malformed", SEVERITY_WARNING, 4, 1, NULL},
		{"|octet", "malformed", SEVERITY_WARNING, 4, 1, NULL},
		{"size.1", "malformed", SEVERITY_WARNING, 4, 1, NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct event *e;

		request(f, peer(PHONE, 50000), table[i].text, T0);
		assert_int_equal(f->out.event_count, table[i].events);
		e = assert_refused(f, table[i].reason, table[i].severity, table[i].code);
		if (table[i].sentence)
			assert_string_equal(e->text, table[i].sentence);
	}
	assert_int_equal(f->s.active, 0);
	assert_int_equal(f->found, 0);
}

static void test_names_from_the_wire_are_escaped(void **state)
{
	struct fixture *f = *state;
	const struct event *e;

	request(f, peer(PHONE, 1), "x\x1b[2J\n|octet", T0);
	e = assert_refused(f, "unsafe", SEVERITY_WARNING, 2);
	assert_string_equal(e->file, "x\\x1b[2J\\x0a");
	for (const char *p = e->text; *p; p++)
		assert_in_range(*p, 0x20, 0x7e);
	assert_non_null(strstr(e->text, "x\\x1b[2J"));
}

static void test_write_requests_are_refused(void **state)
{
	struct fixture *f = *state;
	const struct event *e;

	tftp_server_receive(&f->s, peer(PHONE, 1), (const uint8_t *)"\0\2size.1\0octet", 15, T0,
			    &f->out);
	assert_int_equal(f->out.event_count, 1);
	e = assert_refused(f, "read-only", SEVERITY_WARNING, 2);
	assert_string_equal(e->file, "size.1");
	assert_string_equal((char *)f->out.error + 4, "this server is read only");
	assert_int_equal(f->asked, 0);
}

/* RFC 1350 7: an ERROR is not answered; nor is what is late. */
static void test_stray_packets_on_port_69_are_dropped(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} table[] = {{"", 0},	      {"\0", 1},	  {"\1", 1},   {"\0\3\0\1x", 5},
		     {"\0\4\0\1", 4}, {"\0\5\0\1x\0", 6}, {"\0\6", 2}, {"\xff\xff", 2}};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		tftp_server_receive(&f->s, peer(PHONE, 1), (const uint8_t *)table[i].data,
				    table[i].len, T0, &f->out);
		assert_silent(f);
	}
}

/* phones.md 4.4: 7940/60, the same request every 4 s from the same port. */
static void test_trap_repeated_request_opens_no_second_transfer(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 49844), "size.5000|octet", T0);
	slot = f->out.slot;
	request(f, peer(PHONE, 49844), "size.5000|octet", T0 + MS(1));
	assert_int_equal(f->out.slot, slot);
	assert_false(f->out.opened);
	assert_int_equal(f->out.send.count, 0);
	assert_int_equal(f->out.event_count, 0);
	for (unsigned k = 1; k <= 4; k++) {
		request(f, peer(PHONE, 49844), "size.5000|octet", T0 + USEC_SEC(4 * k));
		assert_int_equal(f->out.slot, slot);
		assert_int_equal(f->out.send.first, 1);
		assert_int_equal(f->out.send.count, 1);
		assert_non_null(f->out.content);
		assert_int_equal(f->out.event_count, 0);
	}
	assert_int_equal(f->s.active, 1);
	assert_int_equal(f->asked, 1);
	/* another port, or another phone with the same port: transfers of their own */
	request(f, peer(PHONE, 49845), "size.5000|octet", T0 + USEC_SEC(20));
	assert_opened(f);
	request(f, peer(OTHER, 49844), "size.5000|octet", T0 + USEC_SEC(20));
	assert_opened(f);
	assert_int_equal(f->s.active, 3);
}

static void test_repeated_request_while_the_oack_is_out(void **state)
{
	struct fixture *f = *state;

	request(f, peer(PHONE, 1), "size.5000|octet|tsize|0", T0);
	assert_opened(f);
	assert_non_null(f->out.send.control);
	request(f, peer(PHONE, 1), "size.5000|octet|tsize|0", T0 + MS(200));
	assert_int_equal(f->out.send.control_len, 13);
	assert_memory_equal(f->out.send.control, "\0\6tsize\0005000", 13);
}

/* After a power cut a 7940/60 starts over with the same ports. */
static void test_a_phone_that_starts_over_gets_a_new_transfer(void **state)
{
	struct fixture *f = *state;
	uint32_t old, new;

	request(f, peer(PHONE, 49850), "size.5000|octet", T0);
	old = f->out.slot;
	ack(f, old, 1, T0 + MS(2));
	ack(f, old, 2, T0 + MS(4));
	request(f, peer(PHONE, 49850), "size.5000|octet", T0 + MS(200)); /* a stray copy */
	assert_false(f->out.opened);
	assert_int_equal(f->out.send.first, 3);
	request(f, peer(PHONE, 49850), "size.5000|octet", T0 + USEC_SEC(5));
	assert_opened(f);
	new = f->out.slot;
	assert_true(new != old);
	assert_int_equal(f->out.send.first, 1);
	assert_true(tftp_server_deadline(&f->s) <= T0 + USEC_SEC(5));
	assert_true(tick(f, T0 + USEC_SEC(5)));
	assert_closed(f, old, EVENT_TFTP_ABORTED);
	assert_null(f->out.send.control); /* the client would take it for the new one's */
	assert_string_equal(f->out.events[0].reason, "it started over");
	assert_int_equal(f->out.events[0].bytes, 1024);
	assert_false(tick(f, T0 + USEC_SEC(5)));
	assert_int_equal(f->s.active, 1);
	assert_int_equal(f->released, 1);
	/* another file from the same port: at once */
	request(f, peer(PHONE, 49850), "size.7|octet", T0 + USEC_SEC(5) + 1);
	assert_opened(f);
	assert_true(tick(f, T0 + USEC_SEC(5) + 1));
	assert_closed(f, new, EVENT_TFTP_ABORTED);
}

/* What has ended and only waits for the tick is not taken for the transfer of a new request. */
static void test_back_to_the_first_file_before_the_tick(void **state)
{
	struct fixture *f = *state;

	request(f, peer(PHONE, 1), "size.5000|octet", T0);
	request(f, peer(PHONE, 1), "size.6000|octet", T0 + MS(200));
	assert_opened(f);
	request(f, peer(PHONE, 1), "size.5000|octet", T0 + MS(400));
	assert_opened(f);
	assert_true(tick(f, T0 + MS(400)) && f->out.closed);
	assert_true(tick(f, T0 + MS(400)) && f->out.closed);
	assert_false(tick(f, T0 + MS(400)));
	assert_int_equal(f->s.active, 1);
}

static void test_trap_last_ack_is_lost_and_the_next_request_seen(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;
	usec_t now = T0 + MS(10);

	request(f, peer(PHONE, 50000), "size.600|octet", T0);
	slot = f->out.slot;
	ack(f, slot, 1, T0 + MS(2));
	request(f, peer(PHONE, 50001), "CTLSEP.tlv|octet", now);
	assert_refused(f, "expected", SEVERITY_DEBUG, 1);
	for (;;) {
		now = tftp_server_deadline(&f->s);
		if (tick(f, now) && f->out.closed)
			break;
		assert_true(now < T0 + MS(200));
	}
	assert_closed(f, slot, EVENT_TFTP_COMPLETE);
	assert_int_equal(f->out.events[0].bytes, 600);
	assert_non_null(strstr(f->out.events[0].text, "did not acknowledge the last block"));
	assert_int_equal(f->released, 1);
}

static void test_same_port_and_the_last_ack_lost(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 50000), "size.100|octet", T0);
	slot = f->out.slot;
	request(f, peer(PHONE, 50000), "size.200|octet", T0 + MS(2));
	assert_opened(f);
	assert_true(tick(f, T0 + MS(2)));
	assert_closed(f, slot, EVENT_TFTP_COMPLETE);
}

/* The same file from the next port means that the first answer did not arrive. */
static void test_the_same_file_from_another_port_proves_nothing(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 50000), "size.100|octet", T0);
	slot = f->out.slot;
	request(f, peer(PHONE, 50001), "SIZE.100|octet", T0 + USEC_SEC(13));
	assert_opened(f);
	assert_false(f->slots[slot].transfer.moved_on);
}

/* phones.md 4.1: ECONNREFUSED is the phone hanging up, not our failure. */
static void test_trap_closed_port_is_the_phone_hanging_up(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 50000), "size.5000|octet", T0);
	slot = f->out.slot;
	ack(f, slot, 1, T0 + MS(2));
	tftp_server_transfer_refused(&f->s, slot, T0 + MS(3), &f->out);
	assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_null(f->out.send.control);
	assert_int_equal(f->out.events[0].severity, SEVERITY_NOTICE);
	assert_int_equal(f->out.events[0].bytes, 512);
	assert_string_equal(f->out.events[0].reason, "it closed its port");
	assert_int_equal(f->released, 1);
	tftp_server_transfer_refused(&f->s, slot, T0 + MS(4), &f->out);
	assert_silent(f);
}

static void test_trap_tsize_probe_is_no_failure(void **state)
{
	static const struct {
		const char *options, *error;
		size_t len;
		enum event_severity severity;
		const char *reason;
	} table[] = {
		{"tsize|0", "\0\5\0\10", 4, SEVERITY_INFO, "it only wanted to know the size"},
		{"tsize|0", "\0\5\0\0enough\0", 11, SEVERITY_INFO,
		 "it only wanted to know the size"},
		{"tsize|0", "\0\5\0\3full\0", 9, SEVERITY_WARNING, "it sent error 3, \"full\""},
		{"blksize|512", "\0\5\0\10\0", 5, SEVERITY_WARNING, "it sent error 8"},
		{"blksize|512", "\0\5\0\10\x1b[m\0", 8, SEVERITY_WARNING,
		 "it sent error 8, \"\\x1b[m\""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[64];
		uint32_t slot;

		snprintf(text, sizeof(text), "size.600|octet|%s", table[i].options);
		request(f, peer(PHONE, (uint16_t)(100 + i)), text, T0);
		assert_opened(f);
		slot = f->out.slot;
		tftp_server_transfer_receive(&f->s, slot, (const uint8_t *)table[i].error,
					     table[i].len, T0 + MS(1), &f->out);
		assert_closed(f, slot, EVENT_TFTP_ABORTED);
		assert_int_equal(f->out.events[0].severity, table[i].severity);
		assert_string_equal(f->out.events[0].reason, table[i].reason);
		assert_int_equal(f->out.events[0].bytes, 0);
	}
	assert_int_equal(f->released, f->found);
}

static void test_error_8_in_the_middle_is_no_size_probe(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 1), "size.5000|octet|tsize|0", T0);
	slot = f->out.slot;
	ack(f, slot, 0, T0 + MS(1));
	tftp_server_transfer_receive(&f->s, slot, (const uint8_t *)"\0\5\0\10", 4, T0 + MS(2),
				     &f->out);
	assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_int_equal(f->out.events[0].severity, SEVERITY_WARNING);
	assert_string_equal(f->out.events[0].reason, "it sent error 8");
}

static void test_silence_sends_an_error_and_says_so(void **state)
{
	struct fixture *f = *state;
	usec_t now = T0;
	uint32_t slot;

	request(f, peer(PHONE, 50000), "size.5000|octet", T0);
	slot = f->out.slot;
	while (!f->out.closed) {
		now = tftp_server_deadline(&f->s);
		assert_true(now <= T0 + USEC_SEC(30));
		tick(f, now);
	}
	assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_memory_equal(f->out.send.control, "\0\5\0\0", 4);
	assert_non_null(strstr(f->out.events[0].reason, "firewall"));
	assert_true(now == T0 + USEC_SEC(30));

	request(f, peer(PHONE, 50000), "size.5000|octet", now);
	slot = f->out.slot;
	ack(f, slot, 1, now + 1);
	while (!f->out.closed)
		tick(f, tftp_server_deadline(&f->s));
	assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_string_equal(f->out.events[0].reason, "no answer for 30 s");
	assert_int_equal(f->released, 2);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	const struct event *e;

	for (uint16_t k = 0; k < 4; k++) {
		request(f, peer(PHONE, k), "size.5000|octet", T0);
		assert_opened(f);
	}
	request(f, peer(PHONE, 4), "size.5000|octet", T0);
	e = assert_refused(f, "busy", SEVERITY_WARNING, 0);
	assert_non_null(strstr(e->text, "one address"));
	assert_int_equal(f->released, 1);
	request(f, peer(PHONE, 4), "CTLSEP.tlv|octet", T0); /* a miss is told all the same */
	assert_refused(f, "expected", SEVERITY_DEBUG, 1);
	for (uint16_t k = 0; k < 4; k++) {
		request(f, peer(OTHER, k), "size.5000|octet", T0);
		assert_opened(f);
	}
	assert_int_equal(f->s.active, SLOTS);
	request(f, peer(OTHER + 1, 4), "size.5000|octet", T0);
	e = assert_refused(f, "busy", SEVERITY_WARNING, 0);
	assert_null(strstr(e->text, "one address"));
	request(f, peer(PHONE, 0), "size.5000|octet", T0 + MS(200)); /* repeated: no new one */
	assert_int_equal(f->out.send.count, 1);
	tftp_server_transfer_refused(&f->s, f->out.slot, T0, &f->out);
	assert_true(f->out.closed);
	request(f, peer(OTHER + 1, 4), "size.5000|octet", T0);
	assert_opened(f);
}

static void test_the_driver_cannot_go_on(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;

	request(f, peer(PHONE, 1), "size.5000|octet", T0);
	slot = f->out.slot;
	tftp_server_transfer_failed(&f->s, slot, "no free socket", T0, &f->out);
	assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_int_equal(f->out.events[0].severity, SEVERITY_ERROR);
	assert_string_equal(f->out.events[0].reason, "no free socket");
	assert_null(f->out.send.control); /* it has no port: from port 69 */
	assert_memory_equal(f->out.error, "\0\5\0\0", 4);
	assert_int_equal(f->out.peer.ip, PHONE);

	request(f, peer(PHONE, 1), "size.5000|octet", T0);
	slot = f->out.slot;
	ack(f, slot, 1, T0);
	tftp_server_transfer_failed(&f->s, slot, "the file vanished", T0, &f->out);
	assert_closed(f, slot, EVENT_TFTP_ABORTED);
	assert_int_equal(f->out.error_len, 0); /* the client listens to the slot's port only */
	assert_memory_equal(f->out.send.control, "\0\5\0\0", 4);
	assert_int_equal(f->released, 2);
}

static void test_deadline_is_never_too_late(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b;

	request(f, peer(PHONE, 1), "size.50000|octet", T0);
	a = f->out.slot;
	request(f, peer(PHONE, 2), "size.50000|octet", T0 + MS(100));
	b = f->out.slot;
	assert_true(tftp_server_deadline(&f->s) == T0 + TFTP_RTO_FIRST);
	ack(f, b, 1, T0 + MS(101)); /* its timer is shorter now */
	assert_true(tftp_server_deadline(&f->s) == T0 + MS(121));
	assert_true(tick(f, T0 + MS(121)));
	assert_int_equal(f->out.slot, b);
	assert_int_equal(f->out.send.first, 2);
	assert_false(tick(f, T0 + MS(121)));
	for (usec_t now = T0 + MS(122); now < T0 + TFTP_RTO_FIRST; now += MS(1)) {
		ack(f, b, (uint16_t)(f->slots[b].transfer.acked + 1), now);
		assert_false(tick(f, now));
	}
	assert_true(tick(f, T0 + TFTP_RTO_FIRST));
	assert_int_equal(f->out.slot, a);
}

/* ---- many clients on a lossy wire ---- */

#define CLIENTS 24

struct farm {
	struct fixture f;
	struct wire wire;
	struct model_client client[CLIENTS];
	unsigned complete, aborted;
};

static void put_on_wire(struct farm *x, usec_t now)
{
	const struct tftp_out *out = &x->f.out;
	struct wire_packet to = {.to_server = false, .port = out->slot};
	const struct tftp_transfer *t;
	uint8_t packet[4 + 1468];

	for (unsigned i = 0; i < out->event_count; i++) {
		x->complete += out->events[i].type == EVENT_TFTP_COMPLETE;
		x->aborted += out->events[i].type == EVENT_TFTP_ABORTED;
	}
	to.client = out->peer.port;
	if (out->error_len)
		wire_send(&x->wire, to, out->error, out->error_len, now);
	if (out->send.control)
		wire_send(&x->wire, to, out->send.control, out->send.control_len, now);
	if (out->send.count == 0)
		return;
	assert_false(out->closed);
	assert_non_null(out->content);
	t = &x->f.slots[out->slot].transfer;
	for (uint64_t n = out->send.first; n < out->send.first + out->send.count; n++) {
		uint64_t offset;
		size_t len = tftp_transfer_block(t, n, &offset);

		tftp_data_head(packet, (uint16_t)n);
		model_fill(packet + 4, offset, len);
		wire_send(&x->wire, to, packet, 4 + len, now);
	}
}

static void deliver(struct farm *x, usec_t now)
{
	struct wire_packet p = wire_take(&x->wire);
	struct wire_packet back = {.to_server = true, .client = p.client, .port = p.port};
	struct tftp_server *s = &x->f.s;
	struct tftp_peer from = peer(PHONE + p.client, (uint16_t)p.client);
	uint8_t out[600];
	size_t len;

	if (!p.to_server) {
		if (model_closed(&x->client[p.client])) {
			back.unreachable = true;
			wire_send(&x->wire, back, NULL, 0, now);
		} else {
			len = model_receive(&x->client[p.client], p.data, p.len, now, out);
			if (len)
				wire_send(&x->wire, back, out, len, now);
		}
	} else if (p.port == WIRE_MAIN) {
		tftp_server_receive(s, from, p.data, p.len, now, &x->f.out);
		put_on_wire(x, now);
	} else if (x->f.slots[p.port].used && x->f.slots[p.port].peer.port == from.port) {
		/* a connected socket takes nothing from others */
		if (p.unreachable)
			tftp_server_transfer_refused(s, p.port, now, &x->f.out);
		else
			tftp_server_transfer_receive(s, p.port, p.data, p.len, now, &x->f.out);
		put_on_wire(x, now);
	}
	free(p.data);
}

static void start_client(struct farm *x, unsigned i)
{
	struct wire_packet p = {.to_server = true, .client = i, .port = WIRE_MAIN};
	struct model_client *c = &x->client[i];
	static char names[CLIENTS][24];
	uint8_t out[600];
	size_t len;

	c->size = wire_random(&x->wire, 30000);
	snprintf(names[i], sizeof(names[i]), "size.%u", (unsigned)c->size);
	c->file = names[i];
	c->windowsize = wire_random(&x->wire, 3) ? 0 : 8;
	c->retry = USEC_SEC(2);
	len = model_start(c, T0, out);
	wire_send(&x->wire, p, out, len, T0);
}

static void tick_clients(struct farm *x, usec_t now)
{
	uint8_t out[600];

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct wire_packet p = {.to_server = true, .client = i, .port = WIRE_MAIN};
		size_t len;

		if (now < x->client[i].deadline)
			continue;
		len = model_tick(&x->client[i], now, out);
		if (!len)
			continue;
		for (uint32_t k = 0; x->client[i].answered && k < CLIENTS; k++)
			if (x->f.slots[k].used && x->f.slots[k].peer.port == i)
				p.port = k;
		if (p.port != WIRE_MAIN || !x->client[i].answered)
			wire_send(&x->wire, p, out, len, now);
	}
}

static usec_t next_moment(const struct farm *x)
{
	usec_t next = wire_next(&x->wire), server = tftp_server_deadline(&x->f.s);

	next = server < next ? server : next;
	for (unsigned i = 0; i < CLIENTS; i++)
		next = x->client[i].deadline < next ? x->client[i].deadline : next;
	return next;
}

static void run_farm(uint64_t seed)
{
	struct tftp_server_config config = usual;
	struct farm *x = calloc(1, sizeof(*x));
	usec_t now = T0;

	assert_non_null(x);
	config.max_transfers = CLIENTS;
	start_server(&x->f, &config);
	wire_init(&x->wire, seed);
	x->wire.delay = 590;
	x->wire.loss = (unsigned)wire_random(&x->wire, 1000);
	x->wire.twice = (unsigned)wire_random(&x->wire, 500);
	for (unsigned i = 0; i < CLIENTS; i++)
		start_client(x, i);
	while (next_moment(x) != USEC_NEVER) {
		now = next_moment(x) > now ? next_moment(x) : now;
		assert_true(now < T0 + USEC_SEC(3600));
		if (wire_next(&x->wire) <= now) {
			deliver(x, now);
			continue;
		}
		while (tick(&x->f, now))
			put_on_wire(x, now);
		tick_clients(x, now);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		if (!x->client[i].done || x->client[i].corrupt ||
		    x->client[i].got != x->client[i].size)
			fail_msg("seed %u, client %u", (unsigned)seed, i);
	assert_int_equal(x->f.s.active, 0);
	assert_int_equal(x->f.released, x->f.found);
	assert_int_equal(x->complete + x->aborted, x->f.found);
	assert_true(x->complete >= CLIENTS - 2);
	wire_clear(&x->wire);
	free(x->f.slots);
	free(x);
}

static void test_many_clients_on_a_lossy_wire(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 25; seed++)
		run_farm(seed);
}

/* The promise of .wake, by looking at every slot, which the machine itself never does. */
static void assert_wake_is_not_late(const struct fixture *f)
{
	for (uint32_t i = 0; i < f->s.config.max_transfers; i++)
		if (f->slots[i].used)
			assert_true(tftp_server_deadline(&f->s) <=
				    tftp_transfer_deadline(&f->slots[i].transfer));
}

/* Opens and closes in random order; the index and the heap must keep up with 20000 slots. */
static void test_twenty_thousand_slots(void **state)
{
	struct tftp_server_config config = usual;
	struct fixture *f = malloc(sizeof(*f));
	struct wire random;
	unsigned open = 0, seen = 0;
	usec_t now = T0, last = 0;

	(void)state;
	config.max_transfers = 20000;
	start_server(f, &config);
	wire_init(&random, 7);
	for (unsigned k = 0; k < 60000; k++, now += 3) {
		uint32_t slot = (uint32_t)wire_random(&random, 20000);

		if (f->slots[slot].used && wire_random(&random, 3) == 0) {
			tftp_server_transfer_refused(&f->s, slot, now, &f->out);
			assert_true(f->out.closed);
			open--;
			continue;
		}
		request(f, peer(PHONE + k % 19000, (uint16_t)(k / 19000)), "size.5000|octet", now);
		open += f->out.opened;
		if (k % 500 == 0)
			assert_wake_is_not_late(f);
	}
	assert_int_equal(f->s.active, open);
	assert_true(open > 15000);
	/* Nobody answers: each is served when it is due, in order, none forgotten. */
	while (f->s.active > 0) {
		now = tftp_server_deadline(&f->s);
		assert_true(now >= last && now != USEC_NEVER);
		last = now;
		while (tftp_server_tick(&f->s, now, &f->out))
			seen += f->out.closed;
		if (now % 100 == 0)
			assert_wake_is_not_late(f);
	}
	assert_int_equal(seen, open);
	assert_int_equal(f->found, f->released);
	for (uint32_t i = 0; i < 20000; i++) { /* and every slot can be had again */
		request(f, peer(PHONE + i, 1), "size.5000|octet", now);
		assert_true(f->out.opened);
	}
	free(f->slots);
	free(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_from_request_to_complete),
		TEST(test_names_reach_the_catalogue_in_one_shape),
		TEST(test_refusals),
		TEST(test_names_from_the_wire_are_escaped),
		TEST(test_write_requests_are_refused),
		TEST(test_stray_packets_on_port_69_are_dropped),
		TEST(test_trap_repeated_request_opens_no_second_transfer),
		TEST(test_repeated_request_while_the_oack_is_out),
		TEST(test_a_phone_that_starts_over_gets_a_new_transfer),
		TEST(test_back_to_the_first_file_before_the_tick),
		TEST(test_trap_last_ack_is_lost_and_the_next_request_seen),
		TEST(test_same_port_and_the_last_ack_lost),
		TEST(test_the_same_file_from_another_port_proves_nothing),
		TEST(test_trap_closed_port_is_the_phone_hanging_up),
		TEST(test_trap_tsize_probe_is_no_failure),
		TEST(test_error_8_in_the_middle_is_no_size_probe),
		TEST(test_silence_sends_an_error_and_says_so),
		TEST(test_limits),
		TEST(test_the_driver_cannot_go_on),
		TEST(test_deadline_is_never_too_late),
		cmocka_unit_test(test_many_clients_on_a_lossy_wire),
		cmocka_unit_test(test_twenty_thousand_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
