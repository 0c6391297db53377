/* SPDX-License-Identifier: MIT */
/*
 * The event as one line of JSON, and back.
 *
 * Keys come in a fixed order: seq, time, event, severity, text, then the fields of the row,
 * with null for what the event does not carry, so that a reader can rely on every key
 * being there. The line is ASCII: the setters let nothing else in, and the dump escapes.
 *
 * Reading is strict, since a recorded file may come from anywhere: a line that is too long, nests
 * deeper than any event does (the parser recurses), is not UTF-8, lacks the head or holds a
 * value of the wrong type is no event. Keys we do not know are passed over, keys that are missing
 * are absent, as if null: so a file of an older or a newer version can be shown. All text goes
 * through the setters, so that it is printable ASCII afterwards whatever the line said.
 */
#include "event_table.h"

#include "reflashd/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SCHEMA	    1
#define DEPTH_MAX   8
#define WALL_MS_MAX INT64_C(253402300799999) /* the last millisecond of the year 9999 */

/* RFC 3339 in UTC with milliseconds: 2026-11-21T02:57:04.123Z */
void event_time_format(int64_t wall_ms, char out[EVENT_TIME_MAX])
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
	snprintf(out, EVENT_TIME_MAX, "%s.%03dZ", date, (int)(wall_ms % 1000));
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
	char time[EVENT_TIME_MAX], text[1024];

	event_time_format(e->wall_ms, time);
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

/* ---- the other way round ---- */

/* Before the parser sees it: it calls itself for every bracket. */
static bool too_deep(const char *line, size_t len)
{
	bool quoted = false;
	unsigned depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = line[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > DEPTH_MAX)
			return true;
	}
	return false;
}

