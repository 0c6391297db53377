#!/bin/sh
# SPDX-License-Identifier: MIT
# Root's rights are given up: what the kernel says of the running daemon and of what unpacks archives,
# and that all that needs a right later on still works: a recovery, an address put back, a
# recording, the control socket, a reload, the state, and the end.
. "$(dirname "$0")/lib.sh"
ns_make
[ -z "${UNSHARED:-}" ] || skip "needs other users, which a user namespace of our own has not"
synth java70 SCCP70.8-5-2S "$T/b852"
"$ROOT/build/tools/pack" zip "$FILES/852.zip" "$T/b852"
C=$T/run/control
PCAP=$T/all.pcap

# All threads: credentials belong to each of them.
status_of() { cat /proc/"$1"/task/*/status; }
holds() { # PID RE...: every thread has such a line
	pid=$1
	shift
	for re; do
		threads=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)
		[ "$(status_of "$pid" | grep -Ec "^$re\$")" = "$threads" ] ||
			fail "not so in every thread of $pid: $re
$(status_of "$pid" | grep -E '^(Name|Uid|Gid|Groups|Cap|NoNew|Seccomp)')"
	done
}
children() { cat /proc/"$1"/task/*/children; }

# --- Somebody's home folder, closed to others: what is in it is opened before root is gone.
mkdir -p "$T/home/firmware"
mv "$FILES/852.zip" "$T/home/firmware"
chmod 700 "$T/home"
FILES=$T/home/firmware
start_daemon --control "$C" --pcap "$PCAP"
uid=$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$DAEMON/status")
[ "$uid" != 0 ] || fail "it is still root"
if id reflashd >/dev/null 2>&1; then
	[ "$uid" = "$(id -u reflashd)" ] || fail "it is $uid, not reflashd"
fi
# NET_ADMIN is bit 12, NET_RAW 13, NET_BIND_SERVICE 10. Asleep; the ports are held, so the last is gone.
kept=0000000000003000
held() {
	holds "$DAEMON" "Uid:	$uid	$uid	$uid	$uid" "Groups:	$uid ?" 'CapInh:	0+' 'CapEff:	0+' 'CapAmb:	0+' \
		"CapPrm:	$kept" 'CapBnd:	0000000000003400' 'NoNewPrivs:	1' 'Seccomp:	2'
}
held
grep -q '"code":"sandbox"' "$EVENTS" || fail "it does not tell what holds"
[ "$(stat -c %u "$T/state")" = "$uid" ] || fail "the state folder is not its own"
[ "$(awk '/Max core file size/ {print $5 $6}' "/proc/$DAEMON/limits")" = 00 ] || fail "it may leave a core file"
[ "$(stat -c %u "/proc/$DAEMON/maps")" = 0 ] || fail "its memory may be read by its user"

# What unpacks archives: one child, nobody, without any right, with one connection.
for keeper in $(children "$DAEMON"); do
	[ "$(cat "/proc/$keeper/comm")" != reflashd-reader ] || break
done
[ "$(cat "/proc/${keeper:-0}/comm")" = reflashd-reader ] || fail "no process that unpacks"
holds "$keeper" 'Uid:	65534	65534	65534	65534' 'CapEff:	0+' 'CapPrm:	0+' 'CapBnd:	0+' 'NoNewPrivs:	1' 'Seccomp:	2'
# In a chroot the names begin with where it is.
open=$(find "/proc/$keeper/fd" -type l -printf '%f %l\n' | sed 's|^\([0-9]*\) .*/dev/null$|\1 /dev/null|' | sort | tr '\n' ' ')
case $open in
'0 /dev/null 1 /dev/null 2 /dev/null 3 socket:['*'] ') ;;
*) fail "it has more open than it needs: $open" ;;
esac
wait_event firmware.bundle 'SCCP70.8-5-2S.*"complete":true' >/dev/null
# What reads strangers' firmware was never in the process with the sockets: its libraries are not
# there, and what is there is small.
! grep -oE 'lib(archive|crypto|xml2|microhttpd|gnutls)\.so.*' "/proc/$DAEMON/maps" || fail "it has libraries loaded that it has no use for"
firmware=$(find "$FILES" -type f -printf '%s\n' | awk '{ n += $1 } END { print int(n / 1024) }')
rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$DAEMON/status")
if ! grep -q libasan "/proc/$DAEMON/maps"; then
	[ "$rss" -lt $((6144 + firmware)) ] || fail "it has $rss KiB in memory, $firmware of them firmware"
fi

# --- Everything goes on.
recover_phone --model 7970 --kind erased
wait_event phone.recovered >/dev/null
ip -n "$SRV" addr del $IP/24 dev lan0
wait_event daemon.note address-restored >/dev/null
ip -n "$CLI" link set eth0 down
wait_event network.link '"up":false' >/dev/null
ip -n "$CLI" link set eth0 up
for _ in $(seq 100); do
	[ "$(grep -c '"event":"network.link"' "$EVENTS")" -lt 2 ] || break
	sleep 0.05
done
has_address || fail "the address was not put back"
"$BIN" status --control "$C" >"$T/out" 2>&1 || fail "the control socket: $(cat "$T/out")"
[ "$(stat -c '%a %u' "$C")" = "660 $uid" ] || fail "the socket is not its own"
held

