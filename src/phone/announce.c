/* SPDX-License-Identifier: MIT */
/*
 * What a phone says of itself by CDP, SCCP, SIP or on its web page, and what that proves.
 *
 * The happy path: it was handed a whole bundle, goes dark, comes back and announces that very load:
 * proven at once. What can go wrong, and the rule for it:
 *
 * - It announces another load: it did not take what it was given, whatever it asks for afterwards.
 *   Only the code that a phone boots announces; so what it said long before it booted is
 *   forgotten then, and what it said just before is kept (CDP goes out as soon as the link is up,
 *   before DHCP).
 * - TERM70_LOAD: the loader, on an empty flash (phones.md 10.1, 11). The opposite of a proof.
 * - An erased phone was handed a part only (the load journal: phones.md 4.1), or its files came
 *   from elsewhere, and it announces a load: it is alive, with that load. By CDP this is believed
 *   once it asked for what only an image asks for, or after its loader announced itself: a phone
 *   after the soft reset fetches with the code of its old load, which may well announce that.
 *   If it announces what it ran before it asked, it was never empty, and took nothing.
 * - A phone that announces the load it ran before, and was given the same once more: proof only
 *   when it is back.
 * - 7940/7960: an SCCP load and its loader have one name, P003…, and with SIP loads CDP is said to
 *   show the loader's (one account). By CDP such a name is believed after the requests of the
 *   application only, and by nobody is it taken for what the phone runs before.
 * - It registers and names no load, as older SCCP loads do: as good as the requests of an
 *   application, and like those it proves what was given, not more. SIP names at least the version
 *   in its User-Agent; where that is another, nothing is proven.
 * - By SCCP and SIP, who speaks is only what the words say. The address that they came from is
 *   surer: words from another address than the phone's own, or from that of another phone, are
 *   somebody else's, and are not heard.
 * - Switches, routers and access points speak CDP, too, and softphones speak SIP: whoever is no
 *   79xx by platform or name gets no record.
 */
#include "fold.h"

#include "reflashd/text.h"

#include <string.h>

/* CDP is sent before DHCP, by some seconds. What is older than this was said before the boot. */
#define BOOT_MS 30000

/* ---- who is it? ---- */

/* "SEP001B54CA0102", "SIP…" and nothing behind it. */
static bool device_mac(const char *device, struct mac *out)
{
	char digits[13];

	if (!text_starts_nocase(device, "SEP") && !text_starts_nocase(device, "SIP"))
		return false;
	if (strlen(device) != 15 || strspn(device + 3, "0123456789abcdefABCDEF") != 12)
		return false;
	text_copy(digits, sizeof(digits), device + 3);
	return mac_parse(digits, out);
}

/* What stands behind "IP Phone " in "Cisco IP Phone 7971"; NULL: not there. */
static const char *platform_model(const char *platform)
{
	for (; *platform; platform++)
		if (text_starts_nocase(platform, "IP Phone"))
			return platform + strlen("IP Phone") + (platform[8] == ' ');
	return NULL;
}

static bool is_phone(const struct event *e)
{
	struct mac mac;

	return (event_has(e, FIELD_DEVICE) && device_mac(e->device, &mac)) ||
	       (e->type == EVENT_CDP_SEEN && event_has(e, FIELD_PLATFORM) &&
		platform_model(e->platform));
}

/* The event's own MAC is where it came from. */
static bool open_phone(struct fold *s)
{
	const struct event *e = s->event;
	struct mac mac;
	bool create = is_phone(e);

	if (event_has(e, FIELD_MAC) && !mac_is_zero(e->mac))
		return fold_open_as(s, &e->mac, create);
	if (event_has(e, FIELD_DEVICE) && device_mac(e->device, &mac))
		return fold_open_as(s, &mac, create);
	return fold_open_as(s, NULL, false);
}

/* ---- its model and address ---- */

static void learn_model(struct fold *s, const struct model *model)
{
	struct phone *phone = s->phone;

	/* 7941 and 7941G-GE ask for one default list, which says only "7941". */
	if (!model || model == phone->model ||
	    (phone->model &&
	     !(phone->model->term[0] && text_equal_nocase(phone->model->term, model->term) &&
	       text_starts_nocase(model->id, phone->model->id))))
		return;
	phone->model = model;
	s->phones->changes++;
}

