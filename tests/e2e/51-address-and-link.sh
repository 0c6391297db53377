#!/bin/sh
# Without an address the interface gets one from us, gets it back when somebody takes it away in
# mid-service (network managers do, when a phone on a direct cable reboots), and loses it at the end.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 100000 java70 SCCP70.8-3-3S "$FILES/7970"
start_daemon
has_address || fail "the address was not added"
ip -n "$SRV" addr flush dev lan0
wait_until 2 has_address || fail "the address did not come back"
ip -n "$CLI" link set eth0 down
wait_event network.link '"up": *false' >/dev/null
ip -n "$CLI" link set eth0 up
wait_event network.link '"up": *true' >/dev/null
recover_phone --model 7970 --kind erased
wait_event phone.recovered >/dev/null
stop_daemon
! has_address || fail "our address was left behind"
