/* SPDX-License-Identifier: MIT */
/*
 * The simulated phones against a flawless server of this test's own making, which shares no
 * code with the daemon: what they ask for, in which order, from which ports, and what they make
 * of bad files and of silence.
 */
#include "reflashd/dhcp_packet.h"
#include "reflashd/sim_phone.h"
#include "shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER 0x0a000001u
#define PHONE  0x0a000032u

/* A server for one phone: everything is answered at once, one transfer at a time. */
struct rig {
	struct shelf *shelf;
	struct sim_phone *phone;
	usec_t now;
	char transcript[16384];
	size_t len;
	char asked[8192]; /* "name<port " for every RRQ */
	size_t asked_len;
	usec_t asked_at[256];
	unsigned asks;
	const char *xmldefault;
	const char *sipdefault;
	bool mute_dhcp, mute_tftp, two_peers;
	unsigned discovers;
	usec_t discover_at[16];
	uint8_t discover[1500];
	size_t discover_len;
	unsigned stray_errors; /* ERROR 5 that the phone sent */
	const uint8_t *data;   /* the running transfer */
	size_t size;
	uint16_t peer;
	bool closed_early; /* the phone closed the port of the running transfer */
};

static void handle(struct rig *r, const struct sim_out *out);

static void reply(struct rig *r, uint16_t from, uint16_t to, const uint8_t *data, size_t len)
{
	struct sim_datagram d = {
		.src_ip = SERVER, .dst_ip = PHONE, .src_port = from, .dst_port = to, .len = len};
	struct sim_out out;

	memcpy(d.data, data, len);
	if (!sim_phone_port_open(r->phone, to)) {
		r->closed_early = true;
		return;
	}
	sim_phone_receive(r->phone, &d, r->now, &out);
	handle(r, &out);
}

static void answer_dhcp(struct rig *r, const struct sim_datagram *d)
{
	uint8_t out[300] = {2, 1, 6, 0};
	uint8_t message = d->data[242]; /* option 53 comes first */
	static const uint8_t options[] = {54, 4, 10,  0,   0,	1,   1,	  4,   255, 255, 255, 0,
					  3,  4, 10,  0,   0,	1,   150, 4,   10,  0,	 0,   1,
					  66, 8, '1', '0', '.', '0', '.', '9', '.', '9', 255};

	if (message == 1) {
		r->discover_at[r->discovers++ % 16] = r->now;
		r->discover_len = d->len;
		memcpy(r->discover, d->data, d->len);
	}
	if (r->mute_dhcp)
		return;
	assert_int_equal(d->dst_ip, 0xffffffffu);
	assert_int_equal(d->src_port, 68);
	memcpy(out + 4, d->data + 4, 4);
	memcpy(out + 16, (const uint8_t[]){10, 0, 0, 50}, 4);
	memcpy(out + 28, d->data + 28, 16);
	memcpy(out + 236, d->data + 236, 4);
	memcpy(out + 240, (const uint8_t[]){53, 1, message == 1 ? 2 : 5}, 3);
	memcpy(out + 243, options, sizeof(options));
	reply(r, 67, 68, out, sizeof(out));
}

static void send_block(struct rig *r, uint16_t port, unsigned block)
{
	size_t at = (size_t)(block - 1) * 512, len = r->size - at < 512 ? r->size - at : 512;
	uint8_t out[516] = {0, 3, (uint8_t)(block >> 8), (uint8_t)block};

	memcpy(out + 4, r->data + at, len);
	if (r->two_peers)
		reply(r, (uint16_t)(r->peer + 1), port, (const uint8_t[]){0, 3, 0, 9, 'x'}, 5);
	reply(r, r->peer, port, out, len + 4);
}

