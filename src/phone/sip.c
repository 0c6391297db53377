/* SPDX-License-Identifier: MIT */
/*
 * What a phone says of itself in a REGISTER (phones.md 10.3), and how messages come out of a TCP
 * stream.
 *
 * The Reason header is the good one: it names device and load exactly, as the call manager's
 * alarm. Contact carries the MAC address, at the end of +sip.instance or in the device's name, and
 * the model's number. The
 * User-Agent names the model and a version that is coarser than a load (8.4.0 of 8-4-2-30): it is
 * told as the software, never as a load. A UUID that does not begin with zeros is no MAC address.
 * Any program may send a REGISTER; only one that has something of a Cisco phone becomes an event.
 *
 * On a stream (RFC 3261 18.3) the head is kept, up to SIP_HEAD_MAX; the body is only counted, since
 * nothing in it is of use. CR LF CR LF between messages is a phone that checks the line (RFC
 * 5626 3.5.1) and gets CR LF. What does not begin like a request, a head that does not end, and
 * a length that cannot be counted on close the stream; so does SIP_IDLE without a whole message,
 * however slowly the bytes may drip.
 */
#include "sip_message.h"

#include "reflashd/hash.h"
#include "reflashd/text.h"

#include <stdio.h>
#include <string.h>

void sip_setup(struct sip *sip, const struct models *models)
{
	memset(sip, 0, sizeof(*sip));
	sip->models = models;
}

static void clear(struct sip_out *out)
{
	out->len = 0;
	out->close = false;
	out->event_count = 0;
}

/* ---- what it says ---- */

struct claim {
	struct mac mac;
	bool has_mac, cisco;
	struct span device, load, version;
	char model[16];
};

static bool read_mac(struct span digits, struct mac *mac)
{
	char text[13];

	if (digits.len != 12)
		return false;
	memcpy(text, digits.data, 12);
	text[12] = 0;
	return mac_parse(text, mac) && !mac_is_zero(*mac);
}

/* SEP001B2A893698 */
static bool read_name(struct span name, struct mac *mac)
{
	return (span_starts(name, "SEP") || span_starts(name, "SIP")) &&
	       read_mac(span_from(name, 3), mac);
}

/* The word after "Load=" in an alarm text. Older alarms have a blank behind the sign. */
static struct span alarm_word(struct span alarm, const char *key)
{
	size_t at = span_find_word(alarm, key);
	struct span word;

	if (at == alarm.len)
		return (struct span){NULL, 0};
	word = span_trim(span_from(alarm, at + strlen(key)));
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] == ' ' || word.data[i] == '\t' || word.data[i] == '"')
			word.len = i;
	/* "Load= Last=reset": it has none. */
	return word.len && memchr(word.data, '=', word.len) ? (struct span){NULL, 0} : word;
}

/* SIP;cause=200;text="cisco-alarm:23 Name=SEP001B2A893698 Load=SIP70.8-4-2-30S Last=…" */
static void read_reason(struct span reason, struct claim *c)
{
	static const char suffix[] = ".loads";
	struct span alarm;

	if (!sip_param(reason, "text", &alarm) || !span_starts(alarm, "cisco-alarm:"))
		return;
	c->cisco = true;
	c->device = alarm_word(alarm, "Name=");
	c->load = alarm_word(alarm, "Load=");
	if (!c->load.len) /* phones that hold two loads name both */
		c->load = alarm_word(alarm, "ActiveLoad=");
	if (c->load.len > strlen(suffix) &&
	    span_is(span_from(c->load, c->load.len - strlen(suffix)), suffix))
		c->load.len -= strlen(suffix);
	c->has_mac = read_name(c->device, &c->mac);
}

/* <sip:…>;+sip.instance="<urn:uuid:00000000-0000-0000-0000-001b2a893698>";+u.sip!model…="30006" */
static void read_contact(const struct models *models, struct span contact, struct claim *c)
{
	static const char uuid[] = "<urn:uuid:00000000-0000-0000-0000-";
	const struct model *model;
	struct span value;
	uint64_t number;

	if (sip_param(contact, "+sip.instance", &value) && span_starts(value, uuid) &&
	    value.len == strlen(uuid) + 13) {
		value = span_from(value, strlen(uuid));
		value.len = 12;
		c->has_mac = read_mac(value, &c->mac) || c->has_mac;
	}
	if (!c->device.len && sip_param(contact, "+u.sip!devicename.ccm.cisco.com", &value)) {
		c->device = value;
		c->cisco = true;
		c->has_mac = c->has_mac || read_name(value, &c->mac);
	}
	if (!sip_param(contact, "+u.sip!model.ccm.cisco.com", &value) ||
	    !span_number(value, UINT32_MAX, &number))
		return;
	c->cisco = true;
	model = models_by_number(models, (uint32_t)number);
	if (model)
		text_copy(c->model, sizeof(c->model), model->id);
}

