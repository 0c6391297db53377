/* SPDX-License-Identifier: MIT */
/*
 * Other DHCP servers, by whichever ear they were heard: the probe's answers, a phone's REQUEST
 * that names another server, the raw wire. One voice: each server is said once, and then at
 * most once a minute, and of all of them RIVALS_MAX in a minute.
 *
 * Before we serve such a server ends the program. Later it does not, since a phone may be writing
 * its flash at this moment; but from then on only phones get an address from us (--clients
 * auto), because this wire is not ours alone.
 */
#include "daemon.h"

#include <string.h>

#define SAY_AGAIN USEC_SEC(60)

/* May it be said (again)? Servers and phones are soon invented: there is no more to be said in a
 * minute than there is room. */
static bool is_news(struct rivals *r, uint32_t server, struct mac phone, usec_t now)
{
	struct rival *room = NULL;

	for (size_t i = 0; i < ARRAY_LEN(r->heard); i++) {
		struct rival *at = &r->heard[i];
		bool fresh = at->server && now - at->said < SAY_AGAIN;

		if (fresh && at->server == server && mac_equal(at->phone, phone))
			return false;
		if (!fresh && !room)
			room = at;
	}
	if (!room)
		return false;
	*room = (struct rival){.server = server, .phone = phone, .said = now};
	return true;
}

static void say(struct daemon *d, uint32_t server, const struct mac *phone, bool ends)
{
	struct event e;
	char text[IP4_TEXT_MAX];

	ip4_format(server, text);
	event_init(&e, EVENT_NETWORK_RIVAL);
	event_set_ip(&e, FIELD_SERVER, server);
	if (phone)
		event_set_mac(&e, *phone);
	if (ends) {
		event_say(&e,
			  "Another DHCP server, %s, answers on this network. A second one would "
			  "disturb everybody on it. Connect the phone to this machine directly or "
			  "through a switch with nothing else on it, then try again (--force "
			  "serves all the same).",
			  text);
	} else if (phone) {
		e.severity = SEVERITY_WARNING;
		event_say(&e,
			  "{phone} listens to another DHCP server, %s, instead of us, and will not "
			  "find its firmware there. Unplug or stop that server, then reset the "
			  "phone.",
			  text);
	} else if (d->config->force) {
		e.severity = SEVERITY_WARNING;
		event_say(&e,
			  "Another DHCP server, %s, answers on this network. Going on because of "
			  "--force: phones may listen to it instead of us.",
			  text);
	} else {
		event_say(&e,
			  "Another DHCP server, %s, has appeared on this network. Phones may "
			  "listen to it instead of us: unplug it, or connect the phone to this "
			  "machine directly.",
			  text);
	}
	daemon_emit(d, &e);
}

void daemon_rival(struct daemon *d, uint32_t server, const struct mac *phone)
{
	struct dhcp_port *p = &d->dhcp;
	/* A phone's word alone does not end the run: it may still mean whoever served here before.
	 */
	bool ends = !d->config->force && !phone && !p->proven && !d->rivals.any;

	if (!server || server == d->address || d->stopping)
		return;
	/* Repeats of the same phone's choice are told by phone; of a mere answer, by server. */
	if (is_news(&d->rivals, server, phone ? *phone : (struct mac){{0}}, daemon_now()))
		say(d, server, phone, ends);
	if (ends) {
		daemon_stop(d, EXIT_CODE_NETWORK, "another DHCP server is on this network");
		return;
	}
	d->rivals.last = daemon_now();
	if (!p->proven)
		return; /* only phones get an address from us as yet */
	if (!d->rivals.any && !p->server.config.phones_only && d->config->clients == CLIENTS_AUTO)
		daemon_note(d, SEVERITY_NOTICE, "phones-only",
			    "This network is not ours alone any more: from now on only Cisco "
			    "phones get an address from us.");
	d->rivals.any = true;
	if (d->config->clients == CLIENTS_AUTO)
		p->server.config.phones_only = true;
}
