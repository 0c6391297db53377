/* SPDX-License-Identifier: MIT */
/*
 * Stories of phones for the tests of the advice: events and the time between them, one line each.
 *
 *	TIME VERB WORDS		TIME: seconds, or HH:MM:SS
 *	= WHAT WORDS		what must be true now
 *
 *	phone MAC IP	who does the following; the first is 00:1b:54:ca:01:02 10.79.70.51
 *	from LOAD	the bundle that .loads and images come from until the next one; -: none
 *	aim LOAD	the target
 *
 *	discover CLASS	dhcp.discover and dhcp.offer
 *	ack CLASS	dhcp.request and dhcp.ack; also request, nak REASON, ignored REASON, decline
 *
 *	ask NAME	tftp.request; then, each with what goes before it:
 *	miss, unknown, withheld NAME [WHY]	a refusal that is expected, unknown, withheld
 *	start NAME	a start
 *	get NAME	a start and complete
 *	done, progress NAME		tftp.complete, tftp.progress alone
 *	abort NAME BYTES REASON
 *
 *	elsewhere IP NAME, arp IP, rival IP, cdp SOFTWARE, cdpip IP, sccp LOAD, sip LOAD, alarm TEXT
 *	wait		only time goes by
 *
 *	= stage NAME
 *	= advice CODE|none	the one that stands
 *	= said CODE...|none	all that were said so far
 *	= cleared CODE...|none
 *	= words TEXT		in the last advice
 *
 * Ticks come at their deadlines, to the millisecond, before each event.
 */
#ifndef STORY_RIG_H
#define STORY_RIG_H

#include "reflashd/phone.h"

struct story {
	char said[1000], cleared[1000], last[800]; /* codes apart by blanks; the last sentence */
	enum event_severity last_severity;
	char stages[2000];
	unsigned lines, checks, most; /* most events out of one */
};

extern struct phones story_phones;

/* Plays it and asserts every line with '='; name is for the messages. */
void story_play(struct story *st, const char *name, const char *text);

#endif
