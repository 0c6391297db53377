/* SPDX-License-Identifier: MIT */
/*
 * Synthetic firmware: files in the true formats of the phones (firmware-formats.md 2 to 6)
 * with made-up contents, for tests, the rehearsal and the demo. No vendor byte is in them.
 *
 * Everything is made in memory and depends on the arguments only: the same seed gives the
 * same bytes. Signed files are signed with the tests' own keys (sign.h).
 */
#ifndef REFLASHD_TESTS_SYNTH_H
#define REFLASHD_TESTS_SYNTH_H

#include "reflashd/base.h"
#include "sign.h"

/* Repeatable noise (splitmix64). */
struct synth_random {
	uint64_t state;
};
uint64_t synth_next(struct synth_random *r);
void synth_noise(struct synth_random *r, uint8_t *out, size_t len);

/* A growing byte buffer, owned; free with synth_buffer_free(). Running out of memory aborts. */
struct synth_buffer {
	uint8_t *data;
	size_t len, size;
};
void synth_put(struct synth_buffer *b, const void *data, size_t len);
void synth_put_u8(struct synth_buffer *b, uint8_t v);
void synth_put_be16(struct synth_buffer *b, uint16_t v);
void synth_put_be32(struct synth_buffer *b, uint32_t v);
void synth_put_le16(struct synth_buffer *b, uint16_t v);
void synth_put_le32(struct synth_buffer *b, uint32_t v);
void synth_put_text(struct synth_buffer *b, const char *text); /* without its NUL */
void synth_put_zero(struct synth_buffer *b, size_t len);
void synth_buffer_free(struct synth_buffer *b);

/* ---- bodies: what stands behind the signed header. Each appends to an empty buffer. ---- */

/* Which of the five archives of a Java load: decides the names and contents inside. */
enum synth_part { SYNTH_JAR, SYNTH_CNU, SYNTH_APPS, SYNTH_DSP, SYNTH_CVM };

/* CNU_File_Archive_3.0 of exactly `size` bytes, from 2048 on; below that of about 2 KiB. */
void synth_cnu(struct synth_buffer *b, enum synth_part part, const char *version, size_t size,
	       uint64_t seed);
/* KUP image of exactly `size` bytes, from 256 on: lengths and checksum are right. */
void synth_kup(struct synth_buffer *b, uint8_t model, uint8_t major, uint8_t minor, size_t size,
	       uint64_t seed);
/* 7940/7960 universal application loader of exactly `size` bytes, from 512 on, with a stream
 * that unpacks; tag e.g. "PAS30830". */
void synth_p003(struct synth_buffer *b, const char *name, const char *tag, size_t size,
		uint64_t seed);
/* 7940/7960 application of exactly `size` bytes, from 512 on; tag e.g. "PAS3ARM1". */
void synth_sb2(struct synth_buffer *b, const char *name, const char *tag, size_t size,
	       uint64_t seed);
/* Packing list of a Java phone: comments, CRLF, trailing blanks where the real ones have them.
 * hardware_comp < 0: no such line. */
void synth_java_loads(struct synth_buffer *b, const char *version, const char *const member[],
		      unsigned members, int64_t hardware_comp);
/* Packing list of a 7940/7960. */
void synth_legacy_loads(struct synth_buffer *b, const char *loader, const char *application,
			const char *la_version);

/* ---- whole bundles ---- */

enum synth_kind {
	SYNTH_JAVA70, /* 7970 + 7971 */
	SYNTH_JAVA41, /* 7941 + 7961 */
	SYNTH_JAVA42, /* 7942 + 7962 */
	SYNTH_JAVA45, /* 7945 + 7965 */
	SYNTH_JAVA11, /* 7906 + 7911 */
	SYNTH_JAVA31, /* 7931 */
	SYNTH_JAVA75, /* 7975 */
	SYNTH_LEGACY, /* 7940 + 7960 */
	SYNTH_KUP7912,
	SYNTH_KUP7905,
	SYNTH_KUP7902,
	SYNTH_KINDS
};
const char *synth_kind_name(enum synth_kind kind); /* "java70", "legacy", "kup7912" */
bool synth_kind_parse(const char *text, enum synth_kind *out);
/* A load name that fits: "SCCP70.8-3-3S", "P0S3-8-12-00", "CP7912080003SCCP070409A". */
const char *synth_default_load(enum synth_kind kind);

struct synth_options {
	uint64_t seed;
	size_t size;		    /* body of the largest member; 0: 6000 */
	const char *member_version; /* "8-3-2-27"; NULL: made from the load name */
	/* The list and the signed headers say Jar…, the file on disk is jar… (phones.md 1, 1).
	 * What the real headers say is not known; with this choice a phone that checks the
	 * header against the name it asked for is content. */
	bool capital_j;
	bool has_hardware_comp; /* false: no such line */
	uint32_t hardware_comp;
	const struct test_key *key; /* NULL: all files unsigned */
	uint32_t time;		    /* signing time; 0: 2007-10-19 14:12:12 UTC */
};

/* Called once for each file, lists first; returns 0, or anything else to stop there. */
typedef int synth_emit(void *context, const char *name, const uint8_t *data, size_t len);

/*
 * Makes a bundle and hands out its files:
 *   Java:   LOAD.loads, termXX.default.loads (one or two), jar, cnu, apps, dsp, cvm .sbn
 *   legacy: LOAD.loads, P003….sbn, LOAD.sb2
 *   KUP:    LOAD.sbin (7905 also LOAD.zup), the recovery image (cp7912r.zup, …)
 * `load` is without ".loads"; NULL: synth_default_load(). options may be NULL: all zero.
 * Returns 0, or what emit returned, or -1 for a load name that is too long or not fitting.
 */
int synth_bundle(enum synth_kind kind, const char *load, const struct synth_options *options,
		 synth_emit *emit, void *context);

/* A bundle kept in memory. */
#define SYNTH_FILES_MAX 16
struct synth_file {
	char name[96];
	uint8_t *data;
	size_t len;
};
struct synth_files {
	unsigned count;
	struct synth_file file[SYNTH_FILES_MAX];
};
synth_emit synth_collect; /* emit function; context: struct synth_files * */
void synth_files_free(struct synth_files *f);
/* By exact name, else the first whose name starts with `name` in any case ("cnu", "term71"). */
struct synth_file *synth_files_find(struct synth_files *f, const char *name);

/*
 * Breaks a bundle the way people do. How:
 *   missing:MEMBER          the file is not there
 *   truncate:MEMBER:BYTES   that many bytes are cut off its end
 *   flip:MEMBER             one bit near its end is turned over
 *   rename                  Java: LOAD.loads was copied over every termXX.default.loads
 *   case                    the names of all files that are no packing lists are in capitals
 * False with a sentence in why (size 160) when that cannot be done.
 */
bool synth_break(struct synth_files *f, const char *how, char why[160]);

#endif
