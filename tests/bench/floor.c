/* SPDX-License-Identifier: MIT */
/*
 * floor: what the kernel's UDP sockets give at most to one thread that serves many clients in
 * lock-step. It speaks just enough TFTP for tftpload to check every byte, and does nothing else:
 * block n + 1 is the answer to ACK n, from a file that lies in memory. No names, no slots, no
 * timers, no resending, no limits, no events: whoever sends anything is answered. recvmmsg()
 * takes in all that waits on a socket, sendmmsg() sends all that follows from it.
 *
 *     floor IP PORT FILE [SOCKETS|-]  until killed
 *
 * SOCKETS -: one packet at a time, recvfrom() that blocks and sendto(): what pingpong does, but
 * with the bytes of the file and for a client that looks at them. The floor for one client. SOCKETS
 * 0 (the default): all through the one socket, and no poll at all, only a recvmmsg() that blocks.
 * Otherwise epoll and so many sockets on ports of their own, dealt out to the clients in turn, as a
 * server must do that a client may ask twice from the same port. The difference of the two is what
 * epoll and smaller batches cost.
 *
 * Block numbers do not wrap here, so a file ends below 65535 blocks of 512 bytes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BATCH	    64
#define SOCKETS_MAX 64
#define BLOCK	    512u
#define FILE_MAX    (65534u * BLOCK)

static uint8_t *file;
static size_t size;

static struct sockaddr_in from[BATCH];
static uint8_t data[BATCH][64], head[BATCH][4];
static struct iovec in_part[BATCH], out_part[BATCH][2];
static struct mmsghdr in[BATCH], out[BATCH];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void load(const char *path)
{
	FILE *f = fopen(path, "rb");

	file = malloc(FILE_MAX + 1);
	if (!f || !file)
		die(path);
	size = fread(file, 1, FILE_MAX + 1, f);
	if (size > FILE_MAX) {
		fprintf(stderr, "floor: %s is too large: block numbers do not wrap here\n", path);
		exit(1);
	}
	fclose(f);
}

static int open_socket(struct sockaddr_in a)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

static void messages_init(void)
{
	for (unsigned i = 0; i < BATCH; i++) {
		in_part[i] = (struct iovec){data[i], sizeof(data[i])};
		in[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_iov = &in_part[i], .msg_iovlen = 1};
		out_part[i][0] = (struct iovec){head[i], 4};
		out[i].msg_hdr = (struct msghdr){.msg_namelen = sizeof(from[i]), .msg_iovlen = 2};
	}
}

/* What answers packet i; false: nothing does (it was the last ACK, or no ACK). */
static int answer(unsigned i, struct msghdr *m, uint8_t *h, struct iovec *part)
{
	size_t block = 0, at;

	if (in[i].msg_len < 4 || data[i][0] || (data[i][1] != 1 && data[i][1] != 4))
		return 0;
	if (data[i][1] == 4)
		block = (size_t)data[i][2] << 8 | data[i][3];
	at = block++ * BLOCK;
	if (at > size)
		return 0;
	h[1] = 3;
	h[2] = (uint8_t)(block >> 8);
	h[3] = (uint8_t)block;
	part[1].iov_base = file + at;
	part[1].iov_len = size - at < BLOCK ? size - at : BLOCK;
	m->msg_name = &from[i];
	m->msg_iov = part;
	return 1;
}

/* All that waits on one socket (at most a batch), answered from another. */
static void turn(int fd, int from_fd, int flags)
{
	unsigned count = 0, done = 0;
	int n;

	for (unsigned i = 0; i < BATCH; i++)
		in[i].msg_hdr.msg_namelen = sizeof(from[i]);
	n = recvmmsg(fd, in, BATCH, flags, NULL);
	for (int i = 0; i < n; i++)
		count += (unsigned)answer((unsigned)i, &out[count].msg_hdr, head[count],
					  out_part[count]);
	while (done < count) {
		n = sendmmsg(from_fd, out + done, count - done, 0);
		done += n > 0 ? (unsigned)n : 1; /* one that cannot be sent is lost */
	}
}

/* One request at a time, each answered from the next socket. */
static void take_requests(int fd, const int *sockets, unsigned count)
{
	static unsigned next;

	for (;;) {
		in[0].msg_hdr.msg_namelen = sizeof(from[0]);
		if (recvmmsg(fd, in, 1, MSG_DONTWAIT, NULL) < 1)
			return;
		if (answer(0, &out[0].msg_hdr, head[0], out_part[0]))
			sendmmsg(sockets[next++ % count], out, 1, 0);
	}
}

static _Noreturn void serve_many(int fd, struct sockaddr_in a, unsigned count)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd}, events[SOCKETS_MAX + 1];
	int poller = epoll_create1(0), sockets[SOCKETS_MAX];

	epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
	a.sin_port = 0;
	for (unsigned i = 0; i < count; i++) {
		e.data.fd = sockets[i] = open_socket(a);
		epoll_ctl(poller, EPOLL_CTL_ADD, sockets[i], &e);
	}
	for (;;) {
		int n = epoll_wait(poller, events, SOCKETS_MAX + 1, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == fd)
				take_requests(fd, sockets, count);
			else
				turn(events[i].data.fd, events[i].data.fd, MSG_DONTWAIT);
		}
	}
}

static _Noreturn void serve_one(int fd)
{
	static uint8_t packet[4 + BLOCK];

	for (;;) {
		socklen_t len = sizeof(from[0]);
		ssize_t n = recvfrom(fd, data[0], sizeof(data[0]), 0, (struct sockaddr *)&from[0],
				     &len);

		in[0].msg_len = n > 0 ? (unsigned)n : 0;
		if (!answer(0, &out[0].msg_hdr, head[0], out_part[0]))
			continue;
		memcpy(packet, head[0], 4);
		memcpy(packet + 4, out_part[0][1].iov_base, out_part[0][1].iov_len);
		sendto(fd, packet, 4 + out_part[0][1].iov_len, 0, (struct sockaddr *)&from[0], len);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int plain = argc > 4 && !strcmp(argv[4], "-");
	unsigned count = argc > 4 && !plain ? (unsigned)atoi(argv[4]) : 0;
	int fd;

	if (argc < 4 || inet_pton(AF_INET, argv[1], &a.sin_addr) != 1 || count > SOCKETS_MAX) {
		fprintf(stderr, "usage: floor IP PORT FILE [SOCKETS|-]\n");
		return 1;
	}
	a.sin_port = htons((uint16_t)atoi(argv[2]));
	load(argv[3]);
	messages_init();
	fd = open_socket(a);
	if (plain)
		serve_one(fd);
	if (count)
		serve_many(fd, a, count);
	for (;;)
		turn(fd, fd, MSG_WAITFORONE);
}
