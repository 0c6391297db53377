/* SPDX-License-Identifier: MIT */
/*
 * The live view: a header of two lines, a line for each phone, and under it its advice.
 *
 *     -- reflashd on eth0, 10.79.70.1/24 -----------------------------------
 *      Firmware SCCP70.8-3-3S            2 phones, 1 recovered     1.2 MB/s
 *      00:1b:54:ca:01:02 7970 fetching       [####....] 3/8  4.2/9.1 MB 0:17
 *      00:1b:54:ca:01:03 7970 recovered      runs SCCP70.8-3-3S, 12:41
 *
 * Who is in motion stands first, then who needs help, then who waits, then the recovered ones.
 * When the terminal is too low the last ones become a line with their numbers. Advice gets the
 * lines that are left, each once: twenty phones with one trouble read one text.
 *
 * What is written is counted in columns, so a line never reaches the edge, where terminals
 * disagree about what comes next.
 */
#include "reflashd/view.h"

#include "reflashd/text.h"

#include <stdio.h>
#include <string.h>

#define HEADER_LINES 2
#define ADVICE_MOST  10 /* lines of one advice; the log has all of it */
#define WIDTH_PROSE  110

#define BOLD "\033[1m"
#define DIM  "\033[2m"
#define GOOD "\033[32m"
#define WARN "\033[35m"
#define BAD  "\033[1;31m"

/* Where the lines are put together. */
struct paint {
	char *out;
	size_t size, len;
	unsigned width; /* columns that a line may have */
	unsigned column, line, most;
	uint16_t *columns;
	bool style;
};

static void raw(struct paint *p, const char *text, size_t len)
{
	if (len < p->size - p->len) {
		memcpy(p->out + p->len, text, len);
		p->len += len;
		p->out[p->len] = 0;
	}
}

/* So much of the text as the line has room for; printable, whatever it was. */
static void put(struct paint *p, const char *style, const char *text)
{
	bool styled = p->style && *style;

	if (styled)
		raw(p, style, strlen(style));
	for (; *text && p->column < p->width; text++, p->column++)
		raw(p, *text >= 0x20 && *text <= 0x7e ? text : "?", 1);
	if (styled)
		raw(p, "\033[0m", 4);
}

static void fill(struct paint *p, char c, unsigned column)
{
	for (; p->column < column && p->column < p->width; p->column++)
		raw(p, &c, 1);
}

static void end_line(struct paint *p)
{
	while (p->column && p->out[p->len - 1] == ' ') {
		p->out[--p->len] = 0;
		p->column--;
	}
	p->columns[p->line++] = (uint16_t)p->column;
	p->column = 0;
}

static void next_line(struct paint *p)
{
	must(p->line < p->most);
	if (p->line)
		raw(p, "\n", 1);
}

/* ---- the header ---- */

static bool no_interface(const struct board *b)
{
	return (b->interface_gone || b->interface_failed) && !b->stopped;
}

static void put_rule(struct paint *p, const struct board *b)
{
	char text[96];

	next_line(p);
	if (no_interface(b))
		text_format(text, sizeof(text), " %s is %s ", b->interface,
			    b->interface_gone ? "gone: plug its adapter in again"
					      : "back, and cannot be used yet");
	else if (p->width < 60)
		text_format(text, sizeof(text), " %s %s ", b->interface, b->address);
	else if (b->interface[0])
		text_format(text, sizeof(text), " reflashd %s%son %s%s%s ", b->version,
			    b->version[0] ? " " : "", b->interface, b->address[0] ? ", " : "",
			    b->address);
	else
		text_format(text, sizeof(text), " reflashd %s ", b->version);
	fill(p, '-', 2);
	put(p, no_interface(b) ? BAD : BOLD, text);
	fill(p, '-', p->width);
	end_line(p);
}

static void firmware_text(const struct board *b, unsigned width, char out[VIEW_WIDTH_MOST])
{
	size_t len = 0;
	unsigned whole = 0;

	out[0] = 0;
	for (unsigned i = 0; i < b->bundle_count; i++) {
		if (!b->bundle[i].complete)
			continue;
		if (len + strlen(b->bundle[i].load) + 3 < VIEW_WIDTH_MOST)
			len += (size_t)snprintf(out + len, VIEW_WIDTH_MOST - len, "%s%s",
						whole ? ", " : "", b->bundle[i].load);
		else
			len = VIEW_WIDTH_MOST;
		whole++;
	}
	if (whole && len > width)
		snprintf(out, VIEW_WIDTH_MOST, "%u loads", whole);
	else if (!whole)
		snprintf(out, VIEW_WIDTH_MOST, "%s",
			 b->bundle_count ? "no complete firmware" : "no firmware");
}