static void answer_request(struct rig *r, const struct sim_datagram *d)
{
	const char *name = (const char *)d->data + 2;
	const struct synth_file *file = shelf_file(r->shelf, name);

	r->asked_at[r->asks++ % 256] = r->now;
	r->asked_len += (size_t)snprintf(r->asked + r->asked_len, sizeof(r->asked) - r->asked_len,
					 "%s<%u ", name, d->src_port);
	/* octet, and not one byte behind it: these phones send no options */
	assert_int_equal(d->len, 2 + strlen(name) + 1 + 6);
	assert_string_equal(name + strlen(name) + 1, "octet");
	if (r->mute_tftp)
		return;
	r->data = file ? file->data : NULL;
	r->size = file ? file->len : 0;
	if (r->xmldefault && strcmp(name, "XMLDefault.cnf.xml") == 0) {
		r->data = (const uint8_t *)r->xmldefault;
		r->size = strlen(r->xmldefault);
	}
	if (r->sipdefault && strcmp(name, "SIPDefault.cnf") == 0) {
		r->data = (const uint8_t *)r->sipdefault;
		r->size = strlen(r->sipdefault);
	}
	if (!r->data) {
		reply(r, 69, d->src_port, (const uint8_t *)"\0\5\0\1no", 7);
		return;
	}
	r->peer = (uint16_t)(5000 + r->asks);
	send_block(r, d->src_port, 1);
}

static void handle(struct rig *r, const struct sim_out *out)
{
	unsigned i;

	if (out->log)
		r->len += (size_t)snprintf(r->transcript + r->len, sizeof(r->transcript) - r->len,
					   "%s\n", out->line);
	assert_true(r->len < sizeof(r->transcript) - 1 && r->asked_len < sizeof(r->asked) - 1);
	for (i = 0; i < out->count; i++) {
		const struct sim_datagram *d = &out->send[i];
		unsigned block = (unsigned)d->data[2] << 8 | d->data[3];

		if (d->dst_port == 67)
			answer_dhcp(r, d);
		else if (d->dst_port == 69)
			answer_request(r, d);
		else if (d->data[1] == 5)
			r->stray_errors++;
		else if (d->dst_port == r->peer && (size_t)block * 512 <= r->size)
			send_block(r, d->src_port, block + 1);
	}
}

static void run(struct rig *r, usec_t until)
{
	struct sim_out out;

	while (!sim_phone_settled(r->phone) && sim_phone_deadline(r->phone) <= until) {
		if (sim_phone_deadline(r->phone) > r->now)
			r->now = sim_phone_deadline(r->phone);
		sim_phone_tick(r->phone, r->now, &out);
		handle(r, &out);
	}
}

static void power_on(struct rig *r)
{
	struct sim_out out;

	sim_phone_power_on(r->phone, r->now, &out);
	handle(r, &out);
}

static struct rig *rig_new(enum synth_kind bundle, const char *how)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct synth_options options = {.size = 2500, .seed = 3};

	assert_non_null(r);
	options.key = test_key_load("test-g1");
	r->now = USEC_SEC(1);
	r->shelf = shelf_new();
	shelf_add(r->shelf, bundle, NULL, &options, how);
	test_key_free((struct test_key *)(uintptr_t)options.key);
	return r;
}

static void rig_phone(struct rig *r, const char *model, enum sim_kind kind, const char *load)
{
	struct sim_phone_config config = {
		.kind = kind, .mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}}, .seed = 2};

	snprintf(config.model, sizeof(config.model), "%s", model);
	snprintf(config.load, sizeof(config.load), "%s", load);
	sim_phone_free(r->phone);
	r->phone = sim_phone_new(&config);
	assert_non_null(r->phone);
	power_on(r);
}

static void rig_free(struct rig *r)
{
	sim_phone_free(r->phone);
	shelf_free(r->shelf);
	free(r);
}

#define XML(load_element)                                                                          \
	"<Default><callManagerGroup><members><member priority=\"0\"><callManager><ports>"          \
	"<ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1"             \
	"</processNodeName></callManager></member></members></callManagerGroup>" load_element      \
	"</Default>"

