/* SPDX-License-Identifier: MIT */
/*
 * Is an image whole? Each format carries its own lengths, so truncation is found without
 * any key (firmware-formats.md 4, 5, 6, 8). Works on the body, behind the signed header.
 */
#ifndef REFLASHD_IMAGE_H
#define REFLASHD_IMAGE_H

#include "reflashd/base.h"

enum image_format {
	IMAGE_UNKNOWN,
	IMAGE_CNU,  /* .sbn of the Java phones: CNU_File_Archive_3.0 */
	IMAGE_KUP,  /* .zup, .sbin body of 7902/7905/7912 */
	IMAGE_P003, /* 7940/7960 universal application loader */
	IMAGE_SB2,  /* 7940/7960 application: no length inside */
};

enum image_state {
	IMAGE_COMPLETE,
	IMAGE_TRUNCATED,     /* .difference bytes are missing; at least so many when the cut goes
				through the tables that would say it */
	IMAGE_EXTRA,	     /* .difference bytes too many */
	IMAGE_CORRUPT,	     /* lengths fit, the checksum does not */
	IMAGE_MALFORMED,     /* its tables contradict each other */
	IMAGE_NOT_CHECKABLE, /* nothing inside tells (.sb2, unknown) */
};

struct image {
	enum image_format format;
	enum image_state state;
	uint64_t difference;
	uint8_t kup_model;	/* KUP: byte 0x12 */
	uint8_t kup_version[2]; /* KUP: major, minor */
	char name[20];		/* P003, SB2: the name at +0x20, escaped, or "" */
	char tag[12];		/* P003, SB2: the tag at +0x120: "PAS30830", or "" */
};

void image_inspect(struct image *i, const uint8_t *body, size_t len);
const char *image_format_name(enum image_format f); /* "CNU archive", … */

#endif
