/* SPDX-License-Identifier: MIT */
/*
 * Writing new folders into a firmware library: all of them, or none.
 *
 * Everything goes into DIR/.import-XXXXXX first, is flushed to the disk there, and moves to its
 * names at the end. A folder of that name is never touched.
 */
#ifndef REFLASHD_CLI_IMPORT_H
#define REFLASHD_CLI_IMPORT_H

#include "reflashd/config.h"

#define IMPORT_NAME_MAX 128

struct import {
	const char *to;
	char temp[CONFIG_PATH_MAX + 24];
	int to_fd, temp_fd, folder_fd; /* -1: not open */
	bool made_to;		       /* DIR was not there before */
	char (*name)[IMPORT_NAME_MAX]; /* the folders, in the order they were begun */
	unsigned count, size, placed;
};

/* Each returns 0 or a negative errno with *f; import_abandon() then takes everything away. */
int import_begin(struct import *i, const char *to, struct fault *f);
/* -EEXIST when DIR, or this import, has a folder of that name. */
int import_folder(struct import *i, const char *name, struct fault *f);
/* Into the folder begun last. name: "file" or "locale/file", as the library knows it. */
int import_file(struct import *i, const char *name, const uint8_t *data, size_t len,
		struct fault *f);
int import_commit(struct import *i, struct fault *f);
/* Also after a success: gives back memory and descriptors. */
void import_abandon(struct import *i);

#endif
