/* SPDX-License-Identifier: MIT */
/*
 * reflashd: which command is it?
 *
 * `serve` is the default: when the first word is no command, all words are its own, so that
 * `reflashd -i eth0 firmware/` does what a person in a hurry means.
 */
#include "cli.h"

#include "reflashd/daemon.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct command commands[] = {
	{"serve", "[OPTIONS] FIRMWARE ...",
	 "serve DHCP and TFTP until stopped (the default command)", cmd_serve, config_usage},
	{"check", "[OPTIONS] FIRMWARE ...",
	 "inspect firmware: complete? genuine? for which phones?", cmd_check, more_check},
	{"import", "--to DIR FIRMWARE ...",
	 "unpack archives into a firmware library, one folder per bundle", cmd_import, more_import},
	{"plan", "MODEL[:LOAD] FIRMWARE ...",
	 "show the way of a phone to its target: which load, in which order", cmd_plan, more_plan},
	{"xmldefault", "[OPTIONS] FIRMWARE ...",
	 "print the XMLDefault.cnf.xml that would be served", cmd_xmldefault, NULL},
	{"lint", "[OPTIONS] FILE ...", "check hand-written XMLDefault / SEP*.cnf.xml files",
	 cmd_lint, more_lint},
	{"rehearse", "[OPTIONS] FIRMWARE ...",
	 "recover simulated phones from this firmware, in virtual time, no network", cmd_rehearse,
	 more_rehearse},
	{"guide", "[MODEL]", "what to press, what the lamps say, how long to wait", cmd_guide,
	 more_guide},
	{"status", "[OPTIONS]", "ask the running daemon what it serves, and where", cmd_status,
	 more_ask},
	{"phones", "[OPTIONS]", "ask the running daemon for its phones: stage, progress, advice",
	 cmd_phones, more_ask},
	{"events", "[OPTIONS]", "show what happened lately, and with --follow what happens",
	 cmd_events, more_events},
	{"stop", "[OPTIONS]", "stop the running daemon", cmd_stop, more_ask},
	{"replay", "[OPTIONS] FILE", "show a recorded event file as it was shown live", cmd_replay,
	 more_replay},
	{"doctor", "-i IFACE [FIRMWARE ...]",
	 "is this machine and this wire ready to serve? changes nothing", cmd_doctor, more_doctor},
	{"version", "", "print the version", cmd_version, NULL},
	{"help", "[COMMAND]", "explain a command", cmd_help, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

void cli_complain(const char *text)
{
	bool ended = text_ends_nocase(text, ".") || text_ends_nocase(text, "?");

	fprintf(stderr, "reflashd: %s%s\n", text, ended ? "" : ".");
}

bool cli_config(struct config *c, const char *command, int argc, char *const argv[], int *exit_code)
{
	struct fault f;
	int err = config_load(c, argc, argv, &f);

	*exit_code = EXIT_CODE_DONE;
	if (err) {
		cli_complain(f.text);
		*exit_code = err == -EBADMSG ? EXIT_CODE_CONFIG : EXIT_CODE_USAGE;
		return false;
	}
	if (c->help) {
		char *words[] = {(char *)(uintptr_t)command};

		cmd_help(1, words);
		return false;
	}
	if (c->print_config) {
		config_print(c, stdout);
		return false;
	}
	if (!c->firmware_count) {
		fprintf(stderr,
			"reflashd: which firmware? Name the folder or the archive that holds it:\n"
			"    reflashd %s firmware/\n",
			strcmp(command, "serve") == 0 ? "-i eth0" : command);
		*exit_code = EXIT_CODE_USAGE;
		return false;
	}
	return true;
}

/* A mistyped command must not be taken for firmware: `reflashd chek' is no folder. */
static bool is_mistyped(const char *word)
{
	return word[0] != '-' && !strchr(word, '/') && access(word, F_OK) != 0;
}

int main(int argc, char *argv[])
{
	const struct command *c = argc > 1 ? command_find(argv[1]) : NULL;
	char *const help[] = {NULL};
	int code;

	if (argc < 2)
		return cmd_help(0, help), EXIT_CODE_USAGE;
	if (c)
		code = c->run(argc - 2, argv + 2);
	else if (strcmp(argv[1], "--version") == 0)
		code = cmd_version(0, help);
	else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		code = cmd_help(0, help);
	else if (is_mistyped(argv[1])) {
		fprintf(stderr,
			"reflashd: there is no command `%s', nor a folder or archive of that name "
			"here.\n`reflashd help' lists the commands.\n",
			argv[1]);
		code = EXIT_CODE_USAGE;
	} else
		code = cmd_serve(argc - 1, argv + 1);
	if (fflush(stdout) != 0 && code == EXIT_CODE_DONE) {
		fprintf(stderr, "reflashd: cannot write the output: %s.\n", strerror(errno));
		return EXIT_CODE_SYSTEM;
	}
	return code;
}
