/* SPDX-License-Identifier: MIT */
/* A simulated phone before a flawless server, and the record of what it asked for. */
#ifndef SIM_RIG_H
#define SIM_RIG_H

#include "reflashd/dhcp_packet.h"
#include "reflashd/sim_phone.h"
#include "shelf.h"

#define SERVER 0x0a000001u
#define PHONE  0x0a000032u

/* A server for one phone: everything is answered at once, one transfer at a time. */
struct sim_rig {
	struct shelf *shelf;
	struct sim_phone *phone;
	usec_t now;
	char transcript[16384];
	size_t len;
	char asked[8192]; /* "name<port " for every RRQ */
	size_t asked_len;
	usec_t asked_at[256];
	unsigned asks;
	const char *xmldefault;
	const char *sipdefault;
	const char *mute_from; /* no answer to requests whose name holds this */
	bool mute_dhcp, mute_tftp, two_peers;
	unsigned discovers;
	usec_t discover_at[16];
	uint8_t discover[1500];
	size_t discover_len;
	unsigned stray_errors; /* ERROR 5 that the phone sent */
	const uint8_t *data;   /* the running transfer */
	size_t size;
	uint16_t peer;
	void (*before_data)(struct sim_rig *r); /* data and size are known; NULL: nothing */
	bool closed_early; /* the phone closed the port of the running transfer */

	/* What it says of itself. */
	unsigned speaks; /* of phones made from now on */
	const uint8_t
		*call; /* what the call server answers to all that it is sent; NULL: nothing */
	size_t call_len;
	bool call_refused; /* there is no call server */
	char cdp[8192];	   /* "SECONDS DEVICE SOFTWARE PLATFORM IP\n" of each frame */
	size_t cdp_len;
	unsigned opened, closed; /* connections; SIP datagrams count as opened, too */
	uint16_t call_port;
	uint8_t said[16384]; /* all that came to the call server, by whatever way */
	size_t said_len;
};

/* What sim_rig_story() tells; what is left out is NULL or none. */
struct sim_story {
	enum synth_kind bundle;
	const char *how; /* it is broken */
	const char *xmldefault;
	const char *model;
	enum sim_kind kind;
	const char *load;
	usec_t until;
};

#define XML(load_element)                                                                          \
	"<Default><callManagerGroup><members><member priority=\"0\"><callManager><ports>"          \
	"<ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1"             \
	"</processNodeName></callManager></member></members></callManagerGroup>" load_element      \
	"</Default>"

void sim_rig_handle(struct sim_rig *r, const struct sim_out *out);
void sim_rig_run(struct sim_rig *r, usec_t until);
void sim_rig_power_on(struct sim_rig *r);
struct sim_rig *sim_rig_new(enum synth_kind bundle, const char *how);
void sim_rig_phone(struct sim_rig *r, const char *model, enum sim_kind kind, const char *load);
/* A phone of that kind, running that load, on a shelf with that bundle, until then. */
struct sim_rig *sim_rig_story(const struct sim_story *story);
void sim_rig_free(struct sim_rig *r);

#endif