/* So many digits at *p, which moves on; false when there is another character. */
static bool digits(const char **p, unsigned count, int64_t *out)
{
	*out = 0;
	for (; count > 0; count--, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return true;
}

/* Days from 1970-01-01 to that date; years count from March, so that the leap day is the last. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Exactly what event_time_format() writes, which also weeds out the 31st of June. */
static bool parse_time(const char *text, int64_t *wall_ms)
{
	static const struct {
		unsigned digits;
		char then;
	} part[] = {{4, '-'}, {2, '-'}, {2, 'T'}, {2, ':'}, {2, ':'}, {2, '.'}, {3, 'Z'}};
	int64_t v[ARRAY_LEN(part)];
	const char *p = text;
	char again[EVENT_TIME_MAX];

	for (unsigned i = 0; i < ARRAY_LEN(part); i++)
		if (!digits(&p, part[i].digits, &v[i]) || *p++ != part[i].then)
			return false;
	if (v[0] < 1970 || v[1] < 1 || v[1] > 12 || v[3] > 23 || v[4] > 59 || v[5] > 59)
		return false;
	*wall_ms =
		(((days_to(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60 + v[5]) * 1000 + v[6];
	event_time_format(*wall_ms, again);
	return strcmp(again, text) == 0;
}

static int wrong(struct fault *f, const char *key, const char *expected)
{
	return fault_set(f, -EBADMSG, "no event: \"%s\" is not %s", key, expected);
}

static int read_list(struct event *e, enum event_field field, const json_t *value, struct fault *f)
{
	char items[sizeof(e->missing) + 8];
	size_t len = 0, i;
	const json_t *item;

	items[0] = 0;
	json_array_foreach(value, i, item)
	{
		const char *text = json_string_value(item);

		if (!text || strchr(text, '\n'))
			return wrong(f, field_table[field].name, "a list of words");
		/* What does not fit is cut by the setter, at a whole item. */
		if (len < sizeof(items) - 1)
			len += (size_t)snprintf(items + len, sizeof(items) - len, "%s%s",
						i ? "\n" : "", text);
	}
	event_set_text(e, field, items);
	return 0;
}

static int read_field(struct event *e, enum event_field field, const json_t *value, struct fault *f)
{
	const char *name = field_table[field].name, *text = json_string_value(value);
	char again[MAC_TEXT_MAX];
	struct mac mac;
	uint32_t ip;

	if (!value || json_is_null(value))
		return 0;
	switch (field_table[field].type) {
	case FIELD_TYPE_MAC:
		if (!text || !mac_parse(text, &mac))
			return wrong(f, name, "a MAC address");
		mac_format(mac, again);
		if (strcmp(again, text) != 0)
			return wrong(f, name, "a MAC address in lower case with colons");
		event_set_mac(e, mac);
		return 0;
	case FIELD_TYPE_IP:
		if (!text || !ip4_parse(text, &ip))
			return wrong(f, name, "an IPv4 address");
		event_set_ip(e, field, ip);
		return 0;
	case FIELD_TYPE_TEXT:
		if (!text)
			return wrong(f, name, "text");
		event_set_text(e, field, text);
		return 0;
	case FIELD_TYPE_NUMBER:
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return wrong(f, name, "a number");
		event_set_number(e, field, (uint64_t)json_integer_value(value));
		return 0;
	case FIELD_TYPE_TRUTH:
		if (!json_is_boolean(value))
			return wrong(f, name, "true or false");
		event_set_truth(e, field, json_is_true(value));
		return 0;
	case FIELD_TYPE_LIST:
		if (!json_is_array(value))
			return wrong(f, name, "a list of words");
		return read_list(e, field, value, f);
	}
	return 0;
}

/* Its address at the head becomes {phone} again, which is shorter: so what fitted once fits. */
static void read_text(struct event *e, const char *text)
{
	char mac[MAC_TEXT_MAX];

	mac_format(e->mac, mac);
	if (event_has(e, FIELD_MAC) && strncmp(text, mac, strlen(mac)) == 0)
		event_say(e, "{phone}%s", text + strlen(mac));
	else
		event_say(e, "%s", text);
}

static bool find_type(const char *name, enum event_type *type)
{
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (strcmp(event_table[i].name, name) != 0)
			continue;
		*type = (enum event_type)i;
		return true;
	}
	return false;
}

static bool find_severity(const char *name, enum event_severity *severity)
{
	for (unsigned i = SEVERITY_DEBUG; i <= SEVERITY_ERROR; i++) {
		if (strcmp(event_severity_name((enum event_severity)i), name) != 0)
			continue;
		*severity = (enum event_severity)i;
		return true;
	}
	return false;
}

static int read_event(struct event *e, const json_t *object, struct fault *f)
{
	const json_t *seq = json_object_get(object, "seq");
	const char *name = json_string_value(json_object_get(object, "event"));
	const char *severity = json_string_value(json_object_get(object, "severity"));
	const char *time = json_string_value(json_object_get(object, "time"));
	const char *text = json_string_value(json_object_get(object, "text"));
	enum event_type type;
	int err = 0;

	if (!name)
		return wrong(f, "event", "the name of an event");
	if (!find_type(name, &type))
		return fault_set(f, -ENOENT, "an event of a later version");
	event_init(e, type);
	if (!json_is_integer(seq) || json_integer_value(seq) < 0)
		return wrong(f, "seq", "a number");
	e->seq = (uint64_t)json_integer_value(seq);
	if (!time || !parse_time(time, &e->wall_ms))
		return wrong(f, "time", "a time like 2026-11-21T02:57:04.123Z");
	if (!severity || !find_severity(severity, &e->severity))
		return wrong(f, "severity", "debug, info, notice, warning or error");
	if (!text)
		return wrong(f, "text", "a sentence");
	for (unsigned i = 0; !err && event_table[type].fields[i] != EVENT_FIELD_COUNT; i++) {
		enum event_field field = event_table[type].fields[i];

		err = read_field(e, field, json_object_get(object, field_table[field].name), f);
	}
	if (err)
		return err;
	if (type == EVENT_DAEMON_START && event_has(e, FIELD_SCHEMA) && e->schema != SCHEMA)
		return fault_set(f, -ENOENT, "a record of a later version");
	read_text(e, text);
	return 0;
}

int event_from_json(struct event *e, const char *line, size_t len, struct fault *f)
{
	struct event scratch;
	json_error_t error;
	json_t *object;
	int err;

	if (len > EVENT_LINE_MAX)
		return fault_set(f, -EBADMSG, "no event: the line is too long");
	if (too_deep(line, len))
		return fault_set(f, -EBADMSG, "no event: it nests too deep");
	object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!object) {
		char why[120]; /* it quotes the line */

		text_escape(why, sizeof(why), (const uint8_t *)error.text, strlen(error.text));
		return fault_set(f, -EBADMSG, "no JSON: %s", why);
	}
	err = json_is_object(object) ? read_event(&scratch, object, f)
				     : fault_set(f, -EBADMSG, "no event: it is no JSON object");
	json_decref(object);
	if (!err)
		*e = scratch;
	return err;
}
