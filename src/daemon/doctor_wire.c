/* SPDX-License-Identifier: MIT */
/*
 * What `doctor' finds out by asking: is another DHCP server on this wire, is our address somebody
 * else's, are the ports free? The machines are those of `serve'; here they may be waited for.
 */
#include "daemon.h"
#include "doctor.h"
#include "tcp.h"

#include "reflashd/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARP_PROBES  3
#define ARP_WAIT_MS 150

static int open_raw(const struct doctor *d, uint16_t protocol)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)d->link.index,
				 .sll_protocol = htons(protocol)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* --- another DHCP server -------------------------------------------------------------------- */

static void send_discover(const struct doctor *d, int raw, const struct dhcp_probe_out *out)
{
	struct frame_udp f = {.src_mac = d->link.mac,
			      .dst_mac = frame_broadcast_mac(),
			      .dst_ip = FRAME_BROADCAST_IP,
			      .src_port = DHCP_CLIENT_PORT,
			      .dst_port = DHCP_SERVER_PORT};
	uint8_t frame[FRAME_MAX];
	size_t len = frame_write(frame, sizeof(frame), &f, out->data, out->len);

	if (out->len && len && send(raw, frame, len, 0) < 0)
		return; /* like one lost on the wire: the probe asks again */
}

static void probe(const struct doctor *d, int client, int raw, struct dhcp_probe *p)
{
	uint32_t xid = (uint32_t)daemon_now();
	struct dhcp_probe_out out;

	if (getrandom(&xid, sizeof(xid), GRND_NONBLOCK) < 0)
		xid ^= (uint32_t)getpid();
	dhcp_probe_init(p, d->link.mac, xid, d->address, daemon_now());
	for (;;) {
		struct pollfd fd = {.fd = client, .events = POLLIN};
		usec_t now = daemon_now(), due;

		dhcp_probe_tick(p, now, &out);
		send_discover(d, raw, &out);
		due = dhcp_probe_deadline(p);
		if (due == USEC_NEVER)
			return;
		if (poll(&fd, 1, due > now ? (int)((due - now + 999) / 1000) : 0) > 0) {
			uint8_t data[DHCP_PACKET_MAX];
			struct sockaddr_in from;
			socklen_t from_len = sizeof(from);
			ssize_t n = recvfrom(client, data, sizeof(data), 0,
					     (struct sockaddr *)&from, &from_len);

			if (n > 0)
				dhcp_probe_receive(p, ntohl(from.sin_addr.s_addr), data, (size_t)n,
						   daemon_now(), &out);
		}
	}
}

static void ask_for_rival(struct doctor *d)
{
	char ip[IP4_TEXT_MAX];
	struct dhcp_probe p;
	struct fault f;
	int client = udp_open(d->config->interface, INADDR_ANY, DHCP_CLIENT_PORT, &f);
	int raw = client < 0 ? client : open_raw(d, ETH_P_IP);

	if (client < 0 || raw < 0) {
		doctor_say(d, "dhcp-server", DOCTOR_UNKNOWN, "Run this with sudo.",
			   "Could not ask for other DHCP servers: %s.",
			   strerror(client < 0 ? -client : -raw));
	} else {
		/* Other frames are nobody's business here. */
		probe(d, client, raw, &p);
		ip4_format(p.rival, ip);
		if (p.state == DHCP_PROBE_RIVAL)
			doctor_say(d, "dhcp-server", DOCTOR_PROBLEM,
				   "Connect the phone to this machine directly, or through a "
				   "switch with nothing else on it.",
				   "Another DHCP server, %s, answers on this wire.", ip);
		else
			doctor_say(d, "dhcp-server", DOCTOR_OK, "",
				   "No other DHCP server answered within five seconds.");
	}
	if (client >= 0)
		close(client);
	if (client >= 0 && raw >= 0)
		close(raw);
}

/* --- our address ---------------------------------------------------------------------------- */

/* True when somebody claims our address within that time. */
static bool hear_claim(const struct doctor *d, int fd, struct mac *holder)
{
	usec_t end = daemon_now() + USEC_MS(ARP_WAIT_MS), now;

	while ((now = daemon_now()) < end) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint8_t frame[FRAME_MAX];
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		struct frame_arp arp;
		ssize_t n;

		if (poll(&p, 1, (int)((end - now + 999) / 1000)) <= 0)
			continue;
		n = recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &from_len);
		if (n > 0 && from.sll_pkttype != PACKET_OUTGOING &&
		    frame_arp_parse(&arp, frame, (size_t)n) && arp.sender_ip == d->address &&
		    !link_is_own_mac(arp.sender_mac)) {
			*holder = arp.sender_mac;
			return true;
		}
	}
	return false;
}

