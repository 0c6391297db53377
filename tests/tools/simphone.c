/* SPDX-License-Identifier: MIT */
/*
 * Simulated phones on a real cable: the machine of src/rehearsal behind a packet socket.
 *
 *     simphone -i veth1 --model 7970 --kind erased --speed 100 --timeout 60
 *
 * The happy path: the interface is up and has no address of its own → each phone boots, gets
 * its address and its files from whoever serves at the other end → all run → exit 0.
 *
 * It does what the network stack of a phone does: answers ARP for the phone's address, finds the
 * server's hardware address by ARP, refuses datagrams to closed ports by ICMP. The kernel must
 * keep out of it, so an interface that has an IPv4 address is refused: the kernel would
 * answer ARP and refuse ports in the phone's stead.
 *
 * What can go wrong: no permission, no such interface, the time is over (exit 1, and a line for
 * each phone that does not run yet).
 */
#include "reflashd/bytes.h"
#include "reflashd/frame.h"
#include "reflashd/sim_phone.h"
#include "reflashd/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PHONES	       256
#define PENDING	       4
#define ARP_AGAIN      USEC_SEC(1)
#define CACHE_SIZE     4
#define LAST_QUESTIONS USEC_SEC(2)

struct pending {
	struct sim_datagram d;
	bool used;
};

/* One phone and its network stack. */
struct station {
	struct sim_phone *phone;
	struct mac mac;
	char name[16];
	struct {
		uint32_t ip;
		struct mac mac;
	} cache[CACHE_SIZE];
	unsigned cache_next;
	struct pending pending[PENDING]; /* wait for an ARP answer */
	usec_t arp_at;			 /* when to ask again; USEC_NEVER: nothing to ask */
};

struct tool {
	const char *interface;
	int fd;
	bool verbose;
	unsigned count;
	struct station station[PHONES];
	struct sim_phone_config config;
	uint64_t timeout; /* seconds; 0: none */
	usec_t start;
};

static usec_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec_t)t.tv_sec * 1000000u + (usec_t)t.tv_nsec / 1000u;
}

static void say(const struct tool *t, const struct station *s, usec_t now, const char *line)
{
	usec_t ms = (now - t->start) / 1000;

	printf("%5llu.%03llu  %s  %s\n", (unsigned long long)(ms / 1000),
	       (unsigned long long)(ms % 1000), s->name, line);
	fflush(stdout);
}

static void send_frame(const struct tool *t, const uint8_t *frame, size_t len)
{
	/* A frame that the socket cannot take is one that the cable lost. */
	if (len > 0 && send(t->fd, frame, len, 0) < 0 && t->verbose)
		fprintf(stderr, "simphone: a frame was lost: %s\n", strerror(errno));
}

/* ARP */

static const struct mac *cache_find(const struct station *s, uint32_t ip)
{
	unsigned i;

	for (i = 0; i < CACHE_SIZE; i++)
		if (s->cache[i].ip == ip && ip != 0)
			return &s->cache[i].mac;
	return NULL;
}

static void cache_learn(struct station *s, uint32_t ip, struct mac mac)
{
	unsigned i;

	for (i = 0; i < CACHE_SIZE; i++) {
		if (s->cache[i].ip == ip) {
			s->cache[i].mac = mac;
			return;
		}
	}
	s->cache[s->cache_next].ip = ip;
	s->cache[s->cache_next].mac = mac;
	s->cache_next = (s->cache_next + 1) % CACHE_SIZE;
}

static void ask_arp(const struct tool *t, struct station *s, uint32_t ip, usec_t now)
{
	struct frame_arp a = frame_arp_request(s->mac, sim_phone_ip(s->phone), ip);
	uint8_t frame[FRAME_MIN];

	send_frame(t, frame, frame_arp_write(frame, sizeof(frame), &a));
	s->arp_at = now + ARP_AGAIN;
}

