/* SPDX-License-Identifier: MIT */
/*
 * SCCP on TCP port 2000: a table of connections around one sccp machine each.
 *
 * A phone connects, says who it is and what it runs, and is answered; see sccp.c. What can go
 * wrong lies with the peers: many at once (the table is bounded, the one that was silent for
 * longest makes room, phones last, so that one which rebooted without a farewell comes in again),
 * one that does not read (answers are written at once or not at all: there is no queue), one that
 * does not talk (the machine's times). The port may be taken, most likely by a telephone exchange
 * on this machine: that costs one kind of proof and is no reason to stop.
 */
#include "daemon.h"
#include "tcp.h"

#include "reflashd/sccp.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX	    256
#define CONNECTIONS_OF_PEER 8
#define BACKLOG		    64
#define NOTE_EVERY	    USEC_SEC(60)
#define READ_MAX	    4096
#define SEND_BUFFER	    16384 /* of the socket: our answers are small */

struct sccp_connection {
	uv_tcp_t tcp;
	struct sccp_port *port;
	unsigned slot;
	struct sccp machine;
};

struct sccp_port {
	struct daemon *daemon;
	uv_tcp_t listener;
	uv_timer_t timer;
	usec_t armed;			 /* when the timer fires; USEC_NEVER: it is off */
	usec_t crowded_until, odd_until; /* until then nothing is noted */
	struct sccp_config config;
	struct sccp_memory memory;
	struct sccp_connection *connection[CONNECTIONS_MAX]; /* NULL: free */
	struct sccp_out out;				     /* large: kept off the stack */
	char buffer[READ_MAX];
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void drop(struct sccp_connection *c)
{
	if (c->port->connection[c->slot] == c)
		c->port->connection[c->slot] = NULL;
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* One that was hung up on: said for whoever looks for the cause, and seldom. */
static void note_odd(struct sccp_port *p, uint32_t peer, const char *reason)
{
	char address[IP4_TEXT_MAX];
	usec_t now = daemon_now();

	if (now < p->odd_until)
		return;
	p->odd_until = now + NOTE_EVERY;
	ip4_format(peer, address);
	daemon_note(p->daemon, SEVERITY_DEBUG, "sccp-closed",
		    "Closed a connection of %s to port %u: %s.", address, SCCP_PORT, reason);
}

/* Does what the machine asked for in p->out; false when the connection is gone. */
static bool perform(struct sccp_port *p, struct sccp_connection *c)
{
	struct sccp_out *out = &p->out;
	uv_buf_t part = uv_buf_init((char *)out->data, (unsigned)out->len);

	for (unsigned i = 0; i < out->event_count; i++)
		daemon_emit(p->daemon, &out->events[i]);
	if (out->len && uv_try_write((uv_stream_t *)&c->tcp, &part, 1) != (int)out->len) {
		out->close = true;
		out->reason = "it does not read what it is sent";
	}
	if (!out->close)
		return true;
	note_odd(p, c->machine.peer, out->reason);
	drop(c);
	return false;
}

static void arm(struct sccp_port *p, usec_t deadline);

static void on_timer(uv_timer_t *timer)
{
	struct sccp_port *p = timer->data;
	usec_t now = daemon_now(), next = USEC_NEVER;

	p->armed = USEC_NEVER;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct sccp_connection *c = p->connection[i];

		if (!c)
			continue;
		if (sccp_deadline(&c->machine) <= now) {
			sccp_tick(&c->machine, now, &p->out);
			if (!perform(p, c))
				continue;
		}
		if (sccp_deadline(&c->machine) < next)
			next = sccp_deadline(&c->machine);
	}
	arm(p, next);
}

/* One timer for all, set anew only when it would fire too late. */
static void arm(struct sccp_port *p, usec_t deadline)
{
	usec_t now = daemon_now();

	if (deadline >= p->armed)
		return;
	p->armed = deadline;
	uv_timer_start(&p->timer, on_timer, deadline > now ? (deadline - now + 999) / 1000 : 0, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct sccp_connection *c = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(c->port->buffer, sizeof(c->port->buffer));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct sccp_connection *c = stream->data;
	struct sccp_port *p = c->port;
	const uint8_t *data = (const uint8_t *)buffer->base;
	size_t left = n > 0 ? (size_t)n : 0;

	if (n < 0) {
		drop(c);
		return;
	}
	/* The catalogue is another one when everything was read anew in the meantime. */
	c->machine.config.models = p->daemon->phones.models;
	while (left > 0) {
		size_t taken = sccp_receive(&c->machine, data, left, daemon_now(), &p->out);

		must(taken > 0 && taken <= left);
		if (!perform(p, c))
			return;
		data += taken;
		left -= taken;
	}
	arm(p, sccp_deadline(&c->machine));
}

/* Should a rather than b make room? First whoever has not shown to be a phone, then whoever was
 * silent for longer. */
static bool goes_first(const struct sccp_connection *a, const struct sccp_connection *b)
{
	if (!b || a->machine.registered != b->machine.registered)
		return !b || !a->machine.registered;
	return a->machine.heard < b->machine.heard;
}

/* A place in the table for a new one. */
static unsigned make_room(struct sccp_port *p, uint32_t peer)
{
	struct sccp_connection *first = NULL, *first_of_peer = NULL;
	unsigned of_peer = 0, unused = CONNECTIONS_MAX;
	usec_t now = daemon_now();

	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct sccp_connection *c = p->connection[i];

		if (!c) {
			unused = i;
			continue;
		}
		if (goes_first(c, first))
			first = c;
		if (c->machine.peer != peer)
			continue;
		of_peer++;
		if (goes_first(c, first_of_peer))
			first_of_peer = c;
	}
	if (of_peer >= CONNECTIONS_OF_PEER)
		first = first_of_peer;
	else if (unused < CONNECTIONS_MAX)
		return unused;
	unused = first->slot;
	if (now >= p->crowded_until) {
		char address[IP4_TEXT_MAX];

		p->crowded_until = now + NOTE_EVERY;
		ip4_format(peer, address);
		if (of_peer >= CONNECTIONS_OF_PEER)
			daemon_note(p->daemon, SEVERITY_WARNING, "sccp-crowded",
				    "%s opens one connection after the other to port %u; only the "
				    "newest %u are kept.",
				    address, SCCP_PORT, CONNECTIONS_OF_PEER);
		else
			daemon_note(p->daemon, SEVERITY_WARNING, "sccp-crowded",
				    "More than %u connections to port %u; a silent one makes room "
				    "for %s.",
				    CONNECTIONS_MAX, SCCP_PORT, address);
	}
	drop(first);
	return unused;
}

/* 0: not known, it is gone already. */
static uint32_t peer_of(const uv_tcp_t *tcp)
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in in;
	int len = sizeof(from);

	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&from, &len) != 0 ||
	    from.ss_family != AF_INET)
		return 0;
	memcpy(&in, &from, sizeof(in));
	return ntohl(in.sin_addr.s_addr);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct sccp_port *p = listener->data;
	struct sccp_connection *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;
	uint32_t peer;
	int size = SEND_BUFFER;

	if (!c)
		return;
	uv_tcp_init(p->daemon->loop, &c->tcp);
	c->tcp.data = c;
	c->port = p;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 || !(peer = peer_of(&c->tcp))) {
		uv_close((uv_handle_t *)&c->tcp, on_closed);
		return;
	}
	uv_send_buffer_size((uv_handle_t *)&c->tcp, &size);
	c->slot = make_room(p, peer);
	p->connection[c->slot] = c;
	sccp_init(&c->machine, &p->config, peer, daemon_now());
	if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_bytes) != 0)
		drop(c);
	else
		arm(p, sccp_deadline(&c->machine));
}

