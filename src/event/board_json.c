/* SPDX-License-Identifier: MIT */
/*
 * The board as JSON. Everything in it came through events, so it is printable ASCII already.
 */
#include "reflashd/board_json.h"

#include "event_table.h"

#include <jansson.h>
#include <string.h>

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *number_or_null(uint64_t value, bool known)
{
	return known ? number(value) : json_null();
}

static json_t *time_or_null(int64_t ms)
{
	char text[EVENT_TIME_MAX];

	if (ms <= 0)
		return json_null();
	event_time_format(ms, text);
	return json_string(text);
}

static json_t *ip_or_null(uint32_t ip)
{
	char text[IP4_TEXT_MAX];

	if (!ip)
		return json_null();
	ip4_format(ip, text);
	return json_string(text);
}

/* Takes the value over; half a list is none. */
static json_t *add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) == 0)
		return array;
	json_decref(array);
	return NULL;
}

/* "7970\n7971" */
static json_t *list(const char *items)
{
	json_t *array = json_array();

	while (array && *items) {
		size_t len = strcspn(items, "\n");

		array = add(array, json_stringn(items, len));
		items += len + (items[len] != 0);
	}
	return array;
}

static char *dump(json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(value);
	return text;
}

static json_t *bundle_value(const struct board_bundle *b)
{
	return json_pack("{s:s,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:s}", "load", b->load, "models",
			 list(b->models), "files", number(b->files), "complete", b->complete,
			 "missing", number(b->missing), "findings", number(b->findings),
			 "signature", text_or_null(b->signature), "generation",
			 text_or_null(b->generation), "source", b->source);
}

char *board_status_json(const struct board *b)
{
	json_t *bundles = json_array();

	for (unsigned i = 0; bundles && i < b->bundle_count; i++)
		bundles = add(bundles, bundle_value(&b->bundle[i]));
	return dump(json_pack(
		"{s:s,s:o,s:o,s:b,s:o,s:b,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"version", b->version, "interface", text_or_null(b->interface), "address",
		text_or_null(b->address), "ready", b->ready, "link",
		b->link_known ? json_boolean(b->link_up) : json_null(), "interface_gone",
		b->interface_gone, "interface_failed", b->interface_failed, "rival",
		ip_or_null(b->rival), "since", time_or_null(b->start_ms), "now",
		time_or_null(b->now_ms), "seq", number(b->seq), "phones",
		number((uint64_t)b->count + b->away_count), "recovered", number(b->recovered),
		"not_shown", number(b->away_count), "bytes", number(b->bytes), "bytes_per_second",
		number(board_speed(b, b->now_ms)), "notice", text_or_null(b->notice), "bundles",
		bundles));
}

static json_t *timeline(const struct board_phone *p)
{
	json_t *array = json_array();

	for (unsigned i = 0; array && i < p->step_count; i++)
		array = add(array, json_pack("{s:s,s:o}", "stage", p->step[i].stage, "time",
					     time_or_null(p->step[i].ms)));
	return array;
}

static json_t *loads(const struct board_phone *p)
{
	json_t *array = json_array();

	for (unsigned i = 0; array && i < p->load_count; i++)
		array = add(array, json_string(p->loads[i]));
	return array;
}

static json_t *advice(const struct board_phone *p)
{
	if (!*p->code)
		return json_null();
	return json_pack("{s:s,s:s}", "code", p->code, "text", p->advice);
}

static json_t *phone_value(const struct board_phone *p)
{
	char mac[MAC_TEXT_MAX];

	mac_format(p->mac, mac);
	return json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,"
			 "s:o,s:o}",
			 "mac", mac, "ip", ip_or_null(p->ip), "model", text_or_null(p->model),
			 "stage", text_or_null(p->stage), "load", text_or_null(p->load), "software",
			 text_or_null(p->software), "file", text_or_null(p->file), "bytes",
			 number(p->bytes), "size", number_or_null(p->size, p->size > 0), "done",
			 number(p->done), "files", number_or_null(p->files, p->files > 0),
			 "seconds_left",
			 number_or_null(p->seconds_left, p->seconds_left != UINT64_MAX), "advice",
			 advice(p), "proof", text_or_null(p->proof), "seconds",
			 number_or_null(p->seconds, *p->proof != 0), "first_seen",
			 time_or_null(p->first_ms), "since", time_or_null(p->stage_ms), "loads",
			 loads(p), "sent", number(p->sent), "timeline", timeline(p));
}

char *board_phones_json(const struct board *b)
{
	json_t *array = json_array();

	for (unsigned i = 0; array && i < b->count; i++)
		array = add(array, phone_value(&b->phone[i]));
	return dump(array);
}

char *board_phone_json(const struct board_phone *p)
{
	return dump(phone_value(p));
}
