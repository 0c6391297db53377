/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone registers (phones.md 10.2, 10.3).
 *
 * The happy path: it runs, it is configured → an image of the SCCP kind connects to port 2000,
 * sends an Alarm and a Register, and keepalives once it is accepted; one of the SIP kind sends a
 * REGISTER to port 5060, by UDP or by TCP, as the seed decides. The call server is the one that
 * gave it its files, since our XMLDefault names no other.
 *
 * What can go wrong: it is rejected, refused or not answered. Then it tries again, for ever
 * ("resets and attempts to register repeatedly"). How soon is not on record: a minute here, with a
 * bit of chance, and without the reset.
 *
 * Assumptions: loads before 9.0 send the short Register without a load (the only whole one on
 * record, of a 7941, is 9.0(3)); 7940/60 and 7902/05/12 send the shortest; the alarms of these
 * name the load as it is, since only 79x1-style versions are on record in brackets. A REGISTER
 * with a Reason is on record of a 7970 alone: 7940/60 and 7905/12 send none here, and
 * name their load by SIP nowhere.
 */
#include "reflashd/sccp.h"
#include "reflashd/sip.h"
#include "sim_private.h"

#include <string.h>

#define THINK	    USEC_SEC(1)
#define PATIENCE    USEC_SEC(20) /* for an answer on a connection */
#define RESEND	    USEC_SEC(4)	 /* of a datagram */
#define SENDS	    4
#define TRY_AGAIN   USEC_SEC(60)
#define KEEPALIVE   USEC_SEC(30)
#define SIP_REFRESH USEC_SEC(120)
#define PACE	    USEC_MS(500) /* however fast the phone is played */

static void wait_for(struct sim_phone *p, usec_t now, usec_t pause)
{
	pause /= p->config.speed;
	p->voice.act_at = now + (pause < PACE ? PACE : pause);
}

/* For somebody else, whose time runs as it always does. */
static void wait_for_answer(struct sim_phone *p, usec_t now, usec_t pause)
{
	p->voice.act_at = now + pause;
}

static bool may_register(const struct sim_phone *p)
{
	const char *load = sim_voice_load(p);

	return load[0] != '\0' &&
	       (p->config.speaks & (sim_voice_is_sip(load) ? SIM_SPEAKS_SIP : SIM_SPEAKS_SCCP)) !=
		       0;
}

bool sim_register_done(const struct sim_phone *p)
{
	return p->voice.tried || !may_register(p);
}

static void try_later(struct sim_phone *p, usec_t now)
{
	p->voice.tried = true;
	p->voice.state = SIM_VOICE_WAITS;
	wait_for(p, now, TRY_AGAIN + sim_voice_chance(p, 10) * USEC_SEC(1));
}

void sim_register_notice(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_voice *v = &p->voice;
	bool runs = p->stage == SIM_RUNNING;

	if (runs && v->state == SIM_VOICE_SILENT && may_register(p)) {
		v->state = SIM_VOICE_WAITS;
		wait_for(p, now, THINK);
	} else if (!runs && v->state != SIM_VOICE_SILENT) {
		/* It reads its configuration anew. */
		if (v->state != SIM_VOICE_WAITS && (!v->sip || v->tcp))
			out->stream.wish = SIM_STREAM_CLOSE;
		v->state = SIM_VOICE_SILENT;
		v->act_at = USEC_NEVER;
	}
}

/* ---- what is sent ---- */

static void put_alarm(struct sim_phone *p, struct sim_stream *s)
{
	struct sccp_alarm a = {.severity = 1};
	char device[SIM_NAME_MAX], version[72];

	sim_mac_name(p, false, "SEP", "", device);
	sim_voice_version(p->flash.load, version, sizeof(version));
	text_format(a.text, sizeof(a.text), "25: Name=%s Load= %s Last=Initialized", device,
		    version);
	s->len += sccp_encode_alarm(s->data + s->len, sizeof(s->data) - s->len, &a);
}

