/* SPDX-License-Identifier: MIT */
/*
 * The interface, through the kernel's own netlink (libmnl). Linux only.
 *
 * State is always asked for afresh and never pieced together from notifications: the watch
 * socket only says "something changed", which keeps lost messages harmless.
 */
#include "link.h"

#include "rights.h"

#include "reflashd/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES 512

/* Sends one request and walks the answers through cb. 0 or negative errno. */
static int netlink_talk(struct nlmsghdr *request, mnl_cb_t cb, void *ctx)
{
	/* The answers to a dump are at most this large in one read, says the kernel. */
	static _Alignas(struct nlmsghdr) char buf[32768];
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	ssize_t n;
	int result = 0, err = 0;

	if (!socket)
		return -errno;
	request->nlmsg_seq = 1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
		err = -errno;
		mnl_socket_close(socket);
		return err;
	}
	do {
		n = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		if (n < 0) {
			err = -errno;
			break;
		}
		result = mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(socket), cb, ctx);
		if (result < 0)
			err = -errno;
	} while (result > 0 && !(request->nlmsg_flags & NLM_F_ACK));
	mnl_socket_close(socket);
	return err;
}

static int netlink_change(struct nlmsghdr *request)
{
	int err;

	rights_wake(RIGHT_ADMIN);
	err = netlink_talk(request, NULL, NULL);
	rights_sleep();
	return err;
}

static struct nlmsghdr *request_init(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return h;
}

/* Everything of that kind and family that there is, one by one to cb. */
static int netlink_dump(uint16_t type, uint8_t family, mnl_cb_t cb, void *ctx)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_BYTES];
	struct nlmsghdr *h = request_init(buf, type, NLM_F_DUMP);
	struct rtgenmsg *gen = mnl_nlmsg_put_extra_header(h, sizeof(*gen));

	gen->rtgen_family = family;
	return netlink_talk(h, cb, ctx);
}

static int on_kind(const struct nlattr *a, void *ctx)
{
	struct link_info *out = ctx;

	if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
		text_copy(out->kind, sizeof(out->kind), mnl_attr_get_str(a));
	return MNL_CB_OK;
}

static int on_link_attribute(const struct nlattr *a, void *ctx)
{
	struct link_info *out = ctx;

	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME: text_copy(out->name, sizeof(out->name), mnl_attr_get_str(a)); break;
	case IFLA_MTU: out->mtu = mnl_attr_get_u32(a); break;
	case IFLA_MASTER: out->master = mnl_attr_get_u32(a); break;
	case IFLA_LINKINFO: mnl_attr_parse_nested(a, on_kind, out); break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(a) == sizeof(out->mac.b))
			memcpy(out->mac.b, mnl_attr_get_payload(a), sizeof(out->mac.b));
		break;
	default: break;
	}
	return MNL_CB_OK;
}

static void read_link(const struct nlmsghdr *h, struct link_info *out)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);

	*out = (struct link_info){.index = (unsigned)info->ifi_index,
				  .mtu = 1500,
				  .ethernet = info->ifi_type == ARPHRD_ETHER,
				  .up = info->ifi_flags & IFF_UP};
	out->running = out->up && (info->ifi_flags & IFF_LOWER_UP);
	mnl_attr_parse(h, sizeof(*info), on_link_attribute, out);
}

struct query {
	const char *interface; /* NULL: the one with that index */
	unsigned index;
	struct link_state *state;
	uint32_t wanted;
	bool found, ethernet;
};

static int on_link(const struct nlmsghdr *h, void *ctx)
{
	struct query *q = ctx;
	struct link_info l;

	read_link(h, &l);
	if (q->interface ? strcmp(l.name, q->interface) != 0 : l.index != q->index)
		return MNL_CB_OK;
	q->found = true;
	text_copy(q->state->name, sizeof(q->state->name), l.name);
	q->ethernet = l.ethernet;
	q->state->index = l.index;
	q->state->mac = l.mac;
	q->state->mtu = l.mtu;
	q->state->up = l.up;
	q->state->running = l.running;
	return MNL_CB_OK;
}

