/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of a simulated wire: the real DHCP and TFTP machines, the real catalogue and
 * the real tracker, driven as src/daemon drives them, without sockets.
 *
 * What a socket would do is done here by hand: each transfer has a port of its own that is
 * "connected" (packets from anybody but its phone are dropped), a datagram to a closed port is
 * dropped, and a refusal by the phone reaches the transfer whose packet it was.
 */
#include "sim_wire_private.h"

#include "reflashd/phone_config.h"
#include "reflashd/sip.h"
#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

#define NETMASK	     0xffffc000u	    /* 10.79.64.0/18: room for a hall full of phones */
#define POOL_FIRST   0x0a4f4632u	    /* 10.79.70.50 */
#define WALL_START   INT64_C(1767225600000) /* 2026-01-01 00:00:00 UTC */
#define LEASE	     3600
#define GIVE_UP	     USEC_SEC(60)
#define PER_CLIENT   8
#define POOL_DEFAULT 201

/* The bytes of one answer. */
struct handle {
	struct span span;
	uint8_t *owned;
};

static int64_t wall_ms(const struct sim_wire *w)
{
	return WALL_START + (int64_t)(w->now / 1000);
}

static void publish(struct sim_wire *w, struct event *e)
{
	e->seq = ++w->server.seq;
	e->wall_ms = wall_ms(w);
	if (w->watch)
		w->watch(w->watch_ctx, e);
}

static void tracker_says(struct sim_wire *w, struct phones_out *out)
{
	int64_t due;
	unsigned i;

	for (i = 0; i < out->event_count; i++) {
		publish(w, &out->events[i]);
		sim_hear_stage(w, &out->events[i]);
	}
	due = phones_deadline(&w->server.phones);
	w->server.phones_due = due == INT64_MAX	   ? USEC_NEVER
			       : due <= WALL_START ? 0
						   : (usec_t)(due - WALL_START) * 1000;
}

void sim_daemon_emit(struct sim_wire *w, struct event *e)
{
	struct phones_out out;
	const struct lease *l;

	/* TFTP knows addresses only; the lease says which phone that is. */
	if (e->ip && !(e->present & (UINT64_C(1) << FIELD_MAC))) {
		l = lease_find_ip(&w->server.leases, e->ip);
		if (l && l->state != LEASE_FREE && !mac_is_zero(l->mac))
			event_set_mac(e, l->mac);
	}
	publish(w, e);
	phones_apply(&w->server.phones, e, &out);
	tracker_says(w, &out);
}

bool sim_daemon_waits(const struct sim_wire *w)
{
	const struct phones *p = &w->server.phones;
	unsigned i;

	for (i = 0; i < p->count; i++)
		if (p->phone[i].proof_due_ms != 0)
			return true;
	return false;
}

static enum tftp_found give(struct tftp_file *file, struct span span, uint8_t *owned, bool netascii)
{
	struct handle *h = malloc(sizeof(*h));
	size_t len = netascii ? tftp_netascii(span.data, span.len, NULL) : 0;
	uint8_t *converted = netascii ? malloc(len ? len : 1) : NULL;

	if (!h || (netascii && !converted) || !span.data) {
		free(h);
		free(converted);
		free(owned);
		text_copy(file->why, sizeof(file->why), "the bytes could not be read");
		return TFTP_TRY_LATER;
	}
	if (netascii) {
		tftp_netascii(span.data, span.len, converted);
		free(owned);
		owned = converted;
		span = (struct span){converted, len};
	}
	h->span = span;
	h->owned = owned;
	file->size = span.len;
	file->content = h;
	return TFTP_FOUND;
}

static enum tftp_found give_xmldefault(struct sim_wire *w, const struct phone_facts *facts,
				       struct tftp_file *file, bool netascii)
{
	const struct catalogue_config *c = &w->server.catalogue.config;
	char *text;
	size_t len;

	if (xmldefault_render_for(w->library, c->target, c->offer_unfit, facts, SIM_SERVER_IP,
				  &text, &len) != 0) {
		text_copy(file->why, sizeof(file->why), "this machine is short of memory");
		return TFTP_TRY_LATER;
	}
	return give(file, (struct span){(const uint8_t *)text, len}, (uint8_t *)text, netascii);
}

