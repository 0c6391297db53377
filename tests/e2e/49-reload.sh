#!/bin/sh
# SPDX-License-Identifier: MIT
# SIGHUP reads configuration and firmware anew, whole or not at all, and a folder that gains or
# loses a bundle is noticed. A transfer that runs meanwhile is not disturbed.
. "$(dirname "$0")/lib.sh"
need tftp udhcpc
ns_make
wire_make
wire_start
synth --size 200000 java70 SCCP70.8-5-2S "$FILES/852"
cat >"$T/reflashd.conf" <<EOF
[dhcp]
lease-time = 600
EOF
start_daemon -c "$T/reflashd.conf"
ip -n "$CLI" addr add 10.77.0.99/24 dev eth0
fetch() { in_cli timeout $((20 * SLOW)) tftp -m binary $IP -c get "$1" "$T/out"; }
reload() { kill -HUP "$DAEMON"; }
notes() { grep -c "\"code\":\"$1\"" "$EVENTS" || :; }
note_again() { # CODE N RE: the Nth note of that code
	for _ in $(seq $((200 * SLOW))); do
		[ "$(notes "$1")" -lt "$2" ] || { grep "\"code\":\"$1\"" "$EVENTS" | tail -n 1 | grep -Eq -- "$3" && return; }
		sleep 0.05
	done
	fail "no note $1 number $2 that says $3"
}
lease() { in_cli udhcpc -i eth0 -n -q -f -s /bin/true 2>&1 | grep -o 'lease time [0-9]*'; }

# Nothing changed: said, and nothing else.
reload
note_again reloaded 1 'as it was'
[ "$(grep -c '"event":"firmware.bundle"' "$EVENTS")" = 1 ] || fail "an old bundle is told of again"

