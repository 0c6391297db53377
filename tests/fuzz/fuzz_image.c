/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an image; and nothing that is called complete stays so when a byte is
 * taken off its end beyond the few that a CNU archive may have too many.
 */
#include <string.h>

#include "reflashd/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t size)
{
	must(memchr(text, 0, size) != NULL);
	for (; *text != '\0'; text++)
		must(*text >= 0x20 && *text <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image i, cut;

	image_inspect(&i, data, size);
	check_printable(i.name, sizeof(i.name));
	check_printable(i.tag, sizeof(i.tag));
	must(image_format_name(i.format) != NULL);
	must((i.difference != 0) == (i.state == IMAGE_TRUNCATED || i.state == IMAGE_EXTRA));
	if (i.state != IMAGE_COMPLETE)
		return 0;
	must(size >= 0x28);
	image_inspect(&cut, data, size - 4);
	must(cut.format != i.format || cut.state == IMAGE_TRUNCATED ||
	     cut.state == IMAGE_MALFORMED);
	return 0;
}
