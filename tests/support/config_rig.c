/* SPDX-License-Identifier: MIT */
/*
 * Command lines and files for the tests of the configuration, which assert with cmocka: for unit
 * tests only.
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
#include "exact.h"

#define WORDS_MAX 12

/* A command line in one string, words apart by single blanks; '_' stands for a blank. No
 * test reads /etc/reflashd.conf: without a -c an empty file is named. */
int config_rig_load(struct config *c, const char *line, struct fault *f)
{
	char text[512], *argv[WORDS_MAX + 2];
	static char flag[] = "-c", null[] = "/dev/null";
	int argc = 0;

	if (!strstr(line, "-c")) {
		argv[argc++] = flag;
		argv[argc++] = null;
	}
	assert_true(text_copy(text, sizeof(text), line));
	for (char *p = text; *p;) {
		char *end = p + strcspn(p, " ");
		bool last = !*end;

		assert_true(argc < WORDS_MAX + 2);
		*end = 0;
		argv[argc++] = p;
		for (; *p; p++)
			if (*p == '_')
				*p = ' ';
		p = last ? end : end + 1;
	}
	f->text[0] = 0;
	return config_load(c, argc, argv, f);
}

int config_rig_read(struct config *c, const char *text, struct fault *f)
{
	size_t len = strlen(text);
	char *copy = exact_copy(text, len);
	int err;

	f->text[0] = 0;
	err = config_read(c, "my.conf", copy, len, f);
	free(copy);
	return err;
}

/* The value of a key in the output of config_print(), with its comment. */
void config_rig_printed(const struct config *c, const char *key, char out[400])
{
	char *text = NULL, *line, *save;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	config_print(c, stream);
	fclose(stream);
	strcpy(out, "(not printed)");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *start = line + (*line == ';');
		size_t n = 0;

		if (strncmp(start, key, strlen(key)) != 0 || start[strlen(key)] != ' ')
			continue;
		for (const char *p = line; *p && n < 399; p++) /* blanks in a row count once */
			if (*p != ' ' || p[1] != ' ')
				out[n++] = *p;
		out[n] = 0;
		break;
	}
	free(text);
}
