/* SPDX-License-Identifier: MIT */
/*
 * A tool of the build: copies a template to standard output, and puts what the program itself is
 * made from in the place of lines such as
 *
 *     @OPTIONS@     the options of `serve' (options.def), for the manual
 *     @KEYS@        the same as keys of the file
 *     @COMMANDS@    the commands (src/cli/commands.c) with what `reflashd help' says of each
 *     @EXITS@  @EVENTS@  @ADVICE@  @LIMITS@
 *     @BASH@        for the completions, as shell: the commands, and for each the options with
 *     @ZSH@         what they take
 *
 * So the manual and the completions cannot name what does not exist, nor forget what does. It is
 * linked with everything but main.c. The options of a command other than serve stand in a table of
 * its own file, and are read from its help text.
 */
#include "../cli/cli.h"
#include "../config/option.h"
#include "../event/event_table.h"
#include "limits.h"
#include "reflashd/daemon.h"
#include "reflashd/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

extern const unsigned char models_ini[];
extern const size_t models_ini_len;

/* Text for mdoc: nothing in it is a macro or an escape. A double quote that follows a blank in a
 * macro line would begin a quoted word; texts stand in lines of their own, so it does not. */
static void roff(const char *text, bool literal)
{
	bool ended = false;

	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == ' ' && ended && !literal)
			putchar('\n'); /* a new sentence, a new line */
		else if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-' && text[1] == '-')
			fputs("\\-", stdout);
		else if (*text == '-' && (text[1] == ' ' || !text[1]))
			fputs("\\-", stdout);
		else
			putchar(*text);
		ended = strchr(".?!", *text) || (ended && *text == '"');
	}
}

/* The words of a macro line, each hidden from mdoc (`Ar |' or `Ar ...' would mean something). */
static void roff_words(const char *macro, const char *text)
{
	printf(" %s ", macro);
	for (; *text; text++)
		if (*text == ' ')
			putchar(' ');
		else if (strchr("|.,:;()[]?!", *text) && (text[1] == ' ' || !text[1]))
			printf("\\&%c", *text);
		else
			putchar(*text);
}

/* "(default: x)" as in the help, unless it is told there already. */
static void default_of(const struct option_row *row)
{
	if (!row->shown[0] || strcmp(row->shown, "no") == 0)
		return;
	fputs("The default is\n.Li ", stdout);
	roff(row->shown, true);
	fputs(" .\n", stdout);
}

static void sentence(const char *help)
{
	size_t len = strlen(help);

	putchar(toupper((unsigned char)*help));
	roff(help + 1, false);
	fputs(len && strchr(".?", help[len - 1]) ? "\n" : ".\n", stdout);
}

static void options(void)
{
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++) {
		const struct option_row *row = &option_table[o];

		if (o == OPTION_FIRMWARE)
			continue;
		printf(".It");
		if (row->letter)
			printf(" Fl %c ,", row->letter);
		printf(" Fl \\-%s", row->name);
		if (row->argument)
			roff_words("Ar", row->argument);
		putchar('\n');
		sentence(row->help);
		default_of(row);
	}
}

static void keys(void)
{
	const char *section = "";

	for (unsigned o = 0; o < OPTIONS_TOTAL; o++) {
		const struct option_row *row = &option_table[o];

		if (!row->section)
			continue;
		if (strcmp(section, row->section) != 0) {
			section = row->section;
			printf("%s.Ss [%s]\n.Bl -tag -width Ds\n", o ? ".El\n" : "", section);
		}
		printf(".It Ic %s No =", row->name);
		if (row->argument)
			roff_words("Ar", row->argument);
		else
			fputs(" Ar yes|no", stdout);
		putchar('\n');
		sentence(row->help);
		default_of(row);
	}
	puts(".El");
}

/* What `help COMMAND' says below its first two lines; free it. */
static char *more_of(const struct command *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	if (c->more)
		c->more(out);
	fclose(out);
	return text;
}

/* The lists that a help text is made of; the manual breaks its lines by itself. */
enum list { NO_LIST, OPTION_LIST, DASH_LIST };

static void change_list(enum list *now, enum list wanted)
{
	if (*now == wanted)
		return;
	if (*now != NO_LIST)
		puts(".El");
	if (wanted != NO_LIST)
		puts(wanted == OPTION_LIST ? ".Bl -tag -width Ds -compact" : ".Bl -dash -compact");
	*now = wanted;
}

/* "--keys FILE           further verification keys": not -h, which each of them has. */
static void option_row(const char *row)
{
	const char *gap = strstr(row, "  ");
	char head[80];

	if (text_starts_nocase(row, "-h,"))
		return;
	text_format(head, sizeof(head), "%.*s", gap ? (int)(gap - row) : (int)strlen(row), row);
	fputs(".It ", stdout);
	for (const char *p = head; *p; p++)
		fputs(*p == '-' ? "\\-" : (char[]){*p, 0}, stdout);
	putchar('\n');
	if (!gap)
		return;
	roff(gap + strspn(gap, " "), false);
	putchar('\n');
}

