/* SPDX-License-Identifier: MIT */
/*
 * The options of what listens to phones and of what others look at: --listen, --cdp-power, --web,
 * --control,
 * --pcap. Good, bad, and at the edges.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_rig.h"

#define ALL_OF_THEM (LISTEN_CDP | LISTEN_SCCP | LISTEN_SIP | LISTEN_PAGE)

static void load(struct config *c, const char *line)
{
	struct fault f;

	if (config_rig_load(c, line, &f) != 0)
		fail_msg("`%s': %s", line, f.text);
}

/* Refused with that in the sentence, and nothing is changed. */
static void refused(const char *line, const char *text)
{
	struct config c, before;
	struct fault f;

	memset(&c, 0x55, sizeof(c));
	before = c;
	if (config_rig_load(&c, line, &f) != -EINVAL)
		fail_msg("`%s' is accepted", line);
	if (!strstr(f.text, text))
		fail_msg("`%s': %s", line, f.text);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void listen_list(void **state)
{
	static const struct {
		const char *line, *shown;
		unsigned bits;
	} cases[] = {
		{"", "listen = cdp,sccp,sip,page ; default", ALL_OF_THEM},
		{"--listen none", "listen = none ; from the command line", 0},
		{"--listen cdp", "listen = cdp ; from the command line", LISTEN_CDP},
		{"--listen page", "listen = page ; from the command line", LISTEN_PAGE},
		{"--listen sip,cdp", "listen = cdp,sip ; from the command line",
		 LISTEN_CDP | LISTEN_SIP},
		{"--listen sccp,sccp", "listen = sccp ; from the command line", LISTEN_SCCP},
		{"--listen page,sip,sccp,cdp", "listen = cdp,sccp,sip,page ; from the command line",
		 ALL_OF_THEM},
		{"--listen cdp --listen none", "listen = none ; from the command line", 0},
	};
	static const char *const bad[] = {"--listen cdpp",     "--listen cd",	    "--listen cdp,",
					  "--listen ,cdp",     "--listen cdp,,sip", "--listen CDP",
					  "--listen none,cdp", "--listen cdp_sip",  "--listen all"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c;
		char shown[400];

		load(&c, cases[i].line);
		assert_int_equal(c.listen, cases[i].bits);
		config_rig_printed(&c, "listen", shown);
		assert_string_equal(shown, cases[i].shown);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refused(bad[i], "is not known here; give any of cdp, sccp, sip, page");
	refused("--listen=", "--listen: ");
	refused("--listen", "--listen needs a value");
}

static void cdp_power(void **state)
{
	struct config c;
	struct fault f;

	(void)state;
	load(&c, "");
	assert_false(c.cdp_power);
	load(&c, "--cdp-power");
	assert_true(c.cdp_power);
	load(&c, "--cdp-power --cdp-power=no");
	assert_false(c.cdp_power);
	config_defaults(&c);
	assert_int_equal(config_rig_read(&c, "[phones]\ncdp-power = yes\nlisten = cdp\n", &f), 0);
	assert_true(c.cdp_power);
	assert_int_equal(c.listen, LISTEN_CDP);
	refused("--cdp-power=perhaps", "is neither yes nor no");
}

static void web_address(void **state)
{
	static const struct {
		const char *line, *shown;
		uint32_t address;
		uint16_t port;
	} cases[] = {
		{"--web 1", "web = 127.0.0.1:1 ; from the command line", 0x7f000001, 1},
		{"--web 65535", "web = 127.0.0.1:65535 ; from the command line", 0x7f000001, 65535},
		{"--web 0.0.0.0:80", "web = 0.0.0.0:80 ; from the command line", 0, 80},
		{"--web 10.79.70.1:8080", "web = 10.79.70.1:8080 ; from the command line",
		 0x0a4f4601, 8080},
		{"--web 255.255.255.255:8080", "web = 255.255.255.255:8080 ; from the command line",
		 0xffffffff, 8080},
	};
	static const struct {
		const char *line, *text;
	} bad[] = {
		{"--web 0", "`0' is too small; give a port from 1 to 65535"},
		{"--web 65536", "`65536' is too large; give a port from 1 to 65535"},
		{"--web 99999999999999999999", "is too large"},
		{"--web http", "is not a whole number"},
		{"--web 127.0.0.1", "is not a whole number"},
		{"--web 127.0.0.1:", "--web: "},
		{"--web :8080", "no IPv4 address before the colon"},
		{"--web ::1:8080", "no IPv4 address before the colon"},
		{"--web 127.0.0:8080", "no IPv4 address before the colon"},
		{"--web 127.0.0.256:8080", "no IPv4 address before the colon"},
		{"--web localhost:8080", "no IPv4 address before the colon"},
		/* 16 characters before the colon, one more than an address can have */
		{"--web 255.255.255.2555:80", "no IPv4 address before the colon"},
		{"--web 127.0.0.1:0", "is too small"},
		{"--web 127.0.0.1:65536", "is too large"},
		{"--web 127.0.0.1:-1", "is not a whole number"},
	};
	struct config c;
	char shown[400];

	(void)state;
	load(&c, "");
	assert_int_equal(c.web_port, 0); /* off */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		load(&c, cases[i].line);
		assert_int_equal(c.web_address, cases[i].address);
		assert_int_equal(c.web_port, cases[i].port);
		config_rig_printed(&c, "web", shown);
		assert_string_equal(shown, cases[i].shown);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refused(bad[i].line, bad[i].text);
}

/* "--NAME aaaa…" of that many a's. */
static const char *long_value(char *line, size_t size, const char *name, size_t len)
{
	size_t used = (size_t)snprintf(line, size, "--%s ", name);

	assert_true(used + len < size);
	memset(line + used, 'a', len);
	line[used + len] = 0;
	return line;
}

static void control_socket(void **state)
{
	char line[400];
	struct config c;

	(void)state;
	load(&c, "");
	assert_string_equal(c.control, "/run/reflashd/control");
	load(&c, "--control none");
	assert_string_equal(c.control, "");
	load(&c, "--control ./none");
	assert_string_equal(c.control, "./none");
	/* sun_path has room for 107 and the end */
	load(&c, long_value(line, sizeof(line), "control", CONFIG_CONTROL_MAX - 1));
	assert_int_equal(strlen(c.control), CONFIG_CONTROL_MAX - 1);
	refused(long_value(line, sizeof(line), "control", CONFIG_CONTROL_MAX),
		"too long for a socket");
	refused(long_value(line, sizeof(line), "control", 2 * CONFIG_CONTROL_MAX),
		"give at most 107 characters");
	refused("--control=", "--control: ");
	refused("--control a\x1b", "control character");
}

static void pcap_file(void **state)
{
	char line[400];
	struct config c;

	(void)state;
	load(&c, "");
	assert_string_equal(c.pcap, "");
	load(&c, "--pcap wire.pcap");
	assert_string_equal(c.pcap, "wire.pcap");
	load(&c, long_value(line, sizeof(line), "pcap", CONFIG_PATH_MAX - 1));
	assert_int_equal(strlen(c.pcap), CONFIG_PATH_MAX - 1);
	refused(long_value(line, sizeof(line), "pcap", CONFIG_PATH_MAX), "--pcap: ");
	refused("--pcap", "--pcap needs a value");
	refused("--pcap=", "--pcap: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listen_list), cmocka_unit_test(cdp_power),
		cmocka_unit_test(web_address), cmocka_unit_test(control_socket),
		cmocka_unit_test(pcap_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
