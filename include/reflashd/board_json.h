/* SPDX-License-Identifier: MIT */
/*
 * The board for programs: what `reflashd status --json', `reflashd phones --json' and the page's
 * /api give out. Names and meaning of the fields are a promise, as those of the events are.
 */
#ifndef REFLASHD_BOARD_JSON_H
#define REFLASHD_BOARD_JSON_H

#include "reflashd/board.h"

/*
 * Each is malloc'ed, ASCII, one line without its newline; NULL when memory is short. What is not
 * known is null; times are RFC 3339 in UTC with milliseconds.
 *
 * status: one object, without the phones. phones: an array, one object a phone. phone: one of them.
 */
char *board_status_json(const struct board *b);
char *board_phones_json(const struct board *b);
char *board_phone_json(const struct board_phone *p);

#endif