/* The part stays as it is; what was made of it is taken away at the end. */
static int go_on_without(struct daemon *d, const char *why)
{
	daemon_note(d, SEVERITY_WARNING, "sccp-port",
		    "Phones that register by SCCP are not heard: %s. They are recovered all the "
		    "same; what they run then has to show in another way.",
		    why);
	return 0;
}

static int sccp_open(struct daemon *d, struct fault *f)
{
	struct sccp_port *p;
	struct fault why;
	int fd, err;

	if (!(d->config->listen & LISTEN_SCCP))
		return 0;
	fd = tcp_open(d->config->interface, SCCP_PORT, &why);
	if (fd < 0)
		return go_on_without(d, why.text);
	p = calloc(1, sizeof(*p));
	if (!p) {
		close(fd);
		return fault_set(f, UV_ENOMEM, "no memory to listen for SCCP");
	}
	p->daemon = d;
	p->armed = USEC_NEVER;
	sccp_memory_init(&p->memory);
	p->config = (struct sccp_config){.memory = &p->memory}; /* models: see on_bytes() */
	uv_tcp_init(d->loop, &p->listener);
	uv_timer_init(d->loop, &p->timer);
	p->listener.data = p->timer.data = p;
	d->sccp = p;
	err = uv_tcp_open(&p->listener, fd);
	if (err)
		close(fd);
	else
		err = uv_listen((uv_stream_t *)&p->listener, BACKLOG, on_connection);
	return err ? go_on_without(d, uv_strerror(err)) : 0;
}

static void sccp_stop(struct daemon *d)
{
	struct sccp_port *p = d->sccp;

	for (unsigned i = 0; p && i < CONNECTIONS_MAX; i++)
		if (p->connection[i])
			drop(p->connection[i]);
}

static void sccp_close(struct daemon *d)
{
	free(d->sccp);
	d->sccp = NULL;
}

const struct part sccp_part = {"sccp", sccp_open, sccp_stop, sccp_close};
