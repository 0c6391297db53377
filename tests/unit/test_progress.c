/* SPDX-License-Identifier: MIT */
/*
 * Where a phone is in its bundle: files and bytes, never more than there are, never backwards
 * within one attempt, and a time left only when the rate is known.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/phone.h"
#include "reflashd/text.h"
#include "stock.h"

#define START (INT64_C(1795229824) * 1000)

static struct phones phones;
static struct stock *stock;
static struct phones_out out;
static struct event last; /* phone.progress */
static unsigned said;
static const struct bundle *bundle;
static int64_t now;

static void setup(enum synth_kind kind, const char *load)
{
	stock = stock_new();
	stock_bundle(stock, kind, load, NULL);
	assert_int_equal(library_finish(&stock->library), 0);
	bundle = library_bundle(&stock->library, load);
	assert_non_null(bundle);
	phones_init(&phones, &stock->library);
	now = START;
	said = 0;
}

/* Image number n of the bundle. */
static const struct firmware_file *image(unsigned n)
{
	for (unsigned i = 0; i < bundle->file_count; i++) {
		const struct firmware_file *f = &stock->library.file[bundle->files[i]];

		if (f->role == FILE_IMAGE && n-- == 0)
			return f;
	}
	return NULL;
}

static uint64_t sizes(unsigned first, unsigned end)
{
	uint64_t sum = 0;

	for (unsigned i = first; i < end; i++)
		sum += image(i)->size;
	return sum;
}

static void tell(enum event_type type, const char *file, uint64_t bytes)
{
	struct event e;

	event_init(&e, type);
	event_set_mac(&e, (struct mac){{0, 0x1b, 0x54, 0xca, 1, 2}});
	event_set_text(&e, FIELD_FILE, file);
	if (type == EVENT_TFTP_START)
		event_set_text(&e, FIELD_LOAD, bundle->load);
	if (type == EVENT_TFTP_PROGRESS)
		event_set_number(&e, FIELD_BYTES, bytes);
	e.wall_ms = now;
	phones_apply(&phones, &e, &out);
	for (unsigned i = 0; i < out.event_count; i++) {
		if (out.events[i].type != EVENT_PHONE_PROGRESS)
			continue;
		last = out.events[i];
		said++;
		assert_int_equal(last.severity, SEVERITY_DEBUG);
		assert_true(last.bytes <= last.size);
		assert_true(last.done <= last.files);
		assert_string_equal(last.load, bundle->load);
		assert_string_equal(last.file, file);
	}
}

static void get(const char *file)
{
	tell(EVENT_TFTP_START, file, 0);
	tell(EVENT_TFTP_COMPLETE, file, 0);
}

static void expect(unsigned count, uint64_t done, uint64_t files, uint64_t bytes, uint64_t size)
{
	assert_int_equal(said, count);
	assert_int_equal(last.done, done);
	assert_int_equal(last.files, files);
	assert_int_equal(last.bytes, bytes);
	assert_int_equal(last.size, size);
}

static void a_whole_bundle(void **state)
{
	uint64_t all;

	(void)state;
	setup(SYNTH_JAVA70, "SCCP70.8-5-2S");
	all = sizes(0, 5);
	get("term70.default.loads");
	assert_int_equal(said, 0);
	tell(EVENT_TFTP_START, image(0)->name, 0);
	assert_int_equal(said, 0);
	now += 500;
	tell(EVENT_TFTP_PROGRESS, image(0)->name, 100);
	expect(1, 0, 5, 100, all);
	assert_false(event_has(&last, FIELD_SECONDS)); /* half a second: no rate yet */
	now += 500;
	tell(EVENT_TFTP_PROGRESS, image(0)->name, 200);
	expect(2, 0, 5, 200, all);
	assert_int_equal(last.seconds, (all - 200 + 199) / 200); /* 200 bytes a second */
	assert_int_equal(phones.phone[0].file_bytes, 200);
	now += 1000;
	tell(EVENT_TFTP_COMPLETE, image(0)->name, 0);
	expect(3, 1, 5, image(0)->size, all);
	for (unsigned i = 1; i < 5; i++) {
		now += 1000;
		get(image(i)->name);
		expect(3 + i, i + 1, 5, sizes(0, i + 1), all);
	}
	assert_int_equal(last.seconds, 0);
	assert_int_equal(phones.phone[0].stage, PHONE_WRITING);
	tell(EVENT_TFTP_PROGRESS, image(4)->name, 1); /* late */
	assert_int_equal(said, 7);
	stock_free(stock);
}

