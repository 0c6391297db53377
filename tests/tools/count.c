/* SPDX-License-Identifier: MIT */
/*
 * count: the same work on every run, to count its instructions under callgrind
 * (tests/checkers/instructions.sh says how). A time depends on the machine and on who else is
 * using it; the number of instructions depends on the code and the compiler only.
 *
 *     count            names the cases
 *     count CASE       does it, and prints "CASE UNITS UNIT"
 *
 * Only what happens inside of counted_…() counts. These do what src/daemon does per packet and
 * per event, without its system calls. Every result is looked at: a case that went wrong must not
 * look cheap.
 */
#include "reflashd/board.h"
#include "reflashd/dhcp_server.h"
#include "reflashd/sim_wire.h"
#include "reflashd/text.h"
#include "reflashd/tftp_server.h"
#include "shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTED __attribute__((noinline)) static
/* Else the last call could be a jump, and callgrind would not see us come back. */
#define STAY __asm__ volatile("")

static void *need(size_t count, size_t size)
{
	void *p = calloc(count, size);

	must(p != NULL);
	return p;
}

/* ---- TFTP ---- */

#define PHONE_IP   0x0a4d6401u
#define PHONE_PORT 50000

struct tftp_bench {
	struct tftp_server server;
	struct tftp_slot *slots;
	struct tftp_out out;
	uint64_t size, blocks, heads;
	usec_t now;
};

static enum tftp_found find_any(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
				struct tftp_file *file)
{
	const struct tftp_bench *b = ctx;

	(void)ip;
	(void)netascii;
	memset(file, 0, sizeof(*file));
	if (strcmp(name->base, "missing") == 0)
		return TFTP_MISS_UNKNOWN;
	file->size = b->size;
	file->content = &file->size;
	text_copy(file->name, sizeof(file->name), name->base);
	return TFTP_FOUND;
}

static void release_any(void *ctx, void *content)
{
	(void)ctx;
	(void)content;
}

static void tftp_begin(struct tftp_bench *b, unsigned clients, uint64_t size)
{
	struct tftp_server_config config = {
		.transfer = {.blksize_max = 1468, .windowsize_max = 64, .give_up = USEC_SEC(60)},
		.max_transfers = clients,
		.max_per_client = 4};
	struct tftp_catalogue catalogue = {.ctx = b, .find = find_any, .release = release_any};

	b->slots = need(clients, sizeof(*b->slots));
	b->size = size;
	b->now = USEC_SEC(1000);
	tftp_server_init(&b->server, &config, &catalogue, b->slots);
}

/* What the shell does with the blocks that are asked for, but for sending them. */
static void take_blocks(struct tftp_bench *b)
{
	const struct tftp_out *out = &b->out;
	const struct tftp_transfer *t = &b->server.slots[out->slot].transfer;

	for (unsigned n = 0; n < out->send.count; n++) {
		uint64_t offset;
		uint8_t head[4];
		size_t len = tftp_transfer_block(t, out->send.first + n, &offset);

		must(offset + len <= t->size);
		tftp_data_head(head, (uint16_t)(out->send.first + n));
		b->heads += head[1];
	}
	b->blocks += out->send.count;
}

COUNTED void counted_request(struct tftp_bench *b, struct tftp_peer peer, const uint8_t *data,
			     size_t len)
{
	tftp_server_receive(&b->server, peer, data, len, b->now, &b->out);
	if (b->out.slot != TFTP_NO_SLOT)
		take_blocks(b);
	STAY;
}

/* The packet finds its transfer, its answer is made ready, the timer is looked at. The ticks are
 * those for nothing: the machine is woken for an ACK that has come long since. */
COUNTED void counted_ack(struct tftp_bench *b, struct tftp_peer peer, const uint8_t *data)
{
	uint32_t slot = tftp_server_slot(&b->server, peer);

	must(slot != TFTP_NO_SLOT);
	tftp_server_transfer_receive(&b->server, slot, data, 4, b->now, &b->out);
	take_blocks(b);
	while (tftp_server_deadline(&b->server) <= b->now)
		must(!tftp_server_tick(&b->server, b->now, &b->out));
	STAY;
}

static struct tftp_peer peer_of(unsigned client)
{
	return (struct tftp_peer){PHONE_IP + client, (uint16_t)(PHONE_PORT + client % 7)};
}

static void request(struct tftp_bench *b, unsigned client, const char *options, size_t len)
{
	counted_request(b, peer_of(client), (const uint8_t *)options, len);
}

static void ack(struct tftp_bench *b, unsigned client, uint64_t block)
{
	uint8_t data[4] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};

	b->now += b->server.active > 1 ? 8 : 150; /* usec, as on a real wire */
	counted_ack(b, peer_of(client), data);
}

