/* SPDX-License-Identifier: MIT */
#ifndef REFLASHD_DAEMON_SCAN_H
#define REFLASHD_DAEMON_SCAN_H

#include "reflashd/archive.h"
#include "reflashd/fault.h"
#include "reflashd/library.h"

/* Where a file is: at path, or in the archive at path, under the name `entry`. */
struct scan_file {
	char *path;
	char *entry; /* NULL: path is the file itself */
};

/* The files that a scan met; a file's `ref` in the library is its place here. */
struct scan {
	struct scan_file *file;
	unsigned count, size;
	bool strict; /* a bad archive is a fault wherever it lies, not a finding of its folder */
	/* When set: called with the bytes of each file. own: the same, malloc'ed, to be taken over
	 * whatever is returned; NULL (out of an archive): only borrowed. 0 or -ENOMEM. */
	int (*keep)(void *ctx, uint64_t ref, const uint8_t *data, size_t len, uint8_t *own);
	void (*forget)(void *ctx, uint64_t first_ref); /* what was kept from there on */
	void *keep_ctx;
};

/*
 * Reads one FIRMWARE of the command line into the library: a folder with a bundle, a folder of
 * such folders or archives, or an archive. 0; or a negative errno with *f (the path itself is
 * unusable): -EBADMSG for an archive that is refused.
 */
int scan_firmware(struct scan *s, struct library *l, const char *path, struct fault *f);
void scan_free(struct scan *s);

/* Reads the archive at path and walks it. 0 or a negative errno with *f. */
int scan_unpack(const char *path, archive_visit *visit, void *ctx, struct fault *f);

/* A whole regular file, at most max bytes (else -EFBIG). malloc'ed. 0 or negative errno. */
int read_file(const char *path, size_t max, uint8_t **data, size_t *len);

#endif
