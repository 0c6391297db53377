/* SPDX-License-Identifier: MIT */
/*
 * Whole bundles of synthetic firmware, and the ways in which people break them.
 *
 * What a bundle holds and how its files are called follows phones.md 6. The sizes keep the
 * proportions of the real ones: apps is the largest, dsp the smallest.
 */
#include "synth.h"

#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SIZE 6000u
#define DEFAULT_TIME 0x4718BB3Cu /* 2007-10-19 14:12:12 UTC */
#define LOAD_MAX     64u
#define NAME_MAX_LEN 96u

struct kind {
	const char *name, *load;
	const char *family;   /* Java: "70"; KUP: "7912" */
	const char *term[2];  /* Java */
	const char *recovery; /* KUP */
	uint8_t kup_model;
};

static const struct kind kinds[SYNTH_KINDS] = {
	[SYNTH_JAVA70] = {"java70", "SCCP70.8-3-3S", "70", {"70", "71"}, NULL, 0},
	[SYNTH_JAVA41] = {"java41", "SCCP41.8-3-3S", "41", {"41", "61"}, NULL, 0},
	[SYNTH_JAVA42] = {"java42", "SCCP42.8-3-3S", "42", {"42", "62"}, NULL, 0},
	[SYNTH_JAVA45] = {"java45", "SCCP45.8-3-3S", "45", {"45", "65"}, NULL, 0},
	[SYNTH_JAVA11] = {"java11", "SCCP11.8-3-3S", "11", {"06", "11"}, NULL, 0},
	[SYNTH_JAVA31] = {"java31", "SCCP31.8-3-3S", "31", {"31", NULL}, NULL, 0},
	[SYNTH_JAVA75] = {"java75", "SCCP75.8-3-3S", "75", {"75", NULL}, NULL, 0},
	[SYNTH_LEGACY] = {"legacy", "P0S3-8-12-00", "", {NULL, NULL}, NULL, 0},
	[SYNTH_KUP7912] =
		{"kup7912", "CP7912080003SCCP070409A", "7912", {NULL, NULL}, "cp7912r.zup", 6},
	[SYNTH_KUP7905] =
		{"kup7905", "CP7905080003SCCP070409A", "7905", {NULL, NULL}, "ldragonr.zup", 5},
	[SYNTH_KUP7902] =
		{"kup7902", "CP7902080003SCCP070409A", "7902", {NULL, NULL}, "cp7902r.zup", 4},
};

/* One call of synth_bundle(). */
struct job {
	const struct kind *kind;
	const char *load;
	struct synth_options options;
	synth_emit *emit;
	void *context;
	int result; /* the first that is not 0 */
};

const char *synth_kind_name(enum synth_kind kind)
{
	return kinds[kind].name;
}

const char *synth_default_load(enum synth_kind kind)
{
	return kinds[kind].load;
}

bool synth_kind_parse(const char *text, enum synth_kind *out)
{
	for (unsigned k = 0; k < SYNTH_KINDS; k++) {
		if (strcmp(text, kinds[k].name) == 0) {
			*out = (enum synth_kind)k;
			return true;
		}
	}
	return false;
}

/* A seed of its own for each file name (FNV-1a), so that no two files are alike. */
static uint64_t seed_of(const struct job *job, const char *name)
{
	uint64_t hash = 0xCBF29CE484222325u ^ job->options.seed;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001B3u;
	return hash;
}

/* Hands out a body as it is, and frees it. */
static void emit_plain(struct job *job, const char *disk_name, struct synth_buffer *body)
{
	if (job->result == 0)
		job->result = job->emit(job->context, disk_name, body->data, body->len);
	synth_buffer_free(body);
}

/* Hands out a body behind a signed header, where there is a key, and frees it. */
static void emit_signed(struct job *job, const char *disk_name, const char *header_name,
			struct synth_buffer *body)
{
	if (job->options.key == NULL) {
		emit_plain(job, disk_name, body);
		return;
	}
	if (job->result == 0) {
		uint8_t *file;
		size_t len;

		sign_file(header_name, body->data, body->len, job->options.key, job->options.time,
			  &file, &len);
		job->result = job->emit(job->context, disk_name, file, len);
		free(file);
	}
	synth_buffer_free(body);
}

static void emit_java_list(struct job *job, const char *name, const char *version,
			   const char *const member[], unsigned members)
{
	struct synth_buffer body = {0};

	synth_java_loads(&body, version, member, members,
			 job->options.has_hardware_comp ? (int64_t)job->options.hardware_comp : -1);
	emit_signed(job, name, name, &body);
}

/* "8-3-3S" → "8-3-3-27": the files of a real load carry a version of their own, too. */
static void member_version(const struct job *job, char out[LOAD_MAX])
{
	const char *version = strchr(job->load, '.') + 1;
	size_t len = strlen(version);

	if (job->options.member_version != NULL) {
		text_copy(out, LOAD_MAX, job->options.member_version);
		return;
	}
	if (len > 0 && text_lower(version[len - 1]) == 's')
		len--;
	snprintf(out, LOAD_MAX, "%.*s-27", (int)len, version);
}

