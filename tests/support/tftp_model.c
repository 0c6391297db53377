/* SPDX-License-Identifier: MIT */
/*
 * The client: RRQ → [OACK → ACK 0] → DATA in order, an ACK for each window, until a short block.
 * It keeps no file, it compares with model_byte().
 *
 * What it does about trouble is what clients do that follow RFC 1350 and 7440: a block that it
 * has already is acknowledged again in lock-step; with a window a block ahead of its turn is
 * dropped and the last good one acknowledged, once for each gap; the last block once more is
 * acknowledged again by a client that has no timer of its own to do so. A naive client does so for
 * every packet it did not expect, which is how a Sorcerer's Apprentice is born.
 */
#include "tftp_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t model_byte(uint64_t offset)
{
	return (uint8_t)((offset * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

void model_fill(uint8_t *out, uint64_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = model_byte(offset + i);
}

static void put(uint8_t *out, size_t *len, const char *text)
{
	memcpy(out + *len, text, strlen(text) + 1);
	*len += strlen(text) + 1;
}

static void put_option(uint8_t *out, size_t *len, const char *name, unsigned value)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", value);
	put(out, len, name);
	put(out, len, digits);
}

static size_t say(struct model_client *c, const uint8_t *data, size_t len, uint64_t now,
		  uint8_t out[600])
{
	memcpy(c->last, data, len);
	c->last_len = len;
	memcpy(out, data, len);
	c->deadline = c->retry ? now + c->retry : UINT64_MAX;
	return len;
}

size_t model_start(struct model_client *c, uint64_t now, uint8_t out[600])
{
	uint8_t data[600] = {0, 1};
	size_t len = 2, n;

	put(data, &len, c->file);
	put(data, &len, "octet");
	if (c->blksize)
		put_option(data, &len, "blksize", c->blksize);
	if (c->tsize)
		put_option(data, &len, "tsize", 0);
	if (c->windowsize)
		put_option(data, &len, "windowsize", c->windowsize);
	c->expected = 1;
	c->block = 512;
	c->window = 1;
	n = say(c, data, len, now, out);
	if (!c->retry) /* everybody repeats a request that nobody answers */
		c->deadline = now + 4000000;
	return n;
}

static size_t acknowledge(struct model_client *c, uint64_t now, uint8_t out[600])
{
	uint64_t block = c->expected - 1;
	uint8_t data[4] = {0, 4, (uint8_t)(block >> 8), (uint8_t)block};

	c->in_window = 0;
	return say(c, data, 4, now, out);
}

static void take_options(struct model_client *c, const uint8_t *data, size_t len)
{
	size_t pos = 2;

	while (pos < len) {
		const char *name = (const char *)data + pos, *value;

		assert(memchr(name, 0, len - pos));
		pos += strlen(name) + 1;
		value = (const char *)data + pos;
		assert(pos < len && memchr(value, 0, len - pos));
		pos += strlen(value) + 1;
		if (strcmp(name, "blksize") == 0)
			c->block = (unsigned)atoi(value);
		else if (strcmp(name, "windowsize") == 0)
			c->window = (unsigned)atoi(value);
		else if (strcmp(name, "tsize") == 0)
			c->corrupt |= strtoull(value, NULL, 10) != c->size;
		else
			c->corrupt = true;
	}
}

static size_t take_block(struct model_client *c, const uint8_t *data, size_t len, uint64_t now,
			 uint8_t out[600])
{
	if (len > c->block)
		c->corrupt = true;
	for (size_t i = 0; i < len; i++)
		if (data[i] != model_byte(c->got + i))
			c->corrupt = true;
	c->got += len;
	c->expected++;
	c->gap_told = false;
	if (len < c->block)
		c->done = true;
	if (!c->done && ++c->in_window < c->window) {
		c->deadline = c->retry ? now + c->retry : UINT64_MAX;
		return 0;
	}
	return acknowledge(c, now, out);
}

size_t model_receive(struct model_client *c, const uint8_t *data, size_t len, uint64_t now,
		     uint8_t out[600])
{
	bool options = c->blksize || c->windowsize || c->tsize;
	uint16_t number;

	assert(len >= 4 && data[0] == 0);
	if (c->failed)
		return 0;
	if (data[1] == 5) {
		c->failed = !c->done;
		c->deadline = UINT64_MAX;
		return 0;
	}
	if (data[1] == 6 && options) {
		if (c->got > 0)
			return 0;
		if (!c->answered)
			take_options(c, data, len);
		c->answered = true;
		return acknowledge(c, now, out);
	}
	assert(data[1] == 3);
	assert(!options || c->answered); /* nothing after an OACK before ACK 0 */
	c->answered = true;
	number = (uint16_t)(data[2] << 8 | data[3]);
	if (!c->done && number == (uint16_t)c->expected)
		return take_block(c, data + 4, len - 4, now, out);
	if (c->naive || c->done)
		return acknowledge(c, now, out);
	if (number == (uint16_t)(c->expected - 1) && (c->window == 1 || !c->retry))
		return acknowledge(c, now, out);
	if ((uint16_t)(number - (uint16_t)c->expected) >= c->window || c->gap_told)
		return 0;
	c->gap_told = true;
	return acknowledge(c, now, out);
}

size_t model_tick(struct model_client *c, uint64_t now, uint8_t out[600])
{
	if (now < c->deadline)
		return 0;
	if (c->done || c->failed) {
		c->deadline = UINT64_MAX;
		return 0;
	}
	c->deadline = now + (c->retry ? c->retry : 4000000);
	if (c->answered && !c->retry) {
		c->deadline = UINT64_MAX;
		return 0;
	}
	memcpy(out, c->last, c->last_len);
	return c->last_len;
}

bool model_closed(const struct model_client *c)
{
	return c->failed || (c->done && c->abrupt);
}

void wire_init(struct wire *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

uint64_t wire_random(struct wire *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return below ? (w->random >> 11) % below : 0;
}

static void enqueue(struct wire *w, struct wire_packet p, const uint8_t *data, size_t len,
		    uint64_t now)
{
	assert(w->count < WIRE_MAX); /* a storm */
	p.due = now + w->delay;
	if (wire_random(w, 10000) < w->late)
		p.due += wire_random(w, w->lateness);
	p.order = w->sent++;
	p.len = len;
	p.data = malloc(len ? len : 1);
	assert(p.data);
	if (len)
		memcpy(p.data, data, len);
	w->packet[w->count++] = p;
}

void wire_send(struct wire *w, struct wire_packet p, const uint8_t *data, size_t len, uint64_t now)
{
	if (wire_random(w, 10000) < w->loss) {
		w->lost++;
		return;
	}
	enqueue(w, p, data, len, now);
	if (wire_random(w, 10000) < w->twice)
		enqueue(w, p, data, len, now);
}

static size_t earliest(const struct wire *w)
{
	size_t best = 0;

	for (size_t i = 1; i < w->count; i++)
		if (w->packet[i].due < w->packet[best].due ||
		    (w->packet[i].due == w->packet[best].due &&
		     w->packet[i].order < w->packet[best].order))
			best = i;
	return best;
}

uint64_t wire_next(const struct wire *w)
{
	return w->count ? w->packet[earliest(w)].due : UINT64_MAX;
}

struct wire_packet wire_take(struct wire *w)
{
	size_t i = earliest(w);
	struct wire_packet p = w->packet[i];

	w->packet[i] = w->packet[--w->count];
	return p;
}

void wire_clear(struct wire *w)
{
	while (w->count > 0)
		free(w->packet[--w->count].data);
}
