/* SPDX-License-Identifier: MIT */
/*
 * Signatures. Files are signed here with the tests' own keys, in the true format; forgeries are
 * made as a forger would make them. The last test runs over real samples where there are any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "reflashd/bytes.h"
#include "reflashd/signature.h"

#include "sign.h"

#define SIGNED_AT 0x4718bb3c /* 2007-10-19 14:12:12 UTC */
#define TLV_AT	  0x7a

static struct keys keys;
static struct test_key *g1, *g2, *stranger;

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);

	if (!f) {
		free(text);
		return NULL;
	}
	assert_non_null(text);
	*len = fread(text, 1, 1 << 20, f);
	fclose(f);
	return text;
}

static int setup(void **state)
{
	char path[4096], *text;
	struct fault f;
	size_t len = 0;

	(void)state;
	g1 = test_key_load("test-g1");
	g2 = test_key_load("test-g2");
	stranger = test_key_generate(2048);
	keys_builtin(&keys);
	text = slurp(test_keys_path("test-keys.ini", path, sizeof(path)), &len);
	assert_non_null(text);
	assert_int_equal(keys_read(&keys, path, text, len, &f), 0);
	free(text);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_key_free(g1);
	test_key_free(g2);
	test_key_free(stranger);
	keys_free(&keys);
	return 0;
}

static enum signature verify(const uint8_t *file, size_t len, struct signature_result *r)
{
	uint8_t *copy = malloc(len);
	struct signed_header h;

	assert_non_null(copy);
	memcpy(copy, file, len);
	memset(r, 0xee, sizeof(*r));
	if (signed_header_parse(&h, copy, len) == SIGNED_OK)
		signature_verify(r, &h, copy, len, &keys);
	else
		signature_verify(r, NULL, copy, len, &keys);
	free(copy);
	return r->state;
}

static void make(const struct test_key *key, const char *body, uint8_t **file, size_t *len)
{
	sign_file("SCCP70.8-3-3S.loads", (const uint8_t *)body, strlen(body), key, SIGNED_AT, file,
		  len);
}

static void test_verified(void **state)
{
	const struct {
		const struct test_key *key;
		const char *id;
		enum generation generation;
	} rows[] = {{g1, "test-g1", GENERATION_G1}, {g2, "test-g2", GENERATION_G2}};
	struct signature_result r;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t *file;
		size_t len;

		make(rows[i].key, "jar70sccp.8-3-3.sbn\r\n", &file, &len);
		assert_int_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
		assert_string_equal(r.key->id, rows[i].id);
		assert_int_equal(r.key->generation, rows[i].generation);
		assert_int_equal(r.time, SIGNED_AT);
		free(file);
		make(rows[i].key, "", &file, &len); /* nothing but a header */
		assert_int_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
		free(file);
	}
}

/* Sizes around the block size of SHA-1, and one large. */
static void test_sizes(void **state)
{
	static char body[100001];
	struct signature_result r;

	(void)state;
	for (size_t n = 0; n < sizeof(body); n = n < 140 ? n + 1 : n + 49920) {
		uint8_t *file;
		size_t len;

		memset(body, 'x', n);
		body[n] = '\0';
		make(g1, body, &file, &len);
		assert_int_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
		free(file);
	}
}

