/* SPDX-License-Identifier: MIT */
/*
 * The answer of a phone's web server. What is broken stays broken when more comes; a whole page
 * gives an event that can be told, or none.
 */
#include "exact.h"
#include "reflashd/device_page.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct models models;
	static struct event e;
	enum device_page_state early, closed;
	char text[2048];
	uint8_t *copy;

	if (!models.count)
		models_builtin(&models);
	early = device_page_state(data, len / 2, false);
	closed = device_page_state(data, len, true);
	must(closed != DEVICE_PAGE_MORE);
	must(early == DEVICE_PAGE_MORE || closed == early);
	copy = exact_copy(data, len);
	if (device_page_read(copy, len, 0x0a4f4632, &models, &e)) {
		must(closed == DEVICE_PAGE_WHOLE && event_has(&e, FIELD_LOAD));
		must(event_text(&e, text, sizeof(text)) > 0);
	}
	free(copy);
	return 0;
}
