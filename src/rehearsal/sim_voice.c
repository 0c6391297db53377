/* SPDX-License-Identifier: MIT */
/*
 * What a simulated phone says of itself on the wire and on its web page (phones.md 10.1, 10.4).
 *
 * The happy path: it has a network → a CDP frame at once, with what runs: a loader's termNN name
 * or the load of the image → another every minute, for as long as it has a network. Who asks its
 * web server while an image is at work gets DeviceInformationX.
 *
 * What can go wrong: the network goes (dark, restart, power) and with it all of this; the image
 * does not know its own name yet (sim_java.c), so it does not announce any.
 *
 * From records: the frame of a 7971 (VoIP Hopper's profile), the P003 name and SIP<MAC> of a
 * 7940 with SIP, appLoadID of 7940, 7905 and, from a made-up example, 7975 (the component with the
 * jar, not the load). That an erased 7970 says TERM70_LOAD is on record, that it stands in the
 * version is likely only. Simulator's own assumptions: the loaders of 7940/60 and 7902/05/12 say
 * nothing; the web server starts with the image's address.
 */
#include "reflashd/cdp.h"
#include "reflashd/device_page.h"
#include "sim_private.h"

#include <string.h>

#define CDP_EVERY USEC_SEC(60)
#define CDP_LATER USEC_SEC(5) /* it cannot name itself yet */

uint32_t sim_voice_chance(struct sim_phone *p, uint32_t below)
{
	p->voice.random = p->voice.random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(p->voice.random >> 33) % below;
}

void sim_voice_reset(struct sim_phone *p)
{
	p->voice = (struct sim_voice){
		.random = p->voice.random, .cdp_at = USEC_NEVER, .act_at = USEC_NEVER};
}

void sim_voice_begin(struct sim_phone *p, usec_t now)
{
	if (p->config.speaks & SIM_SPEAKS_CDP)
		p->voice.cdp_at = now;
}

usec_t sim_voice_deadline(const struct sim_phone *p)
{
	return p->voice.cdp_at < p->voice.act_at ? p->voice.cdp_at : p->voice.act_at;
}

bool sim_voice_is_sip(const char *load)
{
	return text_starts_nocase(load, "SIP") || text_starts_nocase(load, "P0S") ||
	       (text_starts_nocase(load, "CP79") && strstr(load, "SIP"));
}

void sim_voice_version(const char *load, char *out, size_t size)
{
	const char *c = strchr(load, '.');
	size_t n = 0, dashes = 0;

	if (!c || !strchr(c, '-')) {
		text_copy(out, size, load);
		return;
	}
	for (c++; *c && n + 3 < size; c++) {
		if (*c == '-')
			out[n++] = dashes++ == 1 ? '(' : '.';
		else
			out[n++] = *c;
	}
	if (dashes > 1)
		out[n++] = ')';
	out[n] = '\0';
}

const char *sim_voice_load(const struct sim_phone *p)
{
	const char *load = p->flash.load;
	size_t n = strlen(load);

	/* What a recovery image calls itself is not known: it has the name of its file here. */
	if (!p->booted ||
	    (n > 0 && text_starts_nocase(p->model.recovery, load) && p->model.recovery[n] == '.'))
		return "";
	return load;
}

bool sim_voice_done(const struct sim_phone *p)
{
	return p->voice.announced || !(p->config.speaks & SIM_SPEAKS_CDP) ||
	       sim_voice_load(p)[0] == '\0';
}

/* What stands in the version of its frame; false: nothing, yet or ever. */
static bool announced(const struct sim_phone *p, char *out, size_t size)
{
	const char *load = sim_voice_load(p);
	size_t n = strcspn(p->model.term, ".");

	if (text_starts_nocase(load, "P0S")) {
		text_format(out, size, "P003%s", load + 4);
		return true;
	}
	if (p->booted)
		return load[0] != '\0' && text_copy(out, size, load);
	if (p->model.family != MODEL_JAVA || n == 0 || n >= size)
		return false;
	text_format(out, size, "%.*s_LOAD", (int)n, p->model.term);
	for (; *out && *out != '_'; out++)
		if (*out >= 'a' && *out <= 'z')
			*out = (char)(*out - 'a' + 'A');
	return true;
}

static bool announce(struct sim_phone *p, struct sim_out *out)
{
	struct cdp_frame f = {.src = p->config.mac,
			      .ip = p->ip,
			      .capabilities = CDP_CAN_HOST | CDP_CAN_PHONE,
			      .full_duplex = true,
			      .present = 1u << CDP_CAPABILITIES | 1u << CDP_DUPLEX};
	bool sip = p->booted && sim_voice_is_sip(p->flash.load) && p->model.family == MODEL_LEGACY;
	char device[SIM_NAME_MAX], software[80], platform[48];

	if (!announced(p, software, sizeof(software)))
		return false;
	sim_mac_name(p, false, sip ? "SIP" : "SEP", "", device);
	text_format(platform, sizeof(platform), "Cisco IP Phone %s", p->model.id);
	cdp_say(&f, CDP_DEVICE, device);
	cdp_say(&f, CDP_PORT, "Port 1");
	cdp_say(&f, CDP_SOFTWARE, software);
	cdp_say(&f, CDP_PLATFORM, platform);
	if (p->ip != 0)
		f.present |= 1u << CDP_ADDRESSES;
	out->frame_len = cdp_encode(&f, out->frame, sizeof(out->frame));
	must(out->frame_len > 0);
	p->voice.announced = p->booted;
	return true;
}

void sim_voice_tick(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_voice *v = &p->voice;

	if (v->cdp_at <= now) {
		v->cdp_at = now + (announce(p, out) ? CDP_EVERY : CDP_LATER) / p->config.speed;
		return;
	}
	if (v->act_at <= now)
		sim_register_tick(p, now, out);
}

/* ---- its web page ---- */

/* "jar70sccp.8-3-3-27" of the members that the image was made of, else the load. */
static void component(const struct sim_phone *p, char *out, size_t size)
{
	const struct sim_names *names = &p->flash.installed;
	unsigned i;
	char *end;

	text_copy(out, size, sim_voice_load(p));
	for (i = 0; i < names->count; i++) {
		if (loads_member_part(names->name[i]) != LOADS_PART_JAR)
			continue;
		text_copy(out, size, names->name[i]);
		end = strrchr(out, '.');
		if (end && text_equal_nocase(end, ".sbn"))
			*end = '\0';
	}
}

size_t sim_phone_page(struct sim_phone *p, const uint8_t *request, size_t len, uint8_t *out,
		      size_t size)
{
	static const char ask[] = "GET /DeviceInformationX",
			  none[] = "HTTP/1.0 404 Not Found\r\n\r\n";
	char load[LOADS_NAME_MAX], version[80], number[24];
	struct device_page page = {.mac = p->config.mac, load, version, number};

	if (!(p->config.speaks & SIM_SPEAKS_PAGE) || sim_phone_deaf(p) || !p->booted || p->ip == 0)
		return 0;
	if (len < sizeof(ask) - 1 || memcmp(request, ask, sizeof(ask) - 1) != 0) {
		must(size >= sizeof(none));
		memcpy(out, none, sizeof(none) - 1);
		return sizeof(none) - 1;
	}
	component(p, load, sizeof(load));
	if (load[0] == '\0')
		return 0;
	sim_voice_version(p->flash.load, version, sizeof(version));
	text_format(number, sizeof(number), "CP-%s%s", p->model.id,
		    p->model.family != MODEL_LEGACY && !strchr(p->model.id, 'G') ? "G" : "");
	return device_page_encode(&page, out, size);
}
