/* SPDX-License-Identifier: MIT */
/*
 * The table of phones: who is where, whom to wake next, and who has to make room.
 *
 * None of that is ever a walk over the table, so that an event costs the same whether it is one of
 * five phones or of five thousand: a phone is found by its MAC address and by its IP address in
 * chains that are one phone long as a rule, and the next deadline and the next one to be forgotten
 * are the winners of two tournaments (least.h). Whoever changes a phone says so by table_note()
 * when he is done.
 *
 * When the table is full, a phone is forgotten for each new one: first one that never got further
 * than a lease, and of those the one without news for the longest time. Memory is touched only as
 * far as there are phones.
 */
#include "advice_rules.h"
#include "fold.h"

#include "reflashd/hash.h"

#include <string.h>

_Static_assert(PHONES_MAX < UINT16_MAX, "numbers of phones are kept in 16 bits");
_Static_assert((PHONES_MAX & (PHONES_MAX - 1)) == 0, "tournaments want a power of two");

void table_init(struct phones *p)
{
	p->count = 0;
	memset(p->by_mac, 0, sizeof(p->by_mac));
	memset(p->by_ip, 0, sizeof(p->by_ip));
	least_init(&p->due);
	least_init(&p->stale);
}

/* ---- chains: a number is the phone's place + 1, 0 ends the chain ---- */

static uint16_t *mac_chain(struct phones *p, struct mac mac)
{
	return &p->by_mac[hash32(HASH32, mac.b, sizeof(mac.b)) % PHONES_MAX];
}

static uint16_t *ip_chain(struct phones *p, uint32_t ip)
{
	return &p->by_ip[hash32(HASH32, &ip, sizeof(ip)) % PHONES_MAX];
}

static unsigned number_of(const struct phones *p, const struct phone *phone)
{
	return (unsigned)(phone - p->phone);
}

struct phone *phones_find(struct phones *p, struct mac mac)
{
	for (unsigned n = *mac_chain(p, mac); n; n = p->phone[n - 1].next_mac)
		if (mac_equal(p->phone[n - 1].mac, mac))
			return &p->phone[n - 1];
	return NULL;
}

struct phone *phones_find_ip(struct phones *p, uint32_t ip)
{
	for (unsigned n = ip ? *ip_chain(p, ip) : 0; n; n = p->phone[n - 1].next_ip)
		if (p->phone[n - 1].ip == ip)
			return &p->phone[n - 1];
	return NULL;
}

static void leave_ip(struct phones *p, struct phone *phone)
{
	uint16_t *link = ip_chain(p, phone->ip);

	if (!phone->ip)
		return;
	while (*link != number_of(p, phone) + 1)
		link = &p->phone[*link - 1].next_ip;
	*link = phone->next_ip;
	phone->ip = 0;
}

void table_set_ip(struct phones *p, struct phone *phone, uint32_t ip)
{
	struct phone *before = phones_find_ip(p, ip);
	uint16_t *chain;

	if (!ip || before == phone)
		return;
	if (before)
		leave_ip(p, before);
	leave_ip(p, phone);
	chain = ip_chain(p, ip);
	phone->ip = ip;
	phone->next_ip = *chain;
	*chain = (uint16_t)(number_of(p, phone) + 1);
}

static void leave_table(struct phones *p, struct phone *phone)
{
	uint16_t *link = mac_chain(p, phone->mac);

	while (*link != number_of(p, phone) + 1)
		link = &p->phone[*link - 1].next_mac;
	*link = phone->next_mac;
	leave_ip(p, phone);
}

/* ---- the tournaments ---- */

static bool never_fed(const struct phone *phone)
{
	return phone->stage <= PHONE_LEASED || phone->stage == PHONE_STAGE_COUNT;
}

/* Those that are being fed, or were, after all others: a year has some 3e10 milliseconds. */
#define FED INT64_C(0x1000000000000000)

void table_note(struct phones *p, const struct phone *phone)
{
	int64_t due = LEAST_NONE, stale = phone->stage_ms;

	if (phone->stage != PHONE_STAGE_COUNT)
		due = advice_deadline(phone);
	if (phone->proof_due_ms && phone->proof_due_ms < due)
		due = phone->proof_due_ms;
	/* A stream that was recorded elsewhere may hold any time. */
	stale = stale < 0 ? 0 : stale < FED ? stale : FED - 1;
	least_set(&p->due, p->due_node, number_of(p, phone), due);
	least_set(&p->stale, p->stale_node, number_of(p, phone),
		  never_fed(phone) ? stale : stale + FED);
}

int64_t phones_deadline(const struct phones *p)
{
	return least_key(&p->due, p->due_node);
}

struct phone *table_due(struct phones *p, int64_t now_ms)
{
	return phones_deadline(p) <= now_ms ? &p->phone[least_first(&p->due, p->due_node)] : NULL;
}

struct phone *table_add(struct phones *p, struct mac mac)
{
	struct phone *phone;
	uint16_t *chain = mac_chain(p, mac);

	if (p->count < PHONES_MAX) {
		phone = &p->phone[p->count++];
	} else {
		phone = &p->phone[least_first(&p->stale, p->stale_node)];
		leave_table(p, phone);
	}
	memset(phone, 0, sizeof(*phone));
	phone->mac = mac;
	phone->stage = PHONE_STAGE_COUNT; /* nothing was said of it yet */
	phone->next_mac = *chain;
	*chain = (uint16_t)(number_of(p, phone) + 1);
	table_note(p, phone);
	return phone;
}
