/* SPDX-License-Identifier: MIT */
/*
 * The DHCP client of a simulated phone (RFC 2131 4.4), on purpose written apart from src/dhcp: a
 * misreading of ours should not be shared by both ends.
 *
 * The happy path: DISCOVER → OFFER → REQUEST at once → ACK → the script goes on one second later
 * (7941 console, phones.md 4.1).
 *
 * What can go wrong: no answer. How the phones back off is not established; the simulator
 * doubles from 4 s as RFC 2131 4.1 says, erased Java loaders up to the observed 20 s, the
 * 7902/7905/7912 recovery mode tries every 27 s from the start (phones.md 4.3). A NAK
 * starts over.
 *
 * Recorded: option 60 with a trailing NUL where it says "CP-79xxG", without for "7912"; the
 * parameter lists below, of which phone sends which is not known, so the seed chooses.
 * Not established, so chosen by the seed too: broadcast flag, options 12 and 61.
 *
 * The server for TFTP: option 150, else 66, else siaddr. That order is the simulator's
 * assumption; the loaders know all three sources (phones.md 3.2).
 */
#include "sim_private.h"

#include <string.h>

#define COOKIE	  0x63825363u
#define OPTIONS	  240 /* where they start */
#define BOOTP_MIN 300

static const char *const parameter_lists[] = {
	"\x01\x42\x06\x03\x0f\x96\x23",	    "\x01\x42\x06\x03\x0f\x96\x23\x97",
	"\x01\x03\x06\x0f\x2a\x42\x96",	    "\x01\x1c\x42\x06\x0f\x03\x23\x96",
	"\x01\x03\x06\x0f\x23\x42\x33\x96", "\x01\x03\x06\x0f\x2a\x42\x33\x96",
	"\x01\x03\x06\x0f\x23\x42\x96",	    "\x01\x03\x06\x0c\x0f\x1c\x2a\x42\x95\x96",
	"\x06\x03\x01\x42\x0f\x96",	    "\x01\x03\x0f\x06\x0c\x23\x42\x96",
};

static void put_option(struct writer *w, uint8_t code, const void *value, size_t len)
{
	write_u8(w, code);
	write_u8(w, (uint8_t)len);
	write_bytes(w, value, len);
}

static void put_identity(struct sim_phone *p, struct writer *w, uint32_t habits)
{
	const char *list = parameter_lists[(habits >> 8) % ARRAY_LEN(parameter_lists)];
	char text[SIM_NAME_MAX];
	uint8_t id[7] = {1};
	size_t len;

	if (!(p->config.silent_class && !p->booted)) {
		text_format(text, sizeof(text), "Cisco Systems, Inc. IP Phone %s",
			    p->model.vendor_class);
		len = strlen(text);
		if (text_starts_nocase(p->model.vendor_class, "CP-"))
			len++; /* the NUL belongs to the option */
		put_option(w, 60, text, len);
	}
	put_option(w, 55, list, strlen(list));
	if (p->booted || (habits & 2)) {
		sim_mac_name(p, false, "SEP", "", text);
		put_option(w, 12, text, strlen(text));
	}
	if (p->booted || (habits & 4)) {
		memcpy(id + 1, p->config.mac.b, 6);
		put_option(w, 61, id, sizeof(id));
	}
}

static void put_ip(struct writer *w, uint8_t code, uint32_t ip)
{
	write_u8(w, code);
	write_u8(w, 4);
	write_be32(w, ip);
}

static void send_message(struct sim_phone *p, uint8_t message, usec_t now, struct sim_out *out)
{
	uint32_t habits = (uint32_t)(p->config.seed * 2654435761u >> 7);
	uint8_t data[576];
	struct writer w = writer_init(data, sizeof(data));

	write_u8(&w, 1); /* BOOTREQUEST, Ethernet, 6, no hops */
	write_u8(&w, 1);
	write_u8(&w, 6);
	write_u8(&w, 0);
	write_be32(&w, p->dhcp.xid);
	write_be16(&w, (uint16_t)((now - p->dhcp.started) / USEC_SEC(1)));
	write_be16(&w, habits & 1 ? 0x8000u : 0u);
	write_zero(&w, 16); /* ciaddr, yiaddr, siaddr, giaddr */
	write_bytes(&w, p->config.mac.b, 6);
	write_zero(&w, 10 + 64 + 128);
	write_be32(&w, COOKIE);
	put_option(&w, 53, &message, 1);
	if (message == 3) {
		put_ip(&w, 54, p->dhcp.server);
		put_ip(&w, 50, p->dhcp.offered);
	}
	put_identity(p, &w, habits);
	write_u8(&w, 255);
	if (w.len < BOOTP_MIN)
		write_zero(&w, BOOTP_MIN - w.len);
	must(w.ok);
	sim_send(p, out, 0xffffffffu, 68, 67, data, w.len);
}

static usec_t patience(const struct sim_phone *p)
{
	usec_t wait = USEC_SEC(4) << (p->dhcp.tries < 4 ? p->dhcp.tries : 4);

	if (p->config.kind == SIM_KUP_RECOVERY && !p->booted)
		return USEC_SEC(27);
	if (p->config.kind == SIM_JAVA_ERASED && !p->booted && wait > USEC_SEC(20))
		return USEC_SEC(20);
	return wait;
}

