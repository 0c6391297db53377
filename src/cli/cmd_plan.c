/* SPDX-License-Identifier: MIT */
/*
 * `reflashd plan`: the road of one phone, shown before anything is touched.
 *
 * MODEL alone is an erased phone: its road, and what it is offered each time it refuses. MODEL:LOAD
 * is a phone that runs that load. Nothing here decides; plan.c does.
 */
#include "options.h"
#include "terminal.h"

#include "reflashd/daemon.h"
#include "reflashd/plan.h"
#include "reflashd/store.h"
#include "reflashd/text.h"

#include <string.h>
#include <unistd.h>

enum { TARGET, KEYS, MODELS };

static const struct cli_option options[] = {
	[TARGET] = {"target", 0, "LOAD|newest", "the load to end at (default: newest)"},
	[KEYS] = {"keys", 0, "FILE", "further verification keys (as firmware/keys.ini)"},
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	{NULL, 0, NULL, NULL},
};

void more_plan(FILE *out)
{
	fputs("MODEL is a phone that is erased or will be: 7970. MODEL:LOAD is one that runs\n"
	      "that load, e.g. 7970:SCCP70.8-2-2S.\n"
	      "\n",
	      out);
	cli_options_usage(options, out);
	fputs("\n"
	      "Exit code: 0 when the road leads to the target, 3 when something is missing,\n"
	      "1 wrong usage, 2 a keys or models file that cannot be read.\n",
	      out);
}

static bool configure(struct config *c, struct cli_args *args, int *exit_code)
{
	struct cli_args firmware = *args;

	if (args->words) {
		firmware.word++;
		firmware.words--;
	}
	if (!cli_firmware(c, &firmware, "plan 7970", exit_code))
		return false;
	return cli_judging(c, args->value[TARGET], args->value[KEYS], args->value[MODELS],
			   exit_code);
}

/* "7970" or "7970:SCCP70.8-2-2S". */
static bool read_phone(const struct models *models, const char *text, struct phone_facts *facts)
{
	const char *colon = strchr(text, ':');
	char model[40], complaint[200];

	memset(facts, 0, sizeof(*facts));
	text_format(model, sizeof(model), "%.*s",
		    (int)(colon ? (size_t)(colon - text) : strlen(text)), text);
	facts->model = models_by_id(models, model);
	facts->erased = !colon;
	if (!facts->model) {
		text_format(complaint, sizeof(complaint),
			    "`%s' is no phone model that is known here; the first word is one, "
			    "e.g. 7970 or 7970:SCCP70.8-2-2S",
			    model);
		cli_complain(complaint);
		return false;
	}
	if (!colon)
		return true;
	load_name_of_file(colon + 1, facts->runs, sizeof(facts->runs));
	text_copy(facts->newest, sizeof(facts->newest), facts->runs);
	if (facts->runs[0] &&
	    (models_by_load(models, facts->runs) & model_bit(models, facts->model)))
		return true;
	text_format(complaint, sizeof(complaint), "`%s' is no load of a %s", colon + 1, model);
	cli_complain(complaint);
	return false;
}

/* Names come from files and archives: somebody else's bytes. */
static const char *shown(const char *text, char out[LIBRARY_SOURCE_MAX])
{
	text_escape(out, LIBRARY_SOURCE_MAX, (const uint8_t *)text, strlen(text));
	return out;
}

static void print_sentence(const char *indent, const char *text)
{
	unsigned column = (unsigned)strlen(indent);
	struct terminal t;
	char line[1024];

	text_escape(line, sizeof(line), (const uint8_t *)text, strlen(text));
	text_capitalise(line);
	if (!text_ends_nocase(line, ".") && strlen(line) + 1 < sizeof(line))
		strcat(line, ".");
	fputs(indent, stdout);
	if (!isatty(STDOUT_FILENO)) { /* who searches the output wants whole sentences */
		puts(line);
		return;
	}
	terminal_open(&t, stdout, COLOR_NEVER);
	terminal_wrap(&t, column, column, STYLE_PLAIN, line);
}

static void print_steps(const struct plan *p)
{
	char load[LIBRARY_SOURCE_MAX], source[LIBRARY_SOURCE_MAX];

	for (unsigned i = 0; i < p->count; i++) {
		printf("  %u. %s   from %s\n", i + 1, shown(p->step[i].bundle->load, load),
		       shown(p->step[i].bundle->source, source));
		print_sentence("     ", p->step[i].why);
	}
	if (p->need[0])
		print_sentence("  ", p->need);
}

/* What an erased phone gets when it refuses, again and again, until nothing is left. */
static void print_refusals(const struct library *l, const struct config *c,
			   struct phone_facts *facts, struct plan *p)
{
	char load[LIBRARY_SOURCE_MAX];

	while (facts->erased && p->count > 0 && facts->refused_count < PLAN_REFUSED_MAX) {
		text_copy(facts->refused[facts->refused_count++], sizeof(facts->refused[0]),
			  p->step[0].bundle->load);
		printf("If its loader refuses %s:\n", shown(p->step[0].bundle->load, load));
		plan_make(p, l, c->target, c->serve_incomplete, facts);
		print_steps(p);
	}
}

static int report(const struct library *l, const struct config *c, struct phone_facts *facts)
{
	char load[LIBRARY_SOURCE_MAX];
	struct plan plan;
	bool leads;

	plan_make(&plan, l, c->target, c->serve_incomplete, facts);
	leads = plan.state == PLAN_READY || plan.state == PLAN_DONE;
	printf("%s, %s%s", facts->model->name, facts->erased ? "erased" : "running ",
	       facts->erased ? "" : facts->runs);
	if (plan.target)
		printf(", to %s", shown(plan.target->load, load));
	printf(plan.state == PLAN_DONE ? ": it is there already.\n" : ":\n");
	print_steps(&plan);
	if (facts->model->family == MODEL_JAVA)
		print_refusals(l, c, facts, &plan);
	return leads ? EXIT_CODE_DONE : EXIT_CODE_FIRMWARE;
}

int cmd_plan(int argc, char *const argv[])
{
	struct phone_facts facts;
	struct cli_args args;
	struct config config;
	struct store *store;
	struct fault f;
	int exit_code;

	if (!cli_options(&args, "plan", options, argc, argv, &exit_code))
		return exit_code;
	if (!configure(&config, &args, &exit_code)) {
		cli_args_free(&args);
		return exit_code;
	}
	if (store_open(&store, &config, &exit_code, &f) != 0) {
		cli_complain(f.text);
	} else {
		exit_code = EXIT_CODE_USAGE;
		if (read_phone(store_models(store), args.word[0], &facts))
			exit_code = report(store_library(store), &config, &facts);
		store_close(store);
	}
	cli_args_free(&args);
	return exit_code;
}
