/* SPDX-License-Identifier: MIT */
/*
 * Lines of the log, the report at the end, and the words that they share with the live view.
 *
 * The sentences come from events and are printable ASCII already; here they are only broken
 * between words and given a style. The report claims what was seen: that a phone ran before it
 * fetched, or asked for firmware at once; what it announced; what proved it.
 */
#include "reflashd/view.h"

#include "reflashd/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CLOCK_COLUMNS 10 /* "HH:MM:SS  " */
#define SCREENFUL     10 /* phones of the report; two lines each */
#define WIDTH_PROSE   120

bool view_shows(const struct event *e, int verbosity)
{
	if (e->type == EVENT_TFTP_PROGRESS || e->type == EVENT_PHONE_PROGRESS)
		return verbosity >= 2; /* the live view shows them better */
	return e->severity >= (verbosity < 0	? SEVERITY_WARNING
			       : verbosity == 0 ? SEVERITY_INFO
						: SEVERITY_DEBUG);
}

/* Bold for what matters, red for what went wrong, dim for detail: the words say it too. */
static const char *style_of(enum event_severity s)
{
	switch (s) {
	case SEVERITY_DEBUG: return "\033[2m";
	case SEVERITY_NOTICE: return "\033[1m";
	case SEVERITY_WARNING: return "\033[35m";
	case SEVERITY_ERROR: return "\033[1;31m";
	case SEVERITY_INFO: break;
	}
	return "";
}

/* Breaks the sentence between words and indents what follows, so that what stands on the left
 * can be found. A word that is longer than a line is left to the terminal. */
size_t view_wrap(const char *text, size_t width, size_t at, size_t indent, char *out, size_t size)
{
	size_t used = 0, column = at;
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && width && column + 1 + len >= width) {
			if (used + indent + 2 >= size)
				break;
			out[used++] = '\n';
			memset(out + used, ' ', indent);
			used += indent;
			column = indent;
		} else if (!first) {
			if (used + 2 >= size)
				break;
			out[used++] = ' ';
			column++;
		}
		if (used + len + 1 >= size)
			break;
		memcpy(out + used, text, len);
		used += len;
		column += len;
		first = false;
		text += len;
		text += *text == ' ';
	}
	out[used] = 0;
	return used;
}

size_t view_log(const struct event *e, const char *clock, unsigned width, bool style, char *out,
		size_t size)
{
	char sentence[1024], wrapped[2048];
	const char *on = style ? style_of(e->severity) : "";
	int n;

	must(size >= VIEW_LINE_MAX);
	event_text(e, sentence, sizeof(sentence));
	if (width && width < VIEW_WIDTH_LEAST)
		width = VIEW_WIDTH_LEAST;
	view_wrap(sentence, width, CLOCK_COLUMNS, CLOCK_COLUMNS, wrapped, sizeof(wrapped));
	n = snprintf(out, size, "%s  %s%s%s\n", clock, on, wrapped, *on ? "\033[0m" : "");
	must(n > 0 && (size_t)n < size);
	return (size_t)n;
}

/* ---- words ---- */

static const struct stage_row {
	const char *stage, *word, *words;
} stage_table[] = {
	{"seen", "seen", "seen"},
	{"leased", "address", "has an address"},
	{"erased", "erased", "is erased"},
	{"listed", "list", "has its list"},
	{"fetching", "fetching", "fetching"},
	{"writing", "writing", "writing flash"},
	{"back", "starting", "starting up"},
	{"next-step", "next step", "next step"},
	{"refused", "refused", "refused it"},
	{"recovered", "recovered", "recovered"},
};

static const struct stage_row *row_of(const struct board_phone *p)
{
	for (unsigned i = 0; i < ARRAY_LEN(stage_table); i++)
		if (strcmp(p->stage, stage_table[i].stage) == 0)
			return &stage_table[i];
	return NULL;
}

const char *view_stage_words(const struct board_phone *p)
{
	const struct stage_row *row = row_of(p);

	return row ? row->words : p->stage;
}

