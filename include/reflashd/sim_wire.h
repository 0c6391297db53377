/* SPDX-License-Identifier: MIT */
/*
 * A simulated wire in virtual time: simulated phones on one end, the real DHCP and TFTP
 * machines and the real catalogue on the other. Time jumps to the earliest deadline, so a
 * recovery takes milliseconds; loss, duplication, reordering and power cuts come from a
 * seed, so that a failure can be repeated.
 */
#ifndef REFLASHD_SIM_WIRE_H
#define REFLASHD_SIM_WIRE_H

#include "reflashd/catalogue.h"
#include "reflashd/dhcp_server.h"
#include "reflashd/phone.h"
#include "reflashd/sim_phone.h"
#include "reflashd/tftp_server.h"

struct sim_wire_config {
	uint64_t seed;
	usec_t latency;		 /* one way */
	uint32_t loss_per_mille; /* each way */
	uint32_t dup_per_mille;
	uint32_t reorder_per_mille; /* delayed by up to ten times the latency */
	uint32_t bits_per_second;   /* 0: infinitely fast */
	usec_t limit;		    /* stop after this much virtual time */
	unsigned listen; /* bits of enum sim_speaks: what the daemon hears, or asks for (PAGE) */
};

/* The bytes of a library file by its ref; valid as long as the wire runs. */
struct sim_content {
	void *ctx;
	struct span (*read)(void *ctx, const struct firmware_file *file);
};

struct sim_wire;

struct sim_wire *sim_wire_new(const struct sim_wire_config *config, const struct library *library,
			      const struct catalogue_config *offers,
			      const struct sim_content *content);
void sim_wire_free(struct sim_wire *w);
/* Adds a phone, powered on `after` from now; owned by the wire. */
struct sim_phone *sim_wire_add(struct sim_wire *w, const struct sim_phone_config *config,
			       usec_t after);
/* Cuts the power of a phone when the n-th datagram of it has been seen (1 …), for `off`. */
void sim_wire_cut(struct sim_wire *w, struct sim_phone *p, uint64_t at_datagram, usec_t off);
/* Every event of the daemon side, in order, stamped with virtual time. */
void sim_wire_watch(struct sim_wire *w, void (*watch)(void *ctx, const struct event *e), void *ctx);
/* Every line of the phones' own transcripts. */
void sim_wire_listen(struct sim_wire *w,
		     void (*listen)(void *ctx, const struct sim_phone *p, usec_t now,
				    const char *line),
		     void *ctx);
/* Runs until every phone is SIM_RUNNING and settled and no proof is waited for, or the limit is
 * reached; true if all run. */
bool sim_wire_run(struct sim_wire *w);
usec_t sim_wire_now(const struct sim_wire *w);
const struct phones *sim_wire_phones(const struct sim_wire *w); /* the tracker's view */
uint64_t sim_wire_datagrams(const struct sim_wire *w);

#endif
