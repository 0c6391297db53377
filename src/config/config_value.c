/* SPDX-License-Identifier: MIT */
/*
 * One value: its text into the struct, and back. The same function serves flags, file and the
 * defaults of the table, so that all three mean the same thing.
 *
 * Every refusal quotes the value, says what is wrong with it, and what would be right.
 */
#include "option.h"

#include "reflashd/phone.h"
#include "reflashd/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define YEAR_SECONDS	   31536000u
#define IP_FIRST_MULTICAST 0xe0000000u

#define QUOTED_MAX 64

/* The value as it may be shown: escaped and not endless. */
static const char *quoted(char out[QUOTED_MAX], const char *value)
{
	text_escape(out, QUOTED_MAX, (const uint8_t *)value, strlen(value));
	return out;
}

/* `VALUE' and a clause. Always false, so that callers can return it. */
static bool refuse(struct fault *why, const char *value, const char *clause)
{
	char q[QUOTED_MAX];
	const char *remedy = strchr(clause, ';');

	if (!value[0] && remedy)
		fault_set(why, -EINVAL, "the value is empty%s", remedy);
	else
		fault_set(why, -EINVAL, "`%s' %s", quoted(q, value), clause);
	return false;
}

/* Copies the part of a value without the blanks around it; false when it is too long. */
static bool trimmed(char *out, size_t size, const char *from, size_t len)
{
	while (len > 0 && (*from == ' ' || *from == '\t'))
		from++, len--;
	while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	if (len >= size)
		return false;
	memcpy(out, from, len);
	out[len] = 0;
	return true;
}

static bool set_truth(bool *out, const char *value, struct fault *why)
{
	static const char *const yes[] = {"yes", "true", "1"}, *const no[] = {"no", "false", "0"};

	for (unsigned i = 0; i < ARRAY_LEN(yes); i++) {
		if (text_equal_nocase(value, yes[i]) || text_equal_nocase(value, no[i])) {
			*out = text_equal_nocase(value, yes[i]);
			return true;
		}
	}
	return refuse(why, value, "is neither yes nor no; give yes or no");
}

struct number_rule {
	uint32_t min, max;
	const char *unit, *low, *high;
};

static bool set_number(uint32_t *out, const char *value, const struct number_rule *rule,
		       struct fault *why)
{
	bool digits = value[0] && value[strspn(value, "0123456789")] == 0;
	char clause[160];
	uint64_t v;

	if (text_to_u64(value, rule->min, rule->max, &v)) {
		*out = (uint32_t)v;
		return true;
	}
	snprintf(clause, sizeof(clause), "is %s; give %s from %" PRIu32 " to %" PRIu32,
		 !digits				? "not a whole number"
		 : text_to_u64(value, 0, rule->min, &v) ? rule->low
							: rule->high,
		 rule->unit, rule->min, rule->max);
	return refuse(why, value, clause);
}

/* One of up to three words; the index of it goes to *out. */
static bool set_choice(unsigned *out, const char *value, const char *const words[3],
		       struct fault *why)
{
	char clause[80];

	for (unsigned i = 0; i < 3; i++) {
		if (text_equal_nocase(value, words[i])) {
			*out = i;
			return true;
		}
	}
	snprintf(clause, sizeof(clause), "is not known; give %s, %s or %s", words[0], words[1],
		 words[2]);
	return refuse(why, value, clause);
}

static const char *const clients_words[3] = {"auto", "phones", "all"};
static const char *const color_words[3] = {"auto", "always", "never"};

/* Text without control characters (they could not be shown, nor stand in a file). */
static bool set_text(char *out, size_t size, const char *value, const char *expected,
		     struct fault *why)
{
	char clause[160];

	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			snprintf(clause, sizeof(clause), "holds a control character; give %s",
				 expected);
			return refuse(why, value, clause);
		}
	}
	if (!value[0] || strlen(value) >= size) {
		snprintf(clause, sizeof(clause), "is longer than %zu bytes; give %s", size - 1,
			 expected);
		return refuse(why, value, clause);
	}
	must(text_copy(out, size, value));
	return true;
}

