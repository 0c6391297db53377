/* SPDX-License-Identifier: MIT */
/* See sketch.h. */
#include "sketch.h"

#include "reflashd/text.h"

#include <string.h>

void sketch_library(struct sketch *s, const struct sketch_bundle *stock, unsigned count)
{
	unsigned n = 0;

	memset(s, 0, sizeof(*s));
	models_builtin(&s->models);
	must(count <= ARRAY_LEN(s->bundles));
	for (unsigned i = 0; i < count; i++) {
		struct bundle *b = &s->bundles[i];

		text_copy(b->load, sizeof(b->load), stock[i].load);
		b->family = stock[i].family;
		b->models = models_by_load(&s->models, stock[i].load);
		b->files = &s->indices[n];
		b->complete = b->fit = true;
		for (unsigned k = 0; k < ARRAY_LEN(stock[i].file) && stock[i].file[k]; k++) {
			struct firmware_file *f = &s->files[n];

			must(n < ARRAY_LEN(s->files));
			text_copy(f->name, sizeof(f->name), stock[i].file[k]);
			f->role = text_ends_nocase(f->name, ".loads") ? FILE_LOADS : FILE_IMAGE;
			s->indices[n] = n;
			n++;
			b->file_count++;
		}
	}
	s->library = (struct library){.models = &s->models,
				      .file = s->files,
				      .file_count = n,
				      .bundle = s->bundles,
				      .bundle_count = count};
}
