/* SPDX-License-Identifier: MIT */
/*
 * What comes back from the process that unpacks archives, when an archive has made it its own: any
 * bytes at our end of the connection. Names are plain, sizes within their limits, the sentence is
 * printable, and it ends.
 */
/* The reader is static; the process that it belongs to cannot be started here. */
#include "../../src/daemon/confine.c"
#include "../../src/daemon/rights.c"
#include "../../src/daemon/examiner.c"
#include "../../src/daemon/reader.c"
#include "../../src/daemon/unpacker.c"

#include "steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
	unsigned files;
	uint64_t bytes;
	unsigned sum;
};

static int visit(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	struct seen *seen = ctx;

	must(*name && *name != '.' && !strchr(name, '/') && strlen(name) <= NAME_MAX_);
	must(len <= ARCHIVE_FILE_MAX);
	for (size_t i = 0; i < len; i++)
		seen->sum += data[i];
	seen->bytes += len;
	return ++seen->files > 50 ? fault_set(f, -EFBIG, "enough") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen seen = {0};
	struct answer a = {.path = "a.zip", .visit = visit, .ctx = &seen};
	struct fault f = {.text = ""};
	int ends[2], err;

	if (len > 60000) /* what a socket holds */
		return 0;
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	must(reader_put(ends[1], data, len));
	close(ends[1]);
	err = take_answer(&a, ends[0], &f);
	close(ends[0]);
	must(err <= 0 && (err != 0) == (f.text[0] != 0));
	must(seen.bytes <= len);
	check_field(f.text, sizeof(f.text));
	free(a.data);
	return 0;
}
