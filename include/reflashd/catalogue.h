/* SPDX-License-Identifier: MIT */
/*
 * What a phone is answered: a name from the wire, and who asks, to one of the library's files, a
 * generated file, or a reason why not. Serving is by catalogue: only names that were known
 * before the request came can be served.
 *
 * Pure. Remembers per client address which bundle it was last given, so that the members
 * that follow a packing list come from the same bundle.
 */
#ifndef REFLASHD_CATALOGUE_H
#define REFLASHD_CATALOGUE_H

#include "reflashd/plan.h"

#define CATALOGUE_CLIENTS_MAX 1024

/* What kind of thing a name is, by the name alone (phones.md 15). */
enum request_kind {
	REQUEST_DEFAULT_LOADS, /* termNN.default.loads */
	REQUEST_LOADS,	       /* any other .loads */
	REQUEST_IMAGE,	       /* .sbn .sb2 .bin .zup .sbin */
	REQUEST_RECOVERY,      /* cp7912r.zup, ldragonr.zup, cp7902r.zup */
	REQUEST_TRUST_LIST,    /* CTLSEP….tlv ITLSEP….tlv ITLFile.tlv CTLFile.tlv */
	REQUEST_CONFIG,	       /* SEP….cnf.xml[.sgn|.enc.sgn] */
	REQUEST_XMLDEFAULT,    /* XMLDefault.cnf.xml in any spelling (not .sgn) */
	REQUEST_OS79XX,	       /* OS79XX.TXT */
	REQUEST_LEGACY_CONFIG, /* SIPDefault.cnf SIP<MAC>.cnf MGC<MAC>.cnf SEPDefault.cnf
				  syncinfo.xml */
	REQUEST_PROFILE,       /* ff|ld|gk<mac>, ffdefault.cfg … */
	REQUEST_APPLICATION,   /* dialplan, tones, ring lists, locale jars, soft keys … */
	REQUEST_OTHER,
};

enum request_kind request_kind(const char *base, const struct models *models);
/* The MAC inside SEP…, CTLSEP…, SIP…, gk…; false when there is none. */
bool request_mac(const char *base, uint8_t mac[6]);

enum answer_kind {
	ANSWER_FILE,	   /* .file (and .bundle, when it belongs to one) */
	ANSWER_XMLDEFAULT, /* to be rendered with xmldefault_render() */
	ANSWER_OS79XX,	   /* .text: the line to send */
	ANSWER_EXPECTED,   /* not there, and phones do well without it */
	ANSWER_UNKNOWN,	   /* not there: .text says what would be needed, as a clause */
	ANSWER_WITHHELD,   /* there, and not handed out: .text says why, as a clause */
};

struct answer {
	enum answer_kind kind;
	const struct firmware_file *file;
	const struct bundle *bundle;
	char text[256];
};

struct catalogue_config {
	char target[72];  /* "newest" or a load name */
	bool offer_unfit; /* hand out incomplete or damaged bundles all the same */
};

struct catalogue {
	struct catalogue_config config;
	const struct library *library;
	struct {
		uint32_t ip;
		int bundle;
	} client[CATALOGUE_CLIENTS_MAX]; /* by address, oldest replaced */
	unsigned client_count, client_next;
};

void catalogue_init(struct catalogue *c, const struct catalogue_config *config,
		    const struct library *library);
/* The library was read anew: goes on with this one, and with what each client was given last where
 * a bundle of that name is still there. The old library must still be there, too. */
void catalogue_change(struct catalogue *c, const struct catalogue_config *config,
		      const struct library *library);
/* folder: the one folder in front of the name, or "". facts: what is known of the phone that
 * asks, so that its plan decides which bundle it gets; NULL: a phone without a history. */
void catalogue_find(struct catalogue *c, uint32_t ip, const char *folder, const char *base,
		    const struct phone_facts *facts, struct answer *a);

#endif