static const char *waiting_for(const struct board *b)
{
	if (b->stopped)
		return "stopped";
	if (no_interface(b))
		return "waiting for the interface";
	if (b->link_known && !b->link_up)
		return "waiting for the cable";
	return b->ready ? "waiting for a phone" : "getting ready";
}

static void put_summary(struct paint *p, const struct board *b, int64_t now_ms)
{
	char firmware[VIEW_WIDTH_MOST], right[160], bytes[VIEW_BYTES_MAX];
	uint64_t speed = board_speed(b, now_ms);
	bool unplugged = b->count && b->link_known && !b->link_up && !b->stopped;
	size_t right_len;

	next_line(p);
	if (!b->count)
		text_format(right, sizeof(right), "%s", waiting_for(b));
	else
		text_format(right, sizeof(right), "%s%u phone%s, %u recovered%s%s%s",
			    no_interface(b) ? "NO INTERFACE, "
			    : unplugged	    ? "NO CABLE, "
					    : "",
			    b->count + b->away_count, b->count == 1 ? "" : "s", b->recovered,
			    speed ? "  " : "", speed ? view_bytes(bytes, speed) : "",
			    speed ? "/s" : "");
	right_len = strlen(right);
	fill(p, ' ', 1);
	if (p->width > right_len + 20) {
		firmware_text(b, p->width - (unsigned)right_len - 4, firmware);
		put(p, DIM, firmware);
		fill(p, ' ', p->width - (unsigned)right_len);
	}
	put(p, unplugged ? BAD : "", right);
	end_line(p);
}

/* ---- a phone ---- */

static bool is(const struct board_phone *p, const char *stage)
{
	return strcmp(p->stage, stage) == 0;
}

static unsigned rank(const struct board_phone *p)
{
	if (board_phone_writes(p))
		return 0;
	if (p->proof[0])
		return 4;
	if (p->code[0])
		return 1;
	return is(p, "erased") || is(p, "listed") || is(p, "next-step") || is(p, "back") ||
			       is(p, "refused")
		       ? 2
		       : 3;
}

#define RANKS 5

/* Their numbers in the order in which they are shown. */
static void sort_phones(const struct board *b, uint16_t order[BOARD_PHONES_MAX])
{
	unsigned n = 0;

	for (unsigned r = 0; r < RANKS; r++)
		for (unsigned i = 0; i < b->count; i++)
			if (rank(&b->phone[i]) == r)
				order[n++] = (uint16_t)i;
}

static void put_bar(struct paint *p, const struct board_phone *phone, unsigned cells)
{
	char bar[VIEW_WIDTH_MOST];
	uint64_t bytes = phone->bytes < phone->size ? phone->bytes : phone->size;
	unsigned full = phone->size ? (unsigned)((double)bytes / (double)phone->size * cells) : 0;

	memset(bar, '#', full);
	memset(bar + full, '.', cells - full);
	bar[cells] = 0;
	put(p, "", "[");
	put(p, BOLD, bar);
	put(p, "", "]");
}

static void bytes_text(const struct board_phone *p, char out[48])
{
	char size[VIEW_BYTES_MAX];

	view_bytes(size, p->size);
	if (p->size >= 100000000)
		snprintf(out, 48, "%u/%s", (unsigned)(p->bytes / 1000000), size);
	else if (p->size >= 1000000)
		snprintf(out, 48, "%u.%u/%s", (unsigned)(p->bytes / 1000000),
			 (unsigned)(p->bytes / 100000 % 10), size);
	else if (p->size >= 1000)
		snprintf(out, 48, "%u/%s", (unsigned)(p->bytes / 1000), size);
	else
		snprintf(out, 48, "%u/%s", (unsigned)p->bytes, size);
}

/* What stands behind the bar, as wide as there is room. */
static void put_fetching(struct paint *p, const struct board_phone *phone)
{
	char files[48], bytes[48] = "", left[VIEW_CLOCK_MAX] = "", tail[160];
	unsigned room = p->width - p->column, cells;
	bool wide = p->width >= 110;
	char duration[VIEW_CLOCK_MAX];

	snprintf(files, sizeof(files), wide ? "file %u of %u" : "%u/%u",
		 (unsigned)(phone->done < phone->files ? phone->done + 1 : phone->files) % 10000,
		 (unsigned)phone->files % 10000);
	if (phone->size)
		bytes_text(phone, bytes);
	if (phone->seconds_left != UINT64_MAX)
		snprintf(left, sizeof(left), "%s%s", view_duration(duration, phone->seconds_left),
			 wide ? " left" : "");
	if (room < 26)
		text_format(tail, sizeof(tail), "%5s", left);
	else
		text_format(tail, sizeof(tail), wide ? "%-13s %-14s %10s" : "%-6s%-12s%5s",
			    phone->files ? files : "", bytes, left);
	cells = room > strlen(tail) + 6 ? room - (unsigned)strlen(tail) - 3 : 3;
	put_bar(p, phone, cells > 40 ? 40 : cells);
	put(p, "", " ");
	put(p, "", tail);
	if (wide && phone->file[0]) {
		put(p, "", "  ");
		put(p, DIM, phone->file);
	}
}

