/* SPDX-License-Identifier: MIT */
/*
 * Prints the XMLDefault.cnf.xml that a phone would get from this firmware, without serving
 * anything. The address in it is --address, or the one that serve would choose by default.
 */
#include "cli.h"

#include "reflashd/daemon.h"
#include "reflashd/phone_config.h"
#include "reflashd/store.h"

#include <stdlib.h>

void more_xmldefault(FILE *out)
{
	fputs("Takes the options of serve; `reflashd help serve' lists them.\n"
	      "Exit code: 0, 1 wrong usage, 2 configuration, 3 no bundle is fit for a phone.\n",
	      out);
}

static bool names_a_load(const struct library *l, bool unfit_too)
{
	for (unsigned i = 0; i < l->bundle_count; i++)
		if (l->bundle[i].fit || unfit_too)
			return true;
	return false;
}

int cmd_xmldefault(int argc, char *const argv[])
{
	struct config config;
	struct store *store;
	struct fault f;
	char *text;
	size_t len;
	int exit_code;

	if (!cli_config(&config, "xmldefault", argc, argv, &exit_code))
		return exit_code;
	if (store_open(&store, &config, &exit_code, &f) != 0) {
		cli_complain(f.text);
		return exit_code;
	}
	if (xmldefault_render_any(store_library(store), config.target, config.serve_incomplete,
				  config.has_address ? config.address : CONFIG_ADDRESS_DEFAULT,
				  &text, &len) != 0) {
		cli_complain("no memory to write XMLDefault.cnf.xml");
		exit_code = EXIT_CODE_SYSTEM;
	} else {
		fwrite(text, 1, len, stdout);
		free(text);
		exit_code = EXIT_CODE_DONE;
		if (!names_a_load(store_library(store), config.serve_incomplete)) {
			cli_complain("no bundle here is fit for a phone, so this names no load. "
				     "`reflashd check' tells more");
			exit_code = EXIT_CODE_FIRMWARE;
		}
	}
	store_close(store);
	return exit_code;
}
