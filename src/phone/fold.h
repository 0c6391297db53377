/* SPDX-License-Identifier: MIT */
/*
 * One phone and one event on their way through the tracker: only for the files of this room.
 */
#ifndef REFLASHD_PHONE_FOLD_H
#define REFLASHD_PHONE_FOLD_H

#include "reflashd/phone.h"

/* Bits of phone.fetched; see record.c for larger bundles. */
#define FOLD_IMAGES_MAX 32u

struct fold {
	struct phones *phones;
	struct phone *phone;
	const struct event *event;
	struct phones_out *out;
	bool moved; /* a stage was announced: the advice may no longer apply */
};

/* Finds the event's phone by MAC, else by address; makes a record when there is none, a MAC is
 * known and `create` says so. false: not a phone we know. */
bool fold_open(struct fold *s, bool create);
/* The same for a phone that names itself: mac NULL, when it does not. */
bool fold_open_as(struct fold *s, const struct mac *mac, bool create);

/* table.c: the records. */
void table_init(struct phones *p);
/* A new phone; the table is never full (see phone.h). */
struct phone *table_add(struct phones *p, struct mac mac);
/* This address is the phone's now, and nobody else's. 0 changes nothing. */
void table_set_ip(struct phones *p, struct phone *phone, uint32_t ip);
/* After anything that may have changed its stage or a deadline of it. */
void table_note(struct phones *p, const struct phone *phone);
/* Who is to be woken by then, the first of them; NULL: nobody. */
struct phone *table_due(struct phones *p, int64_t now_ms);

void fold_set_ip(struct fold *s, uint32_t ip);
/* The name behind the last folder in the event's file; "" when it names none. */
const char *fold_base_name(const struct event *e);
/* The one model of the set; NULL: none, or several. */
const struct model *fold_only_model(const struct fold *s, model_set set);
/* By the bundle it is fed with, else by its model; false: not known. */
bool fold_family(const struct fold *s, enum model_family *out);
/* The phone is served from the bundle of that load from now on. */
void fold_adopt(struct fold *s, const char *load);
/* The bit of an image in phone.fetched; 0 when it is not one of the bundle's. */
uint32_t fold_image_bit(const struct fold *s, const char *base);
/* File i of the bundle; NULL when it is no image. */
const struct firmware_file *fold_image(const struct fold *s, unsigned i);
/* Do these bits hold all that the phone needs to boot? */
bool fold_whole(const struct fold *s, uint32_t bits);
/* 7902/7905/7912: is the image that gives the bundle its load name among them? The recovery image
 * may lie in the same folder, and who runs that does not run the load. */
bool fold_named(const struct fold *s, uint32_t bits);
/* Was all of a load handed over to it? */
bool fold_given_whole(const struct fold *s);
/* Was enough of a bundle handed over for its life to be the work of it? */
bool fold_fed(const struct fold *s);

/* history.c: what its plan goes by. */
/* It rebooted, or may have. */
void fold_rebooted(struct fold *s);
/* It took its list; asked for a member; asks for this file. The last may show a refusal. */
void fold_round(struct fold *s);
void fold_member(struct fold *s);
void fold_asks(struct fold *s, enum request_kind kind);
/* A list of that load begins: is it what the plan offers? */
void fold_offered(struct fold *s, const char *load);
/* It runs this load: "" when that is not known. */
void fold_runs(struct fold *s, const char *load);
/* A bundle that it refused before: it has changed its mind. */
void fold_forgive(struct fold *s, const char *load);
/* An erased phone runs what it was last given, a whole bundle or not. */
bool phone_lives_by(const struct phones *p, const struct phone *phone);
void phone_plan(const struct phones *p, const struct phone *phone, struct plan *plan);

/* A new event about this phone, with its address and model. */
struct event *fold_event(struct fold *s, enum event_type type);

/* The stages: each moves the phone and says so, once. */
void fold_seen(struct fold *s);
void fold_leased(struct fold *s);
void fold_listed(struct fold *s, const char *file); /* NULL: the list's name is not at hand */
void fold_fetching(struct fold *s);
void fold_writing(struct fold *s);
void fold_back(struct fold *s);
/* Its loader is alive on an empty flash. */
void fold_empty(struct fold *s);
/* It runs what it was given, or the next step follows. named: the load, where it said which;
 * NULL: the one that it was given. */
void fold_proven(struct fold *s, enum phone_proof proof, const char *named);
/* It refused the load; the plan says what it is offered now. */
void fold_refused(struct fold *s, const char *load, unsigned times, const struct plan *plan);
/* It took all of that load twice, and runs another. */
void fold_not_taken(struct fold *s, const char *load, const struct plan *plan);
/* It announced another load than it was given: a refusal, when it does so a second time. */
void fold_unmoved(struct fold *s);

/* announce.c: what a phone says of itself. */
/* cdp.seen, sccp.*, sip.register, http.device. Leaves s->phone NULL when it is nobody's. */
void fold_announce(struct fold *s);
/* Its requests show that an image runs: proven, unless it says otherwise or will yet speak. */
void fold_shown(struct fold *s);
/* It showed a sign of life: does that make proof of what it announced before? */
void fold_reweigh(struct fold *s);
/* A proof by requests that waits is said now. */
void fold_settle(struct fold *s);
/* It rebooted: what it announced long before was another life's. */
void fold_forget_announced(struct fold *s);
/* It asks for what only an erased phone asks for: an image that it announced is gone. */
void fold_forget_image(struct fold *s);

/* progress.c: where it is in its bundle. Each says so by phone.progress, where it can. */
void progress_begin(struct fold *s); /* it begins to fetch, or to fetch once more */
void progress_start(struct fold *s, uint32_t bit);
void progress_part(struct fold *s, uint32_t bit);
void progress_complete(struct fold *s, uint32_t bit);
void progress_abort(struct fold *s, uint32_t bit);

#endif
