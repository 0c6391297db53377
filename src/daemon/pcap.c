/* SPDX-License-Identifier: MIT */
/*
 * --pcap FILE: every frame in and out, in the pcap format of libpcap 2.4 (nanoseconds), which
 * Wireshark and tcpdump open. Format: draft-ietf-opsawg-pcap.
 *
 * The frames come from a packet socket of its own that sees both directions, so what is recorded
 * is what was on the wire and not what we believe to have sent. What goes out while a transfer
 * runs may come out of the kernel faster than it is written: the kernel counts what was lost, and
 * that number is said at the end. A disk that is full ends the recording, never the service.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define LINKTYPE_ETHERNET 1
#define FRAME_MAX	  65535
#define BUFFER_SIZE	  ((size_t)1 << 18)
#define SOCKET_BUFFER	  (8 << 20)
#define FLUSH_MS	  1000
#define FRAMES_AT_ONCE	  256 /* then the phones get their turn */

struct pcap {
	struct daemon *daemon;
	int socket_fd, file_fd;
	uv_poll_t poll;
	struct timer timer;
	size_t used;
	bool failed;
	uint8_t buffer[BUFFER_SIZE];
};

/* Numbers are in the byte order of whoever wrote the file; the magic tells. */
static void put32(uint8_t *out, uint32_t value)
{
	memcpy(out, &value, sizeof(value));
}

static void flush(struct pcap *p)
{
	size_t done = 0;

	while (done < p->used && !p->failed) {
		ssize_t n = write(p->file_fd, p->buffer + done, p->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			p->failed = true; /* before the note, whose own frames come by here */
			uv_poll_stop(&p->poll);
			timer_stop(&p->timer);
			daemon_note(p->daemon, SEVERITY_WARNING, "pcap-failed",
				    "The recording in `%s' ends here: %s. The service goes on.",
				    p->daemon->config->pcap, strerror(n < 0 ? errno : ENOSPC));
			break;
		}
		done += (size_t)n;
	}
	p->used = 0;
}

static void record(struct pcap *p, const struct timespec *at, const uint8_t *frame, size_t len,
		   size_t on_wire)
{
	uint8_t head[16];

	if (p->used + sizeof(head) + len > sizeof(p->buffer))
		flush(p);
	if (p->failed)
		return;
	put32(head, (uint32_t)at->tv_sec);
	put32(head + 4, (uint32_t)at->tv_nsec);
	put32(head + 8, (uint32_t)len);
	put32(head + 12, (uint32_t)on_wire);
	memcpy(p->buffer + p->used, head, sizeof(head));
	memcpy(p->buffer + p->used + sizeof(head), frame, len);
	p->used += sizeof(head) + len;
}

static void stamp_of(struct msghdr *message, struct timespec *at)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(at, CMSG_DATA(c), sizeof(*at));
			return;
		}
	}
	clock_gettime(CLOCK_REALTIME, at);
}

static void on_frames(uv_poll_t *poll, int status, int events)
{
	struct pcap *p = poll->data;
	uint8_t frame[FRAME_MAX], control[128];
	int err;
	socklen_t size = sizeof(err);

	(void)events;
	if (status < 0) { /* the interface went down, and libuv has stopped the watching */
		getsockopt(p->socket_fd, SOL_SOCKET, SO_ERROR, &err, &size); /* clears it */
		must(uv_poll_start(poll, UV_READABLE, on_frames) == 0);
	}
	for (unsigned i = 0; i < FRAMES_AT_ONCE && !p->failed; i++) {
		struct iovec part = {frame, sizeof(frame)};
		struct msghdr message = {.msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		struct timespec at;
		ssize_t n = recvmsg(p->socket_fd, &message, MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0) /* nothing more, or the interface is down: it comes back */
			return;
		stamp_of(&message, &at);
		record(p, &at, frame, (size_t)n < sizeof(frame) ? (size_t)n : sizeof(frame),
		       (size_t)n);
	}
}

static void on_flush(void *ctx)
{
	struct pcap *p = ctx;

	timer_in(&p->timer, FLUSH_MS);
	flush(p);
}

static void write_head(struct pcap *p)
{
	uint8_t head[24] = {0};
	const uint16_t version[2] = {2, 4};

	put32(head, MAGIC_NANOSECONDS);
	memcpy(head + 4, version, sizeof(version));
	put32(head + 16, FRAME_MAX);
	put32(head + 20, LINKTYPE_ETHERNET);
	memcpy(p->buffer, head, sizeof(head));
	p->used = sizeof(head);
}

static int hear(int fd, unsigned index)
{
	struct sockaddr_ll sa = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)index};

	return bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ? -errno : 0;
}