static void learn(struct fold *s, const char *load)
{
	const struct models *m = s->phones->models;
	const struct event *e = s->event;
	uint64_t number;

	if (event_has(e, FIELD_MODEL)) {
		if (text_to_u64(e->model, 1, UINT32_MAX, &number) && !models_by_id(m, e->model))
			learn_model(s, models_by_number(m, (uint32_t)number));
		else
			learn_model(s, models_by_id(m, e->model));
	}
	if (event_has(e, FIELD_PLATFORM) && platform_model(e->platform))
		learn_model(s, models_by_id(m, platform_model(e->platform)));
	if (!s->phone->model)
		learn_model(s, fold_only_model(s, models_by_load(m, load)));
	/* DHCP and the packets of TFTP know the address better: this fills a gap only. */
	if (!s->phone->ip && event_has(e, FIELD_IP) && !phones_find_ip(s->phones, e->ip))
		fold_set_ip(s, e->ip);
}

/* ---- which load does it mean? ---- */

/* The member that the web page names: "jar70sccp.8-3-2-27" is the load SCCP70.8-3-3S. */
static bool holds(const struct fold *s, const struct bundle *b, const char *member)
{
	char name[LOADS_NAME_MAX + 8];

	return text_starts_nocase(member, "jar") &&
	       (bundle_file(s->phones->library, b, member) ||
		(text_format(name, sizeof(name), "%s.sbn", member) &&
		 bundle_file(s->phones->library, b, name)));
}

/* Who speaks SCCP does not run a SIP load. TERM70.7-0-2-0S and others do not say. */
static bool other_protocol(const char *load, enum phone_proof by)
{
	if (by == PROOF_SCCP)
		return text_starts_nocase(load, "SIP") || text_starts_nocase(load, "P0S");
	return by == PROOF_SIP &&
	       (text_starts_nocase(load, "SCCP") || text_starts_nocase(load, "P00"));
}

static bool means(const struct fold *s, const char *load, const char *announced,
		  enum phone_proof by)
{
	const struct bundle *b;

	if (!load[0] || other_protocol(load, by))
		return false;
	if (load_announces(load, announced))
		return true;
	b = library_bundle(s->phones->library, load);
	return b && holds(s, b, announced);
}

/* The one bundle for this model that may be meant; NULL: none, or several. */
static const struct bundle *only_bundle(const struct fold *s, const char *announced,
					enum phone_proof by)
{
	const struct library *l = s->phones->library;
	const struct model *model = s->phone->model;
	const struct bundle *found = NULL;

	for (unsigned i = 0; i < l->bundle_count; i++) {
		const struct bundle *b = &l->bundle[i];

		if ((model && !(b->models & model_bit(l->models, model))) ||
		    !means(s, b->load, announced, by))
			continue;
		if (found && !text_equal_nocase(found->load, b->load))
			return NULL;
		found = b;
	}
	return found;
}

static const char *given(const struct phone *phone)
{
	return phone->on_step && phone->ever == 0 ? phone->runs : phone->load;
}

/* The load by its name here, else as the phone wrote it. */
static void resolve(const struct fold *s, char out[72])
{
	const struct phone *phone = s->phone;
	const char *said = phone->announced;
	enum phone_proof by = phone->announced_by;
	const struct bundle *b;

	/* One jar in two bundles proves neither of them. */
	if (means(s, given(phone), said, by) &&
	    (text_equal_nocase(given(phone), phone->runs) || !means(s, phone->runs, said, by)))
		text_copy(out, 72, given(phone));
	else if (means(s, phone->runs, said, by))
		text_copy(out, 72, phone->runs);
	else if ((b = only_bundle(s, said, by)))
		text_copy(out, 72, b->load);
	else
		text_copy(out, 72, said);
}

/* ---- what it proves ---- */

enum word {
	WORD_NONE,  /* it says nothing to the point */
	WORD_PROOF, /* it runs what it was given; or it was erased and is alive */
	WORD_OTHER, /* it runs something else */
};

/* By CDP, a name that the loader of a 7940/7960 has as well. */
static bool may_be_loader(const struct fold *s)
{
	enum model_family family;

	return s->phone->announced_by == PROOF_CDP && fold_family(s, &family) &&
	       family == MODEL_LEGACY && text_starts_nocase(s->phone->announced, "P00");
}

static enum word weigh_erased(const struct fold *s, const char *load)
{
	const struct phone *phone = s->phone;
	bool fits = text_equal_nocase(load, phone->load);
	bool before = text_equal_nocase(load, phone->runs);
	bool runs = phone->stage == PHONE_BACK || phone->announced_by != PROOF_CDP;

	if (!runs && !phone->loader_seen)
		return fits && !before && phone->stage == PHONE_WRITING && fold_given_whole(s)
			       ? WORD_PROOF
			       : WORD_NONE;
	if (fits)
		return WORD_PROOF;
	if (before)
		return WORD_OTHER;
	return phone->ever || phone->loader_seen || !phone->refused_count ? WORD_PROOF : WORD_OTHER;
}

