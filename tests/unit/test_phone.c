/* SPDX-License-Identifier: MIT */
/*
 * The phone tracker against what real phones were recorded to do (phones.md 4), and against
 * the neighbours of these records that must not count as a recovery.
 *
 * A script is one line an event: "SECONDS VERB NAME". `ask' is a request alone, `miss' a request
 * that is refused, `get' request, start and complete; `from' says which bundle the
 * catalogue answers from until the next `from' (`-': from none). What comes out is written as
 * "SECONDS stage [load]" and "SECONDS alive LOAD-or-? AFTER".
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/phone.h"
#include "reflashd/text.h"

/* ---- a library of five bundles, made by hand: only what the tracker looks at ---- */

static const struct {
	const char *load;
	enum model_family family;
	const char *file[10];
} stock[] = {
	{"SCCP70.8-3-3S",
	 MODEL_JAVA,
	 {"SCCP70.8-3-3S.loads", "term70.default.loads", "jar70sccp.8-3-2-27.sbn",
	  "cnu70.8-3-2-27.sbn", "apps70.8-3-2-27.sbn", "dsp70.8-3-2-27.sbn",
	  "cvm70sccp.8-3-2-27.sbn"}},
	{"SIP11.8-2-2ES4S",
	 MODEL_JAVA,
	 {"term11.default.loads", "jar11sip.8-2-2ES4.sbn", "cnu11.8-2-2ES4.sbn"}},
	{"SCCP70.9-4-2S", MODEL_JAVA, {"SCCP70.9-4-2S.loads", "jar70sccp.9.sbn", "cnu70.9.sbn"}},
	{"P0S3-8-12-00",
	 MODEL_LEGACY,
	 {"P0S3-8-12-00.loads", "P003-8-12-00.sbn", "P0S3-8-12-00.sb2"}},
	{"cp7912r", MODEL_KUP, {"cp7912r.zup"}},
	{"CP7912080003SCCP070409A",
	 MODEL_KUP,
	 {"CP7912080003SCCP070409A.sbin", "CP7912080003SCCP070409A.zup"}},
};

#define STOCK ARRAY_LEN(stock)

static struct models models;
static struct library library;
static struct firmware_file files[STOCK * 10];
static struct bundle bundles[STOCK];
static unsigned indices[STOCK * 10];
static struct phones phones; /* large */

static void make_library(void)
{
	unsigned n = 0;

	models_builtin(&models);
	memset(files, 0, sizeof(files));
	memset(bundles, 0, sizeof(bundles));
	for (unsigned b = 0; b < STOCK; b++) {
		text_copy(bundles[b].load, sizeof(bundles[b].load), stock[b].load);
		bundles[b].family = stock[b].family;
		bundles[b].models = models_by_load(&models, stock[b].load);
		bundles[b].files = &indices[n];
		bundles[b].complete = bundles[b].fit = true;
		for (unsigned i = 0; i < 10 && stock[b].file[i]; i++) {
			text_copy(files[n].name, sizeof(files[n].name), stock[b].file[i]);
			files[n].role = text_ends_nocase(stock[b].file[i], ".loads") ? FILE_LOADS
										     : FILE_IMAGE;
			indices[n] = n;
			bundles[b].file_count++;
			n++;
		}
	}
	library = (struct library){.models = &models,
				   .file = files,
				   .file_count = n,
				   .bundle = bundles,
				   .bundle_count = STOCK};
}

/* ---- scripts ---- */

#define SECOND INT64_C(1000)
#define START  (INT64_C(1795229824) * SECOND)

struct play {
	struct mac mac;
	uint32_t ip;
	char load[72]; /* `from' */
	bool by_ip;    /* tftp events lack the MAC */
	int64_t now;
	char out[4000], text[8000];
	unsigned longest; /* most events out of one */
};