static unsigned long tftp_end(struct tftp_bench *b, uint64_t blocks)
{
	must(b->server.active == 0 && b->blocks == blocks);
	free(b->slots);
	return (unsigned long)blocks;
}

static const char plain[] = "\0\1image.sbn\0octet";
static const char windowed[] = "\0\1image.sbn\0octet\0blksize\0001428\0windowsize\00016";
static const char unknown[] = "\0\1missing\0octet";

/* The sizes are whole blocks, so that the last block is an empty one, as with real images. */
static unsigned long one_transfer(void)
{
	static struct tftp_bench b;
	uint64_t last = 8193;

	tftp_begin(&b, 1, (last - 1) * 512);
	request(&b, 0, plain, sizeof(plain));
	for (uint64_t n = 1; n <= last; n++)
		ack(&b, 0, n);
	return tftp_end(&b, last);
}

static unsigned long windows(void)
{
	static struct tftp_bench b;
	uint64_t last = 4097;

	tftp_begin(&b, 1, (last - 1) * 1428);
	request(&b, 0, windowed, sizeof(windowed));
	for (uint64_t n = 0; n < last; n += 16)
		ack(&b, 0, n);
	ack(&b, 0, last);
	return tftp_end(&b, last);
}

static unsigned long two_hundred(void)
{
	static struct tftp_bench b;
	uint64_t last = 65;

	tftp_begin(&b, 200, (last - 1) * 512);
	for (unsigned c = 0; c < 200; c++)
		request(&b, c, plain, sizeof(plain));
	for (uint64_t n = 1; n <= last; n++)
		for (unsigned c = 0; c < 200; c++) /* not in the order of the slots */
			ack(&b, c * 77 % 200, n);
	return tftp_end(&b, 200 * last);
}

/* What a file costs besides its blocks: of each there is one, and an empty one. */
static unsigned long requests(void)
{
	static struct tftp_bench b;

	tftp_begin(&b, 4, 512);
	for (unsigned c = 0; c < 500; c++) {
		request(&b, c, windowed, sizeof(windowed));
		must(b.out.opened);
		ack(&b, c, 0);
		ack(&b, c, 1);
		must(b.out.closed);
	}
	return tftp_end(&b, 500);
}

static unsigned long refusals(void)
{
	static struct tftp_bench b;

	tftp_begin(&b, 4, 512);
	for (unsigned c = 0; c < 500; c++) {
		request(&b, c, unknown, sizeof(unknown));
		must(b.out.error_len > 0 && b.out.event_count > 0);
	}
	tftp_end(&b, 0);
	return 500;
}

/* ---- DHCP ---- */

#define NET_IP 0x0a4d0000u /* 10.77.0.0/16 */

struct dhcp_bench {
	struct lease *slots;
	uint16_t *index;
	struct lease_table leases;
	struct dhcp_server server;
	struct dhcp_out out;
	usec_t now;
};

static void dhcp_begin(struct dhcp_bench *b, unsigned pool)
{
	struct dhcp_config config = {
		.address = NET_IP + 1, .netmask = 0xffff0000, .lease_seconds = 3600};

	b->slots = need(pool, sizeof(*b->slots));
	b->index = need(lease_index_size(pool), sizeof(*b->index));
	b->now = USEC_SEC(1000);
	lease_table_init(&b->leases, NET_IP + 0x1000, NET_IP + 0x1000 + pool - 1, b->slots,
			 b->index, lease_index_size(pool));
	dhcp_server_init(&b->server, &config, &b->leases);
}

static void dhcp_end(struct dhcp_bench *b)
{
	free(b->slots);
	free(b->index);
}

/* The packet, and the line that goes to disk before its ACK does. */
COUNTED void counted_dhcp(struct dhcp_bench *b, const uint8_t *data, size_t len)
{
	char line[LEASE_LINE_MAX];
	usec_t kept;

	dhcp_server_receive(&b->server, data, len, b->now, &b->out);
	if (b->out.promise)
		must(lease_line_write(b->out.changed, b->now, line, &kept) > 0);
	STAY;
}

