/* SPDX-License-Identifier: MIT */
/*
 * `reflashd doctor -i IFACE`: is this machine and this wire ready to serve? A line for each check,
 * with what to do. Changes nothing.
 */
#include "options.h"
#include "terminal.h"

#include "../daemon/candidates.h"
#include "../daemon/doctor.h"
#include "reflashd/daemon.h"
#include "reflashd/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INTERFACE, ADDRESS, STATE_DIR, KEYS, MODELS, JSON };

static const struct cli_option options[] = {
	[INTERFACE] = {"interface", 'i', "NAME", "the interface that the phone is cabled to"},
	[ADDRESS] = {"address", 'a', "A.B.C.D/LEN", "our address there, as for serve"},
	[STATE_DIR] = {"state-dir", 0, "DIR", "as for serve"},
	[KEYS] = {"keys", 0, "FILE", "further verification keys (as firmware/keys.ini)"},
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	[JSON] = {"json", 0, NULL, "one JSON array of checks instead of lines"},
	{NULL, 0, NULL, NULL},
};

static const char *const words[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_PROBLEM] = "problem",
	[DOCTOR_UNKNOWN] = "unknown",
};

void more_doctor(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\n"
	      "Changes nothing. Exit code: 0 ready (perhaps with warnings), 4 serving would be\n"
	      "unsafe or impossible, 6 some checks could not be made (mostly: they need root),\n"
	      "1 wrong usage.\n",
	      out);
}

static bool print_json(const struct doctor *d)
{
	json_t *array = json_array();
	bool ok = array != NULL;

	for (unsigned i = 0; ok && i < d->count; i++) {
		const struct doctor_line *l = &d->line[i];
		json_t *remedy = *l->remedy ? json_string(l->remedy) : json_null();

		ok = json_array_append_new(array, json_pack("{s:s,s:s,s:s,s:o}", "check", l->check,
							    "result", words[l->result], "found",
							    l->found, "remedy", remedy)) == 0;
	}
	ok = ok && json_dumpf(array, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
	putchar('\n');
	json_decref(array);
	return ok;
}

/* Commands stay whole, one a line, so that they can be copied. */
static void print_remedy(const struct terminal *t, const char *remedy)
{
	bool command = strncmp(remedy, "sudo ", 5) == 0 || strncmp(remedy, "printf ", 7) == 0;

	while (command && *remedy) {
		const char *end = strstr(remedy, " && ");
		char line[512];

		snprintf(line, sizeof(line), "%.*s",
			 end ? (int)(end - remedy) : (int)strlen(remedy), remedy);
		printf("%14s", "");
		terminal_styled(t, STYLE_STRONG, line);
		putchar('\n');
		remedy += end ? (size_t)(end - remedy) + 4 : strlen(remedy);
	}
	if (command)
		return;
	printf("%24s", "");
	terminal_wrap(t, 24, 24, STYLE_STRONG, remedy);
}

static void print_lines(const struct doctor *d)
{
	static const enum terminal_style style[] = {
		[DOCTOR_OK] = STYLE_GOOD,
		[DOCTOR_WARNING] = STYLE_WARNING,
		[DOCTOR_PROBLEM] = STYLE_BAD,
		[DOCTOR_UNKNOWN] = STYLE_WARNING,
	};
	struct terminal t;

	terminal_open(&t, stdout, COLOR_AUTO);
	for (unsigned i = 0; i < d->count; i++) {
		const struct doctor_line *l = &d->line[i];
		char label[16];

		snprintf(label, sizeof(label), "%-9s", words[l->result]);
		terminal_styled(&t, style[l->result], label);
		printf("%-14s ", l->check);
		terminal_wrap(&t, 24, 24, STYLE_PLAIN, l->found);
		if (*l->remedy)
			print_remedy(&t, l->remedy);
	}
}

static bool configure(struct config *c, const struct cli_args *args, int *exit_code)
{
	config_defaults(c);
	if (args->words && !cli_firmware(c, args, "doctor", exit_code))
		return false;
	*exit_code = EXIT_CODE_USAGE;
	if (!args->value[INTERFACE]) {
		cli_complain("which interface? Name the one that the phone is cabled to with -i");
		candidates_print(stderr, "doctor ", args->words ? args->word[0] : "firmware/");
		return false;
	}
	if (!text_copy(c->interface, sizeof(c->interface), args->value[INTERFACE])) {
		cli_complain("--interface: no interface has such a long name");
		return false;
	}
	c->has_address = args->value[ADDRESS] != NULL;
	if (c->has_address &&
	    !ip4_parse_prefix(args->value[ADDRESS], &c->address, &c->prefix_len)) {
		cli_complain("--address wants an address with its prefix length, such as "
			     "10.79.70.1/24");
		return false;
	}
	return cli_judging(c, NULL, args->value[KEYS], args->value[MODELS], exit_code) &&
	       (!args->value[STATE_DIR] ||
		cli_path(c->state_dir, "--state-dir", args->value[STATE_DIR], exit_code));
}

/* Another server is waited for: whoever watches should know that this is no standstill. */
static void say_wait(const char *text)
{
	const char *term = getenv("TERM");

	if (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0)
		fputs(text, stderr);
}

int cmd_doctor(int argc, char *const argv[])
{
	static struct doctor d;
	struct cli_args args;
	struct config config;
	int exit_code;

	if (!cli_options(&args, "doctor", options, argc, argv, &exit_code))
		return exit_code;
	if (configure(&config, &args, &exit_code)) {
		say_wait("Looking and listening, for up to six seconds ...");
		doctor_run(&d, &config);
		say_wait("\r\033[K");
		exit_code = doctor_worst(&d) == DOCTOR_PROBLEM	 ? EXIT_CODE_NETWORK
			    : doctor_worst(&d) == DOCTOR_UNKNOWN ? EXIT_CODE_SYSTEM
								 : EXIT_CODE_DONE;
		if (!args.times[JSON])
			print_lines(&d);
		else if (!print_json(&d))
			exit_code = EXIT_CODE_SYSTEM;
	}
	cli_args_free(&args);
	return exit_code;
}
