/* SPDX-License-Identifier: MIT */
/*
 * The advice: every situation gives its code with one step that one step less does not give; it is
 * taken back when the phone moves on, not said twice, and replaced by what knows more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/text.h"
#include "story_rig.h"

#define C7970 "Cisco Systems, Inc. IP Phone CP-7970G\n"
#define C7961 "Cisco Systems, Inc. IP Phone CP-7961G\n"
#define C7960 "Cisco Systems, Inc. IP Phone CP-7960G\\x00\n"
#define C7912 "Cisco Systems, Inc. IP Phone 7912\n"

#define ROUND(a, b, class) #a " discover " class #b " ack " class
/* Three rounds; the fourth, at 60 s, makes a loop of it. */
#define ROUNDS(class)                                                                              \
	ROUND(0, 1, class) ROUND(20, 21, class) ROUND(40, 41, class) "60 discover " class
#define LISTED_70 ROUND(0, 1, C7970) "2 from SCCP70.8-3-3S\n2 get term70.default.loads\n"
#define WRITING_70                                                                                 \
	LISTED_70 "3 get jar70sccp.8-3-2-27.sbn\n4 get cnu70.8-3-2-27.sbn\n"                       \
		  "5 get apps70.8-3-2-27.sbn\n6 get dsp70.8-3-2-27.sbn\n"                          \
		  "7 get cvm70sccp.8-3-2-27.sbn\n"
#define BOOTED_70                                                                                  \
	"400 discover " C7970 "401 ack " C7970 "402 miss CTLSEP001B54CA0102.tlv\n"                 \
	"402 miss SEP001B54CA0102.cnf.xml\n403 get XMLDefault.cnf.xml\n"
#define RECOVERED_70                                                                               \
	"0 aim SCCP70.8-3-3S\n" WRITING_70 "400 discover " C7970 "401 ack " C7970                  \
	"402 miss CTLSEP001B54CA0102.tlv\n"                                                        \
	"402 miss SEP001B54CA0102.cnf.xml\n403 get XMLDefault.cnf.xml\n410 wait\n"

static struct story story;

