/* SPDX-License-Identifier: MIT */
/*
 * File names as phones write them: "x", "/x", "./x", "locale/x", "Communicator\x".
 * What comes out is looked up in a catalogue; it never becomes part of a path.
 */
#ifndef REFLASHD_TFTP_NAME_H
#define REFLASHD_TFTP_NAME_H

#include "reflashd/base.h"

#define TFTP_NAME_MAX 128

struct tftp_name {
	char folder[TFTP_NAME_MAX]; /* the one folder in front, or "" */
	char base[TFTP_NAME_MAX];   /* never empty, no '/' and no '\\' */
};

enum tftp_name_parse {
	TFTP_NAME_OK,
	TFTP_NAME_UNSAFE, /* "..", control characters, bytes above 0x7e */
	TFTP_NAME_DEEP,	  /* more than one folder, an empty base, or too long */
};

enum tftp_name_parse tftp_name_parse(struct tftp_name *n, const uint8_t *data, size_t len);

#endif
