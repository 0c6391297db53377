/* SPDX-License-Identifier: MIT */
/*
 * tftpload: many TFTP clients at once, to measure a server and to prove that it is right.
 *
 * One thread, one epoll, one socket per client and file, as a phone does it: RRQ from a
 * fresh port, connect() to the port that answers, then one ACK per block or per window until
 * a short block. Every byte is compared with the original while it arrives (memcmp is
 * far cheaper than the two system calls of a block, so the check does not slow the wire).
 *
 * A single client without delay blocks in recv() instead of epoll_wait(): two system calls per
 * block, the same as the bare ping-pong, so that the server is what is measured.
 *
 * Loss and delay are made here, for kernels without netem: packets are dropped in both
 * directions by a generator seeded per client (the same seed loses the same packets, counted
 * from the start of the run), and what we send waits for one whole round trip, which looks
 * to the server exactly like half of it each way.
 *
 * What the client resends: the RRQ each second, always; the last ACK after --reack ms of
 * silence (0: never, like most boot ROMs). A repeated block is answered with the ACK it is missing,
 * only when nothing newer was received: no Sorcerer's Apprentice on our side (RFC 1123
 * 4.2.3.1, RFC 7440 section 4).
 *
 * Prints one line of key=value. Exit: 0 all right, 1 usage, 2 not everything arrived in
 * time, 3 content or size was wrong.
 */
#include "tftpload_options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define RRQ_RETRY 1000000 /* usec */

enum { OP_RRQ = 1, OP_DATA = 3, OP_ACK = 4, OP_ERROR = 5, OP_OACK = 6 };

struct client {
	int fd;
	unsigned files_left;
	bool connected, gap_acked;
	unsigned blksize, window;
	uint64_t last, acked; /* highest block received in order, highest acknowledged */
	uint64_t bytes;
	uint32_t crc;
	int64_t began, finished, first_data; /* of this client: first RRQ, last byte, first byte */
	int64_t heard;			     /* last progress or last resending */
	uint64_t random_in, random_out;
};

/* A packet of ours that is still on the simulated wire. */
struct delayed {
	int64_t due;
	unsigned client, files_left; /* whose, and for which of its files */
	uint16_t len;
	uint8_t bytes[160];
};

static struct client *clients;
static struct delayed *queue; /* a ring: the delay is constant, so first in is first out */
static unsigned queue_first, queue_count, queue_size;
static int poller, timer = -1;
static unsigned active, retries, errors, wrong, files_ok;
static uint64_t bytes_ok;
static char first_error[120];

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* CRC-32 (IEEE), for when only a checksum is known; --verify is cheaper. */
static uint32_t crc_table[256];

static void crc_init(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		crc_table[i] = c;
	}
}

static uint32_t crc_add(uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	while (n--)
		crc = crc >> 8 ^ crc_table[(crc ^ *p++) & 0xff];
	return ~crc;
}

static bool lost(uint64_t *random)
{
	if (!set.loss)
		return false;
	*random ^= *random << 13; /* xorshift64 */
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random % 1000 < set.loss;
}

static void transmit(struct client *c, const uint8_t *bytes, size_t len)
{
	ssize_t sent;

	if (c->connected)
		sent = send(c->fd, bytes, len, 0);
	else
		sent = sendto(c->fd, bytes, len, 0, (const struct sockaddr *)&set.server,
			      sizeof(set.server));
	/* A refusal is seen by the receiver, a full buffer is one more lost packet. */
	(void)sent;
}

