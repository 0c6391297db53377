#!/bin/sh
# Whatever has become of the state folder, a phone is served, and one sentence says what will be lost
# and how to mend it. And a clock that is years off at one start and right at the next loses nothing.
# alone
. "$(dirname "$0")/lib.sh"

need busybox nsenter python3
ns_make
make_files
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
begin() { start_daemon --serve-incomplete --force "$@"; }
watched() { : >"$T/state/probe" && rm "$T/state/probe" && grep -q probe "$T/tries"; }
count() { grep -c "\"code\":\"$1\"" "$EVENTS" || :; }
lease() { # MAC
	ip -n "$CLI" link set eth0 down
	ip -n "$CLI" link set eth0 address "$1"
	ip -n "$CLI" link set eth0 up
	in_cli busybox udhcpc -i eth0 -n -q -f -t 20 -T 1 -s /bin/true >"$T/client.log" 2>&1 ||
		fail "$1 got no address: $(tail -n 3 "$T/client.log")"
	given=$(sed -n 's/.*lease of \([0-9.]*\) obtained.*/\1/p' "$T/client.log")
}
ask_for() { # ADDRESS: somebody else wants it
	ip -n "$CLI" link set eth0 down
	ip -n "$CLI" link set eth0 address 00:1b:54:00:02:01
	ip -n "$CLI" link set eth0 up
	in_cli busybox udhcpc -i eth0 -n -q -f -t 20 -T 1 -r "$1" -s /bin/true >"$T/client.log" 2>&1 || fail "no address"
	given=$(sed -n 's/.*lease of \([0-9.]*\) obtained.*/\1/p' "$T/client.log")
}
get() {
	ip -n "$CLI" addr replace 10.77.0.99/24 dev eth0
	rm -f "$T/out"
	(cd "$T" && in_cli timeout 20 busybox tftp -g -l "$T/out" -r Size-1048576.bin $IP) >"$T/client.log" 2>&1 ||
		fail "no file: $(tail -n 3 "$T/client.log")"
	cmp "$T/out" "$FILES/Size-1048576.bin" || fail "the file arrived damaged"
	ip -n "$CLI" addr flush dev eth0
}
die() {
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null || :
	DAEMON=
}
# Tried again after 1, 2, 4 … 30 seconds.
saved_again() { wait_until 35 grep -q '"code":"state-saved"' "$EVENTS" || fail "it can be saved, and is not: $(tail -n 3 "$EVENTS")"; }
# serves_unsaved REASON: said once, and everything else is as ever
serves_unsaved() {
	wait_event daemon.note "state-not-saved.*$1" >/dev/null
	lease 00:1b:54:00:01:01
	get
	sleep 2.5 # the tries go on
	[ "$(count state-not-saved)" = 1 ] || fail "$1: it was said $(count state-not-saved) times: $(grep state-not-saved "$EVENTS")"
	grep -q 'a restart forgets .*--state-dir /run/reflashd-state' "$LOG" || fail "$1: it does not say what to do: $(cat "$LOG")"
	grep -q "its address stays on lan0 until you type: sudo ip addr del $IP/24 dev lan0" "$LOG" ||
		fail "$1: it does not say what stays behind: $(cat "$LOG")"
}

# --- nothing can be kept
# shellcheck disable=SC2154 # set in the same line
trap 'status=$?; set +e; umount -l "$T/state" 2>/dev/null; (exit $status); cleanup' EXIT
mkdir "$T/state"
if mount -t tmpfs -o size=2m tmpfs "$T/state" 2>/dev/null; then
	begin
	lease 00:1b:54:00:01:01
	address=$given
	stop_daemon
	mount -o remount,bind,ro "$T/state"
	begin
	serves_unsaved "Read-only file system"
	[ "$given" = "$address" ] || fail "what can be read was not read: $given, not $address"
	row "state folder read-only at the start" "said once; served; what stands there is used"
	mount -o remount,bind,rw "$T/state"
	nsenter -t "$DAEMON" -m -r mount -o remount,bind,rw "$T/state" # ip netns exec gave it mounts of its own
	saved_again
	die
	grep -aq 00:1b:54:00:01:01 "$T"/state/leases* || fail "it was not saved when it could be"
	row "and writable again" "saved without being asked"
	has_address || fail "the sentence about the address was wrong"
	ip -n "$SRV" addr flush dev lan0
	mount -o remount,bind,ro "$T/state"
	begin --state-dir "$T/state/deep/er"
	serves_unsaved 'deep/er.: (No such file|Read-only)'
	stop_daemon
	[ "$(grep -c '^reflashd:' "$LOG")" = 0 ] || fail "it is said once more at the end: $(cat "$LOG")"
	! has_address || fail "the address stays after an ordinary end"
	row "state folder that cannot be made" "said once; served; address taken away at the end"
	umount "$T/state"
	# A full disk is tried less and less often, and as soon as one thing can be saved, so is the other.
	mount -t tmpfs -o size=2m tmpfs "$T/state"
	begin
	lease 00:1b:54:00:01:01
	python3 - "$T/state" >"$T/tries" <<'PY' &
