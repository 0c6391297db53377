/* SPDX-License-Identifier: MIT */
/*
 * See shelf.h. A file's ref is bundle * SYNTH_FILES_MAX + file.
 */
#include "shelf.h"

#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>

struct shelf *shelf_new(void)
{
	struct shelf *s = calloc(1, sizeof(*s));

	must(s);
	models_builtin(&s->models);
	keys_builtin(&s->keys);
	library_init(&s->library, &s->models, &s->keys);
	return s;
}

void shelf_free(struct shelf *s)
{
	unsigned i;

	if (!s)
		return;
	library_free(&s->library);
	keys_free(&s->keys);
	for (i = 0; i < s->bundles; i++)
		synth_files_free(&s->bundle[i]);
	free(s);
}

void shelf_add(struct shelf *s, enum synth_kind kind, const char *load,
	       const struct synth_options *options, const char *how)
{
	struct synth_files *files = &s->bundle[s->bundles];
	char folder[32], why[160] = "";
	unsigned i;

	must(s->bundles < SHELF_BUNDLES_MAX);
	must(synth_bundle(kind, load, options, synth_collect, files) == 0);
	if (how && !synth_break(files, how, why)) {
		fprintf(stderr, "shelf: %s\n", why);
		abort();
	}
	text_format(folder, sizeof(folder), "shelf/%u", s->bundles);
	must(library_folder_begin(&s->library, folder) == 0);
	for (i = 0; i < files->count; i++)
		must(library_add(&s->library, files->file[i].name, s->bundles * SYNTH_FILES_MAX + i,
				 files->file[i].data, files->file[i].len) == 0);
	must(library_folder_end(&s->library) == 0);
	s->bundles++;
}

static struct span read_file(void *ctx, const struct firmware_file *file)
{
	const struct shelf *s = ctx;
	const struct synth_file *f;

	must(file->ref < (uint64_t)s->bundles * SYNTH_FILES_MAX);
	f = &s->bundle[file->ref / SYNTH_FILES_MAX].file[file->ref % SYNTH_FILES_MAX];
	return (struct span){f->data, f->len};
}

struct sim_content shelf_content(struct shelf *s)
{
	return (struct sim_content){.ctx = s, .read = read_file};
}

const struct synth_file *shelf_file(const struct shelf *s, const char *name)
{
	unsigned b, i;

	for (b = 0; b < s->bundles; b++)
		for (i = 0; i < s->bundle[b].count; i++)
			if (text_equal_nocase(s->bundle[b].file[i].name, name))
				return &s->bundle[b].file[i];
	return NULL;
}
