/* SPDX-License-Identifier: MIT */
/*
 * The measure of the library: one flipped bit anywhere, one missing byte anywhere, one renamed list
 * is always found. Whole small bundles of every kind, signed with a key that is known, broken in
 * one place at a time.
 *
 * "Found" is strict for bundles in which every file is signed: the bundle that holds the file is
 * not fit to be given to a phone, and a fatal finding names the very file. A 7902/7905/7912 holds
 * one signed image (an unknown signer alone is no proof of damage) and a .zup that has a checksum
 * and no signature: there some finding must name the file, where the whole bundle has none. The two
 * version bytes of a .zup are covered by nothing and are left out here.
 */
#include "stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SMALL  1400u /* every byte of files up to this size */
#define SAMPLE 41u   /* and every so-many-th of larger ones; odd, so that all bits get their turn */

static struct stock *stock; /* models and keys, made once: RSA keys take their time */
static struct keys keys;    /* those of the tests alone: each that is tried costs time, too */

/* One bundle, judged again and again with one file changed. */
struct bench {
	struct synth_files files;
	enum synth_kind kind;
	unsigned tried;
};

static bool names_file(const struct library *l, const char *name, enum finding_severity least)
{
	for (unsigned i = 0; i < l->finding_count; i++)
		if (l->finding[i].severity >= least && strstr(l->finding[i].text, name))
			return true;
	return false;
}

/* A list that was altered may stand for itself, beside a bundle that is whole without it. */
static bool holds(const struct library *l, const struct bundle *b, const char *name)
{
	for (unsigned i = 0; i < b->file_count; i++)
		if (strcmp(l->file[b->files[i]].name, name) == 0)
			return true;
	return false;
}

static bool is_kup(enum synth_kind kind)
{
	return kind >= SYNTH_KUP7912;
}

/* Judges the folder with this file's bytes in the place of its own; NULL data: as it is. */
static bool found(struct bench *b, unsigned which, const char *name, const uint8_t *data,
		  size_t len)
{
	struct library l;
	bool strict = !is_kup(b->kind), result;

	library_init(&l, &stock->models, &keys);
	assert_int_equal(library_folder_begin(&l, "folder"), 0);
	for (unsigned i = 0; i < b->files.count; i++) {
		const struct synth_file *f = &b->files.file[i];

		if (data && i == which)
			assert_int_equal(library_add(&l, name, i, data, len), 0);
		else
			assert_int_equal(library_add(&l, f->name, i, f->data, f->len), 0);
	}
	assert_int_equal(library_folder_end(&l), 0);
	if (!data)
		result = l.bundle_count != 1 || !l.bundle[0].fit || l.finding_count != 0 ||
			 l.bundle[0].signature != SIGNATURE_VERIFIED;
	else
		result = names_file(&l, name, strict ? FINDING_FATAL : FINDING_NOTE);
	for (unsigned i = 0; data && strict && i < l.bundle_count; i++)
		result = result && !(l.bundle[i].fit && holds(&l, &l.bundle[i], name));
	library_free(&l);
	b->tried++;
	return result;
}

static void expect_found(struct bench *b, unsigned which, const uint8_t *data, size_t len,
			 const char *how, size_t at)
{
	const struct synth_file *f = &b->files.file[which];

	if (found(b, which, f->name, data, len))
		return;
	fail_msg("%s: %s of byte %zu of %s was not found", synth_kind_name(b->kind), how, at,
		 f->name);
}

static size_t step_of(const struct synth_file *f)
{
	return f->len <= SMALL ? 1 : SAMPLE;
}

static bool uncovered(const struct synth_file *f, size_t at)
{
	const char *dot = strrchr(f->name, '.');

	return dot && strcmp(dot, ".zup") == 0 && (at == 0x16 || at == 0x17);
}

