/* SPDX-License-Identifier: MIT */
/*
 * The least of many numbers that change one at a time: who is to be woken next, who has been
 * silent for longest. A knock-out tournament in an array: changing a number costs as many steps as
 * there are rounds, looking at the winner costs none.
 *
 * Pure, and allocates nothing: the caller owns the nodes, two for each number at most. Only as much
 * of them is touched as there are numbers.
 */
#ifndef REFLASHD_LEAST_H
#define REFLASHD_LEAST_H

#include "reflashd/base.h"

#define LEAST_NONE INT64_MAX

struct least {
	unsigned leaves; /* in use: 0, or a power of two */
};

/* Nodes for numbers 0 .. n-1, n a power of two. */
#define LEAST_NODES(n) (2 * (size_t)(n))

void least_init(struct least *l);
/* Number i is `key` from now on; LEAST_NONE: it does not take part. */
void least_set(struct least *l, int64_t *node, unsigned i, int64_t key);
/* The least of all; LEAST_NONE: there is none. */
int64_t least_key(const struct least *l, const int64_t *node);
/* Whose it is, of equals the first. Only where least_key() is not LEAST_NONE. */
unsigned least_first(const struct least *l, const int64_t *node);

#endif
