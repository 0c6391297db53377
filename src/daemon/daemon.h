/* SPDX-License-Identifier: MIT */
/*
 * The shell around the pure core: sockets, link, timers, files. Private to src/daemon; the
 * commands use what reflashd/daemon.h and reflashd/store.h show.
 *
 * One struct daemon per process; each file here owns one part of it and says in its head
 * what it does with it.
 */
#ifndef REFLASHD_DAEMON_DAEMON_H
#define REFLASHD_DAEMON_DAEMON_H

#include "bus.h"
#include "link.h"
#include "parts.h"
#include "reflashd/catalogue.h"
#include "reflashd/config.h"
#include "reflashd/daemon.h"
#include "reflashd/dhcp_probe.h"
#include "reflashd/dhcp_server.h"
#include "reflashd/phone.h"
#include "reflashd/store.h"
#include "reflashd/tftp_server.h"

#include <uv.h>

struct daemon;

/* dhcp_port.c: UDP 67 and 68 and the raw socket, around dhcp_server and dhcp_probe. */
struct dhcp_port {
	struct daemon *daemon;
	int server_fd, client_fd, raw_fd;
	uv_poll_t server_poll, client_poll;
	uv_timer_t timer;
	struct dhcp_server server;
	struct dhcp_probe probe;
	bool probing;
	struct lease_table leases;
	struct dhcp_out out; /* large: kept off the stack */
};

/* tftp_port.c: UDP 69 and a socket for each transfer, around tftp_server. */
struct tftp_connection {
	uv_poll_t poll;
	struct tftp_port *port;
	struct tftp_connection *next_free;
	int fd;
	uint32_t slot;
};

struct tftp_port {
	struct daemon *daemon;
	int fd;
	uv_poll_t poll;
	int timer_fd;
	uv_poll_t timer_poll;
	usec_t armed; /* when the timer fires; USEC_NEVER: it is off */
	struct tftp_server server;
	struct tftp_slot *slots;
	struct tftp_connection **connection; /* by slot */
	struct tftp_connection *free;
	uint32_t local_ip; /* the address the request at hand was sent to */
	struct tftp_out out;
};

struct daemon {
	const struct config *config;
	uv_loop_t *loop;
	struct bus bus;
	struct store *store;
	struct catalogue catalogue;
	struct phones phones;
	struct link_state link; /* the interface as it was last seen */
	struct link_watch watch;
	uv_poll_t watch_poll;
	uint32_t address; /* ours, host order */
	unsigned prefix_len;
	bool address_added; /* by us: to be taken away at exit */
	bool serving;	    /* daemon.ready was said */
	struct dhcp_port dhcp;
	struct tftp_port tftp;
	uv_signal_t sigint, sigterm, sighup;
	uv_timer_t save_timer, timeout_timer, linger_timer, phones_timer;
	/* Each belongs to the file of that name and is NULL while that part is off. */
	struct wire_port *wire;
	struct sccp_port *sccp;
	struct sip_port *sip;
	struct page_port *page;
	struct web *web;
	struct control *control;
	struct pcap *pcap;
	bool leases_dirty, save_failed;
	uint64_t phones_saved; /* phones.changes as of the last write */
	int exit_code;
	bool stopping;
};

usec_t daemon_now(void);
/* Ends the loop with that exit code; the first reason wins. */
void daemon_stop(struct daemon *d, int exit_code, const char *reason);
/* Puts an event on the bus and lets the tracker see it; phone.* events follow at once. */
void daemon_emit(struct daemon *d, struct event *e);
void daemon_note(struct daemon *d, enum event_severity severity, const char *code,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

int dhcp_port_open(struct dhcp_port *p, struct daemon *d, struct fault *f);
/* The link is up: ask who else serves here, and serve when nobody does. */
void dhcp_port_probe(struct dhcp_port *p);
void dhcp_port_close(struct dhcp_port *p);

int tftp_port_open(struct tftp_port *p, struct daemon *d, struct fault *f);
/* Closes the connections; the loop has to run once more before tftp_port_close(). */
void tftp_port_stop(struct tftp_port *p);
void tftp_port_close(struct tftp_port *p);

/* firmware_report.c: says what the firmware is; a fault when none of it may be served. */
int firmware_report(struct daemon *d, struct fault *f);

/* network.c: our interface, address and pool. */
int network_prepare(struct daemon *d, struct fault *f);
int network_prepare_dhcp(struct daemon *d, struct fault *f);
void network_say_link(struct daemon *d, bool up);
void network_on_news(uv_poll_t *poll, int status, int events);

/* udp.c: a UDP socket on one interface and port; the fault names who holds the port. Port 0: any
 * free one, for a single transfer (no broadcast, no IP_PKTINFO: they cost time per packet). */
int udp_open(const char *interface, uint32_t address, uint16_t port, struct fault *f);

/* state.c: what outlives us. */
int state_load(struct daemon *d, struct fault *f);
/* Writes what has changed; 0, or the first fault. */
int state_save(struct daemon *d, struct fault *f);
/* The same in a tenth of a second; a failure becomes an event. */
void state_save_soon(struct daemon *d);
bool state_dirty(const struct daemon *d);

#endif
