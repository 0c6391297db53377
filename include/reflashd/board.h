/* SPDX-License-Identifier: MIT */
/*
 * The board: what a person wants to see at a glance, folded from the event stream and nothing else.
 * The terminal, the status page, the control socket and the replay of a recorded stream all
 * show this board, so they all tell the same story. Pure.
 *
 * It keeps less than the tracker and decides nothing: a stage, an advice or a proof stands here
 * because an event said so.
 */
#ifndef REFLASHD_BOARD_H
#define REFLASHD_BOARD_H

#include "reflashd/event.h"

#define BOARD_PHONES_MAX  1024
#define BOARD_AWAY_MAX	  7168 /* more phones than that, which are only counted */
#define BOARD_BUNDLES_MAX 64
#define BOARD_SECONDS	  600  /* of throughput that are kept, one value a second */
#define BOARD_STEPS_MAX	  12   /* stages that are kept of each phone, for its timeline */
#define BOARD_LOADS_MAX	  6    /* loads that are kept of each phone: the steps of its plan */
#define BOARD_OPEN_MAX	  4    /* transfers of one phone at once that are told apart */
#define BOARD_INDEX	  4096 /* a power of two, well above BOARD_PHONES_MAX */

/* A transfer under way, so that bytes are counted as they go and once. */
struct board_transfer {
	uint32_t name; /* a hash of the file's name; 0: free */
	uint64_t bytes;
};

struct board_step {
	char stage[24];
	int64_t ms; /* wall time at which it began */
};

struct board_phone {
	struct mac mac;
	uint32_t ip;
	char model[16], stage[24], load[72], software[72], file[64];
	uint64_t bytes, size;	    /* of the load it fetches; size 0: not known */
	uint64_t done, files;	    /* whole files, of how many */
	uint64_t seconds_left;	    /* UINT64_MAX: not known */
	char code[32], advice[768]; /* the advice that stands, and its whole sentence; "" */
	char proof[12];		    /* "" until it is recovered */
	uint64_t seconds;	    /* from first seen to recovered */
	int64_t first_ms, stage_ms, last_ms; /* wall times */
	unsigned step_count;
	struct board_step step[BOARD_STEPS_MAX]; /* the oldest go when it is full */
	uint64_t sent;				 /* bytes of all files it fetched */
	unsigned refused; /* requests that were answered with an error, harmless ones not counted */
	/* The loads it was given since first_ms, in order; the oldest go when it is full. */
	unsigned load_count;
	char loads[BOARD_LOADS_MAX][72];
	char was[72];	   /* the software it announced before it fetched anything, or "" */
	bool ran, fetched; /* it ran before it fetched anything; it has fetched firmware */
	bool erased;	   /* it asked for what only an erased phone asks for */
	enum event_severity advice_severity;
	struct board_transfer open[BOARD_OPEN_MAX];
};

/* A phone that had to make room. */
struct board_away {
	struct mac mac;
	bool recovered;
};

struct board_bundle {
	char load[72], models[128], signature[20], generation[8], source[256];
	uint64_t files;
	bool complete;
	unsigned missing, findings;
};

struct board {
	char version[32], interface[16], address[20];
	bool ready, link_known, link_up, stopped;
	/* Our interface was taken away; it is there again, and cannot be used yet. */
	bool interface_gone, interface_failed;
	uint32_t rival; /* another DHCP server that was seen, or 0 */
	int64_t start_ms, now_ms;
	uint64_t seq; /* of the last event */
	unsigned count;
	unsigned away_count; /* phones that were seen, too, and do not stand here */
	unsigned recovered;  /* of all of them */
	struct board_phone phone[BOARD_PHONES_MAX];
	struct board_away away[BOARD_AWAY_MAX]; /* the last one made room last */
	unsigned bundle_count;
	struct board_bundle bundle[BOARD_BUNDLES_MAX];
	/* Counters since the start, for /metrics. */
	uint64_t events[EVENT_TYPE_COUNT];
	uint64_t bytes; /* of payload that TFTP handed out */
	uint64_t resent;
	uint32_t second[BOARD_SECONDS]; /* bytes in each second; index: wall second % BOARD_SECONDS
					 */
	int64_t second_last;		/* the newest wall second in it; 0: none */
	/* The text of the last message that belongs to no phone and is a warning or worse. */
	char notice[768];
	bool notice_passes; /* it is no longer true when the interface is there again */
	/* The board's own: where a phone is, by its MAC address; 0: nowhere, else its number + 1.
	 * And the addresses once more, side by side, to be looked through fast. */
	uint16_t index[BOARD_INDEX];
	uint32_t ip[BOARD_PHONES_MAX];
	/* Who spoke last without being on the board, and what it runs: see apply_voice(). */
	struct mac stranger;
	char stranger_said[72];
};

/*
 * A board without news. It is about 2 MB, and a program with one phone should use a page of
 * it: so take it from calloc() (or malloc()), never from the stack, and read phone[], away[]
 * and bundle[] below their counts only. What lies above is touched neither here nor by
 * anybody until it is needed. daemon.start begins a new board, too: a recorded file may hold
 * several runs.
 */
void board_init(struct board *b);
/* One event of the stream. When the board is full, the phone without news for longest goes, and is
 * only counted until there is news of it. */
void board_apply(struct board *b, const struct event *e);
const struct board_phone *board_find(const struct board *b, struct mac mac);
/* Bytes a second over the last few whole seconds before now_ms. */
uint64_t board_speed(const struct board *b, int64_t now_ms);
/* "fetching": is it on its way, so that pulling the plug would hurt? */
bool board_phone_writes(const struct board_phone *p);

#endif