/* before: everything but the last step. step: the one that makes the difference. */
static const struct situation {
	const char *code, *before, *step;
	const char *after; /* the phone moves on; NULL: see moves_on */
	const char *severity;
} situations[] = {
	{"dhcp-no-tftp", ROUNDS(C7961), "61 ack " C7961, "70 miss CTLSEP001B54CA0102.tlv\n",
	 "warning"},
	{"dhcp-no-tftp",
	 "0 discover\n1 ack\n20 discover\n21 ack\n40 discover\n41 ack\n60 discover\n", "61 ack\n",
	 "70 miss CTLSEP001B54CA0102.tlv\n", "warning"},
	{"low-power", ROUNDS(C7970), "61 ack " C7970, "70 ask term70.default.loads\n", "warning"},
	{"no-file-request", ROUNDS(C7912), "61 ack " C7912, "70 ask cp7912r.zup\n", "warning"},
	{"dhcp-rival", "0 rival 192.168.1.1\n" ROUNDS(C7970), "61 ack " C7970,
	 "70 ask term70.default.loads\n", "warning"},
	{"dhcp-rival", "0 discover " C7970,
	 "1 ignored [other-server] it has chosen another DHCP server, 192.168.1.1; unplug or stop "
	 "that one\n",
	 "70 ask term70.default.loads\n", "warning"},
	{"dhcp-rival",
	 "0 rival 192.168.1.1\n" ROUND(0, 1,
				       C7970) "3 elsewhere 192.168.1.1 term70.default.loads\n",
	 "7 elsewhere 192.168.1.1 term70.default.loads\n", "70 ask term70.default.loads\n",
	 "warning"},
	{"offer-unanswered",
	 "0 discover " C7961 "4 discover " C7961 "12 discover " C7961 "28 discover " C7961,
	 "60 discover " C7961, "62 ack " C7961, "warning"},
	{"dhcp-rival",
	 "0 rival 192.168.1.1\n0 discover " C7961 "4 discover " C7961 "12 discover " C7961
	 "28 discover " C7961,
	 "60 discover " C7961, "70 ask term61.default.loads\n", "warning"},
	{"loader-ignores-offers",
	 "0 discover " C7960 "4 discover " C7960 "12 discover " C7960 "28 discover " C7960,
	 "60 discover " C7960, "62 ack " C7960, "warning"},
	{"no-address",
	 "0 discover " C7961 "0 ignored all 2 addresses of the pool are in use\n"
	 "8 ignored all 2 addresses of the pool are in use\n",
	 "16 ignored all 2 addresses of the pool are in use\n", "20 ack " C7961, "warning"},
	{"keeps-old-address",
	 "0 discover " C7961
	 "1 nak it belongs to another network\n4 nak it belongs to another network\n",
	 "8 nak it belongs to another network\n", "20 ack " C7961, "warning"},
	{"address-conflict", ROUND(0, 1, C7961), "2 decline\n",
	 "9 from -\n9 get term61.default.loads\n", "warning"},
	{"address-conflict",
	 "0 phone 00:1b:54:00:00:09 10.79.70.60\n0 cdpip 10.79.70.51\n"
	 "1 phone 00:1b:54:ca:01:02 10.79.70.51\n1 discover " C7970,
	 "2 cdpip 10.79.70.51\n", "9 from SCCP70.8-3-3S\n9 get term70.default.loads\n", "warning"},
	{"tftp-elsewhere", ROUND(0, 1, C7970) "3 elsewhere 10.9.9.9 term70.default.loads\n",
	 "7 elsewhere 10.9.9.9 term70.default.loads\n", "70 ask term70.default.loads\n", "warning"},
	{"tftp-elsewhere", ROUND(0, 1, C7970) "2 arp 10.9.9.9\n", "62 arp 10.9.9.9\n",
	 "70 ask term70.default.loads\n", "warning"},
	{"leased-silent", ROUND(0, 1, C7961) "899 wait\n", "900 wait\n", "902 discover " C7961,
	 "warning"},
	{"loader-no-dhcp", "0 cdp TERM70_LOAD\n60 cdp TERM70_LOAD\n119 wait\n", "120 wait\n",
	 "130 discover " C7970, "warning"},
	{"answers-lost",
	 ROUND(0, 1, C7960) "4 miss CTLSEP001B54CA0102.tlv\n8 miss CTLSEP001B54CA0102.tlv\n"
			    "12 miss CTLSEP001B54CA0102.tlv\n16 miss CTLSEP001B54CA0102.tlv\n",
	 "20 miss CTLSEP001B54CA0102.tlv\n", "30 get XMLDefault.cnf.xml\n", "warning"},
	{"answers-lost",
	 LISTED_70 "3 start jar70sccp.8-3-2-27.sbn\n20 abort jar70sccp.8-3-2-27.sbn 0 "
		   "[never-answered] it never "
		   "answered; look for a firewall\n21 start jar70sccp.8-3-2-27.sbn\n",
	 "40 abort jar70sccp.8-3-2-27.sbn 0 [never-answered] it never answered; look for a "
	 "firewall\n",
	 "50 progress jar70sccp.8-3-2-27.sbn\n", "warning"},
	{"transfers-break",
	 LISTED_70
	 "3 start apps70.8-3-2-27.sbn\n9 abort apps70.8-3-2-27.sbn 512 no answer for 5 s\n"
	 "10 start apps70.8-3-2-27.sbn\n19 abort apps70.8-3-2-27.sbn 512 no answer for 5 s\n"
	 "20 start apps70.8-3-2-27.sbn\n",
	 "29 abort apps70.8-3-2-27.sbn 99328 no answer for 5 s\n", "40 get apps70.8-3-2-27.sbn\n",
	 "warning"},
	{"member-missing", LISTED_70 "3 ask apps70.8-3-2-27.sbn\n",
	 "3 unknown apps70.8-3-2-27.sbn\n", "9 get apps70.8-3-2-27.sbn\n", "warning"},
	{"no-bundle", ROUND(0, 1, C7961) "3 ask term45.default.loads\n",
	 "3 unknown term45.default.loads\n", "9 from SCCP70.8-3-3S\n9 get term45.default.loads\n",
	 "warning"},
	{"no-bundle", ROUND(0, 1, C7912) "3 ask cp7912r.zup\n", "3 unknown cp7912r.zup\n",
	 "9 from cp7912r\n9 get cp7912r.zup\n", "warning"},
	{"no-bundle", ROUND(0, 1, C7960) "3 ask OS79XX.TXT\n", "3 unknown OS79XX.TXT\n",
	 "9 from P0S3-8-12-00\n9 get P003-8-12-00.sbn\n", "warning"},
	{"held-back", ROUND(0, 1, C7970) "3 ask term70.default.loads\n",
	 "3 withheld term70.default.loads\n", "9 from SCCP70.8-3-3S\n9 get term70.default.loads\n",
	 "warning"},
	{"load-not-here",
	 ROUND(0, 1, C7970) "3 get SEP001B54CA0102.cnf.xml\n3 ask SIP70.9-9-9S.loads\n",
	 "4 unknown SIP70.9-9-9S.loads\n", "9 from SIP70.8-5-2S\n9 get SIP70.8-5-2S.loads\n",
	 "warning"},
	{"load-not-here", ROUND(0, 1, C7960) "3 unknown P0S3-07-4-00.loads\n",
	 "9 unknown P0S3-07-4-00.loads\n", "20 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n",
	 "warning"},
	{"image-not-here", ROUND(0, 1, C7912) "3 unknown CP7912080001SIP060412A.sbin\n",
	 "7 unknown CP7912080001SIP060412A.sbin\n", "9 from cp7912r\n9 get cp7912r.zup\n",
	 "warning"},
	{"not-back", ROUND(0, 1, C7912) "3 from cp7912r\n3 get cp7912r.zup\n602 wait\n",
	 "603 wait\n", "610 discover " C7912, "warning"},
	{"leased-silent",
	 ROUND(0, 1, C7970) "60 cdp TERM70_LOAD\n700 cdp TERM70_LOAD\n800 request\n899 wait\n",
	 "900 wait\n", "902 discover " C7970, "warning"},
	{"list-no-member", LISTED_70 "60 cdp TERM70_LOAD\n290 cdp TERM70_LOAD\n301 wait\n",
	 "302 wait\n", "310 start jar70sccp.8-3-2-27.sbn\n", "warning"},
	{"list-no-member", LISTED_70 "301 wait\n", "302 wait\n",
	 "310 start jar70sccp.8-3-2-27.sbn\n", "warning"},
	{"legacy-list-only",
	 ROUND(0, 1,
	       C7960) "2 from P0S3-8-12-00\n2 get P0S3-8-12-00.loads\n32 get P0S3-8-12-00.loads\n",
	 "62 get P0S3-8-12-00.loads\n", "70 start P003-8-12-00.sbn\n", "warning"},
	{"legacy-list-only",
	 ROUND(0, 1, C7960) "2 from P0S3-8-12-00\n2 get P0S3-8-12-00.loads\n301 wait\n",
	 "302 wait\n", "310 start P003-8-12-00.sbn\n", "warning"},
	{"signed-config", ROUND(0, 1, C7970) "3 ask SEP001B54CA0102.cnf.xml.sgn\n",
	 "3 unknown SEP001B54CA0102.cnf.xml.sgn\n", "90 get XMLDefault.cnf.xml\n", "warning"},
	{"ctl-loop",
	 ROUND(0, 1, C7961) "3 miss CTLSEPA.tlv\n13 miss CTLSEPA.tlv\n23 miss CTLSEPA.tlv\n" ROUND(
		 60, 61, C7961) "63 miss CTLSEPA.tlv\n73 miss CTLSEPA.tlv\n83 miss CTLSEPA.tlv\n",
	 "120 discover " C7961, "130 miss SEP001B54CA0102.cnf.xml\n", "warning"},
	{"config-loop",
	 ROUND(0, 1, C7961) "3 get SEP001B54CA0102.cnf.xml\n48 get SEP001B54CA0102.cnf.xml\n",
	 "93 get SEP001B54CA0102.cnf.xml\n", "99 miss dialplan.xml\n", "warning"},
	{"two-loads",
	 ROUND(0, 1,
	       C7970) "3 from SCCP70.8-3-3S\n3 get SCCP70.8-3-3S.loads\n"
		      "4 get jar70sccp.8-3-2-27.sbn\n300 from SIP70.8-5-2S\n"
		      "300 get SIP70.8-5-2S.loads\n301 get jar70sip.8.sbn\n302 get cnu70sip.8.sbn\n"
		      "600 from SCCP70.8-3-3S\n600 get SCCP70.8-3-3S.loads\n",
	 "601 start jar70sccp.8-3-2-27.sbn\n", "602 done jar70sccp.8-3-2-27.sbn\n2402 wait\n",
	 "warning"},
	{"no-line",
	 RECOVERED_70 "500 sccp SCCP70.8-3-3S\n560 sccp SCCP70.8-3-3S\n620 sccp SCCP70.8-3-3S\n"
		      "680 sccp SCCP70.8-3-3S\n740 sccp SCCP70.8-3-3S\n",
	 "800 sccp SCCP70.8-3-3S\n", "900 get term70.default.loads\n", "info"},
	{"no-line",
	 RECOVERED_70 "450 get XMLDefault.cnf.xml\n495 get XMLDefault.cnf.xml\n"
		      "540 get XMLDefault.cnf.xml\n585 get XMLDefault.cnf.xml\n"
		      "630 get XMLDefault.cnf.xml\n675 get XMLDefault.cnf.xml\n"
		      "720 get XMLDefault.cnf.xml\n",
	 "765 get XMLDefault.cnf.xml\n", "900 get term70.default.loads\n", "info"},
	{"no-line",
	 RECOVERED_70 "500 sccp SCCP70.8-3-3S\n560 sccp SCCP70.8-3-3S\n620 sccp SCCP70.8-3-3S\n"
		      "680 sccp SCCP70.8-3-3S\n740 sccp SCCP70.8-3-3S\n",
	 "800 sccp SCCP70.8-3-3S\n", "900 cdp TERM70_LOAD\n", "info"},
	{"dark-too-long", WRITING_70 "906 wait\n", "907 wait\n", "1000 discover " C7970, "notice"},
	{"dark-an-hour", WRITING_70 "907 wait\n3606 wait\n", "3607 wait\n", "3700 discover " C7970,
	 "warning"},
	{"fetch-stalled", LISTED_70 "3 start jar70sccp.8-3-2-27.sbn\n902 wait\n", "903 wait\n",
	 "910 discover " C7970, "warning"},
	{"back-silent", WRITING_70 BOOTED_70 "1002 wait\n", "1003 wait\n", "1010 discover " C7970,
	 "warning"},
	{"hardware-mismatch", ROUND(0, 1, C7970) "2 alarm 23: Name=SEP Last=Initialized\n",
	 "3 alarm Load rejected HC\n", "9 from SIP70.8-5-2S\n9 get jar70sip.8.sbn\n", "warning"},
	{"auth-failed", ROUND(0, 1, C7970), "3 alarm Load Authentication Failed\n",
	 "9 from SIP70.8-5-2S\n9 get jar70sip.8.sbn\n", "warning"},
};

