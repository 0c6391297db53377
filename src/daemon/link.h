/* SPDX-License-Identifier: MIT */
/*
 * The network interface: what it is, its address, and news about it (netlink, libmnl).
 * Linux only.
 */
#ifndef REFLASHD_DAEMON_LINK_H
#define REFLASHD_DAEMON_LINK_H

#include "reflashd/address.h"
#include "reflashd/fault.h"

struct link_state {
	unsigned index; /* 0: there is none */
	char name[16];
	struct mac mac;
	unsigned mtu;
	bool up;      /* switched on */
	bool running; /* and the cable has a partner */
	bool has_address;
	uint32_t address; /* the first IPv4 address, or the wanted one when it is there */
	unsigned prefix_len;
};

#define LINKS_MAX 64 /* as many as are looked at */

/* One of the interfaces of this machine. */
struct link_info {
	char name[16], kind[16]; /* kind: "" for a real one, else "bridge", "veth", "tun" … */
	unsigned index, master;	 /* master: the bridge or bond it belongs to, or 0 */
	unsigned mtu;
	struct mac mac;
	bool ethernet, up, running;
	uint32_t address; /* the first, or 0 */
	unsigned prefix_len;
};

struct mnl_socket;
struct link_watch {
	struct mnl_socket *socket;
	int fd;
};

/* wanted: an address to look for among several; 0: the first. -ENODEV when there is no such
 * interface, or one that is no Ethernet. */
int link_query(struct link_state *s, const char *interface, uint32_t wanted, struct fault *f);
/* The same by its number, whatever it is called now. */
int link_query_index(struct link_state *s, unsigned index, uint32_t wanted, struct fault *f);
/* True when the default route leaves through it; *gateway is set then. */
bool link_is_default_route(unsigned index, uint32_t *gateway);
/* All of them, in the kernel's order; the number, or negative errno. */
int link_list(struct link_info *out, unsigned max);
/* Is it of this machine? It answers ARP for all of its addresses on all of its interfaces: one of
 * them may be at the other end of the very wire that is asked (two sockets on one switch; the
 * virtual cable of a test). */
bool link_is_own_mac(struct mac mac);
int link_switch_off(const struct link_state *s);
int link_switch_on(const struct link_state *s, const char *interface, struct fault *f);
/* 0: added; 1: it was there already, so it is not ours; else negative errno. */
int link_add_address(const struct link_state *s, const char *interface, uint32_t address,
		     unsigned prefix_len, struct fault *f);
int link_remove_address(const struct link_state *s, uint32_t address, unsigned prefix_len);
/* Keeps a socket off every other wire. Wants CAP_NET_RAW where the socket was tied before, and
 * before Linux 5.7 always. Negative errno. */
int link_tie(const char *interface, int fd);

/* What else the news tell; the state itself is asked for afresh. */
struct link_news {
	bool removed; /* the interface of that number was taken away, even if it is back by now */
	bool missed;  /* some were lost, and that may have been among them */
};

/* News: after watch.fd turned readable, drain and query again. */
int link_watch_open(struct link_watch *w, struct fault *f);
struct link_news link_watch_drain(struct link_watch *w, unsigned index);
void link_watch_close(struct link_watch *w);

#endif
