/* SPDX-License-Identifier: MIT */
/*
 * Inside the TFTP room only: what the server machine says about what it does.
 */
#ifndef REFLASHD_TFTP_REPORT_H
#define REFLASHD_TFTP_REPORT_H

#include "reflashd/tftp_server.h"

enum tftp_refusal {
	TFTP_REFUSE_EXPECTED,
	TFTP_REFUSE_UNKNOWN,
	TFTP_REFUSE_DEEP, /* reason "unknown" as well */
	TFTP_REFUSE_UNSAFE,
	TFTP_REFUSE_WITHHELD,
	TFTP_REFUSE_TRY_LATER,
	TFTP_REFUSE_BUSY_CLIENT,
	TFTP_REFUSE_BUSY_SERVER,
	TFTP_REFUSE_WRITE,
	TFTP_REFUSE_MALFORMED,
	TFTP_REFUSE_MODE, /* reason "malformed" as well */
	TFTP_REFUSALS,
};

void tftp_report_request(struct tftp_out *out, struct span file);
void tftp_report_start(struct tftp_out *out, const struct tftp_slot *slot);
void tftp_report_progress(struct tftp_out *out, const struct tftp_slot *slot);
/* The event and the ERROR for out->peer; why is a clause or "". */
void tftp_report_refused(struct tftp_out *out, enum tftp_refusal refusal, struct span file,
			 const char *why);
/* reply: the datagram that ended it, if one did. heard: the client acknowledged something, be it of
 * another transfer. */
void tftp_report_end(struct tftp_out *out, const struct tftp_slot *slot, struct span reply,
		     bool heard, usec_t now);

#endif
