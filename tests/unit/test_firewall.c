/* SPDX-License-Identifier: MIT */
/*
 * Does a firewall keep phones out? Rule sets as people have them, and what may be said of each:
 * blocked or open only when nothing is left to guess.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exact.h"
#include "reflashd/firewall.h"

#define O FIREWALL_OPEN
#define U FIREWALL_UNCLEAR
#define B FIREWALL_BLOCKED

/* UDP 67, UDP 69, TCP 2000, and what answers our own packets on a high UDP port. */
static const struct firewall_question questions[] = {
	{"lan0", FIREWALL_UDP, 67, false},
	{"lan0", FIREWALL_UDP, 69, false},
	{"lan0", FIREWALL_TCP, 2000, false},
	{"lan0", FIREWALL_UDP, 40000, true},
};

#define INPUT(POLICY)                                                                              \
	"{'chain':{'family':'inet','table':'filter','name':'input','handle':1,'type':'filter',"    \
	"'hook':'input','prio':0,'policy':'" POLICY "'}}"
#define SUB(NAME) ",{'chain':{'family':'inet','table':'filter','name':'" NAME "','handle':9}}"
#define RULE_IN(CHAIN, EXPR)                                                                       \
	",{'rule':{'family':'inet','table':'filter','chain':'" CHAIN "','handle':2,'expr':[" EXPR  \
	"]}}"
#define RULE(EXPR)   RULE_IN("input", EXPR)
#define IF(NAME)     "{'match':{'op':'==','left':{'meta':{'key':'iifname'}},'right':'" NAME "'}},"
#define IF_NOT(NAME) "{'match':{'op':'!=','left':{'meta':{'key':'iifname'}},'right':'" NAME "'}},"
#define PORT(PROTO, RIGHT)                                                                         \
	"{'match':{'op':'==','left':{'payload':{'protocol':'" PROTO                                \
	"','field':'dport'}},'right':" RIGHT "}},"
#define STATE(OP, LIST) "{'match':{'op':'" OP "','left':{'ct':{'key':'state'}},'right':" LIST "}},"
#define FROM(NET)                                                                                  \
	"{'match':{'op':'==','left':{'payload':{'protocol':'ip','field':'saddr'}},'right':{"       \
	"'prefix':{'addr':'" NET "','len':24}}}},"
#define ACCEPT "{'accept':null}"
#define DROP   "{'drop':null}"
#define KNOWN  RULE(STATE("in", "['established','related']") ACCEPT)

static char *quoted(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

struct rules {
	const char *what;
	enum firewall_verdict want[ARRAY_LEN(questions)];
	const char *text;
};

static void check(const struct rules *r, bool nft, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		struct firewall_answer a;
		int err = nft ? firewall_judge_nft(text, strlen(text), true, &questions[i], &a)
			      : firewall_judge_iptables(text, strlen(text), &questions[i], &a);

		if (err)
			fail_msg("%s: error %d", r->what, err);
		if (a.verdict != r->want[i])
			fail_msg("%s: question %zu: %d, not %d", r->what, i, (int)a.verdict,
				 (int)r->want[i]);
	}
}

