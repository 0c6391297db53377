/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone before a server that answers what it likes, in steps (steps.h). The first byte:
 * which phone. what: bits 0 to 3 what the server does, bits 4 to 7 how: bit 4: the right block,
 * transfer and address, else what the bytes say.
 *
 * What must hold: it sends few datagrams at a time, from its own address and to ports that exist;
 * its transcript can be printed; it never wants to be woken for ever at one moment; and its power
 * may fail at any time.
 */
#include "reflashd/dhcp_packet.h"
#include "reflashd/sim_phone.h"
#include "steps.h"
#include "stock.h"

#include <stdlib.h>
#include <string.h>

#define SERVER 0x0a000001u
#define PHONE  0x0a000032u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum act {
	DHCP_ANSWER,
	FILE_BYTES, /* of the request at hand, in one go */
	FILE_MADE,  /* the same, from a synthetic bundle */
	TFTP_BYTES,
	TFTP_ERROR,
	STREAM_OPENED,
	STREAM_BYTES,
	STREAM_CLOSED,
	SIP_BYTES,
	PAGE,
	POWER,
	WAIT,
};

static const struct {
	const char *model, *load;
	enum sim_kind kind;
	enum synth_kind bundle;
	bool sip;
} phones[] = {
	{"7970", "", SIM_JAVA_ERASED, SYNTH_JAVA70, false},
	{"7970", "SCCP70.8-3-3S", SIM_JAVA_RUNNING, SYNTH_JAVA70, false},
	{"7941", "SIP41.8-5-2S", SIM_JAVA_RUNNING, SYNTH_JAVA41, true},
	{"7960", "", SIM_LEGACY, SYNTH_LEGACY, false},
	{"7940", "P0S3-07-4-00", SIM_LEGACY, SYNTH_LEGACY, true},
	{"7912", "", SIM_KUP_RECOVERY, SYNTH_KUP7912, false},
	{"7912", "CP7912080003SCCP070409A", SIM_KUP_RUNNING, SYNTH_KUP7912, false},
};

struct world {
	unsigned which;
	struct sim_phone *p;
	struct sim_out out;
	usec_t now;
	uint32_t xid;
	uint8_t asked_message; /* of its last DHCP packet */
	/* The request at hand. */
	char name[160];
	uint16_t port, peer;
	uint16_t block;
	unsigned sent;
};

static struct stock *stock; /* the keys */

static const struct synth_files *bundle_of(unsigned which)
{
	static struct synth_files files[ARRAY_LEN(phones)];
	const struct synth_options options = {.seed = 1, .size = 1000, .key = stock->g1};

	if (!files[which].count)
		must(synth_bundle(phones[which].bundle, NULL, &options, synth_collect,
				  &files[which]) == 0);
	return &files[which];
}

static void note(struct world *w, const struct sim_datagram *d)
{
	static struct dhcp_packet q;

	must(d->len <= sizeof(d->data) && d->src_port != 0 && d->dst_port != 0);
	must(d->src_ip == PHONE || d->src_ip == 0);
	if (d->dst_port == DHCP_SERVER_PORT) {
		must(dhcp_packet_parse(&q, d->data, d->len) == DHCP_PARSE_OK && q.op == 1);
		w->xid = q.xid;
		w->asked_message = (uint8_t)q.message;
	} else if (d->dst_port == 69) {
		must(d->len > 4 && d->data[0] == 0 && d->data[1] == 1);
		must(memchr(d->data + 2, 0, d->len - 2));
		strncpy(w->name, (const char *)d->data + 2, sizeof(w->name) - 1);
		w->port = d->src_port;
		w->peer = (uint16_t)(w->peer < 2000 ? 2000 : w->peer + 1);
		w->block = 0;
	}
}

static void check(struct world *w)
{
	must(w->out.count <= SIM_SENDS_MAX && w->out.frame_len <= SIM_FRAME_MAX);
	must(w->out.stream.len <= SIM_STREAM_MAX);
	must(memchr(w->out.line, 0, sizeof(w->out.line)));
	if (w->out.log)
		check_text(w->out.line);
	check_text(sim_phone_why(w->p));
	check_text(sim_phone_load(w->p));
	for (unsigned i = 0; i < w->out.count; i++)
		note(w, &w->out.send[i]);
}

static usec_t deadline(void *machine)
{
	return sim_phone_deadline(((struct world *)machine)->p);
}

static void tick(void *machine, usec_t now)
{
	struct world *w = machine;

	sim_phone_tick(w->p, now, &w->out);
	check(w);
}

static void send(struct world *w, uint16_t from, uint16_t to, const uint8_t *data, size_t len)
{
	struct sim_datagram d = {.src_ip = SERVER,
				 .dst_ip = sim_phone_ip(w->p) ? sim_phone_ip(w->p) : PHONE,
				 .src_port = from,
				 .dst_port = to,
				 .len = len < sizeof(d.data) ? len : sizeof(d.data)};

	if (d.len)
		memcpy(d.data, data, d.len);
	/* Only what a wire would let through. */
	if (!sim_phone_port_open(w->p, to))
		return;
	sim_phone_receive(w->p, &d, w->now, &w->out);
	check(w);
}

