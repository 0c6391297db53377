/* SPDX-License-Identifier: MIT */
/* Images from nowhere: their tables, and the gzip and zip inside them. */
#include "reflashd/inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct image i;
	bool complete;

	image_inspect(&i, data, len);
	complete = i.state == IMAGE_COMPLETE;
	image_inspect_inner(&i, data, len);
	must(i.state == IMAGE_CORRUPT || (i.state == IMAGE_COMPLETE) == complete);
	return 0;
}
