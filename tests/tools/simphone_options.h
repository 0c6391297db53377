/* SPDX-License-Identifier: MIT */
/* What simphone.c is told on its command line, and what it keeps. */
#ifndef REFLASHD_TESTS_SIMPHONE_OPTIONS_H
#define REFLASHD_TESTS_SIMPHONE_OPTIONS_H

#include "station.h"

#include "reflashd/text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHONES 1024
#define GROUPS 16
#define PLACES 4096 /* a power of two, well above PHONES */

/* One place on the cable, and who is plugged in there. */
struct plug {
	struct station station;
	usec_t since, ran; /* plugged in; runs; USEC_NEVER: not yet */
	bool page;	   /* its web page is to be read */
	usec_t patience;   /* for its last words */
	uint64_t frames, cut_at;
	usec_t off, power_at;
	uint64_t number;
	bool gone;
	usec_t left; /* done, or given up; USEC_NEVER: not yet */
};

struct group {
	struct sim_phone_config config;
	struct model model;
};

struct tool {
	const char *interface;
	struct cable cable;
	unsigned count;
	struct plug plug[PHONES];
	uint16_t place[PLACES]; /* where a MAC is plugged in: number + 1; 0: nowhere */
	unsigned groups;
	struct group group[GROUPS];
	struct keys keys;
	const char *key_file;
	uint64_t timeout;	    /* seconds; 0: none */
	uint64_t total, macs, next; /* of a crowd: phones, their addresses, the next one's number */
	uint64_t cut, patience;	    /* seconds */
	uint64_t rest;		    /* seconds */
	usec_t *left;		    /* by MAC: when it was last here */
	uint64_t lost;
};

static int usage(void)
{
	fprintf(stderr,
		"usage: simphone -i IFACE --model 7970 [--kind erased|running|legacy|recovery]\n"
		"                [--mac MAC] [--load LOAD] [--sip] [--silent] [--speed N]\n"
		"                [--count N] [--seed N] [--timeout SECONDS] [-v]\n"
		"                [--knows g1|g2|both] [--keys FILE]\n"
		"                [--speak none|cdp,sccp,sip,page]   (cdp)\n"
		"                [--total N] [--macs N] [--rest SECONDS] [--cut N] [--patience "
		"SECONDS]\n"
		"                [--and --model MODEL …]\n");
	return 2;
}

/* A 7912 that runs is another machine than a 7970 that runs. Without --kind: the dead one. */
static bool set_kind(struct sim_phone_config *config, const char *kind)
{
	struct models *models = malloc(sizeof(*models));
	const struct model *model;
	enum model_family family;

	if (!models)
		return false;
	models_builtin(models);
	model = models_by_id(models, config->model);
	family = model ? model->family : MODEL_JAVA;
	free(models);
	if (!kind)
		config->kind = family == MODEL_LEGACY ? SIM_LEGACY
			       : family == MODEL_KUP  ? SIM_KUP_RECOVERY
						      : SIM_JAVA_ERASED;
	else if (strcmp(kind, "erased") == 0 && family == MODEL_JAVA)
		config->kind = SIM_JAVA_ERASED;
	else if (strcmp(kind, "running") == 0 && family != MODEL_LEGACY)
		config->kind = family == MODEL_KUP ? SIM_KUP_RUNNING : SIM_JAVA_RUNNING;
	else if (strcmp(kind, "legacy") == 0 && family == MODEL_LEGACY)
		config->kind = SIM_LEGACY;
	else if (strcmp(kind, "recovery") == 0 && family == MODEL_KUP)
		config->kind = SIM_KUP_RECOVERY;
	else
		return false;
	return true;
}

/* "cdp,page", "none". SCCP and SIP: an image registers by the one that is its own. */
static bool set_speaks(struct sim_phone_config *c, const char *text)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {{"none", SIM_SPEAKS_NOTHING},
		     {"cdp", SIM_SPEAKS_CDP},
		     {"sccp", SIM_SPEAKS_SCCP},
		     {"sip", SIM_SPEAKS_SIP},
		     {"page", SIM_SPEAKS_PAGE}};
	size_t i, n;

	c->speaks = SIM_SPEAKS_NOTHING;
	for (;; text += n + 1) {
		n = strcspn(text, ",");
		for (i = 0; i < ARRAY_LEN(words); i++)
			if (strlen(words[i].word) == n && memcmp(words[i].word, text, n) == 0)
				break;
		if (i == ARRAY_LEN(words))
			return false;
		c->speaks |= words[i].bit;
		if (text[n] == '\0')
			return true;
	}
}