static void arm_timer(void)
{
	struct itimerspec t = {0};

	t.it_value.tv_sec = queue[queue_first].due / 1000000;
	t.it_value.tv_nsec = queue[queue_first].due % 1000000 * 1000;
	timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void transmit_later(struct client *c, const uint8_t *bytes, size_t len)
{
	struct delayed *d;

	if (queue_count == queue_size)
		return; /* sized for more than a window of ACKs per client */
	d = &queue[(queue_first + queue_count++) % queue_size];
	d->due = now() + set.rtt;
	d->client = (unsigned)(c - clients);
	d->files_left = c->files_left;
	d->len = (uint16_t)len;
	memcpy(d->bytes, bytes, len);
	if (queue_count == 1)
		arm_timer();
}

static void flush_delayed(void)
{
	int64_t t = now();

	while (queue_count && queue[queue_first].due <= t) {
		struct delayed *d = &queue[queue_first];

		/* Unless that file is over and its socket closed. */
		if (clients[d->client].files_left == d->files_left)
			transmit(&clients[d->client], d->bytes, d->len);
		queue_first = (queue_first + 1) % queue_size;
		queue_count--;
	}
	if (queue_count)
		arm_timer();
}

static void send_packet(struct client *c, const uint8_t *bytes, size_t len)
{
	if (lost(&c->random_out))
		return;
	if (set.rtt)
		transmit_later(c, bytes, len);
	else
		transmit(c, bytes, len);
}

static void send_ack(struct client *c)
{
	uint8_t ack[4] = {0, OP_ACK, (uint8_t)(c->last >> 8 & 0xff), (uint8_t)(c->last & 0xff)};

	c->acked = c->last;
	send_packet(c, ack, sizeof(ack));
}

static void send_request(struct client *c)
{
	uint8_t p[160] = {0, OP_RRQ};
	int n;

	n = snprintf((char *)p + 2, 128, "%s%coctet", set.file, 0) + 3;
	if (set.blksize)
		n += snprintf((char *)p + n, 20, "blksize%c%u", 0, set.blksize) + 1;
	if (set.window > 1)
		n += snprintf((char *)p + n, 20, "windowsize%c%u", 0, set.window) + 1;
	send_packet(c, p, (size_t)n);
}

static void start_file(struct client *c)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int flags = set.clients > 1 || set.rtt ? SOCK_NONBLOCK : 0, room = 1 << 20;
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)(c - clients)};

	c->fd = socket(AF_INET, SOCK_DGRAM | flags, 0);
	if (c->fd < 0)
		die("cannot open a socket");
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (set.source) {
		from.sin_addr.s_addr = htonl(set.source + e.data.u32);
		if (bind(c->fd, (const struct sockaddr *)&from, sizeof(from)) < 0)
			die("cannot bind to the --source address");
	}
	if (flags && epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll_ctl");
	c->connected = c->gap_acked = false;
	c->blksize = 512;
	c->window = 1;
	c->last = c->acked = c->bytes = 0;
	c->crc = 0;
	c->heard = now();
	if (!c->began)
		c->began = c->heard;
	send_request(c);
}

static void end_file(struct client *c, const char *error)
{
	if (error) {
		errors++;
		if (!first_error[0])
			snprintf(first_error, sizeof(first_error), "%s", error);
		c->files_left = 1;
	} else {
		files_ok++;
		bytes_ok += c->bytes;
	}
	close(c->fd);
	c->fd = -1;
	if (--c->files_left) {
		start_file(c);
		return;
	}
	c->finished = now();
	active--;
}

/* Something arrived that is not what the file holds: say where, count it, give the file up. */
static void end_wrong(struct client *c, const char *what)
{
	char text[100];

	snprintf(text, sizeof(text), "%s at byte %llu of client %u", what,
		 (unsigned long long)c->bytes, (unsigned)(c - clients));
	wrong++;
	end_file(c, text);
}

static void take_data(struct client *c, const uint8_t *p, size_t len)
{
	uint16_t ahead = (uint16_t)((unsigned)(p[2] << 8 | p[3]) - (unsigned)(c->last & 0xffff));

	if (ahead != 1) { /* a repeated block, or one after a lost one */
		if (ahead > 1 && ahead < 0x8000) {
			if (!c->gap_acked)
				send_ack(c);
			c->gap_acked = true;
		} else if (ahead == 0 && c->last == c->acked) {
			send_ack(c);
		}
		return;
	}
	p += 4;
	len -= 4;
	if (!c->first_data)
		c->first_data = now();
	if (len > c->blksize) {
		end_wrong(c, "block longer than agreed");
		return;
	}
	if (set.content &&
	    (c->bytes + len > set.size || memcmp(set.content + c->bytes, p, len) != 0)) {
		end_wrong(c, "wrong content");
		return;
	}
	if (set.check_crc)
		c->crc = crc_add(c->crc, p, len);
	c->last++;
	c->bytes += len;
	c->gap_acked = false;
	if (len == c->blksize && c->last - c->acked < c->window)
		return;
	send_ack(c);
	if (len == c->blksize)
		return;
	if ((set.check_size && c->bytes != set.size) || (set.check_crc && c->crc != set.crc))
		end_wrong(c, "wrong size or CRC");
	else
		end_file(c, NULL);
}

