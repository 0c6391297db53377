/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone and its network stack on a real cable: ARP, UDP, ICMP and TCP around the
 * machine of src/rehearsal. Whoever owns the packet socket hands frames in and asks for the
 * deadline.
 */
#ifndef REFLASHD_TESTS_STATION_H
#define REFLASHD_TESTS_STATION_H

#include "reflashd/sim_phone.h"

#define STATION_PENDING 4
#define STATION_CACHE	4

/* One end of a cable. */
struct cable {
	int fd; /* a packet socket */
	bool verbose;
	usec_t start; /* the zero of the transcript */
};

enum station_tcp_state {
	STATION_TCP_CLOSED,
	STATION_TCP_OPENING,
	STATION_TCP_ANSWERING,
	STATION_TCP_OPEN,
	STATION_TCP_ENDING, /* by us */
};

struct station_tcp {
	enum station_tcp_state state;
	uint32_t ip; /* of the peer */
	uint16_t port, own;
	uint32_t first; /* the number of data[0], or of our SYN */
	uint32_t next;	/* what the peer will say next */
	size_t len, sent;
	bool fin, fin_sent;
	usec_t again;
	unsigned tries;
	uint8_t data[SIM_PAGE_MAX]; /* not acknowledged yet */
};

struct station {
	struct sim_phone *phone;
	struct mac mac;
	char name[16];
	struct {
		uint32_t ip;
		struct mac mac;
	} cache[STATION_CACHE];
	unsigned cache_next;
	struct {
		struct sim_datagram d;
		bool used;
	} pending[STATION_PENDING];    /* wait for an ARP answer */
	usec_t arp_at;		       /* when to ask again; USEC_NEVER: nothing to ask */
	struct station_tcp call, page; /* to a call server; from a reader of its web page */
	uint8_t asked[1024];	       /* of the page */
	size_t asked_len;
	bool page_read;
	unsigned frames;    /* that it has sent */
	unsigned cut_after; /* so many its power fails; 0: it does not */
	bool was_cut;
	usec_t dark;	 /* for so long */
	usec_t power_at; /* when it comes back; USEC_NEVER: not cut yet */
};

/* Power on, for the first time or again. */
void station_start(const struct cable *t, struct station *s, usec_t now);
/* Its power has failed; it says nothing and hears nothing. */
bool station_is_dark(const struct station *s);

/* The phone's wishes, after every call of sim_phone_…(); its transcript goes to standard output. */
void station_perform(const struct cable *t, struct station *s, const struct sim_out *out,
		     usec_t now);
/* Any frame of the cable; those for others are dropped. */
void station_receive(const struct cable *t, struct station *s, const uint8_t *frame, size_t len,
		     usec_t now);
void station_tick(const struct cable *t, struct station *s, usec_t now);
usec_t station_deadline(const struct station *s);

#endif