static void put_register(struct sim_phone *p, struct sim_stream *s)
{
	struct sccp_register r = {.ip = p->ip, .type = p->model.number};
	char device[SIM_NAME_MAX];

	sim_mac_name(p, false, "SEP", "", device);
	text_copy(r.device, sizeof(r.device), device);
	if (p->model.family == MODEL_JAVA) {
		r.protocol = 11;
		if (sim_version_from(p->flash.load, 9, 0, 0)) {
			r.protocol = 19;
			r.mac = p->config.mac;
			text_copy(r.load, sizeof(r.load), p->flash.load);
		}
	}
	s->len += sccp_encode_register(s->data + s->len, sizeof(s->data) - s->len, &r);
}

/* "Cisco-CP7970G/8.4.0": the release, without what comes behind its third number. */
static void user_agent(const struct sim_phone *p, char *out, size_t size)
{
	const char *version = strchr(p->flash.load, '.');
	unsigned dashes = 0;
	size_t n;

	if (p->model.family == MODEL_LEGACY || !version) {
		text_format(out, size, "Cisco-CP%sG/8.0", p->model.id);
		return;
	}
	text_format(out, size, "Cisco-CP%s%s/", p->model.id, strchr(p->model.id, 'G') ? "" : "G");
	for (n = strlen(out), version++; n + 1 < size; version++) {
		if ((*version < '0' || *version > '9') && (*version != '-' || ++dashes == 3))
			break;
		out[n++] = *version == '-' ? '.' : *version;
	}
	out[n] = '\0';
}

static size_t sip_message(const struct sim_phone *p, uint8_t *out, size_t size)
{
	char agent[48];
	struct sip_registration r = {
		.mac = p->config.mac,
		.number = p->model.number,
		.load = p->model.family == MODEL_JAVA ? p->flash.load : NULL,
		.user_agent = agent,
		.phone = p->ip,
		.server = p->server_ip,
		.port = SIP_PORT,
		.tcp = p->voice.tcp,
		.sequence = p->voice.sequence,
	};
	size_t len;

	user_agent(p, agent, sizeof(agent));
	len = sip_encode_register(&r, out, size);
	must(len > 0);
	return len;
}

static void send_registration(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_stream *s = &out->stream;
	uint8_t message[SIM_STREAM_MAX];
	size_t len;

	p->voice.state = SIM_VOICE_ASKING;
	if (p->voice.sip && !p->voice.tcp) {
		len = sip_message(p, message, sizeof(message));
		sim_send(p, out, p->server_ip, SIP_PORT, SIP_PORT, message, len);
		wait_for_answer(p, now, RESEND);
		return;
	}
	s->wish = SIM_STREAM_SEND;
	s->len = 0;
	if (p->voice.sip) {
		s->len = sip_message(p, s->data, sizeof(s->data));
	} else {
		put_alarm(p, s);
		put_register(p, s);
	}
	wait_for_answer(p, now, PATIENCE);
}

static void begin(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_voice *v = &p->voice;

	v->sip = sim_voice_is_sip(p->flash.load);
	v->tcp = v->sip && sim_voice_chance(p, 2) == 0;
	v->have = v->skip = 0;
	v->sends = 0;
	v->sequence++;
	sim_log(p, out, "registers by %s", !v->sip ? "SCCP" : v->tcp ? "SIP over TCP" : "SIP");
	if (v->sip && !v->tcp) {
		send_registration(p, now, out);
		return;
	}
	v->state = SIM_VOICE_OPENING;
	out->stream.wish = SIM_STREAM_OPEN;
	out->stream.ip = p->server_ip;
	out->stream.port = v->sip ? SIP_PORT : SCCP_PORT;
	wait_for_answer(p, now, PATIENCE);
}

