/* SPDX-License-Identifier: MIT */
/*
 * 7902, 7905 and 7912 (phones.md 4.3).
 *
 * The happy path in recovery mode: DHCP every 27 s until answered → the recovery image of the
 * model (cp7912r.zup) → written → restart. Then, as any 7912 that boots: SEP<mac>.cnf.xml in
 * lower case → XMLDefault.cnf.xml and SEPDefault.cnf → <load>.sbin when XMLDefault names
 * another load, written, restart → profile gk<mac>, gkdefault.cfg → running, whether or not
 * there was a profile. A SIP load reads the profile files only.
 *
 * What can go wrong: an image that is not whole or of another model is not written; in
 * recovery mode it is asked for again 27 s later, a running phone keeps its load. No
 * answer in recovery mode: back to DHCP.
 *
 * A phone out of recovery runs the recovery image: sim_phone_load() is that file's name without
 * its suffix, until XMLDefault names another.
 *
 * Simulator's own assumptions: 10 s from power to DHCP, 60 to 90 s to write the image (lamps
 * only, no network), TFTP timing as of the Java phones.
 */
#include "sim_private.h"

#include <string.h>

#define THINK USEC_MS(50)
#define POWER USEC_SEC(10)
#define LOOP  USEC_SEC(27)

enum state {
	START_DHCP,
	RECOVERY_IMAGE,
	WRITTEN,
	ASK_SEP,
	ASK_XMLDEFAULT,
	ASK_SEPDEFAULT,
	LOAD_IMAGE,
	ASK_PROFILE,
	ASK_PROFILE_DEFAULT,
	SETTLED,
};

static void boot(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	sim_go_dark(p, SIM_DHCP);
	p->booted = p->flash.bootable;
	sim_log(p, out,
		p->booted ? "power: starts its image"
			  : "power: recovery mode, menu green, hold red");
	sim_pause(p, now, POWER, START_DHCP);
}

static bool speaks_sip(const struct sim_phone *p)
{
	return strstr(p->flash.load, "SIP") != NULL || (p->flash.load[0] == '\0' && p->config.sip);
}

static void addressed(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	(void)out;
	p->load_asked[0] = '\0';
	if (!p->booted) {
		if (p->stage != SIM_STUCK)
			p->stage = SIM_LOADING;
		sim_pause(p, now, THINK, RECOVERY_IMAGE);
		return;
	}
	p->stage = SIM_BOOTING;
	sim_pause(p, now, THINK, speaks_sip(p) ? ASK_PROFILE : ASK_SEP);
}

static void ask(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	enum state state = (enum state)p->state;
	char name[SIM_NAME_MAX] = "";

	switch (state) {
	case RECOVERY_IMAGE: text_copy(name, sizeof(name), p->model.recovery); break;
	case ASK_SEP: sim_mac_name(p, true, "SEP", ".cnf.xml", name); break;
	case ASK_XMLDEFAULT: text_copy(name, sizeof(name), "XMLDefault.cnf.xml"); break;
	case ASK_SEPDEFAULT: text_copy(name, sizeof(name), "SEPDefault.cnf"); break;
	case LOAD_IMAGE: text_format(name, sizeof(name), "%s.sbin", p->load_asked); break;
	case ASK_PROFILE: sim_mac_name(p, true, p->model.profile, "", name); break;
	case ASK_PROFILE_DEFAULT:
		text_format(name, sizeof(name), "%sdefault.cfg", p->model.profile);
		break;
	case START_DHCP:
	case WRITTEN:
	case SETTLED: must(false);
	}
	sim_tftp_get(p, name, state == RECOVERY_IMAGE || state == LOAD_IMAGE, now, out);
}

static void no_recovery(struct sim_phone *p, enum sim_got got, const char *why, usec_t now,
			struct sim_out *out)
{
	if (got == SIM_GOT_FILE)
		sim_stuck(p, out, "%s", why);
	else
		sim_stuck(p, out, "%s: %s", p->tftp.name, sim_got_words(p, got));
	sim_pause(p, now, LOOP, got == SIM_GOT_SILENCE ? START_DHCP : RECOVERY_IMAGE);
}

