/* SPDX-License-Identifier: MIT */
/*
 * The recorded traces of the knowledge base (tests/traces), replayed through the tracker in virtual
 * time: each ends in the stage and the advice that its story tells, and tells the same again.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/text.h"
#include "story_rig.h"

#define FOLDER "tests/traces"

static char text[20000];

static void read_trace(const char *name)
{
	char path[300];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	assert_true(feof(f) && len > 0);
	text[len] = '\0';
	fclose(f);
}

static void every_trace(void **state)
{
	static struct story first, second;
	struct dirent *entry;
	unsigned n = 0;
	DIR *d = opendir(FOLDER);

	(void)state;
	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (!text_ends_nocase(entry->d_name, ".trace"))
			continue;
		read_trace(entry->d_name);
		story_play(&first, entry->d_name, text);
		assert_true(first.checks > 0);
		story_play(&second, entry->d_name, text);
		assert_memory_equal(&first, &second, sizeof(first));
		n++;
	}
	closedir(d);
	assert_true(n >= 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
