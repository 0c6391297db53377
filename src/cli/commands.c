/* SPDX-License-Identifier: MIT */
/*
 * The table of commands: it dispatches (main.c), prints the usage (cmd_help.c), and the manual and
 * the completions are made from it when the program is built (src/man/tables.c).
 */
#include "cli.h"

#include <string.h>

const struct command commands[] = {
	{"serve", "[OPTIONS] FIRMWARE ...",
	 "serve DHCP and TFTP until stopped (the default command)", cmd_serve, config_usage},
	{"check", "[OPTIONS] FIRMWARE ...",
	 "inspect firmware: complete? genuine? for which phones?", cmd_check, more_check},
	{"import", "--to DIR FIRMWARE ...",
	 "unpack archives into a firmware library, one folder per bundle", cmd_import, more_import},
	{"plan", "MODEL[:LOAD] FIRMWARE ...",
	 "show the road of a phone to its target, load by load", cmd_plan, more_plan},
	{"xmldefault", "[OPTIONS] FIRMWARE ...",
	 "print the XMLDefault.cnf.xml that would be served", cmd_xmldefault, more_xmldefault},
	{"lint", "[OPTIONS] FILE ...", "check hand-written XMLDefault / SEP*.cnf.xml files",
	 cmd_lint, more_lint},
	{"rehearse", "[OPTIONS] FIRMWARE ...",
	 "recover simulated phones from this firmware, without any network", cmd_rehearse,
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