static void flip_bits(struct bench *b, unsigned which)
{
	const struct synth_file *f = &b->files.file[which];
	uint8_t *copy = malloc(f->len);

	assert_non_null(copy);
	memcpy(copy, f->data, f->len);
	for (size_t at = 0; at < f->len; at += step_of(f)) {
		uint8_t bit = (uint8_t)(1u << (at % 8));

		if (uncovered(f, at))
			continue;
		copy[at] ^= bit;
		expect_found(b, which, copy, f->len, "a flipped bit", at);
		copy[at] ^= bit;
	}
	free(copy);
}

static void take_bytes_out(struct bench *b, unsigned which)
{
	const struct synth_file *f = &b->files.file[which];
	uint8_t *copy = malloc(f->len);

	assert_non_null(copy);
	memcpy(copy, f->data, f->len - 1);
	expect_found(b, which, copy, f->len - 1, "the loss", f->len - 1);
	/* From the end to the start, so that each time one byte has to move. */
	for (size_t at = f->len - 1; at-- > 0;) {
		copy[at] = f->data[at + 1];
		if (at % step_of(f) == 0)
			expect_found(b, which, copy, f->len - 1, "the loss", at);
	}
	free(copy);
}

/* LOAD.loads copied over a termXX list, and a list under the name of another load. */
static void rename_lists(struct bench *b)
{
	const struct synth_file *own = &b->files.file[0];

	for (unsigned i = 0; i < b->files.count; i++) {
		const struct synth_file *f = &b->files.file[i];

		if (!strstr(f->name, ".loads"))
			continue;
		if (i > 0 && !found(b, i, f->name, own->data, own->len))
			fail_msg("%s copied over %s was not found", own->name, f->name);
		if (i == 0 && !found(b, i, "SCCP99.1-2-3S.loads", f->data, f->len))
			fail_msg("%s under another name was not found", f->name);
	}
}

static void every_kind(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (unsigned k = 0; k < SYNTH_KINDS; k++) {
		struct synth_options options = {.key = stock->g1, .size = 2048};
		struct bench b = {.kind = (enum synth_kind)k};

		stock_make(stock, &b.files, b.kind, NULL, &options);
		if (found(&b, 0, NULL, NULL, 0))
			fail_msg("%s: something is found in the whole bundle",
				 synth_kind_name(b.kind));
		for (unsigned i = 0; i < b.files.count; i++) {
			flip_bits(&b, i);
			take_bytes_out(&b, i);
		}
		rename_lists(&b);
		tried += b.tried;
		synth_files_free(&b.files);
	}
	printf("%u broken bundles, all found\n", tried);
	assert_true(tried > 10000);
}

/* Nobody signed it: only the checksums inside are left. They cover what is packed. */
static void packed_contents_without_a_signature(void **state)
{
	static const char *const packed[] = {"jar", "cvm"};

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(packed); p++) {
		struct synth_options options = {.size = 6000};
		struct synth_files files;
		struct synth_file *f;
		struct library l;

		stock_make(stock, &files, SYNTH_JAVA70, NULL, &options);
		f = synth_files_find(&files, packed[p]);
		assert_non_null(f);
		f->data[f->len - 600] ^= 0x10;
		library_init(&l, &stock->models, &keys);
		library_folder_begin(&l, "folder");
		for (unsigned i = 0; i < files.count; i++)
			library_add(&l, files.file[i].name, i, files.file[i].data,
				    files.file[i].len);
		library_folder_end(&l);
		assert_int_equal(l.bundle_count, 1);
		assert_false(l.bundle[0].fit);
		assert_non_null(bundle_fatal(&l, &l.bundle[0]));
		assert_string_equal(bundle_fatal(&l, &l.bundle[0])->code, "corrupt");
		assert_string_equal(bundle_fatal(&l, &l.bundle[0])->file, f->name);
		library_free(&l);
		synth_files_free(&files);
	}
}

static int set_up(void **state)
{
	(void)state;
	stock = stock_new();
	for (unsigned i = 0; i < stock->keys.count; i++)
		if (strncmp(stock->keys.key[i].id, "test", 4) == 0)
			keys.key[keys.count++] = stock->keys.key[i];
	must(keys.count == 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stock_free(stock);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(packed_contents_without_a_signature),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
