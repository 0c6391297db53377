/* SPDX-License-Identifier: MIT */
/*
 * The rules that phones set for their configuration files (firmware-formats.md 11), and the
 * mistakes that people really make (11.5): a file renamed by an editor, a load with ".loads" behind
 * it, the number of another model, zeros in front of the number.
 *
 * Each remark says what is wrong, what a phone makes of it, and what to write instead.
 */
#include "phone_config_rules.h"

#include "reflashd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void remark(struct rules *c, int line, int column, enum finding_severity severity, const char *code,
	    const char *format, ...)
{
	struct config_remark *r;
	va_list args;

	if (c->count == CONFIG_REMARKS_MAX)
		return;
	r = &c->remark[c->count++];
	if (column <= 0 && line > 0 && line == c->at_line)
		column = c->at_column;
	r->line = line > 0 ? (unsigned)line : 0;
	r->column = column > 0 ? (unsigned)column : 0;
	r->code = code;
	r->severity = severity;
	va_start(args, format);
	vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
}

struct shown show(const char *text)
{
	struct shown s;

	text_escape(s.text, sizeof(s.text), (const uint8_t *)text, strlen(text));
	return s;
}

static const char *suffix_of_load(const char *load)
{
	static const char *const suffix[] = {".loads", ".sbin", ".zup", ".sbn", ".sb2", ".bin"};

	for (size_t i = 0; i < ARRAY_LEN(suffix); i++)
		if (text_ends_nocase(load, suffix[i]) && strlen(load) > strlen(suffix[i]))
			return suffix[i];
	return NULL;
}

static void check_load_exists(struct rules *c, int line, const char *load)
{
	const struct bundle *b = c->library ? library_bundle(c->library, load) : NULL;

	if (!c->library)
		return;
	if (!b)
		remark(c, line, 0, FINDING_WARNING, "load-missing",
		       "the load %s is not in the firmware folder: a phone will ask for it in "
		       "vain. Put its bundle there, or name another load.",
		       show(load).text);
	else if (!b->fit)
		remark(c, line, 0, FINDING_WARNING, "load-unfit",
		       "the load %s is here but is held back, as its bundle is not complete or not "
		       "whole. Get the bundle again, or name another load.",
		       show(load).text);
	if (b && strcmp(b->load, load) != 0)
		remark(c, line, 0, FINDING_WARNING, "load-case",
		       "the load %s is called %s: phones compare names letter by letter. Write it "
		       "with exactly its letters.",
		       show(load).text, b->load);
}

