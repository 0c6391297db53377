/* SPDX-License-Identifier: MIT */
/*
 * The server's decisions; its words are in reply.c.
 *
 * The happy path: a packet from a phone is parsed, found to be for us, and answered by the
 * message it carries. Everything odd ends in dhcp.ignored with a reason a person can act on.
 *
 * Who is who: a client is its hardware address, nothing else. Option 61 is echoed but not
 * used: a phone sends another one (or none) from its loader than from its image, and would get
 * two addresses. In phones_only mode a client with a lease stays welcome, since a loader may say
 * less about itself than the image that got the lease did.
 *
 * REQUEST (RFC 2131 4.3.2) comes in four states that the fields tell apart: SELECTING
 * names a server (54), INIT-REBOOT an address (50), RENEWING and REBINDING are already using
 * one (ciaddr). We own this wire, so we speak for every address on it: an unknown phone that asks
 * for a free address of the pool gets it; a phone that asks for anything else hears NAK and
 * starts over. Silence, which the RFC asks of a server without a record, would leave a phone
 * asking for an address of its former network for a minute.
 *
 * An address that is only on offer to somebody goes to whoever comes with a REQUEST for it:
 * that phone was offered it before, or uses it already (we lost the state file).
 *
 * BOOTP: a request without option 53 is answered as BOOTP (RFC 1534), with a lease like any
 * other. No phone is known to send it, but "an erased loader may send less" (phones.md
 * 3.1), and an answer costs nothing.
 *
 * A relay (giaddr) is served if it stands in our own network; for any other we have no
 * addresses.
 */
#include "reply.h"

#include "reflashd/text.h"

#include <ctype.h>
#include <string.h>

#define REASON_MAX 192
#define OP_REQUEST 1

/* What one call works on. */
struct call {
	struct dhcp_server *s;
	const struct dhcp_packet *q;
	usec_t now;
	struct dhcp_out *out;
};

/* --- events ------------------------------------------------------------------------------- */

static struct event *add_event(struct dhcp_out *out, enum event_type type)
{
	struct event *e;

	must(out->event_count < ARRAY_LEN(out->events));
	e = &out->events[out->event_count++];
	event_init(e, type);
	return e;
}

static struct event *tell(const struct call *c, enum event_type type, uint32_t ip)
{
	struct event *e = add_event(c->out, type);
	struct span class = dhcp_packet_option(c->q, DHCP_OPT_VENDOR_CLASS);

	event_set_mac(e, c->q->mac);
	if (ip != 0)
		event_set_ip(e, FIELD_IP, ip);
	while (class.len > 0 && class.data[class.len - 1] == '\0')
		class.len--;
	if (class.len > 0)
		event_set_bytes(e, FIELD_VENDOR_CLASS, class.data, class.len);
	return e;
}

/* code: one fixed word for programs; the advice goes by "other-server". */
static struct event *ignore(const struct call *c, uint32_t ip, const char *code, const char *reason)
{
	struct event *e = tell(c, EVENT_DHCP_IGNORED, ip);

	event_set_text(e, FIELD_CODE, code);
	event_set_text(e, FIELD_REASON, reason);
	return e;
}

static void refuse(const struct call *c, uint32_t ip, const char *reason)
{
	event_set_text(tell(c, EVENT_DHCP_NAK, ip), FIELD_REASON, reason);
	reply_nak(c->s, c->q, reason, c->out);
}

/* --- who and where -------------------------------------------------------------------------- */

static bool in_our_network(const struct dhcp_config *c, uint32_t ip)
{
	return (ip & c->netmask) == (c->address & c->netmask);
}

/* An address of our network that somebody else than us can have. */
static bool is_host(const struct dhcp_config *c, uint32_t ip)
{
	return in_our_network(c, ip) && ip != c->address && (ip & ~c->netmask) != 0 &&
	       (ip | c->netmask) != UINT32_MAX;
}

static void network_text(const struct dhcp_config *c, char *out, size_t size)
{
	char ip[IP4_TEXT_MAX];
	unsigned bits = 0;

	while (bits < 32 && c->netmask & UINT32_C(0x80000000) >> bits)
		bits++;
	ip4_format(c->address & c->netmask, ip);
	text_format(out, size, "%s/%u", ip, bits);
}

static bool class_is_cisco(struct span class)
{
	static const char start[] = "Cisco Systems, Inc.";

	return class.len >= sizeof(start) - 1 && memcmp(class.data, start, sizeof(start) - 1) == 0;
}

static bool name_is_phone(struct span name)
{
	size_t i;

	while (name.len > 0 && name.data[name.len - 1] == '\0')
		name.len--;
	if (name.len != 15 || memcmp(name.data, "SEP", 3) != 0)
		return false;
	for (i = 3; i < name.len; i++) {
		if (!isxdigit(name.data[i]))
			return false;
	}
	return true;
}

