/* SPDX-License-Identifier: MIT */
/*
 * A simulated phone: power, time and the layers.
 *
 * The happy path: sim_phone_power_on() → the script of its kind pauses for the boot, asks the
 * DHCP client for an address, the TFTP client for one file after the other, judges each, and
 * ends in SIM_RUNNING. Whatever happens, one call gives at most a few datagrams and one
 * line of transcript, because a script that wants to go on after a file does so through a
 * short pause (SIM_THINK).
 *
 * What can go wrong: power fails (sim_phone_power_off(): everything but the flash is gone, and
 * half a file never was in it); a file is refused (SIM_STUCK, and over again after a
 * pause); nobody answers (over again from DHCP).
 *
 * What a phone does "by chance" (ports, pauses, which recorded parameter list it sends) comes
 * from config.seed and its MAC, so that a run can be repeated.
 *
 * What it says of itself (config.speaks) goes beside all that: sim_voice.c, sim_register.c.
 *
 * No lease is renewed: the scripts are over long before T1, and a phone that reboots asks anew.
 */
#include "sim_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
	/* splitmix64: every seed, 0 too, gives a good start */
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint32_t sim_random(struct sim_phone *p, uint32_t below)
{
	must(below > 0);
	p->random = mix(p->random);
	return (uint32_t)((p->random >> 16) % below);
}

usec_t sim_between(struct sim_phone *p, usec_t least, usec_t most)
{
	return least + (usec_t)sim_random(p, (uint32_t)(most - least) + 1);
}

