/* SPDX-License-Identifier: MIT */
/*
 * Is an image whole? (firmware-formats.md 4, 5, 6 and 8)
 *
 * The happy path: the body starts with the magic of its format, its own tables say how long it
 * has to be, and it is that long. No key is needed for that, so this is what finds the commonest
 * fault of firmware that was copied by hand: a file that ends too early.
 *
 * What can be odd, and is no fault:
 *  - CNU archives: two of 112 real ones end with one byte more than their tables say, and their
 *    signatures are good. Up to three trailing bytes are let through.
 *  - 7940/7960: the loader's length is right to the byte; the 7910's image has the same fields
 *    and 94594 bytes more. So for anything but a "PAS3" loader only a file that is too short
 *    is called wrong.
 *  - 7940/7960 applications (.sb2) hold no length at all: only a signature can tell.
 *
 * A body that is cut inside its first header still shows its magic; it is called truncated and
 * the difference is then what is missing at least. All sums are in 64 bits, as the sizes are
 * whatever an archive claims.
 */
#include "reflashd/image.h"

#include "reflashd/bytes.h"
#include "reflashd/text.h"

#include <string.h>

#define CNU_MAGIC    "CNU_File_Archive_3.0"
#define CNU_AGAIN    0x38u /* where the magic stands a second time */
#define CNU_HEADER   0x248u
#define CNU_ENTRY    20u
#define CNU_TRAILING 3u

#define KUP_MAGIC      "kup100000000"
#define KUP_MODEL      0x12u
#define KUP_VERSION    0x16u
#define KUP_SUM	       0x1Cu
#define KUP_LENGTH     0x20u
#define KUP_SUMMED     0x24u
#define KUP_HEADER     0x28u
#define KUP_NOT_LENGTH 0x18u

#define ARM_NAME       0x20u
#define ARM_TAG	       0x120u
#define ARM_LENGTH     0x138u
#define ARM_STREAM     0x13Cu
#define ARM_HEADER     0x140u
#define ARM_NOT_LENGTH 32u

/* True when the body starts with the magic, or is nothing but the start of it. */
static bool has_magic(const uint8_t *body, size_t len, const char *magic)
{
	size_t n = strlen(magic);

	return len > 0 && memcmp(body, magic, len < n ? len : n) == 0;
}

static void judge_length(struct image *i, uint64_t want, uint64_t have, uint64_t trailing)
{
	if (have < want) {
		i->state = IMAGE_TRUNCATED;
		i->difference = want - have;
	} else if (have - want > trailing) {
		i->state = IMAGE_EXTRA;
		i->difference = have - want;
	} else {
		i->state = IMAGE_COMPLETE;
	}
}

static void inspect_cnu(struct image *i, const uint8_t *body, size_t len)
{
	uint64_t content, table, want;
	uint32_t count;

	i->format = IMAGE_CNU;
	if (len < CNU_HEADER) {
		judge_length(i, CNU_HEADER, len, 0);
		return;
	}
	count = get_be32(body + 0x30);
	content = get_be32(body + 0x34);
	table = CNU_HEADER + (uint64_t)CNU_ENTRY * count;
	i->state = IMAGE_MALFORMED;
	if (memcmp(body + CNU_AGAIN, CNU_MAGIC, strlen(CNU_MAGIC)) != 0 || count == 0 ||
	    table > content)
		return;
	if (table > len) { /* the sizes are not all there to be added up */
		judge_length(i, content, len, 0);
		return;
	}
	want = content;
	for (uint32_t n = 0; n < count; n++)
		want += get_be32(body + CNU_HEADER + (size_t)CNU_ENTRY * n + 8);
	judge_length(i, want, len, CNU_TRAILING);
}

/* Bytes that are the same in all six images on record, around the model and the version. */
static bool kup_constants(const uint8_t *body)
{
	static const uint8_t before[] = {0, 0, 0, 0, 0, 0}, after[] = {1, 4, 0};

	return memcmp(body + 0x0C, before, sizeof(before)) == 0 &&
	       memcmp(body + 0x13, after, sizeof(after)) == 0 &&
	       memcmp(body + 0x18, "+kxz", 4) == 0;
}

