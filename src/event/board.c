/* SPDX-License-Identifier: MIT */
/*
 * The board, folded from events.
 */
#include "reflashd/board.h"

#include <string.h>

void board_init(struct board *b)
{
	memset(b, 0, sizeof(*b));
}

void board_apply(struct board *b, const struct event *e)
{
	b->seq = e->seq;
	b->now_ms = e->wall_ms;
}
