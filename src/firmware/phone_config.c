/* SPDX-License-Identifier: MIT */
/*
 * XMLDefault.cnf.xml written, and the user's own configuration files read, through libxml2. This
 * is the only file that knows libxml2.
 *
 * Written: the least that all samples have in common (firmware-formats.md 11.4), without an XML
 * declaration, as the call manager writes it. A phone wants the whole callManagerGroup even if it
 * only looks for its load.
 *
 * Read: what people really wrote by hand (11.5), each with its place and a remedy. The parser
 * gets no network, no DTD and no entities: a file that declares entities is refused, since no
 * phone needs them and what they can do to a parser is nobody's business here. Nothing
 * recurses over the tree.
 */
#include "phone_config_rules.h"

#include "reflashd/address.h"
#include "reflashd/lib.h"
#include "reflashd/text.h"

#include <errno.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_MAX    0x10000 /* both fit into a node's private word, on 32 bits, too */
#define LINE_MAX_KEPT 0x7fff

#define LIBXML2(F)                                                                                 \
	F(xmlBufferContent)                                                                        \
	F(xmlBufferCreate) F(xmlBufferFree) F(xmlBufferLength) F(xmlCtxtReadMemory) F(             \
		xmlDocGetRootElement) F(xmlFree) F(xmlFreeDoc) F(xmlFreeParserCtxt)                \
		F(xmlFreeTextWriter) F(xmlGetLineNo) F(xmlGetNoNsProp) F(xmlNewParserCtxt) F(      \
			xmlNewTextWriterMemory) F(xmlSAX2StartElementNs) F(xmlStopParser)          \
			F(xmlTextWriterEndElement) F(xmlTextWriterFlush) F(xmlTextWriterSetIndent) \
				F(xmlTextWriterSetIndentString) F(xmlTextWriterStartElement)       \
					F(xmlTextWriterWriteAttribute)                             \
						F(xmlTextWriterWriteElement)                       \
							F(xmlTextWriterWriteString)
LIB(xml2, "xml2", LIBXML2)

/* libxml2's own BAD_CAST throws the const away; its characters are just unsigned. */
static const xmlChar *xml(const char *text)
{
	return (const xmlChar *)text;
}

/* ---- writing ---- */

static bool start(xmlTextWriterPtr w, const char *name)
{
	return xml2.xmlTextWriterStartElement(w, xml(name)) >= 0;
}

static bool leaf(xmlTextWriterPtr w, const char *name, const char *text)
{
	return xml2.xmlTextWriterWriteElement(w, xml(name), xml(text)) >= 0;
}

static bool end(xmlTextWriterPtr w, unsigned levels)
{
	bool ok = true;

	while (levels-- > 0)
		ok = xml2.xmlTextWriterEndElement(w) >= 0 && ok;
	return ok;
}

static bool write_group(xmlTextWriterPtr w, uint32_t address)
{
	char ip[IP4_TEXT_MAX];

	ip4_format(address, ip);
	return start(w, "callManagerGroup") && start(w, "members") && start(w, "member") &&
	       xml2.xmlTextWriterWriteAttribute(w, xml("priority"), xml("0")) >= 0 &&
	       start(w, "callManager") && start(w, "ports") &&
	       leaf(w, "ethernetPhonePort", "2000") && end(w, 1) &&
	       leaf(w, "processNodeName", ip) && end(w, 4);
}

/* Java phones match the plain number in the tag; the model's name is for people. */
static bool write_load(xmlTextWriterPtr w, const struct model *m, const char *load)
{
	char tag[40];

	snprintf(tag, sizeof(tag), "loadInformation%lu", (unsigned long)m->number);
	return start(w, tag) &&
	       xml2.xmlTextWriterWriteAttribute(w, xml("model"), xml(m->name)) >= 0 &&
	       xml2.xmlTextWriterWriteString(w, xml(load)) >= 0 && end(w, 1);
}

/* Who asks may be a sister model: a 7941 and a 7941G-GE ask for the same default list. */
static bool concerns(const struct phone_facts *facts, const struct model *m)
{
	const struct model *who = facts ? facts->model : NULL;

	return who && (who == m || (who->term[0] && text_equal_nocase(who->term, m->term)));
}