static int on_address_attribute(const struct nlattr *a, void *ctx)
{
	uint32_t *ip = ctx;

	if (mnl_attr_get_type(a) == IFA_LOCAL)
		*ip = ntohl(mnl_attr_get_u32(a));
	return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *h, void *ctx)
{
	struct query *q = ctx;
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(h);
	uint32_t ip = 0;

	if (info->ifa_family != AF_INET || info->ifa_index != q->state->index)
		return MNL_CB_OK;
	mnl_attr_parse(h, sizeof(*info), on_address_attribute, &ip);
	if (!ip || (q->state->has_address && (!q->wanted || ip != q->wanted)))
		return MNL_CB_OK;
	q->state->has_address = true;
	q->state->address = ip;
	q->state->prefix_len = info->ifa_prefixlen;
	return MNL_CB_OK;
}

static int query_once(struct link_state *s, const struct query *wish, struct fault *f)
{
	struct link_state state = {0};
	struct query q = *wish;
	int err;

	q.state = &state;
	err = netlink_dump(RTM_GETLINK, AF_PACKET, on_link, &q);
	if (err)
		return fault_set(f, err, "cannot list the network interfaces: %s", strerror(-err));
	if (!q.found)
		return fault_set(f, -ENODEV, "there is no network interface `%s' on this machine",
				 q.interface ? q.interface : "with that number");
	if (!q.ethernet)
		return fault_set(f, -ENODEV,
				 "`%s' is not an Ethernet interface, so no phone can be on it",
				 state.name);
	err = netlink_dump(RTM_GETADDR, AF_INET, on_address, &q);
	if (err)
		return fault_set(f, err, "cannot list the addresses of %s: %s", state.name,
				 strerror(-err));
	*s = state;
	return 0;
}

static int query(struct link_state *s, const struct query *wish, struct fault *f)
{
	int err = -EINTR;

	/* The kernel says EINTR when the list changed while it was read. */
	for (int i = 0; err == -EINTR && i < 5; i++)
		err = query_once(s, wish, f);
	return err;
}

int link_query(struct link_state *s, const char *interface, uint32_t wanted, struct fault *f)
{
	return query(s, &(struct query){.interface = interface, .wanted = wanted}, f);
}

int link_query_index(struct link_state *s, unsigned index, uint32_t wanted, struct fault *f)
{
	return query(s, &(struct query){.index = index, .wanted = wanted}, f);
}

bool link_is_default_route(unsigned index, uint32_t *gateway)
{
	/* /proc says in one line a route what netlink says in forty. */
	FILE *file = fopen("/proc/net/route", "r");
	char line[256], name[32];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		unsigned destination, gw, mask;
		struct link_state s;
		struct fault f;

		if (sscanf(line, "%31s %x %x %*x %*u %*u %*u %x", name, &destination, &gw, &mask) !=
		    4)
			continue;
		if (destination || mask || link_query(&s, name, 0, &f) != 0 || s.index != index)
			continue;
		*gateway = ntohl(gw);
		found = true;
	}
	fclose(file);
	return found;
}

static int switch_link(unsigned index, bool on)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_BYTES];
	struct nlmsghdr *h = request_init(buf, RTM_NEWLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = (int)index;
	info->ifi_flags = on ? IFF_UP : 0;
	info->ifi_change = IFF_UP;
	return netlink_change(h);
}

int link_switch_on(const struct link_state *s, const char *interface, struct fault *f)
{
	int err = switch_link(s->index, true);

	if (err)
		return fault_set(f, err, "cannot switch on %s: %s%s", interface, strerror(-err),
				 err == -EPERM ? ". Run this with sudo" : "");
	return 0;
}

int link_switch_off(const struct link_state *s)
{
	return switch_link(s->index, false);
}

struct listing {
	struct link_info *out;
	unsigned count, max;
};

static int on_list_link(const struct nlmsghdr *h, void *ctx)
{
	struct listing *list = ctx;

	if (list->count < list->max)
		read_link(h, &list->out[list->count++]);
	return MNL_CB_OK;
}

static int on_list_address(const struct nlmsghdr *h, void *ctx)
{
	struct listing *list = ctx;
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(h);
	uint32_t ip = 0;

	mnl_attr_parse(h, sizeof(*info), on_address_attribute, &ip);
	for (unsigned i = 0; i < list->count; i++) {
		if (list->out[i].index != info->ifa_index || list->out[i].address)
			continue;
		list->out[i].address = ip;
		list->out[i].prefix_len = info->ifa_prefixlen;
	}
	return MNL_CB_OK;
}

