/* SPDX-License-Identifier: MIT */
/*
 * The event as one line of JSON, and the only file that knows jansson.
 *
 * Keys come in a fixed order: seq, time, event, severity, text, then the fields of the row,
 * with null for what the event does not carry, so that a reader can rely on every key
 * being there. The line is ASCII: the setters let nothing else in, and the dump escapes.
 */
#include "event_table.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIME_TEXT_MAX 32
#define WALL_MS_MAX   INT64_C(253402300799999) /* the last millisecond of the year 9999 */

/* RFC 3339 in UTC with milliseconds: 2026-11-21T02:57:04.123Z */
static void format_time(int64_t wall_ms, char out[TIME_TEXT_MAX])
{
	struct tm tm;
	time_t seconds;
	char date[24];

	if (wall_ms < 0)
		wall_ms = 0;
	if (wall_ms > WALL_MS_MAX)
		wall_ms = WALL_MS_MAX;
	seconds = (time_t)(wall_ms / 1000);
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, TIME_TEXT_MAX, "%s.%03dZ", date, (int)(wall_ms % 1000));
}

/* jansson refuses text that is not UTF-8. Nobody should have put such bytes in, but a line
 * that is missing from the record would be worse than a question mark. */
static json_t *text_value(const char *text, size_t len)
{
	char clean[1024];

	if (len >= sizeof(clean))
		len = sizeof(clean) - 1;
	for (size_t i = 0; i < len; i++)
		clean[i] = text[i] >= 0x20 && text[i] <= 0x7e ? text[i] : '?';
	clean[len] = 0;
	return json_string(clean);
}

static json_t *list_value(const char *items)
{
	json_t *array = json_array();

	while (array && *items) {
		size_t len = strcspn(items, "\n");

		if (len > 0 && json_array_append_new(array, text_value(items, len)) != 0) {
			json_decref(array);
			return NULL;
		}
		items += len;
		if (*items == '\n')
			items++;
	}
	return array;
}

static json_t *number_value(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *field_value(const struct event *e, enum event_field field)
{
	char text[MAC_TEXT_MAX];

	if (!event_has(e, field))
		return json_null();
	switch (field_table[field].type) {
	case FIELD_TYPE_MAC: mac_format(event_get_mac(e), text); return json_string(text);
	case FIELD_TYPE_IP: ip4_format(event_get_ip(e, field), text); return json_string(text);
	case FIELD_TYPE_TEXT:
		return text_value(event_get_text(e, field), strlen(event_get_text(e, field)));
	case FIELD_TYPE_NUMBER: return number_value(event_get_number(e, field));
	case FIELD_TYPE_TRUTH: return json_boolean(event_get_truth(e, field));
	case FIELD_TYPE_LIST: return list_value(event_get_text(e, field));
	}
	return NULL;
}

static bool set_head(json_t *object, const struct event *e)
{
	char time[TIME_TEXT_MAX], text[1024];

	format_time(e->wall_ms, time);
	event_text(e, text, sizeof(text));
	return json_object_set_new(object, "seq", number_value(e->seq)) == 0 &&
	       json_object_set_new(object, "time", json_string(time)) == 0 &&
	       json_object_set_new(object, "event", json_string(event_name(e->type))) == 0 &&
	       json_object_set_new(object, "severity",
				   json_string(event_severity_name(e->severity))) == 0 &&
	       json_object_set_new(object, "text", json_string(text)) == 0;
}

char *event_json(const struct event *e)
{
	json_t *object = json_object();
	bool ok = object && set_head(object, e);
	char *line = NULL;

	for (unsigned i = 0; ok && event_table[e->type].fields[i] != EVENT_FIELD_COUNT; i++) {
		enum event_field field = event_table[e->type].fields[i];

		ok = json_object_set_new(object, field_table[field].name, field_value(e, field)) ==
		     0;
	}
	if (ok)
		line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	return line;
}