static void java_bundle(struct job *job)
{
	static const char *const word[] = {"jar", "cnu", "apps", "dsp", "cvm"};
	static const unsigned eighths[] = {6, 4, 8, 2, 7};
	const char *protocol = text_starts_nocase(job->load, "SIP")    ? "sip"
			       : text_starts_nocase(job->load, "SCCP") ? "sccp"
								       : "";
	char version[LOAD_MAX], name[ARRAY_LEN(word)][NAME_MAX_LEN], file[NAME_MAX_LEN];
	const char *member[ARRAY_LEN(word)];

	member_version(job, version);
	for (unsigned i = 0; i < ARRAY_LEN(word); i++) {
		bool speaks = i == SYNTH_JAR || i == SYNTH_CVM;

		snprintf(name[i], sizeof(name[i]), "%s%s%s.%s.sbn", word[i], job->kind->family,
			 speaks ? protocol : "", version);
		if (i == SYNTH_JAR && job->options.capital_j)
			name[i][0] = 'J';
		member[i] = name[i];
	}
	snprintf(file, sizeof(file), "%s.loads", job->load);
	emit_java_list(job, file, version, member, ARRAY_LEN(member));
	for (unsigned i = 0; i < 2 && job->kind->term[i] != NULL; i++) {
		snprintf(file, sizeof(file), "term%s.default.loads", job->kind->term[i]);
		emit_java_list(job, file, version, member, ARRAY_LEN(member));
	}
	for (unsigned i = 0; i < ARRAY_LEN(word); i++) {
		struct synth_buffer body = {0};

		synth_cnu(&body, (enum synth_part)i, version, job->options.size * eighths[i] / 8,
			  seed_of(job, name[i]));
		text_copy(file, sizeof(file), name[i]);
		file[0] = text_lower(file[0]);
		emit_signed(job, file, name[i], &body);
	}
}

static void legacy_bundle(struct job *job)
{
	static const char tag[] = "PAS30830";
	char loader[NAME_MAX_LEN], application[NAME_MAX_LEN], list[NAME_MAX_LEN];
	char base[LOAD_MAX];
	struct synth_buffer body = {0};

	snprintf(base, sizeof(base), "P003%s", job->load + 4); /* P0S3-8-12-00 → P003-8-12-00 */
	snprintf(loader, sizeof(loader), "%s.sbn", base);
	snprintf(application, sizeof(application), "%s.sb2", job->load);
	snprintf(list, sizeof(list), "%s.loads", job->load);
	synth_legacy_loads(&body, loader, application, tag);
	emit_signed(job, list, list, &body);
	synth_p003(&body, base, tag, job->options.size / 4, seed_of(job, loader));
	emit_signed(job, loader, loader, &body);
	synth_sb2(&body, job->load, "PAS3ARM1", job->options.size, seed_of(job, application));
	emit_signed(job, application, application, &body);
}

static void kup_bundle(struct job *job)
{
	const struct kind *kind = job->kind;
	uint8_t major = (uint8_t)((job->load[6] - '0') * 10 + job->load[7] - '0');
	uint8_t minor = (uint8_t)((job->load[8] - '0') * 10 + job->load[9] - '0');
	char name[NAME_MAX_LEN];
	struct synth_buffer body = {0};

	snprintf(name, sizeof(name), "%s.sbin", job->load);
	synth_kup(&body, kind->kup_model, major, minor, job->options.size, seed_of(job, job->load));
	emit_signed(job, name, name, &body);
	if (kind->kup_model == 5) { /* a 7905 without authentication takes the bare image */
		snprintf(name, sizeof(name), "%s.zup", job->load);
		synth_kup(&body, kind->kup_model, major, minor, job->options.size,
			  seed_of(job, job->load));
		emit_plain(job, name, &body);
	}
	synth_kup(&body, kind->kup_model, major, minor, job->options.size / 2,
		  seed_of(job, kind->recovery));
	emit_plain(job, kind->recovery, &body);
}

/* Is this load name one of that kind's? */
static bool load_fits(enum synth_kind kind, const char *load)
{
	static const char *const prefix[] = {"SCCP", "SIP", "TERM"};
	char start[16];

	if (strlen(load) >= LOAD_MAX ||
	    strspn(load, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			 "xyz0123456789._-") != strlen(load))
		return false;
	if (kind == SYNTH_LEGACY)
		return load[0] == 'P' && strlen(load) > 4 && strlen(load) < 20;
	if (kind >= SYNTH_KUP7912) {
		snprintf(start, sizeof(start), "CP%s", kinds[kind].family);
		return text_starts_nocase(load, start) && strspn(load + 6, "0123456789") >= 6;
	}
	for (unsigned i = 0; i < ARRAY_LEN(prefix); i++) {
		snprintf(start, sizeof(start), "%s%s.", prefix[i], kinds[kind].family);
		if (text_starts_nocase(load, start))
			return true;
	}
	return false;
}

