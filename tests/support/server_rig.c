/* SPDX-License-Identifier: MIT */
/*
 * A TFTP server machine over a catalogue that is made up: for unit tests only, since it asserts
 * with cmocka.
 */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* size.NUMBER exists; the other names are what they say. */
static enum tftp_found find(void *ctx, uint32_t ip, const struct tftp_name *name, bool netascii,
			    struct tftp_file *file)
{
	struct server_rig *f = ctx;
	uint64_t size;

	assert_true(ip != 0);
	f->asked++;
	f->netascii = netascii;
	f->name = *name;
	file->known = ip == f->known;
	if (text_starts_nocase(name->base, "size.") &&
	    text_to_u64(name->base + 5, 0, UINT64_MAX, &size)) {
		file->size = size;
		file->content = &f->found;
		text_copy(file->name, sizeof(file->name), name->base);
		text_copy(file->load, sizeof(file->load), size == 600 ? "SIP70.8-4-2S" : "");
		f->found++;
		return TFTP_FOUND;
	}
	if (strcmp(name->base, "CTLSEP.tlv") == 0)
		return TFTP_MISS_EXPECTED;
	if (strcmp(name->base, "held.loads") == 0) {
		text_copy(file->why, sizeof(file->why), "the bundle lacks cvm70.sbn");
		return TFTP_WITHHELD;
	}
	if (strcmp(name->base, "later.loads") == 0) {
		text_copy(file->why, sizeof(file->why), "the disk says: I/O error");
		return TFTP_TRY_LATER;
	}
	return TFTP_MISS_UNKNOWN;
}

static void release(void *ctx, void *content)
{
	struct server_rig *f = ctx;

	assert_ptr_equal(content, &f->found);
	f->released++;
	assert_true(f->released <= f->found);
}

const struct tftp_server_config server_usual = {
	.transfer = {.blksize_max = 1468, .windowsize_max = 16, .give_up = USEC_SEC(30)},
	.max_transfers = SLOTS,
	.max_per_client = 4,
};

void server_rig_start(struct server_rig *f, const struct tftp_server_config *config)
{
	const struct tftp_catalogue catalogue = {f, find, release};

	memset(f, 0, sizeof(*f));
	f->slots = calloc(config->max_transfers, sizeof(*f->slots)); /* exact size */
	assert_non_null(f->slots);
	tftp_server_init(&f->s, config, &catalogue, f->slots);
}

int server_set_up(void **state)
{
	struct server_rig *f = malloc(sizeof(*f));

	server_rig_start(f, &server_usual);
	*state = f;
	return 0;
}

int server_tear_down(void **state)
{
	struct server_rig *f = *state;

	free(f->slots);
	free(f);
	return 0;
}

struct tftp_peer server_peer(uint32_t ip, uint16_t port)
{
	return (struct tftp_peer){ip, port};
}

/* "name|octet|tsize|0" with '|' for NUL. */
void server_request(struct server_rig *f, struct tftp_peer from, const char *text, usec_t now)
{
	uint8_t packet[600] = {0, 1};
	size_t len = strlen(text) + 1;

	memcpy(packet + 2, text, len);
	for (size_t i = 2; i < 2 + len; i++)
		if (packet[i] == '|')
			packet[i] = 0;
	tftp_server_receive(&f->s, from, packet, 2 + len, now, &f->out);
}

void server_ack(struct server_rig *f, uint32_t slot, uint16_t block, usec_t now)
{
	const uint8_t packet[] = {0, 4, (uint8_t)(block >> 8), (uint8_t)block};

	tftp_server_transfer_receive(&f->s, slot, packet, sizeof(packet), now, &f->out);
}

void server_assert_silent(const struct server_rig *f)
{
	assert_int_equal(f->out.slot, TFTP_NO_SLOT);
	assert_false(f->out.opened || f->out.closed);
	assert_null(f->out.send.control);
	assert_int_equal(f->out.send.count, 0);
	assert_int_equal(f->out.error_len, 0);
	assert_int_equal(f->out.event_count, 0);
}

void server_assert_opened(const struct server_rig *f)
{
	assert_true(f->out.opened);
	assert_false(f->out.closed);
	assert_true(f->out.slot < f->s.config.max_transfers);
	assert_non_null(f->out.content);
	assert_int_equal(f->out.error_len, 0);
	assert_int_equal(f->out.event_count, 2);
	assert_int_equal(f->out.events[0].type, EVENT_TFTP_REQUEST);
	assert_int_equal(f->out.events[1].type, EVENT_TFTP_START);
}

void server_assert_closed(const struct server_rig *f, uint32_t slot, enum event_type type)
{
	assert_int_equal(f->out.slot, slot);
	assert_true(f->out.closed);
	assert_null(f->out.content);
	assert_int_equal(f->out.send.count, 0);
	assert_int_equal(f->out.event_count, 1);
	assert_int_equal(f->out.events[0].type, type);
	if (type == EVENT_TFTP_ABORTED)
		assert_true(event_has(&f->out.events[0], FIELD_CODE));
	assert_false(f->slots[slot].used);
}

/* The last event is a refusal of that kind, and the ERROR has that code. */
const struct event *server_assert_refused(const struct server_rig *f, const char *reason,
					  enum event_severity severity, uint8_t code)
{
	const struct event *e = &f->out.events[f->out.event_count - 1];

	assert_true(f->out.event_count > 0);
	assert_int_equal(e->type, EVENT_TFTP_REFUSED);
	assert_string_equal(e->reason, reason);
	assert_int_equal(e->severity, severity);
	assert_int_equal(e->ip, f->out.peer.ip);
	assert_false(f->out.opened);
	assert_int_equal(f->out.slot, TFTP_NO_SLOT);
	assert_true(f->out.error_len > 5);
	assert_memory_equal(f->out.error, ((uint8_t[]){0, 5, 0, code}), 4);
	assert_int_equal(f->out.error[f->out.error_len - 1], 0);
	assert_true(e->present & (uint64_t)1 << FIELD_FILE);
	return e;
}

bool server_tick(struct server_rig *f, usec_t now)
{
	bool more = tftp_server_tick(&f->s, now, &f->out);

	if (!more)
		assert_true(tftp_server_deadline(&f->s) > now);
	return more;
}
