/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/dhcp_packet.h"
#include "reflashd/frame.h"
#include "reflashd/overheard.h"

#include <stdlib.h>
#include <string.h>

#define OURS  0x0a4f4601u
#define PHONE 0x0a4f4632u
#define OTHER 0x0a010105u
#define START USEC_SEC(1000)

static const struct mac our_mac = {{0x02, 0, 0, 0, 0, 1}};
static const struct mac phone_mac = {{0x00, 0x1e, 0xf7, 0x28, 0x9c, 0x8e}};
static const struct mac rival_mac = {{0x02, 0, 0, 0, 0xbe, 0xef}};

struct rig {
	struct overheard o;
	struct overheard_out out;
	uint8_t frame[CDP_FRAME_MAX];
	size_t len;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct overheard_config c = {
		.mac = our_mac, .address = OURS, .cdp = true, .interface = "lan0"};

	if (!r)
		return -1;
	overheard_init(&r->o, &c);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static bool hear(struct rig *r, usec_t now)
{
	uint8_t *copy = exact_copy(r->frame, r->len);

	overheard_receive(&r->o, copy, r->len, now, &r->out);
	free(copy);
	return r->out.heard;
}

static struct cdp_frame announcement(const char *software)
{
	struct cdp_frame f = {.src = phone_mac, .ip = PHONE};

	f.present = 1u << CDP_ADDRESSES;
	cdp_say(&f, CDP_DEVICE, "SEP001EF7289C8E");
	cdp_say(&f, CDP_PLATFORM, "Cisco IP Phone 7971");
	if (software)
		cdp_say(&f, CDP_SOFTWARE, software);
	return f;
}

static void put_cdp(struct rig *r, const struct cdp_frame *f)
{
	r->len = cdp_encode(f, r->frame, sizeof(r->frame));
	assert_true(r->len > 0);
}

static void put_arp(struct rig *r, struct mac from, uint32_t sender, uint32_t target)
{
	struct frame_arp a = frame_arp_request(from, sender, target);

	r->len = frame_arp_write(r->frame, sizeof(r->frame), &a);
}

static void put_udp(struct rig *r, struct mac from, uint32_t src, uint16_t src_port, uint32_t dst,
		    uint16_t dst_port, const void *data, size_t len)
{
	struct frame_udp f = {.src_mac = from,
			      .dst_mac = our_mac,
			      .src_ip = src,
			      .dst_ip = dst,
			      .src_port = src_port,
			      .dst_port = dst_port};

	r->len = frame_write(r->frame, sizeof(r->frame), &f, data, len);
	assert_true(r->len > 0);
}

static void put_reply(struct rig *r, struct mac from, uint32_t src, uint8_t op,
		      enum dhcp_message message, uint32_t server, struct mac client)
{
	struct dhcp_packet h = {.op = op, .htype = 1, .hlen = 6, .mac = client};
	uint8_t data[DHCP_BOOTP_MIN];
	struct dhcp_writer w = dhcp_writer_init(data, sizeof(data), &h, NULL, NULL);

	if (message != DHCP_NONE)
		dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, (uint8_t)message);
	if (server)
		dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, server);
	put_udp(r, from, src, 67, FRAME_BROADCAST_IP, 68, data, dhcp_writer_finish(&w));
}

static void test_cdp(void **state)
{
	struct rig *r = *state;
	struct cdp_frame f = announcement("SCCP70.8-3-3SR2S");
	const struct event *e = &r->out.event;

	put_cdp(r, &f);
	assert_true(hear(r, START));
	assert_int_equal(e->type, EVENT_CDP_SEEN);
	assert_true(mac_equal(e->mac, phone_mac));
	assert_int_equal(e->ip, PHONE);
	assert_string_equal(e->device, "SEP001EF7289C8E");
	assert_string_equal(e->platform, "Cisco IP Phone 7971");
	assert_string_equal(e->software, "SCCP70.8-3-3SR2S");
	assert_int_equal(r->out.len, 0);
	/* The same again: not before 30 s have passed. */
	assert_false(hear(r, START + OVERHEARD_CDP_AGAIN - 1));
	assert_true(hear(r, START + OVERHEARD_CDP_AGAIN));
	assert_false(hear(r, START + OVERHEARD_CDP_AGAIN + 1));
	/* Another load or platform, or an address at last: at once. */
	f = announcement("TERM70_LOAD");
	put_cdp(r, &f);
	assert_true(hear(r, START + OVERHEARD_CDP_AGAIN + 1));
	cdp_say(&f, CDP_PLATFORM, "Cisco IP Phone 7970");
	put_cdp(r, &f);
	assert_true(hear(r, START + OVERHEARD_CDP_AGAIN + 1));
	f.ip++;
	put_cdp(r, &f);
	assert_true(hear(r, START + OVERHEARD_CDP_AGAIN + 1));
	assert_false(hear(r, START + OVERHEARD_CDP_AGAIN + 2));
}

