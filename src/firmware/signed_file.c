/* SPDX-License-Identifier: MIT */
/*
 * The signed header, walked (firmware-formats.md 2).
 *
 * The happy path: the first two TLVs stand at fixed places and say "version" and "header
 * length"; from byte 10 on the rest is a run of tag, length, value in any order. Three tags are
 * containers (03 signer, 07 signature info, 09 algorithm): their values are runs of TLVs
 * again. 0D is a lone pad byte without a length. Unknown tags are skipped, as the phones do.
 *
 * What can go wrong: a length that leaves its container or the header, containers nested deeper
 * than the format knows (09 inside 07 is all there is), a tag we rely on given twice (which one
 * would the phone believe?), no name or no signature. Each is MALFORMED. A header longer
 * than the file is TRUNCATED. A file that starts differently is not signed at all:
 * ".loads" and ".sbn" are also the names of XML, INI and bare gzip files.
 */
#include "reflashd/signed_file.h"

#include <string.h>

#include "reflashd/bytes.h"

#define FIRST_TLVS 10 /* version and header length, always first */
#define DEPTH_MAX  2  /* 07, and 09 inside it */

enum tag {
	TAG_SIGNER_INFO = 0x03,
	TAG_SIGNER = 0x04,
	TAG_SIGNATURE_INFO = 0x07,
	TAG_DIGEST = 0x08,
	TAG_ALGORITHM_INFO = 0x09,
	TAG_ALGORITHM = 0x0a,
	TAG_MODULUS = 0x0b,
	TAG_SIGNATURE = 0x0c,
	TAG_PAD = 0x0d,
	TAG_NAME = 0x0e,
	TAG_TIME = 0x0f,
};

static bool take_name(struct signed_header *h, const uint8_t *v, size_t n)
{
	if (n < 2 || n > sizeof(h->name) || v[n - 1] != 0)
		return false;
	if (memchr(v, 0, n - 1) || memchr(v, '/', n - 1))
		return false;
	memcpy(h->name, v, n);
	return true;
}

static bool take_byte(uint8_t *out, bool *known, const uint8_t *v, size_t n)
{
	if (n != 1)
		return false;
	*out = v[0];
	*known = true;
	return true;
}

/* One TLV that is no container. at is the offset of its value. */
static bool take_tlv(struct signed_header *h, uint8_t tag, const uint8_t *data, size_t at, size_t n)
{
	const uint8_t *v = data + at;

	switch (tag) {
	case TAG_SIGNER: h->signer = (struct span){v, n}; return true;
	case TAG_DIGEST: return take_byte(&h->digest, &h->digest_known, v, n);
	case TAG_ALGORITHM: return take_byte(&h->algorithm, &h->algorithm_known, v, n);
	case TAG_MODULUS: return take_byte(&h->modulus_code, &h->modulus_known, v, n);
	case TAG_SIGNATURE:
		h->signature_tlv = at - 3;
		h->signature = at;
		h->signature_len = n;
		return true;
	case TAG_NAME: return take_name(h, v, n);
	case TAG_TIME:
		if (n != 4)
			return false;
		h->has_time = true;
		h->time = get_be32(v);
		return true;
	default: return true;
	}
}

static bool is_container(uint8_t tag)
{
	return tag == TAG_SIGNER_INFO || tag == TAG_SIGNATURE_INFO || tag == TAG_ALGORITHM_INFO;
}

/* Once each, for the tags whose value decides something. */
static bool seen_before(uint32_t *seen, uint8_t tag)
{
	uint32_t bit;

	if (tag < TAG_DIGEST || tag > TAG_TIME || is_container(tag))
		return false;
	bit = UINT32_C(1) << tag;
	if (*seen & bit)
		return true;
	*seen |= bit;
	return false;
}

static bool walk(struct signed_header *h, const uint8_t *data, uint32_t *seen)
{
	size_t end[DEPTH_MAX + 1] = {h->length};
	size_t pos = FIRST_TLVS;
	unsigned depth = 0;

	while (depth > 0 || pos < end[0]) {
		uint8_t tag;
		size_t n;

		if (pos == end[depth]) {
			depth--;
			continue;
		}
		tag = data[pos];
		if (tag == TAG_PAD) {
			pos++;
			continue;
		}
		if (end[depth] - pos < 3)
			return false;
		n = get_be16(data + pos + 1);
		pos += 3;
		if (n > end[depth] - pos || seen_before(seen, tag))
			return false;
		if (is_container(tag)) {
			if (depth == DEPTH_MAX)
				return false;
			end[++depth] = pos + n;
			continue;
		}
		if (!take_tlv(h, tag, data, pos, n))
			return false;
		pos += n;
	}
	return true;
}

static const uint8_t first_version[] = {0x01, 0x00, 0x02}, first_length[] = {0x02, 0x00, 0x02};

/*
 * Either of the two fixed TLV heads, the second also where a missing or surplus byte moved it, is
 * no accident: damage must not make an unsigned file, which some phones take, of a signed one.
 */
static bool was_signed(const uint8_t *data)
{
	if (memcmp(data, first_version, 3) == 0)
		return true;
	for (size_t at = 4; at <= 6; at++)
		if (memcmp(data + at, first_length, 3) == 0)
			return true;
	return false;
}

enum signed_parse signed_header_parse(struct signed_header *h, const uint8_t *data, size_t len)
{
	uint32_t seen = 0;

	memset(h, 0, sizeof(*h));
	if (len < FIRST_TLVS || !was_signed(data))
		return SIGNED_NONE;
	if (memcmp(data, first_version, 3) != 0 || memcmp(data + 5, first_length, 3) != 0)
		return SIGNED_MALFORMED;
	h->major = data[3];
	h->minor = data[4];
	h->length = get_be16(data + 8);
	if (h->major != 1 || h->length <= FIRST_TLVS || h->length % 4 != 0 ||
	    h->length >= SIGNED_LENGTH_MAX)
		return SIGNED_MALFORMED;
	if (h->length > len)
		return SIGNED_TRUNCATED;
	if (!walk(h, data, &seen) || h->signature_len == 0 || h->name[0] == '\0')
		return SIGNED_MALFORMED;
	return SIGNED_OK;
}
