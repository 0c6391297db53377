/* SPDX-License-Identifier: MIT */
/* Every group of names that phones are known to ask for (phones.md 15), in the cases they use. */
#include "reflashd/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct models models;

static void kinds(void **state)
{
	static const struct {
		const char *base;
		enum request_kind kind;
	} cases[] = {
		{"term70.default.loads", REQUEST_DEFAULT_LOADS},
		{"TERM41.DEFAULT.loads", REQUEST_DEFAULT_LOADS},
		{"term99.default.loads", REQUEST_DEFAULT_LOADS},
		{"SCCP70.8-3-3S.loads", REQUEST_LOADS},
		{"TERM70.7-0-2-0S.loads", REQUEST_LOADS},
		{"P0S3-8-12-00.LOADS", REQUEST_LOADS},
		{"Jar41sip.8-3-0-50.sbn", REQUEST_IMAGE},
		{"P0S3-8-12-00.sb2", REQUEST_IMAGE},
		{"P003-8-12-00.bin", REQUEST_IMAGE},
		{"CP7905080000SIP060111A.zup", REQUEST_IMAGE},
		{"CP7912080000SIP060111A.SBIN", REQUEST_IMAGE},
		{"cp7912r.zup", REQUEST_RECOVERY},
		{"CP7902R.ZUP", REQUEST_RECOVERY},
		{"ldragonr.zup", REQUEST_RECOVERY},
		{"CTLSEP001122AABBCC.tlv", REQUEST_TRUST_LIST},
		{"ITLSEP001122AABBCC.tlv", REQUEST_TRUST_LIST},
		{"ITLFile.tlv", REQUEST_TRUST_LIST},
		{"CTLFile.tlv", REQUEST_TRUST_LIST},
		{"SEP001122AABBCC.cnf.xml", REQUEST_CONFIG},
		{"SEP001122aabbcc.cnf.xml.sgn", REQUEST_CONFIG},
		{"SEP001122aabbcc.cnf.xml.enc.sgn", REQUEST_CONFIG},
		{"XMLDefault.cnf.xml.sgn", REQUEST_CONFIG},
		{"XMLDefault.cnf.xml", REQUEST_XMLDEFAULT},
		{"xmlDefault.CNF.XML", REQUEST_XMLDEFAULT},
		{"XmlDefault.cnf.xml", REQUEST_XMLDEFAULT},
		{"OS79XX.TXT", REQUEST_OS79XX},
		{"os79xx.txt", REQUEST_OS79XX},
		{"SIPDefault.cnf", REQUEST_LEGACY_CONFIG},
		{"SEPDefault.cnf", REQUEST_LEGACY_CONFIG},
		{"SEPDEFAULT.cnf", REQUEST_LEGACY_CONFIG},
		{"SIP001122AABBCC.cnf", REQUEST_LEGACY_CONFIG},
		{"MGC001122AABBCC.cnf", REQUEST_LEGACY_CONFIG},
		{"syncinfo.xml", REQUEST_LEGACY_CONFIG},
		{"gk001122aabbcc", REQUEST_PROFILE},
		{"gk0099ffAAFF90", REQUEST_PROFILE},
		{"ld001122aabbcc", REQUEST_PROFILE},
		{"ff001122aabbcc", REQUEST_PROFILE},
		{"gkdefault.cfg", REQUEST_PROFILE},
		{"lddefault.cfg", REQUEST_PROFILE},
		{"ffdefault.cfg", REQUEST_PROFILE},
		{"dialplan.xml", REQUEST_APPLICATION},
		{"RINGLIST.DAT", REQUEST_APPLICATION},
		{"g3-tones.xml", REQUEST_APPLICATION},
		{"sp-sip.jar", REQUEST_APPLICATION},
		{"7960-font.xml", REQUEST_APPLICATION},
		{"SCCP-dictionary.xml", REQUEST_APPLICATION},
		{"AppDialRules.xml", REQUEST_APPLICATION},
		{"gk", REQUEST_OTHER},
		{"xx001122aabbcc", REQUEST_OTHER},
		{"001122aabbcc", REQUEST_OTHER},
		{"xxdefault.cfg", REQUEST_OTHER},
		{"default.cfg", REQUEST_OTHER},
		{"gk001122aabbc", REQUEST_OTHER},
		{"SIP001122AABBCG.cnf", REQUEST_OTHER},
		{"README", REQUEST_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (request_kind(cases[i].base, &models) != cases[i].kind)
			fail_msg("%s: %d", cases[i].base, request_kind(cases[i].base, &models));
}

static void macs(void **state)
{
	static const uint8_t want[6] = {0x00, 0x1b, 0x54, 0xca, 0xfe, 0x02};
	static const char *const good[] = {
		"SEP001B54CAFE02.cnf.xml", "CTLSEP001B54CAFE02.tlv", "ITLSEP001b54cafe02.tlv",
		"SIP001B54CAFE02.cnf",	   "MGC001B54CAFE02.cnf",    "gk001b54cafe02",
		"ld001b54cafe02",	   "ff001B54cafe02",	     "sep001b54cafe02.cnf.xml.sgn",
	};
	static const char *const bad[] = {
		"SEP001B54CAFE0.cnf.xml",
		"SEP001B54CAFE023.cnf.xml",
		"SEP001B54CAFG02.cnf.xml",
		"ITLFile.tlv",
		"SEPDefault.cnf",
		"XX001B54CAFE02",
		"SEP",
		"",
		"gk001b54cafe02x",
	};
	uint8_t mac[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		memset(mac, 0xee, sizeof(mac));
		if (!request_mac(good[i], mac))
			fail_msg("%s", good[i]);
		assert_memory_equal(mac, want, 6);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memset(mac, 0xee, sizeof(mac));
		if (request_mac(bad[i], mac))
			fail_msg("%s", bad[i]);
		assert_int_equal(mac[0], 0xee);
	}
}

/* Every prefix of a long name, each in a copy of exactly its size. */
static void short_names(void **state)
{
	static const char *const names[] = {"CTLSEP001B54CAFE02.tlv", "gk001b54cafe02",
					    "term70.default.loads", "XMLDefault.cnf.xml"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t len = 0; len <= strlen(names[i]); len++) {
			char *copy = malloc(len + 1);
			uint8_t mac[6];

			assert_non_null(copy);
			memcpy(copy, names[i], len);
			copy[len] = '\0';
			(void)request_kind(copy, &models);
			(void)request_mac(copy, mac);
			free(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(macs),
		cmocka_unit_test(short_names),
	};

	models_builtin(&models);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
