/* SPDX-License-Identifier: MIT */
/*
 * Whole recoveries in virtual time: simulated phones against the real DHCP and TFTP machines, the
 * real library, catalogue and tracker, on good and bad wires.
 *
 * Held in every run: what arrives is what is in the library, byte for byte; every transfer that
 * starts ends; events are numbered without a gap and time never goes back; the
 * tracker says "recovered" of exactly those phones that run. A failure prints the seed and the
 * end of the story; REFLASHD_SEED=n runs everything with another one.
 */
#include "reflashd/text.h"
#include "shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HOUR	    USEC_SEC(3600)
#define PHONES_LOT  120
#define STORY_LINES 90

static const struct mac first_mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};

struct fixture {
	struct shelf *shelf; /* one good bundle of every kind */
	struct test_key *key;
	uint64_t seed;
	unsigned recoveries, overlooked;
	clock_t cpu;
};

struct run {
	struct shelf *shelf;
	struct sim_wire *wire;
	uint64_t seq;
	int64_t wall_ms;
	unsigned started, completed, aborted, refused_unknown, recovered, files, images, unsure,
		overlooked;
	char trouble[256]; /* the first thing that is not as it should be */
	struct sim_phone *phone[PHONES_LOT];
	unsigned phones;
	uint64_t digest;	      /* of all events, to compare runs */
	char story[STORY_LINES][200]; /* the last events and lines of the phones */
	unsigned lines;
};

/* The generator keeps its keys; one is enough for the program. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
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

static int teardown(void **state)
{
	struct fixture *f = *state;

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

static void trouble(struct run *r, const char *what, const char *which)
{
	if (r->trouble[0] == '\0')
		text_format(r->trouble, sizeof(r->trouble), "%s: %s", what, which);
}

/* Nothing is claimed that was not seen: a load that is said to run does run, now. (A phone whose
 * power failed while its last request was on the way cannot be asked.) */
static void check_claim(struct run *r, const struct event *e, const char *text)
{
	for (unsigned i = 0; i < r->phones; i++)
		if (sim_phone_stage(r->phone[i]) != SIM_OFF &&
		    mac_equal(sim_phone_mac(r->phone[i]), e->mac) && e->present >> FIELD_LOAD & 1 &&
		    !text_equal_nocase(sim_phone_load(r->phone[i]), e->load))
			trouble(r, "does not run what it is said to run", text);
}

static bool has(const struct event *e, enum event_field field)
{
	return e->present >> field & 1;
}

static void digest(struct run *r, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		r->digest = (r->digest ^ p[i]) * 0x100000001b3u;
}

static void tell(struct run *r, const char *who, const char *text)
{
	double now = (double)sim_wire_now(r->wire) / 1e6;

	text_format(r->story[r->lines++ % STORY_LINES], sizeof(r->story[0]), "%12.3f %s %.150s",
		    now, who, text);
}

static void print_story(const struct run *r)
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
	struct run *r = ctx;
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
	struct run *r = ctx;
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

static struct run *run_new(struct shelf *shelf, const struct sim_wire_config *config,
			   const struct catalogue_config *offers)
{
	static const struct catalogue_config newest = {.target = "newest"};
	struct sim_content content = shelf_content(shelf);
	struct run *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->shelf = shelf;
	r->digest = 0xcbf29ce484222325u;
	r->wire = sim_wire_new(config, &shelf->library, offers ? offers : &newest, &content);
	assert_non_null(r->wire);
	sim_wire_watch(r->wire, watch, r);
	sim_wire_listen(r->wire, listen, r);
	return r;
}

static void run_free(struct run *r)
{
	sim_wire_free(r->wire);
	free(r);
}

