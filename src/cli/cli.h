/* SPDX-License-Identifier: MIT */
/*
 * The commands. One table (commands.c) dispatches and prints the usage; one file a
 * command.
 */
#ifndef REFLASHD_CLI_CLI_H
#define REFLASHD_CLI_CLI_H

#include "reflashd/config.h"

#include <stdio.h>

struct command {
	const char *name;
	const char *arguments; /* behind the name, in the usage */
	const char *help;      /* one line */
	/* argv without program and command; returns an exit code of daemon.h */
	int (*run)(int argc, char *const argv[]);
	void (*more)(FILE *out); /* `help NAME`: what follows the usage line; may be NULL */
};

extern const struct command commands[]; /* ends with a NULL name */
const struct command *command_find(const char *name);
/* "reflashd: SENTENCE." on standard error. */
void cli_complain(const char *text);
/* Asks for firmware; words: what stands before it in the example. */
void cli_ask_firmware(const char *words);
/* config_load(), with the complaint and the exit code that belong to its failures; also serves
 * --help and --print-config. True: go on. */
bool cli_config(struct config *c, const char *command, int argc, char *const argv[],
		int *exit_code);

int cmd_serve(int argc, char *const argv[]);
int cmd_xmldefault(int argc, char *const argv[]);
void more_xmldefault(FILE *out);
int cmd_check(int argc, char *const argv[]);
void more_check(FILE *out);
int cmd_lint(int argc, char *const argv[]);
void more_lint(FILE *out);
int cmd_rehearse(int argc, char *const argv[]);
void more_rehearse(FILE *out);
int cmd_plan(int argc, char *const argv[]);
void more_plan(FILE *out);
int cmd_import(int argc, char *const argv[]);
void more_import(FILE *out);
int cmd_guide(int argc, char *const argv[]);
void more_guide(FILE *out);
int cmd_status(int argc, char *const argv[]);
int cmd_phones(int argc, char *const argv[]);
int cmd_events(int argc, char *const argv[]);
int cmd_stop(int argc, char *const argv[]);
void more_ask(FILE *out);
void more_events(FILE *out);
int cmd_replay(int argc, char *const argv[]);
void more_replay(FILE *out);
int cmd_doctor(int argc, char *const argv[]);
void more_doctor(FILE *out);
int cmd_version(int argc, char *const argv[]);
int cmd_help(int argc, char *const argv[]);

#endif
