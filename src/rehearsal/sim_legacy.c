/* SPDX-License-Identifier: MIT */
/*
 * 7940 and 7960 (phones.md 4.4), as in the tftplog of a conversion.
 *
 * The happy path: the loader walks CTLSEP → SEP → SIP → MGC → XMLDefault from port 49845 on →
 * <load>.loads → its LA_VERSION is not the loader in the flash: the .sbn → 25 s later the
 * whole walk again, from the same first port → .loads → the .sb2 → 38 s later the application:
 * SIPDefault.cnf, SIP<MAC>.cnf from port 49834 on (SIP), or CTLSEP, SEP, XMLDefault (SCCP).
 *
 * The first of the walk that exists decides: SEP and XMLDefault by their load, SIP<MAC>.cnf by
 * its image_version.
 *
 * What can go wrong: no load is named or its list is missing: the phone starts the application
 * it has, or walks again half a minute later. A file that is refused: the same. No answers:
 * three ports for each file; after a second silent file the walk again 55 s later.
 *
 * A SIP application without a file of its own repeats SIP<MAC>.cnf about every 31 s: it runs, and
 * its display says "Unprovisioned".
 *
 * Simulator's own assumptions: 10 s from power to DHCP, 3 s to write the loader.
 */
#include "sim_private.h"

#include <string.h>

#define THINK	  USEC_MS(50)
#define POWER	  USEC_SEC(10)
#define WALK_PORT 49845
#define APP_PORT  49834

enum state {
	LOADER_DHCP,
	WALK_CTL,
	WALK_SEP,
	WALK_SIP,
	WALK_MGC,
	WALK_XMLDEFAULT,
	LIST,
	LOADER_FILE,
	LOADER_WRITTEN,
	APP_FILE,
	APP_WRITTEN,
	APP_DHCP,
	APP_SIPDEFAULT,
	APP_SIP,
	APP_RINGS,
	APP_DIALPLAN,
	APP_CTL,
	APP_SEP,
	APP_XMLDEFAULT,
	SETTLED,
};

static void boot(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	sim_go_dark(p, SIM_DHCP);
	p->booted = false;
	p->next_port = WALK_PORT;
	sim_log(p, out, "power: the loader runs");
	sim_pause(p, now, POWER, LOADER_DHCP);
}

static bool speaks_sip(const struct sim_phone *p)
{
	return text_starts_nocase(p->flash.load, "P0S");
}

static void addressed(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	(void)out;
	p->round = 0;
	if (p->booted) {
		p->stage = SIM_BOOTING;
		sim_pause(p, now, THINK, speaks_sip(p) ? APP_SIPDEFAULT : APP_CTL);
		return;
	}
	if (p->stage != SIM_STUCK)
		p->stage = SIM_LOADING;
	sim_pause(p, now, THINK, WALK_CTL);
}

static const char *member_ending(const struct sim_phone *p, const char *suffix)
{
	unsigned i;

	for (i = 0; i < p->list.member_count; i++)
		if (text_ends_nocase(p->list.member[i].name, suffix))
			return p->list.member[i].name;
	return NULL;
}

static void ask(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	enum state state = (enum state)p->state;
	bool firmware = state == LIST || state == LOADER_FILE || state == APP_FILE;
	char name[SIM_NAME_MAX] = "";

	switch (state) {
	case WALK_CTL:
	case APP_CTL: sim_mac_name(p, false, "CTLSEP", ".tlv", name); break;
	case WALK_SEP:
	case APP_SEP: sim_mac_name(p, false, "SEP", ".cnf.xml", name); break;
	case WALK_SIP: sim_mac_name(p, false, "SIP", ".cnf", name); break;
	case APP_SIP:
		/* SIPDefault's tftp_cfg_dir: "./" puts that in front (log of a 7960). */
		sim_mac_name(p, false, p->dot_slash ? "./SIP" : "SIP", ".cnf", name);
		break;
	case WALK_MGC: sim_mac_name(p, false, "MGC", ".cnf", name); break;
	case WALK_XMLDEFAULT:
	case APP_XMLDEFAULT: text_copy(name, sizeof(name), "XMLDefault.cnf.xml"); break;
	case APP_SIPDEFAULT: text_copy(name, sizeof(name), "SIPDefault.cnf"); break;
	case APP_RINGS: text_copy(name, sizeof(name), "RINGLIST.DAT"); break;
	case APP_DIALPLAN: text_copy(name, sizeof(name), "dialplan.xml"); break;
	case LIST: text_format(name, sizeof(name), "%s.loads", p->load_asked); break;
	case LOADER_FILE: text_copy(name, sizeof(name), member_ending(p, ".sbn")); break;
	case APP_FILE: text_copy(name, sizeof(name), member_ending(p, ".sb2")); break;
	case LOADER_DHCP:
	case LOADER_WRITTEN:
	case APP_WRITTEN:
	case APP_DHCP:
	case SETTLED: must(false);
	}
	sim_tftp_get(p, name, firmware, now, out);
}

