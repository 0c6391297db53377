#!/bin/sh
# SPDX-License-Identifier: MIT
# As the unit runs it: another user, three capabilities, no new privileges, and the unit's system
# call filter. Address added and taken away, DHCP, TFTP, CDP and SCCP (a whole recovery), state
# saved, control socket, reload; what it may not do (look into other programs) costs nothing.
. "$(dirname "$0")/lib.sh"
need setpriv curl
PYTHON=/usr/bin/python3 # one that another user may run, too
[ -x $PYTHON ] || PYTHON=$(command -v python3) || skip "python3 is not installed"
ns_make
[ -z "${UNSHARED:-}" ] || skip "needs a second user, which a user namespace of our own has not"
UNIT=$ROOT/conf/reflashd.service
synth --size 30000 java70 SCCP70.8-5-2S "$FILES/852"
mkdir "$T/state" "$T/run" "$T/home"
chown 65534:65534 "$T/state" "$T/run" # StateDirectory, RuntimeDirectory
cp "$BIN" "$T/reflashd"
cp "$E2E/confine.py" "$UNIT" "$T"
chmod -R a+rX "$T"
caps=$(sed -n 's/^AmbientCapabilities=//p' "$UNIT" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
[ "$caps" = "+net_bind_service,+net_raw,+net_admin" ] || fail "the unit wants other capabilities: $caps"
EVENTS=$T/state/events.json # where it may write
cat >"$T/reflashd.conf" <<END
[network]
interface = lan0
[dhcp]
clients = all
[firmware]
path = $FILES
[output]
events = $EVENTS
state-dir = $T/state
control = $T/run/control
pcap = $T/state/wire.pcap
web = 18079
END

# confined COMMAND ...: not a function of its own in the background, see lib.sh
confined="ip netns exec $SRV setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all,$caps
	--inh-caps -all,$caps --ambient-caps -all,$caps --no-new-privs"
filter="$PYTHON $T/confine.py $T/reflashd.service"
# shellcheck disable=SC2086 # words
$confined $filter /bin/true >"$T/out" 2>&1 || {
	[ $? = 77 ] || fail "the filter: $(cat "$T/out")"
	left_out "with the system call filter: $(cat "$T/out")"
	filter=
}
# The filter does filter: a raw socket of another family, a file system, a namespace.
# shellcheck disable=SC2086
[ -z "$filter" ] || $confined $filter $PYTHON -c '
import os, socket, ctypes
for what in (lambda: socket.socket(socket.AF_INET6), lambda: os.chown("/tmp", 0, 0), lambda: os.setpriority(0, 0, 1)):
    try: what()
    except PermissionError: continue
    except OSError as e:
        if e.errno == 1: continue
    raise SystemExit("the filter lets something through")
assert ctypes.CDLL(None).unshare(0x40000000) == -1
' || fail "the filter does not filter"

export ASAN_OPTIONS=detect_leaks=0 # which needs ptrace
: >"$EVENTS"
chown 65534:65534 "$EVENTS"
# shellcheck disable=SC2086
$confined $filter "$T/reflashd" serve --config "$T/reflashd.conf" --color never >"$LOG" 2>&1 &
DAEMON=$!
wait_event daemon.ready >/dev/null
in_srv ip -4 -o addr show dev lan0 | grep -q ' 10.79.70.1/24 ' || fail "the address was not added"
status="/proc/$DAEMON/status"
# Asleep; what only binding needed is gone (SO_BINDTODEVICE wants NET_RAW before Linux 5.7).
[ "$(sed -n "s/^CapEff:	0*//p" "$status")" = "" ] || fail "rights are awake: $(grep Cap "$status")"
sed -n "s/^CapPrm:	0*//p" "$status" | grep -Eq "^[13]000$" || fail "other capabilities than meant: $(grep Cap "$status")"
[ "$(sed -n 's/^CapBnd:	0*//p' "$status")" = 3400 ] || fail "a wider bounding set than meant: $(grep Cap "$status")"
grep -q '^NoNewPrivs:	1' "$status" || fail "new privileges are allowed"
[ -z "$filter" ] || grep -q '^Seccomp:	2' "$status" || fail "no filter is set"

recover_phone --model 7970 --kind erased --speak cdp,sccp
wait_event phone.recovered >/dev/null
wait_event cdp.seen >/dev/null
wait_event sccp.register >/dev/null
"$BIN" status --control "$T/run/control" >"$T/out" || fail "status: $(cat "$T/out")"
in_srv curl -sf http://127.0.0.1:18079/metrics >"$T/out" || fail "the status page does not answer"
grep -q '^reflashd_' "$T/out" || fail "the status page: $(cat "$T/out")"
[ -s "$T/state/wire.pcap" ] || fail "nothing was recorded"
kill -HUP $DAEMON
wait_event daemon.note '"code": ?"reloaded"' >/dev/null
! grep -E '"severity": ?"error"' "$EVENTS" || fail "something failed under confinement"
! grep -iE 'not permitted|permission denied' "$EVENTS" || fail "something was refused"
stop_daemon
for file in leases phones; do
	grep -q '00:1b:54:ca:01:02' "$T/state/$file" || fail "not saved in $file: $(ls -l "$T/state")"
done
in_srv ip -4 -o addr show dev lan0 | grep -q 10.79.70.1 && fail "the address was not taken away"
[ ! -e "$T/run/control" ] || fail "the control socket stays behind"

# Firmware that the service may not see: what, where, and an exit code that is not retried.
chmod 700 "$T/home"
chown 0:0 "$T/home"
status=0
# shellcheck disable=SC2086
NOTIFY_SOCKET=/nowhere $confined $filter timeout 20 "$T/reflashd" serve -i lan0 --state-dir "$T/state" --control none "$T/home" >"$T/out" 2>&1 || status=$?
[ $status = 3 ] || fail "unreadable firmware ends with $status: $(cat "$T/out")"
grep -q 'Permission denied.*user of the service' "$T/out" || fail "unreadable firmware: $(cat "$T/out")"
NOTIFY_SOCKET=/nowhere "$BIN" check /home/nobody/firmware >"$T/out" 2>&1 || :
grep -q 'sees neither /home' "$T/out" || fail "no word of where firmware belongs: $(cat "$T/out")"
for code in 1 2 3; do
	grep -Eq "^RestartPreventExitStatus=.*\b$code\b" "$UNIT" || fail "the unit tries again after exit code $code"
done
