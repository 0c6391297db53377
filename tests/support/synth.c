/* SPDX-License-Identifier: MIT */
/*
 * The bodies of synthetic firmware (firmware-formats.md 3, 4, 5, 6).
 *
 * Each format is written as the field notes read it, so that a mistake in our checks and a
 * mistake in here would have to be the same one to go unseen; test_synth.c also holds both
 * against the real files where they are at hand. Packed contents are really packed: gzip, zip
 * and raw deflate with stored blocks, unix compress with literal codes only, so that foreign
 * tools can open them.
 */
#include "synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYNTH_FILE_TIME 0x47188000u /* of the files inside archives: 2007-10-19 */
#define STORED_MAX	65535u

uint64_t synth_next(struct synth_random *r)
{
	uint64_t z = r->state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

void synth_noise(struct synth_random *r, uint8_t *out, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++, v >>= 8) {
		if (i % 8 == 0)
			v = synth_next(r);
		out[i] = (uint8_t)v;
	}
}

static uint8_t *grow(struct synth_buffer *b, size_t len)
{
	if (b->size - b->len < len) {
		b->size = 2 * b->size + len + 256;
		b->data = realloc(b->data, b->size);
		must(b->data != NULL);
	}
	b->len += len;
	return b->data + b->len - len;
}

void synth_put(struct synth_buffer *b, const void *data, size_t len)
{
	if (len > 0)
		memcpy(grow(b, len), data, len);
}

void synth_put_u8(struct synth_buffer *b, uint8_t v)
{
	synth_put(b, &v, 1);
}

void synth_put_be16(struct synth_buffer *b, uint16_t v)
{
	synth_put_u8(b, (uint8_t)(v >> 8));
	synth_put_u8(b, (uint8_t)v);
}

void synth_put_be32(struct synth_buffer *b, uint32_t v)
{
	synth_put_be16(b, (uint16_t)(v >> 16));
	synth_put_be16(b, (uint16_t)v);
}

void synth_put_le16(struct synth_buffer *b, uint16_t v)
{
	synth_put_u8(b, (uint8_t)v);
	synth_put_u8(b, (uint8_t)(v >> 8));
}

void synth_put_le32(struct synth_buffer *b, uint32_t v)
{
	synth_put_le16(b, (uint16_t)v);
	synth_put_le16(b, (uint16_t)(v >> 16));
}

void synth_put_text(struct synth_buffer *b, const char *text)
{
	synth_put(b, text, strlen(text));
}

void synth_put_zero(struct synth_buffer *b, size_t len)
{
	if (len > 0)
		memset(grow(b, len), 0, len);
}

void synth_buffer_free(struct synth_buffer *b)
{
	free(b->data);
	*b = (struct synth_buffer){0};
}

static void put_noise(struct synth_buffer *b, struct synth_random *r, size_t len)
{
	if (len > 0)
		synth_noise(r, grow(b, len), len);
}

static void set_be32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void set_le32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* CRC-32 of gzip and zip (RFC 1952, 8). */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
	uint32_t table[256], c;

	for (uint32_t n = 0; n < 256; n++) {
		c = n;
		for (unsigned k = 0; k < 8; k++)
			c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
		table[n] = c;
	}
	c = 0xFFFFFFFFu;
	for (size_t i = 0; i < len; i++)
		c = table[(c ^ data[i]) & 0xFF] ^ (c >> 8);
	return c ^ 0xFFFFFFFFu;
}

/* Raw deflate that stores (RFC 1951, 3.2.4), of exactly `room` bytes, which has to be > 5;
 * what is stored is noise, and its CRC and length come back for the gzip trailer. */
