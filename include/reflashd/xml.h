/* SPDX-License-Identifier: MIT */
/*
 * Small XML documents of strangers, such as a phone's web page: the elements that hold text and no
 * other element, one after the other, and no tree. No network, no DTD, no entities but the
 * five that every XML has; ISO-8859-1, UTF-8 and what else the document declares.
 */
#ifndef REFLASHD_XML_H
#define REFLASHD_XML_H

#include "reflashd/base.h"

#define XML_SIZE_MAX  65536
#define XML_DEPTH_MAX 8
#define XML_TEXT_MAX  256 /* bytes of a text that are kept, in UTF-8; what follows is dropped */

/* The text is without blanks around it and NUL-terminated. */
typedef void xml_leaf(void *ctx, const char *name, const char *text);

/*
 * Calls leaf for each. 0; -EBADMSG when it is no XML, is cut, is too deep or too large, has
 * another root element or declares anything; leaves that were told until then count for nothing.
 */
int xml_read_leaves(const uint8_t *data, size_t len, const char *root, xml_leaf *leaf, void *ctx);

#endif