static void put(char *out, size_t size, const char *a, const char *b, const char *c)
{
	assert_true(strlen(a) + strlen(b) + strlen(c) < size);
	snprintf(out, size, "%s%s%s", a, b, c);
}

static bool was_said(const char *code)
{
	const char *at = strstr(story.said, code);

	return at && (at == story.said || at[-1] == ' ') &&
	       (at[strlen(code)] == ' ' || !at[strlen(code)]);
}

static void each_situation(void **state)
{
	static char text[6000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(situations); i++) {
		const struct situation *s = &situations[i];
		char expect[80];

		story_play(&story, s->code, s->before);
		if (was_said(s->code))
			fail_msg("%s (%zu) comes too early: %s", s->code, i, story.last);
		snprintf(expect, sizeof(expect), "= advice %s\n", s->code);
		put(text, sizeof(text), s->before, s->step, expect);
		story_play(&story, s->code, text);
		assert_true(was_said(s->code));
		assert_string_equal(event_severity_name(story.last_severity), s->severity);
		put(text, sizeof(text), s->before, s->step, s->after);
		story_play(&story, s->code, text);
		if (!strstr(story.cleared, s->code))
			fail_msg("%s (%zu) is not taken back", s->code, i);
	}
}

/* A new row needs a story here; the tracker's rows have theirs in test_history and test_phone. */
static void every_row_has_a_story(void **state)
{
	(void)state;
	for (unsigned a = ADVICE_NONE + 1; a < ADVICE_COUNT; a++) {
		bool found = a == ADVICE_LIST_REFUSED || a == ADVICE_NO_BUNDLE_HELPS ||
			     a == ADVICE_STAYS_ON_STEP || a == ADVICE_OLD_BOOT_CODE ||
			     a == ADVICE_WRONG_MODEL;

		for (size_t i = 0; i < ARRAY_LEN(situations); i++)
			found = found || advice_find(situations[i].code) == (enum advice)a;
		if (!found)
			fail_msg("no story for %s", advice_words((enum advice)a)->code);
	}
}

