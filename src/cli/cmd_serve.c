/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "reflashd/daemon.h"

int cmd_serve(int argc, char *const argv[])
{
	struct config config;
	int exit_code;

	if (!cli_config(&config, "serve", argc, argv, &exit_code))
		return exit_code;
	if (!*config.interface) {
		cli_complain("on which interface? Name the one that the phone is cabled to, e.g. "
			     "-i eth0 (`ip -br link' lists them)");
		return EXIT_CODE_USAGE;
	}
	return daemon_serve(&config);
}
