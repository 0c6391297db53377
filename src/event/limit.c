/* SPDX-License-Identifier: MIT */
/*
 * The happy path: a phone says a few dozen things an hour, and every one of them passes.
 *
 * Two things can go wrong. One sender says the same again and again (a broken phone, a scanner on
 * the TFTP port): each who-what-why has a number of events in a window, the rest is counted in its
 * slot. Or thousands of invented senders say one thing each: those without a lease share one
 * allowance, and what those with one say by DHCP shares another (an address can be given back and
 * asked for again under ever new names). What a phone with a lease does besides is its own
 * affair: nobody else's flood silences it. But an address is soon forged, and all addresses that we
 * gave away together make a flood, too: what a single packet from one of them makes us say has a
 * wide allowance for all, and a narrower one for what people see. That a transfer goes on or is
 * complete takes a phone that answers, and is always told.
 *
 * What is left out is left out for everybody. The phone tracker is a fold over the stream, and a
 * recorded stream must tell it the same story.
 *
 * Slots are few; when they are all taken, further repeaters share one sentence.
 */
#include "reflashd/limit.h"

#include "reflashd/hash.h"
#include "reflashd/text.h"

#include <inttypes.h>
#include <string.h>

/* Of one sender in one window; 0: without limit, because we say it ourselves. The simulated phones
 * of our tests live 300 times as fast as real ones and must fit, too. */
static unsigned allowance(enum event_type type)
{
	switch ((unsigned)type) {
	case EVENT_DHCP_IGNORED:
	case EVENT_DHCP_NAK:
	case EVENT_DHCP_DECLINE: return 10;
	case EVENT_DHCP_DISCOVER:
	case EVENT_DHCP_OFFER:
	case EVENT_DHCP_REQUEST:
	case EVENT_DHCP_ACK:
	case EVENT_DHCP_RELEASE:
	case EVENT_TFTP_REFUSED:
	case EVENT_TFTP_ELSEWHERE:
	case EVENT_ARP_ASKED:
	case EVENT_CDP_SEEN:
	case EVENT_SCCP_ALARM: return 60;
	case EVENT_TFTP_REQUEST:
	case EVENT_TFTP_ABORTED: return 200;
	case EVENT_TFTP_START:
	case EVENT_TFTP_COMPLETE: return 1000;
	default: return 0;
	}
}

/* Who, what and why; the file does not count, a scanner asks for another one each time. */
static uint64_t key_of(const struct event *e)
{
	uint64_t hash = hash64(HASH64, &e->type, sizeof(e->type));
	bool has_mac = event_has(e, FIELD_MAC);

	if (has_mac)
		hash = hash64(hash, e->mac.b, sizeof(e->mac.b));
	else if (event_has(e, FIELD_IP))
		hash = hash64(hash, &e->ip, sizeof(e->ip));
	if (event_has(e, FIELD_CODE))
		hash = hash64(hash, e->code, strlen(e->code));
	else if (event_has(e, FIELD_REASON))
		hash = hash64(hash, e->reason, strlen(e->reason));
	return hash ? hash : 1;
}

static const struct {
	uint64_t most, refill;
} pots[LIMIT_POTS] = {
	[LIMIT_OF_STRANGERS] = {LIMIT_STRANGERS, LIMIT_REFILL},
	[LIMIT_OF_GUESTS] = {LIMIT_GUESTS, LIMIT_REFILL},
	[LIMIT_OF_WARNINGS] = {LIMIT_WARNINGS, LIMIT_REFILL},
	[LIMIT_OF_WORK] = {LIMIT_WORK, LIMIT_WORK_ON},
};

void limiter_init(struct limiter *l, usec_t now)
{
	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < LIMIT_POTS; i++)
		l->tokens[i] = pots[i].most;
	l->began = l->refilled = now;
}

static bool has_token(struct limiter *l, enum limit_pot pot, usec_t now)
{
	/* In steps of what brings each pot a whole number. */
	uint64_t steps = (now - l->refilled) * LIMIT_REFILL / USEC_SEC(1);

	if (steps) {
		l->refilled = now;
		for (size_t i = 0; i < LIMIT_POTS; i++) {
			uint64_t n = l->tokens[i] + steps * (pots[i].refill / LIMIT_REFILL);

			l->tokens[i] = n < pots[i].most ? n : pots[i].most;
		}
	}
	if (!l->tokens[pot])
		return false;
	l->tokens[pot]--;
	return true;
}

