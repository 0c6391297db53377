/* SPDX-License-Identifier: MIT */
/*
 * Is what a phone says it runs this load? Phones write the same load in several ways:
 *
 *	CDP, SIP, SCCP Register		SCCP70.8-3-3SR2S
 *		the name itself (phones.md 10.1 - 10.3)
 *	SCCP Alarm			9.4(2SR3.1S)
 *		the version alone (10.2)
 *	web page			jar75sccp.9-4-2SR3-1S
 *		the first member (10.4, one example)
 *	CDP, SIP on 7940/7960		P003-08-8-00
 *		its loader's name (10.1, one account)
 *	CDP of an empty flash		TERM70_LOAD
 *		no load at all (10.1, 11)
 *
 * A name names its load whole: model, protocol, version to the last digit. "8-5-2S" and
 * "8-5-2SR1S" are two loads, and so are those of SCCP and SIP. A bare version says nothing of
 * protocol or model; whoever asks knows by which protocol it came.
 *
 * The loader of a 7940/7960 is P003-V.sbn in every SIP package P0S3-V, and it has a version of its
 * own to compare: so the two are taken for one here. That the loader is there does not say that
 * the application runs. The tracker therefore believes this name only of a phone that
 * has already asked for what only the application asks for (announce.c).
 */
#include "reflashd/loads.h"

#include "reflashd/text.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void tidy(char out[LOADS_NAME_MAX], const char *text)
{
	static const char *const suffix[] = {".loads", ".sbin", ".sbn", ".sb2", ".zup", ".bin"};
	size_t n;

	while (*text == ' ')
		text++;
	if (!text_copy(out, LOADS_NAME_MAX, text)) {
		out[0] = '\0'; /* longer than any load */
		return;
	}
	for (n = strlen(out); n > 0 && out[n - 1] == ' '; n--)
		out[n - 1] = '\0';
	for (unsigned i = 0; i < ARRAY_LEN(suffix); i++) {
		if (n > strlen(suffix[i]) && text_ends_nocase(out, suffix[i])) {
			out[n - strlen(suffix[i])] = '\0';
			return;
		}
	}
}

/* "9.4(2SR3.1S)": the S that says "signed" must be the last character to be known as such. */
static bool bare_version(const char *text, struct load_version *out)
{
	char plain[LOADS_NAME_MAX];
	size_t n;

	text_copy(plain, sizeof(plain), text);
	n = strlen(plain);
	if (plain[n - 1] == ')')
		plain[n - 1] = '\0';
	return load_version_parse(plain, out);
}

static bool same_version(const char *load, const struct load_version *v)
{
	struct load_version own;

	return load_version_parse(load, &own) && load_version_order(&own, v) == 0;
}

/* "75" "sccp" of "SCCP75.…" and of "jar75sccp.…". */
static bool model_and_protocol(const char *name, bool jar, size_t *digits, char out[8])
{
	const char *protocol = jar ? name + 3 : name, *number = protocol;
	size_t n = 0, len;

	if (jar)
		while (is_digit(*protocol))
			protocol++;
	len = text_starts_nocase(protocol, "SCCP")  ? 4
	      : text_starts_nocase(protocol, "SIP") ? 3
						    : 0;
	if (!jar)
		number = protocol + len;
	while (is_digit(number[n]))
		n++;
	if (len == 0 || n == 0 || n + 2 > 8 || (jar ? protocol[len] : number[n]) != '.')
		return false;
	out[0] = len == 4 ? 'c' : 'i';
	memcpy(out + 1, number, n);
	out[n + 1] = '\0';
	*digits = n;
	return true;
}

/* A member has its load's version where the release counts alike (not so up to 8.3: there the
 * tracker asks the bundle). */
static bool names_jar_of(const char *load, const char *jar)
{
	struct load_version v;
	char a[8], b[8];
	size_t n;

	return text_starts_nocase(jar, "jar") && model_and_protocol(jar, true, &n, a) &&
	       model_and_protocol(load, false, &n, b) && strcmp(a, b) == 0 &&
	       load_version_parse(jar, &v) && same_version(load, &v);
}

static bool names_loader_of(const char *load, const char *loader)
{
	struct load_version v;

	return text_starts_nocase(load, "P0S3-") && text_starts_nocase(loader, "P003-") &&
	       load_version_parse(loader, &v) && same_version(load, &v);
}

bool load_announces(const char *load, const char *announced)
{
	char own[LOADS_NAME_MAX], said[LOADS_NAME_MAX];
	struct load_version v;

	tidy(own, load);
	tidy(said, announced);
	if (!own[0] || !said[0])
		return false;
	if (text_equal_nocase(own, said))
		return true;
	if (is_digit(said[0]))
		return bare_version(said, &v) && same_version(own, &v);
	return names_jar_of(own, said) || names_loader_of(own, said);
}

bool load_is_loader(const char *announced, char term[8])
{
	size_t n = 0;

	if (!text_starts_nocase(announced, "TERM"))
		return false;
	while (is_digit(announced[4 + n]))
		n++;
	if (n == 0 || n > 3 || !text_equal_nocase(announced + 4 + n, "_LOAD"))
		return false;
	if (term) {
		memcpy(term, announced + 4, n);
		term[n] = '\0';
	}
	return true;
}
