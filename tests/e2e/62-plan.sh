#!/bin/sh
# A 7970 whose loader knows only the old signing key. Given releases on both sides of the change it
# ends at the newest one with nobody's help, over 8.5(2), and a restart of the daemon in the middle
# does not make it start over. Given only the new one, the user is told which release is missing,
# by `reflashd plan' before and by the daemon after.
. "$(dirname "$0")/lib.sh"
ns_make
KEYS=$ROOT/tests/keys/test-keys.ini

plan() {
	status=0
	"$BIN" plan --keys "$KEYS" "$@" "$FILES" >"$T/plan.txt" 2>&1 || status=$?
}

planned() { grep -Fq -e "$1" "$T/plan.txt" || { cat "$T/plan.txt"; fail "plan does not say: $1"; }; }

# In the background: it is still at it when the daemon is started anew.
start_phone() {
	ip netns exec "$CLI" "$ROOT/build/tools/simphone" -i eth0 --speed 100 --timeout 60 \
		--model 7970 --kind erased --knows g1 --keys "$KEYS" >"$T/phone.log" 2>&1 &
	PHONE=$!
}

# --- only the new key

synth java70 SCCP70.9-4-2SR3-1S "$FILES/94"
plan 7970
[ $status = 0 ] || fail "the plan of an erased phone ends with $status"
planned 'best 8.5(2) (not 8.5(2)SR1): look for SCCP70.8-5-2S or SIP70.8-5-2S.'
plan 7970:SCCP70.8-2-2S
[ $status = 3 ] || fail "a plan without its stepping stone ends with $status, not 3"
planned 'SCCP70.8-5-2S or SIP70.8-5-2S.'

start_daemon --keys "$KEYS"
start_phone
wait_event phone.stage '"refused"' | grep -q 'SCCP70\.9-4-2SR3-1S' || fail "refused what?"
wait_event phone.advice 'no-bundle-helps.*SCCP70\.8-5-2S or SIP70\.8-5-2S|SCCP70\.8-5-2S or SIP70\.8-5-2S.*no-bundle-helps' >/dev/null
kill "$PHONE" 2>/dev/null || :
wait "$PHONE" 2>/dev/null || :
stop_daemon
grep -q 'erased SCCP70\.9-4-2SR3-1S$' "$T/state/phones" || fail "the refusal is not kept"

# --- with the stepping stone, in a daemon that knows from before what was refused

synth java70 SCCP70.8-5-2S "$FILES/852"
plan 7970
[ $status = 0 ] || fail "the plan ends with $status"
planned 'If its loader refuses SCCP70.9-4-2SR3-1S:'
start_daemon --keys "$KEYS" --once --timeout 90
start_phone
wait_event tftp.start 'term70' | grep -q 'SCCP70\.8-5-2S' || fail "the refusal is forgotten"
status=0
wait "$DAEMON" || status=$?
[ $status = 0 ] || fail "the daemon ended with $status, not 0"
! grep -q '"refused"' "$EVENTS" || fail "it had to refuse once more"
grep -q '"next-step"' "$EVENTS" || fail "nothing was said of the next step"
grep '"phone.recovered"' "$EVENTS" | grep -q 'SCCP70\.9-4-2SR3-1S' || fail "recovered at another load"
kill "$PHONE" 2>/dev/null || :
wait "$PHONE" 2>/dev/null || :

# --- the same from the beginning: refused, stepping stone, target

rm "$T/state/phones"
start_daemon --keys "$KEYS" --once --timeout 90
start_phone
status=0
wait "$DAEMON" || status=$?
[ $status = 0 ] || fail "the daemon ended with $status, not 0"
grep -q '"refused"' "$EVENTS" || fail "no refusal was seen"
grep '"phone.recovered"' "$EVENTS" | grep -q 'SCCP70\.9-4-2SR3-1S' || fail "recovered at another load"
kill "$PHONE" 2>/dev/null || :
wait "$PHONE" 2>/dev/null || :

# --- a file that is not ours is not believed, and the person is told which one it is

echo nonsense >"$T/state/phones"
start_daemon --keys "$KEYS"
wait_event daemon.note 'state-damaged.*state/phones.*line 1' >/dev/null
stop_daemon
[ "$(cat "$T/state/phones.damaged")" = nonsense ] || fail "the damaged file was not put aside"