bool dhcp_is_phone(const struct dhcp_packet *p)
{
	struct span list = dhcp_packet_option(p, DHCP_OPT_PARAMETER_LIST);

	return class_is_cisco(dhcp_packet_option(p, DHCP_OPT_VENDOR_CLASS)) ||
	       (list.len > 0 && memchr(list.data, DHCP_OPT_TFTP_SERVERS, list.len)) ||
	       name_is_phone(dhcp_packet_option(p, DHCP_OPT_HOST_NAME));
}

/* Is this for us at all? If not, the event says why. */
static bool welcome(const struct call *c)
{
	const struct dhcp_packet *q = c->q;
	const struct dhcp_config *conf = &c->s->config;
	char reason[REASON_MAX], net[24], relay[IP4_TEXT_MAX];

	if (q->op != OP_REQUEST) {
		ignore(c, 0, "server-message",
		       "this is a server's answer, and only questions come to a server");
		return false;
	}
	if (mac_is_zero(q->mac) || q->mac.b[0] & 1) {
		ignore(c, 0, "bad-mac", "its hardware address cannot be that of one device");
		return false;
	}
	if (q->giaddr != 0 && !is_host(conf, q->giaddr)) {
		network_text(conf, net, sizeof(net));
		ip4_format(q->giaddr, relay);
		text_format(reason, sizeof(reason),
			    "it comes through the relay %s, and we lease addresses of %s only; "
			    "connect the phone to this network",
			    relay, net);
		ignore(c, 0, "other-network", reason);
		return false;
	}
	if (conf->phones_only && !dhcp_is_phone(q) && !lease_find_mac(c->s->leases, q->mac)) {
		ignore(c, 0, "not-a-phone",
		       "it does not look like a Cisco phone; if it should get an address, "
		       "use --clients all");
		return false;
	}
	return true;
}

/* Does the packet name another server than us? */
static bool names_other_server(const struct call *c, uint32_t *server)
{
	return dhcp_packet_option_ip(c->q, DHCP_OPT_SERVER_ID, server) &&
	       *server != c->s->config.address;
}

/* --- leasing -------------------------------------------------------------------------------- */

static usec_t lease_end(const struct call *c)
{
	uint32_t seconds = c->s->config.lease_seconds;

	return seconds == UINT32_MAX ? USEC_NEVER : c->now + USEC_SEC(seconds);
}

static void changed(const struct call *c, struct lease *l)
{
	c->out->leases_changed = true;
	c->out->changed = l;
}

static void bind_lease(const struct call *c, struct lease *l)
{
	lease_set(c->s->leases, l, c->q->mac, LEASE_BOUND, lease_end(c));
	changed(c, l);
	c->out->promise = true;
}

static bool is_running(const struct lease *l, usec_t now)
{
	return l->state == LEASE_BOUND && l->expires > now;
}

static struct lease *choose(const struct call *c, uint32_t wanted)
{
	char reason[REASON_MAX];
	struct lease_table *t = c->s->leases;
	uint32_t ours = c->s->config.address;
	/* A flood of invented devices, or a classroom of laptops, leaves room for a phone. */
	struct lease *l = dhcp_is_phone(c->q)
				  ? lease_choose(t, c->q->mac, wanted, ours, c->now)
				  : lease_choose_guest(t, c->q->mac, wanted, ours,
						       t->count / DHCP_KEPT_FOR_PHONES, c->now);

	if (!l) {
		text_format(reason, sizeof(reason),
			    "all %u addresses of the pool are in use; give more with --pool, or "
			    "a shorter --lease-time",
			    c->s->leases->count);
		ignore(c, 0, "pool-full", reason);
	}
	return l;
}

static void on_discover(const struct call *c)
{
	uint32_t wanted = 0;
	struct lease *l;

	(void)dhcp_packet_option_ip(c->q, DHCP_OPT_REQUESTED_IP, &wanted);
	tell(c, EVENT_DHCP_DISCOVER, 0);
	l = choose(c, wanted);
	if (!l)
		return;
	/* A running lease must not shrink to the minute of an offer because the phone rebooted. */
	if (!is_running(l, c->now))
		lease_set(c->s->leases, l, c->q->mac, LEASE_OFFERED, c->now + DHCP_OFFER_HOLD);
	tell(c, EVENT_DHCP_OFFER, l->ip);
	reply_lease(c->s, c->q, DHCP_OFFER, l->ip, c->out);
}

