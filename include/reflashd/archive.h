/* SPDX-License-Identifier: MIT */
/*
 * Firmware as it is distributed: .zip, .tar, .tar.gz/.tgz, .cop, .cop.sgn, .cop.sha512, and one
 * archive inside another (firmware-formats.md 9). Bytes in, files out; nothing is written and
 * nothing inside is ever executed.
 *
 * An archive is hostile until it has been read to its end: absolute names, "..", links, devices,
 * encryption, too many or too large entries, two different files of one name, damage and
 * truncation refuse all of it.
 */
#ifndef REFLASHD_ARCHIVE_H
#define REFLASHD_ARCHIVE_H

#include "reflashd/base.h"
#include "reflashd/fault.h"

#define ARCHIVE_ENTRIES_MAX 10000
#define ARCHIVE_FILE_MAX    (64u << 20)	 /* bytes of one file, unpacked */
#define ARCHIVE_INNER_MAX   (128u << 20) /* bytes of an archive in an archive */
#define ARCHIVE_TOTAL_MAX   (512u << 20) /* bytes of all, unpacked */
#define ARCHIVE_SIZE_MAX    (256u << 20) /* bytes of the archive itself; the caller's to check */
#define ARCHIVE_DEPTH_MAX   3		 /* archives in archives */

/* Does the name say that this is an archive we read? And one that we know and cannot (.exe)? */
bool archive_is_name(const char *name);
bool archive_is_installer_name(const char *name);
/* Refuses a .exe: what it is and what to get instead. Returns -EBADMSG. */
int archive_refuse_installer(const char *name, struct fault *f);
/* The length of the name without the endings above: "cmterm-7970.8-3-3.k3.cop.sgn" → 17. */
size_t archive_stem(const char *name);

/*
 * One file. name is a plain name without any folder: bundles are flat, and what folders an
 * archive has are dropped. data is borrowed. No two files have the same name, and none begins
 * with a dot. Non-zero (a negative errno, with *f filled) ends the walk.
 */
typedef int archive_visit(void *ctx, const char *name, const uint8_t *data, size_t len,
			  struct fault *f);

/* libarchive is there and loaded; else the first walk does that. */
bool archive_ready(void);
/*
 * Walks all files, archives inside included. name is for messages and for telling .cop.sgn from
 * .zip. 0 or a negative errno with a sentence in *f: -EBADMSG when the archive is refused, -ENOMEM,
 * or what the visitor returned. The visitor has been called for a part of the files when it fails:
 * throw these away.
 */
int archive_walk(const char *name, const uint8_t *data, size_t len, archive_visit *visit, void *ctx,
		 struct fault *f);

#endif
