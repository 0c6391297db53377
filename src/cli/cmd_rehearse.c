/* SPDX-License-Identifier: MIT */
/*
 * reflashd rehearse: would the phones come back with exactly this firmware?
 *
 * The happy path: the store reads and checks the firmware as for serve → for each model that it is
 * for, and each state such a phone may be in, one simulated phone goes through it in virtual time,
 * fed with the very bytes that would be served → a transcript of its steps → one line per model and
 * state at the end.
 *
 * What decides: a phone that was erased and whose loader knows both signing keys must come back; if
 * one does not, exit code 3. What an erased phone with old boot code does is told as a warning
 * only, because nobody can see from outside which boot code a phone has, and most have the
 * modern one. With --phones there is a fleet instead, of erased phones.
 */
#include "options.h"
#include "terminal.h"

#include "reflashd/daemon.h"
#include "reflashd/rehearse.h"
#include "reflashd/store.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VERDICT_MAX 1024

enum { TARGET, PHONES, LOSS, SEED, KEYS, MODELS, VERBOSE };

static const struct cli_option options[] = {
	[TARGET] = {"target", 0, "LOAD|newest", "the load to end at (default: newest)"},
	[PHONES] = {"phones", 0, "N", "a fleet of N erased phones of each model, 1 to 5000"},
	[LOSS] = {"loss", 0, "PERCENT", "a bad cable: so many packets lost each way, 0 to 50"},
	[SEED] = {"seed", 0, "N", "another course of events; a seed repeats a run"},
	[KEYS] = {"keys", 0, "FILE", "further verification keys (as firmware/keys.ini)"},
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	[VERBOSE] = {"verbose", 'v', NULL, "every request and every file, too"},
	{NULL, 0, NULL, NULL},
};

struct verdict {
	const char *label;
	enum terminal_style style;
	char text[VERDICT_MAX];
};

struct rehearsal {
	struct config config;
	struct rehearse_config run;
	struct store *store;
	const struct content **held; /* by file of the library: what has been read stays */
	struct terminal terminal;
	bool verbose, unreadable;
	unsigned scenes, failed, warned;
	struct verdict verdict[MODELS_MAX * REHEARSE_SCENES];
};

void more_rehearse(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\n"
	      "Run it before a factory reset. Simulated phones of every model that the\n"
	      "firmware is for are recovered from exactly these files, without a network and\n"
	      "in virtual time:\n"
	      "  - erased, with a loader that knows both signing keys;\n"
	      "  - erased, with old boot code that knows only the old key (nobody can see from\n"
	      "    outside which one a phone has; no such difference on 7902 to 7912, 7940,\n"
	      "    7960);\n"
	      "  - running an old load.\n"
	      "The times are the simulator's: what recorded phones took where there is a\n"
	      "record, and guesses for the dark phases. They are no promise.\n"
	      "\n"
	      "Exit code: 0 when every erased phone with a modern loader comes back, 3 when\n"
	      "one would stay dead. What befalls old boot code is a warning and changes no\n"
	      "exit code.\n",
	      out);
}

/* The bytes stay in memory until the end, as phones ask for them again and again. */
static struct span read_file(void *ctx, const struct firmware_file *file)
{
	struct rehearsal *r = ctx;
	size_t i = (size_t)(file - store_library(r->store)->file);
	struct fault f;

	if (!r->held[i])
		r->held[i] = store_read(r->store, file, &f);
	if (r->held[i])
		return (struct span){r->held[i]->data, r->held[i]->len};
	if (!r->unreadable)
		cli_complain(f.text);
	r->unreadable = true;
	return (struct span){NULL, 0};
}

static void print_line(void *ctx, usec_t at, struct mac mac, bool detail, const char *line)
{
	const struct rehearsal *r = ctx;
	unsigned seconds = (unsigned)(at / USEC_SEC(1));
	char name[MAC_TEXT_MAX] = "";
	int at_column;

	if (detail && !r->verbose)
		return;
	if (r->run.phones > 1)
		mac_format(mac, name);
	at_column = printf("  %3u:%02u  %s%s", seconds / 60, seconds % 60, name, *name ? "  " : "");
	terminal_wrap(&r->terminal, at_column > 0 ? (unsigned)at_column : 0, 12, STYLE_PLAIN, line);
}

