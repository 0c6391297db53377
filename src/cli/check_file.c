/* SPDX-License-Identifier: MIT */
/* One file of a bundle, in a word and in a phrase. */
#include "check.h"

#include "reflashd/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static bool renamed(const struct firmware_file *f)
{
	const char *slash = strrchr(f->name, '/');

	return f->header_name[0] && !text_equal_nocase(f->header_name, slash ? slash + 1 : f->name);
}

const char *check_state(const struct firmware_file *f)
{
	if (f->size == 0)
		return "empty";
	if (f->header == SIGNED_TRUNCATED || f->image.state == IMAGE_TRUNCATED)
		return "truncated";
	if (f->header == SIGNED_MALFORMED || f->image.state == IMAGE_MALFORMED ||
	    (f->loads && f->loads->member_count == 0))
		return "malformed";
	if (f->image.state == IMAGE_CORRUPT)
		return "corrupt";
	if (f->signature.state == SIGNATURE_BAD)
		return "altered";
	if (renamed(f))
		return "renamed";
	if (f->image.state == IMAGE_EXTRA)
		return "extra";
	if (f->image.state == IMAGE_COMPLETE || f->signature.state == SIGNATURE_VERIFIED)
		return "whole";
	return f->role == FILE_LOADS ? "whole" : "not-checkable";
}

bool check_file_good(const struct firmware_file *f)
{
	const char *state = check_state(f);

	return strcmp(state, "whole") == 0 || strcmp(state, "not-checkable") == 0;
}

static void day(uint32_t seconds, char out[16])
{
	time_t when = seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(out, 16, "%Y-%m-%d", &tm) == 0)
		text_copy(out, 16, "no date");
}

static void signature_phrase(const struct firmware_file *f, char *out, size_t size)
{
	const struct signature_result *s = &f->signature;
	char date[16];

	day(s->time, date);
	switch (s->state) {
	case SIGNATURE_VERIFIED:
		text_format(out, size, "verified by %s, %s", s->key->id, date);
		break;
	case SIGNATURE_UNKNOWN_SIGNER: text_copy(out, size, "unknown signer"); break;
	case SIGNATURE_BAD: text_copy(out, size, "bad signature"); break;
	case SIGNATURE_UNSIGNED:
		text_copy(out, size,
			  text_ends_nocase(f->name, ".zup") ? "never signed" : "unsigned");
		break;
	}
}

void check_phrase(const struct firmware_file *f, char *out, size_t size)
{
	const char *state = check_state(f);
	uint64_t n = f->image.difference;
	char count[28], signature[64];

	text_number(count, n);
	signature_phrase(f, signature, sizeof(signature));
	if (strcmp(state, "empty") == 0)
		text_copy(out, size, "EMPTY");
	else if (f->header == SIGNED_TRUNCATED || (strcmp(state, "truncated") == 0 && n == 0))
		text_copy(out, size, "CUT SHORT");
	else if (strcmp(state, "truncated") == 0)
		text_format(out, size, "%s byte%s MISSING", count, n == 1 ? "" : "s");
	else if (strcmp(state, "malformed") == 0 || strcmp(state, "corrupt") == 0)
		text_copy(out, size, "DAMAGED");
	else if (strcmp(state, "altered") == 0)
		text_copy(out, size, "ALTERED, bad signature");
	else if (strcmp(state, "renamed") == 0)
		text_format(out, size, "RENAMED, is %s", f->header_name);
	else if (strcmp(state, "extra") == 0)
		text_format(out, size, "%s byte%s TOO MANY, %s", count, n == 1 ? "" : "s",
			    signature);
	else if (strcmp(state, "not-checkable") == 0)
		text_format(out, size, "length not known, %s", signature);
	else
		text_format(out, size, "whole, %s", signature);
}
