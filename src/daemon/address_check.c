/* SPDX-License-Identifier: MIT */
/*
 * Is our address somebody else's already? Asked by ARP (arp_probe.h has the times) while the DHCP
 * probe waits for its answers anyway. If not, we say twice that it is ours (RFC 5227, section 2.3):
 * a phone that knew us by another adapter's hardware address would send its ACKs there until it
 * forgets it.
 *
 * The happy path: nobody answers in that time, and we serve; one more question follows when the
 * DHCP probe asks for the last time. Who does answer is named by its hardware address, and the
 * program ends before it has disturbed anybody; in mid-service (another cable was plugged in) it is
 * only said, since a phone may be writing its flash.
 */
#include "daemon.h"

#include "reflashd/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say_taken(struct address_check *c, struct mac holder)
{
	struct daemon *d = c->daemon;
	bool go_on = c->settled || d->config->force;
	char ip[IP4_TEXT_MAX], other[IP4_TEXT_MAX], mac[MAC_TEXT_MAX];

	ip4_format(d->address, ip);
	ip4_format(((d->address ^ 0x100) & 0xffffff00u) | 1, other); /* a neighbouring network */
	mac_format(holder, mac);
	c->taken = true;
	if (!c->said)
		daemon_note(d, go_on ? SEVERITY_WARNING : SEVERITY_ERROR, "address-taken",
			    "The address %s is used by somebody else on this wire already: by the "
			    "machine with the hardware address %s. Unplug that one, or give "
			    "reflashd another address, e.g. --address %s/24.",
			    ip, mac, other);
	c->said = true;
	if (go_on)
		return;
	address_check_pause(d);
	daemon_stop(d, EXIT_CODE_NETWORK, "our address is used by somebody else");
}

static void read_frames(struct address_check *c)
{
	struct daemon *d = c->daemon;
	uint8_t frame[FRAME_MAX];

	for (int i = 0; i < 64 && c->listening; i++) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(c->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from,
				     &from_len);
		struct frame_arp arp;

		if (n < 0)
			return;
		if (from.sll_pkttype != PACKET_OUTGOING &&
		    frame_arp_parse(&arp, frame, (size_t)n) && arp.sender_ip == d->address &&
		    !link_is_own_mac(arp.sender_mac))
			say_taken(c, arp.sender_mac);
	}
}

static void on_frame(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	read_frames(poll->data);
}

/* "Who has our address?", from nobody or, as an announcement, from that address. */
static void send_arp(struct address_check *c, uint32_t sender)
{
	struct daemon *d = c->daemon;
	struct frame_arp arp = frame_arp_request(d->link.mac, sender, d->address);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)d->link.index,
				 .sll_halen = ETH_ALEN,
				 .sll_protocol = htons(ETH_P_ARP)};
	uint8_t frame[FRAME_MIN];
	size_t len = frame_arp_write(frame, sizeof(frame), &arp);

	memset(to.sll_addr, 0xff, ETH_ALEN);
	sendto(c->fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to));
}

static void announce(struct address_check *c)
{
	if (!c->taken)
		send_arp(c, c->daemon->address);
}

static void on_timer(void *ctx)
{
	struct address_check *c = ctx;

	read_frames(c);
	if (!c->listening)
		return;
	if (arp_probe_tick(&c->probe, daemon_now())) {
		send_arp(c, 0);
		if (c->probe.state == ARP_PROBE_QUIET)
			announce(c);
	}
	if (c->probe.state != ARP_PROBE_WAITING && c->running) {
		c->running = false;
		announce(c);
		dhcp_port_go_on(&c->daemon->dhcp);
	}
	if (c->probe.state == ARP_PROBE_FREE) {
		c->settled = true;
		address_check_pause(c->daemon);
		return;
	}
	timer_at(&c->timer, arp_probe_deadline(&c->probe));
}

static int hear(struct address_check *c)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)c->daemon->link.index,
				 .sll_protocol = htons(ETH_P_ARP)};

	return bind(c->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ? -errno : 0;
}

int address_check_tie(struct daemon *d)
{
	return hear(&d->address_check);
}

void address_check_pause(struct daemon *d)
{
	struct address_check *c = &d->address_check;

	c->running = c->listening = false;
	timer_stop(&c->timer);
	uv_poll_stop(&c->poll);
}

int address_check_open(struct daemon *d, struct fault *f)
{
	struct address_check *c = &d->address_check;
	int err;

	c->daemon = d;
	/* No protocol until it is bound: else it hears every interface in between. */
	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = c->fd < 0 ? -errno : hear(c);
	if (err)
		return fault_set(f, err, "cannot send raw packets on %s: %s. Run this with sudo",
				 d->config->interface, strerror(-err));
	timer_init(&c->timer, &d->timers, on_timer, c);
	must(uv_poll_init(d->loop, &c->poll, c->fd) == 0);
	c->poll.data = c;
	return 0;
}

void address_check_start(struct daemon *d)
{
	struct address_check *c = &d->address_check;
	uint8_t old[FRAME_MIN];

	/* What was said before we asked may be long out of date. */
	for (int i = 0; i < 1000 && recv(c->fd, old, sizeof(old), MSG_TRUNC) >= 0; i++)
		;
	c->running = c->listening = true;
	c->taken = false;
	arp_probe_init(&c->probe, daemon_now());
	must(uv_poll_start(&c->poll, UV_READABLE, on_frame) == 0);
	on_timer(c);
}

void address_check_close(struct daemon *d)
{
	if (d->address_check.fd >= 0)
		close(d->address_check.fd);
	d->address_check.fd = -1;
}
