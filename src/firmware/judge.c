/* SPDX-License-Identifier: MIT */
/*
 * Judging one file: is it whole, genuine and under its own name?
 *
 * The order of the checks is the order of usefulness: a file that was cut short also fails its
 * signature, and "ends 1,204,112 bytes early" helps more than "altered" (firmware-formats.md 7.2).
 */
#include "library_inner.h"

#include "reflashd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is being judged: a file, for a bundle or (-1) for the folder. */
struct trial {
	struct library *l;
	struct firmware_file *f;
	int bundle;
	int err;
	bool broken; /* not whole, as opposed to whole and refused */
	bool guilty; /* something fatal was found */
};

__attribute__((format(printf, 4, 5))) static void
accuse(struct trial *t, enum finding_severity severity, const char *code, const char *format, ...)
{
	char text[sizeof(((struct finding *)NULL)->text)];
	va_list args;

	t->guilty = t->guilty || severity == FINDING_FATAL;
	if (severity == FINDING_FATAL && t->bundle < 0)
		severity = FINDING_WARNING;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!t->err)
		t->err = finding_add(t->l, t->f->folder, t->bundle, severity, code, t->f->name,
				     "%s", text);
}

/* Damaged for whoever asks, unlike an image that is only in the wrong bundle. What is empty or ends
 * inside its header is a truncated image, too. */
static bool is_damaged(const struct firmware_file *f)
{
	return f->header == SIGNED_MALFORMED || f->image.state == IMAGE_TRUNCATED ||
	       f->image.state == IMAGE_CORRUPT || f->image.state == IMAGE_MALFORMED ||
	       f->signature.state == SIGNATURE_BAD || file_renamed(f) ||
	       (f->loads && f->loads->member_count == 0);
}

static bool judge_header(struct trial *t)
{
	const struct firmware_file *f = t->f;

	t->f->damaged = is_damaged(f);
	t->broken = f->size == 0 || f->header == SIGNED_TRUNCATED || f->header == SIGNED_MALFORMED;
	if (f->size == 0) {
		accuse(t, FINDING_FATAL, "empty",
		       "%s is empty: it has no bytes at all. Get the bundle again.", f->name);
		return false;
	}
	if (f->header == SIGNED_TRUNCATED) {
		accuse(t, FINDING_FATAL, "truncated",
		       "%s ends inside its header: the download was cut short. Get the bundle "
		       "again.",
		       f->name);
		return false;
	}
	if (f->header == SIGNED_MALFORMED) {
		accuse(t, FINDING_FATAL, "header",
		       "%s has a damaged header, and phones refuse it. Get the bundle again.",
		       f->name);
		return false;
	}
	return true;
}

/* asked: the name that phones will ask for, which the signed name must be. */
static void judge_name(struct trial *t, const char *asked)
{
	const struct firmware_file *f = t->f;

	if (file_renamed(f))
		accuse(t, FINDING_FATAL, "renamed",
		       "%s carries the name %s inside: it was renamed or copied, and phones refuse "
		       "it. Get the original file.",
		       f->name, f->header_name);
	else if (f->header_name[0] && strcmp(f->header_name, asked) != 0)
		accuse(t, FINDING_WARNING, "name-case",
		       "%s carries the name %s inside, and phones will ask for %s. Most do not "
		       "mind the capital letters; if one refuses it, get the original file.",
		       f->name, f->header_name, asked);
}

