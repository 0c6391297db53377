/* SPDX-License-Identifier: MIT */
/*
 * The firmware library: every file of every bundle by name, with what is known of it.
 *
 * Whoever drives it (the scan of a folder, an archive, a test) hands over one folder at a
 * time: library_folder_begin(), library_add() for each file with its bytes,
 * library_folder_end(), which groups the files into bundles and judges them. The bytes
 * are only borrowed; a file is later read again by its `ref` and must then be the same
 * (firmware_file_is()), so that what was checked is what is served.
 *
 * Files of one folder never answer for another: termXX.default.loads has the same name in
 * every bundle. Within a folder, packing lists with the same members are one bundle
 * (SCCP70.8-3-3S.loads, term70.default.loads, term71.default.loads).
 */
#ifndef REFLASHD_LIBRARY_H
#define REFLASHD_LIBRARY_H

#include "reflashd/exam.h"
#include "reflashd/load_text.h"
#include "reflashd/loads.h"
#include "reflashd/models.h"
#include "reflashd/signature.h"

#define LIBRARY_NAME_MAX   128
#define LIBRARY_SOURCE_MAX 256
#define LIBRARY_FILE_MAX   (64u << 20) /* bytes; larger files are skipped with a finding */

enum file_role {
	FILE_LOADS,  /* a packing list we understand */
	FILE_IMAGE,  /* a member, or a KUP image */
	FILE_CONFIG, /* XMLDefault.cnf.xml, SEP….cnf.xml of the user's own */
	FILE_OTHER,  /* anything else: served by name when asked for */
};

struct firmware_file {
	char name[LIBRARY_NAME_MAX]; /* on disk; "folder/name" for one locale folder below */
	uint64_t ref;		     /* the driver's handle, for reading it again */
	uint64_t size;
	uint8_t sha1[SHA1_BYTES]; /* as sha1sum has it; only when library.want_sha1 */
	enum file_role role;
	enum signed_parse header;
	char header_name[SIGNED_NAME_MAX]; /* the canonical name, or "" */
	struct signature_result signature;
	struct image image;  /* FILE_IMAGE */
	unsigned folder;     /* index of the folder it came with */
	struct loads *loads; /* FILE_LOADS: owned; else NULL */
	bool unusable;	     /* FILE_CONFIG: phones do not accept it (see its findings) */
	bool damaged; /* truncated, corrupt, bad signature or wrongly named: not to be offered */
	uint8_t identity[SHA1_BYTES]; /* for firmware_file_is() */
};

/* What is wrong or worth saying. `text` is a whole sentence with the remedy. */
enum finding_severity {
	FINDING_NOTE,	 /* does no harm; good to know */
	FINDING_WARNING, /* a phone may refuse it */
	FINDING_FATAL,	 /* the bundle is not offered to a phone */
};

struct finding {
	const char *code; /* "member-missing", "truncated", "renamed", … (a fixed word) */
	enum finding_severity severity;
	int bundle; /* index, or -1: concerns the folder */
	unsigned folder;
	char file[LIBRARY_NAME_MAX];
	char text[480];
};

struct bundle {
	char load[72]; /* "SCCP70.8-3-3S", "P0S3-8-12-00", "CP7912080003SCCP070409A", "cp7912r" */
	model_set models;
	enum model_family family;
	unsigned folder;
	char source[LIBRARY_SOURCE_MAX]; /* folder or archive, as the user named it */
	/* Indices into library.file, lists first, then members in the order of the list. */
	unsigned *files;
	unsigned file_count;
	char (*missing)[LOADS_NAME_MAX]; /* members that are not there */
	unsigned missing_count;
	bool complete; /* every member is there and whole */
	bool fit;      /* may be offered: complete, nothing fatal */
	bool has_hardware_comp;
	uint32_t hardware_comp;
	/* The worst of its files: bad > unsigned > unknown > verified. A .zup, which has no place
	 * for a signature, counts only where nothing else is there. */
	enum signature signature;
	enum generation generation;
	/* The model's own list is missing: load is "term70.default", which no XMLDefault may name.
	 */
	bool term_only;
};

/* A configuration file of the user's own, kept until library_finish() has checked it. */
struct library_config {
	unsigned file; /* index into library.file */
	uint8_t *data;
	size_t len;
};

