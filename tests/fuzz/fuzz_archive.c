/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an archive. The first byte chooses the name, since .cop.sgn is looked into more
 * deeply. What comes out has plain names, each once, within the limits; a refusal has a sentence.
 */
#include <errno.h>
#include <string.h>

#include "reflashd/archive.h"
#include "reflashd/load_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	unsigned count;
	size_t bytes;
	unsigned sum;
};

static int visit(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	struct found *found = ctx;
	struct load_text t;

	must(*name && *name != '.' && !strpbrk(name, "/\\:"));
	must(len <= ARCHIVE_FILE_MAX);
	for (size_t i = 0; i < len; i += 512)
		found->sum += data[i];
	if (load_text_parse(&t, data, len))
		must(t.number && *t.load && strlen(t.load) < sizeof(t.load));
	found->count++;
	found->bytes += len;
	/* Large ones only cost time here. */
	return found->bytes > (4u << 20) ? fault_set(f, -EFBIG, "enough") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"a.zip", "a.cop.sgn", "a.tar.gz", "a.tar"};
	struct found found = {0};
	struct fault f = {.text = ""};
	int err;

	if (size == 0)
		return 0;
	err = archive_walk(names[data[0] % 4], data + 1, size - 1, visit, &found, &f);
	must(err <= 0 && (err == 0) == (f.text[0] == '\0'));
	must(err || found.count <= ARCHIVE_ENTRIES_MAX);
	for (const char *p = f.text; *p; p++)
		must(*p >= 0x20 && *p <= 0x7e);
	return 0;
}