static void print_cost(const struct terminal *t, const struct rehearse_result *r, double seconds)
{
	unsigned long long wire = r->wire / USEC_SEC(1);
	char line[300], refusals[40] = "", took[40] = "";

	if (r->refusals)
		text_format(refusals, sizeof(refusals), ", %llu refusal%s",
			    (unsigned long long)r->refusals, r->refusals == 1 ? "" : "s");
	if (r->phones > 1)
		text_format(took, sizeof(took), "; rehearsed in %.1f s", seconds);
	text_format(line, sizeof(line),
		    "on the wire: %llu:%02llu of that time, %llu file%s, %llu.%llu MB in blocks of "
		    "512 bytes, %llu packets both ways%s%s",
		    wire / 60, wire % 60, (unsigned long long)r->files, r->files == 1 ? "" : "s",
		    (unsigned long long)(r->bytes / 1000000),
		    (unsigned long long)(r->bytes / 100000 % 10), (unsigned long long)r->datagrams,
		    refusals, took);
	fputs("  ", stdout);
	terminal_wrap(t, 2, 4, STYLE_PLAIN, line);
	putchar('\n');
}

static void conclude(struct rehearsal *r, const struct rehearse_result *result)
{
	struct verdict *v = &r->verdict[r->scenes++];
	bool back = rehearse_passed(result);

	*v = (struct verdict){.label = "ok", .style = STYLE_GOOD};
	rehearse_verdict(result, v->text, sizeof(v->text));
	if (!back && result->scene == REHEARSE_ERASED) {
		r->failed++;
		v->label = "DEAD";
		v->style = STYLE_BAD;
	} else if (!back || result->at_target < result->phones) {
		r->warned++;
		v->label = "WARNING";
		v->style = STYLE_WARNING;
	}
}

static int play(struct rehearsal *r, const struct model *m, enum rehearse_scene scene)
{
	struct rehearse_result *result = malloc(sizeof(*result));
	bool quiet = r->run.phones > 1 && !r->verbose;
	struct timespec from, to;
	char title[96];
	int err;

	if (!result)
		return -ENOMEM;
	clock_gettime(CLOCK_MONOTONIC, &from);
	rehearse_begin(&r->run, m, scene, result);
	rehearse_title(result, title, sizeof(title));
	if (r->run.phones > 1)
		printf("%u times ", r->run.phones);
	printf("%s:\n", title);
	fflush(stdout);
	err = rehearse_run(&r->run, quiet ? NULL : print_line, r, result);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (!err) {
		print_cost(&r->terminal, result,
			   (double)(to.tv_sec - from.tv_sec) +
				   (double)(to.tv_nsec - from.tv_nsec) / 1e9);
		conclude(r, result);
	}
	free(result);
	return err;
}

static int play_all(struct rehearsal *r)
{
	const struct library *l = store_library(r->store);
	model_set models = rehearse_models(l);
	enum rehearse_scene scenes = r->run.phones > 1 ? REHEARSE_RUNNING : REHEARSE_SCENES;
	int err = 0;

	for (unsigned m = 0; m < l->models->count; m++) {
		const struct model *model = &l->models->model[m];

		if (!(models & model_bit(l->models, model)))
			continue;
		for (enum rehearse_scene s = 0; s < scenes && !err; s++)
			if (rehearse_has(model, s))
				err = play(r, model, s);
	}
	return err;
}

