#!/bin/sh
# The adapter is pulled out in the middle of a transfer: said with what to do, and when it is there
# again the daemon goes on by itself and the phone comes back. Twenty times in a row, each time with
# another MAC address, and nothing more is open than before. Under another name; killed afterwards;
# and plugged into a wire where it must not serve.
# alone
. "$(dirname "$0")/lib.sh"
need busybox
ns_make
synth --size 3000000 java70 SCCP70.9-4-2SR3-1S "$FILES/7970"
# A switch at the phone's end, so that the phone's own interface stays.
ip -n "$CLI" link set eth0 down
ip -n "$CLI" link set eth0 name far
ip -n "$CLI" link add switch type bridge forward_delay 0 2>/dev/null || skip "no bridges in this kernel"
ip -n "$CLI" link add eth0 type veth peer name port
for end in far port; do ip -n "$CLI" link set $end master switch up; done
for end in switch eth0; do ip -n "$CLI" link set $end up; done
in_cli ethtool -K eth0 tx off >/dev/null 2>&1 || :

said() { grep -c "\"code\":\"$1\"" "$EVENTS" || :; }
has_said() { [ "$(said "$1")" -ge "$2" ]; }
ready() { grep -c '"event":"daemon.ready"' "$EVENTS" || :; }
has_been_ready() { [ "$(ready)" -ge "$1" ]; }
pull() {
	before=$(said interface-gone)
	ip -n "$SRV" link del "${1:-lan0}"
	wait_until 5 has_said interface-gone $((before + 1)) || fail "that the interface is gone was not said"
}
plug() { # MAC OF OURS
	ip link add lan0 netns "$SRV" address "$1" type veth peer name far netns "$CLI"
	ip -n "$CLI" link set far master switch up
}
serves_again() {
	wait_until 10 has_been_ready $(($1 + 1)) || fail "it did not go on by itself"
	has_address || fail "our address was not put back"
}
lease() {
	in_cli busybox udhcpc -i eth0 -n -q -f -t 20 -T 1 -s /bin/true >"$T/client.log" 2>&1 ||
		fail "no address: $(tail -n 3 "$T/client.log")"
	sed -n 's/.*lease of \([0-9.]*\) obtained.*/\1/p' "$T/client.log"
}
ends_with() { # EXIT CODE, WHY
	status=0
	wait "$DAEMON" || status=$?
	DAEMON=
	[ $status = "$1" ] || fail "$2: it ended with $status, not $1"
}

# --- In mid-transfer: a phone.
start_daemon --pcap "$T/all.pcap" --once --timeout 120 --listen cdp,sccp,sip
[ -n "${UNSHARED:-}" ] || ! grep -q '^Uid:.0' "/proc/$DAEMON/status" || fail "it is still root"
in_cli "$ROOT/build/tools/simphone" -i eth0 --speed 20 --timeout 100 --model 7970 --kind erased \
	--load SCCP70.9-4-2SR3-1S --speak cdp,sccp >"$T/phone.log" 2>&1 &
phone=$!
wait_event tftp.start '\.sbn' >/dev/null
sleep 0.3
times=$(ready)
pull
kill -0 $phone 2>/dev/null || fail "the phone was done before the adapter was pulled: this test tests nothing"
wait_event daemon.note 'interface-gone.*Plug it in again: reflashd goes on by itself' >/dev/null
wait_event network.link '"up":false' >/dev/null
"$BIN" status --control "$T/control" >"$T/out" || fail "it does not answer: $(cat "$T/out")"
grep -q '^The interface lan0 is gone: plug its adapter in again' "$T/out" || fail "the status does not tell: $(cat "$T/out")"
! grep -Eq 'Serves on|cable' "$T/out" || fail "the status tells what is not so: $(cat "$T/out")"
"$BIN" status --json --control "$T/control" | grep -q '"link":false,"interface_gone":true' || fail "the status does not tell programs"
recorded=$(stat -c %s "$T/all.pcap")
sleep 1
plug 02:00:00:00:00:01
serves_again "$times"
wait $phone || { cat "$T/phone.log"; fail "the phone did not come back"; }
[ "$(said interface-back)" = 1 ] || fail "that it is back was said $(said interface-back) times"
[ "$(said interface-gone)" = 1 ] || fail "that it is gone was said $(said interface-gone) times"
wait_event phone.recovered >/dev/null
wait_event sccp.register >/dev/null
ends_with 0 "--once"
[ "$(stat -c %s "$T/all.pcap")" -gt $((recorded + 100000)) ] || fail "the recording ends where the adapter was pulled"
! has_address || fail "the address was left on the new interface"
[ ! -e "$T/state/added.lan0" ] || fail "the note of what was added stays"

