/* SPDX-License-Identifier: MIT */
/*
 * CDP and what else only a raw socket hears.
 */
#include "daemon.h"

static int wire_open(struct daemon *d, struct fault *f)
{
	(void)d;
	(void)f;
	return 0;
}

const struct part wire_part = {"wire", wire_open, NULL, NULL};
