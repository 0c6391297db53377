/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_NO_TERMINAL 80
#define WIDTH_LEAST	  40
#define WIDTH_PROSE	  110 /* longer lines are hard to follow */

void terminal_open(struct terminal *t, FILE *out, enum config_color color)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	int fd = fileno(out);
	struct winsize size;

	*t = (struct terminal){.out = out, .width = WIDTH_NO_TERMINAL};
	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		t->width = size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
	t->color = color == COLOR_ALWAYS;
	if (color == COLOR_AUTO)
		t->color =
			isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

static const char *code_of(enum terminal_style style)
{
	switch (style) {
	case STYLE_STRONG: return "\033[1m";
	case STYLE_DIM: return "\033[2m";
	case STYLE_GOOD: return "\033[32m";
	case STYLE_WARNING: return "\033[33m";
	case STYLE_BAD: return "\033[31m";
	case STYLE_PLAIN: break;
	}
	return "";
}

static void styled(const struct terminal *t, enum terminal_style style, const char *text,
		   size_t len)
{
	const char *code = t->color ? code_of(style) : "";

	fprintf(t->out, "%s%.*s%s", code, (int)len, text, *code ? "\033[0m" : "");
}

void terminal_styled(const struct terminal *t, enum terminal_style style, const char *text)
{
	styled(t, style, text, strlen(text));
}

/* How much of the text goes into a line with that much room: up to a blank, at least a word. */
static size_t line_len(const char *text, size_t room)
{
	size_t len = strlen(text), at = room;

	if (len <= room)
		return len;
	while (at > 0 && text[at] != ' ')
		at--;
	return at > 0 ? at : strcspn(text, " ");
}

void terminal_wrap(const struct terminal *t, unsigned at, unsigned indent,
		   enum terminal_style style, const char *text)
{
	unsigned width = t->width < WIDTH_PROSE ? t->width : WIDTH_PROSE;

	for (;;) {
		size_t len = line_len(text, width > at + 10 ? width - at : 10);

		styled(t, style, text, len);
		text += len;
		text += strspn(text, " ");
		putc('\n', t->out);
		if (!*text)
			return;
		fprintf(t->out, "%*s", (int)indent, "");
		at = indent;
	}
}

void terminal_labelled(const struct terminal *t, const char *label, enum terminal_style label_style,
		       unsigned indent, enum terminal_style style, const char *text)
{
	unsigned at = 2 + (unsigned)strlen(label);

	fputs("  ", t->out);
	terminal_styled(t, label_style, label);
	if (at + 1 > indent)
		indent = at + 1;
	fprintf(t->out, "%*s", (int)(indent - at), "");
	terminal_wrap(t, indent, indent, style, text);
}
