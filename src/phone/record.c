/* SPDX-License-Identifier: MIT */
/*
 * The records of the phones, and what of a bundle each of them has.
 *
 * A bundle may have any number of files; the mask of a phone has 32 bits. Bit i is file i of the
 * bundle; a file beyond that is not counted, so a bundle of that size (none is known, the
 * largest has 8) could be called whole too early, never crash anything.
 */
#include "fold.h"

#include "reflashd/text.h"

#include <string.h>

/* Something was fetched, but it belongs to no bundle that we know. */
#define BIT_UNKNOWN ((uint32_t)1 << 31)

void phones_init(struct phones *p, const struct library *library)
{
	must(library && library->models);
	p->library = library;
	p->models = library->models;
	table_init(p);
	p->recovered = 0;
	p->changes = 0;
	p->listening = false;
	p->own_ip = p->rival_ip = 0;
	phones_aim(p, "newest", false);
}

/* Nobody's own address: all zero, or a group's. */
static bool is_station(const struct mac *mac)
{
	return mac && !mac_is_zero(*mac) && !(mac->b[0] & 1);
}

bool fold_open_as(struct fold *s, const struct mac *mac, bool create)
{
	const struct event *e = s->event;
	bool has_mac = is_station(mac), has_ip = !mac && event_has(e, FIELD_IP) && e->ip;

	s->phone = has_mac  ? phones_find(s->phones, *mac)
		   : has_ip ? phones_find_ip(s->phones, e->ip)
			    : NULL;
	if (!s->phone && has_mac && create)
		s->phone = table_add(s->phones, *mac);
	/* Also one of whom the state of an earlier run told. */
	if (s->phone && s->phone->stage == PHONE_STAGE_COUNT)
		s->phone->first_ms = s->phone->stage_ms = e->wall_ms;
	return s->phone != NULL;
}

bool fold_open(struct fold *s, bool create)
{
	return fold_open_as(s, event_has(s->event, FIELD_MAC) ? &s->event->mac : NULL, create);
}

void fold_set_ip(struct fold *s, uint32_t ip)
{
	table_set_ip(s->phones, s->phone, ip);
}

const char *fold_base_name(const struct event *e)
{
	const char *base = event_has(e, FIELD_FILE) ? e->file : "";

	for (const char *p = base; *p; p++) /* a backslash is written twice in an event */
		if (*p == '/' || *p == '\\')
			base = p + 1;
	return base;
}

const struct model *fold_only_model(const struct fold *s, model_set set)
{
	const struct models *m = s->phones->models;

	if (!set || (set & (set - 1)))
		return NULL;
	for (unsigned i = 0; i < m->count; i++)
		if (set >> i & 1)
			return &m->model[i];
	return NULL;
}

bool fold_family(const struct fold *s, enum model_family *out)
{
	const struct phone *phone = s->phone;

	if (!phone->bundle && !phone->model)
		return false;
	*out = phone->bundle ? phone->bundle->family : phone->model->family;
	return true;
}

void fold_adopt(struct fold *s, const char *load)
{
	struct phone *phone = s->phone;

	if (text_equal_nocase(phone->load, load))
		return;
	text_copy(phone->load, sizeof(phone->load), load);
	phone->bundle = library_bundle(s->phones->library, load);
	phone->fetched = phone->ever = phone->unsure = phone->under_way = 0;
	phone->lists = phone->rounds = phone->unmoved = 0;
	if (phone->stage == PHONE_LISTED)
		phone->stage = PHONE_LEASED; /* so that the other list is news, too */
	if (!phone->model && phone->bundle)
		phone->model = fold_only_model(s, phone->bundle->models);
}

const struct firmware_file *fold_image(const struct fold *s, unsigned i)
{
	const struct library *l = s->phones->library;
	const struct bundle *b = s->phone->bundle;
	const struct firmware_file *f;

	must(i < b->file_count && b->files[i] < l->file_count);
	f = &l->file[b->files[i]];
	return f->role == FILE_IMAGE ? f : NULL;
}

uint32_t fold_image_bit(const struct fold *s, const char *base)
{
	const struct bundle *b = s->phone->bundle;

	if (!b)
		return BIT_UNKNOWN;
	for (unsigned i = 0; i < b->file_count && i < FOLD_IMAGES_MAX; i++) {
		const struct firmware_file *f = fold_image(s, i);

		if (f &&
		    (text_equal_nocase(f->name, base) || text_equal_nocase(f->header_name, base)))
			return (uint32_t)1 << i;
	}
	return 0;
}

bool fold_whole(const struct fold *s, uint32_t bits)
{
	const struct bundle *b = s->phone->bundle;
	uint32_t all = 0, application = 0;

	if (!b)
		return false;
	for (unsigned i = 0; i < b->file_count && i < FOLD_IMAGES_MAX; i++) {
		const struct firmware_file *f = fold_image(s, i);

		if (!f)
			continue;
		all |= (uint32_t)1 << i;
		if (text_ends_nocase(f->name, ".sb2"))
			application |= (uint32_t)1 << i;
	}
	switch (b->family) {
	case MODEL_JAVA: return all && (bits & all) == all;
	/* The loader is skipped by a phone that has it; the .sb2 is what boots. Loads from
	 * before the universal loader are one image. */
	case MODEL_LEGACY: return (bits & (application ? application : all)) != 0;
	case MODEL_KUP: return (bits & all) != 0; /* .sbin and .zup are two dresses of one image */
	}
	return false;
}

bool fold_named(const struct fold *s, uint32_t bits)
{
	const struct bundle *b = s->phone->bundle;
	char load[sizeof(b->load)];

	for (unsigned i = 0; b && i < b->file_count && i < FOLD_IMAGES_MAX; i++) {
		const struct firmware_file *f = bits >> i & 1 ? fold_image(s, i) : NULL;

		if (!f)
			continue;
		load_name_of_file(f->name, load, sizeof(load));
		if (text_equal_nocase(load, b->load))
			return true;
	}
	return false;
}

bool fold_given_whole(const struct fold *s)
{
	const struct phone *phone = s->phone;

	return phone->bundle && phone->bundle->family == MODEL_KUP ? fold_named(s, phone->fetched)
								   : fold_whole(s, phone->ever);
}

bool fold_fed(const struct fold *s)
{
	const struct phone *phone = s->phone;
	enum model_family family;

	if (!fold_family(s, &family) || family == MODEL_JAVA)
		return phone->ever != 0 && (phone->erased || fold_whole(s, phone->ever));
	/* The list may be said to be complete after the members are, when its last ACK was lost,
	 * and a 7940/7960 fetches it at every start: what was ever fetched counts. */
	return fold_whole(s, family == MODEL_LEGACY ? phone->ever : phone->fetched);
}
