/* SPDX-License-Identifier: MIT */
/*
 * From the files of one folder to bundles.
 *
 * A Java or 7940/7960 bundle is what one packing list names. The lists of a release have the same
 * body under several names (firmware-formats.md 1, item 2): SCCP70.8-3-3S.loads,
 * term70.default.loads and term71.default.loads are one bundle, and its load is the name of the
 * list that is no termXX list. A 7902/7905/7912 bundle is one image, as .zup, as .sbin or both;
 * the recovery image of its model belongs to it, since a phone in recovery asks for that.
 *
 * What can go wrong is found here and said by findings.c: members that are missing, a list that
 * was copied under another name, an image without the recovery image of its model.
 */
#include "evidence.h"
#include "library_inner.h"

#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_GROUP UINT32_MAX

/* One folder at work: which list leads the group that a file is in. */
struct grouping {
	unsigned first, count; /* the folder's files */
	unsigned *leader;      /* by file - first; NO_GROUP: in none */
};

const struct model *term_list_model(const struct library *l, const struct firmware_file *f)
{
	return models_by_term(l->models, f->name);
}

bool file_renamed(const struct firmware_file *f)
{
	return f->header_name[0] && !text_equal_nocase(f->header_name, file_base(f));
}

static bool same_members(const struct loads *a, const struct loads *b)
{
	if (a->member_count != b->member_count || a->member_count == 0)
		return false;
	for (unsigned i = 0; i < a->member_count; i++)
		if (!text_equal_nocase(a->member[i].name, b->member[i].name))
			return false;
	return true;
}

/*
 * A list under a wrong name whose own file lies beside it ("… (1).loads") is a copy that no phone
 * asks for, and no reason to hold the bundle back. Under a termXX name a phone does ask for it.
 */
static bool harmless_copy(const struct library *l, const struct firmware_file *f)
{
	int original;

	if (!file_renamed(f) || term_list_model(l, f))
		return false;
	original = folder_lookup(l, f->folder, f->header_name);
	return original >= 0 && l->file[original].role == FILE_LOADS;
}

static struct bundle *bundle_new(struct library *l, const char *load, enum model_family family)
{
	struct bundle *b = library_grow(l->bundle, &l->bundle_size, l->bundle_count, sizeof(*b));

	if (!b)
		return NULL;
	l->bundle = b;
	b = &l->bundle[l->bundle_count++];
	memset(b, 0, sizeof(*b));
	text_copy(b->load, sizeof(b->load), load);
	b->family = family;
	b->folder = l->folder_count - 1;
	text_copy(b->source, sizeof(b->source), l->folder[b->folder]);
	b->fit = true;
	return b;
}

/* The list whose name is the load: no termXX list, rather one under its true name that a model
 * of ours runs. */
static const struct firmware_file *naming_list(const struct library *l, const struct bundle *b,
					       unsigned lists)
{
	const struct firmware_file *best = NULL;
	int best_rank = -1;

	for (unsigned i = 0; i < lists; i++) {
		const struct firmware_file *f = &l->file[b->files[i]];
		char load[LIBRARY_NAME_MAX];
		int rank = 0;

		if (term_list_model(l, f))
			continue;
		load_name_of_file(f->name, load, sizeof(load));
		rank += file_renamed(f) ? 0 : 1;
		rank += models_by_load(l->models, load) ? 2 : 0;
		if (rank > best_rank) {
			best_rank = rank;
			best = f;
		}
	}
	return best;
}

/* The load as phones spell it: a disk without capital letters does not change what the signed
 * header says, and XMLDefault must name it so. */
static void spell_load(const struct firmware_file *f, char *load, size_t size)
{
	load_name_of_file(file_renamed(f) || !f->header_name[0] ? f->name : f->header_name, load,
			  size);
}

static void name_bundle(const struct library *l, struct bundle *b, unsigned lists)
{
	const struct firmware_file *own = naming_list(l, b, lists);

	b->term_only = !own;
	spell_load(own ? own : &l->file[b->files[0]], b->load, sizeof(b->load));
	if (own)
		b->models = models_by_load(l->models, b->load);
	for (unsigned i = 0; i < lists; i++) {
		const struct firmware_file *f = &l->file[b->files[i]];
		const struct model *m = term_list_model(l, f);

		if (m)
			b->models |= model_bit(l->models, m);
		if (f->loads->has_hardware_comp && !b->has_hardware_comp) {
			b->has_hardware_comp = true;
			b->hardware_comp = f->loads->hardware_comp;
		}
	}
	/* A load of a name that is not known here: its maker may have written it down. */
	if (!b->models)
		b->models = evidence_models(l, b->load);
	b->family = MODEL_JAVA;
	if (l->file[b->files[0]].loads->dialect == LOADS_LEGACY)
		b->family = MODEL_LEGACY;
	for (unsigned i = 0; i < l->models->count && l->file[b->files[0]].loads->member_count == 0;
	     i++)
		if (b->models & model_bit(l->models, &l->models->model[i]))
			b->family = l->models->model[i].family;
}