/* The options of an OACK; anything we did not ask for is an error of the server. */
static const char *take_oack(struct client *c, const uint8_t *p, size_t len)
{
	size_t at = 2;

	if (c->last)
		return NULL; /* a late repetition */
	if (len > 100 || p[len - 1] != 0)
		return "malformed OACK";
	while (at < len) {
		const char *name = (const char *)p + at, *value;

		at += strlen(name) + 1;
		if (at >= len)
			return "OACK with an option without value";
		value = (const char *)p + at;
		at += strlen(value) + 1;
		if (!strcasecmp(name, "blksize") && set.blksize)
			c->blksize = (unsigned)atoi(value);
		else if (!strcasecmp(name, "windowsize") && set.window > 1)
			c->window = (unsigned)atoi(value);
		else
			return "OACK with an option that was not asked for";
	}
	if (c->blksize < 8 || c->blksize > set.blksize + (set.blksize ? 0 : 512) || !c->window ||
	    c->window > set.window)
		return "OACK with a value that was not asked for";
	send_ack(c);
	return NULL;
}

static void take_packet(struct client *c, const uint8_t *p, size_t len)
{
	const char *error;

	if (len < 4 || p[0] != 0)
		return;
	c->heard = now();
	switch (p[1]) {
	case OP_DATA: take_data(c, p, len); break;
	case OP_OACK:
		error = take_oack(c, p, len);
		if (error)
			end_wrong(c, error);
		break;
	case OP_ERROR: {
		char text[80];

		snprintf(text, sizeof(text), "ERROR %d from the server: %.*s", p[3], (int)len - 4,
			 (const char *)p + 4);
		end_file(c, text);
		break;
	}
	default: break;
	}
}

/* One datagram; false when there is none (or the file ended). */
static bool receive(struct client *c)
{
	static uint8_t p[BLOCK_MAX + 5];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n;
	int fd = c->fd;

	if (c->connected) {
		n = recv(fd, p, sizeof(p), 0);
	} else {
		n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len);
	}
	if (n < 0) {
		/* Refused on the main port: the server is not up yet; the RRQ is repeated. */
		if (errno == ECONNREFUSED && c->connected)
			end_file(c, "the server closed its port in mid-transfer");
		return false;
	}
	if (lost(&c->random_in))
		return true;
	if (!c->connected) {
		if (from.sin_addr.s_addr != set.server.sin_addr.s_addr)
			return true;
		if (connect(fd, (const struct sockaddr *)&from, from_len) < 0)
			die("connect");
		c->connected = true;
	}
	take_packet(c, p, (size_t)n);
	return c->fd == fd;
}

/* What a client repeats when it hears nothing. */
static void resend_silent(int64_t t)
{
	for (unsigned i = 0; i < set.clients; i++) {
		struct client *c = &clients[i];

		if (c->fd < 0)
			continue;
		if (!c->connected) {
			if (t - c->heard < RRQ_RETRY)
				continue;
			send_request(c);
		} else {
			if (!set.reack || t - c->heard < set.reack)
				continue;
			send_ack(c);
		}
		retries++;
		c->heard = t;
	}
}

static void run_one(int64_t end)
{
	struct timeval tick = {.tv_usec = 100000};
	struct client *c = &clients[0];
	int fd = -1;

	while (active) {
		if (c->fd != fd) {
			fd = c->fd;
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
		}
		if (receive(c) || c->fd != fd)
			continue;
		resend_silent(now());
		if (now() > end)
			return;
		if (c->fd >= 0 && !c->connected)
			usleep(1000); /* a refused RRQ must not spin */
	}
}