static void java_erased(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA70, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation30006 model=\"7970\">SCCP70.8-3-3S"
			    "</loadInformation30006>");
	rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	run(r, USEC_SEC(3600));
	assert_string_equal(r->transcript,
			    "power: no image, the loader runs\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for term70.default.loads\n"
			    "has term70.default.loads: 5 members\n"
			    "asks for jar70sccp.8-3-3-27.sbn\n"
			    "has jar70sccp.8-3-3-27.sbn: 2456 bytes\n"
			    "asks for cnu70.8-3-3-27.sbn\n"
			    "has cnu70.8-3-3-27.sbn: 2452 bytes\n"
			    "asks for apps70.8-3-3-27.sbn\n"
			    "has apps70.8-3-3-27.sbn: 2904 bytes\n"
			    "asks for dsp70.8-3-3-27.sbn\n"
			    "has dsp70.8-3-3-27.sbn: 2452 bytes\n"
			    "asks for cvm70sccp.8-3-3-27.sbn\n"
			    "has cvm70sccp.8-3-3-27.sbn: 2595 bytes\n"
			    "has everything, writes its flash: dark and silent\n"
			    "restarts with its new image\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for CTLSEP001B54CA0102.tlv\n"
			    "CTLSEP001B54CA0102.tlv: file not found\n"
			    "asks for SEP001B54CA0102.cnf.xml\n"
			    "SEP001B54CA0102.cnf.xml: file not found\n"
			    "asks for XMLDefault.cnf.xml\n"
			    "has XMLDefault.cnf.xml: load SCCP70.8-3-3S\n"
			    "asks for SCCP70.8-3-3S.loads\n"
			    "is SCCP70.8-3-3S already\n"
			    "runs SCCP70.8-3-3S\n");
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_load(r->phone), "SCCP70.8-3-3S");
	rig_free(r);
}

/* The same phone when somebody could tell it what its jar says: no list is asked for again. */
static void java_erased_that_knows_its_load(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA70, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation119>SCCP70.8-3-3S</loadInformation119>");
	rig_phone(r, "7971", SIM_JAVA_ERASED, "SCCP70.8-3-3S");
	assert_string_equal(sim_phone_load(r->phone), "");
	run(r, USEC_SEC(3600));
	assert_non_null(strstr(r->asked, "term71.default.loads<"));
	assert_null(strstr(r->asked, "SCCP70.8-3-3S.loads<"));
	assert_string_equal(sim_phone_load(r->phone), "SCCP70.8-3-3S");
	rig_free(r);
}

static void java_running_upgrades(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA42, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation404>SCCP42.8-3-3S</loadInformation404>"
			    "<!-- <loadInformation404>WRONG</loadInformation404> -->");
	/* A late SIP load asks for the ITL files; what it becomes does not know them. */
	rig_phone(r, "7962", SIM_JAVA_RUNNING, "SIP42.9-4-2SR3-1S");
	run(r, USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_load(r->phone), synth_default_load(SYNTH_JAVA42));
	assert_non_null(strstr(r->transcript, "asks for ITLSEP001B54CA0102.tlv\n"
					      "ITLSEP001B54CA0102.tlv: file not found\n"
					      "asks for ITLFile.tlv\n"));
	assert_null(strstr(r->asked, "term62"));
	assert_non_null(strstr(r->transcript, "asks for SCCP42.8-3-3S.loads\n"
					      "has SCCP42.8-3-3S.loads: 5 members\n"));
	assert_int_equal(r->asks, 5 + 1 + 5 + 3);
	rig_free(r);
}

static void java_sip_asks_for_tones(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA42, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation404>SIP42.9-4-2SR3-1S</loadInformation404>");
	rig_phone(r, "7962", SIM_JAVA_RUNNING, "SIP42.9-4-2SR3-1S");
	run(r, USEC_SEC(3600));
	assert_non_null(strstr(r->transcript, "asks for dialplan.xml\n"
					      "dialplan.xml: file not found\n"
					      "asks for /g3-tones.xml\n"));
	assert_string_equal(sim_phone_load(r->phone), "SIP42.9-4-2SR3-1S");
	rig_free(r);
}

static void java_wants_a_call_manager(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA70, NULL);

	(void)state;
	r->xmldefault = "<Default><loadInformation30006>SCCP70.8-3-3S</loadInformation30006>"
			"</Default>";
	rig_phone(r, "7970", SIM_JAVA_RUNNING, "SCCP70.8-3-3S");
	run(r, USEC_SEC(600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_STUCK);
	assert_string_equal(sim_phone_why(r->phone), "XMLDefault.cnf.xml names no CallManager");
	/* and comes back to it by itself */
	r->xmldefault = XML("");
	run(r, USEC_SEC(1200));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_string_equal(sim_phone_why(r->phone), "");
	rig_free(r);
}

