/* SPDX-License-Identifier: MIT */
/*
 * The few sockets that all TFTP transfers share, and the packets that go out through them at once.
 */
#ifndef REFLASHD_DAEMON_TFTP_LANE_H
#define REFLASHD_DAEMON_TFTP_LANE_H

#include "reflashd/fault.h"
#include "reflashd/tftp_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

#define TFTP_LANES 4
#define TFTP_BATCH 64 /* blocks in one sendmmsg() */
#define TFTP_INBOX 64 /* packets in one recvmmsg() */

struct daemon;
struct link_state;

/* Where a transfer sits as long as it lasts. */
struct tftp_seat {
	uint32_t local_ip; /* ours, the one that was asked; 0: the one the kernel takes anyway */
	uint8_t lane;
};

struct tftp_lane {
	struct tftp_lanes *lanes; /* NULL: not opened yet */
	unsigned number;
	unsigned users; /* transfers */
	bool connected; /* to the phone of its only transfer, or of its last one */
	int fd;
	uv_poll_t poll;
};

/* What is to be sent on one lane from one address of ours. */
struct tftp_batch {
	struct tftp_lane *lane;
	uint32_t local_ip;
	unsigned count;
	size_t control_len;
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
	uint8_t packet[4 + TFTP_CONTROL_MAX + 1468];
	uint8_t head[TFTP_BATCH][4];
	struct sockaddr_in to[TFTP_BATCH];
	struct iovec part[TFTP_BATCH][2];
	struct mmsghdr message[TFTP_BATCH];
};

struct tftp_inbox {
	struct sockaddr_in from[TFTP_INBOX];
	struct iovec part[TFTP_INBOX];
	struct mmsghdr message[TFTP_INBOX];
	uint8_t data[TFTP_INBOX][TFTP_CONTROL_MAX];
};

struct tftp_lanes {
	/* Set by who opens them. */
	void *ctx;
	void (*received)(void *ctx, unsigned lane, struct tftp_peer from, const uint8_t *data,
			 size_t len, usec_t now);
	void (*refused)(void *ctx, unsigned lane, struct tftp_peer peer);
	unsigned (*expected)(void *ctx); /* how many transfers may send to us */
	void (*rest)(void *ctx);	 /* for now that was all */
	struct tftp_lane lane[TFTP_LANES];
	unsigned next;
	int scout; /* sends nothing: asks which address of ours a packet would leave from */
	struct tftp_batch batch;
	struct tftp_inbox inbox;
};

int tftp_lanes_open(struct tftp_lanes *l, struct daemon *d, struct fault *f);
struct tftp_seat tftp_lanes_seat(struct tftp_lanes *l, struct tftp_peer peer, uint32_t local_ip);
void tftp_lanes_leave(struct tftp_lanes *l, const struct tftp_seat *seat);
/* What out asks for. It may be kept until the flush: before a content is released, and before the
 * loop waits again. */
void tftp_lanes_send(struct tftp_lanes *l, const struct tftp_seat *seat,
		     const struct tftp_transfer *t, const struct tftp_out *out);
void tftp_lanes_flush(struct tftp_lanes *l);
int tftp_lanes_tie(struct tftp_lanes *l, const struct link_state *s); /* as parts.h has it */
/* After the loop has closed the watchers. */
void tftp_lanes_close(struct tftp_lanes *l);

#endif
