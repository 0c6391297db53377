/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone, as a pure machine: datagrams and time in, datagrams out.
 *
 * It does what the recorded phones do (phones.md 3, 4): names, order, source ports, pauses and
 * retransmissions follow the traces. It judges what it is served as a phone does: header
 * name, member list, completeness; a phone that gets a bad file stops and starts over.
 * The same machine runs in virtual time (sim_wire.h) and over real sockets (tests/tools).
 */
#ifndef REFLASHD_SIM_PHONE_H
#define REFLASHD_SIM_PHONE_H

#include "reflashd/address.h"
#include "reflashd/base.h"
#include "reflashd/loads.h"
#include "reflashd/models.h"
#include "reflashd/signature.h"

enum sim_kind {
	SIM_JAVA_ERASED,  /* loader: DHCP, termXX.default.loads, members, flash, then boots */
	SIM_JAVA_RUNNING, /* a running image: CTL, ITL, SEP, XMLDefault, its load if different */
	SIM_LEGACY,	  /* 7940/7960: the walk, .loads, .sbn, the walk again, .sb2, boots */
	SIM_KUP_RECOVERY, /* 7912 …: recovery mode, asks for cp7912r.zup, then boots */
	SIM_KUP_RUNNING,  /* 7912 …: SEP…, XMLDefault, gk<mac>, gkdefault.cfg */
};

/* Which signing keys the code of a Java phone holds: its loader's when it is erased, its image's
 * when it runs. What it installs brings its own: up to 8.3(2) G1, from 8.3(3) on both. */
enum sim_knows {
	SIM_KNOWS_ANYTHING, /* whoever signed it; only an altered file is refused */
	SIM_KNOWS_G1,
	SIM_KNOWS_G2,
	SIM_KNOWS_BOTH,
};

/*
 * What a phone says of itself unasked, as bits (phones.md 10). CDP: a loader of the Java kind
 * announces termNN's name, an image its load. SCCP and SIP: an image of that kind registers, so
 * that a phone needs both bits to register whatever it is given. PAGE: its web page answers.
 */
enum sim_speaks {
	SIM_SPEAKS_NOTHING = 0,
	SIM_SPEAKS_CDP = 1,
	SIM_SPEAKS_SCCP = 2,
	SIM_SPEAKS_SIP = 4,
	SIM_SPEAKS_PAGE = 8,
	SIM_SPEAKS_USUAL = 7, /* a real phone; newer loads keep their page to themselves */
	SIM_SPEAKS_ALL = 15,
};

struct sim_phone_config {
	enum sim_kind kind;
	struct mac mac;
	char model[12];	   /* "7970"; names come from the catalogue of models */
	char load[72];	   /* what a running phone runs, e.g. "SCCP70.8-3-3S"; of an erased one:
			      what the image will call itself that it installs first, when
			      that is known; "" otherwise */
	bool sip;	   /* a running image of the SIP kind */
	bool silent_class; /* an erased loader that sends no option 60 */
	uint64_t seed;	   /* choices that a real phone makes by chance */
	uint32_t speed;	   /* pauses (boot, flash) are divided by this; 1: as recorded */
	enum sim_knows knows;
	const struct keys *keys; /* to verify with, borrowed; NULL: no signature is looked at */
	unsigned speaks;	 /* bits of enum sim_speaks */
};

/* One UDP datagram, to or from the phone. */
struct sim_datagram {
	uint32_t src_ip, dst_ip;
	uint16_t src_port, dst_port;
	size_t len;
	uint8_t data[1500];
};

enum sim_stage {
	SIM_OFF,
	SIM_DHCP,     /* looking for an address */
	SIM_LOADING,  /* fetching firmware */
	SIM_FLASHING, /* dark and silent */
	SIM_BOOTING,  /* the image runs and asks for its configuration */
	SIM_RUNNING,  /* configured: the phone is back */
	SIM_STUCK,    /* refused what it got; will try again (see .why) */
};

/*
 * A phone has one TCP connection at most, to a call server. Whoever drives it opens it, carries
 * its bytes, and tells what comes of it by sim_phone_stream().
 */
#define SIM_STREAM_MAX 1200

enum sim_stream_wish {
	SIM_STREAM_NO_WISH,
	SIM_STREAM_OPEN, /* to ip and port; an older connection is forgotten, not closed */
	SIM_STREAM_SEND, /* data, len */
	SIM_STREAM_CLOSE,
};