/* Sentences, printable, and short enough for an event whatever the observation says. */
static void words_fit(void **state)
{
	const size_t room =
		sizeof(((struct event *)0)->text) - sizeof(((struct event *)0)->observation);

	(void)state;
	assert_true(ADVICE_WORDS_MAX + MAC_TEXT_MAX + 14 < room);
	for (unsigned a = ADVICE_NONE + 1; a < ADVICE_COUNT; a++) {
		const struct advice_words *w = advice_words((enum advice)a);
		const char *const part[] = {w->means, w->to_do, w->not_to_do};
		size_t len = 2;

		assert_true(strlen(w->code) < sizeof(((struct event *)0)->code));
		assert_int_equal(advice_find(w->code), a);
		for (size_t i = 0; i < ARRAY_LEN(part); i++) {
			size_t n = strlen(part[i]);

			len += n;
			if (n && part[i][n - 1] != '.' && part[i][n - 1] != '?')
				fail_msg("%s: no full stop: %s", w->code, part[i]);
			for (const char *p = part[i]; *p; p++)
				assert_true(*p >= 0x20 && *p <= 0x7e && *p != '{');
			assert_null(strstr(part[i], "  "));
		}
		if (len > ADVICE_WORDS_MAX)
			fail_msg("%s: %zu bytes", w->code, len);
	}
	assert_int_equal(advice_find("no-such-code"), ADVICE_NONE);
	assert_int_equal(advice_find(""), ADVICE_NONE);
}