static void say(struct dhcp_bench *b, unsigned client, enum dhcp_message message, uint32_t ciaddr,
		uint32_t requested)
{
	static const char class[] = "Cisco Systems, Inc. IP Phone CP-7961G";
	static const uint8_t wanted[] = {1, 66, 6, 3, 15, 150, 35};
	unsigned scattered = client * 0x9e3779b1u & 0xffffff;
	struct dhcp_packet h = {.op = 1,
				.htype = 1,
				.hlen = 6,
				.xid = 0xfeed0000 + client,
				.flags = ciaddr ? 0 : DHCP_FLAG_BROADCAST,
				.ciaddr = ciaddr,
				.mac = {{0x00, 0x1b, 0xd4, (uint8_t)(scattered >> 16),
					 (uint8_t)(scattered >> 8), (uint8_t)scattered}}};
	uint8_t data[DHCP_PACKET_MAX];
	struct dhcp_writer w = dhcp_writer_init(data, sizeof(data), &h, NULL, NULL);

	dhcp_write_u8(&w, DHCP_OPT_MESSAGE_TYPE, (uint8_t)message);
	dhcp_write_option(&w, DHCP_OPT_VENDOR_CLASS, class, sizeof(class) - 1);
	dhcp_write_option(&w, DHCP_OPT_PARAMETER_LIST, wanted, sizeof(wanted));
	if (requested) {
		dhcp_write_ip(&w, DHCP_OPT_REQUESTED_IP, requested);
		dhcp_write_ip(&w, DHCP_OPT_SERVER_ID, NET_IP + 1);
	}
	b->now += 100;
	counted_dhcp(b, data, dhcp_writer_finish(&w));
}

static uint32_t expect(const struct dhcp_bench *b, enum dhcp_message message)
{
	static struct dhcp_packet p;

	must(b->out.len > 0 && b->out.event_count > 0);
	must(dhcp_packet_parse(&p, b->out.data, b->out.len) == DHCP_PARSE_OK);
	must(p.message == message);
	return p.yiaddr;
}

static void dora(struct dhcp_bench *b, unsigned client)
{
	uint32_t ip;

	say(b, client, DHCP_DISCOVER, 0, 0);
	ip = expect(b, DHCP_OFFER);
	say(b, client, DHCP_REQUEST, 0, ip);
	must(expect(b, DHCP_ACK) == ip && b->out.promise);
}

static unsigned long new_clients(void)
{
	static struct dhcp_bench b;

	dhcp_begin(&b, 1000);
	for (unsigned c = 0; c < 500; c++)
		dora(&b, c);
	dhcp_end(&b);
	return 500;
}

