#!/bin/sh
# A direct cable and a network manager at their worst: the address is taken away and the link drops
# fifty times while a phone fetches its firmware. The phone recovers, and it is said once.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 3000000 java70 SCCP70.8-3-3S "$FILES/7970"
start_daemon
in_cli "$ROOT/build/tools/simphone" -i eth0 --speed 20 --timeout 90 --model 7970 --kind erased >"$T/phone.log" 2>&1 &
phone=$!
wait_event tftp.start '\.sbn' >/dev/null
for _ in $(seq 50); do
	ip -n "$SRV" addr flush dev lan0
	sleep 0.1
	# The kernel drops addresses of an interface that is switched off; here the far end goes.
	ip -n "$CLI" link set eth0 down
	sleep 0.1
	ip -n "$CLI" link set eth0 up
	sleep 0.1
done
# The kernel looks at most once a second, and so may miss nearly all of that: some that it cannot miss.
flaps() { grep -q 'comes and goes' "$LOG"; }
for _ in $(seq 4); do
	! flaps || break
	ip -n "$CLI" link set eth0 down
	sleep 1.2
	ip -n "$CLI" link set eth0 up
	sleep 1.2
done
kill -0 $phone || fail "the phone was done before the flapping was: this test tests nothing"
status=0
wait $phone || status=$?
[ $status = 0 ] || { cat "$T/phone.log"; fail "the phone did not come back"; }
wait_event phone.recovered >/dev/null
said=$(grep -c '"address-restored"' "$EVENTS")
[ "$said" = 1 ] || fail "that the address was put back was said $said times"
[ "$(grep -c 'comes and goes' "$LOG")" = 1 ] || fail "the flapping was not said once"
has_address || fail "the address is gone"
stop_daemon

# More news of the kernel than its queue holds: what comes after them is heard all the same.
start_daemon
kill -STOP "$DAEMON"
in_srv sh -c 'for i in $(seq 150); do ip link add d$i type veth peer name e$i; done
	for j in 1 2 3; do for i in $(seq 150); do ip link set d$i up; ip link set d$i down; done; done'
kill -CONT "$DAEMON"
sleep 1
ip -n "$CLI" link set eth0 down
wait_event network.link '"up":false' >/dev/null
stop_daemon
