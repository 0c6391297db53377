/* SPDX-License-Identifier: MIT */
/*
 * Listening to the wire beyond what is meant for us.
 *
 * CDP: who it is and what it runs, the cheapest proof of a recovery (phones.md 10.1).
 * ARP: a phone with a TFTP server typed in by hand, or with an old one still in its settings, looks
 * for it ("Who has 10.1.1.5?") and falls silent when nobody answers. Announcements of the own
 * address and probes for it (RFC 5227) ask for nobody else and are not told.
 * TFTP: a request that passes us on its way to another server, which happens since we are
 * the phones' router. Broadcast requests do reach our TFTP server and are told there.
 * DHCP: an answer that is not ours. Those to our own probe are the probe's business.
 *
 * Who is who goes by the source address of the Ethernet header. Hosts lie; all that a lie can do
 * here is spend tokens.
 *
 * Power: a 7970 on a plain injector stays in low-power mode because nothing there answers its CDP
 * (phones.md 2.4). The manuals of Cisco switches say what such an answer holds: the phone's
 * request id, and a management id that the switch raises by one (never to 0) whenever the request
 * id is a new one. We give the most that was asked for, up to what the port can carry at all.
 * Whether a phone is content with it is not known: nobody has tried.
 */
#include "reflashd/overheard.h"

#include "reflashd/dhcp_packet.h"
#include "reflashd/frame.h"
#include "reflashd/hash.h"
#include "reflashd/tftp_packet.h"

#include <string.h>

enum {
	DHCP_SERVER = 67,
	OP_REPLY = 2,
};

/* The length goes in, so that "a","bc" is not "ab","c". */
static uint64_t digest(uint64_t h, struct span s)
{
	return hash64(hash64(h, s.data, s.len), &s.len, sizeof(s.len));
}

void overheard_init(struct overheard *o, const struct overheard_config *config)
{
	memset(o, 0, sizeof(*o));
	o->config = *config;
}

static struct overheard_entry *find(struct overheard *o, enum overheard_kind kind,
				    const struct overheard_entry *key)
{
	for (size_t i = 0; i < OVERHEARD_MAX; i++) {
		struct overheard_entry *e = &o->kind[kind].entry[i];

		if (e->used && e->ip == key->ip && e->what == key->what &&
		    mac_equal(e->mac, key->mac))
			return e;
	}
	return NULL;
}

/* A free place, or that of the oldest: by the time the bucket has refilled this far, its minute
 * is long over. */
static struct overheard_entry *make_room(struct overheard *o, enum overheard_kind kind)
{
	struct overheard_entry *oldest = &o->kind[kind].entry[0];

	for (size_t i = 0; i < OVERHEARD_MAX; i++) {
		struct overheard_entry *e = &o->kind[kind].entry[i];

		if (!e->used)
			return e;
		if (e->said < oldest->said)
			oldest = e;
	}
	return oldest;
}

static bool spend_token(struct overheard *o, enum overheard_kind kind, usec_t now)
{
	usec_t *full = &o->kind[kind].tokens;

	if (*full < now)
		*full = now;
	if (*full - now > (OVERHEARD_BURST - 1) * OVERHEARD_REFILL)
		return false;
	*full += OVERHEARD_REFILL;
	return true;
}

/* Is that worth an event now? Remembers it if so. */
static bool is_news(struct overheard *o, enum overheard_kind kind,
		    const struct overheard_entry *key, usec_t now)
{
	usec_t again = kind == OVERHEARD_CDP ? OVERHEARD_CDP_AGAIN : OVERHEARD_AGAIN;
	struct overheard_entry *e = find(o, kind, key);

	if (e && e->content == key->content) {
		if (now < e->said + again)
			return false;
		e->said = now;
		return true;
	}
	if (!spend_token(o, kind, now))
		return false;
	if (!e) {
		e = make_room(o, kind);
		*e = *key;
		e->used = true;
	}
	e->content = key->content;
	e->said = now;
	return true;
}

static struct event *tell(struct overheard_out *out, enum event_type type)
{
	out->heard = true;
	event_init(&out->event, type);
	return &out->event;
}

