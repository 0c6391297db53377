/* SPDX-License-Identifier: MIT */
/*
 * As much TCP as a phone needs on a cable that loses next to nothing (RFC 9293): one connection to
 * a call server, and one from whoever reads its web page.
 *
 * The happy path: SYN, SYN and ACK, ACK; bytes are sent at once and kept until they are
 * acknowledged; what comes is taken in order and acknowledged at once; FIN from either side ends
 * it. What can go wrong: something is lost (all that is not acknowledged is sent again after a
 * second, five times), it comes out of order (dropped, the peer sends it again), nobody is there
 * (RST, or no answer: the phone hears that it is closed). A segment that belongs to no
 * connection is answered with RST, as a closed port is.
 *
 * Why by hand: a kernel with the phone's address would answer ARP with another hardware address and
 * refuse the phone's own UDP ports.
 */
#include "station.h"
#include "station_inner.h"

#include "reflashd/bytes.h"
#include "reflashd/frame.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN	  USEC_SEC(1)
#define TRIES	  5
#define PIECE	  1400
#define HTTP_PORT 80
#define HEADERS	  (14 + 20 + 20)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct segment {
	uint32_t ip; /* of the peer */
	uint16_t port, own;
	uint32_t seq, ack;
	unsigned flags;
	const uint8_t *data;
	size_t len;
};

static uint16_t sum(uint32_t start, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		start += (uint32_t)data[i] << (i % 2 ? 0 : 8);
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)~start;
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void send_segment(const struct cable *t, struct station *s, const struct segment *g,
			 usec_t now)
{
	const struct mac *mac = station_find_mac(s, g->ip);
	uint32_t own = sim_phone_ip(s->phone);
	uint8_t out[HEADERS + PIECE];
	struct writer w = writer_init(out, sizeof(out));

	if (!mac) { /* it is sent again, and by then somebody has answered */
		station_ask_mac(t, s, g->ip, now);
		return;
	}
	write_bytes(&w, mac->b, 6);
	write_bytes(&w, s->mac.b, 6);
	write_be16(&w, FRAME_TYPE_IPV4);
	write_be16(&w, 0x4500);
	write_be16(&w, (uint16_t)(40 + g->len));
	write_be32(&w, 0);
	write_be16(&w, 64 << 8 | 6);
	write_be16(&w, 0);
	write_be32(&w, own);
	write_be32(&w, g->ip);
	write_be16(&w, g->own);
	write_be16(&w, g->port);
	write_be32(&w, g->seq);
	write_be32(&w, g->ack);
	write_be16(&w, (uint16_t)(5u << 12 | g->flags));
	write_be16(&w, 4096); /* window */
	write_be32(&w, 0);    /* checksum, urgent */
	if (g->len > 0)
		write_bytes(&w, g->data, g->len);
	if (!w.ok)
		abort();
	put_be16(out + 24, sum(0, out + 14, 20));
	put_be16(out + 50, sum(6 + 20 + (uint32_t)g->len, out + 26, 8 + 20 + g->len));
	station_send(t, s, out, w.len);
}

static void say(const struct cable *t, struct station *s, const struct station_tcp *c,
		unsigned flags, uint32_t seq, const uint8_t *data, size_t len, usec_t now)
{
	struct segment g = {c->ip, c->port, c->own, seq, c->next, flags, data, len};

	send_segment(t, s, &g, now);
}

/* All that was not said yet. */
static void flush(const struct cable *t, struct station *s, struct station_tcp *c, usec_t now)
{
	size_t n;

	while (c->sent < c->len) {
		n = c->len - c->sent < PIECE ? c->len - c->sent : PIECE;
		say(t, s, c, PSH | ACK, c->first + (uint32_t)c->sent, c->data + c->sent, n, now);
		c->sent += n;
	}
	if (c->fin && !c->fin_sent)
		say(t, s, c, FIN | ACK, c->first + (uint32_t)c->len, NULL, 0, now);
	c->fin_sent = c->fin;
	if (c->len > 0 || c->fin) {
		c->again = now + AGAIN;
		c->tries = 0;
	}
}

static void close_it(struct station_tcp *c)
{
	c->state = STATION_TCP_CLOSED;
	c->again = USEC_NEVER;
}

/* Only the phone's own connection is news to it. */
static void news(const struct cable *t, struct station *s, const struct station_tcp *c,
		 enum sim_stream_news what, const uint8_t *data, size_t len, usec_t now)
{
	struct sim_out out;

	if (c != &s->call)
		return;
	sim_phone_stream(s->phone, what, data, len, now, &out);
	station_perform(t, s, &out, now);
}