static void inspect_kup(struct image *i, const uint8_t *body, size_t len)
{
	uint32_t sum = 0;

	i->format = IMAGE_KUP;
	if (len < KUP_HEADER) {
		judge_length(i, KUP_HEADER, len, 0);
		return;
	}
	i->kup_model = body[KUP_MODEL];
	i->kup_version[0] = body[KUP_VERSION];
	i->kup_version[1] = body[KUP_VERSION + 1];
	judge_length(i, (uint64_t)get_be32(body + KUP_LENGTH) + KUP_NOT_LENGTH, len, 0);
	if (i->state != IMAGE_COMPLETE)
		return;
	for (size_t n = KUP_SUMMED; n < len; n++)
		sum += body[n]; /* modulo 2^32, as the format has it */
	if (sum != get_be32(body + KUP_SUM))
		i->state = IMAGE_CORRUPT;
	else if (!kup_constants(body))
		i->state = IMAGE_MALFORMED;
}

/* "PAS30830", "PAS3ARM1", "PA03Z031", 7910: "PA04Z031". */
static bool is_arm_tag(const uint8_t *tag)
{
	if (tag[0] != 'P' || tag[1] != 'A')
		return false;
	for (unsigned n = 2; n < 8; n++)
		if (!(tag[n] >= '0' && tag[n] <= '9') && !(tag[n] >= 'A' && tag[n] <= 'Z'))
			return false;
	return true;
}

static void inspect_arm(struct image *i, const uint8_t *body, size_t len)
{
	const uint8_t *tag = body + ARM_TAG;
	bool of_7940 = memcmp(tag, "PAS3", 4) == 0 || memcmp(tag, "PA03", 4) == 0;
	const uint8_t *end = memchr(body + ARM_NAME, 0, sizeof(i->name) - 1);
	size_t name_len = end != NULL ? (size_t)(end - (body + ARM_NAME)) : sizeof(i->name) - 1;
	bool stream;
	uint32_t length;

	text_escape(i->name, sizeof(i->name), body + ARM_NAME, name_len);
	memcpy(i->tag, tag, 8);
	i->tag[8] = '\0';
	if (of_7940)
		i->format = IMAGE_SB2; /* until the stream of a loader is seen */
	if (len < ARM_HEADER) {
		judge_length(i, ARM_HEADER, len, 0);
		return;
	}
	length = get_le32(body + ARM_LENGTH);
	stream = body[ARM_STREAM] == 0x1F && body[ARM_STREAM + 1] == 0x9D;
	if (!stream && length == 0)
		return; /* an application: nothing inside tells */
	if (memcmp(tag, "PAS3", 4) == 0) {
		i->format = IMAGE_P003;
		if (stream && length != 0)
			judge_length(i, (uint64_t)length + ARM_NOT_LENGTH, len, 0);
		else
			i->state = IMAGE_MALFORMED; /* a length without a stream, or the reverse */
	} else if (stream && (uint64_t)length + ARM_NOT_LENGTH > len) {
		judge_length(i, (uint64_t)length + ARM_NOT_LENGTH, len, 0);
	}
}

void image_inspect(struct image *i, const uint8_t *body, size_t len)
{
	memset(i, 0, sizeof(*i));
	i->format = IMAGE_UNKNOWN;
	i->state = IMAGE_NOT_CHECKABLE;
	if (len == 0)
		judge_length(i, 1, 0, 0); /* an image of no bytes is no image */
	else if (has_magic(body, len, CNU_MAGIC))
		inspect_cnu(i, body, len);
	else if (has_magic(body, len, KUP_MAGIC))
		inspect_kup(i, body, len);
	else if (len >= ARM_TAG + 8 && is_arm_tag(body + ARM_TAG))
		inspect_arm(i, body, len);
}

const char *image_format_name(enum image_format f)
{
	switch (f) {
	case IMAGE_CNU: return "CNU archive";
	case IMAGE_KUP: return "KUP image";
	case IMAGE_P003: return "7940/7960 loader";
	case IMAGE_SB2: return "7940/7960 application";
	case IMAGE_UNKNOWN: break;
	}
	return "image of an unknown kind";
}
