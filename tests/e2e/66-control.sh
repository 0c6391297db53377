#!/bin/sh
# SPDX-License-Identifier: MIT
# The control socket: status, phones, events and stop, for people and as JSON; who may ask; what is
# left behind by a killed daemon; askers who do not read.
. "$(dirname "$0")/lib.sh"
need python3 busybox
ns_make
synth java70 SCCP70.8-5-2S "$FILES/852"
C=$T/run/control # in a folder that reflashd makes: there it may remove it again at the end
ask() { "$BIN" "$@" --control "$C"; }
code() { # EXPECTED CMD...: runs it, its output in $T/out
	want=$1
	shift
	got=0
	"$@" >"$T/out" 2>&1 || got=$?
	[ "$got" = "$want" ] || fail "$* ended with $got, not $want: $(cat "$T/out")"
}
json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$T/out" "$1"; }

code 6 ask status
grep -q 'no reflashd is running here' "$T/out" || fail "no word that nothing runs"

start_daemon --control "$C"
[ "$(stat -c %a "$C")" = 660 ] || fail "the socket is not 0660"
code 0 ask status
grep -q 'Serves on lan0, address 10.77.0.1.' "$T/out" || fail "status does not say where: $(cat "$T/out")"
grep -q 'SCCP70.8-5-2S  *7970 7971' "$T/out" || fail "status does not name the firmware"
code 0 ask phones
grep -q 'No phone was heard yet' "$T/out" || fail "phones without phones"

"$BIN" events --follow --json --control "$C" >"$T/follow" 2>&1 &
FOLLOW=$!
recover_phone --model 7970 --kind erased
wait_event phone.recovered >/dev/null
code 0 ask phones --json
[ "$(json 'len(d), d[0]["model"], d[0]["stage"], d[0]["load"], d[0]["loads"], d[0]["advice"]')" = \
	"(1, '7970', 'recovered', 'SCCP70.8-5-2S', ['SCCP70.8-5-2S'], None)" ] || fail "phones --json: $(cat "$T/out")"
[ "$(json 'all(s["time"].endswith("Z") for s in d[0]["timeline"]), [s["stage"] for s in d[0]["timeline"]][-1]')" = \
	"(True, 'recovered')" ] || fail "the timeline: $(cat "$T/out")"
code 0 ask phones
grep -q '7970 .*recovered .*SCCP70.8-5-2S.*proven by' "$T/out" || fail "phones: $(cat "$T/out")"
code 0 ask status --json
[ "$(json 'd["ready"], d["phones"], d["recovered"], d["link"], d["bundles"][0]["complete"], d["rival"]')" = \
	"(True, 1, 1, True, True, None)" ] || fail "status --json: $(cat "$T/out")"

# The stream: what is kept is what was written, without a gap, and --follow goes on.
code 0 ask events --json
cmp "$T/out" "$EVENTS" || { diff "$T/out" "$EVENTS" | head -n 5; fail "events --json is not the stream"; }
code 0 ask events
grep -q 'is alive again' "$T/out" || fail "events for people lack the recovery"

# Nonsense, a question without an end, somebody who does not read: nobody is hurt.
python3 - "$C" <<'EOF' || fail "the socket and a rude asker"
import socket, sys, time
def ask(data):
    s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.sendall(data)
    out = b''
    while True:
        try: part = s.recv(65536)
        except ConnectionResetError: break
        if not part: break
        out += part
    return out
assert b'"error"' in ask(b'nonsense\n')
assert b'"error"' in ask(b'stopp\n')
assert ask(b'x' * 500) == b''
assert ask(b'status\nstop\n').count(b'\n') == 1
silent = [socket.socket(socket.AF_UNIX) for _ in range(40)]
for s in silent: s.connect(sys.argv[1])
time.sleep(0.3)
del silent
time.sleep(0.3)
assert ask(b'status\n').startswith(b'{')
deaf = socket.socket(socket.AF_UNIX); deaf.connect(sys.argv[1]); deaf.sendall(b'events follow\n')
EOF
code 0 ask status

