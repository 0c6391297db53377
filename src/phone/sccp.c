/* SPDX-License-Identifier: MIT */
/*
 * The call manager that a phone finds once it lives again: one that listens, and says no.
 *
 * The happy path: the phone connects, sends an Alarm (why it last went down, and its load) and a
 * Register (what it is and, on newer loads, its load by its full name), is told politely that
 * there is no call server here, and closes. Both messages become events; they are the proof.
 *
 * The order of the two is not certain (phones.md 10.2), and the answer to Register is what makes a
 * phone hang up. So a Register that names its load is answered at once; one that does not
 * (older loads send the short form) waits a second for the Alarm, which may be the only thing that
 * names it. The event of the Register waits for nothing.
 *
 * The load of an Alarm is written in another way ("9.4(2SR3.1S)") and never stands in for that of
 * the Register: each event carries what its own message said.
 *
 * What can go wrong: messages in pieces of one byte, or several in one piece; a peer that is no
 * phone. Where a length cannot be right there is no way to find the next message, and the
 * connection is closed. No answer is longer than the message it answers, but for the
 * acknowledgement of an Unregister without its reason (16 bytes for 12).
 *
 * A token is asked for by a phone that is registered elsewhere and wants to come back to us; it is
 * told to stay where it is. XMLAlarm is passed over: it is long, varies with the load, and
 * says nothing that the others do not.
 */
#include "reflashd/sccp.h"

#include "reflashd/bytes.h"
#include "reflashd/hash.h"
#include "reflashd/text.h"

#include <string.h>

#define REGISTER_MIN	    44 /* up to the device type */
#define REGISTER_SHORT	    48
#define REGISTER_MIDDLE	    60
#define REGISTER_MAC	    64
#define REGISTER_LOAD	    104
#define LENGTH_WITHOUT_LOAD 100 /* a longer one has MAC and load (phones.md 10.2) */
#define ALARM_LEN	    104
#define ALARM_TEXT_LEN	    80
#define TOKEN_WAIT	    60 /* seconds until the phone asks again */

enum said {
	SAID_REGISTER,
	SAID_ALARM,
};

/* Fields. */

/* Text in a field that ends with a NUL or with the field; out holds one byte more than that. */
static void take_text(char *out, const uint8_t *field, size_t len)
{
	const uint8_t *end = len ? memchr(field, 0, len) : NULL;
	size_t n = end ? (size_t)(end - field) : len;

	if (n)
		memcpy(out, field, n);
	out[n] = 0;
}