/* All of a table is somebody's, as of clients() before the counting begins. */
static void fill(struct dhcp_bench *b)
{
	dhcp_begin(b, LEASE_POOL_MAX);
	for (unsigned i = 0; i < LEASE_POOL_MAX; i++) {
		struct mac mac = {{0x00, 0x1b, 0x54, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		lease_set(&b->leases, &b->slots[i], mac, LEASE_BOUND, b->now + USEC_SEC(600));
	}
}

static unsigned long renewals(void)
{
	static struct dhcp_bench b;
	uint32_t ip[500];

	dhcp_begin(&b, 1000);
	for (unsigned c = 0; c < ARRAY_LEN(ip); c++) {
		struct lease *l;

		ip[c] = b.leases.first + c * 2;
		l = lease_find_ip(&b.leases, ip[c]);
		/* As after an ACK that is on disk. */
		lease_set(
			&b.leases, l,
			(struct mac){{0x00, 0x1b, 0xd4, (uint8_t)(c * 0x9e3779b1u >> 16),
				      (uint8_t)(c * 0x9e3779b1u >> 8), (uint8_t)(c * 0x9e3779b1u)}},
			LEASE_BOUND, b.now + USEC_SEC(1800));
		l->kept = b.now + USEC_SEC(7200);
	}
	for (unsigned c = 0; c < ARRAY_LEN(ip); c++) {
		say(&b, c, DHCP_REQUEST, ip[c], 0);
		must(expect(&b, DHCP_ACK) == ip[c]);
	}
	dhcp_end(&b);
	return ARRAY_LEN(ip);
}

static unsigned long full_table(void)
{
	static struct dhcp_bench b;

	fill(&b);
	for (unsigned c = 0; c < 500; c++) {
		say(&b, c, DHCP_DISCOVER, 0, 0);
		must(b.out.len == 0 && b.out.event_count > 0);
	}
	dhcp_end(&b);
	return 500;
}

static unsigned long oldest_lease(void)
{
	static struct dhcp_bench b;

	fill(&b);
	b.now += USEC_SEC(700);
	for (unsigned c = 0; c < 500; c++)
		dora(&b, c);
	dhcp_end(&b);
	return 500;
}

/* ---- events: those of real recoveries, simulated ---- */

struct stream {
	struct shelf *shelf;
	struct event *event;
	unsigned count, size;
};

static void keep(void *ctx, const struct event *e)
{
	struct stream *s = ctx;

	if (s->count == s->size) {
		s->size = s->size ? 2 * s->size : 512;
		s->event = realloc(s->event, s->size * sizeof(*s->event));
		must(s->event != NULL);
	}
	s->event[s->count++] = *e;
}

static struct stream record(unsigned phones)
{
	const struct sim_wire_config wire = {
		.seed = 1, .latency = 100, .limit = USEC_SEC(3600), .listen = SIM_SPEAKS_USUAL};
	const struct catalogue_config offers = {.target = "newest"};
	struct stream s = {.shelf = shelf_new()};
	struct sim_content content = shelf_content(s.shelf);
	struct test_key *key = test_key_load("test-g1");
	struct synth_options options = {.size = 2500, .seed = 11, .key = key};
	struct sim_wire *w;

	shelf_add(s.shelf, SYNTH_JAVA70, NULL, &options, NULL);
	shelf_add(s.shelf, SYNTH_LEGACY, NULL, &options, NULL);
	test_key_free(key);
	w = sim_wire_new(&wire, &s.shelf->library, &offers, &content);
	must(w != NULL);
	sim_wire_watch(w, keep, &s);
	for (unsigned i = 0; i < phones; i++) {
		struct sim_phone_config c = {.kind = i % 4 ? SIM_JAVA_ERASED : SIM_LEGACY,
					     .mac = {{0x00, 0x1b, 0x54, 1, 0, (uint8_t)i}},
					     .seed = i,
					     .speed = 1,
					     .speaks = SIM_SPEAKS_USUAL};

		text_copy(c.model, sizeof(c.model), i % 4 ? "7970" : "7960");
		must(sim_wire_add(w, &c, USEC_MS(37) * i) != NULL);
	}
	must(sim_wire_run(w));
	sim_wire_free(w);
	return s;
}

static unsigned long stream_end(struct stream *s)
{
	shelf_free(s->shelf);
	free(s->event);
	return s->count;
}

COUNTED void counted_apply(struct phones *p, const struct event *e, struct phones_out *out)
{
	phones_apply(p, e, out);
	STAY;
}

COUNTED void counted_board(struct board *b, const struct event *e)
{
	board_apply(b, e);
	STAY;
}

COUNTED size_t counted_json(const struct event *e)
{
	char *json = event_json(e);
	size_t len = json ? strlen(json) : 0;

	free(json);
	STAY;
	return len;
}

COUNTED size_t counted_text(const struct event *e)
{
	char text[1024];
	size_t len = event_text(e, text, sizeof(text));

	STAY;
	return len;
}

static unsigned long track(unsigned count)
{
	struct stream s = record(count);
	struct phones *p = need(1, sizeof(*p));
	struct phones_out *out = need(1, sizeof(*out));

	phones_init(p, &s.shelf->library);
	p->listening = true;
	for (unsigned i = 0; i < s.count; i++) {
		counted_apply(p, &s.event[i], out);
		phones_tick(p, s.event[i].wall_ms, out);
	}
	must(p->recovered == count);
	free(p);
	free(out);
	return stream_end(&s);
}

static unsigned long track_few(void)
{
	return track(10);
}

static unsigned long track_many(void)
{
	return track(150);
}

static unsigned long show(void)
{
	struct stream s = record(10);
	struct board *b = need(1, sizeof(*b));

	board_init(b);
	for (unsigned i = 0; i < s.count; i++)
		counted_board(b, &s.event[i]);
	must(b->recovered == 10);
	free(b);
	return stream_end(&s);
}

static unsigned long print(size_t (*counted)(const struct event *e))
{
	struct stream s = record(10);

	for (unsigned i = 0; i < s.count; i++)
		must(counted(&s.event[i]) > 10);
	return stream_end(&s);
}

static unsigned long print_json(void)
{
	return print(counted_json);
}

static unsigned long print_text(void)
{
	return print(counted_text);
}

static const struct {
	const char *name, *unit;
	unsigned long (*run)(void);
} cases[] = {
	{"tftp-512", "block", one_transfer},	     {"tftp-window-16", "block", windows},
	{"tftp-200-clients", "block", two_hundred},  {"tftp-short-file", "file", requests},
	{"tftp-unknown-file", "request", refusals},  {"dhcp-new", "exchange", new_clients},
	{"dhcp-renew", "exchange", renewals},	     {"dhcp-full", "discover", full_table},
	{"dhcp-oldest", "exchange", oldest_lease},   {"tracker-10-phones", "event", track_few},
	{"tracker-150-phones", "event", track_many}, {"board", "event", show},
	{"event-json", "event", print_json},	     {"event-text", "event", print_text},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (argc < 2)
			puts(cases[i].name);
		else if (strcmp(argv[1], cases[i].name) == 0)
			return printf("%s %lu %s\n", argv[1], cases[i].run(), cases[i].unit) < 0;
	}
	if (argc < 2)
		return 0;
	fprintf(stderr, "count: there is no case `%s'\n", argv[1]);
	return 1;
}
