/* SPDX-License-Identifier: MIT */
/*
 * Simulated phones in a hurry, each of which somebody unplugs in the middle of what it does.
 *
 *     unplug --model 7970 --mac 00:1b:54:00:00:00 --count 40 --cut 1 --hurry 10 eth0
 *
 * The happy path: all phones are plugged in at once → with --cut N the power of the first one fails
 * after its N-th frame, of the second one after its N+1st … for --dark milliseconds (1000) → all
 * run → a line says how many were unplugged, and how many frames one sent at most → they live on,
 * and announce themselves, until the tool is killed.
 *
 * With --hurry N the phones' clock runs N times as fast, with all that they do by it: on a wire
 * that loses much, waiting is most of a recovery. All times but --timeout are the phones' own.
 * --speed shortens their pauses besides, as it does for simphone.
 *
 * What can go wrong: the time is over (60 s; exit 1, and a line for each phone that does not run);
 * the interface is not there, or is not ours to use. It must be up and without an address.
 */
#include "station.h"

#include "reflashd/text.h"

#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PHONES	      200
#define SETTLE	      USEC_SEC(20) /* of the phones' time, for their last questions */
#define AT_ONCE	      256
#define LONGEST_SLEEP 100 /* ms */

struct tool {
	struct cable cable;
	struct station station[PHONES];
	struct sim_phone_config config;
	uint64_t count, cut, dark, hurry, timeout;
	const char *interface;
};

/* The phones' time. */
static usec_t clock_now(const struct tool *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((usec_t)now.tv_sec * 1000000u + (usec_t)now.tv_nsec / 1000u) * t->hurry;
}

static void receive_frames(struct tool *t)
{
	uint8_t frame[2048];

	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct sockaddr_ll from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(t->cable.fd, frame, sizeof(frame), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0)
			return;
		for (uint64_t k = 0; from.sll_pkttype != PACKET_OUTGOING && k < t->count; k++)
			station_receive(&t->cable, &t->station[k], frame, (size_t)n, clock_now(t));
	}
}

static int sleep_ms(const struct tool *t, usec_t now)
{
	usec_t first = USEC_NEVER;

	for (uint64_t i = 0; i < t->count; i++)
		if (station_deadline(&t->station[i]) < first)
			first = station_deadline(&t->station[i]);
	if (first <= now)
		return 0;
	first = ((first - now) / t->hurry + 999) / 1000;
	return first > LONGEST_SLEEP ? LONGEST_SLEEP : (int)first;
}

static bool runs(const struct station *s)
{
	return sim_phone_stage(s->phone) == SIM_RUNNING && !station_is_dark(s);
}

/* All run, and have asked their last questions. */
static bool all_run(const struct tool *t, usec_t now, usec_t *since)
{
	bool settled = true;

	for (uint64_t i = 0; i < t->count; i++) {
		if (!runs(&t->station[i])) {
			*since = USEC_NEVER;
			return false;
		}
		settled = settled && sim_phone_settled(t->station[i].phone);
	}
	if (*since == USEC_NEVER)
		*since = now;
	return settled || now - *since >= SETTLE;
}

static void say_all_run(const struct tool *t)
{
	unsigned cut = 0, most = 0;

	for (uint64_t i = 0; i < t->count; i++) {
		cut += t->station[i].was_cut;
		if (t->station[i].frames > most)
			most = t->station[i].frames;
	}
	printf("unplug: all %u run; %u were unplugged; at most %u frames of one phone\n",
	       (unsigned)t->count, cut, most);
	fflush(stdout);
}

static int time_is_over(const struct tool *t)
{
	for (uint64_t i = 0; i < t->count; i++)
		if (!runs(&t->station[i]))
			printf("unplug: time is over, and %s does not run: stage %d %s\n",
			       t->station[i].name, sim_phone_stage(t->station[i].phone),
			       sim_phone_why(t->station[i].phone));
	return 1;
}

static int run(struct tool *t)
{
	struct pollfd poll_fd = {.fd = t->cable.fd, .events = POLLIN};
	usec_t now = t->cable.start = clock_now(t), since = USEC_NEVER;
	usec_t end = now + USEC_SEC(t->timeout) * t->hurry;

	for (uint64_t i = 0; i < t->count; i++)
		station_start(&t->cable, &t->station[i], now);
	for (;;) {
		if (end != USEC_NEVER && all_run(t, now, &since)) {
			say_all_run(t);
			end = USEC_NEVER;
		}
		if (now >= end)
			return time_is_over(t);
		if (poll(&poll_fd, 1, sleep_ms(t, now)) > 0)
			receive_frames(t);
		now = clock_now(t);
		for (uint64_t i = 0; i < t->count; i++)
			station_tick(&t->cable, &t->station[i], now);
	}
}