int synth_bundle(enum synth_kind kind, const char *load, const struct synth_options *options,
		 synth_emit *emit, void *context)
{
	struct job job = {.kind = &kinds[kind], .load = load, .emit = emit, .context = context};

	if (load == NULL)
		job.load = job.kind->load;
	if (!load_fits(kind, job.load))
		return -1;
	if (options != NULL)
		job.options = *options;
	if (job.options.size == 0)
		job.options.size = DEFAULT_SIZE;
	if (job.options.time == 0)
		job.options.time = DEFAULT_TIME;
	if (kind == SYNTH_LEGACY)
		legacy_bundle(&job);
	else if (kind >= SYNTH_KUP7912)
		kup_bundle(&job);
	else
		java_bundle(&job);
	return job.result;
}

int synth_collect(void *context, const char *name, const uint8_t *data, size_t len)
{
	struct synth_files *f = context;
	struct synth_file *file = &f->file[f->count];

	must(f->count < SYNTH_FILES_MAX);
	text_copy(file->name, sizeof(file->name), name);
	file->data = malloc(len > 0 ? len : 1);
	must(file->data != NULL);
	memcpy(file->data, data, len);
	file->len = len;
	f->count++;
	return 0;
}

void synth_files_free(struct synth_files *f)
{
	for (unsigned i = 0; i < f->count; i++)
		free(f->file[i].data);
	f->count = 0;
}

struct synth_file *synth_files_find(struct synth_files *f, const char *name)
{
	for (unsigned i = 0; i < f->count; i++)
		if (strcmp(f->file[i].name, name) == 0)
			return &f->file[i];
	for (unsigned i = 0; i < f->count; i++)
		if (text_starts_nocase(f->file[i].name, name))
			return &f->file[i];
	return NULL;
}

static bool is_term_list(const struct synth_file *file)
{
	return text_starts_nocase(file->name, "term") &&
	       text_ends_nocase(file->name, ".default.loads");
}

static bool break_rename(struct synth_files *f, char why[160])
{
	const struct synth_file *list = NULL;
	unsigned renamed = 0;

	for (unsigned i = 0; i < f->count; i++)
		if (text_ends_nocase(f->file[i].name, ".loads") && !is_term_list(&f->file[i]))
			list = &f->file[i];
	for (unsigned i = 0; i < f->count && list != NULL; i++) {
		struct synth_file *file = &f->file[i];

		if (!is_term_list(file))
			continue;
		file->data = realloc(file->data, list->len);
		must(file->data != NULL);
		memcpy(file->data, list->data, list->len);
		file->len = list->len;
		renamed++;
	}
	if (renamed == 0)
		text_copy(why, 160, "this bundle has no termXX.default.loads to rename over");
	return renamed > 0;
}

static void break_case(struct synth_files *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		if (text_ends_nocase(f->file[i].name, ".loads"))
			continue;
		for (char *c = f->file[i].name; *c != '\0'; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 'a' + 'A');
	}
}

static void remove_file(struct synth_files *f, struct synth_file *file)
{
	free(file->data);
	f->count--;
	memmove(file, file + 1, sizeof(*file) * (size_t)(&f->file[f->count] - file));
}

bool synth_break(struct synth_files *f, const char *how, char why[160])
{
	char kind[96], *member, *bytes = NULL;
	struct synth_file *file;
	uint64_t n;

	if (strcmp(how, "rename") == 0)
		return break_rename(f, why);
	if (strcmp(how, "case") == 0) {
		break_case(f);
		return true;
	}
	text_copy(kind, sizeof(kind), how);
	member = strchr(kind, ':');
	if (member == NULL) {
		text_format(why, 160, "'%.60s' is no way to break a bundle", how);
		return false;
	}
	*member++ = '\0';
	if (strcmp(kind, "truncate") == 0 && (bytes = strchr(member, ':')) != NULL)
		*bytes++ = '\0';
	file = synth_files_find(f, member);
	if (file == NULL || *member == '\0') {
		text_format(why, 160, "no file of the bundle is called '%.60s'", member);
		return false;
	}
	if (strcmp(kind, "missing") == 0) {
		remove_file(f, file);
	} else if (strcmp(kind, "flip") == 0) {
		file->data[file->len - 1 - file->len / 16] ^= 1; /* behind any signed header */
	} else if (bytes != NULL && text_to_u64(bytes, 1, file->len, &n)) {
		file->len -= (size_t)n;
	} else {
		text_format(why, 160,
			    "'%.60s': truncate:MEMBER:BYTES, with 1 to %zu bytes of that file", how,
			    file->len);
		return false;
	}
	return true;
}