/* The list that names the load comes first: it is the one that people are told of. */
static void lead_with(struct bundle *b, const struct firmware_file *own,
		      const struct firmware_file *files, unsigned lists)
{
	for (unsigned i = 1; own && i < lists; i++) {
		unsigned first = b->files[0];

		if (&files[b->files[i]] != own)
			continue;
		b->files[0] = b->files[i];
		b->files[i] = first;
		return;
	}
}

static void add_members(const struct library *l, struct bundle *b, const struct loads *list)
{
	for (unsigned i = 0; i < list->member_count; i++) {
		const char *name = list->member[i].name;
		int file = folder_lookup(l, b->folder, name);
		bool known = false;

		if (file >= 0 && !bundle_holds(b, (unsigned)file))
			b->files[b->file_count++] = (unsigned)file;
		if (file >= 0 || list->member[i].optional)
			continue;
		for (unsigned m = 0; m < b->missing_count; m++)
			known = known || text_equal_nocase(b->missing[m], name);
		if (!known)
			text_copy(b->missing[b->missing_count++], LOADS_NAME_MAX, name);
	}
}

static int list_bundle(struct library *l, const struct grouping *g, unsigned leader)
{
	struct bundle *b = bundle_new(l, "", MODEL_JAVA);
	const struct loads *list = l->file[leader].loads;
	unsigned lists = 0;

	if (!b)
		return -ENOMEM;
	for (unsigned i = 0; i < g->count; i++)
		lists += g->leader[i] == leader ? 1 : 0;
	b->files = calloc(lists + list->member_count + 1u, sizeof(*b->files));
	b->missing = calloc(list->member_count + 1u, sizeof(*b->missing));
	if (!b->files || !b->missing)
		return -ENOMEM;
	for (unsigned i = 0; i < g->count; i++)
		if (g->leader[i] == leader)
			b->files[b->file_count++] = g->first + i;
	name_bundle(l, b, lists);
	lead_with(b, naming_list(l, b, lists), l->file, lists);
	add_members(l, b, list);
	return bundle_judge(l, l->bundle_count - 1, lists);
}

/* The first list with the same members leads; a list without members leads itself. */
static unsigned find_leader(const struct library *l, const struct grouping *g, unsigned file)
{
	for (unsigned i = g->first; i < file; i++)
		if (g->leader[i - g->first] == i &&
		    same_members(l->file[i].loads, l->file[file].loads))
			return i;
	return file;
}

static int group_lists(struct library *l, struct grouping *g)
{
	unsigned lists = 0;
	int err = 0;

	for (unsigned i = 0; i < g->count && !err; i++) {
		struct firmware_file *f = &l->file[g->first + i];

		g->leader[i] = NO_GROUP;
		if (f->role != FILE_LOADS)
			continue;
		if (harmless_copy(l, f)) {
			f->damaged = true;
			err = finding_add(l, f->folder, -1, FINDING_WARNING, "copy", f->name,
					  "%s is a copy of %s: phones refuse it under this name. "
					  "It can be deleted.",
					  f->name, f->header_name);
		} else if (lists == LIBRARY_FOLDER_LISTS_MAX) {
			f->damaged = true;
			err = finding_add(l, f->folder, -1, FINDING_WARNING, "too-many-lists",
					  f->name,
					  "%s is left out: more than %u packing lists in one "
					  "folder. Give each bundle a folder of its own.",
					  f->name, (unsigned)LIBRARY_FOLDER_LISTS_MAX);
		} else {
			g->leader[i] = find_leader(l, g, g->first + i);
			lists++;
		}
	}
	for (unsigned i = 0; i < g->count && !err; i++)
		if (g->leader[i] == g->first + i)
			err = list_bundle(l, g, g->first + i);
	return err;
}

const struct model *kup_image_model(const struct library *l, const struct firmware_file *f,
				    bool *by_name)
{
	char load[LIBRARY_NAME_MAX];
	model_set set;

	*by_name = true;
	if (strchr(f->name, '/') ||
	    (!text_ends_nocase(f->name, ".zup") && !text_ends_nocase(f->name, ".sbin")))
		return NULL;
	load_name_of_file(f->name, load, sizeof(load));
	set = models_by_load(l->models, load);
	for (unsigned i = 0; i < l->models->count; i++) {
		const struct model *m = &l->models->model[i];

		if (m->family == MODEL_KUP && (set & model_bit(l->models, m)))
			return m;
	}
	*by_name = false;
	for (unsigned i = 0; i < l->models->count && f->image.format == IMAGE_KUP; i++) {
		const struct model *m = &l->models->model[i];

		if (m->family == MODEL_KUP && m->kup_model == f->image.kup_model)
			return m;
	}
	return NULL;
}