/* The longest names that an event can carry. */
static void long_names(void **state)
{
	static char text[3000], name[120];

	(void)state;
	memset(name, 'x', sizeof(name));
	strcpy(name + sizeof(name) - 25, ".sbn");
	put(text, sizeof(text), LISTED_70 "3 unknown ", name,
	    "\n= advice member-missing\n= words the phone would refuse it.\n");
	story_play(&story, "long names", text);
}

/* Held back: the reason stands in the advice, as much of it as there is room for. */
static void why_it_is_held_back(void **state)
{
	static char text[3000], why[300];

	(void)state;
	story_play(
		&story, "why",
		ROUND(0, 1, C7970) "3 withheld term70.default.loads in the bundle "
				   "SCCP70.8-5-2S, cvm70.sbn is missing\n= advice held-back\n"
				   "= words asked for term70.default.loads, which is held back: "
				   "in the bundle SCCP70.8-5-2S, cvm70.sbn is missing. A phone\n");
	story_play(&story, "of an earlier version",
		   ROUND(0, 1, C7970) "3 withheld term70.default.loads\n= advice held-back\n"
				      "= words which is held back. A phone\n");
	memset(why, 'x', 240);
	put(text, sizeof(text), ROUND(0, 1, C7970) "3 withheld term70.default.loads ", why,
	    "\n= advice held-back\n= words x.... A phone\n= words left to try.\n");
	story_play(&story, "long", text);
}

