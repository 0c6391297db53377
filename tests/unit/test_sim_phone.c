/* SPDX-License-Identifier: MIT */
/*
 * The simulated phones against a flawless server that shares no code with the daemon: the 7940/60
 * and 7902/05/12, and what all of them do with DHCP, strangers, doubles, silence and garbage.
 */
#include "sim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void legacy_walk(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_LEGACY,
		.xmldefault = XML("<loadInformation7>P0S3-8-12-00</loadInformation7>"),
		.model = "7960",
		.kind = SIM_LEGACY,
		.until = USEC_SEC(3600),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
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
	sim_rig_free(r);
}

static void legacy_repeats_its_sip_file(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);
	struct sim_out out;

	(void)state;
	r->xmldefault = XML("<loadInformation7>P0S3-8-12-00</loadInformation7>");
	r->sipdefault = "image_version: P0S3-8-12-00\r\ntftp_cfg_dir: \"./\"\r\n";
	sim_rig_phone(r, "7960", SIM_LEGACY, "P0S3-8-12-00");
	sim_rig_run(r, USEC_SEC(3600));
	assert_non_null(strstr(r->asked, "P0S3-8-12-00.loads<49850 SIPDefault.cnf<49834 "
					 "./SIP001B54CA0102.cnf<49835 "));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	while (r->asks < 11) {
		r->now = sim_phone_deadline(r->phone);
		sim_phone_tick(r->phone, r->now, &out);
		sim_rig_handle(r, &out);
		assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	}
	assert_in_range(r->asked_at[10] - r->asked_at[9], USEC_SEC(30), USEC_SEC(33));
	sim_rig_free(r);
}

static void legacy_without_answers(void **state)
{
	static const unsigned seconds[] = {0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56};
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);
	unsigned i;
	char want[64];

	(void)state;
	r->mute_tftp = true;
	sim_rig_phone(r, "7940", SIM_LEGACY, "");
	sim_rig_run(r, USEC_SEC(220));
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
	sim_rig_free(r);
}

static void kup_recovery(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_KUP7912,
		.xmldefault =
			XML("<loadInformation30007>CP7912080003SCCP070409A</loadInformation30007>"),
		.model = "7912",
		.kind = SIM_KUP_RECOVERY,
		.until = USEC_SEC(3600),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
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
	sim_rig_free(r);
}

/* What a phone is told to expect: the same, something that differs in one byte, is shorter or
 * longer; each time it has what arrived, and only that. */
static struct {
	unsigned how, files;
	uint8_t *lent;
} expected;

static void expect_something(struct sim_rig *r)
{
	size_t len = expected.how == 1 ? r->size / 2 : expected.how == 2 ? r->size + 700 : r->size;

	free(expected.lent);
	expected.lent = calloc(1, len + 1);
	assert_non_null(expected.lent);
	memcpy(expected.lent, r->data, len < r->size ? len : r->size);
	if (expected.how >= 3 && len > 0)
		expected.lent[(expected.how - 3) * 531 % len] ^= 1;
	sim_phone_expect(r->phone, (struct span){expected.lent, len});
}

static void what_arrived(void *ctx, const struct sim_phone *p, const char *name,
			 struct span content)
{
	const struct sim_rig *r = ctx;

	(void)p;
	(void)name;
	assert_int_equal(content.len, r->size);
	assert_memory_equal(content.data, r->data, r->size);
	assert_true((content.data == expected.lent) == (expected.how == 0 || expected.how == 2));
	expected.files++;
}

static void believes_what_arrives(void **state)
{
	(void)state;
	for (expected.how = 0; expected.how < 8; expected.how++) {
		struct sim_rig *r = sim_rig_new(SYNTH_KUP7912, NULL);

		expected.files = 0;
		r->xmldefault =
			XML("<loadInformation30007>CP7912080003SCCP070409A</loadInformation30007>");
		r->before_data = expect_something;
		sim_rig_phone(r, "7912", SIM_KUP_RECOVERY, "");
		sim_phone_keep_files(r->phone, what_arrived, r);
		sim_rig_run(r, USEC_SEC(3600));
		assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
		assert_true(expected.files >= 3);
		sim_rig_free(r);
	}
	free(expected.lent);
}