static void set_text(struct event *e, enum event_field field, const struct cdp_frame *f,
		     enum cdp_type type, struct span text)
{
	if (cdp_has(f, type) && text.len)
		event_set_bytes(e, field, text.data, text.len);
}

static void say_cdp(const struct cdp_frame *f, struct overheard_out *out)
{
	struct event *e = tell(out, EVENT_CDP_SEEN);

	event_set_mac(e, f->src);
	if (f->ip)
		event_set_ip(e, FIELD_IP, f->ip);
	set_text(e, FIELD_DEVICE, f, CDP_DEVICE, f->device);
	set_text(e, FIELD_PLATFORM, f, CDP_PLATFORM, f->platform);
	set_text(e, FIELD_SOFTWARE, f, CDP_SOFTWARE, f->software);
	if (event_has(e, FIELD_SOFTWARE) && !event_has(e, FIELD_PLATFORM))
		event_say(e, "{phone} announces %s.", e->software);
	else if (!event_has(e, FIELD_SOFTWARE))
		event_say(e, "{phone} announces itself by CDP, but not what it runs.");
}

static uint32_t power_given(const struct cdp_power_request *r)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < r->count; i++)
		if (r->mw[i] > most)
			most = r->mw[i];
	return most == 0 || most > OVERHEARD_POWER_MW ? OVERHEARD_POWER_MW : most;
}

static uint16_t next_id(uint16_t id)
{
	return id == UINT16_MAX ? 1 : (uint16_t)(id + 1);
}

/* The answer to that phone's request, in a frame of ours to everybody as all CDP is. */
static void answer_power(struct overheard *o, const struct cdp_frame *f, struct overheard_entry *e,
			 struct overheard_out *out)
{
	const struct cdp_power_request *r = &f->power_request;
	struct cdp_frame own = {.src = o->config.mac,
				.ip = o->config.address,
				.capabilities = CDP_CAN_SWITCH, /* power comes from switches */
				.full_duplex = true};

	if (e->management_id == 0)
		e->management_id = next_id(r->management_id);
	else if (e->request_id != r->request_id)
		e->management_id = next_id(e->management_id);
	e->request_id = r->request_id;
	cdp_say(&own, CDP_DEVICE, "reflashd");
	cdp_say(&own, CDP_PORT, o->config.interface);
	cdp_say(&own, CDP_SOFTWARE, "reflashd");
	cdp_say(&own, CDP_PLATFORM, "reflashd");
	own.power_grant = (struct cdp_power_grant){
		.request_id = r->request_id,
		.management_id = e->management_id,
		.mw = power_given(r),
		.level = CDP_POWER_NO_PREFERENCE,
	};
	own.present |= UINT32_C(1) << CDP_ADDRESSES | UINT32_C(1) << CDP_CAPABILITIES |
		       UINT32_C(1) << CDP_DUPLEX | UINT32_C(1) << CDP_POWER_AVAILABLE;
	out->len = cdp_encode(&own, out->frame, sizeof(out->frame));
	must(out->len > 0);
}

static void hear_cdp(struct overheard *o, const struct cdp_frame *f, usec_t now,
		     struct overheard_out *out)
{
	struct overheard_entry key = {.mac = f->src};
	uint8_t ip[4] = {(uint8_t)(f->ip >> 24), (uint8_t)(f->ip >> 16), (uint8_t)(f->ip >> 8),
			 (uint8_t)f->ip};
	struct overheard_entry *e;

	key.content = digest(HASH64, f->software);
	key.content = digest(key.content, f->platform);
	key.content = digest(key.content, f->device);
	key.content = digest(key.content, (struct span){ip, sizeof(ip)});
	if (is_news(o, OVERHEARD_CDP, &key, now) && o->config.cdp)
		say_cdp(f, out);
	e = find(o, OVERHEARD_CDP, &key);
	if (e && o->config.cdp_power && cdp_has(f, CDP_POWER_REQUESTED))
		answer_power(o, f, e, out);
}

