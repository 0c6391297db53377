/* SPDX-License-Identifier: MIT */
/*
 * nftables, from the JSON of `nft -j list ruleset' (libnftables-json(5)): the chains that see what
 * comes in, each rule with its matches decided for one packet as far as they can be.
 *
 * What this file does not know is MAYBE when it looks like a match and nothing at all when it looks
 * like a remark (a counter, a log line, a mark that is set).
 */
#include "rules.h"

#include "reflashd/text.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

struct reading {
	struct ruleset set;
	const struct firewall_question *q;
	bool skip_iptables, full;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_one_of(const char *word, const char *const list[])
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* What the packet has where the rule looks: a number, a word, or both. */
struct fact {
	bool is_interface, known;
	const char *word;
	json_int_t number; /* -1: none */
};

static enum truth element_matches(const json_t *e, const struct fact *fact)
{
	const json_t *range = json_object_get(e, "range");

	if (json_is_string(e)) {
		const char *text = json_string_value(e);

		if (*text == '@')
			return MAYBE;
		if (fact->is_interface)
			return interface_matches(text, '*', fact->word);
		return fact->word && strcmp(text, fact->word) == 0 ? YES : fact->word ? NO : MAYBE;
	}
	if (json_is_integer(e))
		return fact->number < 0 ? MAYBE : json_integer_value(e) == fact->number ? YES : NO;
	if (json_array_size(range) == 2 && fact->number >= 0 &&
	    json_is_integer(json_array_get(range, 0)) && json_is_integer(json_array_get(range, 1)))
		return fact->number >= json_integer_value(json_array_get(range, 0)) &&
				       fact->number <= json_integer_value(json_array_get(range, 1))
			       ? YES
			       : NO;
	return MAYBE;
}

static enum truth value_matches(const json_t *right, const struct fact *fact)
{
	const json_t *set = json_object_get(right, "set");
	const json_t *list = json_is_array(right) ? right : json_is_array(set) ? set : NULL;
	enum truth found = NO;

	if (!fact->known)
		return MAYBE;
	if (!list)
		return element_matches(set ? set : right, fact);
	for (size_t i = 0; i < json_array_size(list) && found != YES; i++) {
		enum truth one = element_matches(json_array_get(list, i), fact);

		found = one > found ? one : found;
	}
	return found;
}

/* Is it a header that our packet does not have? Then the rule is not for it, whatever it asks. */
static bool is_other_protocol(const char *protocol, const struct firewall_question *q)
{
	static const char *const never[] = {"icmp", "icmpv6", "igmp", "sctp", "dccp",
					    "ip6",  "esp",    "ah",   NULL};

	return is_one_of(protocol, never) ||
	       (strcmp(protocol, "tcp") == 0 && q->protocol != FIREWALL_TCP) ||
	       (strcmp(protocol, "udp") == 0 && q->protocol != FIREWALL_UDP) ||
	       (strcmp(protocol, "udplite") == 0);
}

/* NO: the rule cannot meet the packet. Else the fact is filled, known or not. */
static enum truth left_fact(const json_t *left, const struct firewall_question *q,
			    struct fact *fact)
{
	const json_t *meta = json_object_get(left, "meta"), *ct = json_object_get(left, "ct");
	const json_t *payload = json_object_get(left, "payload");
	const char *key = text_of(meta, "key"), *field = text_of(payload, "field");
	const char *protocol = q->protocol == FIREWALL_UDP ? "udp" : "tcp";

	*fact = (struct fact){.number = -1};
	if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0)
		*fact = (struct fact){true, true, q->interface, -1};
	else if (strcmp(key, "l4proto") == 0 || strcmp(field, "protocol") == 0)
		*fact = (struct fact){false, true, protocol, (json_int_t)q->protocol};
	else if (strcmp(key, "nfproto") == 0)
		*fact = (struct fact){false, true, "ipv4", 2};
	else if (strcmp(text_of(ct, "key"), "state") == 0)
		*fact = (struct fact){false, true, q->answer ? "established" : "new", -1};
	else if (payload && is_other_protocol(text_of(payload, "protocol"), q))
		return NO;
	else if (strcmp(field, "dport") == 0)
		*fact = (struct fact){false, true, NULL, q->port};
	return YES;
}

static enum truth match_holds(const json_t *match, const struct firewall_question *q)
{
	const char *op = text_of(match, "op");
	struct fact fact;
	enum truth holds;

	if (left_fact(json_object_get(match, "left"), q, &fact) == NO)
		return NO;
	holds = value_matches(json_object_get(match, "right"), &fact);
	if (strcmp(op, "==") == 0 || strcmp(op, "in") == 0)
		return holds;
	return strcmp(op, "!=") == 0 ? truth_not(holds) : MAYBE;
}

/* True when it is a verdict. */
static bool verdict_of(const json_t *statement, struct rule *r)
{
	const json_t *jump = json_object_get(statement, "jump");
	const json_t *go = json_object_get(statement, "goto");

	if (json_object_get(statement, "accept"))
		r->action = RULE_ACCEPT;
	else if (json_object_get(statement, "drop"))
		r->action = RULE_DROP;
	else if (json_object_get(statement, "reject"))
		r->action = RULE_REJECT;
	else if (json_object_get(statement, "return"))
		r->action = RULE_RETURN;
	else if (json_object_get(statement, "queue"))
		r->action = RULE_UNKNOWN;
	else if (jump || go)
		r->action = jump ? RULE_JUMP : RULE_GOTO;
	else
		return false;
	if (jump || go)
		text_copy(r->target, sizeof(r->target), text_of(jump ? jump : go, "target"));
	return true;
}

