/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server machine: requests in, transfers started, ended and reported.
 *
 * The happy path: a request on port 69 → its name brought to one shape → looked up in the
 * catalogue → a slot, a first packet, tftp.request and tftp.start → ACKs on the slot's own
 * port, which go straight to the transfer and touch nothing else → tftp.complete, the content
 * released, the slot free again.
 *
 * What can go wrong, and the rule for each:
 * - anything that is no request on port 69: dropped without a word. An ERROR is never answered
 *   (RFC 1350 7), and the rest is late traffic of transfers that are over;
 * - a request that is repeated from the same port: the transfer it started sends again what is
 *   outstanding. No event, no second transfer (phones.md 4.4: 7940/60, every 4 s);
 * - another request from the same port, or the same one long after the client was last heard
 *   of: it has started over (after a power cut the ports of a 7940/60 start over too). The old
 *   transfer ends at once and in silence, since the client would take its packets for those of
 *   the new one;
 * - a request for another file while only the last block of a transfer to the same address is
 *   missing: that ACK was lost (tftp_transfer_moved_on());
 * - a miss is answered at once, whatever the load: phones wait for it before they go on. Only a
 *   file that is there can meet "busy";
 * - all transfers are taken. The address of a request is soon forged, and a handful of them a
 *   second holds every slot. So a client that has its address from us takes the slot of one that
 *   has not and that never acknowledged anything, the first that the hand meets on its round; or,
 *   when it is its own address that was forged, the oldest of its own that was never acknowledged.
 *   Nobody else does, so that forged requests bring no more blocks upon strangers than there are
 *   slots.
 *
 * A transfer that ends outside the call that serves it (started over) stays in its slot until the
 * next tick, which is due at once: one call, one slot, one end.
 */
#include "report.h"
#include "slots.h"

#include "reflashd/text.h"

#include <string.h>

/* Who asks for what, as numbers that can be compared (FNV-1a). */
struct asked {
	uint64_t request; /* the datagram: a retransmission is the same to the byte */
	uint64_t name;	  /* the name, without case */
	unsigned running; /* transfers of this client at the moment */
};

