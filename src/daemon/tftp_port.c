/* SPDX-License-Identifier: MIT */
/*
 * TFTP on real sockets: port 69 for requests, and a few ports that all transfers share
 * (tftp_lane.c).
 *
 * The way of a block: the ACKs that wait on a lane are taken in at once → each is its
 * transfer's, found by the phone's address and port → what they ask for is gathered and sent at
 * once, from the verified bytes in memory. The clock is read once for all of them, and the timer
 * is looked at once.
 */
#include "daemon.h"

#include "reflashd/phone_config.h"
#include "reflashd/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_PER_WAKE 64
#define GIVE_UP		  TFTP_GIVE_UP
#define WINDOWSIZE_MAX	  64
#define BLOCK_MAX	  1468 /* an Ethernet frame without IP, UDP and TFTP heads */

/* The catalogue's answer as the TFTP machine wants it. */

static enum tftp_found give(struct tftp_port *p, const struct content *content, bool netascii,
			    struct tftp_file *file)
{
	struct store *store = p->daemon->store;

	if (content && netascii) {
		size_t len = tftp_netascii(content->data, content->len, NULL);
		uint8_t *converted = malloc(len ? len : 1);

		if (converted)
			tftp_netascii(content->data, content->len, converted);
		store_release(content);
		content = converted ? store_wrap(store, converted, len) : NULL;
	}
	if (!content) {
		text_copy(file->why, sizeof(file->why), "this machine is short of memory");
		return TFTP_TRY_LATER;
	}
	file->size = content->len;
	file->content = (void *)(uintptr_t)content;
	return TFTP_FOUND;
}

static enum tftp_found give_file(struct tftp_port *p, const struct answer *a, bool netascii,
				 struct tftp_file *file)
{
	struct fault f;
	const struct content *content = store_read(p->daemon->store, a->file, &f);

	text_copy(file->name, sizeof(file->name), a->file->name);
	if (a->bundle)
		text_copy(file->load, sizeof(file->load), a->bundle->load);
	if (!content) {
		text_copy(file->why, sizeof(file->why), f.text);
		return TFTP_TRY_LATER;
	}
	return give(p, content, netascii, file);
}

static enum tftp_found give_text(struct tftp_port *p, char *text, size_t len, bool netascii,
				 struct tftp_file *file)
{
	return give(p, text ? store_wrap(p->daemon->store, (uint8_t *)text, len) : NULL, netascii,
		    file);
}

/* What is known of the phone that asks for this file now; NULL: nothing. */
static const struct phone_facts *facts_of(struct daemon *d, uint32_t ip, const char *base,
					  struct phone_facts *facts)
{
	const struct lease *l = lease_find_ip(&d->dhcp.leases, ip);
	const struct phone *phone = l && l->state != LEASE_FREE && !mac_is_zero(l->mac)
					    ? phones_find(&d->phones, l->mac)
					    : phones_find_ip(&d->phones, ip);

	if (!phone)
		return NULL;
	phone_facts_asking(&d->phones, phone, base, bus_wall_ms(), facts);
	return facts;
}

static bool has_lease(struct daemon *d, uint32_t ip)
{
	const struct lease *l = lease_find_ip(&d->dhcp.leases, ip);

	return l && l->state == LEASE_BOUND;
}

static enum tftp_found find(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
			    struct tftp_file *file)
{
	struct tftp_port *p = ctx;
	struct daemon *d = p->daemon;
	struct phone_facts known;
	const struct phone_facts *facts = facts_of(d, ip, name->base, &known);
	struct answer a;
	char *text = NULL;
	size_t len = 0;