/* Cisco-CP7970G/8.4.0 */
static void read_user_agent(const struct models *models, struct span agent, struct claim *c)
{
	static const char maker[] = "Cisco-";
	const struct model *model;
	char name[16];
	size_t slash;

	if (!span_starts(agent, maker))
		return;
	c->cisco = true;
	agent = span_from(agent, strlen(maker));
	slash = span_find_plain(agent, "/");
	if (slash < agent.len) {
		c->version = span_from(agent, slash + 1);
		c->version.len = span_find_plain(c->version, " \t(");
	}
	if (c->model[0] || slash >= sizeof(name))
		return;
	memcpy(name, agent.data, slash);
	name[slash] = 0;
	model = models_by_id(models, name);
	if (model)
		text_copy(c->model, sizeof(c->model), model->id);
}

/* Who speaks, from where, and what it runs; never 0. From where: a stranger who uses a phone's name
 * must not silence the phone. */
static uint64_t who(const struct claim *c, uint32_t ip)
{
	uint64_t h = hash64(HASH64, &ip, sizeof(ip));

	if (c->has_mac)
		h = hash64(h, c->mac.b, sizeof(c->mac.b));
	else if (c->device.len)
		h = hash64(h, c->device.data, c->device.len);
	return hash64(h, c->load.data, c->load.len) | 1;
}

/* True when this is to be said now; remembers it then. */
static bool is_news(struct sip *sip, uint64_t id, uint32_t ip, usec_t now)
{
	struct sip_heard *room = NULL;
	unsigned same = 0;

	for (unsigned i = 0; i < SIP_HEARD_MAX; i++) {
		struct sip_heard *h = &sip->heard[i];
		bool fresh = h->who && now - h->said < SIP_SAY_AGAIN;

		if (fresh && h->who == id)
			return false;
		if (fresh && h->ip == ip && ++same == SIP_HEARD_PER_PEER)
			return false;
		if (!fresh && !room)
			room = h;
	}
	if (!room)
		return false;
	*room = (struct sip_heard){id, now, ip};
	return true;
}

static void hear(struct sip *sip, const struct sip_message *m, uint32_t ip, usec_t now,
		 struct sip_out *out)
{
	struct claim c = {.has_mac = false};
	struct event *e = &out->event;
	char device[16];

	read_reason(m->reason, &c);
	read_contact(sip->models, m->contact, &c);
	read_user_agent(sip->models, m->user_agent, &c);
	if (!c.cisco || !is_news(sip, who(&c, ip), ip, now))
		return;
	out->event_count = 1;
	event_init(e, EVENT_SIP_REGISTER);
	event_set_ip(e, FIELD_IP, ip);
	if (c.has_mac) {
		event_set_mac(e, c.mac);
		snprintf(device, sizeof(device), "SEP%02X%02X%02X%02X%02X%02X", c.mac.b[0],
			 c.mac.b[1], c.mac.b[2], c.mac.b[3], c.mac.b[4], c.mac.b[5]);
		event_set_text(e, FIELD_DEVICE, device);
	}
	if (c.device.len)
		event_set_bytes(e, FIELD_DEVICE, c.device.data, c.device.len);
	if (c.model[0])
		event_set_text(e, FIELD_MODEL, c.model);
	if (c.version.len)
		event_set_bytes(e, FIELD_SOFTWARE, c.version.data, c.version.len);
	if (c.load.len)
		event_set_bytes(e, FIELD_LOAD, c.load.data, c.load.len);
	else if (c.version.len)
		event_say(e, "{phone} registers by SIP and names only its version, %s.",
			  e->software);
	else
		event_say(e, "{phone} registers by SIP and does not say what it runs.");
}

/* ---- messages ---- */

/* A whole message: hears it and answers it. */
static void take(struct sip *sip, const struct sip_message *m, struct sip_peer from, bool stream,
		 size_t asked, usec_t now, struct sip_out *out)
{
	if (m->request && sip_is_method(m, "REGISTER") && !m->status)
		hear(sip, m, from.ip, now, out);
	sip_answer(m, from, stream, asked, out);
}

