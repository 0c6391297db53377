/* SPDX-License-Identifier: MIT */
/*
 * The phone tracker: one record per phone, a fold over the event stream and nothing else, so that
 * a recorded stream tells the same story as the live one.
 *
 * A phone is recovered on proof only. Here the proof is the requests that only a running
 * image makes (phones.md 4.1, 4.2, 11): an erased loader asks for its packing list and the
 * members, never for CTL/SEP/XMLDefault; these after a whole list mean that it booted.
 */
#ifndef REFLASHD_PHONE_H
#define REFLASHD_PHONE_H

#include "reflashd/catalogue.h"
#include "reflashd/event.h"

#define PHONES_MAX 1024

enum phone_stage {
	PHONE_SEEN,	 /* it spoke */
	PHONE_LEASED,	 /* it has an address */
	PHONE_LISTED,	 /* it fetched its packing list */
	PHONE_FETCHING,	 /* it fetches members */
	PHONE_WRITING,	 /* it has them all: writes its flash, dark and silent */
	PHONE_BACK,	 /* it boots and asks for its configuration */
	PHONE_RECOVERED, /* proven */
	PHONE_STAGE_COUNT,
};

struct phone {
	struct mac mac;
	uint32_t ip;
	const struct model *model; /* NULL: not known yet */
	enum phone_stage stage;
	char load[72];		     /* what it is being given, or runs */
	const struct bundle *bundle; /* NULL: none yet */
	uint32_t fetched;	     /* bit i: file i of the bundle was completed */
	bool config_asked, application_asked, legacy_walk;
	int64_t first_ms, stage_ms; /* wall time of the events */
	uint32_t ever; /* like fetched, but kept when the phone starts over with the same bundle */
	bool erased;   /* it asked for what only an erased phone asks for */
	bool walk_begun; /* 7940/7960: CTLSEP or SEP asked since the last image */
	bool again;	 /* recovered once and now erased again: first_ms is that of this round */
	bool counted;	 /* in phones.recovered, which counts each phone once */
	uint32_t unsure; /* of these the last block was not acknowledged */
	bool own_list; /* it fetches the list of the load it runs */
};

struct phones {
	const struct library *library;
	const struct models *models;
	unsigned count;
	unsigned recovered;
	struct phone phone[PHONES_MAX];
};

struct phones_out {
	unsigned event_count;
	struct event events[3]; /* phone.stage, phone.recovered, to be put on the bus */
};

void phones_init(struct phones *p, const struct library *library);
/* One event of the stream, stamped. Events of kind phone.* are ignored. */
void phones_apply(struct phones *p, const struct event *e, struct phones_out *out);
struct phone *phones_find(struct phones *p, struct mac mac);
const char *phone_stage_name(enum phone_stage s); /* "writing", for fields */

#endif