# A bundle appears by itself, file by file, while a slow transfer runs.
wire_start --delay $((4 + SLOW))
big=$(cd "$FILES/852" && ls -S | head -n 1)
(fetch "$big" && cp "$T/out" "$T/slow") &
job=$!
synth java70 SCCP70.9-4-2SR3-1S "$T/new"
mkdir "$FILES/942"
for f in "$T"/new/*; do cp "$f" "$FILES/942/"; done
wait_event firmware.bundle 'SCCP70.9-4-2SR3-1S' | grep -q '"complete":true' || {
	wait_event firmware.bundle 'SCCP70.9-4-2SR3-1S.*"complete":true' >/dev/null
}
kill -0 $job 2>/dev/null || fail "the slow transfer was over too early to run meanwhile"
wait $job || fail "the transfer that ran meanwhile failed"
cmp "$T/slow" "$FILES/852/$big" || fail "the transfer that ran meanwhile is damaged"
wire_start
fetch SCCP70.9-4-2SR3-1S.loads && cmp "$T/out" "$T/new/SCCP70.9-4-2SR3-1S.loads" || fail "the new bundle is not served"

# The configuration: a value that may change does.
lease | grep -q 600 || fail "the lease time of the start is not 600"
printf '[dhcp]\nlease-time = 1200\n' >"$T/reflashd.conf"
reload
note_again reloaded 2 .
lease | grep -q 1200 || fail "the new lease time is not used"

# Asked once more while the folders are being read: that configuration counts, too.
# Both readings have to end first: under valgrind, with 32 bundles, ten seconds each.
mkdir "$T/more"
for n in $(seq 30); do synth java70 "SCCP70.8-4-${n}S" "$T/more/b$n"; done
mv "$T"/more/* "$FILES/"
wait_event firmware.bundle 'SCCP70.8-4-30S' >/dev/null
reload
sleep 0.03
printf '[dhcp]\nlease-time = 1500\n' >"$T/reflashd.conf"
reload
for _ in $(seq $((100 * SLOW))); do lease | grep -q 1500 && break; done
lease | grep -q 1500 || fail "a second SIGHUP during the first one is lost"
printf '[dhcp]\nlease-time = 1200\n' >"$T/reflashd.conf"
seen=$(notes reloaded)
reload
note_again reloaded $((seen + 1)) .
mv "$FILES"/b* "$T/more/"
wait_event firmware.gone 'SCCP70.8-4-30S' >/dev/null

# An error, and an option that only holds from the start: nothing is taken over.
printf '[dhcp]\nlease-time = 2400\nlease-tim = 5\n' >"$T/reflashd.conf"
reload
note_again reload-failed 1 'reflashd.conf:3.*did you mean lease-time[?] Nothing was taken over'
printf '[dhcp]\nlease-time = 2400\npool = 10.77.0.100-10.77.0.110\n' >"$T/reflashd.conf"
reload
note_again reload-failed 2 'pool.*restart'
lease | grep -q 1200 || fail "half of a refused configuration was taken over"

# A target that is not here is said at once, and once it is corrected no more.
printf '[dhcp]\nlease-time = 1200\n[firmware]\ntarget = SCCP70.7-0-1S\n' >"$T/reflashd.conf"
reload
note_again no-target 1 'The target SCCP70.7-0-1S is not among this firmware'
printf '[dhcp]\nlease-time = 1200\n[firmware]\ntarget = SCCP70.8-5-2S\n' >"$T/reflashd.conf"
seen=$(notes reloaded)
reload
note_again reloaded $((seen + 1)) .
[ "$(notes no-target)" = 1 ] || fail "a target that is here is missed"

# All firmware broken or gone: the old one is still served.
printf '[dhcp]\nlease-time = 1200\n' >"$T/reflashd.conf"
mv "$FILES/852" "$FILES/942" "$T/"
note_again reload-failed 3 'still served'
mv "$T/852" "$FILES/"
wait_event firmware.gone 'SCCP70.9-4-2SR3-1S' >/dev/null
fetch term70.default.loads && cmp "$T/out" "$FILES/852/term70.default.loads" || fail "what is left is not served"
stop_daemon

# An archive that was named: another one takes its place, or it is written anew, slowly. Whole or not at all.
pack() { "$ROOT/build/tools/pack" zip "$1" "$2"; }
says() { # N RE: events that say so, at least N
	for _ in $(seq 200); do
		[ "$(grep -cE -- "$2" "$EVENTS")" -lt "$1" ] || return 0
		sleep 0.05
	done
	fail "not $1 times: $2"
}
mkdir "$T/archive" "$T/packed"
cp -r "$FILES/852" "$T/old"
pack "$T/packed/852.zip" "$T/old"
pack "$T/packed/942.zip" "$T/new"
cp "$T/packed/852.zip" "$T/archive/fw.zip"
FILES=$T/archive/fw.zip
start_daemon
cp "$T/packed/942.zip" "$T/archive/.fw.zip.part"
mv "$T/archive/.fw.zip.part" "$T/archive/fw.zip"
says 1 'firmware.bundle.*SCCP70.9-4-2SR3-1S.*"complete":true'
says 1 'firmware.gone.*SCCP70.8-5-2S'
fetch term70.default.loads && cmp "$T/out" "$T/new/term70.default.loads" || fail "the new archive is not served"
size=$(stat -c %s "$T/packed/852.zip")
: >"$T/archive/fw.zip"
part=0 longest=0 last=$(date +%s%3N)
while [ $part -lt 8 ]; do # three seconds in all, and never two without news
	dd if="$T/packed/852.zip" bs=$((size / 8 + 1)) skip=$part count=1 2>/dev/null >>"$T/archive/fw.zip"
	now=$(date +%s%3N)
	[ $((now - last)) -le $longest ] || longest=$((now - last))
	last=$now
	part=$((part + 1))
	sleep 0.4
done
cmp "$T/packed/852.zip" "$T/archive/fw.zip" || fail "this test tests nothing: $(ls -l "$T/packed")"
says 2 'firmware.bundle.*SCCP70.8-5-2S.*"complete":true'
[ "$(notes reload-failed)" = 0 ] || [ $longest -gt 1500 ] || fail "half an archive was read"
fetch term70.default.loads && cmp "$T/out" "$T/old/term70.default.loads" || fail "the archive that was written anew is not served"
failed=$(notes reload-failed)
half=$(($(stat -c %s "$T/packed/942.zip") / 2))
head -c $half "$T/packed/942.zip" >"$T/archive/fw.zip"
says $((failed + 1)) '"code":"reload-failed".*fw.zip.*still served'
fetch term70.default.loads && cmp "$T/out" "$T/old/term70.default.loads" || fail "half an archive took the place of a whole one"
mv "$T/packed/942.zip" "$T/archive/fw.zip"
says 2 'firmware.bundle.*SCCP70.9-4-2SR3-1S.*"complete":true'
fetch term70.default.loads && cmp "$T/out" "$T/new/term70.default.loads" || fail "the archive after half a one is not served"
stop_daemon

# Where the way is closed to whom we have become, the file that stands open is followed; and that
# another one is there, which cannot be reached, is said.
if [ -z "${UNSHARED:-}" ]; then
	chmod 700 "$T/archive"
	start_daemon
	[ "$(stat -c %u "/proc/$DAEMON/stat")" != 0 ] || ! grep -q '^Uid:.0' "/proc/$DAEMON/status" || fail "it is still root"
	cat "$T/packed/852.zip" >"$T/archive/fw.zip"
	says 1 'firmware.bundle.*SCCP70.8-5-2S.*"complete":true'
	cp "$T/packed/852.zip" "$T/archive/other"
	mv "$T/archive/other" "$T/archive/fw.zip"
	note_again reload-failed 1 'fw.zip.*needs a restart.*still served'
	fetch term70.default.loads && cmp "$T/out" "$T/old/term70.default.loads" || fail "what was read is not served any more"
	stop_daemon
fi
FILES=$T/old

# An interface that we switched on ourselves is switched off at the end, a reload or not.
ip -n "$SRV" link set lan0 down
start_daemon -c "$T/reflashd.conf"
reload
note_again reloaded 1 .
stop_daemon
in_srv ip link show lan0 | grep -q '[<,]UP[,>]' && fail "the interface was left switched on"
:
