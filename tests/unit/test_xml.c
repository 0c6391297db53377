/* SPDX-License-Identifier: MIT */
/* XML of strangers: the limits of size, depth and text. test_device_page.c has what phones write.
 */
#include "reflashd/xml.h"

#include "exact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
	unsigned leaves;
	char name[16], text[XML_TEXT_MAX + 8];
};

static void note(void *ctx, const char *name, const char *text)
{
	struct seen *s = ctx;

	s->leaves++;
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->text, sizeof(s->text), "%s", text);
}

static int read_text(struct seen *s, const char *text, size_t len)
{
	uint8_t *copy = exact_copy(text, len);
	int err;

	memset(s, 0, sizeof(*s));
	err = xml_read_leaves(copy, len, "r", note, s);
	free(copy);
	return err;
}

static void size(void **state)
{
	char *text = malloc(XML_SIZE_MAX + 2);
	struct seen s;

	(void)state;
	assert_non_null(text);
	assert_int_equal(read_text(&s, "", 0), -EBADMSG);
	for (size_t len = XML_SIZE_MAX - 1; len <= XML_SIZE_MAX + 1; len++) {
		memset(text, ' ', len);
		memcpy(text, "<r><a>1</a>", 11);
		memcpy(text + len - 4, "</r>", 4);
		assert_int_equal(read_text(&s, text, len), len > XML_SIZE_MAX ? -EBADMSG : 0);
		assert_int_equal(s.leaves, len <= XML_SIZE_MAX);
	}
	free(text);
}

/* As many bytes as are kept, and more, in one piece and in several; blanks before take no place. */
static void text(void **state)
{
	char line[1024];
	struct seen s;

	(void)state;
	for (size_t n = XML_TEXT_MAX - 3; n <= XML_TEXT_MAX + 2; n++) {
		for (unsigned pieces = 0; pieces < 2; pieces++) {
			size_t kept = n < XML_TEXT_MAX - 1 ? n : XML_TEXT_MAX - 1;
			size_t at = (size_t)snprintf(line, sizeof(line), "<r><a>%300s", "");

			for (size_t i = 0; i < n; i++)
				at += (size_t)snprintf(line + at, sizeof(line) - at, "%s",
						       pieces && i == 100 ? "&amp;" : "x");
			at += (size_t)snprintf(line + at, sizeof(line) - at, "  </a></r>");
			assert_int_equal(read_text(&s, line, at), 0);
			assert_int_equal(strlen(s.text), kept);
			assert_int_equal(strspn(s.text, "x&"), kept);
		}
	}
	/* What one element holds is not the next one's. */
	assert_int_equal(read_text(&s, "<r>before<a/></r>", 17), 0);
	assert_string_equal(s.text, "");
	assert_int_equal(read_text(&s, "<r><a>1</a>between<b></b></r>", 29), 0);
	assert_string_equal(s.name, "b");
	assert_string_equal(s.text, "");
}

static void depth(void **state)
{
	char line[200];
	struct seen s;

	(void)state;
	for (unsigned n = XML_DEPTH_MAX - 1; n <= XML_DEPTH_MAX + 1; n++) {
		size_t at = 0;

		for (unsigned i = 0; i < n; i++)
			at += (size_t)snprintf(line + at, sizeof(line) - at, "<r>");
		for (unsigned i = 0; i < n; i++)
			at += (size_t)snprintf(line + at, sizeof(line) - at, "</r>");
		assert_int_equal(read_text(&s, line, at), n > XML_DEPTH_MAX ? -EBADMSG : 0);
		assert_int_equal(s.leaves, n <= XML_DEPTH_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size),
		cmocka_unit_test(text),
		cmocka_unit_test(depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
