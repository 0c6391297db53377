/* SPDX-License-Identifier: MIT */
/* A configuration from one line or one text, as the tests write it. */
#ifndef CONFIG_RIG_H
#define CONFIG_RIG_H

#include "reflashd/config.h"
#include "reflashd/text.h"

/* A command line in one string, words apart by single blanks; '_' stands for a blank. No
 * test reads /etc/reflashd.conf: without a -c an empty file is named. */
int config_rig_load(struct config *c, const char *line, struct fault *f);
int config_rig_read(struct config *c, const char *text, struct fault *f);
/* The value of a key in the output of config_print(), with its comment. */
void config_rig_printed(const struct config *c, const char *key, char out[400]);

#endif