static void send_udp(const struct tool *t, const struct station *s, struct mac to,
		     const struct sim_datagram *d)
{
	struct frame_udp f = {.src_mac = s->mac,
			      .dst_mac = to,
			      .src_ip = d->src_ip,
			      .dst_ip = d->dst_ip,
			      .src_port = d->src_port,
			      .dst_port = d->dst_port};
	uint8_t frame[FRAME_MAX];

	send_frame(t, frame, frame_write(frame, sizeof(frame), &f, d->data, d->len));
}

static void send_datagram(const struct tool *t, struct station *s, const struct sim_datagram *d,
			  usec_t now)
{
	const struct mac *mac;
	unsigned i;

	if (d->dst_ip == FRAME_BROADCAST_IP) {
		send_udp(t, s, frame_broadcast_mac(), d);
		return;
	}
	mac = cache_find(s, d->dst_ip);
	if (mac) {
		send_udp(t, s, *mac, d);
		return;
	}
	for (i = 0; i < PENDING && s->pending[i].used; i++)
		;
	if (i < PENDING) {
		s->pending[i].d = *d;
		s->pending[i].used = true;
	}
	ask_arp(t, s, d->dst_ip, now);
}

static void flush_pending(const struct tool *t, struct station *s)
{
	const struct mac *mac;
	unsigned i;

	for (i = 0; i < PENDING; i++) {
		if (!s->pending[i].used)
			continue;
		mac = cache_find(s, s->pending[i].d.dst_ip);
		if (!mac)
			continue;
		s->pending[i].used = false;
		send_udp(t, s, *mac, &s->pending[i].d);
	}
	s->arp_at = USEC_NEVER;
}

static void receive_arp(const struct tool *t, struct station *s, const struct frame_arp *a)
{
	struct frame_arp answer;
	uint8_t frame[FRAME_MIN];
	uint32_t ip = sim_phone_ip(s->phone);

	if (sim_phone_deaf(s->phone) || ip == 0 || a->target_ip != ip)
		return;
	cache_learn(s, a->sender_ip, a->sender_mac);
	flush_pending(t, s);
	if (a->op != FRAME_ARP_REQUEST)
		return;
	answer = frame_arp_answer(a, s->mac, ip);
	send_frame(t, frame, frame_arp_write(frame, sizeof(frame), &answer));
}

/* ICMP port unreachable (RFC 792): the IP header that came and eight bytes behind it. */

