/* SPDX-License-Identifier: MIT */
/*
 * SCCP on TCP port 2000.
 */
#include "daemon.h"

static int sccp_open(struct daemon *d, struct fault *f)
{
	(void)d;
	(void)f;
	return 0;
}

const struct part sccp_part = {"sccp", sccp_open, NULL, NULL};
