/* SPDX-License-Identifier: MIT */
/*
 * What the files of the library share and nobody else needs.
 */
#ifndef REFLASHD_LIBRARY_INNER_H
#define REFLASHD_LIBRARY_INNER_H

#include "reflashd/library.h"

#define LIBRARY_FOLDER_FILES_MAX 10000
#define LIBRARY_FOLDER_LISTS_MAX 512
#define LIBRARY_FINDINGS_MAX	 4096

/* Where the library's arrays get their room: item number `count` will exist. The array, moved
 * perhaps, or NULL when memory is short (the old array then still stands). */
void *library_grow(void *array, unsigned *size, unsigned count, size_t item);

/* The name behind the locale folder. */
const char *file_base(const struct firmware_file *f);
/* A file of one folder by its name on disk; exact, then without regard to case. -1: none. */
int folder_lookup(const struct library *l, unsigned folder, const char *name);
/* A packing list that erased phones ask for: termXX.default.loads of a model, by its name. */
const struct model *term_list_model(const struct library *l, const struct firmware_file *f);
/* The 7902/7905/7912 that a .zup or .sbin is for: by its name, else by what is in it. */
const struct model *kup_image_model(const struct library *l, const struct firmware_file *f,
				    bool *by_name);
bool bundle_holds(const struct bundle *b, unsigned file);

/* bundle < 0: concerns the folder. A fatal finding makes its bundle unfit. */
int finding_add(struct library *l, unsigned folder, int bundle, enum finding_severity severity,
		const char *code, const char *file, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* Judges a bundle whose lists, members and missing names are known: findings, complete, fit,
 * signature, generation. lists: how many of its files are packing lists. */
int bundle_judge(struct library *l, unsigned bundle, unsigned lists);
/* Judges the bundle's file at this place of its files. */
int file_judge(struct library *l, unsigned bundle, unsigned place, unsigned lists, bool *whole);
/* An image that no list names and no phone model claims. */
int stray_judge(struct library *l, unsigned file);
/* A list whose signed name is another one. */
bool file_renamed(const struct firmware_file *f);

#endif
