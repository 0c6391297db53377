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
	const char *foreign; /* "XML", "INI", "binary data", "another header (78xx)",
				"an empty file", "text without file names"; else NULL */
	unsigned member_count;
	struct loads_member member[LOADS_MEMBERS_MAX];
	bool has_hardware_comp;
	uint32_t hardware_comp; /* "#HARDWARE_COMP_1 n": read by the phones, not a comment */
	char la_version[16];	/* 7940/7960 */
	bool unterminated;	/* the last line lacks its newline */
	bool overflow;		/* more members than LOADS_MEMBERS_MAX: the list is not usable */
	bool scanned;		/* not clean text: names were fished out of it */
	char odd_line[80]; /* the first line that is no member and no comment, escaped, or "" */
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

/*
 * The version in a load name, in every spelling that is met. What stands before it (the model
 * and the protocol) is not looked at, so SIP41.8-5-2S and SCCP70.8-5-2S are the same version.
 *
 *   SCCP70.8-5-2SR1S         8.5(2) SR 1
 *   SCCP41.8-0-4SR3AS        8.0(4) SR 3A
 *   SIP41.9-2-1TH1-13        9.2(1) TH 1 build 13
 *   TERM70.7-0-2-0S          7.0(2) build 0
 *   P0S3-07-4-00             7.4(0)
 *   P00308010200             8.1(2) build 0
 *   P0030801SR02             8.1(2) SR 2
 *   CP7912080003SCCP070409A  8.0(3) of 2007-04-09, A
 *   8.5(2)SR1                as people write it
 *
 * A known file name suffix (.loads, .sbn, …) does no harm. The full grammar is in version.c.
 */
struct load_version {
	uint32_t number[3]; /* 8, 5, 2; what is not given is 0 */
	uint32_t sr;	    /* service release; 0: none */
	char sr_letter;	    /* "SR3A": 'A'; else 0 */
	uint32_t es;	    /* engineering special */
	uint32_t special;   /* any other lettered release: TH1, DEV2, … */
	uint32_t build[2];  /* numbers behind those; KUP images: yymmdd, letter */
};

/* False, and *out untouched, when there is no version in the name ("cp7912r"). */
bool load_version_parse(const char *load, struct load_version *out);
/* <0, 0, >0. By number, then SR, ES, the other lettered ones, then build. */
int load_version_order(const struct load_version *a, const struct load_version *b);

/* Order of two load names by version: "SIP41.9-4-2SR3-1S" after "SIP41.9-2-1S". Numbers
 * compare as numbers, SR/ES/TH suffixes after the plain release. A name without a version
 * comes before all others; two of them are in the order of their text. <0, 0, >0. */
int loads_version_compare(const char *a, const char *b);

/*
 * Does a phone that says this of itself run that load? announced is the name itself, the
 * version alone as in SCCP alarms ("9.4(2SR3.1S)"), or the first member as on web pages
 * ("jar75sccp.9-4-2SR3-1S"); in any case, with or without a file suffix. A P003- name stands for
 * the P0S3- load of its version; see announced.c for what that is worth.
 */
bool load_announces(const char *load, const char *announced);
/* "TERM70_LOAD": the loader of an empty flash, no load. term, unless NULL, is then "70". */
bool load_is_loader(const char *announced, char term[8]);

#endif