void station_tcp_perform(const struct cable *t, struct station *s, const struct sim_stream *wish,
			 usec_t now)
{
	struct station_tcp *c = &s->call;

	switch (wish->wish) {
	case SIM_STREAM_NO_WISH: break;
	case SIM_STREAM_OPEN:
		*c = (struct station_tcp){.state = STATION_TCP_OPENING,
					  .ip = wish->ip,
					  .port = wish->port,
					  .own = (uint16_t)(49152 + now / 1000 % 16000),
					  .first = (uint32_t)now,
					  .again = now + AGAIN};
		say(t, s, c, SYN, c->first, NULL, 0, now);
		break;
	case SIM_STREAM_SEND:
		if (c->state != STATION_TCP_OPEN || wish->len > sizeof(c->data) - c->len)
			break;
		memcpy(c->data + c->len, wish->data, wish->len);
		c->len += wish->len;
		flush(t, s, c, now);
		break;
	case SIM_STREAM_CLOSE:
		if (c->state == STATION_TCP_OPEN) {
			c->fin = true;
			c->state = STATION_TCP_ENDING;
			flush(t, s, c, now);
		} else {
			close_it(c);
		}
	}
}

/* A request for the web page, once its head is there. */
static void serve_page(const struct cable *t, struct station *s, struct station_tcp *c,
		       const uint8_t *data, size_t len, usec_t now)
{
	size_t n = len < sizeof(s->asked) - s->asked_len ? len : sizeof(s->asked) - s->asked_len;

	memcpy(s->asked + s->asked_len, data, n);
	s->asked_len += n;
	if (c->fin || s->asked_len < 4 || memcmp(s->asked + s->asked_len - 4, "\r\n\r\n", 4) != 0)
		return;
	c->len = sim_phone_page(s->phone, s->asked, s->asked_len, c->data, sizeof(c->data));
	c->fin = true;
	c->state = STATION_TCP_ENDING;
	s->page_read = c->len > 0;
	flush(t, s, c, now);
}

static void acknowledged(struct station_tcp *c, uint32_t ack)
{
	uint32_t n = ack - c->first;

	if (n > c->len + c->fin_sent)
		return;
	if (n > c->len) /* our FIN, too */
		n--;
	memmove(c->data, c->data + n, c->len - n);
	c->first += n;
	c->len -= n;
	c->sent = c->sent > n ? c->sent - n : 0;
	if (c->len == 0 && (!c->fin || ack - c->first == 1))
		c->again = USEC_NEVER;
}

static void established(const struct cable *t, struct station *s, struct station_tcp *c,
			const struct segment *g, usec_t now)
{
	bool in_order = g->seq == c->next, ended;

	acknowledged(c, g->ack);
	if (in_order)
		c->next += (uint32_t)g->len;
	ended = in_order && (g->flags & FIN) != 0;
	c->next += ended;
	if (g->len > 0 || (g->flags & FIN) != 0)
		say(t, s, c, ACK, c->first + (uint32_t)c->sent + c->fin_sent, NULL, 0, now);
	if (in_order && g->len > 0 && c->state == STATION_TCP_OPEN) {
		if (c == &s->page)
			serve_page(t, s, c, g->data, g->len, now);
		else
			news(t, s, c, SIM_STREAM_BYTES, g->data, g->len, now);
	}
	if (!ended)
		return;
	if (c->state == STATION_TCP_OPEN) {
		c->fin = true;
		flush(t, s, c, now);
		close_it(c);
		news(t, s, c, SIM_STREAM_CLOSED, NULL, 0, now);
	} else {
		close_it(c);
	}
}

static void receive(const struct cable *t, struct station *s, struct station_tcp *c,
		    const struct segment *g, usec_t now)
{
	if (g->flags & RST) {
		close_it(c);
		news(t, s, c, SIM_STREAM_CLOSED, NULL, 0, now);
		return;
	}
	if (c->state == STATION_TCP_OPENING) {
		if ((g->flags & (SYN | ACK)) != (SYN | ACK) || g->ack != c->first + 1) {
			/* It still thinks of a connection before this one (RFC 9293 3.5.2). */
			if (g->flags & ACK)
				say(t, s, c, RST, g->ack, NULL, 0, now);
			return;
		}
		c->first++;
		c->next = g->seq + 1;
		c->state = STATION_TCP_OPEN;
		c->again = USEC_NEVER;
		say(t, s, c, ACK, c->first, NULL, 0, now);
		news(t, s, c, SIM_STREAM_OPENED, NULL, 0, now);
		return;
	}
	if ((g->flags & SYN) || !(g->flags & ACK))
		return;
	if (c->state == STATION_TCP_ANSWERING) {
		if (g->ack != c->first + 1)
			return;
		c->first++;
		c->state = STATION_TCP_OPEN;
		c->again = USEC_NEVER;
	}
	established(t, s, c, g, now);
}

