/* SPDX-License-Identifier: MIT */
/*
 * Under systemd: readiness, status, watchdog, and a journal with fields. Outside of it all of this
 * does nothing.
 */
#ifndef REFLASHD_DAEMON_SERVICE_H
#define REFLASHD_DAEMON_SERVICE_H

#include "reflashd/base.h"

struct daemon;

/* Before the first event: from here on the journal gets them, when standard output leads there. */
void service_open(struct daemon *d);
/* The ports are ours and the loop is about to run. */
void service_ready(struct daemon *d);
/* Around a reload. */
void service_reloading(struct daemon *d, bool begins);
void service_stop(struct daemon *d);
void service_close(struct daemon *d);

#endif
