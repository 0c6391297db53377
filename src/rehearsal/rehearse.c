/* SPDX-License-Identifier: MIT */
/*
 * One scene of the rehearsal (rehearse.h).
 *
 * The happy path: phones of one model are put on a simulated wire → the real machines serve them
 * the library's own bytes → each line that a phone writes into its transcript is told, the steps by
 * themselves, requests and single files as details → all run what the plan wants, and the time of
 * the last one is the time it takes.
 *
 * The phones announce themselves and register, as real ones do, and their proof is told with the
 * rest.
 *
 * What can go wrong: a phone refuses what it is given, for ever (after HOURS of virtual time we
 * have seen enough), or keeps the load it has. What it refused goes into the facts, and the plan
 * says from there which release is missing.
 *
 * The wire is that of a 7940 on record: 1,478 blocks of 512 bytes in 7 s, 4.7 ms each, on 100
 * Mbit/s (phones.md 4.4). No other phone's is on record; the pauses are those of the scripts.
 */
#include "reflashd/rehearse.h"

#include "reflashd/hash.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY	  USEC_MS(2) + 350
#define BANDWIDTH 100000000u
#define LIMIT	  USEC_SEC(4 * 3600)
#define LINES_MAX 48u

struct actor {
	struct sim_phone *phone;
	char offered[72]; /* the load of the list it fetched last */
	struct {
		uint64_t hash;
		unsigned times;
	} said[LINES_MAX];
	unsigned lines, again; /* again: lines left out since the last one that was told */
	unsigned files;	       /* members since the last line */
	uint64_t bytes;
	usec_t back;		/* when it ran last */
	enum phone_proof proof; /* of the last time that it was called recovered */
	usec_t wire;
};

struct stage {
	const struct rehearse_config *config;
	struct rehearse_result *result;
	rehearse_tell tell;
	void *ctx;
	const struct sim_wire *wire;
	usec_t start;
	struct actor actor[REHEARSE_PHONES_MAX];
};

static struct mac actor_mac(unsigned i)
{
	return (struct mac){{0x00, 0x1b, 0x54, 0xca, (uint8_t)(i >> 8), (uint8_t)i}};
}

static struct actor *find_actor(struct stage *s, struct mac mac)
{
	unsigned i = (unsigned)mac.b[4] << 8 | mac.b[5];

	return i < s->result->phones && mac_equal(mac, actor_mac(i)) ? &s->actor[i] : NULL;
}

static void tell(const struct stage *s, const struct actor *a, usec_t now, bool detail,
		 const char *line)
{
	if (s->tell)
		s->tell(s->ctx, now - s->start, sim_phone_mac(a->phone), detail, line);
}

static void tell_again(const struct stage *s, struct actor *a, usec_t now)
{
	char text[64];

	if (a->again == 0)
		return;
	text_format(text, sizeof(text), "(and %u more lines like these)", a->again);
	tell(s, a, now, false, text);
	a->again = 0;
}

/* What a phone does over and over again is told three times: some of it has to happen twice. */
static bool repeated(struct actor *a, const char *line)
{
	uint64_t h = hash64(HASH64, line, strlen(line));
	unsigned i;

	for (i = 0; i < a->lines && a->said[i].hash != h; i++)
		;
	if (i == LINES_MAX)
		return false;
	if (i == a->lines) {
		a->said[i].hash = h;
		a->said[i].times = 0;
		a->lines++;
	}
	if (++a->said[i].times <= 3)
		return false;
	a->again++;
	return true;
}

static void tell_files(const struct stage *s, struct actor *a, usec_t now)
{
	char text[80];

	if (a->files > 1) {
		text_format(text, sizeof(text), "has %u files, %llu.%llu MB", a->files,
			    (unsigned long long)(a->bytes / 1000000),
			    (unsigned long long)(a->bytes / 100000 % 10));
		tell(s, a, now, false, text);
	}
	a->files = 0;
	a->bytes = 0;
}

/* Requests, addresses, single files, registrations and harmless misses are details. */
static bool is_detail(const struct stage *s, const char *line)
{
	/* A Java phone has five of them. */
	if (text_ends_nocase(line, " bytes"))
		return s->result->model->family == MODEL_JAVA;
	if (text_starts_nocase(line, "stuck"))
		return false;
	/* That a call server rejects it is as it should be here: there is none. */
	if (strstr(line, "registration is rejected"))
		return true;
	return text_starts_nocase(line, "asks for") || text_starts_nocase(line, "DHCP:") ||
	       text_starts_nocase(line, "registers by") ||
	       text_ends_nocase(line, "file not found") || text_ends_nocase(line, ": here");
}

