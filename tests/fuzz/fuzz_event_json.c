/* SPDX-License-Identifier: MIT */
/*
 * Lines of a recorded stream. Whatever is taken for an event must be printable, must come out the
 * same once it was written and read again, and must stand on a board.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reflashd/board.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plain(const char *text)
{
	for (; *text; text++)
		must(*text >= 0x20 && *text <= 0x7e);
}

static void check_event(struct board *b, const struct event *e)
{
	struct event back;
	struct fault f;
	char text[1024];
	char *line = event_json(e), *again;

	must(line);
	check_plain(line);
	event_text(e, text, sizeof(text));
	check_plain(text);
	must(event_from_json(&back, line, strlen(line), &f) == 0);
	again = event_json(&back);
	must(again && strcmp(line, again) == 0);
	board_apply(b, e);
	free(line);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct board *b = malloc(sizeof(*b));
	const char *text = (const char *)data;
	struct event e;
	struct fault f;

	must(b);
	board_init(b);
	while (size > 0) { /* as many lines as there are */
		const char *end = memchr(text, '\n', size);
		size_t len = end ? (size_t)(end - text) : size;
		int err = event_from_json(&e, text, len, &f);

		must(err == 0 || err == -EBADMSG || err == -ENOENT);
		if (err == 0)
			check_event(b, &e);
		len += end != NULL;
		text += len;
		size -= len;
	}
	for (unsigned i = 0; i < b->count; i++) {
		check_plain(b->phone[i].advice);
		must(board_find(b, b->phone[i].mac) == &b->phone[i]);
	}
	free(b);
	return 0;
}