static enum word weigh_running(const struct fold *s, const char *load)
{
	const struct phone *phone = s->phone;
	bool same = text_equal_nocase(phone->runs, phone->load);

	if (!text_equal_nocase(load, given(phone)))
		return WORD_OTHER;
	if (phone->ever == 0)
		return phone->on_step ? WORD_PROOF : WORD_NONE;
	if (phone->stage == PHONE_BACK)
		return fold_given_whole(s) || (phone->runs[0] && !same) ? WORD_PROOF : WORD_NONE;
	return phone->stage == PHONE_WRITING && !same && fold_given_whole(s) ? WORD_PROOF
									     : WORD_NONE;
}

static enum word weigh(const struct fold *s, char load[72])
{
	const struct phone *phone = s->phone;

	load[0] = '\0';
	if (!phone->announced[0] || load_is_loader(phone->announced, NULL))
		return WORD_NONE;
	resolve(s, load);
	return phone->erased ? weigh_erased(s, load) : weigh_running(s, load);
}

void fold_forget_announced(struct fold *s)
{
	struct phone *phone = s->phone;

	if (phone->announced[0] && s->event->wall_ms - phone->announced_ms > BOOT_MS) {
		phone->announced[0] = '\0';
		phone->announced_by = PROOF_NONE;
	}
}

void fold_forget_image(struct fold *s)
{
	struct phone *phone = s->phone;

	if (phone->announced[0] && !load_is_loader(phone->announced, NULL)) {
		phone->announced[0] = '\0';
		phone->announced_by = PROOF_NONE;
	}
}

/* ---- proof by requests ---- */

void fold_shown(struct fold *s)
{
	struct phone *phone = s->phone;
	char load[72];
	enum word word = weigh(s, load);

	if (word == WORD_OTHER)
		return;
	if (word == WORD_PROOF && !may_be_loader(s)) {
		fold_proven(s, phone->announced_by, load);
		return;
	}
	if (!s->phones->listening)
		fold_proven(s, PROOF_REQUESTS, NULL);
	else if (phone->proof_due_ms == 0)
		phone->proof_due_ms = s->event->wall_ms + PHONE_PROOF_WAIT_MS;
}

void fold_settle(struct fold *s)
{
	if (s->phone->proof_due_ms == 0)
		return;
	s->phone->proof_due_ms = 0;
	fold_proven(s, PROOF_REQUESTS, NULL);
}

void fold_reweigh(struct fold *s)
{
	struct phone *phone = s->phone;
	char load[72];

	if (phone->stage == PHONE_BACK && (phone->ever != 0 || phone->erased) &&
	    !may_be_loader(s) && weigh(s, load) == WORD_PROOF)
		fold_proven(s, phone->announced_by, load);
}

/* ---- events ---- */

static enum phone_proof proof_of(enum event_type type)
{
	switch ((unsigned)type) {
	case EVENT_CDP_SEEN: return PROOF_CDP;
	case EVENT_SCCP_REGISTER:
	case EVENT_SCCP_ALARM: return PROOF_SCCP;
	case EVENT_SIP_REGISTER: return PROOF_SIP;
	case EVENT_HTTP_DEVICE: return PROOF_HTTP;
	default: return PROOF_NONE;
	}
}

/* "" where it names none, or something that is no load's name: an IOS version, an escape. */
static const char *load_of(const struct fold *s)
{
	enum event_field field = s->event->type == EVENT_CDP_SEEN ? FIELD_SOFTWARE : FIELD_LOAD;
	const char *text = field == FIELD_SOFTWARE ? s->event->software : s->event->load;
	struct load_version v;

	if (!event_has(s->event, field) || strchr(text, '\\'))
		return "";
	while (*text == ' ')
		text++;
	if (strchr(text, ' ') || strlen(text) >= sizeof(s->phone->announced))
		return "";
	return load_is_loader(text, NULL) || load_version_parse(text, &v) ||
			       models_by_load(s->phones->models, text)
		       ? text
		       : "";
}

static void hear_loader(struct fold *s, const char *text)
{
	struct phone *phone = s->phone;
	bool news = !phone->erased || phone->stage == PHONE_BACK;
	char term[8], file[32];

	load_is_loader(text, term);
	text_format(file, sizeof(file), "term%s.default.loads", term);
	learn_model(s, models_by_term(s->phones->models, file));
	phone->loader_seen = phone->erased = true;
	phone->on_step = false;
	phone->announced_ms = s->event->wall_ms;
	phone->announced_by = proof_of(s->event->type);
	text_copy(phone->announced, sizeof(phone->announced), text);
	if (!news)
		return;
	s->phones->changes++;
	fold_empty(s);
}