void sim_register_tick(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_voice *v = &p->voice;

	v->act_at = USEC_NEVER;
	switch (v->state) {
	case SIM_VOICE_SILENT: break;
	case SIM_VOICE_WAITS: begin(p, now, out); break;
	case SIM_VOICE_OPENING:
	case SIM_VOICE_ASKING:
		if (v->sip && !v->tcp && ++v->sends < SENDS) {
			send_registration(p, now, out);
			break;
		}
		if (!v->sip || v->tcp)
			out->stream.wish = SIM_STREAM_CLOSE;
		sim_log(p, out, "nobody answers its registration");
		try_later(p, now);
		break;
	case SIM_VOICE_REGISTERED:
		if (v->sip) {
			v->state = SIM_VOICE_WAITS;
			v->act_at = now;
			break;
		}
		out->stream.wish = SIM_STREAM_SEND;
		out->stream.len = sccp_encode_plain(out->stream.data, sizeof(out->stream.data),
						    SCCP_KEEPALIVE);
		wait_for(p, now, KEEPALIVE);
	}
}

/* ---- what comes back ---- */

static void accepted(struct sim_phone *p, usec_t now, usec_t next, struct sim_out *out)
{
	sim_log(p, out, "is registered");
	p->voice.tried = true;
	p->voice.state = SIM_VOICE_REGISTERED;
	wait_for(p, now, next);
}

static void rejected(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	sim_log(p, out, "its registration is rejected");
	if (!p->voice.sip || p->voice.tcp)
		out->stream.wish = SIM_STREAM_CLOSE;
	try_later(p, now);
}

static void heard_sccp(struct sim_phone *p, const uint8_t *data, size_t len, usec_t now,
		       struct sim_out *out)
{
	struct sim_voice *v = &p->voice;
	uint32_t length, number;

	for (; len > 0; data++, len--) {
		if (v->skip > 0) {
			v->skip--;
			continue;
		}
		v->head[v->have++] = *data;
		if (v->have < sizeof(v->head))
			continue;
		v->have = 0;
		length = get_le32(v->head);
		number = get_le32(v->head + 8);
		v->skip = length > 4 && length < 4096 ? length - 4 : 0;
		if (v->state != SIM_VOICE_ASKING)
			continue;
		if (number == 0x0081) /* RegisterAck, which reflashd never sends */
			accepted(p, now, KEEPALIVE, out);
		else if (number == SCCP_REGISTER_REJECT)
			rejected(p, now, out);
	}
}

static void heard_sip(struct sim_phone *p, const uint8_t *data, size_t len, usec_t now,
		      struct sim_out *out)
{
	unsigned status = sip_answer_status(data, len);

	if (p->voice.state != SIM_VOICE_ASKING || status < 200)
		return;
	if (status < 300)
		accepted(p, now, SIP_REFRESH, out);
	else
		rejected(p, now, out);
}

bool sim_register_port_open(const struct sim_phone *p, uint16_t port)
{
	return port == SIP_PORT && p->voice.state != SIM_VOICE_SILENT && p->voice.sip &&
	       !p->voice.tcp;
}

void sim_register_datagram(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
			   struct sim_out *out)
{
	heard_sip(p, d->data, d->len, now, out);
}

void sim_register_stream(struct sim_phone *p, enum sim_stream_news news, const uint8_t *data,
			 size_t len, usec_t now, struct sim_out *out)
{
	struct sim_voice *v = &p->voice;

	if (v->state == SIM_VOICE_SILENT || v->state == SIM_VOICE_WAITS || (v->sip && !v->tcp))
		return;
	switch (news) {
	case SIM_STREAM_OPENED:
		if (v->state == SIM_VOICE_OPENING)
			send_registration(p, now, out);
		break;
	case SIM_STREAM_BYTES:
		if (v->sip)
			heard_sip(p, data, len, now, out);
		else
			heard_sccp(p, data, len, now, out);
		break;
	case SIM_STREAM_CLOSED:
		sim_log(p, out,
			v->state == SIM_VOICE_OPENING ? "its connection is refused"
						      : "its connection is closed");
		try_later(p, now);
		break;
	}
}
