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
 * With --knows the phones hold the signing keys of that generation only: the built-in ones and
 * those of --keys (tests/keys/test-keys.ini below the current folder or $REFLASHD_SOURCE).
 *
 * Phones announce themselves by CDP; --speak says in which ways they do.
 *
 * What can go wrong: no permission, no such interface, the time is over (exit 1, and a line for
 * each phone that does not run yet).
 */
#include "station.h"

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
#define LAST_QUESTIONS USEC_SEC(2)
#define LAST_WORDS     USEC_SEC(10) /* of phones that register or have a web page */

struct tool {
	const char *interface;
	struct cable cable;
	unsigned count;
	struct station station[PHONES];
	struct sim_phone_config config;
	struct keys keys;
	const char *key_file;
	uint64_t timeout; /* seconds; 0: none */
};

static usec_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec_t)t.tv_sec * 1000000u + (usec_t)t.tv_nsec / 1000u;
}

static void receive_frames(struct tool *t)
{
	uint8_t frame[2048];
	struct sockaddr_ll from;
	socklen_t from_len;
	ssize_t n;
	unsigned i, k;

	/* Not for ever: the phones' own timers want their turn. */
	for (i = 0; i < 256; i++) {
		from_len = sizeof(from);
		n = recvfrom(t->cable.fd, frame, sizeof(frame), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &from_len);
		if (n < 0)
			return;
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		for (k = 0; k < t->count; k++)
			station_receive(&t->cable, &t->station[k], frame, (size_t)n, clock_now());
	}
}

static int wait_ms(const struct tool *t, usec_t now, usec_t end)
{
	usec_t first = end, deadline;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		deadline = station_deadline(&t->station[i]);
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
	bool settled = true, page = (t->config.speaks & SIM_SPEAKS_PAGE) != 0;
	usec_t most = t->config.speaks & ~(unsigned)SIM_SPEAKS_CDP ? LAST_WORDS : LAST_QUESTIONS;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		if (sim_phone_stage(t->station[i].phone) != SIM_RUNNING) {
			*since = USEC_NEVER;
			return false;
		}
		settled = settled && sim_phone_settled(t->station[i].phone) &&
			  (!page || t->station[i].page_read);
	}
	if (*since == USEC_NEVER)
		*since = now;
	return settled || now - *since >= most;
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
	struct pollfd poll_fd = {.fd = t->cable.fd, .events = POLLIN};
	usec_t now = t->cable.start, end = USEC_NEVER, since = USEC_NEVER;
	struct sim_out out;
	unsigned i;

	if (t->timeout > 0)
		end = t->cable.start + USEC_SEC(t->timeout);
	for (i = 0; i < t->count; i++) {
		sim_phone_power_on(t->station[i].phone, now, &out);
		station_perform(&t->cable, &t->station[i], &out, now);
	}
	while (!all_run(t, now, &since)) {
		if (now >= end)
			return time_is_over(t);
		if (poll(&poll_fd, 1, wait_ms(t, now, end)) > 0)
			receive_frames(t);
		now = clock_now();
		for (i = 0; i < t->count; i++)
			station_tick(&t->cable, &t->station[i], now);
	}
	return 0;
}

/* Setting up. */

