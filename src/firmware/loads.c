/* SPDX-License-Identifier: MIT */
/*
 * Packing lists (firmware-formats.md 3).
 *
 * The happy path: a text, a line for each file that the phone will ask for, comments with '#'.
 * Lines end in CRLF (Java phones) or LF (7940/7960), carry blanks at their end as often as not,
 * and the last one of a 69xx list has no newline. Everything after that is what folders of
 * phone firmware also hold under the name .loads:
 *
 *  - "#HARDWARE_COMP_1 n" looks like a comment and is read by the phones (3.4)
 *  - KEY=VALUE lines are no files; LA_VERSION of the 7940/7960 is kept
 *  - 792x lists have "NAME size hex", and "#+ NAME size hex" for files they can do without
 *  - an update manifest in XML, and the INI file of the 78xx behind a header of its own
 *  - anything with control characters in it is no text; file names that can be found in it
 *    are still reported, marked as fished out
 *
 * A name is [A-Za-z0-9._-]+, does not start with a dot and ends in a known suffix: the phones'
 * own loader says "Unknown file type in .loads" of others. Such a line is no member; the
 * first one is kept for the report. One pass over the body, nothing allocated, and nothing
 * that is found in it is ever used as a path.
 */
#include "reflashd/loads.h"

#include "reflashd/text.h"

#include <string.h>

static bool is_name_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '_' || c == '-';
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool equal_bytes(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* The next word of a line, taken off its front; empty at the end. */
static struct span take_word(struct span *line)
{
	struct span word;
	size_t n = 0;

	while (line->len > 0 && is_blank(line->data[0])) {
		line->data++;
		line->len--;
	}
	while (n < line->len && !is_blank(line->data[n]))
		n++;
	word = (struct span){line->data, n};
	line->data += n;
	line->len -= n;
	return word;
}

static bool take_decimal(struct span word, uint64_t max, uint64_t *out)
{
	char text[24];

	if (word.len == 0 || word.len >= sizeof(text))
		return false;
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	return text_to_u64(text, 0, max, out);
}

/* A file name that a packing list may hold, copied to out. */
static bool take_name(struct span word, char out[LOADS_NAME_MAX])
{
	static const char *const suffix[] = {".sbn", ".bin", ".sb2", ".sgn", ".sbin", ".zup"};

	if (word.len == 0 || word.len >= LOADS_NAME_MAX || word.data[0] == '.')
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!is_name_char(word.data[i]))
			return false;
	memcpy(out, word.data, word.len);
	out[word.len] = '\0';
	for (unsigned i = 0; i < ARRAY_LEN(suffix); i++)
		if (text_ends_nocase(out, suffix[i]) && word.len > strlen(suffix[i]))
			return true;
	return false;
}

/* NAME, NAME size or NAME size hex, and nothing behind that. */
static bool take_member(struct span line, struct loads_member *m)
{
	struct span size;

	memset(m, 0, sizeof(*m));
	if (!take_name(take_word(&line), m->name))
		return false;
	size = take_word(&line);
	if (size.len == 0)
		return true;
	m->has_size = take_decimal(size, UINT64_MAX, &m->size);
	take_word(&line); /* the digest inside that file; what it covers is not known */
	return m->has_size && take_word(&line).len == 0;
}

static void add_member(struct loads *l, const struct loads_member *m)
{
	if (l->member_count == LOADS_MEMBERS_MAX)
		l->overflow = true;
	else
		l->member[l->member_count++] = *m;
}

static void note_odd(struct loads *l, struct span line)
{
	if (l->odd_line[0] == '\0')
		text_escape(l->odd_line, sizeof(l->odd_line), line.data, line.len);
}

static void parse_comment(struct loads *l, struct span line)
{
	struct span rest = line, first = take_word(&rest);
	struct loads_member m;

	if (equal_bytes(first, "#HARDWARE_COMP_1")) {
		uint64_t value = 0;
		bool good = take_decimal(take_word(&rest), UINT32_MAX, &value) &&
			    take_word(&rest).len == 0 &&
			    (!l->has_hardware_comp || l->hardware_comp == value);

		if (!good) {
			note_odd(l, line);
		} else {
			l->has_hardware_comp = true;
			l->hardware_comp = (uint32_t)value;
		}
	} else if (equal_bytes(first, "#+") && take_member(rest, &m) && m.has_size) {
		m.optional = true;
		add_member(l, &m);
	}
}

/* KEY=VALUE with a KEY of capitals. False: not of that shape. */
static bool parse_setting(struct loads *l, struct span line)
{
	size_t n = 0;

	while (n < line.len &&
	       ((line.data[n] >= 'A' && line.data[n] <= 'Z') || line.data[n] == '_'))
		n++;
	if (n == 0 || n == line.len || line.data[n] != '=')
		return false;
	if (equal_bytes((struct span){line.data, n}, "LA_VERSION")) {
		struct span rest = {line.data + n + 1, line.len - n - 1}, value = take_word(&rest);

		if (value.len == 0 || value.len >= sizeof(l->la_version) ||
		    take_word(&rest).len != 0)
			return false;
		for (size_t i = 0; i < value.len; i++)
			if (!is_name_char(value.data[i]))
				return false;
		memcpy(l->la_version, value.data, value.len);
		l->la_version[value.len] = '\0';
	}
	return true;
}

