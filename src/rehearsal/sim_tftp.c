/* SPDX-License-Identifier: MIT */
/*
 * The TFTP client of a simulated phone: octet, no options, 512 bytes in lock-step (phones.md 5).
 *
 * The happy path: RRQ from a port of its own → DATA 1 → ACK 1 → … → a block shorter than 512.
 *
 * What can go wrong, and what the phone does:
 * - nobody answers the RRQ. 7940/7960, recorded (phones.md 4.4): the same RRQ every 4 s, five
 *   times from one port, then from the next port, three ports a file; for firmware 0, +1, +5,
 *   +9 s from one port and a new port at +13 s. The other phones: not established; the
 *   simulator assumes five times 4 s from one port and then gives up;
 * - DATA stops. Not established for any of them; the simulator assumes that the last ACK is
 *   repeated after 4 s, eight times, then the port is closed and the file is lost;
 * - DATA comes twice: acknowledged again, also for a few seconds after the last block, so
 *   that a lost last ACK does no harm. One phone in four (by its seed) is not that kind and
 *   closes the port at once; its server meets "port unreachable" then;
 * - DATA from another port than the transfer's: ERROR 5, and nothing else changes (RFC 1350 4);
 * - the script wants to be rid of the transfer (hang_up): the port closes in the middle
 *   of it and further DATA is refused, as the 7911 did (phones.md 4.1).
 *
 * Source ports: random for each file (7962 trace); consecutive for the 7940/7960, which start
 * over at each boot.
 */
#include "sim_private.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK	     512
#define WAIT	     USEC_SEC(4)
#define SENDS	     5
#define SILENCES_MAX 8
#define LINGER	     USEC_SEC(10)

static void finish(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	struct sim_tftp *t = &p->tftp;
	bool linger = got == SIM_GOT_FILE && !p->abrupt;

	t->active = false;
	if (linger) {
		if (t->linger_port != 0)
			out->closed_port = t->linger_port;
		t->linger_port = t->port;
		t->linger_server_port = t->server_port;
		t->linger_block = (uint16_t)t->block;
		t->linger_until = now + LINGER;
	} else {
		out->closed_port = t->port;
	}
	t->port = 0;
	if (got == SIM_GOT_FILE && p->keep)
		p->keep(p->keep_ctx, p, t->name, (struct span){t->data, t->len});
	p->script->got(p, got, now, out);
}

static void send_request(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	static const usec_t firmware_wait[] = {USEC_SEC(1), USEC_SEC(4), USEC_SEC(4), USEC_SEC(4)};
	struct sim_tftp *t = &p->tftp;
	bool legacy = p->config.kind == SIM_LEGACY;
	uint8_t data[2 + SIM_NAME_MAX + 6];
	struct writer w = writer_init(data, sizeof(data));

	write_be16(&w, 1);
	write_cstring(&w, t->name);
	write_cstring(&w, "octet");
	must(w.ok);
	t->deadline = now + (legacy && t->firmware ? firmware_wait[t->sends] : WAIT);
	t->sends++;
	sim_send(p, out, p->server_ip, t->port, 69, data, w.len);
}

static void open_port(struct sim_phone *p)
{
	struct sim_tftp *t = &p->tftp;

	t->sends = 0;
	t->ports++;
	if (p->config.kind == SIM_LEGACY) {
		t->port = p->next_port++;
		return;
	}
	do
		t->port = (uint16_t)(49152 + sim_random(p, 16384));
	while (t->port == t->linger_port);
}

void sim_tftp_get(struct sim_phone *p, const char *name, bool firmware, usec_t now,
		  struct sim_out *out)
{
	struct sim_tftp *t = &p->tftp;

	must(!t->active);
	text_copy(t->name, sizeof(t->name), name);
	t->active = true;
	t->firmware = firmware;
	t->hang_up = false;
	t->server_port = 0;
	t->block = 0;
	t->len = 0;
	t->data = t->own;
	t->lent = (struct span){NULL, 0};
	t->limit = firmware ? SIM_FILE_MAX : SIM_CONFIG_MAX;
	t->ports = 0;
	t->silences = 0;
	open_port(p);
	send_request(p, now, out);
	sim_log(p, out, "asks for %s", name);
}

static void send_ack(struct sim_phone *p, uint16_t port, uint16_t server_port, uint16_t block,
		     struct sim_out *out)
{
	uint8_t data[4];
	struct writer w = writer_init(data, sizeof(data));

	write_be16(&w, 4);
	write_be16(&w, block);
	sim_send(p, out, p->server_ip, port, server_port, data, w.len);
}

static void send_unknown_peer(struct sim_phone *p, const struct sim_datagram *d,
			      struct sim_out *out)
{
	uint8_t data[32];
	struct writer w = writer_init(data, sizeof(data));

