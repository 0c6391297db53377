/* SPDX-License-Identifier: MIT */
/*
 * Our place on the network: the interface, its address, the pool, and what to do when the
 * kernel says that any of it changed.
 *
 * With a direct cable the link drops whenever the phone reboots, and network managers then
 * take the address away: it is put back and the service goes on.
 */
#include "daemon.h"

#include "manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FLAPS_SHOWN   6
#define FLAPS_WITHIN  USEC_SEC(60)
#define RESTORE_APART USEC_MS(100)

static int find_address(struct daemon *d, struct fault *f)
{
	const struct config *c = d->config;
	char text[IP4_TEXT_MAX];
	int err;

	if (c->has_address) {
		d->address = c->address;
		d->prefix_len = c->prefix_len;
	} else if (d->link.has_address) {
		d->address = d->link.address;
		d->prefix_len = d->link.prefix_len;
	} else {
		d->address = CONFIG_ADDRESS_DEFAULT;
		d->prefix_len = CONFIG_PREFIX_LEN_DEFAULT;
	}
	ip4_format(d->address, text);
	if (d->prefix_len > 30)
		return fault_set(
			f, -EADDRNOTAVAIL,
			"the address %s/%u of %s leaves no room for a phone. Give a larger network "
			"with --address, e.g. --address 10.79.70.1/24",
			text, d->prefix_len, c->interface);
	if (d->link.has_address && d->link.address == d->address)
		return 0;
	d->address_added = true;
	added_note(d);
	err = link_add_address(&d->link, c->interface, d->address, d->prefix_len, f);
	if (err)
		d->address_added = false; /* somebody else has just added it: theirs */
	if (err < 0)
		return err;
	if (err > 0) {
		added_note(d);
		return 0;
	}
	daemon_note(d, SEVERITY_INFO, "address-added",
		    "%s gets the address %s/%u from us; it is taken away again at the end.",
		    c->interface, text, d->prefix_len);
	return 0;
}

static int switch_on(struct daemon *d, struct fault *f)
{
	int err;

	d->switched_on = true;
	added_note(d);
	err = link_switch_on(&d->link, d->config->interface, f);
	if (err)
		d->switched_on = false;
	return err;
}

int network_is_own(const struct daemon *d, struct fault *f)
{
	char gateway[IP4_TEXT_MAX];
	uint32_t ip;

	if (d->config->force || !link_is_default_route(d->link.index, &ip))
		return 0;
	ip4_format(ip, gateway);
	return fault_set(f, -EPERM,
			 "%s leads to your own network (the default route to %s goes out there). A "
			 "second DHCP server would disturb everybody on it. Connect the phone to "
			 "another interface, or use --force when you know that this one is safe",
			 d->link.name, gateway);
}

int network_prepare(struct daemon *d, struct fault *f)
{
	const struct config *c = d->config;
	int err = link_query(&d->link, c->interface, c->has_address ? c->address : 0, f);

	if (!err)
		err = network_is_own(d, f);
	if (err)
		return err;
	if (!d->link.up) {
		err = switch_on(d, f);
		if (err)
			return err;
	}
	return find_address(d, f);
}

int network_prepare_dhcp(struct daemon *d, struct fault *f)
{
	const struct config *c = d->config;
	uint32_t mask = ip4_netmask(d->prefix_len), network = d->address & mask;
	uint32_t broadcast = network | ~mask, first = c->pool_first, last = c->pool_last;
	struct dhcp_config config = {.address = d->address,
				     .netmask = mask,
				     .routers = c->routers,
				     .dns = c->dns,
				     .tftp = c->tftp,
				     .lease_seconds = c->lease_seconds,
				     .phones_only = c->clients != CLIENTS_ALL};
	struct lease *slots;
	uint16_t *index;

	if (!first) {
		/* .50 to .250 where the network is that large, else all of it. */
		bool large = ~mask > 250;

		first = network + (large ? 50 : 1);
		last = large ? network + 250 : broadcast - 1;
	}
	if ((first & mask) != network || (last & mask) != network || first == network ||
	    last == broadcast) {
		char a[IP4_TEXT_MAX], b[IP4_TEXT_MAX], n[IP4_TEXT_MAX];

		ip4_format(first, a);
		ip4_format(last, b);
		ip4_format(network, n);
		return fault_set(f, -EINVAL,
				 "the pool %s-%s does not lie inside the network %s/%u of %s. Give "
				 "addresses of that network with --pool, or another --address",
				 a, b, n, d->prefix_len, c->interface);
	}
	slots = calloc(last - first + 1, sizeof(*slots));
	index = calloc(lease_index_size(last - first + 1), sizeof(*index));
	if (!slots || !index) {
		free(slots);
		free(index);
		return fault_set(f, -ENOMEM, "no memory for the leases");
	}
	lease_table_init(&d->dhcp.leases, first, last, slots, index,
			 lease_index_size(last - first + 1));
	dhcp_server_init(&d->dhcp.server, &config, &d->dhcp.leases);
	return 0;
}

void network_undo(struct daemon *d)
{
	struct link_state s;
	struct fault f;

	if (d->address_added && d->link.index)
		link_remove_address(&d->link, d->address, d->prefix_len);
	/* Somebody who gave it an address meanwhile wants it on. */
	if (d->switched_on && d->link.index && link_query_index(&s, d->link.index, 0, &f) == 0 &&
	    !s.has_address)
		link_switch_off(&s);
	added_close(d);
}

