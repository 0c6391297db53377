/* SPDX-License-Identifier: MIT */
/*
 * `reflashd lint`: what a phone would make of a hand-written XMLDefault.cnf.xml or SEP….cnf.xml.
 * Written as compilers write it, so that editors can jump to the place; on a terminal lines are
 * broken between words.
 */
#include "options.h"

#include "../daemon/console.h"
#include "../daemon/scan.h"
#include "reflashd/daemon.h"
#include "reflashd/phone_config.h"
#include "reflashd/store.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINT_FILE_MAX (16u << 20)

enum { FIRMWARE, MODELS };

static const struct cli_option options[] = {
	[FIRMWARE] = {"firmware", 0, "PATH", "the folder or archive that must hold the loads"},
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	{NULL, 0, NULL, NULL},
};

struct lint {
	const struct models *models;
	const struct library *library; /* NULL: loads are not looked up */
	unsigned counts[FINDING_FATAL + 1];
	unsigned unread;
};

void more_lint(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\n"
	      "Prints FILE:LINE:COLUMN: what is wrong and what to write instead.\n"
	      "\n"
	      "Exit code: 0 when there are at most notes, 2 when a phone would stumble over a\n"
	      "file, 1 wrong usage, 6 a file cannot be read.\n",
	      out);
}

static const char *severity_word(enum finding_severity severity)
{
	return severity == FINDING_NOTE	     ? "note"
	       : severity == FINDING_WARNING ? "warning"
					     : "error";
}

static void print_remark(struct lint *lint, const char *path, const struct config_remark *r)
{
	char shown[512], place[32] = "", line[VIEW_LINE_MAX];

	text_escape(shown, sizeof(shown), (const uint8_t *)path, strlen(path));
	if (r->line && r->column)
		text_format(place, sizeof(place), ":%u:%u", r->line, r->column);
	else if (r->line)
		text_format(place, sizeof(place), ":%u", r->line);
	text_format(line, sizeof(line), "%s%s: %s: %s", shown, place, severity_word(r->severity),
		    r->text);
	console_put(stdout, 4, line);
	lint->counts[r->severity]++;
}

static void lint_file(struct lint *lint, const char *path)
{
	struct config_remark remarks[CONFIG_REMARKS_MAX];
	const char *slash = strrchr(path, '/');
	uint8_t *data;
	size_t len;
	unsigned count;
	int err = read_file(path, LINT_FILE_MAX, &data, &len);

	if (err) {
		struct fault f;

		fault_set(&f, err, "cannot read `%s': %s", path,
			  err == -EINVAL  ? "it is no file"
			  : err == -EFBIG ? "it is far larger than any phone configuration"
					  : strerror(-err));
		cli_complain(f.text);
		lint->unread++;
		return;
	}
	count = phone_config_check(slash ? slash + 1 : path, data, len, lint->models, lint->library,
				   remarks);
	for (unsigned i = 0; i < count; i++)
		print_remark(lint, path, &remarks[i]);
	if (count == CONFIG_REMARKS_MAX)
		printf("%s: note: there may be more; mend these first\n", path);
	free(data);
}

static int sum_up(const struct lint *lint, unsigned files)
{
	unsigned bad = lint->counts[FINDING_WARNING] + lint->counts[FINDING_FATAL];
	unsigned notes = lint->counts[FINDING_NOTE];

	if (lint->unread == files) /* which was said of each */
		return EXIT_CODE_SYSTEM;
	printf("%u file%s: ", files, files == 1 ? "" : "s");
	if (bad)
		printf("%u thing%s to correct", bad, bad == 1 ? "" : "s");
	else
		fputs(lint->unread ? "nothing found in what could be read" : "nothing to correct",
		      stdout);
	if (notes)
		printf(", %u note%s", notes, notes == 1 ? "" : "s");
	puts(lint->library ? "."
			   : ".\nWhether the loads exist was not looked at (--firmware PATH).");
	return lint->unread ? EXIT_CODE_SYSTEM : bad ? EXIT_CODE_CONFIG : EXIT_CODE_DONE;
}

/* The firmware to look loads up in, or no more than the models. */
static int open_store(struct store **store, const struct cli_args *args)
{
	struct config config;
	struct fault f;
	int exit_code = EXIT_CODE_USAGE;

	config_defaults(&config);
	if (args->value[FIRMWARE]) {
		if (!cli_path(config.firmware[0], "--firmware", args->value[FIRMWARE], &exit_code))
			return exit_code;
		config.firmware_count = 1;
	}
	if (args->value[MODELS] &&
	    !cli_path(config.models, "--models", args->value[MODELS], &exit_code))
		return exit_code;
	if (store_open(store, &config, &exit_code, &f) == 0)
		return EXIT_CODE_DONE;
	cli_complain(f.text);
	return exit_code;
}

int cmd_lint(int argc, char *const argv[])
{
	struct lint lint = {0};
	struct cli_args args;
	struct store *store;
	int exit_code;

	if (!cli_options(&args, "lint", options, argc, argv, &exit_code))
		return exit_code;
	exit_code = EXIT_CODE_USAGE;
	if (!args.words)
		cli_complain("which files? Name them: reflashd lint XMLDefault.cnf.xml");
	else
		exit_code = open_store(&store, &args);
	if (exit_code == EXIT_CODE_DONE) {
		lint.models = store_models(store);
		lint.library = args.value[FIRMWARE] ? store_library(store) : NULL;
		for (unsigned i = 0; i < args.words; i++)
			lint_file(&lint, args.word[i]);
		exit_code = sum_up(&lint, args.words);
		store_close(store);
	}
	cli_args_free(&args);
	return exit_code;
}