/* A line without its blanks; false when it shows that the whole is an INI file. */
static bool parse_line(struct loads *l, struct span line)
{
	struct loads_member m;

	if (line.data[0] == '#')
		parse_comment(l, line);
	else if (line.data[0] == '[' && line.data[line.len - 1] == ']')
		return false;
	else if (take_member(line, &m))
		add_member(l, &m);
	else if (!parse_setting(l, line))
		note_odd(l, line);
	return true;
}

static bool parse_text(struct loads *l, struct span body)
{
	size_t pos = 0;

	while (pos < body.len) {
		const uint8_t *start = body.data + pos;
		const uint8_t *end = memchr(start, '\n', body.len - pos);
		struct span line = {start, end != NULL ? (size_t)(end - start) : body.len - pos};

		pos += line.len + (end != NULL);
		while (line.len > 0 && is_blank(line.data[line.len - 1]))
			line.len--;
		while (line.len > 0 && is_blank(line.data[0])) {
			line.data++;
			line.len--;
		}
		if (line.len > 0 && !parse_line(l, line))
			return false;
	}
	l->unterminated = body.len > 0 && body.data[body.len - 1] != '\n';
	return true;
}

static bool has_member(const struct loads *l, const char *name)
{
	for (unsigned i = 0; i < l->member_count; i++)
		if (strcmp(l->member[i].name, name) == 0)
			return true;
	return false;
}

/* No text: every run of name characters that is a file name is a member, once. */
static void scan_names(struct loads *l, struct span body)
{
	size_t pos = 0;

	l->scanned = true;
	while (pos < body.len) {
		struct loads_member m = {0};
		size_t n = 0;

		while (pos + n < body.len && is_name_char(body.data[pos + n]))
			n++;
		if (take_name((struct span){body.data + pos, n}, m.name) && !has_member(l, m.name))
			add_member(l, &m);
		pos += n + 1;
	}
}

static bool is_text(struct span body)
{
	for (size_t i = 0; i < body.len; i++) {
		uint8_t c = body.data[i];

		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_xml(struct span body)
{
	size_t i = 0;

	while (i < body.len && (is_blank(body.data[i]) || body.data[i] == '\n'))
		i++;
	return i < body.len && body.data[i] == '<';
}

static void set_foreign(struct loads *l, const char *what)
{
	memset(l, 0, sizeof(*l));
	l->dialect = LOADS_FOREIGN;
	l->foreign = what;
}

static void set_dialect(struct loads *l)
{
	bool java = false, legacy = l->la_version[0] != '\0', sized = false;

	for (unsigned i = 0; i < l->member_count; i++) {
		java |= loads_member_part(l->member[i].name) != LOADS_PART_NONE;
		legacy |= text_ends_nocase(l->member[i].name, ".sb2");
		sized |= l->member[i].has_size;
	}
	l->dialect = legacy ? LOADS_LEGACY : sized ? LOADS_SIZED : java ? LOADS_JAVA : LOADS_OTHER;
}

void loads_parse(struct loads *l, const uint8_t *data, size_t len)
{
	static const uint8_t header_78xx[] = {0xCD, 0x34, 0x12, 0xAB};
	static const uint8_t utf8_mark[] = {0xEF, 0xBB, 0xBF};
	struct span body = {data, len};
	bool list;

	memset(l, 0, sizeof(*l));
	if (len >= sizeof(header_78xx) && memcmp(data, header_78xx, sizeof(header_78xx)) == 0) {
		set_foreign(l, "another header (78xx)");
		return;
	}
	if (len >= sizeof(utf8_mark) && memcmp(data, utf8_mark, sizeof(utf8_mark)) == 0) {
		body.data += sizeof(utf8_mark);
		body.len -= sizeof(utf8_mark);
	}
	if (is_xml(body)) {
		set_foreign(l, "XML");
		return;
	}
	list = is_text(body);
	if (!list)
		scan_names(l, body);
	else if (!parse_text(l, body)) {
		set_foreign(l, "INI");
		return;
	}
	if (l->member_count > 0 || l->la_version[0] != '\0')
		set_dialect(l);
	else
		set_foreign(l, len == 0 ? "an empty file"
			       : list	? "text without file names"
					: "binary data");
}

enum loads_part loads_member_part(const char *name)
{
	static const char *const word[] = {"jar", "cnu", "apps", "dsp", "cvm"};

	if (!text_ends_nocase(name, ".sbn") && !text_ends_nocase(name, ".bin"))
		return LOADS_PART_NONE;
	for (unsigned i = 0; i < ARRAY_LEN(word); i++) {
		const char *behind = name + strlen(word[i]);

		/* a model number has to follow: APPS-1.4.6.3.SBN is a file of the 792x */
		if (text_starts_nocase(name, word[i]) && *behind >= '0' && *behind <= '9')
			return (enum loads_part)(LOADS_PART_JAR + i);
	}
	return LOADS_PART_NONE;
}

bool loads_java_complete(const struct loads *l)
{
	unsigned count[LOADS_PART_CVM + 1] = {0};

	for (unsigned i = 0; i < l->member_count; i++)
		count[loads_member_part(l->member[i].name)]++;
	for (unsigned part = LOADS_PART_JAR; part <= LOADS_PART_CVM; part++)
		if (count[part] != 1)
			return false;
	return count[LOADS_PART_NONE] == 0 && !l->overflow;
}