static void run_many(int64_t end)
{
	struct epoll_event events[128];
	int64_t next_check = 0;

	while (active) {
		int n = epoll_wait(poller, events, 128, 50);
		int64_t t;

		for (int i = 0; i < n; i++) {
			if (events[i].data.u32 == UINT32_MAX) {
				uint64_t ticks;

				if (read(timer, &ticks, sizeof(ticks)) > 0)
					flush_delayed();
				continue;
			}
			if (clients[events[i].data.u32].fd < 0)
				continue;
			/* In lock-step one datagram is all there is: no second recv to hear so. */
			while (receive(&clients[events[i].data.u32]) && set.window > 1)
				;
		}
		t = now();
		if (t < next_check)
			continue;
		next_check = t + 20000;
		resend_silent(t);
		if (t > end)
			return;
	}
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int report(int64_t began)
{
	int64_t *took = calloc(set.clients, sizeof(*took)), first_byte = 0, end = began;
	struct rusage used;
	double seconds, cpu;

	if (!took)
		die("memory");
	for (unsigned i = 0; i < set.clients; i++) {
		struct client *c = &clients[i];

		if (c->fd >= 0) {
			errors++;
			if (!first_error[0])
				snprintf(first_error, sizeof(first_error),
					 "client %u: not done in time, %llu bytes", i,
					 (unsigned long long)c->bytes);
			c->finished = now();
		}
		took[i] = c->finished - c->began;
		end = c->finished > end ? c->finished : end;
		if (c->first_data && c->first_data - c->began > first_byte)
			first_byte = c->first_data - c->began;
	}
	qsort(took, set.clients, sizeof(*took), compare);
	seconds = (double)(end - began) / 1e6;
	for (char *p = first_error; *p; p++) /* one line, one word per value */
		if (*p < '!' || *p > '~')
			*p = '_';
	getrusage(RUSAGE_SELF, &used);
	cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	      (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	printf("clients=%u files_ok=%u bytes=%llu elapsed=%.6f mib_s=%.3f files_s=%.1f "
	       "client_min=%.6f client_median=%.6f client_max=%.6f first_byte_max_ms=%.3f "
	       "cpu_ms_mib=%.3f retries=%u errors=%u wrong=%u first_error=%s\n",
	       set.clients, files_ok, (unsigned long long)bytes_ok, seconds,
	       (double)bytes_ok / 1048576 / (seconds > 0 ? seconds : 1),
	       (double)files_ok / (seconds > 0 ? seconds : 1), (double)took[0] / 1e6,
	       (double)took[set.clients / 2] / 1e6, (double)took[set.clients - 1] / 1e6,
	       (double)first_byte / 1e3, bytes_ok ? cpu * 1e3 / ((double)bytes_ok / 1048576) : 0,
	       retries, errors, wrong, first_error[0] ? first_error : "-");
	free(took);
	return wrong ? 3 : errors ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
	struct rlimit files = {CLIENTS_MAX + 100, CLIENTS_MAX + 100};
	int64_t began;

	parse(argc, argv);
	crc_init();
	setrlimit(RLIMIT_NOFILE, &files);
	poller = epoll_create1(0);
	clients = calloc(set.clients, sizeof(*clients));
	if (set.rtt) {
		queue_size = set.clients * 16 + 1024;
		queue = calloc(queue_size, sizeof(*queue));
		timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
		prctl(PR_SET_TIMERSLACK,
		      1000UL); /* ns; the default of 50 us would add to the RTT */
		epoll_ctl(poller, EPOLL_CTL_ADD, timer, &e);
	}
	if (poller < 0 || !clients || (set.rtt && (!queue || timer < 0)))
		die("cannot set up");
	active = set.clients;
	began = now();
	for (unsigned i = 0; i < set.clients; i++) {
		uint64_t s = (set.seed * 1000003 + i + 1) * 0x9e3779b97f4a7c15u;

		clients[i].random_in = s | 1;
		clients[i].random_out = (s ^ s >> 29) * 0xbf58476d1ce4e5b9u | 1;
		clients[i].files_left = set.files;
		start_file(&clients[i]);
	}
	if (set.clients == 1 && !set.rtt)
		run_one(began + set.timeout);
	else
		run_many(began + set.timeout);
	return report(began);
}
