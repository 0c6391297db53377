/* SPDX-License-Identifier: MIT */
/*
 * reflashd: which command is it?
 *
 * `serve` is the default: when the first word is no command, all words are its own, so that
 * `reflashd -i eth0 firmware/` does what a person in a hurry means.
 */
#include "cli.h"

#include "reflashd/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
