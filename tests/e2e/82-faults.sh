#!/bin/sh
# One fault after another, each with what was promised and what was seen: a table at the end.
# (83-state.sh has the rest of what may become of the state folder.)
# alone
. "$(dirname "$0")/lib.sh"

need busybox bash
ns_make
make_files
head -c 40000 /dev/urandom >"$FILES/Small.bin"
cp "$FILES/Size-1048576.bin" "$T/big"
cp "$FILES/Small.bin" "$T/small"

lease() { # MAC
	ip -n "$CLI" link set eth0 down
	ip -n "$CLI" link set eth0 address "$1"
	ip -n "$CLI" link set eth0 up
	in_cli busybox udhcpc -i eth0 -n -q -f -t 20 -T 1 -s /bin/true >"$T/client.log" 2>&1 ||
		fail "${2:-$1} got no address: $(tail -n 3 "$T/client.log")"
	given=$(sed -n 's/.*lease of \([0-9.]*\) obtained.*/\1/p' "$T/client.log")
}
get() { # FILE ORIGINAL
	ip -n "$CLI" addr replace 10.77.0.99/24 dev eth0
	rm -f "$T/out"
	(cd "$T" && in_cli timeout 60 busybox tftp -g -l "$T/out" -r "$1" $IP) >"$T/client.log" 2>&1 ||
		fail "$1 was not fetched: $(tail -n 3 "$T/client.log")"
	cmp "$T/out" "$2" || fail "$1 arrived damaged"
}
die() {
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null || :
	DAEMON=
}
# shellcheck disable=SC2120 # a test may give more
begin() { start_daemon --serve-incomplete --force "$@"; }
count() { grep -c "\"$1\"" "$EVENTS" || :; }

# --- the state folder
mkdir "$T/state"
# shellcheck disable=SC2154 # set in the same line
trap 'status=$?; set +e; umount -l "$T/state" 2>/dev/null; (exit $status); cleanup' EXIT
if mount -t tmpfs -o size=2m tmpfs "$T/state" 2>/dev/null; then
	begin
	lease 00:1b:54:00:00:01
	head -c 3M /dev/zero >"$T/state/filler" 2>/dev/null || :
	lease 00:1b:54:00:00:02 "with a full disk"
	get Small.bin "$T/small"
	get Size-1048576.bin "$T/big"
	sleep 2.5
	die
	row "disk full in mid-run" "phones and files served" "a lease and two files"
	grep -aq '00:1b:54:00:00:02 .* bound' "$T"/state/leases* || fail "the journal lacks an acknowledged lease"
	row "and then kill -9" "acknowledged leases are there: the journal had its room" "the lease is in the journal"
	begin
	head -c 3M /dev/zero >>"$T/state/filler" 2>/dev/null || :
	lease 00:1b:54:00:00:03 "with a full disk at the start"
	wait_event daemon.note state-not-saved >/dev/null
	sleep 2.5
	[ "$(count state-not-saved)" -le 2 ] || fail "the full disk was said $(count state-not-saved) times"
	row "disk full at the start" "said once, phones served" "said $(count state-not-saved) time, a lease"
	rm "$T/state/filler"
	wait_until 35 grep -q '"code":"state-saved"' "$EVENTS" || fail "there is room, and nothing is saved"
	die
	grep -aq 00:1b:54:00:00:03 "$T"/state/leases || fail "what was held in memory was not saved afterwards"
	row "disk free again, then kill -9" "everything saved without being asked"
	umount "$T/state"
else
	row "disk full" "said once, phones served" "SKIPPED: no mounts here"
fi
begin
lease 00:1b:54:00:00:04
rm -r "$T/state"
lease 00:1b:54:00:00:05 "without a state folder"
wait_event daemon.note state-not-saved >/dev/null
row "state folder gone" "said once, phones served" "said $(count state-not-saved) time, a lease"
mkdir "$T/state" # another folder than the one the daemon may write to (Landlock), until it starts anew
lease 00:1b:54:00:00:05 "beside a new state folder"
stop_daemon
begin
lease 00:1b:54:00:00:05
die
grep -aq 00:1b:54:00:00:05 "$T"/state/leases* || fail "the new state folder was not used"
row "a new state folder in its place" "phones served; used from the next start on"

