/* SPDX-License-Identifier: MIT */
#include "reflashd/text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t text_escape(char *out, size_t size, const uint8_t *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0, mark = 0; /* mark: where "..." goes when the rest does not fit */

	must(size >= 8);
	for (size_t i = 0; i < len; i++) {
		char piece[4];
		size_t p;

		if (data[i] == '\\') {
			piece[0] = piece[1] = '\\';
			p = 2;
		} else if (data[i] >= 0x20 && data[i] <= 0x7e) {
			piece[0] = (char)data[i];
			p = 1;
		} else {
			piece[0] = '\\';
			piece[1] = 'x';
			piece[2] = hex[data[i] >> 4];
			piece[3] = hex[data[i] & 15];
			p = 4;
		}
		if (n + p > size - 1) {
			memcpy(out + mark, "...", 3);
			n = mark + 3;
			break;
		}
		memcpy(out + n, piece, p);
		n += p;
		if (n <= size - 4)
			mark = n;
	}
	out[n] = 0;
	return n;
}

bool text_format(char *out, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out, size, format, args);
	va_end(args);
	return n >= 0 && (size_t)n < size;
}

bool text_append(char *out, size_t size, const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;
	int n;

	must(len < size);
	va_start(args, format);
	n = vsnprintf(out + len, size - len, format, args);
	va_end(args);
	return n >= 0 && (size_t)n < size - len;
}

bool text_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);
	bool fits = len < size;

	must(size > 0);
	if (!fits)
		len = size - 1;
	memcpy(out, text, len);
	out[len] = 0;
	return fits;
}

void text_capitalise(char *text)
{
	if (*text >= 'a' && *text <= 'z' && strcspn(text, " ") <= strcspn(text, ":./"))
		*text = (char)(*text - 'a' + 'A');
}

char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int text_casecmp(const char *a, const char *b)
{
	while (*a && text_lower(*a) == text_lower(*b))
		a++, b++;
	return (unsigned char)text_lower(*a) - (unsigned char)text_lower(*b);
}

bool text_equal_nocase(const char *a, const char *b)
{
	return text_casecmp(a, b) == 0;
}

bool text_starts_nocase(const char *text, const char *prefix)
{
	while (*prefix)
		if (text_lower(*text++) != text_lower(*prefix++))
			return false;
	return true;
}

bool text_ends_nocase(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && text_equal_nocase(text + n - m, suffix);
}

bool span_starts(struct span s, const char *text)
{
	size_t n = strlen(text);

	if (s.len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text_lower((char)s.data[i]) != text_lower(text[i]))
			return false;
	return true;
}

bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && span_starts(s, text);
}

struct span span_from(struct span s, size_t at)
{
	must(at <= s.len);
	return at ? (struct span){s.data + at, s.len - at} : s; /* an absent one has no data */
}

struct span span_trim(struct span s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = span_from(s, 1);
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
		s.len--;
	return s;
}

bool span_number(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)s.data[i] - '0';

		if (digit > 9 || digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

bool text_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned d = (unsigned)(*text - '0');

		if (*text < '0' || *text > '9' || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (v < min || v > max)
		return false;
	*out = v;
	return true;
}

unsigned text_distance(const char *a, const char *b)
{
	unsigned row[TEXT_DISTANCE_MAX + 1];
	size_t n = strlen(b);

	if (n > TEXT_DISTANCE_MAX || strlen(a) > TEXT_DISTANCE_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (text_lower(a[i - 1]) != text_lower(b[j - 1]));

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

const char *text_number(char out[TEXT_NUMBER_MAX], uint64_t n)
{
	char plain[24];
	size_t len, at = 0;

	snprintf(plain, sizeof(plain), "%" PRIu64, n);
	len = strlen(plain);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = plain[i];
	}
	out[at] = '\0';
	return out;
}
