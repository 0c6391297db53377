/* SPDX-License-Identifier: MIT */
/*
 * How much of anything there may be, for the manual: what, how many, and what happens then. Each
 * row is reached by a test (tests/e2e/84-limits.sh, 33-sccp.sh, 66-control.sh, 67-web.sh,
 * 81-flood.sh, or a unit test of that constant).
 */
#ifndef REFLASHD_MAN_LIMITS_H
#define REFLASHD_MAN_LIMITS_H

#include "../daemon/limits.h"
#include "../daemon/tcp_table.h"
#include "../daemon/web.h"

#include "reflashd/archive.h"
#include "reflashd/lease.h"
#include "reflashd/limit.h"
#include "reflashd/phone.h"
#include "reflashd/tftp_transfer.h"

#define MIB(n) ((unsigned long)(n) >> 20)
#define S(t)   ((unsigned long)((t) / USEC_SEC(1)))

static const struct limit_row {
	const char *what;
	unsigned long value;
	const char *unit, *then;
} limit_table[] = {
	{"Addresses of the pool", LEASE_POOL_MAX, "at most",
	 "A full pool is told (dhcp.ignored, pool-full). Every fourth address is kept for phones. "
	 "A "
	 "lease that runs is never given to somebody else; of the others the one that ended "
	 "longest ago goes first."},
	{"Transfers", 1000, "at once, 8 of one address (--max-transfers, --max-per-client)",
	 "One more is answered \"try again later\" and told (tftp.refused, busy), unless it is a "
	 "phone with an address from us: a transfer that was never acknowledged makes room for "
	 "it, of a client without such an address or its own oldest. Names that are not here are "
	 "answered all the same."},
	{"A client that never answered", S(TFTP_UNHEARD), "seconds",
	 "Its address may be forged: it is sent the first block and seven resends, 4500 bytes for "
	 "each request of --max-per-client, and then nothing in the minute until they are given "
	 "up; an address that has its lease from us is sent one block for each. A request sent "
	 "again and again brings one block in 100 ms. Addresses of other "
	 "networks are sent nothing."},
	{"A client that fell silent", S(TFTP_GIVE_UP), "seconds",
	 "Phones write their flash meanwhile. Then the transfer is given up (tftp.aborted)."},
	{"Phones that are remembered", PHONES_MAX, "",
	 "Of more, one is forgotten that never got further than an address, and of those the one "
	 "that was not heard of for longest. It is served all the same, and known again when it "
	 "asks."},
	{"Connections of phones that register", TCP_CONNECTIONS_MAX,
	 "to each port, SCCP and SIP, 8 of one address",
	 "The one that was silent for longest makes room, those that are no phones first "
	 "(daemon.note, sccp-crowded and sip-crowded)."},
	{"Status pages", WEB_VIEWERS_MAX, "open at once; 64 connections, 16 of one address",
	 "One more is told that too many are open (503). Who sends nothing for 10 s, or does not "
	 "read for 30 s, is cut off."},
	{"Programs at the control socket", CONTROL_ASKERS_MAX, "at once",
	 "One more is told so. Who asks nothing for 5 s, or does not read, is cut off."},
	{"Events of devices without an address", LIMIT_STRANGERS, "at once, then 100 in a second",
	 "And of one sender as many as no phone would make in 6 s. What is left out is counted "
	 "and told in one sentence (daemon.note, left-out). Phones that have an address are "
	 "told as ever, unless all of these together say more than 2000 things a second: then "
	 "only what takes a phone that answers."},
	{"Other DHCP servers", RIVALS_MAX, "told in a minute",
	 "A server counts once for each phone that has chosen it (network.rival). What is not told "
	 "counts all the same: only phones get an address then."},
	{"Events that can be asked for later", RECENT_LINES_MAX, "", "The oldest go first."},
	{"Files below one FIRMWARE folder", SCAN_FILES_MAX, "",
	 "With more the folder is refused: it is most likely not the one that was meant."},
	{"A file", MIB(ARCHIVE_FILE_MAX), "MiB", "A larger one is left out, with a finding."},
	{"An archive", MIB(ARCHIVE_SIZE_MAX), "MiB, 512 unpacked, 10000 entries, 3 levels deep",
	 "Of a larger one nothing is taken, with a finding."},
};

_Static_assert(TCP_CONNECTIONS_OF_PEER == 8 && LIMIT_REFILL == 100 && LIMIT_WORK_ON == 2000 &&
		       MIB(ARCHIVE_TOTAL_MAX) == 512 && ARCHIVE_ENTRIES_MAX == 10000 &&
		       ARCHIVE_DEPTH_MAX == 3 && DHCP_KEPT_FOR_PHONES == 4 &&
		       TFTP_REPEAT_MIN == USEC_MS(100),
	       "the words of the table say so");

#endif