static void put_stored(struct synth_buffer *b, struct synth_random *r, size_t room, uint32_t *crc,
		       uint32_t *len)
{
	struct synth_buffer plain = {0};

	while (room > 0) {
		size_t n = room - 5 > STORED_MAX ? STORED_MAX : room - 5;

		if (room - 5 - n > 0 && room - 5 - n < 6)
			n -= 6; /* leave enough for a last block */
		synth_put_u8(b, room == n + 5);
		synth_put_le16(b, (uint16_t)n);
		synth_put_le16(b, (uint16_t)~n);
		put_noise(b, r, n);
		synth_put(&plain, b->data + b->len - n, n);
		room -= n + 5;
	}
	*crc = crc32_of(plain.data, plain.len);
	*len = (uint32_t)plain.len;
	synth_buffer_free(&plain);
}

/* One gzip member (RFC 1952) of exactly `size` bytes. */
static void put_gzip(struct synth_buffer *b, struct synth_random *r, size_t size)
{
	static const uint8_t head[] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
	uint32_t crc, len;

	synth_put(b, head, sizeof(head));
	put_stored(b, r, size - sizeof(head) - 8, &crc, &len);
	synth_put_le32(b, crc);
	synth_put_le32(b, len);
}

/* A zip with one stored file, of exactly `size` bytes. */
static void put_zip(struct synth_buffer *b, struct synth_random *r, size_t size)
{
	static const char name[] = "synthetic/Phone.class";
	const size_t name_len = sizeof(name) - 1, start = b->len;
	const size_t len = size - 30 - 46 - 22 - 2 * name_len;
	struct synth_buffer data = {0};
	uint32_t crc, central = 0;

	put_noise(&data, r, len);
	crc = crc32_of(data.data, data.len);
	synth_put(b, "PK\3\4\12\0\0\0\0\0\0\0\x53\x37", 14);
	for (unsigned pass = 0; pass < 2; pass++) {
		synth_put_le32(b, crc);
		synth_put_le32(b, (uint32_t)len);
		synth_put_le32(b, (uint32_t)len);
		synth_put_le16(b, (uint16_t)name_len);
		if (pass == 0) {
			synth_put_le16(b, 0);
			synth_put_text(b, name);
			synth_put(b, data.data, data.len);
			central = (uint32_t)(b->len - start);
			synth_put(b, "PK\1\2\12\0\12\0\0\0\0\0\0\0\x53\x37", 16);
		} else {
			synth_put_zero(b, 16);
			synth_put_text(b, name);
		}
	}
	synth_put(b, "PK\5\6\0\0\0\0\1\0\1\0", 12);
	synth_put_le32(b, 46 + (uint32_t)name_len);
	synth_put_le32(b, central);
	synth_put_le16(b, 0);
	synth_buffer_free(&data);
}

/* The image of the kernel: version text at +0x20, its own size at +0x58. */
static void put_kernel(struct synth_buffer *b, struct synth_random *r, const char *version,
		       size_t size)
{
	size_t start = b->len;
	char text[32];

	snprintf(text, sizeof(text), "CNU.%.24s", version);
	synth_put_text(b, "LoadHdrStart");
	synth_put_zero(b, 0x20 - 12);
	synth_put(b, text, strlen(text) + 1);
	synth_put_zero(b, start + 0x58 - b->len);
	synth_put_be32(b, (uint32_t)size);
	put_noise(b, r, size - 0x5C);
}

static void put_main_content(struct synth_buffer *b, enum synth_part part, struct synth_random *r,
			     const char *version, size_t size)
{
	switch (part) {
	case SYNTH_JAR: put_zip(b, r, size); break;
	case SYNTH_CNU: put_kernel(b, r, version, size); break;
	case SYNTH_CVM: put_gzip(b, r, size); break;
	case SYNTH_APPS:
	case SYNTH_DSP:
		synth_put(b,
			  "\x7f"
			  "ELF\1\2\1",
			  7);
		put_noise(b, r, size - 7);
		break;
	}
}

struct cnu_entry {
	uint32_t type, flag;
	const char *name; /* NULL: none */
	struct synth_buffer content;
};