static void stranger(const struct cable *t, struct station *s, const struct segment *g, usec_t now)
{
	static const uint8_t any[] = "GET / ";
	struct segment no = {.ip = g->ip, .port = g->port, .own = g->own, .flags = RST | ACK};
	uint8_t page[SIM_PAGE_MAX];
	struct station_tcp *c = &s->page;

	if (g->flags & RST)
		return;
	if (g->own == HTTP_PORT && (g->flags & (SYN | ACK)) == SYN &&
	    sim_phone_page(s->phone, any, sizeof(any) - 1, page, sizeof(page)) > 0) {
		*c = (struct station_tcp){.state = STATION_TCP_ANSWERING,
					  .ip = g->ip,
					  .port = g->port,
					  .own = g->own,
					  .first = (uint32_t)now,
					  .next = g->seq + 1,
					  .again = now + AGAIN};
		s->asked_len = 0;
		say(t, s, c, SYN | ACK, c->first, NULL, 0, now);
		return;
	}
	if (g->flags & SYN)
		no.ack = g->seq + 1;
	else
		no.seq = g->ack;
	if (g->flags & (SYN | FIN) || g->len > 0)
		send_segment(t, s, &no, now);
}

void station_tcp_receive(const struct cable *t, struct station *s, const uint8_t *frame, size_t len,
			 usec_t now)
{
	struct segment g;
	size_t total, head;

	if (len < HEADERS || get_be16(frame + 12) != FRAME_TYPE_IPV4 || frame[14] != 0x45 ||
	    frame[23] != 6 || sim_phone_deaf(s->phone) || sim_phone_ip(s->phone) == 0 ||
	    get_be32(frame + 30) != sim_phone_ip(s->phone))
		return;
	total = get_be16(frame + 16);
	head = 20 + (size_t)(frame[46] >> 4) * 4;
	if (total > len - 14 || head < 40 || head > total)
		return;
	g = (struct segment){.ip = get_be32(frame + 26),
			     .port = get_be16(frame + 34),
			     .own = get_be16(frame + 36),
			     .seq = get_be32(frame + 38),
			     .ack = get_be32(frame + 42),
			     .flags = frame[47],
			     .data = frame + 14 + head,
			     .len = total - head};
	if (s->call.state != STATION_TCP_CLOSED && s->call.ip == g.ip && s->call.port == g.port &&
	    s->call.own == g.own)
		receive(t, s, &s->call, &g, now);
	else if (s->page.state != STATION_TCP_CLOSED && s->page.ip == g.ip &&
		 s->page.port == g.port && s->page.own == g.own)
		receive(t, s, &s->page, &g, now);
	else
		stranger(t, s, &g, now);
}

static void tick(const struct cable *t, struct station *s, struct station_tcp *c, usec_t now)
{
	if (c->state == STATION_TCP_CLOSED || c->again > now)
		return;
	if (++c->tries >= TRIES) {
		close_it(c);
		news(t, s, c, SIM_STREAM_CLOSED, NULL, 0, now);
		return;
	}
	c->again = now + AGAIN;
	if (c->state == STATION_TCP_OPENING) {
		say(t, s, c, SYN, c->first, NULL, 0, now);
	} else if (c->state == STATION_TCP_ANSWERING) {
		say(t, s, c, SYN | ACK, c->first, NULL, 0, now);
	} else {
		unsigned tries = c->tries;

		c->sent = 0;
		c->fin_sent = false;
		flush(t, s, c, now);
		c->tries = tries;
	}
}

void station_tcp_tick(const struct cable *t, struct station *s, usec_t now)
{
	/* The address it spoke from is gone, and the connections with it. */
	if (sim_phone_deaf(s->phone) || sim_phone_ip(s->phone) == 0) {
		close_it(&s->call);
		close_it(&s->page);
		return;
	}
	tick(t, s, &s->call, now);
	tick(t, s, &s->page, now);
}

usec_t station_tcp_deadline(const struct station *s)
{
	usec_t call = s->call.state == STATION_TCP_CLOSED ? USEC_NEVER : s->call.again;
	usec_t page = s->page.state == STATION_TCP_CLOSED ? USEC_NEVER : s->page.again;

	return call < page ? call : page;
}
