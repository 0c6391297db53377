/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "../daemon/candidates.h"
#include "reflashd/daemon.h"

int cmd_serve(int argc, char *const argv[])
{
	struct config config;
	int exit_code;

	if (!cli_config(&config, "serve", argc, argv, &exit_code))
		return exit_code;
	if (!*config.interface) {
		cli_complain("on which interface? Name the one that the phone is cabled to "
			     "with -i");
		candidates_print(stderr, "", config.firmware[0]);
		return EXIT_CODE_USAGE;
	}
	exit_code = daemon_serve(&config);
	/* Mistyped, or pulled out. */
	if (exit_code == EXIT_CODE_NETWORK && !candidates_have(config.interface))
		candidates_print(stderr, "", config.firmware[0]);
	return exit_code;
}
