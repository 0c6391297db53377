/* SPDX-License-Identifier: MIT */
#ifndef EXACT_H
#define EXACT_H

#include <stddef.h>

/* A copy on the heap of exactly that size, so that ASan sees one byte too far; for free(). */
void *exact_copy(const void *data, size_t len);

#endif
