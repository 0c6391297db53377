/* SPDX-License-Identifier: MIT */
/*
 * CRC-32, eight bytes at a time: an import has to run over twelve megabytes of them.
 */
#include "reflashd/crc32.h"

#define POLYNOMIAL 0xedb88320u /* bits reversed */

void crc32_init(struct crc32 *c)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t v = b;

		for (unsigned bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		c->table[0][b] = v;
	}
	for (unsigned n = 1; n < 8; n++)
		for (unsigned b = 0; b < 256; b++)
			c->table[n][b] =
				c->table[n - 1][b] >> 8 ^ c->table[0][c->table[n - 1][b] & 0xff];
	c->state = 0xffffffffu;
}

void crc32_add(struct crc32 *c, const uint8_t *data, size_t len)
{
	uint32_t v = c->state;

	for (; len >= 8; data += 8, len -= 8) {
		v ^= (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
		     (uint32_t)data[3] << 24;
		v = c->table[7][v & 0xff] ^ c->table[6][v >> 8 & 0xff] ^
		    c->table[5][v >> 16 & 0xff] ^ c->table[4][v >> 24] ^ c->table[3][data[4]] ^
		    c->table[2][data[5]] ^ c->table[1][data[6]] ^ c->table[0][data[7]];
	}
	for (; len; data++, len--)
		v = v >> 8 ^ c->table[0][(v ^ *data) & 0xff];
	c->state = v;
}

uint32_t crc32_value(const struct crc32 *c)
{
	return ~c->state;
}
