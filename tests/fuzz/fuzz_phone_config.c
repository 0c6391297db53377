/* SPDX-License-Identifier: MIT */
/* The first byte says under which name the rest is read as a phone's configuration file. */
#include "reflashd/phone_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct models models;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = {"XMLDefault.cnf.xml", "SEP001122334455.cnf.xml", "x"};
	struct config_remark *remarks = calloc(CONFIG_REMARKS_MAX, sizeof(*remarks));
	unsigned count;

	must(remarks);
	if (models.count == 0)
		models_builtin(&models);
	if (len > 0) {
		count = phone_config_check(names[data[0] % ARRAY_LEN(names)], data + 1, len - 1,
					   &models, NULL, remarks);
		must(count <= CONFIG_REMARKS_MAX);
		for (unsigned i = 0; i < count; i++) {
			must(remarks[i].code[0] != '\0');
			for (const char *p = remarks[i].text; *p; p++)
				must(*p >= 0x20 && *p <= 0x7e);
		}
	}
	free(remarks);
	return 0;
}
