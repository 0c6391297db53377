/* SPDX-License-Identifier: MIT */
/*
 * A stream of packets into the DHCP server: [length, 2 bytes][seconds, 1 byte][bytes], again and
 * again; the first byte of all chooses the configuration. After every packet: the
 * answer is one that our own parser takes whole, its address may be given out and is the
 * client's alone, and a file made of the leases is read back as it was.
 */
#include "reflashd/bytes.h"
#include "reflashd/dhcp_probe.h"
#include "reflashd/dhcp_server.h"

#include <stdlib.h>
#include <string.h>

#define NET   0x0a4f4600u
#define OURS  (NET + 1)
#define FIRST (NET + 0)
#define COUNT 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct world {
	struct lease slots[COUNT];
	uint16_t index[32];
	struct lease_table leases;
	struct dhcp_server server;
	struct dhcp_probe probe;
	usec_t now;
};

static void begin(struct world *w, uint8_t options)
{
	struct dhcp_config c = {.address = OURS, .netmask = 0xffffff00, .lease_seconds = 60};

	c.phones_only = options & 1;
	if (options & 2)
		c.tftp = c.dns = c.routers =
			(struct dhcp_addresses){{NET + 2, NET + 9, NET + 10, NET + 11}, 4};
	if (options & 4)
		c.lease_seconds = UINT32_MAX;
	lease_table_init(&w->leases, FIRST, FIRST + COUNT - 1, w->slots, w->index,
			 lease_index_size(COUNT));
	dhcp_server_init(&w->server, &c, &w->leases);
	dhcp_probe_init(&w->probe, (struct mac){{2, 0, 0, 0, 0, 1}}, 1, OURS, 0);
	w->now = USEC_SEC(1);
}

static void check_reply(struct world *w, const struct dhcp_out *out)
{
	static struct dhcp_packet p;
	const struct lease *l;

	must(out->event_count > 0);
	if (out->len == 0)
		return;
	must(out->len >= DHCP_BOOTP_MIN && out->len <= DHCP_PACKET_MAX);
	must(dhcp_packet_parse(&p, out->data, out->len) == DHCP_PARSE_OK);
	must(p.op == 2 && !p.truncated);
	must(mac_equal(p.mac, out->mac));
	must(out->route == DHCP_ROUTE_BROADCAST || ((out->ip ^ NET) & 0xffffff00) == 0);
	must(p.message == DHCP_NONE || dhcp_packet_option(&p, DHCP_OPT_SERVER_ID).len == 4);
	if (p.yiaddr == 0) {
		must(p.message == DHCP_NAK || p.message == DHCP_ACK);
		return;
	}
	must(p.yiaddr != OURS && p.yiaddr != NET && p.yiaddr != NET + 255);
	l = lease_find_ip(&w->leases, p.yiaddr);
	must(l && mac_equal(l->mac, p.mac) && lease_find_mac(&w->leases, p.mac) == l);
	must(l->state == (p.message == DHCP_OFFER ? l->state : LEASE_BOUND));
	must(l->expires > w->now);
}

static void check_leases(const struct world *w)
{
	struct lease slots[COUNT];
	uint16_t index[32];
	struct lease_table copy;
	struct fault f;
	char *text = lease_table_save(&w->leases, w->now), *again;

	must(text != NULL);
	lease_table_init(&copy, FIRST, FIRST + COUNT - 1, slots, index, lease_index_size(COUNT));
	must(lease_table_load(&copy, "leases", text, strlen(text), w->now, &f) == 0);
	again = lease_table_save(&copy, w->now);
	must(again && strcmp(text, again) == 0);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_out out;
	static struct world w;
	struct reader r = reader_init(data, len);

	begin(&w, read_u8(&r));
	while (reader_left(&r) > 3) {
		size_t n = read_be16(&r) % 1600;
		struct dhcp_probe_out probe_out;
		struct span packet;
		uint8_t *copy;

		w.now += USEC_SEC(read_u8(&r));
		packet = read_span(&r, n < reader_left(&r) ? n : reader_left(&r));
		copy = malloc(packet.len ? packet.len : 1);
		must(copy != NULL);
		if (packet.len > 0)
			memcpy(copy, packet.data, packet.len);
		dhcp_server_receive(&w.server, copy, packet.len, w.now, &out);
		check_reply(&w, &out);
		dhcp_probe_tick(&w.probe, w.now, &probe_out);
		dhcp_probe_receive(&w.probe, NET + 3, copy, packet.len, w.now, &probe_out);
		must((w.probe.state == DHCP_PROBE_RIVAL) == (w.probe.rival != 0));
		free(copy);
	}
	check_leases(&w);
	return 0;
}
