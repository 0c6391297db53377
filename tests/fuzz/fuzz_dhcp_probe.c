/* SPDX-License-Identifier: MIT */
/*
 * Asking a wire whether somebody else serves it, while anything is heard: steps (steps.h) whose
 * bytes are datagrams to port 68. The first byte: one DISCOVER or three. Never more than three go
 * out, the states only go forward, and it ends: alone, or with a rival who is not us.
 */
#include "reflashd/dhcp_probe.h"
#include "steps.h"

#define OURS 0x0a4f4601u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct world {
	struct dhcp_probe probe;
	struct dhcp_probe_out out;
	unsigned sent;
	enum dhcp_probe_state state;
};

static void check(struct world *w)
{
	static struct dhcp_packet p;

	must(w->probe.state >= w->state);
	must(w->state != DHCP_PROBE_RIVAL || w->probe.state == DHCP_PROBE_RIVAL);
	w->state = w->probe.state;
	must((w->state == DHCP_PROBE_RIVAL) == (w->probe.rival != 0));
	must(w->probe.rival != OURS);
	if (w->out.len == 0)
		return;
	must(w->state == DHCP_PROBE_WAITING || w->state == DHCP_PROBE_QUIET);
	must(++w->sent <= 3);
	must(dhcp_packet_parse(&p, w->out.data, w->out.len) == DHCP_PARSE_OK);
	must(p.message == DHCP_DISCOVER && p.flags & DHCP_FLAG_BROADCAST && p.ciaddr == 0);
}

static usec_t deadline(void *machine)
{
	return dhcp_probe_deadline(&((struct world *)machine)->probe);
}

static void tick(void *machine, usec_t now)
{
	struct world *w = machine;
	unsigned sent = w->sent;
	enum dhcp_probe_state state = w->state;

	dhcp_probe_tick(&w->probe, now, &w->out);
	check(w);
	must(w->sent > sent || w->state != state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct mac mac = {{2, 0, 0, 0, 0, 1}};
	struct world w = {.sent = 0};
	struct waking waking = {&w, deadline, tick, 3};
	struct steps steps;
	struct step s;
	usec_t last = USEC_SEC(1);

	if (len == 0)
		return 0;
	if (data[0] & 1)
		dhcp_probe_init_once(&w.probe, mac, 1, OURS, last);
	else
		dhcp_probe_init(&w.probe, mac, 1, OURS, last);
	steps = steps_begin(data + 1, len - 1, last);
	while (steps_next(&steps, &s)) {
		if (s.what & 1) /* held up: the sockets are read before the timers */
			steps_wake(&waking, last, s.now);
		dhcp_probe_receive(&w.probe, 0x0a4f4600u | s.what, s.data, s.len, s.now, &w.out);
		check(&w);
		last = s.now;
	}
	steps_wake(&waking, last, last + USEC_SEC(30));
	must(w.state == DHCP_PROBE_ALONE || w.state == DHCP_PROBE_RIVAL);
	return 0;
}
