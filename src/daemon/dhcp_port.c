/* SPDX-License-Identifier: MIT */
/*
 * DHCP on real sockets: UDP 67 for clients, UDP 68 to overhear other servers, and a packet
 * socket for what UDP cannot say.
 *
 * Order of things: the link comes up → the probe asks whether somebody else serves here →
 * nobody answers at once → we serve, once the firmware is read and our address is found to be
 * ours, which goes on meanwhile; the probe listens on, because some servers think for three
 * seconds. What phones ask while the probe waits is answered when it is over: some ask again only
 * after seconds. From then on one DISCOVER every five to six seconds: with the three seconds that
 * dnsmasq thinks, a server that appears in mid-run is known within ten.
 *
 * A reply to a client that has no address yet goes to its hardware address in a frame of our
 * own making (the kernel would ask by ARP, and nobody would answer).
 */
#include "daemon.h"

#include "reflashd/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_PER_WAKE 64

static void send_frame(struct dhcp_port *p, const struct frame_udp *f, const void *data, size_t len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)p->daemon->link.index,
				 .sll_halen = ETH_ALEN,
				 .sll_protocol = htons(ETH_P_IP)};
	uint8_t frame[FRAME_MAX];
	size_t n = frame_write(frame, sizeof(frame), f, data, len);

	memcpy(to.sll_addr, f->dst_mac.b, sizeof(f->dst_mac.b));
	/* A frame that is lost here is like one lost on the wire: the client asks again. */
	if (n)
		sendto(p->raw_fd, frame, n, 0, (struct sockaddr *)&to, sizeof(to));
}

void dhcp_port_send(struct dhcp_port *p, enum dhcp_route route, uint32_t ip, struct mac mac,
		    const uint8_t *data, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(DHCP_CLIENT_PORT)};

	switch (route) {
	/* To everybody, too: the kernel wants room for that in its table of neighbours, and that
	 * may be full of phones. */
	case DHCP_ROUTE_BROADCAST:
		mac = frame_broadcast_mac();
		ip = FRAME_BROADCAST_IP; /* fall through */
	case DHCP_ROUTE_HARDWARE: {
		struct frame_udp f = {.src_mac = p->daemon->link.mac,
				      .dst_mac = mac,
				      .src_ip = p->daemon->address,
				      .dst_ip = ip,
				      .src_port = DHCP_SERVER_PORT,
				      .dst_port = DHCP_CLIENT_PORT};

		send_frame(p, &f, data, len);
		return;
	}
	case DHCP_ROUTE_RELAY: to.sin_port = htons(DHCP_SERVER_PORT); /* fall through */
	case DHCP_ROUTE_UNICAST: to.sin_addr.s_addr = htonl(ip); break;
	}
	sendto(p->server_fd, data, len, 0, (struct sockaddr *)&to, sizeof(to));
}

static void perform(struct dhcp_port *p)
{
	struct daemon *d = p->daemon;
	struct dhcp_out *out = &p->out;
	bool held = out->changed && journal_take(d->journal, out);

	d->leases_dirty |= out->leases_changed;
	if (out->len && !held)
		dhcp_port_send(p, out->route, out->ip, out->mac, out->data, out->len);
	for (unsigned i = 0; i < out->event_count; i++)
		if (!held || out->events[i].type != EVENT_DHCP_ACK)
			daemon_emit(d, &out->events[i]);
}

/* A phone that picks another server says so by naming it. */
static void look_for_rival(struct dhcp_port *p, const uint8_t *data, size_t len)
{
	struct dhcp_packet q;
	uint32_t server;

	if (dhcp_packet_parse(&q, data, len) != DHCP_PARSE_OK || q.op != 1 ||
	    q.message != DHCP_REQUEST || !dhcp_packet_option_ip(&q, DHCP_OPT_SERVER_ID, &server) ||
	    server == p->daemon->address)
		return;
	daemon_rival(p->daemon, server, dhcp_is_phone(&q) ? &q.mac : NULL);
}

