/* SPDX-License-Identifier: MIT */
/*
 * What is known of the phones as text: there and back, and everything that is not our own text.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exact.h"
#include "reflashd/phone.h"
#include "reflashd/text.h"

static struct models models;
static struct library library;
static struct phones phones; /* large */

#define FILE_TEXT                                                                                  \
	"00:1b:54:ca:01:02 7970 - SCCP70.8-3-3S erased SCCP70.9-4-2S,SCCP70.8-5-2S\n"              \
	"00:1b:54:ca:01:03 - SCCP41.8-5-2S SCCP41.8-5-2S running -\n"                              \
	"00:1b:54:ca:01:04 7960 P0S3-8-12-00 P0S3-8-12-00 running -\n"

static int read_text(const char *text, size_t len, struct fault *f)
{
	char *copy = exact_copy(text, len);
	int err;

	phones_init(&phones, &library);
	err = phones_text_read(&phones, "state/phones", copy, len, f);
	free(copy);
	return err;
}

static void write_all(char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < phones.count; i++)
		len += phone_text_write(&phones.phone[i], out + len, size - len);
	assert_int_equal(len, strlen(out));
}

static void there_and_back(void **state)
{
	char out[4 * PHONE_TEXT_MAX];
	struct phone_facts facts;
	struct fault f;

	(void)state;
	assert_int_equal(read_text("# phones\n\n" FILE_TEXT, strlen("# phones\n\n" FILE_TEXT), &f),
			 0);
	assert_int_equal(phones.count, 3);
	write_all(out, sizeof(out));
	assert_string_equal(out, FILE_TEXT);
	phone_facts(&phones, &phones.phone[0], &facts);
	assert_string_equal(facts.model->id, "7970");
	assert_true(facts.erased);
	assert_string_equal(facts.newest, "SCCP70.8-3-3S");
	assert_true(facts_refused(&facts, "SCCP70.9-4-2S"));
	assert_true(facts_refused(&facts, "SCCP70.8-5-2S"));
	assert_false(facts_refused(&facts, "SCCP70.8-3-3S"));
	phone_facts(&phones, &phones.phone[1], &facts);
	assert_null(facts.model);
	assert_false(facts.erased);
	assert_string_equal(facts.runs, "SCCP41.8-5-2S");
}

/* A file that was cut off anywhere is damaged, unless it was cut between two lines. */
static void every_prefix(void **state)
{
	(void)state;
	for (size_t len = 0; len <= strlen(FILE_TEXT); len++) {
		bool whole = len == 0 || FILE_TEXT[len - 1] == '\n';
		struct fault f;

		assert_int_equal(read_text(FILE_TEXT, len, &f), whole ? 0 : -EINVAL);
		if (!whole) {
			assert_int_equal(phones.count, 0);
			assert_non_null(strstr(f.text, "state/phones"));
			assert_non_null(strstr(f.text, "is damaged: line "));
		}
	}
}

static void what_is_not_ours(void **state)
{
	static const char *const bad[] = {
		"00:1b:54:ca:01:02 7970 - - erased\n",
		"00:1b:54:ca:01:02 7970 - - erased - \n",
		"00:1b:54:ca:01:02  - - erased -\n",
		" 00:1b:54:ca:01:02 7970 - - erased -\n",
		"00:1b:54:ca:01:02 7970 - - gone -\n",
		"00:1b:54:ca:01 7970 - - erased -\n",
		"00:00:00:00:00:00 7970 - - erased -\n",
		"01:00:5e:00:00:01 7970 - - erased -\n",
		"00:1b:54:ca:01:02 7970-and-so-on - - erased -\n",
		"00:1b:54:ca:01:02 7970 ../x - erased -\n",
		"00:1b:54:ca:01:02 7970 - a\x01 erased -\n",
		"00:1b:54:ca:01:02 7970 - - erased ,\n",
		"00:1b:54:ca:01:02 7970 - - erased a,\n",
		"00:1b:54:ca:01:02 7970 - - erased a,,b\n",
		"00:1b:54:ca:01:02 7970 - - erased a,b,c,d,e,f,g,h,i\n",
		"00:1b:54:ca:01:02 7970 - - erased -\n00:1b:54:ca:01:02 7970 - - erased -\n",
		"00:1b:54:ca:01:02 7970 - - erased -\r\n",
		"nonsense\n",
	};
	char text[PHONE_TEXT_MAX * 2];
	struct fault f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (read_text(bad[i], strlen(bad[i]), &f) != -EINVAL || phones.count != 0)
			fail_msg("taken: %s", bad[i]);
	}
	snprintf(text, sizeof(text), FILE_TEXT "nonsense\n");
	assert_int_equal(read_text(text, strlen(text), &f), -EINVAL);
	assert_non_null(strstr(f.text, "line 4"));
	assert_int_equal(phones.count, 0);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\n';
	assert_int_equal(read_text(text, sizeof(text), &f), -EINVAL);
	assert_int_equal(read_text("00:1b:54:ca:01:02 7970 - - erased -\0\n", 37, &f), -EINVAL);
}