begin
lease 00:1b:54:00:00:06
before=$given
die
printf 'deadbeef 00:1b:54:00:00:06 10.77.0.2' | dd of="$T/state/leases.journal" bs=1 seek=200000 conv=notrunc 2>/dev/null
truncate -s 200100 "$T/state/leases.journal"
begin
lease 00:1b:54:00:00:06
[ "$given" = "$before" ] || fail "a torn journal moved a phone"
row "kill -9, and the journal is torn" "every phone has its address" "$given as before"
stop_daemon

# --- the library
wire_make
wire_start --delay 2
begin
get Size-1048576.bin "$T/big" &
fetch=$!
wait_event tftp.start Size-1048576 >/dev/null
sleep 0.3
: >"$FILES/Size-1048576.bin"
rm "$FILES/Size-1048576.bin"
wait $fetch || fail "the library was deleted in mid-transfer: $(cat "$T/client.log")"
row "a file truncated, deleted in mid-transfer" "the transfer ends with the bytes it began with" "every byte"
get Small.bin "$T/small"
# --- the wire
wire_start --delay 2 --loss 30 --dup 10 --reorder 25 --seed 3
lease 00:1b:54:00:00:07 "at 30 % loss"
get Small.bin "$T/small"
stop_daemon
wire_stop
row "30 % lost, 10 % doubled, 25 % reordered" "address and whole file, only later" "both; $WIRE_DID"
wire_start

# --- hostile words
begin
ip -n "$CLI" addr replace 10.77.0.99/24 dev eth0
printf '\0\1\033[2J\007evil<script>\0octet\0' >"$T/evil"
in_cli bash -c "cat '$T/evil' >/dev/udp/$IP/69"
wait_event tftp.refused 'evil' >/dev/null
in_cli busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -V "$(printf 'x\033[31m\007')" -s /bin/true >/dev/null 2>&1 || fail "a hostile class got no address"
wait_event dhcp.ack 'x1b' >/dev/null
! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$EVENTS" "$LOG" || fail "raw bytes of the wire reached the stream"
row "escape codes in names and classes" "only printable text in stream and terminal" "no byte below 32 or above 126"

# --- strangers: an address that is not of this network gets not a byte
ip -n "$CLI" addr flush dev eth0
ip -n "$CLI" addr add 172.16.5.5/32 dev eth0
ip -n "$CLI" route add $IP/32 dev eth0 src 172.16.5.5
ip -n "$SRV" route add 172.16.5.5/32 dev lan0
printf '\0\1Small.bin\0octet\0' >"$T/rrq"
in_cli bash -c "exec 3<>/dev/udp/$IP/69; cat '$T/rrq' >&3; timeout 2 head -c 1 <&3" >"$T/reflected" || :
wait_event tftp.refused foreign >/dev/null
[ ! -s "$T/reflected" ] || fail "a stranger was answered with $(wc -c <"$T/reflected") bytes"
row "a request from outside the network" "no byte in answer, said in the stream" "0 bytes, tftp.refused"
stop_daemon

# --- the clock
lib=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)
if [ -n "$lib" ] && ! ldd "$BIN" | grep -q asan; then
	synth --size 60000 java70 SCCP70.8-3-3S "$FILES/7970"
	echo +0 >"$T/clock"
	export FAKETIME_TIMESTAMP_FILE="$T/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
	export LD_PRELOAD="$lib"
	begin
	unset LD_PRELOAD
	ip -n "$CLI" addr flush dev eth0
	for jump in +400d -400d +0; do
		(sleep 0.5 && echo "$jump" >"$T/clock.new" && mv "$T/clock.new" "$T/clock") &
		recover_phone --model 7970 --kind erased
	done
	[ "$(count phone.recovered)" -ge 1 ] || fail "no phone was recovered while the clock jumped"
	stop_daemon
	row "the clock jumps 400 days, both ways" "phones recovered all the same" "$(count phone.recovered) proven"
else
	row "the clock jumps" "phones recovered all the same" "SKIPPED: no faketime"
fi
