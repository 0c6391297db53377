/* SPDX-License-Identifier: MIT */
/*
 * What the firmware is: each bundle, and below it whatever was found. Said before anything is
 * served, and of what is new when the library was read anew. Decides whether there is anything that
 * may be given to a phone at all.
 */
#include "daemon.h"

#include "reflashd/firmware_event.h"
#include "reflashd/text.h"

#include <errno.h>
#include <string.h>

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

/* The same bundle as one of those that were told of before? */
static bool told(const struct library *before, const struct library *l, const struct bundle *b)
{
	for (unsigned i = 0; before && i < before->bundle_count; i++) {
		const struct bundle *old = &before->bundle[i];

		if (strcmp(old->load, b->load) == 0 && strcmp(old->source, b->source) == 0 &&
		    old->fit == b->fit && bundle_same_files(before, old, l, b))
			return true;
	}
	return false;
}

/* A bundle of that name at that place is no more. */
static unsigned say_what_is_gone(struct daemon *d, const struct library *before)
{
	const struct library *l = store_library(d->store);
	unsigned gone = 0;

	for (unsigned i = 0; before && i < before->bundle_count; i++) {
		const struct bundle *old = &before->bundle[i];
		bool there = false;
		struct event e;

		for (unsigned j = 0; j < l->bundle_count && !there; j++)
			there = strcmp(l->bundle[j].load, old->load) == 0 &&
				strcmp(l->bundle[j].source, old->source) == 0;
		if (there)
			continue;
		gone++;
		event_init(&e, EVENT_FIRMWARE_GONE);
		event_set_text(&e, FIELD_LOAD, old->load);
		event_set_text(&e, FIELD_SOURCE, old->source);
		daemon_emit(d, &e);
	}
	return gone;
}

/* A mistyped --target would otherwise be met only when a phone asks for it. */
static void say_target(struct daemon *d, const struct library *l)
{
	const char *target = d->config->target;

	if (!l->bundle_count || !target[0] || text_equal_nocase(target, "newest"))
		return;
	if (!library_bundle(l, target))
		daemon_note(d, SEVERITY_WARNING, "no-target",
			    "The target %s is not among this firmware, so no phone can end at it. "
			    "Put its bundle there, or name another load (`reflashd check' lists "
			    "them).",
			    target);
}

unsigned firmware_say(struct daemon *d, const struct library *before)
{
	const struct library *l = store_library(d->store);
	unsigned news = say_what_is_gone(d, before);

	for (unsigned i = 0; i < l->bundle_count; i++) {
		if (told(before, l, &l->bundle[i]))
			continue;
		news++;
		say_bundle(d, l, &l->bundle[i]);
		for (unsigned j = 0; j < l->finding_count; j++)
			if (l->finding[j].bundle == (int)i)
				say_finding(d, l, &l->finding[j]);
	}
	for (unsigned j = 0; j < l->finding_count && (!before || news); j++)
		if (l->finding[j].bundle < 0)
			say_finding(d, l, &l->finding[j]);
	if (l->file_count && !l->bundle_count && (!before || news))
		daemon_note(d, SEVERITY_WARNING, "no-bundle",
			    "No firmware for a phone is among these files. They are served by "
			    "name, but an erased phone will find nothing to start from. Add the "
			    "files ending in .loads and .sbn (7902, 7905, 7912: .zup and .sbin).");
	say_target(d, l);
	return news;
}

int firmware_judge(const struct library *l, const struct config *c, struct fault *f)
{
	unsigned fit = 0;
	char why[160];

	for (unsigned i = 0; i < l->bundle_count; i++)
		fit += l->bundle[i].fit;
	if (l->file_count == 0)
		return fault_set(
			f, -ENOENT,
			"there is no file in `%s'. Unpack the firmware for your phone there: the "
			"files ending in .loads and .sbn (7902, 7905, 7912: .zup and .sbin)",
			c->firmware[0]);
	if (fit || !l->bundle_count || c->serve_incomplete)
		return 0;
	bundle_why_unfit(l, &l->bundle[0], why, sizeof(why));
	return fault_set(f, -EINVAL,
			 "none of the firmware is fit to be given to a phone; in the bundle %s, "
			 "%s. `reflashd check' tells all. A phone that starts on it would end dead "
			 "(--serve-incomplete serves it all the same)",
			 l->bundle[0].load, why);
}
