/* SPDX-License-Identifier: MIT */
/*
 * The generator and our checks against each other; and our checks against real files, where
 * the samples folder is at hand ($REFLASHD_SAMPLES, /work/shared/samples).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reflashd/image.h"
#include "reflashd/loads.h"
#include "reflashd/signature.h"
#include "reflashd/signed_file.h"
#include "reflashd/text.h"
#include "synth.h"

static struct test_key *g1, *g2;
static struct keys keys;

/* The key of a signer as keys.ini has it, made of the private one. */
static void trust(const struct test_key *key, const char *id, char *text, size_t size)
{
	uint8_t modulus[512];
	size_t len = test_key_modulus(key, modulus, sizeof(modulus)), n = strlen(text);

	n += (size_t)snprintf(text + n, size - n,
			      "[key %s]\nexponent = 3\nmodels = 7970\nmodulus = ", id);
	for (size_t i = 0; i < len; i++)
		n += (size_t)snprintf(text + n, size - n, "%02x", modulus[i]);
	snprintf(text + n, size - n, "\n");
}

static int set_up(void **state)
{
	static char text[4096];
	struct fault fault;

	(void)state;
	g1 = test_key_load("test-g1");
	g2 = test_key_load("test-g2");
	trust(g1, "g1", text, sizeof(text));
	return keys_read(&keys, "keys", text, strlen(text), &fault);
}

static int tear_down(void **state)
{
	(void)state;
	keys_free(&keys);
	test_key_free(g1);
	test_key_free(g2);
	return 0;
}

static struct span body_of(const struct synth_file *f, struct signed_header *h)
{
	assert_int_equal(signed_header_parse(h, f->data, f->len), SIGNED_OK);
	return (struct span){f->data + h->length, f->len - h->length};
}

static void make(struct synth_files *f, enum synth_kind kind, const char *load,
		 const struct synth_options *options)
{
	memset(f, 0, sizeof(*f));
	assert_int_equal(synth_bundle(kind, load, options, synth_collect, f), 0);
	assert_true(f->count > 1);
}

/* Every kind: names, signatures, lists, images; what the lists name is there and whole. */
static void test_all_kinds(void **state)
{
	struct synth_options options = {.size = 5000, .key = g1, .time = 1234567890};

	(void)state;
	for (unsigned k = 0; k < SYNTH_KINDS; k++) {
		struct synth_files files;
		enum synth_kind kind;

		assert_true(synth_kind_parse(synth_kind_name((enum synth_kind)k), &kind));
		assert_int_equal(kind, k);
		make(&files, kind, NULL, &options);
		for (unsigned i = 0; i < files.count; i++) {
			const struct synth_file *f = &files.file[i];
			struct signed_header h;
			struct signature_result r;
			struct span body = {f->data, f->len};
			struct image image;
			struct loads l;

			if (!text_ends_nocase(f->name, ".zup")) {
				body = body_of(f, &h);
				assert_string_equal(h.name, f->name);
				signature_verify(&r, &h, f->data, f->len, &keys);
				assert_int_equal(r.state, SIGNATURE_VERIFIED);
				assert_int_equal(r.time, 1234567890);
			}
			if (text_ends_nocase(f->name, ".loads")) {
				loads_parse(&l, body.data, body.len);
				assert_int_equal(l.dialect,
						 k == SYNTH_LEGACY ? LOADS_LEGACY : LOADS_JAVA);
				assert_string_equal(l.odd_line, "");
				assert_false(l.unterminated || l.scanned || l.has_hardware_comp);
				assert_true(k == SYNTH_LEGACY || loads_java_complete(&l));
				for (unsigned m = 0; m < l.member_count; m++)
					assert_string_equal(
						synth_files_find(&files, l.member[m].name)->name,
						l.member[m].name);
				continue;
			}
			image_inspect(&image, body.data, body.len);
			assert_int_equal(image.state, text_ends_nocase(f->name, ".sb2")
							      ? IMAGE_NOT_CHECKABLE
							      : IMAGE_COMPLETE);
			assert_int_equal(image.kup_model, k == SYNTH_KUP7912   ? 6
							  : k == SYNTH_KUP7905 ? 5
							  : k == SYNTH_KUP7902 ? 4
									       : 0);
		}
		synth_files_free(&files);
	}
}

