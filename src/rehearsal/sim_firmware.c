/* SPDX-License-Identifier: MIT */
/*
 * What a simulated phone checks before it believes a file (firmware-formats.md 2.3, 8).
 *
 * A packing list: a signed header whose name is the asked one to the letter, and a body that
 * is a list. A member: header name as asked (upper and lower case are one here: renaming
 * jar70… to Jar70… was accepted, phones.md 13), and an image that is whole by its own
 * lengths. A KUP image: whole, its sum right, made for this model.
 *
 * The signature is sim_trust.c's. Without keys nobody looks at it, and a .sb2 that lost its tail
 * passes, where a real phone would refuse it.
 */
#include "reflashd/image.h"
#include "reflashd/signed_file.h"
#include "sim_private.h"

#include <string.h>

#define WHY 160

static bool open_signed(const char *name, const uint8_t *data, size_t len, struct signed_header *h,
			char why[WHY])
{
	why[0] = '\0';
	switch (signed_header_parse(h, data, len)) {
	case SIGNED_OK: return true;
	case SIGNED_NONE: text_format(why, WHY, "%s is not signed", name); break;
	case SIGNED_TRUNCATED: text_format(why, WHY, "%s ends inside its header", name); break;
	case SIGNED_MALFORMED: text_format(why, WHY, "%s has a damaged header", name); break;
	}
	return false;
}

static void wrong_name(const char *name, const struct signed_header *h, char why[WHY])
{
	text_format(why, WHY, "%s is called %s inside", name, h->name);
}

void sim_check_list(const char *name, const uint8_t *data, size_t len, struct loads *list,
		    char why[WHY])
{
	struct signed_header h;

	if (!open_signed(name, data, len, &h, why))
		return;
	if (strcmp(h.name, name) != 0) {
		wrong_name(name, &h, why);
		return;
	}
	loads_parse(list, data + h.length, len - h.length);
	if (list->dialect == LOADS_FOREIGN || list->member_count == 0 || list->overflow)
		text_format(why, WHY, "%s is no packing list", name);
}

static void check_image(const char *name, const struct image *image, char why[WHY])
{
	switch (image->state) {
	case IMAGE_COMPLETE:
	case IMAGE_NOT_CHECKABLE: break;
	case IMAGE_TRUNCATED: text_format(why, WHY, "%s is cut short", name); break;
	case IMAGE_EXTRA: text_format(why, WHY, "%s has something behind its end", name); break;
	case IMAGE_CORRUPT: text_format(why, WHY, "%s has a wrong checksum", name); break;
	case IMAGE_MALFORMED: text_format(why, WHY, "%s is damaged", name); break;
	}
}

static bool format_fits(const char *name, enum image_format format)
{
	if (text_ends_nocase(name, ".sb2"))
		return format == IMAGE_SB2 || format == IMAGE_UNKNOWN;
	if (text_starts_nocase(name, "P00"))
		return format == IMAGE_P003;
	return format == IMAGE_CNU;
}

void sim_check_member(const char *name, const uint8_t *data, size_t len, char why[WHY])
{
	struct signed_header h;
	struct image image;

	if (!open_signed(name, data, len, &h, why))
		return;
	if (!text_equal_nocase(h.name, name)) {
		wrong_name(name, &h, why);
		return;
	}
	image_inspect(&image, data + h.length, len - h.length);
	if (format_fits(name, image.format))
		check_image(name, &image, why);
	else
		text_format(why, WHY, "%s is no image for this phone", name);
}

void sim_check_kup(const char *name, const struct model *model, const uint8_t *data, size_t len,
		   char why[WHY])
{
	struct signed_header h;
	struct image image;
	size_t body = 0;

	/* A .zup is bare, a .sbin is the same bytes behind a header. */
	if (text_ends_nocase(name, ".sbin")) {
		if (!open_signed(name, data, len, &h, why))
			return;
		if (!text_equal_nocase(h.name, name)) {
			wrong_name(name, &h, why);
			return;
		}
		body = h.length;
	}
	why[0] = '\0';
	/* A file of no bytes may be no pointer, either. */
	image_inspect(&image, body ? data + body : data, len - body);
	if (image.format != IMAGE_KUP)
		text_format(why, WHY, "%s is no image for this phone", name);
	else if (image.state != IMAGE_COMPLETE)
		check_image(name, &image, why);
	else if (image.kup_model != model->kup_model)
		text_format(why, WHY, "%s is made for another model", name);
}

void sim_names_of_list(struct sim_names *names, const struct loads *list)
{
	unsigned i;

	names->count = list->member_count;
	for (i = 0; i < list->member_count; i++)
		text_copy(names->name[i], sizeof(names->name[i]), list->member[i].name);
}

bool sim_names_hold(const struct sim_names *names, const char *name)
{
	unsigned i;

	for (i = 0; i < names->count; i++)
		if (text_equal_nocase(names->name[i], name))
			return true;
	return false;
}

bool sim_names_equal(const struct sim_names *a, const struct sim_names *b)
{
	unsigned i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!text_equal_nocase(a->name[i], b->name[i]))
			return false;
	return true;
}

bool sim_version_from(const char *name, unsigned major, unsigned minor, unsigned third)
{
	unsigned number[3] = {0, 0, 0}, least[3] = {major, minor, third}, i;
	const char *c = strchr(name, '.');

	if (!c)
		return false;
	for (i = 0; i < 3; i++) {
		c++;
		for (; *c >= '0' && *c <= '9' && number[i] < 1000; c++)
			number[i] = number[i] * 10 + (unsigned)(*c - '0');
		if (*c != '-')
			break;
	}
	for (i = 0; i < 3; i++)
		if (number[i] != least[i])
			return number[i] > least[i];
	return true;
}
