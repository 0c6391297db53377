/* SPDX-License-Identifier: MIT */
/*
 * A bad wire: two interfaces, and between them somebody who loses, doubles, delays and reorders.
 *
 *     wire --loss 30 --dup 10,0 --delay 2 --reorder 25 w0 w1
 *
 * Every kernel has packet sockets, few have netem. A number stands for both directions, two of
 * them for the way from the first interface to the second, and for the way back:
 *
 *     --loss, --dup, --reorder PERCENT   of the frames
 *     --delay MS                         for every frame
 *     --hold MS                          how much longer a reordered frame is on its way (5)
 *     --seed N                           of the dice (1)
 *
 * The happy path: a frame comes → the dice say what happens to it → it waits for its time → it
 * leaves at the other end. What the dice say of the n-th frame of a direction depends on the seed,
 * the direction and n alone: the same frames meet the same fate in every run. (Who sends
 * by a clock sends other frames in another run.) IPv6, which kernels talk among themselves at times
 * of their own, passes without a throw.
 *
 * SIGTERM, SIGINT or SIGHUP ends it: exit 0, and a line for each direction says what was done.
 *
 * What can go wrong: a veth leaves checksums to nobody and passes several segments in one frame.
 * The kernel says so in a virtio_net_hdr (packet(7)): a checksum is put in here, as an adapter
 * would; of several segments, head and all are handed on as they came. Its own frames are
 * not taken in again (PACKET_OUTGOING). More frames on their way than there is room for: the wire
 * is full, the frame is lost and counted as such.
 */
#include "reflashd/text.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FRAME_SIZE 65600 /* several segments in one, and a head */
#define ROOM	   (16u << 20)
#define MOST	   100 /* frames of one direction at once, then the other has its turn */

/* On its way. */
struct frame {
	struct frame *next;
	usec_t when;
	struct virtio_net_hdr head;
	size_t len;
	uint8_t data[];
};

/* From one interface to the other. */
struct way {
	const char *from, *to;
	int in, out;
	uint64_t loss, dup, reorder; /* percent */
	usec_t delay, hold;
	uint64_t number;   /* of the frame */
	struct frame *way; /* the earliest first */
	uint64_t lost, doubled, reordered, full;
};

struct wire {
	struct way way[2];
	uint64_t seed;
	size_t room; /* bytes on their way */
	uint8_t data[FRAME_SIZE];
};

static usec_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec_t)t.tv_sec * 1000000u + (usec_t)t.tv_nsec / 1000u;
}

/* ---- dice ---- */

