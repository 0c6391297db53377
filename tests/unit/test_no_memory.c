/* SPDX-License-Identifier: MIT */
/*
 * Memory is refused at each allocation in turn, our own and those of the libraries below us: no
 * crash, nothing kept, and the caller hears of it.
 *
 * malloc is replaced for this whole program. With a sanitizer that has replaced it already, and
 * where the C library has no second name for it, the stories run once, with all the memory there
 * is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/board_json.h"
#include "reflashd/event.h"
#include "reflashd/lease.h"
#include "stock.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

static long left = -1; /* allocations until one is refused; -1: never */
static long live;      /* blocks in use */
static bool refused;
static bool ours_only; /* refuse nothing that libcrypto asks for: see test_library() */

#if defined(__GLIBC__) && !defined(SANITIZED)
#define REFUSES true
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void free(void *p);

extern char __executable_start, etext; /* by the linker */

static bool is_ours(const void *caller)
{
	return (const char *)caller >= &__executable_start && (const char *)caller < &etext;
}

/* left counts down to the one that is refused, once. */
static bool refuse(const void *caller)
{
	if (left < 0 || (ours_only && !is_ours(caller)) || --left > 0)
		return false;
	left = -1;
	refused = true;
	return true;
}

static void *counted(void *p)
{
	live += p != NULL;
	return p;
}

void *malloc(size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	void *q = refuse(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);

	live += q && !p;
	return q;
}

void free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}
#else
#define REFUSES false
#endif

/* True: done; false: it said that memory is short. */
typedef bool story(void *ctx);

/* One refusal each time, then memory is there again: the worst for who does not look. */
static unsigned refuse_in_turn(story *run, void *ctx)
{
	unsigned n = 0;

	assert_true(run(ctx)); /* and what is only ever made once is made */
	for (; REFUSES; n++) {
		long before = live;
		bool done;

		refused = false;
		left = (long)n + 1;
		done = run(ctx);
		left = -1;
		if (!refused) {
			assert_true(done);
			break;
		}
		if (live != before)
			fail_msg("refusal %u: %ld blocks were kept", n, live - before);
		assert_true(n < 20000);
	}
	return n;
}

static bool lease_story(void *ctx)
{
	char *text = lease_table_save(ctx, 0);

	free(text);
	return text != NULL;
}

static void test_lease_table(void **state)
{
	static struct lease slots[16];
	static uint16_t index[64];
	static struct lease_table t;

	(void)state;
	lease_table_init(&t, 0x0a000001, 0x0a000010, slots, index, lease_index_size(16));
	lease_set(&t, &slots[1], (struct mac){{0, 1, 2, 3, 4, 5}}, LEASE_BOUND, USEC_SEC(9));
	assert_int_equal(refuse_in_turn(lease_story, &t), REFUSES ? 1 : 0);
}

static bool event_story(void *ctx)
{
	char *json = event_json(ctx);
	bool good = json && strstr(json, "\"schema\":1") && json[strlen(json) - 1] == '}';

	/* Half an event is worse than none. */
	assert_true(!json || good);
	free(json);
	return json != NULL;
}

static void test_event_json(void **state)
{
	struct event e;

	(void)state;
	event_init(&e, EVENT_DAEMON_START);
	event_set_text(&e, FIELD_VERSION, "1");
	event_set_number(&e, FIELD_SCHEMA, 1);
	refuse_in_turn(event_story, &e);
}

static bool read_story(void *ctx)
{
	static const char line[] =
		"{\"seq\":1,\"time\":\"2026-01-01T00:00:00.000Z\",\"event\":\"dhcp.ack\","
		"\"severity\":\"info\",\"text\":\"x\",\"mac\":\"00:01:02:03:04:05\","
		"\"ip\":\"10.0.0.1\",\"vendor_class\":null}";
	struct event e;
	struct fault f;

	(void)ctx;
	return event_from_json(&e, line, sizeof(line) - 1, &f) == 0;
}

static void test_event_from_json(void **state)
{
	(void)state;
	refuse_in_turn(read_story, NULL);
}

static bool board_story(void *ctx)
{
	char *status = board_status_json(ctx), *phones = board_phones_json(ctx);
	bool done = status && phones;

	assert_true(!phones || strstr(phones, "00:01:02:03:04:05"));
	free(status);
	free(phones);
	return done;
}

static void test_board_json(void **state)
{
	struct board *b = calloc(1, sizeof(*b));
	struct event e;

	(void)state;
	assert_non_null(b);
	board_init(b);
	event_init(&e, EVENT_DHCP_ACK);
	e.seq = 1;
	e.wall_ms = 1000;
	event_set_mac(&e, (struct mac){{0, 1, 2, 3, 4, 5}});
	event_set_ip(&e, FIELD_IP, 0x0a000001);
	event_set_text(&e, FIELD_VENDOR_CLASS, "Cisco Systems, Inc. IP Phone CP-7970G");
	board_apply(b, &e);
	event_init(&e, EVENT_PHONE_STAGE);
	e.seq = 2;
	e.wall_ms = 1000;
	event_set_mac(&e, (struct mac){{0, 1, 2, 3, 4, 5}});
	event_set_text(&e, FIELD_STAGE, "leased");
	board_apply(b, &e);
	refuse_in_turn(board_story, b);
	free(b);
}

struct shelves {
	struct stock *stock;
	struct synth_files files;
};

/* A library that says "done" although memory was refused must be the whole one. */
static bool library_story(void *ctx)
{
	struct shelves *s = ctx;
	struct library l;
	int err;

	library_init(&l, &s->stock->models, &s->stock->keys);
	err = library_folder_begin(&l, "folder 1");
	for (unsigned i = 0; !err && i < s->files.count; i++)
		err = library_add(&l, s->files.file[i].name, i + 1, s->files.file[i].data,
				  s->files.file[i].len);
	if (!err)
		err = library_folder_end(&l);
	if (!err)
		err = library_finish(&l);
	if (!err && (l.bundle_count != 1 || !l.bundle[0].complete ||
		     l.bundle[0].signature != SIGNATURE_VERIFIED || l.finding_count))
		fail_msg("a library without a word about memory: %u bundles, %u findings: %s",
			 l.bundle_count, l.finding_count,
			 l.finding_count ? l.finding[0].text : "-");
	library_free(&l);
	return !err;
}

/* Without memory libcrypto cannot say whether a signature is good, and signature.c ends the program
 * rather than guess (must()). So here only what we ask for ourselves is refused. */
static void test_library(void **state)
{
	static struct shelves s;

	(void)state;
	s.stock = stock_new();
	stock_make(s.stock, &s.files, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL);
	ours_only = true;
	refuse_in_turn(library_story, &s);
	ours_only = false;
	synth_files_free(&s.files);
	stock_free(s.stock);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease_table),	cmocka_unit_test(test_event_json),
		cmocka_unit_test(test_event_from_json), cmocka_unit_test(test_board_json),
		cmocka_unit_test(test_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
