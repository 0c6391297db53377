/* SPDX-License-Identifier: MIT */
/*
 * Asks the phones' own web pages what they run (device_page.c).
 *
 * A phone is asked when the tracker says that it is back, has taken a step of its plan, or is
 * proven by its requests only: 2 s after that, when its web server may be up, and again 10, 30 and
 * 60 s after it until it has answered. What it then says about itself is an event like any other.
 * A phone that is proven in a stronger way or fetches firmware again is not asked any more.
 *
 * Web access is switched off on many phones: refused, silent or "403" is no news, and no fault.
 * Asked are only phones that have their address from us, through our interface, eight at a time
 * (a page is some kilobytes, an answer to us may have 32).
 *
 * Deciding is done in the reader of the stream, which may not speak; asking and speaking
 * in the timer and the socket's callbacks.
 */
#include "daemon.h"
#include "rights.h"

#include "reflashd/device_page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASKS_MAX   256
#define VISITS_MAX 8
#define PATIENCE   USEC_SEC(5)

static const usec_t tries[] = {USEC_SEC(2), USEC_SEC(10), USEC_SEC(30), USEC_SEC(60)};

/* A phone that is to be asked. */
struct ask {
	struct mac mac;
	bool used, visited; /* visited: at this moment */
	unsigned tries;
	usec_t since;
};

/* A phone that is being asked. */
struct visit {
	uv_poll_t poll;
	struct page_port *port;
	unsigned slot;
	int fd;
	struct mac mac;
	uint32_t ip;
	usec_t deadline;
	bool asked; /* connected, and the request is sent */
	size_t len;
	uint8_t data[DEVICE_PAGE_MAX];
};

struct page_port {
	struct daemon *daemon;
	struct bus_reader reader;
	struct timer timer;
	struct ask ask[ASKS_MAX];
	struct visit *visit[VISITS_MAX]; /* NULL: free */
	struct event event;		 /* large: kept off the stack */
};

static void arm(struct page_port *p);

static struct ask *find(struct page_port *p, struct mac mac)
{
	for (unsigned i = 0; i < ASKS_MAX; i++)
		if (p->ask[i].used && mac_equal(p->ask[i].mac, mac))
			return &p->ask[i];
	return NULL;
}

static void want(struct page_port *p, struct mac mac)
{
	struct ask *a = find(p, mac);

	for (unsigned i = 0; !a && i < ASKS_MAX; i++)
		if (!p->ask[i].used)
			a = &p->ask[i];
	if (!a || a->used) /* it stands in line already */
		return;
	*a = (struct ask){.mac = mac, .used = true, .since = daemon_now()};
	arm(p);
}

static void forget(struct page_port *p, struct mac mac)
{
	struct ask *a = find(p, mac);

	if (a)
		a->used = false;
}

static void on_event(void *ctx, const struct event *e, const char *json)
{
	struct page_port *p = ctx;

	(void)json;
	if (!event_has(e, FIELD_MAC))
		return;
	if (e->type == EVENT_PHONE_RECOVERED) {
		if (strcmp(e->proof, phone_proof_name(PROOF_REQUESTS)) == 0)
			want(p, e->mac);
		else
			forget(p, e->mac);
	} else if (e->type == EVENT_PHONE_STAGE) {
		if (strcmp(e->stage, phone_stage_name(PHONE_BACK)) == 0 ||
		    strcmp(e->stage, "next-step") == 0)
			want(p, e->mac);
		else if (strcmp(e->stage, phone_stage_name(PHONE_RECOVERED)) != 0)
			forget(p, e->mac);
	}
}

/* ---- one visit ---- */

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void leave(struct visit *v)
{
	v->port->visit[v->slot] = NULL;
	uv_poll_stop(&v->poll);
	close(v->fd);
	uv_close((uv_handle_t *)&v->poll, on_closed);
}

/* The visit is over; told: the phone said what it runs. */
static void conclude(struct visit *v, bool told)
{
	struct page_port *p = v->port;
	struct ask *a = find(p, v->mac);
	char address[IP4_TEXT_MAX];

	if (a) {
		a->visited = false;
		if (told || a->tries == ARRAY_LEN(tries))
			a->used = false;
		if (!told && !a->used) {
			ip4_format(v->ip, address);
			daemon_note(p->daemon, SEVERITY_DEBUG, "page-silent",
				    "The web page of the phone at %s does not answer; often it is "
				    "switched off, and that is no fault.",
				    address);
		}
	}
	leave(v);
	arm(p);
}

/* A page that is another device's, at an address that changed hands, says nothing of this one. */
static bool tell(struct visit *v)
{
	struct daemon *d = v->port->daemon;
	struct event *e = &v->port->event;

	if (!device_page_read(v->data, v->len, v->ip, d->phones.models, e))
		return false;
	if (event_has(e, FIELD_MAC) && !mac_equal(e->mac, v->mac))
		return false;
	event_set_mac(e, v->mac);
	daemon_emit(d, e);
	return true;
}