/* What the kernel accepts as the name of an interface: 1 to 15 bytes, no '/', no blanks. */
static bool set_interface(struct config *c, const char *value, struct fault *why)
{
	if (!value[0] || strpbrk(value, "/ \t") || strcmp(value, ".") == 0 ||
	    strcmp(value, "..") == 0)
		return refuse(why, value,
			      "is no interface name; give one that `ip link' lists, such as eth0");
	return set_text(c->interface, sizeof(c->interface), value,
			"an interface that `ip link' lists, such as eth0", why);
}

static bool host_address(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip < IP_FIRST_MULTICAST;
}

static bool set_address(struct config *c, const char *value, struct fault *why)
{
	uint32_t ip, mask;
	unsigned len;

	if (!ip4_parse_prefix(value, &ip, &len) || !host_address(ip))
		return refuse(why, value,
			      "is no address with a prefix length from 1 to 30; give one such as "
			      "10.79.70.1/24");
	mask = ip4_netmask(len);
	if ((ip & ~mask) == 0 || (ip | mask) == 0xffffffff)
		return refuse(why, value,
			      "is the first or last address of its network, which no machine may "
			      "have; give one in between, such as 10.79.70.1/24");
	c->address = ip;
	c->prefix_len = len;
	c->has_address = true;
	return true;
}

static bool set_pool(struct config *c, const char *value, struct fault *why)
{
	const char *dash = strchr(value, '-');
	char a[IP4_TEXT_MAX], b[IP4_TEXT_MAX], clause[120];
	uint32_t first, last;

	if (!dash || !trimmed(a, sizeof(a), value, (size_t)(dash - value)) ||
	    !trimmed(b, sizeof(b), dash + 1, strlen(dash + 1)) || !ip4_parse(a, &first) ||
	    !ip4_parse(b, &last) || !host_address(first) || !host_address(last))
		return refuse(why, value,
			      "is no range of addresses; give FIRST-LAST, such as "
			      "10.79.70.50-10.79.70.250");
	if (first > last)
		return refuse(why, value,
			      "ends before it begins; give the lower address first, such as "
			      "10.79.70.50-10.79.70.250");
	if (last - first >= LEASE_POOL_MAX) {
		snprintf(clause, sizeof(clause), "holds %" PRIu32 " addresses; give at most %d",
			 last - first + 1, LEASE_POOL_MAX);
		return refuse(why, value, clause);
	}
	c->pool_first = first;
	c->pool_last = last;
	return true;
}

static bool set_addresses(struct dhcp_addresses *out, const char *value, struct fault *why)
{
	struct dhcp_addresses list = {.n = 0};
	const char *p = value;
	char one[IP4_TEXT_MAX];

	for (;;) {
		size_t len = strcspn(p, ",");
		uint32_t ip;

		if (list.n == DHCP_ADDRESSES_MAX)
			return refuse(why, value, "holds too many addresses; give at most 4");
		if (!trimmed(one, sizeof(one), p, len) || !ip4_parse(one, &ip) || !host_address(ip))
			return refuse(why, value,
				      "is no list of addresses; give up to 4 with commas between "
				      "them, such as 10.79.70.1,10.79.70.2");
		list.ip[list.n++] = ip;
		if (p[len] == 0)
			break;
		p += len + 1;
	}
	*out = list;
	return true;
}

static bool set_target(struct config *c, const char *value, struct fault *why)
{
	if (strpbrk(value, "/\\ \t"))
		return refuse(why, value,
			      "is no load name; give one such as SCCP70.8-3-3S, or newest");
	return set_text(c->target, sizeof(c->target), value,
			"a load name such as SCCP70.8-3-3S, or newest", why);
}

