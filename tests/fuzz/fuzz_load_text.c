/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a loadNNN.txt, and any bytes as its name: what is accepted is a number of a
 * sane size and a load name that could be a file's.
 */
#include "reflashd/load_text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct load_text t;
	char name[64];
	uint32_t number;
	size_t len = size < sizeof(name) ? size : sizeof(name) - 1;

	if (load_text_parse(&t, data, size)) {
		must(t.number >= 1 && t.number <= 9999999);
		must(memchr(t.load, 0, sizeof(t.load)) && t.load[0]);
		for (const char *p = t.load; *p; p++)
			must(*p > ' ' && *p <= '~' && *p != '/' && *p != '\\');
	}
	memcpy(name, data, len);
	name[len] = 0;
	load_text_name(name, &number);
	return 0;
}
