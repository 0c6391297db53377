/* SPDX-License-Identifier: MIT */
/*
 * The server's answers.
 *
 * A phone gets options 1 3 6 28 51 54 58 59 66 150, siaddr and sname whether it asked for
 * them or not: loaders differ in which of 150, 66 and siaddr they honour, an erased one may
 * send no parameter list at all, and router and DNS must be there or "the phones can get upset"
 * (field notes, phones.md 3.2). 66 is dotted text without a NUL at its end: some clients
 * take the NUL as part of the name.
 *
 * Room: the client's option 57 counts the whole IP datagram, never under 576 (RFC 2132 9.10),
 * so 548 bytes of ours always fit. What is always sent needs less than half of that; the two
 * echoes may be long. 61 (RFC 6842) is echoed if it fits beside 82; 82 (RFC 3046 2.2) is the
 * last option, and is left out if it cannot fit whole.
 *
 * A BOOTP client knows nothing of option 57 nor of more than 300 bytes; it gets the
 * options in order of need, as many as fit.
 *
 * Where to (RFC 2131 4.1): the relay; else the address the client already has, which must be
 * the one we speak of (an invented ciaddr would make us send to whomever it names); else
 * broadcast when the client asks for it; else straight to its hardware address. A NAK is
 * broadcast, since the client's address is what is wrong; a relay is told to do the same.
 */
#include "reply.h"

#include "reflashd/bytes.h"

#include <string.h>

enum {
	IP_UDP_HEADERS = 28,
	IP_DATAGRAM_MIN = 576,
	OP_REPLY = 2,
};

#define LEASE_INFINITE UINT32_MAX

static size_t room(const struct dhcp_packet *q)
{
	struct span value = dhcp_packet_option(q, DHCP_OPT_MAX_SIZE);
	size_t size = value.len == 2 ? get_be16(value.data) : IP_DATAGRAM_MIN;

	if (size < IP_DATAGRAM_MIN)
		size = IP_DATAGRAM_MIN;
	size -= IP_UDP_HEADERS;
	return size < DHCP_PACKET_MAX ? size : DHCP_PACKET_MAX;
}

static uint32_t boot_server(const struct dhcp_config *c)
{
	return c->tftp.n ? c->tftp.ip[0] : c->address;
}

static void write_addresses(struct dhcp_writer *w, enum dhcp_option_code code,
			    const struct dhcp_addresses *a, uint32_t own)
{
	uint8_t value[4 * DHCP_ADDRESSES_MAX];
	struct writer out = writer_init(value, sizeof(value));
	unsigned i;

	if (a->n == 0)
		write_be32(&out, own);
	for (i = 0; i < a->n; i++)
		write_be32(&out, a->ip[i]);
	must(out.ok);
	dhcp_write_option(w, code, value, out.len);
}

static void write_where_to_boot(struct dhcp_writer *w, const struct dhcp_config *c)
{
	char text[IP4_TEXT_MAX];

	write_addresses(w, DHCP_OPT_TFTP_SERVERS, &c->tftp, c->address);
	ip4_format(boot_server(c), text);
	dhcp_write_option(w, DHCP_OPT_TFTP_SERVER_NAME, text, strlen(text));
}

static void write_network(struct dhcp_writer *w, const struct dhcp_config *c)
{
	dhcp_write_ip(w, DHCP_OPT_NETMASK, c->netmask);
	write_addresses(w, DHCP_OPT_ROUTER, &c->routers, c->address);
	write_addresses(w, DHCP_OPT_DNS, &c->dns, c->address);
	dhcp_write_ip(w, DHCP_OPT_BROADCAST, c->address | ~c->netmask);
}

static void write_times(struct dhcp_writer *w, uint32_t seconds)
{
	uint32_t t1 = seconds == LEASE_INFINITE ? seconds : seconds / 2;
	uint32_t t2 = seconds == LEASE_INFINITE ? seconds : seconds - seconds / 8;

	dhcp_write_u32(w, DHCP_OPT_LEASE_TIME, seconds);
	dhcp_write_u32(w, DHCP_OPT_RENEWAL, t1);
	dhcp_write_u32(w, DHCP_OPT_REBINDING, t2);
}

/* All or nothing, and no harm to the packet when it does not fit. */
static void write_if_room(struct dhcp_writer *w, enum dhcp_option_code code, struct span value,
			  size_t keep)
{
	struct dhcp_writer before = *w;

	if (!value.data)
		return;
	dhcp_write_option(w, code, value.data, value.len);
	if (!w->ok || w->len + keep + 1 > w->size)
		*w = before;
}

static void write_echoes(struct dhcp_writer *w, const struct dhcp_packet *q)
{
	struct span relay = dhcp_packet_option(q, DHCP_OPT_RELAY_AGENT);
	size_t pieces = relay.len ? (relay.len + 254) / 255 : 1;
	size_t keep = relay.data ? relay.len + 2 * pieces : 0;

	if (w->len + keep + 1 > w->size)
		keep = 0;
	write_if_room(w, DHCP_OPT_CLIENT_ID, dhcp_packet_option(q, DHCP_OPT_CLIENT_ID), keep);
	write_if_room(w, DHCP_OPT_RELAY_AGENT, relay, 0);
}

