/* SPDX-License-Identifier: MIT */
/*
 * Running the daemon, and the exit codes that every command shares.
 */
#ifndef REFLASHD_DAEMON_H
#define REFLASHD_DAEMON_H

#include "reflashd/config.h"

enum exit_code {
	EXIT_CODE_DONE = 0,
	EXIT_CODE_USAGE = 1,
	EXIT_CODE_CONFIG = 2,
	EXIT_CODE_FIRMWARE = 3,
	EXIT_CODE_NETWORK = 4,
	EXIT_CODE_TIMEOUT = 5,
	EXIT_CODE_SYSTEM = 6,
};

/* Serves until stopped, or until what --once, --count or --timeout ask for. Says on standard
 * error what is wrong when it cannot start. Returns an exit code. */
int daemon_serve(const struct config *config);

#endif