/* The load to name for a model; NULL: none. */
static const char *load_for(const struct library *l, const char *target, bool unfit_too,
			    const struct phone_facts *facts, const struct model *m)
{
	const struct bundle *b = library_choose(l, m, target, NULL, unfit_too);
	struct plan plan;

	if (concerns(facts, m)) {
		plan_make(&plan, l, target, unfit_too, facts);
		if (plan.count)
			b = plan.step[0].bundle;
		else if (plan.state == PLAN_IMPOSSIBLE && facts->runs[0] && !facts->erased)
			return facts->runs;
	}
	return b && !b->term_only ? b->load : NULL;
}

static bool write_default(xmlTextWriterPtr w, const struct library *l, const char *target,
			  bool unfit_too, const struct phone_facts *facts, uint32_t address)
{
	bool ok = xml2.xmlTextWriterSetIndent(w, 1) >= 0 &&
		  xml2.xmlTextWriterSetIndentString(w, xml("  ")) >= 0 && start(w, "Default") &&
		  write_group(w, address);

	for (unsigned i = 0; i < l->models->count && ok; i++) {
		const struct model *m = &l->models->model[i];
		const char *load = load_for(l, target, unfit_too, facts, m);

		if (load)
			ok = write_load(w, m, load);
	}
	return ok && end(w, 1) && xml2.xmlTextWriterFlush(w) >= 0;
}

int xmldefault_render_for(const struct library *l, const char *target, bool unfit_too,
			  const struct phone_facts *facts, uint32_t address, char **out,
			  size_t *len)
{
	xmlBufferPtr buffer = xml2_load() ? xml2.xmlBufferCreate() : NULL;
	xmlTextWriterPtr w = buffer ? xml2.xmlNewTextWriterMemory(buffer, 0) : NULL;
	bool ok = w && write_default(w, l, target, unfit_too, facts, address);
	char *text = NULL;

	if (w)
		xml2.xmlFreeTextWriter(w);
	if (ok) {
		size_t size = (size_t)xml2.xmlBufferLength(buffer);

		text = malloc(size + 1);
		if (text) {
			memcpy(text, xml2.xmlBufferContent(buffer), size);
			text[size] = '\0';
			*out = text;
			*len = size;
		}
	}
	if (buffer)
		xml2.xmlBufferFree(buffer);
	return text ? 0 : -ENOMEM;
}

int xmldefault_render_any(const struct library *l, const char *target, bool unfit_too,
			  uint32_t address, char **out, size_t *len)
{
	return xmldefault_render_for(l, target, unfit_too, NULL, address, out, len);
}

int xmldefault_render(const struct library *l, const char *target, uint32_t address, char **out,
		      size_t *len)
{
	return xmldefault_render_any(l, target, false, address, out, len);
}

/* ---- reading ---- */