static void note(struct play *p, const struct event *e)
{
	char line[120], text[600];
	const char *load = event_has(e, FIELD_LOAD) ? e->load : "?";
	int64_t at = (p->now - START) / SECOND;

	if (e->type == EVENT_PHONE_RECOVERED)
		snprintf(line, sizeof(line), "%" PRId64 " alive %s %" PRIu64 "\n", at, load,
			 e->seconds);
	else if (e->type == EVENT_PHONE_ADVICE)
		snprintf(line, sizeof(line), "%" PRId64 " advice %s\n", at, e->code);
	else
		snprintf(line, sizeof(line), "%" PRId64 " %s%s%s\n", at, e->stage,
			 event_has(e, FIELD_LOAD) ? " " : "", event_has(e, FIELD_LOAD) ? load : "");
	assert_true(strlen(p->out) + strlen(line) < sizeof(p->out));
	strcat(p->out, line);
	event_text(e, text, sizeof(text));
	assert_true(strlen(p->text) + strlen(text) + 1 < sizeof(p->text));
	strcat(p->text, text);
	strcat(p->text, "\n");
	assert_true(event_has(e, FIELD_MAC) && mac_equal(e->mac, p->mac));
}

static struct phones_out out;

static void apply(struct play *p, struct event *e)
{
	e->wall_ms = p->now;
	phones_apply(&phones, e, &out);
	if (out.event_count > p->longest)
		p->longest = out.event_count;
	for (unsigned i = 0; i < out.event_count; i++)
		note(p, &out.events[i]);
}

static void dhcp(struct play *p, enum event_type type, const char *vendor_class)
{
	struct event e;

	event_init(&e, type);
	event_set_mac(&e, p->mac);
	event_set_ip(&e, FIELD_IP, p->ip);
	if (*vendor_class)
		event_set_text(&e, FIELD_VENDOR_CLASS, vendor_class);
	apply(p, &e);
}

static void tftp(struct play *p, enum event_type type, const char *name)
{
	bool firmware = strstr(name, ".loads") || strstr(name, ".sb") || strstr(name, ".zup");
	struct event e;

	event_init(&e, type);
	if (!p->by_ip)
		event_set_mac(&e, p->mac);
	event_set_ip(&e, FIELD_IP, p->ip);
	event_set_bytes(&e, FIELD_FILE, (const uint8_t *)name, strlen(name));
	if (type == EVENT_TFTP_START && firmware && strcmp(p->load, "-") != 0)
		event_set_text(&e, FIELD_LOAD, p->load);
	apply(p, &e);
}

static void step(struct play *p, const char *verb, const char *name)
{
	if (strcmp(verb, "discover") == 0) {
		dhcp(p, EVENT_DHCP_DISCOVER, name);
	} else if (strcmp(verb, "ack") == 0) {
		dhcp(p, EVENT_DHCP_REQUEST, name);
		dhcp(p, EVENT_DHCP_ACK, name);
	} else if (strcmp(verb, "from") == 0) {
		text_copy(p->load, sizeof(p->load), name);
	} else if (strcmp(verb, "ask") == 0) {
		tftp(p, EVENT_TFTP_REQUEST, name);
	} else if (strcmp(verb, "start") == 0) {
		tftp(p, EVENT_TFTP_REQUEST, name);
		tftp(p, EVENT_TFTP_START, name);
	} else if (strcmp(verb, "done") == 0) {
		tftp(p, EVENT_TFTP_COMPLETE, name);
	} else if (strcmp(verb, "abort") == 0) {
		tftp(p, EVENT_TFTP_ABORTED, name);
	} else if (strcmp(verb, "miss") == 0) {
		tftp(p, EVENT_TFTP_REQUEST, name);
		tftp(p, EVENT_TFTP_REFUSED, name);
	} else {
		assert_string_equal(verb, "get");
		tftp(p, EVENT_TFTP_REQUEST, name);
		tftp(p, EVENT_TFTP_START, name);
		tftp(p, EVENT_TFTP_COMPLETE, name);
	}
}

