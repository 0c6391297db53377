/* SPDX-License-Identifier: MIT */
/*
 * TFTP packets on the wire (RFC 1350, 2347, 2348, 2349, 7440), the server's half.
 */
#ifndef REFLASHD_TFTP_PACKET_H
#define REFLASHD_TFTP_PACKET_H

#include "reflashd/base.h"

#define TFTP_PORT	     69
#define TFTP_BLKSIZE_DEFAULT 512
#define TFTP_BLKSIZE_MIN     8
#define TFTP_BLKSIZE_MAX     65464 /* RFC 2348 */
#define TFTP_CONTROL_MAX     516   /* largest OACK or ERROR we build */

enum tftp_opcode {
	TFTP_RRQ = 1,
	TFTP_WRQ = 2,
	TFTP_DATA = 3,
	TFTP_ACK = 4,
	TFTP_ERROR = 5,
	TFTP_OACK = 6,
};

enum tftp_error {
	TFTP_ERR_UNDEFINED = 0,
	TFTP_ERR_NOT_FOUND = 1,
	TFTP_ERR_ACCESS = 2,
	TFTP_ERR_DISK_FULL = 3,
	TFTP_ERR_ILLEGAL = 4,
	TFTP_ERR_UNKNOWN_TID = 5,
	TFTP_ERR_EXISTS = 6,
	TFTP_ERR_NO_USER = 7,
	TFTP_ERR_OPTION = 8,
};

enum tftp_option_kind {
	TFTP_OPT_BLKSIZE,    /* 8..65464 bytes */
	TFTP_OPT_TIMEOUT,    /* 1..255 seconds */
	TFTP_OPT_TSIZE,	     /* bytes; 0 in a read request */
	TFTP_OPT_WINDOWSIZE, /* 1..65535 blocks */
	TFTP_OPT_KINDS,
};

/* One option as the client spelled it. Only the four known ones are kept, each once (the
 * first counts), in the client's order; a value out of range means the option is not kept. */
struct tftp_option {
	enum tftp_option_kind kind;
	struct span name; /* borrowed: the client's own spelling, echoed in the OACK */
	uint64_t value;
};

enum tftp_mode {
	TFTP_MODE_OCTET,
	TFTP_MODE_NETASCII,
};

struct tftp_request {
	enum tftp_opcode op; /* TFTP_RRQ or TFTP_WRQ */
	struct span file;    /* borrowed, without the NUL; may hold any other byte */
	enum tftp_mode mode;
	unsigned option_count;
	struct tftp_option options[TFTP_OPT_KINDS];
};

enum tftp_parse {
	TFTP_PARSE_OK,
	TFTP_PARSE_SHORT,	/* no opcode, or a string without its NUL */
	TFTP_PARSE_NOT_REQUEST, /* another opcode: a stray packet on port 69 */
	TFTP_PARSE_BAD_MODE,	/* neither octet nor netascii (mail is obsolete) */
	TFTP_PARSE_NO_FILE,	/* empty file name */
};

/* Trailing garbage behind the last whole option pair is ignored (seen from OpenFirmware). */
enum tftp_parse tftp_request_parse(struct tftp_request *r, const uint8_t *data, size_t len);

/* What a client sends during a read transfer. */
struct tftp_reply {
	enum tftp_opcode op; /* TFTP_ACK or TFTP_ERROR; anything else as received */
	uint16_t block;	     /* ACK */
	uint16_t code;	     /* ERROR */
	struct span message; /* ERROR; borrowed, may lack its NUL on the wire */
};

/* False when it is no complete ACK or ERROR. */
bool tftp_reply_parse(struct tftp_reply *r, const uint8_t *data, size_t len);

/* Both return the length, at most size; an ERROR's text is cut when needed. */
size_t tftp_error_write(uint8_t *out, size_t size, enum tftp_error code, const char *text);
/* Exactly these options, nothing after the last NUL (strict clients refuse padding). */
size_t tftp_oack_write(uint8_t *out, size_t size, const struct tftp_option *options, unsigned n);
/* Four bytes: the head of DATA number block (already reduced to 16 bits). */
void tftp_data_head(uint8_t out[4], uint16_t block);

#endif