/* One bit anywhere, one byte more, any number of bytes less: never verified. */
static void test_damage(void **state)
{
	struct signature_result r;
	uint8_t *file;
	size_t len;

	(void)state;
	make(g1, "jar70sccp.8-3-3.sbn\r\n", &file, &len);
	for (size_t i = 0; i < len * 8; i++) {
		file[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
		if (i / 8 >= 404) { /* the body: the signer is still known */
			assert_int_equal(r.state, SIGNATURE_BAD);
			assert_string_equal(r.key->id, "test-g1");
			assert_int_equal(r.time, SIGNED_AT);
		}
		file[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < len; n++)
		assert_int_not_equal(verify(file, n, &r), SIGNATURE_VERIFIED);
	assert_int_equal(verify(file, len - 1, &r), SIGNATURE_BAD);
	assert_int_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
	free(file);
}

static void test_other_states(void **state)
{
	struct signature_result r;
	uint8_t *file;
	size_t len;

	(void)state;
	make(stranger, "body", &file, &len);
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	assert_null(r.key);
	memset(file + TLV_AT + 3, 0xff, 256); /* larger than any modulus */
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	memset(file + TLV_AT + 3, 0, 256);
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	file[TLV_AT + 3 + 255] = 1; /* 1^3 = 1 */
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	free(file);
	make(NULL, "body", &file, &len);
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	free(file);
	assert_int_equal(verify((const uint8_t *)"#\r\njar.sbn\r\n", 12, &r), SIGNATURE_UNSIGNED);
	assert_null(r.key);
}

/* A digest, an algorithm or a key size that phones of this era do not use is no proof of
 * damage, even on a file that our key signed. */
static void test_unknown_schemes(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {{0x6e, 0}, {0x6e, 2}, {0x6e, 3}, {0x75, 1},	 {0x79, 0},
		    {0x79, 1}, {0x79, 3}, {0x79, 4}, {0x79, 255}};
	struct signature_result r;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t *file;
		size_t len;

		make(g1, "body", &file, &len);
		assert_true(file[rows[i].at] != rows[i].value);
		file[rows[i].at] = rows[i].value;
		sign_again(file, len, TLV_AT, g1, SIGNED_AT);
		assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
		free(file);
	}
}

/* The block that the real scheme would have, with the file's true hash in it. */
static void true_block(const uint8_t *file, size_t len, uint8_t block[256])
{
	struct signed_header h;

	assert_int_equal(signed_header_parse(&h, file, len), SIGNED_OK);
	memset(block, 0xff, 256);
	block[0] = 0;
	block[1] = 1;
	block[231] = 0;
	memcpy(block + 232, "\x47\x18\xbb\x3c", 4);
	signature_digest(&h, file, len, block + 236);
}

/* Blocks that a lax check takes and an exact one must not; the key's owner signs them raw. */
static void test_lax_blocks(void **state)
{
	struct signature_result r;
	uint8_t block[256], *file;
	size_t len;

	(void)state;
	make(g1, "body", &file, &len);
	true_block(file, len, block);
	sign_block(g1, false, block, 256, file + TLV_AT + 3);
	assert_int_equal(verify(file, len, &r), SIGNATURE_VERIFIED); /* the test itself is right */
	for (unsigned i = 0; i < 256; i++) { /* each byte, but not those of the time */
		if (i == 232)
			i = 236;
		true_block(file, len, block);
		block[i] ^= i == 0 ? 0x01 : 0x40;
		sign_block(g1, false, block, 256, file + TLV_AT + 3);
		assert_int_not_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
	}
	/* Less padding, and the true time and hash not at the end: garbage behind them. */
	for (unsigned shift = 1; shift <= 220; shift++) {
		true_block(file, len, block);
		memmove(block + 231 - shift, block + 231, 25);
		memset(block + 256 - shift, 0x33, shift);
		sign_block(g1, false, block, 256, file + TLV_AT + 3);
		assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	}
	/* Garbage before them: 25 and more bytes of payload that end as they should. */
	for (unsigned extra = 1; extra <= 200; extra++) {
		true_block(file, len, block);
		memset(block + 232 - extra, 0x33, extra);
		block[231 - extra] = 0;
		sign_block(g1, false, block, 256, file + TLV_AT + 3);
		assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	}
	/* The time alone missing, and encryption padding (type 2). */
	true_block(file, len, block);
	memset(block + 231, 0xff, 4);
	block[235] = 0;
	sign_block(g1, false, block, 256, file + TLV_AT + 3);
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	true_block(file, len, block);
	block[1] = 2;
	sign_block(g1, false, block, 256, file + TLV_AT + 3);
	assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	free(file);
}

/* The cube root of a number below 2^2048, rounded down, by halving. It is a forgery when its
 * cube has the same first `same` bytes. */
static void cube_root(const uint8_t block[256], size_t same, uint8_t out[256])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *want = BN_bin2bn(block, 256, NULL), *root = BN_new(), *cube = BN_new();

	assert_true(ctx && want && root && cube);
	BN_zero(root);
	for (int bit = 683; bit >= 0; bit--) {
		assert_int_equal(BN_set_bit(root, bit), 1);
		assert_int_equal(BN_sqr(cube, root, ctx), 1);
		assert_int_equal(BN_mul(cube, cube, root, ctx), 1);
		if (BN_cmp(cube, want) > 0)
			assert_int_equal(BN_clear_bit(root, bit), 1);
	}
	assert_true(BN_sqr(cube, root, ctx) && BN_mul(cube, cube, root, ctx));
	assert_int_equal(BN_bn2binpad(cube, out, 256), 256);
	assert_memory_equal(out, block, same);
	assert_int_equal(BN_bn2binpad(root, out, 256), 256);
	BN_free(want);
	BN_free(root);
	BN_free(cube);
	BN_CTX_free(ctx);
}

/*
 * Bleichenbacher's forgery of 2006: without any private key, take the cube root of
 * 00 01 FF…FF 00 time hash garbage. Its cube starts like the block, and a check that does
 * not count the bytes takes it.
 */
