/* SPDX-License-Identifier: MIT */
/* What the parts of `reflashd check` share. */
#ifndef REFLASHD_CLI_CHECK_H
#define REFLASHD_CLI_CHECK_H

#include "reflashd/library.h"
#include "terminal.h"

struct check {
	const struct library *library;
	const char *target; /* "newest" or a load name */
	bool verbose;
};

/* check_table.c: for people. */
void check_table(const struct check *c, const struct terminal *t);
/* check_json.c: for programs; one array on one line. False when memory is short. */
bool check_json(const struct check *c, FILE *out);

/* What is to be said of a file besides its signature: a word for programs, … */
const char *check_state(const struct firmware_file *f);
/* … and a phrase for people: "1,204,112 bytes missing", "whole, verified by b7c630, 2007-10-19". */
void check_phrase(const struct firmware_file *f, char *out, size_t size);
/* Whole, as far as anybody can tell, and not known to be bad. */
bool check_file_good(const struct firmware_file *f);

/* check_plan.c: the bundle's place on the road of its phones, as a clause; "" when there is none
 * to speak of. */
void check_plan_line(const struct check *c, const struct bundle *b, char *out, size_t size);
/* What a phone of this model would be given from all of it: "SCCP70.8-5-2S, then …", or why
 * nothing. True when there is something to end at. */
bool check_road(const struct check *c, const struct model *m, char *out, size_t size);

#endif
