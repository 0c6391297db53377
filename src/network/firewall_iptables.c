/* SPDX-License-Identifier: MIT */
/*
 * iptables, from what iptables-save prints:
 *
 *     *filter
 *     :INPUT DROP [0:0]
 *     -A INPUT -i lan0 -p udp -m multiport --dports 67,69 -j ACCEPT
 *     COMMIT
 *
 * Options that are not known here make a rule MAYBE. A target that is no chain and no verdict (LOG,
 * MARK, …) lets the packet go on.
 */
#include "rules.h"

#include "reflashd/text.h"

#include <errno.h>
#include <string.h>

#define LINE_MAX_LEN 1024
#define WORDS_MAX    64

struct reading {
	struct ruleset set;
	const struct firewall_question *q;
	char table[64];
};

/* Cuts the line into words, in place; quotes hold blanks together. */
static unsigned cut(char *line, char *word[WORDS_MAX])
{
	unsigned n = 0;
	char *p = line;

	while (n < WORDS_MAX) {
		char *to;
		bool quoted = false;

		while (*p == ' ')
			p++;
		if (!*p)
			break;
		word[n++] = to = p;
		for (; *p && (quoted || *p != ' '); p++) {
			if (*p == '"')
				quoted = !quoted;
			else if (*p == '\\' && p[1])
				*to++ = *++p;
			else
				*to++ = *p;
		}
		if (*p)
			p++;
		*to = 0;
	}
	return n;
}

static bool parse_port(const char *text, size_t len, uint64_t *port)
{
	char number[8];

	if (len >= sizeof(number))
		return false;
	memcpy(number, text, len);
	number[len] = 0;
	return text_to_u64(number, 0, 65535, port);
}

/* "67", "67:69", ":69", "67,69", "1000:2000,67". */
static enum truth ports_match(const char *list, uint16_t port)
{
	while (*list) {
		size_t len = strcspn(list, ","), colon = strcspn(list, ",:");
		uint64_t first = 0, last = 65535;

		if (colon && !parse_port(list, colon, &first))
			return MAYBE;
		if (colon == len)
			last = first;
		else if (len > colon + 1 && !parse_port(list + colon + 1, len - colon - 1, &last))
			return MAYBE;
		if (port >= first && port <= last)
			return YES;
		list += len + (list[len] == ',');
	}
	return NO;
}

static enum truth states_match(const char *list, bool answer)
{
	const char *wanted = answer ? "ESTABLISHED" : "NEW";

	while (*list) {
		size_t len = strcspn(list, ",");

		if (len == strlen(wanted) && memcmp(list, wanted, len) == 0)
			return YES;
		list += len + (list[len] == ',');
	}
	return NO;
}

static enum truth protocol_matches(const char *value, const struct firewall_question *q)
{
	const char *own = q->protocol == FIREWALL_UDP ? "udp" : "tcp";
	const char *number = q->protocol == FIREWALL_UDP ? "17" : "6";

	return strcmp(value, own) == 0 || strcmp(value, number) == 0 || strcmp(value, "all") == 0 ||
			       strcmp(value, "0") == 0
		       ? YES
		       : NO;
}

static enum truth option_holds(const char *option, const char *value,
			       const struct firewall_question *q)
{
	if (strcmp(option, "-i") == 0)
		return interface_matches(value, '+', q->interface);
	if (strcmp(option, "-p") == 0)
		return protocol_matches(value, q);
	if (strcmp(option, "--dport") == 0 || strcmp(option, "--dports") == 0)
		return ports_match(value, q->port);
	if (strcmp(option, "--ctstate") == 0 || strcmp(option, "--state") == 0)
		return states_match(value, q->answer);
	if (strcmp(option, "-m") == 0 || strcmp(option, "--comment") == 0)
		return YES; /* which extension reads the options, and a remark */
	return MAYBE;
}

