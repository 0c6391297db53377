/* SPDX-License-Identifier: MIT */
/* One TFTP transfer that starts at T0: what its tests say and expect. */
#ifndef TRANSFER_RIG_H
#define TRANSFER_RIG_H

#include "reflashd/tftp_transfer.h"

#define MS(n) USEC_MS(n)
#define T0    USEC_SEC(1000)

/* "blksize|1428" as on the wire, with NULs; returns the length. */
size_t transfer_options_write(uint8_t *out, const char *options);
void transfer_start(struct tftp_transfer *t, const char *options, uint64_t size,
		    struct tftp_send *send);
void transfer_ack(struct tftp_transfer *t, uint64_t block, usec_t now, struct tftp_send *send);
void transfer_error(struct tftp_transfer *t, uint8_t code, usec_t now, struct tftp_send *send);
void transfer_assert_nothing(const struct tftp_send *send);
void transfer_assert_blocks(const struct tftp_send *send, uint64_t first, unsigned count);
void transfer_assert_oack(const struct tftp_send *send, const char *options);
/* The next timeout, and what it sends. */
usec_t transfer_timeout(struct tftp_transfer *t, struct tftp_send *send);

#endif