static void test_cdp_odd_texts(void **state)
{
	struct rig *r = *state;
	struct cdp_frame f = announcement(NULL);
	char text[768];

	put_cdp(r, &f);
	assert_true(hear(r, START));
	assert_false(event_has(&r->out.event, FIELD_SOFTWARE));
	event_text(&r->out.event, text, sizeof(text));
	assert_string_equal(text,
			    "00:1e:f7:28:9c:8e announces itself by CDP, but not what it runs.");
	/* Escape sequences do not reach a terminal; an empty text is none. */
	f = announcement("a\033[2J");
	cdp_say(&f, CDP_PLATFORM, "");
	put_cdp(r, &f);
	assert_true(hear(r, START));
	assert_string_equal(r->out.event.software, "a\\x1b[2J");
	assert_false(event_has(&r->out.event, FIELD_PLATFORM));
	event_text(&r->out.event, text, sizeof(text));
	assert_string_equal(text, "00:1e:f7:28:9c:8e announces a\\x1b[2J.");
}

static void test_cdp_off(void **state)
{
	struct rig *r = *state;
	struct cdp_frame f = announcement("X");

	r->o.config.cdp = false;
	put_cdp(r, &f);
	assert_false(hear(r, START));
}

static void test_own_frames(void **state)
{
	struct rig *r = *state;
	struct cdp_frame f = announcement("X");

	f.src = our_mac;
	put_cdp(r, &f);
	assert_false(hear(r, START));
	put_arp(r, our_mac, PHONE, OTHER);
	assert_false(hear(r, START));
	put_udp(r, our_mac, PHONE, 1024, OTHER, 69, "\0\1a\0octet", 10);
	assert_false(hear(r, START));
	put_reply(r, our_mac, OTHER, 2, DHCP_ACK, OTHER, phone_mac);
	assert_false(hear(r, START));
}

static void test_arp(void **state)
{
	static const struct {
		uint32_t sender, target;
		bool heard;
	} cases[] = {
		{PHONE, OTHER, true},  {PHONE, PHONE + 1, true},
		{PHONE, OURS, false},  {PHONE, PHONE, false},	 /* announces itself */
		{0, OTHER + 1, false},				 /* probes */
		{PHONE, 0, false},     {OURS, OTHER + 2, false}, /* in our name */
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put_arp(r, phone_mac, cases[i].sender, cases[i].target);
		assert_int_equal(hear(r, START), cases[i].heard);
		if (!cases[i].heard)
			continue;
		assert_int_equal(r->out.event.type, EVENT_ARP_ASKED);
		assert_true(mac_equal(r->out.event.mac, phone_mac));
		assert_int_equal(r->out.event.ip, PHONE);
		assert_int_equal(r->out.event.server, cases[i].target);
		assert_false(hear(r, START + OVERHEARD_AGAIN - 1));
		assert_true(hear(r, START + OVERHEARD_AGAIN));
	}
	/* A reply, and a question in somebody else's name. */
	put_arp(r, rival_mac, PHONE, OTHER);
	r->frame[21] = FRAME_ARP_REPLY;
	assert_false(hear(r, START));
	r->frame[21] = FRAME_ARP_REQUEST;
	r->frame[22] ^= 1;
	assert_false(hear(r, START));
	r->frame[22] ^= 1;
	assert_true(hear(r, START));
}

