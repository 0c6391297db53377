/* SPDX-License-Identifier: MIT */
/*
 * Is our address somebody else's already? The clock of asking by ARP; the questions and answers
 * themselves are frame.h's. RFC 5227 section 2.1, in a hurry: three probes within the time that the
 * DHCP probe (dhcp_probe.h) waits anyway, and one more when that asks for the last time, since a
 * switch port may only then pass frames on.
 */
#ifndef REFLASHD_ARP_PROBE_H
#define REFLASHD_ARP_PROBE_H

#include "reflashd/base.h"

#define ARP_PROBE_SENDS 4

enum arp_probe_state {
	ARP_PROBE_WAITING, /* nothing of ours may go out yet */
	ARP_PROBE_QUIET,   /* nobody answered the first three; still listening */
	ARP_PROBE_FREE,	   /* it is over */
};

struct arp_probe {
	enum arp_probe_state state;
	unsigned sent;
	usec_t started, last_sent;
};

void arp_probe_init(struct arp_probe *p, usec_t now);
/* What time brings; one step a call. True: send a question now. */
bool arp_probe_tick(struct arp_probe *p, usec_t now);
usec_t arp_probe_deadline(const struct arp_probe *p); /* USEC_NEVER when it is over */

#endif
