/* SPDX-License-Identifier: MIT */
/*
 * Which parts there are, in the order in which they are opened.
 */
#include "parts.h"

#include <stddef.h>

const struct part *const parts[] = {
	&pcap_part,    &wire_part, &sccp_part,	 &sip_part, &page_part,
	&control_part, &web_part,  &reload_part, NULL,
};
