/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone and its network stack on a real cable: ARP, UDP and ICMP around the machine of
 * src/rehearsal. Whoever owns the packet socket hands frames in and asks for the deadline.
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
	} pending[STATION_PENDING]; /* wait for an ARP answer */
	usec_t arp_at;		    /* when to ask again; USEC_NEVER: nothing to ask */
};

/* The phone's wishes, after every call of sim_phone_…(); its transcript goes to standard output. */
void station_perform(const struct cable *t, struct station *s, const struct sim_out *out,
		     usec_t now);
/* Any frame of the cable; those for others are dropped. */
void station_receive(const struct cable *t, struct station *s, const uint8_t *frame, size_t len,
		     usec_t now);
void station_tick(const struct cable *t, struct station *s, usec_t now);
usec_t station_deadline(const struct station *s);

#endif
