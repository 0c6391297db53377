/* SPDX-License-Identifier: MIT */
/*
 * The tournament: node 1 is the final, the players of node n are 2n and 2n + 1, and the numbers
 * themselves stand at the end, from node `leaves` on. A node holds the lesser of its players'
 * numbers.
 *
 * When a number comes in for which there is no place, twice as many are made and all is played
 * again: so a table with room for thousands costs nothing while there are three in it.
 */
#include "reflashd/least.h"

#include <string.h>

void least_init(struct least *l)
{
	l->leaves = 0;
}

static int64_t lesser(const int64_t *node, size_t at)
{
	return node[2 * at] <= node[2 * at + 1] ? node[2 * at] : node[2 * at + 1];
}

static void grow(struct least *l, int64_t *node, unsigned i)
{
	unsigned before = l->leaves, leaves = before ? before : 1;

	while (leaves <= i)
		leaves *= 2;
	memmove(node + leaves, node + before, before * sizeof(*node));
	for (size_t at = leaves + before; at < (size_t)leaves * 2; at++)
		node[at] = LEAST_NONE;
	for (size_t at = leaves - 1; at > 0; at--)
		node[at] = lesser(node, at);
	l->leaves = leaves;
}

void least_set(struct least *l, int64_t *node, unsigned i, int64_t key)
{
	size_t at;

	if (i >= l->leaves && key == LEAST_NONE)
		return;
	if (i >= l->leaves)
		grow(l, node, i);
	at = (size_t)l->leaves + i;
	node[at] = key;
	for (at /= 2; at > 0; at /= 2) {
		int64_t won = lesser(node, at);

		if (node[at] == won)
			break;
		node[at] = won;
	}
}

int64_t least_key(const struct least *l, const int64_t *node)
{
	return l->leaves ? node[1] : LEAST_NONE;
}

unsigned least_first(const struct least *l, const int64_t *node)
{
	size_t at = 1;

	while (at < l->leaves)
		at = 2 * at + (node[2 * at] > node[at]);
	return (unsigned)(at - l->leaves);
}
