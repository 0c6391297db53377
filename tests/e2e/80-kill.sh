#!/bin/sh
# kill -9 in the moment in which a client has its ACK, again and again: after the restart another
# client comes first and asks for that very address; it gets another one, and ours gets its own.
# That is more than memory: the ACK left when the lease was on disk.
# alone
. "$(dirname "$0")/lib.sh"

need busybox
ns_make
make_files
ROUNDS=${ROUNDS:-12}

# ask MAC [ADDRESS TO ASK FOR]: what it was given
ask() {
	ip -n "$CLI" link set eth0 down
	ip -n "$CLI" link set eth0 address "$1"
	ip -n "$CLI" link set eth0 up
	in_cli busybox udhcpc -i eth0 -n -q -f -t 8 -T 1 ${2:+-r "$2"} -s /bin/true >"$T/client.log" 2>&1 ||
		fail "$1 got no address: $(tail -n 3 "$T/client.log")"
}
given() { sed -n 's/.*lease of \([0-9.]*\) obtained.*/\1/p' "$T/client.log"; }
die() {
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null || :
	DAEMON=
}

round=0
while [ $((round += 1)) -le "$ROUNDS" ]; do
	start_daemon --serve-incomplete --force
	ask "00:1b:54:00:00:$(printf %02x $round)"
	die
	address=$(given)
	[ -n "$address" ] || fail "no address in: $(cat "$T/client.log")"
	start_daemon --serve-incomplete --force
	ask "00:1b:54:00:01:$(printf %02x $round)" "$address"
	[ "$(given)" != "$address" ] || fail "round $round: $address was given to somebody else"
	ask "00:1b:54:00:00:$(printf %02x $round)"
	[ "$(given)" = "$address" ] || fail "round $round: $address before the kill, $(given) after"
	die
done
# All of them are still there, and after an ordinary end, too.
start_daemon --serve-incomplete --force
stop_daemon
[ ! -e "$T/state/leases.journal" ] || fail "the journal outlived an ordinary end"
[ "$(grep -c bound "$T/state/leases")" = $((2 * ROUNDS)) ] || fail "leases are missing: $(cat "$T/state/leases")"
row "kill -9 in the moment of an ACK, $ROUNDS times" "the phone has its address after the restart, nobody else" \
	"$((2 * ROUNDS)) leases, none lost or given away"
say "kill -9 after an ACK: $ROUNDS times, $((2 * ROUNDS)) leases, none lost"
