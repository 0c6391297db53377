/* SPDX-License-Identifier: MIT */
/*
 * Addresses. IPv4 addresses are uint32_t in HOST order everywhere in the core; they are
 * swapped in exactly two places, the packet codecs and the socket calls of the shell.
 */
#ifndef REFLASHD_ADDRESS_H
#define REFLASHD_ADDRESS_H

#include "reflashd/base.h"

struct mac {
	uint8_t b[6];
};

#define MAC_TEXT_MAX 18 /* "00:1b:54:ca:01:02" and NUL */
#define IP4_TEXT_MAX 16 /* "255.255.255.255" and NUL */

bool mac_equal(struct mac a, struct mac b);
bool mac_is_zero(struct mac m);
/* Lower case with colons, as the event stream promises. */
void mac_format(struct mac m, char out[MAC_TEXT_MAX]);
/* Accepts aa:bb:cc:dd:ee:ff, aa-bb-…, aabb.ccdd.eeff and aabbccddeeff, any case. */
bool mac_parse(const char *text, struct mac *out);

void ip4_format(uint32_t ip, char out[IP4_TEXT_MAX]);
/* Strict dotted quad, no leading zeros beyond "0", nothing after it. */
bool ip4_parse(const char *text, uint32_t *out);
/* "A.B.C.D/LEN", LEN 1..30 (a network with room for us and a phone). */
bool ip4_parse_prefix(const char *text, uint32_t *ip, unsigned *prefix_len);
uint32_t ip4_netmask(unsigned prefix_len); /* 0..32 */

#endif