/* A path replaces those of a weaker origin and joins those of its own. */
static bool add_firmware(struct config *c, const char *value, enum config_origin origin,
			 unsigned line, struct fault *why)
{
	unsigned n = c->origin[OPTION_FIRMWARE].origin == origin ? c->firmware_count : 0;

	if (n == CONFIG_FIRMWARE_MAX)
		return refuse(why, value,
			      "is the 33rd; give at most 32, or a folder that holds them");
	if (!set_text(c->firmware[n], sizeof(c->firmware[n]), value, "a folder or an archive", why))
		return false;
	c->firmware_line[n] = line;
	c->firmware_count = n + 1;
	return true;
}

static const char *const listen_words[] = {"cdp", "sccp", "sip", "page"};

/* "cdp,sip", or "none". */
static bool set_listen(unsigned *out, const char *value, struct fault *why)
{
	const char *expected = "is not known here; give any of cdp, sccp, sip, page with commas "
			       "between them, or none";
	unsigned bits = 0;

	if (strcmp(value, "none") == 0) {
		*out = 0;
		return true;
	}
	for (const char *word = value; word;) {
		size_t len = strcspn(word, ","), i = 0;

		while (i < ARRAY_LEN(listen_words) &&
		       (strlen(listen_words[i]) != len || memcmp(listen_words[i], word, len) != 0))
			i++;
		if (i == ARRAY_LEN(listen_words))
			return refuse(why, value, expected);
		bits |= 1u << i;
		word = word[len] ? word + len + 1 : NULL;
	}
	*out = bits;
	return true;
}

/* "8080" or "10.79.70.1:8080"; without an address only this machine can see the page. */
static bool set_web(struct config *c, const char *value, struct fault *why)
{
	static const struct number_rule rule = {1, 65535, "a port", "too small", "too large"};
	const char *colon = strrchr(value, ':');
	uint32_t address = 0x7f000001u, port;
	char host[IP4_TEXT_MAX];

	if (colon) {
		size_t len = (size_t)(colon - value);

		if (len >= sizeof(host))
			return refuse(why, value, "has no IPv4 address before the colon");
		memcpy(host, value, len);
		host[len] = 0;
		if (!ip4_parse(host, &address))
			return refuse(why, value,
				      "has no IPv4 address before the colon; give a port such as "
				      "8080, or an address and a port such as 127.0.0.1:8080");
	}
	if (!set_number(&port, colon ? colon + 1 : value, &rule, why))
		return false;
	c->web_address = address;
	c->web_port = (uint16_t)port;
	return true;
}

static bool set_control(struct config *c, const char *value, struct fault *why)
{
	if (strcmp(value, "none") == 0) {
		c->control[0] = 0;
		return true;
	}
	if (strlen(value) >= CONFIG_CONTROL_MAX)
		return refuse(why, value, "is too long for a socket; give at most 107 characters");
	return set_text(c->control, sizeof(c->control), value, "the path of a socket, or none",
			why);
}

static bool set_value(struct config *c, enum config_option o, const char *value,
		      enum config_origin origin, unsigned line, struct fault *why)
{
	static const struct number_rule lease = {60, YEAR_SECONDS, "seconds", "too short",
						 "too long"},
					timeout = {1, YEAR_SECONDS, "seconds", "too short",
						   "too long"},
					in_all = {1, 20000, "a number", "too small", "too large"},
					per_client = {1, 1000, "a number", "too small",
						      "too large"},
					count = {1, PHONES_MAX, "a number", "too small",
						 "too large"};
	const char *file = "the name of a file";
	unsigned choice;

