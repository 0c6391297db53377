/* SPDX-License-Identifier: MIT */
/*
 * One read transfer. tftp_transfer.h tells the happy path; here is what the rules have to be
 * so that a lossy wire costs little and nothing is ever sent in a circle.
 *
 * Numbers. Blocks are counted in 64 bits. An ACK's 16 bits are read as a distance from the
 * last acknowledged block; a distance beyond what was sent is an old ACK, or one for a block
 * that was never sent, and is ignored. So an old ACK cannot advance anything, and counting past
 * 65535 (65535, 0, 1 …) needs no case of its own.
 *
 * Time. RFC 6298 with Karn's rule: no sample where it is open which of two copies an ACK answers.
 * It is not open where the client has said, by an ACK, that it lacks a block: whatever of that
 * went out before is lost. Without these samples a window that loses a block in most rounds would
 * never be measured. What a timeout has doubled ends with the next progress (TFTP_FORGIVE says how
 * often) or with a sample. A client that asked for the timeout option gets its own figure,
 * without doubling (RFC 2349).
 *
 * Windows (RFC 7440). An ACK short of what was sent reports a gap: go back to it. Without care
 * that feeds on itself: what is sent twice makes some clients acknowledge twice, and every
 * one of these ACKs would send a window again. Therefore:
 * - we go back once, and then not again until a block beyond all that was sent by then is
 *   acknowledged (.recover, as in NewReno, RFC 6582). Until then an ACK that advances only
 *   lets new blocks out, each once. If a resent block is lost too, nothing follows that ACK: after
 *   one silent round trip we go on from there (.hurry). That is no timeout, nothing is doubled;
 * - a duplicate of the last ACK says "the first block of the window is missing" and counts as a
 *   gap under the same rule, and not within half a round trip of our last send, since then it
 *   cannot be an answer to it (the network doubled the ACK before).
 * In lock-step a duplicate ACK says nothing at all and is ignored (RFC 1123 4.2.3.1).
 *
 * The end. The last ACK may be lost, and a client that has its file owes us nothing: see
 * TFTP_LAST_TRIES. That is only believed of a client that had acknowledged something before,
 * else a one-block file would count as delivered to a phone that cannot hear us; or of one that
 * went on to another file without having repeated its request. If the port turns out closed
 * it must have taken the first copy of the block in silence.
 */
#include "reflashd/tftp_transfer.h"

#include <string.h>

static usec_t later(usec_t a, usec_t b)
{
	return a > USEC_NEVER - b ? USEC_NEVER : a + b;
}

static usec_t end_of(const struct tftp_transfer *t)
{
	return later(t->progress, t->give_up);
}

/* Until then a client that acknowledged nothing yet is sent something; but one resend at its own
 * pace it gets. */
static usec_t unheard_until(const struct tftp_transfer *t)
{
	usec_t pace = 2 * t->fixed_rto;

	return later(t->asked, pace > TFTP_UNHEARD ? pace : TFTP_UNHEARD);
}

static void arm(struct tftp_transfer *t, usec_t now)
{
	usec_t retry = later(now, t->rto), end = end_of(t);

	if (!t->answered && retry > unheard_until(t))
		retry = USEC_NEVER;
	t->deadline = retry < end ? retry : end;
	t->hurry = false;
}

static void finish(struct tftp_transfer *t, enum tftp_outcome outcome)
{
	t->outcome = outcome;
	t->deadline = USEC_NEVER;
}

static void send_oack(struct tftp_transfer *t, usec_t now, struct tftp_send *send)
{
	send->control = t->oack;
	send->control_len = t->oack_len;
	t->sent_at = now;
	arm(t, now);
}

/* The last block of the window that starts behind what is acknowledged. */
static uint64_t window_end(const struct tftp_transfer *t)
{
	return t->last - t->acked < t->window ? t->last : t->acked + t->window;
}

