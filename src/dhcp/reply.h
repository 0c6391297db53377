/* SPDX-License-Identifier: MIT */
/*
 * What the server says and where it sends it; the decisions are in server.c.
 */
#ifndef REFLASHD_DHCP_REPLY_H
#define REFLASHD_DHCP_REPLY_H

#include "reflashd/dhcp_server.h"

/* OFFER, or ACK of a REQUEST: a lease of ip. */
void reply_lease(const struct dhcp_server *s, const struct dhcp_packet *q, enum dhcp_message type,
		 uint32_t ip, struct dhcp_out *out);
/* ACK of an INFORM: everything but an address and its times. */
void reply_inform(const struct dhcp_server *s, const struct dhcp_packet *q, struct dhcp_out *out);
/* The answer to a BOOTP request. */
void reply_bootp(const struct dhcp_server *s, const struct dhcp_packet *q, uint32_t ip,
		 struct dhcp_out *out);
void reply_nak(const struct dhcp_server *s, const struct dhcp_packet *q, const char *reason,
	       struct dhcp_out *out);

#endif
