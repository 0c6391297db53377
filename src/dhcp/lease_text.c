/* SPDX-License-Identifier: MIT */
/*
 * The lease table as text, so that a restart does not move anybody:
 *
 *	00:1b:54:ca:01:02 10.79.70.66 bound 3541
 *
 * A person may read it, but nobody has to write it; whatever we would not have written
 * ourselves means that the file is damaged, and then none of it is believed: half a lease
 * table may give one address to two phones. Empty lines and lines that begin with '#' are
 * fine. A last line without its newline is a file that was cut off.
 *
 * The journal beside it has the same words behind a checksum. It is written by appending, and a
 * line that is torn is the last one: nobody was told of it. So here the rule is the other
 * way round, everything before the damage is believed.
 *
 * Loading goes over the text twice: once to judge it, once to take it over. Two lines for one
 * phone or one address are only noticed the second time; then all is undone. Lines for
 * addresses that are not in the pool (it was changed) or that were taken out of it are skipped.
 */
#include "reflashd/lease.h"

#include "reflashd/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TEXT_MAX LEASE_LINE_MAX
#define FOREVER	      UINT32_MAX /* seconds: RFC 2131 3.3, "infinity" */

struct line {
	struct mac mac;
	uint32_t ip;
	enum lease_state state;
	uint64_t seconds;
};

static bool worth_saving(const struct lease *l)
{
	return l->state == LEASE_BOUND || l->state == LEASE_RELEASED ||
	       (l->state == LEASE_OFFERED && l->kept);
}

/* Rounded up: rounding down would end a lease before its time, a little at each restart. */
static uint64_t seconds_left(usec_t expires, usec_t now)
{
	if (expires <= now)
		return 0;
	return expires - now > USEC_SEC(FOREVER) ? FOREVER : (expires - now + 999999) / 1000000;
}

static usec_t expiry(uint64_t seconds, usec_t now)
{
	return seconds == FOREVER ? USEC_NEVER : now + USEC_SEC(seconds);
}

char *lease_table_save(const struct lease_table *t, usec_t now)
{
	size_t size = (size_t)t->count * LINE_TEXT_MAX + 1;
	char *text = malloc(size);
	size_t len = 0;
	unsigned i;

	if (!text)
		return NULL;
	text[0] = '\0';
	for (i = 0; i < t->count; i++) {
		const struct lease *l = &t->slots[i];
		char mac[MAC_TEXT_MAX], ip[IP4_TEXT_MAX];
		int n;

		if (!worth_saving(l))
			continue;
		mac_format(l->mac, mac);
		ip4_format(l->ip, ip);
		n = snprintf(text + len, size - len, "%s %s %s %" PRIu64 "\n", mac, ip,
			     l->state == LEASE_BOUND ? "bound" : "released",
			     l->state == LEASE_OFFERED ? 0 : seconds_left(l->expires, now));
		must(n > 0 && n < LINE_TEXT_MAX);
		len += (size_t)n;
	}
	return text;
}

/* The next line without its newline. False at the end; *whole false: cut off or far too long. */
static bool next_line(struct span *rest, char out[LINE_TEXT_MAX], bool *whole)
{
	const uint8_t *end;
	size_t len;

	*whole = true;
	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	len = end ? (size_t)(end - rest->data) : rest->len;
	if (!end || len >= LINE_TEXT_MAX || memchr(rest->data, '\0', len)) {
		*whole = false;
		return true;
	}
	memcpy(out, rest->data, len);
	out[len] = '\0';
	rest->data += len + 1;
	rest->len -= len + 1;
	return true;
}

static bool parse_line(char *text, struct line *out)
{
	char *field[4];
	size_t i;

	for (i = 0; i < ARRAY_LEN(field); i++) {
		field[i] = text;
		text += strcspn(text, " ");
		if ((*text == ' ') != (i + 1 < ARRAY_LEN(field)))
			return false;
		*text++ = '\0';
	}
	if (!mac_parse(field[0], &out->mac) || mac_is_zero(out->mac) || out->mac.b[0] & 1)
		return false;
	if (strcmp(field[2], "bound") == 0)
		out->state = LEASE_BOUND;
	else if (strcmp(field[2], "released") == 0)
		out->state = LEASE_RELEASED;
	else
		return false;
	return ip4_parse(field[1], &out->ip) && text_to_u64(field[3], 0, FOREVER, &out->seconds);
}

static bool skip_line(const char *text)
{
	return text[0] == '\0' || text[0] == '#';
}

static bool take_over(struct lease_table *t, const struct line *line, usec_t now)
{
	struct lease *l = lease_find_ip(t, line->ip);

	if (!l || l->state == LEASE_DECLINED)
		return true;
	if (l->state != LEASE_FREE || lease_find_mac(t, line->mac))
		return false;
	lease_set(t, l, line->mac, line->state, expiry(line->seconds, now));
	l->kept = line->state == LEASE_BOUND ? l->expires : 1;
	return true;
}

static void forget_all(struct lease_table *t)
{
	unsigned i;

	for (i = 0; i < t->count; i++) {
		if (worth_saving(&t->slots[i]))
			lease_set(t, &t->slots[i], t->slots[i].mac, LEASE_FREE, 0);
	}
}

