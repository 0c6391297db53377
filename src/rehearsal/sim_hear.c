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
	unsigned phone;
	uint32_t serial;
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
	usec_t next; /* the earliest deadline of all below */
	uint32_t serial;
	struct overheard overheard;
	struct overheard_out overheard_out;
	struct sccp_memory memory;
	struct sccp_config sccp;
	struct sccp_out sccp_out;
	struct sip sip;
	struct sip_out sip_out;
	unsigned lines;
	struct line **line;
	struct page *page; /* by phone of the wire */
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
	s->next = USEC_NEVER;
	if (hears(w, SIM_SPEAKS_CDP))
		overheard_init(&s->overheard, &config);
	sccp_memory_init(&s->memory);
	s->sccp = (struct sccp_config){.models = w->library->models, .memory = &s->memory};
	if (hears(w, SIM_SPEAKS_SIP))
		sip_setup(&s->sip, w->library->models);
	if (!hears(w, SIM_SPEAKS_PAGE))
		return;
	s->page = calloc(w->count + 1, sizeof(*s->page));
	must(s->page);
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
	free(s->page);
	free(s);
}

static void earlier(struct sim_ears *s, usec_t deadline)
{
	if (deadline < s->next)
		s->next = deadline;
}

usec_t sim_hear_deadline(const struct sim_wire *w)
{
	return w->ears ? w->ears->next : USEC_NEVER;
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

static struct line *find_line(struct sim_ears *s, unsigned phone, uint32_t serial)
{
	unsigned i;

	for (i = 0; i < s->lines; i++)
		if (s->line[i]->used && s->line[i]->phone == phone && s->line[i]->serial == serial)
			return s->line[i];
	return NULL;
}

static struct line *new_line(struct sim_ears *s)
{
	unsigned i;

	for (i = 0; i < s->lines && s->line[i]->used; i++)
		;
	if (i == s->lines) {
		s->line = realloc(s->line, (i + 1) * sizeof(*s->line));
		must(s->line);
		s->line[i] = malloc(sizeof(**s->line));
		must(s->line[i]);
		s->lines++;
	}
	return s->line[i];
}

static usec_t line_deadline(const struct line *l)
{
	return l->sip ? sip_deadline(&l->stream) : sccp_deadline(&l->sccp);
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
		l->used = false;
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
	l = new_line(s);
	l->used = true;
	l->sip = sip;
	l->phone = phone;
	l->serial = d->dst_ip;
	if (sip)
		sip_init(&l->stream, &s->sip, (struct sip_peer){d->src_ip, 50000}, w->now);
	else
		sccp_init(&l->sccp, &s->sccp, d->src_ip, w->now);
	earlier(s, line_deadline(l));
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
	earlier(s, line_deadline(l));
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
		l->used = false;
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
	s->page[phone].at = w->now + tries[0];
	earlier(s, s->page[phone].at);
}

static void ask_page(struct sim_wire *w, unsigned phone)
{
	struct page *page = &w->ears->page[phone];

	page->tries++;
	page->at = page->tries < ARRAY_LEN(tries) ? page->since + tries[page->tries] : USEC_NEVER;
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
	page->at = USEC_NEVER;
	sim_daemon_emit(w, &e);
}

/* ---- time ---- */

void sim_hear_tick(struct sim_wire *w)
{
	struct sim_ears *s = w->ears;
	struct line *l;
	unsigned i;

	if (!s || s->next > w->now)
		return;
	s->next = USEC_NEVER;
	for (i = 0; i < s->lines; i++) {
		l = s->line[i];
		if (!l->used)
			continue;
		if (line_deadline(l) <= w->now) {
			if (l->sip)
				sip_tick(&l->stream, w->now, &s->sip_out);
			else
				sccp_tick(&l->sccp, w->now, &s->sccp_out);
			if (!perform(w, l))
				continue;
		}
		earlier(s, line_deadline(l));
	}
	for (i = 0; s->page && i < w->count; i++) {
		if (s->page[i].at <= w->now)
			ask_page(w, i);
		earlier(s, s->page[i].at);
	}
}
