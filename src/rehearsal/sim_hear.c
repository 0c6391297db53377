/* SPDX-License-Identifier: MIT */
/*
 * What the daemon's end of a simulated wire hears of the phones beside DHCP and TFTP: the real
 * decoders and machines for CDP, SCCP, SIP and web pages, driven as src/daemon drives them.
 *
 * A TCP connection is two queues of bytes here: in order, nothing lost, but in pieces whose sizes
 * come from the wire's seed, as nobody promises where a stream is cut. A phone that goes dark says
 * no farewell; its connection stays with us until its machine has waited long enough.
 *
 * The web page of a phone that asks for its configuration is asked for a few times in a row, as the
 * image is at work from about then.
 */
#include "reflashd/device_page.h"
#include "reflashd/overheard.h"
#include "reflashd/sccp.h"
#include "reflashd/sip.h"
#include "sim_wire_private.h"

#include <stdlib.h>
#include <string.h>

/* When after that a page is asked for; as src/daemon/page_port.c does. */
static const usec_t tries[] = {USEC_SEC(2), USEC_SEC(10), USEC_SEC(30), USEC_SEC(60)};

struct line {
	bool used, sip;
	unsigned phone, number;
	uint32_t serial;
	struct line *next; /* of the same phone, or the next free one */
	struct sccp sccp;
	struct sip_stream stream;
};

/* One question for a phone's web page at a time. */
struct page {
	usec_t since;
	usec_t at; /* when to ask (again); USEC_NEVER: not wanted, or it was read */
	unsigned tries;
	uint32_t serial;
	size_t len;
	uint8_t data[SIM_PAGE_MAX];
};

struct sim_ears {
	uint32_t serial;
	struct overheard overheard;
	struct overheard_out overheard_out;
	struct sccp_memory memory;
	struct sccp_config sccp;
	struct sccp_out sccp_out;
	struct sip sip;
	struct sip_out sip_out;
	unsigned lines, size;
	struct line **line, *free_line;
	struct line **of;  /* by phone of the wire: its connections */
	struct page *page; /* by phone, too */
	struct least line_due, page_due;
	int64_t *line_node, *page_node;
};

static bool hears(const struct sim_wire *w, unsigned what)
{
	return (w->config.listen & what) != 0;
}

void sim_hear_start(struct sim_wire *w)
{
	struct sim_ears *s;
	struct overheard_config config = {
		.mac = {{0x02, 0, 0, 0, 0, 1}}, .address = SIM_SERVER_IP, .cdp = true};
	unsigned i;

	if (w->config.listen == 0)
		return;
	s = calloc(1, sizeof(*s));
	must(s);
	w->ears = s;
	s->of = calloc(w->count + 1, sizeof(struct line *));
	must(s->of);
	if (hears(w, SIM_SPEAKS_CDP))
		overheard_init(&s->overheard, &config);
	sccp_memory_init(&s->memory);
	s->sccp = (struct sccp_config){.models = w->library->models, .memory = &s->memory};
	if (hears(w, SIM_SPEAKS_SIP))
		sip_setup(&s->sip, w->library->models);
	if (!hears(w, SIM_SPEAKS_PAGE))
		return;
	s->page = calloc(w->count + 1, sizeof(*s->page));
	s->page_node = calloc(LEAST_NODES(w->size), sizeof(*s->page_node));
	must(s->page && s->page_node);
	for (i = 0; i < w->count; i++)
		s->page[i].at = USEC_NEVER;
}

void sim_hear_free(struct sim_wire *w)
{
	struct sim_ears *s = w->ears;
	unsigned i;

	if (!s)
		return;
	for (i = 0; i < s->lines; i++)
		free(s->line[i]);
	free(s->line);
	free(s->line_node);
	free(s->of);
	free(s->page);
	free(s->page_node);
	free(s);
}

static int64_t as_key(usec_t deadline)
{
	return deadline < INT64_MAX ? (int64_t)deadline : LEAST_NONE;
}

static usec_t earliest(const struct least *l, const int64_t *node)
{
	int64_t key = least_key(l, node);

	return key == LEAST_NONE ? USEC_NEVER : (usec_t)key;
}

usec_t sim_hear_deadline(const struct sim_wire *w)
{
	const struct sim_ears *s = w->ears;
	usec_t line, page;

	if (!s)
		return USEC_NEVER;
	line = earliest(&s->line_due, s->line_node);
	page = earliest(&s->page_due, s->page_node);
	return line < page ? line : page;
}

static void set_page(struct sim_ears *s, unsigned phone, usec_t at)
{
	s->page[phone].at = at;
	least_set(&s->page_due, s->page_node, phone, as_key(at));
}

