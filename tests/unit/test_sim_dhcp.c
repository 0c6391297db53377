/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone before DHCP servers that are not ours: where it finds the TFTP server, and what
 * it does when it is told nothing, refused, or answered with nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim_rig.h"

#define COOKIE 0x63825363u
#define END    240u /* of the fixed part and the cookie */

static void put_be32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t offered = PHONE;

/* The options as octets, a length first. */
static void answer(struct sim_rig *r, uint8_t type, uint32_t siaddr, const char *options,
		   struct sim_out *out)
{
	struct sim_datagram d = {
		.src_ip = SERVER, .dst_ip = UINT32_MAX, .src_port = 67, .dst_port = 68};
	const uint8_t always[] = {53, 1, type, 54, 4, 10, 0, 0, 1};
	size_t len = (uint8_t)options[0];

	memcpy(d.data, r->discover, END);
	d.data[0] = 2;
	put_be32(d.data + 16, offered);
	put_be32(d.data + 20, siaddr);
	put_be32(d.data + 236, COOKIE);
	memcpy(d.data + END, always, sizeof(always));
	memcpy(d.data + END + sizeof(always), options + 1, len);
	d.len = END + sizeof(always) + len;
	memset(out, 0, sizeof(*out));
	sim_phone_receive(r->phone, &d, r->now, out);
}

static void new_phone(struct sim_rig *r)
{
	r->mute_dhcp = true;
	r->discovers = 0;
	sim_rig_phone(r, "7970", SIM_JAVA_ERASED, "");
	sim_rig_run(r, r->now + USEC_SEC(30));
	assert_true(r->discovers > 0);
}

static void where_the_files_are(void **state)
{
	static const struct {
		const char *options, *said;
		uint32_t siaddr;
	} cases[] = {
		{"\x06\x96\x04\x0a\x00\x00\x01", "TFTP server 10.0.0.1 (option 150)", 0},
		/* The mask of a network; 150 goes before 66 and siaddr. */
		{"\x0c\x01\x04\xff\xff\x00\x00\x96\x04\x0a\x00\x00\x01",
		 "TFTP server 10.0.0.1 (option 150)", 0x0a000063},
		{"\x0a\x42\x08"
		 "10.0.0.9",
		 "TFTP server 10.0.0.9 (option 66)", 0x0a000063},
		/* A name: a phone without DNS goes on to siaddr. */
		{"\x06\x42\x04tftp", "TFTP server 10.0.0.99 (siaddr)", 0x0a000063},
		{"\x00", "TFTP server 10.0.0.99 (siaddr)", 0x0a000063},
		{"\x00", "nobody says where the TFTP server is", 0},
		/* 150 with half an address, and with none. */
		{"\x04\x96\x02\x0a\x00", "nobody says where the TFTP server is", 0},
		{"\x06\x96\x04\x00\x00\x00\x00", "nobody says where the TFTP server is", 0},
	};
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
	struct sim_out out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		new_phone(r);
		answer(r, 2, cases[i].siaddr, cases[i].options, &out);
		assert_int_equal(out.count, 1); /* it requests what it was offered */
		answer(r, 5, cases[i].siaddr, cases[i].options, &out);
		if (!out.log || !strstr(out.line, cases[i].said))
			fail_msg("%zu: \"%s\" and not \"%s\"", i, out.line, cases[i].said);
	}
	sim_rig_free(r);
}

static void refused_and_odd(void **state)
{
	struct sim_rig *r = sim_rig_new(SYNTH_JAVA70, NULL);
	struct sim_out out;
	unsigned before;

	(void)state;
	new_phone(r);
	answer(r, 5, SERVER, "\x00", &out); /* an ACK to a DISCOVER is nothing */
	assert_int_equal(out.count, 0);
	assert_false(out.log);
	offered = 0; /* an offer of nothing */
	answer(r, 2, SERVER, "\x00", &out);
	assert_int_equal(out.count, 0);
	offered = PHONE;
	answer(r, 2, SERVER, "\x00", &out);
	assert_int_equal(out.count, 1);
	answer(r, 6, SERVER, "\x00", &out);
	assert_true(out.log);
	assert_string_equal(strstr(out.line, "DHCP:"), "DHCP: the server takes its offer back");
	assert_int_equal(sim_phone_stage(r->phone), SIM_DHCP);
	before = r->discovers;
	sim_rig_run(r, r->now + USEC_SEC(60));
	assert_true(r->discovers > before); /* it asks again */
	sim_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_the_files_are),
		cmocka_unit_test(refused_and_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