	write_be16(&w, 5);
	write_be16(&w, 5);
	write_cstring(&w, "Unknown transfer ID");
	sim_send(p, out, d->src_ip, d->dst_port, d->src_port, data, w.len);
}

void sim_phone_expect(struct sim_phone *p, struct span content)
{
	if (p->tftp.active && p->tftp.block == 0)
		p->tftp.lent = content;
}

static bool make_room(struct sim_tftp *t, size_t len)
{
	size_t size = t->size;
	uint8_t *grown;

	while (size < len)
		size = size == 0 ? 4096 : size * 2;
	if (size != t->size) {
		grown = realloc(t->own, size);
		if (!grown)
			return false;
		t->own = grown;
		t->size = size;
	}
	t->data = t->own;
	return true;
}

static bool store(struct sim_tftp *t, const uint8_t *data, size_t len)
{
	struct span lent = t->lent;

	if (len > t->limit - t->len)
		return false;
	if (lent.data && len <= lent.len - t->len && memcmp(lent.data + t->len, data, len) == 0) {
		t->data = lent.data;
		t->len += len;
		return true;
	}
	if (!make_room(t, t->len + len))
		return false;
	if (lent.data && t->len > 0) /* so far it was the same */
		memcpy(t->own, lent.data, t->len);
	t->lent = (struct span){NULL, 0};
	if (len > 0)
		memcpy(t->own + t->len, data, len);
	t->len += len;
	return true;
}

static void receive_data(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
			 struct sim_out *out)
{
	struct sim_tftp *t = &p->tftp;
	uint16_t block = get_be16(d->data + 2);
	size_t len = d->len - 4;

	if (t->server_port == 0) {
		/* The port that sends block 1 is the transfer; anything else is a leftover. */
		if (block != 1 || d->src_ip != p->server_ip)
			return;
		if (t->hang_up) {
			finish(p, SIM_GOT_HUNG_UP, now, out);
			return;
		}
		t->server_port = d->src_port;
	} else if (d->src_port != t->server_port || d->src_ip != p->server_ip) {
		send_unknown_peer(p, d, out);
		return;
	}
	if (block == (uint16_t)t->block && t->block > 0) {
		send_ack(p, t->port, t->server_port, block, out);
		return;
	}
	if (block != (uint16_t)(t->block + 1) || len > BLOCK)
		return;
	if (!store(t, d->data + 4, len)) {
		finish(p, SIM_GOT_HUNG_UP, now, out);
		return;
	}
	t->block++;
	t->silences = 0;
	t->deadline = now + WAIT;
	send_ack(p, t->port, t->server_port, block, out);
	if (len < BLOCK)
		finish(p, SIM_GOT_FILE, now, out);
}

static void receive_error(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
			  struct sim_out *out)
{
	struct sim_tftp *t = &p->tftp;

	if (d->src_ip != p->server_ip)
		return;
	if (t->server_port != 0 && d->src_port != t->server_port)
		return;
	t->code = get_be16(d->data + 2);
	finish(p, SIM_GOT_ERROR, now, out);
}

void sim_tftp_receive(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
		      struct sim_out *out)
{
	struct sim_tftp *t = &p->tftp;
	uint16_t op;

	if (d->len < 4)
		return;
	op = get_be16(d->data);
	if (t->linger_port != 0 && d->dst_port == t->linger_port) {
		if (op == 3 && d->src_ip == p->server_ip && d->src_port == t->linger_server_port &&
		    get_be16(d->data + 2) == t->linger_block)
			send_ack(p, t->linger_port, t->linger_server_port, t->linger_block, out);
	} else if (t->active && d->dst_port == t->port) {
		if (op == 3)
			receive_data(p, d, now, out);
		else if (op == 5)
			receive_error(p, d, now, out);
	}
}

void sim_tftp_tick(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_tftp *t = &p->tftp;
	bool legacy = p->config.kind == SIM_LEGACY;
	unsigned sends = legacy && t->firmware ? 4 : SENDS;

	if (t->server_port != 0) {
		if (++t->silences > SILENCES_MAX) {
			finish(p, SIM_GOT_SILENCE, now, out);
			return;
		}
		t->deadline = now + WAIT;
		send_ack(p, t->port, t->server_port, (uint16_t)t->block, out);
	} else if (t->sends < sends) {
		send_request(p, now, out);
		sim_log(p, out, "asks for %s again", t->name);
	} else if (legacy && t->ports < 3) {
		out->closed_port = t->port;
		open_port(p);
		send_request(p, now, out);
		sim_log(p, out, "asks for %s again, from another port", t->name);
	} else {
		finish(p, SIM_GOT_SILENCE, now, out);
	}
}

usec_t sim_tftp_deadline(const struct sim_phone *p)
{
	const struct sim_tftp *t = &p->tftp;
	usec_t least = t->active ? t->deadline : USEC_NEVER;

	if (t->linger_port != 0 && t->linger_until < least)
		least = t->linger_until;
	return least;
}
