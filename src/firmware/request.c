/* SPDX-License-Identifier: MIT */
/*
 * What kind of thing a phone asks for, by the name alone (phones.md 15).
 *
 * Most names that phones ask for need not exist: trust lists, dial plans, tones. The kind says
 * whether a miss is harmless, so that nobody takes "No CTL installed" for the fault
 * (phones.md 12, item 7). Case never matters here: 7902/7905/7912 write MACs in lower case, some
 * 7940 releases ask for xmlDefault.CNF.XML.
 */
#include "reflashd/catalogue.h"

#include "reflashd/text.h"

#include <string.h>

static int hex_value(char c)
{
	c = text_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Twelve hex digits and then the end or a dot. */
static bool mac_at(const char *text, uint8_t mac[6])
{
	uint8_t out[6];

	for (size_t i = 0; i < 6; i++) {
		int high = hex_value(text[2 * i]);
		int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);

		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	if (text[12] != '\0' && text[12] != '.')
		return false;
	memcpy(mac, out, 6);
	return true;
}

bool request_mac(const char *base, uint8_t mac[6])
{
	static const char *const prefix[] = {"CTLSEP", "ITLSEP", "SEP", "SIP",
					     "MGC",    "gk",	 "ld",	"ff"};

	for (size_t i = 0; i < ARRAY_LEN(prefix); i++)
		if (text_starts_nocase(base, prefix[i]) && mac_at(base + strlen(prefix[i]), mac))
			return true;
	return false;
}

static bool one_of(const char *base, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(base, names[i]))
			return true;
	return false;
}

static bool ends_with_one_of(const char *base, const char *const suffixes[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_ends_nocase(base, suffixes[i]))
			return true;
	return false;
}

static bool is_default_loads(const char *base, const struct models *models)
{
	if (models_by_term(models, base))
		return true;
	/* The same of a model that the catalogue does not have: still the erased phone's request.
	 */
	return text_starts_nocase(base, "term") && text_ends_nocase(base, ".default.loads");
}

static bool is_image(const char *base)
{
	static const char *const suffix[] = {".sbn", ".sb2", ".bin", ".zup", ".sbin"};

	return ends_with_one_of(base, suffix, ARRAY_LEN(suffix));
}

static bool is_trust_list(const char *base)
{
	return (text_starts_nocase(base, "CTL") || text_starts_nocase(base, "ITL")) &&
	       text_ends_nocase(base, ".tlv");
}

/* Also XMLDefault.cnf.xml.sgn: asked for by phones with a trust list, and nobody can sign it. */
static bool is_config(const char *base)
{
	static const char *const suffix[] = {".cnf.xml", ".cnf.xml.sgn", ".cnf.xml.enc.sgn"};

	return ends_with_one_of(base, suffix, ARRAY_LEN(suffix));
}

static bool is_legacy_config(const char *base)
{
	static const char *const name[] = {"SIPDefault.cnf", "SEPDefault.cnf", "MGCDefault.cnf",
					   "syncinfo.xml"};
	uint8_t mac[6];

	if (one_of(base, name, ARRAY_LEN(name)))
		return true;
	return text_ends_nocase(base, ".cnf") &&
	       (text_starts_nocase(base, "SIP") || text_starts_nocase(base, "MGC") ||
		text_starts_nocase(base, "SEP")) &&
	       mac_at(base + 3, mac);
}

/* gk<mac>, ld<mac>, ff<mac>, gkdefault.cfg …: the binary profiles of the 7902/7905/7912. */
static bool is_profile(const char *base, const struct models *models)
{
	for (unsigned i = 0; i < models->count; i++) {
		const char *profile = models->model[i].profile;
		uint8_t mac[6];

		if (!profile[0] || !text_starts_nocase(base, profile))
			continue;
		base += strlen(profile);
		return text_equal_nocase(base, "default.cfg") || mac_at(base, mac);
	}
	return false;
}

/* What a running phone decorates itself with. Suffixes for the families of locale files. */
static bool is_application(const char *base)
{
	static const char *const name[] = {
		"dialplan.xml",	      "cisco_dialplan.xml",
		"AppDialRules.xml",   "DirDialRules.xml",
		"softkeys.xml",	      "RINGLIST.DAT",
		"Ringlist.xml",	      "DistinctiveRinglist.xml",
		"List.xml",	      "featurePolicyDefault.xml",
		"SoftKeyDefault.xml",
	};
	static const char *const suffix[] = {
		"-sip.jar",
		"-sccp.jar",
		"-tones.xml",
		"-font.xml",
		"-font.dat",
		"-kate.xml",
		"-font-main.xml",
		"-dictionary.xml",
		"-dictionary-ext.xml",
		".raw",
		".pcm",
		".rwb",
		".rtf",
		".png",
		".jar",
	};

	return one_of(base, name, ARRAY_LEN(name)) ||
	       ends_with_one_of(base, suffix, ARRAY_LEN(suffix));
}

enum request_kind request_kind(const char *base, const struct models *models)
{
	if (models_by_recovery(models, base))
		return REQUEST_RECOVERY;
	if (is_default_loads(base, models))
		return REQUEST_DEFAULT_LOADS;
	if (text_ends_nocase(base, ".loads"))
		return REQUEST_LOADS;
	if (is_image(base))
		return REQUEST_IMAGE;
	if (is_trust_list(base))
		return REQUEST_TRUST_LIST;
	if (text_equal_nocase(base, "XMLDefault.cnf.xml"))
		return REQUEST_XMLDEFAULT;
	if (is_config(base))
		return REQUEST_CONFIG;
	if (text_equal_nocase(base, "OS79XX.TXT"))
		return REQUEST_OS79XX;
	if (is_legacy_config(base))
		return REQUEST_LEGACY_CONFIG;
	if (is_profile(base, models))
		return REQUEST_PROFILE;
	return is_application(base) ? REQUEST_APPLICATION : REQUEST_OTHER;
}
