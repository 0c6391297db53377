/* SPDX-License-Identifier: MIT */
/* The place of a bundle on the road of its phones. */
#include "check.h"

#include "reflashd/text.h"

void check_plan_line(const struct check *c, const struct bundle *b, char *out, size_t size)
{
	(void)c;
	(void)b;
	text_copy(out, size, "");
}

bool check_road(const struct check *c, const struct model *m, char *out, size_t size)
{
	const struct bundle *b = library_target(c->library, m, c->target);

	text_copy(out, size, b ? b->load : "nothing: no bundle here is fit for it");
	return b != NULL;
}