static void test_tftp(void **state)
{
	static const struct {
		uint32_t dst;
		const char *data;
		uint8_t len;
		bool heard;
	} cases[] = {
		{OTHER, "\0\1term70.default.loads\0octet", 29, true},
		{OTHER, "\0\1SEP001EF7289C8E.cnf.xml\0octet", 32, true}, /* another file */
		{OTHER + 1, "\0\1term70.default.loads\0octet", 29, true},
		{OURS, "\0\1term70.default.loads\0octet", 29, false},
		{FRAME_BROADCAST_IP, "\0\1term70.default.loads\0octet", 29, false},
		{OTHER + 7, "\0\2term70.default.loads\0octet", 29, false}, /* wants to write */
		{OTHER, "\0\1x\0oct", 7, false},
		{OTHER, "", 0, false},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put_udp(r, phone_mac, PHONE, 49152, cases[i].dst, 69, cases[i].data, cases[i].len);
		if (hear(r, START) != cases[i].heard)
			fail_msg("case %zu", i);
		if (!cases[i].heard)
			continue;
		assert_int_equal(r->out.event.type, EVENT_TFTP_ELSEWHERE);
		assert_true(mac_equal(r->out.event.mac, phone_mac));
		assert_int_equal(r->out.event.ip, PHONE);
		assert_int_equal(r->out.event.server, cases[i].dst);
		assert_string_equal(r->out.event.file, cases[i].data + 2);
		/* From another port, as phones ask again. */
		put_udp(r, phone_mac, PHONE, 49153, cases[i].dst, 69, cases[i].data, cases[i].len);
		assert_false(hear(r, START + OVERHEARD_AGAIN - 1));
		assert_true(hear(r, START + OVERHEARD_AGAIN));
	}
	/* Another port is another service. */
	put_udp(r, phone_mac, PHONE, 49152, OTHER, 70, cases[0].data, cases[0].len);
	assert_false(hear(r, START + USEC_SEC(1000)));
}

static void test_dhcp(void **state)
{
	static const struct {
		uint32_t src, server;
		uint8_t op, message;
		bool heard, chosen;
		uint32_t rival;
	} cases[] = {
		{OTHER, OTHER, 2, DHCP_OFFER, true, false, OTHER},
		{OTHER, OTHER, 2, DHCP_ACK, true, true, OTHER},
		{OTHER, OTHER, 2, DHCP_NAK, false, false, 0}, /* an answer again: told already */
		{OTHER, OTHER + 1, 2, DHCP_NAK, true, false, OTHER + 1}, /* through a relay */
		{OTHER + 2, 0, 2, DHCP_NONE, true, false, OTHER + 2},	 /* BOOTP */
		{OTHER + 3, 0, 1, DHCP_REQUEST, false, false, 0},
		{OURS, OTHER + 3, 2, DHCP_OFFER, false, false, 0},
		{OTHER + 3, OURS, 2, DHCP_OFFER, false, false, 0},
		{0, 0, 2, DHCP_OFFER, false, false, 0},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put_reply(r, rival_mac, cases[i].src, cases[i].op,
			  (enum dhcp_message)cases[i].message, cases[i].server, phone_mac);
		if (hear(r, START) != cases[i].heard)
			fail_msg("case %zu", i);
		if (!cases[i].heard)
			continue;
		assert_int_equal(r->out.event.type, EVENT_NETWORK_RIVAL);
		assert_int_equal(r->out.event.server, cases[i].rival);
		assert_true(mac_equal(r->out.event.mac, phone_mac));
		assert_int_equal(r->out.chosen, cases[i].chosen);
		assert_false(hear(r, START + OVERHEARD_AGAIN - 1));
		assert_true(hear(r, START + OVERHEARD_AGAIN));
	}
	/* To our own probe; and a second phone that chose the same server. */
	put_reply(r, rival_mac, OTHER + 9, 2, DHCP_OFFER, OTHER + 9, our_mac);
	assert_false(hear(r, START));
	put_reply(r, rival_mac, OTHER, 2, DHCP_ACK, OTHER, rival_mac);
	assert_true(hear(r, START + 1));
}

/* Each a minute later, so that only its length can make it unheard. */
static void every_prefix(struct rig *r, size_t whole)
{
	size_t full = r->len;

	for (; r->len > 0; r->len--)
		assert_int_equal(hear(r, START + (full - r->len) * OVERHEARD_AGAIN),
				 r->len >= whole);
}

static void test_every_prefix(void **state)
{
	struct rig *r = *state;
	struct cdp_frame f = announcement("SCCP70.8-3-3SR2S");

	put_cdp(r, &f);
	every_prefix(r, r->len);
	put_reply(r, rival_mac, OTHER, 2, DHCP_ACK, OTHER, phone_mac);
	every_prefix(r, r->len);
	put_udp(r, phone_mac, PHONE, 49152, OTHER, 69, "\0\1term70.default.loads\0octet", 29);
	every_prefix(r, r->len);
	put_arp(r, phone_mac, PHONE, OTHER);
	every_prefix(r, 42); /* the rest is padding */
}

/* However many hosts somebody invents: a burst, and then a trickle. Those that were told are not
 * forgotten while their minute runs, so that none of them is told twice. (CDP: half of it.) */
