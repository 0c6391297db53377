/* SPDX-License-Identifier: MIT */
/* See steps.h. */
#include "steps.h"

#include "exact.h"

#include <stdlib.h>
#include <string.h>

struct steps steps_begin(const uint8_t *data, size_t len, usec_t now)
{
	return (struct steps){.in = reader_init(data, len), .now = now};
}

usec_t steps_pause(uint8_t byte)
{
	if (byte < 32)
		return USEC_MS(byte);
	if (byte < 96)
		return USEC_MS(50) * (byte - 31u);
	if (byte < 224)
		return USEC_SEC(byte - 92u);
	return USEC_SEC(900) * (byte - 223u);
}

bool steps_next(struct steps *s, struct step *step)
{
	struct span bytes;
	size_t n;

	free(s->copy);
	s->copy = NULL;
	if (reader_left(&s->in) < 3)
		return false;
	step->what = read_u8(&s->in);
	s->now += steps_pause(read_u8(&s->in));
	n = read_u8(&s->in);
	if (n & 0x80 && reader_left(&s->in) > 0)
		n = (n & 0x7f) << 8 | read_u8(&s->in);
	bytes = read_span(&s->in, n < reader_left(&s->in) ? n : reader_left(&s->in));
	s->copy = exact_copy(bytes.data, bytes.len);
	step->now = s->now;
	step->data = s->copy;
	step->len = bytes.len;
	return true;
}

void steps_wake(const struct waking *w, usec_t begin, usec_t now)
{
	usec_t due = w->deadline(w->machine), at = begin;
	unsigned times = 0;

	while (due <= now) {
		usec_t moment = due > at ? due : at;

		times = moment > at ? 1 : times + 1;
		must(times <= w->most);
		at = moment;
		w->tick(w->machine, at);
		due = w->deadline(w->machine);
	}
}

void check_text(const char *text)
{
	for (; *text; text++)
		must(*text >= 0x20 && *text <= 0x7e);
}

void check_field(const char *text, size_t size)
{
	must(memchr(text, 0, size) != NULL);
	check_text(text);
}

void check_sentence(const struct event *e)
{
	char text[sizeof(e->text) + sizeof(e->observation) + 256];

	check_field(e->text, sizeof(e->text));
	event_text(e, text, sizeof(text));
	check_text(text);
}

void check_event(const struct event *e)
{
	char *line = event_json(e), *again;
	struct event back;
	struct fault f;

	check_sentence(e);
	must(line);
	check_text(line);
	must(event_from_json(&back, line, strlen(line), &f) == 0);
	again = event_json(&back);
	must(again && strcmp(line, again) == 0);
	free(line);
	free(again);
}
