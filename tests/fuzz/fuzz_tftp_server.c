/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server machine under a stream of hostile datagrams. The input is a list of
 *   [where][time][length][bytes…]
 * where: low nibble 0..7 a slot's port, 8..13 port 69, 14 and 15 "unreachable" for
 * a slot; the high nibble tells the client (two addresses, eight ports) or that slot. time: 0..254
 * by a curve from microseconds to minutes. The ticks in between are done as the shell does them.
 *
 * What must hold: nothing is sent for a transfer that is over, blocks exist, a window is not
 * exceeded, who never answers gets one packet at a time and few of them, contents are released
 * exactly once, text is printable, the deadline moves on, and in the end everything ends.
 */
#include "exact.h"
#include "reflashd/tftp_server.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS  6
#define WINDOW 9

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct world {
	struct tftp_server s;
	struct tftp_slot slots[SLOTS];
	struct tftp_out out;
	void *content[SLOTS]; /* by slot, as the driver sees it */
	unsigned held;
	unsigned blind[SLOTS]; /* packets to a client that has not answered yet */
	unsigned came;	       /* datagrams in all */
};

static enum tftp_found find(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
			    struct tftp_file *file)
{
	struct world *w = ctx;

	must(ip != 0 && name->base[0]);
	if (name->base[0] < '0' || name->base[0] > '9')
		return (enum tftp_found)(1 + (unsigned)name->base[0] % 4);
	file->size = (uint64_t)(name->base[0] - '0') * 300 + netascii;
	if (name->base[0] == '9')
		file->size = UINT64_MAX - 7;
	memcpy(file->name, "file\x1b", 6);
	file->known = ip & 1;
	file->content = malloc(1);
	w->held++;
	return TFTP_FOUND;
}

static void release(void *ctx, void *content)
{
	struct world *w = ctx;

	must(content && w->held > 0);
	free(content); /* twice: ASan says so */
	w->held--;
}

static void check_text(const char *text, size_t size)
{
	must(memchr(text, 0, size));
	for (; *text; text++)
		must(*text >= 0x20 && *text <= 0x7e);
}

/* An address that somebody else wrote gets one packet at a time, and few. */
static void check_blind(struct world *w)
{
	const struct tftp_out *o = &w->out;
	const struct tftp_transfer *t = &w->slots[o->slot].transfer;

	if (o->opened)
		w->blind[o->slot] = 0;
	if (t->answered || (!o->send.control && !o->send.count))
		return;
	must(o->send.count <= 1);
	must(++w->blind[o->slot] <= 24 + w->came);
}

static void check_send(const struct world *w)
{
	const struct tftp_out *o = &w->out;
	const struct tftp_transfer *t = &w->slots[o->slot].transfer;
	uint64_t offset;

	must(!(o->send.control && o->send.count));
	must(o->send.control_len <= TFTP_CONTROL_MAX);
	must(!o->send.control || o->send.control_len >= 2);
	if (o->send.count == 0)
		return;
	must(!o->closed && t->outcome == TFTP_RUNNING && !t->oack_pending);
	must(o->send.count <= t->window && t->window <= WINDOW);
	must(o->send.first > t->acked && o->send.first + o->send.count - 1 <= t->last);
	must(o->send.first + o->send.count - 1 <= t->acked + t->window);
	must(tftp_transfer_block(t, o->send.first + o->send.count - 1, &offset) <= t->blksize);
	must(offset <= t->size);
}

static void check(struct world *w)
{
	struct tftp_out *o = &w->out;

	must(o->event_count <= ARRAY_LEN(o->events) && o->error_len <= sizeof(o->error));
	for (unsigned i = 0; i < o->event_count; i++) {
		check_text(o->events[i].text, sizeof(o->events[i].text));
		check_text(o->events[i].file, sizeof(o->events[i].file));
		check_text(o->events[i].reason, sizeof(o->events[i].reason));
	}
	must(w->held == w->s.active && w->s.active <= SLOTS);
	if (o->slot == TFTP_NO_SLOT) {
		must(!o->opened && !o->closed && !o->content && !o->send.control && !o->send.count);
		return;
	}
	must(o->slot < SLOTS && !(o->opened && o->closed));
	check_send(w);
	check_blind(w);
	if (o->opened)
		w->content[o->slot] = o->content;
	must(w->slots[o->slot].used == !o->closed);
	must(o->closed ? !o->content : o->content == w->content[o->slot]);
	if (o->closed)
		w->content[o->slot] = NULL;
}

/* As the shell does it: until nothing is due; then the deadline must lie ahead. */
static void tick(struct world *w, usec_t now)
{
	for (unsigned n = 0; tftp_server_tick(&w->s, now, &w->out); n++) {
		check(w);
		must(n < 4 * SLOTS);
	}
	must(w->out.slot == TFTP_NO_SLOT && tftp_server_deadline(&w->s) > now);
	must((tftp_server_deadline(&w->s) == USEC_NEVER) == (w->s.active == 0));
	for (uint32_t i = 0; i < SLOTS; i++)
		if (w->slots[i].used)
			must(tftp_server_deadline(&w->s) <=
			     tftp_transfer_deadline(&w->slots[i].transfer));
}

static void step(struct world *w, uint8_t where, const uint8_t *data, size_t len, usec_t now)
{
	unsigned who = where >> 4;
	struct tftp_peer from = {0x0a000001u + (who & 1), (uint16_t)(1000 + (who >> 1))};
	uint8_t *copy = exact_copy(data, len);

	w->came++;
	if ((where & 15) < 8) {
		struct tftp_transfer before = {.window = 0};

		if ((where & 7) < SLOTS && w->slots[where & 7].used)
			before = w->slots[where & 7].transfer;
		tftp_server_transfer_receive(&w->s, where & 7, copy, len, now, &w->out);
		/* In lock-step an ACK draws the next block or nothing (RFC 1123 4.2.3.1). */
		if (before.window == 1 && w->out.send.count)
			must(w->out.send.first == before.sent + 1);
	} else if ((where & 15) < 14)
		tftp_server_receive(&w->s, from, copy, len, now, &w->out);
	else
		tftp_server_transfer_refused(&w->s, who, now, &w->out);
	check(w);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct tftp_server_config config = {
		.transfer = {.blksize_max = 1468,
			     .windowsize_max = WINDOW,
			     .give_up = USEC_SEC(20)},
		.max_transfers = SLOTS,
		.max_per_client = 4,
	};
	struct world *w = calloc(1, sizeof(*w));
	const struct tftp_catalogue catalogue = {w, find, release};
	usec_t now = 0;

	must(w);
	tftp_server_init(&w->s, &config, &catalogue, w->slots);
	while (len >= 3) {
		size_t n = data[2] < len - 3 ? data[2] : len - 3;
		usec_t dt = data[1];

		now += dt * dt * dt * (dt < 128 ? 1 : 16);
		tick(w, now);
		step(w, data[0], data + 3, n, now);
		data += 3 + n;
		len -= 3 + n;
	}
	for (unsigned n = 0; w->s.active > 0; n++) {
		must(n < 2000);
		now = tftp_server_deadline(&w->s);
		tick(w, now);
	}
	must(w->held == 0);
	free(w);
	return 0;
}