static void test_names(void **state)
{
	static const struct {
		enum synth_kind kind;
		const char *load, *name[9];
	} row[] = {
		{SYNTH_JAVA70,
		 "SCCP70.8-3-3S",
		 {"SCCP70.8-3-3S.loads", "term70.default.loads", "term71.default.loads",
		  "jar70sccp.8-3-3-27.sbn", "cnu70.8-3-3-27.sbn", "apps70.8-3-3-27.sbn",
		  "dsp70.8-3-3-27.sbn", "cvm70sccp.8-3-3-27.sbn"}},
		{SYNTH_JAVA11,
		 "SIP11.9-4-2SR1-1S",
		 {"SIP11.9-4-2SR1-1S.loads", "term06.default.loads", "term11.default.loads",
		  "jar11sip.9-4-2SR1-1-27.sbn", "cnu11.9-4-2SR1-1-27.sbn",
		  "apps11.9-4-2SR1-1-27.sbn", "dsp11.9-4-2SR1-1-27.sbn",
		  "cvm11sip.9-4-2SR1-1-27.sbn"}},
		{SYNTH_JAVA31,
		 "TERM31.7-0-2-0S",
		 {"TERM31.7-0-2-0S.loads", "term31.default.loads", "jar31.7-0-2-0-27.sbn",
		  "cnu31.7-0-2-0-27.sbn", "apps31.7-0-2-0-27.sbn", "dsp31.7-0-2-0-27.sbn",
		  "cvm31.7-0-2-0-27.sbn"}},
		{SYNTH_LEGACY,
		 "P0S3-8-12-00",
		 {"P0S3-8-12-00.loads", "P003-8-12-00.sbn", "P0S3-8-12-00.sb2"}},
		{SYNTH_LEGACY,
		 "P0030801SR02",
		 {"P0030801SR02.loads", "P0030801SR02.sbn", "P0030801SR02.sb2"}},
		{SYNTH_KUP7912,
		 "CP7912080000SIP060111A",
		 {"CP7912080000SIP060111A.sbin", "cp7912r.zup"}},
		{SYNTH_KUP7905,
		 NULL,
		 {"CP7905080003SCCP070409A.sbin", "CP7905080003SCCP070409A.zup", "ldragonr.zup"}},
		{SYNTH_KUP7902, NULL, {"CP7902080003SCCP070409A.sbin", "cp7902r.zup"}},
	};

	(void)state;
	for (unsigned n = 0; n < ARRAY_LEN(row); n++) {
		struct synth_files files;
		unsigned i = 0;

		make(&files, row[n].kind, row[n].load, NULL);
		for (; row[n].name[i] != NULL; i++)
			assert_string_equal(files.file[i].name, row[n].name[i]);
		assert_int_equal(files.count, i);
		synth_files_free(&files);
	}
}

static void test_wrong_loads(void **state)
{
	static const struct {
		enum synth_kind kind;
		const char *load;
	} row[] = {
		{SYNTH_JAVA70, "SCCP41.8-3-3S"},
		{SYNTH_JAVA70, "SCCP70"},
		{SYNTH_JAVA70, ""},
		{SYNTH_JAVA70, "SCCP70.8/3S"},
		{SYNTH_LEGACY, "X0S3-1"},
		{SYNTH_LEGACY, "P0S3"},
		{SYNTH_KUP7912, "CP7905080003SCCP070409A"},
		{SYNTH_KUP7912, "CP7912"},
	};
	struct synth_files files = {0};
	char load[80] = "SCCP70.";

	(void)state;
	for (unsigned n = 0; n < ARRAY_LEN(row); n++)
		assert_int_equal(
			synth_bundle(row[n].kind, row[n].load, NULL, synth_collect, &files), -1);
	memset(load + 7, '8', 70);
	assert_int_equal(synth_bundle(SYNTH_JAVA70, load, NULL, synth_collect, &files), -1);
	assert_int_equal(files.count, 0);
}

