/* SPDX-License-Identifier: MIT */
/* What several commands share. */
#include "cli.h"

#include "../daemon/console.h"
#include "reflashd/daemon.h"
#include "reflashd/text.h"

#include <errno.h>
#include <string.h>

void cli_complain(const char *text)
{
	bool ended = text_ends_nocase(text, ".") || text_ends_nocase(text, "?");
	char line[FAULT_TEXT_MAX + 32];

	text_format(line, sizeof(line), "reflashd: %s%s", text, ended ? "" : ".");
	console_put(stderr, 4, line);
}

void cli_ask_firmware(const char *words)
{
	fprintf(stderr,
		"reflashd: which firmware? Name the folder or the archive that holds it:\n"
		"    reflashd %s firmware/\n",
		words);
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
		cli_ask_firmware(strcmp(command, "serve") == 0 ? "-i eth0" : command);
		*exit_code = EXIT_CODE_USAGE;
		return false;
	}
	return true;
}
