/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/sip.h"
#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHONE 0x0a4f4632u /* 10.79.70.50 */
#define START USEC_SEC(1000)

/* The REGISTER of a 7970 on record (phones.md 10.3), with the headers that are not on record as RFC
 * 3261 wants them. */
#define CONTACT                                                                                    \
	"Contact: <sip:6010@10.79.70.50;transport=tcp>;"                                           \
	"+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-001b2a893698>\";"                       \
	"+u.sip!model.ccm.cisco.com=\"30006\"\r\n"
#define NAMED(name) ";+u.sip!devicename.ccm.cisco.com=\"" name "\"\r\n"
#define REASON                                                                                     \
	"Reason: SIP;cause=200;text=\"cisco-alarm:23 Name=SEP001B2A893698 "                        \
	"Load=SIP70.8-4-2-30S Last=reset-restart\"\r\n"
#define AGENT "User-Agent: Cisco-CP7970G/8.4.0\r\n"
#define HEAD(method, via)                                                                          \
	method " sip:10.79.70.1 SIP/2.0\r\n"                                                       \
	       "Via: SIP/2.0/UDP " via ";branch=z9hG4bK1\r\n"                                      \
	       "From: <sip:6010@10.79.70.1>;tag=a1\r\nTo: <sip:6010@10.79.70.1>\r\n"               \
	       "Call-ID: 77@10.79.70.50\r\nCSeq: 101 " method "\r\n"
#define REGISTER HEAD("REGISTER", "10.79.70.50:5060")
#define END	 "Content-Length: 0\r\n\r\n"
#define GOLDEN	 REGISTER AGENT CONTACT REASON "Expires: 3600\r\n" END

static struct models models;
static struct sip sip;
static struct sip_out out;

static const struct sip_peer peer = {PHONE, 50123};

static int setup(void **state)
{
	(void)state;
	models_builtin(&models);
	sip_setup(&sip, &models);
	return 0;
}

static void datagram_at(const void *data, size_t len, usec_t now)
{
	uint8_t *copy = exact_copy(data, len);

	memset(&out, 0xa5, sizeof(out));
	sip_datagram(&sip, peer, copy, len, now, &out);
	free(copy);
	assert_true(out.len <= len + SIP_ANSWER_EXTRA && out.len < sizeof(out.data));
	assert_true(out.event_count <= 1);
	if (out.len)
		assert_int_equal(out.to.ip, PHONE);
	out.data[out.len] = 0;
}

static void datagram(const char *text)
{
	sip_setup(&sip, &models);
	datagram_at(text, strlen(text), START);
}

static bool answered(const char *text)
{
	return out.len && strstr((const char *)out.data, text) != NULL;
}

/* Of the event: "mac ip device model load software", "-" for what is not there. */
static const char *said(void)
{
	static char text[400];
	const struct event *e = &out.event;
	char mac[MAC_TEXT_MAX], ip[IP4_TEXT_MAX];

	if (!out.event_count)
		return "nothing";
	mac_format(e->mac, mac);
	ip4_format(e->ip, ip);
	assert_int_equal(e->type, EVENT_SIP_REGISTER);
	text_format(text, sizeof(text), "%s %s %s %s %s %s", event_has(e, FIELD_MAC) ? mac : "-",
		    ip, event_has(e, FIELD_DEVICE) ? e->device : "-",
		    event_has(e, FIELD_MODEL) ? e->model : "-",
		    event_has(e, FIELD_LOAD) ? e->load : "-",
		    event_has(e, FIELD_SOFTWARE) ? e->software : "-");
	return text;
}

#define MAC  "00:1b:2a:89:36:98 10.79.70.50 "
#define FULL MAC "SEP001B2A893698 7970 SIP70.8-4-2-30S 8.4.0"