static void nft_rules(void **state)
{
	static const struct rules cases[] = {
		{"nothing", {O, O, O, O}, ""},
		{"accepts all", {O, O, O, O}, INPUT("accept")},
		{"drops all", {B, B, B, B}, INPUT("drop")},
		{"replies only", {B, B, B, O}, INPUT("drop") KNOWN},
		{"the ports, but no replies",
		 {O, O, B, B},
		 INPUT("drop") RULE(PORT("udp", "{'set':[67,69]}") ACCEPT)},
		{"a range and replies",
		 {O, O, B, O},
		 INPUT("drop") KNOWN RULE(PORT("udp", "{'range':[67,69]}") ACCEPT)},
		{"a set with a range",
		 {O, O, B, O},
		 INPUT("drop") KNOWN RULE(PORT("udp", "{'set':[53,{'range':[60,70]}]}") ACCEPT)},
		{"only DHCP", {O, B, B, O}, INPUT("drop") KNOWN RULE(PORT("udp", "67") ACCEPT)},
		{"th dport", {O, B, B, O}, INPUT("drop") KNOWN RULE(PORT("th", "67") ACCEPT)},
		{"our interface", {O, O, O, O}, INPUT("drop") RULE(IF("lan0") ACCEPT)},
		{"by wildcard", {O, O, O, O}, INPUT("drop") RULE(IF("lan*") ACCEPT)},
		{"another interface", {B, B, B, B}, INPUT("drop") RULE(IF("lan1") ACCEPT)},
		{"all but ours", {O, O, O, O}, INPUT("accept") RULE(IF_NOT("lan0") DROP)},
		{"all but another", {B, B, B, B}, INPUT("accept") RULE(IF_NOT("lan1") DROP)},
		{"from a network", {U, U, U, U}, INPUT("drop") RULE(FROM("10.0.0.0") ACCEPT)},
		{"a drop from a network",
		 {U, U, U, U},
		 INPUT("accept") RULE(FROM("10.0.0.0") DROP)},
		{"a named set", {U, U, B, U}, INPUT("drop") RULE(PORT("udp", "'@ports'") ACCEPT)},
		{"a match of iptables that nft can only name",
		 {U, U, U, U},
		 INPUT("drop") RULE("{'xt':{'type':'match','name':'string'}}," ACCEPT)},
		{"a comment of iptables changes nothing",
		 {O, O, O, O},
		 INPUT("drop") RULE("{'xt':{'type':'match','name':'comment'}}," ACCEPT)},
		{"a port that is no number, no range and no set",
		 {U, U, B, U},
		 INPUT("drop") RULE(PORT("udp", "{'elem':{'val':67}}") ACCEPT)},
		{"a verdict map by name",
		 {U, U, U, U},
		 INPUT("drop") RULE("{'vmap':{'key':{'meta':{'key':'iifname'}},'data':'@who'}}")},
		{"a program decides", {U, U, U, U}, INPUT("accept") RULE("{'queue':{'num':1}}")},
		{"an ingress hook on our interface among others",
		 {B, B, B, B},
		 "{'chain':{'family':'netdev','table':'t','name':'in','type':'filter','hook':"
		 "'ingress','dev':['eth9','lan0'],'policy':'drop'}}"},
		{"an ingress hook on other interfaces",
		 {O, O, O, O},
		 "{'chain':{'family':'netdev','table':'t','name':'in','type':'filter','hook':"
		 "'ingress','dev':['eth9','lan1'],'policy':'drop'}}"},
		{"TCP 2000 refused",
		 {O, O, B, O},
		 INPUT("accept") RULE(PORT("tcp", "2000") "{'reject':{'type':'tcp reset'}}")},
		{"a counter and a log line",
		 {O, B, B, B},
		 INPUT("drop") RULE(PORT("udp", "67") "{'counter':{'packets':0,'bytes':0}},{'log':"
						      "null}," ACCEPT)},
		{"a rate",
		 {U, B, B, B},
		 INPUT("drop") RULE(PORT("udp", "67") "{'limit':{'rate':5}}," ACCEPT)},
		{"ICMP only",
		 {B, B, B, B},
		 INPUT("drop")
			 RULE("{'match':{'op':'==','left':{'payload':{'protocol':'icmp','field':"
			      "'type'}},'right':'echo-request'}}," ACCEPT)},
		{"a chain of its own",
		 {O, B, B, O},
		 INPUT("drop") SUB("phones") RULE(IF("lan0") "{'jump':{'target':'phones'}}")
			 RULE_IN("phones", PORT("udp", "67") ACCEPT) KNOWN},
		{"goto does not come back",
		 {O, B, B, B},
		 INPUT("drop") SUB("phones") RULE(IF("lan0") "{'goto':{'target':'phones'}}")
			 RULE_IN("phones", PORT("udp", "67") ACCEPT) KNOWN},
		{"goto in a chain ends at that chain's caller",
		 {B, B, B, B},
		 INPUT("drop") SUB("a") SUB("b") RULE("{'jump':{'target':'a'}}")
			 RULE_IN("a", "{'goto':{'target':'b'}}") RULE_IN("a", ACCEPT)},
		{"return at the top is the policy",
		 {B, O, O, O},
		 INPUT("drop") RULE(PORT("udp", "67") "{'return':null}") RULE(ACCEPT)},
		{"a chain that calls itself",
		 {U, U, U, U},
		 INPUT("drop") SUB("a") RULE("{'jump':{'target':'a'}}")
			 RULE_IN("a", "{'jump':{'target':'a'}}")},
		{"a verdict map of states",
		 {B, B, B, O},
		 INPUT("drop")
			 RULE("{'vmap':{'key':{'ct':{'key':'state'}},'data':{'set':[["
			      "'established',{'accept':null}],['invalid',{'drop':null}]]}}}")},
		{"a verdict map of interfaces",
		 {O, O, O, O},
		 INPUT("drop") RULE("{'vmap':{'key':{'meta':{'key':'iifname'}},'data':{'set':[['lo'"
				    ",{'drop':null}],['lan0',{'accept':null}]]}}}")},
		{"IPv6 only",
		 {B, B, B, B},
		 INPUT("drop") RULE("{'match':{'op':'==','left':{'meta':{'key':'nfproto'}},"
				    "'right':'ipv6'}}," ACCEPT)},
		{"TCP by meta l4proto",
		 {B, B, O, B},
		 INPUT("drop") RULE("{'match':{'op':'==','left':{'meta':{'key':'l4proto'}},"
				    "'right':'tcp'}}," ACCEPT)},
		{"of iptables, which tells it better",
		 {O, O, O, O},
		 "{'chain':{'family':'ip','table':'filter','name':'INPUT','type':'filter','hook':"
		 "'input','prio':0,'policy':'drop'}}"},
		{"of another interface's ingress",
		 {O, O, O, O},
		 "{'chain':{'family':'netdev','table':'t','name':'i','type':'filter','hook':"
		 "'ingress','dev':'lan1','prio':0,'policy':'drop'}}"},
		{"of our ingress",
		 {B, B, B, B},
		 "{'chain':{'family':'netdev','table':'t','name':'i','type':'filter','hook':"
		 "'ingress','dev':'lan0','prio':0,'policy':'drop'}}"},
		{"what leaves",
		 {O, O, O, O},
		 "{'chain':{'family':'ip','table':'t','name':'o','type':'filter','hook':'output','"
		 "prio':0,'policy':'drop'}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char json[4000], *text;

		snprintf(json, sizeof(json), "{'nftables':[%s]}", cases[i].text);
		text = quoted(json);
		check(&cases[i], true, text);
		free(text);
	}
}

#define FILTER(POLICY)                                                                             \
	"# Generated by iptables-save\n*filter\n:INPUT " POLICY " [0:0]\n:FORWARD DROP [0:0]\n"
#define ESTABLISHED "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"

static void iptables_rules(void **state)
{
	static const struct rules cases[] = {
		{"nothing", {O, O, O, O}, ""},
		{"accepts", {O, O, O, O}, FILTER("ACCEPT") "COMMIT\n"},
		{"drops", {B, B, B, B}, FILTER("DROP") "COMMIT\n"},
		{"multiport",
		 {O, O, B, O},
		 FILTER("DROP") ESTABLISHED
		 "-A INPUT -i lan0 -p udp -m multiport --dports 67,69 -j ACCEPT\nCOMMIT\n"},
		{"a range with a remark",
		 {B, B, O, O},
		 FILTER("ACCEPT") "-A INPUT -p udp -m udp --dport 67:69 -m comment --comment \"hi "
				  "there\" -j DROP\nCOMMIT\n"},
		{"not ours", {B, B, B, B}, FILTER("DROP") "-A INPUT -i eth0 -j ACCEPT\nCOMMIT\n"},
		{"all but another",
		 {O, O, O, O},
		 FILTER("DROP") "-A INPUT ! -i eth0 -j ACCEPT\nCOMMIT\n"},
		{"by wildcard",
		 {O, O, O, O},
		 FILTER("DROP") "-A INPUT -i lan+ -j ACCEPT\nCOMMIT\n"},
		{"from a network",
		 {U, U, U, U},
		 FILTER("DROP") "-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n"},
		{"a log line, then refused at the end",
		 {O, B, B, O},
		 FILTER("ACCEPT") ESTABLISHED
		 "-A INPUT -p udp --dport 67 -j ACCEPT\n-A INPUT -j LOG --log-prefix \"no \"\n-A "
		 "INPUT -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n"},
		{"as ufw has it",
		 {O, B, B, O},
		 FILTER("DROP") ":ufw-before-input - [0:0]\n:ufw-user-input - [0:0]\n"
				"-A INPUT -j ufw-before-input\n"
				"-A ufw-before-input -i lo -j ACCEPT\n"
				"-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j "
				"ACCEPT\n-A ufw-before-input -j ufw-user-input\n"
				"-A ufw-user-input -p udp -m udp --dport 67 -j ACCEPT\nCOMMIT\n"},
		{"raw PREROUTING counts, nat does not",
		 {B, O, O, O},
		 "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp --dport 67 -j DROP\nCOMMIT\n"
		 "*nat\n:PREROUTING DROP [0:0]\nCOMMIT\n"},
		{"back from a chain of one's own, then on behind the jump",
		 {O, B, B, O},
		 FILTER("DROP") ":mine - [0:0]\n-A INPUT -j mine\n" ESTABLISHED
				"-A INPUT -p udp --dport 67 -j ACCEPT\n-A mine -i lan0 -j RETURN\n"
				"-A mine -j DROP\nCOMMIT\n"},
		{"gone to, and back to the policy",
		 {B, B, B, B},
		 FILTER("DROP") ":mine - [0:0]\n-A INPUT -g mine\n-A INPUT -j ACCEPT\n"
				"-A mine -j RETURN\nCOMMIT\n"},
		{"a program decides",
		 {U, O, O, O},
		 FILTER("ACCEPT") "-A INPUT -p udp --dport 67 -j NFQUEUE --queue-num 1\nCOMMIT\n"},
		{"a blank in a remark, and a quote",
		 {B, O, O, O},
		 FILTER("ACCEPT") "-A INPUT -m comment --comment \"a \\\"b\\\" c\" -p udp  --dport "
				  "67 -j DROP\nCOMMIT\n"},
		{"ports that are no numbers",
		 {U, U, O, U},
		 FILTER("ACCEPT") "-A INPUT -p udp --dport 123456789 -j DROP\nCOMMIT\n"},
		{"a range that ends in no number",
		 {U, U, O, U},
		 FILTER("ACCEPT") "-A INPUT -p udp --dport 67:69x -j DROP\nCOMMIT\n"},
		{"an option that takes two values",
		 {O, O, U, O},
		 FILTER("ACCEPT") "-A INPUT -p tcp --tcp-flags SYN,ACK SYN -j DROP\nCOMMIT\n"},
		{"a line of blanks", {B, B, B, B}, FILTER("DROP") "   \nCOMMIT\n"},
		{"an address type",
		 {U, U, U, U},
		 FILTER("DROP") "-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT\nCOMMIT\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], false, cases[i].text);
}

static void names_the_chain(void **state)
{
	char *text = quoted("{'nftables':[" INPUT("drop") "]}");
	struct firewall_answer a;

	(void)state;
	assert_int_equal(firewall_judge_nft(text, strlen(text), true, &questions[0], &a), 0);
	assert_string_equal(a.family, "inet");
	assert_string_equal(a.table, "filter");
	assert_string_equal(a.chain, "input");
	assert_true(a.silent);
	free(text);
	text = quoted("{'nftables':[" INPUT("accept") RULE("{'reject':null}") "]}");
	assert_int_equal(firewall_judge_nft(text, strlen(text), true, &questions[0], &a), 0);
	assert_int_equal(a.verdict, FIREWALL_BLOCKED);
	assert_false(a.silent);
	free(text);
}

/* Every prefix, in a copy of exactly that size: refused or judged, never read beyond. */
static void broken(void **state)
{
	static const char rules[] = FILTER("DROP") ESTABLISHED "-A INPUT -p udp --dport 67:69 -j "
							       "ACCEPT\n-A INPUT -j \"x\\\"y\"\n";
	char *json = quoted("{'nftables':[" INPUT("drop") KNOWN "]}");
	struct firewall_answer a;

	(void)state;
	for (size_t len = 0; len < strlen(json); len++) {
		char *copy = exact_copy(json, len);

		assert_int_equal(firewall_judge_nft(copy, len, true, &questions[0], &a), -EBADMSG);
		free(copy);
	}
	for (size_t len = 0; len < strlen(rules); len++) {
		char *copy = exact_copy(rules, len);

		(void)firewall_judge_iptables(copy, len, &questions[0], &a);
		free(copy);
	}
	assert_int_equal(firewall_judge_iptables("-A INPUT -j DROP\n", 17, &questions[0], &a),
			 -EBADMSG);
	assert_int_equal(firewall_judge_nft("{}", 2, true, &questions[0], &a), -EBADMSG);
	assert_int_equal(firewall_judge_nft("[1]", 3, true, &questions[0], &a), -EBADMSG);
	free(json);
}

/* 100,000 rules are judged; the answer to one more would leave it out. */
static void too_many_rules(void **state)
{
	static const char head[] = FILTER("DROP"), rule[] = "-A INPUT -i eth9 -j ACCEPT\n";
	size_t len = strlen(head);
	char *text = malloc(len + 100001 * strlen(rule));
	struct firewall_answer a;

	(void)state;
	assert_non_null(text);
	memcpy(text, head, len);
	for (unsigned i = 1; i <= 100001; i++) {
		memcpy(text + len, rule, strlen(rule));
		len += strlen(rule);
		if (i >= 100000)
			assert_int_equal(firewall_judge_iptables(text, len, &questions[0], &a),
					 i == 100000 ? 0 : -ENOMEM);
	}
	free(text);
}

/* More than can be held: unclear or refused, never "open" by what was left out. */
static void too_much(void **state)
{
	char name[80], text[3000], line[1200], *json;
	struct firewall_answer a;
	size_t used;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	snprintf(text, sizeof(text), "%s:%s ACCEPT [0:0]\nCOMMIT\n", FILTER("DROP"), name);
	assert_int_equal(firewall_judge_iptables(text, strlen(text), &questions[0], &a), -ENOMEM);
	snprintf(text, sizeof(text),
		 "{'nftables':[" INPUT("accept") ",{'chain':{'family':'inet','table':'filter',"
						 "'name':'%s','type':'filter','hook':'input','prio'"
						 ":0,'policy':'drop'}}]}",
		 name);
	json = quoted(text);
	assert_int_equal(firewall_judge_nft(json, strlen(json), true, &questions[0], &a), -ENOMEM);
	free(json);
	snprintf(text, sizeof(text),
		 "{'nftables':[" INPUT(
			 "accept") ",{'rule':{'family':'inet','table':'filter',"
				   "'chain':'%s','handle':2,'expr':[{'drop':null}]}}]}",
		 name);
	json = quoted(text);
	assert_int_equal(firewall_judge_nft(json, strlen(json), true, &questions[0], &a), -ENOMEM);
	free(json);
	/* Three ways on from each of 14 chains: nobody walks them all. */
	used = (size_t)snprintf(text, sizeof(text), "%s-A INPUT -j c0\n", FILTER("DROP"));
	for (unsigned i = 0; i < 14; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 ":c%u - [0:0]\n-A c%u -j c%u\n-A c%u -j c%u\n-A c%u -j "
					 "c%u\n",
					 i, i, i + 1, i, i + 1, i, i + 1);
	snprintf(text + used, sizeof(text) - used, ":c14 - [0:0]\nCOMMIT\n");
	assert_int_equal(firewall_judge_iptables(text, strlen(text), &questions[0], &a), 0);
	assert_int_equal(a.verdict, U);
	memset(line, '#', sizeof(line));
	for (size_t len = 1022; len <= 1025; len++) {
		snprintf(text, sizeof(text), "%.*s\n%s", (int)len, line, FILTER("DROP"));
		assert_int_equal(firewall_judge_iptables(text, strlen(text), &questions[0], &a),
				 len < 1024 ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nft_rules),	   cmocka_unit_test(iptables_rules),
		cmocka_unit_test(names_the_chain), cmocka_unit_test(broken),
		cmocka_unit_test(too_much),	   cmocka_unit_test(too_many_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
