/* SPDX-License-Identifier: MIT */
/*
 * What the network stack of a phone does, for a simulated one on a real cable.
 *
 * The happy path: the phone wants a datagram sent → the address is in the ARP cache, or is asked
 * for while the datagram waits → a frame. A frame comes → ARP is answered, a datagram to an
 * open port goes to the phone, one to a closed port is refused by ICMP (RFC 792).
 *
 * CDP frames go out as they are; TCP is in station_tcp.c.
 *
 * What can go wrong: nobody answers ARP (asked again every second, as long as the phone still
 * has the address it asked from); more datagrams wait than there is room for (the rest is lost, as
 * in a real stack).
 */
#include "station.h"
#include "station_inner.h"

#include "reflashd/bytes.h"
#include "reflashd/frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ARP_AGAIN USEC_SEC(1)

static void say(const struct cable *t, const struct station *s, usec_t now, const char *line)
{
	usec_t ms = (now - t->start) / 1000;

	printf("%5llu.%03llu  %s  %s\n", (unsigned long long)(ms / 1000),
	       (unsigned long long)(ms % 1000), s->name, line);
	fflush(stdout);
}

void station_send(const struct cable *t, struct station *s, const uint8_t *frame, size_t len)
{
	if (len == 0 || station_is_dark(s))
		return;
	s->frames++;
	/* A frame that the socket cannot take is one that the cable lost. */
	if (send(t->fd, frame, len, 0) < 0 && t->verbose)
		fprintf(stderr, "simphone: a frame was lost: %s\n", strerror(errno));
}

const struct mac *station_find_mac(const struct station *s, uint32_t ip)
{
	unsigned i;

	for (i = 0; i < STATION_CACHE; i++)
		if (s->cache[i].ip == ip && ip != 0)
			return &s->cache[i].mac;
	return NULL;
}

static void cache_learn(struct station *s, uint32_t ip, struct mac mac)
{
	unsigned i;

	for (i = 0; i < STATION_CACHE; i++) {
		if (s->cache[i].ip == ip) {
			s->cache[i].mac = mac;
			return;
		}
	}
	s->cache[s->cache_next].ip = ip;
	s->cache[s->cache_next].mac = mac;
	s->cache_next = (s->cache_next + 1) % STATION_CACHE;
}

void station_ask_mac(const struct cable *t, struct station *s, uint32_t ip, usec_t now)
{
	struct frame_arp a = frame_arp_request(s->mac, sim_phone_ip(s->phone), ip);
	uint8_t frame[FRAME_MIN];

	station_send(t, s, frame, frame_arp_write(frame, sizeof(frame), &a));
	s->arp_at = now + ARP_AGAIN;
}

static void send_udp(const struct cable *t, struct station *s, struct mac to,
		     const struct sim_datagram *d)
{
	struct frame_udp f = {.src_mac = s->mac,
			      .dst_mac = to,
			      .src_ip = d->src_ip,
			      .dst_ip = d->dst_ip,
			      .src_port = d->src_port,
			      .dst_port = d->dst_port};
	uint8_t frame[FRAME_MAX];

	station_send(t, s, frame, frame_write(frame, sizeof(frame), &f, d->data, d->len));
}

static void send_datagram(const struct cable *t, struct station *s, const struct sim_datagram *d,
			  usec_t now)
{
	const struct mac *mac;
	unsigned i;

	if (d->dst_ip == FRAME_BROADCAST_IP) {
		send_udp(t, s, frame_broadcast_mac(), d);
		return;
	}
	mac = station_find_mac(s, d->dst_ip);
	if (mac) {
		send_udp(t, s, *mac, d);
		return;
	}
	for (i = 0; i < STATION_PENDING && s->pending[i].used; i++)
		;
	if (i < STATION_PENDING) {
		s->pending[i].d = *d;
		s->pending[i].used = true;
	}
	station_ask_mac(t, s, d->dst_ip, now);
}

static void flush_pending(const struct cable *t, struct station *s)
{
	const struct mac *mac;
	unsigned i;

	for (i = 0; i < STATION_PENDING; i++) {
		if (!s->pending[i].used)
			continue;
		mac = station_find_mac(s, s->pending[i].d.dst_ip);
		if (!mac)
			continue;
		s->pending[i].used = false;
		send_udp(t, s, *mac, &s->pending[i].d);
	}
	s->arp_at = USEC_NEVER;
}

static void receive_arp(const struct cable *t, struct station *s, const struct frame_arp *a)
{
	struct frame_arp answer;
	uint8_t frame[FRAME_MIN];
	uint32_t ip = sim_phone_ip(s->phone);

	if (sim_phone_deaf(s->phone) || ip == 0)
		return;
	/* Whom it knows already it hears whoever is asked (RFC 826, "merge"): so an announcement.
	 */
	if (a->target_ip != ip && !station_find_mac(s, a->sender_ip))
		return;
	cache_learn(s, a->sender_ip, a->sender_mac);
	flush_pending(t, s);
	if (a->op != FRAME_ARP_REQUEST || a->target_ip != ip)
		return;
	answer = frame_arp_answer(a, s->mac, ip);
	station_send(t, s, frame, frame_arp_write(frame, sizeof(frame), &answer));
}

/* ICMP port unreachable (RFC 792): the IP header that came and eight bytes behind it. */