static void on_server_packet(uv_poll_t *poll, int status, int events)
{
	struct dhcp_port *p = poll->data;
	uint8_t data[DHCP_PACKET_MAX];

	(void)events;
	if (status < 0)
		return;
	for (int i = 0; i < PACKETS_PER_WAKE; i++) {
		ssize_t n = recv(p->server_fd, data, sizeof(data), 0);

		if (n < 0)
			break;
		look_for_rival(p, data, (size_t)n);
		dhcp_server_receive(&p->server, data, (size_t)n, daemon_now(), &p->out);
		perform(p);
	}
	journal_flush(p->daemon->journal);
}

static void start_serving(struct daemon *d)
{
	char text[IP4_TEXT_MAX];
	struct event e;

	if (d->serving || d->stopping)
		return;
	d->dhcp.want_serving = true;
	if (d->address_check.running || !d->loaded)
		return; /* dhcp_port_go_on() follows */
	d->serving = true;
	must(uv_poll_start(&d->dhcp.server_poll, UV_READABLE, on_server_packet) == 0);
	journal_start(d->journal);
	ip4_format(d->address, text);
	event_init(&e, EVENT_DAEMON_READY);
	event_set_text(&e, FIELD_INTERFACE, d->config->interface);
	event_set_format(&e, FIELD_ADDRESS, "%s", text);
	event_say(&e, "Ready on %s as %s. Waiting for a phone: plug it in, or reset it now.",
		  d->config->interface, text);
	daemon_emit(d, &e);
}

void dhcp_port_go_on(struct dhcp_port *p)
{
	if (p->want_serving)
		start_serving(p->daemon);
}

static uint32_t random_number(void)
{
	uint32_t n = (uint32_t)daemon_now();

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) < 0)
		n ^= (uint32_t)getpid(); /* it only has to differ from other clients' */
	return n;
}

/* Again in five to six seconds, counted from the question. */
static void watch_on(struct dhcp_port *p)
{
	timer_in(&p->watch_timer, 5000 + random_number() % 800);
}

static void probe_advance(struct dhcp_port *p, struct dhcp_probe_out *out);

static void on_probe_timer(void *ctx)
{
	struct dhcp_port *p = ctx;
	struct dhcp_probe_out out;

	dhcp_probe_tick(&p->probe, daemon_now(), &out);
	probe_advance(p, &out);
}

/* A whole probe went unanswered, and nothing else was heard meanwhile. */
static void wire_is_ours(struct dhcp_port *p)
{
	p->proven = true;
	/* Else that one is gone, or this is another wire. */
	p->daemon->rivals.any = p->daemon->rivals.last >= p->probe.started;
	if (p->daemon->config->clients == CLIENTS_AUTO && !p->daemon->rivals.any)
		p->server.config.phones_only = false;
}

/* What follows from the state the probe is in now. */
static void probe_advance(struct dhcp_port *p, struct dhcp_probe_out *out)
{
	usec_t deadline = dhcp_probe_deadline(&p->probe);

	if (out->len) {
		struct frame_udp f = {.src_mac = p->daemon->link.mac,
				      .dst_mac = frame_broadcast_mac(),
				      .src_ip = 0,
				      .dst_ip = FRAME_BROADCAST_IP,
				      .src_port = DHCP_CLIENT_PORT,
				      .dst_port = DHCP_SERVER_PORT};

		send_frame(p, &f, out->data, out->len);
	}
	switch (p->probe.state) {
	case DHCP_PROBE_WAITING: break;
	case DHCP_PROBE_QUIET: start_serving(p->daemon); break;
	case DHCP_PROBE_ALONE:
		p->probing = false;
		if (!p->watching)
			wire_is_ours(p);
		start_serving(p->daemon);
		return;
	case DHCP_PROBE_RIVAL:
		p->probing = false;
		daemon_rival(p->daemon, p->probe.rival, NULL);
		if (!p->daemon->stopping)
			start_serving(p->daemon);
		return;
	}
	/* While we serve there is nothing to wait for but an answer; the next question ends this
	 * one. */
	if (deadline != USEC_NEVER && !p->watching)
		timer_at(&p->timer, deadline);
}

