/* SPDX-License-Identifier: MIT */
/* Between the files of the advice: what is seen (advice_watch.c), what follows from it
 * (advice_rules.c, advice_files.c), how it is said and taken back (advice_say.c). */
#ifndef REFLASHD_PHONE_ADVICE_INNER_H
#define REFLASHD_PHONE_ADVICE_INNER_H

#include "advice_rules.h"

/* One phone, one moment. event: NULL when only time went by. */
struct counsel {
	struct phones *phones;
	struct phone *phone;
	const struct event *event;
	struct phones_out *out;
	int64_t now;
};

/* What an event shows; each ends some advices (the table in advice_say.c). */
enum advice_sign {
	SIGN_ALIVE = 1,	  /* the phone did something */
	SIGN_DHCP = 2,	  /* it asks for an address */
	SIGN_ACK = 4,	  /* it has one */
	SIGN_REQUEST = 8, /* it asks us for a file */
	SIGN_ONWARD = 16, /* for another file than a trust list */
	SIGN_BYTES = 32,  /* our answers reach it */
	SIGN_LIST = 64,	  /* it has a packing list */
	SIGN_IMAGE = 128, /* it has a part of its firmware */
	SIGN_FILE = 256,  /* it has the file that the trouble was about */
	SIGN_CONFIG = 512,
	SIGN_APPLICATION = 1024, /* it asks for what comes after the configuration */
	SIGN_ACTED = 2048,	 /* more than an announcement or the renewal of a lease */
};

/*
 * The observation is a clause whose subject is the phone: "asked for …", without a full stop. Given
 * unless the same one stands or was said in the last ADVICE_AGAIN_MS, or one that knows more
 * stands.
 */
void counsel_give(struct counsel *c, enum advice a, const char *observation, ...)
	__attribute__((format(printf, 3, 4)));
/* The tracker said one itself: it stands now. */
void counsel_adopt(struct counsel *c);
/* Takes back what stands. */
void counsel_clear(struct counsel *c);
/* The same if one of these signs, or this stage, ends it. */
void counsel_end(struct counsel *c, unsigned signs);
/* When that advice could be said, at that time or later; INT64_MAX: not while another stands. */
int64_t counsel_may(const struct phone *phone, enum advice a, int64_t at);
bool counsel_stands_in(enum advice a, enum phone_stage stage);

/* "20 seconds", "3 minutes". Returns out. */
#define SPELL_MAX 24
const char *spell(char out[SPELL_MAX], int64_t ms);
/* A number for a name, in any case; never 0. */
uint32_t mark(const char *name);

/* The rules, each after what was seen is in phone.watch. */
void rule_offered(struct counsel *c);
void rule_acked(struct counsel *c);
void rule_ignored(struct counsel *c);
void rule_refused_address(struct counsel *c);
void rule_declined(struct counsel *c);
void rule_elsewhere(struct counsel *c);
void rule_cdp(struct counsel *c);
void rule_alarm(struct counsel *c);
void rule_registered(struct counsel *c);
void rule_asked(struct counsel *c, enum request_kind kind);
void rule_missed(struct counsel *c, enum request_kind kind, const char *base);
void rule_aborted(struct counsel *c);
void rule_listed(struct counsel *c);
void rule_loads(struct counsel *c, const char *before);
void rule_ctl(struct counsel *c);
/* After the tracker said that it refuses a load. */
void rule_wrong_model(struct counsel *c);

/* What time alone will bring; INT64_MAX: nothing. clear: that is an end. */
int64_t rule_due(const struct phone *phone, enum advice *a, bool *clear);
void rule_time(struct counsel *c, enum advice a);

#endif