/* ---- CDP ---- */

void sim_hear_frame(struct sim_wire *w, const uint8_t *data, size_t len)
{
	struct sim_ears *s = w->ears;

	if (!s || !hears(w, SIM_SPEAKS_CDP))
		return;
	overheard_receive(&s->overheard, data, len, w->now, &s->overheard_out);
	if (s->overheard_out.heard)
		sim_daemon_emit(w, &s->overheard_out.event);
}

/* ---- SCCP and SIP ---- */

static struct line *find_line(const struct sim_ears *s, unsigned phone, uint32_t serial)
{
	struct line *l = s->of[phone];

	while (l && l->serial != serial)
		l = l->next;
	return l;
}

static struct line *new_line(struct sim_ears *s, unsigned phone)
{
	struct line *l = s->free_line;

	if (l) {
		s->free_line = l->next;
	} else {
		if (s->lines == s->size) {
			s->size = s->size == 0 ? 8 : s->size * 2;
			s->line = realloc(s->line, s->size * sizeof(*s->line));
			s->line_node =
				realloc(s->line_node, LEAST_NODES(s->size) * sizeof(*s->line_node));
			must(s->line && s->line_node);
		}
		l = malloc(sizeof(*l));
		must(l);
		l->number = s->lines;
		s->line[s->lines++] = l;
	}
	l->used = true;
	l->phone = phone;
	l->next = s->of[phone];
	s->of[phone] = l;
	return l;
}

static usec_t line_deadline(const struct line *l)
{
	return l->sip ? sip_deadline(&l->stream) : sccp_deadline(&l->sccp);
}

static void note_line(struct sim_ears *s, const struct line *l)
{
	least_set(&s->line_due, s->line_node, l->number, as_key(line_deadline(l)));
}

static void drop_line(struct sim_ears *s, struct line *l)
{
	struct line **link = &s->of[l->phone];

	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	l->next = s->free_line;
	s->free_line = l;
	l->used = false;
	least_set(&s->line_due, s->line_node, l->number, LEAST_NONE);
}

/* What the machine of a connection wants; false: the connection is gone. */
static bool perform(struct sim_wire *w, struct line *l)
{
	struct sim_ears *s = w->ears;
	unsigned events = l->sip ? s->sip_out.event_count : s->sccp_out.event_count, i;
	bool close = l->sip ? s->sip_out.close : s->sccp_out.close;
	const uint8_t *data = l->sip ? s->sip_out.data : s->sccp_out.data;
	size_t len = l->sip ? s->sip_out.len : s->sccp_out.len;

	for (i = 0; i < events; i++)
		sim_daemon_emit(w, l->sip ? &s->sip_out.event : &s->sccp_out.events[i]);
	if (len > 0)
		sim_wire_bytes(w, SIM_STREAM_DOWN, l->phone, l->serial, 0, data, len);
	if (close) {
		sim_wire_stream(w, SIM_STREAM_DOWN, l->phone, l->serial, SIM_STREAM_CLOSED, 0);
		drop_line(s, l);
	}
	return !close;
}

static void open_line(struct sim_wire *w, unsigned phone, const struct sim_datagram *d)
{
	struct sim_ears *s = w->ears;
	struct line *l;
	bool sip = d->dst_port == SIP_PORT;

	if (!s || (d->dst_port != SCCP_PORT && !sip) ||
	    !hears(w, sip ? SIM_SPEAKS_SIP : SIM_SPEAKS_SCCP)) {
		sim_wire_stream(w, SIM_STREAM_DOWN, phone, d->dst_ip, SIM_STREAM_CLOSED, 0);
		return;
	}
	l = new_line(s, phone);
	l->sip = sip;
	l->serial = d->dst_ip;
	if (sip)
		sip_init(&l->stream, &s->sip, (struct sip_peer){d->src_ip, 50000}, w->now);
	else
		sccp_init(&l->sccp, &s->sccp, d->src_ip, w->now);
	note_line(s, l);
	sim_wire_stream(w, SIM_STREAM_DOWN, phone, l->serial, SIM_STREAM_OPENED, 0);
}

static void line_bytes(struct sim_wire *w, struct line *l, const uint8_t *data, size_t len)
{
	struct sim_ears *s = w->ears;
	size_t taken;

	while (len > 0) {
		taken = l->sip ? sip_receive(&l->stream, data, len, w->now, &s->sip_out)
			       : sccp_receive(&l->sccp, data, len, w->now, &s->sccp_out);
		must(taken > 0 && taken <= len);
		if (!perform(w, l))
			return;
		data += taken;
		len -= taken;
	}
	note_line(s, l);
}

