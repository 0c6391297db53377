/* SPDX-License-Identifier: MIT */
/*
 * What the two files of the simulated wire share: sim_wire.c is the cable and the time,
 * sim_daemon.c is the daemon's end of it.
 */
#ifndef REHEARSAL_SIM_WIRE_PRIVATE_H
#define REHEARSAL_SIM_WIRE_PRIVATE_H

#include "reflashd/sim_wire.h"

#define SIM_SERVER_IP 0x0a4f4601u /* 10.79.70.1, as the daemon's default */

/* A transfer's port says which slot it is, and changes with every transfer. */
#define SIM_SLOTS      1024u
#define SIM_PORT_FIRST 10000u
#define SIM_PORT_TURNS 48u

enum sim_flight_kind {
	SIM_TO_SERVER,
	SIM_TO_PHONE,
	SIM_REFUSAL, /* ICMP port unreachable, on its way to the server */
};

struct sim_flight {
	usec_t at;
	uint64_t order; /* of those at the same time */
	enum sim_flight_kind kind;
	unsigned phone;
	unsigned next_free;
	struct sim_datagram d;
};

struct sim_end {
	struct sim_phone *phone;
	usec_t power_at; /* USEC_NEVER: no switch is about to be turned */
	bool power_up;
	uint64_t seen;	 /* datagrams of it so far */
	uint64_t cut_at; /* 0: none */
	usec_t cut_off;
	bool runs;
};

struct sim_server {
	struct dhcp_server dhcp;
	struct lease_table leases;
	struct tftp_server tftp;
	uint16_t turn[SIM_SLOTS]; /* how often each slot was used: gives its port */
	struct dhcp_out dhcp_out;
	struct tftp_out tftp_out;
	struct catalogue catalogue;
	struct phones phones;
	uint64_t seq;
};

struct sim_wire {
	struct sim_wire_config config;
	struct sim_content content;
	const struct library *library;
	uint64_t random;
	usec_t start, now, settle_until;
	uint64_t datagrams, order;

	struct sim_end *end;
	usec_t *deadline; /* of each phone: what it wants, or its switch */
	unsigned count, size, running;
	struct sim_out out;

	struct sim_flight *flight;
	unsigned *heap; /* indices into flight, earliest first */
	unsigned flight_size, heap_count, free_flight;
	usec_t busy_until[2]; /* each direction of the cable */

	struct sim_server server;
	bool serving; /* the tables have been made */
	void (*watch)(void *ctx, const struct event *e);
	void *watch_ctx;
	void (*listen)(void *ctx, const struct sim_phone *p, usec_t now, const char *line);
	void *listen_ctx;
};

/* sim_wire.c */
void sim_wire_to_phone(struct sim_wire *w, unsigned phone, const struct sim_datagram *d);
unsigned sim_wire_find_mac(const struct sim_wire *w, struct mac mac); /* count: none */
unsigned sim_wire_find_ip(const struct sim_wire *w, uint32_t ip);

/* sim_daemon.c */
void sim_daemon_start(struct sim_wire *w);
void sim_daemon_free(struct sim_wire *w);
void sim_daemon_receive(struct sim_wire *w, const struct sim_datagram *d);
void sim_daemon_refused(struct sim_wire *w, const struct sim_datagram *d);
void sim_daemon_tick(struct sim_wire *w);
usec_t sim_daemon_deadline(const struct sim_wire *w);

#endif
