/* SPDX-License-Identifier: MIT */
/* Small archives of every form, and what their tests expect of them. */
#ifndef ARCHIVE_RIG_H
#define ARCHIVE_RIG_H

#include "pack.h"
#include "reflashd/archive.h"
#include "reflashd/text.h"

#define SMALL 3

struct archive_found {
	unsigned count, matched;
	size_t bytes;
	int stop_with;
	unsigned stop_at;
};

/* What every good archive here holds. */
extern const struct archive_rig_member {
	const char *name, *text;
} archive_rig_small[SMALL];

/* From an exact copy on the heap, so that ASan sees one byte too far. */
int archive_rig_walk_bytes(const char *name, const uint8_t *data, size_t len,
			   struct archive_found *found, struct fault *f);
int archive_rig_walk_buffer(const char *name, const struct synth_buffer *b,
			    struct archive_found *found, struct fault *f);
void archive_assert_whole(const char *name, struct synth_buffer *b);
void archive_assert_refused(const char *name, struct synth_buffer *b, const char *why);
void archive_rig_put_small(struct pack *p, const char *prefix);
struct synth_buffer archive_rig_make_small(enum pack_format format);
/* inner, in an archive of another format. */
struct synth_buffer archive_rig_wrap(enum pack_format format, const char *name,
				     struct synth_buffer inner);
/* A .cop.sgn: the signed header in front. */
struct synth_buffer archive_rig_sign(const char *name, struct synth_buffer body);
int archive_rig_visit(void *ctx, const char *name, const uint8_t *data, size_t len,
		      struct fault *f);

#endif
