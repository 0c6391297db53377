/* SPDX-License-Identifier: MIT */
/*
 * One phone of any model, what it is given, and what it says of itself afterwards: for unit tests
 * only, since it asserts with cmocka.
 *
 * Every event also goes to a second tracker that sees nothing else: the same events and ticks must
 * make the same story.
 */
#ifndef PROOF_RIG_H
#define PROOF_RIG_H

#include "reflashd/phone.h"
#include "reflashd/text.h"
#include "stock.h"

/* What the models of one kind of bundle are given, and say. */
struct family {
	enum synth_kind kind;
	const char *sccp, *sip;		  /* what it is given */
	const char *old_sccp, *old_sip;	  /* what it may have run before */
	const char *alarm, *jar, *loader; /* how it writes .sccp; its loader */
	const char *models;
};

/* The ways to say it. */
enum way { CDP, SCCP, ALARM, SIP, HTTP, WAYS };

extern const struct proof_way {
	enum event_type type;
	enum event_field field;
	const char *proof;
	bool sip;
} proof_ways[WAYS];

extern struct proof_desk {
	struct stock *stock;
	const struct family *family;
	const struct model *model;
	struct phones live, twin;
	struct mac mac;
	int64_t now;
	unsigned recovered; /* phone.recovered events */
	char proof[12], load[72], text[16000];
	bool named;
} proof_desk;

typedef void story(const struct family *f, const char *model, enum way way);

void proof_setup(const struct family *f, const char *model, const char *target);
void proof_at(int seconds);
/* Time passes until then, with every tick that is asked for. */
void proof_wait_until(int seconds);

void proof_dhcp(void);
void proof_get(const char *name, const char *load);
/* The list, and the first n images; all when n is large. True: these were all. */
bool proof_feed(const char *load, unsigned n, bool erased);
/* Set up, and an erased phone has all of it; five minutes have passed. */
void proof_given(const struct family *f, const char *model, const char *load);
/* The requests that only a running image makes. */
void proof_boot(const char *load);
void proof_announce(enum way way, const char *load);
const char *proof_load_for(const struct family *f, enum way way);
const char *proof_old_for(const struct family *f, enum way way);
/* Each model of the catalogue, each way. */
void proof_for_all(story *tell);
void proof_expect_recovered(const char *proof, const char *load);
void proof_expect_nothing(const char *why);

#endif
