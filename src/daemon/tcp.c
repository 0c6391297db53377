/* SPDX-License-Identifier: MIT */
/*
 * TCP sockets of one interface, for what listens to phones. See tcp.h for the address they are
 * bound to.
 *
 * What can go wrong: descriptors run out (a low limit of this process, or of the machine). Whoever
 * comes then can be neither accepted nor left waiting, since the port would stay readable. So one
 * descriptor is kept in reserve, for taking him in and sending him away. uv_listen() would do
 * something of the kind; but for that it has to open "/", which is closed to us, and where it fails
 * it tries again at once and for ever, and nobody else has a turn.
 */
#include "tcp.h"

#include "link.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static int reserve = -1;

void listener_reserve(void)
{
	if (reserve < 0)
		reserve = eventfd(0, EFD_CLOEXEC);
}

int listener_accept(int listener, bool *refused)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	*refused = fd < 0 && (errno == EMFILE || errno == ENFILE);
	if (!*refused)
		return fd;
	if (reserve >= 0)
		close(reserve);
	reserve = -1;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	listener_reserve();
	return -1;
}

int tcp_failed(const char *interface, uint16_t port, int err, struct fault *f)
{
	char holder[256];

	if (err != -EADDRINUSE)
		return fault_set(f, err, "cannot use TCP port %u on %s: %s", port, interface,
				 strerror(-err));
	port_holder(IPPROTO_TCP, port, holder, sizeof(holder));
	return fault_set(f, err, "TCP port %u is held by %s", port, holder);
}

int tcp_open(const char *interface, uint16_t port, struct fault *f)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = INADDR_ANY};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, err;

	if (fd < 0)
		return tcp_failed(interface, port, -errno, f);
	/* SO_REUSEADDR: connections of a run before this one may still be dying. It lets
	 * nobody share the port with us. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    link_tie(interface, fd) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		err = -errno;
		close(fd);
		return tcp_failed(interface, port, err, f);
	}
	return fd;
}
