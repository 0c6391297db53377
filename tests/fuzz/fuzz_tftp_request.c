/* SPDX-License-Identifier: MIT */
/*
 * Every decoder of TFTP bytes on the same input, and what must hold of what comes out: spans lie
 * inside the input, options are in range and each there once, names hold no separator, an
 * OACK of what was parsed parses back to the same.
 */
#include "reflashd/tftp_name.h"
#include "reflashd/tftp_packet.h"
#include "reflashd/tftp_server.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_inside(struct span s, const uint8_t *data, size_t len)
{
	if (s.len > 0)
		must(s.data >= data && s.len <= len && s.data + s.len <= data + len);
}

static void check_oack(const struct tftp_request *r)
{
	uint8_t packet[TFTP_CONTROL_MAX + 16] = "\0\1f\0octet";
	struct tftp_request again;
	uint8_t oack[TFTP_CONTROL_MAX];
	size_t len = tftp_oack_write(oack, sizeof(oack), r->options, r->option_count);

	must(len >= 2 && oack[len - 1] == (r->option_count ? 0 : TFTP_OACK));
	memcpy(packet + 10, oack + 2, len - 2);
	must(tftp_request_parse(&again, packet, 10 + len - 2) == TFTP_PARSE_OK);
	must(again.option_count == r->option_count);
	for (unsigned i = 0; i < r->option_count; i++) {
		must(again.options[i].kind == r->options[i].kind);
		must(again.options[i].value == r->options[i].value);
		must(again.options[i].name.len == r->options[i].name.len);
		must(memcmp(again.options[i].name.data, r->options[i].name.data,
			    r->options[i].name.len) == 0);
	}
}

static void check_request(const uint8_t *data, size_t len)
{
	struct tftp_request r;
	unsigned kinds = 0;

	if (tftp_request_parse(&r, data, len) != TFTP_PARSE_OK)
		return;
	check_inside(r.file, data, len);
	must(r.file.len > 0 && r.option_count <= TFTP_OPT_KINDS);
	for (unsigned i = 0; i < r.option_count; i++) {
		check_inside(r.options[i].name, data, len);
		must(r.options[i].kind < TFTP_OPT_KINDS);
		must(!(kinds & 1u << r.options[i].kind));
		kinds |= 1u << r.options[i].kind;
	}
	check_oack(&r);
}

static void check_name(const uint8_t *data, size_t len)
{
	struct tftp_name n;

	if (tftp_name_parse(&n, data, len) != TFTP_NAME_OK)
		return;
	must(memchr(n.base, 0, sizeof(n.base)) && memchr(n.folder, 0, sizeof(n.folder)));
	must(n.base[0] && !strpbrk(n.base, "/\\") && !strpbrk(n.folder, "/\\"));
	must(strcmp(n.base, "..") != 0 && strcmp(n.folder, "..") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tftp_reply reply;
	size_t n = tftp_netascii(data, len, NULL);
	uint8_t *out = malloc(n ? n : 1);

	check_request(data, len);
	check_name(data, len);
	if (tftp_reply_parse(&reply, data, len))
		check_inside(reply.message, data, len);
	must(out && tftp_netascii(data, len, out) == n && n >= len);
	free(out);
	return 0;
}