void rules_check_load(struct rules *c, int line, const char *text, const struct model *m)
{
	char load[128], term[160];
	const char *suffix;
	model_set runs;

	if (!text[0]) /* "keep what you have": what the call manager writes for "no default" */
		return;
	if (strpbrk(text, " \t\r\n#")) {
		remark(c, line, 0, FINDING_WARNING, "load-blank",
		       "the load name \"%s\" holds a blank, a line end or a '#': phones refuse it. "
		       "Write the name alone between the tags.",
		       show(text).text);
		return;
	}
	text_copy(load, sizeof(load), text);
	suffix = suffix_of_load(load);
	if (suffix) {
		remark(c, line, 0, FINDING_WARNING, "load-suffix",
		       "the load name %s ends in %s: phones add that themselves and then ask for a "
		       "file that does not exist. Leave it away.",
		       show(load).text, suffix);
		load[strlen(load) - strlen(suffix)] = '\0';
	}
	text_format(term, sizeof(term), "%s.loads", load);
	if (models_by_term(c->models, term)) {
		remark(c, line, 0, FINDING_WARNING, "load-term",
		       "%s is the list for erased phones and no load: a phone never runs anything "
		       "of that name and may load it again at every start. Write the load's name, "
		       "such as SCCP70.8-3-3S.",
		       show(load).text);
		return;
	}
	runs = models_by_load(c->models, load);
	if (m && runs && !(runs & model_bit(c->models, m)))
		remark(c, line, 0, FINDING_WARNING, "load-model",
		       "%s is no load for the %s, which this number means. Correct the number or "
		       "the load.",
		       show(load).text, m->id);
	check_load_exists(c, line, load);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The model that a text like "Cisco 7962" or "SIP: CP-7941G" speaks of. */
static const struct model *model_in_text(const struct models *models, const char *text)
{
	for (const char *p = text; *p; p++) {
		char id[5] = "";

		if ((p != text && is_digit(p[-1])) || p[0] != '7' || p[1] != '9' ||
		    !is_digit(p[2]) || !is_digit(p[3]) || is_digit(p[4]))
			continue;
		memcpy(id, p, 4);
		return models_by_id(models, id);
	}
	return NULL;
}

/* The same phone for a reader: 7961 and 7961G-GE are told apart by the number only. */
static bool same_phone(const struct model *a, const struct model *b)
{
	return strncmp(a->id, b->id, 4) == 0;
}

static void check_model_text(struct rules *c, int line, const char *text, const struct model *m)
{
	const struct model *said = model_in_text(c->models, text);

	if (m && said && !same_phone(said, m))
		remark(c, line, 0, FINDING_WARNING, "other-model",
		       "the number %lu means the %s, but the text beside it says %s: phones go by "
		       "the number. For the %s write loadInformation%lu.",
		       (unsigned long)m->number, m->id, said->id, said->id,
		       (unsigned long)said->number);
	if (strchr(text, ':'))
		remark(c, line, 0, FINDING_NOTE, "model-text",
		       "the text of model= is \"%s\". Phones do not read it; \"Cisco 7970\" or the "
		       "like is enough.",
		       show(text).text);
}

void rules_check_number(struct rules *c, int line, const char *digits, const char *load,
			const char *model_text)
{
	const char *plain = digits + strspn(digits, "0");
	const struct model *m;
	uint64_t number;

	if (!text_to_u64(*plain ? plain : digits, 1, UINT32_MAX, &number)) {
		remark(c, line, 0, FINDING_WARNING, "number",
		       "<loadInformation%s> does not end in a model's number: phones pass over it. "
		       "Write for example loadInformation30006 for the 7970.",
		       show(digits).text);
		return;
	}
	m = models_by_number(c->models, (uint32_t)number);
	if (plain != digits)
		remark(c, line, 0, FINDING_WARNING, "number-padded",
		       "<loadInformation%s> has zeros in front of the number: phones look for "
		       "loadInformation%s. Leave the zeros away.",
		       show(digits).text, show(plain).text);
	for (unsigned i = 0; i < c->number_count; i++)
		if (c->numbers[i] == number) {
			remark(c, line, 0, FINDING_WARNING, "duplicate",
			       "loadInformation%lu is there more than once: which one a phone "
			       "takes is anybody's guess. Keep one.",
			       (unsigned long)number);
			break;
		}
	if (c->number_count < RULES_NUMBERS_MAX)
		c->numbers[c->number_count++] = number;
	if (!m && load[0])
		remark(c, line, 0, FINDING_NOTE, "number-unknown",
		       "%lu is the number of no phone model known here; none of those will read "
		       "it.",
		       (unsigned long)number);
	if (model_text)
		check_model_text(c, line, model_text, m);
	if (m) /* the loads of other phones are not looked after here */
		rules_check_load(c, line, load, m);
}

/* A parser hands a line end inside an attribute over as a blank, so it is looked for before. */
static void check_line_ends(struct rules *c, const uint8_t *data, size_t len)
{
	static const char tag[] = "<loadInformation";
	const size_t tag_len = sizeof(tag) - 1;
	int line = 1;
	bool inside = false, broken = false;
	uint8_t quote = 0;

	for (size_t i = 0; i < len; i++) {
		if (!inside && len - i >= tag_len && memcmp(data + i, tag, tag_len) == 0) {
			inside = true;
			broken = false;
			quote = 0;
		} else if (inside && (data[i] == '"' || data[i] == '\'') && !quote) {
			quote = data[i];
		} else if (inside && data[i] == quote) {
			quote = 0;
		} else if (inside && data[i] == '>' && !quote) {
			inside = false;
		}
		if (data[i] != '\n')
			continue;
		if (inside && quote && !broken)
			remark(c, line, 0, FINDING_NOTE, "model-text",
			       "there is a line end inside the text of model=. Phones do not read "
			       "it, but write it in one line to be safe.");
		broken = broken || quote;
		line++;
	}
}

bool rules_check_bytes(struct rules *c, const char *base, const uint8_t *data, size_t len)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

	if (!text_ends_nocase(base, ".cnf.xml"))
		remark(c, 0, 0, FINDING_NOTE, "file-name",
		       "phones ask for names that end in .cnf.xml and will not find %s. Rename it "
		       "if it is meant for them.",
		       show(base).text);
	if (len == 0) {
		remark(c, 0, 0, FINDING_WARNING, "empty", "the file is empty. Delete or fill it.");
		return false;
	}
	if (len >= PHONE_CONFIG_MAX) {
		remark(c, 0, 0, FINDING_WARNING, "too-large",
		       "the file is larger than phones take (550,000 bytes). Make it smaller.");
		return false;
	}
	if (memchr(data, 0, len)) {
		remark(c, 0, 0, FINDING_WARNING, "encoding",
		       "the file is not plain text (it holds zero bytes, as UTF-16 does). Save it "
		       "as UTF-8 or ASCII.");
		return false;
	}
	if (len >= sizeof(mark) && memcmp(data, mark, sizeof(mark)) == 0)
		remark(c, 1, 1, FINDING_NOTE, "byte-order-mark",
		       "the file begins with a byte-order mark, which no known good file has. If a "
		       "phone refuses it, save it as UTF-8 without one.");
	check_line_ends(c, data, len);
	return true;
}
