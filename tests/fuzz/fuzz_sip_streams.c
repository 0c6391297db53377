/* SPDX-License-Identifier: MIT */
/*
 * SIP from several phones over time: three streams and datagrams, in steps (steps.h), with one
 * memory of who was heard. what: bits 0 and 1 the stream, 3: a datagram; bit 2: the bytes are
 * changes to a REGISTER as a phone sends it ([place, 2 bytes][byte] …); bit 3: the stream is
 * closed by the phone; bits 4 to 7: the address.
 *
 * What must hold: an answer is not much longer than what was asked since the last one and goes to
 * who asked; nobody has more to say in a minute than is allowed; a stream without a whole message
 * is closed in time, and what is closed stays silent.
 */
#include "exact.h"
#include "reflashd/sip.h"
#include "steps.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct line {
	struct sip_stream *s; /* by itself, so that ASan sees its end */
	size_t asked;	      /* since the last answer */
	usec_t heard;	      /* when a message was last whole, or it began */
};

struct world {
	struct sip sip;
	struct sip_out out;
	struct line line[STREAMS];
	struct {
		uint32_t ip;
		usec_t at;
	} said[64];
	unsigned said_next;
};

static struct models models;
static struct world w;

static struct sip_peer peer_of(uint8_t what)
{
	return (struct sip_peer){0x0a4f4632u + (what >> 4), 50000};
}

static void check_events(uint32_t ip, usec_t now)
{
	unsigned same = 0;

	must(w.out.event_count <= 1);
	if (!w.out.event_count)
		return;
	must(w.out.event.type == EVENT_SIP_REGISTER && w.out.event.ip == ip);
	check_sentence(&w.out.event);
	w.said[w.said_next].ip = ip;
	w.said[w.said_next].at = now;
	w.said_next = (w.said_next + 1) % ARRAY_LEN(w.said);
	for (unsigned i = 0; i < ARRAY_LEN(w.said); i++)
		same += w.said[i].ip == ip && now - w.said[i].at < SIP_SAY_AGAIN;
	must(same <= SIP_HEARD_PER_PEER);
}

static void check_answer(size_t asked, struct sip_peer peer)
{
	if (w.out.len == 0 || (w.out.len == 2 && asked >= 4))
		return;
	must(w.out.to.ip == peer.ip && w.out.to.port != 0);
	must(w.out.len <= asked + SIP_ANSWER_EXTRA && w.out.len <= sizeof(w.out.data));
	must(sip_answer_status(w.out.data, w.out.len) >= 200);
}

static usec_t deadline(void *machine)
{
	return sip_deadline(((struct line *)machine)->s);
}

static void tick(void *machine, usec_t now)
{
	struct line *l = machine;

	sip_tick(l->s, now, &w.out);
	must(w.out.close && l->s->closed && w.out.len == 0);
	must(now - l->heard >= SIP_IDLE);
}

static void feed(struct line *l, const uint8_t *data, size_t len, usec_t now)
{
	uint8_t *copy = exact_copy(data, len);
	size_t at = 0;

	while (at < len && !l->s->closed) {
		size_t used = sip_receive(l->s, copy + at, len - at, now, &w.out);

		must(used > 0 && used <= len - at && w.out.close == l->s->closed);
		at += used;
		l->asked += used;
		check_events(l->s->peer.ip, now);
		check_answer(l->asked, l->s->peer);
		if (w.out.len) {
			l->asked = 0;
			l->heard = now;
		}
		must(sip_deadline(l->s) > now);
	}
	/* Whoever is counted off with a body was heard, too. */
	if (!l->s->closed && l->s->deadline == now + SIP_IDLE)
		l->heard = now;
	free(copy);
}

/* A REGISTER, and what the bytes change in it. */
static size_t registration(const struct step *s, uint8_t out[2048], bool tcp)
{
	static const char *const loads[] = {"SIP70.8-4-2-30S", NULL, "SIP11.8-2-2ES4S",
					    "SIP70.9-4-2SR3-1S"};
	static const char *const agents[] = {"Cisco-CP7970G/8.4.0", NULL};
	uint8_t first = s->len ? s->data[0] : 0;
	const struct sip_registration r = {
		.mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, first & 7}},
		.number = first & 8 ? 30006 : 307,
		.load = loads[first >> 4 & 3],
		.user_agent = agents[first >> 6 & 1],
		.user = first & 0x80 ? "6010" : NULL,
		.phone = peer_of(s->what).ip,
		.server = 0x0a4f4601u,
		.port = 5060,
		.tcp = tcp,
		.sequence = 101,
	};
	size_t n = sip_encode_register(&r, out, 2048);

	must(n > 0);
	for (size_t i = 1; i + 2 < s->len; i += 3)
		out[get_be16(s->data + i) % n] = s->data[i + 2];
	return n;
}

static void open_stream(struct line *l, struct sip_peer peer, usec_t now)
{
	free(l->s);
	memset(l, 0, sizeof(*l));
	l->s = malloc(sizeof(*l->s));
	must(l->s);
	sip_init(l->s, &w.sip, peer, now);
	l->heard = now;
}

static void step(const struct step *s)
{
	unsigned which = s->what & 3;
	struct line *l = &w.line[which];
	const uint8_t *data = s->data;
	uint8_t made[2048];
	size_t len = s->len;
	struct sip_peer peer = peer_of(s->what);

	if (s->what & 4) {
		len = registration(s, made, which < STREAMS);
		data = made;
	}
	if (which == STREAMS) {
		uint8_t *copy = exact_copy(data, len);

		sip_datagram(&w.sip, peer, copy, len, s->now, &w.out);
		free(copy);
		must(!w.out.close);
		check_events(peer.ip, s->now);
		check_answer(len, peer);
		return;
	}
	if (l->s->closed || s->what & 8) {
		open_stream(l, peer, s->now);
	}
	feed(l, data, len, s->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	usec_t last = USEC_SEC(100);
	struct steps steps = steps_begin(data, len, last);
	struct step s;

	if (!models.count)
		models_builtin(&models);
	memset(&w, 0, sizeof(w));
	sip_setup(&w.sip, &models);
	for (unsigned i = 0; i < STREAMS; i++)
		open_stream(&w.line[i], peer_of(0), last);
	while (steps_next(&steps, &s)) {
		for (unsigned i = 0; i < STREAMS; i++)
			steps_wake(&(struct waking){&w.line[i], deadline, tick, 1}, last, s.now);
		step(&s);
		last = s.now;
	}
	for (unsigned i = 0; i < STREAMS; i++) {
		steps_wake(&(struct waking){&w.line[i], deadline, tick, 1}, last, last + SIP_IDLE);
		must(w.line[i].s->closed);
		free(w.line[i].s);
	}
	return 0;
}
