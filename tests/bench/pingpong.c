/* SPDX-License-Identifier: MIT */
/*
 * pingpong: what the kernel alone costs. The sizes of a lock-step TFTP transfer (4 bytes there,
 * 516 back, per block) with nothing in between: recvfrom() and sendto(). No server that
 * sends a block per ACK can be faster than this; how near it comes is what counts.
 *
 *     pingpong serve IP PORT                   until killed
 *     pingpong client IP PORT BLOCKS [SIZE]    prints mib_s for 512-byte payloads
 *
 * The client is connected, as tftpload is after its first block; the server is not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static uint8_t packet[65536];

static _Noreturn void serve(int fd)
{
	struct sockaddr_in from;
	socklen_t len;

	for (;;) {
		size_t size;
		ssize_t n;

		len = sizeof(from);
		n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);
		if (n < 4)
			continue;
		/* The request says how long the answer shall be; 0 stands for 516. */
		size = (size_t)packet[2] << 8 | packet[3];
		sendto(fd, packet, size ? size : 516, 0, (struct sockaddr *)&from, len);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int client(int fd, long blocks, unsigned size)
{
	struct timeval second = {.tv_sec = 1};
	uint8_t ack[4] = {0, 4, (uint8_t)(size >> 8), (uint8_t)size};
	double began, took;
	unsigned retries = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	began = seconds();
	for (long i = 0; i < blocks;) {
		if (send(fd, ack, sizeof(ack), 0) == 4 && recv(fd, packet, sizeof(packet), 0) > 0)
			i++;
		else if (++retries > 20)
			break;
	}
	took = seconds() - began;
	printf("blocks=%ld elapsed=%.6f mib_s=%.3f round_us=%.3f retries=%u errors=%d\n", blocks,
	       took, (double)blocks * (size - 4) / 1048576 / took, took * 1e6 / (double)blocks,
	       retries, retries > 20);
	return retries > 20 ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), is_server = argc > 1 && !strcmp(argv[1], "serve");
	unsigned size = 516;

	if (argc < 4 + !is_server || inet_pton(AF_INET, argv[2], &a.sin_addr) != 1) {
		fprintf(stderr, "usage: pingpong serve IP PORT | client IP PORT BLOCKS [SIZE]\n");
		return 1;
	}
	a.sin_port = htons((uint16_t)atoi(argv[3]));
	if (argc > 5)
		size = (unsigned)atoi(argv[5]);
	if (fd < 0 || size < 5 || size > 65500 ||
	    (is_server ? bind(fd, (const struct sockaddr *)&a, sizeof(a))
		       : connect(fd, (const struct sockaddr *)&a, sizeof(a))) < 0) {
		fprintf(stderr, "pingpong: %s\n", strerror(errno));
		return 1;
	}
	if (is_server)
		serve(fd);
	return client(fd, atol(argv[4]), size);
}
