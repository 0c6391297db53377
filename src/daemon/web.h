/* SPDX-License-Identifier: MIT */
/*
 * The status page. Private to the files web*.c, and the only ones that know libmicrohttpd.
 *
 * web.c speaks HTTP; web_stream.c is what a page that is open is told; web_answer.c are the other
 * answers; web_library.c is the firmware as JSON; web_text.c puts text together.
 */
#ifndef REFLASHD_DAEMON_WEB_H
#define REFLASHD_DAEMON_WEB_H

#include "daemon.h"

/* Text that grows. When memory is short it is marked, and whoever asks gets an error. */
struct web_text {
	char *data;
	size_t len, size;
	bool failed;
};

void web_text_add(struct web_text *t, const char *data, size_t len);
void web_text_put(struct web_text *t, const char *text);
void web_text_format(struct web_text *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* With its quotes; what is not printable ASCII as \u00XX. */
void web_text_json(struct web_text *t, const char *text);
/* "a\nb" as ["a","b"]. */
void web_text_json_list(struct web_text *t, const char *items);
/* A value of a label in Prometheus' format, without its quotes. */
void web_text_label(struct web_text *t, const char *text);
void web_text_free(struct web_text *t);

/* A page that is open: its part of the stream. */
struct web_viewer;

#define WEB_VIEWERS_MAX 32
#define WEB_LOG_MAX	120		  /* lines that a page begins with */
#define WEB_RING_BYTES	((size_t)2 << 20) /* of news; who is further behind is cut off */

/* What all pages are told, written once: each viewer is a place in it. */
struct web_stream {
	struct daemon *daemon;
	struct bus_reader reader;
	struct timer timer;
	unsigned viewers, beat;
	struct web_viewer *first;
	uint64_t head; /* bytes ever written; the newest WEB_RING_BYTES of them are kept */
	char *ring;
	struct web_log {
		uint64_t seq;
		char *json;
	} log[WEB_LOG_MAX]; /* index: log_count % WEB_LOG_MAX */
	uint64_t log_count;
	bool ended, library_news, all; /* all: look at every phone, not only at those with news */
	uint64_t status_hash;
	struct web_sent {
		struct mac mac;
		bool known, news;
		uint64_t hash; /* of what was said of it last */
	} sent[BOARD_PHONES_MAX];
};

struct web {
	struct daemon *daemon;
	struct MHD_Daemon *http;
	int listen_fd;
	uv_poll_t poll;
	struct timer timer;
	bool running;
	struct web_stream stream;
};

/* Lets libmicrohttpd do what is to be done. Not from within one of its callbacks. */
void web_run(struct web *w);

int web_stream_open(struct web_stream *s, struct daemon *d, struct fault *f);
/* Says what is left to say and ends every viewer. */
void web_stream_stop(struct web_stream *s);
void web_stream_close(struct web_stream *s);

struct MHD_Connection;
struct MHD_Response;
/* NULL: too many, or no memory. after: the number of the last event that this page has. */
struct MHD_Response *web_stream_join(struct web_stream *s, struct MHD_Connection *c,
				     uint64_t after);

/* Each appends its whole answer. */
void web_metrics(const struct daemon *d, unsigned viewers, struct web_text *out);
void web_events(struct daemon *d, uint64_t after, uint64_t limit, struct web_text *out);
void web_library(const struct daemon *d, struct web_text *out);
/* May this be asked for under that Host? Keeps other people's names for our address out. */
bool web_host_is_ours(const char *host);

#endif
