/* SPDX-License-Identifier: MIT */
/*
 * Is this file what its maker signed? The only file that knows libcrypto, and of it only the
 * interface of version 3.
 *
 * The happy path: the file is hashed with its signature TLV (tag, length and value) left out. The
 * signature is opened with each key of the right size in turn; libcrypto checks that the block is
 * 00 01, FF up to the end, 00, and gives what stands behind. That must be exactly 24 bytes: four of
 * signing time, twenty of SHA-1. 24 bytes of payload mean 229 bytes of FF, so nothing
 * of the block is left unchecked. This matters: with the exponent 3, whoever searches for
 * the hash somewhere in the block, or allows bytes behind it, can be given forgeries.
 *
 * What can go wrong: no key opens the block (another signer, or the signature bytes themselves are
 * damaged: not to be told apart); a key opens it and the hash differs (damaged, cut short or
 * modified); a digest or key size that phones of this era do not use. The last one counts as
 * an unknown signer: it is no proof of damage.
 *
 * The name in the header is part of what is signed, but whether it is the name the phone will
 * ask for is the caller's question.
 */
#include "reflashd/signature.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "reflashd/bytes.h"
#include "reflashd/lib.h"

#define PAYLOAD_BYTES  (4 + SHA1_BYTES)
#define ALGORITHM_RSA  0
#define MODULUS_MAX    512
#define MODULUS_CODE_1 1 /* 1024 bits, the smallest that is taken */
#define MODULUS_CODE_3 3 /* 4096 bits */

#define LIBCRYPTO(F)                                                                               \
	F(BN_bin2bn)                                                                               \
	F(BN_free) F(BN_new) F(BN_set_word) F(ERR_clear_error) F(EVP_DigestFinal_ex) F(            \
		EVP_DigestInit_ex) F(EVP_DigestUpdate) F(EVP_MD_CTX_free) F(EVP_MD_CTX_new)        \
		F(EVP_PKEY_CTX_free) F(EVP_PKEY_CTX_new_from_name) F(EVP_PKEY_CTX_new_from_pkey)   \
			F(EVP_PKEY_CTX_set_rsa_padding) F(EVP_PKEY_free) F(EVP_PKEY_fromdata)      \
				F(EVP_PKEY_fromdata_init) F(EVP_PKEY_verify_recover)               \
					F(EVP_PKEY_verify_recover_init) F(EVP_sha1)                \
						F(OSSL_PARAM_BLD_free) F(OSSL_PARAM_BLD_new)       \
							F(OSSL_PARAM_BLD_push_BN)                  \
								F(OSSL_PARAM_BLD_to_param)         \
									F(OSSL_PARAM_free)
LIB(crypto, "crypto", LIBCRYPTO)