static void on_bootp(const struct call *c)
{
	char mac[MAC_TEXT_MAX];
	struct lease *l;

	if (dhcp_packet_option(c->q, DHCP_OPT_MESSAGE_TYPE).data) {
		ignore(c, 0, "message-type", "its DHCP message type is none that a client sends");
		return;
	}
	if (c->q->ciaddr != 0) {
		ignore(c, c->q->ciaddr, "bootp-with-address",
		       "it speaks BOOTP and has an address already");
		return;
	}
	l = choose(c, 0);
	if (!l)
		return;
	bind_lease(c, l);
	mac_format(c->q->mac, mac);
	event_say(tell(c, EVENT_DHCP_REQUEST, l->ip), "%s asks for an address by BOOTP.", mac);
	tell(c, EVENT_DHCP_ACK, l->ip);
	reply_bootp(c->s, c->q, l->ip, c->out);
}

/* Why this phone may not have that address; false when it may. */
static bool why_not(const struct call *c, uint32_t ip, char *reason)
{
	struct lease_table *t = c->s->leases;
	struct lease *there = lease_find_ip(t, ip), *own = lease_find_mac(t, c->q->mac);
	char text[MAC_TEXT_MAX > IP4_TEXT_MAX ? MAC_TEXT_MAX : IP4_TEXT_MAX];
	char net[24];

	if (!in_our_network(&c->s->config, ip)) {
		network_text(&c->s->config, net, sizeof(net));
		text_format(reason, REASON_MAX, "it belongs to another network than %s", net);
		return true;
	}
	if (!there || (there->state == LEASE_DECLINED && there->expires == USEC_NEVER)) {
		text_format(reason, REASON_MAX, "it is none of the addresses given to phones");
		return true;
	}
	if (there == own)
		return false;
	if (there->state == LEASE_DECLINED && there->expires > c->now) {
		text_format(reason, REASON_MAX, "somebody else was found at that address");
		return true;
	}
	if (there->state == LEASE_BOUND || there->state == LEASE_RELEASED) {
		mac_format(there->mac, text);
		text_format(reason, REASON_MAX, "it is the address of %s", text);
		return true;
	}
	if (!own && there->state == LEASE_FREE && !dhcp_is_phone(c->q) &&
	    lease_count_free(t) <= t->count / DHCP_KEPT_FOR_PHONES) {
		text_format(reason, REASON_MAX, "the addresses that are left are kept for phones");
		return true;
	}
	if (own && own->state != LEASE_OFFERED) {
		ip4_format(own->ip, text);
		text_format(reason, REASON_MAX, "its own address is %s", text);
		return true;
	}
	return false;
}

static void on_request(const struct call *c)
{
	const struct dhcp_packet *q = c->q;
	uint32_t server, ip = q->ciaddr;
	char reason[REASON_MAX], text[IP4_TEXT_MAX];
	struct lease *own = lease_find_mac(c->s->leases, q->mac);

	if (ip == 0 || dhcp_packet_option(q, DHCP_OPT_SERVER_ID).data)
		(void)dhcp_packet_option_ip(q, DHCP_OPT_REQUESTED_IP, &ip);
	tell(c, EVENT_DHCP_REQUEST, ip);
	if (names_other_server(c, &server)) {
		ip4_format(server, text);
		text_format(reason, sizeof(reason),
			    "it has chosen another DHCP server, %s; unplug or stop that one", text);
		event_set_ip(ignore(c, ip, "other-server", reason), FIELD_SERVER, server);
		if (own && own->state == LEASE_OFFERED)
			lease_set(c->s->leases, own, q->mac,
				  own->kept ? LEASE_RELEASED : LEASE_FREE, c->now);
	} else if (ip == 0) {
		ignore(c, 0, "no-address-named", "its request names no address");
	} else if (why_not(c, ip, reason)) {
		refuse(c, ip, reason);
	} else {
		bind_lease(c, lease_find_ip(c->s->leases, ip));
		tell(c, EVENT_DHCP_ACK, ip);
		reply_lease(c->s, q, DHCP_ACK, ip, c->out);
	}
}

/* The sender's own lease on ip, for messages that only its holder may send. */
static struct lease *held(const struct call *c, uint32_t ip)
{
	struct lease *l = lease_find_mac(c->s->leases, c->q->mac);
	uint32_t server;

	if (!l || l->ip != ip || names_other_server(c, &server))
		return NULL;
	return l->state == LEASE_BOUND || l->state == LEASE_OFFERED ? l : NULL;
}

static void on_decline(const struct call *c)
{
	uint32_t ip = 0;
	struct lease *l;

	(void)dhcp_packet_option_ip(c->q, DHCP_OPT_REQUESTED_IP, &ip);
	l = held(c, ip);
	if (!l) {
		ignore(c, ip, "not-its-address",
		       "it declines an address that it does not have from us");
		return;
	}
	lease_set(c->s->leases, l, c->q->mac, LEASE_DECLINED, c->now + DHCP_DECLINE_HOLD);
	changed(c, l);
	tell(c, EVENT_DHCP_DECLINE, ip);
}

