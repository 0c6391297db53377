/* SPDX-License-Identifier: MIT */
/*
 * Simulated phones against the real DHCP and TFTP machines, the real library, catalogue and
 * tracker; for unit tests only, since it asserts with cmocka.
 *
 * Held in every run: what arrives is what is in the library, byte for byte; every transfer that
 * starts ends; events are numbered without a gap and time never goes back; the
 * tracker says "recovered" of exactly those phones that run. A failure prints the seed and the
 * end of the story; REFLASHD_SEED=n runs everything with another one.
 */
#include "wire_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct mac first_mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};

/* The generator keeps its keys; one is enough for the program. */
int wire_rig_setup(void **state)
{
	struct wire_rig *f = calloc(1, sizeof(*f));
	struct synth_options options = {.size = 2500, .seed = 11};
	const char *seed = getenv("REFLASHD_SEED");
	unsigned kind;

	assert_non_null(f);
	f->seed = seed ? strtoull(seed, NULL, 10) : 20260101;
	f->key = test_key_load("test-g1");
	f->shelf = shelf_new();
	options.key = f->key;
	for (kind = 0; kind < SYNTH_KINDS; kind++)
		shelf_add(f->shelf, (enum synth_kind)kind, NULL, &options, NULL);
	*state = f;
	return 0;
}

int wire_rig_teardown(void **state)
{
	struct wire_rig *f = *state;

	if (f->cpu > 0)
		print_message("%u recoveries, %.0f per second of CPU; %u that nobody could prove\n",
			      f->recoveries, f->recoveries / ((double)f->cpu / CLOCKS_PER_SEC),
			      f->overlooked);
	/* Rare, or it is something else. */
	assert_true(f->overlooked * 50 <= f->recoveries);
	shelf_free(f->shelf);
	test_key_free(f->key);
	free(f);
	return 0;
}

static void trouble(struct wire_run *r, const char *what, const char *which)
{
	if (r->trouble[0] == '\0')
		text_format(r->trouble, sizeof(r->trouble), "%s: %s", what, which);
}

/* Nothing is claimed that was not seen: a load that is said to run does run, now. (A phone whose
 * power failed while its last request was on the way cannot be asked.) */
static void check_claim(struct wire_run *r, const struct event *e, const char *text)
{
	for (unsigned i = 0; i < r->phones; i++) {
		if (!mac_equal(sim_phone_mac(r->phone[i]), e->mac))
			continue;
		text_copy(r->proof[i], sizeof(r->proof[i]), e->proof);
		if (sim_phone_stage(r->phone[i]) != SIM_OFF && e->present >> FIELD_LOAD & 1 &&
		    !text_equal_nocase(sim_phone_load(r->phone[i]), e->load))
			trouble(r, "does not run what it is said to run", text);
	}
}

static bool has(const struct event *e, enum event_field field)
{
	return e->present >> field & 1;
}

static void digest(struct wire_run *r, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		r->digest = (r->digest ^ p[i]) * 0x100000001b3u;
}

static void tell(struct wire_run *r, const char *who, const char *text)
{
	double now = (double)sim_wire_now(r->wire) / 1e6;

	text_format(r->story[r->lines++ % STORY_LINES], sizeof(r->story[0]), "%12.3f %s %.150s",
		    now, who, text);
}

void wire_rig_print(const struct wire_run *r)
{
	unsigned first = r->lines > STORY_LINES ? r->lines - STORY_LINES : 0;

	for (unsigned i = first; i < r->lines; i++)
		print_message("%s\n", r->story[i % STORY_LINES]);
}

static void listen(void *ctx, const struct sim_phone *p, usec_t now, const char *line)
{
	(void)p;
	(void)now;
	tell(ctx, " phone", line);
}

static void watch(void *ctx, const struct event *e)
{
	struct wire_run *r = ctx;
	char text[1024];

	event_text(e, text, sizeof(text));
	tell(r, "daemon", text);
	digest(r, text, strlen(text));
	digest(r, &e->wall_ms, sizeof(e->wall_ms));
	if (e->seq != ++r->seq)
		trouble(r, "events are not numbered without a gap", text);
	if (e->wall_ms < r->wall_ms)
		trouble(r, "time goes back", text);
	r->wall_ms = e->wall_ms;
	if (strncmp(event_name(e->type), "tftp.", 5) == 0 && !has(e, FIELD_MAC))
		trouble(r, "a TFTP event without its phone", text);
	if (e->type == EVENT_TFTP_START)
		r->started++;
	if (e->type == EVENT_TFTP_ABORTED) {
		r->aborted++;
		r->unsure += strcmp(e->reason, "it closed its port") == 0;
	}
	if (e->type == EVENT_TFTP_COMPLETE) {
		r->completed++;
		if (!has(e, FIELD_BYTES) || e->bytes == 0)
			trouble(r, "complete without bytes", text);
	}
	if (e->type == EVENT_TFTP_REFUSED && strcmp(e->reason, "expected") != 0)
		r->refused_unknown++;
	if (e->type == EVENT_PHONE_RECOVERED) {
		r->recovered++;
		check_claim(r, e, text);
	}
}