/* It begins anew and goes on where it was: what it skips is not counted. */
static void skipped_members(void **state)
{
	(void)state;
	setup(SYNTH_JAVA70, "SCCP70.8-5-2S");
	get("term70.default.loads");
	get(image(0)->name);
	get(image(1)->name);
	tell(EVENT_TFTP_START, image(2)->name, 0);
	tell(EVENT_TFTP_ABORTED, image(2)->name, 0);
	expect(2, 2, 5, sizes(0, 2), sizes(0, 5));
	/* one of them once more, in the same round: it is not there while it comes again */
	tell(EVENT_TFTP_START, image(1)->name, 0);
	tell(EVENT_TFTP_PROGRESS, image(1)->name, 5);
	expect(3, 1, 5, image(0)->size + 5, sizes(0, 5));
	tell(EVENT_TFTP_COMPLETE, image(1)->name, 0);
	expect(4, 2, 5, sizes(0, 2), sizes(0, 5));
	now += 60000;
	get("term70.default.loads");
	tell(EVENT_TFTP_START, image(2)->name, 0);
	now += 1000;
	tell(EVENT_TFTP_PROGRESS, image(2)->name, 10);
	expect(5, 0, 3, 10, sizes(2, 5));
	tell(EVENT_TFTP_COMPLETE, image(2)->name, 0);
	get(image(3)->name);
	get(image(4)->name);
	expect(8, 3, 3, sizes(2, 5), sizes(2, 5));
	assert_int_equal(last.seconds, 0);
	stock_free(stock);
}

/* The next file is asked for while the one before it is on its way (W-SYSOP). */
static void two_at_a_time(void **state)
{
	(void)state;
	setup(SYNTH_JAVA70, "SCCP70.8-5-2S");
	get("term70.default.loads");
	tell(EVENT_TFTP_START, image(0)->name, 0);
	tell(EVENT_TFTP_START, image(1)->name, 0);
	tell(EVENT_TFTP_PROGRESS, image(0)->name, 50);
	expect(1, 0, 5, 50, sizes(0, 5));
	tell(EVENT_TFTP_COMPLETE, image(1)->name, 0);
	expect(2, 1, 5, image(1)->size + 50, sizes(0, 5));
	tell(EVENT_TFTP_ABORTED, image(0)->name, 0);
	tell(EVENT_TFTP_START, image(2)->name, 0);
	tell(EVENT_TFTP_PROGRESS, image(2)->name, 1);
	expect(3, 1, 4, image(1)->size + 1, sizes(1, 5)); /* the first is not on its way */
	stock_free(stock);
}

static void no_more_than_there_is(void **state)
{
	(void)state;
	setup(SYNTH_JAVA70, "SCCP70.8-5-2S");
	get("term70.default.loads");
	tell(EVENT_TFTP_START, image(0)->name, 0);
	tell(EVENT_TFTP_PROGRESS, image(0)->name, UINT64_MAX);
	expect(1, 0, 5, sizes(0, 5), sizes(0, 5));
	now += INT64_C(1) << 60; /* a clock that was set */
	tell(EVENT_TFTP_PROGRESS, image(0)->name, 5);
	assert_false(event_has(&last, FIELD_SECONDS));
	now = 0;
	tell(EVENT_TFTP_PROGRESS, image(0)->name, 5);
	assert_false(event_has(&last, FIELD_SECONDS));
	tell(EVENT_TFTP_PROGRESS, "nobody.sbn", 5);
	tell(EVENT_TFTP_PROGRESS, "CTLSEP001B54CA0102.tlv", 5);
	tell(EVENT_TFTP_PROGRESS, "", 5);
	assert_int_equal(said, 3);
	stock_free(stock);
}

static void the_other_families(void **state)
{
	unsigned n = 0;

	(void)state;
	setup(SYNTH_LEGACY, "P0S3-8-12-00");
	get("P0S3-8-12-00.loads");
	get("P003-8-12-00.sbn");
	expect(1, 1, 2, image(0)->size, sizes(0, 2));
	get("P0S3-8-12-00.loads");
	get("P0S3-8-12-00.sb2");
	expect(2, 2, 2, sizes(0, 2), sizes(0, 2));
	stock_free(stock);
	/* it has the loader */
	setup(SYNTH_LEGACY, "P0S3-8-12-00");
	get("P0S3-8-12-00.loads");
	tell(EVENT_TFTP_START, "P0S3-8-12-00.sb2", 0);
	tell(EVENT_TFTP_PROGRESS, "P0S3-8-12-00.sb2", 7);
	expect(1, 0, 1, 7, image(1)->size);
	tell(EVENT_TFTP_COMPLETE, "P0S3-8-12-00.sb2", 0);
	expect(2, 1, 1, image(1)->size, image(1)->size);
	stock_free(stock);
	/* one image of several */
	setup(SYNTH_KUP7912, "CP7912080003SCCP070409A");
	while (strcmp(image(n)->name, "CP7912080003SCCP070409A.sbin") != 0)
		n++;
	get(image(n)->name);
	expect(1, 1, 1, image(n)->size, image(n)->size);
	tell(EVENT_TFTP_START, image(n)->name, 0);
	tell(EVENT_TFTP_PROGRESS, image(n)->name, 9);
	expect(2, 0, 1, 9, image(n)->size);
	stock_free(stock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_bundle),     cmocka_unit_test(skipped_members),
		cmocka_unit_test(two_at_a_time),      cmocka_unit_test(no_more_than_there_is),
		cmocka_unit_test(the_other_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
