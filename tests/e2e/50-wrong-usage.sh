#!/bin/sh
# Everything a person can get wrong at the start gives one sentence that says what to do, and the
# exit code of the interface: 1 usage, 2 configuration, 3 firmware, 4 network.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
run() { # EXPECTED EXIT CODE, RE, ARGS
	expected=$1 re=$2
	shift 2
	status=0
	ip netns exec "$SRV" timeout -k 1 20 "$BIN" "$@" >"$T/out" 2>&1 || status=$?
	[ $status = "$expected" ] || { cat "$T/out"; fail "exit code $status, not $expected: $*"; }
	grep '^reflashd:' "$T/out" >"$T/said" || { cat "$T/out"; fail "no sentence: $*"; }
	[ "$(wc -l <"$T/said")" = 1 ] || { cat "$T/out"; fail "more than one sentence: $*"; }
	grep -Eq -e "$re" "$T/said" || { cat "$T/out"; fail "it does not say $re: $*"; }
}
state="--state-dir $T/state"
# shellcheck disable=SC2086 # $state is two words
{
	run 1 'did you mean.*--pool' -i lan0 --pol 10.0.0.1-10.0.0.9 "$FILES"
	run 1 '--lease-time.*`10' -i lan0 --lease-time 10 "$FILES"
	run 1 'which interface' "$FILES"
	grep -Eq '\* lan0 .*cable connected, no address' "$T/out" || fail "lan0 is not in the list: $(cat "$T/out")"
	grep -Fq "sudo reflashd -i lan0 $FILES" "$T/out" || fail "no command to type"
	"$BIN" help --help >"$T/out" || fail "no help about help"
	if [ "$(wc -l <"$T/out")" -gt 23 ] || grep -E '^.{80}' "$T/out"; then
		fail "the overview does not fit a terminal of 80 x 24"
	fi
	if command -v python3 >/dev/null; then # on a terminal no word is broken
		TERM=xterm python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$BIN" -i lan0 -a 10.0.0.0/24 "$FILES" \
			>"$T/out" </dev/null
		! tr -d '\r' <"$T/out" | grep -E '^.{80}' || fail "a line of it is too long"
		grep -q '^    .*10.79.70.1/24' "$T/out" || fail "it is not broken between words: $(cat "$T/out")"
	fi
	run 1 'Name the folder' -i lan0
	run 2 'cannot read|No such file' -i lan0 -c "$T/missing.conf" "$FILES"
	printf '[dhcp]\nlease-time = soon\n' >"$T/bad.conf"
	run 2 'bad\.conf:2: .*soon' -i lan0 -c "$T/bad.conf" "$FILES"
	run 1 'pool.*not in our network' -i lan0 $state -a 10.77.0.1/24 --pool 10.1.0.1-10.1.0.9 "$FILES"
	run 3 'No such file' -i lan0 $state "$T/nowhere"
	mkdir "$T/empty"
	run 3 'no file in' -i lan0 $state "$T/empty"
	! grep -q 'served by' "$T/out" || fail "nothing is served by name from an empty folder"
	run 3 'no firmware for a phone' rehearse "$T/empty"
	run 3 'names no load' xmldefault "$T/empty"
	run 6 'No such file' lint "$T/nowhere"
	[ "$(wc -l <"$T/out")" = 1 ] || fail "a file that is not there needs one sentence"
	run 1 'which interface' doctor
	grep -Fq 'sudo reflashd doctor -i lan0' "$T/out" || fail "no doctor to type"
	run 4 'no network interface .eth7' -i eth7 $state "$FILES"
	grep -Fq "sudo reflashd -i lan0 $FILES" "$T/out" || fail "no command to type"
	run 4 'not an Ethernet' -i lo $state "$FILES"
	run 6 'cannot write events to .*missing/events' -i lan0 $state --events "$T/missing/events" "$FILES"
	run 6 'cannot record frames in .*missing/pcap' -i lan0 $state --pcap "$T/missing/pcap" "$FILES"
}

# Our address is somebody else's already: said with who that is.
ip -n "$CLI" addr add 10.77.0.9/24 dev eth0
status=0
ip netns exec "$SRV" timeout -k 1 20 "$BIN" -i lan0 -a 10.77.0.9/24 --state-dir "$T/state" "$FILES" >"$T/out" 2>&1 || status=$?
[ $status = 4 ] || { cat "$T/out"; fail "exit code $status when the address is taken"; }
mac=$(ip -n "$CLI" -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/')
grep -q "10\.77\.0\.9.*$mac" "$T/out" || { cat "$T/out"; fail "who has our address is not said"; }
[ -z "$(ip -n "$SRV" -4 addr show dev lan0)" ] || fail "the address was left behind"

# A port that somebody else holds: named, with its process.
need dnsmasq
ip -n "$SRV" addr add 10.77.0.1/24 dev lan0
hold_udp_69
run 4 'UDP port 69 is held by dnsmasq .process [0-9]+' -i lan0 --state-dir "$T/state" "$FILES"
kill $!
# The interface that leads to one's own network.
in_srv ip route add default via 10.77.0.254
run 4 'default route to 10\.77\.0\.254' -i lan0 --state-dir "$T/state" "$FILES"
