/* SPDX-License-Identifier: MIT */
/*
 * The signed header in front of every .loads, .sbn, .sb2, .sbin and .cop.sgn: a run of TLVs
 * that is walked, never indexed (firmware-formats.md 2). The file name inside is the
 * canonical one: phones compare it with the name they asked for.
 */
#ifndef REFLASHD_SIGNED_FILE_H
#define REFLASHD_SIGNED_FILE_H

#include "reflashd/base.h"

#define SIGNED_NAME_MAX	  96
#define SIGNED_LENGTH_MAX 4096 /* bytes; headers are shorter */

enum signed_parse {
	SIGNED_OK,
	SIGNED_NONE,	  /* no such header: an unsigned file, its body starts at 0 */
	SIGNED_TRUNCATED, /* the header says it is longer than the file */
	SIGNED_MALFORMED, /* a TLV runs over, no name, no signature, … */
};

enum signed_digest { /* tag 08 */
		     SIGNED_DIGEST_UNKNOWN,
		     SIGNED_DIGEST_SHA1,
		     SIGNED_DIGEST_SHA256,
		     SIGNED_DIGEST_SHA512,
};

struct signed_header {
	uint8_t major, minor;
	uint16_t length; /* of the header: the body starts here */
	char name[SIGNED_NAME_MAX];
	struct span signer; /* borrowed */
	uint8_t digest;	    /* enum signed_digest when 1..3, else as found */
	bool digest_known, algorithm_known, modulus_known;
	uint8_t algorithm;    /* 0: RSA */
	uint8_t modulus_code; /* 0 512, 1 1024, 2 2048, 3 4096 bits */
	size_t signature_tlv; /* offset of the tag of the signature TLV */
	size_t signature;     /* offset of its value */
	size_t signature_len;
	bool has_time;
	uint32_t time; /* tag 0F, seconds since 1970 UTC */
};

enum signed_parse signed_header_parse(struct signed_header *h, const uint8_t *data, size_t len);

#endif