static void run(struct play *p, const char *script)
{
	while (*script) {
		char line[200], verb[16] = "", *name;
		size_t len = strcspn(script, "\n");
		int seconds, used = 0;

		snprintf(line, sizeof(line), "%.*s", (int)len, script);
		assert_true(sscanf(line, "%d %15s %n", &seconds, verb, &used) >= 2);
		name = line + used;
		p->now = START + seconds * SECOND;
		step(p, verb, name);
		script += len + (script[len] == '\n');
	}
}

static void begin(struct play *p)
{
	memset(p, 0, sizeof(*p));
	p->mac = (struct mac){{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};
	p->ip = 0x0a4f4633;
	strcpy(p->load, "-");
}

#define C7970 "Cisco Systems, Inc. IP Phone CP-7970G\n"
#define FIVE                                                                                       \
	"12 get jar70sccp.8-3-2-27.sbn\n13 get cnu70.8-3-2-27.sbn\n14 get apps70.8-3-2-27.sbn\n"   \
	"15 get dsp70.8-3-2-27.sbn\n16 get cvm70sccp.8-3-2-27.sbn\n"
#define ERASED_7970                                                                                \
	"0 discover " C7970 "1 ack " C7970 "10 from SCCP70.8-3-3S\n10 get term70.default.loads\n"  \
	"10 from SCCP70.8-3-3S\n"
#define LISTED_7970 "0 seen\n1 leased\n10 listed SCCP70.8-3-3S\n"
#define LOADER_WALK                                                                                \
	"20 miss CTLSEP0011BB73AD61.tlv\n20 miss SEP0011BB73AD61.cnf.xml\n"                        \
	"20 miss SIP0011BB73AD61.cnf\n20 miss MGC0011BB73AD61.cnf\n20 get XMLDefault.cnf.xml\n"

static const struct {
	const char *name, *script, *expected;
	unsigned recovered;
} cases[] = {
	{"7970 erased, everything, back",
	 ERASED_7970 FIVE "90 ack " C7970 "92 miss CTLSEP001B54CA0102.tlv\n"
			  "92 miss SEP001B54CA0102.cnf.xml\n94 get XMLDefault.cnf.xml\n"
			  "95 ask /g3-tones.xml\n99 miss CTLSEP001B54CA0102.tlv\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n",
	 1},
	{"back, and it only compares the list of what it runs",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "95 get SCCP70.8-3-3S.loads\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n",
	 1},
	{"the application's files are proof, CTL and SEP alone are not",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n93 miss SEP001B54CA0102.cnf.xml\n"
			  "93 miss SEP001B54CA0102.cnf.xml\n95 ask US/g3-tones.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "95 recovered SCCP70.8-3-3S\n95 alive SCCP70.8-3-3S 95\n",
	 1},
	{"XMLDefault asked for and not taken",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n93 start XMLDefault.cnf.xml\n"
			  "94 abort XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n",
	 0},
	{"everything fetched, silence", ERASED_7970 FIVE "900 ack " C7970,
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n", 0},
	{"power cut while writing: starts over, then comes back",
	 ERASED_7970 FIVE
	 "60 ask term70.default.loads\n60 get term70.default.loads\n"
	 "61 get cvm70sccp.8-3-2-27.sbn\n70 ask ITLFile.tlv\n71 get SEP001B54CA0102.cnf.xml\n",
	 LISTED_7970
	 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n60 listed SCCP70.8-3-3S\n"
	 "61 fetching SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n71 recovered SCCP70.8-3-3S\n"
	 "71 alive SCCP70.8-3-3S 71\n",
	 1},
	{"members skipped: alive, but which load was not seen",
	 ERASED_7970 "12 get cvm70sccp.8-3-2-27.sbn\n70 ask CTLSEP001B54CA0102.tlv\n"
		     "71 get XMLDefault.cnf.xml\n",
	 LISTED_7970
	 "12 fetching SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n71 recovered\n71 alive ? 71\n",
	 1},
	{"7911, member missing, connection dropped (W-SYSOP), and round again",
	 "0 discover Cisco Systems, Inc. IP Phone CP-7911G\n1 ack \n10 from SIP11.8-2-2ES4S\n"
	 "10 get term11.default.loads\n10 miss Jar11sip.8-2-2ES4.sbn\n10 start cnu11.8-2-2ES4.sbn\n"
	 "11 abort cnu11.8-2-2ES4.sbn\n50 get term11.default.loads\n50 miss "
	 "Jar11sip.8-2-2ES4.sbn\n",
	 "0 seen\n1 leased\n10 listed SIP11.8-2-2ES4S\n10 fetching SIP11.8-2-2ES4S\n"
	 "50 listed SIP11.8-2-2ES4S\n",
	 0},
	{"7906 asks for its list in pairs and for nothing else (W-TICKETT)",
	 "0 from SIP11.8-2-2ES4S\n32 get term06.default.loads\n33 get term06.default.loads\n"
	 "180 get term06.default.loads\n180 get term06.default.loads\n"
	 "273 get term06.default.loads\n274 get term06.default.loads\n",
	 "32 seen\n32 listed SIP11.8-2-2ES4S\n180 refused SIP11.8-2-2ES4S\n"
	 "180 advice no-bundle-helps\n",
	 0},
	{"7906 is offered another bundle: that is news",
	 "0 from SIP11.8-2-2ES4S\n32 get term06.default.loads\n33 from SCCP70.9-4-2S\n"
	 "33 get term06.default.loads\n34 get term06.default.loads\n",
	 "32 seen\n32 listed SIP11.8-2-2ES4S\n33 listed SCCP70.9-4-2S\n", 0},
	{"7962, normal boot (R-7962AIOS): back, not recovered",
	 "0 ack Cisco Systems, Inc. IP Phone CP-7962G\n5 miss CTLSEP00270DC01C92.tlv\n"
	 "5 miss ITLSEP00270DC01C92.tlv\n5 miss ITLFile.tlv\n6 get SEP00270DC01C92.cnf.xml\n"
	 "9 miss g3-tones.xml\n50 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n5 back\n", 0},
	{"7962 of unknown model: ITL says enough",
	 "5 miss CTLSEP00270DC01C92.tlv\n6 miss ITLSEP00270DC01C92.tlv\n7 get XMLDefault.cnf.xml\n",
	 "5 seen\n6 back\n", 0},
	{"a running phone takes a whole new load",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n6 get XMLDefault.cnf.xml\n"
	 "7 from SCCP70.9-4-2S\n7 get SCCP70.9-4-2S.loads\n8 get jar70sccp.9.sbn\n9 get "
	 "cnu70.9.sbn\n"
	 "80 miss CTLSEP001B54CA0102.tlv\n81 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n8 fetching SCCP70.9-4-2S\n"
	 "9 writing SCCP70.9-4-2S\n80 back SCCP70.9-4-2S\n81 recovered SCCP70.9-4-2S\n"
	 "81 alive SCCP70.9-4-2S 81\n",
	 1},
	{"a running phone gives up in the middle and goes on with its old load",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n6 get XMLDefault.cnf.xml\n"
	 "7 from SCCP70.9-4-2S\n7 get SCCP70.9-4-2S.loads\n8 get jar70sccp.9.sbn\n"
	 "9 start cnu70.9.sbn\n10 abort cnu70.9.sbn\n80 miss CTLSEP001B54CA0102.tlv\n"
	 "81 get XMLDefault.cnf.xml\n82 miss g3-tones.xml\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n8 fetching SCCP70.9-4-2S\n"
	 "80 back SCCP70.9-4-2S\n",
	 0},
	{"a running phone refuses the list",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n7 from SCCP70.9-4-2S\n"
	 "7 get SCCP70.9-4-2S.loads\n80 miss CTLSEP001B54CA0102.tlv\n81 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n80 back\n"
	 "81 refused SCCP70.9-4-2S\n81 advice list-refused\n",
	 0},
	{"recovered, erased again, recovered again: counted once, its clock starts anew",
	 ERASED_7970 FIVE "92 ask CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "1000 get term70.default.loads\n1012 get jar70sccp.8-3-2-27.sbn\n"
			  "1013 get cnu70.8-3-2-27.sbn\n1014 get apps70.8-3-2-27.sbn\n"
			  "1015 get dsp70.8-3-2-27.sbn\n1016 get cvm70sccp.8-3-2-27.sbn\n"
			  "1090 ask CTLSEP001B54CA0102.tlv\n1091 get XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n"
		     "1000 listed SCCP70.8-3-3S\n1012 fetching SCCP70.8-3-3S\n"
		     "1016 writing SCCP70.8-3-3S\n1090 back SCCP70.8-3-3S\n"
		     "1091 recovered SCCP70.8-3-3S\n1091 alive SCCP70.8-3-3S 91\n",
	 1},
	{"7960, conversion, complete log (julianhead)",
	 "0 from P0S3-8-12-00\n0 ack Cisco Systems, Inc. IP Phone CP-7960G\\x00\n" LOADER_WALK
	 "20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n" LOADER_WALK
	 "47 get P0S3-8-12-00.loads\n50 start P0S3-8-12-00.sb2\n57 done P0S3-8-12-00.sb2\n"
	 "95 get SIPDefault.cnf\n96 miss SIP0011BB73AD61.cnf\n128 miss SIP0011BB73AD61.cnf\n",
	 "0 seen\n0 leased\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n"
	 "57 writing P0S3-8-12-00\n95 back P0S3-8-12-00\n95 recovered P0S3-8-12-00\n"
	 "95 alive P0S3-8-12-00 95\n",
	 1},
	{"7960, the loader walks once more after the .sb2: nothing is proven",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n"
	 "50 get P0S3-8-12-00.sb2\n" LOADER_WALK "95 miss SIPDefault.cnf\n",
	 "20 seen\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n50 writing P0S3-8-12-00\n", 0},
	{"7960, SCCP: CTLSEP, SEP, XMLDefault without SIP and MGC between",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n"
	 "50 get P0S3-8-12-00.sb2\n90 miss CTLSEP0011BB73AD61.tlv\n90 miss "
	 "SEP0011BB73AD61.cnf.xml\n"
	 "91 get XMLDefault.cnf.xml\n",
	 "20 seen\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n50 writing P0S3-8-12-00\n"
	 "91 back P0S3-8-12-00\n91 recovered P0S3-8-12-00\n91 alive P0S3-8-12-00 71\n",
	 1},
	{"7960, the walk after the .sbn is the loader's, even without SIP and MGC",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n"
	 "45 miss CTLSEP0011BB73AD61.tlv\n45 miss SEP0011BB73AD61.cnf.xml\n46 get "
	 "XMLDefault.cnf.xml\n"
	 "47 get P0S3-8-12-00.loads\n",
	 "20 seen\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n", 0},
	{"7960, normal boot (R-FPBX7960): back, not recovered",
	 "0 from P0S3-8-12-00\n0 ack Cisco Systems, Inc. IP Phone CP-7960G\n"
	 "25 miss CTLSEP000E84C060A6.tlv\n25 get SEP000E84C060A6.cnf.xml\n25 get "
	 "P0S3-8-12-00.loads\n"
	 "49 get SIPDefault.cnf\n49 miss ./SIP000E84C060A6.cnf\n51 miss RINGLIST.DAT\n"
	 "51 miss dialplan.xml\n",
	 "0 seen\n0 leased\n25 listed P0S3-8-12-00\n49 back\n", 0},
	{"7912 in recovery mode, then its real load",
	 "0 ack Cisco Systems, Inc. IP Phone 7912\n5 from cp7912r\n5 get cp7912r.zup\n"
	 "60 miss SEP001b54ca0102.cnf.xml\n61 get XMLDefault.cnf.xml\n62 from "
	 "CP7912080003SCCP070409A\n"
	 "62 get CP7912080003SCCP070409A.sbin\n120 miss SEP001b54ca0102.cnf.xml\n"
	 "121 miss gk001b54ca0102\n",
	 "0 seen\n0 leased\n5 fetching cp7912r\n5 writing cp7912r\n60 back cp7912r\n"
	 "62 fetching CP7912080003SCCP070409A\n62 writing CP7912080003SCCP070409A\n"
	 "120 back CP7912080003SCCP070409A\n121 recovered CP7912080003SCCP070409A\n"
	 "121 alive CP7912080003SCCP070409A 121\n",
	 1},
	{"7912 in recovery mode, its image is cut off",
	 "0 ack Cisco Systems, Inc. IP Phone 7912\n5 from cp7912r\n5 start cp7912r.zup\n"
	 "6 abort cp7912r.zup\n60 start cp7912r.zup\n61 done cp7912r.zup\n100 start cp7912r.zup\n",
	 "0 seen\n0 leased\n5 fetching cp7912r\n61 writing cp7912r\n100 fetching cp7912r\n", 0},
	{"7912 is on its second image, which is cut off: what the first one did does not count",
	 "5 from cp7912r\n5 get cp7912r.zup\n60 start cp7912r.zup\n61 abort cp7912r.zup\n"
	 "90 miss gk001b54ca0102\n",
	 "5 seen\n5 fetching cp7912r\n5 writing cp7912r\n60 fetching cp7912r\n90 back cp7912r\n",
	 0},
	{"7960, the loader walks, then SCCP: the walk that began last counts",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.sb2\n" LOADER_WALK
	 "90 miss CTLSEP0011BB73AD61.tlv\n91 get XMLDefault.cnf.xml\n",
	 "20 seen\n20 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n91 back P0S3-8-12-00\n"
	 "91 recovered P0S3-8-12-00\n91 alive P0S3-8-12-00 71\n",
	 1},
	{"recovered, its list again, and nothing else: no second proof",
	 ERASED_7970 FIVE "92 ask CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "95 get term70.default.loads\n96 ask CTLSEP001B54CA0102.tlv\n"
			  "97 get XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n"
		     "95 listed SCCP70.8-3-3S\n96 back\n",
	 1},
	{"7912, normal boot with a profile only: back",
	 "5 miss gk001b54ca0102\n6 miss gkdefault.cfg\n", "5 seen\n5 back\n", 0},
	{"a laptop gets a lease and fetches a file of its own",
	 "0 discover MSFT 5.0\n1 ack MSFT 5.0\n2 ask README.txt\n", "", 0},
	{"an erased loader that says nothing of itself",
	 "0 discover \n1 ack \n10 from SCCP70.8-3-3S\n10 get term70.default.loads\n",
	 "0 seen\n1 leased\n10 listed SCCP70.8-3-3S\n", 0},
	{"files of no bundle: alive is as much as can be said",
	 "0 ack \n10 get term70.default.loads\n11 get jar70sccp.old.sbn\n"
	 "90 ask CTLSEP001B54CA0102.tlv\n91 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n10 listed\n11 fetching\n90 back\n91 recovered\n91 alive ? 91\n", 1},
};

static void records(void **state)
{
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int by_ip = 0; by_ip < 2; by_ip++) {
			begin(&p);
			/* the same without MACs, where the lease was seen before */
			p.by_ip = by_ip && strstr(cases[i].script, " ack ");
			phones_init(&phones, &library);
			phones_aim(&phones, "SCCP70.8-3-3S", false);
			run(&p, cases[i].script);
			if (strcmp(p.out, cases[i].expected) != 0)
				fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, p.out,
					 cases[i].expected);
			assert_int_equal(phones.recovered, cases[i].recovered);
			assert_in_range(p.longest, 0, 3);
		}
	}
}

