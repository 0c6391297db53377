/* SPDX-License-Identifier: MIT */
#include "reflashd/base.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void must_fail(const char *what, const char *file, int line)
{
	fprintf(stderr,
		"reflashd: internal error at %s:%d: %s does not hold. Please report this.\n", file,
		line, what);
	abort();
}
