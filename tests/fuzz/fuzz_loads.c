/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a packing list. Whatever comes in, the members are names that could be files
 * of a folder and the words that are printed are printable; and any bytes as load names.
 */
#include <string.h>

#include "reflashd/loads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t size)
{
	must(memchr(text, 0, size) != NULL);
	for (; *text != '\0'; text++)
		must(*text >= 0x20 && *text <= 0x7e);
}

static void check_versions(const uint8_t *data, size_t size)
{
	char a[64], b[64];
	size_t half = size / 2 < sizeof(a) ? size / 2 : sizeof(a) - 1;

	memcpy(a, data, half);
	a[half] = '\0';
	memcpy(b, data + half, half);
	b[half] = '\0';
	must((loads_version_compare(a, b) < 0) == (loads_version_compare(b, a) > 0));
	must(loads_version_compare(a, a) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loads l;

	loads_parse(&l, data, size);
	must((l.dialect == LOADS_FOREIGN) == (l.foreign != NULL));
	must(l.member_count <= LOADS_MEMBERS_MAX);
	must(l.foreign == NULL || l.member_count == 0);
	for (unsigned i = 0; i < l.member_count; i++) {
		check_printable(l.member[i].name, sizeof(l.member[i].name));
		must(l.member[i].name[0] != '.' && l.member[i].name[0] != '\0');
		must(strpbrk(l.member[i].name, "/\\ ") == NULL);
	}
	check_printable(l.odd_line, sizeof(l.odd_line));
	check_printable(l.la_version, sizeof(l.la_version));
	must(!loads_java_complete(&l) || l.member_count == 5);
	check_versions(data, size);
	return 0;
}
