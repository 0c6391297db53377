/* SPDX-License-Identifier: MIT */
/*
 * Writing a DHCP packet: the fixed header first, then options in the order of the calls, then
 * END and zeros up to the 300 bytes that BOOTP receivers insist on (RFC 1542 section 2.1).
 *
 * An option goes in whole or not at all, and one byte is always kept back for END, so that
 * whatever the caller does the packet stays legal. A value of more than 255 bytes is cut
 * into pieces of the same code (RFC 3396 section 4).
 */
#include "reflashd/dhcp_packet.h"

#include "reflashd/bytes.h"

#include <string.h>

enum {
	SNAME_LEN = 64,
	FILE_LEN = 128,
	CHADDR_LEN = 16,
	PIECE_MAX = 255,
};

#define COOKIE 0x63825363u

/* A text field of fixed size, filled up with zeros, with at least one of them. */
static void write_field(struct writer *w, const char *text, size_t size)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= size) {
		w->ok = false;
		return;
	}
	write_bytes(w, text ? text : "", len);
	write_zero(w, size - len);
}

struct dhcp_writer dhcp_writer_init(uint8_t *data, size_t size, const struct dhcp_packet *header,
				    const char *sname, const char *file)
{
	struct writer w = writer_init(data, size);

	must(size >= DHCP_BOOTP_MIN);
	write_u8(&w, header->op);
	write_u8(&w, header->htype);
	write_u8(&w, header->hlen);
	write_u8(&w, header->hops);
	write_be32(&w, header->xid);
	write_be16(&w, header->secs);
	write_be16(&w, header->flags);
	write_be32(&w, header->ciaddr);
	write_be32(&w, header->yiaddr);
	write_be32(&w, header->siaddr);
	write_be32(&w, header->giaddr);
	write_bytes(&w, header->mac.b, sizeof(header->mac.b));
	write_zero(&w, CHADDR_LEN - sizeof(header->mac.b));
	write_field(&w, sname, SNAME_LEN);
	write_field(&w, file, FILE_LEN);
	write_be32(&w, COOKIE);
	return (struct dhcp_writer){.data = data, .size = size, .len = w.len, .ok = w.ok};
}

void dhcp_write_option(struct dhcp_writer *w, enum dhcp_option_code code, const void *value,
		       size_t len)
{
	const uint8_t *from = value;
	size_t pieces = len ? (len + PIECE_MAX - 1) / PIECE_MAX : 1;
	struct writer out;

	if (!w->ok)
		return;
	if (len > w->size || len + 2 * pieces + 1 > w->size - w->len) {
		w->ok = false;
		return;
	}
	out = writer_init(w->data + w->len, w->size - w->len - 1);
	do {
		size_t n = len < PIECE_MAX ? len : PIECE_MAX;

		write_u8(&out, (uint8_t)code);
		write_u8(&out, (uint8_t)n);
		if (n > 0) {
			write_bytes(&out, from, n);
			from += n;
			len -= n;
		}
	} while (len > 0);
	must(out.ok);
	w->len += out.len;
}

void dhcp_write_ip(struct dhcp_writer *w, enum dhcp_option_code code, uint32_t ip)
{
	dhcp_write_u32(w, code, ip);
}

void dhcp_write_u32(struct dhcp_writer *w, enum dhcp_option_code code, uint32_t v)
{
	const uint8_t value[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
				  (uint8_t)v};

	dhcp_write_option(w, code, value, sizeof(value));
}

void dhcp_write_u8(struct dhcp_writer *w, enum dhcp_option_code code, uint8_t v)
{
	dhcp_write_option(w, code, &v, 1);
}

size_t dhcp_writer_finish(struct dhcp_writer *w)
{
	if (!w->ok)
		return 0;
	w->data[w->len++] = DHCP_OPT_END;
	if (w->len < DHCP_BOOTP_MIN) {
		memset(w->data + w->len, 0, DHCP_BOOTP_MIN - w->len);
		w->len = DHCP_BOOTP_MIN;
	}
	return w->len;
}
