/* SPDX-License-Identifier: MIT */
/*
 * What is known of the phones as text, so that a restart forgets no refusal and no load:
 *
 *	00:1b:54:ca:01:02 7970 - SCCP70.8-3-3S erased SCCP70.9-4-2S,SCCP70.8-5-2S
 *
 * As with the leases, whatever we would not have written ourselves means that the file is damaged,
 * and then none of it is believed. Empty lines and lines that begin with '#' are fine. A last line
 * without its newline is a file that was cut off.
 *
 * The text is gone through twice: once to judge it, once to take it over.
 */
#include "fold.h"

#include "reflashd/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct line {
	struct mac mac;
	char model[12], runs[72], newest[72];
	bool erased;
	unsigned refused_count;
	char refused[PLAN_REFUSED_MAX][72];
};

/* Load names come from file names; one that would not read back as one word is not kept. */
static bool is_load(const char *text)
{
	return text[0] && text[0] != '-' && strlen(text) < 72 &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._()-")] == '\0';
}

static const char *or_dash(const char *load)
{
	return is_load(load) ? load : "-";
}

size_t phone_text_write(const struct phone *phone, char *out, size_t size)
{
	char mac[MAC_TEXT_MAX], refused[PLAN_REFUSED_MAX * 72 + 1] = "";
	size_t len = 0;
	int n;

	must(size >= PHONE_TEXT_MAX);
	for (unsigned i = 0; i < phone->refused_count; i++)
		if (is_load(phone->refused[i]))
			len += (size_t)snprintf(refused + len, sizeof(refused) - len, "%s%s",
						len ? "," : "", phone->refused[i]);
	out[0] = '\0';
	if (mac_is_zero(phone->mac) || phone->mac.b[0] & 1 ||
	    (!is_load(phone->runs) && !is_load(phone->newest) && !phone->erased && !len))
		return 0;
	mac_format(phone->mac, mac);
	n = snprintf(out, size, "%s %s %s %s %s %s\n", mac, phone->model ? phone->model->id : "-",
		     or_dash(phone->runs), or_dash(phone->newest),
		     phone->erased ? "erased" : "running", len ? refused : "-");
	must(n > 0 && (size_t)n < size);
	return (size_t)n;
}

/* "-" or a load name. */
static bool take_load(const char *text, char out[72])
{
	out[0] = '\0';
	return strcmp(text, "-") == 0 || (is_load(text) && text_copy(out, 72, text));
}

static bool take_refused(char *text, struct line *out)
{
	out->refused_count = 0;
	if (strcmp(text, "-") == 0)
		return true;
	for (;;) {
		size_t len = strcspn(text, ",");
		bool more = text[len] == ',';

		text[len] = '\0';
		if (out->refused_count == PLAN_REFUSED_MAX || !is_load(text))
			return false;
		text_copy(out->refused[out->refused_count++], 72, text);
		if (!more)
			return true;
		text += len + 1;
	}
}

static bool parse_line(char *text, struct line *out)
{
	char *field[6];

	for (size_t i = 0; i < ARRAY_LEN(field); i++) {
		field[i] = text;
		text += strcspn(text, " ");
		if ((*text == ' ') != (i + 1 < ARRAY_LEN(field)))
			return false;
		*text++ = '\0';
	}
	if (!mac_parse(field[0], &out->mac) || mac_is_zero(out->mac) || out->mac.b[0] & 1)
		return false;
	if (!field[1][0] || !text_copy(out->model, sizeof(out->model), field[1]))
		return false;
	out->erased = strcmp(field[4], "erased") == 0;
	return (out->erased || strcmp(field[4], "running") == 0) &&
	       take_load(field[2], out->runs) && take_load(field[3], out->newest) &&
	       take_refused(field[5], out);
}

static const struct model *model_of(const struct phones *p, const char *id)
{
	return strcmp(id, "-") == 0 ? NULL : models_by_id(p->models, id);
}

/* False: the same phone for the second time. */
static bool take_over(struct phones *p, const struct line *line)
{
	const struct model *model = model_of(p, line->model);
	struct phone *phone;

	if (phones_find(p, line->mac))
		return false;
	if ((!model && strcmp(line->model, "-") != 0) || p->count == PHONES_MAX)
		return true;
	phone = table_add(p, line->mac);
	phone->model = model;
	phone->erased = line->erased;
	text_copy(phone->runs, sizeof(phone->runs), line->runs);
	text_copy(phone->newest, sizeof(phone->newest), line->newest);
	phone->refused_count = line->refused_count;
	memcpy(phone->refused, line->refused, sizeof(phone->refused));
	return true;
}

static int bad_line(struct fault *f, const char *name, unsigned number, const char *what)
{
	return fault_set(f, -EINVAL,
			 "the file `%s', which tells what is known of each phone, is damaged: line "
			 "%u %s",
			 name, number, what);
}

int phones_text_read(struct phones *p, const char *name, const char *text, size_t len,
		     struct fault *f)
{
	static const struct line empty;

	must(p->count == 0);
	for (int pass = 0; pass < 2; pass++) {
		const char *at = text, *end = text + len;

		for (unsigned number = 1; at < end; number++) {
			const char *stop = memchr(at, '\n', (size_t)(end - at));
			size_t n = (size_t)((stop ? stop : end) - at);
			char buffer[PHONE_TEXT_MAX];
			struct line line = empty;

			if (!stop || n >= sizeof(buffer) || memchr(at, '\0', n)) {
				table_init(p);
				return bad_line(f, name, number, "is cut off or far too long");
			}
			memcpy(buffer, at, n);
			buffer[n] = '\0';
			at = stop + 1;
			if (!buffer[0] || buffer[0] == '#')
				continue;
			if (!parse_line(buffer, &line))
				return bad_line(f, name, number,
						"is not \"MAC MODEL RUNS NEWEST erased|running "
						"REFUSED\"");
			if (pass == 1 && !take_over(p, &line)) {
				table_init(p);
				return bad_line(f, name, number,
						"names a phone for the second time");
			}
		}
	}
	return 0;
}
