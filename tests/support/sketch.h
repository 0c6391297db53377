/* SPDX-License-Identifier: MIT */
/* A library of which there are only the names: as much as the tracker of the phones looks at. */
#ifndef REFLASHD_TESTS_SKETCH_H
#define REFLASHD_TESTS_SKETCH_H

#include "reflashd/library.h"

struct sketch_bundle {
	const char *load;
	enum model_family family;
	const char *file[8];
};

struct sketch {
	struct models models;
	struct library library;
	struct firmware_file files[64];
	struct bundle bundles[8];
	unsigned indices[64];
};

void sketch_library(struct sketch *s, const struct sketch_bundle *stock, unsigned count);

#endif