static struct dhcp_writer reply_start(const struct dhcp_packet *q, const struct dhcp_config *c,
				      uint32_t ip, size_t size, struct dhcp_out *out)
{
	struct dhcp_packet h;
	char sname[IP4_TEXT_MAX];

	h.op = OP_REPLY;
	h.htype = q->htype;
	h.hlen = q->hlen;
	h.hops = 0;
	h.xid = q->xid;
	h.secs = 0;
	h.flags = q->flags;
	h.ciaddr = q->message == DHCP_DISCOVER ? 0 : q->ciaddr;
	h.yiaddr = ip;
	h.siaddr = boot_server(c);
	h.giaddr = q->giaddr;
	h.mac = q->mac;
	ip4_format(h.siaddr, sname);
	return dhcp_writer_init(out->data, size, &h, sname, NULL);
}

static void route(const struct dhcp_packet *q, uint32_t ip, struct dhcp_out *out)
{
	out->mac = q->mac;
	out->ip = ip;
	if (q->giaddr != 0) {
		out->route = DHCP_ROUTE_RELAY;
		out->ip = q->giaddr;
	} else if (q->ciaddr != 0 && q->ciaddr == ip) {
		out->route = DHCP_ROUTE_UNICAST;
	} else if (q->flags & DHCP_FLAG_BROADCAST) {
		out->route = DHCP_ROUTE_BROADCAST;
	} else {
		out->route = DHCP_ROUTE_HARDWARE;
	}
}

void reply_lease(const struct dhcp_server *s, const struct dhcp_packet *q, enum dhcp_message type,
		 uint32_t ip, struct dhcp_out *out)
{
	const struct dhcp_config *c = &s->config;
	struct dhcp_writer w = reply_start(q, c, ip, room(q), out);

	dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, (uint8_t)type);
	dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, c->address);
	write_times(&w, c->lease_seconds);
	write_network(&w, c);
	write_where_to_boot(&w, c);
	write_echoes(&w, q);
	out->len = dhcp_writer_finish(&w);
	route(q, ip, out);
	must(out->len > 0);
}

void reply_inform(const struct dhcp_server *s, const struct dhcp_packet *q, struct dhcp_out *out)
{
	const struct dhcp_config *c = &s->config;
	struct dhcp_writer w = reply_start(q, c, 0, room(q), out);

	dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, DHCP_ACK);
	dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, c->address);
	write_network(&w, c);
	write_where_to_boot(&w, c);
	write_echoes(&w, q);
	out->len = dhcp_writer_finish(&w);
	route(q, q->ciaddr, out);
	must(out->len > 0);
}

void reply_bootp(const struct dhcp_server *s, const struct dhcp_packet *q, uint32_t ip,
		 struct dhcp_out *out)
{
	const struct dhcp_config *c = &s->config;
	struct dhcp_writer w = reply_start(q, c, ip, DHCP_BOOTP_MIN, out), before;

	/* With one server and one router all of it fits; with four of each only the most needed. */
	dhcp_write_ip(&w, DHCP_OPT_NETMASK, c->netmask);
	write_where_to_boot(&w, c);
	before = w;
	write_addresses(&w, DHCP_OPT_ROUTER, &c->routers, c->address);
	if (!w.ok)
		w = before;
	before = w;
	write_addresses(&w, DHCP_OPT_DNS, &c->dns, c->address);
	if (!w.ok)
		w = before;
	write_if_room(&w, DHCP_OPT_RELAY_AGENT, dhcp_packet_option(q, DHCP_OPT_RELAY_AGENT), 0);
	out->len = dhcp_writer_finish(&w);
	route(q, ip, out);
	must(out->len > 0);
}

void reply_nak(const struct dhcp_server *s, const struct dhcp_packet *q, const char *reason,
	       struct dhcp_out *out)
{
	struct dhcp_packet h;
	struct dhcp_writer w;

	h.op = OP_REPLY;
	h.htype = q->htype;
	h.hlen = q->hlen;
	h.hops = 0;
	h.xid = q->xid;
	h.secs = 0;
	h.flags = q->giaddr ? (uint16_t)(q->flags | DHCP_FLAG_BROADCAST) : q->flags;
	h.ciaddr = h.yiaddr = h.siaddr = 0;
	h.giaddr = q->giaddr;
	h.mac = q->mac;
	w = dhcp_writer_init(out->data, room(q), &h, NULL, NULL);
	dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, DHCP_NAK);
	dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, s->config.address);
	write_if_room(&w, DHCP_OPT_MESSAGE, (struct span){(const uint8_t *)reason, strlen(reason)},
		      0);
	write_echoes(&w, q);
	out->len = dhcp_writer_finish(&w);
	out->mac = q->mac;
	out->ip = q->giaddr ? q->giaddr : UINT32_MAX;
	out->route = q->giaddr ? DHCP_ROUTE_RELAY : DHCP_ROUTE_BROADCAST;
	must(out->len > 0);
}
