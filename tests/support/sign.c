/* SPDX-License-Identifier: MIT */
/*
 * The maker's side of signature.c: header, digest, PKCS#1 block, private operation.
 *
 * The header is written once with an empty signature, hashed with the signature TLV left out,
 * and then signed in place; that is why the same function can also sign a file again.
 */
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "reflashd/bytes.h"

#define TAG_SIGNATURE	0x0c
#define SIGNATURE_BYTES 256
#define PAYLOAD_BYTES	(4 + SHA_DIGEST_LENGTH)

struct test_key {
	EVP_PKEY *pkey;
};

char *test_keys_path(const char *file, char *out, size_t size)
{
	const char *folder = getenv("REFLASHD_TEST_KEYS");
	char dir[4096];
	ssize_t n;

	if (folder) {
		snprintf(out, size, "%s/%s", folder, file);
		return out;
	}
	snprintf(out, size, "tests/keys/%s", file);
	if (access(out, R_OK) == 0)
		return out;
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	must(n > 0);
	dir[n] = '\0';
	for (char *slash = strrchr(dir, '/'); slash; slash = strrchr(dir, '/')) {
		*slash = '\0';
		must((size_t)snprintf(out, size, "%s/tests/keys/%s", dir, file) < size);
		if (access(out, R_OK) == 0)
			return out;
	}
	fprintf(stderr,
		"tests/keys/%s is not to be found: run the tests in the source tree, or set "
		"REFLASHD_TEST_KEYS to the folder that holds it.\n",
		file);
	abort();
}

struct test_key *test_key_load(const char *name)
{
	struct test_key *key = malloc(sizeof(*key));
	char file[64], path[4096];
	FILE *f;

	must(key);
	must((size_t)snprintf(file, sizeof(file), "%s.pem", name) < sizeof(file));
	f = fopen(test_keys_path(file, path, sizeof(path)), "r");
	must(f);
	key->pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	must(key->pkey);
	return key;
}

struct test_key *test_key_generate(unsigned bits)
{
	struct test_key *key = calloc(1, sizeof(*key));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *three = BN_new();

	must(key && ctx && three && BN_set_word(three, 3));
	must(EVP_PKEY_keygen_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1);
	must(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, three) == 1);
	must(EVP_PKEY_keygen(ctx, &key->pkey) == 1);
	BN_free(three);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

void test_key_free(struct test_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

size_t test_key_modulus(const struct test_key *key, uint8_t *out, size_t size)
{
	BIGNUM *n = NULL;
	int len;

	must(EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
	len = BN_num_bytes(n);
	must((size_t)len <= size);
	BN_bn2bin(n, out);
	BN_free(n);
	return (size_t)len;
}

void sign_block(const struct test_key *key, bool padding, const uint8_t *block, size_t len,
		uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	size_t out_len = (size_t)EVP_PKEY_get_size(key->pkey);

	must(ctx && EVP_PKEY_sign_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(ctx, padding ? RSA_PKCS1_PADDING : RSA_NO_PADDING) == 1);
	must(EVP_PKEY_sign(ctx, out, &out_len, block, len) == 1);
	EVP_PKEY_CTX_free(ctx);
}

void sign_again(uint8_t *file, size_t len, size_t tlv, const struct test_key *key, uint32_t time)
{
	size_t value = (size_t)EVP_PKEY_get_size(key->pkey);
	size_t after = tlv + 3 + value;
	uint8_t payload[PAYLOAD_BYTES];
	struct writer w = writer_init(payload, sizeof(payload));
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	must(after <= len);
	must(hash && EVP_DigestInit_ex(hash, EVP_sha1(), NULL) == 1);
	must(EVP_DigestUpdate(hash, file, tlv) == 1);
	must(EVP_DigestUpdate(hash, file + after, len - after) == 1);
	write_be32(&w, time);
	must(w.ok && EVP_DigestFinal_ex(hash, payload + 4, NULL) == 1);
	EVP_MD_CTX_free(hash);
	sign_block(key, true, payload, sizeof(payload), file + tlv + 3);
}

static void tlv_bytes(struct writer *w, uint8_t tag, const void *value, size_t len)
{
	write_u8(w, tag);
	write_be16(w, (uint16_t)len);
	write_bytes(w, value, len);
}

static void tlv_text(struct writer *w, uint8_t tag, const char *text)
{
	tlv_bytes(w, tag, text, strlen(text) + 1);
}

/* Everything in the order of the table in 2.1; returns where the signature TLV stands. */
static size_t header_write(struct writer *w, const char *name, uint16_t header_len)
{
	static const uint8_t serial[] = {0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef};
	static const uint8_t nobody[SIGNATURE_BYTES] = {0x5a};
	size_t tlv;

	tlv_bytes(w, 0x01, (const uint8_t[]){1, 1}, 2);
	tlv_bytes(w, 0x02, (const uint8_t[]){(uint8_t)(header_len >> 8), (uint8_t)header_len}, 2);
	write_u8(w, 0x03);
	write_be16(w, 0x5b);
	tlv_text(w, 0x04, "CN=someSigner;OU=someOrgUnit;O=someOrg");
	tlv_bytes(w, 0x05, serial, sizeof(serial));
	tlv_text(w, 0x06, "CN=someCA;OU=someOrgUnit;O=someOrg");
	write_u8(w, 0x07);
	write_be16(w, 0x0f);
	tlv_bytes(w, 0x08, (const uint8_t[]){1}, 1);
	write_u8(w, 0x09);
	write_be16(w, 8);
	tlv_bytes(w, 0x0a, (const uint8_t[]){0}, 1);
	tlv_bytes(w, 0x0b, (const uint8_t[]){2}, 1);
	tlv = w->len;
	tlv_bytes(w, TAG_SIGNATURE, nobody, sizeof(nobody));
	tlv_text(w, 0x0e, name);
	while (w->len < header_len)
		write_u8(w, 0x0d);
	return tlv;
}

void sign_file(const char *name, const uint8_t *body, size_t len, const struct test_key *key,
	       uint32_t time, uint8_t **out, size_t *out_len)
{
	size_t plain = 0x17d + 3 + strlen(name) + 1;
	size_t header_len = (plain + 3) / 4 * 4;
	size_t total = header_len + len;
	uint8_t *file = malloc(total);
	struct writer w = writer_init(file, total);
	size_t tlv;

	must(file && header_len < 4096);
	tlv = header_write(&w, name, (uint16_t)header_len);
	must(w.ok && w.len == header_len);
	if (len)
		write_bytes(&w, body, len);
	must(w.ok && w.len == total);
	if (key)
		sign_again(file, total, tlv, key, time);
	*out = file;
	*out_len = total;
}
