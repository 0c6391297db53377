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
 * A crowd: --and begins another kind of phone, and with --total there are --count phones on the
 * cable at a time until so many have come back. Who runs is unplugged, and the next one takes its
 * place; --macs says after how many the first ones come again, dead once more, and --rest after how
 * many seconds at the soonest. Every --cut'th loses
 * its power once, somewhere on its way, and every other one of these stays away for a while.
 *
 * What can go wrong: no permission, no such interface, the time is over (exit 1, and a line for
 * each phone that does not run yet), a phone of a crowd does not come back within --patience (it is
 * named and makes room; exit 1 at the end).
 */
#include "simphone_options.h"

#include "reflashd/text.h"

#include <arpa/inet.h>
#include <errno.h>
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

#define LAST_QUESTIONS USEC_SEC(2)
#define LAST_WORDS     USEC_SEC(10) /* of phones that register or have a web page */

static usec_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec_t)t.tv_sec * 1000000u + (usec_t)t.tv_nsec / 1000u;
}

/* ---- who is plugged in where ---- */

static unsigned place_of(const struct tool *t, struct mac mac)
{
	unsigned at = ((unsigned)mac.b[3] << 16 | (unsigned)mac.b[4] << 8 | mac.b[5]) * 2654435761u;

	at >>= 20;
	while (t->place[at % PLACES] &&
	       !mac_equal(t->plug[t->place[at % PLACES] - 1].station.mac, mac))
		at++;
	return at % PLACES;
}

static void number_places(struct tool *t)
{
	unsigned i;

	memset(t->place, 0, sizeof(t->place));
	for (i = 0; i < t->count; i++)
		t->place[place_of(t, t->plug[i].station.mac)] = (uint16_t)(i + 1);
}

static struct mac mac_of(const struct tool *t, uint64_t n)
{
	struct mac mac = t->group[0].config.mac;
	uint64_t number = ((uint64_t)mac.b[3] << 16 | (uint64_t)mac.b[4] << 8 | mac.b[5]) +
			  (t->macs ? n % t->macs : n);

	mac.b[3] = (uint8_t)(number >> 16);
	mac.b[4] = (uint8_t)(number >> 8);
	mac.b[5] = (uint8_t)number;
	return mac;
}

/* Not while the same phone is still at it in another place, and not before it has had its rest. */
static bool may_come(const struct tool *t, const struct plug *g, usec_t now)
{
	unsigned k = t->place[place_of(t, mac_of(t, t->next))];

	if (k > 0 && &t->plug[k - 1] != g)
		return false;
	return !t->left || t->left[t->next % t->macs] + USEC_SEC(t->rest) <= now;
}

/* Phone number n of the crowd, dead, and whether its power will fail. */
static bool plug_in(struct tool *t, struct plug *g, uint64_t n)
{
	const struct group *group = &t->group[n % t->groups];
	struct sim_phone_config config = group->config;
	struct station *s = &g->station;
	struct mac mac = mac_of(t, n);

	memset(g, 0, sizeof(*g));
	g->number = n;
	g->left = USEC_NEVER;
	config.mac = mac;
	config.seed += n;
	s->phone = sim_phone_new_of(&config, &group->model);
	if (!s->phone)
		return false;
	s->mac = mac;
	s->arp_at = USEC_NEVER;
	snprintf(s->name, sizeof(s->name), "SEP%02X%02X%02X%02X%02X%02X", mac.b[0], mac.b[1],
		 mac.b[2], mac.b[3], mac.b[4], mac.b[5]);
	g->page = (config.speaks & SIM_SPEAKS_PAGE) != 0;
	g->patience = config.speaks & ~(unsigned)SIM_SPEAKS_CDP ? LAST_WORDS : LAST_QUESTIONS;
	g->since = g->ran = g->power_at = USEC_NEVER;
	if (t->cut && n % t->cut == t->cut - 1) { /* no chance in it: the same in every run */
		g->cut_at = 1 + n * 7919 % 400;
		g->off = n / t->cut % 2 ? USEC_SEC(8) : USEC_MS(300);
	}
	return true;
}

