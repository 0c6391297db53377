/* SPDX-License-Identifier: MIT */
/*
 * The lanes: a few sockets that all transfers share.
 *
 * A transfer is known by the phone's address and port, so it needs no socket of its own. It is
 * put on one lane when it begins and stays there, since our port is what the phone knows it by
 * (RFC 1350 4: the TID); the next transfer goes to the next lane, so that a phone that starts over
 * from the same port is not reached by packets of what it did before. What is gained: one system
 * call takes in all ACKs that wait on a lane, and one sends all that follows from them, and a
 * transfer opens and closes nothing. DATA goes out straight from the verified bytes in memory.
 *
 * A lane with one transfer is connected to its phone, which saves the kernel a look at its routes
 * for each packet: one phone alone is served as fast as by a socket of its own.
 *
 * What can go wrong:
 * - a packet from an address and port that has no transfer on this lane: dropped without a
 *   word. It is a late ACK of a transfer that is over, or somebody guessing; an ERROR could
 *   only hit a phone's next transfer, or an address that was made up;
 * - the phone's port is closed: its "port unreachable" comes through the error queue of the lane,
 *   which names whose it was (IP_RECVERR). The same error is also reported once by the next
 *   call on this socket, whichever transfer that is for: that call is repeated;
 * - a phone that vanished: what waits for its ARP answer stands in the send buffer, which is
 *   therefore large enough for many of them; a full one loses a packet like the wire.
 *
 * UDP_SEGMENT (one large packet for a window, cut by the kernel or the card) is not used: a
 * recording of the wire would show packets that were never on it.
 */
#include "tftp_lane.h"
#include "daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM_IN	       (1 << 20) /* for ACKs: some thousand */
#define ROOM_OUT       (4 << 20) /* for windows to twenty phones that vanished */
#define WAKE_ROUNDS    4	 /* then others have their turn */
#define ERRORS_AT_ONCE 256

/* The address that the phone sent its request to: it expects the answers from there. */
static size_t put_source(uint8_t *control, size_t size, uint32_t local_ip)
{
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(local_ip)};
	struct msghdr m = {.msg_control = control, .msg_controllen = size};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return CMSG_SPACE(sizeof(info));
}

/* What goes out is made ready once; only what differs is filled in per packet. */
static void batch_init(struct tftp_batch *b)
{
	b->count = 0;
	b->local_ip = 0;
	for (unsigned i = 0; i < TFTP_BATCH; i++) {
		b->to[i] = (struct sockaddr_in){.sin_family = AF_INET};
		b->part[i][0] = (struct iovec){b->head[i], 4};
		b->message[i] = (struct mmsghdr){
			.msg_hdr = {.msg_iov = b->part[i], .msg_control = b->control}};
	}
}

/* One packet: the usual case while few phones are here. A plain sendto() of bytes in one piece is
 * the cheapest way for that. */
static int send_one(struct tftp_batch *b, unsigned i)
{
	const struct msghdr *m = &b->message[i].msg_hdr;
	size_t len = m->msg_iov[0].iov_len;

	if (m->msg_controllen)
		return sendmsg(b->lane->fd, m, 0) < 0 ? -1 : 1;
	memcpy(b->packet, m->msg_iov[0].iov_base, len);
	if (m->msg_iovlen == 2) {
		must(len + m->msg_iov[1].iov_len <= sizeof(b->packet));
		memcpy(b->packet + len, m->msg_iov[1].iov_base, m->msg_iov[1].iov_len);
		len += m->msg_iov[1].iov_len;
	}
	return sendto(b->lane->fd, b->packet, len, 0, m->msg_name, m->msg_namelen) < 0 ? -1 : 1;
}

/* Sends what is gathered. A packet that cannot be sent is like one lost on the wire. */
void tftp_lanes_flush(struct tftp_lanes *l)
{
	struct tftp_batch *b = &l->batch;
	unsigned done = 0;
	bool again = false;

	while (done < b->count) {
		int n = b->count - done == 1
				? send_one(b, done)
				: sendmmsg(b->lane->fd, b->message + done, b->count - done, 0);

		if (n > 0) {
			done += (unsigned)n;
			again = false;
		} else if (errno == EAGAIN) {
			break;
		} else if (!again) {
			again = true; /* the error may be another transfer's */
		} else {
			done++;
			again = false;
		}
	}
	b->count = 0;
}

/* Room for one more packet to that phone; the caller fills in what it holds. */
static unsigned batch_add(struct tftp_lanes *l, const struct tftp_seat *seat, struct tftp_peer peer)
{
	struct tftp_batch *b = &l->batch;
	struct msghdr *m;

	if (b->count && (b->count == TFTP_BATCH || b->lane != &l->lane[seat->lane] ||
			 b->local_ip != seat->local_ip))
		tftp_lanes_flush(l);
	if (!b->count) {
		b->lane = &l->lane[seat->lane];
		b->control_len =
			seat->local_ip ? put_source(b->control, sizeof(b->control), seat->local_ip)
				       : 0;
		b->local_ip = seat->local_ip;
	}
	b->to[b->count].sin_port = htons(peer.port);
	b->to[b->count].sin_addr.s_addr = htonl(peer.ip);
	m = &b->message[b->count].msg_hdr;
	m->msg_name = b->lane->connected ? NULL : &b->to[b->count];
	m->msg_namelen = b->lane->connected ? 0 : sizeof(b->to[0]);
	m->msg_controllen = b->control_len;
	return b->count++;
}

