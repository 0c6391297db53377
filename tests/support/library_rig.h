/* SPDX-License-Identifier: MIT */
/* What the tests of the library ask it again and again. */
#ifndef LIBRARY_RIG_H
#define LIBRARY_RIG_H

#include "reflashd/text.h"
#include "stock.h"

const struct model *library_rig_model(const struct stock *s, const char *id);
const char *library_rig_target(const struct stock *s, const char *id, const char *target);
/* Every finding is a whole printable sentence about a file that exists or is missed. */
void library_rig_check_findings(const struct stock *s);

#endif