static const struct bad {
	const char *how, *why;
	const char *last; /* the last file asked for in the first round */
} bad_bundles[] = {
	{"truncate:cvm:1", "cvm70sccp.8-3-3-27.sbn is cut short", "cvm70sccp"},
	{"truncate:jar:2000", "jar70sccp.8-3-3-27.sbn is cut short", "jar70sccp"},
	{"truncate:dsp:2445", "dsp70.8-3-3-27.sbn is not signed", "dsp70"},
	{"truncate:dsp:2300", "dsp70.8-3-3-27.sbn ends inside its header", "dsp70"},
	{"missing:jar", "jar70sccp.8-3-3-27.sbn: file not found", "cnu70"},
	{"missing:cvm", "cvm70sccp.8-3-3-27.sbn: file not found", "cvm70sccp"},
	{"rename", "term70.default.loads is called SCCP70.8-3-3S.loads inside", "term70"},
};

static void java_refuses_bad_bundles(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad_bundles); i++) {
		struct rig *r = rig_new(SYNTH_JAVA70, bad_bundles[i].how);
		const char *last = r->asked, *space;

		rig_phone(r, "7970", SIM_JAVA_ERASED, "");
		run(r, USEC_SEC(85)); /* the first round and not the second */
		assert_int_equal(sim_phone_stage(r->phone), SIM_STUCK);
		assert_string_equal(sim_phone_why(r->phone), bad_bundles[i].why);
		while ((space = strchr(last, ' ')) && space[1])
			last = space + 1;
		assert_memory_equal(last, bad_bundles[i].last, strlen(bad_bundles[i].last));
		run(r, USEC_SEC(3600));
		assert_int_equal(sim_phone_stage(r->phone), SIM_STUCK);
		assert_string_equal(sim_phone_load(r->phone), "");
		rig_free(r);
	}
}

/* 7911 trace: Jar… missing, cnu… asked for all the same, port closed in the middle of it. */
static void java_hangs_up_behind_a_missing_member(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA11, "missing:jar");

	(void)state;
	rig_phone(r, "7911", SIM_JAVA_ERASED, "");
	run(r, USEC_SEC(60));
	assert_string_equal(r->transcript,
			    "power: no image, the loader runs\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for term11.default.loads\n"
			    "has term11.default.loads: 5 members\n"
			    "asks for jar11sccp.8-3-3-27.sbn\n"
			    "jar11sccp.8-3-3-27.sbn: file not found\n"
			    "asks for cnu11.8-3-3-27.sbn\n"
			    "stuck: jar11sccp.8-3-3-27.sbn: file not found\n");
	rig_free(r);
}

/* 7906 trace: the refused list is fetched in pairs, 93 to 147 s between them. */
static void java_fetches_a_refused_list_in_pairs(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA11, "rename");
	unsigned i;

	(void)state;
	rig_phone(r, "7906", SIM_JAVA_ERASED, "");
	run(r, USEC_SEC(1500));
	assert_true(r->asks >= 18);
	for (i = 0; i + 2 < r->asks; i += 2) {
		usec_t pair = r->asked_at[i + 1] - r->asked_at[i];
		usec_t pause = r->asked_at[i + 2] - r->asked_at[i + 1];

		assert_in_range(pair, USEC_MS(900), USEC_MS(1500));
		assert_in_range(pause, USEC_SEC(93), USEC_SEC(147));
	}
	assert_null(strstr(r->asked, ".sbn"));
	rig_free(r);
}

/* A member that is in the flash is not fetched again after a power cut; half a one is. */
static void java_resumes_after_a_power_cut(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA70, NULL);
	const char *second;

	(void)state;
	r->xmldefault = XML("");
	rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	while (!strstr(r->asked, "apps70"))
		run(r, sim_phone_deadline(r->phone));
	sim_phone_power_off(r->phone);
	assert_int_equal(sim_phone_stage(r->phone), SIM_OFF);
	assert_int_equal(sim_phone_deadline(r->phone), USEC_NEVER);
	second = r->asked + r->asked_len;
	r->now += USEC_SEC(30);
	power_on(r);
	run(r, r->now + USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_null(strstr(second, "jar70"));
	assert_null(strstr(second, "cnu70"));
	assert_non_null(strstr(second, "apps70"));
	rig_free(r);
}

