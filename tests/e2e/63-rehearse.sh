#!/bin/sh
# What a person runs before the factory reset: the exit code and one line per model say whether a
# phone comes back with exactly these files. No network is made here, and no root is needed.
. "$(dirname "$0")/lib.sh"
KEYS=$ROOT/tests/keys/test-keys.ini
G1=$ROOT/tests/keys/test-g1.pem
G2=$ROOT/tests/keys/test-g2.pem

# Wrapped lines are put together again, so that what is looked for may stand anywhere in them.
rehearse() { # EXPECTED-EXIT-CODE ARGS
	expected=$1
	shift
	status=0
	$AS "$BIN" rehearse "$@" >"$T/out" 2>"$LOG" || status=$?
	tr -s '\n ' '  ' <"$T/out" >"$T/line"
	[ $status = "$expected" ] || fail "rehearse $*: exit code $status, not $expected: $(tail -n 20 "$T/out")"
}
says() { grep -Fq -- "$1" "$T/line" || fail "it did not say \"$1\": $(tail -n 30 "$T/out")"; }
silent() { ! grep -Fq -- "$1" "$T/line" || fail "it said \"$1\""; }
AS=

# Only 9.4: modern phones come back, old boot code would not. That is a loud warning, and no failure.
synth --size 100000 --key "$G2" java70 SCCP70.9-4-2SR3-1S "$FILES/new"
rehearse 0 --keys "$KEYS" "$FILES/new"
says 'an erased 7970:'
says '5 members (of SCCP70.9-4-2SR3-1S)'
says 'ok 7970: comes back in about'
says 'ok 7971: comes back in about'
says 'WARNING 7970 with old boot code: stays dead with this firmware.'
says 'Auth Fail'
says 'SCCP70.8-5-2S'
says 'WARNING 7970 that runs SCCP70.8-2-2S: stays on what it runs.'
says 'A real phone may take longer.'
silent 'asks for'
grep -q WARNING "$LOG" || fail "there was no warning on standard error"

# With the stepping stone every one of them ends at the target.
synth --size 100000 --key "$G1" java70 SCCP70.8-5-2S "$FILES/old"
rehearse 0 --keys "$KEYS" "$FILES/new" "$FILES/old"
says 'ok 7970 with old boot code: comes back in about'
says 'with SCCP70.9-4-2SR3-1S, by way of SCCP70.8-5-2S.'
says 'ok 7970 that runs SCCP70.8-2-2S: goes to SCCP70.9-4-2SR3-1S in about'
silent WARNING
silent DEAD
[ ! -s "$LOG" ] || fail "there was something on standard error"
rehearse 0 --keys "$KEYS" -v --target SCCP70.8-5-2S "$FILES"
says 'asks for jar70sccp'
says 'ok 7970: comes back in about'
says 'with SCCP70.8-5-2S.'

# A fleet on a bad cable, and the same from the same seed.
rehearse 0 --keys "$KEYS" --phones 5 --loss 3 --seed 7 "$FILES/new" "$FILES/old"
says '5 times an erased 7970:'
says 'all 5 come back, the last one in about'
sed 's/; rehearsed in.*//' "$T/out" >"$T/first"
rehearse 0 --keys "$KEYS" --phones 5 --loss 3 --seed 7 "$FILES/new" "$FILES/old"
sed 's/; rehearsed in.*//' "$T/out" | cmp - "$T/first" || fail "the same seed gave another run"

# Firmware that would leave an erased phone dead: exit code 3, by model.
synth --size 100000 --key "$G1" --break missing:apps41.8-5-2-27.sbn java41 SCCP41.8-5-2S "$T/broken"
rehearse 3 --keys "$KEYS" "$T/broken"
says 'DEAD 7941: stays dead with this firmware.'
says 'not fit to be served: apps41.8-5-2-27.sbn is missing.'
grep -q 'do not erase a phone' "$LOG" || fail "no reason on standard error"
rehearse 3 "$FILES/old" # signed by nobody who is known without --keys
says 'a key that nobody knows'
says 'DEAD 7970: stays dead with this firmware.'

# Phones without generations.
mkdir "$T/other"
synth --size 100000 --key "$G1" legacy - "$T/other/7940"
synth --size 100000 --key "$G1" kup7912 - "$T/other/7912"
rehearse 0 --keys "$KEYS" "$T/other"
says 'a 7912 in its recovery mode:'
says 'ok 7912: comes back in about'
says 'ok 7960: comes back in about'
silent 'old boot code'

# Usage, and nothing to rehearse.
rehearse 1
rehearse 1 --phones 0 "$FILES"
rehearse 1 --loss 51 "$FILES"
rehearse 1 --losss 1 "$FILES"
grep -q -- '--loss' "$LOG" || fail "no suggestion for --losss"
mkdir "$T/empty"
rehearse 3 "$T/empty"
rehearse 3 "$T/nowhere"
"$BIN" help rehearse | grep -q 'before a factory reset' || fail "help rehearse says nothing"

# As somebody who may do nothing: the binary and the keys where everybody can read them.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$BIN" "$T/reflashd"
	cp "$KEYS" "$T/keys.ini"
	chmod -R a+rX "$T"
	BIN=$T/reflashd
	AS='setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs'
	if $AS true 2>/dev/null; then
		rehearse 0 --keys "$T/keys.ini" "$FILES/new"
		says 'ok 7970: comes back in about'
	else
		left_out "as another user: setpriv does not work here"
	fi
else
	left_out "as another user: needs root and setpriv"
fi