static void judge_state(struct trial *t)
{
	const struct firmware_file *f = t->f;
	char n[28];

	text_number(n, f->image.difference);
	t->broken = f->image.state == IMAGE_TRUNCATED || f->image.state == IMAGE_CORRUPT ||
		    f->image.state == IMAGE_MALFORMED;
	switch (f->image.state) {
	case IMAGE_TRUNCATED:
		accuse(t, FINDING_FATAL, "truncated",
		       "%s ends %s byte%s early: the download was cut short. Get the bundle "
		       "again.",
		       f->name, n, f->image.difference == 1 ? "" : "s");
		break;
	case IMAGE_EXTRA:
		accuse(t, FINDING_WARNING, "extra",
		       "%s has %s byte%s too many at its end. A phone may refuse it; if it does, "
		       "get the bundle again.",
		       f->name, n, f->image.difference == 1 ? "" : "s");
		break;
	case IMAGE_CORRUPT:
		accuse(t, FINDING_FATAL, "corrupt",
		       "%s is damaged: its checksum does not fit its contents. Get the bundle "
		       "again.",
		       f->name);
		break;
	case IMAGE_MALFORMED:
		accuse(t, FINDING_FATAL, "malformed",
		       "%s is damaged: its tables contradict each other. Get the bundle again.",
		       f->name);
		break;
	case IMAGE_COMPLETE:
	case IMAGE_NOT_CHECKABLE: break;
	}
}

/* A web page saved as firmware is neither signed nor any image. */
static void judge_kind(struct trial *t, enum image_format wanted)
{
	const struct firmware_file *f = t->f;

	if (f->image.format == wanted || f->image.format != IMAGE_UNKNOWN)
		return;
	t->broken = f->header != SIGNED_OK;
	if (!t->broken)
		accuse(t, FINDING_NOTE, "unknown-format",
		       "%s is of a format that is not known here (a %s was expected), so nobody "
		       "can tell whether it is whole.",
		       f->name, image_format_name(wanted));
	else
		accuse(t, FINDING_FATAL, "not-firmware",
		       "%s is no firmware: it is neither signed nor a %s. Get the bundle again.",
		       f->name, image_format_name(wanted));
}

/* True when nothing fatal was found. */
static bool judge_signature(struct trial *t)
{
	if (!t->guilty && t->f->signature.state == SIGNATURE_BAD)
		accuse(t, FINDING_FATAL, "altered",
		       "%s is not what its maker signed: it was altered, or damaged on the way. "
		       "Get the original file.",
		       t->f->name);
	return !t->guilty;
}

static void judge_list(struct trial *t)
{
	const struct firmware_file *f = t->f;
	const struct model *term = term_list_model(t->l, f);
	const struct loads *list = f->loads;
	bool known = t->l->bundle[t->bundle].family == MODEL_LEGACY ? list->dialect == LOADS_LEGACY
								    : list->dialect == LOADS_JAVA;

	if (!judge_header(t))
		return;
	judge_name(t, term ? term->term : f->header_name);
	if (!term && !file_renamed(f) && f->header_name[0] && strcmp(f->header_name, f->name) != 0)
		accuse(t, FINDING_NOTE, "case",
		       "Phones will ask for %s, the file is called %s: it is handed out under both "
		       "spellings.",
		       f->header_name, f->name);
	t->broken = list->member_count == 0;
	if (t->broken)
		accuse(t, FINDING_FATAL, "no-list",
		       "%s is no packing list: it holds %s. Get the bundle again.", f->name,
		       list->foreign ? list->foreign : "no file names");
	else if (list->overflow)
		accuse(t, FINDING_FATAL, "list-too-long",
		       "%s lists more files than any phone takes. Get the bundle again.", f->name);
	else if (!known || list->scanned)
		accuse(t, FINDING_WARNING, "odd-list",
		       "%s is not written as such a list should be; what looks like file names in "
		       "it is used. If a phone refuses it, get the bundle again.",
		       f->name);
	else if (list->unterminated)
		accuse(t, FINDING_WARNING, "unterminated",
		       "%s ends in the middle of a line: it may have been cut short. If a phone "
		       "refuses it, get the bundle again.",
		       f->name);
	else if (list->odd_line[0])
		accuse(t, FINDING_WARNING, "odd-line",
		       "%s holds a line that is no file name: \"%s\". If a phone refuses it, get "
		       "the bundle again.",
		       f->name, list->odd_line);
	judge_signature(t);
}

