/* SPDX-License-Identifier: MIT */
/*
 * The lease table in memory. (Its text form is in lease_text.c.)
 *
 * Three ways lead to a slot, and none of them is ever a walk over the pool:
 * - by address: the slot's number is ip - first;
 * - by MAC: a hash index with linear probing; taking an entry out moves later ones up instead
 *   of leaving a tombstone, so it never silts up, however many MACs a flood invents;
 * - by need: a bitmap of FREE slots, searched from the phone's hashed place, and for every
 *   other state a list from the earliest expiry to the latest. Within a state every
 *   lease lasts equally long, so putting one in is nearly always appending it.
 *
 * Who loses an address when none is free, in this order: an offer that nobody took in time;
 * whoever's lease (bound, given back, or resting after a DECLINE) ran out first; the oldest
 * offer still open. The last one keeps a flood of invented MACs from shutting out a real
 * phone; that a phone may lose a young offer that way does no harm, because the server
 * lets a REQUEST take an address that is merely on offer. And at the very end a phone gets the
 * address that has rested longest after a DECLINE: one device that declines whatever it is
 * given, because something on its wire answers every ARP, would else leave nothing for the
 * others. A lease that runs is never taken.
 */
#include "reflashd/lease.h"

#include <string.h>

#define NO_SLOT	 0xffffu
#define MAP_BITS 64u

unsigned lease_index_size(unsigned n)
{
	unsigned size = 4;

	while (size <= 2 * n)
		size *= 2;
	return size;
}

/* The finaliser of splitmix64: one changed bit of the MAC changes half of the result. A phone's
 * place in the pool follows from it: changing it would move every phone. */
static uint64_t mac_hash(struct mac mac)
{
	uint64_t h = 0;
	size_t i;

	for (i = 0; i < sizeof(mac.b); i++)
		h = h << 8 | mac.b[i];
	h ^= h >> 30;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	h ^= h >> 27;
	h *= UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

static unsigned slot_number(const struct lease_table *t, const struct lease *l)
{
	return (unsigned)(l - t->slots);
}

/* --- the index by MAC: entries are slot number + 1, 0 is empty ------------------------- */

static unsigned index_home(const struct lease_table *t, struct mac mac)
{
	return (unsigned)mac_hash(mac) & (t->index_size - 1);
}

/* Where the MAC is, or the empty entry where it would go. */
static unsigned index_place(const struct lease_table *t, struct mac mac)
{
	unsigned at = index_home(t, mac);

	while (t->index[at] != 0 && !mac_equal(t->slots[t->index[at] - 1].mac, mac))
		at = (at + 1) & (t->index_size - 1);
	return at;
}

static void index_remove(struct lease_table *t, struct mac mac)
{
	unsigned mask = t->index_size - 1;
	unsigned hole = index_place(t, mac);
	unsigned at = hole;

	must(t->index[hole] != 0);
	for (;;) {
		unsigned home;

		at = (at + 1) & mask;
		if (t->index[at] == 0)
			break;
		home = index_home(t, t->slots[t->index[at] - 1].mac);
		/* An entry may move up only if the hole is not before its home. */
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			t->index[hole] = t->index[at];
			hole = at;
		}
	}
	t->index[hole] = 0;
}

/* --- the lists by expiry ---------------------------------------------------------------- */

static void list_add(struct lease_table *t, struct lease *l)
{
	uint16_t self = (uint16_t)slot_number(t, l);
	uint16_t before = t->by_expiry[l->state].last;

	while (before != NO_SLOT && t->slots[before].expires > l->expires)
		before = t->slots[before].earlier;
	l->earlier = before;
	if (before == NO_SLOT) {
		l->later = t->by_expiry[l->state].first;
		t->by_expiry[l->state].first = self;
	} else {
		l->later = t->slots[before].later;
		t->slots[before].later = self;
	}
	if (l->later == NO_SLOT)
		t->by_expiry[l->state].last = self;
	else
		t->slots[l->later].earlier = self;
}

static void list_remove(struct lease_table *t, const struct lease *l)
{
	if (l->earlier == NO_SLOT)
		t->by_expiry[l->state].first = l->later;
	else
		t->slots[l->earlier].later = l->later;
	if (l->later == NO_SLOT)
		t->by_expiry[l->state].last = l->earlier;
	else
		t->slots[l->later].earlier = l->earlier;
}

/* --- the map of FREE slots ---------------------------------------------------------------- */

static uint64_t *map_word(struct lease_table *t, unsigned slot)
{
	return &t->free_map[slot / MAP_BITS];
}

static uint64_t map_bit(unsigned slot)
{
	return UINT64_C(1) << (slot % MAP_BITS);
}

/* The first FREE slot in [from, to), or `to`. */
static unsigned map_next(const struct lease_table *t, unsigned from, unsigned to)
{
	while (from < to) {
		uint64_t word = t->free_map[from / MAP_BITS] >> (from % MAP_BITS);

		if (word != 0) {
			from += (unsigned)__builtin_ctzll(word);
			return from < to ? from : to;
		}
		from = (from / MAP_BITS + 1) * MAP_BITS;
	}
	return to;
}

/* --- the table ---------------------------------------------------------------------------- */

