/* SPDX-License-Identifier: MIT */
/*
 * What every part of the shell leans on: the clock, the way of an event, and the end.
 */
#include "daemon.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A phone that is proven to be back may still fetch this or that: with --once and --count we
 * stay until nothing has happened for so long. */
#define LINGER_MS 3000

usec_t daemon_now(void)
{
	return uv_hrtime() / 1000;
}

/* The proof is there and the phones have fallen silent. */
void daemon_on_quiet(void *ctx)
{
	struct daemon *d = ctx;

	daemon_stop(d, EXIT_CODE_DONE,
		    d->config->count == 1 ? "the phone is recovered"
					  : "all phones that were asked for are recovered");
}

static void publish(struct daemon *d, struct phones_out *out)
{
	for (unsigned i = 0; i < out->event_count; i++)
		bus_emit(&d->bus, &out->events[i]);
	if (d->phones.changes != d->phones_saved)
		state_save_soon(d);
	if (d->config->count && d->phones.recovered >= d->config->count && !d->stopping)
		timer_in(&d->linger_timer, LINGER_MS);
}

static void wake_phones(struct daemon *d);

void daemon_on_phones(void *ctx)
{
	struct daemon *d = ctx;
	struct phones_out out;

	phones_tick(&d->phones, bus_wall_ms(), &out);
	publish(d, &out);
	wake_phones(d);
}

/* The tracker counts in wall time, as its events do: look again at least once a minute, so that a
 * clock that was set puts nothing off for long. */
static void wake_phones(struct daemon *d)
{
	int64_t due = phones_deadline(&d->phones), wait = due - bus_wall_ms();

	bus_rest(due == INT64_MAX);
	if (due == INT64_MAX || d->stopping) {
		timer_stop(&d->phones_timer);
		return;
	}
	wait = wait < 1 ? 1 : wait > 60000 ? 60000 : wait;
	timer_in(&d->phones_timer, (uint64_t)wait);
}

static bool has_lease(struct daemon *d, const struct event *e)
{
	const struct lease *l = NULL;

	if (d->dhcp.leases.slots && event_has(e, FIELD_MAC))
		l = lease_find_mac(&d->dhcp.leases, e->mac);
	return l && l->state == LEASE_BOUND;
}

void daemon_say_left_out(struct daemon *d)
{
	struct event e;

	while (limiter_next(&d->limiter, daemon_now(), &e))
		daemon_emit(d, &e);
}

bool daemon_is_ours(const struct daemon *d, uint32_t ip)
{
	return ((ip ^ d->address) & ip4_netmask(d->prefix_len)) == 0;
}

void daemon_refuse_foreigner(struct daemon *d, uint32_t ip)
{
	struct event e;

	event_init(&e, EVENT_TFTP_REFUSED);
	event_set_ip(&e, FIELD_IP, ip);
	event_set_text(&e, FIELD_REASON, "foreign");
	event_say(&e, "{phone} asked for a file from outside this network and is not answered: the "
		      "address may be forged. Connect the phone to this network.");
	daemon_emit(d, &e);
}

void daemon_emit(struct daemon *d, struct event *e)
{
	struct phones_out out;

	/* TFTP knows addresses only; the lease says which phone that is. */
	if (e->ip && !event_has(e, FIELD_MAC) && d->dhcp.leases.slots) {
		const struct lease *l = lease_find_ip(&d->dhcp.leases, e->ip);

		if (l && l->state != LEASE_FREE && !mac_is_zero(l->mac))
			event_set_mac(e, l->mac);
	}
	if (!limiter_take(&d->limiter, e, has_lease(d, e), daemon_now()))
		return;
	bus_emit(&d->bus, e);
	if (!d->store)
		return;
	phones_apply(&d->phones, e, &out);
	publish(d, &out);
	if (d->phones_timer.all)
		wake_phones(d);
}

void daemon_note(struct daemon *d, enum event_severity severity, const char *code,
		 const char *format, ...)
{
	struct event e;
	va_list args;
	char text[sizeof(e.text)];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	event_init(&e, EVENT_DAEMON_NOTE);
	e.severity = severity;
	event_set_text(&e, FIELD_CODE, code);
	event_set_text(&e, FIELD_REASON, text);
	if (strlen(text) >= sizeof(e.reason))
		event_say(&e, "%s", text); /* the field cuts it, the sentence does not */
	daemon_emit(d, &e);
}

void daemon_stop(struct daemon *d, int exit_code, const char *reason)
{
	struct event e;

	if (d->stopping)
		return;
	daemon_say_left_out(d);
	d->stopping = true;
	/* A script that waits for phones must not take an end for success. */
	if (exit_code == EXIT_CODE_DONE && d->phones.recovered < d->config->count)
		exit_code = EXIT_CODE_TIMEOUT;
	d->exit_code = exit_code;
	event_init(&e, EVENT_DAEMON_STOP);
	event_set_text(&e, FIELD_REASON, reason);
	daemon_emit(d, &e);
	uv_stop(d->loop);
}