static uint64_t mix(uint64_t x)
{
	/* splitmix64: neighbours are far apart */
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Does it happen to this frame? question: one of the things that can happen to it. */
static bool happens(const struct wire *w, const struct way *d, unsigned question, uint64_t percent)
{
	uint64_t dice = mix(w->seed);

	dice = mix(dice ^ (uint64_t)(d - w->way));
	dice = mix(dice ^ d->number);
	dice = mix(dice ^ question);
	return dice % 100 < percent;
}

/* ---- frames ---- */

static uint16_t sum_of(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* As the sending adapter would have done it. */
static void put_checksum(struct virtio_net_hdr *head, uint8_t *data, size_t len)
{
	size_t start = head->csum_start, at = start + head->csum_offset;
	uint16_t sum;

	if (!(head->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	    head->gso_type != VIRTIO_NET_HDR_GSO_NONE || at + 2 > len)
		return;
	sum = sum_of(data + start, len - start);
	if (sum == 0)
		sum = 0xffff; /* 0 in UDP: there is none (RFC 768) */
	data[at] = (uint8_t)(sum >> 8);
	data[at + 1] = (uint8_t)sum;
	head->flags = 0;
}

static void launch(struct wire *w, struct way *d, const struct virtio_net_hdr *head,
		   const uint8_t *data, size_t len, usec_t when)
{
	struct frame *f = w->room + len <= ROOM ? malloc(sizeof(*f) + len) : NULL, **at;

	if (!f) {
		d->full++;
		return;
	}
	f->head = *head;
	f->len = len;
	f->when = when;
	memcpy(f->data, data, len);
	/* Behind all that leave at the same time: order is kept unless it was meant to break. */
	for (at = &d->way; *at && (*at)->when <= when; at = &(*at)->next)
		;
	f->next = *at;
	*at = f;
	w->room += len;
}

enum { LOST, DOUBLED, REORDERED, ITS_DOUBLE };

static void throw_dice(struct wire *w, struct way *d, struct virtio_net_hdr *head, uint8_t *data,
		       size_t len, usec_t now)
{
	usec_t when = now + d->delay;

	put_checksum(head, data, len);
	if (len >= 14 && data[12] == 0x86 && data[13] == 0xdd) {
		launch(w, d, head, data, len, when);
		return;
	}
	d->number++;
	if (happens(w, d, LOST, d->loss)) {
		d->lost++;
		return;
	}
	if (happens(w, d, DOUBLED, d->dup)) {
		d->doubled++;
		launch(w, d, head, data, len, when + (happens(w, d, ITS_DOUBLE, 50) ? d->hold : 0));
	}
	if (happens(w, d, REORDERED, d->reorder)) {
		d->reordered++;
		when += d->hold;
	}
	launch(w, d, head, data, len, when);
}

static void take_in(struct wire *w, struct way *d)
{
	for (unsigned i = 0; i < MOST; i++) {
		struct virtio_net_hdr head;
		struct sockaddr_ll from = {0};
		struct iovec part[] = {{&head, sizeof(head)}, {w->data, sizeof(w->data)}};
		struct msghdr m = {.msg_name = &from,
				   .msg_namelen = sizeof(from),
				   .msg_iov = part,
				   .msg_iovlen = 2};
		ssize_t n = recvmsg(d->in, &m, MSG_DONTWAIT);

		if (n < (ssize_t)sizeof(head))
			return;
		if (from.sll_pkttype != PACKET_OUTGOING && !(m.msg_flags & MSG_TRUNC))
			throw_dice(w, d, &head, w->data, (size_t)n - sizeof(head), clock_now());
	}
}

static void let_go(struct wire *w, struct way *d, usec_t now)
{
	while (d->way && d->way->when <= now) {
		struct frame *f = d->way;
		struct iovec part[] = {{&f->head, sizeof(f->head)}, {f->data, f->len}};
		struct msghdr m = {.msg_iov = part, .msg_iovlen = 2};

		/* An interface that is down, or has no room: lost, as on any wire. */
		if (sendmsg(d->out, &m, 0) < 0)
			d->full++;
		d->way = f->next;
		w->room -= f->len;
		free(f);
	}
}

/* ---- setting up ---- */

static int open_end(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, room = 4 << 20;

	if (fd < 0)
		err(1, "cannot open a packet socket");
	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(name);
	if (!at.sll_ifindex)
		err(1, "no interface %s", name);
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		err(1, "cannot be a wire at %s", name);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

static int usage(void)
{
	fprintf(stderr, "usage: wire [--loss PERCENT[,BACK]] [--dup PERCENT[,BACK]] "
			"[--reorder PERCENT[,BACK]]\n"
			"            [--delay MS[,BACK]] [--hold MS[,BACK]] [--seed N] "
			"INTERFACE INTERFACE\n");
	return 2;
}

/* "30" or "30,10" */
static bool pair(const char *text, uint64_t max, uint64_t out[2])
{
	char first[16];
	size_t n = strcspn(text, ",");

	if (n >= sizeof(first))
		return false;
	memcpy(first, text, n);
	first[n] = 0;
	return text_to_u64(first, 0, max, &out[0]) &&
	       text_to_u64(text[n] ? text + n + 1 : first, 0, max, &out[1]);
}

static bool parse(struct wire *w, int argc, char **argv)
{
	static const struct option options[] = {{"loss", 1, NULL, 'l'},	   {"dup", 1, NULL, 'd'},
						{"reorder", 1, NULL, 'r'}, {"delay", 1, NULL, 't'},
						{"hold", 1, NULL, 'h'},	   {"seed", 1, NULL, 's'},
						{NULL, 0, NULL, 0}};
	bool ok = true;
	int option;

	while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		struct way *a = &w->way[0], *b = &w->way[1];
		uint64_t v[2] = {0, 0};

		if (option == 's')
			ok = text_to_u64(optarg, 0, UINT64_MAX, &w->seed);
		else
			ok = option != '?' && pair(optarg, strchr("th", option) ? 10000 : 100, v);
		switch (option) {
		case 'l': a->loss = v[0], b->loss = v[1]; break;
		case 'd': a->dup = v[0], b->dup = v[1]; break;
		case 'r': a->reorder = v[0], b->reorder = v[1]; break;
		case 't': a->delay = USEC_MS(v[0]), b->delay = USEC_MS(v[1]); break;
		case 'h': a->hold = USEC_MS(v[0]), b->hold = USEC_MS(v[1]); break;
		default: break;
		}
	}
	if (!ok || argc - optind != 2)
		return false;
	w->way[0].from = w->way[1].to = argv[optind];
	w->way[1].from = w->way[0].to = argv[optind + 1];
	return true;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		err(1, "cannot wait for signals");
	return fd;
}

static void report(const struct way *d)
{
	printf("%s to %s: %llu frames: %llu lost, %llu doubled, %llu reordered, %llu had no room\n",
	       d->from, d->to, (unsigned long long)d->number, (unsigned long long)d->lost,
	       (unsigned long long)d->doubled, (unsigned long long)d->reordered,
	       (unsigned long long)d->full);
}

static struct timespec wait_for(const struct wire *w)
{
	usec_t first = USEC_NEVER, now = clock_now();

	for (unsigned i = 0; i < 2; i++)
		if (w->way[i].way && w->way[i].way->when < first)
			first = w->way[i].way->when;
	first = first <= now ? 0 : first - now;
	if (first > USEC_SEC(1))
		first = USEC_SEC(1);
	return (struct timespec){(time_t)(first / 1000000), (long)(first % 1000000) * 1000};
}

int main(int argc, char **argv)
{
	struct wire *w = calloc(1, sizeof(*w));
	struct pollfd fd[3];

	if (!w)
		err(1, "no memory");
	w->seed = 1;
	w->way[0].hold = w->way[1].hold = USEC_MS(5);
	if (!parse(w, argc, argv)) {
		free(w);
		return usage();
	}
	fd[2] = (struct pollfd){.fd = open_signals(), .events = POLLIN};
	for (unsigned i = 0; i < 2; i++) {
		w->way[i].in = w->way[1 - i].out = open_end(w->way[i].from);
		fd[i] = (struct pollfd){.fd = w->way[i].in, .events = POLLIN};
	}
	printf("a wire between %s and %s\n", w->way[0].from, w->way[0].to);
	fflush(stdout);
	for (;;) {
		struct timespec time = wait_for(w);

		if (ppoll(fd, 3, &time, NULL) < 0 && errno != EINTR)
			err(1, "cannot wait");
		if (fd[2].revents)
			break;
		for (unsigned i = 0; i < 2; i++) {
			if (fd[i].revents)
				take_in(w, &w->way[i]);
			let_go(w, &w->way[i], clock_now());
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		report(&w->way[i]);
		let_go(w, &w->way[i], USEC_NEVER); /* what is still on its way */
		close(w->way[i].in);
	}
	free(w);
	return 0;
}
