/* SPDX-License-Identifier: MIT */
/*
 * The phone tracker: one record per phone, a fold over the event stream and nothing else, so that
 * a recorded stream tells the same story as the live one.
 *
 * A phone is recovered on proof only. By strength: it names the load itself by CDP, SCCP or SIP or
 * on its web page (phones.md 10); failing these, the requests that only a running image makes
 * (4.1, 4.2, 11): an erased loader asks for its packing list and the members, never for
 * CTL/SEP/XMLDefault; these after a whole list mean that it booted. Where somebody listens for
 * the stronger kinds, a proof by requests waits PHONE_PROOF_WAIT_MS for one of them. A phone that
 * announces another load than it was given is not recovered by its requests: it did not take it.
 * announce.c has the rules.
 *
 * Advice is given on observation only, once, and taken back when the phone moves on (advice.h).
 */
#ifndef REFLASHD_PHONE_H
#define REFLASHD_PHONE_H

#include "reflashd/advice.h"
#include "reflashd/catalogue.h"
#include "reflashd/event.h"
#include "reflashd/fault.h"
#include "reflashd/least.h"

/* A power of two. One more makes another one be forgotten: first who never got further than a
 * lease, and of those who was silent for longest. A bit over a kilobyte each, once they have come.
 */
#define PHONES_MAX 8192

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

/* What proved that a phone runs, the stronger the later. */
enum phone_proof {
	PROOF_NONE,
	PROOF_REQUESTS,
	PROOF_HTTP,
	PROOF_SIP,
	PROOF_SCCP,
	PROOF_CDP,
	PHONE_PROOF_COUNT,
};

#define PHONE_PROOF_WAIT_MS 4000

enum phone_list {
	LIST_NONE,   /* it has it, or gave it up */
	LIST_ASKED,  /* under way */
	LIST_PASSED, /* went on to a member, although the last ACK of the list never came */
	LIST_OWN,    /* under way, and of the load it runs: it only compares */
};

struct phone {
	struct mac mac;
	uint32_t ip;
	const struct model *model; /* NULL: not known yet */
	enum phone_stage stage;
	char load[72];		     /* what it is being given, or runs */
	const struct bundle *bundle; /* NULL: none yet */
	uint32_t fetched;	     /* bit i: file i of the bundle was completed */
	bool config_asked, legacy_walk;
	int64_t first_ms, stage_ms; /* wall time of the events */
	uint32_t ever; /* like fetched, but kept when the phone starts over with the same bundle */
	bool erased;   /* it asked for what only an erased phone asks for */
	bool walk_begun; /* 7940/7960: CTLSEP or SEP asked since the last image */
	bool again;	 /* recovered once and now erased again: first_ms is that of this round */
	bool counted;	 /* in phones.recovered, which counts each phone once */
	uint32_t unsure; /* of these the last block was not acknowledged */
	enum phone_list list; /* the one it fetched last */

	/* What its plan goes by (history.c). */
	char runs[72], newest[72]; /* as in struct phone_facts */
	unsigned refused_count;
	char refused[PLAN_REFUSED_MAX][72];
	bool on_plan;	  /* what it is being given is what its plan offered */
	bool on_step;	  /* it runs a step of its plan, and others follow */
	bool revived;	  /* it was erased when it set out */
	unsigned lists;	  /* times it took its list without asking for a member since */
	unsigned rounds;  /* the same, with all within PHONE_ROUND_MS counted as one */
	int64_t round_ms; /* when the last of them was complete */
	bool rebooted;	  /* since the first of them */

	/* What it said of itself since it was last erased or began to fetch. */
	char announced[72];	       /* the load, as it wrote it; "": nothing yet */
	enum phone_proof announced_by; /* the strongest way it said so */
	int64_t proof_due_ms;	       /* proven by requests; says so then. 0: not waiting */

	uint64_t file_bytes; /* of the image under way */
	int64_t fetch_ms;    /* when it began to fetch */

	struct phone_watch watch; /* the advice's own */

	int64_t announced_ms; /* when it last announced .announced */
	bool loader_seen;     /* TERMxx_LOAD was announced since it last ran a load */
	uint32_t under_way;   /* like fetched: begun and neither completed nor given up */
	uint32_t member;      /* of these the one that it asked for last */
	unsigned unmoved;     /* times it took all of .load and announced another afterwards */

