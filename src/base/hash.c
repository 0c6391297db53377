/* SPDX-License-Identifier: MIT */
/* See hash.h: FNV-1a in its two usual widths. */
#include "reflashd/hash.h"

uint32_t hash32(uint32_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT32_C(16777619);
	return h;
}

uint64_t hash64(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}
