#!/bin/sh
# One box, one cable to a switch, two VLANs: a daemon for each, at the same time, with a state folder and
# a control socket of its own, as the unit reflashd@.service starts them. The same phone model in both,
# other firmware; nobody hears the other's phones.
. "$(dirname "$0")/lib.sh"
ns_make
tagged() { ip -n "$1" link add link "$2" name "$2.$3" type vlan id "$3" 2>/dev/null; }
for vlan in 10 20; do
	if ! tagged "$SRV" lan0 $vlan || ! tagged "$CLI" eth0 $vlan; then
		left_out "no VLANs on this kernel: a cable for each of them"
		ip link add lan0.$vlan netns "$SRV" type veth peer name eth0.$vlan netns "$CLI"
	fi
	ip -n "$SRV" link set lan0.$vlan up
	ip -n "$CLI" link set eth0.$vlan up
done
synth --size 100000 java70 SCCP70.8-3-3S "$FILES/10"
synth --size 100000 java70 SCCP70.9-4-2SR3-1S "$FILES/20"

# What the unit runs, for the instance lan0.VLAN; the configuration is shared.
instance() {
	command=$(sed -n 's/^ExecStart=[^ ]* //p' "$T/reflashd@.service" | sed "s/%i/lan0.$1/g; s#/var/lib#$T/lib#; s#/run/#$T/#; s#/etc#$T#")
	mkdir -p "$T/lib/reflashd/lan0.$1" "$T/reflashd-lan0.$1"
	# shellcheck disable=SC2086 # words
	ip netns exec "$SRV" "$BIN" $command --clients all -a "10.77.$1.1/24" --once --timeout 90 \
		--events "$T/events.$1" "$FILES/$1" >"$T/log.$1" 2>&1 &
}
tree_make DESTDIR="$T/root" install
sed 's#/usr/local/#/usr/#g' "$T/root/usr/local/lib/systemd/system/reflashd@.service" >"$T/reflashd@.service"
: >"$T/reflashd.conf"
instance 10
ten=$!
instance 20
twenty=$!
for vlan in 10 20; do
	ready() { grep -qs daemon.ready "$T/events.$vlan"; }
	wait_until 10 ready || fail "VLAN $vlan is not served: $(cat "$T/log.$vlan")"
done
"$BIN" status --control "$T/reflashd-lan0.20/control" | grep -q 'lan0\.20' || fail "the second one does not answer on its socket"
for vlan in 10 20; do
	ip netns exec "$CLI" "$ROOT/build/tools/simphone" -i eth0.$vlan --speed 300 --timeout 60 --model 7970 \
		--mac 00:1b:54:ca:00:$vlan --speak cdp,sccp >"$T/phone.$vlan" 2>&1 &
done
for pid in $ten $twenty; do
	status=0
	wait "$pid" || status=$?
	[ $status = 0 ] || fail "a daemon ended with $status: $(tail -n 5 "$T/log.10" "$T/log.20")"
done
grep -h phone.recovered "$T/events.10" | grep -q '54:ca:00:10.*SCCP70\.8-3-3S' || fail "VLAN 10: $(tail -n 3 "$T/log.10")"
grep -h phone.recovered "$T/events.20" | grep -q '54:ca:00:20.*SCCP70\.9-4-2SR3-1S' || fail "VLAN 20: $(tail -n 3 "$T/log.20")"
! grep -q '54:ca:00:20' "$T/events.10" || fail "VLAN 10 heard the phone of VLAN 20"
! grep -q '54:ca:00:10' "$T/events.20" || fail "VLAN 20 heard the phone of VLAN 10"
[ -s "$T/lib/reflashd/lan0.10/leases" ] && [ -s "$T/lib/reflashd/lan0.20/leases" ] || fail "no state of its own"
