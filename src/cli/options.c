/* SPDX-License-Identifier: MIT */
/*
 * Reading a command's words through its table, in the ways of config_flags.c:
 *
 *     --name VALUE   --name=VALUE   -n VALUE   -nVALUE   -xy   --   WORD
 *
 * A value that looks like a flag is refused where it stands alone: it is far more often a
 * forgotten value. A flag that is not in the table is answered with its nearest neighbour.
 */
#include "options.h"

#include "reflashd/daemon.h"
#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 64
#define WORD_MAX  40

struct reading {
	struct cli_args *args;
	const char *command;
	const struct cli_option *table;
	int argc, next;
	char *const *argv;
	bool help;
	struct fault f;
};

static const struct cli_option help_option = {"help", 'h', NULL, "this text"};

static const char *shown(char out[SHOWN_MAX], const char *text)
{
	text_escape(out, SHOWN_MAX, (const uint8_t *)text, strlen(text));
	return out;
}

static int take(struct reading *r, const struct cli_option *o, const char *value)
{
	size_t row;

	if (o == &help_option) {
		r->help = true;
		return 0;
	}
	row = (size_t)(o - r->table);
	must(row < CLI_OPTIONS_MAX);
	if (o->argument && !*value)
		return fault_set(&r->f, -1, "--%s needs a value: --%s %s", o->name, o->name,
				 o->argument);
	r->args->value[row] = value;
	r->args->times[row]++;
	return 0;
}

static int take_next(struct reading *r, const struct cli_option *o)
{
	char word[SHOWN_MAX];
	const char *value = r->next < r->argc ? r->argv[r->next] : "";

	if (value[0] == '-' && value[1])
		return fault_set(&r->f, -1, "--%s needs a value, but `%s' follows; give --%s %s",
				 o->name, shown(word, value), o->name, o->argument);
	r->next++;
	return take(r, o, value);
}

static int unknown(struct reading *r, const char *word, const char *name)
{
	const char *near = NULL;
	unsigned best = strlen(name) < 6 ? 2 : 3; /* not nearer than this is no suggestion */
	char text[SHOWN_MAX];

	shown(text, word);
	for (const struct cli_option *o = r->table; strlen(name) > 1 && o->name; o++) {
		unsigned d = text_starts_nocase(o->name, name) ? 1 : text_distance(name, o->name);

		if (d < best) {
			best = d;
			near = o->name;
		}
	}
	if (near)
		return fault_set(&r->f, -1, "`%s' is no flag; did you mean --%s?", text, near);
	return fault_set(&r->f, -1, "`%s' is no flag; `reflashd help %s' lists them", text,
			 r->command);
}

static int long_flag(struct reading *r, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct cli_option *o = r->table;
	char name[WORD_MAX];

	text_copy(name, sizeof(name), word + 2);
	if (equals && (size_t)(equals - word - 2) < sizeof(name))
		name[equals - word - 2] = '\0';
	while (o->name && strcmp(o->name, name) != 0)
		o++;
	if (!o->name)
		o = strcmp(name, "help") == 0 ? &help_option : NULL;
	if (!o)
		return unknown(r, word, name);
	if (o->argument)
		return equals ? take(r, o, equals + 1) : take_next(r, o);
	if (equals)
		return fault_set(&r->f, -1, "--%s takes no value; give it alone", o->name);
	return take(r, o, "");
}

static int short_flags(struct reading *r, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		const struct cli_option *o = r->table;
		int err;

		while (o->name && o->letter != *p)
			o++;
		if (!o->name)
			o = *p == 'h' ? &help_option : NULL;
		if (!o)
			return unknown(r, word, word + 1);
		if (o->argument)
			return p[1] ? take(r, o, p + 1 + (p[1] == '=')) : take_next(r, o);
		err = take(r, o, "");
		if (err)
			return err;
	}
	return 0;
}

