/* SPDX-License-Identifier: MIT */
/*
 * The little that a simulated phone takes out of its configuration files. A bounded search
 * for a few elements is enough, and it shares nothing with the code that writes the files.
 *
 * XMLDefault.cnf.xml and SEP….cnf.xml need a callManagerGroup with a processNodeName in it,
 * otherwise they are not accepted (phones.md 1, item 10). The load stands in
 * loadInformation<number> or, in a phone's own file, in loadInformation.
 */
#include "sim_private.h"

#include <string.h>

static bool starts(struct span s, size_t at, const char *text)
{
	size_t len = strlen(text);

	return s.len - at >= len && memcmp(s.data + at, text, len) == 0;
}

/* The offset just behind "<name …>" at or after `from`, comments left out; 0 when absent. */
static size_t find_element(struct span s, size_t from, const char *name)
{
	static const char after[] = {'>', ' ', '\t', '\r', '\n'};
	size_t len = strlen(name), at;
	bool comment = false;

	for (at = from; at < s.len; at++) {
		if (comment) {
			comment = !starts(s, at, "-->");
			continue;
		}
		if (s.data[at] != '<')
			continue;
		if (starts(s, at, "<!--")) {
			comment = true;
			continue;
		}
		if (!starts(s, at + 1, name) || at + 1 + len >= s.len ||
		    !memchr(after, s.data[at + 1 + len], sizeof(after)))
			continue;
		while (at < s.len && s.data[at] != '>')
			at++;
		return at < s.len ? at + 1 : 0;
	}
	return 0;
}

/* The text from there to the next '<', without blanks around it. */
static bool element_text(struct span s, size_t at, char *out, size_t size)
{
	size_t end = at;

	while (end < s.len && s.data[end] != '<')
		end++;
	while (at < end && s.data[at] <= ' ')
		at++;
	while (end > at && s.data[end - 1] <= ' ')
		end--;
	if (end == at || end - at >= size)
		return false;
	memcpy(out, s.data + at, end - at);
	out[end - at] = '\0';
	return true;
}

/* Load names become requests: only what a load name is made of. */
static bool is_load_name(const char *text)
{
	for (; *text; text++)
		if (!((*text >= '0' && *text <= '9') ||
		      (text_lower(*text) >= 'a' && text_lower(*text) <= 'z') ||
		      strchr("-._()", *text)))
			return false;
	return true;
}

void sim_configuration_read(struct sim_configuration *c, uint32_t number, const uint8_t *data,
			    size_t len)
{
	struct span s = {data, len};
	char element[32], node[128];
	size_t at = find_element(s, 0, "callManagerGroup");

	c->load[0] = '\0';
	if (at != 0)
		at = find_element(s, at, "processNodeName");
	c->usable = at != 0 && element_text(s, at, node, sizeof(node));
	text_format(element, sizeof(element), "loadInformation%u", (unsigned)number);
	at = find_element(s, 0, element);
	if (at == 0)
		at = find_element(s, 0, "loadInformation");
	if (at == 0 || !element_text(s, at, c->load, sizeof(c->load)) || !is_load_name(c->load))
		c->load[0] = '\0';
}

void sim_cnf_value(const uint8_t *data, size_t len, const char *key, char *out, size_t size)
{
	struct span s = {data, len};
	size_t at, end;

	out[0] = '\0';
	for (at = 0; at < len; at = end + 1) {
		for (end = at; end < len && data[end] != '\n';)
			end++;
		if (!starts(s, at, key))
			continue;
		at += strlen(key);
		while (at < end && strchr(": \t\"", (char)data[at]) && data[at])
			at++;
		while (end > at && strchr(" \t\r\"", (char)data[end - 1]) && data[end - 1])
			end--;
		if (end > at && end - at < size) {
			memcpy(out, data + at, end - at);
			out[end - at] = '\0';
			if (!is_load_name(out) && strcmp(out, "./") != 0)
				out[0] = '\0';
		}
		return;
	}
}