static void legacy_walk(void **state)
{
	struct rig *r = rig_new(SYNTH_LEGACY, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation7>P0S3-8-12-00</loadInformation7>");
	rig_phone(r, "7960", SIM_LEGACY, "");
	run(r, USEC_SEC(3600));
	/* names and ports of the tftplog, phones.md 4.4 */
	assert_string_equal(
		r->asked,
		"CTLSEP001B54CA0102.tlv<49845 SEP001B54CA0102.cnf.xml<49846 "
		"SIP001B54CA0102.cnf<49847 MGC001B54CA0102.cnf<49848 "
		"XMLDefault.cnf.xml<49849 P0S3-8-12-00.loads<49850 P003-8-12-00.sbn<49851 "
		"CTLSEP001B54CA0102.tlv<49845 SEP001B54CA0102.cnf.xml<49846 "
		"SIP001B54CA0102.cnf<49847 MGC001B54CA0102.cnf<49848 "
		"XMLDefault.cnf.xml<49849 P0S3-8-12-00.loads<49850 P0S3-8-12-00.sb2<49851 "
		"SIPDefault.cnf<49834 SIP001B54CA0102.cnf<49835 ");
	assert_string_equal(sim_phone_load(r->phone), "P0S3-8-12-00");
	/* 05:15:52 → 05:16:16, 05:16:26 → 05:17:04 */
	assert_in_range(r->asked_at[7] - r->asked_at[6], USEC_SEC(23), USEC_SEC(28));
	assert_in_range(r->asked_at[14] - r->asked_at[13], USEC_SEC(36), USEC_SEC(40));
	rig_free(r);
}

static void legacy_repeats_its_sip_file(void **state)
{
	struct rig *r = rig_new(SYNTH_LEGACY, NULL);
	struct sim_out out;

	(void)state;
	r->xmldefault = XML("<loadInformation7>P0S3-8-12-00</loadInformation7>");
	r->sipdefault = "image_version: P0S3-8-12-00\r\ntftp_cfg_dir: \"./\"\r\n";
	rig_phone(r, "7960", SIM_LEGACY, "P0S3-8-12-00");
	run(r, USEC_SEC(3600));
	assert_non_null(strstr(r->asked, "P0S3-8-12-00.loads<49850 SIPDefault.cnf<49834 "
					 "./SIP001B54CA0102.cnf<49835 "));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	while (r->asks < 11) {
		r->now = sim_phone_deadline(r->phone);
		sim_phone_tick(r->phone, r->now, &out);
		handle(r, &out);
		assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	}
	assert_in_range(r->asked_at[10] - r->asked_at[9], USEC_SEC(30), USEC_SEC(33));
	rig_free(r);
}

static void legacy_without_answers(void **state)
{
	static const unsigned seconds[] = {0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56};
	struct rig *r = rig_new(SYNTH_LEGACY, NULL);
	unsigned i;
	char want[64];

	(void)state;
	r->mute_tftp = true;
	rig_phone(r, "7940", SIM_LEGACY, "");
	run(r, USEC_SEC(220));
	for (i = 0; i < 15; i++)
		assert_int_equal((r->asked_at[i] - r->asked_at[0]) / USEC_SEC(1), seconds[i]);
	for (i = 0; i < 3; i++) {
		snprintf(want, sizeof(want), "CTLSEP001B54CA0102.tlv<%u ", 49845 + i);
		assert_non_null(strstr(r->asked, want));
		snprintf(want, sizeof(want), "SEP001B54CA0102.cnf.xml<%u ", 49848 + i);
		assert_non_null(strstr(r->asked, want));
	}
	/* then the walk again, 55 s after the last try has run out, ports going on */
	assert_non_null(strstr(r->asked, "CTLSEP001B54CA0102.tlv<49851 "));
	assert_null(strstr(r->asked, "MGC"));
	assert_in_range(r->asked_at[30] - r->asked_at[29], USEC_SEC(55), USEC_SEC(60));
	rig_free(r);
}

static void kup_recovery(void **state)
{
	struct rig *r = rig_new(SYNTH_KUP7912, NULL);

	(void)state;
	r->xmldefault = XML("<loadInformation30007>CP7912080003SCCP070409A</loadInformation30007>");
	rig_phone(r, "7912", SIM_KUP_RECOVERY, "");
	run(r, USEC_SEC(3600));
	assert_string_equal(r->transcript,
			    "power: recovery mode, menu green, hold red\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for cp7912r.zup\n"
			    "has cp7912r.zup: 1250 bytes, writes it\n"
			    "restarts with cp7912r\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for SEP001b54ca0102.cnf.xml\n"
			    "SEP001b54ca0102.cnf.xml: file not found\n"
			    "asks for XMLDefault.cnf.xml\n"
			    "has XMLDefault.cnf.xml: load CP7912080003SCCP070409A\n"
			    "asks for CP7912080003SCCP070409A.sbin\n"
			    "has CP7912080003SCCP070409A.sbin: 2916 bytes, writes it\n"
			    "restarts with CP7912080003SCCP070409A\n"
			    "DHCP: looks for a server\n"
			    "DHCP: has 10.0.0.50, TFTP server 10.0.0.1 (option 150)\n"
			    "asks for SEP001b54ca0102.cnf.xml\n"
			    "SEP001b54ca0102.cnf.xml: file not found\n"
			    "asks for XMLDefault.cnf.xml\n"
			    "has XMLDefault.cnf.xml: load CP7912080003SCCP070409A\n"
			    "asks for SEPDefault.cnf\n"
			    "SEPDefault.cnf: file not found\n"
			    "asks for gk001b54ca0102\n"
			    "gk001b54ca0102: file not found\n"
			    "runs CP7912080003SCCP070409A\n"
			    "asks for gkdefault.cfg\n"
			    "gkdefault.cfg: file not found\n");
	rig_free(r);
}

static void kup_refuses_other_models_and_bad_sums(void **state)
{
	struct rig *r = rig_new(SYNTH_KUP7912, "flip:cp7912r");
	struct synth_file *image;

	(void)state;
	rig_phone(r, "7912", SIM_KUP_RECOVERY, "");
	run(r, USEC_SEC(300));
	assert_string_equal(sim_phone_why(r->phone), "cp7912r.zup has a wrong checksum");
	rig_free(r);

	r = rig_new(SYNTH_KUP7905, NULL);
	image = synth_files_find(&r->shelf->bundle[0], "ldragonr");
	snprintf(image->name, sizeof(image->name), "cp7912r.zup");
	rig_phone(r, "7912", SIM_KUP_RECOVERY, "");
	run(r, USEC_SEC(300));
	assert_string_equal(sim_phone_why(r->phone), "cp7912r.zup is made for another model");
	rig_free(r);
}

static void kup_running_sip_reads_profiles_only(void **state)
{
	struct rig *r = rig_new(SYNTH_KUP7905, NULL);

	(void)state;
	r->xmldefault = XML("");
	rig_phone(r, "7905", SIM_KUP_RUNNING, "CP7905080000SIP060111A");
	run(r, USEC_SEC(300));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_int_equal(r->asks, 2);
	assert_non_null(strstr(r->asked, "ld001b54ca0102<"));
	assert_non_null(strstr(r->asked, "lddefault.cfg<"));
	rig_free(r);
}

static void discovers_back_off(void **state)
{
	static const struct {
		const char *model;
		enum sim_kind kind;
		unsigned wait[4];
	} rows[] = {{"7970", SIM_JAVA_ERASED, {4, 8, 16, 20}},
		    {"7960", SIM_LEGACY, {4, 8, 16, 32}},
		    {"7912", SIM_KUP_RECOVERY, {27, 27, 27, 27}}};
	struct rig *r = rig_new(SYNTH_LEGACY, NULL);
	size_t i, n;

	(void)state;
	r->mute_dhcp = true;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		r->discovers = 0;
		rig_phone(r, rows[i].model, rows[i].kind, "");
		run(r, r->now + USEC_SEC(150));
		assert_true(r->discovers >= 5);
		for (n = 0; n < 4; n++)
			assert_int_equal(r->discover_at[n + 1] - r->discover_at[n],
					 USEC_SEC(rows[i].wait[n]));
	}
	rig_free(r);
}

