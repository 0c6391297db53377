/* SPDX-License-Identifier: MIT */
/*
 * Whole Ethernet frames: Ethernet II + IPv4 + UDP (RFC 894, 791, 768) and ARP (RFC 826).
 *
 * For what an ordinary socket cannot say: a reply to a client that has no address yet (by
 * hardware address, nobody to ask by ARP), the probe's DISCOVER from 0.0.0.0, the simulated
 * phones of the tests, and the frames of a pcap file. Pure bytes; the packet socket is the
 * shell's. No VLAN tags (the kernel takes them off), no fragments, no frame check sequence.
 */
#ifndef REFLASHD_FRAME_H
#define REFLASHD_FRAME_H

#include "reflashd/address.h"
#include "reflashd/base.h"

#define FRAME_MIN	  60   /* shorter frames are padded with zeros */
#define FRAME_MAX	  1514 /* Ethernet header and 1500 bytes */
#define FRAME_OVERHEAD	  42   /* Ethernet, IPv4 and UDP header before the payload */
#define FRAME_PAYLOAD_MAX (FRAME_MAX - FRAME_OVERHEAD)

#define FRAME_TYPE_IPV4 0x0800u
#define FRAME_TYPE_ARP	0x0806u

#define FRAME_BROADCAST_IP 0xffffffffu

struct mac frame_broadcast_mac(void);

struct frame_udp {
	struct mac src_mac, dst_mac;
	uint32_t src_ip, dst_ip; /* host order */
	uint16_t src_port, dst_port;
	/*
	 * Set by frame_parse(): the UDP checksum is not right. Not a reason to refuse the frame:
	 * a packet socket sees what this machine itself sent before the card (on veth: ever) has
	 * filled the checksum in.
	 */
	bool checksum_bad;
};

/*
 * Writes the frame, both checksums computed, TTL 64, "don't fragment" clear (some boot ROMs
 * stumble over it). Returns its length, 0 when it does not fit into size or the payload is
 * longer than FRAME_PAYLOAD_MAX. size FRAME_MAX always suffices.
 */
size_t frame_write(uint8_t *out, size_t size, const struct frame_udp *f, const void *payload,
		   size_t len);
/*
 * True when this is a whole, unfragmented IPv4 UDP datagram with a right IP header checksum;
 * then *f is filled and *payload points into data, without Ethernet padding. Otherwise
 * nothing is touched.
 */
bool frame_parse(struct frame_udp *f, struct span *payload, const uint8_t *data, size_t len);

enum frame_arp_op {
	FRAME_ARP_REQUEST = 1,
	FRAME_ARP_REPLY = 2,
};

struct frame_arp {
	struct mac src_mac, dst_mac; /* of the Ethernet header */
	uint16_t op;		     /* enum frame_arp_op */
	struct mac sender_mac, target_mac;
	uint32_t sender_ip, target_ip; /* host order */
};

/* Returns FRAME_MIN, or 0 when size is smaller than that. */
size_t frame_arp_write(uint8_t *out, size_t size, const struct frame_arp *a);
/* True for an Ethernet/IPv4 ARP request or reply; *a untouched otherwise. */
bool frame_arp_parse(struct frame_arp *a, const uint8_t *data, size_t len);

/* "Who has target_ip?" from us to everybody; sender_ip 0 makes it a probe (RFC 5227). */
struct frame_arp frame_arp_request(struct mac from, uint32_t sender_ip, uint32_t target_ip);
/* "own_ip is at own": the answer to a request. */
struct frame_arp frame_arp_answer(const struct frame_arp *request, struct mac own, uint32_t own_ip);

#endif
