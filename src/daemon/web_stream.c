/* SPDX-License-Identifier: MIT */
/*
 * What a page that is open is told, as server-sent events:
 *
 *     library   the firmware, its findings and the plan (web_library.c)
 *     status    the board without its phones, when it has changed, at most once a second
 *     phone     one phone as /api/phones has it, when it has changed, at most four times a second
 *     gone      the MAC address of a phone that was taken off the board
 *     log       an event in short: number, time, name, severity, sentence, phone
 *     speed     the bytes of the last ten minutes, second by second, at the beginning
 *     tick      every second: the time here, and the bytes of the five seconds before
 *
 * A page begins with all of it; after that all pages are told the same, so it is written once,
 * into a ring, and a viewer is no more than a place in it. With a Last-Event-ID (a page that
 * lost the connection) only log lines that it lacks are told again.
 *
 * What can go wrong: a viewer that does not read. It is cut off when the ring has overtaken it,
 * or after half a minute; nobody else notices. A machine that is gone without a word: TCP gives up
 * after the same time. Nobody looks: nothing is made, the timer stands still.
 */
#include "web.h"

#include "recent.h"
#include "reflashd/board_json.h"
#include "reflashd/lib.h"
#include "reflashd/view.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BEAT_MS	     250u
#define BEATS_SECOND 4u
#define TICK_SECONDS 5
#define BEATS_ALL    20u /* every so many beats each phone is looked at */
#define PATIENCE     USEC_SEC(30)

#define LIBMICROHTTPD(F)                                                                           \
	F(MHD_create_response_from_callback)                                                       \
	F(MHD_get_connection_info) F(MHD_resume_connection) F(MHD_set_connection_option)           \
		F(MHD_suspend_connection)
LIB(mhd, "microhttpd", LIBMICROHTTPD)

struct web_viewer {
	struct web_stream *stream;
	struct MHD_Connection *connection;
	struct web_viewer *next;
	int fd;
	bool asleep, cut;
	struct web_text begin; /* what it is told first, for itself */
	size_t begun;
	uint64_t at;  /* in the ring */
	usec_t moved; /* when it last took something or had nothing to take */
};

/* ---- saying something ---- */

static uint64_t hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

static void put_message(struct web_text *out, const char *name, uint64_t id, const char *data)
{
	web_text_format(out, "event: %s\n", name);
	if (id)
		web_text_format(out, "id: %" PRIu64 "\n", id);
	web_text_put(out, "data: ");
	web_text_put(out, data);
	web_text_put(out, "\n\n");
}

static void cut_off(struct web_viewer *v);

static void tell_all(struct web_stream *s, const struct web_text *t)
{
	if (t->failed || t->len > WEB_RING_BYTES / 2) {
		/* They come back and begin with all of it, which needs no room here. */
		for (struct web_viewer *v = s->first; v; v = v->next)
			cut_off(v);
		return;
	}
	for (size_t i = 0; i < t->len;) {
		size_t at = (size_t)(s->head % WEB_RING_BYTES);
		size_t n = t->len - i < WEB_RING_BYTES - at ? t->len - i : WEB_RING_BYTES - at;

		memcpy(s->ring + at, t->data + i, n);
		s->head += n;
		i += n;
	}
}

/* Of the seconds before this one. Several: a beat that comes late shall not lose one. */
static void put_seconds(const struct board *b, int64_t now_ms, int64_t count, struct web_text *out)
{
	int64_t now = now_ms / 1000;

	web_text_format(out, "\"second\":%" PRId64 ",\"bytes\":[", now - 1);
	for (int64_t s = now - count; s < now; s++) {
		bool known = s > 0 && s <= b->second_last && b->second_last - s < BOARD_SECONDS;

		web_text_format(out, "%s%" PRIu32, s > now - count ? "," : "",
				known ? b->second[s % BOARD_SECONDS] : 0);
	}
	web_text_put(out, "]}\n\n");
}

static void put_speed(const struct board *b, int64_t now_ms, struct web_text *out)
{
	web_text_put(out, "event: speed\ndata: {");
	put_seconds(b, now_ms, BOARD_SECONDS - 1, out);
}

static void put_tick(const struct board *b, int64_t now_ms, struct web_text *out)
{
	web_text_format(out, "event: tick\ndata: {\"now\":%" PRId64 ",", now_ms);
	put_seconds(b, now_ms, TICK_SECONDS, out);
}

static void put_library(struct web_stream *s, struct web_text *out)
{
	struct web_text json = {0};

	web_library(s->daemon, &json);
	if (!json.failed)
		put_message(out, "library", 0, json.data);
	web_text_free(&json);
}

/* ---- log lines ---- */