static void hear_arp(struct overheard *o, const struct frame_arp *a, usec_t now,
		     struct overheard_out *out)
{
	struct overheard_entry key = {.mac = a->src_mac, .ip = a->target_ip};
	struct event *e;

	if (a->op != FRAME_ARP_REQUEST || !mac_equal(a->src_mac, a->sender_mac))
		return;
	if (!a->sender_ip || !a->target_ip || a->sender_ip == a->target_ip ||
	    a->sender_ip == o->config.address || a->target_ip == o->config.address)
		return;
	if (!is_news(o, OVERHEARD_ARP, &key, now))
		return;
	e = tell(out, EVENT_ARP_ASKED);
	event_set_mac(e, a->src_mac);
	event_set_ip(e, FIELD_IP, a->sender_ip);
	event_set_ip(e, FIELD_SERVER, a->target_ip);
}

static void hear_tftp(struct overheard *o, const struct frame_udp *f, struct span payload,
		      usec_t now, struct overheard_out *out)
{
	struct overheard_entry key = {.mac = f->src_mac, .ip = f->dst_ip};
	struct tftp_request r;
	struct event *e;

	if (f->dst_ip == o->config.address || f->dst_ip == FRAME_BROADCAST_IP || !f->dst_ip)
		return;
	if (tftp_request_parse(&r, payload.data, payload.len) != TFTP_PARSE_OK || r.op != TFTP_RRQ)
		return;
	key.what = digest(HASH64, r.file);
	if (!is_news(o, OVERHEARD_TFTP, &key, now))
		return;
	e = tell(out, EVENT_TFTP_ELSEWHERE);
	event_set_mac(e, f->src_mac);
	event_set_ip(e, FIELD_IP, f->src_ip);
	event_set_ip(e, FIELD_SERVER, f->dst_ip);
	event_set_bytes(e, FIELD_FILE, r.file.data, r.file.len);
}

static void hear_dhcp(struct overheard *o, const struct frame_udp *f, struct span payload,
		      usec_t now, struct overheard_out *out)
{
	struct overheard_entry key = {.used = false};
	struct dhcp_packet p;
	struct event *e;
	uint32_t server;
	bool chosen;

	if (f->src_ip == o->config.address)
		return;
	if (dhcp_packet_parse(&p, payload.data, payload.len) != DHCP_PARSE_OK || p.op != OP_REPLY)
		return;
	if (!dhcp_packet_option_ip(&p, DHCP_OPT_SERVER_ID, &server) || !server)
		server = f->src_ip;
	if (!server || server == o->config.address || mac_equal(p.mac, o->config.mac))
		return;
	chosen = p.message == DHCP_ACK && !mac_is_zero(p.mac);
	key.ip = server;
	if (chosen)
		key.mac = p.mac; /* an answer is told once for all, a choice for each phone */
	if (!is_news(o, OVERHEARD_DHCP, &key, now))
		return;
	e = tell(out, EVENT_NETWORK_RIVAL);
	out->chosen = chosen;
	event_set_ip(e, FIELD_SERVER, server);
	if (!mac_is_zero(p.mac))
		event_set_mac(e, p.mac);
}

void overheard_receive(struct overheard *o, const uint8_t *data, size_t len, usec_t now,
		       struct overheard_out *out)
{
	struct cdp_frame cdp;
	struct frame_arp arp;
	struct frame_udp udp;
	struct span payload;

	out->heard = out->chosen = false;
	out->len = 0;
	if (cdp_decode(&cdp, data, len)) {
		if (!mac_equal(cdp.src, o->config.mac))
			hear_cdp(o, &cdp, now, out);
	} else if (frame_arp_parse(&arp, data, len)) {
		if (!mac_equal(arp.src_mac, o->config.mac))
			hear_arp(o, &arp, now, out);
	} else if (frame_parse(&udp, &payload, data, len)) {
		if (mac_equal(udp.src_mac, o->config.mac))
			return;
		if (udp.src_port == DHCP_SERVER)
			hear_dhcp(o, &udp, payload, now, out);
		else if (udp.dst_port == TFTP_PORT)
			hear_tftp(o, &udp, payload, now, out);
	}
}
