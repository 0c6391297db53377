/* SPDX-License-Identifier: MIT */
/*
 * What is right and wrong in a phone's configuration file, apart from its being XML: names, numbers
 * and loads as plain strings. phone_config.c reads the tree and asks here.
 */
#ifndef REFLASHD_PHONE_CONFIG_RULES_H
#define REFLASHD_PHONE_CONFIG_RULES_H

#include "reflashd/phone_config.h"

#define RULES_NUMBERS_MAX 64

struct rules {
	const struct models *models;
	const struct library *library; /* may be NULL */
	struct config_remark *remark;
	unsigned count;
	int at_line, at_column; /* the tag being looked at: where a remark on that line points */
	uint64_t numbers[RULES_NUMBERS_MAX]; /* loadInformationNNN seen, for duplicates */
	unsigned number_count;
};

/* Somebody else's text, safe and short enough for a sentence. */
struct shown {
	char text[72];
};
struct shown show(const char *text);

/* line and column 0: unknown. What is beyond CONFIG_REMARKS_MAX is dropped. */
void remark(struct rules *c, int line, int column, enum finding_severity severity, const char *code,
	    const char *format, ...) __attribute__((format(printf, 6, 7)));

/* What needs no parser. False: there is no sense in parsing. */
bool rules_check_bytes(struct rules *c, const char *base, const uint8_t *data, size_t len);
/* A load's name; m: the model that the tag's number means, or NULL. */
void rules_check_load(struct rules *c, int line, const char *load, const struct model *m);
/* loadInformation<digits> with that load and that text in model= (NULL: none). */
void rules_check_number(struct rules *c, int line, const char *digits, const char *load,
			const char *model_text);

#endif
