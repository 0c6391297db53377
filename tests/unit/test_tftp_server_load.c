/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server under load: its limits, its deadline, many clients on a lossy wire, and more
 * slots than anybody needs.
 */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_limits(void **state)
{
	struct server_rig *f = *state;
	const struct event *e;

	for (uint16_t k = 0; k < 4; k++) {
		server_request(f, server_peer(PHONE, k), "size.5000|octet", T0);
		server_assert_opened(f);
	}
	server_request(f, server_peer(PHONE, 4), "size.5000|octet", T0);
	e = server_assert_refused(f, "busy", SEVERITY_WARNING, 0);
	assert_non_null(strstr(e->text, "one address"));
	assert_int_equal(f->released, 1);
	server_request(f, server_peer(PHONE, 4), "CTLSEP.tlv|octet",
		       T0); /* a miss is told all the same */
	server_assert_refused(f, "expected", SEVERITY_DEBUG, 1);
	for (uint16_t k = 0; k < 4; k++) {
		server_request(f, server_peer(OTHER, k), "size.5000|octet", T0);
		server_assert_opened(f);
	}
	assert_int_equal(f->s.active, SLOTS);
	server_request(f, server_peer(OTHER + 1, 4), "size.5000|octet", T0);
	e = server_assert_refused(f, "busy", SEVERITY_WARNING, 0);
	assert_null(strstr(e->text, "one address"));
	server_request(f, server_peer(PHONE, 0), "size.5000|octet",
		       T0 + MS(200)); /* repeated: no new one */
	assert_int_equal(f->out.send.count, 1);
	tftp_server_transfer_refused(&f->s, f->out.slot, T0, &f->out);
	assert_true(f->out.closed);
	server_request(f, server_peer(OTHER + 1, 4), "size.5000|octet", T0);
	server_assert_opened(f);
}

/* All slots are held by requests that somebody forged: a phone that we know takes one of them. */
static void test_a_known_phone_displaces_the_unheard(void **state)
{
	struct server_rig *f = *state;
	uint32_t answered = TFTP_NO_SLOT, slot;

	f->known = PHONE;
	for (uint16_t k = 0; k < SLOTS; k++) {
		server_request(f, server_peer(OTHER + k / 4, k), "size.5000|octet", T0);
		server_assert_opened(f);
		if (k == 0)
			answered = f->out.slot;
	}
	server_ack(f, answered, 1, T0);
	/* Nobody else takes one: each would bring a block upon the address that it forges. */
	server_request(f, server_peer(OTHER + 9, 1), "size.5000|octet", T0);
	server_assert_refused(f, "busy", SEVERITY_WARNING, 0);
	assert_false(f->out.displaced);
	for (uint16_t k = 0; k < 4; k++) {
		server_request(f, server_peer(PHONE, k), "size.5000|octet", T0);
		assert_true(f->out.displaced && f->out.opened && !f->out.closed);
		slot = f->out.slot;
		assert_int_not_equal(slot, answered);
		assert_int_equal(f->out.send.count, 1);
		assert_int_equal(f->out.event_count, 3);
		assert_int_equal(f->out.events[1].type, EVENT_TFTP_ABORTED);
		assert_string_equal(f->out.events[1].code, "made-room");
		assert_int_not_equal(f->out.events[1].ip, PHONE);
		assert_int_equal(f->out.events[2].type, EVENT_TFTP_START);
		assert_int_equal(f->out.events[2].ip, PHONE);
		assert_int_equal(f->released, 2 + k);
		assert_int_equal(f->s.active, SLOTS);
	}
	/* All that one address may have: the oldest of its own that was never heard makes room. */
	slot = tftp_server_slot(&f->s, server_peer(PHONE, 0));
	server_ack(f, slot, 1, T0);
	server_request(f, server_peer(PHONE, 4), "size.5000|octet", T0 + MS(1));
	assert_true(f->out.displaced && f->out.opened);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 0)), slot);
	assert_int_equal(tftp_server_slot(&f->s, server_peer(PHONE, 4)), f->out.slot);
	assert_int_equal(f->s.active, SLOTS);
	for (uint16_t k = 0; k < 5; k++)
		if (tftp_server_slot(&f->s, server_peer(PHONE, k)) != TFTP_NO_SLOT)
			server_ack(f, tftp_server_slot(&f->s, server_peer(PHONE, k)), 1, T0);
	server_request(f, server_peer(PHONE, 5), "size.5000|octet", T0);
	server_assert_refused(f, "busy", SEVERITY_WARNING, 0);
	/* And none that a known one has is taken for another address. */
	f->known = OTHER + 9;
	for (uint16_t k = 0; k < 3; k++) {
		server_request(f, server_peer(OTHER + 9, k), "size.5000|octet", T0);
		assert_true(f->out.displaced);
	}
	server_request(f, server_peer(OTHER + 9, 3), "size.5000|octet", T0);
	server_assert_refused(f, "busy", SEVERITY_WARNING, 0);
	server_ack(f, answered, 2, T0);
	assert_int_equal(f->out.slot, answered);
	assert_int_equal(f->out.send.first, 3);
}

