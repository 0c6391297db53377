/* SPDX-License-Identifier: MIT */
/*
 * dhcpload: DISCOVER, OFFER, REQUEST, ACK as fast as a server can, with a MAC per client.
 *
 * A closed loop: --outstanding exchanges run at once, each with a hardware address of its own,
 * and a new one begins where one ends. Frames are built here and go out through AF_PACKET, so
 * no address is needed on the interface and every MAC is true down to Ethernet. The broadcast
 * flag is set, as phones do (knowledge: CP-7911G), and the parameter list is that of a phone.
 *
 * The lower half of each MAC is scattered: dnsmasq offers one address to several neighbouring
 * MACs at once and then refuses all but one of them. A NAK is not wrong; it is counted and the
 * client starts again, as a phone would.
 *
 * Checked, not believed: the ACK must carry the offered address and options 150 and 66 when -w
 * is given, and no two MACs may get the same address. Whatever is not answered is
 * sent again after --retry ms.
 *
 * With -S it starts the server itself, in the namespace of that name, and asks every 5 ms from the
 * moment of its exec on: first_offer_ms is then how long a phone waits for a server that starts.
 *
 * Prints one line of key=value. Exit: 0 all right, 1 usage, 2 not done in time, 3 an answer
 * was wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OUTSTANDING_MAX 4096
#define TOTAL_MAX	1000000
#define BOOTP_AT	42  /* Ethernet 14, IP 20, UDP 8 */
#define OPTIONS_AT	282 /* 236 of BOOTP and the cookie */
#define FRAME_LEN	590 /* the 548 bytes of BOOTP that phones send */

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6 };

struct exchange {
	bool used, requesting;
	unsigned number; /* which MAC */
	uint32_t xid, offered, server;
	int64_t began, sent;
};

