/* SPDX-License-Identifier: MIT */
/*
 * The words of the TFTP server: one event for each fact, and the ERROR that goes with a refusal.
 *
 * The field "reason" of tftp.refused is one word for programs (interface.md), and "why" the clause
 * that tells this case from another, where there is one; the sentence
 * explains it to a person and says what to do where something can be done. The severities follow
 * who should worry: nobody when a phone asks for a trust list that need not exist, looks up a
 * size or hangs up; the person at the console when a firmware file is missing.
 */
#include "report.h"

#include "reflashd/text.h"

#include <inttypes.h>
#include <stdio.h>

static const struct refusal {
	const char *reason;
	enum event_severity severity;
	enum tftp_error code;
	const char *wire;     /* the text of the ERROR; the clause follows after ": " */
	const char *sentence; /* behind "10.79.70.50 asked for FILE" */
} refusal_table[TFTP_REFUSALS] = {
	[TFTP_REFUSE_EXPECTED] = {"expected", SEVERITY_DEBUG, TFTP_ERR_NOT_FOUND, "File not found",
				  ": there is none, and the phone does well without it"},
	[TFTP_REFUSE_UNKNOWN] = {"unknown", SEVERITY_WARNING, TFTP_ERR_NOT_FOUND, "File not found",
				 ", which none of the firmware here holds"},
	[TFTP_REFUSE_DEEP] = {"unknown", SEVERITY_WARNING, TFTP_ERR_NOT_FOUND, "File not found",
			      ": no file here has a name of that form (at most one folder, "
			      "at most 127 characters)"},
	[TFTP_REFUSE_UNSAFE] = {"unsafe", SEVERITY_WARNING, TFTP_ERR_ACCESS, "Unsafe file name",
				": refused, no phone writes names with \"..\" or unprintable "
				"characters; find out what this device is"},
	[TFTP_REFUSE_WITHHELD] = {"withheld", SEVERITY_WARNING, TFTP_ERR_ACCESS, "Held back",
				  ", which is held back"},
	[TFTP_REFUSE_TRY_LATER] = {"try-later", SEVERITY_WARNING, TFTP_ERR_UNDEFINED,
				   "Cannot be read just now, try again",
				   ", which cannot be read just now"},
	[TFTP_REFUSE_BUSY_CLIENT] = {"busy", SEVERITY_WARNING, TFTP_ERR_UNDEFINED,
				     "Too many transfers to your address, try again later",
				     ", but has as many transfers running as one address may "
				     "have; it can ask again when one of them has ended"},
	[TFTP_REFUSE_BUSY_SERVER] = {"busy", SEVERITY_WARNING, TFTP_ERR_UNDEFINED,
				     "Too many transfers, try again later",
				     ", but as many transfers are running as there may be; "
				     "it can ask again when one of them has ended"},
	[TFTP_REFUSE_WRITE] = {"read-only", SEVERITY_WARNING, TFTP_ERR_ACCESS,
			       "this server is read only",
			       " to be written: refused, this server is read only"},
	[TFTP_REFUSE_MALFORMED] = {"malformed", SEVERITY_WARNING, TFTP_ERR_ILLEGAL,
				   "Not a whole TFTP request",
				   ": the request is cut off or names no file"},
	[TFTP_REFUSE_MODE] = {"malformed", SEVERITY_WARNING, TFTP_ERR_ILLEGAL,
			      "Only the modes octet and netascii are known",
			      " in a transfer mode that is neither octet nor netascii"},
};

static struct event *add_event(struct tftp_out *out, enum event_type type, uint32_t ip)
{
	struct event *e;

	must(out->event_count < ARRAY_LEN(out->events));
	e = &out->events[out->event_count++];
	event_init(e, type);
	event_set_ip(e, FIELD_IP, ip);
	return e;
}

/* The name a file is known by here may have come from an archive: somebody else's bytes. */
static void set_name(struct event *e, const struct tftp_slot *slot)
{
	size_t len = 0;

	while (len < sizeof(slot->file.name) && slot->file.name[len])
		len++;
	event_set_bytes(e, FIELD_FILE, (const uint8_t *)slot->file.name, len);
}

void tftp_report_request(struct tftp_out *out, struct span file)
{
	struct event *e = add_event(out, EVENT_TFTP_REQUEST, out->peer.ip);

	event_set_bytes(e, FIELD_FILE, file.data, file.len);
}

void tftp_report_start(struct tftp_out *out, const struct tftp_slot *slot)
{
	struct event *e = add_event(out, EVENT_TFTP_START, slot->peer.ip);

	set_name(e, slot);
	event_set_number(e, FIELD_SIZE, slot->file.size);
	if (slot->file.load[0])
		event_set_text(e, FIELD_LOAD, slot->file.load);
}

void tftp_report_progress(struct tftp_out *out, const struct tftp_slot *slot)
{
	struct event *e = add_event(out, EVENT_TFTP_PROGRESS, slot->peer.ip);

	set_name(e, slot);
	event_set_number(e, FIELD_BYTES, tftp_transfer_bytes(&slot->transfer));
	event_set_number(e, FIELD_SIZE, slot->file.size);
}

