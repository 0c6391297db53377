/* SPDX-License-Identifier: MIT */
/*
 * `reflashd guide MODEL`: what to do with the phone itself, in the order in which it is done. All
 * facts are the catalogue's (firmware/models.ini), which says of each how well it is known; here
 * is only their order and what holds for every phone.
 */
#include "options.h"
#include "terminal.h"

#include "reflashd/daemon.h"
#include "reflashd/store.h"
#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024
#define INDENT	 5

enum { MODELS, COLOR };

static const struct cli_option options[] = {
	[MODELS] = {"models", 0, "FILE", "a catalogue of models instead of the built-in one"},
	[COLOR] = {"color", 0, "auto|always|never", "colour on the terminal"},
	{NULL, 0, NULL, NULL},
};

void more_guide(FILE *out)
{
	fputs("MODEL is what is printed on the phone: 7970, CP-7961G, 7941G-GE. Without it\n"
	      "the models are listed.\n"
	      "\n",
	      out);
	cli_options_usage(options, out);
}

struct guide {
	struct terminal t;
	const struct model *model;
	unsigned step;
};

static void heading(const struct guide *g, const char *text)
{
	fputc('\n', g->t.out);
	terminal_styled(&g->t, STYLE_STRONG, text);
	fputc('\n', g->t.out);
}

/* A numbered step, or a part of one that is not numbered. */
static void paragraph(struct guide *g, bool numbered, const char *text)
{
	char clean[TEXT_MAX];

	if (!*text)
		return;
	text_escape(clean, sizeof(clean), (const uint8_t *)text, strlen(text));
	if (numbered)
		fprintf(g->t.out, " %2u. ", ++g->step);
	else
		fprintf(g->t.out, "%*s", INDENT, "");
	terminal_wrap(&g->t, INDENT, INDENT, STYLE_PLAIN, clean);
}

static void command(const struct guide *g, const char *text)
{
	fprintf(g->t.out, "%*s%s\n", INDENT + 4, "", text);
}

/* "123456789*0#" as it is dialled: one key after the other. */
static void keys(struct guide *g, const char *name, const char *sequence, const char *effect)
{
	char spaced[64] = "", effect_clean[TEXT_MAX];
	size_t len = 0;

	if (!*sequence)
		return;
	for (const char *p = sequence; *p && len + 3 < sizeof(spaced); p++) {
		if (p != sequence)
			spaced[len++] = ' ';
		spaced[len++] = *p >= 0x20 && *p <= 0x7e ? *p : '?';
		spaced[len] = 0;
	}
	fprintf(g->t.out, "%*s%s ", INDENT, "", name);
	terminal_styled(&g->t, STYLE_STRONG, spaced);
	fputc('\n', g->t.out);
	text_escape(effect_clean, sizeof(effect_clean), (const uint8_t *)effect, strlen(effect));
	fprintf(g->t.out, "%*s", INDENT + 4, "");
	terminal_wrap(&g->t, INDENT + 4, INDENT + 4, STYLE_PLAIN, effect_clean);
}

static void before(struct guide *g)
{
	heading(g, "First, while the phone is still as it is");
	paragraph(g, true,
		  "Have the firmware checked. A reset wipes the phone, and an incomplete bundle "
		  "cannot bring it back:");
	command(g, "reflashd check firmware/");
	paragraph(g, true, "Rehearse it, without any phone:");
	command(g, "reflashd rehearse firmware/");
	paragraph(g, true, g->model->power);
	paragraph(g, true,
		  "Connect the network socket of the phone (not its PC socket) to this machine, "
		  "and start serving before you reset it:");
	command(g, "sudo reflashd -i eth0 firmware/");
}

static void reset(struct guide *g)
{
	const struct model *m = g->model;

	heading(g, *m->soft_keys ? "The reset" : "How it gets there");
	paragraph(g, true, m->reset_how);
	if (*m->reset_lamp)
		paragraph(g, true, m->reset_lamp);
	if (*m->soft_keys)
		paragraph(g, true,
			  *m->hard_keys ? "Dial the first sequence. The second is for a phone that "
					  "the first does not help:"
					: "Dial this sequence:");
	keys(g, *m->hard_keys ? "first: " : "", m->soft_keys, m->soft_effect);
	keys(g, "second:", m->hard_keys, m->hard_effect);
}

static void after(struct guide *g)
{
	const struct model *m = g->model;
	char text[200];

	heading(g, "Then wait");
	if (m->dark_minutes) {
		text_format(text, sizeof(text),
			    "A black, silent phone is normal for up to %u minutes. Leave it "
			    "plugged in: reflashd says when it is heard again.",
			    (unsigned)m->dark_minutes);
		paragraph(g, true, text);
	}
	if (*m->waiting_look) {
		paragraph(g, true, "What a phone looks like that waits for this machine:");
		paragraph(g, false, m->waiting_look);
	}
	heading(g, "What not to do");
	paragraph(g, false, m->do_not);
	fputc('\n', g->t.out);
	terminal_wrap(&g->t, 0, 0, STYLE_DIM,
		      "This is what owners and Cisco's notes report; the authors of reflashd did "
		      "not try it on a phone.");
}

static void list(const struct models *models, FILE *out)
{
	fputs("Which phone is it? The model is printed on its front or under it.\n\n", out);
	for (unsigned i = 0; i < models->count; i++)
		fprintf(out, "  %-10s %s\n", models->model[i].id, models->model[i].name);
	fputs("\nThen: reflashd guide 7970\n", out);
}

static int guide(const struct models *models, const struct cli_args *args, enum config_color color)
{
	struct guide g = {.step = 0};
	char complaint[200];

	if (args->words == 0) {
		list(models, stdout);
		return EXIT_CODE_DONE;
	}
	g.model = args->words == 1 ? models_by_id(models, args->word[0]) : NULL;
	if (!g.model) {
		text_format(complaint, sizeof(complaint),
			    args->words > 1
				    ? "guide takes one model; `%.60s' is one too many"
				    : "`%.60s' is no phone model that is known here. `reflashd "
				      "guide' lists them",
			    args->word[args->words - 1]);
		cli_complain(complaint);
		return EXIT_CODE_USAGE;
	}
	terminal_open(&g.t, stdout, color);
	terminal_styled(&g.t, STYLE_STRONG, g.model->name);
	fputc('\n', g.t.out);
	before(&g);
	reset(&g);
	after(&g);
	return EXIT_CODE_DONE;
}

int cmd_guide(int argc, char *const argv[])
{
	struct config config;
	struct cli_args args;
	struct models *models;
	struct fault f;
	int exit_code;

	if (!cli_options(&args, "guide", options, argc, argv, &exit_code))
		return exit_code;
	config_defaults(&config);
	models = malloc(sizeof(*models));
	must(models);
	if (!cli_color(&config.color, args.value[COLOR], &exit_code) ||
	    (args.value[MODELS] &&
	     !cli_path(config.models, "--models", args.value[MODELS], &exit_code)))
		; /* was said */
	else if (store_read_models(models, config.models, &exit_code, &f) != 0)
		cli_complain(f.text);
	else
		exit_code = guide(models, &args, config.color);
	free(models);
	cli_args_free(&args);
	return exit_code;
}
