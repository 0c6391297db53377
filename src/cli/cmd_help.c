/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "reflashd/daemon.h"

#include <string.h>

int cmd_version(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	printf("reflashd %s\n", REFLASHD_VERSION);
	return EXIT_CODE_DONE;
}

static void overview(void)
{
	printf("reflashd brings dead Cisco IP phones back to life: cable the phone to\n"
	       "this machine, name the interface and the folder with its firmware, and watch.\n\n"
	       "    sudo reflashd -i eth0 firmware/7970\n\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-10s  %s\n", c->name, c->help);
	printf("\n`reflashd help COMMAND' tells more.\n");
}

int cmd_help(int argc, char *const argv[])
{
	const struct command *c;

	if (argc < 1 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		overview();
		return EXIT_CODE_DONE;
	}
	c = command_find(argv[0]);
	if (!c) {
		fprintf(stderr, "reflashd: there is no command `%s'. `reflashd help' lists them.\n",
			argv[0]);
		return EXIT_CODE_USAGE;
	}
	printf("reflashd %s%s%s\n  %s\n", c->name, *c->arguments ? " " : "", c->arguments, c->help);
	if (c->more) {
		putchar('\n');
		c->more(stdout);
	}
	return EXIT_CODE_DONE;
}
