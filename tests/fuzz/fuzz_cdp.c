/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a CDP frame: what is taken has its texts inside the data, and written anew and read
 * again it says the same. The first byte says what to do about the checksum, which no fuzzer
 * guesses: even: it is put right; odd: left as it is.
 */
#include "reflashd/cdp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_inside(struct span s, const uint8_t *data, size_t len)
{
	must(s.len == 0 || (s.data >= data && s.data + s.len <= data + len));
}

static void check_same(struct span a, struct span b)
{
	must(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
}

/* The sum over what the length says, where that lies inside the frame. */
static void repair(uint8_t *frame, size_t len)
{
	size_t at = len > 14 && frame[12] == 0x81 && frame[13] == 0 ? 16 : 12, body, i;
	uint32_t sum = 0;

	if (len < at + 14)
		return;
	body = (size_t)frame[at] << 8 | frame[at + 1];
	if (body < 12 || body > len - at - 2)
		return;
	body -= 8;
	frame += at + 10;
	frame[2] = frame[3] = 0;
	for (i = 0; i < body; i++)
		sum += i % 2 ? frame[i] : (uint32_t)frame[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[2] = (uint8_t)(~sum >> 8);
	frame[3] = (uint8_t)~sum;
}

static void check(const uint8_t *data, size_t len)
{
	uint8_t out[CDP_FRAME_MAX];
	struct cdp_frame f, again;
	size_t n;

	if (!cdp_decode(&f, data, len))
		return;
	check_inside(f.device, data, len);
	check_inside(f.port, data, len);
	check_inside(f.software, data, len);
	check_inside(f.platform, data, len);
	must(f.power_request.count <= CDP_POWER_MAX);
	must(cdp_has(&f, CDP_ADDRESSES) == (f.ip != 0));
	n = cdp_encode(&f, out, sizeof(out));
	if (n == 0)
		return; /* ours is longer: a grant without its level, say */
	must(cdp_decode(&again, out, n));
	must(again.version == f.version && (again.ttl == f.ttl || f.ttl == 0));
	must(again.present == f.present && again.ip == f.ip);
	must(again.capabilities == f.capabilities && again.full_duplex == f.full_duplex);
	must(again.power_grant.mw == f.power_grant.mw);
	check_same(again.device, f.device);
	check_same(again.port, f.port);
	check_same(again.software, f.software);
	check_same(again.platform, f.platform);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	if (len == 0)
		return 0;
	copy = malloc(len);
	must(copy);
	memcpy(copy, data + 1, len - 1);
	if (data[0] % 2 == 0)
		repair(copy, len - 1);
	/* Of exactly that size. */
	copy = realloc(copy, len - 1 ? len - 1 : 1);
	must(copy);
	check(copy, len - 1);
	free(copy);
	return 0;
}
