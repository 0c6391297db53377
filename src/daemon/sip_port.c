/* SPDX-License-Identifier: MIT */
/*
 * SIP on UDP and TCP port 5060, around sip_datagram() and a table of streams (tcp_table.h).
 *
 * Only phones of our own network are heard. An answer leaves from the address that was asked, and
 * what was sent to everybody is not answered. The table of connections is bounded, and the one that
 * was silent for longest makes room; an answer is written at once or the connection is closed,
 * so that nothing queues up here for somebody who does not read.
 *
 * The port may be taken, most likely by a telephone exchange on this machine (Asterisk): that
 * costs one kind of proof and is no reason to stop.
 */
#include "tcp_table.h"

#include "reflashd/sip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAMS_PER_WAKE 64
#define READ_MAX	   8192 /* of a datagram, too: a REGISTER with its body has some 3000 */
#define SEND_BUFFER	   8192 /* of a connection's socket: our answers are small */

struct sip_connection {
	struct tcp_connection base;
	struct sip_stream stream;
};

struct sip_port {
	struct daemon *daemon;
	int fd;		      /* UDP, or -1 */
	uv_poll_t poll;
	struct tcp_table table;
	struct sip sip;
	struct sip_out out; /* large: kept off the stack */
	uint8_t buffer[READ_MAX];
};

/* A host of our network, and not the network's own two addresses: an answer to those would go to
 * everybody. */
static bool is_local(const struct daemon *d, uint32_t ip)
{
	uint32_t mask = ip4_netmask(d->prefix_len);

	return daemon_is_ours(d, ip) && ip != d->address && (ip & ~mask) != 0 &&
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

static struct sip_stream *stream_of(struct tcp_connection *c)
{
	return &((struct sip_connection *)(void *)c)->stream;
}

static const struct sip_stream *seen_of(const struct tcp_connection *c)
{
	return &((const struct sip_connection *)(const void *)c)->stream;
}

static bool begin(struct tcp_connection *c, usec_t now)
{
	struct sip_port *p = c->table->owner;

	if (!is_local(p->daemon, c->ip))
		return false;
	sip_init(stream_of(c), &p->sip, (struct sip_peer){c->ip, c->port}, now);
	return true;
}

static size_t receive(struct tcp_connection *c, const uint8_t *data, size_t len, usec_t now)
{
	struct sip_port *p = c->table->owner;

	look_up_models(p);
	return sip_receive(stream_of(c), data, len, now, &p->out);
}

static void tick(struct tcp_connection *c, usec_t now)
{
	struct sip_port *p = c->table->owner;

	sip_tick(stream_of(c), now, &p->out);
}

static bool perform(struct tcp_connection *c)
{
	struct sip_port *p = c->table->owner;
	bool keep = !p->out.close;

	if (p->out.len && !tcp_send(c, p->out.data, p->out.len))
		keep = false;
	if (p->out.event_count)
		daemon_emit(p->daemon, &p->out.event);
	return keep;
}

static usec_t deadline(const struct tcp_connection *c)
{
	return sip_deadline(seen_of(c));
}

/* Whoever was silent for longer. */
static bool goes_first(const struct tcp_connection *a, const struct tcp_connection *b)
{
	return seen_of(a)->deadline < seen_of(b)->deadline;
}

static const struct tcp_protocol sip_on_tcp = {
	.port = SIP_PORT,
	.crowded = "sip-crowded",
	.send_buffer = SEND_BUFFER,
	.size = sizeof(struct sip_connection),
	.begin = begin,
	.receive = receive,
	.tick = tick,
	.perform = perform,
	.deadline = deadline,
	.goes_first = goes_first,
};

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
	struct fault f;

	p->fd = udp_open(d->config->interface, INADDR_ANY, SIP_PORT, &f);
	if (p->fd < 0) {
		unheard(d, "UDP", f.text);
		return;
	}
	must(uv_poll_init(d->loop, &p->poll, p->fd) == 0);
	p->poll.data = p;
	must(uv_poll_start(&p->poll, UV_READABLE, on_datagram) == 0);
}

static void open_tcp(struct sip_port *p)
{
	struct fault f;

	if (tcp_table_open(&p->table, p->daemon, &sip_on_tcp, p, &f) != 0)
		unheard(p->daemon, "TCP", f.text);
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
	sip_setup(&p->sip, d->phones.models);
	d->sip = p;
	open_udp(p);
	open_tcp(p);
	return 0;
}

static void sip_stop(struct daemon *d)
{
	if (d->sip)
		tcp_table_stop(&d->sip->table);
}

static int sip_tie(struct daemon *d)
{
	int err = 0;

	if (d->sip && d->sip->fd >= 0)
		err = link_tie(d->link.name, d->sip->fd);
	return err || !d->sip ? err : tcp_table_tie(&d->sip->table);
}

static void sip_close(struct daemon *d)
{
	if (d->sip)
		tcp_table_close(&d->sip->table);
	if (d->sip && d->sip->fd >= 0)
		close(d->sip->fd);
	free(d->sip);
	d->sip = NULL;
}

const struct part sip_part = {"sip", sip_open, sip_stop, sip_close, sip_tie};
