/* SPDX-License-Identifier: MIT */
/*
 * The firmware library: taking files in, and finding them again.
 *
 * Happy path: library_folder_begin(), library_add() for each file (its signed header is walked, its
 * signature verified, its body inspected, all while the bytes are at hand),
 * library_folder_end() (bundle.c) groups and judges, library_finish() checks the user's own
 * configuration files once every load is known.
 *
 * What can go wrong: a name that cannot be shown or asked for, a file that is too large, ten
 * thousand files where a bundle has eight. Each is left out with a finding; nothing of that is
 * an error of ours. Only missing memory is.
 *
 * Names: phones and packing lists disagree with the disk about case (phones.md 1, item 1), so
 * every search tries the exact name first and then any case. The signed name inside a file is
 * the last thing tried: it is the name that the phone will compare.
 */
#include "evidence.h"
#include "library_inner.h"

#include "reflashd/phone_config.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void library_init(struct library *l, const struct models *models, const struct keys *keys)
{
	memset(l, 0, sizeof(*l));
	l->models = models;
	l->keys = keys;
}

static void free_configs(struct library *l)
{
	for (unsigned i = 0; i < l->config_count; i++)
		free(l->config[i].data);
	free(l->config);
	l->config = NULL;
	l->config_count = l->config_size = 0;
}

void library_free(struct library *l)
{
	for (unsigned i = 0; i < l->file_count; i++)
		free(l->file[i].loads);
	for (unsigned i = 0; i < l->bundle_count; i++) {
		free(l->bundle[i].files);
		free(l->bundle[i].missing);
	}
	free_configs(l);
	free(l->file);
	free(l->bundle);
	free(l->finding);
	free(l->folder);
	free(l->evidence);
	memset(l, 0, sizeof(*l));
}

void *library_grow(void *array, unsigned *size, unsigned count, size_t item)
{
	unsigned larger;
	void *moved;

	if (count < *size)
		return array;
	larger = *size ? *size * 2 : 16;
	moved = reallocarray(array, larger, item);
	if (moved)
		*size = larger;
	return moved;
}

int library_folder_begin(struct library *l, const char *source)
{
	void *moved = library_grow(l->folder, &l->folder_size, l->folder_count, sizeof(*l->folder));

	must(!l->folder_open);
	if (!moved)
		return -ENOMEM;
	l->folder = moved;
	text_copy(l->folder[l->folder_count], sizeof(*l->folder), source);
	l->folder_count++;
	l->folder_first = l->file_count;
	l->folder_open = true;
	l->folder_full = false;
	return 0;
}

const char *file_base(const struct firmware_file *f)
{
	const char *slash = strrchr(f->name, '/');

	return slash ? slash + 1 : f->name;
}

/* A name that a phone can ask for: printable, at most one folder in front, nothing hidden in it. */
static bool name_usable(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len = strlen(name);

	if (len == 0 || len >= LIBRARY_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] < 0x20 || name[i] > 0x7e || name[i] == '\\')
			return false;
	if (!slash)
		return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
	return slash != name && slash[1] && !strchr(slash + 1, '/') && name[0] != '.' &&
	       strcmp(slash + 1, ".") != 0 && strcmp(slash + 1, "..") != 0;
}

static bool image_name(const char *name)
{
	static const char *const suffix[] = {".sbn", ".sb2", ".bin", ".zup", ".sbin"};

	for (size_t i = 0; i < ARRAY_LEN(suffix); i++)
		if (text_ends_nocase(name, suffix[i]))
			return true;
	return false;
}

/* Is this list meant for a phone of ours, whatever is in it? */
static bool list_name_is_ours(const struct library *l, const char *name)
{
	char load[LIBRARY_NAME_MAX];

	load_name_of_file(name, load, sizeof(load));
	return models_by_term(l->models, name) || models_by_load(l->models, load);
}

static int add_list(struct library *l, struct firmware_file *f, struct span body)
{
	struct loads *loads = malloc(sizeof(*loads));
	bool ours;

	if (!loads)
		return -ENOMEM;
	loads_parse(loads, body.data, body.len);
	ours = loads->dialect == LOADS_JAVA || loads->dialect == LOADS_LEGACY ||
	       list_name_is_ours(l, f->name);
	if (ours) {
		f->role = FILE_LOADS;
		f->loads = loads;
		return 0;
	}
	f->role = FILE_OTHER;
	int err =
		finding_add(l, f->folder, -1, FINDING_NOTE, "foreign-list", f->name,
			    "%s is no packing list for the phones known here (%s). It is handed "
			    "out by name only; nothing needs to be done.",
			    f->name, loads->foreign ? loads->foreign : "a list of another family");
	free(loads);
	return err;
}

