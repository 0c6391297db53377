/* SPDX-License-Identifier: MIT */
/*
 * Eight clients and a DHCP server with eight addresses, of which some are its own: steps (steps.h)
 * that say who does what. what: bits 0 to 2 the client (the last two are no phones), bits 3 to 6
 * the action, bit 7 the broadcast flag; the bytes of a step become options, or the packet.
 *
 * What must hold, also when the program was killed and came back with its table and journal:
 * nobody is promised an address that somebody else was promised and still has; no answer is
 * longer than its client takes; it goes to the client, to its relay in our network or to all; the
 * table's index, lists and map agree.
 */
#include "exact.h"
#include "reflashd/dhcp_server.h"
#include "steps.h"

#include <stdlib.h>
#include <string.h>

#define NET   0x0a4f4600u
#define OURS  (NET + 1)
#define COUNT 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum action {
	DISCOVER,
	DISCOVER_WANTED,
	SELECT,
	REBOOT,
	RENEW,
	REBIND,
	DECLINE,
	RELEASE,
	INFORM,
	BOOTP,
	OTHER_SERVER,
	BY_RELAY,
	BYTES,
	KILLED,
	TABLE_WRITTEN,
	ANY_MESSAGE,
};

struct world {
	struct lease slots[COUNT];
	uint16_t index[32];
	struct lease_table leases;
	struct dhcp_config config;
	struct dhcp_server server;
	struct dhcp_out out;
	uint32_t offered[COUNT], held[COUNT]; /* what each client believes */
	struct {
		struct mac mac;
		usec_t until;
	} promise[COUNT];
	/* The disk. */
	char *table, *journal;
	size_t journal_len, journal_size;
};

/* All of them want the last places of the table's index, or the first behind its end. */
static const uint8_t last_byte[COUNT] = {29, 83, 15, 156, 37, 20, 21, 23};

static struct mac client_mac(unsigned n)
{
	return (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, last_byte[n]}};
}

static bool is_client(struct mac mac, unsigned *n)
{
	for (*n = 0; *n < COUNT; ++*n)
		if (mac_equal(mac, client_mac(*n)))
			return true;
	return false;
}

/* ---- the table ---- */

static unsigned check_list(struct world *w, enum lease_state state)
{
	uint16_t at = w->leases.by_expiry[state].first;
	unsigned n = 0;
	usec_t before = 0;

	for (; at != 0xffff; at = w->slots[at].later) {
		const struct lease *l = &w->slots[at];

		must(n++ < COUNT && l->state == state && l->expires >= before);
		must(state == LEASE_DECLINED || lease_find_mac(&w->leases, l->mac) == l);
		before = l->expires;
	}
	return n;
}

static void check_table(struct world *w)
{
	unsigned n = lease_count_free(&w->leases), entries = 0;

	for (unsigned i = LEASE_OFFERED; i <= LEASE_DECLINED; i++)
		n += check_list(w, (enum lease_state)i);
	must(n == COUNT);
	for (unsigned i = 0; i < ARRAY_LEN(w->index); i++)
		entries += w->index[i] != 0;
	for (unsigned i = 0; i < COUNT; i++)
		entries -= w->slots[i].state != LEASE_FREE && w->slots[i].state != LEASE_DECLINED;
	must(entries == 0);
}

static void start(struct world *w)
{
	lease_table_init(&w->leases, NET, NET + COUNT - 1, w->slots, w->index,
			 lease_index_size(COUNT));
	dhcp_server_init(&w->server, &w->config, &w->leases);
}

/* ---- the disk, which never fails here ---- */

static void append(struct world *w, const void *data, size_t len)
{
	if (w->journal_len + len > w->journal_size) {
		w->journal_size = (w->journal_len + len) * 2;
		w->journal = realloc(w->journal, w->journal_size);
		must(w->journal);
	}
	if (len)
		memcpy(w->journal + w->journal_len, data, len);
	w->journal_len += len;
}

static void save_table(struct world *w, usec_t now)
{
	free(w->table);
	w->table = lease_table_save(&w->leases, now);
	must(w->table);
	w->journal_len = 0;
}

