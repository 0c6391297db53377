/* SPDX-License-Identifier: MIT */
/*
 * reflashd import --to DIR FIRMWARE ...
 *
 * Reads archives and folders into a library as serve would, and writes every folder of it that
 * holds a bundle to DIR, under a name made of the archive's. What is written are the bytes that
 * were judged. All or nothing: any failure, and Ctrl-C, leave DIR as it was.
 *
 * A bundle that is incomplete is imported like the others, and said to be so by words and exit
 * code: its missing files may be the next thing to be imported by hand.
 */
#include "import.h"
#include "options.h"
#include "terminal.h"

#include "reflashd/archive.h"
#include "reflashd/daemon.h"
#include "reflashd/store.h"
#include "reflashd/text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { TO, KEYS, MODELS };

static const struct cli_option options[] = {
	[TO] = {"to", 't', "DIR", "the firmware library; made when it is not there"},
	[KEYS] = {"keys", 0, "FILE", "further verification keys (as firmware/keys.ini)"},
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	{NULL, 0, NULL, NULL},
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = number;
}

void more_import(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\n"
	      "FIRMWARE is an archive (.zip, .tar, .tar.gz, .tgz, .cop, .cop.sgn, .cop.sha512),\n"
	      "or a folder. Each archive becomes a folder of DIR, named after it. A folder\n"
	      "that is there already is left alone and nothing is imported. Nothing in an\n"
	      "archive is ever run.\n"
	      "\n"
	      "Exit code 0: imported, and every bundle is fit for phones. 3: imported, but one\n"
	      "is not (its line says why), or there was no firmware and nothing was imported.\n",
	      out);
}

/* ---- progress, on a terminal only ---- */

static void progress(const char *verb, const char *path, const char *name)
{
	const char *base = strrchr(path, '/');
	char line[72], shown[96];

	if (!isatty(STDERR_FILENO))
		return;
	text_format(line, sizeof(line), "%s: %s", base && base[1] ? base + 1 : path, name);
	text_escape(shown, sizeof(shown), (const uint8_t *)line, strlen(line));
	fprintf(stderr, "\r%s %.66s\033[K", verb, shown);
}

static void progress_reading(const char *path, const char *name)
{
	progress("reading", path, name);
}

static void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

/* ---- which folders, under which names ---- */

static const struct bundle *first_bundle(const struct library *l, unsigned folder)
{
	for (unsigned i = 0; i < l->bundle_count; i++)
		if (l->bundle[i].folder == folder)
			return &l->bundle[i];
	return NULL;
}

