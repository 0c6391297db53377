/* SPDX-License-Identifier: MIT */
/*
 * SIP on UDP and TCP port 5060, around sip_datagram() and a table of streams.
 *
 * Only phones of our own network are heard. An answer leaves from the address that was asked, and
 * what was sent to everybody is not answered. The table of connections is bounded, and the one that
 * was silent for longest makes room; an answer is written at once or the connection is closed,
 * so that nothing queues up here for somebody who does not read.
 *
 * The port may be taken, most likely by a telephone exchange on this machine (Asterisk): that
 * costs one kind of proof and is no reason to stop.
 */
#include "daemon.h"
#include "tcp.h"

#include "reflashd/sip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX	    256
#define CONNECTIONS_OF_PEER 8
#define BACKLOG		    64
#define DATAGRAMS_PER_WAKE  64
#define READ_MAX	    8192 /* of a datagram, too: a REGISTER with its body has some 3000 */
#define SEND_BUFFER	    8192 /* of a connection's socket: our answers are small */

struct sip_connection {
	uv_tcp_t tcp;
	struct sip_port *port;
	unsigned slot;
	struct sip_stream stream;
};

struct sip_port {
	struct daemon *daemon;
	int fd; /* UDP, or -1 */
	uv_poll_t poll;
	uv_tcp_t listener;
	uv_timer_t timer;
	usec_t armed; /* when the timer fires; USEC_NEVER: it is off */
	struct sip_connection *connection[CONNECTIONS_MAX]; /* NULL: free */
	struct sip sip;
	struct sip_out out; /* large: kept off the stack */
	uint8_t buffer[READ_MAX];
};

/* A host of our network, and not the network's own two addresses: an answer to those would go to
 * everybody. */
static bool is_local(const struct daemon *d, uint32_t ip)
{
	uint32_t mask = ip4_netmask(d->prefix_len);

	return ((ip ^ d->address) & mask) == 0 && ip != d->address && (ip & ~mask) != 0 &&
	       (ip | mask) != UINT32_MAX;
}

/* The catalogue is another one when everything was read anew in the meantime. */
static void look_up_models(struct sip_port *p)
{
	p->sip.models = p->daemon->phones.models;
}

/* ---- UDP ---- */

/* Answers from the address that was asked; the kernel takes it from *to_us. */
static void answer(struct sip_port *p, struct in_pktinfo to_us)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(to_us))] = {0};
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(p->out.to.port),
				 .sin_addr.s_addr = htonl(p->out.to.ip)};
	struct iovec part = {p->out.data, p->out.len};
	struct msghdr message = {.msg_name = &to,
				 .msg_namelen = sizeof(to),
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	to_us.ipi_ifindex = 0;
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(to_us));
	memcpy(CMSG_DATA(c), &to_us, sizeof(to_us));
	(void)!sendmsg(p->fd, &message, 0); /* lost like on the wire: the phone asks again */
}

static bool sent_to(struct msghdr *message, struct in_pktinfo *to_us)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(to_us, CMSG_DATA(c), sizeof(*to_us));
		return to_us->ipi_addr.s_addr == to_us->ipi_spec_dst.s_addr;
	}
	return false;
}