static struct limit_slot *slot_of(struct limiter *l, uint64_t key)
{
	struct limit_slot *vacant = NULL;

	for (unsigned i = 0; i < 8; i++) {
		struct limit_slot *s = &l->slot[(key + i) % LIMIT_SLOTS];

		if (s->key == key)
			return s;
		if (!s->key && !vacant)
			vacant = s;
	}
	/* All taken: one that has nothing to say yet makes room. */
	for (unsigned i = 0; i < 8 && !vacant; i++)
		if (!l->slot[(key + i) % LIMIT_SLOTS].left_out)
			vacant = &l->slot[(key + i) % LIMIT_SLOTS];
	if (vacant) {
		vacant->key = key;
		vacant->seen = vacant->left_out = 0;
	}
	return vacant;
}

/* They stand side by side in events.def. */
static bool is_dhcp(enum event_type type)
{
	return type >= EVENT_DHCP_DISCOVER && type <= EVENT_DHCP_DECLINE;
}

/* Who pays for it; LIMIT_POTS: nobody has to. */
static enum limit_pot pot_of(const struct event *e, bool has_lease, bool crowd)
{
	if (!has_lease)
		return LIMIT_OF_STRANGERS;
	if (is_dhcp(e->type))
		return LIMIT_OF_GUESTS;
	if (e->severity >= SEVERITY_NOTICE)
		return LIMIT_OF_WARNINGS;
	if (crowd)
		return LIMIT_OF_GUESTS;
	return e->type == EVENT_TFTP_COMPLETE ? LIMIT_POTS : LIMIT_OF_WORK;
}

bool limiter_take(struct limiter *l, const struct event *e, bool has_lease, usec_t now)
{
	bool at_work = has_lease && !is_dhcp(e->type), crowd, pass;
	enum limit_pot pot;
	unsigned most = allowance(e->type);
	struct limit_slot *s;

	if (!most)
		return true;
	s = slot_of(l, key_of(e));
	if (s && ++s->seen > most) {
		if (!s->left_out++) {
			char text[sizeof(e->text) + sizeof(e->reason)];

			event_text(e, text, sizeof(text));
			text_copy(s->sentence, sizeof(s->sentence), text);
		}
		l->any = true;
		return false;
	}
	crowd = !s && l->any; /* more repeaters than slots */
	pot = pot_of(e, has_lease, crowd);
	pass = (!crowd || at_work) && (pot == LIMIT_POTS || has_token(l, pot, now));
	if (pass)
		return true;
	l->any = true;
	if (crowd || has_lease)
		l->others++;
	else
		l->strangers++;
	return false;
}

static void note(struct limiter *l, struct event *e, uint64_t n, usec_t now, const char *what)
{
	event_init(e, EVENT_DAEMON_NOTE);
	event_set_text(e, FIELD_CODE, "left-out");
	event_set_format(e, FIELD_REASON, "%" PRIu64 " more within %" PRIu64 " s: %.180s", n,
			 (now - l->began + USEC_SEC(1) - 1) / USEC_SEC(1), what);
}

bool limiter_next(struct limiter *l, usec_t now, struct event *e)
{
	unsigned said = 0;

	for (unsigned i = 0; l->any && i < l->next; i++)
		said += l->slot[i].left_out != 0;
	while (l->any && l->next < LIMIT_SLOTS) {
		struct limit_slot *s = &l->slot[l->next++];

		if (!s->left_out)
			continue;
		if (said < LIMIT_NOTES) {
			note(l, e, s->left_out, now, s->sentence);
			return true;
		}
		l->others += s->left_out;
	}
	if (l->others) {
		note(l, e, l->others, now, "many senders say the same again and again.");
		l->others = 0;
		return true;
	}
	if (l->strangers) {
		note(l, e, l->strangers, now,
		     "somebody floods this wire as ever new devices. Phones that have an "
		     "address are served; find and unplug it.");
		e->severity = SEVERITY_WARNING;
		l->strangers = 0;
		return true;
	}
	memset(l->slot, 0, sizeof(l->slot));
	l->next = 0;
	l->any = false;
	l->began = now;
	return false;
}
