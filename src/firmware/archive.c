/* SPDX-License-Identifier: MIT */
/*
 * Archives, through libarchive with just the formats on that firmware comes in.
 *
 * The happy path: take off the signed header, if there is one (a .cop.sgn is that header and a
 * gzip'd tar behind it; libarchive refuses it whole) → tell zip, gzip'd tar and tar by their first
 * bytes → check each entry before a byte of it is unpacked → hand it over, or walk into it when
 * it is an archive itself.
 *
 * libarchive forgives what a download that was cut leaves behind, so three things are held here:
 *
 *   gzip  its CRC and length are not compared by libarchive (3.6), and what follows the trailer is
 *         ignored. So one reader only takes the gzip off, and its output passes through our
 *         CRC on its way to a second reader that knows only tar.
 *   tar   a tar that ends without its two empty blocks counts as whole for libarchive. So it is
 *         followed by a block that is no header: where the end marker lacks, that is what
 *         libarchive stumbles over.
 *   zip   only the reader that goes by the central directory, which stands at the end. A local
 *         header that disagrees with it is a warning there and a refusal here.
 *
 * Entries are unpacked into memory under two limits, per file and in all, counted on bytes
 * that really came out: what an entry claims to be is only a hint. What is passed over counts by
 * its claim, since so much of a tar is unpacked on the way to the next entry; and names of a
 * megabyte each, which cost the time of a file, are no names. Owners and modes are ignored.
 */
#include "reflashd/archive.h"

#include "reflashd/lib.h"
#include "reflashd/signed_file.h"
#include "reflashd/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK	   (64u << 10)
#define TAR_BLOCK  512
#define GZIP_AFTER 8 /* CRC and length, little-endian */
#define NAME_SHOWN 160
#define PATH_MOST  4096

#define TOO_MUCH "unpacks to more than any phone firmware has"

#define LIBARCHIVE(F)                                                                              \
	F(archive_entry_filetype)                                                                  \
	F(archive_entry_hardlink)                                                                  \
	F(archive_entry_is_encrypted)                                                              \
	F(archive_entry_pathname) F(archive_entry_pathname_utf8) F(archive_entry_size)             \
		F(archive_entry_size_is_set) F(archive_entry_symlink) F(archive_filter_bytes) F(   \
			archive_format_name) F(archive_read_data) F(archive_read_data_block)       \
			F(archive_read_data_skip) F(archive_read_free) F(archive_read_new) F(      \
				archive_read_next_header) F(archive_read_open)                     \
				F(archive_read_open_memory) F(archive_read_support_filter_gzip)    \
					F(archive_read_support_format_raw)                         \
						F(archive_read_support_format_tar) F(              \
							archive_read_support_format_zip_seekable)  \
							F(archive_set_error)
LIB(tar, "archive", LIBARCHIVE)

struct seen {
	char *name;
	size_t len;
	uLong crc;
};

struct walk {
	archive_visit *visit;
	void *ctx;
	unsigned entries;
	size_t total;
	struct seen *seen;
	unsigned seen_count, seen_size;
	struct fault *fault;
};

/* The bytes of a tar, from memory or out of a gzip, with a stumbling block behind them. */
struct stream {
	struct archive *gzip; /* NULL: plain */
	struct span plain;
	uLong crc;
	uint64_t length;
	bool ended, broken;
	uint8_t block[TAR_BLOCK];
};

/* One archive at work. */
struct unpacker {
	struct walk *walk;
	const char *name;
	struct archive *archive;
	bool zip;
	unsigned depth;
	int64_t entry_end; /* tar: where the last entry ended */
};

static const char *const suffixes[] = {".zip",	   ".tar",	  ".tar.gz", ".tgz",
				       ".cop.sgn", ".cop.sha512", ".cop"};

bool archive_is_name(const char *name)
{
	return archive_stem(name) != strlen(name);
}

size_t archive_stem(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (text_ends_nocase(name, suffixes[i]))
			return len - strlen(suffixes[i]);
	return len;
}

