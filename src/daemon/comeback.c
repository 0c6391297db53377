/* SPDX-License-Identifier: MIT */
/*
 * The interface is taken away in mid-run, and comes back: an adapter at a USB port that was pulled
 * out or lost its contact, a driver that fell over.
 *
 * The happy path: the kernel says that our interface is removed → we say so and wait, with every
 * lease, plan and transfer kept → an interface of the name that we were given appears, with another
 * number, perhaps another MAC address → it is looked at as at a start (the default route, our
 * address, another DHCP server) → every socket is tied to it → we serve. A transfer that was cut
 * off goes on where it stood if the phone still waits for it; else the phone asks again.
 *
 * Nothing is opened anew for that. A socket tied to a device has kept its number, and is told the
 * new one by SO_BINDTODEVICE: to change it wants CAP_NET_RAW, which is kept asleep for this and
 * for nothing else. (A new socket for port 67 would want another right, and might find the port
 * taken.) A packet socket is bound once more, which wants no right. TCP connections of phones are
 * closed: who is at their other end connects again.
 *
 * What ends a start with exit code 4 (the default route, another DHCP server, our address in use)
 * ends the service here, too: the adapter may sit on another wire by now. Only that it is not there
 * is no reason to end.
 *
 * An interface that is merely called otherwise is still the same one: it is served on by its
 * number, and its new name is said.
 */
#include "daemon.h"
#include "rights.h"

#include "reflashd/text.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define TRY_AGAIN_MS 500

int network_tie(struct daemon *d)
{
	int err;

	rights_wake(RIGHT_RAW);
	err = dhcp_port_tie(&d->dhcp);
	if (!err && d->loaded) /* else it is not open yet */
		err = tftp_port_tie(&d->tftp);
	if (!err)
		err = address_check_tie(d);
	for (unsigned i = 0; !err && parts[i]; i++)
		if (parts[i]->tie)
			err = parts[i]->tie(d);
	rights_sleep();
	return err;
}

static void say_gone(struct daemon *d, const char *name, bool quiet)
{
	daemon_note(d, quiet ? SEVERITY_DEBUG : SEVERITY_ERROR, "interface-gone",
		    "The interface %s is gone: its adapter was pulled out, or failed. Plug it in "
		    "again: reflashd goes on by itself as soon as there is an interface %s. Leave "
		    "the phones as they are.",
		    name, d->config->interface);
}

void network_lose(struct daemon *d)
{
	struct link_state lost = d->link;
	struct event e;
	bool quiet;

	if (d->watchman.gone)
		return;
	quiet = network_flaps(d);
	d->watchman.gone = true;
	d->watchman.said_failed = false; /* that was of the address */
	d->link = (struct link_state){.mac = lost.mac, .mtu = lost.mtu};
	text_copy(d->link.name, sizeof(d->link.name), d->config->interface);
	dhcp_port_pause(&d->dhcp);
	address_check_pause(d);
	event_init(&e, EVENT_NETWORK_LINK);
	e.severity = SEVERITY_DEBUG; /* the note says it better */
	event_set_text(&e, FIELD_INTERFACE, lost.name);
	event_set_truth(&e, FIELD_UP, false);
	event_say(&e, "The interface %s is gone, and with it the cable.", lost.name);
	daemon_emit(d, &e);
	say_gone(d, lost.name, quiet);
}

/* What it needs before anybody may be served on it. The record of what we add comes first. */
static int make_ready(struct daemon *d, struct fault *f)
{
	struct link_state *s = &d->link;
	int err;

	added_note(d);
	err = s->up ? 0 : link_switch_on(s, s->name, f);
	if (!err && !(s->has_address && s->address == d->address))
		err = link_add_address(s, s->name, d->address, d->prefix_len, f);
	if (err < 0)
		return err;
	err = network_tie(d);
	return err ? fault_set(f, err, "its sockets cannot be used: %s", strerror(-err)) : 0;
}

static void not_yet(struct daemon *d, const struct fault *f)
{
	/* Gone once more, or not yet whole: the next piece of news tells. */
	if (f->err != -ENODEV && !d->watchman.said_failed) {
		d->watchman.said_failed = true;
		daemon_note(d, SEVERITY_ERROR, "interface-failed",
			    "The interface %s is there again, but %s. This is tried again all the "
			    "time.",
			    d->link.name, f->text);
	}
	network_look_again(d, TRY_AGAIN_MS);
}

void network_come_back(struct daemon *d)
{
	unsigned tried = d->link.index;
	struct fault f;

	if (link_query(&d->link, d->config->interface, d->address, &f) != 0) {
		if (d->watchman.said_failed) { /* it was there, and is not any more */
			d->watchman.said_failed = false;
			say_gone(d, d->config->interface, d->watchman.said_flaps);
		}
		return;
	}
	/* It comes with our address: somebody gives it that, and may have it at the end. */
	if (d->link.index != tried && d->link.has_address && d->link.address == d->address)
		d->address_added = false;
	if (network_is_own(d, &f) != 0) {
		daemon_note(d, SEVERITY_ERROR, "default-route", "%s.", f.text);
		daemon_stop(d, EXIT_CODE_NETWORK, "the interface leads to your own network now");
		return;
	}
	if (make_ready(d, &f) != 0) {
		not_yet(d, &f);
		return;
	}
	d->watchman.gone = d->watchman.said_failed = false;
	daemon_note(d, d->watchman.said_flaps ? SEVERITY_DEBUG : SEVERITY_NOTICE, "interface-back",
		    "The interface %s is there again: reflashd goes on there.", d->link.name);
	network_say_link(d, d->link.running);
	if (d->link.running)
		dhcp_port_probe(&d->dhcp);
}

void network_renamed(struct daemon *d, const char *before)
{
	added_note(d);
	daemon_note(d, SEVERITY_WARNING, "interface-renamed",
		    "The interface %s is called %s now. reflashd goes on there; at its next start "
		    "it wants the new name: -i %s",
		    before, d->link.name, d->link.name);
}
