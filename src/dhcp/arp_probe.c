/* SPDX-License-Identifier: MIT */
/*
 * When to ask by ARP whether our address is somebody else's, and when that was long enough.
 *
 * As with the DHCP probe, a time of rest counts from what was really sent: a loop that was held up
 * must not find the wire quiet because it was not looking. Whoever drives this reads what has come
 * in before each tick.
 */
#include "reflashd/arp_probe.h"

#include "reflashd/dhcp_probe.h"

#define REST	 USEC_MS(20)   /* a machine that has the address answers within one */
#define REST_ALL USEC_MS(3400) /* as long as the DHCP probe listens on: this costs nobody time */

static const usec_t at[ARP_PROBE_SENDS] = {0, USEC_MS(25), USEC_MS(50), USEC_MS(1500)};

void arp_probe_init(struct arp_probe *p, usec_t now)
{
	*p = (struct arp_probe){.state = ARP_PROBE_WAITING, .started = now};
}

static usec_t later(usec_t a, usec_t b)
{
	return a > b ? a : b;
}

static usec_t next_send(const struct arp_probe *p)
{
	if (p->sent == ARP_PROBE_SENDS)
		return USEC_NEVER;
	return p->sent ? later(p->started + at[p->sent], p->last_sent + REST) : p->started;
}

static usec_t state_ends(const struct arp_probe *p)
{
	if (p->state == ARP_PROBE_WAITING && p->sent >= 3)
		return later(p->started + DHCP_PROBE_FIRST, p->last_sent + REST);
	if (p->state == ARP_PROBE_QUIET && p->sent == ARP_PROBE_SENDS)
		return p->last_sent + REST_ALL;
	return USEC_NEVER;
}

bool arp_probe_tick(struct arp_probe *p, usec_t now)
{
	if (p->state == ARP_PROBE_FREE)
		return false;
	if (now >= state_ends(p)) {
		p->state = p->state == ARP_PROBE_WAITING ? ARP_PROBE_QUIET : ARP_PROBE_FREE;
		return false;
	}
	if (now < next_send(p))
		return false;
	p->last_sent = now;
	p->sent++;
	return true;
}

usec_t arp_probe_deadline(const struct arp_probe *p)
{
	usec_t send = next_send(p), end = state_ends(p);

	if (p->state == ARP_PROBE_FREE)
		return USEC_NEVER;
	return send < end ? send : end;
}
