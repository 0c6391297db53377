/* SPDX-License-Identifier: MIT */
/*
 * See tcp_table.h. One timer serves all connections of a table; it is set anew only when it would
 * fire too late.
 */
#include "tcp_table.h"

#include "tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG	   64
#define AT_ONCE	   16 /* then others have their turn */
#define NOTE_EVERY USEC_SEC(60)

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void drop(struct tcp_connection *c)
{
	if (c->table->connection[c->slot] == c)
		c->table->connection[c->slot] = NULL;
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, on_closed);
}

bool tcp_send(struct tcp_connection *c, const void *data, size_t len)
{
	/* libuv does not write there; its buffers are for both ways. */
	uv_buf_t part = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);

	return uv_try_write((uv_stream_t *)&c->tcp, &part, 1) == (int)len;
}

/* ---- time ---- */

static void arm(struct tcp_table *t, usec_t deadline);

static void on_timer(void *ctx)
{
	struct tcp_table *t = ctx;
	usec_t now = daemon_now(), next = USEC_NEVER;

	for (unsigned i = 0; i < TCP_CONNECTIONS_MAX; i++) {
		struct tcp_connection *c = t->connection[i];

		if (!c)
			continue;
		if (t->protocol->deadline(c) <= now) {
			t->protocol->tick(c, now);
			if (!t->protocol->perform(c)) {
				drop(c);
				continue;
			}
		}
		if (t->protocol->deadline(c) < next)
			next = t->protocol->deadline(c);
	}
	arm(t, next);
}

static void arm(struct tcp_table *t, usec_t deadline)
{
	if (deadline < t->timer.due)
		timer_at(&t->timer, deadline);
}

/* ---- bytes ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct tcp_connection *c = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)c->table->buffer, sizeof(c->table->buffer));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct tcp_connection *c = stream->data;
	struct tcp_table *t = c->table;
	const uint8_t *data = (const uint8_t *)buffer->base;
	size_t left = n > 0 ? (size_t)n : 0;

	if (n < 0) {
		drop(c);
		return;
	}
	while (left > 0) {
		size_t taken = t->protocol->receive(c, data, left, daemon_now());

		must(taken > 0 && taken <= left);
		if (!t->protocol->perform(c)) {
			drop(c);
			return;
		}
		data += taken;
		left -= taken;
	}
	arm(t, t->protocol->deadline(c));
}

/* ---- who comes ---- */

/* of_peer: that one has too many itself. */
static void say_crowded(struct tcp_table *t, uint32_t ip, bool of_peer)
{
	const struct tcp_protocol *p = t->protocol;
	usec_t now = daemon_now();
	char address[IP4_TEXT_MAX];

	if (now < t->crowded_until)
		return;
	t->crowded_until = now + NOTE_EVERY;
	ip4_format(ip, address);
	if (of_peer)
		daemon_note(t->daemon, SEVERITY_WARNING, p->crowded,
			    "%s opens one connection after the other to port %u; only the newest "
			    "%u are kept.",
			    address, p->port, TCP_CONNECTIONS_OF_PEER);
	else
		daemon_note(t->daemon, SEVERITY_WARNING, p->crowded,
			    "More than %u connections to port %u; a silent one makes room for %s.",
			    TCP_CONNECTIONS_MAX, p->port, address);
}

static void say_short(struct tcp_table *t)
{
	usec_t now = daemon_now();

	if (now < t->crowded_until)
		return;
	t->crowded_until = now + NOTE_EVERY;
	daemon_note(
		t->daemon, SEVERITY_WARNING, t->protocol->crowded,
		"Nobody more can be heard at port %u: there are too many open files. Phones get "
		"their files all the same. Should it stay so, start reflashd with a higher "
		"limit (ulimit -n).",
		t->protocol->port);
}

/* A place in the table for a new one; first of all among those of the same peer, when it has too
 * many. */