/* Sends first … end. Where these went out before it is a resend, which spoils the timing. */
static void send_blocks(struct tftp_transfer *t, uint64_t first, uint64_t end, usec_t now,
			struct tftp_send *send)
{
	send->first = first;
	send->count = (unsigned)(end - first + 1);
	if (first <= t->sent) {
		t->resent += (t->sent < end ? t->sent : end) - first + 1;
		t->timed_at = 0;
		t->recover = (t->sent < end ? end : t->sent) + 1;
	}
	if (end > t->sent && t->timed_at == 0) {
		t->timed_at = now;
		t->timed_block = t->sent + 1;
	}
	if (end > t->sent)
		t->sent = end;
	t->sent_at = now;
	arm(t, now);
}

static void resend(struct tftp_transfer *t, usec_t now, struct tftp_send *send)
{
	t->timed_at = 0;
	if (t->oack_pending)
		send_oack(t, now, send);
	else
		send_blocks(t, t->acked + 1, window_end(t), now, send);
}

/* Of what is known of this phone's round trip, without any doubling. */
static usec_t measured_rto(const struct tftp_transfer *t)
{
	usec_t rto = t->srtt ? t->srtt + 4 * t->rttvar : TFTP_RTO_FIRST;

	if (t->fixed_rto)
		return t->fixed_rto;
	return rto < TFTP_RTO_MIN ? TFTP_RTO_MIN : rto > TFTP_RTO_MAX ? TFTP_RTO_MAX : rto;
}

/* RFC 6298 2. */
static void sample(struct tftp_transfer *t, usec_t now)
{
	usec_t rtt = now - t->timed_at;

	t->timed_at = 0;
	if (rtt == 0)
		rtt = 1;
	if (t->srtt == 0) {
		t->srtt = rtt;
		t->rttvar = rtt / 2;
	} else {
		usec_t off = t->srtt > rtt ? t->srtt - rtt : rtt - t->srtt;

		t->rttvar = (3 * t->rttvar + off) / 4;
		t->srtt = (7 * t->srtt + rtt) / 8;
	}
	t->forgiven = 0;
	t->rto = measured_rto(t);
}

static uint64_t at_most(uint64_t value, uint64_t max)
{
	return value < max ? value : max;
}

/* Takes over what we can grant and writes the OACK; no OACK if that is nothing (RFC 2347). */
static void negotiate(struct tftp_transfer *t, const struct tftp_request *request,
		      const struct tftp_transfer_config *config)
{
	struct tftp_option granted[TFTP_OPT_KINDS];
	unsigned n = 0;
	uint64_t window = at_most(config->windowsize_max, TFTP_WINDOW_MAX);

	for (unsigned i = 0; i < request->option_count; i++) {
		struct tftp_option o = request->options[i];

		switch (o.kind) {
		case TFTP_OPT_BLKSIZE:
			o.value = at_most(o.value, config->blksize_max);
			t->blksize = (uint16_t)o.value;
			break;
		case TFTP_OPT_TIMEOUT: t->fixed_rto = USEC_SEC(o.value); break;
		case TFTP_OPT_TSIZE:
			o.value = t->size;
			t->tsize_asked = true;
			break;
		case TFTP_OPT_WINDOWSIZE:
			o.value = at_most(o.value, window);
			t->window = (uint16_t)o.value;
			break;
		case TFTP_OPT_KINDS: continue;
		}
		granted[n++] = o;
	}
	if (n == 0)
		return;
	t->oack_len = (uint16_t)tftp_oack_write(t->oack, sizeof(t->oack), granted, n);
	must(t->oack_len > 0);
	t->oack_pending = true;
}