struct check {
	struct rules rules;
	bool device;	/* a SEP file: root device, else Default */
	bool entities;	/* the file declares some: not read any further */
	bool malformed; /* said already */
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *parser_error;
#else
typedef xmlErrorPtr parser_error;
#endif

/* The first error is the one to mend; what follows is mostly its echo. */
static void on_error(void *user, parser_error e)
{
	xmlParserCtxtPtr parser = user;
	struct check *c = parser ? parser->_private : NULL;
	char message[160];

	if (!c || c->malformed || c->entities || !e || e->level < XML_ERR_ERROR)
		return;
	c->malformed = true;
	text_escape(message, sizeof(message), (const uint8_t *)(e->message ? e->message : ""),
		    strcspn(e->message ? e->message : "", "\r\n"));
	remark(&c->rules, e->line, e->int2, FINDING_WARNING, "malformed",
	       "phones cannot read the file, as its XML is broken here: %s. Correct this place.",
	       message[0] ? message : "no reason was given");
}

static void on_entity(void *user, const xmlChar *name, int type, const xmlChar *public_id,
		      const xmlChar *system_id, xmlChar *content)
{
	xmlParserCtxtPtr parser = user;
	struct check *c = parser->_private;

	(void)name;
	(void)type;
	(void)public_id;
	(void)system_id;
	(void)content;
	c->entities = true;
	xml2.xmlStopParser(parser);
}

static bool is_tag(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
	for (xmlNode *n = parent ? parent->children : NULL; n; n = n->next)
		if (is_tag(n, name))
			return n;
	return NULL;
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* The text directly inside an element (phones want no children there); "" when there is none. */
static void text_of(const xmlNode *n, char *out, size_t size)
{
	out[0] = '\0';
	for (const xmlNode *t = n ? n->children : NULL; t; t = t->next)
		if ((t->type == XML_TEXT_NODE || t->type == XML_CDATA_SECTION_NODE) && t->content &&
		    *skip_blanks((const char *)t->content)) {
			text_copy(out, size, (const char *)t->content);
			return;
		}
}

/*
 * The tree knows lines, and those of the end of a start tag; editors want the place of its '<'. The
 * parser stands behind the attributes when it makes the node, and no '<' can stand in those.
 */
static void on_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		       int spaces, const xmlChar **space, int attributes, int defaulted,
		       const xmlChar **attribute)
{
	xmlParserCtxtPtr parser = user;
	const xmlChar *base = parser->input->base, *tag = parser->input->cur, *start;
	uintptr_t line = parser->input->line > 0 ? (uintptr_t)parser->input->line : 0;

	xml2.xmlSAX2StartElementNs(user, name, prefix, uri, spaces, space, attributes, defaulted,
				   attribute);
	while (tag > base && *tag != '<')
		line -= *tag-- == '\n' && line > 1 ? 1 : 0;
	for (start = tag; start > base && start[-1] != '\n';)
		start--;
	if (parser->node && *tag == '<' && tag - start < COLUMN_MAX && line <= LINE_MAX_KEPT)
		parser->node->_private = (void *)(line * COLUMN_MAX + (uintptr_t)(tag - start) + 1);
}

/* The line of a tag. A remark on that line points to the tag's column from now on. */
static int line_of(struct check *c, const xmlNode *n)
{
	uintptr_t place = (uintptr_t)n->_private;

	c->rules.at_line = place ? (int)(place / COLUMN_MAX) : (int)xml2.xmlGetLineNo(n);
	c->rules.at_column = (int)(place % COLUMN_MAX);
	return c->rules.at_line;
}

/* firmware-formats.md 1, item 10 of phones.md: without all of it the file is not accepted. */
static void check_group(struct check *c, const xmlNode *root)
{
	static const char *const path[] = {"callManagerGroup", "members", "member", "callManager"};
	const xmlNode *at = c->device ? child(root, "devicePool") : root;
	char text[80];

	if (!at) /* a SEP file without a pool: the phone has its own ideas, not ours to judge */
		return;
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		const xmlNode *next = child(at, path[i]);

		if (!next) {
			remark(&c->rules, line_of(c, at), 0, FINDING_WARNING, "group-incomplete",
			       "<%s> is missing inside <%s>: phones do not accept the file without "
			       "callManagerGroup/members/member/callManager. Add it.",
			       path[i], show((const char *)at->name).text);
			return;
		}
		at = next;
	}
	if (!child(child(at, "ports"), "ethernetPhonePort"))
		remark(&c->rules, line_of(c, at), 0, FINDING_WARNING, "port-missing",
		       "<ports><ethernetPhonePort>2000</ethernetPhonePort></ports> is missing "
		       "inside <callManager>: phones may not accept the file. Add it.");
	text_of(child(at, "processNodeName"), text, sizeof(text));
	if (!text[0])
		remark(&c->rules, line_of(c, at), 0, FINDING_WARNING, "node-empty",
		       "<processNodeName> is missing or empty: phones then have nobody to report "
		       "to. Write the address of this machine or of your call server there.");
}

static void check_numbered(struct check *c, const xmlNode *n, const char *digits, const char *load)
{
	xmlChar *model = xml2.xmlGetNoNsProp(n, xml("model"));

	rules_check_number(&c->rules, line_of(c, n), digits, load, (const char *)model);
	if (model)
		(*xml2.xmlFree)(model);
}

