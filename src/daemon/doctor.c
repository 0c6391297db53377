/* SPDX-License-Identifier: MIT */
/*
 * `reflashd doctor': the checks, in the order in which a person would mend what they find: the
 * interface itself, its cable, its address, who else is there, what on this machine is in the way,
 * and what is to be served.
 *
 * What can go wrong: not root. Then each check that needs it says so, and the others are done.
 */
#include "doctor.h"

#include "candidates.h"
#include "firewall_look.h"
#include "manager.h"

#include "reflashd/store.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void doctor_say(struct doctor *d, const char *check, enum doctor_result result, const char *remedy,
		const char *format, ...)
{
	struct doctor_line *l = &d->line[d->count];
	va_list ap;

	must(d->count < DOCTOR_LINES_MAX);
	d->count++;
	l->check = check;
	l->result = result;
	text_copy(l->remedy, sizeof(l->remedy), remedy);
	va_start(ap, format);
	vsnprintf(l->found, sizeof(l->found), format, ap);
	va_end(ap);
}

void doctor_remedy(struct doctor *d, const char *format, ...)
{
	struct doctor_line *l = &d->line[d->count - 1];
	va_list ap;

	va_start(ap, format);
	vsnprintf(l->remedy, sizeof(l->remedy), format, ap);
	va_end(ap);
}

enum doctor_result doctor_worst(const struct doctor *d)
{
	enum doctor_result worst = DOCTOR_OK;

	for (unsigned i = 0; i < d->count; i++) {
		if (d->line[i].result == DOCTOR_PROBLEM)
			return DOCTOR_PROBLEM;
		if (d->line[i].result > worst)
			worst = d->line[i].result;
	}
	return worst;
}

static void check_interface(struct doctor *d, const struct candidates *all)
{
	const char *interface = d->config->interface;
	const struct candidate *own = NULL;
	char shown[200];
	struct fault f;
	int err = link_query(&d->link, interface, d->config->has_address ? d->config->address : 0,
			     &f);

	if (err) {
		doctor_say(d, "interface", DOCTOR_PROBLEM, "", "%s.", f.text);
		if (d->line[0].found[0] == 't')
			d->line[0].found[0] = 'T'; /* "there is no …", as a sentence of its own */
		if (all->best >= 0)
			doctor_remedy(d, "Name another one with -i; %s looks right.",
				      all->of[all->best].link.name);
		return;
	}
	for (unsigned i = 0; i < all->count; i++)
		if (all->of[i].link.index == d->link.index)
			own = &all->of[i];
	d->link_known = true;
	if (!own)
		return;
	candidate_describe(own, shown, sizeof(shown));
	doctor_say(d, "interface", DOCTOR_OK, "", "%s: %s.", interface, shown);
	if (own->wireless) {
		d->line[0].result = DOCTOR_PROBLEM;
		doctor_remedy(d, "Phones have no wireless; take a wired one.");
	} else if (own->link.master) {
		d->line[0].result = DOCTOR_PROBLEM;
		doctor_remedy(d, "What arrives here goes to the bridge or bond: name that one "
				 "with -i.");
	}
}

static void check_cable(struct doctor *d)
{
	if (!d->link.up)
		doctor_say(d, "cable", DOCTOR_WARNING, "",
			   "%s is switched off, so the cable cannot be seen; `serve' switches it "
			   "on.",
			   d->config->interface);
	else if (!d->link.running)
		doctor_say(d, "cable", DOCTOR_WARNING,
			   "Plug the cable in at both ends and give the phone power; `serve' waits "
			   "for it.",
			   "No cable, or nothing at its other end.");
	else
		doctor_say(d, "cable", DOCTOR_OK, "", "Connected.");
}