static void log_line(struct web_stream *s, const struct event *e)
{
	struct web_log *l = &s->log[s->log_count % WEB_LOG_MAX];
	struct web_text t = {0};
	char sentence[1024], mac[MAC_TEXT_MAX];

	if (!view_shows(e, 1)) /* progress is seen better in its bar */
		return;
	event_text(e, sentence, sizeof(sentence));
	web_text_format(&t, "{\"seq\":%" PRIu64 ",\"time\":%" PRId64, e->seq, e->wall_ms);
	web_text_format(&t, ",\"event\":\"%s\",\"severity\":\"%s\",\"text\":", event_name(e->type),
			event_severity_name(e->severity));
	web_text_json(&t, sentence);
	if (event_has(e, FIELD_MAC)) {
		mac_format(e->mac, mac);
		web_text_format(&t, ",\"mac\":\"%s\"", mac);
	}
	web_text_put(&t, "}");
	if (t.failed) {
		web_text_free(&t);
		return;
	}
	free(l->json);
	*l = (struct web_log){e->seq, t.data};
	s->log_count++;
	if (s->viewers) {
		struct web_text message = {0};

		put_message(&message, "log", e->seq, t.data);
		tell_all(s, &message);
		web_text_free(&message);
	}
}

/* What was said before we were open. */
static bool log_recent(void *ctx, uint64_t seq, const char *json, size_t len)
{
	static struct event e; /* large, and read back one at a time */
	struct fault f;

	(void)seq;
	if (event_from_json(&e, json, len, &f) == 0)
		log_line(ctx, &e);
	return true;
}

static void put_log(const struct web_stream *s, uint64_t after, struct web_text *out)
{
	uint64_t from = s->log_count > WEB_LOG_MAX ? s->log_count - WEB_LOG_MAX : 0;

	for (uint64_t i = from; i < s->log_count; i++) {
		const struct web_log *l = &s->log[i % WEB_LOG_MAX];

		if (l->seq > after)
			put_message(out, "log", l->seq, l->json);
	}
}

/* ---- phones ---- */

/* all: look at every phone, not only at those that an event was about. */
static void put_phone_news(struct web_stream *s, bool all, struct web_text *out)
{
	const struct board *b = s->daemon->bus.board;
	char mac[MAC_TEXT_MAX + 2];

	for (unsigned i = 0; i < b->count; i++) {
		struct web_sent *sent = &s->sent[i];
		bool other = sent->known && !mac_equal(sent->mac, b->phone[i].mac);
		uint64_t before = sent->hash;
		char *json;

		if (sent->known && !sent->news && !all && !other)
			continue;
		json = board_phone_json(&b->phone[i]);
		if (!json)
			continue;
		sent->hash = hash(json);
		if (other && !board_find(b, sent->mac)) {
			mac[0] = '"';
			mac_format(sent->mac, mac + 1);
			strcat(mac, "\"");
			put_message(out, "gone", 0, mac);
		}
		if (!sent->known || other || sent->hash != before)
			put_message(out, "phone", 0, json);
		sent->mac = b->phone[i].mac;
		sent->known = true;
		sent->news = false;
		free(json);
	}
}

static void put_phones(const struct board *b, struct web_text *out)
{
	for (unsigned i = 0; i < b->count; i++) {
		char *json = board_phone_json(&b->phone[i]);

		if (json)
			put_message(out, "phone", 0, json);
		else
			out->failed = true;
		free(json);
	}
}

static void put_status_news(struct web_stream *s, struct web_text *out)
{
	char *json = board_status_json(s->daemon->bus.board);
	uint64_t now = json ? hash(json) : s->status_hash;

	if (now != s->status_hash)
		put_message(out, "status", 0, json);
	s->status_hash = now;
	free(json);
}

/* Which phone it is about: a MAC address, or the IP address of one. */
static void on_event(void *ctx, const struct event *e, const char *json)
{
	struct web_stream *s = ctx;
	const struct board *b = s->daemon->bus.board;
	const struct board_phone *p = event_has(e, FIELD_MAC) ? board_find(b, e->mac) : NULL;

	(void)json;
	if (p)
		s->sent[p - b->phone].news = true;
	else if (event_has(e, FIELD_IP))
		for (unsigned i = 0; i < b->count; i++)
			if (b->ip[i] == e->ip)
				s->sent[i].news = true;
	s->library_news |= e->type == EVENT_FIRMWARE_BUNDLE || e->type == EVENT_FIRMWARE_GONE ||
			   e->type == EVENT_FIRMWARE_FINDING;
	s->all |= e->type == EVENT_DAEMON_STOP;
	log_line(s, e);
}

/* ---- viewers ---- */

static void wake(struct web_viewer *v)
{
	if (!v->asleep)
		return;
	v->asleep = false;
	mhd.MHD_resume_connection(v->connection);
}

/* The only way to end a connection that waits for its reader: libmicrohttpd sees it break. */
static void cut_off(struct web_viewer *v)
{
	v->cut = true;
	shutdown(v->fd, SHUT_RDWR);
	wake(v);
}

