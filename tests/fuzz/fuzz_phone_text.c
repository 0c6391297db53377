/* SPDX-License-Identifier: MIT */
/* What is known of the phones, from any bytes. What is taken reads back as it was written. */
#include "reflashd/phone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_all(const struct phones *p, size_t *len)
{
	size_t room = ((size_t)p->count + 1) * PHONE_TEXT_MAX;
	char *text = malloc(room);

	must(text);
	text[0] = '\0';
	*len = 0;
	for (unsigned i = 0; i < p->count; i++)
		*len += phone_text_write(&p->phone[i], text + *len, room - *len);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct models models; /* read only, once made */
	struct library library = {.models = &models};
	struct phones *p = malloc(sizeof(*p));
	size_t first_len, second_len;
	char *first, *second;
	struct fault f;

	must(p);
	if (!models.count)
		models_builtin(&models);
	phones_init(p, &library);
	if (phones_text_read(p, "phones", (const char *)data, size, &f) != 0) {
		must(p->count == 0 && f.text[0]);
		free(p);
		return 0;
	}
	for (unsigned i = 0; i < p->count; i++) {
		struct phone_facts facts;

		phone_facts(p, &p->phone[i], &facts);
	}
	first = write_all(p, &first_len);
	phones_init(p, &library);
	must(phones_text_read(p, "phones", first, first_len, &f) == 0);
	second = write_all(p, &second_len);
	must(first_len == second_len && memcmp(first, second, first_len) == 0);
	free(first);
	free(second);
	free(p);
	return 0;
}