static void length_of_a_load(size_t len, bool fits)
{
	char text[200], load[80];
	struct fault f;

	memset(load, 'a', len);
	load[len] = '\0';
	snprintf(text, sizeof(text), "00:1b:54:ca:01:02 7970 %s - running -\n", load);
	assert_int_equal(read_text(text, strlen(text), &f), fits ? 0 : -EINVAL);
}

static void the_edges(void **state)
{
	struct fault f;

	(void)state;
	length_of_a_load(71, true);
	length_of_a_load(72, false);
	/* A model that the catalogue lost is passed over. */
	assert_int_equal(read_text("00:1b:54:ca:01:02 7999 - - erased -\n", 36, &f), 0);
	assert_int_equal(phones.count, 0);
}

static void more_than_there_is_room(void **state)
{
	size_t size = (PHONES_MAX + 1) * 64, len = 0;
	char *text = malloc(size);
	struct fault f;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i <= PHONES_MAX; i++)
		len += (size_t)snprintf(text + len, size - len,
					"00:1b:54:00:%02x:%02x 7970 - - erased -\n", i >> 8,
					i & 0xff);
	assert_int_equal(read_text(text, len, &f), 0);
	assert_int_equal(phones.count, PHONES_MAX);
	free(text);
}

/* Of whom nothing is known nothing is kept; the longest there can be fits. */
static void what_is_worth_keeping(void **state)
{
	static struct phone phone;
	char out[PHONE_TEXT_MAX], load[72];
	struct fault f;

	(void)state;
	memset(&phone, 0, sizeof(phone));
	phone.mac = (struct mac){{0, 1, 2, 3, 4, 5}};
	phone.model = models_by_id(&models, "7970");
	assert_int_equal(phone_text_write(&phone, out, sizeof(out)), 0);
	text_copy(phone.runs, sizeof(phone.runs), "not one word");
	assert_int_equal(phone_text_write(&phone, out, sizeof(out)), 0);
	memset(load, 'x', sizeof(load) - 1);
	load[sizeof(load) - 1] = '\0';
	text_copy(phone.runs, sizeof(phone.runs), load);
	text_copy(phone.newest, sizeof(phone.newest), load);
	for (unsigned i = 0; i < PLAN_REFUSED_MAX; i++)
		text_copy(phone.refused[i], sizeof(phone.refused[i]), load);
	phone.refused_count = PLAN_REFUSED_MAX;
	assert_true(phone_text_write(&phone, out, sizeof(out)) > 10 * 71);
	assert_int_equal(read_text(out, strlen(out), &f), 0);
	assert_int_equal(phones.phone[0].refused_count, PLAN_REFUSED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),	   cmocka_unit_test(every_prefix),
		cmocka_unit_test(what_is_not_ours),	   cmocka_unit_test(the_edges),
		cmocka_unit_test(more_than_there_is_room), cmocka_unit_test(what_is_worth_keeping),
	};

	models_builtin(&models);
	library = (struct library){.models = &models};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
