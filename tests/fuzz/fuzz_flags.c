/* SPDX-License-Identifier: MIT */
/*
 * A command line, a word on each line. Files are not opened: only the words are read. A refusal
 * has a sentence; what is accepted is printed as a file that reads back as the same values.
 */
#include "../../src/config/option.h"

#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_file(const struct config *c)
{
	char *text = NULL;
	struct config again;
	struct fault f;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	must(out != NULL);
	config_print(c, out);
	must(fclose(out) == 0);
	config_defaults(&again);
	must(config_read(&again, "printed", text, len, &f) == 0);
	must(again.address == c->address && again.lease_seconds == c->lease_seconds);
	must(again.pool_first == c->pool_first && again.pool_last == c->pool_last);
	must(again.listen == c->listen && again.clients == c->clients && again.force == c->force);
	must(again.max_transfers == c->max_transfers && again.web_port == c->web_port);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *words[WORDS + 1] = {NULL}, *text = malloc(len + 1);
	struct fault f = {.text = ""};
	struct config c;
	int n = 0, err;

	must(text);
	if (len)
		memcpy(text, data, len);
	text[len] = 0;
	for (char *rest = text; n < WORDS && rest; n++) {
		char *word = strsep(&rest, "\n");

		words[n] = strdup(word); /* of its own size, so that ASan sees its end */
		must(words[n]);
	}
	config_defaults(&c);
	err = flags_read(&c, n, words, &f);
	must((err == 0) == (f.text[0] == 0));
	check_field(f.text, sizeof(f.text));
	if (!err)
		check_file(&c);
	for (int i = 0; i < n; i++)
		free(words[i]);
	free(text);
	return 0;
}