/* Names from the wire and from files of firmware are in it. */
static void put_words(char *out, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void put_words(char *out, size_t size, const char *format, va_list args)
{
	char words[256];

	vsnprintf(words, sizeof(words), format, args);
	text_escape(out, size, (const uint8_t *)words, strlen(words));
}

void sim_log(struct sim_phone *p, struct sim_out *out, const char *format, ...)
{
	va_list args;

	(void)p;
	va_start(args, format);
	put_words(out->line, sizeof(out->line), format, args);
	va_end(args);
	out->log = true;
}

void sim_stuck(struct sim_phone *p, struct sim_out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_words(p->why, sizeof(p->why), format, args);
	va_end(args);
	p->stage = SIM_STUCK;
	text_format(out->line, sizeof(out->line), "stuck: %.150s", p->why);
	out->log = true;
}

void sim_send(struct sim_phone *p, struct sim_out *out, uint32_t dst_ip, uint16_t src_port,
	      uint16_t dst_port, const uint8_t *data, size_t len)
{
	struct sim_datagram *d;

	must(out->count < SIM_SENDS_MAX);
	d = &out->send[out->count++];
	must(len <= sizeof(d->data));
	d->src_ip = p->ip;
	d->dst_ip = dst_ip;
	d->src_port = src_port;
	d->dst_port = dst_port;
	d->len = len;
	memcpy(d->data, data, len);
}

void sim_pause(struct sim_phone *p, usec_t now, usec_t pause, unsigned state)
{
	p->state = state;
	p->pause = now + pause / p->config.speed;
}

void sim_go_dark(struct sim_phone *p, enum sim_stage stage)
{
	p->stage = stage;
	p->deaf = true;
	p->settled = false;
	p->ip = 0;
	p->dhcp.state = SIM_DHCP_OFF;
	p->tftp.active = false;
	p->tftp.port = 0;
	p->tftp.linger_port = 0;
	sim_voice_reset(p);
}

void sim_mac_name(const struct sim_phone *p, bool lower, const char *before, const char *after,
		  char out[SIM_NAME_MAX])
{
	const uint8_t *b = p->config.mac.b;
	int n;

	if (lower)
		n = snprintf(out, SIM_NAME_MAX, "%s%02x%02x%02x%02x%02x%02x%s", before, b[0], b[1],
			     b[2], b[3], b[4], b[5], after);
	else
		n = snprintf(out, SIM_NAME_MAX, "%s%02X%02X%02X%02X%02X%02X%s", before, b[0], b[1],
			     b[2], b[3], b[4], b[5], after);
	must(n > 0 && n < SIM_NAME_MAX);
}

const char *sim_got_words(const struct sim_phone *p, enum sim_got got)
{
	switch (got) {
	case SIM_GOT_FILE: return "here";
	case SIM_GOT_ERROR: return p->tftp.code == 1 ? "file not found" : "refused by the server";
	case SIM_GOT_SILENCE: return "no answer";
	case SIM_GOT_HUNG_UP: return "too large, given up";
	}
	return "";
}

static struct sim_out *out_clear(struct sim_out *out)
{
	out->count = 0;
	out->closed_port = 0;
	out->log = false;
	out->line[0] = '\0';
	out->frame_len = 0;
	out->stream.wish = SIM_STREAM_NO_WISH;
	return out;
}

struct sim_phone *sim_phone_new_of(const struct sim_phone_config *config, const struct model *model)
{
	struct sim_phone *p = calloc(1, sizeof(*p));
	uint64_t mac = 0;
	unsigned i;

	if (!p)
		return NULL;
	p->config = *config;
	if (p->config.speed == 0)
		p->config.speed = 1;
	p->model = *model;
	for (i = 0; i < 6; i++)
		mac = mac << 8 | config->mac.b[i];
	p->random = mix(config->seed ^ mix(mac));
	p->abrupt = sim_random(p, 4) == 0;
	p->pause = USEC_NEVER;
	p->voice.random = mix(p->random);
	sim_voice_reset(p);
	p->knows = config->knows;
	text_copy(p->flash.load, sizeof(p->flash.load), config->load);
	switch (config->kind) {
	case SIM_JAVA_RUNNING: p->flash.bootable = true; /* fall through */
	case SIM_JAVA_ERASED: p->script = &sim_java_script; break;
	case SIM_LEGACY:
		p->script = &sim_legacy_script;
		p->flash.bootable = config->load[0] != '\0';
		break;
	case SIM_KUP_RUNNING: p->flash.bootable = true; /* fall through */
	case SIM_KUP_RECOVERY: p->script = &sim_kup_script; break;
	}
	must(p->script);
	if (!p->flash.bootable)
		p->flash.load[0] = '\0';
	return p;
}

struct sim_phone *sim_phone_new(const struct sim_phone_config *config)
{
	struct models *models = malloc(sizeof(*models));
	const struct model *model;
	struct sim_phone *p = NULL;

	if (!models)
		return NULL;
	models_builtin(models);
	model = models_by_id(models, config->model);
	if (model)
		p = sim_phone_new_of(config, model);
	free(models);
	return p;
}

void sim_phone_free(struct sim_phone *p)
{
	if (!p)
		return;
	free(p->tftp.own);
	free(p);
}

void sim_phone_keep_files(struct sim_phone *p, sim_phone_keep keep, void *ctx)
{
	p->keep = keep;
	p->keep_ctx = ctx;
}

void sim_phone_name_loads(struct sim_phone *p, sim_phone_namer namer, void *ctx)
{
	p->namer = namer;
	p->namer_ctx = ctx;
}

void sim_phone_power_on(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	out_clear(out);
	if (p->on)
		sim_phone_power_off(p);
	p->on = true;
	p->script->boot(p, now, out);
}

void sim_phone_power_off(struct sim_phone *p)
{
	sim_go_dark(p, SIM_OFF);
	p->on = false;
	p->booted = false;
	p->why[0] = '\0';
	p->pause = USEC_NEVER;
	p->member = 0;
	p->round = 0;
	p->doomed = false;
	p->upgrading = false;
	p->refused[0] = '\0';
}

void sim_phone_receive(struct sim_phone *p, const struct sim_datagram *d, usec_t now,
		       struct sim_out *out)
{
	out_clear(out);
	if (!p->on || p->deaf)
		return;
	if (d->dst_port == 68)
		sim_dhcp_receive(p, d, now, out);
	else if (p->ip == 0 || d->dst_ip != p->ip)
		return;
	else if (sim_register_port_open(p, d->dst_port))
		sim_register_datagram(p, d, now, out);
	else
		sim_tftp_receive(p, d, now, out);
	sim_register_notice(p, now, out);
}

void sim_phone_stream(struct sim_phone *p, enum sim_stream_news news, const uint8_t *data,
		      size_t len, usec_t now, struct sim_out *out)
{
	out_clear(out);
	if (p->on && !p->deaf)
		sim_register_stream(p, news, data, len, now, out);
}

void sim_phone_tick(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	out_clear(out);
	if (!p->on)
		return;
	if (p->tftp.linger_port != 0 && p->tftp.linger_until <= now) {
		out->closed_port = p->tftp.linger_port;
		p->tftp.linger_port = 0;
	} else if (p->dhcp.state != SIM_DHCP_OFF && p->dhcp.deadline <= now) {
		sim_dhcp_tick(p, now, out);
	} else if (p->tftp.active && p->tftp.deadline <= now) {
		sim_tftp_tick(p, now, out);
	} else if (p->pause <= now) {
		p->pause = USEC_NEVER;
		p->script->wake(p, now, out);
	} else {
		sim_voice_tick(p, now, out);
	}
	sim_register_notice(p, now, out);
}

usec_t sim_phone_deadline(const struct sim_phone *p)
{
	usec_t least = p->pause, tftp, voice;

	if (!p->on)
		return USEC_NEVER;
	if (p->dhcp.state != SIM_DHCP_OFF && p->dhcp.deadline < least)
		least = p->dhcp.deadline;
	tftp = sim_tftp_deadline(p);
	if (tftp < least)
		least = tftp;
	voice = sim_voice_deadline(p);
	return voice < least ? voice : least;
}

enum sim_stage sim_phone_stage(const struct sim_phone *p)
{
	return p->stage;
}

const char *sim_phone_load(const struct sim_phone *p)
{
	return p->booted ? p->flash.load : "";
}

const char *sim_phone_why(const struct sim_phone *p)
{
	return p->stage == SIM_STUCK ? p->why : "";
}

uint32_t sim_phone_ip(const struct sim_phone *p)
{
	return p->ip;
}

struct mac sim_phone_mac(const struct sim_phone *p)
{
	return p->config.mac;
}

bool sim_phone_settled(const struct sim_phone *p)
{
	return p->stage == SIM_RUNNING && p->settled && sim_register_done(p) && sim_voice_done(p);
}

bool sim_phone_deaf(const struct sim_phone *p)
{
	return !p->on || p->deaf;
}

bool sim_phone_port_open(const struct sim_phone *p, uint16_t port)
{
	if (sim_phone_deaf(p) || port == 0)
		return false;
	return port == 68 || (p->tftp.active && port == p->tftp.port) ||
	       port == p->tftp.linger_port || sim_register_port_open(p, port);
}
