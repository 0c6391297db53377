/* SPDX-License-Identifier: MIT */
/* Between keys.c, which reads keys, and signature.c, which alone knows libcrypto. */
#ifndef REFLASHD_KEYS_INTERNAL_H
#define REFLASHD_KEYS_INTERNAL_H

#include "reflashd/signature.h"

/* libcrypto's form of modulus and exponent, or NULL when it does not take them. */
void *key_public(const struct key *k);
void key_public_free(void *pkey);

#endif
