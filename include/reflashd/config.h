/* SPDX-License-Identifier: MIT */
/*
 * The configuration: one table of options gives the flags, the keys of the INI file, the
 * help text, --print-config and the manual. A flag wins over the file, the file over the
 * default; each value remembers where it came from.
 *
 * A configuration is built whole in a scratch struct and taken over only when all of it is
 * right, so a bad file or flag changes nothing.
 */
#ifndef REFLASHD_CONFIG_H
#define REFLASHD_CONFIG_H

#include "reflashd/dhcp_server.h"
#include "reflashd/fault.h"

#include <stdio.h>

#define CONFIG_PATH_MAX	    256
#define CONFIG_CONTROL_MAX  108 /* sun_path of a Unix socket */
#define CONFIG_FIRMWARE_MAX 32
#define CONFIG_FILE_DEFAULT "/etc/reflashd.conf"
/* Ours when the interface has none: 10.79.70.1/24, unlikely to collide with a home network. */
#define CONFIG_ADDRESS_DEFAULT	  0x0a4f4601u
#define CONFIG_PREFIX_LEN_DEFAULT 24

enum config_clients {
	CLIENTS_AUTO,	/* phones; everyone once the wire is proved to be ours alone */
	CLIENTS_PHONES, /* only what looks like a Cisco phone */
	CLIENTS_ALL,
};

enum config_color {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/* Bits of config.listen. */
enum config_listen {
	LISTEN_CDP = 1,
	LISTEN_SCCP = 2,
	LISTEN_SIP = 4,
	LISTEN_PAGE = 8, /* ask the phone's own web page */
};

enum config_origin {
	ORIGIN_DEFAULT,
	ORIGIN_FILE,
	ORIGIN_FLAG,
};

/* Every option; see options.def for what a row holds. */
enum config_option {
#define OPTION(id, ...) OPTION_##id,
#include "reflashd/options.def"
#undef OPTION
	OPTIONS_TOTAL
};

struct config {
	char interface[16];
	bool has_address; /* --address was given */
	uint32_t address; /* host order */
	unsigned prefix_len;
	uint32_t pool_first, pool_last; /* 0: .50 to .250 of our network */
	struct dhcp_addresses routers, dns, tftp;
	uint32_t lease_seconds;
	enum config_clients clients;
	bool force;
	char target[72];
	char keys[CONFIG_PATH_MAX];
	char models[CONFIG_PATH_MAX];
	bool serve_incomplete;
	uint32_t max_transfers, max_per_client;
	uint32_t count;		  /* phones to recover before exit 0; 0: serve until stopped */
	uint32_t timeout_seconds; /* 0: none */
	unsigned listen;	  /* bits of enum config_listen */
	bool cdp_power;
	char events[CONFIG_PATH_MAX];
	char pcap[CONFIG_PATH_MAX];
	uint32_t web_address;		  /* host order */
	uint16_t web_port;		  /* 0: no status page */
	char control[CONFIG_CONTROL_MAX]; /* "": no socket */
	char state_dir[CONFIG_PATH_MAX];
	char user[33];	/* "": the default */
	int verbosity; /* -1 quiet, 0, 1 verbose … */
	enum config_color color;
	char firmware[CONFIG_FIRMWARE_MAX][CONFIG_PATH_MAX];
	unsigned firmware_count;

	/* Where each value came from; for a file, path and line. */
	struct {
		enum config_origin origin;
		unsigned line;
	} origin[OPTIONS_TOTAL];
	char file[CONFIG_PATH_MAX]; /* the INI file that was read, or "" */
	bool print_config, help;
	bool want_sha1; /* no option: check shows the SHA-1 of each file */
	int argc;	/* the words it was loaded from, for config_again(); borrowed */
	char *const *argv;
	unsigned firmware_line[CONFIG_FIRMWARE_MAX]; /* of each path, when it came from the file */
};

void config_defaults(struct config *c);
/*
 * Flags (argv without program and command), then the INI file they name or the default one
 * where it exists, flags winning. What is no flag is a FIRMWARE path. Returns 0; -EINVAL
 * for a flag that is wrong (exit code 1) or -EBADMSG for a file that is (exit code 2), each with
 * *f saying which value, why, and what is expected. *c is written only on success.
 */
int config_load(struct config *c, int argc, char *const argv[], struct fault *f);
/* The same words and files once more, as they are now: for a reload. Same errors. */
int config_again(struct config *c, const struct config *running, struct fault *f);
/* Does this option have the same value in both? */
bool config_same(const struct config *a, const struct config *b, enum config_option o);
const char *config_option_name(enum config_option o); /* "lease-time" */
/*
 * The same for INI text in memory: what it says goes on top of *c. name is for messages and
 * origins. 0 or -EBADMSG; *c is written only on success. Does no cross checks.
 */
int config_read(struct config *c, const char *name, const char *text, size_t len, struct fault *f);
/*
 * The pool to lease from when our address is known at last: the one that was given, else .50
 * to .250 of our network (of our /24 when it is larger, every address of it when it is
 * smaller than that). 0; or -EINVAL or -EBADMSG as in config_load() when the pool that was
 * given does not lie in our network.
 */
int config_pool(const struct config *c, uint32_t address, unsigned prefix_len, uint32_t *first,
		uint32_t *last, struct fault *f);
/* The INI text of the configuration, each value with its origin as a comment. */
void config_print(const struct config *c, FILE *out);
/* The options for `reflashd help serve`, from the table. */
void config_usage(FILE *out);
/* An example INI file in which every key is explained and commented out. */
void config_example(FILE *out);

#endif