static void set_target(struct rule *r, const char *target, bool go)
{
	if (strcmp(target, "ACCEPT") == 0) {
		r->action = RULE_ACCEPT;
	} else if (strcmp(target, "DROP") == 0) {
		r->action = RULE_DROP;
	} else if (strcmp(target, "REJECT") == 0) {
		r->action = RULE_REJECT;
	} else if (strcmp(target, "RETURN") == 0) {
		r->action = RULE_RETURN;
	} else if (strcmp(target, "QUEUE") == 0 || strcmp(target, "NFQUEUE") == 0) {
		r->action = RULE_UNKNOWN;
	} else {
		r->action = go ? RULE_GOTO : RULE_JUMP;
		text_copy(r->target, sizeof(r->target), target);
	}
}

static bool read_rule(struct reading *in, char *word[], unsigned n)
{
	struct chain *c = n > 1 ? ruleset_chain(&in->set, "ip", in->table, word[1]) : NULL;
	struct rule r = {.match = YES};
	bool negated = false;

	if (!c)
		return false;
	for (unsigned i = 2; i < n; i++) {
		const char *option = word[i], *value = i + 1 < n ? word[i + 1] : "";
		enum truth holds;

		if (strcmp(option, "!") == 0) {
			negated = true;
			continue;
		}
		if (strcmp(option, "-j") == 0 || strcmp(option, "-g") == 0) {
			set_target(&r, value, option[1] == 'g');
			break; /* what follows are the target's own options */
		}
		if (*option != '-')
			continue; /* further values of an option we do not know */
		holds = option_holds(option, value, in->q);
		r.match = truth_and(r.match, negated ? truth_not(holds) : holds);
		negated = false;
		if (*value != '-' && *value != '!')
			i++;
	}
	return ruleset_add(&in->set, c, &r);
}

static bool read_chain(struct reading *in, char *word[], unsigned n)
{
	struct chain *c = ruleset_chain(&in->set, "ip", in->table, word[0] + 1);

	if (!c)
		return false;
	if (n < 2 || strcmp(word[1], "-") == 0)
		return true; /* a user's own chain */
	c->base = strcmp(in->table, "nat") != 0 &&
		  (strcmp(c->name, "INPUT") == 0 || strcmp(c->name, "PREROUTING") == 0);
	c->policy_drop = strcmp(word[1], "DROP") == 0;
	return true;
}

/* LOG, MARK and the like are no chains: the packet goes on. */
static void settle_targets(struct ruleset *s)
{
	for (unsigned i = 1; i <= s->rules; i++) {
		bool found = false;

		if (s->rule[i].action != RULE_JUMP && s->rule[i].action != RULE_GOTO)
			continue;
		for (unsigned j = 0; j < s->chains && !found; j++)
			found = strcmp(s->chain[j].name, s->rule[i].target) == 0;
		if (!found)
			s->rule[i].action = RULE_GO_ON;
	}
}

static int read_line(struct reading *in, char *line)
{
	char *word[WORDS_MAX];
	unsigned n;

	if (*line == '#' || !*line)
		return 0;
	n = cut(line, word);
	if (n == 0)
		return 0;
	if (*word[0] == '*')
		return text_copy(in->table, sizeof(in->table), word[0] + 1) ? 0 : -EBADMSG;
	if (!*in->table)
		return -EBADMSG;
	if (*word[0] == ':')
		return read_chain(in, word, n) ? 0 : -ENOMEM;
	if (strcmp(word[0], "-A") == 0)
		return read_rule(in, word, n) ? 0 : -ENOMEM;
	return 0;
}

int firewall_judge_iptables(const char *text, size_t len, const struct firewall_question *q,
			    struct firewall_answer *a)
{
	struct reading in = {.q = q};
	int err = 0;

	for (size_t at = 0; !err && at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;
		char line[LINE_MAX_LEN];

		if (line_len >= sizeof(line)) {
			err = -EBADMSG;
			break;
		}
		memcpy(line, text + at, line_len);
		line[line_len] = 0;
		err = read_line(&in, line);
		at += line_len + 1;
	}
	settle_targets(&in.set);
	if (!err)
		ruleset_judge(&in.set, a);
	ruleset_free(&in.set);
	return err;
}
