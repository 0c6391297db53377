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
#include "limits.h"
#include "link.h"
#include "parts.h"
#include "reflashd/arp_probe.h"
#include "reflashd/catalogue.h"
#include "reflashd/config.h"
#include "reflashd/daemon.h"
#include "reflashd/dhcp_probe.h"
#include "reflashd/dhcp_server.h"
#include "reflashd/limit.h"
#include "reflashd/phone.h"
#include "reflashd/store.h"
#include "reflashd/tftp_server.h"
#include "tftp_lane.h"
#include "timer.h"

#include <uv.h>

struct daemon;

/* dhcp_port.c: UDP 67 and 68 and the raw socket, around dhcp_server and dhcp_probe. */
struct dhcp_port {
	struct daemon *daemon;
	int server_fd, client_fd, raw_fd;
	uv_poll_t server_poll, client_poll;
	struct timer timer;
	struct dhcp_server server;
	struct dhcp_probe probe;
	bool probing;
	bool watching;	   /* the probe is one question asked while we serve */
	bool proven;	   /* a whole probe found this wire to be ours alone */
	bool want_serving; /* as soon as the address is known to be ours */
	struct timer watch_timer;
	struct lease_table leases;
	struct dhcp_out out; /* large: kept off the stack */
};

/* rivals.c: the other DHCP servers that were heard. */
struct rivals {
	bool any;    /* since this wire was last found to be ours alone */
	usec_t last; /* when one was heard */
	struct rival {
		uint32_t server; /* 0: free */
		struct mac phone;
		usec_t said;
	} heard[RIVALS_MAX];
};

/* address_check.c: is our address somebody else's? */
struct address_check {
	struct daemon *daemon;
	int fd;
	struct arp_probe probe;
	bool running;	/* we must not serve yet */
	bool listening; /* and for a while after that */
	bool settled;	/* once it was nobody's: from then on somebody else is the newcomer */
	bool taken;	/* somebody answered this time */
	bool said;
	uv_poll_t poll;
	struct timer timer;
};

/* tftp_port.c: UDP 69 and the lanes of the transfers, around tftp_server. */
struct tftp_port {
	struct daemon *daemon;
	int fd;
	uv_poll_t poll;
	struct timer timer;
	struct tftp_server server;
	struct tftp_slot *slots;
	struct tftp_seat *seat; /* by slot */
	struct tftp_lanes lanes;
	uint32_t local_ip; /* the address the request at hand was sent to */
	struct tftp_out out;
};

/* added.c */
struct added {
	int fd; /* locked while we run; -1: none */
	char path[CONFIG_PATH_MAX + 32];
};

/* network.c: looking after address and cable. */
struct watchman {
	struct timer timer;
	usec_t restored;
	bool gone; /* there is no such interface at the moment */
	bool said_restored, said_switched, said_failed, said_flaps;
	usec_t flaps_since;
	unsigned flaps;
};

struct daemon {
	const struct config *config;
	struct config
		taken_over; /* by a reload; .config points here from then on, to the very end */
	uv_loop_t *loop;
	struct timers timers;
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
	bool switched_on;   /* by us: to be switched off at exit */
	bool loaded;	    /* the firmware is read, and all ports are open */
	bool serving;	    /* daemon.ready was said */
	bool from_terminal; /* started from one */
	struct dhcp_port dhcp;
	struct rivals rivals;
	struct address_check address_check;
	struct added added;
	struct watchman watchman;
	struct tftp_port tftp;
	uv_signal_t sigint, sigterm, sighup;
	struct timer save_timer, timeout_timer, linger_timer, phones_timer;
	/* Each belongs to the file of that name and is NULL while that part is off. */
	struct wire_port *wire;
	struct sccp_port *sccp;
	struct sip_port *sip;
	struct page_port *page;
	struct web *web;
	struct control *control;
	struct pcap *pcap;
	struct reload *reload;
	struct loading *loading;
	struct recent *recent;
	struct journal *journal;
	struct limiter limiter;
	struct phones_writer *phones_writer; /* state.c */
	struct service *service;
	struct firewall_job *firewall_job;
	bool leases_dirty, save_failed;
	unsigned saves_failed; /* tries to save the phones, since one did not */
	int state_err; /* why nothing could be kept in the state folder at the start; 0: it can */
	uint64_t phones_saved; /* phones.changes as of the last write */
	int exit_code;
	bool stopping;
	usec_t warned_at_work; /* Ctrl-C was pressed while a phone was being written; 0: never */
};

