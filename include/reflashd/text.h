/* SPDX-License-Identifier: MIT */
/*
 * Text that came from somebody else. Whatever a phone, an archive or a file name says
 * passes through text_escape() before it can reach a terminal, a log or a page, so
 * that events hold printable ASCII by construction.
 */
#ifndef REFLASHD_TEXT_H
#define REFLASHD_TEXT_H

#include "reflashd/base.h"

/*
 * Writes the bytes as printable ASCII: 0x20..0x7e stay, backslash becomes \\, everything
 * else \xNN. Always NUL-terminates; what does not fit is cut at a whole character and
 * marked by a final "...". size must be at least 8. Returns the length written.
 */
size_t text_escape(char *out, size_t size, const uint8_t *data, size_t len);

/* snprintf that says whether it all fitted and never leaves an unterminated string. */
bool text_format(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, behind what out holds already. */
bool text_append(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Copies, cutting when needed; true when it all fitted. */
bool text_copy(char *out, size_t size, const char *text);
/* Makes the words of a fault the beginning of a sentence: its first letter becomes a capital one,
 * unless what it begins with is the name of a file and a line number. */
void text_capitalise(char *text);

/* ASCII only, no locale: file names on the phones' wire are ASCII. */
char text_lower(char c);
int text_casecmp(const char *a, const char *b);
bool text_equal_nocase(const char *a, const char *b);
bool text_starts_nocase(const char *text, const char *prefix);
bool text_ends_nocase(const char *text, const char *suffix);

/* The same of bytes that are no C string. An absent span has no data. */
bool span_is(struct span s, const char *text);
bool span_starts(struct span s, const char *text);
struct span span_from(struct span s, size_t at); /* at: not behind its end */
struct span span_trim(struct span s);		 /* without blanks and tabs around it */
/* Digits only, at least one; false when it is more than max. */
bool span_number(struct span s, uint64_t max, uint64_t *out);

/* How many letters to insert, drop or change to make one word of the other (Levenshtein), in any
 * case; UINT_MAX when one is longer than TEXT_DISTANCE_MAX. */
#define TEXT_DISTANCE_MAX 32
unsigned text_distance(const char *a, const char *b);

/* "1,204,112". Returns out. */
#define TEXT_NUMBER_MAX 28
const char *text_number(char out[TEXT_NUMBER_MAX], uint64_t n);

/* Whole string as an unsigned decimal within min..max, nothing else around it. */
bool text_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);

#endif