static struct sim_phone *add(struct run *r, const char *model, enum sim_kind kind, unsigned number,
			     usec_t after)
{
	struct sim_phone_config config = {.kind = kind, .mac = first_mac, .seed = number * 7u};
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

static const struct phone *tracked(const struct run *r, const struct sim_phone *p)
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
static void agree(struct run *r, const struct sim_phone *p)
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
static void recover(struct fixture *f, struct run *r, struct sim_phone *const phones[],
		    unsigned count, uint64_t seed)
{
	clock_t before = clock();
	bool all = sim_wire_run(r->wire);

	f->cpu += clock() - before;
	f->recoveries += count;
	for (unsigned i = 0; i < count; i++) {
		agree(r, phones[i]);
		if (sim_phone_stage(phones[i]) != SIM_RUNNING)
			trouble(r, "does not run", sim_phone_why(phones[i]));
	}
	f->overlooked += r->overlooked;
	if (r->started != r->completed + r->aborted)
		trouble(r, "a transfer without an end", "");
	if (all && r->trouble[0] == '\0')
		return;
	print_story(r);
	fail_msg("seed or cut %llu, %u phones: %s", (unsigned long long)seed, count,
		 r->trouble[0] ? r->trouble : "the limit was reached");
}

static enum sim_kind dead_kind(const struct model *m)
{
	return m->family == MODEL_LEGACY ? SIM_LEGACY
	       : m->family == MODEL_KUP	 ? SIM_KUP_RECOVERY
					 : SIM_JAVA_ERASED;
}

/* Does the shelf have something for it? (The catalogue of models is larger.) */
static bool served(const struct shelf *s, const struct model *m)
{
	return library_target(&s->library, m, "newest") != NULL;
}

static const struct wire_row {
	const char *name;
	unsigned rounds;
	struct sim_wire_config config;
} wires[] = {
	{"flawless", 1, {.latency = 100, .limit = HOUR}},
	{"1 % lost", 4, {.latency = 200, .loss_per_mille = 10, .limit = 4 * HOUR}},
	{"5 % lost, doubles",
	 4,
	 {.latency = 1000, .loss_per_mille = 50, .dup_per_mille = 50, .limit = 6 * HOUR}},
	{"doubles and disorder",
	 4,
	 {.latency = 2000, .dup_per_mille = 300, .reorder_per_mille = 300, .limit = 4 * HOUR}},
	{"30 % lost", 4, {.latency = 500, .loss_per_mille = 300, .limit = 48 * HOUR}},
	{"30 % lost, doubles, disorder, slow",
	 4,
	 {.latency = 20000,
	  .loss_per_mille = 300,
	  .dup_per_mille = 100,
	  .reorder_per_mille = 200,
	  .bits_per_second = 100000,
	  .limit = 48 * HOUR}},
};

static void every_model_recovers(void **state)
{
	struct fixture *f = *state;
	unsigned models = 0;

	for (unsigned m = 0; m < f->shelf->models.count; m++) {
		const struct model *model = &f->shelf->models.model[m];

		if (!served(f->shelf, model))
			continue;
		models++;
		for (size_t w = 0; w < ARRAY_LEN(wires); w++) {
			for (unsigned round = 0; round < wires[w].rounds; round++) {
				struct sim_wire_config config = wires[w].config;
				struct sim_phone *p;
				struct run *r;

				config.seed = f->seed + m * 1000 + w * 100 + round;
				r = run_new(f->shelf, &config, NULL);
				p = add(r, model->id, dead_kind(model), m * 10 + round, 0);
				recover(f, r, &p, 1, config.seed);
				if (w == 0)
					assert_int_equal(r->refused_unknown, 0);
				run_free(r);
			}
		}
	}
	assert_true(models >= 18);
}

/* The same seed is the same run, to the last event; another seed is another run. */
static void a_seed_repeats(void **state)
{
	struct fixture *f = *state;
	uint64_t digests[3];

	for (unsigned i = 0; i < 3; i++) {
		struct sim_wire_config config = {.seed = f->seed + i / 2,
						 .latency = 1000,
						 .loss_per_mille = 100,
						 .dup_per_mille = 100,
						 .reorder_per_mille = 100,
						 .limit = 12 * HOUR};
		struct run *r = run_new(f->shelf, &config, NULL);
		struct sim_phone *p[2];

		p[0] = add(r, "7970", SIM_JAVA_ERASED, 1, 0);
		p[1] = add(r, "7960", SIM_LEGACY, 2, USEC_SEC(3));
		recover(f, r, p, 2, config.seed);
		digests[i] = r->digest ^ sim_wire_datagrams(r->wire);
		run_free(r);
	}
	assert_true(digests[0] == digests[1]);
	assert_true(digests[0] != digests[2]);
}

/* Power fails when the n-th datagram of the phone has been seen, for every n there is. */
static void power_cut_at_every_datagram(void **state)
{
	static const struct {
		const char *model;
		enum sim_kind kind;
		usec_t off;
	} rows[] = {{"7970", SIM_JAVA_ERASED, USEC_SEC(5)},
		    {"7960", SIM_LEGACY, USEC_MS(200)},
		    {"7912", SIM_KUP_RECOVERY, USEC_SEC(90)}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim_wire_config config = {
			.seed = f->seed, .latency = 200, .limit = 8 * HOUR};
		uint64_t datagrams = UINT64_MAX;

		for (uint64_t cut = 0; cut <= datagrams; cut++) {
			struct run *r = run_new(f->shelf, &config, NULL);
			struct sim_phone *p = add(r, rows[i].model, rows[i].kind, 7, 0);

			if (cut > 0)
				sim_wire_cut(r->wire, p, cut, rows[i].off);
			recover(f, r, &p, 1, cut);
			if (cut == 0)
				datagrams = sim_wire_datagrams(r->wire);
			run_free(r);
		}
		assert_true(datagrams > 40);
	}
}

/* Many phones of all kinds at once, switched on within seconds, on one bad wire. */
static void a_hall_full(void **state)
{
	struct fixture *f = *state;
	struct sim_wire_config config = {.seed = f->seed,
					 .latency = 300,
					 .loss_per_mille = 20,
					 .dup_per_mille = 10,
					 .reorder_per_mille = 50,
					 .bits_per_second = 10000000,
					 .limit = 24 * HOUR};
	struct run *r = run_new(f->shelf, &config, NULL);
	struct sim_phone *p[PHONES_LOT];
	unsigned count = 0;

	for (unsigned m = 0; count < PHONES_LOT; m = (m + 1) % f->shelf->models.count) {
		const struct model *model = &f->shelf->models.model[m];

		if (!served(f->shelf, model))
			continue;
		p[count] = add(r, model->id, dead_kind(model), 300 + count, count * USEC_MS(37));
		count++;
	}
	recover(f, r, p, count, config.seed);
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(sim_phone_ip(p[i]), sim_phone_ip(p[j]));
	assert_int_equal(sim_wire_phones(r->wire)->count, count);
	run_free(r);
}

/* A phone that runs, and runs something else than the library's newest. */
static void running_phones_upgrade(void **state)
{
	struct fixture *f = *state;
	struct sim_wire_config config = {
		.seed = f->seed, .latency = 300, .loss_per_mille = 50, .limit = 12 * HOUR};
	struct run *r = run_new(f->shelf, &config, NULL);
	struct sim_phone_config java = {.kind = SIM_JAVA_RUNNING,
					.mac = {{2, 0, 0, 0, 1, 1}},
					.model = "7945",
					.load = "SCCP45.8-3-2S"};
	struct sim_phone_config kup = {.kind = SIM_KUP_RUNNING,
				       .mac = {{2, 0, 0, 0, 1, 2}},
				       .model = "7905",
				       .load = "CP7905060100SCCP050309A"};
	struct sim_phone *p[2];

	p[0] = sim_wire_add(r->wire, &java, 0);
	p[1] = sim_wire_add(r->wire, &kup, 0);
	recover(f, r, p, 2, config.seed);
	assert_string_equal(sim_phone_load(p[0]), synth_default_load(SYNTH_JAVA45));
	assert_string_equal(sim_phone_load(p[1]), synth_default_load(SYNTH_KUP7905));
	run_free(r);
}

/* termXX.default.loads has the same name in both bundles: members must come from the one whose
 * list was given, and the phone ends where it was told to. */
static void two_bundles_stay_apart(void **state)
{
	static const char *const targets[] = {"newest", "SCCP42.8-3-3S", "SCCP42.8-5-2S"};
	struct fixture *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key};

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct sim_wire_config config = {
			.seed = f->seed, .latency = 300, .loss_per_mille = 30, .limit = 12 * HOUR};
		struct catalogue_config offers = {.offer_unfit = false};
		struct shelf *shelf = shelf_new();
		struct sim_phone *p[2];
		struct run *r;

		text_copy(offers.target, sizeof(offers.target), targets[i]);
		shelf_add(shelf, SYNTH_JAVA42, "SCCP42.8-5-2S", &options, NULL);
		shelf_add(shelf, SYNTH_JAVA42, "SCCP42.8-3-3S", &options, NULL);
		r = run_new(shelf, &config, &offers);
		p[0] = add(r, "7942", SIM_JAVA_ERASED, 1, 0);
		p[1] = add(r, "7962", SIM_JAVA_ERASED, 2, USEC_SEC(1));
		recover(f, r, p, 2, config.seed);
		for (unsigned n = 0; n < 2; n++)
			assert_string_equal(sim_phone_load(p[n]),
					    i == 1 ? "SCCP42.8-3-3S" : "SCCP42.8-5-2S");
		run_free(r);
		shelf_free(shelf);
	}
}

