/* SPDX-License-Identifier: MIT */
/*
 * TFTP packets: requests, ACK and ERROR in; OACK, ERROR and the head of DATA out.
 *
 * The happy path: opcode, file name, mode, then pairs of option name and value, every one of
 * them a string with its NUL (RFC 1350 5, RFC 2347).
 *
 * What can go wrong, and the rule for each:
 * - a file name or mode without its NUL: the packet was cut, it is refused as a whole;
 * - garbage behind the last whole pair: ignored. Some OpenFirmware versions send it behind
 *   requests that are valid otherwise, and Ethernet-minded stacks pad with zeros (which read
 *   as pairs of empty strings here);
 * - an option we do not know, or a value that is no number or out of its range: not kept, so
 *   that it is missing from the OACK, which is how RFC 2347 says "no";
 * - an option twice: the first one kept counts (RFC 2347 forbids repeating them);
 * - option names and modes in any case (RFC 1350 5, RFC 2347).
 *
 * On the way out an OACK holds exactly what it must, with the client's own spelling, and ends
 * with the last NUL: Cisco's own TFTP client refuses one with padding.
 */
#include "reflashd/tftp_packet.h"

#include "reflashd/bytes.h"
#include "reflashd/text.h"

#include <string.h>

static const struct {
	const char *name;
	uint64_t min, max;
} option_table[TFTP_OPT_KINDS] = {
	[TFTP_OPT_BLKSIZE] = {"blksize", TFTP_BLKSIZE_MIN, TFTP_BLKSIZE_MAX}, /* RFC 2348 */
	[TFTP_OPT_TIMEOUT] = {"timeout", 1, 255},			      /* RFC 2349 */
	[TFTP_OPT_TSIZE] = {"tsize", 0, UINT64_MAX},			      /* RFC 2349 */
	[TFTP_OPT_WINDOWSIZE] = {"windowsize", 1, 65535},		      /* RFC 7440 */
};

static bool already_kept(const struct tftp_request *r, enum tftp_option_kind kind)
{
	for (unsigned i = 0; i < r->option_count; i++)
		if (r->options[i].kind == kind)
			return true;
	return false;
}

static void keep_option(struct tftp_request *r, struct span name, struct span value)
{
	enum tftp_option_kind kind = 0;
	uint64_t v;

	while (kind < TFTP_OPT_KINDS && !span_is(name, option_table[kind].name))
		kind++;
	if (kind == TFTP_OPT_KINDS || already_kept(r, kind) || !span_number(value, UINT64_MAX, &v))
		return;
	if (v < option_table[kind].min || v > option_table[kind].max)
		return;
	r->options[r->option_count++] = (struct tftp_option){kind, name, v};
}

enum tftp_parse tftp_request_parse(struct tftp_request *r, const uint8_t *data, size_t len)
{
	struct reader in = reader_init(data, len);
	uint16_t op = read_be16(&in);
	struct span mode;

	*r = (struct tftp_request){.op = (enum tftp_opcode)op};
	if (!in.ok)
		return TFTP_PARSE_SHORT;
	if (op != TFTP_RRQ && op != TFTP_WRQ)
		return TFTP_PARSE_NOT_REQUEST;
	r->file = read_cstring(&in);
	mode = read_cstring(&in);
	if (!in.ok)
		return TFTP_PARSE_SHORT;
	if (r->file.len == 0)
		return TFTP_PARSE_NO_FILE;
	if (span_is(mode, "octet"))
		r->mode = TFTP_MODE_OCTET;
	else if (span_is(mode, "netascii"))
		r->mode = TFTP_MODE_NETASCII;
	else
		return TFTP_PARSE_BAD_MODE;
	while (reader_left(&in) > 0) {
		struct span name = read_cstring(&in);
		struct span value = read_cstring(&in);

		if (!in.ok)
			break;
		keep_option(r, name, value);
	}
	return TFTP_PARSE_OK;
}

bool tftp_reply_parse(struct tftp_reply *r, const uint8_t *data, size_t len)
{
	struct reader in = reader_init(data, len);
	uint16_t op = read_be16(&in);
	uint16_t number = read_be16(&in);

	*r = (struct tftp_reply){.op = (enum tftp_opcode)op};
	if (!in.ok || (op != TFTP_ACK && op != TFTP_ERROR))
		return false;
	if (op == TFTP_ACK) {
		r->block = number;
		return true;
	}
	r->code = number;
	r->message = read_span(&in, reader_left(&in));
	for (size_t i = 0; i < r->message.len; i++)
		if (r->message.data[i] == 0)
			r->message.len = i;
	return true;
}

size_t tftp_error_write(uint8_t *out, size_t size, enum tftp_error code, const char *text)
{
	struct writer w = writer_init(out, size);
	size_t len = strlen(text);

	if (size < 5)
		return 0;
	if (len > size - 5)
		len = size - 5;
	write_be16(&w, TFTP_ERROR);
	write_be16(&w, (uint16_t)code);
	write_bytes(&w, text, len);
	write_u8(&w, 0);
	return w.len;
}

static void write_number(struct writer *w, uint64_t v)
{
	uint8_t digits[20];
	size_t n = 0;

	do
		digits[n++] = (uint8_t)('0' + v % 10);
	while ((v /= 10) > 0);
	while (n > 0)
		write_u8(w, digits[--n]);
	write_u8(w, 0);
}

size_t tftp_oack_write(uint8_t *out, size_t size, const struct tftp_option *options, unsigned n)
{
	struct writer w = writer_init(out, size);

	write_be16(&w, TFTP_OACK);
	for (unsigned i = 0; i < n; i++) {
		write_bytes(&w, options[i].name.data, options[i].name.len);
		write_u8(&w, 0);
		write_number(&w, options[i].value);
	}
	/* Half an OACK would promise something else than what we do. */
	return w.ok ? w.len : 0;
}

void tftp_data_head(uint8_t out[4], uint16_t block)
{
	out[0] = 0;
	out[1] = TFTP_DATA;
	out[2] = (uint8_t)(block >> 8);
	out[3] = (uint8_t)block;
}
