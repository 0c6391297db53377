/* SPDX-License-Identifier: MIT */
/*
 * What a phone says of itself on its own web page (phones.md 10.4): GET /DeviceInformationX, and
 * the XML of the answer. Pure; the bytes are kept by the caller. Old, slow and odd web servers
 * answer here: HTTP/1.0 or 1.1, with a length, in chunks, or up to the end of the connection.
 */
#ifndef REFLASHD_DEVICE_PAGE_H
#define REFLASHD_DEVICE_PAGE_H

#include "reflashd/event.h"
#include "reflashd/models.h"

#define DEVICE_PAGE_PORT    80
#define DEVICE_PAGE_MAX	    32768 /* bytes of a whole answer, head and all */
#define DEVICE_PAGE_ASK_MAX 160

enum device_page_state {
	DEVICE_PAGE_MORE,    /* so far so good; read on */
	DEVICE_PAGE_WHOLE,   /* all of it is there */
	DEVICE_PAGE_REFUSED, /* HTTP, but not 200: no such page, or web access is switched off */
	DEVICE_PAGE_BROKEN,  /* no HTTP, cut, or larger than a page can be */
};

/* The request, to be sent as it is. */
size_t device_page_ask(uint32_t ip, char out[DEVICE_PAGE_ASK_MAX]);

/* How far the answer is: everything received so far, and whether the phone has closed the
 * connection (then it is never MORE). */
enum device_page_state device_page_state(const uint8_t *data, size_t len, bool closed);

/*
 * Makes *e an http.device of an answer that is WHOLE. data is changed (chunks are joined in place).
 * False when there is no such XML in it or it names no load; *e is undefined then. The load is what
 * the page says and may be a component, "jar75sccp.9-4-2SR3-1S".
 */
bool device_page_read(uint8_t *data, size_t len, uint32_t ip, const struct models *models,
		      struct event *e);

/* ---- the phone's side, for simulated phones and tests ---- */

struct device_page {
	struct mac mac;
	const char *load;	  /* appLoadID */
	const char *version;	  /* versionID, "8.1(2.0)" */
	const char *model_number; /* "CP-7940" */
};

/* The whole answer, head and all; 0 when it does not fit. */
size_t device_page_encode(const struct device_page *p, uint8_t *out, size_t size);

#endif
