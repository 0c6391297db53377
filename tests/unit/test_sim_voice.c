/* SPDX-License-Identifier: MIT */
/*
 * What the simulated phones say of themselves, read with the real decoders: CDP frames, SCCP and
 * SIP registrations, the web page; and what they do with the answers.
 */
#include "reflashd/bytes.h"
#include "reflashd/device_page.h"
#include "reflashd/sccp.h"
#include "reflashd/sip.h"
#include "sim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE USEC_SEC(60)

/* RegisterReject and RegisterAck, as phones.md 10.2 lays them out. */
static const uint8_t reject[44] = {36, 0, 0, 0, 0, 0, 0, 0, 0x9d, 0, 0, 0, 'n', 'o'};
static const uint8_t ack[32] = {24, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 0, 30};
static const char forbidden[] = "SIP/2.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n";

static struct sim_rig *start(enum synth_kind bundle, const char *model, enum sim_kind kind,
			     const char *load, unsigned speaks)
{
	struct sim_rig *r = sim_rig_new(bundle, NULL);

	r->speaks = speaks;
	r->xmldefault = XML("");
	sim_rig_phone(r, model, kind, load);
	return r;
}

/* On, also when it has settled. */
static void go_on(struct sim_rig *r, usec_t until)
{
	struct sim_out out;

	while (sim_phone_deadline(r->phone) <= until) {
		if (sim_phone_deadline(r->phone) > r->now)
			r->now = sim_phone_deadline(r->phone);
		sim_phone_tick(r->phone, r->now, &out);
		sim_rig_handle(r, &out);
	}
	r->now = until;
}

static void a_loader_and_its_image_announce_themselves(void **state)
{
	struct sim_rig *r =
		start(SYNTH_JAVA70, "7970", SIM_JAVA_ERASED, "SCCP70.8-3-3S", SIM_SPEAKS_CDP);
	const char *image;

	(void)state;
	go_on(r, 60 * MINUTE);
	/* The loader as soon as it has its network. */
	assert_ptr_equal(
		strstr(r->cdp, "21 SEP001B54CA0102 TERM70_LOAD Cisco IP Phone 7970 0a000032\n"),
		r->cdp);
	image = strstr(r->cdp, "SCCP70.8-3-3S");
	assert_non_null(image);
	assert_non_null(strstr(image, "SCCP70.8-3-3S Cisco IP Phone 7970 0a000032\n"));
	assert_null(strstr(image, "TERM70"));
	assert_int_equal(r->opened, 0);
	sim_rig_free(r);
}

static void once_a_minute(void **state)
{
	struct sim_rig *r =
		start(SYNTH_JAVA41, "7961", SIM_JAVA_RUNNING, "SIP41.8-5-2S", SIM_SPEAKS_CDP);

	(void)state;
	r->mute_dhcp = true;
	go_on(r, USEC_SEC(185));
	assert_string_equal(r->cdp,
			    "61 SEP001B54CA0102 SIP41.8-5-2S Cisco IP Phone 7961 00000000\n"
			    "121 SEP001B54CA0102 SIP41.8-5-2S Cisco IP Phone 7961 00000000\n"
			    "181 SEP001B54CA0102 SIP41.8-5-2S Cisco IP Phone 7961 00000000\n");
	sim_phone_power_off(r->phone);
	assert_true(sim_phone_deadline(r->phone) == USEC_NEVER);
	sim_rig_free(r);
}