/* ---- setting up ---- */

static void open_cable(struct tool *t)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	int room = 4 << 20;

	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(t->interface);
	t->cable.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->cable.fd < 0 || !at.sll_ifindex ||
	    bind(t->cable.fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(t->cable.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		err(1, "cannot use %s", t->interface);
	if (setsockopt(t->cable.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(t->cable.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static const enum sim_kind dead[] = {[MODEL_JAVA] = SIM_JAVA_ERASED,
				     [MODEL_LEGACY] = SIM_LEGACY,
				     [MODEL_KUP] = SIM_KUP_RECOVERY};

static bool add_phones(struct tool *t)
{
	struct models *models = malloc(sizeof(*models));
	const struct model *model;

	if (!models)
		err(1, "no memory");
	models_builtin(models);
	model = models_by_id(models, t->config.model);
	if (model)
		t->config.kind = dead[model->family];
	free(models);
	for (uint64_t i = 0; model && i < t->count; i++) {
		struct station *s = &t->station[i];

		s->phone = sim_phone_new(&t->config);
		if (!s->phone)
			err(1, "no memory");
		s->mac = t->config.mac;
		s->cut_after = t->cut ? (unsigned)(t->cut + i) : 0;
		s->dark = USEC_MS(t->dark);
		snprintf(s->name, sizeof(s->name), "SEP%02X%02X%02X%02X%02X%02X", s->mac.b[0],
			 s->mac.b[1], s->mac.b[2], s->mac.b[3], s->mac.b[4], s->mac.b[5]);
		t->config.mac.b[5] = (uint8_t)(t->config.mac.b[5] + 1);
		t->config.seed++;
	}
	return model != NULL;
}

static bool parse(struct tool *t, int argc, char **argv)
{
	static const struct option options[] = {
		{"model", 1, NULL, 'm'}, {"mac", 1, NULL, 'a'},	    {"count", 1, NULL, 'c'},
		{"cut", 1, NULL, 'C'},	 {"dark", 1, NULL, 'd'},    {"hurry", 1, NULL, 'h'},
		{"speed", 1, NULL, 's'}, {"timeout", 1, NULL, 't'}, {NULL, 0, NULL, 0}};
	uint64_t speed = 1;
	bool ok = true;
	int option;

	while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'm': ok = text_copy(t->config.model, sizeof(t->config.model), optarg); break;
		case 'a': ok = mac_parse(optarg, &t->config.mac); break;
		case 'c': ok = text_to_u64(optarg, 1, PHONES, &t->count); break;
		case 'C': ok = text_to_u64(optarg, 1, 100000, &t->cut); break;
		case 'd': ok = text_to_u64(optarg, 0, 1000000, &t->dark); break;
		case 'h': ok = text_to_u64(optarg, 1, 1000, &t->hurry); break;
		case 's': ok = text_to_u64(optarg, 1, 1000000, &speed); break;
		case 't': ok = text_to_u64(optarg, 1, 86400, &t->timeout); break;
		default: ok = false;
		}
	}
	t->config.speed = (uint32_t)speed;
	t->interface = ok && argc - optind == 1 ? argv[optind] : NULL;
	return t->interface != NULL;
}

int main(int argc, char **argv)
{
	static struct tool t = {.count = 1, .hurry = 1, .dark = 1000, .timeout = 60};
	int result = 2;

	text_copy(t.config.model, sizeof(t.config.model), "7970");
	t.config.speaks = SIM_SPEAKS_CDP;
	t.config.mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	if (parse(&t, argc, argv) && add_phones(&t)) {
		open_cable(&t);
		result = run(&t);
	} else {
		fprintf(stderr,
			"usage: unplug [--model 7970] [--mac MAC] [--count N] [--cut FRAMES] "
			"[--dark MS]\n"
			"              [--hurry N] [--speed N] [--timeout SECONDS] INTERFACE\n");
	}
	for (uint64_t i = 0; i < t.count; i++)
		if (t.station[i].phone)
			sim_phone_free(t.station[i].phone);
	return result;
}
