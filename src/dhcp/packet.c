/* SPDX-License-Identifier: MIT */
/*
 * Reading a DHCP packet.
 *
 * The happy path: 236 bytes of header, the cookie, the options up to END. The options are
 * walked twice: once to learn how long every joined value will be, once to copy the pieces
 * side by side into the pool, so that any later question is one look into a table.
 *
 * Odd things that are right all the same:
 * - Option 52 sends us on into the file field, then into sname (RFC 2132 9.3); pieces
 *   of one option are joined in exactly that order (RFC 3396 section 5).
 * - Option 52 counts in the option field only; inside file or sname it would point to itself.
 * - A packet without END, or cut inside its last option, is read up to the last whole option
 *   (boot ROMs do that); `truncated` says so.
 * - Option 53 with a value that we do not know leaves the message at DHCP_NONE; the option's
 *   presence tells it from BOOTP.
 *
 * More bytes than DHCP_PACKET_MAX cannot come from an Ethernet frame; the rest is cut off.
 */
#include "reflashd/dhcp_packet.h"

#include "reflashd/bytes.h"

#include <string.h>

enum {
	SNAME_LEN = 64,
	FILE_LEN = 128,
	CHADDR_LEN = 16,
	OVERLOAD_FILE = 1,
	OVERLOAD_SNAME = 2,
	HTYPE_ETHERNET = 1,
};

#define COOKIE 0x63825363u

struct fields {
	struct span area[3]; /* options, file, sname: the order of joining */
	unsigned n;
};

/* The next whole option, PADs skipped. False at END or where the field breaks off;
 * then *whole says which of the two it was. */
static bool next_option(struct reader *r, uint8_t *code, struct span *value, bool *whole)
{
	size_t len;

	do {
		*code = read_u8(r);
	} while (r->ok && *code == DHCP_OPT_PAD);
	if (!r->ok || *code == DHCP_OPT_END) {
		*whole = r->ok;
		return false;
	}
	len = read_u8(r);
	*value = read_span(r, len);
	*whole = r->ok;
	return r->ok;
}

static unsigned find_overload(struct span options)
{
	struct reader r = reader_init(options.data, options.len);
	struct span value;
	uint8_t code;
	bool whole;

	while (next_option(&r, &code, &value, &whole)) {
		if (code == DHCP_OPT_OVERLOAD)
			return value.len == 1 ? value.data[0] : 0;
	}
	return 0;
}

static void measure(struct dhcp_packet *p, const struct fields *f)
{
	unsigned i;
	size_t offset = 0;

	for (i = 0; i < f->n; i++) {
		struct reader r = reader_init(f->area[i].data, f->area[i].len);
		struct span value;
		uint8_t code;
		bool whole;

		while (next_option(&r, &code, &value, &whole)) {
			p->option[code].present = true;
			p->option[code].len = (uint16_t)(p->option[code].len + value.len);
		}
		if (!whole)
			p->truncated = true;
	}
	for (i = 0; i < ARRAY_LEN(p->option); i++) {
		p->option[i].offset = (uint16_t)offset;
		offset += p->option[i].len;
	}
	must(offset <= sizeof(p->pool));
}

static void join(struct dhcp_packet *p, const struct fields *f)
{
	uint16_t filled[ARRAY_LEN(p->option)] = {0};
	unsigned i;

	for (i = 0; i < f->n; i++) {
		struct reader r = reader_init(f->area[i].data, f->area[i].len);
		struct span value;
		uint8_t code;
		bool whole;

		while (next_option(&r, &code, &value, &whole)) {
			if (value.len == 0)
				continue;
			memcpy(p->pool + p->option[code].offset + filled[code], value.data,
			       value.len);
			filled[code] = (uint16_t)(filled[code] + value.len);
		}
	}
}

static void parse_options(struct dhcp_packet *p, struct span options, struct span file,
			  struct span sname)
{
	struct fields f = {{options}, 1};
	unsigned overload = find_overload(options);
	struct span type;

	if (overload & OVERLOAD_FILE)
		f.area[f.n++] = file;
	if (overload & OVERLOAD_SNAME)
		f.area[f.n++] = sname;
	memset(p->option, 0, sizeof(p->option));
	measure(p, &f);
	join(p, &f);

	type = dhcp_packet_option(p, DHCP_OPT_MESSAGE_TYPE);
	if (type.len == 1 && type.data[0] >= DHCP_DISCOVER && type.data[0] <= DHCP_INFORM)
		p->message = (enum dhcp_message)type.data[0];
}

enum dhcp_parse dhcp_packet_parse(struct dhcp_packet *p, const uint8_t *data, size_t len)
{
	struct reader r = reader_init(data, len < DHCP_PACKET_MAX ? len : DHCP_PACKET_MAX);
	struct span chaddr, sname, file;
	uint32_t cookie;

	p->op = read_u8(&r);
	p->htype = read_u8(&r);
	p->hlen = read_u8(&r);
	p->hops = read_u8(&r);
	p->xid = read_be32(&r);
	p->secs = read_be16(&r);
	p->flags = read_be16(&r);
	p->ciaddr = read_be32(&r);
	p->yiaddr = read_be32(&r);
	p->siaddr = read_be32(&r);
	p->giaddr = read_be32(&r);
	chaddr = read_span(&r, CHADDR_LEN);
	sname = read_span(&r, SNAME_LEN);
	file = read_span(&r, FILE_LEN);
	cookie = read_be32(&r);
	p->message = DHCP_NONE;
	p->truncated = false;
	if (!r.ok)
		return DHCP_PARSE_SHORT;
	memcpy(p->mac.b, chaddr.data, sizeof(p->mac.b));
	if (cookie != COOKIE || p->op < 1 || p->op > 2)
		return DHCP_PARSE_NOT_DHCP;
	if (p->htype != HTYPE_ETHERNET || p->hlen != sizeof(p->mac.b))
		return DHCP_PARSE_NOT_ETHERNET;
	parse_options(p, read_span(&r, reader_left(&r)), file, sname);
	if (len > DHCP_PACKET_MAX)
		p->truncated = true;
	return DHCP_PARSE_OK;
}

struct span dhcp_packet_option(const struct dhcp_packet *p, enum dhcp_option_code code)
{
	if ((unsigned)code >= ARRAY_LEN(p->option) || !p->option[code].present)
		return (struct span){NULL, 0};
	return (struct span){p->pool + p->option[code].offset, p->option[code].len};
}

bool dhcp_packet_option_ip(const struct dhcp_packet *p, enum dhcp_option_code code, uint32_t *ip)
{
	struct span value = dhcp_packet_option(p, code);

	if (value.len != 4)
		return false;
	*ip = get_be32(value.data);
	return true;
}