static void page_news(struct sim_wire *w, unsigned phone, const struct sim_datagram *d);

void sim_hear_stream(struct sim_wire *w, unsigned phone, const struct sim_datagram *d)
{
	struct line *l;

	if (d->dst_port == DEVICE_PAGE_PORT) {
		page_news(w, phone, d);
		return;
	}
	if (d->src_port == SIM_STREAM_OPENED) {
		open_line(w, phone, d);
		return;
	}
	l = w->ears ? find_line(w->ears, phone, d->dst_ip) : NULL;
	if (!l)
		return;
	if (d->src_port == SIM_STREAM_BYTES)
		line_bytes(w, l, d->data, d->len);
	else
		drop_line(w->ears, l);
}

void sim_hear_datagram(struct sim_wire *w, const struct sim_datagram *d)
{
	struct sim_ears *s = w->ears;
	struct sip_peer from = {d->src_ip, d->src_port};
	struct sim_datagram answer;
	unsigned phone;

	if (!s || !hears(w, SIM_SPEAKS_SIP))
		return;
	sip_datagram(&s->sip, from, d->data, d->len, w->now, &s->sip_out);
	if (s->sip_out.event_count > 0)
		sim_daemon_emit(w, &s->sip_out.event);
	phone = sim_wire_find_ip(w, s->sip_out.to.ip);
	if (s->sip_out.len == 0 || s->sip_out.len > sizeof(answer.data) || phone == w->count)
		return;
	answer.src_ip = SIM_SERVER_IP;
	answer.src_port = SIP_PORT;
	answer.dst_ip = s->sip_out.to.ip;
	answer.dst_port = s->sip_out.to.port;
	answer.len = s->sip_out.len;
	memcpy(answer.data, s->sip_out.data, answer.len);
	sim_wire_to_phone(w, phone, &answer);
}

/* ---- web pages ---- */

/* A phone asks for its configuration: an image runs, and may tell by its page which one. */
void sim_hear_stage(struct sim_wire *w, const struct event *e)
{
	struct sim_ears *s = w->ears;
	unsigned phone;

	if (!s || !s->page || e->type != EVENT_PHONE_STAGE ||
	    strcmp(e->stage, phone_stage_name(PHONE_BACK)) != 0)
		return;
	phone = sim_wire_find_mac(w, e->mac);
	if (phone == w->count)
		return;
	s->page[phone].tries = 0;
	s->page[phone].since = w->now;
	set_page(s, phone, w->now + tries[0]);
}

static void ask_page(struct sim_wire *w, unsigned phone)
{
	struct page *page = &w->ears->page[phone];

	page->tries++;
	set_page(w->ears, phone,
		 page->tries < ARRAY_LEN(tries) ? page->since + tries[page->tries] : USEC_NEVER);
	page->serial = ++w->ears->serial;
	page->len = 0;
	sim_wire_stream(w, SIM_STREAM_DOWN, phone, page->serial, SIM_STREAM_OPENED,
			DEVICE_PAGE_PORT);
}

static void page_news(struct sim_wire *w, unsigned phone, const struct sim_datagram *d)
{
	struct page *page;
	struct event e;

	if (!w->ears || !w->ears->page)
		return;
	page = &w->ears->page[phone];
	if (d->dst_ip != page->serial)
		return;
	if (d->src_port == SIM_STREAM_BYTES && d->len <= sizeof(page->data) - page->len) {
		memcpy(page->data + page->len, d->data, d->len);
		page->len += d->len;
	}
	if (device_page_state(page->data, page->len, d->src_port == SIM_STREAM_CLOSED) !=
	    DEVICE_PAGE_WHOLE)
		return;
	page->serial = 0;
	if (!device_page_read(page->data, page->len, d->src_ip, w->library->models, &e))
		return;
	set_page(w->ears, phone, USEC_NEVER);
	sim_daemon_emit(w, &e);
}

/* ---- time ---- */

void sim_hear_tick(struct sim_wire *w)
{
	struct sim_ears *s = w->ears;
	struct line *l;

	while (s && earliest(&s->line_due, s->line_node) <= w->now) {
		l = s->line[least_first(&s->line_due, s->line_node)];
		if (l->sip)
			sip_tick(&l->stream, w->now, &s->sip_out);
		else
			sccp_tick(&l->sccp, w->now, &s->sccp_out);
		if (perform(w, l))
			note_line(s, l);
	}
	while (s && earliest(&s->page_due, s->page_node) <= w->now)
		ask_page(w, least_first(&s->page_due, s->page_node));
}