usec_t daemon_now(void);
/* Ends the loop with that exit code; the first reason wins. */
void daemon_stop(struct daemon *d, int exit_code, const char *reason);
/* What linger_timer and phones_timer do. */
void daemon_on_quiet(void *daemon);
void daemon_on_phones(void *daemon);
/* Puts an event on the bus and lets the tracker see it; phone.* events follow at once. */
void daemon_emit(struct daemon *d, struct event *e);
/* Now and then: what the stream left out, and how often. */
void daemon_say_left_out(struct daemon *d);
/* May this address have files? Only who is on our own network: an answer to a forged address would
 * go to somebody who never asked. */
bool daemon_is_ours(const struct daemon *d, uint32_t ip);
void daemon_refuse_foreigner(struct daemon *d, uint32_t ip);
void daemon_note(struct daemon *d, enum event_severity severity, const char *code,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

int dhcp_port_open(struct dhcp_port *p, struct daemon *d, struct fault *f);
/* The link is up: ask who else serves here, and serve when nobody does. */
void dhcp_port_probe(struct dhcp_port *p);
/* Our address is nobody else's, the firmware is there: serve, if that is what we waited for. */
void dhcp_port_go_on(struct dhcp_port *p);
/* The interface is gone: nothing is asked and nobody served until dhcp_port_probe(). */
void dhcp_port_pause(struct dhcp_port *p);
int dhcp_port_tie(struct dhcp_port *p); /* as parts.h has it */
void dhcp_port_close(struct dhcp_port *p);
void dhcp_port_send(struct dhcp_port *p, enum dhcp_route route, uint32_t ip, struct mac mac,
		    const uint8_t *data, size_t len);
/*
 * Another DHCP server was heard, by whichever of our ears: said once for each server and phone,
 * then at most once a minute. phone: who has chosen that server (or was given an address by it);
 * NULL: it merely answered. Before we serve it ends the program as the probe's own finding would.
 */
void daemon_rival(struct daemon *d, uint32_t server, const struct mac *phone);

int tftp_port_open(struct tftp_port *p, struct daemon *d, struct fault *f);
int tftp_port_tie(struct tftp_port *p);
void tftp_port_close(struct tftp_port *p);

/* firmware_report.c: a fault when none of it may be served. */
int firmware_judge(const struct library *l, const struct config *c, struct fault *f);
/* Says what the firmware is; before: only what is new since that one. How much that is. */
unsigned firmware_say(struct daemon *d, const struct library *before);

/* loading.c: reads the firmware beside the loop, and calls loaded() in it. loading_take(), once,
 * waits for the end: 0 with d->store, or the fault and exit code. */
int loading_start(struct daemon *d, void (*loaded)(struct daemon *d), struct fault *f);
int loading_take(struct daemon *d, int *exit_code, struct fault *f);
/* stop: while the loop is still there; close: afterwards. */
void loading_stop(struct daemon *d);
void loading_close(struct daemon *d);

/* reload.c: reads configuration and firmware anew, and says how that went. */
void reload_now(struct daemon *d);

/* network.c: our interface, address and pool. */
int network_prepare(struct daemon *d, struct fault *f);
int network_prepare_dhcp(struct daemon *d, struct fault *f);
void network_say_link(struct daemon *d, bool up);
void network_on_news(uv_poll_t *poll, int status, int events);
/* Counts a link that comes or goes. True: that was too often to be said every time. */
bool network_flaps(struct daemon *d);
void network_look_again(struct daemon *d, unsigned ms);
void network_on_watchman(void *daemon); /* what its timer does */
/* A fault when the default route leaves through our interface and --force was not given. */
int network_is_own(const struct daemon *d, struct fault *f);

/* comeback.c: the interface is gone, is looked for, has another name. */
void network_lose(struct daemon *d);
void network_come_back(struct daemon *d);
void network_renamed(struct daemon *d, const char *before);
/* All sockets to the interface as it is now in d->link. */
int network_tie(struct daemon *d);

/* The end: what we added is taken away. */
void network_undo(struct daemon *d);

/* added.c: what we add to the system is written down before it is added. added_open() takes away
 * what a run that died has left; -EADDRINUSE when one that lives serves on this interface. */
int added_open(struct daemon *d, struct fault *f);
/* As it is in *d now, or soon will be; a failure is said. */
void added_note(struct daemon *d);
void added_close(struct daemon *d);

/* address_check.c: asks by ARP, without waiting for the answer. */
int address_check_open(struct daemon *d, struct fault *f);
void address_check_start(struct daemon *d);
void address_check_pause(struct daemon *d);
int address_check_tie(struct daemon *d);
void address_check_close(struct daemon *d);

/* pcap.c, control.c: what has to be done before root's rights are given up: the file is opened,
 * the socket made. uid, gid: who we become. */
int pcap_prepare(struct daemon *d, struct fault *f);
int control_prepare(struct daemon *d, uid_t uid, gid_t gid, struct fault *f);

/* firewall_report.c: looks in the background, with all rights that we still have; a warning when
 * something keeps phones out. firewall_listen() once there is a loop. */
void firewall_report(struct daemon *d);
void firewall_listen(struct daemon *d);
void firewall_close(struct daemon *d);

/* udp.c: a UDP socket on one interface and port; the fault names who holds the port. Port 0: any
 * free one, for transfers (no broadcast, no IP_PKTINFO: they cost time per packet). */
int udp_open(const char *interface, uint32_t address, uint16_t port, struct fault *f);

/* state.c: what outlives us. Only a lack of memory is a fault. */
int state_load(struct daemon *d, struct fault *f);
int state_dir_make(const char *dir); /* 0 or negative errno */
/* Can anything be kept in the folder, by who we are now? d->state_err. */
void state_try(struct daemon *d);
#define LEASES_FILE "leases"
/* The whole file; *text NULL when there is none. What is no ordinary file is a fault. */
int state_load_file(const struct daemon *d, const char *file, char path[], size_t size, char **text,
		    size_t *len, struct fault *f);
/* A new file beside the old one, synced and renamed over it. For any thread. */
int state_save_file(const struct daemon *d, const char *file, const char *text, size_t len,
		    const char *what, struct fault *f);
int state_sync_dir(const struct daemon *d, struct fault *f);
/* Writes what has changed; 0, or the first fault. */
int state_save(struct daemon *d, struct fault *f);
/* What is known of the phones, in a tenth of a second; a failure becomes an event. */
void state_save_soon(struct daemon *d);
void state_on_save(void *daemon); /* what its timer does */
/* Something else could be saved again: what waits for its next try need not wait longer. */
void state_save_again(struct daemon *d);
/* How long to wait when so many tries have failed: a second, two, four … half a minute. */
unsigned state_retry_ms(unsigned failed);
/* The note that something cannot be saved; why: the words of a fault. */
void state_say_unsaved(struct daemon *d, const char *why);
bool state_dirty(const struct daemon *d);

/* journal.c: an ACK leaves when its lease is on disk. NULL: no journal, nothing waits. */
int journal_open(struct daemon *d, struct fault *f);
int journal_load(struct daemon *d, char *path, size_t size, struct fault *f);
/* We serve: from here on changes are written, beginning with the whole table. */
void journal_start(struct journal *j);
/* out->changed is to be written down. True: the ACK in out is kept here and sent, with its event,
 * when that is done; what else is in out is the caller's. */
bool journal_take(struct journal *j, const struct dhcp_out *out);
/* After a bunch of packets: what has gathered goes to the disk. */
void journal_flush(struct journal *j);
/* Something else could be saved again. */
void journal_try_again(struct journal *j);
void journal_remove(struct daemon *d);
void journal_close(struct daemon *d);
#endif
