/* SPDX-License-Identifier: MIT */
/*
 * The library was read anew while phones are at work. Pointers into the old one are exchanged by
 * name; what a phone fetched counts on only when the bundle of that name holds the same files in
 * the same order, since the bits of a phone mean places in it.
 */
#include "fold.h"

void phones_change_library(struct phones *p, const struct library *library)
{
	for (unsigned i = 0; i < p->count; i++) {
		struct phone *phone = &p->phone[i];
		const struct bundle *old = phone->bundle;

		if (phone->model)
			phone->model = models_by_id(library->models, phone->model->id);
		phone->bundle = phone->load[0] ? library_bundle(library, phone->load) : NULL;
		if (!old || !phone->bundle ||
		    !bundle_same_files(p->library, old, library, phone->bundle)) {
			phone->fetched = phone->ever = phone->unsure = 0;
			phone->file_bytes = 0;
		}
		table_note(p, phone);
	}
	p->library = library;
	p->models = library->models;
	p->changes++;
}
