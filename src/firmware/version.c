/* SPDX-License-Identifier: MIT */
/*
 * The version in a load name, so that "newest" and "not above 8.5(2)" can be said of it.
 *
 *	load	= java | dashed | packed | kup, each with an optional file suffix
 *	java	= PREFIX "." version		SCCP70.8-5-2SR1S, TERM70.7-0-2-0S
 *	dashed	= PREFIX "-" version		P0S3-8-12-00
 *	version = number { SEP number } { word } { SEP number } [ "S" ]
 *	word	= LETTERS [ number ] [ LETTER ]	SR2, SR3A, ES26, TH1
 *	packed	= "P" 3*ALNUM 2*( 2*DIGIT ) …	P00308010200, P0030801SR02, P0S30203
 *	kup	= "CP79" 2*DIGIT 6*DIGIT ("SCCP" | "SIP") 6*DIGIT [ LETTER ]
 *
 * SEP is any of . - ( ) _, so that people's own "8.5(2)SR1" reads the same. The "S" at the end
 * says that the load is signed and is no part of the version.
 *
 * Odd things that were met:
 *  - P0030801SR02 has no maintenance number. It is Cisco's 8.1(2)SR2 and came after
 *    P00308010200 = 8.1(2.0) (firmware-formats.md, Appendix A), so in packed names the number
 *    of the SR stands for the missing one.
 *  - The first three numbers are the release; more of them are a build ("8-4-2-30").
 *  - Anything else that is lettered (TH1, DEV2) comes after the plain release and before ES
 *    and SR, as those build on it.
 *
 * A name that does not fit in whole has no version: it is never taken for the newest.
 */
#include "reflashd/loads.h"

#include "reflashd/text.h"

#include <string.h>

#define WORD_MAX 4u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return text_lower(c) >= 'a' && text_lower(c) <= 'z';
}

static bool is_separator(char c)
{
	return c == '.' || c == '-' || c == '(' || c == ')' || c == '_';
}

/* At most `digits` of them; false when there is none. */
static bool take_number(const char **p, unsigned digits, uint32_t *out)
{
	uint32_t v = 0;
	unsigned n = 0;

	for (; n < digits && is_digit(**p); n++, (*p)++)
		v = v * 10 + (uint32_t)(**p - '0');
	*out = v;
	return n > 0;
}

/* A whole number; false for one that no version has. */
static bool take_whole_number(const char **p, uint32_t *out)
{
	return take_number(p, 9, out) && !is_digit(**p);
}

/* "SR2", "SR3A", "ES26", "TH1": a word without a number counts as its first. */
static bool take_word(const char **p, struct load_version *v)
{
	char word[WORD_MAX + 1];
	unsigned n = 0;
	uint32_t number = 1;
	char letter = 0;

	while (is_letter(**p)) {
		if (n == WORD_MAX)
			return false;
		word[n++] = text_lower(*(*p)++);
	}
	word[n] = '\0';
	if (is_digit(**p) && !take_whole_number(p, &number))
		return false;
	/* "SR3AS": a letter of its own before the S that means signed, or at the very end. */
	if (is_letter(**p) && text_lower(**p) != 's' && !is_letter((*p)[1]))
		letter = *(*p)++;
	else if (is_letter(**p) && text_lower((*p)[1]) == 's' && (*p)[2] == '\0')
		letter = *(*p)++;
	if (strcmp(word, "sr") == 0) {
		v->sr = number;
		v->sr_letter = letter ? (char)(text_lower(letter) - 'a' + 'A') : (char)0;
	} else if (strcmp(word, "es") == 0) {
		v->es = number;
	} else {
		v->special = number;
	}
	return true;
}