static int report(const struct rehearsal *r)
{
	const struct terminal *t = &r->terminal;

	if (r->unreadable)
		return EXIT_CODE_FIRMWARE;
	if (store_library(r->store)->bundle_count == 0) {
		cli_complain("no firmware for a phone is among these files. Give the folder or the "
			     "archive that holds the .loads and .sbn files (7902, 7905, 7912: .zup "
			     "and .sbin)");
		return EXIT_CODE_FIRMWARE;
	}
	if (r->scenes == 0) {
		cli_complain("no bundle here is for a model that we know, so there is nothing to "
			     "rehearse. `reflashd check' says what the files are");
		return EXIT_CODE_FIRMWARE;
	}
	for (unsigned i = 0; i < r->scenes; i++)
		terminal_labelled(t, r->verdict[i].label, r->verdict[i].style, 11, STYLE_PLAIN,
				  r->verdict[i].text);
	putchar('\n');
	terminal_wrap(t, 0, 0, STYLE_DIM,
		      "Times are the simulator's: blocks of 512 bytes at the pace of a recorded "
		      "7940, pauses as recorded where there is a record, guesses for the dark "
		      "phases. A real phone may take longer.");
	fflush(stdout);
	if (r->failed) {
		cli_complain("do not erase a phone for this firmware: see the lines marked DEAD");
		return EXIT_CODE_FIRMWARE;
	}
	if (r->warned)
		cli_complain("think before you erase a phone: see the lines marked WARNING");
	return EXIT_CODE_DONE;
}

static int rehearse(struct rehearsal *r)
{
	const struct library *l;
	struct fault f;
	int exit_code;

	terminal_open(&r->terminal, stdout, COLOR_AUTO);
	if (store_open(&r->store, &r->config, &exit_code, &f) != 0) {
		cli_complain(f.text);
		return exit_code;
	}
	l = store_library(r->store);
	r->run.library = l;
	r->run.content = (struct sim_content){r, read_file};
	text_copy(r->run.offers.target, sizeof(r->run.offers.target), r->config.target);
	r->held = calloc(l->file_count + 1, sizeof(struct content *));
	if (!r->held || play_all(r) != 0) {
		cli_complain("no memory for the rehearsal");
		exit_code = EXIT_CODE_SYSTEM;
	} else {
		exit_code = report(r);
	}
	for (unsigned i = 0; r->held && i < l->file_count; i++)
		if (r->held[i])
			store_release(r->held[i]);
	free(r->held);
	store_close(r->store);
	return exit_code;
}

static bool number(const struct cli_args *args, unsigned option, uint64_t most, uint64_t *out)
{
	const char *value = args->value[option];
	struct fault f;

	if (!value || text_to_u64(value, option == PHONES, most, out))
		return true;
	fault_set(&f, -1, "--%s takes a whole number from %d to %llu, not `%.40s'",
		  options[option].name, option == PHONES, (unsigned long long)most, value);
	cli_complain(f.text);
	return false;
}

static bool configure(struct rehearsal *r, const struct cli_args *args, int *exit_code)
{
	uint64_t phones = 1, loss = 0, seed = 1;
	struct config *c = &r->config;

	if (!cli_firmware(c, args, "rehearse", exit_code))
		return false;
	*exit_code = EXIT_CODE_USAGE;
	if (!number(args, PHONES, REHEARSE_PHONES_MAX, &phones) || !number(args, LOSS, 50, &loss) ||
	    !number(args, SEED, UINT64_MAX, &seed))
		return false;
	if (!cli_judging(c, args->value[TARGET], args->value[KEYS], args->value[MODELS], exit_code))
		return false;
	r->run.phones = (unsigned)phones;
	r->run.loss_per_mille = (uint32_t)loss * 10;
	r->run.seed = seed;
	r->verbose = args->value[VERBOSE] != NULL;
	return true;
}

int cmd_rehearse(int argc, char *const argv[])
{
	struct rehearsal *r = calloc(1, sizeof(*r));
	struct cli_args args;
	int exit_code = EXIT_CODE_SYSTEM;

	if (!r) {
		cli_complain("no memory for the rehearsal");
		return exit_code;
	}
	if (cli_options(&args, "rehearse", options, argc, argv, &exit_code)) {
		if (configure(r, &args, &exit_code))
			exit_code = rehearse(r);
		cli_args_free(&args);
	}
	free(r);
	return exit_code;
}
