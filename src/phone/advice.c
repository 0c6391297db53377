/* SPDX-License-Identifier: MIT */
/*
 * The advice and its words.
 */
#include "reflashd/advice.h"

#include <string.h>

static const struct advice_words words[ADVICE_COUNT] = {
	[ADVICE_NONE] = {"", "", "", ""},
#define ADVICE(id, code, means, to_do, not_to_do) [ADVICE_##id] = {code, means, to_do, not_to_do},
#include "reflashd/advice.def"
#undef ADVICE
};

const struct advice_words *advice_words(enum advice a)
{
	must((unsigned)a < ADVICE_COUNT);
	return &words[a];
}

enum advice advice_find(const char *code)
{
	for (unsigned i = 1; i < ADVICE_COUNT; i++)
		if (strcmp(words[i].code, code) == 0)
			return (enum advice)i;
	return ADVICE_NONE;
}