static void put_cnu_archive(struct synth_buffer *b, const struct cnu_entry *e, uint32_t count,
			    uint32_t content)
{
	uint32_t name = 0x248 + 20 * count;

	synth_put_text(b, "CNU_File_Archive_3.0");
	synth_put_zero(b, 28);
	synth_put_be32(b, count);
	synth_put_be32(b, content);
	synth_put_text(b, "CNU_File_Archive_3.0");
	synth_put_zero(b, 508);
	for (uint32_t i = 0; i < count; i++) {
		synth_put_be32(b, e[i].type);
		synth_put_be32(b, e[i].flag);
		synth_put_be32(b, (uint32_t)e[i].content.len);
		synth_put_be32(b, SYNTH_FILE_TIME);
		synth_put_be32(b, e[i].name != NULL ? name : 0);
		if (e[i].name != NULL)
			name += (uint32_t)strlen(e[i].name) + 1;
	}
	for (uint32_t i = 0; i < count; i++)
		if (e[i].name != NULL)
			synth_put(b, e[i].name, strlen(e[i].name) + 1);
	must(b->len == content);
	for (uint32_t i = 0; i < count; i++)
		synth_put(b, e[i].content.data, e[i].content.len);
}

void synth_cnu(struct synth_buffer *b, enum synth_part part, const char *version, size_t size,
	       uint64_t seed)
{
	static const char *const main_name[] = {"/usr/java/phone.zip", NULL, "/sbin/phoned",
						"/dsp/dsp.out", "/usr/java/cvm.gz"};
	struct synth_random r = {seed};
	struct cnu_entry e[] = {
		{7, 2, "/etc/version.txt", {0}},
		{part == SYNTH_CNU ? 6 : 7, 2, main_name[part], {0}},
		{7, 1, "/etc/obsolete.conf", {0}}, /* a delete marker: nothing inside */
		{7, 2, "/etc/notes.txt", {0}},
	};
	uint32_t content = 0x248 + 20 * (uint32_t)ARRAY_LEN(e);
	size_t used, main_size;

	must(b->len == 0);
	if (size < 2048)
		size = 2048;
	for (unsigned i = 0; i < ARRAY_LEN(e); i++)
		if (e[i].name != NULL)
			content += (uint32_t)strlen(e[i].name) + 1;
	synth_put_text(&e[0].content, version);
	synth_put_text(&e[0].content, "\n");
	synth_put_text(&e[3].content, "Synthetic firmware for tests of reflashd.\n");
	used = content + e[0].content.len + e[3].content.len;
	main_size = size - used;
	put_main_content(&e[1].content, part, &r, version, main_size);
	put_cnu_archive(b, e, ARRAY_LEN(e), content);
	must(b->len == size);
	for (unsigned i = 0; i < ARRAY_LEN(e); i++)
		synth_buffer_free(&e[i].content);
}

void synth_kup(struct synth_buffer *b, uint8_t model, uint8_t major, uint8_t minor, size_t size,
	       uint64_t seed)
{
	struct synth_random r = {seed};
	uint32_t sum = 0, crc, len;

	must(b->len == 0);
	if (size < 256)
		size = 256;
	synth_put_text(b, "kup100000000");
	synth_put_zero(b, 4 + 2);
	synth_put_u8(b, model);
	synth_put_u8(b, 1);
	synth_put_be16(b, 0x0400);
	synth_put_u8(b, major);
	synth_put_u8(b, minor);
	synth_put_text(b, "+kxz");
	synth_put_be32(b, 0); /* the sum, below */
	synth_put_be32(b, (uint32_t)size - 0x18);
	synth_put_be32(b, (uint32_t)size - 0x28);
	synth_put_be32(b, 0x483BD241);
	put_stored(b, &r, size - b->len, &crc, &len);
	for (size_t i = 0x24; i < b->len; i++)
		sum += b->data[i];
	set_be32(b->data + 0x1C, sum);
	must(b->len == size);
}