static void test_golden(void **state)
{
	static const char start[] = "SIP/2.0 404 Not Found\r\n"
				    "Via: SIP/2.0/UDP 10.79.70.50:5060;branch=z9hG4bK1\r\n"
				    "From: <sip:6010@10.79.70.1>;tag=a1\r\n"
				    "To: <sip:6010@10.79.70.1>;tag=";

	(void)state;
	datagram(GOLDEN);
	assert_string_equal(said(), FULL);
	assert_int_equal(out.to.port, 5060);
	assert_false(out.close);
	assert_memory_equal(out.data, start, strlen(start));
	assert_true(answered("\r\nCall-ID: 77@10.79.70.50\r\nCSeq: 101 REGISTER\r\n"
			     "Retry-After: 3600\r\nContent-Length: 0\r\n\r\n"));
}

#define INSTANCE                                                                                   \
	"Contact: <sip:a>;+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-001b2a893698>\";"      \
	"+u.sip!model.ccm.cisco.com"

static void test_what_is_said(void **state)
{
	static const struct {
		const char *request, *said;
	} row[] = {
		{REGISTER AGENT CONTACT END, MAC "SEP001B2A893698 7970 - 8.4.0"},
		{REGISTER REASON END, MAC "SEP001B2A893698 - SIP70.8-4-2-30S -"},
		{REGISTER CONTACT END, MAC "SEP001B2A893698 7970 - -"},
		{REGISTER AGENT END, "- 10.79.70.50 - 7970 - 8.4.0"},
		{REGISTER "User-Agent: Cisco-CP7941G-GE/8.0\r\n" END,
		 "- 10.79.70.50 - 7941G-GE - 8.0"},
		{REGISTER "User-Agent: Cisco-CP7960G/8.0\r\n" END, "- 10.79.70.50 - 7960 - 8.0"},
		{REGISTER "User-Agent: Cisco-CP9999/1.0 (beta)\r\n" END, "- 10.79.70.50 - - - 1.0"},
		{REGISTER "User-Agent: Cisco-\r\n" END, "- 10.79.70.50 - - - -"},
		/* No Cisco phone. */
		{REGISTER END, "nothing"},
		{REGISTER "User-Agent: Linphone/5\r\nContact: <sip:a@b>;+sip.instance="
			  "\"<urn:uuid:11111111-2222-3333-4444-001b2a893698>\"\r\n" END,
		 "nothing"},
		{HEAD("OPTIONS", "10.79.70.50") CONTACT REASON END, "nothing"},
		/* Short names, folded lines, any case, odd blanks, LF alone. */
		{"REGISTER sip:a SIP/2.0\nv: SIP/2.0/UDP 10.79.70.50\nf: <sip:a>;tag=1\n"
		 "t: <sip:a>\ni: 1\ncseq: 1 REGISTER\nuser-AGENT:Cisco-CP7970G/8.4.0\n"
		 "m : <sip:a>;+SIP.INSTANCE=\"<urn:uuid:00000000-0000-0000-0000-001b2a893698>\"\n"
		 "\t;+u.sip!model.ccm.cisco.com = 30006\nREASON:\n SIP;cause=200\n  "
		 ";TEXT=\"cisco-alarm:23\n Name=SEP001B2A893698\r\n "
		 "Load=SIP70.8-4-2-30S\"\nl:0\n\n",
		 FULL},
		/* The load as older alarms write it, with a suffix, with two of them, and none. */
		{REGISTER "Reason: SIP;text=\"cisco-alarm:25 Name=SEP001B2A893698 Load= "
			  "9.4(2SR3.1S) Last=x\"\r\n" END,
		 MAC "SEP001B2A893698 - 9.4(2SR3.1S) -"},
		{REGISTER "Reason: SIP;text=\"cisco-alarm:25 Name=SEP001B2A893698 "
			  "InactiveLoad=SIP70.1 ActiveLoad=SIP70.9-4-2S.loads\"\r\n" END,
		 MAC "SEP001B2A893698 - SIP70.9-4-2S -"},
		{REGISTER "Reason: SIP;text=\"cisco-alarm:25 Name=SEP001B2A893698 Load= "
			  "Last=x\"\r\n" END,
		 MAC "SEP001B2A893698 - - -"},
		{REGISTER "Reason: SIP;cause=200;text=\"other\"\r\n" REASON END,
		 MAC "SEP001B2A893698 - SIP70.8-4-2-30S -"},
		{REGISTER REASON "Reason: SIP;cause=200;text=\"Name=x Load=y\"\r\n" END,
		 MAC "SEP001B2A893698 - SIP70.8-4-2-30S -"},
		{REGISTER "Reason: SIP;text=\"cisco-alarm:25 xName=a Name=SEP001B2A893698 "
			  "xLoad=b Load=SIP70.9-4-2S\"\r\n" END,
		 MAC "SEP001B2A893698 - SIP70.9-4-2S -"},
		/* By its name alone. */
		{REGISTER AGENT
		 "Contact: <sip:a>;+u.sip!devicename.ccm.cisco.com=\"SEP001B2A893698\"\r\n" END,
		 MAC "SEP001B2A893698 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>" NAMED("sip001b2a893698") END,
		 MAC "sip001b2a893698 7970 - 8.4.0"},
		/* The instance and the alarm come before the name. */
		{REGISTER
		 "Contact: <sip:a>;+sip.instance="
		 "\"<urn:uuid:00000000-0000-0000-0000-001b2a893698>\"" NAMED("SEP000000000001") END,
		 MAC "SEP000000000001 - - -"},
		{REGISTER REASON "Contact: <sip:a>" NAMED("SEP000000000001") END,
		 MAC "SEP001B2A893698 - SIP70.8-4-2-30S -"},
		/* A name that is none, or that a stranger wrote. */
		{REGISTER AGENT "Contact: <sip:a>" NAMED("SEP000000000000") END,
		 "- 10.79.70.50 SEP000000000000 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>" NAMED("SEP001B2A89369") END,
		 "- 10.79.70.50 SEP001B2A89369 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>" NAMED("SEP001B2A8936980") END,
		 "- 10.79.70.50 SEP001B2A8936980 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>" NAMED("ABC001B2A893698") END,
		 "- 10.79.70.50 ABC001B2A893698 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>" NAMED("SEP") END,
		 "- 10.79.70.50 SEP 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>" NAMED("") END, "- 10.79.70.50 - 7970 - 8.4.0"},
		/* The name is all it says of itself. */
		{REGISTER "Contact: <sip:a>" NAMED("SEP001B2A893698") END,
		 MAC "SEP001B2A893698 - - -"},
		/* Quotes stand on both sides or belong to the value. */
		{REGISTER INSTANCE "=\"7\"\r\n" END, MAC "SEP001B2A893698 7960 - -"},
		{REGISTER INSTANCE "=x7y\r\n" END, "nothing"},
		{REGISTER INSTANCE "=x7\"\r\n" END, "nothing"},
		{REGISTER INSTANCE "=\"7x\r\n" END, "nothing"},
		/* What is no MAC address, and no model. */
		{REGISTER AGENT "Contact: <sip:a>;+sip.instance="
				"\"<urn:uuid:10000000-0000-0000-0000-001b2a893698>\"\r\n" END,
		 "- 10.79.70.50 - 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>;+sip.instance="
				"\"<urn:uuid:00000000-0000-0000-0000-001b2a89369>\"\r\n" END,
		 "- 10.79.70.50 - 7970 - 8.4.0"},
		{REGISTER AGENT "Contact: <sip:a>;+sip.instance="
				"\"<urn:uuid:00000000-0000-0000-0000-001b2a8936zz>\"\r\n" END,
		 "- 10.79.70.50 - 7970 - 8.4.0"},
		{REGISTER "Contact: <sip:a>;+u.sip!model.ccm.cisco.com=\"4294967297\";"
			  "+u.sip!model.ccm.cisco.com=\"7\"\r\n" AGENT END,
		 "- 10.79.70.50 - 7970 - 8.4.0"},
		{REGISTER "Reason: SIP;text=\"cisco-alarm:1 Name=\x1b[31m Load=a\"\r\n" END,
		 "nothing"},
		{REGISTER "Reason: SIP;text=\"cisco-alarm:1 Name=\xe9\\t Load=a\"\r\n" END,
		 "- 10.79.70.50 \\xe9\\\\t - a -"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		datagram(row[i].request);
		if (strcmp(said(), row[i].said) != 0)
			fail_msg("row %zu: %s", i, said());
	}
	datagram(REGISTER AGENT END);
	assert_string_equal(out.event.text,
			    "{phone} registers by SIP and names only its version, 8.4.0.");
}

#define REST "\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\nCall-ID: 1\r\nCSeq: 2 OPTIONS\r\n\r\n"

static void test_answers(void **state)
{
	static const struct {
		const char *request;
		unsigned status; /* 0: none */
	} row[] = {
		{GOLDEN, 404},
		{HEAD("OPTIONS", "a") END, 200},
		{HEAD("ACK", "a") END, 0},
		{HEAD("INVITE", "a") END, 405},
		{HEAD("OPTIONS", "") END, 0},
		/* No requests. */
		{"OPTIONS" REST, 0},
		{"OPTIONS SIP/2.0" REST, 400},
		{" sip:a SIP/2.0" REST, 0},
		{"OPTI\001NS sip:a SIP/2.0" REST, 0},
		{"OPTIONS sip:\001 SIP/2.0" REST, 0},
		{"OPTIONS sip:a HTTP/1.0" REST, 0},
		{"(PTIONS sip:a SIP/2.0" REST, 0},
		{"OPTION) sip:a SIP/2.0" REST, 0},
		{HEAD("NOTIFY", "a") END, 405},
		{HEAD("register", "a") END, 405},
		{HEAD("BYE", "a") END, 481},
		{HEAD("CANCEL", "a") END, 481},
		{HEAD("REGISTER", "a") "Require: path\r\n" END, 420},
		{"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: <sip:c>;tag=9\r\n"
		 "Call-ID: 1\r\nCSeq: 2 INVITE\r\n\r\n",
		 481},
		{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\nCall-ID: 1\r\n"
		 "CSeq: 2 INVITE\r\n\r\n",
		 0},
		/* Wrong, but there is a way back. */
		{"REGISTER sip:a SIP/3.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 505},
		{"REGISTER  SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 400},
		{REGISTER "no colon\r\n" END, 400},
		{REGISTER "X: a\001b\r\n" END, 400},
		{REGISTER "X: a\rb\r\n" END, 400},
		{REGISTER "To: <sip:other>\r\n" END, 400},
		{REGISTER "Content-Length: 1\r\n\r\n", 400},
		{REGISTER "Content-Length: 1\r\n\r\nxy", 404},
		{REGISTER "Content-Length: -1\r\n\r\n", 400},
		{REGISTER "Content-Length: 1\r\nl: 2\r\n\r\nxyz", 400},
		{REGISTER "Content-Length: 65536\r\n\r\n", 513},
		{REGISTER "Content-Length: 18446744073709551617\r\n\r\n", 400},
		{REGISTER, 404}, /* RFC 3261 18.3: without a length it ends with the datagram */
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 OPTIONS\r\n\r\n",
		 400},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2147483648 REGISTER\r\n\r\n",
		 400},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2147483647 REGISTER\r\n\r\n",
		 404},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP / 2.0 / UDP  a:5060 ; branch=1\r\nFrom: b\r\n"
		 "To: c\r\nCall-ID: 1\r\nCSeq: 2   REGISTER\r\n\r\n",
		 404},
		/* No way back. */
		{"", 0},
		{"\r\n\r\n", 0},
		{"\0\0\0\0", 0},
		{"hello", 0},
		{"REGISTER", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"REG\303STER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 0},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 0},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\nTo:\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 0},
		{"REGISTER sip:a SIP/2.0\r\nFrom: b\r\nTo: c\r\nCall-ID: 1\r\n"
		 "CSeq: 2 REGISTER\r\n\r\n",
		 0},
		{HEAD("REGISTER", "") END, 0},
		{HEAD("REGISTER", "a:0") END, 0},
		{HEAD("REGISTER", "a:65536") END, 0},
		{HEAD("REGISTER", ":5060") END, 0},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/3.0/UDP a\r\nFrom: b\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 0},
		{"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\001\r\nTo: c\r\n"
		 "Call-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n",
		 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		datagram(row[i].request);
		if (sip_answer_status(out.data, out.len) != row[i].status)
			fail_msg("row %zu: %.*s", i, (int)out.len, (const char *)out.data);
		assert_true(!out.len || strcmp((char *)out.data + out.len - 4, "\r\n\r\n") == 0);
	}
	datagram(HEAD("INVITE", "a") END);
	assert_true(answered("\r\nAllow: REGISTER, OPTIONS\r\n"));
	datagram(HEAD("OPTIONS", "a") "Require: foo, bar\r\n" END);
	assert_true(answered("\r\nUnsupported: foo, bar\r\n"));
	datagram("INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\n"
		 "To: \"x>;tag=1\" <sip:c;tag=2>;TAG=9\r\nCall-ID: 1\r\nCSeq: 2 INVITE\r\n\r\n");
	assert_true(answered("\r\nTo: \"x>;tag=1\" <sip:c;tag=2>;TAG=9\r\n"));
	datagram("OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: b\r\n"
		 "To: \"x>;tag=1\" <sip:c;tag=2>\r\nCall-ID: 1\r\nCSeq: 2 OPTIONS\r\n\r\n");
	assert_true(answered("SIP/2.0 200 OK") && answered("<sip:c;tag=2>;tag="));
}