int link_list(struct link_info *out, unsigned max)
{
	struct listing list = {.out = out, .max = max};
	int err = netlink_dump(RTM_GETLINK, AF_PACKET, on_list_link, &list);

	if (!err || err == -EINTR)
		err = netlink_dump(RTM_GETADDR, AF_INET, on_list_address, &list);
	return err && err != -EINTR ? err : (int)list.count;
}

bool link_is_own_mac(struct mac mac)
{
	struct link_info list[LINKS_MAX];
	int n = link_list(list, LINKS_MAX);

	for (int i = 0; i < n; i++)
		if (mac_equal(list[i].mac, mac))
			return true;
	return false;
}

static int change_address(const struct link_state *s, uint16_t type, uint16_t flags,
			  uint32_t address, unsigned prefix_len)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_BYTES];
	struct nlmsghdr *h = request_init(buf, type, (uint16_t)(NLM_F_ACK | flags));
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
	uint32_t wire = ntohl(address);

	info->ifa_family = AF_INET;
	info->ifa_prefixlen = (uint8_t)prefix_len;
	info->ifa_index = s->index;
	mnl_attr_put_u32(h, IFA_LOCAL, wire);
	mnl_attr_put_u32(h, IFA_ADDRESS, wire);
	if (type == RTM_NEWADDR)
		mnl_attr_put_u32(h, IFA_BROADCAST, ntohl(address | ~ip4_netmask(prefix_len)));
	return netlink_change(h);
}

int link_add_address(const struct link_state *s, const char *interface, uint32_t address,
		     unsigned prefix_len, struct fault *f)
{
	char text[IP4_TEXT_MAX];
	int err = change_address(s, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address, prefix_len);

	ip4_format(address, text);
	if (err == -EEXIST)
		return 1;
	if (err)
		return fault_set(f, err, "cannot give %s the address %s/%u: %s%s", interface, text,
				 prefix_len, strerror(-err),
				 err == -EPERM ? ". Run this with sudo" : "");
	return 0;
}

int link_remove_address(const struct link_state *s, uint32_t address, unsigned prefix_len)
{
	return change_address(s, RTM_DELADDR, 0, address, prefix_len);
}

int link_watch_open(struct link_watch *w, struct fault *f)
{
	w->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!w->socket ||
	    mnl_socket_bind(w->socket, RTMGRP_LINK | RTMGRP_IPV4_IFADDR, MNL_SOCKET_AUTOPID) < 0)
		return fault_set(f, -errno, "cannot watch the network interfaces: %s",
				 strerror(errno));
	w->fd = mnl_socket_get_fd(w->socket);
	return 0;
}

/* A port that merely leaves a bridge is said to be taken away, too, in the bridge's own words. */
static bool tells_removal(const char *data, int len, unsigned index)
{
	for (const struct nlmsghdr *h = (const void *)data; mnl_nlmsg_ok(h, len);
	     h = mnl_nlmsg_next(h, &len)) {
		const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);

		if (h->nlmsg_type == RTM_DELLINK && mnl_nlmsg_get_payload_len(h) >= sizeof(*info) &&
		    info->ifi_family == AF_UNSPEC && (unsigned)info->ifi_index == index)
			return true;
	}
	return false;
}

struct link_news link_watch_drain(struct link_watch *w, unsigned index)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	struct link_news news = {false, false};

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(w->socket, buf, sizeof(buf));

		if (n == 0 || (n < 0 && errno != ENOBUFS && errno != ENOSPC))
			return news;
		if (n < 0) /* messages were lost, or one was too long */
			news.missed = true;
		else if (tells_removal(buf, (int)n, index))
			news.removed = true;
	}
}

int link_tie(const char *interface, int fd)
{
	socklen_t len = (socklen_t)strlen(interface) + 1;

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, len) != 0 ? -errno : 0;
}

void link_watch_close(struct link_watch *w)
{
	if (w->socket)
		mnl_socket_close(w->socket);
	w->socket = NULL;
}