/* What a loadNNN.txt says; only of files whose name and contents agree. */
struct library_evidence {
	unsigned file; /* index into library.file */
	struct load_text text;
};

struct library {
	const struct models *models;
	const struct keys *keys;
	struct firmware_file *file;
	unsigned file_count, file_size;
	struct bundle *bundle;
	unsigned bundle_count, bundle_size;
	struct finding *finding;
	unsigned finding_count, finding_size;
	char (*folder)[LIBRARY_SOURCE_MAX];
	unsigned folder_count, folder_size;
	struct library_config *config;
	unsigned config_count, config_size;
	unsigned folder_first; /* the first file of the folder at hand */
	bool folder_open, folder_full;
	bool want_sha1; /* to show it: costs a second hash of every byte. Set before the first file
			 */
	/* Who looks into a file instead of exam_make(), set before the first one: 0 with an exam
	 * that is sound, -ENOMEM, -EPIPE when nobody is there to do it, or another negative errno
	 * when the file brings him down. */
	int (*examine)(void *ctx, const uint8_t *data, size_t len, struct exam *e);
	void *examine_ctx;
	struct library_evidence *evidence;
	unsigned evidence_count, evidence_size;
};

void library_init(struct library *l, const struct models *models, const struct keys *keys);
void library_free(struct library *l);

/* The functions that grow the library return 0 or -ENOMEM. */
int library_folder_begin(struct library *l, const char *source);
int library_add(struct library *l, const char *name, uint64_t ref, const uint8_t *data, size_t len);
/* Are these the very bytes that were checked? */
bool firmware_file_is(const struct library *l, const struct firmware_file *f, const uint8_t *data,
		      size_t len);
/* Do the two bundles hold the same files (name and content) in the same order? */
bool bundle_same_files(const struct library *a, const struct bundle *x, const struct library *b,
		       const struct bundle *y);
/* A file that could not be taken in (too large, unreadable): a finding instead. */
int library_skip(struct library *l, const char *name, const char *why);
int library_folder_end(struct library *l);
/* Instead of library_folder_end(): forgets all files of the folder, of which only the source and
 * this one finding remain. For an archive that turns out bad after some of its files. */
int library_folder_drop(struct library *l, const char *code, const char *why);
/* The same for something in a folder that could not be looked into, with a code of its own. */
int library_remark(struct library *l, const char *name, const char *code, const char *text);
/* After the last folder: checks the user's own configuration files against the whole library.
 * Their remarks become findings. */
int library_finish(struct library *l);

/* A file by name: exact first, then without regard to case; folder < 0: anywhere, fit
 * bundles first. By disk name or by header name. NULL when there is none. */
const struct firmware_file *library_find(const struct library *l, int folder, const char *name);
/* The bundle with that load name ("SCCP70.8-3-3S", with or without ".loads"), fit ones first. */
const struct bundle *library_bundle(const struct library *l, const char *load);
/* The bundle that holds this file among its files; NULL for files of no bundle. */
const struct bundle *library_bundle_of(const struct library *l, const struct firmware_file *f);
/* The bundle to end at for a model: the one named by target ("newest", a load name, or a load
 * name that is of another model: NULL), the newest among the fit ones, verified before
 * unverified. Ties between SCCP and SIP of one version go to SCCP… documented in the manual. */
const struct bundle *library_target(const struct library *l, const struct model *model,
				    const char *target);
/* As library_target(), among the bundles that hold a file of that name (NULL: any); unfit ones
 * only with unfit_too, and only where no fit one will do. */
const struct bundle *library_choose(const struct library *l, const struct model *model,
				    const char *target, const char *holds, bool unfit_too);
/* The bundle's own file of that name: exact, then without regard to case; or NULL. */
const struct firmware_file *bundle_file(const struct library *l, const struct bundle *b,
					const char *name);
/* The first fatal finding of a bundle, or NULL. */
const struct finding *bundle_fatal(const struct library *l, const struct bundle *b);
/* The first thing that is wrong with an unfit bundle, without consequence, remedy and full stop:
 * "cnu70.8-3-3-27.sbn is missing". */
void bundle_why_unfit(const struct library *l, const struct bundle *b, char *out, size_t size);
/* "SIP70.9-4-2SR3-1S" of "SIP70.9-4-2SR3-1S.loads": without .loads/.sbin/.zup. */
void load_name_of_file(const char *file, char *out, size_t size);

#endif