/* Behind the prefix: numbers, words, numbers, and the S of a signed load. */
static bool parse_numbers(const char *p, struct load_version *v)
{
	unsigned numbers = 0, builds = 0;
	bool worded = false;

	if (!is_digit(*p))
		return false;
	while (*p) {
		if (is_separator(*p)) {
			p++;
		} else if (text_lower(*p) == 's' && p[1] == '\0') {
			p++;
		} else if (is_letter(*p)) {
			if (!take_word(&p, v))
				return false;
			worded = true;
		} else if (is_digit(*p)) {
			uint32_t n;

			if (!take_whole_number(&p, &n))
				return false;
			if (!worded && numbers < 3)
				v->number[numbers++] = n;
			else if (builds < ARRAY_LEN(v->build))
				v->build[builds++] = n;
			else
				return false;
		} else {
			return false;
		}
	}
	return true;
}

/* "P003" + "08010200", "P003" + "0801SR02": pairs of digits without separators. */
static bool parse_packed(const char *p, struct load_version *v)
{
	if (!take_number(&p, 2, &v->number[0]) || !take_number(&p, 2, &v->number[1]))
		return false;
	if (is_letter(*p)) {
		if (!take_word(&p, v) || *p != '\0')
			return false;
		v->number[2] = v->sr;
		return true;
	}
	if (*p != '\0' && !take_number(&p, 2, &v->number[2]))
		return false;
	return *p == '\0' || (take_number(&p, 2, &v->build[0]) && *p == '\0');
}

/* "CP7912" + "080003" + "SCCP" + "070409" + "A" */
static bool parse_kup(const char *p, struct load_version *v)
{
	for (unsigned n = 0; n < 3; n++)
		if (!is_digit(p[0]) || !is_digit(p[1]) || !take_number(&p, 2, &v->number[n]))
			return false;
	if (text_starts_nocase(p, "SCCP"))
		p += 4;
	else if (text_starts_nocase(p, "SIP"))
		p += 3;
	else
		return false;
	if (strspn(p, "0123456789") != 6 || !take_number(&p, 6, &v->build[0]))
		return false;
	if (is_letter(*p))
		v->build[1] = (uint32_t)(text_lower(*p++) - 'a') + 1;
	return *p == '\0';
}

static void cut_suffix(char *name)
{
	static const char *const suffix[] = {".loads", ".sbn", ".sb2", ".sbin", ".zup", ".bin"};

	for (unsigned i = 0; i < ARRAY_LEN(suffix); i++) {
		if (text_ends_nocase(name, suffix[i])) {
			name[strlen(name) - strlen(suffix[i])] = '\0';
			return;
		}
	}
}

bool load_version_parse(const char *load, struct load_version *out)
{
	struct load_version v = {0};
	char name[LOADS_NAME_MAX];
	size_t prefix;
	bool ok;

	if (!text_copy(name, sizeof(name), load))
		return false;
	cut_suffix(name);
	prefix = strcspn(name, ".-");
	if (is_digit(name[0]))
		ok = parse_numbers(name, &v);
	else if (name[prefix] != '\0')
		ok = parse_numbers(name + prefix + 1, &v);
	else if (text_starts_nocase(name, "CP79") && prefix > 6)
		ok = parse_kup(name + 6, &v);
	else
		ok = text_lower(name[0]) == 'p' && prefix > 4 && parse_packed(name + 4, &v);
	if (ok)
		*out = v;
	return ok;
}

static int order(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int load_version_order(const struct load_version *a, const struct load_version *b)
{
	int diff = 0;

	for (unsigned n = 0; n < ARRAY_LEN(a->number) && diff == 0; n++)
		diff = order(a->number[n], b->number[n]);
	if (diff == 0)
		diff = order(a->sr, b->sr);
	if (diff == 0)
		diff = order((unsigned char)a->sr_letter, (unsigned char)b->sr_letter);
	if (diff == 0)
		diff = order(a->es, b->es);
	if (diff == 0)
		diff = order(a->special, b->special);
	for (unsigned n = 0; n < ARRAY_LEN(a->build) && diff == 0; n++)
		diff = order(a->build[n], b->build[n]);
	return diff;
}

int loads_version_compare(const char *a, const char *b)
{
	struct load_version va, vb;
	bool has_a = load_version_parse(a, &va), has_b = load_version_parse(b, &vb);

	if (has_a && has_b)
		return load_version_order(&va, &vb);
	if (has_a || has_b)
		return has_a ? 1 : -1;
	return text_casecmp(a, b);
}
