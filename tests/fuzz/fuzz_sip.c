/* SPDX-License-Identifier: MIT */
/*
 * SIP, as a datagram and as a stream that is cut where the first bytes say. An answer goes to the
 * sender, is not much longer than what was asked and can be told from a request; the cuts of a
 * stream make no difference to what is answered.
 */
#include "exact.h"
#include "reflashd/sip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct models models;
static struct sip sip;
static struct sip_out out;

static const struct sip_peer peer = {0x0a4f4632, 50123};

static void check(size_t asked)
{
	char text[2048];

	must(out.event_count <= 1);
	if (out.event_count)
		must(event_text(&out.event, text, sizeof(text)) > 0);
	if (out.len == 0 || out.len == 2)
		return;
	must(out.to.ip == peer.ip && out.to.port != 0);
	must(out.len <= asked + SIP_ANSWER_EXTRA);
	must(sip_answer_status(out.data, out.len) >= 200);
	must(memcmp(out.data + out.len - 4, "\r\n\r\n", 4) == 0);
	/* What was copied has split nothing: exactly one empty line, at the end. */
	for (size_t i = 0; i + 4 < out.len; i++)
		must(memcmp(out.data + i, "\r\n\r\n", 4) != 0);
	must(!memchr(out.data, 0, out.len));
	sip_datagram(&sip, peer, out.data, out.len, 0, &out);
	must(out.len == 0 && out.event_count == 0);
}

/* Returns a number that stands for all the answers. */
static uint64_t stream(const uint8_t *data, size_t len, unsigned step)
{
	static struct sip_stream s;
	uint64_t sum = 0;
	size_t at = 0;

	sip_init(&s, &sip, peer, 0);
	while (at < len && !s.closed) {
		size_t n = len - at < step ? len - at : step, used;
		uint8_t *copy = malloc(n);

		must(copy != NULL);
		memcpy(copy, data + at, n);
		used = sip_receive(&s, copy, n, 0, &out);
		free(copy);
		must(used > 0 && used <= n);
		at += used;
		for (size_t i = 0; i < out.len; i++)
			sum = sum * 31 + out.data[i];
		check(SIP_HEAD_MAX);
	}
	return sum * 2 + s.closed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t whole;
	uint8_t *copy;

	if (!models.count)
		models_builtin(&models);
	sip_setup(&sip, &models);
	copy = exact_copy(data, len);
	sip_datagram(&sip, peer, copy, len, 0, &out);
	check(len);
	free(copy);
	whole = stream(data, len, UINT32_MAX);
	must(whole == stream(data, len, 1 + (len ? data[0] % 7 : 0)));
	return 0;
}