static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get_be16(data + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void refuse(const struct tool *t, const struct station *s, const struct frame_udp *f,
		   const uint8_t *frame, size_t len)
{
	uint8_t out[14 + 20 + 8 + 28];
	struct writer w = writer_init(out, sizeof(out));

	if (len < 14 + 28 || (frame[14] & 0x0f) != 5)
		return;
	write_bytes(&w, f->src_mac.b, 6);
	write_bytes(&w, s->mac.b, 6);
	write_be16(&w, FRAME_TYPE_IPV4);
	write_be16(&w, 0x45c0); /* as routers and hosts mark ICMP errors */
	write_be16(&w, 20 + 8 + 28);
	write_be32(&w, 0);
	write_be16(&w, 64 << 8 | 1);
	write_be16(&w, 0);
	write_be32(&w, f->dst_ip);
	write_be32(&w, f->src_ip);
	write_be16(&w, 3 << 8 | 3);
	write_be16(&w, 0);
	write_be32(&w, 0);
	write_bytes(&w, frame + 14, 28);
	if (!w.ok)
		abort();
	put_be16(out + 14 + 10, checksum(out + 14, 20));
	put_be16(out + 34 + 2, checksum(out + 34, 36));
	send_frame(t, out, w.len);
}

/* The phone's wishes, after every call. */
static void perform(const struct tool *t, struct station *s, const struct sim_out *out, usec_t now)
{
	unsigned i;

	if (out->log)
		say(t, s, now, out->line);
	for (i = 0; i < out->count; i++)
		send_datagram(t, s, &out->send[i], now);
}

static void receive_udp(const struct tool *t, struct station *s, const uint8_t *frame, size_t len,
			usec_t now)
{
	struct frame_udp f;
	struct sim_datagram d;
	struct sim_out out;
	struct span payload;
	uint32_t ip = sim_phone_ip(s->phone);

	if (!frame_parse(&f, &payload, frame, len) || payload.len > sizeof(d.data) ||
	    sim_phone_deaf(s->phone))
		return;
	if (f.dst_port != 68 && (ip == 0 || f.dst_ip != ip))
		return;
	if (!sim_phone_port_open(s->phone, f.dst_port)) {
		if (t->verbose)
			say(t, s, now, "refuses a datagram to a closed port");
		refuse(t, s, &f, frame, len);
		return;
	}
	d.src_ip = f.src_ip;
	d.dst_ip = f.dst_ip;
	d.src_port = f.src_port;
	d.dst_port = f.dst_port;
	d.len = payload.len;
	memcpy(d.data, payload.data, payload.len);
	sim_phone_receive(s->phone, &d, now, &out);
	perform(t, s, &out, now);
}

static void receive_frame(struct tool *t, const uint8_t *frame, size_t len)
{
	usec_t now = clock_now();
	struct mac broadcast = frame_broadcast_mac(), to;
	struct frame_arp arp;
	bool is_arp;
	unsigned i;

	if (len < 14)
		return;
	memcpy(to.b, frame, 6);
	is_arp = frame_arp_parse(&arp, frame, len);
	for (i = 0; i < t->count; i++) {
		if (!mac_equal(to, broadcast) && !mac_equal(to, t->station[i].mac))
			continue;
		if (is_arp)
			receive_arp(t, &t->station[i], &arp);
		else
			receive_udp(t, &t->station[i], frame, len, now);
	}
}

static void receive_frames(struct tool *t)
{
	uint8_t frame[2048];
	struct sockaddr_ll from;
	socklen_t from_len;
	ssize_t n;
	unsigned i;

	/* Not for ever: the phones' own timers want their turn. */
	for (i = 0; i < 256; i++) {
		from_len = sizeof(from);
		n = recvfrom(t->fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from,
			     &from_len);
		if (n < 0)
			return;
		if (from.sll_pkttype != PACKET_OUTGOING)
			receive_frame(t, frame, (size_t)n);
	}
}

static void tick(const struct tool *t, struct station *s, usec_t now)
{
	struct sim_out out;
	unsigned i;

	while (sim_phone_deadline(s->phone) <= now) {
		sim_phone_tick(s->phone, now, &out);
		perform(t, s, &out, now);
	}
	if (s->arp_at > now)
		return;
	s->arp_at = USEC_NEVER;
	for (i = 0; i < PENDING; i++) {
		/* The phone may have another address by now, and other things to say. */
		if (s->pending[i].used && s->pending[i].d.src_ip != sim_phone_ip(s->phone))
			s->pending[i].used = false;
		if (s->pending[i].used)
			ask_arp(t, s, s->pending[i].d.dst_ip, now);
	}
}

static int wait_ms(const struct tool *t, usec_t now, usec_t end)
{
	usec_t first = end, deadline;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		deadline = sim_phone_deadline(t->station[i].phone);
		if (t->station[i].arp_at < deadline)
			deadline = t->station[i].arp_at;
		if (deadline < first)
			first = deadline;
	}
	if (first <= now)
		return 0;
	first = (first - now + 999) / 1000;
	return first > 500 ? 500 : (int)first;
}

/* All run, and their last questions are asked; a server that has gone home by then (--once) is
 * not waited for. */
static bool all_run(const struct tool *t, usec_t now, usec_t *since)
{
	bool settled = true;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		if (sim_phone_stage(t->station[i].phone) != SIM_RUNNING) {
			*since = USEC_NEVER;
			return false;
		}
		settled = settled && sim_phone_settled(t->station[i].phone);
	}
	if (*since == USEC_NEVER)
		*since = now;
	return settled || now - *since >= LAST_QUESTIONS;
}

static const char *stage_words(enum sim_stage stage)
{
	switch (stage) {
	case SIM_OFF: return "is off";
	case SIM_DHCP: return "has no address";
	case SIM_LOADING: return "is fetching firmware";
	case SIM_FLASHING: return "is writing its flash";
	case SIM_BOOTING: return "is asking for its configuration";
	case SIM_RUNNING: return "runs";
	case SIM_STUCK: return "is stuck";
	}
	return "";
}