/* Where the answer goes, and what the first Via says then. */
static void test_way_back(void **state)
{
	static const struct {
		const char *via, *answer;
		uint16_t port;
	} row[] = {
		{"10.79.70.50", "10.79.70.50;branch=z9hG4bK1", 5060},
		{"10.79.70.50:5070", "10.79.70.50:5070;branch=z9hG4bK1", 5070},
		{"10.79.70.50;rport",
		 "10.79.70.50;branch=z9hG4bK1;received=10.79.70.50;rport=50123", 50123},
		{"8.8.8.8:53", "8.8.8.8:53;branch=z9hG4bK1;received=10.79.70.50", 53},
		{"phone.example", "phone.example;branch=z9hG4bK1;received=10.79.70.50", 5060},
		{"[2001:db8::1]", "[2001:db8::1];branch=z9hG4bK1;received=10.79.70.50", 5060},
		{"[2001:db8::1]:9", "[2001:db8::1]:9;branch=z9hG4bK1;received=10.79.70.50", 9},
		{"10.79.70.50;maddr=8.8.8.8", "10.79.70.50;maddr=8.8.8.8;branch=z9hG4bK1", 5060},
		/* What it claims about itself is dropped. */
		{"a;received=8.8.8.8;RPORT=7", "a;branch=z9hG4bK1;received=10.79.70.50;rport=50123",
		 50123},
		{"a;x=\";rport;y\"", "a;x=\";rport;y\";branch=z9hG4bK1;received=10.79.70.50", 5060},
		/* A host may end in digits, or be nothing else. */
		{"phone7", "phone7;branch=z9hG4bK1;received=10.79.70.50", 5060},
		{"7", "7;branch=z9hG4bK1;received=10.79.70.50", 5060},
		{"7:1", "7:1;branch=z9hG4bK1;received=10.79.70.50", 1},
		{"a:65535", "a:65535;branch=z9hG4bK1;received=10.79.70.50", 65535},
	};
	char text[600], want[300];

	(void)state;
	/* A port with nothing behind it; and what the two answers of most words say. */
	datagram(
		"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 10.79.70.50:5070\r\nFrom: b\r\nTo: c\r\n"
		"Call-ID: 1\r\nCSeq: 2 OPTIONS\r\n\r\n");
	assert_int_equal(out.to.port, 5070);
	assert_true(answered("SIP/2.0 200 OK\r\n"));
	assert_true(answered("\r\nAllow: REGISTER, OPTIONS\r\n"));
	datagram(HEAD("INVITE", "a") END);
	assert_true(answered("SIP/2.0 405 Method Not Allowed\r\n"));
	assert_true(answered("\r\nAllow: REGISTER, OPTIONS\r\n"));
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		snprintf(
			text, sizeof(text),
			"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1, SIP/2.0/UDP "
			"b;rport\r\nVia: SIP/2.0/TCP c\r\nFrom: b\r\nTo: c\r\nCall-ID: 1\r\n"
			"CSeq: 2 OPTIONS\r\n\r\n",
			row[i].via);
		snprintf(want, sizeof(want),
			 "\r\nVia: SIP/2.0/UDP %s, SIP/2.0/UDP b;rport\r\nVia: SIP/2.0/TCP "
			 "c\r\nFrom:",
			 row[i].answer);
		datagram(text);
		if (!answered(want))
			fail_msg("row %zu: %s", i, (const char *)out.data);
		assert_int_equal(out.to.port, row[i].port);
	}
}

