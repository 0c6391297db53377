/* SPDX-License-Identifier: MIT */
/*
 * The one stream of events. Everything that happened is said here once; the terminal,
 * the log, JSON lines and the phone tracker are readers of it.
 *
 * An event is a plain value. The core fills the fields; the bus (in the shell) stamps
 * seq and wall time and renders. All text in an event is printable ASCII: whoever
 * puts wire bytes in uses event_set_bytes(), which escapes them.
 */
#ifndef REFLASHD_EVENT_H
#define REFLASHD_EVENT_H

#include "reflashd/address.h"
#include "reflashd/base.h"
#include "reflashd/fault.h"

enum event_severity {
	SEVERITY_DEBUG,
	SEVERITY_INFO,
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_ERROR,
};

enum event_type {
#define EVENT(id, ...) EVENT_##id,
#include "reflashd/events.def"
#undef EVENT
	EVENT_TYPE_COUNT
};

enum event_field {
#define FIELD(id, ...) FIELD_##id,
#include "reflashd/event_fields.def"
#undef FIELD
	EVENT_FIELD_COUNT
};

struct event {
	enum event_type type;
	enum event_severity severity;
	uint64_t seq;	  /* gapless from 1; stamped by the bus */
	int64_t wall_ms;  /* milliseconds since 1970 UTC; stamped by the bus */
	uint64_t present; /* bit (1 << FIELD_x): the event carries this field */
	char text[768];	  /* a sentence better than the table's, or "" */

	struct mac mac;
	uint32_t ip, server;
	uint64_t schema, size, bytes, ms, resent, files, done, seconds;
	bool complete, up, confirmed;
	char version[32], interface[16], address[20];
	char vendor_class[96], reason[256], file[192];
	char load[72], model[16], models[128], missing[1024], signature[20], generation[8];
	char source[256], code[32], device[40], platform[48], software[72], stage[24], proof[12];
	char observation[200], why[256];
};

/* Makes *e an event of that type with the table's severity and no fields. O(1): the text
 * buffers are terminated, not cleared, since the struct is large and events are many. */
void event_init(struct event *e, enum event_type type);

/* Each sets one field and marks it present. must() if the field is of another type. */
void event_set_mac(struct event *e, struct mac mac);
void event_set_ip(struct event *e, enum event_field field, uint32_t ip);
void event_set_number(struct event *e, enum event_field field, uint64_t value);
void event_set_truth(struct event *e, enum event_field field, bool value);
/* Our own words, printf-like; cut when too long. NULL leaves the field absent. For LIST
 * fields the items are separated by '\n'. */
void event_set_text(struct event *e, enum event_field field, const char *text);
void event_set_format(struct event *e, enum event_field field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Somebody else's bytes: escaped. */
void event_set_bytes(struct event *e, enum event_field field, const uint8_t *data, size_t len);
/* The sentence itself, instead of the table's. It may begin with "{phone}", which is replaced
 * when it is rendered: by then the event may know more than an address. */
void event_say(struct event *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Does the event carry this field? */
bool event_has(const struct event *e, enum event_field field);

const char *event_name(enum event_type type);
const char *event_severity_name(enum event_severity severity);

/* The sentence a person sees, without time. Returns its length; always terminated. */
size_t event_text(const struct event *e, char *out, size_t size);

/* One JSON object without a newline, as promised in the interface document.
 * malloc'ed; the caller frees. NULL only when memory is short. */
char *event_json(const struct event *e);

/*
 * The other way round: one line of a recorded stream. The sentence that was recorded becomes
 * event.text. 0; -EBADMSG with a fault when it is no event (the fault says what is wrong);
 * -ENOENT for an event or schema of a later version, to be passed over. *e is written only on
 * success; fields we do not know are passed over.
 */
#define EVENT_LINE_MAX 65536
int event_from_json(struct event *e, const char *line, size_t len, struct fault *f);

#endif
