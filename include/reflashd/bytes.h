/* SPDX-License-Identifier: MIT */
/*
 * Bounds-checked cursors: the only way integers come off or go onto the wire.
 *
 * A reader or writer that runs over its end turns bad and stays bad; reads then give
 * zero, writes do nothing, and one test of `ok` at the end of a parse is enough.
 */
#ifndef REFLASHD_BYTES_H
#define REFLASHD_BYTES_H

#include "reflashd/base.h"

struct reader {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool ok;
};

struct writer {
	uint8_t *data;
	size_t size; /* capacity */
	size_t len;  /* written so far */
	bool ok;
};

struct reader reader_init(const uint8_t *data, size_t len);
size_t reader_left(const struct reader *r);
uint8_t read_u8(struct reader *r);
uint16_t read_be16(struct reader *r);
uint32_t read_be32(struct reader *r);
uint16_t read_le16(struct reader *r);
uint32_t read_le32(struct reader *r);
/* The next n bytes, borrowed; an empty span and a bad reader when there are fewer. */
struct span read_span(struct reader *r, size_t n);
/* Copies n bytes to dst; zero-fills dst and turns bad when there are fewer. */
void read_copy(struct reader *r, void *dst, size_t n);
void read_skip(struct reader *r, size_t n);
/* Bytes up to a NUL, which is consumed and not part of the span; bad when there is none. */
struct span read_cstring(struct reader *r);

struct writer writer_init(uint8_t *data, size_t size);
void write_u8(struct writer *w, uint8_t v);
void write_be16(struct writer *w, uint16_t v);
void write_be32(struct writer *w, uint32_t v);
void write_le16(struct writer *w, uint16_t v);
void write_le32(struct writer *w, uint32_t v);
void write_bytes(struct writer *w, const void *src, size_t n);
void write_zero(struct writer *w, size_t n);
/* The text and its terminating NUL. */
void write_cstring(struct writer *w, const char *text);

/* One big-endian or little-endian integer at a place already known to exist. */
uint32_t get_be32(const uint8_t *p);
uint32_t get_le32(const uint8_t *p);
uint16_t get_be16(const uint8_t *p);

#endif