static void test_same_request_same_tag(void **state)
{
	uint8_t first[SIP_ANSWER_MAX];
	size_t len;

	(void)state;
	datagram(GOLDEN);
	len = out.len;
	memcpy(first, out.data, len);
	datagram_at(GOLDEN, strlen(GOLDEN), START + USEC_SEC(9));
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, first, len);
}

static void test_prefixes(void **state)
{
	static const char text[] = GOLDEN;

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		sip_setup(&sip, &models);
		datagram_at(text, n, START);
		assert_true(out.len == 0 || n > strlen(REGISTER) - strlen("101 REGISTER\r\n"));
	}
}

/* Every byte once replaced by a NUL, and by a quote: no matter what, nothing is read or written
 * beyond, and an answer holds no NUL. */
static void test_damaged(void **state)
{
	static const char text[] = GOLDEN;
	static const char with[] = {0, '"', '\n', '\r', '<', ';', (char)0xff};
	char copy[sizeof(text)];

	(void)state;
	for (size_t k = 0; k < sizeof(with); k++)
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = with[k];
			sip_setup(&sip, &models);
			datagram_at(copy, sizeof(text) - 1, START);
			assert_true(strlen((const char *)out.data) == out.len);
		}
}

/* However short the request is written, the answer is at most 200 bytes longer. */
static void test_no_amplifier(void **state)
{
	char text[SIP_HEAD_MAX + 100];
	size_t n;

	(void)state;
	for (unsigned vias = 1; vias <= 17; vias++) {
		n = (size_t)snprintf(text, sizeof(text), "OPTIONS s SIP/2.0\n");
		for (unsigned i = 0; i < vias; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "v:SIP/2.0/UDP a;rport\n");
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "f:b\nt:c\ni:1\ncseq:2 OPTIONS\n\n");
		datagram(text);
		assert_int_equal(out.len > 0, vias <= 16);
		assert_true(out.len <= n + SIP_ANSWER_EXTRA);
	}
	/* Heads up to the most that is taken, and one byte more. */
	for (size_t size = SIP_HEAD_MAX - 1; size <= SIP_HEAD_MAX + 1; size++) {
		n = strlen(REGISTER);
		memcpy(text, REGISTER, n);
		memcpy(text + n, "X: ", 3);
		memset(text + n + 3, 'x', size - n - 7);
		memcpy(text + size - 4, "\r\n\r\n", 5);
		datagram(text);
		assert_int_equal(out.len > 0, size <= SIP_HEAD_MAX);
	}
}

