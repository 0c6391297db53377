/* SPDX-License-Identifier: MIT */
/*
 * What the bytes of a file say by themselves. No pointers in it: it may come from another process.
 */
#ifndef REFLASHD_EXAM_H
#define REFLASHD_EXAM_H

#include "reflashd/image.h"
#include "reflashd/signature.h"

struct exam {
	enum signature signature;
	uint32_t key;		      /* VERIFIED, BAD: 1 + its place in the keys; else 0 */
	uint32_t time;		      /* as signature_result.time */
	uint8_t digest[SHA1_BYTES];   /* as signature_result.digest */
	uint8_t sha1[SHA1_BYTES];     /* as sha1sum has it; only when it is wanted */
	uint8_t identity[SHA1_BYTES]; /* no other file has the same */
	struct image image;
};

void exam_make(struct exam *e, const struct keys *keys, bool want_sha1, const uint8_t *data,
	       size_t len);
/* Could exam_make() have said this, with those keys? */
bool exam_is_sound(const struct exam *e, const struct keys *keys);

#endif