static bool has_refused(const struct phone_facts *f, const char *load)
{
	unsigned i;

	for (i = 0; i < f->refused_count; i++)
		if (text_equal_nocase(f->refused[i], load))
			return true;
	return false;
}

static void note_refusal(struct stage *s, const struct actor *a, const char *line)
{
	struct phone_facts *f = &s->result->facts;

	if (!strstr(line, "Auth Fail"))
		return;
	s->result->refusals++;
	if (a != s->actor || a->offered[0] == '\0' || has_refused(f, a->offered) ||
	    f->refused_count == PLAN_REFUSED_MAX)
		return;
	text_copy(f->refused[f->refused_count++], sizeof(f->refused[0]), a->offered);
}

static void note_load(struct stage *s, const struct actor *a)
{
	struct rehearse_result *r = s->result;
	const char *load = sim_phone_load(a->phone);

	if (a != s->actor || load[0] == '\0' || strcmp(load, r->load) == 0)
		return;
	text_copy(r->load, sizeof(r->load), load);
	if (r->steps < REHEARSE_STEPS_MAX && strcmp(load, r->began) != 0)
		text_copy(r->step[r->steps++], sizeof(r->step[0]), load);
}

static void listen(void *ctx, const struct sim_phone *p, usec_t now, const char *line)
{
	struct stage *s = ctx;
	struct actor *a = find_actor(s, sim_phone_mac(p));
	bool list = strstr(line, ".loads") != NULL && a && a->offered[0] != '\0';
	char text[256];

	if (!a)
		return;
	note_load(s, a);
	note_refusal(s, a, line);
	if (sim_phone_stage(p) == SIM_RUNNING && text_starts_nocase(line, "runs "))
		a->back = now;
	if (is_detail(s, line)) {
		tell(s, a, now, true, line);
		return;
	}
	tell_files(s, a, now);
	if (repeated(a, line))
		return;
	tell_again(s, a, now);
	/* term70.default.loads is called the same in every bundle. */
	text_format(text, sizeof(text), list && !strstr(line, a->offered) ? "%s (of %s)" : "%s",
		    line, a->offered);
	tell(s, a, now, false, text);
}

static void note_complete(struct stage *s, struct actor *a, const struct event *e)
{
	s->result->files++;
	s->result->bytes += e->bytes;
	a->wire += USEC_MS(e->ms);
}

static void keep(void *ctx, const struct sim_phone *p, const char *name, struct span content)
{
	struct actor *a = find_actor(ctx, sim_phone_mac(p));

	if (!a || !text_ends_nocase(name, ".sbn"))
		return;
	a->files++;
	a->bytes += content.len;
}

/* What a person at the daemon's terminal would read. */
static void tell_advice(struct stage *s, struct actor *a, const struct event *e)
{
	char text[600] = "reflashd: ";
	size_t len = strlen(text);

	event_text(e, text + len, sizeof(text) - len);
	if (!repeated(a, text))
		tell(s, a, sim_wire_now(s->wire), false, text);
}

/* The phone's own lines say what it is; this is what reflashd could see of that. */
static void tell_proof(struct stage *s, struct actor *a, const struct event *e)
{
	char text[400] = "reflashd: ";
	size_t len = strlen(text);

	for (a->proof = PHONE_PROOF_COUNT - 1; a->proof > PROOF_NONE; a->proof--)
		if (strcmp(phone_proof_name(a->proof), e->proof) == 0)
			break;
	event_text(e, text + len, sizeof(text) - len);
	tell(s, a, sim_wire_now(s->wire), false, text);
}

static void watch(void *ctx, const struct event *e)
{
	struct stage *s = ctx;
	struct actor *a = event_has(e, FIELD_MAC) ? find_actor(s, e->mac) : NULL;

	if (!a)
		return;
	if (e->type == EVENT_TFTP_START && text_ends_nocase(e->file, ".loads"))
		text_copy(a->offered, sizeof(a->offered), event_has(e, FIELD_LOAD) ? e->load : "");
	else if (e->type == EVENT_TFTP_COMPLETE)
		note_complete(s, a, e);
	else if (e->type == EVENT_PHONE_ADVICE)
		tell_advice(s, a, e);
	else if (e->type == EVENT_PHONE_RECOVERED)
		tell_proof(s, a, e);
}

/* What a phone ran that somebody has had in a drawer: the newest release that lacks the new key. */
static void old_load(const struct model *m, const struct bundle *target, char *out, size_t size)
{
	unsigned i, use = 0;

	for (i = 0; target && i < ARRAY_LEN(m->prefixes); i++)
		if (m->prefixes[i][0] && text_starts_nocase(target->load, m->prefixes[i]))
			use = i;
	switch (m->family) {
	case MODEL_JAVA: text_format(out, size, "%s.8-2-2S", m->prefixes[use]); break;
	case MODEL_LEGACY: text_format(out, size, "%s-07-3-00", m->prefixes[use]); break;
	case MODEL_KUP: text_format(out, size, "%s070000SCCP050101A", m->prefixes[use]); break;
	}
}

