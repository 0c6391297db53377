/* SPDX-License-Identifier: MIT */
/*
 * `reflashd check` for people. A bundle is a block: what it is and whether it may be given to a
 * phone first, then its files, then what is wrong and what to do. Who compares several bundles
 * finds at the end which phone gets which.
 *
 * Whoever reads this has a dead phone on the desk: the verdict stands where the eye is,
 * problems are in capitals, every problem has its remedy.
 */
#include "check.h"

#include "reflashd/firmware_event.h"
#include "reflashd/text.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_INDENT   12
#define FINDING_INDENT 11
#define ROAD_INDENT    18

/* "7941, 7941G-GE and 7961" */
static void models_text(const struct models *models, model_set set, char *out, size_t size)
{
	char list[256];
	size_t at = 0;

	model_set_text(models, set, '\n', list, sizeof(list));
	text_copy(out, size, *list ? "" : "no phone model that is known here");
	for (char *p = list; *p;) {
		size_t len = strcspn(p, "\n");
		bool last = !p[len], first = at == 0;

		text_format(out + at, size - at, "%s%.*s",
			    first  ? ""
			    : last ? " and "
				   : ", ",
			    (int)len, p);
		at = strlen(out);
		p += len + !last;
	}
}

static void signed_text(const struct bundle *b, char *out, size_t size)
{
	const char *text = "";

	switch (b->signature) {
	case SIGNATURE_VERIFIED:
		text = b->family != MODEL_JAVA ? "genuine"
		       : b->generation == GENERATION_G1
			       ? "genuine, with the old key (G1): phones with old and with new "
				 "code take it"
		       : b->generation == GENERATION_G2
			       ? "genuine, with the new key (G2): a phone whose code is older than "
				 "8.3(3) refuses it (\"Auth Fail\")"
			       : "genuine";
		break;
	case SIGNATURE_UNKNOWN_SIGNER:
		text = "by somebody whose key is not known here; --keys FILE adds keys";
		break;
	case SIGNATURE_BAD: text = "NO: at least one file is not what was signed"; break;
	case SIGNATURE_UNSIGNED:
		text = b->family == MODEL_KUP ? "no: only a checksum tells that it is whole"
					      : "NO: most phones refuse such files";
		break;
	}
	text_copy(out, size, text);
}

/* "cvm70sip.8-4-1-23.sbn ends 1,204,112 bytes early", of the whole sentence. */
static void reason_of(const struct finding *f, char *out, size_t size)
{
	const char *colon = strstr(f->text, ": "), *stop = strstr(f->text, ". ");
	const char *end = colon && (!stop || colon < stop) ? colon : stop;

	text_format(out, size, "%.*s", end ? (int)(end - f->text) : (int)strlen(f->text), f->text);
}

/* Whole is one thing, genuine another; phones want both. */
static const char *fit_text(const struct bundle *b)
{
	if (b->signature == SIGNATURE_UNKNOWN_SIGNER)
		return "FIT to be given to a phone, as far as can be told: it is whole, but nobody "
		       "here can tell whether it is genuine";
	if (b->signature == SIGNATURE_UNSIGNED && b->family != MODEL_KUP)
		return "FIT to be given to a phone, but most phones will refuse it: it is whole "
		       "and not signed";
	return "FIT to be given to a phone";
}

static void print_verdict(const struct check *c, const struct terminal *t, const struct bundle *b)
{
	const struct finding *fatal = bundle_fatal(c->library, b);
	char reason[480], text[560];

	if (b->fit) {
		terminal_labelled(t, "verdict", STYLE_PLAIN, LABEL_INDENT,
				  b->signature == SIGNATURE_VERIFIED ? STYLE_GOOD : STYLE_WARNING,
				  fit_text(b));
		return;
	}
	text_copy(reason, sizeof(reason), "see below");
	if (b->missing_count > 1)
		text_format(reason, sizeof(reason), "%u of its files are missing",
			    b->missing_count);
	else if (fatal)
		reason_of(fatal, reason, sizeof(reason));
	text_format(text, sizeof(text), "NOT FIT, it would leave the phone dead: %s", reason);
	terminal_labelled(t, "verdict", STYLE_PLAIN, LABEL_INDENT, STYLE_BAD, text);
}

