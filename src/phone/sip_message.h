/* SPDX-License-Identifier: MIT */
/*
 * The head of a SIP message taken apart, for sip.c and sip_answer.c. Spans point into the head.
 */
#ifndef REFLASHD_PHONE_SIP_MESSAGE_H
#define REFLASHD_PHONE_SIP_MESSAGE_H

#include "reflashd/sip.h"
#include "reflashd/text.h"

#define SIP_VIAS_MAX 16

struct sip_message {
	bool request;	 /* else it is an answer, or nothing that we know */
	unsigned status; /* what a flaw in it is to be answered with; 0: none was found */
	struct span method;
	struct span via[SIP_VIAS_MAX];
	unsigned via_count;
	struct span from, to, call_id, cseq, contact, reason, user_agent, require;
	bool has_length;
	size_t length; /* of the body; at most SIP_BODY_MAX + 1 */
};

/* Reads a head, which ends with its empty line or without it, and unfolds it in place; reading it
 * again gives the same. */
void sip_message_read(struct sip_message *m, uint8_t *head, size_t len);

bool sip_is_method(const struct sip_message *m, const char *name);

/* The first place of that word outside of longer words; s.len: there is none. */
size_t span_find_word(struct span s, const char *word);
/* Up to the first of these characters outside quotes and angle brackets; s.len: none is there. */
size_t span_find_plain(struct span s, const char *any);

/* ";name=value" of a header value, quotes taken off. */
bool sip_param(struct span value, const char *name, struct span *out);

/* The answer to a request, or nothing (out->len 0). asked: its whole length in bytes. */
void sip_answer(const struct sip_message *m, struct sip_peer from, bool stream, size_t asked,
		struct sip_out *out);

#endif