static void once_and_not_again_soon(void **state)
{
	(void)state;
	story_play(&story, "stands",
		   ROUNDS(C7961) "61 ack " C7961 ROUND(80, 81, C7961) ROUND(100, 101, C7961)
			   ROUND(120, 121, C7961) "= said dhcp-no-tftp\n= cleared none\n");
	/* It asks for a file and falls back: the second time is too soon, the third is not. */
	story_play(
		&story, "again",
		ROUNDS(C7961) "61 ack " C7961 "70 miss CTLSEP001B54CA0102.tlv\n"
			      "= advice none\n= cleared dhcp-no-tftp\n" ROUND(80, 81, C7961) ROUND(
				      100, 101, C7961) ROUND(120, 121, C7961) ROUND(140, 141, C7961)
				      ROUND(160, 161,
					    C7961) "= said dhcp-no-tftp\n= advice none\n"
						   "300 miss CTLSEP001B54CA0102.tlv\n" ROUND(
							   600, 601, C7961) ROUND(620, 621, C7961)
							   ROUND(640, 641,
								 C7961) "660 discover " C7961
									"= advice none\n661 "
									"ack " C7961
									"= advice dhcp-no-tftp\n= "
									"said dhcp-no-tftp "
									"dhcp-no-tftp\n");
	/* Dark again within ten minutes of the first time: said when they are over, by time alone.
	 */
	story_play(&story, "by time",
		   LISTED_70 "302 wait\n= said list-no-member\n400 start jar70sccp.8-3-2-27.sbn\n"
			     "= advice none\n401 get term70.default.loads\n= stage listed\n"
			     "901 wait\n= said list-no-member\n902 wait\n"
			     "= said list-no-member list-no-member\n");
}

static void replaced_by_what_knows_more(void **state)
{
	(void)state;
	story_play(&story, "elsewhere",
		   ROUNDS(C7961) "61 ack " C7961 "= advice dhcp-no-tftp\n"
				 "65 elsewhere 10.9.9.9 x\n69 elsewhere 10.9.9.9 x\n"
				 "= advice tftp-elsewhere\n= cleared none\n"
				 "80 ask term61.default.loads\n= advice none\n"
				 "= cleared tftp-elsewhere\n");
	/* Not the other way round. */
	story_play(&story, "general",
		   ROUND(0, 1, C7961) "3 elsewhere 10.9.9.9 x\n4 elsewhere 10.9.9.9 x\n" ROUND(
			   20, 21, C7961) ROUND(40, 41, C7961)
			   ROUND(60, 61, C7961) "= advice tftp-elsewhere\n= said tftp-elsewhere\n");
	story_play(&story, "dark",
		   WRITING_70 "3607 wait\n= said dark-too-long dark-an-hour\n"
			      "= advice dark-an-hour\n"
			      "90000 wait\n= said dark-too-long dark-an-hour\n"
			      "90001 discover " C7970 "= cleared dark-an-hour\n= advice none\n");
	/* The tracker says that it refuses the list; that the list is another model's, we add. */
	story_play(&story, "wrong model",
		   ROUND(0, 1, C7961) "3 get SEP001B54CA0102.cnf.xml\n4 from SIP70.8-5-2S\n"
				      "4 get SIP70.8-5-2S.loads\n5 get SIP70.8-5-2S.loads\n"
				      "100 get SIP70.8-5-2S.loads\n= advice wrong-model\n"
				      "= words firmware of the 7970/7971\n");
	story_play(&story, "the tracker's own is taken back",
		   ROUND(0, 1, C7970) "2 from SIP70.8-5-2S\n2 get term70.default.loads\n"
				      "3 get term70.default.loads\n90 from SCCP70.8-3-3S\n"
				      "90 get term70.default.loads\n= advice list-refused\n"
				      "91 start jar70sccp.8-3-2-27.sbn\n= advice none\n"
				      "= cleared list-refused\n");
}

