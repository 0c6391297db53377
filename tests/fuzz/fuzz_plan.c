/* SPDX-License-Identifier: MIT */
/*
 * Plans over libraries that nobody has: the input is [model][what the phone is like][number of
 * bundles] and three bytes for each (prefix of the name, its version, what it is like), then one
 * byte for each thing the phone does with what it is offered: it takes it, or refuses it.
 *
 * What must hold: a step is a bundle for this model, fit unless others are allowed, and one it has
 * not refused; a plan that is ready ends at its target; and whoever takes what it is offered
 * arrives, or is told what is missing, after few steps: no plan leads in a circle.
 */
#include "reflashd/plan.h"
#include "reflashd/text.h"
#include "steps.h"

#include <string.h>

#define BUNDLES 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const prefixes[] = {"SCCP70.", "SIP70.",  "SCCP41.", "SCCP45.",
				       "SIP45.",  "SCCP11.", "P003-",	"P0S3-",
				       "P0M3-",	  "CP7912",  "odd",	"TERM70."};
static const char *const versions[] = {"8-3-2S",      "8-3-3S",
				       "8-5-2S",      "8-5-2SR1S",
				       "8-5-3S",      "9-0-3S",
				       "9-3-1S",      "9-3-1SR1-1S",
				       "9-4-2SR3-1S", "7-0-1S",
				       "6-0-0S",      "8-2-2ES4S",
				       "04-4-00",     "05-3-00",
				       "06-3-00",     "07-4-00",
				       "08-12-00",    "08-01-01",
				       "08-01-02",    "03-0-00",
				       "05-0-3",      "080003SCCP070409A",
				       "x",	      ""};
static const char *const models_of[] = {"7970", "7941", "7945", "7911", "7940",
					"7960", "7912", "7975", "7971"};

struct shelf {
	struct models models;
	struct library library;
	struct bundle bundle[BUNDLES];
	struct firmware_file file[2 * BUNDLES];
	unsigned index[2 * BUNDLES];
};

static void name_load(char out[72], uint8_t prefix, uint8_t version)
{
	text_format(out, 72, "%s%s", prefixes[prefix % ARRAY_LEN(prefixes)],
		    versions[version % ARRAY_LEN(versions)]);
}

static void add_bundle(struct shelf *s, uint8_t prefix, uint8_t version, uint8_t like)
{
	unsigned n = s->library.bundle_count++;
	struct bundle *b = &s->bundle[n];
	const struct model *m = NULL;
	struct firmware_file *list = &s->file[2 * n], *image = &s->file[2 * n + 1];

	memset(b, 0, sizeof(*b));
	memset(list, 0, 2 * sizeof(*list));
	name_load(b->load, prefix, version);
	b->models = models_by_load(&s->models, b->load);
	for (unsigned i = 0; i < s->models.count && !m; i++)
		if (b->models >> i & 1)
			m = &s->models.model[i];
	b->family = m ? m->family : MODEL_JAVA;
	b->fit = b->complete = !(like & 1);
	b->generation = (enum generation)(like >> 1 & 3) % 3;
	b->signature = like & 8 ? SIGNATURE_VERIFIED : SIGNATURE_UNSIGNED;
	b->has_hardware_comp = like & 16;
	b->hardware_comp = like >> 6;
	b->term_only = (like & 32) && b->family == MODEL_JAVA;
	b->folder = n;
	b->files = &s->index[2 * n];
	b->file_count = 2;
	s->index[2 * n] = 2 * n;
	s->index[2 * n + 1] = 2 * n + 1;
	list->folder = image->folder = n;
	list->role = FILE_LOADS;
	image->role = FILE_IMAGE;
	text_copy(list->name, sizeof(list->name),
		  m && m->term[0] && (like & 64 || b->term_only) ? m->term : "x.loads");
	text_format(image->name, sizeof(image->name), "%s%s", b->load,
		    b->family == MODEL_KUP ? (like & 128 ? ".zup" : ".sbin") : ".sbn");
	s->library.file_count += 2;
}

static void check_plan(const struct shelf *s, const struct plan *p, const struct phone_facts *f,
		       bool unfit_too)
{
	must(p->count <= PLAN_STEPS_MAX);
	must((p->state == PLAN_READY || p->state == PLAN_SHORT) == (p->count > 0));
	must((p->need[0] != 0) == (p->state == PLAN_SHORT || p->state == PLAN_IMPOSSIBLE));
	check_field(p->need, sizeof(p->need));
	for (unsigned i = 0; i < p->count; i++) {
		const struct bundle *b = p->step[i].bundle;

		must(b >= s->bundle && b < s->bundle + s->library.bundle_count);
		must(b->models & model_bit(&s->models, f->model));
		must(b->fit || unfit_too);
		check_field(p->step[i].why, sizeof(p->step[i].why));
		must(p->step[i].why[0]);
		for (unsigned k = 0; k < i; k++)
			must(p->step[k].bundle != b);
	}
	if (p->count && f->model->family == MODEL_JAVA)
		must(!facts_refused(f, p->step[0].bundle->load));
	if (p->state == PLAN_READY)
		must(p->step[p->count - 1].bundle == p->target);
}

/* What it is offered, it takes or refuses; as the tracker does with its facts. */
static bool live(struct phone_facts *f, const struct plan *p, bool refuses)
{
	const char *load = p->step[0].bundle->load;

	if (!refuses || f->model->family != MODEL_JAVA || f->refused_count == PLAN_REFUSED_MAX) {
		f->erased = false;
		text_copy(f->runs, sizeof(f->runs), load);
		if (!f->newest[0] || loads_version_compare(load, f->newest) > 0)
			text_copy(f->newest, sizeof(f->newest), load);
		f->refused_count = 0;
		return true;
	}
	text_copy(f->refused[f->refused_count++], sizeof(f->refused[0]), load);
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct shelf s;
	struct reader r = reader_init(data, len);
	struct phone_facts f = {.erased = false};
	uint8_t like;
	unsigned bundles, taken = 0;
	const char *target = "newest";

	if (!s.models.count)
		models_builtin(&s.models);
	s.library = (struct library){.models = &s.models, .file = s.file, .bundle = s.bundle};
	f.model = models_by_id(&s.models, models_of[read_u8(&r) % ARRAY_LEN(models_of)]);
	like = read_u8(&r);
	bundles = read_u8(&r) % (BUNDLES + 1);
	f.erased = like & 1;
	if (like & 2)
		name_load(f.runs, read_u8(&r), read_u8(&r));
	if (like & 4)
		name_load(f.newest, read_u8(&r), read_u8(&r));
	for (unsigned i = 0; i < bundles; i++) {
		uint8_t prefix = read_u8(&r), version = read_u8(&r);

		add_bundle(&s, prefix, version, read_u8(&r));
	}
	if (like & 8 && bundles)
		target = s.bundle[like >> 5].load;
	/* A file that holds less than it says: the rest is nothing. */
	for (unsigned round = 0; round < 40; round++) {
		struct plan p;

		plan_make(&p, &s.library, target, like & 16, &f);
		check_plan(&s, &p, &f, like & 16);
		if (p.count == 0)
			return 0;
		if (!live(&f, &p, reader_left(&r) && read_u8(&r) & 1))
			continue;
		if (!reader_left(&r))
			must(++taken <= PLAN_STEPS_MAX);
	}
	return 0;
}
