/* SPDX-License-Identifier: MIT */
/*
 * A cable with phones on one end and the daemon on the other, in virtual time.
 *
 * Time jumps to the earliest of: a datagram that arrives, a power switch, a phone that wants to be
 * woken, the daemon's own deadline; nothing is ever waited for. All chance (loss, doubles,
 * reordering) comes from one seed, so that the same seed gives the same run to the last byte.
 *
 * The run is over when all phones run and the last packets have been heard (the last ACK of the
 * last file may still be on its way, and may get lost), or when the limit is reached.
 *
 * A datagram to a phone that has a network but not that port open is refused (ICMP); one to a
 * phone without power, or that is busy with its flash, is lost.
 */
#include "sim_wire_private.h"

#include "reflashd/device_page.h"
#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

#define SETTLE	    USEC_SEC(90)
#define STUCK_LOOPS 1000000u
#define OVERHEAD    42u /* Ethernet, IP and UDP header */

static uint32_t chance(struct sim_wire *w, uint32_t below)
{
	uint64_t x = w->random += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((x ^ (x >> 31)) % below);
}

struct sim_wire *sim_wire_new(const struct sim_wire_config *config, const struct library *library,
			      const struct catalogue_config *offers,
			      const struct sim_content *content)
{
	struct sim_wire *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->config = *config;
	w->content = *content;
	w->library = library;
	w->random = config->seed;
	/* Not 0: machines may use 0 for "never yet". */
	w->start = w->now = USEC_SEC(1);
	catalogue_init(&w->server.catalogue, offers, library);
	phones_init(&w->server.phones, library);
	phones_aim(&w->server.phones, offers->target, offers->offer_unfit);
	return w;
}

void sim_wire_free(struct sim_wire *w)
{
	unsigned i;

	if (!w)
		return;
	sim_daemon_free(w);
	sim_hear_free(w);
	for (i = 0; i < w->count; i++)
		sim_phone_free(w->end[i].phone);
	free(w->end);
	free(w->due_node);
	free(w->flight);
	free(w->heap);
	free(w);
}

/* The load whose list names the same members, as the phone's own jar would tell. */
static bool name_load(void *ctx, const struct loads *list, char *load, size_t size)
{
	const struct library *l = ctx;
	const struct loads *other;
	unsigned b, f, i;

	for (b = 0; b < l->bundle_count; b++) {
		for (f = 0; f < l->bundle[b].file_count; f++) {
			other = l->file[l->bundle[b].files[f]].loads;
			if (!other || other->member_count != list->member_count)
				continue;
			for (i = 0; i < list->member_count; i++)
				if (!text_equal_nocase(other->member[i].name, list->member[i].name))
					break;
			if (i == list->member_count)
				return text_copy(load, size, l->bundle[b].load);
		}
	}
	return false;
}

struct sim_phone *sim_wire_add(struct sim_wire *w, const struct sim_phone_config *config,
			       usec_t after)
{
	const struct model *model = models_by_id(w->library->models, config->model);
	struct sim_phone *p = model ? sim_phone_new_of(config, model) : NULL;

	if (!p)
		return NULL;
	if (config->load[0] == '\0')
		sim_phone_name_loads(p, name_load, (void *)(uintptr_t)w->library);
	sim_end_add(w, &(struct sim_end){.phone = p, .power_at = w->now + after, .power_up = true});
	return p;
}

void sim_wire_cut(struct sim_wire *w, struct sim_phone *p, uint64_t at_datagram, usec_t off)
{
	unsigned i;

	for (i = 0; i < w->count; i++) {
		if (w->end[i].phone != p)
			continue;
		w->end[i].cut_at = at_datagram;
		w->end[i].cut_off = off;
	}
}

void sim_wire_watch(struct sim_wire *w, void (*watch)(void *ctx, const struct event *e), void *ctx)
{
	w->watch = watch;
	w->watch_ctx = ctx;
}

void sim_wire_listen(struct sim_wire *w,
		     void (*listen)(void *ctx, const struct sim_phone *p, usec_t now,
				    const char *line),
		     void *ctx)
{
	w->listen = listen;
	w->listen_ctx = ctx;
}

usec_t sim_wire_now(const struct sim_wire *w)
{
	return w->now;
}

const struct phones *sim_wire_phones(const struct sim_wire *w)
{
	return &w->server.phones;
}

