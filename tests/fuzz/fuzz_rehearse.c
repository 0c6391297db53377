/* SPDX-License-Identifier: MIT */
/*
 * Whole recoveries with firmware that somebody damaged. The input: [bundle][scene][loss, 0.4 %
 * each] and changes [file][what][place, 2 bytes][byte], where what is: a byte is another one, the
 * file ends there, it is not there, it has the name of the next; or, from 128 on, that many bytes
 * less 128 of the input are a file of their own, under a name of the table.
 *
 * The library takes it, the machines serve it, the simulated phone judges it, all in virtual time.
 * What must hold: it ends; nobody is called recovered who is not; what is said can be printed, and
 * who is not back says why.
 */
#include "reflashd/rehearse.h"
#include "steps.h"
#include "stock.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct {
	enum synth_kind kind;
	const char *load, *model, *second; /* second: another bundle beside it */
} bundles[] = {
	{SYNTH_JAVA70, "SCCP70.8-3-3S", "7970", NULL},
	{SYNTH_JAVA70, "SCCP70.9-4-2S", "7970", "SCCP70.8-5-2S"},
	{SYNTH_JAVA41, "SIP41.8-5-2S", "7941", NULL},
	{SYNTH_LEGACY, "P0S3-8-12-00", "7960", NULL},
	{SYNTH_LEGACY, "P0S3-8-12-00", "7940", "P0S3-07-4-00"},
	{SYNTH_KUP7912, "CP7912080003SCCP070409A", "7912", NULL},
};

static const char *const names[] = {
	"XMLDefault.cnf.xml",
	"SEP001B54000000.cnf.xml",
	"OS79XX.TXT",
	"SIPDefault.cnf",
	"CTLSEP001B54000000.tlv",
	"extra.loads",
	"term70.default.loads",
	"term41.default.loads",
	"SIP001B54000000.cnf",
	"gk001b54000000",
	"dialplan.xml",
	"cp7912r.zup",
};

struct folder {
	struct synth_files files;
	struct library library;
};

static struct stock *stock; /* the keys */

/* Made once: the same bytes each time. */
static const struct synth_files *made(unsigned which, bool second)
{
	static struct synth_files files[ARRAY_LEN(bundles)][2];
	const char *load = second ? bundles[which].second : bundles[which].load;
	const struct synth_options options = {
		.seed = 1, .size = 1600, .key = strstr(load, ".9-") ? stock->g2 : stock->g1};
	struct synth_files *f = &files[which][second];

	if (!f->count)
		must(synth_bundle(bundles[which].kind, load, &options, synth_collect, f) == 0);
	return f;
}

static void add_file(struct synth_files *to, const char *name, const uint8_t *data, size_t len)
{
	if (to->count < SYNTH_FILES_MAX)
		must(synth_collect(to, name, data, len) == 0);
}

static void remove_file(struct synth_files *f, unsigned i)
{
	free(f->file[i].data);
	f->count--;
	memmove(&f->file[i], &f->file[i + 1], (f->count - i) * sizeof(f->file[0]));
}

static void damage(struct synth_files *f, struct reader *r)
{
	while (reader_left(r) >= 5) {
		unsigned i = read_u8(r), what = read_u8(r), at = read_be16(r);
		uint8_t value = read_u8(r);
		struct span bytes;

		if (what >= 128) {
			size_t n = what - 128u;

			bytes = read_span(r, n < reader_left(r) ? n : reader_left(r));
			add_file(f, names[i % ARRAY_LEN(names)], bytes.data, bytes.len);
			continue;
		}
		if (f->count == 0)
			continue;
		i %= f->count;
		switch (what % 4) {
		case 0:
			if (f->file[i].len)
				f->file[i].data[at % f->file[i].len] = value;
			break;
		case 1: f->file[i].len = f->file[i].len ? at % f->file[i].len : 0; break;
		case 2: remove_file(f, i); break;
		case 3:
			memcpy(f->file[i].name, f->file[(i + 1) % f->count].name,
			       sizeof(f->file[i].name));
			break;
		default: break;
		}
	}
}

static void add_folder(struct folder *to, const char *source, uint64_t ref,
		       const struct synth_files *f)
{
	must(library_folder_begin(&to->library, source) == 0);
	for (unsigned i = 0; i < f->count; i++)
		must(library_add(&to->library, f->file[i].name, ref + i, f->file[i].data,
				 f->file[i].len) == 0);
	must(library_folder_end(&to->library) == 0);
}

static struct span read_file(void *ctx, const struct firmware_file *file)
{
	const struct folder *f = ctx;
	unsigned which = (unsigned)(file->ref >> 16), i = (unsigned)(file->ref & 0xffff);
	const struct synth_file *found =
		which ? &made(which - 1, true)->file[i] : &f->files.file[i];

	return (struct span){found->data, found->len};
}

static void tell(void *ctx, usec_t at, struct mac mac, bool detail, const char *line)
{
	unsigned *lines = ctx;

	(void)mac;
	(void)detail;
	must(at <= USEC_SEC(5 * 3600));
	must(line[0] && ++*lines < 100000);
	check_text(line);
}

static void rehearse(struct folder *f, unsigned which, uint8_t scene, uint8_t loss)
{
	struct rehearse_config c = {.library = &f->library,
				    .offers = {.target = "newest", .offer_unfit = scene & 0x80},
				    .content = {f, read_file},
				    .seed = scene,
				    .loss_per_mille = loss * 4u / 10,
				    .phones = 1 + (scene >> 6 & 1),
				    .silent = scene & 0x20};
	enum rehearse_scene play = (enum rehearse_scene)(scene % REHEARSE_SCENES);
	const struct model *m = models_by_id(&stock->models, bundles[which].model);
	struct rehearse_result r;
	char text[1024];
	unsigned lines = 0;

	if (!rehearse_has(m, play))
		play = REHEARSE_ERASED;
	rehearse_begin(&c, m, play, &r);
	must(rehearse_run(&c, tell, &lines, &r) == 0);
	must(r.back <= r.phones && r.at_target <= r.phones && r.steps <= REHEARSE_STEPS_MAX);
	must(r.back < r.phones || r.load[0]);
	must(!rehearse_passed(&r) || r.back == r.phones);
	check_field(r.why, sizeof(r.why));
	rehearse_title(&r, text, sizeof(text));
	check_field(text, sizeof(text));
	rehearse_verdict(&r, text, sizeof(text));
	check_field(text, sizeof(text));
	must(text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_init(data, len);
	struct folder *f = calloc(1, sizeof(*f));
	unsigned which = read_u8(&r) % ARRAY_LEN(bundles);
	uint8_t scene = read_u8(&r), loss = read_u8(&r);
	const struct synth_files *clean;

	must(f);
	if (!stock)
		stock = stock_new();
	clean = made(which, false);
	for (unsigned i = 0; i < clean->count; i++)
		add_file(&f->files, clean->file[i].name, clean->file[i].data, clean->file[i].len);
	damage(&f->files, &r);
	library_init(&f->library, &stock->models, &stock->keys);
	add_folder(f, "damaged", 0, &f->files);
	if (bundles[which].second)
		add_folder(f, "second", (uint64_t)(which + 1) << 16, made(which, true));
	must(library_finish(&f->library) == 0);
	rehearse(f, which, scene, loss);
	library_free(&f->library);
	synth_files_free(&f->files);
	free(f);
	return 0;
}