static void what_is_no_evidence(void **state)
{
	static char text[6000];

	(void)state;
	/* Renewals of a running phone; its own address and ours by ARP; a laptop without a model.
	 */
	story_play(&story, "renewals",
		   RECOVERED_70 "430 ack " C7970 "460 ack " C7970 "490 ack " C7970 "520 ack " C7970
				"550 ack " C7970 "= said none\n");
	story_play(&story, "arp",
		   ROUND(0, 1, C7970) "2 arp 10.79.70.51\n62 arp 10.79.70.51\n"
				      "122 arp 10.79.70.51\n130 arp 10.79.70.1\n"
				      "190 arp 10.79.70.1\n250 arp 10.79.70.1\n"
				      "= said none\n");
	story_play(&story, "a laptop", "0 discover\n1 ack\n9000 wait\n= said none\n");
	/* Minutes apart is no loop: the phone erases its flash. */
	story_play(&story, "slow",
		   ROUND(0, 1, C7970) ROUND(400, 401, C7970) ROUND(800, 801, C7970)
			   ROUND(1200, 1201, C7970) "= said none\n");
	/* Long enough, but not often enough. */
	story_play(&story, "three rounds",
		   ROUND(0, 1, C7961) ROUND(30, 31, C7961) ROUND(60, 61, C7961) "= said none\n");
	story_play(&story, "two walks",
		   ROUND(0, 1, C7961) "3 get SEP001B54CA0102.cnf.xml\n"
				      "93 get SEP001B54CA0102.cnf.xml\n= said none\n");
	story_play(&story, "seven walks",
		   RECOVERED_70 "450 get XMLDefault.cnf.xml\n550 get XMLDefault.cnf.xml\n"
				"650 get XMLDefault.cnf.xml\n750 get XMLDefault.cnf.xml\n"
				"850 get XMLDefault.cnf.xml\n950 get XMLDefault.cnf.xml\n"
				"1050 get XMLDefault.cnf.xml\n= said none\n");
	/* Our answers reached it a minute ago. */
	story_play(&story, "heard",
		   ROUND(0, 1, C7961) "2 get SEP001B54CA0102.cnf.xml\n4 miss CTLSEPA.tlv\n"
				      "8 miss CTLSEPA.tlv\n12 miss CTLSEPA.tlv\n"
				      "16 miss CTLSEPA.tlv\n20 miss CTLSEPA.tlv\n"
				      "24 miss CTLSEPA.tlv\n= said none\n");
	/* A loader that has an address and waits for a file of ours. */
	story_play(&story, "loader",
		   ROUND(0, 1, C7970) "3 ask term70.default.loads\n"
				      "60 cdp TERM70_LOAD\n"
				      "120 cdp TERM70_LOAD\n400 wait\n= said none\n");
	/* A recovered 7940 that asks for its SIP file every 31 seconds (julianhead). */
	strcpy(text, "0 discover " C7960 "1 ack " C7960 "2 from P0S3-8-12-00\n"
		     "2 get P0S3-8-12-00.loads\n3 get P0S3-8-12-00.sb2\n40 miss SIPDefault.cnf\n"
		     "= stage recovered\n");
	for (unsigned i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%u miss SIP001B54CA0102.cnf\n", 41 + 31 * i);
	strcat(text, "= said none\n");
	story_play(&story, "31 seconds", text);
	/* CTL, ITL, dial plan and tones that are not there. */
	story_play(&story, "misses",
		   RECOVERED_70 "420 miss dialplan.xml\n421 miss g3-tones.xml\n"
				"422 miss RINGLIST.DAT\n423 miss AppDialRules.xml\n= said none\n");
	/* A file that was erased and written again is no flip. */
	story_play(&story, "erased again",
		   LISTED_70 "4 get jar70sccp.8-3-2-27.sbn\n300 from SIP70.8-5-2S\n"
			     "300 get SIP70.8-5-2S.loads\n301 get jar70sip.8.sbn\n"
			     "600 from SCCP70.8-3-3S\n600 get term70.default.loads\n"
			     "601 get jar70sccp.8-3-2-27.sbn\n= said none\n");
}

/* Any order of anything: no deadline that stays, few events at a time, the same story again. */
static void any_order(void **state)
{
	static const char *const line[] = {
		"discover " C7970,
		"discover " C7960,
		"ack " C7961,
		"ack " C7912,
		"request\n",
		"nak no\n",
		"ignored full\n",
		"ignored [other-server] it has chosen another DHCP server\n",
		"decline\n",
		"rival 192.168.1.1\n",
		"rival 0.0.0.0\n",
		"from SCCP70.8-3-3S\n",
		"from SIP70.8-5-2S\n",
		"from P0S3-8-12-00\n",
		"from -\n",
		"get term70.default.loads\n",
		"get SIP70.8-5-2S.loads\n",
		"get P0S3-8-12-00.loads\n",
		"start jar70sccp.8-3-2-27.sbn\n",
		"get jar70sccp.8-3-2-27.sbn\n",
		"get cnu70.8-3-2-27.sbn\n",
		"get jar70sip.8.sbn\n",
		"get apps70.8-3-2-27.sbn\n",
		"get dsp70.8-3-2-27.sbn\n",
		"get cvm70sccp.8-3-2-27.sbn\n",
		"get cnu70sip.8.sbn\n",
		"abort jar70sip.8.sbn 0 [never-answered] it never answered\n",
		"abort jar70sip.8.sbn 512 no answer for 5 s\n",
		"unknown jar70sip.8.sbn\n",
		"unknown term45.default.loads\n",
		"withheld term70.default.loads\n",
		"miss CTLSEPA.tlv\n",
		"miss SEP001B54CA0102.cnf.xml\n",
		"unknown SEP001B54CA0102.cnf.xml.sgn\n",
		"get XMLDefault.cnf.xml\n",
		"miss dialplan.xml\n",
		"elsewhere 10.9.9.9 x\n",
		"arp 10.9.9.9\n",
		"cdp TERM70_LOAD\n",
		"cdp SCCP70.8-3-3S\n",
		"cdpip 10.79.70.51\n",
		"sccp SCCP70.8-3-3S\n",
		"sip SIP70.8-5-2S\n",
		"alarm Load Auth Failed\n",
		"alarm rejected HC\n",
		"phone 00:1b:54:ca:01:02 10.79.70.51\n",
		"phone 00:1b:54:ca:01:03 10.79.70.51\n",
	};
	static char text[40 * 400];
	static struct story again;
	uint64_t random = 1;
	unsigned said = 0;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		unsigned now = 0;
		size_t len = 0;

		for (unsigned i = 0; i < 60; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			now += (unsigned)((random >> 43) % ((random >> 40) % 8 ? 30 : 5000));
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u %s", now,
						line[(random >> 33) % ARRAY_LEN(line)]);
			assert_true(len < sizeof(text));
		}
		story_play(&story, "any order", text);
		assert_true(story.most <= ARRAY_LEN(((struct phones_out *)0)->events));
		said += story.said[0] != '\0';
		story_play(&again, "any order", text);
		assert_memory_equal(&story, &again, sizeof(story));
	}
	assert_true(said > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_situation),
		cmocka_unit_test(every_row_has_a_story),
		cmocka_unit_test(words_fit),
		cmocka_unit_test(long_names),
		cmocka_unit_test(why_it_is_held_back),
		cmocka_unit_test(once_and_not_again_soon),
		cmocka_unit_test(replaced_by_what_knows_more),
		cmocka_unit_test(what_is_no_evidence),
		cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