static void silence_and_other_families(void **state)
{
	static const struct {
		enum synth_kind bundle;
		const char *model;
		enum sim_kind kind;
		const char *load, *says; /* says: NULL: nothing at all */
		unsigned speaks;
	} rows[] = {
		{SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, "SCCP70.8-3-3S", NULL, 0},
		{SYNTH_LEGACY, "7960", SIM_LEGACY, "P0S3-08-8-00",
		 " SIP001B54CA0102 P003-08-8-00 Cisco IP Phone 7960 ", SIM_SPEAKS_CDP},
		{SYNTH_LEGACY, "7940", SIM_LEGACY, "P00308000700",
		 " SEP001B54CA0102 P00308000700 Cisco IP Phone 7940 ", SIM_SPEAKS_CDP},
		{SYNTH_LEGACY, "7940", SIM_LEGACY, "", NULL, SIM_SPEAKS_ALL},
		{SYNTH_KUP7912, "7912", SIM_KUP_RUNNING, "CP7912080003SCCP070409A",
		 " SEP001B54CA0102 CP7912080003SCCP070409A Cisco IP Phone 7912 ", SIM_SPEAKS_CDP},
		{SYNTH_KUP7912, "7912", SIM_KUP_RUNNING, "cp7912r", NULL, SIM_SPEAKS_ALL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim_rig *r = start(rows[i].bundle, rows[i].model, rows[i].kind, rows[i].load,
					  rows[i].speaks);

		go_on(r, 10 * MINUTE);
		if (rows[i].says) {
			assert_non_null(strstr(r->cdp, rows[i].says));
		} else {
			assert_string_equal(r->cdp, "");
			assert_int_equal(r->opened, 0);
		}
		sim_rig_free(r);
	}
}

/* Alarm and Register: the load stands in the long one, the alarm writes it in its own way. */
static void sccp_registration(void **state)
{
	static const struct {
		enum synth_kind bundle;
		const char *model;
		enum sim_kind kind;
		const char *load, *in_register, *in_alarm;
		size_t len; /* of the Register */
		uint32_t type;
	} rows[] = {
		{SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, "SCCP70.9-4-2SR3-1S", "SCCP70.9-4-2SR3-1S",
		 "9.4(2SR3.1S)", 136, 30006},
		{SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, "SCCP70.8-3-3S", "", "8.3(3S)", 60, 30006},
		{SYNTH_LEGACY, "7960", SIM_LEGACY, "P00308000700", "", "P00308000700", 48, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim_rig *r = start(rows[i].bundle, rows[i].model, rows[i].kind, rows[i].load,
					  SIM_SPEAKS_SCCP);
		struct sccp_register reg;
		struct sccp_alarm alarm;
		size_t first;

		r->call = reject;
		r->call_len = sizeof(reject);
		sim_rig_run(r, 10 * MINUTE);
		assert_true(sim_phone_settled(r->phone));
		assert_int_equal(r->opened, 1);
		assert_int_equal(r->closed, 1);
		assert_int_equal(r->call_port, 2000);
		first = get_le32(r->said) + 8;
		assert_true(sccp_decode_alarm(&alarm, r->said, first));
		assert_string_equal(alarm.device, "SEP001B54CA0102");
		assert_string_equal(alarm.load, rows[i].in_alarm);
		assert_int_equal(r->said_len - first, rows[i].len);
		assert_true(sccp_decode_register(&reg, r->said + first, r->said_len - first));
		assert_string_equal(reg.device, "SEP001B54CA0102");
		assert_string_equal(reg.load, rows[i].in_register);
		assert_int_equal(reg.type, rows[i].type);
		assert_int_equal(reg.ip, PHONE);
		sim_rig_free(r);
	}
}

/* For ever, and not too often. */
static void whoever_is_not_accepted_tries_again(void **state)
{
	enum { REJECTED, REFUSED, SILENCE, ACCEPTED, ROWS };

	(void)state;
	for (int row = 0; row < ROWS; row++) {
		struct sim_rig *r = start(SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, "SCCP70.8-3-3S",
					  SIM_SPEAKS_SCCP);
		unsigned before;

		r->call_refused = row == REFUSED;
		r->call = row == REJECTED ? reject : row == ACCEPTED ? ack : NULL;
		r->call_len = row == REJECTED ? sizeof(reject) : sizeof(ack);
		go_on(r, 10 * MINUTE);
		assert_true(sim_phone_settled(r->phone));
		before = r->opened;
		r->said_len = 0;
		go_on(r, 70 * MINUTE);
		if (row == ACCEPTED) {
			/* one connection, and a KeepAlive every half minute */
			assert_int_equal(r->opened, 1);
			assert_int_equal(r->said_len, 120 * 12);
			assert_int_equal(get_le32(r->said + 8), SCCP_KEEPALIVE);
		} else {
			assert_in_range(r->opened - before, 40, 60);
		}
		sim_rig_free(r);
	}
}

static void sip_registration(void **state)
{
	struct models *models = calloc(1, sizeof(*models));
	struct sip *sip = calloc(1, sizeof(*sip));
	struct sip_out *out = calloc(1, sizeof(*out));
	unsigned tcp = 0, udp = 0, seed;

	(void)state;
	assert_true(models && sip && out);
	models_builtin(models);
	for (seed = 0; seed < 12; seed++) {
		struct sim_phone_config config = {.kind = SIM_JAVA_RUNNING,
						  .mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}},
						  .model = "7970",
						  .load = "SIP70.8-4-2-30S",
						  .seed = seed,
						  .speaks = SIM_SPEAKS_SIP};
		struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);

		r->xmldefault = XML("");
		r->call = (const uint8_t *)forbidden;
		r->call_len = sizeof(forbidden) - 1;
		r->phone = sim_phone_new(&config);
		sim_rig_power_on(r);
		sim_rig_run(r, 10 * MINUTE);
		assert_true(sim_phone_settled(r->phone));
		assert_int_equal(r->opened, 1);
		tcp += r->call_port == 5060;
		udp += r->call_port == 0;
		sip_setup(sip, models);
		sip_datagram(sip, (struct sip_peer){PHONE, 5060}, r->said, r->said_len, r->now,
			     out);
		assert_int_equal(out->event_count, 1);
		assert_string_equal(out->event.load, "SIP70.8-4-2-30S");
		assert_string_equal(out->event.model, "7970");
		assert_string_equal(out->event.software, "8.4.2");
		assert_true(mac_equal(out->event.mac, sim_phone_mac(r->phone)));
		sim_rig_free(r);
	}
	assert_true(tcp > 0 && udp > 0);
	free(out);
	free(sip);
	free(models);
}

