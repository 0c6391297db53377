/* SPDX-License-Identifier: MIT */
/*
 * Does a firewall keep phones out? Judged from what `nft -j list ruleset' and `iptables-save' print.
 * Pure: whoever calls has run them.
 *
 * Every rule is one of: it meets our packet, it does not, or nobody can tell from the outside (an
 * address, a mark, a rate). The answer is "blocked" or "open" only when all of that leaves one
 * possibility; a warning that cries wolf would be worse than none.
 */
#ifndef REFLASHD_FIREWALL_H
#define REFLASHD_FIREWALL_H

#include "reflashd/base.h"

enum firewall_verdict {
	FIREWALL_OPEN,
	FIREWALL_UNCLEAR,
	FIREWALL_BLOCKED,
};

enum firewall_protocol {
	FIREWALL_UDP = 17,
	FIREWALL_TCP = 6,
};

/* A packet that comes in on this interface for this machine. */
struct firewall_question {
	const char *interface;
	enum firewall_protocol protocol;
	uint16_t port;
	bool answer; /* to something we sent, so that the kernel knows the connection */
};

struct firewall_answer {
	enum firewall_verdict verdict;
	bool silent; /* blocked without an answer to the sender, not refused */
	/* The chain that blocks, or that is unclear: "inet", "filter", "input". */
	char family[12], table[64], chain[64];
};

/*
 * skip_iptables: leave out the tables that the iptables of today keeps in nftables, because
 * iptables-save tells more of them. -EBADMSG when it is no such text, -ENOMEM.
 */
int firewall_judge_nft(const char *json, size_t len, bool skip_iptables,
		       const struct firewall_question *q, struct firewall_answer *a);
int firewall_judge_iptables(const char *text, size_t len, const struct firewall_question *q,
			    struct firewall_answer *a);

#endif