static void test_options(void **state)
{
	struct synth_options options = {.capital_j = true,
					.has_hardware_comp = true,
					.hardware_comp = 15,
					.member_version = "8-3-0-50",
					.key = g2,
					.size = 4096};
	struct synth_files files;
	struct signed_header h;
	struct signature_result r;
	struct span body;
	struct loads l;

	(void)state;
	make(&files, SYNTH_JAVA41, "SIP41.8-3-1S", &options);
	body = body_of(synth_files_find(&files, "term61"), &h);
	loads_parse(&l, body.data, body.len);
	assert_string_equal(l.member[0].name, "Jar41sip.8-3-0-50.sbn");
	assert_int_equal(l.hardware_comp, 15);
	assert_true(loads_java_complete(&l));
	body = body_of(synth_files_find(&files, "jar41sip.8-3-0-50.sbn"), &h);
	assert_string_equal(h.name, "Jar41sip.8-3-0-50.sbn");
	assert_string_equal(synth_files_find(&files, "jar")->name, "jar41sip.8-3-0-50.sbn");
	signature_verify(&r, &h, synth_files_find(&files, "jar")->data,
			 synth_files_find(&files, "jar")->len, &keys);
	assert_int_equal(r.state, SIGNATURE_UNKNOWN_SIGNER); /* signed, but not by g1 */
	body = body_of(synth_files_find(&files, "apps"), &h);
	assert_int_equal(body.len, 4096);
	synth_files_free(&files);

	options.key = NULL;
	make(&files, SYNTH_JAVA41, "SIP41.8-3-1S", &options);
	for (unsigned i = 0; i < files.count; i++)
		assert_int_equal(signed_header_parse(&h, files.file[i].data, files.file[i].len),
				 SIGNED_NONE);
	synth_files_free(&files);
}

static bool same_files(const struct synth_files *a, const struct synth_files *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (strcmp(a->file[i].name, b->file[i].name) != 0 ||
		    a->file[i].len != b->file[i].len ||
		    memcmp(a->file[i].data, b->file[i].data, a->file[i].len) != 0)
			return false;
	return true;
}

static void test_same_seed_same_bytes(void **state)
{
	struct synth_options options = {.seed = 7, .key = g1};

	(void)state;
	for (unsigned k = 0; k < SYNTH_KINDS; k++) {
		struct synth_files a, b, c;

		options.seed = 7;
		make(&a, (enum synth_kind)k, NULL, &options);
		make(&b, (enum synth_kind)k, NULL, &options);
		options.seed = 8;
		make(&c, (enum synth_kind)k, NULL, &options);
		assert_true(same_files(&a, &b));
		assert_false(same_files(&a, &c));
		synth_files_free(&a);
		synth_files_free(&b);
		synth_files_free(&c);
	}
}

static int stop_at_third(void *context, const char *name, const uint8_t *data, size_t len)
{
	(void)name, (void)data, (void)len;
	return ++*(unsigned *)context == 3 ? 42 : 0;
}

static void test_emit_stops(void **state)
{
	unsigned calls = 0;

	(void)state;
	assert_int_equal(synth_bundle(SYNTH_JAVA70, NULL, NULL, stop_at_third, &calls), 42);
	assert_int_equal(calls, 3);
}