static enum tftp_found find(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
			    struct tftp_file *file)
{
	struct sim_wire *w = ctx;
	const struct phones *phones = &w->server.phones;
	const struct phone *phone = phones_find_ip(&w->server.phones, ip);
	struct phone_facts facts;
	struct answer a;
	size_t len;
	uint8_t *text;

	memset(file, 0, sizeof(*file));
	if (phone)
		phone_facts_asking(phones, phone, name->base, wall_ms(w), &facts);
	catalogue_find(&w->server.catalogue, ip, name->folder, name->base, phone ? &facts : NULL,
		       &a);
	text_copy(file->name, sizeof(file->name), name->base);
	switch (a.kind) {
	case ANSWER_FILE:
		text_copy(file->name, sizeof(file->name), a.file->name);
		if (a.bundle)
			text_copy(file->load, sizeof(file->load), a.bundle->load);
		return give(file, w->content.read(w->content.ctx, a.file), NULL, netascii);
	case ANSWER_XMLDEFAULT: return give_xmldefault(w, phone ? &facts : NULL, file, netascii);
	case ANSWER_OS79XX:
		len = strlen(a.text);
		text = malloc(len + 1);
		if (text)
			memcpy(text, a.text, len + 1);
		return give(file, (struct span){text, len}, text, netascii);
	case ANSWER_EXPECTED:
		text_copy(file->why, sizeof(file->why), a.text);
		return TFTP_MISS_EXPECTED;
	case ANSWER_UNKNOWN:
		text_copy(file->why, sizeof(file->why), a.text);
		return TFTP_MISS_UNKNOWN;
	case ANSWER_WITHHELD: text_copy(file->why, sizeof(file->why), a.text); return TFTP_WITHHELD;
	}
	return TFTP_MISS_UNKNOWN;
}

static void release(void *ctx, void *content)
{
	struct handle *h = content;

	(void)ctx;
	if (h)
		free(h->owned);
	free(h);
}

void sim_daemon_start(struct sim_wire *w)
{
	struct sim_server *s = &w->server;
	unsigned pool = w->count * 2 > POOL_DEFAULT ? w->count * 2 : POOL_DEFAULT, slots;
	struct dhcp_config dhcp = {
		.address = SIM_SERVER_IP, .netmask = NETMASK, .lease_seconds = LEASE};
	struct tftp_server_config tftp = {
		.transfer = {.blksize_max = 1468, .windowsize_max = 64, .give_up = GIVE_UP},
		.max_per_client = PER_CLIENT};
	struct tftp_catalogue catalogue = {.ctx = w, .find = find, .release = release};

	if (pool > LEASE_POOL_MAX)
		pool = LEASE_POOL_MAX;
	slots = w->count * 4 + 12 > SIM_SLOTS ? SIM_SLOTS : w->count * 4 + 12;
	s->leases.slots = calloc(pool, sizeof(*s->leases.slots));
	s->leases.index = calloc(lease_index_size(pool), sizeof(*s->leases.index));
	s->tftp.slots = calloc(slots, sizeof(*s->tftp.slots));
	must(s->leases.slots && s->leases.index && s->tftp.slots);
	lease_table_init(&s->leases, POOL_FIRST, POOL_FIRST + pool - 1, s->leases.slots,
			 s->leases.index, lease_index_size(pool));
	dhcp_server_init(&s->dhcp, &dhcp, &s->leases);
	tftp.max_transfers = slots;
	tftp_server_init(&s->tftp, &tftp, &catalogue, s->tftp.slots);
	s->phones.listening = w->config.listen != 0;
	s->phones.own_ip = SIM_SERVER_IP;
	s->phones_due = USEC_NEVER;
	w->serving = true;
}

