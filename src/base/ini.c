/* SPDX-License-Identifier: MIT */
/*
 * INI text, read strictly; the only file that knows inih.
 *
 * The happy path: inih asks for lines, next_piece() gives it one line of the text at a time, inih
 * splits and trims it and calls take_pair(), and when the next line is wanted (or the text ends)
 * line_done() hands the finished item to the caller. Because one line is under way at a time, the
 * line number is ours and always right.
 *
 * What can go wrong, each met on Debian 12 (inih 55):
 * - inih's line buffer is 200 bytes. A longer line would lose its tail, and the tail would be read
 * as the next line. Such a line goes in as "key = piece" followed by continuation lines, and is put
 *   together again behind inih. Each piece stands between two MARK bytes, so that no
 *   blank of it is trimmed and no ';' in it starts a comment. MARK cannot be in the text:
 *   control bytes are refused.
 * - After an error inih goes on, and keys behind a broken "[section" land in the section before.
 *   Here the first error ends the text: next_piece() reports the end.
 * - Section names are cut silently at 49 bytes, and so is the key of a continuation line: refused.
 * - "key : value", text behind "]", an indented line (a continuation, to inih) and "= value" are
 *   taken by inih in ways that hide a slip of the pen. The first two and the last are refused;
 *   indentation is taken off.
 * The switches that change inih at run time are Debian's own patch and are not used.
 */
#include "reflashd/ini.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* inih calls its callback type what our header calls ours. */
#define ini_handler inih_handler
#include <ini.h>
#undef ini_handler

#include "reflashd/text.h"

#define MARK	      '\x01'
#define INIH_NAME_MAX 49 /* what inih keeps of a section, and of a key that is continued */

struct feed {
	const char *name;
	const char *text;
	size_t len, pos;
	ini_handler *handler;
	void *ctx;
	struct fault *fault;
	int err; /* once set, the text has ended */

	unsigned line;		       /* the line under way, from 1 */
	char buffer[INI_LINE_MAX + 1]; /* it, without the blanks around it */
	bool is_pair;
	bool reflowed; /* it goes in piece by piece */
	size_t key_len;
	size_t value_at, value_left; /* reflowed: the part that inih has not seen yet */

	bool got_pair; /* what came back from inih for this line */
	char section[INIH_NAME_MAX + 1];
	char key[INI_LINE_MAX + 1];
	char value[INI_LINE_MAX + 1];
	size_t value_len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

__attribute__((format(printf, 2, 3))) static bool refuse(struct feed *feed, const char *format, ...)
{
	char why[FAULT_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	feed->err = fault_set(feed->fault, -EINVAL, "%s:%u: %s", feed->name, feed->line, why);
	return false;
}

/* Quotes the line under way, or its start, fit for a terminal. */
static const char *quote(const struct feed *feed, char out[64])
{
	text_escape(out, 64, (const uint8_t *)feed->buffer, strlen(feed->buffer));
	return out;
}

/* Ends the buffer where a comment starts: at a ';' behind a blank, from offset on. */
static void cut_comment(struct feed *feed, size_t from)
{
	char *b = feed->buffer;
	size_t n = strlen(b);

	for (size_t i = from + 1; i < n; i++)
		if (b[i] == ';' && is_blank(b[i - 1])) {
			n = i;
			break;
		}
	while (n > from && is_blank(b[n - 1]))
		n--;
	b[n] = '\0';
}

/* The next line of the text into the buffer; false at its end or on a line that cannot be. */
static bool next_line(struct feed *feed)
{
	const char *start = feed->text + feed->pos, *newline;
	size_t left = feed->len - feed->pos, n;

	if (left == 0)
		return false;
	newline = memchr(start, '\n', left);
	n = newline ? (size_t)(newline - start) : left;
	feed->pos += newline ? n + 1 : n;
	feed->line++;
	if (n > 0 && start[n - 1] == '\r')
		n--;
	if (feed->line == 1 && n >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0) {
		start += 3;
		n -= 3;
	}
	if (n > INI_LINE_MAX)
		return refuse(feed, "this line has %zu bytes; at most %d are possible", n,
			      INI_LINE_MAX);
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)start[i] < 0x20 && start[i] != '\t') || start[i] == 0x7f)
			return refuse(
				feed,
				"byte %zu of this line is the control byte 0x%02x; only text is "
				"possible here",
				i + 1, (unsigned)(unsigned char)start[i]);
	while (n > 0 && is_blank(start[n - 1]))
		n--;
	while (n > 0 && is_blank(*start)) {
		start++;
		n--;
	}
	memcpy(feed->buffer, start, n);
	feed->buffer[n] = '\0';
	return true;
}

static bool check_section(struct feed *feed)
{
	char q[64];
	size_t n;

	cut_comment(feed, 0);
	n = strcspn(feed->buffer + 1, "[]");
	if (feed->buffer[1 + n] != ']' || feed->buffer[2 + n] != '\0')
		return refuse(feed, "\"%s\" is not a section; write [name] and nothing behind it",
			      quote(feed, q));
	if (n == 0 || n > INIH_NAME_MAX)
		return refuse(feed,
			      "the name of a section has 1 to %d characters, this one has %zu",
			      INIH_NAME_MAX, n);
	return true;
}

