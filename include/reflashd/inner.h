/* SPDX-License-Identifier: MIT */
/*
 * The checksums inside an image: what is packed in a CNU archive as gzip or zip carries CRCs
 * (firmware-formats.md 4). Worth the time only where no signature covers the whole file.
 */
#ifndef REFLASHD_INNER_H
#define REFLASHD_INNER_H

#include "reflashd/image.h"

/* For an image that image_inspect() called complete: IMAGE_CORRUPT instead when something that is
 * packed inside contradicts its checksum. What cannot be judged is not judged. */
void image_inspect_inner(struct image *i, const uint8_t *body, size_t len);

#endif
