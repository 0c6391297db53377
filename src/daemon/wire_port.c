/* SPDX-License-Identifier: MIT */
/*
 * CDP, and what else only a raw socket hears: a packet socket around overheard.c.
 *
 * It must cost nothing while phones fetch megabytes, so the kernel sorts the frames: a filter
 * lets through CDP, questions by ARP for somebody else, TFTP requests to somebody else and what
 * other DHCP servers say. DATA and ACK frames never wake us; what we send ourselves is not even
 * shown to the filter.
 *
 * The kernel takes VLAN tags off before it shows us a frame. Frames of other VLANs than our own
 * say nothing of this wire, except by CDP.
 *
 * The interface going down comes as an error on the socket (ENETDOWN), of which libuv makes an end
 * of the watching: it is taken up again, and the socket hears on when the interface is back.
 *
 * Without this socket the phones recover all the same, so a failure here is only said.
 */
#include "daemon.h"

#include "reflashd/frame.h"
#include "reflashd/overheard.h"
#include "reflashd/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES_PER_WAKE 64

/* Linux 4.20 and later; before that the filter does it alone. */
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct wire_port {
	struct daemon *daemon;
	int fd;
	bool open;
	uv_poll_t poll;
	struct overheard overheard;
	struct overheard_out out;
};

/* Offsets into the frame. */
enum {
	AT_TYPE = 12,
	AT_ARP_OP = 20,
	AT_ARP_SENDER = 28,
	AT_ARP_TARGET = 38,
	AT_IP = 14,
	AT_IP_FRAGMENT = 20,
	AT_IP_PROTOCOL = 23,
	AT_IP_SRC = 26,
	AT_IP_DST = 30,
	AT_SNAP_PROTOCOL = 20,
	SNAP_CDP = 0x2000,
	NOTHING = 0x10000, /* no 16 bits are that */
};

#define LOAD(size, at)	  BPF_STMT(BPF_LD | (size) | BPF_ABS, (uint32_t)(at))
#define LOAD_ANCILLARY(a) LOAD(BPF_W, SKF_AD_OFF + (a))
#define KEEP		  BPF_STMT(BPF_RET | BPF_K, CDP_FRAME_MAX)
#define DROP		  BPF_STMT(BPF_RET | BPF_K, 0)
/* Two instructions each. */
#define DROP_IF(op, k)	   BPF_JUMP(BPF_JMP | (op) | BPF_K, (k), 0, 1), DROP
#define DROP_UNLESS(op, k) BPF_JUMP(BPF_JMP | (op) | BPF_K, (k), 1, 0), DROP
/* Otherwise on behind the n instructions that follow. */
#define WHEN(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))

static int attach_filter(int fd, uint32_t own, bool cdp)
{
	struct sock_filter code[] = {
		LOAD_ANCILLARY(SKF_AD_PKTTYPE),
		DROP_IF(BPF_JEQ, PACKET_OUTGOING),
		LOAD(BPF_W, 0),
		WHEN(0x01000ccc, 4),
		LOAD(BPF_H, AT_SNAP_PROTOCOL),
		DROP_UNLESS(BPF_JEQ, cdp ? SNAP_CDP : NOTHING),
		KEEP,
		LOAD_ANCILLARY(SKF_AD_VLAN_TAG),
		DROP_IF(BPF_JSET, 0x0fff),
		LOAD(BPF_H, AT_TYPE),
		WHEN(FRAME_TYPE_ARP, 10),
		LOAD(BPF_H, AT_ARP_OP),
		DROP_UNLESS(BPF_JEQ, FRAME_ARP_REQUEST),
		LOAD(BPF_W, AT_ARP_TARGET),
		DROP_IF(BPF_JEQ, own),
		LOAD(BPF_W, AT_ARP_SENDER),
		DROP_IF(BPF_JEQ, 0),
		KEEP,
		DROP_UNLESS(BPF_JEQ, FRAME_TYPE_IPV4),
		LOAD(BPF_B, AT_IP_PROTOCOL),
		DROP_UNLESS(BPF_JEQ, IPPROTO_UDP),
		LOAD(BPF_H, AT_IP_FRAGMENT),
		DROP_IF(BPF_JSET, 0x3fff),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, AT_IP), /* the length of the IP header */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, AT_IP),  /* UDP source port */
		WHEN(DHCP_SERVER_PORT, 4),
		LOAD(BPF_W, AT_IP_SRC),
		DROP_IF(BPF_JEQ, own),
		KEEP,
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, AT_IP + 2), /* destination port */
		DROP_UNLESS(BPF_JEQ, TFTP_PORT),
		LOAD(BPF_W, AT_IP_DST),
		DROP_IF(BPF_JEQ, own),
		KEEP,
	};
	struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static void hear(struct wire_port *w, const uint8_t *data, size_t len)
{
	struct daemon *d = w->daemon;
	struct overheard_out *out = &w->out;
	struct event *e = &out->event;

	overheard_receive(&w->overheard, data, len, daemon_now(), out);
	/* A frame that is lost here is like one lost on the wire: the phone asks again. */
	if (out->len)
		send(w->fd, out->frame, out->len, 0);
	if (!out->heard)
		return;
	if (e->type == EVENT_NETWORK_RIVAL)
		daemon_rival(d, e->server, out->chosen ? &e->mac : NULL);
	else
		daemon_emit(d, e);
}

