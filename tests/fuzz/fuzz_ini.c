/* SPDX-License-Identifier: MIT */
/*
 * INI text, and the two files that are read with it. Whatever is accepted must come out the same
 * when it is written out again and read once more: that covers the putting together
 * of long lines, the trimming and the cutting of comments.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reflashd/ini.h"
#include "reflashd/models.h"
#include "reflashd/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct rewrite {
	char *text;
	size_t len, size;
	unsigned last_line;
};

static void put(struct rewrite *r, const char *s)
{
	size_t n = strlen(s);

	must(n <= r->size - r->len);
	memcpy(r->text + r->len, s, n);
	r->len += n;
}

static bool write_item(void *ctx, const struct ini_item *item, struct fault *why)
{
	struct rewrite *r = ctx;

	(void)why;
	must(item->line > r->last_line);
	must(item->section[0] && item->key[0]);
	must(strlen(item->value) <= INI_LINE_MAX);
	r->last_line = item->line;
	put(r, "[");
	put(r, item->section);
	put(r, "]\n");
	put(r, item->key);
	put(r, "=");
	put(r, item->value);
	put(r, "\n");
	return true;
}

static int rewrite(struct rewrite *r, const char *text, size_t len)
{
	struct fault f = {0};
	int err;

	/* Each item takes at least its "k=" in the text, and adds its section at most. */
	r->size = len * 64 + 64;
	r->text = malloc(r->size);
	must(r->text);
	err = ini_read("fuzz", text, len, write_item, r, &f);
	must(err == 0 || (err == -EINVAL && f.text[0] != '\0'));
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct rewrite first = {0}, second = {0};
	struct models *models = malloc(sizeof(*models));
	struct keys keys = {0};
	struct fault f;

	must(models);
	if (rewrite(&first, text, size) == 0) {
		must(rewrite(&second, first.text, first.len) == 0);
		must(first.len == second.len && memcmp(first.text, second.text, first.len) == 0);
		free(second.text);
	}
	free(first.text);
	models_read(models, "fuzz", text, size, &f);
	keys_read(&keys, "fuzz", text, size, &f);
	keys_free(&keys);
	free(models);
	return 0;
}