static int time_is_over(const struct tool *t)
{
	const struct sim_phone *p;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		p = t->station[i].phone;
		if (sim_phone_stage(p) != SIM_RUNNING)
			fprintf(stderr, "simphone: time is over, and %s %s%s%s\n",
				t->station[i].name, stage_words(sim_phone_stage(p)),
				sim_phone_why(p)[0] ? ": " : "", sim_phone_why(p));
	}
	return 1;
}

static int run(struct tool *t)
{
	struct pollfd poll_fd = {.fd = t->fd, .events = POLLIN};
	usec_t now = t->start, end = USEC_NEVER, since = USEC_NEVER;
	struct sim_out out;
	unsigned i;

	if (t->timeout > 0)
		end = t->start + USEC_SEC(t->timeout);
	for (i = 0; i < t->count; i++) {
		sim_phone_power_on(t->station[i].phone, now, &out);
		perform(t, &t->station[i], &out, now);
	}
	while (!all_run(t, now, &since)) {
		if (now >= end)
			return time_is_over(t);
		if (poll(&poll_fd, 1, wait_ms(t, now, end)) > 0)
			receive_frames(t);
		now = clock_now();
		for (i = 0; i < t->count; i++)
			tick(t, &t->station[i], now);
	}
	return 0;
}

/* Setting up. */

static bool failed(const char *what, const char *interface)
{
	fprintf(stderr, "simphone: %s %s: %s\n", what, interface, strerror(errno));
	return false;
}

static bool prepare_interface(struct tool *t)
{
	struct ifreq request;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(&request, 0, sizeof(request));
	if (fd < 0 || !text_copy(request.ifr_name, sizeof(request.ifr_name), t->interface))
		return failed("cannot use", t->interface);
	if (ioctl(fd, SIOCGIFADDR, &request) == 0) {
		fprintf(stderr,
			"simphone: %s has an IPv4 address; the kernel would answer in the phone's "
			"stead. Remove it: ip address flush dev %s\n",
			t->interface, t->interface);
		close(fd);
		return false;
	}
	if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) {
		close(fd);
		return failed("cannot find the interface", t->interface);
	}
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
		close(fd);
		return failed("cannot switch on", t->interface);
	}
	close(fd);
	return true;
}

static bool open_socket(struct tool *t)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq everything = {.mr_type = PACKET_MR_PROMISC};
	int buffer = 4 << 20;

	to.sll_ifindex = (int)if_nametoindex(t->interface);
	everything.mr_ifindex = to.sll_ifindex;
	t->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return failed("cannot open a packet socket on", t->interface);
	setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (bind(t->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return failed("cannot listen on", t->interface);
	if (setsockopt(t->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything, sizeof(everything)))
		return failed("cannot listen to all frames on", t->interface);
	return true;
}

static bool add_phones(struct tool *t, unsigned count)
{
	struct sim_phone_config config = t->config;
	struct station *s;
	unsigned carry;
	int i;

	for (t->count = 0; t->count < count; t->count++) {
		s = &t->station[t->count];
		s->phone = sim_phone_new(&config);
		if (!s->phone) {
			fprintf(stderr, "simphone: no model `%s' is known\n", config.model);
			return false;
		}
		s->mac = config.mac;
		s->arp_at = USEC_NEVER;
		snprintf(s->name, sizeof(s->name), "SEP%02X%02X%02X%02X%02X%02X", s->mac.b[0],
			 s->mac.b[1], s->mac.b[2], s->mac.b[3], s->mac.b[4], s->mac.b[5]);
		config.seed++;
		for (i = 5, carry = 1; i >= 3 && carry; i--) {
			config.mac.b[i] = (uint8_t)(config.mac.b[i] + 1);
			carry = config.mac.b[i] == 0;
		}
	}
	return true;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: simphone -i IFACE --model 7970 [--kind erased|running|legacy|recovery]\n"
		"                [--mac MAC] [--load LOAD] [--sip] [--silent] [--speed N]\n"
		"                [--count N] [--seed N] [--timeout SECONDS] [-v]\n");
	return 2;
}

