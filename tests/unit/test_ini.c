/* SPDX-License-Identifier: MIT */
/*
 * INI text. Each row of the tables is a text and what must come of it; the rows about long lines,
 * sections and indentation are the traps that inih 55 was seen to have on Debian 12.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exact.h"
#include "reflashd/ini.h"
#include "reflashd/text.h"

struct seen {
	char text[16384]; /* "LINE section.key=value\n" for each item */
	size_t len;
	unsigned count;
	unsigned refuse_at; /* the item that the handler refuses, from 1; 0: none */
};

static bool note(void *ctx, const struct ini_item *item, struct fault *why)
{
	struct seen *s = ctx;
	int n = snprintf(s->text + s->len, sizeof(s->text) - s->len, "%u %s.%s=%s\n", item->line,
			 item->section, item->key, item->value);

	assert_true(n > 0 && (size_t)n < sizeof(s->text) - s->len);
	s->len += (size_t)n;
	if (++s->count != s->refuse_at)
		return true;
	fault_set(why, -ERANGE, "%s is not to my liking", item->key);
	return false;
}

/* From an exact-size heap copy without a NUL, so that ASan sees one byte too far. */
static int run(struct seen *s, const char *text, size_t len, struct fault *f)
{
	char *copy = exact_copy(text, len);
	int err;

	memset(s->text, 0, sizeof(s->text));
	s->len = s->count = 0;
	memset(f, 0, sizeof(*f));
	err = ini_read("x.ini", copy, len, note, s, f);
	free(copy);
	return err;
}

static const struct {
	const char *text, *want;
} good[] = {
	{"", ""},
	{"\n\n\n", ""},
	{"[a]\n", ""},
	{"[a]\nk = v\n", "2 a.k=v\n"},
	{"[a]\nk = v", "2 a.k=v\n"},
	{"[a]\r\nk = v\r\n", "2 a.k=v\n"},
	{"[a]\r\nk = v\r", "2 a.k=v\n"},
	{"\r\n[a]\r\n\r\n \r\nk = v\r\n\r", "5 a.k=v\n"},
	{"\xef\xbb\xbf[a]\nk=v\n", "2 a.k=v\n"},
	{"\xef\xbb\xbf\n[a]\nk=v\n", "3 a.k=v\n"},
	{"[a]\nk=v\n[b]\nk=w\n", "2 a.k=v\n4 b.k=w\n"},
	{"; c\n# c\n\n[a]\n  ; c\n\t# c\nk = v\n", "7 a.k=v\n"},
	{"[a]\nk =\nl =   \n", "2 a.k=\n3 a.l=\n"},
	{"[a]\nk = v ; comment\nl = v\t;comment\nm = v;no comment\n",
	 "2 a.k=v\n3 a.l=v\n4 a.m=v;no comment\n"},
	{"[a]\nk = ; all comment\nl =;x\n", "2 a.k=\n3 a.l=;x\n"},
	{"[a]\nk = v # no comment\n", "2 a.k=v # no comment\n"},
	{"[a] ; comment\nk=v\n", "2 a.k=v\n"},
	{"[a]\nk = a = b : c\n", "2 a.k=a = b : c\n"},
	{"[a]\nk = [b]\n", "2 a.k=[b]\n"},
	{"[a b.c]\ntwo words = v\n", "2 a b.c.two words=v\n"},
	/* Trap: to inih an indented line continues the value above it. */
	{"[a]\nk = v\n  l = w\n\tm = x\n", "2 a.k=v\n3 a.l=w\n4 a.m=x\n"},
	{"  [a]\n  k = v\n  [b]\n  k = w\n", "2 a.k=v\n4 b.k=w\n"},
	{"[a]\nk = v\nk = w\n", "2 a.k=v\n3 a.k=w\n"},
	{"[a]\nk = caf\xc3\xa9\n", "2 a.k=caf\xc3\xa9\n"},
};

static void test_good(void **state)
{
	struct fault f;
	struct seen s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(run(&s, good[i].text, strlen(good[i].text), &f), 0);
		assert_string_equal(s.text, good[i].want);
	}
}

