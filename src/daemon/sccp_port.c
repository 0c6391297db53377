/* SPDX-License-Identifier: MIT */
/*
 * SCCP on TCP port 2000: a table of connections (tcp_table.h) around one sccp machine each.
 *
 * A phone connects, says who it is and what it runs, and is answered; see sccp.c. When the table is
 * full, the one that was silent for longest makes room, phones last, so that one which rebooted
 * without a farewell comes in again. The port may be taken, most likely by a telephone exchange
 * on this machine: that costs one kind of proof and is no reason to stop.
 */
#include "tcp_table.h"

#include "reflashd/sccp.h"

#include <stdlib.h>

#define NOTE_EVERY  USEC_SEC(60)
#define SEND_BUFFER 16384 /* of the socket: our answers are small */

struct sccp_connection {
	struct tcp_connection base;
	struct sccp machine;
};

struct sccp_port {
	struct daemon *daemon;
	usec_t odd_until; /* until then nothing is noted */
	struct sccp_config config;
	struct sccp_memory memory;
	struct tcp_table table;
	struct sccp_out out; /* large: kept off the stack */
};

static struct sccp *machine_of(struct tcp_connection *c)
{
	return &((struct sccp_connection *)(void *)c)->machine;
}

static const struct sccp *seen_of(const struct tcp_connection *c)
{
	return &((const struct sccp_connection *)(const void *)c)->machine;
}

/* One that was hung up on: said for whoever looks for the cause, and seldom. */
static void note_odd(struct sccp_port *p, uint32_t peer, const char *reason)
{
	char address[IP4_TEXT_MAX];
	usec_t now = daemon_now();

	if (now < p->odd_until)
		return;
	p->odd_until = now + NOTE_EVERY;
	ip4_format(peer, address);
	daemon_note(p->daemon, SEVERITY_DEBUG, "sccp-closed",
		    "Closed a connection of %s to port %u: %s.", address, SCCP_PORT, reason);
}

static bool begin(struct tcp_connection *c, usec_t now)
{
	struct sccp_port *p = c->table->owner;

	sccp_init(machine_of(c), &p->config, c->ip, now);
	return true;
}

static size_t receive(struct tcp_connection *c, const uint8_t *data, size_t len, usec_t now)
{
	struct sccp_port *p = c->table->owner;

	/* The catalogue is another one when everything was read anew in the meantime. */
	machine_of(c)->config.models = p->daemon->phones.models;
	return sccp_receive(machine_of(c), data, len, now, &p->out);
}

static void tick(struct tcp_connection *c, usec_t now)
{
	struct sccp_port *p = c->table->owner;

	sccp_tick(machine_of(c), now, &p->out);
}

static bool perform(struct tcp_connection *c)
{
	struct sccp_port *p = c->table->owner;
	struct sccp_out *out = &p->out;

	for (unsigned i = 0; i < out->event_count; i++)
		daemon_emit(p->daemon, &out->events[i]);
	if (out->len && !tcp_send(c, out->data, out->len)) {
		out->close = true;
		out->reason = "it does not read what it is sent";
	}
	if (out->close)
		note_odd(p, c->ip, out->reason);
	return !out->close;
}

static usec_t deadline(const struct tcp_connection *c)
{
	return sccp_deadline(seen_of(c));
}

/* First whoever has not shown to be a phone, then whoever was silent for longer. */
static bool goes_first(const struct tcp_connection *a, const struct tcp_connection *b)
{
	if (seen_of(a)->registered != seen_of(b)->registered)
		return !seen_of(a)->registered;
	return seen_of(a)->heard < seen_of(b)->heard;
}

static const struct tcp_protocol protocol = {
	.port = SCCP_PORT,
	.crowded = "sccp-crowded",
	.send_buffer = SEND_BUFFER,
	.size = sizeof(struct sccp_connection),
	.begin = begin,
	.receive = receive,
	.tick = tick,
	.perform = perform,
	.deadline = deadline,
	.goes_first = goes_first,
};

static int sccp_open(struct daemon *d, struct fault *f)
{
	struct sccp_port *p;
	struct fault why;

	if (!(d->config->listen & LISTEN_SCCP))
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return fault_set(f, UV_ENOMEM, "no memory to listen for SCCP");
	p->daemon = d;
	sccp_memory_init(&p->memory);
	p->config = (struct sccp_config){.memory = &p->memory}; /* models: see receive() */
	d->sccp = p;
	if (tcp_table_open(&p->table, d, &protocol, p, &why) != 0)
		daemon_note(d, SEVERITY_WARNING, "sccp-port",
			    "Phones that register by SCCP are not heard: %s. They are recovered "
			    "all the same; what they run is seen in other ways.",
			    why.text);
	return 0;
}

static void sccp_stop(struct daemon *d)
{
	if (d->sccp)
		tcp_table_stop(&d->sccp->table);
}

static int sccp_tie(struct daemon *d)
{
	return d->sccp ? tcp_table_tie(&d->sccp->table) : 0;
}

static void sccp_close(struct daemon *d)
{
	if (d->sccp)
		tcp_table_close(&d->sccp->table);
	free(d->sccp);
	d->sccp = NULL;
}

const struct part sccp_part = {"sccp", sccp_open, sccp_stop, sccp_close, sccp_tie};
