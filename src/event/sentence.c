/* SPDX-License-Identifier: MIT */
/*
 * The sentence a person reads. Either the emitter said one itself (a {phone} at its head is
 * replaced), or the row's sentence has its {fields} replaced. Numbers get thousands separators,
 * since people count digits badly; a list becomes "a, b, c". A field that the event lacks reads
 * "unknown", so that a sentence is never broken by an emitter that knew less.
 */
#include "event_table.h"

#include "reflashd/text.h"

#include <string.h>

#define ABSENT "unknown"

/* Collects a sentence; what does not fit is dropped, the text stays terminated. */
struct sentence {
	char *out;
	size_t size, len;
};

static void add_char(struct sentence *s, char c)
{
	if (s->len + 1 >= s->size)
		return;
	s->out[s->len++] = c >= 0x20 && c <= 0x7e ? c : '?';
	s->out[s->len] = 0;
}

static void add(struct sentence *s, const char *text)
{
	while (*text)
		add_char(s, *text++);
}

static void add_list(struct sentence *s, const char *items)
{
	for (; *items; items++) {
		if (*items == '\n')
			add(s, ", ");
		else
			add_char(s, *items);
	}
}

static void add_number(struct sentence *s, uint64_t value)
{
	char text[TEXT_NUMBER_MAX];

	add(s, text_number(text, value));
}

static void add_mac(struct sentence *s, struct mac mac)
{
	char text[MAC_TEXT_MAX];

	mac_format(mac, text);
	add(s, text);
}

static void add_ip(struct sentence *s, uint32_t ip)
{
	char text[IP4_TEXT_MAX];

	ip4_format(ip, text);
	add(s, text);
}

static void add_field(struct sentence *s, const struct event *e, enum event_field field)
{
	if (!event_has(e, field)) {
		add(s, ABSENT);
		return;
	}
	switch (field_table[field].type) {
	case FIELD_TYPE_MAC: add_mac(s, event_get_mac(e)); break;
	case FIELD_TYPE_IP: add_ip(s, event_get_ip(e, field)); break;
	case FIELD_TYPE_TEXT: add(s, event_get_text(e, field)); break;
	case FIELD_TYPE_NUMBER: add_number(s, event_get_number(e, field)); break;
	case FIELD_TYPE_TRUTH: add(s, event_get_truth(e, field) ? "yes" : "no"); break;
	case FIELD_TYPE_LIST: add_list(s, event_get_text(e, field)); break;
	}
}

static void add_phone(struct sentence *s, const struct event *e)
{
	if (event_has(e, FIELD_MAC))
		add_mac(s, e->mac);
	else if (event_has(e, FIELD_IP))
		add_ip(s, e->ip);
	else
		add(s, "An unknown phone");
}

/* {name} of len bytes between the braces. The table is ours: an unknown name is our mistake. */
static void add_placeholder(struct sentence *s, const struct event *e, const char *name, size_t len)
{
	enum event_field field = 0;

	if (len == 5 && memcmp(name, "phone", 5) == 0) {
		add_phone(s, e);
		return;
	}
	while (field < EVENT_FIELD_COUNT && (strlen(field_table[field].name) != len ||
					     memcmp(field_table[field].name, name, len) != 0))
		field++;
	must(field < EVENT_FIELD_COUNT);
	add_field(s, e, field);
}

size_t event_text(const struct event *e, char *out, size_t size)
{
	struct sentence s = {.out = out, .size = size};
	const char *p;

	must(size > 0 && (unsigned)e->type < EVENT_TYPE_COUNT);
	out[0] = 0;
	if (e->text[0]) {
		/* Only at its head: what follows may quote the wire. */
		bool phone = strncmp(e->text, "{phone}", 7) == 0;

		if (phone)
			add_phone(&s, e);
		add(&s, e->text + (phone ? 7 : 0));
		return s.len;
	}
	for (p = event_table[e->type].sentence; *p; p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (!end) {
			add_char(&s, *p);
			continue;
		}
		add_placeholder(&s, e, p + 1, (size_t)(end - p - 1));
		p = end;
	}
	return s.len;
}
