/* SPDX-License-Identifier: MIT */
/* What the two files of a station share: station.c is the cable, ARP, UDP and ICMP. */
#ifndef REFLASHD_TESTS_STATION_INNER_H
#define REFLASHD_TESTS_STATION_INNER_H

#include "station.h"

void station_send(const struct cable *t, struct station *s, const uint8_t *frame, size_t len);
/* NULL: not known. */
const struct mac *station_find_mac(const struct station *s, uint32_t ip);
void station_ask_mac(const struct cable *t, struct station *s, uint32_t ip, usec_t now);

void station_tcp_perform(const struct cable *t, struct station *s, const struct sim_stream *wish,
			 usec_t now);
void station_tcp_receive(const struct cable *t, struct station *s, const uint8_t *frame, size_t len,
			 usec_t now);
void station_tcp_tick(const struct cable *t, struct station *s, usec_t now);
usec_t station_tcp_deadline(const struct station *s);

#endif