static unsigned registers(struct mac mac, const char *load, uint32_t ip, usec_t now)
{
	struct sip_registration r = {.mac = mac,
				     .number = 30006,
				     .load = load,
				     .phone = ip,
				     .server = PHONE,
				     .port = 5060,
				     .sequence = 1};
	uint8_t data[1500];
	size_t n = sip_encode_register(&r, data, sizeof(data));

	assert_true(n > 0);
	sip_datagram(&sip, (struct sip_peer){ip, 5060}, data, n, now, &out);
	assert_int_equal(sip_answer_status(out.data, out.len), 404);
	return out.event_count;
}

static void test_told_once_a_minute(void **state)
{
	struct mac a = {{0, 1, 2, 3, 4, 5}}, b = {{0, 1, 2, 3, 4, 6}};

	(void)state;
	sip_setup(&sip, &models);
	assert_int_equal(registers(a, "SIP70.1", PHONE, START), 1);
	assert_string_equal(said(), "00:01:02:03:04:05 10.79.70.50 SEP000102030405 7970 SIP70.1 -");
	assert_int_equal(registers(a, "SIP70.1", PHONE, START + USEC_SEC(59)), 0);
	assert_int_equal(registers(a, "SIP70.2", PHONE, START + USEC_SEC(59)), 1);
	assert_int_equal(registers(b, "SIP70.1", PHONE + 1, START + USEC_SEC(59)), 1);
	assert_int_equal(registers(a, "SIP70.1", PHONE, START + USEC_SEC(60) - 1), 0);
	assert_int_equal(registers(a, "SIP70.1", PHONE, START + USEC_SEC(60)), 1);
	assert_int_equal(registers(a, NULL, PHONE, START + USEC_SEC(60)), 1);
	/* A stranger who said it first, from elsewhere, does not silence the phone. */
	assert_int_equal(registers(a, "SIP70.3", PHONE + 9, START + USEC_SEC(60)), 1);
	assert_int_equal(registers(a, "SIP70.3", PHONE, START + USEC_SEC(60)), 1);
}

