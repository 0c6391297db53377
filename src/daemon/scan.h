/* SPDX-License-Identifier: MIT */
#ifndef REFLASHD_DAEMON_SCAN_H
#define REFLASHD_DAEMON_SCAN_H

#include "reflashd/fault.h"
#include "reflashd/library.h"

/* The files that a scan met; a file's `ref` in the library is its place here. */
struct scan {
	char **path;
	unsigned count, size;
};

/* Reads one FIRMWARE of the command line into the library: a folder with a bundle, or a folder
 * of such folders. 0 or negative errno with *f (the path itself is unusable). */
int scan_firmware(struct scan *s, struct library *l, const char *path, struct fault *f);
void scan_free(struct scan *s);

/* A whole regular file, at most max bytes (else -EFBIG). malloc'ed. 0 or negative errno. */
int read_file(const char *path, size_t max, uint8_t **data, size_t *len);

#endif