static int keep_config(struct library *l, unsigned file, const uint8_t *data, size_t len)
{
	struct library_config *config =
		library_grow(l->config, &l->config_size, l->config_count, sizeof(*config));
	size_t kept = len <= PHONE_CONFIG_MAX ? len : 0;

	if (!config)
		return -ENOMEM;
	l->config = config;
	config = &l->config[l->config_count];
	config->file = file;
	config->len = len;
	config->data = malloc(kept ? kept : 1);
	if (!config->data)
		return -ENOMEM;
	if (kept)
		memcpy(config->data, data, kept);
	l->config_count++;
	return 0;
}

/* Phones before 7.x take the line as it is: a blank at its end becomes part of the name they
 * ask for (CSCdv19260). */
static int check_os79xx(struct library *l, const struct firmware_file *f, struct span body)
{
	size_t line = 0;

	while (line < body.len && body.data[line] != '\n')
		line++;
	if (line == 0 || (body.data[line - 1] != ' ' && body.data[line - 1] != '\r' &&
			  body.data[line - 1] != '\t'))
		return 0;
	return finding_add(l, f->folder, -1, FINDING_WARNING, "os79xx-blank", f->name,
			   "%s has a blank or a carriage return behind the image name: some phones "
			   "then ask for a file that does not exist. Delete the file, a right one "
			   "is made for you, or end the line with the name.",
			   f->name);
}

/* By whoever was asked to do that, or here. */
static int examine(const struct library *l, const uint8_t *data, size_t len, struct exam *e)
{
	if (l->examine)
		return l->examine(l->examine_ctx, data, len, e);
	exam_make(e, l->keys, l->want_sha1, data, len);
	return 0;
}

bool firmware_file_is(const struct library *l, const struct firmware_file *f, const uint8_t *data,
		      size_t len)
{
	struct exam e;

	return len == f->size && examine(l, data, len, &e) == 0 &&
	       memcmp(e.identity, f->identity, SHA1_BYTES) == 0;
}

/* Tells a file's role and looks into it while its bytes are here. */
static int inspect(struct library *l, unsigned index, const struct exam *e, const uint8_t *data,
		   size_t len)
{
	struct firmware_file *f = &l->file[index];
	bool below = strchr(f->name, '/') != NULL;
	struct signed_header h;
	struct span body = {data, len};

	f->header = signed_header_parse(&h, data, len);
	if (f->header == SIGNED_OK) {
		text_escape(f->header_name, sizeof(f->header_name), (const uint8_t *)h.name,
			    strnlen(h.name, sizeof(h.name)));
		body.data += h.length;
		body.len -= h.length;
	} else if (f->header == SIGNED_TRUNCATED) {
		body.len = 0;
	}
	f->signature = (struct signature_result){.state = e->signature,
						 .key = e->key ? &l->keys->key[e->key - 1] : NULL,
						 .time = e->time};
	memcpy(f->signature.digest, e->digest, SHA1_BYTES);
	memcpy(f->sha1, e->sha1, SHA1_BYTES);
	memcpy(f->identity, e->identity, SHA1_BYTES);
	if (text_ends_nocase(f->name, ".loads") && !below)
		return add_list(l, f, body);
	f->image = e->image;
	if (image_name(f->name)) {
		f->role = FILE_IMAGE;
		return 0;
	}
	f->role = FILE_OTHER;
	if (text_equal_nocase(file_base(f), "OS79XX.TXT"))
		return check_os79xx(l, f, body);
	if (!text_ends_nocase(f->name, ".cnf.xml"))
		return evidence_add(l, index, data, len);
	f->role = FILE_CONFIG;
	return keep_config(l, index, data, len);
}

static int folder_is_full(struct library *l)
{
	if (l->folder_full)
		return 0;
	l->folder_full = true;
	return finding_add(l, l->folder_count - 1, -1, FINDING_WARNING, "too-many-files", "",
			   "This folder holds more than %u files; the rest is left out. Give the "
			   "folder of one bundle, or a folder of such folders.",
			   (unsigned)LIBRARY_FOLDER_FILES_MAX);
}