/* A 7912 that runs is another machine than a 7970 that runs. Without --kind: the dead one. */
static bool set_kind(struct sim_phone_config *config, const char *kind)
{
	struct models *models = malloc(sizeof(*models));
	const struct model *model;
	enum model_family family;

	if (!models)
		return false;
	models_builtin(models);
	model = models_by_id(models, config->model);
	family = model ? model->family : MODEL_JAVA;
	free(models);
	if (!kind)
		config->kind = family == MODEL_LEGACY ? SIM_LEGACY
			       : family == MODEL_KUP  ? SIM_KUP_RECOVERY
						      : SIM_JAVA_ERASED;
	else if (strcmp(kind, "erased") == 0 && family == MODEL_JAVA)
		config->kind = SIM_JAVA_ERASED;
	else if (strcmp(kind, "running") == 0 && family != MODEL_LEGACY)
		config->kind = family == MODEL_KUP ? SIM_KUP_RUNNING : SIM_JAVA_RUNNING;
	else if (strcmp(kind, "legacy") == 0 && family == MODEL_LEGACY)
		config->kind = SIM_LEGACY;
	else if (strcmp(kind, "recovery") == 0 && family == MODEL_KUP)
		config->kind = SIM_KUP_RECOVERY;
	else
		return false;
	return true;
}

static bool parse(struct tool *t, int argc, char **argv, uint64_t *count)
{
	static const struct option options[] = {
		{"interface", 1, NULL, 'i'}, {"model", 1, NULL, 'm'},	{"kind", 1, NULL, 'k'},
		{"mac", 1, NULL, 'a'},	     {"load", 1, NULL, 'l'},	{"speed", 1, NULL, 's'},
		{"count", 1, NULL, 'c'},     {"timeout", 1, NULL, 't'}, {"sip", 0, NULL, 'S'},
		{"silent", 0, NULL, 'q'},    {"seed", 1, NULL, 'e'},	{"verbose", 0, NULL, 'v'},
		{NULL, 0, NULL, 0}};
	struct sim_phone_config *c = &t->config;
	const char *kind = NULL;
	uint64_t speed = 1;
	bool ok = true;
	int option;

	while (ok && (option = getopt_long(argc, argv, "i:v", options, NULL)) != -1) {
		switch (option) {
		case 'i': t->interface = optarg; break;
		case 'm': ok = text_copy(c->model, sizeof(c->model), optarg); break;
		case 'k': kind = optarg; break;
		case 'a': ok = mac_parse(optarg, &c->mac); break;
		case 'l': ok = text_copy(c->load, sizeof(c->load), optarg); break;
		case 's': ok = text_to_u64(optarg, 1, 1000000, &speed); break;
		case 'c': ok = text_to_u64(optarg, 1, PHONES, count); break;
		case 't': ok = text_to_u64(optarg, 1, 86400, &t->timeout); break;
		case 'e': ok = text_to_u64(optarg, 0, UINT64_MAX, &c->seed); break;
		case 'S': c->sip = true; break;
		case 'q': c->silent_class = true; break;
		case 'v': t->verbose = true; break;
		default: ok = false;
		}
	}
	c->speed = (uint32_t)speed;
	return ok && optind == argc && t->interface && set_kind(c, kind);
}

int main(int argc, char **argv)
{
	struct tool *t = calloc(1, sizeof(*t));
	uint64_t count = 1;
	unsigned i;
	int result = 1;

	if (!t)
		return 1;
	t->fd = -1;
	text_copy(t->config.model, sizeof(t->config.model), "7970");
	t->config.mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	if (!parse(t, argc, argv, &count)) {
		free(t);
		return usage();
	}
	t->start = clock_now();
	if (prepare_interface(t) && open_socket(t) && add_phones(t, (unsigned)count))
		result = run(t);
	for (i = 0; i < t->count; i++)
		sim_phone_free(t->station[i].phone);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	return result;
}
