#!/bin/sh
# A 7912 in recovery mode (menu green, hold red): it asks for cp7912r.zup and nothing else, and
# boots when it has it.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 200000 kup7912 CP7912080003SCCP070409A "$FILES/7912"
start_daemon --once --timeout 90
recover_phone --model 7912 --kind recovery
wait_event tftp.complete 'cp7912r\.zup' >/dev/null
wait_event phone.recovered '"7912"' >/dev/null
daemon_ends
