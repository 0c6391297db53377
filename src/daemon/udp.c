/* SPDX-License-Identifier: MIT */
/*
 * UDP sockets of one interface. SO_BINDTODEVICE keeps us off every other wire, whatever the
 * address says; IP_PKTINFO tells which of our addresses a request was sent to.
 */
#include "daemon.h"
#include "tcp.h"

#include "reflashd/sip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_failed(const char *interface, uint16_t port, int err, struct fault *f)
{
	char holder[256];

	if (err == -EADDRINUSE) {
		port_holder(IPPROTO_UDP, port, holder, sizeof(holder));
		return fault_set(f, err, "UDP port %u is held by %s%s", port, holder,
				 port == SIP_PORT ? "" /* phones are recovered without it */
						  : ", and phones know no other. Stop that "
						    "program, then start reflashd again");
	}
	if (err == -EACCES || err == -EPERM)
		return fault_set(f, err,
				 "not allowed to use UDP port %u on %s: %s. Run this with sudo",
				 port, interface, strerror(-err));
	return fault_set(f, err, "cannot use UDP port %u on %s: %s", port, interface,
			 strerror(-err));
}

int udp_open(const char *interface, uint32_t address, uint16_t port, struct fault *f)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, err;

	if (fd < 0)
		return open_failed(interface, port, -errno, f);
	/* Another program may listen on the client port (a DHCP client of this machine): share
	 * it, since both get a copy of what is broadcast. The server ports are never shared. */
	if ((port == DHCP_CLIENT_PORT &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) ||
	    link_tie(interface, fd) ||
	    (port && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on))) ||
	    (port && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on))) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		err = -errno;
		close(fd);
		return open_failed(interface, port, err, f);
	}
	return fd;
}
