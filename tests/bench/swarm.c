/* SPDX-License-Identifier: MIT */
/*
 * swarm: many TFTP clients on one socket, so that the server is what is measured.
 *
 * Hundreds of phones have a processor each; a load generator has one for all of them, and with
 * a socket per client (tftpload) it needs more of it per block than the server does. Here
 * each client has an address of its own, as phones have, but all share one socket: recvmmsg()
 * takes in what has come for any of them (IP_PKTINFO says for whom), sendmmsg() sends all their
 * ACKs. Lock-step, 512-byte blocks, every byte compared with the original.
 *
 *     swarm SERVER NAME FILE CLIENTS FIRST-ADDRESS
 *
 * Prints what tftpload prints, as far as it applies. Exit: 0 all right, 1 usage, 2 not everything
 * arrived in time, 3 wrong content.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define CLIENTS_MAX 1000
#define BATCH	    64
#define BLOCK	    512u
#define SILENT	    1000000 /* usec, then the last packet is sent again */
#define TIMEOUT	    60000000

struct client {
	struct sockaddr_in to; /* the server: port 69, then the port that answered */
	uint64_t bytes;
	uint16_t last;
	int done;
	int64_t heard, finished;
};

static struct client clients[CLIENTS_MAX];
static unsigned count, active, retries, wrong;
static uint32_t first;
static uint8_t *file, request[160];
static size_t size, request_len;
static int fd;

struct slot {
	struct sockaddr_in address;
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct iovec part;
	uint8_t data[BLOCK + 5];
};
static struct slot in_slot[BATCH], out_slot[BATCH];
static struct mmsghdr in[BATCH], out[BATCH];
static unsigned out_count;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void flush(void)
{
	unsigned done = 0;

	while (done < out_count) {
		int n = sendmmsg(fd, out + done, out_count - done, 0);

		done += n > 0 ? (unsigned)n : 1; /* one that cannot be sent is lost */
	}
	out_count = 0;
}

/* The request, or the ACK of what was received last. */
static void say(unsigned number)
{
	struct client *c = &clients[number];
	struct slot *s = &out_slot[out_count];
	struct msghdr *m = &out[out_count].msg_hdr;
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(first + number)};
	struct cmsghdr *h;

	*m = (struct msghdr){.msg_name = &c->to,
			     .msg_namelen = sizeof(c->to),
			     .msg_iov = &s->part,
			     .msg_iovlen = 1,
			     .msg_control = s->control,
			     .msg_controllen = sizeof(s->control)};
	h = CMSG_FIRSTHDR(m);
	h->cmsg_level = IPPROTO_IP;
	h->cmsg_type = IP_PKTINFO;
	h->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(h), &info, sizeof(info));
	if (c->last == 0) {
		s->part = (struct iovec){request, request_len};
	} else {
		memcpy(s->data, (uint8_t[]){0, 4, (uint8_t)(c->last >> 8), (uint8_t)c->last}, 4);
		s->part = (struct iovec){s->data, 4};
	}
	if (++out_count == BATCH)
		flush();
}

static void take(const struct slot *s, const struct in_pktinfo *info, size_t len, int64_t t)
{
	unsigned number = ntohl(info->ipi_addr.s_addr) - first;
	struct client *c = &clients[number];

	if (number >= count || c->done || len < 4 || s->data[1] != 3)
		return;
	if ((uint16_t)(s->data[2] << 8 | s->data[3]) != (uint16_t)(c->last + 1))
		return;
	len -= 4;
	c->to = s->address;
	c->heard = t;
	c->last++;
	if (c->bytes + len > size || memcmp(file + c->bytes, s->data + 4, len) != 0)
		wrong++;
	c->bytes += len;
	say(number);
	if (len == BLOCK)
		return;
	if (c->bytes != size)
		wrong++;
	c->done = 1;
	c->finished = t;
	active--;
}

static void receive(void)
{
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		struct slot *s = &in_slot[i];

		s->part = (struct iovec){s->data, sizeof(s->data)};
		in[i].msg_hdr = (struct msghdr){.msg_name = &s->address,
						.msg_namelen = sizeof(s->address),
						.msg_iov = &s->part,
						.msg_iovlen = 1,
						.msg_control = s->control,
						.msg_controllen = sizeof(s->control)};
	}
	n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		struct cmsghdr *h = CMSG_FIRSTHDR(&in[i].msg_hdr);
		struct in_pktinfo info;

		if (!h || h->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(h), sizeof(info));
		take(&in_slot[i], &info, in[i].msg_len, now());
	}
	flush();
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int report(int64_t began)
{
	static int64_t took[CLIENTS_MAX];
	uint64_t bytes = 0;
	struct rusage used;
	double seconds, cpu;

	getrusage(RUSAGE_SELF, &used);
	cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
	      (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
	for (unsigned i = 0; i < count; i++) {
		took[i] = (clients[i].done ? clients[i].finished : now()) - began;
		bytes += clients[i].bytes;
	}
	qsort(took, count, sizeof(*took), compare);
	seconds = (double)took[count - 1] / 1e6;
	printf("clients=%u files_ok=%u bytes=%llu elapsed=%.6f mib_s=%.3f client_min=%.6f "
	       "client_median=%.6f client_max=%.6f retries=%u errors=%u wrong=%u cpu_ms_mib=%.3f\n",
	       count, count - active, (unsigned long long)bytes, seconds,
	       (double)bytes / 1048576 / seconds, (double)took[0] / 1e6,
	       (double)took[count / 2] / 1e6, seconds, retries, active, wrong,
	       cpu * 1048576 / (double)(bytes ? bytes : 1));
	return wrong ? 3 : active ? 2 : 0;
}

static void load(const char *path)
{
	FILE *f = fopen(path, "rb");

	file = malloc(64 << 20);
	if (!f || !file) {
		perror(path);
		exit(1);
	}
	size = fread(file, 1, 64 << 20, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(69)}, a;
	int on = 1, room = 8 << 20;
	struct timeval tick = {.tv_usec = 100000};
	int64_t began, next;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[5], &a.sin_addr) != 1 || strlen(argv[2]) > 128) {
		fprintf(stderr, "usage: swarm SERVER NAME FILE CLIENTS FIRST-ADDRESS\n");
		return 1;
	}
	first = ntohl(a.sin_addr.s_addr);
	count = active = (unsigned)atoi(argv[4]);
	if (count == 0 || count > CLIENTS_MAX)
		return 1;
	load(argv[3]);
	request_len = 2 + (size_t)sprintf((char *)request + 2, "%s%coctet", argv[2], 0) + 1;
	request[1] = 1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	began = next = now();
	for (unsigned i = 0; i < count; i++) {
		clients[i].to = server;
		clients[i].heard = began;
		say(i);
	}
	flush();
	while (active && !wrong && now() - began < TIMEOUT) {
		receive();
		if (now() < next)
			continue;
		next = now() + 100000;
		for (unsigned i = 0; i < count; i++) {
			if (clients[i].done || next - clients[i].heard < SILENT)
				continue;
			clients[i].heard = next;
			retries++;
			say(i);
		}
		flush();
	}
	return report(began);
}