static void on_datagram(uv_poll_t *poll, int status, int events)
{
	struct sip_port *p = poll->data;

	(void)events;
	if (status < 0)
		return;
	look_up_models(p);
	for (int i = 0; i < DATAGRAMS_PER_WAKE; i++) {
		_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct sockaddr_in in;
		struct iovec part = {p->buffer, sizeof(p->buffer)};
		struct msghdr message = {.msg_name = &in,
					 .msg_namelen = sizeof(in),
					 .msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		struct in_pktinfo to_us;
		ssize_t n = recvmsg(p->fd, &message, 0);
		struct sip_peer from;

		if (n < 0)
			return;
		from = (struct sip_peer){ntohl(in.sin_addr.s_addr), ntohs(in.sin_port)};
		if ((message.msg_flags & MSG_TRUNC) || !is_local(p->daemon, from.ip) ||
		    from.port == 0 || !sent_to(&message, &to_us))
			continue;
		sip_datagram(&p->sip, from, p->buffer, (size_t)n, daemon_now(), &p->out);
		if (p->out.len)
			answer(p, to_us);
		if (p->out.event_count)
			daemon_emit(p->daemon, &p->out.event);
	}
}

/* ---- TCP ---- */

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void drop(struct sip_connection *c)
{
	if (c->port->connection[c->slot] == c)
		c->port->connection[c->slot] = NULL;
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* Does what the stream asked for in p->out; false when the connection is gone. */
static bool perform(struct sip_port *p, struct sip_connection *c)
{
	uv_buf_t part = uv_buf_init((char *)p->out.data, (unsigned)p->out.len);
	bool close_it = p->out.close;

	if (p->out.len && uv_try_write((uv_stream_t *)&c->tcp, &part, 1) != (int)p->out.len)
		close_it = true;
	if (p->out.event_count)
		daemon_emit(p->daemon, &p->out.event);
	if (close_it)
		drop(c);
	return !close_it;
}

static void arm(struct sip_port *p, usec_t deadline);

static void on_timer(uv_timer_t *timer)
{
	struct sip_port *p = timer->data;
	usec_t now = daemon_now(), next = USEC_NEVER;

	p->armed = USEC_NEVER;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct sip_connection *c = p->connection[i];

		if (!c)
			continue;
		if (sip_deadline(&c->stream) <= now) {
			sip_tick(&c->stream, now, &p->out);
			if (!perform(p, c))
				continue;
		}
		if (sip_deadline(&c->stream) < next)
			next = sip_deadline(&c->stream);
	}
	arm(p, next);
}

/* One timer for all, set anew only when it would fire too late. */
static void arm(struct sip_port *p, usec_t deadline)
{
	usec_t now = daemon_now();

	if (deadline >= p->armed)
		return;
	p->armed = deadline;
	uv_timer_start(&p->timer, on_timer, deadline > now ? (deadline - now + 999) / 1000 : 0, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct sip_connection *c = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)c->port->buffer, sizeof(c->port->buffer));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct sip_connection *c = stream->data;
	struct sip_port *p = c->port;
	const uint8_t *data = (const uint8_t *)buffer->base;
	size_t left = n > 0 ? (size_t)n : 0;

	if (n < 0) {
		drop(c);
		return;
	}
	look_up_models(p);
	while (left > 0) {
		size_t taken = sip_receive(&c->stream, data, left, daemon_now(), &p->out);

		must(taken > 0 && taken <= left);
		if (!perform(p, c))
			return;
		data += taken;
		left -= taken;
	}
	arm(p, sip_deadline(&c->stream));
}

/* A place in the table for a new one; whoever was silent for longest makes room, first of all among
 * those of the same phone when it has too many. */
static unsigned make_room(struct sip_port *p, uint32_t peer)
{
	struct sip_connection *oldest = NULL, *oldest_of_peer = NULL;
	unsigned of_peer = 0, unused = CONNECTIONS_MAX;

	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct sip_connection *c = p->connection[i];

		if (!c) {
			unused = i;
			continue;
		}
		if (!oldest || c->stream.deadline < oldest->stream.deadline)
			oldest = c;
		if (c->stream.peer.ip != peer)
			continue;
		of_peer++;
		if (!oldest_of_peer || c->stream.deadline < oldest_of_peer->stream.deadline)
			oldest_of_peer = c;
	}
	if (of_peer >= CONNECTIONS_OF_PEER)
		oldest = oldest_of_peer;
	else if (unused < CONNECTIONS_MAX)
		return unused;
	unused = oldest->slot;
	drop(oldest);
	return unused;
}

