#!/bin/sh
# The adapter is pulled out in mid-service: the daemon says so and ends with exit code 4, instead of
# sitting there with sockets that belong to nothing.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
start_daemon
ip -n "$SRV" link del lan0
status=0
wait "$DAEMON" || status=$?
DAEMON=
[ $status = 4 ] || fail "it ended with $status, not 4"
wait_event daemon.note 'interface-gone' >/dev/null