static const struct {
	const char *text, *before, *where, *says;
} bad[] = {
	{"k = v\n", "", "x.ini:1: ", "before the first [section]"},
	{"[a]\nnonsense\nk = v\n", "", "x.ini:2: ", "neither"},
	{"[a]\nk = v\nnonsense\nl = w\n", "2 a.k=v\n", "x.ini:3: ", "\"nonsense\""},
	/* Trap: the key behind a broken section landed in the section before. */
	{"[a]\nk = v\n[b\nx = 2\n", "2 a.k=v\n", "x.ini:3: ", "not a section"},
	{"[a]\n[b ; c]\nx = 2\n", "", "x.ini:2: ", "not a section"},
	{"[a] junk\nk = v\n", "", "x.ini:1: ", "not a section"},
	{"[a]]\nk = v\n", "", "x.ini:1: ", "not a section"},
	{"[[a]\nk = v\n", "", "x.ini:1: ", "not a section"},
	{"[a]k = v\n", "", "x.ini:1: ", "not a section"},
	{"[]\nk = v\n", "", "x.ini:1: ", "1 to 49"},
	{"[\n", "", "x.ini:1: ", "not a section"},
	{"[a]\n= empty\n", "", "x.ini:2: ", "1 to 49"},
	{"[a]\n  = empty\n", "", "x.ini:2: ", "1 to 49"},
	/* Trap: inih takes a colon for an equals sign. */
	{"[a]\nk : v\n", "", "x.ini:2: ", "key = value"},
	{"[a]\nk : v = w\n", "", "x.ini:2: ", "key = value"},
	{"[a]\nk ; c = v\n", "", "x.ini:2: ", "neither"},
	/* Trap: an indented scrap was taken as a continuation. */
	{"[a]\nk = v\n  scrap\n", "2 a.k=v\n", "x.ini:3: ", "neither"},
	{"[a]\nk = \x01\n", "", "x.ini:2: ", "byte 5 of this line is the control byte 0x01"},
	{"[a]\nk = \x1b[31mred\n", "", "x.ini:2: ", "0x1b"},
	{"[a]\n; in a comment too: \x7f\n", "", "x.ini:2: ", "0x7f"},
	{"[a]\nk = v\rl = w\n", "", "x.ini:2: ", "0x0d"},
};

static void check_bad(const char *text, size_t len, const char *before, const char *where,
		      const char *says)
{
	struct fault f;
	struct seen s = {0};

	assert_int_equal(run(&s, text, len, &f), -EINVAL);
	assert_int_equal(f.err, -EINVAL);
	assert_string_equal(s.text, before);
	assert_true(text_starts_nocase(f.text, where));
	if (!strstr(f.text, says))
		fail_msg("\"%s\" does not say \"%s\"", f.text, says);
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check_bad(bad[i].text, strlen(bad[i].text), bad[i].before, bad[i].where,
			  bad[i].says);
	check_bad("[a]\nk = a\0b\n", 12, "", "x.ini:2: ", "0x00");
	check_bad("[a]\n\0\n", 6, "", "x.ini:2: ", "0x00");
}

/* A value of n characters with blanks, semicolons and number signs in it, where a splitter
 * that trims or looks for comments at the start of a piece would lose some. */
static void fill(char *out, size_t n)
{
	static const char pattern[] = "a b  c#d;e #f   g[h]=i:j;";

	for (size_t i = 0; i < n; i++)
		out[i] = pattern[i % (sizeof(pattern) - 1)];
	if (n > 0)
		out[n - 1] = 'z'; /* so that trimming has nothing to take */
	out[n] = '\0';
}

/* Trap: a line of more than 200 bytes lost its tail, and the tail became the next line. */
static void test_long_lines(void **state)
{
	static char text[3 * INI_LINE_MAX], value[INI_LINE_MAX + 1], want[2 * INI_LINE_MAX];
	struct fault f;
	struct seen s = {0};

	(void)state;
	for (size_t n = 1; n <= INI_LINE_MAX - 4; n += n < 900 || n > INI_LINE_MAX - 12 ? 1 : 61) {
		fill(value, n);
		snprintf(text, sizeof(text), "[a]\nk = %s\n  l = 2\n[b]\nm = 3", value);
		snprintf(want, sizeof(want), "2 a.k=%s\n3 a.l=2\n5 b.m=3\n", value);
		assert_int_equal(run(&s, text, strlen(text), &f), 0);
		assert_string_equal(s.text, want);
	}
}