# --- A client that waits through it: its transfer goes on where it stood.
head -c 30000000 /dev/urandom >"$FILES/Large.bin"
start_daemon --listen cdp,sccp,sip
ip -n "$CLI" addr add 10.77.0.99/24 dev eth0
cd "$T" || fail "no $T" # where busybox puts what it fetches
ip netns exec "$CLI" busybox tftp -g -l "$T/out" -r Large.bin $IP >"$T/client.log" 2>&1 &
client=$!
wait_event tftp.start Large.bin >/dev/null
kill -STOP $client
! grep -q tftp.complete "$EVENTS" || fail "it was fetched too fast: this test tests nothing"
times=$(ready)
pull
plug 02:00:00:00:00:02
serves_again "$times"
kill -CONT $client
wait $client || fail "it was not fetched: $(tail -n 3 "$T/client.log")"
cmp "$T/out" "$FILES/Large.bin" || fail "it arrived damaged"
[ "$(grep -c '"event":"tftp.start"' "$EVENTS")" = 1 ] || fail "it was fetched anew: $(grep tftp.start "$EVENTS")"
ip -n "$CLI" addr flush dev eth0

# --- Twenty times: the same address for the phone, no descriptor more, every proof still heard.
ROUNDS=${ROUNDS:-20}
address=$(lease)
[ -n "$address" ] || fail "no address: $(cat "$T/client.log")"
open_files() { find "/proc/$DAEMON/fd" -mindepth 1 | wc -l; }
open=$(open_files)
round=0
while [ $((round += 1)) -le "$ROUNDS" ]; do
	times=$(ready)
	pull
	plug "02:00:00:00:01:$(printf %02x $round)"
	serves_again "$times"
	[ "$(lease)" = "$address" ] || fail "round $round: another address than $address: $(cat "$T/client.log")"
done
wait_until 3 test "$(open_files)" -le "$open" || fail "$open descriptors before, $(open_files) after $ROUNDS rounds"
recover_phone --model 7970 --kind erased --load SCCP70.9-4-2SR3-1S --speak cdp,sccp --mac 00:1b:54:ca:00:01
wait_event phone.recovered '00:1b:54:ca:00:01' >/dev/null
wait_event sccp.register '00:1b:54:ca:00:01' >/dev/null
wait_event cdp.seen '00:1b:54:ca:00:01' >/dev/null
say "pulled and plugged in $ROUNDS times: $open descriptors before, $(open_files) after"

# --- Away and back before anybody looked, with the same number: what moved to another namespace.
times=$(ready)
kill -STOP "$DAEMON"
ip -n "$SRV" link set lan0 netns "$CLI"
ip -n "$CLI" link set lan0 netns "$SRV"
kill -CONT "$DAEMON"
serves_again "$times"
[ "$(lease)" = "$address" ] || fail "another address after a trip to another namespace"

# --- A port that leaves a bridge is said to be taken away, too, by the kernel; it is not.
before=$(said interface-gone)
ip -n "$SRV" link add bridge0 type bridge
ip -n "$SRV" link set lan0 master bridge0
ip -n "$SRV" link set lan0 nomaster
ip -n "$SRV" link del bridge0
[ "$(lease)" = "$address" ] || fail "another address after a bridge"
"$BIN" status --control "$T/control" >"$T/out" || fail "it does not answer: $(cat "$T/out")"
grep -q '^Serves on lan0' "$T/out" && ! grep -q 'is gone' "$T/out" || fail "it is there again, and the status says otherwise: $(cat "$T/out")"
[ "$(said interface-gone)" = "$before" ] || fail "leaving a bridge was taken for being gone"

# --- It comes back and is of no use, and goes once more: each is said, and the status follows.
pull
times=$(ready)
small() { ip -n "$SRV" link add lan0 type "$1" && ip -n "$SRV" link set lan0 mtu 60; } 2>/dev/null # too small for IPv4
kill -STOP "$DAEMON"
if small dummy || small ifb; then
	kill -CONT "$DAEMON"
	before=$(said interface-gone)
	wait_event daemon.note 'interface-failed.*lan0 is there again, but .*tried again all the time' >/dev/null
	"$BIN" status --control "$T/control" >"$T/out" || fail "it does not answer: $(cat "$T/out")"
	grep -q '^The interface lan0 is there again, and cannot be used yet' "$T/out" || fail "the status does not tell: $(cat "$T/out")"
	ip -n "$SRV" link del lan0
	wait_until 5 has_said interface-gone $((before + 1)) || fail "that it is gone once more was not said"
	"$BIN" status --control "$T/control" >"$T/out" || fail "it does not answer: $(cat "$T/out")"
	grep -q '^The interface lan0 is gone: plug its adapter in again' "$T/out" || fail "the status stays where it was: $(cat "$T/out")"
	[ "$(said interface-failed)" = 1 ] || fail "that it cannot be used was said $(said interface-failed) times"