# A reload walks archives again, by the same child, and tells of a new one.
synth java70 SCCP70.9-4-2SR3-1S "$FILES/942"
kill -HUP "$DAEMON"
wait_event firmware.bundle 'SCCP70.9-4-2SR3-1S.*"complete":true' >/dev/null
wait_event daemon.note '"code":"reloaded"' >/dev/null
! grep -q '"event":"firmware.gone"' "$EVENTS" || fail "the reload lost the archive"
held
# A damaged one brings nobody down, and what may not be read any more is told of.
reloads() { grep -c '"code":"reloaded"' "$EVENTS" || :; }
head -c 3000 "$FILES/852.zip" >"$FILES/cut.zip"
before=$(reloads)
kill -HUP "$DAEMON"
again() { [ "$(reloads)" != "$before" ]; }
wait_until 5 again || fail "a damaged archive ends the reloads"
[ -e "/proc/$keeper" ] || fail "a damaged archive brought down what unpacks"
chmod 600 "$FILES/852.zip"
kill -HUP "$DAEMON"
wait_event firmware.gone 'SCCP70.8-5-2S' >/dev/null
chmod 644 "$FILES/852.zip"
stop_daemon
! ip -n "$SRV" -4 addr show dev lan0 | grep -q $IP || fail "the address stays behind"
[ ! -e "$C" ] || fail "the socket stays behind"
[ -s "$T/state/leases" ] && [ -s "$T/state/phones" ] || fail "the state was not saved"
[ "$(stat -c %u "$T/state/leases")" = "$uid" ] || fail "the leases are not its own"
[ "$(stat -c %s "$PCAP")" -gt 10000 ] || fail "the recording is empty"
wait_until 2 test ! -e "/proc/$keeper" || fail "what unpacks archives stays behind"

# --- Once more with the same state; and without its parent the child ends, too.
start_daemon --control "$C"
keeper=$(children "$DAEMON" | awk '{print $1}')
kill -9 "$DAEMON"
wait "$DAEMON" 2>/dev/null || :
DAEMON=
wait_until 2 test ! -e "/proc/$keeper" || fail "what unpacks archives outlives its parent"

# --- What cannot work is explained.
chmod 700 "$FILES"
daemon_exits 3 --control none
grep -Eq 'firmware.: Permission denied\. Root.s rights were given up before that: it has to be readable for .*chmod -R a\+rX' "$LOG" ||
	fail "an unreadable folder is not explained"
chmod 755 "$FILES"
daemon_exits 2 --control none --user no-such-user
grep -q "there is no user .no-such-user' on this machine" "$LOG" || fail "an unknown user is not explained"
# Names that merely begin like ours do not make a folder ours.
mkdir "$T/else"
echo precious >"$T/else/phones.ods"
echo precious >"$T/else/leases-of-our-house"
daemon_exits 2 --control none --state-dir "$T/else"
grep -q 'else. holds other things' "$LOG" || fail "a state folder with other things is not explained"
[ "$(stat -c %u "$T/else" "$T/else/phones.ods" "$T/else/leases-of-our-house" | sort -u)" = 0 ] ||
	fail "somebody else's folder was given away"

# --- Where there is nobody else to become (a user namespace of one user), it stays who it is: it
# gets as far as the interface.
if unshare -Urn true 2>/dev/null; then
	status=0
	unshare -Urn "$BIN" serve -i lo --state-dir "$T/alone" --control none "$FILES" >"$LOG" 2>&1 || status=$?
	[ $status = 4 ] || fail "in a user namespace of one user it ends with $status"
else
	left_out "in a user namespace: none are allowed here"
fi

# --- A service is somebody already, with the three rights from its unit.
command -v setpriv >/dev/null || { left_out "as a service: setpriv is not installed"; exit 0; }
rm -rf "$T/state" "$T/run"
ip -n "$SRV" addr flush dev lan0 # the killed one left its address, and a note of it in that folder
mkdir "$T/state"
chown 61000 "$T/state"
chmod 755 "$T/home"
cp "$BIN" "$T/reflashd"
: >"$EVENTS"
chmod 666 "$EVENTS"
caps=+net_bind_service,+net_raw,+net_admin
ip netns exec "$SRV" setpriv --reuid 61000 --regid 61000 --clear-groups --inh-caps=-all,$caps --ambient-caps=$caps \
	--bounding-set=-all,$caps "$T/reflashd" serve -i lan0 -a $IP/24 --clients all --state-dir "$T/state" \
	--events "$EVENTS" --control none "$FILES" >"$LOG" 2>&1 &
DAEMON=$!
wait_event daemon.ready >/dev/null
uid=61000
holds "$DAEMON" "Uid:	$uid	$uid	$uid	$uid" 'CapInh:	0+' 'CapEff:	0+' 'CapAmb:	0+' "CapPrm:	$kept" \
	'NoNewPrivs:	1' 'Seccomp:	2'
recover_phone --model 7970 --kind erased
stop_daemon
! ip -n "$SRV" -4 addr show dev lan0 | grep -q $IP || fail "the address of the service stays behind"
