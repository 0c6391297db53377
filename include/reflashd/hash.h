/* SPDX-License-Identifier: MIT */
/*
 * FNV-1a: tells things apart in a table of ours, and is no defence against who wants two to be
 * alike. Starts from HASH32 or HASH64, goes on from what an earlier call returned.
 */
#ifndef REFLASHD_HASH_H
#define REFLASHD_HASH_H

#include "reflashd/base.h"

#define HASH32 UINT32_C(2166136261)
#define HASH64 UINT64_C(0xcbf29ce484222325)

uint32_t hash32(uint32_t h, const void *data, size_t len);
uint64_t hash64(uint64_t h, const void *data, size_t len);

#endif