/* libmicrohttpd asks for more to send. */
static ssize_t read_on(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct web_viewer *v = ctx;
	const struct web_stream *s = v->stream;
	size_t n, at;

	(void)pos;
	v->moved = daemon_now();
	if (v->cut || s->head - v->at > WEB_RING_BYTES)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (v->begun < v->begin.len) {
		n = v->begin.len - v->begun < max ? v->begin.len - v->begun : max;
		memcpy(buf, v->begin.data + v->begun, n);
		v->begun += n;
		if (v->begun == v->begin.len) {
			web_text_free(&v->begin);
			v->begun = 0;
		}
		return (ssize_t)n;
	}
	if (v->at == s->head) {
		if (s->ended)
			return MHD_CONTENT_READER_END_OF_STREAM;
		v->asleep = true;
		mhd.MHD_suspend_connection(v->connection);
		return 0;
	}
	at = (size_t)(v->at % WEB_RING_BYTES);
	n = (size_t)(s->head - v->at);
	n = n < WEB_RING_BYTES - at ? n : WEB_RING_BYTES - at;
	n = n < max ? n : max;
	memcpy(buf, s->ring + at, n);
	v->at += n;
	return (ssize_t)n;
}

static void leave(void *ctx)
{
	struct web_viewer *v = ctx, **at = &v->stream->first;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	if (--v->stream->viewers == 0)
		timer_stop(&v->stream->timer);
	web_text_free(&v->begin);
	free(v);
}

static void put_news(struct web_stream *s, struct web_text *out)
{
	s->beat++;
	if (s->library_news)
		put_library(s, out);
	s->library_news = false;
	put_phone_news(s, s->all || s->beat % BEATS_ALL == 0, out);
	s->all = false;
	if (s->beat % BEATS_SECOND == 0) {
		put_status_news(s, out);
		put_tick(s->daemon->bus.board, bus_wall_ms(), out);
	}
}

static void on_beat(void *ctx)
{
	struct web_stream *s = ctx;
	struct web_text news = {0};
	usec_t now = daemon_now();

	timer_in(&s->timer, BEAT_MS);
	put_news(s, &news);
	if (news.len)
		tell_all(s, &news);
	web_text_free(&news);
	for (struct web_viewer *v = s->first; v; v = v->next) {
		bool behind = v->begin.len || v->at != s->head;

		if (!v->cut && (s->head - v->at > WEB_RING_BYTES ||
				(behind && !v->asleep && now - v->moved > PATIENCE)))
			cut_off(v);
		else if (behind)
			wake(v);
	}
	web_run(s->daemon->web);
}

static void watch_peer(struct web_viewer *v)
{
	const union MHD_ConnectionInfo *info =
		mhd.MHD_get_connection_info(v->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	unsigned ms = PATIENCE / 1000;

	v->fd = info ? info->connect_fd : -1;
	setsockopt(v->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	mhd.MHD_set_connection_option(v->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
}

struct MHD_Response *web_stream_join(struct web_stream *s, struct MHD_Connection *c, uint64_t after)
{
	const struct board *b = s->daemon->bus.board;
	struct web_viewer *v = s->viewers < WEB_VIEWERS_MAX ? calloc(1, sizeof(*v)) : NULL;
	struct MHD_Response *response;
	char *status;

	if (!v)
		return NULL;
	*v = (struct web_viewer){
		.stream = s, .connection = c, .at = s->head, .moved = daemon_now()};
	web_text_put(&v->begin, "retry: 2000\n");
	status = board_status_json(b);
	if (status)
		put_message(&v->begin, "status", 0, status);
	free(status);
	put_library(s, &v->begin);
	put_phones(b, &v->begin);
	put_speed(b, bus_wall_ms(), &v->begin);
	put_log(s, after <= b->seq ? after : 0, &v->begin);
	put_tick(b, bus_wall_ms(), &v->begin);
	response = v->begin.failed ? NULL
				   : mhd.MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384,
									   read_on, v, leave);
	if (!response) {
		web_text_free(&v->begin);
		free(v);
		return NULL;
	}
	v->next = s->first;
	s->first = v;
	if (s->viewers++ == 0)
		timer_in(&s->timer, BEAT_MS);
	watch_peer(v);
	return response;
}

/* ---- open and close ---- */

int web_stream_open(struct web_stream *s, struct daemon *d, struct fault *f)
{
	s->daemon = d;
	s->ring = malloc(WEB_RING_BYTES); /* its pages are used when somebody looks */
	if (!s->ring || !mhd_load())
		return fault_set(f, -ENOMEM, "no memory to start");
	timer_init(&s->timer, &d->timers, on_beat, s);
	recent_each(d, 0, log_recent, s);
	s->reader = (struct bus_reader){.event = on_event, .ctx = s};
	bus_join(&d->bus, &s->reader);
	return 0;
}

void web_stream_stop(struct web_stream *s)
{
	struct web_text news = {0};

	if (!s->reader.event)
		return; /* it never opened */
	bus_leave(&s->daemon->bus, &s->reader);
	s->reader.event = NULL;
	timer_stop(&s->timer);
	s->beat = BEATS_SECOND - 1;
	put_news(s, &news);
	tell_all(s, &news);
	web_text_free(&news);
	s->ended = true;
	for (struct web_viewer *v = s->first; v; v = v->next)
		wake(v);
}

void web_stream_close(struct web_stream *s)
{
	for (unsigned i = 0; i < WEB_LOG_MAX; i++)
		free(s->log[i].json);
	free(s->ring);
}