/* The list says Jar41…, the folder holds jar41… (phones.md 1, item 1). */
static void capital_j(void **state)
{
	struct fixture *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key, .capital_j = true};
	struct sim_wire_config config = {.seed = f->seed, .latency = 300, .limit = 2 * HOUR};
	struct shelf *shelf = shelf_new();
	struct sim_phone *p;
	struct run *r;

	shelf_add(shelf, SYNTH_JAVA41, "SCCP41.8-3-1S", &options, NULL);
	r = run_new(shelf, &config, NULL);
	p = add(r, "7961", SIM_JAVA_ERASED, 1, 0);
	recover(f, r, &p, 1, config.seed);
	assert_string_equal(sim_phone_load(p), "SCCP41.8-3-1S");
	run_free(r);
	shelf_free(shelf);
}

/*
 * A damaged bundle is withheld; handed out all the same (offer_unfit), it leaves the phone where
 * it was: stuck, never called recovered.
 */
static void damaged_bundles_never_recover(void **state)
{
	static const struct {
		enum synth_kind bundle;
		const char *how, *model;
		enum sim_kind kind;
	} rows[] = {
		{SYNTH_JAVA70, "truncate:cvm:1", "7970", SIM_JAVA_ERASED},
		{SYNTH_JAVA70, "truncate:jar:1000", "7971", SIM_JAVA_ERASED},
		{SYNTH_JAVA70, "missing:dsp", "7970", SIM_JAVA_ERASED},
		{SYNTH_JAVA70, "rename", "7970", SIM_JAVA_ERASED},
		{SYNTH_LEGACY, "truncate:P003:1", "7960", SIM_LEGACY},
		{SYNTH_LEGACY, "missing:P0S3-8-12-00.sb2", "7940", SIM_LEGACY},
		{SYNTH_KUP7912, "truncate:cp7912r:1", "7912", SIM_KUP_RECOVERY},
		{SYNTH_KUP7912, "flip:cp7912r", "7912", SIM_KUP_RECOVERY},
	};
	struct fixture *f = *state;
	struct synth_options options = {.size = 2500, .seed = 5, .key = f->key};

	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		struct sim_wire_config config = {.seed = f->seed, .latency = 300, .limit = HOUR};
		struct catalogue_config offers = {.target = "newest", .offer_unfit = i % 2};
		struct shelf *shelf = shelf_new();
		struct sim_phone *p;
		struct run *r;

		shelf_add(shelf, rows[i / 2].bundle, NULL, &options, rows[i / 2].how);
		r = run_new(shelf, &config, &offers);
		p = add(r, rows[i / 2].model, rows[i / 2].kind, 1, 0);
		if (sim_wire_run(r->wire))
			fail_msg("%s of a %s, offer_unfit %d: the phone runs", rows[i / 2].how,
				 rows[i / 2].model, offers.offer_unfit);
		agree(r, p);
		if (r->recovered > 0 || r->trouble[0] != '\0')
			fail_msg("%s of a %s, offer_unfit %d: recovered %u, %s", rows[i / 2].how,
				 rows[i / 2].model, offers.offer_unfit, r->recovered, r->trouble);
		if (!offers.offer_unfit) {
			/* A 7960 asks for what XMLDefault names, and nothing is named then. */
			assert_true(rows[i / 2].kind == SIM_LEGACY || r->refused_unknown > 0);
			assert_int_equal(r->images, 0);
			assert_int_equal(sim_phone_stage(p), SIM_STUCK);
		}
		assert_string_equal(sim_phone_load(p), "");
		run_free(r);
		shelf_free(shelf);
	}
}

/* A cut cable is no crash and no end: the limit is. */
static void everything_lost(void **state)
{
	struct fixture *f = *state;
	struct sim_wire_config config = {
		.seed = f->seed, .latency = 300, .loss_per_mille = 1000, .limit = HOUR};
	struct run *r = run_new(f->shelf, &config, NULL);
	struct sim_phone *p = add(r, "7970", SIM_JAVA_ERASED, 1, 0);

	assert_false(sim_wire_run(r->wire));
	assert_int_equal(sim_phone_stage(p), SIM_DHCP);
	assert_true(sim_wire_now(r->wire) >= HOUR);
	assert_int_equal(r->seq, 0);
	run_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_recovers),
		cmocka_unit_test(a_seed_repeats),
		cmocka_unit_test(power_cut_at_every_datagram),
		cmocka_unit_test(a_hall_full),
		cmocka_unit_test(running_phones_upgrade),
		cmocka_unit_test(two_bundles_stay_apart),
		cmocka_unit_test(capital_j),
		cmocka_unit_test(damaged_bundles_never_recover),
		cmocka_unit_test(everything_lost),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
