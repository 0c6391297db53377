/* SPDX-License-Identifier: MIT */
/*
 * The lease table: one phone, one address, for ever.
 *
 * A phone's address is chosen from its MAC alone (a hash into the pool, then the next free
 * one), so that even without the state file it tends to get the same one back, and it keeps
 * it until the pool is full; only then the lease that expired longest ago is given
 * away. Pure: the caller gives `now`; wall-clock times for the state file are the shell's.
 */
#ifndef REFLASHD_LEASE_H
#define REFLASHD_LEASE_H

#include "reflashd/address.h"
#include "reflashd/base.h"
#include "reflashd/fault.h"

#define LEASE_POOL_MAX 8192 /* addresses in a pool: a /19 */

enum lease_state {
	LEASE_FREE,
	LEASE_OFFERED,	/* promised for a short while after an OFFER */
	LEASE_BOUND,	/* acknowledged; may have expired (see expires) */
	LEASE_RELEASED, /* given back; remembered for the same phone */
	LEASE_DECLINED, /* somebody else was found there: not given out until expires */
};

struct lease {
	struct mac mac;
	uint32_t ip;
	enum lease_state state;
	usec_t expires;
	uint16_t earlier, later; /* neighbours in the list of this state, by expiry */
	/* What the disk says of this address: it is this phone's until then at least. 0: nothing;
	 * 1: it was this phone's once. Set by whoever saves; lease_set() drops it with the owner.
	 */
	usec_t kept;
};

struct lease_table {
	uint32_t first, last; /* inclusive pool, host order */
	unsigned count;	      /* slots: last - first + 1 */
	struct lease *slots;  /* by address: slots[ip - first]; owned by the caller */
	/* open-addressed index by MAC; owned by the caller, a power of two > 2 * count */
	uint16_t *index;
	unsigned index_size;
	/* lease.c's own, so that a full table is as quick as an empty one: which slots are
	 * FREE, and for each other state its slots from the earliest expiry to the latest. */
	uint64_t free_map[LEASE_POOL_MAX / 64];
	struct {
		uint16_t first, last;
	} by_expiry[LEASE_DECLINED + 1];
};

/* Slots and index needed for a pool of n addresses. */
unsigned lease_index_size(unsigned n);
void lease_table_init(struct lease_table *t, uint32_t first, uint32_t last, struct lease *slots,
		      uint16_t *index, unsigned index_size);

struct lease *lease_find_mac(struct lease_table *t, struct mac mac);
struct lease *lease_find_ip(struct lease_table *t, uint32_t ip);
/*
 * The address for this phone: the one it has or had; else the wanted one when it is in the
 * pool and never used (wanted 0: none); else its hashed place or the next free one; else the
 * one that expired longest ago (offers nobody took first); else, so that a flood of invented
 * MACs cannot shut out a phone, the oldest offer; else the one that was declined longest ago.
 * NULL when every address is in use. `reserved`
 * (our own address) is never given out. The result is not yet marked as offered or bound.
 */
struct lease *lease_choose(struct lease_table *t, struct mac mac, uint32_t wanted,
			   uint32_t reserved, usec_t now);
unsigned lease_count_free(const struct lease_table *t);
/* The same for a client that is no phone: of the free addresses `keep` are kept for phones. */
struct lease *lease_choose_guest(struct lease_table *t, struct mac mac, uint32_t wanted,
				 uint32_t reserved, unsigned keep, usec_t now);
/* Binds a lease to a phone in a new state; keeps the index right. A phone has one lease: any
 * other one it had becomes FREE. FREE and DECLINED belong to nobody, mac is not kept; DECLINED
 * until USEC_NEVER takes an address out of the pool for good. */
void lease_set(struct lease_table *t, struct lease *l, struct mac mac, enum lease_state state,
	       usec_t expires);

/*
 * The table as text, one line a lease: "MAC IP STATE SECONDS", SECONDS left (may be 0);
 * BOUND and RELEASED leases, and what was one before it was offered to the same phone again.
 * malloc'ed text, NULL when memory is short. Loading ignores lines outside the pool and reports the
 * first line that makes no sense; nothing of a bad file is taken over. Load before anything is
 * leased.
 */
char *lease_table_save(const struct lease_table *t, usec_t now);
int lease_table_load(struct lease_table *t, const char *name, const char *text, size_t len,
		     usec_t now, struct fault *f);

/*
 * The journal: one line for each change since the table was written, in the order of the changes,
 *
 *	CRC MAC IP bound|released SECONDS		or		CRC - IP free 0
 *
 * CRC: eight hex digits, CRC-32 of what follows the blank, without the newline. A bound lease is
 * written down for twice its time, so that a renewal on time needs no new line; *kept is what
 * lease.kept becomes once the line is on disk. Returns the length, always under LEASE_LINE_MAX.
 */
#define LEASE_LINE_MAX 80
size_t lease_line_write(const struct lease *l, usec_t now, char *out, usec_t *kept);
/*
 * Applies a journal to a table that was loaded: up to the end, the first NUL or the first line that
 * is torn, since what follows that one was never promised to anybody. Applying it once more
 * to its own result changes nothing. Returns the number of lines applied.
 */
unsigned lease_journal_replay(struct lease_table *t, const char *text, size_t len, usec_t now);

#endif