/* As the shell does before the answer leaves. */
static void save_change(struct world *w, usec_t now)
{
	struct lease *l = w->out.changed;
	char line[LEASE_LINE_MAX];

	must(w->out.leases_changed == (l != NULL) && (!w->out.promise || l));
	if (!l || (w->out.promise && l->kept >= l->expires))
		return;
	append(w, line, lease_line_write(l, now, line, &l->kept));
}

/* A line that was being written is torn: what the step says of it. */
static void restart(struct world *w, const struct step *s)
{
	size_t whole = w->journal_len;
	struct fault f;
	char *once, *again;

	append(w, s->data, s->len);
	start(w);
	if (w->table)
		must(lease_table_load(&w->leases, "leases", w->table, strlen(w->table), s->now,
				      &f) == 0);
	lease_journal_replay(&w->leases, w->journal, w->journal_len, s->now);
	check_table(w);
	/* Killed once more before the journal was begun anew. */
	once = lease_table_save(&w->leases, s->now);
	lease_journal_replay(&w->leases, w->journal, w->journal_len, s->now);
	again = lease_table_save(&w->leases, s->now);
	must(once && again && strcmp(once, again) == 0);
	free(once);
	free(again);
	w->journal_len = whole;
	save_table(w, s->now);
}

/* ---- the wire ---- */

/* The message, with the options of the step behind its own. */
static size_t write_packet(const struct world *w, unsigned who, enum action action,
			   const struct step *s, uint8_t out[DHCP_PACKET_MAX])
{
	static const char class[] = "Cisco Systems, Inc. IP Phone CP-7970G";
	static const uint8_t message[] = {1, 1, 3, 3, 3, 3, 4, 7, 8, 0, 3, 1};
	uint32_t wanted = s->len ? NET + s->data[0] % 12 : 0, ip = w->held[who];
	struct dhcp_packet h = {.op = 1, .htype = 1, .hlen = 6, .xid = who, .mac = client_mac(who)};
	struct dhcp_writer d;
	uint8_t type = action < ARRAY_LEN(message) ? message[action] : s->len ? s->data[0] : 0;
	size_t skip = s->len ? 1 : 0, len;

	h.flags = s->what & 0x80 ? DHCP_FLAG_BROADCAST : 0;
	if (action == RENEW || action == REBIND || action == RELEASE || action == INFORM)
		h.ciaddr = action == INFORM && !ip ? NET + 200 : ip;
	if (action == BY_RELAY)
		h.giaddr = s->len && s->data[0] & 1 ? NET + 77 : 0x0a000001 + wanted;
	d = dhcp_writer_init(out, DHCP_PACKET_MAX, &h, NULL, NULL);
	if (type)
		dhcp_write_u8(&d, DHCP_OPT_MESSAGE_TYPE, type);
	if (who < 6)
		dhcp_write_option(&d, DHCP_OPT_VENDOR_CLASS, class, sizeof(class));
	if (action == DISCOVER_WANTED || action == REBOOT)
		dhcp_write_ip(&d, DHCP_OPT_REQUESTED_IP, wanted);
	if (action == SELECT || action == OTHER_SERVER || action == DECLINE)
		dhcp_write_ip(&d, DHCP_OPT_REQUESTED_IP, action == DECLINE ? ip : w->offered[who]);
	if (action == SELECT || action == OTHER_SERVER || action == DECLINE || action == RELEASE)
		dhcp_write_ip(&d, DHCP_OPT_SERVER_ID, action == OTHER_SERVER ? NET + 99 : OURS);
	len = d.len;
	if (s->len > skip && s->len - skip < DHCP_PACKET_MAX - len) {
		memcpy(out + len, s->data + skip, s->len - skip);
		return len + s->len - skip;
	}
	return dhcp_writer_finish(&d);
}

static void check_promise(struct world *w, const struct dhcp_packet *p, usec_t now)
{
	unsigned i = p->yiaddr - NET;

	must(i < COUNT);
	must(w->promise[i].until <= now || mac_equal(w->promise[i].mac, p->mac));
	if (p->message == DHCP_OFFER)
		return;
	must(w->out.promise && w->out.changed == &w->slots[i]);
	must(w->slots[i].expires > now && w->slots[i].kept >= w->slots[i].expires);
	/* Who has a new address gave up the other. */
	for (unsigned k = 0; k < COUNT; k++)
		if (mac_equal(w->promise[k].mac, p->mac))
			w->promise[k].until = 0;
	w->promise[i].mac = p->mac;
	w->promise[i].until = w->slots[i].expires;
}