else
	kill -CONT "$DAEMON"
	left_out "an interface that cannot be used: this kernel makes none so small"
fi
plug 02:00:00:00:02:02
serves_again "$times"
[ "$(lease)" = "$address" ] || fail "another address after an interface that could not be used"

# --- Another name, the same interface: said, and nothing else.
if ip -n "$SRV" link set lan0 name other0 2>/dev/null; then
	wait_event daemon.note 'interface-renamed.*is called other0 now.*-i other0' >/dev/null
	[ "$(lease)" = "$address" ] || fail "another address under another name"
	grep -q '^interface other0 ' "$T/state/added.lan0" || fail "the new name is not written down: $(cat "$T/state/added.lan0")"
	times=$(ready)
	pull other0
	plug 02:00:00:00:02:01
	serves_again "$times"
else
	left_out "an interface gets another name: this kernel gives none to one that is up"
fi
# --- Killed after that: the next run takes the address away from the interface as it is now.
has_address || fail "no address: this test tests nothing"
kill -9 "$DAEMON"
wait "$DAEMON" 2>/dev/null || :
DAEMON=
start_daemon -a 10.77.9.1/24
! has_address || fail "the address of the run that was killed is still there"
# --- Ended while it is away.
pull
stop_daemon
[ ! -e "$T/state/added.lan0" ] || fail "the note of what was added stays"

# --- It comes with our address, given by somebody else: theirs, so it stays at the end.
plug 02:00:00:00:05:01
start_daemon
times=$(ready)
kill -STOP "$DAEMON"
ip -n "$SRV" link del lan0
plug 02:00:00:00:05:02
ip -n "$SRV" addr add $IP/24 dev lan0
kill -CONT "$DAEMON"
serves_again "$times"
stop_daemon
has_address || fail "somebody else's address was taken away"
ip -n "$SRV" link del lan0

# --- As a user that was named.
if [ -z "${UNSHARED:-}" ] && id nobody >/dev/null 2>&1; then
	plug 02:00:00:00:04:01
	start_daemon --user nobody
	[ "$(stat -c %U "$T/state")" = nobody ] || fail "it is not nobody"
	times=$(ready)
	pull
	plug 02:00:00:00:04:02
	serves_again "$times"
	[ "$(lease)" = "$address" ] || fail "another address from another user"
	stop_daemon
	ip -n "$SRV" link del lan0
fi

# --- Plugged into another wire: what ends a start ends it here, too.
plug 02:00:00:00:03:01
start_daemon
pull
ip -n "$SRV" link add lan0 address 02:00:00:00:03:02 type dummy 2>/dev/null && {
	wait_event daemon.note interface-back >/dev/null
	pull
}
ip -n "$CLI" addr add $IP/24 dev eth0 # our own address, by somebody else
plug 02:00:00:00:03:03
ends_with 4 "our address is used there"
wait_event daemon.note address-taken >/dev/null
ip -n "$CLI" addr flush dev eth0
start_daemon
kill -STOP "$DAEMON"
ip -n "$SRV" link del lan0
plug 02:00:00:00:03:05
ip -n "$SRV" link set lan0 up
ip -n "$SRV" route add default via 10.79.1.1 dev lan0 onlink
kill -CONT "$DAEMON"
ends_with 4 "the default route"
wait_event daemon.note '"default-route".*default route to 10.79.1.1' >/dev/null
ip -n "$SRV" route del default 2>/dev/null || :
if command -v dnsmasq >/dev/null; then
	start_daemon
	pull
	ip -n "$CLI" addr add 10.77.0.2/24 dev eth0
	start_rival eth0 10.77.0
	plug 02:00:00:00:03:04
	ends_with 4 "another DHCP server"
	wait_event network.rival 10.77.0.2 >/dev/null
	! has_address || fail "the address was left on the wire of another DHCP server"
else
	left_out "another DHCP server on the wire that comes back: dnsmasq is not installed"
fi