static void on_client_packet(uv_poll_t *poll, int status, int events)
{
	struct dhcp_port *p = poll->data;
	uint8_t data[DHCP_PACKET_MAX];

	(void)events;
	if (status < 0)
		return;
	for (int i = 0; i < PACKETS_PER_WAKE; i++) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		struct dhcp_probe_out out;
		ssize_t n = recvfrom(p->client_fd, data, sizeof(data), 0, (struct sockaddr *)&from,
				     &from_len);

		if (n < 0)
			return;
		if (!p->probing)
			continue;
		dhcp_probe_receive(&p->probe, ntohl(from.sin_addr.s_addr), data, (size_t)n,
				   daemon_now(), &out);
		probe_advance(p, &out);
	}
}

static void probe_start(struct dhcp_port *p)
{
	struct dhcp_probe_out out;

	p->probing = true;
	dhcp_probe_tick(&p->probe, daemon_now(), &out);
	probe_advance(p, &out);
}

/* While we serve: has somebody plugged in another server? */
static void on_watch_timer(void *ctx)
{
	struct dhcp_port *p = ctx;
	struct daemon *d = p->daemon;

	watch_on(p);
	daemon_say_left_out(d);
	/* The whole probe asks already; a cable without a partner has nobody on it. */
	if (!d->serving || !d->link.running || (p->probing && !p->watching))
		return;
	p->watching = true;
	dhcp_probe_init_once(&p->probe, d->link.mac, random_number(), d->address, daemon_now());
	probe_start(p);
}

/* Whoever asked before the cable was plugged in, or long ago, does not wait any more. */
static void forget_questions(struct dhcp_port *p)
{
	uint8_t old[1];

	for (int i = 0; i < 1000 && recv(p->server_fd, old, sizeof(old), MSG_TRUNC) >= 0; i++)
		;
}

void dhcp_port_pause(struct dhcp_port *p)
{
	p->daemon->serving = p->want_serving = false;
	p->probing = p->watching = p->proven = false;
	uv_poll_stop(&p->server_poll);
	timer_stop(&p->timer);
	timer_stop(&p->watch_timer);
}

int dhcp_port_tie(struct dhcp_port *p)
{
	int err = link_tie(p->daemon->link.name, p->server_fd);

	return err ? err : link_tie(p->daemon->link.name, p->client_fd); /* frames name theirs */
}

void dhcp_port_probe(struct dhcp_port *p)
{
	struct daemon *d = p->daemon;

	dhcp_probe_init(&p->probe, d->link.mac, random_number(), d->address, daemon_now());
	/* It may be another wire by now: what was found before counts no longer. */
	p->watching = p->proven = false;
	if (d->config->clients == CLIENTS_AUTO)
		p->server.config.phones_only = true;
	if (!d->serving)
		forget_questions(p);
	address_check_start(d);
	if (d->config->force)
		start_serving(d);
	probe_start(p);
	watch_on(p);
}

int dhcp_port_open(struct dhcp_port *p, struct daemon *d, struct fault *f)
{
	const char *interface = d->config->interface;
	int err;

	p->daemon = d;
	p->server_fd = p->client_fd = p->raw_fd = -1;
	timer_init(&p->timer, &d->timers, on_probe_timer, p);
	timer_init(&p->watch_timer, &d->timers, on_watch_timer, p);
	p->server_fd = udp_open(interface, INADDR_ANY, DHCP_SERVER_PORT, f);
	if (p->server_fd < 0)
		return p->server_fd;
	p->client_fd = udp_open(interface, INADDR_ANY, DHCP_CLIENT_PORT, f);
	if (p->client_fd < 0)
		return p->client_fd;
	p->raw_fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->raw_fd < 0)
		return fault_set(f, -errno, "cannot send raw packets on %s: %s. Run this with sudo",
				 interface, strerror(errno));
	p->server_poll.data = p->client_poll.data = p;
	err = uv_poll_init(d->loop, &p->server_poll, p->server_fd);
	if (!err)
		err = uv_poll_init(d->loop, &p->client_poll, p->client_fd);
	if (!err)
		err = uv_poll_start(&p->client_poll, UV_READABLE, on_client_packet);
	if (err)
		return fault_set(f, err, "cannot wait for packets on %s: %s", interface,
				 uv_strerror(err));
	return journal_open(d, f);
}

void dhcp_port_close(struct dhcp_port *p)
{
	int *fds[] = {&p->server_fd, &p->client_fd, &p->raw_fd};

	if (p->daemon)
		journal_close(p->daemon);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
