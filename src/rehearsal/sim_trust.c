/* SPDX-License-Identifier: MIT */
/*
 * Whose signature the code of a simulated phone takes (firmware-formats.md 7.5, phones.md 8.1).
 *
 * The happy path: one of the keys opens the signature, it is a key of this phone's hardware
 * group, and of a generation that the phone's code holds. Then the load that was installed
 * brings its own keys: up to 8.3(2) the old ones only, from 8.3(3) on both.
 *
 * What can go wrong: an altered file; a stranger's signature; a key of other hardware; the new
 * generation before old code, "Auth Fail" and "Load Auth Failed" on a display.
 *
 * Only Java phones have generations. Of 7940, 7960 and 79[01]x not all keys are known, so that
 * an unknown signer is no reason there; an altered file is.
 *
 * Inference, not record: that code before 8.3(3) lacks the new keys. No such image was seen.
 */
#include "sim_private.h"

#include <string.h>

/* "7941" in "7940 7941 7960" */
static bool made_for(const struct key *key, const char *id)
{
	size_t len = strlen(id);
	const char *c = key->models;

	while (*c) {
		c += strspn(c, " ");
		if (strcspn(c, " ") == len && strncmp(c, id, len) == 0)
			return true;
		c += strcspn(c, " ");
	}
	return false;
}

static bool holds(enum sim_knows knows, enum generation generation)
{
	switch (generation) {
	case GENERATION_NONE: return true;
	case GENERATION_G1: return knows != SIM_KNOWS_G2;
	case GENERATION_G2: return knows != SIM_KNOWS_G1;
	}
	return false;
}

void sim_check_signature(const struct sim_phone *p, const char *name, const uint8_t *data,
			 size_t len, char why[160])
{
	const char *fail = p->booted ? "Load Auth Failed" : "Auth Fail";
	struct signature_result r;
	struct signed_header h;

	why[0] = '\0';
	/* An unsigned file was refused by now where that matters; a .zup has no signature. */
	if (!p->config.keys || signed_header_parse(&h, data, len) != SIGNED_OK)
		return;
	signature_verify(&r, &h, data, len, p->config.keys);
	if (r.state == SIGNATURE_BAD) {
		text_format(why, 160, "%s: %s was altered after it was signed", fail, name);
		return;
	}
	if (p->model.family != MODEL_JAVA || p->knows == SIM_KNOWS_ANYTHING)
		return;
	if (r.state != SIGNATURE_VERIFIED)
		text_format(why, 160, "%s: %s is signed with a key that nobody knows", fail, name);
	else if (!made_for(r.key, p->model.id))
		text_format(why, 160, "%s: %s is signed for other models", fail, name);
	else if (!holds(p->knows, r.key->generation))
		text_format(why, 160, "%s: %s is signed with the %s key, which its code lacks",
			    fail, name,
			    r.key->generation == GENERATION_G2 ? "new (G2)" : "old (G1)");
}

void sim_learn_keys(struct sim_phone *p)
{
	const struct sim_flash *f = &p->flash;
	bool both = sim_version_from(f->load, 8, 3, 3);
	unsigned i;

	if (p->knows == SIM_KNOWS_ANYTHING)
		return;
	/* Nobody told it its name: the jar of 8.3(3) is called 8-3-2-27. */
	for (i = 0; f->load[0] == '\0' && i < f->installed.count; i++)
		if (loads_member_part(f->installed.name[i]) == LOADS_PART_JAR)
			both = sim_version_from(f->installed.name[i], 8, 3, 2);
	p->knows = both ? SIM_KNOWS_BOTH : SIM_KNOWS_G1;
}