static struct bundle *kup_bundle(struct library *l, const struct firmware_file *f,
				 const struct model *m, unsigned room)
{
	char load[LIBRARY_NAME_MAX];
	model_set set = model_bit(l->models, m);
	struct bundle *b;

	spell_load(f, load, sizeof(load));
	for (unsigned i = 0; i < l->bundle_count; i++) {
		b = &l->bundle[i];
		if (b->folder == f->folder && b->family == MODEL_KUP && b->models == set &&
		    text_equal_nocase(b->load, load))
			return b;
	}
	b = bundle_new(l, load, MODEL_KUP);
	if (!b)
		return NULL;
	b->models = set;
	b->files = calloc(room, sizeof(*b->files));
	b->missing = calloc(1, sizeof(*b->missing));
	return b->files && b->missing ? b : NULL;
}

/* A recovery image goes to every bundle of its model in the folder; alone, it is one itself. */
static int place_recovery(struct library *l, unsigned first_bundle, unsigned file)
{
	const struct firmware_file *f = &l->file[file];
	const struct model *m = models_by_recovery(l->models, f->name);
	bool placed = false;
	struct bundle *b;

	for (unsigned i = first_bundle; i < l->bundle_count; i++) {
		b = &l->bundle[i];
		if (b->family != MODEL_KUP || b->models != model_bit(l->models, m) ||
		    models_by_recovery(l->models, l->file[b->files[0]].name))
			continue;
		/* Room for it was made with the bundle; two spellings of one name share it. */
		if (!bundle_file(l, b, f->name))
			b->files[b->file_count++] = file;
		placed = true;
	}
	if (placed)
		return 0;
	b = kup_bundle(l, f, m, 4);
	if (!b)
		return -ENOMEM;
	if (b->file_count < 4)
		b->files[b->file_count++] = file;
	return 0;
}

static int group_kup(struct library *l, const struct grouping *g)
{
	unsigned first_bundle = l->bundle_count;
	int err = 0;

	for (unsigned i = g->first; i < g->first + g->count; i++) {
		const struct firmware_file *f = &l->file[i];
		bool by_name;
		const struct model *m = kup_image_model(l, f, &by_name);
		struct bundle *b;

		if (f->role != FILE_IMAGE || !m || models_by_recovery(l->models, f->name))
			continue;
		/* .zup and .sbin, each in two spellings at most, and the recovery image */
		b = kup_bundle(l, f, m, 5);
		if (!b)
			return -ENOMEM;
		if (b->file_count < 4)
			b->files[b->file_count++] = i;
	}
	for (unsigned i = g->first; i < g->first + g->count && !err; i++)
		if (l->file[i].role == FILE_IMAGE && models_by_recovery(l->models, l->file[i].name))
			err = place_recovery(l, first_bundle, i);
	for (unsigned i = first_bundle; i < l->bundle_count && !err; i++)
		err = bundle_judge(l, i, 0);
	return err;
}

/* Names that differ only in case: each is served under its own, a third spelling is a guess. */
static int find_twins(struct library *l, const struct grouping *g)
{
	int err = 0;

	for (unsigned i = g->first + 1; i < g->first + g->count && !err; i++) {
		unsigned k = g->first;

		while (k < i && !text_equal_nocase(l->file[k].name, l->file[i].name))
			k++;
		if (k == i)
			continue;
		err = finding_add(
			l, l->file[i].folder, -1, FINDING_NOTE, "two-cases", l->file[i].name,
			"%s and %s differ only in capital letters. Each is handed out under "
			"exactly its own name; delete the one that does not belong here.",
			l->file[k].name, l->file[i].name);
	}
	return err;
}

static int judge_strays(struct library *l, const struct grouping *g)
{
	int err = 0;

	for (unsigned i = g->first; i < g->first + g->count && !err; i++)
		if (l->file[i].role == FILE_IMAGE && !library_bundle_of(l, &l->file[i]))
			err = stray_judge(l, i);
	return err;
}

int library_folder_end(struct library *l)
{
	struct grouping g = {.first = l->folder_first, .count = l->file_count - l->folder_first};
	int err;

	must(l->folder_open);
	l->folder_open = false;
	g.leader = calloc(g.count + 1u, sizeof(*g.leader));
	if (!g.leader)
		return -ENOMEM;
	err = group_lists(l, &g);
	if (!err)
		err = group_kup(l, &g);
	if (!err)
		err = evidence_judge(l);
	if (!err)
		err = find_twins(l, &g);
	if (!err)
		err = judge_strays(l, &g);
	free(g.leader);
	return err;
}

bool bundle_same_files(const struct library *a, const struct bundle *x, const struct library *b,
		       const struct bundle *y)
{
	if (x->file_count != y->file_count)
		return false;
	for (unsigned i = 0; i < x->file_count; i++)
		if (strcmp(a->file[x->files[i]].name, b->file[y->files[i]].name) != 0 ||
		    memcmp(a->file[x->files[i]].identity, b->file[y->files[i]].identity,
			   sizeof(a->file->identity)) != 0)
			return false;
	return true;
}