/* ip 0: not known, it is gone already. */
static struct sip_peer peer_of(const uv_tcp_t *tcp)
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in in;
	int len = sizeof(from);

	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&from, &len) != 0 ||
	    from.ss_family != AF_INET)
		return (struct sip_peer){0, 0};
	memcpy(&in, &from, sizeof(in));
	return (struct sip_peer){ntohl(in.sin_addr.s_addr), ntohs(in.sin_port)};
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct sip_port *p = listener->data;
	struct sip_connection *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;
	struct sip_peer peer;
	int size = SEND_BUFFER;

	if (!c)
		return;
	uv_tcp_init(p->daemon->loop, &c->tcp);
	c->tcp.data = c;
	c->port = p;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
	    !is_local(p->daemon, (peer = peer_of(&c->tcp)).ip)) {
		uv_close((uv_handle_t *)&c->tcp, on_closed);
		return;
	}
	uv_send_buffer_size((uv_handle_t *)&c->tcp, &size);
	uv_tcp_nodelay(&c->tcp, 1);
	c->slot = make_room(p, peer.ip);
	p->connection[c->slot] = c;
	sip_init(&c->stream, &p->sip, peer, daemon_now());
	if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_bytes) != 0)
		drop(c);
	else
		arm(p, sip_deadline(&c->stream));
}

/* ---- opening and closing ---- */

static void unheard(struct daemon *d, const char *protocol, const char *why)
{
	daemon_note(d, SEVERITY_WARNING, "sip-port",
		    "Phones that register by SIP over %s are not heard: %s. They are recovered all "
		    "the same; what they run is seen in other ways.",
		    protocol, why);
}

static void open_udp(struct sip_port *p)
{
	struct daemon *d = p->daemon;
	char holder[128];
	struct fault f;

	p->fd = udp_open(d->config->interface, INADDR_ANY, SIP_PORT, &f);
	if (p->fd < 0) {
		if (p->fd ==
		    -EADDRINUSE) { /* udp_open() has advice for ports we cannot do without */
			port_holder(IPPROTO_UDP, SIP_PORT, holder, sizeof(holder));
			fault_set(&f, p->fd, "UDP port %u is held by %s", SIP_PORT, holder);
		}
		unheard(d, "UDP", f.text);
		return;
	}
	uv_poll_init(d->loop, &p->poll, p->fd);
	p->poll.data = p;
	uv_poll_start(&p->poll, UV_READABLE, on_datagram);
}

static void open_tcp(struct sip_port *p)
{
	struct daemon *d = p->daemon;
	char holder[128];
	struct fault f;
	int fd = tcp_open(d->config->interface, SIP_PORT, &f), err;

	if (fd < 0) {
		unheard(d, "TCP", f.text);
		return;
	}
	err = uv_tcp_open(&p->listener, fd);
	if (err)
		close(fd);
	else
		err = uv_listen((uv_stream_t *)&p->listener, BACKLOG, on_connection);
	if (!err)
		return;
	/* Two that do not listen yet may both be bound; it shows only now. */
	port_holder(IPPROTO_TCP, SIP_PORT, holder, sizeof(holder));
	if (err == UV_EADDRINUSE)
		fault_set(&f, err, "TCP port %u is held by %s", SIP_PORT, holder);
	else
		fault_set(&f, err, "cannot listen on TCP port %u: %s", SIP_PORT, uv_strerror(err));
	unheard(d, "TCP", f.text);
}

static int sip_open(struct daemon *d, struct fault *f)
{
	struct sip_port *p;

	if (!(d->config->listen & LISTEN_SIP))
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return fault_set(f, -ENOMEM, "no memory to listen for SIP");
	p->daemon = d;
	p->armed = USEC_NEVER;
	sip_setup(&p->sip, d->phones.models);
	uv_tcp_init(d->loop, &p->listener);
	uv_timer_init(d->loop, &p->timer);
	p->listener.data = p->timer.data = p;
	d->sip = p;
	open_udp(p);
	open_tcp(p);
	return 0;
}

static void sip_stop(struct daemon *d)
{
	struct sip_port *p = d->sip;

	for (unsigned i = 0; p && i < CONNECTIONS_MAX; i++)
		if (p->connection[i])
			drop(p->connection[i]);
}

static void sip_close(struct daemon *d)
{
	if (d->sip && d->sip->fd >= 0)
		close(d->sip->fd);
	free(d->sip);
	d->sip = NULL;
}

const struct part sip_part = {"sip", sip_open, sip_stop, sip_close};