const char *view_stage_word(const struct board_phone *p)
{
	const struct stage_row *row = row_of(p);

	return row ? row->word : p->stage;
}

const char *view_proof_words(const char *proof)
{
	static const struct {
		const char *proof, *words;
	} table[] = {
		{"cdp", "it announced its load by CDP"},
		{"sccp", "it registered by SCCP"},
		{"sip", "it registered by SIP"},
		{"http", "its own web page says so"},
		{"requests", "it made the requests that only a running phone makes"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].proof, proof) == 0)
			return table[i].words;
	return "it was proven";
}

const char *view_bytes(char out[VIEW_BYTES_MAX], uint64_t n)
{
	if (n < 1000)
		snprintf(out, VIEW_BYTES_MAX, "%u B", (unsigned)n);
	else if (n < 1000000)
		snprintf(out, VIEW_BYTES_MAX, "%u KB", (unsigned)(n / 1000));
	else if (n < 100000000)
		snprintf(out, VIEW_BYTES_MAX, "%u.%u MB", (unsigned)(n / 1000000),
			 (unsigned)(n / 100000 % 10));
	else if (n < UINT64_C(100000000000))
		snprintf(out, VIEW_BYTES_MAX, "%u MB", (unsigned)(n / 1000000));
	else
		snprintf(out, VIEW_BYTES_MAX, "%" PRIu64 " GB", n / 1000000000);
	return out;
}

