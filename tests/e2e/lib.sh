# shellcheck shell=sh
# Helpers of the end-to-end tests: a virtual cable, the shipped daemon at one end of it and
# somebody else's client at the other. A test is a script that begins with
#
#     . "$(dirname "$0")/lib.sh"
#
# and says what should happen; it ends by itself (passed), by `fail` or by `skip`.
# Everything lives in a folder of its own ($T) and in two namespaces of its own, so tests
# may run at the same time; all of it is gone at exit. KEEP=1 keeps the folder.
#
#     ns_make              namespaces $SRV (lan0, ours) and $CLI (eth0, the phone's end)
#     in_srv CMD, in_cli CMD
#     start_daemon ARGS    reflashd on lan0, 10.77.0.1/24, events in $EVENTS; waits for ready
#     stop_daemon          must end by itself, with 0
#     daemon_ends          by itself (--once), with 0: only who sees its end has seen what it leaks
#     daemon_exits N ARGS  reflashd must end with exit code N; what it said is in $LOG
#     wait_event NAME [RE] prints the first event of that name that matches, fails after 10 s
#     wait_until S CMD     until CMD succeeds; fails itself when it has not within S seconds
#     has_address          lan0 has our address
#     wire_make            between the two ends somebody who passes the frames on (tests/tools/wire)
#     wire_start ARGS      from now on, with so much loss …; wire_stop ends it: $WIRE_DID says what it did
#     row FAULT PROMISE SEEN  a line of the table of faults, which the runner prints at the end
#     start_rival IF NET [OPTION]  dnsmasq at the phone's end: a DHCP server for NET.200 to .220
#     hold_udp_69          dnsmasq at our end, as a TFTP server; $! is its process
#     need CMD ...         skips when a program is missing
#     left_out WHAT        a part that cannot be done here: the runner names it and counts it as skipped
#     say, fail, skip REASON

set -eu

E2E=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$E2E/../.." && pwd)
BIN=${BIN:-$ROOT/build/reflashd}
case $BIN in /*) ;; *) BIN=$ROOT/$BIN ;; esac
PATH=$PATH:/usr/sbin:/sbin
IP=10.77.0.1 # ours, in every test
SLOW=${SLOW:-1} # times the patience of this machine, for a program that runs under valgrind

# Without root: once more as the root of a namespace of our own, where that is allowed.
if [ "$(id -u)" != 0 ] && unshare -Urnm true 2>/dev/null; then
	exec unshare -Urnm env UNSHARED=1 sh "$0" "$@"
fi

T=$(mktemp -d "${TMPDIR:-/tmp}/reflashd-e2e.XXXXXX")
chmod 755 "$T"
LOG=$T/daemon.log
EVENTS=$T/events.json
FILES=$T/files # what the daemon serves
DAEMON=
SRV=
CLI=
MID= # where the bad wire is
WIRE=
ROWS=${ROWS_FILE:-$T/rows}
mkdir "$FILES"

say() { printf '%s\n' "$*"; }

skip() {
	say "SKIP: $*"
	exit 77
}

left_out() { say "LEFT OUT: $*"; }

# The reason last: the runner shows the end of the log. To standard error, since many who may fail
# are called for what they print.
fail() {
	exec >&2
	for f in "$LOG" "$EVENTS"; do
		[ ! -s "$f" ] || { say "--- the end of ${f##*/}:" && tail -n 25 "$f"; }
	done
	say "FAILED: $*"
	exit 1
}

need() {
	for cmd; do
		command -v "$cmd" >/dev/null || skip "$cmd is not installed"
	done
}

