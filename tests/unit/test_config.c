/* SPDX-License-Identifier: MIT */
/*
 * The configuration: every flag in every spelling, every refusal with its whole sentence, who wins
 * over whom.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_rig.h"

static void accepted(void **state)
{
	static const struct {
		const char *line, *key, *shown;
	} cases[] = {
		{"-i eth0", "interface", "interface = eth0 ; from the command line"},
		{"-ieth0", "interface", "interface = eth0 ; from the command line"},
		{"-i=eth0", "interface", "interface = eth0 ; from the command line"},
		{"--interface eth0", "interface", "interface = eth0 ; from the command line"},
		{"--interface=eth0", "interface", "interface = eth0 ; from the command line"},
		{"--interface=--odd", "interface", "interface = --odd ; from the command line"},
		{"--interface a --interface b", "interface",
		 "interface = b ; from the command line"},
		{"-i abcdefghijklmno", "interface",
		 "interface = abcdefghijklmno ; from the command line"},
		{"-vqi eth0", "interface", "interface = eth0 ; from the command line"},
		{"-a 10.0.0.1/24", "address", "address = 10.0.0.1/24 ; from the command line"},
		{"-a 10.0.0.1/30", "address", "address = 10.0.0.1/30 ; from the command line"},
		{"-a 10.0.0.1/1", "address", "address = 10.0.0.1/1 ; from the command line"},
		{"", "address", ";address = ; default: the address it has, else 10.79.70.1/24"},
		{"--force", "force", "force = yes ; from the command line"},
		{"--force=no", "force", "force = no ; from the command line"},
		{"--force=TRUE", "force", "force = yes ; from the command line"},
		{"", "force", "force = no ; default"},
		{"--pool 10.0.0.5-10.0.0.5", "pool",
		 "pool = 10.0.0.5-10.0.0.5 ; from the command line"},
		{"--pool 10.0.0.5_-_10.0.0.9", "pool",
		 "pool = 10.0.0.5-10.0.0.9 ; from the command line"},
		{"--pool 10.0.0.0-10.0.15.255", "pool",
		 "pool = 10.0.0.0-10.0.15.255 ; from the command line"},
		{"-a 10.0.0.1/24 --pool 10.0.0.1-10.0.0.254", "pool",
		 "pool = 10.0.0.1-10.0.0.254 ; from the command line"},
		{"--router 10.0.0.1", "router", "router = 10.0.0.1 ; from the command line"},
		{"--dns 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", "dns",
		 "dns = 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4 ; from the command line"},
		{"--tftp-server 10.0.0.1,_10.0.0.2", "tftp-server",
		 "tftp-server = 10.0.0.1,10.0.0.2 ; from the command line"},
		{"--lease-time 60", "lease-time", "lease-time = 60 ; from the command line"},
		{"--lease-time 31536000", "lease-time",
		 "lease-time = 31536000 ; from the command line"},
		{"", "lease-time", "lease-time = 3600 ; default"},
		{"--clients Phones", "clients", "clients = phones ; from the command line"},
		{"", "clients", "clients = auto ; default"},
		{"--target SCCP70.8-3-3S", "target",
		 "target = SCCP70.8-3-3S ; from the command line"},
		{"", "target", "target = newest ; default"},
		{"--keys my_keys.ini", "keys", "keys = my keys.ini ; from the command line"},
		{"--max-transfers 1", "max-transfers", "max-transfers = 1 ; from the command line"},
		{"--max-transfers 20000", "max-transfers",
		 "max-transfers = 20000 ; from the command line"},
		{"--max-per-client 1000", "max-per-client",
		 "max-per-client = 1000 ; from the command line"},
		{"--events -", "events", "events = - ; from the command line"},
		{"", "state-dir", "state-dir = /var/lib/reflashd ; default"},
		{"--user nobody", "user", "user = nobody ; from the command line"},
		{"--color never", "color", "color = never ; from the command line"},
		{"a/b", "path", "path = a/b ; from the command line"},
		{"-- -v", "path", "path = -v ; from the command line"},
		{"-", "path", "path = - ; from the command line"},
		{"a_;b", "path",
		 ";path = a ;b ; from the command line (a file cannot hold this value)"},
		{"_a", "path", ";path = a ; from the command line (a file cannot hold this value)"},
		{"", "path", ";path = ; default: not set"},
		{"--count 3", " --count",
		 "; --count 3, from the command line (no key of the file)"},
		{"--timeout 31536000", " --timeout",
		 "; --timeout 31536000, from the command line (no key of the file)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c;
		struct fault f;
		char shown[400];

		if (config_rig_load(&c, cases[i].line, &f) != 0)
			fail_msg("`%s': %s", cases[i].line, f.text);
		config_rig_printed(&c, cases[i].key, shown);
		assert_string_equal(shown, cases[i].shown);
	}
}

static void refused_flags(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{"--lease-time 59",
		 "--lease-time: `59' is too short; give seconds from 60 to 31536000"},
		{"--lease-time 31536001",
		 "--lease-time: `31536001' is too long; give seconds from 60 to 31536000"},
		{"--lease-time 99999999999999999999999",
		 "--lease-time: `99999999999999999999999' is too long; give seconds from 60 to "
		 "31536000"},
		{"--lease-time 1h",
		 "--lease-time: `1h' is not a whole number; give seconds from 60 to 31536000"},
		{"--lease-time=-5",
		 "--lease-time: `-5' is not a whole number; give seconds from 60 to 31536000"},
		{"--lease-time=",
		 "--lease-time: the value is empty; give seconds from 60 to 31536000"},
		{"--max-transfers 0",
		 "--max-transfers: `0' is too small; give a number from 1 to 20000"},
		{"--max-transfers 20001",
		 "--max-transfers: `20001' is too large; give a number from 1 to 20000"},
		{"--count 8193", "--count: `8193' is too large; give a number from 1 to 8192"},
		{"--timeout 0", "--timeout: `0' is too short; give seconds from 1 to 31536000"},
		{"--interface", "--interface needs a value: --interface NAME"},
		{"-i --force",
		 "--interface needs a value, but `--force' follows; give --interface NAME"},
		{"-i abcdefghijklmnop",
		 "--interface: `abcdefghijklmnop' is longer than 15 bytes; give an interface that "
		 "`ip link' lists, such as eth0"},
		{"-i a/b", "--interface: `a/b' is no interface name; give one that `ip link' "
			   "lists, such as eth0"},
		{"-i a\x1b", "--interface: `a\\x1b' holds a control character; give an interface "
			     "that `ip link' "
			     "lists, such as eth0"},
		{"-a 10.0.0.1", "--address: `10.0.0.1' is no address with a prefix length from 1 "
				"to 30; give one such "
				"as 10.79.70.1/24"},
		{"-a 10.0.0.1/31", "--address: `10.0.0.1/31' is no address with a prefix length "
				   "from 1 to 30; give one "
				   "such as 10.79.70.1/24"},
		{"-a 127.0.0.1/8", "--address: `127.0.0.1/8' is no address with a prefix length "
				   "from 1 to 30; give one "
				   "such as 10.79.70.1/24"},
		{"-a 10.0.0.255/24",
		 "--address: `10.0.0.255/24' is the first or last address of its network, which no "
		 "machine may have; give one in between, such as 10.79.70.1/24"},
		{"--pool 10.0.0.9-10.0.0.8", "--pool: `10.0.0.9-10.0.0.8' ends before it begins; "
					     "give the lower address first, such "
					     "as 10.79.70.50-10.79.70.250"},
		{"--pool 1000000000000000000000000000000-10.0.0.9",
		 "--pool: `1000000000000000000000000000000-10.0.0.9' is no range of addresses; "
		 "give "
		 "FIRST-LAST, such as 10.79.70.50-10.79.70.250"},
		{"--pool 10.0.0.9",
		 "--pool: `10.0.0.9' is no range of addresses; give FIRST-LAST, such as "
		 "10.79.70.50-10.79.70.250"},
		{"--pool 10.0.0.0-10.0.32.0",
		 "--pool: `10.0.0.0-10.0.32.0' holds 8193 addresses; give at most 8192"},
		{"--pool 10.0.0.0-224.0.0.1",
		 "--pool: `10.0.0.0-224.0.0.1' is no range of addresses; give FIRST-LAST, such as "
		 "10.79.70.50-10.79.70.250"},
		{"-a 10.0.0.1/24 --pool 10.0.0.0-10.0.0.9",
		 "--pool: `10.0.0.0-10.0.0.9' is not in our network; give addresses from 10.0.0.1 "
		 "to "
		 "10.0.0.254"},
		{"--pool 10.0.0.9-10.0.0.255 -a 10.0.0.1/24",
		 "--pool: `10.0.0.9-10.0.0.255' is not in our network; give addresses from "
		 "10.0.0.1 to "
		 "10.0.0.254"},
		{"--dns 10.0.0.1,", "--dns: `10.0.0.1,' is no list of addresses; give up to 4 with "
				    "commas between them, "
				    "such as 10.79.70.1,10.79.70.2"},
		{"--router 1.2.3.4,1.2.3.4,1.2.3.4,1.2.3.4,1.2.3.4",
		 "--router: `1.2.3.4,1.2.3.4,1.2.3.4,1.2.3.4,1.2.3.4' holds too many addresses; "
		 "give at "
		 "most 4"},
		{"--clients some", "--clients: `some' is not known; give auto, phones or all"},
		{"--color=", "--color: the value is empty; give auto, always or never"},
		{"--force=maybe", "--force: `maybe' is neither yes nor no; give yes or no"},
		{"--once=yes", "--once takes no value; give it alone"},
		{"--once --count 2",
		 "--once and --count exclude each other; give only one of them"},
		{"--target a/b",
		 "--target: `a/b' is no load name; give one such as SCCP70.8-3-3S, or newest"},
		{"--poool 1", "`--poool' is no flag; did you mean --pool?"},
		{"--inter eth0", "`--inter' is no flag; did you mean --interface?"},
		{"--tftp_server=1", "`--tftp_server=1' is no flag; did you mean --tftp-server?"},
		{"--bananas", "`--bananas' is no flag; `reflashd help serve' lists them"},
		{"-x", "`-x' is no flag; `reflashd help serve' lists them"},
		{"-vx", "`-vx' is no flag; `reflashd help serve' lists them"},
		{"--path a", "--path is a key of the file; here give the folder or archive alone, "
			     "without a flag"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c, before;
		struct fault f;
		char line[200];

		memset(&c, 0x55, sizeof(c));
		before = c;
		strcpy(line, cases[i].line);
		if (strstr(line, "--tftp_server")) { /* the one case where '_' is meant */
			char *argv[] = {line};

			assert_int_equal(config_load(&c, 1, argv, &f), -EINVAL);
		} else {
			assert_int_equal(config_rig_load(&c, cases[i].line, &f), -EINVAL);
		}
		assert_string_equal(f.text, cases[i].text);
		assert_memory_equal(&c, &before, sizeof(c)); /* untouched */
	}
}

