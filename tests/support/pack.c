/* SPDX-License-Identifier: MIT */
/* See pack.h. */
#include "pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

struct pack {
	struct archive *archive;
	struct synth_buffer out;
};

static la_ssize_t put(struct archive *a, void *ctx, const void *data, size_t len)
{
	(void)a;
	synth_put(ctx, data, len);
	return (la_ssize_t)len;
}

static void set_format(struct archive *a, enum pack_format format)
{
	switch (format) {
	case PACK_TGZ:
		must(archive_write_add_filter_gzip(a) == ARCHIVE_OK);
		must(archive_write_set_format_ustar(a) == ARCHIVE_OK);
		break;
	case PACK_TAR: must(archive_write_set_format_ustar(a) == ARCHIVE_OK); break;
	case PACK_GZIP:
		must(archive_write_add_filter_gzip(a) == ARCHIVE_OK);
		must(archive_write_set_format_raw(a) == ARCHIVE_OK);
		break;
	case PACK_PAX: must(archive_write_set_format_pax_restricted(a) == ARCHIVE_OK); break;
	case PACK_ZIP:
	case PACK_ZIP_STORED:
	case PACK_ZIP_SECRET: must(archive_write_set_format_zip(a) == ARCHIVE_OK); break;
	}
	if (format == PACK_ZIP)
		must(archive_write_zip_set_compression_deflate(a) == ARCHIVE_OK);
	if (format == PACK_ZIP_STORED)
		must(archive_write_zip_set_compression_store(a) == ARCHIVE_OK);
	if (format == PACK_ZIP_SECRET) {
		must(archive_write_set_options(a, "zip:encryption=traditional") == ARCHIVE_OK);
		must(archive_write_set_passphrase(a, "cisco") == ARCHIVE_OK);
	}
}

struct pack *pack_new(enum pack_format format)
{
	struct pack *p = calloc(1, sizeof(*p));

	must(p);
	p->archive = archive_write_new();
	must(p->archive);
	set_format(p->archive, format);
	archive_write_set_bytes_per_block(p->archive, 0);
	archive_write_set_bytes_in_last_block(p->archive, 1);
	must(archive_write_open(p->archive, &p->out, NULL, put, NULL) == ARCHIVE_OK);
	return p;
}

static struct archive_entry *entry_new(const char *name, unsigned type)
{
	struct archive_entry *e = archive_entry_new();

	must(e);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, 0777);
	archive_entry_set_mtime(e, 1192803132, 0);
	archive_entry_set_size(e, 0);
	return e;
}

static void write_entry(struct pack *p, struct archive_entry *e, const void *data, size_t len)
{
	must(archive_write_header(p->archive, e) == ARCHIVE_OK);
	if (len)
		must(archive_write_data(p->archive, data, len) == (la_ssize_t)len);
	must(archive_write_finish_entry(p->archive) == ARCHIVE_OK);
	archive_entry_free(e);
}

void pack_file(struct pack *p, const char *name, const void *data, size_t len)
{
	struct archive_entry *e = entry_new(name, AE_IFREG);

	archive_entry_set_size(e, (la_int64_t)len);
	write_entry(p, e, data, len);
}

void pack_odd(struct pack *p, enum pack_kind kind, const char *name, const char *target)
{
	static const unsigned types[] = {AE_IFREG, AE_IFDIR, AE_IFLNK,
					 AE_IFREG, AE_IFCHR, AE_IFIFO};
	struct archive_entry *e = entry_new(name, types[kind]);

	if (kind == PACK_SYMLINK)
		archive_entry_set_symlink(e, target);
	if (kind == PACK_HARDLINK)
		archive_entry_set_hardlink(e, target);
	if (kind == PACK_DEVICE) {
		archive_entry_set_rdevmajor(e, 1);
		archive_entry_set_rdevminor(e, 3);
	}
	write_entry(p, e, NULL, 0);
}

void pack_hole(struct pack *p, const char *name, size_t len)
{
	struct archive_entry *e = entry_new(name, AE_IFREG);
	uint8_t *zeros = calloc(1, len);

	must(zeros && len > 512);
	archive_entry_set_size(e, (la_int64_t)len);
	archive_entry_sparse_add_entry(e, (la_int64_t)len - 512, 512);
	write_entry(p, e, zeros, len);
	free(zeros);
}

void pack_finish(struct pack *p, struct synth_buffer *out)
{
	must(archive_write_close(p->archive) == ARCHIVE_OK);
	must(archive_write_free(p->archive) == ARCHIVE_OK);
	*out = p->out;
	free(p);
}

void pack_gzip(const struct synth_buffer *plain, struct synth_buffer *out)
{
	struct pack *p = pack_new(PACK_GZIP);

	pack_file(p, "plain", plain->data, plain->len);
	pack_finish(p, out);
}

void pack_bundle(enum pack_format format, const struct synth_files *files, struct synth_buffer *out)
{
	struct pack *p = pack_new(format);

	for (unsigned i = 0; i < files->count; i++)
		pack_file(p, files->file[i].name, files->file[i].data, files->file[i].len);
	pack_finish(p, out);
}
