#!/bin/sh
# Whoever watches, or does not, never keeps a phone waiting: a terminal stopped with Ctrl-S, an
# output and an events FIFO that nobody reads. And the first Ctrl-C while a phone is being
# written only warns.
# alone
. "$(dirname "$0")/lib.sh"
need python3
ns_make
synth --size 60000 java42 SIP42.9-4-2SR3-1S "$FILES/7942"

cat >"$T/terminal.py" <<'EOF'
# terminal.py KEYS-AT-READY LOG CMD...: runs CMD in a terminal of 80 x 24; what it shows goes to LOG.
# Each of KEYS is typed when its text is seen: "text=keys,text=keys".
import os, pty, sys, fcntl, termios, struct, select, signal
plan = [p.split("=") for p in sys.argv[1].split(",") if p]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
seen, log = b"", open(sys.argv[2], "wb", buffering=0)
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    log.write(data)
    seen += data
    while plan and plan[0][0].encode() in seen:
        seen = b""
        os.write(fd, plan.pop(0)[1].encode().decode("unicode_escape").encode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF

# terminal KEYS ARGS: the daemon in a terminal of its own, in the background.
terminal() {
	keys=$1
	shift
	: >"$EVENTS"
	ip netns exec "$SRV" python3 "$T/terminal.py" "$keys" "$LOG" "$BIN" serve -i lan0 -a $IP/24 \
		--clients all --state-dir "$T/state" --control none --events "$EVENTS" "$@" "$FILES" &
	DAEMON=$!
	wait_event daemon.ready >/dev/null
}

# ends N: the daemon ends by itself with that exit code, within ten seconds.
ends() {
	wait_until 10 gone "$DAEMON" || :
	! kill -9 "$DAEMON" 2>/dev/null || fail "the daemon hangs"
	status=0
	wait "$DAEMON" || status=$?
	DAEMON=
	[ $status = "$1" ] || fail "exit code $status, not $1"
}

say "a terminal, and the live view"
terminal "" --once --timeout 60
recover_phone --model 7942 --kind erased --sip --speed 20
ends 0
grep -q 'reflashd .* on lan0, 10.77.0.1' "$LOG" || fail "no live view"
grep -q 'writing flash.*do not unplug it' "$LOG" || fail "no phone in it"
grep -q 'One phone was seen, and it is recovered:' "$LOG" || fail "no report"

say "Ctrl-S"
terminal "waiting for a phone=\\x13" --once --timeout 60 -v
sleep 0.5
recover_phone --model 7942 --kind erased --sip --seed 7
ends 0
grep -q phone.recovered "$EVENTS" || fail "a stopped terminal stopped the service"

say "Ctrl-C twice"
terminal "do not unplug it=\\x03,press Ctrl-C again=\\x03"
in_cli "$ROOT/build/tools/simphone" -i eth0 --speed 20 --timeout 60 --model 7942 --kind erased --sip \
	>"$T/phone.log" 2>&1 &
phone=$!
wait_event phone.stage writing >/dev/null
wait_event daemon.note phones-at-work >/dev/null
ends 0
python3 -c 'import sys; sys.exit(b"\r^C" not in open(sys.argv[1], "rb").read())' "$LOG" ||
	fail "the ^C of the terminal may push the view out of its place"
kill $phone 2>/dev/null || :
wait $phone 2>/dev/null || :
wait_event daemon.note '1 phone is at work; press Ctrl-C again to stop anyway. Leave it plugged in' >/dev/null
wait_event daemon.stop >/dev/null
grep -q 'NOT proven' "$LOG" || fail "the report does not say that the phone is not proven"

say "nobody reads"
mkfifo "$T/out" "$T/fifo"
exec 4<>"$T/out"
ip netns exec "$SRV" "$BIN" serve -i lan0 -a $IP/24 --clients all --state-dir "$T/state" --control none \
	--events "$T/fifo" -vv --count 4 --timeout 60 "$FILES" >"$T/out" 2>"$LOG" &
DAEMON=$!
sleep 1
recover_phone --model 7942 --kind erased --sip --seed 9 --count 4
ends 0
exec 4<&-
