#!/bin/sh
# A phone behind a router: a real relay (dnsmasq) hands its DHCP on. It is served when the relay stands
# in our network and the router answers ARP for both sides; one from another network is refused, and
# the reason names both.
. "$(dirname "$0")/lib.sh"
need dnsmasq busybox
ns_make
synth --size 100000 java70 SCCP70.8-3-3S "$FILES/7970"

# The router is in the phone's namespace: eth0 leads to us, room0 into the room; the phone is at the
# other end of that, with no address of the kernel's.
ip -n "$CLI" link add room0 type veth peer name phone0
ip -n "$CLI" link set room0 up
ip -n "$CLI" link set phone0 up
! command -v ethtool >/dev/null || in_cli ethtool -K room0 tx off >/dev/null 2>&1 || :

# relay OUR-SIDE ROOM: the router's two addresses; from then on $RELAY is at work
relay() {
	ip -n "$CLI" addr flush dev eth0
	ip -n "$CLI" addr flush dev room0
	ip -n "$CLI" addr add "$1" dev eth0
	ip -n "$CLI" addr add "$2" dev room0
	ip netns exec "$CLI" dnsmasq -k -C /dev/null --port=0 --user= --group= --pid-file= --log-facility="$T/relay.log" \
		--interface=room0 --interface=eth0 --bind-interfaces --dhcp-relay="${2%/*},$IP" &
	RELAY=$!
	wait_until 5 grep -qs 'DHCP relay' "$T/relay.log" || fail "dnsmasq does not relay: $(cat "$T/relay.log")"
}
stop_relay() {
	kill "$RELAY"
	wait "$RELAY" 2>/dev/null || :
}
in_cli sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.room0.proxy_arp=1 net.ipv4.conf.eth0.proxy_arp=1 \
	net.ipv4.conf.all.rp_filter=0 2>/dev/null ||
	skip "this machine lets nobody make a router of a namespace"
in_cli sysctl -q -w net.ipv4.neigh.room0.proxy_delay=0 net.ipv4.neigh.eth0.proxy_delay=0 2>/dev/null || :

# Our network is 10.77.0.0/16, and the room's 10.77.5.0/24 is a part of it.
: >"$EVENTS"
ip netns exec "$SRV" "$BIN" serve -i lan0 -a $IP/16 --pool 10.77.5.50-10.77.5.99 --clients all --once --timeout 90 \
	--state-dir "$T/state" --events "$EVENTS" --control "$T/control" "$FILES" >"$LOG" 2>&1 &
DAEMON=$!
wait_event daemon.ready >/dev/null
relay 10.77.0.2/16 10.77.5.1/24
in_cli "$ROOT/build/tools/simphone" -i phone0 --speed 300 --timeout 60 --model 7970 --speak cdp,sccp >"$T/phone.log" 2>&1 ||
	{ cat "$T/phone.log"; fail "the phone behind the relay did not come back"; }
wait_event dhcp.ack '"10\.77\.5\.' >/dev/null
wait_event phone.recovered '"7970"' | grep -q '"proof": *"sccp"' || fail "CDP went through a router"
status=0
wait "$DAEMON" || status=$?
DAEMON=
[ $status = 0 ] || fail "the daemon ended with $status, not 0"
stop_relay

# From another network.
start_daemon
relay 10.77.0.2/24 10.99.5.1/24
in_srv ip route add 10.99.5.0/24 via 10.77.0.2
in_cli busybox udhcpc -i phone0 -n -q -f -t 2 -T 1 -s /bin/true >/dev/null 2>&1 && fail "it was given an address"
wait_event dhcp.ignored '"other-network"' | grep -q 'relay 10\.99\.5\.1, and we lease addresses of 10\.77\.0\.0/24 only' ||
	fail "not said why: $(grep dhcp.ignored "$EVENTS")"
stop_daemon