static bool is_name(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* The message without what may follow it; false when it is another one or not whole. */
static bool open_message(struct reader *r, enum sccp_message message, const uint8_t *data,
			 size_t len)
{
	uint32_t length;

	*r = reader_init(data, len);
	length = read_le32(r);
	if (!r->ok || length < SCCP_LENGTH_MIN || length > SCCP_LENGTH_MAX || length + 8 > len)
		return false;
	*r = reader_init(data, length + 8);
	read_skip(r, 8);
	return read_le32(r) == (uint32_t)message && r->ok;
}

bool sccp_decode_register(struct sccp_register *r, const uint8_t *message, size_t len)
{
	struct sccp_register found = {0};
	struct reader in;
	size_t left;

	if (!open_message(&in, SCCP_REGISTER, message, len) || in.len < REGISTER_MIN)
		return false;
	take_text(found.device, read_span(&in, 16).data, 16);
	read_skip(&in, 8);
	found.ip = read_be32(&in);
	found.type = read_le32(&in);
	if (in.len >= REGISTER_MIDDLE)
		found.protocol = message[52];
	if (in.len > LENGTH_WITHOUT_LOAD + 8) {
		memcpy(found.mac.b, message + REGISTER_MAC, sizeof(found.mac.b));
		left = in.len - REGISTER_LOAD;
		/* A field that is cut off would be another load's name. */
		if (left >= 32 || memchr(message + REGISTER_LOAD, 0, left))
			take_text(found.load, message + REGISTER_LOAD, left < 32 ? left : 32);
		if (!is_name(found.load))
			found.load[0] = 0;
	}
	*r = found;
	return true;
}

/* The word after "Name=" or "Load=", which some loads write with a space behind it. */
static void take_word(char *out, size_t size, const char *text, const char *key)
{
	const char *start = strstr(text, key);
	size_t len;

	out[0] = 0;
	if (!start)
		return;
	start += strlen(key);
	start += strspn(start, " ");
	len = strcspn(start, " ");
	if (len >= size || memchr(start, '=', len)) /* the next key: there is no word here */
		return;
	memcpy(out, start, len);
	out[len] = 0;
	if (!is_name(out))
		out[0] = 0;
}

bool sccp_decode_alarm(struct sccp_alarm *a, const uint8_t *message, size_t len)
{
	struct sccp_alarm found = {0};
	struct reader in;
	size_t left;

	if (!open_message(&in, SCCP_ALARM, message, len) || reader_left(&in) < 4)
		return false;
	found.severity = read_le32(&in);
	left = reader_left(&in);
	if (left > ALARM_TEXT_LEN)
		left = ALARM_TEXT_LEN;
	take_text(found.text, read_span(&in, left).data, left);
	take_word(found.device, sizeof(found.device), found.text, "Name=");
	take_word(found.load, sizeof(found.load), found.text, "Load=");
	*a = found;
	return true;
}

static void put_header(struct writer *w, size_t message_len, enum sccp_message message)
{
	write_le32(w, (uint32_t)(message_len - 8));
	write_le32(w, 0); /* the basic header, which every load reads */
	write_le32(w, (uint32_t)message);
}

/* As much of the text as fits with a NUL, then NULs. */
static void put_text(struct writer *w, const char *text, size_t field)
{
	size_t n = strlen(text);

	n = n < field ? n : field - 1;
	write_bytes(w, text, n);
	write_zero(w, field - n);
}

size_t sccp_encode_register(uint8_t *out, size_t size, const struct sccp_register *r)
{
	struct writer w = writer_init(out, size);
	bool full = r->load[0] || !mac_is_zero(r->mac);

	put_header(&w,
		   full		 ? SCCP_ENCODE_MAX
		   : r->protocol ? REGISTER_MIDDLE
				 : REGISTER_SHORT,
		   SCCP_REGISTER);
	put_text(&w, r->device, 16);
	write_zero(&w, 8);
	write_be32(&w, r->ip);
	write_le32(&w, r->type);
	write_le32(&w, 5); /* streams, as many as a 7941 says */
	if (full || r->protocol) {
		write_zero(&w, 4);
		write_u8(&w, r->protocol);
		write_zero(&w, 1);
		write_le16(&w, 0x8572); /* features, the same */
		write_le32(&w, 1);	/* conferences */
	}
	if (full) {
		write_zero(&w, 4);
		write_bytes(&w, r->mac.b, sizeof(r->mac.b));
		write_zero(&w, 6);
		write_le32(&w, 3);
		write_le32(&w, 2); /* lines */
		write_zero(&w, 20);
		put_text(&w, r->load, 32);
	}
	return w.ok ? w.len : 0;
}

size_t sccp_encode_alarm(uint8_t *out, size_t size, const struct sccp_alarm *a)
{
	struct writer w = writer_init(out, size);

	put_header(&w, ALARM_LEN, SCCP_ALARM);
	write_le32(&w, a->severity);
	put_text(&w, a->text, ALARM_TEXT_LEN);
	write_zero(&w, 8);
	return w.ok ? w.len : 0;
}

size_t sccp_encode_plain(uint8_t *out, size_t size, enum sccp_message message)
{
	struct writer w = writer_init(out, size);

	put_header(&w, SCCP_HEADER_LEN, message);
	return w.ok ? w.len : 0;
}

/* What was said already. */

void sccp_memory_init(struct sccp_memory *m)
{
	memset(m, 0, sizeof(*m));
}

/*
 * May it be said? A ring in the order of time: what is younger than SCCP_REPEAT is counted, and
 * when even the oldest is, there is no room for more.
 */
static bool memory_allows(struct sccp_memory *m, uint32_t peer, uint32_t hash, usec_t now,
			  bool *known)
{
	unsigned of_peer = 0;

	*known = false;
	for (unsigned i = 0; i < SCCP_MEMORY_MAX; i++) {
		if (!m->said[i].hash || now - m->said[i].when >= SCCP_REPEAT)
			continue;
		if (m->said[i].hash == hash) {
			*known = true;
			return false;
		}
		of_peer += m->said[i].peer == peer;
	}
	if (of_peer >= SCCP_PEER_EVENTS ||
	    (m->said[m->next].hash && now - m->said[m->next].when < SCCP_REPEAT))
		return false;
	m->said[m->next].peer = peer;
	m->said[m->next].hash = hash;
	m->said[m->next].when = now;
	m->next = (m->next + 1) % SCCP_MEMORY_MAX;
	return true;
}

/* Once on a connection, again when it is something else, and not too often on all of them. */
static bool worth_saying(struct sccp *s, enum said kind, const char *who, const char *what,
			 usec_t now)
{
	uint32_t hash = hash32(HASH32 + (uint32_t)kind, who, strlen(who) + 1);
	bool known, allowed;

	/* A stranger who uses a phone's name must not silence the phone. */
	hash = hash32(hash, &s->peer, sizeof(s->peer));
	hash = hash32(hash, what, strlen(what));
	hash = hash ? hash : 1;
	if (s->last[kind] == hash)
		return false;
	allowed = memory_allows(s->config.memory, s->peer, hash, now, &known);
	if (allowed || known)
		s->last[kind] = hash;
	return allowed;
}

/* The machine. */

static void out_begin(struct sccp_out *out)
{
	out->len = 0;
	out->event_count = 0;
	out->close = false;
	out->reason = NULL;
}

static void hang_up(struct sccp_out *out, const char *reason)
{
	out->close = true;
	out->reason = reason;
}

static void answer(struct sccp_out *out, enum sccp_message message, uint32_t value)
{
	struct writer w = writer_init(out->data, sizeof(out->data));

	switch ((unsigned)message) {
	case SCCP_REGISTER_REJECT:
		put_header(&w, SCCP_HEADER_LEN + SCCP_REJECT_TEXT_LEN, message);
		put_text(&w, SCCP_REJECT_TEXT, SCCP_REJECT_TEXT_LEN);
		break;
	case SCCP_KEEPALIVE_ACK: put_header(&w, SCCP_HEADER_LEN, message); break;
	default:
		put_header(&w, SCCP_HEADER_LEN + 4, message);
		write_le32(&w, value);
		break;
	}
	must(w.ok);
	out->len = w.len;
}

static void reject(struct sccp *s, struct sccp_out *out)
{
	s->reject_due = USEC_NEVER;
	answer(out, SCCP_REGISTER_REJECT, 0);
}

/* "SEP001122334455": the MAC in it; zero when there is none. */
static struct mac mac_of_name(const char *device)
{
	struct mac mac = {{0}}, found;

	if (strlen(device) == 15 && text_starts_nocase(device, "SEP") &&
	    mac_parse(device + 3, &found) && !(found.b[0] & 1))
		mac = found;
	return mac;
}

static struct event *begin_event(struct sccp *s, struct sccp_out *out, enum event_type type,
				 const char *device, struct mac mac)
{
	struct event *e = &out->events[out->event_count++];

	must(out->event_count <= ARRAY_LEN(out->events));
	event_init(e, type);
	event_set_ip(e, FIELD_IP, s->peer); /* the station says one, too; this one is sure */
	if (!mac_is_zero(mac))
		event_set_mac(e, mac);
	if (device[0])
		event_set_bytes(e, FIELD_DEVICE, (const uint8_t *)device, strlen(device));
	return e;
}

static void take_register(struct sccp *s, usec_t now, struct sccp_out *out)
{
	struct sccp_register r;
	const struct model *model;
	struct event *e;

	if (!sccp_decode_register(&r, s->message, s->have)) {
		hang_up(out, "it sent a Register that is too short");
		return;
	}
	s->registered = true;
	memcpy(s->device, r.device, sizeof(s->device));
	/* The name is what the phone's files are called by, too. */
	s->mac = mac_of_name(r.device);
	if (mac_is_zero(s->mac) && !(r.mac.b[0] & 1))
		s->mac = r.mac;
	if (worth_saying(s, SAID_REGISTER, r.device, r.load, now)) {
		e = begin_event(s, out, EVENT_SCCP_REGISTER, r.device, s->mac);
		model = s->config.models ? models_by_number(s->config.models, r.type) : NULL;
		event_set_text(e, FIELD_MODEL, model ? model->id : NULL);
		if (r.load[0])
			event_set_bytes(e, FIELD_LOAD, (const uint8_t *)r.load, strlen(r.load));
		else
			event_say(e, "{phone} registers by SCCP and does not say with which load.");
	}
	if (r.load[0] || s->alarmed)
		reject(s, out);
	else if (s->reject_due == USEC_NEVER)
		s->reject_due = now + SCCP_ALARM_WAIT;
}

static void take_alarm(struct sccp *s, usec_t now, struct sccp_out *out)
{
	struct sccp_alarm a;
	struct event *e;
	const char *device;
	struct mac mac;

	if (!sccp_decode_alarm(&a, s->message, s->have)) {
		hang_up(out, "it sent an Alarm that is too short");
		return;
	}
	s->alarmed = true;
	device = a.device[0] ? a.device : s->device;
	mac = a.device[0] ? mac_of_name(a.device) : s->mac;
	if (worth_saying(s, SAID_ALARM, device, a.text, now)) {
		e = begin_event(s, out, EVENT_SCCP_ALARM, device, mac);
		if (a.load[0])
			event_set_bytes(e, FIELD_LOAD, (const uint8_t *)a.load, strlen(a.load));
		event_set_bytes(e, FIELD_REASON, (const uint8_t *)a.text, strlen(a.text));
	}
	if (s->reject_due != USEC_NEVER)
		reject(s, out);
}

static void take_message(struct sccp *s, usec_t now, struct sccp_out *out)
{
	s->heard = now;
	if (now - s->window >= SCCP_WINDOW) {
		s->window = now;
		s->in_window = 0;
	}
	if (++s->in_window > SCCP_MESSAGES) {
		hang_up(out, "it sent far more messages than a phone does");
		return;
	}
	switch (get_le32(s->message + 8)) {
	case SCCP_KEEPALIVE: answer(out, SCCP_KEEPALIVE_ACK, 0); break;
	case SCCP_REGISTER: take_register(s, now, out); break;
	case SCCP_ALARM: take_alarm(s, now, out); break;
	case SCCP_UNREGISTER: answer(out, SCCP_UNREGISTER_ACK, 0); break; /* 0: it is done */
	case SCCP_TOKEN_REQUEST:
		if (s->have < REGISTER_MIN) { /* it begins as a Register does */
			hang_up(out, "it sent a RegisterTokenReq that is too short");
			break;
		}
		s->registered = true; /* a phone, though it stays elsewhere */
		answer(out, SCCP_TOKEN_REJECT, TOKEN_WAIT);
		break;
	default: break;
	}
}

/* Fills the message up to that length. */
static size_t fill(struct sccp *s, size_t upto, const uint8_t *data, size_t len)
{
	size_t n = s->have < upto ? upto - s->have : 0;

	n = n < len ? n : len;
	if (n)
		memcpy(s->message + s->have, data, n);
	s->have += n;
	return n;
}

void sccp_init(struct sccp *s, const struct sccp_config *config, uint32_t peer, usec_t now)
{
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->peer = peer;
	s->opened = s->heard = s->window = now;
	s->reject_due = USEC_NEVER;
}

size_t sccp_receive(struct sccp *s, const uint8_t *data, size_t len, usec_t now,
		    struct sccp_out *out)
{
	size_t taken, whole;

	out_begin(out);
	taken = fill(s, SCCP_HEADER_LEN, data, len);
	if (s->have < 4)
		return taken;
	whole = (size_t)get_le32(s->message) + 8;
	if (whole < SCCP_HEADER_LEN || whole > SCCP_MESSAGE_MAX) {
		hang_up(out, "it does not speak SCCP");
		return len;
	}
	if (s->have < SCCP_HEADER_LEN)
		return taken;
	if (get_le32(s->message + 8) > UINT16_MAX) {
		hang_up(out, "it does not speak SCCP");
		return len;
	}
	taken += fill(s, whole, data + taken, len - taken);
	if (s->have < whole)
		return taken;
	take_message(s, now, out);
	s->have = 0;
	return out->close ? len : taken;
}

void sccp_tick(struct sccp *s, usec_t now, struct sccp_out *out)
{
	out_begin(out);
	if (now >= s->reject_due)
		reject(s, out);
	else if (!s->registered && now - s->opened >= SCCP_REGISTER_WITHIN)
		hang_up(out, "it did not register within 20 seconds");
	else if (now - s->heard >= SCCP_IDLE)
		hang_up(out, "it was silent for two minutes");
}

usec_t sccp_deadline(const struct sccp *s)
{
	usec_t due = s->heard + SCCP_IDLE;

	if (!s->registered && s->opened + SCCP_REGISTER_WITHIN < due)
		due = s->opened + SCCP_REGISTER_WITHIN;
	return s->reject_due < due ? s->reject_due : due;
}
