/* SPDX-License-Identifier: MIT */
/*
 * The parts of the shell that a configuration may leave out: what listens to phones, and what
 * shows the stream to others. Each is one file with one row here; serve.c opens, stops and
 * closes them all in order and knows no more of them.
 */
#ifndef REFLASHD_DAEMON_PARTS_H
#define REFLASHD_DAEMON_PARTS_H

#include "reflashd/fault.h"

struct daemon;

struct part {
	const char *name;
	/* 0 also when the configuration does not want it. What is only nice to have says with
	 * daemon_note() what is wrong and returns 0; a fault ends the program. */
	int (*open)(struct daemon *d, struct fault *f);
	/* Both are called for a part that never opened, too; NULL when there is nothing to do.
	 * stop: the loop still runs once more, so handles are closed here.
	 * close: the loop is gone; memory and descriptors are given back. */
	void (*stop)(struct daemon *d);
	void (*close)(struct daemon *d);
	/* The interface was taken away and is another one now, in d->link; CAP_NET_RAW is awake.
	 * What is tied to it is tied anew. Also called when nothing has changed. 0 or negative
	 * errno; NULL when nothing hangs on the interface. */
	int (*tie)(struct daemon *d);
};

extern const struct part wire_part;    /* wire_port.c: CDP, and what else only a raw socket hears */
extern const struct part sccp_part;    /* sccp_port.c: TCP 2000 */
extern const struct part sip_part;     /* sip_port.c: UDP and TCP 5060 */
extern const struct part page_part;    /* page_port.c: asks the phones' own web pages */
extern const struct part web_part;     /* web.c: the status page */
extern const struct part control_part; /* control.c: the Unix socket */
extern const struct part pcap_part;    /* pcap.c: every frame into a file */
extern const struct part reload_part;  /* reload.c: SIGHUP and folders that change */

extern const struct part *const parts[]; /* ends with NULL */

#endif
