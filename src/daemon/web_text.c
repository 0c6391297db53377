/* SPDX-License-Identifier: MIT */
/*
 * Text that grows, with the escapes of JSON and of Prometheus' labels. Whatever bytes go in,
 * printable ASCII and the escapes of that language come out.
 */
#include "web.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct web_text *t, size_t more)
{
	size_t size = t->size ? t->size : 1024;
	char *data;

	if (t->failed)
		return false;
	while (size - t->len <= more)
		size *= 2;
	if (size == t->size)
		return true;
	data = realloc(t->data, size);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->size = size;
	return true;
}

void web_text_add(struct web_text *t, const char *data, size_t len)
{
	if (!make_room(t, len))
		return;
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = 0;
}

void web_text_put(struct web_text *t, const char *text)
{
	web_text_add(t, text, strlen(text));
}

void web_text_format(struct web_text *t, const char *format, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	must(n >= 0 && (size_t)n < sizeof(line)); /* long texts do not go this way */
	web_text_add(t, line, (size_t)n);
}

static void json_bytes(struct web_text *t, const char *text, size_t len)
{
	web_text_add(t, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			web_text_add(t, "\\", 1);
		if (c >= 0x20 && c <= 0x7e)
			web_text_add(t, text + i, 1);
		else
			web_text_format(t, "\\u%04x", c);
	}
	web_text_add(t, "\"", 1);
}

void web_text_json(struct web_text *t, const char *text)
{
	json_bytes(t, text, strlen(text));
}

void web_text_json_list(struct web_text *t, const char *items)
{
	web_text_put(t, "[");
	for (bool first = true; *items; first = false) {
		size_t len = strcspn(items, "\n");

		web_text_put(t, first ? "" : ",");
		json_bytes(t, items, len);
		items += len + (items[len] != 0);
	}
	web_text_put(t, "]");
}

void web_text_label(struct web_text *t, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			web_text_add(t, "\\", 1);
		if (*text == '\n')
			web_text_put(t, "\\n");
		else
			web_text_add(t, *text >= 0x20 && *text <= 0x7e ? text : "?", 1);
	}
}

void web_text_free(struct web_text *t)
{
	free(t->data);
	*t = (struct web_text){0};
}
