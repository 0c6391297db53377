#!/bin/sh
# Twenty phones of one kind, powered at the same moment: all of them come back, each with an
# address of its own.
# alone
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 60000 java42 SIP42.9-4-2SR3-1S "$FILES/7942"
start_daemon --count 20 --timeout 110
recover_phone --model 7942 --kind erased --sip --count 20
[ "$(grep -c '"event": *"phone.recovered"' "$EVENTS")" = 20 ] || fail "not all of them were proven"
addresses=$(grep '"event": *"dhcp.ack"' "$EVENTS" | sed 's/.*"ip": *"\([^"]*\)".*/\1/' | sort -u | wc -l)
[ "$addresses" = 20 ] || fail "twenty phones have $addresses addresses"
daemon_ends
