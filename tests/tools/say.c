/* SPDX-License-Identifier: MIT */
/*
 * say: puts a frame on the wire as it is given, and may wait for one that comes back.
 *
 *	say -i IFACE [-n TIMES] [-w SECONDS] HEX
 *	say -i IFACE -f FIRST -n TIMES HEX
 *	say -c -m MAC [-a IP] [-d DEVICE] [-p PLATFORM] [-s SOFTWARE] [-r REQUEST:MANAGEMENT:MW]
 *
 * The second is a flood: the last four bytes of the source MAC count up from FIRST.
 * HEX may contain blanks. With -w the next CDP frame of somebody else is printed in hex, or the
 * exit code is 1. With -c nothing is sent: the hex of a CDP frame of that content is printed.
 */
#include "reflashd/cdp.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct wish {
	const char *interface;
	unsigned long times, seconds;
	bool flood, compose;
	unsigned long first;
	struct cdp_frame cdp;
};

static size_t from_hex(uint8_t *out, size_t size, const char *text)
{
	size_t len = 0;
	int used;

	for (;;) {
		unsigned byte;

		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			return len;
		if (len == size || sscanf(text, "%2x%n", &byte, &used) != 1 || used != 2)
			errx(2, "not a frame in hex at '%s'", text);
		out[len++] = (uint8_t)byte;
		text += 2;
	}
}

static void print_hex(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
	printf("\n");
}

static int open_wire(const char *interface)
{
	static const uint8_t group[6] = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc};
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(interface)};
	struct packet_mreq join = {.mr_ifindex = at.sll_ifindex,
				   .mr_type = PACKET_MR_MULTICAST,
				   .mr_alen = sizeof(group)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	memcpy(join.mr_address, group, sizeof(group));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &join, sizeof(join)) != 0)
		err(2, "%s", interface);
	return fd;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int wait_for_cdp(int fd, unsigned long seconds)
{
	long end = now_ms() + (long)seconds * 1000, left;

	while ((left = end - now_ms()) > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct sockaddr_ll from = {.sll_family = 0};
		socklen_t size = sizeof(from);
		uint8_t data[2048];
		struct cdp_frame f;
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &size);
		if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING ||
		    !cdp_decode(&f, data, (size_t)n))
			continue;
		print_hex(data, (size_t)n);
		return 0;
	}
	return 1;
}

static int speak(const struct wish *w, const char *hex)
{
	uint8_t data[CDP_FRAME_MAX];
	size_t len = from_hex(data, sizeof(data), hex);
	int fd = open_wire(w->interface);

	if (w->flood && len < 12)
		errx(2, "a frame without the address that a flood changes");
	for (unsigned long i = 0; i < w->times; i++) {
		if (w->flood)
			for (int b = 0; b < 4; b++)
				data[11 - b] = (uint8_t)((w->first + i) >> 8 * b);
		if (send(fd, data, len, 0) != (ssize_t)len)
			err(2, "send");
	}
	return w->seconds ? wait_for_cdp(fd, w->seconds) : 0;
}

static int compose(const struct wish *w)
{
	uint8_t data[CDP_FRAME_MAX];
	size_t len = cdp_encode(&w->cdp, data, sizeof(data));

	if (!len)
		errx(2, "too long for a frame");
	print_hex(data, len);
	return 0;
}

/* Nothing to do would be done at once, and well. */
static unsigned long count(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*end || n == 0)
		errx(2, "'%s' is no count", text);
	return n;
}

static void parse_power(struct cdp_frame *f, const char *text)
{
	struct cdp_power_request *p = &f->power_request;

	if (sscanf(text, "%hu:%hu:%u", &p->request_id, &p->management_id, &p->mw[0]) != 3)
		errx(2, "-r REQUEST:MANAGEMENT:MW");
	p->count = 1;
	f->present |= 1u << CDP_POWER_REQUESTED;
}

int main(int argc, char **argv)
{
	struct wish w = {.times = 1};
	int c;

	while ((c = getopt(argc, argv, "i:n:w:f:cm:a:d:p:s:r:")) != -1) {
		switch (c) {
		case 'i': w.interface = optarg; break;
		case 'n': w.times = count(optarg); break;
		case 'w': w.seconds = count(optarg); break;
		case 'f':
			w.flood = true;
			w.first = strtoul(optarg, NULL, 0);
			break;
		case 'c': w.compose = true; break;
		case 'm':
			if (!mac_parse(optarg, &w.cdp.src))
				errx(2, "-m %s", optarg);
			break;
		case 'a':
			if (!ip4_parse(optarg, &w.cdp.ip))
				errx(2, "-a %s", optarg);
			w.cdp.present |= 1u << CDP_ADDRESSES;
			break;
		case 'd': cdp_say(&w.cdp, CDP_DEVICE, optarg); break;
		case 'p': cdp_say(&w.cdp, CDP_PLATFORM, optarg); break;
		case 's': cdp_say(&w.cdp, CDP_SOFTWARE, optarg); break;
		case 'r': parse_power(&w.cdp, optarg); break;
		default: return 2;
		}
	}
	if (w.compose)
		return compose(&w);
	if (!w.interface || optind + 1 != argc)
		errx(2, "usage: say -i IFACE [-n TIMES] [-w SECONDS] [-f FIRST] HEX");
	return speak(&w, argv[optind]);
}