/* Do these bytes end with an empty line? */
static bool ends_head(const uint8_t *data, size_t len)
{
	if (len < 2 || data[len - 1] != '\n')
		return false;
	return data[len - 2] == '\n' || (len > 2 && data[len - 2] == '\r' && data[len - 3] == '\n');
}

static size_t head_length(const uint8_t *data, size_t len)
{
	for (size_t n = 2; n <= len; n++)
		if (ends_head(data, n))
			return n;
	return len;
}

void sip_datagram(struct sip *sip, struct sip_peer from, const uint8_t *data, size_t len,
		  usec_t now, struct sip_out *out)
{
	uint8_t head[SIP_HEAD_MAX];
	struct sip_message m;
	size_t asked = len, n;

	clear(out);
	while (len && (*data == '\r' || *data == '\n')) {
		data++;
		len--;
	}
	n = head_length(data, len);
	if (n == 0 || n > sizeof(head))
		return;
	memcpy(head, data, n);
	sip_message_read(&m, head, n);
	/* What follows a body is to be discarded; a body that is cut is no message (18.3). */
	if (m.has_length && m.length > len - n && !m.status)
		m.status = 400;
	take(sip, &m, from, false, asked, now, out);
}

void sip_init(struct sip_stream *s, struct sip *sip, struct sip_peer peer, usec_t now)
{
	memset(s, 0, sizeof(*s));
	s->sip = sip;
	s->peer = peer;
	s->deadline = now + SIP_IDLE;
}

static void close_stream(struct sip_stream *s, struct sip_out *out)
{
	s->closed = true;
	out->close = true;
}

/* Head and body are there. */
static void finish(struct sip_stream *s, usec_t now, struct sip_out *out)
{
	struct sip_message m;

	s->deadline = now + SIP_IDLE;
	sip_message_read(&m, s->head, s->len);
	take(s->sip, &m, s->peer, true, s->len, now, out);
	s->len = 0;
	/* Who does not speak SIP, or not this version, will not do better in the next message. */
	if (m.status == 505 || m.length > SIP_BODY_MAX || !m.via_count)
		close_stream(s, out);
}

/* Of the message whose head is there; read once more when all of it is there. */
static size_t body_length(struct sip_stream *s)
{
	struct sip_message m;

	sip_message_read(&m, s->head, s->len);
	return m.length <= SIP_BODY_MAX ? m.length : 0;
}

static bool begins_message(uint8_t c)
{
	return text_lower((char)c) >= 'a' && text_lower((char)c) <= 'z';
}

/* Between two messages. False when the byte does not belong there. */
static bool take_between(struct sip_stream *s, uint8_t c, usec_t now, struct sip_out *out)
{
	if (c != '\r' && c != '\n')
		return false;
	s->keepalive = c == (s->keepalive % 2 ? '\n' : '\r') ? s->keepalive + 1 : 0;
	if (s->keepalive == 4) {
		s->keepalive = 0;
		s->deadline = now + SIP_IDLE;
		out->to = s->peer;
		out->len = 2;
		memcpy(out->data, "\r\n", 2);
	}
	return true;
}

/* True when this byte ended a message. */
static bool take_head(struct sip_stream *s, uint8_t c, usec_t now, struct sip_out *out)
{
	if (s->len == 0 && (c == '\r' || c == '\n' || !begins_message(c))) {
		if (!take_between(s, c, now, out))
			close_stream(s, out);
		return false;
	}
	s->keepalive = 0;
	s->head[s->len++] = c;
	if (ends_head(s->head, s->len)) {
		s->body_left = body_length(s);
		if (s->body_left == 0)
			finish(s, now, out);
		return s->body_left == 0;
	}
	if (s->len == sizeof(s->head))
		close_stream(s, out);
	return false;
}

size_t sip_receive(struct sip_stream *s, const uint8_t *data, size_t len, usec_t now,
		   struct sip_out *out)
{
	size_t used = 0;

	clear(out);
	while (used < len && !s->closed && !out->len) {
		size_t left = len - used;

		if (s->body_left == 0) {
			if (take_head(s, data[used++], now, out))
				break;
			continue;
		}
		left = left < s->body_left ? left : s->body_left;
		used += left;
		s->body_left -= left;
		if (s->body_left == 0) {
			finish(s, now, out);
			break;
		}
	}
	return used;
}

void sip_tick(struct sip_stream *s, usec_t now, struct sip_out *out)
{
	clear(out);
	if (now >= s->deadline)
		close_stream(s, out);
}

usec_t sip_deadline(const struct sip_stream *s)
{
	return s->closed ? USEC_NEVER : s->deadline;
}
