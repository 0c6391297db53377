/* SPDX-License-Identifier: MIT */
/*
 * Running the daemon, and the exit codes that every command shares.
 */
#ifndef REFLASHD_DAEMON_H
#define REFLASHD_DAEMON_H

#include "reflashd/config.h"

enum exit_code {
#define EXIT(id, number, help) EXIT_CODE_##id = (number),
#include "reflashd/exit_codes.def"
#undef EXIT
};

/* Serves until stopped, or until what --once, --count or --timeout ask for. Says on standard
 * error what is wrong when it cannot start. Returns an exit code. */
int daemon_serve(const struct config *config);

#endif