/* The same load once more, said in a weaker way, does not take the stronger one back. */
static void note(struct fold *s, const char *text, enum phone_proof by)
{
	struct phone *phone = s->phone;
	char before[72], now[72];
	enum phone_proof strongest = phone->announced_by;

	phone->announced_ms = s->event->wall_ms;
	if (text_equal_nocase(phone->announced, text)) {
		phone->announced_by = by > strongest ? by : strongest;
		return;
	}
	resolve(s, before);
	text_copy(phone->announced, sizeof(phone->announced), text);
	phone->announced_by = by;
	resolve(s, now);
	if (text_equal_nocase(before, now) && strongest > by)
		phone->announced_by = strongest;
	s->phones->changes++;
}

static void hear_load(struct fold *s, const char *text)
{
	struct phone *phone = s->phone;
	char load[72];
	enum word word;

	note(s, text, proof_of(s->event->type));
	if (may_be_loader(s) && phone->stage != PHONE_BACK)
		return;
	word = weigh(s, load);
	if (word == WORD_PROOF && (phone->erased || phone->ever != 0)) {
		fold_proven(s, phone->announced_by, load);
		return;
	}
	if (word == WORD_OTHER)
		phone->proof_due_ms = 0;
	/* While it is erased, what it ran before is needed to know that name again. */
	if (phone->erased && word == WORD_NONE) {
		if (phone->stage == PHONE_LISTED || phone->stage == PHONE_FETCHING)
			text_copy(phone->runs, sizeof(phone->runs), load);
		return;
	}
	/* It may be proof when it is back: what it ran before must not be forgotten by then. */
	if (word == WORD_NONE && phone->ever != 0 && phone->stage != PHONE_BACK)
		return;
	if (phone->erased || !text_equal_nocase(phone->runs, load))
		fold_runs(s, load);
	if (word == WORD_OTHER)
		fold_unmoved(s);
}

/* "8.4.0" of "Cisco-CP7970G/8.4.0", where that is not the load it was given: the first two numbers
 * count. A 7940/7960 always says 8.0 (phones.md 10.3). NULL: nothing against it. */
static const char *other_agent(const struct fold *s)
{
	const char *slash = strchr(s->event->software, '/');
	struct load_version agent, load;
	enum model_family family;

	if (s->event->type != EVENT_SIP_REGISTER || !event_has(s->event, FIELD_SOFTWARE) ||
	    !slash || !fold_family(s, &family) || family != MODEL_JAVA ||
	    !load_version_parse(slash + 1, &agent) || !load_version_parse(s->phone->load, &load))
		return NULL;
	return agent.number[0] != load.number[0] || agent.number[1] != load.number[1] ||
			       other_protocol(s->phone->load, PROOF_SIP)
		       ? slash + 1
		       : NULL;
}

static void hear_registration(struct fold *s)
{
	struct phone *phone = s->phone;
	enum phone_proof by = proof_of(s->event->type);
	const char *other;
	char load[72];

	if (phone->ever == 0 || (!phone->erased && phone->stage != PHONE_BACK) || !fold_fed(s))
		return;
	other = other_agent(s);
	if (other)
		note(s, other, by); /* so that its requests prove nothing either */
	if (other_protocol(phone->load, by) || weigh(s, load) == WORD_OTHER)
		phone->proof_due_ms = 0;
	else
		fold_proven(s, by, NULL);
}

/* CDP comes with its sender's hardware address, and the web page from whom we asked. */
static bool is_impostor(const struct fold *s)
{
	const struct event *e = s->event;
	bool by_name = e->type == EVENT_SCCP_REGISTER || e->type == EVENT_SCCP_ALARM ||
		       e->type == EVENT_SIP_REGISTER;

	return by_name && event_has(e, FIELD_IP) && e->ip &&
	       (s->phone->ip ? s->phone->ip != e->ip : phones_find_ip(s->phones, e->ip) != NULL);
}

void fold_announce(struct fold *s)
{
	const char *load;

	if (!open_phone(s))
		return;
	if (is_impostor(s)) {
		s->phone = NULL; /* no word of its own: not for the advice either */
		return;
	}
	load = load_of(s);
	learn(s, load);
	fold_seen(s);
	if (load_is_loader(load, NULL))
		hear_loader(s, load);
	else if (load[0])
		hear_load(s, load);
	else if ((s->event->type == EVENT_SCCP_REGISTER || s->event->type == EVENT_SIP_REGISTER) &&
		 (!event_has(s->event, FIELD_LOAD) || !s->event->load[0]))
		hear_registration(s);
}