void tftp_lanes_send(struct tftp_lanes *l, const struct tftp_seat *seat,
		     const struct tftp_transfer *t, const struct tftp_out *out)
{
	const struct tftp_send *send = &out->send;
	const struct content *content = out->content;
	struct tftp_batch *b = &l->batch;

	if (send->control) {
		unsigned i = batch_add(l, seat, out->peer);

		/* These bytes do not stay: they go at once. */
		b->part[i][0] = (struct iovec){(void *)(uintptr_t)send->control, send->control_len};
		b->message[i].msg_hdr.msg_iovlen = 1;
		tftp_lanes_flush(l);
		b->part[i][0] = (struct iovec){b->head[i], 4};
	}
	for (unsigned n = 0; n < send->count; n++) {
		uint64_t offset;
		size_t len = tftp_transfer_block(t, send->first + n, &offset);
		unsigned i = batch_add(l, seat, out->peer);

		must(offset + len <= content->len);
		tftp_data_head(b->head[i], (uint16_t)(send->first + n));
		b->part[i][1] = (struct iovec){(void *)(uintptr_t)(content->data + offset), len};
		b->message[i].msg_hdr.msg_iovlen = 2;
	}
}

/* ---- in ---- */

/* Only what the phone itself said counts: that its port is closed. */
static void take_errors(struct tftp_lane *lane)
{
	for (int i = 0; i < ERRORS_AT_ONCE; i++) {
		_Alignas(struct cmsghdr) uint8_t control[256];
		uint8_t data[16];
		struct sockaddr_in to = {0};
		struct iovec part = {data, sizeof(data)};
		struct msghdr m = {.msg_name = &to,
				   .msg_namelen = sizeof(to),
				   .msg_iov = &part,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};

		if (recvmsg(lane->fd, &m, MSG_ERRQUEUE) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			struct sock_extended_err e;

			if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR)
				continue;
			memcpy(&e, CMSG_DATA(c), sizeof(e));
			if (e.ee_origin == SO_EE_ORIGIN_ICMP && e.ee_errno == ECONNREFUSED)
				lane->lanes->refused(lane->lanes->ctx, lane->number,
						     (struct tftp_peer){ntohl(to.sin_addr.s_addr),
									ntohs(to.sin_port)});
		}
	}
}

/* One packet, or all that wait: asking for more than there can be costs time, too. */
static int receive(struct tftp_lane *lane, unsigned max)
{
	struct tftp_inbox *in = &lane->lanes->inbox;
	socklen_t from_len = sizeof(in->from[0]);
	ssize_t n;

	if (max > 1) {
		for (unsigned i = 0; i < TFTP_INBOX; i++)
			in->message[i].msg_hdr.msg_namelen = sizeof(in->from[i]);
		return recvmmsg(lane->fd, in->message, TFTP_INBOX, 0, NULL);
	}
	n = recvfrom(lane->fd, in->data[0], sizeof(in->data[0]), 0, (struct sockaddr *)&in->from[0],
		     &from_len);
	in->message[0].msg_len = n < 0 ? 0 : (unsigned)n;
	return n < 0 ? -1 : 1;
}

/*
 * First the packets, then the errors: a phone closes its port after its last ACK, and when we come
 * late (a machine that was asleep) both are here. errors: there are some, for all we know.
 */
static void take_packets(struct tftp_lane *lane, bool errors)
{
	struct tftp_lanes *l = lane->lanes;
	struct tftp_inbox *in = &l->inbox;

	for (int round = 0; round < WAKE_ROUNDS; round++) {
		unsigned max = l->expected(l->ctx) > 1 ? TFTP_INBOX : 1;
		int n = receive(lane, max);
		usec_t now;

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			errors = true; /* somebody's, and the packets are still there */
			continue;
		}
		if (n <= 0)
			break;
		now = daemon_now();
		for (int i = 0; i < n; i++)
			l->received(l->ctx, lane->number,
				    (struct tftp_peer){ntohl(in->from[i].sin_addr.s_addr),
						       ntohs(in->from[i].sin_port)},
				    in->data[i], in->message[i].msg_len, now);
		if ((unsigned)n < TFTP_INBOX)
			break;
		tftp_lanes_flush(l);
	}
	if (errors)
		take_errors(lane);
	tftp_lanes_flush(l);
	l->rest(l->ctx);
}

