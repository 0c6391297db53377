/* SPDX-License-Identifier: MIT */
/*
 * The shapes in which phones write a file name, brought to one: a base and at most one folder.
 *
 * Seen on the wire (phones.md 15): "x", "/x" (an empty locale and a slash), "./x" (7960 with
 * tftp_cfg_dir "./"), "US/x" (a locale), "Communicator\x" (the softphone). So both slashes
 * separate, and empty and "." steps say nothing. A trailing slash leaves no base.
 *
 * What can go wrong: ".." as a step, a control character, or a byte that is not ASCII. None of
 * these could do harm, since a name is only ever compared with names we know, but nobody sends
 * them by accident, and the person watching should be told. This is judged over the whole
 * name before its depth is, so that "a/b/../../c" is called what it is.
 */
#include "reflashd/tftp_name.h"

#include <string.h>

static bool slash(uint8_t c)
{
	return c == '/' || c == '\\';
}

/* The step that starts at pos, without its slash; moves pos behind it. */
static struct span next_step(const uint8_t *data, size_t len, size_t *pos)
{
	size_t start = *pos;

	while (*pos < len && !slash(data[*pos]))
		(*pos)++;
	struct span step = {data + start, *pos - start};
	if (*pos < len)
		(*pos)++;
	return step;
}

static bool is_dots(struct span step, size_t dots)
{
	return step.len == dots && memcmp(step.data, "..", dots) == 0;
}

static bool unsafe(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] < 0x20 || data[i] > 0x7e)
			return true;
	for (size_t pos = 0; pos < len;)
		if (is_dots(next_step(data, len, &pos), 2))
			return true;
	return false;
}

static void put(char out[TFTP_NAME_MAX], struct span step)
{
	if (step.len > 0)
		memcpy(out, step.data, step.len);
	out[step.len] = 0;
}

enum tftp_name_parse tftp_name_parse(struct tftp_name *n, const uint8_t *data, size_t len)
{
	struct span folder = {NULL, 0}, base = {NULL, 0};
	size_t pos = 0;

	if (unsafe(data, len))
		return TFTP_NAME_UNSAFE;
	if (len == 0 || slash(data[len - 1]))
		return TFTP_NAME_DEEP;
	while (pos < len) {
		struct span step = next_step(data, len, &pos);

		if (step.len == 0 || is_dots(step, 1))
			continue;
		if (folder.len > 0 || step.len >= TFTP_NAME_MAX)
			return TFTP_NAME_DEEP;
		folder = base;
		base = step;
	}
	if (base.len == 0)
		return TFTP_NAME_DEEP;
	put(n->folder, folder);
	put(n->base, base);
	return TFTP_NAME_OK;
}
