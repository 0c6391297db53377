/* SPDX-License-Identifier: MIT */
/*
 * The configuration for people: what holds now (--print-config), the help text, and the example
 * file. All three come from the table, so that none of them can go out of date.
 *
 * What config_print() writes can be read back as a file: values that are not set stand behind
 * a comment sign, and so does the rare value that an INI line cannot hold.
 */
#include "option.h"

#include "reflashd/text.h"

#include <stdio.h>
#include <string.h>

#define WIDTH	      80
#define HELP_COLUMN   29
#define ORIGIN_COLUMN 44

static bool in_section(unsigned o, const char *section)
{
	const char *own = option_table[o].section;

	return section ? own && strcmp(own, section) == 0 : !own;
}

/* Words, broken so that no line passes WIDTH; later lines begin with `margin'. */
static void wrap(FILE *out, const char *text, size_t column, const char *margin)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && column + 1 + len > WIDTH) {
			fprintf(out, "\n%s", margin);
			column = strlen(margin);
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", (int)len, text);
		column += len + !first;
		first = false;
		text += len;
		while (*text == ' ')
			text++;
	}
	fputc('\n', out);
}

/* The help of a row, with its default unless that is "no" or already told. */
static void help_text(const struct option_row *row, char *out, size_t size)
{
	bool tell = row->shown[0] && strcmp(row->shown, "no") != 0;

	must(text_format(out, size, "%s%s%s%s", row->help, tell ? " (default: " : "",
			 tell ? row->shown : "", tell ? ")" : ""));
}

static void usage_row(FILE *out, const struct option_row *row)
{
	char left[64], text[400], margin[HELP_COLUMN + 1];
	size_t len;

	must(text_format(left, sizeof(left), "  %c%c%s--%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
			 row->argument ? " " : "", row->argument ? row->argument : ""));
	help_text(row, text, sizeof(text));
	memset(margin, ' ', HELP_COLUMN);
	margin[HELP_COLUMN] = 0;
	len = strlen(left);
	if (len + 2 > HELP_COLUMN)
		fprintf(out, "%s\n%s", left, margin);
	else
		fprintf(out, "%s%s", left, margin + len);
	wrap(out, text, HELP_COLUMN, margin);
}

static const char *title(const char *section)
{
	static const struct {
		const char *section, *title;
	} titles[] = {
		{"network", "Network"},	  {"dhcp", "DHCP"}, {"phones", "Phones"},
		{"firmware", "Firmware"}, {"tftp", "TFTP"}, {"output", "Output"},
	};

	for (unsigned i = 0; section && i < ARRAY_LEN(titles); i++)
		if (strcmp(titles[i].section, section) == 0)
			return titles[i].title;
	return section ? section : "Only on the command line";
}

void config_usage(FILE *out)
{
	const char *names[OPTION_SECTIONS_MAX + 1];
	unsigned n = option_sections(names);

	names[n++] = NULL;
	for (unsigned s = 0; s < n; s++) {
		if (s > 0)
			fputc('\n', out);
		fprintf(out, "%s:\n", title(names[s]));
		for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
			if (in_section(o, names[s]) && o != OPTION_FIRMWARE)
				usage_row(out, &option_table[o]);
	}
}

void config_example(FILE *out)
{
	const char *names[OPTION_SECTIONS_MAX];
	unsigned n = option_sections(names);

	fputs("# reflashd.conf: read from " CONFIG_FILE_DEFAULT " or from --config FILE.\n"
	      "#\n"
	      "# Every key is a flag of `reflashd serve', too, and the flag wins. Each stands "
	      "here\n"
	      "# with its default, or with what to put there; remove the `;' to set it.\n"
	      "# `reflashd --print-config' shows what holds, and where each value came from.\n",
	      out);
	for (unsigned s = 0; s < n; s++) {
		fprintf(out, "\n[%s]\n", names[s]);
		for (unsigned o = 0; o < OPTIONS_TOTAL; o++) {
			const struct option_row *row = &option_table[o];
			const char *value = row->shown[0]   ? row->shown
					    : row->argument ? row->argument
							    : "no";

			if (!in_section(o, names[s]))
				continue;
			fputs("\n# ", out);
			wrap(out, row->help, 2, "# ");
			fprintf(out, ";%s = %s\n", row->name, value);
		}
	}
}

