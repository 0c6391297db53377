/* SPDX-License-Identifier: MIT */
#include "reflashd/address.h"
#include "reflashd/text.h"

#include <stdio.h>
#include <string.h>

bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

bool mac_is_zero(struct mac m)
{
	static const struct mac zero;

	return mac_equal(m, zero);
}

void mac_format(struct mac m, char out[MAC_TEXT_MAX])
{
	snprintf(out, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m.b[0], m.b[1], m.b[2], m.b[3],
		 m.b[4], m.b[5]);
}

static int hex_digit(char c)
{
	c = text_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool mac_parse(const char *text, struct mac *out)
{
	struct mac m;
	unsigned digits = 0;
	size_t len = strlen(text);
	char separator = 0;
	unsigned group; /* hex digits between separators */

	if (len == 17)
		separator = text[2], group = 2;
	else if (len == 14)
		separator = text[4], group = 4;
	else if (len == 12)
		group = 12;
	else
		return false;
	if ((group == 2 && separator != ':' && separator != '-') ||
	    (group == 4 && separator != '.'))
		return false;
	for (size_t i = 0; i < len; i++) {
		int d = hex_digit(text[i]);

		if (separator && i % (group + 1) == group) {
			if (text[i] != separator)
				return false;
			continue;
		}
		if (d < 0)
			return false;
		if (digits % 2 == 0)
			m.b[digits / 2] = (uint8_t)(d << 4);
		else
			m.b[digits / 2] = (uint8_t)(m.b[digits / 2] | d);
		digits++;
	}
	*out = m;
	return true;
}

void ip4_format(uint32_t ip, char out[IP4_TEXT_MAX])
{
	snprintf(out, IP4_TEXT_MAX, "%u.%u.%u.%u", ip >> 24 & 255, ip >> 16 & 255, ip >> 8 & 255,
		 ip & 255);
}

bool ip4_parse(const char *text, uint32_t *out)
{
	uint32_t ip = 0;
	const char *p = text;

	for (int i = 0; i < 4; i++) {
		unsigned v = 0, digits = 0;

		while (*p >= '0' && *p <= '9' && digits < 4) {
			v = v * 10 + (unsigned)(*p++ - '0');
			digits++;
		}
		if (digits == 0 || digits > 3 || v > 255 || (digits > 1 && p[-(int)digits] == '0'))
			return false;
		if (*p != (i < 3 ? '.' : '\0'))
			return false;
		p++;
		ip = ip << 8 | v;
	}
	*out = ip;
	return true;
}

bool ip4_parse_prefix(const char *text, uint32_t *ip, unsigned *prefix_len)
{
	char address[IP4_TEXT_MAX];
	const char *slash = strchr(text, '/');
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = 0;
	if (!text_to_u64(slash + 1, 1, 30, &len) || !ip4_parse(address, ip))
		return false;
	*prefix_len = (unsigned)len;
	return true;
}

uint32_t ip4_netmask(unsigned prefix_len)
{
	must(prefix_len <= 32);
	return prefix_len ? ~(uint32_t)0 << (32 - prefix_len) : 0;
}