void tftp_report_refused(struct tftp_out *out, enum tftp_refusal refusal, struct span file,
			 const char *why)
{
	const struct refusal *r = &refusal_table[refusal];
	struct event *e = add_event(out, EVENT_TFTP_REFUSED, out->peer.ip);
	const char *colon = why[0] ? ": " : "";
	char wire[sizeof(((struct tftp_file *)0)->why) + 64];

	e->severity = r->severity;
	event_set_bytes(e, FIELD_FILE, file.data, file.len);
	event_set_text(e, FIELD_REASON, r->reason);
	if (why[0])
		event_set_text(e, FIELD_WHY, why);
	event_say(e, "{phone} asked for %s%s%s%s.", file.len > 0 ? e->file : "a file", r->sentence,
		  colon, why);
	text_format(wire, sizeof(wire), "%s%s%s", r->wire, colon, why);
	out->error_len = tftp_error_write(out->error, sizeof(out->error), r->code, wire);
}

static void report_complete(struct tftp_out *out, const struct tftp_slot *slot, usec_t now)
{
	const struct tftp_transfer *t = &slot->transfer;
	struct event *e = add_event(out, EVENT_TFTP_COMPLETE, slot->peer.ip);
	uint64_t ms = (now - slot->started) / 1000;

	set_name(e, slot);
	event_set_number(e, FIELD_BYTES, t->size);
	event_set_number(e, FIELD_MS, ms);
	event_set_number(e, FIELD_RESENT, t->resent);
	event_set_truth(e, FIELD_CONFIRMED, t->acked == t->last);
	if (t->acked == t->last)
		return;
	event_say(e,
		  "{phone} has %s: %" PRIu64 " bytes in %" PRIu64
		  " ms, as far as can be told; it did "
		  "not acknowledge the last block.",
		  e->file, t->size, ms);
}

static void rejected(struct event *e, const struct tftp_slot *slot, struct span reply)
{
	const struct tftp_transfer *t = &slot->transfer;
	struct tftp_reply r;
	char message[160];

	/* An answer to the OACK: some clients only look up the size, and say "enough" with
	 * ERROR 8 or 0 (anchors.md 6, async-tftp-rs #18). */
	if (t->oack_pending && t->tsize_asked && (t->peer_code == 0 || t->peer_code == 8)) {
		e->severity = SEVERITY_INFO;
		event_set_text(e, FIELD_CODE, "size-only");
		event_set_text(e, FIELD_REASON, "it only wanted to know the size");
		event_say(e, "{phone} looked up the size of %s.", e->file);
		return;
	}
	if (!tftp_reply_parse(&r, reply.data, reply.len) || r.message.len == 0) {
		event_set_format(e, FIELD_REASON, "it sent error %u", t->peer_code);
		return;
	}
	text_escape(message, sizeof(message), r.message.data, r.message.len);
	event_set_format(e, FIELD_REASON, "it sent error %u, \"%s\"", t->peer_code, message);
}

/* For programs, and for the advice. */
static const char *end_code(const struct tftp_transfer *t, bool heard)
{
	switch (t->outcome) {
	case TFTP_HUNG_UP: return "hung-up";
	case TFTP_RESTARTED: return "started-over";
	case TFTP_DISPLACED: return "made-room";
	case TFTP_SILENT: return heard ? "fell-silent" : "never-answered";
	case TFTP_REJECTED:
	case TFTP_RUNNING:
	case TFTP_DONE: break;
	}
	return "rejected";
}

static void set_end(struct event *e, const struct tftp_slot *slot, struct span reply, bool heard)
{
	const struct tftp_transfer *t = &slot->transfer;

	switch (t->outcome) {
	case TFTP_REJECTED: rejected(e, slot, reply); break;
	case TFTP_HUNG_UP:
		e->severity = SEVERITY_NOTICE;
		event_set_text(e, FIELD_REASON, "it closed its port");
		break;
	case TFTP_RESTARTED:
		e->severity = SEVERITY_NOTICE;
		event_set_text(e, FIELD_REASON, "it started over");
		break;
	case TFTP_DISPLACED:
		e->severity = SEVERITY_NOTICE;
		event_set_text(e, FIELD_REASON,
			       "it had not answered yet, and made room for a phone that has its "
			       "address from us");
		break;
	case TFTP_SILENT:
		if (t->answered)
			event_set_format(e, FIELD_REASON, "no answer for %" PRIu64 " s",
					 t->give_up / 1000000);
		else if (heard)
			event_set_format(e, FIELD_REASON,
					 "no answer for %" PRIu64 " s, though it answered before; "
					 "it was unplugged or has restarted",
					 t->give_up / 1000000);
		else
			event_set_text(e, FIELD_REASON,
				       "it never answered; look for a firewall on this machine "
				       "or a second server on the cable");
		break;
	case TFTP_RUNNING:
	case TFTP_DONE: must(false); /* no abort */
	}
}

void tftp_report_end(struct tftp_out *out, const struct tftp_slot *slot, struct span reply,
		     bool heard, usec_t now)
{
	struct event *e;

	if (slot->transfer.outcome == TFTP_DONE) {
		report_complete(out, slot, now);
		return;
	}
	e = add_event(out, EVENT_TFTP_ABORTED, slot->peer.ip);
	set_name(e, slot);
	event_set_number(e, FIELD_BYTES, tftp_transfer_bytes(&slot->transfer));
	event_set_text(e, FIELD_CODE, end_code(&slot->transfer, heard));
	set_end(e, slot, reply, heard);
}
