/* SPDX-License-Identifier: MIT */
/*
 * What the loadNNN.txt beside a bundle say about it. Inside the library only.
 */
#ifndef REFLASHD_FIRMWARE_EVIDENCE_H
#define REFLASHD_FIRMWARE_EVIDENCE_H

#include "reflashd/library.h"

/* Takes in a file called loadNNN.txt; others are passed over. 0 or -ENOMEM. */
int evidence_add(struct library *l, unsigned file, const uint8_t *data, size_t len);
/* The models that the texts of the folder at hand name for this load. */
model_set evidence_models(const struct library *l, const char *load);
/* Compares the texts of the folder at hand with its bundles; what does not fit is a finding. */
int evidence_judge(struct library *l);

#endif