static bool say_hello(struct visit *v)
{
	char text[DEVICE_PAGE_ASK_MAX];
	size_t n = device_page_ask(v->ip, text);
	socklen_t size = sizeof(int);
	int err = 0;

	if (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0 || err != 0)
		return false;
	return send(v->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
	struct visit *v = poll->data;
	enum device_page_state state;
	ssize_t n;

	(void)events;
	if (!v->asked) {
		v->asked = true;
		if (status < 0 || !say_hello(v) ||
		    uv_poll_start(&v->poll, UV_READABLE, on_socket) != 0)
			conclude(v, false);
		return;
	}
	n = recv(v->fd, v->data + v->len, sizeof(v->data) - v->len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && status == 0)
		return;
	if (n < 0) {
		conclude(v, false);
		return;
	}
	v->len += (size_t)n;
	state = device_page_state(v->data, v->len, n == 0);
	if (state != DEVICE_PAGE_MORE)
		conclude(v, state == DEVICE_PAGE_WHOLE && tell(v));
	else if (status < 0 && uv_poll_start(&v->poll, UV_READABLE, on_socket) != 0)
		conclude(v, false); /* libuv stops a watcher when the socket reports an error */
}

/* The phone's address when it has one from us; else 0. */
static uint32_t address_of(struct daemon *d, struct mac mac)
{
	const struct lease *l = d->dhcp.leases.slots ? lease_find_mac(&d->dhcp.leases, mac) : NULL;

	if (!l || l->state != LEASE_BOUND || l->ip == d->address || !daemon_is_ours(d, l->ip))
		return 0;
	return l->ip;
}

static int connect_to(const struct daemon *d, uint32_t ip)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(DEVICE_PAGE_PORT),
				 .sin_addr.s_addr = htonl(ip)};
	const char *interface = d->link.name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool tied;

	if (fd < 0)
		return -1;
	rights_wake(RIGHT_RAW); /* where the kernel is an old one */
	tied = link_tie(interface, fd) == 0;
	rights_sleep();
	if (tied && (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

static void visit(struct page_port *p, struct ask *a, unsigned slot)
{
	uint32_t ip = address_of(p->daemon, a->mac);
	int fd = ip ? connect_to(p->daemon, ip) : -1;
	struct visit *v = fd >= 0 ? malloc(sizeof(*v)) : NULL;

	/* Who had to wait for a place is asked once for all the times that have passed. */
	do
		a->tries++;
	while (a->tries < ARRAY_LEN(tries) && a->since + tries[a->tries] <= daemon_now());
	if (v && uv_poll_init(p->daemon->loop, &v->poll, fd) != 0) {
		free(v);
		v = NULL;
	}
	if (!v) {
		if (fd >= 0)
			close(fd);
		a->used = a->tries < ARRAY_LEN(tries);
		return;
	}
	v->poll.data = v;
	v->port = p;
	v->slot = slot;
	v->fd = fd;
	v->mac = a->mac;
	v->ip = ip;
	v->deadline = daemon_now() + PATIENCE;
	v->asked = false;
	v->len = 0;
	p->visit[slot] = v;
	a->visited = true;
	must(uv_poll_start(&v->poll, UV_WRITABLE, on_socket) == 0);
}

/* ---- when ---- */

static usec_t due(const struct ask *a)
{
	return a->used && !a->visited ? a->since + tries[a->tries] : USEC_NEVER;
}

static unsigned free_slot(const struct page_port *p)
{
	unsigned i = 0;

	while (i < VISITS_MAX && p->visit[i])
		i++;
	return i;
}

static void on_timer(void *ctx)
{
	struct page_port *p = ctx;
	usec_t now = daemon_now();

	for (unsigned i = 0; i < VISITS_MAX; i++)
		if (p->visit[i] && p->visit[i]->deadline <= now)
			conclude(p->visit[i], false);
	for (unsigned i = 0; i < ASKS_MAX && free_slot(p) < VISITS_MAX; i++)
		if (due(&p->ask[i]) <= now)
			visit(p, &p->ask[i], free_slot(p));
	arm(p);
}

/* Sets the timer to what comes first. While all visits are taken, only their ends count. */
static void arm(struct page_port *p)
{
	bool room = free_slot(p) < VISITS_MAX;
	usec_t next = USEC_NEVER;

	if (p->daemon->stopping)
		return;
	for (unsigned i = 0; i < VISITS_MAX; i++)
		if (p->visit[i] && p->visit[i]->deadline < next)
			next = p->visit[i]->deadline;
	for (unsigned i = 0; room && i < ASKS_MAX; i++)
		if (due(&p->ask[i]) < next)
			next = due(&p->ask[i]);
	timer_at(&p->timer, next);
}

/* ---- opening and closing ---- */

static int page_open(struct daemon *d, struct fault *f)
{
	struct page_port *p;

	if (!(d->config->listen & LISTEN_PAGE))
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return fault_set(f, -ENOMEM, "no memory to ask the phones' web pages");
	p->daemon = d;
	timer_init(&p->timer, &d->timers, on_timer, p);
	p->reader = (struct bus_reader){.event = on_event, .ctx = p};
	d->page = p;
	bus_join(&d->bus, &p->reader);
	return 0;
}

static void page_stop(struct daemon *d)
{
	struct page_port *p = d->page;

	if (!p)
		return;
	bus_leave(&d->bus, &p->reader);
	for (unsigned i = 0; i < VISITS_MAX; i++)
		if (p->visit[i])
			leave(p->visit[i]);
}

static void page_close(struct daemon *d)
{
	free(d->page);
	d->page = NULL;
}

const struct part page_part = {"page", page_open, page_stop, page_close, NULL};
