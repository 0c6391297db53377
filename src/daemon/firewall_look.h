/* SPDX-License-Identifier: MIT */
/*
 * Looking at this machine's firewall. Blocks for as long as nft and iptables-save need, up to a
 * few seconds: for another thread, or for `doctor'. Linux only.
 */
#ifndef REFLASHD_DAEMON_FIREWALL_LOOK_H
#define REFLASHD_DAEMON_FIREWALL_LOOK_H

#include "reflashd/firewall.h"

enum firewall_way { /* what a phone needs to get through with */
		    WAY_DHCP,
		    WAY_TFTP,
		    WAY_REPLIES, /* the phone's part of a transfer, on a port of its own */
		    WAY_SCCP,	 /* TCP 2000 */
		    WAY_SIP,	 /* TCP and UDP 5060 */
		    WAY_SIP_UDP,
		    WAY_6970, /* newer phones ask here first, and go on at once when refused */
		    WAYS
};

enum firewall_keeper {
	KEEPER_PLAIN,
	KEEPER_UFW,
	KEEPER_FIREWALLD,
};

struct firewall_look {
	char interface[16];
	bool found;    /* at least one tool is installed and answered */
	bool failed;   /* one is installed and could not tell */
	char why[200]; /* … and said this */
	bool iptables[WAYS];
	struct firewall_answer way[WAYS];
	enum firewall_keeper keeper;
};

void firewall_look(struct firewall_look *l, const char *interface);
/* The worst of the ways that no phone can do without. */
enum firewall_verdict firewall_worst(const struct firewall_look *l);
/* "TFTP requests (UDP 69) (chain input of the nftables table inet filter)": what it keeps out. */
void firewall_found(const struct firewall_look *l, char *out, size_t size);
/* The exact commands. */
void firewall_remedy(const struct firewall_look *l, char *out, size_t size);

#endif