static void test_invented_names(void **state)
{
	unsigned told = 0;

	(void)state;
	sip_setup(&sip, &models);
	for (unsigned i = 0; i < 1000; i++)
		told += registers((struct mac){{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}},
				  "SIP70.1", PHONE, START + i);
	assert_int_equal(told, SIP_HEARD_PER_PEER);
	for (unsigned i = 0; i < 3000; i++)
		told += registers((struct mac){{2, 0, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}},
				  "SIP70.1", PHONE + 1 + i, START + 1000 + i);
	assert_int_equal(told, SIP_HEARD_MAX);
	assert_int_equal(registers((struct mac){{2, 9}}, "SIP70.1", PHONE, START + USEC_SEC(61)),
			 1);
}

static void test_encode(void **state)
{
	struct sip_registration r = {.mac = {{0, 0x1b, 0x2a, 0x89, 0x36, 0x98}},
				     .number = 30006,
				     .load = "SIP70.8-4-2-30S",
				     .user = "6010",
				     .user_agent = "Cisco-CP7970G/8.4.0",
				     .phone = PHONE,
				     .server = 0x0a4f4601,
				     .port = 5060,
				     .sequence = 101};
	uint8_t data[1500];
	size_t n = sip_encode_register(&r, data, sizeof(data));

	(void)state;
	assert_true(n > 0 && n < sizeof(data));
	sip_setup(&sip, &models);
	datagram_at(data, n, START);
	assert_string_equal(said(), FULL);
	for (size_t size = 0; size < n; size++)
		assert_int_equal(sip_encode_register(&r, data, size), 0);
	assert_int_equal(sip_encode_register(&r, data, n), n);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0 699 x", 13), 699);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0 700 x", 13), 0);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0 0x4 x", 13), 0);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0 40", 10), 0);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0 100 x", 13), 100);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0 099 x", 13), 0);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/3.0 200 x", 13), 0);
	assert_int_equal(sip_answer_status((const uint8_t *)"SIP/2.0/200 x", 13), 0);
	for (size_t len = 0; len <= 14; len++) {
		uint8_t *copy = exact_copy("SIP/2.0 200 OK", len);

		assert_int_equal(sip_answer_status(copy, len), len >= 12 ? 200 : 0);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_what_is_said),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_same_request_same_tag),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_no_amplifier),
		cmocka_unit_test(test_told_once_a_minute),
		cmocka_unit_test(test_invented_names),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