static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get_be16(data + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void refuse(const struct cable *t, struct station *s, const struct frame_udp *f,
		   const uint8_t *frame, size_t len)
{
	uint8_t out[14 + 20 + 8 + 28];
	struct writer w = writer_init(out, sizeof(out));

	if (len < 14 + 28 || (frame[14] & 0x0f) != 5)
		return;
	write_bytes(&w, f->src_mac.b, 6);
	write_bytes(&w, s->mac.b, 6);
	write_be16(&w, FRAME_TYPE_IPV4);
	write_be16(&w, 0x45c0); /* as routers and hosts mark ICMP errors */
	write_be16(&w, 20 + 8 + 28);
	write_be32(&w, 0);
	write_be16(&w, 64 << 8 | 1);
	write_be16(&w, 0);
	write_be32(&w, f->dst_ip);
	write_be32(&w, f->src_ip);
	write_be16(&w, 3 << 8 | 3);
	write_be16(&w, 0);
	write_be32(&w, 0);
	write_bytes(&w, frame + 14, 28);
	if (!w.ok)
		abort();
	put_be16(out + 14 + 10, checksum(out + 14, 20));
	put_be16(out + 34 + 2, checksum(out + 34, 36));
	station_send(t, s, out, w.len);
}

/* The phone's wishes, after every call. */
void station_perform(const struct cable *t, struct station *s, const struct sim_out *out,
		     usec_t now)
{
	unsigned i;

	if (out->log)
		say(t, s, now, out->line);
	for (i = 0; i < out->count; i++)
		send_datagram(t, s, &out->send[i], now);
	if (out->frame_len > 0)
		station_send(t, s, out->frame, out->frame_len);
	station_tcp_perform(t, s, &out->stream, now);
}

static void receive_udp(const struct cable *t, struct station *s, const uint8_t *frame, size_t len,
			usec_t now)
{
	struct frame_udp f;
	struct sim_datagram d;
	struct sim_out out;
	struct span payload;
	uint32_t ip = sim_phone_ip(s->phone);

	if (!frame_parse(&f, &payload, frame, len) || payload.len > sizeof(d.data) ||
	    sim_phone_deaf(s->phone))
		return;
	if (f.dst_port != 68 && (ip == 0 || f.dst_ip != ip))
		return;
	if (!sim_phone_port_open(s->phone, f.dst_port)) {
		if (t->verbose)
			say(t, s, now, "refuses a datagram to a closed port");
		refuse(t, s, &f, frame, len);
		return;
	}
	d.src_ip = f.src_ip;
	d.dst_ip = f.dst_ip;
	d.src_port = f.src_port;
	d.dst_port = f.dst_port;
	d.len = payload.len;
	memcpy(d.data, payload.data, payload.len);
	sim_phone_receive(s->phone, &d, now, &out);
	station_perform(t, s, &out, now);
}

void station_receive(const struct cable *t, struct station *s, const uint8_t *frame, size_t len,
		     usec_t now)
{
	struct mac broadcast = frame_broadcast_mac(), to;
	struct frame_arp arp;

	if (len < 14 || station_is_dark(s))
		return;
	memcpy(to.b, frame, 6);
	if (!mac_equal(to, broadcast) && !mac_equal(to, s->mac))
		return;
	if (frame_arp_parse(&arp, frame, len))
		receive_arp(t, s, &arp);
	else if (len > 23 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6)
		station_tcp_receive(t, s, frame, len, now);
	else
		receive_udp(t, s, frame, len, now);
}

bool station_is_dark(const struct station *s)
{
	return s->cut_after > 0 && s->frames >= s->cut_after;
}

void station_start(const struct cable *t, struct station *s, usec_t now)
{
	struct sim_out out;

	memset(s->cache, 0, sizeof(s->cache));
	memset(s->pending, 0, sizeof(s->pending));
	s->call.state = s->page.state = STATION_TCP_CLOSED;
	s->asked_len = 0;
	s->page_read = false;
	s->arp_at = s->power_at = USEC_NEVER;
	sim_phone_power_on(s->phone, now, &out);
	station_perform(t, s, &out, now);
}

/* The plug is pulled once, and put back in. */
static void live_in_the_dark(const struct cable *t, struct station *s, usec_t now)
{
	if (s->power_at == USEC_NEVER) {
		sim_phone_power_off(s->phone);
		s->power_at = now + s->dark;
		say(t, s, now, "power: somebody pulls the plug");
	} else if (s->power_at <= now) {
		s->cut_after = 0;
		s->was_cut = true;
		station_start(t, s, now);
	}
}

void station_tick(const struct cable *t, struct station *s, usec_t now)
{
	struct sim_out out;
	unsigned i;

	if (station_is_dark(s)) {
		live_in_the_dark(t, s, now);
		return;
	}

	while (sim_phone_deadline(s->phone) <= now) {
		sim_phone_tick(s->phone, now, &out);
		station_perform(t, s, &out, now);
	}
	station_tcp_tick(t, s, now);
	if (s->arp_at > now)
		return;
	s->arp_at = USEC_NEVER;
	for (i = 0; i < STATION_PENDING; i++) {
		/* The phone may have another address by now, and other things to say. */
		if (s->pending[i].used && s->pending[i].d.src_ip != sim_phone_ip(s->phone))
			s->pending[i].used = false;
		if (s->pending[i].used)
			station_ask_mac(t, s, s->pending[i].d.dst_ip, now);
	}
}

usec_t station_deadline(const struct station *s)
{
	usec_t first = sim_phone_deadline(s->phone), tcp = station_tcp_deadline(s);

	if (station_is_dark(s))
		return s->power_at == USEC_NEVER ? 0 : s->power_at;
	if (s->arp_at < first)
		first = s->arp_at;
	return tcp < first ? tcp : first;
}
