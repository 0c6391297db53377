/* SPDX-License-Identifier: MIT */
/*
 * The rehearsal: would a phone come back with exactly this firmware? One run is one scenario, one
 * model, one simulated phone or many, against the real machines and the real files, in virtual
 * time (sim_wire.h). It is what a person runs before the factory reset.
 *
 * Pure: the library and a way to read its files in, a transcript and a verdict out.
 */
#ifndef REFLASHD_REHEARSE_H
#define REFLASHD_REHEARSE_H

#include "reflashd/plan.h"
#include "reflashd/sim_wire.h"

#define REHEARSE_PHONES_MAX 5000
#define REHEARSE_STEPS_MAX  8
#define REHEARSE_WHY_MAX    160

enum rehearse_scene {
	REHEARSE_ERASED,     /* an empty flash; Java: a loader that knows both signing keys */
	REHEARSE_OLD_LOADER, /* Java: an empty flash, and a loader that knows only the old key */
	REHEARSE_RUNNING,    /* old code runs: 8.2 and the old key on a Java phone */
	REHEARSE_SCENES
};

struct rehearse_config {
	const struct library *library;
	struct catalogue_config offers;
	struct sim_content content;
	uint64_t seed;
	uint32_t loss_per_mille;
	unsigned phones; /* 1 .. REHEARSE_PHONES_MAX, all switched on at once */
	bool silent;	 /* phones that neither announce themselves nor register */
};

/* `at` is virtual time since the power came on. A detail is for those who want everything. */
typedef void (*rehearse_tell)(void *ctx, usec_t at, struct mac mac, bool detail, const char *line);

struct rehearse_result {
	const struct model *model;
	enum rehearse_scene scene;
	unsigned phones, back; /* back: they run something, and ask for no more firmware */
	unsigned at_target;
	char began[72]; /* what a running phone ran */
	/* Of the first phone: */
	char load[72]; /* what it runs at the end; "" */
	unsigned steps;
	char step[REHEARSE_STEPS_MAX][72]; /* the loads that it installed, in order */
	char why[REHEARSE_WHY_MAX];	   /* why it is not back, or kept its load */
	struct phone_facts facts;	   /* as they stand at the end */
	struct plan plan;		   /* from there: .need says what is missing */
	/* Of all: */
	usec_t took; /* until the last one was back */
	usec_t wire; /* the longest that one phone spent on fetching files */
	uint64_t datagrams, files, bytes, refusals;
	unsigned proven[PHONE_PROOF_COUNT]; /* phones by what proved last that they run; [0]:
					       nothing */
};

/* The models for which there is a bundle, fit or not. */
model_set rehearse_models(const struct library *l);
/* Has this model such a scene? Only Java phones have generations. */
bool rehearse_has(const struct model *m, enum rehearse_scene scene);
/* The scene as it is before the first packet: enough for rehearse_title(). */
void rehearse_begin(const struct rehearse_config *c, const struct model *m,
		    enum rehearse_scene scene, struct rehearse_result *r);
/* Plays it. 0, or -ENOMEM when there is not the memory to begin; whoever runs out of it in the
 * midst of a play ends. tell may be NULL. */
int rehearse_run(const struct rehearse_config *c, rehearse_tell tell, void *ctx,
		 struct rehearse_result *r);
/* What an erased phone with a modern loader needs: it comes back, every one of them. */
bool rehearse_passed(const struct rehearse_result *r);

/* "an erased 7970 with old boot code" */
void rehearse_title(const struct rehearse_result *r, char *out, size_t size);
/* "7970: comes back in about 9 minutes with SCCP70.9-4-2SR3-1S" and what is missing, if
 * anything: one line of whole sentences. */
void rehearse_verdict(const struct rehearse_result *r, char *out, size_t size);

#endif