int library_add(struct library *l, const char *name, uint64_t ref, const uint8_t *data, size_t len)
{
	static const uint8_t nothing[1];
	struct firmware_file *f;
	struct exam e;
	int err;

	must(l->folder_open);
	if (l->file_count - l->folder_first >= LIBRARY_FOLDER_FILES_MAX)
		return folder_is_full(l);
	if (!name_usable(name))
		return library_skip(l, name, "no phone could ask for a file with such a name");
	if (len > LIBRARY_FILE_MAX)
		return library_skip(l, name, "it is larger than any phone firmware");
	for (unsigned i = l->folder_first; i < l->file_count; i++)
		if (strcmp(l->file[i].name, name) == 0)
			return library_skip(l, name,
					    "the same folder or archive holds another file of the "
					    "same name, which is used");
	data = len ? data : nothing;
	err = examine(l, data, len, &e);
	if (err == -ENOMEM)
		return err;
	if (err)
		return library_skip(
			l, name,
			err == -EPIPE ? "the process that checks files is gone; restart reflashd"
				      : "it brings down what checks it; it is badly damaged, or "
					"made to do harm");
	f = library_grow(l->file, &l->file_size, l->file_count, sizeof(*f));
	if (!f)
		return -ENOMEM;
	l->file = f;
	f = &l->file[l->file_count];
	memset(f, 0, sizeof(*f));
	text_copy(f->name, sizeof(f->name), name);
	f->ref = ref;
	f->size = len;
	f->folder = l->folder_count - 1;
	l->file_count++;
	return inspect(l, l->file_count - 1, &e, data, len);
}

int library_skip(struct library *l, const char *name, const char *why)
{
	char shown[LIBRARY_NAME_MAX];

	must(l->folder_open);
	text_escape(shown, sizeof(shown), (const uint8_t *)name, strlen(name));
	return finding_add(l, l->folder_count - 1, -1, FINDING_WARNING, "skipped", shown,
			   "%s is left out: %s.", shown, why);
}

int library_remark(struct library *l, const char *name, const char *code, const char *text)
{
	char shown[LIBRARY_NAME_MAX];

	must(l->folder_open);
	text_escape(shown, sizeof(shown), (const uint8_t *)name, strlen(name));
	return finding_add(l, l->folder_count - 1, -1, FINDING_WARNING, code, shown, "%s.", text);
}

int library_folder_drop(struct library *l, const char *code, const char *why)
{
	unsigned folder = l->folder_count - 1;

	must(l->folder_open);
	while (l->config_count && l->config[l->config_count - 1].file >= l->folder_first)
		free(l->config[--l->config_count].data);
	while (l->evidence_count && l->evidence[l->evidence_count - 1].file >= l->folder_first)
		l->evidence_count--;
	while (l->file_count > l->folder_first)
		free(l->file[--l->file_count].loads);
	while (l->finding_count && l->finding[l->finding_count - 1].folder == folder)
		l->finding_count--;
	l->folder_open = false;
	return finding_add(l, folder, -1, FINDING_WARNING, code, "", "%s.", why);
}

/* Remarks that mean: no phone takes this file (firmware-formats.md 11, phones.md 1 item 10). */
static bool makes_unusable(const char *code)
{
	static const char *const codes[] = {"malformed",	"entities",  "empty",
					    "too-large",	"encoding",  "root",
					    "group-incomplete", "node-empty"};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

/* A made one is better than none: phones that get a file they do not accept stay silent. */
static int judge_xmldefault(struct library *l, const struct firmware_file *f)
{
	if (!f->unusable || !text_starts_nocase(f->name, "XMLDefault.cnf.xml"))
		return 0;
	return finding_add(l, f->folder, -1, FINDING_NOTE, "xmldefault-made", f->name,
			   "Since phones do not accept this %s, the one that reflashd makes is "
			   "served in its place. Correct it, or delete it.",
			   f->name);
}

int library_finish(struct library *l)
{
	struct config_remark remarks[CONFIG_REMARKS_MAX];
	int err = 0;

	must(!l->folder_open);
	for (unsigned i = 0; i < l->config_count && !err; i++) {
		const struct library_config *c = &l->config[i];
		struct firmware_file *f = &l->file[c->file];
		unsigned count =
			phone_config_check(f->name, c->data, c->len, l->models, l, remarks);

		for (unsigned r = 0; r < count && !err; r++) {
			char place[32] = "";

			f->unusable = f->unusable || makes_unusable(remarks[r].code);
			if (remarks[r].line)
				text_format(place, sizeof(place), ", line %u", remarks[r].line);
			err = finding_add(l, f->folder, -1, remarks[r].severity, remarks[r].code,
					  f->name, "%s%s: %s", f->name, place, remarks[r].text);
		}
		if (!err)
			err = judge_xmldefault(l, f);
	}
	free_configs(l);
	return err;
}

void load_name_of_file(const char *file, char *out, size_t size)
{
	static const char *const suffix[] = {".loads", ".sbin", ".zup"};
	size_t len;

	text_copy(out, size, file);
	len = strlen(out);
	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		if (len > strlen(suffix[i]) && text_ends_nocase(out, suffix[i])) {
			out[len - strlen(suffix[i])] = '\0';
			return;
		}
	}
}
