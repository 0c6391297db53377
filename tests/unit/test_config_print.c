/* SPDX-License-Identifier: MIT */
/*
 * The configuration: what is printed, golden files, and that what --print-config writes can be read
 * back.
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

static char *from_stream(void (*print)(FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	print(stream);
	fclose(stream);
	return text;
}

/* A file of the source tree; REFLASHD_GOLDEN_WRITE=1 writes it anew instead of comparing. */
static void assert_file_holds(const char *name, const char *text)
{
	const char *root = getenv("REFLASHD_SOURCE");
	char path[400], *file = calloc(1, 65536);
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", root ? root : ".", name);
	in = fopen(path, "r");
	if (!in)
		fail_msg("cannot open %s; set REFLASHD_SOURCE to the source tree", path);
	n = fread(file, 1, 65535, in);
	fclose(in);
	assert_true(n < 65535);
	if (getenv("REFLASHD_GOLDEN_WRITE") && strcmp(text, file) != 0) {
		in = fopen(path, "w");
		fputs(text, in);
		fclose(in);
	} else {
		assert_string_equal(text, file);
	}
	free(file);
}

static void print_full(FILE *out)
{
	struct config c;
	struct fault f;

	config_defaults(&c);
	assert_int_equal(
		config_rig_read(&c,
				"[network]\ninterface = eth0\naddress = 10.79.70.1/24\n"
				"[dhcp]\nclients = phones\n[firmware]\npath = /srv/phones\n"
				"path = more; of it\n",
				&f),
		0);
	config_print(&c, out);
}

static void print_flags(FILE *out)
{
	struct config c;
	struct fault f;

	assert_int_equal(
		config_rig_load(
			&c,
			"-vi eth0 --once --timeout 900 --serve-incomplete --dns 10.0.0.1 fw a_;b",
			&f),
		0);
	c.file[0] = 0; /* as if there was none */
	config_print(&c, out);
}

static void golden(void **state)
{
	static const struct {
		const char *file;
		void (*print)(FILE *);
	} cases[] = {
		{"tests/golden/usage.txt", config_usage},
		{"tests/golden/print-config-file.txt", print_full},
		{"tests/golden/print-config-flags.txt", print_flags},
		{"conf/reflashd.conf", config_example},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = from_stream(cases[i].print);

		assert_file_holds(cases[i].file, text);
		free(text);
	}
}

static void usage_fits_the_terminal(void **state)
{
	char *text = from_stream(config_usage), *save;

	(void)state;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		assert_true(strlen(line) <= 80);
	free(text);
}

/* What is printed is a file that says the same; the example is a file that says nothing. */
static void printed_text_reads_back(void **state)
{
	char *text = from_stream(print_full), *again, *example = from_stream(config_example);
	struct config a, b;
	struct fault f;
	FILE *stream;
	size_t len;

	(void)state;
	config_defaults(&a);
	assert_int_equal(config_rig_read(&a, text, &f), 0);
	assert_string_equal(a.interface, "eth0");
	assert_int_equal(a.clients, CLIENTS_PHONES);
	assert_int_equal(a.firmware_count, 2);
	assert_string_equal(a.firmware[1], "more; of it");
	stream = open_memstream(&again, &len);
	config_print(&a, stream);
	fclose(stream);
	config_defaults(&b);
	assert_int_equal(config_rig_read(&b, again, &f), 0);
	assert_memory_equal(a.firmware, b.firmware, sizeof(a.firmware));
	assert_int_equal(a.lease_seconds, b.lease_seconds);

	config_defaults(&b);
	assert_int_equal(config_rig_read(&b, example, &f), 0);
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		assert_int_equal(b.origin[o].origin, ORIGIN_DEFAULT);
	free(text);
	free(again);
	free(example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(usage_fits_the_terminal),
		cmocka_unit_test(printed_text_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
