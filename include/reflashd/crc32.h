/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 as in the trailer of a gzip file (RFC 1952, 8), over data that comes in pieces.
 */
#ifndef REFLASHD_CRC32_H
#define REFLASHD_CRC32_H

#include "reflashd/base.h"

struct crc32 {
	uint32_t table[8][256]; /* [n][b]: what byte b leaves n bytes later */
	uint32_t state;
};

void crc32_init(struct crc32 *c);
void crc32_add(struct crc32 *c, const uint8_t *data, size_t len);
uint32_t crc32_value(const struct crc32 *c);

#endif