/* "CP-7970G" with its NUL, "7912" without, nothing from a silent loader; 66 and 150 asked. */
static void discover_says_who_it_is(void **state)
{
	static const struct {
		const char *model, *text;
		enum sim_kind kind;
		size_t len;
	} rows[] = {{"7970", "Cisco Systems, Inc. IP Phone CP-7970G", SIM_JAVA_ERASED, 38},
		    {"7940", "Cisco Systems, Inc. IP Phone CP-7940G", SIM_LEGACY, 38},
		    {"7912", "Cisco Systems, Inc. IP Phone 7912", SIM_KUP_RECOVERY, 33}};
	struct rig *r = rig_new(SYNTH_LEGACY, NULL);
	struct dhcp_packet *packet = malloc(sizeof(*packet));
	struct sim_phone_config silent = {.kind = SIM_JAVA_ERASED,
					  .mac = {{2, 0, 0, 0, 0, 9}},
					  .model = "7970",
					  .silent_class = true};
	struct span value;
	size_t i;

	(void)state;
	assert_non_null(packet);
	r->mute_dhcp = true;
	for (i = 0; i <= ARRAY_LEN(rows); i++) {
		r->discovers = 0;
		if (i < ARRAY_LEN(rows)) {
			rig_phone(r, rows[i].model, rows[i].kind, "");
		} else {
			sim_phone_free(r->phone);
			r->phone = sim_phone_new(&silent);
			power_on(r);
		}
		run(r, r->now + USEC_SEC(30));
		assert_int_equal(dhcp_packet_parse(packet, r->discover, r->discover_len),
				 DHCP_PARSE_OK);
		assert_int_equal(packet->message, DHCP_DISCOVER);
		assert_false(packet->truncated);
		assert_true(r->discover_len >= DHCP_BOOTP_MIN);
		value = dhcp_packet_option(packet, DHCP_OPT_PARAMETER_LIST);
		assert_non_null(memchr(value.data, 66, value.len));
		assert_non_null(memchr(value.data, 150, value.len));
		value = dhcp_packet_option(packet, DHCP_OPT_VENDOR_CLASS);
		if (i < ARRAY_LEN(rows)) {
			assert_int_equal(value.len, rows[i].len);
			assert_memory_equal(value.data, rows[i].text, value.len);
		} else {
			assert_null(value.data);
		}
	}
	free(packet);
	rig_free(r);
}