bool archive_is_installer_name(const char *name)
{
	return text_ends_nocase(name, ".exe");
}

int archive_refuse_installer(const char *name, struct fault *f)
{
	return fault_set(
		f, -EBADMSG,
		"`%s' is a Windows installer, and reflashd runs nothing. The download page "
		"offers the same release as a .zip (\"SIP/SCCP firmware files only\") or "
		"as a .cop.sgn: take that",
		name);
}

static int refuse(struct walk *w, const char *archive, const char *entry, const char *why)
{
	char name[NAME_SHOWN], outer[NAME_SHOWN];

	text_escape(outer, sizeof(outer), (const uint8_t *)archive, strlen(archive));
	text_escape(name, sizeof(name), (const uint8_t *)entry, strlen(entry));
	return fault_set(w->fault, -EBADMSG, "`%s' is refused: %s%s%s%s. Nothing of it was taken",
			 outer, *name ? "its entry `" : "", name, *name ? "' " : "", why);
}

static int no_memory(struct walk *w, const char *archive)
{
	char outer[NAME_SHOWN];

	text_escape(outer, sizeof(outer), (const uint8_t *)archive, strlen(archive));
	return fault_set(w->fault, -ENOMEM, "no memory to unpack `%s'", outer);
}

/* ---- what a tar is read through ---- */

/* The next piece of the tar; empty at its end. */
static struct span stream_next(struct stream *s)
{
	struct span piece = s->plain;
	const void *data;
	la_int64_t offset;
	int status;

	if (!s->gzip) {
		s->plain.len = 0;
		return piece;
	}
	do
		status = tar.archive_read_data_block(s->gzip, &data, &piece.len, &offset);
	while (status == ARCHIVE_OK && piece.len == 0);
	if (status != ARCHIVE_OK) {
		s->broken = s->broken || status != ARCHIVE_EOF;
		piece.len = 0;
		return piece;
	}
	piece.data = data;
	s->crc = crc32_z(s->crc, piece.data, piece.len);
	s->length += piece.len;
	return piece;
}

static la_ssize_t stream_read(struct archive *a, void *ctx, const void **out)
{
	struct stream *s = ctx;
	struct span piece = {NULL, 0};

	if (!s->ended)
		piece = stream_next(s);
	if (piece.len) {
		*out = piece.data;
		return (la_ssize_t)piece.len;
	}
	if (s->broken) {
		tar.archive_set_error(a, EINVAL, "damaged gzip");
		return ARCHIVE_FATAL;
	}
	*out = s->block;
	if (s->ended)
		return 0;
	s->ended = true;
	return TAR_BLOCK;
}

