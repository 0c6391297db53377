/* SPDX-License-Identifier: MIT */
/*
 * The status page.
 */
#include "daemon.h"

static int web_open(struct daemon *d, struct fault *f)
{
	(void)d;
	(void)f;
	return 0;
}

const struct part web_part = {"web", web_open, NULL, NULL};
