/* SPDX-License-Identifier: MIT */
/*
 * Which interface? A person with one dead phone should not have to know.
 *
 * The right one is wired, has no part in the way to the rest of the world, and most likely has a
 * cable in it or no address yet. An interface that a program made (a bridge, a container's end, a
 * tunnel) is chosen only when there is no other, since a phone can be behind it all the same:
 * in a virtual machine, or on a bridge.
 *
 * Two that look equally right: the first is named, and both are in the list.
 */
#include "candidates.h"

#include "reflashd/text.h"

#include <linux/if.h>
#include <linux/wireless.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_wireless(const char *name)
{
	char path[64];
	struct stat st;
	struct iwreq r;
	bool found;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/phy80211", name);
	if (stat(path, &st) == 0)
		return true;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memset(&r, 0, sizeof(r));
	text_copy(r.ifr_ifrn.ifrn_name, sizeof(r.ifr_ifrn.ifrn_name), name);
	found = fd >= 0 && ioctl(fd, SIOCGIWNAME, &r) == 0;
	if (fd >= 0)
		close(fd);
	return found;
}

/* What nobody can plug a phone into. */
static bool is_container_end(const struct link_info *l)
{
	static const char *const names[] = {"veth", "docker", "virbr", "lxc", "lxd", "vnet", "br-"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(l->name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Made by software, yet with a wire somewhere behind it. */
static bool leads_somewhere(const char *kind)
{
	static const char *const kinds[] = {"bridge", "vlan", "bond", "team", "veth", "macvlan"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static int judge(const struct candidate *c)
{
	const struct link_info *l = &c->link;
	int score = 10;

	if (!l->ethernet || c->wireless || c->default_route || l->master)
		return -1;
	if (*l->kind && !leads_somewhere(l->kind))
		return -1;
	if (*l->kind)
		score -= 6;
	if (is_container_end(l))
		score -= 3;
	if (l->running)
		score += 3;
	if (!l->address)
		score += 1; /* nobody uses it for anything else */
	return score;
}

int candidates_find(struct candidates *c)
{
	static struct link_info links[LINKS_MAX];
	int n = link_list(links, LINKS_MAX);

	c->count = 0;
	c->best = -1;
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		struct candidate *at = &c->of[c->count];
		uint32_t gateway;

		if (strcmp(links[i].name, "lo") == 0)
			continue;
		*at = (struct candidate){.link = links[i]};
		at->wireless = links[i].ethernet && is_wireless(links[i].name);
		at->default_route = link_is_default_route(links[i].index, &gateway);
		at->score = judge(at);
		if (at->score > 0 && (c->best < 0 || at->score > c->of[c->best].score))
			c->best = (int)c->count;
		c->count++;
	}
	return 0;
}

bool candidates_have(const char *name)
{
	static struct candidates c;

	if (candidates_find(&c) != 0)
		return true; /* who knows */
	for (unsigned i = 0; i < c.count; i++)
		if (strcmp(c.of[i].link.name, name) == 0)
			return c.of[i].link.ethernet;
	return false;
}

void candidate_describe(const struct candidate *c, char *out, size_t size)
{
	const struct link_info *l = &c->link;
	char ip[IP4_TEXT_MAX];

	text_copy(out, size,
		  c->wireless		? "wireless"
		  : !l->ethernet	? "no Ethernet"
		  : *l->kind		? "made by software"
		  : is_container_end(l) ? "of a virtual machine or container"
					: "wired");
	if (*l->kind && l->ethernet)
		text_append(out, size, " (%s)", l->kind);
	if (l->ethernet)
		text_append(out, size, "%s",
			    !l->up	  ? ", switched off"
			    : l->running  ? c->wireless ? ", connected" : ", cable connected"
			    : c->wireless ? ", not connected"
					  : ", no cable or nothing at its other end");
	if (l->address) {
		ip4_format(l->address, ip);
		text_append(out, size, ", %s/%u", ip, l->prefix_len);
	} else {
		text_append(out, size, ", no address");
	}
	if (c->default_route)
		text_append(out, size, ", leads to your own network");
	if (l->master)
		text_append(out, size, ", part of a bridge or bond");
}

void candidates_print(FILE *out, const char *command, const char *firmware)
{
	static struct candidates c;
	char shown[300], *name;
	int width = 0;

	if (candidates_find(&c) != 0)
		return;
	for (unsigned i = 0; i < c.count; i++)
		if ((int)strlen(c.of[i].link.name) > width)
			width = (int)strlen(c.of[i].link.name);
	fputs(c.count ? "This machine has:\n" : "This machine has no network interface.\n", out);
	for (unsigned i = 0; i < c.count; i++) {
		candidate_describe(&c.of[i], shown, sizeof(shown));
		fprintf(out, "  %s %-*s  %s\n", (int)i == c.best ? "*" : " ", width,
			c.of[i].link.name, shown);
	}
	if (c.best < 0) {
		if (c.count)
			fputs("None of them looks right: it must be wired, and not the one that "
			      "leads to your own network.\nA USB network adapter will do.\n",
			      out);
		return;
	}
	name = c.of[c.best].link.name;
	text_escape(shown, sizeof(shown), (const uint8_t *)firmware, strlen(firmware));
	fprintf(out,
		"%s looks right. If that is where the phone is, type:\n    sudo reflashd %s-i %s "
		"%s%s%s\n",
		name, command, name, strchr(shown, ' ') ? "'" : "", shown,
		strchr(shown, ' ') ? "'" : "");
}
