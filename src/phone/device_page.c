/* SPDX-License-Identifier: MIT */
/*
 * The phone's own web page (phones.md 10.4), read by hand.
 *
 * There is a library for HTTP clients, libcurl; it would bring some 25 shared libraries into a
 * daemon that is to stay under 6 MB, for one fixed request line and reading to the end. The XML
 * inside is libxml2's business (xml.c).
 *
 * The happy path: a status line with 200, headers, <DeviceInformation> with one element a fact.
 * What can go wrong: web access is switched off (refused, or another status), the answer is cut,
 * endless, or no HTTP at all. A page is used whole or not at all: half of one might name half a
 * load. The phones' servers say HTTP/1.0 or 1.1 and give a length, or end by closing; chunks
 * are not on record of any, but 1.1 allows them.
 *
 * appLoadID of a 7975 may be its jar component and not the load (10.4); it is told as it stands.
 */
#include "reflashd/device_page.h"

#include "reflashd/text.h"
#include "reflashd/xml.h"

#include <stdio.h>
#include <string.h>

size_t device_page_ask(uint32_t ip, char out[DEVICE_PAGE_ASK_MAX])
{
	char host[IP4_TEXT_MAX];

	ip4_format(ip, host);
	/* Connection: close, so that the end of the page is seen even without a length. */
	text_format(out, DEVICE_PAGE_ASK_MAX,
		    "GET /DeviceInformationX HTTP/1.1\r\nHost: %s\r\n"
		    "User-Agent: reflashd\r\nConnection: close\r\n\r\n",
		    host);
	return strlen(out);
}

/* ---- HTTP ---- */

enum framing {
	BY_CLOSE,
	BY_LENGTH,
	BY_CHUNKS,
};

struct head {
	unsigned status;
	enum framing framing;
	uint64_t length;
	bool bad;
};

