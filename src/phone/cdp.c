/* SPDX-License-Identifier: MIT */
/*
 * CDP frames, read and written (phones.md 10.1; the field layouts as Wireshark shows them).
 *
 * The happy path: a phone says SEP001EF7289C8E, Cisco IP Phone 7971, SCCP70.8-3-3SR2S. Reading
 * goes outside in, every length is checked against the one that encloses it: the value within its
 * TLV, the TLV within the 802.3 length, that within the frame. A TLV that overruns its frame or
 * claims less than its own header makes the whole frame worthless; an unknown one, or a known one
 * that is too short for what it should hold, is stepped over. The first of two alike counts.
 *
 * The checksum is the one's complement sum of RFC 1071 from the version on, but for frames of an
 * odd length, where Cisco departs twice: the last byte counts as the low and not the high half of
 * a word, and it counts as a signed number. We write it so, since phones hear switches that do.
 * Other people's CDP senders keep to the RFC, so both are taken. With neither the frame is refused:
 * a Cisco switch drops it as well, so no phone in use sends one, and what is claimed of a phone
 * rests on these bytes.
 *
 * A packet socket gets frames after the kernel has taken the VLAN tag off; in recordings it is
 * still there, so one tag is stepped over.
 *
 * The power parts (0x19, 0x1a) come from dissectors and from the manuals of Cisco switches; they
 * were never tried on a phone by us.
 */
#include "reflashd/cdp.h"

#include "reflashd/bytes.h"

#include <string.h>

enum {
	TYPE_VLAN = 0x8100,
	LENGTH_MAX = 1500,
	FRAME_LEAST = 60,
	HEADER = 4,	/* version, time to live, checksum */
	TLV_HEADER = 4, /* type, length */
	NLPID = 1,
	NLPID_IP = 0xcc,
	VERSION_DEFAULT = 2,
};

static const uint8_t multicast[6] = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc};
static const uint8_t llc_snap[8] = {0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00};

bool cdp_has(const struct cdp_frame *f, enum cdp_type type)
{
	return (f->present >> type & 1) != 0;
}

