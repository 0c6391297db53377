/* SPDX-License-Identifier: MIT */
/*
 * INI text, read strictly. inih does the grammar; this wrapper takes away its traps
 * (Debian 12, inih 55): lines are cut silently at 200 bytes, line numbers then drift,
 * and keys after a broken "[section" fall into the section before it. Lines of up to
 * INI_LINE_MAX bytes work here, and the first mistake ends the reading.
 *
 * Grammar: [section], key = value, comments from ';' or '#' at the start of a line and
 * from " ;" behind a value. A key outside a section, a line that is neither, an
 * unterminated section and an empty key are errors.
 */
#ifndef REFLASHD_INI_H
#define REFLASHD_INI_H

#include "reflashd/base.h"
#include "reflashd/fault.h"

#define INI_LINE_MAX 4096

struct ini_item {
	const char *section;
	const char *key;
	const char *value; /* trimmed; may be empty */
	unsigned line;     /* from 1 */
};

/*
 * Called for each key. Returns true to go on; on false it must have filled *why
 * (without file and line: ini_read() puts "FILE:LINE: " in front).
 */
typedef bool ini_handler(void *ctx, const struct ini_item *item, struct fault *why);

/* 0, or -EINVAL with "NAME:LINE: what is wrong and what is expected" in *f. */
int ini_read(const char *name, const char *text, size_t len, ini_handler *handler, void *ctx,
             struct fault *f);

#endif