import ctypes, os, sys, struct
libc = ctypes.CDLL(None)
fd = libc.inotify_init()
libc.inotify_add_watch(fd, sys.argv[1].encode(), 0x100) # IN_CREATE
while True:
    data, at = os.read(fd, 65536), 0
    while at < len(data):
        n = struct.unpack_from('iIII', data, at)[3]
        print(data[at + 16:at + 16 + n].rstrip(b'\0').decode(), flush=True)
        at += 16 + n
PY
	WATCHER=$!
	wait_until 5 watched
	head -c 3M /dev/zero >"$T/state/filler" 2>/dev/null || :
	lease 00:1b:54:00:01:03
	recover_phone --model 7970 --kind erased
	sleep 13
	leases=$(grep -c '^leases.new$' "$T/tries" || :)
	others=$(grep -c '^phones.new$' "$T/tries" || :)
	[ "$leases" -ge 2 ] && [ "$leases" -le 8 ] || fail "$leases tries to save the leases within 13 s: $(cat "$T/tries")"
	[ "$others" -ge 1 ] && [ "$others" -le 8 ] || fail "$others tries to save the phones within 13 s"
	rm "$T/state/filler"
	wait_until 35 grep -q 00:1b:54:00:01:03 "$T/state/leases" || fail "there is room, and the leases are not saved"
	wait_until 35 grep -q 00:1b:54:ca:01:02 "$T/state/phones" || fail "there is room, and the phones are not saved"
	kill $WATCHER
	stop_daemon
	row "a disk that stays full for 13 s, then has room" "tried less and less often" "$leases and $others tries"
	umount "$T/state"
else
	row "state folder read-only" "said once; served" "SKIPPED: no mounts here"
fi
if [ -z "${UNSHARED:-}" ]; then # the only user there is passes over permissions
	chmod 555 "$T/state"
	begin
	serves_unsaved "Permission denied"
	die
	ip -n "$SRV" addr flush dev lan0
	row "state folder of no permission to write" "said once; served"
fi
rm -rf "$T/state" && mkdir "$T/state" && mkdir "$T/state/added.lan0"
begin
wait_event daemon.note 'added-not-noted.*its address stays on lan0' >/dev/null
lease 00:1b:54:00:01:01
die
ip -n "$SRV" addr flush dev lan0
grep -aq 00:1b:54:00:01:01 "$T"/state/leases* || fail "the leases were not kept"
row "the record of what was added: no place" "said with what would stay behind; all else is kept"

# --- files that cannot be used
damaged() { # NAME, RE
	begin
	wait_event daemon.note "state-damaged.*$2" >/dev/null
	[ "$(count state-damaged)" = 1 ] || fail "said $(count state-damaged) times: $(grep state-damaged "$EVENTS")"
	grep -q "put aside as .*/$1\.damaged.*goes on without it" "$LOG" || fail "$1: not said: $(cat "$LOG")"
	[ -e "$T/state/$1.damaged" ] || fail "$1 was not put aside"
	lease 00:1b:54:00:01:02
	stop_daemon
	begin
	[ "$(count state-damaged)" = 0 ] || fail "$1 is damaged once more"
	stop_daemon
}
for name in leases phones; do
	rm -rf "$T/state" && mkdir "$T/state"
	printf '00:1b:54:00:01:02 10.77.0.77 bound 3600\nrubbish\n' >"$T/state/$name"
	damaged $name "$name.*is damaged: line [12] "
	grep -q rubbish "$T/state/$name.damaged" || fail "$name was not kept as it was"