static void answer_dhcp(struct world *w, const struct step *s)
{
	uint8_t packet[1400] = {2, 1, 6, 0};
	struct mac mac = sim_phone_mac(w->p);
	static const uint8_t usual[] = {54,  4, 10,  0, 0,  1, 1, 4, 255, 255,
					255, 0, 150, 4, 10, 0, 0, 1, 255};
	size_t n = s->len < 1000 ? s->len : 1000;

	memcpy(packet + 4,
	       (const uint8_t[]){(uint8_t)(w->xid >> 24), (uint8_t)(w->xid >> 16),
				 (uint8_t)(w->xid >> 8), (uint8_t)w->xid},
	       4);
	memcpy(packet + 16, (const uint8_t[]){10, 0, 0, 50}, 4);
	memcpy(packet + 28, mac.b, 6);
	memcpy(packet + 236, (const uint8_t[]){99, 130, 83, 99, 53, 1}, 6);
	packet[242] = w->asked_message == DHCP_REQUEST ? DHCP_ACK : DHCP_OFFER;
	if (s->what & 0x20)
		packet[242] = s->what >> 6;
	if (s->what & 0x10) {
		memcpy(packet + 243, usual, sizeof(usual));
		n = sizeof(usual);
	} else if (n) {
		memcpy(packet + 243, s->data, n);
	}
	send(w, 67, 68, packet, 243 + n);
}

static void give_file(struct world *w, const uint8_t *data, size_t len)
{
	char name[sizeof(w->name)];
	uint16_t port = w->port;

	memcpy(name, w->name, sizeof(name));
	for (size_t at = 0; at <= len && len < 20000; at += 512) {
		size_t n = len - at < 512 ? len - at : 512;
		uint8_t packet[516] = {0, 3};

		w->block++;
		packet[2] = (uint8_t)(w->block >> 8);
		packet[3] = (uint8_t)w->block;
		if (n)
			memcpy(packet + 4, data + at, n);
		send(w, w->peer, port, packet, n + 4);
		if (w->port != port || strcmp(name, w->name) != 0)
			return; /* it asks for something else already */
	}
}

static void give_made(struct world *w)
{
	const struct synth_files *f = bundle_of(w->which);

	for (unsigned i = 0; i < f->count; i++)
		if (strcasecmp(f->file[i].name, w->name) == 0) {
			give_file(w, f->file[i].data, f->file[i].len);
			return;
		}
	send(w, 69, w->port, (const uint8_t *)"\0\5\0\1no", 7);
}

static void act(struct world *w, const struct step *s)
{
	uint8_t page[SIM_PAGE_MAX];
	uint16_t port = s->what & 0x10 || s->len < 2 ? w->port : get_be16(s->data);

	switch ((enum act)(s->what & 15)) {
	case DHCP_ANSWER: answer_dhcp(w, s); break;
	case FILE_BYTES: give_file(w, s->data, s->len); break;
	case FILE_MADE: give_made(w); break;
	case TFTP_BYTES: send(w, s->what & 0x20 ? 9 : w->peer, port, s->data, s->len); break;
	case TFTP_ERROR: send(w, 69, port, (const uint8_t *)"\0\5\0\1no", 7); break;
	case STREAM_OPENED:
	case STREAM_BYTES:
	case STREAM_CLOSED:
		sim_phone_stream(
			w->p,
			(enum sim_stream_news)((s->what & 15) - STREAM_OPENED + SIM_STREAM_OPENED),
			s->data, s->len, w->now, &w->out);
		check(w);
		break;
	case SIP_BYTES: send(w, 5060, 5060, s->data, s->len); break;
	case PAGE:
		must(sim_phone_page(w->p, s->data, s->len, page, sizeof(page)) <= sizeof(page));
		break;
	case POWER:
		sim_phone_power_off(w->p);
		must(sim_phone_deadline(w->p) == USEC_NEVER);
		sim_phone_power_on(w->p, w->now, &w->out);
		check(w);
		break;
	case WAIT: break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = {.which = len ? data[0] % ARRAY_LEN(phones) : 0};
	struct sim_phone_config c = {.kind = phones[w.which].kind,
				     .mac = {{0x00, 0x1b, 0x54, 0, 0, 0}},
				     .sip = phones[w.which].sip,
				     .seed = len ? data[0] : 0,
				     .speaks = SIM_SPEAKS_ALL};
	struct waking waking = {&w, deadline, tick, 12};
	struct steps steps;
	struct step s;

	if (!stock)
		stock = stock_new();
	if (c.seed & 0x80)
		c.keys = &stock->keys;
	strcpy(c.model, phones[w.which].model);
	strcpy(c.load, phones[w.which].load);
	w.p = sim_phone_new(&c);
	must(w.p);
	w.now = USEC_SEC(10);
	sim_phone_power_on(w.p, w.now, &w.out);
	check(&w);
	steps = steps_begin(data + (len > 0), len - (len > 0), w.now);
	while (steps_next(&steps, &s)) {
		/* An answer comes to a question, whenever that is. */
		if (s.what & 0x10 && sim_phone_deadline(w.p) != USEC_NEVER &&
		    sim_phone_deadline(w.p) > s.now)
			steps.now = s.now = sim_phone_deadline(w.p);
		steps_wake(&waking, w.now, s.now);
		w.now = s.now;
		act(&w, &s);
	}
	steps_wake(&waking, w.now, w.now + USEC_SEC(300));
	sim_phone_free(w.p);
	return 0;
}
