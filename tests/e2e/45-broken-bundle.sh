#!/bin/sh
# Firmware that would kill a phone is never offered to it: a truncated member, a missing one, a
# renamed list. Each is reported by file and reason, with exit code 3; beside a good bundle only
# the good one is served.
. "$(dirname "$0")/lib.sh"
ns_make
try() { # WHAT IT MUST SAY, then the breakage
	rm -rf "$FILES/7970"
	synth --size 100000 --break "$2" java70 SCCP70.8-3-3S "$FILES/7970"
	daemon_exits 3 --keys "$ROOT/tests/keys/test-keys.ini"
	grep -Eq "$1" "$LOG" || fail "it did not say: $1"
}
try 'cvm70sccp[^ ]* .*1,000 bytes early' truncate:cvm70sccp.8-3-3-27.sbn:1000
try 'apps70' missing:apps70.8-3-3-27.sbn
try 'carries the name' rename
try 'altered|changed' flip:dsp70.8-3-3-27.sbn

synth --size 100000 java70 SCCP70.8-2-2S "$FILES/old"
start_daemon --once --timeout 90 --keys "$ROOT/tests/keys/test-keys.ini"
recover_phone --model 7970 --kind erased
wait_event phone.recovered 'SCCP70\.8-2-2S' >/dev/null
wait_event firmware.bundle "Firmware SCCP70.8-3-3S for 7970 7971 in $FILES/7970: " >/dev/null
daemon_ends
