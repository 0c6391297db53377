/* SPDX-License-Identifier: MIT */
/*
 * A firmware library in memory: synthetic bundles, one folder each, scanned into a library as
 * the store does with folders on disk. For tests that need served firmware without files.
 */
#ifndef REFLASHD_TESTS_SHELF_H
#define REFLASHD_TESTS_SHELF_H

#include "reflashd/library.h"
#include "reflashd/sim_wire.h"
#include "synth.h"

#define SHELF_BUNDLES_MAX 16

struct shelf {
	struct models models;
	struct keys keys;
	struct library library;
	struct synth_files bundle[SHELF_BUNDLES_MAX];
	unsigned bundles;
};

/* malloc'ed; stops the program when memory is short. */
struct shelf *shelf_new(void);
void shelf_free(struct shelf *s);
/* A synthetic bundle as a folder of its own; how (or NULL) breaks it, see synth_break(). */
void shelf_add(struct shelf *s, enum synth_kind kind, const char *load,
	       const struct synth_options *options, const char *how);
/* The bytes of a library file, for sim_wire_new(). */
struct sim_content shelf_content(struct shelf *s);
/* A file by its name, any case, in any bundle. NULL: none. */
const struct synth_file *shelf_file(const struct shelf *s, const char *name);

#endif