void lease_table_init(struct lease_table *t, uint32_t first, uint32_t last, struct lease *slots,
		      uint16_t *index, unsigned index_size)
{
	unsigned i;

	must(first <= last && last - first < LEASE_POOL_MAX);
	memset(t, 0, sizeof(*t));
	t->first = first;
	t->last = last;
	t->count = last - first + 1;
	t->slots = slots;
	t->index = index;
	t->index_size = index_size;
	must(index_size >= lease_index_size(t->count) && (index_size & (index_size - 1)) == 0);
	memset(index, 0, index_size * sizeof(*index));
	for (i = 0; i < ARRAY_LEN(t->by_expiry); i++)
		t->by_expiry[i].first = t->by_expiry[i].last = NO_SLOT;
	for (i = 0; i < t->count; i++) {
		slots[i] = (struct lease){.ip = first + i, .earlier = NO_SLOT, .later = NO_SLOT};
		*map_word(t, i) |= map_bit(i);
	}
}

struct lease *lease_find_mac(struct lease_table *t, struct mac mac)
{
	uint16_t entry = t->index[index_place(t, mac)];

	return entry ? &t->slots[entry - 1] : NULL;
}

struct lease *lease_find_ip(struct lease_table *t, uint32_t ip)
{
	return ip >= t->first && ip <= t->last ? &t->slots[ip - t->first] : NULL;
}

static bool state_has_owner(enum lease_state state)
{
	return state == LEASE_OFFERED || state == LEASE_BOUND || state == LEASE_RELEASED;
}

/* Out of index, list and map; the slot is in no state until it is put somewhere else. */
static void unlink_slot(struct lease_table *t, struct lease *l)
{
	if (l->state == LEASE_FREE) {
		*map_word(t, slot_number(t, l)) &= ~map_bit(slot_number(t, l));
		return;
	}
	if (state_has_owner(l->state))
		index_remove(t, l->mac);
	list_remove(t, l);
}

static void make_free(struct lease_table *t, struct lease *l)
{
	unlink_slot(t, l);
	*l = (struct lease){.ip = l->ip, .earlier = NO_SLOT, .later = NO_SLOT};
	*map_word(t, slot_number(t, l)) |= map_bit(slot_number(t, l));
}

void lease_set(struct lease_table *t, struct lease *l, struct mac mac, enum lease_state state,
	       usec_t expires)
{
	struct lease *other;

	must(l >= t->slots && l < t->slots + t->count);
	if (state == LEASE_FREE) {
		make_free(t, l);
		return;
	}
	if (state_has_owner(state)) {
		other = lease_find_mac(t, mac);
		if (other && other != l)
			make_free(t, other);
	}
	unlink_slot(t, l);
	if (!state_has_owner(state) || !mac_equal(l->mac, mac))
		l->kept = 0;
	else if (state == LEASE_RELEASED && l->kept)
		l->kept = 1;
	l->state = state;
	l->expires = expires;
	l->mac = state_has_owner(state) ? mac : (struct mac){{0}};
	if (state_has_owner(state))
		t->index[index_place(t, mac)] = (uint16_t)(slot_number(t, l) + 1);
	list_add(t, l);
}

static struct lease *choose_free(struct lease_table *t, struct mac mac, uint32_t reserved)
{
	unsigned home = (unsigned)((mac_hash(mac) >> 16) % t->count);
	unsigned at = map_next(t, home, t->count);

	if (at < t->count && t->slots[at].ip == reserved)
		at = map_next(t, at + 1, t->count);
	if (at < t->count)
		return &t->slots[at];
	at = map_next(t, 0, home);
	if (at < home && t->slots[at].ip == reserved)
		at = map_next(t, at + 1, home);
	return at < home ? &t->slots[at] : NULL;
}

/* The earliest of a state, if it is over by `until`. */
static struct lease *earliest(struct lease_table *t, enum lease_state state, uint32_t reserved,
			      usec_t until)
{
	uint16_t at = t->by_expiry[state].first;

	if (at != NO_SLOT && t->slots[at].ip == reserved)
		at = t->slots[at].later;
	return at != NO_SLOT && t->slots[at].expires <= until ? &t->slots[at] : NULL;
}

static struct lease *choose_used(struct lease_table *t, uint32_t reserved, usec_t now)
{
	static const enum lease_state over[] = {LEASE_BOUND, LEASE_RELEASED, LEASE_DECLINED};
	struct lease *best = earliest(t, LEASE_OFFERED, reserved, now);
	size_t i;

	if (best)
		return best;
	for (i = 0; i < ARRAY_LEN(over); i++) {
		struct lease *l = earliest(t, over[i], reserved, now);

		if (l && (!best || l->expires < best->expires))
			best = l;
	}
	return best ? best : earliest(t, LEASE_OFFERED, reserved, USEC_NEVER);
}

struct lease *lease_choose(struct lease_table *t, struct mac mac, uint32_t wanted,
			   uint32_t reserved, usec_t now)
{
	struct lease *l = lease_find_mac(t, mac);

	if (l && l->ip != reserved)
		return l;
	l = wanted != reserved ? lease_find_ip(t, wanted) : NULL;
	if (l && l->state == LEASE_FREE)
		return l;
	l = choose_free(t, mac, reserved);
	if (!l)
		l = choose_used(t, reserved, now);
	/* USEC_NEVER: those that are no phone's at all. */
	return l ? l : earliest(t, LEASE_DECLINED, reserved, USEC_NEVER - 1);
}

unsigned lease_count_free(const struct lease_table *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(t->free_map) && i * MAP_BITS < t->count; i++)
		for (uint64_t rest = t->free_map[i]; rest; rest &= rest - 1)
			n++;
	return n;
}

struct lease *lease_choose_guest(struct lease_table *t, struct mac mac, uint32_t wanted,
				 uint32_t reserved, unsigned keep, usec_t now)
{
	if (lease_count_free(t) > keep || lease_find_mac(t, mac))
		return lease_choose(t, mac, wanted, reserved, now);
	return choose_used(t, reserved, now);
}
