/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated phone share. Nobody outside src/rehearsal includes this.
 *
 * A phone is three layers: a DHCP client, a TFTP client that fetches one file at a time, and a
 * script per kind of phone that says what comes next. The layers call upwards by way of
 * sim_script: addressed() when there is an address, got() when a file ended in whatever way,
 * wake() when a pause is over.
 */
#ifndef REHEARSAL_SIM_PRIVATE_H
#define REHEARSAL_SIM_PRIVATE_H

#include "reflashd/bytes.h"
#include "reflashd/loads.h"
#include "reflashd/models.h"
#include "reflashd/sim_phone.h"
#include "reflashd/text.h"

#define SIM_NAME_MAX 128
#define SIM_FILE_MAX (64u << 20)
/* "Requesting … with size limit of 550001" (7942 log, phones.md 4.2). */
#define SIM_CONFIG_MAX 550001u

enum sim_dhcp_state {
	SIM_DHCP_OFF,
	SIM_DHCP_SELECTING,
	SIM_DHCP_REQUESTING,
	SIM_DHCP_BOUND,
};

struct sim_dhcp {
	enum sim_dhcp_state state;
	uint32_t xid, offered, server;
	unsigned tries;
	usec_t started, deadline;
};

/* How a request ended. */
enum sim_got {
	SIM_GOT_FILE,	 /* all of it: tftp.data, tftp.len */
	SIM_GOT_ERROR,	 /* the server said no: tftp.code */
	SIM_GOT_SILENCE, /* nobody answered, or the answers stopped */
	SIM_GOT_HUNG_UP, /* we closed the port ourselves (see tftp.hang_up) */
};

struct sim_tftp {
	bool active;
	bool firmware; /* which of the two recorded retransmission patterns */
	bool hang_up;  /* close the port when the first DATA comes */
	char name[SIM_NAME_MAX];
	uint16_t port;	      /* ours */
	uint16_t server_port; /* 0: no DATA yet */
	uint64_t block;	      /* the last one that arrived */
	const uint8_t *data;  /* of the file: lent.data, or own */
	uint8_t *own;	      /* kept from file to file */
	struct span lent;     /* see sim_phone_expect() */
	size_t len, size, limit;
	uint16_t code;	       /* of the server's ERROR */
	unsigned sends, ports; /* RRQs from this port; ports used for this file */
	unsigned silences;     /* timeouts in a row while DATA flows */
	usec_t deadline;
	/* The port of the file before: kept for a while to acknowledge a repeated last block. */
	uint16_t linger_port, linger_server_port, linger_block;
	usec_t linger_until;
};

struct sim_names {
	unsigned count;
	char name[LOADS_MEMBERS_MAX][LOADS_NAME_MAX];
};

/* What survives a power cut. */
struct sim_flash {
	bool bootable;
	char load[72];		    /* what the image calls itself; "" while nobody has told it */
	struct sim_names installed; /* the members it was made of, when known */
	struct sim_names wanted;    /* the journal: the list being worked on … */
	bool written[LOADS_MEMBERS_MAX]; /* … and which of its members are in the flash */
	char wanted_load[72];		 /* what that image will call itself, "": unknown */
	char la_version[16];		 /* 7940/7960: the universal application loader */
};

enum sim_voice_state {
	SIM_VOICE_SILENT, /* not configured, or it registers nowhere */
	SIM_VOICE_WAITS,  /* will register at act_at */
	SIM_VOICE_OPENING,
	SIM_VOICE_ASKING, /* has sent its registration */
	SIM_VOICE_REGISTERED,
};

/* What it says of itself. All but the chance is gone with the network. */
struct sim_voice {
	uint64_t random; /* its own: who is silent does what it always did */
	enum sim_voice_state state;
	bool sip, tcp;
	bool tried;	/* an attempt to register has ended, in whatever way */
	bool announced; /* by CDP, and it was an image */
	usec_t cdp_at, act_at;
	unsigned sequence, sends;
	uint8_t head[12]; /* of the message that comes in by SCCP */
	size_t have, skip;
};

struct sim_script {
	void (*boot)(struct sim_phone *p, usec_t now, struct sim_out *out);
	void (*addressed)(struct sim_phone *p, usec_t now, struct sim_out *out);
	void (*got)(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out);
	void (*wake)(struct sim_phone *p, usec_t now, struct sim_out *out);
};

extern const struct sim_script sim_java_script, sim_legacy_script, sim_kup_script;

struct sim_phone {
	struct sim_phone_config config;
	struct model model;
	const struct sim_script *script;
	uint64_t random;
	bool abrupt; /* closes its port the moment a file is whole (one phone in four) */
	sim_phone_keep keep;
	void *keep_ctx;
	sim_phone_namer namer;
	void *namer_ctx;
	struct sim_flash flash;
	enum sim_knows knows; /* of the code in the flash, the loader's included */

	/* Gone with the power. */
	bool on, deaf; /* deaf: no network (writing flash, restarting) */
	bool booted;   /* an image runs, not the loader */
	bool settled;  /* it runs, and its questions have been answered or not */
	enum sim_stage stage;
	char why[160];
	unsigned state; /* the script's own */
	usec_t pause;	/* when wake() is due */
	uint32_t ip, netmask, server_ip;
	const char *server_source; /* "option 150" */
	struct sim_dhcp dhcp;
	struct sim_tftp tftp;
	uint16_t next_port; /* 7940/7960: consecutive, from the start at each boot */
	struct loads list;
	unsigned member; /* the one of the list being fetched */
	unsigned round;	 /* the script's own counter */
	bool doomed;	 /* a member was missing: the next transfer is cut short */
	bool upgrading;	 /* the list is <load>.loads, not termXX.default.loads */
	bool dot_slash;	 /* 7940/7960: SIPDefault.cnf said tftp_cfg_dir: "./" */
	char load_asked[72];
	bool unauthorised; /* the list of that load failed its authentication; it will be tried … */
	char refused[72]; /* … once more, and this is the load that was refused already */
	struct sim_voice voice;
};

