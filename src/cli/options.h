/* SPDX-License-Identifier: MIT */
/*
 * The options of every command but serve and xmldefault, whose options are keys of the INI file,
 * too (config.h). A command declares a table, reads its words through it, and prints its help
 * from it:
 *
 *     enum { TO, KEYS };
 *     static const struct cli_option options[] = {
 *             [TO] = {"to", 't', "DIR", "the folder to import into"},
 *             [KEYS] = {"keys", 0, "FILE", "further verification keys"},
 *             {NULL, 0, NULL, NULL},
 *     };
 *     if (!cli_options(&args, "import", options, argc, argv, &exit_code))
 *             return exit_code;
 *     ... args.value[TO] ... args.word[0 .. args.words - 1] ...
 *     cli_args_free(&args);
 *
 * --help and -h are in every table by themselves.
 */
#ifndef REFLASHD_CLI_OPTIONS_H
#define REFLASHD_CLI_OPTIONS_H

#include "cli.h"

#define CLI_OPTIONS_MAX 24

struct cli_option {
	const char *name;     /* the long flag, without its dashes; NULL ends the table */
	char letter;	      /* the short one, or 0 */
	const char *argument; /* what it takes, as shown ("DIR"); NULL: a switch */
	const char *help;     /* in the usage */
};

struct cli_args {
	const char
		*value[CLI_OPTIONS_MAX]; /* by row; the last one given; "" for a switch; or NULL */
	unsigned times[CLI_OPTIONS_MAX]; /* how often it was given */
	const char **word;		 /* what is no option, in order */
	unsigned words;
};

/* False: all is said and done (help, or a complaint); end with *exit_code. Nothing to free then. */
bool cli_options(struct cli_args *args, const char *command, const struct cli_option *table,
		 int argc, char *const argv[], int *exit_code);
void cli_args_free(struct cli_args *args);
/* A line for each option, for `help COMMAND`. */
void cli_options_usage(const struct cli_option *table, FILE *out);
/* The default configuration with the words as its FIRMWARE, for store_open(). False after a
 * complaint (none given, too many, too long): end with *exit_code. */
bool cli_firmware(struct config *c, const struct cli_args *args, const char *command,
		  int *exit_code);
/* The values of --target, --keys and --models, NULL where not given. False after a complaint. */
bool cli_judging(struct config *c, const char *target, const char *keys, const char *models,
		 int *exit_code);
/* Copies a path from an option into the configuration's field; false after a complaint. */
bool cli_path(char out[CONFIG_PATH_MAX], const char *option, const char *value, int *exit_code);
/* The value of --color; NULL is auto. False after a complaint. */
bool cli_color(enum config_color *color, const char *value, int *exit_code);

#endif
