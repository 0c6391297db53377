/* SPDX-License-Identifier: MIT */
/*
 * Listening on TCP ports, and who holds a port that we want. Private to src/daemon.
 */
#ifndef REFLASHD_DAEMON_TCP_H
#define REFLASHD_DAEMON_TCP_H

#include "reflashd/base.h"
#include "reflashd/fault.h"

/* holder.c: "dnsmasq (process 812; `sudo systemctl stop dnsmasq.service' ends it)", or "another
 * program" when /proc does not tell. protocol: IPPROTO_UDP or IPPROTO_TCP, of which only listening
 * sockets count. */
void port_holder(int protocol, uint16_t port, char *out, size_t size);
/* Looks at all our ports now, for port_holder() to tell later: only root sees whose they are. */
void port_holders_note(uint16_t web_port);

/*
 * tcp.c: a bound socket on one interface, not yet listening, or a negative errno; the fault names
 * who holds the port. Bound to every address, because ours may be taken away and put back while we
 * run (the link drops whenever a phone on a direct cable reboots); SO_BINDTODEVICE keeps
 * every other wire out.
 */
int tcp_open(const char *interface, uint16_t port, struct fault *f);
/* Once before there is a listener. */
void listener_reserve(void);
/* Who waits there, not blocking; -1: nobody, or (refused) no descriptor was left for him, and he
 * was sent away. */
int listener_accept(int listener, bool *refused);
/* The fault for it, and the error again. */
int tcp_failed(const char *interface, uint16_t port, int err, struct fault *f);

#endif