static void check_address(struct doctor *d, const struct candidates *all)
{
	const struct config *c = d->config;
	bool own = d->link.has_address && (!c->has_address || d->link.address == c->address);
	char ip[IP4_TEXT_MAX];

	d->address = c->has_address ? c->address : own ? d->link.address : CONFIG_ADDRESS_DEFAULT;
	d->prefix_len = own		 ? d->link.prefix_len
			: c->has_address ? c->prefix_len
					 : CONFIG_PREFIX_LEN_DEFAULT;
	ip4_format(d->address, ip);
	if (d->prefix_len > 30)
		doctor_say(d, "address", DOCTOR_PROBLEM,
			   "Give a larger network, e.g. --address 10.79.70.1/24.",
			   "%s/%u leaves no room for a phone.", ip, d->prefix_len);
	else if (own)
		doctor_say(d, "address", DOCTOR_OK, "", "It has the address %s/%u.", ip,
			   d->prefix_len);
	else
		doctor_say(d, "address", DOCTOR_OK, "",
			   "`serve' gives it the address %s/%u and takes it away at the end.", ip,
			   d->prefix_len);
	for (unsigned i = 0; i < all->count; i++) {
		const struct link_info *l = &all->of[i].link;

		if (l->index == d->link.index || !l->address ||
		    (l->address & ip4_netmask(d->prefix_len)) !=
			    (d->address & ip4_netmask(d->prefix_len)))
			continue;
		doctor_say(d, "same-network", DOCTOR_PROBLEM,
			   "Give another network with --address, e.g. --address 10.79.70.1/24.",
			   "%s has an address of the same network, so what is meant for the "
			   "phone may leave there.",
			   l->name);
		return;
	}
}

static void check_route(struct doctor *d)
{
	char ip[IP4_TEXT_MAX];
	uint32_t gateway;

	if (!link_is_default_route(d->link.index, &gateway)) {
		doctor_say(d, "default-route", DOCTOR_OK, "",
			   "It does not lead to your own network.");
		return;
	}
	ip4_format(gateway, ip);
	doctor_say(d, "default-route", DOCTOR_PROBLEM,
		   "Connect the phone to another interface; a USB network adapter will do.",
		   "It leads to your own network (the default route to %s goes out there), where "
		   "a second DHCP server would disturb everybody.",
		   ip);
}

static void check_manager(struct doctor *d)
{
	const char *interface = d->config->interface;

	switch (manager_of(d->link.index)) {
	case MANAGER_NETWORKMANAGER:
		doctor_say(d, "manager", DOCTOR_WARNING, "",
			   "NetworkManager looks after %s and may take our address away when the "
			   "phone restarts; `serve' puts it back.",
			   interface);
		doctor_remedy(d, "sudo nmcli device set %s managed no", interface);
		return;
	case MANAGER_NETWORKD:
		doctor_say(d, "manager", DOCTOR_WARNING, "",
			   "systemd-networkd looks after %s and may take our address away when "
			   "the phone restarts; `serve' puts it back.",
			   interface);
		doctor_remedy(d,
			      "printf '[Match]\\nName=%s\\n[Link]\\nUnmanaged=yes\\n' | sudo tee "
			      "/etc/systemd/network/00-reflashd.network && sudo networkctl reload",
			      interface);
		return;
	case MANAGER_NONE: break;
	}
	doctor_say(d, "manager", DOCTOR_OK, "", "No network manager that we know looks after it.");
}

static void check_firewall(struct doctor *d)
{
	static const char hint[] = "If a phone seems to hear nothing, let UDP 67 and 69 in on this "
				   "interface.";
	struct firewall_look l;
	char found[300];

	firewall_look(&l, d->config->interface);
	firewall_found(&l, found, sizeof(found));
	if (firewall_worst(&l) == FIREWALL_BLOCKED) {
		doctor_say(d, "firewall", DOCTOR_WARNING, "",
			   "A firewall on this machine keeps phones out: it blocks %s.", found);
		firewall_remedy(&l, d->line[d->count - 1].remedy,
				sizeof(d->line[d->count - 1].remedy));
	} else if (l.failed) {
		doctor_say(d, "firewall", DOCTOR_UNKNOWN, "Run this with sudo.",
			   "Could not look at the firewall: %s.", l.why);
	} else if (firewall_worst(&l) == FIREWALL_UNCLEAR) {
		doctor_say(d, "firewall", DOCTOR_WARNING, hint,
			   "There is a firewall; whether it lets phones in could not be told for "
			   "%s.",
			   found);
	} else if (l.way[WAY_6970].verdict == FIREWALL_BLOCKED && l.way[WAY_6970].silent) {
		doctor_say(d, "firewall", DOCTOR_WARNING,
			   "Let it refuse (reject) TCP 6970 instead, so that phones go on at once.",
			   "It lets DHCP and TFTP in, but drops TCP 6970 silently, which newer "
			   "phones try first.");
	} else {
		doctor_say(d, "firewall", DOCTOR_OK, "", "%s",
			   l.found ? "It lets phones in." : "None was found.");
	}
}

