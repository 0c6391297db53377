/* SPDX-License-Identifier: MIT */
/*
 * Two SCCP connections that share a memory: chunks [whom, 1 byte: bit 7; seconds, bits 0 to 6]
 * [length, 2 bytes, big-endian][bytes], again and again. After every chunk: never more is sent than
 * was received, every event renders, a deadline that is due does something, and what is closed
 * says why.
 */
#include "exact.h"
#include "reflashd/bytes.h"
#include "reflashd/sccp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct connection {
	struct sccp *machine; /* by itself, so that ASan sees its end */
	size_t got, sent, unregistered;
	bool closed;
};

static void check(struct connection *c, const struct sccp_out *out)
{
	must(out->len <= sizeof(out->data));
	must(out->event_count <= ARRAY_LEN(out->events));
	must(out->close == (out->reason != NULL));
	for (unsigned i = 0; i < out->event_count; i++) {
		char *json = event_json(&out->events[i]);

		must(json != NULL && !strpbrk(json, "\n\x1b\x7f"));
		free(json);
	}
	c->sent += out->len;
	if (out->len >= 12 && get_le32(out->data + 8) == SCCP_UNREGISTER_ACK)
		c->unregistered += 4;
	must(c->sent <= c->got + c->unregistered);
	c->closed = out->close;
}

static void wake(struct connection *c, usec_t now)
{
	static struct sccp_out out;

	while (!c->closed && sccp_deadline(c->machine) <= now) {
		sccp_tick(c->machine, now, &out);
		must(out.len > 0 || out.close);
		check(c, &out);
	}
}

static void feed(struct connection *c, const uint8_t *data, size_t len, usec_t now)
{
	static struct sccp_out out;
	uint8_t *copy = exact_copy(data, len);
	size_t done = 0;

	while (done < len && !c->closed) {
		size_t taken = sccp_receive(c->machine, copy + done, len - done, now, &out);

		must(taken > 0 && taken <= len - done);
		c->got += taken;
		done += taken;
		check(c, &out);
	}
	free(copy);
}

static void connect_anew(struct connection *c, const struct sccp_config *config, uint32_t peer,
			 usec_t now)
{
	free(c->machine);
	memset(c, 0, sizeof(*c));
	c->machine = malloc(sizeof(*c->machine));
	must(c->machine);
	sccp_init(c->machine, config, peer, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct connection c[2];
	static struct models models;
	static struct sccp_memory memory;
	struct sccp_config config = {.models = &models, .memory = &memory};
	struct reader r = reader_init(data, len);
	usec_t now = USEC_SEC(1000);

	if (!models.count)
		models_builtin(&models);
	sccp_memory_init(&memory);
	memset(c, 0, sizeof(c));
	for (unsigned i = 0; i < 2; i++)
		connect_anew(&c[i], &config, 0x0a4f4633 + i, now);
	while (reader_left(&r) > 3) {
		uint8_t head = read_u8(&r);
		struct connection *one = &c[head >> 7];
		size_t n = read_be16(&r);
		struct span chunk = read_span(&r, n < reader_left(&r) ? n : reader_left(&r));

		now += USEC_SEC(head & 0x7f);
		wake(&c[0], now);
		wake(&c[1], now);
		if (one->closed)
			connect_anew(one, &config, 0x0a4f4633 + (head >> 7), now);
		feed(one, chunk.data, chunk.len, now);
	}
	free(c[0].machine);
	free(c[1].machine);
	return 0;
}