static int open_socket(unsigned index)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1,
	    size = SOCKET_BUFFER, err;

	if (fd < 0)
		return -errno;
	/* FORCE needs a privilege that a service may not have; the other one then does a part. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	err = setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ? -errno
									       : hear(fd, index);
	if (err)
		close(fd);
	return err ? err : fd;
}

int pcap_prepare(struct daemon *d, struct fault *f)
{
	const char *path = d->config->pcap;
	struct pcap *p;

	if (!*path)
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return fault_set(f, -ENOMEM, "no memory to record frames");
	d->pcap = p;
	p->daemon = d;
	p->socket_fd = -1;
	p->file_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (p->file_fd < 0)
		return fault_set(f, -errno, "cannot record frames in `%s': %s", path,
				 strerror(errno));
	return 0;
}

static int pcap_open(struct daemon *d, struct fault *f)
{
	struct pcap *p = d->pcap;

	if (!p)
		return 0;
	/* Only now: until here the start could fail, and an older recording is not lost for that.
	 * A FIFO cannot be cut, and need not. */
	if (ftruncate(p->file_fd, 0) != 0 && errno != EINVAL)
		return fault_set(f, -errno, "cannot record frames in `%s': %s", d->config->pcap,
				 strerror(errno));
	p->socket_fd = open_socket(d->link.index);
	if (p->socket_fd < 0)
		return fault_set(f, p->socket_fd, "cannot record the frames of %s: %s",
				 d->config->interface, strerror(-p->socket_fd));
	must(uv_poll_init(d->loop, &p->poll, p->socket_fd) == 0);
	timer_init(&p->timer, &d->timers, on_flush, p);
	p->poll.data = p;
	must(uv_poll_start(&p->poll, UV_READABLE, on_frames) == 0);
	timer_in(&p->timer, FLUSH_MS);
	write_head(p);
	flush(p);
	return 0;
}

/* The recording goes on in the same file. */
static int pcap_tie(struct daemon *d)
{
	return d->pcap ? hear(d->pcap->socket_fd, d->link.index) : 0;
}

/* What is in the socket still belongs into the file. */
static void pcap_stop(struct daemon *d)
{
	struct tpacket_stats lost;
	socklen_t size = sizeof(lost);
	struct pcap *p = d->pcap;

	if (!p || p->socket_fd < 0)
		return;
	for (unsigned i = 0; i < 64; i++)
		on_frames(&p->poll, 0, UV_READABLE);
	flush(p);
	if (getsockopt(p->socket_fd, SOL_PACKET, PACKET_STATISTICS, &lost, &size) == 0 &&
	    lost.tp_drops)
		daemon_note(d, SEVERITY_WARNING, "pcap-incomplete",
			    "The recording in `%s' lacks %u frames: they came faster than they "
			    "could be written.",
			    d->config->pcap, lost.tp_drops);
}

static void pcap_close(struct daemon *d)
{
	struct pcap *p = d->pcap;

	if (!p)
		return;
	if (p->socket_fd >= 0)
		close(p->socket_fd);
	if (p->file_fd >= 0)
		close(p->file_fd);
	free(p);
	d->pcap = NULL;
}

const struct part pcap_part = {"pcap", pcap_open, pcap_stop, pcap_close, pcap_tie};