/* What arrived must be one of the files of that name. */
static void keep(void *ctx, const struct sim_phone *p, const char *name, struct span content)
{
	struct wire_run *r = ctx;
	bool known = false, same = false;

	(void)p;
	r->files++;
	r->images += text_ends_nocase(name, ".sbn") || text_ends_nocase(name, ".sb2") ||
		     text_ends_nocase(name, ".zup") || text_ends_nocase(name, ".sbin");
	for (unsigned b = 0; b < r->shelf->bundles; b++) {
		for (unsigned i = 0; i < r->shelf->bundle[b].count; i++) {
			const struct synth_file *f = &r->shelf->bundle[b].file[i];

			if (!text_equal_nocase(f->name, name))
				continue;
			known = true;
			same = same || (f->len == content.len &&
					memcmp(f->data, content.data, f->len) == 0);
		}
	}
	if (known && !same)
		trouble(r, "what arrived is not what was in the library", name);
	if (!known && !text_equal_nocase(name, "XMLDefault.cnf.xml"))
		trouble(r, "a file from nowhere", name);
}

struct wire_run *wire_run_new(struct shelf *shelf, const struct sim_wire_config *config,
			      const struct catalogue_config *offers)
{
	static const struct catalogue_config newest = {.target = "newest"};
	struct sim_content content = shelf_content(shelf);
	struct wire_run *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->shelf = shelf;
	r->digest = 0xcbf29ce484222325u;
	r->wire = sim_wire_new(config, &shelf->library, offers ? offers : &newest, &content);
	assert_non_null(r->wire);
	sim_wire_watch(r->wire, watch, r);
	sim_wire_listen(r->wire, listen, r);
	return r;
}

void wire_run_free(struct wire_run *r)
{
	sim_wire_free(r->wire);
	free(r);
}

struct sim_phone *wire_rig_add(struct wire_run *r, const char *model, enum sim_kind kind,
			       unsigned number, usec_t after)
{
	struct sim_phone_config config = {
		.kind = kind, .mac = first_mac, .seed = number * 7u, .speaks = r->speaks};
	struct sim_phone *p;

	config.mac.b[4] = (uint8_t)(number >> 8);
	config.mac.b[5] = (uint8_t)number;
	text_copy(config.model, sizeof(config.model), model);
	p = sim_wire_add(r->wire, &config, after);
	assert_non_null(p);
	assert_true(r->phones < PHONES_LOT);
	r->phone[r->phones++] = p;
	sim_phone_keep_files(p, keep, r);
	return p;
}

static const struct phone *tracked(const struct wire_run *r, const struct sim_phone *p)
{
	const struct phones *all = sim_wire_phones(r->wire);

	for (unsigned i = 0; i < all->count; i++)
		if (mac_equal(all->phone[i].mac, sim_phone_mac(p)))
			return &all->phone[i];
	return NULL;
}

/*
 * The tracker and the phone agree. One thing is allowed: a phone that closes its port the moment
 * it has a file, whose last ACK is overtaken by a refusal of the wire's own double, looks like
 * one that hung up, and nobody can tell. What is claimed must be true all the same.
 */
void wire_rig_agree(struct wire_run *r, const struct sim_phone *p)
{
	const struct phone *t = tracked(r, p);
	bool runs = sim_phone_stage(p) == SIM_RUNNING;
	char mac[MAC_TEXT_MAX];

	mac_format(sim_phone_mac(p), mac);
	if (!t)
		trouble(r, "the tracker does not know", mac);
	else if (runs && t->stage == PHONE_BACK && r->unsure > 0)
		r->overlooked++;
	else if (runs != (t->stage == PHONE_RECOVERED))
		trouble(r,
			runs ? "runs, but is not called recovered"
			     : "is called recovered, but does not run",
			mac);
	else if (runs && !t->unsure && !text_equal_nocase(t->load, sim_phone_load(p)))
		trouble(r, "runs another load than the tracker says", sim_phone_load(p));
}

/* Runs to the end; all must run. Says which seed it was when they do not. */
void wire_rig_recover(struct wire_rig *f, struct wire_run *r, struct sim_phone *const phones[],
		      unsigned count, uint64_t seed)
{
	clock_t before = clock();
	bool all = sim_wire_run(r->wire);

	f->cpu += clock() - before;
	f->recoveries += count;
	for (unsigned i = 0; i < count; i++) {
		wire_rig_agree(r, phones[i]);
		if (sim_phone_stage(phones[i]) != SIM_RUNNING)
			trouble(r, "does not run", sim_phone_why(phones[i]));
	}
	f->overlooked += r->overlooked;
	if (r->started != r->completed + r->aborted)
		trouble(r, "a transfer without an end", "");
	if (all && r->trouble[0] == '\0')
		return;
	wire_rig_print(r);
	fail_msg("seed or cut %llu, %u phones: %s", (unsigned long long)seed, count,
		 r->trouble[0] ? r->trouble : "the limit was reached");
}