static void test_long_lines_odd(void **state)
{
	static char text[3 * INI_LINE_MAX], want[2 * INI_LINE_MAX];
	struct fault f;
	struct seen s = {0};

	(void)state;
	/* The comment is cut wherever in the line it starts. */
	for (int n = 150; n < 450; n++) {
		snprintf(text, sizeof(text), "[a]\nk=%0*d \t ;%0*d ;x\nl=1\n", n, 7, 300, 8);
		snprintf(want, sizeof(want), "2 a.k=%0*d\n3 a.l=1\n", n, 7);
		assert_int_equal(run(&s, text, strlen(text), &f), 0);
		assert_string_equal(s.text, want);
	}
	/* Nothing but blanks and a long comment. */
	snprintf(text, sizeof(text), "[a]\nk = %400s;c\nl = 1\n", "");
	assert_int_equal(run(&s, text, strlen(text), &f), 0);
	assert_string_equal(s.text, "2 a.k=\n3 a.l=1\n");
	snprintf(text, sizeof(text), "[a]\nk = ;%0400d\nl = 1\n", 5);
	assert_int_equal(run(&s, text, strlen(text), &f), 0);
	assert_string_equal(s.text, "2 a.k=\n3 a.l=1\n");
	/* Blanks in the middle stay, many of them. */
	snprintf(text, sizeof(text), "[a]\nk = x%700sy\n", "");
	snprintf(want, sizeof(want), "2 a.k=x%700sy\n", "");
	assert_int_equal(run(&s, text, strlen(text), &f), 0);
	assert_string_equal(s.text, want);
	/* An error behind a long line is reported at its own line. */
	snprintf(text, sizeof(text), "[a]\nk = %0600d\n%0600d\n", 1, 2);
	assert_int_equal(run(&s, text, strlen(text), &f), -EINVAL);
	assert_true(text_starts_nocase(f.text, "x.ini:3: "));
}

static void test_limits(void **state)
{
	static char text[3 * INI_LINE_MAX];
	struct fault f;
	struct seen s = {0};

	(void)state;
	for (int extra = -1; extra <= 1; extra++) {
		int n = INI_LINE_MAX - 4 + extra;

		snprintf(text, sizeof(text), "[a]\nk = %0*d\r\n", n, 1);
		assert_int_equal(run(&s, text, strlen(text), &f), extra > 0 ? -EINVAL : 0);
		if (extra > 0)
			assert_non_null(strstr(f.text, "x.ini:2: this line has 4097 bytes"));
	}
	for (int n = 48; n <= 50; n++) {
		snprintf(text, sizeof(text), "[%0*d]\nk = v\n", n, 1);
		assert_int_equal(run(&s, text, strlen(text), &f), n > 49 ? -EINVAL : 0);
		snprintf(text, sizeof(text), "[a]\n%0*d = v\n", n, 1);
		assert_int_equal(run(&s, text, strlen(text), &f), n > 49 ? -EINVAL : 0);
		/* The same in front of a value that has to be put together again. */
		snprintf(text, sizeof(text), "[a]\n%0*d = %0900d\n", n, 1, 5);
		assert_int_equal(run(&s, text, strlen(text), &f), n > 49 ? -EINVAL : 0);
	}
}

/* The handler's refusal ends the reading at once and gets file and line put in front. */
static void test_refusal(void **state)
{
	static const char text[] = "[a]\nk = 1\n\nl = 2\nm = 3\n";
	static const char *const want[] = {"x.ini:2: k is not to my liking",
					   "x.ini:4: l is not to my liking",
					   "x.ini:5: m is not to my liking"};
	struct fault f;
	struct seen s = {0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		s.refuse_at = i + 1;
		assert_int_equal(run(&s, text, sizeof(text) - 1, &f), -EINVAL);
		assert_string_equal(f.text, want[i]);
		assert_int_equal(s.count, i + 1);
	}
}

/* Whatever the text is cut to, nothing is read beyond it and the items come in order. */
static void test_prefixes(void **state)
{
	static char text[2048];
	struct fault f;
	struct seen whole = {0}, s = {0};
	int n = snprintf(text, sizeof(text), "[a]\r\nk = v ; c\n[b]\n long = %0500d\n# c\nm = 1\n",
			 9);

	(void)state;
	assert_int_equal(run(&whole, text, (size_t)n, &f), 0);
	for (size_t len = 0; len <= (size_t)n; len++) {
		int err = run(&s, text, len, &f);

		assert_true(err == 0 || err == -EINVAL);
		assert_true(s.count <= whole.count);
		assert_true(err == 0 || text_starts_nocase(f.text, "x.ini:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	   cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long_lines), cmocka_unit_test(test_long_lines_odd),
		cmocka_unit_test(test_limits),	   cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
