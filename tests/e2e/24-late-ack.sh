#!/bin/sh
# A machine that was asleep for a moment: a request that was repeated waits, then the last ACK, and
# its sender has closed its port since. What the first one brings is answered "port unreachable"
# before the ACK is read. The ACK counts.
. "$(dirname "$0")/lib.sh"
need python3
ns_make
mkdir -p "$FILES"
printf 'short' >"$FILES/short.bin"
start_daemon --serve-incomplete --force
cat >"$T/client.py" <<'END'
import os, signal, socket, sys, time
server, daemon = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.77.0.99", 0))
s.settimeout(5)
s.sendto(b"\0\1short.bin\0octet\0", (server, 69))
data, peer = s.recvfrom(600)
assert data == b"\0\3\0\1short", data
os.kill(daemon, signal.SIGSTOP)
s.sendto(b"\0\1short.bin\0octet\0", (server, 69))
s.sendto(b"\0\4\0\1", peer)
s.close()
time.sleep(0.5)  # a request at once would be one that the wire doubled
os.kill(daemon, signal.SIGCONT)
END
ip -n "$CLI" addr replace 10.77.0.99/24 dev eth0
for n in 1 2 3; do
	in_cli python3 "$T/client.py" $IP "$DAEMON" || fail "the client: $?"
	is_told() { [ "$(grep -cE '"event": ?"tftp.(complete|aborted)"' "$EVENTS")" = $n ]; }
	wait_until 5 is_told || fail "neither complete nor aborted"
done
[ "$(completed)" = 3 ] || fail "an ACK that was here did not count: $(grep tftp "$EVENTS")"
stop_daemon
