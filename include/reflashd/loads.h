/* SPDX-License-Identifier: MIT */
/*
 * Packing lists: the body of a .loads file, in all the dialects that a folder really
 * holds (firmware-formats.md 3). Members come out in file order; phones fetch in that order.
 */
#ifndef REFLASHD_LOADS_H
#define REFLASHD_LOADS_H

#include "reflashd/base.h"

#define LOADS_MEMBERS_MAX 32
#define LOADS_NAME_MAX	  96

enum loads_dialect {
	LOADS_JAVA,    /* jar/cnu/apps/dsp/cvm .sbn members, '#' comments, CRLF */
	LOADS_LEGACY,  /* 7940/7960: .sbn + .sb2 + LA_VERSION= */
	LOADS_SIZED,   /* 792x: NAME.SBN size hex */
	LOADS_OTHER,   /* a list of members of another family (69xx …) */
	LOADS_FOREIGN, /* no list: XML, INI (78xx), binary. .foreign says which */
};

struct loads_member {
	char name[LOADS_NAME_MAX]; /* as written, blanks stripped */
	bool optional;		   /* 792x "#+" */
	bool has_size;
	uint64_t size;
};

struct loads {
	enum loads_dialect dialect;
	const char *foreign; /* "XML", "INI", "binary data", "another header (78xx)" */
	unsigned member_count;
	struct loads_member member[LOADS_MEMBERS_MAX];
	bool has_hardware_comp;
	uint32_t hardware_comp; /* "#HARDWARE_COMP_1 n": read by the phones, not a comment */
	char la_version[16];	/* 7940/7960 */
	bool unterminated;	/* the last line lacks its newline */
	bool overflow;		/* more members than LOADS_MEMBERS_MAX: the list is not usable */
	bool scanned;		/* not clean text: names were fished out of it */
	char odd_line[80];	/* the first line that is no member and no comment, escaped, or "" */
};

void loads_parse(struct loads *l, const uint8_t *body, size_t len);

/* Which of the five parts of a Java load a member is, by its name (any case). */
enum loads_part {
	LOADS_PART_NONE,
	LOADS_PART_JAR,
	LOADS_PART_CNU,
	LOADS_PART_APPS,
	LOADS_PART_DSP,
	LOADS_PART_CVM,
};
enum loads_part loads_member_part(const char *name);
/* jar, cnu, apps, dsp, cvm: exactly one each. */
bool loads_java_complete(const struct loads *l);

/* Order of two load names by version: "SIP41.9-4-2SR3-1S" after "SIP41.9-2-1S". Numbers
 * compare as numbers, SR/ES/TH suffixes after the plain release. <0, 0, >0. */
int loads_version_compare(const char *a, const char *b);

#endif