	memset(file, 0, sizeof(*file));
	file->known = has_lease(d, ip);
	catalogue_find(&d->catalogue, ip, name->folder, name->base, facts, &a);
	text_copy(file->name, sizeof(file->name), name->base);
	if (a.kind != ANSWER_EXPECTED)
		text_copy(file->why, sizeof(file->why), a.text);
	switch (a.kind) {
	case ANSWER_FILE: return give_file(p, &a, netascii, file);
	case ANSWER_XMLDEFAULT:
		if (xmldefault_render_for(store_library(d->store), d->config->target,
					  d->config->serve_incomplete, facts, d->address, &text,
					  &len) != 0)
			text = NULL;
		return give_text(p, text, len, netascii, file);
	case ANSWER_OS79XX:
		text = strdup(a.text);
		return give_text(p, text, strlen(a.text), netascii, file);
	case ANSWER_EXPECTED: return TFTP_MISS_EXPECTED;
	case ANSWER_UNKNOWN: return TFTP_MISS_UNKNOWN;
	case ANSWER_WITHHELD: return TFTP_WITHHELD;
	}
	return TFTP_MISS_UNKNOWN;
}

static void release(void *ctx, void *content)
{
	struct tftp_port *p = ctx;

	tftp_lanes_flush(&p->lanes); /* blocks of it may wait there */
	store_release(content);
}

static void arm(struct tftp_port *p);

/* Does what the machine asked for in p->out. */
static void perform(struct tftp_port *p)
{
	struct tftp_out *out = &p->out;

	if (out->error_len) {
		struct sockaddr_in to = {.sin_family = AF_INET,
					 .sin_port = htons(out->peer.port),
					 .sin_addr.s_addr = htonl(out->peer.ip)};

		sendto(p->fd, out->error, out->error_len, 0, (struct sockaddr *)&to, sizeof(to));
	}
	if (out->slot != TFTP_NO_SLOT) {
		if (out->displaced)
			tftp_lanes_leave(&p->lanes, &p->seat[out->displaced_slot]);
		if (out->opened)
			p->seat[out->slot] = tftp_lanes_seat(&p->lanes, out->peer, p->local_ip);
		if (out->send.control || out->send.count)
			tftp_lanes_send(&p->lanes, &p->seat[out->slot],
					&p->server.slots[out->slot].transfer, out);
	}
	for (unsigned i = 0; i < out->event_count; i++)
		daemon_emit(p->daemon, &out->events[i]);
	if (out->slot != TFTP_NO_SLOT && out->closed)
		tftp_lanes_leave(&p->lanes, &p->seat[out->slot]);
}

/* The transfer that this phone has on that lane. */
static uint32_t slot_on(const struct tftp_port *p, unsigned lane, struct tftp_peer peer)
{
	uint32_t slot = tftp_server_slot(&p->server, peer);

	return slot != TFTP_NO_SLOT && p->seat[slot].lane == lane ? slot : TFTP_NO_SLOT;
}

static void received(void *ctx, unsigned lane, struct tftp_peer from, const uint8_t *data,
		     size_t len, usec_t now)
{
	struct tftp_port *p = ctx;
	uint32_t slot = slot_on(p, lane, from);

	if (slot == TFTP_NO_SLOT)
		return;
	tftp_server_transfer_receive(&p->server, slot, data, len, now, &p->out);
	perform(p);
}

static void refused(void *ctx, unsigned lane, struct tftp_peer peer)
{
	struct tftp_port *p = ctx;
	uint32_t slot = slot_on(p, lane, peer);

	if (slot == TFTP_NO_SLOT)
		return;
	tftp_server_transfer_refused(&p->server, slot, daemon_now(), &p->out);
	perform(p);
}

static unsigned expected(void *ctx)
{
	const struct tftp_port *p = ctx;

	return p->server.active;
}

static void rest(void *ctx)
{
	arm(ctx);
}

static void on_timer(void *ctx)
{
	struct tftp_port *p = ctx;

	while (tftp_server_tick(&p->server, daemon_now(), &p->out))
		perform(p);
	tftp_lanes_flush(&p->lanes);
	arm(p);
}

/* The machine's deadline only ever moves later while packets flow, and a timer that fires early
 * costs little: it is set anew only when it would fire too late. */
