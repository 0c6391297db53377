/* SPDX-License-Identifier: MIT */
/*
 * A flawless DHCP and TFTP server for one simulated phone, sharing no code with the daemon: for
 * unit tests only, since it asserts with cmocka.
 */
#include "sim_rig.h"

#include "reflashd/cdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void reply(struct sim_rig *r, uint16_t from, uint16_t to, const uint8_t *data, size_t len)
{
	struct sim_datagram d = {
		.src_ip = SERVER, .dst_ip = PHONE, .src_port = from, .dst_port = to, .len = len};
	struct sim_out out;

	memcpy(d.data, data, len);
	if (!sim_phone_port_open(r->phone, to)) {
		r->closed_early = true;
		return;
	}
	sim_phone_receive(r->phone, &d, r->now, &out);
	sim_rig_handle(r, &out);
}

static void answer_dhcp(struct sim_rig *r, const struct sim_datagram *d)
{
	uint8_t out[300] = {2, 1, 6, 0};
	uint8_t message = d->data[242]; /* option 53 comes first */
	static const uint8_t options[] = {54, 4, 10,  0,   0,	1,   1,	  4,   255, 255, 255, 0,
					  3,  4, 10,  0,   0,	1,   150, 4,   10,  0,	 0,   1,
					  66, 8, '1', '0', '.', '0', '.', '9', '.', '9', 255};

	if (message == 1) {
		r->discover_at[r->discovers++ % 16] = r->now;
		r->discover_len = d->len;
		memcpy(r->discover, d->data, d->len);
	}
	if (r->mute_dhcp)
		return;
	assert_int_equal(d->dst_ip, 0xffffffffu);
	assert_int_equal(d->src_port, 68);
	memcpy(out + 4, d->data + 4, 4);
	memcpy(out + 16, (const uint8_t[]){10, 0, 0, 50}, 4);
	memcpy(out + 28, d->data + 28, 16);
	memcpy(out + 236, d->data + 236, 4);
	memcpy(out + 240, (const uint8_t[]){53, 1, message == 1 ? 2 : 5}, 3);
	memcpy(out + 243, options, sizeof(options));
	reply(r, 67, 68, out, sizeof(out));
}

static void send_block(struct sim_rig *r, uint16_t port, unsigned block)
{
	size_t at = (size_t)(block - 1) * 512, len = r->size - at < 512 ? r->size - at : 512;
	uint8_t out[516] = {0, 3, (uint8_t)(block >> 8), (uint8_t)block};

	memcpy(out + 4, r->data + at, len);
	if (r->two_peers)
		reply(r, (uint16_t)(r->peer + 1), port, (const uint8_t[]){0, 3, 0, 9, 'x'}, 5);
	reply(r, r->peer, port, out, len + 4);
}

static void answer_request(struct sim_rig *r, const struct sim_datagram *d)
{
	const char *name = (const char *)d->data + 2;
	const struct synth_file *file = shelf_file(r->shelf, name);

	r->asked_at[r->asks++ % 256] = r->now;
	r->asked_len += (size_t)snprintf(r->asked + r->asked_len, sizeof(r->asked) - r->asked_len,
					 "%s<%u ", name, d->src_port);
	/* octet, and not one byte behind it: these phones send no options */
	assert_int_equal(d->len, 2 + strlen(name) + 1 + 6);
	assert_string_equal(name + strlen(name) + 1, "octet");
	if (r->mute_tftp || (r->mute_from && strstr(name, r->mute_from)))
		return;
	r->data = file ? file->data : NULL;
	r->size = file ? file->len : 0;
	if (r->xmldefault && strcmp(name, "XMLDefault.cnf.xml") == 0) {
		r->data = (const uint8_t *)r->xmldefault;
		r->size = strlen(r->xmldefault);
	}
	if (r->sipdefault && strcmp(name, "SIPDefault.cnf") == 0) {
		r->data = (const uint8_t *)r->sipdefault;
		r->size = strlen(r->sipdefault);
	}
	if (!r->data) {
		reply(r, 69, d->src_port, (const uint8_t *)"\0\5\0\1no", 7);
		return;
	}
	r->peer = (uint16_t)(5000 + r->asks);
	if (r->before_data)
		r->before_data(r);
	send_block(r, d->src_port, 1);
}

static void hear_frame(struct sim_rig *r, const struct sim_out *out)
{
	struct cdp_frame f;

	assert_true(cdp_decode(&f, out->frame, out->frame_len));
	assert_true(mac_equal(f.src, sim_phone_mac(r->phone)));
	r->cdp_len += (size_t)snprintf(r->cdp + r->cdp_len, sizeof(r->cdp) - r->cdp_len,
				       "%u %.*s %.*s %.*s %08x\n", (unsigned)(r->now / USEC_SEC(1)),
				       (int)f.device.len, (const char *)f.device.data,
				       (int)f.software.len, (const char *)f.software.data,
				       (int)f.platform.len, (const char *)f.platform.data, f.ip);
	assert_true(r->cdp_len < sizeof(r->cdp) - 1);
}