static bool stream_open(struct stream *s, const uint8_t *data, size_t len, bool gzip)
{
	struct archive_entry *e;

	s->plain = (struct span){data, len};
	s->length = 0;
	s->crc = crc32_z(0, NULL, 0);
	s->ended = s->broken = false;
	s->gzip = gzip ? tar.archive_read_new() : NULL;
	memset(s->block, 0xff, sizeof(s->block));
	if (!gzip)
		return true;
	if (!s->gzip)
		return false;
	tar.archive_read_support_filter_gzip(s->gzip);
	tar.archive_read_support_format_raw(s->gzip);
	s->broken = tar.archive_read_open_memory(s->gzip, data, len) != ARCHIVE_OK ||
		    tar.archive_read_next_header(s->gzip, &e) != ARCHIVE_OK;
	s->ended = s->broken;
	return true;
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Reads to the end of the gzip: does it end where the bytes do, and is it what was packed? */
static const char *stream_finish(struct stream *s, const uint8_t *data, size_t len)
{
	uint64_t before = s->length;

	if (!s->gzip)
		return NULL;
	while (!s->broken && stream_next(s).len)
		if (s->length - before > ARCHIVE_FILE_MAX)
			return TOO_MUCH;
	if (s->broken || len < GZIP_AFTER)
		return "it is damaged or cut short; get it again";
	if (tar.archive_filter_bytes(s->gzip, -1) != (la_int64_t)len)
		return "something stands behind its end: it is damaged or was put together by "
		       "hand; get it again";
	if (le32(data + len - 8) != s->crc || le32(data + len - 4) != (uint32_t)s->length)
		return "its checksum is wrong: it is damaged; get it again";
	return NULL;
}

/* ---- entries ---- */

/* The last part of the name, or NULL when the name tries to lead somewhere. */
static const char *plain_name(const char *path)
{
	const char *part = path;

	if (*path == '/' || *path == '\\' || strchr(path, ':'))
		return NULL;
	for (const char *p = path;; p++) {
		if (*p != '/' && *p != '\\' && *p)
			continue;
		if (p - part == 2 && memcmp(part, "..", 2) == 0)
			return NULL;
		if (!*p)
			return part;
		part = p + 1;
	}
}

static int check_entry(struct unpacker *r, struct archive_entry *e, const char *path)
{
	const char *method = tar.archive_format_name(r->archive);

	if (++r->walk->entries > ARCHIVE_ENTRIES_MAX)
		return refuse(r->walk, r->name, "", "it has more entries than any phone firmware");
	if (tar.archive_entry_is_encrypted(e))
		return refuse(r->walk, r->name, path, "is encrypted");
	if (tar.archive_entry_hardlink(e) || tar.archive_entry_symlink(e) ||
	    tar.archive_entry_filetype(e) == AE_IFLNK)
		return refuse(r->walk, r->name, path, "is a link");
	if (tar.archive_entry_filetype(e) != AE_IFREG && tar.archive_entry_filetype(e) != AE_IFDIR)
		return refuse(r->walk, r->name, path, "is neither a file nor a folder");
	if (strlen(path) > PATH_MOST)
		return refuse(r->walk, r->name, path, "has a name longer than any file can have");
	if (!plain_name(path))
		return refuse(r->walk, r->name, path, "has a name that leads out of its folder");
	/* libarchive tells the method only here. The rarer unpackers are the riskier ones. */
	if (r->zip && method && !strstr(method, "(deflation)") && !strstr(method, "(uncompressed)"))
		return refuse(r->walk, r->name, path,
			      "is packed in a way that firmware never is. Unpack it, and give the "
			      "folder");
	return 0;
}

/* Room for one more read at least; NULL: no memory, and the old room is given back. */
static uint8_t *grow(uint8_t *data, size_t *size)
{
	uint8_t *grown = realloc(data, *size * 2);

	if (!grown)
		free(data);
	*size *= 2;
	return grown;
}

/* Reads the current entry into *out (malloc'ed). */
static int unpack(struct unpacker *r, struct archive_entry *e, const char *path, size_t max,
		  uint8_t **out, size_t *out_len)
{
	int64_t claimed = tar.archive_entry_size_is_set(e) ? tar.archive_entry_size(e) : 0;
	/* One byte more, so that the end is seen without another round. */
	size_t size = claimed > 0 && claimed < (int64_t)max ? (size_t)claimed + 1 : CHUNK;
	uint8_t *data = malloc(size);
	size_t len = 0;

	while (data) {
		la_ssize_t n = tar.archive_read_data(r->archive, data + len, size - len);

		if (n < 0) {
			free(data);
			return refuse(r->walk, r->name, path,
				      "is damaged or cut short: get the archive again");
		}
		if (n == 0)
			break;
		len += (size_t)n;
		r->walk->total += (size_t)n;
		if (len > max || r->walk->total > ARCHIVE_TOTAL_MAX) {
			free(data);
			return refuse(r->walk, r->name, path, TOO_MUCH);
		}
		if (len == size)
			data = grow(data, &size);
	}
	if (!data)
		return no_memory(r->walk, r->name);
	*out = data;
	*out_len = len;
	return 0;
}

static struct seen *seen_find(struct walk *w, const char *name)
{
	for (unsigned i = 0; i < w->seen_count; i++)
		if (strcmp(w->seen[i].name, name) == 0)
			return &w->seen[i];
	return NULL;
}

/* The same name again is harmless when the bytes are the same, too: *again. The first one counts,
 * so whoever forges a CRC here gains nothing. */
static int remember(struct unpacker *r, const char *name, const uint8_t *data, size_t len,
		    bool *again)
{
	struct walk *w = r->walk;
	struct seen *s = seen_find(w, name);
	uLong crc = crc32_z(crc32_z(0, NULL, 0), data, len);

	*again = s != NULL;
	if (s)
		return s->len == len && s->crc == crc
			       ? 0
			       : refuse(w, r->name, name,
					"is there twice, with different contents. If these are "
					"several bundles, unpack each into a folder of its own");
	if (w->seen_count == w->seen_size) {
		unsigned size = w->seen_size ? w->seen_size * 2 : 32;

		s = reallocarray(w->seen, size, sizeof(*s));
		if (!s)
			return no_memory(w, r->name);
		w->seen = s;
		w->seen_size = size;
	}
	s = &w->seen[w->seen_count];
	s->name = strdup(name);
	if (!s->name)
		return no_memory(w, r->name);
	s->len = len;
	s->crc = crc;
	w->seen_count++;
	return 0;
}

static int walk(struct walk *w, const char *name, const uint8_t *data, size_t len, unsigned depth);

static int walk_file(struct unpacker *r, struct archive_entry *e, const char *path,
		     const char *name)
{
	bool inner = archive_is_name(name), again;
	uint8_t *data = NULL;
	size_t len = 0;
	int err = unpack(r, e, path, inner ? ARCHIVE_INNER_MAX : ARCHIVE_FILE_MAX, &data, &len);

	if (err)
		return err;
	if (inner) {
		err = walk(r->walk, name, data, len, r->depth + 1);
	} else {
		err = remember(r, name, data, len, &again);
		if (!err && !again)
			err = r->walk->visit(r->walk->ctx, name, data, len, r->walk->fault);
	}
	free(data);
	return err;
}

/* Folders, and dot files: what a desktop left behind (__MACOSX/._SIP70…), as in a folder. */
static int pass_over(struct unpacker *r, struct archive_entry *e, const char *path)
{
	int64_t claimed = tar.archive_entry_size_is_set(e) ? tar.archive_entry_size(e) : 0;

	if (claimed > ARCHIVE_FILE_MAX)
		return refuse(r->walk, r->name, path, TOO_MUCH);
	r->walk->total += claimed > 0 ? (size_t)claimed : 0;
	if (r->walk->total > ARCHIVE_TOTAL_MAX)
		return refuse(r->walk, r->name, path, TOO_MUCH);
	return tar.archive_read_data_skip(r->archive) == ARCHIVE_OK
		       ? 0
		       : refuse(r->walk, r->name, path, "is damaged or cut short");
}

static int walk_entry(struct unpacker *r, struct archive_entry *e)
{
	const char *path = tar.archive_entry_pathname(e), *name;
	int err;

	if (!path)
		path = tar.archive_entry_pathname_utf8(e);
	if (!path)
		return refuse(r->walk, r->name, "", "an entry has no readable name");
	err = check_entry(r, e, path);
	if (err)
		return err;
	name = plain_name(path);
	if (tar.archive_entry_filetype(e) != AE_IFDIR && *name && *name != '.')
		return walk_file(r, e, path, name);
	return pass_over(r, e, path);
}

static int walk_entries(struct unpacker *r)
{
	unsigned before = r->walk->entries;
	struct archive_entry *e;
	int status, err = 0;

	while (!err && (status = tar.archive_read_next_header(r->archive, &e)) != ARCHIVE_EOF) {
		/* A tar warns of owners in an odd alphabet, a zip of headers that disagree. */
		if (status == ARCHIVE_OK || (status == ARCHIVE_WARN && !r->zip))
			err = walk_entry(r, e);
		else if (r->walk->entries == before)
			err = refuse(r->walk, r->name, "",
				     "it is not an archive that reflashd reads (zip, tar, tar.gz, "
				     "cop), or its download was cut short");
		else
			err = refuse(r->walk, r->name, "",
				     "it is damaged or cut short; get it again");
		r->entry_end = tar.archive_filter_bytes(r->archive, 0);
	}
	if (!err && r->walk->entries == before)
		err = refuse(r->walk, r->name, "", "it is empty");
	return err;
}

static int walk_zip(struct unpacker *r, const uint8_t *data, size_t len)
{
	r->zip = true;
	tar.archive_read_support_format_zip_seekable(r->archive);
	if (tar.archive_read_open_memory(r->archive, data, len) != ARCHIVE_OK)
		return refuse(r->walk, r->name, "",
			      "it is no whole zip file; its download was cut short, perhaps. Get "
			      "it again");
	return walk_entries(r);
}

static int walk_tar(struct unpacker *r, struct stream *s, const uint8_t *data, size_t len)
{
	const char *why = NULL;
	int err = 0;

	tar.archive_read_support_format_tar(r->archive);
	if (tar.archive_read_open(r->archive, s, NULL, stream_read, NULL) != ARCHIVE_OK)
		why = "it is not an archive that reflashd reads (zip, tar, tar.gz, cop), or its "
		      "download was cut short";
	else
		err = walk_entries(r);
	if (!err && !why && tar.archive_filter_bytes(r->archive, 0) - r->entry_end < 2 * TAR_BLOCK)
		why = "it ends without its end mark: its download was cut short; get it again";
	if (!err && !why)
		why = stream_finish(s, data, len);
	return why ? refuse(r->walk, r->name, "", why) : err;
}

/* Where the archive proper begins: behind a signed header, or where gzip does in a header of a
 * kind we do not know (looked for in the first 4 KiB, as other tools do). */
static size_t archive_start(const char *name, const uint8_t *data, size_t len)
{
	struct signed_header h;
	size_t limit = len < 4096 ? len : 4096;

	if (signed_header_parse(&h, data, len) == SIGNED_OK)
		return h.length;
	if (!text_ends_nocase(name, ".sgn") && !text_ends_nocase(name, ".sha512"))
		return 0;
	for (size_t i = 0; i + 3 <= limit; i++)
		if (memcmp(data + i, "\x1f\x8b\x08", 3) == 0)
			return i;
	return 0;
}

static bool begins(const uint8_t *data, size_t len, const char *magic, size_t n)
{
	return len >= n && memcmp(data, magic, n) == 0;
}

static int walk(struct walk *w, const char *name, const uint8_t *data, size_t len, unsigned depth)
{
	struct unpacker r = {.walk = w, .name = name, .depth = depth};
	size_t start = archive_start(name, data, len);
	struct stream s;
	int err;

	if (depth >= ARCHIVE_DEPTH_MAX)
		return refuse(w, name, "", "it is too deep inside other archives");
	data += start;
	len -= start;
	r.archive = tar.archive_read_new();
	if (!r.archive)
		return no_memory(w, name);
	if (begins(data, len, "PK\x03\x04", 4)) {
		err = walk_zip(&r, data, len);
	} else {
		err = stream_open(&s, data, len, begins(data, len, "\x1f\x8b", 2))
			      ? walk_tar(&r, &s, data, len)
			      : no_memory(w, name);
		if (s.gzip)
			tar.archive_read_free(s.gzip);
	}
	tar.archive_read_free(r.archive);
	return err;
}

bool archive_ready(void)
{
	return tar_load();
}

int archive_walk(const char *name, const uint8_t *data, size_t len, archive_visit *visit, void *ctx,
		 struct fault *f)
{
	struct walk w = {.visit = visit, .ctx = ctx, .fault = f};
	int err;

	if (!tar_load())
		return fault_set(f, -ELIBACC, "`%s' cannot be read: libarchive is missing", name);
	err = walk(&w, name, data, len, 0);
	for (unsigned i = 0; i < w.seen_count; i++)
		free(w.seen[i].name);
	free(w.seen);
	return err;
}