static void put_writing(struct paint *p, const struct board_phone *phone, int64_t now_ms)
{
	char text[96], duration[VIEW_CLOCK_MAX];
	int64_t ms = now_ms - phone->stage_ms;

	view_duration(duration, ms > 0 ? (uint64_t)ms / 1000 : 0);
	/* Where there is no room for both, the warning is worth more than the time. */
	if (p->width - p->column < 34)
		text_format(text, sizeof(text),
			    p->width - p->column < 13 ? "keep power" : "do not unplug");
	else
		text_format(text, sizeof(text), "do not unplug it; %s so far", duration);
	put(p, BOLD, text);
}

static void put_state(struct paint *p, const struct board_phone *phone, int64_t now_ms)
{
	char ip[IP4_TEXT_MAX], text[160], duration[VIEW_CLOCK_MAX];

	if (is(phone, "fetching")) {
		put_fetching(p, phone);
		return;
	}
	if (is(phone, "writing")) {
		put_writing(p, phone, now_ms);
		return;
	}
	ip4_format(phone->ip, ip);
	if (phone->proof[0])
		text_format(
			text, sizeof(text), "%s%s%s", phone->load[0] ? phone->load : "runs again",
			p->width - p->column < 24 ? "" : ", after ",
			p->width - p->column < 24 ? "" : view_duration(duration, phone->seconds));
	else if (is(phone, "leased"))
		text_format(text, sizeof(text), "%s", phone->ip ? ip : "");
	else
		text_format(text, sizeof(text), "%s", phone->load);
	put(p, "", text);
}

static const char *stage_style(const struct board_phone *p)
{
	if (p->proof[0])
		return GOOD;
	return is(p, "refused") ? BAD : board_phone_writes(p) ? BOLD : "";
}

struct columns {
	unsigned name, model, stage; /* widths */
};

static void put_phone(struct paint *p, const struct board_phone *phone, const struct columns *c,
		      int64_t now_ms)
{
	char mac[MAC_TEXT_MAX];
	unsigned at = 1;

	mac_format(phone->mac, mac);
	put(p, phone->code[0] ? BAD : "", phone->code[0] ? "!" : " ");
	put(p, "", c->name < strlen(mac) ? mac + strlen(mac) - c->name : mac);
	at += c->name + 1;
	fill(p, ' ', at);
	put(p, "", phone->model);
	at += c->model + 1;
	fill(p, ' ', at);
	put(p, stage_style(phone),
	    c->stage < 12 ? view_stage_word(phone) : view_stage_words(phone));
	at += c->stage + 1;
	fill(p, ' ', at);
	put_state(p, phone, now_ms);
	end_line(p);
}

/* ---- advice ---- */

/* How many characters of the text stand on the next line. */
static size_t line_len(const char *text, unsigned room)
{
	size_t at = room;

	if (strlen(text) <= room)
		return strlen(text);
	while (at > 0 && text[at] != ' ')
		at--;
	return at ? at : room;
}

static void put_advice(struct paint *p, const struct board_phone *phone, unsigned most)
{
	const char *text = view_advice(phone);
	unsigned width = p->width < WIDTH_PROSE ? p->width : WIDTH_PROSE, room = width - 5;
	const char *style = phone->advice_severity >= SEVERITY_WARNING ? WARN : "";
	char line[WIDTH_PROSE + 1];

	for (unsigned n = 0; *text && n < most; n++) {
		bool last = n + 1 == most && strlen(text) > room;
		size_t len = line_len(text, last ? room - 4 : room);

		next_line(p);
		memcpy(line, text, len);
		line[len] = 0;
		fill(p, ' ', 4);
		put(p, style, line);
		if (last)
			put(p, style, " ...");
		end_line(p);
		text += len;
		text += strspn(text, " ");
	}
}

static unsigned advice_lines(const struct board_phone *phone, unsigned width)
{
	const char *text = view_advice(phone);
	unsigned n = 0, room = (width < WIDTH_PROSE ? width : WIDTH_PROSE) - 5;

	for (; *text && n < ADVICE_MOST; n++) {
		text += line_len(text, room);
		text += strspn(text, " ");
	}
	return n;
}

