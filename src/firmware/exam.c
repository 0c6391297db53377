/* SPDX-License-Identifier: MIT */
/*
 * What the bytes of a file say by themselves, whatever its name: is it signed and by whom, is it
 * whole, what makes it this very file. All that takes a library to find out, in plain numbers: so
 * it can be found out in another process, and what that one says can be checked.
 */
#include "reflashd/exam.h"

#include "reflashd/inner.h"

#include <string.h>

/*
 * What makes a file this very file. A signed one was hashed without its signature when that was
 * verified; hashing it once more would be half the work of a check. So its identity is the SHA-1 of
 * that digest and of the signature that was left out, which together are the whole file.
 */
static void identify(const struct signed_header *h, const uint8_t *digest, const uint8_t *data,
		     uint8_t out[SHA1_BYTES])
{
	uint8_t parts[SHA1_BYTES + 2 + SIGNED_LENGTH_MAX];
	size_t len = h->signature + h->signature_len - h->signature_tlv;

	must(len <= SIGNED_LENGTH_MAX && h->signature_tlv < SIGNED_LENGTH_MAX);
	memcpy(parts, digest, SHA1_BYTES);
	parts[SHA1_BYTES] = (uint8_t)(h->signature_tlv >> 8);
	parts[SHA1_BYTES + 1] = (uint8_t)h->signature_tlv;
	memcpy(parts + SHA1_BYTES + 2, data + h->signature_tlv, len);
	sha1_digest(parts, SHA1_BYTES + 2 + len, out);
}

static void examine_signature(struct exam *e, const struct signed_header *h,
			      const struct keys *keys, const uint8_t *data, size_t len)
{
	struct signature_result r;

	signature_verify(&r, h, data, len, keys);
	e->signature = r.state;
	if (!r.key)
		return;
	e->key = 1 + (uint32_t)(r.key - keys->key);
	e->time = r.time;
	memcpy(e->digest, r.digest, SHA1_BYTES);
	identify(h, r.digest, data, e->identity);
}

void exam_make(struct exam *e, const struct keys *keys, bool want_sha1, const uint8_t *data,
	       size_t len)
{
	struct signed_header h;
	enum signed_parse header = signed_header_parse(&h, data, len);
	struct span body = {data, header == SIGNED_TRUNCATED ? 0 : len};

	memset(e, 0, sizeof(*e));
	e->signature = SIGNATURE_UNSIGNED;
	if (header == SIGNED_OK) {
		examine_signature(e, &h, keys, data, len);
		body.data += h.length;
		body.len -= h.length;
	}
	if (want_sha1)
		sha1_digest(data, len, e->sha1);
	if (!e->key && want_sha1)
		memcpy(e->identity, e->sha1, SHA1_BYTES);
	else if (!e->key)
		sha1_digest(data, len, e->identity);
	image_inspect(&e->image, body.data, body.len);
	/* A good signature covers every byte; a bad one has said it all. */
	if (e->signature == SIGNATURE_UNSIGNED || e->signature == SIGNATURE_UNKNOWN_SIGNER)
		image_inspect_inner(&e->image, body.data, body.len);
}

static bool is_shown(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len < size;
}

bool exam_is_sound(const struct exam *e, const struct keys *keys)
{
	bool proven = e->signature == SIGNATURE_VERIFIED || e->signature == SIGNATURE_BAD;

	return (proven || e->signature == SIGNATURE_UNSIGNED ||
		e->signature == SIGNATURE_UNKNOWN_SIGNER) &&
	       e->key <= keys->count && (e->key != 0) == proven &&
	       (unsigned)e->image.format <= IMAGE_SB2 &&
	       (unsigned)e->image.state <= IMAGE_NOT_CHECKABLE &&
	       is_shown(e->image.name, sizeof(e->image.name)) &&
	       is_shown(e->image.tag, sizeof(e->image.tag));
}