static void power_on(struct tool *t, struct plug *g, usec_t now)
{
	struct sim_out out;

	g->power_at = USEC_NEVER;
	if (g->since == USEC_NEVER)
		g->since = now;
	sim_phone_power_on(g->station.phone, now, &out);
	station_perform(&t->cable, &g->station, &out, now);
}

static void receive_frame(struct tool *t, struct plug *g, const uint8_t *frame, size_t len)
{
	usec_t now = clock_now();

	if (++g->frames == g->cut_at && sim_phone_stage(g->station.phone) != SIM_RUNNING) {
		sim_phone_power_off(g->station.phone);
		g->power_at = now + g->off;
	}
	station_receive(&t->cable, &g->station, frame, len, now);
}

static void receive_frames(struct tool *t)
{
	uint8_t frame[2048];
	struct sockaddr_ll from;
	socklen_t from_len;
	struct mac to;
	ssize_t n;
	unsigned i, k;

	/* Not for ever: the phones' own timers want their turn. */
	for (i = 0; i < 256; i++) {
		from_len = sizeof(from);
		n = recvfrom(t->cable.fd, frame, sizeof(frame), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &from_len);
		if (n < 0)
			return;
		if (from.sll_pkttype == PACKET_OUTGOING || n < 14)
			continue;
		memcpy(to.b, frame, 6);
		k = t->place[place_of(t, to)];
		if (k > 0)
			receive_frame(t, &t->plug[k - 1], frame, (size_t)n);
		for (k = 0; to.b[0] & 1 && k < t->count; k++)
			receive_frame(t, &t->plug[k], frame, (size_t)n);
	}
}

static int wait_ms(const struct tool *t, usec_t now, usec_t end)
{
	usec_t first = end, deadline;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		deadline = station_deadline(&t->plug[i].station);
		if (t->plug[i].power_at < deadline)
			deadline = t->plug[i].power_at;
		if (deadline < first)
			first = deadline;
	}
	if (first <= now)
		return 0;
	first = (first - now + 999) / 1000;
	return first > 500 ? 500 : (int)first;
}

/* It runs, and its last questions are asked; a server that has gone home by then (--once) is not
 * waited for. */
