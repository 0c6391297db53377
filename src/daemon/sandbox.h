/* SPDX-License-Identifier: MIT */
#ifndef REFLASHD_DAEMON_SANDBOX_H
#define REFLASHD_DAEMON_SANDBOX_H

#include "reflashd/fault.h"

struct daemon;

/* Chooses who we become, makes the state folder his and opens what will be read later. The fault
 * tells what is wrong with the configuration. */
int sandbox_prepare(struct daemon *d, struct fault *f);
/* For good. Says at debug what holds from here on. */
int sandbox_enter(struct daemon *d, struct fault *f);
/* All sockets are open: what only they needed goes, too. */
void sandbox_bound(void);
/* More words for a fault about a file that may not be read: whose right is missing. */
void sandbox_explain(struct fault *f);

#endif
