/* SPDX-License-Identifier: MIT */
/*
 * Makes signed files as the phones' maker makes them (firmware-formats.md 2.1 and 7.1), with the
 * tests' own keys. Nothing here can sign anything that a real phone would take.
 *
 * Every function stops the program when it cannot do its work: a test without its input is
 * no test.
 */
#ifndef REFLASHD_TESTS_SIGN_H
#define REFLASHD_TESTS_SIGN_H

#include "reflashd/base.h"

struct test_key; /* a private key, with e = 3 */

/*
 * "test-g1" or "test-g2": tests/keys/NAME.pem, looked for in $REFLASHD_TEST_KEYS, in
 * tests/keys below the current folder, and in tests/keys beside any folder above the
 * program. Their public halves are tests/keys/test-keys.ini, at the path test_keys_path() gives.
 */
struct test_key *test_key_load(const char *name);
/* A fresh key of this many bits (1024 .. 4096), for keys that nobody knows. */
struct test_key *test_key_generate(unsigned bits);
void test_key_free(struct test_key *key);
/* The modulus, big-endian; returns its length. */
size_t test_key_modulus(const struct test_key *key, uint8_t *out, size_t size);

/* The path of a file in tests/keys, e.g. "test-keys.ini". Returns out. */
char *test_keys_path(const char *file, char *out, size_t size);

/*
 * Header + body in *out, from malloc. The header's TLVs stand in the order of the real files,
 * padded with 0D to a multiple of 4. name is the file name in the header, time the signing
 * time in seconds since 1970 UTC. Without a key the signature is 256 bytes of nobody.
 */
void sign_file(const char *name, const uint8_t *body, size_t len, const struct test_key *key,
	       uint32_t time, uint8_t **out, size_t *out_len);

/*
 * Puts a new signature into a file that has a signature TLV at offset tlv, after its bytes were
 * changed on purpose. The TLV's value must be as long as the key's modulus.
 */
void sign_again(uint8_t *file, size_t len, size_t tlv, const struct test_key *key, uint32_t time);

/* The private operation alone: payload under PKCS#1 type 1 padding, or, with padding false,
 * a block of exactly the modulus' length as it is. out holds the modulus' length. */
void sign_block(const struct test_key *key, bool padding, const uint8_t *block, size_t len,
		uint8_t *out);

#endif
