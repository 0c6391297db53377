/* SPDX-License-Identifier: MIT */
/*
 * Answers of the status page that are made at once: the numbers for Prometheus, the newest events,
 * and whether a Host is one of ours.
 *
 * Numbers come from the board, which is folded from the stream, so they tell the same story as
 * everything else. A counter begins at 0 with the daemon, which is what Prometheus expects.
 */
#include "web.h"

#include "recent.h"
#include "reflashd/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_MOST 1000u

/* ---- /metrics ---- */

/* In the order in which a phone goes through them; "other" is what a later version may add. */
static const char *const stages[] = {"seen", "leased",	  "listed",  "fetching",  "writing",
				     "back", "next-step", "refused", "recovered", "other"};
#define STAGES ARRAY_LEN(stages)

static void head(struct web_text *out, const char *name, const char *type, const char *help)
{
	web_text_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct web_text *out, const char *name, const char *type, const char *help,
		uint64_t value)
{
	head(out, name, type, help);
	web_text_format(out, "%s %" PRIu64 "\n", name, value);
}

static void put_phones(const struct board *b, struct web_text *out)
{
	unsigned count[STAGES] = {0}, advised = 0;

	for (unsigned i = 0; i < b->count; i++) {
		size_t s = 0;

		while (s < STAGES - 1 && strcmp(b->phone[i].stage, stages[s]) != 0)
			s++;
		count[s]++;
		advised += b->phone[i].code[0] != 0;
	}
	head(out, "reflashd_phones", "gauge", "Phones known now, by the stage they are in.");
	for (size_t s = 0; s < STAGES; s++)
		web_text_format(out, "reflashd_phones{stage=\"%s\"} %u\n", stages[s], count[s]);
	one(out, "reflashd_phones_not_shown", "gauge",
	    "More phones, with older news, whose stage is not known.", b->away_count);
	one(out, "reflashd_phones_with_advice", "gauge", "Phones that need somebody's attention.",
	    advised);
	one(out, "reflashd_recovered_total", "counter", "Recoveries that were proven.",
	    b->events[EVENT_PHONE_RECOVERED]);
}

static void put_bundles(const struct board *b, struct web_text *out)
{
	unsigned complete = 0;

	for (unsigned i = 0; i < b->bundle_count; i++)
		complete += b->bundle[i].complete;
	head(out, "reflashd_bundles", "gauge", "Firmware bundles in the library, by state.");
	web_text_format(out, "reflashd_bundles{state=\"complete\"} %u\n", complete);
	web_text_format(out, "reflashd_bundles{state=\"incomplete\"} %u\n",
			b->bundle_count - complete);
	head(out, "reflashd_bundle_info", "gauge", "Always 1; the bundle is in the labels.");
	for (unsigned i = 0; i < b->bundle_count; i++) {
		web_text_put(out, "reflashd_bundle_info{load=\"");
		web_text_label(out, b->bundle[i].load);
		web_text_put(out, "\",signature=\"");
		web_text_label(out, b->bundle[i].signature);
		web_text_put(out, "\",source=\"");
		web_text_label(out, b->bundle[i].source);
		web_text_put(out, "\"} 1\n");
	}
}

