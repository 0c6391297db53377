/* SPDX-License-Identifier: MIT */
/*
 * Small readers of one line, and the orders that everything is sorted by. Up to three texts, with
 * newlines between them. What is read and written again is the same; an order is one: whoever sorts
 * by it comes to an end.
 */
#include "exact.h"
#include "reflashd/address.h"
#include "reflashd/catalogue.h"
#include "reflashd/text.h"
#include "steps.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct models models;

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void check_orders(char *const t[TEXTS])
{
	int ab = sign(loads_version_compare(t[0], t[1])),
	    bc = sign(loads_version_compare(t[1], t[2]));
	int ac = sign(loads_version_compare(t[0], t[2]));

	must(loads_version_compare(t[0], t[0]) == 0);
	must(sign(loads_version_compare(t[1], t[0])) == -ab);
	if (ab == bc)
		must(ac == ab);
	if (ab == 0)
		must(ac == bc);
	must(sign(text_casecmp(t[0], t[1])) == -sign(text_casecmp(t[1], t[0])));
	must(text_distance(t[0], t[1]) == text_distance(t[1], t[0]));
	must((text_distance(t[0], t[1]) == 0) ==
	     (text_equal_nocase(t[0], t[1]) && text_distance(t[0], t[1]) != UINT_MAX));
	load_announces(t[0], t[1]);
}

static void check_addresses(const char *text)
{
	char out[MAC_TEXT_MAX], ip_text[IP4_TEXT_MAX];
	struct mac mac, again;
	uint32_t ip, ip_again;
	unsigned prefix;

	if (mac_parse(text, &mac)) {
		mac_format(mac, out);
		must(mac_parse(out, &again) && mac_equal(mac, again));
	}
	if (ip4_parse(text, &ip)) {
		ip4_format(ip, ip_text);
		must(strcmp(ip_text, text) == 0 && ip4_parse(ip_text, &ip_again) && ip_again == ip);
	}
	if (ip4_parse_prefix(text, &ip, &prefix))
		must(prefix >= 1 && prefix <= 30);
}

static void check_names(const char *text)
{
	struct load_version v, again;
	char load[72], term[8];
	uint8_t mac[6];
	const struct model *m;
	model_set set = models_by_load(&models, text);

	if (load_version_parse(text, &v))
		must(load_version_parse(text, &again) && load_version_order(&v, &again) == 0);
	if (load_is_loader(text, term))
		must(strlen(term) > 0 && strlen(term) < sizeof(term));
	load_name_of_file(text, load, sizeof(load));
	must(strlen(load) <= strlen(text));
	must((unsigned)request_kind(text, &models) <= REQUEST_OTHER);
	request_mac(text, mac);
	must(models.count == MODELS_MAX || set >> models.count == 0);
	m = models_by_vendor_class(&models, text);
	must(!m || m->vendor_class[0]);
	m = models_by_id(&models, text);
	must(!m || models_by_id(&models, m->id) == m);
	loads_member_part(text);
}

/* Escaped into every size there may be: it ends, and is printable. */
static void check_escape(const uint8_t *data, size_t len)
{
	char out[80];

	for (size_t size = 8; size <= sizeof(out); size += 9) {
		size_t n = text_escape(out, size, data, len);

		must(n < size && n == strlen(out));
		check_text(out);
	}
}

static void check_spans(const char *text)
{
	struct span s = {(const uint8_t *)text, strlen(text)}, trimmed = span_trim(s);
	uint64_t a, b;

	must(trimmed.len <= s.len &&
	     (!trimmed.len || (*trimmed.data != ' ' && *trimmed.data != '\t')));
	if (span_number(s, UINT64_MAX, &a))
		must(s.len > 20 || (text_to_u64(text, 0, UINT64_MAX, &b) && a == b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text[TEXTS];

	if (!models.count)
		models_builtin(&models);
	check_escape(data, len);
	for (unsigned i = 0; i < TEXTS; i++) {
		const uint8_t *end = len ? memchr(data, '\n', len) : NULL;
		size_t n = end ? (size_t)(end - data) : len;
		const uint8_t *zero = n ? memchr(data, 0, n) : NULL;
		size_t whole = zero ? (size_t)(zero - data) : n;

		text[i] = malloc(whole + 1);
		must(text[i]);
		if (whole)
			memcpy(text[i], data, whole);
		text[i][whole] = 0;
		data += n + (end != NULL);
		len -= n + (end != NULL);
	}
	check_orders(text);
	for (unsigned i = 0; i < TEXTS; i++) {
		check_addresses(text[i]);
		check_names(text[i]);
		check_spans(text[i]);
		free(text[i]);
	}
	return 0;
}
