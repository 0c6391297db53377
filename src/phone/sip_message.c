/* SPDX-License-Identifier: MIT */
/*
 * The head of a SIP message (RFC 3261 7 and 25): a request line, then headers by long or short
 * name, in any case and perhaps folded over several lines. What we do not need is passed over
 * unread; of what we need the first counts.
 *
 * Everything here comes from the wire and part of it goes back there, so a line with a control
 * character in it (a NUL, a lone CR) is not taken at all: an answer cannot be split by what it
 * copies. Lines may end in LF alone.
 */
#include "sip_message.h"

#include "reflashd/text.h"

#include <string.h>

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

size_t span_find_word(struct span s, const char *word)
{
	for (size_t i = 0; i < s.len; i++)
		if ((i == 0 || blank(s.data[i - 1]) || s.data[i - 1] == '"') &&
		    span_starts(span_from(s, i), word))
			return i;
	return s.len;
}

size_t span_find_plain(struct span s, const char *any)
{
	bool quoted = false, angled = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = (char)s.data[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && !angled && c && strchr(any, c))
			return i;
		else if (!quoted && (c == '<' || c == '>'))
			angled = c == '<';
	}
	return s.len;
}

bool sip_param(struct span value, const char *name, struct span *out)
{
	value = span_from(value, span_find_plain(value, ";"));
	while (value.len) {
		struct span param = span_from(value, 1), key;
		size_t end = span_find_plain(param, ";"), equals;

		value = span_from(param, end);
		param.len = end;
		equals = span_find_plain(param, "=");
		key = span_trim((struct span){param.data, equals});
		if (!span_is(key, name))
			continue;
		*out = span_trim(span_from(param, equals < param.len ? equals + 1 : equals));
		if (out->len >= 2 && out->data[0] == '"' && out->data[out->len - 1] == '"')
			*out = (struct span){out->data + 1, out->len - 2};
		return true;
	}
	return false;
}

/* Method names are the one thing in SIP that is written in one case only (7.1). */
bool sip_is_method(const struct sip_message *m, const char *name)
{
	return m->method.len == strlen(name) && memcmp(m->method.data, name, m->method.len) == 0;
}

/* A header that goes on in the next line begins there with a blank. */
static void unfold(uint8_t *head, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++) {
		if (head[i] != '\n' || !blank(head[i + 1]))
			continue;
		head[i] = ' ';
		if (head[i - 1] == '\r')
			head[i - 1] = ' ';
	}
}

/* The next line without its end; false after the last one. */
static bool next_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

	if (rest->len == 0)
		return false;
	line->data = rest->data;
	line->len = end ? (size_t)(end - rest->data) : rest->len;
	*rest = span_from(*rest, end ? line->len + 1 : line->len);
	if (end && line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] == 0x7f)
			return false;
	return true;
}

static void flaw(struct sip_message *m, unsigned status)
{
	if (!m->status)
		m->status = status;
}

/* "REGISTER sip:192.0.2.1 SIP/2.0" */
static void read_request_line(struct sip_message *m, struct span line)
{
	size_t first = span_find_plain(line, " "), last = line.len;
	struct span version;

	while (last > 0 && line.data[last - 1] != ' ')
		last--;
	version = span_from(line, last);
	if (!printable(line) || first == 0 || first == line.len || !span_starts(version, "SIP/"))
		return;
	m->method = (struct span){line.data, first};
	for (size_t i = 0; i < first; i++)
		if (!strchr("-.!%*_+`'~", line.data[i]) &&
		    !(text_lower((char)line.data[i]) >= 'a' &&
		      text_lower((char)line.data[i]) <= 'z') &&
		    !(line.data[i] >= '0' && line.data[i] <= '9'))
			return;
	m->request = true;
	if (!span_is(version, "SIP/2.0"))
		flaw(m, 505);
	else if (span_trim((struct span){line.data + first, last - first}).len == 0)
		flaw(m, 400);
}

static void read_length(struct sip_message *m, struct span value)
{
	uint64_t n;

	if (!span_number(value, SIP_BODY_MAX, &n)) {
		flaw(m, span_number(value, UINT32_MAX, &n) ? 513 : 400);
		n = SIP_BODY_MAX + 1;
	}
	/* Two that differ: nobody knows where the message ends. */
	if (m->has_length && m->length != n) {
		flaw(m, 400);
		n = SIP_BODY_MAX + 1;
	}
	m->has_length = true;
	m->length = (size_t)n;
}

static bool is_name(struct span name, const char *full, const char *shorter)
{
	return span_is(name, full) || (shorter && span_is(name, shorter));
}

/* These four stand once in every request. */
static struct span *single(struct sip_message *m, struct span name)
{
	return is_name(name, "from", "f")      ? &m->from
	       : is_name(name, "to", "t")      ? &m->to
	       : is_name(name, "call-id", "i") ? &m->call_id
	       : is_name(name, "cseq", NULL)   ? &m->cseq
					       : NULL;
}

static void read_header(struct sip_message *m, struct span line)
{
	const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	struct span name, value, *once;

	if (!colon || !printable(line)) {
		flaw(m, 400);
		return;
	}
	name = span_trim((struct span){line.data, (size_t)(colon - line.data)});
	value = span_trim(span_from(line, (size_t)(colon - line.data) + 1));
	once = single(m, name);
	if (once) {
		if (once->data || value.len == 0)
			flaw(m, 400);
		if (!once->data && value.len)
			*once = value;
	} else if (is_name(name, "via", "v")) {
		if (m->via_count < SIP_VIAS_MAX && value.len)
			m->via[m->via_count++] = value;
		else
			m->request = false; /* not all of its way back can be named */
	} else if (is_name(name, "content-length", "l"))
		read_length(m, value);
	else if (is_name(name, "contact", "m") && !m->contact.data)
		m->contact = value;
	else if (is_name(name, "reason", NULL) &&
		 (!m->reason.data || span_find_word(m->reason, "cisco-alarm:") == m->reason.len))
		m->reason = value;
	else if (is_name(name, "user-agent", NULL) && !m->user_agent.data)
		m->user_agent = value;
	else if (is_name(name, "require", NULL) && !m->require.data)
		m->require = value;
}

void sip_message_read(struct sip_message *m, uint8_t *head, size_t len)
{
	struct span rest = {head, len}, line;

	memset(m, 0, sizeof(*m));
	unfold(head, len);
	if (next_line(&rest, &line))
		read_request_line(m, line);
	while (next_line(&rest, &line) && line.len)
		read_header(m, line);
}
