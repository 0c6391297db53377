/* SPDX-License-Identifier: MIT */
/*
 * loadNNN.txt, which a .cop carries for the call manager (firmware-formats.md 10): one line
 *
 *     307       SIP11.9-4-2SR1-1S     11             // IP Phone 7911G SIP
 *
 * device type number, load name without ".loads", protocol, comment; one file for each model that
 * the bundle is for. The number is the one in XMLDefault's loadInformationNNN.
 */
#ifndef REFLASHD_LOAD_TEXT_H
#define REFLASHD_LOAD_TEXT_H

#include "reflashd/base.h"

#define LOAD_TEXT_LOAD_MAX 72
#define LOAD_TEXT_SCCP	   0
#define LOAD_TEXT_SIP	   11

struct load_text {
	uint32_t number;	       /* 1 .. 9999999 */
	char load[LOAD_TEXT_LOAD_MAX]; /* letters, digits, '.', '-', '_' only */
	uint32_t protocol;	       /* LOAD_TEXT_SCCP, LOAD_TEXT_SIP, or as found */
};

/* Is this the name of such a file? *number: the one in it. */
bool load_text_name(const char *name, uint32_t *number);
/* The first line that is not empty. False when it is not written so; *t is unchanged then. */
bool load_text_parse(struct load_text *t, const uint8_t *data, size_t len);

#endif
