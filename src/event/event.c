/* SPDX-License-Identifier: MIT */
/*
 * Making an event: the tables as data, and one setter for each type of field.
 *
 * The happy path is event_init(), a few setters, perhaps event_say(). What can go wrong is text:
 * it may be too long (it is cut at a whole character, a list at a whole item, and ends in
 * "..." so that nobody takes it for the whole) or it may hold bytes that would drive a
 * terminal. The setters let none of these through, not even in "our own words", because our
 * words quote folder names and error texts that somebody else chose. What is escaped already
 * stays as it is: only event_set_bytes() doubles a backslash.
 */
#include "event_table.h"

#include "reflashd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MARK	 "..."
#define MARK_LEN (sizeof(MARK) - 1)

const struct field_row field_table[EVENT_FIELD_COUNT] = {
#define FIELD(id, json, kind, member)                                                              \
	[FIELD_##id] = {json, FIELD_TYPE_##kind, offsetof(struct event, member),                   \
			sizeof(((struct event *)0)->member)},
#include "reflashd/event_fields.def"
#undef FIELD
};

const struct event_row event_table[EVENT_TYPE_COUNT] = {
#define F(id) FIELD_##id,
#define EVENT(id, dotted, level, words, ...)                                                       \
	[EVENT_##id] = {dotted, SEVERITY_##level, words, {__VA_ARGS__ EVENT_FIELD_COUNT}},
#include "reflashd/events.def"
#undef EVENT
#undef F
};

_Static_assert(EVENT_FIELD_COUNT <= 64, "one bit for each field in event.present");

/* Ends the text that starts at that place of the struct: one byte, whatever its size. */
static void terminate(struct event *e, size_t offset)
{
	((char *)e)[offset] = 0;
}

void event_init(struct event *e, enum event_type type)
{
	must((unsigned)type < EVENT_TYPE_COUNT);
	e->type = type;
	e->severity = event_table[type].severity;
	e->seq = 0;
	e->wall_ms = 0;
	e->present = 0;
	e->text[0] = 0;
	e->mac = (struct mac){{0}};
	e->ip = e->server = 0;
	e->schema = e->size = e->bytes = e->ms = e->resent = e->files = e->done = e->seconds = 0;
	e->complete = e->up = e->confirmed = false;
	for (unsigned i = 0; i < EVENT_FIELD_COUNT; i++)
		if (field_table[i].type == FIELD_TYPE_TEXT ||
		    field_table[i].type == FIELD_TYPE_LIST)
			terminate(e, field_table[i].offset);
}

/* The place of a field in the struct, once it is known to be of the right type. */
static char *place(struct event *e, enum event_field field, enum field_type type)
{
	must((unsigned)field < EVENT_FIELD_COUNT);
	must(field_table[field].type == type);
	e->present |= (uint64_t)1 << field;
	return (char *)e + field_table[field].offset;
}

void event_set_mac(struct event *e, struct mac mac)
{
	memcpy(place(e, FIELD_MAC, FIELD_TYPE_MAC), &mac, sizeof(mac));
}

void event_set_ip(struct event *e, enum event_field field, uint32_t ip)
{
	memcpy(place(e, field, FIELD_TYPE_IP), &ip, sizeof(ip));
}

void event_set_number(struct event *e, enum event_field field, uint64_t value)
{
	memcpy(place(e, field, FIELD_TYPE_NUMBER), &value, sizeof(value));
}

void event_set_truth(struct event *e, enum event_field field, bool value)
{
	memcpy(place(e, field, FIELD_TYPE_TRUTH), &value, sizeof(value));
}

/*
 * Copies printable ASCII as it is and everything else as \xNN; in a list '\n' stays. Cuts
 * before the mark when it does not fit: at a character, in a list at an item.
 */
static void copy_clean(char *out, size_t size, const char *text, bool list)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0, cut = 0;

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		bool keep = (c >= 0x20 && c <= 0x7e) || (list && c == '\n');
		size_t need = keep ? 1 : 4;

		if (!list && len + MARK_LEN < size)
			cut = len;
		else if (list && c == '\n' && len + 1 + MARK_LEN < size)
			cut = len + 1;
		if (len + need >= size) {
			memcpy(out + cut, MARK, sizeof(MARK));
			return;
		}
		if (keep) {
			out[len++] = (char)c;
		} else {
			out[len++] = '\\';
			out[len++] = 'x';
			out[len++] = hex[c >> 4];
			out[len++] = hex[c & 15];
		}
	}
	out[len] = 0;
}

static char *place_text(struct event *e, enum event_field field)
{
	must((unsigned)field < EVENT_FIELD_COUNT);
	must(field_table[field].type == FIELD_TYPE_TEXT ||
	     field_table[field].type == FIELD_TYPE_LIST);
	return place(e, field, field_table[field].type);
}

void event_set_text(struct event *e, enum event_field field, const char *text)
{
	if (!text)
		return;
	copy_clean(place_text(e, field), field_table[field].size, text,
		   field_table[field].type == FIELD_TYPE_LIST);
}

void event_set_format(struct event *e, enum event_field field, const char *format, ...)
{
	char text[sizeof(e->missing) + 1]; /* longer than any field, so that a cut is noticed */
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	event_set_text(e, field, text);
}

void event_set_bytes(struct event *e, enum event_field field, const uint8_t *data, size_t len)
{
	char *out = place_text(e, field);

	text_escape(out, field_table[field].size, data, len);
}

void event_say(struct event *e, const char *format, ...)
{
	char text[sizeof(e->text) + 1];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	copy_clean(e->text, sizeof(e->text), text, false);
}

bool event_has(const struct event *e, enum event_field field)
{
	return (e->present >> field & 1) != 0;
}

struct mac event_get_mac(const struct event *e)
{
	return e->mac;
}

static const char *place_of(const struct event *e, enum event_field field)
{
	return (const char *)e + field_table[field].offset;
}

uint32_t event_get_ip(const struct event *e, enum event_field field)
{
	uint32_t v;

	memcpy(&v, place_of(e, field), sizeof(v));
	return v;
}

uint64_t event_get_number(const struct event *e, enum event_field field)
{
	uint64_t v;

	memcpy(&v, place_of(e, field), sizeof(v));
	return v;
}

bool event_get_truth(const struct event *e, enum event_field field)
{
	bool v;

	memcpy(&v, place_of(e, field), sizeof(v));
	return v;
}

const char *event_get_text(const struct event *e, enum event_field field)
{
	return place_of(e, field);
}

const char *event_name(enum event_type type)
{
	must((unsigned)type < EVENT_TYPE_COUNT);
	return event_table[type].name;
}

const char *event_severity_name(enum event_severity severity)
{
	static const char *const name[] = {
		[SEVERITY_DEBUG] = "debug",   [SEVERITY_INFO] = "info",
		[SEVERITY_NOTICE] = "notice", [SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};

	must((unsigned)severity < ARRAY_LEN(name));
	return name[severity];
}
