/* SPDX-License-Identifier: MIT */
/*
 * A firmware library for the tests of the library itself: signed synthetic bundles, changed in any
 * way before they go in.
 */
#ifndef REFLASHD_TESTS_STOCK_H
#define REFLASHD_TESTS_STOCK_H

#include "reflashd/library.h"
#include "synth.h"

struct stock {
	struct models models;
	struct keys keys; /* the built-in ones and those of the tests */
	struct library library;
	struct test_key *g1, *g2;
	uint64_t next_ref;
};

/* malloc'ed; everything here stops the program when it cannot do its work. */
struct stock *stock_new(void);
void stock_free(struct stock *s);

/* The files of a bundle, signed with the G1 test key unless options say otherwise. */
void stock_make(struct stock *s, struct synth_files *files, enum synth_kind kind, const char *load,
		const struct synth_options *options);
/* One more file; takes a copy. NULL data: empty. */
void stock_file(struct synth_files *files, const char *name, const void *data, size_t len);
/* A folder with these files, freed afterwards. */
void stock_folder(struct stock *s, const char *source, struct synth_files *files);
/* All in one: a bundle, broken in a way (NULL: whole), as a folder of its own. */
void stock_bundle(struct stock *s, enum synth_kind kind, const char *load, const char *how);

/* The first finding with this code, or NULL. */
const struct finding *stock_finding(const struct stock *s, const char *code);

#endif
