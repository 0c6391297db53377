/* SPDX-License-Identifier: MIT */
/*
 * Makes archives in memory, good ones and odd ones, with libarchive's writer. Every function
 * stops the program when it cannot do its work.
 */
#ifndef REFLASHD_TESTS_PACK_H
#define REFLASHD_TESTS_PACK_H

#include "synth.h"

enum pack_format {
	PACK_TAR, /* ustar, ends with its two empty blocks and no padding */
	PACK_PAX, /* can hold sparse files */
	PACK_TGZ,
	PACK_ZIP, /* deflated */
	PACK_ZIP_STORED,
	PACK_ZIP_SECRET, /* encrypted */
	PACK_GZIP,	 /* one nameless file: pack_gzip() */
};

enum pack_kind { PACK_FILE, PACK_FOLDER, PACK_SYMLINK, PACK_HARDLINK, PACK_DEVICE, PACK_FIFO };

struct pack;

struct pack *pack_new(enum pack_format format);
void pack_file(struct pack *p, const char *name, const void *data, size_t len);
/* No contents; target: of a link. */
void pack_odd(struct pack *p, enum pack_kind kind, const char *name, const char *target);
/* A file of zeros that is a hole, but for its last 512 bytes; PACK_PAX. */
void pack_hole(struct pack *p, const char *name, size_t len);
/* The archive, in an empty buffer. Frees p. */
void pack_finish(struct pack *p, struct synth_buffer *out);

/* These bytes, whatever they are, as a gzip. */
void pack_gzip(const struct synth_buffer *plain, struct synth_buffer *out);
/* All files of a bundle. */
void pack_bundle(enum pack_format format, const struct synth_files *files,
		 struct synth_buffer *out);

#endif
