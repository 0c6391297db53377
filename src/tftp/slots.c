/* SPDX-License-Identifier: MIT */
/*
 * The book-keeping of slots, in the array of slots itself, so that nothing is allocated and
 * no operation looks at all of them, be they ten or twenty thousand.
 *
 * - Free slots form a queue, not a stack: a slot rests as long as possible before it is used
 *   again, which keeps late datagrams away from a new transfer.
 * - Slots in use hang in buckets by the client's address. All transfers of one address are in one
 *   chain, which the limit per client keeps short.
 * - Slots in use stand in a binary heap by .wake. It is lazy: .wake may be earlier than the
 *   transfer's deadline, never later. An ACK moves the deadline out and touches nothing here;
 *   whoever finds a slot due too early sets it to the true time.
 *
 * The array comes zeroed and is not walked over at the start: a thousand slots are more than a
 * megabyte, and memory that nobody touches costs nothing. So a bucket counts from 1 (0: empty),
 * and slots that were never used are no list but a number.
 */
#include "slots.h"

static uint32_t bucket_of(const struct tftp_server *s, uint32_t ip)
{
	uint32_t mixed = ip * 2654435761u; /* the golden ratio: neighbours spread evenly */

	return (uint32_t)((uint64_t)mixed * s->config.max_transfers >> 32);
}

void tftp_slots_init(struct tftp_server *s)
{
	s->fresh = 0;
	s->free_first = s->free_last = TFTP_NO_SLOT;
	s->active = 0;
	s->hand = 0;
	s->wake = USEC_NEVER;
}

static usec_t wake_at(const struct tftp_server *s, uint32_t place)
{
	return s->slots[s->slots[place].heap].wake;
}

static void stand(struct tftp_server *s, uint32_t place, uint32_t i)
{
	s->slots[place].heap = i;
	s->slots[i].place = place;
}

static void sift_up(struct tftp_server *s, uint32_t place, uint32_t i)
{
	while (place > 0 && wake_at(s, (place - 1) / 2) > s->slots[i].wake) {
		stand(s, place, s->slots[(place - 1) / 2].heap);
		place = (place - 1) / 2;
	}
	stand(s, place, i);
}

static void sift_down(struct tftp_server *s, uint32_t place, uint32_t i)
{
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child >= s->active)
			break;
		if (child + 1 < s->active && wake_at(s, child + 1) < wake_at(s, child))
			child++;
		if (wake_at(s, child) >= s->slots[i].wake)
			break;
		stand(s, place, s->slots[child].heap);
		place = child;
	}
	stand(s, place, i);
}

static void settle(struct tftp_server *s, uint32_t i)
{
	sift_up(s, s->slots[i].place, i);
	sift_down(s, s->slots[i].place, i);
}

static void refresh_wake(struct tftp_server *s)
{
	s->wake = s->active > 0 ? wake_at(s, 0) : USEC_NEVER;
}

/* One that was never used, else the one that rested longest. */
static uint32_t take_free(struct tftp_server *s)
{
	uint32_t i = s->free_first;

	if (s->fresh < s->config.max_transfers)
		return s->fresh++;
	if (i == TFTP_NO_SLOT)
		return i;
	s->free_first = s->slots[i].next;
	if (s->free_first == TFTP_NO_SLOT)
		s->free_last = TFTP_NO_SLOT;
	return i;
}

uint32_t tftp_slots_take(struct tftp_server *s, struct tftp_peer peer)
{
	uint32_t i = take_free(s);
	uint32_t bucket = bucket_of(s, peer.ip);
	struct tftp_slot *slot;

	if (i == TFTP_NO_SLOT)
		return TFTP_NO_SLOT;
	slot = &s->slots[i];
	slot->used = true;
	slot->peer = peer;
	slot->next = s->slots[bucket].bucket - 1; /* of an empty one: TFTP_NO_SLOT */
	s->slots[bucket].bucket = i + 1;
	slot->wake = USEC_NEVER;
	stand(s, s->active++, i);
	refresh_wake(s);
	return i;
}

static void leave_bucket(struct tftp_server *s, uint32_t i)
{
	uint32_t *bucket = &s->slots[bucket_of(s, s->slots[i].peer.ip)].bucket;
	uint32_t before = *bucket - 1;

	if (before == i) {
		*bucket = s->slots[i].next + 1;
		return;
	}
	while (s->slots[before].next != i)
		before = s->slots[before].next;
	s->slots[before].next = s->slots[i].next;
}

static void leave_heap(struct tftp_server *s, uint32_t i)
{
	uint32_t place = s->slots[i].place;
	uint32_t moved = s->slots[--s->active].heap;

	if (moved != i) {
		stand(s, place, moved);
		settle(s, moved);
	}
	refresh_wake(s);
}

void tftp_slots_give(struct tftp_server *s, uint32_t i)
{
	must(s->slots[i].used);
	leave_bucket(s, i);
	leave_heap(s, i);
	s->slots[i].used = false;
	s->slots[i].next = TFTP_NO_SLOT;
	if (s->free_last == TFTP_NO_SLOT)
		s->free_first = i;
	else
		s->slots[s->free_last].next = i;
	s->free_last = i;
}

/* From i on, the first slot in the chain that is really this address's. */
static uint32_t same_ip(const struct tftp_server *s, uint32_t i, uint32_t ip)
{
	while (i != TFTP_NO_SLOT && s->slots[i].peer.ip != ip)
		i = s->slots[i].next;
	return i;
}

uint32_t tftp_slots_first(const struct tftp_server *s, uint32_t ip)
{
	return same_ip(s, s->slots[bucket_of(s, ip)].bucket - 1, ip);
}

uint32_t tftp_slots_next(const struct tftp_server *s, uint32_t i)
{
	return same_ip(s, s->slots[i].next, s->slots[i].peer.ip);
}

void tftp_slots_wake(struct tftp_server *s, uint32_t i, usec_t when)
{
	s->slots[i].wake = when;
	settle(s, i);
	refresh_wake(s);
}

uint32_t tftp_slots_earliest(const struct tftp_server *s)
{
	must(s->active > 0);
	return s->slots[0].heap;
}
