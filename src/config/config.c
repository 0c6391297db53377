/* SPDX-License-Identifier: MIT */
/*
 * The configuration as a whole: defaults, then the file, then the flags on top, then the checks
 * that need more than one value.
 *
 * The flags are read twice. The first time into a struct that is thrown away: it finds wrong
 * flags before any file is opened, and says which file to read. The second time on top of
 * what the file said. So a flag wins simply by coming last, and a wrong value in the file is
 * an error even where a flag would have hidden it: it would bite the next person.
 */
#include "option.h"

#include "reflashd/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct option_row option_table[OPTIONS_TOTAL] = {
#define OPTION(id, ini_section, flag, short_flag, value, shown_as, words)                          \
	[OPTION_##id] = {ini_section, flag, short_flag, value, shown_as, words},
#include "reflashd/options.def"
#undef OPTION
};

void config_defaults(struct config *c)
{
	struct fault why;

	memset(c, 0, sizeof(*c));
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		if (option_table[o].shown[0] && o != OPTION_CONFIG)
			must(option_set(c, (enum config_option)o, option_table[o].shown,
					ORIGIN_DEFAULT, 0, &why));
}

unsigned option_sections(const char *out[OPTION_SECTIONS_MAX])
{
	unsigned n = 0;

	for (unsigned o = 0; o < OPTIONS_TOTAL; o++) {
		unsigned i = 0;

		if (!option_table[o].section)
			continue;
		while (i < n && strcmp(out[i], option_table[o].section) != 0)
			i++;
		if (i < n)
			continue;
		must(n < OPTION_SECTIONS_MAX);
		out[n++] = option_table[o].section;
	}
	return n;
}

/* A fault of one value that was accepted alone, named as its author knows it. */
static int fault_of(const struct config *c, enum config_option o, struct fault *f,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

static int fault_of(const struct config *c, enum config_option o, struct fault *f,
		    const char *format, ...)
{
	char text[FAULT_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (c->origin[o].origin == ORIGIN_FILE)
		return fault_set(f, -EBADMSG, "%s:%u: %s: %s", c->file, c->origin[o].line,
				 option_table[o].name, text);
	return fault_set(f, -EINVAL, "--%s: %s", option_table[o].name, text);
}

int config_pool(const struct config *c, uint32_t address, unsigned prefix_len, uint32_t *first,
		uint32_t *last, struct fault *f)
{
	uint32_t mask = ip4_netmask(prefix_len);
	uint32_t low = (address & mask) + 1, high = (address | ~mask) - 1;
	char a[IP4_TEXT_MAX], b[IP4_TEXT_MAX], from[IP4_TEXT_MAX], to[IP4_TEXT_MAX];

	if (c->pool_first == 0) {
		*first = prefix_len > 24 ? low : (address & 0xffffff00) + 50;
		*last = prefix_len > 24 ? high : (address & 0xffffff00) + 250;
		return 0;
	}
	if (c->pool_first < low || c->pool_last > high) {
		ip4_format(c->pool_first, a);
		ip4_format(c->pool_last, b);
		ip4_format(low, from);
		ip4_format(high, to);
		return fault_of(c, OPTION_POOL, f,
				"`%s-%s' is not in our network; give addresses from %s to %s", a, b,
				from, to);
	}
	*first = c->pool_first;
	*last = c->pool_last;
	return 0;
}

static int cross_check(const struct config *c, struct fault *f)
{
	uint32_t first, last;

	if (c->origin[OPTION_ONCE].origin == ORIGIN_FLAG &&
	    c->origin[OPTION_COUNT].origin == ORIGIN_FLAG)
		return fault_set(f, -EINVAL,
				 "--once and --count exclude each other; give only one of them");
	if (c->has_address)
		return config_pool(c, c->address, c->prefix_len, &first, &last, f);
	return 0;
}

int config_load(struct config *c, int argc, char *const argv[], struct fault *f)
{
	struct config scratch;
	bool named;
	char path[CONFIG_PATH_MAX];
	int err;

	config_defaults(&scratch);
	err = flags_read(&scratch, argc, argv, f);
	if (err)
		return err;
	if (scratch.help) { /* help must not fail because of a broken file */
		*c = scratch;
		return 0;
	}
	named = scratch.origin[OPTION_CONFIG].origin == ORIGIN_FLAG;
	must(text_copy(path, sizeof(path), named ? scratch.file : CONFIG_FILE_DEFAULT));

	config_defaults(&scratch);
	err = file_load(&scratch, path, named, f);
	if (err)
		return err;
	err = flags_read(&scratch, argc, argv, f);
	if (!err)
		err = cross_check(&scratch, f);
	scratch.argc = argc;
	scratch.argv = argv;
	if (!err)
		*c = scratch;
	return err;
}

int config_again(struct config *c, const struct config *running, struct fault *f)
{
	return config_load(c, running->argc, running->argv, f);
}

bool config_same(const struct config *a, const struct config *b, enum config_option o)
{
	char x[CONFIG_PATH_MAX + 64], y[sizeof(x)];
	bool shown;

	if (o == OPTION_FIRMWARE)
		return a->firmware_count == b->firmware_count &&
		       memcmp(a->firmware, b->firmware, sizeof(a->firmware)) == 0;
	shown = option_show(a, o, x, sizeof(x));
	if (shown != option_show(b, o, y, sizeof(y)))
		return false;
	return !shown || strcmp(x, y) == 0; /* what is not shown is not written either */
}

const char *config_option_name(enum config_option o)
{
	must((unsigned)o < OPTIONS_TOTAL);
	return option_table[o].name;
}