/* The application takes over: a restart of its own, with ports of its own. */
static void start_application(struct sim_phone *p, usec_t now, usec_t pause, struct sim_out *out)
{
	sim_log(p, out, "starts %s", p->flash.load);
	sim_go_dark(p, SIM_BOOTING);
	p->booted = true;
	p->dot_slash = false;
	p->next_port = APP_PORT;
	sim_pause(p, now, pause, APP_DHCP);
}

static void no_load(struct sim_phone *p, usec_t now, struct sim_out *out, const char *why)
{
	if (p->flash.bootable) {
		start_application(p, now, USEC_SEC(24), out);
		return;
	}
	sim_stuck(p, out, "%s", why);
	sim_pause(p, now, USEC_SEC(30), WALK_CTL);
}

static void take_load(struct sim_phone *p, const char *load, usec_t now, struct sim_out *out)
{
	if (load[0] == '\0') {
		no_load(p, now, out, "no configuration names a load for this phone");
		return;
	}
	sim_log(p, out, "has %s: load %s", p->tftp.name, load);
	text_copy(p->load_asked, sizeof(p->load_asked), load);
	sim_pause(p, now, THINK, LIST);
}

static void got_list(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	char why[160];

	sim_check_list(p->tftp.name, p->tftp.data, p->tftp.len, &p->list, why);
	if (why[0] == '\0' && (p->list.dialect != LOADS_LEGACY || !member_ending(p, ".sbn") ||
			       !member_ending(p, ".sb2")))
		text_format(why, sizeof(why), "%s is a list for other phones", p->tftp.name);
	if (why[0] == '\0')
		sim_check_signature(p, p->tftp.name, p->tftp.data, p->tftp.len, why);
	if (why[0] != '\0') {
		no_load(p, now, out, why);
	} else if (p->flash.bootable && text_equal_nocase(p->load_asked, p->flash.load)) {
		start_application(p, now, USEC_SEC(24), out);
	} else {
		p->stage = SIM_LOADING;
		sim_log(p, out, "has %s: loader %s, has %s", p->tftp.name, p->list.la_version,
			p->flash.la_version[0] ? p->flash.la_version : "another");
		sim_pause(p, now, THINK,
			  strcmp(p->list.la_version, p->flash.la_version) == 0 ? APP_FILE
									       : LOADER_FILE);
	}
}

static void got_image(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	char why[160];

	sim_check_member(p->tftp.name, p->tftp.data, p->tftp.len, why);
	if (why[0] == '\0')
		sim_check_signature(p, p->tftp.name, p->tftp.data, p->tftp.len, why);
	if (why[0] != '\0') {
		no_load(p, now, out, why);
		return;
	}
	sim_log(p, out, "has %s: %zu bytes", p->tftp.name, p->tftp.len);
	/* 05:15:52 → 05:16:16 and 05:16:26 → 05:17:04 in the log: writing, then the restart. */
	sim_go_dark(p, SIM_FLASHING);
	sim_pause(p, now, USEC_SEC(3), p->state == LOADER_FILE ? LOADER_WRITTEN : APP_WRITTEN);
}

static void got_configuration(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_configuration c;

	sim_configuration_read(&c, p->model.number, p->tftp.data, p->tftp.len);
	take_load(p, c.load, now, out);
}

static void got_in_walk(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	char load[72];

	if (got == SIM_GOT_FILE && (p->state == WALK_SEP || p->state == WALK_XMLDEFAULT)) {
		got_configuration(p, now, out);
		return;
	}
	if (got == SIM_GOT_FILE && p->state == WALK_SIP) {
		sim_cnf_value(p->tftp.data, p->tftp.len, "image_version", load, sizeof(load));
		take_load(p, load, now, out);
		return;
	}
	if (got == SIM_GOT_SILENCE && ++p->round >= 2) {
		p->round = 0;
		sim_stuck(p, out, "nobody answers its requests");
		sim_pause(p, now, USEC_SEC(55), WALK_CTL);
		return;
	}
	if (p->state == WALK_XMLDEFAULT) {
		no_load(p, now, out, "no configuration names a load for this phone");
		return;
	}
	sim_log(p, out, "%s: %s", p->tftp.name, sim_got_words(p, got));
	sim_pause(p, now, THINK, p->state + 1);
}

