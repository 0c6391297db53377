/* SPDX-License-Identifier: MIT */
/*
 * The checksums inside a CNU archive. The only file that knows zlib.
 *
 * The happy path: each content that begins as gzip (cvm) or zip (jar) is unpacked into nowhere and
 * its CRC-32 and length compared. apps, dsp and cnu hold nothing of the kind.
 *
 * What can go wrong: a CRC or a length that does not fit, packed data that is none. That is damage.
 * An odd structure is not: a zip without a directory, a method or a flag that is not known
 * here, one that unpacks to more than INNER_MOST bytes (a bomb, or somebody's joke). The
 * archive is hostile until proven otherwise, and it is no vendor's duty to please this file, so
 * all that is left unjudged.
 *
 * The packed stream in a 7940/7960 loader (compress, no checksum of its own) is not looked at: its
 * length is checked, and a flipped bit mostly unpacks to as many wrong bytes.
 */
#include "reflashd/inner.h"

#include "reflashd/bytes.h"

#include <string.h>
#include <zlib.h>

#define CNU_COUNT    0x30u
#define CNU_CONTENT  0x34u
#define CNU_TABLE    0x248u
#define CNU_ENTRY    20u
#define INNER_MOST   (256u << 20) /* bytes unpacked for one image; real ones stay below 20 MB */
#define ZIP_END	     22u	  /* the record at the end */
#define ZIP_CENTRAL  46u
#define ZIP_LOCAL    30u
#define ZIP_COMMENT  0xffffu
#define WINDOW_GZIP  (15 + 16)
#define WINDOW_NAKED (-15)

struct unpacked {
	bool whole; /* a clean end */
	uint32_t crc;
	uint64_t len;
};

static unsigned le16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

/* Unpacks into nowhere. False: not to be judged (no memory, or too much comes out). */
static bool unpack(const uint8_t *data, size_t len, int window, uint64_t *left, struct unpacked *u)
{
	uint8_t out[16384];
	z_stream z = {.avail_in = (uInt)len};
	int result;

	memset(u, 0, sizeof(*u));
	z.next_in = (Bytef *)(uintptr_t)data;
	if (inflateInit2(&z, window) != Z_OK)
		return false;
	do {
		size_t n;

		z.next_out = out;
		z.avail_out = sizeof(out);
		result = inflate(&z, Z_NO_FLUSH);
		n = sizeof(out) - z.avail_out;
		if (n > *left) {
			inflateEnd(&z);
			return false;
		}
		*left -= n;
		u->len += n;
		u->crc = (uint32_t)crc32(u->crc, out, (uInt)n);
	} while (result == Z_OK);
	inflateEnd(&z);
	u->whole = result == Z_STREAM_END;
	return result != Z_MEM_ERROR;
}

static bool gzip_broken(struct span s, uint64_t *left)
{
	struct unpacked u;

	/* zlib compares the CRC and the length behind a gzip member itself. */
	return unpack(s.data, s.len, WINDOW_GZIP, left, &u) && !u.whole;
}

/* One entry of the directory, which is whole at `at`. */
static bool member_broken(struct span s, size_t at, uint64_t *left)
{
	const uint8_t *c = s.data + at;
	uint32_t method = le16(c + 10), crc = get_le32(c + 16), packed = get_le32(c + 20);
	uint32_t size = get_le32(c + 24);
	uint64_t local = get_le32(c + 42), data;
	struct unpacked u;

	if ((c[8] & 1) || local + ZIP_LOCAL > s.len || memcmp(s.data + local, "PK\3\4", 4) != 0)
		return false; /* encrypted, or odd */
	data = local + ZIP_LOCAL + le16(s.data + local + 26) + le16(s.data + local + 28);
	if (data + packed > s.len)
		return false;
	if (method == 0)
		return packed != size || (uint32_t)crc32(0, s.data + data, (uInt)packed) != crc;
	if (method != 8 || !unpack(s.data + data, packed, WINDOW_NAKED, left, &u))
		return false;
	return !u.whole || u.crc != crc || (uint32_t)u.len != size;
}

static bool zip_broken(struct span s, uint64_t *left)
{
	size_t end, stop = s.len > ZIP_END + ZIP_COMMENT ? s.len - ZIP_END - ZIP_COMMENT : 0;
	uint64_t at;
	unsigned count;

	if (s.len < ZIP_END)
		return false;
	for (end = s.len - ZIP_END; memcmp(s.data + end, "PK\5\6", 4) != 0; end--)
		if (end == stop)
			return false;
	count = le16(s.data + end + 10);
	at = get_le32(s.data + end + 16);
	for (unsigned i = 0; i < count; i++) {
		if (at + ZIP_CENTRAL > s.len || memcmp(s.data + at, "PK\1\2", 4) != 0)
			return false;
		if (member_broken(s, (size_t)at, left))
			return true;
		at += ZIP_CENTRAL + (uint64_t)le16(s.data + at + 28) + le16(s.data + at + 30) +
		      le16(s.data + at + 32);
	}
	return false;
}

void image_inspect_inner(struct image *i, const uint8_t *body, size_t len)
{
	uint64_t left = INNER_MOST, at;
	uint32_t count;

	if (i->format != IMAGE_CNU || i->state != IMAGE_COMPLETE)
		return;
	/* image_inspect() has seen that table and contents lie within the body. */
	must(len >= CNU_TABLE);
	count = get_be32(body + CNU_COUNT);
	at = get_be32(body + CNU_CONTENT);
	for (uint32_t n = 0; n < count && i->state == IMAGE_COMPLETE; n++) {
		uint32_t size = get_be32(body + CNU_TABLE + (size_t)CNU_ENTRY * n + 8);
		struct span s = {body + at, size};

		must(at + size <= len);
		if (size > 4 && memcmp(s.data, "\x1f\x8b\x08", 3) == 0 && gzip_broken(s, &left))
			i->state = IMAGE_CORRUPT;
		else if (size > 4 && memcmp(s.data, "PK\3\4", 4) == 0 && zip_broken(s, &left))
			i->state = IMAGE_CORRUPT;
		at += size;
	}
}
