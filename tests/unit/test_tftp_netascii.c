/* SPDX-License-Identifier: MIT */
/* netascii (RFC 764), by examples and by the way back. */
#include "reflashd/tftp_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_examples(void **state)
{
	static const struct {
		const char *in;
		size_t in_len;
		const char *out;
		size_t out_len;
	} table[] = {
#define ROW(a, b) {a, sizeof(a) - 1, b, sizeof(b) - 1}
		ROW("", ""),
		ROW("plain", "plain"),
		ROW("\n", "\r\n"),
		ROW("\r", "\r\0"),
		ROW("a\nb", "a\r\nb"),
		ROW("a\rb", "a\r\0b"),
		ROW("a\r\nb", "a\r\0\r\nb"),
		ROW("\n\n", "\r\n\r\n"),
		ROW("\0\xff\x80", "\0\xff\x80"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const uint8_t *in = (const uint8_t *)table[i].in;
		size_t n = tftp_netascii(in, table[i].in_len, NULL);
		uint8_t *out = malloc(n ? n : 1); /* exact, so that ASan watches the end */

		assert_int_equal(n, table[i].out_len);
		assert_int_equal(tftp_netascii(in, table[i].in_len, out), n);
		assert_memory_equal(out, table[i].out, n);
		free(out);
	}
}

/* The client's half: CR LF is LF, CR NUL is CR. */
static size_t back(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		out[n] = data[i];
		if (data[i] == '\r') {
			assert_true(i + 1 < len);
			assert_true(data[i + 1] == '\n' || data[i + 1] == 0);
			out[n] = data[++i] == '\n' ? '\n' : '\r';
		}
		n++;
	}
	return n;
}

static void test_there_and_back_changes_nothing(void **state)
{
	static const uint8_t letters[] = {'\r', '\n', 0, 'a'};

	(void)state;
	for (unsigned pattern = 0; pattern < 4096; pattern++) {
		uint8_t in[6], out[12], again[12];
		size_t n;

		for (unsigned i = 0; i < 6; i++)
			in[i] = letters[pattern >> 2 * i & 3];
		n = tftp_netascii(in, sizeof(in), out);
		assert_in_range(n, 6, 12);
		assert_int_equal(back(out, n, again), sizeof(in));
		assert_memory_equal(again, in, sizeof(in));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_there_and_back_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