static uint64_t mix(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

#define MIX_START UINT64_C(0xcbf29ce484222325)

static uint64_t mix_name(const struct tftp_name *name)
{
	uint64_t hash = MIX_START;

	for (const char *p = name->folder; *p; p++)
		hash = mix(hash, (uint8_t)text_lower(*p));
	hash = mix(hash, '/');
	for (const char *p = name->base; *p; p++)
		hash = mix(hash, (uint8_t)text_lower(*p));
	return hash;
}

static uint64_t mix_bytes(const uint8_t *data, size_t len)
{
	uint64_t hash = MIX_START;

	for (size_t i = 0; i < len; i++)
		hash = mix(hash, data[i]);
	return hash;
}

/* Not a memset: the events are kilobytes, and this runs for every ACK. */
static void reset(struct tftp_out *out)
{
	out->slot = TFTP_NO_SLOT;
	out->opened = out->displaced = false;
	out->closed = false;
	out->peer = (struct tftp_peer){0};
	out->send = (struct tftp_send){0};
	out->error_len = 0;
	out->content = NULL;
	out->event_count = 0;
}

void tftp_server_init(struct tftp_server *s, const struct tftp_server_config *config,
		      const struct tftp_catalogue *catalogue, struct tftp_slot *slots)
{
	must(config->max_transfers > 0 && config->max_transfers < TFTP_NO_SLOT);
	must(config->max_per_client > 0);
	s->config = *config;
	s->catalogue = *catalogue;
	s->slots = slots;
	memset(s->heard, 0, sizeof(s->heard));
	tftp_slots_init(s);
}

static void close_slot(struct tftp_server *s, uint32_t i, struct tftp_out *out)
{
	struct tftp_slot *slot = &s->slots[i];

	out->closed = true;
	out->content = NULL;
	out->send.count = 0;
	if (slot->file.content)
		s->catalogue.release(s->catalogue.ctx, slot->file.content);
	slot->file.content = NULL;
	tftp_slots_give(s, i);
}

/* The client of slot i acknowledged something, here or elsewhere: what we send gets there. */
static bool heard(struct tftp_server *s, uint32_t i)
{
	uint32_t ip = s->slots[i].peer.ip, *known = &s->heard[ip % TFTP_HEARD];

	for (i = tftp_slots_first(s, ip); i != TFTP_NO_SLOT; i = tftp_slots_next(s, i))
		if (s->slots[i].transfer.answered)
			*known = ip;
	return *known == ip;
}

/* After anything that moved slot i: what the driver needs to know, and the end, if it is one. */
static void settle(struct tftp_server *s, uint32_t i, struct span reply, usec_t now,
		   struct tftp_out *out)
{
	struct tftp_slot *slot = &s->slots[i];
	usec_t deadline = tftp_transfer_deadline(&slot->transfer);

	out->slot = i;
	out->peer = slot->peer;
	out->content = slot->file.content;
	if (slot->transfer.outcome == TFTP_RUNNING) {
		if (deadline < slot->wake)
			tftp_slots_wake(s, i, deadline);
		if (now - slot->told >= TFTP_TELL_EVERY && slot->transfer.progress == now) {
			slot->told = now;
			tftp_report_progress(out, slot);
		}
		return;
	}
	tftp_report_end(out, slot, reply, heard(s, i), now);
	close_slot(s, i, out);
}

static const struct span no_reply = {NULL, 0};

static bool started_over(const struct tftp_slot *slot, const struct asked *asked, usec_t now)
{
	if (slot->request != asked->request)
		return true;
	return slot->transfer.answered && now - slot->transfer.progress >= TFTP_RESTART_AFTER;
}

/* Goes through the client's transfers. True: the request is a repeated one and was served. */
static bool recognise(struct tftp_server *s, struct tftp_peer from, struct asked *asked, usec_t now,
		      struct tftp_out *out)
{
	for (uint32_t i = tftp_slots_first(s, from.ip); i != TFTP_NO_SLOT;
	     i = tftp_slots_next(s, i)) {
		struct tftp_slot *slot = &s->slots[i];

		if (slot->transfer.outcome != TFTP_RUNNING)
			continue;
		if (slot->peer.port != from.port) {
			asked->running++;
			if (slot->name != asked->name) {
				tftp_transfer_moved_on(&slot->transfer);
				tftp_slots_wake(s, i, tftp_transfer_deadline(&slot->transfer));
			}
		} else if (started_over(slot, asked, now)) {
			tftp_transfer_restarted(&slot->transfer);
			tftp_slots_wake(s, i, now);
		} else {
			tftp_transfer_repeat(&slot->transfer, now, &out->send);
			settle(s, i, no_reply, now, out);
			return true;
		}
	}
	return false;
}

static bool is_unheard(const struct tftp_slot *slot)
{
	return slot->transfer.outcome == TFTP_RUNNING && !slot->transfer.answered;
}

/* Whose slot may be had when all are taken: by a round of the hand, so that the one that came last
 * stays longest. */
static uint32_t unheard_stranger(struct tftp_server *s)
{
	for (uint32_t n = 0; n < s->config.max_transfers; n++) {
		uint32_t i = s->hand;

		s->hand = (i + 1) % s->config.max_transfers;
		if (is_unheard(&s->slots[i]) && !s->slots[i].file.known)
			return i;
	}
	return TFTP_NO_SLOT;
}

/* The client's own oldest. */
static uint32_t unheard_of_client(const struct tftp_server *s, uint32_t ip)
{
	uint32_t oldest = TFTP_NO_SLOT;

	for (uint32_t i = tftp_slots_first(s, ip); i != TFTP_NO_SLOT; i = tftp_slots_next(s, i))
		if (is_unheard(&s->slots[i]) &&
		    (oldest == TFTP_NO_SLOT || s->slots[i].started < s->slots[oldest].started))
			oldest = i;
	return oldest;
}

/* Its slot, for the client of out. There may be others that are free: this one's port is. */
static void displace(struct tftp_server *s, uint32_t i, usec_t now, struct tftp_out *out)
{
	tftp_transfer_displaced(&s->slots[i].transfer);
	tftp_report_end(out, &s->slots[i], no_reply, heard(s, i), now);
	close_slot(s, i, out);
	out->closed = false;
	out->displaced = true;
	out->displaced_slot = i;
}

/* A slot for the client of out, which may be made to be free; or TFTP_NO_SLOT. */
static uint32_t find_room(struct tftp_server *s, bool known, unsigned running, usec_t now,
			  struct tftp_out *out)
{
	bool crowded = running >= s->config.max_per_client;
	uint32_t i = crowded ? TFTP_NO_SLOT : tftp_slots_take(s, out->peer);

	if (i != TFTP_NO_SLOT || !known)
		return i;
	i = crowded ? unheard_of_client(s, out->peer.ip) : unheard_stranger(s);
	if (i == TFTP_NO_SLOT)
		return i;
	displace(s, i, now, out);
	return tftp_slots_take(s, out->peer);
}

static void open_slot(struct tftp_server *s, const struct tftp_request *request,
		      const struct asked *asked, const struct tftp_file *file, usec_t now,
		      struct tftp_out *out)
{
	uint32_t i = find_room(s, file->known, asked->running, now, out);
	struct tftp_slot *slot;

	if (i == TFTP_NO_SLOT) {
		if (file->content)
			s->catalogue.release(s->catalogue.ctx, file->content);
		tftp_report_refused(out,
				    asked->running < s->config.max_per_client
					    ? TFTP_REFUSE_BUSY_SERVER
					    : TFTP_REFUSE_BUSY_CLIENT,
				    request->file, "");
		return;
	}
	slot = &s->slots[i];
	slot->file = *file;
	slot->started = slot->told = now;
	slot->request = asked->request;
	slot->name = asked->name;
	tftp_transfer_init(&slot->transfer, request, file->size, &s->config.transfer, now,
			   &out->send);
	out->opened = true;
	tftp_report_start(out, slot);
	settle(s, i, no_reply, now, out);
}

static void look_up(struct tftp_server *s, const struct tftp_request *request,
		    const struct tftp_name *name, const struct asked *asked, usec_t now,
		    struct tftp_out *out)
{
	static const enum tftp_refusal refusal[] = {
		[TFTP_MISS_EXPECTED] = TFTP_REFUSE_EXPECTED,
		[TFTP_MISS_UNKNOWN] = TFTP_REFUSE_UNKNOWN,
		[TFTP_WITHHELD] = TFTP_REFUSE_WITHHELD,
		[TFTP_TRY_LATER] = TFTP_REFUSE_TRY_LATER,
	};
	struct tftp_file file;
	enum tftp_found found;

	file.size = 0;
	file.content = NULL;
	file.known = false;
	file.load[0] = file.name[0] = file.why[0] = 0;
	found = s->catalogue.find(s->catalogue.ctx, out->peer.ip, name,
				  request->mode == TFTP_MODE_NETASCII, &file);
	must((unsigned)found < ARRAY_LEN(refusal));
	if (found == TFTP_FOUND)
		open_slot(s, request, asked, &file, now, out);
	else
		tftp_report_refused(out, refusal[found], request->file, file.why);
}

/* True: a read request for a name of a possible form. Otherwise it has been dealt with. */
static bool admit(const uint8_t *data, size_t len, struct tftp_request *request,
		  struct tftp_name *name, struct tftp_out *out)
{
	enum tftp_parse parse = tftp_request_parse(request, data, len);

	if (parse == TFTP_PARSE_NOT_REQUEST || len < 2)
		return false;
	if (request->op == TFTP_WRQ) {
		tftp_report_refused(out, TFTP_REFUSE_WRITE, request->file, "");
		return false;
	}
	if (parse != TFTP_PARSE_OK) {
		tftp_report_refused(out,
				    parse == TFTP_PARSE_BAD_MODE ? TFTP_REFUSE_MODE
								 : TFTP_REFUSE_MALFORMED,
				    request->file, "");
		return false;
	}
	switch (tftp_name_parse(name, request->file.data, request->file.len)) {
	case TFTP_NAME_OK: return true;
	case TFTP_NAME_UNSAFE:
		tftp_report_request(out, request->file);
		tftp_report_refused(out, TFTP_REFUSE_UNSAFE, request->file, "");
		return false;
	case TFTP_NAME_DEEP: break;
	}
	tftp_report_request(out, request->file);
	tftp_report_refused(out, TFTP_REFUSE_DEEP, request->file, "");
	return false;
}

void tftp_server_receive(struct tftp_server *s, struct tftp_peer from, const uint8_t *data,
			 size_t len, usec_t now, struct tftp_out *out)
{
	struct tftp_request request;
	struct tftp_name name;
	struct asked asked = {0};

	reset(out);
	out->peer = from;
	if (!admit(data, len, &request, &name, out))
		return;
	asked.request = mix_bytes(data, len);
	asked.name = mix_name(&name);
	if (recognise(s, from, &asked, now, out))
		return;
	tftp_report_request(out, request.file);
	look_up(s, &request, &name, &asked, now, out);
}

uint32_t tftp_server_slot(const struct tftp_server *s, struct tftp_peer peer)
{
	uint32_t i = tftp_slots_first(s, peer.ip);

	/* One that was started over waits for its end beside the new one. */
	while (i != TFTP_NO_SLOT &&
	       (s->slots[i].peer.port != peer.port || s->slots[i].transfer.outcome != TFTP_RUNNING))
		i = tftp_slots_next(s, i);
	return i;
}

/* A datagram may be on its way to us while the driver closes the port. */
static bool in_use(const struct tftp_server *s, uint32_t i)
{
	return i < s->config.max_transfers && s->slots[i].used;
}

void tftp_server_transfer_receive(struct tftp_server *s, uint32_t i, const uint8_t *data,
				  size_t len, usec_t now, struct tftp_out *out)
{
	reset(out);
	if (!in_use(s, i))
		return;
	tftp_transfer_receive(&s->slots[i].transfer, data, len, now, &out->send);
	settle(s, i, (struct span){data, len}, now, out);
}

void tftp_server_transfer_refused(struct tftp_server *s, uint32_t i, usec_t now,
				  struct tftp_out *out)
{
	reset(out);
	if (!in_use(s, i))
		return;
	tftp_transfer_refused(&s->slots[i].transfer);
	settle(s, i, no_reply, now, out);
}

bool tftp_server_tick(struct tftp_server *s, usec_t now, struct tftp_out *out)
{
	reset(out);
	while (s->wake <= now && s->active > 0) {
		uint32_t i = tftp_slots_earliest(s);
		struct tftp_transfer *t = &s->slots[i].transfer;

		if (t->outcome == TFTP_RUNNING && tftp_transfer_deadline(t) > now) {
			tftp_slots_wake(s, i, tftp_transfer_deadline(t));
			continue;
		}
		tftp_transfer_tick(t, now, &out->send);
		if (t->outcome == TFTP_RUNNING)
			tftp_slots_wake(s, i, tftp_transfer_deadline(t));
		settle(s, i, no_reply, now, out);
		return true;
	}
	return false;
}

usec_t tftp_server_deadline(const struct tftp_server *s)
{
	return s->wake;
}