/* DATA from a stranger is answered with ERROR 5 and does no harm. */
static void strangers(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA70, NULL);

	(void)state;
	r->xmldefault = XML("");
	r->two_peers = true;
	rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	run(r, USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_true(r->stray_errors > 20);
	rig_free(r);
}

/* One DATA to the phone; the block it acknowledges at once, or -1. */
static int data_block(struct rig *r, uint16_t port, unsigned block, size_t len)
{
	struct sim_datagram d = {.src_ip = SERVER,
				 .dst_ip = PHONE,
				 .src_port = 5001,
				 .dst_port = port,
				 .len = len + 4,
				 .data = {0, 3, 0, (uint8_t)block}};
	struct sim_out out;

	sim_phone_receive(r->phone, &d, r->now, &out);
	if (out.count == 0)
		return -1;
	assert_int_equal(out.send[0].data[1], 4);
	assert_int_equal(out.send[0].src_port, port);
	assert_int_equal(out.send[0].dst_port, 5001);
	return out.send[0].data[3];
}

/* A double is acknowledged again, also behind the end of the file for a while; one phone in four
 * closes its port at the end at once. */
static void doubles_and_the_end(void **state)
{
	struct sim_phone_config config = {
		.kind = SIM_JAVA_ERASED, .mac = {{2, 0, 0, 0, 0, 1}}, .model = "7970"};
	unsigned abrupt = 0, patient = 0;

	(void)state;
	for (config.seed = 0; config.seed < 24; config.seed++) {
		struct rig *r = rig_new(SYNTH_JAVA70, NULL);
		uint16_t port;
		usec_t end;

		r->mute_tftp = true;
		r->phone = sim_phone_new(&config);
		power_on(r);
		while (r->asks == 0)
			run(r, sim_phone_deadline(r->phone));
		port = (uint16_t)strtoul(strchr(r->asked, '<') + 1, NULL, 10);
		assert_int_equal(data_block(r, port, 2, 512), -1);
		assert_int_equal(data_block(r, port, 1, 512), 1);
		assert_int_equal(data_block(r, port, 1, 512), 1);
		assert_int_equal(data_block(r, port, 3, 512), -1);
		assert_int_equal(data_block(r, port, 2, 100), 2);
		end = r->now;
		if (sim_phone_port_open(r->phone, port)) {
			patient++;
			assert_int_equal(data_block(r, port, 2, 100), 2);
			assert_int_equal(data_block(r, port, 1, 512), -1);
			run(r, end + USEC_SEC(11));
			assert_false(sim_phone_port_open(r->phone, port));
		} else {
			abrupt++;
		}
		rig_free(r);
	}
	assert_in_range(abrupt, 1, 12);
	assert_in_range(patient, 12, 23);
}

