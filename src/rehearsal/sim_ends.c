/* SPDX-License-Identifier: MIT */
/*
 * The phones' ends of a simulated wire: who has that address, who wants to be woken first.
 *
 * A hall of five thousand phones must cost each of them no more than a room of fifty, so none
 * of this looks at all of them: addresses have chains, deadlines a tournament (least.h). Two phones
 * may believe in the same IP address for a while; the one that was added first gets what is sent
 * there.
 */
#include "sim_wire_private.h"

#include "reflashd/hash.h"

#include <stdlib.h>

static uint32_t *mac_chain(struct sim_wire *w, struct mac mac)
{
	return &w->by_mac[hash32(HASH32, mac.b, sizeof(mac.b)) % SIM_CHAINS];
}

static uint32_t *ip_chain(struct sim_wire *w, uint32_t ip)
{
	return &w->by_ip[hash32(HASH32, &ip, sizeof(ip)) % SIM_CHAINS];
}

/* Chains hold numbers of phones + 1. */
unsigned sim_wire_find_mac(struct sim_wire *w, struct mac mac)
{
	uint32_t n = *mac_chain(w, mac);

	while (n && !mac_equal(sim_phone_mac(w->end[n - 1].phone), mac))
		n = w->end[n - 1].next_mac;
	return n ? n - 1 : w->count;
}

unsigned sim_wire_find_ip(struct sim_wire *w, uint32_t ip)
{
	unsigned first = w->count;
	uint32_t n;

	for (n = ip ? *ip_chain(w, ip) : 0; n; n = w->end[n - 1].next_ip)
		if (w->end[n - 1].ip == ip && n - 1 < first)
			first = n - 1;
	return first;
}

static void move_ip(struct sim_wire *w, unsigned i, uint32_t ip)
{
	struct sim_end *e = &w->end[i];
	uint32_t *link;

	if (e->ip == ip)
		return;
	if (e->ip) {
		for (link = ip_chain(w, e->ip); *link != i + 1; link = &w->end[*link - 1].next_ip)
			;
		*link = e->next_ip;
	}
	e->ip = ip;
	if (ip) {
		link = ip_chain(w, ip);
		e->next_ip = *link;
		*link = i + 1;
	}
}

void sim_end_refresh(struct sim_wire *w, unsigned i)
{
	struct sim_end *e = &w->end[i];
	usec_t phone = sim_phone_deadline(e->phone);

	if (e->power_at < phone)
		phone = e->power_at;
	move_ip(w, i, sim_phone_ip(e->phone));
	least_set(&w->due, w->due_node, i, phone < INT64_MAX ? (int64_t)phone : LEAST_NONE);
}

void sim_end_add(struct sim_wire *w, const struct sim_end *end)
{
	struct sim_end *e;
	uint32_t *chain;

	if (w->count == w->size) {
		w->size = w->size == 0 ? 8 : w->size * 2;
		w->end = realloc(w->end, w->size * sizeof(*w->end));
		w->due_node = realloc(w->due_node, LEAST_NODES(w->size) * sizeof(*w->due_node));
		must(w->end && w->due_node);
	}
	e = &w->end[w->count];
	*e = *end;
	chain = mac_chain(w, sim_phone_mac(e->phone));
	e->next_mac = *chain;
	*chain = w->count + 1;
	sim_end_refresh(w, w->count++);
}

usec_t sim_end_deadline(const struct sim_wire *w, unsigned *i)
{
	int64_t key = least_key(&w->due, w->due_node);

	if (key == LEAST_NONE)
		return USEC_NEVER;
	*i = least_first(&w->due, w->due_node);
	return (usec_t)key;
}