static void kup_refuses_other_models_and_bad_sums(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_KUP7912,
		.how = "flip:cp7912r",
		.model = "7912",
		.kind = SIM_KUP_RECOVERY,
		.until = USEC_SEC(300),
	};
	struct sim_rig *r = sim_rig_story(&story);
	struct synth_file *image;

	(void)state;
	assert_string_equal(sim_phone_why(r->phone), "cp7912r.zup has a wrong checksum");
	sim_rig_free(r);

	r = sim_rig_new(SYNTH_KUP7905, NULL);
	image = synth_files_find(&r->shelf->bundle[0], "ldragonr");
	snprintf(image->name, sizeof(image->name), "cp7912r.zup");
	sim_rig_phone(r, "7912", SIM_KUP_RECOVERY, "");
	sim_rig_run(r, USEC_SEC(300));
	assert_string_equal(sim_phone_why(r->phone), "cp7912r.zup is made for another model");
	sim_rig_free(r);

	/* The first file that it ever gets has no bytes. */
	r = sim_rig_new(SYNTH_KUP7912, NULL);
	synth_files_find(&r->shelf->bundle[0], "cp7912r")->len = 0;
	sim_rig_phone(r, "7912", SIM_KUP_RECOVERY, "");
	sim_rig_run(r, USEC_SEC(300));
	assert_string_equal(sim_phone_why(r->phone), "cp7912r.zup is no image for this phone");
	sim_rig_free(r);
}

static void kup_running_sip_reads_profiles_only(void **state)
{
	const struct sim_story story = {
		.bundle = SYNTH_KUP7905,
		.xmldefault = XML(""),
		.model = "7905",
		.kind = SIM_KUP_RUNNING,
		.load = "CP7905080000SIP060111A",
		.until = USEC_SEC(300),
	};
	struct sim_rig *r = sim_rig_story(&story);

	(void)state;
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_int_equal(r->asks, 2);
	assert_non_null(strstr(r->asked, "ld001b54ca0102<"));
	assert_non_null(strstr(r->asked, "lddefault.cfg<"));
	sim_rig_free(r);
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
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);
	size_t i, n;

	(void)state;
	r->mute_dhcp = true;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		r->discovers = 0;
		sim_rig_phone(r, rows[i].model, rows[i].kind, "");
		sim_rig_run(r, r->now + USEC_SEC(150));
		assert_true(r->discovers >= 5);
		for (n = 0; n < 4; n++)
			assert_int_equal(r->discover_at[n + 1] - r->discover_at[n],
					 USEC_SEC(rows[i].wait[n]));
	}
	sim_rig_free(r);
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
	struct sim_rig *r = sim_rig_new(SYNTH_LEGACY, NULL);
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
			sim_rig_phone(r, rows[i].model, rows[i].kind, "");
		} else {
			sim_phone_free(r->phone);
			r->phone = sim_phone_new(&silent);
			sim_rig_power_on(r);
		}
		sim_rig_run(r, r->now + USEC_SEC(30));
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
	sim_rig_free(r);
}

/* DATA from a stranger is answered with ERROR 5 and does no harm. */
static void strangers(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);

	(void)state;
	r->xmldefault = XML("");
	r->two_peers = true;
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	sim_rig_run(r, USEC_SEC(3600));
	assert_int_equal(sim_phone_stage(r->phone), SIM_RUNNING);
	assert_true(r->stray_errors > 20);
	sim_rig_free(r);
}

/* One DATA to the phone; the block it acknowledges at once, or -1. */
static int data_block(struct sim_rig *r, uint16_t port, unsigned block, size_t len)
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

