/* SPDX-License-Identifier: MIT */
/* The signed header, and the verification of whatever has one. */
#include <string.h>

#include "reflashd/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keys keys; /* read once: they do not change */
	struct signature_result r;
	struct signed_header h;

	if (keys.count == 0)
		keys_builtin(&keys);
	if (signed_header_parse(&h, data, size) != SIGNED_OK)
		return 0;
	must(h.length <= size && h.length > 10 && h.length % 4 == 0);
	must(h.signature == h.signature_tlv + 3 && h.signature_len > 0);
	must(h.signature + h.signature_len <= h.length);
	must(strlen(h.name) > 0 && !strchr(h.name, '/'));
	must(!h.signer.len || (h.signer.data > data && h.signer.data < data + h.length));
	signature_verify(&r, &h, data, size, &keys);
	must(r.state != SIGNATURE_UNSIGNED);
	must((r.key != NULL) == (r.state == SIGNATURE_VERIFIED || r.state == SIGNATURE_BAD));
	return 0;
}