static bool failed(const char *what, const char *name)
{
	fprintf(stderr, "simphone: %s %s: %s\n", what, name, strerror(errno));
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
	t->cable.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->cable.fd < 0)
		return failed("cannot open a packet socket on", t->interface);
	setsockopt(t->cable.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (bind(t->cable.fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return failed("cannot listen on", t->interface);
	if (setsockopt(t->cable.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything,
		       sizeof(everything)))
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
		"                [--count N] [--seed N] [--timeout SECONDS] [-v]\n"
		"                [--knows g1|g2|both] [--keys FILE]\n"
		"                [--speak none|cdp,sccp,sip,page]   (cdp)\n");
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

/* "cdp,page", "none". SCCP and SIP: an image registers by the one that is its own. */
static bool set_speaks(struct sim_phone_config *c, const char *text)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {{"none", SIM_SPEAKS_NOTHING},
		     {"cdp", SIM_SPEAKS_CDP},
		     {"sccp", SIM_SPEAKS_SCCP},
		     {"sip", SIM_SPEAKS_SIP},
		     {"page", SIM_SPEAKS_PAGE}};
	size_t i, n;

	c->speaks = SIM_SPEAKS_NOTHING;
	for (;; text += n + 1) {
		n = strcspn(text, ",");
		for (i = 0; i < ARRAY_LEN(words); i++)
			if (strlen(words[i].word) == n && memcmp(words[i].word, text, n) == 0)
				break;
		if (i == ARRAY_LEN(words))
			return false;
		c->speaks |= words[i].bit;
		if (text[n] == '\0')
			return true;
	}
}

static bool set_knows(struct sim_phone_config *c, const char *text)
{
	static const char *const words[] = {"", "g1", "g2", "both"};
	unsigned i;

	for (i = 1; i < 4; i++)
		if (strcmp(text, words[i]) == 0)
			c->knows = (enum sim_knows)i;
	return c->knows != SIM_KNOWS_ANYTHING;
}

/* The keys that phones are made with, and those of the tests. */
static bool read_keys(struct tool *t)
{
	const char *folder = getenv("REFLASHD_SOURCE");
	char path[512], text[16384];
	struct fault f;
	size_t len;
	FILE *file;

	if (t->config.knows == SIM_KNOWS_ANYTHING && !t->key_file)
		return true;
	keys_builtin(&t->keys);
	t->config.keys = &t->keys;
	if (t->key_file)
		text_copy(path, sizeof(path), t->key_file);
	else
		text_format(path, sizeof(path), "%s/tests/keys/test-keys.ini",
			    folder ? folder : ".");
	file = fopen(path, "re");
	if (!file)
		return failed("cannot read", path);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (keys_read(&t->keys, path, text, len, &f) == 0)
		return true;
	fprintf(stderr, "simphone: %s\n", f.text);
	return false;
}

static bool parse(struct tool *t, int argc, char **argv, uint64_t *count)
{
	static const struct option options[] = {
		{"interface", 1, NULL, 'i'}, {"model", 1, NULL, 'm'},	{"kind", 1, NULL, 'k'},
		{"mac", 1, NULL, 'a'},	     {"load", 1, NULL, 'l'},	{"speed", 1, NULL, 's'},
		{"count", 1, NULL, 'c'},     {"timeout", 1, NULL, 't'}, {"sip", 0, NULL, 'S'},
		{"silent", 0, NULL, 'q'},    {"seed", 1, NULL, 'e'},	{"verbose", 0, NULL, 'v'},
		{"knows", 1, NULL, 'n'},     {"keys", 1, NULL, 'K'},	{"speak", 1, NULL, 'p'},
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
		case 'n': ok = set_knows(c, optarg); break;
		case 'p': ok = set_speaks(c, optarg); break;
		case 'K': t->key_file = optarg; break;
		case 'q': c->silent_class = true; break;
		case 'v': t->cable.verbose = true; break;
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
	t->cable.fd = -1;
	text_copy(t->config.model, sizeof(t->config.model), "7970");
	t->config.speaks = SIM_SPEAKS_CDP;
	t->config.mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	if (!parse(t, argc, argv, &count)) {
		free(t);
		return usage();
	}
	t->cable.start = clock_now();
	if (read_keys(t) && prepare_interface(t) && open_socket(t) &&
	    add_phones(t, (unsigned)count))
		result = run(t);
	for (i = 0; i < t->count; i++)
		sim_phone_free(t->station[i].phone);
	if (t->cable.fd >= 0)
		close(t->cable.fd);
	keys_free(&t->keys);
	free(t);
	return result;
}