static void flood(struct rig *r, void (*put)(struct rig *, uint32_t))
{
	uint32_t told[4096], count = 0;
	usec_t now = START;

	for (uint32_t i = 0; i < 50000; i++, now += USEC_MS(20)) {
		put(r, i);
		if (hear(r, now)) {
			assert_true(count < ARRAY_LEN(told));
			told[count++] = i;
		}
	}
	/* A thousand seconds at two a second: more than the table holds. */
	assert_in_range(count, OVERHEARD_BURST + 1995, OVERHEARD_BURST + 2001);
	for (uint32_t i = count - 50; i < count; i++) {
		put(r, told[i]);
		assert_false(hear(r, now));
	}
	/* When its minute is over, one of them is told again. */
	put(r, told[count - 1]);
	assert_true(hear(r, now + OVERHEARD_AGAIN));
}

static struct mac invented(uint32_t i)
{
	return (struct mac){{0x02, 0x77, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			     (uint8_t)i}};
}

static void put_cdp_flood(struct rig *r, uint32_t i)
{
	struct cdp_frame f = announcement("X");

	f.src = invented(i);
	put_cdp(r, &f);
}

static void put_arp_flood(struct rig *r, uint32_t i)
{
	put_arp(r, invented(i), PHONE, OTHER);
}

static void put_tftp_flood(struct rig *r, uint32_t i)
{
	put_udp(r, invented(i), PHONE, 1, OTHER, 69, "\0\1x\0octet", 10);
}

static void put_dhcp_flood(struct rig *r, uint32_t i)
{
	put_reply(r, rival_mac, OTHER, 2, DHCP_ACK, OTHER, invented(i));
}

static void test_flood_cdp(void **state)
{
	flood(*state, put_cdp_flood);
}

static void test_flood_arp(void **state)
{
	flood(*state, put_arp_flood);
}

static void test_flood_tftp(void **state)
{
	flood(*state, put_tftp_flood);
}

static void test_flood_dhcp(void **state)
{
	flood(*state, put_dhcp_flood);
}

/* One host that claims to run something else in every frame, and a scan of a network by ARP. */
static void test_flood_of_changes(void **state)
{
	struct rig *r = *state;
	unsigned told = 0;

	for (unsigned i = 0; i < 10000; i++) {
		char text[16] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26),
				 (char)('a' + i / 676), 0};
		struct cdp_frame f = announcement(text);

		put_cdp(r, &f);
		told += hear(r, START);
	}
	assert_int_equal(told, OVERHEARD_BURST);
	/* The flood by CDP does not keep the other kinds from being heard. */
	put_arp(r, phone_mac, PHONE, OTHER);
	assert_true(hear(r, START));
	told = 0;
	for (uint32_t i = 1; i < 10000; i++) {
		put_arp(r, phone_mac, PHONE, OTHER + i);
		told += hear(r, START);
	}
	assert_int_equal(told, OVERHEARD_BURST - 1);
}

static struct cdp_frame request(uint16_t request_id, uint16_t management_id, unsigned count,
				const uint32_t *mw)
{
	struct cdp_frame f = announcement("X");

	f.present |= 1u << CDP_POWER_REQUESTED;
	f.power_request.request_id = request_id;
	f.power_request.management_id = management_id;
	f.power_request.count = count;
	memcpy(f.power_request.mw, mw, count * sizeof(*mw));
	return f;
}

/*
 * The answer of ours to request 1, management id 0, for 10250 or 12000 mW; checksum by a separate
 * program:
 *
 *     Source: 02:00:00:00:00:01, length: 102, version 2, TTL 180, checksum 0xd301
 *     Device ID (0x0001), length 12: reflashd
 *     Addresses (0x0002), length 17: one, NLPID IP, 10.79.70.1
 *     Port ID (0x0003), length 8: lan0
 *     Capabilities (0x0004), length 8: 0x00000008 (switch)
 *     Software version (0x0005), length 12: reflashd
 *     Platform (0x0006), length 12: reflashd
 *     Duplex (0x000b), length 5: full
 *     Power available (0x001a), length 16
 *         Request-ID: 1, Management-ID: 1
 *         12000 mW, level 0xffffffff (no preference)
 */