/* sim_phone.c */
uint32_t sim_random(struct sim_phone *p, uint32_t below);
void sim_log(struct sim_phone *p, struct sim_out *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void sim_send(struct sim_phone *p, struct sim_out *out, uint32_t dst_ip, uint16_t src_port,
	      uint16_t dst_port, const uint8_t *data, size_t len);
/* A pause of the phone, divided by its speed; wake() follows, in `state`. */
void sim_pause(struct sim_phone *p, usec_t now, usec_t pause, unsigned state);
usec_t sim_between(struct sim_phone *p, usec_t least, usec_t most);
/* The network goes: address, ports, timers. */
void sim_go_dark(struct sim_phone *p, enum sim_stage stage);
void sim_stuck(struct sim_phone *p, struct sim_out *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "SEP001122AABBCC.cnf.xml" of ("SEP", ".cnf.xml"). */
void sim_mac_name(const struct sim_phone *p, bool lower, const char *before, const char *after,
		  char out[SIM_NAME_MAX]);
/* A few words for the transcript. */
const char *sim_got_words(const struct sim_phone *p, enum sim_got got);

/* sim_voice.c: what it says of itself. */
void sim_voice_reset(struct sim_phone *p);	       /* the network went */
void sim_voice_begin(struct sim_phone *p, usec_t now); /* the network came */
void sim_voice_tick(struct sim_phone *p, usec_t now, struct sim_out *out);
usec_t sim_voice_deadline(const struct sim_phone *p);
uint32_t sim_voice_chance(struct sim_phone *p, uint32_t below);
/* "SCCP70.9-4-2SR3-1S" as "9.4(2SR3.1S)", the way alarms and web pages write it; others as they
 * are. */
void sim_voice_version(const char *load, char *out, size_t size);
/* Nothing to announce, or it has been announced. */
bool sim_voice_done(const struct sim_phone *p);
/* What the image that is at work calls itself; "": no image, or it cannot say. */
const char *sim_voice_load(const struct sim_phone *p);
bool sim_voice_is_sip(const char *load);

/* sim_register.c: SCCP and SIP. */
/* Its stage may have changed: a phone that runs now wants to register. */
void sim_register_notice(struct sim_phone *p, usec_t now, struct sim_out *out);
void sim_register_tick(struct sim_phone *p, usec_t now, struct sim_out *out);
void sim_register_stream(struct sim_phone *p, enum sim_stream_news news, const uint8_t *data,
			 size_t len, usec_t now, struct sim_out *out);
void sim_register_datagram(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
			   struct sim_out *out);
/* Does it listen for SIP answers? */
bool sim_register_port_open(const struct sim_phone *p, uint16_t port);
/* Nothing to register, or it has been tried. */
bool sim_register_done(const struct sim_phone *p);

/* sim_dhcp.c */
void sim_dhcp_start(struct sim_phone *p, usec_t now, struct sim_out *out);
void sim_dhcp_receive(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
		      struct sim_out *out);
void sim_dhcp_tick(struct sim_phone *p, usec_t now, struct sim_out *out);

/* sim_tftp.c */
void sim_tftp_get(struct sim_phone *p, const char *name, bool firmware, usec_t now,
		  struct sim_out *out);
void sim_tftp_receive(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
		      struct sim_out *out);
void sim_tftp_tick(struct sim_phone *p, usec_t now, struct sim_out *out);
usec_t sim_tftp_deadline(const struct sim_phone *p);

/* sim_firmware.c: what a phone checks before it believes a file. "" or why not. */
void sim_check_list(const char *name, const uint8_t *data, size_t len, struct loads *list,
		    char why[160]);
void sim_check_member(const char *name, const uint8_t *data, size_t len, char why[160]);
void sim_check_kup(const char *name, const struct model *model, const uint8_t *data, size_t len,
		   char why[160]);
void sim_names_of_list(struct sim_names *names, const struct loads *list);
bool sim_names_equal(const struct sim_names *a, const struct sim_names *b);
bool sim_names_hold(const struct sim_names *names, const char *name);
/* The first numbers in "SCCP70.8-5-2S", "jar70sccp.8-5-2TH1-9.sbn" at least major.minor(third)? */
bool sim_version_from(const char *name, unsigned major, unsigned minor, unsigned third);

/* sim_trust.c: does the code of this phone take the signature of a file? "" or why not. */
void sim_check_signature(const struct sim_phone *p, const char *name, const uint8_t *data,
			 size_t len, char why[160]);
/* The keys that come with the load that the phone has just installed. */
void sim_learn_keys(struct sim_phone *p);

/* sim_config.c: the little that a phone needs of its configuration files. */
struct sim_configuration {
	bool usable;   /* a callManagerGroup with a processNodeName */
	char load[72]; /* of this phone's number (XMLDefault) or of the file (SEP) */
};
void sim_configuration_read(struct sim_configuration *c, uint32_t number, const uint8_t *data,
			    size_t len);
/* "image_version: P0S3-8-12-00" of SIPDefault.cnf; "" when there is none. */
void sim_cnf_value(const uint8_t *data, size_t len, const char *key, char *out, size_t size);

#endif