uint64_t sim_wire_datagrams(const struct sim_wire *w)
{
	return w->datagrams;
}

/* The heap of what is on its way. */

static bool earlier(const struct sim_wire *w, unsigned a, unsigned b)
{
	const struct sim_flight *x = &w->flight[a], *y = &w->flight[b];

	return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void swap(unsigned *a, unsigned *b)
{
	unsigned keep = *a;

	*a = *b;
	*b = keep;
}

static void heap_push(struct sim_wire *w, unsigned flight)
{
	unsigned i = w->heap_count++;

	w->heap[i] = flight;
	for (; i > 0 && earlier(w, w->heap[i], w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&w->heap[i], &w->heap[(i - 1) / 2]);
}

static unsigned heap_pop(struct sim_wire *w)
{
	unsigned top = w->heap[0], i = 0, child;

	w->heap[0] = w->heap[--w->heap_count];
	while ((child = 2 * i + 1) < w->heap_count) {
		if (child + 1 < w->heap_count && earlier(w, w->heap[child + 1], w->heap[child]))
			child++;
		if (!earlier(w, w->heap[child], w->heap[i]))
			break;
		swap(&w->heap[i], &w->heap[child]);
		i = child;
	}
	return top;
}

static unsigned flight_take(struct sim_wire *w)
{
	unsigned size = w->flight_size == 0 ? 16 : w->flight_size * 2, i;

	if (w->free_flight == 0) {
		w->flight = realloc(w->flight, size * sizeof(*w->flight));
		w->heap = realloc(w->heap, size * sizeof(*w->heap));
		must(w->flight && w->heap);
		/* next_free holds index + 1; 0 ends the list. */
		for (i = w->flight_size; i < size; i++)
			w->flight[i].next_free = i + 1 < size ? i + 2 : 0;
		w->free_flight = w->flight_size + 1;
		w->flight_size = size;
	}
	i = w->free_flight - 1;
	w->free_flight = w->flight[i].next_free;
	return i;
}

static void put(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone,
		const struct sim_datagram *d, usec_t at)
{
	unsigned i = flight_take(w);
	struct sim_flight *f = &w->flight[i];

	f->at = at;
	f->order = w->order++;
	f->kind = kind;
	f->phone = phone;
	f->d.src_ip = d->src_ip;
	f->d.dst_ip = d->dst_ip;
	f->d.src_port = d->src_port;
	f->d.dst_port = d->dst_port;
	f->d.len = d->len;
	memcpy(f->d.data, d->data, d->len);
	heap_push(w, i);
}

static void launch(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone,
		   const struct sim_datagram *d)
{
	const struct sim_wire_config *c = &w->config;
	usec_t *busy = &w->busy_until[kind == SIM_TO_PHONE], at = w->now;

	if (c->bits_per_second > 0) {
		if (*busy > at)
			at = *busy;
		at += (d->len + OVERHEAD) * 8u * USEC_SEC(1) / c->bits_per_second;
		*busy = at;
	}
	at += c->latency;
	if (c->loss_per_mille > 0 && chance(w, 1000) < c->loss_per_mille)
		return;
	if (c->dup_per_mille > 0 && chance(w, 1000) < c->dup_per_mille)
		put(w, kind, phone, d, at + c->latency);
	if (c->reorder_per_mille > 0 && chance(w, 1000) < c->reorder_per_mille)
		at += chance(w, (uint32_t)(9 * c->latency) + 1);
	put(w, kind, phone, d, at);
}

void sim_wire_to_phone(struct sim_wire *w, unsigned phone, const struct sim_datagram *d)
{
	launch(w, SIM_TO_PHONE, phone, d);
}

/* In order and without loss, as TCP would make it. */
static void launch_stream(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone,
			  struct sim_datagram *d)
{
	d->src_ip = kind == SIM_STREAM_UP ? sim_phone_ip(w->end[phone].phone) : SIM_SERVER_IP;
	put(w, kind, phone, d, w->now + w->config.latency);
}

void sim_wire_stream(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone, uint32_t number,
		     enum sim_stream_news news, uint16_t port)
{
	struct sim_datagram d;

	d.dst_ip = number;
	d.src_port = (uint16_t)news;
	d.dst_port = port;
	d.len = 0;
	launch_stream(w, kind, phone, &d);
}

void sim_wire_bytes(struct sim_wire *w, enum sim_flight_kind kind, unsigned phone, uint32_t number,
		    uint16_t port, const uint8_t *data, size_t len)
{
	struct sim_datagram d;
	size_t at, most;

	d.dst_ip = number;
	d.src_port = SIM_STREAM_BYTES;
	d.dst_port = port;
	for (at = 0; at < len; at += d.len) {
		most = len - at < sizeof(d.data) ? len - at : sizeof(d.data);
		/* Mostly in one piece, sometimes in a few, seldom byte by byte at first. */
		d.len = chance(w, 2) == 0 ? most : 1 + chance(w, (uint32_t)most);
		memcpy(d.data, data + at, d.len);
		launch_stream(w, kind, phone, &d);
	}
}

/* Counts a datagram of a phone; true: the power fails at this one. */
static bool see(struct sim_wire *w, unsigned i)
{
	struct sim_end *e = &w->end[i];

	w->datagrams++;
	if (++e->seen != e->cut_at)
		return false;
	sim_phone_power_off(e->phone);
	e->power_at = w->now + e->cut_off;
	e->power_up = true;
	return true;
}

static void perform_stream(struct sim_wire *w, unsigned i)
{
	const struct sim_stream *s = &w->out.stream;
	struct sim_end *e = &w->end[i];

	switch (s->wish) {
	case SIM_STREAM_NO_WISH: return;
	case SIM_STREAM_OPEN:
		e->stream = ++w->streams;
		sim_wire_stream(w, SIM_STREAM_UP, i, e->stream, SIM_STREAM_OPENED, s->port);
		break;
	case SIM_STREAM_SEND:
		sim_wire_bytes(w, SIM_STREAM_UP, i, e->stream, 0, s->data, s->len);
		break;
	case SIM_STREAM_CLOSE:
		sim_wire_stream(w, SIM_STREAM_UP, i, e->stream, SIM_STREAM_CLOSED, 0);
		e->stream = 0;
	}
	see(w, i);
}

static void perform_frame(struct sim_wire *w, unsigned i)
{
	struct sim_datagram d = {.len = w->out.frame_len};

	memcpy(d.data, w->out.frame, d.len);
	launch(w, SIM_FRAME, i, &d);
}

/* What the phone wants done after a call; must be called after every one. */
static void perform(struct sim_wire *w, unsigned i)
{
	struct sim_end *e = &w->end[i];
	struct sim_out *out = &w->out;
	unsigned n;
	bool runs;

	if (out->log && w->listen)
		w->listen(w->listen_ctx, e->phone, w->now, out->line);
	for (n = 0; n < out->count; n++) {
		launch(w, SIM_TO_SERVER, i, &out->send[n]);
		if (see(w, i))
			break;
	}
	if (n == out->count && out->frame_len > 0) {
		perform_frame(w, i);
		see(w, i);
	}
	if (n == out->count && out->stream.wish != SIM_STREAM_NO_WISH)
		perform_stream(w, i);
	runs = sim_phone_settled(e->phone);
	if (runs != e->runs)
		w->running += runs ? 1u : UINT32_MAX;
	e->runs = runs;
	sim_end_refresh(w, i);
}

static void nothing(struct sim_wire *w)
{
	w->out.count = 0;
	w->out.log = false;
	w->out.frame_len = 0;
	w->out.stream.wish = SIM_STREAM_NO_WISH;
}

/* The daemon wants to read the web page of a phone. */
static void visit(struct sim_wire *w, unsigned i, uint32_t number)
{
	char ask[DEVICE_PAGE_ASK_MAX];
	uint8_t page[SIM_PAGE_MAX];
	struct sim_phone *p = w->end[i].phone;
	size_t len = device_page_ask(sim_phone_ip(p), ask);

	if (sim_phone_deaf(p))
		return;
	len = sim_phone_page(p, (const uint8_t *)ask, len, page, sizeof(page));
	sim_wire_bytes(w, SIM_STREAM_UP, i, number, DEVICE_PAGE_PORT, page, len);
	sim_wire_stream(w, SIM_STREAM_UP, i, number, SIM_STREAM_CLOSED, DEVICE_PAGE_PORT);
}

static void deliver_stream(struct sim_wire *w, unsigned i, const struct sim_datagram *d)
{
	struct sim_end *e = &w->end[i];

	if (d->dst_port == DEVICE_PAGE_PORT) {
		visit(w, i, d->dst_ip);
		return;
	}
	if (d->dst_ip != e->stream || sim_phone_deaf(e->phone))
		return;
	if (d->src_port == SIM_STREAM_CLOSED)
		e->stream = 0;
	nothing(w);
	if (!see(w, i))
		sim_phone_stream(e->phone, (enum sim_stream_news)d->src_port, d->data, d->len,
				 w->now, &w->out);
	perform(w, i);
}

static void deliver(struct sim_wire *w, const struct sim_flight *f)
{
	struct sim_end *e = &w->end[f->phone];

	if (f->kind == SIM_TO_SERVER) {
		sim_daemon_receive(w, &f->d);
		return;
	}
	if (f->kind == SIM_REFUSAL) {
		sim_daemon_refused(w, &f->d);
		return;
	}
	if (f->kind == SIM_FRAME) {
		sim_hear_frame(w, f->d.data, f->d.len);
		return;
	}
	if (f->kind == SIM_STREAM_UP) {
		sim_hear_stream(w, f->phone, &f->d);
		return;
	}
	if (f->kind == SIM_STREAM_DOWN) {
		deliver_stream(w, f->phone, &f->d);
		return;
	}
	if (sim_phone_deaf(e->phone))
		return;
	if (f->d.dst_port != DHCP_CLIENT_PORT && f->d.dst_ip != sim_phone_ip(e->phone))
		return;
	nothing(w);
	if (!see(w, f->phone)) {
		if (sim_phone_port_open(e->phone, f->d.dst_port))
			sim_phone_receive(e->phone, &f->d, w->now, &w->out);
		else
			launch(w, SIM_REFUSAL, f->phone, &f->d);
	}
	perform(w, f->phone);
}

static void deliver_next(struct sim_wire *w)
{
	unsigned i = heap_pop(w);
	struct sim_flight f = w->flight[i]; /* the pool may move while it is handled */

	w->flight[i].next_free = w->free_flight;
	w->free_flight = i + 1;
	deliver(w, &f);
}

static void wake_phone(struct sim_wire *w, unsigned i)
{
	struct sim_end *e = &w->end[i];

	nothing(w);
	if (e->power_at <= w->now) {
		e->power_at = USEC_NEVER;
		if (e->power_up)
			sim_phone_power_on(e->phone, w->now, &w->out);
	} else {
		sim_phone_tick(e->phone, w->now, &w->out);
	}
	perform(w, i);
}

/* One step of whatever comes first; false: nothing will ever happen again, or not in time. */
static bool step(struct sim_wire *w, usec_t limit)
{
	usec_t flight = w->heap_count > 0 ? w->flight[w->heap[0]].at : USEC_NEVER;
	usec_t server = sim_daemon_deadline(w), phone, first;
	unsigned i = 0;

	phone = sim_end_deadline(w, &i);
	first = flight < phone ? flight : phone;
	if (server < first)
		first = server;
	if (first == USEC_NEVER || first > limit)
		return false;
	if (first > w->now)
		w->now = first;
	if (flight == first)
		deliver_next(w);
	else if (phone == first)
		wake_phone(w, i);
	else
		sim_daemon_tick(w);
	return true;
}

/* All run, and what was under way has been heard, or nobody will hear it any more. */
static bool settled(struct sim_wire *w)
{
	if (w->running < w->count) {
		w->settle_until = USEC_NEVER;
		return false;
	}
	if (w->heap_count == 0 && w->server.tftp.active == 0 && !sim_daemon_waits(w))
		return true;
	if (w->settle_until == USEC_NEVER)
		w->settle_until = w->now + SETTLE;
	return w->now >= w->settle_until;
}

bool sim_wire_run(struct sim_wire *w)
{
	usec_t limit = w->start + w->config.limit, last = w->now;
	unsigned loops = 0;

	if (!w->serving) {
		sim_daemon_start(w);
		sim_hear_start(w);
	}
	w->settle_until = USEC_NEVER;
	while (!settled(w)) {
		if (!step(w, limit)) {
			w->now = limit;
			return w->running == w->count;
		}
		/* A machine whose deadline does not move would hang us: that is a bug, say so. */
		loops = w->now == last ? loops + 1 : 0;
		must(loops < STUCK_LOOPS);
		last = w->now;
	}
	return true;
}
