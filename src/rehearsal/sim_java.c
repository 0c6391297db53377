/* SPDX-License-Identifier: MIT */
/*
 * 7906 7911 7931 7941 7942 7945 7961 7962 7965 7970 7971 7975 (phones.md 4.1, 4.2).
 *
 * The happy path of an erased one: DHCP → termXX.default.loads, nothing before it → the members in
 * the order of the list and in its spelling, each written to flash (1–8 s) → dark and silent
 * for minutes → restart → the image: CTLSEP, ITLSEP and ITLFile (from 8.5(2) on), SEP…,
 * XMLDefault → dial plan and tones (SIP) → running.
 *
 * What can go wrong:
 * - the list is refused (its name, or a signing key that the loader does not know): fetched a
 * second time within a second, again 93–147 s later, for ever (7906 trace); never a member;
 * - a running image does not know the key of the load it is told to take: "Load Auth Failed", and
 * it stays on what it runs;
 * - a member is missing: the next one is asked for all the same and the port closed in the
 *   middle of it (7911 trace), then the list again after the same pause;
 * - a member is refused or the answers stop: over again;
 * - the power fails: what was written stays (journal /etc/load.jrnl) and is not fetched again as
 *   long as the list is the same; the member on its way is lost.
 *
 * Which load a phone runs after an erase: it knows that from its jar; the simulator cannot look
 * into one. Whoever knows the library tells it (sim_phone_name_loads(), config.load). When
 * nobody can, its load is "" until a configuration names one; then it fetches that
 * load's list, and when the list holds exactly the members in its flash, that is its load and
 * nothing more is fetched. (A real phone would not have asked for the list.)
 *
 * An image that runs and cannot have the load it is told to take keeps the one it has. It runs
 * (SIM_RUNNING) from the moment it is content with its configuration; that nobody answers
 * its questions about dial plans and tones changes nothing.
 *
 * Simulator's own assumptions, not recorded: 20 s from power to the loader's DHCP, 60 s to the
 * image's; a dark phase of 2 to 5 minutes for a whole flash, 1 to 2 for an upgrade; the
 * 45 s of an unhappy configuration loop come from an 8851. An image that said "Load Auth Failed"
 * begins its configuration anew after three minutes, as it finds no CallManager to register
 * with; when the same load fails again, that is how it stays.
 */
#include "sim_private.h"

#include <string.h>

#define THINK	     USEC_MS(50)
#define LOADER_BOOT  USEC_SEC(20)
#define IMAGE_BOOT   USEC_SEC(60)
#define UNHAPPY_LOOP USEC_SEC(45)
#define TRY_AGAIN    USEC_SEC(180)

enum state {
	LOADER_DHCP,
	LIST,
	MEMBER,
	MEMBER_WRITTEN,
	RESTART,
	IMAGE_DHCP,
	ASK_CTL,
	ASK_ITL,
	ASK_ITL_FILE,
	ASK_SEP,
	ASK_XMLDEFAULT,
	ASK_DIALPLAN,
	ASK_TONES,
	ASK_RINGS,
	SETTLED,
};

static void boot(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	sim_go_dark(p, SIM_DHCP);
	p->booted = p->flash.bootable;
	sim_log(p, out, p->booted ? "power: starts its image" : "power: no image, the loader runs");
	sim_pause(p, now, p->booted ? IMAGE_BOOT : LOADER_BOOT,
		  p->booted ? IMAGE_DHCP : LOADER_DHCP);
}

/* "TFTP Svr set by opt150" came one second after the ACK on the console of a 7941. */
static void addressed(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	(void)out;
	if (p->booted)
		p->stage = SIM_BOOTING;
	else if (p->stage != SIM_STUCK)
		p->stage = SIM_LOADING;
	p->round = 0;
	sim_pause(p, now, USEC_SEC(1), p->booted ? ASK_CTL : LIST);
}

static void list_name(const struct sim_phone *p, char out[SIM_NAME_MAX])
{
	if (p->upgrading)
		text_format(out, SIM_NAME_MAX, "%s.loads", p->load_asked);
	else
		text_copy(out, SIM_NAME_MAX, p->model.term);
}

static bool speaks_sip(const struct sim_phone *p)
{
	const struct sim_flash *f = &p->flash;
	unsigned i;

	if (f->load[0] != '\0')
		return text_starts_nocase(f->load, "SIP");
	for (i = 0; i < f->installed.count; i++)
		if (loads_member_part(f->installed.name[i]) == LOADS_PART_JAR)
			return strstr(f->installed.name[i], "sip") != NULL;
	return p->config.sip;
}

