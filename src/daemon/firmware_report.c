/* SPDX-License-Identifier: MIT */
/*
 * What the firmware is, said before anything is served: each bundle, and below it whatever was
 * found. Decides whether there is anything that may be given to a phone at all.
 */
#include "daemon.h"

#include "reflashd/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The names of the missing members, a line each. */
static void missing_text(const struct bundle *b, char *out, size_t size)
{
	size_t len = 0;

	*out = 0;
	for (unsigned i = 0; i < b->missing_count && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? "\n" : "",
					b->missing[i]);
}

static void say_bundle(struct daemon *d, const struct library *l, const struct bundle *b)
{
	char models[128], for_models[128], missing[1024];
	struct event e;

	model_set_text(l->models, b->models, '\n', models, sizeof(models));
	model_set_text(l->models, b->models, ' ', for_models, sizeof(for_models));
	event_init(&e, EVENT_FIRMWARE_BUNDLE);
	e.severity = b->fit ? SEVERITY_NOTICE : SEVERITY_WARNING;
	event_set_text(&e, FIELD_LOAD, b->load);
	event_set_text(&e, FIELD_MODELS, models);
	event_set_number(&e, FIELD_FILES, b->file_count);
	missing_text(b, missing, sizeof(missing));
	event_set_text(&e, FIELD_MISSING, missing);
	event_set_truth(&e, FIELD_COMPLETE, b->complete);
	event_set_text(&e, FIELD_SIGNATURE, signature_name(b->signature));
	event_set_text(&e, FIELD_GENERATION, generation_name(b->generation));
	event_set_bytes(&e, FIELD_SOURCE, (const uint8_t *)b->source, strlen(b->source));
	event_say(&e, "Firmware %s for %s: %s.", b->load,
		  *for_models ? for_models : "no known model",
		  b->fit	? "complete, ready to be offered"
		  : b->complete ? "not offered to phones, see below"
				: "incomplete, not offered to phones");
	daemon_emit(d, &e);
}

static void say_finding(struct daemon *d, const struct library *l, const struct finding *f)
{
	struct event e;

	event_init(&e, EVENT_FIRMWARE_FINDING);
	e.severity = f->severity == FINDING_NOTE      ? SEVERITY_INFO
		     : f->severity == FINDING_WARNING ? SEVERITY_WARNING
						      : SEVERITY_ERROR;
	event_set_text(&e, FIELD_CODE, f->code);
	if (*f->file)
		event_set_bytes(&e, FIELD_FILE, (const uint8_t *)f->file, strlen(f->file));
	event_set_bytes(&e, FIELD_SOURCE, (const uint8_t *)l->folder[f->folder],
			strlen(l->folder[f->folder]));
	event_say(&e, "%s", f->text);
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