/* Would an INI line bring this value back as it is? */
static bool fits_a_file(const char *value)
{
	size_t len = strlen(value);

	return len > 0 && !strchr(" \t;#", value[0]) && !strchr(" \t", value[len - 1]) &&
	       !strstr(value, " ;") && !strstr(value, "\t;");
}

/* What stands in for a value that is not set: the "(default: …)" that ends its help. */
static void print_unset(FILE *out, const struct option_row *row)
{
	const char *start = strstr(row->help, "(default: ");

	int n = fprintf(out, ";%s =", row->name);

	if (start) {
		start += strlen("(default: ");
		fprintf(out, "%*s; default: %.*s\n", ORIGIN_COLUMN - n, "",
			(int)strcspn(start, ")"), start);
	} else {
		fprintf(out, "%*s; default: not set\n", ORIGIN_COLUMN - n, "");
	}
}

static void print_value(FILE *out, const struct config *c, enum config_option o, const char *value,
			unsigned line)
{
	bool fits = fits_a_file(value);
	int n = fprintf(out, "%s%s = %s", fits ? "" : ";", option_table[o].name, value);

	fprintf(out, "%*s; ", n < ORIGIN_COLUMN ? ORIGIN_COLUMN - n : 1, "");
	switch (c->origin[o].origin) {
	case ORIGIN_DEFAULT: fputs("default", out); break;
	case ORIGIN_FILE: fprintf(out, "from %s:%u", c->file, line); break;
	case ORIGIN_FLAG: fputs("from the command line", out); break;
	}
	fputs(fits ? "\n" : " (a file cannot hold this value)\n", out);
}

static void print_option(FILE *out, const struct config *c, enum config_option o)
{
	char value[CONFIG_PATH_MAX];

	if (o == OPTION_FIRMWARE) {
		for (unsigned i = 0; i < c->firmware_count; i++)
			print_value(out, c, o, c->firmware[i], c->firmware_line[i]);
		if (c->firmware_count == 0)
			print_unset(out, &option_table[o]);
	} else if (option_show(c, o, value, sizeof(value))) {
		print_value(out, c, o, value, c->origin[o].line);
	} else {
		print_unset(out, &option_table[o]);
	}
}

/* What is only a flag stands there as a comment, when it was given. */
static void print_flag(FILE *out, const struct config *c, enum config_option o)
{
	const struct option_row *row = &option_table[o];
	char value[CONFIG_PATH_MAX];

	if (c->origin[o].origin != ORIGIN_FLAG || o == OPTION_CONFIG || o == OPTION_PRINT_CONFIG ||
	    !option_show(c, o, value, sizeof(value)) || strcmp(value, "no") == 0)
		return;
	fprintf(out, "; --%s%s%s, from the command line (no key of the file)\n", row->name,
		row->argument ? " " : "", row->argument ? value : "");
}

void config_print(const struct config *c, FILE *out)
{
	const char *names[OPTION_SECTIONS_MAX];
	unsigned n = option_sections(names);

	if (c->file[0])
		fprintf(out, "; The configuration, from %s and the command line.\n", c->file);
	else
		fputs("; The configuration, from the command line; no file was read.\n", out);
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		if (in_section(o, NULL))
			print_flag(out, c, (enum config_option)o);
	for (unsigned s = 0; s < n; s++) {
		fprintf(out, "\n[%s]\n", names[s]);
		for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
			if (in_section(o, names[s]))
				print_option(out, c, (enum config_option)o);
	}
}