static bool check_pair(struct feed *feed)
{
	char q[64];
	size_t n = strcspn(feed->buffer, "=:");

	if (feed->buffer[n] != '=')
		return refuse(feed, "\"%s\" is neither a [section] nor \"key = value\"",
			      quote(feed, q));
	feed->value_at = n + 1;
	while (n > 0 && is_blank(feed->buffer[n - 1]))
		n--;
	feed->key_len = n;
	if (n == 0 || n > INIH_NAME_MAX)
		return refuse(feed, "the key before \"=\" has 1 to %d characters, this one has %zu",
			      INIH_NAME_MAX, n);
	return true;
}

/* Hands the item of the line under way to the caller. */
static bool line_done(struct feed *feed)
{
	struct ini_item item = {feed->section, feed->key, feed->value, feed->line};
	struct fault why = {0};
	char q[64];

	if (!feed->is_pair)
		return true;
	feed->is_pair = false;
	if (!feed->got_pair || (feed->reflowed && feed->value_left > 0))
		return refuse(feed, "\"%s\" is neither a [section] nor \"key = value\"",
			      quote(feed, q));
	if (feed->section[0] == '\0')
		return refuse(feed,
			      "\"%s\" stands before the first [section]; write the one that it "
			      "belongs to above it",
			      quote(feed, q));
	if (!feed->handler(feed->ctx, &item, &why))
		return refuse(feed, "%s", why.text);
	return true;
}

/* One piece of a long line: "key = |piece|", then " |piece|", with MARK for the bars. */
static void put_piece(struct feed *feed, bool first, char *out, size_t size)
{
	int key_len = first ? (int)feed->key_len : 0;
	const char *between = first ? " = " : " ";
	size_t room = size - (size_t)key_len - strlen(between) - 4; /* MARKs, newline, NUL */
	size_t n = feed->value_left < room ? feed->value_left : room;

	must(text_format(out, size, "%.*s%s%c%.*s%c\n", key_len, feed->buffer, between, MARK,
			 (int)n, feed->buffer + feed->value_at, MARK));
	feed->value_at += n;
	feed->value_left -= n;
}

static void put_line(struct feed *feed, char *out, size_t size)
{
	feed->reflowed = strlen(feed->buffer) + 2 > size;
	if (!feed->reflowed) {
		must(text_format(out, size, "%s\n", feed->buffer));
		return;
	}
	cut_comment(feed, feed->value_at);
	while (is_blank(feed->buffer[feed->value_at]))
		feed->value_at++;
	feed->value_left = strlen(feed->buffer + feed->value_at);
	put_piece(feed, true, out, size);
}

/* What inih reads from instead of a file. */
static char *next_piece(char *out, int size, void *stream)
{
	struct feed *feed = stream;

	must(size >= 2 * INIH_NAME_MAX);
	if (feed->err)
		return NULL;
	if (feed->is_pair && feed->reflowed && feed->value_left > 0) {
		put_piece(feed, false, out, (size_t)size);
		return out;
	}
	if (!line_done(feed))
		return NULL;
	do {
		if (!next_line(feed))
			return NULL;
	} while (feed->buffer[0] == '\0' || feed->buffer[0] == ';' || feed->buffer[0] == '#');
	if (feed->buffer[0] == '[' ? !check_section(feed) : !check_pair(feed))
		return NULL;
	feed->is_pair = feed->buffer[0] != '[';
	feed->got_pair = false;
	feed->value_len = 0;
	feed->value[0] = '\0';
	put_line(feed, out, (size_t)size);
	return out;
}

/* What inih calls for each pair and each continuation. A builder of inih may have switched
 * on calls without a name at the start of a section. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
	struct feed *feed = user;
	size_t n;

	if (!name || !value || feed->err)
		return 1;
	n = strlen(value);
	if (feed->reflowed) {
		if (n < 2 || value[0] != MARK || value[n - 1] != MARK) {
			refuse(feed, "this line is too long for the inih library of this machine");
			return 1;
		}
		value++;
		n -= 2;
	}
	must(text_copy(feed->section, sizeof(feed->section), section));
	must(text_copy(feed->key, sizeof(feed->key), name));
	must(feed->value_len + n <= INI_LINE_MAX);
	memcpy(feed->value + feed->value_len, value, n);
	feed->value_len += n;
	feed->value[feed->value_len] = '\0';
	feed->got_pair = true;
	return 1;
}

int ini_read(const char *name, const char *text, size_t len, ini_handler *handler, void *ctx,
	     struct fault *f)
{
	struct feed feed = {
		.name = name, .text = text, .len = len, .handler = handler, .ctx = ctx, .fault = f};
	int found = ini_parse_stream(next_piece, &feed, take_pair, &feed);

	if (!feed.err && found != 0)
		feed.err = fault_set(f, -EINVAL, "%s:%u: this line cannot be understood", name,
				     feed.line);
	return feed.err;
}