static bool is_done(struct plug *g, usec_t now)
{
	const struct sim_phone *p = g->station.phone;

	if (g->gone)
		return true;
	if (sim_phone_stage(p) != SIM_RUNNING) {
		g->ran = USEC_NEVER;
		return false;
	}
	if (g->ran == USEC_NEVER)
		g->ran = now;
	return (sim_phone_settled(p) && (!g->page || g->station.page_read)) ||
	       now - g->ran >= g->patience;
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

static void say_where(const struct plug *g, const char *what)
{
	const struct sim_phone *p = g->station.phone;

	fprintf(stderr, "simphone: %s, and %s %s%s%s\n", what, g->station.name,
		stage_words(sim_phone_stage(p)), sim_phone_why(p)[0] ? ": " : "", sim_phone_why(p));
}

static int time_is_over(const struct tool *t)
{
	unsigned i;

	for (i = 0; i < t->count; i++)
		if (sim_phone_stage(t->plug[i].station.phone) != SIM_RUNNING)
			say_where(&t->plug[i], "time is over");
	return 1;
}

static bool out_of_patience(const struct tool *t, const struct plug *g, usec_t now)
{
	return t->patience && g->since != USEC_NEVER && now - g->since > USEC_SEC(t->patience);
}

/* Who is done, or lost, makes room. Returns how many are still at it. */
static unsigned pass_on(struct tool *t, usec_t now)
{
	unsigned i, busy = 0;
	struct plug *g;
	bool done, moved = false;

	for (i = 0; i < t->count; i++) {
		g = &t->plug[i];
		done = is_done(g, now);
		if (!done && !out_of_patience(t, g, now)) {
			busy++;
			continue;
		}
		if (!done) {
			say_where(g, "patience is over");
			t->lost++;
			g->since = USEC_NEVER; /* said once */
		}
		if (t->left && g->left == USEC_NEVER)
			g->left = t->left[g->number % t->macs] = now;
		if (t->next >= t->total)
			continue;
		busy++;
		g->gone = true; /* unplugged, whether the next one is here already or not */
		sim_phone_power_off(g->station.phone);
		if (!may_come(t, g, now))
			continue;
		sim_phone_free(g->station.phone);
		must(plug_in(t, g, t->next++));
		g->power_at = now;
		moved = true;
	}
	if (moved)
		number_places(t);
	return busy;
}

static int run(struct tool *t)
{
	struct pollfd poll_fd = {.fd = t->cable.fd, .events = POLLIN};
	usec_t now = t->cable.start, end = USEC_NEVER;
	unsigned i;

	if (t->timeout > 0)
		end = t->cable.start + USEC_SEC(t->timeout);
	for (i = 0; i < t->count; i++)
		power_on(t, &t->plug[i], now);
	while (pass_on(t, now) > 0) {
		if (now >= end)
			return time_is_over(t);
		if (poll(&poll_fd, 1, wait_ms(t, now, end)) > 0)
			receive_frames(t);
		now = clock_now();
		for (i = 0; i < t->count; i++) {
			if (t->plug[i].power_at <= now)
				power_on(t, &t->plug[i], now);
			station_tick(&t->cable, &t->plug[i].station, now);
		}
	}
	if (t->lost)
		fprintf(stderr, "simphone: %llu of %llu phones did not come back\n",
			(unsigned long long)t->lost, (unsigned long long)t->total);
	return t->lost > 0;
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

static bool add_phones(struct tool *t)
{
	struct models *models = malloc(sizeof(*models));
	const struct model *model = NULL;
	unsigned i;

	if (!models)
		return false;
	models_builtin(models);
	for (i = 0; i < t->groups; i++) {
		model = models_by_id(models, t->group[i].config.model);
		if (!model) {
			fprintf(stderr, "simphone: no model `%s' is known\n",
				t->group[i].config.model);
			break;
		}
		t->group[i].model = *model;
		if (t->group[i].config.knows != SIM_KNOWS_ANYTHING)
			t->group[i].config.keys = &t->keys;
	}
	free(models);
	if (t->macs && t->rest)
		t->left = calloc(t->macs, sizeof(*t->left));
	if (!model || (t->rest && !t->left))
		return false;
	for (i = 0; i < t->count; i++)
		if (!plug_in(t, &t->plug[i], t->next++))
			return false;
	number_places(t);
	return true;
}

/* The keys that phones are made with, and those of the tests. */
static bool read_keys(struct tool *t)
{
	const char *folder = getenv("REFLASHD_SOURCE");
	char path[512], text[16384];
	struct fault f;
	size_t len;
	FILE *file;

	unsigned i;

	for (i = 0; i < t->groups && t->group[i].config.knows == SIM_KNOWS_ANYTHING; i++)
		;
	if (i == t->groups && !t->key_file)
		return true;
	keys_builtin(&t->keys);
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

int main(int argc, char **argv)
{
	struct tool *t = calloc(1, sizeof(*t));
	unsigned i;
	int result = 1;

	if (!t)
		return 1;
	t->cable.fd = -1;
	t->count = 1;
	if (!parse(t, argc, argv)) {
		free(t);
		return usage();
	}
	t->cable.start = clock_now();
	if (read_keys(t) && prepare_interface(t) && open_socket(t) && add_phones(t))
		result = run(t);
	for (i = 0; i < t->count; i++)
		sim_phone_free(t->plug[i].station.phone);
	if (t->cable.fd >= 0)
		close(t->cable.fd);
	keys_free(&t->keys);
	free(t->left);
	free(t);
	return result;
}
