/* SPDX-License-Identifier: MIT */
/*
 * Limits of the daemon that the manual names (src/man/limits.h). Private to src/daemon.
 */
#ifndef REFLASHD_DAEMON_LIMITS_H
#define REFLASHD_DAEMON_LIMITS_H

#define CONTROL_ASKERS_MAX 16
#define RECENT_LINES_MAX   1024u
#define RIVALS_MAX	   64 /* in a minute; a phone and the server that it chose count as one */
#define SCAN_FILES_MAX	   20000 /* in all; a library of two hundred bundles has a tenth of it */

#endif