/* A cable that comes and goes all the time is said a few times, then once. */
bool network_flaps(struct daemon *d)
{
	struct watchman *w = &d->watchman;
	usec_t now = daemon_now();

	if (now - w->flaps_since > FLAPS_WITHIN || !w->flaps) {
		w->flaps_since = now;
		w->flaps = 0;
		w->said_flaps = false;
	}
	return ++w->flaps > FLAPS_SHOWN;
}

void network_say_link(struct daemon *d, bool up)
{
	bool quiet = network_flaps(d);
	struct event e;

	event_init(&e, EVENT_NETWORK_LINK);
	event_set_text(&e, FIELD_INTERFACE, d->link.name);
	event_set_truth(&e, FIELD_UP, up);
	if (quiet)
		e.severity = SEVERITY_DEBUG;
	if (up)
		event_say(&e, "The cable at %s is connected.", d->link.name);
	else
		event_say(&e,
			  "Nothing is connected to %s: waiting for the cable, or for the phone to "
			  "get power.",
			  d->link.name);
	daemon_emit(d, &e);
	if (quiet && !d->watchman.said_flaps) {
		d->watchman.said_flaps = true;
		daemon_note(d, SEVERITY_WARNING, "link-flaps",
			    "The cable at %s comes and goes all the time; this is not shown any "
			    "more for a minute. A phone that restarts does that a few times; else "
			    "look at cable and plugs.",
			    d->link.name);
	}
}

static void say_restored(struct daemon *d)
{
	const char *interface = d->link.name;

	switch (manager_of(d->link.index)) {
	case MANAGER_NETWORKMANAGER:
		daemon_note(d, SEVERITY_NOTICE, "address-restored",
			    "NetworkManager took our address away from %s. It was put back, as it "
			    "will be each time; to end this: sudo nmcli device set %s managed no",
			    interface, interface);
		return;
	case MANAGER_NETWORKD:
		daemon_note(
			d, SEVERITY_NOTICE, "address-restored",
			"Our address was taken away from %s, probably by systemd-networkd, "
			"which looks after it. It was put back, as it will be each time; to "
			"end this, write [Match] Name=%s and [Link] Unmanaged=yes to "
			"/etc/systemd/network/00-reflashd.network, then: sudo networkctl reload",
			interface, interface);
		return;
	case MANAGER_NONE: break;
	}
	daemon_note(d, SEVERITY_NOTICE, "address-restored",
		    "Something took our address away from %s; it was put back, as it will be each "
		    "time.",
		    interface);
}

static void network_look(struct daemon *d, struct link_news news);

void network_on_watchman(void *ctx)
{
	network_look(ctx, (struct link_news){false, false});
}

void network_look_again(struct daemon *d, unsigned ms)
{
	if (!timer_runs(&d->watchman.timer))
		timer_in(&d->watchman.timer, ms);
}

/* Network managers take addresses away when the link drops, and with a direct cable it drops
 * whenever the phone reboots. Not faster than ten times a second: somebody may insist. */
static void restore_address(struct daemon *d)
{
	struct watchman *w = &d->watchman;
	usec_t now = daemon_now();
	struct fault f;

	if (w->restored && now - w->restored < RESTORE_APART) {
		network_look_again(d, (unsigned)(RESTORE_APART / 1000));
		return;
	}
	w->restored = now;
	if (link_add_address(&d->link, d->link.name, d->address, d->prefix_len, &f) < 0) {
		if (!w->said_failed)
			daemon_note(d, SEVERITY_ERROR, "address-lost",
				    "Our address was taken away and cannot be put back: %s.",
				    f.text);
		w->said_failed = true;
		network_look_again(d, 500);
		return;
	}
	w->said_failed = false;
	if (!w->said_restored)
		say_restored(d);
	w->said_restored = true;
}

static void keep_switched_on(struct daemon *d)
{
	struct watchman *w = &d->watchman;
	struct fault f;

	if (link_switch_on(&d->link, d->link.name, &f) != 0) {
		network_look_again(d, 500);
		return;
	}
	if (!w->said_switched)
		daemon_note(d, SEVERITY_NOTICE, "switched-on",
			    "Something switched %s off; it was switched on again, as it will be "
			    "each time. To end the service, stop reflashd.",
			    d->link.name);
	w->said_switched = true;
}

static void network_look(struct daemon *d, struct link_news news)
{
	struct link_state before = d->link;
	bool away = d->watchman.gone || news.removed;
	struct fault f;
	int err = 0;

	if (d->stopping)
		return;
	if (!away)
		err = link_query_index(&d->link, before.index, d->address, &f);
	if (away || err == -ENODEV) {
		network_lose(d);
		network_come_back(d);
		return;
	}
	if (err)
		return; /* the next piece of news tells more */
	if (strcmp(before.name, d->link.name) != 0)
		network_renamed(d, before.name);
	if (news.missed)
		network_tie(d); /* taken away and back again may be what we missed */
	if (!d->link.up)
		keep_switched_on(d);
	if (!d->link.has_address || d->link.address != d->address)
		restore_address(d);
	if (before.running == d->link.running)
		return;
	network_say_link(d, d->link.running);
	if (d->link.running)
		dhcp_port_probe(&d->dhcp);
}

void network_on_news(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)events;
	if (status < 0) /* news were lost, and libuv has stopped the watching */
		must(uv_poll_start(poll, UV_READABLE, network_on_news) == 0);
	network_look(d, link_watch_drain(&d->watch, d->link.index));
}