static void on_lane(uv_poll_t *poll, int status, int events)
{
	struct tftp_lane *lane = poll->data;

	(void)events;
	take_packets(lane, status < 0);
	/* libuv stops a watcher when the socket reports an error. */
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, on_lane);
}

/* ---- open and close ---- */

static void inbox_init(struct tftp_inbox *in)
{
	for (unsigned i = 0; i < TFTP_INBOX; i++) {
		in->part[i] = (struct iovec){in->data[i], sizeof(in->data[i])};
		in->message[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &in->from[i],
							      .msg_iov = &in->part[i],
							      .msg_iovlen = 1}};
	}
}

static void make_room(int fd, int forced, int asked, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) != 0)
		setsockopt(fd, SOL_SOCKET, asked, &bytes, sizeof(bytes));
}

/* A free port, asked for by its number: only then it stays when the socket is disconnected. */
static int open_port(const char *interface, struct fault *f)
{
	for (int i = 0;; i++) {
		struct sockaddr_in a;
		socklen_t len = sizeof(a);
		int fd = udp_open(interface, INADDR_ANY, 0, f), off = 0;

		if (fd < 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
			return fd;
		close(fd);
		fd = udp_open(interface, INADDR_ANY, ntohs(a.sin_port), f);
		if (fd >= 0)
			setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &off, sizeof(off));
		if (fd != -EADDRINUSE || i == 10)
			return fd;
	}
}

int tftp_lanes_open(struct tftp_lanes *l, struct daemon *d, struct fault *f)
{
	int on = 1;

	batch_init(&l->batch);
	inbox_init(&l->inbox);
	l->next = (unsigned)daemon_now();
	l->scout = -1;
	for (unsigned i = 0; i < TFTP_LANES; i++) {
		struct tftp_lane *lane = &l->lane[i];

		lane->lanes = l;
		lane->number = i;
		lane->fd = open_port(d->config->interface, f);
		if (lane->fd < 0)
			return lane->fd;
		make_room(lane->fd, SO_RCVBUFFORCE, SO_RCVBUF, ROOM_IN);
		make_room(lane->fd, SO_SNDBUFFORCE, SO_SNDBUF, ROOM_OUT);
		if (setsockopt(lane->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) != 0)
			return fault_set(f, -errno, "cannot set up a port for TFTP transfers: %s",
					 strerror(errno));
		uv_poll_init(d->loop, &lane->poll, lane->fd);
		lane->poll.data = lane;
		uv_poll_start(&lane->poll, UV_READABLE, on_lane);
	}
	l->scout = udp_open(d->config->interface, INADDR_ANY, 0, f);
	return l->scout < 0 ? l->scout : 0;
}

int tftp_lanes_tie(struct tftp_lanes *l, const struct link_state *s)
{
	int err = link_tie(s->name, l->scout);

	for (unsigned i = 0; !err && i < TFTP_LANES; i++)
		err = link_tie(s->name, l->lane[i].fd);
	return err;
}

static void disconnect(struct tftp_lane *lane)
{
	struct sockaddr a = {.sa_family = AF_UNSPEC};

	if (lane->connected && connect(lane->fd, &a, sizeof(a)) == 0)
		lane->connected = false;
}

/* Connects and says from which address of ours a packet would leave; 0: cannot say. */
static uint32_t connect_to(int fd, struct tftp_peer peer)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(peer.port),
				.sin_addr.s_addr = htonl(peer.ip)};
	socklen_t len = sizeof(a);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return 0;
	return ntohl(a.sin_addr.s_addr);
}

/* The emptiest; of several the one whose turn it is. */
static struct tftp_lane *choose(struct tftp_lanes *l)
{
	struct tftp_lane *best = NULL;

	l->next++;
	for (unsigned i = 0; i < TFTP_LANES; i++) {
		struct tftp_lane *lane = &l->lane[(l->next + i) % TFTP_LANES];

		if (!best || lane->users < best->users)
			best = lane;
	}
	return best;
}

struct tftp_seat tftp_lanes_seat(struct tftp_lanes *l, struct tftp_peer peer, uint32_t local_ip)
{
	struct tftp_lane *lane = choose(l);
	uint32_t source;

	tftp_lanes_flush(l); /* what waits there was meant for the lane as it is */
	disconnect(lane);
	if (lane->users++ == 0) {
		source = connect_to(lane->fd, peer);
		lane->connected = source != 0;
	} else {
		source = connect_to(l->scout, peer);
	}
	return (struct tftp_seat){source == local_ip ? 0 : local_ip, (uint8_t)lane->number};
}

void tftp_lanes_leave(struct tftp_lanes *l, const struct tftp_seat *seat)
{
	must(l->lane[seat->lane].users > 0);
	l->lane[seat->lane].users--;
}

void tftp_lanes_close(struct tftp_lanes *l)
{
	if (l->lane[0].lanes && l->scout >= 0)
		close(l->scout);
	for (unsigned i = 0; i < TFTP_LANES; i++)
		if (l->lane[i].lanes && l->lane[i].fd >= 0)
			close(l->lane[i].fd);
}