/* Security by default: 8.5(2) and later ask for the ITL files. */
static bool knows_itl(const struct sim_phone *p)
{
	const struct sim_flash *f = &p->flash;
	unsigned i;

	if (f->load[0] != '\0')
		return sim_version_from(f->load, 8, 5, 2);
	for (i = 0; i < f->installed.count; i++)
		if (loads_member_part(f->installed.name[i]) == LOADS_PART_JAR)
			return sim_version_from(f->installed.name[i], 8, 5, 2);
	return false;
}

static void ask(struct sim_phone *p, enum state state, usec_t now, struct sim_out *out)
{
	char name[SIM_NAME_MAX];

	p->state = (unsigned)state;
	switch (state) {
	case ASK_CTL: sim_mac_name(p, false, "CTLSEP", ".tlv", name); break;
	case ASK_ITL: sim_mac_name(p, false, "ITLSEP", ".tlv", name); break;
	case ASK_ITL_FILE: text_copy(name, sizeof(name), "ITLFile.tlv"); break;
	case ASK_SEP: sim_mac_name(p, false, "SEP", ".cnf.xml", name); break;
	case ASK_XMLDEFAULT: text_copy(name, sizeof(name), "XMLDefault.cnf.xml"); break;
	case ASK_DIALPLAN: text_copy(name, sizeof(name), "dialplan.xml"); break;
	/* The slash is an empty locale folder, as recorded (phones.md 4.2). */
	case ASK_TONES: text_copy(name, sizeof(name), "/g3-tones.xml"); break;
	case ASK_RINGS: text_copy(name, sizeof(name), "RINGLIST.DAT"); break;
	case LIST: list_name(p, name); break;
	case MEMBER: text_copy(name, sizeof(name), p->list.member[p->member].name); break;
	case LOADER_DHCP:
	case MEMBER_WRITTEN:
	case RESTART:
	case IMAGE_DHCP:
	case SETTLED: must(false); return;
	}
	sim_tftp_get(p, name, state == LIST || state == MEMBER, now, out);
}

/* The configuration is taken. */
static void settle(struct sim_phone *p, usec_t now)
{
	p->upgrading = false;
	sim_pause(p, now, USEC_SEC(2), SETTLED);
}

/* Its load failed its authentication: true when it is worth another try, later. */
static bool tries_again(struct sim_phone *p)
{
	if (!p->unauthorised)
		return false;
	p->unauthorised = false;
	if (text_equal_nocase(p->refused, p->load_asked))
		return false;
	text_copy(p->refused, sizeof(p->refused), p->load_asked);
	return true;
}

/* It runs, and asks for what only a phone at work asks for. Of SCCP phones nothing is recorded
 * but ring lists, and not of all. */
static void work(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	p->stage = SIM_RUNNING;
	sim_log(p, out, "runs %s", p->flash.load[0] ? p->flash.load : "a load it cannot name");
	if (tries_again(p))
		sim_pause(p, now, TRY_AGAIN, ASK_CTL);
	else if (speaks_sip(p))
		sim_pause(p, now, THINK, ASK_DIALPLAN);
	else if (p->config.seed & 1)
		sim_pause(p, now, THINK, ASK_RINGS);
	else
		p->settled = true;
}

/* A running image that cannot upgrade keeps what it has; the loader has nothing to keep. */
static void give_up_load(struct sim_phone *p, usec_t now, struct sim_out *out, const char *why)
{
	bool again = p->round++ % 2 == 0 && p->state == LIST;

	if (p->upgrading) {
		sim_log(p, out, "keeps its load: %.130s", why);
		p->stage = SIM_BOOTING;
		settle(p, now);
		return;
	}
	sim_stuck(p, out, "%s", why);
	if (again)
		sim_pause(p, now, USEC_SEC(1), LIST);
	else
		sim_pause(p, now, sim_between(p, USEC_SEC(93), USEC_SEC(147)), LIST);
}

/* Nobody answers: drop the address and start over (phones.md 4.2, "loop 3 times"). */
static void start_over(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	sim_log(p, out, "no answer to %.80s, starts over with DHCP", p->tftp.name);
	sim_go_dark(p, SIM_DHCP);
	p->upgrading = false;
	sim_pause(p, now, LOADER_BOOT, p->booted ? IMAGE_DHCP : LOADER_DHCP);
}