	uint16_t next_mac, next_ip; /* table.c */
};

_Static_assert(sizeof(struct phone) <= 2048, "200 phones under 2 KB each");

/* A phone fetches a list that it refuses twice within a second (phones.md 4.1, 7906). */
#define PHONE_ROUND_MS 10000

struct phones {
	const struct library *library;
	const struct models *models;
	unsigned count;
	unsigned recovered;
	struct phone phone[PHONES_MAX];
	char target[72]; /* as catalogue_config, for the plans; phones_init(): newest, false */
	bool unfit_too;
	uint64_t changes; /* counts up when something changed that phones_text() would say */
	bool listening;	 /* somebody hears CDP, SCCP, SIP or asks web pages: see PHONE_PROOF_WAIT_MS
			  */
	uint32_t own_ip; /* ours, for the words; 0: not known */
	uint32_t rival_ip; /* another DHCP server on the wire, when one was seen; else 0 */
	/* The table's own (table.c): chains by address, and tournaments by what is due when, and by
	 * who is to be forgotten first. */
	uint16_t by_mac[PHONES_MAX], by_ip[PHONES_MAX];
	struct least due, stale;
	int64_t due_node[LEAST_NODES(PHONES_MAX)], stale_node[LEAST_NODES(PHONES_MAX)];
};

struct phones_out {
	unsigned event_count;
	struct event events[12]; /* phone.*, to be put on the bus */
};

void phones_init(struct phones *p, const struct library *library);
/* One event of the stream, stamped. Events of kind phone.* are ignored. */
void phones_apply(struct phones *p, const struct event *e, struct phones_out *out);
/*
 * The library was read anew, perhaps with other models: every phone goes on with the bundle of the
 * same name where there is one with the same files. The old library must still be there.
 */
void phones_change_library(struct phones *p, const struct library *library);
/*
 * What time alone brings: an advice that is due, a proof that waited. When out is full, the
 * deadline stays in the past: call again. Deterministic: the same events and ticks, the same
 * story. The replay of a recorded stream needs no ticks, since what they brought is in it.
 */
void phones_tick(struct phones *p, int64_t wall_ms, struct phones_out *out);
/* When it next wants to be woken, wall time in ms; INT64_MAX: never. */
int64_t phones_deadline(const struct phones *p);
const char *phone_proof_name(enum phone_proof proof); /* "cdp", for the field proof */
struct phone *phones_find(struct phones *p, struct mac mac);
/* What the plans of the phones end at; before the first event. */
void phones_aim(struct phones *p, const char *target, bool unfit_too);
struct phone *phones_find_ip(struct phones *p, uint32_t ip); /* NULL: nobody, or 0 */
/* What is known of it now, for its plan. */
void phone_facts(const struct phones *p, const struct phone *phone, struct phone_facts *facts);
/*
 * The same as of the moment when it asks for the file `base` at that wall time, before the
 * tftp.request of it is applied. Whoever answers a request looks here first, so that the very
 * request that shows a refusal is answered with the next bundle. Changes nothing: the event, once
 * applied, comes to the same conclusion and says it.
 */
void phone_facts_asking(const struct phones *p, const struct phone *phone, const char *base,
			int64_t wall_ms, struct phone_facts *facts);

/*
 * What outlives a restart, as text: one line a phone,
 *
 *	MAC MODEL RUNS NEWEST erased|running REFUSED[,REFUSED…]
 *
 * with "-" for what is not known. phone_text_write() returns the length, 0 for a phone of which
 * nothing is worth keeping; size must be at least PHONE_TEXT_MAX. phones_text_read() wants
 * a tracker without phones and takes all of the text or, with a fault that names the line,
 * nothing. Models that are no longer in the catalogue are passed over.
 */
#define PHONE_TEXT_MAX 1024
size_t phone_text_write(const struct phone *phone, char *out, size_t size);
int phones_text_read(struct phones *p, const char *name, const char *text, size_t len,
		     struct fault *f);

const char *phone_stage_name(enum phone_stage s); /* "writing", for fields */

#endif