static void ask_for_address(struct doctor *d)
{
	struct frame_arp question = frame_arp_request(d->link.mac, 0, d->address);
	char ip[IP4_TEXT_MAX], mac[MAC_TEXT_MAX];
	uint8_t frame[FRAME_MIN];
	size_t len = frame_arp_write(frame, sizeof(frame), &question);
	int fd = open_raw(d, ETH_P_ARP);
	bool taken = false;
	struct mac holder;

	ip4_format(d->address, ip);
	if (fd < 0) {
		doctor_say(d, "address-free", DOCTOR_UNKNOWN, "Run this with sudo.",
			   "Could not ask whether %s is somebody else's: %s.", ip, strerror(-fd));
		return;
	}
	for (int i = 0; i < ARP_PROBES && !taken; i++)
		taken = send(fd, frame, len, 0) > 0 && hear_claim(d, fd, &holder);
	close(fd);
	if (taken) {
		mac_format(holder, mac);
		doctor_say(d, "address-free", DOCTOR_PROBLEM,
			   "Unplug that machine, or give reflashd another address, e.g. --address "
			   "10.79.70.1/24.",
			   "The address %s is used by the machine with the hardware address %s.",
			   ip, mac);
	} else {
		doctor_say(d, "address-free", DOCTOR_OK, "", "Nobody else on this wire uses %s.",
			   ip);
	}
}

void doctor_ask_wire(struct doctor *d)
{
	if (!d->link.running) {
		doctor_say(d, "dhcp-server", DOCTOR_WARNING,
			   "Plug the cable in and look again; `serve' looks by itself before it "
			   "answers anybody.",
			   "Without a cable nobody can tell who else is on it.");
		return;
	}
	ask_for_rival(d);
	ask_for_address(d);
}

/* --- ports ---------------------------------------------------------------------------------- */

struct port {
	const char *check;
	uint16_t port;
	int protocol;
	const char *without; /* what goes on without it; NULL: nothing */
};

static void port_result(struct doctor *d, const struct port *p, int fd)
{
	char holder[256];

	if (fd >= 0) {
		close(fd);
		doctor_say(d, p->check, DOCTOR_OK, "", "Free.");
		return;
	}
	if (fd != -EADDRINUSE) {
		doctor_say(d, p->check, DOCTOR_UNKNOWN,
			   fd == -EACCES || fd == -EPERM ? "Run this with sudo." : "",
			   "Could not try it: %s.", strerror(-fd));
		return;
	}
	port_holder(p->protocol, p->port, holder, sizeof(holder));
	/* On this interface, since ours are bound to one. */
	if (strncmp(holder, "reflashd (", 10) == 0)
		doctor_say(d, p->check, DOCTOR_OK, "", "Held by %s, which serves here already.",
			   holder);
	else if (p->without)
		doctor_say(d, p->check, DOCTOR_WARNING, "", "Held by %s; %s.", holder, p->without);
	else
		doctor_say(d, p->check, DOCTOR_PROBLEM, "Stop that program.",
			   "Held by %s, and phones know no other.", holder);
}

void doctor_try_ports(struct doctor *d)
{
	static const char register_less[] =
		"phones are recovered without it, but what they say when they "
		"register is not heard";
	static const struct port ports[] = {
		{"udp-67", 67, IPPROTO_UDP, NULL},
		{"udp-69", 69, IPPROTO_UDP, NULL},
		{"tcp-2000", 2000, IPPROTO_TCP, register_less},
		{"udp-5060", 5060, IPPROTO_UDP, register_less},
		{"tcp-5060", 5060, IPPROTO_TCP, register_less},
	};
	const char *interface = d->config->interface;

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		struct fault f;
		int fd = ports[i].protocol == IPPROTO_TCP
				 ? tcp_open(interface, ports[i].port, &f)
				 : udp_open(interface, INADDR_ANY, ports[i].port, &f);

		port_result(d, &ports[i], fd);
	}
}