static bool table_is_fresh(const struct lease_table *t)
{
	unsigned i;

	for (i = 0; i < t->count; i++) {
		if (t->slots[i].state != LEASE_FREE && t->slots[i].state != LEASE_DECLINED)
			return false;
	}
	return true;
}

static int bad_line(struct fault *f, const char *name, unsigned number, const char *what)
{
	return fault_set(f, -EINVAL, "the lease file `%s' is damaged: line %u %s", name, number,
			 what);
}

int lease_table_load(struct lease_table *t, const char *name, const char *text, size_t len,
		     usec_t now, struct fault *f)
{
	int pass;

	must(table_is_fresh(t));
	for (pass = 0; pass < 2; pass++) {
		struct span rest = {(const uint8_t *)text, len};
		char buffer[LINE_TEXT_MAX];
		unsigned number = 1;
		struct line line;
		bool whole;

		for (; next_line(&rest, buffer, &whole); number++) {
			if (!whole)
				return bad_line(f, name, number, "is cut off or far too long");
			if (skip_line(buffer))
				continue;
			if (!parse_line(buffer, &line))
				return bad_line(f, name, number,
						"is not \"MAC IP bound|released SECONDS\"");
			if (pass == 1 && !take_over(t, &line, now)) {
				forget_all(t);
				return bad_line(f, name, number,
						"names a phone or an address for the second time");
			}
		}
	}
	return 0;
}

/* ---- the journal ---- */

/* The CRC-32 of Ethernet and zip. Bit by bit: lines are short and few. */
static uint32_t crc32_of(const char *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

#define CRC_LEN 8u

size_t lease_line_write(const struct lease *l, usec_t now, char *out, usec_t *kept)
{
	char mac[MAC_TEXT_MAX], ip[IP4_TEXT_MAX], sum[CRC_LEN + 1];
	uint64_t seconds = 0;
	int n;

	*kept = 0;
	ip4_format(l->ip, ip);
	mac_format(l->mac, mac);
	if (l->state == LEASE_BOUND) {
		seconds = seconds_left(l->expires, now);
		if (seconds != FOREVER)
			seconds = seconds * 2 < FOREVER ? seconds * 2 : FOREVER - 1;
		*kept = expiry(seconds, now);
	} else if (worth_saving(l)) {
		*kept = 1;
	}
	if (worth_saving(l))
		n = snprintf(out + CRC_LEN + 1, LEASE_LINE_MAX - CRC_LEN - 1,
			     "%s %s %s %" PRIu64 "\n", mac, ip,
			     l->state == LEASE_BOUND ? "bound" : "released", seconds);
	else
		n = snprintf(out + CRC_LEN + 1, LEASE_LINE_MAX - CRC_LEN - 1, "- %s free 0\n", ip);
	must(n > 0 && (unsigned)n < LEASE_LINE_MAX - CRC_LEN - 1);
	snprintf(sum, sizeof(sum), "%08" PRIx32, crc32_of(out + CRC_LEN + 1, (size_t)n - 1));
	memcpy(out, sum, CRC_LEN);
	out[CRC_LEN] = ' ';
	return CRC_LEN + 1 + (size_t)n;
}

static bool parse_free(const char *text, uint32_t *ip)
{
	char copy[IP4_TEXT_MAX];
	const char *end = strchr(text + 2, ' ');

	if (strncmp(text, "- ", 2) != 0 || !end || strcmp(end, " free 0") != 0 ||
	    (size_t)(end - text - 2) >= sizeof(copy))
		return false;
	memcpy(copy, text + 2, (size_t)(end - text - 2));
	copy[end - text - 2] = '\0';
	return ip4_parse(copy, ip);
}

/* False: torn. Addresses that are no longer in the pool are passed over. */
static bool replay_line(struct lease_table *t, char *text, usec_t now)
{
	char sum[CRC_LEN + 1];
	size_t len = strlen(text);
	struct line line;
	struct lease *l;

	if (len < CRC_LEN + 3 || text[CRC_LEN] != ' ')
		return false;
	snprintf(sum, sizeof(sum), "%08" PRIx32, crc32_of(text + CRC_LEN + 1, len - CRC_LEN - 1));
	if (memcmp(sum, text, CRC_LEN) != 0)
		return false;
	text += CRC_LEN + 1;
	line.state = LEASE_FREE;
	if (!parse_free(text, &line.ip) && !parse_line(text, &line))
		return false;
	l = lease_find_ip(t, line.ip);
	if (!l || l->state == LEASE_DECLINED)
		return true;
	if (line.state == LEASE_FREE) {
		lease_set(t, l, l->mac, LEASE_FREE, 0);
		return true;
	}
	lease_set(t, l, line.mac, line.state, expiry(line.seconds, now));
	l->kept = line.state == LEASE_BOUND ? l->expires : 1;
	return true;
}

unsigned lease_journal_replay(struct lease_table *t, const char *text, size_t len, usec_t now)
{
	struct span rest = {(const uint8_t *)text, len};
	char buffer[LINE_TEXT_MAX];
	unsigned n = 0;
	bool whole;

	while (next_line(&rest, buffer, &whole) && whole && replay_line(t, buffer, now))
		n++;
	return n;
}