static const char *vendor = "Cisco Systems, Inc. IP Phone CP-7961G";
static unsigned total = 1000, outstanding = 1, macs, mac_first;
static int64_t retry_after = 1000000, limit = 60000000;
static bool want_150, flood;
static int fd;
static struct exchange exchanges[OUTSTANDING_MAX];
static uint32_t *given; /* the address of each MAC, 0: none yet */
static int64_t *latency;
static unsigned started, done, retries, naks, wrong;
static int64_t tick = 20000; /* how often it is looked whether something is to be sent again */
static int64_t started_server, first_offer;
static char first_error[100] = "-";

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void checksum_ip(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

static uint8_t *option(uint8_t *p, uint8_t code, const void *value, size_t len)
{
	p[0] = code;
	p[1] = (uint8_t)len;
	memcpy(p + 2, value, len);
	return p + 2 + len;
}

static void send_message(struct exchange *x)
{
	static const uint8_t wanted[] = {1, 66, 6, 3, 15, 150, 35};
	static uint8_t f[FRAME_LEN];
	uint8_t *ip = f + 14, *b = f + BOOTP_AT, *o = f + OPTIONS_AT, address[4];
	uint8_t type = x->requesting ? REQUEST : DISCOVER;
	uint32_t mac = x->number * 0x9e3779b1u & 0xffffff; /* odd factor: still one to one */

	memset(f, 0, sizeof(f));
	memset(f, 0xff, 6);
	memcpy(f + 6, "\x00\x1b\xd4", 3);
	f[9] = (uint8_t)(mac >> 16);
	put16(f + 10, mac & 0xffff);
	put16(f + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, FRAME_LEN - 14);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memset(ip + 16, 0xff, 4);
	checksum_ip(ip);
	put16(f + 34, 68);
	put16(f + 36, 67);
	put16(f + 38, FRAME_LEN - 34); /* and no UDP checksum, which IPv4 allows */
	b[0] = 1;
	b[1] = 1;
	b[2] = 6;
	put32(b + 4, x->xid);
	b[10] = 0x80;
	memcpy(b + 28, f + 6, 6);
	put32(b + 236, 0x63825363);
	o = option(o, 53, &type, 1);
	o = option(o, 60, vendor, strlen(vendor));
	o = option(o, 55, wanted, sizeof(wanted));
	if (x->requesting) {
		put32(address, x->offered);
		o = option(o, 50, address, 4);
		put32(address, x->server);
		o = option(o, 54, address, 4);
	}
	*o = 255;
	x->sent = now();
	if (send(fd, f, sizeof(f), 0) < 0 && errno != ENOBUFS && errno != ENETDOWN) {
		perror("dhcpload: send");
		exit(1);
	}
}

static void begin(unsigned slot)
{
	struct exchange *x = &exchanges[slot];

	x->used = started < total;
	if (!x->used)
		return;
	x->requesting = false;
	x->number = mac_first + started % macs;
	x->xid = started << 12 | slot;
	x->began = now();
	started++;
	send_message(x);
}

static void fail(struct exchange *x, const char *what)
{
	if (!wrong++)
		snprintf(first_error, sizeof(first_error), "%s_(client_%u)", what, x->number);
}

static int compare_address(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int compare_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void take_ack(struct exchange *x, uint32_t yiaddr, bool has_150, bool has_66)
{
	uint32_t *mine = &given[x->number - mac_first];

	if (yiaddr != x->offered)
		fail(x, "ACK_for_another_address_than_offered");
	else if (*mine && *mine != yiaddr)
		fail(x, "same_client,_another_address");
	else if (want_150 && (!has_150 || !has_66))
		fail(x, "ACK_without_option_150_or_66");
	*mine = yiaddr;
	latency[done++] = now() - x->began;
	begin((unsigned)(x - exchanges));
}

/* One frame: is it an answer to an exchange that runs? Then the next step of it. */
static void take_frame(const uint8_t *f, size_t len)
{
	unsigned slot, type = 0;
	bool has_150 = false, has_66 = false;
	struct exchange *x;
	uint32_t xid, yiaddr;

	if (len < OPTIONS_AT || f[12] != 8 || f[13] != 0 || f[14] != 0x45 || f[23] != IPPROTO_UDP ||
	    f[36] != 0 || f[37] != 68 || f[BOOTP_AT] != 2)
		return;
	xid = get32(f + BOOTP_AT + 4);
	yiaddr = get32(f + BOOTP_AT + 16);
	slot = xid & 0xfff;
	if (slot >= outstanding || !exchanges[slot].used || exchanges[slot].xid != xid)
		return;
	x = &exchanges[slot];
	for (size_t at = OPTIONS_AT; at + 1 < len && f[at] != 255;
	     at += f[at] ? f[at + 1] + 2u : 1) {
		if (f[at] == 0)
			continue;
		if (at + 2 + f[at + 1] > len)
			break;
		if (f[at] == 53 && f[at + 1] == 1)
			type = f[at + 2];
		else if (f[at] == 54 && f[at + 1] == 4 && !x->requesting)
			x->server = get32(f + at + 2);
		has_150 |= f[at] == 150;
		has_66 |= f[at] == 66;
	}
	if (type == OFFER && !x->requesting && yiaddr) {
		if (!first_offer)
			first_offer = now() - (started_server ? started_server : x->began);
		x->offered = yiaddr;
		x->requesting = true;
		send_message(x);
	} else if (type == ACK && x->requesting) {
		take_ack(x, yiaddr, has_150, has_66);
	} else if (type == NAK && x->requesting) {
		naks++;
		x->requesting = false;
		send_message(x);
	}
}

static void open_interface(const char *name)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	struct timeval patience = {.tv_usec = tick};
	int one = 1, room = 4 << 20;

	to.sll_ifindex = (int)if_nametoindex(name);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (!to.sll_ifindex || fd < 0 || bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		fprintf(stderr, "dhcpload: cannot use %s: %s\n", name, strerror(errno));
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
}

static void run(void)
{
	static uint8_t f[2048];
	int64_t end = now() + limit, next_check = 0, t;

	for (unsigned i = 0; i < outstanding; i++)
		begin(i);
	while (done < total) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		/* Finer than a socket's own patience. */
		bool ready = !started_server || poll(&wait, 1, 1) > 0;
		ssize_t n = ready ? recv(fd, f, sizeof(f), 0) : 0;

		if (n > 0)
			take_frame(f, (size_t)n);
		t = now();
		if (t < next_check)
			continue;
		next_check = t + tick;
		if (t > end || wrong > 1000)
			return;
		for (unsigned i = 0; i < outstanding; i++) {
			struct exchange *x = &exchanges[i];

			if (x->used && t - x->sent >= retry_after) {
				/* From the start: the server may have dropped the offer meanwhile.
				 */
				x->requesting = false;
				retries++;
				send_message(x);
			}
		}
	}
}

/* Stays when we end: whoever called us ends it. */
static void start_server(const char *namespace, char **command)
{
	char path[256];
	int ns;

	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	started_server = now();
	if (fork() != 0)
		return;
	if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) {
		perror("dhcpload: namespace");
		_exit(1);
	}
	execvp(command[0], command);
	perror("dhcpload: exec");
	_exit(1);
}

