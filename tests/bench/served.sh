#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped program under callgrind, serving over a veth: prints "CASE UNIT OWN ALL" (instructions
# of our own code and of all of user space, for each unit) for tests/bench/instructions.sh.
#
# Each case runs twice, with little work and with much, and what counts is the difference: so the
# start, the first requests and the end go out of it. With many clients a wake-up serves as many
# packets as wait; under valgrind, which is fifty times slower than they, that is about the same
# always. What libuv takes for each wake-up differs all the same: it is not said ("-").
. "$(dirname "$0")/../e2e/lib.sh"

B=${BIN%/*}
need valgrind timeout
ns_make
for client in 2 $(seq 100 119); do
	echo "addr add 10.77.0.$client/24 dev eth0"
done | ip -n "$CLI" -batch -
for mib in 1 5; do
	head -c $((mib * 1048576)) /dev/zero >"$FILES/image-$mib.bin"
done
mkdir -m 777 "$T/out"
cat >"$T/reflashd" <<-END
	#!/bin/sh
	exec valgrind -q --vgdb=no --tool=callgrind --compress-strings=no --compress-pos=no \\
		--callgrind-out-file=$T/out/cost.%p "$BIN" "\$@"
END
chmod +x "$T/reflashd"
PROGRAM=$(basename "$BIN")
BIN=$T/reflashd

# cost COMMAND: what the daemon takes for it, from its start to its end, "OWN ALL".
cost() {
	rm -rf "$T/out"/* "$T/state"
	start_daemon --force
	pid=$DAEMON
	timeout 150 ip netns exec "$CLI" "$@" >"$T/client.log" 2>&1 || fail "$*: $(cat "$T/client.log")"
	chmod 666 "$T/out/cost.$pid" # made by root, written by who it is then
	stop_daemon
	awk -v mine="$PROGRAM" -f "$E2E/callgrind.awk" "$T/out/cost.$pid" >>"$T/costs"
}

shared=
# each CASE UNIT LITTLE MUCH COMMAND: with "%" for 1 or 5 (MiB), or for how many
each() {
	name=$1 unit=$2 little=$3 much=$4 units=$5
	shift 5
	: >"$T/costs"
	for amount in "$little" "$much"; do
		# shellcheck disable=SC2046 # words without blanks
		cost $(printf '%s ' "$@" | sed "s/%/$amount/g")
	done
	awk -v name="$name" -v unit="$unit" -v units="$units" -v shared="$shared" '
		{ own[NR] = $1; all[NR] = $2 }
		END { printf "%s %s %.1f %s\n", name, unit, (own[2] - own[1]) / units,
			shared ? "-" : sprintf("%.1f", (all[2] - all[1]) / units) }' "$T/costs"
}

tftp="$B/bench/tftpload --server $IP --source 10.77.0.100 --file image-%.bin --verify $FILES/image-%.bin"
# shellcheck disable=SC2086 # a command and its options
{
	each served-512 block 1 5 $((4 * 2048)) $tftp
	each served-window-16 block 1 5 $((4 * 1048576 / 1428)) $tftp --blksize 1428 --window 16
	shared=1
	each served-20-clients block 1 5 $((20 * 4 * 2048)) $tftp --clients 20
	shared=
	each served-dhcp exchange 20 120 100 $B/bench/dhcpload -i eth0 -n % -c 1 -w
}