/* The same trouble above it already? */
static bool said_above(const struct board *b, const uint16_t *order, unsigned at)
{
	const struct board_phone *p = &b->phone[order[at]];

	for (unsigned i = 0; i < at; i++) {
		const struct board_phone *above = &b->phone[order[i]];

		if (strcmp(above->code, p->code) == 0 &&
		    strcmp(view_advice(above), view_advice(p)) == 0)
			return true;
	}
	return false;
}

/* Lines that are kept for advice although phones would fill them: a third at most. */
static unsigned advice_wanted(const struct board *b, const uint16_t *order, unsigned room,
			      unsigned width)
{
	unsigned wanted = 0;

	for (unsigned i = 0; i < b->count && i < room; i++)
		if (b->phone[order[i]].advice[0] && !said_above(b, order, i))
			wanted += advice_lines(&b->phone[order[i]], width);
	return wanted < room / 3 ? wanted : room / 3;
}

/* ---- all of it ---- */

/* "... and 7 more: 5 recovered, 2 starting up". Who had to make room has no stage any more. */
static void put_rest(struct paint *p, const struct board *b, const uint16_t *order, unsigned from)
{
	char text[VIEW_WIDTH_MOST];
	size_t len = (size_t)snprintf(text, sizeof(text), "... and %u more",
				      b->count + b->away_count - from);
	struct {
		const char *words;
		unsigned count;
	} kind[12] = {{NULL, 0}};
	unsigned kinds = 0;

	next_line(p);
	for (unsigned i = from; i < b->count; i++) {
		const char *words = view_stage_words(&b->phone[order[i]]);
		unsigned k = 0;

		while (k < kinds && strcmp(kind[k].words, words) != 0)
			k++;
		if (k == ARRAY_LEN(kind))
			continue;
		if (k == kinds)
			kind[kinds++].words = words;
		kind[k].count++;
	}
	for (unsigned k = 0; k < kinds && len + 40 < sizeof(text); k++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %u %s", k ? "," : ":",
					kind[k].count, kind[k].words);
	if (b->away_count && len + 40 < sizeof(text))
		snprintf(text + len, sizeof(text) - len, ", %u with older news", b->away_count);
	fill(p, ' ', 1);
	put(p, "", text);
	end_line(p);
}

static unsigned clamp(unsigned value, unsigned least, unsigned most)
{
	return value < least ? least : value > most ? most : value;
}

static struct columns measure(const struct board *b, const uint16_t *order, unsigned shown,
			      unsigned width)
{
	struct columns c = {.name = width < 70 ? 8 : 17,
			    .model = 4,
			    .stage = width < 70	   ? 9
				     : width < 110 ? 14
						   : 16};

	for (unsigned i = 0; i < shown; i++) {
		unsigned len = (unsigned)strlen(b->phone[order[i]].model);

		c.model = len > c.model ? len : c.model;
	}
	c.model = c.model > 8 ? 8 : c.model;
	return c;
}

size_t view_live(const struct board *b, const struct view *v, char *out, size_t size,
		 unsigned *lines, uint16_t columns[VIEW_HEIGHT_MOST])
{
	unsigned width = clamp(v->width, VIEW_WIDTH_LEAST, VIEW_WIDTH_MOST) - 1;
	unsigned height = clamp(v->height, VIEW_HEIGHT_LEAST, VIEW_HEIGHT_MOST);
	struct paint p = {.out = out,
			  .size = size,
			  .width = width,
			  .most = height - 2,
			  .columns = columns,
			  .style = v->style};
	uint16_t order[BOARD_PHONES_MAX];
	unsigned room = p.most - HEADER_LINES, shown, spare;
	struct columns c;

	must(size > 0);
	out[0] = 0;
	sort_phones(b, order);
	spare = advice_wanted(b, order, room, width);
	shown = b->count <= room - spare ? b->count : room - spare ? room - spare - 1 : 0;
	spare = room - (b->count <= room - spare ? b->count : room - spare);
	c = measure(b, order, shown, width);
	put_rule(&p, b);
	put_summary(&p, b, v->now_ms);
	for (unsigned i = 0; i < shown; i++) {
		const struct board_phone *phone = &b->phone[order[i]];
		unsigned n;

		next_line(&p);
		put_phone(&p, phone, &c, v->now_ms);
		if (!phone->advice[0] || !spare || said_above(b, order, i))
			continue;
		n = advice_lines(phone, width);
		n = n < spare ? n : spare;
		put_advice(&p, phone, n);
		spare -= n;
	}
	if (shown < b->count && room)
		put_rest(&p, b, order, shown);
	*lines = p.line;
	return p.len;
}