enum sim_stream_news {
	SIM_STREAM_OPENED,
	SIM_STREAM_BYTES,
	SIM_STREAM_CLOSED, /* also: it was refused, or nobody answered */
};

struct sim_stream {
	enum sim_stream_wish wish;
	uint32_t ip;
	uint16_t port;
	size_t len;
	uint8_t data[SIM_STREAM_MAX];
};

#define SIM_SENDS_MAX 4
#define SIM_FRAME_MAX 320

struct sim_out {
	unsigned count;
	struct sim_datagram send[SIM_SENDS_MAX];
	uint16_t closed_port; /* the phone closed this port: later packets to it are refused
				 (ICMP port unreachable); 0: none */
	bool log;	      /* .line says what it just did, for transcripts and golden tests */
	char line[160];
	size_t frame_len; /* an Ethernet frame to put on the wire as it is; 0: none */
	uint8_t frame[SIM_FRAME_MAX];
	struct sim_stream stream;
};

struct sim_phone; /* in sim_phone.c: some kilobytes; what it received lives on the heap */

struct sim_phone *sim_phone_new(const struct sim_phone_config *config);
void sim_phone_free(struct sim_phone *p);
/* Power on at `now`; also after a power cut: flash contents stay, everything else is gone. */
void sim_phone_power_on(struct sim_phone *p, usec_t now, struct sim_out *out);
void sim_phone_power_off(struct sim_phone *p);
void sim_phone_receive(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
		       struct sim_out *out);
/* News of its TCP connection; data and len of SIM_STREAM_BYTES only. */
void sim_phone_stream(struct sim_phone *p, enum sim_stream_news news, const uint8_t *data,
		      size_t len, usec_t now, struct sim_out *out);
/* What its web server answers to whoever asks, before it closes the connection; 0: it refuses the
 * connection, as there is no web server now. SIM_PAGE_MAX suffices. */
#define SIM_PAGE_MAX 4096
size_t sim_phone_page(struct sim_phone *p, const uint8_t *request, size_t len, uint8_t *out,
		      size_t size);
void sim_phone_tick(struct sim_phone *p, usec_t now, struct sim_out *out);
usec_t sim_phone_deadline(const struct sim_phone *p);

enum sim_stage sim_phone_stage(const struct sim_phone *p);
const char *sim_phone_load(const struct sim_phone *p); /* what it runs now; "" if nothing */
const char *sim_phone_why(const struct sim_phone *p);  /* why it is stuck; "" otherwise */
uint32_t sim_phone_ip(const struct sim_phone *p);      /* 0: none */
struct mac sim_phone_mac(const struct sim_phone *p);
/* True when that UDP port is open: a wire refuses packets to other ports. */
bool sim_phone_port_open(const struct sim_phone *p, uint16_t port);
/* It runs and has asked for all that it asks for at a start (dial plan, tones, profile …); one that
 * registers has tried to. */
bool sim_phone_settled(const struct sim_phone *p);
/* True while it has no network at all (off, restarting, writing its flash): nothing is
 * refused then, packets to it are lost. */
bool sim_phone_deaf(const struct sim_phone *p);

/* The same, of a model that the caller has read already (reading the catalogue costs more
 * than the phone). The model is copied. NULL when memory is short. */
struct sim_phone *sim_phone_new_of(const struct sim_phone_config *config,
				   const struct model *model);

/*
 * A phone knows the name of its load from its jar; a simulated one cannot read a jar. Who has the
 * library can tell it: the name of the load with this list, false when there is none.
 */
typedef bool (*sim_phone_namer)(void *ctx, const struct loads *list, char *load, size_t size);
void sim_phone_name_loads(struct sim_phone *p, sim_phone_namer namer, void *ctx);

/*
 * What the file that it asks for will most likely hold, valid as long as the phone: as long as that
 * is what arrives, the phone compares and keeps no copy. Five thousand phones that fetch four
 * megabytes each would not fit into memory otherwise. Nothing is believed that did not arrive.
 */
void sim_phone_expect(struct sim_phone *p, struct span content);

/* Called with every file that arrived whole, before the phone judges it: for tests that
 * compare what arrived with what was to be sent. */
typedef void (*sim_phone_keep)(void *ctx, const struct sim_phone *p, const char *name,
			       struct span content);
void sim_phone_keep_files(struct sim_phone *p, sim_phone_keep keep, void *ctx);

#endif
