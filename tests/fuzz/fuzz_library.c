/* SPDX-License-Identifier: MIT */
/*
 * The input is one folder: records of a name (a number into the table below, or from 200 on that
 * many bytes less 200 of a name), a length of two bytes, and the file's bytes. Then phones ask for
 * everything. At a record 199 the library is read anew: what follows is the folder as it is now,
 * and the phones go on asking.
 */
#include "reflashd/bytes.h"
#include "reflashd/catalogue.h"
#include "reflashd/phone_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const names[] = {
	"SCCP70.8-3-3S.loads",
	"term70.default.loads",
	"term71.default.loads",
	"jar70sccp.8-3-2-27.sbn",
	"Jar70sccp.8-3-2-27.sbn",
	"cnu70.8-3-2-27.sbn",
	"apps70.8-3-2-27.sbn",
	"dsp70.8-3-2-27.sbn",
	"cvm70sccp.8-3-2-27.sbn",
	"P0S3-8-12-00.loads",
	"P003-8-12-00.sbn",
	"P0S3-8-12-00.sb2",
	"CP7912080003SCCP070409A.sbin",
	"CP7912080003SCCP070409A.zup",
	"cp7912080003sccp070409a.ZUP",
	"cp7912r.zup",
	"CP7912R.zup",
	"cp7912r.sbin",
	"XMLDefault.cnf.xml",
	"SEP001122334455.cnf.xml",
	"OS79XX.TXT",
	"US/g3-tones.xml",
	"SIP70.8-5-2S.loads",
	"odd.loads",
	"load30006.txt",
	"load8.txt",
};

#define READ_ANEW 199

static struct models models;
static struct keys keys;

static void add_files(struct library *l, struct reader *r)
{
	while (reader_left(r) > 3) {
		uint8_t which = read_u8(r);
		uint16_t size;
		char name[64] = "";
		struct span body;

		if (which == READ_ANEW)
			return;
		size = read_le16(r);
		if (which > READ_ANEW) {
			size_t n = which - READ_ANEW - 1u;

			body = read_span(r, n < reader_left(r) ? n : reader_left(r));
			memcpy(name, body.data, body.len);
		} else {
			strcpy(name, names[which % ARRAY_LEN(names)]);
		}
		body = read_span(r, size < reader_left(r) ? size : reader_left(r));
		must(library_add(l, name, l->file_count, body.data, body.len) == 0);
	}
}

static void read_library(struct library *l, struct reader *r)
{
	library_init(l, &models, &keys);
	must(library_folder_begin(l, "fuzz") == 0);
	add_files(l, r);
	must(library_folder_end(l) == 0);
	must(library_finish(l) == 0);
}

static void check_library(const struct library *l)
{
	for (unsigned i = 0; i < l->bundle_count; i++) {
		const struct bundle *b = &l->bundle[i];

		must(b->file_count > 0);
		must(b->fit == (bundle_fatal(l, b) == NULL));
		must(!b->fit || b->complete);
		for (unsigned k = 0; k < b->file_count; k++) {
			must(b->files[k] < l->file_count);
			must(!b->fit || !l->file[b->files[k]].damaged);
		}
	}
	for (unsigned i = 0; i < l->finding_count; i++) {
		must(l->finding[i].bundle < (int)l->bundle_count);
		for (const char *p = l->finding[i].text; *p; p++)
			must(*p >= 0x20 && *p <= 0x7e);
	}
}

static void ask(struct catalogue *c, const char *name)
{
	struct answer a;

	catalogue_find(c, 1, "", name, NULL, &a);
	must((a.kind == ANSWER_FILE) == (a.file != NULL));
	if (a.kind == ANSWER_FILE && !c->config.offer_unfit)
		must(a.bundle ? a.bundle->fit : !a.file->damaged);
	if (a.kind == ANSWER_FILE && a.bundle)
		must(a.bundle->folder == a.file->folder);
}

static void ask_for_everything(struct catalogue *c)
{
	const struct library *l = c->library;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ask(c, names[i]);
	for (unsigned i = 0; i < l->file_count; i++)
		ask(c, l->file[i].name);
	for (unsigned i = 0; i < l->file_count; i++)
		if (l->file[i].header_name[0])
			ask(c, l->file[i].header_name);
	for (unsigned i = 0; i < l->bundle_count; i++)
		for (unsigned m = 0; m < l->bundle[i].missing_count; m++)
			ask(c, l->bundle[i].missing[m]);
}

static struct catalogue *serve(const struct library *l, bool offer_unfit)
{
	struct catalogue_config config = {.target = "newest", .offer_unfit = offer_unfit};
	struct catalogue *c = malloc(sizeof(*c));

	must(c);
	catalogue_init(c, &config, l);
	ask_for_everything(c);
	return c;
}

static void check_rendered(const struct library *l)
{
	char *text;
	size_t size;

	must(xmldefault_render(l, "newest", 0x0a4f4601, &text, &size) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_init(data, len);
	struct library l, anew;
	struct catalogue *c;
	bool again;

	if (models.count == 0)
		models_builtin(&models);
	read_library(&l, &r);
	check_library(&l);
	check_rendered(&l);
	free(serve(&l, true));
	c = serve(&l, false);
	again = reader_left(&r) > 3;
	if (again) {
		struct catalogue_config config = c->config;

		read_library(&anew, &r);
		check_library(&anew);
		catalogue_change(c, &config, &anew);
		library_free(&l); /* nothing of it is left in use */
		ask_for_everything(c);
	}
	free(c);
	library_free(again ? &anew : &l);
	return 0;
}