# Whatever still runs in our namespaces was started by this test.
cleanup() {
	status=$?
	trap - EXIT INT TERM HUP
	for ns in $SRV $CLI $MID; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -9 "$pid" 2>/dev/null || :
		done
		ip netns del "$ns" 2>/dev/null || :
	done
	[ -n "${ROWS_FILE:-}" ] || [ ! -s "$ROWS" ] || sh "$E2E/rows.sh" "$ROWS"
	if [ -n "${KEEP:-}" ]; then say "kept: $T"; else rm -rf "$T"; fi
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# make in the tree, one at a time: scripts that run side by side must not build the same file.
tree_make() {
	case $BIN in */asan/*) set -- SAN=1 "$@" ;; esac
	flock "${BIN%/*}" make -s -C "$ROOT" B="${BIN%/*}" "$@" >"$T/make.log" 2>&1 ||
		fail "make $*: $(tail -n 20 "$T/make.log")"
}

ns_make() {
	need ip
	[ "$(id -u)" = 0 ] || skip "network namespaces need root (or user namespaces)"
	[ -z "${UNSHARED:-}" ] || mount -t tmpfs tmpfs /run # ip keeps the names there
	ip netns add "rf$$s" 2>/dev/null || skip "this kernel or container makes no network namespaces"
	SRV=rf$$s
	CLI=rf$$c
	ip netns add "$CLI"
	in_srv true 2>/dev/null || skip "ip netns exec does not work here (inside a plain chroot?)"
	ip link add lan0 netns "$SRV" type veth peer name eth0 netns "$CLI" ||
		skip "no veth on this kernel"
	ip -n "$SRV" link set lo up
	ip -n "$CLI" link set lo up
	ends_up
}

ends_up() {
	# Some clients read raw frames and trust the UDP checksum, which a veth leaves to nobody.
	if command -v ethtool >/dev/null; then
		in_srv ethtool -K lan0 tx off >/dev/null 2>&1 || :
		in_cli ethtool -K eth0 tx off >/dev/null 2>&1 || :
	fi
	ip -n "$SRV" link set lan0 up
	ip -n "$CLI" link set eth0 up
}

wait_until() {
	tries=$(($1 * 20 * SLOW))
	shift
	until "$@"; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

# --- a bad wire: the kernel may have no netem, and its dice do not repeat.

wire_make() {
	MID=rf$$w
	ip netns add "$MID"
	in_mid sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || :
	ip -n "$SRV" link del lan0
	ip link add lan0 netns "$SRV" type veth peer name w0 netns "$MID"
	ip link add eth0 netns "$CLI" type veth peer name w1 netns "$MID"
	ip -n "$MID" link set w0 up
	ip -n "$MID" link set w1 up
	ends_up
}

wire_start() {
	wire_stop
	WIRE_ASKED=$*
	: >"$T/wire.log"
	ip netns exec "$MID" "$ROOT/build/tools/wire" "$@" w0 w1 >"$T/wire.log" 2>&1 &
	WIRE=$!
	wait_until 5 grep -q 'a wire between' "$T/wire.log" || fail "no wire: $(cat "$T/wire.log")"
}

# "lost 12 + 9, doubled …": to the phone and back
wire_stop() {
	[ -n "$WIRE" ] || return 0
	kill -TERM "$WIRE" 2>/dev/null || fail "the wire broke: $(cat "$T/wire.log")"
	wait "$WIRE" || fail "the wire broke: $(cat "$T/wire.log")"
	WIRE=
	# shellcheck disable=SC2034 # for the test
	WIRE_DID=$(awk '/ frames: / { n += $4; lost += $6; dup += $8; order += $10; full += $12 }
		END { printf "%d of %d frames lost", lost, n
			if (dup) printf ", %d doubled", dup
			if (order) printf ", %d reordered", order
			if (full) printf ", %d had no room", full }' "$T/wire.log")
	case $WIRE_ASKED in *--loss*) case $WIRE_DID in "0 of"*) fail "the bad wire was a good one: $WIRE_DID" ;; esac ;; esac
}

row() {
	case ${3:-} in SKIPPED:*) left_out "$1:${3#SKIPPED:}" ;; esac
	printf '%s\t%s\t%s\t%s\n' "$(basename "$0" .sh)" "$1" "$2" "${3:-seen}" >>"$ROWS"
}

in_mid() { ip netns exec "$MID" "$@"; }
in_srv() { ip netns exec "$SRV" "$@"; }
in_cli() { ip netns exec "$CLI" "$@"; }
has_address() { ip -n "$SRV" -4 addr show dev lan0 | grep -q "inet $IP/24"; }

# shellcheck disable=SC2120 # options of the daemon, mostly none
# Not in_srv: a function in the background would be a shell of its own, and $! that shell.
start_daemon() {
	[ -x "$BIN" ] || fail "$BIN is not there: run make first"
	: >"$EVENTS"
	ip netns exec "$SRV" "$BIN" serve -i lan0 -a $IP/24 --clients all --state-dir "$T/state" \
		--events "$EVENTS" --control "$T/control" "$@" "$FILES" >"$LOG" 2>&1 &
	DAEMON=$!
	wait_event daemon.ready >/dev/null
}

gone() { ! kill -0 "$1" 2>/dev/null; }

stop_daemon() {
	kill -TERM "$DAEMON" 2>/dev/null || fail "the daemon was gone before its time"
	wait_until 5 gone "$DAEMON" || :
	! kill -9 "$DAEMON" 2>/dev/null || fail "the daemon did not stop within 5 s of SIGTERM"
	daemon_ends
}

daemon_ends() {
	wait_until 10 gone "$DAEMON" || fail "the daemon does not end"
	status=0
	wait "$DAEMON" || status=$?
	[ $status = 0 ] || fail "the daemon ended with exit code $status"
	DAEMON=
}

daemon_exits() {
	expected=$1
	shift
	: >"$EVENTS"
	status=0
	ip netns exec "$SRV" timeout -k 1 20 "$BIN" serve -i lan0 -a $IP/24 --clients all \
		--state-dir "$T/state" --events "$EVENTS" --control "$T/control" "$@" "$FILES" >"$LOG" 2>&1 || status=$?
	[ $status = "$expected" ] || fail "exit code $status, not $expected"
}

wait_event() {
	for _ in $(seq $((200 * SLOW))); do
		grep -E "\"event\": ?\"$1\"" "$EVENTS" 2>/dev/null | grep -E -m 1 -e "${2:-.}" && return
		[ -z "$DAEMON" ] || kill -0 "$DAEMON" 2>/dev/null || fail "the daemon ended by itself"
		sleep 0.05
	done
	fail "no event $1 ${2:-} within 10 s"
}

# --- Others on the wire.

start_rival() {
	ip netns exec "$CLI" dnsmasq -k -C /dev/null --port=0 --dhcp-range="$2.200,$2.220,1h" \
		--dhcp-leasefile="$T/leases" --dhcp-authoritative --interface="$1" --bind-interfaces \
		--user= --group= --pid-file= --log-facility="$T/dnsmasq.log" ${3:+"$3"} &
	wait_until 5 grep -qs 'DHCP, IP range' "$T/dnsmasq.log" ||
		fail "dnsmasq did not start: $(cat "$T/dnsmasq.log")"
}

hold_udp_69() {
	ip netns exec "$SRV" dnsmasq -k -C /dev/null --port=0 --enable-tftp --tftp-root="$T" --user=root \
		--pid-file= --log-facility="$T/dnsmasq-tftp.log" &
	wait_until 3 in_srv grep -q ':0045 ' /proc/net/udp || fail "dnsmasq does not hold UDP port 69"
}

# --- TFTP: the files of every test, and what every client has to bring home.

# Names with capitals, because packing lists and folders disagree about them.
make_files() {
	for size in 0 1 511 512 513 1048576; do
		head -c "$size" /dev/urandom >"$FILES/Size-$size.bin"
	done
}

# Empty files are held back unless told otherwise; what is tested here is how they travel.
start_tftp() {
	ip -n "$CLI" addr add 10.77.0.99/24 dev eth0
	start_daemon --serve-incomplete
}

completed() { grep -Ec '"event": ?"tftp.complete"' "$EVENTS" || :; }

# check_fetch NAME ON-DISK: the test has defined fetch NAME OUT. The daemon must have seen the
# end, too: not every client says by its exit code that it failed, or makes a file when it is empty.
check_fetch() {
	rm -f "$T/out"
	before=$(completed)
	fetch "$1" "$T/out" >"$T/client.log" 2>&1 ||
		fail "$1 was not fetched: $(tail -n 3 "$T/client.log")"
	for _ in $(seq $((100 * SLOW))); do
		[ "$(completed)" = "$before" ] || break
		sleep 0.02
	done
	[ "$(completed)" = $((before + 1)) ] || fail "$1: the daemon saw no transfer complete"
	[ -e "$T/out" ] || : >"$T/out"
	cmp "$T/out" "$FILES/$2" || fail "$1 arrived damaged"
}

check_fetches() {
	for size in ${sizes:-0 1 511 512 513 1048576}; do
		check_fetch "Size-$size.bin" "Size-$size.bin"
	done
	check_fetch "SIZE-513.BIN" Size-513.bin
	check_fetch "size-512.bin" Size-512.bin
	check_fetch "/Size-511.bin" Size-511.bin
}

# A refusal has to come at once: no client here gives up by itself within 4 s, so one that
# had to wait for it is stopped by timeout (124). The test has defined fetch and put FILE.
check_refusals() {
	status=0
	fetch No-Such-File.bin "$T/none" >"$T/client.log" 2>&1 || status=$?
	[ $status != 124 ] || fail "a missing file was not refused at once"
	[ ! -s "$T/none" ] || fail "something was served for a missing file"
	wait_event tftp.refused 'No-Such-File' | grep -q unknown ||
		fail "a missing file was not reported as unknown"
	head -c 600 /dev/zero >"$T/Written.bin"
	status=0
	put "$T/Written.bin" >"$T/client.log" 2>&1 || status=$?
	[ $status != 124 ] || fail "writing was not refused at once"
	[ ! -e "$FILES/Written.bin" ] || fail "a client could write a file"
}

# --- Phones: simulated ones on the other end of the cable, with firmware made for the test.

# synth ARGS: makes a bundle; the last argument is the folder below $FILES.
synth() { "$ROOT/build/tools/synth" "$@" >"$T/synth.log" 2>&1 || fail "synth $*: $(cat "$T/synth.log")"; }

# recover_phone ARGS of simphone: the phone must be back within a minute, and say so.
recover_phone() {
	in_cli "$ROOT/build/tools/simphone" -i eth0 --speed 300 --timeout 60 "$@" >"$T/phone.log" 2>&1 ||
		{ cat "$T/phone.log"; fail "the phone did not come back"; }
}
