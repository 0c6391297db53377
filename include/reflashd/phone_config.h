/* SPDX-License-Identifier: MIT */
/*
 * Phone configuration files, both ways, through libxml2: XMLDefault.cnf.xml as it is
 * generated, and the user's own files as they are checked (firmware-formats.md 11).
 */
#ifndef REFLASHD_PHONE_CONFIG_H
#define REFLASHD_PHONE_CONFIG_H

#include "reflashd/plan.h"

/*
 * Renders XMLDefault.cnf.xml: root Default, a complete callManagerGroup with our address as
 * processNodeName and port 2000, one unpadded loadInformation<number> per model in the
 * library that has a load to end at (no .loads suffix). malloc'ed text in
 * *out; 0 or -ENOMEM.
 */
int xmldefault_render(const struct library *l, const char *target, uint32_t address,
		      char **out, size_t *len);

/* The same; with unfit_too also loads of bundles that are not fit, where no fit one will do. */
int xmldefault_render_any(const struct library *l, const char *target, bool unfit_too,
			  uint32_t address, char **out, size_t *len);

/*
 * The same for the phone that asks: for its model, and the sister models that ask for the same
 * default list (a 7941 may be a 7941G-GE), the next load of its plan; the target when the plan is
 * done; what it runs when nothing here can take it further. All other models get their
 * targets. facts may be NULL.
 */
int xmldefault_render_for(const struct library *l, const char *target, bool unfit_too,
			  const struct phone_facts *facts, uint32_t address, char **out,
			  size_t *len);

/* Phones refuse configuration files that are larger (bytes; phones.md 4.2). */
#define PHONE_CONFIG_MAX 550001

/* One remark on a configuration file. line and column from 1; 0 when unknown. */
struct config_remark {
	unsigned line, column;
	const char *code;
	enum finding_severity severity;
	char text[320];
};

#define CONFIG_REMARKS_MAX 32

/* Reads a user's XMLDefault or SEP file: well-formed? root? callManagerGroup complete? numbers
 * padded or unknown? ".loads" suffix? loads that the library (may be NULL) lacks? Returns the
 * number of remarks written, at most CONFIG_REMARKS_MAX. Never resolves anything external. */
unsigned phone_config_check(const char *name, const uint8_t *data, size_t len,
			    const struct models *models, const struct library *l,
			    struct config_remark remarks[CONFIG_REMARKS_MAX]);

#endif
