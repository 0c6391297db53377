/* SPDX-License-Identifier: MIT */
/*
 * The catalogue of phone models, as data: firmware/models.ini, compiled in as the default and
 * replaceable by a file (--models). Source of every value: phones.md 2, 6, 7.
 */
#ifndef REFLASHD_MODELS_H
#define REFLASHD_MODELS_H

#include "reflashd/base.h"
#include "reflashd/fault.h"

#define MODELS_MAX 64 /* also the width of a model set */

/* A set of models: bit i is models.model[i]. */
typedef uint64_t model_set;

enum model_family {
	MODEL_JAVA, /* 79x1, 79x2, 79x5, 7970, 7906, 7911, 7931: termXX.default.loads, CNU archives
		     */
	MODEL_LEGACY, /* 7940, 7960: P0S3/P003 loads, .sbn + .sb2 */
	MODEL_KUP,    /* 7902, 7905, 7912: one .sbin/.zup image, recovery mode */
};

struct model {
	char id[12];	 /* "7970", "7961G-GE": the section name */
	char name[40];	 /* "Cisco IP Phone 7970G" */
	uint32_t number; /* device type: XMLDefault suffix, SCCP type, loadNNN.txt */
	enum model_family family;
	char term[28];	       /* "term70.default.loads", or "" */
	char prefixes[3][12];  /* load prefixes: "SCCP70", "SIP70", ""; "P003", "P0S3", "P0M3";
				  "CP7912" */
	char recovery[24];     /* KUP: the image its recovery mode asks for: "cp7912r.zup" */
	uint8_t kup_model;     /* KUP: byte 0x12 of the image; else 0 */
	char profile[4];       /* KUP: "gk", "ld", "ff"; else "" */
	char vendor_class[16]; /* the model as option 60 writes it: "CP-7970G", "7912" */
	/* Words for people, from the field notes; unproven values say so in the text. A phone
	 * without reset keys has "" for both sequences and their effects. */
	char reset_how[600], reset_lamp[500], soft_keys[20], soft_effect[300], hard_keys[20],
		hard_effect[400], waiting_look[500], power[400], do_not[400];
	uint32_t dark_minutes; /* how long a black, silent phone is still normal; 0: no such
				* phase is on record for this model */
};

struct models {
	unsigned count;
	struct model model[MODELS_MAX];
};

/* The catalogue that is compiled in. must() on failure: a test reads it. */
void models_builtin(struct models *m);
/* The text of the compiled-in file, e.g. to print or to start one's own from. */
struct span models_builtin_text(void);
/*
 * 0 or a negative errno with file and line; *m is written only on success. Ids, numbers and
 * vendor classes must be unique. Term names need not be: a 7941 and a 7941G-GE ask for the same
 * file, and the model that stands first in the file answers for both.
 */
int models_read(struct models *m, const char *name, const char *text, size_t len, struct fault *f);

/* "7970", and as people write it: "CP-7970G", "7970g", "CP7961G-GE". NULL when unknown. */
const struct model *models_by_id(const struct models *m, const char *id);
const struct model *models_by_number(const struct models *m, uint32_t number);
const struct model *models_by_term(const struct models *m, const char *file);	  /* any case */
const struct model *models_by_recovery(const struct models *m, const char *file); /* any case */
/* The model in "Cisco Systems, Inc. IP Phone CP-7970G", trailing NULs already taken off. */
const struct model *models_by_vendor_class(const struct models *m, const char *text);
/*
 * Which models run a load of this name, in any case and with or without its suffix:
 * "SCCP70.8-3-3S" → 7970 and 7971; "TERM41.7-0-3-0S" → 7941 and 7961 and their GE forms;
 * "P0S3-8-12-00" → 7940 and 7960; "CP7912080003SCCP070409A" and "cp7912r.zup" → 7912;
 * "term70.default.loads" → the models that ask for just this file.
 */
model_set models_by_load(const struct models *m, const char *load);
model_set model_bit(const struct models *m, const struct model *model);
/* "7970\n7971": item list for events; cut when it does not fit. */
void model_set_text(const struct models *m, model_set set, char separator, char *out, size_t size);

#endif