done
for name in leases leases.journal phones; do
	rm -rf "$T/state" && mkdir "$T/state" && mkfifo "$T/state/$name"
	begin
	wait_event daemon.note "state-damaged.*$name. is no ordinary file" >/dev/null
	lease 00:1b:54:00:01:02
	stop_daemon
	[ -f "$T/state/leases" ] || fail "a FIFO as $name keeps the leases from being saved"
done
rm -rf "$T/state" && mkdir "$T/state"
truncate -s 70M "$T/state/leases"
damaged leases 'is far larger than'
row "state files damaged, FIFOs, 70 MB of zeros" "named, put aside; served"

# --- three megabytes, and what counts comes last
rm -rf "$T/state" && mkdir "$T/state"
{ yes '# a remark of somebody who keeps notes here' | head -n 75000 && echo '00:1b:54:00:01:05 10.77.0.88 bound 3600'; } >"$T/state/leases"
begin
lease 00:1b:54:00:01:05
[ "$given" = 10.77.0.88 ] || fail "the end of a large file was not read: $given"
stop_daemon
row "a lease file of three megabytes" "read to its end"

# --- one user after the other
if [ -z "${UNSHARED:-}" ]; then
	rm -rf "$T/state"
	begin
	lease 00:1b:54:00:01:03
	address=$given
	die
	for user in root nobody root; do
		begin --user $user
		[ "$(stat -c %U "$T/state")" = $user ] || fail "the state folder is not $user's"
		[ "$(count state-not-saved)$(count added-not-noted)" = 00 ] || fail "as $user: $(grep daemon.note "$EVENTS")"
		lease 00:1b:54:00:01:03
		[ "$given" = "$address" ] || fail "as $user: $given, not $address"
		die
	done
	begin
	stop_daemon
	! has_address || fail "the address of a run as root stays"
	row "kill -9, then as another user, as root, and back" "leases and record are taken over"
fi

# --- the clock
lib=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)
if [ -n "$lib" ] && ! ldd "$BIN" | grep -q asan; then
	rm -rf "$T/state"
	export FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD="$lib"
	address=
	echo +0 >"$T/clock"
	export FAKETIME_TIMESTAMP_FILE="$T/clock" FAKETIME_NO_CACHE=1
	begin
	for jump in +0 +4000d -4000d; do # the clock of a box without a battery, and of one with a wrong date
		echo "$jump" >"$T/clock.new" && mv "$T/clock.new" "$T/clock"
		LD_PRELOAD='' lease 00:1b:54:00:01:05
		[ -z "$address" ] || [ "$given" = "$address" ] || fail "after a jump of $jump: $given, not $address"
		address=$given
		LD_PRELOAD='' ask_for "$address"
		[ "$given" != "$address" ] || fail "after a jump of $jump $address was given to somebody else"
	done
	die
	unset FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE
	row "the clock jumps 11 years, both ways, in mid-run" "no lease ends early, none is given twice"
	address=
	for clock in +0 '@1970-01-01 00:00:05' +30y -20y; do
		export FAKETIME="$clock"
		begin
		LD_PRELOAD='' lease 00:1b:54:00:01:04
		[ -z "$address" ] || [ "$given" = "$address" ] || fail "at $clock: $given, not $address"
		address=$given
		if [ "$clock" = +0 ]; then
			LD_PRELOAD='' recover_phone --model 7970 --kind erased
			stop_daemon
		else
			die
		fi
		grep -Eq '"time":"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T' "$EVENTS" || fail "at $clock: no time in the events"
	done
	unset LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
	begin
	grep -q 00:1b:54:ca:01:02 "$T/state/phones" || fail "what was known of a phone is lost: $(cat "$T/state/phones")"
	lease 00:1b:54:00:01:04
	[ "$given" = "$address" ] || fail "with a right clock again: $given, not $address"
	stop_daemon
	row "starts in 1970, 30 years ahead, 20 years ago" "every phone has its address, and its plan"
else
	row "starts with a clock that is years off" "every phone has its address" "SKIPPED: no faketime"
fi
