/* SPDX-License-Identifier: MIT */
/*
 * Where a phone is in its bundle, in files and bytes, and how long the rest may take.
 *
 * Counted is what arrived since it took its list. A phone need not fetch every file: it has some of
 * them from before (the load journal, phones.md 4.1), a 7940/7960 often has its loader, and a
 * 7902/7905/7912 takes one image of those that are there. Files come in the order of the list; so
 * a file that stands before the one under way, and is neither there nor on its way, is not needed
 * and not counted at all. So there are never more bytes than there is size, and the end is the
 * end.
 */
#include "fold.h"

#define DAY_MS INT64_C(86400000)

struct tally {
	uint64_t files, done, size, bytes;
};

static void count(const struct fold *s, struct tally *t)
{
	const struct phone *phone = s->phone;
	const struct bundle *b = phone->bundle;
	uint32_t touched = phone->fetched | phone->under_way;

	*t = (struct tally){0};
	for (unsigned i = 0; i < b->file_count && i < FOLD_IMAGES_MAX; i++) {
		uint32_t bit = (uint32_t)1 << i;
		const struct firmware_file *f = fold_image(s, i);

		/* Behind everything that was touched: still to come. */
		if (!f || (!(touched & bit) && (b->family == MODEL_KUP || touched >= bit)))
			continue;
		t->files++;
		t->size += f->size;
		if (!(phone->fetched & bit) || phone->under_way & bit)
			continue;
		t->done++;
		t->bytes += f->size;
	}
}

/* The file on its way is part of .size already; a second one is not counted byte by byte. */
static uint64_t with_part(const struct tally *t, uint64_t part)
{
	return part < t->size - t->bytes ? t->bytes + part : t->size;
}

static void say(struct fold *s, const struct tally *t)
{
	struct phone *phone = s->phone;
	uint64_t bytes = with_part(t, phone->file_bytes);
	int64_t ms = s->event->wall_ms - phone->fetch_ms;
	struct event *e;

	if (t->size == 0)
		return;
	e = fold_event(s, EVENT_PHONE_PROGRESS);
	event_set_text(e, FIELD_LOAD, phone->load);
	event_set_text(e, FIELD_FILE, s->event->file);
	event_set_number(e, FIELD_DONE, t->done);
	event_set_number(e, FIELD_FILES, t->files);
	event_set_number(e, FIELD_BYTES, bytes);
	event_set_number(e, FIELD_SIZE, t->size);
	if (bytes == t->size)
		event_set_number(e, FIELD_SECONDS, 0);
	else if (bytes > 0 && ms >= 1000 && ms < DAY_MS) /* else the rate is not known */
		event_set_number(e, FIELD_SECONDS,
				 ((t->size - bytes) * (uint64_t)ms / bytes + 999) / 1000);
}

static void recount(struct fold *s, bool aloud)
{
	struct tally t;

	if (!s->phone->bundle)
		return;
	count(s, &t);
	s->phone->file_bytes = with_part(&t, s->phone->file_bytes) - t.bytes;
	if (aloud)
		say(s, &t);
}

void progress_begin(struct fold *s)
{
	s->phone->under_way = 0;
	s->phone->file_bytes = 0;
	s->phone->fetch_ms = s->event->wall_ms;
}

void progress_start(struct fold *s, uint32_t bit)
{
	s->phone->under_way |= bit;
	s->phone->member = bit;
	s->phone->file_bytes = 0;
	recount(s, false);
}

void progress_part(struct fold *s, uint32_t bit)
{
	if (!bit || s->phone->stage != PHONE_FETCHING || !event_has(s->event, FIELD_BYTES))
		return;
	s->phone->under_way |= bit;
	s->phone->member = bit;
	s->phone->file_bytes = s->event->bytes;
	recount(s, true);
}

/* The one it asked for last may not be the one that ends: see concluded() in tracker.c. */
static void end(struct fold *s, uint32_t bit, bool aloud)
{
	s->phone->under_way &= ~bit;
	if (s->phone->member == bit)
		s->phone->file_bytes = 0;
	recount(s, aloud);
}

void progress_complete(struct fold *s, uint32_t bit)
{
	end(s, bit, bit != 0);
}

void progress_abort(struct fold *s, uint32_t bit)
{
	end(s, bit, false);
}