static bool next_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

	if (!end)
		return false;
	line->data = rest->data;
	line->len = (size_t)(end - rest->data);
	rest->data += line->len + 1;
	rest->len -= line->len + 1;
	if (line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* "HTTP/1.1 200 OK"; 0: it is none. */
static unsigned read_status(struct span line)
{
	uint64_t status;

	if (!span_starts(line, "HTTP/1.") || line.len < 12 || line.data[8] != ' ' ||
	    (line.len > 12 && line.data[12] != ' '))
		return 0;
	return span_number((struct span){line.data + 9, 3}, 999, &status) ? (unsigned)status : 0;
}

static void read_header(struct head *h, struct span line)
{
	static const char length[] = "Content-Length:", coding[] = "Transfer-Encoding:";
	struct span value;
	uint64_t n = 0;

	if (span_starts(line, coding)) {
		value = span_trim(span_from(line, strlen(coding)));
		h->bad |= !span_is(value, "chunked");
		h->framing = BY_CHUNKS;
	} else if (span_starts(line, length)) {
		value = span_trim(span_from(line, strlen(length)));
		h->bad |= value.len > 9 || !span_number(value, UINT32_MAX, &n);
		h->bad |= h->framing == BY_LENGTH && h->length != n;
		h->length = n;
		if (h->framing == BY_CLOSE)
			h->framing = BY_LENGTH;
	}
}

/* False while the head is not whole. *body is what there is behind it. */
static bool read_head(const uint8_t *data, size_t len, struct head *h, struct span *body)
{
	struct span rest = {data, len}, line;

	*h = (struct head){.framing = BY_CLOSE};
	if (!next_line(&rest, &line))
		return false;
	h->status = read_status(line);
	while (next_line(&rest, &line)) {
		if (line.len == 0) {
			*body = rest;
			return true;
		}
		read_header(h, line);
	}
	return false;
}

/* The size in a chunk's first line; UINT32_MAX: it is none that a page may have. */
static uint32_t chunk_size(struct span line)
{
	uint32_t size = 0;
	size_t i = 0;

	for (; i < line.len; i++) {
		char c = text_lower((char)line.data[i]);
		bool digit = c >= '0' && c <= '9';

		if (!digit && !(c >= 'a' && c <= 'f'))
			break;
		size = size * 16 + (uint32_t)(digit ? c - '0' : c - 'a' + 10);
		if (size > DEVICE_PAGE_MAX)
			return UINT32_MAX;
	}
	return i == 0 || (i < line.len && line.data[i] != ';' && line.data[i] != ' ') ? UINT32_MAX
										      : size;
}

/* Walks the chunks; with join not NULL puts them together there. WHOLE at the one of size 0. */
static enum device_page_state walk_chunks(struct span rest, uint8_t *join, size_t *joined)
{
	struct span line;

	*joined = 0;
	while (next_line(&rest, &line)) {
		uint32_t size = chunk_size(line);

		if (size == UINT32_MAX)
			return DEVICE_PAGE_BROKEN;
		if (size == 0)
			return DEVICE_PAGE_WHOLE;
		if (rest.len < size)
			return DEVICE_PAGE_MORE;
		if (join)
			memmove(join + *joined, rest.data, size);
		*joined += size;
		rest.data += size;
		rest.len -= size;
		if (!next_line(&rest, &line)) /* the one that ends the chunk's bytes */
			return rest.len < 2 ? DEVICE_PAGE_MORE : DEVICE_PAGE_BROKEN;
		if (line.len)
			return DEVICE_PAGE_BROKEN;
	}
	return DEVICE_PAGE_MORE;
}

static enum device_page_state state_of(const uint8_t *data, size_t len, bool closed)
{
	static const char http[] = "HTTP/1.";
	struct head h;
	struct span body;
	size_t joined, n = len < strlen(http) ? len : strlen(http);

	if (n && memcmp(data, http, n) != 0)
		return DEVICE_PAGE_BROKEN;
	if (!read_head(data, len, &h, &body))
		return DEVICE_PAGE_MORE;
	if (h.status == 0)
		return DEVICE_PAGE_BROKEN;
	if (h.status != 200)
		return DEVICE_PAGE_REFUSED;
	if (h.bad || h.length > DEVICE_PAGE_MAX)
		return DEVICE_PAGE_BROKEN;
	if (h.framing == BY_CHUNKS)
		return walk_chunks(body, NULL, &joined);
	if (h.framing == BY_LENGTH)
		return body.len >= h.length ? DEVICE_PAGE_WHOLE : DEVICE_PAGE_MORE;
	return closed ? DEVICE_PAGE_WHOLE : DEVICE_PAGE_MORE;
}

enum device_page_state device_page_state(const uint8_t *data, size_t len, bool closed)
{
	enum device_page_state state =
		len > DEVICE_PAGE_MAX ? DEVICE_PAGE_BROKEN : state_of(data, len, closed);

	if (state == DEVICE_PAGE_MORE && (closed || len == DEVICE_PAGE_MAX))
		return DEVICE_PAGE_BROKEN;
	return state;
}

/* ---- what it says ---- */

struct facts {
	const struct models *models;
	struct event *event;
	bool has_mac;
};

static void set(struct event *e, enum event_field field, const char *text)
{
	if (*text && !event_has(e, field))
		event_set_bytes(e, field, (const uint8_t *)text, strlen(text));
}

static void set_mac(struct facts *f, const char *text)
{
	struct mac mac;

	if (f->has_mac || !mac_parse(text, &mac) || mac_is_zero(mac))
		return;
	event_set_mac(f->event, mac);
	f->has_mac = true;
}

static void on_leaf(void *ctx, const char *name, const char *text)
{
	struct facts *f = ctx;
	const struct model *model;

	if (strcmp(name, "MACAddress") == 0)
		set_mac(f, text);
	else if (strcmp(name, "HostName") == 0)
		set(f->event, FIELD_DEVICE, text);
	else if (strcmp(name, "appLoadID") == 0)
		set(f->event, FIELD_LOAD, text);
	else if (strcmp(name, "versionID") == 0)
		set(f->event, FIELD_SOFTWARE, text);
	else if (strcmp(name, "modelNumber") == 0) {
		model = models_by_id(f->models, text);
		if (model)
			set(f->event, FIELD_MODEL, model->id);
	}
}

bool device_page_read(uint8_t *data, size_t len, uint32_t ip, const struct models *models,
		      struct event *e)
{
	struct facts f = {.models = models, .event = e};
	struct head h;
	struct span body;
	size_t n;

	if (device_page_state(data, len, true) != DEVICE_PAGE_WHOLE ||
	    !read_head(data, len, &h, &body))
		return false;
	if (h.framing == BY_CHUNKS) {
		size_t at = (size_t)(body.data - data);

		walk_chunks(body, data + at, &n);
		body.len = n;
	} else if (h.framing == BY_LENGTH)
		body.len = (size_t)h.length;
	/* XML wants its declaration at the very beginning; not every page knows. */
	while (body.len && (body.data[0] == '\r' || body.data[0] == '\n' || body.data[0] == ' ')) {
		body.data++;
		body.len--;
	}
	event_init(e, EVENT_HTTP_DEVICE);
	event_set_ip(e, FIELD_IP, ip);
	return xml_read_leaves(body.data, body.len, "DeviceInformation", on_leaf, &f) == 0 &&
	       event_has(e, FIELD_LOAD);
}

/* ---- the phone's side ---- */

size_t device_page_encode(const struct device_page *p, uint8_t *out, size_t size)
{
	char body[1024], head[256];
	const uint8_t *b = p->mac.b;
	char mac[13];
	size_t head_len, body_len;

	snprintf(mac, sizeof(mac), "%02X%02X%02X%02X%02X%02X", b[0], b[1], b[2], b[3], b[4], b[5]);
	if (!text_format(
		    body, sizeof(body),
		    "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\r\n<DeviceInformation>\r\n"
		    "<MACAddress>%s</MACAddress>\r\n<HostName>SEP%s</HostName>\r\n"
		    "<phoneDN></phoneDN>\r\n<appLoadID>%s</appLoadID>\r\n"
		    "<versionID>%s</versionID>\r\n<modelNumber>%s</modelNumber>\r\n"
		    "</DeviceInformation>\r\n",
		    mac, mac, p->load, p->version, p->model_number))
		return 0;
	body_len = strlen(body);
	text_format(head, sizeof(head),
		    "HTTP/1.1 200 OK\r\nServer: Allegro-Software-RomPager/4.34\r\n"
		    "Content-Type: text/xml\r\nContent-Length: %zu\r\n\r\n",
		    body_len);
	head_len = strlen(head);
	if (head_len + body_len > size)
		return 0;
	memcpy(out, head, head_len);
	memcpy(out + head_len, body, body_len);
	return head_len + body_len;
}