static void test_deadline_is_never_too_late(void **state)
{
	struct server_rig *f = *state;
	uint32_t a, b;

	server_request(f, server_peer(PHONE, 1), "size.50000|octet", T0);
	a = f->out.slot;
	server_request(f, server_peer(PHONE, 2), "size.50000|octet", T0 + MS(100));
	b = f->out.slot;
	assert_true(tftp_server_deadline(&f->s) == T0 + TFTP_RTO_FIRST);
	server_ack(f, b, 1, T0 + MS(101)); /* its timer is shorter now */
	assert_true(tftp_server_deadline(&f->s) == T0 + MS(121));
	assert_true(server_tick(f, T0 + MS(121)));
	assert_int_equal(f->out.slot, b);
	assert_int_equal(f->out.send.first, 2);
	assert_false(server_tick(f, T0 + MS(121)));
	for (usec_t now = T0 + MS(122); now < T0 + TFTP_RTO_FIRST; now += MS(1)) {
		server_ack(f, b, (uint16_t)(f->slots[b].transfer.acked + 1), now);
		assert_false(server_tick(f, now));
	}
	assert_true(server_tick(f, T0 + TFTP_RTO_FIRST));
	assert_int_equal(f->out.slot, a);
}

/* ---- many clients on a lossy wire ---- */

#define CLIENTS 24

struct farm {
	struct server_rig f;
	struct wire wire;
	struct model_client client[CLIENTS];
	unsigned complete, aborted;
};

static void put_on_wire(struct farm *x, usec_t now)
{
	const struct tftp_out *out = &x->f.out;
	struct wire_packet to = {.to_server = false, .port = out->slot};
	const struct tftp_transfer *t;
	uint8_t packet[4 + 1468];

	for (unsigned i = 0; i < out->event_count; i++) {
		x->complete += out->events[i].type == EVENT_TFTP_COMPLETE;
		x->aborted += out->events[i].type == EVENT_TFTP_ABORTED;
	}
	to.client = out->peer.port;
	if (out->error_len)
		wire_send(&x->wire, to, out->error, out->error_len, now);
	if (out->send.control)
		wire_send(&x->wire, to, out->send.control, out->send.control_len, now);
	if (out->send.count == 0)
		return;
	assert_false(out->closed);
	assert_non_null(out->content);
	t = &x->f.slots[out->slot].transfer;
	for (uint64_t n = out->send.first; n < out->send.first + out->send.count; n++) {
		uint64_t offset;
		size_t len = tftp_transfer_block(t, n, &offset);

		tftp_data_head(packet, (uint16_t)n);
		model_fill(packet + 4, offset, len);
		wire_send(&x->wire, to, packet, 4 + len, now);
	}
}

static void deliver(struct farm *x, usec_t now)
{
	struct wire_packet p = wire_take(&x->wire);
	struct wire_packet back = {.to_server = true, .client = p.client, .port = p.port};
	struct tftp_server *s = &x->f.s;
	struct tftp_peer from = server_peer(PHONE + p.client, (uint16_t)p.client);
	uint8_t out[600];
	size_t len;

	if (!p.to_server) {
		if (model_closed(&x->client[p.client])) {
			back.unreachable = true;
			wire_send(&x->wire, back, NULL, 0, now);
		} else {
			len = model_receive(&x->client[p.client], p.data, p.len, now, out);
			if (len)
				wire_send(&x->wire, back, out, len, now);
		}
	} else if (p.port == WIRE_MAIN) {
		tftp_server_receive(s, from, p.data, p.len, now, &x->f.out);
		put_on_wire(x, now);
	} else if (x->f.slots[p.port].used && x->f.slots[p.port].peer.port == from.port) {
		/* a connected socket takes nothing from others */
		if (p.unreachable)
			tftp_server_transfer_refused(s, p.port, now, &x->f.out);
		else
			tftp_server_transfer_receive(s, p.port, p.data, p.len, now, &x->f.out);
		put_on_wire(x, now);
	}
	free(p.data);
}

static void start_client(struct farm *x, unsigned i)
{
	struct wire_packet p = {.to_server = true, .client = i, .port = WIRE_MAIN};
	struct model_client *c = &x->client[i];
	static char names[CLIENTS][24];
	uint8_t out[600];
	size_t len;

	c->size = wire_random(&x->wire, 30000);
	snprintf(names[i], sizeof(names[i]), "size.%u", (unsigned)c->size);
	c->file = names[i];
	c->windowsize = wire_random(&x->wire, 3) ? 0 : 8;
	c->retry = USEC_SEC(2);
	len = model_start(c, T0, out);
	wire_send(&x->wire, p, out, len, T0);
}