/* What loader and application of the 7940/7960 have in common: vectors, name, tag. */
static void put_arm_head(struct synth_buffer *b, const char *name, const char *tag)
{
	must(b->len == 0 && strlen(name) < 0x40 && strlen(tag) == 8);
	for (unsigned i = 0; i < 8; i++)
		synth_put_le32(b, 0xE59FF018u); /* ldr pc, [pc, #0x18] */
	synth_put_text(b, name);
	synth_put_zero(b, 0x118 - b->len);
	synth_put_le32(b, 3);
	synth_put_zero(b, 4);
	synth_put_text(b, tag);
	synth_put_zero(b, 0x13C - b->len);
}

/*
 * A unix compress stream of exactly `size` bytes: literals as 9-bit codes, eight to nine bytes,
 * and in time before the codes would have to become 10 bits wide a "clear the table".
 * Returns how many bytes it unpacks to.
 */
static uint32_t put_compress(struct synth_buffer *b, struct synth_random *r, size_t size)
{
	static const uint8_t head[] = {0x1F, 0x9D, 0x8F};
	uint32_t literals = 0;
	size_t left = size - sizeof(head);

	synth_put(b, head, sizeof(head));
	for (unsigned group = 1; left > 0; group++) {
		uint8_t packed[9] = {0};
		size_t bytes = left < 9 ? left : 9;
		unsigned codes = (unsigned)(bytes * 8 / 9);

		for (unsigned i = 0; i < codes; i++) {
			bool clear = i == 7 && group % 30 == 0;
			uint32_t code = clear ? 256 : (uint32_t)synth_next(r) & 0xFF;

			literals += !clear;
			packed[i * 9 / 8] |= (uint8_t)(code << (i * 9 % 8));
			packed[i * 9 / 8 + 1] |= (uint8_t)(code >> (8 - i * 9 % 8));
		}
		synth_put(b, packed, bytes);
		left -= bytes;
	}
	return literals;
}

void synth_p003(struct synth_buffer *b, const char *name, const char *tag, size_t size,
		uint64_t seed)
{
	struct synth_random r = {seed};
	uint32_t unpacked;

	if (size < 512)
		size = 512;
	put_arm_head(b, name, tag);
	unpacked = put_compress(b, &r, size - b->len);
	set_le32(b->data + 0x12C, 0x120 + unpacked);
	set_le32(b->data + 0x138, (uint32_t)size - 32);
	must(b->len == size);
}

void synth_sb2(struct synth_buffer *b, const char *name, const char *tag, size_t size,
	       uint64_t seed)
{
	struct synth_random r = {seed};

	if (size < 512)
		size = 512;
	put_arm_head(b, name, tag);
	synth_put_zero(b, 4); /* where a loader has its stream */
	put_noise(b, &r, size - b->len);
}

void synth_java_loads(struct synth_buffer *b, const char *version, const char *const member[],
		      unsigned members, int64_t hardware_comp)
{
	char line[64];

	synth_put_text(b,
		       "#\r\n# Synthetic packing list for tests of reflashd; made-up files of\r\n"
		       "# RELEASE load version ");
	synth_put_text(b, version);
	synth_put_text(b, "\r\n#\r\n");
	if (hardware_comp >= 0) {
		snprintf(line, sizeof(line), "#HARDWARE_COMP_1 %lld\r\n", (long long)hardware_comp);
		synth_put_text(b, line);
	}
	synth_put_text(b, "\r\n");
	for (unsigned i = 0; i < members; i++) {
		synth_put_text(b, member[i]);
		/* the real ones have a blank behind the last two, whatever for */
		synth_put_text(b, i + 2 >= members ? " \r\n" : "\r\n");
	}
}

void synth_legacy_loads(struct synth_buffer *b, const char *loader, const char *application,
			const char *la_version)
{
	const char *const piece[] = {loader, "\n", application, "\nLA_VERSION=", la_version, "\n"};

	for (unsigned i = 0; i < ARRAY_LEN(piece); i++)
		synth_put_text(b, piece[i]);
}
