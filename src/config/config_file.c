/* SPDX-License-Identifier: MIT */
/*
 * The INI file. Each key stands in the section that the table gives it; the first mistake ends the
 * reading, and nothing of a file with a mistake is taken over.
 *
 * A key that is given twice is a mistake, too (only `path' may be repeated): the second one
 * is usually at the end of a long file, and whoever edits the first wonders why nothing
 * changes.
 */
#include "option.h"

#include "reflashd/ini.h"
#include "reflashd/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX ((size_t)1 << 20)
#define SHOWN_MAX     64

struct reading {
	struct config c;
	unsigned seen[OPTIONS_TOTAL]; /* line, or 0 */
};

static bool known_section(const char *section)
{
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		if (option_table[o].section && strcmp(option_table[o].section, section) == 0)
			return true;
	return false;
}

/* "[network] [dhcp] …" */
static void list_sections(char *out, size_t size)
{
	const char *names[OPTION_SECTIONS_MAX];
	unsigned n = option_sections(names);
	size_t len = 0;

	out[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		must(text_format(out + len, size - len, "%s[%s]", i ? " " : "", names[i]));
		len += strlen(out + len);
	}
}

static bool unknown_key(const struct ini_item *item, enum config_option o, struct fault *why)
{
	char section[SHOWN_MAX], key[SHOWN_MAX], sections[120];
	const char *near = option_nearest(item->key, false);

	text_escape(section, sizeof(section), (const uint8_t *)item->section,
		    strlen(item->section));
	text_escape(key, sizeof(key), (const uint8_t *)item->key, strlen(item->key));
	if (!known_section(item->section)) {
		list_sections(sections, sizeof(sections));
		fault_set(why, -EINVAL, "there is no section [%s]; the sections are %s", section,
			  sections);
	} else if (o != OPTIONS_TOTAL && !option_table[o].section) {
		fault_set(why, -EINVAL, "%s is only a flag; give --%s on the command line", key,
			  key);
	} else if (o != OPTIONS_TOTAL) {
		fault_set(why, -EINVAL, "%s stands in [%s]; move it to [%s]", key, section,
			  option_table[o].section);
	} else if (near) {
		fault_set(why, -EINVAL, "[%s] has no key %s; did you mean %s?", section, key, near);
	} else {
		fault_set(why, -EINVAL,
			  "[%s] has no key %s; `reflashd --print-config' shows the keys there are",
			  section, key);
	}
	return false;
}

static bool take(void *ctx, const struct ini_item *item, struct fault *why)
{
	struct reading *r = ctx;
	enum config_option o = option_find(item->key, strlen(item->key));
	struct fault value;

	if (o == OPTIONS_TOTAL || !option_table[o].section ||
	    strcmp(option_table[o].section, item->section) != 0)
		return unknown_key(item, o, why);
	if (r->seen[o] && o != OPTION_FIRMWARE) {
		fault_set(why, -EINVAL, "%s is given in line %u already; keep one of the two",
			  item->key, r->seen[o]);
		return false;
	}
	if (o == OPTION_FIRMWARE && !r->seen[o])
		r->c.firmware_count = 0; /* the paths of this file, not also of one before */
	r->seen[o] = item->line;
	if (option_set(&r->c, o, item->value, ORIGIN_FILE, item->line, &value))
		return true;
	fault_set(why, -EINVAL, "%s: %s", item->key, value.text);
	return false;
}

int config_read(struct config *c, const char *name, const char *text, size_t len, struct fault *f)
{
	struct reading r = {.c = *c};
	int err = ini_read(name, text, len, take, &r, f);

	if (err) {
		f->err = -EBADMSG;
		return -EBADMSG;
	}
	text_copy(r.c.file, sizeof(r.c.file), name);
	*c = r.c;
	return 0;
}

/* The whole file, or NULL with errno. One byte more than allowed is read to see too much. */
static char *slurp(const char *path, size_t *len)
{
	FILE *in = fopen(path, "re");
	char *text = in ? malloc(FILE_SIZE_MAX + 1) : NULL;
	int err = errno;

	if (text) {
		errno = 0;
		*len = fread(text, 1, FILE_SIZE_MAX + 1, in);
		err = ferror(in) ? errno : *len > FILE_SIZE_MAX ? EFBIG : 0;
	}
	if (in)
		fclose(in);
	if (err && text) {
		free(text);
		text = NULL;
	}
	errno = err;
	return text;
}

int file_load(struct config *c, const char *path, bool must_exist, struct fault *f)
{
	size_t len;
	char *text = slurp(path, &len);
	char shown[CONFIG_PATH_MAX];
	int err;

	if (!text && errno == ENOENT && !must_exist)
		return 0;
	text_escape(shown, sizeof(shown), (const uint8_t *)path, strlen(path));
	if (!text)
		return fault_set(f, -EBADMSG,
				 "cannot read the configuration %s: %s; give --config "
				 "a file that can be read",
				 shown, strerror(errno));
	err = config_read(c, shown, text, len, f);
	free(text);
	return err;
}
