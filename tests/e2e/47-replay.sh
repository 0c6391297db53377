#!/bin/sh
# A recorded run, played again, is what was seen live, word for word: the sentences with their
# times, and the report. What is no event is named and does not stop it.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 60000 java42 SIP42.9-4-2SR3-1S "$FILES/7942"
start_daemon --count 2 --timeout 60
recover_phone --model 7942 --kind erased --sip --count 2
status=0
wait "$DAEMON" || status=$?
DAEMON=
[ $status = 0 ] || fail "the daemon ended with exit code $status"

"$BIN" replay "$EVENTS" >"$T/replayed" 2>"$T/errors" || fail "replay: $(cat "$T/errors")"
[ ! -s "$T/errors" ] || fail "replay complains: $(cat "$T/errors")"
diff -u "$LOG" "$T/replayed" || fail "the replay differs from what was shown live"
grep -q '^2 phones were seen, and all of them are recovered:$' "$T/replayed" || fail "the report is missing"
[ "$(grep -c ' and is recovered' "$T/replayed")" = 2 ] || fail "the report lacks a phone"
"$BIN" replay - <"$EVENTS" | cmp - "$T/replayed" || fail "standard input shows something else"
"$BIN" replay --speed 1000000 "$EVENTS" | cmp - "$T/replayed" || fail "another pace shows something else"

# serve appends to the file: the runs follow one another.
cat "$EVENTS" "$EVENTS" >"$T/twice"
"$BIN" replay "$T/twice" >"$T/out"
cat "$T/replayed" "$T/replayed" | cmp - "$T/out" || fail "two runs in one file are not shown as two"

# More and less.
"$BIN" replay -v "$EVENTS" | grep -q 'asks for XMLDefault' || fail "-v does not say more"
"$BIN" replay -v "$EVENTS" | grep -q ' bytes of ' && fail "-v shows progress"
[ -z "$("$BIN" replay -q "$EVENTS")" ] || fail "-q shows what went well"
"$BIN" replay --color always "$EVENTS" | grep -q "$(printf '\033')" || fail "no style with --color always"
"$BIN" replay "$EVENTS" | LC_ALL=C grep -q '[^ -~]' && fail "bytes that are not printable"

# Lines that are no events: named, the rest is shown, exit code 1. A later version's: not a word.
{
	head -n 3 "$EVENTS"
	echo 'what is this?'
	echo '{"seq":9,"event":"phone.sings","pitch":"high"}'
	head -c 200000 /dev/zero | tr '\0' '['
	echo
	tail -n +4 "$EVENTS"
} >"$T/mixed"
status=0
"$BIN" replay "$T/mixed" >"$T/out" 2>"$T/errors" || status=$?
[ $status = 1 ] || fail "exit code $status for a file with bad lines"
cmp "$T/out" "$T/replayed" || fail "bad lines hide good ones"
grep -q 'mixed:4: ' "$T/errors" || fail "line 4 is not named: $(cat "$T/errors")"
grep -q 'mixed:6: ' "$T/errors" || fail "line 6 is not named: $(cat "$T/errors")"
[ "$(wc -l <"$T/errors")" = 2 ] || fail "more complaints than bad lines: $(cat "$T/errors")"

status=0
"$BIN" replay "$T/nothing" 2>/dev/null || status=$?
[ $status = 6 ] || fail "exit code $status for a file that is not there"
status=0
"$BIN" replay 2>/dev/null || status=$?
[ $status = 1 ] || fail "exit code $status without a file"
status=0
"$BIN" replay --speed 0 "$EVENTS" 2>/dev/null || status=$?
[ $status = 1 ] || fail "exit code $status for --speed 0"