static uint16_t checksum(const uint8_t *data, size_t len, bool cisco)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get_be16(data + i);
	if (len & 1) {
		uint8_t last = data[len - 1];

		if (!cisco)
			sum += (uint32_t)last << 8;
		else if (last & 0x80) /* signed; the version byte keeps the sum above 255 */
			sum -= 0x100u - last;
		else
			sum += last;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The frame without Ethernet and SNAP headers and padding; data NULL when it is not CDP. */
static struct span unwrap(struct cdp_frame *f, const uint8_t *data, size_t len)
{
	const struct span none = {NULL, 0};
	struct reader r = reader_init(data, len);
	struct span to = read_span(&r, sizeof(multicast)), snap;
	uint16_t length;

	read_copy(&r, f->src.b, sizeof(f->src.b));
	length = read_be16(&r);
	if (length == TYPE_VLAN) {
		f->tagged = true;
		f->vlan = read_be16(&r) & 0x0fff;
		length = read_be16(&r);
	}
	snap = read_span(&r, sizeof(llc_snap));
	if (!r.ok || memcmp(to.data, multicast, sizeof(multicast)) != 0 ||
	    memcmp(snap.data, llc_snap, sizeof(llc_snap)) != 0)
		return none;
	if (length > LENGTH_MAX || length < sizeof(llc_snap) + HEADER)
		return none;
	to = read_span(&r, length - sizeof(llc_snap));
	return r.ok ? to : none;
}

/* The first IPv4 address of the list, or 0. A list that promises more than it holds gives what
 * came before its end. */
static uint32_t first_ip(struct reader *r)
{
	uint32_t count = read_be32(r);

	while (r->ok && count--) {
		uint8_t type = read_u8(r);
		struct span protocol = read_span(r, read_u8(r));
		struct span address = read_span(r, read_be16(r));

		if (r->ok && type == NLPID && protocol.len == 1 && protocol.data[0] == NLPID_IP &&
		    address.len == 4)
			return get_be32(address.data);
	}
	return 0;
}

/* The text as it is meant: some phones count the NUL at its end. */
static bool take_text(struct span *text, struct span value)
{
	while (value.len && value.data[value.len - 1] == 0)
		value.len--;
	*text = value;
	return true;
}

static bool take_power_request(struct cdp_power_request *p, struct reader *r)
{
	p->request_id = read_be16(r);
	p->management_id = read_be16(r);
	p->count = 0;
	while (r->ok && p->count < CDP_POWER_MAX && reader_left(r) >= 4)
		p->mw[p->count++] = read_be32(r);
	return r->ok;
}

static bool take_power_grant(struct cdp_power_grant *p, struct reader *r)
{
	p->request_id = read_be16(r);
	p->management_id = read_be16(r);
	p->mw = read_be32(r);
	p->level = reader_left(r) >= 4 ? read_be32(r) : CDP_POWER_NO_PREFERENCE;
	return r->ok;
}

/* False when the value is not what its type promises, or the type is of no interest. */
static bool take(struct cdp_frame *f, uint16_t type, struct span value)
{
	struct reader r = reader_init(value.data, value.len);

	switch (type) {
	case CDP_DEVICE: return take_text(&f->device, value);
	case CDP_PORT: return take_text(&f->port, value);
	case CDP_SOFTWARE: return take_text(&f->software, value);
	case CDP_PLATFORM: return take_text(&f->platform, value);
	case CDP_ADDRESSES: f->ip = first_ip(&r); return f->ip != 0;
	case CDP_CAPABILITIES: f->capabilities = read_be32(&r); return r.ok;
	case CDP_DUPLEX: f->full_duplex = read_u8(&r) != 0; return r.ok;
	case CDP_VLAN_QUERY:
		f->vlan_appliance = read_u8(&r);
		f->vlan_asked = reader_left(&r) >= 2 ? read_be16(&r) : 0;
		return r.ok;
	case CDP_POWER_DRAW: f->power_draw_mw = read_be16(&r); return r.ok;
	case CDP_POWER_REQUESTED: return take_power_request(&f->power_request, &r);
	case CDP_POWER_AVAILABLE: return take_power_grant(&f->power_grant, &r);
	default: return false;
	}
}

bool cdp_decode(struct cdp_frame *f, const uint8_t *data, size_t len)
{
	struct cdp_frame got = {.present = 0};
	struct span body = unwrap(&got, data, len);
	struct reader r;

	if (!body.data)
		return false;
	r = reader_init(body.data, body.len);
	got.version = read_u8(&r);
	got.ttl = read_u8(&r);
	read_skip(&r, 2);
	if (got.version < 1 || got.version > 2)
		return false;
	if (checksum(body.data, body.len, true) != 0 && checksum(body.data, body.len, false) != 0)
		return false;
	while (reader_left(&r) >= TLV_HEADER) { /* one to three bytes more are somebody's padding */
		uint16_t type = read_be16(&r), length = read_be16(&r);
		struct cdp_frame with = got;
		struct span value;

		if (length < TLV_HEADER)
			return false;
		value = read_span(&r, (size_t)length - TLV_HEADER);
		if (!r.ok)
			return false;
		if (type > CDP_POWER_AVAILABLE || cdp_has(&got, (enum cdp_type)type) ||
		    !take(&with, type, value))
			continue;
		with.present |= UINT32_C(1) << type;
		got = with;
	}
	*f = got;
	return true;
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static const struct span *text_of(const struct cdp_frame *f, enum cdp_type type)
{
	return type == CDP_DEVICE     ? &f->device
	       : type == CDP_PORT     ? &f->port
	       : type == CDP_SOFTWARE ? &f->software
				      : &f->platform;
}

static void put_addresses(struct writer *w, uint32_t ip)
{
	write_be32(w, 1);
	write_u8(w, NLPID);
	write_u8(w, 1);
	write_u8(w, NLPID_IP);
	write_be16(w, 4);
	write_be32(w, ip);
}

static void put_value(struct writer *w, const struct cdp_frame *f, enum cdp_type type)
{
	const struct cdp_power_request *p = &f->power_request;

	switch (type) {
	case CDP_DEVICE:
	case CDP_PORT:
	case CDP_SOFTWARE:
	case CDP_PLATFORM:
		if (text_of(f, type)->len)
			write_bytes(w, text_of(f, type)->data, text_of(f, type)->len);
		break;
	case CDP_ADDRESSES: put_addresses(w, f->ip); break;
	case CDP_CAPABILITIES: write_be32(w, f->capabilities); break;
	case CDP_DUPLEX: write_u8(w, f->full_duplex); break;
	case CDP_VLAN_QUERY:
		write_u8(w, f->vlan_appliance);
		if (f->vlan_asked)
			write_be16(w, f->vlan_asked);
		break;
	case CDP_POWER_DRAW: write_be16(w, f->power_draw_mw); break;
	case CDP_POWER_REQUESTED:
		write_be16(w, p->request_id);
		write_be16(w, p->management_id);
		for (unsigned i = 0; i < p->count && i < CDP_POWER_MAX; i++)
			write_be32(w, p->mw[i]);
		break;
	case CDP_POWER_AVAILABLE:
		write_be16(w, f->power_grant.request_id);
		write_be16(w, f->power_grant.management_id);
		write_be32(w, f->power_grant.mw);
		write_be32(w, f->power_grant.level);
		break;
	}
}

/* Ethernet and SNAP headers; where the 802.3 length goes. */
static size_t put_wrapping(struct writer *w, const struct cdp_frame *f)
{
	size_t length_at;

	write_bytes(w, multicast, sizeof(multicast));
	write_bytes(w, f->src.b, sizeof(f->src.b));
	if (f->tagged) {
		write_be16(w, TYPE_VLAN);
		write_be16(w, f->vlan & 0x0fff);
	}
	length_at = w->len;
	write_be16(w, 0);
	write_bytes(w, llc_snap, sizeof(llc_snap));
	return length_at;
}

size_t cdp_encode(const struct cdp_frame *f, uint8_t *out, size_t size)
{
	static const enum cdp_type order[] = {
		CDP_DEVICE,	CDP_ADDRESSES,	     CDP_PORT,		 CDP_CAPABILITIES,
		CDP_SOFTWARE,	CDP_PLATFORM,	     CDP_DUPLEX,	 CDP_VLAN_QUERY,
		CDP_POWER_DRAW, CDP_POWER_REQUESTED, CDP_POWER_AVAILABLE};
	struct writer w = writer_init(out, size);
	size_t length_at = put_wrapping(&w, f), start = w.len;

	write_u8(&w, f->version ? f->version : VERSION_DEFAULT);
	write_u8(&w, f->ttl ? f->ttl : CDP_TTL);
	write_be16(&w, 0);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		size_t at = w.len;

		if (!cdp_has(f, order[i]))
			continue;
		write_be16(&w, (uint16_t)order[i]);
		write_be16(&w, 0);
		put_value(&w, f, order[i]);
		if (!w.ok || w.len - at > LENGTH_MAX)
			return 0;
		put_be16(out + at + 2, (uint16_t)(w.len - at));
	}
	if (!w.ok || w.len - start + sizeof(llc_snap) > LENGTH_MAX)
		return 0;
	put_be16(out + length_at, (uint16_t)(w.len - start + sizeof(llc_snap)));
	put_be16(out + start + 2, checksum(out + start, w.len - start, true));
	if (w.len < FRAME_LEAST)
		write_zero(&w, FRAME_LEAST - w.len);
	return w.ok ? w.len : 0;
}

void cdp_say(struct cdp_frame *f, enum cdp_type type, const char *text)
{
	struct span value = {(const uint8_t *)text, strlen(text)};

	must(type == CDP_DEVICE || type == CDP_PORT || type == CDP_SOFTWARE ||
	     type == CDP_PLATFORM);
	if (type == CDP_DEVICE)
		f->device = value;
	else if (type == CDP_PORT)
		f->port = value;
	else if (type == CDP_SOFTWARE)
		f->software = value;
	else
		f->platform = value;
	f->present |= UINT32_C(1) << type;
}