static bool has_member(const struct sim_phone *p, unsigned i)
{
	const char *name = p->list.member[i].name;

	return p->flash.written[i] || (p->upgrading && sim_names_hold(&p->flash.installed, name));
}

/* The next member that is not in the flash yet, or the end. */
static void next_member(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	while (p->member < p->list.member_count && has_member(p, p->member))
		p->member++;
	if (p->member < p->list.member_count) {
		ask(p, MEMBER, now, out);
		return;
	}
	sim_log(p, out, "has everything, writes its flash: dark and silent");
	sim_go_dark(p, SIM_FLASHING);
	sim_pause(p, now,
		  p->upgrading ? sim_between(p, USEC_SEC(60), USEC_SEC(120))
			       : sim_between(p, USEC_SEC(120), USEC_SEC(300)),
		  RESTART);
}

/* What the image made of this list will call itself. */
static void name_wanted(struct sim_phone *p)
{
	struct sim_flash *f = &p->flash;

	if (p->upgrading)
		text_copy(f->wanted_load, sizeof(f->wanted_load), p->load_asked);
	else if (!p->namer)
		text_copy(f->wanted_load, sizeof(f->wanted_load), p->config.load);
	else if (!p->namer(p->namer_ctx, &p->list, f->wanted_load, sizeof(f->wanted_load)))
		f->wanted_load[0] = '\0';
}

static void got_list(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	struct sim_names names;
	char name[SIM_NAME_MAX], why[160];

	list_name(p, name);
	sim_check_list(name, p->tftp.data, p->tftp.len, &p->list, why);
	if (why[0] == '\0' && p->list.dialect != LOADS_JAVA)
		text_format(why, sizeof(why), "%s is a list for other phones", name);
	if (why[0] == '\0') {
		sim_check_signature(p, name, p->tftp.data, p->tftp.len, why);
		p->unauthorised = p->upgrading && why[0] != '\0';
	}
	if (why[0] != '\0') {
		give_up_load(p, now, out, why);
		return;
	}
	sim_names_of_list(&names, &p->list);
	if (p->upgrading && p->flash.load[0] == '\0' &&
	    sim_names_equal(&names, &p->flash.installed)) {
		text_copy(p->flash.load, sizeof(p->flash.load), p->load_asked);
		sim_learn_keys(p);
		sim_log(p, out, "is %s already", p->flash.load);
		p->stage = SIM_BOOTING;
		settle(p, now);
		return;
	}
	sim_log(p, out, "has %s: %u members", name, p->list.member_count);
	if (!sim_names_equal(&names, &p->flash.wanted)) {
		p->flash.wanted = names;
		memset(p->flash.written, 0, sizeof(p->flash.written));
	}
	name_wanted(p);
	p->member = 0;
	p->round = 0;
	p->stage = SIM_LOADING;
	sim_pause(p, now, THINK, MEMBER);
}

static void got_no_member(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	const char *name = p->list.member[p->member].name;
	char why[160];

	if (p->doomed) {
		/* The one that was asked for behind a missing one: its end is the end of all. */
		p->doomed = false;
		text_copy(why, sizeof(why), p->why);
		give_up_load(p, now, out, why);
		return;
	}
	text_format(why, sizeof(why), "%s: %s", name, sim_got_words(p, got));
	if (p->member + 1 >= p->list.member_count) {
		give_up_load(p, now, out, why);
		return;
	}
	sim_log(p, out, "%.150s", why);
	text_copy(p->why, sizeof(p->why), why);
	p->doomed = true;
	p->member++;
	sim_pause(p, now, THINK, MEMBER);
}

static void got_member(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	const char *name = p->list.member[p->member].name;
	char why[160];

	if (got != SIM_GOT_FILE || p->doomed) {
		got_no_member(p, got, now, out);
		return;
	}
	sim_check_member(name, p->tftp.data, p->tftp.len, why);
	if (why[0] == '\0')
		sim_check_signature(p, name, p->tftp.data, p->tftp.len, why);
	if (why[0] != '\0') {
		give_up_load(p, now, out, why);
		return;
	}
	sim_log(p, out, "has %s: %zu bytes", name, p->tftp.len);
	sim_pause(p, now, sim_between(p, USEC_SEC(1), USEC_SEC(8)), MEMBER_WRITTEN);
}

static void got_configuration(struct sim_phone *p, enum sim_got got, usec_t now,
			      struct sim_out *out)
{
	struct sim_configuration c = {.usable = false};

