/* SPDX-License-Identifier: MIT */
/*
 * What the firmware is, said before anything is served: each bundle, and below it whatever was
 * found. Decides whether there is anything that may be given to a phone at all.
 */
#include "daemon.h"

#include "reflashd/firmware_event.h"

#include <errno.h>

static void say_bundle(struct daemon *d, const struct library *l, const struct bundle *b)
{
	struct event e;

	bundle_event(&e, l, b);
	daemon_emit(d, &e);
}

static void say_finding(struct daemon *d, const struct library *l, const struct finding *f)
{
	struct event e;

	finding_event(&e, l, f);
	daemon_emit(d, &e);
}

int firmware_report(struct daemon *d, struct fault *f)
{
	const struct library *l = store_library(d->store);
	unsigned fit = 0;

	for (unsigned i = 0; i < l->bundle_count; i++) {
		fit += l->bundle[i].fit;
		say_bundle(d, l, &l->bundle[i]);
		for (unsigned j = 0; j < l->finding_count; j++)
			if (l->finding[j].bundle == (int)i)
				say_finding(d, l, &l->finding[j]);
	}
	for (unsigned j = 0; j < l->finding_count; j++)
		if (l->finding[j].bundle < 0)
			say_finding(d, l, &l->finding[j]);
	if (l->file_count == 0)
		return fault_set(
			f, -ENOENT,
			"there is no file in `%s'. Unpack the firmware for your phone there: the "
			"files ending in .loads and .sbn (7902, 7905, 7912: .zup and .sbin)",
			d->config->firmware[0]);
	if (l->bundle_count && !fit && !d->config->serve_incomplete)
		return fault_set(
			f, -EINVAL,
			"none of the firmware is fit to be given to a phone; what is wrong with it "
			"stands above. A phone that starts on it would end dead "
			"(--serve-incomplete "
			"serves it all the same)");
	if (!l->bundle_count)
		daemon_note(d, SEVERITY_WARNING, "no-bundle",
			    "No firmware for a phone is among these files. They are served by "
			    "name, but "
			    "an erased phone will find nothing to start from.");
	return 0;
}
