#!/bin/sh
# A 7970 is back when it says so: by CDP, by registering with SCCP or with SIP, on its web page, or,
# where nobody hears any of that, by what it asks for. The strongest that is heard is told.
. "$(dirname "$0")/lib.sh"
ns_make

# prove PROOF LISTEN SPEAK LOAD [MORE OF simphone]
prove() {
	proof=$1 listen=$2 speak=$3 load=$4
	shift 4
	rm -rf "$FILES/7970" "$T/state" "$EVENTS"
	synth --size 100000 java70 "$load" "$FILES/7970"
	start_daemon --once --timeout 90 --listen "$listen"
	recover_phone --model 7970 --kind erased --load "$load" --speak "$speak" "$@"
	wait_event phone.recovered "\"$load\".*\"proof\": *\"$proof\"" >/dev/null
	status=0
	wait "$DAEMON" || status=$?
	DAEMON=
	[ $status = 0 ] || fail "proof by $proof: the daemon ended with $status, not 0"
	[ "$(grep -c '"event": *"phone.recovered"' "$EVENTS")" = 1 ] || fail "recovered more than once"
	say "$proof: $(grep -o '"event": *"phone.recovered".*' "$EVENTS" | cut -c1-100)"
}
prove cdp cdp,sccp,sip,page cdp SCCP70.8-3-3S
grep -q '"event": *"cdp.seen".*TERM70_LOAD' "$EVENTS" || fail "the loader was not heard"
prove sccp sccp cdp,sccp SCCP70.8-3-3S # a short Register and an Alarm
prove sccp sccp sccp SCCP70.9-4-2SR3-1S # the load is in the Register
grep -q '"event": *"sccp.register".*"load": *"SCCP70.9-4-2SR3-1S"' "$EVENTS" || fail "no load in the Register"
# The seed decides between TCP and UDP.
prove sip sip sip SIP70.9-4-2SR3-1S --seed 1
grep -q 'registers by SIP over TCP' "$T/phone.log" || fail "that was not TCP"
prove sip sip sip SIP70.8-4-2S --seed 2
grep -q 'registers by SIP$' "$T/phone.log" || fail "that was not UDP"
prove http page page SCCP70.8-3-3S
prove requests none cdp,sccp,sip,page SCCP70.8-3-3S

# Several in one house, each with a connection of its own.
rm -rf "$FILES/7970" "$T/state" "$EVENTS"
synth --size 60000 java70 SCCP70.9-4-2SR3-1S "$FILES/7970"
start_daemon --count 6 --timeout 90 --listen sccp,page
recover_phone --model 7971 --kind erased --load SCCP70.9-4-2SR3-1S --speak cdp,sccp,page --count 6
wait "$DAEMON" || fail "six phones: the daemon ended with $?"
DAEMON=
[ "$(grep '"event": *"phone.recovered"' "$EVENTS" | grep -c '"proof": *"\(sccp\|http\)"')" = 6 ] ||
	fail "not all six were proven by what they said"