/* "/tmp/cmterm-7970.8-3-3.cop.sgn" → "cmterm-7970.8-3-3"; where nothing is left: the load. */
static void folder_name(const char *source, const char *load, char out[IMPORT_NAME_MAX])
{
	size_t end = strlen(source), start;

	while (end && source[end - 1] == '/')
		end--;
	for (start = end; start && source[start - 1] != '/'; start--)
		;
	text_copy(out, IMPORT_NAME_MAX, source + start);
	if (end - start < IMPORT_NAME_MAX)
		out[end - start] = '\0';
	out[archive_stem(out)] = '\0';
	if (!*out || strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
		text_copy(out, IMPORT_NAME_MAX, load);
	for (char *p = out; *p; p++) {
		char c = text_lower(*p);
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
			    (p != out && (c == '.' || c == '-'));

		if (!good)
			*p = '_';
	}
}

static int write_folder(struct import *to, struct store *s, unsigned folder, struct fault *f)
{
	const struct library *l = store_library(s);
	char name[IMPORT_NAME_MAX];
	int err;

	folder_name(l->folder[folder], first_bundle(l, folder)->load, name);
	err = import_folder(to, name, f);
	for (unsigned i = 0; i < l->file_count && !err; i++) {
		const struct firmware_file *file = &l->file[i];
		const struct content *content;

		if (file->folder != folder)
			continue;
		if (stopped)
			return fault_set(f, -EINTR, "stopped; nothing was imported");
		progress("writing", name, file->name);
		content = store_read(s, file, f);
		if (!content)
			return f->err ? f->err : -EIO;
		err = import_file(to, file->name, content->data, content->len, f);
		store_release(content);
	}
	return err;
}

static int write_all(struct import *to, struct store *s, struct fault *f)
{
	const struct library *l = store_library(s);
	int err = 0;

	for (unsigned folder = 0; folder < l->folder_count && !err; folder++)
		if (first_bundle(l, folder))
			err = write_folder(to, s, folder, f);
	if (!err && stopped)
		err = fault_set(f, -EINTR, "stopped; nothing was imported");
	return err ? err : import_commit(to, f);
}

/* ---- what is said at the end ---- */

static void say_findings(const struct library *l, unsigned folder)
{
	struct terminal t;

	terminal_open(&t, stdout, COLOR_NEVER);
	for (unsigned i = 0; i < l->finding_count; i++) {
		const struct finding *f = &l->finding[i];

		if (f->folder != folder || f->severity == FINDING_NOTE)
			continue;
		fputs("    ", stdout);
		terminal_wrap(&t, 4, 4, STYLE_PLAIN, f->text);
	}
}

static int report(const struct library *l, const struct import *to)
{
	unsigned placed = 0;
	bool all_fit = true;

	for (unsigned folder = 0; folder < l->folder_count; folder++) {
		if (!first_bundle(l, folder)) {
			say_findings(l, folder);
			continue;
		}
		printf("%s/%s\n", to->to, to->name[placed++]);
		for (unsigned i = 0; i < l->bundle_count; i++) {
			const struct bundle *b = &l->bundle[i];
			char models[128];

			if (b->folder != folder)
				continue;
			all_fit = all_fit && b->fit;
			model_set_text(l->models, b->models, ' ', models, sizeof(models));
			printf("  %s for %s: %s\n", b->load, *models ? models : "no known model",
			       b->fit	     ? "complete"
			       : b->complete ? "complete, but not fit for phones, see below"
					     : "incomplete, not fit for phones");
		}
		say_findings(l, folder);
	}
	return all_fit ? EXIT_CODE_DONE : EXIT_CODE_FIRMWARE;
}

static int exit_code_of(int err)
{
	if (err == -EEXIST)
		return EXIT_CODE_USAGE;
	return err == -ESTALE || err == -EBADMSG ? EXIT_CODE_FIRMWARE : EXIT_CODE_SYSTEM;
}

static int import_store(struct store *s, const char *to)
{
	const struct library *l = store_library(s);
	struct import import;
	struct fault f;
	int err, exit_code;

	if (!l->bundle_count) {
		progress_end();
		for (unsigned folder = 0; folder < l->folder_count; folder++)
			say_findings(l, folder);
		cli_complain(
			"there is no phone firmware in this (no packing list ending in .loads, "
			"no .zup or .sbin image), so nothing was imported");
		return EXIT_CODE_FIRMWARE;
	}
	err = import_begin(&import, to, &f);
	if (!err)
		err = write_all(&import, s, &f);
	progress_end();
	if (err) {
		cli_complain(f.text);
		exit_code = exit_code_of(err);
	} else {
		exit_code = report(l, &import);
	}
	import_abandon(&import);
	return exit_code;
}

static bool configure(struct config *c, const struct cli_args *args, int *exit_code)
{
	char to[CONFIG_PATH_MAX];

	if (!args->value[TO]) {
		cli_complain("import where? Name the folder of your firmware library: reflashd "
			     "import --to firmware ARCHIVE");
		*exit_code = EXIT_CODE_USAGE;
		return false;
	}
	if (!cli_path(to, "--to", args->value[TO], exit_code) ||
	    !cli_firmware(c, args, "import --to firmware", exit_code))
		return false;
	return cli_judging(c, NULL, args->value[KEYS], args->value[MODELS], exit_code);
}

int cmd_import(int argc, char *const argv[])
{
	const struct sigaction action = {.sa_handler = on_signal};
	struct cli_args args;
	struct config config;
	struct store *store;
	struct fault f;
	int exit_code;

	if (!cli_options(&args, "import", options, argc, argv, &exit_code))
		return exit_code;
	if (configure(&config, &args, &exit_code)) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		sigaction(SIGHUP, &action, NULL);
		if (store_open_for_copying(&store, &config, progress_reading, &exit_code, &f) ==
		    0) {
			exit_code = import_store(store, args.value[TO]);
			store_close(store);
		} else {
			progress_end();
			cli_complain(f.text);
		}
	}
	cli_args_free(&args);
	return exit_code;
}