static int report(int64_t elapsed)
{
	double seconds = (double)elapsed / 1e6;

	qsort(latency, done, sizeof(*latency), compare_time);
	qsort(given, macs, sizeof(*given), compare_address);
	for (unsigned i = 1; i < macs; i++)
		if (given[i] && given[i] == given[i - 1] && !wrong++)
			snprintf(first_error, sizeof(first_error),
				 "two_clients_got_the_same_address_%08x", given[i]);
	if (done < total && !wrong)
		snprintf(first_error, sizeof(first_error), "%u_of_%u_not_done_in_time",
			 total - done, total);
	printf("total=%u done=%u elapsed=%.6f dora_s=%.1f median_ms=%.3f p99_ms=%.3f max_ms=%.3f "
	       "first_offer_ms=%.3f retries=%u naks=%u errors=%u wrong=%u first_error=%s\n",
	       total, done, seconds, seconds > 0 ? (double)done / seconds : 0,
	       done ? (double)latency[done / 2] / 1e3 : 0,
	       done ? (double)latency[done * 99ull / 100] / 1e3 : 0,
	       done ? (double)latency[done - 1] / 1e3 : 0, (double)first_offer / 1e3, retries, naks,
	       total - done, wrong, first_error);
	return wrong ? 3 : done < total ? 2 : 0;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: dhcpload -i IFACE [-n TOTAL] [-c OUTSTANDING] [-m MACS (default: TOTAL)]\n"
		"       [-f FIRST-MAC-NUMBER] [-V VENDOR-CLASS] [-r RETRY-MS] [-t SECONDS] [-w]\n"
		"       [-S NAMESPACE COMMAND ...]\n"
		"  -D: only DISCOVERs, as fast as they go out, and no answers are waited for\n"
		"  -w: each ACK must carry options 150 and 66\n");
	exit(1);
}

static unsigned number(const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || n < min || n > max)
		usage();
	return (unsigned)n;
}

int main(int argc, char **argv)
{
	const char *interface = NULL, *namespace = NULL;
	int64_t began;
	int o;

	while ((o = getopt(argc, argv, "+i:n:c:m:f:V:r:t:wDS:")) != -1) {
		switch (o) {
		case 'i': interface = optarg; break;
		case 'n': total = number(optarg, 1, TOTAL_MAX); break;
		case 'c': outstanding = number(optarg, 1, OUTSTANDING_MAX); break;
		case 'm': macs = number(optarg, 1, TOTAL_MAX); break;
		case 'f': mac_first = number(optarg, 0, 10000000); break;
		case 'V': vendor = optarg; break;
		case 'r': retry_after = 1000 * (int64_t)number(optarg, 1, 1000000); break;
		case 't': limit = (int64_t)(strtod(optarg, NULL) * 1e6); break;
		case 'w': want_150 = true; break;
		case 'D': flood = true; break;
		case 'S':
			namespace
			= optarg;
			break;
		default: usage();
		}
	}
	if (!interface || (optind == argc) != !namespace || strlen(vendor) > 200)
		usage();
	if (!macs || macs > total)
		macs = total;
	if (outstanding > macs) /* one MAC must not run twice at once */
		outstanding = macs;
	given = calloc(macs, sizeof(*given));
	latency = calloc(total, sizeof(*latency));
	if (!given || !latency)
		usage();
	if (namespace)
		tick = 1000, retry_after = 5000;
	open_interface(interface);
	if (namespace)
		start_server(namespace, argv + optind);
	began = now();
	if (flood) {
		struct exchange x = {0};

		for (x.number = mac_first; x.number < mac_first + total; x.number++)
			send_message(&x);
		return 0;
	}
	run();
	return report(now() - began);
}