static void got_in_application(struct sim_phone *p, enum sim_got got, usec_t now,
			       struct sim_out *out)
{
	char folder[72];

	sim_log(p, out, "%s: %s", p->tftp.name, sim_got_words(p, got));
	switch ((enum state)p->state) {
	case APP_SIPDEFAULT:
		if (got == SIM_GOT_FILE) {
			sim_cnf_value(p->tftp.data, p->tftp.len, "tftp_cfg_dir", folder,
				      sizeof(folder));
			p->dot_slash = strcmp(folder, "./") == 0;
		}
		sim_pause(p, now, USEC_SEC(1), SETTLED);
		break;
	case APP_SIP:
		if (got == SIM_GOT_FILE) {
			sim_pause(p, now, USEC_SEC(2), APP_RINGS);
			break;
		}
		p->settled = true;
		sim_pause(p, now, USEC_SEC(31), APP_SIP);
		break;
	case APP_RINGS: sim_pause(p, now, THINK, APP_DIALPLAN); break;
	case APP_CTL: sim_pause(p, now, THINK, APP_SEP); break;
	case APP_SEP:
		if (got == SIM_GOT_FILE)
			sim_pause(p, now, USEC_SEC(2), SETTLED);
		else
			sim_pause(p, now, THINK, APP_XMLDEFAULT);
		break;
	case APP_DIALPLAN: p->settled = true; break;
	case APP_XMLDEFAULT: sim_pause(p, now, USEC_SEC(2), SETTLED); break;
	case LOADER_DHCP:
	case WALK_CTL:
	case WALK_SEP:
	case WALK_SIP:
	case WALK_MGC:
	case WALK_XMLDEFAULT:
	case LIST:
	case LOADER_FILE:
	case LOADER_WRITTEN:
	case APP_FILE:
	case APP_WRITTEN:
	case APP_DHCP:
	case SETTLED: must(false);
	}
}

static void got(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	char why[160];

	if (p->state >= APP_DHCP) {
		got_in_application(p, got, now, out);
	} else if (p->state <= WALK_XMLDEFAULT) {
		got_in_walk(p, got, now, out);
	} else if (got != SIM_GOT_FILE) {
		text_format(why, sizeof(why), "%s: %s", p->tftp.name, sim_got_words(p, got));
		no_load(p, now, out, why);
	} else if (p->state == LIST) {
		got_list(p, now, out);
	} else {
		got_image(p, now, out);
	}
}

static void wake(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	switch ((enum state)p->state) {
	case LOADER_DHCP:
	case APP_DHCP: sim_dhcp_start(p, now, out); break;
	case LOADER_WRITTEN:
		text_copy(p->flash.la_version, sizeof(p->flash.la_version), p->list.la_version);
		/* The application goes with its old loader. */
		p->flash.bootable = false;
		boot(p, now, out);
		sim_log(p, out, "restarts with loader %s", p->flash.la_version);
		sim_pause(p, now, USEC_SEC(22), LOADER_DHCP);
		break;
	case APP_WRITTEN:
		text_copy(p->flash.load, sizeof(p->flash.load), p->load_asked);
		p->flash.bootable = true;
		start_application(p, now, USEC_SEC(35), out);
		break;
	case SETTLED:
		p->stage = SIM_RUNNING;
		sim_log(p, out, "runs %s", p->flash.load);
		if (speaks_sip(p))
			sim_pause(p, now, THINK, APP_SIP);
		else
			p->settled = true;
		break;
	case WALK_CTL:
	case WALK_SEP:
	case WALK_SIP:
	case WALK_MGC:
	case WALK_XMLDEFAULT:
	case LIST:
	case LOADER_FILE:
	case APP_FILE:
	case APP_SIPDEFAULT:
	case APP_SIP:
	case APP_RINGS:
	case APP_DIALPLAN:
	case APP_CTL:
	case APP_SEP:
	case APP_XMLDEFAULT: ask(p, now, out); break;
	}
}

const struct sim_script sim_legacy_script = {boot, addressed, got, wake};
