/* SPDX-License-Identifier: MIT */
/*
 * The status page, by libmicrohttpd on the loop of everything else: its epoll descriptor is one
 * more that the loop watches, and its next deadline one more timer. No thread.
 *
 *     /              the page: index.html, page.css, page.js
 *     /api/stream    what an open page is told (web_stream.c)
 *     /api/status    /api/phones    board_json.h
 *     /api/events    ?after=SEQ&limit=N: the lines of the stream that are still kept
 *     /api/library   the firmware, its findings and the plan
 *     /metrics       the numbers for Prometheus
 *
 * Read only: there is nothing to POST, and no answer changes anything. What is shown is not
 * secret, but it is not everybody's either: so it is bound to the loopback unless told otherwise,
 * asked for under our own names only (no DNS rebinding), unreadable for pages from
 * elsewhere (no CORS), and the page itself may load and run nothing but its own files.
 *
 * What can go wrong: the port is held, or the address is not ours: the page was asked for by
 * name, so that ends the program with a sentence that says by whom. Somebody opens connections and
 * sends nothing, or does not read: limits on each of these, and the phones are served all the same.
 */
#include "web.h"

#include "reflashd/board_json.h"
#include "reflashd/lib.h"
#include "reflashd/text.h"
#include "tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX	   64u
#define CONNECTIONS_EACH   16u /* of one address */
#define PATIENCE_S	   10u
#define MEMORY_EACH	   ((size_t)16 << 10)
#define LAST_RUNS	   8 /* at the end, for what is still to be sent */
#define EVENTS_UNLESS_SAID 100u

#define LIBMICROHTTPD(F)                                                                           \
	F(MHD_add_response_header)                                                                 \
	F(MHD_create_response_from_buffer) F(MHD_destroy_response) F(MHD_get_daemon_info)          \
		F(MHD_get_timeout) F(MHD_lookup_connection_value) F(MHD_queue_response) F(MHD_run) \
			F(MHD_start_daemon) F(MHD_stop_daemon)
LIB(mhd, "microhttpd", LIBMICROHTTPD)

extern const unsigned char page_index_html[], page_page_css[], page_page_js[];
extern const size_t page_index_html_len, page_page_css_len, page_page_js_len;

/* ---- answers ---- */