static void add_rule(struct reading *in, struct chain *c, const struct rule *r)
{
	in->full = in->full || !ruleset_add(&in->set, c, r);
}

/* "iifname vmap { lo : accept, … }": a rule for each element. */
static void add_vmap(struct reading *in, struct chain *c, const json_t *vmap, enum truth before)
{
	const json_t *set = json_object_get(json_object_get(vmap, "data"), "set");
	struct rule r = {.match = MAYBE, .action = RULE_UNKNOWN};
	struct fact fact;

	if (left_fact(json_object_get(vmap, "key"), in->q, &fact) == NO)
		return;
	if (!json_is_array(set)) {
		r.match = truth_and(before, MAYBE);
		add_rule(in, c, &r);
		return;
	}
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *pair = json_array_get(set, i);

		r = (struct rule){.match = fact.known
						   ? element_matches(json_array_get(pair, 0), &fact)
						   : MAYBE};
		r.match = truth_and(before, r.match);
		if (verdict_of(json_array_get(pair, 1), &r))
			add_rule(in, c, &r);
	}
}

/* A match of iptables that nft can only name. */
static enum truth xt_match(const json_t *xt)
{
	bool harmless = strcmp(text_of(xt, "type"), "match") != 0 ||
			strcmp(text_of(xt, "name"), "comment") == 0;

	return harmless ? YES : MAYBE;
}

static void read_rule(struct reading *in, const json_t *rule)
{
	struct chain *c = ruleset_chain(&in->set, text_of(rule, "family"), text_of(rule, "table"),
					text_of(rule, "chain"));
	const json_t *list = json_object_get(rule, "expr");
	struct rule r = {.match = YES};

	if (!c) {
		in->full = true;
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i), *match = json_object_get(e, "match");
		const json_t *vmap = json_object_get(e, "vmap"), *xt = json_object_get(e, "xt");

		if (match)
			r.match = truth_and(r.match, match_holds(match, in->q));
		else if (json_object_get(e, "limit") || json_object_get(e, "quota") ||
			 json_object_get(e, "ct count"))
			r.match = truth_and(r.match, MAYBE);
		else if (xt)
			r.match = truth_and(r.match, xt_match(xt));
		else if (vmap)
			add_vmap(in, c, vmap, r.match);
		else
			verdict_of(e, &r);
	}
	add_rule(in, c, &r);
}

static bool is_on(const json_t *dev, const char *interface)
{
	if (json_is_string(dev))
		return strcmp(json_string_value(dev), interface) == 0;
	for (size_t i = 0; i < json_array_size(dev); i++) {
		const char *name = json_string_value(json_array_get(dev, i));

		if (name && strcmp(name, interface) == 0)
			return true;
	}
	return false;
}

static void read_chain(struct reading *in, const json_t *chain)
{
	static const char *const families[] = {"ip", "inet", "netdev", NULL};
	static const char *const hooks[] = {"input", "prerouting", "ingress", NULL};
	static const char *const tables[] = {"filter", "mangle", "raw", "nat", "security", NULL};
	static const char *const chains[] = {"INPUT", "PREROUTING", NULL};
	const char *family = text_of(chain, "family"), *hook = text_of(chain, "hook");
	struct chain *c =
		ruleset_chain(&in->set, family, text_of(chain, "table"), text_of(chain, "name"));

	if (!c) {
		in->full = true;
		return;
	}
	c->base = is_one_of(family, families) && is_one_of(hook, hooks) &&
		  strcmp(text_of(chain, "type"), "nat") != 0;
	if (strcmp(hook, "ingress") == 0 && !is_on(json_object_get(chain, "dev"), in->q->interface))
		c->base = false;
	if (in->skip_iptables && strcmp(family, "ip") == 0 && is_one_of(c->table, tables) &&
	    is_one_of(c->name, chains))
		c->base = false;
	c->policy_drop = strcmp(text_of(chain, "policy"), "drop") == 0;
}

int firewall_judge_nft(const char *json, size_t len, bool skip_iptables,
		       const struct firewall_question *q, struct firewall_answer *a)
{
	struct reading in = {.q = q, .skip_iptables = skip_iptables};
	json_t *root = json_loadb(json, len, 0, NULL);
	const json_t *list = json_object_get(root, "nftables");
	int err = json_is_array(list) ? 0 : -EBADMSG;

	for (size_t i = 0; !err && i < json_array_size(list); i++) {
		const json_t *chain = json_object_get(json_array_get(list, i), "chain");
		const json_t *rule = json_object_get(json_array_get(list, i), "rule");

		if (chain)
			read_chain(&in, chain);
		if (rule)
			read_rule(&in, rule);
		if (in.full)
			err = -ENOMEM;
	}
	json_decref(root);
	if (!err)
		ruleset_judge(&in.set, a);
	ruleset_free(&in.set);
	return err;
}
