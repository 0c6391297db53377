#!/bin/sh
# The short form of make bench goes all its ways: many clients, windows, loss, leases by the dozen,
# each byte and each address checked, and a picture at the end. Nothing is measured here: how fast
# it was says something about the machine and who else uses it.
. "$(dirname "$0")/lib.sh"

need taskset cc
ns_make # or skips
SHORT=1 ROUNDS=1 OUT=$T/bench SERVERS="reflashd pingpong floor floor4" BIN=$BIN \
	TESTS="one one-free window fifty loss memory burst dhcp1 dhcp10 dhcp50 powered" \
	sh "$ROOT/tests/bench/run.sh" >"$T/bench.log" 2>&1 || fail "$(cat "$T/bench.log")"
results=$T/bench/results.tsv
! grep -E 'unfinished|wrong' "$results" >"$T/bad" || fail "$(cat "$T/bad" "$T/bench.log")"
for test in one one-free window fifty delay loss memory burst dhcp1 dhcp10 dhcp50 powered leases; do
	grep -q "^$test	reflashd	" "$results" || fail "nothing about $test: $(cat "$T/bench.log")"
done
for test in one one-free fifty; do
	grep -q "^$test	floor	" "$results" || fail "no floor of $test: $(cat "$T/bench.log")"
done
[ "$(awk '$1 == "leases" && $2 == "reflashd" { print $5 + 0 }' "$results")" = 100 ] ||
	fail "leases that were acknowledged are not on disk: $(grep leases "$results")"
# With loss comes the time without, and the table says how many times that it was.
awk '/x its own lossless/ { getline; found = $1 == "reflashd" && $3 > 0 } END { exit !found }' "$T/bench.log" ||
	fail "the table does not compare loss with no loss: $(cat "$T/bench.log")"

# A server that was asked for and is not here is no success.
! SHORT=1 ROUNDS=1 OUT=$T/bench SERVERS="reflashd busybox" BUSYBOX=/none TESTS=one BIN=$BIN \
	sh "$ROOT/tests/bench/run.sh" >"$T/bench.log" 2>&1 || fail "busybox was not missed: $(cat "$T/bench.log")"
grep -q 'NOT HERE.* busybox' "$T/bench.log" || fail "nobody says that busybox is not here: $(cat "$T/bench.log")"

# The picture compares with somebody.
command -v dnsmasq >/dev/null || skip "dnsmasq is not installed: the picture was not drawn"
SHORT=1 ROUNDS=2 OUT=$T/bench SERVERS="reflashd dnsmasq" BIN=$BIN TESTS="one window dhcp10" \
	sh "$ROOT/tests/bench/run.sh" >"$T/bench.log" 2>&1 || fail "$(cat "$T/bench.log")"
for word in '>reflashd<' '>dnsmasq<' '1 client, 512-byte blocks, one CPU' '</svg>'; do
	grep -q "$word" "$T/bench/bench.svg" || fail "no $word in the picture: $(cat "$T/bench/bench.svg")"
done