static void more_mdoc(char *text)
{
	enum list list = NO_LIST;
	char *line;

	while ((line = strsep(&text, "\n")) && (text || *line)) {
		const char *words = line + strspn(line, " ");
		bool dash = words > line && strncmp(words, "- ", 2) == 0;
		bool option = words > line && *words == '-' && !dash;

		if (!*words || words == line)
			change_list(&list, NO_LIST);
		else if (dash || option)
			change_list(&list, dash ? DASH_LIST : OPTION_LIST);
		if (option) {
			option_row(words);
			continue;
		}
		if (dash)
			puts(".It");
		if (*words)
			roff(dash ? words + 2 : words, false);
		else
			fputs(".Pp", stdout);
		putchar('\n');
	}
	change_list(&list, NO_LIST);
}

static bool takes_serve_options(const struct command *c)
{
	return strcmp(c->name, "serve") == 0 || strcmp(c->name, "xmldefault") == 0;
}

static void commands_mdoc(void)
{
	for (const struct command *c = commands; c->name; c++) {
		char *text = more_of(c);

		printf(".It Cm %s", c->name);
		if (*c->arguments)
			roff_words("Ar", c->arguments);
		putchar('\n');
		sentence(c->help);
		if (takes_serve_options(c))
			puts("It takes the options of the next section.");
		else if (*text) {
			puts(".Pp");
			more_mdoc(text);
		}
		free(text);
	}
}

static void exits(void)
{
#define EXIT(id, number, help) printf(".It %d\n%s\n", number, help);
#include "reflashd/exit_codes.def"
#undef EXIT
}

static void events(void)
{
	for (unsigned t = 0; t < EVENT_TYPE_COUNT; t++) {
		const struct event_row *row = &event_table[t];
		const char *word = event_severity_name(row->severity);

		printf(".It Sy %s Pq %s\n", row->name, word);
		for (unsigned f = 0; row->fields[f] != EVENT_FIELD_COUNT; f++)
			printf("%s%s", f ? ", " : "", field_table[row->fields[f]].name);
		putchar('\n');
	}
}

static void advice(void)
{
	static const struct {
		const char *code, *means;
	} rows[] = {
#define ADVICE(id, code, means, act, dont) {code, means},
#include "reflashd/advice.def"
#undef ADVICE
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		printf(".It %s\n", rows[i].code);
		roff(rows[i].means, false);
		putchar('\n');
	}
}

static void limits(void)
{
	for (size_t i = 0; i < ARRAY_LEN(limit_table); i++) {
		const struct limit_row *row = &limit_table[i];

		/* In quotes, "An" and "At" are no macros. */
		printf(".It Sy \"%s: %lu%s", row->what, row->value, *row->unit ? " " : "");
		roff(row->unit, true);
		puts("\"");
		roff(row->then, false);
		putchar('\n');
	}
}

/* ---- completions ---- */

/* One option for the shells: NAME LETTER KIND, the kind being what it takes. */
struct shell_option {
	char name[32], argument[48], help[256];
	char letter;
};