void sim_daemon_free(struct sim_wire *w)
{
	struct sim_server *s = &w->server;
	unsigned i;

	for (i = 0; w->serving && i < s->tftp.config.max_transfers; i++)
		if (s->tftp.slots[i].used)
			release(NULL, s->tftp.slots[i].file.content);
	free(s->tftp.slots);
	free(s->leases.slots);
	free(s->leases.index);
}

static uint16_t slot_port(const struct sim_server *s, uint32_t slot)
{
	return (uint16_t)(SIM_PORT_FIRST + s->turn[slot] % SIM_PORT_TURNS * SIM_SLOTS + slot);
}

/* The slot whose port that is now; TFTP_NO_SLOT when it is closed. */
static uint32_t port_slot(const struct sim_server *s, uint16_t port)
{
	uint32_t slot;

	if (port < SIM_PORT_FIRST)
		return TFTP_NO_SLOT;
	slot = (port - SIM_PORT_FIRST) % SIM_SLOTS;
	if (slot >= s->tftp.config.max_transfers || !s->tftp.slots[slot].used ||
	    slot_port(s, slot) != port)
		return TFTP_NO_SLOT;
	return slot;
}

static void send_to(struct sim_wire *w, struct tftp_peer to, uint16_t port,
		    const struct sim_datagram *d)
{
	unsigned phone = sim_wire_find_ip(w, to.ip);
	struct sim_datagram copy = *d;

	if (phone == w->count)
		return; /* nobody has that address any more: ARP would stay unanswered */
	copy.src_ip = SIM_SERVER_IP;
	copy.src_port = port;
	copy.dst_ip = to.ip;
	copy.dst_port = to.port;
	sim_wire_to_phone(w, phone, &copy);
}

static void send_blocks(struct sim_wire *w, const struct tftp_out *out)
{
	const struct tftp_slot *slot = &w->server.tftp.slots[out->slot];
	const struct handle *h = out->content;
	struct sim_datagram d;
	uint64_t block, offset;
	size_t len;
	unsigned i;

	if (out->send.control) {
		must(out->send.control_len <= sizeof(d.data));
		memcpy(d.data, out->send.control, out->send.control_len);
		d.len = out->send.control_len;
		send_to(w, out->peer, slot_port(&w->server, out->slot), &d);
	}
	for (i = 0; i < out->send.count; i++) {
		block = out->send.first + i;
		len = tftp_transfer_block(&slot->transfer, block, &offset);
		must(offset <= h->span.len && len <= h->span.len - offset);
		must(len <= sizeof(d.data) - 4);
		tftp_data_head(d.data, (uint16_t)block);
		if (len > 0)
			memcpy(d.data + 4, h->span.data + offset, len);
		d.len = len + 4;
		send_to(w, out->peer, slot_port(&w->server, out->slot), &d);
	}
}

static void opened(struct sim_wire *w, const struct tftp_out *out)
{
	const struct handle *h = out->content;
	unsigned phone = sim_wire_find_ip(w, out->peer.ip);

	w->server.turn[out->slot]++;
	if (h && !h->owned && phone < w->count)
		sim_phone_expect(w->end[phone].phone, h->span);
}

static void perform_tftp(struct sim_wire *w)
{
	struct tftp_out *out = &w->server.tftp_out;
	struct sim_datagram d;
	unsigned i;

	if (out->error_len > 0) {
		must(out->error_len <= sizeof(d.data));
		memcpy(d.data, out->error, out->error_len);
		d.len = out->error_len;
		send_to(w, out->peer, TFTP_PORT, &d);
	}
	if (out->slot != TFTP_NO_SLOT) {
		if (out->opened)
			opened(w, out);
		if (out->send.control || out->send.count > 0)
			send_blocks(w, out);
	}
	for (i = 0; i < out->event_count; i++)
		sim_daemon_emit(w, &out->events[i]);
}