static void print_head(const struct check *c, const struct terminal *t, const struct bundle *b)
{
	char models[300], text[512];

	models_text(c->library->models, b->models, models, sizeof(models));
	terminal_styled(t, STYLE_STRONG, b->load);
	putc('\n', t->out);
	text_escape(text, sizeof(text), (const uint8_t *)b->source, strlen(b->source));
	terminal_labelled(t, "in", STYLE_PLAIN, LABEL_INDENT, STYLE_PLAIN, text);
	terminal_labelled(t, "for", STYLE_PLAIN, LABEL_INDENT, STYLE_PLAIN, models);
	print_verdict(c, t, b);
	signed_text(b, text, sizeof(text));
	terminal_labelled(t, "signed", STYLE_PLAIN, LABEL_INDENT,
			  b->signature == SIGNATURE_BAD ? STYLE_BAD : STYLE_PLAIN, text);
	check_plan_line(c, b, text, sizeof(text));
	if (*text)
		terminal_labelled(t, "step", STYLE_PLAIN, LABEL_INDENT, STYLE_PLAIN, text);
}

/* Widths of the columns "name" and "bytes". */
struct columns {
	unsigned name, bytes;
};

static void widen(struct columns *w, const char *name, uint64_t size)
{
	char number[28];

	text_number(number, size);
	if (strlen(name) > w->name)
		w->name = (unsigned)strlen(name);
	if (strlen(number) > w->bytes)
		w->bytes = (unsigned)strlen(number);
}

static void print_row(const struct terminal *t, const struct columns *w, const char *name,
		      const char *bytes, enum terminal_style style, const char *phrase)
{
	unsigned at = 2 + w->name + 2 + w->bytes + 2;

	fprintf(t->out, "  %-*s  %*s  ", (int)w->name, name, (int)w->bytes, bytes);
	terminal_wrap(t, at, at, style, phrase);
}

static void print_file(const struct check *c, const struct terminal *t, const struct columns *w,
		       const struct firmware_file *f)
{
	char number[28], phrase[200], digest[2 * SHA1_BYTES + 1];
	bool odd = f->signature.state == SIGNATURE_UNKNOWN_SIGNER ||
		   (f->signature.state == SIGNATURE_UNSIGNED && !text_ends_nocase(f->name, ".zup"));

	text_number(number, f->size);
	check_phrase(f, phrase, sizeof(phrase));
	print_row(t, w, f->name, number,
		  !check_file_good(f) ? STYLE_BAD
		  : odd		      ? STYLE_WARNING
				      : STYLE_PLAIN,
		  phrase);
	if (!c->verbose)
		return;
	for (unsigned i = 0; i < SHA1_BYTES; i++)
		text_format(digest + 2 * i, 3, "%02x", f->sha1[i]);
	fputs("    ", t->out);
	terminal_styled(t, STYLE_DIM, "SHA-1 ");
	terminal_styled(t, STYLE_DIM, digest);
	putc('\n', t->out);
}

static void print_files(const struct check *c, const struct terminal *t, const struct bundle *b)
{
	const struct library *l = c->library;
	struct columns w = {0, 0};

	for (unsigned i = 0; i < b->file_count; i++)
		widen(&w, l->file[b->files[i]].name, l->file[b->files[i]].size);
	for (unsigned i = 0; i < b->missing_count; i++)
		widen(&w, b->missing[i], 0);
	putc('\n', t->out);
	for (unsigned i = 0; i < b->file_count; i++)
		print_file(c, t, &w, &l->file[b->files[i]]);
	for (unsigned i = 0; i < b->missing_count; i++)
		print_row(t, &w, b->missing[i], "-", STYLE_BAD, "MISSING");
}

static void print_finding(const struct terminal *t, const struct finding *f)
{
	enum terminal_style style = f->severity == FINDING_FATAL     ? STYLE_BAD
				    : f->severity == FINDING_WARNING ? STYLE_WARNING
								     : STYLE_DIM;
	const char *label = f->severity == FINDING_FATAL     ? "FATAL"
			    : f->severity == FINDING_WARNING ? "warning"
							     : "note";

	terminal_labelled(t, label, style, FINDING_INDENT, STYLE_PLAIN, f->text);
}

/* The worst first. Returns how many there were. */
static unsigned print_findings(const struct library *l, const struct terminal *t, int bundle,
			       unsigned folder, bool lead)
{
	static const enum finding_severity order[] = {FINDING_FATAL, FINDING_WARNING, FINDING_NOTE};
	unsigned count = 0;

	for (size_t s = 0; s < ARRAY_LEN(order); s++) {
		for (unsigned i = 0; i < l->finding_count; i++) {
			const struct finding *f = &l->finding[i];

			if (f->severity != order[s] || f->bundle != bundle ||
			    (bundle < 0 && f->folder != folder))
				continue;
			if (count++ == 0 && lead)
				putc('\n', t->out);
			print_finding(t, f);
		}
	}
	return count;
}

