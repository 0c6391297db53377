#!/bin/sh
# Whatever the end, nothing of ours stays: after SIGTERM, after SIGINT, and after kill -9 once the next
# run has come to its end. What was the user's own stays, also when we had to put it back.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
state() { ip -n "$SRV" -o addr && ip -n "$SRV" -o link | sed 's/qdisc.*//'; }
same_as() { # FILE, WHEN
	for _ in $(seq 20); do
		state >"$T/now"
		cmp -s "$1" "$T/now" && return
		sleep 0.05
	done
	diff "$1" "$T/now" || :
	fail "something was left behind: $2"
}
end_with() { # SIGNAL
	kill -"$1" "$DAEMON"
	wait "$DAEMON" 2>/dev/null || :
	DAEMON=
}
# The interface is switched off at first: it is switched off again at the end.
ip -n "$SRV" link set lan0 down
state >"$T/before"
for signal in TERM INT; do
	start_daemon
	has_address || fail "the address was not added"
	end_with $signal
	same_as "$T/before" "SIG$signal"
	[ ! -e "$T/state/added.lan0" ] || fail "the note of what was added stays after SIG$signal"
done
for _ in 1 2; do
	start_daemon
	grep -q "^address $IP/24" "$T/state/added.lan0" || fail "the address is not written down"
	end_with KILL
	has_address || fail "kill -9 left no address: this test tests nothing"
done
start_daemon -a 10.77.9.1/24
! has_address || fail "the address of the run that was killed is still there"
wait_event daemon.note 'address-removed' >/dev/null
end_with TERM
same_as "$T/before" "kill -9 and a restart"

# While one runs, another cannot take its address away.
ip -n "$SRV" link set lan0 up
start_daemon
running=$DAEMON
status=0
ip netns exec "$SRV" timeout -k 1 20 "$BIN" -i lan0 -a $IP/24 --state-dir "$T/state" "$FILES" >"$T/out" 2>&1 || status=$?
[ $status = 4 ] || fail "the second one ended with $status"
grep -q "another reflashd (process $running) serves on lan0" "$T/out" || { cat "$T/out"; fail "the first is not named"; }
has_address || fail "the second one took the address of the first away"
DAEMON=$running
end_with TERM
# IPv6 needs a moment for its own address.
sleep 2

# The user's own address: there before, taken away in mid-run, put back, there at the end.
ip -n "$SRV" addr add $IP/24 brd 10.77.0.255 dev lan0
state >"$T/before"
start_daemon
ip -n "$SRV" addr del $IP/24 dev lan0
wait_event daemon.note address-restored >/dev/null
has_address || fail "the address was not put back"
end_with TERM
has_address || fail "the user's own address was taken away at the end"
