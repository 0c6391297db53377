#!/bin/sh
# `reflashd doctor' tells each thing that is in the way, with a remedy and an exit code, and
# changes nothing: 0 ready, 4 unsafe or impossible, 6 could not look.
. "$(dirname "$0")/lib.sh"
need jq dnsmasq
ns_make
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
doctor() { # EXIT CODE, ARGS
	expected=$1
	shift
	status=0
	in_srv timeout -k 1 30 "$BIN" doctor --state-dir "$T/state" --json "$@" >"$T/json" 2>"$T/out" || status=$?
	[ $status = "$expected" ] || { cat "$T/json" "$T/out"; fail "exit code $status, not $expected: $*"; }
}
is() { # CHECK, RESULT, RE
	jq -r --arg c "$1" '.[] | select(.check == $c) | "\(.result)\t\(.found)\t\(.remedy)"' "$T/json" >"$T/line"
	grep -q "^$2	" "$T/line" || { cat "$T/json"; fail "$1 is not $2: $(cat "$T/line")"; }
	grep -Eq -e "${3:-.}" "$T/line" || fail "$1 does not say $3: $(cat "$T/line")"
}
in_srv ip -4 -o addr >"$T/before"
doctor 0 -i lan0 "$FILES"
for check in interface cable address default-route dhcp-server address-free udp-67 udp-69 tcp-2000 \
	udp-5060 tcp-5060 manager firmware state-folder; do
	is $check ok
done
is address ok '10\.79\.70\.1/24'
in_srv ip -4 -o addr >"$T/after"
cmp "$T/before" "$T/after" || fail "it changed something"
[ ! -e "$T/state" ] || fail "it made the state folder"
mkdir "$T/none"
doctor 4 -i lan0 "$T/none"
is firmware problem 'No firmware for a phone'
synth --size 20000 --break missing:cnu java70 SCCP70.8-3-3S "$T/broken"
doctor 4 -i lan0 "$T/broken"
is firmware problem 'in the bundle SCCP70.8-3-3S, cnu70.*is missing'
# A key of the user's own makes the difference.
synth --size 20000 --break flip:dsp70.8-3-3-27.sbn java70 SCCP70.8-3-3S "$T/altered"
doctor 0 -i lan0 "$T/altered"
is firmware ok
doctor 4 -i lan0 --keys "$ROOT/tests/keys/test-keys.ini" "$T/altered"
is firmware problem 'dsp70.*is not what its maker signed'
doctor 4 -i lan0 "$T/nowhere"
is firmware problem 'Cannot read the firmware'
# For people: a line each, and it fits 80 columns.
in_srv "$BIN" doctor -i lan0 --state-dir "$T/state" >"$T/out"
grep -q '^ok *cable  *Connected\.$' "$T/out" || fail "no line for the cable: $(cat "$T/out")"
! grep -E '^.{81}' "$T/out" || fail "a line is too long"
if command -v python3 >/dev/null; then # in a terminal, where five seconds are long
	TERM=xterm in_srv python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
		"$BIN" doctor -i lan0 --state-dir "$T/state" >"$T/out" </dev/null
	head -n 1 "$T/out" | grep -q '^Looking .*\.\.\..*ok .*interface' || fail "nothing is said while it waits: $(cat "$T/out")"
fi

# Who looks after the interface is seen by what the managers leave in /run.
index=$(in_srv cat /sys/class/net/lan0/ifindex)
cp "$(command -v sleep)" "$T/NetworkManager"
managed() { # true or false
	in_srv sh -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/NetworkManager/devices &&
		printf "[device]\nmanaged=%s\n" "$1" >"/run/NetworkManager/devices/$2" && exec "$3" doctor -i lan0 \
		--state-dir "$4" --json' sh "$1" "$index" "$BIN" "$T/state" >"$T/json"
}
if in_srv sh -c 'mount -t tmpfs tmpfs /run' 2>/dev/null; then
	managed true
	is manager ok # not running: what it left behind means nothing
	ip netns exec "$SRV" "$T/NetworkManager" 60 &
	manager=$!
	managed true
	is manager warning 'nmcli device set lan0 managed no'
	managed false
	is manager ok
	kill $manager
else
	left_out "another manager of the interface: no mounts here"
fi

# While it serves, its own ports are no problem.
start_daemon
doctor 0 -i lan0
is udp-67 ok "reflashd .process $DAEMON;.*serves here already"
is tcp-2000 ok 'serves here already'
stop_daemon

doctor 4 -i lan7
is interface problem 'no network interface .lan7.*lan0 looks right'
doctor 4 -i lo
is interface problem 'not an Ethernet'
doctor 1

# Everything at once.
ip -n "$CLI" addr add 10.79.70.1/24 dev eth0
start_rival eth0 10.79.70
ip -n "$SRV" link add d0 type veth peer name d1
ip -n "$SRV" addr add 10.79.70.77/24 dev d0
ip -n "$SRV" link set d0 up
hold_udp_69
mkdir "$T/empty"
printf 'nonsense' >"$T/empty/SCCP70.9-9-9S.loads"
mac=$(ip -n "$CLI" -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/')
doctor 4 -i lan0 "$T/empty"
is same-network problem 'd0 has an address'
is address-free problem "$mac"
is udp-69 problem 'dnsmasq .process [0-9]+; .* ends it'
is udp-67 ok
is firmware problem
doctor 4 -i lan0 -a 10.77.0.1/24
is dhcp-server problem '10\.79\.70\.1'
is address-free ok
in_srv ip route add default via 10.77.0.254 dev lan0 onlink
ip -n "$CLI" link set eth0 down
doctor 4 -i lan0 -a 10.77.0.1/24
is cable warning
is default-route problem '10\.77\.0\.254'

# Without root: says what could not be looked at, does the others.
if command -v setpriv >/dev/null && [ -z "${UNSHARED:-}" ]; then
	in_srv ip route del default
	ip -n "$CLI" link set eth0 up
	cp "$BIN" "$T/reflashd"
	status=0
	in_srv setpriv --reuid 65534 --clear-groups --inh-caps=-all "$T/reflashd" doctor -i lan0 -a 10.77.0.1/24 \
		--json >"$T/json" 2>"$T/out" || status=$?
	[ $status = 4 ] || [ $status = 6 ] || { cat "$T/json"; fail "exit code $status without root"; }
	is udp-67 unknown 'sudo'
	is dhcp-server unknown 'sudo'
	is cable ok
	is state-folder unknown 'sudo'
else
	left_out "without root: setpriv is not installed, or this is a user namespace"
fi
