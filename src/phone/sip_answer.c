/* SPDX-License-Identifier: MIT */
/*
 * The one answer to a SIP request, made from the request alone (RFC 3261 8.2.6 and 8.2.7).
 *
 * REGISTER gets 404 Not Found: that is what 10.3 step 5 wants of a registrar that does not know the
 * name, it is final, and what a phone then shows ("Registration Rejected", phones.md 9) says
 * truly that the phone works and has no call server yet. Not 200: the phone would believe that
 * it can make calls, and go on to subscribe to things. Not 503: that means "try another server,
 * then me again". Not 403: it may not carry Retry-After, which with 404 (20.33) asks for an hour of
 * silence. Whether the phones honour that is not known; they are answered the same each time.
 *
 * OPTIONS is answered with 200; what belongs to a call that we never had with 481; anything else
 * with 405. ACK and answers get nothing. A request without Via, From, To, Call-ID and CSeq cannot
 * be answered.
 *
 * A datagram's answer goes to the sender's address, to the port it came from when it asked for
 * that (rport, RFC 3581), else to the port in its Via (18.2.2): a 7962 with 9.4 closes the
 * port it sent from at once (phones.md 10.3). The host in the Via is never sent to, and maddr is
 * not heeded: with those a stranger's request could aim our answers at somebody else.
 */
#include "sip_message.h"

#include "reflashd/bytes.h"
#include "reflashd/hash.h"

#include <stdio.h>
#include <string.h>

#define REGISTER_AGAIN 3600u /* seconds */

struct via {
	struct span base, params, rest; /* rest: the other values in the same header, with comma */
	struct span host;
	uint16_t port;
	bool rport;
};

/* The next part of "SIP/2.0/UDP", blanks around it allowed. */
static struct span protocol_part(struct span *s, const char *end)
{
	size_t n = span_find_plain(*s, end);
	struct span part = {s->data, n};

	*s = span_from(*s, n < s->len ? n + 1 : n);
	return span_trim(part);
}

/* "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport" */
static bool read_via(struct span value, struct via *v)
{
	struct span first = {value.data, span_find_plain(value, ",")}, at, sent_by, ignored;
	size_t params, colon;
	uint64_t port = SIP_PORT;

	v->rest = span_from(value, first.len);
	params = span_find_plain(first, ";");
	v->base = span_trim((struct span){first.data, params});
	v->params = span_from(first, params);
	v->rport = sip_param(v->params, "rport", &ignored);
	at = v->base;
	if (!span_is(protocol_part(&at, "/"), "SIP") || !span_is(protocol_part(&at, "/"), "2.0"))
		return false;
	at = span_trim(at);
	if (protocol_part(&at, " \t").len == 0)
		return false;
	sent_by = span_trim(at);
	colon = sent_by.len;
	while (colon > 0 && sent_by.data[colon - 1] >= '0' && sent_by.data[colon - 1] <= '9')
		colon--;
	v->host = sent_by;
	if (colon > 0 && colon < sent_by.len && sent_by.data[colon - 1] == ':') {
		if (!span_number(span_from(sent_by, colon), UINT16_MAX, &port) || port == 0)
			return false;
		v->host.len = colon - 1;
	}
	v->port = (uint16_t)port;
	return v->host.len > 0;
}

static void put(struct writer *w, const char *text)
{
	write_bytes(w, text, strlen(text));
}

static void put_span(struct writer *w, struct span s)
{
	if (s.len)
		write_bytes(w, s.data, s.len);
}

static void put_header(struct writer *w, const char *name, struct span value)
{
	put(w, name);
	put_span(w, value);
	put(w, "\r\n");
}