# Somebody who reads late: what waited for him is whole, line by line.
for n in 96 97 98 99; do ip -n "$CLI" addr add 10.77.0.$n/24 dev eth0; done
in_cli python3 - $IP <<'EOF'
import socket, sys, time
for host in range(96, 100):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('10.77.0.%d' % host, 0))
    for n in range(200):
        time.sleep(0.005 if n % 20 == 0 else 0)
        s.sendto(b'\0\1Name-%d.that.is.as.long.as.a.name.may.be\0octet\0' % n, (sys.argv[1], 69))
EOF
python3 - "$C" <<'EOF' || fail "what waited for a slow reader is damaged"
import json, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.sendall(b'events\n')
time.sleep(0.3)
for _ in range(5): # the daemon does other things meanwhile
    other = socket.socket(socket.AF_UNIX); other.settimeout(5); other.connect(sys.argv[1]); other.sendall(b'status\n')
    while other.recv(65536): pass
out = b''
while True:
    part = s.recv(65536)
    if not part: break
    out += part
lines = out.split(b'\n')
assert lines.pop() == b'' and len(lines) > 600, len(lines)
seqs = [json.loads(l)['seq'] for l in lines]
assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
EOF

# Somebody else answers there, and means the terminal.
for what in '{"error":"\u001b[2J"}' '{"version":"\u009b2J","notice":"a"}' '[{"mac":"\n"}]' '{"time":"x","text":"\u001b]0;a\u0007"}' \
	'{"version":"'"$(printf '\302\233')"'2J"}' '{"text":"'"$(printf '\033')"'[2J"}'; do
	for command in status phones events 'status --json' 'events --json'; do
		rm -f "$T/other"
		python3 - "$T/other" "$what" <<'EOF' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1] + '.new'); s.listen(1); os.rename(sys.argv[1] + '.new', sys.argv[1])
c = s.accept()[0]; c.recv(100); c.sendall(os.fsencode(sys.argv[2]) + b'\n')
EOF
		wait_until 5 test -S "$T/other" || fail "nobody else listens"
		# shellcheck disable=SC2086 # the command and its option
		code 6 "$BIN" $command --control "$T/other"
		! tr -d '\n' <"$T/out" | LC_ALL=C grep -q '[^ -~]' || fail "$command shows what is meant for the terminal: $what"
		grep -q 'answers there is no reflashd' "$T/out" || fail "$command does not say that somebody else answers: $(cat "$T/out")"
	done
done

# Only root and its own user may stop it.
if command -v setpriv >/dev/null; then
	chmod 711 "$T"
	chmod 666 "$C"
	code 6 setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN" stop --control "$C"
	grep -q 'only root' "$T/out" || fail "a stranger is not told why: $(cat "$T/out")"
	code 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN" status --control "$C"
	chmod 660 "$C"
	code 6 setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN" status --control "$C"
	grep -q 'sudo' "$T/out" || fail "who is not let in is not told of sudo"
else
	left_out "who may stop it: setpriv is not installed"
fi

# A second daemon leaves the socket of the first alone.
ip netns exec "$SRV" timeout 5 "$BIN" serve -i lo --force -a 127.0.0.1/8 --control "$C" --state-dir "$T/state2" "$FILES" >"$T/second" 2>&1 || :
code 0 ask status

# What a killed daemon leaves behind is taken over.
kill -9 "$DAEMON"
wait "$DAEMON" 2>/dev/null || :
DAEMON=
code 6 ask status
start_daemon --control "$C"
code 0 ask status
code 0 ask stop
grep -q 'has stopped' "$T/out" || fail "stop does not say that it is done"
status=0
wait "$DAEMON" || status=$?
DAEMON=
[ $status = 0 ] || fail "stopped with $status"
[ ! -e "$C" ] || fail "the socket stays behind"
kill "$FOLLOW" 2>/dev/null || :

# Who waits for a phone is not told that all is well when there was none.
start_daemon --control "$C" --once
code 0 ask stop
status=0
wait "$DAEMON" || status=$?
DAEMON=
[ $status = 5 ] || fail "--once ends with $status, not 5, when it is stopped before a phone was recovered"
grep -q '"event":"phone.recovered"' "$T/follow" || fail "events --follow did not follow"
