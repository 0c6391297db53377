/* SPDX-License-Identifier: MIT */
/*
 * Questions to a library, for unit tests only: it asserts with cmocka.
 */
#include "library_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct model *library_rig_model(const struct stock *s, const char *id)
{
	const struct model *m = models_by_id(&s->models, id);

	assert_non_null(m);
	return m;
}

const char *library_rig_target(const struct stock *s, const char *id, const char *target)
{
	const struct bundle *b = library_target(&s->library, library_rig_model(s, id), target);

	return b ? b->load : "none";
}

/* Every finding is a whole printable sentence about a file that exists or is missed. */
void library_rig_check_findings(const struct stock *s)
{
	for (unsigned i = 0; i < s->library.finding_count; i++) {
		const struct finding *f = &s->library.finding[i];
		size_t len = strlen(f->text);

		assert_true(len > 20 && f->text[len - 1] == '.');
		for (size_t k = 0; k < len; k++)
			assert_true(f->text[k] >= 0x20 && f->text[k] <= 0x7e);
		assert_true(f->code[0] != '\0');
		assert_true(f->bundle < (int)s->library.bundle_count);
	}
}
