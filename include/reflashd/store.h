/* SPDX-License-Identifier: MIT */
/*
 * The firmware on disk: scanning folders into a library, and the bytes of its files when
 * somebody asks for them. This is the shell's side of library.h.
 *
 * What was checked is what is served: a file is read whole into memory and its SHA-1 compared
 * with the one it had when it was checked; a transfer reads from that memory, so that
 * nobody can change a file between the check and the phone.
 */
#ifndef REFLASHD_STORE_H
#define REFLASHD_STORE_H

#include "reflashd/config.h"
#include "reflashd/library.h"

struct store;

/* Bytes in memory, shared by everybody who reads them. */
struct content {
	const uint8_t *data;
	size_t len;
};

/* Reads models, keys and every FIRMWARE of the configuration. 0, or a negative errno and an
 * exit code of daemon.h in *exit_code. A path that cannot be read is a fault; a bad
 * file in it is a finding in the library. */
int store_open(struct store **out, const struct config *config, int *exit_code, struct fault *f);
/* The same with strangers' bytes looked into by another process (reader.c), now and later; and what
 * was read of a library of moderate size (64 MB) stays, so that no phone waits for the disk. */
int store_open_to_serve(struct store **out, const struct config *config, int *exit_code,
			struct fault *f);
/*
 * The same for whoever wants all of the bytes right away (import): what comes out of an archive
 * is kept in memory, up to what the store keeps at all, and a bad archive in a folder is
 * a fault, too. progress, or NULL, is called for each file out of an archive.
 */
int store_open_for_copying(struct store **out, const struct config *config,
			   void (*progress)(const char *path, const char *name), int *exit_code,
			   struct fault *f);
/* The catalogue of models in that file, or the built-in one for "". As store_open(). */
int store_read_models(struct models *m, const char *path, int *exit_code, struct fault *f);
void store_close(struct store *s);
const struct library *store_library(const struct store *s);
const struct models *store_models(const struct store *s);

/* The bytes of a file; store_release() when done. NULL and *f when it cannot be read or is no
 * longer what was checked. */
const struct content *store_read(struct store *s, const struct firmware_file *file,
				 struct fault *f);
/* Wraps malloc'ed bytes that were made up for one answer; takes them over. NULL: no memory. */
const struct content *store_wrap(struct store *s, uint8_t *data, size_t len);
void store_release(const struct content *c); /* also after its store was closed */

#endif
