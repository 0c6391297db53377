/* SPDX-License-Identifier: MIT */
/*
 * The state folder's leases: any text as the table, any text as the journal. The first byte: is the
 * rest a table, a journal, or a journal of which every line gets the checksum that it should have
 * (no fuzzer guesses that). A table is taken whole or not at all; a journal that was applied
 * changes nothing when it is applied again; what came of either is written and read back as it is.
 */
#include "exact.h"
#include "reflashd/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FIRST 0x0a4f4632u
#define COUNT 16u
#define NOW   USEC_SEC(1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct table {
	struct lease slots[COUNT];
	uint16_t index[64];
	struct lease_table leases;
};

static void begin(struct table *t)
{
	lease_table_init(&t->leases, FIRST, FIRST + COUNT - 1, t->slots, t->index,
			 lease_index_size(COUNT));
	lease_set(&t->leases, &t->slots[3], (struct mac){{0}}, LEASE_DECLINED, USEC_NEVER);
}

static char *save(const struct table *t)
{
	char *text = lease_table_save(&t->leases, NOW);

	must(text);
	return text;
}

static void check_table(struct table *t)
{
	char *text = save(t), *again;
	struct table copy;
	struct fault f;

	for (unsigned i = 0; i < COUNT; i++) {
		const struct lease *l = &t->slots[i];

		if (l->state == LEASE_BOUND || l->state == LEASE_RELEASED)
			must(lease_find_mac(&t->leases, l->mac) == l && !(l->mac.b[0] & 1));
	}
	must(t->slots[3].state == LEASE_DECLINED);
	begin(&copy);
	must(lease_table_load(&copy.leases, "leases", text, strlen(text), NOW, &f) == 0);
	again = save(&copy);
	must(strcmp(text, again) == 0);
	free(again);
	free(text);
}

/* Each line behind its checksum. */
static char *with_sums(const uint8_t *data, size_t len, size_t *out_len)
{
	char *out = malloc(len * 10 + 16);
	size_t n = 0;

	must(out);
	while (len > 0) {
		const uint8_t *end = memchr(data, '\n', len);
		size_t line = end ? (size_t)(end - data) : len;

		n += (size_t)sprintf(out + n, "%08lx ", crc32(0, data, (uInt)line));
		memcpy(out + n, data, line);
		n += line;
		line += end != NULL;
		out[n++] = '\n';
		data += line;
		len -= line;
	}
	*out_len = n;
	return out;
}

static void replay(const char *text, size_t len)
{
	struct table t;
	char *once, *twice;
	unsigned lines;

	begin(&t);
	lines = lease_journal_replay(&t.leases, text, len, NOW);
	once = save(&t);
	must(lease_journal_replay(&t.leases, text, len, NOW) == lines);
	twice = save(&t);
	must(strcmp(once, twice) == 0);
	check_table(&t);
	free(once);
	free(twice);
}

static void load(const char *text, size_t len)
{
	struct table t;
	struct fault f = {.text = ""};

	begin(&t);
	if (lease_table_load(&t.leases, "leases", text, len, NOW, &f) != 0) {
		char *left = save(&t);

		must(f.text[0] && !*left);
		free(left);
		return;
	}
	check_table(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t n = len > 0 ? len - 1 : 0;
	char *text;

	if (len == 0)
		return 0;
	if (data[0] % 3 == 2) {
		text = with_sums(data + 1, n, &n);
		replay(text, n);
		free(text);
		return 0;
	}
	text = exact_copy(data + 1, n);
	if (data[0] % 3 == 1)
		replay(text, n);
	else
		load(text, n);
	free(text);
	return 0;
}
