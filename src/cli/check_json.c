/* SPDX-License-Identifier: MIT */
/*
 * `reflashd check --json`: an array of the firmware.bundle events, as serve writes them, each with
 * `findings`, `folder_findings` (what concerns no bundle but its folder) and `file_list`.
 * With json.c the only place that knows jansson.
 */
#include "check.h"

#include "reflashd/firmware_event.h"
#include "reflashd/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *finding_value(const struct finding *f)
{
	return json_pack("{s:s,s:s,s:o,s:s}", "code", f->code, "severity",
			 finding_severity_name(f->severity), "file",
			 *f->file ? json_string(f->file) : json_null(), "text", f->text);
}

/* Of the bundle; bundle < 0: of the folder. */
static json_t *findings_value(const struct library *l, int bundle, unsigned folder)
{
	json_t *array = json_array();

	for (unsigned i = 0; array && i < l->finding_count; i++) {
		const struct finding *f = &l->finding[i];

		if (f->bundle == bundle && (bundle >= 0 || f->folder == folder))
			json_array_append_new(array, finding_value(f));
	}
	return array;
}

static json_t *time_value(uint32_t seconds)
{
	time_t when = seconds;
	char text[32];
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static json_t *file_value(const struct firmware_file *f)
{
	const struct signature_result *s = &f->signature;
	const char *generation = s->key ? generation_name(s->key->generation) : NULL;
	char digest[2 * SHA1_BYTES + 1];

	for (unsigned i = 0; i < SHA1_BYTES; i++)
		text_format(digest + 2 * i, 3, "%02x", f->sha1[i]);
	return json_pack(
		"{s:s,s:I,s:s,s:s,s:o,s:s,s:o,s:o,s:o,s:o}", "name", f->name, "size",
		(json_int_t)f->size, "sha1", digest, "state", check_state(f), "missing_bytes",
		f->image.state == IMAGE_TRUNCATED ? json_integer((json_int_t)f->image.difference)
						  : json_null(),
		"signature", signature_name(s->state), "key",
		s->key ? json_string(s->key->id) : json_null(), "generation",
		generation ? json_string(generation) : json_null(), "signed_at",
		s->key ? time_value(s->time) : json_null(), "signed_name",
		*f->header_name ? json_string(f->header_name) : json_null());
}

static json_t *missing_value(const char *name)
{
	return json_pack("{s:s,s:n,s:n,s:s,s:n,s:n,s:n,s:n,s:n,s:n}", "name", name, "size", "sha1",
			 "state", "missing", "missing_bytes", "signature", "key", "generation",
			 "signed_at", "signed_name");
}

static json_t *files_value(const struct library *l, const struct bundle *b)
{
	json_t *array = json_array();

	for (unsigned i = 0; array && i < b->file_count; i++)
		json_array_append_new(array, file_value(&l->file[b->files[i]]));
	for (unsigned i = 0; array && i < b->missing_count; i++)
		json_array_append_new(array, missing_value(b->missing[i]));
	return array;
}

static json_t *bundle_value(const struct check *c, unsigned index, int64_t wall_ms)
{
	const struct library *l = c->library;
	const struct bundle *b = &l->bundle[index];
	struct event e;
	json_t *object;
	char *line, step[512];

	bundle_event(&e, l, b);
	e.seq = index + 1;
	e.wall_ms = wall_ms;
	line = event_json(&e);
	object = line ? json_loads(line, 0, NULL) : NULL;
	free(line);
	check_plan_line(c, b, step, sizeof(step));
	if (object &&
	    (json_object_set_new(object, "fit", json_boolean(b->fit)) != 0 ||
	     json_object_set_new(object, "step", *step ? json_string(step) : json_null()) != 0 ||
	     json_object_set_new(object, "findings", findings_value(l, (int)index, 0)) != 0 ||
	     json_object_set_new(object, "folder_findings", findings_value(l, -1, b->folder)) !=
		     0 ||
	     json_object_set_new(object, "file_list", files_value(l, b)) != 0)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

bool check_json(const struct check *c, FILE *out)
{
	json_t *array = json_array();
	struct timespec now;
	bool ok = array != NULL;

	clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned i = 0; ok && i < c->library->bundle_count; i++)
		ok = json_array_append_new(array, bundle_value(c, i,
							       (int64_t)now.tv_sec * 1000 +
								       now.tv_nsec / 1000000)) == 0;
	if (ok)
		ok = json_dumpf(array, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
	putc('\n', out);
	json_decref(array);
	return ok;
}
