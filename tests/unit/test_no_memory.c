/* SPDX-License-Identifier: MIT */
/*
 * Memory is refused at each allocation in turn, our own and those of the libraries below us: no
 * crash, nothing kept, and the caller hears of it.
 *
 * malloc is replaced for this whole program. With a sanitizer that has replaced it already, and
 * where the C library has no second name for it, the stories run once, with all the memory there
 * is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive_rig.h"
#include "reflashd/board_json.h"
#include "reflashd/event.h"
#include "reflashd/firewall.h"
#include "reflashd/inner.h"
#include "reflashd/lease.h"
#include "reflashd/xml.h"
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
static long words;     /* blocks in which a library may keep the words of its last error */
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
	long before;

	assert_true(run(ctx)); /* and what is only ever made once is made */
	before = live;
	for (; REFUSES; n++) {
		bool done;

		refused = false;
		left = (long)n + 1;
		done = run(ctx);
		left = -1;
		if (!refused) {
			assert_true(done);
			break;
		}
		if (live > before + words)
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

/* Of everything a folder can hold: images of all families, a recovery image, evidence, a
 * configuration, what is damaged. It is as with all the memory there is, or it is an error. */
struct mix {
	struct stock *stock;
	struct synth_files files[3];
	unsigned bundles, findings, evidence;
};

static bool mix_story(void *ctx)
{
	struct mix *m = ctx;
	struct library l;
	int err = 0;

	library_init(&l, &m->stock->models, &m->stock->keys);
	for (unsigned k = 0; !err && k < ARRAY_LEN(m->files); k++) {
		err = library_folder_begin(&l, "a folder");
		for (unsigned i = 0; !err && i < m->files[k].count; i++)
			err = library_add(&l, m->files[k].file[i].name, i + 1,
					  m->files[k].file[i].data, m->files[k].file[i].len);
		if (!err)
			err = library_folder_end(&l);
	}
	if (!err)
		err = library_finish(&l);
	assert_true(err == 0 || err == -ENOMEM);
	if (!err && m->bundles == 0) {
		m->bundles = l.bundle_count;
		m->findings = l.finding_count;
		m->evidence = l.evidence_count;
	}
	if (!err && (l.bundle_count != m->bundles || l.finding_count != m->findings ||
		     l.evidence_count != m->evidence))
		fail_msg("a library without a word about memory lacks something");
	library_free(&l);
	return !err;
}

static void test_library_of_all_kinds(void **state)
{
	static const char load_text[] = "30006 SCCP70.8-3-3S 0 // IP Phone 7970 SCCP\r\n";
	static const char config[] = "<device><unheard/></device>";
	static struct mix m;
	const struct synth_file *recovery;
	struct synth_files kup;
	char why[160];

	(void)state;
	m.stock = stock_new();
	stock_make(m.stock, &m.files[0], SYNTH_KUP7905, NULL, NULL);
	stock_make(m.stock, &m.files[1], SYNTH_LEGACY, NULL, NULL);
	assert_true(synth_break(&m.files[1], "flip:P0S3-8-12-00.sb2", why));
	/* Alone in its folder, the recovery image is a bundle of its own. */
	stock_make(m.stock, &kup, SYNTH_KUP7912, NULL, NULL);
	recovery = synth_files_find(&kup, "cp7912r");
	stock_file(&m.files[2], recovery->name, recovery->data, recovery->len);
	synth_files_free(&kup);
	stock_file(&m.files[1], "load30006.txt", load_text, sizeof(load_text) - 1);
	stock_file(&m.files[1], "XMLDefault.cnf.xml", config, sizeof(config) - 1);
	ours_only = true;
	refuse_in_turn(mix_story, &m);
	ours_only = false;
	assert_int_equal(m.bundles, 3);
	assert_int_equal(m.evidence, 1);
	assert_true(m.findings > 0);
	for (unsigned k = 0; k < ARRAY_LEN(m.files); k++)
		synth_files_free(&m.files[k]);
	stock_free(m.stock);
}

/* libarchive of Debian 12 crashes when it is refused memory, in the helper process that does
 * nothing else (unpacker.c): so here only what we ask for ourselves is refused.
 *
 * What a refusal leaves of an archive is thrown away by the caller: so it must be told. */
static bool archive_story(void *ctx)
{
	const struct synth_buffer *b = ctx;
	struct archive_found found = {0};
	struct fault f = {.text = ""};
	int err = archive_walk("a.tgz", b->data, b->len, archive_rig_visit, &found, &f);

	if (err) {
		assert_true(err < 0 && f.text[0]);
		return false;
	}
	assert_int_equal(found.count, SMALL);
	assert_int_equal(found.matched, (1u << SMALL) - 1);
	return true;
}

static void test_archive(void **state)
{
	struct synth_buffer b[] = {
		archive_rig_wrap(PACK_TGZ, "in.zip", archive_rig_make_small(PACK_ZIP)),
		archive_rig_wrap(PACK_ZIP, "in.tgz", archive_rig_make_small(PACK_TGZ)),
	};

	(void)state;
	ours_only = true;
	for (size_t i = 0; i < ARRAY_LEN(b); i++) {
		assert_int_equal(refuse_in_turn(archive_story, &b[i]) > 0, REFUSES);
		synth_buffer_free(&b[i]);
	}
	ours_only = false;
}

/* An entry that is larger than it may be: read piece by piece, until there is no memory or no room.
 */
static bool large_story(void *ctx)
{
	const struct synth_buffer *b = ctx;
	struct archive_found found = {0};
	struct fault f;
	int err = archive_walk("a.tar", b->data, b->len, archive_rig_visit, &found, &f);

	assert_int_equal(found.count, 0);
	assert_non_null(strstr(f.text, err == -ENOMEM ? "no memory" : "unpacks to more"));
	return err == -EBADMSG;
}

static void test_large_archive(void **state)
{
	struct pack *p = pack_new(PACK_PAX);
	struct synth_buffer b;

	(void)state;
	pack_hole(p, "large.sbn", ARCHIVE_FILE_MAX + 512);
	pack_finish(p, &b);
	ours_only = true;
	assert_int_equal(refuse_in_turn(large_story, &b) > 2, REFUSES);
	ours_only = false;
	synth_buffer_free(&b);
}

static bool models_story(void *ctx)
{
	struct models m = {.count = 0};
	struct fault f;
	int err = models_read(&m, "models.ini", ctx, strlen(ctx), &f);

	assert_true(err == 0 || strstr(f.text, "memory"));
	assert_true(err == 0 || err == -ENOMEM);
	assert_true(err != 0 || m.count > 0);
	return err == 0;
}

static bool keys_story(void *ctx)
{
	struct keys k = {.count = 0};
	struct fault f;
	int err = keys_read(&k, "keys.ini", ctx, strlen(ctx), &f);

	assert_true(err == 0 || strstr(f.text, "memory"));
	assert_true(err != 0 || k.count > 0);
	keys_free(&k);
	return err == 0;
}

static void test_catalogues(void **state)
{
	static char text[65536];
	char path[512];
	FILE *in = fopen(test_keys_path("test-keys.ini", path, sizeof(path)), "r");
	struct span models = models_builtin_text();

	(void)state;
	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	ours_only = true;
	assert_int_equal(refuse_in_turn(keys_story, text) > 0, REFUSES);
	assert_in_range(models.len, 1, sizeof(text) - 1);
	memcpy(text, models.data, models.len);
	text[models.len] = '\0';
	assert_int_equal(refuse_in_turn(models_story, text) > 0, REFUSES);
	ours_only = false;
}

static void note_leaf(void *ctx, const char *name, const char *text)
{
	(void)name;
	(void)text;
	++*(unsigned *)ctx;
}

static bool xml_story(void *ctx)
{
	static const char text[] = "<a><b>1</b><c>2</c><d><e>3</e></d></a>";
	unsigned leaves = 0;
	int err = xml_read_leaves((const uint8_t *)text, sizeof(text) - 1, "a", note_leaf, &leaves);

	(void)ctx;
	assert_true(err != 0 || leaves == 3);
	return err == 0;
}

static void test_xml(void **state)
{
	(void)state;
	words = 3;
	refuse_in_turn(xml_story, NULL);
	words = 0;
}

/* A firewall of which only a part was read must not be called open or shut. */
static bool nft_story(void *ctx)
{
	static const struct firewall_question q = {"lan0", FIREWALL_UDP, 67, false};
	struct firewall_answer a;
	int err = firewall_judge_nft(ctx, strlen(ctx), true, &q, &a);

	assert_true(err != 0 || a.verdict == FIREWALL_BLOCKED);
	return err == 0;
}

static bool iptables_story(void *ctx)
{
	static const struct firewall_question q = {"lan0", FIREWALL_UDP, 67, false};
	struct firewall_answer a;
	int err = firewall_judge_iptables(ctx, strlen(ctx), &q, &a);

	assert_true(err != 0 || a.verdict == FIREWALL_BLOCKED);
	return err == 0;
}

static void test_firewall(void **state)
{
	static char nft[] =
		"{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":"
		"\"input\",\"handle\":1,\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,"
		"\"policy\":\"accept\"}},{\"rule\":{\"family\":\"inet\",\"table\":\"filter\","
		"\"chain\":\"input\",\"handle\":2,\"expr\":[{\"drop\":null}]}}]}";
	static char iptables[] = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n";

	(void)state;
	assert_int_equal(refuse_in_turn(iptables_story, iptables) > 1, REFUSES);
	refuse_in_turn(nft_story, nft);
}

/* What cannot be looked into is not called damaged. */
static bool inner_story(void *ctx)
{
	const struct synth_buffer *b = ctx;
	struct image image;

	image_inspect(&image, b->data, b->len);
	assert_int_equal(image.state, IMAGE_COMPLETE);
	image_inspect_inner(&image, b->data, b->len);
	assert_int_equal(image.state, IMAGE_COMPLETE);
	return !refused;
}

static void test_inner(void **state)
{
	struct synth_buffer b = {0};

	(void)state;
	synth_cnu(&b, SYNTH_CVM, "8-3-2-27", 6000, 1);
	assert_int_equal(refuse_in_turn(inner_story, &b) > 0, REFUSES);
	synth_buffer_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease_table),	cmocka_unit_test(test_event_json),
		cmocka_unit_test(test_event_from_json), cmocka_unit_test(test_board_json),
		cmocka_unit_test(test_library),		cmocka_unit_test(test_library_of_all_kinds),
		cmocka_unit_test(test_archive),		cmocka_unit_test(test_large_archive),
		cmocka_unit_test(test_catalogues),	cmocka_unit_test(test_xml),
		cmocka_unit_test(test_firewall),	cmocka_unit_test(test_inner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