static const char *const headers[][2] = {
	{"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "
				    "connect-src 'self'; img-src data:; "
				    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

static enum MHD_Result send_response(struct MHD_Connection *c, unsigned status, const char *type,
				     struct MHD_Response *r)
{
	enum MHD_Result result;

	if (!r)
		return MHD_NO; /* no memory: the connection is closed */
	mhd.MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		mhd.MHD_add_response_header(r, headers[i][0], headers[i][1]);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		mhd.MHD_add_response_header(r, MHD_HTTP_HEADER_RETRY_AFTER, "10");
	result = mhd.MHD_queue_response(c, status, r);
	mhd.MHD_destroy_response(r);
	return result;
}

static enum MHD_Result send_fixed(struct MHD_Connection *c, unsigned status, const char *type,
				  const void *data, size_t len)
{
	/* The library has no const here; persistent memory is only read. */
	void *bytes = (void *)(uintptr_t)data;

	return send_response(
		c, status, type,
		mhd.MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_word(struct MHD_Connection *c, unsigned status, const char *text)
{
	return send_fixed(c, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* Takes over malloc'ed text; NULL: no memory. */
static enum MHD_Result send_text(struct MHD_Connection *c, const char *type, char *text, size_t len)
{
	struct MHD_Response *r;

	if (!text)
		return send_word(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "Memory is short.\n");
	r = mhd.MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!r)
		free(text);
	return send_response(c, MHD_HTTP_OK, type, r);
}

#define JSON "application/json"

static enum MHD_Result send_json(struct MHD_Connection *c, char *json)
{
	return send_text(c, JSON, json, json ? strlen(json) : 0);
}

static enum MHD_Result send_grown(struct MHD_Connection *c, const char *type, struct web_text *t)
{
	if (t->failed)
		web_text_free(t);
	return send_text(c, type, t->data, t->len);
}

static const char *header_of(struct MHD_Connection *c, const char *name)
{
	return mhd.MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* false: it is there and no number. */
static bool number_argument(struct MHD_Connection *c, const char *name, uint64_t *value)
{
	const char *text = mhd.MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	return !text || text_to_u64(text, 0, UINT64_MAX, value);
}

static enum MHD_Result answer_events(struct web *w, struct MHD_Connection *c)
{
	uint64_t after = 0, limit = EVENTS_UNLESS_SAID;
	struct web_text t = {0};

	if (!number_argument(c, "after", &after) || !number_argument(c, "limit", &limit))
		return send_word(c, MHD_HTTP_BAD_REQUEST, "after and limit are numbers.\n");
	web_events(w->daemon, after, limit, &t);
	return send_grown(c, JSON, &t);
}

static enum MHD_Result answer_library(struct web *w, struct MHD_Connection *c)
{
	struct web_text t = {0};

	web_library(w->daemon, &t);
	return send_grown(c, JSON, &t);
}

static enum MHD_Result answer_metrics(struct web *w, struct MHD_Connection *c)
{
	struct web_text t = {0};

	web_metrics(w->daemon, w->stream.viewers, &t);
	return send_grown(c, "text/plain; version=0.0.4; charset=utf-8", &t);
}

static enum MHD_Result answer_stream(struct web *w, struct MHD_Connection *c)
{
	const char *last = header_of(c, "Last-Event-ID");
	struct MHD_Response *r;
	uint64_t after = 0;

	if (last && !text_to_u64(last, 0, UINT64_MAX, &after))
		after = 0;
	r = web_stream_join(&w->stream, c, after);
	if (!r)
		return send_word(c, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "Too many status pages are open; close one and try again.\n");
	return send_response(c, MHD_HTTP_OK, "text/event-stream", r);
}

static enum MHD_Result answer_status(struct web *w, struct MHD_Connection *c)
{
	return send_json(c, board_status_json(w->daemon->bus.board));
}

static enum MHD_Result answer_phones(struct web *w, struct MHD_Connection *c)
{
	return send_json(c, board_phones_json(w->daemon->bus.board));
}

static enum MHD_Result answer_page(struct web *w, struct MHD_Connection *c)
{
	(void)w;
	return send_fixed(c, MHD_HTTP_OK, "text/html; charset=utf-8", page_index_html,
			  page_index_html_len);
}

static enum MHD_Result answer_css(struct web *w, struct MHD_Connection *c)
{
	(void)w;
	return send_fixed(c, MHD_HTTP_OK, "text/css; charset=utf-8", page_page_css,
			  page_page_css_len);
}

static enum MHD_Result answer_js(struct web *w, struct MHD_Connection *c)
{
	(void)w;
	return send_fixed(c, MHD_HTTP_OK, "text/javascript; charset=utf-8", page_page_js,
			  page_page_js_len);
}

/* ---- requests ---- */

static const struct {
	const char *path;
	enum MHD_Result (*answer)(struct web *w, struct MHD_Connection *c);
} routes[] = {
	{"/", answer_page},
	{"/page.css", answer_css},
	{"/page.js", answer_js},
	{"/api/stream", answer_stream},
	{"/api/status", answer_status},
	{"/api/phones", answer_phones},
	{"/api/events", answer_events},
	{"/api/library", answer_library},
	{"/metrics", answer_metrics},
};

static enum MHD_Result route(struct web *w, struct MHD_Connection *c, const char *url,
			     const char *method)
{
	bool head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	const char *site = header_of(c, "Sec-Fetch-Site");

	if (!web_host_is_ours(header_of(c, MHD_HTTP_HEADER_HOST)))
		return send_word(c, MHD_HTTP_MISDIRECTED_REQUEST,
				 "Ask for this page by its IP address, by localhost or by this "
				 "machine's own name.\n");
	if (!head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return send_word(c, MHD_HTTP_METHOD_NOT_ALLOWED,
				 "This page is for looking only.\n");
	/* A link from elsewhere may lead to the page, but no page from elsewhere may ask. */
	if (site && strcmp(site, "cross-site") == 0 && strcmp(url, "/") != 0)
		return send_word(c, MHD_HTTP_FORBIDDEN, "Not for pages from elsewhere.\n");
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (strcmp(url, routes[i].path) != 0)
			continue;
		if (head && routes[i].answer == answer_stream)
			return send_fixed(c, MHD_HTTP_OK, "text/event-stream", "", 0);
		return routes[i].answer(w, c);
	}
	return send_word(c, MHD_HTTP_NOT_FOUND, "There is nothing here; the page is at /.\n");
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_len, void **state)
{
	static int answered;

	(void)version;
	(void)body;
	/* Bodies are passed over: nothing here wants one. */
	if (*state) {
		*body_len = 0;
		return MHD_YES;
	}
	*state = &answered;
	return route(ctx, c, url, method);
}

/* ---- the loop ---- */

static void on_time(void *ctx)
{
	web_run(ctx);
}

void web_run(struct web *w)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (!w->running)
		return;
	mhd.MHD_run(w->http);
	if (mhd.MHD_get_timeout(w->http, &ms) == MHD_YES)
		timer_in(&w->timer, ms);
	else
		timer_stop(&w->timer);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	web_run(poll->data);
}

/* ---- open and close ---- */

static int listen_failed(const struct config *config, const char *at, int err, struct fault *f)
{
	char holder[256];

	switch (err) {
	case -EADDRINUSE:
		port_holder(IPPROTO_TCP, config->web_port, holder, sizeof(holder));
		return fault_set(f, err,
				 "the status page cannot have %s: TCP port %u is held by %s. Give "
				 "--web another port",
				 at, config->web_port, holder);
	case -EADDRNOTAVAIL: /* as -ENODEV: the network has not what was asked for */
		return fault_set(f, -ENODEV,
				 "the status page cannot have %s: this machine has no such "
				 "address. Give --web one of its own, or 0.0.0.0 for all of them",
				 at);
	case -EACCES:
		return fault_set(f, err,
				 "the status page cannot have %s: ports below 1024 need root. Give "
				 "--web a port such as 8080",
				 at);
	default: return fault_set(f, err, "the status page cannot have %s: %s", at, strerror(-err));
	}
}

static int listen_at(const struct config *config, struct fault *f)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_port = htons(config->web_port),
				 .sin_addr.s_addr = htonl(config->web_address)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	char ip[IP4_TEXT_MAX], at[IP4_TEXT_MAX + 8];
	int err;

	ip4_format(config->web_address, ip);
	text_format(at, sizeof(at), "%s:%u", ip, config->web_port);
	if (fd < 0)
		return listen_failed(config, at, -errno, f);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, CONNECTIONS_MAX)) {
		err = -errno;
		close(fd);
		return listen_failed(config, at, err, f);
	}
	return fd;
}

static struct MHD_Daemon *start_http(struct web *w)
{
	return mhd.MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, w,
		MHD_OPTION_LISTEN_SOCKET, w->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_EACH,
		MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		MEMORY_EACH, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static void say_where(struct daemon *d)
{
	uint32_t address = d->config->web_address;
	char ip[IP4_TEXT_MAX];

	ip4_format(address, ip);
	if (address >> 24 == 127)
		daemon_note(d, SEVERITY_INFO, "status-page",
			    "The status page is at http://%s:%u/ for browsers on this machine.", ip,
			    d->config->web_port);
	else if (!address)
		daemon_note(d, SEVERITY_INFO, "status-page",
			    "The status page is at port %u of every address of this machine; "
			    "whoever reaches one of them may look.",
			    d->config->web_port);
	else
		daemon_note(d, SEVERITY_INFO, "status-page",
			    "The status page is at http://%s:%u/; whoever reaches that address may "
			    "look.",
			    ip, d->config->web_port);
}

static int web_open(struct daemon *d, struct fault *f)
{
	struct web *w;
	int err;

	if (!d->config->web_port)
		return 0;
	if (!mhd_load())
		return fault_set(f, -ELIBACC,
				 "the status page did not start: libmicrohttpd is missing");
	w = calloc(1, sizeof(*w));
	if (!w)
		return fault_set(f, -ENOMEM, "no memory to start");
	d->web = w;
	w->daemon = d;
	w->listen_fd = listen_at(d->config, f);
	if (w->listen_fd < 0)
		return w->listen_fd;
	err = web_stream_open(&w->stream, d, f);
	if (err)
		return err;
	w->http = start_http(w);
	if (!w->http)
		return fault_set(f, -EIO,
				 "the status page did not start: memory or descriptors "
				 "are short");
	timer_init(&w->timer, &d->timers, on_time, w);
	err = uv_poll_init(d->loop, &w->poll,
			   mhd.MHD_get_daemon_info(w->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	if (err)
		return fault_set(f, err, "the status page did not start: %s", strerror(-err));
	w->poll.data = w;
	w->running = true;
	must(uv_poll_start(&w->poll, UV_READABLE, on_readable) == 0);
	say_where(d);
	return 0;
}

static void web_stop(struct daemon *d)
{
	struct web *w = d->web;

	if (!w)
		return;
	web_stream_stop(&w->stream);
	if (w->running) {
		for (int i = 0; i < LAST_RUNS; i++)
			mhd.MHD_run(w->http);
		w->running = false;
		timer_stop(&w->timer);
		uv_close((uv_handle_t *)&w->poll, NULL);
	}
	if (w->http)
		mhd.MHD_stop_daemon(w->http); /* closes the listening socket, too */
	else if (w->listen_fd >= 0)
		close(w->listen_fd);
	w->http = NULL;
	w->listen_fd = -1;
}

static void web_close(struct daemon *d)
{
	if (!d->web)
		return;
	web_stream_close(&d->web->stream);
	free(d->web);
	d->web = NULL;
}

const struct part web_part = {"web", web_open, web_stop, web_close, NULL};
