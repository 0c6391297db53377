#!/bin/sh
# A hundred thousand invented devices, first without and then with the vendor class of a phone: who
# has a lease renews it, a new phone still gets an address, the stream stays short and says why.
# alone
. "$(dirname "$0")/lib.sh"

need busybox jq
ns_make
make_files
CC=${CC:-cc}
command -v "${CC%% *}" >/dev/null || skip "no compiler for the flood"
$CC -O1 -D_GNU_SOURCE -o "$T/dhcpload" "$ROOT/tests/bench/dhcpload.c" || fail "dhcpload does not build"
CLASS='Cisco Systems, Inc. IP Phone CP-7970G'

load() { in_cli "$T/dhcpload" -i eth0 -t 15 -r 500 "$@"; }
phone() { # NUMBER: a real phone, from DISCOVER to ACK
	load -n 1 -f "$1" -V "$CLASS" >"$T/phone.log" 2>&1 || fail "$2: $(cat "$T/phone.log")"
}
start_daemon --serve-incomplete
phone 9000000 "a phone before the flood"
first=$(wait_event dhcp.ack | sed 's/.*"ip": *"\([^"]*\)".*/\1/')
n=1
for class in 'MSFT 5.0' "$CLASS"; do
	load -D -n 100000 -f $((n * 1000000)) -V "$class" &
	flood=$!
	phone 9000000 "a phone with a lease, in the flood of $class"
	phone $((9000000 + n)) "a new phone, in the flood of $class"
	wait $flood
	phone 9000000 "a phone with a lease, after the flood of $class"
	phone $((9000010 + n)) "a new phone, after the flood of $class"
	n=$((n + 1))
done
grep '"dhcp.ack"' "$EVENTS" | grep -c "\"$first\"" | grep -qx 5 || fail "the phone did not keep its address"
# On a machine that is busy the kernel drops most of a flood: then it takes more until there is something to say.
explained() { grep -Eq '"code": ?"left-out".*flood|floods this wire' "$EVENTS"; }
more=0
until explained || [ $((more += 1)) -gt 20 ]; do load -D -n 20000 -f $((n * 1000000 + more * 20000)) -V "$CLASS"; done
wait_until 20 explained || fail "nothing says why the stream is short"
lines=$(wc -l <"$EVENTS")
[ "$lines" -lt 25000 ] || fail "$lines events for 200,000 DISCOVERs"
"$BIN" status --json --control "$T/control" >"$T/status"
known=$(jq .phones "$T/status") shown=$(jq '.phones - .not_shown' "$T/status")
[ "$shown" -ge 3 ] && [ "$shown" -le 1024 ] || fail "$shown phones are shown after the flood, not 3 to 1024"
# Nobody is remembered without at least two events that were told, and so the allowance bounds them.
[ $((known * 2)) -le "$lines" ] || fail "$known phones are remembered after $lines events"
row "200,000 DISCOVERs of invented devices" "a phone keeps its lease, a new one gets one; the stream stays short" \
	"$first all through, 2 + 2 new ones; $lines events, $known phones remembered"
stop_daemon
say "200,000 DISCOVERs of invented devices: $lines events, no phone without its address"
