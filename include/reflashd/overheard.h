/* SPDX-License-Identifier: MIT */
/*
 * What a frame says that no ordinary socket of ours would hear: a phone that announces itself by
 * CDP, that looks for somebody else by ARP, that asks another TFTP server, that is answered by
 * another DHCP server. One frame in, at most one event out.
 *
 * The same observation is told once a minute (CDP: twice, or when what is announced changes),
 * out of a table of fixed size. What was never seen before costs a token from a bucket that fills
 * slowly, so a flood of invented addresses makes few events; entries are never forgotten before
 * their minute is over.
 */
#ifndef REFLASHD_OVERHEARD_H
#define REFLASHD_OVERHEARD_H

#include "reflashd/cdp.h"
#include "reflashd/event.h"

#define OVERHEARD_AGAIN	    USEC_SEC(60)
#define OVERHEARD_CDP_AGAIN USEC_SEC(30)
#define OVERHEARD_MAX	    1024 /* observations of one kind that are remembered */
#define OVERHEARD_BURST	    512	 /* new ones at once: a room full of phones that get power */
#define OVERHEARD_REFILL    USEC_MS(500) /* and one more every so often */
/* What a port after 802.3af can give a phone, in mW; nobody is promised more. */
#define OVERHEARD_POWER_MW 15400

enum overheard_kind {
	OVERHEARD_CDP,
	OVERHEARD_ARP,
	OVERHEARD_TFTP,
	OVERHEARD_DHCP,
	OVERHEARD_KINDS,
};

struct overheard_config {
	struct mac mac;	    /* ours: own frames are not heard */
	uint32_t address;   /* ours, host order */
	bool cdp;	    /* tell what is announced by CDP */
	bool cdp_power;	    /* and answer requests for power; never tried on a real phone */
	char interface[16]; /* the port we announce in such an answer */
};

/* One observation: who, of whom, of what. */
struct overheard_entry {
	bool used;
	struct mac mac;
	uint32_t ip;
	uint64_t what;	  /* a digest: the file; 0 where there is nothing more to tell apart */
	uint64_t content; /* a digest of what was announced */
	usec_t said;
	uint16_t request_id, management_id; /* of the last power answer; 0: none yet */
};

struct overheard {
	struct overheard_config config;
	struct {
		usec_t tokens; /* when the bucket would be full again */
		struct overheard_entry entry[OVERHEARD_MAX];
	} kind[OVERHEARD_KINDS];
};

struct overheard_out {
	bool heard;
	struct event event; /* cdp.seen, arp.asked, tftp.elsewhere or network.rival */
	/* network.rival: it gave the phone `mac` of the event an address (an ACK), so the phone
	 * has chosen it; otherwise it merely answered. */
	bool chosen;
	size_t len; /* a frame to send, or 0 */
	uint8_t frame[CDP_FRAME_MAX];
};

/* The struct is large (about 200 KB): not for the stack. */
void overheard_init(struct overheard *o, const struct overheard_config *config);
/* A frame with its Ethernet header as a packet socket delivers it. */
void overheard_receive(struct overheard *o, const uint8_t *data, size_t len, usec_t now,
		       struct overheard_out *out);

#endif