static void phone_config(const struct stage *s, unsigned i, struct sim_phone_config *c)
{
	const struct rehearse_result *r = s->result;
	bool running = r->scene == REHEARSE_RUNNING;

	*c = (struct sim_phone_config){
		.mac = actor_mac(i),
		.seed = s->config->seed + i,
		.speed = 1,
		.knows = r->scene == REHEARSE_ERASED ? SIM_KNOWS_BOTH : SIM_KNOWS_G1,
		.keys = s->config->library->keys,
		.speaks = s->config->silent ? SIM_SPEAKS_NOTHING : SIM_SPEAKS_USUAL};
	switch (r->model->family) {
	case MODEL_JAVA: c->kind = running ? SIM_JAVA_RUNNING : SIM_JAVA_ERASED; break;
	case MODEL_LEGACY: c->kind = SIM_LEGACY; break;
	case MODEL_KUP: c->kind = running ? SIM_KUP_RUNNING : SIM_KUP_RECOVERY; break;
	}
	text_copy(c->model, sizeof(c->model), r->model->id);
	text_copy(c->load, sizeof(c->load), r->began);
}

static int set_up(struct stage *s, struct sim_wire *w)
{
	struct sim_phone_config c;
	unsigned i;

	s->wire = w;
	s->start = sim_wire_now(w);
	sim_wire_watch(w, watch, s);
	sim_wire_listen(w, listen, s);
	for (i = 0; i < s->result->phones; i++) {
		phone_config(s, i, &c);
		s->actor[i].phone = sim_wire_add(w, &c, 0);
		if (!s->actor[i].phone)
			return -ENOMEM;
		sim_phone_keep_files(s->actor[i].phone, keep, s);
	}
	return 0;
}

static void judge(struct stage *s, struct sim_wire *w)
{
	const struct rehearse_config *c = s->config;
	struct rehearse_result *r = s->result;
	const struct actor *a;
	unsigned i;

	for (i = 0; i < r->phones; i++) {
		a = &s->actor[i];
		r->proven[a->proof]++;
		if (a->wire > r->wire)
			r->wire = a->wire;
		if (sim_phone_stage(a->phone) != SIM_RUNNING)
			continue;
		r->back++;
		if (r->plan.target &&
		    text_equal_nocase(sim_phone_load(a->phone), r->plan.target->load))
			r->at_target++;
		if (a->back > s->start && a->back - s->start > r->took)
			r->took = a->back - s->start;
	}
	for (i = 0; i < r->phones; i++)
		tell_again(s, &s->actor[i], sim_wire_now(w));
	a = &s->actor[0];
	text_copy(r->why, sizeof(r->why), sim_phone_why(a->phone));
	r->datagrams = sim_wire_datagrams(w);
	r->facts.model = r->model;
	r->facts.erased = r->back == 0;
	text_copy(r->facts.runs, sizeof(r->facts.runs), r->load);
	plan_make(&r->plan, c->library, c->offers.target, c->offers.offer_unfit, &r->facts);
}

void rehearse_begin(const struct rehearse_config *c, const struct model *m,
		    enum rehearse_scene scene, struct rehearse_result *r)
{
	memset(r, 0, sizeof(*r));
	r->model = m;
	r->scene = scene;
	r->phones = c->phones;
	r->facts.model = m;
	plan_make(&r->plan, c->library, c->offers.target, c->offers.offer_unfit, &r->facts);
	if (scene == REHEARSE_RUNNING)
		old_load(m, r->plan.target, r->began, sizeof(r->began));
}

int rehearse_run(const struct rehearse_config *c, rehearse_tell teller, void *ctx,
		 struct rehearse_result *r)
{
	struct sim_wire_config wire = {.seed = c->seed,
				       .latency = LATENCY,
				       .loss_per_mille = c->loss_per_mille,
				       .bits_per_second = BANDWIDTH,
				       .limit = LIMIT,
				       .listen = SIM_SPEAKS_ALL};
	struct stage *s = calloc(1, sizeof(*s));
	struct sim_wire *w = sim_wire_new(&wire, c->library, &c->offers, &c->content);
	int err = s && w ? 0 : -ENOMEM;

	must(c->phones >= 1 && c->phones <= REHEARSE_PHONES_MAX);
	if (!err) {
		s->config = c;
		s->result = r;
		s->tell = teller;
		s->ctx = ctx;
		err = set_up(s, w);
	}
	if (!err) {
		sim_wire_run(w);
		judge(s, w);
	}
	sim_wire_free(w);
	free(s);
	return err;
}