static void check_load_tag(struct check *c, const xmlNode *root, const xmlNode *n)
{
	static const char tag[] = "loadInformation";
	const char *name = (const char *)n->name;
	const char *rest = name + strlen(tag);
	char load[128];

	if (strncmp(name, tag, strlen(tag)) != 0) {
		remark(&c->rules, line_of(c, n), 0, FINDING_WARNING, "tag-case",
		       "<%s> is not written as phones expect it: the tag is %s, with a capital I "
		       "and the rest small.",
		       show(name).text, tag);
		return;
	}
	if (n == root) /* it has no tag around it; "root" has said what should be there */
		return;
	if (n->parent != root) {
		remark(&c->rules, line_of(c, n), 0, FINDING_WARNING, "load-place",
		       "<%s> stands inside <%s>: phones look for it directly inside <%s>. Move it "
		       "to the end, before </%s>.",
		       show(name).text, show((const char *)n->parent->name).text,
		       c->device ? "device" : "Default", c->device ? "device" : "Default");
		return;
	}
	text_of(n, load, sizeof(load));
	if (*rest) {
		if (c->device)
			remark(&c->rules, line_of(c, n), 0, FINDING_WARNING, "number-in-device",
			       "<%s> carries a number: in a file for one phone the tag is "
			       "<loadInformation> without it.",
			       show(name).text);
		check_numbered(c, n, rest, load);
		return;
	}
	if (!c->device)
		remark(&c->rules, line_of(c, n), 0, FINDING_WARNING, "no-number",
		       "<loadInformation> has no number: in XMLDefault.cnf.xml each model has its "
		       "own, for example loadInformation30006 for the 7970. Add the number.");
	rules_check_load(&c->rules, line_of(c, n), load, NULL);
}

/* Every element once, in the order of the file, without recursion. */
static const xmlNode *next_node(const xmlNode *root, const xmlNode *n)
{
	if (n->type == XML_ELEMENT_NODE && n->children)
		return n->children;
	while (n != root && !n->next)
		n = n->parent;
	return n == root ? NULL : n->next;
}

static void check_root(struct check *c, const xmlNode *root, const char *base)
{
	const char *name = (const char *)root->name;
	bool device = text_equal_nocase(name, "device");
	const char *want = text_starts_nocase(base, "XMLDefault")      ? "Default"
			   : text_starts_nocase(base, "SEP") || device ? "device"
								       : "Default";

	c->device = strcmp(want, "device") == 0;
	if (strcmp(name, want) != 0)
		remark(&c->rules, line_of(c, root), 0, FINDING_WARNING, "root",
		       "the outermost tag is <%s>, and phones expect <%s> here, with exactly these "
		       "letters. Correct it at both ends of the file.",
		       show(name).text, want);
}

static void check_tree(struct check *c, const xmlNode *root, const char *base)
{
	check_root(c, root, base);
	check_group(c, root);
	for (const xmlNode *n = root; n; n = next_node(root, n))
		if (n->type == XML_ELEMENT_NODE &&
		    text_starts_nocase((const char *)n->name, "loadInformation"))
			check_load_tag(c, root, n);
}

unsigned phone_config_check(const char *name, const uint8_t *data, size_t len,
			    const struct models *models, const struct library *l,
			    struct config_remark remarks[CONFIG_REMARKS_MAX])
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	struct check c = {.rules = {.models = models, .library = l, .remark = remarks}};
	xmlParserCtxtPtr parser;
	xmlDocPtr doc = NULL;
	const xmlNode *root;

	if (!rules_check_bytes(&c.rules, base, data, len))
		return c.rules.count;
	parser = xml2_load() ? xml2.xmlNewParserCtxt() : NULL;
	if (parser) {
		parser->_private = &c;
		parser->sax->serror = on_error;
		parser->sax->entityDecl = on_entity;
		parser->sax->startElementNs = on_element;
		doc = xml2.xmlCtxtReadMemory(parser, (const char *)data, (int)len, NULL, NULL,
					     XML_PARSE_NONET);
	}
	root = doc && parser->wellFormed && !c.entities ? xml2.xmlDocGetRootElement(doc) : NULL;
	if (c.entities)
		remark(&c.rules, 0, 0, FINDING_WARNING, "entities",
		       "the file declares entities (<!ENTITY ...>), which phones have no use for; "
		       "it was not read any further. Remove the declaration.");
	else if (root)
		check_tree(&c, root, base);
	else if (!c.malformed)
		remark(&c.rules, 0, 0, FINDING_WARNING, "malformed",
		       "the file could not be read as XML. Correct it.");
	if (doc)
		xml2.xmlFreeDoc(doc);
	if (parser)
		xml2.xmlFreeParserCtxt(parser);
	return c.rules.count;
}