static bool set_knows(struct sim_phone_config *c, const char *text)
{
	static const char *const words[] = {"", "g1", "g2", "both"};
	unsigned i;

	for (i = 1; i < 4; i++)
		if (strcmp(text, words[i]) == 0)
			c->knows = (enum sim_knows)i;
	return c->knows != SIM_KNOWS_ANYTHING;
}

enum { TOTAL = 256, MACS, REST, CUT, PATIENCE };

static const struct option options[] = {
	{"interface", 1, NULL, 'i'}, {"model", 1, NULL, 'm'},	      {"kind", 1, NULL, 'k'},
	{"mac", 1, NULL, 'a'},	     {"load", 1, NULL, 'l'},	      {"speed", 1, NULL, 's'},
	{"count", 1, NULL, 'c'},     {"timeout", 1, NULL, 't'},	      {"sip", 0, NULL, 'S'},
	{"silent", 0, NULL, 'q'},    {"seed", 1, NULL, 'e'},	      {"verbose", 0, NULL, 'v'},
	{"knows", 1, NULL, 'n'},     {"keys", 1, NULL, 'K'},	      {"speak", 1, NULL, 'p'},
	{"total", 1, NULL, TOTAL},   {"macs", 1, NULL, MACS},	      {"rest", 1, NULL, REST},
	{"cut", 1, NULL, CUT},	     {"patience", 1, NULL, PATIENCE}, {NULL, 0, NULL, 0}};

/* Of the whole crowd. */
static bool parse_crowd(struct tool *t, int option, const char *value)
{
	uint64_t count = t->count;
	bool ok = true;

	switch (option) {
	case 'i': t->interface = value; break;
	case 'c': ok = text_to_u64(value, 1, PHONES, &count); break;
	case 't': ok = text_to_u64(value, 1, 86400, &t->timeout); break;
	case 'K': t->key_file = value; break;
	case 'v': t->cable.verbose = true; break;
	case TOTAL: ok = text_to_u64(value, 1, 10000000, &t->total); break;
	case MACS: ok = text_to_u64(value, 1, 10000000, &t->macs); break;
	case REST: ok = text_to_u64(value, 1, 86400, &t->rest); break;
	case CUT: ok = text_to_u64(value, 1, 1000000, &t->cut); break;
	case PATIENCE: ok = text_to_u64(value, 1, 86400, &t->patience); break;
	default: ok = false;
	}
	t->count = (unsigned)count;
	return ok;
}

/* Up to the next --and. */
static bool parse_group(struct tool *t, int argc, char **argv)
{
	struct sim_phone_config *c = &t->group[t->groups++].config;
	const char *kind = NULL;
	uint64_t speed = 1;
	bool ok = true;
	int option;

	text_copy(c->model, sizeof(c->model), "7970");
	c->speaks = SIM_SPEAKS_CDP;
	c->mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	optind = 0; /* glibc: begin anew */
	while (ok && (option = getopt_long(argc, argv, "i:v", options, NULL)) != -1) {
		switch (option) {
		case 'm': ok = text_copy(c->model, sizeof(c->model), optarg); break;
		case 'k': kind = optarg; break;
		case 'a': ok = mac_parse(optarg, &c->mac); break;
		case 'l': ok = text_copy(c->load, sizeof(c->load), optarg); break;
		case 's': ok = text_to_u64(optarg, 1, 1000000, &speed); break;
		case 'e': ok = text_to_u64(optarg, 0, UINT64_MAX, &c->seed); break;
		case 'S': c->sip = true; break;
		case 'n': ok = set_knows(c, optarg); break;
		case 'p': ok = set_speaks(c, optarg); break;
		case 'q': c->silent_class = true; break;
		default: ok = parse_crowd(t, option, optarg);
		}
	}
	c->speed = (uint32_t)speed;
	return ok && optind == argc && set_kind(c, kind);
}

static bool parse(struct tool *t, int argc, char **argv)
{
	int from = 0, to;

	do {
		for (to = from + 1; to < argc && strcmp(argv[to], "--and") != 0; to++)
			;
		if (t->groups == GROUPS || !parse_group(t, to - from, argv + from))
			return false;
		from = to;
	} while (to < argc);
	if (t->total < t->count)
		t->total = t->count;
	return t->interface != NULL;
}

#endif