static void test_breaks(void **state)
{
	struct synth_options options = {.key = g1};
	struct synth_files files;
	struct signed_header h;
	struct signature_result r;
	struct image image;
	struct span body;
	char why[160];
	size_t len;

	(void)state;
	make(&files, SYNTH_JAVA70, NULL, &options);
	len = synth_files_find(&files, "cnu")->len;
	assert_true(synth_break(&files, "truncate:cnu:7", why));
	assert_int_equal(synth_files_find(&files, "cnu")->len, len - 7);
	body = body_of(synth_files_find(&files, "cnu"), &h);
	image_inspect(&image, body.data, body.len);
	assert_int_equal(image.state, IMAGE_TRUNCATED);
	assert_int_equal(image.difference, 7);

	assert_true(synth_break(&files, "flip:apps", why));
	body_of(synth_files_find(&files, "apps"), &h);
	signature_verify(&r, &h, synth_files_find(&files, "apps")->data,
			 synth_files_find(&files, "apps")->len, &keys);
	assert_int_equal(r.state, SIGNATURE_BAD);

	assert_true(synth_break(&files, "missing:dsp", why));
	assert_null(synth_files_find(&files, "dsp"));
	assert_int_equal(files.count, 7);
	assert_non_null(synth_files_find(&files, "cvm70sccp.8-3-3-27.sbn"));

	assert_true(synth_break(&files, "rename", why));
	body_of(synth_files_find(&files, "term71.default.loads"), &h);
	assert_string_equal(h.name, "SCCP70.8-3-3S.loads");

	assert_true(synth_break(&files, "case", why));
	assert_non_null(synth_files_find(&files, "term70.default.loads"));
	assert_string_equal(synth_files_find(&files, "cvm")->name, "CVM70SCCP.8-3-3-27.SBN");
	synth_files_free(&files);

	make(&files, SYNTH_KUP7912, NULL, &options);
	assert_true(synth_break(&files, "flip:cp7912r.zup", why));
	image_inspect(&image, synth_files_find(&files, "cp7912r.zup")->data,
		      synth_files_find(&files, "cp7912r.zup")->len);
	assert_int_equal(image.state, IMAGE_CORRUPT);
	assert_false(synth_break(&files, "rename", why));
	synth_files_free(&files);
}

static void test_breaks_refused(void **state)
{
	static const char *const how[] = {"",
					  "melt",
					  "missing",
					  "missing:",
					  "missing:nothing",
					  "truncate:cnu",
					  "truncate:cnu:0",
					  "truncate:cnu:x",
					  "truncate:cnu:99999999",
					  "flip:",
					  "melt:cnu"};
	struct synth_files files, whole;

	(void)state;
	make(&files, SYNTH_JAVA70, NULL, NULL);
	make(&whole, SYNTH_JAVA70, NULL, NULL);
	for (unsigned i = 0; i < ARRAY_LEN(how); i++) {
		char why[160] = "";

		if (synth_break(&files, how[i], why))
			fail_msg("'%s' was taken", how[i]);
		assert_true(why[0] != '\0');
		assert_true(same_files(&files, &whole));
	}
	synth_files_free(&files);
	synth_files_free(&whole);
}

/* ---- real files ---- */

struct sample {
	const char *file, *header_name;
	enum loads_dialect dialect;
	const char *foreign, *first, *last;
	unsigned members;
	int64_t hardware_comp;
	const char *la_version;
};

