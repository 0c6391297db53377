/* SPDX-License-Identifier: MIT */
/*
 * INI text through the whole reader of the configuration, and what was accepted once more
 * through config_print(): it must read back as the same values.
 */
#include "reflashd/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct config *c, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	must(out != NULL);
	config_print(c, out);
	must(fclose(out) == 0);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c, again;
	struct fault f;
	uint32_t first, last;
	size_t len;
	char *text;

	config_defaults(&c);
	if (config_read(&c, "fuzz.conf", (const char *)data, size, &f) != 0) {
		must(f.text[0] != 0);
		return 0;
	}
	config_pool(&c, 0x0a4f4601, 24, &first, &last, &f);
	text = print(&c, &len);
	config_defaults(&again);
	must(config_read(&again, "fuzz.conf", text, len, &f) == 0);
	/* A name like ";" cannot stand in a file; it is printed behind a comment sign. */
	must(strcmp(again.interface, c.interface) == 0 || !again.interface[0]);
	must(again.address == c.address);
	must(again.pool_first == c.pool_first && again.pool_last == c.pool_last);
	must(again.lease_seconds == c.lease_seconds && again.clients == c.clients);
	must(again.routers.n == c.routers.n && again.dns.n == c.dns.n && again.tftp.n == c.tftp.n);
	must(strcmp(again.target, c.target) == 0 ||
	     again.origin[OPTION_TARGET].origin == ORIGIN_DEFAULT);
	must(again.firmware_count <= c.firmware_count);
	free(text);
	return 0;
}
