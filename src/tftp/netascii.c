/* SPDX-License-Identifier: MIT */
/*
 * netascii as RFC 764 prints it: a line ends in CR LF, and a CR that is just a CR is CR NUL.
 *
 * The rule looks at one byte at a time and knows nothing of "CR LF already there": a file with
 * DOS line ends gets CR NUL CR LF, which the client's own conversion turns back into CR LF, so
 * that both ways together change nothing. No phone was ever seen to ask for this mode
 * (phones.md 5); people with an old tftp client do, by its default.
 */
#include "reflashd/tftp_server.h"

size_t tftp_netascii(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t first = data[i] == '\n' ? '\r' : data[i];
		bool pair = data[i] == '\n' || data[i] == '\r';

		if (out) {
			out[n] = first;
			if (pair)
				out[n + 1] = data[i] == '\n' ? '\n' : 0;
		}
		n += pair ? 2 : 1;
	}
	return n;
}
