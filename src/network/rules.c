/* SPDX-License-Identifier: MIT */
/*
 * Walking a firewall's chains with a packet of which not everything is known.
 *
 * What comes out of a chain is a set of possible ends (accept, drop, reject, back to the caller): a
 * rule that may or may not meet the packet adds its end to the set and lets the walk go on. Jumps
 * are followed on a stack as deep as the kernel's own limit, and a budget of steps ends what
 * somebody may have written to make it explode: then the answer is "unclear".
 */
#include "rules.h"

#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define STEPS_MAX 200000

enum {
	END_ACCEPT = 1,
	END_DROP = 2,
	END_REJECT = 4,
	END_BACK = 8,
};

struct level {
	const struct chain *chain;
	unsigned rule, ends;
};

void ruleset_free(struct ruleset *s)
{
	free(s->rule);
	free(s->chain);
	*s = (struct ruleset){.rule = NULL};
}

static struct chain *find_chain(const struct ruleset *s, const char *family, const char *table,
				const char *name)
{
	for (unsigned i = 0; i < s->chains; i++)
		if (strcmp(s->chain[i].name, name) == 0 && strcmp(s->chain[i].table, table) == 0 &&
		    strcmp(s->chain[i].family, family) == 0)
			return &s->chain[i];
	return NULL;
}

struct chain *ruleset_chain(struct ruleset *s, const char *family, const char *table,
			    const char *name)
{
	struct chain *c = find_chain(s, family, table, name);

	if (c || s->chains == CHAINS_MAX)
		return c;
	if (!s->chain) {
		s->chain = calloc(CHAINS_MAX, sizeof(*s->chain));
		if (!s->chain)
			return NULL;
	}
	c = &s->chain[s->chains];
	if (!text_copy(c->family, sizeof(c->family), family) ||
	    !text_copy(c->table, sizeof(c->table), table) ||
	    !text_copy(c->name, sizeof(c->name), name))
		return NULL;
	s->chains++;
	return c;
}

bool ruleset_add(struct ruleset *s, struct chain *c, const struct rule *r)
{
	if (s->rules == RULES_MAX)
		return false;
	if (s->rules + 1 >= s->rules_size) {
		unsigned size = s->rules_size ? 2 * s->rules_size : 256;
		struct rule *grown = realloc(s->rule, size * sizeof(*grown));

		if (!grown)
			return false;
		s->rule = grown;
		s->rules_size = size;
	}
	s->rule[++s->rules] = *r;
	s->rule[s->rules].next = 0;
	if (c->last)
		s->rule[c->last].next = s->rules;
	else
		c->first = s->rules;
	c->last = s->rules;
	return true;
}

/* What follows when the packet falls off the end of the chain. */
static unsigned chain_end(const struct chain *c)
{
	if (!c->base)
		return END_BACK;
	return c->policy_drop ? END_DROP : END_ACCEPT;
}

static unsigned action_ends(const struct rule *r, const struct chain *c)
{
	switch (r->action) {
	case RULE_ACCEPT: return END_ACCEPT;
	case RULE_DROP: return END_DROP;
	case RULE_REJECT: return END_REJECT;
	case RULE_RETURN: return chain_end(c);
	case RULE_GO_ON:
	case RULE_JUMP:
	case RULE_GOTO:
	case RULE_UNKNOWN: break;
	}
	return END_ACCEPT | END_DROP;
}

/* The possible ends of a packet that enters this base chain. */
static unsigned walk(const struct ruleset *s, const struct chain *base)
{
	struct level stack[DEPTH_MAX] = {{.chain = base, .rule = base->first}};
	unsigned depth = 1, steps = 0;

	for (;;) {
		struct level *top = &stack[depth - 1];
		const struct rule *r = top->rule ? &s->rule[top->rule] : NULL;
		const struct chain *target;
		bool over = !r;

		if (++steps > STEPS_MAX)
			return END_ACCEPT | END_DROP;
		if (r && (r->match == NO || r->action == RULE_GO_ON)) {
			top->rule = r->next;
			continue;
		}
		if (r && (r->action == RULE_JUMP || r->action == RULE_GOTO)) {
			target = find_chain(s, top->chain->family, top->chain->table, r->target);
			if (!target || depth == DEPTH_MAX)
				return END_ACCEPT | END_DROP;
			stack[depth++] = (struct level){.chain = target, .rule = target->first};
			continue;
		}
		if (r) {
			top->ends |= action_ends(r, top->chain);
			over = r->match == YES;
			top->rule = r->next;
		} else {
			top->ends |= chain_end(top->chain);
		}
		/* A chain that is over tells its caller, which may be over by that, too. */
		while (over) {
			unsigned ends = stack[depth - 1].ends;

			if (--depth == 0)
				return ends;
			top = &stack[depth - 1];
			r = &s->rule[top->rule];
			if (r->action == RULE_GOTO && (ends & END_BACK))
				ends = (ends & ~(unsigned)END_BACK) | chain_end(top->chain);
			over = r->match == YES && (r->action == RULE_GOTO || !(ends & END_BACK));
			top->ends |= r->action == RULE_GOTO ? ends : ends & ~(unsigned)END_BACK;
			top->rule = r->next;
		}
	}
}

static void name_chain(struct firewall_answer *a, const struct chain *c)
{
	text_copy(a->family, sizeof(a->family), c->family);
	text_copy(a->table, sizeof(a->table), c->table);
	text_copy(a->chain, sizeof(a->chain), c->name);
}

void ruleset_judge(const struct ruleset *s, struct firewall_answer *a)
{
	*a = (struct firewall_answer){.verdict = FIREWALL_OPEN};
	for (unsigned i = 0; i < s->chains; i++) {
		enum firewall_verdict verdict;
		unsigned ends;

		if (!s->chain[i].base)
			continue;
		ends = walk(s, &s->chain[i]);
		verdict = ends == END_ACCEPT  ? FIREWALL_OPEN
			  : ends & END_ACCEPT ? FIREWALL_UNCLEAR
					      : FIREWALL_BLOCKED;
		if (verdict <= a->verdict)
			continue;
		a->verdict = verdict;
		a->silent = (ends & END_DROP) != 0;
		name_chain(a, &s->chain[i]);
	}
}

enum truth truth_and(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

enum truth truth_not(enum truth a)
{
	return a == YES ? NO : a == NO ? YES : MAYBE;
}

enum truth interface_matches(const char *pattern, char wildcard, const char *interface)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == wildcard)
		return strncmp(pattern, interface, len - 1) == 0 ? YES : NO;
	return strcmp(pattern, interface) == 0 ? YES : NO;
}