void tftp_transfer_init(struct tftp_transfer *t, const struct tftp_request *request, uint64_t size,
			const struct tftp_transfer_config *config, usec_t now,
			struct tftp_send *send)
{
	must(config->blksize_max >= TFTP_BLKSIZE_MIN && config->windowsize_max > 0);
	*send = (struct tftp_send){0};
	memset(t, 0, sizeof(*t));
	t->size = size;
	t->blksize = TFTP_BLKSIZE_DEFAULT;
	t->window = 1;
	negotiate(t, request, config);
	t->last = size / t->blksize + 1;
	t->progress = t->asked = now;
	t->rto = measured_rto(t);
	/* A client that asks for long pauses gets one resend before we give up. */
	t->give_up = config->give_up;
	if (t->give_up < 2 * t->fixed_rto)
		t->give_up = 2 * t->fixed_rto;
	if (t->oack_pending) {
		t->timed_at = now;
		send_oack(t, now, send);
	} else {
		send_blocks(t, 1, window_end(t), now, send);
	}
}

/* The client has said that it lacks the next block: that one is timed, resent or not. */
static void go_on(struct tftp_transfer *t, usec_t now, struct tftp_send *send)
{
	send_blocks(t, t->acked + 1, window_end(t), now, send);
	t->timed_at = now;
	t->timed_block = t->acked + 1;
}

/* What a round trip takes: measured, or guessed from an ACK that may have answered an older copy.
 */
static usec_t round_trip(const struct tftp_transfer *t)
{
	return t->srtt ? t->srtt : t->lag;
}

/* The rest of what we sent may be on its way: one round trip will show. */
static void wait_a_round_trip(struct tftp_transfer *t, usec_t now)
{
	usec_t soon = now + round_trip(t) + 4 * t->rttvar;

	arm(t, now);
	if (t->fixed_rto || soon >= t->deadline)
		return;
	t->deadline = soon;
	t->hurry = true;
}

static void advance(struct tftp_transfer *t, uint64_t acked, usec_t now, struct tftp_send *send)
{
	bool may_go_back = acked >= t->recover;

	if (t->timeouts > 0 && t->forgiven < TFTP_FORGIVE) {
		t->forgiven++;
		t->rto = measured_rto(t);
	}
	t->lag = now - t->sent_at;
	t->acked = acked;
	t->progress = now;
	t->timeouts = 0;
	t->answered = true;
	if (t->timed_at != 0 && acked >= t->timed_block)
		sample(t, now);
	if (acked == t->last) {
		finish(t, TFTP_DONE);
	} else if (acked == t->sent || may_go_back) {
		go_on(t, now, send);
	} else {
		if (window_end(t) > t->sent)
			send_blocks(t, t->sent + 1, window_end(t), now, send);
		wait_a_round_trip(t, now);
	}
}

/* The last ACK once more: a report of a gap, or an echo. See the story above. */
static void again(struct tftp_transfer *t, usec_t now, struct tftp_send *send)
{
	if (t->window == 1 || t->acked < t->recover || now - t->sent_at < round_trip(t) / 2)
		return;
	go_on(t, now, send);
}

static void receive_ack(struct tftp_transfer *t, uint16_t block, usec_t now, struct tftp_send *send)
{
	uint16_t distance = (uint16_t)(block - (uint16_t)t->acked);

	if (t->oack_pending) {
		if (block != 0)
			return;
		t->oack_pending = false;
		advance(t, 0, now, send);
	} else if (distance == 0) {
		again(t, now, send);
	} else if (distance <= t->sent - t->acked) {
		advance(t, t->acked + distance, now, send);
	}
}

void tftp_transfer_receive(struct tftp_transfer *t, const uint8_t *data, size_t len, usec_t now,
			   struct tftp_send *send)
{
	struct tftp_reply reply;

	*send = (struct tftp_send){0};
	if (t->outcome != TFTP_RUNNING || !tftp_reply_parse(&reply, data, len))
		return;
	if (reply.op == TFTP_ACK) {
		receive_ack(t, reply.block, now, send);
		return;
	}
	t->peer_code = reply.code;
	finish(t, TFTP_REJECTED);
}

