/* SPDX-License-Identifier: MIT */
/* A TFTP server over an invented catalogue, and what its tests say and expect. */
#ifndef SERVER_RIG_H
#define SERVER_RIG_H

#include "reflashd/text.h"
#include "reflashd/tftp_server.h"
#include "tftp_model.h"

#define T0    USEC_SEC(1000)
#define MS(n) USEC_MS(n)
#define SLOTS 8
#define PHONE 0x0a4f4632u /* 10.79.70.50 */
#define OTHER 0x0a4f4633u

struct server_rig {
	struct tftp_server s;
	struct tftp_slot *slots;
	struct tftp_out out;
	unsigned found, released, asked;
	bool netascii;
	uint32_t known; /* who has an address from us */
	struct tftp_name name;
};

extern const struct tftp_server_config server_usual;

void server_rig_start(struct server_rig *f, const struct tftp_server_config *config);
int server_set_up(void **state);
int server_tear_down(void **state);
struct tftp_peer server_peer(uint32_t ip, uint16_t port);
/* "name|octet|tsize|0" with '|' for NUL. */
void server_request(struct server_rig *f, struct tftp_peer from, const char *text, usec_t now);
void server_ack(struct server_rig *f, uint32_t slot, uint16_t block, usec_t now);
void server_assert_silent(const struct server_rig *f);
void server_assert_opened(const struct server_rig *f);
void server_assert_closed(const struct server_rig *f, uint32_t slot, enum event_type type);
/* The last event is a refusal of that kind, and the ERROR has that code. */
const struct event *server_assert_refused(const struct server_rig *f, const char *reason,
					  enum event_severity severity, uint8_t code);
bool server_tick(struct server_rig *f, usec_t now);

#endif
