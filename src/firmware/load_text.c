/* SPDX-License-Identifier: MIT */
/*
 * Columns between which there are 1 to 13 blanks in the files that were seen; so words are split
 * on blanks. Whatever stands behind the protocol is a comment.
 */
#include "reflashd/load_text.h"

#include "reflashd/text.h"

#include <string.h>

#define NUMBER_MAX 9999999u

bool load_text_name(const char *name, uint32_t *number)
{
	static const char *const before = "load", *const after = ".txt";
	size_t len = strlen(name), fixed = strlen(before) + strlen(after);
	char digits[8];
	uint64_t n;

	if (!text_starts_nocase(name, before) || !text_ends_nocase(name, after) || len <= fixed ||
	    len - fixed >= sizeof(digits))
		return false;
	memcpy(digits, name + strlen(before), len - fixed);
	digits[len - fixed] = '\0';
	if (!text_to_u64(digits, 1, NUMBER_MAX, &n))
		return false;
	*number = (uint32_t)n;
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool is_end(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/* The next word of the line in out; its length, 0: none is left, or it is too long. */
static size_t next_word(const uint8_t *data, size_t len, size_t *at, char *out, size_t size)
{
	size_t n = 0;

	while (*at < len && is_blank(data[*at]))
		++*at;
	while (*at < len && !is_blank(data[*at]) && !is_end(data[*at])) {
		if (n + 1 == size || data[*at] <= 0x20 || data[*at] > 0x7e)
			return 0;
		out[n++] = (char)data[(*at)++];
	}
	out[n] = '\0';
	return n;
}

static bool is_load(const char *load)
{
	for (const char *p = load; *p; p++) {
		char c = text_lower(*p);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr(".-_", c))
			return false;
	}
	return *load != '.';
}

bool load_text_parse(struct load_text *t, const uint8_t *data, size_t len)
{
	struct load_text found;
	char number[8], protocol[8];
	uint64_t n, p;
	size_t at = 0;

	while (at < len && (is_blank(data[at]) || is_end(data[at])))
		at++;
	if (!next_word(data, len, &at, number, sizeof(number)) ||
	    !next_word(data, len, &at, found.load, sizeof(found.load)) ||
	    !next_word(data, len, &at, protocol, sizeof(protocol)))
		return false;
	if (!text_to_u64(number, 1, NUMBER_MAX, &n) || !text_to_u64(protocol, 0, 999, &p) ||
	    !is_load(found.load))
		return false;
	found.number = (uint32_t)n;
	found.protocol = (uint32_t)p;
	*t = found;
	return true;
}