static void on_frame(uv_poll_t *poll, int status, int events)
{
	struct wire_port *w = poll->data;
	uint8_t data[CDP_FRAME_MAX];
	int err;
	socklen_t size = sizeof(err);

	(void)events;
	if (status < 0) {
		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &size); /* which clears it */
		must(uv_poll_start(poll, UV_READABLE, on_frame) == 0);
	}
	for (int i = 0; i < FRAMES_PER_WAKE && !w->daemon->stopping; i++) {
		ssize_t n = recv(w->fd, data, sizeof(data), 0);

		if (n < 0)
			return;
		hear(w, data, (size_t)n);
	}
}

static bool hears_cdp(const struct wire_port *w)
{
	return w->overheard.config.cdp || w->overheard.config.cdp_power;
}

static int hear_interface(struct wire_port *w)
{
	int index = (int)w->daemon->link.index;
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index};
	struct packet_mreq group = {.mr_ifindex = index,
				    .mr_type = PACKET_MR_MULTICAST,
				    .mr_alen = ETH_ALEN,
				    .mr_address = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc}};

	if (hears_cdp(w)) {
		/* The kernel counts how often; it is no member of this one yet, mostly. */
		setsockopt(w->fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &group, sizeof(group));
		if (setsockopt(w->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof(group)))
			return -errno;
	}
	return bind(w->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ? -errno : 0;
}

static int open_socket(struct wire_port *w)
{
	int on = 1;

	/* Of no protocol, hence deaf, until the filter is there. */
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0 || attach_filter(w->fd, w->overheard.config.address, hears_cdp(w)) != 0)
		return -errno;
	if (setsockopt(w->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 &&
	    errno != ENOPROTOOPT)
		return -errno;
	return hear_interface(w);
}

static int wire_open(struct daemon *d, struct fault *f)
{
	struct overheard_config config = {.mac = d->link.mac,
					  .address = d->address,
					  .cdp = d->config->listen & LISTEN_CDP,
					  .cdp_power = d->config->cdp_power};
	struct wire_port *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return fault_set(f, -ENOMEM, "no memory to listen to the wire");
	d->wire = w;
	w->daemon = d;
	text_copy(config.interface, sizeof(config.interface), d->config->interface);
	overheard_init(&w->overheard, &config);
	err = open_socket(w);
	if (!err)
		err = uv_poll_init(d->loop, &w->poll, w->fd);
	if (err) {
		daemon_note(
			d, SEVERITY_WARNING, "wire-deaf",
			"Cannot listen to all that is said on %s: %s. Phones are served all the "
			"same, but what they announce by CDP is not heard.",
			d->config->interface, strerror(-err));
		return 0;
	}
	w->open = true;
	w->poll.data = w;
	must(uv_poll_start(&w->poll, UV_READABLE, on_frame) == 0);
	if (config.cdp_power)
		daemon_note(d, SEVERITY_NOTICE, "cdp-power",
			    "Phones that ask for power by CDP get an answer (--cdp-power). This is "
			    "unproven: nobody has tried it on a real phone yet.");
	return 0;
}

static void wire_stop(struct daemon *d)
{
	if (d->wire && d->wire->open)
		uv_close((uv_handle_t *)&d->wire->poll, NULL);
}

static int wire_tie(struct daemon *d)
{
	if (!d->wire || !d->wire->open)
		return 0;
	d->wire->overheard.config.mac = d->link.mac;
	return hear_interface(d->wire);
}

static void wire_close(struct daemon *d)
{
	if (d->wire && d->wire->fd >= 0)
		close(d->wire->fd);
	free(d->wire);
	d->wire = NULL;
}

const struct part wire_part = {"wire", wire_open, wire_stop, wire_close, wire_tie};