static void got_image(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	char why[160] = "";

	if (got == SIM_GOT_FILE)
		sim_check_kup(p->tftp.name, &p->model, p->tftp.data, p->tftp.len, why);
	if (got == SIM_GOT_FILE && why[0] == '\0')
		sim_check_signature(p, p->tftp.name, p->tftp.data, p->tftp.len, why);
	if (got == SIM_GOT_FILE && why[0] == '\0') {
		sim_log(p, out, "has %s: %zu bytes, writes it", p->tftp.name, p->tftp.len);
		sim_go_dark(p, SIM_FLASHING);
		sim_pause(p, now, sim_between(p, USEC_SEC(60), USEC_SEC(90)), WRITTEN);
	} else if (!p->booted) {
		no_recovery(p, got, why, now, out);
	} else {
		sim_log(p, out, "keeps its load: %.120s",
			got == SIM_GOT_FILE ? why : sim_got_words(p, got));
		p->stage = SIM_BOOTING;
		sim_pause(p, now, THINK, ASK_PROFILE);
	}
}

static void got_configuration(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_configuration c;
	bool own = p->state == ASK_SEP;

	sim_configuration_read(&c, p->model.number, p->tftp.data, p->tftp.len);
	sim_log(p, out, "has %s: load %s", p->tftp.name, c.load[0] ? c.load : "not named");
	if (!text_equal_nocase(c.load, p->flash.load))
		text_copy(p->load_asked, sizeof(p->load_asked), c.load);
	if (p->load_asked[0] != '\0') {
		p->stage = SIM_LOADING;
		sim_pause(p, now, THINK, LOAD_IMAGE);
	} else {
		sim_pause(p, now, THINK, own ? ASK_PROFILE : ASK_SEPDEFAULT);
	}
}

static void got(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	if (p->state == RECOVERY_IMAGE || p->state == LOAD_IMAGE) {
		got_image(p, got, now, out);
		return;
	}
	if (got == SIM_GOT_FILE && (p->state == ASK_SEP || p->state == ASK_XMLDEFAULT)) {
		got_configuration(p, now, out);
		return;
	}
	sim_log(p, out, "%s: %s", p->tftp.name, sim_got_words(p, got));
	switch ((enum state)p->state) {
	case ASK_SEP: sim_pause(p, now, THINK, ASK_XMLDEFAULT); break;
	case ASK_XMLDEFAULT: sim_pause(p, now, THINK, ASK_SEPDEFAULT); break;
	case ASK_SEPDEFAULT: sim_pause(p, now, THINK, ASK_PROFILE); break;
	case ASK_PROFILE:
		p->round = got == SIM_GOT_FILE;
		sim_pause(p, now, USEC_SEC(2), SETTLED);
		break;
	case ASK_PROFILE_DEFAULT: p->settled = true; break;
	case START_DHCP:
	case RECOVERY_IMAGE:
	case WRITTEN:
	case LOAD_IMAGE:
	case SETTLED: must(false);
	}
}

static void written(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	char *dot;

	if (p->booted) {
		text_copy(p->flash.load, sizeof(p->flash.load), p->load_asked);
	} else {
		text_copy(p->flash.load, sizeof(p->flash.load), p->model.recovery);
		dot = strrchr(p->flash.load, '.');
		if (dot)
			*dot = '\0';
	}
	p->flash.bootable = true;
	boot(p, now, out);
	sim_log(p, out, "restarts with %s", p->flash.load);
}

static void wake(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	switch ((enum state)p->state) {
	case START_DHCP: sim_dhcp_start(p, now, out); break;
	case WRITTEN: written(p, now, out); break;
	case SETTLED:
		p->stage = SIM_RUNNING;
		sim_log(p, out, "runs %s",
			p->flash.load[0] ? p->flash.load : "a load it cannot name");
		if (p->round)
			p->settled = true;
		else
			sim_pause(p, now, THINK, ASK_PROFILE_DEFAULT);
		break;
	case RECOVERY_IMAGE:
	case ASK_SEP:
	case ASK_XMLDEFAULT:
	case ASK_SEPDEFAULT:
	case LOAD_IMAGE:
	case ASK_PROFILE:
	case ASK_PROFILE_DEFAULT: ask(p, now, out); break;
	}
}

const struct sim_script sim_kup_script = {boot, addressed, got, wake};
