/* SPDX-License-Identifier: MIT */
/*
 * The phone's side of SIP, for simulated phones and tests: a REGISTER put together from what is
 * on record of a 7970's (phones.md 10.3), and the status line of the answer.
 */
#include "reflashd/sip.h"

#include "reflashd/bytes.h"
#include "reflashd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		w->ok = false;
	else
		write_bytes(w, line, (size_t)n);
}

size_t sip_encode_register(const struct sip_registration *r, uint8_t *out, size_t size)
{
	struct writer w = writer_init(out, size);
	char phone[IP4_TEXT_MAX], server[IP4_TEXT_MAX], low[13], high[13];
	const uint8_t *b = r->mac.b;
	const char *user = r->user ? r->user : low, *way = r->tcp ? "TCP" : "UDP";

	ip4_format(r->phone, phone);
	ip4_format(r->server, server);
	snprintf(low, sizeof(low), "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	snprintf(high, sizeof(high), "%02X%02X%02X%02X%02X%02X", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	put(&w, "REGISTER sip:%s SIP/2.0\r\n", server);
	put(&w, "Via: SIP/2.0/%s %s:%u;branch=z9hG4bK%s%u\r\n", way, phone, r->port, low,
	    r->sequence);
	put(&w, "From: <sip:%s@%s>;tag=%s%u\r\n", user, server, low, r->sequence);
	put(&w, "To: <sip:%s@%s>\r\n", user, server);
	put(&w, "Call-ID: %s-%u@%s\r\n", low, r->sequence, phone);
	put(&w, "Max-Forwards: 70\r\nCSeq: %u REGISTER\r\n", r->sequence);
	if (r->user_agent)
		put(&w, "User-Agent: %s\r\n", r->user_agent);
	put(&w,
	    "Contact: <sip:%s@%s:%u;transport=%s>;"
	    "+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-%s>\";"
	    "+u.sip!model.ccm.cisco.com=\"%lu\"\r\n",
	    user, phone, r->port, r->tcp ? "tcp" : "udp", low, (unsigned long)r->number);
	if (r->load)
		put(&w,
		    "Reason: SIP;cause=200;text=\"cisco-alarm:23 Name=SEP%s Load=%s "
		    "Last=reset-restart\"\r\n",
		    high, r->load);
	put(&w, "Expires: 3600\r\nContent-Length: 0\r\n\r\n");
	return w.ok ? w.len : 0;
}

unsigned sip_answer_status(const uint8_t *data, size_t len)
{
	static const char version[] = "SIP/2.0 ";
	uint64_t status;

	if (len < sizeof(version) + 3 || memcmp(data, version, sizeof(version) - 1) != 0 ||
	    !span_number((struct span){data + sizeof(version) - 1, 3}, 699, &status))
		return 0;
	return status >= 100 ? (unsigned)status : 0;
}
