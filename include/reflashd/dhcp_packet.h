/* SPDX-License-Identifier: MIT */
/*
 * DHCP packets on the wire (RFC 2131, 2132, 3396), the payload of UDP 67/68.
 *
 * Options are linearised once at parsing: the option field, then, when option 52 says so,
 * the file and sname fields; every fragment of a repeated option is joined in order
 * (RFC 3396). A packet without END, or that ends in the middle of an option, is taken up to
 * the last whole option: phones and boot ROMs send such packets.
 */
#ifndef REFLASHD_DHCP_PACKET_H
#define REFLASHD_DHCP_PACKET_H

#include "reflashd/address.h"
#include "reflashd/base.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_PACKET_MAX	 1472 /* an Ethernet frame's worth of UDP payload */
#define DHCP_BOOTP_MIN	 300  /* RFC 951: replies are padded to this */
#define DHCP_FLAG_BROADCAST 0x8000u

enum dhcp_message {
	DHCP_NONE, /* a BOOTP packet without option 53 */
	DHCP_DISCOVER,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

enum dhcp_option_code {
	DHCP_OPT_PAD = 0,
	DHCP_OPT_NETMASK = 1,
	DHCP_OPT_ROUTER = 3,
	DHCP_OPT_DNS = 6,
	DHCP_OPT_HOST_NAME = 12,
	DHCP_OPT_BROADCAST = 28,
	DHCP_OPT_REQUESTED_IP = 50,
	DHCP_OPT_LEASE_TIME = 51,
	DHCP_OPT_OVERLOAD = 52,
	DHCP_OPT_MESSAGE_TYPE = 53,
	DHCP_OPT_SERVER_ID = 54,
	DHCP_OPT_PARAMETER_LIST = 55,
	DHCP_OPT_MESSAGE = 56,
	DHCP_OPT_MAX_SIZE = 57,
	DHCP_OPT_RENEWAL = 58,
	DHCP_OPT_REBINDING = 59,
	DHCP_OPT_VENDOR_CLASS = 60,
	DHCP_OPT_CLIENT_ID = 61,
	DHCP_OPT_TFTP_SERVER_NAME = 66,
	DHCP_OPT_BOOT_FILE = 67,
	DHCP_OPT_RELAY_AGENT = 82,
	DHCP_OPT_TFTP_SERVERS = 150,
	DHCP_OPT_END = 255,
};

struct dhcp_packet {
	uint8_t op; /* 1 request, 2 reply */
	uint8_t htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, yiaddr, siaddr, giaddr; /* host order */
	struct mac mac;				 /* chaddr, first six bytes */
	enum dhcp_message message;		 /* DHCP_NONE for BOOTP */
	bool truncated;				 /* ended without END or inside an option */

	/* The linearised options; use dhcp_packet_option(). */
	uint8_t pool[DHCP_PACKET_MAX + 192];
	struct {
		uint16_t offset, len;
		bool present;
	} option[256];
};

enum dhcp_parse {
	DHCP_PARSE_OK,
	DHCP_PARSE_SHORT,      /* fewer bytes than the fixed header and the cookie */
	DHCP_PARSE_NOT_DHCP,   /* no magic cookie, or op not 1 or 2 */
	DHCP_PARSE_NOT_ETHERNET, /* htype/hlen are not 1/6 */
};

enum dhcp_parse dhcp_packet_parse(struct dhcp_packet *p, const uint8_t *data, size_t len);

/* The joined value; data NULL when absent. An option of length 0 has data non-NULL. */
struct span dhcp_packet_option(const struct dhcp_packet *p, enum dhcp_option_code code);
/* Options of exactly four bytes (50, 54) as a host-order address; false otherwise. */
bool dhcp_packet_option_ip(const struct dhcp_packet *p, enum dhcp_option_code code, uint32_t *ip);

/* What a server says. Options are written in the order of the calls; a value longer than
 * 255 bytes is split (RFC 3396). Room is kept for END, so that a full packet stays legal. */
struct dhcp_writer {
	uint8_t *data;
	size_t size, len;
	bool ok; /* false: something did not fit */
};

/* size must be at least DHCP_BOOTP_MIN. sname and file may be NULL. */
struct dhcp_writer dhcp_writer_init(uint8_t *data, size_t size, const struct dhcp_packet *header,
				    const char *sname, const char *file);
void dhcp_write_option(struct dhcp_writer *w, enum dhcp_option_code code, const void *value,
		       size_t len);
void dhcp_write_ip(struct dhcp_writer *w, enum dhcp_option_code code, uint32_t ip);
void dhcp_write_u32(struct dhcp_writer *w, enum dhcp_option_code code, uint32_t v);
void dhcp_write_u8(struct dhcp_writer *w, enum dhcp_option_code code, uint8_t v);
/* END and padding to DHCP_BOOTP_MIN. Returns the length, 0 when something did not fit. */
size_t dhcp_writer_finish(struct dhcp_writer *w);

#endif