/* What concerns a folder as a whole, or a file of no bundle. */
static void print_folders(const struct library *l, const struct terminal *t)
{
	for (unsigned folder = 0; folder < l->folder_count; folder++) {
		char source[512];
		bool any = false;

		for (unsigned i = 0; i < l->finding_count; i++)
			any = any || (l->finding[i].bundle < 0 && l->finding[i].folder == folder);
		if (!any)
			continue;
		text_escape(source, sizeof(source), (const uint8_t *)l->folder[folder],
			    strlen(l->folder[folder]));
		terminal_styled(t, STYLE_STRONG, "Also in ");
		terminal_styled(t, STYLE_STRONG, source);
		putc('\n', t->out);
		print_findings(l, t, -1, folder, false);
		putc('\n', t->out);
	}
}

/* Those of the models whose road reads the same. */
static model_set same_road(const struct check *c, model_set of, const char *road)
{
	const struct models *models = c->library->models;
	model_set same = 0;
	char other[1400];

	for (unsigned i = 0; i < models->count; i++) {
		model_set bit = model_bit(models, &models->model[i]);

		if (!(of & bit))
			continue;
		check_road(c, &models->model[i], other, sizeof(other));
		if (strcmp(road, other) == 0)
			same |= bit;
	}
	return same;
}

static void print_road(const struct check *c, const struct terminal *t, model_set same, bool ends,
		       const char *road)
{
	char names[300];

	models_text(c->library->models, same, names, sizeof(names));
	if (strlen(names) + 4 > ROAD_INDENT) {
		fputs("  ", t->out);
		terminal_wrap(t, 2, 2, STYLE_PLAIN, names);
		text_copy(names, sizeof(names), "");
	}
	terminal_labelled(t, names, STYLE_PLAIN, ROAD_INDENT, ends ? STYLE_PLAIN : STYLE_BAD, road);
}

/* Models with the same road share a line. */
static void print_roads(const struct check *c, const struct terminal *t)
{
	const struct models *models = c->library->models;
	model_set left = 0;
	bool any = false;

	for (unsigned i = 0; i < c->library->bundle_count; i++)
		left |= c->library->bundle[i].models;
	for (unsigned i = 0; i < models->count; i++) {
		char road[1400];
		model_set same;
		bool ends;

		if (!(left & model_bit(models, &models->model[i])))
			continue;
		ends = check_road(c, &models->model[i], road, sizeof(road));
		same = same_road(c, left, road);
		left &= ~same;
		if (c->library->bundle_count == 1 &&
		    (!c->library->bundle[0].fit || strcmp(road, c->library->bundle[0].load) == 0))
			continue; /* its block has said all */
		if (!any)
			terminal_styled(t, STYLE_STRONG, "Which phone gets what\n");
		any = true;
		print_road(c, t, same, ends, road);
	}
	if (any)
		putc('\n', t->out);
}

static void print_summary(const struct library *l, const struct terminal *t)
{
	unsigned fit = 0;

	for (unsigned i = 0; i < l->bundle_count; i++)
		fit += l->bundle[i].fit ? 1 : 0;
	if (l->bundle_count == 0)
		terminal_wrap(t, 0, 0, STYLE_BAD,
			      "No firmware for a phone is among these files. Give the folder or "
			      "the archive that holds the .loads and .sbn files (7902, 7905, 7912: "
			      ".zup and .sbin).");
	else if (l->bundle_count == 1)
		return; /* the verdict has said it */
	else
		fprintf(t->out, "%u of %u bundles %s fit to be given to a phone.\n", fit,
			l->bundle_count, fit == 1 ? "is" : "are");
}

void check_table(const struct check *c, const struct terminal *t)
{
	const struct library *l = c->library;

	for (unsigned i = 0; i < l->bundle_count; i++) {
		print_head(c, t, &l->bundle[i]);
		print_files(c, t, &l->bundle[i]);
		print_findings(l, t, (int)i, 0, true);
		putc('\n', t->out);
	}
	print_folders(l, t);
	print_roads(c, t);
	print_summary(l, t);
}