static void arm(struct tftp_port *p)
{
	usec_t deadline = tftp_server_deadline(&p->server);

	if (deadline < p->timer.due)
		timer_at(&p->timer, deadline);
}

/* The address that a request was sent to: the phone expects the answer from there. */
static uint32_t sent_to(struct msghdr *message, uint32_t fallback)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct in_pktinfo info;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		return info.ipi_spec_dst.s_addr ? ntohl(info.ipi_spec_dst.s_addr) : fallback;
	}
	return fallback;
}

static void on_request(uv_poll_t *poll, int status, int events)
{
	struct tftp_port *p = poll->data;
	uint8_t data[1500];

	(void)events;
	if (status < 0)
		return;
	for (int i = 0; i < REQUESTS_PER_WAKE; i++) {
		_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct sockaddr_in from;
		struct iovec part = {data, sizeof(data)};
		struct msghdr message = {.msg_name = &from,
					 .msg_namelen = sizeof(from),
					 .msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(p->fd, &message, 0);
		struct tftp_peer peer;

		if (n < 0)
			break;
		peer = (struct tftp_peer){ntohl(from.sin_addr.s_addr), ntohs(from.sin_port)};
		if (!daemon_is_ours(p->daemon, peer.ip)) {
			daemon_refuse_foreigner(p->daemon, peer.ip);
			continue;
		}
		p->local_ip = sent_to(&message, p->daemon->address);
		tftp_server_receive(&p->server, peer, data, (size_t)n, daemon_now(), &p->out);
		perform(p);
	}
	tftp_lanes_flush(&p->lanes);
	arm(p);
}

static uint16_t block_max(const struct daemon *d)
{
	return (uint16_t)(d->link.mtu > 1500 ? BLOCK_MAX : d->link.mtu - 32);
}

int tftp_port_tie(struct tftp_port *p)
{
	int err = link_tie(p->daemon->link.name, p->fd);

	p->server.config.transfer.blksize_max = block_max(p->daemon);
	return err ? err : tftp_lanes_tie(&p->lanes, &p->daemon->link);
}

int tftp_port_open(struct tftp_port *p, struct daemon *d, struct fault *f)
{
	const struct config *c = d->config;
	struct tftp_server_config config = {.transfer = {.blksize_max = block_max(d),
							 .windowsize_max = WINDOWSIZE_MAX,
							 .give_up = GIVE_UP},
					    .max_transfers = c->max_transfers,
					    .max_per_client = c->max_per_client};
	struct tftp_catalogue catalogue = {.ctx = p, .find = find, .release = release};

	p->daemon = d;
	p->fd = -1;
	p->slots = calloc(c->max_transfers, sizeof(*p->slots));
	p->seat = calloc(c->max_transfers, sizeof(*p->seat));
	if (!p->slots || !p->seat)
		return fault_set(f, -ENOMEM, "no memory for %u transfers", c->max_transfers);
	tftp_server_init(&p->server, &config, &catalogue, p->slots);
	timer_init(&p->timer, &d->timers, on_timer, p);
	p->fd = udp_open(c->interface, INADDR_ANY, TFTP_PORT, f);
	if (p->fd < 0)
		return p->fd;
	uv_poll_init(d->loop, &p->poll, p->fd);
	p->poll.data = p;
	uv_poll_start(&p->poll, UV_READABLE, on_request);
	p->lanes.ctx = p;
	p->lanes.received = received;
	p->lanes.refused = refused;
	p->lanes.expected = expected;
	p->lanes.rest = rest;
	return tftp_lanes_open(&p->lanes, d, f);
}

void tftp_port_close(struct tftp_port *p)
{
	if (p->fd >= 0)
		close(p->fd);
	tftp_lanes_close(&p->lanes);
	for (uint32_t i = 0; p->slots && i < p->server.config.max_transfers; i++)
		if (p->slots[i].used)
			store_release(p->slots[i].file.content);
	free(p->seat);
	free(p->slots);
}