static void check_route(const struct world *w, const struct dhcp_packet *q,
			const struct dhcp_packet *p)
{
	const struct dhcp_out *out = &w->out;

	must(mac_equal(out->mac, q->mac) && mac_equal(p->mac, q->mac) && p->xid == q->xid);
	switch (out->route) {
	case DHCP_ROUTE_BROADCAST: break;
	case DHCP_ROUTE_RELAY: must(out->ip == q->giaddr && out->ip >> 8 == NET >> 8); break;
	case DHCP_ROUTE_UNICAST:
		must(out->ip == q->ciaddr && out->ip >> 8 == NET >> 8 && out->ip != OURS);
		break;
	case DHCP_ROUTE_HARDWARE: must(out->ip == p->yiaddr && p->yiaddr != 0); break;
	}
}

static void check_answer(struct world *w, const uint8_t *data, size_t len, usec_t now)
{
	static struct dhcp_packet q, p;
	struct dhcp_out *out = &w->out;
	struct span size;
	size_t most = 548;
	unsigned who;

	must(out->event_count > 0 && out->event_count <= ARRAY_LEN(out->events));
	for (unsigned i = 0; i < out->event_count; i++) {
		const struct event *e = &out->events[i];

		check_sentence(e);
		if ((e->type == EVENT_DHCP_RELEASE || e->type == EVENT_DHCP_DECLINE) &&
		    e->ip - NET < COUNT)
			w->promise[e->ip - NET].until = 0;
	}
	must(out->len > 0 || !out->promise);
	if (out->len == 0)
		return;
	must(dhcp_packet_parse(&q, data, len) == DHCP_PARSE_OK);
	must(dhcp_packet_parse(&p, out->data, out->len) == DHCP_PARSE_OK);
	must(p.op == 2 && !p.truncated && q.op == 1);
	size = dhcp_packet_option(&q, DHCP_OPT_MAX_SIZE);
	if (size.len == 2 && get_be16(size.data) > 576)
		most = get_be16(size.data) - 28u;
	must(out->len <= (q.message == DHCP_NONE ? DHCP_BOOTP_MIN : most));
	must(out->len <= DHCP_PACKET_MAX);
	check_route(w, &q, &p);
	if (p.yiaddr)
		check_promise(w, &p, now);
	if (!is_client(p.mac, &who))
		return;
	if (p.message == DHCP_OFFER)
		w->offered[who] = p.yiaddr;
	else if (p.yiaddr || p.message == DHCP_NAK)
		w->held[who] = p.yiaddr;
}

static void step(struct world *w, const struct step *s)
{
	enum action action = (enum action)(s->what >> 3 & 15);
	uint8_t packet[DHCP_PACKET_MAX];
	size_t len;
	uint8_t *copy;

	if (action == KILLED) {
		restart(w, s);
		return;
	}
	if (action == TABLE_WRITTEN) {
		save_table(w, s->now);
		return;
	}
	len = action == BYTES ? s->len : write_packet(w, s->what & 7, action, s, packet);
	copy = exact_copy(action == BYTES ? s->data : packet, len);
	dhcp_server_receive(&w->server, copy, len, s->now, &w->out);
	save_change(w, s->now);
	check_answer(w, copy, len, s->now);
	check_table(w);
	must(dhcp_server_deadline(&w->server) > s->now);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct steps steps;
	struct step s;
	struct world *w = calloc(1, sizeof(*w));

	must(w);
	w->config =
		(struct dhcp_config){.address = OURS, .netmask = 0xffffff00, .lease_seconds = 120};
	if (len > 0 && data[0] & 1)
		w->config.phones_only = true;
	if (len > 0 && data[0] & 2)
		w->config.tftp = w->config.dns = w->config.routers =
			(struct dhcp_addresses){{NET + 2, NET + 9, NET + 10, NET + 11}, 4};
	if (len > 0 && data[0] & 4)
		w->config.lease_seconds = UINT32_MAX;
	start(w);
	steps = steps_begin(data + (len > 0), len - (len > 0), USEC_SEC(1));
	while (steps_next(&steps, &s))
		step(w, &s);
	free(w->table);
	free(w->journal);
	free(w);
	return 0;
}