	if (got == SIM_GOT_FILE)
		sim_configuration_read(&c, p->model.number, p->tftp.data, p->tftp.len);
	if (!c.usable) {
		if (got == SIM_GOT_FILE)
			sim_stuck(p, out, "%s names no CallManager", p->tftp.name);
		else
			sim_stuck(p, out, "%s: %s", p->tftp.name, sim_got_words(p, got));
		sim_pause(p, now, UNHAPPY_LOOP, ASK_CTL);
		return;
	}
	p->stage = SIM_BOOTING;
	sim_log(p, out, "has %s: load %s", p->tftp.name, c.load[0] ? c.load : "not named");
	if (c.load[0] == '\0' || text_equal_nocase(c.load, p->flash.load)) {
		settle(p, now);
		return;
	}
	text_copy(p->load_asked, sizeof(p->load_asked), c.load);
	p->upgrading = true;
	sim_pause(p, now, THINK, LIST);
}

static void got_other(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	sim_log(p, out, "%s: %s", p->tftp.name, sim_got_words(p, got));
	switch ((enum state)p->state) {
	case ASK_CTL: sim_pause(p, now, THINK, knows_itl(p) ? ASK_ITL : ASK_SEP); break;
	case ASK_ITL: sim_pause(p, now, THINK, ASK_ITL_FILE); break;
	case ASK_ITL_FILE: sim_pause(p, now, THINK, ASK_SEP); break;
	case ASK_SEP: sim_pause(p, now, THINK, ASK_XMLDEFAULT); break;
	case ASK_DIALPLAN: sim_pause(p, now, THINK, ASK_TONES); break;
	case ASK_TONES:
	case ASK_RINGS: p->settled = true; break;
	case LOADER_DHCP:
	case LIST:
	case MEMBER:
	case MEMBER_WRITTEN:
	case RESTART:
	case IMAGE_DHCP:
	case ASK_XMLDEFAULT:
	case SETTLED: must(false);
	}
}

static void got(struct sim_phone *p, enum sim_got got, usec_t now, struct sim_out *out)
{
	char why[160];

	switch (p->state) {
	case LIST:
		if (got == SIM_GOT_FILE) {
			got_list(p, now, out);
		} else if (got == SIM_GOT_SILENCE && !(p->upgrading && p->flash.load[0] == '\0')) {
			start_over(p, now, out);
		} else {
			text_format(why, sizeof(why), "%s: %s", p->tftp.name,
				    sim_got_words(p, got));
			give_up_load(p, now, out, why);
		}
		break;
	case MEMBER:
		if (got == SIM_GOT_SILENCE && !p->doomed)
			start_over(p, now, out);
		else
			got_member(p, got, now, out);
		break;
	case ASK_SEP:
		if (got == SIM_GOT_FILE)
			got_configuration(p, got, now, out);
		else
			got_other(p, got, now, out);
		break;
	case ASK_XMLDEFAULT:
		if (got == SIM_GOT_SILENCE)
			start_over(p, now, out);
		else
			got_configuration(p, got, now, out);
		break;
	default: got_other(p, got, now, out);
	}
}

static void restart(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	p->flash.bootable = true;
	p->flash.installed = p->flash.wanted;
	p->flash.wanted.count = 0;
	text_copy(p->flash.load, sizeof(p->flash.load), p->flash.wanted_load);
	p->upgrading = false;
	sim_learn_keys(p);
	boot(p, now, out);
	sim_log(p, out, "restarts with its new image");
}

static void wake(struct sim_phone *p, usec_t now, struct sim_out *out)
{
	switch ((enum state)p->state) {
	case LOADER_DHCP:
	case IMAGE_DHCP: sim_dhcp_start(p, now, out); break;
	case MEMBER:
		if (p->doomed) {
			ask(p, MEMBER, now, out);
			p->tftp.hang_up = true;
		} else {
			next_member(p, now, out);
		}
		break;
	case MEMBER_WRITTEN:
		p->flash.written[p->member] = true;
		p->member++;
		next_member(p, now, out);
		break;
	case RESTART: restart(p, now, out); break;
	case SETTLED: work(p, now, out); break;
	case LIST:
	case ASK_CTL:
	case ASK_ITL:
	case ASK_ITL_FILE:
	case ASK_SEP:
	case ASK_XMLDEFAULT:
	case ASK_DIALPLAN:
	case ASK_TONES:
	case ASK_RINGS: ask(p, (enum state)p->state, now, out); break;
	}
}

const struct sim_script sim_java_script = {boot, addressed, got, wake};
