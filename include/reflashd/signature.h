/* SPDX-License-Identifier: MIT */
/*
 * Is this file what its maker signed? (firmware-formats.md 7)
 *
 * RSA with e = 3, PKCS#1 type 1 padding, and inside it not a DigestInfo but four bytes of
 * signing time and the SHA-1 of the file without its signature TLV. libcrypto does the
 * arithmetic (EVP_PKEY_verify_recover) and the hash; the whole block is compared.
 */
#ifndef REFLASHD_SIGNATURE_H
#define REFLASHD_SIGNATURE_H

#include "reflashd/fault.h"
#include "reflashd/signed_file.h"

#define KEYS_MAX   64
#define SHA1_BYTES 20

enum generation {
	GENERATION_NONE, /* the family has no generations, or the key does not say */
	GENERATION_G1,	 /* up to 8.5(2) */
	GENERATION_G2,	 /* from 8.5(2)SR1 / 8.5(3) on */
};

struct key {
	char id[16]; /* "b7c630" */
	enum generation generation;
	char models[96];      /* as in the key file: "7941 7961 7970 7971" */
	uint8_t modulus[512]; /* big-endian */
	size_t modulus_len;
	uint32_t exponent;
};

struct keys {
	unsigned count;
	struct key key[KEYS_MAX];
};

enum signature {
	SIGNATURE_UNSIGNED,
	SIGNATURE_VERIFIED,
	SIGNATURE_UNKNOWN_SIGNER, /* no key of ours opens it, or an algorithm we do not know */
	SIGNATURE_BAD,		  /* a key opens it and the file is not what was signed */
};

struct signature_result {
	enum signature state;
	const struct key *key;	    /* VERIFIED, BAD */
	uint32_t time;		    /* VERIFIED, BAD: signing time, seconds since 1970 UTC */
	uint8_t digest[SHA1_BYTES]; /* VERIFIED, BAD: signature_digest() of the file */
};

/* The twelve public keys that are compiled in (firmware/keys.ini). must() on failure. */
void keys_builtin(struct keys *k);
/*
 * Adds the keys of a file. 0, or negative errno with file and line; *k unchanged then. A key
 * that is known already, with the same modulus, is passed over.
 */
int keys_read(struct keys *k, const char *name, const char *text, size_t len, struct fault *f);
void keys_free(struct keys *k);

/* h: what signed_header_parse() found, or NULL when the file has no header: UNSIGNED. */
void signature_verify(struct signature_result *r, const struct signed_header *h,
		      const uint8_t *data, size_t len, const struct keys *keys);
const char *signature_name(enum signature s); /* "verified", "unknown-signer", "bad", "unsigned" */
const char *generation_name(enum generation g); /* "G1", "G2", NULL */

/* What is signed: the SHA-1 of the file without its signature TLV. */
void signature_digest(const struct signed_header *h, const uint8_t *data, size_t len,
		      uint8_t out[SHA1_BYTES]);
void sha1_digest(const uint8_t *data, size_t len, uint8_t out[SHA1_BYTES]);

#endif
