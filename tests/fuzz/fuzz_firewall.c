/* SPDX-License-Identifier: MIT */
/*
 * What nft or iptables-save is said to have printed. The first byte chooses which of the two, and
 * the question. The same text twice gives the same answer; the answer's names end where they must.
 */
#include "exact.h"
#include "reflashd/firewall.h"
#include "steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int judge(uint8_t how, const char *text, size_t len, struct firewall_answer *a)
{
	static const struct firewall_question questions[] = {
		{"lan0", FIREWALL_UDP, 67, false},
		{"lan0", FIREWALL_UDP, 69, false},
		{"lan0", FIREWALL_TCP, 2000, false},
		{"lan0", FIREWALL_UDP, 40000, true},
	};
	const struct firewall_question *q = &questions[how >> 2 & 3];

	if (how & 1)
		return firewall_judge_nft(text, len, how & 2, q, a);
	return firewall_judge_iptables(text, len, q, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct firewall_answer a, again;
	char *text;
	int err;

	if (len == 0)
		return 0;
	text = exact_copy(data + 1, len - 1);
	err = judge(data[0], text, len - 1, &a);
	must(err == 0 || err == -EBADMSG || err == -ENOMEM);
	must(judge(data[0], text, len - 1, &again) == err);
	free(text);
	if (err)
		return 0;
	must((unsigned)a.verdict <= FIREWALL_BLOCKED && a.verdict == again.verdict);
	must(memchr(a.family, 0, sizeof(a.family)) && memchr(a.table, 0, sizeof(a.table)) &&
	     memchr(a.chain, 0, sizeof(a.chain)));
	return 0;
}