/* Where it is taken as it is, it says so, and comes again after a while. */
static void sip_is_accepted(void **state)
{
	static const char ok[] = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		struct sim_phone_config config = {.kind = SIM_JAVA_RUNNING,
						  .mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}},
						  .model = "7970",
						  .load = "SIP70.8-4-2-30S",
						  .seed = seed,
						  .speaks = SIM_SPEAKS_SIP};
		struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
		char *first;

		r->xmldefault = XML("");
		r->call = (const uint8_t *)ok;
		r->call_len = sizeof(ok) - 1;
		r->phone = sim_phone_new(&config);
		sim_rig_power_on(r);
		sim_rig_run(r, 10 * MINUTE);
		assert_true(sim_phone_settled(r->phone));
		first = strstr(r->transcript, "is registered");
		assert_non_null(first);
		go_on(r, r->now + 20 * MINUTE);
		assert_non_null(strstr(first + 1, "is registered"));
		assert_null(strstr(r->transcript, "rejected"));
		sim_rig_free(r);
	}
}

/* The wrong bit: an SCCP image does not register by SIP, nor the other way round. */
static void an_image_keeps_to_its_protocol(void **state)
{
	static const char *const loads[] = {"SCCP70.8-3-3S", "SIP70.8-3-3S"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim_rig *r = start(SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING, loads[i],
					  i == 0 ? SIM_SPEAKS_SIP : SIM_SPEAKS_SCCP);

		go_on(r, 10 * MINUTE);
		assert_true(sim_phone_settled(r->phone));
		assert_int_equal(r->opened, 0);
		sim_rig_free(r);
	}
}

static void web_page(void **state)
{
	struct sim_rig *r =
		start(SYNTH_JAVA70, "7970", SIM_JAVA_ERASED, "SCCP70.8-3-3S", SIM_SPEAKS_PAGE);
	struct models *models = calloc(1, sizeof(*models));
	struct event *e = calloc(1, sizeof(*e));
	uint8_t page[SIM_PAGE_MAX];
	char ask[DEVICE_PAGE_ASK_MAX];
	size_t len, ask_len = device_page_ask(PHONE, ask);

	(void)state;
	assert_true(models && e);
	models_builtin(models);
	go_on(r, USEC_SEC(40)); /* the loader is at work */
	assert_int_equal(sim_phone_stage(r->phone), SIM_LOADING);
	assert_int_equal(
		sim_phone_page(r->phone, (const uint8_t *)ask, ask_len, page, sizeof(page)), 0);
	sim_rig_run(r, 60 * MINUTE);
	len = sim_phone_page(r->phone, (const uint8_t *)ask, ask_len, page, sizeof(page));
	assert_int_equal(device_page_state(page, len, true), DEVICE_PAGE_WHOLE);
	assert_true(device_page_read(page, len, PHONE, models, e));
	assert_string_equal(e->load, "jar70sccp.8-3-3-27");
	assert_true(mac_equal(e->mac, sim_phone_mac(r->phone)));
	len = sim_phone_page(r->phone, (const uint8_t *)"GET / HTTP/1.0\r\n\r\n", 18, page,
			     sizeof(page));
	assert_int_equal(device_page_state(page, len, true), DEVICE_PAGE_REFUSED);
	sim_phone_power_off(r->phone);
	assert_int_equal(
		sim_phone_page(r->phone, (const uint8_t *)ask, ask_len, page, sizeof(page)), 0);
	free(e);
	free(models);
	sim_rig_free(r);
}

/* Whatever a call server says, in whatever pieces. */
static void garbage(void **state)
{
	uint8_t bytes[400];
	uint32_t x = 7;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct sim_rig *r =
			start(SYNTH_JAVA70, "7970", SIM_JAVA_RUNNING,
			      round % 2 ? "SCCP70.8-3-3S" : "SIP70.8-3-3S", SIM_SPEAKS_ALL);

		for (size_t i = 0; i < sizeof(bytes); i++) {
			x = x * 1664525u + 1013904223u;
			bytes[i] = round % 3 == 0 && i % 12 > 0 ? 0 : (uint8_t)(x >> 24);
		}
		r->call = bytes;
		r->call_len = 1 + x % sizeof(bytes);
		go_on(r, 6 * MINUTE);
		assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
		sim_rig_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loader_and_its_image_announce_themselves),
		cmocka_unit_test(once_a_minute),
		cmocka_unit_test(silence_and_other_families),
		cmocka_unit_test(sccp_registration),
		cmocka_unit_test(whoever_is_not_accepted_tries_again),
		cmocka_unit_test(sip_registration),
		cmocka_unit_test(sip_is_accepted),
		cmocka_unit_test(an_image_keeps_to_its_protocol),
		cmocka_unit_test(web_page),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