	switch (o) {
	case OPTION_INTERFACE: return set_interface(c, value, why);
	case OPTION_ADDRESS: return set_address(c, value, why);
	case OPTION_FORCE: return set_truth(&c->force, value, why);
	case OPTION_CONFIG: return set_text(c->file, sizeof(c->file), value, file, why);
	case OPTION_POOL: return set_pool(c, value, why);
	case OPTION_ROUTER: return set_addresses(&c->routers, value, why);
	case OPTION_DNS: return set_addresses(&c->dns, value, why);
	case OPTION_TFTP_SERVER: return set_addresses(&c->tftp, value, why);
	case OPTION_LEASE_TIME: return set_number(&c->lease_seconds, value, &lease, why);
	case OPTION_CLIENTS:
		if (!set_choice(&choice, value, clients_words, why))
			return false;
		c->clients = (enum config_clients)choice;
		return true;
	case OPTION_TARGET: return set_target(c, value, why);
	case OPTION_KEYS: return set_text(c->keys, sizeof(c->keys), value, file, why);
	case OPTION_MODELS: return set_text(c->models, sizeof(c->models), value, file, why);
	case OPTION_SERVE_INCOMPLETE: return set_truth(&c->serve_incomplete, value, why);
	case OPTION_FIRMWARE: return add_firmware(c, value, origin, line, why);
	case OPTION_MAX_TRANSFERS: return set_number(&c->max_transfers, value, &in_all, why);
	case OPTION_MAX_PER_CLIENT: return set_number(&c->max_per_client, value, &per_client, why);
	case OPTION_ONCE: /* a flag without a value, and no key of the file */
		c->count = 1;
		return true;
	/* More phones than PHONES_MAX are not told apart, so they cannot be counted. */
	case OPTION_COUNT: return set_number(&c->count, value, &count, why);
	case OPTION_TIMEOUT: return set_number(&c->timeout_seconds, value, &timeout, why);
	case OPTION_EVENTS: return set_text(c->events, sizeof(c->events), value, file, why);
	case OPTION_LISTEN: return set_listen(&c->listen, value, why);
	case OPTION_CDP_POWER: return set_truth(&c->cdp_power, value, why);
	case OPTION_PCAP: return set_text(c->pcap, sizeof(c->pcap), value, file, why);
	case OPTION_WEB: return set_web(c, value, why);
	case OPTION_CONTROL: return set_control(c, value, why);
	case OPTION_STATE_DIR:
		return set_text(c->state_dir, sizeof(c->state_dir), value, "a folder", why);
	case OPTION_USER: return set_text(c->user, sizeof(c->user), value, "a user", why);
	case OPTION_VERBOSE: /* counted, and taken back by -q: the later one wins */
		c->verbosity = c->verbosity > 0 ? 2 : 1;
		return true;
	case OPTION_QUIET: c->verbosity = -1; return true;
	case OPTION_COLOR:
		if (!set_choice(&choice, value, color_words, why))
			return false;
		c->color = (enum config_color)choice;
		return true;
	case OPTION_PRINT_CONFIG: return set_truth(&c->print_config, value, why);
	case OPTION_HELP: return set_truth(&c->help, value, why);
	case OPTIONS_TOTAL: break;
	}
	must(o < OPTIONS_TOTAL);
	return false;
}

bool option_set(struct config *c, enum config_option o, const char *value,
		enum config_origin origin, unsigned line, struct fault *why)
{
	if (!set_value(c, o, value, origin, line, why))
		return false;
	c->origin[o].origin = origin;
	c->origin[o].line = line;
	return true;
}

static bool show_text(const char *value, char *out, size_t size)
{
	must(text_copy(out, size, value));
	return value[0] != 0;
}

static bool show_truth(bool value, char *out, size_t size)
{
	return show_text(value ? "yes" : "no", out, size);
}

static bool show_number(uint32_t value, char *out, size_t size)
{
	must(text_format(out, size, "%" PRIu32, value));
	return value != 0;
}

static bool show_addresses(const struct dhcp_addresses *list, char *out, size_t size)
{
	size_t len = 0;

	out[0] = 0;
	for (unsigned i = 0; i < list->n; i++) {
		char ip[IP4_TEXT_MAX];

		ip4_format(list->ip[i], ip);
		must(text_format(out + len, size - len, "%s%s", i ? "," : "", ip));
		len += strlen(out + len);
	}
	return list->n != 0;
}