/* Everything went out, and an ACK for the last block is all that is missing. */
static bool only_last_missing(const struct tftp_transfer *t)
{
	return !t->oack_pending && t->sent == t->last && t->acked + 1 == t->last;
}

static bool believed_done(const struct tftp_transfer *t)
{
	return only_last_missing(t) && (t->answered || t->moved_on);
}

void tftp_transfer_refused(struct tftp_transfer *t)
{
	if (t->outcome != TFTP_RUNNING)
		return;
	finish(t, believed_done(t) && t->timeouts > 0 ? TFTP_DONE : TFTP_HUNG_UP);
}

void tftp_transfer_repeat(struct tftp_transfer *t, usec_t now, struct tftp_send *send)
{
	*send = (struct tftp_send){0};
	if (t->outcome != TFTP_RUNNING)
		return;
	t->repeated = true;
	t->asked = now;
	if (now - t->sent_at >= TFTP_REPEAT_MIN)
		resend(t, now, send);
}

void tftp_transfer_moved_on(struct tftp_transfer *t)
{
	usec_t rto = measured_rto(t), soon;

	if (t->outcome != TFTP_RUNNING || !only_last_missing(t) || (!t->answered && t->repeated))
		return;
	t->moved_on = true;
	/* However long we were ready to wait: who asks for something else hears us, and an ACK that
	 * is on its way comes within a round trip. */
	soon = later(t->sent_at, rto < TFTP_RTO_FIRST ? rto : TFTP_RTO_FIRST);
	if (t->deadline > soon)
		t->deadline = soon;
}

void tftp_transfer_restarted(struct tftp_transfer *t)
{
	if (t->outcome != TFTP_RUNNING)
		return;
	tftp_transfer_moved_on(t);
	finish(t, t->moved_on ? TFTP_DONE : TFTP_RESTARTED);
}

void tftp_transfer_displaced(struct tftp_transfer *t)
{
	finish(t, TFTP_DISPLACED);
}

static void give_up(struct tftp_transfer *t, struct tftp_send *send)
{
	if (believed_done(t) && t->timeouts > 0) {
		finish(t, TFTP_DONE);
		return;
	}
	finish(t, TFTP_SILENT);
	/* No OACK will be sent any more: its room holds the good-bye. */
	t->oack_len = (uint16_t)tftp_error_write(t->oack, sizeof(t->oack), TFTP_ERR_UNDEFINED,
						 "no answer for too long, giving up");
	send->control = t->oack;
	send->control_len = t->oack_len;
}

void tftp_transfer_tick(struct tftp_transfer *t, usec_t now, struct tftp_send *send)
{
	*send = (struct tftp_send){0};
	if (t->outcome != TFTP_RUNNING || now < t->deadline)
		return;
	if (now >= end_of(t)) {
		give_up(t, send);
		return;
	}
	if (believed_done(t) && t->timeouts >= (t->moved_on ? 1 : TFTP_LAST_TRIES)) {
		finish(t, TFTP_DONE);
		return;
	}
	if (t->hurry) {
		resend(t, now, send);
		return;
	}
	t->timeouts++;
	if (!t->fixed_rto)
		t->rto = t->rto > TFTP_RTO_MAX / 2 ? TFTP_RTO_MAX : t->rto * 2;
	resend(t, now, send);
}

usec_t tftp_transfer_deadline(const struct tftp_transfer *t)
{
	return t->deadline;
}

size_t tftp_transfer_block(const struct tftp_transfer *t, uint64_t n, uint64_t *offset)
{
	uint64_t left;

	must(n >= 1 && n <= t->last);
	*offset = (n - 1) * t->blksize;
	left = t->size - *offset;
	return left < t->blksize ? (size_t)left : t->blksize;
}

uint64_t tftp_transfer_bytes(const struct tftp_transfer *t)
{
	return t->acked == t->last ? t->size : t->acked * t->blksize;
}