/* clang-format off */
static const uint8_t power_answer[116] = {
	0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x66,
	0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00, 0x02, 0xb4, 0xd3, 0x01,
	0x00, 0x01, 0x00, 0x0c, 'r', 'e', 'f', 'l', 'a', 's', 'h', 'd',
	0x00, 0x02, 0x00, 0x11,
	0x00, 0x00, 0x00, 0x01, 0x01, 0x01, 0xcc, 0x00, 0x04, 0x0a, 0x4f, 0x46, 0x01,
	0x00, 0x03, 0x00, 0x08, 'l', 'a', 'n', '0',
	0x00, 0x04, 0x00, 0x08, 0x00, 0x00, 0x00, 0x08,
	0x00, 0x05, 0x00, 0x0c, 'r', 'e', 'f', 'l', 'a', 's', 'h', 'd',
	0x00, 0x06, 0x00, 0x0c, 'r', 'e', 'f', 'l', 'a', 's', 'h', 'd',
	0x00, 0x0b, 0x00, 0x05, 0x01,
	0x00, 0x1a, 0x00, 0x10, 0x00, 0x01, 0x00, 0x01,
	0x00, 0x00, 0x2e, 0xe0, 0xff, 0xff, 0xff, 0xff,
};
/* clang-format on */

static void test_power(void **state)
{
	static const uint32_t mw[] = {10250, 12000};
	struct rig *r = *state;
	struct cdp_frame f = request(1, 0, 2, mw);

	put_cdp(r, &f);
	assert_true(hear(r, START)); /* heard, but not answered: the switch is off */
	assert_int_equal(r->out.len, 0);
	r->o.config.cdp_power = true;
	assert_false(hear(r, START + 1)); /* no news, but answered */
	assert_int_equal(r->out.len, sizeof(power_answer));
	assert_memory_equal(r->out.frame, power_answer, sizeof(power_answer));
	/* A frame without a request, and one of our own, get no answer. */
	f = announcement("X");
	put_cdp(r, &f);
	hear(r, START + 2);
	assert_int_equal(r->out.len, 0);
	f = request(1, 0, 2, mw);
	f.src = our_mac;
	put_cdp(r, &f);
	hear(r, START + 2);
	assert_int_equal(r->out.len, 0);
}

static void test_power_ids(void **state)
{
	static const struct {
		uint16_t request, management, answered;
		unsigned count;
		uint32_t mw[2], granted;
	} steps[] = {
		{5, 0xfffe, 0xffff, 1, {6300}, 6300},	   {5, 0xffff, 0xffff, 1, {6300}, 6300},
		{6, 0xffff, 1, 2, {9000, 8000}, 9000}, /* never 0 */
		{6, 1, 1, 0, {0}, OVERHEARD_POWER_MW},	   {0, 1, 2, 1, {15400}, 15400},
		{0, 9, 2, 1, {15401}, OVERHEARD_POWER_MW}, {0, 2, 2, 1, {0xffffffff}, 15400},
	};
	struct rig *r = *state;

	r->o.config.cdp_power = true;
	r->o.config.cdp = false; /* answered even where nobody is told */
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct cdp_frame f =
			request(steps[i].request, steps[i].management, steps[i].count, steps[i].mw);

		put_cdp(r, &f);
		assert_false(hear(r, START + i));
		assert_true(cdp_decode(&f, r->out.frame, r->out.len));
		assert_int_equal(f.power_grant.request_id, steps[i].request);
		assert_int_equal(f.power_grant.management_id, steps[i].answered);
		assert_int_equal(f.power_grant.mw, steps[i].granted);
		assert_int_equal(f.power_grant.level, CDP_POWER_NO_PREFERENCE);
	}
}

/* Invented phones that ask for power are answered no more than they are told. */
static void test_power_flood(void **state)
{
	static const uint32_t mw[] = {12000};
	struct rig *r = *state;
	unsigned answers = 0;

	r->o.config.cdp_power = true;
	for (uint32_t i = 0; i < 10000; i++) {
		struct cdp_frame f = request(1, 0, 1, mw);

		f.src = invented(i);
		put_cdp(r, &f);
		hear(r, START);
		answers += r->out.len > 0;
	}
	assert_int_equal(answers, OVERHEARD_BURST);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cdp),	       TEST(test_cdp_odd_texts),
		TEST(test_cdp_off),    TEST(test_own_frames),
		TEST(test_arp),	       TEST(test_tftp),
		TEST(test_dhcp),       TEST(test_every_prefix),
		TEST(test_flood_cdp),  TEST(test_flood_arp),
		TEST(test_flood_tftp), TEST(test_flood_dhcp),
		TEST(test_power),      TEST(test_flood_of_changes),
		TEST(test_power_ids),  TEST(test_power_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