static void test_forgery(void **state)
{
	static const unsigned pads[] = {8, 16, 32, 48};
	struct signature_result r;
	uint8_t block[256], *file;
	size_t len;

	(void)state;
	make(NULL, "the body that the forger wants", &file, &len);
	for (unsigned i = 0; i < ARRAY_LEN(pads); i++) {
		unsigned at = 2 + pads[i];

		true_block(file, len, block);
		memmove(block + at, block + 231, 25);
		memset(block + at + 25, 0xff, 256 - at - 25);
		cube_root(block, at + 25, file + TLV_AT + 3);
		assert_int_equal(verify(file, len, &r), SIGNATURE_UNKNOWN_SIGNER);
	}
	free(file);
}

/* SHA-1 of "abc" and of nothing (FIPS 180). */
static void test_sha1(void **state)
{
	static const uint8_t abc[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
				      0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
	static const uint8_t nothing[] = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b,
					  0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60,
					  0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09};
	uint8_t out[SHA1_BYTES];

	(void)state;
	sha1_digest((const uint8_t *)"abc", 3, out);
	assert_memory_equal(out, abc, sizeof(abc));
	sha1_digest(NULL, 0, out);
	assert_memory_equal(out, nothing, sizeof(nothing));
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(signature_name(SIGNATURE_VERIFIED), "verified");
	assert_string_equal(signature_name(SIGNATURE_UNKNOWN_SIGNER), "unknown-signer");
	assert_string_equal(signature_name(SIGNATURE_BAD), "bad");
	assert_string_equal(signature_name(SIGNATURE_UNSIGNED), "unsigned");
	assert_string_equal(generation_name(GENERATION_G1), "G1");
	assert_string_equal(generation_name(GENERATION_G2), "G2");
	assert_null(generation_name(GENERATION_NONE));
}

/* Real files: expected values from firmware-formats.md 7.3 where it lists them ("" where not:
 * the pairs of equal bodies, and the term files). They are the vendor's and not in the tree. */
static const struct {
	const char *file, *key, *generation;
	uint32_t time; /* 0: not listed */
	const char *sha1;
} samples[] = {
	{"7940-sip-8.12/P0S3-8-12-00.loads", "be327e", NULL, 0x4a158822,
	 "1a5737e39d9a8063b8962599ec23eba80a0d68e3"},
	{"7970-sccp-8.3.3/SCCP70.8-3-3S.loads", "b7c630", "G1", 0x4718bb3c,
	 "8ee8c04d5a26de8872487f551d5d5408339d50b6"},
	{"7970-sccp-8.3.3/term70.default.loads", "b7c630", "G1", 0, ""},
	{"7970-sccp-8.3.3/term71.default.loads", "b7c630", "G1", 0, ""},
	{"7911-sip-9.4.2SR1/SIP11.9-4-2SR1-1S.loads", "af10a0", "G2", 0x55374bf6,
	 "e74138d74b9a0dd33d08b513f3e1ba57e0bbd902"},
	{"7911-sip-9.4.2SR1/term06.default.loads", "af10a0", "G2", 0, ""},
};

static void check_sample(const uint8_t *file, size_t len, unsigned i)
{
	struct signature_result r;
	struct signed_header h;
	uint8_t sha1[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1];

	assert_int_equal(verify(file, len, &r), SIGNATURE_VERIFIED);
	assert_string_equal(r.key->id, samples[i].key);
	if (samples[i].generation)
		assert_string_equal(generation_name(r.key->generation), samples[i].generation);
	else
		assert_null(generation_name(r.key->generation));
	if (samples[i].time)
		assert_int_equal(r.time, samples[i].time);
	assert_int_equal(signed_header_parse(&h, file, len), SIGNED_OK);
	assert_string_equal(h.name, strrchr(samples[i].file, '/') + 1);
	signature_digest(&h, file, len, sha1);
	for (unsigned k = 0; k < SHA1_BYTES; k++)
		snprintf(hex + 2 * k, 3, "%02x", sha1[k]);
	if (samples[i].sha1[0])
		assert_string_equal(hex, samples[i].sha1);
}

static void test_samples(void **state)
{
	const char *folder = getenv("REFLASHD_SAMPLES");
	unsigned seen = 0;

	(void)state;
	if (!folder)
		folder = "/work/shared/samples";
	for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
		char path[4096];
		size_t len = 0;
		char *file;

		snprintf(path, sizeof(path), "%s/%s", folder, samples[i].file);
		file = slurp(path, &len);
		if (!file)
			continue;
		check_sample((const uint8_t *)file, len, i);
		seen++;
		free(file);
	}
	if (seen < ARRAY_LEN(samples))
		fprintf(stderr,
			"*** SKIPPED: %zu of %zu real sample files are not in %s (set "
			"REFLASHD_SAMPLES). Only synthetic signatures were verified for them.\n",
			ARRAY_LEN(samples) - seen, ARRAY_LEN(samples), folder);
	if (seen == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verified),	cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_damage),		cmocka_unit_test(test_other_states),
		cmocka_unit_test(test_unknown_schemes), cmocka_unit_test(test_lax_blocks),
		cmocka_unit_test(test_forgery),		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_words),		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