static void sentences(void **state)
{
	static struct play p;

	(void)state;
	begin(&p);
	phones_init(&phones, &library);
	phones_aim(&phones, "SCCP70.8-3-3S", false);
	run(&p, cases[0].script);
	assert_string_equal(p.text,
			    "00:1b:54:ca:01:02 (7970) was seen for the first time.\n"
			    "00:1b:54:ca:01:02 (7970) has the address 10.79.70.51.\n"
			    "00:1b:54:ca:01:02 (7970) has the packing list of SCCP70.8-3-3S, which "
			    "names 5 files.\n"
			    "00:1b:54:ca:01:02 (7970) fetches the firmware SCCP70.8-3-3S.\n"
			    "00:1b:54:ca:01:02 (7970) has everything and writes its flash now. The "
			    "screen stays "
			    "black for up to 15 minutes. Do not unplug it.\n"
			    "00:1b:54:ca:01:02 (7970) is back and asks for its configuration.\n"
			    "00:1b:54:ca:01:02 (7970) has proven that it runs.\n"
			    "00:1b:54:ca:01:02 (7970) is alive again and runs SCCP70.8-3-3S: "
			    "proven by the requests "
			    "only a running phone makes, 94 seconds after it was first seen.\n");
}

static void what_a_record_holds(void **state)
{
	static struct play p;
	const struct phone *phone;

	(void)state;
	begin(&p);
	phones_init(&phones, &library);
	phones_aim(&phones, "SCCP70.8-3-3S", false);
	run(&p, ERASED_7970);
	phone = phones_find(&phones, p.mac);
	assert_non_null(phone);
	assert_string_equal(phone->model->id, "7970");
	assert_int_equal(phone->ip, 0x0a4f4633);
	assert_int_equal(phone->stage, PHONE_LISTED);
	assert_string_equal(phone_stage_name(phone->stage), "listed");
	assert_int_equal(phone->first_ms, START);
	assert_int_equal(phone->stage_ms, START + 10 * SECOND);
	assert_ptr_equal(phone->bundle, &bundles[0]);
	p.mac.b[5] = 3;
	assert_null(phones_find(&phones, p.mac));
}

