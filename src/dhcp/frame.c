/* SPDX-License-Identifier: MIT */
/*
 * Ethernet, IPv4, UDP and ARP headers, written and read.
 *
 * Writing cannot fail but for room. Reading takes what a packet socket delivers, from anybody:
 * every length is checked against the one that encloses it (UDP within IP within the frame),
 * IP options are stepped over, fragments are refused since nobody here puts them together, and
 * the padding of short Ethernet frames never reaches the payload.
 *
 * A UDP checksum of 0 means "none" (RFC 768), so a computed 0 is sent as 0xffff.
 */
#include "reflashd/frame.h"

#include "reflashd/bytes.h"

#include <string.h>

enum {
	ETHERNET_HEADER = 14,
	IP_HEADER = 20,
	UDP_HEADER = 8,
	ARP_LENGTH = 28,
	PROTOCOL_UDP = 17,
	TTL = 64,
	IP_MORE_FRAGMENTS_OR_OFFSET = 0x3fff,
};

struct mac frame_broadcast_mac(void)
{
	return (struct mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
}

/* The one's complement sum of RFC 1071, not yet folded. */
static uint64_t sum_words(uint64_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get_be16(data + i);
	if (i < len)
		sum += (uint64_t)data[i] << 8;
	return sum;
}

static uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint64_t sum_pseudo_header(uint32_t src, uint32_t dst, size_t udp_len)
{
	return (uint64_t)(src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) +
	       PROTOCOL_UDP + udp_len;
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void write_ethernet(struct writer *w, struct mac dst, struct mac src, uint16_t type)
{
	write_bytes(w, dst.b, sizeof(dst.b));
	write_bytes(w, src.b, sizeof(src.b));
	write_be16(w, type);
}

static void write_ipv4(struct writer *w, const struct frame_udp *f, size_t total)
{
	uint8_t *start = w->data + w->len;

	write_u8(w, 0x45);
	write_u8(w, 0);
	write_be16(w, (uint16_t)total);
	write_be32(w, 0); /* identification and fragment field */
	write_u8(w, TTL);
	write_u8(w, PROTOCOL_UDP);
	write_be16(w, 0);
	write_be32(w, f->src_ip);
	write_be32(w, f->dst_ip);
	put_be16(start + 10, sum_fold(sum_words(0, start, IP_HEADER)));
}

size_t frame_write(uint8_t *out, size_t size, const struct frame_udp *f, const void *payload,
		   size_t len)
{
	size_t udp_len = UDP_HEADER + len;
	size_t frame_len = FRAME_OVERHEAD + len;
	struct writer w;
	uint8_t *udp;
	uint16_t sum;

	if (len > FRAME_PAYLOAD_MAX || size < frame_len || size < FRAME_MIN)
		return 0;
	w = writer_init(out, size);
	write_ethernet(&w, f->dst_mac, f->src_mac, FRAME_TYPE_IPV4);
	write_ipv4(&w, f, IP_HEADER + udp_len);
	udp = out + w.len;
	write_be16(&w, f->src_port);
	write_be16(&w, f->dst_port);
	write_be16(&w, (uint16_t)udp_len);
	write_be16(&w, 0);
	if (len > 0)
		write_bytes(&w, payload, len);
	sum = sum_fold(sum_words(sum_pseudo_header(f->src_ip, f->dst_ip, udp_len), udp, udp_len));
	put_be16(udp + 6, sum ? sum : 0xffff);
	if (w.len < FRAME_MIN)
		write_zero(&w, FRAME_MIN - w.len);
	must(w.ok);
	return w.len;
}

static uint16_t read_ethernet(struct reader *r, struct mac *dst, struct mac *src)
{
	read_copy(r, dst->b, sizeof(dst->b));
	read_copy(r, src->b, sizeof(src->b));
	return read_be16(r);
}

/* The IP payload of an unfragmented UDP datagram; an empty span with data NULL otherwise. */
static struct span read_ipv4(struct reader *r, struct frame_udp *f)
{
	const struct span none = {NULL, 0};
	const uint8_t *start = r->data + r->pos;
	size_t have = reader_left(r);
	uint8_t version = read_u8(r);
	size_t header = (size_t)(version & 0x0f) * 4;
	size_t total, fragment;
	uint8_t protocol;

	read_skip(r, 1);
	total = read_be16(r);
	read_skip(r, 2);
	fragment = read_be16(r);
	read_skip(r, 1);
	protocol = read_u8(r);
	read_skip(r, 2);
	f->src_ip = read_be32(r);
	f->dst_ip = read_be32(r);
	if (!r->ok || version >> 4 != 4 || header < IP_HEADER || total < header || total > have)
		return none;
	if (fragment & IP_MORE_FRAGMENTS_OR_OFFSET || protocol != PROTOCOL_UDP)
		return none;
	if (sum_fold(sum_words(0, start, header)) != 0)
		return none;
	return (struct span){start + header, total - header};
}

bool frame_parse(struct frame_udp *f, struct span *payload, const uint8_t *data, size_t len)
{
	struct reader r = reader_init(data, len);
	struct frame_udp got;
	struct span ip;
	size_t udp_len;
	uint16_t checksum;

	if (read_ethernet(&r, &got.dst_mac, &got.src_mac) != FRAME_TYPE_IPV4)
		return false;
	ip = read_ipv4(&r, &got);
	if (!ip.data)
		return false;
	r = reader_init(ip.data, ip.len);
	got.src_port = read_be16(&r);
	got.dst_port = read_be16(&r);
	udp_len = read_be16(&r);
	checksum = read_be16(&r);
	if (!r.ok || udp_len < UDP_HEADER || udp_len > ip.len)
		return false;
	got.checksum_bad = checksum != 0 &&
			   sum_fold(sum_words(sum_pseudo_header(got.src_ip, got.dst_ip, udp_len),
					      ip.data, udp_len)) != 0;
	*f = got;
	*payload = (struct span){ip.data + UDP_HEADER, udp_len - UDP_HEADER};
	return true;
}

size_t frame_arp_write(uint8_t *out, size_t size, const struct frame_arp *a)
{
	struct writer w;

	if (size < FRAME_MIN)
		return 0;
	w = writer_init(out, size);
	write_ethernet(&w, a->dst_mac, a->src_mac, FRAME_TYPE_ARP);
	write_be16(&w, 1); /* Ethernet */
	write_be16(&w, FRAME_TYPE_IPV4);
	write_u8(&w, 6);
	write_u8(&w, 4);
	write_be16(&w, a->op);
	write_bytes(&w, a->sender_mac.b, sizeof(a->sender_mac.b));
	write_be32(&w, a->sender_ip);
	write_bytes(&w, a->target_mac.b, sizeof(a->target_mac.b));
	write_be32(&w, a->target_ip);
	must(w.ok && w.len == ETHERNET_HEADER + ARP_LENGTH);
	write_zero(&w, FRAME_MIN - w.len);
	return w.len;
}

bool frame_arp_parse(struct frame_arp *a, const uint8_t *data, size_t len)
{
	struct reader r = reader_init(data, len);
	struct frame_arp got;

	if (read_ethernet(&r, &got.dst_mac, &got.src_mac) != FRAME_TYPE_ARP)
		return false;
	if (read_be16(&r) != 1 || read_be16(&r) != FRAME_TYPE_IPV4 || read_u8(&r) != 6 ||
	    read_u8(&r) != 4)
		return false;
	got.op = read_be16(&r);
	read_copy(&r, got.sender_mac.b, sizeof(got.sender_mac.b));
	got.sender_ip = read_be32(&r);
	read_copy(&r, got.target_mac.b, sizeof(got.target_mac.b));
	got.target_ip = read_be32(&r);
	if (!r.ok || (got.op != FRAME_ARP_REQUEST && got.op != FRAME_ARP_REPLY))
		return false;
	*a = got;
	return true;
}

struct frame_arp frame_arp_request(struct mac from, uint32_t sender_ip, uint32_t target_ip)
{
	return (struct frame_arp){
		.src_mac = from,
		.dst_mac = frame_broadcast_mac(),
		.op = FRAME_ARP_REQUEST,
		.sender_mac = from,
		.sender_ip = sender_ip,
		.target_ip = target_ip,
	};
}

struct frame_arp frame_arp_answer(const struct frame_arp *request, struct mac own, uint32_t own_ip)
{
	return (struct frame_arp){
		.src_mac = own,
		.dst_mac = request->src_mac,
		.op = FRAME_ARP_REPLY,
		.sender_mac = own,
		.sender_ip = own_ip,
		.target_mac = request->sender_mac,
		.target_ip = request->sender_ip,
	};
}
