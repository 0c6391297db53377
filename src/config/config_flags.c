/* SPDX-License-Identifier: MIT */
/*
 * The command line, as people who use git and GNU tools write it:
 *
 *     --name VALUE   --name=VALUE   -i VALUE   -iVALUE   -vq   -vi VALUE   --   FIRMWARE
 *
 * A value that looks like a flag is refused where it stands alone, since "-i --force" is a
 * forgotten value far more often than an interface of that name; --name=VALUE still takes it.
 * A switch that the file can set too may be taken back: --force=no.
 */
#include "option.h"

#include "reflashd/text.h"

#include <errno.h>
#include <string.h>

#define SHOWN_MAX 64

struct flags {
	struct config *c;
	int argc, next;
	char *const *argv;
	struct fault *f;
};

static const char *shown(char out[SHOWN_MAX], const char *text)
{
	text_escape(out, SHOWN_MAX, (const uint8_t *)text, strlen(text));
	return out;
}

static int take(struct flags *in, enum config_option o, const char *value)
{
	struct fault why;

	if (option_set(in->c, o, value, ORIGIN_FLAG, 0, &why))
		return 0;
	if (o == OPTION_FIRMWARE)
		return fault_set(in->f, -EINVAL, "FIRMWARE: %s", why.text);
	return fault_set(in->f, -EINVAL, "--%s: %s", option_table[o].name, why.text);
}

/* The next word as the value of an option that needs one. */
static int take_next(struct flags *in, enum config_option o)
{
	const struct option_row *row = &option_table[o];
	char word[SHOWN_MAX];
	const char *value;

	if (in->next >= in->argc)
		return fault_set(in->f, -EINVAL, "--%s needs a value: --%s %s", row->name,
				 row->name, row->argument);
	value = in->argv[in->next];
	if (value[0] == '-' && value[1])
		return fault_set(in->f, -EINVAL,
				 "--%s needs a value, but `%s' follows; give --%s %s", row->name,
				 shown(word, value), row->name, row->argument);
	in->next++;
	return take(in, o, value);
}

static int unknown_flag(struct flags *in, const char *word, const char *name)
{
	char text[SHOWN_MAX];
	const char *near = option_nearest(name, true);

	if (near)
		return fault_set(in->f, -EINVAL, "`%s' is no flag; did you mean --%s?",
				 shown(text, word), near);
	return fault_set(in->f, -EINVAL, "`%s' is no flag; `reflashd help serve' lists them",
			 shown(text, word));
}

static int long_flag(struct flags *in, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	enum config_option o = option_find(name, len);
	char copy[SHOWN_MAX];

	if (o == OPTIONS_TOTAL || o == OPTION_FIRMWARE) {
		if (len >= sizeof(copy))
			len = sizeof(copy) - 1;
		memcpy(copy, name, len);
		copy[len] = 0;
		if (o == OPTION_FIRMWARE)
			return fault_set(
				in->f, -EINVAL,
				"--%s is a key of the file; here give the folder or archive "
				"alone, without a flag",
				copy);
		return unknown_flag(in, word, copy);
	}
	if (option_table[o].argument)
		return equals ? take(in, o, equals + 1) : take_next(in, o);
	if (equals && !option_table[o].section)
		return fault_set(in->f, -EINVAL, "--%s takes no value; give it alone",
				 option_table[o].name);
	return take(in, o, equals ? equals + 1 : "yes");
}

static enum config_option find_letter(char letter)
{
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		if (option_table[o].letter == letter)
			return (enum config_option)o;
	return OPTIONS_TOTAL;
}

/* "-vvq", "-i eth0", "-ieth0": switches, until one takes the rest of the word as its value. */
static int short_flags(struct flags *in, const char *word)
{
	int err = 0;

	for (const char *p = word + 1; *p && !err; p++) {
		enum config_option o = find_letter(*p);

		if (o == OPTIONS_TOTAL)
			return unknown_flag(in, word, word + 1);
		if (option_table[o].argument)
			return p[1] ? take(in, o, p + 1 + (p[1] == '=')) : take_next(in, o);
		err = take(in, o, "yes");
	}
	return err;
}

int flags_read(struct config *c, int argc, char *const argv[], struct fault *f)
{
	struct flags in = {.c = c, .argc = argc, .argv = argv, .f = f};
	bool only_paths = false;
	int err = 0;

	while (!err && in.next < argc) {
		const char *word = argv[in.next++];

		if (only_paths || word[0] != '-' || !word[1])
			err = take(&in, OPTION_FIRMWARE, word);
		else if (word[1] != '-')
			err = short_flags(&in, word);
		else if (word[2])
			err = long_flag(&in, word);
		else
			only_paths = true;
	}
	return err;
}

enum config_option option_find(const char *name, size_t len)
{
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		if (strlen(option_table[o].name) == len &&
		    memcmp(option_table[o].name, name, len) == 0)
			return (enum config_option)o;
	return OPTIONS_TOTAL;
}

const char *option_nearest(const char *name, bool flags)
{
	size_t len = strlen(name);
	unsigned best = len < 6 ? 2 : 3; /* not nearer than this is no suggestion */
	const char *found = NULL;

	if (len < 2)
		return NULL;
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++) {
		const struct option_row *row = &option_table[o];
		unsigned d;

		if (flags ? o == OPTION_FIRMWARE : !row->section)
			continue;
		d = text_starts_nocase(row->name, name) ? 1 : text_distance(name, row->name);
		if (d < best) {
			best = d;
			found = row->name;
		}
	}
	return found;
}