static void receive_dhcp(struct sim_wire *w, const struct sim_datagram *in)
{
	struct dhcp_out *out = &w->server.dhcp_out;
	struct sim_datagram d;
	struct dhcp_packet packet;
	unsigned phone, i;

	dhcp_server_receive(&w->server.dhcp, in->data, in->len, w->now, out);
	if (out->len > 0) {
		must(out->len <= sizeof(d.data) && out->route != DHCP_ROUTE_RELAY);
		memcpy(d.data, out->data, out->len);
		d.len = out->len;
		d.src_ip = SIM_SERVER_IP;
		d.src_port = DHCP_SERVER_PORT;
		d.dst_ip = out->route == DHCP_ROUTE_BROADCAST ? 0xffffffffu : out->ip;
		d.dst_port = DHCP_CLIENT_PORT;
		/* A broadcast reaches all phones, and all but the one it is for drop it: only
		 * that one gets it here. */
		if (out->route == DHCP_ROUTE_UNICAST)
			phone = sim_wire_find_ip(w, out->ip);
		else if (out->route == DHCP_ROUTE_HARDWARE)
			phone = sim_wire_find_mac(w, out->mac);
		else if (dhcp_packet_parse(&packet, out->data, out->len) == DHCP_PARSE_OK)
			phone = sim_wire_find_mac(w, packet.mac);
		else
			phone = w->count;
		if (phone < w->count)
			sim_wire_to_phone(w, phone, &d);
	}
	for (i = 0; i < out->event_count; i++)
		sim_daemon_emit(w, &out->events[i]);
}

void sim_daemon_receive(struct sim_wire *w, const struct sim_datagram *d)
{
	struct sim_server *s = &w->server;
	struct tftp_peer from = {d->src_ip, d->src_port};
	uint32_t slot;

	if (d->dst_port == DHCP_SERVER_PORT) {
		receive_dhcp(w, d);
		return;
	}
	if (d->dst_ip != SIM_SERVER_IP)
		return;
	if (d->dst_port == SIP_PORT) {
		sim_hear_datagram(w, d);
		return;
	}
	if (d->dst_port == TFTP_PORT) {
		tftp_server_receive(&s->tftp, from, d->data, d->len, w->now, &s->tftp_out);
		perform_tftp(w);
		return;
	}
	slot = port_slot(s, d->dst_port);
	if (slot == TFTP_NO_SLOT || s->tftp.slots[slot].peer.ip != from.ip ||
	    s->tftp.slots[slot].peer.port != from.port)
		return;
	tftp_server_transfer_receive(&s->tftp, slot, d->data, d->len, w->now, &s->tftp_out);
	perform_tftp(w);
}

void sim_daemon_refused(struct sim_wire *w, const struct sim_datagram *d)
{
	uint32_t slot = port_slot(&w->server, d->src_port);
	const struct tftp_peer *peer;

	if (slot == TFTP_NO_SLOT)
		return;
	peer = &w->server.tftp.slots[slot].peer;
	if (peer->ip != d->dst_ip || peer->port != d->dst_port)
		return;
	tftp_server_transfer_refused(&w->server.tftp, slot, w->now, &w->server.tftp_out);
	perform_tftp(w);
}

void sim_daemon_tick(struct sim_wire *w)
{
	struct sim_server *s = &w->server;
	struct phones_out out;
	unsigned i;

	if (dhcp_server_deadline(&s->dhcp) <= w->now) {
		dhcp_server_tick(&s->dhcp, w->now, &s->dhcp_out);
		for (i = 0; i < s->dhcp_out.event_count; i++)
			sim_daemon_emit(w, &s->dhcp_out.events[i]);
	}
	while (tftp_server_tick(&s->tftp, w->now, &s->tftp_out))
		perform_tftp(w);
	sim_hear_tick(w);
	if (s->phones_due <= w->now) {
		phones_tick(&s->phones, wall_ms(w), &out);
		tracker_says(w, &out);
	}
}

usec_t sim_daemon_deadline(const struct sim_wire *w)
{
	const struct sim_server *s = &w->server;
	usec_t first = dhcp_server_deadline(&s->dhcp), other[3];
	unsigned i;

	other[0] = tftp_server_deadline(&s->tftp);
	other[1] = sim_hear_deadline(w);
	other[2] = s->phones_due;
	for (i = 0; i < ARRAY_LEN(other); i++)
		if (other[i] < first)
			first = other[i];
	return first;
}
