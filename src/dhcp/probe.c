/* SPDX-License-Identifier: MIT */
/*
 * Listening before we serve.
 *
 * The happy path: three DISCOVERs, at once, 30 ms later (one may get lost) and after 1.5 s (a
 * switch port may only now pass frames on), and nobody says anything. The parameter list asks
 * for what a phone asks for, 150 included, so that a server that only serves phones, another
 * reflashd say, answers too; the last one claims to have waited ten seconds, since
 * some servers stay silent until a client has waited (ISC dhcpd's min-secs).
 *
 * Any server's answer counts, not only one to our own question: who answers somebody
 * else on this wire is as much a rival. Only what names us as the server does not; an answer
 * without a server identifier is named by the address it comes from.
 *
 * Time is counted from what was really sent: a loop that was held up reads its timers before
 * its sockets, and must not find the wire quiet because it was not looking. Hence the rest after
 * the last DISCOVER, too, which is longer than the three seconds of dnsmasq's ping.
 */
#include "reflashd/dhcp_probe.h"

#include "reflashd/bytes.h"

#define SENDS		3
#define REST_FIRST	USEC_MS(50)
#define REST_ALL	USEC_MS(3400)
#define CLAIMED_SECONDS 10

enum {
	OP_REQUEST = 1,
	OP_REPLY = 2,
	HTYPE_ETHERNET = 1,
};

static const usec_t gap[SENDS] = {USEC_MS(30), USEC_MS(1470), USEC_NEVER};

static usec_t later(usec_t a, usec_t b)
{
	return a > b ? a : b;
}

void dhcp_probe_init(struct dhcp_probe *p, struct mac mac, uint32_t xid, uint32_t own_address,
		     usec_t now)
{
	*p = (struct dhcp_probe){
		.xid = xid,
		.own_address = own_address,
		.mac = mac,
		.started = now,
		.next_send = now,
		.state = DHCP_PROBE_WAITING,
	};
}

void dhcp_probe_init_once(struct dhcp_probe *p, struct mac mac, uint32_t xid, uint32_t own_address,
			  usec_t now)
{
	dhcp_probe_init(p, mac, xid, own_address, now);
	p->sent = SENDS - 1; /* as if only the last one were due */
}

static size_t write_discover(const struct dhcp_probe *p, uint8_t *data, size_t size)
{
	static const uint8_t list[] = {DHCP_OPT_NETMASK, DHCP_OPT_ROUTER, DHCP_OPT_DNS,
				       DHCP_OPT_TFTP_SERVER_NAME, DHCP_OPT_TFTP_SERVERS};
	struct dhcp_packet h;
	struct dhcp_writer w;

	h.op = OP_REQUEST;
	h.htype = HTYPE_ETHERNET;
	h.hlen = sizeof(h.mac.b);
	h.hops = 0;
	h.xid = p->xid;
	h.secs = p->sent + 1 == SENDS ? CLAIMED_SECONDS : 0;
	h.flags = DHCP_FLAG_BROADCAST;
	h.ciaddr = h.yiaddr = h.siaddr = h.giaddr = 0;
	h.mac = p->mac;
	w = dhcp_writer_init(data, size, &h, NULL, NULL);
	dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, DHCP_DISCOVER);
	dhcp_write_option(&w, DHCP_OPT_PARAMETER_LIST, list, sizeof(list));
	return dhcp_writer_finish(&w);
}

/* When the state after this one may begin, provided enough was sent. */
static usec_t state_ends(const struct dhcp_probe *p)
{
	if (p->state == DHCP_PROBE_WAITING && p->sent >= 2)
		return later(p->started + DHCP_PROBE_FIRST, p->last_sent + REST_FIRST);
	if (p->state == DHCP_PROBE_QUIET && p->sent == SENDS)
		return later(p->started + DHCP_PROBE_ALL, p->last_sent + REST_ALL);
	return USEC_NEVER;
}

void dhcp_probe_tick(struct dhcp_probe *p, usec_t now, struct dhcp_probe_out *out)
{
	out->len = 0;
	if (now >= state_ends(p)) {
		p->state = p->state == DHCP_PROBE_WAITING ? DHCP_PROBE_QUIET : DHCP_PROBE_ALONE;
		return;
	}
	if (now < p->next_send)
		return;
	out->len = write_discover(p, out->data, sizeof(out->data));
	must(out->len > 0);
	if (p->sent == 0)
		p->started = now;
	p->last_sent = now;
	p->next_send = gap[p->sent] == USEC_NEVER ? USEC_NEVER : now + gap[p->sent];
	p->sent++;
}

void dhcp_probe_receive(struct dhcp_probe *p, uint32_t from, const uint8_t *data, size_t len,
			usec_t now, struct dhcp_probe_out *out)
{
	struct dhcp_packet answer;
	uint32_t server;

	(void)now;
	out->len = 0;
	if (p->state == DHCP_PROBE_RIVAL)
		return;
	if (dhcp_packet_parse(&answer, data, len) != DHCP_PARSE_OK || answer.op != OP_REPLY)
		return;
	if (!dhcp_packet_option_ip(&answer, DHCP_OPT_SERVER_ID, &server) || server == 0)
		server = from;
	if (server == p->own_address)
		return;
	p->state = DHCP_PROBE_RIVAL;
	p->rival = server;
	p->next_send = USEC_NEVER;
}

usec_t dhcp_probe_deadline(const struct dhcp_probe *p)
{
	usec_t end = state_ends(p);

	return p->next_send < end ? p->next_send : end;
}
