/* SPDX-License-Identifier: MIT */
/*
 * A firewall's rules as seen by one packet. Private to src/network.
 */
#ifndef REFLASHD_NETWORK_RULES_H
#define REFLASHD_NETWORK_RULES_H

#include "reflashd/firewall.h"

#define RULES_MAX  100000
#define CHAINS_MAX 2000

enum truth {
	NO,
	MAYBE,
	YES,
};

enum rule_action {
	RULE_GO_ON,
	RULE_ACCEPT,
	RULE_DROP,
	RULE_REJECT,
	RULE_UNKNOWN, /* accepts or drops, nobody can tell */
	RULE_RETURN,
	RULE_JUMP,
	RULE_GOTO,
};

struct rule {
	enum truth match;
	enum rule_action action;
	char target[64]; /* of a jump: a chain of the same table */
	unsigned next;	 /* the next rule of the chain; 0: the last */
};

struct chain {
	char family[12], table[64], name[64];
	bool base, policy_drop;
	unsigned first, last;
};

struct ruleset {
	struct rule *rule; /* from 1 */
	struct chain *chain;
	unsigned rules, rules_size, chains;
};

void ruleset_free(struct ruleset *s);
/* NULL: no memory, or more than anybody has. A chain of that name is returned, not doubled. */
struct chain *ruleset_chain(struct ruleset *s, const char *family, const char *table,
			    const char *name);
bool ruleset_add(struct ruleset *s, struct chain *c, const struct rule *r);
/* All base chains have their say: one that drops is enough. */
void ruleset_judge(const struct ruleset *s, struct firewall_answer *a);

enum truth truth_and(enum truth a, enum truth b);
enum truth truth_not(enum truth a);
/* Interface names may end in a wildcard: '*' in nftables, '+' in iptables. */
enum truth interface_matches(const char *pattern, char wildcard, const char *interface);

#endif
