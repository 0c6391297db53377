/* SPDX-License-Identifier: MIT */
/*
 * Text for people on a terminal of any width: wrapped, indented, with a little colour where it
 * is wanted. Colour never says anything that the words do not.
 */
#ifndef REFLASHD_CLI_TERMINAL_H
#define REFLASHD_CLI_TERMINAL_H

#include "reflashd/config.h"

#include <stdio.h>

enum terminal_style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_BAD,
};

struct terminal {
	FILE *out;
	unsigned width; /* columns; 80 where it is no terminal */
	bool color;
};

void terminal_open(struct terminal *t, FILE *out, enum config_color color);
/*
 * Prints text from column `at`, where the cursor is, wrapped at blanks; further lines begin at
 * column `indent`. Ends the line. Lines are not made longer than is good to read.
 */
void terminal_wrap(const struct terminal *t, unsigned at, unsigned indent,
		   enum terminal_style style, const char *text);
/* "  label    text": the label in a column that ends at `indent`, the text wrapped behind it. */
void terminal_labelled(const struct terminal *t, const char *label, enum terminal_style label_style,
		       unsigned indent, enum terminal_style style, const char *text);
/* One word or line in a style, without a newline. */
void terminal_styled(const struct terminal *t, enum terminal_style style, const char *text);

#endif