static void keep_said(struct sim_rig *r, const uint8_t *data, size_t len)
{
	assert_true(len <= sizeof(r->said) - r->said_len);
	memcpy(r->said + r->said_len, data, len);
	r->said_len += len;
}

static void news(struct sim_rig *r, enum sim_stream_news what, const uint8_t *data, size_t len)
{
	struct sim_out out;

	sim_phone_stream(r->phone, what, data, len, r->now, &out);
	sim_rig_handle(r, &out);
}

/* A call server. Its answers come byte by byte. */
static void answer_stream(struct sim_rig *r, const struct sim_stream *s)
{
	size_t i;

	switch (s->wish) {
	case SIM_STREAM_NO_WISH: break;
	case SIM_STREAM_OPEN:
		assert_int_equal(s->ip, SERVER);
		r->opened++;
		r->call_port = s->port;
		news(r, r->call_refused ? SIM_STREAM_CLOSED : SIM_STREAM_OPENED, NULL, 0);
		break;
	case SIM_STREAM_SEND:
		keep_said(r, s->data, s->len);
		if (r->call_port == 5060 && r->call)
			news(r, SIM_STREAM_BYTES, r->call, r->call_len);
		for (i = 0; r->call_port != 5060 && r->call && i < r->call_len; i++)
			news(r, SIM_STREAM_BYTES, r->call + i, 1);
		break;
	case SIM_STREAM_CLOSE: r->closed++;
	}
}

static void answer_sip(struct sim_rig *r, const struct sim_datagram *d)
{
	r->opened++;
	keep_said(r, d->data, d->len);
	if (r->call)
		reply(r, 5060, d->src_port, r->call, r->call_len);
}

void sim_rig_handle(struct sim_rig *r, const struct sim_out *out)
{
	unsigned i;

	if (out->frame_len > 0)
		hear_frame(r, out);

	if (out->log)
		r->len += (size_t)snprintf(r->transcript + r->len, sizeof(r->transcript) - r->len,
					   "%s\n", out->line);
	assert_true(r->len < sizeof(r->transcript) - 1 && r->asked_len < sizeof(r->asked) - 1);
	for (i = 0; i < out->count; i++) {
		const struct sim_datagram *d = &out->send[i];
		unsigned block = (unsigned)d->data[2] << 8 | d->data[3];

		if (d->dst_port == 67)
			answer_dhcp(r, d);
		else if (d->dst_port == 69)
			answer_request(r, d);
		else if (d->dst_port == 5060 && d->src_port == 5060)
			answer_sip(r, d);
		else if (d->data[1] == 5)
			r->stray_errors++;
		else if (d->dst_port == r->peer && (size_t)block * 512 <= r->size)
			send_block(r, d->src_port, block + 1);
	}
	if (out->stream.wish != SIM_STREAM_NO_WISH)
		answer_stream(r, &out->stream);
}

void sim_rig_run(struct sim_rig *r, usec_t until)
{
	struct sim_out out;

	while (!sim_phone_settled(r->phone) && sim_phone_deadline(r->phone) <= until) {
		if (sim_phone_deadline(r->phone) > r->now)
			r->now = sim_phone_deadline(r->phone);
		sim_phone_tick(r->phone, r->now, &out);
		sim_rig_handle(r, &out);
	}
}

void sim_rig_power_on(struct sim_rig *r)
{
	struct sim_out out;

	sim_phone_power_on(r->phone, r->now, &out);
	sim_rig_handle(r, &out);
}

struct sim_rig *sim_rig_new(enum synth_kind bundle, const char *how)
{
	struct sim_rig *r = calloc(1, sizeof(*r));
	struct synth_options options = {.size = 2500, .seed = 3};

	assert_non_null(r);
	options.key = test_key_load("test-g1");
	r->now = USEC_SEC(1);
	r->shelf = shelf_new();
	shelf_add(r->shelf, bundle, NULL, &options, how);
	test_key_free((struct test_key *)(uintptr_t)options.key);
	return r;
}

void sim_rig_phone(struct sim_rig *r, const char *model, enum sim_kind kind, const char *load)
{
	struct sim_phone_config config = {
		.kind = kind, .mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}}, .seed = 2};

	config.speaks = r->speaks;
	snprintf(config.model, sizeof(config.model), "%s", model);
	snprintf(config.load, sizeof(config.load), "%s", load);
	sim_phone_free(r->phone);
	r->phone = sim_phone_new(&config);
	assert_non_null(r->phone);
	sim_rig_power_on(r);
}

/* A phone of that kind, running that load, on a shelf with that bundle, until then. */
struct sim_rig *sim_rig_story(const struct sim_story *story)
{
	struct sim_rig *r = sim_rig_new(story->bundle, story->how);

	r->xmldefault = story->xmldefault;
	sim_rig_phone(r, story->model, story->kind, story->load ? story->load : "");
	sim_rig_run(r, story->until);
	return r;
}

void sim_rig_free(struct sim_rig *r)
{
	sim_phone_free(r->phone);
	shelf_free(r->shelf);
	free(r);
}
