/* SPDX-License-Identifier: MIT */
/* See stock.h. */
#include "stock.h"

#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_test_keys(struct keys *keys)
{
	static char text[16384];
	char path[512];
	struct fault fault;
	size_t len;
	FILE *in = fopen(test_keys_path("test-keys.ini", path, sizeof(path)), "r");

	must(in);
	len = fread(text, 1, sizeof(text), in);
	fclose(in);
	must(len < sizeof(text));
	must(keys_read(keys, path, text, len, &fault) == 0);
}

struct stock *stock_new(void)
{
	struct stock *s = calloc(1, sizeof(*s));

	must(s);
	models_builtin(&s->models);
	keys_builtin(&s->keys);
	read_test_keys(&s->keys);
	s->g1 = test_key_load("test-g1");
	s->g2 = test_key_load("test-g2");
	library_init(&s->library, &s->models, &s->keys);
	return s;
}

void stock_free(struct stock *s)
{
	library_free(&s->library);
	keys_free(&s->keys);
	test_key_free(s->g1);
	test_key_free(s->g2);
	free(s);
}

void stock_make(struct stock *s, struct synth_files *files, enum synth_kind kind, const char *load,
		const struct synth_options *options)
{
	struct synth_options defaults = {.key = s->g1};

	memset(files, 0, sizeof(*files));
	must(synth_bundle(kind, load, options ? options : &defaults, synth_collect, files) == 0);
}

void stock_file(struct synth_files *files, const char *name, const void *data, size_t len)
{
	must(synth_collect(files, name, data, len) == 0);
}

void stock_folder(struct stock *s, const char *source, struct synth_files *files)
{
	must(library_folder_begin(&s->library, source) == 0);
	for (unsigned i = 0; i < files->count; i++)
		must(library_add(&s->library, files->file[i].name, s->next_ref++,
				 files->file[i].data, files->file[i].len) == 0);
	must(library_folder_end(&s->library) == 0);
	synth_files_free(files);
}

void stock_bundle(struct stock *s, enum synth_kind kind, const char *load, const char *how)
{
	struct synth_files files;
	char why[160] = "", source[32];

	stock_make(s, &files, kind, load, NULL);
	if (how && !synth_break(&files, how, why)) {
		fprintf(stderr, "stock: %s\n", why);
		abort();
	}
	text_format(source, sizeof(source), "folder %u", s->library.folder_count + 1);
	stock_folder(s, source, &files);
}

const struct finding *stock_finding(const struct stock *s, const char *code)
{
	for (unsigned i = 0; i < s->library.finding_count; i++)
		if (strcmp(s->library.finding[i].code, code) == 0)
			return &s->library.finding[i];
	return NULL;
}
