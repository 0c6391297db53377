/* SPDX-License-Identifier: MIT */
/*
 * SIP on UDP and TCP port 5060.
 */
#include "daemon.h"

static int sip_open(struct daemon *d, struct fault *f)
{
	(void)d;
	(void)f;
	return 0;
}

const struct part sip_part = {"sip", sip_open, NULL, NULL};
