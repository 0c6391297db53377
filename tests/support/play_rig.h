/* SPDX-License-Identifier: MIT */
/*
 * A script is one line an event: "SECONDS VERB NAME". `ask' is a request alone, `miss' a request
 * that is refused, `get' request, start and complete; `from' says which bundle the
 * catalogue answers from until the next `from' (`-': from none). What comes out is written as
 * "SECONDS stage [load]" and "SECONDS alive LOAD-or-? AFTER", with " by PROOF" where that is not
 * "requests". `cdp', `sccp', `alarm', `sip' and `http' announce a load (`-': name none); `listen'
 * says that somebody hears such things, `tick' that the time is now.
 */
#ifndef PLAY_RIG_H
#define PLAY_RIG_H

#include "reflashd/phone.h"
#include "reflashd/text.h"
#include "sketch.h"

#define SECOND INT64_C(1000)
#define START  (INT64_C(1795229824) * SECOND)

struct play {
	struct mac mac;
	uint32_t ip;
	char load[72]; /* `from' */
	bool by_ip;    /* tftp events lack the MAC */
	bool unsure;   /* completed transfers are not confirmed */
	int64_t now;
	char out[4000], text[8000];
	unsigned longest; /* most events out of one */
};

#define C7970 "Cisco Systems, Inc. IP Phone CP-7970G\n"
#define ERASED_7970                                                                                \
	"0 discover " C7970 "1 ack " C7970 "10 from SCCP70.8-3-3S\n10 get term70.default.loads\n"  \
	"10 from SCCP70.8-3-3S\n"

#define PLAY_STOCK 6

/* The bundles: only what the tracker looks at. */
extern const struct sketch_bundle play_stock[PLAY_STOCK];
extern struct sketch play_sketch;
extern struct phones play_phones; /* large */

void play_step(struct play *p, const char *verb, const char *name);
void play_run(struct play *p, const char *script);
void play_begin(struct play *p);
void play_dhcp(struct play *p, enum event_type type, const char *vendor_class);
void play_make_library(void);
void play_reset(void);

#endif