static int read_words(struct reading *r)
{
	bool only_words = false;
	int err = 0;

	while (!err && r->next < r->argc) {
		const char *word = r->argv[r->next++];

		if (only_words || word[0] != '-' || !word[1])
			r->args->word[r->args->words++] = word;
		else if (word[1] != '-')
			err = short_flags(r, word);
		else if (word[2])
			err = long_flag(r, word);
		else
			only_words = true;
	}
	return err;
}

bool cli_options(struct cli_args *args, const char *command, const struct cli_option *table,
		 int argc, char *const argv[], int *exit_code)
{
	struct reading r = {
		.args = args, .command = command, .table = table, .argc = argc, .argv = argv};
	int err;

	memset(args, 0, sizeof(*args));
	args->word = calloc((size_t)argc + 1, sizeof(*args->word));
	if (!args->word) {
		cli_complain("no memory");
		*exit_code = EXIT_CODE_SYSTEM;
		return false;
	}
	err = read_words(&r);
	if (err) {
		cli_complain(r.f.text);
		*exit_code = EXIT_CODE_USAGE;
	} else if (r.help) {
		char *const words[] = {(char *)(uintptr_t)command};

		*exit_code = cmd_help(1, words);
	}
	if (!err && !r.help)
		return true;
	cli_args_free(args);
	return false;
}

void cli_args_free(struct cli_args *args)
{
	free(args->word);
	memset(args, 0, sizeof(*args));
}

static void option_usage(const struct cli_option *o, FILE *out)
{
	char left[48], letter[] = {'-', o->letter, ',', ' ', '\0'};

	text_format(left, sizeof(left), "%s--%s%s%s", o->letter ? letter : "    ", o->name,
		    o->argument ? " " : "", o->argument ? o->argument : "");
	fprintf(out, "  %-24s  %s\n", left, o->help);
}

void cli_options_usage(const struct cli_option *table, FILE *out)
{
	for (const struct cli_option *o = table; o->name; o++)
		option_usage(o, out);
	option_usage(&help_option, out);
}

bool cli_path(char out[CONFIG_PATH_MAX], const char *option, const char *value, int *exit_code)
{
	struct fault f;

	if (text_copy(out, CONFIG_PATH_MAX, value))
		return true;
	fault_set(&f, -1, "%s: the path is longer than %d bytes; use a shorter one", option,
		  CONFIG_PATH_MAX - 1);
	cli_complain(f.text);
	*exit_code = EXIT_CODE_USAGE;
	return false;
}

bool cli_firmware(struct config *c, const struct cli_args *args, const char *command,
		  int *exit_code)
{
	*exit_code = EXIT_CODE_USAGE;
	config_defaults(c);
	if (!args->words) {
		cli_ask_firmware(command);
		return false;
	}
	if (args->words > CONFIG_FIRMWARE_MAX) {
		fprintf(stderr,
			"reflashd: more than %d folders; give the folder that they are in.\n",
			CONFIG_FIRMWARE_MAX);
		return false;
	}
	for (unsigned i = 0; i < args->words; i++)
		if (!cli_path(c->firmware[i], "FIRMWARE", args->word[i], exit_code))
			return false;
	c->firmware_count = args->words;
	*exit_code = EXIT_CODE_DONE;
	return true;
}

bool cli_judging(struct config *c, const char *target, const char *keys, const char *models,
		 int *exit_code)
{
	*exit_code = EXIT_CODE_USAGE;
	if (target && !text_copy(c->target, sizeof(c->target), target)) {
		cli_complain("--target: no load has such a long name");
		return false;
	}
	return (!keys || cli_path(c->keys, "--keys", keys, exit_code)) &&
	       (!models || cli_path(c->models, "--models", models, exit_code));
}

bool cli_color(enum config_color *color, const char *value, int *exit_code)
{
	static const char *const name[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};

	*color = COLOR_AUTO;
	for (size_t i = 0; value && i < ARRAY_LEN(name); i++) {
		if (strcmp(value, name[i]) == 0) {
			*color = (enum config_color)i;
			return true;
		}
	}
	if (value) {
		cli_complain("--color wants auto, always or never");
		*exit_code = EXIT_CODE_USAGE;
	}
	return !value;
}
