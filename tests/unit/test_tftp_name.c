/* SPDX-License-Identifier: MIT */
/* File names in the shapes that phones (and others) write them. */
#include "exact.h"
#include "reflashd/tftp_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum tftp_name_parse parse(struct tftp_name *n, const char *text, size_t len)
{
	uint8_t *copy = exact_copy(text, len);
	enum tftp_name_parse got;

	got = tftp_name_parse(n, copy, len);
	free(copy);
	return got;
}

static void test_shapes(void **state)
{
	static const struct {
		const char *wire;
		enum tftp_name_parse expect;
		const char *folder, *base;
	} table[] = {
		{"term70.default.loads", TFTP_NAME_OK, "", "term70.default.loads"},
		{"/g3-tones.xml", TFTP_NAME_OK, "", "g3-tones.xml"},
		{"//g3-tones.xml", TFTP_NAME_OK, "", "g3-tones.xml"},
		{"./SIP000E84C060A6.cnf", TFTP_NAME_OK, "", "SIP000E84C060A6.cnf"},
		{"././x", TFTP_NAME_OK, "", "x"},
		{"/./x", TFTP_NAME_OK, "", "x"},
		{"US/7960-tones.xml", TFTP_NAME_OK, "US", "7960-tones.xml"},
		{"/US/7960-tones.xml", TFTP_NAME_OK, "US", "7960-tones.xml"},
		{"./US/./7960-tones.xml", TFTP_NAME_OK, "US", "7960-tones.xml"},
		{"Communicator\\x.xml", TFTP_NAME_OK, "Communicator", "x.xml"},
		{"\\x.xml", TFTP_NAME_OK, "", "x.xml"},
		{".\\x.xml", TFTP_NAME_OK, "", "x.xml"},
		{"/etc/passwd", TFTP_NAME_OK, "etc", "passwd"},
		{"C:\\boot.ini", TFTP_NAME_OK, "C:", "boot.ini"},
		{"a..b", TFTP_NAME_OK, "", "a..b"},
		{"...", TFTP_NAME_OK, "", "..."},
		{".hidden", TFTP_NAME_OK, "", ".hidden"},
		{"with space ", TFTP_NAME_OK, "", "with space "},
		{"", TFTP_NAME_DEEP, 0, 0},
		{"/", TFTP_NAME_DEEP, 0, 0},
		{".", TFTP_NAME_DEEP, 0, 0},
		{"./", TFTP_NAME_DEEP, 0, 0},
		{"US/", TFTP_NAME_DEEP, 0, 0},
		{"US\\", TFTP_NAME_DEEP, 0, 0},
		{"a/b/c", TFTP_NAME_DEEP, 0, 0},
		{"a\\b/c", TFTP_NAME_DEEP, 0, 0},
		{"..", TFTP_NAME_UNSAFE, 0, 0},
		{"../x", TFTP_NAME_UNSAFE, 0, 0},
		{"..\\x", TFTP_NAME_UNSAFE, 0, 0},
		{"/../x", TFTP_NAME_UNSAFE, 0, 0},
		{"x/..", TFTP_NAME_UNSAFE, 0, 0},
		{"x/../y", TFTP_NAME_UNSAFE, 0, 0},
		{"a/b/c/../../d", TFTP_NAME_UNSAFE, 0, 0},
		{"x\n", TFTP_NAME_UNSAFE, 0, 0},
		{"x\x1b[2J", TFTP_NAME_UNSAFE, 0, 0},
		{"x\x7f", TFTP_NAME_UNSAFE, 0, 0},
		{"x\x80", TFTP_NAME_UNSAFE, 0, 0},
		{"\xff", TFTP_NAME_UNSAFE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tftp_name n;
		enum tftp_name_parse got = parse(&n, table[i].wire, strlen(table[i].wire));

		if (got != table[i].expect)
			fail_msg("\"%s\": %d, not %d", table[i].wire, (int)got,
				 (int)table[i].expect);
		if (got != TFTP_NAME_OK)
			continue;
		assert_string_equal(n.folder, table[i].folder);
		assert_string_equal(n.base, table[i].base);
	}
}

static void test_a_nul_inside_is_unsafe(void **state)
{
	struct tftp_name n;

	(void)state;
	assert_int_equal(parse(&n, "a\0b", 3), TFTP_NAME_UNSAFE);
}

static void test_longest_names(void **state)
{
	char text[2 * TFTP_NAME_MAX + 2];
	struct tftp_name n;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(parse(&n, text, TFTP_NAME_MAX - 1), TFTP_NAME_OK);
	assert_int_equal(strlen(n.base), TFTP_NAME_MAX - 1);
	assert_int_equal(parse(&n, text, TFTP_NAME_MAX), TFTP_NAME_DEEP);
	text[TFTP_NAME_MAX - 1] = '/';
	assert_int_equal(parse(&n, text, 2 * TFTP_NAME_MAX - 1), TFTP_NAME_OK);
	assert_int_equal(strlen(n.folder), TFTP_NAME_MAX - 1);
	assert_int_equal(strlen(n.base), TFTP_NAME_MAX - 1);
	assert_int_equal(parse(&n, text, 2 * TFTP_NAME_MAX), TFTP_NAME_DEEP);
	text[TFTP_NAME_MAX - 1] = 'a';
	text[TFTP_NAME_MAX] = '/';
	assert_int_equal(parse(&n, text, TFTP_NAME_MAX + 2), TFTP_NAME_DEEP);
}

/* What comes out never holds a separator, whatever goes in. */
static void test_every_byte_alone_and_in_the_middle(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[3] = {'a', (char)c, 'b'};
		struct tftp_name n;
		bool printable = c >= 0x20 && c <= 0x7e;

		assert_int_equal(parse(&n, text, 3), printable ? TFTP_NAME_OK : TFTP_NAME_UNSAFE);
		if (!printable)
			continue;
		assert_null(strpbrk(n.base, "/\\"));
		assert_null(strpbrk(n.folder, "/\\"));
		assert_int_equal(strlen(n.base), c == '/' || c == '\\' ? 1 : 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_a_nul_inside_is_unsafe),
		cmocka_unit_test(test_longest_names),
		cmocka_unit_test(test_every_byte_alone_and_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