/* Other people's errors and addresses, silence in the middle of a file, and the plug. */
static void odd_moments(void **state)
{
	static const struct {
		uint32_t from, to;
		uint16_t port;
	} others[] = {{SERVER + 1, PHONE, 5001}, {SERVER, PHONE, 5002}, {SERVER, PHONE + 1, 5001}};
	struct sim_datagram d = {.len = 5, .data = {0, 5, 0, 1, 0}};
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
	struct sim_out out;
	unsigned discovers;

	(void)state;
	r->mute_tftp = true;
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	while (r->asks == 0)
		sim_rig_run(r, sim_phone_deadline(r->phone));
	d.dst_port = (uint16_t)strtoul(strchr(r->asked, '<') + 1, NULL, 10);
	assert_int_equal(data_block(r, d.dst_port, 1, 512), 1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		d.src_ip = others[i].from;
		d.dst_ip = others[i].to;
		d.src_port = others[i].port;
		sim_phone_receive(r->phone, &d, r->now, &out);
		assert_int_equal(out.count, 0);
		assert_false(out.log);
		assert_int_equal(data_block(r, d.dst_port, 1, 512), 1); /* it goes on */
	}
	discovers = r->discovers;
	sim_rig_run(r, r->now + USEC_SEC(120));
	assert_non_null(strstr(r->transcript, "starts over with DHCP"));
	assert_true(r->discovers > discovers);
	sim_rig_power_on(r); /* off and on again */
	discovers = r->discovers;
	sim_rig_run(r, r->now + USEC_SEC(60));
	assert_true(r->discovers > discovers);
	sim_phone_power_off(r->phone);
	assert_false(sim_phone_port_open(r->phone, 68));
	d.dst_port = 68;
	sim_phone_receive(r->phone, &d, r->now, &out);
	assert_int_equal(out.count, 0);
	sim_phone_tick(r->phone, r->now + USEC_SEC(60), &out);
	assert_int_equal(out.count, 0);
	assert_false(out.log);
	sim_rig_free(r);
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
		struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
		uint16_t port;
		usec_t end;

		r->mute_tftp = true;
		r->phone = sim_phone_new(&config);
		sim_rig_power_on(r);
		while (r->asks == 0)
			sim_rig_run(r, sim_phone_deadline(r->phone));
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
			sim_rig_run(r, end + USEC_SEC(11));
			assert_false(sim_phone_port_open(r->phone, port));
		} else {
			abrupt++;
		}
		sim_rig_free(r);
	}
	assert_in_range(abrupt, 1, 12);
	assert_in_range(patient, 12, 23);
}

/* Two phones of one seed are one phone; another seed chooses otherwise. */
static void repeats_itself(void **state)
{
	struct sim_rig *r[3];
	struct sim_phone_config config = {
		.kind = SIM_JAVA_ERASED, .mac = {{2, 0, 0, 0, 0, 1}}, .model = "7970"};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		r[i] = sim_rig_new(SYNTH_JAVA70, NULL);
		r[i]->xmldefault = XML("");
		config.seed = i / 2;
		r[i]->phone = sim_phone_new(&config);
		sim_rig_power_on(r[i]);
		sim_rig_run(r[i], USEC_SEC(3600));
	}
	assert_string_equal(r[0]->asked, r[1]->asked);
	assert_int_equal(r[0]->now, r[1]->now);
	assert_string_not_equal(r[0]->asked, r[2]->asked);
	for (i = 0; i < 3; i++)
		sim_rig_free(r[i]);
}

/* Nothing that the wire brings may shake it: truncated replies and garbage, at every stage. */
static void survives_garbage(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
	struct sim_datagram *d = calloc(1, sizeof(*d));
	struct synth_random random = {99};
	struct sim_out out;
	unsigned i;

	(void)state;
	assert_non_null(d);
	r->mute_dhcp = true;
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	sim_rig_run(r, USEC_SEC(22));
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
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	while (r->asks == 0)
		sim_rig_run(r, sim_phone_deadline(r->phone));
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
	sim_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legacy_walk),
		cmocka_unit_test(legacy_repeats_its_sip_file),
		cmocka_unit_test(legacy_without_answers),
		cmocka_unit_test(kup_recovery),
		cmocka_unit_test(believes_what_arrives),
		cmocka_unit_test(kup_refuses_other_models_and_bad_sums),
		cmocka_unit_test(kup_running_sip_reads_profiles_only),
		cmocka_unit_test(discovers_back_off),
		cmocka_unit_test(discover_says_who_it_is),
		cmocka_unit_test(strangers),
		cmocka_unit_test(odd_moments),
		cmocka_unit_test(doubles_and_the_end),
		cmocka_unit_test(repeats_itself),
		cmocka_unit_test(survives_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