static void discover(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	p->dhcp.state = SIM_DHCP_SELECTING;
	p->dhcp.deadline = now + patience(p);
	p->dhcp.tries++;
	send_message(p, 1, now, out);
	sim_log(p, out, "DHCP: looks for a server");
}

void sim_dhcp_start(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	if (p->deaf)
		sim_voice_begin(p, now);
	p->deaf = false;
	p->ip = 0;
	p->dhcp.xid = sim_random(p, UINT32_MAX);
	p->dhcp.tries = 0;
	p->dhcp.started = now;
	discover(p, now, out);
}

/* One option of an option field; RFC 3396 joining is not needed by a phone this simple. */
static struct span find_option(const uint8_t *data, size_t len, uint8_t code)
{
	struct reader r = reader_init(data, len);
	struct span none = {NULL, 0}, value;
	uint8_t got;

	read_skip(&r, OPTIONS);
	while (r.ok && reader_left(&r) > 0) {
		got = read_u8(&r);
		if (got == 255)
			break;
		if (got == 0)
			continue;
		value = read_span(&r, read_u8(&r));
		if (r.ok && got == code)
			return value;
	}
	return none;
}

static bool option_ip(const uint8_t *data, size_t len, uint8_t code, uint32_t *ip)
{
	struct span value = find_option(data, len, code);

	if (!value.data || value.len < 4)
		return false;
	*ip = get_be32(value.data);
	return *ip != 0;
}

static bool find_tftp_server(struct sim_phone *p, const uint8_t *data, size_t len)
{
	struct span name = find_option(data, len, 66);
	char text[IP4_TEXT_MAX];

	if (option_ip(data, len, 150, &p->server_ip)) {
		p->server_source = "option 150";
		return true;
	}
	if (name.data && name.len < sizeof(text)) {
		memcpy(text, name.data, name.len);
		text[name.len] = '\0';
		p->server_source = "option 66";
		if (ip4_parse(text, &p->server_ip))
			return true;
	}
	p->server_source = "siaddr";
	p->server_ip = get_be32(data + 20);
	return p->server_ip != 0;
}

static void bind_address(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
			 struct sim_out *out)
{
	char ip[IP4_TEXT_MAX], server[IP4_TEXT_MAX];

	p->dhcp.deadline = USEC_NEVER;
	p->ip = get_be32(d->data + 16);
	if (!option_ip(d->data, d->len, 1, &p->netmask))
		p->netmask = 0xffffff00u;
	ip4_format(p->ip, ip);
	if (!find_tftp_server(p, d->data, d->len)) {
		sim_log(p, out, "DHCP: has %s, but nobody says where the TFTP server is", ip);
		p->dhcp.state = SIM_DHCP_SELECTING;
		p->dhcp.deadline = now + patience(p);
		p->ip = 0;
		return;
	}
	p->dhcp.state = SIM_DHCP_BOUND;
	ip4_format(p->server_ip, server);
	sim_log(p, out, "DHCP: has %s, TFTP server %s (%s)", ip, server, p->server_source);
	p->script->addressed(p, now, out);
}

void sim_dhcp_receive(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
		      struct sim_out *out)
{
	struct span type;

	if (p->dhcp.state != SIM_DHCP_SELECTING && p->dhcp.state != SIM_DHCP_REQUESTING)
		return;
	if (d->len < OPTIONS || d->data[0] != 2 || get_be32(d->data + 4) != p->dhcp.xid ||
	    memcmp(d->data + 28, p->config.mac.b, 6) != 0 || get_be32(d->data + 236) != COOKIE)
		return;
	type = find_option(d->data, d->len, 53);
	if (!type.data || type.len != 1)
		return;
	if (type.data[0] == 2 && p->dhcp.state == SIM_DHCP_SELECTING) {
		p->dhcp.offered = get_be32(d->data + 16);
		if (p->dhcp.offered == 0 || !option_ip(d->data, d->len, 54, &p->dhcp.server))
			return;
		p->dhcp.state = SIM_DHCP_REQUESTING;
		p->dhcp.tries = 0;
		p->dhcp.deadline = now + patience(p);
		send_message(p, 3, now, out);
	} else if (type.data[0] == 5 && p->dhcp.state == SIM_DHCP_REQUESTING) {
		bind_address(p, d, now, out);
	} else if (type.data[0] == 6 && p->dhcp.state == SIM_DHCP_REQUESTING) {
		sim_log(p, out, "DHCP: the server takes its offer back");
		p->dhcp.state = SIM_DHCP_SELECTING;
		p->dhcp.deadline = now + patience(p);
	}
}

void sim_dhcp_tick(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	/* A REQUEST is repeated twice, the recovery mode of the 7912 starts over at once. */
	bool recovery = p->config.kind == SIM_KUP_RECOVERY && !p->booted;

	if (p->dhcp.state == SIM_DHCP_REQUESTING && p->dhcp.tries < 2 && !recovery) {
		p->dhcp.tries++;
		p->dhcp.deadline = now + patience(p);
		send_message(p, 3, now, out);
		return;
	}
	if (p->dhcp.state == SIM_DHCP_REQUESTING) {
		p->dhcp.tries = 0;
		p->dhcp.xid = sim_random(p, UINT32_MAX);
	}
	discover(p, now, out);
}