static void on_release(const struct call *c)
{
	struct lease *l = held(c, c->q->ciaddr);

	if (!l) {
		ignore(c, c->q->ciaddr, "not-its-address",
		       "it gives back an address that it does not have from us");
		return;
	}
	lease_set(c->s->leases, l, c->q->mac, LEASE_RELEASED, c->now);
	changed(c, l);
	tell(c, EVENT_DHCP_RELEASE, l->ip);
}

static void on_inform(const struct call *c)
{
	uint32_t ip = c->q->ciaddr;
	char mac[MAC_TEXT_MAX], text[IP4_TEXT_MAX];

	if (!is_host(&c->s->config, ip)) {
		ignore(c, ip, "own-address",
		       "it has an address of its own, but none of this network that we could "
		       "answer to");
		return;
	}
	ip4_format(ip, text);
	mac_format(c->q->mac, mac);
	event_say(tell(c, EVENT_DHCP_ACK, ip),
		  "%s has the address %s already and is told the rest.", mac, text);
	reply_inform(c->s, c->q, c->out);
}

/* --- the machine ---------------------------------------------------------------------------- */

static void clear(struct dhcp_out *out)
{
	out->len = 0;
	out->route = DHCP_ROUTE_BROADCAST;
	out->ip = 0;
	out->mac = (struct mac){{0}};
	out->leases_changed = out->promise = false;
	out->changed = NULL;
	out->event_count = 0;
}

static void keep_out_of_pool(struct dhcp_server *s, uint32_t ip)
{
	struct lease *l = lease_find_ip(s->leases, ip);

	if (l)
		lease_set(s->leases, l, (struct mac){{0}}, LEASE_DECLINED, USEC_NEVER);
}

static void keep_all_out_of_pool(struct dhcp_server *s, const struct dhcp_addresses *a)
{
	unsigned i;

	for (i = 0; i < a->n; i++)
		keep_out_of_pool(s, a->ip[i]);
}

void dhcp_server_init(struct dhcp_server *s, const struct dhcp_config *config,
		      struct lease_table *leases)
{
	unsigned i;

	must(config->lease_seconds > 0);
	must(config->routers.n <= DHCP_ADDRESSES_MAX && config->dns.n <= DHCP_ADDRESSES_MAX &&
	     config->tftp.n <= DHCP_ADDRESSES_MAX);
	s->config = *config;
	s->leases = leases;
	/* Whatever pool was asked for: no phone ever gets an address that cannot be its own. */
	for (i = 0; i < leases->count; i++) {
		if (!is_host(config, leases->first + i))
			keep_out_of_pool(s, leases->first + i);
	}
	keep_all_out_of_pool(s, &config->routers);
	keep_all_out_of_pool(s, &config->dns);
	keep_all_out_of_pool(s, &config->tftp);
}

static void malformed(struct dhcp_out *out, const char *reason)
{
	struct event *e = add_event(out, EVENT_DHCP_IGNORED);

	event_set_text(e, FIELD_CODE, "malformed");
	event_set_text(e, FIELD_REASON, reason);
	event_say(e, "A packet to the DHCP port is ignored: %s.", reason);
}

static void dispatch(const struct call *c)
{
	switch (c->q->message) {
	case DHCP_NONE: on_bootp(c); break;
	case DHCP_DISCOVER: on_discover(c); break;
	case DHCP_REQUEST: on_request(c); break;
	case DHCP_DECLINE: on_decline(c); break;
	case DHCP_RELEASE: on_release(c); break;
	case DHCP_INFORM: on_inform(c); break;
	case DHCP_OFFER:
	case DHCP_ACK:
	case DHCP_NAK:
		ignore(c, 0, "server-message", "this message is a server's, not a client's");
		break;
	}
}

void dhcp_server_receive(struct dhcp_server *s, const uint8_t *data, size_t len, usec_t now,
			 struct dhcp_out *out)
{
	struct dhcp_packet q;
	struct call c = {s, &q, now, out};

	clear(out);
	switch (dhcp_packet_parse(&q, data, len)) {
	case DHCP_PARSE_SHORT: malformed(out, "it is too short to be DHCP"); break;
	case DHCP_PARSE_NOT_DHCP: malformed(out, "it is not DHCP"); break;
	case DHCP_PARSE_NOT_ETHERNET:
		malformed(out, "it comes from a device that has no Ethernet address");
		break;
	case DHCP_PARSE_OK:
		if (welcome(&c))
			dispatch(&c);
		break;
	}
}

void dhcp_server_tick(struct dhcp_server *s, usec_t now, struct dhcp_out *out)
{
	(void)s;
	(void)now;
	clear(out);
}

usec_t dhcp_server_deadline(const struct dhcp_server *s)
{
	(void)s;
	return USEC_NEVER;
}
