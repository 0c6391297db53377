/* SPDX-License-Identifier: MIT */
/*
 * `reflashd check`: is this firmware complete, genuine, and for which phones? Asked before the
 * phone is erased, answered without any network.
 */
#include "check.h"
#include "options.h"

#include "reflashd/daemon.h"
#include "reflashd/store.h"
#include "reflashd/text.h"

#include <string.h>

enum { JSON, TARGET, KEYS, MODELS, COLOR, VERBOSE };

static const struct cli_option options[] = {
	[JSON] = {"json", 0, NULL, "one JSON array of bundles instead of tables"},
	[TARGET] = {"target", 0, "LOAD|newest", "the load to end at (default: newest)"},
	[KEYS] = {"keys", 0, "FILE", "further verification keys (as firmware/keys.ini)"},
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	[COLOR] = {"color", 0, "auto|always|never", "colour on the terminal"},
	[VERBOSE] = {"verbose", 'v', NULL, "the SHA-1 of each file, too"},
	{NULL, 0, NULL, NULL},
};

void more_check(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\n"
	      "Exit code: 0 when every bundle is fit to be given to a phone, 3 when one is\n"
	      "not or none is there, 1 wrong usage, 2 a keys or models file that cannot be\n"
	      "read.\n",
	      out);
}

static bool configure(struct config *c, const struct cli_args *args, int *exit_code)
{
	if (!cli_firmware(c, args, "check", exit_code))
		return false;
	c->want_sha1 = args->times[JSON] || args->times[VERBOSE];
	if (!cli_color(&c->color, args->value[COLOR], exit_code))
		return false;
	return cli_judging(c, args->value[TARGET], args->value[KEYS], args->value[MODELS],
			   exit_code);
}

static int report(const struct config *config, const struct library *l, bool json, bool verbose)
{
	struct check c = {.library = l, .target = config->target, .verbose = verbose};
	bool all_fit = l->bundle_count > 0;

	if (json && !check_json(&c, stdout)) {
		cli_complain("no memory, or no room, to write the JSON");
		return EXIT_CODE_SYSTEM;
	}
	if (!json) {
		struct terminal t;

		terminal_open(&t, stdout, config->color);
		check_table(&c, &t);
	}
	for (unsigned i = 0; i < l->bundle_count; i++)
		all_fit = all_fit && l->bundle[i].fit;
	/* An archive that was refused would have been a bundle. */
	for (unsigned i = 0; i < l->finding_count; i++)
		all_fit = all_fit && strcmp(l->finding[i].code, "archive") != 0;
	if (json && l->bundle_count == 0)
		cli_complain("no firmware for a phone is among these files");
	return all_fit ? EXIT_CODE_DONE : EXIT_CODE_FIRMWARE;
}

int cmd_check(int argc, char *const argv[])
{
	struct cli_args args;
	struct config config;
	struct store *store;
	struct fault f;
	int exit_code;

	if (!cli_options(&args, "check", options, argc, argv, &exit_code))
		return exit_code;
	if (!configure(&config, &args, &exit_code)) {
		cli_args_free(&args);
		return exit_code;
	}
	if (store_open(&store, &config, &exit_code, &f) != 0) {
		cli_complain(f.text);
	} else {
		exit_code = report(&config, store_library(store), args.times[JSON] > 0,
				   args.times[VERBOSE] > 0);
		store_close(store);
	}
	cli_args_free(&args);
	return exit_code;
}
