/* SPDX-License-Identifier: MIT */
/*
 * Inside the TFTP room only: which slots are free, which belong to a client, which is due.
 */
#ifndef REFLASHD_TFTP_SLOTS_H
#define REFLASHD_TFTP_SLOTS_H

#include "reflashd/tftp_server.h"

void tftp_slots_init(struct tftp_server *s);
/* A slot for that client, due never; TFTP_NO_SLOT when all are taken. */
uint32_t tftp_slots_take(struct tftp_server *s, struct tftp_peer peer);
void tftp_slots_give(struct tftp_server *s, uint32_t i);

/* The transfers of one address: first, then next, until TFTP_NO_SLOT. */
uint32_t tftp_slots_first(const struct tftp_server *s, uint32_t ip);
uint32_t tftp_slots_next(const struct tftp_server *s, uint32_t i);

/* Look at slot i at that time, and not at the time set before. */
void tftp_slots_wake(struct tftp_server *s, uint32_t i, usec_t when);
/* The slot with the earliest wake-up. There must be one. */
uint32_t tftp_slots_earliest(const struct tftp_server *s);

#endif