void web_metrics(const struct daemon *d, unsigned viewers, struct web_text *out)
{
	const struct board *b = d->bus.board;

	head(out, "reflashd_build_info", "gauge", "Always 1; the version is in the label.");
	web_text_put(out, "reflashd_build_info{version=\"");
	web_text_label(out, REFLASHD_VERSION);
	web_text_put(out, "\"} 1\n");
	one(out, "reflashd_start_time_seconds", "gauge", "When this run began, since 1970 UTC.",
	    (uint64_t)(b->start_ms / 1000));
	one(out, "reflashd_ready", "gauge", "1: phones are served.", b->ready);
	if (b->link_known)
		one(out, "reflashd_link_up", "gauge", "1: the cable has a connection.", b->link_up);
	one(out, "reflashd_rival", "gauge", "1: another DHCP server was seen on this wire.",
	    b->rival != 0);
	put_phones(b, out);
	one(out, "reflashd_tftp_bytes_total", "counter", "Bytes of files handed out by TFTP.",
	    b->bytes);
	one(out, "reflashd_tftp_resent_total", "counter", "TFTP packets that were sent again.",
	    b->resent);
	put_bundles(b, out);
	head(out, "reflashd_events_total", "counter", "Events of the stream, by their name.");
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		web_text_format(out, "reflashd_events_total{event=\"%s\"} %" PRIu64 "\n",
				event_name((enum event_type)i), b->events[i]);
	one(out, "reflashd_web_viewers", "gauge", "Status pages that are open.", viewers);
}

/* ---- /api/events ---- */

struct events {
	struct web_text *out;
	uint64_t skip, left;
	bool any;
};

static bool count_event(void *ctx, uint64_t seq, const char *json, size_t len)
{
	(void)seq;
	(void)json;
	(void)len;
	++*(uint64_t *)ctx;
	return true;
}

static bool put_event(void *ctx, uint64_t seq, const char *json, size_t len)
{
	struct events *e = ctx;

	(void)seq;
	if (e->skip) {
		e->skip--;
		return true;
	}
	if (!e->left--)
		return false;
	web_text_put(e->out, e->any ? "," : "");
	web_text_add(e->out, json, len);
	e->any = true;
	return true;
}

/* after 0: the newest ones. Else the first ones behind it, so that whoever reads on misses none. */
void web_events(struct daemon *d, uint64_t after, uint64_t limit, struct web_text *out)
{
	struct events e = {.out = out, .left = limit < EVENTS_MOST ? limit : EVENTS_MOST};
	uint64_t count = 0;

	if (!after) {
		recent_each(d, 0, count_event, &count);
		e.skip = count > e.left ? count - e.left : 0;
	}
	web_text_put(out, "[");
	if (after < UINT64_MAX)
		recent_each(d, after + 1, put_event, &e);
	web_text_put(out, "]");
}

/* ---- Host ---- */

/* 10.79.70.1, [::1], without the port. A page of somebody else that wants to read us must have us
 * resolved by a name of its own (DNS rebinding), never by an address. */
static bool is_address(const char *host)
{
	struct in6_addr v6;
	uint32_t v4;
	size_t len = strlen(host);
	char inner[64];

	if (ip4_parse(host, &v4))
		return true;
	if (len < 4 || len >= sizeof(inner) || host[0] != '[' || host[len - 1] != ']')
		return false;
	memcpy(inner, host + 1, len - 2);
	inner[len - 2] = 0;
	return inet_pton(AF_INET6, inner, &v6) == 1;
}

bool web_host_is_ours(const char *host)
{
	char name[256], own[256], local[264];
	const char *port;
	char *dot;
	size_t len;

	if (!host)
		return false;
	port = strrchr(host, ':');
	if (port && strchr(port, ']')) /* [::1] without a port */
		port = NULL;
	len = port ? (size_t)(port - host) : strlen(host);
	if (!len || len >= sizeof(name) ||
	    (port && (port[1] == 0 || strspn(port + 1, "0123456789") != strlen(port + 1))))
		return false;
	memcpy(name, host, len);
	name[len] = 0;
	if (is_address(name) || text_equal_nocase(name, "localhost"))
		return true;
	if (gethostname(own, sizeof(own)) != 0)
		return false;
	own[sizeof(own) - 1] = 0;
	if (!own[0])
		return false;
	if (text_equal_nocase(name, own))
		return true;
	dot = strchr(own, '.');
	if (dot)
		*dot = 0;
	text_format(local, sizeof(local), "%s.local", own);
	return text_equal_nocase(name, own) || text_equal_nocase(name, local);
}
