/* SPDX-License-Identifier: MIT */
/*
 * What the library knows, as events. Names and texts of findings are ours or were escaped when
 * they were written; the source is what the user typed and is escaped here.
 */
#include "reflashd/firmware_event.h"

#include "reflashd/text.h"

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

void bundle_event(struct event *e, const struct library *l, const struct bundle *b)
{
	char models[128], for_models[128], missing[1024], source[LIBRARY_SOURCE_MAX];

	model_set_text(l->models, b->models, '\n', models, sizeof(models));
	model_set_text(l->models, b->models, ' ', for_models, sizeof(for_models));
	event_init(e, EVENT_FIRMWARE_BUNDLE);
	e->severity = b->fit ? SEVERITY_NOTICE : SEVERITY_WARNING;
	event_set_text(e, FIELD_LOAD, b->load);
	event_set_text(e, FIELD_MODELS, models);
	event_set_number(e, FIELD_FILES, b->file_count);
	missing_text(b, missing, sizeof(missing));
	event_set_text(e, FIELD_MISSING, missing);
	event_set_truth(e, FIELD_COMPLETE, b->complete);
	event_set_text(e, FIELD_SIGNATURE, signature_name(b->signature));
	event_set_text(e, FIELD_GENERATION, generation_name(b->generation));
	event_set_bytes(e, FIELD_SOURCE, (const uint8_t *)b->source, strlen(b->source));
	/* There may be several of that name; this one wants a hand. */
	text_escape(source, sizeof(source), (const uint8_t *)b->source, strlen(b->source));
	event_say(e, "Firmware %s for %s%s%s: %s.", b->load,
		  *for_models ? for_models : "no known model", b->fit ? "" : " in ",
		  b->fit ? "" : source,
		  b->fit	? "complete, ready to be offered"
		  : b->complete ? "not offered to phones, see below"
				: "incomplete, not offered to phones");
}

void finding_event(struct event *e, const struct library *l, const struct finding *f)
{
	event_init(e, EVENT_FIRMWARE_FINDING);
	e->severity = f->severity == FINDING_NOTE      ? SEVERITY_INFO
		      : f->severity == FINDING_WARNING ? SEVERITY_WARNING
						       : SEVERITY_ERROR;
	event_set_text(e, FIELD_CODE, f->code);
	if (*f->file)
		event_set_bytes(e, FIELD_FILE, (const uint8_t *)f->file, strlen(f->file));
	event_set_bytes(e, FIELD_SOURCE, (const uint8_t *)l->folder[f->folder],
			strlen(l->folder[f->folder]));
	event_say(e, "%s", f->text);
}

const char *finding_severity_name(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_NOTE: return "note";
	case FINDING_WARNING: return "warning";
	case FINDING_FATAL: return "fatal";
	}
	must(false);
}
