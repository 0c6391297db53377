/* SPDX-License-Identifier: MIT */
/*
 * The table of options as data, and one value of it: only for the files of this room.
 */
#ifndef REFLASHD_CONFIG_OPTION_H
#define REFLASHD_CONFIG_OPTION_H

#include "reflashd/config.h"

struct option_row {
	const char *section; /* NULL: only a flag */
	const char *name;
	char letter;	      /* 0: none */
	const char *argument; /* NULL: a switch */
	const char *shown;    /* its default, or "" */
	const char *help;
};

extern const struct option_row option_table[OPTIONS_TOTAL];

#define OPTION_SECTIONS_MAX 8
/* Each section of the file once, in the order of the table. How many there are. */
unsigned option_sections(const char *out[OPTION_SECTIONS_MAX]);
/* The option of that name, or OPTIONS_TOTAL. */
enum config_option option_find(const char *name, size_t len);
/* The name most like this one, among flags or among keys of the file; NULL: none is near. */
const char *option_nearest(const char *name, bool flags);

/*
 * Takes one value over, and remembers where it came from. false: *why says what is wrong with it
 * and what is expected, as a clause behind the name ("`10' is too short; give …").
 */
bool option_set(struct config *c, enum config_option o, const char *value,
		enum config_origin origin, unsigned line, struct fault *why);
/* The value as option_set() takes it; false when it is not set. Not for OPTION_FIRMWARE. */
bool option_show(const struct config *c, enum config_option o, char *out, size_t size);

/* All flags on top of *c: 0 or -EINVAL. */
int flags_read(struct config *c, int argc, char *const argv[], struct fault *f);
/* The file that c->file names, or the default one where it exists: 0 or -EBADMSG. */
int file_load(struct config *c, const char *path, bool must_exist, struct fault *f);

#endif