static const char *kind(const struct shell_option *o)
{
	const char *argument = o->argument;

	if (!*argument)
		return "switch";
	if (strchr(argument, '|') && !strpbrk(argument, "[]ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		return argument;
	if (strcmp(o->name, "interface") == 0)
		return "interface";
	if (strcmp(argument, "FILE") == 0 || strcmp(argument, "PATH") == 0)
		return "file";
	if (strcmp(argument, "DIR") == 0)
		return "folder";
	return "value";
}

/* The next option in a help text: "  -i, --interface NAME   words"; false: none is left. */
static bool next_option(const char **text, struct shell_option *o)
{
	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n"), at = strspn(line, " ");
		const char *end;

		*text = line + len + (line[len] == '\n');
		memset(o, 0, sizeof(*o));
		if (at < 2 || line[at] != '-')
			continue;
		if (line[at + 1] != '-') {
			o->letter = line[at + 1];
			at += 4;
		}
		if (strncmp(line + at, "--", 2) != 0)
			continue;
		at += 2;
		end = line + at + strcspn(line + at, " \n");
		snprintf(o->name, sizeof(o->name), "%.*s", (int)(end - line - (int)at), line + at);
		if (*end == ' ' && end[1] != ' ') {
			const char *word = end + 1;

			end = word + strcspn(word, " \n");
			snprintf(o->argument, sizeof(o->argument), "%.*s", (int)(end - word), word);
		}
		end += strspn(end, " ");
		snprintf(o->help, sizeof(o->help), "%.*s", (int)strcspn(end, "\n"), end);
		return true;
	}
	return false;
}

static void row_option(unsigned row, struct shell_option *o)
{
	const struct option_row *r = &option_table[row];

	memset(o, 0, sizeof(*o));
	snprintf(o->name, sizeof(o->name), "%s", r->name);
	snprintf(o->argument, sizeof(o->argument), "%s", r->argument ? r->argument : "");
	snprintf(o->help, sizeof(o->help), "%s", r->help);
	o->letter = r->letter;
}

typedef void option_printer(const char *command, const struct shell_option *o);

static void each_option(const struct command *c, option_printer *print)
{
	struct shell_option o;
	char *text = more_of(c);
	const char *at = text;

	if (takes_serve_options(c)) {
		for (unsigned row = 0; row < OPTIONS_TOTAL; row++)
			if (row != OPTION_FIRMWARE) {
				row_option(row, &o);
				print(c->name, &o);
			}
	} else {
		while (next_option(&at, &o))
			print(c->name, &o);
	}
	free(text);
}

static void bash_option(const char *command, const struct shell_option *o)
{
	(void)command;
	printf(" --%s", o->name);
	if (o->letter)
		printf(" -%c", o->letter);
}

static void bash_value(const char *command, const struct shell_option *o)
{
	if (!*o->argument)
		return;
	printf("\t'%s --%s'%s%s%s%c%s) echo '%s' ;;\n", command, o->name, o->letter ? " | '" : "",
	       o->letter ? command : "", o->letter ? " -" : "", o->letter ? o->letter : ' ',
	       o->letter ? "'" : "", kind(o));
}

/* The sections of the catalogue; [kind name] is something else. */
static void models(void)
{
	const char *text = (const char *)models_ini, *end = text + models_ini_len;

	while (text && text < end) {
		const char *close = memchr(text, ']', (size_t)(end - text));

		if (*text == '[' && close && !memchr(text, ' ', (size_t)(close - text)))
			printf("%.*s\n", (int)(close - text - 1), text + 1);
		text = memchr(text, '\n', (size_t)(end - text));
		text += text != NULL;
	}
}

/* Functions of case tables. */
static void bash(void)
{
	puts("_reflashd_commands() {\n\tcat <<'END'");
	for (const struct command *c = commands; c->name; c++)
		puts(c->name);
	puts("END\n}\n_reflashd_options() {\n\tcase $1 in");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t%s) echo '", c->name);
		each_option(c, bash_option);
		puts("' ;;");
	}
	puts("\tesac\n}\n_reflashd_takes() {\n\tcase \"$1 $2\" in");
	for (const struct command *c = commands; c->name; c++)
		each_option(c, bash_value);
	puts("\tesac\n}\n_reflashd_models() {\n\tcat <<'END'");
	models();
	puts("END\n}");
}

/* Words inside a zsh specification '…[words]:…' in single quotes. */
static void zsh_words(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
}

static void zsh_spec(const struct shell_option *o, const char *flag, bool joined)
{
	const char *takes = kind(o);

	printf("\t\t'*%s%s[", flag, joined ? "=" : "");
	zsh_words(o->help);
	putchar(']');
	if (*o->argument) {
		putchar(':');
		zsh_words(o->argument);
		putchar(':');
		if (strcmp(takes, "interface") == 0)
			fputs("_net_interfaces", stdout);
		else if (strcmp(takes, "file") == 0)
			fputs("_files", stdout);
		else if (strcmp(takes, "folder") == 0)
			fputs("_files -/", stdout);
		else if (strcmp(takes, "value") != 0) {
			putchar('(');
			for (; *takes; takes++)
				putchar(*takes == '|' ? ' ' : *takes);
			putchar(')');
		}
	}
	puts("'");
}

static void zsh_option(const char *command, const struct shell_option *o)
{
	char flag[40];

	(void)command;
	snprintf(flag, sizeof(flag), "--%s", o->name);
	zsh_spec(o, flag, *o->argument != 0);
	if (o->letter) {
		snprintf(flag, sizeof(flag), "-%c", o->letter);
		zsh_spec(o, flag, false);
	}
}

static void zsh(void)
{
	puts("_reflashd_commands=(");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t'%s:", c->name);
		zsh_words(c->help);
		puts("'");
	}
	puts(")\n_reflashd_options() {\n\tcase $1 in");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t(%s) specs=(\n", c->name);
		each_option(c, zsh_option);
		puts("\t) ;;");
	}
	puts("\tesac\n}");
}

static void version(void)
{
	puts(REFLASHD_VERSION);
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *line;
		void (*expand)(void);
	} tables[] = {
		{"@OPTIONS@", options}, {"@KEYS@", keys},     {"@COMMANDS@", commands_mdoc},
		{"@EXITS@", exits},	{"@EVENTS@", events}, {"@ADVICE@", advice},
		{"@LIMITS@", limits},	{"@BASH@", bash},     {"@ZSH@", zsh},
		{"@VERSION@", version},
	};
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[1024];

	if (!in) {
		fputs("usage: tables TEMPLATE\n", stderr);
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		size_t t = 0;

		line[strcspn(line, "\n")] = 0;
		while (t < ARRAY_LEN(tables) && strcmp(line, tables[t].line) != 0)
			t++;
		if (t < ARRAY_LEN(tables))
			tables[t].expand();
		else
			puts(line);
	}
	fclose(in);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