static void check_firmware(struct doctor *d)
{
	const struct library *l;
	struct store *store;
	struct fault f;
	unsigned fit = 0;
	char why[160];
	int exit_code;

	if (!d->config->firmware_count) {
		doctor_say(d, "firmware", DOCTOR_OK, "",
			   "Not looked at; name a folder to have it "
			   "checked.");
		return;
	}
	if (store_open(&store, d->config, &exit_code, &f) != 0) {
		text_capitalise(f.text);
		doctor_say(d, "firmware", DOCTOR_PROBLEM, "", "%s.", f.text);
		return;
	}
	l = store_library(store);
	for (unsigned i = 0; i < l->bundle_count; i++)
		fit += l->bundle[i].fit;
	if (!l->bundle_count) {
		doctor_say(d, "firmware", DOCTOR_PROBLEM,
			   "Name the folder or the archive that holds the .loads and .sbn files "
			   "(7902, 7905, 7912: .zup and .sbin).",
			   "No firmware for a phone is among these files.");
	} else if (!fit) {
		bundle_why_unfit(l, &l->bundle[0], why, sizeof(why));
		doctor_say(d, "firmware", DOCTOR_PROBLEM, "`reflashd check' tells more.",
			   "Nothing here is fit to be given to a phone; in the bundle %s, %s.",
			   l->bundle[0].load, why);
	} else {
		bool all = fit == l->bundle_count;

		doctor_say(d, "firmware", all ? DOCTOR_OK : DOCTOR_WARNING,
			   all ? "" : "`reflashd check' tells more.",
			   "%u of %u bundle%s fit to be given to a phone.", fit, l->bundle_count,
			   l->bundle_count == 1 ? " is" : "s are");
	}
	store_close(store);
}

static void check_state_dir(struct doctor *d)
{
	const char *dir = d->config->state_dir;
	char parent[CONFIG_PATH_MAX];
	struct stat st;
	char *slash;

	text_copy(parent, sizeof(parent), dir);
	slash = strrchr(parent, '/');
	if (slash && slash != parent)
		*slash = 0;
	else
		text_copy(parent, sizeof(parent), slash ? "/" : ".");
	if (access(dir, W_OK | X_OK) == 0 && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		doctor_say(d, "state-folder", DOCTOR_OK, "", "`%s' can be written to.", dir);
	else if (errno == ENOENT && access(parent, W_OK | X_OK) == 0)
		doctor_say(d, "state-folder", DOCTOR_OK, "", "`serve' makes `%s'.", dir);
	else
		doctor_say(d, "state-folder", geteuid() ? DOCTOR_UNKNOWN : DOCTOR_WARNING,
			   geteuid() ? "Run this with sudo."
				     : "Phones are served all the same, but a restart forgets "
				       "them. Name another one with --state-dir.",
			   "`%s' cannot be written to: %s.", dir, strerror(errno));
}

void doctor_run(struct doctor *d, const struct config *config)
{
	static struct candidates all;

	*d = (struct doctor){.config = config};
	if (candidates_find(&all) != 0)
		all.count = 0;
	check_interface(d, &all);
	if (d->link_known) {
		check_cable(d);
		check_address(d, &all);
		check_route(d);
		doctor_ask_wire(d);
		doctor_try_ports(d);
		check_firewall(d);
		check_manager(d);
	}
	check_firmware(d);
	check_state_dir(d);
}