static void models_are_learnt(void **state)
{
	static const struct {
		const char *script, *model;
	} learnt[] = {
		{"0 ack Cisco Systems, Inc. IP Phone CP-7961G\n", "7961"},
		{"0 ack Cisco Systems, Inc. IP Phone CP-7960G\\x00\n", "7960"},
		{"0 ack Cisco Systems, Inc. IP Phone 7912\n", "7912"},
		{"0 ask term70.default.loads\n", "7970"},
		{"0 ask TERM31.DEFAULT.loads\n", "7931"},
		{"0 ask cp7912r.zup\n", "7912"},
		{"0 from CP7912080003SCCP070409A\n0 get CP7912080003SCCP070409A.sbin\n", "7912"},
		/* what it says itself is better than what two models share */
		{"0 ask term41.default.loads\n1 ack Cisco Systems, Inc. IP Phone CP-7941G-GE\n",
		 "7941G-GE"},
		{"0 ack Cisco Systems, Inc. IP Phone CP-7961G\n1 ask term41.default.loads\n",
		 "7961"},
		{"0 ack Cisco Systems, Inc.\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(learnt); i++) {
		static struct play p;
		const struct phone *phone;

		begin(&p);
		phones_init(&phones, &library);
		phones_aim(&phones, "SCCP70.8-3-3S", false);
		run(&p, learnt[i].script);
		phone = phones_find(&phones, p.mac);
		assert_non_null(phone);
		if (learnt[i].model)
			assert_string_equal(phone->model ? phone->model->id : "none",
					    learnt[i].model);
		else
			assert_null(phone->model);
	}
}

/* An address belongs to whom it was given last; nobody else is credited with its requests. */
static void addresses_move(void **state)
{
	static struct play a, b;

	(void)state;
	begin(&a);
	begin(&b);
	b.mac.b[5] = 9;
	phones_init(&phones, &library);
	phones_aim(&phones, "SCCP70.8-3-3S", false);
	run(&a, "0 ack " C7970);
	run(&b, "1 ack " C7970);
	assert_int_equal(phones_find(&phones, a.mac)->ip, 0);
	b.by_ip = true;
	run(&b, "5 ask CTLSEP001B54CA0102.tlv\n");
	assert_int_equal(phones_find(&phones, a.mac)->stage, PHONE_LEASED);
	assert_int_equal(phones_find(&phones, b.mac)->stage, PHONE_BACK);
	b.ip = 0x0a000001; /* nobody's */
	b.out[0] = 0;
	run(&b, "6 get term70.default.loads\n");
	assert_string_equal(b.out, "");
}

/* Idle strangers are forgotten before a phone that is being fed. */
static void a_full_table(void **state)
{
	static struct play p, other;

	(void)state;
	begin(&p);
	phones_init(&phones, &library);
	phones_aim(&phones, "SCCP70.8-3-3S", false);
	run(&p, ERASED_7970);
	for (unsigned i = 0; i < 3 * PHONES_MAX; i++) {
		begin(&other);
		other.mac = (struct mac){{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
		other.now = START + (20 + i) * SECOND;
		dhcp(&other, EVENT_DHCP_DISCOVER, "");
		assert_string_equal(strchr(other.out, ' '), " seen\n");
	}
	assert_int_equal(phones.count, PHONES_MAX);
	assert_int_equal(phones_find(&phones, p.mac)->stage, PHONE_LISTED);
	assert_non_null(phones_find(&phones, other.mac));
}

/* Any order of any events: at most three out, the same ones again in a second run, and never a
 * proof for a phone that was handed nothing. */
static void any_order(void **state)
{
	static const char *const names[] = {
		"term70.default.loads",
		"SCCP70.8-3-3S.loads",
		"jar70sccp.8-3-2-27.sbn",
		"cnu70.8-3-2-27.sbn",
		"apps70.8-3-2-27.sbn",
		"P0S3-8-12-00.sb2",
		"P003-8-12-00.sbn",
		"cp7912r.zup",
		"CP7912080003SCCP070409A.sbin",
		"CTLSEP001B54CA0102.tlv",
		"SEP001B54CA0102.cnf.xml",
		"XMLDefault.cnf.xml",
		"SIPDefault.cnf",
		"SIP001B54CA0102.cnf",
		"MGC001B54CA0102.cnf",
		"dialplan.xml",
		"gk001b54ca0102",
		"",
		"\x1b[2J/\\.loads",
		"OS79XX.TXT",
		"ITLFile.tlv",
	};
	static const char *const verbs[] = {"ask", "start", "done", "get", "miss", "abort"};
	static struct play p[2];
	unsigned alive = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 300; seed++) {
		uint64_t story[2] = {0, 0}; /* a checksum of all that came out */

		for (unsigned turn = 0; turn < 2; turn++) {
			uint32_t r = seed * 2654435761u;
			bool fed = false;

			begin(&p[turn]);
			phones_init(&phones, &library);
			phones_aim(&phones, "SCCP70.8-3-3S", false);
			for (unsigned i = 0; i < 60; i++) {
				const char *verb, *name;

				r = r * 1664525u + 1013904223u;
				verb = verbs[(r >> 8) % ARRAY_LEN(verbs)];
				name = names[(r >> 16) % ARRAY_LEN(names)];
				p[turn].now = START + i * SECOND;
				step(&p[turn], "from", stock[(r >> 28) % STOCK].load);
				p[turn].out[0] = p[turn].text[0] = 0;
				fed |= (verb[0] == 'g' || verb[0] == 'd') &&
				       (strstr(name, ".sb") || strstr(name, ".zup"));
				step(&p[turn], verb, name);
				for (const char *c = p[turn].text; *c; c++)
					story[turn] = story[turn] * 31 + (uint8_t)*c;
				if (strstr(p[turn].out, "alive")) {
					assert_true(fed);
					alive++;
				}
			}
		}
		assert_true(story[0] == story[1]);
		assert_in_range(p[0].longest, 0, 3);
	}
	assert_true(alive > 50); /* else the loop above checks nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(sentences),
		cmocka_unit_test(what_a_record_holds),
		cmocka_unit_test(models_are_learnt),
		cmocka_unit_test(addresses_move),
		cmocka_unit_test(a_full_table),
		cmocka_unit_test(any_order),
	};

	make_library();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