static bool show_pool(const struct config *c, char *out, size_t size)
{
	struct dhcp_addresses pair = {.ip = {c->pool_first, c->pool_last}, .n = 2};

	if (c->pool_first == 0 || !show_addresses(&pair, out, size))
		return false;
	*strchr(out, ',') = '-';
	return true;
}

static bool show_address(const struct config *c, char *out, size_t size)
{
	char ip[IP4_TEXT_MAX];

	ip4_format(c->address, ip);
	must(text_format(out, size, "%s/%u", ip, c->prefix_len));
	return c->has_address;
}

static bool show_listen(unsigned bits, char *out, size_t size)
{
	size_t len = 0;

	must(text_copy(out, size, bits ? "" : "none"));
	for (unsigned i = 0; i < ARRAY_LEN(listen_words); i++) {
		if (!(bits >> i & 1))
			continue;
		must(text_format(out + len, size - len, "%s%s", len ? "," : "", listen_words[i]));
		len += strlen(out + len);
	}
	return true;
}

static bool show_web(const struct config *c, char *out, size_t size)
{
	char ip[IP4_TEXT_MAX];

	ip4_format(c->web_address, ip);
	must(text_format(out, size, "%s:%u", ip, c->web_port));
	return c->web_port != 0;
}

bool option_show(const struct config *c, enum config_option o, char *out, size_t size)
{
	switch (o) {
	case OPTION_INTERFACE: return show_text(c->interface, out, size);
	case OPTION_ADDRESS: return show_address(c, out, size);
	case OPTION_FORCE: return show_truth(c->force, out, size);
	case OPTION_CONFIG: return show_text(c->file, out, size);
	case OPTION_POOL: return show_pool(c, out, size);
	case OPTION_ROUTER: return show_addresses(&c->routers, out, size);
	case OPTION_DNS: return show_addresses(&c->dns, out, size);
	case OPTION_TFTP_SERVER: return show_addresses(&c->tftp, out, size);
	case OPTION_LEASE_TIME: return show_number(c->lease_seconds, out, size);
	case OPTION_CLIENTS: return show_text(clients_words[c->clients], out, size);
	case OPTION_TARGET: return show_text(c->target, out, size);
	case OPTION_KEYS: return show_text(c->keys, out, size);
	case OPTION_MODELS: return show_text(c->models, out, size);
	case OPTION_SERVE_INCOMPLETE: return show_truth(c->serve_incomplete, out, size);
	case OPTION_MAX_TRANSFERS: return show_number(c->max_transfers, out, size);
	case OPTION_MAX_PER_CLIENT: return show_number(c->max_per_client, out, size);
	case OPTION_ONCE: return show_truth(c->origin[o].origin == ORIGIN_FLAG, out, size);
	case OPTION_COUNT: return show_number(c->count, out, size);
	case OPTION_TIMEOUT: return show_number(c->timeout_seconds, out, size);
	case OPTION_EVENTS: return show_text(c->events, out, size);
	case OPTION_LISTEN: return show_listen(c->listen, out, size);
	case OPTION_CDP_POWER: return show_truth(c->cdp_power, out, size);
	case OPTION_PCAP: return show_text(c->pcap, out, size);
	case OPTION_WEB: return show_web(c, out, size);
	case OPTION_CONTROL: return show_text(c->control[0] ? c->control : "none", out, size);
	case OPTION_STATE_DIR: return show_text(c->state_dir, out, size);
	case OPTION_USER: return show_text(c->user, out, size);
	case OPTION_VERBOSE: return show_truth(c->verbosity > 0, out, size);
	case OPTION_QUIET: return show_truth(c->verbosity < 0, out, size);
	case OPTION_COLOR: return show_text(color_words[c->color], out, size);
	case OPTION_PRINT_CONFIG: return show_truth(c->print_config, out, size);
	case OPTION_HELP: return show_truth(c->help, out, size);
	case OPTION_FIRMWARE:
	case OPTIONS_TOTAL: break;
	}
	must(o < OPTION_FIRMWARE);
	return false;
}
