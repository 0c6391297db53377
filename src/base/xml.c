/* SPDX-License-Identifier: MIT */
/*
 * Small XML documents of strangers, read with libxml2's SAX2 callbacks.
 *
 * Beside phone_config.c this is the only file that knows libxml2. That one reads files of the user,
 * needs the place of each tag and a tree to walk; this one reads what a phone on the wire sends and
 * must keep nothing: there is no tree, so no document can make us hold more than one text, and the
 * handlers that would act on a DTD are ours and stop the parser at its first word.
 */
#include "reflashd/xml.h"

#include "reflashd/lib.h"

#include <errno.h>
#include <libxml/parser.h>
#include <string.h>

#define LIBXML2(F)                                                                                 \
	F(xmlCtxtReadMemory) F(xmlFreeDoc) F(xmlFreeParserCtxt) F(xmlNewParserCtxt) F(xmlStopParser)
LIB(xml2, "xml2", LIBXML2)

struct reading {
	const char *root;
	xml_leaf *leaf;
	void *ctx;
	unsigned depth;
	bool bad, ended;
	bool has_child; /* the element that ended last was inside the one that is open */
	char text[XML_TEXT_MAX];
	size_t len;
};

/* A parser without a tree hands its context to all callbacks, whatever user data is set. */
static struct reading *reading_of(void *user)
{
	xmlParserCtxtPtr parser = user;

	return parser->_private;
}

static void give_up(void *user)
{
	reading_of(user)->bad = true;
	xml2.xmlStopParser(user);
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int spaces, const xmlChar **space, int attributes, int defaulted,
		     const xmlChar **attribute)
{
	struct reading *r = reading_of(user);

	(void)prefix;
	(void)uri;
	(void)spaces;
	(void)space;
	(void)attributes;
	(void)defaulted;
	(void)attribute;
	if (r->depth == XML_DEPTH_MAX ||
	    (r->depth == 0 && strcmp((const char *)name, r->root) != 0)) {
		give_up(user);
		return;
	}
	r->depth++;
	r->has_child = false;
	r->len = 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reading *r = reading_of(user);

	(void)prefix;
	(void)uri;
	if (r->bad || r->depth == 0)
		return;
	r->depth--;
	if (!r->has_child) {
		while (r->len && blank(r->text[r->len - 1]))
			r->len--;
		r->text[r->len] = 0;
		r->leaf(r->ctx, (const char *)name, r->text);
	}
	r->has_child = true;
	r->len = 0;
	r->ended = r->depth == 0;
}

static void on_text(void *user, const xmlChar *text, int len)
{
	struct reading *r = reading_of(user);
	size_t room = sizeof(r->text) - 1 - r->len;
	size_t n = len > 0 ? (size_t)len : 0;

	/* Blanks before the text, which may be many, do not take its place. */
	while (r->len == 0 && n && blank((char)*text)) {
		text++;
		n--;
	}
	n = n < room ? n : room;
	memcpy(r->text + r->len, text, n);
	r->len += n;
}

static void on_dtd(void *user, const xmlChar *name, const xmlChar *public_id,
		   const xmlChar *system_id)
{
	(void)name;
	(void)public_id;
	(void)system_id;
	give_up(user);
}

int xml_read_leaves(const uint8_t *data, size_t len, const char *root, xml_leaf *leaf, void *ctx)
{
	struct reading r = {.root = root, .leaf = leaf, .ctx = ctx};
	xmlParserCtxtPtr parser;
	xmlDocPtr doc;
	bool good;

	if (len == 0 || len > XML_SIZE_MAX)
		return -EBADMSG;
	parser = xml2_load() ? xml2.xmlNewParserCtxt() : NULL;
	if (!parser)
		return -ENOMEM;
	memset(parser->sax, 0, sizeof(*parser->sax));
	parser->sax->initialized = XML_SAX2_MAGIC;
	parser->sax->startElementNs = on_start;
	parser->sax->endElementNs = on_end;
	parser->sax->characters = on_text;
	parser->sax->cdataBlock = on_text;
	parser->sax->internalSubset = on_dtd;
	parser->_private = &r;
	/* Nobody is told of an error: wellFormed says it. */
	doc = xml2.xmlCtxtReadMemory(parser, (const char *)data, (int)len, NULL, NULL,
				     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	/* Without memory libxml2 may read nothing at all, and finds nothing wrong with that. */
	good = parser->wellFormed && !r.bad && r.ended;
	if (doc)
		xml2.xmlFreeDoc(doc);
	xml2.xmlFreeParserCtxt(parser);
	return good ? 0 : -EBADMSG;
}
