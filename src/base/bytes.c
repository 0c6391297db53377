/* SPDX-License-Identifier: MIT */
/*
 * Cursors over wire bytes. Every bound is written as "n > left", never as "pos + n > len", so
 * that no length from the wire can make a sum wrap.
 */
#include "reflashd/bytes.h"

#include <string.h>

struct reader reader_init(const uint8_t *data, size_t len)
{
	return (struct reader){.data = data, .len = len, .pos = 0, .ok = true};
}

size_t reader_left(const struct reader *r)
{
	return r->ok ? r->len - r->pos : 0;
}

/* The next n bytes, or NULL and a bad reader. */
static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *p;

	if (!r->ok || n > r->len - r->pos) {
		r->ok = false;
		return NULL;
	}
	p = r->data + r->pos;
	r->pos += n;
	return p;
}

uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

uint8_t read_u8(struct reader *r)
{
	const uint8_t *p = take(r, 1);

	return p ? *p : 0;
}

uint16_t read_be16(struct reader *r)
{
	const uint8_t *p = take(r, 2);

	return p ? get_be16(p) : 0;
}

uint32_t read_be32(struct reader *r)
{
	const uint8_t *p = take(r, 4);

	return p ? get_be32(p) : 0;
}

uint16_t read_le16(struct reader *r)
{
	const uint8_t *p = take(r, 2);

	return p ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : 0;
}

uint32_t read_le32(struct reader *r)
{
	const uint8_t *p = take(r, 4);

	return p ? get_le32(p) : 0;
}

struct span read_span(struct reader *r, size_t n)
{
	const uint8_t *p = take(r, n);

	return (struct span){.data = p, .len = p ? n : 0};
}

void read_copy(struct reader *r, void *dst, size_t n)
{
	const uint8_t *p = take(r, n);

	if (p && n)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

void read_skip(struct reader *r, size_t n)
{
	take(r, n);
}

struct span read_cstring(struct reader *r)
{
	const uint8_t *start, *end;

	if (reader_left(r) == 0) {
		r->ok = false;
		return (struct span){0};
	}
	start = r->data + r->pos;
	end = memchr(start, 0, r->len - r->pos);
	if (!end) {
		r->ok = false;
		return (struct span){0};
	}
	r->pos += (size_t)(end - start) + 1;
	return (struct span){.data = start, .len = (size_t)(end - start)};
}

struct writer writer_init(uint8_t *data, size_t size)
{
	return (struct writer){.data = data, .size = size, .len = 0, .ok = true};
}

/* Room for n more bytes, or NULL and a bad writer. */
static uint8_t *room(struct writer *w, size_t n)
{
	uint8_t *p;

	if (!w->ok || n > w->size - w->len) {
		w->ok = false;
		return NULL;
	}
	p = w->data + w->len;
	w->len += n;
	return p;
}

void write_u8(struct writer *w, uint8_t v)
{
	write_bytes(w, &v, 1);
}

void write_be16(struct writer *w, uint16_t v)
{
	const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	write_bytes(w, b, sizeof(b));
}

void write_be32(struct writer *w, uint32_t v)
{
	const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
			      (uint8_t)v};

	write_bytes(w, b, sizeof(b));
}

void write_le16(struct writer *w, uint16_t v)
{
	const uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

	write_bytes(w, b, sizeof(b));
}

void write_le32(struct writer *w, uint32_t v)
{
	const uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
			      (uint8_t)(v >> 24)};

	write_bytes(w, b, sizeof(b));
}

void write_bytes(struct writer *w, const void *src, size_t n)
{
	uint8_t *p = room(w, n);

	if (p && n)
		memcpy(p, src, n);
}

void write_zero(struct writer *w, size_t n)
{
	uint8_t *p = room(w, n);

	if (p && n)
		memset(p, 0, n);
}

void write_cstring(struct writer *w, const char *text)
{
	write_bytes(w, text, strlen(text) + 1);
}