/* libcrypto's form of a key: it lasts for one look, which costs less than to keep it. */
static EVP_PKEY *key_public(const struct key *k)
{
	OSSL_PARAM_BLD *build = crypto.OSSL_PARAM_BLD_new();
	BIGNUM *n = crypto.BN_bin2bn(k->modulus, (int)k->modulus_len, NULL);
	BIGNUM *e = crypto.BN_new();
	EVP_PKEY_CTX *ctx = crypto.EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build && n && e && ctx && crypto.BN_set_word(e, k->exponent) == 1 &&
	    crypto.OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    crypto.OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = crypto.OSSL_PARAM_BLD_to_param(build);
	if (params && crypto.EVP_PKEY_fromdata_init(ctx) == 1 &&
	    crypto.EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	crypto.OSSL_PARAM_free(params);
	crypto.EVP_PKEY_CTX_free(ctx);
	crypto.BN_free(e);
	crypto.BN_free(n);
	crypto.OSSL_PARAM_BLD_free(build);
	crypto.ERR_clear_error();
	return pkey;
}

/* SHA-1 of two stretches of bytes, one behind the other. */
static void sha1_two(struct span a, struct span b, uint8_t out[SHA1_BYTES])
{
	EVP_MD_CTX *ctx = crypto_load() ? crypto.EVP_MD_CTX_new() : NULL;

	must(ctx && crypto.EVP_DigestInit_ex(ctx, crypto.EVP_sha1(), NULL) == 1);
	must(a.len == 0 || crypto.EVP_DigestUpdate(ctx, a.data, a.len) == 1);
	must(b.len == 0 || crypto.EVP_DigestUpdate(ctx, b.data, b.len) == 1);
	must(crypto.EVP_DigestFinal_ex(ctx, out, NULL) == 1);
	crypto.EVP_MD_CTX_free(ctx);
}

void sha1_digest(const uint8_t *data, size_t len, uint8_t out[SHA1_BYTES])
{
	sha1_two((struct span){data, len}, (struct span){NULL, 0}, out);
}

void signature_digest(const struct signed_header *h, const uint8_t *data, size_t len,
		      uint8_t out[SHA1_BYTES])
{
	size_t after = h->signature + h->signature_len;

	must(after <= len);
	sha1_two((struct span){data, h->signature_tlv}, (struct span){data + after, len - after},
		 out);
}

/* Does this key open the block? Then its 24 bytes are in payload. */
static bool key_opens(const struct key *k, const uint8_t *sig, size_t sig_len,
		      uint8_t payload[PAYLOAD_BYTES])
{
	EVP_PKEY *pkey = key_public(k);
	EVP_PKEY_CTX *ctx = pkey ? crypto.EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;
	uint8_t out[MODULUS_MAX];
	size_t out_len = sizeof(out);
	bool opens;

	opens = ctx && crypto.EVP_PKEY_verify_recover_init(ctx) == 1 &&
		crypto.EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		crypto.EVP_PKEY_verify_recover(ctx, out, &out_len, sig, sig_len) == 1 &&
		out_len == PAYLOAD_BYTES;
	if (opens)
		memcpy(payload, out, PAYLOAD_BYTES);
	crypto.EVP_PKEY_CTX_free(ctx);
	crypto.EVP_PKEY_free(pkey);
	return opens;
}

static bool scheme_known(const struct signed_header *h)
{
	return h->digest_known && h->digest == SIGNED_DIGEST_SHA1 && h->algorithm_known &&
	       h->algorithm == ALGORITHM_RSA && h->modulus_known &&
	       h->modulus_code >= MODULUS_CODE_1 && h->modulus_code <= MODULUS_CODE_3 &&
	       h->signature_len == (size_t)64 << h->modulus_code;
}

void signature_verify(struct signature_result *r, const struct signed_header *h,
		      const uint8_t *data, size_t len, const struct keys *keys)
{
	uint8_t payload[PAYLOAD_BYTES];

	*r = (struct signature_result){.state = SIGNATURE_UNSIGNED};
	if (!h)
		return;
	must(h->signature + h->signature_len <= len);
	r->state = SIGNATURE_UNKNOWN_SIGNER;
	if (!scheme_known(h))
		return;
	must(crypto_load());
	for (unsigned i = 0; i < keys->count && !r->key; i++) {
		const struct key *k = &keys->key[i];

		if (k->modulus_len == h->signature_len &&
		    key_opens(k, data + h->signature, h->signature_len, payload))
			r->key = k;
	}
	crypto.ERR_clear_error(); /* a key that does not fit is no error, but libcrypto noted one */
	if (!r->key)
		return;
	signature_digest(h, data, len, r->digest);
	r->time = get_be32(payload);
	r->state = memcmp(payload + 4, r->digest, SHA1_BYTES) == 0 ? SIGNATURE_VERIFIED
								   : SIGNATURE_BAD;
}

const char *signature_name(enum signature s)
{
	switch (s) {
	case SIGNATURE_UNSIGNED: return "unsigned";
	case SIGNATURE_VERIFIED: return "verified";
	case SIGNATURE_UNKNOWN_SIGNER: return "unknown-signer";
	case SIGNATURE_BAD: return "bad";
	}
	must(false);
}

const char *generation_name(enum generation g)
{
	switch (g) {
	case GENERATION_G1: return "G1";
	case GENERATION_G2: return "G2";
	case GENERATION_NONE: return NULL;
	}
	must(false);
}