static unsigned make_room(struct tcp_table *t, uint32_t ip)
{
	const struct tcp_protocol *p = t->protocol;
	struct tcp_connection *first = NULL, *first_of_peer = NULL;
	unsigned of_peer = 0, unused = TCP_CONNECTIONS_MAX;

	for (unsigned i = 0; i < TCP_CONNECTIONS_MAX; i++) {
		struct tcp_connection *c = t->connection[i];

		if (!c) {
			unused = i;
			continue;
		}
		if (!first || p->goes_first(c, first))
			first = c;
		if (c->ip != ip)
			continue;
		of_peer++;
		if (!first_of_peer || p->goes_first(c, first_of_peer))
			first_of_peer = c;
	}
	if (of_peer >= TCP_CONNECTIONS_OF_PEER)
		first = first_of_peer;
	else if (unused < TCP_CONNECTIONS_MAX)
		return unused;
	unused = first->slot;
	say_crowded(t, ip, of_peer >= TCP_CONNECTIONS_OF_PEER);
	drop(first);
	return unused;
}

/* False: it is gone already. */
static bool find_peer(struct tcp_connection *c)
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in in;
	int len = sizeof(from);

	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&from, &len) != 0 ||
	    from.ss_family != AF_INET)
		return false;
	memcpy(&in, &from, sizeof(in));
	c->ip = ntohl(in.sin_addr.s_addr);
	c->port = ntohs(in.sin_port);
	return c->ip != 0;
}

/* Takes over the descriptor. */
static void take_in(struct tcp_table *t, int fd)
{
	struct tcp_connection *c = calloc(1, t->protocol->size);
	int size = t->protocol->send_buffer;

	if (!c) {
		close(fd);
		return;
	}
	must(uv_tcp_init(t->daemon->loop, &c->tcp) == 0);
	c->tcp.data = c;
	c->table = t;
	if (uv_tcp_open(&c->tcp, fd) != 0)
		close(fd);
	if (!find_peer(c) || !t->protocol->begin(c, daemon_now())) {
		uv_close((uv_handle_t *)&c->tcp, on_closed);
		return;
	}
	uv_send_buffer_size((uv_handle_t *)&c->tcp, &size);
	uv_tcp_nodelay(&c->tcp, 1);
	c->slot = make_room(t, c->ip);
	t->connection[c->slot] = c;
	if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_bytes) != 0)
		drop(c);
	else
		arm(t, t->protocol->deadline(c));
}

static void on_coming(uv_poll_t *poll, int status, int events)
{
	struct tcp_table *t = poll->data;
	bool refused = false;
	int fd;

	(void)events;
	for (unsigned i = 0; i < AT_ONCE && (fd = listener_accept(t->fd, &refused)) >= 0; i++)
		take_in(t, fd);
	if (refused)
		say_short(t);
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll)) /* libuv stops the watching */
		uv_poll_start(poll, UV_READABLE, on_coming);
}

/* ---- opening and closing ---- */

int tcp_table_open(struct tcp_table *t, struct daemon *d, const struct tcp_protocol *protocol,
		   void *owner, struct fault *f)
{
	int err;

	t->fd = tcp_open(d->config->interface, protocol->port, f);
	if (t->fd < 0)
		return t->fd;
	t->daemon = d;
	t->protocol = protocol;
	t->owner = owner;
	timer_init(&t->timer, &d->timers, on_timer, t);
	t->listener.data = t;
	listener_reserve();
	/* Two that do not listen yet may both be bound: a held port may show only now. */
	err = listen(t->fd, BACKLOG) != 0 ? -errno : uv_poll_init(d->loop, &t->listener, t->fd);
	if (!err)
		err = uv_poll_start(&t->listener, UV_READABLE, on_coming);
	if (!err)
		return 0;
	close(t->fd);
	t->fd = -1;
	return tcp_failed(d->config->interface, protocol->port, err, f);
}

int tcp_table_tie(struct tcp_table *t)
{
	/* It never opened: that was said. */
	if (!t->daemon || t->fd < 0)
		return 0;
	tcp_table_stop(t);
	return link_tie(t->daemon->link.name, t->fd);
}

void tcp_table_stop(struct tcp_table *t)
{
	for (unsigned i = 0; i < TCP_CONNECTIONS_MAX; i++)
		if (t->connection[i])
			drop(t->connection[i]);
}

void tcp_table_close(struct tcp_table *t)
{
	if (t->daemon && t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