static void judge_legacy_member(struct trial *t, const struct loads *list)
{
	const struct firmware_file *f = t->f;
	size_t name_len = strlen(f->image.name);
	const char *dot = strrchr(f->name, '.');

	if (name_len && (!dot || (size_t)(dot - f->name) != name_len ||
			 !text_starts_nocase(f->name, f->image.name)))
		accuse(t, FINDING_WARNING, "image-name",
		       "%s is the image %s by what is in it. If the phone refuses it, get the "
		       "original file.",
		       f->name, f->image.name);
	if (f->image.format == IMAGE_P003 && list->la_version[0] &&
	    strcmp(f->image.tag, list->la_version) != 0)
		accuse(t, FINDING_WARNING, "loader-version",
		       "%s is loader %s, but the packing list goes with loader %s: the files come "
		       "from two releases. Get the bundle again.",
		       f->name, f->image.tag, list->la_version);
}

static void judge_member(struct trial *t, const struct loads *list, const char *listed)
{
	const struct firmware_file *f = t->f;
	bool legacy = t->l->bundle[t->bundle].family == MODEL_LEGACY;
	bool sb2 = text_ends_nocase(f->name, ".sb2");

	if (strcmp(f->name, listed) != 0)
		accuse(t, FINDING_NOTE, "case",
		       "Phones will ask for %s, the file is called %s: it is handed out under both "
		       "spellings.",
		       listed, f->name);
	if (!judge_header(t))
		return;
	judge_name(t, listed);
	judge_state(t);
	judge_kind(t, !legacy ? IMAGE_CNU : sb2 ? IMAGE_SB2 : IMAGE_P003);
	if (judge_signature(t) && legacy)
		judge_legacy_member(t, list);
}

static void judge_kup_image(struct trial *t)
{
	const struct firmware_file *f = t->f;
	const struct model *recovery = models_by_recovery(t->l->models, f->name);
	bool by_name;
	const struct model *m = kup_image_model(t->l, f, &by_name);

	if (recovery)
		m = recovery;
	if (!judge_header(t))
		return;
	/* Nobody asks by the spelling on disk: XMLDefault names what the header says. */
	judge_name(t, f->header_name);
	judge_state(t);
	/* No recovery image was ever seen: "presumably the same container". */
	if (!recovery)
		judge_kind(t, IMAGE_KUP);
	else if (f->image.format != IMAGE_KUP)
		accuse(t, FINDING_NOTE, "unknown-format",
		       "%s is of a format that is not known here, so nobody can tell whether it is "
		       "whole.",
		       f->name);
	if (f->image.format == IMAGE_KUP && f->image.kup_model != m->kup_model)
		accuse(t, FINDING_FATAL, "wrong-model",
		       "%s is named as firmware of the %s, but what is in it is for another model. "
		       "Get the original file.",
		       f->name, m->id);
	else if (!recovery && !by_name)
		accuse(t, FINDING_WARNING, "image-name",
		       "%s is firmware of the %s, but is not named so. If the phone refuses it, "
		       "get the original file.",
		       f->name, m->id);
	judge_signature(t);
}

int stray_judge(struct library *l, unsigned file)
{
	struct trial t = {l, &l->file[file], -1, 0, false, false};

	if (!judge_header(&t))
		return t.err;
	judge_name(&t, t.f->name);
	judge_state(&t);
	judge_signature(&t);
	return t.err;
}

/* The name by which the list asks for this file. */
static const char *listed_name(const struct loads *list, const char *name)
{
	for (unsigned i = 0; list && i < list->member_count; i++)
		if (text_equal_nocase(list->member[i].name, name))
			return list->member[i].name;
	return name;
}

int file_judge(struct library *l, unsigned bundle, unsigned place, unsigned lists, bool *whole)
{
	const struct bundle *b = &l->bundle[bundle];
	struct trial t = {l, &l->file[b->files[place]], (int)bundle, 0, false, false};
	const struct loads *list = lists ? l->file[b->files[0]].loads : NULL;

	if (place < lists)
		judge_list(&t);
	else if (list)
		judge_member(&t, list, listed_name(list, t.f->name));
	else
		judge_kup_image(&t);
	*whole = !t.broken;
	return t.err;
}
