/* SPDX-License-Identifier: MIT */
/*
 * Frames heard on the wire, one after the other: two bytes of length, one of seconds since the
 * last, the frame. What is told is one of four events, of printable text; what is sent is a CDP
 * frame of ours.
 */
#include "exact.h"
#include "reflashd/overheard.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct mac own = {{2, 0, 0, 0, 0, 1}};

static void check_text(const char *text)
{
	for (; *text; text++)
		must(*text >= 0x20 && *text <= 0x7e);
}

static void check(const struct overheard_out *out)
{
	struct cdp_frame f;
	char text[1024];

	if (out->heard) {
		const struct event *e = &out->event;

		must(e->type == EVENT_CDP_SEEN || e->type == EVENT_ARP_ASKED ||
		     e->type == EVENT_TFTP_ELSEWHERE || e->type == EVENT_NETWORK_RIVAL);
		must(!event_has(e, FIELD_MAC) || !mac_equal(e->mac, own));
		must(!out->chosen || (e->type == EVENT_NETWORK_RIVAL && event_has(e, FIELD_MAC)));
		event_text(e, text, sizeof(text));
		check_text(text);
		check_text(e->software);
		check_text(e->file);
	}
	if (out->len) {
		must(cdp_decode(&f, out->frame, out->len));
		must(mac_equal(f.src, own) && cdp_has(&f, CDP_POWER_AVAILABLE));
		must(f.power_grant.management_id != 0 && f.power_grant.mw <= OVERHEARD_POWER_MW);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct overheard_config c = {own, 0x0a4f4601, true, true, "lan0"};
	struct overheard *o = malloc(sizeof(*o));
	struct overheard_out *out = malloc(sizeof(*out));
	usec_t now = USEC_SEC(1);

	must(o && out);
	overheard_init(o, &c);
	while (len >= 3) {
		size_t n = (size_t)data[0] << 8 | data[1];
		uint8_t *copy;

		now += USEC_SEC(data[2]);
		data += 3;
		len -= 3;
		n = n < len ? n : len;
		copy = exact_copy(data, n);
		overheard_receive(o, copy, n, now, out);
		free(copy);
		check(out);
		data += n;
		len -= n;
	}
	free(out);
	free(o);
	return 0;
}