static void tick_clients(struct farm *x, usec_t now)
{
	uint8_t out[600];

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct wire_packet p = {.to_server = true, .client = i, .port = WIRE_MAIN};
		size_t len;

		if (now < x->client[i].deadline)
			continue;
		len = model_tick(&x->client[i], now, out);
		if (!len)
			continue;
		for (uint32_t k = 0; x->client[i].answered && k < CLIENTS; k++)
			if (x->f.slots[k].used && x->f.slots[k].peer.port == i)
				p.port = k;
		if (p.port != WIRE_MAIN || !x->client[i].answered)
			wire_send(&x->wire, p, out, len, now);
	}
}

static usec_t next_moment(const struct farm *x)
{
	usec_t next = wire_next(&x->wire), server = tftp_server_deadline(&x->f.s);

	next = server < next ? server : next;
	for (unsigned i = 0; i < CLIENTS; i++)
		next = x->client[i].deadline < next ? x->client[i].deadline : next;
	return next;
}

static void run_farm(uint64_t seed)
{
	struct tftp_server_config config = server_usual;
	struct farm *x = calloc(1, sizeof(*x));
	usec_t now = T0;

	assert_non_null(x);
	config.max_transfers = CLIENTS;
	server_rig_start(&x->f, &config);
	wire_init(&x->wire, seed);
	x->wire.delay = 590;
	x->wire.loss = (unsigned)wire_random(&x->wire, 1000);
	x->wire.twice = (unsigned)wire_random(&x->wire, 500);
	for (unsigned i = 0; i < CLIENTS; i++)
		start_client(x, i);
	while (next_moment(x) != USEC_NEVER) {
		now = next_moment(x) > now ? next_moment(x) : now;
		assert_true(now < T0 + USEC_SEC(3600));
		if (wire_next(&x->wire) <= now) {
			deliver(x, now);
			continue;
		}
		while (server_tick(&x->f, now))
			put_on_wire(x, now);
		tick_clients(x, now);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		if (!x->client[i].done || x->client[i].corrupt ||
		    x->client[i].got != x->client[i].size)
			fail_msg("seed %u, client %u", (unsigned)seed, i);
	assert_int_equal(x->f.s.active, 0);
	assert_int_equal(x->f.released, x->f.found);
	assert_int_equal(x->complete + x->aborted, x->f.found);
	assert_true(x->complete >= CLIENTS - 2);
	wire_clear(&x->wire);
	free(x->f.slots);
	free(x);
}

static void test_many_clients_on_a_lossy_wire(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 25; seed++)
		run_farm(seed);
}

/* The promise of .wake, by looking at every slot, which the machine itself never does. */
static void assert_wake_is_not_late(const struct server_rig *f)
{
	for (uint32_t i = 0; i < f->s.config.max_transfers; i++)
		if (f->slots[i].used)
			assert_true(tftp_server_deadline(&f->s) <=
				    tftp_transfer_deadline(&f->slots[i].transfer));
}

/* Opens and closes in random order; the index and the heap must keep up with 20000 slots. */
static void test_twenty_thousand_slots(void **state)
{
	struct tftp_server_config config = server_usual;
	struct server_rig *f = malloc(sizeof(*f));
	struct wire random;
	unsigned open = 0, seen = 0;
	usec_t now = T0, last = 0;

	(void)state;
	config.max_transfers = 20000;
	server_rig_start(f, &config);
	wire_init(&random, 7);
	for (unsigned k = 0; k < 60000; k++, now += 3) {
		uint32_t slot = (uint32_t)wire_random(&random, 20000);

		if (f->slots[slot].used && wire_random(&random, 3) == 0) {
			tftp_server_transfer_refused(&f->s, slot, now, &f->out);
			assert_true(f->out.closed);
			open--;
			continue;
		}
		server_request(f, server_peer(PHONE + k % 19000, (uint16_t)(k / 19000)),
			       "size.5000|octet", now);
		open += f->out.opened;
		if (k % 500 == 0)
			assert_wake_is_not_late(f);
	}
	assert_int_equal(f->s.active, open);
	assert_true(open > 15000);
	/* Nobody answers: each is served when it is due, in order, none forgotten. */
	while (f->s.active > 0) {
		now = tftp_server_deadline(&f->s);
		assert_true(now >= last && now != USEC_NEVER);
		last = now;
		while (tftp_server_tick(&f->s, now, &f->out))
			seen += f->out.closed;
		if (now % 100 == 0)
			assert_wake_is_not_late(f);
	}
	assert_int_equal(seen, open);
	assert_int_equal(f->found, f->released);
	for (uint32_t i = 0; i < 20000; i++) { /* and every slot can be had again */
		server_request(f, server_peer(PHONE + i, 1), "size.5000|octet", now);
		assert_true(f->out.opened);
	}
	free(f->slots);
	free(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, server_set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_limits),
		TEST(test_a_known_phone_displaces_the_unheard),
		TEST(test_deadline_is_never_too_late),
		cmocka_unit_test(test_many_clients_on_a_lossy_wire),
		cmocka_unit_test(test_twenty_thousand_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