/* The first value gets where it really came from; what the sender claimed about that is dropped. */
static void put_first_via(struct writer *w, const struct via *v, struct sip_peer from)
{
	struct span rest = v->params;
	char text[IP4_TEXT_MAX], number[32];

	put(w, "Via: ");
	put_span(w, v->base);
	while (rest.len) {
		struct span param = span_from(rest, 1), ignored;
		size_t end = span_find_plain(param, ";");
		struct span whole = {rest.data, end + 1};

		rest = span_from(param, end);
		if (sip_param(whole, "received", &ignored) || sip_param(whole, "rport", &ignored))
			continue;
		put_span(w, whole);
	}
	ip4_format(from.ip, text);
	if (v->rport || !span_is(v->host, text)) {
		put(w, ";received=");
		put(w, text);
	}
	if (v->rport) {
		snprintf(number, sizeof(number), ";rport=%u", from.port);
		put(w, number);
	}
	put_span(w, v->rest);
	put(w, "\r\n");
}

/* The same request, sent again, gets the same tag (8.2.7). */
static void put_to(struct writer *w, const struct sip_message *m)
{
	uint32_t h = hash32(HASH32, m->call_id.data, m->call_id.len);
	struct span ignored;
	char tag[24];

	put(w, "To: ");
	put_span(w, m->to);
	if (!sip_param(m->to, "tag", &ignored)) {
		snprintf(tag, sizeof(tag), ";tag=%08lx",
			 (unsigned long)hash32(h, m->from.data, m->from.len));
		put(w, tag);
	}
	put(w, "\r\n");
}

/* "101 REGISTER" */
static bool fits_cseq(const struct sip_message *m)
{
	size_t n = span_find_plain(m->cseq, " \t");
	struct span method = span_trim(span_from(m->cseq, n));
	uint64_t number;

	return span_number((struct span){m->cseq.data, n}, INT32_MAX, &number) &&
	       method.len == m->method.len && memcmp(method.data, m->method.data, method.len) == 0;
}

static unsigned status_for(const struct sip_message *m)
{
	struct span ignored;

	if (m->status)
		return m->status;
	if (!fits_cseq(m))
		return 400;
	if (sip_is_method(m, "CANCEL") || sip_is_method(m, "BYE") ||
	    sip_param(m->to, "tag", &ignored))
		return 481;
	if (!sip_is_method(m, "REGISTER") && !sip_is_method(m, "OPTIONS"))
		return 405;
	if (m->require.len)
		return 420;
	return sip_is_method(m, "REGISTER") ? 404 : 200;
}

static const char *phrase(unsigned status)
{
	switch (status) {
	case 200: return "OK";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 420: return "Bad Extension";
	case 481: return "Call/Transaction Does Not Exist";
	case 505: return "Version Not Supported";
	case 513: return "Message Too Large";
	default: return "Bad Request";
	}
}

void sip_answer(const struct sip_message *m, struct sip_peer from, bool stream, size_t asked,
		struct sip_out *out)
{
	size_t size = asked + SIP_ANSWER_EXTRA;
	struct writer w = writer_init(out->data, size < SIP_ANSWER_MAX ? size : SIP_ANSWER_MAX);
	unsigned status;
	char line[80];
	struct via via;

	if (!m->request || sip_is_method(m, "ACK") || !m->via_count || !m->from.data ||
	    !m->to.data || !m->call_id.data || !m->cseq.data || !read_via(m->via[0], &via))
		return;
	status = status_for(m);
	snprintf(line, sizeof(line), "SIP/2.0 %u %s\r\n", status, phrase(status));
	put(&w, line);
	put_first_via(&w, &via, from);
	for (unsigned i = 1; i < m->via_count; i++)
		put_header(&w, "Via: ", m->via[i]);
	put_header(&w, "From: ", m->from);
	put_to(&w, m);
	put_header(&w, "Call-ID: ", m->call_id);
	put_header(&w, "CSeq: ", m->cseq);
	if (status == 404) {
		snprintf(line, sizeof(line), "Retry-After: %u\r\n", REGISTER_AGAIN);
		put(&w, line);
	}
	if (status == 200 || status == 405)
		put(&w, "Allow: REGISTER, OPTIONS\r\n");
	if (status == 420)
		put_header(&w, "Unsupported: ", m->require);
	put(&w, "Content-Length: 0\r\n\r\n");
	if (!w.ok)
		return;
	out->len = w.len;
	out->to = (struct sip_peer){from.ip, stream || via.rport ? from.port : via.port};
}