static const struct sample samples[] = {
	{"7970-sccp-8.3.3/SCCP70.8-3-3S.loads", "SCCP70.8-3-3S.loads", LOADS_JAVA, NULL,
	 "jar70sccp.8-3-2-27.sbn", "cvm70sccp.8-3-2-27.sbn", 5, -1, ""},
	{"7970-sccp-8.3.3/term70.default.loads", "term70.default.loads", LOADS_JAVA, NULL,
	 "jar70sccp.8-3-2-27.sbn", "cvm70sccp.8-3-2-27.sbn", 5, -1, ""},
	{"7970-sccp-8.3.3/term71.default.loads", "term71.default.loads", LOADS_JAVA, NULL,
	 "jar70sccp.8-3-2-27.sbn", "cvm70sccp.8-3-2-27.sbn", 5, -1, ""},
	{"7911-sip-9.4.2SR1/SIP11.9-4-2SR1-1S.loads", "SIP11.9-4-2SR1-1S.loads", LOADS_JAVA, NULL,
	 "jar11sip.9-4-2ES9.sbn", "cvm11sip.9-4-2ES9.sbn", 5, 1, ""},
	{"7911-sip-9.4.2SR1/term06.default.loads", "term06.default.loads", LOADS_JAVA, NULL,
	 "jar11sip.9-4-2ES9.sbn", "cvm11sip.9-4-2ES9.sbn", 5, 1, ""},
	{"7940-sip-8.12/P0S3-8-12-00.loads", "P0S3-8-12-00.loads", LOADS_LEGACY, NULL,
	 "P003-8-12-00.sbn", "P0S3-8-12-00.sb2", 2, -1, "PAS30830"},
	{"edge/CP7921G-1.4.6.3.LOADS", "CP7921G-1.4.6.3.LOADS", LOADS_SIZED, NULL,
	 "TNUX-1.4.6.3.SBN", "GUI-1.4.6.3.SBN", 6, -1, ""},
	{"edge/CIPC_Locale.loads", NULL, LOADS_FOREIGN, "XML", NULL, NULL, 0, -1, ""},
	{"edge/sip78xx.11-0-1-11.loads", NULL, LOADS_FOREIGN, "another header (78xx)", NULL, NULL,
	 0, -1, ""},
};

static size_t read_sample(const char *folder, const char *name, uint8_t *out, size_t size)
{
	char path[4096];
	size_t len;
	FILE *f;

	assert_true(text_format(path, sizeof(path), "%s/%s", folder, name));
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s is not there", path);
	len = fread(out, 1, size, f);
	fclose(f);
	return len;
}

static void check_sample(const struct sample *s, const uint8_t *data, size_t len)
{
	struct signed_header h = {0};
	struct loads l;

	if (s->header_name != NULL) {
		assert_int_equal(signed_header_parse(&h, data, len), SIGNED_OK);
		assert_string_equal(h.name, s->header_name);
	}
	loads_parse(&l, data + h.length, len - h.length);
	assert_int_equal(l.dialect, s->dialect);
	assert_int_equal(l.member_count, s->members);
	assert_string_equal(l.la_version, s->la_version);
	assert_int_equal(l.has_hardware_comp, s->hardware_comp >= 0);
	assert_true(!l.has_hardware_comp || l.hardware_comp == (uint32_t)s->hardware_comp);
	if (s->foreign != NULL) {
		assert_string_equal(l.foreign, s->foreign);
		return;
	}
	assert_string_equal(l.member[0].name, s->first);
	assert_string_equal(l.member[l.member_count - 1].name, s->last);
	assert_string_equal(l.odd_line, "");
	assert_false(l.scanned || l.unterminated || l.overflow);
	assert_int_equal(loads_java_complete(&l), s->dialect == LOADS_JAVA);
	if (s->dialect == LOADS_SIZED)
		assert_int_equal(l.member[0].size, 897037);
}

static void test_samples(void **state)
{
	const char *folder = getenv("REFLASHD_SAMPLES");
	static uint8_t data[1 << 18];
	FILE *readme;
	char path[4096];

	(void)state;
	if (folder == NULL)
		folder = "/work/shared/samples";
	assert_true(text_format(path, sizeof(path), "%s/README.md", folder));
	readme = fopen(path, "rb");
	if (readme == NULL) {
		print_message(
			"SKIPPED: no real files in %s (set REFLASHD_SAMPLES to their folder)\n",
			folder);
		skip();
	}
	fclose(readme);
	for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
		size_t len = read_sample(folder, samples[i].file, data, sizeof(data));
		uint8_t *copy = malloc(len);

		assert_non_null(copy);
		memcpy(copy, data, len);
		check_sample(&samples[i], copy, len);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_wrong_loads),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_same_seed_same_bytes),
		cmocka_unit_test(test_emit_stops),
		cmocka_unit_test(test_breaks),
		cmocka_unit_test(test_breaks_refused),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
