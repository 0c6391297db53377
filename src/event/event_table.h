/* SPDX-License-Identifier: MIT */
/*
 * The two tables, events.def and event_fields.def, as data: only for the files of this room.
 */
#ifndef REFLASHD_EVENT_TABLE_H
#define REFLASHD_EVENT_TABLE_H

#include "reflashd/event.h"

#define EVENT_ROW_FIELDS_MAX 12

enum field_type {
	FIELD_TYPE_MAC,
	FIELD_TYPE_IP,
	FIELD_TYPE_TEXT,
	FIELD_TYPE_NUMBER,
	FIELD_TYPE_TRUTH,
	FIELD_TYPE_LIST,
};

struct field_row {
	const char *name;
	enum field_type type;
	size_t offset, size; /* of the member in struct event */
};

struct event_row {
	const char *name;
	enum event_severity severity;
	const char *sentence;
	enum event_field fields[EVENT_ROW_FIELDS_MAX]; /* ends with EVENT_FIELD_COUNT */
};

extern const struct field_row field_table[EVENT_FIELD_COUNT];
extern const struct event_row event_table[EVENT_TYPE_COUNT];

/* The value of one field; the caller has looked at its type. */
struct mac event_get_mac(const struct event *e);
uint32_t event_get_ip(const struct event *e, enum event_field field);
uint64_t event_get_number(const struct event *e, enum event_field field);
bool event_get_truth(const struct event *e, enum event_field field);
const char *event_get_text(const struct event *e, enum event_field field);

/* RFC 3339 in UTC with milliseconds: 2026-11-21T02:57:04.123Z */
#define EVENT_TIME_MAX 32
void event_time_format(int64_t wall_ms, char out[EVENT_TIME_MAX]);

#endif