const char *view_duration(char out[VIEW_CLOCK_MAX], uint64_t seconds)
{
	if (seconds < 3600)
		snprintf(out, VIEW_CLOCK_MAX, "%u:%02u", (unsigned)(seconds / 60),
			 (unsigned)(seconds % 60));
	else if (seconds < 360000)
		snprintf(out, VIEW_CLOCK_MAX, "%u:%02u:%02u", (unsigned)(seconds / 3600),
			 (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	else
		snprintf(out, VIEW_CLOCK_MAX, "%" PRIu64 " days", seconds / 86400);
	return out;
}

const char *view_advice(const struct board_phone *p)
{
	const char *text = p->advice, *end;
	char mac[MAC_TEXT_MAX];

	mac_format(p->mac, mac);
	if (strncmp(text, mac, strlen(mac)) != 0)
		return text;
	text += strlen(mac);
	end = text[0] == ' ' && text[1] == '(' ? strchr(text, ')') : NULL;
	if (end)
		text = end + 1;
	text += *text == ':';
	text += *text == ' ';
	return text;
}

/* ---- the report ---- */

struct line {
	char text[1400];
	size_t len;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(l->text + l->len, room, format, ap);
	va_end(ap);
	l->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void add_time(struct line *l, uint64_t seconds)
{
	uint64_t n = seconds < 120 ? seconds : (seconds + 30) / 60;

	add(l, "%" PRIu64 " %s%s", n, seconds < 120 ? "second" : "minute", n == 1 ? "" : "s");
}

static void add_past(struct line *l, const struct board_phone *p)
{
	char bytes[VIEW_BYTES_MAX];

	if (p->erased)
		add(l, " came without firmware,");
	else if (p->was[0])
		add(l, " announced %s at first,", p->was);
	else if (p->ran)
		add(l, " ran when it came,");
	else if (p->fetched)
		add(l, " asked for firmware at once,");
	for (unsigned i = 0; i < p->load_count; i++)
		add(l, "%s%s",
		    i == 0		    ? " was given "
		    : i + 1 < p->load_count ? ", "
					    : " and ",
		    p->loads[i]);
	if (p->load_count)
		add(l, " (%s)", view_bytes(bytes, p->sent));
	else if (p->sent)
		add(l, " was given %s", view_bytes(bytes, p->sent));
	else
		add(l, " was given nothing");
}

static void add_phone(struct line *l, const struct board *b, const struct board_phone *p)
{
	int64_t now_ms = b->now_ms;
	char mac[MAC_TEXT_MAX];

	mac_format(p->mac, mac);
	add(l, "%s%s%s%s", mac, p->model[0] ? " (" : "", p->model, p->model[0] ? ")" : "");
	add_past(l, p);
	if (p->proof[0]) {
		add(l, " and is recovered");
		if (p->load_count && strcmp(p->loads[p->load_count - 1], p->load) != 0)
			add(l, " with %s", p->load);
		add(l, " after ");
		add_time(l, p->seconds);
		add(l, ": %s.", view_proof_words(p->proof));
		return;
	}
	add(l, " and is NOT proven after ");
	add_time(l, now_ms > p->first_ms ? (uint64_t)(now_ms - p->first_ms) / 1000 : 0);
	add(l, " (last stage: %s).", view_stage_words(p));
	if (p->advice[0])
		add(l, " It %s", view_advice(p));
	else if (board_phone_writes(p))
		add(l, " %s, and start reflashd again.",
		    b->link_known && !b->link_up ? "Connect it again" : "Leave it plugged in");
}

struct report {
	void (*put)(void *ctx, const char *line, size_t len);
	void *ctx;
	unsigned width;
	bool style;
};

/* A line of it, which hangs when it is broken, so that the next phone is easily found. */
static void put_line(const struct report *r, const char *text, size_t indent, const char *on)
{
	char wrapped[VIEW_LINE_MAX], line[VIEW_LINE_MAX + 64];
	size_t hang = indent * 2;
	int n;

	view_wrap(text, r->width, hang, hang, wrapped, sizeof(wrapped));
	n = snprintf(line, sizeof(line), "%*s%s%s%s\n", (int)indent, "", r->style ? on : "",
		     wrapped, r->style && *on ? "\033[0m" : "");
	must(n > 0 && (size_t)n < sizeof(line));
	r->put(r->ctx, line, (size_t)n);
}

static unsigned unproven(const struct board *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->count; i++)
		n += !b->phone[i].proof[0];
	return n;
}

/* So many of the phones that are proven, or of those that are not. */
static void put_phones(const struct report *r, const struct board *b, bool proven, unsigned most)
{
	for (unsigned i = 0; i < b->count && most; i++) {
		struct line l = {.len = 0};

		if ((b->phone[i].proof[0] != 0) != proven)
			continue;
		add_phone(&l, b, &b->phone[i]);
		put_line(r, l.text, 2, proven ? "" : "\033[35m");
		most--;
	}
}

void view_report(const struct board *b, unsigned width, bool style,
		 void (*put)(void *ctx, const char *line, size_t len), void *ctx)
{
	struct report r = {put, ctx, width, style};
	struct line l = {.len = 0};
	unsigned shown = b->count < VIEW_REPORT_MOST ? b->count : VIEW_REPORT_MOST;
	unsigned all = b->count + b->away_count;
	unsigned open = unproven(b), last = open < shown ? open : shown;

	if (r.width && r.width < VIEW_WIDTH_LEAST)
		r.width = VIEW_WIDTH_LEAST;
	if (r.width > WIDTH_PROSE)
		r.width = WIDTH_PROSE;
	if (!b->ready && !b->count)
		return;
	if (!b->count)
		add(&l, "No phone was seen.");
	else if (b->count == 1)
		add(&l, "One phone was seen, and it is %s:",
		    b->recovered ? "recovered" : "not recovered");
	else if (b->recovered == all)
		add(&l, "%u phones were seen, and all of them are recovered:", all);
	else
		add(&l, "%u phones were seen, %u of them recovered:", all, b->recovered);
	put_line(&r, l.text, 0, "\033[1m");
	/* Those that want a hand come last, where the eye is, and are the last to be left out. */
	put_phones(&r, b, true, shown - last);
	if (shown < b->count) {
		l.len = 0;
		add(&l, "... and %u more.", all - shown);
		put_line(&r, l.text, 2, "");
	}
	put_phones(&r, b, false, last);
	if (b->count > SCREENFUL) { /* the head has gone off the screen */
		l.len = 0;
		add(&l, "In all: %u phones, %u recovered.", all, b->recovered);
		put_line(&r, l.text, 0, "\033[1m");
	}
}