/* Two phones of one seed are one phone; another seed chooses otherwise. */
static void repeats_itself(void **state)
{
	struct rig *r[3];
	struct sim_phone_config config = {
		.kind = SIM_JAVA_ERASED, .mac = {{2, 0, 0, 0, 0, 1}}, .model = "7970"};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		r[i] = rig_new(SYNTH_JAVA70, NULL);
		r[i]->xmldefault = XML("");
		config.seed = i / 2;
		r[i]->phone = sim_phone_new(&config);
		power_on(r[i]);
		run(r[i], USEC_SEC(3600));
	}
	assert_string_equal(r[0]->asked, r[1]->asked);
	assert_int_equal(r[0]->now, r[1]->now);
	assert_string_not_equal(r[0]->asked, r[2]->asked);
	for (i = 0; i < 3; i++)
		rig_free(r[i]);
}

/* Nothing that the wire brings may shake it: truncated replies and garbage, at every stage. */
static void survives_garbage(void **state)
{
	struct rig *r = rig_new(SYNTH_JAVA70, NULL);
	struct sim_datagram *d = calloc(1, sizeof(*d));
	struct synth_random random = {99};
	struct sim_out out;
	unsigned i;

	(void)state;
	assert_non_null(d);
	r->mute_dhcp = true;
	rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	run(r, USEC_SEC(22));
	for (i = 0; i < 20000; i++) {
		d->src_ip = SERVER;
		d->dst_ip = 0xffffffffu;
		d->src_port = 67;
		d->dst_port = 68;
		d->len = (size_t)(synth_next(&random) % 400);
		synth_noise(&random, d->data, d->len);
		if (d->len >= 240 && i % 2) {
			d->data[0] = 2;
			memcpy(d->data + 4, r->discover + 4, 4);
			memcpy(d->data + 28, r->discover + 28, 6);
			memcpy(d->data + 236, r->discover + 236, 4);
		}
		sim_phone_receive(r->phone, d, r->now, &out);
	}
	r->mute_dhcp = false;
	r->mute_tftp = true;
	rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	while (r->asks == 0)
		run(r, sim_phone_deadline(r->phone));
	for (i = 0; i < 20000; i++) {
		d->dst_ip = PHONE;
		d->src_port = (uint16_t)(i % 3);
		d->dst_port = (uint16_t)strtoul(strchr(r->asked, '<') + 1, NULL, 10);
		d->len = (size_t)(synth_next(&random) % 520);
		synth_noise(&random, d->data, d->len);
		if (d->len > 3) {
			d->data[0] = 0;
			d->data[1] = i % 16 ? 3 : 5;
			d->data[2] = 0;
			d->data[3] %= 4;
		}
		sim_phone_receive(r->phone, d, r->now, &out);
	}
	free(d);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(java_erased),
		cmocka_unit_test(java_erased_that_knows_its_load),
		cmocka_unit_test(java_running_upgrades),
		cmocka_unit_test(java_sip_asks_for_tones),
		cmocka_unit_test(java_wants_a_call_manager),
		cmocka_unit_test(java_refuses_bad_bundles),
		cmocka_unit_test(java_hangs_up_behind_a_missing_member),
		cmocka_unit_test(java_fetches_a_refused_list_in_pairs),
		cmocka_unit_test(java_resumes_after_a_power_cut),
		cmocka_unit_test(legacy_walk),
		cmocka_unit_test(legacy_repeats_its_sip_file),
		cmocka_unit_test(legacy_without_answers),
		cmocka_unit_test(kup_recovery),
		cmocka_unit_test(kup_refuses_other_models_and_bad_sums),
		cmocka_unit_test(kup_running_sip_reads_profiles_only),
		cmocka_unit_test(discovers_back_off),
		cmocka_unit_test(discover_says_who_it_is),
		cmocka_unit_test(strangers),
		cmocka_unit_test(doubles_and_the_end),
		cmocka_unit_test(repeats_itself),
		cmocka_unit_test(survives_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