static void refused_files(void **state)
{
	static const struct {
		const char *ini, *text;
	} cases[] = {
		{"[dhcp]\nlease-time = 10\n",
		 "my.conf:2: lease-time: `10' is too short; give seconds from 60 to 31536000"},
		{"[dhcp]\nleasetime = 100\n",
		 "my.conf:2: [dhcp] has no key leasetime; did you mean lease-time?"},
		{"[dhcp]\nbananas = 100\n", "my.conf:2: [dhcp] has no key bananas; `reflashd "
					    "--print-config' shows the keys there are"},
		{"[dhcp]\ninterface = eth0\n",
		 "my.conf:2: interface stands in [dhcp]; move it to [network]"},
		{"[dhpc]\npool = 1\n", "my.conf:2: there is no section [dhpc]; the sections are "
				       "[network] [dhcp] [phones] [firmware] "
				       "[tftp] [output]"},
		{"[output]\ncount = 3\n",
		 "my.conf:2: count is only a flag; give --count on the command line"},
		{"[dhcp]\nlease-time = 100\n\nlease-time = 200\n",
		 "my.conf:4: lease-time is given in line 2 already; keep one of the two"},
		{"[network]\ninterface =\n", "my.conf:2: interface: the value is empty; give one "
					     "that `ip link' lists, such as eth0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c, before;
		struct fault f;

		config_defaults(&c);
		before = c;
		assert_int_equal(config_rig_read(&c, cases[i].ini, &f), -EBADMSG);
		assert_string_equal(f.text, cases[i].text);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

/* A file of that text, for config_load(). The caller removes it. */
static void write_file(char path[32], const char *text)
{
	int fd;

	strcpy(path, "/tmp/reflashd-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void flag_wins_over_file(void **state)
{
	char path[32], line[200], shown[400], expected[400];
	struct config c;
	struct fault f;

	(void)state;
	write_file(path, "[network]\ninterface = eth1\nforce = yes\n\n[dhcp]\nlease-time = 600\n"
			 "[firmware]\npath = one\npath = two\n");
	snprintf(line, sizeof(line), "-v --force=no --lease-time 700 -c %s", path);
	assert_int_equal(config_rig_load(&c, line, &f), 0);
	assert_string_equal(c.interface, "eth1");
	assert_int_equal(c.origin[OPTION_INTERFACE].origin, ORIGIN_FILE);
	assert_int_equal(c.origin[OPTION_INTERFACE].line, 2);
	assert_false(c.force);
	assert_int_equal(c.origin[OPTION_FORCE].origin, ORIGIN_FLAG);
	assert_int_equal(c.lease_seconds, 700);
	assert_int_equal(c.origin[OPTION_CLIENTS].origin, ORIGIN_DEFAULT);
	assert_string_equal(c.file, path);
	assert_int_equal(c.firmware_count, 2);
	assert_string_equal(c.firmware[1], "two");
	assert_int_equal(c.firmware_line[1], 9);
	config_rig_printed(&c, "path", shown);
	snprintf(expected, sizeof(expected), "path = one ; from %s:8", path);
	assert_string_equal(shown, expected);

	/* paths of the command line replace those of the file */
	snprintf(line, sizeof(line), "three four five --config=%s", path);
	assert_int_equal(config_rig_load(&c, line, &f), 0);
	assert_int_equal(c.firmware_count, 3);
	assert_string_equal(c.firmware[0], "three");
	assert_string_equal(c.firmware[2], "five");

	/* a wrong file is an error even when a flag hides the wrong value */
	unlink(path);
	write_file(path, "[dhcp]\nlease-time = 1\n");
	snprintf(line, sizeof(line), "--lease-time 700 -c %s", path);
	assert_int_equal(config_rig_load(&c, line, &f), -EBADMSG);
	/* a wrong flag is found before the file is looked at; help needs neither */
	snprintf(line, sizeof(line), "--lease-time 7 -c %s", path);
	assert_int_equal(config_rig_load(&c, line, &f), -EINVAL);
	snprintf(line, sizeof(line), "--help -c %s", path);
	assert_int_equal(config_rig_load(&c, line, &f), 0);
	assert_true(c.help);

	/* a pool of the file that does not fit is the file's mistake */
	unlink(path);
	write_file(path, "[dhcp]\npool = 10.0.1.1-10.0.1.9\n");
	snprintf(line, sizeof(line), "-a 10.0.0.1/24 -c %s", path);
	assert_int_equal(config_rig_load(&c, line, &f), -EBADMSG);
	snprintf(expected, sizeof(expected),
		 "%s:2: pool: `10.0.1.1-10.0.1.9' is not in our network; give addresses from "
		 "10.0.0.1 "
		 "to 10.0.0.254",
		 path);
	assert_string_equal(f.text, expected);
	unlink(path);
}

static void files_that_cannot_be_read(void **state)
{
	struct config c;
	struct fault f;

	(void)state;
	assert_int_equal(config_rig_load(&c, "-c /nonexistent/x.conf", &f), -EBADMSG);
	assert_string_equal(f.text,
			    "cannot read the configuration /nonexistent/x.conf: No such file or "
			    "directory; give --config a file that can be read");
	assert_int_equal(config_rig_load(&c, "-c /", &f), -EBADMSG);
	assert_non_null(strstr(f.text, "Is a directory"));
	assert_int_equal(config_rig_load(&c, "-c /dev/zero", &f),
			 -EBADMSG); /* longer than any INI file */
	assert_non_null(strstr(f.text, "too large"));
}

static void verbosity(void **state)
{
	static const struct {
		const char *line;
		int verbosity;
	} cases[] = {
		{"", 0},    {"-v", 1},	 {"-vv", 2}, {"-v --verbose", 2}, {"-vvv", 2},
		{"-q", -1}, {"-vq", -1}, {"-qv", 1}, {"-qvv", 2},	  {"--quiet", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c;
		struct fault f;

		assert_int_equal(config_rig_load(&c, cases[i].line, &f), 0);
		assert_int_equal(c.verbosity, cases[i].verbosity);
	}
}

static void counts(void **state)
{
	struct config c;
	struct fault f;

	(void)state;
	assert_int_equal(config_rig_load(&c, "", &f), 0);
	assert_int_equal(c.count, 0);
	assert_int_equal(config_rig_load(&c, "--once", &f), 0);
	assert_int_equal(c.count, 1);
	assert_int_equal(config_rig_load(&c, "--count 8192 --timeout 9", &f), 0);
	assert_int_equal(c.count, 8192);
	assert_int_equal(c.timeout_seconds, 9);
}

static void printing(void **state)
{
	struct config c;
	struct fault f;

	(void)state;
	assert_int_equal(config_rig_load(&c, "", &f), 0);
	assert_false(c.print_config || c.help);
	assert_int_equal(config_rig_load(&c, "--print-config", &f), 0);
	assert_true(c.print_config && !c.help);
	assert_int_equal(config_rig_load(&c, "-h", &f), 0);
	assert_true(c.help && !c.print_config);
}

/* However long: it is shown as far as there is room. */
static void long_flags(void **state)
{
	char line[340] = "--", said[400];
	struct config c;
	struct fault f;

	(void)state;
	memset(line + 2, 'x', 300);
	assert_int_equal(config_rig_load(&c, line, &f), -EINVAL);
	snprintf(said, sizeof(said), "`%.30s", line);
	assert_true(strncmp(f.text, said, strlen(said)) == 0);
	assert_non_null(strstr(f.text, "' is no flag; `reflashd help serve' lists them"));
}

static void too_many_paths(void **state)
{
	char text[1000] = "[firmware]\n";
	struct config c;
	struct fault f;

	(void)state;
	for (unsigned i = 0; i < CONFIG_FIRMWARE_MAX; i++)
		strcat(text, "path = x\n");
	config_defaults(&c);
	assert_int_equal(config_rig_read(&c, text, &f), 0);
	assert_int_equal(c.firmware_count, CONFIG_FIRMWARE_MAX);
	strcat(text, "path = x\n");
	assert_int_equal(config_rig_read(&c, text, &f), -EBADMSG);
	assert_string_equal(f.text,
			    "my.conf:34: path: `x' is the 33rd; give at most 32, or a folder "
			    "that holds them");
}

static void long_paths(void **state)
{
	char line[300];
	struct config c;
	struct fault f;

	(void)state;
	for (size_t n = CONFIG_PATH_MAX - 2; n <= CONFIG_PATH_MAX + 1; n++) {
		memset(line, 'p', n);
		line[n] = 0;
		assert_int_equal(config_rig_load(&c, line, &f), n < CONFIG_PATH_MAX ? 0 : -EINVAL);
	}
	assert_non_null(strstr(f.text, "FIRMWARE: `ppp"));
	assert_non_null(strstr(f.text, "is longer than 255 bytes; give a folder or an archive"));
}

static void pools(void **state)
{
	static const struct {
		const char *address, *pool;
		unsigned prefix;
		const char *first, *last; /* NULL: refused */
	} cases[] = {
		{"10.79.70.1", NULL, 24, "10.79.70.50", "10.79.70.250"},
		{"10.79.70.1", NULL, 16, "10.79.70.50", "10.79.70.250"},
		{"10.79.70.200", NULL, 25, "10.79.70.129", "10.79.70.254"},
		{"10.79.70.1", NULL, 30, "10.79.70.1", "10.79.70.2"},
		{"10.0.0.1", "10.0.0.1-10.0.0.254", 24, "10.0.0.1", "10.0.0.254"},
		{"10.0.0.1", "10.0.0.0-10.0.0.254", 24, NULL, NULL},
		{"10.0.0.1", "10.0.0.1-10.0.0.255", 24, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[80] = "";
		struct config c;
		struct fault f;
		uint32_t address, first = 0, last = 0, want;
		int err;

		if (cases[i].pool)
			snprintf(line, sizeof(line), "--pool %s", cases[i].pool);
		assert_int_equal(config_rig_load(&c, line, &f), 0);
		assert_true(ip4_parse(cases[i].address, &address));
		err = config_pool(&c, address, cases[i].prefix, &first, &last, &f);
		assert_int_equal(err, cases[i].first ? 0 : -EINVAL);
		if (!cases[i].first)
			continue;
		assert_true(ip4_parse(cases[i].first, &want));
		assert_int_equal(first, want);
		assert_true(ip4_parse(cases[i].last, &want));
		assert_int_equal(last, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused_flags),
		cmocka_unit_test(refused_files),
		cmocka_unit_test(flag_wins_over_file),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(verbosity),
		cmocka_unit_test(counts),
		cmocka_unit_test(printing),
		cmocka_unit_test(long_flags),
		cmocka_unit_test(too_many_paths),
		cmocka_unit_test(long_paths),
		cmocka_unit_test(pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
